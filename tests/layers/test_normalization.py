import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import BatchNormalization, Context, Share, Standardization
from skneural.layers.layer import Shard
from skneural.parameters import Layout
from skneural.testing import check_gradients
from tests.layers.cases import IMAGES, numbers, started, training


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# Batch normalization


def test_batch_normalization_centres_and_scales_a_training_batch(rng):
    layer = BatchNormalization(3)
    layout = Layout(layer.parameters())
    tree = layout.views(*layout.initial(rng, np.float64))
    y, _ = layer.forward(tree, 5 + 3 * numbers(50, 3), training())
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=0), 1, rtol=1e-4)


def test_predicting_normalizes_by_the_average_of_the_first_batches(rng):
    layer = BatchNormalization(3, momentum=0.01)
    layout = Layout(layer.parameters())
    tree = layout.views(*layout.initial(rng, np.float64))
    batches = [5 + 3 * rng.standard_normal((40, 3)) for _ in range(20)]
    for batch in batches:
        layer.forward(tree, batch, training())
    np.testing.assert_allclose(tree["mean"], np.mean([batch.mean(axis=0) for batch in batches], axis=0), rtol=1e-12)
    variance = np.mean([batch.var(axis=0) for batch in batches], axis=0)
    np.testing.assert_allclose(tree["variance"], variance, rtol=1e-12)
    everything = np.concatenate(batches)
    y = layer.predict(tree, everything)
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(y.std(axis=0), 1, rtol=0.03)


def test_running_statistics_forget_with_momentum(rng):
    layer = BatchNormalization(2, momentum=0.25)
    layout = Layout(layer.parameters())
    tree = layout.views(*layout.initial(rng, np.float64))
    expected = 0.0
    for i in range(1, 9):
        batch = i + rng.standard_normal((10, 2))
        layer.forward(tree, batch, training())
        newest = max(0.25, 1 / i)
        expected = (1 - newest) * expected + newest * batch.mean(axis=0)
    np.testing.assert_allclose(tree["mean"], expected, rtol=1e-12)


def test_a_batch_of_one_row_is_normalized_by_running_statistics():
    layer, x = BatchNormalization(4), numbers(6, 4)
    weights = started(layer)
    layer.forward(weights.tree, 2 + 3 * x, training())
    before = weights.buffers.copy()
    y, _ = layer.forward(weights.tree, x[:1], training())
    np.testing.assert_allclose(y, layer.predict(weights.tree, x[:1]), rtol=1e-10)
    np.testing.assert_array_equal(weights.buffers, before)
    check_gradients(layer, x[:1])


def test_only_the_first_shard_writes_running_statistics():
    layer, x = BatchNormalization(4), numbers(6, 4)
    weights = started(layer)
    before = weights.buffers.copy()
    layer.forward(
        weights.tree,
        x[3:],
        Context(np.random.default_rng(0), shard=Shard(Share(slice(3, 6), 6), sum_over_shards=lambda array: 2 * array)),
    )
    np.testing.assert_array_equal(weights.buffers, before)
    layer.forward(
        weights.tree,
        x[:3],
        Context(np.random.default_rng(0), shard=Shard(Share(slice(0, 3), 6), sum_over_shards=lambda array: 2 * array)),
    )
    assert not np.array_equal(weights.buffers, before)


@pytest.mark.parametrize(("axis", "x"), [(-1, numbers(6, 3)), (1, IMAGES)])
def test_standardization_takes_off_the_mean_and_divides_by_the_scale(axis, x):
    layer = Standardization(3, axis)
    p = started(layer).tree
    np.testing.assert_array_equal(layer.predict(p, x), x)
    p["mean"][...], p["scale"][...] = [1, 2, 3], [0.5, 4, 2]
    stretched = (3,) if axis == -1 else (3, 1, 1)
    expected = (x - p["mean"].reshape(stretched)) / p["scale"].reshape(stretched)
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [-1, 1])
def test_weights_in_batch_normalization_are_repetitions(axis):
    layer, x = BatchNormalization(4, axis=axis), numbers(6, 4) if axis == -1 else numbers(3, 4, 2, 6)
    weight, batch_axis = np.array([1.0, 3.0, 2.0, 1.0, 1.0, 2.0]), 0 if axis == -1 else 3
    rows = np.repeat(np.arange(6), weight.astype(int))
    weighted, repeated = started(layer), started(layer)
    context = Context(np.random.default_rng(0), BatchInfo(sample_weight=weight))
    y, backward = layer.forward(weighted.tree, x, context)
    y_repeated, backward_repeated = layer.forward(repeated.tree, x.take(rows, batch_axis), training())
    np.testing.assert_allclose(y.take(rows, batch_axis), y_repeated, rtol=1e-10)
    np.testing.assert_allclose(weighted.buffers, repeated.buffers, rtol=1e-10)
    dy = numbers(*y.shape, seed=1)
    shape = [1] * x.ndim
    shape[batch_axis] = 6
    dx = backward(dy * weight.reshape(shape), weighted.gradient_tree)
    dx_repeated = backward_repeated(dy.take(rows, batch_axis), repeated.gradient_tree)
    np.testing.assert_allclose(weighted.gradient, repeated.gradient, rtol=1e-9)
    np.testing.assert_allclose((dx / weight.reshape(shape)).take(rows, batch_axis), dx_repeated, rtol=1e-8, atol=1e-12)


def test_settled_statistics_are_those_of_all_rows_of_all_batches(rng):
    layer = BatchNormalization(3)
    tree = started(layer).tree
    batches = [i + rng.standard_normal((size, 3)) for i, size in enumerate([2, 40, 7, 3, 20])]
    for batch in batches:
        layer.forward(tree, batch, Context(rng, settling=True))
    rows = np.concatenate(batches)
    np.testing.assert_allclose(tree["mean"], rows.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(tree["variance"], rows.var(axis=0), rtol=1e-10)


@pytest.mark.parametrize("axis", [-1, 1])
def test_running_statistics_weigh_batches_by_their_rows(rng, axis):
    layer = BatchNormalization(3, momentum=0.3, axis=axis)
    alike, unlike = started(layer), started(layer)
    total, weighted = 0.0, 0.0
    batches = [rng.standard_normal((size, 3)) for size in [64, 2, 64, 2, 64, 2]]
    for i, batch in enumerate(batches, 1):
        x = batch if axis == -1 else batch.T[np.newaxis, :, np.newaxis]
        layer.forward(unlike.tree, x, training())
        layer.forward(
            alike.tree, x, Context(np.random.default_rng(0), BatchInfo(sample_weight=np.full(len(batch), 2.0)))
        )
        newest = max(0.3, 1 / i)
        total = (1 - newest) * total + newest * len(batch)
        weighted = (1 - newest) * weighted + newest * len(batch) * batch.mean(axis=0)
    np.testing.assert_allclose(unlike.tree["mean"], weighted / total, rtol=1e-10)
    for name in ("mean", "variance"):  # the unit of the weights does not matter
        np.testing.assert_allclose(alike.tree[name], unlike.tree[name], rtol=1e-10)
