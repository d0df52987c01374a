import numpy as np

from skneural.ops.gru import gru
from tests.ops.cells import check_cell, each_kind_of_lengths, logistic


def textbook(x, dy, recurrent, inputs, bias):
    """Cho et al. (2014), with the reset gate behind the product, and its backward pass."""
    n = len(recurrent)
    state = np.zeros(n)
    y, steps = [], []
    for x_step in x:
        before = state
        of_state = state @ recurrent + bias[: 3 * n]
        of_x = x_step @ inputs
        recalled = of_state[:n]
        reset = logistic(of_state[n : 2 * n] + of_x[:n])
        update = logistic(of_state[2 * n :] + of_x[n : 2 * n])
        candidate = np.tanh(of_x[2 * n :] + bias[3 * n :] + reset * recalled)
        state = update * state + (1 - update) * candidate
        y.append(state)
        steps.append((x_step, before, recalled, reset, update, candidate))
    dx, d_recurrent, d_inputs, d_bias = np.empty_like(x), 0, 0, 0
    d_state = np.zeros(n)
    for t in reversed(range(len(x))):
        x_step, before, recalled, reset, update, candidate = steps[t]
        d_state = d_state + dy[t]
        d_update = d_state * (before - candidate) * update * (1 - update)
        d_candidate = d_state * (1 - update) * (1 - candidate**2)
        d_reset = d_candidate * recalled * reset * (1 - reset)
        d_of_state = np.concatenate([d_candidate * reset, d_reset, d_update])
        d_of_x = np.concatenate([d_reset, d_update, d_candidate])
        dx[t] = inputs @ d_of_x
        d_recurrent = d_recurrent + np.outer(before, d_of_state)
        d_inputs = d_inputs + np.outer(x_step, d_of_x)
        d_bias = d_bias + np.concatenate([d_of_state, d_candidate])
        d_state = recurrent @ d_of_state + d_state * update
    return np.array(y), dx, d_recurrent, d_inputs, d_bias


@each_kind_of_lengths
def test_gru_follows_its_equations_forward_and_backward(columns):
    check_cell(gru, textbook, (4, 12), (3, 12), (16,), columns=columns)
