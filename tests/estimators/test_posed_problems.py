"""Samples and targets of every estimator as they are encoded before training."""

import numpy as np
from sklearn.base import is_classifier, is_regressor

from skneural.readers import InputSpec
from skneural.tasks import FitArguments
from skneural.template.problem import FLOATS, pose
from tests.estimators.cases import ESTIMATORS, OF_TEXTS, every

SUPERVISED = {name: case for name, case in ESTIMATORS.items() if case.estimator.__sklearn_tags__().target_tags.required}
OF_CLASSES = {name: case for name, case in SUPERVISED.items() if is_classifier(case.estimator)}
OF_NUMBERS = {name: case for name, case in SUPERVISED.items() if is_regressor(case.estimator)}


def posed(model, X, y):
    return pose(model._specification(), model._settings(one_pass=False), FitArguments(X, y))


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
    targets = problem.samples.resample(np.random.default_rng(0)).y
    np.testing.assert_allclose(problem.task.decode(targets.values), X, rtol=1e-9, atol=1e-9)


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


@every({name: case for name, case in (ESTIMATORS | OF_TEXTS).items() if "node" not in name})
def test_readers_read_again_what_they_learned_from(case):
    """All rows, and some of them: no row is read in another way for the rows beside it."""
    X, _ = case.data()
    specification = case.new()._specification()
    spec = InputSpec(FLOATS, specification.estimator_name)
    reader, learned_x = specification.reader.learn(X, specification.reader_options, spec)
    for rows in (np.arange(len(X)), np.arange(0, len(X), 3)):
        part = [X[i] for i in rows] if isinstance(X, list) else X[rows]
        read, expected = (x.as_batch() for x in (reader.read(part, spec), learned_x[rows]))
        assert read[0].dtype == expected[0].dtype
        np.testing.assert_array_equal(read[0], expected[0])
        assert read[1].lengths is None or (read[1].lengths == expected[1].lengths).all()
