"""The table of models that are exported, with their inputs in ONNX and what they predict."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator

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
    Graph,
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
from tests.estimators import networks
from tests.estimators.cases import BRIEF, SMALL_MAMBA, SMALL_TABULAR, SMALL_TRANSFORMER

Feed = dict[str, np.ndarray]
RNG = np.random.default_rng(0)


@dataclass(frozen=True)
class ExportCase:
    """A model, the data it is fitted on and other data for its predictions.

    Attributes
    ----------
    estimator : estimator
    train : function
        Returns X and y.
    new : function
        Called with a number of samples, it returns other X, also with other numbers of steps.
    feed : function
        From a model and X to the inputs of its graph.
    predicted : function
        From a model and X to the expected outputs of its graph.
    precise : float
        Largest difference, relative to the largest value of an output.
    of_reference : bool
        False where the reference evaluator has an error.
    least : int
        Fewest samples of a prediction.
    """

    estimator: Any
    train: Callable[[], tuple[Any, Any]]
    new: Callable[[int], Any]
    feed: Callable[[Any, Any], Feed]
    predicted: Callable[[Any, Any], Feed]
    precise: float = 1e-5
    of_reference: bool = True
    least: int = 0


# --- inputs -----------------------------------------------------------------------------------------------


def as_array(model: Any, X: Any) -> Feed:
    return {"X": np.asarray(X, np.float32)}


def as_tokens(model: Any, X: Any) -> Feed:
    return {"X": np.asarray(X, np.int64)}


def as_columns(model: Any, X: Any) -> Feed:
    """One input for each column of a frame: strings, or numbers in the precision of the graph."""
    from skneural.export import to_onnx

    types = {each.name: each.type.tensor_type.elem_type for each in to_onnx(model).graph.input}
    return {name: column_of(X[name], types[name]) for name in X.columns}


def column_of(values: pd.Series, kind: int) -> np.ndarray:
    if kind == 7:  # times
        return values.to_numpy("M8[us]").astype(np.int64)[:, np.newaxis]
    numbers = {1: np.float32, 11: np.float64}
    if kind in numbers:
        return values.to_numpy(numbers[kind], na_value=np.nan)[:, np.newaxis]
    return np.array([["" if pd.isna(value) else value] for value in values], object).reshape(-1, 1)


def padded(pieces: list[np.ndarray], fill: float, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    lengths = np.array([len(piece) for piece in pieces], np.int32)
    shape = (len(pieces), max(lengths, default=1), *np.shape(pieces[0])[1:]) if pieces else (0, 1)
    X = np.full(shape, fill, dtype)
    for row, piece in zip(X, pieces, strict=True):
        row[: len(piece)] = piece
    return X, lengths


def as_series(model: Any, X: Any) -> Feed:
    """Series of unequal lengths, behind whose end there is NaN."""
    if not len(X):
        return {"X": np.zeros((0, 5, model.n_features_in_), np.float32), "lengths": np.zeros(0, np.int32)}
    values, lengths = padded(list(X), np.nan, np.float32)
    return {"X": values, "lengths": lengths}


def as_padded_tokens(model: Any, X: Any) -> Feed:
    values, lengths = padded(list(X), -7, np.int64)
    return {"X": values, "lengths": lengths}


# --- predictions ------------------------------------------------------------------------------------------


def of_classifier(model: Any, X: Any) -> Feed:
    outputs = {"label": np.asarray(model.predict(X))}
    if hasattr(model, "predict_proba"):
        outputs["probabilities"] = np.asarray(model.predict_proba(X))
    return outputs


def of_regressor(model: Any, X: Any) -> Feed:
    y = np.asarray(model.predict(X))
    return {"variable": y[:, np.newaxis] if y.ndim == 1 else y}


def of_normal(model: Any, X: Any) -> Feed:
    """Means and standard deviations."""
    each = map(np.asarray, model.predict(X, return_std=True))
    return dict(zip(("variable", "deviation"), (y[:, np.newaxis] if y.ndim == 1 else y for y in each), strict=True))


def of_pixels(model: Any, X: Any) -> Feed:
    y = np.asarray(model.predict(X))
    return {"variable": y[..., np.newaxis] if y.ndim == 3 else y}


def of_autoencoder(model: Any, X: Any) -> Feed:
    latent = model.transform(X)
    return {"variable": latent, "reconstruction": model.inverse_transform(latent)}


def of_steps(predict: Callable[[Any, Any], Feed]) -> Callable[[Any, Any], Feed]:
    """Predictions for each step of series of unequal lengths, in arrays; masked where there is no step."""

    def predicted(model: Any, X: Any) -> Feed:
        outputs = {}
        for name, method in (("label", "predict"), ("probabilities", "predict_proba"), ("variable", "predict")):
            if (name == "variable") == hasattr(model, "classes_"):
                continue
            pieces = [np.asarray(piece) for piece in getattr(model, method)(X)]
            longest = max(map(len, pieces))
            mask = np.array([np.arange(longest) < len(piece) for piece in pieces])
            whole = np.ma.masked_all((len(pieces), longest, *pieces[0].shape[1:]), pieces[0].dtype)
            whole[mask] = np.concatenate(pieces)
            outputs[name] = whole
        return outputs

    return predicted


# --- data -------------------------------------------------------------------------------------------------


def table(labels: Any = ("no", "yes", "maybe"), n: int = 60) -> Callable[[], tuple[Any, Any]]:
    def train() -> tuple[Any, Any]:
        X = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
        return X, np.array(labels)[(X[:, 0] + X[:, 1] > 0).astype(int) + (len(labels) > 2) * (X[:, 2] > 0.5)]

    return train


def amounts(n_outputs: int = 1, scale: float = 100.0, positive: bool = False) -> Callable[[], tuple[Any, Any]]:
    def train() -> tuple[Any, Any]:
        X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
        y = scale * (X[:, :n_outputs] + np.sin(X[:, 1:2]) + 3)
        return X, np.abs(np.rint(y[:, 0])) if positive else (y[:, 0] if n_outputs == 1 else y)

    return train


def several_labels() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    return X, (X[:, :3] > 0.3).astype(int)


def rows(n: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, 4)).astype(np.float32)


def rows_with_gaps(n: int) -> np.ndarray:
    X = rows(n)
    X[::2, 1] = np.nan
    return X


def rows_fitted_with_gaps() -> tuple[Any, Any]:
    X, y = table()()
    X[::5, 1] = np.nan
    return X, y


def rows_without_a_column() -> tuple[Any, Any]:
    X, y = table()()
    X[:, 2] = np.nan
    return X, y


COLOURS = ["red", "blue", "green", None]


def frame(n: int = 60, seed: int = 0, new: bool = False) -> pd.DataFrame:
    """Numbers with gaps, years, categories with gaps, integers and booleans as categories, and many categories."""
    rng = np.random.default_rng(seed)
    colours = ["violet", *COLOURS] if new else COLOURS
    return pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.2, np.nan, rng.normal(40, 10, n)),
            "year of birth": 1990 + rng.integers(0, 30, n) + rng.random(n),
            "colour": pd.Series([colours[i] for i in rng.integers(0, len(colours), n)], dtype=object),
            "code": pd.Categorical(rng.choice([3, 70_000_001, 70_000_002, *([5] if new else [])], n)),
            "town": pd.Series([f"town {i}" for i in rng.integers(0, 12 + 5 * new, n)], dtype=object),
            "member": rng.random(n) < 0.5,
        }
    )


def frame_of_times(n: int = 60, seed: int = 0) -> pd.DataFrame:
    """With times before and after 1970, at the ends of years, and missing."""
    rng = np.random.default_rng(seed)
    times = pd.Series(pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(-20_000, 5000, n), unit="D"))
    times += pd.to_timedelta(rng.integers(0, 86_400, n), unit="s")
    times.iloc[:: 5 if seed else 7] = pd.NaT
    times.iloc[-1] = pd.Timestamp("2024-12-31 23:59:59")
    return frame(n, seed).assign(opened=times)


def frame_of_times_and_labels() -> tuple[Any, Any]:
    X = frame_of_times()
    return X, np.where(X["opened"].dt.year > 2000, "new", "old")


def frame_and_labels() -> tuple[Any, Any]:
    X = frame()
    return X, np.where(X["age"].fillna(40) > 40, "old", "young")


def frame_and_amounts() -> tuple[Any, Any]:
    X = frame()
    return X, X["age"].fillna(40).to_numpy() * 3 + X["member"].to_numpy()


def named_numbers() -> tuple[Any, Any]:
    X, y = table()()
    return pd.DataFrame(X, columns=["sepal length (cm)", "b", "c.d", "lengths"]), y


def named_rows(n: int) -> pd.DataFrame:
    return pd.DataFrame(rows(n), columns=["sepal length (cm)", "b", "c.d", "lengths"])


def text_rows(n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.choice(["a", "b", "c", *(["d"] if seed else [])], (n, 3)).astype(object)


def text_table() -> tuple[Any, Any]:
    X = text_rows(40, 0)
    return X, np.where(X[:, 0] == "a", 1, 0)


def pictures(shape: tuple[int, ...] = (9, 8, 2), labels: Any = (7, 3, 5)) -> Callable[[], tuple[Any, Any]]:
    def train() -> tuple[Any, Any]:
        X = np.random.default_rng(0).random((30, *shape)).astype(np.float32)
        return X, np.array(labels)[np.arange(30) % len(labels)]

    return train


def new_pictures(shape: tuple[int, ...] = (9, 8, 2)) -> Callable[[int], np.ndarray]:
    return lambda n: np.random.default_rng(1).random((n, *shape)).astype(np.float32)


def pixels(n_outputs: int = 0) -> Callable[[], tuple[Any, Any]]:
    def train() -> tuple[Any, Any]:
        X = np.random.default_rng(0).random((20, 6, 7, 1)).astype(np.float32)
        if n_outputs:
            return X, np.concatenate([X, 2 * X + 5], axis=3)[..., :n_outputs]
        return X, np.array(["dark", "light", "middle"])[(X[..., 0] > 0.3).astype(int) + (X[..., 0] > 0.6)]

    return train


def series(n: int, seed: int = 1, n_features: int = 2) -> list[np.ndarray]:
    """Of unequal lengths, also longer than those of training."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n_steps, n_features)).astype(np.float32) for n_steps in rng.integers(1, 15, n)]


