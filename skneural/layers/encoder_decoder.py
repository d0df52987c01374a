"""How an encoder and a decoder become one network.

The memory of an encoder is one array (batch, memory steps, features), with lengths of its own: the context's
``memory_lengths``. A decoder is a layer that takes the pair of its x and this memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.layers.combinators import take_each
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.layers.recurrent import Recurrent
from skneural.ops.memory import empty_like
from skneural.ops.types import Array
from skneural.parameters import Tree


@dataclass(frozen=True)
class EncoderDecoder(Layer):
    """y = decoder(target, encoder(source)) (Cho et al. 2014, Sutskever et al. 2014).

    x is the pair of source and target. The encoder sees the source alone, whose lengths are the context's
    ``memory_lengths``; ``lengths`` are those of the target. `step` takes the pair of a source and a step of the target,
    and reads the source in the first step only.
    """

    encoder: Layer
    decoder: Layer

    def parameters(self) -> Tree:
        return {"encoder": self.encoder.parameters(), "decoder": self.decoder.parameters()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        source, target = x
        memory, encoder_backward = self.encoder.forward(p["encoder"], source, of_memory(context))
        y, decoder_backward = self.decoder.forward(p["decoder"], (target, memory), context)

        def backward(dy: Any, g: Tree) -> Any:
            d_target, d_memory = decoder_backward(dy, g["decoder"])
            d_source = encoder_backward(d_memory, g["encoder"])
            return None if d_source is None and d_target is None else (d_source, d_target)

        return y, backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        source, target = x
        memory = self.encoder.predict(p["encoder"], source, of_memory(context))
        return self.decoder.predict(p["decoder"], (target, memory), context)

    def state_over(self, p: Tree, memory: Any, lengths: Array | None = None) -> Any:
        """The state with which decoding starts. Here `memory` is the source, of which the encoder makes the memory."""
        encoded = self.encoder.predict(p["encoder"], memory, Context(lengths=lengths))
        return self.decoder.state_over(p["decoder"], encoded, lengths)

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        source, target = x
        state = self.state_over(p, source) if state is None else state
        return self.decoder.step(p["decoder"], (target, None), state)

    def take(self, state: Any, rows: Array) -> Any:
        return self.decoder.take(state, rows)

    def shape(self, x_shape: Any) -> AnyShape:
        _, of_decoder = self.inner_shapes(x_shape)
        return self.decoder.shape(of_decoder)

    def inner_shapes(self, x_shape: Any) -> tuple[AnyShape, Any]:
        source, target = x_shape
        return source, (target, self.encoder.shape(source))


@dataclass(frozen=True)
class WithMemory(Layer):
    """One layer of a decoder after another. Those that look at the memory take it beside what the layer before gave.

    x is the pair of what enters the first layer, and the memory; y is what the last layer gives.

    Parameters
    ----------
    layers : tuple of Layer
    residual : bool, default=False
        Whether what enters is added to y.
    """

    layers: tuple[Layer, ...]
    residual: bool = False

    takes_memory: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return tuple(layer.parameters() for layer in self.layers)

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        entered, memory = x
        y, backwards = entered, []
        for layer, p_layer in zip(self.layers, p, strict=True):
            y, layer_backward = layer.forward(p_layer, (y, memory) if layer.takes_memory else y, context)
            backwards.append(layer_backward)

        def backward(dy: Any, g: Tree) -> Any:
            dx, d_memory = dy, None
            for i in range(len(backwards) - 1, -1, -1):
                dx = backwards[i](dx, g[i])
                if self.layers[i].takes_memory:
                    dx, d_taken = dx
                    d_memory = d_taken if d_memory is None else d_memory + d_taken
            if self.residual:
                dx = np.add(dx, dy, out=empty_like(dx))
            return dx, np.zeros_like(memory) if d_memory is None else d_memory

        return (y + entered if self.residual else y), backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        entered, memory = x
        y = entered
        for layer, p_layer in zip(self.layers, p, strict=True):
            y = layer.predict(p_layer, (y, memory) if layer.takes_memory else y, context)
        return y + entered if self.residual else y

    def state_over(self, p: Tree, memory: Any, lengths: Array | None = None) -> Any:
        return tuple(layer.state_over(p_layer, memory, lengths) for layer, p_layer in zip(self.layers, p, strict=True))

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        entered, memory = x
        y, states = entered, []
        state = self.state_over(p, memory) if state is None else state
        for layer, p_layer, own in zip(self.layers, p, state, strict=True):
            y, own = layer.step(p_layer, (y, memory) if layer.takes_memory else y, own)
            states.append(own)
        return (y + entered if self.residual else y), tuple(states)

    def take(self, state: Any, rows: Array) -> Any:
        return take_each(self.layers, state, rows)

    def shape(self, x_shape: Any) -> AnyShape:
        y_shape: AnyShape = x_shape[0]
        for layer, inner_shape in zip(self.layers, self.inner_shapes(x_shape), strict=True):
            y_shape = layer.shape(inner_shape)
        return y_shape

    def inner_shapes(self, x_shape: Any) -> Iterator[Any]:
        y_shape, memory_shape = x_shape
        for layer in self.layers:
            inner_shape = (y_shape, memory_shape) if layer.takes_memory else y_shape
            yield inner_shape
            y_shape = layer.shape(inner_shape)


@dataclass(frozen=True)
class StartedByMemory(Layer):
    """A recurrence whose first state is made of a memory.

    x is the pair of (steps, n_in, batch) and the memory. y: (steps, n_out, batch).

    Parameters
    ----------
    cell : Recurrent
        Not backwards.
    first : Layer
        From the memory to the state before the first step, (batch, numbers of the state).
    """

    cell: Recurrent
    first: Layer

    takes_memory: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return {"cell": self.cell.parameters(), "first": self.first.parameters()}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        x, memory = x
        first, first_backward = self.first.forward(p["first"], memory, of_memory(context))
        y, cell_backward = self.cell.forward(p["cell"], (x, first.T), context)

        def backward(dy: Any, g: Tree) -> Any:
            dx, d_first = cell_backward(dy, g["cell"])
            return dx, first_backward(np.ascontiguousarray(d_first.T), g["first"])

        return y, backward

    def predict(self, p: Tree, x: Any, context: Context = PREDICTING) -> Any:
        x, memory = x
        first = self.first.predict(p["first"], memory, of_memory(context))
        return self.cell.predict(p["cell"], (x, first.T), context)

    def state_over(self, p: Tree, memory: Any, lengths: Array | None = None) -> Any:
        first = self.first.predict(p["first"], memory, Context(lengths=lengths))
        return self.cell.stacked_state(np.ascontiguousarray(first.T))

    def step(self, p: Tree, x: Any, state: Any = None) -> tuple[Any, Any]:
        x, memory = x
        return self.cell.step(p["cell"], x, self.state_over(p, memory) if state is None else state)

    def take(self, state: Any, rows: Array) -> Any:
        return self.cell.take(state, rows)

    def shape(self, x_shape: Any) -> AnyShape:
        return self.cell.shape(x_shape[0])

    def inner_shapes(self, x_shape: Any) -> Any:
        return x_shape


def of_memory(context: Context) -> Context:
    """What holds where the memory is x: its lengths, and no notes."""
    return dataclasses.replace(context, lengths=context.memory_lengths, memory_lengths=None, elements=None, notes=None)
