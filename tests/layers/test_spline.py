import numpy as np

from skneural.layers import (
    Context,
    SplineEdges,
)
from skneural.parameters import Layout
from skneural.testing.batch_contract import ROWS
from tests.layers.cases import (
    BATCHES,
)


def test_the_penalty_of_splines_takes_weights_for_repetitions():
    layer, x, weight = SplineEdges(3, 2, 4, sparsity=0.1), BATCHES[ROWS], np.array([1, 3, 1, 2])
    layout = Layout(layer.parameters())
    start, passes = layout.initial(np.random.default_rng(0), np.float64), []
    for rows, weights in ((x, weight.astype(float)), (np.repeat(x, weight, axis=0), None)):
        context, gradient = (
            Context(np.random.default_rng(0), sample_weight=weights, penalties=[]),
            np.empty(layout.size),
        )
        y, backward = layer.forward(layout.views(*start), rows, context)
        backward(np.zeros_like(y), layout.views(gradient))
        passes.append((context.penalties, gradient))
    for found, expected in zip(*passes, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        assert np.abs(expected).max() > 1e-3
