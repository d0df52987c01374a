"""Properties of the scans of channels and of heads alike."""

import numpy as np
import pytest

from skneural.ops import multihead_scan, selective_scan
from tests.ops.scans import each_scan

CHUNK_SIZES = {selective_scan: "STEPS_PER_STORED_STATE", multihead_scan: "STEPS_PER_CHUNK"}


@each_scan
@pytest.mark.parametrize("chunk", [1, 2, 5, 13, 100])
def test_the_size_of_chunks_changes_nothing(module, arguments, both_ways, chunk, monkeypatch):
    expected = both_ways(*arguments())
    monkeypatch.setattr(module, CHUNK_SIZES[module], chunk)
    for found, whole in zip(both_ways(*arguments()), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-9, atol=1e-11)


@each_scan
def test_a_step_of_size_zero_leaves_the_state(module, arguments, both_ways):
    """Later steps have the same outputs as if it were left out."""
    given = arguments()
    given[1][:, 5:9] = 0
    without = [np.delete(a, slice(5, 9), axis=1) if getattr(a, "ndim", 0) == 3 else a for a in given]
    y, expected = both_ways(*given)[0], both_ways(*without)[0]
    np.testing.assert_allclose(np.delete(y, slice(5, 9), axis=1), expected, rtol=1e-10, atol=1e-12)


@each_scan
def test_no_step_sees_a_later_one(module, arguments, both_ways):
    changed = [array.copy() if isinstance(array, np.ndarray) else array for array in arguments()]
    for array in changed:
        if getattr(array, "ndim", 0) == 3:
            array[:, 8:] += 1.0
    y, expected = both_ways(*changed)[0], both_ways(*arguments())[0]
    np.testing.assert_array_equal(y[:, :8], expected[:, :8])
    assert (y[:, 8] != expected[:, 8]).all()


@each_scan
def test_float32_is_kept_and_close_to_float64(module, arguments, both_ways):
    for found, exact in zip(both_ways(*arguments(70, np.float32)), both_ways(*arguments(70)), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, exact, rtol=1e-3, atol=1e-4 * np.abs(exact).max())


@each_scan
def test_what_decays_at_once_overflows_nowhere(module, arguments, both_ways):
    """Products of decays vanish here within a step."""
    given = list(arguments(70, np.float32))
    given[2] = given[2] * np.float32(1e4)
    for array in both_ways(*given):
        assert np.isfinite(array).all()


@each_scan
def test_predicting_gives_the_same(module, arguments, both_ways):
    function = getattr(module, module.__name__.rsplit(".", 1)[1])
    np.testing.assert_array_equal(function(*arguments(70), keep=False)[0], both_ways(*arguments(70))[0])
