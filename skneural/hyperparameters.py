"""Declaration of hyper-parameters as fields with a default, a constraint and a documentation text.

    @declare
    class Model(BaseEstimator):
        size: int = hyperparameter(default=5, constraint=Integer(1), doc="Number of units.")

The constructor, `get_params`, the checks in `fit` and the numpydoc section are derived from such fields.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, TypeVar, dataclass_transform

import numpy as np

from skneural.deprecation import OldName, keep_old_names

_T = TypeVar("_T")


# Names in other libraries, and our names for them: the first that is an option is suggested.
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
    """Constraint on the values of a hyper-parameter; ``a | b`` allows the values of either.

    Parameters
    ----------
    words : str
        The constraint in words, for documentation and error messages.
    allows : callable
        Returns True for allowed values.
    options : tuple of str, default=()
        The allowed strings, from which error messages suggest the most similar.
    number_is : str, default=""
        Name of the hyper-parameter to suggest if a number is passed where only strings are allowed.
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

    def hint(self, value: object) -> str:
        """Suggestion for an invalid value, to append to an error message; empty if there is none."""
        if self.number_is and _is(value, Real):
            return f" (did you mean {self.number_is}={value!r}?)"
        suggestion: Any = None
        if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
            suggestion = tuple(self._option(name) or name for name in value)
        elif isinstance(value, str):
            suggestion = self._option(value)
            if suggestion == value:  # a single option was passed where a sequence of options is required
                suggestion = (suggestion,)
        return f" (did you mean {suggestion!r}?)" if suggestion and suggestion != value else ""

    def _option(self, name: str) -> str | None:
        """The option that is meant by a name: in another case, by its name in another library, or misspelt."""
        options_by_casefold = {option.casefold(): option for option in self.options}
        folded = name.casefold()
        similar = difflib.get_close_matches(folded, options_by_casefold, n=1)
        candidates = (folded, *ALIASES.get(folded, ()), *similar)
        options = (options_by_casefold[candidate] for candidate in candidates if candidate in options_by_casefold)
        return next(options, None)


class Choice(Constraint):
    """Constraint to one of several strings."""

    def __init__(self, *options: str, number_is: str = "") -> None:
        quoted = ", ".join(f'"{option}"' for option in options)
        words = quoted if len(options) == 1 else "{" + quoted + "}"
        super().__init__(words, lambda value: isinstance(value, str) and value in options, options, number_is)


class Number(Constraint):
    """Constraint to a finite number between `low` and `high`; `above` and `below` exclude the bounds themselves."""

    def __init__(
        self, low: float = -math.inf, high: float = math.inf, *, above: bool = False, below: bool = False
    ) -> None:
        words = [f"> {low:g}" if above else f">= {low:g}"] if low > -math.inf else []
        words += [f"< {high:g}" if below else f"<= {high:g}"] if high < math.inf else []

        def allows(value: Any) -> bool:
            if not _is(value, Real) or not math.isfinite(value):
                return False
            return (low < value if above else low <= value) and (value < high if below else value <= high)

        super().__init__(" ".join(["float", " and ".join(words)]).strip(), allows)


class Integer(Constraint):
    """Constraint to an integer of at least `low`. Booleans are not accepted."""

    def __init__(self, low: int) -> None:
        super().__init__(f"int >= {low}", lambda value: _is(value, Integral) and value >= low)


class Sizes(Constraint):
    """Constraint to an integer of at least `low`, or a sequence of such integers; `empty` allows empty sequences."""

    def __init__(self, low: int = 1, *, empty: bool = True) -> None:
        size = Integer(low)

        def allows(value: Any) -> bool:
            if isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim):
                return (empty or len(value) > 0) and all(size.allows(element) for element in value)
            return size.allows(value)

        super().__init__(f"int or {'' if empty else 'non-empty '}sequence of int >= {low}", allows)


INSIDE = Number(0, 1, above=True, below=True)
QUANTILES = Constraint(
    "float > 0 and < 1, or a non-empty sequence of these",
    lambda value: (
        INSIDE.allows(value)
        or (isinstance(value, Sequence | np.ndarray) and len(value) > 0 and all(map(INSIDE.allows, value)))
    ),
)
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


WIDTH = 112  # of the lines of generated sections, which `help` indents by four

PYTHON_KINDS: dict[type, type] = {str: str, Integral: int, Real: float}
PYTHON_SCALARS = frozenset({bool, int, float, str, type(None)})

REQUIRED = dataclasses.MISSING  # the default of hyper-parameters that must be passed


