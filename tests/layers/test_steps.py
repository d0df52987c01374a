"""Step by step, causal layers give what they give on whole series; the others say that they have no step."""

import pytest

from skneural.testing import check_steps
from tests.layers.cases import (
    ATTENTION,
    BATCH_CASES,
    CELLS,
    LAYER_CASES,
    classes_of_pairs,
    every_layer_class,
    layers_within,
    started,
)

# Layers to which later steps matter, and layers of images
WITHOUT_STEP = {
    "series normalization",
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
    "steps joined",
    "steps joined with the batch last",
    "steps joined between layers",
}
WHOLE = {"JoinSteps", "OneStep", "Reversed", "SeriesNormalization", "WithClassToken"}
OF_GRAPHS = {
    "GATConvolution",
    "GCNConvolution",
    "GINConvolution",
    "GraphPooling",
    "LightConvolutions",
    "PairScores",
    "SAGEConvolution",
    "SelectNodes",
}
OF_IMAGES = {
    "FilterBank",
    "Flatten",
    "GridPositions",
    "ImageColumns",
    "ImagePositions",
    "PixelScores",
    "Pooling",
    "RandomBrightness",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "TransposedConvolution",
    "Unflatten",
}
OF_ROWS = {"BiasAndSpread", "GaussianLatent"}
OF_TABLES = {
    "CategoryEmbedding",
    "Ensemble",
    "FillMissing",
    "MemberFactors",
    "MemberMean",
    "MemberOutputs",
    "MissingIndicator",
    "OneHot",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "SmoothClip",
    "TextEmbedding",
}
WITH_STEPS = {name: case for name, case in BATCH_CASES.items() if case.x_axes.steps is not None}


@pytest.mark.parametrize("name", sorted(WITH_STEPS.keys() - WITHOUT_STEP))
def test_step_equals_forward(name):
    case = WITH_STEPS[name]
    check_steps(case.layer, case.x, case.x_axes, case.y_axes)


@pytest.mark.parametrize("name", sorted(WITHOUT_STEP))
def test_what_depends_on_later_steps_has_no_step(name):
    case = WITH_STEPS[name]
    with pytest.raises(NotImplementedError, match="has no step"):
        case.layer.step(started(case.layer).tree, case.x.take(0, case.x_axes.steps))


def test_every_layer_has_a_step_or_says_that_it_has_none():
    cases = [WITH_STEPS[name] for name in WITH_STEPS.keys() - WITHOUT_STEP]
    stepping = {type(layer) for case in cases for layer in layers_within(case.layer)}
    without = {kind for kind in every_layer_class() - stepping if kind.__name__ not in classes_of_pairs()}
    assert {kind.__name__ for kind in without} == OF_IMAGES | OF_GRAPHS | OF_ROWS | OF_TABLES | WHOLE
    for case in LAYER_CASES.values():
        if type(case.layer) in without:
            with pytest.raises(NotImplementedError, match=f"{type(case.layer).__name__} has no step"):
                case.layer.step(started(case.layer).tree, case.x)
