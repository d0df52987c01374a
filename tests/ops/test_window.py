import itertools
import math

import numpy as np
import pytest

from skneural.ops.window import Window

CASES = list(itertools.product([1, 2, 5, 8], [1, 2, 3, 4], [1, 2, 3], [1, 2]))


@pytest.mark.parametrize(("n", "size", "stride", "dilation"), CASES)
def test_same_padding_gives_a_position_for_every_stride(n, size, stride, dilation):
    window = Window.over((n, 1, 3, 1), (size, 1), (stride, 1), (dilation, 1), "same")
    assert window.output_shape((n, 1, 3, 1), 7) == (math.ceil(n / stride), 7, 3, 1)
    assert 0 <= window.after[0] - window.before[0] <= 1
    assert window.before[1] == window.after[1] == 0


@pytest.mark.parametrize(("n", "size", "stride", "dilation"), CASES)
def test_valid_positions_stay_inside(n, size, stride, dilation):
    reach = dilation * (size - 1)
    inside = len([i for i in range(0, n, stride) if i + reach < n])
    if not inside:
        with pytest.raises(ValueError, match=f"does not fit into an image of 1 x {n}"):
            Window.over((1, 1, n, 1), (1, size), (1, stride), (1, dilation), "valid")
        return
    window = Window.over((1, 1, n, 1), (1, size), (1, stride), (1, dilation), "valid")
    assert window.reach == (0, reach)
    assert window.output_shape((1, 1, n, 1), 1)[2] == inside


def test_padding_goes_on_and_off():
    x = np.random.default_rng(0).standard_normal((4, 2, 5, 3))
    window = Window((3, 4), before=(1, 1), after=(1, 2))
    image = window.padded(x, 9.0)
    assert image.shape == window.padded_shape(x.shape) == (6, 2, 8, 3)
    np.testing.assert_array_equal(window.without_padding(image, x.shape), x)
    assert (image[0] == 9).all()
    assert (image[:, :, -2:] == 9).all()


def test_taps_name_each_element_of_the_window_with_what_it_meets():
    window = Window((2, 3), (2, 1), (1, 2))
    taps = {place: (rows, columns) for place, rows, columns in window.taps(3, 4)}
    assert list(taps) == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    assert [list(range(10)[part]) for part in taps[1, 2]] == [[1, 3, 5], [4, 5, 6, 7]]
