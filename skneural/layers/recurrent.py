"""Recurrent layers. x: (steps, n_in, batch); y: (steps, n_out, batch), zero beyond the end of each series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import for_each_gate, glorot_uniform, interval, orthogonal
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops import elman, gru, indrnn, jordan, lstm
from skneural.ops.recurrence import Walk
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class Recurrent(Layer):
    """What recurrent layers have in common; members name an op, its step, and their parameters.

    GRU and LSTM also take a pair: x, and the state before the first step, (n_state, batch), which otherwise is zero.

    Series of unequal lengths are sorted by length where they are not yet, so that late steps work on few of them.
    Backwards, each series begins at its own end.

    Parameters
    ----------
    n_in : int
        Features of each step.
    n_out : int
        Units.
    reverse : bool, default=False
        Whether to go from the last step to the first.
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

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        x, first = x if isinstance(x, tuple) else (x, None)
        order, start = self._start(x, first, context)
        y, vjp = type(self).walk(
            order.arrange(x), *p.values(), columns=order.columns, input_gradient=self.input_gradient, **start
        )

        def backward(dy: Any, g: Tree) -> Any:
            dx = vjp(order.arrange(dy), *g.values())
            if first is None:
                return None if dx is None else order.restore(dx)
            dx, d_first = dx
            return None if dx is None else order.restore(dx), order.restore_columns(d_first)

        return order.restore(y), backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        x, first = x if isinstance(x, tuple) else (x, None)
        order, start = self._start(x, first, context)
        y, _ = type(self).walk(order.arrange(x), *p.values(), columns=order.columns, keep=False, **start)
        return order.restore(y)

    def _start(self, x: Array, first: Array | None, context: Context) -> tuple[Walk, dict[str, Array]]:
        """The order of the steps and columns, and the first state in it, if it is given."""
        order = Walk.over(len(x), context.lengths, self.reverse)
        if first is None:
            return order, {}
        if self.reverse:
            raise NotImplementedError("Backwards, series of unequal lengths start at different steps: at zero only.")
        return order, {"first": order.arrange_columns(first)}

    def step(self, p: Tree, x: Array, state: Any = None) -> tuple[Any, Any]:
        """One step alone: x of shape (n_in, batch), and what the step before gave as state; None before the first.

        Returns
        -------
        y : array of shape (n_out, batch)
        state : what the next step takes
        """
        if self.reverse:
            raise NotImplementedError(f"{type(self).__name__} has no step backwards: it begins with the last one.")
        if state is None:
            state = self._first_state(np.zeros((self.n_out, x.shape[1]), x.dtype))
        return type(self).one_step(x, state, *p.values())

    def _first_state(self, zero: Any) -> Any:
        return zero

    def stacked_state(self, first: Array) -> Any:
        """What `step` takes as the state, for what `forward` takes as the state before the first step."""
        return first

    @property
    def n_state(self) -> int:
        """Numbers of the state."""
        return self.n_out

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (x_shape[0], self.n_out, x_shape[2])


@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory; its forget gate starts open (Gers et al. 2000, Jozefowicz et al. 2015)."""

    walk = lstm.lstm
    one_step = lstm.lstm_step

    def parameters(self) -> Tree:
        n = self.n_out
        return {
            "recurrent": Parameter((n, 4 * n), for_each_gate(orthogonal, lstm.N_GATES)),
            "inputs": Parameter((self.n_in, 4 * n), for_each_gate(glorot_uniform, lstm.N_GATES)),
            "bias": Parameter((4 * n,), lambda rng, shape: np.repeat([0.0, 0.0, 1.0, 0.0], n), penalized=False),
        }

    def _first_state(self, zero: Any) -> Any:
        return zero, zero

    def stacked_state(self, first: Array) -> Any:
        return first[: self.n_out], first[self.n_out :]

    @property
    def n_state(self) -> int:
        return 2 * self.n_out


@dataclass(frozen=True)
class GRU(Recurrent):
    """Gated recurrent units, with the reset gate behind the product."""

    walk = gru.gru
    one_step = gru.gru_step

    def parameters(self) -> Tree:
        n = self.n_out
        return {
            "recurrent": Parameter((n, 3 * n), for_each_gate(orthogonal, gru.N_GATES)),
            "inputs": Parameter((self.n_in, 3 * n), for_each_gate(glorot_uniform, gru.N_GATES)),
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
    """Rectified units that each see only their own state (Li et al. 2018).

    What a unit keeps of its state from step to step starts uniformly between 0 and 1, so that some forget soon and
    some hardly at all, and stays between -1 and 1, so that no state grows by itself, however long the series.
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
    """Hidden units that see the output of the step before (Jordan 1986); both with tanh."""

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
