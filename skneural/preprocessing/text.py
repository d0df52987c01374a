"""Encoding of texts as integer sequences."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import ClassVar, Protocol, Self

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
    Constraint,
    Integer,
    check_hyperparameters,
    declare,
    hyperparameter,
)
from skneural.installation import DOC_LINK_MODULE, DOC_LINK_PARAMETERS, DOC_LINK_TEMPLATE

# Ranges of Unicode with combining marks (category M), which belong to the preceding letter.
MARKS = (range(0x300, 0x20000), range(0xE0100, 0xE01F0))
JOINERS = "\u200c\u200d"  # inside words of some scripts, and inside emoji
APOSTROPHES = "'\u2019"


class TokenVectors(Protocol):
    """Mapping from some tokens to their vectors."""

    def __contains__(self, token: str, /) -> bool: ...

    def __getitem__(self, token: str, /) -> npt.ArrayLike: ...


def _is_ngram_range(value: object) -> bool:
    if not isinstance(value, tuple | list) or not all(isinstance(n, Integral) for n in value):
        return False
    return len(value) == 2 and 1 <= value[0] <= value[1]


@declare
class TokenEncoder(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """Encode words or characters as integers, for estimators with the parameter `vocabulary_size`.

    Integer 0 is the unknown token, for all tokens that are not in the vocabulary. The other tokens are sorted by
    decreasing frequency, ties by code points. Each text becomes an array with one integer per token, without padding.

    Set ``vocabulary_size="auto"`` in the estimator.

    {parameters}

    {attributes}

    See Also
    --------
    sklearn.feature_extraction.text.CountVectorizer : Word counts, if the order of words does not matter.

    Notes
    -----
    A text may be passed as a list of its tokens. It is not split further, whatever `level` is, so that a list of labels
    for each token keeps its length if `max_length` is None. `lowercase` applies to lists of tokens, too.

    A text without tokens, such as an empty one, becomes a single unknown token, because estimators do not accept
    sequences of length zero.

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
    ...     TokenEncoder(),
    ...     CNNSequenceClassifier(architecture="fasttext", vocabulary_size="auto", random_state=0),
    ... )
    >>> model.fit(texts, y).predict(["good !", "bad service"]).tolist()
    ['yes', 'no']
    """

    # by which notebooks link an estimator to its page
    _doc_link_module, _doc_link_template = DOC_LINK_MODULE, DOC_LINK_TEMPLATE
    _doc_link_url_param_generator = DOC_LINK_PARAMETERS

    attributes_doc: ClassVar = {
        "vocabulary_": ("dict from str to int", "Integer of each token."),
        "vocabulary_size_": ("int", "Number of tokens in the vocabulary, including the unknown token."),
    }

    level: str = hyperparameter(
        default="word",
        constraint=Choice("word", "character"),
        doc="Kind of token. The characters of a text are its code points, so a combining mark is a token.",
    )
    vocabulary_size: int | None = hyperparameter(
        default=None,
        constraint=Integer(2) | NONE,
        doc="Maximum size of the vocabulary with the unknown token; the most frequent tokens are kept. None: no limit.",
    )
    ngram_range: tuple[int, int] = hyperparameter(
        default=(1, 1),
        constraint=Constraint("pair of integers 1 <= first <= last", _is_ngram_range),
        doc="""Smallest and largest number of consecutive tokens that are encoded as one, as in scikit-learn's
        `CountVectorizer`: (1, 2) for words and pairs of words, joined by a space; characters are joined without. Those
        of several tokens follow the single ones of a text. Unless it is (1, 1), n-grams that are not in the vocabulary
        are left out, so that a mean of embeddings is that of the known ones.""",
    )
    min_frequency: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Tokens that occur less often in all texts together are unknown. With 1 and no limit of the vocabulary, no
        token of the training texts is unknown, so the embedding of unknown tokens is not trained and predictions for
        new words are arbitrary; with 2, it is trained on the words that occur once.""",
    )
    lowercase: bool = hyperparameter(
        default=False, constraint=BOOLEAN, doc="If True, convert all tokens to lower case."
    )
    token_pattern: str | None = hyperparameter(
        default=None,
        constraint=STRING | NONE,
        doc="""Regular expression that matches a token, as in scikit-learn's `CountVectorizer`: if it has a group, the
        token is the match of the group. None: a token is a word, with its combining marks and inner apostrophes, or any
        single other character except white space. Only for ``level="word"``.""",
    )
    tokenizer: Callable[[str], Sequence[str]] | None = hyperparameter(
        default=None,
        constraint=CALLABLE | NONE,
        doc="Function from a text to its tokens, a list of str; replaces `level` and `token_pattern`.",
    )
    max_length: int | None = hyperparameter(
        default=None,
        constraint=Integer(1) | NONE,
        doc="Maximum number of tokens of each text; later tokens are dropped before n-grams are made. None: no limit.",
    )
    unknown_token: str = hyperparameter(
        default="<unknown>",
        constraint=STRING,
        doc="Name of the unknown token, integer 0. If it occurs as a token of a text, that is unknown, too.",
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
        """Learn the vocabulary and encode the same texts, splitting them only once.

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
        """Decode integers to tokens.

        Parameters
        ----------
        X : list of array-like of shape (n_tokens,), or array of shape (n, n_tokens)
            Integers from 0 to ``vocabulary_size_ - 1``.

        Returns
        -------
        X : list of list of str
            Tokens of each text, with the unknown token for integer 0.

        Raises
        ------
        ValueError
            If X has any other values.
        """
        check_is_fitted(self)
        names = list(self.vocabulary_)
        return [[names[number] for number in _numbers(text, i, len(names))] for i, text in enumerate(X)]

    def embedding_weights(self, vectors: TokenVectors) -> np.ndarray:
        """Arrange vectors of tokens by the integers of these, for estimators with the parameter `embedding_weights`.

        Parameters
        ----------
        vectors : dict from str to array-like of shape (embedding_size,), or object with ``in`` and ``[]``
            Vector of each token, such as the `KeyedVectors` of gensim.

        Returns
        -------
        embedding_weights : ndarray of shape (vocabulary_size_, embedding_size)
            In double precision if any vector is, and in single precision otherwise. Tokens without a vector, such as
            the unknown token in general, have rows of NaN.

        Raises
        ------
        ValueError
            If no token of the vocabulary has a vector, or vectors are of different sizes.

        Examples
        --------
        >>> from skneural.preprocessing import TokenEncoder
        >>> encoder = TokenEncoder().fit(["the cat sat"])
        >>> encoder.embedding_weights({"cat": [1.0, 0.5], "sat": [0.0, 2.0]})
        array([[nan, nan],
               [1. , 0.5],
               [0. , 2. ],
               [nan, nan]])

        In a pipeline, a frozen encoder keeps the vocabulary to which the rows belong; any other is fitted anew:

        >>> from sklearn.frozen import FrozenEstimator
        >>> from sklearn.pipeline import make_pipeline
        >>> from skneural import RNNSequenceClassifier
        >>> table = encoder.embedding_weights({"cat": [1.0, 0.5], "sat": [0.0, 2.0]})
        >>> network = RNNSequenceClassifier(vocabulary_size="auto", embedding_size=2, embedding_weights=table)
        >>> model = make_pipeline(FrozenEstimator(encoder), network)
        """
        check_is_fitted(self)
        rows = {number: np.asarray(vectors[token]) for token, number in self.vocabulary_.items() if token in vectors}
        if not rows:
            raise ValueError(
                f"None of the {self.vocabulary_size_} tokens of the vocabulary has a vector. Perhaps vectors are of "
                "words in lower case (set lowercase=True), or of another level."
            )
        shapes = {row.shape for row in rows.values()}
        if len(shapes) > 1 or len(min(shapes)) != 1:
            raise ValueError(f"Vectors must be one-dimensional and of one size; they have the shapes {sorted(shapes)}.")
        table = np.full(
            (self.vocabulary_size_, *min(shapes)),
            np.nan,
            np.result_type(np.float32, *{row.dtype for row in rows.values()}),
        )
        table[list(rows)] = list(rows.values())
        return table

    def get_feature_names_out(self, input_features: None = None) -> np.ndarray:
        """Get the tokens of the vocabulary in the order of their integers.

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
        if tuple(self.ngram_range) == (1, 1):
            return [np.array([number_of(token, 0) for token in text] or [0], dtype=np.intp) for text in tokens]
        encoded = ([number for token in text if (number := number_of(token, 0))] for text in tokens)
        return [np.array(text or [0], dtype=np.intp) for text in encoded]

    def _tokens(self, X: object) -> list[list[str]]:
        """Split each text into tokens, in lower case and truncated as set."""
        texts = listed_texts(X)
        if texts and isinstance(texts[0], str):
            ensure_texts(texts)
            split = self._splitter()
            tokens = [split(text.lower() if self.lowercase else text) for text in texts]
        else:
            tokens = [listed_tokens(text, f"Text {i}") for i, text in enumerate(texts)]
            if self.lowercase:
                tokens = [[token.lower() for token in text] for text in tokens]
        tokens = tokens if self.max_length is None else [text[: self.max_length] for text in tokens]
        least, most = self.ngram_range
        if (least, most) == (1, 1):
            return tokens
        separator = "" if self.level == "character" and self.tokenizer is None else " "
        return [_ngrams(text, least, most, separator) for text in tokens]

    def _splitter(self) -> Callable[[str], list[str]]:
        """Function that splits a text into tokens."""
        tokenizer = self.tokenizer
        if tokenizer is not None:
            return lambda text: listed_tokens(tokenizer(text), "The result of tokenizer")
        if self.level == "character":
            return list
        return _pattern_of_words().findall if self.token_pattern is None else _compiled(self.token_pattern).findall


def _ngrams(tokens: list[str], least: int, most: int, separator: str) -> list[str]:
    """All n-grams of a text, in the order of their lengths."""
    ngrams = list(tokens) if least == 1 else []
    for n in range(max(least, 2), most + 1):
        ngrams += map(separator.join, zip(*(tokens[i:] for i in range(n)), strict=False))
    return ngrams


@functools.cache
def _pattern_of_words() -> re.Pattern[str]:
    """Regular expression of words and single other characters, each with subsequent combining marks and joiners.

    Marks are listed explicitly, because word characters of Python do not include them: words of many scripts would
    be split at each mark.
    """
    marks = [code for codes in MARKS for code in codes if unicodedata.category(chr(code))[0] == "M"]
    # Ranges of consecutive code points: the same set as single characters takes five times as long to search.
    runs = itertools.groupby(enumerate(marks), lambda pair: pair[1] - pair[0])
    ends = [(run[0][1], run[-1][1]) for run in (list(run) for _, run in runs)]
    mark = "[" + JOINERS + "".join(f"{chr(first)}-{chr(last)}" for first, last in ends) + "]"
    word = rf"\w+(?:{mark}+\w*)*"
    return re.compile(rf"{word}(?:[{APOSTROPHES}]{word})*|[^\w\s]{mark}*")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"token_pattern={pattern!r} is not a valid regular expression: {error}.") from error
    if compiled.groups > 1:
        raise ValueError(f"token_pattern={pattern!r} has {compiled.groups} groups; make all but one (?:...).")
    return compiled


def _numbers(X: npt.ArrayLike, i: int, size: int) -> list[int]:
    """Validated integers of one text."""
    numbers = np.asarray(X)
    if numbers.ndim != 1 or (numbers.dtype.kind not in "iu" and numbers.size):
        raise ValueError(f"X[{i}] has shape {numbers.shape} and dtype {numbers.dtype}; expected a list of integers.")
    outside = (numbers < 0) | (numbers >= size)
    if outside.any():
        raise ValueError(
            f"Token {numbers[outside][0]} in X[{i}] is outside the vocabulary, which has the numbers 0 to {size - 1}."
        )
    return numbers.tolist()
