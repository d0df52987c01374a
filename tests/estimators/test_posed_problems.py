"""What every estimator learns of the data before it trains: scales, grids, first biases, and encoded targets."""

import dataclasses

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skneural import SequenceToSequence
from skneural.tasks import FitArguments
from skneural.template.problem import pose
from tests.estimators.cases import ESTIMATORS, OF_TEXTS, every

SUPERVISED = {name: case for name, case in ESTIMATORS.items() if case.estimator.__sklearn_tags__().target_tags.required}
OF_CLASSES = {name: case for name, case in SUPERVISED.items() if is_classifier(case.estimator)}
OF_NUMBERS = {name: case for name, case in SUPERVISED.items() if is_regressor(case.estimator)}
# Ranks are as many as there are rows, repeated or not; tests/estimators/diffusion has their weights. So are the least
# shares of tokens that never occur, with which the first biases of decoders begin.
BY_ROWS = ("diffusion model of ranks", "sequence to sequence", "sequence to sequence transformer")


def posed(model, X, y, sample_weight=None):
    return pose(model._specification(), model._settings(one_pass=False), FitArguments(X, y, sample_weight))


def arrays_of(value, name=""):
    """All arrays and numbers in nested dataclasses, by their path."""
    if dataclasses.is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {k: v for key, part in value.items() for k, v in arrays_of(part, f"{name}.{key}").items()}
    return {name: value} if isinstance(value, np.ndarray | float) else {}


def learned(problem):
    """Everything that follows from the data: the numbers of the task, the first weights, and the buffers."""
    of_task = {name: value for name, value in arrays_of(problem.task).items() if name != ".encoding.least_rank"}
    return {**of_task, "weights": problem.start.vector, "buffers": problem.start.buffers}


def check_same(problem, expected):
    actual, expected = learned(problem), learned(expected)
    assert actual.keys() == expected.keys()
    for name, value in actual.items():
        if np.asarray(value).dtype.kind == "f":
            np.testing.assert_allclose(value, expected[name], rtol=1e-7, atol=1e-9, err_msg=name)
        else:
            np.testing.assert_array_equal(value, expected[name], err_msg=name)


@every({name: case for name, case in ESTIMATORS.items() if name not in BY_ROWS})
def test_weights_are_repetitions_in_all_that_is_learned_before_training(case):
    X, y = case.data()
    weight = np.random.default_rng(0).integers(1, 4, len(X)).astype(float)
    weight[: len(X) // 3] += 5  # classes and rows that come first are more
    rows = np.repeat(np.arange(len(X)), weight.astype(int))
    check_same(posed(case.new(), X, y, weight), posed(case.new(), X[rows], y[rows]))


@every(ESTIMATORS)
def test_rows_without_weight_leave_no_trace_of_their_values(case):
    X, y = case.data()
    many = np.arange(len(X)) % 5 == 3
    far, far_y = X.copy(), y.copy()
    far[many] = 1000 * (1 + X[many])
    if y.dtype.kind == "f":
        far_y[many] = 1e6 + y[many]
    check_same(posed(case.new(), far, far_y, (~many).astype(float)), posed(case.new(), X[~many], y[~many]))


@every(OF_TEXTS)
def test_texts_without_weight_leave_no_trace_of_their_tokens(case):
    X, _ = case.data()
    weight = np.repeat([1.0, 0.0], [len(X), 2])
    problem, expected = posed(case.new(), [*X, "zebra quiz", "Y"], None, weight), posed(case.new(), X, None)
    assert problem.reader == expected.reader
    check_same(problem, expected)


def test_target_sequences_without_weight_leave_no_trace_of_their_tokens():
    X, y = ["a b", "b", "a a b"], ["u v", "v", "v w"]
    model = SequenceToSequence(hidden_size=4, embedding_size=2, random_state=0)
    problem = posed(model, [*X, "z"], [*y, "x y z u v w"], np.array([1.0, 1, 1, 0]))
    expected = posed(model, X, y)
    assert (problem.reader, problem.task) == (expected.reader, expected.task)
    check_same(problem, expected)


@every(OF_NUMBERS)
def test_numbers_that_were_encoded_are_decoded(case):
    X, y = case.data()
    problem = posed(case.new(), X, y)
    encoded = problem.samples.y.values
    if problem.loss.link_name == "exp":
        encoded = np.log(encoded)
    np.testing.assert_allclose(problem.task.decode(encoded).ravel(), y.ravel(), rtol=1e-9, atol=1e-9)


@every(OF_CLASSES)
def test_classes_that_were_encoded_are_decoded(case):
    X, y = case.data()
    problem = posed(case.new(), X, y)
    encoded = problem.samples.y.values
    scores = np.eye(problem.n_outputs)[encoded] if encoded.ndim == 1 else 2.0 * encoded - 1
    np.testing.assert_array_equal(problem.task.decode(scores), y.ravel())
    probabilities = problem.task.probabilities(50 * scores)
    np.testing.assert_array_equal(problem.task.classes[probabilities.argmax(axis=1)], y.ravel())


@every({name: case for name, case in ESTIMATORS.items() if name.startswith("autoencoder")})
def test_x_that_was_encoded_is_decoded(case):
    X, _ = case.data()
    problem = posed(case.new(), X, None)
    np.testing.assert_allclose(problem.task.decode(problem.samples.y.values), X, rtol=1e-9, atol=1e-9)


@every({name: OF_TEXTS[name] for name in ("language model", "masked language model")})
def test_encoded_targets_weigh_as_much_as_those_that_are_drawn_of_them(case):
    """For what is learned of targets before training, such as the first biases."""
    X, _ = case.data()
    samples = posed(case.new(), X, None).samples
    weight = samples.target_weight
    encoded = np.bincount(samples.y.values, weight, minlength=20)
    n_draws = 400
    drawn = sum(
        np.bincount(samples.resample(np.random.default_rng(seed)).y.values, minlength=20) for seed in range(n_draws)
    )
    np.testing.assert_allclose(encoded.sum(), drawn.sum() / n_draws, rtol=1e-6)
    np.testing.assert_allclose(encoded, drawn / n_draws, atol=0.05 * encoded.max())
