import matplotlib as mpl
import numpy as np
import pytest

from skneural import SequenceToSequence
from skneural.inspection import AlignmentDisplay

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("form", ["words", "characters", "integers"])
def test_predicted_tokens_are_rows_and_source_tokens_are_columns(form):
    X = {"words": ["one two three"] * 20, "characters": ["abc"] * 20, "integers": [[1, 0, 2]] * 20}[form]
    options = {"level": "word" if form == "words" else "character", "hidden_size": 8, "max_iter": 30}
    model = SequenceToSequence(random_state=0, learning_rate_init=0.02, **options).fit(X, X)
    ax = AlignmentDisplay.from_estimator(model, X[0]).ax_
    predicted = model.predict(X[:1])[0]
    tokens = predicted.split() if form == "words" else [str(token) for token in predicted]
    assert [label.get_text() for label in ax.get_yticklabels()] == tokens
    source = {"words": ["one", "two", "three"], "characters": ["a", "b", "c"], "integers": ["1", "0", "2"]}[form]
    assert [label.get_text() for label in ax.get_xticklabels()] == source
    assert tokens
    np.testing.assert_allclose(ax.images[0].get_array(), model.attention_weights(X[:1])[0], rtol=1e-6)
    assert ax.figure.axes[-1].get_ylabel() == "attention weight"
    assert AlignmentDisplay.from_estimator(model, X[0], ax=ax).ax_ is ax


def test_without_attention_there_is_no_alignment():
    model = SequenceToSequence(attention="none", hidden_size=8, max_iter=1).fit(["ab"] * 20, ["ab"] * 20)
    with pytest.raises(TypeError, match="no attention between target and source"):
        AlignmentDisplay.from_estimator(model, "ab")


def test_an_empty_prediction_draws_no_image():
    model = SequenceToSequence(hidden_size=8, max_iter=1, random_state=0).fit(["ab"] * 20, ["ab"] * 20)
    model.network_.output_bias(model._parameters())[-1] = 100  # the end token
    assert not AlignmentDisplay.from_estimator(model, "ab").ax_.images


@pytest.mark.parametrize(("n_features", "encoder"), [(2, "auto"), (6, "transformer")])
def test_series_are_drawn_above_their_weights(n_features, encoder):
    X = np.random.default_rng(0).normal(size=(20, 9, n_features))
    options = {"hidden_size": 8, "max_iter": 2, "step_reduction": 2, "encoder": encoder, "random_state": 0}
    model = SequenceToSequence(**options).fit(X, ["ab"] * 20)
    model.network_.output_bias(model._parameters())[-1] = -100  # the end token
    ax = AlignmentDisplay.from_estimator(model, X[0]).ax_
    np.testing.assert_allclose(ax.images[0].get_array(), model.attention_weights(X[:1])[0], rtol=1e-6)
    assert ax.images[0].get_extent() == [-0.5, 8.5, 1.5, -0.5]
    (above,) = ax.child_axes
    if n_features == 2:
        np.testing.assert_array_equal([line.get_ydata() for line in above.lines], X[0].T)
    else:
        np.testing.assert_array_equal(above.images[0].get_array(), X[0].T)


@pytest.mark.parametrize("shape", [(6, 12), (6, 12, 1), (6, 12, 3)])
def test_each_token_is_written_where_it_is_seen(shape):
    X = np.random.default_rng(0).integers(0, 256, (20, *shape))
    model = SequenceToSequence(encoder="cnn", channels=4, hidden_size=8, max_iter=2, random_state=0).fit(X, ["ab"] * 20)
    model.network_.output_bias(model._parameters())[-1] = -100  # the end token
    ax = AlignmentDisplay.from_estimator(model, X[0]).ax_
    picture, *layers = ax.images
    np.testing.assert_allclose(picture.get_array(), np.squeeze((X[0] - X[0].min()) / np.ptp(X[0])))
    weights = model.attention_weights(X[:1])[0]
    assert [text.get_text() for text in ax.texts] == list(model.predict(X[:1])[0])
    for layer, share, text in zip(layers, weights, ax.texts, strict=True):
        opacity = layer.get_array()[:, :, 3]
        np.testing.assert_allclose(opacity / opacity.sum(), share, rtol=1e-5)
        assert text.get_position()[0] == pytest.approx(share.sum(axis=0) @ [1, 3, 5, 7, 9, 11], rel=1e-4)
    assert AlignmentDisplay.from_estimator(model, X[0], ax=ax).ax_ is ax
