"""Any combination of allowed hyper-parameters and small inputs gives a sound model, or an error that says why not."""

import copy
import dataclasses
import pickle
import re
import traceback
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, has_fit_parameter

import skneural
from skneural import ImageRegressor, ImageSegmenter, NetworkClassifier, NetworkRegressor
from tests.estimators.cases import (
    BRIEF,
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
    EstimatorCase,
    flowers,
)
from tests.estimators.networks import of_images, of_series, of_tokens, wide_and_deep
from tests.fuzz import inputs

# Values of which each hyper-parameter draws those that its constraint allows; small, so that networks are.
VALUES = (None, True, False, -1, 0, 1, 2, 3, 4, 1e-30, 1e-3, 0.1, 0.5, 0.9, 1.0, 2.5, 1e3, np.inf)
SEQUENCES = ((), (2,), (3, 2), [4], np.array([2, 3]))
# Those that say how long training takes, how many threads compute and what is printed are not drawn.
# Networks of users fit one kind of X, of which each has rows of its own.
FIXED = ("max_iter", "max_fun", "n_jobs", "verbose", "random_state", "callback", "network", "kind")
# The first whose name occurs in the name of the estimator.
FORMS = {
    "Tabular": (inputs.mixed_tables,),
    "Autoencoder": (inputs.tables, inputs.mixed_tables, inputs.images),
    "Diffusion": (inputs.tables, inputs.mixed_tables),
    "SequenceToSequence": (inputs.tables, inputs.texts, inputs.series, inputs.images),
    "Sequence": (inputs.tables, inputs.series),
    "SeriesForecaster": (inputs.series,),
    "LanguageModel": (inputs.texts,),
    "CNN": (inputs.tables, inputs.images),
    "Image": (inputs.tables, inputs.images, inputs.images_of_sizes),
    "GNNNode": (inputs.nodes,),
    "GNNLink": (inputs.node_pairs,),
    "GNNGraph": (inputs.tables, inputs.graphs),
    "": (inputs.tables,),
}
# The kinds of networks of users: the network, further hyper-parameters, and X.
KINDS = {
    "table": (wide_and_deep, {}, inputs.tables),
    "images": (of_images, {}, inputs.images),
    "series": (of_series, {}, inputs.series),
    "tokens": (of_tokens, {"vocabulary_size": "auto"}, inputs.tokens),
}
# An error is understood if it names a hyper-parameter, an argument or a part of one.
NAMED = re.compile(
    r"\b(X|y|X_val|y_val|arrays?|samples?|features?|columns?|class(es)?|labels?|targets?|series|steps?|graphs?|nodes?|"
    r"images?|texts?|tokens?|inputs?|values?|rows?|outputs?|weights?)\b",
    re.IGNORECASE,
)
OF_THE_PACKAGE = tuple(str(Path(package.__file__).parent) for package in (skneural, sklearn))

CASES = ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED
EVERY = {type(case.estimator).__name__: case for case in reversed(CASES.values())}
OF_KINDS = {
    f"{family.__name__} of {kind}": EstimatorCase(family(network, kind=kind, **BRIEF | options), flowers)
    for family in (NetworkClassifier, NetworkRegressor)
    for kind, (network, options, _) in KINDS.items()
}
CASE_OF = EVERY | OF_KINDS
every_estimator = pytest.mark.parametrize("name", sorted(CASE_OF))


def test_every_estimator_is_tried():
    public = {name for name in skneural.__all__ if hasattr(getattr(skneural, name), "fit")}
    assert set(EVERY) == public
    (kind,) = (field for field in dataclasses.fields(NetworkClassifier) if field.name == "kind")
    assert set(KINDS) == set(kind.metadata["constraint"].options)


