"""Networks of folds: how rows are divided, what each network is trained on, and the model that they become."""

import copy
import pickle

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GroupKFold

from skneural import TabularMLPClassifier, TabularMLPRegressor
from skneural.estimators.tabular.estimator import FOLDS_BELOW
from skneural.estimators.tabular.folds import dealt, folds, numbers_of_equal
from skneural.tasks import FitArguments
from skneural.template.problem import pose
from skneural.template.validation import FOLDS

BRIEF = {"hidden_layer_sizes": (16,), "max_iter": 8, "random_state": 0}
X, CLASSES = load_iris(return_X_y=True)
X += 1e-3 * np.random.default_rng(0).standard_normal(X.shape)  # no flowers are equal
PATIENTS, PROGRESS = (part[:150] for part in load_diabetes(return_X_y=True))
RARE = np.where(np.arange(150) % 30 == 0, "rare", "frequent")  # five rows


def classifier(**parameters):
    return TabularMLPClassifier(**BRIEF | parameters)


def regressor(**parameters):
    return TabularMLPRegressor(**BRIEF | parameters)


def posed(model, X, y, **arguments):
    settings = model._settings(one_pass=False)
    validation = FitArguments(arguments.pop("X_val", None), arguments.pop("y_val", None))
    return pose(model._specification(), settings, FitArguments(X, y, **arguments), validation), settings


def folds_of(model, X, y, **arguments):
    return folds(*posed(model, X, y, **arguments))


@pytest.fixture(scope="module")
def model():
    return classifier().fit(X, CLASSES)


# Division of the rows


