"""Where the heads of Transformers look, and what decoders read while they write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from skneural.data.texts import read_sequences
from skneural.estimators.sequence_to_sequence import SequenceToSequence
from skneural.inspection.images import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Steps up to which each has its label.
MOST_LABELS = 40


def plot_attention(
    estimator: BaseEstimator,
    series: npt.ArrayLike,
    *,
    labels: Sequence[Any] | None = None,
    layers: Sequence[int] | None = None,
    cmap: str = "magma",
    figure: Figure | None = None,
) -> Figure:
    """Draw how much each step of a series takes from each other one, an image for each head, a row for each layer.

    Parameters
    ----------
    estimator : TransformerSequenceClassifier, TransformerSequenceRegressor or TransformerSequenceTagger
        Fitted.
    series : array-like of shape (steps, features), or (steps,) for a single feature or for tokens
    labels : sequence of steps labels, default=None
        What stands at the axes, such as the words that the tokens are; None: the numbers of steps.
    layers : sequence of int, default=None
        Numbers of layers, from 0; None: all.
    cmap : str, default="magma"
        Colour map; each image has a scale of its own, from zero to its greatest weight.
    figure : matplotlib Figure or SubFigure, default=None
        What to draw on; None: a new figure.

    Returns
    -------
    figure : matplotlib Figure or SubFigure
        Steps that take stand below each other, and those they take from side by side. With ``pooling="cls"`` the first
        is the class token.

    Raises
    ------
    ValueError
        If there is no such layer, or there are not as many labels as steps.

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
        raise TypeError(f"{type(estimator).__name__} has no heads of attention; Transformers have.")
    series = np.asarray(series)
    (weights,) = estimator.attention_weights([series])
    n_steps = weights.shape[-1]
    names = _names(len(series), n_steps, labels)
    layers = range(len(weights)) if layers is None else layers
    unknown = [layer for layer in layers if not 0 <= layer < len(weights)]
    if unknown:
        raise ValueError(f"There is no layer {unknown[0]}; there are layers 0 to {len(weights) - 1}.")
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
        row[0].set_ylabel("step that takes", fontsize=8)
    for ax in axes[-1]:
        ax.set_xlabel("step it takes from", fontsize=8)
    return figure


def plot_alignment(estimator: SequenceToSequence, source: Any, *, cmap: str = "magma", ax: Axes | None = None) -> Axes:
    """Draw how much each token of a predicted sequence takes from each token of its source.

    Parameters
    ----------
    estimator : SequenceToSequence
        Fitted, with attention.
    source : str, list of str, or array-like of integers
        One sequence, as X had them.
    cmap : str, default="magma"
        Colour map, from zero to one.
    ax : matplotlib Axes, default=None
        What to draw on; None: the axes of a new figure.

    Returns
    -------
    ax : matplotlib Axes
        Tokens that are written stand below each other, and those that are read from side by side. Empty if nothing
        is written.

    Raises
    ------
    TypeError
        If the estimator has no attention from one sequence to another.

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
            f"{type(estimator).__name__} has no attention from one sequence to another; SequenceToSequence has, unless "
            'attention="none".'
        )
    (weights,) = estimator.attention_weights([source])
    (written,) = estimator.predict([source])
    read, found = (read_sequences([one], estimator.level).sequences[0] if len(one) else [] for one in (source, written))
    if ax is None:
        ax = new_figure(None, 1 + 0.25 * len(read), 1 + 0.25 * len(found)).subplots()
    if len(found):
        ax.imshow(weights, cmap=cmap, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    rotation = 0 if all(len(str(token)) == 1 for token in read) else 90
    ax.set_xticks(range(len(read)), [str(token) for token in read], rotation=rotation)
    ax.set_yticks(range(len(found)), [str(token) for token in found])
    ax.set(xlabel="read", ylabel="written")
    return ax


def _names(n_given: int, n_steps: int, labels: Sequence[Any] | None) -> list[str]:
    """What stands at the axes; a step more than there are is the class token."""
    if labels is not None and len(labels) != n_given:
        raise ValueError(f"There are {len(labels)} labels, but the series has {n_given} steps.")
    names = [str(label) for label in (range(n_given) if labels is None else labels)]
    return ["cls"] * (n_steps - n_given) + names
