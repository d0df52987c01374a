import numpy as np
import pytest

from skneural.initializers import glorot_uniform, he_normal, ones
from skneural.parameters import Buffer, Layout, Parameter, Weights


def declared(bias_penalized=False):
    return (
        {
            "weight": Parameter((2, 3), glorot_uniform),
            "bias": Parameter((3,), he_normal, penalized=bias_penalized),
        },
        {
            "inner": ({"kernel": Parameter((4,), glorot_uniform), "scale": Parameter((), ones, penalized=False)}, {}),
            "mean": Buffer((3,)),
            "count": Buffer((), fill=2.0),
        },
    )


@pytest.fixture
def layout():
    return Layout(declared())


@pytest.fixture
def weights(layout):
    return Weights(layout, layout.initial(np.random.default_rng(0), np.float64))


def test_sizes_and_names_put_penalized_parameters_first(layout):
    assert layout.names == ["0.weight", "1.inner.0.kernel", "0.bias", "1.inner.0.scale"]
    assert (layout.size, layout.n_penalized, layout.buffer_size) == (14, 10, 4)


def test_the_penalized_slice_holds_exactly_the_penalized_parameters(layout):
    tree = layout.views(np.arange(14.0))
    penalized = np.concatenate([tree[0]["weight"].ravel(), tree[1]["inner"][0]["kernel"]])
    np.testing.assert_array_equal(np.sort(penalized), np.arange(10.0))


def test_every_element_belongs_to_one_view(layout):
    vector, buffers = np.zeros(14), np.zeros(4)
    tree = layout.views(vector, buffers)
    for view in (tree[0]["weight"], tree[0]["bias"], tree[1]["inner"][0]["kernel"], tree[1]["inner"][0]["scale"]):
        view += 1
    for view in (tree[1]["mean"], tree[1]["count"]):
        view += 1
    np.testing.assert_array_equal(vector, np.ones(14))
    np.testing.assert_array_equal(buffers, np.ones(4))


def test_views_have_the_declared_shapes_and_follow_the_vector(layout):
    vector = np.zeros(14)
    tree = layout.views(vector, np.zeros(4))
    vector[...] = np.arange(14.0)
    np.testing.assert_array_equal(tree[0]["weight"], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(tree[0]["bias"], [10.0, 11.0, 12.0])
    assert tree[1]["inner"][0]["scale"].shape == () == tree[1]["count"].shape
    assert tree[1]["inner"][1] == {}


def test_the_gradient_tree_has_no_buffers(weights):
    assert set(weights.tree[1]) == {"inner", "mean", "count"}
    assert set(weights.gradient_tree[1]) == {"inner"}
    assert set(weights.gradient_tree[0]) == {"weight", "bias"}
    assert np.shares_memory(weights.gradient_tree[0]["bias"], weights.gradient)
    assert not np.shares_memory(weights.gradient, weights.vector)


def test_initial_is_determined_by_the_generator(layout):
    first, again, other = (layout.initial(np.random.default_rng(seed), np.float64) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.vector, again.vector)
    assert not np.array_equal(first.vector, other.vector)


def test_initial_fills_buffers_and_runs_initializers(layout):
    start = layout.initial(np.random.default_rng(0), np.float64)
    tree = layout.views(*start)
    np.testing.assert_array_equal(tree[1]["mean"], np.zeros(3))
    assert tree[1]["count"] == 2.0
    assert tree[1]["inner"][0]["scale"] == 1.0
    np.testing.assert_array_equal(tree[0]["weight"], glorot_uniform(np.random.default_rng(0), (2, 3)))


def test_initial_in_float32_is_the_rounded_float64(layout):
    double, single = (layout.initial(np.random.default_rng(0), dtype) for dtype in (np.float64, np.float32))
    assert single.vector.dtype == single.buffers.dtype == np.float32
    np.testing.assert_array_equal(single.vector, double.vector.astype(np.float32))


def test_what_is_penalized_does_not_change_what_is_drawn():
    trees = []
    for penalized in (False, True):
        layout = Layout(declared(penalized))
        trees.append(layout.views(*layout.initial(np.random.default_rng(3), np.float64)))
    np.testing.assert_array_equal(trees[0][0]["bias"], trees[1][0]["bias"])
    np.testing.assert_array_equal(trees[0][1]["inner"][0]["kernel"], trees[1][1]["inner"][0]["kernel"])


def test_a_snapshot_stays_and_restoring_reaches_the_views(weights):
    before = weights.snapshot()
    bias, mean = weights.tree[0]["bias"].copy(), weights.tree[1]["mean"].copy()
    weights.vector += 1.0
    weights.tree[1]["mean"] += 5.0
    np.testing.assert_array_equal(before.vector, weights.vector - 1.0)
    weights.restore(before)
    np.testing.assert_array_equal(weights.tree[0]["bias"], bias)
    np.testing.assert_array_equal(weights.tree[1]["mean"], mean)
    weights.vector += 1.0
    assert not np.array_equal(before.vector, weights.vector)


def test_a_layer_without_parameters_has_empty_vectors():
    layout = Layout(({}, {}))
    start = layout.initial(np.random.default_rng(0), np.float32)
    assert (start.vector.size, start.buffers.size, layout.names) == (0, 0, [])
    assert layout.views(*start) == ({}, {})


def test_a_buffer_may_start_as_an_array_and_is_no_parameter():
    filters = np.arange(6.0).reshape(2, 3)
    layout = Layout({"filters": Buffer((2, 3), lambda: filters), "weight": Parameter((2,))})
    start = layout.initial(np.random.default_rng(0), np.float32)
    np.testing.assert_array_equal(layout.views(*start)["filters"], filters)
    assert layout.names == ["weight"]
    assert "filters" not in layout.views(start.vector)


def test_only_parameters_with_a_limit_are_put_back_to_it():
    layout = Layout({"free": Parameter((2,)), "kept": Parameter((3,), penalized=False, limit=0.5)})
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float32))
    weights.vector[:] = [2, -2, 2, -2, 0.25]
    weights.keep_limits()
    np.testing.assert_array_equal(weights.vector, [2, -2, 0.5, -0.5, 0.25])
