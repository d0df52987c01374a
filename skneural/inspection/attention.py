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
    """Draw the attention weights between the tokens of a predicted sequence and those of its source.

    Parameters
    ----------
    estimator : SequenceToSequence
        Fitted, with attention.
    source : str, list of str, or array-like of integers
        One sequence, in the format of X.
    cmap : str, default="magma"
        Colour map, from zero to one.
    ax : matplotlib Axes, default=None
        Axes to draw into; None: those of a new figure.

    Returns
    -------
    ax : matplotlib Axes
        Predicted tokens are rows, source tokens are columns. Without an image if the predicted sequence is empty.

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
    (weights,) = estimator.attention_weights([source])
    (predicted,) = estimator.predict([source])
    source_tokens, target_tokens = (
        read_sequences([sequence], estimator.level).sequences[0] if len(sequence) else []
        for sequence in (source, predicted)
    )
    if ax is None:
        ax = new_figure(None, 1 + 0.25 * len(source_tokens), 1 + 0.25 * len(target_tokens)).subplots()
    if len(target_tokens):
        ax.imshow(weights, cmap=cmap, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    rotation = 0 if all(len(str(token)) == 1 for token in source_tokens) else 90
    ax.set_xticks(range(len(source_tokens)), [str(token) for token in source_tokens], rotation=rotation)
    ax.set_yticks(range(len(target_tokens)), [str(token) for token in target_tokens])
    ax.set(xlabel="source", ylabel="prediction")
    return ax


def _names(n_inputs: int, n_steps: int, labels: Sequence[Any] | None) -> list[str]:
    """Tick labels of all steps of the network, the first of which may be the class token."""
    if labels is not None and len(labels) != n_inputs:
        raise ValueError(f"There are {len(labels)} labels, but the series has {n_inputs} steps.")
    names = [str(label) for label in (range(n_inputs) if labels is None else labels)]
    return ["cls"] * (n_steps - n_inputs) + names
