"""Encoding of texts and integers, and decoding."""

import numpy as np
import pytest

from skneural.data.texts import read_sequences, written
from skneural.data.vocabulary import Vocabulary

FORMS = {
    "words": (["b a b", "c b"], "word"),
    "characters": (["bab", "cb"], "character"),
    "tokens": ([["b", "a", "b"], ["c", "b"]], "word"),
    "numbers": ([np.array([1, 0, 1]), np.array([2, 1])], "word"),
}


@pytest.mark.parametrize("form", FORMS)
def test_sequences_come_back_in_their_input_format(form):
    X, level = FORMS[form]
    read = read_sequences(X, level)
    vocabulary = Vocabulary.of(read, ("start", "end"))
    start, end = vocabulary.number_of("start"), vocabulary.number_of("end")
    for numbers, sequence in zip(vocabulary.encode(read), X, strict=True):
        framed = np.concatenate([[start], numbers, [end]])
        assert np.array_equal(written(vocabulary.decode(framed), read.form, level), sequence)


def test_special_tokens_come_last_and_texts_have_an_unknown_token():
    words = Vocabulary.of(read_sequences(["b a b"], "word"), ("start",))
    assert words.tokens == ("<unknown>", "a", "b")
    assert (words.n_tokens, words.size, words.number_of("start")) == (3, 4, 3)
    assert words.encode(read_sequences(["b x"], "word"))[0].tolist() == [2, 0]
    numbers = Vocabulary.of(read_sequences([[0, 4], [2]], "word"), ("start", "end"))
    assert (numbers.n_tokens, numbers.number_of("end")) == (5, 6)


def test_size_and_frequency_limit_the_vocabulary():
    read = read_sequences(["b a b c a b"], "word")
    assert Vocabulary.of(read, size=2).tokens == ("<unknown>", "b")
    assert Vocabulary.of(read, min_frequency=2).tokens == ("<unknown>", "a", "b")
    with pytest.raises(ValueError, match="min_frequency=9"):
        Vocabulary.of(read, min_frequency=9)


def test_numbers_do_not_depend_on_how_often_tokens_occur():
    once, often = (Vocabulary.of(read_sequences(["c a b", *more], "word")) for more in ([], ["b b c c c"]))
    assert once == often == Vocabulary.learned(once.listed, once.n_tokens)


def test_an_array_of_integers_is_sequences_of_equal_lengths():
    read = read_sequences(np.array([[3, 1], [0, 2]]), "word")
    assert read.form == "numbers"
    assert [sequence.tolist() for sequence in read.sequences] == [[3, 1], [0, 2]]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", r"pass \[y\]"),
        ([], "y has no sequences"),
        (["a", ""], r"y\[1\] has no tokens"),
        (["a", 3], r"y\[1\] is 3"),
        ([["a", 3]], r"y\[0\] has the token 3"),
        ([[1], [0.5]], r"y\[1\] is \[0.5\]"),
        ([[1], [-1]], r"y\[1\] is \[-1\]"),
        (np.zeros((2, 2, 2), int), "shape"),
        ({"a": 1}, "not a list of texts"),
    ],
)
def test_anything_but_a_list_of_sequences_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        read_sequences(X, "word", "y")


def test_other_tokens_than_in_training():
    numbers, words = read_sequences([[0, 1]], "word"), read_sequences(["a"], "word")
    with pytest.raises(ValueError, match="fitted on integers"):
        Vocabulary.of(numbers).encode(words)
    with pytest.raises(ValueError, match="fitted on texts"):
        Vocabulary.of(words).encode(numbers)
    with pytest.raises(ValueError, match=r"X\[0\]\[0\] is token 2, .* 0 to 1"):
        Vocabulary.of(numbers).encode(read_sequences([[2]], "word"))
    with pytest.raises(ValueError, match=r"X\[0\]\[1\] is token 1, outside"):
        Vocabulary.of(numbers, size=1)
