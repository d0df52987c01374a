"""A network of curves that has become a formula, or nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from skneural.ops.types import Array
from skneural.symbolic import expression
from skneural.symbolic.network import EdgeNetwork
from skneural.symbolic.refit import Constants, refitted
from skneural.symbolic.rounding import rounded


@dataclass(frozen=True)
class Formula(EdgeNetwork):
    """Curves in layers, as a formula with constants that can be fitted anew, rounded and written down.

    Parameters
    ----------
    layers : sequence of matrices (n_in, n_out) of Fit, Curve or None
        The edges of each layer; None where there is none.
    bias : sequence of float of length n_outputs, default=()
        What is added to the outputs of the last layer. Empty: zeros.
    y_scale, y_mean : sequence of float of length n_outputs, default=()
        How outputs get their units. Empty: ones and zeros.

    Examples
    --------
    >>> from skneural.symbolic import Fit, Formula
    >>> formula = Formula([[[Fit("sin", a=3.0)], [Fit("x^2")]], [[Fit("exp")]]])
    >>> print(formula)
    exp(sin(3*x0) + x1^2)
    >>> formula.predict([[0.0, 1.0]])
    array([2.71828183])
    """

    @property
    def parameters(self) -> Array:
        """What `refit` may change: a, b and c of symbolic edges as far as they are free, and a constant for each node.

        That stands for the d of all edges into the node, and in the last layer for the bias, too.
        """
        return Constants(self).values

    def refit(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        frozen: npt.ArrayLike | None = None,
        max_evaluations: int = 200,
    ) -> Formula:
        """The formula with constants for which it comes nearest to `y`, in the sense of least squares.

        Arguments of functions stay within their domains on X, and the result is never worse than before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        frozen : array-like of bool of the shape of `parameters`, default=None
            Constants to leave as they are. None: none of them.
        max_evaluations : int, default=200
            At most so many sets of constants are tried.

        Returns
        -------
        formula : Formula
        """
        formula: Any = refitted(self, X, y, sample_weight, frozen, max_evaluations)
        return formula

    def rounded(self, X: Any, y: Any = None, *, tolerance: float = 1e-4, digits: int = 4) -> Formula:
        """The formula with constants that are easier to read, where the data allow that.

        Constants become whole numbers, simple fractions, multiples of pi or numbers of few digits, and those that are
        left follow by least squares. The units of y become a part of the constants.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Values. None: those of the formula itself.
        tolerance : float, default=1e-4
            By how much the root of the mean squared error may grow, relative to the standard deviation of y.
        digits : int, default=4
            Digits of numbers that are not simple.

        Returns
        -------
        formula : Formula
        """
        formula: Any = rounded(self, X, y, tolerance, digits)
        return formula

    def to_sympy(self, feature_names: Sequence[str] | None = None) -> Any:
        """The formula for SymPy, which ``pip install "skneural[symbolic]"`` brings along.

        Parameters
        ----------
        feature_names : sequence of str of length n_features, default=None
            Names of the symbols. None: x0, x1 and so on.

        Returns
        -------
        expression : sympy.Expr or list of sympy.Expr
            A list if there are several outputs. Curves are unknown functions, called ``spline_0_1_2`` if they lead from
            node 1 to node 2 of layer 0.
        """
        return expression.to_sympy(self, feature_names)

    def to_text(self, feature_names: Sequence[str] | None = None, digits: int = 5) -> str:
        """The formula to be read, a line for each output.

        Parameters
        ----------
        feature_names : sequence of str of length n_features, default=None
            Names of the features. None: x0, x1 and so on.
        digits : int, default=5
            Significant digits of constants.

        Returns
        -------
        text : str
        """
        return expression.to_text(self, feature_names, digits)

    def __str__(self) -> str:
        return self.to_text()