def labelled_series() -> tuple[Any, Any]:
    X = series(40, 0)
    return X, np.array(["up" if piece.mean() > 0 else "down" for piece in X])


def series_in_double_precision() -> tuple[Any, Any]:
    X = series(40, 0)
    return [piece.astype(np.float64) for piece in X], np.arange(40) % 3


def series_and_amounts() -> tuple[Any, Any]:
    X = series(40, 0)
    return X, np.array([piece.sum(axis=0) for piece in X])


def series_and_next_values() -> tuple[Any, Any]:
    X = [5 + 100 * piece for piece in series(40, 0)]
    return X, np.array([np.concatenate([piece[-1], piece[0]]) for piece in X])


def large_series(n: int) -> list[np.ndarray]:
    return [5 + 100 * piece for piece in series(n)]


def tagged_series() -> tuple[Any, Any]:
    X = series(40, 0)
    return X, [np.where(piece[:, 0] > 0, "high", "low") for piece in X]


def series_and_step_amounts() -> tuple[Any, Any]:
    X = series(40, 0)
    return X, [np.cumsum(piece, axis=0) for piece in X]


def equal_series() -> tuple[Any, Any]:
    X = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    return X, (X.sum(axis=1) > 0).astype(int)


def rows_of_steps(n: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, 6)).astype(np.float32)


