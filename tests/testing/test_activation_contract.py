"""The check of activations fails for the mistakes that it is to notice."""

import numpy as np
import pytest

from skneural.layers import ActivationFunction
from skneural.testing import check_activation


def softsign(x):
    return x / (1 + np.abs(x))


def slope_of_softsign(x):
    return (1 + np.abs(x)) ** -2


def of_all(x):
    return x / (1 + np.abs(x).sum())


def written(x):
    x *= 2
    return x


def wide(x):
    return np.sin(x.astype(np.float64))


def exponential_ratio(x):
    return np.exp(x) / np.exp(x)


def slopes_in_rows(x):
    return np.cos(x).reshape(1, -1) if x.ndim == 1 else np.cos(x)


def zero(x):
    return np.zeros_like(x)


def test_a_right_one_passes():
    check_activation(ActivationFunction(softsign, slope_of_softsign))


@pytest.mark.parametrize(
    ("function", "derivative", "message"),
    [
        (softsign, softsign, "central differences"),
        (softsign, zero, "central differences"),
        (written, np.ones_like, "writes into its argument"),
        (of_all, zero, "central differences|depends on the other elements"),
        (wide, np.cos, "values of float32 are float64"),
        (np.sin, slopes_in_rows, r"dx has shape \(1, 8\)"),
        (exponential_ratio, zero, "NaN"),
        (lambda x: np.sin(x), np.cos, "cannot be pickled"),
    ],
)
def test_mistakes_are_noticed(function, derivative, message):
    with pytest.raises(AssertionError, match=message):
        check_activation(ActivationFunction(function, derivative))
