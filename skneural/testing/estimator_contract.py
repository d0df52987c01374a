"""Checks of estimators for any format of X.

scikit-learn's `check_estimator` generates its inputs, which are always two-dimensional. These are its most important
checks for other inputs: three- and four-dimensional arrays, lists of series of unequal lengths, tokens, graphs.
"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import has_fit_parameter

from skneural.ops.types import Array
from skneural.sklearn_compat import num_samples, safe_indexing

if TYPE_CHECKING:
    from skneural.template.estimator import NeuralEstimator

UserTargets: TypeAlias = Sequence[Any] | Array | None

# Preferred outputs first: labels hide small differences that probabilities show.
OUTPUTS = ("predict_proba", "decision_function", "predict", "score_samples", "transform")


def check_estimator_contract(estimator: NeuralEstimator, X: object, y: UserTargets) -> None:
    """Check that an estimator follows the conventions of scikit-learn on the given data.

    Parameters
    ----------
    estimator : estimator
        It is cloned and not changed. If it has a `random_state`, clones use ``random_state=0``. Few epochs are enough.
    X : array, sparse matrix, DataFrame, list or other container
        At least ten samples, in a container with a length and selection by an array of integers.
    y : array-like or None
        Targets, with at least two samples of each class.

    Raises
    ------
    AssertionError
        If a check fails; the message says which, and how.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import MLPClassifier
    >>> from skneural.testing.estimator_contract import check_estimator_contract
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(30, 4)).astype(np.float32)
    >>> check_estimator_contract(MLPClassifier(8, solver="lbfgs"), X, X[:, 0] > 0)
    """
    subject = Subject(estimator, X, y)
    for check in CHECKS:
        check(subject)


@dataclass(frozen=True)
class Subject:
    """An estimator with the data on which it is checked.

    Checks that change nothing share one model, because fits take most of the time.

    Attributes
    ----------
    estimator : estimator
    X, y : object
        As in `check_estimator_contract`.
    """

    estimator: NeuralEstimator
    X: Any
    y: UserTargets

    def new(self) -> NeuralEstimator:
        """An unfitted clone, with ``random_state=0`` if it has one."""
        estimator = clone(self.estimator)
        return estimator.set_params(random_state=0) if "random_state" in estimator.get_params(deep=False) else estimator

    @cached_property
    def fit_result(self) -> tuple[NeuralEstimator, Any]:
        """A model that was fitted on X and y, and the value that `fit` returned."""
        model = self.new()
        return model, model.fit(self.X, self.y)

    @property
    def model(self) -> NeuralEstimator:
        return self.fit_result[0]

    @cached_property
    def predictions(self) -> Any:
        """Predictions of the model for X."""
        return _predictions(self.model, self.X)

    @property
    def name(self) -> str:
        return type(self.estimator).__name__


def check_inputs_are_unchanged(subject: Subject) -> None:
    """Check that `fit` and `predict` do not change hyper-parameters, X and y."""
    X, y, name = subject.X, subject.y, subject.name
    parameters, hashes = _values(subject.new()), (joblib.hash(X), joblib.hash(y))
    model = subject.model
    assert joblib.hash(X) == hashes[0], f"{name}.fit changed X"
    assert joblib.hash(y) == hashes[1], f"{name}.fit changed y"
    _assert_parameters(model, parameters, "fit")
    for method in _outputs(model):
        getattr(model, method)(X)
        assert joblib.hash(X) == hashes[0], f"{name}.{method} changed X"
    _assert_parameters(model, parameters, "predict")


def check_unfitted(subject: Subject) -> None:
    """Check that before `fit`, prediction raises NotFittedError and there are no fitted attributes."""
    estimator = subject.new()
    attributes = _fitted_attributes(estimator)
    assert not attributes, f"{subject.name} has fitted attributes before fit: {attributes}"
    for method in _outputs(estimator):
        try:
            getattr(estimator, method)(subject.X)
        except NotFittedError:
            continue
        except Exception as error:
            raise AssertionError(
                f"{subject.name}.{method} before fit raised {type(error).__name__}, not NotFittedError: {error}"
            ) from error
        raise AssertionError(f"{subject.name}.{method} before fit did not raise NotFittedError")


def check_fit_returns_self(subject: Subject) -> None:
    """Check that `fit` returns the estimator itself and counts at least one iteration."""
    model, returned = subject.fit_result
    assert returned is model, f"{subject.name}.fit returned {type(returned).__name__}, not the estimator itself"
    n_iter = getattr(model, "n_iter_", 1)
    assert n_iter >= 1, f"{subject.name}.n_iter_ is {n_iter} after fit; it must be 1 or more"


def check_read_only_data(subject: Subject) -> None:
    """Check that read-only arrays, which joblib passes to its workers, give the same model."""
    estimator, X, y = subject.new(), _read_only(subject.X), _read_only(subject.y)
    try:
        estimator.fit(X, y)
        actual = _predictions(estimator, X)
    except ValueError as error:
        raise AssertionError(f"{subject.name} failed on read-only data: {error}") from error
    message = f"predictions of {subject.name} differ after training on read-only data"
    _assert_same(actual, subject.predictions, message)


def check_predict_shape_and_dtype(subject: Subject) -> None:
    """Check that there is a prediction per sample: floats in the precision of X, or classes that are in `classes_`."""
    estimator, X, y = subject.model, subject.X, subject.y
    method = next(name for name in ("score_samples", "predict", "transform") if hasattr(estimator, name))
    predicted = getattr(estimator, method)(X)
    n, n_samples = num_samples(predicted), num_samples(X)
    assert n == n_samples, f"{subject.name}.{method} returned {n} predictions for {n_samples} samples"
    if is_regressor(estimator) and isinstance(predicted, np.ndarray):
        expected = np.float64 if _dtype(X) == np.float64 else np.float32
        assert predicted.dtype == expected, (
            f"{subject.name}.predict returned {predicted.dtype} for {_dtype(X)} X; expected {np.dtype(expected)}"
        )
        shape = np.asarray(y).shape
        shape = shape if len(shape) < 2 or shape[1] > 1 else shape[:1]
        assert predicted.shape == shape, f"{subject.name}.predict returned shape {predicted.shape}, y has {shape}"
        assert np.isfinite(predicted).all(), f"{subject.name}.predict returned numbers that are not finite"
    if _is_single_label(estimator, y):
        unknown = np.setdiff1d(predicted, estimator.classes_)
        assert not unknown.size, f"{subject.name}.predict returned {unknown}, which are not in classes_"


def check_classes_and_probabilities(subject: Subject) -> None:
    """Check that `classes_` are the sorted labels of y, and that the class of the greatest probability is predicted."""
    estimator, X, y = subject.model, subject.X, subject.y
    if not _is_single_label(estimator, y):
        return
    expected = np.unique(np.asarray(y))
    assert np.array_equal(estimator.classes_, expected), (
        f"{subject.name}.classes_ is {estimator.classes_}; the labels of y are {expected}"
    )
    if not hasattr(estimator, "predict_proba"):
        return
    probabilities = estimator.predict_proba(X)
    shape = (num_samples(X), len(expected))
    assert probabilities.shape == shape, f"predict_proba returned shape {probabilities.shape}, expected {shape}"
    assert (probabilities >= 0).all(), f"{subject.name}.predict_proba returned negative probabilities"
    sums = probabilities.sum(axis=1)
    assert np.allclose(sums, 1, atol=1e-5), (
        f"{subject.name}.predict_proba sums to between {sums.min():g} and {sums.max():g}, not to one"
    )
    most_likely = estimator.classes_[probabilities.argmax(axis=1)]
    decided = np.ptp(np.sort(probabilities, axis=1)[:, -2:], axis=1) > 1e-5
    assert np.array_equal(estimator.predict(X)[decided], most_likely[decided]), (
        f"{subject.name}.predict does not return the class of the greatest probability"
    )


def check_same_seed_same_model(subject: Subject) -> None:
    """Check that a second fit with the same `random_state`, of the object or a clone, gives the same model."""
    X, y, first = subject.X, subject.y, subject.predictions
    second = subject.new()
    second.fit(X, y)
    _assert_same(_predictions(second, X), first, f"two {subject.name}s of the same seed differ")
    second.fit(X, y)
    _assert_same(_predictions(second, X), first, f"{subject.name} differs after a refit")


def check_round_trips(subject: Subject) -> None:
    """Check that pickle and deepcopy keep the model bit by bit, and that a clone has the hyper-parameters only."""
    model, X, expected = subject.model, subject.X, subject.predictions
    trips: dict[str, Callable[[Any], Any]] = {
        "pickle": lambda model: pickle.loads(pickle.dumps(model)),  # nosec B301
        "deepcopy": copy.deepcopy,
    }
    for name, trip in trips.items():
        _assert_same(_predictions(trip(model), X), expected, f"predictions of {subject.name} differ after {name}")
    cloned = clone(model)
    assert not _fitted_attributes(cloned), f"a clone of {subject.name} has {_fitted_attributes(cloned)}"
    message = f"predictions of {subject.name} differ after it was cloned and pickled"
    _assert_same(_predictions(model, X), expected, message)


def check_subset_invariance(subject: Subject) -> None:
    """Check that predictions for a subset of the samples equal a subset of the predictions."""
    n = num_samples(subject.X)
    for rows in (np.arange(0, n, 3), np.array([n - 1])):
        actual = _predictions(subject.model, _select(subject.X, rows))
        message = f"predictions of {subject.name} for {len(rows)} samples differ from those in the whole batch"
        _assert_close(actual, _select(subject.predictions, rows), message)


def check_order_invariance(subject: Subject) -> None:
    """Check that predictions do not depend on the order of the samples."""
    order = np.random.default_rng(0).permutation(num_samples(subject.X))
    actual = _predictions(subject.model, _select(subject.X, order))
    message = f"the predictions of {subject.name} depend on the order of the samples"
    _assert_close(actual, _select(subject.predictions, order), message)


def check_failed_refit_keeps_model(subject: Subject) -> None:
    """Check that a `fit` that fails changes neither a fitted model nor a new estimator."""
    estimator, X, y = subject.new(), subject.X, subject.y
    if y is None or inspect.signature(estimator.fit).parameters["y"].default is None:  # y is ignored
        return
    too_short = _select(y, np.arange(num_samples(X) - 1))
    parameters = _values(estimator)
    _assert_fit_fails(estimator, X, too_short)
    attributes = _fitted_attributes(estimator)
    assert not attributes, f"{subject.name} has {attributes} after its first fit failed"
    _assert_parameters(estimator, parameters, "a failed fit")
    model = copy.deepcopy(subject.model)
    _assert_fit_fails(model, X, too_short)
    _assert_parameters(model, parameters, "a failed fit")
    message = f"predictions of {subject.name} differ after a failed refit"
    _assert_same(_predictions(model, X), subject.predictions, message)


def check_zero_weight_equals_removal(subject: Subject) -> None:
    """Check that samples of weight zero, whatever their targets, do not change the model."""
    estimator, X, y = subject.new(), subject.X, subject.y
    if y is None or not has_fit_parameter(estimator, "sample_weight"):
        return
    n = num_samples(X)
    extra = np.arange(0, n, 3)
    # Targets of steps must have the length of their series, so they are not exchanged.
    others = extra if isinstance(y, list) and np.ndim(y[0]) else np.roll(extra, 1)
    rows, targets = np.concatenate([np.arange(n), extra]), np.concatenate([np.arange(n), others])
    weight = np.concatenate([np.ones(n), np.zeros(len(extra))])
    estimator.fit(_select(X, rows), _select(y, targets), sample_weight=weight)
    message = f"samples of weight zero change the predictions of {subject.name}"
    _assert_close(_predictions(estimator, X), subject.predictions, message, tolerance=10)


def check_cross_validation(subject: Subject) -> None:
    """Check that the estimator works in `cross_val_score`, on the subsets of X that the splitter selects."""
    estimator, X, y = subject.new(), subject.X, subject.y
    if not hasattr(estimator, "score"):
        return
    folds = StratifiedKFold(2) if _is_single_label(estimator, y) else KFold(2, shuffle=True, random_state=0)
    scores = cross_val_score(estimator, X, y, cv=folds, error_score="raise")
    assert scores.shape == (2,), f"cross_val_score with 2 folds returned {len(scores)} scores"
    assert np.isfinite(scores).all(), f"{subject.name} scores {scores} in cross-validation"


CHECKS = (
    check_inputs_are_unchanged,  # first: a change by an earlier fit would go unnoticed
    check_unfitted,
    check_fit_returns_self,
    check_read_only_data,
    check_predict_shape_and_dtype,
    check_classes_and_probabilities,
    check_same_seed_same_model,
    check_round_trips,
    check_subset_invariance,
    check_order_invariance,
    check_failed_refit_keeps_model,
    check_zero_weight_equals_removal,
    check_cross_validation,
)


# --- shared functions ------------------------------------------------------------------------------------


def _outputs(estimator: NeuralEstimator) -> list[str]:
    return [method for method in OUTPUTS if hasattr(estimator, method)]


def _predictions(estimator: NeuralEstimator, X: object) -> Any:
    return getattr(estimator, _outputs(estimator)[0])(X)


def _fitted_attributes(estimator: NeuralEstimator) -> list[str]:
    return [name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")]


def _values(estimator: NeuralEstimator) -> dict[str, str]:
    """Value of each hyper-parameter."""
    return {name: repr(value) for name, value in estimator.get_params(deep=False).items()}


def _assert_parameters(estimator: NeuralEstimator, before: dict[str, str], event: str) -> None:
    after = _values(estimator)
    changed = [name for name in before if before[name] != after.get(name)]
    assert not changed, f"{event} changed hyper-parameters of {type(estimator).__name__}: {changed}"


def _assert_fit_fails(estimator: NeuralEstimator, X: object, y: UserTargets) -> None:
    try:
        estimator.fit(X, y)
    except ValueError:
        return
    raise AssertionError(f"{type(estimator).__name__}.fit took {num_samples(X)} samples with {num_samples(y)} targets")


def _is_single_label(estimator: NeuralEstimator, y: UserTargets) -> bool:
    return is_classifier(estimator) and y is not None and type_of_target(y) in ("binary", "multiclass")


def _select(data: object, rows: np.ndarray) -> Any:
    return None if data is None else safe_indexing(data, rows)


def _dtype(X: object) -> np.dtype | None:
    """Data type of X or of its first sample, or None."""
    if hasattr(X, "dtype"):
        return X.dtype
    return getattr(X[0], "dtype", None) if isinstance(X, list | tuple) else None


def _read_only(data: Any) -> Any:
    """Copy of the data with read-only NumPy arrays."""
    if isinstance(data, list | tuple):
        return type(data)(_read_only(item) for item in data)
    data = copy.deepcopy(data)
    arrays = (data.data, data.indices, data.indptr) if sparse.issparse(data) and data.format in ("csr", "csc") else ()
    for array in (data, *arrays):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    return data


def _assert_same(actual: Any, expected: Any, message: str) -> None:
    """Compare bit by bit."""
    assert len(actual) == len(expected), f"{message}: {len(actual)} predictions instead of {len(expected)}"
    if isinstance(expected, np.ndarray):
        different = int(np.sum(np.asarray(actual) != expected))
        assert different == 0, f"{message}: {different} of {expected.size} values"
    else:
        different = sum(not np.array_equal(a, b) for a, b in zip(actual, expected, strict=True))
        assert different == 0, f"{message}: {different} of {len(expected)} predictions"


def _assert_close(actual: Any, expected: Any, message: str, tolerance: float = 1.0) -> None:
    """Compare floats up to rounding, and everything else exactly."""
    if isinstance(expected, list) and all(isinstance(array, np.ndarray) for array in expected):  # one for each series
        assert [len(array) for array in actual] == [len(array) for array in expected], f"{message}: lengths differ"
        actual, expected = np.concatenate(actual), np.concatenate(expected)
    if not isinstance(expected, np.ndarray) or not np.issubdtype(expected.dtype, np.floating):
        _assert_same(actual, expected, message)
        return
    assert actual.shape == expected.shape, f"{message}: shape {actual.shape} instead of {expected.shape}"
    allowed = tolerance * (1e-7 if expected.dtype == np.float64 else 1e-4) * max(1.0, float(np.abs(expected).max()))
    worst = float(np.abs(actual - expected).max())
    assert worst <= allowed, f"{message}: by up to {worst:.3g}; rounding explains {allowed:.3g}"
