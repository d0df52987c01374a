"""Language models: how likely each token of a text is, given those before it or around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import Container, Targets, TokenWindows
from skneural.data.texts import read_sequences, written
from skneural.decoding import Draw, continued
from skneural.hyperparameters import NONE, Choice, Constraint, Integer, Number, declare, hyperparameter
from skneural.inputs import InputKind, TextFields, Texts, vocabulary_of
from skneural.layers import Chain, Context, StepPooling, TiedEmbedding
from skneural.networks.language import LANGUAGE_ARCHITECTURES, OBJECTIVES, language_network
from skneural.networks.transformer import POSITIONAL
from skneural.ops.softmax import softmax_and_log_sum
from skneural.ops.types import Array
from skneural.targets import Given, TargetKind, TokensOfText
from skneural.template.unsupervised import UnsupervisedEstimator
from skneural.training.predict import predict_raw
from skneural.training.seeds import Seeds

MEAN = StepPooling("mean")


def is_causal(estimator: BaseEstimator) -> bool:
    """For `available_if`: whether texts can be written, token by token."""
    if estimator.objective != "causal":
        raise AttributeError('generate and score_samples are there with objective="causal" only.')
    return True


@declare
class LanguageModel(TextFields, ClassNamePrefixFeaturesOutMixin, TransformerMixin, UnsupervisedEstimator):
    """Language model: how likely each token of a text is, by those before it (GPT) or around it (BERT).

    Trained on texts alone, it continues texts, tells how likely a text is, and makes rows of numbers of texts for other
    estimators. The table that makes vectors of tokens also scores them in the end [1]_.

    X is a list of texts, which are split into characters or words; a list of lists of str; or a list of sequences of
    integers, such as `skneural.preprocessing.TokenEncoder` makes. Texts of more than `context_length` tokens are cut
    into windows, each of which is a sample and is read by itself: one long text is enough. What is held out for early
    stopping are windows, too.

    {parameters}

    {attributes}

    See Also
    --------
    TransformerSequenceClassifier : Takes a fitted language model to start from, as `pretrained`.

    References
    ----------
    .. [1] Press and Wolf. "Using the output embedding to improve language models". EACL 2017.
    .. [2] Radford et al. "Language models are unsupervised multitask learners". OpenAI 2019.
    .. [3] Devlin et al. "BERT: pre-training of deep bidirectional Transformers for language understanding". NAACL 2019.

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
    """

    _input_kind: ClassVar[InputKind] = Texts()
    _target_kind: ClassVar[TargetKind] = TokensOfText()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(language_network)

    architecture: str = hyperparameter(
        "transformer",
        Choice(*LANGUAGE_ARCHITECTURES),
        "What relates tokens to each other: attention, started as in GPT-2 [2]_, recurrent layers, or Mamba blocks.",
    )
    objective: str = hyperparameter(
        "causal",
        Choice(*OBJECTIVES),
        """What is learned: each token by those before it; or "masked" [3]_, tokens by all around them, for which
        15 % of the tokens of each window are chosen anew at each step, of which 80 % are hidden, and 10 % replaced
        by any token. "masked" needs the Transformer, and does not write.""",
    )
    context_length: int = hyperparameter(128, Integer(1), "Tokens of the longest window that the network sees.")
    d_model: int = hyperparameter(
        64,
        Integer(1),
        "Numbers that stand for each token, at the ends of the network and inside; for Transformers a multiple of "
        "`n_heads`.",
    )
    n_heads: int = hyperparameter(4, Integer(1), "Heads of each attention layer. Only for Transformers.")
    n_layers: int = hyperparameter(2, Integer(1), "Layers, or blocks.")
    feedforward_size: int = hyperparameter(
        128, Integer(1), "Hidden units of each feedforward layer. Only for Transformers."
    )
    positional: str = hyperparameter(
        "sinusoidal",
        Choice(*POSITIONAL),
        "How the network knows where tokens stand; see `TransformerSequenceClassifier`. Only for Transformers.",
    )
    dropout: float = hyperparameter(
        0.1,
        Number(0, 1, below=True),
        "Share dropped at each training step, of what enters and what leaves layers, and of attention weights.",
    )
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Windows per step; "auto" is min(32, n_windows). lbfgs takes all.'
    )
    max_grad_norm: float | None = hyperparameter(
        1.0, Number(0, above=True) | NONE, "Longer gradients are cut to this Euclidean norm. Not used by lbfgs."
    )

    @available_if(is_causal)
    def generate(self, prompt=None, n_tokens=100, temperature=1.0, top_k=None, random_state=None):
        """Continue a text.

        What the network made of the tokens before is kept, so that each token takes the same time. A Transformer knows
        no places beyond `context_length`: of a longer prompt it sees the last so many tokens, and when it has written
        up to there, it begins again with the last half of what stands there. Recurrent networks and Mamba go on.

        Parameters
        ----------
        prompt : str, list of str, or sequence of int, default=None
            What the text begins with, in the form of a text of X. Tokens that `fit` did not see are unknown. None, or
            an empty one: the model begins a text.
        n_tokens : int, default=100
            How many tokens are added.
        temperature : float, default=1.0
            Below one, likely tokens become likelier; 0 always takes the most likely one.
        top_k : int, default=None
            Only so many of the most likely tokens are drawn from.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        text : str, list of str, or ndarray of shape (n_tokens,)
            What follows the prompt, in the same form; without a prompt, in that of the training texts. The unknown
            token is never written.

        Raises
        ------
        ValueError
            If an argument is out of range, or the prompt holds other tokens than the training texts.
        """
        check_is_fitted(self)
        _check_arguments(n_tokens=n_tokens, temperature=temperature, top_k=top_k)
        vocabulary = vocabulary_of(self)
        form, tokens = self._form, [vocabulary.number_of("start")]
        if prompt is not None and len(prompt):
            given = read_sequences([prompt], self.level, "prompt")
            form = given.form
            tokens += vocabulary.encode(given, "prompt")[0].tolist()
        network, tree = self._network.layer, self._parameters()
        rng = np.random.default_rng(check_random_state(random_state).randint(np.iinfo(np.int32).max))
        forbidden = () if vocabulary.tokens is None else (0,)
        # Beyond the places that attention was trained on, the loss of a character of Shakespeare rose from 2.37 to 2.90
        # nats with sinusoids, from 2.25 to 2.79 with rotary positions, and little by little without any.
        longest = self.context_length if self.architecture == "transformer" else None
        drawn = continued(network, tree, tokens, n_tokens, Draw(temperature, top_k, forbidden), rng, longest)
        return written(vocabulary.decode(np.array(drawn, dtype=np.intp)), form, self.level)

    def perplexity(self, X):
        """How many tokens the model wavers between on average: the exponential of the mean loss of a token.

        Parameters
        ----------
        X : list of n_samples texts

        Returns
        -------
        perplexity : float
            1 if the model always knew; the size of the vocabulary if it knew nothing.
        """
        return float(np.exp(-self.score(X)))

    def score(self, X, y=None):
        """Mean log-likelihood of a token, in nats: minus the mean loss.

        With ``objective="masked"`` it is that of tokens which are hidden, once and alike for each call, as in training.

        Parameters
        ----------
        X : list of n_samples texts
        y : None
            Ignored.

        Returns
        -------
        score : float
            The greater, the better; 0 at most.
        """
        total, n_targets = self._log_likelihoods(X)[:2]
        return float(total.sum(dtype=np.float64) / n_targets.sum())

    @available_if(is_causal)
    def score_samples(self, X):
        """Log-likelihood of each text: the sum over its tokens.

        Parameters
        ----------
        X : list of n_samples texts

        Returns
        -------
        log_likelihood : ndarray of shape (n_samples,)
        """
        total, _, n_windows = self._log_likelihoods(X)
        return np.add.reduceat(total, np.cumsum(n_windows) - n_windows)

    def transform(self, X):
        """Rows of numbers that stand for texts: the means of what the network makes of their tokens.

        Parameters
        ----------
        X : list of n_samples texts

        Returns
        -------
        X : ndarray of shape (n_samples, d_model)
        """
        check_is_fitted(self)
        whole = cast(TokenWindows, self._check_X(X))
        whole = whole.with_last() if self.objective == "causal" else whole.without_start()
        cut, n_windows = whole.cut(self.context_length), whole.n_windows(self.context_length)
        sums = np.empty((len(cut), self._n_features_out), self.weights_.dtype)
        embedding, tree = self._embedding()
        for rows in cut.blocks(self._input_kind.rows_per_block(cut)):
            part = cut[rows]
            states = embedding.states(tree, part.values, Context(lengths=part.lengths))
            sums[rows] = MEAN.predict({}, states, Context(lengths=part.lengths)) * part.n_steps[:, np.newaxis]
        sums = np.add.reduceat(sums, np.cumsum(n_windows) - n_windows)
        return sums / whole.n_steps[:, np.newaxis].astype(sums.dtype)

    @property
    def _n_features_out(self) -> int:
        size: int = self._embedding()[0].size
        return size

    def _embedding(self) -> tuple[TiedEmbedding, Any]:
        """The layer that everything else stands in, and its parameters."""
        return cast(TiedEmbedding, self._network.layer.layers[0]), self._parameters()[0]

    def _log_likelihoods(self, X: Any) -> tuple[Array, Array, Array]:
        """Of each window the sum over its targets, and how many these are; of each text the number of windows."""
        check_is_fitted(self)
        given = Given(self._check_X(X), None)
        x, y = self._targets.entering(self, given), self._targets.encode(self, given)
        x, y = x.resample(Seeds(self._seed).generator("score"), y)
        total = np.empty(len(x))
        for rows in x.blocks(self._input_kind.rows_per_block(x)):
            total[rows] = self._sums(x[rows], y[rows])
        return total, cast(Array, y.lengths), given.X.n_windows(self.context_length)

    def _sums(self, x: Container, y: Targets) -> Array:
        raw = predict_raw(self._network.layer, self._parameters(), x, len(x))
        likelihood = raw[np.arange(len(raw)), y.values] - softmax_and_log_sum(raw)[1][:, 0]
        lengths = cast(Array, y.lengths)
        return np.add.reduceat(likelihood, np.cumsum(lengths) - lengths, dtype=np.float64)


ARGUMENTS: dict[str, Constraint] = {
    "n_tokens": Integer(1),
    "temperature": Number(0),
    "top_k": Integer(1) | NONE,
}


def _check_arguments(**arguments: Any) -> None:
    for name, value in arguments.items():
        if not ARGUMENTS[name].allows(value):
            raise ValueError(f"{name} must be {ARGUMENTS[name].words}; got {value!r}.")
