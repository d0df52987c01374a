"""The protocol of tasks: fitted values that define what a network learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from scipy import sparse
from sklearn.utils import Tags
from sklearn.utils.validation import check_consistent_length, column_or_1d

from skneural.data import Container, Samples, Targets
from skneural.losses import Loss
from skneural.losses.loss import Value
from skneural.ops.types import Array
from skneural.readers import Reader, ensure_is_collection, lengths_of, precision
from skneural.sklearn_compat import check_y, is_missing_value


class FitArguments(NamedTuple):
    """The data given to `fit` or `partial_fit`: as passed by the user, or a container and arrays once checked.

    `rows` are the samples among the rows of X, y and `sample_weight`, before they are checked; None for all. Samples of
    the same group in `groups` are held out together.
    """

    X: Any
    y: Any
    sample_weight: Any = None
    classes: Any = None
    rows: Any = None
    groups: Any = None

    @property
    def dtype(self) -> Any:
        """Precision of training, once X is a container."""
        return precision(self.X.dtype)


@dataclass(frozen=True)
class Task:
    """Fitted value that defines the input of the network, its targets and loss, and the decoding of raw scores.

    Supervised tasks learn y. Others derive their targets from X: X itself, masked tokens, noise. Members are frozen
    dataclasses of plain values like readers. They define `learn`, `compare`, `encode`, `loss` and `decode`, and
    override other methods as needed.

    Attributes
    ----------
    options : object
        Hyper-parameters of this task. When training continues, they are replaced by the current ones.
    """

    options: Any

    required: ClassVar[bool] = True  # whether y must be given; if not, targets follow from X
    numeric: ClassVar[bool] = False  # whether y is numbers instead of labels

    @property
    def per_step(self) -> bool:
        """True if each step of a series has a target."""
        return False

    @classmethod
    def check(cls, arguments: FitArguments, options: Any, estimator_name: str) -> Any:
        """Checked targets in the form that scorers take; ``arguments.X`` is a container already.

        Raises
        ------
        ValueError
            If y has the wrong kind or length.
        """
        ensure_y_is_given(arguments.y, estimator_name)
        ensure_is_collection(arguments.y, "y")
        if cls.numeric and sparse.issparse(arguments.y):
            raise ValueError(
                f"y is a sparse matrix of shape {arguments.y.shape}; {estimator_name} takes dense targets: y.toarray()."
            )
        _ensure_equal_lengths(arguments.y)
        ensure_none_is_missing(arguments.y)
        y = check_y(arguments.y, multi_output=True, y_numeric=cls.numeric, estimator=estimator_name)
        if cls.numeric:
            _ensure_numbers(y, estimator_name)
        check_consistent_length(arguments.X, y)
        return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    @classmethod
    def learn(cls, arguments: FitArguments, options: Any, reader: Reader) -> Self:
        """Learn what `encode` needs, such as the classes or the scale of y, from checked training data."""
        raise NotImplementedError(f"{cls.__name__} must define learn")

    def ensure_complete(self, arguments: FitArguments) -> None:
        """Raise if the data of the first call of `partial_fit` is not enough for `learn`, such as a single class."""

    def compare(self, arguments: FitArguments) -> None:
        """Raise if checked data does not match the training data."""
        raise NotImplementedError(f"{type(self).__name__} must define compare")

    @property
    def learned_once(self) -> str:
        """Words for what `updated` leaves as learned from the first data; empty if there is nothing."""
        return ""

    def updated(self, arguments: FitArguments) -> Self:
        """The task when training continues with checked data: the units of targets follow all data so far."""
        return self

    def units_since(self, before: Self) -> tuple[Array, Array] | None:
        """Factor and shift from raw scores in the units before `updated` to those after; None if scores have none."""
        return None

    def encode(self, arguments: FitArguments) -> Targets:
        """Targets in the form that the loss takes."""
        raise NotImplementedError(f"{type(self).__name__} must define encode")

    def network_input(self, arguments: FitArguments) -> Container:
        """Input of the network in training: X, or X with parts of y, as in decoders.

        Inputs or targets that are drawn for each batch, such as noise, come from a container with `resample`.
        """
        x: Container = arguments.X
        return x

    def sample_weight(self, arguments: FitArguments) -> Array | None:
        """Weight of each sample of the network; None if all are one."""
        weight: Array | None = arguments.sample_weight
        return weight

    def class_weights(self, arguments: FitArguments) -> Array | None:
        """Weight of each target in the training loss by its class; None if all are one."""
        return None

    def strata(self, y: Array) -> Array | None:
        """Classes whose proportions a random split preserves."""
        return None

    def loss(self) -> tuple[Loss, int]:
        """The loss, and the number of raw scores that it takes."""
        raise NotImplementedError(f"{type(self).__name__} must define loss")

    def best_constant(self, samples: Samples) -> Array:
        """Raw scores of the best constant prediction of the training samples, with which training starts."""
        return self.loss()[0].best_constant(samples.y.values, samples.target_weight)

    def loss_scale(self, loss: Loss) -> Value:
        """Factor from a loss of encoded targets to the units of y."""
        return 1.0

    def shapes(self) -> dict[str, Any]:
        """Arguments of the network builder that follow from the task, except `n_out`."""
        return {}

    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of the estimator, by name."""
        return {}

    def decode(self, raw: Array) -> Array:
        """Predictions from raw scores, row by row."""
        raise NotImplementedError(f"{type(self).__name__} must define decode")

    def decision(self, raw: Array) -> Array:
        """Raw scores, row by row, without the second axis if there are two classes."""
        return raw

    def probabilities(self, raw: Array) -> Array:
        """Probability of each class, row by row."""
        raise NotImplementedError(f"{type(self).__name__} has no probabilities")

    def log_probabilities(self, raw: Array) -> Array:
        """Logarithm of each probability; minus infinity where it rounds to zero."""
        with np.errstate(divide="ignore"):
            logarithm: Array = np.log(self.probabilities(raw))
        return logarithm

    def like_input(self, rows: Array, x: Container, X: object) -> Any:
        """Predictions of all rows, arranged like X, whose container is `x`."""
        return rows

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        """Set ``tags.target_tags`` and the like of scikit-learn's estimator tags."""


