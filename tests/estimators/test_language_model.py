"""Language models: what they read, tell and write."""

import pickle
import re

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from skneural import LanguageModel, TransformerSequenceClassifier
from skneural.networks.language import LANGUAGE_ARCHITECTURES
from skneural.preprocessing import TokenEncoder
from skneural.testing.estimator_contract import check_estimator_contract

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
TEXTS = ["".join(RNG.choice(list("abcd "), n)).strip() + "a" for n in RNG.integers(1, 30, 24)]
WORDS = [text.split() for text in TEXTS]
NUMBERS = [RNG.integers(0, 7, n) for n in RNG.integers(1, 30, 24)]
ROWS = RNG.integers(0, 7, (24, 9))
SETS = [(RNG.random((n, 5)) < 0.4).astype(np.uint8) for n in RNG.integers(1, 30, 24)]
ARRAY_OF_SETS = (RNG.random((24, 9, 3)) < 0.4).astype(np.float64)
COUNTING = ["abcdefgh" * 4] * 10


def model(**options):
    small = {"d_model": 8, "n_heads": 2, "n_layers": 1, "feedforward_size": 8, "context_length": 12}
    return LanguageModel(**small | {"max_iter": 3, "random_state": 0} | options)


KINDS = {
    "characters": (TEXTS, {}),
    "words": (TEXTS, {"level": "word"}),
    "lists of words": (WORDS, {}),
    "integers": (NUMBERS, {}),
    "rows of integers": (ROWS, {"vocabulary_size": 8}),
}
every_kind = pytest.mark.parametrize(("X", "options"), KINDS.values(), ids=KINDS)
every_architecture = pytest.mark.parametrize("architecture", LANGUAGE_ARCHITECTURES)
EACH = [*({"architecture": name} for name in LANGUAGE_ARCHITECTURES), {"objective": "masked"}]
each = pytest.mark.parametrize("kind", EACH, ids=str)


@every_kind
@each
def test_contract(X, options, kind):
    check_estimator_contract(model(max_iter=2, **options, **kind), X, None)


@pytest.mark.parametrize(
    ("architecture", "X"),
    [("transformer", SETS), ("lstm", ARRAY_OF_SETS)],
    ids=["list", "array"],
)
def test_contract_for_sets(architecture, X):
    check_estimator_contract(model(max_iter=2, architecture=architecture), X, None)


@each
def test_the_score_is_the_mean_of_the_loss(kind):
    fitted = model(dropout=0, **kind).fit(TEXTS, X_val=TEXTS)
    assert fitted.score(TEXTS) < 0
    assert fitted.perplexity(TEXTS) == pytest.approx(np.exp(-fitted.score(TEXTS)))
    if fitted.objective == "causal":  # what is hidden is drawn otherwise
        assert fitted.score(TEXTS) == pytest.approx(fitted.best_validation_score_, rel=1e-5)
        assert fitted.score_samples(TEXTS).sum() / sum(map(len, TEXTS)) == pytest.approx(fitted.score(TEXTS))
        assert fitted.score_samples(TEXTS[3:4]) == pytest.approx(fitted.score_samples(TEXTS)[3], rel=1e-5)


@every_architecture
def test_no_token_is_told_by_later_ones(architecture):
    fitted = model(architecture=architecture).fit(TEXTS)
    together = fitted.score_samples(["abca", "abcd"])
    first = fitted.score_samples(["abc"])
    numbers = [fitted.vocabulary_.index(letter) for letter in "abcad"]
    start = fitted.vocabulary_size_
    scores = fitted.network_.predict(fitted._parameters(), np.array([[start, *numbers[:3]]]))[-1]
    likelihoods = np.log(np.exp(scores) / np.exp(scores).sum())[numbers[3:]]
    np.testing.assert_allclose(together, first + likelihoods, rtol=1e-5)


@every_architecture
def test_it_learns_to_count(architecture):
    settings = {"d_model": 16, "dropout": 0, "learning_rate_init": 0.02, "max_iter": 60, "context_length": 16}
    fitted = model(architecture=architecture, **settings).fit(COUNTING)
    assert fitted.generate("abc", 13, temperature=0) == "defghabcdefgh"
    assert fitted.perplexity(["abcdefghab"]) < 1.2


