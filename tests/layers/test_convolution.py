import numpy as np
import pytest

from skneural.layers import Convolution, DepthwiseConvolution, TransposedConvolution
from skneural.parameters import Layout
from skneural.testing import check_gradients, check_layer, check_steps
from skneural.testing.batch_contract import IMAGE_AXES
from tests.layers.cases import BATCHES

# Images and series with their batch last


@pytest.mark.parametrize("layer", [Convolution(3, 5, bias=True), DepthwiseConvolution(5)])
def test_convolutions_penalize_their_kernel_only(layer):
    layout = Layout(layer.parameters())
    assert layout.names == ["kernel", "bias"]
    assert layout.size - layout.n_penalized == 5


def test_images_cannot_grow_beyond_their_kernels():
    layer = TransposedConvolution(1, 1, (9, 8))
    with pytest.raises(ValueError, match=r"cannot fill \(9, 8\) from 3 x 4 pixels"):
        layer.predict({"kernel": np.ones((3, 3, 1, 1)), "bias": np.zeros(1)}, np.ones((3, 1, 4, 2)))


def started(layer):
    layout = Layout(layer.parameters())
    return layout.views(*layout.initial(np.random.default_rng(0), np.float64))


@pytest.mark.parametrize("kind", ["convolution", "depthwise"])
@pytest.mark.parametrize("width", [1, 2, 5, 9])
@pytest.mark.parametrize("dilation", [1, 3])
def test_causal_convolutions_see_no_later_column(kind, width, dilation):
    options = {"kernel_size": (1, width), "dilation": (1, dilation), "padding": "causal"}
    layer = Convolution(3, 2, **options) if kind == "convolution" else DepthwiseConvolution(3, **options)
    x = BATCHES[IMAGE_AXES]
    check_gradients(layer, x)
    check_layer(layer, x, batch_axis=3)
    check_steps(layer, x, IMAGE_AXES, IMAGE_AXES)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_strides_of_causal_convolutions_pick_columns(stride):
    layer = Convolution(3, 2, (1, 3), (1, stride), padding="causal")
    x = BATCHES[IMAGE_AXES]
    whole = Convolution(3, 2, (1, 3), padding="causal").predict(started(layer), x)
    np.testing.assert_allclose(layer.predict(started(layer), x), whole[:, :, ::stride], rtol=1e-10)
    check_gradients(layer, x)
    check_layer(layer, x, batch_axis=3)


def test_depthwise_convolutions_may_skip_dx():
    check_gradients(DepthwiseConvolution(3, (1, 3), input_gradient=False), BATCHES[IMAGE_AXES])
    y, backward = DepthwiseConvolution(3, bias=False, input_gradient=False).forward(
        {"kernel": np.ones((3, 3, 1, 3))}, BATCHES[IMAGE_AXES], None
    )
    assert backward(y, {"kernel": np.empty((3, 3, 1, 3))}) is None
