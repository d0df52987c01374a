"""`fit` for data that are read chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight

from skneural.data import Samples
from skneural.estimators import GNNLinkPredictor, GNNNodeClassifier, GNNNodeRegressor, SeriesForecaster
from skneural.hyperparameters import Integer, check_arguments
from skneural.readers import precision
from skneural.streaming.chunks import Chunk, Chunks, Source, shape_of_sample
from skneural.streaming.sampling import RowSample
from skneural.tasks import FitArguments
from skneural.template.checkpoints import read_checkpoint
from skneural.template.estimator import NeuralEstimator
from skneural.template.problem import Problem, Specification, further_samples
from skneural.template.stream import SampleStream, StreamedFit
from skneural.template.tagger import NeuralTagger
from skneural.template.validation import messages_prefixed
from skneural.training.seeds import Seeds

_Estimator = TypeVar("_Estimator", bound=NeuralEstimator)

# Estimators whose samples cannot be divided into chunks.
OF_ONE_WHOLE = (GNNNodeClassifier, GNNNodeRegressor, GNNLinkPredictor, SeriesForecaster)

# Rows of the sample from which units, classes, categories and the initial weights are learned: the mean of a column is
# then known to a 220th of its deviation.
SAMPLE_SIZE = 50_000

# Held-out rows: the accuracy is known to .2 points.
MOST_HELD_OUT = 50_000


def fit(
    estimator: _Estimator,
    chunks: Source,
    *,
    n_passes: int,
    X_val: Any = None,
    y_val: Any = None,
    sample_weight_val: Any = None,
    sample_size: int = SAMPLE_SIZE,
    resume_from: str | os.PathLike[str] | None = None,
) -> _Estimator:
    """Fit an estimator to data that are read chunk by chunk, so that they need not fit into memory.

    A first pass draws a sample of the rows. Units, classes, categories, vocabularies and initial weights follow from it
    as in `fit`; the first row of each class, and of each value of a column without numbers, is in it. Each further pass
    is an epoch: schedules, early stopping, callbacks, `max_time` and `verbose` work as in `fit`.

    Parameters
    ----------
    estimator : estimator of skneural
        One that has `partial_fit`. Its `max_iter` is not used, and one network is trained, without folds (`n_cv`).
    chunks : iterable, or function that returns one
        Of X, (X, y) or (X, y, sample_weight): a list, an object of `RowBlocks`, or a function that opens a file again,
        such as ``lambda: pandas.read_csv(path, chunksize=100_000)`` with its columns divided. A sequence is read in
        random order, unless ``shuffle=False``. Anything else is read as it comes, and only the rows within a chunk are
        shuffled: the chunks must not be sorted by class or time.
    n_passes : int
        Number of epochs.
    X_val, y_val, sample_weight_val : optional
        Validation data for early stopping, as in `fit`. Without them, every k-th chunk is held out, where 1/k is
        `validation_fraction`, unless ``early_stopping=False`` or there are fewer than k chunks; the chunks must then be
        the same in each pass. Of held-out chunks, a sample of at most 50 000 rows is kept.
    sample_size : int, default=50_000
        Rows from which units are learned. With as many as there are, the result is that of `fit` on batches of the
        chunks.
    resume_from : str or path-like, optional
        File of `skneural.callbacks.Checkpoint`, of a training on the same chunks that was broken off, with the same
        hyper-parameters and `sample_size`. After the first pass, it continues with the epoch that follows, and ends
        with the same weights as if it had not been.

    Returns
    -------
    estimator : object
        The fitted estimator.

    Raises
    ------
    TypeError
        If the estimator cannot be trained on chunks, or the chunks can be read only once.
    ValueError
        If chunks differ in their columns, or have classes that the first pass did not have.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import MLPClassifier, streaming
    >>> X = np.random.default_rng(0).standard_normal((1000, 4)).astype("float32")
    >>> blocks = streaming.RowBlocks(X, X[:, 0] > 0, rows=100)
    >>> model = streaming.fit(MLPClassifier(8, random_state=0), blocks, n_passes=20)
    >>> model.score(X, X[:, 0] > 0) > 0.9
    True
    """
    check_arguments(n_passes=(n_passes, Integer(1)), sample_size=(sample_size, Integer(1)))
    _ensure_streams(estimator)
    saved = None
    if resume_from is not None:
        saved = read_checkpoint(resume_from, type(estimator), estimator._hyperparameters())
        seed = saved.seed
    else:
        seed = int(check_random_state(estimator.random_state).randint(np.iinfo(np.int32).max))
    source = Chunks(chunks)
    every = 0 if X_val is not None or estimator.early_stopping is False else _every(estimator)
    training, held_out = _first_pass(estimator, source, every, sample_size, seed)
    given = FitArguments(X_val, y_val, sample_weight_val)
    validation = FitArguments(*held_out.chunk()) if held_out is not None else given
    hyperparameters: dict[str, Any] = {"max_iter": n_passes, "early_stopping": validation.X is not None}
    sample = training.chunk()
    if getattr(estimator, "class_weight", None) == "balanced":
        hyperparameters["class_weight"] = _balanced(estimator, sample)
    left_out = every if held_out is not None else 0
    opened = partial(_open, source=source, every=left_out, n_samples=training.n_samples)
    stream = StreamedFit(hyperparameters, opened, seed, saved)
    estimator._fit(FitArguments(*sample), validation, stream=stream)
    return estimator


def _ensure_streams(estimator: Any) -> None:
    """Raise a TypeError if the estimator cannot be trained on chunks."""
    if isinstance(estimator, OF_ONE_WHOLE):
        raise TypeError(
            f"{type(estimator).__name__} cannot be trained on chunks: its samples are parts of one graph, or windows "
            "of the same series. Call its partial_fit with one graph or a few series after another."
        )
    if not isinstance(estimator, NeuralEstimator) or not hasattr(estimator, "partial_fit"):
        raise TypeError(
            f"{type(estimator).__name__} cannot be trained on chunks: streaming.fit takes estimators of skneural that "
            "have partial_fit."
        )
    if getattr(estimator, "n_cv", 1) not in (1, "auto"):
        raise ValueError(f"Chunks train one network, and n_cv={estimator.n_cv} asks for one without each fold: set 1.")


def _every(estimator: NeuralEstimator) -> int:
    return max(2, round(1 / estimator.validation_fraction))


def _is_held_out(number: int, every: int) -> bool:
    return bool(every) and number % every == every - 1


def _first_pass(
    estimator: NeuralEstimator, source: Chunks, every: int, sample_size: int, seed: int
) -> tuple[RowSample, RowSample | None]:
    """Samples of the rows for training and of those that are held out, if any are."""
    rng = Seeds(seed).generator("rows of the sample")
    classes = is_classifier(estimator) or isinstance(estimator, NeuralTagger)
    training, held_out = (RowSample(size, rng, classes=classes) for size in (sample_size, MOST_HELD_OUT))
    shape: tuple[int, ...] | None = None
    for number, chunk in source.numbered():
        expected, shape = shape, shape_of_sample(chunk)
        if expected not in (None, shape):
            raise ValueError(f"In chunk {number}: a sample of X has the shape {shape}, but {expected} in those before.")
        (held_out if _is_held_out(number, every) else training).add(chunk)
    if not training.n_samples:
        raise ValueError("chunks has no samples.")
    if every and not held_out.n_samples and estimator.early_stopping is True:
        raise ValueError(
            f"early_stopping=True holds out one of {every} chunks, but there are fewer. Give X_val and y_val, smaller "
            "chunks or a larger validation_fraction."
        )
    return training, held_out if held_out.n_samples else None


def _balanced(estimator: NeuralEstimator, sample: Chunk) -> dict[Any, float]:
    """Class weights by the frequencies in the sample: a chunk has others."""
    y = np.asarray(sample.y)
    if y.ndim != 1 or (y.dtype == object and isinstance(y[0], list | np.ndarray)):
        raise ValueError(f'class_weight="balanced" of {type(estimator).__name__}: give a dictionary of weights.')
    classes = np.unique(y)
    weights = compute_class_weight("balanced", classes=classes, y=y, sample_weight=sample.sample_weight)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


def _open(
    specification: Specification, problem: Problem, *, source: Chunks, every: int, n_samples: int
) -> SampleStream:
    read = partial(_training_samples, specification, problem, source, every)
    return SampleStream(read, n_samples)


def _training_samples(
    specification: Specification, problem: Problem, source: Chunks, every: int, rng: np.random.Generator | None
) -> Iterator[Samples]:
    """The samples of all chunks that are not held out, read as the problem's sample was."""
    dtype = precision(problem.samples.x.dtype)
    for number, chunk in source.numbered(rng):
        if _is_held_out(number, every):
            continue
        with messages_prefixed(f"In chunk {number}: "):
            samples = further_samples(specification, FitArguments(*chunk), problem.reader, problem.task, dtype)
        samples.mean_weight = problem.samples.mean_weight
        yield samples