def tokens(n: int, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 6, n_steps) for n_steps in rng.integers(1, 12, n)]


def tokens_and_unknown_ones(n: int) -> list[np.ndarray]:
    return [piece + 2 for piece in tokens(n)]


def labelled_tokens() -> tuple[Any, Any]:
    X = tokens(40, 0)
    return X, np.array([piece[0] > 2 for piece in X])


def tagged_tokens() -> tuple[Any, Any]:
    X = tokens(40, 0)
    return X, [piece % 3 for piece in X]


SMALL = {"max_iter": 3, "batch_size": 16, "random_state": 0}
RECURRENT = {"hidden_size": 4, "max_iter": 3, "batch_size": 16, "random_state": 0}


def of_table(estimator: Any, train: Any = None, new: Any = rows, **options: Any) -> ExportCase:
    classifies = hasattr(type(estimator), "predict_proba") or isinstance(estimator, PerceptronClassifier)
    train = train or (table() if classifies else amounts())
    predicted = of_classifier if classifies else of_regressor
    return ExportCase(estimator, train, new, options.pop("feed", as_array), predicted, **options)


def is_classifier(estimator: Any) -> bool:
    return "Classifier" in type(estimator).__name__ or "Segmenter" in type(estimator).__name__


def of_frame(estimator: Any, train: Any) -> ExportCase:
    predicted = of_classifier if is_classifier(estimator) else of_regressor
    return ExportCase(estimator, train, lambda n: frame(n, 1, new=True), as_columns, predicted, least=1)


def of_series(estimator: Any, train: Any = None, new: Any = series, **options: Any) -> ExportCase:
    train = train or (labelled_series if is_classifier(estimator) else series_and_amounts)
    predicted = of_classifier if is_classifier(estimator) else of_regressor
    return ExportCase(estimator, train, new, as_series, predicted, **options)


def of_pictures(estimator: Any, shape: tuple[int, ...] = (9, 8, 2), **options: Any) -> ExportCase:
    predicted = of_classifier if is_classifier(estimator) else of_regressor
    return ExportCase(estimator, pictures(shape), new_pictures(shape), as_array, predicted, **options)


def of_tokens(estimator: Any) -> ExportCase:
    return ExportCase(estimator, labelled_tokens, tokens, as_padded_tokens, of_classifier, least=1)


def normal(case: ExportCase) -> ExportCase:
    return replace(case, predicted=of_normal)


QUANTILES = SMALL | {"loss": "quantile", "quantile": (0.1, 0.9, 0.5)}

ARCHITECTURES = {
    architecture: {"channels": (4, 4), "hidden_layer_sizes": 6, "kernel_size": 3}
    for architecture in ("lenet", "alexnet", "vgg", "inception", "resnet")
}
WITH_LOCAL_RESPONSE = ("alexnet",)  # of which the reference evaluator has an error

