"""Step by step, causal layers give what they give on whole series; the others say that they have no step."""

import numpy as np
import pytest

from skneural.layers import Layer
from skneural.parameters import Layout
from skneural.testing import check_steps
from tests.layers.cases import ATTENTION, BATCH_CASES, CELLS, LAYER_CASES, OF_PAIRS, every_layer_class

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
