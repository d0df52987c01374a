"""Numbers of times in graphs are those of the reader."""

import numpy as np
import pytest
from onnx import helper

from skneural.export.graph import OnnxGraph
from skneural.export.times import add_calendar_numbers
from skneural.readers.times import calendar_numbers
from tests.export.running import outputs_of, reference_outputs


@pytest.mark.slow
def test_times_of_all_days_of_five_centuries():
    days = np.arange("1650-01-01", "2150-01-01", dtype="M8[D]").astype("M8[us]")
    times = days + np.random.default_rng(0).integers(0, 86_400 * 10**6, len(days)).astype("m8[us]")
    times = np.concatenate([days, days - np.timedelta64(1, "us"), times, [np.datetime64("NaT", "us")]])
    graph = OnnxGraph(18)
    for i, number in enumerate(add_calendar_numbers(graph, graph.input("time", np.int64, ("n",)))):
        graph.output(f"number {i}", number, np.float64, ("n",))
    proto = helper.make_model(graph.proto("times"), opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    feed = {"time": times.astype(np.int64)}
    for run in (outputs_of, reference_outputs):
        found = np.stack(list(run(proto, feed).values()), axis=1)
        np.testing.assert_allclose(found, calendar_numbers(times), rtol=1e-14, atol=1e-14)
