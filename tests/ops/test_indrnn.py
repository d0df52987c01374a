import numpy as np

from skneural.ops.indrnn import indrnn
from tests.ops.cells import check_cell, each_kind_of_lengths


def textbook(x, dy, recurrent, inputs, bias):
    """Li et al. (2018): each unit sees only its own state; and its backward pass."""
    states = [np.zeros(len(recurrent))]
    for x_step in x:
        states.append(np.maximum(recurrent * states[-1] + x_step @ inputs + bias, 0))
    dx, d_recurrent, d_inputs, d_bias = np.empty_like(x), 0, 0, 0
    d_state = np.zeros(len(recurrent))
    for t in reversed(range(len(x))):
        d_sum = (d_state + dy[t]) * (states[t + 1] > 0)
        dx[t] = inputs @ d_sum
        d_recurrent = d_recurrent + states[t] * d_sum
        d_inputs = d_inputs + np.outer(x[t], d_sum)
        d_bias = d_bias + d_sum
        d_state = recurrent * d_sum
    return np.array(states[1:]), dx, d_recurrent, d_inputs, d_bias


@each_kind_of_lengths
def test_indrnn_follows_its_equations_forward_and_backward(columns):
    check_cell(indrnn, textbook, (4,), (3, 4), (4,), columns=columns)


def test_units_do_not_see_each_other():
    rng = np.random.default_rng(0)
    x, recurrent = rng.standard_normal((6, 3, 5)), np.full(4, 0.9)
    inputs, bias = rng.standard_normal((3, 4)), np.ones(4)
    before, _ = indrnn(x, recurrent, inputs, bias)
    recurrent[1] *= 0.5
    after, _ = indrnn(x, recurrent, inputs, bias)
    np.testing.assert_array_equal((after != before).any(axis=(0, 2)), [False, True, False, False])
