import numpy as np

from skneural.layers import Dense
from skneural.parameters import Layout


def test_a_uniform_bias_keeps_within_one_over_the_root_of_n_in():
    bias = Layout(Dense(25, 400, bias="uniform").parameters())
    start = bias.initial(np.random.default_rng(0), np.float64)
    values = np.abs(bias.views(*start)["bias"])
    assert 0.19 < values.max() <= 0.2


def test_dense_penalizes_its_weight_only():
    layout = Layout(Dense(4, 3, bias="uniform").parameters())
    assert (layout.n_penalized, layout.size) == (12, 15)
