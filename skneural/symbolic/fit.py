"""Fit of functions with constants to curves.

``c * f(a * x + b) + d`` is linear in c and d. So only a and b are searched, on a coarse grid and from its best points
by damped Gauss-Newton steps, and c and d are the least-squares solution for them (variable projection, Golub and
Pereyra 1973). All starting points are updated together in one array: curves are short, so that the overhead of each
NumPy call would dominate.
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
FLAT = 1e-13  # a curve that varies by less, relative to its magnitude, is constant
LARGEST_SHIFT = 30.0  # exp(b) is merged into c unless |b| is larger than this


@dataclass(frozen=True)
class Fit:
    """The curve ``c * f(a * x + b) + d`` with the named function f; `r2` is its coefficient of determination."""

    name: str
    a: float = 1.0
    b: float = 0.0
    c: float = 1.0
    d: float = 0.0
    r2: float = 1.0

    @property
    def function(self) -> Function:
        """The function f."""
        return FUNCTIONS[self.name]

    def __call__(self, x: Array) -> Array:
        """Values of the curve at x."""
        return self.c * self.function.value(self.a * np.asarray(x, dtype=float) + self.b) + self.d


@dataclass(frozen=True)
class Points:
    """A curve standardized to mean zero and variance one, over t from -1 to 1, with weights that sum to one.

    A `deviation` of zero means that the curve is constant, a `half_width` of zero that all x are equal.
    """

    t: Array
    y: Array
    weights: Array
    mean: float
    deviation: float
    middle: float
    half_width: float


def fit_function(x: Array, y: Array, function: str | Function, weights: Array | None = None) -> Fit:
    """Fit the constants of a function to a curve by least squares.

    Redundant constants are fixed: b of exp, and |a| of powers, roots and the logarithm. a is positive if its sign could
    be replaced by that of c, and b of periodic functions lies between -pi / 2 and pi / 2. The function is defined on
    the entire range of x.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,)
        The curve, in any order.
    function : str or Function
        One of `FUNCTIONS`.
    weights : array-like of shape (n_samples,), default=None
        Sample weights, which are not negative. None: equal weights.

    Returns
    -------
    fit : Fit

    Raises
    ------
    ValueError
        If x and y are not a curve, or the function is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural.symbolic import fit_function
    >>> x = np.linspace(0, 1, 100)
    >>> fit = fit_function(x, 2 * np.sin(5 * x + 1) - 3, "sin")
    >>> [round(constant, 6) for constant in (fit.a, fit.b, fit.c, fit.d, fit.r2)]
    [5.0, 1.0, 2.0, -3.0, 1.0]
    """
    (resolved,) = functions_named([function]) if isinstance(function, str) else (function,)
    return _fit(_points(x, y, weights), resolved)


def suggest(
    x: Array,
    y: Array,
    names: Iterable[str] | None = None,
    weights: Array | None = None,
    *,
    simplicity: float = 0.05,
    tolerance: float = 1e-8,
) -> list[Fit]:
    """Fit all functions to a curve, and rank them by accuracy and simplicity.

    They are ranked by ``log10(1 - r2 + tolerance) + simplicity * complexity``: for each additional unit of complexity,
    a function must reduce the unexplained variance by 11 %; unexplained variance below `tolerance` is ignored. The
    complexity is 0 for the constant, 1 for the line and 2 to 6 for other functions. Ties are broken by |b|, so that
    cosines are not reported as sines.

    Parameters
    ----------
    x, y : array-like of shape (n_samples,)
        The curve, in any order.
    names : iterable of str, default=None
        Names of the functions to fit. None: all of `FUNCTIONS`.
    weights : array-like of shape (n_samples,), default=None
        Sample weights, which are not negative. None: equal weights.
    simplicity : float, default=0.05
        Penalty for a unit of complexity, in decades of ``1 - r2``. 0: rank by accuracy only.
    tolerance : float, default=1e-8
        Share of the variance that counts as noise, such as rounding errors.

    Returns
    -------
    fits : list of Fit
        The fits, the best first.

    Raises
    ------
    ValueError
        If x and y are not a curve, or a function is unknown.

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
        raise ValueError(
            "x and y must be non-empty one-dimensional arrays of the same length; their shapes are "
            f"{x.shape} and {y.shape}."
        )
    weights = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if weights.shape != x.shape or (weights < 0).any() or not weights.sum() > 0:
        raise ValueError(
            f"weights must have shape {x.shape} like x, no negative elements and a positive sum; got shape "
            f"{weights.shape} and a sum of {weights.sum()}."
        )
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(weights).all()):
        raise ValueError("x, y and weights must be finite. Remove samples with NaN or infinity.")
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
    subsample = np.unique(np.linspace(0, len(curve.t) - 1, min(len(curve.t), COARSE_SAMPLES)).astype(int))
    alpha, beta, *_ = argument(function, points.reshape(-1, 2))
    values = function.value(alpha[:, np.newaxis] * curve.t[subsample] + beta[:, np.newaxis])
    weights, y = curve.weights[subsample], curve.y[subsample]
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
    """Take Levenberg-Marquardt steps from all rows of `at`, and return the best result, as an array with one row."""
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
    """Solve systems of two linear equations, and only their diagonal part if they are singular."""
    determinant = first * second - np.square(mixed)
    regular = determinant > 1e-15 * first * second
    diagonal_solution = right / np.maximum(np.stack([first, second], axis=1), 1e-100)
    adjugate_product = np.stack(
        [second * right[:, 0] - mixed * right[:, 1], first * right[:, 1] - mixed * right[:, 0]], axis=1
    )
    solution = adjugate_product / np.where(regular, determinant, 1.0)[:, np.newaxis]
    return np.where(regular[:, np.newaxis], solution, diagonal_solution)


