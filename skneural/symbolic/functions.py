"""The functions of one variable that curves are compared with.

All of them return finite numbers for every finite argument: outside its domain a function goes on with the value at
the edge, because who predicts from new data may leave the range that a formula was found on by a little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np

from skneural.ops.types import Array

SMALLEST = 1e-60  # nearest that an argument comes to a pole: below all units
LARGEST = 1e75  # whose fourth power is still finite
BLUNT = 1e-12  # nearest to the end of a domain that slopes are taken, where they would be infinite
LARGEST_EXPONENT = 300.0


class Domain(Enum):
    """How the argument a * x + b of a function may lie, see `skneural.symbolic.domains`."""

    CONSTANT = auto()  # there is none
    LINEAR = auto()  # c and d can do all that a and b could
    SHIFTED = auto()
    STRETCHED = auto()
    PERIODIC = auto()
    ANYWHERE = auto()
    ONE_SIDE = auto()  # above zero, or of a pole on either side
    BETWEEN = auto()  # within an interval


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
    """A function f of one variable, to be used as ``c * f(a * x + b) + d``.

    `value` and `slope` are NumPy's, `build(sympy, argument)` is SymPy's, and `text` is for those without SymPy.
    It is defined from `low` to `high`, ends included if it is `closed`, singular there if not; a `pole` is at zero.
    `degree` is p in ``f(s * u) = s**p * f(u)``, where there is such a p, and 0 for ``f(s * u) = f(u) + log(s)``; the
    constant a is then 1, or -1 where f is not `symmetric`: f(-u) follows from f(u) through c and d. With a `period`, b
    is taken to within half a pi of zero; if the argument has to be between, there is a pole at each odd half period.
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
        """Which of a and b are not settled by convention: "", "a", "b" or "ab"."""
        return FREE[self.domain]

    @property
    def edge(self) -> float:
        """Where the domain of a function that has to be between two edges ends, as far above zero as below."""
        return self.high if self.period is None else self.period / 2

    def contains(self, low: float | Array, high: float | Array) -> Any:
        """Whether all arguments from `low` to `high` are in the domain, none beyond a singularity; elementwise."""
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


def _off_zero(u: Array) -> Array:
    u = np.clip(u, -LARGEST, LARGEST)
    return np.where(np.abs(u) < SMALLEST, np.copysign(SMALLEST, u), u)


def _exponent(u: Array) -> Array:
    return np.clip(u, -LARGEST_EXPONENT, LARGEST_EXPONENT)


def _exp(u: Array) -> Array:
    return np.exp(_exponent(u))


def _gaussian(u: Array) -> Array:
    return np.exp(-np.square(np.clip(u, -17.0, 17.0)))


def _within_one(u: Array) -> Array:
    return np.clip(u, -1.0, 1.0)


def _inside_one(u: Array) -> Array:
    return np.clip(u, BLUNT - 1, 1 - BLUNT)


def _arcsin_slope(u: Array) -> Array:
    return 1 / np.sqrt(np.maximum(1 - np.square(_within_one(u)), BLUNT))


_LISTED = (
    Function("0", np.zeros_like, np.zeros_like, lambda sympy, u: sympy.Integer(0), "0", 0, Domain.CONSTANT),
    Function("x", lambda u: u, np.ones_like, lambda sympy, u: u, "{}", 1, Domain.LINEAR, degree=1),
    Function("x^2", *_power(2), lambda sympy, u: u**2, "{}^2", 2, Domain.SHIFTED, degree=2),
    Function("x^3", *_power(3), lambda sympy, u: u**3, "{}^3", 3, Domain.SHIFTED, degree=3),
    Function("x^4", *_power(4), lambda sympy, u: u**4, "{}^4", 4, Domain.SHIFTED, degree=4),
    Function(
        "1/x",
        lambda u: 1 / _off_zero(u),
        lambda u: -1 / np.square(_off_zero(u)),
        lambda sympy, u: 1 / u,
        "1/{}",
        2,
        Domain.ONE_SIDE,
        pole=True,
        degree=-1,
    ),
    Function(
        "1/x^2",
        lambda u: 1 / np.square(_off_zero(u)),
        lambda u: -2 / _off_zero(u) ** 3,
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
        lambda u: 0.5 / np.sqrt(np.maximum(u, BLUNT)),
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
    Function("exp", _exp, _exp, lambda sympy, u: sympy.exp(u), "exp({})", 2, Domain.STRETCHED, symmetric=False),
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
        lambda u: np.arcsin(_within_one(u)),
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
        lambda u: np.arccos(_within_one(u)),
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
        lambda u: np.arctanh(_inside_one(u)),
        lambda u: 1 / (1 - np.square(_inside_one(u))),
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
        lambda u: np.sinh(_exponent(u)),
        lambda u: np.cosh(_exponent(u)),
        lambda sympy, u: sympy.sinh(u),
        "sinh({})",
        4,
    ),
    Function(
        "cosh",
        lambda u: np.cosh(_exponent(u)),
        lambda u: np.sinh(_exponent(u)),
        lambda sympy, u: sympy.cosh(u),
        "cosh({})",
        4,
    ),
)
FUNCTIONS: dict[str, Function] = {function.name: function for function in _LISTED}


def functions_named(names: Iterable[str] | None) -> list[Function]:
    """All functions, or those with the given names."""
    if names is None:
        return list(FUNCTIONS.values())
    names = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in names if name not in FUNCTIONS]
    if unknown or not names:
        raise ValueError(f"There is no function {unknown or names}; there are {', '.join(FUNCTIONS)}.")
    return [FUNCTIONS[name] for name in dict.fromkeys(names)]
