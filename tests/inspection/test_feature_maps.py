"""Kernels and feature maps, in the order of the layers."""

import numpy as np
import pytest

from skneural import CNNClassifier
from skneural.inspection import FeatureMapsDisplay, KernelsDisplay

plt = pytest.importorskip("matplotlib.pyplot")
X = np.random.default_rng(0).uniform(size=(20, 10, 10))
CONVOLUTIONS = ["convolution_1", "convolution_2"]


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def model():
    return CNNClassifier(channels=(4, 6), hidden_layer_sizes=(8,), max_iter=1, random_state=0).fit(X, np.arange(20) % 2)


def test_kernels_of_a_layer_by_name(model):
    display = KernelsDisplay.from_estimator(model, layer="convolution_2", max_kernels=5)
    assert display.axes_.shape == (1, 5)
    for ax, kernel in zip(display.axes_.flat, np.moveaxis(display.kernels, 3, 0), strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), kernel.mean(axis=2))
    assert display.axes_[0, 0].get_title(loc="left") == "convolution_2: 5 of 6 kernels"
    bar = display.figure_.axes[-1]
    assert [bar.get_ylabel(), *(label.get_text() for label in bar.get_yticklabels())] == [
        "weights of each kernel", "- greatest", "0", "greatest"
    ]  # fmt: skip
    with pytest.raises(
        ValueError, match=r"no kernels in 'pooling_1'; layers with kernels are \['convolution_1', 'convolution_2'\]"
    ):
        KernelsDisplay.from_estimator(model, layer="pooling_1")


def test_a_row_for_each_layer_after_the_image(model):
    display = FeatureMapsDisplay.from_estimator(model, X[0], layers=CONVOLUTIONS, max_maps=3)
    assert display.axes_.shape == (3, 4)
    assert [row[0].texts[0].get_text().split("\n")[0] for row in display.axes_[1:]] == CONVOLUTIONS
    assert display.figure_.axes[-1].get_ylabel() == "values of each map"
    maps = model.feature_maps(X[:1])["convolution_2"][0]
    for number, ax in enumerate(display.axes_[2, 1:]):
        np.testing.assert_array_equal(ax.images[0].get_array(), maps[:, :, number])
    with pytest.raises(ValueError, match="no feature maps of"):
        FeatureMapsDisplay.from_estimator(model, X[0], layers=["convolution_9"])


def test_given_axes_are_divided(model):
    figure, (left, right) = plt.subplots(1, 2)
    assert KernelsDisplay.from_estimator(model, ax=left).figure_ is figure
    display = FeatureMapsDisplay.from_estimator(model, X[0], layers=CONVOLUTIONS, ax=right)
    assert display.figure_ is figure
    assert plt.get_fignums() == [figure.number]
    assert display.plot(display.axes_).axes_ is not None
