import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Chain, Context, Dense, StepPooling
from skneural.networks.transformer import POSITIONAL
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer
from tests.networks.defaults import transformer_encoder

LENGTHS = np.array([1, 5, 7, 3])
SERIES = np.random.default_rng(0).standard_normal((4, 7, 2))

# case -> arguments of transformer_encoder beside sizes
CASES = {
    **{positional: {"positional": positional} for positional in POSITIONAL},
    **{
        f"{positional} with a class token": {"positional": positional, "class_token": True} for positional in POSITIONAL
    },
    **{f"causal {positional}": {"positional": positional, "causal": True} for positional in POSITIONAL},
    "three layers without dropout": {"n_layers": 3, "dropout": 0.0},
}
each_case = pytest.mark.parametrize("options", CASES.values(), ids=CASES)


def small(**options):
    """An encoder, and the mean of its steps if it has no class token."""
    learned = {"max_length": 40} if options.get("positional") == "learned" else {}
    encoder = transformer_encoder(8, 2, n_in=2, **({"n_layers": 2} | options), feedforward_size=6, **learned)
    pooling = () if options.get("class_token") else (StepPooling("mean"),)
    return Chain(encoder.body, *pooling, Dense(encoder.n_out, 3))


def started(network):
    layout = Layout(network.parameters())
    return layout.views(*layout.initial(np.random.default_rng(0), np.float64))


@each_case
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["equal lengths", "unequal lengths"])
def test_gradients(options, lengths):
    check_gradients(small(**options), SERIES, Context(np.random.default_rng(0), BatchInfo(lengths=lengths)))


@each_case
def test_contract(options):
    check_layer(small(**options), SERIES)


@each_case
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_padding_changes_nothing(options, steps):
    network = small(**options)
    tree = started(network)
    longer = np.concatenate([SERIES, np.full((4, steps, 2), 1e3)], axis=1)
    together = network.predict(tree, longer, Context(batch=BatchInfo(lengths=LENGTHS)))
    alone = [network.predict(tree, series[np.newaxis, :n]) for series, n in zip(SERIES, LENGTHS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-9, atol=1e-12)


def test_order_counts_only_with_positions():
    order = np.random.default_rng(1).permutation(7)
    for positional in POSITIONAL:
        network = small(positional=positional)
        tree = started(network)
        same = np.allclose(network.predict(tree, SERIES), network.predict(tree, SERIES[:, order]), rtol=1e-9)
        assert same == (positional == "none")


def test_a_causal_encoder_does_not_see_the_future():
    encoder = transformer_encoder(8, 2, causal=True, n_in=2).body
    tree = started(encoder)
    other = SERIES.copy()
    other[:, 4:] += 1.0
    before, after = encoder.predict(tree, SERIES), encoder.predict(tree, other)
    np.testing.assert_allclose(before[:, :4], after[:, :4], rtol=1e-10)
    assert (np.abs(before[:, 4:] - after[:, 4:]).max(axis=2) > 1e-6).all()


def test_all_steps_come_out_normalized():
    encoder = transformer_encoder(8, 2, n_in=2)
    y = encoder.body.predict(started(encoder.body), SERIES)
    assert y.shape == (4, 7, encoder.n_out)
    np.testing.assert_allclose(y.mean(axis=2), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=2), 1, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"positional": "circular"}, "got 'circular'"),
        ({"positional": "learned"}, "need max_length"),
        ({"causal": True, "class_token": True}, "attends to no other step"),
        ({"n_heads": 3}, "shared evenly"),
        ({"d_model": 6, "n_heads": 2, "positional": "rotary"}, "odd number of features"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        transformer_encoder(**options)
