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

# An interrupt within so many seconds of another one is meant for the search around a fit.
RECENT = 2.0


class _Deferral:
    """Signal handler that calls another one later, where no exception can be lost.

    Python runs handlers between any two instructions, also in the callback of a weak reference or in a destructor. An
    exception that a handler raises there is printed and lost, and training would continue.
    """

    current: ClassVar[_Deferral | None] = None

    def __init__(self, handler: Callable[[int, FrameType | None], Any]) -> None:
        self.handler = handler
        self.noted = False

    def note(self, number: int, frame: FrameType | None) -> None:
        if self.noted:  # a second interrupt does not wait
            self.deliver(frame)
        self.noted = True

    def deliver(self, frame: FrameType | None = None) -> None:
        if self.noted:
            self.noted = False
            self.handler(signal.SIGINT, frame)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Defer SIGINT to the next call of `deliver_interrupt`, or to the end of the ``with`` block.

    In other threads than the main thread, where Python runs no handlers, and inside another block it has no effect.
    """
    handler = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(handler) or _Deferral.current is not None:
        yield
        return
    deferral = _Deferral.current = _Deferral(handler)
    try:
        with _handled_by(deferral.note):
            yield
    finally:
        _Deferral.current = None
        deferral.deliver()


@contextmanager
def undeferred_interrupts() -> Iterator[None]:
    """Inside `deferred_interrupts`, let the user's handler run at once, as in functions of the user."""
    deferral = _Deferral.current
    if deferral is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    with _handled_by(deferral.handler):
        deferral.deliver()
        yield


def deliver_interrupt() -> None:
    """Call the handler of an interrupt that came since the last call, if there was one."""
    deferral = _Deferral.current
    if deferral is not None and deferral.noted and threading.current_thread() is threading.main_thread():
        deferral.deliver()


def interrupt_waits() -> bool:
    """Return True if an interrupt came since the last call of `deliver_interrupt`, in whatever thread."""
    return _Deferral.current is not None and _Deferral.current.noted


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
        if self.final:
            raise
        Interrupts._latest = time.monotonic()
        self.ended_training = True
