"""Sequence-to-sequence networks on series and images, with attention and with connectionist temporal classification."""

import pickle

import numpy as np
import pytest
import skops.io
from sklearn.base import clone

from skneural import SequenceToSequence
from skneural.losses import CTCLoss
from skneural.testing import check_estimator_contract

SMALL = {"hidden_size": 8, "embedding_size": 4, "n_heads": 2, "feedforward_size": 8, "max_iter": 2, "random_state": 0}
RNG = np.random.default_rng(0)
LABELS = [RNG.integers(0, 3, RNG.integers(1, 4)) for _ in range(24)]
WORDS = ["".join("abc"[i] for i in labels) for labels in LABELS]
SERIES = [RNG.standard_normal((RNG.integers(14, 20), 2)) for _ in LABELS]
IMAGES = RNG.standard_normal((24, 5, 24, 2)).astype(np.float32)
FORMS = {
    "series": (SERIES, {"step_reduction": 2}),
    "series of equal lengths": (np.stack([series[:14] for series in SERIES]), {"encoder": "transformer"}),
    "univariate series": (RNG.standard_normal((24, 14)), {"encoder": "rnn"}),
    "images": (IMAGES, {"channels": (2, 3)}),
    "grey images": (IMAGES[:, :, :, 0], {"encoder": "cnn", "channels": 2}),
    "columns of images": (IMAGES, {"encoder": "rnn", "channels": 2}),
    "integers": ([np.repeat(labels, 3) for labels in LABELS], {}),
}
each_form = pytest.mark.parametrize(("X", "options"), FORMS.values(), ids=FORMS)
KINDS = {
    "attention": {},
    "transformer": {"architecture": "transformer", "dropout": 0.1},
    "ctc": {"loss": "ctc", "dropout": 0.1},
    "ctc of a transformer": {"loss": "ctc", "architecture": "transformer"},
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def model(**options):
    return SequenceToSequence(**SMALL | options)


def talkative(fitted):
    """The same model, which hardly predicts the end or the blank, so that predictions are not empty."""
    fitted.network_.output_bias(fitted._parameters())[-1] -= 10
    return fitted


def pulses(n, seed=0):
    """Series in which each label raises one of three features for some steps, between silence."""
    rng = np.random.default_rng(seed)
    y = [rng.integers(0, 3, rng.integers(1, 4)) for _ in range(n)]
    X = []
    for labels in y:
        classes = np.insert(labels, np.arange(len(labels)), 3)
        series = np.repeat(np.eye(4)[classes, :3], rng.integers(2, 5, len(classes)), axis=0)
        X.append(series + 0.1 * rng.standard_normal(series.shape))
    return X, y


@pytest.fixture(scope="module")
def aligned():
    """It has learned the labels of pulses."""
    options = {"hidden_size": 12, "learning_rate_init": 0.05, "max_iter": 15, "batch_size": 20}
    return model(loss="ctc", **options).fit(*pulses(120))


@pytest.mark.parametrize(("form", "kind"), [(form, kind) for form, kind in zip(FORMS, 2 * list(KINDS), strict=False)])
def test_contract(form, kind):
    X, options = FORMS[form]
    check_estimator_contract(model(**KINDS[kind], **options), X, WORDS)


@each_form
@each_kind
def test_predictions_do_not_depend_on_company(X, options, kind):
    fitted = talkative(model(**kind | options, learning_rate_init=0.03).fit(X, WORDS))
    together = fitted.predict(X)
    assert list(together[:4]) == [fitted.predict(X[i : i + 1])[0] for i in range(4)]
    assert fitted.score(X, list(together)) == fitted.token_accuracy(X, list(together)) == 1.0


def test_it_learns_pulses(aligned):
    X, y = pulses(40, seed=1)
    assert aligned.score(X, y) >= 0.9
    wide = pickle.loads(pickle.dumps(aligned)).set_params(beam_width=4)
    assert wide.score(X, y) >= 0.9
    assert isinstance(wide.predict(X)[0], np.ndarray)


def test_files_keep_it(aligned):
    path = f"{SequenceToSequence.__module__}.SequenceToSequence"
    X, _ = pulses(5, seed=1)
    file = skops.io.dumps(aligned)
    for back in (pickle.loads(pickle.dumps(aligned)), skops.io.loads(file, trusted=[path])):
        assert all(map(np.array_equal, back.predict(X), aligned.predict(X)))


def test_without_a_decoder_there_is_no_attention(aligned):
    assert not hasattr(aligned, "attention_weights")
    assert not hasattr(model(loss="ctc"), "attention_weights")
    with pytest.raises(AttributeError) as error:
        _ = aligned.attention_weights
    assert 'With loss="ctc", there is no decoder' in str(error.value.__cause__)


ATTENDED = {  # shape of the memory of the first sample
    "series": (-(-len(SERIES[0]) // 2),),
    "series of equal lengths": (14,),
    "images": (1, 6),
    "grey images": (2, 12),
    "columns of images": (1, 12),
}


@pytest.mark.parametrize("form", ATTENDED)
def test_attention_is_over_steps_or_positions(form):
    X, options = FORMS[form]
    fitted = talkative(model(**options, learning_rate_init=0.03).fit(X, WORDS))
    all_weights = fitted.attention_weights(X)
    assert all_weights[0].shape[1:] == ATTENDED[form]
    for weights, predicted in zip(all_weights, fitted.predict(X), strict=True):
        assert len(weights) == len(predicted)
        np.testing.assert_allclose(weights.reshape(len(weights), -1).sum(axis=1), 1, rtol=1e-5)


def test_attention_finds_the_digit_in_the_image():
    rng = np.random.default_rng(0)
    X, y = np.zeros((300, 4, 24, 1)), rng.integers(0, 3, (300, 1))
    places = rng.integers(0, 6, 300)
    for image, label, place in zip(X, y[:, 0], places, strict=True):
        image[label : label + 2, 4 * place : 4 * place + 4] = 1.0
    options = {"channels": (4, 4), "hidden_size": 16, "learning_rate_init": 0.02, "max_iter": 25, "batch_size": 50}
    fitted = model(**options).fit(X, y)
    assert fitted.score(X, y) >= 0.95
    weights = np.stack([sample[0].sum(axis=0) for sample in fitted.attention_weights(X)])
    assert (np.abs(weights.argmax(axis=1) - places) <= 1).mean() > 0.8


def test_scales_of_features_do_not_matter():
    scaled = [100 * series + 7 for series in SERIES]
    one, other = (model(loss="ctc").fit(X, WORDS) for X in (SERIES, scaled))
    np.testing.assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-6)
    plain = model(loss="ctc", standardize=False).fit(scaled, WORDS)
    assert plain.loss_curve_ != other.loss_curve_


@each_kind
def test_weights_are_repetitions(kind):
    options = {"encoder": "rnn", "dropout": 0.0, **{name: value for name, value in kind.items() if name != "dropout"}}
    weight = np.where(np.arange(24) < 6, 3, 1)
    rows = np.repeat(np.arange(24), weight)
    X = FORMS["univariate series"][0]
    weighed = model(batch_size=24, **options).fit(X, LABELS, sample_weight=weight)
    repeated = model(batch_size=36, **options).fit(X[rows], [LABELS[row] for row in rows])
    np.testing.assert_allclose(weighed.loss_curve_, repeated.loss_curve_, rtol=1e-4)


def test_passes_go_on_and_threads_agree():
    one = model(loss="ctc").partial_fit(SERIES, WORDS).partial_fit(SERIES, WORDS)
    assert one.t_ == 48
    whole, threads = (model(loss="ctc", n_jobs=n).fit(IMAGES, WORDS) for n in (1, 2))
    np.testing.assert_allclose(whole.loss_curve_, threads.loss_curve_, rtol=1e-4)
    warm = clone(whole).set_params(warm_start=True).fit(IMAGES, WORDS).fit(IMAGES, WORDS)
    assert len(warm.loss_curve_) == 4


def test_held_out_data_of_long_and_short_series():
    X = [*SERIES, *[RNG.standard_normal((300, 2)) for _ in range(12)]]
    y = [*WORDS, *WORDS[:12]]
    fitted = model(loss="ctc", step_reduction=2).fit(X, y, X_val=X, y_val=y)
    raw = fitted._raw(fitted._read(X))  # in several blocks
    targets = np.full((len(X), 5), -1)
    for row, series, word in zip(targets, X, y, strict=True):
        row[: 1 + len(word)] = -(-len(series) // 2), *map(fitted.target_vocabulary_.index, word)
    assert -fitted.validation_scores_[-1] == pytest.approx(CTCLoss(4).value(targets, raw), rel=1e-5)


def test_the_encoder_follows_from_x():
    for name, options, encoder in (
        ("series", {}, "rnn"),
        ("images", {}, "cnn"),
        ("images", {"loss": "ctc"}, "rnn"),
        ("images", {"architecture": "transformer"}, "transformer"),
        ("series", {"architecture": "transformer"}, "transformer"),
    ):
        fitted = model(max_iter=1, **options).fit(FORMS[name][0], WORDS)
        assert fitted.encoder_ == encoder
    assert fitted.n_features_in_ == 2


MISTAKES = {
    "too few steps": (
        lambda: model(loss="ctc").fit([SERIES[0][:5], *SERIES[1:]], ["abbbc", *WORDS[1:]]),
        r'y\[0\] has 5 tokens, for which loss="ctc" needs at least 7 steps .* the encoder makes 5 steps of X\[0\]',
    ),
    "too few steps after their reduction": (
        lambda: model(loss="ctc", step_reduction=9).fit(SERIES, ["abc", *WORDS[1:]]),
        r"y\[0\] has 3 tokens, .* at least 3 steps .* the encoder makes 2 steps of X\[0\]. Decrease step_reduction",
    ),
    "too few columns": (
        lambda: model(loss="ctc", channels=(2, 2, 2, 2)).fit(IMAGES, ["abc", *WORDS[1:]]),
        "the encoder makes 1 steps",
    ),
    "too few steps of validation data": (
        lambda: model(loss="ctc").fit(SERIES, WORDS, X_val=[SERIES[0][:2]], y_val=["abc"]),
        "the encoder makes 2 steps",
    ),
    "another number of features": (
        lambda: model().fit(SERIES, WORDS).predict([series[:, :1] for series in SERIES]),
        "X has 1 features at each step, but SequenceToSequence was fitted on 2",
    ),
    "texts after series": (
        lambda: model().fit(SERIES, WORDS).predict(WORDS),
        "X is texts or sequences of tokens, but SequenceToSequence was fitted on series of numbers",
    ),
    "images of another size": (
        lambda: model(channels=2).fit(IMAGES, WORDS).predict(IMAGES[:, :, 1:]),
        "X has images of shape",
    ),
    "missing values": (lambda: model().fit([np.full((9, 2), np.nan), *SERIES[1:]], WORDS), "X contains NaN"),
    "another loss": (
        lambda: model(warm_start=True).fit(SERIES, WORDS).set_params(loss="ctc").fit(SERIES, WORDS),
        "Training cannot continue",
    ),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
