"""Features by fixed kernels equal those of plain convolutions, for every form of series."""

import numpy as np
import pytest

from skneural.ops import fixed_kernels
from skneural.ops.fixed_kernels import (
    N_KERNELS,
    PLACES,
    FixedKernels,
    contributions_of_steps,
    shares_above,
    spread_dilations,
)

RNG = np.random.default_rng(0)


def kernels_for(series, n_features=5 * N_KERNELS, dtype=np.float64):
    """Kernels fitted to a list of series of shape (steps, channels)."""
    lengths = np.array([len(each) for each in series])

    def draw(rows):
        return as_block([series[row] for row in rows], dtype).transpose(2, 1, 0), lengths[rows]

    n_channels = series[0].shape[1]
    return FixedKernels.fit(draw, len(series), n_channels, lengths.max(), n_features, np.random.default_rng(1))


def as_block(series, dtype=np.float64):
    """Series of shape (channels, steps, series), with zeros after the end."""
    block = np.zeros((series[0].shape[1], max(map(len, series)), len(series)), dtype)
    for i, each in enumerate(series):
        block[:, : len(each), i] = each.T
    return block


def plain_shares(series, kernels):
    """By convolutions with kernels of weights -1 and 2, series by series."""
    shares = []
    for x in series:
        of_series, start = [], 0
        for number, (dilation, n_biases) in enumerate(zip(kernels.dilations, kernels.n_biases, strict=True)):
            for kernel, places in enumerate(PLACES):
                weights = np.full(9, -1.0)
                weights[list(places)] = 2
                summed = np.pad(x[:, kernels.channels[number, kernel]].sum(axis=1), 4 * dilation)
                output = sum(w * summed[t * dilation :][: len(x)] for t, w in enumerate(weights))
                if not kernels.padded[number, kernel]:
                    output = output[4 * dilation : len(x) - 4 * dilation]
                for bias in kernels.biases[start : start + n_biases]:
                    of_series.append((output > 3 * bias).mean() if len(output) else 0.0)
                start += n_biases
        shares.append(of_series)
    return np.array(shares)


FORMS = {
    "one channel": [RNG.normal(size=(40, 1)) for _ in range(7)],
    "several channels": [RNG.normal(size=(40, 5)) for _ in range(7)],
    "more steps than a byte counts": [RNG.normal(size=(600, 1)) for _ in range(3)],
    "unequal lengths": [RNG.normal(size=(n, 1)) for n in (40, 9, 31, 3, 1, 40)],
    "unequal lengths, several channels": [RNG.normal(size=(n, 3)) for n in (40, 9, 31, 3, 1, 40)],
    "shorter than a kernel": [RNG.normal(size=(5, 1)) for _ in range(7)],
}


@pytest.mark.parametrize("series", FORMS.values(), ids=FORMS)
def test_shares_are_those_of_convolutions(series):
    kernels = kernels_for(series)
    lengths = np.array([len(each) for each in series])
    shares = shares_above(as_block(series), None if (lengths == lengths[0]).all() else lengths, kernels)
    assert shares.shape == (len(series), len(kernels.biases))
    assert shares.dtype == np.float32
    assert 0.2 < shares.mean() < 0.8
    np.testing.assert_allclose(shares, plain_shares(series, kernels), atol=1e-6)


@pytest.mark.parametrize("series", FORMS.values(), ids=FORMS)
def test_shares_of_a_series_alone_are_the_same_to_the_bit(series):
    kernels = kernels_for(series, dtype=np.float32)
    lengths = np.array([len(each) for each in series])
    together = shares_above(as_block(series, np.float32), lengths, kernels)
    alone = [shares_above(as_block([each], np.float32), None, kernels)[0] for each in series]
    np.testing.assert_array_equal(together, alone)


def test_shares_of_constant_parts_do_not_depend_on_rounding():
    """In all series that are constant, kernels that see no edge exceed the same biases."""
    series = [np.full((50, 1), value, np.float32) for value in RNG.normal(size=30)]
    kernels = kernels_for(series, dtype=np.float32)
    block = as_block(series, np.float32)
    shares = shares_above(block, None, kernels)
    start, without_edges = 0, []
    for number, n_biases in enumerate(kernels.n_biases):
        for kernel in range(N_KERNELS):
            if not kernels.padded[number, kernel]:
                without_edges.extend(range(start, start + n_biases))
            start += n_biases
    assert without_edges
    np.testing.assert_array_equal(shares[:, without_edges], shares[:1, without_edges].repeat(30, axis=0))


def test_biases_are_quantiles_of_the_outputs():
    """Over many series of noise, a share of a kernel and its quantile agree, and quantiles are evenly spread."""
    series = [RNG.normal(size=(400, 1)) for _ in range(100)]
    kernels = kernels_for(series, 20 * N_KERNELS)
    shares = shares_above(as_block(series), None, kernels).mean(axis=0)
    quantiles = np.arange(1, len(shares) + 1) * fixed_kernels.GOLDEN_RATIO % 1
    assert np.abs(shares - (1 - quantiles)).mean() < 0.05
    assert np.corrcoef(shares, 1 - quantiles)[0, 1] > 0.98


@pytest.mark.parametrize(("n_steps", "n"), [(5, 10), (9, 10), (100, 1), (100, 119), (1000, 119), (5000, 20)])
def test_dilations_fit_into_the_series(n_steps, n):
    dilations, shares = spread_dilations(n_steps, n)
    assert shares.sum() == n
    assert (shares > 0).all()
    assert dilations[0] == 1
    assert dilations[-1] == (max(1, (n_steps - 1) // 8) if n > 1 else 1)
    assert (np.diff(dilations) > 0).all()


def test_kernels_sum_some_channels():
    kernels = kernels_for([RNG.normal(size=(30, 20)) for _ in range(5)])
    n_chosen = kernels.channels.sum(axis=2)
    assert n_chosen.min() == 1
    assert n_chosen.max() == 9
    assert (kernels.channels.mean(axis=(0, 1)) > 0.02).all()


@pytest.mark.parametrize("name", ["one channel", "several channels", "shorter than a kernel"])
def test_contributions_of_steps_add_up(name):
    series = FORMS[name]
    kernels = kernels_for(series)
    shares = shares_above(as_block(series), None, kernels)
    coefficients, means = RNG.normal(size=shares.shape[1]), shares.mean(axis=0)
    for x, share in zip(series, shares, strict=True):
        contributions = contributions_of_steps(as_block([x]), kernels, coefficients, means)
        assert contributions.shape == x.shape
        np.testing.assert_allclose(contributions.sum(), (share - means) @ coefficients, rtol=1e-4, atol=1e-4)


def test_only_channels_of_a_kernel_contribute():
    series = [RNG.normal(size=(40, 3)) for _ in range(7)]
    kernels = kernels_for(series, N_KERNELS)
    coefficients = np.zeros(N_KERNELS)
    coefficients[10] = 1.0
    contributions = contributions_of_steps(as_block(series[:1]), kernels, coefficients, np.zeros(N_KERNELS))
    assert (contributions.any(axis=0) == kernels.channels[0, 10]).all()
