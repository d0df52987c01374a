"""Invalid input: messages that name the cause, and estimators that stay unchanged."""

import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skneural import KANClassifier, MLPClassifier, PerceptronClassifier
from tests.estimators.cases import most_precise_output
from tests.estimators.mistakes import (
    DATA,
    XC,
    XR,
    YC,
    YR,
    Mistake,
    changed,
    classifier,
    each,
    fit,
    invalid,
    perceptron,
    regressor,
)

DATA_MISTAKES = [
    Mistake("lengths differ", classifier(), lambda m: m.fit(XC, YC[:-1]), "inconsistent numbers of samples"),
    Mistake("X of one dimension", classifier(), lambda m: m.fit(XC[:, 0], YC), "Expected 2D array"),
    Mistake("X of three dimensions", classifier(), lambda m: m.fit(XC[:, :, None], YC), "3"),
    Mistake("y of three dimensions", regressor(), lambda m: m.fit(XR, np.ones((80, 2, 2))), "dim|3"),
    Mistake("y is None", classifier(), lambda m: m.fit(XC, None), "requires y to be passed|y cannot be None"),
    Mistake("no samples", classifier(), lambda m: m.fit(XC[:0], YC[:0]), "0 sample"),
    Mistake("no features", classifier(), lambda m: m.fit(XC[:, :0], YC), "0 feature"),
    Mistake("NaN in X", classifier(), lambda m: m.fit(changed(XC, np.nan), YC), "Input X contains NaN"),
    Mistake("inf in X", regressor(), lambda m: m.fit(changed(XR, np.inf), YR), "Input X contains infinity"),
    Mistake(
        "NaN in sparse X", regressor(), lambda m: m.fit(sparse.csr_array(changed(XR, np.nan)), YR), "X contains NaN"
    ),
    Mistake(
        "too large for float32",
        regressor(),
        lambda m: m.fit(list(changed(XR, 1e300)), YR),
        "finite|squared gradients overflowed",
    ),
    Mistake("NaN in y", regressor(), lambda m: m.fit(XR, changed(YR, np.nan, 3)), "Input y contains NaN"),
    Mistake("inf in y", regressor(), lambda m: m.fit(XR, changed(YR, np.inf, 3)), "Input y contains infinity"),
    Mistake("text as X", classifier(), lambda m: m.fit([["a", "b"]] * 4, [0, 1, 0, 1]), "takes numbers only"),
    Mistake("complex X", classifier(), lambda m: m.fit(XC * 1j, YC), "Complex data not supported"),
    Mistake("numbers as classes", classifier(), lambda m: m.fit(XR, YR + 0.5), "Unknown label type: continuous"),
    Mistake(
        "two columns of classes", classifier(), lambda m: m.fit(XC, np.tile([[1, 2], [2, 3], [0, 1]], (25, 1))), "multi"
    ),
    Mistake(
        "poisson, negative y", regressor(loss="poisson"), lambda m: m.fit(XR, YR - 200), "must not be negative.*-1"
    ),
    Mistake(
        "early stopping, 1 sample",
        regressor(early_stopping=True),
        lambda m: m.fit(XR[:1], YR[:1]),
        "validation_fraction",
    ),
]
WEIGHT_MISTAKES = [
    Mistake("weights all zero", classifier(), lambda m: m.fit(XC, YC, np.zeros(75)), "weight.*zero|zero.*weight"),
    Mistake("negative weights", classifier(), lambda m: m.fit(XC, YC, -np.ones(75)), "[Nn]egative.*weight"),
    Mistake("NaN weights", regressor(), lambda m: m.fit(XR, YR, np.full(80, np.nan)), "NaN"),
    Mistake("weights too short", regressor(), lambda m: m.fit(XR, YR, np.ones(79)), "sample_weight.shape"),
    Mistake(
        "weights of two dimensions", regressor(), lambda m: m.fit(XR, YR, np.ones((80, 2))), "[Ss]ample.*weight.*1D"
    ),
    Mistake("class_weight of unknown class", classifier(class_weight={"rose": 2.0}), fit, "not in class_weight"),
]
VALIDATION_MISTAKES = [
    Mistake("X_val alone", classifier(), lambda m: m.fit(XC, YC, X_val=XC), "X_val and y_val must be given together"),
    Mistake("y_val alone", classifier(), lambda m: m.fit(XC, YC, y_val=YC), "X_val and y_val must be given together"),
    Mistake(
        "sample_weight_val alone",
        classifier(),
        lambda m: m.fit(XC, YC, sample_weight_val=np.ones(75)),
        "sample_weight_val only with them",
    ),
    Mistake(
        "NaN in X_val", classifier(), lambda m: m.fit(XC, YC, X_val=changed(XC, np.nan), y_val=YC), "X.* contains NaN"
    ),
    Mistake(
        "NaN in y_val", regressor(), lambda m: m.fit(XR, YR, X_val=XR, y_val=changed(YR, np.nan, 3)), "y.* contains NaN"
    ),
    Mistake(
        "features of X_val", classifier(), lambda m: m.fit(XC, YC, X_val=XC[:, :3], y_val=YC), "3 features.*4 features"
    ),
    Mistake(
        "lengths of X_val and y_val",
        classifier(),
        lambda m: m.fit(XC, YC, X_val=XC, y_val=YC[1:]),
        "inconsistent numbers of samples",
    ),
    Mistake(
        "unknown class in y_val",
        classifier(),
        lambda m: m.fit(XC, YC, X_val=XC, y_val=["rose"] * 75),
        "not among the classes.*rose",
    ),
    Mistake(
        "columns of y_val",
        regressor(),
        lambda m: m.fit(XR, YR, X_val=XR, y_val=np.stack([YR, YR], 1)),
        "2 columns",
    ),
    Mistake(
        "sample_weight_val negative",
        classifier(),
        lambda m: m.fit(XC, YC, X_val=XC, y_val=YC, sample_weight_val=-np.ones(75)),
        "[Nn]egative",
    ),
    Mistake(
        "sample_weight_val all zero",
        classifier(),
        lambda m: m.fit(XC, YC, X_val=XC, y_val=YC, sample_weight_val=np.zeros(75)),
        "zero",
    ),
    Mistake(
        "scorer without its method",
        PerceptronClassifier("step", scoring="neg_log_loss", early_stopping=True),
        fit,
        "predict_proba|probabilities",
        (ValueError, AttributeError),
    ),
]
HYPERPARAMETER_MISTAKES = [
    invalid(classifier, "activation must be.*got 'rleu'.*did you mean 'relu'", activation="rleu"),
    invalid(classifier, "solver must be.*did you mean 'adam'", solver="Adam"),
    invalid(classifier, "learning_rate must be.*did you mean 'adaptive'", learning_rate="adaptiv"),
    invalid(classifier, "class_weight must be.*did you mean 'balanced'", class_weight="balance"),
    invalid(classifier, "batch_size must be.*did you mean 'auto'", batch_size="aut"),
    invalid(classifier, "scoring must be.*did you mean 'accuracy'", scoring="acuracy", early_stopping=True),
    invalid(regressor, "loss must be.*did you mean 'squared_error'", loss="squared_eror"),
    invalid(perceptron, "activation must be.*did you mean 'step'", activation="stp"),
    invalid(
        classifier,
        "3 invalid hyper-parameters",
        dropout=1.0,
        alpha=-1,
        max_iter=0,
    ),
    invalid(classifier, "max_iter must be int >= 1; got True", max_iter=True),
    invalid(classifier, "max_iter must be int >= 1; got 10.5", max_iter=10.5),
    invalid(classifier, "max_iter must be int >= 1; got '10'", max_iter="10"),
    invalid(classifier, "alpha must be float >= 0; got '0.1'", alpha="0.1"),
    invalid(classifier, "alpha must be float >= 0; got nan", alpha=np.nan),
    invalid(classifier, "alpha must be float >= 0; got inf", alpha=np.inf),
    invalid(classifier, "alpha must be float >= 0; got False", alpha=False),
    invalid(classifier, "learning_rate_init must be float > 0; got 0", learning_rate_init=0),
    invalid(classifier, "learning_rate_init must be float > 0; got inf", learning_rate_init=np.inf),
    invalid(classifier, "batch_norm must be bool; got 'yes'", batch_norm="yes"),
    invalid(classifier, "early_stopping must be.*got 1", early_stopping=1),
    invalid(classifier, "hidden_layer_sizes must be.*got 0", hidden_layer_sizes=0),
    invalid(classifier, r"hidden_layer_sizes must be.*got \(8, -1\)", hidden_layer_sizes=(8, -1)),
    invalid(classifier, r"hidden_layer_sizes must be.*got \(8, 2.5\)", hidden_layer_sizes=(8, 2.5)),
    invalid(classifier, "n_jobs must be.*got 0", n_jobs=0),
    invalid(classifier, "random_state must be.*got -1", random_state=-1),
    invalid(classifier, "random_state must be", random_state=np.random.default_rng(0)),
    invalid(classifier, "validation_fraction must be.*got 1.0", validation_fraction=1.0),
    invalid(regressor, "quantile must be.*got 1.5", quantile=1.5),
    invalid(regressor, "huber_delta must be.*got 0", huber_delta=0),
]
TRAINING_MISTAKES = [
    Mistake(
        "divergence",
        regressor(solver="sgd", learning_rate_init=1e6, max_iter=100),
        fit,
        "(?s)diverged.*epoch.*learning rate of 1e\\+06.*learning_rate_init",
    ),
    Mistake(
        "divergence in float32",
        regressor(solver="sgd", learning_rate_init=1e6, max_iter=100),
        lambda m: m.fit(XR.astype(np.float32), YR),
        "(?s)diverged.*learning_rate_init",
    ),
    Mistake(
        "partial_fit with early stopping",
        classifier(early_stopping=True),
        lambda m: m.partial_fit(XC, YC),
        "partial_fit does not support early_stopping=True",
    ),
    Mistake(
        "partial_fit with lbfgs",
        classifier(solver="lbfgs"),
        lambda m: m.partial_fit(XC, YC),
        "no attribute 'partial_fit'",
        AttributeError,
    ),
]
EVERY_MISTAKE = DATA_MISTAKES + WEIGHT_MISTAKES + VALIDATION_MISTAKES + HYPERPARAMETER_MISTAKES + TRAINING_MISTAKES


