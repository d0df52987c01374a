"""Each hyper-parameter changes the fitted model, or a table says why it does not."""

import dataclasses
import functools

import joblib
import pytest

from skneural import MLPClassifier, PerceptronClassifier
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import NeuralEstimator
from skneural.template.regressor import NeuralRegressor
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
    EstimatorCase,
    flowers,
    of_each_class,
    other_values,
)
from tests.estimators.uses import used

CASES = of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED)
CASES["MLPClassifier"] = EstimatorCase(MLPClassifier(4, max_iter=4, batch_size=16, random_state=0), flowers)

# Hyper-parameters that change nothing of the fitted model here.
WITHOUT_EFFECT = {
    "verbose": "prints",
    "training_scores": "records more; see test_history.py",
    "n_jobs": "results are equal up to rounding",
    "warm_start": "concerns the next fit",
    "max_length": "for learned positions; a limit of what can be predicted",
    "vocabulary_size": "for tokens, which have test files of their own",
    "embedding_weights": "for tokens; see test_word_vectors.py",
    "word_dropout": "for tokens, in fasttext",
    "embedding_size": "for tokens; of numbers only with an embedding",
    "pretrained": "needs another model; see test_pretrained.py",
    "body_learning_rate": "needs another model; see template/test_pretrained.py",
    "freeze": "needs another model or vectors; see test_pretrained.py and test_word_vectors.py",
    "kind": "needs another network; see test_own_networks.py",
    "image_shape": "the only shape of so few numbers",
    "categorical_features": "needs categories; see test_tabular.py",
    "text_features": "needs texts; see tabular/test_free_text.py",
    "min_frequency": "each word of the sentences is frequent",
    "HopfieldNetwork.update": "ends in the same states from here",
    "n_init": "keeps the best start, which may be the first",
    "SequenceToSequence.encoder": "there is one for rows of numbers",
    "CNNClassifier.kernel_size": "no kernel is larger than these images",
    "GNNGraphClassifier.pooling": "graphs have one node here; see test_graphs.py",
    "GNNGraphRegressor.pooling": "graphs have one node here; see test_graphs.py",
    "Autoencoder.loss": "values are not between 0 and 1; see test_autoencoder.py",
    "DiffusionModel.guidance": "needs a condition in `sample`; see test_after_fit.py",
    "SeriesForecaster.calendar": "needs times; see test_forecast.py",
    "GNNLinkPredictor.n_negatives": "not used with y; see test_links.py",
    "SeriesForecaster.compare": "only warns; see test_forecast.py",
    "SequenceToSequence.beam_width": "finds the same sequences here",
    "SequenceToSequence.kernel_size": "no kernel is larger than these images",
}

# Other hyper-parameters with which one has an effect; other solvers than these ignore it with a warning.
GAT = {"convolution": "gat"}
USED_WITH: dict[str, dict] = {
    "max_fun": {"solver": "lbfgs", "batch_size": "auto"},
    "momentum": {"solver": "sgd"},
    "nesterovs_momentum": {"solver": "sgd"},
    "power_t": {"learning_rate": "invscaling"},
    "validation_fraction": {"early_stopping": True},
    "validation_split": {"early_stopping": True},
    "scoring": {"early_stopping": True},
    "tol": {"max_iter": 8, "n_iter_no_change": 1},
    "n_iter_no_change": {"max_iter": 8, "tol": 1.0},
    "quantile": {"loss": "quantile"},
    "huber_delta": {"loss": "huber"},
    "SequenceToSequence.n_heads": {"architecture": "transformer"},
    "SequenceToSequence.feedforward_size": {"architecture": "transformer"},
    "SequenceToSequence.loss": {"level": "word"},
    "SequenceToSequence.step_reduction": {"encoder": "rnn"},
    "SequenceToSequence.standardize": {"encoder": "rnn"},
    "SequenceToSequence.channels": {"encoder": "cnn"},
    "entropy": {"sparsity": 0.1},
    "GNNLinkPredictor.n_heads": GAT,
    "GNNNodeClassifier.n_heads": GAT,
    "GNNNodeRegressor.n_heads": GAT,
    "GNNGraphClassifier.n_heads": GAT | {"hidden_layer_sizes": (16,)},
    "GNNGraphRegressor.n_heads": GAT | {"hidden_layer_sizes": (16,)},
    "Autoencoder.beta": {"variational": True},
    "Autoencoder.channels": {"image_shape": "auto"},
    "Autoencoder.kernel_size": {"image_shape": "auto"},
    "HopfieldNetwork.beta": {"rule": "modern"},
}

