"""Files of models: written as a whole or not at all, and read."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from sklearn.base import BaseEstimator

from skneural.sklearn_compat import without_callbacks

Model = TypeVar("Model", bound=BaseEstimator)
SUFFIX = ".tmp"  # of files that are being written


def write_model(model: BaseEstimator, path: str | os.PathLike[str]) -> None:
    """Write a model, for skops if the name ends in ".skops", and as a pickle otherwise.

    It is written into another file of the same folder, which then replaces the file of that name in one step: at any
    time there is a whole model, the old or the new one.

    Raises
    ------
    OSError
        If the file cannot be written, such as on a full disk. What was there before stays.
    """
    path = Path(path)
    data = _dumped(without_callbacks(model), path)
    handle, temporary = tempfile.mkstemp(prefix=_prefix(path), suffix=SUFFIX, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # otherwise, the new name could be on the disk before the data are
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Remove what processes that were killed while they wrote the model left in its folder."""
    path = Path(path)
    for file in path.parent.iterdir():
        if file.name.startswith(_prefix(path)) and file.name.endswith(SUFFIX):
            file.unlink(missing_ok=True)


def read_model(path: str | os.PathLike[str], kind: type[Model]) -> Model:
    """Read a model of a class that `write_model` has written.

    From a file for skops, nothing but this class is trusted; a pickle can execute any code.

    Raises
    ------
    TypeError
        If the file holds something else.
    """
    path = Path(path)
    if path.suffix == ".skops":
        model = _skops(path).load(path, trusted=[f"{kind.__module__}.{kind.__qualname__}"])
    else:
        with path.open("rb") as file:
            model = pickle.load(file)  # nosec B301
    if not isinstance(model, kind):
        raise TypeError(f"{path} holds a {type(model).__name__}, not a {kind.__name__}.")
    return model


def _prefix(path: Path) -> str:
    return f".{path.name}."


def _dumped(model: BaseEstimator, path: Path) -> bytes:
    data: bytes = _skops(path).dumps(model) if path.suffix == ".skops" else pickle.dumps(model, protocol=5)
    return data


def _skops(path: Path) -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(f"{path.name} is a file for skops: pip install skops, or choose another suffix.") from error
    module: ModuleType = skops.io
    return module
