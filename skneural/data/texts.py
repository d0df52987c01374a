"""Token sequences as users pass them: texts, lists of words, or lists of integers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from skneural.data.object_columns import unpacked
from skneural.ops.types import Array

LEVELS = ("word", "character")


class TokenSequences(NamedTuple):
    """Token sequences and their input format.

    Attributes
    ----------
    form : {"text", "tokens", "numbers"}
        Input format of each sequence: a str, a list of str, or a list of integers.
    sequences : list
        Lists of str, or integer arrays if form is "numbers".
    """

    form: str
    sequences: list[Any]


def read_sequences(X: object, level: str, name: str = "X") -> TokenSequences:
    """Split texts into tokens; lists of tokens or integers stay as they are.

    Parameters
    ----------
    X : list, array or Series of str, list of lists of str, list of integer arrays, or integer array (n, steps)
    level : {"word", "character"}
        Tokens of a text: its words, separated by white space, or its characters.
    name : str, default="X"
        Name of X in error messages.

    Raises
    ------
    ValueError
        If X has none of these formats, or a sequence is empty.
    """
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "iu":
        X = list(X)
    listed = listed_texts(X, name)
    if not listed:
        raise ValueError(f"{name} has no sequences.")
    first = listed[0]
    if isinstance(first, str):
        ensure_texts(listed, f"{name}[{{}}]")
        read = TokenSequences("text", [text.split() if level == "word" else list(text) for text in listed])
    elif _holds_numbers(first):
        read = TokenSequences("numbers", [_numbers(item, f"{name}[{i}]") for i, item in enumerate(listed)])
    else:
        read = TokenSequences("tokens", [listed_tokens(item, f"{name}[{i}]") for i, item in enumerate(listed)])
    for i, sequence in enumerate(read.sequences):
        if not len(sequence):
            raise ValueError(f"{name}[{i}] has no tokens; leave it out, or pass at least one token.")
    return read


def written(sequence: Sequence[Any], form: str, level: str) -> Any:
    """Convert a sequence of tokens to the given input format."""
    if form == "numbers":
        return np.asarray(sequence, dtype=np.intp)
    return (" " if level == "word" else "").join(sequence) if form == "text" else list(sequence)


def listed_texts(X: object, name: str = "X") -> list[Any]:
    """Convert X to a list of texts; raises if it is not one-dimensional."""
    if isinstance(X, str | bytes):
        raise ValueError(f"{name} is a single {type(X).__name__}, not a list of texts; pass [{name}].")
    X = unpacked(X)
    if getattr(X, "ndim", 1) != 1:
        raise ValueError(
            f"{name} has shape {getattr(X, 'shape', None)}; pass texts in one dimension, such as a single column of a "
            "table, or a list of lists of tokens."
        )
    if not isinstance(X, Iterable) or isinstance(X, Mapping | set | frozenset):
        raise ValueError(f"{name} is of type {type(X).__name__}, not a list of texts.")
    return X.tolist() if hasattr(X, "tolist") else list(X)


def ensure_texts(texts: list[Any], name: str = "Text {}") -> None:
    """Raise if a text is not a str."""
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ValueError(f"{_wrong_text(text, name.format(i))} {name.format(0)} is a str.")


def listed_tokens(tokens: object, name: str) -> list[str]:
    """Validated list of the tokens of one text."""
    if hasattr(tokens, "tolist"):
        tokens = tokens.tolist()
    if not isinstance(tokens, list | tuple):
        raise ValueError(_wrong_text(tokens, name))
    for token in tokens:
        if not isinstance(token, str):
            raise ValueError(f"{name} has the token {token!r}, of type {type(token).__name__}; tokens are str.")
    return list(tokens)


def _wrong_text(text: object, name: str) -> str:
    hint = ""
    if isinstance(text, bytes):
        hint = " Decode it: text.decode()."
    elif text is None or (isinstance(text, float) and math.isnan(text)):
        hint = " If it is missing, leave it out."
    return f"{name} is {text!r:.60}, of type {type(text).__name__}; texts are all str, or all lists of str.{hint}"


def _holds_numbers(sequence: object) -> bool:
    if isinstance(sequence, np.ndarray) and sequence.dtype != object:
        return sequence.dtype.kind not in "US"
    return isinstance(sequence, list | tuple) and len(sequence) > 0 and not isinstance(sequence[0], str)


def _numbers(sequence: object, name: str) -> Array:
    numbers = np.asarray(sequence)
    if not numbers.size:
        return np.zeros(0, np.intp)
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or numbers.min() < 0:
        raise ValueError(
            f"{name} is {sequence!r:.60}; expected a text, a list of str, or a one-dimensional sequence of integers, "
            "none of them negative."
        )
    return numbers.astype(np.intp)
