"""Recurrent layers. x: (steps, n_in, batch); y: (steps, n_out, batch), zero in the padding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from skneural.initializers import for_each_gate, glorot_uniform, interval, orthogonal
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops import elman, gru, indrnn, jordan, lstm
from skneural.ops.recurrence import Walk
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

CellState: TypeAlias = Array | tuple[Array, Array]  # hidden state, or hidden state and cell of an LSTM


@dataclass(frozen=True)
class Recurrent(Layer):
    """Base class of recurrent layers; subclasses set `walk`, `one_step` and the parameters.

    GRU and LSTM also take a pair of x and the initial state, (n_state, batch), which is zero by default.

    Padded series are sorted by length, if they are not yet, so that late steps compute few of them. In reverse, each
    series begins with its last real step.

    Parameters
    ----------
    n_in : int
        Features of each step.
    n_out : int
        Number of units.
    reverse : bool, default=False
        Whether to process the steps from last to first.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    n_in: int
    n_out: int
    reverse: bool = False
    input_gradient: bool = True

    state_batch_axis: ClassVar[int] = -1

    walk: ClassVar[Callable[..., Any]]
    one_step: ClassVar[Callable[..., Any]]

    def forward(self, p: Tree, x: Array | tuple[Array, Array], context: Context) -> tuple[Any, Backward]:
        series, first = x if isinstance(x, tuple) else (x, None)
        order, start = self._start(series, first, context)
        y, vjp = type(self).walk(
            order.arrange(series), *p.values(), columns=order.columns, input_gradient=self.input_gradient, **start
        )

        def backward(dy: Array, g: Tree) -> Any:
            dx = vjp(order.arrange(dy), *g.values())
            if first is None:
                return None if dx is None else order.restore(dx)
            dx, d_first = dx
            return None if dx is None else order.restore(dx), order.restore_columns(d_first)

        return order.restore(y), backward

    def predict(self, p: Tree, x: Array | tuple[Array, Array], context: Context = PREDICTING) -> Any:
        series, first = x if isinstance(x, tuple) else (x, None)
        order, start = self._start(series, first, context)
        y, _ = type(self).walk(order.arrange(series), *p.values(), columns=order.columns, keep=False, **start)
        return order.restore(y)

    def _start(self, x: Array, first: Array | None, context: Context) -> tuple[Walk, dict[str, Array]]:
        """Order of the steps and columns, and the initial state in this order, if there is one."""
        order = Walk.over(len(x), context.batch.lengths, self.reverse)
        if first is None:
            return order, {}
        if self.reverse:
            raise NotImplementedError("Backwards, series of unequal lengths start at different steps: at zero only.")
        return order, {"first": order.arrange_columns(first)}

    def step(self, p: Tree, x: Array, state: CellState | None = None) -> tuple[Array, CellState]:
        """Compute one step. x: (n_in, batch); the state is None before the first step.

        Returns
        -------
        y : array of shape (n_out, batch)
        state : array or pair of arrays
            State of the next step.
        """
        if self.reverse:
            raise NotImplementedError(f"{type(self).__name__} has no step backwards: it begins with the last one.")
        if state is None:
            state = self._first_state(np.zeros((self.n_out, x.shape[1]), x.dtype))
        return type(self).one_step(x, state, *p.values())

    def _first_state(self, zero: Array) -> CellState:
        return zero

    def stacked_state(self, first: Array) -> CellState:
        """Convert the initial state from the layout of `forward` to that of `step`."""
        return first

    @property
    def n_state(self) -> int:
        """Size of the state."""
        return self.n_out

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_out, x_shape[2])


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory, with an initial forget gate bias of one (Gers et al. 2000, Jozefowicz et al. 2015)."""

    walk = lstm.lstm
    one_step = lstm.lstm_step

    def parameters(self) -> Tree:
        n = self.n_out
        return {
            "recurrent": Parameter((n, 4 * n), for_each_gate(orthogonal, lstm.N_LSTM_GATES)),
            "inputs": Parameter((self.n_in, 4 * n), for_each_gate(glorot_uniform, lstm.N_LSTM_GATES)),
            "bias": Parameter((4 * n,), lambda rng, shape: np.repeat([0.0, 0.0, 1.0, 0.0], n), penalized=False),
        }

    def _first_state(self, zero: Array) -> CellState:
        return zero, zero

    def stacked_state(self, first: Array) -> CellState:
        return first[: self.n_out], first[self.n_out :]

    @property
    def n_state(self) -> int:
        return 2 * self.n_out


@dataclass(frozen=True)
class GRU(Recurrent):
    """Gated recurrent units, with the reset gate applied after the product."""

    walk = gru.gru
    one_step = gru.gru_step

    def parameters(self) -> Tree:
        n = self.n_out
        return {
            "recurrent": Parameter((n, 3 * n), for_each_gate(orthogonal, gru.N_GRU_GATES)),
            "inputs": Parameter((self.n_in, 3 * n), for_each_gate(glorot_uniform, gru.N_GRU_GATES)),
            "bias": Parameter((gru.N_BIASES * n,), penalized=False),
        }


@dataclass(frozen=True)
class Elman(Recurrent):
    """Fully connected units with tanh (Elman 1990)."""

    walk = elman.elman
    one_step = elman.elman_step

    def parameters(self) -> Tree:
        return {
            "recurrent": Parameter((self.n_out, self.n_out), orthogonal),
            "inputs": Parameter((self.n_in, self.n_out), glorot_uniform),
            "bias": Parameter((self.n_out,), penalized=False),
        }


@dataclass(frozen=True)
class IndRNN(Recurrent):
    """Independently recurrent ReLU units, whose recurrent weights are one number each (Li et al. 2018).

    Recurrent weights are initialized uniformly between 0 and 1, so that units have short and long memories, and limited
    to [-1, 1], so that states do not explode in long series.
    """

    walk = indrnn.indrnn
    one_step = indrnn.indrnn_step

    def parameters(self) -> Tree:
        return {
            "recurrent": Parameter((self.n_out,), interval(0.0, 1.0), penalized=False, limit=1.0),
            "inputs": Parameter((self.n_in, self.n_out), glorot_uniform),
            "bias": Parameter((self.n_out,), penalized=False),
        }


@dataclass(frozen=True)
class Jordan(Recurrent):
    """Hidden units with feedback from the previous output (Jordan 1986); both with tanh."""

    walk = jordan.jordan
    one_step = jordan.jordan_step

    def parameters(self) -> Tree:
        n = self.n_out
        return {
            "recurrent": Parameter((n, n), orthogonal),
            "inputs": Parameter((self.n_in, n), glorot_uniform),
            "bias": Parameter((n,), penalized=False),
            "outputs": Parameter((n, n), orthogonal),
            "output_bias": Parameter((n,), penalized=False),
        }


CELLS: dict[str, type[Recurrent]] = {"rnn": Elman, "lstm": LSTM, "gru": GRU, "indrnn": IndRNN, "jordan": Jordan}
