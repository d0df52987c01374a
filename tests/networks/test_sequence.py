import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import Chain, Context, Dense, Embedding, Standardization
from skneural.layers.traversal import find
from skneural.networks.sequence import ROWS_FIRST, STEPS_FIRST, Encoder
from tests.networks.cases import LENGTHS, SEQUENCES, SERIES, rows_first, started
from tests.networks.defaults import sequence_network

each_case = pytest.mark.parametrize("options", SEQUENCES.values(), ids=SEQUENCES)


@each_case
def test_padding_changes_nothing(options):
    network = sequence_network(n_features=2, n_out=3, **options)
    tree = started(network)
    longer = np.concatenate([SERIES, np.full((4, 3, 2), 1e3)], axis=1)
    together = network.predict(tree, longer, Context(batch=BatchInfo(lengths=LENGTHS)))
    alone = [network.predict(tree, series[np.newaxis, :n]) for series, n in zip(SERIES, LENGTHS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), rtol=1e-9, atol=1e-12)


@each_case
def test_tokens_are_embedded_and_series_standardized_along_their_features(options):
    tokens = sequence_network(n_features=1, n_out=3, vocabulary_size=9, embedding_size=4, **options)
    assert [layer for layer, _ in find(tokens, tokens.parameters(), Embedding)] == [Embedding(9, 4)]
    assert not find(tokens, tokens.parameters(), Standardization)
    plain = sequence_network(n_features=2, n_out=3, standardize=False, **options)
    scaled = sequence_network(n_features=2, n_out=3, **options)
    tree = started(scaled)
    ((_, p),) = find(scaled, tree, Standardization)
    p["mean"][...], p["scale"][...] = [1.0, -2.0], [0.5, 3.0]
    expected = plain.predict(started(plain), (SERIES - p["mean"]) / p["scale"])
    np.testing.assert_allclose(scaled.predict(tree, SERIES), expected, rtol=1e-10, atol=1e-12)


def test_each_step_alone_is_pooled_as_said():
    network = sequence_network(rows_first, 2, 3, pooling="mean")
    tree = started(network)
    steps = sequence_network(rows_first, 2, 3, pooling=None)
    of_steps = steps.predict(started(steps), SERIES).reshape(4, 7, 3)
    np.testing.assert_allclose(network.predict(tree, SERIES), of_steps.mean(axis=1), rtol=1e-10)


def test_an_encoder_that_has_pooled_already_has_no_use_for_pooling():
    def pooled(n_in):
        return Encoder(rows_first(n_in).body, 5, ROWS_FIRST, pooled=True)

    for pooling in ("last", None):
        assert sequence_network(pooled, 2, 3, pooling, standardize=False) == Chain(
            encoder=pooled(2).body,
            output=Dense(5, 3),
        )


def test_several_ends_need_branches():
    def two_ends(n_in):
        return Encoder(Chain(Dense(n_in, 5)), 5, STEPS_FIRST, ends=("last", "first"))

    with pytest.raises(TypeError, match=r"with the ends \('last', 'first'\) must end in Branches"):
        sequence_network(two_ends, 2, 3)
