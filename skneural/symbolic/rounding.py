"""Rounding of the constants of a formula.

Many constants of a network are redundant: a hidden node may have any scale, if the edges from it compensate for it.
`canonical` fixes these by convention, so that the remaining constants are more likely to be simple numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from skneural.ops.types import Array
from skneural.symbolic.fit import LARGEST_SHIFT, Fit
from skneural.symbolic.functions import Domain
from skneural.symbolic.network import Curve, EdgeNetwork
from skneural.symbolic.refit import Constants, refitted, target

NEAR = 0.02  # largest distance of a constant from simple numbers, relative to its absolute value or to one


def simple_numbers(number: float, digits: int) -> Iterator[float]:
    """Iterate over simple numbers near `number`, the simplest first."""
    near = NEAR * max(abs(number), 1.0)
    units = (1.0, 0.5, np.pi, np.pi / 2, 0.25, 1 / 3, np.pi / 4, np.pi / 3, 0.1)
    candidates = [0.0, *(round(number / unit) * unit for unit in units)]
    candidates += [float(f"{number:.{count}g}") for count in range(2, digits + 1)]
    yield from dict.fromkeys(candidate for candidate in candidates if abs(candidate - number) <= near)


def rounded(
    formula: EdgeNetwork, X: npt.ArrayLike, y: npt.ArrayLike | None, tolerance: float, digits: int
) -> EdgeNetwork:
    """See `Formula.rounded`."""
    X, y = target(formula, X, formula.outputs(X) if y is None else y)
    spread = y.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def error(candidate: EdgeNetwork) -> float:
        with np.errstate(all="ignore"):
            return float(np.sqrt(np.square((candidate.outputs(X) - y) / spread).mean()))

    limit = error(formula) + tolerance
    canonical_formula = canonical(formula)
    if error(canonical_formula) <= limit:  # otherwise X is outside of a domain, whose boundary does not scale
        formula = canonical_formula
    constants = Constants(formula)
    frozen, tried = np.zeros(len(constants.values), dtype=bool), np.zeros(len(constants.values), dtype=bool)
    while not tried.all():
        values = Constants(formula).values
        index = _nearest_to_simple(values, tried)
        tried[index] = frozen[index] = True
        for number in simple_numbers(values[index], digits):
            values[index] = number
            new = constants.formula_with(values)
            if error(new) > 1e-9 and not frozen.all():
                new = refitted(new, X, y, frozen=frozen, max_evaluations=20)
            if error(new) <= limit:
                formula = new
                break
        else:
            frozen[index] = False
    return formula


def _nearest_to_simple(values: Array, tried: Array) -> int:
    """Index of the untried constant that is nearest to an integer or a multiple of pi / 2."""
    distances = np.minimum(*(np.abs(values - np.round(values / unit) * unit) for unit in (1.0, np.pi / 2)))
    return int(np.argmin(np.where(tried, np.inf, distances)))


def canonical(formula: EdgeNetwork) -> EdgeNetwork:
    """Return an equivalent formula with conventional scales: the units of y in the last layer, and of hidden nodes.

    The first edge from a hidden node with a free a has |a| = 1, and the first with a free b has b = 0. If a is fixed by
    convention for all edges from the node, the first edge into the node has |c| = 1.
    """
    last, edges = len(formula.layers) - 1, dict(formula.edges())
    for place, edge in edges.items():
        if place[0] == last:
            edges[place] = _scaled(edge, formula.y_scale[place[2]])
    bias = np.multiply(formula.bias, formula.y_scale) + formula.y_mean
    for number in range(last):
        for j in range(len(formula.layers[number][0])):
            _fix_scale_and_shift(edges, number, j)
    ones, zeros = (1.0,) * formula.n_outputs, (0.0,) * formula.n_outputs
    constants = Constants(formula.with_edges(edges, bias=bias, y_scale=ones, y_mean=zeros))
    return constants.formula_with(constants.values)


def _fix_scale_and_shift(edges: dict[tuple[int, int, int], Fit | Curve], number: int, j: int) -> None:
    """Give a hidden node its conventional scale and shift, by changing the edges into the node and from it."""
    into = [place for place in edges if place[0] == number and place[2] == j]
    out = [place for place in edges if place[0] == number + 1 and place[1] == j]
    if not into or not out:
        return
    fits = [edge for edge in (edges[place] for place in out) if isinstance(edge, Fit) and edge.a != 0]
    scale = next((abs(fit.a) for fit in fits if "a" in fit.function.free), 0.0)
    first = edges[into[0]]
    if not scale and isinstance(first, Fit) and first.c:
        scale = 1 / abs(first.c)
    if not np.isfinite(scale) or scale < 1e-12:
        scale = 1.0
    constant = scale * sum(edge.d for edge in (edges[place] for place in into) if isinstance(edge, Fit))
    shift = next((scale * fit.b / fit.a for fit in fits if "b" in fit.function.free), -constant)
    for place in into:
        edges[place] = _scaled(edges[place], scale)
    edges[into[0]] = _shifted(edges[into[0]], shift)
    for place in out:
        edges[place] = _with_rescaled_input(edges[place], scale, shift)


def _scaled(edge: Fit | Curve, factor: float) -> Fit | Curve:
    if isinstance(edge, Fit):
        return replace(edge, c=edge.c * factor, d=edge.d * factor)
    return replace(edge, y=edge.y * factor)


def _shifted(edge: Fit | Curve, term: float) -> Fit | Curve:
    return replace(edge, d=edge.d + term) if isinstance(edge, Fit) else replace(edge, y=edge.y + term)


def _with_rescaled_input(edge: Fit | Curve, scale: float, shift: float) -> Fit | Curve:
    """Express an edge, a function of z, as a function of ``scale * z + shift``."""
    if not isinstance(edge, Fit):
        return replace(edge, x=edge.x * scale + shift)
    function = edge.function
    a, b, c, d = edge.a / scale, edge.b - edge.a * shift / scale, edge.c, edge.d
    if function.domain is Domain.CONSTANT:
        return edge
    if function.domain is Domain.LINEAR:
        return replace(edge, a=1.0, b=0.0, c=c * a, d=d + c * b)
    if function.degree is not None and "a" not in function.free:
        d += c * np.log(1 / scale) if function.degree == 0 else 0.0
        c, a, b = c * scale**-function.degree, a * scale, b * scale
    elif function.domain is Domain.STRETCHED and abs(b) <= LARGEST_SHIFT:
        c, b = c * np.exp(b), 0.0
    elif function.domain is Domain.PERIODIC and b:
        turns = np.ceil(b / np.pi - 0.5)
        b, c = b - np.pi * turns, c * (-1) ** (turns % 2)
    return replace(edge, a=float(a), b=float(b), c=float(c), d=float(d))
