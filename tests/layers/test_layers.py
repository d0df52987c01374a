import inspect

import numpy as np
import pytest
from scipy import sparse

from skneural import layers
from skneural.layers import (
    PREDICTING,
    Activation,
    BatchLast,
    BatchNormalization,
    Bias,
    Branches,
    Chain,
    Context,
    Convolution,
    Dense,
    DepthwiseConvolution,
    Dropout,
    Embedding,
    FilterBank,
    Flatten,
    Gate,
    GlobalPooling,
    Layer,
    LocalResponseNormalization,
    Mask,
    Pooling,
    RandomFlip,
    RandomShift,
    Residual,
    Standardization,
)
from skneural.parameters import Layout, Weights
from skneural.testing import check_gradients, check_layer


def numbers(*shape, seed=0):
    """Normal numbers, none of them near the kinks at zero."""
    x = np.random.default_rng(seed).standard_normal(shape)
    return x + 0.01 * np.sign(x)


HIDDEN = Chain((Dense(4, 6), BatchNormalization(6), Activation("tanh"), Dropout(0.3), Dense(6, 4)))

IMAGES = numbers(5, 3, 6, 4)  # height, channels, width, batch
SERIES = numbers(1, 3, 7, 4)

# case -> layer, x; every layer class leads at least one row
LAYER_CASES = {
    "dense": (Dense(4, 3), numbers(6, 4)),
    "dense of one feature": (Dense(1, 1), numbers(2, 1)),
    "dense on 3-D x": (Dense(4, 3), numbers(6, 5, 4)),
    "dense without bias": (Dense(4, 3, bias=None), numbers(6, 4)),
    "dense with a uniform bias": (Dense(4, 3, "he_normal", "uniform"), numbers(6, 4)),
    "dense in first place": (Dense(4, 3, input_gradient=False), numbers(6, 4)),
    "dense on sparse x": (Dense(4, 3, input_gradient=False), sparse.csr_matrix(numbers(6, 4) > 0, dtype=np.float64)),
    "activation": (Activation("gelu"), numbers(6, 4)),
    "activation with a kink": (Activation("leaky_relu"), numbers(6, 5, 4)),
    "activation that does nothing": (Activation("identity"), numbers(6, 4)),
    "dropout": (Dropout(0.4), numbers(6, 4)),
    "dropout of nothing": (Dropout(0.0), numbers(6, 4)),
    "dropout on 3-D x": (Dropout(0.4, batch_axis=1), numbers(5, 6, 4)),
    "batch normalization": (BatchNormalization(4), numbers(6, 4)),
    "batch normalization of images": (BatchNormalization(3, axis=1), IMAGES),
    "bias": (Bias(4), numbers(6, 4)),
    "bias of images": (Bias(3, axis=1), IMAGES),
    "standardization": (Standardization(4), numbers(6, 4)),
    "standardization of images": (Standardization(3, axis=1), IMAGES),
    "local response normalization": (LocalResponseNormalization(3, 1.0, 0.5, 0.75), IMAGES),
    "local response normalization over more channels than there are": (LocalResponseNormalization(9), IMAGES),
    "convolution": (Convolution(3, 2), IMAGES),
    "convolution with many channels": (Convolution(6, 2), numbers(4, 6, 5, 3)),
    "convolution with an even kernel": (Convolution(3, 2, (2, 4)), IMAGES),
    "convolution of pixels": (Convolution(3, 2, (1, 1)), IMAGES),
    "convolution with strides": (Convolution(3, 2, stride=(2, 3)), IMAGES),
    "convolution with strides down": (Convolution(3, 2, stride=(2, 1)), IMAGES),
    "convolution with dilation": (Convolution(3, 2, dilation=(2, 2), padding="valid"), IMAGES),
    "convolution without bias": (Convolution(3, 2, bias=False), IMAGES),
    "convolution in first place": (Convolution(3, 2, input_gradient=False), IMAGES),
    "convolution of series": (Convolution(3, 2, (1, 4)), SERIES),
    "convolution of series with a kernel longer than they are": (Convolution(3, 2, (1, 20)), SERIES),
    "depthwise convolution": (DepthwiseConvolution(3), IMAGES),
    "depthwise convolution with strides and dilation": (
        DepthwiseConvolution(3, (2, 3), (1, 2), (2, 1), "valid", bias=False),
        IMAGES,
    ),
    "max pooling": (Pooling("max"), IMAGES),
    "max pooling with overlap": (Pooling("max", (3, 3), (2, 2)), IMAGES),
    "max pooling with padding": (Pooling("max", (3, 3), (1, 1), "same"), IMAGES),
    "average pooling": (Pooling("average", (2, 3), (2, 2)), IMAGES),
    "average pooling with padding": (Pooling("average", (3, 3), (1, 1), "same"), IMAGES),
    "global average pooling": (GlobalPooling("average"), IMAGES),
    "global max pooling": (GlobalPooling("max"), IMAGES),
    "images to batch last": (BatchLast(), numbers(4, 5, 6, 3)),
    "series to batch last": (BatchLast(), numbers(4, 5, 3)),
    "flatten": (Flatten(), IMAGES),
    "mask where all lengths are equal": (Mask(), SERIES),
    "filter bank of gabor": (FilterBank("gabor", 3, (3, 5)), IMAGES),
    "filter bank of wavelets": (FilterBank("wavelet", 3, (5, 5)), IMAGES),
    "embedding": (Embedding(5, 3), np.random.default_rng(0).integers(0, 5, (6, 4))),
    "random flip": (RandomFlip(), numbers(6, 4, 5, 2)),
    "random shift": (RandomShift(2), numbers(6, 4, 5, 2)),
    "batch normalization of two rows": (BatchNormalization(4, epsilon=0.1), numbers(2, 4)),
    "chain": (Chain((Dense(4, 5), Activation("relu"), Dense(5, 2))), numbers(6, 4)),
    "chain of nothing": (Chain(()), numbers(6, 4)),
    "chain of chains": (Chain((HIDDEN, Chain((HIDDEN, Activation("silu"))))), numbers(6, 4)),
    "residual": (Residual(HIDDEN), numbers(6, 4)),
    "residual with shortcut": (
        Residual(Chain((Dense(4, 7), Activation("elu"))), Dense(4, 7, bias=None)),
        numbers(6, 4),
    ),
    "residual in first place": (
        Residual(Dense(4, 3, input_gradient=False), Dense(4, 3, input_gradient=False)),
        numbers(6, 4),
    ),
    "residual around dropout": (Residual(Dropout(0.5)), numbers(6, 4)),
    "branches": (Branches((Dense(4, 2), HIDDEN, Activation("mish"))), numbers(6, 4)),
    "branches along another axis": (Branches((Dense(4, 3), Dense(4, 3)), axis=1), numbers(6, 5, 4)),
    "gate": (Gate(Dense(4, 3), Chain((Dense(4, 3), Activation("logistic")))), numbers(6, 4)),
    "gate with itself": (Gate(Activation("identity"), Activation("softplus")), numbers(6, 4)),
    "all nested": (
        Residual(
            Branches((Gate(HIDDEN, Residual(Dense(4, 4))), Chain((Dropout(0.2), Dense(4, 2))))),
            Chain((BatchNormalization(4), Dense(4, 6))),
        ),
        numbers(7, 4),
    ),
}
# where it is not the first axis of x and y; None where x and y count the batch along different ones
LAST = ("images", "convolution", "pooling", "local", "mask", "filter")
CHANGING = ("global", "images to", "series to", "flatten")
BATCH_AXIS = {
    "dropout on 3-D x": 1,
    **{name: 3 for name in LAYER_CASES if any(word in name for word in LAST)},
    **{name: None for name in LAYER_CASES if name.startswith(CHANGING)},
}
each_case = pytest.mark.parametrize(
    ("layer", "x", "batch_axis"),
    [(layer, x, BATCH_AXIS.get(name, 0)) for name, (layer, x) in LAYER_CASES.items()],
    ids=list(LAYER_CASES),
)


