"""Changes of fitted Kolmogorov-Arnold networks, and several starts."""

import pickle
import signal
import sys

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import load_iris

from skneural import KANClassifier, KANRegressor
from skneural.data import Rows, Samples, Targets
from skneural.estimators.kan import stages
from skneural.estimators.kan.editing import KANModel
from skneural.estimators.kan.stages import train_stages
from skneural.inspection import KANEdgeDisplay
from skneural.layers import SplineEdges
from skneural.layers.layer import Context
from skneural.layers.traversal import adapt_network
from skneural.networks.kan import kan_network
from skneural.parameters import Layout
from skneural.template.problem import Network
from skneural.training.interrupts import Interrupts
from tests.networks.cases import KANS
from tests.networks.defaults import completed

EXACT = {"solver": "lbfgs", "alpha": 0, "tol": 1e-12}


def square(n=1000, seed=0):
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def error(model):
    X, y = square(seed=1)
    return np.sqrt(np.mean((model.predict(X) - y) ** 2))


@pytest.fixture(scope="module")
def smooth():
    return KANRegressor(hidden_layer_sizes=(1,), max_iter=60, random_state=0, **EXACT).fit(*square())


@pytest.fixture(scope="module")
def named(smooth):
    return smooth.fix_symbolic(0, 0, 0, "sin").fix_symbolic(0, 1, 0, "x^2").fix_symbolic(1, 0, 0, "exp")


# Grids that change between fits


@pytest.mark.parametrize("options", KANS.values(), ids=KANS)
@pytest.mark.parametrize("factor", [1, 1.4, 2, 5])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])
def test_refining_leaves_the_function(options, factor, dtype, tolerance):
    arguments = completed(kan_network, {"n_in": 3, "n_out": 2, "grid_size": 5, **options})
    network = Network.build(kan_network, arguments)
    model = KANModel(network, network.layout.initial(np.random.default_rng(0), dtype))
    x = np.random.default_rng(0).standard_normal((12, 3)).astype(dtype)
    adapt_network(network.layer, model.tree, Samples(Rows(x), Targets(x[:, 0])))
    finer = model.refined(int(np.ceil(factor * arguments["grid_size"])))
    assert finer.weights.vector.dtype == dtype
    everywhere = np.random.default_rng(3).uniform(-6, 6, (200, 3)).astype(dtype)
    expected = network.layer.predict(model.tree, everywhere)
    refined = finer.network.layer.predict(finer.tree, everywhere)
    np.testing.assert_allclose(refined, expected, atol=tolerance * max(1, np.abs(expected).max()))


def test_a_new_grid_size_is_that_of_refine():
    X, y = square(300)
    model = KANRegressor(hidden_layer_sizes=(1,), max_iter=10, warm_start=True, random_state=0, **EXACT).fit(X, y)
    refined = model.refine(9).fit(X, y)
    model.set_params(grid_size=9).fit(X, y)
    assert model.network_arguments_["grid_size"] == 9
    np.testing.assert_array_equal(model.predict(X), refined.predict(X))
    with pytest.raises(ValueError, match="Grids of 9 pieces cannot become grids of 4"):
        model.set_params(grid_size=4).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), refined.predict(X))


def test_grids_that_were_refined_in_fit_stay_unless_another_size_is_asked_for():
    X, y = square(300)
    options = {"hidden_layer_sizes": (), "max_iter": 5, "random_state": 0}
    model = KANRegressor(grid_refinement=(8,), warm_start=True, **options, **EXACT).fit(X, y)
    assert pickle.loads(pickle.dumps(model)).fit(X, y).network_arguments_["grid_size"] == 8
    with pytest.raises(ValueError, match="Grids of 8 pieces cannot become grids of 6"):
        clone(model).fit(X, y).set_params(grid_size=6).fit(X, y)
    assert model.set_params(grid_size=12).fit(X, y).network_arguments_["grid_size"] == 12


def test_passes_take_a_new_grid_size_too():
    X, y = square(50)
    model = KANRegressor(hidden_layer_sizes=(), random_state=0).partial_fit(X, y).set_params(grid_size=7)
    assert model.partial_fit(X, y).network_arguments_["grid_size"] == 7


# Several starts


@pytest.mark.slow
def test_several_starts_reach_what_single_ones_do_not():
    options = {"hidden_layer_sizes": (2, 1), "grid_refinement": (10,), "max_iter": 200, "random_state": 3}
    single = KANRegressor(**options, **EXACT).fit(*square())
    several = KANRegressor(n_init=4, **options, **EXACT).fit(*square())
    assert error(single) > 0.04
    assert error(several) < 1e-3
    assert several.n_init == 4


