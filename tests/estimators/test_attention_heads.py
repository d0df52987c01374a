"""Transformers, beyond the common contract: attention weights, and errors before training starts."""

import numpy as np
import pytest

from skneural import TransformerSequenceClassifier, TransformerSequenceRegressor, TransformerSequenceTagger
from skneural.data import Series
from skneural.networks.shards import rows_per_shard

SMALL = {"d_model": 8, "n_heads": 2, "feedforward_size": 6, "max_iter": 3, "random_state": 0}
LENGTHS = np.random.default_rng(0).integers(1, 9, 20)
SERIES = np.random.default_rng(1).standard_normal((20, 9, 2))
RAGGED = [series[:n] for series, n in zip(SERIES, LENGTHS, strict=True)]
CLASSES = np.random.default_rng(2).integers(0, 3, 20)


def classifier(**options):
    return TransformerSequenceClassifier(**SMALL | options)


@pytest.mark.parametrize("pooling", ["mean", "last", "max", "attention", "cls"])
def test_each_step_shares_its_attention_among_all(pooling):
    weights = classifier(pooling=pooling, n_layers=3).fit(SERIES, CLASSES).attention_weights(SERIES[:5])
    n = 10 if pooling == "cls" else 9
    assert weights.shape == (5, 3, 2, n, n)
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_list_has_weights_of_each_series_alone(pooling):
    model = classifier(pooling=pooling).fit(RAGGED, CLASSES)
    together = model.attention_weights(RAGGED)
    assert [weights.shape[-1] - (pooling == "cls") for weights in together] == list(LENGTHS)
    for weights, series in zip(together, RAGGED, strict=True):
        (alone,) = model.attention_weights([series])
        np.testing.assert_allclose(weights, alone, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


def test_weights_come_in_the_order_of_the_series_whatever_the_blocks(monkeypatch):
    model = classifier().fit(RAGGED, CLASSES)
    whole = model.attention_weights(RAGGED)
    monkeypatch.setattr(type(model._reader), "rows_per_block", lambda self, x: 3)
    for in_blocks, expected in zip(model.attention_weights(RAGGED), whole, strict=True):
        np.testing.assert_allclose(in_blocks, expected, rtol=1e-5, atol=1e-7)
    assert model.attention_weights(SERIES).shape == (20, 2, 2, 9, 9)


@pytest.mark.parametrize("n_targets", [1, 2])
def test_taggers_and_regressors_tell_their_weights(n_targets):
    y = np.random.default_rng(3).standard_normal((20, 9, n_targets))
    assert TransformerSequenceRegressor(**SMALL).fit(SERIES, y).attention_weights(SERIES).shape == (20, 2, 2, 9, 9)
    model = TransformerSequenceTagger(**SMALL).fit(SERIES, (y[:, :, 0] > 0).astype(int))
    assert model.attention_weights(SERIES).shape == (20, 2, 2, 9, 9)


def test_more_steps_than_a_block_of_attention():
    X = np.random.default_rng(0).standard_normal((3, 300, 1))
    weights = classifier().fit(X, [0, 1, 0]).attention_weights(X)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


# Learned positions


def test_places_are_learned_for_the_longest_training_series():
    model = classifier(positional="learned").fit(RAGGED, CLASSES)
    longest = max(LENGTHS)
    assert model.max_length_ == longest == model.network_arguments_["max_length"]
    assert model.predict(RAGGED).shape == (20,)
    for method in (model.predict, model.predict_proba, model.attention_weights):
        with pytest.raises(ValueError, match=rf"series of 9 steps, .* max_length={longest} positions only"):
            method(SERIES)


def test_longer_series_that_are_held_out_have_places():
    X = [series[:3] for series in SERIES[:-1]] + [SERIES[-1]]
    for seed in range(5):
        model = classifier(positional="learned", early_stopping=True, validation_fraction=0.5, random_state=seed)
        assert model.fit(X, CLASSES).max_length_ == 9


def test_more_places_may_be_asked_for():
    model = classifier(positional="learned", max_length=12).fit(SERIES[:, :4], CLASSES)
    assert model.predict(np.concatenate([SERIES, SERIES[:, :3]], axis=1)).shape == (20,)
    with pytest.raises(ValueError, match="max_length=5 positions only"):
        classifier(positional="learned", max_length=5).fit(SERIES, CLASSES)


def test_partial_fit_goes_on_with_shorter_series():
    model = classifier(positional="learned")
    model.partial_fit(SERIES, CLASSES, classes=[0, 1, 2]).partial_fit(SERIES[:, :4], CLASSES)
    assert model.max_length_ == 9


@pytest.mark.parametrize("positional", ["sinusoidal", "rotary", "none"])
def test_without_learned_positions_series_may_be_longer_than_any_before(positional):
    model = classifier(positional=positional).fit(SERIES[:, :4], CLASSES)
    assert model.max_length_ is None
    assert model.predict(SERIES).shape == (20,)


# Bad input, before any training starts


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"d_model": 10, "n_heads": 4},
            "d_model=10 .* n_heads=4; the nearest that fit are d_model=8 or 12, or n_heads=5",
        ),
        ({"d_model": 3, "n_heads": 4}, "nearest that fit are d_model=4, or n_heads=3"),
        ({"d_model": 6, "positional": "rotary"}, "rotary positions turn pairs.* d_model=4 or 8, or n_heads=1"),
        ({"positional": "circular"}, "positional must be"),
        ({"pooling": "sum"}, "pooling must be"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    model = classifier(**options)
    with pytest.raises(ValueError, match=message):
        model.fit(SERIES, CLASSES)
    assert not hasattr(model, "weights_")


@pytest.mark.parametrize("X", [SERIES[:, :0], [*RAGGED[:-1], RAGGED[0][:0]]], ids=["array", "list"])
def test_empty_series_are_refused(X):
    with pytest.raises(ValueError, match=r"none may be empty|has no steps"):
        classifier().fit(X, CLASSES)


# Threads


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3, "positional": "learned", "pooling": "cls"}])
@pytest.mark.parametrize("X", [SERIES, [series.astype(np.float64) for series in RAGGED]], ids=["array", "list"])
def test_shards_change_nothing_but_rounding(X, options, small_shards):
    one, two = (classifier(n_jobs=n, **options).fit(X, CLASSES) for n in (1, 2))
    assert set(small_shards) == {2}
    np.testing.assert_allclose(two.decision_function(X), one.decision_function(X), rtol=1e-7, atol=1e-10)


def test_attention_has_a_thread_for_each_shard_where_these_are_large():
    for d_model, n_shards in ((8, 1), (64, 2)):
        model = classifier(d_model=d_model, max_iter=1).fit(SERIES, CLASSES)
        rows = rows_per_shard(model.network_, model._parameters(), Series(np.zeros((32, 64, 2))))
        assert min(2, max(1, int(32 // rows))) == n_shards
