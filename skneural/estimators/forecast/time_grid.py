"""Regular times: the steps of series, and the times of the steps that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from skneural.ops.types import Array
from skneural.readers.frames import DAY, TIME

# No month is shorter: steps of at least so many days are months if times are at the same place of each month.
SHORTEST_MONTH = 28 * DAY

MONTH = np.timedelta64(1, "M")


@dataclass(frozen=True)
class TimeGrid:
    """Equal distances between the times of series.

    Attributes
    ----------
    unit : {"numbers", "microseconds", "business days", "months", "month ends"}
    step : int
        Units from one step to the next.
    """

    unit: str
    step: int

    @classmethod
    def learn(cls, times: Sequence[Array]) -> Self:
        """The grid of ascending times of each series, some of which may be missing.

        Parameters
        ----------
        times : sequence of arrays of microseconds ("M8[us]") or of integers, of shape (n,)

        Raises
        ------
        ValueError
            If distances have no common step.
        """
        distances = np.concatenate([np.diff(each) for each in times])
        if not len(distances):
            raise ValueError("Each series has a single time, from which no step follows: give at least two.")
        if distances.dtype.kind != "m":
            return cls("numbers", int(np.gcd.reduce(distances)))
        everything = np.concatenate(times)
        shortest = distances.min()
        if shortest >= SHORTEST_MONTH:
            for unit in ("months", "month ends"):
                if cls(unit, 1)._fits(everything):
                    months = np.concatenate([np.diff(each.astype("M8[M]").astype(int)) for each in times])
                    return cls(unit, int(np.gcd.reduce(months)))
        if shortest == DAY and cls("business days", 1)._fits(everything):
            return cls("business days", 1)
        odd = distances[distances % shortest != np.timedelta64(0, "us")]
        if len(odd):
            raise ValueError(
                f"Times are not regular: steps of {_words(shortest)} and of {_words(odd[0])} occur. "
                "Times are a whole number of equal steps, business days or months apart; aggregate them to such steps, "
                "or leave the column of times out."
            )
        return cls("microseconds", int(shortest.astype(int)))

    def _fits(self, times: Array) -> bool:
        """Return True if times are at the same place of each unit."""
        if self.unit == "business days":
            days = times.astype("M8[D]")
            span = int((days.max() - days.min()) / DAY)
            return bool(span >= 7 and np.is_busday(days).all() and len(np.unique(times - days.astype(TIME))) == 1)
        within = times - times.astype("M8[M]").astype(TIME)
        if self.unit == "month ends":
            within = (times.astype("M8[M]") + MONTH).astype(TIME) - times
        return len(np.unique(within)) == 1

    def positions(self, times: Array, origin: Any) -> Array:
        """Steps from the origin to each of some times; negative before it."""
        if self.unit == "numbers":
            return (times - origin) // self.step
        if self.unit == "microseconds":
            return (times - origin).astype(np.int64) // self.step
        if self.unit == "business days":
            return np.busday_count(origin.astype("M8[D]"), times.astype("M8[D]")) // self.step
        return (times.astype("M8[M]").astype(np.int64) - origin.astype("M8[M]").astype(np.int64)) // self.step

    def at(self, origin: Any, positions: Array | int) -> Array:
        """The times at positions from the origin: the inverse of `positions`."""
        steps = self.step * np.asarray(positions)
        if self.unit == "numbers":
            return origin + steps
        if self.unit == "microseconds":
            return origin + steps.astype("m8[us]")
        if self.unit == "business days":
            day = origin.astype("M8[D]")
            return np.busday_offset(day, steps).astype(TIME) + (origin - day.astype(TIME))
        month = origin.astype("M8[M]")
        later = month + steps.astype("m8[M]")
        if self.unit == "months":
            return later.astype(TIME) + (origin - month.astype(TIME))
        return (later + MONTH).astype(TIME) - ((month + MONTH).astype(TIME) - origin)

    @property
    def calendar_parts(self) -> tuple[str, ...]:
        """Parts of `skneural.preprocessing.calendar_features` that differ between steps."""
        if self.unit == "microseconds":
            duration = np.timedelta64(self.step, "us")
            shorter = {"day": duration < DAY, "week": duration < 7 * DAY, "year": True}
            return tuple(part for part, is_longer in shorter.items() if is_longer)
        return {"numbers": (), "business days": ("week", "year")}.get(self.unit, ("year",))


def _words(duration: np.timedelta64) -> str:
    days = duration / DAY
    return f"{days:g} days" if days >= 1 else f"{duration / np.timedelta64(1, 's'):g} seconds"
