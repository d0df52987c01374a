"""Times as the numbers of `skneural.readers.times.calendar_numbers`, from microseconds since 1970 as integers."""

from __future__ import annotations

import numpy as np

from skneural.export.graph import OnnxGraph
from skneural.readers.times import DAY, MONDAY, WEEK

MISSING = int(np.iinfo(np.int64).min)  # the integer of NaT
DAYS_TO_1970 = 719_162  # from the first day of year 1
DAYS_OF_ERA = 146_097  # of 400 years


def add_calendar_numbers(graph: OnnxGraph, time: str) -> list[str]:
    """Years, and positions in the year, the week and the day, in double precision; NaN where the time is missing."""
    in_day = graph.op("Mod", time, DAY)
    days = graph.op("Add", graph.op("Div", graph.op("Sub", time, in_day), DAY), DAYS_TO_1970)
    year = _year(graph, days)
    start, end = (_first_day(graph, graph.op("Add", year, after)) for after in (0, 1))
    elapsed = graph.op("Add", graph.op("Mul", graph.op("Sub", days, start), DAY), in_day)
    in_year = _ratio(graph, elapsed, graph.op("Mul", graph.op("Sub", end, start), DAY))
    in_week = _ratio(graph, graph.op("Mod", graph.op("Sub", time, MONDAY), WEEK), graph.constant(WEEK))
    years = graph.op("Add", graph.cast(year, np.float64), in_year)
    missing, nothing = graph.op("Equal", time, MISSING), graph.constant(np.nan, np.float64)
    numbers = (years, in_year, in_week, _ratio(graph, in_day, graph.constant(DAY)))
    return [graph.op("Where", missing, nothing, number) for number in numbers]


def _year(graph: OnnxGraph, days: str) -> str:
    """The year of a day, counted from the first day of year 1; all years of 400 have equally many days."""
    of_era = graph.op("Mod", days, DAYS_OF_ERA)
    era = graph.op("Div", graph.op("Sub", days, of_era), DAYS_OF_ERA)
    # Centuries, groups of four years, and years; the last day of leap years would begin another one.
    century = graph.op("Min", graph.op("Div", of_era, 36_524), 3)
    of_century = graph.op("Sub", of_era, graph.op("Mul", century, 36_524))
    four = graph.op("Div", of_century, 1461)
    of_four = graph.op("Sub", of_century, graph.op("Mul", four, 1461))
    single = graph.op("Min", graph.op("Div", of_four, 365), 3)
    eras, centuries, fours = (graph.op("Mul", part, n) for part, n in ((era, 400), (century, 100), (four, 4)))
    year = graph.op("Add", graph.op("Add", eras, centuries), graph.op("Add", fours, single))
    return graph.op("Add", year, 1)


def _first_day(graph: OnnxGraph, year: str) -> str:
    """The first day of a year, counted from that of year 1."""
    before = graph.op("Sub", year, 1)
    days = graph.op("Mul", before, 365)
    for period, kind in ((4, "Add"), (100, "Sub"), (400, "Add")):
        whole = graph.op("Div", graph.op("Sub", before, graph.op("Mod", before, period)), period)
        days = graph.op(kind, days, whole)
    return days


def _ratio(graph: OnnxGraph, part: str, whole: str) -> str:
    return graph.op("Div", graph.cast(part, np.float64), graph.cast(whole, np.float64))