def repr_of_parameters(model):
    return {name: (id(value), repr(value)) for name, value in model.get_params().items()}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@each(EVERY_MISTAKE)
def test_the_message_says_what_is_wrong_and_nothing_is_left_behind(mistake):
    model = clone(mistake.estimator)
    attributes, parameters = set(vars(model)), repr_of_parameters(model)
    with pytest.raises(mistake.error, match=mistake.message):
        mistake.call(model)
    assert set(vars(model)) == attributes
    assert repr_of_parameters(model) == parameters


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@each(EVERY_MISTAKE)
def test_a_fitted_model_survives(mistake):
    """It was fitted with good parameters on good data, and then the mistake was made."""
    X, _ = DATA[type(mistake.estimator)]
    model = fit(type(mistake.estimator)(max_iter=2, random_state=0))
    before = most_precise_output(model, X)
    model.set_params(**clone(mistake.estimator).get_params())
    attributes, parameters = set(vars(model)), repr_of_parameters(model)
    with pytest.raises(mistake.error, match=mistake.message):
        mistake.call(model)
    assert repr_of_parameters(model) == parameters
    assert set(vars(model)) == attributes
    np.testing.assert_array_equal(most_precise_output(model, X), before)


AFTER_FIT = [
    Mistake("predict fewer features", classifier(), lambda m: m.predict(XC[:, :3]), "3 features.*expecting 4 features"),
    Mistake("predict more features", regressor(), lambda m: m.predict(np.hstack([XR, XR])), "20 features.*10 features"),
    Mistake("predict NaN", perceptron(), lambda m: m.predict(changed(XC, np.nan)), "contains NaN"),
    Mistake("predict one row", classifier(), lambda m: m.predict(XC[0]), "Expected 2D array"),
    Mistake("predict nothing", classifier(), lambda m: m.predict(XC[:0]), "0 sample"),
    Mistake(
        "partial_fit, other features", classifier(), lambda m: m.partial_fit(XC[:, :3], YC), "3 features.*4 features"
    ),
    Mistake(
        "partial_fit, unknown label",
        classifier(),
        lambda m: m.partial_fit(XC[:2], ["setosa", "rose"]),
        r"not among the classes \[.*setosa.*\]: \['rose'\].*first call of partial_fit",
    ),
    Mistake(
        "partial_fit, other classes",
        classifier(),
        lambda m: m.partial_fit(XC, YC, classes=["rose", "tulip"]),
        "not the same as in the first call",
    ),
    Mistake(
        "partial_fit, multilabel now",
        classifier(),
        lambda m: m.partial_fit(XC, np.tile([[1, 0], [1, 1], [0, 1]], (25, 1))),
        r"y has shape \(75, 2\).*fitted on one class per sample",
    ),
    Mistake(
        "partial_fit, two columns now",
        regressor(),
        lambda m: m.partial_fit(XR, np.stack([YR, YR], 1)),
        "2 columns.*fitted on 1",
    ),
    Mistake(
        "partial_fit, wider network",
        classifier(),
        lambda m: m.set_params(hidden_layer_sizes=5).partial_fit(XC, YC),
        r"(?s)cannot continue.*\[4\].*\[5\].*Set them back, or fit a clone",
    ),
    Mistake(
        "warm_start, other activation",
        regressor(),
        lambda m: m.set_params(activation="tanh", warm_start=True).fit(XR, YR),
        "(?s)cannot continue.*relu.*tanh.*Set them back, or fit a clone",
    ),
    Mistake(
        "warm_start, fewer features",
        regressor(),
        lambda m: m.set_params(warm_start=True).fit(XR[:, :3], YR),
        "3 features.*10 features",
    ),
    Mistake(
        "warm_start, unknown label",
        classifier(),
        lambda m: m.set_params(warm_start=True).fit(XC, np.where(YC == "setosa", "rose", YC)),
        "not among the classes.*rose",
    ),
    Mistake(
        "warm_start, other loss",
        regressor(),
        lambda m: m.set_params(warm_start=True, loss="poisson").fit(XR, YR),
        "(?s)cannot continue|loss",
    ),
]


