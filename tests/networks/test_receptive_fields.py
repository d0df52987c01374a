import numpy as np
import pytest

from skneural.layers import Chain, Context, Convolution, Pooling
from skneural.layers.traversal import layer_outputs
from skneural.networks.convolutional_image import IMAGE_ARCHITECTURES
from skneural.networks.receptive_fields import receptive_fields
from skneural.parameters import Layout
from tests.networks.cases import images, started
from tests.networks.defaults import convolutional_image_network


@pytest.mark.parametrize("architecture", IMAGE_ARCHITECTURES)
@pytest.mark.parametrize("pooling", ["max", "average"])
def test_pixels_outside_of_a_receptive_field_are_not_seen(architecture, pooling):
    network = convolutional_image_network((16, 16, 1), 3, architecture, (6, 8), pooling=pooling, activation="tanh")
    tree, x = started(network), images((16, 16, 1), n=1)
    fields = receptive_fields(network)
    slopes = {name: np.zeros((16, 16), bool) for name in fields}
    before = layer_outputs(network, tree, x)
    for i, j in np.ndindex(16, 16):
        moved = x.copy()
        moved[0, i, j] += 5
        after = layer_outputs(network, tree, moved)
        for name in fields:
            middle = before[name].shape[0] // 2, before[name].shape[2] // 2
            slopes[name][i, j] = (after[name] != before[name])[middle[0], :, middle[1]].any()
    for name, seen in slopes.items():
        for axis in (0, 1):
            extent = np.flatnonzero(seen.any(axis=1 - axis))
            assert np.ptp(extent) + 1 <= fields[name].size[axis], name
            if "max" not in pooling and fields[name].size[axis] <= 8 and "local_response" not in name:
                assert np.ptp(extent) + 1 == fields[name].size[axis], name


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (1, 3)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (1, 2)])
def test_height_and_width_of_a_receptive_field_each_have_their_size_stride_and_dilation(stride, dilation):
    layers = {
        "first": Convolution(1, 2, (2, 3), stride, dilation, "valid"),
        "pooling": Pooling("average", (1, 2), (1, 2)),
        "second": Convolution(2, 1, (3, 2), (1, 1), dilation, "valid"),
    }
    network = Chain(**layers)
    tree, x = started(network), np.random.default_rng(0).standard_normal((17, 1, 27, 1))
    rows, columns = np.nonzero(_seen(network, tree, x, (0, 0)))
    field = receptive_fields(network)["second"]
    assert field.size == (rows.max() + 1, columns.max() + 1)
    for axis, at in enumerate([(1, 0), (0, 1)]):
        assert field.stride[axis] == np.nonzero(_seen(network, tree, x, at))[axis].min()


def _seen(network, tree, x, at):
    """Mask of the pixels that an element of the output depends on."""
    y, backward = network.forward(tree, x, Context())
    dy = np.zeros_like(y)
    dy[at[0], :, at[1]] = 1
    return (
        backward(dy, Layout(network.parameters()).views(np.empty(Layout(network.parameters()).size)))[:, 0, :, 0] != 0
    )
