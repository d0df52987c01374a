"""Samples of weight zero might as well be absent, and a weight of two is a repetition: for all estimators."""

from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.utils import _safe_indexing as take

from skneural import (
    Autoencoder,
    CNNClassifier,
    DiffusionModel,
    GNNGraphClassifier,
    GNNNodeClassifier,
    Graph,
    GraphNodes,
    LanguageModel,
    MambaSequenceTagger,
    MLPClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    SequenceToSequence,
    TabularMLPClassifier,
    TransformerSequenceClassifier,
    TransformerSequenceTagger,
)
from skneural.tasks import FitArguments
from skneural.template.problem import pose
from skneural.template.state import plain_state
from tests.estimators.cases import (
    BRIEF,
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    SMALL_TABULAR,
    SMALL_TRANSFORMER,
    EstimatorCase,
    every,
)

N, ABSENT = 24, np.array([3, 11, 23])
PRESENT = np.setdiff1d(np.arange(N), ABSENT)
RNG = np.random.default_rng(0)


def fitted_state(model: Any, X: Any, y: Any, **fit_params: Any) -> dict[str, str]:
    """A hash of each attribute of the fitted model."""
    arguments = (X,) if y is None else (X, y)
    state = model.fit(*arguments, **fit_params).__getstate__()
    state["history_"] = {name: curve for name, curve in state.get("history_", {}).items() if name != "seconds"}
    return {name: joblib.hash(value) for name, value in state.items()}


def rows_of(data: Any, rows: np.ndarray) -> Any:
    return None if data is None else take(data, rows)


def assert_no_trace(model: Any, X: Any, y: Any) -> None:
    """The samples `ABSENT` have weight zero: the model is that of the other ones, to the bit."""
    weight = np.where(np.isin(np.arange(N), ABSENT), 0.0, RNG.integers(1, 4, N))
    whole = fitted_state(model, X, y, sample_weight=weight)
    part = fitted_state(model, rows_of(X, PRESENT), rows_of(y, PRESENT), sample_weight=weight[PRESENT])
    assert whole == part, [name for name in whole.keys() | part.keys() if whole.get(name) != part.get(name)]


