"""Kolmogorov-Arnold networks, beyond the common contract."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import KANClassifier, KANRegressor
from skneural.networks.kan import edges_of

EXACT = {"solver": "lbfgs", "alpha": 0, "tol": 1e-12}


def wave(X):
    return np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)


def square(n=1000, seed=0):
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, wave(X)


@pytest.fixture(scope="module")
def sparse_model():
    """Five hidden units, of which the penalty leaves one."""
    X, y = square()
    return KANRegressor(sparsity=0.003, max_iter=200, random_state=1, **EXACT).fit(X, y)


def error(model, seed=1):
    X, y = square(seed=seed)
    return np.sqrt(np.mean((model.predict(X) - y) ** 2))


# Accuracy


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.slow
def test_finer_grids_learn_more_digits(seed):
    X, y = square(1000)
    model = KANRegressor(hidden_layer_sizes=(1,), max_iter=400, random_state=seed, **EXACT).fit(X, y)
    errors = [error(model)]
    for grid_size in (10, 20):
        model = model.refine(grid_size).set_params(warm_start=True, max_iter=600).fit(X, y)
        errors.append(error(model))
    assert errors[0] < 7e-3
    assert errors[1] < 4e-4
    assert errors[2] < 3e-5


def test_refinement_during_fit_is_refining_and_going_on():
    X, y = square(500)
    options = {"hidden_layer_sizes": (2,), "max_iter": 20, "random_state": 0, **EXACT}
    at_once = KANRegressor(grid_refinement=(8, 15), **options).fit(X, y)
    by_hand = KANRegressor(**options).fit(X, y)
    for grid_size in (8, 15):
        by_hand = by_hand.refine(grid_size).set_params(warm_start=True).fit(X, y)
    np.testing.assert_allclose(at_once.predict(X), by_hand.predict(X), rtol=1e-9)
    assert at_once.n_iter_ == len(at_once.loss_curve_) == len(by_hand.loss_curve_)
    assert at_once.network_arguments_["grid_size"] == 15
    assert at_once.grid_size == 5


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_classes(solver):
    X, y = load_iris(return_X_y=True)
    model = KANClassifier(hidden_layer_sizes=(3,), solver=solver, learning_rate_init=0.02, alpha=0.1, random_state=0)
    assert cross_val_score(model, X, y).mean() > 0.93


@pytest.mark.slow
def test_not_far_behind_logistic_regression():
    X, y = load_breast_cancer(return_X_y=True)
    linear = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression()), X, y).mean()
    model = KANClassifier(hidden_layer_sizes=(), alpha=1.0, learning_rate_init=0.01, random_state=0)
    assert cross_val_score(model, X, y).mean() > linear - 0.01


def test_units_of_features_do_not_matter():
    X, y = square(300)
    model = KANRegressor(hidden_layer_sizes=(1,), max_iter=30, random_state=0, solver="lbfgs")
    scaled = X * [1e-3, 1e6] + [5, -1e6]
    found = clone(model).fit(scaled, y).predict(scaled)
    np.testing.assert_allclose(found, model.fit(X, y).predict(X), rtol=1e-4)


# Refining


@pytest.mark.parametrize("grid_size", [5, 7, 10, 33])
def test_refining_predicts_the_same(grid_size, sparse_model):
    X = np.random.default_rng(2).uniform(-2, 2, (500, 2))
    finer = sparse_model.refine(grid_size)
    np.testing.assert_allclose(finer.predict(X), sparse_model.predict(X), atol=1e-8)
    assert (finer.grid_size, sparse_model.grid_size) == (grid_size, 5)


def test_grids_do_not_become_coarser(sparse_model):
    with pytest.raises(ValueError, match="Grids of 5 pieces cannot become grids of 4"):
        sparse_model.refine(4)


# Pruning


def test_pruning_leaves_what_matters(sparse_model):
    before = sparse_model.predict(square()[0])
    pruned = sparse_model.prune()
    assert pruned.hidden_layer_sizes == (1,)
    assert error(pruned) < error(sparse_model) + 0.02
    np.testing.assert_array_equal(sparse_model.predict(square()[0]), before)
    assert clone(pruned).hidden_layer_sizes == (1,)


@pytest.mark.parametrize("threshold", [0, 0.01, 0.1, 0.3])
def test_a_pruned_network_is_the_network_with_those_edges_at_zero(sparse_model, threshold):
    """Once each edge varies around zero, for which constants move within their unit: that changes no prediction."""
    X = square()[0]
    zeroed = clone(sparse_model).fit(*square())
    before = zeroed.predict(X)
    layers = edges_of(zeroed.network_, zeroed._parameters())
    for (layer, p), points in zip(layers, zeroed._edge_statistics["quantiles"], strict=True):
        layer.centre(p, points)
    np.testing.assert_allclose(zeroed.predict(X), before, rtol=1e-10)
    for (_, p), own in zip(layers, _kept(sparse_model, threshold), strict=True):
        p["present"][...] = own
    np.testing.assert_allclose(sparse_model.prune(threshold).predict(X), zeroed.predict(X), rtol=1e-9, atol=1e-12)


def _kept(model, threshold):
    """Edges at or above the threshold, and those on the best path, that lead from an input to an output."""
    first, second = (own >= threshold for own in model.edge_importances_)
    best = model.edge_importances_[1][:, 0].argmax()
    second[best, 0] = True
    first[model.edge_importances_[0][:, best].argmax(), best] = True
    alive = first.any(axis=0) & second.any(axis=1)
    return first * alive, second * alive[:, np.newaxis]


def test_the_last_path_stays(sparse_model):
    pruned = sparse_model.prune(1e9)
    assert [own.shape for own in pruned.edge_importances_] == [(2, 1), (1, 1)]
    assert np.isfinite(pruned.predict(square()[0])).all()
    assert np.count_nonzero(pruned.edge_importances_[0]) == 1


def test_what_is_pruned_stays_pruned():
    X, y = load_iris(return_X_y=True)
    model = KANClassifier(hidden_layer_sizes=(4, 3), solver="lbfgs", max_iter=30, random_state=0).fit(X, y)
    once = model.prune(0.1)
    again = once.prune(0.0)  # which keeps all there is
    assert any((importances == 0).any() for importances in once.edge_importances_)  # between units that stay
    for first, second in zip(once.edge_importances_, again.edge_importances_, strict=True):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(again.predict_proba(X), once.predict_proba(X), rtol=1e-6)


def test_training_goes_on_after_pruning_and_refining(sparse_model):
    X, y = square()
    model = sparse_model.prune().set_params(sparsity=0.0, warm_start=True)
    present = model._parameters()["edges_1"]["present"].copy()
    model.fit(X, y)
    assert error(model) < 8e-3
    model = model.refine(10).set_params(max_iter=400).fit(X, y)
    assert error(model) < 6e-4
    np.testing.assert_array_equal(model._parameters()["edges_1"]["present"], present)


def test_pruning_several_outputs_and_layers():
    X, y = load_iris(return_X_y=True)
    model = KANClassifier(hidden_layer_sizes=(4, 3), solver="lbfgs", max_iter=30, random_state=0).fit(X, y)
    pruned = model.prune(0.1)
    assert len(pruned.edge_importances_) == 3
    for before, after in zip(pruned.edge_importances_[:-1], pruned.edge_importances_[1:], strict=True):
        assert before.shape[1] == after.shape[0]
        assert before.any(axis=0).all()
        assert after.any(axis=1).all()
    assert pruned.predict(X).shape == y.shape


# Importances


def test_a_feature_that_does_nothing_has_no_importance():
    X = np.random.default_rng(0).uniform(-1, 1, (500, 3))
    y = X[:, 0] ** 2 + 0.3 * X[:, 1]
    model = KANRegressor(hidden_layer_sizes=(2,), max_iter=200, random_state=0, **EXACT).fit(X, y)
    importances = model.feature_importances_
    assert importances.sum() == pytest.approx(1)
    assert importances[0] > 0.4
    assert importances[1] > 0.2
    assert importances[2] < 0.02


def test_importances_are_those_of_the_weighted_samples():
    """The second feature does not vary among the samples that have nearly all of the weight."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (400, 2))
    X[:200, 1] *= 1e-3
    weight = np.repeat([1.0, 1e-3], 200)
    model = KANRegressor(hidden_layer_sizes=(), max_iter=50, random_state=0, **EXACT).fit(
        X, X.sum(axis=1), sample_weight=weight
    )
    curves = [model.edge_curve(0, i, 0) for i in range(2)]
    values = np.column_stack([np.interp(X[:, i], *curve) for i, curve in enumerate(curves)])
    means = np.average(values, axis=0, weights=weight)
    deviations = np.sqrt(np.average((values - means) ** 2, axis=0, weights=weight))
    importances = model.edge_importances_[0][:, 0]
    np.testing.assert_allclose(importances[1] / importances[0], deviations[1] / deviations[0], rtol=0.05)


