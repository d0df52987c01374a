"""Hyper-parameters, declared once: default, constraint and one sentence of documentation.

    @declare
    class Thing(BaseEstimator):
        size: int = hyperparameter(5, Integer(1), "How many there are.")

The constructor, `get_params`, the checks in `fit` and the numpydoc section all come from such fields.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeVar, dataclass_transform

import numpy as np

T = TypeVar("T")


# What other libraries call it: the first of ours that is an option is what was meant.
ALIASES = {
    "sigmoid": ("logistic",),
    "swish": ("silu",),
    "linear": ("identity",),
    "mse": ("squared_error",),
    "mean_squared_error": ("squared_error",),
    "l2": ("squared_error",),
    "mae": ("absolute_error",),
    "mean_absolute_error": ("absolute_error",),
    "l1": ("absolute_error",),
    "pinball": ("quantile",),
    "avg": ("average", "mean"),
    "average": ("mean",),
    "mean": ("average",),
    "nesterov": ("sgd",),
    "bfgs": ("lbfgs",),
    "elman": ("rnn",),
    "simplernn": ("rnn",),
    "googlenet": ("inception",),
    "inceptiontime": ("inception",),
}


@dataclass(frozen=True)
class Constraint:
    """What values are allowed, in words and as a test; ``a | b`` allows both.

    `options` help to guess at a slip; `number_is` names the hyper-parameter that takes a number, where users may
    expect this one to.
    """

    words: str
    allows: Callable[[Any], bool]
    options: tuple[str, ...] = ()
    number_is: str = ""

    def __or__(self, other: Constraint) -> Constraint:
        return Constraint(
            f"{self.words} or {other.words}",
            lambda value: self.allows(value) or other.allows(value),
            self.options + other.options,
            self.number_is or other.number_is,
        )

    def hint(self, value: Any) -> str:
        """A guess at what was meant, or nothing."""
        if self.number_is and _is(value, Real):
            return f" (did you mean {self.number_is}={value!r}?)"
        if isinstance(value, list | tuple):
            meant: Any = tuple(self._option(name) or name for name in value)
        else:
            meant = self._option(str(value))
            if meant == value:  # a sequence of options is due
                meant = (meant,)
        return f" (did you mean {meant!r}?)" if meant and meant != value else ""

    def _option(self, name: Any) -> str | None:
        """The option that was meant, if any: in other letters' case, by a peer's name, or misspelt."""
        by_case = {option.casefold(): option for option in self.options}
        plain = str(name).casefold()
        candidates = (plain, *ALIASES.get(plain, ()), *difflib.get_close_matches(plain, by_case, n=1))
        return next((by_case[candidate] for candidate in candidates if candidate in by_case), None)


def Choice(*options: str) -> Constraint:
    """One of several strings."""
    quoted = ", ".join(f'"{option}"' for option in options)
    words = quoted if len(options) == 1 else "{" + quoted + "}"
    return Constraint(words, lambda value: isinstance(value, str) and value in options, options)


def Number(low: float = -math.inf, high: float = math.inf, *, above: bool = False, below: bool = False) -> Constraint:
    """A finite number between `low` and `high`; `above` and `below` leave out the bounds themselves."""
    words = [f"> {low:g}" if above else f">= {low:g}"] if low > -math.inf else []
    words += [f"< {high:g}" if below else f"<= {high:g}"] if high < math.inf else []

    def allows(value: Any) -> bool:
        if not _is(value, Real) or not math.isfinite(value):
            return False
        return (low < value if above else low <= value) and (value < high if below else value <= high)

    return Constraint(" ".join(["float", " and ".join(words)]).strip(), allows)


def Integer(low: int) -> Constraint:
    """An integer, not below `low`; a truth value is none."""
    return Constraint(f"int >= {low}", lambda value: _is(value, Integral) and value >= low)


def Sizes(low: int = 1, *, empty: bool = True) -> Constraint:
    """An integer, or a sequence of integers, which may be empty or not."""
    one = Integer(low)

    def allows(value: Any) -> bool:
        if isinstance(value, list | tuple | np.ndarray):
            return (empty or len(value) > 0) and all(one.allows(size) for size in value)
        return one.allows(value)

    return Constraint(f"int or {'' if empty else 'non-empty '}sequence of int >= {low}", allows)


BOOLEAN = Constraint("bool", lambda value: isinstance(value, bool | np.bool_))
INFINITY = Constraint("inf", lambda value: _is(value, Real) and value == math.inf)
MINUS_ONE = Constraint("-1", lambda value: _is(value, Integral) and value == -1)
NONE = Constraint("None", lambda value: value is None)
RANDOM_STATE = Constraint(
    "int, RandomState instance or None",
    lambda value: (
        value is None or isinstance(value, np.random.RandomState) or (_is(value, Integral) and 0 <= value < 2**32)
    ),
)
STRING = Constraint("str", lambda value: isinstance(value, str))
CALLABLE = Constraint("callable", callable)
MAPPING = Constraint("dict", lambda value: isinstance(value, Mapping))
SEQUENCE = Constraint("list of dict", lambda value: isinstance(value, list | tuple))


REQUIRED = dataclasses.MISSING  # the default of what must be given


def hyperparameter(default: Any, constraint: Constraint, doc: str, *, positional: bool = False) -> Any:
    """A field that carries its default, its constraint and its documentation."""
    metadata = {"constraint": constraint, "doc": " ".join(doc.split())}
    return dataclasses.field(default=default, kw_only=not positional, metadata=metadata)


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(hyperparameter,))
def declare(cls: type[T]) -> type[T]:
    """Make a constructor of the hyper-parameters, and fill them and the fitted attributes into the docstring.

    ``{parameters}`` in the docstring becomes the numpydoc section of all hyper-parameters, the class's own
    first; ``{attributes}`` that of the fitted attributes, which a class adds as the dictionary `attributes_doc`.
    What several classes of a family say alike, the family has in the dictionary `shared_doc`, by name.
    """
    return _documented(dataclass(kw_only=True, eq=False, repr=False)(cls), cls.__doc__ or "")


@dataclass_transform(frozen_default=True, field_specifiers=(hyperparameter,))
def declare_value(cls: type[T]) -> type[T]:
    """The same for a value: it cannot be changed, equals what has equal hyper-parameters, and is written with them.

    It has no `fit`, so its constructor checks.
    """

    def check(self: T) -> None:
        check_hyperparameters(self)

    doc = cls.__doc__ or ""
    cls.__post_init__ = check  # type: ignore[attr-defined]
    return _documented(dataclass(frozen=True)(cls), doc)


def _documented(cls: type[T], own_doc: str) -> type[T]:
    cls.__doc__ = inspect.cleandoc(own_doc)
    if "{parameters}" in own_doc:
        sections = {"parameters": _parameters_section(cls), "attributes": _attributes_section(cls)}
        for name, section in (sections | getattr(cls, "shared_doc", {})).items():
            cls.__doc__ = cls.__doc__.replace("{" + name + "}", inspect.cleandoc(section))
    return cls


def hyperparameters(cls: type) -> list[dataclasses.Field[Any]]:
    """Declared fields, those that the most special class introduced first."""
    introduced = {
        name: level for level, parent in enumerate(cls.__mro__) for name in vars(parent).get("__annotations__", ())
    }
    return sorted(dataclasses.fields(cls), key=lambda field: introduced[field.name])


def check_hyperparameters(estimator: Any) -> None:
    """Raise one ValueError that names every hyper-parameter that is out of range or of the wrong type."""
    problems = []
    for field in dataclasses.fields(estimator):
        constraint, value = field.metadata["constraint"], getattr(estimator, field.name)
        if not constraint.allows(value):
            problems.append(f"{field.name} must be {constraint.words}; got {value!r}{constraint.hint(value)}")
    if problems:
        count = "an invalid hyper-parameter" if len(problems) == 1 else f"{len(problems)} invalid hyper-parameters"
        raise ValueError(f"{type(estimator).__name__} got {count}:\n  " + "\n  ".join(problems))


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool | np.bool_)


def _parameters_section(cls: type) -> str:
    return _section("Parameters", {field.name: _entry(field) for field in hyperparameters(cls)})


def _entry(field: dataclasses.Field[Any]) -> tuple[str, str]:
    default = "" if field.default is REQUIRED else f", default={field.default!r}"
    return field.metadata["constraint"].words + default, field.metadata["doc"]


def _attributes_section(cls: type) -> str:
    entries: dict[str, tuple[str, str]] = {}
    for parent in cls.__mro__:
        for name, (kind, doc) in vars(parent).get("attributes_doc", {}).items():
            entries.setdefault(name, (kind, " ".join(doc.split())))
    return _section("Attributes", entries)


def _section(title: str, entries: Mapping[str, tuple[str, str]]) -> str:
    lines = [title, "-" * len(title)]
    for name, (kind, doc) in entries.items():
        lines += [f"{name} : {kind}", *textwrap.wrap(doc, 100, initial_indent="    ", subsequent_indent="    "), ""]
    return "\n".join(lines).rstrip()