def hyperparameters(estimator: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Up to three hyper-parameters with other values than those of the case."""
    strategies = {}
    for field in dataclasses.fields(estimator):
        constraint = field.metadata["constraint"]
        values = [value for value in (*VALUES, *SEQUENCES, *constraint.options) if constraint.allows(value)]
        if values and field.name not in FIXED:
            strategies[field.name] = st.sampled_from(values)
    names = st.lists(st.sampled_from(sorted(strategies)), unique=True, max_size=3)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: strategies[name] for name in chosen}))


def problems(estimator: Any) -> st.SearchStrategy[inputs.Problem]:
    weighed = has_fit_parameter(estimator, "sample_weight")
    return st.one_of(*(inputs.problems(X_of, targets_of(estimator), weighed) for X_of in forms_of(estimator)))


def forms_of(estimator: Any) -> tuple[Any, ...]:
    """The strategies of X, which take the number of samples."""
    if isinstance(estimator, NetworkClassifier | NetworkRegressor):
        return (KINDS[estimator.kind][2],)
    return next(forms for part, forms in FORMS.items() if part in type(estimator).__name__)


def targets_of(estimator: Any) -> Any:
    """The strategy of y, which takes the number of samples and X."""
    name = type(estimator).__name__
    if name.endswith("Tagger"):
        return inputs.labels_of_steps
    if isinstance(estimator, ImageRegressor | ImageSegmenter):
        return inputs.numbers_of_pixels if is_regressor(estimator) else inputs.labels_of_pixels
    if name == "SequenceToSequence":
        return lambda n, X: inputs.texts(n)
    if is_classifier(estimator):
        return inputs.classes
    return inputs.numbers if is_regressor(estimator) else lambda n, X: st.none()


def fitted(estimator: Any, problem: inputs.Problem) -> Any:
    weight = {} if problem.sample_weight is None else {"sample_weight": problem.sample_weight}
    return (
        estimator.fit(problem.X, problem.y, **weight) if problem.y is not None else estimator.fit(problem.X, **weight)
    )


def outputs(model: Any, X: Any) -> dict[str, Any]:
    """Output of each method that takes X."""
    methods = ("predict", "predict_proba", "decision_function", "transform", "score_samples")
    return {name: getattr(model, name)(X) for name in methods if hasattr(model, name)}


def flat(output: Any) -> np.ndarray:
    """The values of an output: of a list with an array for each sample, one after the other."""
    if isinstance(output, list):
        return np.concatenate([np.ravel(np.asarray(part)) for part in output])
    return np.ravel(np.asarray(output))


def assert_sound(name: str, output: Any, n_samples: int) -> None:
    assert _num_samples(output) == n_samples, f"{name} returned {_num_samples(output)} rows for {n_samples} samples"
    values = flat(output)
    if np.issubdtype(values.dtype, np.floating):
        assert np.isfinite(values).all(), f"{name} returned values that are not finite"


def assert_same(name: str, actual: Any, expected: Any, event: str) -> None:
    assert np.array_equal(flat(actual), flat(expected)), f"{name} differs {event}"


def assert_close(name: str, actual: Any, expected: Any, event: str) -> None:
    actual, expected = flat(actual), flat(expected)
    if np.issubdtype(expected.dtype, np.floating):  # labels and tokens may change where scores are equal
        scale = max(1.0, float(np.abs(expected).max()))
        assert np.abs(actual / scale - expected / scale).max() < 1e-3, f"{name} differs {event}"


def assert_understood(error: Exception, estimator: Any) -> None:
    """An error must be raised on purpose, and name a hyper-parameter or a part of the input."""
    frames = traceback.extract_tb(error.__traceback__)
    assert frames[-1].filename.startswith(OF_THE_PACKAGE), f"not raised on purpose: {error!r}"
    named = any(re.search(rf"\b{name}\b", str(error)) for name in estimator.get_params(deep=False))
    assert named or NAMED.search(str(error)), f"names neither a hyper-parameter nor a part of the input: {error!r}"


def fingerprint(data: Any) -> str:
    """Hash of the values; pandas keeps notes in frames that were read, which are not hashed."""
    return joblib.hash(data.to_dict() if isinstance(data, pd.DataFrame) else data)


def check(name: str, parameters: dict[str, Any], problem: inputs.Problem) -> None:
    estimator = CASE_OF[name].new(**parameters)
    before = [fingerprint(problem.X), fingerprint(problem.y)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = fitted(clone(estimator), problem)
            expected = outputs(model, problem.X)
        except (ValueError, TypeError) as error:
            assert_understood(error, estimator)
            return
        again = outputs(fitted(clone(estimator), problem), problem.X)
        pickled = outputs(pickle.loads(pickle.dumps(model)), problem.X)
        copied = outputs(copy.deepcopy(model), problem.X)
        order = np.random.default_rng(0).permutation(_num_samples(problem.X))
        permuted = outputs(model, _safe_indexing(problem.X, order))
    # Warnings to users are part of an answer; those of NumPy are not meant for users.
    of_numpy = [str(warning.message) for warning in caught if issubclass(warning.category, RuntimeWarning)]
    assert not of_numpy, f"NumPy warned: {of_numpy}"
    assert [fingerprint(problem.X), fingerprint(problem.y)] == before, "fit or predict changed its input"
    for method, output in expected.items():
        assert_sound(method, output, len(order))
        assert_same(method, again[method], output, "in a second fit with the same seed")
        assert_same(method, pickled[method], output, "after pickle")
        assert_same(method, copied[method], output, "after deepcopy")
        assert_close(method, permuted[method], _safe_indexing(output, order), "in another order of samples")


def examples(n: int, **options: Any) -> settings:
    unhealthy = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=n, deadline=None, suppress_health_check=unhealthy, database=None, **options)


@every_estimator
def test_examples(name):
    @examples(8, derandomize=True, phases=[Phase.generate])
    @given(hyperparameters(CASE_OF[name].estimator), problems(CASE_OF[name].estimator))
    def run(parameters, problem):
        check(name, parameters, problem)

    run()


@pytest.mark.fuzz
@every_estimator
def test_many_examples(name):
    @examples(1000)
    @given(hyperparameters(CASE_OF[name].estimator), problems(CASE_OF[name].estimator))
    def run(parameters, problem):
        check(name, parameters, problem)

    run()