def test_hidden_tokens_are_told_from_both_sides():
    settings = {"d_model": 16, "dropout": 0, "learning_rate_init": 0.02, "max_iter": 200, "n_iter_no_change": 200}
    fitted = model(objective="masked", **settings).fit(COUNTING)
    assert fitted.perplexity(COUNTING) < 1.5


@every_kind
def test_what_is_written_has_the_form_of_the_prompt(X, options):
    fitted = model(**options).fit(X)
    written = fitted.generate(n_tokens=5, random_state=0)
    assert type(written) is (np.ndarray if isinstance(X[0], np.ndarray) else type(X[0]))
    n = len(written.split()) if options.get("level") == "word" else len(written)
    assert n == 5
    assert "<unknown>" not in str(written)
    same = fitted.generate(X[0], 4, random_state=3), fitted.generate(X[0], 4, random_state=3)
    assert np.array_equal(*same)
    if isinstance(X[0], np.ndarray):
        assert written.max() < fitted.vocabulary_size_
        assert np.array_equal(fitted.generate(X[0].tolist(), 4, random_state=3), same[0])


@pytest.mark.parametrize("positional", ["sinusoidal", "learned", "rotary", "none"])
def test_it_writes_beyond_its_context_and_takes_longer_prompts(positional):
    fitted = model(positional=positional).fit(TEXTS)
    assert len(fitted.generate("abc", 50, random_state=0)) == 50
    assert len(fitted.generate("abcd" * 20, 50, random_state=0)) == 50
    assert fitted.generate("dd" + "abc" * 4, 1, temperature=0) == fitted.generate("abc" * 4, 1, temperature=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_tokens": 0}, "n_tokens must be int >= 1"),
        ({"temperature": -1}, "temperature must be"),
        ({"top_k": 0}, "top_k must be"),
        ({"prompt": [1, 2]}, "prompt is sequences of integers"),
        ({"prompt": ["a", 2]}, "has the token 2"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        model().fit(TEXTS).generate(**arguments)


def test_tokens_never_seen():
    fitted = model().fit(TEXTS)
    assert np.isfinite(fitted.score(["xyz"]))
    assert len(fitted.generate("xyz", 3)) == 3
    numbers = model().fit(NUMBERS)
    with pytest.raises(ValueError, match=r"X\[0\]\[0\] is token 7"):
        numbers.score([[7]])
    with pytest.raises(ValueError, match=r"prompt\[0\]\[0\] is token 9"):
        numbers.generate([9])
    with pytest.raises(ValueError, match="fitted on texts"):
        fitted.score(NUMBERS)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", r"pass \[X\]"),
        ([], "no sequences"),
        (["a", ""], r"X\[1\] has no tokens"),
        ([[1], []], r"X\[1\] has no tokens"),
        ([[0.5, 1.5]], "integers"),
    ],
)
def test_bad_texts(X, message):
    with pytest.raises(ValueError, match=message):
        model().fit(X)
    fitted = model().fit(TEXTS)
    with pytest.raises(ValueError, match=r"X|sequences"):
        fitted.transform(X)


@pytest.mark.parametrize("architecture", ["lstm", "gru", "mamba"])
def test_only_transformers_see_both_sides(architecture):
    with pytest.raises(ValueError, match='needs architecture="transformer"'):
        model(architecture=architecture, objective="masked").fit(TEXTS)


def test_what_reads_both_sides_does_not_write():
    fitted = model(objective="masked").fit(TEXTS)
    assert not hasattr(fitted, "generate")
    assert not hasattr(fitted, "score_samples")
    assert fitted.score(TEXTS) == fitted.score(TEXTS)


def test_not_fitted():
    for call in (lambda m: m.generate(), lambda m: m.score(TEXTS), lambda m: m.transform(TEXTS)):
        with pytest.raises(NotFittedError):
            call(model())


@each
def test_embeddings_do_not_depend_on_company_or_padding(kind):
    fitted = model(**kind).fit(TEXTS)
    whole = fitted.transform(TEXTS)
    assert whole.shape == (24, 8)
    for i in (0, 5):
        np.testing.assert_allclose(fitted.transform(TEXTS[i : i + 1])[0], whole[i], atol=1e-5)
    assert fitted.get_feature_names_out()[1] == "languagemodel1"


