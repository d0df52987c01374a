"""Check of activation functions."""

from __future__ import annotations

import pickle

import numpy as np

from skneural.ops.pointwise import AnyActivation, activation_function
from skneural.ops.types import Array
from skneural.testing.gradient_check import check_vjp

# Away from zero, where many functions have a kink.
AWAY_FROM_ZERO = np.array([-3.0, -1.7, -0.6, -0.2, 0.15, 0.55, 1.3, 2.9])


def check_activation(activation: AnyActivation, x: Array = AWAY_FROM_ZERO) -> None:
    """Check that an activation acts on each element by itself, and that its derivative is right.

    Parameters
    ----------
    activation : ActivationFunction or str
    x : array of shape (n,), default=eight numbers between -3 and 3
        Arguments at a distance from kinks, such as zero for the ReLU.

    Raises
    ------
    AssertionError
        If the derivative is wrong, a value depends on other elements, or on the shape or the memory order of the
        argument, single precision does not stay single, the argument is written to, values for large arguments are NaN,
        or it cannot be pickled.
    """
    function = activation_function(activation)
    argument = x.astype(np.float64)
    y, _ = function(argument)
    assert np.array_equal(argument, x), f"{activation} writes into its argument."
    check_vjp(function, [argument])
    for number, element in enumerate(x):
        single, _ = function(np.array([[element]], np.float64))
        assert np.allclose(single, y[number], rtol=1e-12), f"{activation}: a value depends on the other elements."
    both = np.stack([x, x[::-1]]).astype(np.float64)
    for order in (both, np.asfortranarray(both)):
        same = np.allclose(function(order)[0], np.stack([y, y[::-1]]), rtol=1e-12)
        assert same, f"{activation}: a value depends on the shape or the memory order of the argument."
    _check_precision(activation, x)
    _check_large_arguments(activation)
    try:
        pickle.dumps(activation)
    except Exception as error:
        raise AssertionError(
            f"{activation} cannot be pickled, and neither can models with it: define its functions at the top of a "
            "module."
        ) from error


def _check_large_arguments(activation: AnyActivation) -> None:
    large = np.array([-1e4, -50.0, 50.0, 1e4], np.float32)
    with np.errstate(all="ignore"):
        values, vjp = activation_function(activation)(large)
        slopes = vjp(np.ones_like(large))
    assert not np.isnan(values).any(), f"{activation}: values of large arguments, {large.tolist()}, are NaN."
    assert not np.isnan(slopes).any(), f"{activation}: slopes at large arguments, {large.tolist()}, are NaN."


def _check_precision(activation: AnyActivation, x: Array) -> None:
    single = x.astype(np.float32)
    y, vjp = activation_function(activation)(single)
    dx = vjp(np.ones_like(single))
    for what, array in (("values", y), ("slopes", dx)):
        assert array.dtype == np.float32, f"{activation}: {what} of float32 are {array.dtype}."
        assert array.shape == x.shape, f"{activation}: {what} have shape {array.shape}, not {x.shape}."
