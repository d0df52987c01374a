"""Members that share rows of a batch: who sees what."""

import numpy as np
import pytest

from skneural.layers import Context, MemberFactors, MemberOutputs
from skneural.ops.members import assign_members
from skneural.parameters import Layout


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize(("n_members", "members_per_row"), [(4, 4), (8, 4), (5, 4), (7, 3), (6, 1)])
def test_rows_are_dealt_out_evenly(n_members, members_per_row, first):
    n_rows = 3 * n_members
    seen = np.zeros((n_rows, n_members), dtype=int)
    for rows, members in assign_members(n_members, members_per_row, first):
        seen[rows] += np.isin(np.arange(n_members), members)
    np.testing.assert_array_equal(seen.sum(axis=1), members_per_row)
    np.testing.assert_array_equal(seen.sum(axis=0), n_rows * members_per_row / n_members)
    np.testing.assert_array_equal(seen, np.roll(whole_deal(n_rows, n_members, members_per_row), -first, axis=0))


def whole_deal(n_rows, n_members, members_per_row):
    start = np.arange(n_rows)[:, np.newaxis] * members_per_row
    seen = np.zeros((n_rows, n_members), dtype=int)
    np.put_along_axis(seen, (start + np.arange(members_per_row)) % n_members, 1, axis=1)
    return seen


def test_members_of_a_kind_start_alike_and_no_row_is_for_two_of_them():
    layout = Layout(MemberFactors(8, 20, members_per_row=4).parameters())
    factor = layout.views(*layout.initial(np.random.default_rng(0), np.float64))["factor"]
    np.testing.assert_array_equal(factor[:4], factor[4:])
    assert len(np.unique(factor, axis=0)) == 4
    for _, members in assign_members(8, 4):
        assert set(members % 4) == {0, 1, 2, 3}


def test_predictions_are_of_all_members():
    factors, outputs = MemberFactors(6, 3, members_per_row=2), MemberOutputs(6, 3, 1, members_per_row=2)
    x, training = np.ones((9, 3)), Context(np.random.default_rng(0))
    trees = []
    for layer in (factors, outputs):
        layout = Layout(layer.parameters())
        trees.append(layout.views(*layout.initial(np.random.default_rng(0), np.float64)))
    of_members = factors.forward(trees[0], x, training)[0]
    assert of_members.shape == (9, 2, 3)
    assert outputs.forward(trees[1], of_members, training)[0].shape == (9, 2, 1)
    predicted = factors.predict(trees[0], x, training)
    assert predicted.shape == (9, 6, 3)
    assert outputs.predict(trees[1], predicted, training).shape == (9, 1)
