"""Segments against loops over their rows, with and without empty segments."""

import numpy as np
import pytest

from skneural.ops.segments import ranges, segment_offsets, segment_starts, sum_segments

LENGTHS = [[3, 1, 2], [0, 3, 0, 0, 2, 0], [0, 0], [1], []]


def segments_of(x, lengths):
    return [x[sum(lengths[:i]) : sum(lengths[: i + 1])] for i in range(len(lengths))]


@pytest.mark.parametrize("lengths", LENGTHS)
def test_starts_and_offsets_are_those_of_consecutive_segments(lengths):
    expected = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    np.testing.assert_array_equal(segment_offsets(np.array(lengths, int)), expected)
    np.testing.assert_array_equal(segment_starts(np.array(lengths, int)), expected[:-1])


@pytest.mark.parametrize("lengths", LENGTHS)
def test_ranges_are_concatenated(lengths):
    starts = np.random.default_rng(0).integers(0, 100, len(lengths))
    expected = [row for start, length in zip(starts, lengths, strict=True) for row in range(start, start + length)]
    rows = ranges(starts, np.array(lengths, int))
    assert rows.dtype.kind == "i"
    np.testing.assert_array_equal(rows, expected)


def test_ranges_from_zero_count_within_segments():
    np.testing.assert_array_equal(ranges(0, np.array([3, 0, 2])), [0, 1, 2, 0, 1])


@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_sums_are_those_of_each_segment(lengths, shape):
    x = np.random.default_rng(0).standard_normal((sum(lengths), *shape)).astype(np.float32)
    expected = [segment.sum(axis=0) for segment in segments_of(x, lengths)]
    sums = sum_segments(x, np.array(lengths, int))
    assert sums.dtype == np.float32
    assert sums.shape == (len(lengths), *shape)
    np.testing.assert_allclose(sums, np.reshape(expected, sums.shape), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lengths", [[2, 1], [2, 0, 1], [0]])
def test_the_precision_of_sums_may_differ(lengths):
    x = np.full(sum(lengths), 0.1, np.float32)
    sums = sum_segments(x, np.array(lengths), dtype=np.float64)
    assert sums.dtype == np.float64
    np.testing.assert_allclose(sums, np.float64(np.float32(0.1)) * np.array(lengths), rtol=1e-15)
