import tracemalloc

import numpy as np
import pytest

from skneural.ops.attention import attend, attend_one

BATCH, HEADS, QUERIES, KEYS, WIDTH = 3, 2, 7, 7, 4

# case -> keyword arguments of attend
MASK = np.arange(KEYS) < np.array([[7], [3], [1]])
NOTHING = np.arange(KEYS) < np.array([[7], [0], [2]])
CASES = {
    "all keys": {},
    "causal": {"causal": True},
    "padding": {"mask": MASK},
    "padding and causal": {"mask": MASK, "causal": True},
    "a series without keys": {"mask": NOTHING},
}
each_case = pytest.mark.parametrize("options", CASES.values(), ids=CASES)
# Large scores take another branch: the maximum of each row is subtracted.
each_scale = pytest.mark.parametrize("scale", [1.0, 40.0], ids=["small scores", "large scores"])


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def inputs(scale=1.0, n_queries=QUERIES, n_keys=KEYS, dtype=np.float64):
    q, k, v = (numbers(BATCH, HEADS, n, WIDTH, seed=i) for i, n in enumerate((n_queries, n_keys, n_keys)))
    return [array.astype(dtype) for array in (scale * q, k, v)]


def plain(q, k, v, mask=None, causal=False, factor=1.0):
    """Reference: the formula, query by query."""
    y = np.zeros((*q.shape[:3], v.shape[3]))
    for b, h, i in np.ndindex(*q.shape[:3]):
        seen = np.ones(k.shape[2], bool) if mask is None else mask[b].copy()
        if causal:
            seen[i + 1 :] = False
        if seen.any():
            scores = np.where(seen, k[b, h] @ q[b, h, i] / np.sqrt(q.shape[3]), -np.inf)
            weights = np.exp(scores - scores.max())
            y[b, h, i] = (np.broadcast_to(factor, (*q.shape[:3], k.shape[2]))[b, h, i] * weights / weights.sum()) @ v[
                b, h
            ]
    return y.transpose(0, 2, 1, 3).reshape(*y.shape[::2], -1)


def gradients(attended, arrays, dy):
    results = [np.full_like(array, np.nan) for array in arrays]
    attended.vjp(dy, *results)
    return results


@each_scale
@each_case
def test_it_is_the_softmax_of_scores(options, scale):
    q, k, v = inputs(scale)
    np.testing.assert_allclose(attend(q, k, v, **options).y, plain(q, k, v, **options), rtol=1e-10, atol=1e-12)


@each_scale
@each_case
@pytest.mark.parametrize("block_size", [1, 2, 3, 6])
def test_blocks_do_not_change_the_result(options, scale, block_size, monkeypatch):
    arrays, dy = inputs(scale), numbers(BATCH, QUERIES, HEADS * WIDTH, seed=9)
    expected_result = attend(*arrays, **options)
    monkeypatch.setattr("skneural.ops.attention.ATTENTION_WEIGHTS_PER_BLOCK", 60)  # several blocks of series
    blocks = attend(*arrays, block_size=block_size, **options)
    np.testing.assert_allclose(blocks.y, expected_result.y, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(blocks.weights(), expected_result.weights(), rtol=1e-10, atol=1e-12)
    expected = gradients(expected_result, arrays, dy)
    np.testing.assert_allclose(gradients(blocks, arrays, dy), expected, rtol=1e-8, atol=1e-12)


@each_scale
@each_case
@pytest.mark.parametrize("block_size", [3, 100])
def test_gradients_are_slopes(options, scale, block_size):
    arrays, dy = inputs(scale), numbers(BATCH, QUERIES, HEADS * WIDTH, seed=9)
    along = [numbers(*array.shape, seed=20 + i) for i, array in enumerate(arrays)]
    actual = gradients(attend(*arrays, block_size=block_size, **options), arrays, dy)
    exact = sum(np.sum(gradient * direction) for gradient, direction in zip(actual, along, strict=True))

    def moved(step):
        return np.sum(dy * plain(*(array + step * way for array, way in zip(arrays, along, strict=True)), **options))

    assert exact == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-5, abs=1e-7)


