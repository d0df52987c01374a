"""Encoding of texts as integers, and decoding."""

import pickle
import random
import time

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils import estimator_checks, get_tags

from skneural import CNNSequenceClassifier
from skneural.preprocessing import TokenEncoder

TEXTS = ["the cat sat , the dog sat .", "a dog !", "Don't say that the cat can't.", "the end"]
TOKENS = [text.split() for text in TEXTS]


def as_lists(encoded):
    return [text.tolist() for text in encoded]


# Splitting


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, world!", ["Hello", ",", "world", "!"]),
        ("don't 'quote' l\u2019été", ["don't", "'", "quote", "'", "l\u2019été"]),
        ("well-known 3.5", ["well", "-", "known", "3", ".", "5"]),
        ("...", [".", ".", "."]),
        (" spaces\tand\nlines\u00a0", ["spaces", "and", "lines"]),
        ("cafe\u0301 \u0301x", ["cafe\u0301", "\u0301", "x"]),  # marks stay what they are and where they are
        ("नमस्ते दुनिया।", ["नमस्ते", "दुनिया", "।"]),
        ("क्\u200dष", ["क्\u200dष"]),
        ("good\u2764\ufe0f\U0001f44d", ["good", "\u2764\ufe0f", "\U0001f44d"]),
    ],
)
def test_words(text, tokens):
    encoder = TokenEncoder()
    assert encoder.inverse_transform(encoder.fit_transform([text])) == [tokens]


def test_characters():
    encoder = TokenEncoder(level="character")
    assert encoder.inverse_transform(encoder.fit_transform(["ab a\u0301"])) == [list("ab a\u0301")]


@pytest.mark.parametrize(
    "options",
    [
        {"token_pattern": r"\S+"},
        {"token_pattern": r"(\S+)(?:\s|$)"},
        {"tokenizer": str.split},
        {"tokenizer": lambda text: np.array(text.split()), "level": "character"},
    ],
)
def test_what_users_split_by(options):
    assert as_lists(TokenEncoder(**options).fit_transform(TEXTS)) == as_lists(TokenEncoder().fit_transform(TOKENS))


@pytest.mark.parametrize("level", ["word", "character"])
def test_tokens_are_taken_as_they_are(level):
    tokens = [["New York", ",", "isn't"], ["x"]]
    encoder = TokenEncoder(level=level)
    encoded = encoder.fit_transform(tokens)
    assert [len(text) for text in encoded] == [3, 1]  # so a label for each token fits
    assert encoder.inverse_transform(encoded) == tokens


@pytest.mark.parametrize("X", [["THE Cat"], [["THE", "Cat"]]], ids=["texts", "tokens"])
def test_lowercase(X):
    for lowercase, size in ((True, 3), (False, 5)):
        encoder = TokenEncoder(lowercase=lowercase)
        encoder.fit([*X, *(["the cat"] if isinstance(X[0], str) else [["the", "cat"]])])
        assert encoder.vocabulary_size_ == size


def test_max_length_is_where_every_text_ends():
    encoder = TokenEncoder(max_length=3).fit(TOKENS)
    assert "dog" in encoder.vocabulary_  # the second token of the second text
    assert "end" in encoder.vocabulary_
    assert "say" in encoder.vocabulary_
    assert "." not in encoder.vocabulary_
    expected = [tokens[:3] for tokens in TOKENS]
    assert encoder.inverse_transform(encoder.transform(TOKENS)) == expected


# The vocabulary


def test_order_is_by_frequency_then_by_code_point():
    encoder = TokenEncoder().fit(["b a c c", "Ä a b c"])
    assert encoder.get_feature_names_out().tolist() == ["<unknown>", "c", "a", "b", "Ä"]
    assert encoder.vocabulary_ == {token: i for i, token in enumerate(encoder.get_feature_names_out())}


def test_order_of_the_texts_does_not_matter():
    shuffled = [random.Random(0).sample(tokens, len(tokens)) for tokens in reversed(TOKENS)]
    assert TokenEncoder().fit(shuffled).vocabulary_ == TokenEncoder().fit(TOKENS).vocabulary_


