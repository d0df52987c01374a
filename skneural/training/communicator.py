"""Communication between the members of a training: processes that compute a part of each batch, and take equal steps.

Members call the same methods in the same order, and each waits for the others. A training without others has `ALONE`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

import numpy as np

from skneural.ops.types import Array

_T = TypeVar("_T")


class Communicator(Protocol):
    """The members of a training, seen by one of them.

    Attributes
    ----------
    size : int
        Number of members.
    rank : int
        Number of this member, from zero.
    """

    @property
    def size(self) -> int: ...

    @property
    def rank(self) -> int: ...

    def sum(self, array: Array, out: Array | None = None) -> Array:
        """Sum of the arrays of all members, the same bits in each; written into `out`, which may be `array`."""
        ...

    def broadcast(self, value: _T, rank: int = 0) -> _T:
        """The value of one member; the values of the others are not used."""
        ...

    def leave(self, error: BaseException | None = None) -> None:
        """Wait until all members end a training, and raise an error if it failed in another one.

        A member in which it failed, with `error`, does not wait for ever: others may not come.
        """
        ...


class Alone:
    """The communicator of a training in one process."""

    size = 1
    rank = 0

    def sum(self, array: Array, out: Array | None = None) -> Array:
        """The array itself."""
        if out is None or out is array:
            return array
        out[...] = array
        return out

    def broadcast(self, value: _T, rank: int = 0) -> _T:
        """The value itself."""
        return value

    def leave(self, error: BaseException | None = None) -> None:
        """Do nothing."""


ALONE = Alone()

_present: ContextVar[Communicator] = ContextVar("skneural_communicator", default=ALONE)


def present_communicator() -> Communicator:
    """The communicator of all trainings that begin here, by default `ALONE`."""
    return _present.get()


@contextmanager
def communicating(communicator: Communicator) -> Iterator[None]:
    """Let all trainings in the ``with`` block use this communicator."""
    token = _present.set(communicator)
    try:
        yield
    finally:
        _present.reset(token)


def any_member(communicator: Communicator, flag: bool) -> bool:
    """Return True in all members if the flag is True in one of them."""
    return flag if communicator.size == 1 else bool(communicator.sum(np.array([float(flag)]))[0])


@contextmanager
def failing_together(communicator: Communicator) -> Iterator[None]:
    """Raise an error of the ``with`` block in all members; no member may communicate in the block.

    Members in which it did not fail raise the error of the first one that failed, with a note.
    """
    if communicator.size == 1:
        yield
        return
    error: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        error = raised
    failed = np.zeros(communicator.size)
    failed[communicator.rank] = error is not None
    failed = communicator.sum(failed)
    if failed.any():
        first = int(failed.argmax())
        of_first = communicator.broadcast(_portable(error), first)
        if error is None:
            of_first.add_note(f"This error was raised in process {first} of {communicator.size}.")
        raise of_first if error is None else error


def from_first(communicator: Communicator, function: Callable[[], _T]) -> _T:
    """The result of a function that only the first member calls, alone; an error is raised in all members."""
    if communicator.size == 1:
        return function()
    result: Any = None
    with failing_together(communicator):
        if communicator.rank == 0:
            with communicating(ALONE):
                result = function()
    return communicator.broadcast(result)


def _portable(error: BaseException | None) -> Any:
    """The error, or another one with its text if it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))  # nosec B301
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
