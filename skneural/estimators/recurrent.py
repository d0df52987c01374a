"""Recurrent networks for series and text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy.typing as npt
from sklearn.utils.metaestimators import available_if

from skneural.estimators.attention import has_pooling_weights, pooling_hyperparameter, pooling_weights
from skneural.estimators.series_or_texts import SeriesOrTexts
from skneural.estimators.word_vectors import TokenFields
from skneural.hyperparameters import BOOLEAN, NONE, Choice, Integer, Number, declare, hyperparameter
from skneural.layers import Layer
from skneural.layers.recurrent import CELLS
from skneural.networks.recurrent import recurrent_network
from skneural.ops.types import Array
from skneural.readers import (
    SEQUENCE_ATTRIBUTES,
    SEQUENCE_DOC,
    Reader,
    embedding_size_hyperparameter,
    reversible_normalization_hyperparameter,
    standardize_hyperparameter,
)
from skneural.tasks import NumberOptions, SequenceNumbers, Task
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.template.tagger import NeuralTagger


@dataclass(frozen=True)
class RecurrentSequences(SeriesOrTexts):
    """Series and tokens of which at least 32 are predicted at once: a step then costs more than the calls of NumPy."""

    least_rows_per_block: ClassVar[int] = 32


@declare
class RecurrentFields(TokenFields):
    """Hyper-parameters of all recurrent estimators."""

    _reader_class: ClassVar[type[Reader]] = RecurrentSequences
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(recurrent_network)

    cell: str = hyperparameter(
        default="gru",
        constraint=Choice(*CELLS),
        doc="""Recurrent cell. "lstm": long short-term memory [1]_. "gru": gated recurrent unit [2]_, whose reset gate
        is applied after the matrix product. "rnn": simple tanh cell [3]_. "indrnn": ReLU cell in which each unit is
        connected to its previous state only [4]_, for very long series. "jordan": hidden units receive the previous
        output [5]_.""",
    )
    hidden_size: int = hyperparameter(
        default=64, constraint=Integer(1), doc="Number of units of each layer, in each direction."
    )
    n_layers: int = hyperparameter(default=1, constraint=Integer(1), doc="Number of stacked recurrent layers.")
    bidirectional: bool = hyperparameter(
        default=False, constraint=BOOLEAN, doc="Whether each layer reads the series in both directions."
    )
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="Fraction of the states dropped at each training step, between layers and before the output layer.",
    )
    max_grad_norm: float | None = hyperparameter(
        default=5.0,
        constraint=Number(0, above=True) | NONE,
        doc="""Maximum Euclidean norm of the gradient; longer gradients are scaled down, because those of recurrent
        networks can explode. None: no limit. Not used by lbfgs.""",
    )
    standardize: bool = standardize_hyperparameter()
    embedding_size: int = embedding_size_hyperparameter()

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
        Reads each series step by step with the recurrent cell `cell`.

        {sequence_X}

        Training memory grows with the steps of a batch: for each step, series and unit, 7 numbers (lstm), 5 (gru), 2
        (jordan) or 1 (rnn, indrnn), of four bytes, or eight if X is float64.
        """,
        "literature": """
        References
        ----------
        .. [1] Hochreiter and Schmidhuber. "Long short-term memory". Neural Computation 9, 1997.
        .. [2] Cho et al. "Learning phrase representations using RNN encoder-decoder for statistical machine
           translation". EMNLP 2014.
        .. [3] Elman. "Finding structure in time". Cognitive Science 14, 1990.
        .. [4] Li, Li, Cook, Zhu and Gao. "Independently recurrent neural network (IndRNN): building a longer and
           deeper RNN". CVPR 2018.
        .. [5] Jordan. "Serial order: a parallel distributed processing approach". UCSD report 8604, 1986.
        .. [6] Yang et al. "Hierarchical attention networks for document classification". NAACL 2016.
        """,
        **SEQUENCE_DOC,
    }


@declare
class RNNSequenceClassifier(RecurrentFields, NeuralClassifier):
    """Recurrent network classifier for series and texts.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Is the larger of two peaks the second? Series of unequal lengths:

    >>> import numpy as np
    >>> from skneural import RNNSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> X, y = [], rng.integers(0, 2, 200)
    >>> for first in y:
    ...     series = 0.1 * rng.normal(size=rng.integers(15, 30))
    ...     series[[3, -4]] += [1, 2] if first else [2, 1]
    ...     X.append(series[:, np.newaxis])
    >>> model = RNNSequenceClassifier(hidden_size=16, learning_rate_init=0.01, max_iter=60, random_state=0)
    >>> model.fit(X[:150], y[:150]).score(X[150:], y[150:]) > 0.9
    True
    """

    pooling: str = pooling_hyperparameter("last", reference=6)


@declare
class RNNSequenceRegressor(RecurrentFields, NeuralRegressor):
    """Recurrent network regressor for series and texts, with targets of each series or of each step.

    {series}

    {sequence_targets}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The next three values of a noisy wave:

    >>> import numpy as np
    >>> from skneural import RNNSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> wave = np.sin(0.3 * np.arange(600)) + 0.05 * rng.normal(size=600)
    >>> windows = np.lib.stride_tricks.sliding_window_view(wave, 33)
    >>> X, y = windows[:, :30], windows[:, 30:]
    >>> model = RNNSequenceRegressor(hidden_size=16, learning_rate_init=0.01, max_iter=20, random_state=0)
    >>> model.fit(X[:400], y[:400]).score(X[450:], y[450:]) > 0.9
    True
    """

    _task_class: ClassVar[type[Task]] = SequenceNumbers

    pooling: str = pooling_hyperparameter("last", reference=6)
    reversible_normalization: bool = reversible_normalization_hyperparameter()

    def _task_options(self) -> NumberOptions:
        return replace(super()._task_options(), reversible_normalization=self.reversible_normalization)


@declare
class RNNSequenceTagger(RecurrentFields, NeuralTagger):
    """Recurrent network tagger: predicts a label for each step, such as the part of speech of each word.

    {series}

    {sequence_labels}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Is a character inside quotation marks?

    >>> from skneural import RNNSequenceTagger
    >>> texts = ['he said "no" to me', 'she asked "why not" then', '"yes" was all', 'no one said "a word" at all'] * 10
    >>> X = [[ord(character) for character in text] for text in texts]
    >>> y = [[("in" if text[:i].count('"') % 2 else "out") for i in range(len(text))] for text in texts]
    >>> model = RNNSequenceTagger(vocabulary_size=128, hidden_size=16, learning_rate_init=0.01, random_state=0)
    >>> model.fit(X[:30], y[:30]).score(X[30:], y[30:]) > 0.95
    True
    """