def test_constants_of_formulas_are_fitted_to_the_weighted_samples():
    X = np.repeat(np.linspace(-1, 1, 150), 2)[:, np.newaxis]
    y, weight = X[:, 0] + np.tile([0.0, 10.0], 150), np.tile([9.0, 1.0], 150)
    model = KANRegressor(hidden_layer_sizes=(), max_iter=50, random_state=0, **EXACT).fit(X, y, weight)
    np.testing.assert_allclose(model.to_formula().predict(X), X[:, 0] + 1, atol=0.1)


def test_what_is_predicted_changes_nothing(sparse_model):
    before = [own.copy() for own in sparse_model.edge_importances_]
    curve = sparse_model.edge_curve(0, 1, 0)
    sparse_model.predict(1e3 * np.random.default_rng(0).standard_normal((10, 2)))
    for own, then in zip(sparse_model.edge_importances_, before, strict=True):
        np.testing.assert_array_equal(own, then)
    np.testing.assert_array_equal(sparse_model.edge_curve(0, 1, 0), curve)


def test_curves_of_edges_add_up_to_the_prediction():
    X = np.random.default_rng(0).uniform(3, 7, (400, 2))
    y = np.log(X[:, 0]) + X[:, 1]
    model = KANRegressor(hidden_layer_sizes=(), normalize_y=False, random_state=0, **EXACT).fit(X, y)
    curves = [model.edge_curve(0, i, 0) for i in range(2)]
    bias = model._parameters()["bias"]["bias"]
    total = sum(np.interp(X[:, i], *curves[i]) for i in range(2)) + bias
    np.testing.assert_allclose(total, model.predict(X), atol=1e-3)
    with pytest.raises(ValueError, match=r"There is no edge \(1, 0, 0\)"):
        model.edge_curve(1, 0, 0)


