"""Mamba: selective state space models for series and text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

import numpy.typing as npt
from sklearn.utils.metaestimators import available_if

from skneural.estimators.attention import has_pooling_weights, pooling_hyperparameter, pooling_weights
from skneural.estimators.series_or_texts import SeriesOrTexts
from skneural.estimators.word_vectors import TokenFields
from skneural.hyperparameters import BOOLEAN, Choice, Integer, Number, declare, hyperparameter
from skneural.layers import Layer
from skneural.networks.mamba import VARIANTS, mamba_network
from skneural.ops.types import Array
from skneural.readers import (
    SEQUENCE_ATTRIBUTES,
    SEQUENCE_DOC,
    Reader,
    reversible_normalization_hyperparameter,
    standardize_hyperparameter,
)
from skneural.tasks import NumberOptions, SequenceNumbers, Task
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.template.tagger import NeuralTagger


@declare
class MambaFields(TokenFields):
    """Hyper-parameters of all Mamba estimators."""

    _reader_class: ClassVar[type[Reader]] = SeriesOrTexts
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(mamba_network)
    _size_name: ClassVar[str] = "d_model"

    d_model: int = hyperparameter(
        default=64, constraint=Integer(1), doc="Number of features of each step between the blocks."
    )
    state_size: int = hyperparameter(default=16, constraint=Integer(1), doc="Size of the state of each channel.")
    n_layers: int = hyperparameter(default=2, constraint=Integer(1), doc="Number of residual blocks.")
    bidirectional: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="Whether as many blocks also read each series from its end to its start; takes twice as long.",
    )
    expansion: int = hyperparameter(
        default=2, constraint=Integer(1), doc="Number of channels of a block, as a multiple of `d_model`."
    )
    convolution_width: int = hyperparameter(
        default=4,
        constraint=Integer(1),
        doc="Kernel size of the causal convolution in each block: the step itself and those before it.",
    )
    variant: str = hyperparameter(
        default="mamba2",
        constraint=Choice(*VARIANTS),
        doc=""""mamba2" [2]_: all channels of a head share one decay rate, so that scans are matrix products. "mamba"
        [1]_: a decay rate for each number of the state; takes four times as long.""",
    )
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="Fraction dropped at each training step, of the output of each block and before the output layer.",
    )

    standardize: bool = standardize_hyperparameter()

    attributes_doc = SEQUENCE_ATTRIBUTES

    @available_if(has_pooling_weights)
    def attention_weights(self, X: npt.ArrayLike) -> Array | list[Array]:
        """Weights of the steps in attention pooling. Only available with ``pooling="attention"``.

        Parameters
        ----------
        X : array-like or list of n_samples series

        Returns
        -------
        weights : ndarray of shape (n_samples, steps), or list of n_samples ndarrays of shape (steps,)
            The weights of each series sum to one. An array if X is an array, a list if X is a list.
        """
        return pooling_weights(self, X)

    shared_doc = {
        "series": """
        Reads each series step by step with a state whose update depends on the input: the network learns at which steps
        to keep and at which to overwrite it [1]_ [2]_. Time and memory are proportional to the number of steps.

        {sequence_X}
        """,
        "literature": """
        References
        ----------
        .. [1] Gu and Dao. "Mamba: linear-time sequence modeling with selective state spaces". COLM 2024.
        .. [2] Dao and Gu. "Transformers are SSMs: generalized models and efficient algorithms through structured state
           space duality". ICML 2024.
        .. [3] Yang et al. "Hierarchical attention networks for document classification". NAACL 2016.
        """,
        **SEQUENCE_DOC,
    }


@declare
class MambaSequenceClassifier(MambaFields, NeuralClassifier):
    """Mamba classifier for series and texts.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Is the last of the tokens 1 and 2 a 1 or a 2, among other tokens?

    >>> import numpy as np
    >>> from skneural import MambaSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 8, (500, 20)) * (rng.random((500, 20)) < 0.3)
    >>> X[:, 0], marked = rng.integers(1, 3, 500), np.isin(X, [1, 2])
    >>> y = X[np.arange(500), 19 - marked[:, ::-1].argmax(axis=1)]
    >>> model = MambaSequenceClassifier(
    ...     vocabulary_size=8, d_model=16, pooling="last", learning_rate_init=0.01, batch_size=20, max_iter=15,
    ...     random_state=0,
    ... )
    >>> model.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.9
    True
    """

    pooling: str = pooling_hyperparameter("mean", reference=3)


@declare
class MambaSequenceRegressor(MambaFields, NeuralRegressor):
    """Mamba regressor for series and texts, with targets of each series or of each step.

    {series}

    {sequence_targets}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The next three values of a noisy wave:

    >>> import numpy as np
    >>> from skneural import MambaSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> wave = np.sin(0.3 * np.arange(300)) + 0.05 * rng.normal(size=300)
    >>> windows = np.lib.stride_tricks.sliding_window_view(wave, 18)
    >>> X, y = windows[:, :15], windows[:, 15:]
    >>> model = MambaSequenceRegressor(
    ...     d_model=16, pooling="last", learning_rate_init=0.01, batch_size=50, max_iter=20, random_state=0
    ... )
    >>> model.fit(X[:200], y[:200]).score(X[220:], y[220:]) > 0.9
    True
    """

    _task_class: ClassVar[type[Task]] = SequenceNumbers

    pooling: str = pooling_hyperparameter("mean", reference=3)
    reversible_normalization: bool = reversible_normalization_hyperparameter()

    def _task_options(self) -> NumberOptions:
        return replace(super()._task_options(), reversible_normalization=self.reversible_normalization)


@declare
class MambaSequenceTagger(MambaFields, NeuralTagger):
    """Mamba tagger: predicts a label for each step, such as the part of speech of each word.

    {series}

    {sequence_labels}
    With the default ``bidirectional=False``, the prediction for a step does not depend on later steps.

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Is a character inside quotation marks?

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
