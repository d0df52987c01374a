import itertools

import numpy as np
import pytest

from skneural.ops.tiles import bands, meeting, tiles
from skneural.ops.window import Window

WINDOWS = [
    Window.over((7, 2, 9, 3), size, stride, dilation, padding)
    for size, stride, dilation, padding in itertools.product(
        [(1, 1), (3, 3), (2, 5)], [(1, 1), (2, 1)], [(1, 1), (1, 2)], ["same", "causal"]
    )
]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("size", [1, 50, 10**6])
def test_tiles_cover_each_element_of_the_output_once(window, size):
    shape = window.output_shape((7, 2, 9, 3), 4)
    times = np.zeros((shape[0], shape[2] * shape[3]), int)
    for tile in tiles(window, (7, 2, 9, 3), shape, size):
        times[tile.rows, tile.columns] += 1
    assert (times == 1).all()


@pytest.mark.parametrize("window", WINDOWS)
def test_bands_and_meetings_are_where_the_window_lies_over_images(window):
    """Pairs of output and input, by rows and by columns, compared with those that the definition of a window gives."""
    height, n_columns, batch = 7, 9, 3
    shape = window.output_shape((height, 2, n_columns, batch), 4)
    rows, columns = set(), set()
    for tile in tiles(window, (height, 2, n_columns, batch), shape, 50):
        for row in range(tile.rows.start, tile.rows.stop):
            for i in range(tile.band.window_rows.start, tile.band.window_rows.stop):
                first = tile.band.first_row + (row - tile.band.rows.start) * window.stride[0]
                rows.add((row, i, first + i - tile.band.window_rows.start))
        for each in tile.meetings:
            outputs = range(tile.columns.start + each.outputs.start, tile.columns.start + each.outputs.stop)
            inputs = range(each.inputs.start, each.inputs.stop)
            columns.update((o, each.column, i) for o, i in zip(outputs, inputs, strict=True))
    by_rows = itertools.product(range(shape[0]), range(window.size[0]))
    expected = {(row, i, row * window.stride[0] - window.before[0] + i * window.dilation[0]) for row, i in by_rows}
    assert rows == {each for each in expected if 0 <= each[2] < height}
    by_columns = itertools.product(range(shape[2] * batch), range(window.size[1]))
    expected = {(o, j, o + (j * window.dilation[1] - window.before[1]) * batch) for o, j in by_columns}
    assert columns == {each for each in expected if 0 <= each[2] < n_columns * batch}


def test_a_tile_begins_with_the_column_that_covers_it():
    window = Window.over((7, 2, 9, 3), (3, 3), (1, 1), (1, 1), "same")
    for tile in tiles(window, (7, 2, 9, 3), (7, 4, 9, 3), 10**6):
        first = tile.meetings[0].outputs
        assert (first.start, first.stop) == (0, tile.columns.stop - tile.columns.start)


def test_columns_that_meet_only_padding_are_empty():
    window = Window((1, 9), (1, 1), (1, 1), (0, 8), (0, 0))
    far = meeting(window, (1, 2, 3, 2), (1, 4, 3, 2), 0, slice(0, 6))
    assert far.outputs.start == far.outputs.stop
    assert far.inputs.start == far.inputs.stop >= 0


def test_bands_are_computed_once_for_equal_shapes():
    window = Window.over((7, 2, 9, 3), (3, 3), (1, 1), (1, 1), "same")
    assert bands(window, 7, 7) is bands(window._replace(), 7, 7)
