"""Selective state spaces, Mamba, for series and for text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from skneural.hyperparameters import BOOLEAN, Choice, Integer, Number, declare, hyperparameter
from skneural.inputs import InputKind, SequenceFields, Sequences
from skneural.layers import Chain
from skneural.networks.mamba import VARIANTS, mamba_network
from skneural.networks.sequence import SEQUENCE_POOLINGS
from skneural.template.attention import AttentionPooled
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralSequenceRegressor
from skneural.template.tagger import NeuralTagger


@declare
class MambaFields(SequenceFields):
    """What all Mamba estimators share."""

    _input_kind: ClassVar[InputKind] = Sequences()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(mamba_network)

    d_model: int = hyperparameter(64, Integer(1), "Numbers that stand for each step between the blocks.")
    state_size: int = hyperparameter(16, Integer(1), "Numbers of the state of each channel.")
    n_layers: int = hyperparameter(2, Integer(1), "Blocks, each of which is added to what it is given.")
    bidirectional: bool = hyperparameter(
        False,
        BOOLEAN,
        "Whether as many blocks also read each series from its end to its start, which takes twice as long.",
    )
    expansion: int = hyperparameter(2, Integer(1), "Channels of a block, as a multiple of `d_model`.")
    convolution_width: int = hyperparameter(
        4, Integer(1), "Steps that the convolution of a block sees: each step and those before it."
    )
    variant: str = hyperparameter(
        "mamba2",
        Choice(*VARIANTS),
        """"mamba2" [2]_: heads of channels forget alike, and a scan is matrix products. "mamba" [1]_: each number of
        the state forgets at a pace of its own, which takes four times as long.""",
    )
    dropout: float = hyperparameter(
        0.0,
        Number(0, 1, below=True),
        "Share dropped at each training step, of what each block adds and before the output layer.",
    )

    shared_doc = {
        "series": """
        X is (n_samples, steps, features), a list of arrays (steps, features) of unequal lengths, or (n_samples, steps)
        for a single feature; with `vocabulary_size`, sequences of integers. Unequal lengths are exact: nothing behind
        the end of a series is seen, and reading backwards starts at each series' own end. Time and memory grow in
        proportion to the steps.
        """,
        "literature": """
        References
        ----------
        .. [1] Gu and Dao. "Mamba: linear-time sequence modeling with selective state spaces". COLM 2024.
        .. [2] Dao and Gu. "Transformers are SSMs: generalized models and efficient algorithms through structured state
           space duality". ICML 2024.
        .. [3] Yang et al. "Hierarchical attention networks for document classification". NAACL 2016.
        """,
    }


@declare
class MambaPooling(AttentionPooled):
    """How the steps of a Mamba network become one row."""

    pooling: str = hyperparameter(
        "mean",
        Choice(*SEQUENCE_POOLINGS),
        """What the output layer sees of the steps: their mean, the last, which has seen all (backwards, the first),
        their maximum, or a mean whose weights are learned, "attention" [3]_.""",
    )


@declare
class MambaSequenceClassifier(MambaFields, MambaPooling, NeuralClassifier):
    """Mamba network for classes of series or texts.

    Walks along each series with a state that chooses at every step what to keep and what to take in [1]_ [2]_.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Which of two marks came last, among noise:

    >>> import numpy as np
    >>> from skneural import MambaSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 8, (400, 40)) * (rng.random((400, 40)) < 0.3)
    >>> X[:, 0], marked = rng.integers(1, 3, 400), np.isin(X, [1, 2])
    >>> y = X[np.arange(400), 39 - marked[:, ::-1].argmax(axis=1)]
    >>> model = MambaSequenceClassifier(
    ...     vocabulary_size=8, d_model=16, pooling="last", learning_rate_init=0.01, batch_size=20, max_iter=30,
    ...     random_state=0,
    ... )
    >>> model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9
    True
    """


@declare
class MambaSequenceRegressor(MambaFields, MambaPooling, NeuralSequenceRegressor):
    """Mamba network for numbers that series or texts stand for, or that belong to each of their steps.

    Walks along each series with a state that chooses at every step what to keep and what to take in [1]_ [2]_. y is
    (n_samples,), or (n_samples, n_outputs), such as the next values of each series; or, for targets of each step,
    (n_samples, steps, n_outputs), in a list of arrays (steps, n_outputs) where lengths differ.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The next three values of a noisy wave:

    >>> import numpy as np
    >>> from skneural import MambaSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> wave = np.sin(0.3 * np.arange(600)) + 0.05 * rng.normal(size=600)
    >>> windows = np.lib.stride_tricks.sliding_window_view(wave, 33)
    >>> X, y = windows[:, :30], windows[:, 30:]
    >>> model = MambaSequenceRegressor(
    ...     d_model=16, pooling="last", learning_rate_init=0.01, max_iter=20, random_state=0
    ... )
    >>> model.fit(X[:400], y[:400]).score(X[450:], y[450:]) > 0.9
    True
    """


@declare
class MambaSequenceTagger(MambaFields, NeuralTagger):
    """Mamba network for labels of each step, which depend on it and on those before it, or on both sides.

    Walks along each series with a state that chooses at every step what to keep and what to take in [1]_ [2]_. y has
    one sequence of labels per series, as long as that; classes are found over all of them. Sequences of rows of zeros
    and ones, (steps, n_labels), make it multilabel. With the default ``bidirectional=False``, no step sees a later one.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Whether a word stands in quotes:

    >>> from skneural import MambaSequenceTagger
    >>> texts = ['he said "no" to me', 'she asked "why not" then', '"yes" was all', 'no one said "a word" at all'] * 10
    >>> X = [[ord(character) for character in text] for text in texts]
    >>> y = [[("in" if text[:i].count('"') % 2 else "out") for i in range(len(text))] for text in texts]
    >>> model = MambaSequenceTagger(
    ...     vocabulary_size=128, d_model=16, learning_rate_init=0.01, max_iter=50, random_state=0
    ... )
    >>> model.fit(X[:30], y[:30]).score(X[30:], y[30:]) > 0.95
    True
    """