def test_a_long_text_is_as_good_as_its_windows():
    one, many = (model(shuffle=False).fit(X) for X in (["abcd" * 30], ["abcd" * 30]))
    assert np.array_equal(one.weights_, many.weights_)
    assert one.t_ == 3 * 10
    assert one.transform(["abcd" * 30]).shape == (1, 8)


def test_a_text_of_weight_two_is_a_text_twice():
    settings = {"solver": "lbfgs", "dropout": 0, "alpha": 0}
    weighted = model(**settings).fit(TEXTS, sample_weight=np.r_[2, np.ones(23)])
    repeated = model(**settings).fit([TEXTS[0], *TEXTS])
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-4)


def test_a_text_of_weight_zero_counts_for_nothing():
    settings = {"solver": "lbfgs", "dropout": 0, "alpha": 0}
    weighted = model(**settings).fit(["dddddddd", *TEXTS], sample_weight=np.r_[0, np.ones(24)])
    without = model(**settings).fit(TEXTS)
    assert weighted.vocabulary_ == without.vocabulary_
    np.testing.assert_allclose(weighted.loss_curve_, without.loss_curve_, rtol=1e-4)


@each
def test_chunks_of_text(kind):
    streamed = model(**kind)
    for start in range(0, 24, 8):
        streamed.partial_fit(TEXTS[start : start + 8])
    assert streamed.score(TEXTS) < 0
    back = pickle.loads(pickle.dumps(streamed))
    assert np.array_equal(back.partial_fit(TEXTS).weights_, streamed.partial_fit(TEXTS).weights_)


def test_early_stopping_holds_out_windows():
    fitted = model(early_stopping=True).fit(["abcd" * 60])
    assert len(fitted.validation_scores_) == fitted.n_iter_


@each
@every_kind
def test_scorers_get_windows_in_the_form_of_the_texts(X, options, kind):
    given = []

    def score(estimator, X, y):
        given.append(X)
        assert y is None
        return estimator.score(X)

    text = X[0] if isinstance(X[0], list | np.ndarray) else " ".join(X)
    long = [np.resize(text, 100) if isinstance(text, np.ndarray) else 20 * text]
    fitted = model(early_stopping=True, scoring=score, **options, **kind).fit(long)
    assert max(fitted.validation_scores_) < 0
    for window in given[0]:
        assert type(window) is type(long[0])
        n_tokens = len(window.split()) if options.get("level") == "word" else len(window)
        assert n_tokens <= 12
    original = fitted._reader.encode(long)[0].tolist()
    for numbers in fitted._reader.encode(given[0]):
        starts = range(len(original) - len(numbers) + 1)
        assert any(original[start : start + len(numbers)] == numbers.tolist() for start in starts)


def test_scorers_get_texts_that_are_whole():
    given = []
    settings = {"scoring": lambda estimator, X, y: given.append(X) or estimator.score(X), "context_length": 40}
    fitted = model(early_stopping=True, **settings).fit(TEXTS)
    assert set(given[0]) <= set(TEXTS)
    model(**settings).fit(TEXTS, X_val=TEXTS[:3])
    assert given[-1] == TEXTS[:3]
    plain = model(early_stopping=True, context_length=40).fit(TEXTS)
    np.testing.assert_allclose(fitted.validation_scores_, plain.validation_scores_, rtol=1e-5)


def test_unknown_characters_of_windows_are_unknown_to_scorers():
    given = []
    settings = {"scoring": lambda estimator, X, y: given.append(X) or estimator.score(X), "early_stopping": True}
    fitted = model(vocabulary_size=3, **settings).fit(["abcdacbd" * 20])
    assert "\ufffd" in "".join(given[0])
    assert all(len(window) <= 12 for window in given[0])
    assert {int(number) for numbers in fitted._reader.encode(given[0]) for number in numbers} == {0, 1, 2}


def test_more_epochs():
    fitted = model(warm_start=True).fit(TEXTS)
    assert len(fitted.fit(TEXTS).loss_curve_) == 6
    with pytest.raises(ValueError, match="Training cannot continue"):
        fitted.set_params(context_length=5).fit(TEXTS)


