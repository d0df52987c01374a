"""Library of functions of one variable that are fitted to curves.

All of them return finite numbers for all finite arguments: outside its domain, a function has the value at the boundary
of the domain, because new data may be slightly outside the range on which a formula was fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np

from skneural.ops.types import Array

SMALLEST = 1e-60  # smallest distance of an argument from a pole
LARGEST = 1e75  # largest argument; its fourth power is still finite
MIN_DISTANCE = (
    1e-12  # smallest distance from the boundary of a domain at which slopes are computed, to keep them finite
)
LARGEST_EXPONENT = 300.0


class Domain(Enum):
    """Type of the domain of a function, which determines the search of a and b; see `skneural.symbolic.domains`."""

    CONSTANT = auto()  # the function has no argument
    LINEAR = auto()  # a and b are redundant with c and d
    SHIFTED = auto()  # a is redundant with c
    STRETCHED = auto()  # b is redundant with c
    PERIODIC = auto()
    ANYWHERE = auto()
    ONE_SIDE = auto()  # arguments are positive, or on one side of a pole
    BETWEEN = auto()  # arguments are within an interval


FREE = {
    Domain.CONSTANT: "",
    Domain.LINEAR: "",
    Domain.SHIFTED: "b",
    Domain.ONE_SIDE: "b",
    Domain.STRETCHED: "a",
    Domain.PERIODIC: "ab",
    Domain.ANYWHERE: "ab",
    Domain.BETWEEN: "ab",
}


@dataclass(frozen=True)
class Function:
    """A function f of one variable, for use in ``c * f(a * x + b) + d``.

    Parameters
    ----------
    name : str
        Key in `FUNCTIONS`.
    value, slope : callable
        The function and its derivative, for arrays.
    build : callable
        ``build(sympy, argument)`` returns an expression of SymPy.
    text : str
        Format string of the function, for texts without SymPy.
    complexity : int
        Complexity in the ranking of `suggest`.
    domain : Domain
    low, high : float
        Boundaries of the domain.
    closed : bool
        True if the domain includes its boundaries, False if they are singularities.
    pole : bool
        True if there is a pole at zero.
    period : float or None
        Period; b is then reduced to the range from -pi / 2 to pi / 2. A periodic function of the domain "between" has a
        pole at each odd multiple of half a period.
    symmetric : bool
        True if f(-u) equals f(u) up to c and d.
    degree : float or None
        Exponent p of a homogeneous function, ``f(s * u) = s**p * f(u)``, or 0 for ``f(s * u) = f(u) + log(s)``. The
        constant a is then 1, or -1 if f is not symmetric.
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    build: Callable[[Any, Any], Any]
    text: str
    complexity: int
    domain: Domain = Domain.ANYWHERE
    low: float = -np.inf
    high: float = np.inf
    closed: bool = False
    pole: bool = False
    period: float | None = None
    symmetric: bool = True
    degree: float | None = None

    @property
    def free(self) -> str:
        """Names of the constants among a and b that are not fixed by convention: "", "a", "b" or "ab"."""
        return FREE[self.domain]

    @property
    def edge(self) -> float:
        """Half the width of the domain of a function of the type `Domain.BETWEEN`, which is symmetric around zero."""
        return self.high if self.period is None else self.period / 2

    def contains(self, low: float | Array, high: float | Array) -> Any:
        """True if the domain contains all arguments from `low` to `high` without a singularity; elementwise."""
        rounding = 1e-12 * (np.abs(low) + np.abs(high))
        inside = (low >= self.low - rounding) & (high <= self.high + rounding)
        if self.pole:
            inside &= (low > 0) | (high < 0)
        if not self.closed:
            inside &= ((low > self.low) | np.isinf(self.low)) & ((high < self.high) | np.isinf(self.high))
        if self.domain is Domain.BETWEEN and self.period is not None:
            inside &= np.floor(low / self.period + 0.5) == np.floor(high / self.period + 0.5)
        return inside


def _power(exponent: int) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    def value(u: Array) -> Array:
        return np.clip(u, -LARGEST, LARGEST) ** exponent

    def slope(u: Array) -> Array:
        return exponent * np.clip(u, -LARGEST, LARGEST) ** (exponent - 1)

    return value, slope


def _positive(u: Array) -> Array:
    return np.maximum(u, SMALLEST)


def _away_from_zero(u: Array) -> Array:
    u = np.clip(u, -LARGEST, LARGEST)
    return np.where(np.abs(u) < SMALLEST, np.copysign(SMALLEST, u), u)


def _clipped_exponent(u: Array) -> Array:
    return np.clip(u, -LARGEST_EXPONENT, LARGEST_EXPONENT)


def _bounded_exp(u: Array) -> Array:
    return np.exp(_clipped_exponent(u))


def _gaussian(u: Array) -> Array:
    return np.exp(-np.square(np.clip(u, -17.0, 17.0)))


def _clipped_to_one(u: Array) -> Array:
    return np.clip(u, -1.0, 1.0)


def _clipped_below_one(u: Array) -> Array:
    return np.clip(u, MIN_DISTANCE - 1, 1 - MIN_DISTANCE)


def _arcsin_slope(u: Array) -> Array:
    return 1 / np.sqrt(np.maximum(1 - np.square(_clipped_to_one(u)), MIN_DISTANCE))


