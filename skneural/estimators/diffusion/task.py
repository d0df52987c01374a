"""Denoising of rows, conditional on y if it is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils.validation import check_array, check_consistent_length

from skneural.data import Container, Targets
from skneural.estimators.diffusion.column_encoding import ColumnEncoding
from skneural.estimators.diffusion.condition import Condition
from skneural.estimators.diffusion.container import DiffusedRows
from skneural.estimators.diffusion.reader import RestorableTable
from skneural.losses import Loss, SquaredLoss
from skneural.ops.diffusion import levels, linear_estimate, prediction_target
from skneural.ops.types import Array
from skneural.readers import Reader
from skneural.tasks import FitArguments, Task
from skneural.tasks.task import ensure_none_is_missing


@dataclass(frozen=True)
class DenoisingOptions:
    """Hyper-parameters of denoising.

    Attributes
    ----------
    scaling : {"auto", "standard", "quantile"}
    n_steps : int
    prediction : {"velocity", "noise"}
    condition_dropout : float
    """

    scaling: str
    n_steps: int
    prediction: str
    condition_dropout: float


@dataclass(frozen=True)
class Denoising(Task):
    """Prediction of the noise in rows, or of the velocity at which data becomes noise.

    y is not the target but the condition, which the network is given with the noisy values.

    Attributes
    ----------
    options : DenoisingOptions
    encoding : ColumnEncoding
        Encodes the columns of X as numbers of about the size of the noise.
    condition : Condition or None
        None without y.
    """

    options: DenoisingOptions
    encoding: ColumnEncoding
    condition: Condition | None

    required: ClassVar[bool] = False

    @classmethod
    def check(cls, arguments: FitArguments, options: DenoisingOptions, estimator_name: str) -> Any:
        if arguments.y is None:
            return None
        ensure_none_is_missing(arguments.y)
        y = check_array(arguments.y, ensure_2d=False, dtype=None, estimator=estimator_name, input_name="y")
        check_consistent_length(arguments.X, y)
        return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y

    @classmethod
    def learn(cls, arguments: FitArguments, options: DenoisingOptions, reader: Reader) -> Self:
        assert isinstance(reader, RestorableTable)
        weight, n_categories = arguments.sample_weight, reader.n_categories
        if weight is not None and (weight == weight[0]).all():
            weight = None
        by_rank = options.scaling == "quantile" or (options.scaling == "auto" and bool(n_categories.any()))
        encoding = ColumnEncoding.learn(arguments.X.values, n_categories, by_rank, weight)
        if arguments.y is None:
            _ensure_no_classes(arguments)
            return cls(options, encoding, None)
        return cls(options, encoding, Condition.learn(arguments.y, arguments.classes, weight))

    def compare(self, arguments: FitArguments) -> None:
        self.encode_condition(arguments.y, len(arguments.X), arguments.dtype)
        if self.condition is None:
            _ensure_no_classes(arguments)
        elif arguments.y is None:
            raise ValueError("y is None, but this model was fitted with y. Give y.")
        else:
            self.condition.ensure_same_classes(arguments.classes)

    @property
    def learned_once(self) -> str:
        return "the ranks of numbers" if len(self.encoding.quantiles) else ""

    def updated(self, arguments: FitArguments) -> Self:
        weight, condition = arguments.sample_weight, self.condition
        encoding = self.encoding.updated(arguments.X.values, weight)
        return replace(self, encoding=encoding, condition=condition and condition.updated(arguments.y, weight))

    def encode_condition(self, y: npt.ArrayLike | None, n_samples: int, dtype: npt.DTypeLike) -> Array:
        """The condition as an input of the network, of shape (n_samples, n_condition); zeros if y is None.

        Raises
        ------
        ValueError
            If y does not match the y of training.
        """
        if self.condition is None:
            if y is not None:
                raise ValueError(
                    "y is given, but this model was fitted without y, and has no condition. Leave y out, or fit with y."
                )
            return np.zeros((n_samples, 0), dtype)
        if y is None:
            return np.zeros((n_samples, self.condition.size), dtype)
        return self.condition.encode(y, n_samples, dtype)

    def encode(self, arguments: FitArguments) -> Targets:
        """Empty targets of the right shape: `DiffusedRows` draws them for each batch."""
        shape = (len(arguments.X), self.encoding.size)
        return Targets(np.broadcast_to(np.zeros((), arguments.dtype), shape))

    def network_input(self, arguments: FitArguments) -> Container:
        options, dtype = self.options, arguments.dtype
        return DiffusedRows(
            self.encoding.encode(arguments.X.values, dtype),
            self.encode_condition(arguments.y, len(arguments.X), dtype),
            options.n_steps,
            options.prediction,
            options.condition_dropout,
            self._moments(dtype),
            arguments.sample_weight,
        )

    def _moments(self, dtype: npt.DTypeLike) -> tuple[Array, Array]:
        """Mean and variance of the encoded columns."""
        return self.encoding.mean.astype(dtype), self.encoding.variance.astype(dtype)

    def linear_prediction(self, noisy: Array, time: float | Array) -> Array:
        """The part of the prediction that follows from mean and variance of each column; the network adds the rest."""
        signal, level = (float(value) for value in levels(time))  # Python floats preserve single precision
        clean = linear_estimate(noisy, self._moments(noisy.dtype), signal, level)
        noise = (noisy - signal * clean) / level
        return prediction_target(self.options.prediction, clean, noise, signal, level)

    def strata(self, y: Array) -> Array | None:
        return None if self.condition is None or self.condition.classes is None else y

    def loss(self) -> tuple[Loss, int]:
        return SquaredLoss(), self.encoding.size

    def shapes(self) -> dict[str, Any]:
        return {"n_in": self.encoding.size, "n_condition": 0 if self.condition is None else self.condition.size}

    def attributes(self) -> dict[str, Any]:
        return {"classes_": None if self.condition is None else self.condition.classes}

    def decode(self, raw: Array) -> Array:
        return raw


def _ensure_no_classes(arguments: FitArguments) -> None:
    if arguments.classes is not None:
        raise ValueError("classes are given, but y is None.")
