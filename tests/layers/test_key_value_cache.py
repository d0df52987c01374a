import numpy as np

from skneural.layers.key_value_cache import KeyValueCache
from tests.layers.self_attention import SELF, causal, numbers, started


@causal
def test_two_futures_may_start_from_one_state(layer):
    p, x, state = started(layer), numbers(3, 6, 8), None
    other = numbers(3, 8, seed=3)
    for i in range(5):
        _, state = layer.step(p, x[:, i], state)
    first, _ = layer.step(p, x[:, 5], state)
    second, _ = layer.step(p, other, state)
    again, _ = layer.step(p, x[:, 5], state)
    np.testing.assert_array_equal(first, again)
    whole = layer.predict(p, np.concatenate([x[:, :5], other[:, np.newaxis]], axis=1))
    np.testing.assert_allclose(second, whole[:, 5], rtol=1e-9)


def test_beams_take_rows_of_a_cache():
    layer, x, state = SELF["the past"], numbers(3, 4, 8), None
    p, rows = started(layer), np.array([2, 0, 2])
    for i in range(3):
        _, state = layer.step(p, x[:, i], state)
    y, _ = layer.step(p, x[rows, 3], state.select(rows))
    np.testing.assert_allclose(y, layer.predict(p, x)[rows, 3], rtol=1e-9)


def test_a_cache_copies_only_when_its_capacity_doubles():
    cache, step = KeyValueCache.empty(2, 3, 4, np.float32), np.ones((2, 3, 4), np.float32)
    capacities = set()
    for _ in range(1000):
        cache = cache.append(step, step)
        capacities.add(cache.storage.array.shape[3])
    assert capacities == {16, 32, 64, 128, 256, 512, 1024}
    assert cache.keys.shape == cache.values.shape == (2, 3, 1000, 4)