CASES: dict[str, ExportCase] = {
    "perceptron": of_table(PerceptronClassifier(random_state=0)),
    "perceptron of two": of_table(PerceptronClassifier(random_state=0), table(("no", "yes"))),
    "perceptron with steps": of_table(PerceptronClassifier("step", max_iter=5, random_state=0)),
    "perceptron with steps of two": of_table(PerceptronClassifier("step", max_iter=5), table((True, False))),
    "mlp classifier": of_table(MLPClassifier((8, 8), **SMALL)),
    "mlp classifier of two": of_table(MLPClassifier(8, **SMALL), table((-1, 1))),
    "mlp classifier of one": of_table(MLPClassifier(8, **SMALL), table((5, 5))),
    "mlp classifier of floats": of_table(MLPClassifier(8, **SMALL), table((0.0, 1.0, 2.0))),
    "mlp classifier of several labels": of_table(MLPClassifier(8, **SMALL), several_labels),
    "mlp classifier with all layers": of_table(
        MLPClassifier((8, 8, 4), batch_norm=True, residual=True, linear_skip=True, dropout=0.2, **SMALL)
    ),
    "mlp classifier of named columns": of_table(MLPClassifier(8, **SMALL), named_numbers, named_rows, feed=as_columns),
    "mlp regressor": of_table(MLPRegressor(8, **SMALL)),
    "mlp regressor of two": of_table(MLPRegressor(8, "tanh", **SMALL), amounts(2)),
    "mlp regressor of counts": of_table(MLPRegressor(8, loss="poisson", **SMALL), amounts(1, 1.0, positive=True)),
    "mlp regressor of large numbers": of_table(MLPRegressor(8, **SMALL), amounts(1, 1e37)),
    "mlp regressor of quantiles": of_table(MLPRegressor(8, **QUANTILES)),
    "mlp regressor of quantiles of two": of_table(MLPRegressor(8, **QUANTILES), amounts(2)),
    "mlp regressor of a normal distribution": normal(of_table(MLPRegressor(8, loss="gaussian", **SMALL), amounts(2))),
    "tabular regressor of quantiles and folds": of_table(
        TabularMLPRegressor(**SMALL_TABULAR | QUANTILES | {"n_cv": 2})
    ),
    "tabular regressor of a normal distribution": normal(
        of_table(TabularMLPRegressor(loss="gaussian", n_members=2, **SMALL_TABULAR))
    ),
    "own network of a normal distribution": normal(
        of_table(NetworkRegressor(networks.wide_and_deep, loss="gaussian", **SMALL), amounts(2))
    ),
    "recurrent network of a normal distribution in units of series": normal(
        of_series(
            RNNSequenceRegressor(loss="gaussian", reversible_normalization=True, **RECURRENT),
            series_and_next_values,
            large_series,
        )
    ),
    "own network": of_table(NetworkClassifier(networks.two_layers, network__function="gelu", **SMALL)),
    "own network, numbers": of_table(NetworkRegressor(networks.wide_and_deep, **SMALL), amounts(2)),
    "own network of images": of_pictures(NetworkClassifier(networks.of_images, kind="images", **SMALL)),
    "own network of series": of_series(NetworkRegressor(networks.of_series, kind="series", **SMALL)),
    "own network of tokens": of_tokens(
        NetworkClassifier(networks.of_tokens, kind="tokens", vocabulary_size=6, **SMALL)
    ),
    "kan classifier": of_table(KANClassifier(hidden_layer_sizes=3, **SMALL)),
    "kan regressor": of_table(KANRegressor(hidden_layer_sizes=(2,), grid_size=30, spline_order=2, **SMALL)),
    "tabular classifier": of_table(TabularMLPClassifier(**SMALL_TABULAR), rows_fitted_with_gaps, rows_with_gaps),
    "tabular classifier of folds": of_table(
        TabularMLPClassifier(**SMALL_TABULAR | {"n_cv": 2}), rows_fitted_with_gaps, rows_with_gaps
    ),
    "tabular classifier of two": of_table(TabularMLPClassifier(**SMALL_TABULAR), table(("a", "b"))),
    "tabular classifier of several labels": of_table(TabularMLPClassifier(**SMALL_TABULAR), several_labels),
    "tabular classifier of a frame": of_frame(TabularMLPClassifier(**SMALL_TABULAR), frame_and_labels),
    "tabular classifier of a frame with times": ExportCase(
        TabularMLPClassifier(**SMALL_TABULAR),
        frame_of_times_and_labels,
        lambda n: frame_of_times(n, 1),
        as_columns,
        of_classifier,
        least=1,
    ),
    "tabular classifier of a column that was missing in training": of_table(
        TabularMLPClassifier(**SMALL_TABULAR), rows_without_a_column, rows
    ),
    "tabular classifier of integers, some of which are categories": ExportCase(
        TabularMLPClassifier(categorical_features=[0], **SMALL_TABULAR),
        lambda: (np.random.default_rng(0).integers(0, 4, (40, 3)), np.arange(40) % 2),
        lambda n: np.random.default_rng(1).integers(0, 5, (n, 3)),
        lambda model, X: {"X": X.astype(np.float64)},
        of_classifier,
        least=1,
    ),
    "tabular classifier of texts": ExportCase(
        TabularMLPClassifier(categorical_features=[0, 1, 2], **SMALL_TABULAR),
        text_table,
        text_rows,
        lambda model, X: {"X": X},
        of_classifier,
        least=1,
    ),
    "tabular regressor of a frame": of_frame(
        TabularMLPRegressor(embedding="piecewise_linear", **SMALL_TABULAR), frame_and_amounts
    ),
    "tabular regressor of counts": of_table(
        TabularMLPRegressor(loss="poisson", embedding=None, **SMALL_TABULAR), amounts(1, 1.0, positive=True)
    ),
    "tabular regressor": of_table(TabularMLPRegressor(**SMALL_TABULAR), amounts(2)),
    **{
        f"image classifier {name}": of_pictures(
            CNNClassifier(architecture=name, **options, **SMALL), of_reference=name not in WITH_LOCAL_RESPONSE
        )
        for name, options in ARCHITECTURES.items()
    },
    **{
        f"image classifier with a stem, {stem}": of_pictures(
            CNNClassifier(stem=stem, channels=3, hidden_layer_sizes=4, **SMALL)
        )
        for stem in ("gabor", "wavelet")
    },
    "image classifier with averages": of_pictures(
        CNNClassifier(pooling="average", batch_norm=True, augmentation=("flip", "brightness"), channels=3, **SMALL)
    ),
    "image regressor": of_pictures(CNNRegressor(channels=3, hidden_layer_sizes=4, **SMALL)),
    "segmenter": ExportCase(
        ImageSegmenter(channels=(2, 3, 4), **SMALL), pixels(), new_pictures((5, 7, 1)), as_array, of_classifier
    ),
    "segmenter of images that need no padding": ExportCase(
        ImageSegmenter(channels=(2, 3), batch_norm=False, **SMALL),
        pixels(),
        new_pictures((8, 12, 1)),
        as_array,
        of_classifier,
    ),
    "regressor of pixels": ExportCase(
        ImageRegressor(channels=(2, 3), **SMALL), pixels(2), new_pictures((3, 9, 1)), as_array, of_pixels
    ),
    "regressor of one number for each pixel": ExportCase(
        ImageRegressor(channels=(2,), **SMALL), pixels(1), new_pictures((3, 9, 1)), as_array, of_pixels
    ),
    **{
        f"series classifier {name}": of_series(
            CNNSequenceClassifier(architecture=name, channels=4, batch_norm=True, **SMALL),
            of_reference=name != "inception",
        )
        for name in ("fcn", "resnet", "inception", "textcnn")
    },
    "series classifier inception of six modules": of_series(
        CNNSequenceClassifier(architecture="inception", channels=(2,) * 6, kernel_size=(4, 3), **SMALL),
        of_reference=False,
    ),
    "series classifier of members": of_series(CNNSequenceClassifier(channels=3, n_members=2, **SMALL)),
    "series classifier fasttext of tokens": of_tokens(
        CNNSequenceClassifier(vocabulary_size=6, embedding_size=3, architecture="fasttext", **SMALL)
    ),
    "fixed kernels": of_series(RocketSequenceClassifier(n_kernels=200, random_state=0)),
    "fixed kernels of one channel": ExportCase(
        RocketSequenceClassifier(n_kernels=340, random_state=0),
        lambda: (np.random.default_rng(0).normal(size=(40, 30)), np.arange(40) % 3),
        lambda n: np.random.default_rng(1).normal(size=(n, 30)).astype(np.float32),
        as_array,
        of_classifier,
    ),
    "fixed kernels in units of X": of_series(
        RocketSequenceClassifier(n_kernels=84, standardize=False, random_state=0),
        series_in_double_precision,
    ),
    "fixed kernels for numbers": of_series(RocketSequenceRegressor(n_kernels=168, random_state=0)),
    "series regressor": of_series(CNNSequenceRegressor(channels=(4, 3), batch_norm=False, **SMALL)),
    "series regressor in units of series": of_series(
        CNNSequenceRegressor(channels=3, reversible_normalization=True, **SMALL), series_and_next_values, large_series
    ),
    "series classifier of rows": ExportCase(
        CNNSequenceClassifier(channels=3, **SMALL), equal_series, rows_of_steps, as_array, of_classifier
    ),
    "series classifier of tokens": of_tokens(
        CNNSequenceClassifier(vocabulary_size=6, embedding_size=3, channels=3, architecture="textcnn", **SMALL)
    ),
    **{
        f"recurrent classifier {cell}": of_series(
            RNNSequenceClassifier(cell=cell, n_layers=2, bidirectional=True, **RECURRENT),
            of_reference=True,
        )
        for cell in ("rnn", "lstm", "gru", "indrnn", "jordan")
    },
    **{
        f"recurrent classifier with pooling {pooling}": of_series(RNNSequenceClassifier(pooling=pooling, **RECURRENT))
        for pooling in ("last", "mean", "max", "attention")
    },
    "recurrent regressor": of_series(RNNSequenceRegressor(cell="lstm", **RECURRENT)),
    "recurrent regressor in units of series": of_series(
        RNNSequenceRegressor(reversible_normalization=True, **RECURRENT), series_and_next_values, large_series
    ),
    "recurrent regressor of steps": ExportCase(
        RNNSequenceRegressor(**RECURRENT), series_and_step_amounts, series, as_series, of_steps(of_regressor), least=1
    ),
    "tokens of a vocabulary that is read": ExportCase(
        RNNSequenceClassifier(vocabulary_size="auto", embedding_size=3, **RECURRENT),
        labelled_tokens,
        tokens_and_unknown_ones,
        as_padded_tokens,
        of_classifier,
        least=1,
    ),
    "frozen vectors of tokens": of_tokens(
        CNNSequenceClassifier(
            vocabulary_size=6,
            embedding_size=3,
            embedding_weights=np.arange(18.0).reshape(6, 3) / 9,
            freeze=("embedding",),
            architecture="textcnn",
            **SMALL,
        )
    ),
    "recurrent classifier of tokens": of_tokens(
        RNNSequenceClassifier(vocabulary_size=6, embedding_size=3, bidirectional=True, **RECURRENT)
    ),
    "recurrent tagger": ExportCase(
        RNNSequenceTagger(bidirectional=True, **RECURRENT),
        tagged_series,
        series,
        as_series,
        of_steps(of_classifier),
        least=1,
    ),
    **{
        f"transformer classifier {positional}, {pooling}": of_series(
            TransformerSequenceClassifier(positional=positional, pooling=pooling, max_length=20, **SMALL_TRANSFORMER)
        )
        for positional, pooling in (
            ("sinusoidal", "mean"),
            ("learned", "cls"),
            ("rotary", "attention"),
            ("none", "max"),
            ("sinusoidal", "last"),
        )
    },
    "transformer regressor": of_series(TransformerSequenceRegressor(**SMALL_TRANSFORMER)),
    "transformer classifier of tokens": of_tokens(
        TransformerSequenceClassifier(vocabulary_size=6, **SMALL_TRANSFORMER)
    ),
    "transformer tagger": ExportCase(
        TransformerSequenceTagger(vocabulary_size=6, **SMALL_TRANSFORMER),
        tagged_tokens,
        tokens,
        as_padded_tokens,
        of_steps(of_classifier),
        least=1,
    ),
    **{
        f"mamba classifier {variant}, {bidirectional}": of_series(
            MambaSequenceClassifier(variant=variant, bidirectional=bidirectional, **SMALL_MAMBA)
        )
        for variant in ("mamba", "mamba2")
        for bidirectional in (True, False)
    },
    "mamba regressor": of_series(MambaSequenceRegressor(pooling="last", **SMALL_MAMBA)),
    "mamba tagger": ExportCase(
        MambaSequenceTagger(bidirectional=True, **SMALL_MAMBA),
        tagged_series,
        series,
        as_series,
        of_steps(of_classifier),
        least=1,
    ),
    "autoencoder": ExportCase(Autoencoder(2, 8, **SMALL), table(), rows, as_array, of_autoencoder),
    "autoencoder variational": ExportCase(
        Autoencoder(2, 8, variational=True, **SMALL), table(), rows, as_array, of_autoencoder
    ),
    "autoencoder of images": ExportCase(
        Autoencoder(2, (), image_shape="auto", channels=(2, 3), **SMALL),
        pictures((5, 7, 2)),
        new_pictures((5, 7, 2)),
        as_array,
        of_autoencoder,
    ),
    "autoencoder of bits": ExportCase(
        Autoencoder(2, 8, **SMALL),
        lambda: ((table()()[0] > 0).astype(np.float32), None),
        lambda n: (rows(n) > 0).astype(np.float32),
        as_array,
        of_autoencoder,
    ),
}


