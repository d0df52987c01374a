import numpy as np
import pytest
from scipy import special

from skneural.losses import BinaryLogLoss, SoftmaxLogLoss
from tests.losses.cases import YES_OR_NO, N, draw


@pytest.mark.parametrize("rare", [1, 2, 7])
def test_best_constants_of_rare_classes_are_their_shares(rare):
    """Only a class that never occurs is kept off zero, by half a sample."""
    n = 1000
    labels = (np.arange(n) < rare).astype(int)
    yes_or_no = labels[:, np.newaxis].astype(float)
    np.testing.assert_allclose(special.expit(BinaryLogLoss().best_constant(yes_or_no)), [rare / n], rtol=1e-12)
    found = special.softmax(SoftmaxLogLoss(3).best_constant(labels))
    np.testing.assert_allclose(found[:2], [1 - rare / n, rare / n], rtol=1e-3)
    np.testing.assert_allclose(found[2], 0.5 / n, rtol=1e-3)
    np.testing.assert_allclose(special.expit(BinaryLogLoss().best_constant(np.zeros((n, 1)))), [0.5 / n], rtol=1e-12)


@pytest.mark.parametrize("of_each", [3.0, 1.0, 1e-3, 1e-30])
def test_best_constants_of_classes_that_do_not_occur_depend_on_weights(of_each):
    """They weigh half a sample, or half of the rarest class if that is less; a weight of three is two repetitions."""
    labels, weight = np.array([0, 0, 1]), np.full(3, of_each)
    share = special.softmax(SoftmaxLogLoss(3).best_constant(labels, weight))
    np.testing.assert_allclose(share[2] / share[1], 0.5 * min(1.0, of_each) / of_each)
    one_label = np.zeros((3, 1))
    share = special.expit(BinaryLogLoss().best_constant(one_label, weight))
    np.testing.assert_allclose(share, 0.5 * min(1.0, 3 * of_each) / (3 * of_each))
    if of_each >= 1:
        repeated = BinaryLogLoss().best_constant(np.repeat(one_label, int(of_each), axis=0))
        np.testing.assert_allclose(special.expit(repeated), share)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_losses_do_not_overflow(dtype):
    y, raw = np.array([[0.0], [1.0], [0.0], [1.0]], dtype), np.array([[1e4], [1e4], [-1e4], [-1e4]], dtype)
    value, gradient = BinaryLogLoss().value_and_gradient(y, raw)
    assert value == pytest.approx(5000.0)
    np.testing.assert_allclose(gradient, [[0.25], [0], [0], [-0.25]], atol=1e-7)
    both = np.concatenate([-raw, raw], axis=1) / 2
    value, gradient = SoftmaxLogLoss(2).value_and_gradient(y[:, 0].astype(int), both)
    assert value == pytest.approx(5000.0)
    np.testing.assert_allclose(gradient[:, 1:], [[0.25], [0], [0], [-0.25]], atol=1e-7)


def test_two_softmax_outputs_are_one_logistic_output():
    raw, y = draw((N, 1), 6), YES_OR_NO[:, :1]
    binary_value, binary_gradient = BinaryLogLoss().value_and_gradient(y, raw)
    scores = np.concatenate([np.zeros((N, 1)), raw], axis=1)
    value, gradient = SoftmaxLogLoss(2).value_and_gradient(y[:, 0].astype(int), scores)
    assert value == pytest.approx(binary_value)
    np.testing.assert_allclose(gradient[:, 1:], binary_gradient, rtol=1e-9, atol=1e-15)
