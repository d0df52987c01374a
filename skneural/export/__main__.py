"""Conversion of a file of skops to one of ONNX, from a shell: ``python -m skneural.export model.skops model.onnx``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skneural import estimators
from skneural.export import to_onnx

CALLBACKS = {"skneural.callbacks.Checkpoint"}  # a model that was saved in the middle of its training may hold them


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert a file; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m skneural.export", description="Convert a model to ONNX.")
    parser.add_argument("model", type=Path, help="file that skops.io.dump wrote")
    parser.add_argument("onnx", type=Path, help="file to write")
    parser.add_argument("--opset", type=int, default=18, help="version of the operators (default: 18)")
    parser.add_argument("--no-lengths", action="store_true", help="all series have equally many steps")
    given = parser.parse_args(arguments)
    try:
        proto = to_onnx(loaded(given.model), opset=given.opset, lengths=not given.no_lengths)
    except (ImportError, NotImplementedError, OSError, TypeError, ValueError) as error:
        print(f"{given.model}: {error}", file=sys.stderr)
        return 1
    given.onnx.write_bytes(proto.SerializeToString())
    return 0


def loaded(path: Path) -> Any:
    """Load a model, of which no types but estimators and callbacks of skneural are trusted.

    Raises
    ------
    ValueError
        If the file is none of skops, or holds other types.
    """
    import skops.io

    with path.open("rb") as file:
        start = file.read(2)
    if start != b"PK":  # that of ZIP archives
        raise ValueError(
            "this is no file of skops. Loading a pickle runs what it holds: do so in Python, if you trust it, and call "
            "skneural.export.to_onnx."
        )
    asked = skops.io.get_untrusted_types(file=path)
    others = sorted(set(asked) - _estimators() - CALLBACKS)
    if others:
        raise ValueError(
            f"it holds {', '.join(others)}, which are no estimators of skneural. If you trust them, load the file in "
            "Python by skops.io.load, and call skneural.export.to_onnx."
        )
    return skops.io.load(path, trusted=asked)


def _estimators() -> set[str]:
    """Full names of the estimators of skneural."""
    classes = (getattr(estimators, name) for name in estimators.__all__)
    return {f"{each.__module__}.{each.__qualname__}" for each in classes if isinstance(each, type)}


if __name__ == "__main__":
    sys.exit(main())
