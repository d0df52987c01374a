"""Fit of all constants of a formula by nonlinear least squares with exact derivatives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from skneural.ops.types import Array
from skneural.symbolic.fit import Fit
from skneural.symbolic.functions import Domain
from skneural.symbolic.network import Curve, EdgeNetwork

Place = tuple[int, int, int]
PRECISION = 1e-15


class Constants:
    """Conversion of the constants of a formula to a vector, and back.

    The constants d of all edges into a node are redundant, because only their sum matters. The vector contains the sum,
    which is stored as the d of the first of these edges, or as the bias in the last layer.
    """

    def __init__(self, formula: EdgeNetwork) -> None:
        self.formula = formula
        self.fits: dict[Place, Fit] = {place: edge for place, edge in formula.edges() if isinstance(edge, Fit)}
        self.of_edges = [
            (place, name)
            for place, fit in self.fits.items()
            if fit.function.domain is not Domain.CONSTANT
            for name in (*fit.function.free, "c")
        ]
        last = len(formula.layers) - 1
        self.of_nodes = list(dict.fromkeys((number, j) for number, _, j in self.fits if number < last))
        self.of_nodes += [(last, k) for k in range(formula.n_outputs)]

    def _into(self, node: tuple[int, int]) -> list[Place]:
        return [place for place in self.fits if (place[0], place[2]) == node]

    @property
    def values(self) -> Array:
        """Vector of the constants."""
        last = len(self.formula.layers) - 1
        of_edges = [getattr(self.fits[place], name) for place, name in self.of_edges]
        of_nodes = [
            sum(self.fits[place].d for place in self._into(node))
            + (self.formula.bias[node[1]] if node[0] == last else 0)
            for node in self.of_nodes
        ]
        return np.array(of_edges + of_nodes, dtype=float)

    def formula_with(self, values: Array) -> EdgeNetwork:
        """Return the formula with the constants of a vector."""
        fits: dict[Place, dict[str, Any]] = {place: {"d": 0.0} for place in self.fits}
        bias = list(self.formula.bias)
        numbers = [float(value) for value in values]
        for (place, name), value in zip(self.of_edges, numbers, strict=False):
            fits[place][name] = value
        for node, value in zip(self.of_nodes, numbers[len(self.of_edges) :], strict=True):
            if node[0] == len(self.formula.layers) - 1:
                bias[node[1]] = value
            else:
                fits[self._into(node)[0]]["d"] = value
        edges: dict[Place, Fit | Curve] = {}
        edges.update((place, replace(self.fits[place], **changes)) for place, changes in fits.items())
        return self.formula.with_edges(edges, bias=bias)

    def jacobian(self, formula: EdgeNetwork, nodes: list[Array]) -> Array:
        """Derivatives of the outputs, (n_samples * n_outputs, n_constants), given the values of the nodes."""
        jacobian = np.zeros((len(nodes[0]), formula.n_outputs, len(self.of_edges) + len(self.of_nodes)))
        index = {constant: number for number, constant in enumerate([*self.of_edges, *self.of_nodes])}
        parts = {place: (edge, *_parts(edge, nodes[place[0]][:, place[1]])) for place, edge in formula.edges()}
        for k, scale in enumerate(formula.y_scale):
            d_nodes = [np.zeros_like(z) for z in nodes]
            d_nodes[-1][:, k] = scale
            for place in reversed(parts):
                edge, value, slope = parts[place]
                (number, i, j), z = place, nodes[place[0]][:, place[1]]
                d_target = d_nodes[number + 1][:, j]
                a, c = (edge.a, edge.c) if isinstance(edge, Fit) else (1.0, 1.0)
                d_argument = d_target * c * slope
                d_nodes[number][:, i] += d_argument * a
                for name, column in (("a", d_argument * z), ("b", d_argument), ("c", d_target * value)):
                    if (place, name) in index:
                        jacobian[:, k, index[place, name]] = column
            for number, j in self.of_nodes:
                jacobian[:, k, index[number, j]] = d_nodes[number + 1][:, j]
        return jacobian.reshape(len(nodes[0]) * formula.n_outputs, -1)


def _parts(edge: Fit | Curve, z: Array) -> tuple[Array, Array]:
    """Values and slopes of the function of an edge at its argument."""
    if not isinstance(edge, Fit):
        return edge(z), edge.slope(z)
    u = edge.a * z + edge.b
    return edge.function.value(u), edge.function.slope(u)


def within_domains(formula: EdgeNetwork, nodes: list[Array]) -> dict[Place, bool]:
    """For each edge with a function, True if all of its arguments are within the domain of the function."""
    inside = {}
    for (number, i, j), edge in formula.edges():
        if isinstance(edge, Fit):
            u = edge.a * nodes[number][:, i] + edge.b
            inside[number, i, j] = bool(edge.function.contains(u.min(), u.max()))
    return inside


def target(formula: EdgeNetwork, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """Validate X and y, and return them as matrices."""
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    y = y[:, np.newaxis] if y.ndim == 1 else y
    if X.ndim != 2 or not len(X) or y.shape != (len(X), formula.n_outputs):
        raise ValueError(
            f"X must be a matrix with at least one row, and y must have the shape (n_samples, {formula.n_outputs}) for "
            f"the outputs of the formula; X has shape {X.shape} and y {y.shape}."
        )
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise ValueError("X and y must be finite. Remove samples with NaN or infinity.")
    return X, y


class _LeastSquaresProblem:
    """Residuals, and their derivatives, as functions of the constants that are not frozen."""

    def __init__(
        self,
        formula: EdgeNetwork,
        X: Array,
        y: Array,
        sample_weight: npt.ArrayLike | None,
        frozen: npt.ArrayLike | None,
    ) -> None:
        self.constants = Constants(formula)
        self.all_values = self.constants.values
        weights = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        fixed = np.zeros(len(self.all_values), dtype=bool) if frozen is None else np.asarray(frozen, dtype=bool)
        if weights.shape != (len(X),) or fixed.shape != self.all_values.shape:
            raise ValueError(
                f"sample_weight must have the shape ({len(X)},) and frozen the shape {self.all_values.shape}; got "
                f"{weights.shape} and {fixed.shape}."
            )
        counts = weights != 0  # rows without weight may be outside of the domain of the formula
        self.X, self.y = X[counts], y[counts]
        self.roots = np.repeat(np.sqrt(weights[counts]), formula.n_outputs)
        self.free = np.flatnonzero(~fixed)
        self.start = self.all_values[self.free]
        self.places_within_domain = [
            place for place, inside in within_domains(formula, formula.nodes(self.X)).items() if inside
        ]

    def formula(self, values: Array) -> EdgeNetwork:
        all_values = self.all_values.copy()
        all_values[self.free] = values
        return self.constants.formula_with(all_values)

    def residuals(self, values: Array) -> Array:
        formula = self.formula(values)
        with np.errstate(all="ignore"):
            nodes = formula.nodes(self.X)
            outputs = (nodes[-1] + formula.bias) * formula.y_scale + formula.y_mean
            residuals = self.roots * (outputs - self.y).ravel()
            inside = within_domains(formula, nodes)
        # The solver rejects and shortens steps to constants with infinite residuals.
        valid = all(inside[place] for place in self.places_within_domain)
        return residuals if valid else np.full_like(residuals, np.inf)

    def jacobian(self, values: Array) -> Array:
        formula = self.formula(values)
        with np.errstate(all="ignore"):
            jacobian = self.constants.jacobian(formula, formula.nodes(self.X))[:, self.free]
            return np.nan_to_num(self.roots[:, np.newaxis] * jacobian)


def refitted(
    formula: EdgeNetwork,
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    sample_weight: npt.ArrayLike | None = None,
    frozen: npt.ArrayLike | None = None,
    max_evaluations: int = 200,
) -> EdgeNetwork:
    """See `Formula.refit`."""
    X, y = target(formula, X, y)
    problem = _LeastSquaresProblem(formula, X, y, sample_weight, frozen)
    before = problem.residuals(problem.start)
    if not len(problem.free) or not np.isfinite(before).all() or not before.any():
        return formula
    tolerances = dict.fromkeys(("ftol", "xtol", "gtol"), PRECISION)
    with np.errstate(all="ignore"):
        solution = least_squares(
            problem.residuals, problem.start, problem.jacobian, x_scale="jac", max_nfev=max_evaluations, **tolerances
        )
        refitted_formula = problem.formula(solution.x)
        # Errors are computed from the outputs: if intermediate numbers are far larger than y, the residuals of the
        # solver are dominated by rounding.
        error, refitted_error = (
            np.square(problem.roots * (candidate.outputs(problem.X) - problem.y).ravel()).sum()
            for candidate in (formula, refitted_formula)
        )
    return refitted_formula if np.isfinite(solution.x).all() and refitted_error < error else formula