@each(AFTER_FIT)
def test_a_fitted_model_refuses_other_data(mistake):
    X, _ = DATA[type(mistake.estimator)]
    model = fit(clone(mistake.estimator))
    before, attributes = most_precise_output(model, X), set(vars(model))
    with pytest.raises(mistake.error, match=mistake.message):
        mistake.call(model)
    assert set(vars(model)) == attributes
    np.testing.assert_array_equal(most_precise_output(model, X), before)


def test_all_invalid_hyperparameters_are_in_one_message():
    with pytest.raises(ValueError, match="4 invalid hyper-parameters") as caught:
        fit(classifier(dropout=1.0, alpha=-1, max_iter=0, solver="sdg"))
    for name in ("dropout", "alpha", "max_iter", "solver"):
        assert f"\n  {name} must be" in str(caught.value)
    assert "did you mean 'sgd'" in str(caught.value)


def test_multilabel_mismatch():
    Y = np.tile([[1, 0, 1], [0, 1, 1], [1, 1, 0]], (25, 1))
    model = classifier().fit(XC, Y)
    before = model.predict_proba(XC)
    with pytest.raises(ValueError, match=r"shape \(75, 2\).*multilabel indicator of 3 columns"):
        model.partial_fit(XC, Y[:, :2])
    with pytest.raises(ValueError, match=r"shape \(75,\).*multilabel indicator of 3 columns"):
        model.partial_fit(XC, YC)
    np.testing.assert_array_equal(model.predict_proba(XC), before)


