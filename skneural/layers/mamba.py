"""Selective state space models, between the input and output projections of a Mamba block.

x: (batch, steps, features), the output of the input projection, including the gate, so that one product computes all of
it. Padding leaves the state unchanged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from skneural.initializers import Initializer, glorot_uniform, interval, ones, uniform
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.causal_convolution import causal_convolution, causal_convolution_step
from skneural.ops.linear import linear
from skneural.ops.memory import empty
from skneural.ops.multihead_scan import multihead_scan, multihead_scan_step
from skneural.ops.pointwise import silu, softplus
from skneural.ops.selective_scan import selective_scan, selective_scan_step
from skneural.ops.state_space import gated, inverse_softplus, negative_exponential
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree

# Range and minimum of the initial step sizes; decay rates stay below the negative of the last.
SMALLEST_STEP, LARGEST_STEP, STEP_FLOOR = 1e-3, 1e-1, 1e-4
SLOWEST_DECAY = 1e-4

ScanState: TypeAlias = tuple[Array, Array]  # last inputs of the convolution, and the state of the scan


def _step_bias(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Inverse softplus of step sizes whose logarithm is uniform."""
    sizes = np.exp(rng.uniform(math.log(SMALLEST_STEP), math.log(LARGEST_STEP), shape))
    return inverse_softplus(np.maximum(sizes, STEP_FLOOR))


def _decay(shape: tuple[int, ...], initializer: Initializer) -> Parameter:
    """Logarithm of the negative decay rate, so that its sign cannot change; the limit keeps it away from zero."""
    return Parameter(shape, initializer, penalized=False, limit=-math.log(SLOWEST_DECAY))


def _convolution(width: int, channels: int) -> Tree:
    bound = 1 / math.sqrt(width)
    return {
        "kernel": Parameter((width, channels), uniform(bound)),
        "kernel_bias": Parameter((channels,), uniform(bound), penalized=False),
    }


def _mask_padding(step_size: Array, context: Context) -> None:
    """Set the step sizes of padding to zero."""
    mask = context.mask(step_size.shape[1])
    if mask is not None:
        step_size *= mask[:, :, np.newaxis]


@dataclass(frozen=True)
class SelectiveScan(Layer):
    """Mamba's selective state space (Gu and Dao 2023): convolution, scan with one decay rate per channel, and gate.

    x: (batch, steps, 2 * n), input of the scan and gate; y: (batch, steps, n).

    Parameters
    ----------
    n : int
        Channels.
    state_size : int, default=16
        State size of each channel.
    convolution_width : int, default=4
        Kernel size of the convolution before the scan.
    step_rank : int, default=4
        Rank of the projection to the step sizes of the channels.
    """

    n: int
    state_size: int = 16
    convolution_width: int = 4
    step_rank: int = 4

    def parameters(self) -> Tree:
        n, n_states = self.n, self.state_size
        return {
            **_convolution(self.convolution_width, n),
            "to_scan": Parameter((n, self.step_rank + 2 * n_states), glorot_uniform),
            "step_weight": Parameter((self.step_rank, n), uniform(1 / math.sqrt(self.step_rank))),
            "step_bias": Parameter((n,), _step_bias, penalized=False),
            "log_decay": _decay((n_states, n), lambda rng, shape: np.log(np.arange(1, shape[0] + 1.0))[:, np.newaxis]),
            "skip": Parameter((n,), ones, penalized=False),
        }

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n)

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return self._forward(p, x, context, keep=True)

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self._forward(p, x, context, keep=False)[0]

    def _forward(self, p: Tree, x: Array, context: Context, keep: bool) -> tuple[Any, Backward]:
        n, rank = self.n, self.step_rank
        convolved, convolution_vjp = causal_convolution(x[:, :, :n], p["kernel"], p["kernel_bias"])
        value, value_vjp = silu(convolved)
        projected, projected_vjp = linear(value, p["to_scan"])
        raw_step, raw_step_vjp = linear(projected[:, :, :rank], p["step_weight"], p["step_bias"])
        step_size, step_size_vjp = softplus(raw_step)
        _mask_padding(step_size, context)
        decay_rate, decay_vjp = negative_exponential(p["log_decay"])
        write, read = projected[:, :, rank : rank + self.state_size], projected[:, :, rank + self.state_size :]
        scanned, scan_vjp = selective_scan(value, step_size, decay_rate, write, read, p["skip"], keep=keep)
        y, gate_vjp = gated(scanned, x[:, :, n:])

        def backward(dy: Array, g: Tree) -> Any:
            dx = empty(x.shape, x.dtype)
            d_scanned, dx[:, :, n:] = gate_vjp(dy)
            d_value, d_step_size, d_write, d_read = scan_vjp(d_scanned, g["log_decay"], g["skip"])
            decay_vjp(g["log_decay"], g["log_decay"])
            _mask_padding(d_step_size, context)
            d_step = raw_step_vjp(step_size_vjp(d_step_size), g["step_weight"], g["step_bias"])
            d_value += projected_vjp(np.concatenate([d_step, d_write, d_read], axis=2), g["to_scan"])
            dx[:, :, :n] = convolution_vjp(value_vjp(d_value), g["kernel"], g["kernel_bias"])
            return dx

        return y, backward

    def step(self, p: Tree, x: Array, state: ScanState | None = None) -> tuple[Any, ScanState]:
        """Compute one step. x: (batch, 2 * n); the state is None before the first step."""
        n, rank = self.n, self.step_rank
        before, scan_state = state if state is not None else _first_state(x, p["kernel"], (self.state_size, n))
        convolved, before = causal_convolution_step(x[:, :n], p["kernel"], p["kernel_bias"], before)
        value = silu(convolved)[0]
        projected = value @ p["to_scan"]
        step_size = softplus(projected[:, :rank] @ p["step_weight"] + p["step_bias"])[0]
        write, read = projected[:, rank : rank + self.state_size], projected[:, rank + self.state_size :]
        decay_rate, _ = negative_exponential(p["log_decay"])
        y, scan_state = selective_scan_step(value, step_size, decay_rate, write, read, p["skip"], scan_state)
        return gated(y, x[:, n:])[0], (before, scan_state)


