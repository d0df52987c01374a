"""Construction of ONNX graphs: nodes, constants and names, and the layers of a network as their nodes.

Values between nodes are names. A `Value` adds the order of the axes, which layers change: batches of images are
(batch, channels, height, width) here, series inside of recurrent layers (steps, batch, features), and everything else
has rows first. Floating-point numbers are float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from skneural.layers import Layer
from skneural.layers.traversal import joined
from skneural.ops.types import Array
from skneural.parameters import Tree

ROWS, IMAGES, STEPS = "rows", "images", "steps"  # orders of axes

# What a node takes: the name of a value, or a constant. Python's floats become float32, its integers int64.
Operand: TypeAlias = "str | float | int | Sequence[int] | Array"


AxisSizes: TypeAlias = "Sequence[str | int | None]"


END = int(np.iinfo(np.int64).max)  # of an axis of any size
LOWEST = float(np.finfo(np.float32).min)  # stands for what is left out of a maximum


class GraphValue(NamedTuple):
    """A value of the graph.

    Attributes
    ----------
    name : str
    axes : {"rows", "images", "steps"}
        Rows: (batch, ..., features). Images: (batch, channels, height, width). Steps: (steps, batch, features).
    rank : int
        Number of axes.
    """

    name: str
    axes: str = ROWS
    rank: int = 2

    def axis(self, of_layer: int) -> int:
        """The axis that is the given one in the order of axes of layers."""
        number = of_layer % self.rank
        return {ROWS: tuple(range(self.rank)), IMAGES: (2, 1, 3, 0), STEPS: (0, 2, 1)}[self.axes][number]

    @property
    def features(self) -> int:
        """The axis of the features."""
        return 1 if self.axes == IMAGES else -1

    @property
    def steps(self) -> int:
        """The axis of the steps of series; series are images of height one."""
        return {ROWS: 1, IMAGES: 3, STEPS: 0}[self.axes]


class Padding(NamedTuple):
    """Names of scalars: height and width of the images of a batch before and after it was padded."""

    real: tuple[str, str]
    padded: tuple[str, str]


class Edges(NamedTuple):
    """Names of the edges of a graph of nodes.

    Attributes
    ----------
    sources, targets : str
        Numbers of nodes, int64 of shape (edges,).
    weight : str
        Of shape (edges,).
    features : str
        Of shape (edges, features); empty if there are none.
    n_nodes : str
        A vector with one element.
    """

    sources: str
    targets: str
    weight: str
    features: str
    n_nodes: str


@dataclass(frozen=True)
class GraphContext:
    """Values besides x that layers need.

    Attributes
    ----------
    lengths : str or None
        Steps of each series, int64 of shape (batch,); None if nothing is padded.
    memory_lengths : str or None
        Steps of each series of a memory.
    padding : Padding or None
        Sizes of images that are padded.
    edges : Edges or None
        Edges between rows of x that are nodes.
    """

    lengths: str | None = None
    memory_lengths: str | None = None
    padding: Padding | None = None
    edges: Edges | None = None

    @property
    def of_memory(self) -> GraphContext:
        return replace(self, lengths=self.memory_lengths, memory_lengths=None)


Converter: TypeAlias = "Callable[[OnnxGraph, Any, Tree, Any, GraphContext], Any]"


class NotExportedError(NotImplementedError):
    """Raised for models, or parts of them, that have no ONNX graph."""


@dataclass
class OnnxGraph:
    """A graph to which nodes are added.

    Attributes
    ----------
    opset : int
    converters : mapping from class of layer to function
        Each adds the nodes of a layer: called with the graph, the layer, its parameters, its input and a `Context`, it
        returns the output.
    shapes : mapping from str to tuple
        Output shapes of the layers of the network by their names, in the order of axes of the layers.
    outer : OnnxGraph or None
        The graph around the body of a loop, which holds the constants of both.
    """

    opset: int
    converters: Mapping[type[Layer], Converter] = field(default_factory=dict)
    shapes: Mapping[str, Any] = field(default_factory=dict)
    outer: OnnxGraph | None = None
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    inputs: list[ValueInfoProto] = field(default_factory=list)
    outputs: list[ValueInfoProto] = field(default_factory=list)
    scope: str = ""
    _counts: dict[str, int] = field(default_factory=dict)
    _known: dict[Any, tuple[str, ...]] = field(default_factory=dict)

    # --- inputs and outputs ---------------------------------------------------------------------------

    def input(self, name: str, dtype: Any, shape: AxisSizes | None) -> str:
        """Declare an input; axes of unknown size have a name."""
        self.inputs.append(_value_info(name, dtype, shape))
        self._counts[name] = 1
        return name

    def output(self, name: str, value: str, dtype: Any, shape: AxisSizes | None) -> None:
        """Declare a value as an output of the given name."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=self.unique(f"output/{name}")))
        self.outputs.append(_value_info(name, dtype, shape))

    # --- nodes ----------------------------------------------------------------------------------------

    def op(self, kind: str, *operands: Operand, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return its name; a node with the same inputs is not added again."""
        return self.ops(1, kind, *operands, domain=domain, **attributes)[0]

    def ops(self, n_outputs: int, kind: str, *operands: Operand, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        names = [each if isinstance(each, str) else self.constant(each) for each in operands]
        key = (kind, domain, n_outputs, *names, *sorted((name, repr(value)) for name, value in attributes.items()))
        known = self._find(key)
        if known is None:
            base = f"{self.scope}/{kind}" if self.scope else kind
            name = self.unique(base)
            known = (name,) if n_outputs == 1 else tuple(f"{name}:{i}" for i in range(n_outputs))
            self.nodes.append(helper.make_node(kind, names, list(known), name=name, domain=domain, **attributes))
            self._known[key] = known
        return list(known)

    def loop(
        self, kind: str, operands: Sequence[str], body: OnnxGraph, n_outputs: int | None = None, **attributes: Any
    ) -> list[str]:
        """Add a node with a body, and return the names of its outputs, by default as many as those of the body."""
        name = self.unique(f"{self.scope}/{kind}" if self.scope else kind)
        names = [f"{name}:{i}" for i in range(len(body.outputs) if n_outputs is None else n_outputs)]
        self.nodes.append(helper.make_node(kind, operands, names, name=name, body=body.proto(name), **attributes))
        return names

    def constant(self, value: Any, dtype: Any = None) -> str:
        """Add a constant; floats become float32 unless a dtype is given."""
        if self.outer is not None:
            return self.outer.constant(value, dtype)
        array = np.asarray(value)
        if dtype is None:
            dtype = {"f": np.float32, "i": np.int64, "u": np.int64}.get(array.dtype.kind, array.dtype)
        array = (
            array.astype(object)
            if array.dtype.kind in "UTO"
            else np.ascontiguousarray(array, dtype).reshape(array.shape)
        )
        content = repr(array.tolist()) if array.dtype == object else array.tobytes()
        key = ("constant", str(array.dtype), array.shape, content)
        known = self._known.get(key)
        if known is None:
            known = (self.unique(f"{self.scope}/constant" if self.scope else "constant"),)
            self.constants[known[0]] = _tensor(array, known[0])
            self._known[key] = known
        return known[0]

    def layer(self, layer: Layer, p: Tree, x: Any, context: GraphContext, name: str = "") -> Any:
        """Add the nodes of a layer inside the present one, of the given name, and return its output."""
        convert = self.converters.get(type(layer))
        if convert is None:
            where = f", the layer {joined(self.scope.replace('/', '.'), name)!r}," if name else ""
            raise NotExportedError(f"{type(layer).__name__}{where} has no ONNX graph.")
        with self.inside(name):
            return convert(self, layer, p, x, context)

    @property
    def n_features(self) -> int:
        """Features that the present layer gives, which are the last axis of its output."""
        n: int = self.shapes[self.scope.replace("/", ".")][-1]
        return n

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Prefix the names of nodes."""
        before = self.scope
        self.scope = f"{before}/{name}" if before and name else before or name
        try:
            yield
        finally:
            self.scope = before

    # --- frequent nodes -------------------------------------------------------------------------------

    def size(self, x: str, axis: int) -> str:
        """Size of an axis, as a vector with one element."""
        return self.op("Shape", x, start=axis, end=axis + 1)

    def cast(self, x: str, dtype: Any) -> str:
        return self.op("Cast", x, to=tensor_type(dtype))

    def shape(self, *sizes: str | int) -> str:
        """A shape, of numbers and of vectors with one element."""
        if all(isinstance(size, int) for size in sizes):
            return self.constant([int(size) for size in sizes])
        return self.op("Concat", *(size if isinstance(size, str) else self.constant([size]) for size in sizes), axis=0)

    def reshape(self, x: str, *sizes: int) -> str:
        """Reshape; a size of zero is that of x, which is right also for batches without rows."""
        return self.op("Reshape", x, list(sizes))

    def transpose(self, x: str, *order: int) -> str:
        return self.op("Transpose", x, perm=list(order))

    def unsqueeze(self, x: str, *axes: int) -> str:
        return self.op("Unsqueeze", x, list(axes))

    def squeeze(self, x: str, *axes: int) -> str:
        return self.op("Squeeze", x, list(axes))

    def slice(self, x: str, axis: int, start: Operand = 0, stop: Operand = END) -> str:
        """Part of an axis; names of `start` and `stop` are those of vectors with one element."""
        ends = [each if isinstance(each, str) else self.constant([each]) for each in (start, stop)]
        return self.op("Slice", x, *ends, [axis])

    def take(self, x: str, indices: Operand, axis: int) -> str:
        return self.op("Gather", x, indices, axis=axis)

    def linear(self, x: str, weight: Array, bias: Array | None = None) -> str:
        """Product of the last axis of x and a weight, and a bias."""
        y = self.op("MatMul", x, weight)
        return y if bias is None else self.op("Add", y, bias)

    def reduce(self, kind: str, x: str, *axes: int, keepdims: bool = False) -> str:
        """Sum, Mean, Max, Min or Prod over axes."""
        return self.op(f"Reduce{kind}", x, list(axes), keepdims=int(keepdims))

    def positions(self, n: str) -> str:
        """Integers from zero to n - 1, for a vector with the element n."""
        return self.op("Range", 0, self.squeeze(n, 0), 1)

    def mask(self, lengths: str, n_steps: str) -> str:
        """Mask of the real steps, boolean of shape (batch, steps); `n_steps` is a vector with one element."""
        return self.op("Less", self.unsqueeze(self.positions(n_steps), 0), self.unsqueeze(lengths, 1))

    def body(self) -> OnnxGraph:
        """The body of a loop, whose nodes may use values of this graph."""
        inner = OnnxGraph(self.opset, self.converters, self.shapes, outer=self, scope=self.scope)
        inner._counts = self._counts
        return inner

    def proto(self, name: str) -> GraphProto:
        return helper.make_graph(self.nodes, name, self.inputs, self.outputs, list(self.constants.values()))

    def _find(self, key: Any) -> tuple[str, ...] | None:
        known = self._known.get(key)
        return known if known is not None or self.outer is None else self.outer._find(key)

    def unique(self, base: str) -> str:
        """A name that no other value has."""
        self._counts[base] = n = self._counts.get(base, 0) + 1
        return base if n == 1 else self.unique(f"{base}_{n}")


def tensor_type(dtype: Any) -> int:
    """ONNX's number of a dtype; strings are those of object arrays."""
    dtype = np.dtype(dtype)
    return TensorProto.STRING if dtype.kind in "UTO" else helper.np_dtype_to_tensor_dtype(dtype)


def _value_info(name: str, dtype: Any, shape: AxisSizes | None) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, tensor_type(dtype), None if shape is None else list(shape))


def _tensor(array: np.ndarray, name: str) -> TensorProto:
    if array.dtype != object:
        return numpy_helper.from_array(array, name)
    strings = [str(value).encode() for value in array.ravel()]
    return helper.make_tensor(name, TensorProto.STRING, array.shape, strings)  # type: ignore[arg-type]


def reduced_angles(graph: OnnxGraph, positions: str, frequencies: Array) -> str:
    """Angles of positions, reduced to one turn in double precision: of distant steps, single precision loses digits.

    Parameters
    ----------
    graph : OnnxGraph
    positions : str
        Of integers, (steps,).
    frequencies : array of shape (n,)
        Radians a step; not negative.

    Returns
    -------
    angles : str
        Of float32, (steps, n).
    """
    turns = graph.constant(np.asarray(frequencies, np.float64) / (2 * math.pi), np.float64)
    product = graph.op("Mul", graph.unsqueeze(graph.cast(positions, np.float64), 1), turns)
    whole = graph.cast(graph.cast(product, np.int64), np.float64)
    fraction = graph.cast(graph.op("Sub", product, whole), np.float32)
    return graph.op("Mul", fraction, 2 * math.pi)
