"""Layers that combine other layers: chains, residual connections, branches, gates and reversed series."""

from __future__ import annotations

import functools
import operator
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np

from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, LayerState, step_axis
from skneural.ops.concatenate import concatenate
from skneural.ops.memory import empty_like
from skneural.ops.reverse import reverse_steps
from skneural.ops.types import Array, Arrays
from skneural.parameters import Tree

States: TypeAlias = tuple[LayerState, ...]  # of the layers inside, in their order


@dataclass(frozen=True, init=False, repr=False)
class Composite(Layer):
    """Base class of combinations of named layers in a fixed order.

    Parameters
    ----------
    *layers : Layer, or mapping from str to Layer
        Layers without a name are named after their class and numbered from 1: ``"dense_1"``, ``"dense_2"``.
    **named : Layer
        Further layers, which follow the positional arguments.

    Attributes
    ----------
    parts : tuple of (str, Layer)
        Names and layers in order; the parameters have the same names.
    """

    parts: tuple[tuple[str, Layer], ...]

    def __init__(self, *layers: Layer | Mapping[str, Layer], **named: Layer) -> None:
        object.__setattr__(self, "parts", _with_names(type(self).__name__, layers, named))

    @property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(layer for _, layer in self.parts)

    def __repr__(self) -> str:
        arguments = (f"{name}={value!r}" for name, value in (*self.parts, *self._options().items()))
        return f"{type(self).__name__}({', '.join(arguments)})"

    def _options(self) -> dict[str, Any]:
        """The other fields."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "parts"}

    def children(self) -> dict[str, Layer]:
        return dict(self.parts)

    def with_children(self, children: Mapping[str, Layer]) -> Layer:
        return type(self)(**dict(self.parts) | dict(children), **self._options())

    def select_state(self, state: States | None, rows: Array) -> States | None:
        return select_each(self.layers, state, rows)


@dataclass(frozen=True, init=False, repr=False)
class Chain(Composite):
    """Apply layers in order: ``Chain(encoder=..., decoder=...)``, or ``Chain(Dense(4, 8), Activation("relu"))``."""

    def without(self, *names: str) -> Chain:
        """The chain without some of its layers; it accepts the parameters of the whole chain."""
        return Chain(**{name: layer for name, layer in self.parts if name not in names})

    def forward(self, p: Tree, x: Arrays, context: Context) -> tuple[Any, Backward]:
        backwards = []
        for name, layer in self.parts:
            x, layer_backward = layer.forward(p[name], x, context)
            backwards.append((name, layer_backward))
            context = layer.context_after(context)

        def backward(dy: Arrays, g: Tree) -> Any:
            for name, layer_backward in reversed(backwards):
                dy = layer_backward(dy, g[name])
                if dy is None:  # layers before the first with parameters need no gradient
                    return None
            return dy

        return x, backward

    def predict(self, p: Tree, x: Arrays, context: Context = PREDICTING) -> Any:
        # No list of activations: prediction needs the memory of one layer at any depth.
        for name, layer in self.parts:
            x = layer.predict(p[name], x, context)
            context = layer.context_after(context)
        return x

    def output_lengths(self, lengths: Array) -> Array:
        for layer in self.layers:
            lengths = layer.output_lengths(lengths)
        return lengths

    def output_bias(self, p: Tree) -> Array | None:
        if not self.parts:
            return None
        name, last = self.parts[-1]
        return last.output_bias(p[name])

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        remaining: Array | None = shift
        for name, layer in reversed(self.parts):
            if remaining is None:
                break
            remaining = layer.rescale_output(p[name], factor, remaining)
        return remaining

    def shape(self, x_shape: AnyShape) -> AnyShape:
        for _, layer in self.parts:
            x_shape = layer.shape(x_shape)
        return x_shape

    def step(self, p: Tree, x: Arrays, state: States | None = None) -> tuple[Any, States]:
        states = []
        for (name, layer), layer_state in zip(self.parts, _states(state, len(self.parts)), strict=True):
            x, layer_state = layer.step(p[name], x, layer_state)
            states.append(layer_state)
        return x, tuple(states)

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> Any:
        return tuple(layer.initial_state(p[name], memory, lengths) for name, layer in self.parts)


@dataclass(frozen=True)
class Residual(Layer):
    """Residual connection, y = shortcut(x) + inner(x) (He et al. 2016). The default shortcut is the identity."""

    inner: Layer
    shortcut: Layer | None = None

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        y, inner_backward = self.inner.forward(p["inner"], x, context)
        if self.shortcut is None:
            return sum_of_paths(x, y), lambda dy, g: sum_of_paths(inner_backward(dy, g["inner"]), dy)
        along, shortcut_backward = self.shortcut.forward(p["shortcut"], x, context)

        def backward(dy: Array, g: Tree) -> Any:
            return sum_of_paths(inner_backward(dy, g["inner"]), shortcut_backward(dy, g["shortcut"]))

        return sum_of_paths(along, y), backward

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        along = x if self.shortcut is None else self.shortcut.predict(p["shortcut"], x, context)
        return along + self.inner.predict(p["inner"], x, context)

    def output_bias(self, p: Tree) -> Array | None:
        return None if self.shortcut is None else self.inner.output_bias(p["inner"])

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        if self.shortcut is None:  # it has no weights that could be rescaled
            return super().rescale_output(p, factor, shift)
        self.shortcut.rescale_output(p["shortcut"], factor, np.zeros_like(shift))
        return self.inner.rescale_output(p["inner"], factor, shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        y_shape = self.inner.shape(x_shape)
        if self.shortcut is not None:
            self.shortcut.shape(x_shape)
        return y_shape

    def step(self, p: Tree, x: Array, state: States | None = None) -> tuple[Any, States]:
        inner_state, along_state = _states(state, 2)
        y, inner_state = self.inner.step(p["inner"], x, inner_state)
        if self.shortcut is None:
            return x + y, (inner_state, None)
        along, along_state = self.shortcut.step(p["shortcut"], x, along_state)
        return along + y, (inner_state, along_state)

    def select_state(self, state: States | None, rows: Array) -> States | None:
        return select_each((self.inner, self.shortcut or self.inner), state, rows)


@dataclass(frozen=True, init=False, repr=False)
class Branches(Composite):
    """Apply every branch to x and concatenate the outputs along `axis` (Szegedy et al. 2015)."""

    axis: int = -1

    def __init__(self, *branches: Layer | Mapping[str, Layer], axis: int = -1, **named: Layer) -> None:
        super().__init__(*branches, **named)
        object.__setattr__(self, "axis", axis)

    def forward(self, p: Tree, x: Arrays, context: Context) -> tuple[Any, Backward]:
        passes = [branch.forward(p[name], x, context) for name, branch in self.parts]
        y, vjp = concatenate([branch_y for branch_y, _ in passes], self.axis)

        def backward(dy: Array, g: Tree) -> Any:
            backwards = zip(self.parts, passes, vjp(dy), strict=True)
            return sum_of_paths(
                *(branch_backward(part, g[name]) for (name, _), (_, branch_backward), part in backwards)
            )

        return y, backward

    def predict(self, p: Tree, x: Arrays, context: Context = PREDICTING) -> Any:
        return concatenate([branch.predict(p[name], x, context) for name, branch in self.parts], self.axis)[0]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        shapes = [branch.shape(x_shape) for _, branch in self.parts]
        joined = list(shapes[0])
        joined[self.axis] = functools.reduce(operator.add, (shape[self.axis] for shape in shapes))
        return tuple(joined)

    def step(self, p: Tree, x: Arrays, state: States | None = None) -> tuple[Any, States]:
        states = _states(state, len(self.parts))
        steps = [branch.step(p[name], x, before) for (name, branch), before in zip(self.parts, states, strict=True)]
        outputs = [y for y, _ in steps]
        return np.concatenate(outputs, axis=step_axis(self.axis, outputs[0].ndim)), tuple(new for _, new in steps)


@dataclass(frozen=True)
class Gate(Layer):
    """Product y = value(x) * gate(x), as in gated linear units (Dauphin et al. 2017) and Mamba."""

    value: Layer
    gate: Layer

    def forward(self, p: Tree, x: Arrays, context: Context) -> tuple[Any, Backward]:
        value, value_backward = self.value.forward(p["value"], x, context)
        gate, gate_backward = self.gate.forward(p["gate"], x, context)

        def backward(dy: Array, g: Tree) -> Any:
            return sum_of_paths(value_backward(dy * gate, g["value"]), gate_backward(dy * value, g["gate"]))

        return value * gate, backward

    def predict(self, p: Tree, x: Arrays, context: Context = PREDICTING) -> Any:
        return self.value.predict(p["value"], x, context) * self.gate.predict(p["gate"], x, context)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        y_shape = self.value.shape(x_shape)
        self.gate.shape(x_shape)
        return y_shape

    def step(self, p: Tree, x: Arrays, state: States | None = None) -> tuple[Any, States]:
        value_state, gate_state = _states(state, 2)
        value, value_state = self.value.step(p["value"], x, value_state)
        gate, gate_state = self.gate.step(p["gate"], x, gate_state)
        return value * gate, (value_state, gate_state)

    def select_state(self, state: States | None, rows: Array) -> States | None:
        return select_each((self.value, self.gate), state, rows)


@dataclass(frozen=True)
class Reversed(Layer):
    """Apply a layer to reversed series, and reverse its output (Schuster and Paliwal 1997).

    x, y: (batch, steps, features). The input of `inner` is reversed, with the padding still at the end; its notes in
    `context` remain in reversed order.
    """

    inner: Layer

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        reversed_x, x_vjp = reverse_steps(x, context.batch.lengths)
        reversed_y, inner_backward = self.inner.forward(p["inner"], reversed_x, context)
        y, y_vjp = reverse_steps(reversed_y, context.batch.lengths)

        def backward(dy: Array, g: Tree) -> Any:
            dx = inner_backward(y_vjp(dy), g["inner"])
            return None if dx is None else x_vjp(dx)

        return y, backward

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        y = self.inner.predict(p["inner"], reverse_steps(x, context.batch.lengths)[0], context)
        return reverse_steps(y, context.batch.lengths)[0]

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return self.inner.shape(x_shape)


def sum_of_paths(*parts: Array | None) -> Array | None:
    """Sum of the outputs or gradients of all paths; None if a path has no gradient (``input_gradient=False``)."""
    arrays = [part for part in parts if part is not None]
    if len(arrays) < len(parts):
        return None
    if len(arrays) == 1:
        return arrays[0]
    total = np.add(arrays[0], arrays[1], out=empty_like(arrays[0]))
    for array in arrays[2:]:
        total += array
    return total


def select_each(layers: tuple[Layer, ...], states: States | None, rows: Array) -> States | None:
    """States of several layers for some rows of the batch; None before the first step."""
    if states is None:
        return None
    return tuple(layer.select_state(state, rows) for layer, state in zip(layers, states, strict=True))


def _states(state: States | None, n: int) -> States:
    """States of n layers; all None before the first step."""
    return (None,) * n if state is None else state


def _with_names(
    owner: str, layers: Sequence[Layer | Mapping[str, Layer]], named: Mapping[str, Layer]
) -> tuple[tuple[str, Layer], ...]:
    """Names and layers; layers without a name are named after their class."""
    counts: Counter[str] = Counter()
    parts: list[tuple[str, Layer]] = []
    for layer in layers:
        if isinstance(layer, Mapping):
            parts += layer.items()
        else:
            kind = _snake_case(type(layer).__name__)
            counts[kind] += 1
            parts.append((f"{kind}_{counts[kind]}", layer))
    parts += named.items()
    for name, layer in parts:
        if not isinstance(layer, Layer):
            raise TypeError(f"{owner} takes each layer as a separate argument; {name} is {layer!r}.")
        if "." in name:
            raise ValueError(f"The name of a layer must not contain a dot, which separates names; got {name!r}.")
    repeated = [name for name, n in Counter(name for name, _ in parts).items() if n > 1]
    if repeated:
        raise ValueError(f"{owner} has several layers of the name {', '.join(repeated)}: each needs another one.")
    return tuple(parts)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
