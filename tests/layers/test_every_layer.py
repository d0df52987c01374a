import numpy as np
import pytest
from scipy import sparse

from skneural.layers import (
    PREDICTING,
    Activation,
    BatchLast,
    BatchNormalization,
    Branches,
    Chain,
    Context,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Embedding,
    Flatten,
    Gate,
    GlobalPooling,
    Layer,
    Mask,
    Pooling,
    Residual,
    Share,
    Standardization,
    TransposedConvolution,
    Unflatten,
)
from skneural.parameters import Layout, Weights
from skneural.testing import check_gradients, check_layer
from tests.layers.cases import BATCH_AXIS, IMAGES, LAYER_CASES, SERIES, every_layer_class, numbers

each_case = pytest.mark.parametrize(
    ("layer", "x", "batch_axis"),
    [(layer, x, BATCH_AXIS.get(name, 0)) for name, (layer, x) in LAYER_CASES.items()],
    ids=list(LAYER_CASES),
)


def test_every_layer_has_a_row():
    assert every_layer_class() == {type(layer) for layer, _ in LAYER_CASES.values()}


@each_case
@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_while_training(layer, x, batch_axis, seed):
    check_gradients(layer, x, seed=seed)


@each_case
def test_gradients_while_predicting(layer, x, batch_axis):
    check_gradients(layer, x, Context())


@each_case
def test_contract(layer, x, batch_axis):
    check_layer(layer, x, batch_axis=batch_axis)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def started(layer, dtype=np.float64):
    """The weights of a layer, moved at random so that nothing is zero or one."""
    layout = Layout(layer.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), dtype))
    weights.vector += 0.1 * np.random.default_rng(1).standard_normal(layout.size).astype(dtype)
    return weights


def training(seed=0):
    return Context(np.random.default_rng(seed))


def test_the_base_layer_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="Layer must define forward"):
        Layer().forward({}, numbers(2, 2), PREDICTING)


# Combinators against their formulas


def test_residual_adds_x():
    inner, x = Dense(4, 4), numbers(6, 4)
    weights = started(Residual(inner))
    expected = x + inner.predict(weights.tree["inner"], x)
    np.testing.assert_allclose(Residual(inner).predict(weights.tree, x), expected, rtol=1e-12)


def test_residual_adds_its_shortcut():
    layer, x = Residual(Dense(4, 3), Dense(4, 3)), numbers(6, 4)
    p = started(layer).tree
    expected = layer.inner.predict(p["inner"], x) + layer.shortcut.predict(p["shortcut"], x)
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12)


def test_gate_multiplies():
    layer, x = Gate(Dense(4, 3), Dense(4, 3)), numbers(6, 4)
    p = started(layer).tree
    expected = layer.value.predict(p["value"], x) * layer.gate.predict(p["gate"], x)
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [-1, 1])
def test_branches_stand_in_order_along_the_axis(axis):
    layer, x = Branches((Dense(4, 3), Activation("tanh"), Dense(4, 3)), axis), numbers(6, 4)
    layer = layer if axis == -1 else Branches((Dense(4, 3), Dense(4, 3)), axis)
    x = x if axis == -1 else numbers(6, 2, 4)
    p = started(layer).tree
    expected = [branch.predict(p_branch, x) for branch, p_branch in zip(layer.branches, p, strict=True)]
    np.testing.assert_array_equal(layer.predict(p, x), np.concatenate(expected, axis=axis))


def test_chain_applies_its_layers_in_order():
    layer, x = Chain((Dense(4, 3), Activation("relu"), Dense(3, 2))), numbers(6, 4)
    p = started(layer).tree
    hidden = np.maximum(x @ p[0]["weight"] + p[0]["bias"], 0)
    np.testing.assert_allclose(layer.predict(p, x), hidden @ p[2]["weight"] + p[2]["bias"], rtol=1e-12)


def test_a_uniform_bias_keeps_within_one_over_the_root_of_n_in():
    bias = Layout(Dense(25, 400, bias="uniform").parameters())
    start = bias.initial(np.random.default_rng(0), np.float64)
    values = np.abs(bias.views(*start)["bias"])
    assert 0.19 < values.max() <= 0.2


