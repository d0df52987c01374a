"""Forms in which users give series: arrays, lists of arrays, and wide or long data frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from skneural.estimators.forecast.frames import FrameForm, read_frame, read_known_frame
from skneural.ops.types import Array
from skneural.readers import ensure_is_collection, is_frame, with_dtype


@dataclass(frozen=True)
class GivenSeries:
    """Series as numbers, with the form in which they were given.

    Attributes
    ----------
    pieces : list of arrays of shape (steps, channels)
        NaN in gaps; the first step has a value.
    known : list of arrays of shape (known steps, n_known)
        Values that are known in advance: of the steps of each series, and of steps that follow.
    form : FrameForm or None
        None for arrays and lists.
    starts : list of times, or None
        Of the first step of each series, if they have times.
    """

    pieces: list[Array]
    known: list[Array]
    form: FrameForm | None = None
    starts: list[Any] | None = None

    @classmethod
    def of(cls, series: object, known: object = None) -> Self:
        """Read series, and what is known in advance, from the forms that users give.

        Raises
        ------
        ValueError
            If they are no series, or known values do not match them.
        """
        if isinstance(series, cls):
            return series
        form, starts = None, None
        if is_table_of_series(series):
            form, pieces, starts = read_frame(series)
        else:
            pieces = _pieces(series)
        values = [_without_leading_gaps(piece, i) for i, piece in enumerate(pieces)]
        skipped = [len(piece) - len(kept) for piece, kept in zip(pieces, values, strict=True)]
        if form is not None and form.grid is not None and starts is not None:
            starts = [form.grid.at(start, n) for start, n in zip(starts, skipped, strict=True)]
            skipped = [0] * len(values) if is_frame(known) else skipped
        in_advance = known_pieces(known, len(values), form, starts)
        return cls(values, [each[n:] for each, n in zip(in_advance, skipped, strict=True)], form, starts)

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, rows: Any) -> Self:
        numbers = np.arange(len(self))[rows]
        return type(self)(
            [self.pieces[i] for i in numbers],
            [self.known[i] for i in numbers],
            None if self.form is None else self.form.take(numbers),
            None if self.starts is None else [self.starts[i] for i in numbers],
        )

    def without_last(self, n_steps: int) -> Self:
        """The series without their last steps; values that are known in advance remain."""
        return replace(self, pieces=[piece[: len(piece) - n_steps] for piece in self.pieces])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Common dtype of all series; single precision for data frames, whose windows are centred before rounding."""
        return np.dtype(np.float32) if self.form is not None else np.result_type(*self.pieces)

    @property
    def n_channels(self) -> int:
        """Numbers of each step."""
        return self.pieces[0].shape[1]

    @property
    def n_known(self) -> int:
        """Numbers of each step that are known in advance."""
        return self.known[0].shape[1]

    def names(self) -> list[str]:
        """Names of the series, as messages give them."""
        labels = [] if self.form is None else self.form.ids if self.form.long else self.form.labels
        return [f"Series {labels[i]!r}" if labels else f"Series {i}" for i in range(len(self))]


def is_table_of_series(series: Any) -> bool:
    """Return True for data frames, and for a single series of pandas or polars."""
    return is_frame(series) or hasattr(series, "to_frame")


def _pieces(series: Any) -> list[Array]:
    """One array of shape (steps, channels) for each series."""
    if isinstance(series, list | tuple) and len(series) and all(np.ndim(piece) in (1, 2) for piece in series):
        parts = [np.asarray(piece) for piece in series]
    else:
        ensure_is_collection(series, "series")
        x = np.asarray(with_dtype(series))
        parts = [x] if x.ndim == 1 and x.dtype != object else list(x)
    for i, part in enumerate(parts):
        if part.ndim not in (1, 2) or part.dtype.kind not in "biuf" or 0 in part.shape:
            raise ValueError(
                f"Series {i} has shape {part.shape} and dtype {part.dtype}: series are numeric arrays of shape "
                "(steps,) or (steps, channels), in an array (n, steps) or (n, steps, channels), in a list, or in a "
                "data frame."
            )
    parts = [part[:, np.newaxis] if part.ndim == 1 else part for part in parts]
    channels = {part.shape[1] for part in parts}
    if len(channels) > 1:
        raise ValueError(f"Series have different numbers of channels, such as {min(channels)} and {max(channels)}.")
    return parts


def _without_leading_gaps(piece: Array, number: int) -> Array:
    """The series from its first value on."""
    if piece.dtype.kind != "f":
        return piece
    if np.isinf(piece).any():
        raise ValueError(f"Series {number} has an infinite value, at step {np.argwhere(np.isinf(piece))[0][0]}.")
    present = ~np.isnan(piece)
    if not present.any(axis=0).all():
        raise ValueError(f"Series {number} has no value at all in a channel; leave it out.")
    return piece[int(present.any(axis=1).argmax()) :]


def known_pieces(known: Any, n_series: int, form: FrameForm | None, starts: Sequence[Any] | None) -> list[Array]:
    """Known values of each series, of shape (steps, n_known) from its start on.

    Parameters
    ----------
    known : object
        As passed by the user.
    n_series : int
    form : FrameForm or None
        That of the series.
    starts : sequence of times, or None
        From which known values of data frames count.
    """
    if known is None:
        return [np.zeros((0, 0))] * n_series
    if is_frame(known):
        return read_known_frame(known, n_series, form, starts)
    shared = not isinstance(known, list | tuple) and np.ndim(known) <= 2
    arrays = [known] * n_series if shared else list(known)
    if len(arrays) != n_series:
        raise ValueError(
            f"known has values of {len(arrays)} series, but there are {n_series}. It is an array (steps, n_known) for "
            "all series, or a list of such arrays."
        )
    parts = [np.asarray(array) for array in arrays]
    for part in parts:
        if part.ndim not in (1, 2) or part.dtype.kind not in "biuf":
            raise ValueError(
                f"known has shape {part.shape} and dtype {part.dtype}: values known in advance are arrays of numbers "
                "of shape (steps,) or (steps, n_known)."
            )
    return [part.reshape(len(part), -1).astype(np.float64) for part in parts]