# Values in place of the usual ones.
VALUES: dict[str, list] = {
    "max_fun": [1],
    "max_time": [1e-9],
    "tol": [0.0, 10.0],
    "n_iter_no_change": [1, 3],
    "MLPClassifier.scoring": ["accuracy"],
    "MLPRegressor.scoring": ["r2"],
    "class_weight": [{"setosa": 3.0, "versicolor": 1.0, "virginica": 1.0}],
    "grid_refinement": [(8,)],
    "neighbor_samples": [(1, 1)],
    "season": [3, 5],
}


SHARED = (NeuralEstimator, NeuralClassifier, NeuralRegressor)


def cases():
    """Each estimator with its hyper-parameters; those that many share, of MLPs only."""
    shared = {name for each in SHARED for name in vars(each)["__annotations__"]}
    for name, case in CASES.items():
        for field in dataclasses.fields(case.estimator):
            kept = field.name not in shared or name in ("MLPClassifier", "MLPRegressor")
            if kept and not {field.name, f"{name}.{field.name}"} & set(WITHOUT_EFFECT):
                yield pytest.param(case, field.name, id=f"{name}-{field.name}")


def state(case, options):
    """Hash of the fitted model and of its predictions."""
    X, y = case.data()
    model = case.new(**options).fit(X, y)
    names = ("weights_", "buffers_", "loss_curve_", "validation_scores_", "n_iter_")
    return joblib.hash([[getattr(model, name, None) for name in names], used(model, X[:6])])


@functools.cache  # most hyper-parameters of an estimator are compared with one and the same model
def usual_state(case, key):
    return state(case, USED_WITH.get(key, {}))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("case", "name"), list(cases()))
def test_every_parameter_has_an_effect(case, name):
    keys = (f"{type(case.estimator).__name__}.{name}", name)
    key = next((key for key in keys if key in USED_WITH), None)
    options = USED_WITH.get(key, {})
    model = case.new(**options)
    values = next((VALUES[key] for key in keys if key in VALUES), None) or other_values(model, name)
    for value in values:
        if state(case, options | {name: value}) != usual_state(case, key):
            return
    pytest.fail(f"{name} has no effect: {getattr(model, name)!r} and {values!r} give the same model")


def fit_warnings(model, recwarn, method="fit", **arguments):
    X, y = flowers()
    getattr(model, method)(X, y, **arguments)
    return [str(warning.message) for warning in recwarn if "does not use" in str(warning.message)]


@pytest.mark.parametrize(
    ("model", "unused"),
    [
        (
            MLPClassifier(4, solver="lbfgs", batch_size=9, learning_rate_init=0.1),
            "learning_rate_init=0.1, batch_size=9",
        ),
        (MLPClassifier(4, momentum=0.5, max_fun=99), "max_fun=99, momentum=0.5"),
        (MLPClassifier(4, solver="sgd", beta_1=0.5, epsilon=1e-5), "beta_1=0.5, epsilon=1e-05"),
        (PerceptronClassifier(max_grad_norm=1.0, batch_size=9), "batch_size=9, max_grad_norm=1.0"),
        (PerceptronClassifier("step", alpha=0.1, solver="adam"), "solver='adam', alpha=0.1"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_the_solver_does_not_use_is_named_once(model, unused, recwarn):
    (message,) = fit_warnings(model.set_params(max_iter=3), recwarn)
    assert message.endswith(f"here, and does not use {unused}.")


@pytest.mark.parametrize(
    "model", [MLPClassifier(4, solver="lbfgs"), PerceptronClassifier(), PerceptronClassifier("step")]
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_defaults_are_not_warned_of(model, recwarn):
    assert fit_warnings(model.set_params(max_iter=3), recwarn) == []


def test_a_single_pass_uses_another_solver(recwarn):
    classes = ["setosa", "versicolor", "virginica"]
    assert fit_warnings(PerceptronClassifier(batch_size=9), recwarn, "partial_fit", classes=classes) == []