# --- families whose graph is not that of `predict` --------------------------------------------------------


def sentences(n: int, seed: int = 1) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(["who", "what", "is", "here", "?"], k)) for k in rng.integers(1, 6, n)]


def in_rows(pieces: list[np.ndarray]) -> np.ma.MaskedArray:
    """Rows of each sample, masked where there are none."""
    longest = max(map(len, pieces), default=0)
    mask = np.array([np.arange(longest) < len(piece) for piece in pieces]).reshape(len(pieces), longest)
    whole = np.ma.masked_all((len(pieces), longest, *pieces[0].shape[1:]), pieces[0].dtype)
    whole[mask] = np.concatenate(pieces)
    return whole


def softmax(raw: np.ndarray) -> np.ndarray:
    from scipy.special import softmax as of_rows

    return of_rows(raw, axis=-1)


def numbers_of_texts(model: Any, X: Any) -> list[np.ndarray]:
    """Tokens as a language model takes them: with the start in front, if it is causal."""
    start = [] if model._task.masked else [model._reader.vocabulary.number_of("start")]
    return [np.concatenate([start, numbers]).astype(np.int64) for numbers in model._reader.encode(X)]


def as_texts(model: Any, X: Any) -> Feed:
    values, lengths = padded(numbers_of_texts(model, X), 0, np.int64)
    return {"X": values, "lengths": lengths} if model._task.masked else {"X": values}


