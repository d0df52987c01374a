import numpy as np
import pytest

from skneural.data.texts import ensure_texts, listed_texts, listed_tokens, read_sequences, written


@pytest.mark.parametrize(("level", "expected"), [("word", ["two", "words"]), ("character", list("two words"))])
def test_texts_are_split_at_their_level_and_written_again(level, expected):
    sequences = read_sequences(["two words"], level)
    assert sequences.form == "text"
    assert sequences.sequences == [expected]
    assert written(expected, "text", level) == "two words"


def test_tokens_and_numbers_are_taken_as_they_are():
    assert read_sequences([["a", "b"], ("c",)], "word").sequences == [["a", "b"], ["c"]]
    numbers = read_sequences(np.array([[1, 2], [3, 4]]), "word")
    assert numbers.form == "numbers"
    np.testing.assert_array_equal(numbers.sequences, [[1, 2], [3, 4]])
    assert written(["a", "b"], "tokens", "word") == ["a", "b"]
    np.testing.assert_array_equal(written([1, 2], "numbers", "word"), [1, 2])


def test_what_is_no_text_is_refused():
    with pytest.raises(ValueError, match="single str, not a list"):
        listed_texts("one text")
    with pytest.raises(ValueError, match="Decode it"):
        ensure_texts(["a", b"b"])
    with pytest.raises(ValueError, match="of type int; tokens are str"):
        listed_tokens(["a", 2], "X[0]")