@dataclass(frozen=True)
class MultiheadScan(Layer):
    """Mamba-2's selective state space (Dao and Gu 2024): convolution, scan with one decay rate per head, and gate.

    x: (batch, steps, n_inputs), gate, input of the scan, input and output weights of the state, and the step size of
    each head; y: (batch, steps, n).

    Parameters
    ----------
    n : int
        Channels; a multiple of `n_heads`.
    n_heads : int
    state_size : int, default=16
        State size of each channel.
    convolution_width : int, default=4
        Kernel size of the convolution before the scan.
    """

    n: int
    n_heads: int
    state_size: int = 16
    convolution_width: int = 4

    @property
    def n_scanned(self) -> int:
        return self.n + 2 * self.state_size

    @property
    def n_inputs(self) -> int:
        return self.n + self.n_scanned + self.n_heads

    def parameters(self) -> Tree:
        heads = (self.n_heads,)
        return {
            **_convolution(self.convolution_width, self.n_scanned),
            "step_bias": Parameter(heads, _step_bias, penalized=False),
            "log_decay": _decay(heads, lambda rng, shape: np.log(interval(1.0, 16.0)(rng, shape))),
            "skip": Parameter(heads, ones, penalized=False),
        }

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n)

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        return self._forward(p, x, context, keep=True)

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        return self._forward(p, x, context, keep=False)[0]

    def _forward(self, p: Tree, x: Array, context: Context, keep: bool) -> tuple[Any, Backward]:
        n, end = self.n, self.n + self.n_scanned
        convolved, convolution_vjp = causal_convolution(x[:, :, n:end], p["kernel"], p["kernel_bias"])
        inputs, inputs_vjp = silu(convolved)
        step_size, step_size_vjp = softplus(x[:, :, end:] + p["step_bias"])
        _mask_padding(step_size, context)
        decay_rate, decay_vjp = negative_exponential(p["log_decay"])
        scanned, scan_vjp = multihead_scan(inputs, step_size, decay_rate, p["skip"], self.state_size, keep=keep)
        y, gate_vjp = gated(scanned, x[:, :, :n])

        def backward(dy: Array, g: Tree) -> Any:
            dx = empty(x.shape, x.dtype)
            d_scanned, dx[:, :, :n] = gate_vjp(dy)
            d_inputs, d_step_size = scan_vjp(d_scanned, g["log_decay"], g["skip"])
            decay_vjp(g["log_decay"], g["log_decay"])
            _mask_padding(d_step_size, context)
            d_step = step_size_vjp(d_step_size)
            dx[:, :, end:] = d_step
            np.add.reduce(d_step, axis=(0, 1), out=g["step_bias"])
            dx[:, :, n:end] = convolution_vjp(inputs_vjp(d_inputs), g["kernel"], g["kernel_bias"])
            return dx

        return y, backward

    def step(self, p: Tree, x: Array, state: ScanState | None = None) -> tuple[Any, ScanState]:
        """Compute one step. x: (batch, n_inputs); the state is None before the first step."""
        n, end = self.n, self.n + self.n_scanned
        before, scan_state = state if state is not None else _first_state(x, p["kernel"], (self.state_size, n))
        convolved, before = causal_convolution_step(x[:, n:end], p["kernel"], p["kernel_bias"], before)
        step_size = softplus(x[:, end:] + p["step_bias"])[0]
        decay_rate, _ = negative_exponential(p["log_decay"])
        y, scan_state = multihead_scan_step(silu(convolved)[0], step_size, decay_rate, p["skip"], scan_state)
        return gated(y, x[:, :n])[0], (before, scan_state)


def _first_state(x: Array, kernel: Array, shape: tuple[int, int]) -> ScanState:
    """State of the convolution and the scan before the first step: zeros."""
    width, channels = kernel.shape
    return np.zeros((len(x), width - 1, channels), x.dtype), np.zeros((len(x), *shape), x.dtype)
