"""Checks that raise an `AssertionError` with a sentence: for the layers and losses here, and for your own."""

from skneural.testing.gradient_check import check_gradients, check_loss
from skneural.testing.layer_contract import check_layer

__all__ = ["check_gradients", "check_layer", "check_loss"]
