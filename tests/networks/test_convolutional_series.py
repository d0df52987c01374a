import itertools

import numpy as np
import pytest

from skneural.data import BatchInfo
from skneural.layers import BatchNormalization, Branches, Context, Convolution, GlobalPooling, Residual
from skneural.layers.traversal import find
from skneural.networks.convolutional_series import SERIES_ARCHITECTURES
from tests.networks.cases import LENGTHS, SERIES, WIDTHS_OF_SERIES, started
from tests.networks.defaults import convolutional_series_network

every_network = pytest.mark.parametrize(
    ("architecture", "batch_norm"), list(itertools.product(SERIES_ARCHITECTURES, [False, True]))
)


def small(architecture, **options):
    return convolutional_series_network(2, 3, architecture, WIDTHS_OF_SERIES[architecture], **options)


def of_kind(network, kind):
    return [layer for layer, _ in find(network, network.parameters(), kind)]


@every_network
@pytest.mark.parametrize("steps", [0, 1, 30])
def test_padding_changes_nothing(architecture, batch_norm, steps):
    network = small(architecture, batch_norm=batch_norm)
    tree = started(network)
    longer = np.concatenate([SERIES, np.full((4, steps, 2), 1e3)], axis=1)
    together = network.predict(tree, longer, Context(batch=BatchInfo(lengths=LENGTHS)))
    alone = [network.predict(tree, series[np.newaxis, :n])[0] for series, n in zip(SERIES, LENGTHS, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-12)


def test_networks_of_the_papers():
    kernels = {
        architecture: [
            layer.kernel_size[1] for layer in of_kind(convolutional_series_network(1, 2, architecture), Convolution)
        ]
        for architecture in SERIES_ARCHITECTURES
    }
    assert kernels["fcn"] == [8, 5, 3]
    assert kernels["resnet"] == [8, 5, 3, 1, 8, 5, 3, 1, 8, 5, 3]
    assert kernels["textcnn"] == [3, 4, 5]
    first, other = [40, 20, 10, 1], [1, 40, 20, 10, 1]
    assert kernels["inception"] == [*first, *other, *other, 1, *other, *other, *other]
    widths = [layer.channels_out for layer in of_kind(convolutional_series_network(1, 2, "fcn"), Convolution)]
    assert widths == [128, 256, 128]


def test_shortcuts_go_around_blocks_and_project_where_widths_change():
    shortcuts = [block.shortcut for block in of_kind(convolutional_series_network(1, 2, "resnet"), Residual)]
    assert [isinstance(shortcut, BatchNormalization) for shortcut in shortcuts] == [False, False, True]
    assert len(of_kind(convolutional_series_network(1, 2, "inception"), Residual)) == 2
    plain = convolutional_series_network(1, 2, "resnet", (4, 4), batch_norm=False)
    assert of_kind(plain, Residual)[1].shortcut is None


def test_textcnn_takes_the_maximum_over_time_of_each_kernel_size():
    network = convolutional_series_network(1, 2, "textcnn")
    (branches,) = of_kind(network, Branches)
    assert [branch["pooling"] for branch in branches.children().values()] == [GlobalPooling("max")] * 3


@pytest.mark.parametrize(
    ("architecture", "channels", "kernel_size", "expected"),
    [
        ("fcn", (6,), None, [(6, 8), (6, 5), (6, 3)]),
        ("fcn", (6, 7), None, [(6, 8), (7, 5)]),
        ("fcn", (2, 3, 4, 5), None, [(2, 8), (3, 5), (4, 3), (5, 3)]),
        ("fcn", (6, 7), (4,), [(6, 4), (7, 4)]),
        ("fcn", (6,), (4, 2), [(6, 4), (6, 2)]),
        ("textcnn", (6,), (2, 3), [(6, 2), (6, 3)]),
        ("textcnn", (6, 7), (2, 3), [(6, 2), (7, 3)]),
    ],
)
def test_one_size_serves_all(architecture, channels, kernel_size, expected):
    network = convolutional_series_network(1, 2, architecture, channels, kernel_size)
    assert [(layer.channels_out, layer.kernel_size[1]) for layer in of_kind(network, Convolution)] == expected


def test_sizes_that_do_not_go_together_are_an_error():
    with pytest.raises(
        ValueError, match=r"channels has 2 sizes, \(4, 5\), and kernel_size 3, \(1, 2, 3\)\. Give as many"
    ):
        convolutional_series_network(1, 2, "fcn", (4, 5), (1, 2, 3))