def test_dense_penalizes_its_weight_only():
    layout = Layout(Dense(4, 3, bias="uniform").parameters())
    assert (layout.n_penalized, layout.size) == (12, 15)


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
        weights.tree, x[3:], Context(np.random.default_rng(0), Share(slice(3, 6), 6), None, lambda array: 2 * array)
    )
    np.testing.assert_array_equal(weights.buffers, before)
    layer.forward(
        weights.tree, x[:3], Context(np.random.default_rng(0), Share(slice(0, 3), 6), None, lambda array: 2 * array)
    )
    assert not np.array_equal(weights.buffers, before)


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
def test_shared_dropout_drops_the_same_of_every_row(batch_axis, shape):
    y, _ = Dropout(0.4, batch_axis, shared_below=6).forward({}, np.ones(shape), training())
    assert np.ptp(y, axis=batch_axis).max() == 0
    assert (y == 0).mean() == pytest.approx(0.4, abs=0.1)
    y, _ = Dropout(0.4, batch_axis, shared_below=5).forward({}, np.ones(shape), training())
    assert np.ptp(y, axis=batch_axis).max() > 0


def test_dropout_does_nothing_while_predicting():
    x = numbers(6, 4)
    np.testing.assert_array_equal(Dropout(0.5).predict({}, x), x)
    np.testing.assert_array_equal(Dropout(0.5).forward({}, x, PREDICTING)[0], x)


def test_each_dropout_draws_its_own_mask():
    layer, context, ones = Dropout(0.5), training(), np.ones((20, 10))
    first, second = layer.forward({}, ones, context)[0], layer.forward({}, ones, context)[0]
    assert not np.array_equal(first, second)


# Images and series with their batch last


@pytest.mark.parametrize("layer", [Convolution(3, 5, bias=True), DepthwiseConvolution(5)])
def test_convolutions_penalize_their_kernel_only(layer):
    layout = Layout(layer.parameters())
    assert layout.names == ["kernel", "bias"]
    assert layout.size - layout.n_penalized == 5


def test_images_get_their_rows_first_and_their_batch_last():
    x = numbers(4, 5, 6, 3)
    y = BatchLast().predict({}, x)
    assert y.flags.c_contiguous
    np.testing.assert_array_equal(y, np.einsum("bhwc->hcwb", x))


def test_series_become_images_of_height_one():
    x = numbers(4, 5, 3)
    np.testing.assert_array_equal(BatchLast().predict({}, x)[0], x.transpose(2, 1, 0))


def test_flatten_gives_each_image_a_row_without_copying():
    y = Flatten().predict({}, IMAGES)
    np.testing.assert_array_equal(y, [IMAGES[..., i].ravel() for i in range(4)])
    assert np.shares_memory(y, IMAGES)


@pytest.mark.parametrize(
    ("layer", "x", "batch_axis"),
    [
        (BatchLast(), numbers(4, 5, 6, 3), 0),
        (BatchLast(), numbers(4, 5, 3), 0),
        (Flatten(), IMAGES, 3),
        (GlobalPooling("average"), IMAGES, 3),
        (GlobalPooling("max"), IMAGES, 3),
    ],
)
def test_what_moves_the_batch_keeps_its_rows_apart(layer, x, batch_axis):
    """`check_layer` knows one axis for x and y alike."""
    whole = layer.predict({}, x)
    for i in range(4):
        alone = layer.predict({}, x.take([i], batch_axis))
        np.testing.assert_array_equal(alone, whole.take([i], 0 if whole.ndim == 2 else 3))


@pytest.mark.parametrize(("axis", "x"), [(-1, numbers(6, 3)), (1, IMAGES)])
def test_standardization_takes_off_the_mean_and_divides_by_the_scale(axis, x):
    layer = Standardization(3, axis)
    p = started(layer).tree
    np.testing.assert_array_equal(layer.predict(p, x), x)
    p["mean"][...], p["scale"][...] = [1, 2, 3], [0.5, 4, 2]
    stretched = (3,) if axis == -1 else (3, 1, 1)
    expected = (x - p["mean"].reshape(stretched)) / p["scale"].reshape(stretched)
    np.testing.assert_allclose(layer.predict(p, x), expected, rtol=1e-12, atol=1e-12)


def test_fresh_embeddings_lie_between_a_quarter_below_and_above_zero():
    layout = Layout(Embedding(50, 40).parameters())
    values = layout.initial(np.random.default_rng(0), np.float64).vector
    assert 0.249 < np.abs(values).max() <= 0.25


# Series of unequal lengths