def of_language_model(model: Any, X: Any) -> Feed:
    network, tree = model.network_, model._parameters()
    return {
        "probabilities": in_rows([softmax(network.predict(tree, each[None])) for each in numbers_of_texts(model, X)])
    }


def sets(n: int, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [(rng.random((k, 3)) < 0.4).astype(np.uint8) for k in rng.integers(1, 8, n)]


def steps_of_sets(model: Any, X: Any) -> list[np.ndarray]:
    reader = model._reader
    return [np.concatenate([reader.start_of_sets, reader.steps_of(each)]).astype(np.float32) for each in X]


def as_sets(model: Any, X: Any) -> Feed:
    return {"X": padded(steps_of_sets(model, X), 0, np.float32)[0]}


def of_sets(model: Any, X: Any) -> Feed:
    network, tree = model.network_, model._parameters()
    raw = [network.predict(tree, each[None]) for each in steps_of_sets(model, X)]
    return {"probabilities": in_rows([1 / (1 + np.exp(-each)) for each in raw])}


def translations() -> tuple[Any, Any]:
    X = sentences(24, 0)
    return X, [text.split()[0] for text in X]


def source_numbers(model: Any, X: Any) -> list[np.ndarray]:
    x = model._read(X)
    return [x[i : i + 1].as_batch()[0][0] for i in range(len(x))]


def target_numbers(model: Any, n: int) -> np.ndarray:
    """The start, and some tokens."""
    start = model._task.vocabulary.number_of("start")
    rest = np.random.default_rng(2).integers(0, model._task.n_tokens, (n, 3))
    return np.concatenate([np.full((n, 1), start), rest], axis=1)


def as_pairs(model: Any, X: Any) -> Feed:
    sources = source_numbers(model, X)
    if sources[0].ndim != 1 and model._reader.kind != "series":
        return {"X": np.stack(sources).astype(np.float32), "target": target_numbers(model, len(X))}
    values, lengths = padded(sources, 0, np.int64 if sources[0].dtype.kind == "i" else np.float32)
    return {"X": values, "lengths": lengths, "target": target_numbers(model, len(X))}


def as_source_rows(model: Any, X: Any) -> Feed:
    return {"X": np.asarray(X, np.float32), "target": target_numbers(model, len(X))}


def of_pairs(model: Any, X: Any) -> Feed:
    network, tree = model.network_, model._parameters()
    pairs = zip(source_numbers(model, X), target_numbers(model, len(X)), strict=True)
    return {"probabilities": np.stack([softmax(network.predict(tree, (x[None], y[None]))) for x, y in pairs])}


def as_sources(model: Any, X: Any) -> Feed:
    values, lengths = padded(source_numbers(model, X), 0, np.float32)
    return {"X": values, "lengths": lengths}


def of_alignments(model: Any, X: Any) -> Feed:
    network, tree = model.network_, model._parameters()
    return {"probabilities": in_rows([softmax(network.predict(tree, x[None])) for x in source_numbers(model, X)])}


def signals() -> tuple[Any, Any]:
    X = [np.repeat(piece, 3, axis=0) for piece in series(24, 0)]
    return X, ["a" if piece.mean() > 0 else "b" for piece in X]


def new_signals(n: int) -> list[np.ndarray]:
    return [np.repeat(piece, 3, axis=0) for piece in series(n)]


def as_noise(model: Any, X: Any) -> Feed:
    n = len(X)
    feed = {"X": np.asarray(X, np.float32), "time": times(n)}
    if model._task.condition is not None:
        feed["condition"] = np.eye(model._task.condition.size, dtype=np.float32)[np.arange(n) % 2]
    return feed


def times(n: int) -> np.ndarray:
    return np.linspace(0.05, 0.95, n, dtype=np.float32)[:, np.newaxis]


def of_noise(model: Any, X: Any) -> Feed:
    from skneural.data import Rows
    from skneural.estimators.diffusion.container import denoiser_input
    from skneural.ops.diffusion import levels, predict_clean

    feed, task = as_noise(model, X), model._task
    condition = feed.get("condition", np.zeros((len(X), 0), np.float32))
    clean = []
    for row in range(len(X)):
        time, noisy = float(feed["time"][row, 0]), feed["X"][row : row + 1]
        predicted = model._raw(Rows(denoiser_input(noisy, condition[row : row + 1], time)))
        predicted = predicted + task.linear_prediction(noisy, time)
        clean.append(predict_clean(noisy, predicted, task.options.prediction, *map(float, levels(time))))
    return {"variable": np.concatenate(clean)}


def monthly(n: int, n_channels: int = 1, gaps: bool = False) -> np.ndarray:
    rng = np.random.default_rng(n)
    months, level = np.arange(40)[:, np.newaxis], 1e6 + 1e5 * np.arange(n)[:, np.newaxis, np.newaxis]
    y = level * (2 + np.sin(months * 2 * np.pi / 6) + 0.1 * rng.normal(size=(n, 40, n_channels)))
    if gaps:
        y[:, 3:5] = y[:, 30:32] = y[:, 38] = np.nan
    return y


def as_windows(model: Any, X: Any) -> Feed:
    return {"X": X}


def of_forecaster(model: Any, X: Any) -> Feed:
    y = model.predict(list(X))
    shape = (len(X), model.horizon, X.shape[2])
    return {"variable": y.reshape(*shape, -1) if y.size > np.prod(shape) else y.reshape(shape)}


def of_forecasts(n_channels: int = 1, gaps: bool = False, **options: Any) -> ExportCase:
    estimator = SeriesForecaster(
        3, compare=False, hidden_layer_sizes=4, n_members=2, learning_rate="constant", **options, **BRIEF
    )
    return ExportCase(
        estimator,
        lambda: (list(monthly(4, n_channels, gaps)), None),
        lambda n: monthly(n, n_channels, gaps),
        as_windows,
        of_forecaster,
        least=1,
    )


CASES |= {
    "language model": ExportCase(
        LanguageModel(**SMALL_TRANSFORMER),
        lambda: (sentences(24, 0), None),
        sentences,
        as_texts,
        of_language_model,
        least=1,
    ),
    "masked language model": ExportCase(
        LanguageModel(objective="masked", level="word", **SMALL_TRANSFORMER),
        lambda: (sentences(24, 0), None),
        sentences,
        as_texts,
        of_language_model,
        least=1,
    ),
    **{
        f"language model {architecture}": ExportCase(
            LanguageModel(architecture=architecture, d_model=4, **BRIEF),
            lambda: (sentences(24, 0), None),
            sentences,
            as_texts,
            of_language_model,
            least=1,
        )
        for architecture in ("gru", "lstm", "mamba")
    },
    "language model of sets": ExportCase(
        LanguageModel(architecture="gru", d_model=4, **BRIEF),
        lambda: (sets(24, 0), None),
        sets,
        as_sets,
        of_sets,
        least=1,
    ),
    **{
        f"sequence to sequence {architecture}, {attention}": ExportCase(
            SequenceToSequence(
                architecture=architecture,
                attention=attention,
                hidden_size=4,
                embedding_size=3,
                n_heads=2,
                feedforward_size=8,
                **BRIEF,
            ),
            translations,
            sentences,
            as_pairs,
            of_pairs,
            least=1,
        )
        for architecture, attention in (
            ("gru", "additive"),
            ("lstm", "dot"),
            ("gru", "none"),
            ("transformer", "additive"),
        )
    },
    "sequence to sequence of rows": ExportCase(
        SequenceToSequence(hidden_size=4, embedding_size=3, **BRIEF), table(), rows, as_source_rows, of_pairs, least=1
    ),
    "sequence to sequence of images": ExportCase(
        SequenceToSequence(hidden_size=4, embedding_size=3, channels=(2, 3), **BRIEF),
        lambda: (pictures((8, 10, 1))()[0], ["ab", "a", "b"] * 10),
        new_pictures((8, 10, 1)),
        as_pairs,
        of_pairs,
        least=1,
    ),
    **{
        f"sequence to sequence aligned, {encoder}": ExportCase(
            SequenceToSequence(
                loss="ctc", encoder=encoder, step_reduction=2, hidden_size=4, n_heads=2, feedforward_size=4, **BRIEF
            ),
            signals,
            new_signals,
            as_sources,
            of_alignments,
            least=1,
        )
        for encoder in ("rnn", "transformer")
    },
    "diffusion model": ExportCase(DiffusionModel(8, **BRIEF), table(), rows, as_noise, of_noise, 2e-5, least=1),
    "diffusion model of noise": ExportCase(
        DiffusionModel((8, 6), prediction="noise", scaling="quantile", **BRIEF),
        lambda: (table()()[0], None),
        rows,
        as_noise,
        of_noise,
        2e-5,
        least=1,
    ),
    "forecaster": of_forecasts(),
    "forecaster of seasons": of_forecasts(season=6, normalize="season"),
    "forecaster with gaps": of_forecasts(gaps=True, season=6),
    "forecaster of channels and quantiles": of_forecasts(2, normalize="mean", quantile=(0.1, 0.9, 0.5)),
    "forecaster of logarithms": of_forecasts(normalize=None, log=True),
}


def bits(n: int, seed: int = 1) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random((n, 12)) > 0.5, 5.0, 2.0).astype(np.float32)


