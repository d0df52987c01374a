"""`fit` for data that are read chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np

from skneural.data import Samples
from skneural.hyperparameters import Integer, check_arguments
from skneural.readers import precision
from skneural.streaming.chunks import Chunks, Source
from skneural.streaming.first_pass import (
    SAMPLE_SIZE,
    FirstPass,
    HeldOutChunks,
    ensure_streams,
    has_classes,
    sample_generator,
    seed_and_checkpoint,
)
from skneural.tasks import FitArguments
from skneural.template.estimator import NeuralEstimator
from skneural.template.problem import Problem, Specification, further_samples
from skneural.template.settings import TrainingSettings
from skneural.template.stream import SampleStream, StreamedFit
from skneural.template.validation import messages_prefixed

_Estimator = TypeVar("_Estimator", bound=NeuralEstimator)


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
    ensure_streams(estimator)
    seed, saved = seed_and_checkpoint(estimator, resume_from)
    source, given = Chunks(chunks), FitArguments(X_val, y_val, sample_weight_val)
    held_out = HeldOutChunks.of(estimator, validation_is_given=X_val is not None)
    first = FirstPass(held_out, sample_generator(seed), sample_size, classes=has_classes(estimator))
    for number, chunk in source.numbered():
        first.add(number, chunk)
    sample, validation, hyperparameters = first.arguments(estimator, given)
    if not first.holds_out:
        held_out = HeldOutChunks(0)
    opened = partial(_open, source=source, held_out=held_out, n_samples=first.n_samples)
    stream = StreamedFit(hyperparameters | {"max_iter": n_passes}, opened, seed, saved)
    estimator._fit(sample, validation, stream=stream)
    return estimator


def _open(
    specification: Specification,
    problem: Problem,
    settings: TrainingSettings,
    *,
    source: Chunks,
    held_out: HeldOutChunks,
    n_samples: int,
) -> SampleStream:
    read = partial(_training_samples, specification, problem, source, held_out)
    return SampleStream(read, n_samples)


def _training_samples(
    specification: Specification,
    problem: Problem,
    source: Chunks,
    held_out: HeldOutChunks,
    rng: np.random.Generator | None,
) -> Iterator[Samples]:
    """The samples of all chunks that are not held out, read as the problem's sample was."""
    dtype = precision(problem.samples.x.dtype)
    for number, chunk in source.numbered(rng):
        if number in held_out:
            continue
        with messages_prefixed(f"In chunk {number}: "):
            samples = further_samples(specification, FitArguments(*chunk), problem.reader, problem.task, dtype)
        samples.mean_weight = problem.samples.mean_weight
        yield samples