@pytest.mark.parametrize("size", [2, 4, 1000])
def test_vocabulary_size_keeps_the_most_frequent(size):
    everything = TokenEncoder().fit(TEXTS).get_feature_names_out()
    encoder = TokenEncoder(vocabulary_size=size).fit(TEXTS)
    np.testing.assert_array_equal(encoder.get_feature_names_out(), everything[:size])
    assert encoder.vocabulary_size_ == len(encoder.vocabulary_) == min(size, len(everything))
    assert max(text.max() for text in encoder.transform(TEXTS)) == encoder.vocabulary_size_ - 1


def test_min_frequency_counts_over_all_texts():
    encoder = TokenEncoder(min_frequency=2).fit(["a b c", "a b", "b d"])
    assert encoder.vocabulary_ == {"<unknown>": 0, "b": 1, "a": 2}
    assert as_lists(encoder.transform(["a b c", "b d"])) == [[2, 1, 0], [1, 0]]


def test_unknown_tokens_are_zero():
    encoder = TokenEncoder().fit(TEXTS)
    assert as_lists(encoder.transform(["the zebra sat"]))[0][1] == 0
    assert encoder.inverse_transform([[0]]) == [["<unknown>"]]
    assert all(text.min() > 0 for text in encoder.transform(TEXTS))


def test_the_unknown_token_in_texts_is_unknown():
    encoder = TokenEncoder(unknown_token="<unk>")
    assert as_lists(encoder.fit_transform([["<unk>", "<unk>", "a"]])) == [[0, 0, 1]]
    assert encoder.vocabulary_ == {"<unk>": 0, "a": 1}


def test_texts_without_tokens_are_one_unknown_token():
    encoder = TokenEncoder()
    assert as_lists(encoder.fit_transform(["", "a", " \n"])) == [[0], [1], [0]]
    assert as_lists(encoder.transform([[], ["a"]])) == [[0], [1]]
    assert encoder.transform([]) == []


# Round trips and containers


@pytest.mark.parametrize("level", ["word", "character"])
def test_round_trip(level):
    encoder = TokenEncoder(level=level)
    encoded = encoder.fit_transform(TEXTS)
    for text, again in zip(encoded, encoder.transform(encoder.inverse_transform(encoded)), strict=True):
        np.testing.assert_array_equal(again, text)
        assert text.ndim == 1
        assert text.dtype == np.intp
    if level == "character":
        assert ["".join(text) for text in encoder.inverse_transform(encoded)] == TEXTS


@pytest.mark.parametrize(
    "container",
    [
        tuple,
        np.array,
        lambda X: np.array(X, dtype=object),
        lambda X: np.array(X, dtype=np.dtypes.StringDType()),
        pd.Series,
        lambda X: pd.Series(X, index=[9, 7, 5, 3], dtype=object),
        pd.Index,
        iter,
    ],
)
def test_containers_of_texts(container):
    expected = TokenEncoder().fit_transform(TEXTS)
    encoder = TokenEncoder()
    assert as_lists(encoder.fit_transform(container(TEXTS))) == as_lists(expected)
    assert as_lists(encoder.fit(container(TEXTS)).transform(container(TEXTS))) == as_lists(expected)


@pytest.mark.parametrize(
    "container", [tuple, pd.Series, lambda X: [np.array(text) for text in X], lambda X: [pd.Series(text) for text in X]]
)
def test_containers_of_tokens(container):
    expected = TokenEncoder().fit_transform(TOKENS)
    assert as_lists(TokenEncoder().fit_transform(container(TOKENS))) == as_lists(expected)


def test_names_are_plain_strings():
    encoder = TokenEncoder().fit([list(np.array(["a", "b"]))])
    assert {type(token) for token in encoder.vocabulary_} == {str}


# With scikit-learn


def test_check_estimator():
    # The tag string=True makes scikit-learn skip the checks, because it has no such data.
    with pytest.warns(SkipTestWarning, match="string=True"):
        estimator_checks.check_estimator(TokenEncoder())