@every(ESTIMATORS)
def test_samples_of_weight_zero_leave_no_trace(case):
    X, y = (array[:: len(array) // N][:N].copy() for array in case.data())
    X[ABSENT] = [[1e12], [-1e30], [0.5]]
    if y.dtype.kind == "f":
        y[ABSENT] = 1e12
    else:
        y = y.astype("U12")
        y[ABSENT] = "another"
    balanced = {"class_weight": "balanced"} if "class_weight" in case.estimator.get_params() else {}
    assert_no_trace(case.new(max_iter=1, **balanced), X, y)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (MLPClassifier(4), (N, 3)),
        (CNNClassifier(channels=4), (N, 4, 4)),
        (TransformerSequenceClassifier(**SMALL_TRANSFORMER), (N, 5, 2)),
        (TransformerSequenceClassifier(**SMALL_TRANSFORMER), (N, 5)),
        (Autoencoder(2, 4, noise=0.1), (N, 3)),
        (Autoencoder(2, 4, image_shape="auto"), (N, 4, 4)),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else type(value).__name__,
)
def test_only_samples_with_a_weight_must_be_finite(model, shape):
    X, y = RNG.normal(size=shape), None if isinstance(model, Autoencoder) else CLASSES
    model.set_params(**BRIEF)
    X[ABSENT] = np.nan
    assert_no_trace(model, X, y)
    X[PRESENT[-1]] = np.inf
    arguments = (X,) if y is None else (X, y)
    with pytest.raises(ValueError, match="infinity"):
        model.fit(*arguments, sample_weight=1.0 * np.isin(np.arange(N), PRESENT))


def sum_of_what_is_given(model, X, y):
    return float(X.sum() + (y == "b").sum())


def test_scorers_are_given_samples_with_a_weight():
    model = MLPClassifier(4, early_stopping=True, validation_fraction=0.3, scoring=sum_of_what_is_given)
    model.set_params(max_iter=2, batch_size=7, random_state=0)
    assert_no_trace(model, RNG.normal(size=(N, 3)), CLASSES)
    assert model.validation_scores_


@every({name: case for name, case in OF_TEXTS.items() if case.data()[1] is None})  # others take tokens and labels
def test_texts_of_weight_zero_leave_no_trace(case):
    texts = case.data()[0]
    for row in ABSENT:
        texts[row] = row * "other words "
    assert_no_trace(case.new(max_iter=1), texts, None)


LENGTHS = np.where(np.isin(np.arange(N), ABSENT), 30, 1 + np.arange(N) % 5)
CLASSES = np.where(np.isin(np.arange(N), ABSENT), "another", np.tile(["a", "b", "c"], N // 3))
SERIES = [RNG.normal(size=(n, 2)) for n in LENGTHS]
LABELS = [np.full(len(x), 7) if row in ABSENT else (x[:, 0] > 0).astype(int) for row, x in enumerate(SERIES)]
TOKENS = [np.full(n, 9) if n == 30 else np.arange(n) % 4 for n in LENGTHS]
WORDS = [n * "z" if n == 30 else "abcde"[:n] for n in LENGTHS]
GRAPHS = [Graph(RNG.normal(size=(n, 2)), np.ones((n, n))) for n in LENGTHS]


def nodes() -> GraphNodes:
    edges = np.column_stack([np.arange(N), np.roll(np.arange(N), 1)])
    return GraphNodes.from_edges(edges, features=RNG.normal(size=(N, 3)))


def mixed_table() -> pd.DataFrame:
    absent = np.isin(np.arange(N), ABSENT)
    return pd.DataFrame(
        {
            "number": np.where(absent, [np.nan, 1e300] * (N // 2), np.arange(N)),
            "text": np.where(absent, "new", np.tile(["a", "b"], N // 2)),
            "missing": [None if is_absent else "c" for is_absent in absent],
            "category": pd.Categorical(np.where(absent, "v", "u"), categories=["u", "v", "w"]),
            "flag": absent,
        }
    )


@dataclass(frozen=True)
class Odd:
    """An estimator, and data whose samples `ABSENT` differ from all others in what is learned."""

    estimator: Any
    X: Any
    y: Any


ODD = {
    "table": Odd(TabularMLPClassifier(**SMALL_TABULAR), mixed_table(), CLASSES),
    "rows of a table": Odd(
        TabularMLPClassifier(categorical_features=[1, 2, 3], **SMALL_TABULAR), mixed_table().to_numpy(object), CLASSES
    ),
    "table of integers": Odd(
        TabularMLPClassifier(**SMALL_TABULAR),
        np.where(np.isin(np.arange(N), ABSENT), 10**9, np.arange(N) ** 3 * 1000)[:, None] * [1, 2],
        CLASSES,
    ),
    "generated table": Odd(DiffusionModel(8, **BRIEF), mixed_table(), CLASSES),
    "labels of steps": Odd(RNNSequenceTagger(hidden_size=3, **BRIEF), SERIES, LABELS),
    "balanced labels of steps": Odd(
        MambaSequenceTagger(d_model=4, state_size=3, class_weight="balanced", **BRIEF), SERIES, LABELS
    ),
    "numbers of steps": Odd(RNNSequenceRegressor(hidden_size=3, **BRIEF), SERIES, [10 * x for x in SERIES]),
    "learned positions": Odd(TransformerSequenceTagger(positional="learned", **SMALL_TRANSFORMER), SERIES, LABELS),
    "learned positions of tokens": Odd(
        TransformerSequenceClassifier(
            positional="learned", vocabulary_size=10, class_weight="balanced", **SMALL_TRANSFORMER
        ),
        TOKENS,
        CLASSES,
    ),
    "words": Odd(SequenceToSequence(hidden_size=3, embedding_size=2, **BRIEF), WORDS, WORDS),
    "integers": Odd(SequenceToSequence(hidden_size=3, embedding_size=2, **BRIEF), TOKENS, TOKENS),
    "texts with learned positions": Odd(
        LanguageModel(positional="learned", vocabulary_size=4, **SMALL_TRANSFORMER), WORDS, None
    ),
    "tokens of texts": Odd(LanguageModel(**SMALL_TRANSFORMER), TOKENS, None),
    "nodes": Odd(GNNNodeClassifier(class_weight="balanced", **BRIEF), nodes(), CLASSES),
    "graphs": Odd(GNNGraphClassifier(hidden_layer_sizes=4, **BRIEF), GRAPHS, CLASSES),
    "images": Odd(
        CNNClassifier(channels=4, **BRIEF),
        np.where(np.isin(np.arange(N), ABSENT), 1e9, np.arange(N))[:, None, None] * np.ones((N, 4, 4)),
        CLASSES,
    ),
    "binary rows": Odd(
        Autoencoder(2, 4, **BRIEF), np.where(LENGTHS[:, None] == 30, 5.0, np.arange(N)[:, None] % [2, 3, 4] == 0), None
    ),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_values_that_only_samples_of_weight_zero_have_leave_no_trace(odd):
    assert_no_trace(odd.estimator.set_params(max_iter=1), odd.X, odd.y)


def test_validation_samples_of_weight_zero_leave_no_trace():
    model, X = TabularMLPClassifier(**SMALL_TABULAR), mixed_table()
    weight = 1.0 * np.isin(np.arange(N), PRESENT)
    data = {"X": X.iloc[PRESENT], "y": CLASSES[PRESENT]}
    whole = fitted_state(model, **data, X_val=X, y_val=CLASSES, sample_weight_val=weight)
    assert whole == fitted_state(model, **data, X_val=data["X"], y_val=data["y"])


# Weights are repetitions

# In full batches, and without random numbers for each sample.
DETERMINISTIC = {"batch_size": 2000, "dropout": 0.0, "noise": 0.0, "early_stopping": False, "alpha": 0.01}
RANDOM = {
    "autoencoder variational": "draws latent features for each row",
    "diffusion model": "draws noise for each row",
    "diffusion model of ranks": "draws noise for each row",
    "masked language model": "draws masked tokens of each text",
    "own network with dropout": "draws a mask for each row, by an argument of the network",
}


def deterministic(case: Any) -> Any:
    return case.new(**{name: DETERMINISTIC[name] for name in DETERMINISTIC.keys() & case.estimator.get_params().keys()})


def weighted_and_repeated(X: Any, y: Any, classes: Any = None) -> list[FitArguments]:
    """The same data twice: with weights of 1 to 3, and with repeated samples."""
    weight = RNG.integers(1, 4, len(X))
    repeated = np.repeat(np.arange(len(X)), weight)
    return [
        FitArguments(X, y, weight, classes),
        FitArguments(rows_of(X, repeated), rows_of(y, repeated), None, classes),
    ]


def assert_equal_values(first: Any, second: Any, where: str = "") -> None:
    """Assert that plain values are equal up to rounding."""
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for name in first:
            assert_equal_values(first[name], second[name], f"{where}.{name}")
    elif isinstance(first, np.ndarray) and first.dtype.kind == "f":
        np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-12, err_msg=where)
    else:
        assert joblib.hash(first) == joblib.hash(second), where


@every(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES)
def test_what_is_learned_before_training_is_that_of_repeated_samples(case):
    model = deterministic(case)
    _, y = X_y = case.data()
    # One more class than there are in y, whose initial bias is that of half a sample.
    classes = np.append(np.unique(y), "zzz") if y is not None and y.dtype.kind == "U" and y.ndim == 1 else None
    posed = [
        pose(model._specification(), model._settings(False), arguments)
        for arguments in weighted_and_repeated(*X_y, classes)
    ]
    for of in ("task", "reader"):
        first, second = (plain_state(getattr(problem, of)) for problem in posed)
        if of == "task" or "training" not in first:  # the graph of nearest neighbours of rows
            assert_equal_values(first, second, of)
    for start in ("vector", "buffers"):
        first, second = (getattr(problem.start, start) for problem in posed)
        np.testing.assert_allclose(first, second, rtol=1e-5, atol=1e-6, err_msg=start)


@every(
    {
        name: case
        for name, case in (ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES).items()
        if name not in RANDOM and name != "own network with dropout"
    }
)
@pytest.mark.filterwarnings("ignore:(batch_size=|Training reached|On the training data)")
def test_weights_are_repetitions(case):
    weighted, repeated = (
        deterministic(case).fit(*(part for part in arguments[:2] if part is not None), sample_weight=arguments[2])
        for arguments in weighted_and_repeated(*case.data())
    )
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=1e-3, atol=1e-5)


@every(
    {
        name: case
        for name, case in (ESTIMATORS | OF_TEXTS).items()
        if name not in RANDOM and name != "own network with dropout"
    }
)
@pytest.mark.filterwarnings("ignore:(batch_size=|Training reached|On the training data)")
def test_weights_of_validation_samples_are_repetitions(case):
    """Scores are means, whatever the weights add up to."""
    X, y = case.data()
    weighted, repeated = (
        case.new(max_iter=1).fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight).validation_scores_
        for X_val, y_val, weight, *_ in weighted_and_repeated(X, y)
    )
    np.testing.assert_allclose(weighted, repeated, rtol=1e-5)


LABELLED = {name: case for name, case in ESTIMATORS.items() if "class_weight" in case.estimator.get_params()} | {
    "several labels": EstimatorCase(MLPClassifier(4), lambda: (np.eye(12), (np.arange(36) % 5 < 2).reshape(12, 3) * 1)),
    "several labels of steps": EstimatorCase(
        RNNSequenceTagger(hidden_size=3), lambda: (SERIES, [np.column_stack([x < 0, x > 1]) * 1 for x in SERIES])
    ),
}


@every(LABELLED)
def test_balanced_class_weights_are_those_of_repeated_samples(case):
    model = case.new(class_weight="balanced")
    both = weighted_and_repeated(*case.data())
    weighted, repeated = (pose(model._specification(), model._settings(False), each).samples.y for each in both)
    rows = np.repeat(np.arange(len(weighted)), both[0].sample_weight)
    np.testing.assert_allclose(weighted[rows].weight, repeated.weight, rtol=1e-6)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_is_learned_of_frames_lists_and_graphs_is_that_of_repeated_samples(odd):
    model = odd.estimator
    both = weighted_and_repeated(rows_of(odd.X, PRESENT), rows_of(odd.y, PRESENT))
    posed = [pose(model._specification(), model._settings(False), each) for each in both]
    for of in ("reader", "task"):
        assert_equal_values(*(plain_state(getattr(problem, of)) for problem in posed), of)


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (LanguageModel(level="word", vocabulary_size=3, **SMALL_TRANSFORMER), None),
        (LanguageModel(level="word", min_frequency=3, **SMALL_TRANSFORMER), None),
        (SequenceToSequence(level="word", vocabulary_size=3, **BRIEF), ["x x y", "y z", "z"]),
    ],
)
def test_the_most_frequent_tokens_are_those_of_repeated_texts(model, y):
    texts, weight = ["a a b", "b c", "d"], [1, 1, 4]
    repeated = np.repeat(np.arange(3), weight)
    both = FitArguments(texts, y, weight), FitArguments(rows_of(texts, repeated), rows_of(y, repeated))
    posed = [pose(model._specification(), model._settings(False), arguments) for arguments in both]
    for of in ("reader", "task"):
        assert_equal_values(*(plain_state(getattr(problem, of)) for problem in posed), of)
    assert "d" in posed[0].reader.tokens
