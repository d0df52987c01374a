"""Estimators with Transformer encoders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import numpy.typing as npt

from skneural.estimators.attention import head_weights
from skneural.estimators.series_or_texts import KnownTokens
from skneural.estimators.transformer.reader import TransformerOptions, TransformerSequences
from skneural.estimators.word_vectors import TokenFields
from skneural.hyperparameters import NONE, Choice, Integer, Number, declare, hyperparameter
from skneural.layers import Layer
from skneural.networks.transformer import POSITIONAL, TRANSFORMER_POOLINGS, transformer_network
from skneural.ops.types import Array
from skneural.readers import (
    SEQUENCE_ATTRIBUTES,
    SEQUENCE_DOC,
    Reader,
    reversible_normalization_hyperparameter,
    standardize_hyperparameter,
)
from skneural.tasks import NumberOptions, SequenceNumbers, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.template.tagger import NeuralTagger


def transformer_pooling_hyperparameter() -> Any:
    """The hyper-parameter `pooling` of Transformers."""
    return hyperparameter(
        default="mean",
        constraint=Choice(*TRANSFORMER_POOLINGS),
        doc="""Reduction of the states of all steps to the input of the output layer: their mean, the last state, their
        maximum, a mean with learned weights ("attention" [5]_), or the state of a learned class token that is put
        before the first step ("cls" [4]_). Not used for targets of each step.""",
    )


@declare
class TransformerFields(TokenFields):
    """Hyper-parameters of all Transformers."""

    _reader_class: ClassVar[type[Reader]] = TransformerSequences
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(transformer_network)
    _size_name: ClassVar[str] = "d_model"

    d_model: int = hyperparameter(
        default=64,
        constraint=Integer(1),
        doc="Number of features of each step inside the network; a multiple of `n_heads`.",
    )
    n_heads: int = hyperparameter(
        default=4,
        constraint=Integer(1),
        doc="Number of heads of each attention layer, which divide the features evenly.",
    )
    n_layers: int = hyperparameter(
        default=2, constraint=Integer(1), doc="Number of blocks of an attention and a feedforward layer."
    )
    feedforward_size: int = hyperparameter(
        default=128, constraint=Integer(1), doc="Number of hidden units of each feedforward layer."
    )
    positional: str = hyperparameter(
        default="sinusoidal",
        constraint=Choice(*POSITIONAL),
        doc="""Positional encoding: fixed sines and cosines that are added to the steps [1]_, learned vectors that are
        added to the steps ("learned"), rotation of queries and keys by an angle proportional to the position ("rotary"
        [3]_), or none: the network ignores the order of the steps ("none").""",
    )
    max_length: int | None = hyperparameter(
        default=None,
        constraint=NONE | Integer(1),
        doc="""Number of positions with ``positional="learned"``; longer series are an error. None: the length of the
        longest training series (in `partial_fit`, of the first call).""",
    )
    # With a single batch of 200 series per epoch, as for tables, dropout makes the loss so noisy that it may not fall
    # for ten epochs, which ends training.
    batch_size: int | str = batch_size_hyperparameter(32)
    dropout: float = hyperparameter(
        default=0.1,
        constraint=Number(0, 1, below=True),
        doc="""Fraction dropped at each training step, of the embeddings, attention weights, hidden units and outputs of
        sublayers, and before the output layer.""",
    )

    standardize: bool = standardize_hyperparameter()

    attributes_doc = SEQUENCE_ATTRIBUTES | {
        "max_length_": (
            "int or None",
            "Number of learned positions, the maximum length of series; None without them.",
        ),
    }

    def attention_weights(self, X: npt.ArrayLike) -> Array | list[Array]:
        """Self-attention weights between all steps, in all layers and heads.

        Memory grows with the square of the number of steps, so pass few series.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        weights : ndarray of shape (n_samples, n_layers, n_heads, steps, steps), or list of n_samples ndarrays
            An array if X is an array; for a list, an array (n_layers, n_heads, steps, steps) for each series. The last
            two axes are queries and keys; the weights of each query sum to one. With ``pooling="cls"``, the class token
            comes first as an additional step.
        """
        return head_weights(self, X)

    # --- hooks ------------------------------------------------------------------------------------------

    def _check_together(self) -> None:
        super()._check_together()
        known = KnownTokens.of(self.pretrained).max_length
        if self.positional == "learned" and self.max_length is not None and known not in (None, self.max_length):
            raise ValueError(
                f"max_length={self.max_length}, but pretrained has learned {known} positions; leave max_length out."
            )

    def _reader_options(self) -> TransformerOptions:
        options, known = super()._reader_options(), KnownTokens.of(self.pretrained)
        max_length = known.max_length or self.max_length
        return TransformerOptions(
            **vars(options), learns_positions=self.positional == "learned", max_length=max_length, causal=known.causal
        )

    shared_doc = {
        "series": """
        Encoder of self-attention and feedforward layers [1]_: each step attends to all steps. Normalization precedes
        each sublayer [2]_, so that training needs no warm-up.

        {sequence_X}
        With `pretrained`, X is the input of the language model.

        Time grows with the square of the number of steps. So does memory up to 128 steps; beyond, it is proportional to
        the number of steps, because attention weights are computed block by block, and again for the gradient.
        """,
        "literature": """
        References
        ----------
        .. [1] Vaswani et al. "Attention is all you need". NeurIPS 2017.
        .. [2] Xiong et al. "On layer normalization in the Transformer architecture". ICML 2020.
        .. [3] Su et al. "RoFormer: enhanced Transformer with rotary position embedding". Neurocomputing 568, 2024.
        .. [4] Devlin et al. "BERT: pre-training of deep bidirectional Transformers for language understanding". NAACL
           2019.
        .. [5] Yang et al. "Hierarchical attention networks for document classification". NAACL 2016.
        """,
        **SEQUENCE_DOC,
    }


@declare
class TransformerSequenceClassifier(TransformerFields, NeuralClassifier):
    """Transformer classifier for series and texts.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Do two peaks have the same height, wherever they are?

    >>> import numpy as np
    >>> from skneural import TransformerSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = 0.1 * rng.normal(size=(300, 10, 1)), rng.integers(0, 2, 300)
    >>> for series, same in zip(X, y):
    ...     places = rng.choice(10, 2, replace=False)
    ...     series[places, 0] += rng.permutation([2, 2 if same else 1])
    >>> model = TransformerSequenceClassifier(
    ...     d_model=16, n_heads=2, learning_rate_init=0.01, max_iter=30, batch_size=32, random_state=0
    ... )
    >>> model.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.9
    True
    >>> model.attention_weights(X[:5]).shape  # series, layers, heads, steps, steps
    (5, 2, 2, 10, 10)
    """

    pooling: str = transformer_pooling_hyperparameter()


@declare
class TransformerSequenceRegressor(TransformerFields, NeuralRegressor):
    """Transformer regressor for series and texts, with targets of each series or of each step.

    {series}

    {sequence_targets}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The next three values of a noisy wave:

    >>> import numpy as np
    >>> from skneural import TransformerSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> wave = np.sin(0.3 * np.arange(300)) + 0.05 * rng.normal(size=300)
    >>> windows = np.lib.stride_tricks.sliding_window_view(wave, 18)
    >>> X, y = windows[:, :15], windows[:, 15:]
    >>> model = TransformerSequenceRegressor(
    ...     d_model=16, learning_rate_init=0.01, batch_size=50, max_iter=15, random_state=0
    ... )
    >>> model.fit(X[:200], y[:200]).score(X[220:], y[220:]) > 0.9
    True
    """

    _task_class: ClassVar[type[Task]] = SequenceNumbers

    pooling: str = transformer_pooling_hyperparameter()
    reversible_normalization: bool = reversible_normalization_hyperparameter()

    def _task_options(self) -> NumberOptions:
        return replace(super()._task_options(), reversible_normalization=self.reversible_normalization)


@declare
class TransformerSequenceTagger(TransformerFields, NeuralTagger):
    """Transformer tagger: predicts a label for each step, such as the part of speech of each word.

    {series}

    {sequence_labels}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Does a letter occur more than once in its word?

    >>> from skneural import TransformerSequenceTagger
    >>> words = ["banana", "tree", "river", "window", "letter", "apple", "stone", "paper", "level", "green"] * 10
    >>> X = [[ord(letter) - 97 for letter in word] for word in words]
    >>> y = [[word.count(letter) > 1 for letter in word] for word in words]
    >>> model = TransformerSequenceTagger(vocabulary_size=26, d_model=16, learning_rate_init=0.01, random_state=0)
    >>> model.fit(X[:80], y[:80]).score(X[80:], y[80:]) > 0.95
    True
    """
