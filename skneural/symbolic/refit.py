"""All constants of a formula at once, by least squares with exact derivatives."""

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
    """The constants of a formula as a vector, and back.

    The d of all edges into a node add up to one constant. It is kept with the first of these edges, and in the last
    layer with the bias: as constants by themselves, any of them could take the place of any other.
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
        last = len(self.formula.layers) - 1
        of_edges = [getattr(self.fits[place], name) for place, name in self.of_edges]
        of_nodes = [
            sum(self.fits[place].d for place in self._into(node))
            + (self.formula.bias[node[1]] if node[0] == last else 0)
            for node in self.of_nodes
        ]
        return np.array(of_edges + of_nodes, dtype=float)

    def formula_with(self, values: Array) -> EdgeNetwork:
        """The formula with these constants."""
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
        """Derivatives of the outputs, (n_samples * n_outputs, n_constants), from the values of the nodes."""
        found = np.zeros((len(nodes[0]), formula.n_outputs, len(self.of_edges) + len(self.of_nodes)))
        index = {one: number for number, one in enumerate([*self.of_edges, *self.of_nodes])}
        parts = {place: (edge, *_parts(edge, nodes[place[0]][:, place[1]])) for place, edge in formula.edges()}
        for k, scale in enumerate(formula.y_scale):
            back = [np.zeros_like(z) for z in nodes]
            back[-1][:, k] = scale
            for place in reversed(parts):
                edge, value, slope = parts[place]
                (number, i, j), z = place, nodes[place[0]][:, place[1]]
                above = back[number + 1][:, j]
                a, c = (edge.a, edge.c) if isinstance(edge, Fit) else (1.0, 1.0)
                moved = above * c * slope
                back[number][:, i] += moved * a
                for name, column in (("a", moved * z), ("b", moved), ("c", above * value)):
                    if (place, name) in index:
                        found[:, k, index[place, name]] = column
            for number, j in self.of_nodes:
                found[:, k, index[number, j]] = back[number + 1][:, j]
        return found.reshape(len(nodes[0]) * formula.n_outputs, -1)


def _parts(edge: Fit | Curve, z: Array) -> tuple[Array, Array]:
    """Values and slopes of an edge's function at its argument."""
    if not isinstance(edge, Fit):
        return edge(z), edge.slope(z)
    u = edge.a * z + edge.b
    return edge.function.value(u), edge.function.slope(u)


def within_domains(formula: EdgeNetwork, nodes: list[Array]) -> dict[Place, bool]:
    """Whether the arguments of each function are all inside its domain."""
    inside = {}
    for (number, i, j), edge in formula.edges():
        if isinstance(edge, Fit):
            u = edge.a * nodes[number][:, i] + edge.b
            inside[number, i, j] = bool(edge.function.contains(u.min(), u.max()))
    return inside


def target(formula: EdgeNetwork, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    """X and y as matrices, checked."""
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    y = y[:, np.newaxis] if y.ndim == 1 else y
    if X.ndim != 2 or not len(X) or y.shape != (len(X), formula.n_outputs):
        raise ValueError(f"X has shape {X.shape}, y {y.shape}, and the formula {formula.n_outputs} outputs.")
    if not (np.isfinite(X).all() and np.isfinite(y).all()):
        raise ValueError("X and y must be finite.")
    return X, y


class _Problem:
    """Residuals as a function of the constants that are not frozen, and their derivatives."""

    def __init__(
        self,
        formula: EdgeNetwork,
        X: Array,
        y: Array,
        sample_weight: npt.ArrayLike | None,
        frozen: npt.ArrayLike | None,
    ) -> None:
        self.X, self.y, self.constants = X, y, Constants(formula)
        self.everything = self.constants.values
        weights = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        fixed = np.zeros(len(self.everything), dtype=bool) if frozen is None else np.asarray(frozen, dtype=bool)
        if weights.shape != (len(X),) or fixed.shape != self.everything.shape:
            raise ValueError(
                f"There are {len(X)} samples and {len(self.everything)} constants; sample_weight has shape "
                f"{weights.shape}, frozen {fixed.shape}."
            )
        self.roots = np.repeat(np.sqrt(weights), formula.n_outputs)
        self.free = np.flatnonzero(~fixed)
        self.start = self.everything[self.free]
        self.guarded = [place for place, inside in within_domains(formula, formula.nodes(X)).items() if inside]

    def formula(self, values: Array) -> EdgeNetwork:
        everything = self.everything.copy()
        everything[self.free] = values
        return self.constants.formula_with(everything)

    def residuals(self, values: Array) -> Array:
        now = self.formula(values)
        with np.errstate(all="ignore"):
            nodes = now.nodes(self.X)
            left = self.roots * ((nodes[-1] + now.bias) * now.y_scale + now.y_mean - self.y).ravel()
            inside = within_domains(now, nodes)
        # steps to where something is not finite are taken back, and shortened
        return left if all(inside[place] for place in self.guarded) else np.full_like(left, np.inf)

    def jacobian(self, values: Array) -> Array:
        now = self.formula(values)
        with np.errstate(all="ignore"):
            found = self.constants.jacobian(now, now.nodes(self.X))[:, self.free]
            return np.nan_to_num(self.roots[:, np.newaxis] * found)


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
    problem = _Problem(formula, X, y, sample_weight, frozen)
    before = problem.residuals(problem.start)
    if not len(problem.free) or not np.isfinite(before).all() or not before.any():
        return formula
    tolerances = dict.fromkeys(("ftol", "xtol", "gtol"), PRECISION)
    with np.errstate(all="ignore"):
        found = least_squares(
            problem.residuals, problem.start, problem.jacobian, x_scale="jac", max_nfev=max_evaluations, **tolerances
        )
        after = problem.formula(found.x)
        # by what they predict: of numbers far larger than y, rounding leaves nothing but noise
        errors = [np.square(problem.roots * (one.outputs(X) - y).ravel()).sum() for one in (formula, after)]
    return after if np.isfinite(found.x).all() and errors[1] < errors[0] else formula
