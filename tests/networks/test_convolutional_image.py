import numpy as np
import pytest

from skneural.layers import (
    Bias,
    Branches,
    Chain,
    Context,
    Convolution,
    Dense,
    GlobalPooling,
    LocalResponseNormalization,
    Pooling,
    Residual,
)
from skneural.layers.traversal import find, layer_outputs, named
from skneural.networks.convolutional_image import IMAGE_ARCHITECTURES
from skneural.networks.receptive_fields import receptive_fields
from skneural.ops.pointwise import ACTIVATIONS
from tests.networks.cases import SMALL_IMAGES, images, started
from tests.networks.defaults import convolutional_image_network


def of_kind(network, kind):
    return [layer for layer, _ in find(network, network.parameters(), kind)]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_bias_and_activation_behind_the_maximum_change_nothing(activation):
    early = convolutional_image_network((8, 8, 1), 3, "vgg", (4,), activation=activation, batch_norm=False)
    x = images((8, 8, 1))
    tree = started(early)
    outputs = layer_outputs(early, tree, x)
    before, late = outputs["convolution_1"], "bias_1" in outputs
    if late:
        ((_, p),) = find(early, tree, Bias)
        bias = p["bias"]
        bias[...] = [1.0, -2.0, 0.5, 0.0]
        outputs = layer_outputs(early, tree, x)
        before = before + bias[:, np.newaxis, np.newaxis]
    active, _ = ACTIVATIONS[activation](before)
    pooled, _ = Pooling().forward({}, active, Context())
    name = "activation_1" if late else "pooling_1"
    np.testing.assert_allclose(outputs[name], pooled, rtol=1e-12, atol=1e-12)


def test_lenet_pads_only_its_first_convolution():
    network = convolutional_image_network(
        (28, 28, 1), 10, "lenet", (6, 16), kernel_size=5, pooling="average", activation="tanh"
    )
    assert [layer.padding for layer in of_kind(network, Convolution)] == ["same", "valid"]
    assert of_kind(network, Dense)[0].n_in == 5 * 5 * 16  # as in the paper


def test_alexnet_normalizes_responses_and_pools_with_overlap():
    network = convolutional_image_network((32, 32, 3), 10, "alexnet", (8, 16, 24, 24, 16))
    assert len(of_kind(network, LocalResponseNormalization)) == 2
    assert [(layer.size, layer.stride) for layer in of_kind(network, Pooling)] == [((3, 3), (2, 2))] * 3
    assert [layer.kernel_size[0] for layer in of_kind(network, Convolution)] == [5, 3, 3, 3, 3]


def test_vgg_stacks_convolutions():
    network = convolutional_image_network((16, 16, 3), 10, "vgg", (8, 16), convolutions_per_block=3)
    assert [layer.channels_out for layer in of_kind(network, Convolution)] == [8, 8, 8, 16, 16, 16]
    assert len(of_kind(network, Pooling)) == 2


def test_inception_has_four_kinds_of_branches_and_the_width_that_was_asked_for():
    network = convolutional_image_network((16, 16, 3), 10, "inception", (16, 32), convolutions_per_block=2)
    modules = of_kind(network, Branches)
    assert [len(module.layers) for module in modules] == [4] * 4
    for module, width in zip(modules, (16, 16, 32, 32), strict=True):
        last = [of_kind(branch, Convolution)[-1] for branch in module.layers]
        assert [layer.kernel_size[0] for layer in last] == [1, 3, 5, 1]
        assert sum(layer.channels_out for layer in last) == width
    assert len(of_kind(network, GlobalPooling)) == 1


def test_resnet_projects_only_where_shapes_change():
    network = convolutional_image_network((16, 16, 3), 10, "resnet", (8, 8, 16), convolutions_per_block=2)
    blocks = of_kind(network, Residual)
    assert [block.shortcut is None for block in blocks] == [True, True, False, True, False, True]
    strides = [of_kind(block.inner, Convolution)[0].stride for block in blocks]
    assert strides == [(1, 1), (1, 1), (2, 2), (1, 1), (2, 2), (1, 1)]
    assert {
        layer.kernel_size for block in blocks if block.shortcut for layer in of_kind(block.shortcut, Convolution)
    } == {(1, 1)}


@pytest.mark.parametrize("architecture", IMAGE_ARCHITECTURES)
def test_an_explicit_shape_that_is_too_small_is_an_error_and_an_automatic_one_shrinks_windows(architecture):
    options = {"channels": (4,) * 6, "activation": "tanh"}
    if architecture != "resnet":  # its strides need no room
        with pytest.raises(
            ValueError, match=r"image_shape=\(8, 8\): a (kernel|pooling) of .* left\. Give fewer channels"
        ):
            convolutional_image_network((8, 8, 1), 3, architecture, strict=True, **options)
    with pytest.raises(ValueError, match="a kernel of 9 x 9 does not fit into the 8 x 8"):
        convolutional_image_network(
            (8, 8, 1), 3, architecture, kernel_size=9 - 2 * (architecture == "alexnet"), strict=True
        )
    network = convolutional_image_network((8, 8, 1), 3, architecture, **options)
    assert network.predict(started(network), images((8, 8, 1))).shape == (4, 3)


# Layers by name


@pytest.mark.parametrize("architecture", IMAGE_ARCHITECTURES)
def test_outputs_of_all_layers_end_in_the_prediction(architecture):
    network, x = (
        convolutional_image_network((8, 8, 2), 3, architecture, batch_norm=True, **SMALL_IMAGES),
        images((8, 8, 2)),
    )
    tree = started(network)
    outputs = layer_outputs(network, tree, x)
    np.testing.assert_array_equal(list(outputs.values())[-1], network.predict(tree, x))
    names = {name for name, layer, _ in named(network, tree) if not isinstance(layer, Chain)}
    assert names == set(outputs)
    assert set(receptive_fields(network)) <= names