@pytest.mark.parametrize("n_cv", [2, 5])
@pytest.mark.parametrize(("make", "y"), [(classifier, CLASSES), (regressor, PROGRESS)])
def test_folds_are_a_partition_into_equal_parts(make, y, n_cv):
    parts = folds_of(make(n_cv=n_cv), X, y)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(150))
    assert {len(part) for part in parts} == {150 // n_cv}


def test_rare_classes_are_spread_over_the_folds():
    for seed in range(5):
        parts = folds_of(classifier(random_state=seed), X, RARE)
        assert [np.sum(RARE[part] == "rare") for part in parts] == [1] * FOLDS


def test_groups_are_in_one_fold_and_classes_in_all():
    groups = np.random.default_rng(0).integers(0, 30, 150)
    for make, y in ((classifier, CLASSES), (regressor, PROGRESS)):
        parts = folds_of(make(), X, y, groups=np.array([f"person {group}" for group in groups]))
        assert len(parts) == FOLDS
        members = [set(groups[part]) for part in parts]
        assert sum(map(len, members)) == len(set().union(*members)) == len(set(groups))
        if make is classifier:
            assert all(set(CLASSES[part]) == {0, 1, 2} for part in parts)
    assert len(folds_of(classifier(), X, CLASSES, groups=groups % 3)) == 3


def test_one_group_cannot_be_divided():
    with pytest.raises(ValueError, match="All samples are of the group 7"):
        classifier().fit(X, CLASSES, groups=np.full(150, 7))
    with pytest.raises(ValueError, match=r"groups has the shape \(3,\)"):
        classifier().fit(X, CLASSES, groups=[0, 1, 2])


def test_groups_are_held_out_together_from_one_network():
    groups = np.arange(150) // 10
    problem, _ = posed(classifier(early_stopping=True), X, CLASSES, groups=groups)
    held_out = set(groups[problem.held_out.rows])
    assert 0 < len(held_out) < 4
    assert len(problem.held_out.samples) == 10 * len(held_out)


def test_equal_samples_are_in_one_fold_and_order_makes_no_difference():
    twice = np.concatenate([X, X[::-1]])
    y = np.concatenate([CLASSES, CLASSES[::-1]])
    number = np.concatenate([np.arange(150), np.arange(150)[::-1]])
    once = [set(part) for part in folds_of(classifier(), X, CLASSES)]
    assert [set(number[part]) for part in folds_of(classifier(), twice, y)] == once
    order = np.random.default_rng(1).permutation(150)
    assert [set(order[part]) for part in folds_of(classifier(), X[order], CLASSES[order])] == once


def test_rows_are_numbered_by_their_values_and_missing_ones_are_equal():
    table = np.array([[2.0, 1.0], [1.0, np.nan], [2.0, 0.0], [1.0, np.nan], [2.0, 1.0]])
    np.testing.assert_array_equal(numbers_of_equal(table), [2, 0, 1, 0, 2])


def test_samples_are_dealt_out_at_random():
    first, second = (dealt(100, None, 4, seed) for seed in (0, 1))
    assert not np.array_equal(first, second)
    assert np.bincount(first).tolist() == [25] * 4


def test_fewer_samples_than_folds_have_a_fold_each():
    assert [len(part) for part in folds_of(regressor(), X[:3], PROGRESS[:3])] == [1, 1, 1]
    assert regressor().fit(X[:2], [0.0, 1.0]).oof_prediction_.shape == (2,)
    assert regressor().fit(X[:1], [0.0]).oof_prediction_ is None


# One network or several


ONE = [
    {"n_cv": 1},
    {"early_stopping": True},
    {"early_stopping": False},
    {"validation_split": "last"},
    {"validation_split": GroupKFold(3)},
    {"warm_start": True},
    {"shuffle": False},
    {"solver": "lbfgs"},
]


@pytest.mark.parametrize("parameters", ONE, ids=str)
def test_one_network_where_something_else_says_how_it_is_stopped(parameters):
    assert not folds_of(classifier(**parameters), X, CLASSES, groups=np.arange(150) // 3)
    if "n_cv" not in parameters:
        assert len(folds_of(classifier(**parameters, n_cv=3), X, CLASSES)) == 3


def test_one_network_of_many_rows_or_with_validation_data():
    many = np.random.default_rng(0).standard_normal((FOLDS_BELOW, 2))
    assert len(folds_of(regressor(), many[1:], many[1:, 0])) == FOLDS
    problem, settings = posed(regressor(), many, many[:, 0])
    assert not folds(problem, settings)
    assert len(problem.held_out.samples) == FOLDS_BELOW / 10
    assert not folds_of(classifier(), X, CLASSES, X_val=X, y_val=CLASSES)
    with pytest.raises(ValueError, match='Set n_cv to 1 or "auto"'):
        classifier(n_cv=3).fit(X, CLASSES, X_val=X, y_val=CLASSES)


def test_members_are_one_of_each_network_unless_set(model):
    tree = model._parameters()["networks"]
    assert list(tree) == [f"network_{number}" for number in range(1, FOLDS + 1)]
    assert "members" not in tree["network_1"]
    assert classifier(n_cv=1).fit(X, CLASSES)._parameters()["members"]["factor"].shape[0] == 4
    several = classifier(n_members=3, n_cv=2).fit(X, CLASSES)
    assert several._parameters()["networks"]["network_2"]["members"]["factor"].shape[0] == 3


# The model


@pytest.mark.parametrize("n_jobs", [2, 4])
def test_threads_do_not_change_a_bit(n_jobs, model):
    parallel = classifier(n_jobs=n_jobs).fit(X, CLASSES)
    np.testing.assert_array_equal(parallel.weights_, model.weights_)
    np.testing.assert_array_equal(parallel.oof_prediction_, model.oof_prediction_)
    assert parallel.validation_scores_ == model.validation_scores_


@pytest.mark.filterwarnings("ignore:batch_size")
def test_out_of_fold_predictions_are_of_the_network_that_has_not_seen_the_fold():
    model = regressor(batch_size=1000, n_cv=3, shuffle=False, n_members=1).set_params(dropout=0.0, max_iter=30)
    parts = folds_of(model, PATIENTS, PROGRESS)
    model.set_params(normalize_y=False).fit(PATIENTS, PROGRESS / 100)
    assert model.n_iter_ == len(model.loss_curve_) == len(model.validation_scores_)
    for number, fold in enumerate(parts, 1):
        rest = np.setdiff1d(np.arange(150), fold)
        x, y = model._read(PATIENTS[fold]).as_batch()[0], PROGRESS[fold] / 100
        tree = model._parameters()["networks"][f"network_{number}"]
        network = model.network_["networks"][f"network_{number}"]
        np.testing.assert_allclose(network.predict(tree, x)[:, 0], model.oof_prediction_[fold], rtol=1e-6)
        centre = tree["features"]["numbers"]["standardization"]
        median = np.quantile(PATIENTS[rest], 0.5, axis=0, method="inverted_cdf")
        assert any(np.allclose(array, median) for array in centre.values())
        assert r2_score(y, model.oof_prediction_[fold]) < r2_score(PROGRESS / 100, model.predict(PATIENTS))


def test_out_of_fold_predictions_estimate_the_score():
    model = classifier(max_iter=40).fit(X, CLASSES)
    assert model.oof_prediction_.shape == (150, 3)
    np.testing.assert_allclose(model.oof_prediction_.sum(axis=1), 1, rtol=1e-5)
    assert 0.9 < accuracy_score(CLASSES, model.oof_prediction_.argmax(axis=1)) < 1
    random = classifier(max_iter=40).fit(X, np.random.default_rng(0).permutation(CLASSES))
    assert np.mean(random.oof_prediction_.argmax(axis=1) == CLASSES) < 0.5
    two = regressor().fit(X[:, :2], X[:, 2:])
    assert two.oof_prediction_.shape == (150, 2)
    assert regressor(n_cv=1).fit(X, PROGRESS).oof_prediction_ is None


@pytest.mark.filterwarnings("ignore:batch_size")
def test_samples_without_weight_have_no_prediction_and_weights_are_repetitions():
    weight = np.arange(150) % 3
    parameters = {"batch_size": 1000, "dropout": 0.0, "n_jobs": 1, "max_iter": 4}
    weighted = regressor(**parameters).fit(X, PROGRESS, weight)
    repeated = regressor(**parameters).fit(np.repeat(X, weight, axis=0), np.repeat(PROGRESS, weight))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(weighted.oof_prediction_), weight == 0)
    expected = np.repeat(weighted.oof_prediction_, weight)
    np.testing.assert_allclose(repeated.oof_prediction_, expected, rtol=1e-6)


def test_a_class_of_one_sample_is_learned_by_the_networks_that_see_it():
    y = CLASSES.copy()
    y[0] = 3
    model = classifier().fit(X, y)
    assert model.predict_proba(X).shape == (150, 4)
    assert np.isfinite(model.predict_log_proba(X)).all()


@pytest.mark.parametrize("make", [classifier, regressor])
def test_predictions_are_means_over_networks(make):
    model = make().fit(X, CLASSES)
    x, tree = model._read(X).as_batch()[0], model._parameters()["networks"]
    predicted = "probabilities" if make is classifier else "decode"
    each = [getattr(model._task, predicted)(model.network_["networks"][name].predict(tree[name], x)) for name in tree]
    whole = model.predict_proba(X) if make is classifier else model.predict(X)[:, np.newaxis]
    np.testing.assert_allclose(whole, np.mean(each, axis=0), rtol=1e-5)


def through_skops(model):
    return skops.io.loads(skops.io.dumps(model), trusted=[f"{type(model).__module__}.{type(model).__qualname__}"])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model)), through_skops])
