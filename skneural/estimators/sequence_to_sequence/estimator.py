"""Encoder-decoder networks from sequences to sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skneural.data import Container, Samples
from skneural.data.object_columns import object_array
from skneural.data.texts import read_sequences
from skneural.decoding import DecodingOptions, beam_search, ctc_beam_search, ctc_best_path, greedy_search
from skneural.estimators.attention import collect_notes
from skneural.estimators.sequence_to_sequence.reader import SourceOptions, Sources
from skneural.estimators.sequence_to_sequence.task import TargetSequenceOptions, TargetSequences
from skneural.estimators.word_vectors import TABLE, ensure_table_fits, rows_of, set_embedding
from skneural.hyperparameters import BOOLEAN, NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.layers import GridPositions, Layer
from skneural.layers.attention import MEMORY_ATTENTION
from skneural.layers.traversal import find
from skneural.losses import CTCLoss, Loss
from skneural.networks.sequence_to_sequence import (
    ARCHITECTURES,
    ATTENTIONS,
    ENCODERS,
    sequence_to_sequence_network,
)
from skneural.ops.blocks import slices
from skneural.ops.memory import recycling
from skneural.ops.segments import segment_offsets
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.readers import Pieces, Reader, level_hyperparameter, text_vocabulary_size_hyperparameter
from skneural.sklearn_compat import check_sample_weight
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.estimator import NeuralEstimator, has_partial_fit
from skneural.template.problem import Network
from skneural.template.state import all_or_nothing
from skneural.template.values import LOSS
from skneural.training.threads import limited_blas

# Sources that are decoded at once: enough that the calls of NumPy cost less than the arithmetic of a step.
DECODED_AT_ONCE = 512


def has_source_attention(estimator: SequenceToSequence) -> bool:
    """Condition for `attention_weights`, for `available_if`."""
    if estimator._as_fitted("loss") == "ctc":
        raise AttributeError('With loss="ctc", there is no decoder that could attend to the source.')
    if estimator._as_fitted("attention") == "none" and estimator._as_fitted("architecture") != "transformer":
        raise AttributeError('With attention="none", the decoder does not attend to the steps of the source.')
    return True


@declare
class SequenceToSequence(NeuralEstimator):
    """Encoder-decoder network with attention that predicts a sequence for each sequence, series or image.

    The encoder reads the source, X. The decoder predicts the target, y, token by token, from its previous tokens and
    the source: a recurrent network with attention [2]_ [3]_ or only an initial state [1]_, or a Transformer [4]_. In
    training, the previous tokens are those of y (teacher forcing); in `predict` and `score`, they are predictions.

    X and y are each a list of texts, which are split into characters or words (`level`); a list of lists of str; or a
    list of integer sequences, or an integer array (n_samples, steps). No sequence may be empty. Predictions have the
    form of y. X may also be

    - series of numbers, such as frames of speech: (n_samples, steps, features), or a list of arrays (steps, features)
      of any lengths; with ``encoder="rnn"`` or "transformer", also rows (n_samples, steps) of a single feature;
    - images: (n_samples, height, width, channels); with ``encoder="cnn"``, also (n_samples, height, width) if grey;
    - rows of numbers, (n_samples, n_features), each of which is encoded as a single step.

    X and y have separate vocabularies, each of at most `vocabulary_size` tokens. Tokens of texts that were not in the
    training data (in `partial_fit`, that of the first call) become the unknown token, which is never predicted.
    Integers greater than all in the training data raise an error, unless `vocabulary_size` allows them.

    A recurrent encoder is bidirectional, and its last states initialize the decoder. Attention follows the recurrence,
    as in [3]_, with the scores of [2]_ or [3]_, so that all steps of a target are computed at once in training. Images
    pass blocks of convolutions and poolings. The decoder attends to the pixels of the last feature maps, whose row and
    column are embedded; the "rnn" encoder continues with a recurrence over their columns, in both directions.

    With ``loss="ctc"`` [7]_ there is no decoder: the encoder scores each token, and a blank, at each of its steps, and
    the loss is the likelihood of y in all alignments with these steps. This suits targets in the order of the source,
    such as the words of a recording or the letters of a line of text, and needs fewer samples than attention.

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
    .. [6] Chan et al. "Listen, attend and spell". ICASSP 2016.
    .. [7] Graves, Fernández, Gomez and Schmidhuber. "Connectionist temporal classification". ICML 2006.

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

    Labels of the pulses in noisy series of unequal lengths, without a decoder:

    >>> y = [rng.integers(0, 3, rng.integers(1, 5)) for _ in range(400)]
    >>> pulses = [np.repeat(np.eye(4)[np.insert(labels, range(len(labels)), 3)], 3, axis=0) for labels in y]
    >>> X = [pulse + rng.normal(scale=0.2, size=pulse.shape) for pulse in pulses]
    >>> model = SequenceToSequence(loss="ctc", hidden_size=16, learning_rate_init=0.01, max_iter=20, random_state=0)
    >>> model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.9
    True
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
        doc="""Encoder of X. "rnn": bidirectional, with the units of the decoder. "cnn": convolutions of images, alone;
        "rnn" and "transformer" follow convolutions if X is images. "dense": one dense layer for X of shape (n_samples,
        n_features), whose output is a single step. "auto": "dense" if X is a 2-D array of floats, "cnn" if X is images
        and a recurrent decoder attends to them, otherwise "transformer" or "rnn", like the decoder.""",
    )
    loss: str | Loss = hyperparameter(
        default="log_loss",
        constraint=Choice("log_loss", "ctc") | LOSS,
        doc="""Loss. "log_loss": log loss of each token that the decoder predicts. "ctc": connectionist temporal
        classification [7]_, without a decoder, so that `attention` is not used. It is the negative log-likelihood of
        each target, which cannot be longer than its source has steps after `step_reduction`. Another loss of the tokens
        that the decoder predicts is an object of a class derived from `skneural.losses.Loss` whose link is the softmax:
        its y is the numbers of tokens, of which the greatest is the end.""",
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
    step_reduction: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Number of consecutive steps that each recurrent layer of the encoder takes as one, as in the pyramid of
        [6]_, so that n steps become about ``n / step_reduction ** n_layers``. In Transformers, only the first layer
        does so. Long series such as speech are faster to learn with 2. Not used for pixels of images.""",
    )
    channels: int | Sequence[int] = hyperparameter(
        default=(32, 64),
        constraint=Sizes(1, empty=False),
        doc="""Number of feature maps of each block of convolution and pooling, if X is images. Each block halves height
        and width.""",
    )
    kernel_size: int = hyperparameter(
        default=3, constraint=Integer(1), doc="Height and width of the kernels, if X is images."
    )
    standardize: bool = hyperparameter(
        default=True,
        constraint=BOOLEAN,
        doc="""Centre and scale each feature of series, or channel of images, by its mean and standard deviation over
        the training data (in `partial_fit`, over all calls so far). Not used for tokens and rows of numbers.""",
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
        longest training target (in `partial_fit`, of the first call). With ``loss="ctc"``, the number of steps limits
        predictions instead.""",
    )
    beam_width: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Number of candidate sequences in beam search, from which that with the highest mean log-probability per
        token is selected [5]_. 1: greedy search, the most likely token at each step. With ``loss="ctc"``, the number of
        prefixes of which the total probability of all alignments is computed; 1: the most likely alignment.""",
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
    embedding_weights: Array | None = hyperparameter(
        default=None,
        constraint=NONE | TABLE,
        doc="""Initial vector of each token of X, if X is integer sequences, such as those of word2vec or GloVe, which
        `skneural.preprocessing.TokenEncoder.embedding_weights` arranges: of `embedding_size` numbers, or `hidden_size`
        with a Transformer as encoder. Rows of NaN start at random. X has then as many tokens as there are rows, unless
        `vocabulary_size` is given. Texts have no such vectors: which tokens they have, and in which order, is not known
        before `fit`.""",
    )

    attributes_doc = {
        "source_vocabulary_": (
            "list of str, or None",
            "Tokens of X in the order of their numbers, starting with the unknown token; None if X was numbers.",
        ),
        "target_vocabulary_": (
            "list of str, or None",
            "Tokens of y in the order of their numbers, starting with the unknown token; None if y was integers.",
        ),
        "encoder_": ("str", 'Kind of the encoder: that chosen by "auto", or `encoder` itself.'),
        "max_length_": ("int", "Maximum number of tokens of a prediction."),
        "n_features_in_": (
            "int",
            "Columns of X, if X is rows of numbers; features of each step of series; values of an image; not set for "
            "tokens.",
        ),
        "image_shape_": ("tuple of int", "Height, width and channels, if X is images."),
        "n_outputs_": ("int", "Number of raw scores at each step: the tokens of y, and its end or the blank."),
    }

    def _reader_options(self) -> SourceOptions:
        encoder_of_sequences = "transformer" if self.architecture == "transformer" else "rnn"
        recurrent_decoder = encoder_of_sequences == "rnn" and self.loss != "ctc"
        encoder_of_images = "cnn" if recurrent_decoder else encoder_of_sequences
        encoders = self.encoder, encoder_of_sequences, encoder_of_images
        return SourceOptions(self.level, self.vocabulary_size, *encoders, rows_of(self.embedding_weights))

    def _check_together(self) -> None:
        if isinstance(self.loss, CTCLoss):
            raise ValueError('CTCLoss also changes what the network is: set loss="ctc".')
        if isinstance(self.loss, Loss) and self.loss.link_name != "softmax":
            raise ValueError(
                f"loss={self.loss!r} has the link {self.loss.link_name!r}; that of the scores of tokens is the softmax."
            )
        if self.embedding_weights is not None:
            rows = "auto" if self.vocabulary_size is None else self.vocabulary_size
            size = "hidden_size" if self._reader_options().encoder_of_tokens == "transformer" else "embedding_size"
            ensure_table_fits(self.embedding_weights, rows, size, getattr(self, size))

    def _initialize(self, network: Network, tree: Tree, samples: Samples, task: Task, reader: Reader) -> None:
        super()._initialize(network, tree, samples, task, reader)
        if self.embedding_weights is not None:
            set_embedding(network.layer["encoder"], tree["encoder"], self.embedding_weights)

    def _task_options(self) -> TargetSequenceOptions:
        channels = [int(n) for n in np.atleast_1d(self.channels)]
        network = self.loss, self.n_layers, self.step_reduction, channels, self.kernel_size
        return TargetSequenceOptions(self.level, self.vocabulary_size, self.max_length, *network)

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None, resume_from=None):
        """Fit the network.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, ...)
            Texts, lists of str, or integer sequences; series, images, or rows of numbers.
        y : list of n_samples sequences
            Texts, lists of str, or integer sequences.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each sample, not all zero. A weight of two is equivalent to a repetition.
        X_val, y_val : like X and y, default=None
            Validation data for early stopping, instead of a part of X. The loss is computed with teacher forcing, too,
            unless `scoring` is a callable that predicts.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.
        resume_from : str or path-like, default=None
            File of `skneural.callbacks.Checkpoint`, of a training with the same data and hyper-parameters that was
            broken off. It continues after its last epoch, and ends with the same weights as if it had not been.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are invalid, or training diverges. The estimator is then unchanged.
        """
        return self._fit(FitArguments(X, y, sample_weight), FitArguments(X_val, y_val, sample_weight_val), resume_from)

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y, sample_weight=None):
        """Train for exactly one pass over the given samples, continuing from the last call or `fit`.

        Parameters
        ----------
        X : list of n_samples sequences, or array-like of shape (n_samples, ...)
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
        X : list of n_samples sequences, or array-like of shape (n_samples, ...)

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
        X : list of n_samples sequences, or array-like of shape (n_samples, ...)
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
        X : list of n_samples sequences, or array-like of shape (n_samples, ...)
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
        X : list of n_samples sequences, or array-like of shape (n_samples, ...)

        Returns
        -------
        weights : list of n_samples ndarrays of shape (tokens predicted, steps)
            Steps are the tokens of X, or the steps of series, of which `step_reduction` may have made fewer. If X is
            images, of shape (tokens predicted, rows, columns), for the pixels of the last feature maps, or for their
            columns in one row if the encoder is "rnn". The weights of each token sum to one. For Transformers, they are
            the mean over layers and heads.
        """
        check_is_fitted(self)
        x = self._read(X)
        pairs = self._task.pairs(x, self._decoded(x))
        all_weights: list[Array] = [np.empty(0)] * len(x)
        for rows, part, by_layer in collect_notes(self, pairs, MEMORY_ATTENTION):
            weights = np.mean([layer_weights.mean(axis=1) for layer_weights in by_layer], axis=0)
            lengths = self._memory_lengths(part.source, weights.shape[2])
            n_tokens = part.target.n_steps - 1
            for row, of_sample, n, m in zip(rows, weights, n_tokens, lengths, strict=True):
                all_weights[row] = of_sample[:n, :m].copy()
        return [self._in_image(weights) for weights in all_weights]

    def _memory_lengths(self, source: Container, n_steps: int) -> Array:
        """Number of steps of the memory of each source, at most `n_steps`."""
        encoder = self._network.layer["encoder"]
        return np.full(len(source), n_steps) if source.lengths is None else encoder.output_lengths(source.lengths)

    def _in_image(self, weights: Array) -> Array:
        """Attention weights by the row and column of an image; unchanged for other sources."""
        if self.network_arguments_["image_shape"] is None:
            return weights
        grids = find(self._network.layer, self._parameters(), GridPositions)
        height = grids[0][0].height if grids else 1
        return weights.reshape(len(weights), height, weights.shape[1] // height)

    def _decoded(self, x: Container) -> list[Array]:
        """Numbers of the predicted tokens of each sample."""
        beam_width = self._checked(after_fit=True).beam_width
        n_at_once = max(1, DECODED_AT_ONCE // beam_width)
        if self.network_arguments_["loss"] == "ctc":
            return self._aligned(x, beam_width, n_at_once)
        numbers: list[Array] = [np.empty(0, np.intp)] * len(x)
        with recycling(), limited_blas(1):  # products of one step
            for rows in x.blocks(min(n_at_once, self._reader.rows_per_block(x))):
                for i, sequence in zip(np.arange(len(x))[rows], self._searched(x[rows], beam_width), strict=True):
                    numbers[i] = sequence
        return numbers

    def _searched(self, x: Container, beam_width: int) -> list[Array]:
        """Tokens that the decoder predicts, one after another."""
        vocabulary, (source, known) = self._task.vocabulary, x.as_batch()
        ends = vocabulary.number_of("start"), vocabulary.number_of("end")
        options = DecodingOptions(*ends, self._task.max_length, self._never_predicted())
        layer, p = self._network.layer, self._parameters()
        state = layer.initial_state(p, source, known.lengths)
        if beam_width == 1:
            return greedy_search(layer, p, state, len(x), options)
        return beam_search(layer, p, state, len(x), options, beam_width)

    def _aligned(self, x: Container, beam_width: int, n_at_once: int) -> list[Array]:
        """Tokens that follow from the scores of all steps by connectionist temporal classification."""
        raw = self._raw(x)
        raw[:, list(self._never_predicted())] = -np.inf
        n_steps = self._memory_lengths(x, len(raw) // len(x))
        if beam_width == 1:
            return ctc_best_path(raw, n_steps)
        numbers: list[Array] = []
        offsets = segment_offsets(n_steps)
        for rows in slices(len(x), n_at_once):
            numbers += ctc_beam_search(raw[offsets[rows.start] : offsets[rows.stop]], n_steps[rows], beam_width)
        return numbers

    def _never_predicted(self) -> tuple[int, ...]:
        """The unknown token, if there are others."""
        vocabulary = self._task.vocabulary
        return () if vocabulary.tokens is None or vocabulary.n_tokens == 1 else (0,)

    def _compared(self, X: object, y: object) -> list[tuple[Array, Array]]:
        """The predicted tokens of each sample, and those of y."""
        check_is_fitted(self)
        x, true = self._read(X), read_sequences(y, self._task.options.level, "y").sequences
        check_consistent_length(x, true)
        predicted = [self._task.vocabulary.decode(numbers) for numbers in self._decoded(x)]
        return [(np.asarray(tokens), np.asarray(others)) for tokens, others in zip(predicted, true, strict=True)]


def _checked_weights(sample_weight: object, samples: object) -> Array | None:
    return None if sample_weight is None else check_sample_weight(sample_weight, np.asarray(samples))
