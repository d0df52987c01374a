import numpy as np

from skneural.ops.jordan import jordan
from tests.ops.cells import check_cell, each_kind_of_lengths


def textbook(x, dy, recurrent, inputs, bias, outputs, output_bias):
    """Jordan (1986): hidden units see the output of the step before; and its backward pass."""
    y, hidden = [np.zeros(len(recurrent))], []
    for x_step in x:
        hidden.append(np.tanh(y[-1] @ recurrent + x_step @ inputs + bias))
        y.append(np.tanh(hidden[-1] @ outputs + output_bias))
    dx, d_recurrent, d_inputs, d_bias, d_outputs, d_output_bias = np.empty_like(x), 0, 0, 0, 0, 0
    d_y = np.zeros(len(recurrent))
    for t in reversed(range(len(x))):
        d_output = (d_y + dy[t]) * (1 - y[t + 1] ** 2)
        d_hidden = outputs @ d_output * (1 - hidden[t] ** 2)
        dx[t] = inputs @ d_hidden
        d_recurrent = d_recurrent + np.outer(y[t], d_hidden)
        d_inputs = d_inputs + np.outer(x[t], d_hidden)
        d_bias = d_bias + d_hidden
        d_outputs = d_outputs + np.outer(hidden[t], d_output)
        d_output_bias = d_output_bias + d_output
        d_y = recurrent @ d_hidden
    return np.array(y[1:]), dx, d_recurrent, d_inputs, d_bias, d_outputs, d_output_bias


@each_kind_of_lengths
def test_jordan_follows_its_equations_forward_and_backward(columns):
    check_cell(jordan, textbook, (4, 4), (3, 4), (4,), (4, 4), (4,), columns=columns)
