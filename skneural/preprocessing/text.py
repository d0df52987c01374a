"""Texts to integers."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skneural.data.texts import ensure_texts, listed_texts, listed_tokens
from skneural.data.vocabulary import most_frequent
from skneural.hyperparameters import (
    BOOLEAN,
    CALLABLE,
    NONE,
    STRING,
    Choice,
    Integer,
    check_hyperparameters,
    declare,
    hyperparameter,
)

# Where Unicode has characters of the category M, which belong to the letter before them.
MARKS = (range(0x300, 0x20000), range(0xE0100, 0xE01F0))
JOINERS = "\u200c\u200d"  # inside words of some scripts, and inside emoji
APOSTROPHES = "'\u2019"


@declare
class TokenEncoder(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Words or characters to integers, for estimators that take `vocabulary_size`.

    Integer 0 is the unknown token: everything that `fit` did not see, or left out. The others follow by how often they
    occur, and by code points if equally often. Each text becomes an array of its own length, without padding.

    Give the estimator ``vocabulary_size=encoder.vocabulary_size_``, or any number not below that; in a pipeline, the
    same `vocabulary_size` as here.

    {parameters}

    {attributes}

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Counts of words, where their order does not matter.

    Notes
    -----
    A text may be given as a list of its tokens, which is then taken as it is, whatever `level` says: so a sequence of
    labels fits, one for each token, if `max_length` is None. `lowercase` is heeded there, too.

    A text without any token, such as an empty one, becomes a single unknown token, because estimators take no sequences
    of length zero.

    Examples
    --------
    >>> from skneural.preprocessing import TokenEncoder
    >>> encoder = TokenEncoder(lowercase=True).fit(["The cat sat.", "The dog sat, too."])
    >>> encoder.get_feature_names_out()
    array(['<unknown>', '.', 'sat', 'the', ',', 'cat', 'dog', 'too'],
          dtype=object)
    >>> encoder.transform(["The bird sat."])
    [array([3, 0, 2, 1])]
    >>> encoder.inverse_transform([[3, 0, 2, 1]])
    [['the', '<unknown>', 'sat', '.']]

    In a pipeline:

    >>> from sklearn.pipeline import make_pipeline
    >>> from skneural import CNNSequenceClassifier
    >>> texts = ["good food", "really good", "so good !", "bad", "bad food", "that was really bad"] * 5
    >>> y = ["yes", "yes", "yes", "no", "no", "no"] * 5
    >>> model = make_pipeline(
    ...     TokenEncoder(vocabulary_size=1000),
    ...     CNNSequenceClassifier(architecture="textcnn", vocabulary_size=1000, channels=8, max_iter=20, random_state=0)
    ... )
    >>> model.fit(texts, y).predict(["good !", "bad service"]).tolist()
    ['yes', 'no']
    """

    attributes_doc: ClassVar = {
        "vocabulary_": ("dict from str to int", "Integer of each token."),
        "vocabulary_size_": ("int", "Number of integers, that of the unknown token included."),
    }

    level: str = hyperparameter(
        "word",
        Choice("word", "character"),
        "What a token is. The characters of a text are its code points: combining marks stand for themselves.",
    )
    vocabulary_size: int | None = hyperparameter(
        None,
        Integer(2) | NONE,
        "At most so many integers, 0 included: the most frequent tokens are kept. None: no limit.",
    )
    min_frequency: int = hyperparameter(
        1,
        Integer(1),
        """Tokens that occur less often, in all texts together, are unknown. With 1 and no limit to the vocabulary,
        nothing in the training texts is unknown, so what an estimator makes of new words is left to chance; with 2 it
        learns from those that occur once.""",
    )
    lowercase: bool = hyperparameter(False, BOOLEAN, "Whether upper and lower case are the same.")
    token_pattern: str | None = hyperparameter(
        None,
        STRING | NONE,
        """Regular expression for what is a token, as in scikit-learn's `CountVectorizer`: if it has a group, the token
        is what the group matches. None: words, with their combining marks and inner apostrophes, and every other
        character but white space by itself. Only for ``level="word"``.""",
    )
    tokenizer: Callable[[str], Sequence[str]] | None = hyperparameter(
        None,
        CALLABLE | NONE,
        "Takes a text and returns its tokens, a list of str, in place of `level` and `token_pattern`.",
    )
    max_length: int | None = hyperparameter(
        None, Integer(1) | NONE, "Only the first so many tokens of each text are seen. None: all of them."
    )
    unknown_token: str = hyperparameter(
        "<unknown>",
        STRING,
        "What stands for integer 0 in the vocabulary. Where it is a token of a text, it is unknown, too.",
    )

    def fit(self, X: object, y: object = None) -> Self:
        """Learn the vocabulary.

        Parameters
        ----------
        X : list, array or Series of str, or of lists of str
            Texts, or their tokens.
        y : None
            Ignored.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If X is no list of texts, or no token occurs `min_frequency` times.
        """
        check_hyperparameters(self)
        self._learn(self._tokens(X))
        return self

    def fit_transform(self, X: object, y: object = None) -> list[np.ndarray]:
        """Learn the vocabulary, and encode the same texts, which are split only once.

        Parameters
        ----------
        X : list, array or Series of str, or of lists of str
            Texts, or their tokens.
        y : None
            Ignored.

        Returns
        -------
        X : list of ndarray of shape (n_tokens,)
            Integers from 0 to ``vocabulary_size_ - 1``; at least one for each text.

        Raises
        ------
        ValueError
            If X is no list of texts, or no token occurs `min_frequency` times.
        """
        check_hyperparameters(self)
        tokens = self._tokens(X)
        self._learn(tokens)
        return self._encoded(tokens)

    def transform(self, X: object) -> list[np.ndarray]:
        """Encode texts.

        Parameters
        ----------
        X : list, array or Series of str, or of lists of str
            Texts, or their tokens.

        Returns
        -------
        X : list of ndarray of shape (n_tokens,)
            Integers from 0 to ``vocabulary_size_ - 1``; at least one for each text.

        Raises
        ------
        ValueError
            If X is no list of texts.
        """
        check_is_fitted(self)
        return self._encoded(self._tokens(X))

    def inverse_transform(self, X: Iterable[npt.ArrayLike]) -> list[list[str]]:
        """Look up the tokens of integers.

        Parameters
        ----------
        X : list of array-like of shape (n_tokens,), or array of shape (n, n_tokens)
            Integers from 0 to ``vocabulary_size_ - 1``.

        Returns
        -------
        X : list of list of str
            Tokens of each text; where they were unknown, the unknown token.

        Raises
        ------
        ValueError
            If X has anything but such integers.
        """
        check_is_fitted(self)
        names = list(self.vocabulary_)
        return [[names[number] for number in _numbers(one, i, len(names))] for i, one in enumerate(X)]

    def get_feature_names_out(self, input_features: None = None) -> np.ndarray:
        """Tokens in the order of their integers.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        tokens : ndarray of shape (vocabulary_size_,) of str
        """
        check_is_fitted(self)
        return np.array(list(self.vocabulary_), dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _learn(self, tokens: list[list[str]]) -> None:
        kept = most_frequent(tokens, self.vocabulary_size, self.min_frequency, self.unknown_token)
        self.vocabulary_ = {str(token): number for number, token in enumerate(kept)}
        self.vocabulary_size_ = len(self.vocabulary_)

    def _encoded(self, tokens: list[list[str]]) -> list[np.ndarray]:
        number_of = self.vocabulary_.get
        return [np.array([number_of(token, 0) for token in one] or [0], dtype=np.intp) for one in tokens]

    def _tokens(self, X: object) -> list[list[str]]:
        """The tokens of each text."""
        texts = listed_texts(X)
        if texts and isinstance(texts[0], str):
            ensure_texts(texts)
            split = self._splitter()
            tokens = [split(text.lower() if self.lowercase else text) for text in texts]
        else:
            tokens = [listed_tokens(one, f"Text {i}") for i, one in enumerate(texts)]
            if self.lowercase:
                tokens = [[token.lower() for token in one] for one in tokens]
        return tokens if self.max_length is None else [one[: self.max_length] for one in tokens]

    def _splitter(self) -> Callable[[str], list[str]]:
        """What makes tokens of a text."""
        tokenizer = self.tokenizer
        if tokenizer is not None:
            return lambda text: listed_tokens(tokenizer(text), "What tokenizer returns")
        if self.level == "character":
            return list
        return _pattern_of_words().findall if self.token_pattern is None else _compiled(self.token_pattern).findall


@functools.cache
def _pattern_of_words() -> re.Pattern[str]:
    """Words, and every other character by itself, both with the marks and joiners behind their characters.

    What Python takes for a letter is never a mark, without which words of many scripts fall apart.
    """
    marks = [code for codes in MARKS for code in codes if unicodedata.category(chr(code))[0] == "M"]
    # Ranges of the codes one behind another: the same set as single characters takes five times as long to search.
    runs = itertools.groupby(enumerate(marks), lambda pair: pair[1] - pair[0])
    ends = [(run[0][1], run[-1][1]) for run in (list(run) for _, run in runs)]
    mark = "[" + JOINERS + "".join(f"{chr(first)}-{chr(last)}" for first, last in ends) + "]"
    word = rf"\w+(?:{mark}+\w*)*"
    return re.compile(rf"{word}(?:[{APOSTROPHES}]{word})*|[^\w\s]{mark}*")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"token_pattern={pattern!r} is no regular expression: {error}.") from error
    if compiled.groups > 1:
        raise ValueError(f"token_pattern={pattern!r} has {compiled.groups} groups; make all but one (?:...).")
    return compiled


def _numbers(X: npt.ArrayLike, i: int, size: int) -> list[int]:
    """The integers of one text, checked."""
    numbers = np.asarray(X)
    if numbers.ndim != 1 or (numbers.dtype.kind not in "iu" and numbers.size):
        raise ValueError(
            f"X[{i}] has shape {numbers.shape} and dtype {numbers.dtype}; it must be integers in one axis."
        )
    outside = (numbers < 0) | (numbers >= size)
    if outside.any():
        raise ValueError(
            f"Token {numbers[outside][0]} in X[{i}] is outside the vocabulary, which has the numbers 0 to {size - 1}."
        )
    return numbers.tolist()