def test_unknown_hyperparameter_is_a_type_error():
    with pytest.raises(TypeError, match="droput"):
        MLPClassifier(droput=0.5)


def test_first_partial_fit_needs_all_classes_or_learns_them_from_y():
    with pytest.raises(ValueError, match=r"1 class: \['setosa'\].*classes=\[\.\.\.\]"):
        classifier().partial_fit(XC[:10], YC[:10])
    model = classifier().partial_fit(XC[:10], YC[:10], classes=np.unique(YC))
    assert list(model.classes_) == sorted(set(YC))
    with pytest.raises(ValueError, match="rose"):
        classifier().partial_fit(XC, YC, classes=["rose", "tulip"])


def test_batch_size_larger_than_the_data_warns():
    with pytest.warns(UserWarning, match="batch_size=1000 is more than the 75 training samples"):
        classifier(batch_size=1000).fit(XC, YC)


def test_no_partial_fit_with_lbfgs():
    model = classifier(solver="lbfgs")
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError) as caught:
        _ = model.partial_fit
    assert "solver='lbfgs'" in str(caught.value.__cause__)


@each(VALIDATION_MISTAKES)
def test_errors_about_validation_data_name_it(mistake):
    with pytest.raises(mistake.error) as caught:
        mistake.call(clone(mistake.estimator))
    if mistake.case != "scorer without its method":
        assert re.search("(X|y|sample_weight)_val", str(caught.value))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (classifier(), "network_"),
        (classifier(), "coefs_"),
        (regressor(), "intercepts_"),
        (regressor(), "n_layers_"),
        (perceptron(), "coef_"),
        (perceptron(), "intercept_"),
        (KANClassifier(), "feature_importances_"),
        (KANClassifier(), "edge_importances_"),
    ],
)
def test_attributes_before_fit_say_that_it_is_missing(model, name):
    assert not hasattr(model, name)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(model, name)
