"""Drawings of the course of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import colour_of, figure_of, styled_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

DATA = ("training", "validation")
STYLES = {"training": "--", "validation": "-"}

# Units of scorers; the others have none.
UNITS_OF_SCORERS = {
    "neg_mean_absolute_error": "units of y",
    "neg_median_absolute_error": "units of y",
    "neg_root_mean_squared_error": "units of y",
    "neg_max_error": "units of y",
    "neg_mean_squared_error": "squared units of y",
    "neg_log_loss": "nats",
}


class LearningCurveDisplay:
    """Loss and metrics of each epoch of a training.

    `from_estimator` makes it of a fitted model, and draws it. Validation data have solid lines and training data dashed
    ones, which differ by dropout, penalties and the moment at which they are computed: the training loss is a mean over
    the steps of the epoch, and everything else is of the weights after it.

    Parameters
    ----------
    history : mapping of str to list of float
        As `history_` of the estimators.
    metrics : sequence of str, default=None
        Names of the metrics that are drawn, among them "loss"; None: all.
    best_epoch : int, default=None
        Number of the epoch that is marked, of which the first is 1; None: no mark.
    loss_label : str, default="loss"
        Name and unit of the loss.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the losses, or of the metrics if no loss is drawn.
    metric_ax_ : matplotlib.axes.Axes or None
        Axes of the metrics, which has its scale on the right if losses are drawn, too.
    figure_ : matplotlib.figure.Figure
    lines_ : dict of str to matplotlib.lines.Line2D
        The line of each curve of `history`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneural import MLPClassifier
    >>> from skneural.inspection import LearningCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier(16, early_stopping=True, scoring=["accuracy", "loss"], max_iter=30, random_state=0)
    >>> display = LearningCurveDisplay.from_estimator(model.fit(X, y))
    >>> list(display.lines_)
    ['loss', 'validation_loss', 'validation_accuracy']
    """

    def __init__(
        self,
        *,
        history: Mapping[str, list[float]],
        metrics: Sequence[str] | None = None,
        best_epoch: int | None = None,
        loss_label: str = "loss",
    ) -> None:
        self.history = history
        self.metrics = metrics
        self.best_epoch = best_epoch
        self.loss_label = loss_label

    @classmethod
    def from_estimator(cls, model: BaseEstimator, metrics: Sequence[str] | None = None, ax: Axes | None = None) -> Self:
        """Draw the curves of a fitted model.

        Parameters
        ----------
        model : estimator
            Fitted, with an attribute `history_`.
        metrics : sequence of str, default=None
            Names of the metrics that are drawn, as in `scoring`, and "loss"; None: all that were recorded.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : LearningCurveDisplay
            The epoch whose weights the model has is marked. Where several networks were trained, the curves are their
            means, and the best epoch of the mean is marked.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the model is not trained in epochs, or a metric was not recorded.
        """
        check_is_fitted(model)
        history: dict[str, list[float]] | None = getattr(model, "history_", None)
        if history is None:
            raise ValueError(f"{type(model).__name__} has no history_: it is not trained in epochs.")
        metrics = None if metrics is None else list(metrics)
        display = cls(history=history, metrics=metrics, best_epoch=_best_epoch(model), loss_label=_loss_label(model))
        return display.plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : LearningCurveDisplay
            With the attributes of the drawing.
        """
        names = self._names()
        with styled_axes(ax) as self.ax_:
            self._draw_all(names)
        self.figure_ = figure_of(self.ax_)
        return self

    def _draw_all(self, metrics: dict[str, list[str]]) -> None:
        losses = metrics.pop("loss", [])
        self.metric_ax_ = (self.ax_.twinx() if losses else self.ax_) if metrics else None
        self.lines_: dict[str, Line2D] = {}
        for name in losses:
            self._draw(self.ax_, name, self._loss_label_of(name), "black")
        for number, (metric, curves) in enumerate(metrics.items()):
            unit = f" ({UNITS_OF_SCORERS[metric]})" if metric in UNITS_OF_SCORERS else ""
            for name in curves:
                self._draw(self.metric_ax_, name, f"{name.split('_')[0]} {metric}{unit}", colour_of(number))
        self._label(bool(losses), list(metrics))

    def _names(self) -> dict[str, list[str]]:
        """The names of the drawn curves of each metric, those of the loss first."""
        metrics: dict[str, list[str]] = {"loss": ["loss"]}
        for name in self.history:
            data, _, metric = name.partition("_")
            if data in DATA:
                metrics.setdefault(metric, []).append(name)
        unknown = [metric for metric in self.metrics or () if metric not in metrics]
        if unknown or self.metrics == []:
            raise ValueError(f"metrics={self.metrics!r} must be some of those that were recorded: {list(metrics)}.")
        return {name: curves for name, curves in metrics.items() if self.metrics is None or name in self.metrics}

    def _loss_label_of(self, name: str) -> str:
        if "training_loss" in self.history and name != "validation_loss":
            return "training loss over the steps" if name == "loss" else "training loss after the epoch"
        return "training loss" if name == "loss" else name.replace("_", " ")

    def _draw(self, ax: Any, name: str, label: str, colour: str) -> None:
        values = self.history[name]
        style = STYLES["validation" if name.startswith("validation_") else "training"]
        # The loss over the steps of an epoch is thin beside that of the weights after it.
        width = 1.0 if name == "loss" and "training_loss" in self.history else 1.6
        epochs = np.arange(1, len(values) + 1)
        marker = "o" if len(values) == 1 else ""
        (self.lines_[name],) = ax.plot(
            epochs, values, style, color=colour, label=label, linewidth=width, marker=marker, markersize=4
        )

    def _label(self, has_losses: bool, metrics: list[str]) -> None:
        """Names of the axes, the mark of the best epoch, and the legend of both axes."""
        self.ax_.set_xlabel("epoch")
        self.ax_.locator_params(axis="x", integer=True)
        if has_losses:
            self.ax_.set_ylabel(self.loss_label)
        if self.metric_ax_ is not None:
            self.metric_ax_.spines["right"].set_visible(has_losses)
            self.metric_ax_.set_ylabel(metrics[0] if len(metrics) == 1 else "score (greater is better)")
        handles = list(self.lines_.values())
        if self.best_epoch is not None:
            mark = self.ax_.axvline(self.best_epoch, color="0.5", linestyle=":", zorder=0)
            mark.set_label(f"best epoch: {self.best_epoch}")
            handles.append(mark)
        # Below the axes: above the curves of one side, it would hide those of the other one.
        self.ax_.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, frameon=False)


def _best_epoch(model: Any) -> int:
    """Number of the epoch whose weights are kept: of equal ones the latest of the last fit."""
    by_loss = model.best_loss_ is not None or not model.validation_scores_
    scores = -np.array(model.loss_curve_) if by_loss else np.array(model.validation_scores_)
    last_fit = scores[-model.n_iter_ :]
    return len(model.loss_curve_) - int(np.argmax(last_fit[::-1]))


def _loss_label(model: Any) -> str:
    """Name of the loss, with its unit where it is known."""
    if is_classifier(model):
        return "log loss (nats)" if model.out_activation_ in ("softmax", "logistic") else "loss"
    if not is_regressor(model):
        return "loss"
    name = getattr(model, "loss", None)
    if name == "gaussian":
        return "negative log-likelihood (nats, of y as scaled)"
    squared = model._task.loss()[0].degree == 2
    words = name.replace("_", " ") if isinstance(name, str) else "loss"
    return f"{words} ({'half, in squared units' if squared else 'units'} of y)"
