"""Recurrent networks for series and for text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from skneural.hyperparameters import BOOLEAN, NONE, Choice, Integer, Number, declare, hyperparameter
from skneural.inputs import EmbeddedSequenceFields, InputKind, Sequences
from skneural.layers import Chain
from skneural.layers.recurrent import CELLS
from skneural.networks.recurrent import recurrent_network
from skneural.template.attention import AttentionPooled
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralSequenceRegressor
from skneural.template.tagger import NeuralTagger


@declare
class RecurrentFields(EmbeddedSequenceFields):
    """What all recurrent estimators share."""

    # However long series are, 32 go through the network at once: a step then costs more than calling NumPy does.
    _input_kind: ClassVar[InputKind] = Sequences(least_rows_per_block=32)
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(recurrent_network)

    cell: str = hyperparameter(
        "gru",
        Choice(*CELLS),
        """The units. "lstm": long short-term memory. "gru": gated recurrent units, with the reset gate behind the
        product. "rnn": fully connected with tanh. "indrnn": rectified, each sees only its own state, for very long
        series. "jordan": hidden units see the output of the step before.""",
    )
    hidden_size: int = hyperparameter(64, Integer(1), "Units of each layer, and of each direction.")
    n_layers: int = hyperparameter(1, Integer(1), "Recurrent layers, each of which reads the states of the one before.")
    bidirectional: bool = hyperparameter(
        False, BOOLEAN, "Whether each layer also reads the series from its end to its start."
    )
    dropout: float = hyperparameter(
        0.0,
        Number(0, 1, below=True),
        "Share of the states dropped at each training step, between layers and before the output layer.",
    )
    max_grad_norm: float | None = hyperparameter(
        5.0,
        Number(0, above=True) | NONE,
        """Longer gradients are cut to this Euclidean norm, because those of recurrent networks can explode. Not used
        by lbfgs.""",
    )

    shared_doc = {
        "series": """
        X is (n_samples, steps, features), a list of arrays (steps, features) of unequal lengths, or (n_samples, steps)
        for a single feature; with `vocabulary_size`, sequences of integers. Unequal lengths are exact: nothing behind
        the end of a series is seen, and reading backwards starts at each series' own end.

        Memory grows with the steps of a batch: for each step, row and unit, training holds 7 numbers (lstm), 5 (gru), 2
        (jordan) or 1 (rnn, indrnn) of four bytes each, eight if X is float64.
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
    }


@declare
class RNNSequenceClassifier(RecurrentFields, AttentionPooled, NeuralClassifier):
    """Recurrent network for classes of series or texts.

    Reads each series step by step, with LSTM [1]_, GRU [2]_, simple [3]_, independent [4]_ or Jordan [5]_ units.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Whether the larger of two bumps comes first, in series of unequal lengths:

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


@declare
class RNNSequenceRegressor(RecurrentFields, AttentionPooled, NeuralSequenceRegressor):
    """Recurrent network for numbers that series or texts stand for, or that belong to each of their steps.

    Reads each series step by step, with LSTM [1]_, GRU [2]_, simple [3]_, independent [4]_ or Jordan [5]_ units.
    y is (n_samples,), or (n_samples, n_outputs), such as the next values of each series; or, for targets of each step,
    (n_samples, steps, n_outputs), in a list of arrays (steps, n_outputs) where lengths differ.

    {series}

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


@declare
class RNNSequenceTagger(RecurrentFields, NeuralTagger):
    """Recurrent network for labels of each step, such as the parts of speech of words.

    Reads each series step by step, with LSTM [1]_, GRU [2]_, simple [3]_, independent [4]_ or Jordan [5]_ units. y has
    one sequence of labels per series, as long as that; classes are found over all of them. Sequences of rows of zeros
    and ones, (steps, n_labels), make it multilabel.

    {series}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Whether a word stands in quotes:

    >>> from skneural import RNNSequenceTagger
    >>> texts = ['he said "no" to me', 'she asked "why not" then', '"yes" was all', 'no one said "a word" at all'] * 10
    >>> X = [[ord(character) for character in text] for text in texts]
    >>> y = [[("in" if text[:i].count('"') % 2 else "out") for i in range(len(text))] for text in texts]
    >>> model = RNNSequenceTagger(vocabulary_size=128, hidden_size=16, learning_rate_init=0.01, random_state=0)
    >>> model.fit(X[:30], y[:30]).score(X[30:], y[30:]) > 0.95
    True
    """
