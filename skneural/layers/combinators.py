"""How layers become networks: in a row, around, side by side, multiplied, in the other direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, step_axis
from skneural.ops.memory import empty_like
from skneural.ops.reverse import reverse_steps
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class Chain(Layer):
    """One layer after another."""

    layers: tuple[Layer, ...]

    def parameters(self) -> Tree:
        return tuple(layer.parameters() for layer in self.layers)

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        backwards = []
        for layer, p_layer in zip(self.layers, p, strict=True):
            x, layer_backward = layer.forward(p_layer, x, context)
            backwards.append(layer_backward)

        def backward(dy: Any, g: Tree) -> Any:
            for i in range(len(backwards) - 1, -1, -1):
                dy = backwards[i](dy, g[i])
                if dy is None:  # layers before the first that learns have nothing to do
                    return None
            return dy

        return x, backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        # No list of activations: predicting costs the memory of one layer, whatever the depth.
        for layer, p_layer in zip(self.layers, p, strict=True):
            x = layer.predict(p_layer, x, context)
        return x

    def output_bias(self, p: Tree) -> Array | None:
        return self.layers[-1].output_bias(p[-1]) if self.layers else None

    def shape(self, x_shape: AnyShape) -> AnyShape:
        for layer in self.layers:
            x_shape = layer.shape(x_shape)
        return x_shape

    def inner_shapes(self, x_shape: AnyShape) -> Iterator[AnyShape]:
        for layer in self.layers:
            yield x_shape
            x_shape = layer.shape(x_shape)

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        states = []
        for layer, p_layer, layer_state in zip(self.layers, p, _states(state, len(self.layers)), strict=True):
            x, layer_state = layer.step(p_layer, x, layer_state)
            states.append(layer_state)
        return x, tuple(states)

    def state_over(self, p: Tree, memory: Any, lengths: Array | None = None) -> Any:
        return tuple(layer.state_over(p_layer, memory, lengths) for layer, p_layer in zip(self.layers, p, strict=True))

    def take(self, state: Any, rows: Array) -> Any:
        return take_each(self.layers, state, rows)


@dataclass(frozen=True)
class Residual(Layer):
    """y = shortcut(x) + inner(x) (He et al. 2016). Without a shortcut, x itself is added."""

    inner: Layer
    shortcut: Layer | None = None

    def parameters(self) -> Tree:
        if self.shortcut is None:
            return {"inner": self.inner.parameters()}
        return {"inner": self.inner.parameters(), "shortcut": self.shortcut.parameters()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        y, inner_backward = self.inner.forward(p["inner"], x, context)
        if self.shortcut is None:
            return _sum(x, y), lambda dy, g: _sum(inner_backward(dy, g["inner"]), dy)
        along, shortcut_backward = self.shortcut.forward(p["shortcut"], x, context)

        def backward(dy: Any, g: Tree) -> Any:
            return _sum(inner_backward(dy, g["inner"]), shortcut_backward(dy, g["shortcut"]))

        return _sum(along, y), backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        along = x if self.shortcut is None else self.shortcut.predict(p["shortcut"], x, context)
        return along + self.inner.predict(p["inner"], x, context)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.inner.shape(x_shape)

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        inner_state, along_state = _states(state, 2)
        y, inner_state = self.inner.step(p["inner"], x, inner_state)
        if self.shortcut is None:
            return x + y, (inner_state, None)
        along, along_state = self.shortcut.step(p["shortcut"], x, along_state)
        return along + y, (inner_state, along_state)

    def take(self, state: Any, rows: Array) -> Any:
        return take_each((self.inner, self.shortcut or self.inner), state, rows)


@dataclass(frozen=True)
class Branches(Layer):
    """Feed x to every branch and join their outputs along `axis` (Szegedy et al. 2015)."""

    branches: tuple[Layer, ...]
    axis: int = -1

    def parameters(self) -> Tree:
        return tuple(branch.parameters() for branch in self.branches)

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        passes = [branch.forward(p_b, x, context) for branch, p_b in zip(self.branches, p, strict=True)]
        outputs = [y for y, _ in passes]
        ends = np.cumsum([y.shape[self.axis] for y in outputs])[:-1]

        def backward(dy: Any, g: Tree) -> Any:
            parts = np.split(dy, ends, axis=self.axis)
            return _sum(
                *(branch_backward(part, g_b) for (_, branch_backward), part, g_b in zip(passes, parts, g, strict=True))
            )

        return np.concatenate(outputs, axis=self.axis), backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        outputs = [branch.predict(p_b, x, context) for branch, p_b in zip(self.branches, p, strict=True)]
        return np.concatenate(outputs, axis=self.axis)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        shapes = [branch.shape(x_shape) for branch in self.branches]
        joined = list(shapes[0])
        widths = [shape[self.axis] for shape in shapes]
        joined[self.axis] = None if None in widths else sum(widths)  # type: ignore[arg-type]
        return tuple(joined)

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        states = _states(state, len(self.branches))
        steps = [branch.step(p_b, x, own) for branch, p_b, own in zip(self.branches, p, states, strict=True)]
        outputs = [y for y, _ in steps]
        return np.concatenate(outputs, axis=step_axis(self.axis, outputs[0].ndim)), tuple(new for _, new in steps)

    def take(self, state: Any, rows: Array) -> Any:
        return take_each(self.branches, state, rows)


@dataclass(frozen=True)
class Gate(Layer):
    """y = value(x) * gate(x), as in gated linear units (Dauphin et al. 2017) and Mamba."""

    value: Layer
    gate: Layer

    def parameters(self) -> Tree:
        return {"value": self.value.parameters(), "gate": self.gate.parameters()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        value, value_backward = self.value.forward(p["value"], x, context)
        gate, gate_backward = self.gate.forward(p["gate"], x, context)

        def backward(dy: Any, g: Tree) -> Any:
            return _sum(value_backward(dy * gate, g["value"]), gate_backward(dy * value, g["gate"]))

        return value * gate, backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        return self.value.predict(p["value"], x, context) * self.gate.predict(p["gate"], x, context)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.value.shape(x_shape)

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        value_state, gate_state = _states(state, 2)
        value, value_state = self.value.step(p["value"], x, value_state)
        gate, gate_state = self.gate.step(p["gate"], x, gate_state)
        return value * gate, (value_state, gate_state)

    def take(self, state: Any, rows: Array) -> Any:
        return take_each((self.value, self.gate), state, rows)


@dataclass(frozen=True)
class Reversed(Layer):
    """Read each series from its own end to its start; y lies as x does (Schuster and Paliwal 1997).

    x, y: (batch, steps, features). `inner` sees each series reversed, with the padding behind it as before; what it
    notes in `context` lies as it sees it.
    """

    inner: Layer

    def parameters(self) -> Tree:
        return {"inner": self.inner.parameters()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        turned_x, x_vjp = reverse_steps(x, context.lengths)
        turned_y, inner_backward = self.inner.forward(p["inner"], turned_x, context)
        y, y_vjp = reverse_steps(turned_y, context.lengths)

        def backward(dy: Any, g: Tree) -> Any:
            dx = inner_backward(y_vjp(dy), g["inner"])
            return None if dx is None else x_vjp(dx)

        return y, backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        y = self.inner.predict(p["inner"], reverse_steps(x, context.lengths)[0], context)
        return reverse_steps(y, context.lengths)[0]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.inner.shape(x_shape)


def _sum(*parts: Any) -> Any:
    """Sum of what comes along all paths; None where the first layers skip dx."""
    if any(part is None for part in parts):
        return None
    if len(parts) == 1:
        return parts[0]
    total = np.add(parts[0], parts[1], out=empty_like(parts[0]))
    for part in parts[2:]:
        total += part
    return total


def take_each(layers: tuple[Layer, ...], states: Any, rows: Array) -> Any:
    """The states of several layers for some rows of the batch; None before the first step."""
    return (
        None if states is None else tuple(layer.take(state, rows) for layer, state in zip(layers, states, strict=True))
    )


def _states(state: Any, n: int) -> tuple[Any, ...]:
    """The states of n layers; None for each before the first step."""
    return (None,) * n if state is None else state
