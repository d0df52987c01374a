"""Sequences in, sequences out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted

from skneural.data import Container
from skneural.data.texts import read_sequences, written
from skneural.decoding import Ends, beam_search, greedy_search
from skneural.hyperparameters import NONE, Choice, Integer, Number, check_hyperparameters, declare, hyperparameter
from skneural.inputs import InputKind, Pieces, SourceFields, Sources, object_array
from skneural.layers import Chain
from skneural.layers.attention import MEMORY_ATTENTION
from skneural.networks.sequence_to_sequence import (
    ARCHITECTURES,
    ATTENTIONS,
    ENCODERS,
    sequence_to_sequence_network,
)
from skneural.ops.memory import recycling
from skneural.ops.types import Array
from skneural.targets import Given, TargetKind, TokenSequence
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.attention import collect_notes
from skneural.template.estimator import NeuralEstimator, takes_single_passes

# Sources that are decoded at once: a step of the decoder then costs more than calling NumPy does.
DECODED_AT_ONCE = 512


def has_source_attention(estimator: SequenceToSequence) -> bool:
    """For `available_if`: whether there is `attention_weights`."""
    if estimator.attention == "none" and estimator.architecture != "transformer":
        raise AttributeError('With attention="none", the decoder does not look at the steps of the source.')
    return True


@declare
class SequenceToSequence(SourceFields, NeuralEstimator):
    """Encoder and decoder with attention: sequences in, sequences of other lengths out.

    An encoder reads the source, X. A decoder writes the target, y, token by token: it is given what it has written so
    far, and looks at all steps of the source [2]_ [3]_, or is a Transformer [4]_, or has nothing of the source but the
    state that it starts with [1]_. While it learns, it is given the true tokens (teacher forcing); `predict` and
    `score` let it run freely.

    X and y are each a list of texts, which are split into characters or words by `level`; a list of lists of str; or a
    list of integer sequences (or an array (n_samples, steps) of integers), which are numbered from 0. X may also be
    rows of numbers, (n_samples, n_features): such a vector is all that is known of the sequence. None may be empty.
    Predictions have the form that y had.

    X and y have tokens of their own, each `vocabulary_size` at most. Tokens of texts that were not in the training data
    (in `partial_fit`, that of the first call) are unknown: in X they all count as one, in y as one that is never
    predicted. Integers that are greater than all in training are refused, unless `vocabulary_size` allows them.

    A recurrent encoder reads in both directions, and its last states start the decoder. Attention comes behind the
    recurrence, as in [3]_, with the scores of [2]_ or [3]_: so all steps of a target are learned at once, where in [2]_
    each step waits for what the one before has attended to.

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
    Words backwards:

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
    >>> model.attention_weights(["bead"])[0].shape  # tokens written, tokens read
    (4, 4)
    """

    _input_kind: ClassVar[InputKind] = Sources()
    _target_kind: ClassVar[TargetKind] = TokenSequence()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(sequence_to_sequence_network)

    architecture: str = hyperparameter(
        "gru", Choice(*ARCHITECTURES), "The decoder: gated recurrent units, long short-term memory, or a Transformer."
    )
    attention: str = hyperparameter(
        "additive",
        Choice(*ATTENTIONS),
        """How a recurrent decoder scores the steps of the source: by a small network [2]_, by products with its state
        ("dot", with the general score of [3]_), or not at all ("none"). Transformers have attention of their own.""",
    )
    encoder: str = hyperparameter(
        "auto",
        Choice("auto", *ENCODERS),
        """What reads X. "rnn": units like the decoder's in both directions. "dense": X is (n_samples, n_features), and
        one dense layer makes the memory of a single step. "auto": "dense" if X is a 2-D array of floats; otherwise
        "transformer" or "rnn", like the decoder.""",
    )
    hidden_size: int = hyperparameter(
        128,
        Integer(1),
        """Units of each recurrent layer and direction, and of the scores of additive attention; features of each step
        of a Transformer, a multiple of `n_heads`.""",
    )
    embedding_size: int = hyperparameter(
        64, Integer(1), "Numbers that recurrent networks learn for each token; Transformers learn `hidden_size`."
    )
    n_layers: int = hyperparameter(1, Integer(1), "Layers of the encoder, and of the decoder.")
    n_heads: int = hyperparameter(4, Integer(1), "Heads of each attention layer of a Transformer.")
    feedforward_size: int = hyperparameter(256, Integer(1), "Hidden units of each feedforward layer of a Transformer.")
    dropout: float = hyperparameter(
        0.0,
        Number(0, 1, below=True),
        """Share dropped at each training step: of embeddings, between layers and before the output layer; in
        Transformers also of attention weights, of hidden units and of what each layer adds.""",
    )
    max_length: int | None = hyperparameter(
        None,
        NONE | Integer(1),
        """Tokens after which a prediction ends at the latest; longer training targets are refused. None: as many as
        the longest training target has (in `partial_fit`, that of the first call).""",
    )
    beam_width: int = hyperparameter(
        1,
        Integer(1),
        """Sequences that grow beside each other when one is predicted; the one with the highest mean log probability of
        its tokens is taken [5]_. 1: at each step the most likely token.""",
    )
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Samples per step; "auto" is min(64, n_samples). lbfgs takes all.'
    )
    max_grad_norm: float | None = hyperparameter(
        5.0, Number(0, above=True) | NONE, "Longer gradients are cut to this Euclidean norm. Not used by lbfgs."
    )

    attributes_doc = {
        "target_vocabulary_": (
            "list of str, or None",
            "Tokens of y in the order of their numbers, the unknown one first; None if y was integers.",
        ),
        "encoder_": ("str", 'What `encoder` was when that is "auto", itself otherwise.'),
        "max_length_": ("int", "Tokens after which a prediction ends at the latest."),
        "n_outputs_": ("int", "Number of raw scores at each step: tokens of y, and its end."),
    }

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
            Texts, lists of str, or integer sequences; or rows of numbers.
        y : list of n_samples sequences
            Texts, lists of str, or integer sequences.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample: none negative, not all zero. A weight of two equals a repetition.
        X_val, y_val : like X and y, default=None
            Data that decides when to stop, instead of a part held out of X. It is given the true tokens, too, unless
            `scoring` is a callable that predicts.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are not valid, or training diverges; the estimator is then as it was before.
        """
        return self._fit(Given(X, y, sample_weight), Given(X_val, y_val, sample_weight_val))

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
        y : list of n_samples sequences
            The first call tells which tokens there are.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(Given(X, y, sample_weight))
        return self

    def predict(self, X):
        """Predict a sequence for each sample.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of n_samples str, or list of n_samples lists of str or integer arrays
            In the form that y had in training. A sequence may be empty.
        """
        check_is_fitted(self)
        found = [written(tokens, self._target_form, self.level) for tokens in self._found(self._check_X(X))]
        return object_array(found) if self._target_form == "text" else Pieces(found)

    def score(self, X, y, sample_weight=None):
        """Share of the samples whose predicted sequence is y, token by token.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
        y : list of n_samples sequences
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        exact : float
        """
        right = [len(one) == len(other) and bool((one == other).all()) for one, other in self._compared(X, y)]
        return float(np.average(right, weights=self._weights(sample_weight, right)))

    def token_accuracy(self, X, y, sample_weight=None):
        """Share of the tokens that are predicted in their place.

        Where the predicted sequence and y differ in length, places that one of them lacks are wrong.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)
        y : list of n_samples sequences
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each token of a sequence.

        Returns
        -------
        accuracy : float
        """
        counts = [
            (int((one[: len(other)] == other[: len(one)]).sum()), max(len(one), len(other)))
            for one, other in self._compared(X, y)
        ]
        right, all_places = (
            np.average(each, weights=self._weights(sample_weight, each)) for each in zip(*counts, strict=True)
        )
        return float(right / all_places)

    @available_if(has_source_attention)
    def attention_weights(self, X):
        """How much each predicted token takes from each step of its source.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, n_features)

        Returns
        -------
        weights : list of n_samples ndarrays of shape (tokens predicted, tokens of X)
            Each row sums to one. Of Transformers, the mean over layers and heads.
        """
        check_is_fitted(self)
        x = self._check_X(X)
        numbers = self._decoded(x)
        pairs = TokenSequence().beside(self, x, numbers)
        found: list[Array] = []
        for part, of_layers in collect_notes(self, pairs, MEMORY_ATTENTION):
            weights = np.mean([layer.mean(axis=1) for layer in of_layers], axis=0)
            _, known = part.source.as_batch()
            lengths = np.full(len(part), weights.shape[2]) if known.lengths is None else known.lengths
            n_tokens = part.target.n_steps - 1
            found += [own[:n, :m].copy() for own, n, m in zip(weights, n_tokens, lengths, strict=True)]
        return found

    def _decoded(self, x: Container) -> list[Array]:
        """Numbers of the tokens that are predicted for each sample."""
        check_hyperparameters(self)  # the width of the beam may be another than in training
        vocabulary = TokenSequence().vocabulary(self)
        never = () if vocabulary.tokens is None or vocabulary.n_tokens == 1 else (0,)
        ends = Ends(vocabulary.number_of("start"), vocabulary.number_of("end"), self.max_length_, never)
        layer, p = self._network.layer, self._parameters()
        found: list[Array] = [np.empty(0, np.intp)] * len(x)
        with recycling():
            for rows in x.blocks(max(1, DECODED_AT_ONCE // self.beam_width)):
                source, known = x[rows].as_batch()
                state, n = layer.state_over(p, source, known.lengths), len(source)
                if self.beam_width == 1:
                    decoded = greedy_search(layer, p, state, n, ends)
                else:
                    decoded = beam_search(layer, p, state, n, ends, self.beam_width)
                for i, tokens in zip(np.arange(len(x))[rows], decoded, strict=True):
                    found[i] = tokens
        return found

    def _found(self, x: Container) -> list[Any]:
        """The tokens that are predicted for each sample."""
        vocabulary = TokenSequence().vocabulary(self)
        return [vocabulary.decode(numbers) for numbers in self._decoded(x)]

    def _compared(self, X: Any, y: Any) -> list[tuple[Array, Array]]:
        """The tokens that are predicted for each sample, and those of y."""
        check_is_fitted(self)
        x, true = self._check_X(X), read_sequences(y, self.level, "y").sequences
        check_consistent_length(x, true)
        return [(np.asarray(one), np.asarray(other)) for one, other in zip(self._found(x), true, strict=True)]

    def _weights(self, sample_weight: Any, of: Any) -> Array | None:
        return None if sample_weight is None else _check_sample_weight(sample_weight, np.asarray(of))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        self._target_kind.tag(tags)
        return tags
