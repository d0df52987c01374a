"""Random splits into samples for training and held-out samples."""

import math

import numpy as np
import pytest

from skneural.template import validation
from skneural.template.validation import random_split

SIZES = [(10, 0.1), (11, 0.1), (19, 0.25), (100, 0.33), (7, 0.8)]


def classes_of(*counts):
    return np.random.default_rng(0).permutation(np.repeat([f"class {i}" for i in range(len(counts))], counts))


@pytest.mark.parametrize(("n_samples", "fraction"), SIZES)
@pytest.mark.parametrize("classes", [False, True], ids=["", "two classes"])
def test_each_sample_is_in_one_part_and_the_share_is_rounded_up(n_samples, fraction, classes):
    train, held_out = random_split(n_samples, fraction, np.arange(n_samples) % 2 if classes else None, 0)
    assert len(held_out) == math.ceil(fraction * n_samples)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(n_samples))
    for part in (train, held_out):
        assert (np.diff(part) > 0).all()


def test_classes_have_the_same_shares_in_both_parts():
    classes = classes_of(60, 30, 10)
    train, held_out = random_split(100, 0.2, classes, 0)
    assert np.unique(classes[held_out], return_counts=True)[1].tolist() == [12, 6, 2]
    assert np.unique(classes[train], return_counts=True)[1].tolist() == [48, 24, 8]


def test_classes_of_a_single_sample_are_trained_on():
    classes = classes_of(1, 20, 1, 20)
    for seed in range(5):
        train, held_out = random_split(42, 0.25, classes, seed)
        assert {"class 0", "class 2"} <= set(classes[train])
        assert set(classes[held_out]) == {"class 1", "class 3"}
        assert len(train) + len(held_out) == 42


def test_more_classes_than_held_out_samples_are_split_as_if_there_were_none():
    classes = np.repeat(np.arange(20), 2)
    with_classes, without = (random_split(40, 0.1, given, 3) for given in (classes, None))
    for part, expected in zip(with_classes, without, strict=True):
        np.testing.assert_array_equal(part, expected)


def test_very_many_samples_are_split_without_regard_to_their_classes(monkeypatch):
    """Their shares are about the same by chance."""
    monkeypatch.setattr(validation, "MOST_STRATIFIED", 999)
    classes = np.arange(1000) % 2
    with_classes, without = (random_split(1000, 0.1, given, 3) for given in (classes, None))
    np.testing.assert_array_equal(with_classes[1], without[1])
    assert not np.array_equal(random_split(999, 0.1, classes[:999], 3)[1], random_split(999, 0.1, None, 3)[1])


def test_the_seed_decides():
    first, again, other = (random_split(50, 0.2, None, seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("n_samples", "fraction"), [(1, 0.5), (3, 0.9), (10, 0.95)])
def test_neither_part_may_be_empty(n_samples, fraction):
    with pytest.raises(ValueError, match=f"validation_fraction={fraction} of {n_samples} samples leaves 0"):
        random_split(n_samples, fraction, None, 0)