_LISTED = (
    Function("0", np.zeros_like, np.zeros_like, lambda sympy, u: sympy.Integer(0), "0", 0, Domain.CONSTANT),
    Function("x", lambda u: u, np.ones_like, lambda sympy, u: u, "{}", 1, Domain.LINEAR, degree=1),
    Function("x^2", *_power(2), lambda sympy, u: u**2, "{}^2", 2, Domain.SHIFTED, degree=2),
    Function("x^3", *_power(3), lambda sympy, u: u**3, "{}^3", 3, Domain.SHIFTED, degree=3),
    Function("x^4", *_power(4), lambda sympy, u: u**4, "{}^4", 4, Domain.SHIFTED, degree=4),
    Function(
        "1/x",
        lambda u: 1 / _away_from_zero(u),
        lambda u: -1 / np.square(_away_from_zero(u)),
        lambda sympy, u: 1 / u,
        "1/{}",
        2,
        Domain.ONE_SIDE,
        pole=True,
        degree=-1,
    ),
    Function(
        "1/x^2",
        lambda u: 1 / np.square(_away_from_zero(u)),
        lambda u: -2 / _away_from_zero(u) ** 3,
        lambda sympy, u: 1 / u**2,
        "1/{}^2",
        3,
        Domain.ONE_SIDE,
        pole=True,
        degree=-2,
    ),
    Function(
        "sqrt",
        lambda u: np.sqrt(np.maximum(u, 0)),
        lambda u: 0.5 / np.sqrt(np.maximum(u, MIN_DISTANCE)),
        lambda sympy, u: sympy.sqrt(u),
        "sqrt({})",
        2,
        Domain.ONE_SIDE,
        low=0.0,
        closed=True,
        symmetric=False,
        degree=0.5,
    ),
    Function(
        "1/sqrt",
        lambda u: 1 / np.sqrt(_positive(u)),
        lambda u: -0.5 / _positive(u) ** 1.5,
        lambda sympy, u: 1 / sympy.sqrt(u),
        "1/sqrt({})",
        3,
        Domain.ONE_SIDE,
        low=0.0,
        symmetric=False,
        degree=-0.5,
    ),
    Function(
        "exp",
        _bounded_exp,
        _bounded_exp,
        lambda sympy, u: sympy.exp(u),
        "exp({})",
        2,
        Domain.STRETCHED,
        symmetric=False,
    ),
    Function(
        "log",
        lambda u: np.log(_positive(u)),
        lambda u: 1 / _positive(u),
        lambda sympy, u: sympy.log(u),
        "log({})",
        2,
        Domain.ONE_SIDE,
        low=0.0,
        symmetric=False,
        degree=0,
    ),
    Function("abs", np.abs, np.sign, lambda sympy, u: sympy.Abs(u), "abs({})", 3, Domain.SHIFTED, degree=1),
    Function("sin", np.sin, np.cos, lambda sympy, u: sympy.sin(u), "sin({})", 3, Domain.PERIODIC, period=2 * np.pi),
    Function(
        "cos",
        np.cos,
        lambda u: -np.sin(u),
        lambda sympy, u: sympy.cos(u),
        "cos({})",
        3,
        Domain.PERIODIC,
        period=2 * np.pi,
    ),
    Function(
        "tan",
        np.tan,
        lambda u: 1 + np.square(np.tan(u)),
        lambda sympy, u: sympy.tan(u),
        "tan({})",
        4,
        Domain.BETWEEN,
        period=np.pi,
    ),
    Function(
        "tanh",
        np.tanh,
        lambda u: 1 - np.square(np.tanh(u)),
        lambda sympy, u: sympy.tanh(u),
        "tanh({})",
        4,
    ),
    Function(
        "arctan",
        np.arctan,
        lambda u: 1 / (1 + np.square(np.clip(u, -LARGEST, LARGEST))),
        lambda sympy, u: sympy.atan(u),
        "arctan({})",
        5,
    ),
    Function(
        "arcsin",
        lambda u: np.arcsin(_clipped_to_one(u)),
        _arcsin_slope,
        lambda sympy, u: sympy.asin(u),
        "arcsin({})",
        5,
        Domain.BETWEEN,
        low=-1.0,
        high=1.0,
        closed=True,
    ),
    Function(
        "arccos",
        lambda u: np.arccos(_clipped_to_one(u)),
        lambda u: -_arcsin_slope(u),
        lambda sympy, u: sympy.acos(u),
        "arccos({})",
        6,
        Domain.BETWEEN,
        low=-1.0,
        high=1.0,
        closed=True,
    ),
    Function(
        "arctanh",
        lambda u: np.arctanh(_clipped_below_one(u)),
        lambda u: 1 / (1 - np.square(_clipped_below_one(u))),
        lambda sympy, u: sympy.atanh(u),
        "arctanh({})",
        5,
        Domain.BETWEEN,
        low=-1.0,
        high=1.0,
    ),
    Function(
        "gaussian",
        _gaussian,
        lambda u: -2 * np.clip(u, -17.0, 17.0) * _gaussian(u),
        lambda sympy, u: sympy.exp(-(u**2)),
        "exp(-{}^2)",
        4,
    ),
    Function(
        "sinh",
        lambda u: np.sinh(_clipped_exponent(u)),
        lambda u: np.cosh(_clipped_exponent(u)),
        lambda sympy, u: sympy.sinh(u),
        "sinh({})",
        4,
    ),
    Function(
        "cosh",
        lambda u: np.cosh(_clipped_exponent(u)),
        lambda u: np.sinh(_clipped_exponent(u)),
        lambda sympy, u: sympy.cosh(u),
        "cosh({})",
        4,
    ),
)
#: Functions of one variable by their names.
FUNCTIONS: dict[str, Function] = {function.name: function for function in _LISTED}


def functions_named(names: Iterable[str] | None) -> list[Function]:
    """Functions by their names; None for all functions."""
    if names is None:
        return list(FUNCTIONS.values())
    names = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in FUNCTIONS]
    if unknown or not names:
        raise ValueError(
            f"There is no function {unknown or names}; names must be one or more of {', '.join(FUNCTIONS)}."
        )
    return [FUNCTIONS[name] for name in dict.fromkeys(names)]
