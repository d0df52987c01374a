import numpy as np
import pytest

from skneural.ops.edge_penalty import edge_spread, sparsity_penalty


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


FEATURES, WEIGHTS = numbers(20, 3, 5), numbers(3, 5, 4, seed=1)
SAMPLE_WEIGHT = np.random.default_rng(2).integers(0, 4, 20).astype(float)


@pytest.mark.parametrize("sample_weight", [None, SAMPLE_WEIGHT], ids=["equal", "weighted"])
def test_it_is_the_standard_deviation_of_the_outputs_of_edges(sample_weight):
    rows = np.arange(20) if sample_weight is None else np.repeat(np.arange(20), sample_weight.astype(int))
    put_out = np.einsum("rin,ino->rio", FEATURES[rows], WEIGHTS)
    np.testing.assert_allclose(edge_spread(FEATURES, WEIGHTS, sample_weight)[0], put_out.std(axis=0), rtol=1e-6)


@pytest.mark.parametrize("sample_weight", [None, SAMPLE_WEIGHT], ids=["equal", "weighted"])
def test_gradients(sample_weight):
    d, along_features, along_weights = numbers(3, 4, seed=3), numbers(20, 3, 5, seed=4), numbers(3, 5, 4, seed=5)
    d_features, d_weights = edge_spread(FEATURES, WEIGHTS, sample_weight)[1](d)

    def moved(step):
        return np.sum(
            d * edge_spread(FEATURES + step * along_features, WEIGHTS + step * along_weights, sample_weight)[0]
        )

    exact = np.sum(d_features * along_features) + np.sum(d_weights * along_weights)
    assert exact == pytest.approx((moved(1e-6) - moved(-1e-6)) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("entropy", [0.0, 2.0])
def test_gradients_of_the_penalty(entropy):
    spread, present = np.abs(numbers(3, 4)), np.ones((3, 4))
    present[1, 2] = 0
    along = numbers(3, 4, seed=1)
    value, d_spread = sparsity_penalty(spread, present, entropy)
    up, down = (sparsity_penalty(spread + step * along, present, entropy)[0] for step in (1e-6, -1e-6))
    assert np.sum(d_spread * along) == pytest.approx((up - down) / 2e-6, rel=1e-5)
    kept = (spread * present)[present > 0]
    shares = kept / kept.sum()
    assert value == pytest.approx(kept.sum() - entropy * np.sum(shares * np.log(shares)), rel=1e-6)


def test_of_equal_sums_the_one_with_fewer_edges_costs_less():
    few, many = np.array([[2.0, 0.0], [0.0, 0.0]]), np.full((2, 2), 0.5)
    assert sparsity_penalty(few, np.ones((2, 2)), 2.0)[0] < sparsity_penalty(many, np.ones((2, 2)), 2.0)[0]


def test_an_edge_that_does_nothing_has_a_finite_gradient():
    spread, vjp = edge_spread(FEATURES, WEIGHTS * 0)
    value, d_spread = sparsity_penalty(spread, np.ones((3, 4)), 2.0)
    assert np.isfinite(value)
    assert all(np.isfinite(gradient).all() for gradient in vjp(d_spread))
