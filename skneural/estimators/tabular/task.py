"""Classification and regression by the members of an ensemble."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from skneural.losses import BinaryLogLoss, Loss, MemberLoss, SoftmaxLogLoss
from skneural.readers import Reader
from skneural.tasks import Classes, ClassOptions, FitArguments, NumberOptions, Numbers

# Standard deviation of the initial frequencies of periodic embeddings. Regression needs finer steps than
# classification. On splits that are not reported, 1.0 instead of 0.5 changed the error on California housing from
# 48 000 to 46 100 dollars and R^2 on three small tables from .741 to .762, but accuracy on three others from .844 to
# .840.
CLASSIFICATION_FREQUENCY, REGRESSION_FREQUENCY = 0.5, 1.0


@dataclass(frozen=True)
class TabularClassOptions(ClassOptions):
    """Hyper-parameters of classification of tables.

    Attributes
    ----------
    label_smoothing : float
    members_per_row : int
        Members that each row of a batch trains.
    """

    label_smoothing: float = 0.0
    members_per_row: int = 1


@dataclass(frozen=True)
class TabularClasses(Classes):
    """Classification by each member, with labels that are smoothed toward the class frequencies.

    Smoothed toward equal shares, labels without signal at a frequency of .0115 had a mean probability of .032.

    Attributes
    ----------
    frequencies : list of float
        Frequencies of the classes, by sample weights and class weights; of two classes, that of the second one.
    """

    options: TabularClassOptions
    frequencies: list[float] = field(default_factory=list)

    @classmethod
    def learn(cls, arguments: FitArguments, options: Any, reader: Reader) -> Self:
        task = super().learn(arguments, options, reader)
        loss, _ = super(TabularClasses, task).loss()
        targets, by_class = task.encode(arguments), task.class_weights(arguments)
        if by_class is not None:
            targets = targets.weighed(by_class)
        constant = loss.best_constant(targets.values, targets.spread(arguments.sample_weight))
        return replace(task, frequencies=loss.link(constant[None]).ravel().tolist())

    def loss(self) -> tuple[Loss, int]:
        loss, n_outputs = super().loss()
        assert isinstance(loss, BinaryLogLoss | SoftmaxLogLoss)
        frequencies = tuple(self.frequencies)
        return MemberLoss(replace(loss, smoothing=self.options.label_smoothing, frequencies=frequencies)), n_outputs

    def shapes(self) -> dict[str, Any]:
        return _shapes(self.loss()[0], self.options.members_per_row, CLASSIFICATION_FREQUENCY)


@dataclass(frozen=True)
class TabularNumberOptions(NumberOptions):
    """Hyper-parameters of regression of tables.

    Attributes
    ----------
    members_per_row : int
        Members that each row of a batch trains.
    """

    members_per_row: int = 1


@dataclass(frozen=True)
class TabularNumbers(Numbers):
    """Regression by each member."""

    options: TabularNumberOptions

    def loss(self) -> tuple[Loss, int]:
        loss, n_outputs = super().loss()
        return MemberLoss(loss), n_outputs

    def shapes(self) -> dict[str, Any]:
        return _shapes(self.loss()[0], self.options.members_per_row, REGRESSION_FREQUENCY)


def _shapes(loss: Loss, members_per_row: int, frequency_deviation: float) -> dict[str, Any]:
    """Arguments of the network builder: `link` is the function whose values are averaged over members."""
    return {
        "link": loss.link_name,
        "members_per_row": members_per_row,
        "frequency_deviation": frequency_deviation,
    }
