"""Timing of functions, shared by all benchmarks."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """Call a function, and return its result and the seconds that it took."""
    start = time.perf_counter()
    result = function()
    return result, time.perf_counter() - start


def timed_fit(model: Any, *data: Any, **validation: Any) -> tuple[Any, float]:
    """Fit a model, and return it and the seconds that it took."""
    return timed(lambda: model.fit(*data, **validation))


def seconds_in_turns(functions: Iterable[Callable[[], Any]], rounds: int, warm_up: bool = True) -> list[list[float]]:
    """Measure the seconds of each call of several functions, which take turns.

    A round of warm-up before the others is not measured.
    """
    functions = list(functions)
    seconds: list[list[float]] = [[] for _ in functions]
    for number in range(rounds + warm_up):
        for function, of_function in zip(functions, seconds, strict=True):
            start = time.perf_counter()
            function()
            if number or not warm_up:
                of_function.append(time.perf_counter() - start)
    return seconds


def fastest(functions: Iterable[Callable[[], Any]], rounds: int, warm_up: bool = True) -> list[float]:
    """Measure the minimum of the seconds of each function over several rounds."""
    return [min(of_function) for of_function in seconds_in_turns(functions, rounds, warm_up)]


def medians(functions: Iterable[Callable[[], Any]], rounds: int = 5) -> list[float]:
    """Measure the median of the seconds of each function over several rounds."""
    return [statistics.median(of_function) for of_function in seconds_in_turns(functions, rounds)]
