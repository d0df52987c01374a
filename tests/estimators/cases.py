"""The tables of all public estimators that drive the tests: quick to train, on small data."""

import copy
import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_moons
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skneural import (
    Autoencoder,
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    DiffusionModel,
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNLinkPredictor,
    GNNNodeClassifier,
    GNNNodeRegressor,
    GraphNodes,
    HopfieldNetwork,
    ImageRegressor,
    ImageSegmenter,
    KANClassifier,
    KANRegressor,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MambaSequenceTagger,
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
    NodePairs,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    RocketSequenceClassifier,
    RocketSequenceRegressor,
    SequenceToSequence,
    SeriesForecaster,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)
from tests.estimators.networks import of_images, of_series, of_tokens, two_layers, wide_and_deep


@functools.cache
def read(load: Callable[..., tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """X and y of a data set, from its file only once: that takes as long as a few epochs."""
    return load(return_X_y=True)


def flowers(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Three classes with names, 75 samples."""
    X, y = read(load_iris)
    X = X[::2] - X.mean(axis=0)
    return X.astype(dtype), np.array(["setosa", "versicolor", "virginica"])[y[::2]]


def two_flowers(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    X, y = flowers(dtype)
    return X[25:], y[25:]


def patients(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """One number for each of 80 patients."""
    X, y = read(load_diabetes)
    return (20 * X[:80]).astype(dtype), y[:80].copy()


def patients_two_numbers(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    X, y = patients(dtype)
    return X, np.stack([y, X[:, 0] - X[:, 2]], axis=1)


def large_petals(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Four measurements, of each of which is asked whether it is large."""
    X, _ = flowers(dtype)
    return X, np.where(X > 0, "large", "small")


def both_neighbours(dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """For each of four steps two numbers."""
    X, _ = patients(dtype)
    X = X[:, :4]
    return X, np.stack([np.roll(X, 1, axis=1), X], axis=2)


def sentences(dtype: Any = np.float64) -> tuple[list[str], None]:
    """24 texts of one to ten words; nothing in them is floating."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(["who", "what", "is", "here", "?"], n)) for n in rng.integers(1, 11, 24)], None


def questions(dtype: Any = np.float64) -> tuple[list[np.ndarray], np.ndarray]:
    """24 sequences of two to ten tokens, and whether their first is the greater; nothing in them is floating."""
    rng = np.random.default_rng(0)
    tokens = [rng.integers(0, 5, n) for n in rng.integers(2, 11, 24)]
    return tokens, np.array(["yes" if each[0] > each[1] else "no" for each in tokens])


def chords(dtype: Any = np.float64) -> tuple[list[np.ndarray], None]:
    """24 series of one to ten sets of three keys; nothing in them is floating."""
    rng = np.random.default_rng(0)
    return [(rng.random((n, 3)) < 0.4).astype(np.uint8) for n in rng.integers(1, 11, 24)], None


def relatives(dtype: Any = np.float64) -> tuple[NodePairs, np.ndarray]:
    """Pairs of flowers, of which the edges of a graph tell that they are of one class."""
    X, y = flowers(dtype)
    same = np.triu(y[:, np.newaxis] == y, 1) & (np.random.default_rng(0).random((75, 75)) < 0.05)
    return NodePairs.sample(GraphNodes(X, (same | same.T).astype(dtype)), random_state=0)


def monthly_sales(dtype: Any = np.float64) -> tuple[np.ndarray, None]:
    """16 series of 16 months."""
    rng = np.random.default_rng(0)
    months, level = np.arange(16), np.arange(1, 17)[:, np.newaxis]
    return (level * (2 + np.sin(months * 2 * np.pi / 12) + 0.1 * rng.normal(size=(16, 16)))).astype(dtype), None


def iris():
    X, y = read(load_iris)
    return StandardScaler().fit_transform(X), y.copy()


def cancer():
    X, y = read(load_breast_cancer)
    return StandardScaler().fit_transform(X[:200, :8]), y[:200].copy()


def moons(n=200, seed=0):
    return make_moons(n, noise=0.1, random_state=seed)


def noisy_line(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, size=(n, 1))
    return X, 3 * X[:, 0] + rng.normal(size=n)


@dataclass(frozen=True)
class EstimatorCase:
    """An estimator that trains in milliseconds, and data for it."""

    estimator: Any
    data: Callable[..., tuple[Any, Any]]

    def new(self, **parameters: Any) -> Any:
        return clone(self.estimator).set_params(**parameters)

    def fitted(self, dtype: Any = np.float64) -> Any:
        """A copy of the model that was fitted on the data, once for all tests: fits take most of their time."""
        return copy.deepcopy(fitted_once(self, dtype))

    @property
    def in_minibatches(self) -> bool:
        """True if it trains in batches, and not on all samples at once, as L-BFGS does."""
        return getattr(self.estimator, "solver", "auto") not in ("auto", "lbfgs")

    @property
    def shardable(self) -> bool:
        """True if its batches can be split over threads: all but those of nodes, which share a graph."""
        return not isinstance(self.estimator, GNNNodeClassifier | GNNNodeRegressor | GNNLinkPredictor)


@functools.cache
def fitted_once(case: EstimatorCase, dtype: Any) -> Any:
    return case.new().fit(*case.data(dtype))


BRIEF = {"max_iter": 3, "batch_size": 16, "random_state": 0}
SMALL_TRANSFORMER = {"d_model": 8, "n_heads": 2, "feedforward_size": 8, **BRIEF}
# One network, whose epochs are those of `fit`; networks of folds: tests/estimators/tabular/test_folds.py
SMALL_TABULAR = {"hidden_layer_sizes": (8, 8), "learning_rate": "constant", "n_cv": 1, **BRIEF}
SMALL_MAMBA = {"d_model": 4, "state_size": 3, **BRIEF}

ESTIMATORS = {
    "perceptron": EstimatorCase(PerceptronClassifier(max_iter=50, random_state=0), flowers),
    "perceptron adam": EstimatorCase(
        PerceptronClassifier(solver="adam", max_iter=3, batch_size=16, random_state=0), flowers
    ),
    "perceptron step": EstimatorCase(
        PerceptronClassifier("step", solver="sgd", max_iter=3, batch_size=16, random_state=0), two_flowers
    ),
    "classifier": EstimatorCase(MLPClassifier((8, 8), max_iter=3, batch_size=16, random_state=0), flowers),
    "classifier of two": EstimatorCase(
        MLPClassifier(8, max_iter=3, batch_size=16, solver="rmsprop", random_state=0), two_flowers
    ),
    "classifier lbfgs": EstimatorCase(MLPClassifier(8, solver="lbfgs", max_iter=10, random_state=0), flowers),
    "classifier dropout": EstimatorCase(
        MLPClassifier(8, max_iter=3, batch_size=16, dropout=0.3, solver="adamw", random_state=0), flowers
    ),
    "classifier batch norm": EstimatorCase(
        MLPClassifier((8, 8), max_iter=3, batch_size=16, batch_norm=True, random_state=0), flowers
    ),
    "classifier residual": EstimatorCase(
        MLPClassifier((8, 8), max_iter=3, batch_size=16, residual=True, early_stopping=True, random_state=0), flowers
    ),
    "regressor": EstimatorCase(
        MLPRegressor(8, max_iter=3, batch_size=16, early_stopping=True, random_state=0), patients
    ),
    "regressor of two": EstimatorCase(
        MLPRegressor(8, "tanh", max_iter=3, batch_size=16, solver="sgd", random_state=0), patients_two_numbers
    ),
    "regressor lbfgs": EstimatorCase(MLPRegressor(8, solver="lbfgs", max_iter=10, random_state=0), patients),
    "tabular classifier": EstimatorCase(TabularMLPClassifier(**SMALL_TABULAR), flowers),
    "tabular classifier of two with members": EstimatorCase(
        TabularMLPClassifier(n_members=3, dropout=0.2, embedding="piecewise_linear", **SMALL_TABULAR), two_flowers
    ),
    "tabular regressor": EstimatorCase(TabularMLPRegressor(embedding=None, **SMALL_TABULAR), patients),
    "tabular regressor of two with members": EstimatorCase(
        TabularMLPRegressor(n_members=2, **SMALL_TABULAR), patients_two_numbers
    ),
    "image classifier": EstimatorCase(
        CNNClassifier(channels=(4, 4), hidden_layer_sizes=8, max_iter=3, batch_size=16, random_state=0), flowers
    ),
    "image classifier resnet": EstimatorCase(
        CNNClassifier(architecture="resnet", channels=4, batch_norm=True, max_iter=3, batch_size=16, random_state=0),
        flowers,
    ),
    "image regressor": EstimatorCase(
        CNNRegressor(channels=4, hidden_layer_sizes=8, dropout=0.2, max_iter=3, batch_size=16, random_state=0), patients
    ),
    "image segmenter": EstimatorCase(ImageSegmenter(channels=(2, 4), **BRIEF), large_petals),
    "image segmenter with dropout": EstimatorCase(
        ImageSegmenter(channels=(2, 3), batch_norm=False, dropout=0.2, **BRIEF), large_petals
    ),
    "regressor of pixels": EstimatorCase(ImageRegressor(channels=(2, 4), **BRIEF), both_neighbours),
    "series classifier": EstimatorCase(
        CNNSequenceClassifier(channels=(4, 4), max_iter=3, batch_size=16, random_state=0), two_flowers
    ),
    "series regressor": EstimatorCase(
        CNNSequenceRegressor(architecture="textcnn", channels=4, max_iter=3, batch_size=16, random_state=0),
        patients_two_numbers,
    ),
    "recurrent classifier": EstimatorCase(
        RNNSequenceClassifier(hidden_size=4, max_iter=3, batch_size=16, random_state=0), flowers
    ),
    "recurrent classifier with attention": EstimatorCase(
        RNNSequenceClassifier(
            cell="lstm",
            hidden_size=4,
            n_layers=2,
            bidirectional=True,
            pooling="attention",
            dropout=0.2,
            max_iter=3,
            batch_size=16,
            random_state=0,
        ),
        two_flowers,
    ),
    "recurrent regressor": EstimatorCase(
        RNNSequenceRegressor(cell="indrnn", hidden_size=4, max_iter=3, batch_size=16, random_state=0), patients
    ),
    "recurrent regressor of steps": EstimatorCase(
        RNNSequenceRegressor(cell="rnn", hidden_size=4, max_iter=3, batch_size=16, random_state=0), both_neighbours
    ),
    "tagger": EstimatorCase(
        RNNSequenceTagger(hidden_size=4, dropout=0.2, max_iter=3, batch_size=16, random_state=0), large_petals
    ),
    "transformer classifier": EstimatorCase(TransformerSequenceClassifier(**SMALL_TRANSFORMER), flowers),
    "transformer classifier with a class token": EstimatorCase(
        TransformerSequenceClassifier(positional="learned", pooling="cls", **SMALL_TRANSFORMER), two_flowers
    ),
    "transformer regressor": EstimatorCase(
        TransformerSequenceRegressor(positional="rotary", pooling="attention", **SMALL_TRANSFORMER),
        patients_two_numbers,
    ),
    "transformer tagger": EstimatorCase(TransformerSequenceTagger(**SMALL_TRANSFORMER), large_petals),
    # X is rows of numbers, and y names, which are spelled letter by letter
    "sequence to sequence": EstimatorCase(
        SequenceToSequence(hidden_size=8, embedding_size=4, max_length=12, learning_rate_init=0.01, **BRIEF), flowers
    ),
    "sequence to sequence transformer": EstimatorCase(
        SequenceToSequence(
            architecture="transformer",
            hidden_size=8,
            n_heads=2,
            feedforward_size=8,
            dropout=0.2,
            max_length=12,
            **BRIEF,
        ),
        two_flowers,
    ),
    # X is series of four steps, and y names, which are one word each
    "sequence to sequence without a decoder": EstimatorCase(
        SequenceToSequence(
            loss="ctc",
            encoder="rnn",
            step_reduction=2,
            level="word",
            hidden_size=4,
            dropout=0.2,
            learning_rate_init=0.01,
            **BRIEF,
        ),
        flowers,
    ),
    "mamba classifier": EstimatorCase(MambaSequenceClassifier(**SMALL_MAMBA), flowers),
    "mamba classifier with attention": EstimatorCase(
        MambaSequenceClassifier(variant="mamba", pooling="attention", dropout=0.2, n_layers=1, **SMALL_MAMBA),
        two_flowers,
    ),
    "mamba regressor": EstimatorCase(MambaSequenceRegressor(pooling="last", **SMALL_MAMBA), patients),
    "mamba regressor of steps": EstimatorCase(MambaSequenceRegressor(**SMALL_MAMBA), both_neighbours),
    "mamba tagger": EstimatorCase(MambaSequenceTagger(**SMALL_MAMBA), large_petals),
    "mamba tagger in both directions": EstimatorCase(
        MambaSequenceTagger(bidirectional=True, **SMALL_MAMBA), large_petals
    ),
    "spline classifier": EstimatorCase(
        KANClassifier(hidden_layer_sizes=3, max_iter=3, batch_size=16, random_state=0), flowers
    ),
    "spline classifier lbfgs": EstimatorCase(
        KANClassifier(hidden_layer_sizes=(2,), solver="lbfgs", max_iter=10, random_state=0), flowers
    ),
    "spline regressor": EstimatorCase(
        KANRegressor(hidden_layer_sizes=(), sparsity=0.01, max_iter=3, batch_size=16, random_state=0), patients
    ),
    "spline regressor with finer grids": EstimatorCase(
        KANRegressor(
            hidden_layer_sizes=2, grid_size=2, grid_refinement=(4,), solver="lbfgs", max_iter=3, random_state=0
        ),
        patients_two_numbers,
    ),
    "node classifier": EstimatorCase(GNNNodeClassifier(max_iter=3, random_state=0), flowers),
    "node classifier with attention": EstimatorCase(
        GNNNodeClassifier(
            convolution="gat", hidden_layer_sizes=(3, 3), n_heads=2, max_iter=3, batch_size=16, random_state=0
        ),
        two_flowers,
    ),
    "node regressor": EstimatorCase(
        GNNNodeRegressor(convolution="sage", max_iter=3, batch_size=16, early_stopping=True, random_state=0), patients
    ),
    "node regressor of sums": EstimatorCase(
        GNNNodeRegressor(convolution="gin", n_neighbors=3, dropout=0, max_iter=3, random_state=0), patients_two_numbers
    ),
    "graph classifier": EstimatorCase(
        GNNGraphClassifier(hidden_layer_sizes=(4, 4), max_iter=3, batch_size=16, random_state=0), flowers
    ),
    "graph classifier with attention": EstimatorCase(
        GNNGraphClassifier(
            convolution="gat", n_heads=2, hidden_layer_sizes=4, pooling="max", max_iter=3, batch_size=16, random_state=0
        ),
        two_flowers,
    ),
    "graph regressor": EstimatorCase(
        GNNGraphRegressor(
            convolution="gcn", hidden_layer_sizes=4, pooling="mean", max_iter=3, batch_size=16, random_state=0
        ),
        patients_two_numbers,
    ),
    "autoencoder": EstimatorCase(Autoencoder(2, 8, max_iter=3, batch_size=16, random_state=0), flowers),
    "autoencoder lbfgs": EstimatorCase(Autoencoder(2, 8, solver="lbfgs", max_iter=10, random_state=0), flowers),
    "autoencoder variational": EstimatorCase(
        Autoencoder(2, 8, variational=True, early_stopping=True, noise=0.1, max_iter=3, batch_size=16, random_state=0),
        patients,
    ),
    "autoencoder of images": EstimatorCase(
        Autoencoder(
            2, (), image_shape="auto", channels=(2, 3), solver="adamw", max_iter=3, batch_size=16, random_state=0
        ),
        flowers,
    ),
    "diffusion model": EstimatorCase(DiffusionModel(8, learning_rate="constant", **BRIEF), flowers),
    "diffusion model of ranks": EstimatorCase(
        DiffusionModel((8, 6), learning_rate="constant", prediction="noise", scaling="quantile", averaging=0, **BRIEF),
        patients,
    ),
    "own network": EstimatorCase(NetworkClassifier(two_layers, network__width=6, **BRIEF), flowers),
    "own network with dropout": EstimatorCase(
        NetworkClassifier(two_layers, network__dropout=0.2, network__function="relu", **BRIEF), two_flowers
    ),
    "own network of images": EstimatorCase(
        NetworkClassifier(of_images, kind="images", learning_rate_init=0.01, **BRIEF), flowers
    ),
    "own network, numbers": EstimatorCase(
        NetworkRegressor(wide_and_deep, network__width=5, early_stopping=True, **BRIEF), patients_two_numbers
    ),
    "own network of series": EstimatorCase(NetworkRegressor(of_series, kind="series", **BRIEF), patients),
    "regressor poisson": EstimatorCase(
        MLPRegressor(8, loss="poisson", max_iter=3, batch_size=16, dropout=0.2, random_state=0), patients
    ),
}

# They learn no weights by gradient: tests about training are not about them.
UNTRAINED = {
    "associative memory": EstimatorCase(HopfieldNetwork(random_state=0), flowers),
    "fixed kernels": EstimatorCase(RocketSequenceClassifier(n_kernels=168, random_state=0), flowers),
    "fixed kernels, numbers": EstimatorCase(
        RocketSequenceRegressor(n_kernels=168, random_state=0), patients_two_numbers
    ),
}

# They take texts: tests that change numbers of X are not about them.
OF_TEXTS = {
    "language model": EstimatorCase(LanguageModel(**SMALL_TRANSFORMER), sentences),
    "masked language model": EstimatorCase(
        LanguageModel(objective="masked", level="word", positional="learned", **SMALL_TRANSFORMER), sentences
    ),
    "language model of sets": EstimatorCase(LanguageModel(architecture="gru", d_model=4, **BRIEF), chords),
    "recurrent language model": EstimatorCase(LanguageModel(architecture="gru", d_model=4, **BRIEF), sentences),
    "own network of tokens": EstimatorCase(
        NetworkClassifier(of_tokens, kind="tokens", vocabulary_size=5, **BRIEF), questions
    ),
    "language model of selective states": EstimatorCase(
        LanguageModel(architecture="mamba", d_model=4, **BRIEF), sentences
    ),
}

# They take pairs of nodes of a graph, which has edges besides numbers.
OF_PAIRS = {
    "link predictor": EstimatorCase(
        GNNLinkPredictor(hidden_layer_sizes=(6, 4), dropout=0, max_iter=3, batch_size=32, random_state=0), relatives
    ),
    "link predictor of light convolutions": EstimatorCase(
        GNNLinkPredictor(convolution="lightgcn", embedding_size=3, max_iter=3, random_state=0), relatives
    ),
}


# Their y has a target for each step or pixel.
OF_ELEMENTS = (ImageRegressor, ImageSegmenter, MambaSequenceTagger, RNNSequenceTagger, TransformerSequenceTagger)

# Its samples are the windows of series, and its second argument is what is known of these in advance.
OF_LONG_SERIES = {
    "forecaster": EstimatorCase(
        SeriesForecaster(
            2,
            season=12,
            normalize="season",
            compare=False,
            hidden_layer_sizes=4,
            n_members=2,
            learning_rate="constant",
            **BRIEF,
        ),
        monthly_sales,
    ),
}


def every(cases: dict[str, EstimatorCase]) -> pytest.MarkDecorator:
    """Parametrize a test by cases; those of a class after its first one are marked as slow."""
    first = {id(case) for case in of_each_class(cases).values()}
    slow = pytest.mark.slow
    return pytest.mark.parametrize(
        "case", [pytest.param(case, id=name, marks=() if id(case) in first else slow) for name, case in cases.items()]
    )


def in_minibatches(cases: dict[str, EstimatorCase]) -> dict[str, EstimatorCase]:
    return {name: case for name, case in cases.items() if case.in_minibatches}


def of_each_class(cases: dict[str, EstimatorCase]) -> dict[str, EstimatorCase]:
    """The first case of each estimator class."""
    first: dict[str, EstimatorCase] = {}
    for case in cases.values():
        first.setdefault(type(case.estimator).__name__, case)
    return first


# Rows, images, series, steps, nodes, texts and columns: one class for each way through training.
WAYS_OF_TRAINING = (
    *("CNNClassifier", "DiffusionModel", "GNNNodeClassifier", "LanguageModel", "MLPClassifier", "RNNSequenceTagger"),
    *("TabularMLPRegressor", "TransformerSequenceRegressor"),
)


def every_way_of_training(cases: dict[str, EstimatorCase]) -> pytest.MarkDecorator:
    """Parametrize a test of the training that all classes share; classes that train as another one are slow."""
    slow, one_each = pytest.mark.slow, of_each_class(cases)
    assert set(WAYS_OF_TRAINING) <= set(one_each)
    return pytest.mark.parametrize(
        "case",
        [
            pytest.param(case, id=name, marks=() if name in WAYS_OF_TRAINING else slow)
            for name, case in one_each.items()
        ],
    )


every_numeric_estimator = every(ESTIMATORS)
every_numeric_minibatch_estimator = every(in_minibatches(ESTIMATORS))
every_numeric_or_text_estimator = every(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES)
every_numeric_or_text_minibatch_estimator = every(in_minibatches(ESTIMATORS | OF_TEXTS | OF_PAIRS))
every_trained_class = every(of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS))
every_way_to_train = every_way_of_training(ESTIMATORS | OF_TEXTS | OF_PAIRS)
every_numeric_class = every(of_each_class(ESTIMATORS))
every_trained_minibatch_class = every(of_each_class(in_minibatches(ESTIMATORS | OF_TEXTS)))
every_sparse_estimator = every(
    {name: case for name, case in ESTIMATORS.items() if get_tags(case.estimator).input_tags.sparse}
)


def other_values(estimator: Any, name: str) -> list[Any]:
    """Valid values of a hyper-parameter besides the present one, for tests of any hyper-parameter."""
    (constraint,) = (f.metadata["constraint"] for f in dataclasses.fields(estimator) if f.name == name)
    value = getattr(estimator, name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    numbers = [value / 2, value * 2, value + 1, value - 1] if is_number else []
    candidates = [*constraint.options, *numbers, True, False, None, 0.3, 3, 2, (3, 3), (3,), *EXAMPLES.get(name, ())]
    others = [other for other in candidates if type(other) is not type(value) or other != value]
    return [other for other in others if constraint.allows(other)]


# Values of hyper-parameters that are neither numbers nor names.
EXAMPLES: dict[str, Any] = {
    "augmentation": [("flip", "shift"), ()],
    "categorical_features": [[0], None],
    "class_weight": ["balanced"],
    "embedding_weights": [np.ones((3, 2))],
    "freeze": [("embedding",), 1],
    "grid_range": [(-3.0, 3.0), "auto"],
    "image_shape": [(2, 2, 1)],
    "network": [two_layers, wide_and_deep],
}


def with_defaults(kind: type) -> Any:
    """An estimator with its defaults; with a small network, if it requires one."""
    return kind(two_layers) if kind in (NetworkClassifier, NetworkRegressor) else kind()


def continuable(case: EstimatorCase) -> Any:
    """The estimator with options that `partial_fit` accepts."""
    return case.new(early_stopping=False)


def most_precise_method(model: Any) -> str:
    """The first method that there is of those whose output shows small differences best."""
    methods = ("decision_function", "predict_proba", "predict", "score_samples", "transform")
    return next(method for method in methods if hasattr(model, method))


def most_precise_output(model: Any, X: Any) -> np.ndarray:
    return getattr(model, most_precise_method(model))(X)
