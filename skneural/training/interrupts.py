"""Ctrl-C while a model trains.

Python's own handler raises KeyboardInterrupt wherever the program is at that moment. Where that is a function which the
interpreter calls by itself, the error is printed and lost: in the callbacks of `skneural.ops.memory`, 7 of 50
interrupts of a wide perceptron were. So a handler of ours notes the first interrupt, and training asks for it after
each batch.
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
import time
from types import FrameType
from typing import ClassVar, Self

# Seconds in which an interrupt belongs to that of a fit that has just ended: it is then meant for the search around it.
RECENT = 2.0


class Interrupts:
    """Notes the first interrupt inside of its block; a second one raises KeyboardInterrupt at once.

    It does so on the main thread of a process that is no worker of another, where Python's own handler is installed,
    and puts that back. Everywhere else it notes nothing, and whoever handles the signal raises KeyboardInterrupt.
    Its blocks may stand in each other.

    Attributes
    ----------
    final : bool
        Whether KeyboardInterrupt must not be turned into the end of one fit: after a second interrupt, or one shortly
        after a fit that was interrupted, and in worker processes, whose search would go on otherwise.
    ended_training : bool
        Whether KeyboardInterrupt has been turned into the end of a fit.
    """

    _recent_until: ClassVar[float] = -math.inf

    def __init__(self) -> None:
        self.final = self.ended_training = False
        self._depth = 0
        self._noted = self._waiting = False
        self._installed = False

    def __enter__(self) -> Self:
        self._depth += 1
        if self._depth > 1:
            return self
        if multiprocessing.parent_process() is not None:
            self.final = True
        elif threading.current_thread() is threading.main_thread():
            self._install()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        self._put_back()
        if self._noted:
            Interrupts._recent_until = time.monotonic() + RECENT
        if kind is None and self.final:
            self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if an interrupt was noted, or raised where it was lost, since the last time."""
        if self._waiting:
            self._waiting = False
            raise KeyboardInterrupt

    @property
    def waiting(self) -> bool:
        """Whether an interrupt was noted of which nobody has been told."""
        return self._waiting

    def _install(self) -> None:
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            return  # a handler of the user's own may raise KeyboardInterrupt, or do something else
        self._installed = True
        try:
            signal.signal(signal.SIGINT, self._note)
        except ValueError:  # in a subinterpreter, which no signal reaches; nothing else tells of it
            self._installed = False

    def _put_back(self) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._installed = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        again = self._noted or time.monotonic() < Interrupts._recent_until
        self._noted = self._waiting = True
        if again:
            self.final = True
            self._put_back()  # before raising: that may happen where no `with` sees it yet
            raise KeyboardInterrupt