def test_in_searches_and_pipelines():
    search = GridSearchCV(model(), {"d_model": [4, 8], "architecture": ["gru", "transformer"]}, cv=2).fit(TEXTS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    y = [text.count("a") > 2 for text in TEXTS]
    pipeline = make_pipeline(model(), LogisticRegression()).fit(TEXTS, y)
    assert 0 <= pipeline.score(TEXTS, y) <= 1
    encoded = make_pipeline(TokenEncoder(level="character"), model()).fit(TEXTS)
    assert encoded.transform(TEXTS).shape == (24, 8)


def test_a_clone_knows_no_tokens():
    fitted = model().fit(TEXTS)
    assert not hasattr(clone(fitted), "vocabulary_")
    assert fitted.vocabulary_[0] == "<unknown>"


def test_rare_tokens_are_unknown():
    fitted = model(level="word", vocabulary_size=3).fit(["a a a b b c"])
    assert fitted.vocabulary_ == ["<unknown>", "a", "b"]
    assert model(level="word", min_frequency=3).fit(["a a a b b c"]).vocabulary_ == ["<unknown>", "a"]
    assert "<unknown>" not in fitted.generate(n_tokens=50, random_state=0)


@each
def test_shards_change_nothing_but_rounding(kind, small_shards):
    one, two = (model(n_jobs=n, dropout=0.2, **kind).fit(TEXTS) for n in (1, 2))
    assert set(small_shards) == {2}
    np.testing.assert_allclose(two.transform(TEXTS), one.transform(TEXTS), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("objective", ["causal", "masked"])
def test_held_out_texts_may_be_scored_in_parts(objective, monkeypatch):
    """Scores of all tokens for all of them would need too much memory at once."""
    weight = np.linspace(1, 2, 24)
    fits = {"X": TEXTS, "X_val": TEXTS, "sample_weight_val": weight}
    whole = model(objective=objective).fit(**fits).validation_scores_
    monkeypatch.setattr("skneural.estimators.language_model.reader.SCORES_PER_BLOCK", 1)
    monkeypatch.setattr("skneural.template.training.BLOCKS_PER_PART", 3)
    in_parts = model(objective=objective).fit(**fits)
    np.testing.assert_allclose(in_parts.validation_scores_, whole, rtol=1e-5)


def test_embeddings_as_a_table():
    frame = model().set_output(transform="pandas").fit_transform(TEXTS)
    assert list(frame.columns)[:2] == ["languagemodel0", "languagemodel1"]


def test_the_tag_of_the_output_is_true():
    model = LanguageModel(d_model=4, n_heads=2, n_layers=1, max_iter=1)
    embedding = model.fit(["ab", "ba"]).transform(["ab"])
    assert get_tags(model).transformer_tags.preserves_dtype == [embedding.dtype]


# --- series of sets --------------------------------------------------------------------------------------

TURNS = np.tile([[1, 0, 1], [0, 1, 1], [0, 0, 0]], (12, 6, 1))


@every_architecture
def test_it_learns_which_classes_follow(architecture):
    settings = {"d_model": 16, "dropout": 0, "learning_rate_init": 0.02, "max_iter": 60, "context_length": 18}
    fitted = model(architecture=architecture, **settings).fit(TURNS)
    np.testing.assert_array_equal(fitted.generate(TURNS[0, :4], 5, temperature=0), TURNS[0, 4:9])
    np.testing.assert_array_equal(fitted.generate(n_tokens=3, temperature=0), TURNS[0, :3])
    assert fitted.perplexity(TURNS) < 1.2
    assert fitted.transform(TURNS).shape == (12, 16)
    assert fitted.vocabulary_size_ == fitted.n_features_in_ == 3


@every_architecture
def test_likelihoods_of_sets_are_products_over_classes_and_steps(architecture):
    fitted = model(architecture=architecture).fit(SETS)
    series = SETS[4][:6]
    steps = np.zeros((1, 6, 6), np.float32)
    steps[0, 0, -1] = 1  # the start
    steps[0, 1:, :5] = series[:-1]
    probability = 1 / (1 + np.exp(-fitted.network_.predict(fitted._parameters(), steps)))
    likelihood = np.log(np.where(series, probability, 1 - probability)).sum(axis=1)
    assert fitted.score_samples([series])[0] == pytest.approx(likelihood.sum(), rel=1e-5)
    assert fitted.score([series]) == pytest.approx(likelihood.mean(), rel=1e-5)
    assert fitted.score([series], n_given=2) == pytest.approx(likelihood[2:].mean(), rel=1e-5)
    assert fitted.perplexity([series]) == pytest.approx(np.exp(-likelihood.mean()), rel=1e-5)


def test_given_tokens_do_not_count():
    fitted = model().fit(TEXTS)
    long = "abca bcad cab da"  # more than one window
    expected = (fitted.score_samples([long]) - fitted.score_samples([long[:3]])) / (len(long) - 3)
    assert fitted.score([long], n_given=3) == pytest.approx(expected[0], rel=1e-5)
    mean = (fitted.score([long], n_given=2) * 14 + fitted.score(["abc"], n_given=2)) / 15
    assert fitted.score([long, "abc", "a"], n_given=2) == pytest.approx(mean, rel=1e-5)


def test_frequent_classes_are_drawn_often():
    music = (np.random.default_rng(0).random((40, 20, 3)) < [0.1, 0.5, 0.9]).astype(int)
    fitted = model(architecture="gru", max_iter=20, learning_rate_init=0.01, dropout=0).fit(music)
    drawn = fitted.generate(n_tokens=600, random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), [0.1, 0.5, 0.9], atol=0.1)
    assert fitted.generate(n_tokens=50, top_k=1, random_state=0).sum(axis=1).max() == 1
    np.testing.assert_array_equal(
        fitted.generate(n_tokens=50, random_state=1), fitted.generate(None, 50, random_state=1)
    )


def test_held_out_sets_are_scored_as_they_were_given():
    scored = []

    def scoring(estimator, X, y):
        scored.append(X)
        return estimator.score(X)

    model(early_stopping=True, validation_fraction=0.5, scoring=scoring, max_iter=1).fit(ARRAY_OF_SETS)
    assert all(window.shape == (9, 3) for window in scored[0])


def test_partial_fit_continues_with_sets():
    fitted = model(architecture="lstm").partial_fit(SETS).partial_fit(SETS)
    assert len(fitted.loss_curve_) == 2
    restored = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        restored.generate(SETS[0], 5, random_state=0), fitted.generate(SETS[0], 5, random_state=0)
    )


