"""Partitions of dask collections as chunks, which workers of a cluster hold."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from skneural.streaming.chunks import Chunk, as_chunk
from skneural.template.validation import messages_prefixed

INSTALL = "skneural.distributed needs dask: pip install skneural[distributed]"


def dask_module(name: str = "dask") -> Any:
    """Import dask, or a module of it.

    Raises
    ------
    ImportError
        If it is not installed, with the command that installs it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise ImportError(f"{INSTALL} ({error})") from error


def delayed_chunks(X: Any, y: Any = None, sample_weight: Any = None) -> list[Any]:
    """Delayed objects that compute to the chunks of a collection.

    Parameters
    ----------
    X : dask array, dataframe or bag, or list of delayed objects or futures
    y, sample_weight : of the same kinds, optional
        Arrays in memory are divided like X, if the sizes of its partitions are known.

    Raises
    ------
    TypeError
        If X is not divided into partitions.
    ValueError
        If X and y have different partitions.
    """
    delayed = dask_module().delayed
    given = {"X": X, "y": y, "sample_weight": sample_weight}
    parts = {name: _partitions(part, name, X) for name, part in given.items() if part is not None}
    numbers = {name: len(each) for name, each in parts.items()}
    if len(set(numbers.values())) > 1:
        listed = ", ".join(f"{name} has {n}" for name, n in numbers.items())
        raise ValueError(f"X, y and sample_weight must have the same partitions: {listed}.")
    if not numbers["X"]:
        raise ValueError("X has no partitions.")
    rows = zip(*(parts.get(name, [None] * numbers["X"]) for name in given), strict=True)
    return [delayed(chunk_of)(*row, number) for number, row in enumerate(rows)]


def chunk_of(X: Any, y: Any, sample_weight: Any, number: int) -> Chunk:
    """The chunk of one partition, computed."""
    with messages_prefixed(f"In partition {number}: "):
        if isinstance(X, tuple) and y is None:
            return as_chunk(X, number)
        return as_chunk((X, y, sample_weight), number)


def _partitions(part: Any, name: str, X: Any) -> Sequence[Any]:
    dask = dask_module()
    if dask.is_dask_collection(part) and hasattr(part, "chunks"):
        return _blocks_of_rows(part if name == "X" else _divided_like(part, X, name))
    if dask.is_dask_collection(part) and hasattr(part, "to_delayed"):
        return list(part.to_delayed())
    if is_list_of_parts(part):
        return list(part)
    if name != "X" and hasattr(X, "chunks"):
        array = dask_module("dask.array").from_array(np.asarray(part), chunks=-1)
        return _blocks_of_rows(_divided_like(array, X, name))
    raise TypeError(
        f"{name} is a {type(part).__name__}; it must be a dask array, dataframe or bag, or a list of delayed objects "
        "or futures. Divide an array by dask.array.from_array(X, chunks=(100_000, -1))."
    )


def is_list_of_parts(part: Any) -> bool:
    """Return True for a list of delayed objects or futures."""
    kinds = (dask_module("distributed").Future, dask_module("dask.delayed").Delayed)
    return isinstance(part, list | tuple) and len(part) > 0 and all(isinstance(each, kinds) for each in part)


def _divided_like(part: Any, X: Any, name: str) -> Any:
    """The array with the partitions of X, if both have known sizes."""
    sizes = getattr(X, "chunks", ((),))[0]
    known = len(sizes) > 0 and not np.isnan([*sizes, *part.chunks[0]]).any()
    if not known or part.chunks[0] == sizes:
        return part
    if sum(part.chunks[0]) != sum(sizes):
        raise ValueError(f"{name} has {sum(part.chunks[0])} rows, but X has {sum(sizes)}.")
    return part.rechunk({0: sizes})


def _blocks_of_rows(array: Any) -> list[Any]:
    """Delayed blocks of whole rows."""
    if any(n > 1 for n in array.numblocks[1:]):
        array = array.rechunk(dict.fromkeys(range(1, array.ndim), -1))
    return list(array.to_delayed().ravel())
