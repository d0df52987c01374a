import numpy as np
import pytest
from scipy import sparse

from skneural.data import BatchInfo, Rows, Series
from skneural.layers import BatchLast, Chain, Context, Dense, GlobalPooling, RealSteps
from skneural.parameters import Layout
from skneural.training.predict import _in_original_order, predict_raw
from tests.networks.defaults import mlp_network


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("n", [1, 4, 5, 11])
def test_blocks_give_what_the_whole_gives(container, n, monkeypatch):
    network = mlp_network(3, 2, (5,))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    x = np.random.default_rng(1).standard_normal((n, 3))
    whole = network.predict(tree, x)
    sizes = []
    monkeypatch.setattr(Dense, "predict", counting(Dense.predict, sizes))
    np.testing.assert_allclose(predict_raw(network, tree, Rows(container(x)), rows_per_block=4), whole, rtol=1e-12)
    assert max(sizes) <= 4


def counting(predict, sizes):
    def counted(self, p, x, context):
        sizes.append(x.shape[0])
        return predict(self, p, x, context)

    return counted


@pytest.fixture
def series():
    values = np.random.default_rng(0).standard_normal((5, 7, 2))
    return Series(values, np.array([3, 7, 1, 2, 5]))


@pytest.mark.parametrize("n_threads", [1, 2, 3])
@pytest.mark.parametrize("rows_per_block", [1, 2, 5])
def test_blocks_in_threads_give_what_the_whole_gives(series, rows_per_block, n_threads):
    network = Chain(BatchLast(), GlobalPooling("max"), Dense(2, 3))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    whole = network.predict(tree, series.values, Context(batch=BatchInfo(lengths=series.lengths)))
    np.testing.assert_allclose(predict_raw(network, tree, series, rows_per_block, n_threads), whole, rtol=1e-12)


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("rows_per_block", [1, 2, 3])
def test_steps_predicted_in_blocks_keep_the_order_of_the_series(series, rows_per_block, n_threads):
    network = Chain(RealSteps(), Dense(2, 3))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    expected = network.predict(tree, series.values, Context(batch=BatchInfo(lengths=series.lengths)))
    np.testing.assert_allclose(predict_raw(network, tree, series, rows_per_block, n_threads), expected, rtol=1e-12)


def test_blocks_hold_series_of_about_the_same_length(series, monkeypatch):
    network = Chain(BatchLast(), GlobalPooling("max"), Dense(2, 3))
    layout = Layout(network.parameters())
    tree = layout.views(*layout.initial(np.random.default_rng(0), np.float64))
    widths = []
    predict = BatchLast.predict
    monkeypatch.setattr(
        BatchLast, "predict", lambda self, p, x, context: widths.append(x.shape[1]) or predict(self, p, x, context)
    )
    predict_raw(network, tree, series, 2)
    assert widths == [7, 5, 3, 1]


def test_rows_of_several_steps_are_put_in_order_whether_or_not_samples_have_equally_many():
    raw, order = np.arange(6), np.array([2, 0, 1])
    assert _in_original_order(raw, order, None).tolist() == [2, 3, 4, 5, 0, 1]
    assert _in_original_order(raw, order, np.array([1, 2, 3])).tolist() == [3, 4, 5, 0, 1, 2]
    assert _in_original_order(raw[:3], order, np.array([1, 2, 3])).tolist() == [1, 2, 0]