def of_recall(model: Any, X: Any) -> Feed:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of rows that alternate between two states
        return {"variable": model.predict(X)}


CASES |= {
    f"associative memory, {name}": ExportCase(
        HopfieldNetwork(**options), lambda: (bits(3, 0), None), bits, as_array, of_recall
    )
    for name, options in {
        "hebbian": {"update": "synchronous"},
        "projection": {"rule": "projection", "update": "synchronous"},
        "modern": {"rule": "modern"},
        "modern with a low beta": {"rule": "modern", "beta": 0.05},
    }.items()
}

LANGUAGE_MODEL = LanguageModel(**SMALL_TRANSFORMER)


def labelled_sentences() -> tuple[Any, Any]:
    X = sentences(24, 0)
    return X, ["question" if "?" in text else "statement" for text in X]


def as_numbers_of_pretrained(model: Any, X: Any) -> Feed:
    values, lengths = padded(model._reader.texts.encode(X), 0, np.int64)
    return {"X": values, "lengths": lengths}


CASES |= {
    "transformer classifier of texts, pretrained and frozen": ExportCase(
        TransformerSequenceClassifier(
            pretrained=FrozenEstimator(clone(LANGUAGE_MODEL).fit(sentences(24, 0))), freeze=1, **SMALL_TRANSFORMER
        ),
        labelled_sentences,
        sentences,
        as_numbers_of_pretrained,
        of_classifier,
        least=1,
    ),
    "recurrent classifier of texts, pretrained and frozen": ExportCase(
        RNNSequenceClassifier(
            pretrained=FrozenEstimator(
                LanguageModel(architecture="gru", d_model=4, n_layers=1, **SMALL).fit(sentences(24, 0))
            ),
            freeze=1,
            embedding_size=4,
            **RECURRENT,
        ),
        labelled_sentences,
        sentences,
        as_numbers_of_pretrained,
        of_classifier,
        least=1,
    ),
    "MLP that an autoencoder starts, frozen": of_table(
        MLPClassifier(
            8, "silu", pretrained=FrozenEstimator(Autoencoder(2, 8, **SMALL).fit(table()()[0])), freeze=1, **SMALL
        )
    ),
}


