"""Transformers for series and for text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from skneural.estimators.pretrained import Pretrained, PretrainedSequences
from skneural.hyperparameters import NONE, Choice, Integer, Number, declare, hyperparameter
from skneural.inputs import InputKind, SequenceFields
from skneural.layers import Chain
from skneural.networks.transformer import POSITIONAL, TRANSFORMER_POOLINGS, transformer_network
from skneural.template.attention import AttentionHeads
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralSequenceRegressor
from skneural.template.tagger import NeuralTagger


@declare
class TransformerFields(Pretrained, SequenceFields, AttentionHeads):
    """What all Transformers share."""

    _input_kind: ClassVar[InputKind] = PretrainedSequences()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(transformer_network)

    d_model: int = hyperparameter(
        64, Integer(1), "Numbers that stand for each step inside of the network; a multiple of `n_heads`."
    )
    n_heads: int = hyperparameter(
        4, Integer(1), "Heads of each attention layer, each of which looks at its share of these numbers."
    )
    n_layers: int = hyperparameter(2, Integer(1), "Pairs of an attention layer and a feedforward layer.")
    feedforward_size: int = hyperparameter(128, Integer(1), "Hidden units of each feedforward layer.")
    positional: str = hyperparameter(
        "sinusoidal",
        Choice(*POSITIONAL),
        """How the network knows where steps stand: by sines and cosines that are added to them [1]_, by vectors that it
        learns for each place ("learned"), by turning what heads compare by an angle that grows with the place ("rotary"
        [3]_), or not at all ("none").""",
    )
    max_length: int | None = hyperparameter(
        None,
        NONE | Integer(1),
        """Places to learn with ``positional="learned"``; longer series are refused. None: as many as the longest
        training series has steps (in `partial_fit`, that of the first call).""",
    )
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Samples per step; "auto" is min(32, n_samples). lbfgs takes all.'
    )
    dropout: float = hyperparameter(
        0.1,
        Number(0, 1, below=True),
        """Share dropped at each training step: of the numbers of the first layer's input, of attention weights, of
        hidden units, of what each layer adds, and before the output layer.""",
    )

    attributes_doc = {
        "max_length_": ("int or None", "Steps of the longest series that learned positions allow; None without them."),
    }

    shared_doc = {
        "series": """
        X is (n_samples, steps, features), a list of arrays (steps, features) of unequal lengths, or (n_samples, steps)
        for a single feature; with `vocabulary_size`, sequences of integers. Unequal lengths are exact: nothing behind
        the end of a series is seen.

        Layers are normalized before they are entered [2]_, which needs no warm-up. Time grows with the square of the
        steps; memory too up to 128 steps, and beyond in proportion to them, as weights are then made block by block,
        and made again for the gradient.
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
    }


@declare
class TransformerPooling(Mixin):
    """How the steps of a Transformer become one row."""

    pooling: str = hyperparameter(
        "mean",
        Choice(*TRANSFORMER_POOLINGS),
        """What the output layer sees of the steps: their mean, the last, their maximum, a mean whose weights are
        learned ("attention" [5]_), or a learned step put before them, which stands for the whole series ("cls"
        [4]_).""",
    )


@declare
class TransformerSequenceClassifier(TransformerFields, TransformerPooling, NeuralClassifier):
    """Transformer for classes of series or texts.

    Each step takes from all others what fits it, in several layers of several heads [1]_.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Whether two bumps have the same height, wherever they are:

    >>> import numpy as np
    >>> from skneural import TransformerSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = 0.1 * rng.normal(size=(400, 20, 1)), rng.integers(0, 2, 400)
    >>> for series, same in zip(X, y):
    ...     places = rng.choice(20, 2, replace=False)
    ...     series[places, 0] += rng.permutation([2, 2 if same else 1])
    >>> model = TransformerSequenceClassifier(
    ...     d_model=16, n_heads=2, learning_rate_init=0.01, max_iter=30, batch_size=32, random_state=0
    ... )
    >>> model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9
    True
    >>> model.attention_weights(X[:5]).shape  # series, layers, heads, steps, steps
    (5, 2, 2, 20, 20)
    """


@declare
class TransformerSequenceRegressor(TransformerFields, TransformerPooling, NeuralSequenceRegressor):
    """Transformer for numbers that series or texts stand for, or that belong to each of their steps.

    Each step takes from all others what fits it, in several layers of several heads [1]_. y is (n_samples,), or
    (n_samples, n_outputs), such as the next values of each series; or, for targets of each step, (n_samples, steps,
    n_outputs), in a list of arrays (steps, n_outputs) where lengths differ.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The next three values of a noisy wave:

    >>> import numpy as np
    >>> from skneural import TransformerSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> wave = np.sin(0.3 * np.arange(600)) + 0.05 * rng.normal(size=600)
    >>> windows = np.lib.stride_tricks.sliding_window_view(wave, 33)
    >>> X, y = windows[:, :30], windows[:, 30:]
    >>> model = TransformerSequenceRegressor(d_model=16, learning_rate_init=0.01, max_iter=20, random_state=0)
    >>> model.fit(X[:400], y[:400]).score(X[450:], y[450:]) > 0.9
    True
    """


@declare
class TransformerSequenceTagger(TransformerFields, NeuralTagger):
    """Transformer for labels of each step, such as the parts of speech of words.

    Each step takes from all others what fits it, in several layers of several heads [1]_. y has one sequence of labels
    per series, as long as that; classes are found over all of them. Sequences of rows of zeros and ones, (steps,
    n_labels), make it multilabel.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Whether a letter occurs again in its word:

    >>> from skneural import TransformerSequenceTagger
    >>> words = ["banana", "tree", "river", "window", "letter", "apple", "stone", "paper", "level", "green"] * 10
    >>> X = [[ord(letter) - 97 for letter in word] for word in words]
    >>> y = [[word.count(letter) > 1 for letter in word] for word in words]
    >>> model = TransformerSequenceTagger(vocabulary_size=26, d_model=16, learning_rate_init=0.01, random_state=0)
    >>> model.fit(X[:80], y[:80]).score(X[80:], y[80:]) > 0.95
    True
    """
