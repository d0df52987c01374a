import numpy as np
import pytest

from skneural.initializers import glorot_uniform, he_normal, ones
from skneural.parameters import Buffer, Layout, Parameter, Weights


def declared(bias_penalized=False):
    inner = {"kernel": Parameter((4,), glorot_uniform), "scale": Parameter((), ones, penalized=False)}
    return {
        "first": {
            "weight": Parameter((2, 3), glorot_uniform),
            "bias": Parameter((3,), he_normal, penalized=bias_penalized),
        },
        "second": {
            "inner": {"full": inner, "empty": {}},
            "mean": Buffer((3,)),
            "count": Buffer((), fill=2.0),
        },
    }


@pytest.fixture
def layout():
    return Layout(declared())


@pytest.fixture
def weights(layout):
    return Weights(layout, layout.initial(np.random.default_rng(0), np.float64))


def test_sizes_and_names_put_penalized_parameters_first(layout):
    assert layout.names == ["first.weight", "second.inner.full.kernel", "first.bias", "second.inner.full.scale"]
    assert (layout.size, layout.n_penalized, layout.buffer_size) == (14, 10, 4)


def test_the_penalized_slice_holds_exactly_the_penalized_parameters(layout):
    tree = layout.views(np.arange(14.0))
    penalized = np.concatenate([tree["first"]["weight"].ravel(), tree["second"]["inner"]["full"]["kernel"]])
    np.testing.assert_array_equal(np.sort(penalized), np.arange(10.0))


def test_every_element_belongs_to_one_view(layout):
    vector, buffers = np.zeros(14), np.zeros(4)
    tree = layout.views(vector, buffers)
    for view in (
        tree["first"]["weight"],
        tree["first"]["bias"],
        tree["second"]["inner"]["full"]["kernel"],
        tree["second"]["inner"]["full"]["scale"],
    ):
        view += 1
    for view in (tree["second"]["mean"], tree["second"]["count"]):
        view += 1
    np.testing.assert_array_equal(vector, np.ones(14))
    np.testing.assert_array_equal(buffers, np.ones(4))


def test_views_have_the_declared_shapes_and_follow_the_vector(layout):
    vector = np.zeros(14)
    tree = layout.views(vector, np.zeros(4))
    vector[...] = np.arange(14.0)
    np.testing.assert_array_equal(tree["first"]["weight"], np.arange(6.0).reshape(2, 3))
    np.testing.assert_array_equal(tree["first"]["bias"], [10.0, 11.0, 12.0])
    assert tree["second"]["inner"]["full"]["scale"].shape == () == tree["second"]["count"].shape
    assert tree["second"]["inner"]["empty"] == {}


def test_the_gradient_tree_has_no_buffers(weights):
    assert set(weights.tree["second"]) == {"inner", "mean", "count"}
    assert set(weights.gradient_tree["second"]) == {"inner"}
    assert set(weights.gradient_tree["first"]) == {"weight", "bias"}
    assert np.shares_memory(weights.gradient_tree["first"]["bias"], weights.gradient)
    assert not np.shares_memory(weights.gradient, weights.vector)


def test_places_of_neighbours_are_joined(layout):
    assert layout.places(["first.weight", "second.inner.full.kernel"]) == [(0, 10)]
    assert layout.places(["first.weight", "first.bias"]) == [(0, 6), (10, 13)]
    assert layout.places([]) == []


def test_initial_is_determined_by_the_generator(layout):
    first, again, other = (layout.initial(np.random.default_rng(seed), np.float64) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.vector, again.vector)
    assert not np.array_equal(first.vector, other.vector)


def test_initial_fills_buffers_and_runs_initializers(layout):
    start = layout.initial(np.random.default_rng(0), np.float64)
    tree = layout.views(*start)
    np.testing.assert_array_equal(tree["second"]["mean"], np.zeros(3))
    assert tree["second"]["count"] == 2.0
    assert tree["second"]["inner"]["full"]["scale"] == 1.0
    np.testing.assert_array_equal(tree["first"]["weight"], glorot_uniform(np.random.default_rng(0), (2, 3)))


