"""Sizes of blocks and chunks bound memory, and change no result: every module that computes piece by piece."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import skneural
from skneural.data import Rows, Samples, Series, Targets, statistics
from skneural.data.links import Kinds
from skneural.estimators.graph import neighbors
from skneural.estimators.link_prediction import recommendation
from skneural.layers import Chain, Embedding, StepPooling
from skneural.losses import SquaredLoss
from skneural.ops import (
    additive_attention,
    attention,
    causal_convolution,
    convolution,
    graph,
    hopfield,
    lstm,
    multihead_scan,
    pooling,
    recurrence,
    ridge,
    selective_scan,
)
from skneural.ops.window import Window
from skneural.optimizers import Adam, optimizer
from skneural.parameters import LEAST_TABLE, Layout, Weights
from skneural.training import updates
from skneural.training.objective import Objective
from tests.estimators.cases import every_numeric_or_text_estimator, most_precise_output
from tests.ops.scans import both_ways_of_channels, both_ways_of_heads, draw_channels, draw_heads

SIZES = re.compile(r"^([A-Z_]*(?:_PER_|_AT_ONCE|BLOCK_SIZE|MOST_KEPT|QUERIES)[A-Z_]*) = ", re.MULTILINE)

# Sizes that the readers of estimators use when they predict, and why others are not in the table.
OF_ESTIMATORS = {
    "data/stored.py": "rows of a file that are read at once; data/test_stored.py compares them with all of them",
    "readers/stored.py": "rows of a file that are checked at once; data/test_stored.py compares them, too",
    "readers/images.py": "size of blocks in which estimators predict",
    "readers/reader.py": "size of blocks in which estimators predict",
    "readers/sequences.py": "size of blocks in which estimators predict",
    "estimators/autoencoder/reader.py": "size of blocks in which estimators predict",
    "estimators/forecast/reader.py": "size of blocks in which estimators predict",
    "estimators/graph/reader.py": "size of blocks in which estimators predict",
    "estimators/language_model/reader.py": "size of blocks in which estimators predict",
    "estimators/link_prediction/estimator.py": "pairs of a training step, which is part of the model",
    "estimators/rocket/kernel_model.py": "test_rocket.py has other sizes",
    "estimators/segmentation/reader.py": "size of blocks in which estimators predict",
    "estimators/sequence_to_sequence/estimator.py": "size of blocks in which estimators predict",
    "estimators/tabular/network.py": "members that a row trains, which is part of the model",
    "tasks/steps.py": "series in the units of each; test_reversible_normalization.py has other sizes",
    "template/training.py": "multiple of the size of blocks in which estimators predict",
}


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def with_gradients(y, vjp, *shapes):
    """The output y, and all gradients for a random dy; `vjp` fills arrays of the given shapes."""
    filled = [np.full(shape, np.nan) for shape in shapes]
    returned = vjp(numbers(*y.shape, seed=9), *filled)
    return [y, *(returned if isinstance(returned, tuple) else [returned]), *filled]


def attended():
    q, k, v = (numbers(5, 2, 7, 4, seed=i) for i in range(3))
    mask = np.arange(7) < np.array([[7], [3], [1], [0], [7]])
    results = []
    for options in ({}, {"causal": True}, {"mask": mask, "causal": True}):
        result = attention.attend(100 * q, k, v, block_size=attention.BLOCK_SIZE, **options)
        filled = [np.full(a.shape, np.nan) for a in (q, k, v)]
        result.vjp(numbers(5, 7, 8, seed=9), *filled)
        results += [result.y, result.weights(), *filled]
    return results


def additively_attended():
    queries, keys, memory = numbers(5, 4, 3), numbers(5, 6, 3, seed=1), numbers(5, 6, 2, seed=2)
    mask = np.arange(6) < np.array([[6], [1], [4], [2], [6]])
    y, vjp, weights = additive_attention.additive_attend(queries, keys, numbers(3, seed=3), memory, mask)
    return [weights, *with_gradients(y, vjp, 3)]


def convolved_causally():
    x, kernel, bias = numbers(5, 9, 3), numbers(4, 3, seed=1), numbers(3, seed=2)
    return with_gradients(*causal_convolution.causal_convolution(x, kernel, bias), kernel.shape, 3)


def convolved():
    results = []
    for channels, stride in ((2, (1, 1)), (20, (2, 1)), (20, (1, 1))):
        x, kernel = numbers(7, channels, 9, 3), numbers(3, 2, channels, 4, seed=1)
        window = Window.over(x.shape, (3, 2), stride, (1, 1), "same")
        results += with_gradients(*convolution.convolution(x, kernel, window, numbers(4, seed=2)), kernel.shape, 4)
    return results


def weighted_by_edges():
    sources, ends = np.array([2, 0, 1, 3, 3, 0, 2]), np.array([0, 1, 4, 7])
    return with_gradients(*graph.weighted_aggregate(numbers(7), numbers(4, 3, seed=1), sources, ends))


def recalled():
    x, patterns = numbers(9, 4), numbers(7, 4, seed=1)
    beta = hopfield.separating_beta(patterns)
    return [hopfield.attention_step(patterns, 0.7)(x), hopfield.attention_energy(x, patterns, 0.7), np.array(beta)]


def recurred():
    shapes = (3, 12), (2, 12), (12,)
    weights = [numbers(*shape, seed=i) for i, shape in enumerate(shapes)]
    x, results = numbers(7, 2, 4, seed=5), []
    for columns in (None, [4, 4, 3, 3, 2, 1, 1], [1, 1, 2, 3, 3, 4, 4]):
        results += with_gradients(*lstm.lstm(x, *weights, columns), *shapes)
    return results


def moments():
    weight, lengths = np.array([1.0, 0, 2, 1, 3]), np.array([3, 1, 4, 2, 4])
    series = Series.of(numbers(14, 2), lengths)
    both = [statistics.channel_moments(x, weight) for x in (series, Rows(numbers(5, 3)))]
    return [each for moments in both for each in (moments.mean, moments.scale)]


def stepped():
    weights = numbers(20)
    state = Adam(decay=0.1, n_decayed=13).start(weights)
    for seed in range(3):
        Adam(decay=0.1, n_decayed=13).update(weights, numbers(20, seed=seed), state, 0.1)
    return [weights, state["first"], state["second"]]


def stepped_by_rows():
    network = Chain(embedding=Embedding(LEAST_TABLE, 1), pooling=StepPooling("mean"))
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    objective, state = Objective(network, SquaredLoss(), weights), Adam().start(weights.vector)
    objective.start_epoch([np.random.default_rng(0)])
    by_rows = updates.updates_of(objective, Adam(), state)
    samples = Samples(Series(np.arange(18).reshape(6, 3)), Targets(numbers(6, 1)))
    for batch in samples.batches(2, None):
        by_rows.value(batch)
        by_rows.update(0.1)
    by_rows.finish()
    return [vector[:20] for vector in (weights.vector, state["first"], state["second"])]


def pooled():
    y, vjp = pooling.max_pooling(numbers(7, 2, 6, 3), Window((2, 2), (2, 2)))
    return [y, vjp(numbers(*y.shape, seed=9))]


def regressed():
    features, y, weight = numbers(9, 12), numbers(9, 2, seed=1), np.linspace(1, 2, 9)
    scaling = ridge.Scaling.learn(features, weight)
    path = ridge.RidgePath.of_rows(features, scaling, y, weight)
    alphas = np.array([0.1, 10.0])
    return [scaling.mean, scaling.scale, path.leverage(alphas), *path.coefficients(alphas, features, scaling)]


def neighboring():
    grid = np.stack(np.meshgrid(range(3), range(3)), axis=-1).reshape(-1, 2).astype(float)
    return [neighbors.nearest_rows(grid, grid[:5] + np.array([0.4, 0.1]), 3)]


def recommended():
    links = sparse.random_array((7, 7), density=0.3, random_state=1, format="csr")
    return [recommendation.best_candidates(numbers(7, 3), links, Kinds(7, None), np.arange(7), 4)]


# Module -> a function that computes everything on small arrays, in several blocks if their size is 2 or 5.
IN_BLOCKS = {
    additive_attention: additively_attended,
    attention: attended,
    causal_convolution: convolved_causally,
    convolution: convolved,
    graph: weighted_by_edges,
    hopfield: recalled,
    multihead_scan: lambda: both_ways_of_heads(*draw_heads(7)),
    neighbors: neighboring,
    optimizer: stepped,
    pooling: pooled,
    recommendation: recommended,
    recurrence: recurred,
    ridge: regressed,
    selective_scan: lambda: both_ways_of_channels(*draw_channels(7)),
    statistics: moments,
    updates: stepped_by_rows,
}


def sizes_of(path):
    return SIZES.findall(path.read_text())


@pytest.mark.parametrize("size", [2, 5, 40])
@pytest.mark.parametrize("module", IN_BLOCKS, ids=lambda module: module.__name__.removeprefix("skneural."))
def test_the_size_of_blocks_changes_no_result(module, size, monkeypatch):
    """All sizes at once: blocks of rows and chunks of steps, of which each has more than one."""
    whole = IN_BLOCKS[module]()
    for name in sizes_of(Path(module.__file__)):
        monkeypatch.setattr(module, name, size)
    for in_blocks, expected in zip(IN_BLOCKS[module](), whole, strict=True):
        np.testing.assert_allclose(in_blocks, expected, rtol=1e-9, atol=1e-11)


def test_every_module_with_sizes_of_blocks_is_in_a_table():
    package = Path(skneural.__file__).parent
    with_sizes = {path.relative_to(package).as_posix() for path in package.rglob("*.py") if sizes_of(path)}
    tested = {Path(module.__file__).relative_to(package).as_posix() for module in IN_BLOCKS}
    assert with_sizes == tested | OF_ESTIMATORS.keys()


@every_numeric_or_text_estimator
def test_predictions_do_not_depend_on_blocks(case, monkeypatch):
    X, y = case.data()
    model = case.new(max_iter=1).fit(X, y)
    whole = most_precise_output(model, X)
    monkeypatch.setattr(type(model._reader), "rows_per_block", lambda reader, x: 7)
    for part, expected in zip(most_precise_output(model, X), whole, strict=True):
        if np.asarray(part).dtype.kind == "f":
            single = np.asarray(part).dtype == np.float32
            np.testing.assert_allclose(part, expected, rtol=1e-4 if single else 1e-6, atol=1e-5 if single else 1e-9)
        else:
            np.testing.assert_array_equal(part, expected)
