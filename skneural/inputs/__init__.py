"""Floor 6: kinds of X. What is accepted, which container it becomes, and what the network must know of it."""

from skneural.inputs.graphs import GraphInput, NodeInput
from skneural.inputs.images import ImageFields, Images
from skneural.inputs.input_kind import Expected, InputKind, precision, with_dtype
from skneural.inputs.sequences import SequenceFields, Sequences, steps_like
from skneural.inputs.table import Table

__all__ = [
    "Expected",
    "GraphInput",
    "ImageFields",
    "Images",
    "InputKind",
    "NodeInput",
    "SequenceFields",
    "Sequences",
    "Table",
    "precision",
    "steps_like",
    "with_dtype",
]
