import numpy as np

from skneural.layers import Embedding
from skneural.parameters import Layout


def test_fresh_embeddings_lie_between_a_quarter_below_and_above_zero():
    layout = Layout(Embedding(50, 40).parameters())
    values = layout.initial(np.random.default_rng(0), np.float64).vector
    assert 0.249 < np.abs(values).max() <= 0.25
