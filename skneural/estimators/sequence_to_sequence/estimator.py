"""Encoder-decoder networks from sequences to sequences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skneural.data import Container
from skneural.data.object_columns import object_array
from skneural.data.texts import read_sequences
from skneural.decoding import DecodingOptions, beam_search, greedy_search
from skneural.estimators.attention import collect_notes
from skneural.estimators.sequence_to_sequence.reader import SourceOptions, Sources
from skneural.estimators.sequence_to_sequence.task import TargetSequenceOptions, TargetSequences
from skneural.hyperparameters import NONE, Choice, Integer, Number, declare, hyperparameter
from skneural.layers import Layer
from skneural.layers.attention import MEMORY_ATTENTION
from skneural.networks.sequence_to_sequence import (
    ARCHITECTURES,
    ATTENTIONS,
    ENCODERS,
    sequence_to_sequence_network,
)
from skneural.ops.memory import recycling
from skneural.ops.types import Array
from skneural.readers import Pieces, Reader, level_hyperparameter, text_vocabulary_size_hyperparameter
from skneural.sklearn_compat import check_sample_weight
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.estimator import NeuralEstimator, has_partial_fit
from skneural.template.state import all_or_nothing
from skneural.training.threads import limited_blas

# Sources that are decoded at once: enough that the calls of NumPy cost less than the arithmetic of a step.
DECODED_AT_ONCE = 512


def has_source_attention(estimator: SequenceToSequence) -> bool:
    """Condition for `attention_weights`, for `available_if`."""
    if estimator._as_fitted("attention") == "none" and estimator._as_fitted("architecture") != "transformer":
        raise AttributeError('With attention="none", the decoder does not attend to the steps of the source.')
    return True


@declare
class SequenceToSequence(NeuralEstimator):
    """Encoder-decoder network with attention that predicts a sequence for each sequence.

    The encoder reads the source, X. The decoder predicts the target, y, token by token, from its previous tokens and
    the source: a recurrent network with attention [2]_ [3]_ or only an initial state [1]_, or a Transformer [4]_. In
    training, the previous tokens are those of y (teacher forcing); in `predict` and `score`, they are predictions.

    X and y are each a list of texts, which are split into characters or words (`level`); a list of lists of str; or a
    list of integer sequences, or an integer array (n_samples, steps). X may also be rows of numbers, (n_samples,
    n_features), each of which is encoded as a single step. No sequence may be empty. Predictions have the form of y.

    X and y have separate vocabularies, each of at most `vocabulary_size` tokens. Tokens of texts that were not in the
    training data (in `partial_fit`, that of the first call) become the unknown token, which is never predicted.
    Integers greater than all in the training data raise an error, unless `vocabulary_size` allows them.

    A recurrent encoder is bidirectional, and its last states initialize the decoder. Attention follows the recurrence,
    as in [3]_, with the scores of [2]_ or [3]_, so that all steps of a target are computed at once in training.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Cho et al. "Learning phrase representations using RNN encoder-decoder for statistical machine translation".
       EMNLP 2014.
    .. [2] Bahdanau, Cho and Bengio. "Neural machine translation by jointly learning to align and translate". ICLR 2015.
    .. [3] Luong, Pham and Manning. "Effective approaches to attention-based neural machine translation". EMNLP 2015.
    .. [4] Vaswani et al. "Attention is all you need". NeurIPS 2017.
    .. [5] Wu et al. "Google's neural machine translation system". arXiv 1609.08144, 2016.

    Examples
    --------
    Reversing words:

    >>> import numpy as np
    >>> from skneural import SequenceToSequence
    >>> rng = np.random.default_rng(0)
    >>> X = ["".join(rng.choice(list("abcde"), rng.integers(1, 6))) for _ in range(600)]
    >>> y = [word[::-1] for word in X]
    >>> model = SequenceToSequence(
    ...     hidden_size=32, embedding_size=16, learning_rate_init=0.01, max_iter=25, random_state=0
    ... )
    >>> model.fit(X[:500], y[:500]).score(X[500:], y[500:]) > 0.9
    True
    >>> model.predict(["bead"])
    array(['daeb'], dtype=object)
    >>> model.attention_weights(["bead"])[0].shape  # (predicted tokens, tokens of X)
    (4, 4)
    """

    _reader_class: ClassVar[type[Reader]] = Sources
    _task_class: ClassVar[type[Task]] = TargetSequences
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(sequence_to_sequence_network)

    if TYPE_CHECKING:
        _reader: Sources = field(init=False)
        _task: TargetSequences = field(init=False)

    architecture: str = hyperparameter(
        default="gru",
        constraint=Choice(*ARCHITECTURES),
        doc="Decoder: gated recurrent units, long short-term memory, or a Transformer.",
    )
    attention: str = hyperparameter(
        default="additive",
        constraint=Choice(*ATTENTIONS),
        doc="""Attention of a recurrent decoder to the source: scores by a small network [2]_ ("additive"), by products
        with its state ("dot", the general score of [3]_), or no attention ("none"). Not used for Transformers.""",
    )
    encoder: str = hyperparameter(
        default="auto",
        constraint=Choice("auto", *ENCODERS),
        doc="""Encoder of X. "rnn": bidirectional, with the units of the decoder. "dense": one dense layer for X of
        shape (n_samples, n_features), whose output is a single step. "auto": "dense" if X is a 2-D array of floats,
        otherwise "transformer" or "rnn", like the decoder.""",
    )
    hidden_size: int = hyperparameter(
        default=128,
        constraint=Integer(1),
        doc="""Units of each recurrent layer and direction, and of the scores of additive attention; features of each
        step of a Transformer, a multiple of `n_heads`.""",
    )
    embedding_size: int = hyperparameter(
        default=64,
        constraint=Integer(1),
        doc="Size of the embedding of each token in recurrent networks; `hidden_size` in Transformers.",
    )
    n_layers: int = hyperparameter(
        default=1, constraint=Integer(1), doc="Number of layers of the encoder, and of the decoder."
    )
    n_heads: int = hyperparameter(
        default=4, constraint=Integer(1), doc="Attention heads of each layer of a Transformer."
    )
    feedforward_size: int = hyperparameter(
        default=256, constraint=Integer(1), doc="Hidden units of each feedforward layer of a Transformer."
    )
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="""Fraction dropped at each training step: of embeddings, between layers and before the output layer; in
        Transformers of attention weights, hidden units and outputs of layers, too.""",
    )
    max_length: int | None = hyperparameter(
        default=None,
        constraint=NONE | Integer(1),
        doc="""Maximum number of tokens of a prediction; longer training targets raise an error. None: length of the
        longest training target (in `partial_fit`, of the first call).""",
    )
    beam_width: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Number of candidate sequences in beam search, from which that with the highest mean log-probability per
        token is selected [5]_. 1: greedy search, the most likely token at each step.""",
        after_fit=True,
    )
    # Smaller than elsewhere, because each sample has two sequences, both of which are padded in a batch.
    batch_size: int | str = batch_size_hyperparameter(64)
    max_grad_norm: float | None = hyperparameter(
        default=5.0,
        constraint=Number(0, above=True) | NONE,
        doc="Gradients with a greater Euclidean norm are scaled down to it. Not used by lbfgs.",
    )

    level: str = level_hyperparameter()
    vocabulary_size: int | None = text_vocabulary_size_hyperparameter()

    attributes_doc = {
        "source_vocabulary_": (
            "list of str, or None",
            "Tokens of X in the order of their numbers, starting with the unknown token; None if X was integers or "
            "rows of numbers.",
        ),
        "target_vocabulary_": (
            "list of str, or None",
            "Tokens of y in the order of their numbers, starting with the unknown token; None if y was integers.",
        ),
        "encoder_": ("str", 'Kind of the encoder: that chosen by "auto", or `encoder` itself.'),
        "max_length_": ("int", "Maximum number of tokens of a prediction."),
        "n_features_in_": ("int", "Columns of X, if X is rows of numbers; not set for sequences."),
        "n_outputs_": ("int", "Number of raw scores at each step: the tokens of y, and its end."),
    }

    def _reader_options(self) -> SourceOptions:
        encoder_of_sequences = "transformer" if self.architecture == "transformer" else "rnn"
        return SourceOptions(self.level, self.vocabulary_size, self.encoder, encoder_of_sequences)

    def _task_options(self) -> TargetSequenceOptions:
        return TargetSequenceOptions(self.level, self.vocabulary_size, self.max_length)

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
            Texts, lists of str, or integer sequences; or rows of numbers.
        y : list of n_samples sequences
            Texts, lists of str, or integer sequences.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each sample, not all zero. A weight of two is equivalent to a repetition.
        X_val, y_val : like X and y, default=None
            Validation data for early stopping, instead of a part of X. The loss is computed with teacher forcing, too,
            unless `scoring` is a callable that predicts.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are invalid, or training diverges. The estimator is then unchanged.
        """
        return self._fit(FitArguments(X, y, sample_weight), FitArguments(X_val, y_val, sample_weight_val))

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y, sample_weight=None):
        """Train for exactly one pass over the given samples, continuing from the last call or `fit`.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
        y : list of n_samples sequences
            The first call determines the vocabularies.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(FitArguments(X, y, sample_weight))
        return self

    def predict(self, X):
        """Predict a sequence for each sample.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of n_samples str, or list of n_samples lists of str or integer arrays
            In the form of the training targets. A sequence may be empty.
        """
        check_is_fitted(self)
        predicted = [self._task.written(numbers) for numbers in self._decoded(self._read(X))]
        return object_array(predicted) if self._task.form == "text" else Pieces(predicted)

    def score(self, X, y, sample_weight=None):
        """Fraction of the samples whose predicted sequence equals y in all tokens.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
        y : list of n_samples sequences
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        exact : float
        """
        correct = [np.array_equal(predicted, true) for predicted, true in self._compared(X, y)]
        return float(np.average(correct, weights=_checked_weights(sample_weight, correct)))

    def token_accuracy(self, X, y, sample_weight=None):
        """Fraction of the positions at which the predicted token equals that of y.

        If the predicted sequence and y differ in length, the additional positions of the longer one count as wrong.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
        y : list of n_samples sequences
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample, which counts for each of its positions.

        Returns
        -------
        accuracy : float
        """
        counts = [
            (int((predicted[: len(true)] == true[: len(predicted)]).sum()), max(len(predicted), len(true)))
            for predicted, true in self._compared(X, y)
        ]
        n_correct, n_places = (
            np.average(numbers, weights=_checked_weights(sample_weight, numbers))
            for numbers in zip(*counts, strict=True)
        )
        return float(n_correct / n_places)

    @available_if(has_source_attention)
    def attention_weights(self, X):
        """Attention weights of each predicted token over the steps of its source.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)

        Returns
        -------
        weights : list of n_samples ndarrays of shape (tokens predicted, tokens of X)
            Each row sums to one. For Transformers, the mean over layers and heads.
        """
        check_is_fitted(self)
        x = self._read(X)
        pairs = self._task.pairs(x, self._decoded(x))
        all_weights: list[Array] = [np.empty(0)] * len(x)
        for rows, part, by_layer in collect_notes(self, pairs, MEMORY_ATTENTION):
            weights = np.mean([layer_weights.mean(axis=1) for layer_weights in by_layer], axis=0)
            _, known = part.source.as_batch()
            lengths = np.full(len(part), weights.shape[2]) if known.lengths is None else known.lengths
            n_tokens = part.target.n_steps - 1
            for row, of_sample, n, m in zip(rows, weights, n_tokens, lengths, strict=True):
                all_weights[row] = of_sample[:n, :m].copy()
        return all_weights

    def _decoded(self, x: Container) -> list[Array]:
        """Numbers of the predicted tokens of each sample."""
        beam_width = self._checked(after_fit=True).beam_width
        vocabulary = self._task.vocabulary
        never = () if vocabulary.tokens is None or vocabulary.n_tokens == 1 else (0,)
        ends = DecodingOptions(vocabulary.number_of("start"), vocabulary.number_of("end"), self._task.max_length, never)
        layer, p = self._network.layer, self._parameters()
        numbers: list[Array] = [np.empty(0, np.intp)] * len(x)
        with recycling(), limited_blas(1):  # products of one step
            for rows in x.blocks(max(1, DECODED_AT_ONCE // beam_width)):
                source, known = x[rows].as_batch()
                state, n = layer.initial_state(p, source, known.lengths), len(source)
                if beam_width == 1:
                    decoded = greedy_search(layer, p, state, n, ends)
                else:
                    decoded = beam_search(layer, p, state, n, ends, beam_width)
                for i, sequence in zip(np.arange(len(x))[rows], decoded, strict=True):
                    numbers[i] = sequence
        return numbers

    def _compared(self, X: object, y: object) -> list[tuple[Array, Array]]:
        """The predicted tokens of each sample, and those of y."""
        check_is_fitted(self)
        x, true = self._read(X), read_sequences(y, self._task.options.level, "y").sequences
        check_consistent_length(x, true)
        predicted = [self._task.vocabulary.decode(numbers) for numbers in self._decoded(x)]
        return [(np.asarray(tokens), np.asarray(others)) for tokens, others in zip(predicted, true, strict=True)]


def _checked_weights(sample_weight: object, samples: object) -> Array | None:
    return None if sample_weight is None else check_sample_weight(sample_weight, np.asarray(samples))
