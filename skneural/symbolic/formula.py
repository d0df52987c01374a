"""Formulas: networks of curves whose edges are functions with constants, or sampled curves."""

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
    """A formula with constants that can be fitted to data, rounded, and written as text or as a SymPy expression.

    Parameters
    ----------
    layers : sequence of matrices (n_in, n_out) of Fit, Curve or None
        The edges of each layer; None for missing edges.
    bias : sequence of float of length n_outputs, default=()
        Added to the outputs of the last layer. Empty: zeros.
    y_scale, y_mean : sequence of float of length n_outputs, default=()
        Scale and shift that convert outputs to the units of y. Empty: ones and zeros.

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
        """Constants that `refit` may change: the free ones among a, b and c of symbolic edges, and one for each node.

        The constant of a node is the sum of the d of all edges into the node, including the bias in the last layer.
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
        """Fit the constants of the formula to data by least squares.

        Arguments of functions stay within their domains on X, and the error never increases.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        frozen : array-like of bool of the shape of `parameters`, default=None
            True for constants that are not changed. None: all are changed.
        max_evaluations : int, default=200
            Maximum number of evaluations of the formula.

        Returns
        -------
        formula : Formula
            A new formula.
        """
        formula: Any = refitted(self, X, y, sample_weight, frozen, max_evaluations)
        return formula

    def rounded(
        self, X: npt.ArrayLike, y: npt.ArrayLike | None = None, *, tolerance: float = 1e-4, digits: int = 4
    ) -> Formula:
        """Round the constants of the formula as far as its error allows.

        Constants are rounded to integers, simple fractions, multiples of pi or numbers with few digits; the other
        constants are fitted by least squares after each rounding. `y_scale` and `y_mean` are merged into the constants.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Arguments.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Values. None: the values of the formula itself.
        tolerance : float, default=1e-4
            Allowed increase of the root mean squared error, relative to the standard deviation of y.
        digits : int, default=4
            Maximum number of significant digits of decimal numbers.

        Returns
        -------
        formula : Formula
            A new formula.
        """
        formula: Any = rounded(self, X, y, tolerance, digits)
        return formula

    def to_sympy(self, feature_names: Sequence[str] | None = None) -> Any:
        """Convert the formula to expressions of SymPy, which is installed by ``pip install "skneural[symbolic]"``.

        Parameters
        ----------
        feature_names : sequence of str of length n_features, default=None
            Names of the symbols. None: x0, x1 and so on.

        Returns
        -------
        expression : sympy.Expr or list of sympy.Expr
            A list if there are several outputs. Curves without a formula are undefined functions; ``spline_0_1_2`` is
            the curve of layer 0 from node 1 to node 2.
        """
        return expression.to_sympy(self, feature_names)

    def to_text(self, feature_names: Sequence[str] | None = None, digits: int = 5) -> str:
        """Write the formula as text, with a line for each output.

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
