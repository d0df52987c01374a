"""The drawn maps are those of the functions."""

import numpy as np
import pytest

from skneural import CNNClassifier
from skneural.inspection import SaliencyDisplay, occlusion_map, saliency_map

plt = pytest.importorskip("matplotlib.pyplot")
X = np.random.default_rng(0).uniform(size=(20, 6, 6))


@pytest.fixture(scope="module")
def model():
    return CNNClassifier(channels=(2,), hidden_layer_sizes=(4,), max_iter=1, random_state=0).fit(X, np.arange(20) % 2)


def test_each_method_has_its_map_beside_the_image(model):
    display = SaliencyDisplay.from_estimator(model, X[0], size=2, target=1)
    expected = [
        (X[0] - X[0].min()) / np.ptp(X[0]),
        occlusion_map(model, X[0], size=2, target=1),
        saliency_map(model, X[0], target=1),
    ]
    for ax, values, title in zip(display.axes_[0], expected, ("image", "occlusion", "saliency"), strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), values)
        assert ax.get_title() == title
    assert SaliencyDisplay.from_estimator(model, X[0], methods=["saliency"]).axes_.shape == (1, 2)
    plt.close("all")


@pytest.mark.parametrize("methods", [["gradient"], []])
def test_other_methods_are_refused(model, methods):
    with pytest.raises(ValueError, match=r"must be some of \['occlusion', 'saliency'\]"):
        SaliencyDisplay.from_estimator(model, X[0], methods=methods)