# Formulas


def found_again(model, X, y):
    """Sparse, pruned, refined."""
    pruned = model.fit(X, y).prune().set_params(sparsity=0.0, warm_start=True).fit(X, y)
    return pruned.refine(10).set_params(max_iter=400).fit(X, y)


def test_a_formula_is_found_again():
    X, y = square()
    model = found_again(KANRegressor(sparsity=0.003, max_iter=200, random_state=0, **EXACT), X, y)
    assert model.hidden_layer_sizes == (1,)
    assert [model.suggest_symbolic(*edge)[0].name for edge in ((0, 0, 0), (0, 1, 0), (1, 0, 0))] == [
        "sin",
        "x^2",
        "exp",
    ]
    formula = model.to_formula()
    assert str(formula) == "exp(sin(pi*x0) + x1^2)"
    X_test, y_test = square(seed=1)
    assert np.sqrt(np.mean((formula.predict(X_test) - y_test) ** 2)) < 1e-8


@pytest.mark.filterwarnings("ignore:lbfgs ended:sklearn.exceptions.ConvergenceWarning")  # on some processors
def test_an_expression_with_names():
    sympy = pytest.importorskip("sympy")
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.random.default_rng(0).uniform(0.5, 2, (400, 2)), columns=["mass", "speed"])
    y = 3 * np.log(X["mass"]) + 0.5 * X["speed"] ** 2
    model = KANRegressor(hidden_layer_sizes=(), random_state=0, **EXACT).fit(X, y)
    mass, speed, a, b = sympy.symbols("mass speed a b", real=True)
    assert sympy.simplify(model.symbolic_formula() - (3 * sympy.log(mass) + speed**2 / 2)) == 0
    assert model.symbolic_formula(["a", "b"]).free_symbols == {a, b}


