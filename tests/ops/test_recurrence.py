"""The order and the chunks in which recurrences go over their steps."""

import numpy as np
import pytest

from skneural.ops import elman, gru, indrnn, jordan, lstm, products, recurrence
from skneural.ops.recurrence import Walk, chunks_backwards

# cell -> shapes of the parameters for three inputs and four units
CELLS = {
    elman.elman: ((4, 4), (3, 4), (4,)),
    gru.gru: ((4, 12), (3, 12), (16,)),
    indrnn.indrnn: ((4,), (3, 4), (4,)),
    jordan.jordan: ((4, 4), (3, 4), (4,), (4, 4), (4,)),
    lstm.lstm: ((4, 16), (3, 16), (16,)),
}
SORTED = [5, 5, 4, 3, 3, 2, 2]  # how many of five series have each of seven steps


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.__name__)
@pytest.mark.parametrize("columns", [None, SORTED, SORTED[::-1]], ids=["equal", "shorter", "longer"])
@pytest.mark.parametrize("n_steps_of_a_chunk", [1, 2, 3, 7])
def test_the_size_of_chunks_changes_nothing(cell, columns, n_steps_of_a_chunk, monkeypatch):
    rng = np.random.default_rng(0)
    parameters = [0.5 * rng.standard_normal(shape) for shape in CELLS[cell]]
    x, dy = rng.standard_normal((7, 3, 5)), rng.standard_normal((7, 4, 5))

    def both_ways():
        y, vjp = cell(x, *parameters, columns=columns)
        gradients = [np.full_like(parameter, np.nan) for parameter in parameters]
        return [y, vjp(dy, *gradients), *gradients]

    expected = both_ways()
    monkeypatch.setattr(recurrence, "GATE_VALUES_PER_CHUNK", n_steps_of_a_chunk * 4 * 5)
    for found, whole in zip(both_ways(), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("cell", [gru.gru, lstm.lstm], ids=lambda cell: cell.__name__)
@pytest.mark.parametrize("columns", [None, [8, 8, 5, 5, 3, 1, 1]], ids=["equal", "unequal"])
@pytest.mark.parametrize("keep", [True, False], ids=["training", "prediction"])
def test_products_of_steps_in_blocks_are_the_same(cell, columns, keep, monkeypatch):
    rng = np.random.default_rng(0)
    n_gates = CELLS[cell][0][1] // 4
    parameters = [0.3 * rng.standard_normal(shape) for shape in ((24, n_gates * 24), (3, n_gates * 24), (4 * 24,))]
    x, dy = rng.standard_normal((7, 3, 8)), rng.standard_normal((7, 24, 8))

    def both_ways():
        y, vjp = cell(x, *parameters, columns=columns, keep=keep)
        gradients = [np.full_like(parameter, np.nan) for parameter in parameters]
        return [y, vjp(dy, *gradients), *gradients] if keep else [y]

    monkeypatch.setattr(products, "packs_small_products", lambda: True)
    expected = both_ways()
    monkeypatch.setattr(products, "packs_small_products", lambda: False)
    monkeypatch.setattr(products, "LARGEST_UNPACKED", 24 * 72 * 8 // 2)
    assert products.in_rows(parameters[0], 8).ndim == 3
    for found, whole in zip(both_ways(), expected, strict=True):
        np.testing.assert_allclose(found, whole, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("reverse", [False, True])
def test_columns_are_sorted_by_length_and_restored(reverse):
    lengths = np.array([2, 4, 1, 3])
    walk = Walk.over(4, lengths, reverse)
    x = np.arange(24.0).reshape(4, 1, 6)[:, :, :4]
    arranged = walk.arrange(x)
    assert walk.columns == ([1, 2, 3, 4] if reverse else [4, 3, 2, 1])
    np.testing.assert_array_equal(arranged, (x[::-1] if reverse else x)[:, :, [1, 3, 0, 2]])
    np.testing.assert_array_equal(walk.restore(arranged), x)
    np.testing.assert_array_equal(walk.restore_columns(walk.arrange_columns(x[0])), x[0])


def test_series_that_are_sorted_already_are_not_moved():
    walk = Walk.over(4, np.array([4, 3, 3, 1]), False)
    assert walk.order is None
    assert walk.columns == [4, 3, 3, 1]


def test_chunks_go_back_over_all_steps_once_and_hand_on_the_gradient_of_the_next_step(monkeypatch):
    monkeypatch.setattr(recurrence, "GATE_VALUES_PER_CHUNK", 3 * 2 * 5)
    seen, after = [], 0.0
    for steps, d, _ in chunks_backwards((7, 2, 5), 2, None, np.float64):
        np.testing.assert_array_equal(d[-1], after)
        d[:-1] = np.arange(steps.start, steps.stop).reshape(-1, 1, 1)
        after = steps.start
        seen = [*range(steps.start, steps.stop), *seen]
    assert seen == list(range(7))
