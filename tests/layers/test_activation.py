import numpy as np
import pytest

from skneural.layers import Activation, Limit
from skneural.ops.pointwise import ACTIVATIONS
from tests.layers.cases import numbers


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_found_by_their_names(name):
    x = numbers(6, 4)
    np.testing.assert_array_equal(Activation(name).predict({}, x), ACTIVATIONS[name](x)[0])


def test_limit_is_the_nearest_number_within():
    np.testing.assert_array_equal(Limit(0.5).predict({}, np.array([-2.0, -0.5, 0.1, 0.7])), [-0.5, -0.5, 0.1, 0.5])


def test_names_are_checked_when_the_layer_is_made():
    with pytest.raises(ValueError, match=r"'rleu' is no activation function; there are identity, .*softplus"):
        Activation("rleu")
