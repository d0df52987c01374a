import numpy as np
import pytest

from skneural.ops.normalize import add_bias, batch_normalize, local_response_normalize, scale_and_shift
from skneural.training.threads import Shards

# layout -> shape of x, axis of the 4 features, axis of the batch, which elements count
LAYOUTS = {
    "rows": ((9, 4), -1, 0, None),
    "some of the rows": ((9, 4), -1, 0, np.array([1, 0, 1, 1, 0, 1, 1, 1, 0])[:, np.newaxis] > 0),
    "images": ((3, 4, 5, 6), 1, 3, None),
    "series of unequal lengths": ((1, 4, 7, 6), 1, 3, np.arange(7)[:, np.newaxis] < [7, 2, 5, 1, 1, 3]),
}
each_layout = pytest.mark.parametrize(("shape", "axis", "batch_axis", "mask"), LAYOUTS.values(), ids=LAYOUTS)


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def as_rows(x, axis):
    return np.moveaxis(x, axis, -1).reshape(-1, x.shape[axis])


def alone(array):
    """Sum over the shards of a batch that has only one shard."""
    return array


@pytest.fixture
def x():
    return 3.0 + 2.0 * np.random.default_rng(0).standard_normal((9, 4))


def normalize(x, gamma, beta, epsilon=1e-5):
    y, vjp, _ = batch_normalize(x, gamma, beta, epsilon, alone)
    return y, vjp


def moments(x, reduce=alone, **options):
    return batch_normalize(x, np.ones(4), np.zeros(4), 1e-5, reduce, **options)[2]


