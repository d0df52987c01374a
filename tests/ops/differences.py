"""Gradients of ops against central differences."""

import numpy as np


def check_gradients_of(function, *arrays, step=1e-6):
    """Compare all gradients with central differences along random directions.

    `function(*arrays)` returns y and a callable, from dy to the gradients of all arrays.
    """
    rng = np.random.default_rng(9)
    y, backward = function(*arrays)
    dy = rng.standard_normal(y.shape)
    for i, gradient in enumerate(backward(dy)):
        along = rng.standard_normal(arrays[i].shape)
        moved = [function(*arrays[:i], arrays[i] + sign * step * along, *arrays[i + 1 :])[0] for sign in (1, -1)]
        slope = np.sum(dy * (moved[0] - moved[1])) / (2 * step)
        np.testing.assert_allclose(np.sum(gradient * along), slope, rtol=1e-6, atol=1e-8, err_msg=f"array {i}")


def with_parameters(op, n_inputs=1):
    """An op whose vjp writes the gradients of parameters, as a function for `check_gradients_of`."""

    def function(*arrays):
        y, vjp = op(*arrays)[:2]

        def backward(dy):
            gradients = [np.full_like(array, np.nan) for array in arrays[n_inputs:]]
            of_inputs = vjp(dy, *gradients)
            return [*(of_inputs if n_inputs > 1 else [of_inputs]), *gradients]

        return y, backward

    return function
