import matplotlib as mpl
import numpy as np
import pytest

from skneural import MambaSequenceClassifier, TransformerSequenceClassifier
from skneural.inspection import AttentionDisplay

mpl.use("Agg")
import matplotlib.pyplot as plt

X, Y = np.random.default_rng(0).normal(size=(20, 12, 2)), np.arange(20) % 2
SMALL = {"d_model": 8, "max_iter": 1, "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_each_head_has_an_image_of_its_weights(pooling):
    model = TransformerSequenceClassifier(n_heads=2, n_layers=3, pooling=pooling, **SMALL).fit(X, Y)
    axes = AttentionDisplay.from_estimator(model, X[0]).axes_.ravel()
    assert [ax.get_title() for ax in axes] == [f"layer {i}, head {j}" for i in range(3) for j in range(2)]
    expected = model.attention_weights(X[:1])[0].reshape(6, *[12 + (pooling == "cls")] * 2)
    for ax, weights in zip(axes, expected, strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), weights, rtol=1e-6)
        assert ax.images[0].get_clim() == pytest.approx((0, expected.max()))  # one scale, which the bar shows
    assert axes[0].figure.axes[-1].get_ylabel() == "attention weight"
    first = axes[0].get_xticklabels()[0].get_text()
    assert first == ("cls" if pooling == "cls" else "0")


def test_labels_are_at_the_axes_and_layers_can_be_selected():
    model = TransformerSequenceClassifier(vocabulary_size=5, **SMALL).fit([[0, 1], [2, 3, 4]] * 5, [0, 1] * 5)
    (axes,) = AttentionDisplay.from_estimator(model, [0, 1, 2], labels=["a", "b", "c"], layers=[1]).axes_
    assert len(axes) == 4
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["a", "b", "c"]


def test_long_series_have_few_labels():
    model = TransformerSequenceClassifier(**SMALL).fit(X, Y)
    assert len(AttentionDisplay.from_estimator(model, np.zeros((300, 2))).axes_[0, 0].get_xticks()) <= 8


def test_what_cannot_be_drawn_is_refused():
    model = TransformerSequenceClassifier(**SMALL).fit(X, Y)
    with pytest.raises(ValueError, match="no layer 2; the model has layers 0 to 1"):
        AttentionDisplay.from_estimator(model, X[0], layers=[2])
    with pytest.raises(ValueError, match="3 labels, but the series has 12 steps"):
        AttentionDisplay.from_estimator(model, X[0], labels="abc")
    with pytest.raises(TypeError, match="no attention heads"):
        AttentionDisplay.from_estimator(MambaSequenceClassifier(**SMALL).fit(X, Y), X[0])
