"""Preparation of training on chunks."""

import numpy as np
import pytest

from skneural import GNNNodeClassifier, HopfieldNetwork, MLPClassifier, MLPRegressor, RNNSequenceTagger
from skneural.streaming.chunks import Chunk
from skneural.streaming.first_pass import FirstPass, HeldOutChunks, ensure_streams, has_classes
from skneural.tasks import FitArguments


def passed(numbers, held_out=3, size=10**6, rows=10, seed=0):
    first = FirstPass(HeldOutChunks(held_out), np.random.default_rng(seed), size, classes=True)
    for number in numbers:
        first.add(number, Chunk(np.arange(number * rows, (number + 1) * rows)[:, None], np.full(rows, number % 2)))
    return first


def test_every_kth_chunk_is_held_out():
    assert [number for number in range(7) if number in HeldOutChunks(3)] == [2, 5]
    assert not any(number in HeldOutChunks(0) for number in range(7))
    assert HeldOutChunks.of(MLPClassifier(validation_fraction=0.25), validation_is_given=False).every == 4
    assert HeldOutChunks.of(MLPClassifier(), validation_is_given=True).every == 0
    assert HeldOutChunks.of(MLPClassifier(early_stopping=False), validation_is_given=False).every == 0


@pytest.mark.parametrize("size", [12, 10**6])
def test_a_pass_in_parts_is_a_pass_over_all(size):
    whole = passed(range(7), size=size)
    parts = FirstPass(HeldOutChunks(3), np.random.default_rng(0), size, classes=True)
    for number in range(7):
        part = passed([number], size=size, seed=number)
        part.drop()
        parts.merge(number, part)
    (sample, validation, _), (other, other_validation, _) = (
        each.arguments(MLPClassifier(), FitArguments(None, None, None)) for each in (whole, parts)
    )
    assert parts.n_samples == whole.n_samples == 50
    assert {min(size, 50) <= len(each.X) <= min(size + 2, 50) for each in (sample, other)} == {True}
    assert set(other.y) == {0, 1}
    np.testing.assert_array_equal(other_validation.X, validation.X)
    if size > 50:
        np.testing.assert_array_equal(other.X, sample.X)


def test_shapes_of_all_chunks_are_compared():
    first = passed([0])
    with pytest.raises(ValueError, match=r"In chunk 1: a sample of X has the shape \(2,\), but \(1,\)"):
        first.add(1, Chunk(np.zeros((3, 2)), np.zeros(3)))


def test_classes_are_those_of_classifiers_and_taggers():
    assert [has_classes(each) for each in (MLPClassifier(), RNNSequenceTagger(), MLPRegressor())] == [True, True, False]


@pytest.mark.parametrize("estimator", [GNNNodeClassifier(), HopfieldNetwork(), MLPClassifier(solver="lbfgs"), object()])
def test_estimators_of_one_whole_are_refused(estimator):
    with pytest.raises(TypeError, match="cannot be trained on chunks"):
        ensure_streams(estimator)