def test_every_layer_has_a_row():
    exported = [getattr(layers, name) for name in layers.__all__]
    classes = {layer for layer in exported if inspect.isclass(layer) and issubclass(layer, Layer)} - {Layer}
    assert classes == {type(layer) for layer, _ in LAYER_CASES.values()}


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
    layer.forward(weights.tree, x[3:], Context(np.random.default_rng(0), slice(3, 6), 6, lambda array: 2 * array))
    np.testing.assert_array_equal(weights.buffers, before)
    layer.forward(weights.tree, x[:3], Context(np.random.default_rng(0), slice(0, 3), 6, lambda array: 2 * array))
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


def test_dropout_does_nothing_while_predicting():
    x = numbers(6, 4)
    np.testing.assert_array_equal(Dropout(0.5).predict({}, x), x)
    np.testing.assert_array_equal(Dropout(0.5).forward({}, x, PREDICTING)[0], x)


def test_each_dropout_draws_its_own_mask():
    layer, context, ones = Dropout(0.5), training(), np.ones((20, 10))
    first, second = layer.forward({}, ones, context)[0], layer.forward({}, ones, context)[0]
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("batch_axis", [0, 1])
def test_shards_draw_the_masks_of_the_whole_batch(batch_axis):
    layer, x = Dropout(0.5, batch_axis), np.ones((10, 10, 3))
    contexts = [training(), *(Context(np.random.default_rng(0), rows, 10) for rows in (slice(0, 4), slice(4, 10)))]
    for _ in range(2):  # the second mask too: all generators must have moved on alike
        whole, first, second = (
            layer.forward({}, x if context.rows is None else x.take(range(10)[context.rows], batch_axis), context)[0]
            for context in contexts
        )
        np.testing.assert_array_equal(np.concatenate([first, second], axis=batch_axis), whole)


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
def test_gradients_where_lengths_differ(layer):
    check_gradients(layer, SERIES, with_lengths())