def test_moments_are_mean_and_biased_variance(x):
    mean, variance, weight = moments(x)
    assert weight == len(x)
    np.testing.assert_allclose(mean, x.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(variance, x.var(axis=0), rtol=1e-12)


def test_variance_survives_a_large_mean_in_float32():
    x = (1e4 + np.random.default_rng(0).standard_normal((500, 4))).astype(np.float32)
    mean, variance, _ = moments(x)
    assert mean.dtype == variance.dtype == np.float32
    np.testing.assert_allclose(variance, x.astype(np.float64).var(axis=0), rtol=1e-3)


@each_layout
def test_the_real_elements_are_normalized_as_if_they_were_alone(shape, axis, batch_axis, mask):
    x, dy, gamma, beta = numbers(*shape), numbers(*shape, seed=1), numbers(4, seed=2), numbers(4, seed=3)
    real = np.broadcast_to(True if mask is None else mask, shape)
    kept = as_rows(real, axis)[:, 0]
    weight = None if mask is None else mask.astype(np.float64)
    y, vjp, found_moments = batch_normalize(x, gamma, beta, 1e-5, alone, axis=axis, weight=weight, real=mask)
    y_alone, vjp_alone, expected_moments = batch_normalize(as_rows(x, axis)[kept], gamma, beta, 1e-5, alone)
    gradients, expected = np.full((2, 4), np.nan), np.full((2, 4), np.nan)
    dx, dx_alone = vjp(dy, *gradients), vjp_alone(as_rows(dy, axis)[kept], *expected)
    for part, expected_part in zip(found_moments, expected_moments, strict=True):
        np.testing.assert_allclose(part, expected_part, rtol=1e-12)
    np.testing.assert_allclose(as_rows(y, axis)[kept], y_alone, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(as_rows(dx, axis)[kept], dx_alone, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(gradients, expected, rtol=1e-10)
    assert (y[~real] == 0).all()
    assert (dx[~real] == 0).all()


@each_layout
def test_what_does_not_count_is_not_seen(shape, axis, batch_axis, mask):
    if mask is None:
        mask = np.ones(shape, bool)
    x, dy = numbers(*shape), numbers(*shape, seed=1)
    results = []
    for junk in (0.0, 1e6):
        y, vjp, seen = batch_normalize(
            np.where(mask, x, junk),
            np.ones(4),
            np.ones(4),
            1e-5,
            alone,
            axis=axis,
            weight=mask.astype(np.float64),
            real=mask,
        )
        gradients = np.empty((2, 4))
        results.append((y, vjp(np.where(mask, dy, junk), *gradients), gradients, *seen))
    for clean, with_junk in zip(*results, strict=True):
        np.testing.assert_allclose(with_junk, clean, rtol=1e-10, atol=1e-12)


def test_what_weighs_nothing_is_normalized_by_the_others(x):
    """A sample of weight zero may still be an input of others, like a node of a graph for its neighbours."""
    weight = np.arange(len(x))[:, np.newaxis] % 2.0
    y, vjp, moments = batch_normalize(x, np.ones(4), np.zeros(4), 0.0, alone, weight=weight)
    np.testing.assert_allclose(moments.mean, x[1::2].mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(y, (x - moments.mean) / np.sqrt(moments.variance), rtol=1e-10)
    dy, along = numbers(*x.shape, seed=1), numbers(*x.shape, seed=2)
    dx = vjp(dy, np.empty(4), np.empty(4))
    moved = [
        batch_normalize(x + s * along, np.ones(4), np.zeros(4), 0.0, alone, weight=weight)[0] for s in (1e-6, -1e-6)
    ]
    assert np.sum(dx * along) == pytest.approx(np.sum(dy * (moved[0] - moved[1])) / 2e-6, rel=1e-6)


@each_layout
@pytest.mark.parametrize("n_shards", [2, 3])
def test_shards_give_what_the_whole_batch_gives(shape, axis, batch_axis, mask, n_shards):
    x, dy, gamma, beta = numbers(*shape), numbers(*shape, seed=1), numbers(4, seed=2), numbers(4, seed=3)
    weight = None if mask is None else mask.astype(np.float64)

    def both_ways(rows, reduce):
        part, part_weight, real = (
            array if array is None else array[(slice(None),) * (batch_axis - x.ndim + array.ndim) + (rows,)]
            for array in (x, weight, mask)
        )
        y, vjp, seen = batch_normalize(part, gamma, beta, 1e-5, reduce, axis=axis, weight=part_weight, real=real)
        gradients = np.full((2, 4), np.nan)
        return y, vjp(dy[(slice(None),) * batch_axis + (rows,)], *gradients), gradients, np.hstack(seen)

    expected = both_ways(slice(None), alone)
    with Shards(n_shards) as shards:
        rows = shards.rows(shape[batch_axis])
        parts = shards.run(lambda shard: both_ways(rows[shard], shards.member(shard).sum), n_shards)
    y, dx, gradients, seen = zip(*parts, strict=True)
    np.testing.assert_allclose(np.concatenate(y, axis=batch_axis), expected[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(np.concatenate(dx, axis=batch_axis), expected[1], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.sum(gradients, axis=0), expected[2], rtol=1e-10)
    for moments in seen:
        np.testing.assert_allclose(moments, expected[3], rtol=1e-12)


@each_layout
def test_gradients_flow_through_the_moments(shape, axis, batch_axis, mask):
    x, dy, gamma, beta = numbers(*shape), numbers(*shape, seed=1), numbers(4, seed=2), numbers(4, seed=3)
    along, along_gamma, along_beta = numbers(*shape, seed=4), numbers(4, seed=5), numbers(4, seed=6)
    weight = None if mask is None else mask.astype(np.float64)

    def moved(step):
        return batch_normalize(
            x + step * along,
            gamma + step * along_gamma,
            beta + step * along_beta,
            1e-5,
            alone,
            axis=axis,
            weight=weight,
            real=mask,
        )

    d_gamma, d_beta = np.full(4, np.nan), np.full(4, np.nan)
    dx = moved(0)[1](dy, d_gamma, d_beta)
    exact = np.sum(dx * along) + d_gamma @ along_gamma + d_beta @ along_beta
    assert exact == pytest.approx(np.sum(dy * (moved(1e-6)[0] - moved(-1e-6)[0])) / 2e-6, rel=1e-6)


def test_output_has_the_learned_shift_and_scale(x):
    gamma, beta = np.array([1.0, -2.0, 0.5, 3.0]), np.array([0.0, 1.0, -1.0, 2.0])
    y, _ = normalize(x, gamma, beta, epsilon=0.0)
    np.testing.assert_allclose(y.mean(axis=0), beta, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), np.abs(gamma), rtol=1e-12)
    np.testing.assert_allclose(y, gamma * (x - x.mean(axis=0)) / x.std(axis=0) + beta, atol=1e-12)


def test_epsilon_keeps_a_constant_feature_finite():
    y, vjp = normalize(np.full((5, 1), 7.0), np.ones(1), np.zeros(1))
    np.testing.assert_array_equal(y, np.zeros((5, 1)))
    assert np.isfinite(vjp(np.ones((5, 1)), np.empty(1), np.empty(1))).all()


def test_dx_is_blind_to_shifting_and_scaling_x(x):
    dy = np.random.default_rng(2).standard_normal(x.shape)
    dx = normalize(x, np.ones(4), np.zeros(4), epsilon=0.0)[1](dy, np.empty(4), np.empty(4))
    assert np.abs(dx).max() > 0.1
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose((dx * (x - x.mean(axis=0))).sum(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("n_channels", [1, 3, 5, 15])
def test_local_response_follows_its_formula(n_channels):
    x, reach = numbers(2, 6, 3, 2), n_channels // 2
    y, _ = local_response_normalize(x, n_channels, 2.0, 0.5, 0.75)
    for channel in range(6):
        around = x[:, max(channel - reach, 0) : channel + reach + 1]
        expected = x[:, channel] / (2.0 + 0.5 * (around**2).sum(axis=1)) ** 0.75
        np.testing.assert_allclose(y[:, channel], expected, rtol=1e-12)


@pytest.mark.parametrize("n_channels", [1, 3, 5, 15])
def test_gradients_of_local_response(n_channels):
    x, dy, along = numbers(2, 6, 3, 2), numbers(2, 6, 3, 2, seed=1), numbers(2, 6, 3, 2, seed=2)
    up, down = (local_response_normalize(x + step * along, n_channels, 2.0, 0.5, 0.75)[0] for step in (1e-6, -1e-6))
    dx = local_response_normalize(x, n_channels, 2.0, 0.5, 0.75)[1](dy)
    assert np.sum(dx * along) == pytest.approx(np.sum(dy * (up - down)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(("shape", "axis", "stretched"), [((5, 3), -1, (3,)), ((2, 3, 4, 5), 1, (3, 1, 1))])
def test_scale_shift_and_bias(shape, axis, stretched):
    rng = np.random.default_rng(0)
    x, scale, shift = rng.standard_normal(shape), rng.standard_normal(3), rng.standard_normal(3)
    across = tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    y, vjp = scale_and_shift(x, scale, shift, axis=axis)
    np.testing.assert_allclose(y, x * scale.reshape(stretched) + shift.reshape(stretched))
    dy, d_scale, d_shift = rng.standard_normal(shape), np.empty(3), np.empty(3)
    np.testing.assert_allclose(vjp(dy, d_scale, d_shift), dy * scale.reshape(stretched))
    np.testing.assert_allclose(d_scale, (dy * x).sum(axis=across), rtol=1e-10)
    np.testing.assert_allclose(d_shift, dy.sum(axis=across), rtol=1e-10)
    y, vjp = add_bias(x, shift, axis=axis)
    np.testing.assert_allclose(y, x + shift.reshape(stretched))
    np.testing.assert_array_equal(vjp(dy, d_shift), dy)
    np.testing.assert_allclose(d_shift, dy.sum(axis=across), rtol=1e-10)
