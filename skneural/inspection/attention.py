"""Attention weights of Transformers between the steps of a series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from skneural.drawing import SEQUENTIAL, SMALL_TEXT, draw_colour_bar, figure_of, label_steps, styled_grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from skneural.template.estimator import NeuralEstimator

# Number of labels up to which each is drawn, and of numbers of steps, of which a few tell all.
MOST_LABELS, MOST_NUMBERS = 40, 8


class AttentionDisplay:
    """Attention weights between the steps of a series, one image per head and one row per layer.

    `from_estimator` makes it of a fitted model, and draws it. Queries are rows and keys are columns of each image.
    All have the same scale, from zero to the greatest weight.

    Parameters
    ----------
    weights : array of shape (n_layers, n_heads, n_steps, n_steps)
        Of the layers that are drawn.
    layers : sequence of int, default=None
        Numbers of these layers; None: from 0 on.
    labels : sequence of str, default=None
        Tick labels of the steps; None: their numbers.

    Attributes
    ----------
    axes_ : ndarray of matplotlib.axes.Axes, of shape (n_layers, n_heads)
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import TransformerSequenceClassifier
    >>> from skneural.inspection import AttentionDisplay
    >>> X, y = np.random.default_rng(0).normal(size=(20, 12, 2)), np.arange(20) % 2
    >>> model = TransformerSequenceClassifier(d_model=8, n_heads=2, max_iter=1, batch_size=20).fit(X, y)
    >>> AttentionDisplay.from_estimator(model, X[0]).axes_.shape
    (2, 2)
    """

    def __init__(
        self, *, weights: np.ndarray, layers: Sequence[int] | None = None, labels: Sequence[str] | None = None
    ) -> None:
        self.weights = weights
        self.layers = layers
        self.labels = labels

    @classmethod
    def from_estimator(
        cls,
        estimator: NeuralEstimator,
        series: npt.ArrayLike,
        *,
        labels: Sequence[Any] | None = None,
        layers: Sequence[int] | None = None,
        cmap: str = SEQUENTIAL,
        ax: Axes | np.ndarray | None = None,
    ) -> Self:
        """Draw the attention weights of a fitted model.

        Parameters
        ----------
        estimator : TransformerSequenceClassifier, TransformerSequenceRegressor or TransformerSequenceTagger
            Fitted.
        series : array-like of shape (steps, features), or (steps,) for a single feature or for tokens
        labels : sequence of steps labels, default=None
            Tick labels, such as the words of a text; None: the numbers of the steps.
        layers : sequence of int, default=None
            Indices of the layers to draw, from 0; None: all.
        cmap : str, default="viridis"
            Colour map.
        ax : matplotlib.axes.Axes or array of shape (n_layers, n_heads) of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.

        Returns
        -------
        display : AttentionDisplay
            With ``pooling="cls"``, the first row and column of each image are those of the class token.

        Raises
        ------
        TypeError
            If the estimator is not a Transformer.
        ValueError
            If a layer does not exist, or the number of labels is not the number of steps.
        """
        if not hasattr(estimator, "attention_weights") or not hasattr(estimator, "n_heads"):
            raise TypeError(
                f"{type(estimator).__name__} has no attention heads; use one of the TransformerSequence estimators."
            )
        series = np.asarray(series)
        (weights,) = estimator.attention_weights([series])
        names = _names(len(series), weights.shape[-1], labels)
        drawn = list(range(len(weights)) if layers is None else layers)
        unknown = [layer for layer in drawn if not 0 <= layer < len(weights)]
        if unknown:
            raise ValueError(f"There is no layer {unknown[0]}; the model has layers 0 to {len(weights) - 1}.")
        return cls(weights=weights[drawn], layers=drawn, labels=names).plot(ax, cmap=cmap)

    def plot(self, ax: Axes | np.ndarray | None = None, *, cmap: str = SEQUENTIAL) -> Self:
        """Draw the attention weights.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or array of shape (n_layers, n_heads) of them, default=None
            Axes whose place is divided, or those to draw into; None: those of a new figure.
        cmap : str, default="viridis"
            Colour map.

        Returns
        -------
        display : AttentionDisplay
            With the attributes of the drawing.
        """
        n_layers, n_heads, n_steps, _ = self.weights.shape
        layers = range(n_layers) if self.layers is None else self.layers
        names = [str(step) for step in range(n_steps)] if self.labels is None else list(self.labels)
        most = MOST_NUMBERS if all(name.isdigit() for name in names[1:]) else MOST_LABELS
        size = (min(2.6 * n_heads + 1.0, 7.0), 2.6 * n_layers + 0.4)
        greatest = self.weights.max(initial=0)
        with styled_grid(ax, (n_layers, n_heads), size) as self.axes_:
            for row, layer, of_layer in zip(self.axes_, layers, self.weights, strict=True):
                for head, (panel, weights) in enumerate(zip(row, of_layer, strict=True)):
                    options = {"cmap": cmap, "aspect": "auto", "interpolation": "nearest"}
                    drawn = panel.imshow(weights, vmin=0, vmax=greatest, **options)
                    panel.set_title(f"layer {layer}, head {head}", fontsize="small")
                    label_steps(panel.xaxis, names, most)
                    label_steps(panel.yaxis, names if head == 0 else [], most)
                    panel.tick_params(labelsize=SMALL_TEXT)
                row[0].set_ylabel("query step")
            for panel in self.axes_[-1]:
                panel.set_xlabel("key step")
            draw_colour_bar(drawn, self.axes_, "attention weight")
        self.figure_ = figure_of(self.axes_)
        return self


def _names(n_inputs: int, n_steps: int, labels: Sequence[Any] | None) -> list[str]:
    """Tick labels of all steps of the network, the first of which may be the class token."""
    labels = range(n_inputs) if labels is None else labels
    if len(labels) != n_inputs:
        raise ValueError(f"There are {len(labels)} labels, but the series has {n_inputs} steps.")
    return ["cls"] * (n_steps - n_inputs) + [str(label) for label in labels]
