"""Curves of trainings that follow each other."""

import math

import numpy as np

from skneural.training.history import History, continued_curves, joined_curves


def test_values_that_only_one_training_has_are_nan_in_the_other():
    before = {"loss": [3.0, 2.0], "validation_r2": [0.1, 0.2]}
    after = {"loss": [1.0], "training_r2": [0.5]}
    joined = joined_curves(before, after)
    assert list(joined) == ["loss", "validation_r2", "training_r2"]
    np.testing.assert_array_equal(joined["loss"], [3, 2, 1])
    np.testing.assert_array_equal(joined["validation_r2"], [0.1, 0.2, math.nan])
    np.testing.assert_array_equal(joined["training_r2"], [math.nan, math.nan, 0.5])
    assert before == {"loss": [3.0, 2.0], "validation_r2": [0.1, 0.2]}


def test_seconds_go_on_where_an_earlier_training_ended():
    before, after = ({"loss": [1.0, 1.0], "seconds": seconds} for seconds in ([1.0, 3.0], [0.5, 2.0]))
    assert continued_curves(before, after)["seconds"] == [1.0, 3.0, 3.5, 5.0]


def test_stages_of_one_training_have_the_same_clock():
    first = History([3.0], [0.1], 1, converged=True, n_evaluations=4, curves={"seconds": [1.0]})
    second = History([2.0, 1.0], [0.2, 0.3], 2, n_evaluations=5, out_of_time=True, curves={"seconds": [2.0, 3.0]})
    both = first.followed_by(second)
    assert both == History([3.0, 2.0, 1.0], [0.1, 0.2, 0.3], 3, n_evaluations=5, out_of_time=True)
    assert both.curves == {"seconds": [1.0, 2.0, 3.0]}
    assert History().followed_by(first).all_curves() == first.all_curves()


def test_curves_are_copies():
    history = History([1.0], curves={"seconds": [1.0]})
    history.all_curves()["seconds"].append(2.0)
    assert history.curves == {"seconds": [1.0]}
