"""Contributions of the steps of a series to a prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from skneural.drawing import DATA_GREY, DIVERGING, MOST_LINES, draw_colour_bar, figure_of, styled_axes
from skneural.ops.fixed_kernels import contributions_of_steps
from skneural.ops.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.estimators.rocket.kernel_model import RocketEstimator


def step_contributions(estimator: RocketEstimator, series: npt.ArrayLike, *, target: Any = None) -> np.ndarray:
    """Contribution of each step of a series to a score of a model of fixed kernels.

    A score is a sum over the steps at which kernels exceed their biases. What each adds, compared with the mean over
    the training series, is divided among the steps and features that the kernel sees there, in proportion to the size
    of their terms. The sum of all contributions is the score of this series less that of a series whose kernels all
    exceed their biases as often as on average.

    Parameters
    ----------
    estimator : RocketSequenceClassifier or RocketSequenceRegressor
        Fitted.
    series : array-like of shape (steps,) or (steps, n_features)
    target : class label or int, default=None
        Class whose score is explained, or the number of a label or an output. None: the predicted class, or the first
        label or output.

    Returns
    -------
    contributions : ndarray of the shape of the series
        In units of `decision_function`, or of y.

    Raises
    ------
    ValueError
        If the series has not the form of the training series, or there is no such target.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import RocketSequenceClassifier
    >>> from skneural.inspection import step_contributions
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(40, 60)), np.repeat([0, 1], 20)
    >>> X[20:, 30:35] += 4
    >>> model = RocketSequenceClassifier(random_state=0).fit(X, y)
    >>> 25 < int(step_contributions(model, X[-1], target=1).argmax()) < 40
    True
    """
    check_is_fitted(estimator)
    series = np.asarray(series)
    if series.ndim not in (1, 2):
        raise ValueError(
            f"series has shape {series.shape}; it is a single one, of shape (steps,) or (steps, features)."
        )
    x = estimator._read([series])
    coefficients = _coefficients(estimator, [series], target)
    values, _ = estimator._channels(x)
    means = estimator.feature_means_
    return contributions_of_steps(values, estimator._kernels, coefficients, means).reshape(series.shape)


class StepContributionsDisplay:
    """Series, coloured by what each of its steps contributes to a score of a model of fixed kernels.

    `from_estimator` makes it of a fitted model, and draws it. Series of many features are drawn as an image of the
    contributions.

    Parameters
    ----------
    series : array of shape (steps,) or (steps, n_features)
    contributions : array of the same shape
        As returned by `step_contributions`.
    name : str, default="contribution"
        Label of the colour bar.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import RocketSequenceClassifier
    >>> from skneural.inspection import StepContributionsDisplay
    >>> X, y = np.random.default_rng(0).normal(size=(40, 60)), np.repeat(["a", "b"], 20)
    >>> model = RocketSequenceClassifier(n_kernels=168, random_state=0).fit(X, y)
    >>> StepContributionsDisplay.from_estimator(model, X[0], target="b").name
    "contribution to 'b'"
    """

    def __init__(self, *, series: np.ndarray, contributions: np.ndarray, name: str = "contribution") -> None:
        self.series = series
        self.contributions = contributions
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: RocketEstimator,
        series: npt.ArrayLike,
        *,
        target: Any = None,
        cmap: str = DIVERGING,
        ax: Axes | None = None,
    ) -> Self:
        """Compute the contributions of the steps of a series with a fitted model, and draw them.

        Parameters
        ----------
        estimator : RocketSequenceClassifier or RocketSequenceRegressor
            Fitted.
        series : array-like of shape (steps,) or (steps, n_features)
        target : class label or int, default=None
            As in `step_contributions`.
        cmap : str, default="coolwarm"
            Colour map of contributions, with zero in its middle.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : StepContributionsDisplay

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If the series has not the form of the training series, or there is no such target.
        """
        contributions = step_contributions(estimator, series, target=target)
        name = "contribution" if target is None else f"contribution to {target!r}"
        return cls(series=np.asarray(series), contributions=contributions, name=name).plot(ax, cmap=cmap)

    def plot(self, ax: Axes | None = None, *, cmap: str = DIVERGING) -> Self:
        """Draw the series and the contributions.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.
        cmap : str, default="coolwarm"
            Colour map of contributions, with zero in its middle.

        Returns
        -------
        display : StepContributionsDisplay
            With the attributes of the drawing.
        """
        values = self.series.reshape(len(self.series), -1)
        colours = self.contributions.reshape(values.shape)
        most = max(float(np.abs(colours).max()), 1e-12)
        scale: dict[str, Any] = {"cmap": cmap, "vmin": -most, "vmax": most}
        with styled_axes(ax, (6.5, 3.0)) as self.ax_:
            if values.shape[1] > MOST_LINES:
                drawn: Any = self.ax_.imshow(colours.T, aspect="auto", interpolation="nearest", **scale)
                self.ax_.set_ylabel("feature")
            else:
                self.ax_.plot(values, color=DATA_GREY, linewidth=1)
                steps = np.repeat(np.arange(len(values)), values.shape[1])
                drawn = self.ax_.scatter(steps, values.ravel(), c=colours.ravel(), s=14, zorder=2, **scale)
                self.ax_.set_ylabel("value")
            self.ax_.set_xlabel("step")
            draw_colour_bar(drawn, self.ax_, self.name)
        self.figure_ = figure_of(self.ax_)
        return self


def _coefficients(estimator: RocketEstimator, X: list[np.ndarray], target: Any) -> Array:
    """Coefficients of the features in the score of the target."""
    n_outputs = len(estimator.coef_)
    if not is_classifier(estimator):
        number = 0 if target is None else target
        if number not in range(n_outputs):
            raise ValueError(f"target={target!r} is not among the {n_outputs} outputs, from 0 to {n_outputs - 1}.")
        return estimator.coef_[number].astype(np.float64) * estimator.y_scale_[number]
    classes = estimator.classes_.tolist()
    predicted = estimator.predict(X)
    if target is None:
        target = classes[0] if predicted.ndim == 2 else predicted.tolist()[0]
    if target not in classes:
        raise ValueError(f"target={target!r} is not among the classes {classes}.")
    number = classes.index(target)
    if n_outputs == 1 and len(classes) == 2:
        return estimator.coef_[0].astype(np.float64) * (1 if number else -1)
    return estimator.coef_[number].astype(np.float64)
