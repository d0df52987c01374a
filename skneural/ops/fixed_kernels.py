"""Features of series by fixed kernels with dilation, as in MiniRocket (Dempster, Schmidt and Webb, KDD 2021).

    kernel       one of 84: nine weights, of which three are 2 and six -1         W
    dilation     distance of neighbouring weights in steps                        d
    bias         threshold of a feature, a quantile of a kernel's output          b
    share        feature: share of the steps where the output exceeds the bias    PPV

With S the sum of all nine values, the output of the kernel with weight 2 at i, j and k is ``3 (x_i + x_j + x_k) - S``.
It exceeds the bias where ``(x_i + x_j) + (x_k - S / 3)`` exceeds a third of it: 129 additions for the 84 kernels of a
dilation, where convolutions take 252 at least. Biases are kept divided by three. Layout time first and series last: a
shift in time is a contiguous view, and inner loops run over the series.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Self

import numpy as np

from skneural.ops.types import Array

SIZE = 9
CENTRE = SIZE // 2
PLACES = tuple(combinations(range(SIZE), 3))  # of the weight 2 in each kernel
N_KERNELS = len(PLACES)
WEIGHTS = np.array([[2.0 if place in places else 1.0 for place in range(SIZE)] for places in PLACES]).reshape(
    -1, SIZE, 1, 1
)

MOST_DILATIONS = 32
MOST_CHANNELS = 9  # that a kernel sums
GOLDEN_RATIO = (math.sqrt(5) + 1) / 2  # its multiples, modulo one, are evenly spread quantiles

# Outputs where a series is constant differ by rounding, and so would shares. So biases are greater than the quantiles,
# by so many times the rounding error of the largest value.
ROUNDINGS = 16

# Numbers of a block, in float32 a quarter of a megabyte. Blocks of 16 000 take up to 1.8 times as long, and of 131 000
# up to 1.2 times.
NUMBERS_IN_CACHE = 65_536

# Counts of one byte are of at most 255 steps. Rows of 256 bytes take up to 1.1 times as long, and of 4096 up to 1.3
# times.
MOST_COUNTED = 255
LEAST_ROW = 1024


@dataclass(frozen=True)
class FixedKernels:
    """Dilations, biases and channels of kernels.

    Features are in the order of the dilations, then of the kernels, then of the biases.

    Attributes
    ----------
    dilations : integer array of shape (n_dilations,)
    n_biases : integer array of shape (n_dilations,)
        Number of biases, and so of features, of each kernel with that dilation.
    biases : array of shape (n_features,)
        Divided by three.
    channels : boolean array of shape (n_dilations, 84, n_channels)
        The channels that each kernel sums.
    padded : boolean array of shape (n_dilations, 84)
        Whether a kernel is applied at all steps, with zeros before and after the series, or only where all its nine
        steps are in the series. The two kinds alternate, unless the series are shorter than a kernel.
    """

    dilations: Array
    n_biases: Array
    biases: Array
    channels: Array
    padded: Array

    @classmethod
    def fit(
        cls,
        draw: Callable[[Array], tuple[Array, Array]],
        n_series: int,
        n_channels: int,
        n_steps: int,
        n_features: int,
        rng: np.random.Generator,
    ) -> Self:
        """Choose dilations for series of a length, and biases by the outputs for some of them.

        Parameters
        ----------
        draw : function
            From numbers of series to their values, of shape (series, steps, channels), with zeros after the end of
            shorter ones, and their lengths.
        n_series, n_channels, n_steps : int
        n_features : int
            At most so many features, but at least 84.
        rng : Generator
            For the series and channels of each kernel.
        """
        dilations, n_biases = spread_dilations(n_steps, max(1, n_features // N_KERNELS))
        channels = _drawn_channels(len(dilations), n_channels, rng)
        padded = (np.add.outer(np.arange(len(dilations)), np.arange(N_KERNELS)) % 2 == 0) | (n_steps < SIZE)
        biases, quantile = [], 1
        for dilation, n, chosen in zip(dilations, n_biases, channels, strict=True):
            x, lengths = draw(rng.integers(n_series, size=N_KERNELS))
            numbers = np.arange(quantile, quantile + N_KERNELS * n).reshape(N_KERNELS, n)
            outputs = _outputs_of_one_series_each(x, chosen, int(dilation))
            biases.append(_quantiles(outputs, lengths, numbers * GOLDEN_RATIO % 1.0))
            biases[-1] += ROUNDINGS * np.finfo(x.dtype).eps * np.abs(x).max(initial=0.0)
            quantile += N_KERNELS * int(n)
        return cls(dilations, n_biases, np.concatenate([each.ravel() for each in biases]), channels, padded)

    @property
    def n_features(self) -> int:
        return len(self.biases)


def spread_dilations(n_steps: int, n_per_kernel: int) -> tuple[Array, Array]:
    """Dilations up to the one with which a kernel is as long as the series, and the features of a kernel with each."""
    n = min(n_per_kernel, MOST_DILATIONS)
    greatest = math.log2(max(n_steps - 1, SIZE - 1) / (SIZE - 1))
    powers = (2.0 ** np.linspace(0, greatest, n) + 1e-9).astype(np.intp)
    dilations, counts = np.unique(powers, return_counts=True)
    shares = counts * n_per_kernel // n
    shares[: n_per_kernel - shares.sum()] += 1  # fewer remain than there are dilations
    return dilations, shares


def _drawn_channels(n_dilations: int, n_channels: int, rng: np.random.Generator) -> Array:
    """Random channels of each kernel; their number is 2 to the power of a uniform number."""
    shape = (n_dilations, N_KERNELS)
    most = min(n_channels, MOST_CHANNELS)
    n_chosen = (2 ** rng.uniform(0, np.log2(most + 1), shape)).astype(int)
    order = rng.random((*shape, n_channels)).argsort(axis=2).argsort(axis=2)
    return order < n_chosen[..., np.newaxis]


def _outputs_of_one_series_each(x: Array, channels: Array, dilation: int) -> Array:
    """A third of the output of each kernel for its own series, of shape (84, steps)."""
    n_steps = x.shape[1]
    summed = np.zeros((N_KERNELS, n_steps + 2 * CENTRE * dilation), x.dtype)
    np.einsum("ksc,kc->ks", x, channels.astype(x.dtype), out=summed[:, CENTRE * dilation :][:, :n_steps])
    taps = np.stack([summed[:, place * dilation :][:, :n_steps] for place in range(SIZE)])
    kernels = np.arange(N_KERNELS)
    i, j, k = (taps[list(places), kernels] for places in zip(*PLACES, strict=True))
    outputs: Array = (i + j) + (k - taps.sum(axis=0) / 3)
    return outputs


def _quantiles(outputs: Array, lengths: Array, shares: Array) -> Array:
    """Quantiles of each row, by one sort; only its first `lengths` numbers count."""
    outputs = np.where(np.arange(outputs.shape[1]) < lengths[:, np.newaxis], outputs, np.inf)
    outputs.sort(axis=1)
    places = shares * (lengths[:, np.newaxis] - 1)
    below = places.astype(np.intp)
    low = np.take_along_axis(outputs, below, axis=1)
    high = np.take_along_axis(outputs, np.minimum(below + 1, lengths[:, np.newaxis] - 1), axis=1)
    return low + ((places - below) * (high - low)).astype(outputs.dtype)


def shares_above(x: Array, lengths: Array | None, kernels: FixedKernels) -> Array:
    """Share of the steps of each series where the output of each kernel exceeds each bias.

    Where a kernel that is not padded is longer than the series, the share is zero.

    Parameters
    ----------
    x : array of shape (channels, steps, series)
        With zeros after the end of shorter series.
    lengths : array of shape (series,), or None
        None if all are of equal length.
    kernels : FixedKernels

    Returns
    -------
    shares : array of shape (series, n_features)
        In float32.
    """
    n_steps, n = x.shape[1:]
    shares = np.empty((len(kernels.biases), n), np.float32)
    above = np.empty((int(kernels.n_biases.max()), n_steps, n), bool)
    start = 0
    for number, n_biases in enumerate(kernels.n_biases.tolist()):
        for span, output in _outputs(x, lengths, kernels, number):
            features = slice(start, start + n_biases)
            exceeds = above[:n_biases, : len(output)]
            np.greater(output, kernels.biases[features, np.newaxis, np.newaxis], out=exceeds)
            np.divide(_counts(exceeds), span.n_valid, out=shares[features])
            start += n_biases
    return np.ascontiguousarray(shares.T)


def contributions_of_steps(x: Array, kernels: FixedKernels, coefficients: Array, means: Array) -> Array:
    """Contribution of each step to a linear function of the shares of one series.

    At each step where a kernel is applied, it exceeds each of its biases or not. This, less the mean share over the
    training series, contributes to the function by the coefficient of the feature. It is divided among the steps and
    channels that the kernel sums there, in proportion to the size of their terms in the output, without the mean of the
    nine values, which cancels in it.

    Parameters
    ----------
    x : array of shape (channels, steps, 1)
    kernels : FixedKernels
    coefficients, means : arrays of shape (n_features,)

    Returns
    -------
    contributions : array of shape (steps, channels)
        Their sum is ``(shares - means) @ coefficients``, if the series is not shorter than any kernel.
    """
    total, start = np.zeros(x.shape[:2]), 0
    for number, (dilation, n_biases) in enumerate(zip(kernels.dilations, kernels.n_biases.tolist(), strict=True)):
        sizes = _sizes_of_terms(x[:, :, 0], int(dilation))
        parts = np.zeros_like(sizes)
        for kernel, (span, output) in enumerate(_outputs(x, None, kernels, number)):
            features = slice(start, start + n_biases)
            exceeds = output[:, 0] > kernels.biases[features, np.newaxis]
            value = coefficients[features] @ (exceeds - means[features, np.newaxis]) / span.n_valid
            chosen = np.ix_(
                np.arange(SIZE), np.flatnonzero(kernels.channels[number, kernel]), np.arange(x.shape[1])[span.rows]
            )
            terms = sizes[chosen] * WEIGHTS[kernel]
            parts[chosen] += terms * (value / terms.sum(axis=(0, 1)))
            start += n_biases
        total += _at_steps(parts, int(dilation))
    return total.T


def _sizes_of_terms(x: Array, dilation: int) -> Array:
    """Distance of each of the nine values around a step from their mean, (9, channels, steps); zero outside."""
    edge = ((0, 0), (CENTRE * dilation, CENTRE * dilation))
    padded, inside = np.pad(x.astype(np.float64), edge), np.pad(np.ones_like(x, np.float64), edge)
    taps, within = (
        np.stack([each[:, place * dilation :][:, : x.shape[1]] for place in range(SIZE)]) for each in (padded, inside)
    )
    sizes: Array = np.abs(taps - taps.mean(axis=0)) + np.finfo(np.float32).tiny  # equal parts of what is constant
    return sizes * within


def _at_steps(parts: Array, dilation: int) -> Array:
    """Sum of the parts of the values around all steps, at the steps of these values: (channels, steps)."""
    n_steps = parts.shape[2]
    total = np.zeros((parts.shape[1], n_steps + 2 * CENTRE * dilation))
    for place, part in enumerate(parts):
        total[:, place * dilation :][:, :n_steps] += part
    return total[:, CENTRE * dilation :][:, :n_steps]


@dataclass(frozen=True)
class _Span:
    """The steps at which kernels are applied: all but some at each edge of a series.

    Attributes
    ----------
    rows : slice
        Of the longest series.
    outside : boolean array of shape (steps of these rows, series), or None
        After the last step of shorter series.
    n_valid : int or array of shape (series,)
        Number of steps, at least one.
    """

    rows: slice
    outside: Array | None
    n_valid: Any

    @classmethod
    def of(cls, n_steps: int, lengths: Array | None, edge: int) -> Self:
        rows = slice(edge, max(n_steps - edge, edge))
        if lengths is None:
            return cls(rows, None, np.float32(max(n_steps - 2 * edge, 1)))
        outside = np.arange(rows.start, rows.stop)[:, np.newaxis] >= lengths - edge
        return cls(rows, outside, np.maximum(lengths - 2 * edge, 1).astype(np.float32))


def _outputs(x: Array, lengths: Array | None, kernels: FixedKernels, number: int) -> Iterator[tuple[_Span, Array]]:
    """A third of the output of each kernel of a dilation, of shape (steps of its span, series).

    The next one overwrites it. Minus infinity after the end of shorter series, which exceeds no bias.
    """
    n_channels, n_steps, n = x.shape
    dilation = int(kernels.dilations[number])
    edge = CENTRE * dilation
    padded = np.zeros((n_channels, n_steps + 2 * edge, n), x.dtype)
    padded[:, edge : edge + n_steps] = x
    taps = [padded[:, place * dilation :][:, :n_steps] for place in range(SIZE)]
    third = taps[0].copy()
    for tap in taps[1:]:
        third += tap
    third /= 3
    spans = [_Span.of(n_steps, lengths, edge), _Span.of(n_steps, lengths, 0)]
    thirds = [third[:, span.rows] if span.outside is None else _infinite(third, span) for span in spans]
    of_one = _outputs_of_one_channel if n_channels == 1 else _outputs_of_channels
    return of_one(taps, spans, thirds, kernels.padded[number].astype(int).tolist(), kernels.channels[number])


def _infinite(third: Array, span: _Span) -> Array:
    """A third of the sum, infinite after the end of shorter series."""
    third = third[:, span.rows].copy()
    np.copyto(third, np.inf, where=span.outside)
    return third


def _outputs_of_one_channel(
    taps: Sequence[Array], spans: Sequence[_Span], thirds: Sequence[Array], kinds: Sequence[int], channels: Array
) -> Iterator[tuple[_Span, Array]]:
    last = [[tap[0, span.rows] - third[0] for tap in taps] for span, third in zip(spans, thirds, strict=True)]
    pair, buffer = np.empty_like(taps[0][0]), np.empty_like(taps[0][0])
    before = None
    for (i, j, k), kind in zip(PLACES, kinds, strict=True):
        if before != (i, j):
            np.add(taps[i][0], taps[j][0], out=pair)
            before = (i, j)
        output = buffer[: len(last[kind][k])]
        yield spans[kind], np.add(pair[spans[kind].rows], last[kind][k], out=output)


def _outputs_of_channels(
    taps: Sequence[Array], spans: Sequence[_Span], thirds: Sequence[Array], kinds: Sequence[int], channels: Array
) -> Iterator[tuple[_Span, Array]]:
    buffer = np.empty_like(taps[0][0])
    for places, kind, chosen in zip(PLACES, kinds, channels, strict=True):
        output = buffer[: thirds[kind].shape[1]]
        output.fill(0)
        for channel in np.flatnonzero(chosen):
            output -= thirds[kind][channel]
            for place in places:
                output += taps[place][channel, spans[kind].rows]
        yield spans[kind], output


def _counts(truth: Array) -> Array:
    """Number of true values over the steps, of an array of shape (biases, steps, series).

    Sums of bytes, with several steps in a row: .04 to .16 ns for each value, where `count_nonzero` takes .3 to .7.
    """
    n_biases, n_steps, n = truth.shape
    in_a_row = max(-(-LEAST_ROW // n), -(-n_steps // MOST_COUNTED), 1)
    n_rows = n_steps // in_a_row
    whole = truth[:, : n_rows * in_a_row].view(np.uint8).reshape(n_biases, n_rows, in_a_row * n)
    counts = np.add.reduce(whole, axis=1, dtype=np.uint8).reshape(n_biases, in_a_row, n)
    total = np.add.reduce(counts, axis=1, dtype=np.float32)
    if n_rows * in_a_row < n_steps:
        total += np.add.reduce(truth[:, n_rows * in_a_row :], axis=1, dtype=np.float32)
    return total