STARTS = {
    "training loss": KANRegressor(hidden_layer_sizes=(2,), n_init=3, max_iter=8, random_state=1, **EXACT),
    "held out": KANRegressor(hidden_layer_sizes=(2,), n_init=3, max_iter=8, early_stopping=True, random_state=1),
    "refined": KANRegressor(
        hidden_layer_sizes=(2,), n_init=3, grid_refinement=(8,), max_iter=4, random_state=1, solver="lbfgs"
    ),
}


@pytest.mark.parametrize("error", [BlockingIOError("Resource temporarily unavailable"), RuntimeError("no threads")])
def test_starts_follow_each_other_where_no_process_can_be_started(error, monkeypatch):
    def refuse(n_jobs):
        raise error

    X, y = square(50)
    model = clone(STARTS["training loss"]).set_params(max_iter=2)
    expected = clone(model).fit(X, y)
    monkeypatch.setattr(stages, "Parallel", refuse)
    np.testing.assert_array_equal(model.set_params(n_jobs=2).fit(X, y).weights_, expected.weights_)


@pytest.mark.parametrize("name", STARTS)
def test_the_best_is_kept_and_the_first_is_that_of_one_start(name, monkeypatch):
    X, y = square(200)
    model, results = clone(STARTS[name]), []

    def noting(*arguments):
        results.append(train_stages(*arguments))
        return results[-1]

    monkeypatch.setattr(stages, "train_stages", noting)
    model.fit(X, y)
    assert len(results) == 3
    monkeypatch.undo()
    single = clone(model).set_params(n_init=1).fit(X, y)
    np.testing.assert_array_equal(results[0].trained.weights.vector, single.weights_)
    histories = [result.trained.history for result in results]
    scores = [max(history.scores) if name == "held out" else -min(history.losses) for history in histories]
    assert len(set(scores)) == 3
    best = int(np.argmax(scores))
    np.testing.assert_array_equal(model.weights_, results[best].trained.weights.vector)
    assert (model.get_params(), model._seed) == (STARTS[name].get_params(), single._seed)
    model.set_params(warm_start=True).fit(X, y)  # goes on from the best alone
    assert name == "held out" or model.loss_ <= max(-scores[best], model.loss_curve_[0])


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("name", STARTS)
def test_starts_at_the_same_time_give_the_same_model(name, backend):
    X, y = square(200)
    alone = clone(STARTS[name]).fit(X, y)
    with parallel_config(backend=backend):
        together = clone(STARTS[name]).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(together.predict(X), alone.predict(X))
    assert (together.n_jobs, together.loss_curve_) == (2, alone.loss_curve_)
    again = pickle.loads(pickle.dumps(together))
    np.testing.assert_array_equal(again.predict(X), alone.predict(X))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_callbacks_see_the_epochs_of_all_starts(n_jobs):
    from sklearn.callback import ScoringMonitor

    pytest.importorskip("pandas")
    X, y = square(60)
    monitor = ScoringMonitor(scoring="r2")
    model = clone(STARTS["refined"]).set_params(n_jobs=n_jobs).set_callbacks(monitor).fit(X, y)
    scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 3 * model.n_iter_ == 3 * 2 * 4
    assert max(scores) == pytest.approx(model.score(X, y), rel=1e-6)


def test_an_interrupt_ends_all_starts_and_the_best_of_those_begun_is_kept(monkeypatch):
    X, y = square(200)
    monkeypatch.setattr(Interrupts, "_latest", -np.inf)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    n_begun = 0

    def interrupted(*arguments):
        nonlocal n_begun
        n_begun += 1
        if n_begun == 3:
            signal.raise_signal(signal.SIGINT)
        return train_stages(*arguments)

    monkeypatch.setattr(stages, "train_stages", interrupted)
    with pytest.warns(UserWarning, match="interrupted in start 3; the best before is kept"):
        model = clone(STARTS["training loss"]).set_params(n_init=9).fit(X, y)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)
    monkeypatch.undo()
    two = clone(STARTS["training loss"]).set_params(n_init=2).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), two.predict(X))


# Edges with names


def test_training_goes_on_with_named_functions_to_the_last_digit(smooth, named):
    before = smooth.predict(square()[0])
    assert error(named) < 0.05
    model = clone(named)
    with pytest.raises(ValueError, match="There is no edge"):
        named.fix_symbolic(0, 2, 0, "sin")
    model = pickle.loads(pickle.dumps(named)).set_params(warm_start=True).fit(*square())
    assert error(model) < 1e-9
    assert str(model.to_formula()) == "exp(sin(pi*x0) + x1^2)"
    np.testing.assert_array_equal(smooth.predict(square()[0]), before)


