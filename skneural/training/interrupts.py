"""Handling of Ctrl-C in training: KeyboardInterrupt ends a fit with the best model so far, or is raised."""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, ClassVar

from skneural.training.communicator import from_first, present_communicator

# An interrupt within so many seconds of another one is meant for the search around a fit.
RECENT = 2.0


class _Deferral:
    """Signal handler that calls another one later, where no exception can be lost.

    Python runs handlers between any two instructions, also in the callback of a weak reference or in a destructor. An
    exception that a handler raises there is printed and lost, and training would continue.
    """

    current: ClassVar[_Deferral | None] = None

    def __init__(self, handler: Callable[[int, FrameType | None], Any], jointly: bool) -> None:
        self.handler = handler
        self.noted = False
        self.jointly = jointly
        self.agreed = False  # on an interrupt of one of several processes, which all of them deliver at the same place
        self._same_until = -math.inf

    @property
    def due(self) -> bool:
        return self.agreed if self.jointly else self.noted

    def note(self, number: int, frame: FrameType | None) -> None:
        if time.monotonic() < self._same_until:  # a Ctrl-C that another process has noted before
            self._same_until = -math.inf
            return
        if self.noted:  # a second interrupt does not wait
            self.deliver(frame)
        self.noted = True

    def agree(self) -> None:
        self.agreed = True
        if not self.noted:
            self._same_until = time.monotonic() + RECENT

    def deliver(self, frame: FrameType | None = None) -> None:
        if self.noted or self.agreed:
            self.noted = self.agreed = False
            self.handler(signal.SIGINT, frame)


@contextmanager
def deferred_interrupts(*, jointly: bool = False) -> Iterator[None]:
    """Defer SIGINT to the next call of `deliver_interrupt`, or to the end of the ``with`` block.

    In other threads than the main thread, where Python runs no handlers, and inside another block it has no effect.

    Parameters
    ----------
    jointly : bool, default=False
        Whether several processes train together: `deliver_interrupt` then waits for `agree_on_interrupt`.
    """
    handler = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(handler) or _Deferral.current is not None:
        yield
        return
    deferral = _Deferral.current = _Deferral(handler, jointly)
    try:
        with _handled_by(deferral.note):
            yield
    finally:
        _Deferral.current = None
        deferral.deliver()


@contextmanager
def undeferred_interrupts() -> Iterator[None]:
    """Inside `deferred_interrupts`, let the user's handler run at once, as in functions of the user.

    Where several processes train together it has no effect: an interrupt waits until they have agreed on it.
    """
    deferral = _Deferral.current
    if deferral is None or deferral.jointly or threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled_by(deferral.handler):
        deferral.deliver()
        yield


def deliver_interrupt() -> None:
    """Call the handler of an interrupt that came since the last call, if there was one."""
    deferral = _Deferral.current
    if deferral is not None and deferral.due and threading.current_thread() is threading.main_thread():
        deferral.deliver()


def interrupt_waits() -> bool:
    """Return True if an interrupt came since the last call of `deliver_interrupt`, in whatever thread."""
    return _Deferral.current is not None and _Deferral.current.due


def interrupt_noted() -> bool:
    """Return True if an interrupt came in this process, whether or not all processes have agreed on it."""
    return _Deferral.current is not None and _Deferral.current.noted


def agree_on_interrupt() -> None:
    """Let `deliver_interrupt` deliver an interrupt that one of several processes has noted, in all of them."""
    if _Deferral.current is not None:
        _Deferral.current.agree()


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """Handle SIGINT by a function, unless the handler is changed meanwhile."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) == handler:
            signal.signal(signal.SIGINT, before)


class Interrupts:
    """Decision, in `except KeyboardInterrupt`, between ending one fit and raising the interrupt.

    Attributes
    ----------
    ended_training : bool
        Whether an interrupt has ended the training of this fit.
    """

    _latest: ClassVar[float] = -math.inf  # in the whole process: the fits of a search follow each other

    def __init__(self) -> None:
        self.ended_training = False

    @property
    def final(self) -> bool:
        """True if an interrupt must be raised, as a search would otherwise continue with the next fit.

        This is the case shortly after another interrupt, and in worker processes.
        """
        recent = time.monotonic() < Interrupts._latest + RECENT
        return recent or multiprocessing.parent_process() is not None

    def end_training(self) -> None:
        """End this fit only, or raise the interrupt again if it is final; for `except KeyboardInterrupt`."""
        if from_first(present_communicator(), lambda: self.final):
            raise
        Interrupts._latest = time.monotonic()
        self.ended_training = True
