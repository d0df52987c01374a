"""Attention weights between the tokens of a predicted sequence and its source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skneural.data.texts import read_sequences
from skneural.drawing import (
    GREY,
    MOST_LINES,
    SEQUENTIAL,
    colour_of,
    draw_colour_bar,
    draw_image,
    figure_of,
    styled_axes,
)
from skneural.estimators.sequence_to_sequence import SequenceToSequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class AlignmentDisplay:
    """Attention weights between the tokens of a predicted sequence and its source.

    `from_estimator` makes it of a fitted model, and draws it. Predicted tokens are rows, and source tokens or steps are
    columns; series are drawn above. Images are overlaid with a colour for each predicted token, as opaque as its
    weights, and with the token at their centre. Without weights if the predicted sequence is empty.

    Parameters
    ----------
    weights : array of shape (n_tokens, n_steps), or (n_tokens, n_rows, n_columns) over images
    tokens : sequence of n_tokens str
        Predicted tokens.
    source : sequence of str, or array of shape (steps,), (steps, features), (height, width[, channels])
        Tokens, a series or an image; three axes of weights tell images from series.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from skneural import SequenceToSequence
    >>> from skneural.inspection import AlignmentDisplay
    >>> words = ["left", "right", "up", "down"] * 5
    >>> model = SequenceToSequence(hidden_size=8, max_iter=5).fit(words, [word[::-1] for word in words])
    >>> display = AlignmentDisplay.from_estimator(model, "left")
    >>> display.source
    ['l', 'e', 'f', 't']
    """

    def __init__(self, *, weights: np.ndarray, tokens: Sequence[str], source: Sequence[str] | np.ndarray) -> None:
        self.weights = weights
        self.tokens = tokens
        self.source = source

    @classmethod
    def from_estimator(
        cls, estimator: SequenceToSequence, source: Any, *, cmap: str = SEQUENTIAL, ax: Axes | None = None
    ) -> Self:
        """Draw the attention weights of a fitted model.

        Parameters
        ----------
        estimator : SequenceToSequence
            Fitted, with attention.
        source : str, list of str, or array-like
            One sample, in the format of X: a sequence of tokens, a series of shape (steps, features), or an image.
        cmap : str, default="viridis"
            Colour map of the weights, from zero to one; not used for images.
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.

        Returns
        -------
        display : AlignmentDisplay

        Raises
        ------
        TypeError
            If the estimator has no attention between target and source.
        """
        if not isinstance(estimator, SequenceToSequence) or not hasattr(estimator, "attention_weights"):
            raise TypeError(
                f"{type(estimator).__name__} has no attention between target and source; use SequenceToSequence with "
                'attention="additive" or "dot".'
            )
        has_tokens = estimator.network_arguments_["source"] == "tokens"
        X = [source] if has_tokens else np.asarray(source)[np.newaxis]
        (weights,), (predicted,) = estimator.attention_weights(X), estimator.predict(X)
        display = cls(
            weights=weights,
            tokens=_tokens(predicted, estimator.level),
            source=_tokens(source, estimator.level) if has_tokens else X[0],
        )
        return display.plot(ax, cmap=cmap)

    def plot(self, ax: Axes | None = None, *, cmap: str = SEQUENTIAL) -> Self:
        """Draw the weights.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Axes to draw into; None: those of a new figure.
        cmap : str, default="viridis"
            Colour map of the weights, from zero to one; not used for images.

        Returns
        -------
        display : AlignmentDisplay
            With the attributes of the drawing.
        """
        over_image = self.weights.ndim == 3
        with styled_axes(ax, self._size(over_image)) as self.ax_:
            if over_image:
                _draw_over_image(self.ax_, np.asarray(self.source), self.weights, self.tokens)
            else:
                self._draw_matrix(cmap)
        self.figure_ = figure_of(self.ax_)
        return self

    def _size(self, over_image: bool) -> tuple[float, float]:
        if over_image:
            height, width = np.shape(self.source)[:2]
            return 6.0, 1 + 5 * height / width
        width = 6.0 if isinstance(self.source, np.ndarray) else min(1.6 + 0.25 * len(self.source), 7.0)
        return width, 1.2 + 0.25 * len(self.tokens)

    def _draw_matrix(self, cmap: str) -> None:
        ax, n_tokens = self.ax_, len(self.tokens)
        n_columns = len(self.source)
        if n_tokens:
            extent = (-0.5, n_columns - 0.5, n_tokens - 0.5, -0.5)
            options: dict[str, Any] = {"cmap": cmap, "aspect": "auto", "interpolation": "nearest", "extent": extent}
            draw_colour_bar(ax.imshow(self.weights, vmin=0, vmax=1, **options), ax, "attention weight")
        ax.set_yticks(range(n_tokens), self.tokens)
        ax.set(xlabel="source", ylabel="prediction")
        if isinstance(self.source, np.ndarray):
            ax.set_xlabel("step of the source")
            _draw_series_above(ax, self.source)
        else:
            rotation = 0 if all(len(token) == 1 for token in self.source) else 90
            ax.set_xticks(range(n_columns), self.source, rotation=rotation)


def _tokens(sequence: Any, level: str) -> list[str]:
    return [str(token) for token in read_sequences([sequence], level).sequences[0]] if len(sequence) else []


def _draw_series_above(ax: Axes, series: np.ndarray) -> None:
    """Draw a series above its weights, as lines or, if it has many features, as an image."""
    above = ax.inset_axes((0, 1.03, 1, 0.35), sharex=ax)
    above.tick_params(labelbottom=False)
    if series.ndim == 1 or series.shape[1] <= MOST_LINES:
        above.plot(series, linewidth=1)
        above.set_ylabel("value")
    else:
        above.imshow(series.T, cmap=GREY, aspect="auto", origin="lower")
        above.set_ylabel("feature")


def _draw_over_image(ax: Axes, image: np.ndarray, weights: np.ndarray, tokens: Sequence[str]) -> None:
    """Draw the weights of each token over an image, and the token at their centre."""
    from matplotlib.colors import to_rgb

    height, width = image.shape[:2]
    extent = (0, width, height, 0)
    draw_image(ax, image, extent=extent)
    n_rows, n_columns = weights.shape[1:]
    for number, (token, share) in enumerate(zip(tokens, weights, strict=True)):
        layer = np.empty((n_rows, n_columns, 4))
        layer[:, :, :3], layer[:, :, 3] = to_rgb(colour_of(number)), 0.7 * share / share.max()
        ax.imshow(layer, extent=extent, interpolation="nearest")
        x = share.sum(axis=0) @ (np.arange(n_columns) + 0.5) * width / n_columns
        y = share.sum(axis=1) @ (np.arange(n_rows) + 0.5) * height / n_rows
        ax.text(x, y, token, color="white", ha="center", va="center", weight="bold")
    ax.set(xlim=(0, width), ylim=(height, 0), xlabel="prediction: " + " ".join(tokens))