def _linearized(curve: Points, function: Function, at: Array) -> tuple[Array, Array, Array]:
    """Sum of squared residuals for each row of `at`, and the normal equations of a step (Kaufman's approximation)."""
    alpha, beta, d_alpha, d_beta = argument(function, at)
    u = alpha[:, np.newaxis] * curve.t + beta[:, np.newaxis]
    root = np.sqrt(curve.weights)
    values = function.value(u)
    values = (values - (values @ curve.weights)[:, np.newaxis]) * root
    norms = np.sqrt(np.maximum(np.einsum("kn,kn->k", values, values), 1e-300))
    values /= norms[:, np.newaxis]
    target = curve.y * root
    c = values @ target
    residuals = target - c[:, np.newaxis] * values
    d_argument = function.slope(u) * (c / norms)[:, np.newaxis]
    d_by_beta, d_by_alpha = d_argument * root, d_argument * curve.t * root
    tangents = np.stack([d_by_alpha, d_by_beta], axis=1)
    tangents -= (tangents @ root)[..., np.newaxis] * root
    tangents -= (tangents @ values[..., np.newaxis]) * values[:, np.newaxis]
    jacobian = np.stack([d_alpha, d_beta], axis=1)  # of alpha and beta with respect to the coordinates
    normal = jacobian.swapaxes(1, 2) @ (tangents @ tangents.swapaxes(1, 2)) @ jacobian
    gradient = ((tangents @ residuals[..., np.newaxis]).swapaxes(1, 2) @ jacobian)[:, 0]
    return np.einsum("kn,kn->k", residuals, residuals), normal, gradient


def _constants(curve: Points, function: Function, alpha: float, beta: float) -> tuple[float, float]:
    """Constants a and b in the units of x, by the conventions of `fit_function`."""
    half_width = curve.half_width or 1.0
    if function.domain in (Domain.CONSTANT, Domain.LINEAR):
        return 1.0, 0.0
    if "a" in function.free:
        a = alpha / half_width
        b = beta - a * curve.middle
    else:
        a, b = alpha, beta * half_width - alpha * curve.middle
    a, b = _within_domain(curve, function, a, b)
    if function.domain is Domain.STRETCHED and abs(b) <= LARGEST_SHIFT:
        b = 0.0
    if function.symmetric and a < 0:
        a, b = -a, -b
    if function.period is not None:
        b = b - np.pi * np.ceil(b / np.pi - 0.5)
    return float(a), float(b)


def _within_domain(curve: Points, function: Function, a: float, b: float) -> tuple[float, float]:
    """Constants a and b, corrected where arguments leave the domain by rounding errors, because x is far from zero."""
    ends = a * (curve.middle + curve.half_width * np.array([-1.0, 1.0])) + b
    if function.domain is Domain.ONE_SIDE and not ends.min() > 0:
        b += 1e-15 * (abs(b) + abs(a * curve.middle)) - ends.min()
    elif function.domain is Domain.BETWEEN and not function.contains(ends.min(), ends.max()):
        shrink = function.edge / np.abs(ends).max() * (1 - 1e-12 - 1e-15 * abs(b))
        a, b = a * shrink, b * shrink
    return a, b


def _with_line(curve: Points, function: Function, a: float, b: float) -> Fit:
    """Fit with the least-squares c and d for given a and b."""
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
    if not (np.isfinite(c) and np.isfinite(d)):  # in these units, the constants overflow
        return Fit(function.name, a, b, 0.0, curve.mean, 0.0)
    return Fit(function.name, a, b, float(c), float(d), float(r2))
