"""Encoder-decoder networks.

The memory, the output of the encoder, is one array (batch, memory steps, features) with lengths
`context.batch.memory_lengths`. A decoder is a layer whose input is a pair of x and this memory.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np

from skneural.data import BatchInfo
from skneural.layers.combinators import Composite, States
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, LayerState, ShapePair
from skneural.layers.recurrent import CellState, Recurrent
from skneural.ops.memory import empty_like
from skneural.ops.types import Array, Arrays
from skneural.parameters import Tree


@dataclass(frozen=True)
class EncoderDecoder(Layer):
    """Encoder-decoder network, y = decoder(target, encoder(source)) (Cho et al. 2014, Sutskever et al. 2014).

    x is the pair of source and target. The lengths of the source, the input of the encoder, are
    `context.batch.memory_lengths`; those of the target are `context.batch.lengths`. `step` takes the pair of a source
    and a step of the target, and reads the source in the first step only.
    """

    encoder: Layer
    decoder: Layer

    def forward(self, p: Tree, x: tuple[Arrays, Arrays], context: Context) -> tuple[Any, Backward]:
        source, target = x
        memory, encoder_backward = self.encoder.forward(p["encoder"], source, of_memory(context))
        y, decoder_backward = self.decoder.forward(p["decoder"], (target, memory), self._of_decoder(context))

        def backward(dy: Array, g: Tree) -> Any:
            d_target, d_memory = decoder_backward(dy, g["decoder"])
            d_source = encoder_backward(d_memory, g["encoder"])
            return None if d_source is None and d_target is None else (d_source, d_target)

        return y, backward

    def predict(self, p: Tree, x: tuple[Arrays, Arrays], context: Context = PREDICTING) -> Any:
        source, target = x
        memory = self.encoder.predict(p["encoder"], source, of_memory(context))
        return self.decoder.predict(p["decoder"], (target, memory), self._of_decoder(context))

    def _of_decoder(self, context: Context) -> Context:
        """Context with the lengths of the memory, where the encoder has changed those of the source."""
        lengths = self._memory_lengths(context.batch.memory_lengths)
        if lengths is context.batch.memory_lengths:
            return context
        return dataclasses.replace(context, batch=context.batch._replace(memory_lengths=lengths))

    def _memory_lengths(self, lengths: Array | None) -> Array | None:
        return None if lengths is None else self.encoder.output_lengths(lengths)

    def output_bias(self, p: Tree) -> Array | None:
        return self.decoder.output_bias(p["decoder"])

    def initial_state(self, p: Tree, source: Arrays, lengths: Array | None = None) -> Any:
        """LayerState of the decoder before the first step, computed from the source."""
        memory = self.encoder.predict(p["encoder"], source, Context(batch=BatchInfo(lengths=lengths)))
        return self.decoder.initial_state(p["decoder"], memory, self._memory_lengths(lengths))

    def step(self, p: Tree, x: tuple[Arrays, Array], state: LayerState | None = None) -> tuple[Any, Any]:
        source, target = x
        state = self.initial_state(p, source) if state is None else state
        return self.decoder.step(p["decoder"], (target, None), state)

    def select_state(self, state: LayerState, rows: Array) -> Any:
        return self.decoder.select_state(state, rows)

    def shape(self, x_shape: ShapePair) -> AnyShape:
        source, target = x_shape
        return self.decoder.shape((target, self.encoder.shape(source)))


@dataclass(frozen=True, init=False, repr=False)
class WithMemory(Composite):
    """Chain of layers of a decoder, in which layers that attend to the memory take it as second input.

    x is the pair of the input of the first layer and the memory; y is the output of the last layer.

    Parameters
    ----------
    *layers, **named : Layer
        As in `Chain`.
    residual : bool, default=False
        Whether the input of the first layer is added to y.
    """

    residual: bool = False

    takes_memory: ClassVar[bool] = True

    def __init__(self, *layers: Layer | Mapping[str, Layer], residual: bool = False, **named: Layer) -> None:
        super().__init__(*layers, **named)
        object.__setattr__(self, "residual", residual)

    def forward(self, p: Tree, x: tuple[Array, Array], context: Context) -> tuple[Any, Backward]:
        decoder_input, memory = x
        y, backwards = decoder_input, []
        for name, layer in self.parts:
            y, layer_backward = layer.forward(p[name], (y, memory) if layer.takes_memory else y, context)
            backwards.append(layer_backward)

        def backward(dy: Array, g: Tree) -> Any:
            dx, d_memory = dy, None
            for (name, layer), layer_backward in zip(reversed(self.parts), reversed(backwards), strict=True):
                dx = layer_backward(dx, g[name])
                if layer.takes_memory:
                    dx, d_taken = dx
                    d_memory = d_taken if d_memory is None else d_memory + d_taken
            if self.residual:
                dx = np.add(dx, dy, out=empty_like(dx))
            return dx, np.zeros_like(memory) if d_memory is None else d_memory

        return (y + decoder_input if self.residual else y), backward

    def predict(self, p: Tree, x: tuple[Array, Array], context: Context = PREDICTING) -> Any:
        decoder_input, memory = x
        y = decoder_input
        for name, layer in self.parts:
            y = layer.predict(p[name], (y, memory) if layer.takes_memory else y, context)
        return y + decoder_input if self.residual else y

    def output_bias(self, p: Tree) -> Array | None:
        if not self.parts or self.residual:
            return None
        name, last = self.parts[-1]
        return last.output_bias(p[name])

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> States:
        return tuple(layer.initial_state(p[name], memory, lengths) for name, layer in self.parts)

    def step(self, p: Tree, x: tuple[Array, Any], state: States | None = None) -> tuple[Any, States]:
        decoder_input, memory = x
        y, states = decoder_input, []
        state = self.initial_state(p, memory) if state is None else state
        for (name, layer), before in zip(self.parts, state, strict=True):
            y, layer_state = layer.step(p[name], (y, memory) if layer.takes_memory else y, before)
            states.append(layer_state)
        return (y + decoder_input if self.residual else y), tuple(states)

    def shape(self, x_shape: ShapePair) -> AnyShape:
        y_shape, memory_shape = x_shape
        for _, layer in self.parts:
            y_shape = layer.shape((y_shape, memory_shape) if layer.takes_memory else y_shape)
        return cast(AnyShape, y_shape)


@dataclass(frozen=True)
class StartedByMemory(Layer):
    """Recurrent layer whose initial state is computed from a memory.

    x is the pair of (steps, n_in, batch) and the memory. y: (steps, n_out, batch).

    Parameters
    ----------
    cell : Recurrent
        The recurrent layer, with ``reverse=False``.
    first : Layer
        Maps the memory to the initial state, (batch, ``cell.n_state``).
    """

    cell: Recurrent
    first: Layer

    takes_memory: ClassVar[bool] = True

    def forward(self, p: Tree, x: tuple[Array, Array], context: Context) -> tuple[Any, Backward]:
        series, memory = x
        first, first_backward = self.first.forward(p["first"], memory, of_memory(context))
        y, cell_backward = self.cell.forward(p["cell"], (series, first.T), context)

        def backward(dy: Array, g: Tree) -> Any:
            dx, d_first = cell_backward(dy, g["cell"])
            return dx, first_backward(np.ascontiguousarray(d_first.T), g["first"])

        return y, backward

    def predict(self, p: Tree, x: tuple[Array, Array], context: Context = PREDICTING) -> Any:
        series, memory = x
        first = self.first.predict(p["first"], memory, of_memory(context))
        return self.cell.predict(p["cell"], (series, first.T), context)

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> CellState:
        first = self.first.predict(p["first"], memory, Context(batch=BatchInfo(lengths=lengths)))
        return self.cell.stacked_state(np.ascontiguousarray(first.T))

    def step(self, p: Tree, x: tuple[Array, Any], state: CellState | None = None) -> tuple[Array, CellState]:
        series, memory = x
        return self.cell.step(p["cell"], series, self.initial_state(p, memory) if state is None else state)

    def select_state(self, state: CellState | None, rows: Array) -> CellState | None:
        return self.cell.select_state(state, rows)

    def shape(self, x_shape: ShapePair) -> AnyShape:
        cell_shape, memory_shape = x_shape
        y_shape = self.cell.shape(cell_shape)
        self.first.shape(memory_shape)
        return y_shape


def of_memory(context: Context) -> Context:
    """Context of layers whose x is the source or the memory: with its lengths, and without notes."""
    shard = dataclasses.replace(context.shard, elements=None)
    return dataclasses.replace(context, batch=context.batch.of_memory, shard=shard, notes=None)