def hyperparameter(
    *,
    default: Any = REQUIRED,
    constraint: Constraint,
    doc: str,
    kw_only: bool = True,
    automatic: Any = None,
    after_fit: bool = False,
    old_name: OldName | None = None,
) -> Any:
    """Declare a hyper-parameter: a dataclass field with its default, its constraint and its documentation.

    Type checkers read `default` and `kw_only` off the call, by these names.

    Parameters
    ----------
    default : object
        Without a default, the hyper-parameter must be passed.
    constraint : Constraint
    doc : str
        One or several sentences.
    kw_only : bool, default=True
        Whether it is passed by name only.
    automatic : object, default=None
        The rule behind "auto", for hyper-parameters that have one.
    after_fit : bool, default=False
        Whether it may be changed after `fit`: methods of the fitted model then use its present value, and check it.
        All other hyper-parameters have no effect on a fitted model.
    old_name : OldName, default=None
        Former name, which still works, with a warning.
    """
    sentences = " ".join(doc.split()) + " May be changed after `fit`." * after_fit
    if old_name is not None:
        sentences += f" Called `{old_name.name}` before version {old_name.since}."
    metadata = {"constraint": constraint, "doc": sentences, "automatic": automatic, "after_fit": after_fit}
    metadata["old_name"] = old_name
    return dataclasses.field(default=default, kw_only=kw_only, metadata=metadata)


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(hyperparameter, dataclasses.field))
def declare(cls: type[_T]) -> type[_T]:
    """Class decorator that generates the constructor from the hyper-parameters, and completes the docstring.

    ``{parameters}`` in the docstring is replaced by the numpydoc section of all hyper-parameters, those of the class
    before those of its base classes and the shared ones last, in a line each (`is_shared`), and ``{attributes}`` by the
    section of the fitted attributes, which classes declare in the dictionary `attributes_doc`. Text that is shared by
    several classes of a family is looked up by its name in braces in the dictionary `shared_doc`.
    """
    return _completed(dataclass(kw_only=True, eq=False, repr=False)(cls), cls.__doc__ or "")


@dataclass_transform(frozen_default=True, field_specifiers=(hyperparameter,))
def declare_value(cls: type[_T]) -> type[_T]:
    """`declare` for immutable value classes, with equality and representation by their hyper-parameters.

    They have no `fit`, so their constructor checks the hyper-parameters.
    """

    def check(self: _T) -> None:
        check_hyperparameters(self)

    doc = cls.__doc__ or ""
    cls.__post_init__ = check  # type: ignore[attr-defined]
    return _completed(dataclass(frozen=True)(cls), doc)


def old_names(cls: Any) -> dict[str, OldName]:
    """Former names of hyper-parameters by the present ones."""
    names = {field.name: field.metadata.get("old_name") for field in dataclasses.fields(cls)}
    return {name: old_name for name, old_name in names.items() if old_name is not None}


def _completed(cls: type[_T], template: str) -> type[_T]:
    """Give a class its docstring, and old names of its hyper-parameters."""
    if renamed := old_names(cls):
        keep_old_names(cls, renamed)
    cls.__doc__ = inspect.cleandoc(template)
    if "{parameters}" in template:
        sections = {"parameters": _parameters_section(cls), "attributes": _attributes_section(cls)}
        for name, section in (sections | getattr(cls, "shared_doc", {})).items():
            cls.__doc__ = cls.__doc__.replace("{" + name + "}", inspect.cleandoc(section))
    return cls


def hyperparameters(cls: type) -> list[dataclasses.Field[Any]]:
    """Declared fields, those of the most derived class first."""
    introduced = {
        name: level for level, parent in enumerate(cls.__mro__) for name in vars(parent).get("__annotations__", ())
    }
    return sorted(dataclasses.fields(cls), key=lambda field: introduced[field.name])


def check_hyperparameters(estimator: Any, *, after_fit: bool = False) -> None:
    """Raise a single ValueError that lists all hyper-parameters that are out of range or of the wrong type.

    With `after_fit`, only those are checked that may be changed after `fit`.
    """
    problems = []
    for field in dataclasses.fields(estimator):
        if after_fit and not field.metadata["after_fit"]:
            continue
        constraint, value = field.metadata["constraint"], getattr(estimator, field.name)
        if not constraint.allows(value):
            problems.append(f"{field.name} must be {constraint.words}; got {value!r}{constraint.hint(value)}")
    if problems:
        count = "an invalid hyper-parameter" if len(problems) == 1 else f"{len(problems)} invalid hyper-parameters"
        raise ValueError(f"{type(estimator).__name__} got {count}:\n  " + "\n  ".join(problems))


