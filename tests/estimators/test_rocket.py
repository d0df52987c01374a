"""Fixed random kernels with a linear model: forms of series, weights, probabilities, many series."""

import copy
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import RocketSequenceClassifier, RocketSequenceRegressor
from skneural.estimators.rocket import kernel_model
from skneural.estimators.rocket.distinct import distinct_series
from skneural.estimators.rocket.evidence import Evidence, FeatureRows
from skneural.ops.fixed_kernels import N_KERNELS
from skneural.testing.estimator_contract import check_estimator_contract

RNG = np.random.default_rng(0)
BRIEF = {"n_kernels": 2 * N_KERNELS, "random_state": 0}


def waves(n=60, seed=0, n_channels=1, unequal=False, n_classes=3):
    """Noisy waves of a frequency for each class, and that frequency."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(n) % n_classes
    frequency = 0.4 + 0.5 * kinds + rng.uniform(-0.15, 0.15, n)
    series = []
    for each in frequency:
        steps = rng.integers(25, 45) if unequal else 40
        phase = rng.uniform(0, 6, n_channels)
        series.append(
            np.sin(each * np.arange(steps)[:, np.newaxis] + phase) + 0.2 * rng.normal(size=(steps, n_channels))
        )
    return series if unequal else np.stack(series), np.array(["slow", "middle", "quick", "wild"])[kinds], frequency


FORMS = {
    "one channel": waves(),
    "rows": (waves()[0][:, :, 0], *waves()[1:]),
    "several channels": waves(n_channels=4),
    "unequal lengths": waves(unequal=True),
    "unequal lengths, several channels": waves(unequal=True, n_channels=3),
    "single precision": (waves()[0].astype(np.float32), *waves()[1:]),
    "two classes": waves(n_classes=2),
}
every_form = pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)


def selected(X, rows):
    return X[rows] if isinstance(X, np.ndarray) else [X[row] for row in rows]


@every_form
def test_classes_and_numbers_of_new_series(data):
    X, labels, frequency = data
    train, test = np.arange(40), np.arange(40, 60)
    classifier = RocketSequenceClassifier(**BRIEF).fit(selected(X, train), labels[train])
    assert classifier.score(selected(X, test), labels[test]) > 0.9
    regressor = RocketSequenceRegressor(**BRIEF).fit(selected(X, train), frequency[train])
    assert regressor.score(selected(X, test), frequency[test]) > 0.9


@every_form
def test_contract(data):
    X, labels, frequency = data
    X = X[:30]
    check_estimator_contract(RocketSequenceClassifier(**BRIEF), X, labels[:30])
    check_estimator_contract(RocketSequenceRegressor(**BRIEF), X, np.stack([frequency, -frequency], axis=1)[:30])


@every_form
def test_a_series_alone_has_the_same_features(data):
    X, labels, _ = data
    model = RocketSequenceClassifier(**BRIEF).fit(X, labels)
    features = model.transform(X)
    assert features.shape == (60, 2 * N_KERNELS)
    for row in (0, 31):
        np.testing.assert_array_equal(model.transform(selected(X, [row]))[0], features[row])


def test_series_in_columns_of_tables_and_names_of_features():
    X, labels, _ = waves(unequal=True)
    column = pd.Series(X)
    model = RocketSequenceClassifier(**BRIEF)
    expected = model.fit(X, labels).predict_proba(X)
    np.testing.assert_array_equal(model.fit(column, labels).predict_proba(column), expected)
    frame = model.set_output(transform="pandas").transform(X)
    assert frame.shape == (60, 2 * N_KERNELS)
    assert len(set(frame.columns)) == 2 * N_KERNELS
    assert frame.columns[0] == "kernel_012_dilation_1_bias_0"


def assert_same_model(one, other):
    for name in ("coef_", "intercept_", "alpha_", "feature_means_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@every_form
@pytest.mark.parametrize("kind", [RocketSequenceClassifier, RocketSequenceRegressor])
def test_weights_are_repetitions_to_the_bit(data, kind):
    X, labels, frequency = data
    y = labels if kind is RocketSequenceClassifier else np.rint(frequency * 4)
    weight = RNG.integers(0, 4, 60)
    rows = RNG.permutation(np.repeat(np.arange(60), weight))
    weighted = kind(**BRIEF).fit(X, y, sample_weight=weight)
    repeated = kind(**BRIEF).fit(selected(X, rows), y[rows])
    if kind is RocketSequenceClassifier:
        assert_same_model(weighted, repeated)
    else:  # the mean of y is rounded otherwise
        np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-4)


def test_the_order_of_the_series_does_not_matter():
    X, labels, _ = waves()
    order = RNG.permutation(60)
    assert_same_model(*(RocketSequenceClassifier(**BRIEF).fit(X[rows], labels[rows]) for rows in (order, order[::-1])))


def test_class_weights_shift_the_decision():
    X, labels, _ = waves()
    X = X + 3 * RNG.normal(size=X.shape)
    shares = [
        (RocketSequenceClassifier(class_weight=weight, **BRIEF).fit(X, labels).predict(X) == "slow").mean()
        for weight in ({"slow": 0.01, "middle": 1, "quick": 1}, None, {"slow": 100, "middle": 1, "quick": 1})
    ]
    assert shares[0] < shares[1] < shares[2]


def test_probabilities_are_calibrated_by_series_that_are_left_out():
    X, labels, _ = waves(400, n_classes=2)
    X = X + 1.5 * RNG.normal(size=X.shape)
    model = RocketSequenceClassifier(**BRIEF).fit(X[:100], labels[:100])
    loss = log_loss(labels[100:], model.predict_proba(X[100:]), labels=model.classes_)
    worse = [
        log_loss(labels[100:], 1 / (1 + np.exp(-np.outer(model.decision_function(X[100:]) * factor, [-1, 1]))))
        for factor in (0.3, 3)
    ]
    assert loss < min(worse) - 0.02


def test_the_penalty_may_be_given():
    X, _, frequency = waves()
    model = RocketSequenceRegressor(alpha=7.0, **BRIEF).fit(X, frequency)
    features = model.transform(X).astype(np.float64)
    expected = Ridge(7.0).fit(StandardScaler().fit_transform(features), frequency)
    np.testing.assert_allclose(
        model.predict(X), expected.predict(StandardScaler().fit_transform(features)), rtol=1e-4, atol=1e-4
    )
    assert model.alpha_ == [7.0]


def test_several_numbers_have_penalties_of_their_own():
    X, _, frequency = waves()
    y = np.stack([frequency, RNG.normal(size=60)], axis=1)
    model = RocketSequenceRegressor(**BRIEF).fit(X, y)
    assert model.predict(X).shape == (60, 2)
    assert model.alpha_[0] < model.alpha_[1]
    alone = RocketSequenceRegressor(**BRIEF).fit(X, frequency)
    np.testing.assert_allclose(model.alpha_[0], alone.alpha_[0])


def test_several_labels_at_once():
    X, labels, _ = waves(90)
    y = np.stack([labels == "slow", labels != "quick"], axis=1).astype(int)
    model = RocketSequenceClassifier(**BRIEF).fit(X[:60], y[:60])
    assert model.score(X[60:], y[60:]) > 0.9
    assert model.predict_proba(X).shape == (90, 2)
    assert model.temperature_.shape == (2,)


def test_classes_with_one_member_have_moderate_probabilities():
    X, _, _ = waves(8)
    model = RocketSequenceClassifier(**BRIEF).fit(X, np.arange(8))
    assert (model.predict(X) == np.arange(8)).all()
    assert 0.3 < model.predict_proba(X).max(axis=1).min() < 0.999
    X, labels, _ = waves(21)
    labels = np.append(labels[:20], "alone")
    model = RocketSequenceClassifier(**BRIEF).fit(X, labels)
    assert model.predict_proba(waves(60, seed=1)[0])[:, 0].mean() < 0.2


@pytest.mark.parametrize("n", [1, 2])
def test_a_single_series_and_a_single_class(n):
    X, _, _ = waves(n)
    model = RocketSequenceClassifier(**BRIEF).fit(X, np.ones(n))
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((n, 1)))
    regressor = RocketSequenceRegressor(**BRIEF).fit(X, np.full(n, 5.0))
    np.testing.assert_allclose(regressor.predict(X), 5)


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
def test_series_shorter_than_a_kernel(steps):
    y = np.arange(60) % 2
    X = RNG.normal(size=(60, steps)) + 3 * y[:, np.newaxis]
    model = RocketSequenceClassifier(**BRIEF).fit(X, y)
    assert model.score(X, y) > 0.8
    assert (model.transform(X).std(axis=0) > 0).mean() > 0.5


def test_constant_series():
    X = np.repeat(RNG.normal(size=(40, 1)), 30, axis=1)
    model = RocketSequenceRegressor(**BRIEF).fit(X, X[:, 0])
    assert np.isfinite(model.predict(X)).all()
    same = RocketSequenceClassifier(**BRIEF).fit(np.ones((40, 30)), np.arange(40) % 4 == 0)
    np.testing.assert_allclose(same.predict_proba(np.ones((1, 30))), [[0.75, 0.25]], atol=0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_missing_values_are_refused(bad):
    X, labels, _ = waves()
    X = X.copy()
    X[3, 5] = bad
    with pytest.raises(ValueError, match="X contains NaN or infinity"):
        RocketSequenceClassifier(**BRIEF).fit(X, labels)


@pytest.mark.parametrize("factor", [1e-300, 1e-30, 1e30, 1e300])
def test_units_of_x(factor):
    X, labels, _ = waves()
    expected = RocketSequenceClassifier(**BRIEF).fit(X, labels).predict(X)
    model = RocketSequenceClassifier(**BRIEF).fit(factor * X, labels)
    np.testing.assert_array_equal(model.predict(factor * X), expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(model.predict_proba(1e300 * np.sign(X))).all()


def test_channels_of_other_units_need_standardization():
    X, labels, _ = waves(n_channels=3)
    X = np.where(np.arange(3) == 1, 1e-6 * X, RNG.normal(size=X.shape))
    losses = [
        log_loss(
            labels[40:],
            RocketSequenceClassifier(standardize=each, **BRIEF).fit(X[:40], labels[:40]).predict_proba(X[40:]),
        )
        for each in (True, False)
    ]
    assert losses[0] < losses[1] - 0.1


def test_longer_and_shorter_series_than_in_training():
    X, labels, _ = waves()
    model = RocketSequenceClassifier(**BRIEF).fit(X, labels)
    longer = np.concatenate([X, X], axis=1)
    assert (model.predict(longer) == labels).mean() > 0.9
    for steps in (1, 5, 20):
        assert np.isfinite(model.predict_proba(X[:, :steps])).all()


def test_threads_change_nothing_but_rounding():
    """Features are the same to the bit; the eigenvalues of the ridge regression are rounded by the threads of BLAS."""
    X, labels, _ = waves(200)
    one, three = (RocketSequenceClassifier(n_jobs=n_jobs, **BRIEF).fit(X, labels) for n_jobs in (1, 3))
    np.testing.assert_array_equal(one.transform(X), three.transform(X))
    np.testing.assert_allclose(one.coef_, three.coef_, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.predict_proba(X), three.predict_proba(X), rtol=1e-6)


def test_round_trips_and_trust():
    X, labels, frequency = waves()
    for model in (
        RocketSequenceClassifier(**BRIEF).fit(X, labels),
        RocketSequenceRegressor(**BRIEF).partial_fit(X, frequency),
    ):
        expected = model.predict(X)
        saved = skops.io.dumps(model)
        assert skops.io.get_untrusted_types(data=saved) == [f"{type(model).__module__}.{type(model).__qualname__}"]
        trusted = skops.io.loads(saved, trusted=skops.io.get_untrusted_types(data=saved))
        for other in (trusted, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            np.testing.assert_array_equal(other.predict(X), expected)
            assert joblib.hash(other.transform(X)) == joblib.hash(model.transform(X))
        if isinstance(model, RocketSequenceRegressor):
            np.testing.assert_array_equal(
                trusted.partial_fit(X, frequency).coef_, copy.deepcopy(model).partial_fit(X, frequency).coef_
            )


def test_searches_and_pipelines():
    X, labels, _ = waves()
    search = GridSearchCV(RocketSequenceClassifier(**BRIEF), {"n_kernels": [84, 168], "alpha": ["auto", 1e9]}, cv=2)
    assert search.fit(X, labels).best_params_["alpha"] == "auto"
    assert make_pipeline(search.best_estimator_).score(X, labels) > 0.9
    assert make_pipeline(RocketSequenceClassifier(**BRIEF), Ridge()).fit(X, labels == "slow").predict(X).shape == (60,)


# --- many series -----------------------------------------------------------------------------------------


@pytest.fixture
def many_is_few(monkeypatch):
    """Sums from 30 series on, of which 20 are kept."""
    monkeypatch.setattr(kernel_model, "MANY", 30)
    monkeypatch.setattr(kernel_model, "KEPT", 20)
    monkeypatch.setattr(kernel_model, "SERIES_PER_SUM", 25)
    monkeypatch.setattr(kernel_model, "FEATURES_OF_MANY", N_KERNELS)
    monkeypatch.setattr(kernel_model, "FEATURES_OF_CHUNKS", N_KERNELS)


@every_form
def test_sums_give_the_regression_of_all_features(data, many_is_few):
    """With the same kernels and penalty, the model of sums and that of all features are the same."""
    X, _, frequency = data
    by_sums = RocketSequenceRegressor(alpha=3.0, **BRIEF).fit(X, frequency)
    features = by_sums.transform(X).astype(np.float64)
    assert features.shape[1] == N_KERNELS
    deviation = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(deviation > 1e-6, deviation, 1)
    expected = Ridge(3.0).fit(scaled, frequency).predict(scaled)
    np.testing.assert_allclose(by_sums.predict(X), expected, atol=2e-3)


@every_form
def test_chunks_give_the_model_of_all_series(data, many_is_few):
    X, labels, _ = data
    classes = np.unique(labels)
    weight = RNG.uniform(0.5, 2, 60)
    in_chunks = RocketSequenceClassifier(**BRIEF)
    in_chunks.partial_fit(selected(X, range(20)), labels[:20], classes, weight[:20])
    kernels = in_chunks._kernels
    for start in (20, 30, 55):
        rows = range(start, {20: 30, 30: 55, 55: 60}[start])
        in_chunks.partial_fit(selected(X, rows), labels[list(rows)], sample_weight=weight[list(rows)])
    assert in_chunks._kernels is kernels
    features = in_chunks.transform(X)
    targets = (
        2.0 * (labels[:, np.newaxis] == classes) - 1
        if len(classes) > 2
        else 2.0 * (labels[:, np.newaxis] == "slow") - 1
    )
    rows = FeatureRows(features, targets, weight.astype(np.float32).astype(float), np.arange(60))
    path, scaling = Evidence(rows).path()
    coefficients, intercept = path.coefficients(in_chunks.alpha_, features, scaling)
    expected = (features @ coefficients + intercept) / in_chunks.temperature_
    actual = in_chunks.decision_function(X).reshape(60, -1)
    assert np.abs(actual - expected).max() < 0.02 * np.abs(expected).max()


def test_many_series_are_classified_as_well(many_is_few):
    X, labels, frequency = waves(300)
    assert RocketSequenceClassifier(**BRIEF).fit(X[:200], labels[:200]).score(X[200:], labels[200:]) > 0.95
    assert RocketSequenceRegressor(**BRIEF).fit(X[:200], frequency[:200]).score(X[200:], frequency[200:]) > 0.9


def test_series_are_kept_at_random_whatever_their_order():
    keys = RNG.permutation(50).astype(np.uint64)
    rows = FeatureRows(keys[:, np.newaxis].astype(np.float32), np.ones((50, 1)), np.ones(50), keys)
    evidence = None
    for part in np.split(np.arange(50), [5, 30]):
        chunk = FeatureRows(*(each[part] for each in vars(rows).values()))
        evidence = Evidence.joined(evidence, chunk, 20)
    np.testing.assert_array_equal(evidence.rows.keys, np.arange(20))
    assert evidence.sums.n == 50


def test_partial_fit_after_fit_of_few_begins_anew_with_a_warning():
    X, labels, _ = waves()
    fitted = RocketSequenceClassifier(**BRIEF).fit(X, labels)
    with pytest.warns(UserWarning, match="partial_fit begins anew"):
        fitted.partial_fit(X[:30], labels[:30])
    assert_same_model(fitted, RocketSequenceClassifier(**BRIEF).partial_fit(X[:30], labels[:30]))


def test_chunks_need_all_classes_and_plain_class_weights():
    X, labels, _ = waves()
    model = RocketSequenceClassifier(**BRIEF)
    with pytest.raises(ValueError, match="y has 1 class"):
        model.partial_fit(X[::3], labels[::3])
    model.partial_fit(X, labels)
    with pytest.raises(ValueError, match="not among the classes"):
        model.partial_fit(X, np.where(labels == "slow", "lazy", labels))
    with pytest.raises(ValueError, match="balanced"):
        RocketSequenceClassifier(class_weight="balanced", **BRIEF).partial_fit(X, labels)
    with pytest.raises(ValueError, match="2 features at each step"):
        model.partial_fit(np.ones((5, 30, 2)), labels[:5])


def test_equal_series_are_one():
    from skneural.data import Series

    x = Series(np.array([[1.0], [0.0], [2.0], [-0.0], [1.0], [3.0]])[:, np.newaxis])
    y, weight = np.arange(6.0)[:, np.newaxis], np.array([1.0, 1, 1, 3, 2, 0])
    distinct = distinct_series(x, y, weight)
    order = np.argsort(distinct.x.values[:, 0, 0])
    np.testing.assert_array_equal(distinct.x.values[order, 0, 0], [0, 1, 2])
    np.testing.assert_allclose(distinct.y[order, 0], [(1 + 3 * 3) / 4, (0 + 4 * 2) / 3, 2])
    np.testing.assert_array_equal(distinct.weight[order], [4, 3, 1])
    assert (np.diff(distinct.keys.astype(float)) > 0).all()