def test_a_curve_that_nothing_fits_is_kept():
    X = np.random.default_rng(0).uniform(-3, 3, (600, 1))
    y = np.abs(np.sin(X[:, 0] ** 2)) + 0.3 * np.sign(X[:, 0])
    model = KANRegressor(hidden_layer_sizes=(), grid_size=40, random_state=0, **EXACT).fit(X, y)
    formula = model.to_formula(threshold=0.999)
    assert "spline" in str(formula)
    assert r2_score(model.predict(X), formula.predict(X)) > 0.99


def test_formulas_of_classifiers_are_those_of_raw_scores():
    X, _ = square(400)
    y = X[:, 0] + X[:, 1] ** 2 > 0.3
    model = KANClassifier(hidden_layer_sizes=(), solver="lbfgs", random_state=0).fit(X, y)
    scores = model.to_formula(threshold=0.9).predict(X)
    assert np.mean((scores > 0) == y) > 0.97


def test_formulas_of_counts_are_those_of_their_logarithm():
    X = np.random.default_rng(0).uniform(-1, 1, (400, 1))
    model = KANRegressor(hidden_layer_sizes=(), loss="poisson", random_state=0, **EXACT).fit(
        X, np.exp(1 + X[:, 0] ** 2)
    )
    np.testing.assert_allclose(np.exp(model.to_formula().predict(X)), model.predict(X), rtol=1e-2)


def test_large_networks_and_unfitted_ones_give_no_formula():
    X, y = square(100)
    model = KANRegressor(hidden_layer_sizes=(30,), max_iter=2, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match=r"A formula of 90 functions .* prune"):
        model.to_formula()
    for method in ("to_formula", "symbolic_formula", "plot", "prune"):
        with pytest.raises(NotFittedError):
            getattr(KANRegressor(), method)()


# Awkward data


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_constant_and_few_valued_features(solver):
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(200), rng.integers(0, 2, 200), rng.integers(0, 3, 200) * 1e6, rng.normal(size=200)])
    y = X[:, 1] + X[:, 3]
    model = KANRegressor(hidden_layer_sizes=(3,), grid_size=20, solver=solver, max_iter=50, random_state=0).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.prune().refine(30).predict(X)).all()
    assert np.isfinite(model.feature_importances_).all()


def test_far_out_of_range_predictions_go_on_straight():
    X, y = square(300)
    model = KANRegressor(hidden_layer_sizes=(2,), max_iter=50, random_state=0, solver="lbfgs").fit(X, y)
    assert np.isfinite(model.predict(1e12 * X)).all()


def test_grids_finer_than_the_data():
    X, y = square(20)
    model = KANRegressor(grid_size=100, solver="lbfgs", max_iter=20, random_state=0).fit(X, y)
    assert np.isfinite(model.predict(square()[0])).all()


def test_a_range_of_ones_own():
    X, y = square(300)
    model = KANRegressor(grid_range=(-2, 2), solver="lbfgs", max_iter=20, random_state=0).fit(X, y)
    grid = model._parameters()["edges_1"]["grid"]
    np.testing.assert_allclose(grid, np.tile(np.linspace(-1, 1, 6), (2, 1)))
    np.testing.assert_allclose(model._parameters()["standardization"]["scale"], 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spline_order": 0}, "spline_order must be int >= 1"),
        ({"grid_size": 0}, "grid_size must be int >= 1"),
        ({"grid_range": (1, 1)}, "grid_range must be"),
        ({"grid_refinement": 10}, "grid_refinement must be"),
        ({"grid_refinement": (3,)}, "Grids of 5 pieces cannot become grids of 3"),
        ({"sparsity": -1}, "sparsity must be"),
    ],
)
def test_mistakes_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        KANRegressor(max_iter=2, **options).fit(*square(30))


# Pictures


@pytest.mark.parametrize("sizes", [(), (5,), (8, 3)])
def test_drawing(sizes):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    X, y = load_iris(return_X_y=True)
    model = KANClassifier(hidden_layer_sizes=sizes, max_iter=2, random_state=0).fit(X, y)
    ax = model.plot()
    n_edges = sum(own.size for own in model.edge_importances_)
    assert len(ax.patches) == n_edges
    assert {text.get_text() for text in ax.texts} == {"x0", "x1", "x2", "x3", "0", "1", "2"}
    _, own_axes = pyplot.subplots()
    assert model.prune(0.5).plot(own_axes) is own_axes
    assert len(own_axes.patches) < n_edges
    pyplot.close("all")
