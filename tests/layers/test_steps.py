"""Step by step, causal layers give what they give on whole series; the others say that they have no step."""

import numpy as np
import pytest

from skneural.layers import Convolution, DepthwiseConvolution, Layer
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer, check_steps
from skneural.testing.batch_contract import BATCH_LAST, ROWS_FIRST, STEPS_FIRST
from tests.layers.cases import ATTENTION, BATCH_CASES, BATCHES, CELLS, LAYER_CASES, OF_PAIRS, every_layer_class

# Layers to which later steps matter, and layers of images
WITHOUT_STEP = {
    *(f"{name} cell backwards" for name in CELLS),
    *(f"attention {name}" for name, layer in ATTENTION.items() if not layer.causal),
    "selective scan backwards",
    "branches in both directions",
    "class token",
    "class token with dropout of steps",
    "masked convolution",
    "masked depthwise convolution",
    "masked filter bank",
    "max pooling",
}
WHOLE = {"OneStep", "Reversed", "WithClassToken"}
OF_GRAPHS = {"GATConvolution", "GCNConvolution", "GINConvolution", "GraphPooling", "SAGEConvolution", "SelectNodes"}
OF_IMAGES = {"FilterBank", "Flatten", "Pooling", "RandomFlip", "RandomShift", "TransposedConvolution", "Unflatten"}
OF_ROWS = {"BiasAndSpread", "GaussianLatent"}
OF_TABLES = {
    "CategoryEmbedding",
    "FillMissing",
    "MemberFactors",
    "MemberOutputs",
    "MissingIndicator",
    "OneHot",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "SmoothClip",
}
WITH_STEPS = {name: case for name, case in BATCH_CASES.items() if case[2].steps is not None}


@pytest.mark.parametrize("name", sorted(WITH_STEPS.keys() - WITHOUT_STEP))
def test_step_equals_forward(name):
    check_steps(*WITH_STEPS[name])


@pytest.mark.parametrize("name", sorted(WITHOUT_STEP))
def test_what_depends_on_later_steps_has_no_step(name):
    layer, x, x_axes, _ = WITH_STEPS[name]
    with pytest.raises(NotImplementedError, match="has no step"):
        layer.step(started(layer), x.take(0, x_axes.steps))


def test_every_layer_has_a_step_or_says_that_it_has_none():
    stepping = {type(inner) for name in WITH_STEPS.keys() - WITHOUT_STEP for inner in inside(WITH_STEPS[name][0])}
    without = {layer for layer in every_layer_class() - stepping if layer.__name__ not in OF_PAIRS}
    assert {layer.__name__ for layer in without} == OF_IMAGES | OF_GRAPHS | OF_ROWS | OF_TABLES | WHOLE
    for layer, x in LAYER_CASES.values():
        if type(layer) in without:
            with pytest.raises(NotImplementedError, match=f"{type(layer).__name__} has no step"):
                layer.step(started(layer), x)


def inside(layer):
    """A layer and all layers in it."""
    yield layer
    for value in vars(layer).values():
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Layer):
                yield from inside(child)


def started(layer):
    layout = Layout(layer.parameters())
    return layout.views(*layout.initial(np.random.default_rng(0), np.float64))


@pytest.mark.parametrize("kind", ["convolution", "depthwise"])
@pytest.mark.parametrize("width", [1, 2, 5, 9])
@pytest.mark.parametrize("dilation", [1, 3])
def test_causal_convolutions_see_no_later_column(kind, width, dilation):
    options = {"kernel_size": (1, width), "dilation": (1, dilation), "padding": "causal"}
    layer = Convolution(3, 2, **options) if kind == "convolution" else DepthwiseConvolution(3, **options)
    x = BATCHES[BATCH_LAST]
    check_gradients(layer, x)
    check_layer(layer, x, batch_axis=3)
    check_steps(layer, x, BATCH_LAST, BATCH_LAST)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_strides_of_causal_convolutions_pick_columns(stride):
    layer = Convolution(3, 2, (1, 3), (1, stride), padding="causal")
    x = BATCHES[BATCH_LAST]
    whole = Convolution(3, 2, (1, 3), padding="causal").predict(started(layer), x)
    np.testing.assert_allclose(layer.predict(started(layer), x), whole[:, :, ::stride], rtol=1e-10)
    check_gradients(layer, x)
    check_layer(layer, x, batch_axis=3)


def test_depthwise_convolutions_may_skip_dx():
    check_gradients(DepthwiseConvolution(3, (1, 3), input_gradient=False), BATCHES[BATCH_LAST])
    y, backward = DepthwiseConvolution(3, bias=False, input_gradient=False).forward(
        {"kernel": np.ones((3, 3, 1, 3))}, BATCHES[BATCH_LAST], None
    )
    assert backward(y, {"kernel": np.empty((3, 3, 1, 3))}) is None


class LooksAhead(Layer):
    """The sum of each step and the next one."""

    def forward(self, p, x, context):
        y = x.copy()
        y[:, :-1] += x[:, 1:]

        def backward(dy, g):
            dx = dy.copy()
            dx[:, 1:] += dy[:, :-1]
            return dx

        return y, backward

    def step(self, p, x, state=None):
        return x, None


def test_check_steps_finds_what_looks_ahead():
    with pytest.raises(AssertionError, match="step 0 is not that of the whole series"):
        check_steps(LooksAhead(), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST)


class WritesIntoState(Layer):
    """Sum of the steps so far."""

    def forward(self, p, x, context):
        return np.cumsum(x, axis=0), lambda dy, g: np.cumsum(dy[::-1], axis=0)[::-1]

    def step(self, p, x, state=None):
        state = np.zeros_like(x) if state is None else state
        state += x
        return state.copy(), state


def test_check_steps_finds_what_writes_into_its_state():
    with pytest.raises(AssertionError, match="writes into its state"):
        check_steps(WritesIntoState(), BATCHES[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST)


OF_ONE = {name: case for name, case in LAYER_CASES.items() if type(case[0]).__name__ not in OF_PAIRS}


@pytest.mark.parametrize(("layer", "x"), OF_ONE.values(), ids=OF_ONE)
def test_shapes_may_be_unknown_in_part(layer, x):
    """What is told then agrees with what is told where all is known."""
    known = layer.shape(x.shape)
    for axis in range(x.ndim):
        told = layer.shape((*x.shape[:axis], None, *x.shape[axis + 1 :]))
        assert len(told) == len(known)
        assert all(one in (None, other) for one, other in zip(told, known, strict=True))