@each_case
def test_weights_of_a_query_sum_to_one_where_there_are_keys(options):
    weights = attend(*inputs(), **options).weights()
    there = np.ones(BATCH, bool) if "mask" not in options else options["mask"].any(axis=1)
    expected = np.broadcast_to(there[:, None, None], weights.shape[:3])
    np.testing.assert_allclose(weights.sum(axis=-1), expected, rtol=1e-12)
    assert (weights >= 0).all()
    if options.get("causal"):
        np.testing.assert_array_equal(weights, np.tril(weights))


@each_scale
def test_a_query_without_keys_has_zero_output_and_gradients(scale):
    arrays = inputs(scale, dtype=np.float32)
    for block_size in (2, 100):
        attended = attend(*arrays, mask=NOTHING, block_size=block_size)
        assert (attended.y[1] == 0).all()
        for gradient in gradients(attended, arrays, np.ones((BATCH, QUERIES, HEADS * WIDTH), np.float32)):
            assert (gradient[1] == 0).all()
            assert np.isfinite(gradient).all()


@each_scale
def test_float32_is_kept_and_close(scale):
    arrays, dy = inputs(scale, dtype=np.float32), numbers(BATCH, QUERIES, HEADS * WIDTH).astype(np.float32)
    attended = attend(*arrays, mask=MASK, causal=True)
    exact = attend(*(array.astype(np.float64) for array in arrays), mask=MASK, causal=True)
    assert attended.y.dtype == attended.weights().dtype == np.float32
    np.testing.assert_allclose(attended.y, exact.y, atol=2e-5)
    np.testing.assert_allclose(gradients(attended, arrays, dy), gradients(exact, inputs(scale), dy), atol=1e-3)


@pytest.mark.parametrize("scale", [1e-3, 1e3, 1e6])
def test_scores_of_any_size_give_finite_weights_in_float32(scale):
    weights = attend(*inputs(scale, dtype=np.float32)).weights()
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)


def test_queries_and_keys_may_differ_in_number():
    q, k, v = inputs(n_queries=5, n_keys=3)
    np.testing.assert_allclose(attend(q, k, v, block_size=2).y, plain(q, k, v), rtol=1e-10)


def test_strided_heads_give_what_contiguous_ones_give():
    split = numbers(BATCH, QUERIES, 3, HEADS, WIDTH)
    views, d_split = split.transpose(2, 0, 3, 1, 4), np.full(split.shape, np.nan)
    copies, dy = [view.copy() for view in views], numbers(BATCH, QUERIES, HEADS * WIDTH, seed=9)
    strided, contiguous = attend(*views), attend(*copies)
    np.testing.assert_allclose(strided.y, contiguous.y, rtol=1e-12)
    strided.vjp(dy, *d_split.transpose(2, 0, 3, 1, 4))
    expected = gradients(contiguous, copies, dy)
    np.testing.assert_allclose(d_split.transpose(2, 0, 3, 1, 4), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("block_size", [3, 100])
def test_dropped_weights_do_not_count(block_size):
    factor = 2.0 * (numbers(BATCH, HEADS, QUERIES, KEYS, seed=5) > 0)
    arrays, dy = inputs(), numbers(BATCH, QUERIES, HEADS * WIDTH, seed=9)

    def dropout(queries, n_keys):
        return factor[:, :, queries, :n_keys]

    attended = attend(*arrays, causal=True, block_size=block_size, dropout=dropout)
    np.testing.assert_allclose(attended.y, plain(*arrays, causal=True, factor=factor), rtol=1e-10, atol=1e-12)
    along = numbers(BATCH, HEADS, KEYS, WIDTH, seed=6)
    exact = np.sum(gradients(attended, arrays, dy)[1] * along)

    def moved(step):
        return np.sum(dy * plain(arrays[0], arrays[1] + step * along, arrays[2], causal=True, factor=factor))

    assert exact == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-5)


def test_one_query_equals_the_last_of_many():
    q, k, v = inputs()
    expected_result = attend(q, k, v, causal=True, mask=np.ones((BATCH, KEYS), bool))
    np.testing.assert_allclose(attend_one(q[:, :, -1], k, v), expected_result.y[:, -1], rtol=1e-10)


def test_memory_grows_with_the_number_of_steps_and_not_with_its_square():
    q, k, v = (numbers(1, 1, 4096, 4, seed=i).astype(np.float32) for i in range(3))
    tracemalloc.start()
    gradients(attend(q, k, v, block_size=64), (q, k, v), np.ones((1, 4096, 4), np.float32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 64 * 4096 * 4  # all weights at once would take eight times as much