def random_graph(rng: np.random.Generator, n: int, n_edge_features: int = 0) -> Graph:
    """With weights of edges, some loops, and nodes without edges."""
    adjacency = sparse.csr_array((rng.random((n, n)) < 0.3) * rng.integers(1, 4, (n, n)).astype(np.float32))
    features = rng.normal(size=(n, 3)).astype(np.float32)
    edge_features = rng.normal(size=(adjacency.nnz, n_edge_features)).astype(np.float32) if n_edge_features else None
    return Graph(features, adjacency, edge_features)


def graphs(n: int, seed: int = 1, n_edge_features: int = 0) -> list[Graph]:
    rng = np.random.default_rng(seed)
    return [random_graph(rng, int(size), n_edge_features) for size in rng.integers(1, 9, n)]


def labelled_graphs(n_edge_features: int = 0) -> Callable[[], tuple[Any, Any]]:
    def train() -> tuple[Any, Any]:
        X = graphs(30, 0, n_edge_features)
        return X, np.array(["small" if graph.n_nodes < 5 else "large" for graph in X])

    return train


def nodes(n: int, seed: int = 1, n_edge_features: int = 0) -> GraphNodes:
    graph = random_graph(np.random.default_rng(seed), max(n, 1), n_edge_features)
    return GraphNodes(graph.features, graph.adjacency, graph.edge_features)


def labelled_nodes(n_edge_features: int = 0) -> Callable[[], tuple[Any, Any]]:
    def train() -> tuple[Any, Any]:
        X = nodes(30, 0, n_edge_features)
        return X, np.array(["left", "right", "middle"])[np.arange(30) % 3]

    return train


def edges_of(all_graphs: list[Any]) -> Feed:
    parts, start = [], 0
    for graph in all_graphs:
        entries = graph.adjacency.tocoo()
        parts.append((np.stack([entries.col, entries.row]) + start, entries.data, graph.edge_features))
        start += graph.n_nodes
    feed = {
        "X": np.concatenate([graph.features for graph in all_graphs]).astype(np.float32),
        "edges": np.concatenate([ends for ends, _, _ in parts], axis=1).astype(np.int64),
        "edge_weight": np.concatenate([weight for _, weight, _ in parts]).astype(np.float32),
    }
    if all_graphs[0].edge_features is not None:
        feed["edge_features"] = np.concatenate([features for _, _, features in parts]).astype(np.float32)
    return feed


def as_nodes(model: Any, X: Any) -> Feed:
    return edges_of([X])


def as_graphs(model: Any, X: Any) -> Feed:
    return edges_of(X) | {"lengths": np.array([graph.n_nodes for graph in X], np.int32)}


def pairs(n: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 40, (n, 2))


def as_numbers(model: Any, X: Any) -> Feed:
    return {"X": np.asarray(X, np.int64)}


GRAPH = {"hidden_layer_sizes": (4, 4), "max_iter": 3, "random_state": 0}
CASES |= {
    **{
        f"node classifier {name}": ExportCase(
            GNNNodeClassifier(convolution=convolution, n_heads=2, **GRAPH),
            labelled_nodes(n_edge_features),
            lambda n, k=n_edge_features: nodes(n, 1, k),
            as_nodes,
            of_classifier,
            least=1,
        )
        for name, convolution, n_edge_features in (
            ("gcn", "gcn", 0),
            ("sage", "sage", 0),
            ("gat", "gat", 0),
            ("gin", "gin", 0),
            ("gat with features of edges", "gat", 2),
            ("gin with features of edges", "gin", 2),
        )
    },
    "node regressor": ExportCase(
        GNNNodeRegressor(**GRAPH),
        lambda: (nodes(30, 0), np.arange(60.0).reshape(30, 2)),
        nodes,
        as_nodes,
        of_regressor,
        least=1,
    ),
    **{
        f"graph classifier {convolution}, {pooling}": ExportCase(
            GNNGraphClassifier(convolution=convolution, pooling=pooling, n_heads=2, batch_size=16, **GRAPH),
            labelled_graphs(2 if convolution == "gin" else 0),
            lambda n, k=2 if convolution == "gin" else 0: graphs(n, 1, k),
            as_graphs,
            of_classifier,
            least=1,
        )
        for convolution, pooling in (("gcn", "mean"), ("gat", "max"), ("gin", "sum"), ("sage", "sum"))
    },
    "graph regressor of rows": of_table(GNNGraphRegressor(batch_size=16, **GRAPH)),
    "link predictor": ExportCase(
        GNNLinkPredictor(hidden_layer_sizes=(6, 4), dropout=0, max_iter=3, random_state=0),
        lambda: (nodes(40, 0), None),
        pairs,
        as_numbers,
        of_classifier,
    ),
    "link predictor of two kinds": ExportCase(
        GNNLinkPredictor(convolution="lightgcn", embedding_size=3, max_iter=3, random_state=0),
        lambda: (GraphNodes.bipartite(sparse.random_array((40, 50), density=0.1, random_state=0)), None),
        pairs,
        as_numbers,
        of_classifier,
    ),
}