def test_copies_predict_the_same(copied, model):
    np.testing.assert_array_equal(copied(model).predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()


def test_training_continues_of_all_networks():
    model = regressor(learning_rate="constant").fit(X, PROGRESS)
    before = model._parameters()["networks"]["network_3"]["output"]["weight"].copy()
    predicted = model.predict(X)
    model.set_params(learning_rate_init=1e-9).partial_fit(X, 2 * PROGRESS)  # in other units
    np.testing.assert_allclose(model.predict(X), predicted, rtol=1e-3)
    model.set_params(learning_rate_init=0.005)
    for _ in range(30):
        model.partial_fit(X, 2 * PROGRESS)
    assert not np.allclose(model._parameters()["networks"]["network_3"]["output"]["weight"], before)
    assert model.oof_prediction_ is None
    assert abs(model.predict(X).mean() / (2 * PROGRESS).mean() - 1) < 0.1
    first = regressor().partial_fit(X, PROGRESS)
    assert "networks" not in first._parameters()


def test_lines_name_the_network(capsys):
    classifier(verbose=4, n_cv=2, n_jobs=1).fit(X, CLASSES)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"Network {number}: Epoch {epoch} of 8" for number in (1, 2) for epoch in (4, 8)
    ]


class Watcher:
    """Callback that keeps the score of each epoch's model, and stops after some epochs."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs
        self.scores = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
        if context.task_name != "epoch":
            return False
        assert "networks" not in fitted_estimator._parameters()  # the model of one network
        self.scores.append(fitted_estimator.score(X, y))
        return len(self.scores) >= self.n_epochs


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_callbacks_see_the_epochs_of_each_network_and_stop_all(n_jobs):
    watcher = Watcher(1000)
    model = classifier(n_cv=3, n_jobs=n_jobs).set_callbacks(watcher).fit(X, CLASSES)
    assert len(watcher.scores) == 3 * model.n_iter_ == 24
    np.testing.assert_array_equal(model.weights_, classifier(n_cv=3).fit(X, CLASSES).weights_)
    stopped = classifier(n_cv=3, n_jobs=n_jobs).set_callbacks(Watcher(2)).fit(X, CLASSES)
    assert stopped.n_iter_ <= 3
    assert len(stopped._parameters().get("networks", [0])) < 3
    assert stopped.predict(X).shape == (150,)
    np.testing.assert_array_equal(np.isnan(stopped.oof_prediction_).any(axis=1).any(), True)


def test_scorers_score_each_fold():
    model = classifier(scoring="accuracy", max_iter=20).fit(X, CLASSES)
    assert 0.8 < model.best_validation_score_ <= 1


def test_patience_is_that_of_folds_unless_set():
    noise = np.random.default_rng(0).standard_normal(150)
    fitted = {
        value: regressor(max_iter=60, n_iter_no_change=value).fit(X, noise).n_iter_ for value in ("auto", 2, np.inf)
    }
    assert fitted[2] < fitted["auto"] < fitted[np.inf] == 60
