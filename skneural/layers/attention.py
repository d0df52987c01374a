"""Multi-head self-attention and cross-attention (Vaswani et al. 2017).

x: (batch, steps, d_model). Heads are views, not copies.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from skneural.data.container import mask_of
from skneural.initializers import for_each_gate, glorot_uniform, initializer_of
from skneural.layers.key_value_cache import KeyValueCache
from skneural.layers.layer import AnyShape, Backward, Context, Layer, ShapePair
from skneural.ops.attention import BLOCK_SIZE, AttentionResult, WeightDropout, attend, attend_one
from skneural.ops.dropout import dropout_factor
from skneural.ops.linear import linear
from skneural.ops.memory import empty
from skneural.ops.rotary import rotary
from skneural.ops.types import Array
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class SelfAttention(Layer):
    """Multi-head attention of each step to the steps of the same series. x, y: (batch, steps, d_model).

    Padding is masked. The weights, of shape (batch, heads, steps, steps), are noted in the context as "attention".

    Parameters
    ----------
    d_model : int
        Features of a step.
    n_heads : int
        Attention heads; a divisor of `d_model`.
    causal : bool, default=False
        Whether a step attends only to itself and to earlier steps.
    rotary : bool, default=False
        Whether queries and keys get rotary position embeddings. Heads then need an even number of features.
    dropout : float, default=0.0
        Rate at which attention weights are dropped in training.
    block_size : int, default=128
        Longer series are processed in blocks of `block_size` queries, so that memory grows with ``block_size * steps``.
    initializer, output_initializer : str or float, default="glorot_uniform"
        Initializers of the weights of queries, keys and values, and of the output: a name in
        `skneural.initializers.INITIALIZERS`, or a standard deviation.
    """

    d_model: int
    n_heads: int
    causal: bool = False
    rotary: bool = False
    dropout: float = 0.0
    block_size: int = BLOCK_SIZE
    initializer: str | float = "glorot_uniform"
    output_initializer: str | float = "glorot_uniform"

    def __post_init__(self) -> None:
        _head_width(self.d_model, self.n_heads, unit=2 if self.rotary else 1)

    def parameters(self) -> Tree:
        d = self.d_model
        return {
            "weight": Parameter((d, 3 * d), for_each_gate(initializer_of(self.initializer), 3)),
            "bias": Parameter((3 * d,), penalized=False),
            "output_weight": Parameter((d, d), initializer_of(self.output_initializer)),
            "output_bias": Parameter((d,), penalized=False),
        }

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        batch, n_steps, d = x.shape
        projected, project_vjp = linear(x.reshape(-1, d), p["weight"], p["bias"])
        split = projected.reshape(batch, n_steps, 3, self.n_heads, -1)  # queries, keys and values
        queries_and_keys = split[:, :, :2]
        if self.rotary:
            queries_and_keys, rotary_vjp = rotary(queries_and_keys)
        queries, keys = _heads(queries_and_keys)
        attended = attend(
            queries,
            keys,
            _heads(split)[2],
            mask=context.mask(n_steps),
            causal=self.causal,
            block_size=self.block_size,
            dropout=_weight_dropout(self.dropout, context, (batch, self.n_heads), x.dtype),
        )
        _note(context, attended)
        y, output_vjp = linear(attended.y.reshape(-1, d), p["output_weight"], p["output_bias"])

        def backward(dy: Array, g: Tree) -> Any:
            d_attended = output_vjp(dy.reshape(-1, d), g["output_weight"], g["output_bias"])
            d_split = empty(split.shape, split.dtype)
            attended.vjp(d_attended, *_heads(d_split))
            if self.rotary:
                d_split[:, :, :2] = rotary_vjp(d_split[:, :, :2])
            return project_vjp(d_split.reshape(-1, 3 * d), g["weight"], g["bias"]).reshape(x.shape)

        return y.reshape(x.shape), backward

    def select_state(self, state: KeyValueCache | None, rows: Array) -> KeyValueCache | None:
        return None if state is None else state.select(rows)

    def step(self, p: Tree, x: Array, state: KeyValueCache | None = None) -> tuple[Any, KeyValueCache]:
        """One step, for causal attention. x, y: (batch, d_model)."""
        if not self.causal:
            raise NotImplementedError(
                "SelfAttention has no step unless it is causal: its output at one step depends on later steps."
            )
        split = linear(x, p["weight"], p["bias"])[0].reshape(len(x), 3, self.n_heads, -1)
        if state is None:
            state = KeyValueCache.empty(len(x), self.n_heads, split.shape[-1], split.dtype)
        queries_and_keys = split[:, :2]
        if self.rotary:
            queries_and_keys = rotary(queries_and_keys[:, np.newaxis], first=state.n_steps)[0][:, 0]
        state = state.append(queries_and_keys[:, 1], split[:, 2])
        attended = attend_one(queries_and_keys[:, 0], state.keys, state.values)
        return linear(attended, p["output_weight"], p["output_bias"])[0], state


# Name of the notes with the attention weights of a decoder over a memory.
MEMORY_ATTENTION = "memory attention"


class MemoryState(NamedTuple):
    """Keys and values of a memory, to which every step of the decoder attends.

    Attributes
    ----------
    keys, values : arrays of shape (batch, heads, memory steps, width), or (batch, memory steps, width)
    mask : boolean array of shape (batch, memory steps) or None
    """

    keys: Array
    values: Array
    mask: Array | None


@dataclass(frozen=True)
class CrossAttention(Layer):
    """Multi-head attention of each step of a decoder to the steps of a memory.

    x is a pair: the states of the decoder (batch, steps, d_model), and the memory (batch, memory steps, d_memory) with
    lengths `context.batch.memory_lengths`. y: (batch, steps, d_model). The weights, of shape (batch, heads, steps,
    memory steps), are noted in the context as "memory attention".

    Parameters
    ----------
    d_model : int
        Features of a step of the decoder.
    n_heads : int
        Attention heads; a divisor of `d_model`.
    d_memory : int, optional
        Features of a step of the memory; by default `d_model`.
    dropout : float, default=0.0
        Rate at which attention weights are dropped in training.
    block_size : int, default=128
        Longer series are processed in blocks of `block_size` queries.
    """

    d_model: int
    n_heads: int
    d_memory: int | None = None
    dropout: float = 0.0
    block_size: int = BLOCK_SIZE

    def __post_init__(self) -> None:
        _head_width(self.d_model, self.n_heads)

    takes_memory: ClassVar[bool] = True

    def parameters(self) -> Tree:
        d = self.d_model
        return {
            "query_weight": Parameter((d, d), glorot_uniform),
            "query_bias": Parameter((d,), penalized=False),
            "memory_weight": Parameter((self.d_memory or d, 2 * d), for_each_gate(glorot_uniform, 2)),
            "memory_bias": Parameter((2 * d,), penalized=False),
            "output_weight": Parameter((d, d), glorot_uniform),
            "output_bias": Parameter((d,), penalized=False),
        }

    def forward(self, p: Tree, x: tuple[Array, Array], context: Context) -> tuple[Any, Backward]:
        steps, memory = x
        (batch, n_steps, d), n_keys = steps.shape, memory.shape[1]
        query, query_vjp = linear(steps.reshape(-1, d), p["query_weight"], p["query_bias"])
        pairs, memory_vjp = linear(memory.reshape(-1, memory.shape[2]), p["memory_weight"], p["memory_bias"])
        queries = query.reshape(batch, n_steps, 1, self.n_heads, -1)
        keys_and_values = pairs.reshape(batch, n_keys, 2, self.n_heads, -1)
        keys, values = _heads(keys_and_values)
        attended = attend(
            _heads(queries)[0],
            keys,
            values,
            mask=mask_of(context.batch.memory_lengths, n_keys),
            block_size=self.block_size,
            dropout=_weight_dropout(self.dropout, context, (batch, self.n_heads), steps.dtype),
        )
        _note(context, attended, MEMORY_ATTENTION)
        y, output_vjp = linear(attended.y.reshape(-1, d), p["output_weight"], p["output_bias"])

        def backward(dy: Array, g: Tree) -> Any:
            d_attended = output_vjp(dy.reshape(-1, d), g["output_weight"], g["output_bias"])
            d_queries = empty(queries.shape, queries.dtype)
            d_keys_and_values = empty(keys_and_values.shape, queries.dtype)
            attended.vjp(d_attended, *_heads(d_queries), *_heads(d_keys_and_values))
            d_steps = query_vjp(d_queries.reshape(-1, d), g["query_weight"], g["query_bias"])
            d_memory = memory_vjp(d_keys_and_values.reshape(-1, 2 * d), g["memory_weight"], g["memory_bias"])
            return d_steps.reshape(steps.shape), d_memory.reshape(memory.shape)

        return y.reshape(steps.shape), backward

    def initial_state(self, p: Tree, memory: Array, lengths: Array | None = None) -> MemoryState:
        """State before the first step. memory: (batch, memory steps, d_memory)."""
        pairs = linear(memory, p["memory_weight"], p["memory_bias"])[0]
        keys, values = _heads(pairs.reshape(*memory.shape[:2], 2, self.n_heads, -1))
        return MemoryState(keys, values, mask_of(lengths, memory.shape[1]))

    def step(self, p: Tree, x: tuple[Array, Any], state: MemoryState | None = None) -> tuple[Any, MemoryState]:
        """One step of the decoder. x: a pair of (batch, d_model) and the memory, which only the first step reads."""
        current, memory = x
        state = self.initial_state(p, memory) if state is None else state
        query = linear(current, p["query_weight"], p["query_bias"])[0].reshape(len(current), self.n_heads, -1)
        attended = attend_one(query, state.keys, state.values, state.mask)
        return linear(attended, p["output_weight"], p["output_bias"])[0], state

    def shape(self, x_shape: ShapePair) -> AnyShape:
        return x_shape[0]


def _head_width(d_model: int, n_heads: int, unit: int = 1) -> int:
    """Features of each head, a multiple of `unit`."""
    least = unit * n_heads
    if d_model % least:
        below, heads = d_model - d_model % least, [n for n in range(1, d_model + 1) if d_model % (unit * n) == 0]
        widths = f"d_model={below} or {below + least}" if below else f"d_model={least}"
        near = f", or n_heads={min(heads, key=lambda n: abs(n - n_heads))}" if heads else ""
        reason = "cannot be shared evenly by" if d_model % n_heads else "make an odd number of features for each of"
        because = ", but rotary positions turn pairs of them" if unit == 2 else ""
        raise ValueError(
            f"d_model={d_model} features {reason} n_heads={n_heads}{because}; the nearest that fit are {widths}{near}."
        )
    return d_model // n_heads


def _heads(split: Array) -> Array:
    """Views of (batch, steps, n, heads, width) as n arrays of shape (batch, heads, steps, width)."""
    return split.transpose(2, 0, 3, 1, 4)


def _note(context: Context, attended: AttentionResult, name: str = "attention") -> None:
    """Compute and note the attention weights, unless the context has no notes."""
    if context.notes is not None:
        context.note(name, attended.weights())


def _weight_dropout(
    rate: float, context: Context, head_shape: tuple[int, int], dtype: npt.DTypeLike
) -> WeightDropout | None:
    """Dropout of attention weights by blocks of queries, reproducible for each block and independent of the shards."""
    if context.rng is None or rate == 0.0:
        return None
    seed = int(context.rng.integers(0, 1 << 63))

    def factor(queries: slice, n_keys: int) -> Array:
        drawn = dataclasses.replace(context, rng=np.random.default_rng((seed, queries.start)))
        bits = drawn.random_bits((*head_shape, queries.stop - queries.start, n_keys))
        return dropout_factor(bits, rate, dtype)

    return factor
