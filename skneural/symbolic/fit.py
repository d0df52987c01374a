"""Which function a curve is, and with which constants.

``c * f(a * x + b) + d`` is linear in c and d. So only a and b are searched, on a coarse grid and from its best points
by damped Gauss-Newton steps, and c and d are what is best for them (variable projection, Golub and Pereyra 1973). The
points walk side by side in one array, because a curve is short, and each call of NumPy takes longer than its numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from skneural.ops.types import Array
from skneural.symbolic.domains import allowed, argument, grid
from skneural.symbolic.functions import FUNCTIONS, Domain, Function, functions_named

N_STARTS = 4
MAX_STEPS = 40
COARSE_SAMPLES = 128
FLAT = 1e-13  # a curve that varies by less, relative to its size, is constant
LARGEST_SHIFT = 30.0  # exp(b) goes into c unless b is larger than this


@dataclass(frozen=True)
class Fit:
    """The curve ``c * f(a * x + b) + d`` with the function f of that name; `r2` is how much of a curve it explains."""

    name: str
    a: float = 1.0
    b: float = 0.0
    c: float = 1.0
    d: float = 0.0
    r2: float = 1.0

    @property
    def function(self) -> Function:
        """The function of that name."""
        return FUNCTIONS[self.name]

    def __call__(self, x: Array) -> Array:
        """Values of the curve at x."""
        return self.c * self.function.value(self.a * np.asarray(x, dtype=float) + self.b) + self.d


@dataclass(frozen=True)
class Points:
    """A curve with mean zero and variance one over t from -1 to 1, with weights that sum to one.

    Without deviation from its mean, or without width, there is nothing to explain, or nothing to explain it by.
    """

    t: Array
    y: Array
    weights: Array
    mean: float
    deviation: float
    middle: float
    half_width: float


def fit_function(x: Array, y: Array, function: str | Function, weights: Array | None = None) -> Fit:
    """The constants with which a function comes nearest to a curve, in the sense of least squares.

    Constants that change nothing which others could not are fixed: b of exp, |a| of powers, roots and the logarithm.
    ``a > 0`` where a sign of c can take its place, and b of periodic functions is within half a pi. The whole range of
    x is in the function's domain.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,)
        The curve, in any order.
    function : str or Function
        One of `FUNCTIONS`.
    weights : array-like of shape (n_samples,), default=None
        Not negative. None: all the same.

    Returns
    -------
    fit : Fit

    Raises
    ------
    ValueError
        If x and y are no curve, or there is no such function.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.symbolic import fit_function
    >>> x = np.linspace(0, 1, 100)
    >>> fit = fit_function(x, 2 * np.sin(5 * x + 1) - 3, "sin")
    >>> [round(constant, 6) for constant in (fit.a, fit.b, fit.c, fit.d, fit.r2)]
    [5.0, 1.0, 2.0, -3.0, 1.0]
    """
    (chosen,) = functions_named([function]) if isinstance(function, str) else (function,)
    return _fit(_points(x, y, weights), chosen)


def suggest(
    x: Array,
    y: Array,
    names: Iterable[str] | None = None,
    weights: Array | None = None,
    *,
    simplicity: float = 0.05,
    tolerance: float = 1e-8,
) -> list[Fit]:
    """All functions, the most convincing first.

    They are ordered by ``log10(1 - r2 + tolerance) + simplicity * complexity``: for each step of complexity, a function
    must leave 11 % less unexplained, and what is below `tolerance` counts for nothing. Complexities are 0 for the
    constant, 1 for the line and 2 to 6 for others. Equals are ordered by |b|, so that cosines are not called sines.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,)
        The curve, in any order.
    names : iterable of str, default=None
        The functions to choose from. None: all of `FUNCTIONS`.
    weights : array-like of shape (n_samples,), default=None
        Not negative. None: all the same.
    simplicity : float, default=0.05
        Decades of ``1 - r2`` that a step of complexity is worth. 0: only the fit counts.
    tolerance : float, default=1e-8
        Share of the variance that is noise, such as that of rounding.

    Returns
    -------
    fits : list of Fit

    Raises
    ------
    ValueError
        If x and y are no curve, or there is no such function.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.symbolic import suggest
    >>> x = np.linspace(-1, 1, 100)
    >>> suggest(x, np.exp(-x))[0].name
    'exp'
    """
    curve = _points(x, y, weights)
    fits = [_fit(curve, function) for function in functions_named(names)]

    def order(fit: Fit) -> tuple[float, float]:
        score = np.log10(max(1 - fit.r2, 0) + tolerance) + simplicity * fit.function.complexity
        return round(float(score), 6), abs(fit.b) if fit.function.domain is Domain.PERIODIC else 0.0

    return sorted(fits, key=order)


def _points(x: Array, y: Array, weights: Array | None) -> Points:
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if x.ndim != 1 or x.shape != y.shape or not len(x):
        raise ValueError(f"A curve needs as many x as y in one dimension; their shapes are {x.shape} and {y.shape}.")
    weights = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape != x.shape or (weights < 0).any() or not weights.sum() > 0:
        raise ValueError("weights must be one for each sample, not negative and not all zero.")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(weights).all()):
        raise ValueError("A curve needs finite numbers.")
    order = np.argsort(x, kind="stable")
    x, y, weights = x[order], y[order], weights[order] / weights.sum()
    middle, half_width = x[0] / 2 + x[-1] / 2, x[-1] / 2 - x[0] / 2
    half_width = half_width if half_width > FLAT * abs(middle) else 0.0
    size, mean = np.abs(y).max() or 1.0, np.clip(weights @ y, y.min(), y.max())
    deviation = size * np.sqrt(weights @ np.square((y - mean) / size))
    deviation = deviation if deviation > FLAT * size else 0.0
    t, y = (x - middle) / (half_width or 1.0), (y - mean) / (deviation or 1.0)
    return Points(t, y, weights, *map(float, (mean, deviation, middle, half_width)))


def _fit(curve: Points, function: Function) -> Fit:
    flat = not (curve.deviation and curve.half_width) or function.domain is Domain.CONSTANT
    at = grid(function.domain)[0] if flat else _descend(curve, function, _starts(curve, function))
    alpha, beta, *_ = argument(function, at)
    a, b = _constants(curve, function, float(alpha[0]), float(beta[0]))
    if flat:
        return Fit(function.name, a, b, 0.0, curve.mean, float(not curve.deviation))
    return _with_line(curve, function, a, b)


def _starts(curve: Points, function: Function) -> Array:
    """The best point of each of the best groups of the grid."""
    points = grid(function.domain)
    some = np.unique(np.linspace(0, len(curve.t) - 1, min(len(curve.t), COARSE_SAMPLES)).astype(int))
    alpha, beta, *_ = argument(function, points.reshape(-1, 2))
    values = function.value(alpha[:, np.newaxis] * curve.t[some] + beta[:, np.newaxis])
    weights, y = curve.weights[some], curve.y[some]
    weights = weights / (weights.sum() or 1.0)
    y = y - weights @ y
    means = values @ weights
    variance = np.square(values) @ weights - np.square(means)
    explained = np.square(values @ (weights * y)) / np.maximum(variance, 1e-12 * np.square(means) + 1e-300)
    explained = explained.reshape(points.shape[:2])
    explained[~allowed(function, points.reshape(-1, 2)).reshape(explained.shape)] = -1.0
    best = explained.argmax(axis=1)
    groups = np.argsort(-explained[np.arange(len(best)), best], kind="stable")[:N_STARTS]
    return points[groups, best[groups]]


def _descend(curve: Points, function: Function, at: Array) -> Array:
    """Levenberg-Marquardt steps from all rows of `at`; the best of where they end, as one row."""
    if not function.free:
        return at[:1]
    loss, normal, gradient = _linearized(curve, function, at)
    damping, active = np.full(len(at), 1e-3), np.ones(len(at), dtype=bool)
    for _ in range(MAX_STEPS):
        diagonal = np.einsum("kii->ki", normal) * damping[:, np.newaxis] + 1e-300
        step = _solved(normal[:, 0, 0] + diagonal[:, 0], normal[:, 1, 1] + diagonal[:, 1], normal[:, 0, 1], gradient)
        new = at + step
        inside = allowed(function, new)
        new[~inside] = at[~inside]
        new_loss, new_normal, new_gradient = _linearized(curve, function, new)
        better = inside & (new_loss < loss) & active
        gain = np.where(better, loss - new_loss, 0.0)
        active &= (better & (gain > 1e-6 * loss)) | (~better & (damping < 1e3))
        active &= loss > 1e-28
        at[better], loss[better] = new[better], new_loss[better]
        normal[better], gradient[better] = new_normal[better], new_gradient[better]
        damping = np.where(better, damping * 0.1, damping * 8)
        if not active.any():
            break
    return at[[int(np.argmin(loss))]]


def _solved(first: Array, second: Array, mixed: Array, right: Array) -> Array:
    """Solutions of two equations in two unknowns each; each by itself where the matrix is singular."""
    determinant = first * second - np.square(mixed)
    regular = determinant > 1e-15 * first * second
    alone = right / np.maximum(np.stack([first, second], axis=1), 1e-100)
    both = np.stack([second * right[:, 0] - mixed * right[:, 1], first * right[:, 1] - mixed * right[:, 0]], axis=1)
    return np.where(regular[:, np.newaxis], both / np.where(regular, determinant, 1.0)[:, np.newaxis], alone)


def _linearized(curve: Points, function: Function, at: Array) -> tuple[Array, Array, Array]:
    """What is left unexplained at each row of `at`, and the normal equations of a step (Kaufman's approximation)."""
    alpha, beta, d_alpha, d_beta = argument(function, at)
    u = alpha[:, np.newaxis] * curve.t + beta[:, np.newaxis]
    root = np.sqrt(curve.weights)
    values = function.value(u)
    values = (values - (values @ curve.weights)[:, np.newaxis]) * root
    norms = np.sqrt(np.maximum(np.einsum("kn,kn->k", values, values), 1e-300))
    values /= norms[:, np.newaxis]
    target = curve.y * root
    c = values @ target
    left = target - c[:, np.newaxis] * values
    moved = function.slope(u) * (c / norms)[:, np.newaxis]
    by_shift, by_stretch = moved * root, moved * curve.t * root
    tangents = np.stack([by_stretch, by_shift], axis=1)
    tangents -= (tangents @ root)[..., np.newaxis] * root
    tangents -= (tangents @ values[..., np.newaxis]) * values[:, np.newaxis]
    turn = np.stack([d_alpha, d_beta], axis=1)  # coordinates move alpha and beta, which move the curve
    normal = turn.swapaxes(1, 2) @ (tangents @ tangents.swapaxes(1, 2)) @ turn
    gradient = ((tangents @ left[..., np.newaxis]).swapaxes(1, 2) @ turn)[:, 0]
    return np.einsum("kn,kn->k", left, left), normal, gradient


def _constants(curve: Points, function: Function, alpha: float, beta: float) -> tuple[float, float]:
    """The constants a and b in the units of x, by the conventions of `fit_function`."""
    half_width = curve.half_width or 1.0
    if function.domain in (Domain.CONSTANT, Domain.LINEAR):
        return 1.0, 0.0
    if "a" in function.free:
        a = alpha / half_width
        b = beta - a * curve.middle
    else:
        a, b = alpha, beta * half_width - alpha * curve.middle
    a, b = _inside(curve, function, a, b)
    if function.domain is Domain.STRETCHED and abs(b) <= LARGEST_SHIFT:
        b = 0.0
    if function.symmetric and a < 0:
        a, b = -a, -b
    if function.period is not None:
        b = b - np.pi * np.ceil(b / np.pi - 0.5)
    return float(a), float(b)


def _inside(curve: Points, function: Function, a: float, b: float) -> tuple[float, float]:
    """The constants, moved back into the domain where rounding has led out of it: x may lie far from zero."""
    ends = a * (curve.middle + curve.half_width * np.array([-1.0, 1.0])) + b
    if function.domain is Domain.ONE_SIDE and not ends.min() > 0:
        b += 1e-15 * (abs(b) + abs(a * curve.middle)) - ends.min()
    elif function.domain is Domain.BETWEEN and not function.contains(ends.min(), ends.max()):
        shrink = function.edge / np.abs(ends).max() * (1 - 1e-12 - 1e-15 * abs(b))
        a, b = a * shrink, b * shrink
    return a, b


def _with_line(curve: Points, function: Function, a: float, b: float) -> Fit:
    """The best c and d, and what is then explained."""
    x = curve.middle + curve.half_width * curve.t
    values = function.value(a * x + b)
    mean = curve.weights @ values
    deviations = values - mean
    size = float(np.abs(deviations).max()) or 1.0
    deviations = deviations / size
    squares = curve.weights @ np.square(deviations)
    c = curve.weights @ (deviations * curve.y) / squares if squares > 0 else 0.0
    r2 = max(0.0, 1 - curve.weights @ np.square(curve.y - c * deviations))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        c = c / size * curve.deviation
        d = curve.mean - c * mean
    if not (np.isfinite(c) and np.isfinite(d)):  # in such units these constants are no floating-point numbers
        return Fit(function.name, a, b, 0.0, curve.mean, 0.0)
    return Fit(function.name, a, b, float(c), float(d), float(r2))
