import numpy as np

from skneural.ops.elman import elman
from tests.ops.cells import check_cell, each_kind_of_lengths


def textbook(x, dy, recurrent, inputs, bias):
    """Elman (1990), and its backward pass."""
    states = [np.zeros(len(recurrent))]
    for x_step in x:
        states.append(np.tanh(states[-1] @ recurrent + x_step @ inputs + bias))
    dx, d_recurrent, d_inputs, d_bias = np.empty_like(x), 0, 0, 0
    d_state = np.zeros(len(recurrent))
    for t in reversed(range(len(x))):
        d_sum = (d_state + dy[t]) * (1 - states[t + 1] ** 2)
        dx[t] = inputs @ d_sum
        d_recurrent = d_recurrent + np.outer(states[t], d_sum)
        d_inputs = d_inputs + np.outer(x[t], d_sum)
        d_bias = d_bias + d_sum
        d_state = recurrent @ d_sum
    return np.array(states[1:]), dx, d_recurrent, d_inputs, d_bias


@each_kind_of_lengths
def test_elman_follows_its_equations_forward_and_backward(columns):
    check_cell(elman, textbook, (4, 4), (3, 4), (4,), columns=columns)
