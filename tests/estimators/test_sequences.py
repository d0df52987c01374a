"""Series and tokens as X, and what the estimators of sequences promise beyond the contract."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score

from skneural import CNNSequenceClassifier, CNNSequenceRegressor
from skneural.estimators import sequences as sequence_input
from skneural.estimators.channel_moments import channel_moments
from skneural.training.series import Series

ARCHITECTURES = ["fcn", "resnet", "inception", "textcnn"]
SMALL = {"channels": 4, "max_iter": 4, "random_state": 0}


def ragged(n=40, n_features=2, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((steps, n_features)).astype(dtype) for steps in rng.integers(1, 15, n)]


def tokens(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, steps).tolist() for steps in rng.integers(1, 15, n)]


def classes(n=40):
    return np.random.default_rng(1).integers(0, 3, n)


KINDS = {"series": (ragged(), {}), "tokens": (tokens(), {"vocabulary_size": 9})}
every_kind = pytest.mark.parametrize(("X", "options"), KINDS.values(), ids=KINDS)


# Unequal lengths


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@every_kind
def test_a_series_is_predicted_alone_as_among_longer_ones(architecture, X, options):
    model = CNNSequenceClassifier(architecture=architecture, **SMALL, **options).fit(X, classes())
    together = model.decision_function(X)
    alone = np.concatenate([model.decision_function([series]) for series in X])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@every_kind
def test_padding_in_training_changes_nothing(architecture, X, options):
    """A series of weight zero makes all others padded, and must have no other effect."""
    model = CNNSequenceRegressor(architecture=architecture, **SMALL, **options)
    y = np.random.default_rng(2).standard_normal(40)
    expected = model.fit(X, y).predict(X)
    longer = [*X, np.concatenate([X[0]] * 30)]
    found = model.fit(longer, np.append(y, 0), sample_weight=np.append(np.ones(40), 0)).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "container", [list, tuple, lambda X: np.array(X, dtype=object)], ids=["list", "tuple", "object"]
)
def test_containers(container):
    X = ragged()
    expected = CNNSequenceClassifier(**SMALL).fit(X, classes()).predict_proba(X)
    found = CNNSequenceClassifier(**SMALL).fit(container(X), classes()).predict_proba(container(X))
    np.testing.assert_array_equal(found, expected)


def test_series_of_one_feature_may_be_flat():
    X = ragged(n_features=1)
    expected = CNNSequenceClassifier(**SMALL).fit(X, classes()).predict_proba(X)
    flat = [series[:, 0] for series in X]
    np.testing.assert_array_equal(CNNSequenceClassifier(**SMALL).fit(flat, classes()).predict_proba(flat), expected)


def test_rows_are_series_of_one_feature():
    X = np.random.default_rng(0).standard_normal((40, 7))
    by_rows, by_steps = CNNSequenceClassifier(**SMALL).fit(X, classes()), CNNSequenceClassifier(**SMALL)
    by_steps.fit(X[:, :, np.newaxis], classes())
    assert (by_rows.n_features_in_, by_steps.n_features_in_) == (7, 1)
    np.testing.assert_array_equal(by_rows.predict_proba(X), by_steps.predict_proba(X))
    np.testing.assert_array_equal(by_rows.predict_proba(X[:, :, np.newaxis]), by_steps.predict_proba(X))
    assert by_steps.predict(X[:, :4]).shape == (40,)  # series of other lengths
    with pytest.raises(ValueError, match="X has 4 features, but CNNSequenceClassifier is expecting 7"):
        by_rows.predict(X[:, :4])


def test_a_list_of_equal_lengths_is_an_array():
    X = np.random.default_rng(0).standard_normal((40, 7, 2))
    expected = CNNSequenceClassifier(**SMALL).fit(X, classes()).predict_proba(X)
    np.testing.assert_array_equal(
        CNNSequenceClassifier(**SMALL).fit(list(X), classes()).predict_proba(list(X)), expected
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_series_of_a_single_step(architecture):
    X = np.random.default_rng(0).standard_normal((20, 1, 3))
    assert CNNSequenceRegressor(architecture=architecture, **SMALL).fit(X, X[:, 0, 0]).predict(X).shape == (20,)


def test_moments_leave_padding_out():
    X, weight = ragged(), np.random.default_rng(1).integers(0, 3, 40).astype(float)
    lengths = np.array([len(series) for series in X])
    padded = np.full((40, 20, 2), 1e6, np.float32)
    for row, series in zip(padded, X, strict=True):
        row[: len(series)] = series
    everything = np.concatenate([series for series, n in zip(X, weight, strict=True) for _ in range(int(n))])
    mean, scale = channel_moments(Series(padded, lengths), weight)
    np.testing.assert_allclose(mean, everything.mean(axis=0, dtype=float), rtol=1e-6)
    np.testing.assert_allclose(scale, everything.std(axis=0, dtype=float), rtol=1e-6)


@every_kind
def test_weights_are_repetitions_under_batch_normalization_too(X, options):
    weight = np.random.default_rng(0).integers(0, 4, 40)
    rows = np.repeat(np.arange(40), weight)
    model = CNNSequenceClassifier(**SMALL, **options)
    weighted = model.fit(X, classes(), sample_weight=weight).predict_proba(X)
    repeated = model.fit([X[i] for i in rows], classes()[rows]).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-3, atol=1e-4)


def test_predictions_do_not_depend_on_blocks(monkeypatch):
    X = ragged(dtype=np.float64)
    model = CNNSequenceClassifier(**SMALL).fit(X, classes())
    expected = model.decision_function(X)
    monkeypatch.setattr(sequence_input, "STEPS_PER_BLOCK", 40)
    for n_jobs in (1, 2):
        np.testing.assert_allclose(model.set_params(n_jobs=n_jobs).decision_function(X), expected, rtol=1e-9)


def test_threads_change_nothing_but_rounding(monkeypatch):
    X = ragged(dtype=np.float64)
    monkeypatch.setattr("skneural.estimators.convolutional.LEAST_SHARD", 1)  # shards, however small
    for options in ({}, {"dropout": 0.3, "batch_norm": False}):
        one, two = (CNNSequenceClassifier(n_jobs=n, **SMALL, **options).fit(X, classes()) for n in (1, 2))
        np.testing.assert_allclose(two.decision_function(X), one.decision_function(X), rtol=1e-7, atol=1e-10)


# In scikit-learn's company


@every_kind
def test_searches_take_lists_of_unequal_series(X, options):
    model = CNNSequenceClassifier(**SMALL, **options)
    search = GridSearchCV(model, {"architecture": ["fcn", "textcnn"]}, cv=2, n_jobs=2).fit(X, classes())
    assert search.best_estimator_.predict(X).shape == (40,)
    assert np.isfinite(cross_val_score(model, X, classes(), cv=2)).all()


def test_scorers_and_validation_data_take_lists():
    X, y = ragged(60), classes(60)
    model = CNNSequenceClassifier(scoring="accuracy", **SMALL)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == pytest.approx(model.score(X[40:], y[40:]))


# Mistakes

ROWS = np.zeros((4, 5, 2))
LISTS = [np.zeros((3, 2)), np.zeros((4, 2)), np.zeros((5, 2)), np.zeros((6, 2))]


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        ([*LISTS[:3], np.zeros((0, 2))], {}, "Series 3 has no steps"),
        ([*LISTS[:3], np.zeros((4, 3))], {}, "Series 3 has 3 features at each step, and series 0 has 2"),
        (np.full((4, 5, 2), np.nan), {}, "give a list of arrays"),
        ([*LISTS[:3], np.full((4, 2), np.inf)], {}, "contains NaN or infinity"),
        (np.zeros((4, 0, 2)), {}, r"X has shape \(4, 0, 2\): series are"),
        (np.zeros((4, 2, 2, 2)), {}, r"X has shape \(4, 2, 2, 2\): series are"),
        ([[1, 2], [3], [4, 5, 9], [0]], {"vocabulary_size": 9}, "Token 9 in sequence 2 is outside .* 0 to 8"),
        ([[1, 2], [-1], [4], [0]], {"vocabulary_size": 9}, "Token -1 in sequence 1"),
        (np.full((4, 5), 9), {"vocabulary_size": 9}, "Token 9 in sequence 0"),
        ([[1, 2], [], [4], [0]], {"vocabulary_size": 9}, "Sequence 1 has no tokens"),
        (np.zeros((4, 5)), {"vocabulary_size": 9}, "sequences of integers.* float64"),
        (["a b", "c", "d", "e"], {"vocabulary_size": 9}, "sequences of integers"),
        (np.zeros((4, 5, 2), int), {"vocabulary_size": 9}, r"sequences of integers.*shape \(4, 5, 2\)"),
        (ROWS, {"channels": (2, 3), "kernel_size": (1, 2, 3)}, "channels has 2 sizes"),
        (ROWS, {"architecture": "fnc"}, r"did you mean 'fcn'\?"),
    ],
)
def test_mistakes_in_fit_are_named(X, options, message):
    with pytest.raises(ValueError, match=message):
        CNNSequenceClassifier(**SMALL | options).fit(X, [0, 1, 0, 1])


def test_another_number_of_features_is_refused():
    model = CNNSequenceClassifier(**SMALL).fit(ragged(), classes())
    for X in (np.zeros((2, 5, 3)), [np.zeros((3, 3)), np.zeros((4, 3))], np.zeros((2, 5))):
        with pytest.raises(
            ValueError, match=r"X has [13] features at each step, but CNNSequenceClassifier was fitted on 2"
        ):
            model.predict(X)