def _ensure_numbers(y: Array, estimator_name: str) -> None:
    """Raise if targets cannot be converted to numbers, or are times, which would become numbers of nanoseconds."""
    try:
        numbers = y.dtype.kind not in "mM" and y.astype(np.float64) is not None
    except (TypeError, ValueError):
        numbers = False
    if not numbers:
        first = y.ravel().tolist()[0]
        raise ValueError(
            f"y has dtype {y.dtype}, such as {first!r}, but {estimator_name} predicts numbers. Convert y, or use a "
            "classifier if these are labels."
        )


def _ensure_equal_lengths(y: object) -> None:
    lengths = lengths_of(list(y) if isinstance(y, np.ndarray) and y.dtype.kind == "O" and y.ndim == 1 else y)
    if len(lengths) > 1:
        raise ValueError(
            f"The targets of the samples have different lengths, such as {lengths[0]} and {lengths[-1]}: y has one "
            "target for each sample, or equally many for all. Labels for each step of a series are for taggers; "
            "numbers for each step are arrays (steps, n_outputs), for the regressors of sequences that take them."
        )


def ensure_none_is_missing(y: Any, name: str = "y", what: str = "sample") -> None:
    """Raise if an object among the targets stands for a missing value."""
    values = y if sparse.issparse(y) else np.asarray(y)
    if values.dtype != object or not values.ndim:
        return
    for i, target in enumerate(values):
        missing = [value for value in np.atleast_1d(target) if is_missing_value(value)]
        if missing:
            raise ValueError(f"{name}[{i}] is {missing[0]}, but each {what} needs a target: leave out those without.")


def text_as_str(y: Any) -> Any:
    """Arrays of NumPy's StringDType, which scikit-learn does not read, as arrays of str; anything else unchanged."""
    return y.astype(object).astype(str) if isinstance(y, np.ndarray) and y.dtype.kind == "T" else y


def ensure_y_is_given(y: object, estimator_name: str) -> None:
    if y is None:
        raise ValueError(f"This {estimator_name} estimator requires y to be passed, but the target y is None.")
