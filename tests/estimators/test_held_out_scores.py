"""Scores of held-out data: their weights, their scorers, and what these are given."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    make_scorer,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.model_selection import cross_val_score

from skneural import (
    DiffusionModel,
    GNNNodeClassifier,
    GraphNodes,
    LanguageModel,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    step_scorer,
)
from tests.estimators.cases import ESTIMATORS, every

CLASSIFIERS = {name: case for name, case in ESTIMATORS.items() if "class_weight" in case.estimator.get_params()}
X = np.random.default_rng(0).normal(size=(60, 3))
SIGNS = np.where(X[:, 0] > 0, "plus", "minus")
THREE = np.where(X[:, 1] > 1, "rare", SIGNS)
NO_RARE = THREE != "rare"
SERIES = [x[:n] for x, n in zip(X.reshape(20, 3, 3), [1, 2, 3, 3] * 5, strict=True)]
LABELS = [(x[:, 0] > 0).astype(int) for x in SERIES]


def brief(estimator=MLPClassifier, **parameters):
    size = {"hidden_size": 4} if estimator is RNNSequenceTagger else {"hidden_layer_sizes": 4}
    return estimator(max_iter=2, random_state=0, n_iter_no_change=np.inf, **size, **parameters)


pytestmark = pytest.mark.filterwarnings("ignore:Training reached max_iter")


def flat(rows):
    """Rows of all steps, or of all samples."""
    rows = np.asarray(rows)
    return rows.reshape(-1, rows.shape[-1]) if rows.ndim == 3 else rows


@every(CLASSIFIERS)
def test_class_weights_do_not_weigh_scores(case):
    X, y = case.data()
    weight = dict(zip(np.unique(y), [5.0, 1.0, 0.0], strict=False))
    options = {"label_smoothing": 0.0} if "label_smoothing" in case.estimator.get_params() else {}
    model = case.new(max_iter=1, early_stopping=True, class_weight=weight, **options).fit(X, y, X_val=X, y_val=y)
    if hasattr(model, "predict_proba"):
        by_hand = -log_loss(np.ravel(y), flat(model.predict_proba(X)), labels=model.classes_)
        assert model.best_validation_score_ == pytest.approx(by_hand, rel=1e-4)
    by_accuracy = model.set_params(scoring="accuracy").fit(X, y, X_val=X, y_val=y)
    assert by_accuracy.best_validation_score_ == pytest.approx(accuracy_score(np.ravel(y), np.ravel(model.predict(X))))


def test_weights_of_held_out_samples_weigh_scores():
    weight = np.abs(X[:, 2])
    model = brief(class_weight="balanced", scoring="neg_log_loss", early_stopping=True)
    model.fit(X, SIGNS, X_val=X, y_val=SIGNS, sample_weight_val=weight)
    by_hand = -log_loss(SIGNS, model.predict_proba(X), sample_weight=weight)
    assert model.best_validation_score_ == pytest.approx(by_hand)


def mean_over_classes(metric, y, p, **options):
    return np.mean([metric(y == label, column) for label, column in zip(["minus", "plus"], p.T, strict=False)])


@pytest.mark.parametrize(
    ("scoring", "by_hand"),
    [
        ("neg_log_loss", lambda y, p: -log_loss(y, p, labels=["minus", "plus", "rare"])),
        ("neg_brier_score", lambda y, p: -brier_score_loss(y, p, labels=["minus", "plus", "rare"])),
        ("top_k_accuracy", lambda y, p: top_k_accuracy_score(y, p, labels=["minus", "plus", "rare"])),
        ("roc_auc_ovr", lambda y, p: mean_over_classes(roc_auc_score, y, p)),
        ("roc_auc_ovo", lambda y, p: roc_auc_score(y, p, multi_class="ovo", labels=["minus", "plus", "rare"])),
        ("average_precision", lambda y, p: mean_over_classes(average_precision_score, y, p)),
        ("f1_macro", lambda y, p: f1_score(y, np.array(["minus", "plus", "rare"])[p.argmax(axis=1)], average="macro")),
    ],
)
def test_a_class_that_no_held_out_sample_has_is_known_to_scorers(scoring, by_hand):
    model = brief(scoring=scoring, early_stopping=True).set_params(max_iter=1)
    model.fit(X, THREE, X_val=X[NO_RARE], y_val=THREE[NO_RARE])
    output = model.decision_function if scoring == "average_precision" else model.predict_proba
    assert model.best_validation_score_ == pytest.approx(by_hand(THREE[NO_RARE], output(X[NO_RARE])))


def test_the_mean_over_classes_that_occur_may_be_weighted_by_their_sizes():
    model = brief(scoring="roc_auc_ovr_weighted", early_stopping=True).set_params(max_iter=1)
    model.fit(X, THREE, X_val=X[NO_RARE], y_val=THREE[NO_RARE])
    p, y = model.predict_proba(X[NO_RARE]), THREE[NO_RARE]
    each = [roc_auc_score(y == label, p[:, k]) for k, label in enumerate(["minus", "plus"])]
    expected = np.average(each, weights=[np.mean(y == "minus"), np.mean(y == "plus")])
    assert model.best_validation_score_ == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@pytest.mark.parametrize(
    ("scoring", "rows", "message"),
    [
        ("roc_auc", SIGNS == "plus", r"scoring='roc_auc' gives nan for the held-out data: all \d+ targets are .*plus"),
        (lambda model, X, y: np.nan, slice(None), "gives nan for the held-out data. Give X_val"),
        (lambda model, X, y: -np.inf, slice(None), "gives -inf for the held-out data"),
    ],
)
def test_a_score_that_is_not_finite_is_named(scoring, rows, message):
    with pytest.raises(ValueError, match=message):
        brief(scoring=scoring).fit(X, SIGNS, X_val=X[rows], y_val=SIGNS[rows])


@pytest.mark.parametrize(
    ("estimator", "y", "scoring", "method"),
    [
        (MLPRegressor(4), X[:, 0], "roc_auc_ovo", "predict_proba"),
        (PerceptronClassifier("step"), SIGNS, "neg_log_loss", "predict_proba"),
    ],
)
def test_a_scorer_of_probabilities_that_the_model_does_not_give_is_named(estimator, y, scoring, method):
    with pytest.raises(ValueError, match=f"scoring='{scoring}' calls {method}, which {type(estimator).__name__} lacks"):
        estimator.set_params(scoring=scoring, early_stopping=True).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_r2_of_one_sample_is_not_a_score():
    with pytest.raises(ValueError, match="scoring='r2' gives nan for the held-out data: they are a single sample"):
        brief(MLPRegressor, scoring="r2").fit(X, X[:, 0], X_val=X[:1], y_val=X[:1, 0])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize(("estimator", "targets"), [(MLPClassifier, ["a", "b"]), (MLPRegressor, [0.5, 1.5])])
def test_missing_targets_are_named_by_their_row(estimator, targets, missing):
    y = np.array(30 * targets, object)
    y_val = y.copy()
    y_val[7] = missing
    with pytest.raises(ValueError, match=r"^In the validation data \(X_val.*y\[7\] is"):
        brief(estimator).fit(X, y, X_val=X, y_val=y_val)
    with pytest.raises(ValueError, match=r"^y\[7\] is"):
        brief(estimator).fit(X, y_val)


def test_a_loss_that_is_not_finite_is_named_by_its_row():
    y_val = np.where(np.arange(60) == 23, 1e30, 0.0)
    with pytest.raises(ValueError, match="the loss of the held-out sample 23 is no longer finite"):
        brief(MLPRegressor).fit(X.astype(np.float32), X[:, 0], X_val=X, y_val=y_val)


@pytest.mark.parametrize("scoring", ["accuracy", "loss", "neg_log_loss"])
def test_an_epoch_whose_predictions_are_not_finite_is_never_kept(scoring):
    model = MLPClassifier(4, solver="sgd", learning_rate_init=1e200, max_iter=5, scoring=scoring, random_state=0)
    with pytest.raises(ValueError, match="Training diverged"):
        model.fit(X, SIGNS, X_val=X, y_val=SIGNS)


def seen_by_scorer(model, X, y, **fit_params):
    """Types of what a callable `scoring` is given; warnings, as of feature names, are errors."""
    seen = []

    def scoring(model, X, y):
        seen.append((X, y))
        return model.score(X, y)

    model.set_params(scoring=scoring, early_stopping=True).fit(X, y, **fit_params)
    assert len(seen) == 2
    return seen[0]


def test_callables_are_given_frames_and_series_selected_by_rows():
    frame, labels = pd.DataFrame(X, columns=list("abc")), pd.Series(SIGNS)
    X_seen, y_seen = seen_by_scorer(brief(), frame, labels)
    pd.testing.assert_frame_equal(X_seen, frame.loc[X_seen.index])
    pd.testing.assert_series_equal(y_seen, labels.loc[X_seen.index])


@pytest.mark.parametrize("scoring", ["accuracy", lambda model, X, y: model.score(X, y)])
@pytest.mark.parametrize("name", ["classifier", "tabular classifier", "image classifier", "node classifier", "tagger"])
def test_validation_data_without_names_are_warned_of_once(name, scoring):
    X, y = ESTIMATORS[name].data()
    model = ESTIMATORS[name].new(scoring=scoring, n_iter_no_change=np.inf)
    with pytest.warns(UserWarning, match="X does not have valid feature names") as warned:
        model.fit(pd.DataFrame(X, columns=list("abcd")), y, X_val=X, y_val=y)
    assert sum("feature names" in str(warning.message) for warning in warned) == 1
    assert model.feature_names_in_.tolist() == list("abcd")


def test_callables_are_given_lists_of_series_selected_by_rows():
    series, labels = SERIES, LABELS
    X_seen, y_seen = seen_by_scorer(brief(RNNSequenceTagger), series, labels)
    for x, y in zip(X_seen, y_seen, strict=True):
        row = next(row for row, each in enumerate(series) if each is x)
        assert labels[row] is y


def test_callables_are_given_texts():
    texts = [(4 * letters) for letters in ("ab", "abc", "dc", "abcd")] * 5
    model = LanguageModel(d_model=4, n_heads=2, context_length=64, max_iter=2, random_state=0)
    model.n_iter_no_change = np.inf
    seen = []
    model.set_params(scoring=lambda model, X, y: seen.append(X) or 0.0, early_stopping=True).fit(texts)
    assert set(seen[0]) <= set(texts)


@pytest.mark.parametrize(
    ("scoring", "metric"),
    [
        ("f1_macro", lambda y, p: f1_score(y, p > 0.5, average="macro")),
        ("neg_log_loss", lambda y, p: -log_loss(y, p)),
        ("roc_auc", roc_auc_score),
        (make_scorer(f1_score), lambda y, p: f1_score(y, p > 0.5)),
        (
            make_scorer(lambda y, p: -log_loss(y, np.exp(p)), response_method=["predict_log_proba"]),
            lambda y, p: -log_loss(y, p),
        ),
        (make_scorer(roc_auc_score, response_method="decision_function"), roc_auc_score),
    ],
)
def test_scorers_of_taggers_on_lists_score_steps(scoring, metric):
    series, labels = SERIES, LABELS
    model = brief(RNNSequenceTagger, scoring=scoring, early_stopping=True).set_params(max_iter=1)
    model.fit(series, labels, X_val=series, y_val=labels)
    p = np.concatenate(model.predict_proba(series))[:, 1]
    assert model.best_validation_score_ == pytest.approx(metric(np.concatenate(labels), p))
    np.testing.assert_array_equal(
        np.concatenate(model.decision_function(series)) > 0, np.concatenate(model.predict(series))
    )
    np.testing.assert_allclose(np.concatenate(model.predict_log_proba(series))[:, 1], np.log(p), rtol=1e-6)


@pytest.mark.parametrize(
    "scoring", ["f1_macro", "neg_log_loss", make_scorer(roc_auc_score, response_method="predict_proba")]
)
def test_scorers_of_steps_in_cross_validation_are_those_of_fit(scoring):
    model = brief(RNNSequenceTagger, batch_size=5).set_params(max_iter=1)
    scorer, train, test = step_scorer(scoring), np.arange(10), np.arange(10, 20)
    cv, weight = [(train, test)], np.arange(10) + 1.0
    (in_cross_validation,) = cross_val_score(model, SERIES, LABELS, scoring=scorer, cv=cv)
    model.fit(SERIES[:10], LABELS[:10])
    p = np.concatenate(model.predict_proba(SERIES[10:]))[:, 1]
    true = np.concatenate(LABELS[10:])
    by_hand = {"f1_macro": f1_score(true, p > 0.5, average="macro"), "neg_log_loss": -log_loss(true, p)}
    assert in_cross_validation == pytest.approx(by_hand.get(str(scoring), roc_auc_score(true, p)))
    weighted = scorer(model, SERIES[10:], LABELS[10:], sample_weight=weight)
    assert weighted == pytest.approx(scorer(model, *(_repeated(part[10:], weight) for part in (SERIES, LABELS))))


def _repeated(parts, weight):
    return [part for part, times in zip(parts, weight, strict=True) for _ in range(int(times))]


def test_regressors_of_steps_have_scorers_of_steps():
    model = RNNSequenceRegressor(hidden_size=3, max_iter=1, random_state=0).fit(SERIES, [x[:, :1] for x in SERIES])
    scorer = step_scorer("neg_mean_absolute_error")
    errors = np.concatenate([x[:, :1] for x in SERIES]) - np.concatenate(model.predict(SERIES))
    assert scorer(model, SERIES, [x[:, :1] for x in SERIES]) == pytest.approx(-np.abs(errors).mean())


def test_missing_labels_of_steps_are_named():
    labels = [list(map(str, piece)) for piece in LABELS]
    labels[4][0] = None
    with pytest.raises(ValueError, match=r"^y\[4\]\[0\] is None, but each step needs a target"):
        brief(RNNSequenceTagger).fit(SERIES, labels)
    with pytest.raises(ValueError, match=r"^y\[1\] is None"):
        DiffusionModel(4, max_iter=1).fit(X, np.where(np.arange(60) == 1, None, SIGNS))


def test_nothing_is_divided_by_a_total_weight_of_zero():
    nodes, y = GraphNodes(np.eye(4, dtype=np.float32), np.eye(4)), np.array([0, 1, -1, -1])
    nothing = {"sample_weight": [0.0, 0.0, 1.0, 1.0]}
    with pytest.raises(ValueError, match="All nodes are unlabelled"):
        GNNNodeClassifier(max_iter=2, random_state=0).fit(nodes, y, **nothing)
    with pytest.raises(ValueError, match=r"^In the validation data.*All nodes are unlabelled"):
        GNNNodeClassifier(max_iter=2).fit(nodes, y, X_val=nodes, y_val=y, sample_weight_val=[0.0, 0.0, 1.0, 1.0])
    few = {"sample_weight": [1e-60, 1e-60, 1.0, 1.0]}  # zero in single precision
    with pytest.raises(ValueError, match="No sample has a weight: in float32"):
        GNNNodeClassifier(max_iter=2).fit(nodes, y, **few)
