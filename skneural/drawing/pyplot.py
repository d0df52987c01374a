"""matplotlib, imported where something is drawn."""

from __future__ import annotations

from typing import Any


def pyplot() -> Any:
    """``matplotlib.pyplot``.

    Raises
    ------
    ImportError
        With what to do, if it is not installed.
    """
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError("Plots need matplotlib: pip install 'skneural[plot]'.") from error
    return matplotlib.pyplot