def python_value(value: Any) -> Any:
    """A value with Python's booleans, numbers and strings in place of NumPy's, also within sequences.

    The scalars of NumPy have a precision, which arrays of lower precision take over: in float32, a step whose rate is
    `np.float64` gives other weights, and takes up to 1.7 times as long.
    """
    if type(value) in PYTHON_SCALARS:  # nearly always
        return value
    if isinstance(value, list | tuple):
        elements = [python_value(element) for element in value]
        return tuple(elements) if isinstance(value, tuple) else elements
    if isinstance(value, np.ndarray) and value.ndim == 1:  # sizes; arrays of two axes are weights
        return value.tolist()
    if isinstance(value, bool | np.bool_):
        return bool(value)
    kind = next((kind for abstract, kind in PYTHON_KINDS.items() if isinstance(value, abstract)), None)
    return value if kind is None else kind(value)


def check_arguments(**arguments: tuple[Any, Constraint]) -> None:
    """Raise one ValueError that names every argument of a method whose value its constraint does not allow.

    Parameters
    ----------
    **arguments : pairs of a value and a constraint
    """
    problems = [
        f"{name} must be {constraint.words}; got {value!r}{constraint.hint(value)}"
        for name, (value, constraint) in arguments.items()
        if not constraint.allows(value)
    ]
    if problems:
        raise ValueError(". ".join(problems) + ".")


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool | np.bool_)


def is_shared(cls: type, field: dataclasses.Field[Any]) -> bool:
    """Return True if a hyper-parameter comes from another subpackage than the class: several families have it alike.

    The docstring of the class then has a line of it, and the site all of it, once for all families.
    """
    declaring = next(parent for parent in cls.__mro__ if field.name in vars(parent).get("__annotations__", ()))
    return _subpackage(declaring) != _subpackage(cls)


def _subpackage(cls: type) -> str:
    return ".".join(cls.__module__.split(".")[:2])


SHARED_DOC = """Hyper-parameters from `{first}` on are those of all families: they have a line each here, and the page
"Shared hyper-parameters" of the reference describes them, and the attributes of all, in full."""


def _parameters_section(cls: type) -> str:
    fields = hyperparameters(cls)
    shared = [field for field in fields if is_shared(cls, field)]
    # Families declare some of the shared ones anew, with another default or meaning: these stand before the others.
    full = {field.name: _entry(field) for field in fields if field not in shared}
    short = {field.name: (_entry(field)[0], _summary(field.metadata["doc"])) for field in shared}
    introduction = SHARED_DOC.format(first=shared[0].name) + "\n\n" if shared else ""
    of_family, of_all = ([line for name in part for line in _lines(name, *part[name])] for part in (full, short))
    return introduction + _section("Parameters", [*of_family, *([""] if of_family and of_all else []), *of_all])


def _summary(doc: str) -> str:
    """The first sentence, up to its colon or semicolon if it is longer than a line."""
    sentence, _, _ = doc.partition(". ")
    if len(sentence) > WIDTH:
        sentence = re.split("[:;] ", sentence)[0]
    return sentence.rstrip(".") + "."


def _entry(field: dataclasses.Field[Any]) -> tuple[str, str]:
    default = "" if field.default is REQUIRED else f", default={field.default!r}"
    return field.metadata["constraint"].words + default, field.metadata["doc"]


def attributes_of(cls: type) -> dict[str, tuple[type, str, str]]:
    """For each fitted attribute the class that documents it, its type and its text, those of the family first."""
    entries: dict[str, tuple[type, str, str]] = {}
    for parent in cls.__mro__:
        for name, (kind, doc) in vars(parent).get("attributes_doc", {}).items():
            entries.setdefault(name, (parent, kind, " ".join(doc.split())))
    return dict(sorted(entries.items(), key=lambda entry: _subpackage(entry[1][0]) != _subpackage(cls)))


def _attributes_section(cls: type) -> str:
    lines: list[str] = []
    for name, (parent, kind, doc) in attributes_of(cls).items():
        lines += _lines(name, kind, doc if _subpackage(parent) == _subpackage(cls) else _summary(doc))
    return _section("Attributes", lines)


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([title, "-" * len(title), *lines])


def _lines(name: str, kind: str, doc: str) -> list[str]:
    return [f"{name} : {kind}", *textwrap.wrap(doc, WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)]
