"""Sequence-to-sequence networks on texts, lists of tokens and integers, decoded without targets."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_predict

from skneural import SequenceToSequence
from skneural.losses import CTCLoss
from skneural.networks.shards import rows_per_shard
from skneural.testing import check_estimator_contract

SMALL = {"hidden_size": 12, "embedding_size": 6, "n_heads": 2, "feedforward_size": 8, "max_iter": 3, "random_state": 0}
RNG = np.random.default_rng(0)
NUMBERS = [RNG.integers(0, 5, n) for n in [4, 4, *RNG.integers(1, 7, 58)]]
NUMBERS[0] = np.arange(5)  # all tokens
BACKWARDS = [sequence[::-1].copy() for sequence in NUMBERS]
WORDS = ["".join("abcde"[i] for i in sequence) for sequence in NUMBERS]
SENTENCES = [" ".join(["one", "two", "three", "four", "five"][i] for i in sequence) for sequence in NUMBERS]
FORMS = {
    "characters": (WORDS, [word[::-1] for word in WORDS], {}),
    "words": (SENTENCES, WORDS, {"level": "word"}),
    "tokens": ([list(word) for word in WORDS], [list(word[::-1]) for word in WORDS], {}),
    "integers": (NUMBERS, BACKWARDS, {"vocabulary_size": 5}),
    "texts to integers": (WORDS, BACKWARDS, {"vocabulary_size": 6}),
    "an array of texts": (np.array(WORDS), np.array(WORDS), {}),
    "vectors": (RNG.standard_normal((60, 3)), WORDS, {}),
}
each_form = pytest.mark.parametrize(("X", "y", "options"), FORMS.values(), ids=FORMS)
KINDS = [
    {"attention": "additive"},
    {"architecture": "lstm", "attention": "dot", "n_layers": 2, "dropout": 0.2},
    {"attention": "none"},
    {"architecture": "transformer", "dropout": 0.1},
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def model(**options):
    return SequenceToSequence(**SMALL | options)


@pytest.fixture(scope="module")
def trained():
    """It has learned to write words backwards."""
    words = ["".join(RNG.choice(list("abcde"), RNG.integers(1, 6))) for _ in range(400)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model(hidden_size=32, learning_rate_init=0.02, max_iter=25).fit(words, [word[::-1] for word in words])


@each_form
@each_kind
def test_contract(X, y, options, kind):
    check_estimator_contract(model(max_iter=2, **kind, **options), X, y)


@each_form
def test_predictions_have_the_form_of_y(X, y, options):
    predicted = model(**options).fit(X, y).predict(X)
    assert len(predicted) == len(X)
    for one, true in zip(predicted, y, strict=True):
        assert isinstance(one, type(true) if not isinstance(true, np.str_) else str)
        assert not isinstance(one, np.ndarray) or one.dtype.kind == "i"
    assert isinstance(predicted, list) != isinstance(y[0], str)


def test_it_learns(trained):
    words = ["edcba", "a", "bad", "ace"]
    assert list(trained.predict(words)) == ["abcde", "a", "dab", "eca"]
    backwards = [word[::-1] for word in words]
    assert trained.score(words, backwards) == trained.token_accuracy(words, backwards) == 1.0
    assert trained.score(["bad", "ace"], ["dab", "???"], sample_weight=[3, 1]) == 0.75
    assert trained.token_accuracy(["bad"], ["da"]) == pytest.approx(2 / 3)  # a token too many is a wrong one
    assert trained.token_accuracy(["bad", "a"], ["dxb", "ab"]) == pytest.approx(3 / 5)


def test_a_prediction_may_be_empty():
    fitted = model().fit(WORDS, WORDS)
    fitted.network_.output_bias(fitted._parameters())[-1] = 100  # the end
    assert set(fitted.predict(WORDS)) == {""}
    assert fitted.score(WORDS, WORDS) == fitted.token_accuracy(WORDS, WORDS) == 0.0
    assert fitted.attention_weights(["abc"])[0].shape == (0, 3)
    numbers = model().fit(NUMBERS, NUMBERS)
    numbers.network_.output_bias(numbers._parameters())[-1] = 100
    assert [len(one) for one in numbers.predict(NUMBERS)] == [0] * 60


def test_attention_looks_where_the_token_comes_from(trained):
    (weights,) = trained.attention_weights(["edcba"])
    assert weights.shape == (5, 5)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    assert (weights.argmax(axis=1) == [4, 3, 2, 1, 0]).mean() >= 0.6


@each_kind
def test_attention_of_each_sample_is_its_own(kind):
    fitted = model(**kind).fit(WORDS, WORDS)
    if kind.get("attention") == "none":
        assert not hasattr(fitted, "attention_weights")
        return
    together = fitted.attention_weights(WORDS)
    for word, predicted, weights in zip(WORDS, fitted.predict(WORDS), together, strict=True):
        assert weights.shape == (len(predicted), len(word))
    (alone,) = fitted.attention_weights(WORDS[7:8])
    np.testing.assert_allclose(alone, together[7], rtol=1e-4, atol=1e-6)


@each_kind
def test_a_beam_of_one_is_greedy_and_wider_beams_are_no_worse(kind, trained):
    fitted = model(**kind, beam_width=3).fit(WORDS, WORDS)
    assert all(isinstance(word, str) for word in fitted.predict(WORDS))
    wide = clone(trained).set_params(beam_width=4)
    wide.__dict__.update({**vars(trained), "beam_width": 4})
    assert list(wide.predict(["edcba", "bad"])) == ["abcde", "dab"]


@each_kind
def test_predictions_do_not_depend_on_company(kind):
    fitted = model(**kind, learning_rate_init=0.03, max_iter=10).fit(WORDS, WORDS)
    together = fitted.predict([*WORDS, "abcdeabcdeabcde"])
    assert [fitted.predict([word])[0] for word in WORDS[:10]] == list(together[:10])


def test_search_over_lists():
    X, y = FORMS["tokens"][:2]
    search = GridSearchCV(model(), {"attention": ["additive", "none"], "beam_width": [1, 2]}, cv=2).fit(X, y)
    assert search.best_score_ >= 0
    assert isinstance(search.predict(X[:2])[0], list)
    for form in ("characters", "tokens", "integers"):
        X, y, options = FORMS[form]
        assert len(cross_val_predict(model(**options), X, y, cv=2)) == len(X)


def test_round_trips(trained):
    path = f"{SequenceToSequence.__module__}.SequenceToSequence"
    file = skops.io.dumps(trained)
    assert skops.io.get_untrusted_types(data=file) == [path]
    for back in (pickle.loads(pickle.dumps(trained)), skops.io.loads(file, trusted=[path])):
        assert list(back.predict(WORDS)) == list(trained.predict(WORDS))


def test_held_out_data_and_scorers_that_decode():
    X, y, _ = FORMS["characters"]
    fitted = model(scoring=lambda estimator, X, y: estimator.score(X, y)).fit(X, y, X_val=X[:9], y_val=y[:9])
    assert len(fitted.validation_scores_) == fitted.n_iter_
    assert all(round(9 * score) == pytest.approx(9 * score) for score in fitted.validation_scores_)
    equal = ["abc", "bca", "cab"] * 10
    exact = model(scoring=lambda estimator, X, y: estimator.score(X, y), early_stopping=True, validation_fraction=0.5)
    assert len(exact.fit(equal, equal).validation_scores_) == exact.n_iter_
    assert model(early_stopping=True).fit(X, y).validation_scores_[0] < 0  # minus the loss


def test_a_weight_of_five_is_five_repetitions():
    options = {"learning_rate_init": 0.03, "max_iter": 10}
    weighed = model(batch_size=60, **options).fit(WORDS, WORDS, sample_weight=np.where(np.arange(60) < 15, 5.0, 1.0))
    repeated = model(batch_size=120, **options).fit([*WORDS, *4 * WORDS[:15]], [*WORDS, *4 * WORDS[:15]])
    plain = model(batch_size=60, **options).fit(WORDS, WORDS)
    # The bias of the unknown token, which does not occur, starts lower the more samples there are.
    np.testing.assert_allclose(weighed.loss_curve_, repeated.loss_curve_, rtol=5e-3)
    assert not np.allclose(weighed.loss_curve_, plain.loss_curve_, rtol=5e-3)


def test_passes_go_on():
    one = model().partial_fit(WORDS, WORDS).partial_fit(WORDS, WORDS)
    assert one.t_ == 2 * len(WORDS)
    whole = model(max_iter=2).fit(WORDS, WORDS)
    np.testing.assert_array_equal(one.weights_, whole.weights_)
    with pytest.warns(UserWarning, match="such as 'x'. They count as unknown"):
        one.partial_fit(["abx"], ["xx"])


def test_threads_share_batches():
    options = {"architecture": "transformer", "hidden_size": 64, "feedforward_size": 128, "dropout": 0.2}
    one, two = (model(**options, n_jobs=n_jobs, batch_size=60).fit(WORDS, WORDS) for n_jobs in (1, 2))
    x = two._task.pairs(two._read(WORDS), two._decoded(two._read(WORDS)))
    assert rows_per_shard(two.network_, two._parameters(), x) <= 30
    np.testing.assert_allclose(one.loss_curve_, two.loss_curve_, rtol=1e-4)


def test_a_vector_is_a_memory_of_one_step():
    X, y = FORMS["vectors"][:2]
    fitted = model(learning_rate_init=0.03).fit(X, y)
    for weights, word in zip(fitted.attention_weights(X), fitted.predict(X), strict=True):
        np.testing.assert_array_equal(weights, np.ones((len(word), 1)))


def test_pandas():
    X, y = pd.Series(WORDS, index=np.arange(60) + 7), pd.Series(WORDS)
    assert list(model().fit(X, y).predict(X)) == list(model().fit(WORDS, WORDS).predict(WORDS))


def test_unknown_tokens_of_x_are_one_token(trained):
    assert list(trained.predict(["ax", "a?"])) == list(trained.predict(["ay", "ay"]))
    assert "<unknown>" not in "".join(trained.predict(["xyz"]))


def test_the_encoder_follows_from_x():
    assert model().fit(*FORMS["vectors"][:2]).encoder_ == "dense"
    assert model().fit(WORDS, WORDS).encoder_ == "rnn"
    assert model(architecture="transformer").fit(WORDS, WORDS).encoder_ == "transformer"
    rows_of_tokens = RNG.integers(0, 5, (60, 4))
    assert model().fit(rows_of_tokens, rows_of_tokens).encoder_ == "rnn"
    for architecture in ("gru", "transformer"):
        for encoder in ("rnn", "transformer"):
            fitted = model(architecture=architecture, encoder=encoder).fit(WORDS, WORDS)
            assert fitted.encoder_ == encoder
    wide = FORMS["vectors"][0][:, :1].tolist()
    assert model(encoder="dense").fit(wide, WORDS).n_features_in_ == 1


MISTAKES = {
    "other lengths": (lambda: model().fit(WORDS, WORDS[:-1]), r"inconsistent numbers of samples: \[60, 59\]"),
    "no y": (lambda: model().fit(WORDS, None), "requires y to be passed"),
    "an empty source": (lambda: model().fit(["", *WORDS], ["a", *WORDS]), r"X\[0\] has no tokens"),
    "an empty target": (lambda: model().fit(["a", *WORDS], ["", *WORDS]), r"y\[0\] has no tokens"),
    "one text": (lambda: model().fit("abc", ["abc"]), r"single str, not a list of texts"),
    "a label for each": (lambda: model().fit(WORDS, np.arange(60)), r"y\[0\] is 0"),
    "too long": (
        lambda: model(max_length=4).fit(WORDS, WORDS),
        "has 5 tokens, more than max_length=4, the length of the longest prediction",
    ),
    "no beam": (lambda: model(beam_width=0).fit(WORDS, WORDS), "beam_width must be int >= 1; got 0"),
    "no beam after training": (
        lambda: model().fit(WORDS, WORDS).set_params(beam_width=0).predict(WORDS),
        "beam_width must be int >= 1; got 0",
    ),
    "an integer too great": (
        lambda: model(vocabulary_size=4).fit(NUMBERS, NUMBERS),
        r"X\[0\]\[4\] is token 4, outside",
    ),
    "an integer never seen": (lambda: model().fit(NUMBERS, NUMBERS).predict([[7]]), r"X\[0\]\[0\] is token 7, outside"),
    "texts after integers": (lambda: model().fit(NUMBERS, NUMBERS).predict(WORDS), "texts, but .* fitted on integers"),
    "integers after texts": (lambda: model().fit(WORDS, WORDS).predict(NUMBERS), "integers, but .* fitted on texts"),
    "an empty source to predict": (lambda: model().fit(WORDS, WORDS).predict([""]), r"X\[0\] has no tokens"),
    "heads": (lambda: model(architecture="transformer", n_heads=5).fit(WORDS, WORDS), "n_heads=5"),
    "validation data of integers": (
        lambda: model().fit(WORDS, WORDS, X_val=WORDS, y_val=NUMBERS),
        "y is sequences of integers",
    ),
    "integers and floats": (lambda: model().fit([[1], *[[0.5, 1.0]] * 8], WORDS[:9]), r"X\[1\] is \[0.5, 1.0\]"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_loss_of_alignments_is_chosen_by_its_name():
    """A `CTCLoss` alone would meet a network with a decoder."""
    with pytest.raises(ValueError, match='set loss="ctc"'):
        SequenceToSequence(loss=CTCLoss(5), max_iter=1).fit(["a", "b"], ["b", "a"])
