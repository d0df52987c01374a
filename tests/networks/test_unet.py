import numpy as np
import pytest

from skneural.data import BatchInfo, ImageSizes
from skneural.layers import Context
from skneural.networks.unet import unet_multiple, unet_reach
from skneural.testing import check_gradients
from tests.networks.cases import started
from tests.networks.defaults import unet_network

SIZES = np.array([[8, 12], [5, 7], [1, 3]])


def network(**options):
    return unet_network(n_channels=2, n_out=2, **{"channels": (2, 3, 4)} | options)


def padded(sizes, height, width, seed=0):
    """Images of the given sizes, with junk behind them."""
    x = np.full((len(sizes), height, width, 2), 1e3)
    for i, (image, size) in enumerate(zip(x, sizes, strict=True)):
        image[: size[0], : size[1]] = np.random.default_rng(seed + i).standard_normal((*size, 2))
    return x, Context(batch=BatchInfo(structure=ImageSizes(sizes, (height, width))))


@pytest.mark.parametrize("batch_norm", [False, True])
def test_padding_is_not_seen(batch_norm):
    net = network(batch_norm=batch_norm)
    tree = started(net)
    together = np.split(net.predict(tree, *padded(SIZES, 16, 12)), np.cumsum(SIZES.prod(axis=1))[:-1])
    for i, scores in enumerate(together):
        height, width = -(-SIZES[i] // 4) * 4
        alone = net.predict(tree, *padded(SIZES[i : i + 1], height, width, seed=i))
        np.testing.assert_allclose(scores, alone, rtol=1e-10, atol=1e-12)


def test_padding_is_not_seen_in_training():
    net, results = network(), []
    for height, width in [(8, 12), (16, 20)]:
        x, context = padded(SIZES, height, width)
        tree = started(net)
        context = Context(np.random.default_rng(0), context.batch._replace(sample_weight=np.array([1.0, 2.0, 0.5])))
        results.append((net.forward(tree, x, context)[0], tree["pixels"]["inner"]["unet"]["block_1"]["normalization"]))
    (scores, statistics), (others, other_statistics) = results
    np.testing.assert_allclose(scores, others, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(statistics["variance"], other_statistics["variance"], rtol=1e-10)


def test_gradients_of_padded_images():
    x, context = padded(SIZES, 8, 12)
    check_gradients(network(), x, Context(np.random.default_rng(0), context.batch))


@pytest.mark.parametrize("n_levels", [1, 2, 3, 4])
def test_the_reach_is_the_greatest_distance_of_a_pixel_that_counts(n_levels):
    net = network(channels=(2,) * n_levels, batch_norm=False, standardize=False)
    tree, reach, multiple = started(net), unet_reach(n_levels), unet_multiple(n_levels)
    side = -(-(2 * reach + multiple) // multiple) * multiple
    x = np.random.default_rng(0).standard_normal((1, side, side, 2))
    before, distances = net.predict(tree, x), []
    for place in range(side // 2, side // 2 + multiple):
        changed = x.copy()
        changed[0, place, place] += 100.0
        different = (net.predict(tree, changed) != before).any(axis=1).reshape(side, side)
        distances.append(np.abs(np.argwhere(different) - place).max())
    assert max(distances) <= reach
    assert max(distances) >= reach - 1