def test_tags():
    tags = get_tags(TokenEncoder())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit
    assert not tags.target_tags.required


def test_clone_and_pickle():
    encoder = TokenEncoder(level="character", vocabulary_size=9, lowercase=True).fit(TEXTS)
    again = pickle.loads(pickle.dumps(encoder))
    assert as_lists(again.transform(TEXTS)) == as_lists(encoder.transform(TEXTS))
    fresh = clone(encoder)
    assert fresh.get_params() == encoder.get_params()
    assert not hasattr(fresh, "vocabulary_")


@pytest.mark.parametrize("X", [TEXTS * 5, TOKENS * 5, pd.Series(TEXTS * 5), np.array(TEXTS * 5)])
def test_grid_search_over_a_pipeline(X):
    y = ["animal", "animal", "other", "other"] * 5
    model = CNNSequenceClassifier(
        architecture="textcnn", vocabulary_size=100, channels=4, kernel_size=(1, 2), max_iter=2, random_state=0
    )
    pipeline = Pipeline([("tokens", TokenEncoder(vocabulary_size=100)), ("model", model)])
    grid = {"tokens__level": ["word", "character"], "tokens__min_frequency": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (20,)
    assert search.predict(X[:1]).shape == (1,)


def test_the_number_of_integers_suffices_the_estimator():
    encoder = TokenEncoder(min_frequency=2)
    encoded = encoder.fit_transform([*TEXTS, ""])
    model = CNNSequenceClassifier(
        architecture="textcnn", vocabulary_size=encoder.vocabulary_size_, channels=4, max_iter=2, random_state=0
    )
    assert model.fit(encoded, [0, 0, 1, 1, 1]).predict(encoder.transform(["never seen", ""])).shape == (2,)


def test_configured_output_is_left_alone():
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(TokenEncoder().fit_transform(TEXTS), list)


def test_twenty_thousand_sentences_take_no_time():
    words = [f"word{i}" for i in range(5000)]
    rng = random.Random(0)
    texts = [" ".join(rng.choices(words, k=20)) + "." for _ in range(20_000)]
    start = time.process_time()
    TokenEncoder(vocabulary_size=2000).fit_transform(texts)
    assert time.process_time() - start < 3  # 0.4 s; a machine under load takes longer


# Mistakes


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", r"X is a single str, not a list of texts; pass \[X\]"),
        (b"a text", "X is a single bytes"),
        ([b"a text"], r"Text 0 is b'a text', of type bytes; .* Decode it"),
        (["a", b"b"], "Text 1 is b'b', of type bytes"),
        (["a", None], "Text 1 is None, of type NoneType; .* missing"),
        ([float("nan"), "a"], "Text 0 is nan, of type float; .* missing"),
        (["a", ["b"]], r"Text 1 is \['b'\], of type list; texts are all str, or all lists of str. Text 0 is a str"),
        ([["a"], "b"], "Text 1 is 'b', of type str; texts are all str, or all lists of str"),
        ([1, 2], "Text 0 is 1, of type int"),
        ([["a", 1]], "Text 0 has the token 1, of type int; tokens are str"),
        (np.array([["a", "b"]]), r"X has shape \(1, 2\); pass texts in one dimension"),
        (pd.DataFrame({"text": TEXTS}), r"X has shape \(4, 1\); .* single column"),
        (np.zeros((2, 2)), r"X has shape \(2, 2\)"),
        ({"a": 1}, "X is of type dict, not a list of texts"),
        (None, "X is of type NoneType, not a list of texts"),
        (7, "X is of type int, not a list of texts"),
    ],
)
def test_what_are_no_texts(X, message):
    encoder = TokenEncoder().fit(TEXTS)
    for method in (encoder.transform, TokenEncoder().fit, TokenEncoder().fit_transform):
        with pytest.raises(ValueError, match=message):
            method(X)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        ([], {}, "Of 0 different tokens in 0 texts"),
        (["", " "], {}, "Of 0 different tokens in 2 texts"),
        (["a b", "b c"], {"min_frequency": 3}, "Of 3 different tokens in 2 texts, none occurs min_frequency=3 times"),
        (TEXTS, {"token_pattern": "("}, r"token_pattern='\(' is not a valid regular expression"),
        (TEXTS, {"token_pattern": "(a)(b)"}, "has 2 groups"),
        (TEXTS, {"tokenizer": len}, "The result of tokenizer is 27, of type int"),
        (TEXTS, {"level": "words"}, r"level must be .*; got 'words' \(did you mean 'word'\?\)"),
        (TEXTS, {"vocabulary_size": 1}, "vocabulary_size must be int >= 2 or None; got 1"),
        (TEXTS, {"max_length": 0}, "max_length must be int >= 1 or None; got 0"),
    ],
)
def test_mistakes_in_fit(X, options, message):
    with pytest.raises(ValueError, match=message):
        TokenEncoder(**options).fit(X)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize("name", TokenEncoder().get_params())
