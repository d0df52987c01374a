"""Columns of a table that a model knows already, by their names: which numbers of an array belong to each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from skneural.layers import Layer
from skneural.ops.types import Array
from skneural.parameters import leaves
from skneural.readers import Reader

# Argument of a network builder: number of columns.
N_COLUMNS = "n_in"


class KnownColumns(NamedTuple):
    """Columns of a table that a fitted model knows.

    Attributes
    ----------
    before, now : array of int
        Places of the known columns in the table of the model, and in the present one.
    further : list of str
        Names of the other columns of the present table.
    """

    before: Array
    now: Array
    further: list[str]


def known_columns(before: Reader, now: Reader) -> KnownColumns | None:
    """Places of the columns that a fitted reader knows in a table that was read; None unless both have names.

    Raises
    ------
    ValueError
        If the table lacks some of them.
    """
    names = [reader.attributes().get("feature_names_in_") for reader in (before, now)]
    old, new = ([] if each is None else each.tolist() for each in names)
    if not (old and new):
        return None
    missing = [name for name in old if name not in new]
    if missing:
        raise ValueError(f"X lacks columns on which pretrained was fitted: {', '.join(missing)}.")
    places = np.array([new.index(name) for name in old], dtype=np.intp)
    return KnownColumns(np.arange(len(old)), places, [name for name in new if name not in old])


class ColumnAxis(NamedTuple):
    """Axis of an array with `size` consecutive entries for each column."""

    axis: int
    size: int


def column_axes(builder: Callable[..., Layer], arguments: Mapping[str, Any]) -> dict[str, ColumnAxis]:
    """Axis of each array of a network that has entries for each column, by its path: with another column, it grows."""
    if N_COLUMNS not in arguments:
        return {}
    others = {name: value for name, value in arguments.items() if name != "frozen"}
    shapes = _shapes(builder(**others))
    larger = _shapes(builder(**others | {N_COLUMNS: arguments[N_COLUMNS] + 1}))
    growth = {name: np.subtract(larger[name], shape) for name, shape in shapes.items()}
    return {name: ColumnAxis(int(by.argmax()), int(by.max())) for name, by in growth.items() if by.any()}


def placed(given: Array, initial: Array, known: KnownColumns, along: ColumnAxis, *, zeros: bool) -> Array:
    """The given array with its entries at the places of the known columns, and those of `initial`, or zeros, else.

    Returns `given` where the other axes differ.
    """
    axis, size = along
    if np.delete(given.shape, axis).tolist() != np.delete(initial.shape, axis).tolist():
        return given
    result = np.zeros_like(initial) if zeros else initial.copy()
    before, now = ((places[:, np.newaxis] * size + np.arange(size)).ravel() for places in (known.before, known.now))
    np.moveaxis(result, axis, 0)[now] = np.moveaxis(given, axis, 0)[before]
    return result


def _shapes(network: Layer) -> dict[str, tuple[int, ...]]:
    return {name: leaf.shape for name, leaf in leaves(network.parameters())}
