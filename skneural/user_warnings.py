"""Warnings that point to a line of the user's program."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import joblib
import sklearn

# Packages whose frames are skipped between the line that called `fit` and the code that warns. Their number depends on
# decorators, pipelines and searches.
_SKIPPED = tuple(f"{Path(package).parent}{os.sep}" for package in (__file__, sklearn.__file__, joblib.__file__))


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning at the innermost line outside of skneural, scikit-learn and joblib."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_SKIPPED):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
