"""Warnings that point to a line of the user's program."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import joblib
import sklearn

# Packages whose frames are skipped between the line that called `fit` and the code that warns. Their number depends on
# decorators, pipelines and searches.
_SKIPPED = tuple(f"{Path(package).parent}{os.sep}" for package in (__file__, sklearn.__file__, joblib.__file__))


_prefix: ContextVar[str] = ContextVar("prefix of warnings", default="")

Messages = list[tuple[str, type[Warning]]]
_collected: ContextVar[Messages | None] = ContextVar("warnings that are collected", default=None)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning at the innermost line outside of skneural, scikit-learn and joblib."""
    messages = _collected.get()
    if messages is not None:
        messages.append((_prefix.get() + message, category))
        return
    _issue(_prefix.get() + message, category)


def issue_warning(warning: Warning) -> None:
    """Issue a warning with attributes of its own at the same line as `warn_user`."""
    _issue(warning, type(warning))


def _issue(message: str | Warning, category: type[Warning]) -> None:
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_SKIPPED):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


@contextmanager
def collected_warnings() -> Iterator[Messages]:
    """Collect the warnings by `warn_user` instead of issuing them, also in threads that are started meanwhile.

    In these, no line of the user's program is above the line that warns.
    """
    messages: Messages = []
    token = _collected.set(messages)
    try:
        yield messages
    finally:
        _collected.reset(token)


@contextmanager
def warnings_prefixed(words: str) -> Iterator[None]:
    """Begin all warnings by `warn_user` in this thread with the given words."""
    token = _prefix.set(words)
    try:
        yield
    finally:
        _prefix.reset(token)