def test_initial_in_float32_is_the_rounded_float64(layout):
    double, single = (layout.initial(np.random.default_rng(0), dtype) for dtype in (np.float64, np.float32))
    assert single.vector.dtype == single.buffers.dtype == np.float32
    np.testing.assert_array_equal(single.vector, double.vector.astype(np.float32))


def test_what_is_penalized_does_not_change_what_is_drawn():
    trees = []
    for penalized in (False, True):
        layout = Layout(declared(penalized))
        trees.append(layout.views(*layout.initial(np.random.default_rng(3), np.float64)))
    np.testing.assert_array_equal(trees[0]["first"]["bias"], trees[1]["first"]["bias"])
    np.testing.assert_array_equal(
        trees[0]["second"]["inner"]["full"]["kernel"], trees[1]["second"]["inner"]["full"]["kernel"]
    )


def test_a_snapshot_stays_and_restoring_reaches_the_views(weights):
    before = weights.snapshot()
    bias, mean = weights.tree["first"]["bias"].copy(), weights.tree["second"]["mean"].copy()
    weights.vector += 1.0
    weights.tree["second"]["mean"] += 5.0
    np.testing.assert_array_equal(before.vector, weights.vector - 1.0)
    weights.restore(before)
    np.testing.assert_array_equal(weights.tree["first"]["bias"], bias)
    np.testing.assert_array_equal(weights.tree["second"]["mean"], mean)
    weights.vector += 1.0
    assert not np.array_equal(before.vector, weights.vector)


def test_a_layer_without_parameters_has_empty_vectors():
    layout = Layout({"first": {}, "second": {}})
    start = layout.initial(np.random.default_rng(0), np.float32)
    assert (start.vector.size, start.buffers.size, layout.names) == (0, 0, [])
    assert layout.views(*start) == {"first": {}, "second": {}}


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


@pytest.fixture
def with_tables(monkeypatch):
    monkeypatch.setattr("skneural.parameters.LEAST_TABLE", 10)
    table = Parameter((5, 2), ones, by_rows=True)
    return Layout({"table": table, "small": Parameter((4, 2), ones, by_rows=True), **declared()})


def test_only_large_parameters_by_rows_are_tables(with_tables, layout):
    assert with_tables.tables == {"table": 5}
    assert layout.tables == {}


def test_pieces_are_the_weights_that_a_batch_uses(with_tables):
    rows = np.array([1, 4])
    pieces, vector = with_tables.pieces({"table": rows}), np.arange(float(with_tables.size))
    assert [(piece.name, piece.part.stop - piece.part.start) for piece in pieces] == [("table", 4), ("", 18), ("", 4)]
    assert [piece.whole.stop <= with_tables.n_penalized for piece in pieces] == [True, True, False]
    assert [piece.part.start for piece in pieces] == [0, 4, 22]
    np.testing.assert_array_equal(pieces[0].of(vector), with_tables.views(vector)["table"][rows])
    np.testing.assert_array_equal(np.concatenate([piece.of(vector) for piece in pieces[1:]]), vector[10:])
    assert np.shares_memory(pieces[1].of(vector), vector)
    pieces[0].put(vector, -np.ones((2, 2)))
    np.testing.assert_array_equal(np.flatnonzero(vector < 0), [2, 3, 8, 9])


def test_gradients_of_pieces_have_rows_instead_of_the_table(with_tables):
    rows, places = {"table": np.array([1, 4])}, {"table": np.zeros(5, int)}
    gradient = np.arange(26.0)
    tree = with_tables.gradient_views(gradient, rows, places)
    np.testing.assert_array_equal(tree["table"].values, [[0, 1], [2, 3]])
    assert tree["table"].places is places["table"]
    whole = with_tables.views(np.concatenate([np.zeros(10), gradient[4:]]))
    np.testing.assert_array_equal(tree["first"]["bias"], whole["first"]["bias"])
    np.testing.assert_array_equal(tree["small"], whole["small"])