MISTAKES_WITH_SETS = {
    "values": (lambda: model().fit([np.eye(3), 2 * np.eye(3)]), "X[1] has the value 2.0. Series of sets are one where"),
    "missing": (lambda: model().fit(np.full((2, 3, 4), np.nan)), "X[0] has the value nan"),
    "classes": (lambda: model().fit([np.eye(3), np.eye(4)]), "X[1] has shape (4, 4), and X[0] has (3, 3)"),
    "empty": (lambda: model().fit([np.eye(3), np.eye(0, 3)]), "X[1] has shape (0, 3)"),
    "masked": (lambda: model(objective="masked").fit(SETS), 'objective="masked" masks tokens'),
    "texts": (lambda: model().fit(SETS).score(TEXTS), "X is texts, but LanguageModel was fitted on sets"),
    "sets": (lambda: model().fit(TEXTS).score(SETS), "X is sets, but LanguageModel was fitted on texts"),
    "other classes": (
        lambda: model().fit(SETS).score(ARRAY_OF_SETS),
        "X has 3 classes, but LanguageModel was fitted on 5",
    ),
    "prompt": (lambda: model().fit(SETS).generate(np.zeros(5)), "prompt has shape (5,); expected one series of sets"),
    "wide prompt": (lambda: model().fit(SETS).generate(np.zeros((2, 4))), "in the training data, (steps, 5)"),
    "n_given": (lambda: model().fit(SETS).score(SETS, n_given=-1), "n_given must be int >= 0; got -1"),
    "all given": (lambda: model().fit(SETS).score(SETS, n_given=30), "n_given=30 leaves nothing to predict"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES_WITH_SETS.values(), ids=MISTAKES_WITH_SETS)
def test_mistakes_with_sets_are_answered(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_a_model_of_sets_starts_no_classifier_of_texts():
    of_sets = FrozenEstimator(model().fit(SETS))
    classifier = TransformerSequenceClassifier(
        d_model=8, n_heads=2, n_layers=1, feedforward_size=8, pretrained=of_sets, max_iter=1
    )
    with pytest.raises(ValueError, match="pretrained was fitted on sets"):
        classifier.fit(TEXTS, np.arange(24) % 2)
