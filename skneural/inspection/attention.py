"""Attention weights of Transformers and of sequence-to-sequence models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skneural.data.texts import read_sequences
from skneural.drawing.pyplot import new_figure
from skneural.estimators.sequence_to_sequence import SequenceToSequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skneural.template.estimator import NeuralEstimator

# Number of steps up to which each has a label.
MOST_LABELS = 40

# Number of features up to which a series is drawn as lines.
MOST_LINES = 4


def plot_attention(
    estimator: NeuralEstimator,
    series: npt.ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    layers: Sequence[int] | None = None,
    cmap: str = "magma",
    figure: Figure | None = None,
) -> Figure:
    """Draw the attention weights between the steps of a series, one image per head and one row per layer.

    Parameters
    ----------
    estimator : TransformerSequenceClassifier, TransformerSequenceRegressor or TransformerSequenceTagger
        Fitted.
    series : array-like of shape (steps, features), or (steps,) for a single feature or for tokens
    labels : sequence of steps labels, default=None
        Tick labels, such as the words of a text; None: the numbers of the steps.
    layers : sequence of int, default=None
        Indices of the layers to draw, from 0; None: all.
    cmap : str, default="magma"
        Colour map; each image is scaled from zero to its greatest weight.
    figure : matplotlib Figure or SubFigure, default=None
        Figure to draw into; None: a new one.

    Returns
    -------
    figure : matplotlib Figure or SubFigure
        Queries are rows and keys are columns of each image. With ``pooling="cls"``, the first row and column are those
        of the class token.

    Raises
    ------
    TypeError
        If the estimator is not a Transformer.
    ValueError
        If a layer does not exist, or the number of labels is not the number of steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import TransformerSequenceClassifier
    >>> from skneural.inspection import plot_attention
    >>> X, y = np.random.default_rng(0).normal(size=(20, 12, 2)), np.arange(20) % 2
    >>> model = TransformerSequenceClassifier(d_model=8, n_heads=2, max_iter=1, batch_size=20).fit(X, y)
    >>> figure = plot_attention(model, X[0])
    """
    if not hasattr(estimator, "attention_weights") or not hasattr(estimator, "n_heads"):
        raise TypeError(
            f"{type(estimator).__name__} has no attention heads; use one of the TransformerSequence estimators."
        )
    series = np.asarray(series)
    (weights,) = estimator.attention_weights([series])
    n_steps = weights.shape[-1]
    names = _names(len(series), n_steps, labels)
    layers = range(len(weights)) if layers is None else layers
    unknown = [layer for layer in layers if not 0 <= layer < len(weights)]
    if unknown:
        raise ValueError(f"There is no layer {unknown[0]}; the model has layers 0 to {len(weights) - 1}.")
    n_heads = weights.shape[1]
    figure = new_figure(figure, 2.6 * n_heads, 2.6 * len(layers))
    axes = figure.subplots(len(layers), n_heads, squeeze=False)
    shown = range(n_steps) if n_steps <= MOST_LABELS else range(0, n_steps, -(-n_steps // 8))
    for row, layer in zip(axes, layers, strict=True):
        for head, ax in enumerate(row):
            ax.imshow(weights[layer, head], cmap=cmap, vmin=0, aspect="auto", interpolation="nearest")
            ax.set_title(f"layer {layer}, head {head}", fontsize=9)
            ax.set_xticks(shown, [names[i] for i in shown], rotation=90, fontsize=6)
            ax.set_yticks(shown, [names[i] for i in shown] if head == 0 else [], fontsize=6)
        row[0].set_ylabel("query step", fontsize=8)
    for ax in axes[-1]:
        ax.set_xlabel("key step", fontsize=8)
    return figure


def plot_alignment(estimator: SequenceToSequence, source: Any, *, cmap: str = "magma", ax: Axes | None = None) -> Axes:
    """Draw the attention weights between the tokens of a predicted sequence and its source.

    Parameters
    ----------
    estimator : SequenceToSequence
        Fitted, with attention.
    source : str, list of str, or array-like
        One sample, in the format of X: a sequence of tokens, a series of shape (steps, features), or an image.
    cmap : str, default="magma"
        Colour map of the weights, from zero to one; over images, of the tokens, from the first to the last.
    ax : matplotlib Axes, default=None
        Axes to draw into; None: those of a new figure.

    Returns
    -------
    ax : matplotlib Axes
        Predicted tokens are rows, and source tokens or steps are columns; series are drawn above. Images are overlaid
        with a colour for each predicted token, as opaque as its weights, and with the token at their centre. Without
        weights if the predicted sequence is empty.

    Raises
    ------
    TypeError
        If the estimator has no attention between target and source.

    Examples
    --------
    >>> from skneural import SequenceToSequence
    >>> from skneural.inspection import plot_alignment
    >>> words = ["left", "right", "up", "down"] * 5
    >>> model = SequenceToSequence(hidden_size=8, max_iter=5).fit(words, [word[::-1] for word in words])
    >>> ax = plot_alignment(model, "left")
    """
    if not isinstance(estimator, SequenceToSequence) or not hasattr(estimator, "attention_weights"):
        raise TypeError(
            f"{type(estimator).__name__} has no attention between target and source; use SequenceToSequence with "
            'attention="additive" or "dot".'
        )
    kind = estimator.network_arguments_["source"]
    X = [source] if kind == "tokens" else np.asarray(source)[np.newaxis]
    (weights,), (predicted,) = estimator.attention_weights(X), estimator.predict(X)
    tokens = [str(token) for token in _tokens(predicted, estimator.level)]
    if kind == "images":
        return _over_image(np.asarray(source), weights, tokens, cmap, ax)
    labels = [str(token) for token in _tokens(source, estimator.level)] if kind == "tokens" else None
    width = 6.0 if labels is None else 1 + 0.25 * len(labels)
    ax = new_figure(None, width, 1 + 0.25 * len(tokens)).subplots() if ax is None else ax
    n_columns = len(source) if kind == "series" else weights.shape[1]
    if tokens:
        extent = (-0.5, n_columns - 0.5, len(tokens) - 0.5, -0.5)
        ax.imshow(weights, cmap=cmap, vmin=0, vmax=1, aspect="auto", interpolation="nearest", extent=extent)
    if labels is not None:
        rotation = 0 if all(len(label) == 1 for label in labels) else 90
        ax.set_xticks(range(len(labels)), labels, rotation=rotation)
    ax.set_yticks(range(len(tokens)), tokens)
    ax.set(xlabel="source", ylabel="prediction")
    if kind == "series":
        _series_above(ax, np.asarray(source))
    return ax


def _tokens(sequence: Any, level: str) -> list[Any]:
    return list(read_sequences([sequence], level).sequences[0]) if len(sequence) else []


def _series_above(ax: Axes, series: npt.NDArray[Any]) -> None:
    """Draw a series above its weights, as lines or, if it has many features, as an image."""
    above = ax.inset_axes((0, 1.03, 1, 0.35), sharex=ax)
    above.tick_params(labelbottom=False)
    if series.ndim == 1 or series.shape[1] <= MOST_LINES:
        above.plot(series, linewidth=1)
    else:
        above.imshow(series.T, cmap="gray", aspect="auto", origin="lower")


def _over_image(
    image: npt.NDArray[Any], weights: npt.NDArray[Any], tokens: Sequence[str], cmap: str, ax: Axes | None
) -> Axes:
    """Draw the weights of each token over an image, and the token at their centre."""
    height, width = image.shape[:2]
    ax = new_figure(None, 6, 1 + 5 * height / width).subplots() if ax is None else ax
    extent = (0, width, height, 0)
    low, high = image.min(), image.max()
    shown = (image - low) / (high - low if high > low else 1)
    ax.imshow(shown if shown.shape[2:] == (3,) else shown.reshape(height, width, -1)[:, :, 0], "gray", extent=extent)
    n_rows, n_columns = weights.shape[1:]
    for number, (token, share) in enumerate(zip(tokens, weights, strict=True)):
        layer = np.empty((n_rows, n_columns, 4))
        layer[:, :, :3], layer[:, :, 3] = _colour(cmap, number, len(tokens)), 0.7 * share / share.max()
        ax.imshow(layer, extent=extent, interpolation="nearest")
        x = share.sum(axis=0) @ (np.arange(n_columns) + 0.5) * width / n_columns
        y = share.sum(axis=1) @ (np.arange(n_rows) + 0.5) * height / n_rows
        ax.text(x, y, token, color="white", ha="center", va="center", weight="bold")
    ax.set(xlim=(0, width), ylim=(height, 0), xlabel="prediction: " + " ".join(tokens))
    return ax


def _colour(cmap: str, number: int, n: int) -> tuple[float, ...]:
    """Colour of one of n tokens, from the middle of a colour map, away from black and white."""
    import matplotlib as mpl

    rgba: tuple[float, ...] = mpl.colormaps[cmap](0.25 + 0.6 * number / max(n - 1, 1))
    return rgba[:3]


def _names(n_inputs: int, n_steps: int, labels: Sequence[Any] | None) -> list[str]:
    """Tick labels of all steps of the network, the first of which may be the class token."""
    if labels is not None and len(labels) != n_inputs:
        raise ValueError(f"There are {len(labels)} labels, but the series has {n_inputs} steps.")
    names = [str(label) for label in (range(n_inputs) if labels is None else labels)]
    return ["cls"] * (n_steps - n_inputs) + names
