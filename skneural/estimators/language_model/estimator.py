"""Language models: the probability of each token of a text, given the tokens before or around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import BatchInfo, TokenWindows
from skneural.decoding import SetSampler, TokenSampler, generate_tokens
from skneural.estimators.language_model.reader import TextOptions, Texts
from skneural.estimators.language_model.task import TokenPrediction, TokenPredictionOptions
from skneural.hyperparameters import NONE, Choice, Constraint, Integer, Number, declare, hyperparameter
from skneural.layers import Context, Layer, StepPooling, TiedEmbedding
from skneural.networks.language import LANGUAGE_ARCHITECTURES, OBJECTIVES, language_network
from skneural.networks.transformer import POSITIONAL
from skneural.ops.segments import ranges, segment_starts, sum_segments
from skneural.ops.types import Array
from skneural.readers import Reader, level_hyperparameter, text_vocabulary_size_hyperparameter
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.training import network_output
from skneural.template.unsupervised import UnsupervisedEstimator
from skneural.training.seeds import Seeds
from skneural.training.threads import limited_blas

if TYPE_CHECKING:
    from skneural.template.estimator import NeuralEstimator

MEAN = StepPooling("mean")


def is_causal(estimator: NeuralEstimator) -> bool:
    """Condition for `generate` and `score_samples`, for `available_if`."""
    if estimator._as_fitted("objective") != "causal":
        raise AttributeError('generate and score_samples are available with objective="causal" only.')
    return True


@declare
class LanguageModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, UnsupervisedEstimator):
    """Language model that predicts each token of a text from those before it (GPT) or around it (BERT).

    Trained on texts without labels, it generates texts (`generate`), computes their likelihood (`score_samples`,
    `perplexity`), and embeds them as features for other estimators (`transform`). Embeddings of tokens also serve as
    weights of the output layer [1]_. They do not start from given vectors, as the `embedding_weights` of other families
    do: the first scores of the next token would be products with vectors that were learned for another purpose.

    X is a list of texts, which are split into characters or words; a list of lists of str; or a list of integer
    sequences, for example from `skneural.preprocessing.TokenEncoder`. Texts of more than `context_length` tokens are
    cut into windows, each of which is an independent sample: a single long text is enough. For early stopping, windows
    are held out.

    X may also be series of sets, such as the keys of a piano that sound at each step: zero-one arrays of shape
    (n_series, steps, classes), or a list of arrays (steps, classes). Each class then has a logistic output at each
    step, given the sets before it, and classes are drawn independently of each other. The likelihood of a step is the
    product over all classes. In music, published figures leave out the first step of each series: they are
    ``-score(X, n_given=1)`` [4]_.

    {parameters}

    {attributes}

    See Also
    --------
    TransformerSequenceClassifier : Can start from a fitted language model, passed as `pretrained`.

    References
    ----------
    .. [1] Press and Wolf. "Using the output embedding to improve language models". EACL 2017.
    .. [2] Radford et al. "Language models are unsupervised multitask learners". OpenAI 2019.
    .. [3] Devlin et al. "BERT: pre-training of deep bidirectional Transformers for language understanding". NAACL 2019.
    .. [4] Boulanger-Lewandowski, Bengio and Vincent. "Modeling temporal dependencies in high-dimensional sequences:
       Application to polyphonic music generation and transcription". ICML 2012. Figures of other networks are in Bai,
       Kolter and Koltun. "An empirical evaluation of generic convolutional and recurrent networks". 2018.

    Examples
    --------
    >>> from skneural import LanguageModel
    >>> texts = ["one two three four five six seven eight nine"] * 20
    >>> model = LanguageModel(
    ...     d_model=32, n_layers=1, dropout=0, learning_rate_init=0.01, max_iter=30, random_state=0
    ... ).fit(texts)
    >>> model.generate("one two ", n_tokens=10, temperature=0)
    'three four'
    >>> bool(model.perplexity(["one two three"]) < 1.5 < 10 < model.perplexity(["eno owt eerht"]))
    True
    >>> model.transform(["one", "two three"]).shape
    (2, 32)

    Two of three keys in turns:

    >>> import numpy as np
    >>> music = np.tile([[1, 0, 1], [0, 1, 1]], (20, 8, 1))
    >>> model = LanguageModel(architecture="gru", d_model=16, max_iter=60, learning_rate_init=0.01, random_state=0)
    >>> model.fit(music).generate(music[0, :3], n_tokens=2, temperature=0)
    array([[0, 1, 1],
           [1, 0, 1]])
    """

    _reader_class: ClassVar[type[Reader]] = Texts
    _task_class: ClassVar[type[Task]] = TokenPrediction
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(language_network)

    if TYPE_CHECKING:
        _reader: Texts = field(init=False)
        _task: TokenPrediction = field(init=False)

    architecture: str = hyperparameter(
        default="transformer",
        constraint=Choice(*LANGUAGE_ARCHITECTURES),
        doc="Architecture: a Transformer, initialized as GPT-2 [2]_, recurrent layers (LSTM, GRU), or Mamba blocks.",
    )
    objective: str = hyperparameter(
        default="causal",
        constraint=Choice(*OBJECTIVES),
        doc="""Prediction task: "causal", each token from those before it; or "masked" [3]_, tokens from all others, for
        which 15 % of the tokens of each window are drawn at each training step, and 80 % of these masked and 10 %
        replaced by random tokens. "masked" requires the Transformer, and cannot generate texts.""",
    )
    context_length: int = hyperparameter(
        default=128, constraint=Integer(1), doc="Maximum number of tokens of a window."
    )
    d_model: int = hyperparameter(
        default=64,
        constraint=Integer(1),
        doc="Features of each token, in embeddings and layers; for Transformers a multiple of `n_heads`.",
    )
    n_heads: int = hyperparameter(
        default=4, constraint=Integer(1), doc="Attention heads of each layer. Only for Transformers."
    )
    n_layers: int = hyperparameter(default=2, constraint=Integer(1), doc="Number of layers or blocks.")
    feedforward_size: int = hyperparameter(
        default=128, constraint=Integer(1), doc="Hidden units of each feedforward layer. Only for Transformers."
    )
    positional: str = hyperparameter(
        default="sinusoidal",
        constraint=Choice(*POSITIONAL),
        doc="Encoding of the positions of tokens; see `TransformerSequenceClassifier`. Only for Transformers.",
    )
    dropout: float = hyperparameter(
        default=0.1,
        constraint=Number(0, 1, below=True),
        doc="Fraction dropped at each training step: of the inputs and outputs of layers, and of attention weights.",
    )
    batch_size: int | str = batch_size_hyperparameter(32, unit="Windows")
    max_grad_norm: float | None = hyperparameter(
        default=1.0,
        constraint=Number(0, above=True) | NONE,
        doc="Gradients with a greater Euclidean norm are scaled down to it. Not used by lbfgs.",
    )
    level: str = level_hyperparameter()
    vocabulary_size: int | None = text_vocabulary_size_hyperparameter()
    min_frequency: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="Minimum number of occurrences; rarer tokens become the unknown token. Not used for integers.",
    )

    attributes_doc = {
        "vocabulary_": (
            "list of str, or None",
            "Tokens in the order of their numbers, starting with the unknown token; None if X was integers or sets.",
        ),
        "vocabulary_size_": ("int", "Number of tokens, or of classes of sets."),
        "n_features_in_": ("int", "1, because each step has one token; for sets, the number of classes."),
    }

    def _reader_options(self) -> TextOptions:
        return TextOptions(self.level, self.vocabulary_size, self.min_frequency)

    def _task_options(self) -> TokenPredictionOptions:
        return TokenPredictionOptions(self.objective, int(self.context_length))

    @available_if(is_causal)
    def generate(self, prompt=None, n_tokens=100, temperature=1.0, top_k=None, random_state=None):
        """Continue a text.

        The state of the network is kept from token to token, so that each takes the same time. A Transformer has no
        positions beyond `context_length`: it is given that many tokens from the end of a longer prompt, and when its
        context is full, it starts again from the second half of it. Recurrent networks and Mamba have no limit.

        Parameters
        ----------
        prompt : str, list of str, sequence of int, or array of shape (steps, classes), default=None
            Beginning of the text, in the form of a text of X. Tokens that were not in the training data become the
            unknown token. If it is None or empty, the model generates a text from its start.
        n_tokens : int, default=100
            Number of tokens, or of steps of sets, to generate.
        temperature : float, default=1.0
            Divisor of the raw scores: below one, likely tokens become likelier; 0 selects the most likely one, or the
            classes that are likelier than not.
        top_k : int, default=None
            Tokens are drawn from this number of the most likely ones, and sets have no other classes; None for all.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        text : str, list of str, or ndarray of shape (n_tokens,) or (n_tokens, n_classes)
            Continuation of the prompt, in the same form; without a prompt, in that of the training texts. The unknown
            token is never generated.

        Raises
        ------
        ValueError
            If an argument is out of range, or the prompt does not have the form of the training texts.
        """
        check_is_fitted(self)
        _check_arguments(n_tokens=n_tokens, temperature=temperature, top_k=top_k)
        steps, form = self._prompt(prompt)
        rng = np.random.default_rng(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        # Beyond the positions of training, the loss per character of Shakespeare rose from 2.37 to 2.90 nats with
        # sinusoidal positions, from 2.25 to 2.79 with rotary ones, and gradually without any.
        fitted = self.network_arguments_
        longest = fitted["context_length"] if fitted["architecture"] == "transformer" else None
        with limited_blas(1):  # products of one row
            drawn = generate_tokens(
                self._network.layer,
                self._parameters(),
                steps,
                n_tokens,
                self._sampler(float(temperature), top_k),
                rng,
                longest,
            )
        return self._reader.written(drawn, form)

    def _prompt(self, prompt: Any) -> tuple[list[Any], str]:
        """The start and the steps of a prompt, as the network takes them, and the form of the prompt."""
        reader = self._reader
        if not reader.of_sets:
            _check_prompt(prompt, reader.form)
        empty = prompt is None or not len(prompt)
        return reader.prompted(None if empty else prompt)

    def _sampler(self, temperature: float, top_k: int | None) -> Any:
        if self._reader.of_sets:
            return SetSampler(temperature, top_k, self.network_arguments_["n_special"])
        return TokenSampler(temperature, top_k, () if self._reader.tokens is None else (0,))

    def perplexity(self, X):
        """Perplexity: the exponential of the mean loss per token, or per step of sets.

        Parameters
        ----------
        X : list of n_samples texts

        Returns
        -------
        perplexity : float
            1 for perfect predictions; the size of the vocabulary for uniform ones.
        """
        return float(np.exp(-self.score(X)))

    def score(self, X, y=None, n_given=0):
        """Mean log-likelihood per token in nats: the negative mean loss.

        With ``objective="masked"``, it is that of masked tokens, which are drawn as in training, but equally in each
        call. For sets, it is that of all classes of a step together, in the mean over steps.

        Parameters
        ----------
        X : list of n_samples texts
        y : None
            Ignored.
        n_given : int, default=0
            Tokens or sets at the beginning of each text that do not count, because they are given. Published negative
            log-likelihoods of music leave out the first step. Only with ``objective="causal"``.

        Returns
        -------
        score : float
            At most 0 for tokens; greater is better.
        """
        likelihood, n_targets, n_windows = self._log_likelihoods(X)
        if n_given == 0:
            return float(likelihood.mean())
        is_causal(self)
        _check_arguments(n_given=n_given)
        counted = ranges(0, sum_segments(n_targets, n_windows)) >= n_given
        if not counted.any():
            raise ValueError(f"n_given={n_given} leaves nothing to predict: no text is longer.")
        return float(likelihood[counted].mean())

    @available_if(is_causal)
    def score_samples(self, X):
        """Log-likelihood of each text, summed over its tokens.

        Parameters
        ----------
        X : list of n_samples texts

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
        """
        likelihood, n_targets, n_windows = self._log_likelihoods(X)
        return sum_segments(likelihood, sum_segments(n_targets, n_windows))

    def transform(self, X):
        """Embed texts: return the mean of the hidden states of their tokens.

        Parameters
        ----------
        X : list of n_samples texts

        Returns
        -------
        X : ndarray of shape (n_samples, d_model)
        """
        check_is_fitted(self)
        texts = cast(TokenWindows, self._read(X))
        texts = texts.without_start() if self._task.masked else texts.with_last()
        context_length = self._task.options.context_length
        windows, n_windows = texts.cut(context_length), texts.n_windows(context_length)
        sums = np.empty((len(windows), self._n_features_out), self.weights_.dtype)
        for rows in windows.blocks(self._reader.rows_per_block(windows)):
            part = windows[rows]
            context = Context(batch=BatchInfo(lengths=part.lengths))
            states = self._states(part, context)
            sums[rows] = MEAN.predict({}, states, context) * part.n_steps[:, np.newaxis]
        sums = sum_segments(sums, n_windows)
        return sums / texts.n_steps[:, np.newaxis].astype(sums.dtype)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]  # texts and integers train in single precision
        return tags

    @property
    def _n_features_out(self) -> int:
        size: int = self.network_arguments_["d_model"]
        return size

    def _embedding(self) -> tuple[TiedEmbedding, Any]:
        """The tied embedding of tokens, which contains all other layers, and its parameters."""
        return cast(TiedEmbedding, self._network.layer["embedding"]), self._parameters()["embedding"]

    def _states(self, x: TokenWindows, context: Context) -> Array:
        """Hidden states of all steps, (samples, steps, d_model)."""
        values = x.as_batch()[0]
        if self._reader.of_sets:
            return self._network.layer["encoder"].predict(self._parameters()["encoder"], values, context)
        embedding, tree = self._embedding()
        return embedding.states(tree, values, context)

    def _log_likelihoods(self, X: object) -> tuple[Array, Array, Array]:
        """Of each target, in double precision; the number of targets of each window; that of windows of each text."""
        check_is_fitted(self)
        texts = cast(TokenWindows, self._read(X))
        arguments = FitArguments(texts, None)
        x, y = self._task.network_input(arguments), self._task.encode(arguments)
        x, y = x.resample(Seeds(self._seed).generator("score"), y)
        lengths = cast(Array, y.lengths)
        likelihood, starts = np.empty(lengths.sum()), segment_starts(lengths)
        for rows in x.blocks(self._reader.rows_per_block(x)):
            raw = network_output(self._network.layer, self._parameters(), x[rows], len(x), self.n_jobs)
            likelihood[ranges(starts[rows], lengths[rows])] = self._task.log_likelihood(y[rows].values, raw)
        return likelihood, lengths, self._task.n_windows(texts)


ARGUMENTS: dict[str, Constraint] = {
    "n_given": Integer(0),
    "n_tokens": Integer(1),
    "temperature": Number(0),
    "top_k": Integer(1) | NONE,
}


def _check_arguments(**arguments: Any) -> None:
    for name, value in arguments.items():
        if not ARGUMENTS[name].allows(value):
            raise ValueError(f"{name} must be {ARGUMENTS[name].words}; got {value!r}.")


def _check_prompt(prompt: Any, form: str) -> None:
    """Raise if a prompt is no single text in the form of the training texts."""
    if prompt is None or isinstance(prompt, str):
        return
    if not hasattr(prompt, "__len__"):
        raise TypeError(
            f"prompt must be one text, as in the training data; got {prompt!r}. Give the number of tokens by its name: "
            f"generate(n_tokens={prompt!r})."
        )
    if form == "text" and len(prompt) and all(isinstance(part, str) for part in prompt):
        raise ValueError(
            f"prompt must be one text, as in the training data, but is a {type(prompt).__name__} of {len(prompt)} "
            "elements. Call generate for each of several prompts."
        )