LENGTHS = np.array([7, 3, 1, 5])
ON_SERIES = {
    "mask": Mask(),
    "masked convolution": Chain((Mask(), Convolution(3, 2, (1, 4)))),
    "batch normalization": BatchNormalization(3, axis=1),
    "max pooling": Pooling("max", (1, 3), (1, 1), "same"),
    "global average pooling": GlobalPooling("average"),
    "global max pooling": GlobalPooling("max"),
}
on_series = pytest.mark.parametrize("layer", ON_SERIES.values(), ids=ON_SERIES)


def with_lengths(n_steps=7, weights=None):
    return Context(np.random.default_rng(0), lengths=np.minimum(LENGTHS, n_steps), sample_weight=weights)


@on_series
def test_contract_where_lengths_differ(layer):
    check_layer(layer, SERIES, with_lengths(), batch_axis=None)  # one row alone would need its own length


def real_steps(y):
    """Zeros instead of what stands beyond the ends; rows are real as they are."""
    return y[:, :, :7] * (np.arange(7)[:, np.newaxis] < LENGTHS) if y.ndim == 4 else y


@on_series
def test_a_padded_series_gives_what_it_gives_alone(layer):
    p = started(layer).tree
    whole = layer.predict(p, SERIES, Context(lengths=LENGTHS))
    for i, n in enumerate(LENGTHS):
        alone = layer.predict(p, SERIES[:, :, :n, i : i + 1])
        expected = whole[:, :, :n, i : i + 1] if whole.ndim == 4 else whole[i : i + 1]
        np.testing.assert_allclose(alone, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["mask", "batch normalization", "max pooling"])
def test_nothing_is_left_beyond_the_end_of_a_series(name):
    layer = ON_SERIES[name]
    y, _ = layer.forward(started(layer).tree, SERIES, with_lengths())
    np.testing.assert_array_equal(y, real_steps(y))


def test_the_mean_of_windows_that_reach_beyond_the_end_is_not_defined():
    with pytest.raises(ValueError, match="average pooling of series of unequal lengths"):
        Pooling("average", (1, 3), (1, 1), "same").forward({}, SERIES, with_lengths())


@pytest.mark.parametrize("axis", [-1, 1])
def test_weights_in_batch_normalization_are_repetitions(axis):
    layer, x = BatchNormalization(4, axis=axis), numbers(6, 4) if axis == -1 else numbers(3, 4, 2, 6)
    weight, batch_axis = np.array([1.0, 3.0, 2.0, 1.0, 1.0, 2.0]), 0 if axis == -1 else 3
    rows = np.repeat(np.arange(6), weight.astype(int))
    weighted, repeated = started(layer), started(layer)
    context = Context(np.random.default_rng(0), sample_weight=weight)
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


def test_settling_statistics_weigh_all_batches_equally(rng):
    layer = BatchNormalization(3)
    tree = started(layer).tree
    batches = [i + rng.standard_normal((10, 3)) for i in range(30)]
    for batch in batches:
        layer.forward(tree, batch, Context(rng, settling=True))
    np.testing.assert_allclose(tree["mean"], np.mean([batch.mean(axis=0) for batch in batches], axis=0), rtol=1e-12)
    variance = np.mean([batch.var(axis=0) for batch in batches], axis=0)
    np.testing.assert_allclose(tree["variance"], variance, rtol=1e-12)


def test_sparse_dropout_drops_what_is_stored():
    x = sparse.csr_array(np.ones((100, 50)))
    y, backward = Dropout(0.4).forward({}, x, Context(np.random.default_rng(0)))
    assert set(np.unique(y.data)) == {0, 65536 / (65536 - round(0.4 * 65536))}
    assert 0.38 < (y.data == 0).mean() < 0.42
    assert backward(y, {}) is None
    assert Dropout(0.4).forward({}, x, Context())[0] is x


def test_images_cannot_grow_beyond_their_kernels():
    layer = TransposedConvolution(1, 1, (9, 8))
    with pytest.raises(ValueError, match=r"cannot fill \(9, 8\) from 3 x 4 pixels"):
        layer.predict({"kernel": np.ones((3, 3, 1, 1)), "bias": np.zeros(1)}, np.ones((3, 1, 4, 2)))


def test_unflatten_undoes_flatten():
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    np.testing.assert_array_equal(Unflatten(2, 3, 4).predict({}, Flatten().predict({}, x)), x)
