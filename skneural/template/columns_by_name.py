"""Columns of a table that a model knows already, by their names: which numbers of an array belong to each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from skneural.layers import Layer
from skneural.ops.types import Array
from skneural.parameters import leaves
from skneural.readers import ColumnEntries, Reader

# Argument of a network builder: number of columns.
N_COLUMNS = "n_in"


def names_of_columns(reader: Reader) -> list[str]:
    """Names of the columns of a table that was read; none if they have none."""
    names = reader.attributes().get("feature_names_in_")
    return [] if names is None else names.tolist()


def further_columns(before: Reader, now: Reader) -> list[str] | None:
    """Names of columns that a fitted reader does not know; None unless both tables have names.

    Raises
    ------
    ValueError
        If the table lacks columns that it knows.
    """
    old, new = names_of_columns(before), names_of_columns(now)
    if not (old and new):
        return None
    missing = [name for name in old if name not in new]
    if missing:
        raise ValueError(f"X lacks columns on which pretrained was fitted: {', '.join(missing)}.")
    return [name for name in new if name not in old]


def column_entries(
    builder: Callable[..., Layer], arguments: Mapping[str, Any], reader: Reader
) -> dict[str, ColumnEntries]:
    """Entries of columns in the arrays of a network, by their paths: those that the reader tells, or one each.

    An array has entries of columns along an axis that grows with another column.
    """
    if N_COLUMNS not in arguments:
        return reader.column_entries(arguments)
    others = {name: value for name, value in arguments.items() if name != "frozen"}
    shapes = _shapes(builder(**others))
    larger = _shapes(builder(**others | {N_COLUMNS: arguments[N_COLUMNS] + 1}))
    entries = {}
    for path, shape in shapes.items():
        growth = np.subtract(larger[path], shape)
        if growth.any():
            keys = [(name, number) for name in names_of_columns(reader) for number in range(growth.max())]
            entries[path] = ColumnEntries(int(growth.argmax()), keys)
    return entries


def placed(given: Array, initial: Array, before: ColumnEntries, now: ColumnEntries, *, zeros: bool) -> Array:
    """The given array with its entries at the present places of their columns, and those of `initial`, or zeros, else.

    Returns `given` where the other axes differ.
    """
    axis = now.axis
    if np.delete(given.shape, axis).tolist() != np.delete(initial.shape, axis).tolist():
        return given
    place = {key: number for number, key in enumerate(now.keys)}
    known = [number for number, key in enumerate(before.keys) if key in place]
    result = np.zeros_like(initial) if zeros else initial.copy()
    places = [place[before.keys[number]] for number in known]
    np.moveaxis(result, axis, 0)[places] = np.moveaxis(given, axis, 0)[known]
    return result


def _shapes(network: Layer) -> dict[str, tuple[int, ...]]:
    return {name: leaf.shape for name, leaf in leaves(network.parameters())}