@on_series
def test_what_stands_beyond_the_end_of_a_series_is_not_seen(layer):
    weights, x = started(layer), SERIES
    junk = np.where(np.arange(7)[:, np.newaxis] < LENGTHS, x, 1e3)
    longer = np.concatenate([junk, np.full((1, 3, 4, 4), 1e3)], axis=2)
    real = np.arange(7)[:, np.newaxis] < LENGTHS
    y, _ = layer.forward(weights.tree, x, with_lengths())
    for other in (junk, longer):
        found, _ = layer.forward(weights.tree, other, with_lengths())
        if y.ndim == 4:
            np.testing.assert_allclose(found[:, :, :7] * real, y * real, rtol=1e-10, atol=1e-12)
        else:
            np.testing.assert_allclose(found, y, rtol=1e-10)


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


# Augmentation


def test_about_half_of_the_images_are_mirrored():
    x = numbers(400, 3, 4, 1)
    y, _ = RandomFlip().forward({}, x, training())
    mirrored = (y == x[:, :, ::-1]).all(axis=(1, 2, 3))
    assert ((y == x).all(axis=(1, 2, 3)) | mirrored).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.08)


def test_images_are_shifted_within_reach_and_borders_repeated():
    x = np.zeros((500, 9, 9, 1))
    x[:, 4, 4] = 1
    x[:, 0] = 2
    y, _ = RandomShift(2).forward({}, x, training())
    rows, columns = np.nonzero(y[..., 0] == 1)[1:]
    assert set(rows) == set(columns) == {2, 3, 4, 5, 6}
    moved_down = rows > 4
    assert (y[moved_down, 0] == 2).all()
    assert (y[moved_down, 1] == 2).all()


@pytest.mark.parametrize("layer", [RandomFlip(), RandomShift(2)])
def test_shards_change_images_as_the_whole_batch_does(layer):
    x = numbers(10, 5, 5, 2)
    whole, _ = layer.forward({}, x, Context(np.random.default_rng(0), None, 10))
    parts = [slice(0, 4), slice(4, 10)]
    found = [layer.forward({}, x[part], Context(np.random.default_rng(0), part, 10))[0] for part in parts]
    np.testing.assert_array_equal(np.concatenate(found), whole)


# Filter banks


@pytest.mark.parametrize("name", ["gabor", "wavelet"])
def test_filters_are_blind_to_a_constant_and_see_their_direction(name):
    layer = FilterBank(name, 1)
    p = started(layer).tree
    waves = 24
    for phase in ("even", "odd"):
        np.testing.assert_allclose(p[phase][..., :waves].sum(axis=(0, 1, 2)), 0, atol=1e-12)
    along, across = np.meshgrid(np.arange(33.0), np.arange(33.0))
    for turn in range(8):
        angle = np.pi * turn / 8
        grating = np.sin(0.75 * np.pi * (along * np.cos(angle) + across * np.sin(angle)))
        response = layer.predict(p, grating[:, np.newaxis, :, np.newaxis])[16, :8, 16, 0]
        assert response.argmax() == turn


def test_the_modulus_hardly_minds_a_shift():
    layer = FilterBank("gabor", 1)
    p = started(layer).tree
    grating = np.sin(2 * np.pi * np.arange(34) / 3)[np.newaxis, np.newaxis, :, np.newaxis] * np.ones((33, 1, 1, 1))
    one, other = (layer.predict(p, grating[:, :, i : i + 33])[16, 0, 10:20, 0] for i in (0, 1))
    np.testing.assert_allclose(one, other, rtol=0.05)
