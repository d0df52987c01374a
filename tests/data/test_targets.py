import numpy as np

from skneural.data import Targets

LENGTHS = np.array([2, 1, 3])
VALUES = np.arange(6.0)


def test_samples_take_the_targets_of_their_elements_along():
    for weight in (None, VALUES / 10):
        targets = Targets(VALUES, LENGTHS, weight)
        for samples, rows in ((slice(1, 3), [2, 3, 4, 5]), (np.array([2, 0]), [3, 4, 5, 0, 1])):
            part = targets[samples]
            np.testing.assert_array_equal(part.values, VALUES[rows])
            np.testing.assert_array_equal(part.lengths, LENGTHS[samples])
            if weight is not None:
                np.testing.assert_array_equal(part.weight, weight[rows])
    assert np.shares_memory(Targets(VALUES, LENGTHS)[:2].values, VALUES)


def test_one_target_for_each_sample():
    targets = Targets(VALUES)
    assert len(targets) == 6
    np.testing.assert_array_equal(targets[np.array([4, 1])].values, [4, 1])
    np.testing.assert_array_equal(targets.spread(VALUES), VALUES)
    assert targets.spread(None) is None


def test_weights_of_samples_spread_over_their_elements():
    of_samples, of_elements = np.array([1.0, 2.0, 3.0]), np.arange(6.0)
    spread = np.repeat(of_samples, LENGTHS)
    np.testing.assert_array_equal(Targets(VALUES, LENGTHS).spread(of_samples), spread)
    np.testing.assert_array_equal(Targets(VALUES, LENGTHS, of_elements).spread(of_samples), spread * of_elements)
    np.testing.assert_array_equal(Targets(VALUES, LENGTHS, of_elements).spread(None), of_elements)
