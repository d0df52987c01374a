"""State of estimators: plain values for files, and a decorator for methods that leave it unchanged if they fail."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from skneural.losses import Loss

_T = TypeVar("_T")


def plain_state(value: object) -> Any:
    """A frozen dataclass as a dictionary of its fields; dataclasses among these become dictionaries, too.

    Files then do not refer to the classes of readers, tasks and options, which follow from the class of the estimator.
    A loss that a user brings stays an object.
    """
    if not dataclasses.is_dataclass(value) or isinstance(value, Loss):
        return value
    return {field.name: plain_state(getattr(value, field.name)) for field in dataclasses.fields(value)}


def value_of(cls: type[_T], state: dict[str, Any]) -> _T:
    """The dataclass with the given `plain_state`: the inverse of that function.

    Fields that older versions did not have take their defaults.
    """
    kinds: dict[str, type | None] = _dataclass_fields(cls)  # type: ignore[arg-type]
    return cls(**{name: _restored(kind, state[name]) for name, kind in kinds.items() if name in state})


def _restored(kind: type | None, state: Any) -> Any:
    return value_of(kind, state) if kind is not None and isinstance(state, dict) else state


@functools.cache
def _dataclass_fields(cls: Any) -> dict[str, type | None]:
    """The class of each field that holds a dataclass or None; None for other fields."""
    hints = get_type_hints(cls)
    return {field.name: _dataclass_in(hints[field.name]) for field in dataclasses.fields(cls)}


def _dataclass_in(hint: Any) -> Any:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    return next((kind for kind in kinds if dataclasses.is_dataclass(kind)), None)


def all_or_nothing(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method so that the estimator is unchanged if it fails: a fitted model survives a failed refit."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(self.__dict__)
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    return guarded