@pytest.mark.parametrize("edge", [(0, 0, 0), (0, 1, 0), (1, 0, 0)])
def test_other_edges_stay_splines_and_the_named_one_its_function(smooth, edge):
    name = {(0, 0, 0): "sin", (0, 1, 0): "x^2", (1, 0, 0): "tanh"}[edge]
    fixed = smooth.fix_symbolic(*edge, name)
    model = fixed.set_params(warm_start=True, solver="adam", max_iter=3, alpha=0.1).fit(*square())
    for place in ((0, 0, 0), (0, 1, 0), (1, 0, 0)):
        x, y = model.edge_curve(*place)
        (fit,) = model.suggest_symbolic(*place, names=[name])
        assert (np.abs(fit(x) - y).max() < 1e-6 * np.ptp(y)) == (place == edge)
    assert model.to_formula().layers[edge[0]][edge[1]][edge[2]].name == name


def test_named_functions_stay_when_grids_are_refined(named):
    X = np.random.default_rng(3).uniform(-2, 2, (200, 2))
    finer = named.refine(11)
    np.testing.assert_allclose(finer.predict(X), named.predict(X), rtol=1e-12)
    trained = finer.set_params(warm_start=True).fit(*square())
    assert trained.network_arguments_["symbolic_edges"] == ["0 0 0 sin", "0 1 0 x^2", "1 0 0 exp"]
    assert error(trained) < 1e-9


def test_named_functions_stay_when_others_are_pruned():
    X, y = load_iris(return_X_y=True)
    model = KANClassifier(hidden_layer_sizes=(4, 3), solver="lbfgs", max_iter=30, random_state=0).fit(X, y)
    first, second = model.edge_importances_[:2]
    weakest = np.unravel_index(np.where(first > 0, first, np.inf).argmin(), first.shape)
    model = model.fix_symbolic(0, *weakest, "tanh").fix_symbolic(1, *np.unravel_index(second.argmax(), (4, 3)), "x^3")
    pruned = model.prune(0.05)
    names = [edge.split()[3] for edge in pruned.network_arguments_["symbolic_edges"]]
    assert sorted(names) == ["tanh", "x^3"]
    assert sum(np.count_nonzero(own) for own in pruned.edge_importances_) < first.size + second.size + 9
    for edge in pruned.network_arguments_["symbolic_edges"]:
        *place, name = edge.split()
        _, curve = pruned.edge_curve(*map(int, place))
        assert pruned.suggest_symbolic(*map(int, place), names=[name])[0].r2 > 1 - 1e-6
        assert np.ptp(curve) > 0
    again = pruned.prune(0)
    np.testing.assert_allclose(again.predict_proba(X), pruned.predict_proba(X), rtol=1e-5)
    assert again.network_arguments_ == pruned.network_arguments_
    assert pruned.set_params(warm_start=True).fit(X, y).score(X, y) > 0.9


def test_an_edge_may_get_another_function_and_a_new_fit_forgets_all(named):
    other = named.fix_symbolic(0, 0, 0, "tanh")
    assert other.network_arguments_["symbolic_edges"] == ["0 1 0 x^2", "1 0 0 exp", "0 0 0 tanh"]
    X, y = square(100)
    assert clone(other).set_params(max_iter=2).fit(X, y).network_arguments_["symbolic_edges"] == []
    assert other.set_params(max_iter=2).fit(X, y).network_arguments_["symbolic_edges"] == []


def test_what_cannot_be_named(named):
    with pytest.raises(ValueError, match="There is no function"):
        named.fix_symbolic(0, 0, 0, "sine")
    removed = named.prune(0)
    removed._parameters()["edges_1"]["present"][0, 0] = 0
    with pytest.raises(ValueError, match="was removed"):
        removed.fix_symbolic(0, 0, 0, "sin")


def test_the_penalty_leaves_named_functions_out():
    x = np.random.default_rng(0).standard_normal((20, 2))
    penalties = []
    for scale in (1.0, 5.0):
        layer = SplineEdges(2, 1, 4, sparsity=0.1, named=((0, 0, "sin"),))
        layout = Layout(layer.parameters())
        (p := layout.views(*layout.initial(np.random.default_rng(1), np.float64)))["constants"][...] = scale
        layer.forward(p, x, context := Context(np.random.default_rng(0), penalties=[]))
        penalties.append(context.penalties)
    assert penalties[0] == penalties[1]


# Pictures


def test_pictures_without_matplotlib_say_what_to_install(smooth, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    for draw in (smooth.plot, lambda: KANEdgeDisplay.from_estimator(smooth, 0, 0, 0)):
        with pytest.raises(ImportError, match=r"Plots need matplotlib: pip install 'skneural\[plot\]'"):
            draw()
