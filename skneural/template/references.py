"""Functions among hyper-parameters: a pickle holds their names, by which those within functions are not to be had."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, NoReturn, TypeVar

_T = TypeVar("_T")

# Packages whose picklers write the code of functions; workers of joblib, dask and ray get functions by them.
BY_CODE = ("cloudpickle", "dill")


class WithoutName:
    """A lambda or local function in a state: copies share it, and a pickle says why it cannot hold it."""

    def __init__(self, owner: str, function: Callable[..., Any]) -> None:
        self.owner = owner
        self.function = function

    def __deepcopy__(self, memo: dict[int, Any]) -> WithoutName:
        return self

    def __reduce_ex__(self, protocol: object) -> Any:
        return (_same, (self.function,)) if _pickled_by_code() else self._refuse()

    def __getstate__(self) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        function = self.function
        raise pickle.PicklingError(
            f"{self.owner} is {function.__qualname__} of {function.__module__}, a lambda or local function. A pickle "
            "holds functions by their names: define it by def at the top of a module, or use cloudpickle."
        )


def named_or_refused(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state in which functions that have no name to be imported by refuse to be pickled."""
    return {
        name: WithoutName(name, value) if type(value) is FunctionType and "<" in value.__qualname__ else value
        for name, value in state.items()
    }


def with_functions(state: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `named_or_refused`."""
    return {name: value.function if isinstance(value, WithoutName) else value for name, value in state.items()}


def _same(value: _T) -> _T:
    return value


def _pickled_by_code() -> bool:
    """Return True if one of the functions that are being called is of `BY_CODE`."""
    frame: Any = sys._getframe()
    while frame is not None:
        if any(package in frame.f_globals.get("__name__", "") for package in BY_CODE):
            return True
        frame = frame.f_back
    return False
