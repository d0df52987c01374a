"""Preparation of training on chunks: what is held out, and what is learned from a sample of all rows."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.class_weight import compute_class_weight

from skneural.estimators import GNNLinkPredictor, GNNNodeClassifier, GNNNodeRegressor, SeriesForecaster
from skneural.streaming.chunks import Chunk, shape_of_sample
from skneural.streaming.sampling import RowSample
from skneural.tasks import FitArguments
from skneural.template.checkpoints import CheckpointData, read_checkpoint
from skneural.template.estimator import NeuralEstimator
from skneural.template.tagger import NeuralTagger
from skneural.training.seeds import Seeds, drawn_seed

# Estimators whose samples cannot be divided into chunks.
OF_ONE_WHOLE = (GNNNodeClassifier, GNNNodeRegressor, GNNLinkPredictor, SeriesForecaster)

# Rows of the sample from which units, classes, categories and the initial weights are learned: the mean of a column is
# then known to a 220th of its deviation.
SAMPLE_SIZE = 50_000

# Held-out rows: the accuracy is known to .2 points.
MOST_HELD_OUT = 50_000


def ensure_streams(estimator: Any) -> None:
    """Raise a TypeError if the estimator cannot be trained on chunks."""
    if isinstance(estimator, OF_ONE_WHOLE):
        raise TypeError(
            f"{type(estimator).__name__} cannot be trained on chunks: its samples are parts of one graph, or windows "
            "of the same series. Call its partial_fit with one graph or a few series after another."
        )
    if not isinstance(estimator, NeuralEstimator) or not hasattr(estimator, "partial_fit"):
        raise TypeError(
            f"{type(estimator).__name__} cannot be trained on chunks, which takes an estimator of skneural that has "
            "partial_fit."
        )
    if getattr(estimator, "n_cv", 1) not in (1, "auto"):
        raise ValueError(f"Chunks train one network, and n_cv={estimator.n_cv} asks for one without each fold: set 1.")


def seed_and_checkpoint(
    estimator: NeuralEstimator, resume_from: str | os.PathLike[str] | None
) -> tuple[int, CheckpointData | None]:
    """Seed of everything random, and the training that was broken off, which has the seed, if this one resumes it."""
    if resume_from is None:
        return drawn_seed(estimator.random_state), None
    saved = read_checkpoint(resume_from, type(estimator), estimator._hyperparameters())
    return saved.seed, saved


def sample_generator(seed: int, number: int = 0) -> np.random.Generator:
    """Random numbers of the sample of all rows, or of those of one chunk."""
    return Seeds(seed).generator("rows of the sample", number)


def has_classes(estimator: NeuralEstimator) -> bool:
    """Return True if y holds classes."""
    return bool(is_classifier(estimator)) or isinstance(estimator, NeuralTagger)


@dataclass(frozen=True)
class HeldOutChunks:
    """The choice of chunks for early stopping: every k-th one.

    Attributes
    ----------
    every : int
        k; 0 if no chunk is held out.
    """

    every: int

    @classmethod
    def of(cls, estimator: NeuralEstimator, *, validation_is_given: bool) -> HeldOutChunks:
        """The choice that the hyper-parameters of an estimator ask for."""
        if validation_is_given or estimator.early_stopping is False:
            return cls(0)
        return cls(max(2, round(1 / estimator.validation_fraction)))

    def __contains__(self, number: int) -> bool:
        return bool(self.every) and number % self.every == self.every - 1


class FirstPass:
    """Samples of the rows for training, and of those that are held out.

    Parameters
    ----------
    held_out : HeldOutChunks
    rng : Generator
    sample_size : int
        Rows of the sample for training.
    most_held_out : int, default=50_000
        Rows of the sample of held-out chunks.
    classes : bool
        Whether y holds classes.
    """

    def __init__(
        self,
        held_out: HeldOutChunks,
        rng: np.random.Generator,
        sample_size: int,
        most_held_out: int = MOST_HELD_OUT,
        *,
        classes: bool,
    ) -> None:
        self._held_out = held_out
        self._training = RowSample(sample_size, rng, classes=classes)
        self._validation = RowSample(most_held_out, rng, classes=classes)
        self._shape: tuple[int, ...] | None = None

    def add(self, number: int, chunk: Chunk) -> None:
        """Add the rows of a chunk."""
        self._compare(number, shape_of_sample(chunk))
        (self._validation if number in self._held_out else self._training).add(chunk)

    def merge(self, number: int, other: FirstPass) -> None:
        """Add the rows of another pass, over one chunk."""
        if other._shape is not None:
            self._compare(number, other._shape)
        self._training.merge(other._training)
        self._validation.merge(other._validation)

    def drop(self) -> None:
        """Forget all rows but those of the samples, so that others need not be sent to another process."""
        for sample in (self._training, self._validation):
            if sample.n_samples:
                sample.drop()

    def _compare(self, number: int, shape: tuple[int, ...]) -> None:
        """Raise if samples of a chunk have another shape than those before."""
        expected, self._shape = self._shape, shape
        if expected not in (None, shape):
            raise ValueError(f"In chunk {number}: a sample of X has the shape {shape}, but {expected} in those before.")

    @property
    def n_samples(self) -> int:
        """Number of rows for training."""
        return self._training.n_samples

    @property
    def holds_out(self) -> bool:
        """True if rows are held out."""
        return bool(self._validation.n_samples)

    def arguments(
        self, estimator: NeuralEstimator, given: FitArguments
    ) -> tuple[FitArguments, FitArguments, dict[str, Any]]:
        """Arguments of `fit`, from the sample, validation data, and hyper-parameters that follow from the chunks.

        Parameters
        ----------
        estimator : NeuralEstimator
        given : FitArguments
            Validation data as passed by the user.
        """
        self._ensure_complete(estimator)
        sample = self._training.chunk()
        validation = FitArguments(*self._validation.chunk()) if self.holds_out else given
        hyperparameters: dict[str, Any] = {"early_stopping": validation.X is not None}
        if getattr(estimator, "class_weight", None) == "balanced":
            hyperparameters["class_weight"] = _balanced(estimator, sample)
        return FitArguments(*sample), validation, hyperparameters

    def _ensure_complete(self, estimator: NeuralEstimator) -> None:
        if not self.n_samples:
            raise ValueError("chunks has no samples.")
        every = self._held_out.every
        if every and not self.holds_out and estimator.early_stopping is True:
            raise ValueError(
                f"early_stopping=True holds out one of {every} chunks, but there are fewer. Give X_val and y_val, "
                "smaller chunks or a larger validation_fraction."
            )


def _balanced(estimator: NeuralEstimator, sample: Chunk) -> dict[Any, float]:
    """Class weights by the frequencies in the sample: a chunk has others."""
    y = np.asarray(sample.y)
    if y.ndim != 1 or (y.dtype == object and isinstance(y[0], list | np.ndarray)):
        raise ValueError(f'class_weight="balanced" of {type(estimator).__name__}: give a dictionary of weights.')
    classes = np.unique(y)
    weights = compute_class_weight("balanced", classes=classes, y=y, sample_weight=sample.sample_weight)
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))
