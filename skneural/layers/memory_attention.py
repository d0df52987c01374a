"""Attention of the states of a recurrent decoder to the memory of an encoder, for all steps at once.

x is a pair: the states (batch, steps, n_in), and the memory (batch, memory steps, d_memory) with lengths
`context.batch.memory_lengths`. y: (batch, steps, d_memory + n_in), context vectors and states concatenated, from which
Luong et al. (2015) compute the attentional state tanh(W [c; s]). As in their model, attention follows the recurrence,
so that no loop over steps is needed. The weights, of shape (batch, 1, steps, memory steps), are noted in the context as
"memory attention".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from skneural.data.container import mask_of
from skneural.initializers import glorot_uniform, uniform
from skneural.layers.attention import MEMORY_ATTENTION, MemoryState
from skneural.layers.layer import AnyShape, Backward, Context, Layer, ShapePair
from skneural.ops.additive_attention import additive_attend
from skneural.ops.attention import attend, attend_one
from skneural.ops.concatenate import concatenate
from skneural.ops.linear import linear
from skneural.ops.memory import empty_like
from skneural.ops.types import Array, Vjp
from skneural.parameters import Parameter, Tree


def of_steps(x: Array, weight: Array, bias: Array | None = None) -> tuple[Array, Vjp]:
    """`linear` of the steps of all series in one product; a product per series takes a third longer.

    Parameters
    ----------
    x : array of shape (batch, steps, features), contiguous
    """
    y, rows_vjp = linear(x.reshape(-1, x.shape[2]), weight, bias)

    def vjp(dy: Array, *gradients: Array) -> Array:
        dx: Array = rows_vjp(dy.reshape(len(y), -1), *gradients).reshape(x.shape)
        return dx

    return y.reshape(*x.shape[:2], -1), vjp


@dataclass(frozen=True)
class AdditiveAttention(Layer):
    """Additive attention, with scores v . tanh(W s + U h + b) (Bahdanau, Cho and Bengio 2015).

    Parameters
    ----------
    n_in : int
        Features of a state.
    d_memory : int
        Features of a step of the memory.
    n_hidden : int
        Hidden units of the score function.
    """

    n_in: int
    d_memory: int
    n_hidden: int

    takes_memory: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return {
            "query_weight": Parameter((self.n_in, self.n_hidden), glorot_uniform),
            "query_bias": Parameter((self.n_hidden,), penalized=False),
            "key_weight": Parameter((self.d_memory, self.n_hidden), glorot_uniform),
            "judge": Parameter((self.n_hidden,), uniform(self.n_hidden**-0.5)),
        }

    def forward(self, p: Tree, x: tuple[Array, Array], context: Context) -> tuple[Any, Backward]:
        states, memory = map(np.ascontiguousarray, x)  # contiguous, so that BLAS computes the products of each series
        queries, query_vjp = of_steps(states, p["query_weight"], p["query_bias"])
        keys, key_vjp = of_steps(memory, p["key_weight"])
        mask = mask_of(context.batch.memory_lengths, memory.shape[1])
        attended = additive_attend(queries, keys, p["judge"], memory, mask)
        y, concatenate_vjp = concatenate([attended.y, states])
        context.note(MEMORY_ATTENTION, attended.weights[:, np.newaxis])

        def backward(dy: Array, g: Tree) -> Any:
            d_taken, d_concatenated = concatenate_vjp(dy)
            d_taken = np.ascontiguousarray(d_taken)
            d_queries, d_keys, d_memory = attended.vjp(d_taken, g["judge"])
            d_states = query_vjp(d_queries, g["query_weight"], g["query_bias"])
            d_states += d_concatenated
            d_memory += key_vjp(d_keys, g["key_weight"])
            return d_states, d_memory

        return y, backward

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> MemoryState:
        keys = linear(memory, p["key_weight"])[0]
        return MemoryState(keys, np.ascontiguousarray(memory), mask_of(lengths, memory.shape[1]))

    def step(self, p: Tree, x: tuple[Array, Any], state: MemoryState | None = None) -> tuple[Any, MemoryState]:
        """One step of the decoder. x: a pair of (batch, n_in) and the memory, which only the first step reads."""
        current, memory = x
        state = self.initial_state(p, memory) if state is None else state
        query = linear(current, p["query_weight"], p["query_bias"])[0][:, np.newaxis]
        taken = additive_attend(query, state.keys, p["judge"], state.values, state.mask).y[:, 0]
        return concatenate([taken, current])[0], state

    def shape(self, x_shape: ShapePair) -> AnyShape:
        batch, n_steps, _ = x_shape[0]
        return batch, n_steps, self.d_memory + self.n_in


@dataclass(frozen=True)
class DotAttention(Layer):
    """Multiplicative attention, with scores s . (W h) (Luong et al. 2015), divided by sqrt(n_in) as in Transformers.

    Parameters
    ----------
    n_in : int
        Features of a state.
    d_memory : int
        Features of a step of the memory.
    """

    n_in: int
    d_memory: int

    takes_memory: ClassVar[bool] = True

    def parameters(self) -> Tree:
        return {"weight": Parameter((self.d_memory, self.n_in), glorot_uniform)}

    def forward(self, p: Tree, x: tuple[Array, Array], context: Context) -> tuple[Any, Backward]:
        states, memory = map(np.ascontiguousarray, x)
        keys, key_vjp = of_steps(memory, p["weight"])
        mask = mask_of(context.batch.memory_lengths, memory.shape[1])
        attended = attend(states[:, np.newaxis], keys[:, np.newaxis], memory[:, np.newaxis], mask=mask)
        y, concatenate_vjp = concatenate([attended.y, states])
        if context.notes is not None:
            context.note(MEMORY_ATTENTION, attended.weights())

        def backward(dy: Array, g: Tree) -> Any:
            d_taken, d_concatenated = concatenate_vjp(dy)
            d_taken = np.ascontiguousarray(d_taken)
            d_states, d_keys, d_memory = empty_like(states), empty_like(keys), empty_like(memory)
            attended.vjp(d_taken, d_states[:, np.newaxis], d_keys[:, np.newaxis], d_memory[:, np.newaxis])
            d_states += d_concatenated
            d_memory += key_vjp(d_keys, g["weight"])
            return d_states, d_memory

        return y, backward

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> MemoryState:
        keys, values = linear(memory, p["weight"])[0], np.ascontiguousarray(memory)
        return MemoryState(keys[:, np.newaxis], values[:, np.newaxis], mask_of(lengths, memory.shape[1]))

    def step(self, p: Tree, x: tuple[Array, Any], state: MemoryState | None = None) -> tuple[Any, MemoryState]:
        """One step of the decoder. x: a pair of (batch, n_in) and the memory, which only the first step reads."""
        current, memory = x
        state = self.initial_state(p, memory) if state is None else state
        taken = attend_one(current[:, np.newaxis], state.keys, state.values, state.mask)
        return concatenate([taken, current])[0], state

    def shape(self, x_shape: ShapePair) -> AnyShape:
        batch, n_steps, _ = x_shape[0]
        return batch, n_steps, self.d_memory + self.n_in
