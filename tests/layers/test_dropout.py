import numpy as np
import pytest
from scipy import sparse

from skneural.layers import PREDICTING, Context, Dropout
from tests.layers.cases import numbers, training

# Dropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_keeps_the_mean_and_drops_its_share(rate):
    y, _ = Dropout(rate).forward({}, np.ones((400, 500)), training())
    assert (y == 0).mean() == pytest.approx(rate, abs=0.005)
    assert y.mean() == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-3)


def test_dropout_goes_back_through_the_elements_it_kept():
    x = numbers(20, 10)
    y, backward = Dropout(0.5).forward({}, x, training())
    np.testing.assert_allclose(backward(np.ones(x.shape), {}), y / x, rtol=1e-12)


@pytest.mark.parametrize(("batch_axis", "shape"), [(0, (5, 400)), (1, (400, 5))])
def test_shared_dropout_drops_the_same_of_every_sample(batch_axis, shape):
    layer, ones = Dropout(0.4, batch_axis), np.ones(shape)
    y, _ = layer.forward({}, ones, Context(np.random.default_rng(0), shared_draws=True))
    assert np.ptp(y, axis=batch_axis).max() == 0
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.1)
    y, _ = layer.forward({}, ones, training())
    assert np.ptp(y, axis=batch_axis).max() > 0


def test_dropout_does_nothing_while_predicting():
    x = numbers(6, 4)
    np.testing.assert_array_equal(Dropout(0.5).predict({}, x), x)
    np.testing.assert_array_equal(Dropout(0.5).forward({}, x, PREDICTING)[0], x)


def test_each_dropout_draws_its_own_mask():
    layer, context, ones = Dropout(0.5), training(), np.ones((20, 10))
    first, second = layer.forward({}, ones, context)[0], layer.forward({}, ones, context)[0]
    assert not np.array_equal(first, second)


def test_sparse_dropout_drops_what_is_stored():
    x = sparse.csr_array(np.ones((100, 50)))
    y, backward = Dropout(0.4).forward({}, x, Context(np.random.default_rng(0)))
    assert set(np.unique(y.data)) == {0, 65536 / (65536 - round(0.4 * 65536))}
    assert 0.38 < (y.data == 0).mean() < 0.42
    assert backward(y, {}) is None
    assert Dropout(0.4).forward({}, x, Context())[0] is x