def test_every_hyperparameter_is_checked_in_fit(name, method):
    encoder = TokenEncoder(**{name: object()})
    with pytest.raises(ValueError, match=f"TokenEncoder got an invalid hyper-parameter:\n  {name} must be"):
        getattr(encoder, method)(TEXTS)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([[1], [99]], r"Token 99 in X\[1\] is outside the vocabulary, which has the numbers 0 to"),
        ([[-1]], r"Token -1 in X\[0\]"),
        ([[0.5]], r"X\[0\] has shape \(1,\) and dtype float64; expected a list of integers"),
        ([1, 2], r"X\[0\] has shape \(\)"),
    ],
)
def test_mistakes_in_inverse_transform(X, message):
    with pytest.raises(ValueError, match=message):
        TokenEncoder().fit(TEXTS).inverse_transform(X)


@pytest.mark.parametrize("method", ["transform", "inverse_transform", "get_feature_names_out"])
def test_not_fitted(method):
    with pytest.raises(NotFittedError):
        getattr(TokenEncoder(), method)([])


def test_a_failed_fit_leaves_the_vocabulary():
    encoder = TokenEncoder().fit(TEXTS)
    before = dict(encoder.vocabulary_)
    with pytest.raises(ValueError, match="none occurs"):
        encoder.fit([""])
    assert encoder.vocabulary_ == before


def test_pairs_of_words_follow_the_words_of_a_text():
    encoder = TokenEncoder(ngram_range=(1, 2), lowercase=True).fit(["Not good.", "good"])
    assert set(encoder.vocabulary_) == {"<unknown>", "not", "good", ".", "not good", "good ."}
    (numbers,) = encoder.transform(["not good ."])
    assert encoder.inverse_transform([numbers]) == [["not", "good", ".", "not good", "good ."]]


def test_unknown_ngrams_are_left_out():
    encoder = TokenEncoder(ngram_range=(1, 2)).fit(["a b", "b c"])
    encoded = encoder.transform(["a c b", "d b c", "d"])
    decoded = encoder.inverse_transform(encoded)
    assert decoded == [["a", "c", "b"], ["b", "c", "b c"], ["<unknown>"]]


def test_ngrams_of_characters_have_no_space_between_them():
    encoder = TokenEncoder(level="character", ngram_range=(2, 3)).fit(["abc", "xy"])
    assert set(encoder.vocabulary_) == {"<unknown>", "ab", "bc", "abc", "xy"}
    assert encoder.inverse_transform(encoder.transform(["xabc"])) == [["ab", "bc", "abc"]]


def test_ngrams_of_own_tokens_are_joined_by_a_space():
    words = TokenEncoder(level="character", tokenizer=str.split, ngram_range=(2, 2)).fit(["to be or"])
    assert set(words.vocabulary_) == {"<unknown>", "to be", "be or"}


@pytest.mark.parametrize("ngram_range", [(0, 1), (2, 1), (1,), "12", (1, 2.5), 2])
def test_impossible_ranges_of_ngrams_are_refused(ngram_range):
    with pytest.raises(ValueError, match="ngram_range"):
        TokenEncoder(ngram_range=ngram_range).fit(["a b"])
