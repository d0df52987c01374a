import numpy as np

from skneural.ops.lstm import lstm
from tests.ops.cells import check_cell, each_kind_of_lengths, logistic


def textbook(x, dy, recurrent, inputs, bias):
    """Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000), and its backward pass."""
    state = memory = np.zeros(len(recurrent))
    y, steps = [], []
    for x_step in x:
        before = state, memory
        output, take, forget, candidate = np.split(state @ recurrent + x_step @ inputs + bias, 4)
        output, take, forget, candidate = logistic(output), logistic(take), logistic(forget), np.tanh(candidate)
        memory = forget * memory + take * candidate
        state = output * np.tanh(memory)
        y.append(state)
        steps.append((x_step, *before, output, take, forget, candidate, np.tanh(memory)))
    dx, d_recurrent, d_inputs, d_bias = np.empty_like(x), 0, 0, 0
    d_state = d_memory = np.zeros(len(recurrent))
    for t in reversed(range(len(x))):
        x_step, state_before, memory_before, output, take, forget, candidate, emitted = steps[t]
        d_state = d_state + dy[t]
        d_memory = d_memory + d_state * output * (1 - emitted**2)
        d_gates = np.concatenate(
            [
                d_state * emitted * output * (1 - output),
                d_memory * candidate * take * (1 - take),
                d_memory * memory_before * forget * (1 - forget),
                d_memory * take * (1 - candidate**2),
            ]
        )
        dx[t] = inputs @ d_gates
        d_recurrent = d_recurrent + np.outer(state_before, d_gates)
        d_inputs = d_inputs + np.outer(x_step, d_gates)
        d_bias = d_bias + d_gates
        d_state, d_memory = recurrent @ d_gates, d_memory * forget
    return np.array(y), dx, d_recurrent, d_inputs, d_bias


@each_kind_of_lengths
def test_lstm_follows_its_equations_forward_and_backward(columns):
    check_cell(lstm, textbook, (4, 16), (3, 16), (16,), columns=columns)
