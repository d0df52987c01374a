import numpy as np

from skneural.layers import Context, Embedding, MeanEmbedding
from skneural.parameters import Layout


def test_fresh_embeddings_lie_between_a_quarter_below_and_above_zero():
    layout = Layout(Embedding(50, 40).parameters())
    values = layout.initial(np.random.default_rng(0), np.float64).vector
    assert 0.249 < np.abs(values).max() <= 0.25


def test_dropout_of_tokens_leaves_the_mean_of_the_others():
    layer, table = MeanEmbedding(2, 1, dropout=0.4), np.array([[1.0], [1.0]])
    x = np.zeros((400, 5), int)
    y, _ = layer.forward({"table": table}, x, Context(rng=np.random.default_rng(0)))
    assert set(np.round(y.ravel(), 12)) == {0.0, 1.0}  # no scaling: a mean of ones, or of none
    assert (y == 0).mean() < 0.05
    halves = np.tile([0, 1], (400, 10))
    y, _ = layer.forward({"table": np.array([[0.0], [1.0]])}, halves, Context(rng=np.random.default_rng(0)))
    assert abs(y.mean() - 0.5) < 0.02
    assert y.std() > 0.05
    np.testing.assert_allclose(layer.predict({"table": np.array([[0.0], [1.0]])}, halves), 0.5)


def test_fresh_mean_embeddings_are_small():
    layout = Layout(MeanEmbedding(50, 40).parameters())
    values = layout.initial(np.random.default_rng(0), np.float64).vector
    np.testing.assert_allclose(values.std(), 0.1, rtol=0.1)
