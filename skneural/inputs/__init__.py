"""Floor 6: kinds of X. What is accepted, which container it becomes, and what the network must know of it."""

from skneural.inputs.graphs import GraphInput, NodeInput
from skneural.inputs.images import IMAGE_SHAPE, ImageFields, Images
from skneural.inputs.input_kind import Expected, InputKind, lengths_of, precision, with_dtype
from skneural.inputs.mixed_table import MixedTable, MixedTableFields
from skneural.inputs.rows_or_images import RowsOrImages
from skneural.inputs.sequences import (
    EmbeddedSequenceFields,
    PlacedSequences,
    SequenceFields,
    Sequences,
    given_one_by_one,
    steps_like,
)
from skneural.inputs.table import Table

__all__ = [
    "IMAGE_SHAPE",
    "EmbeddedSequenceFields",
    "Expected",
    "GraphInput",
    "ImageFields",
    "Images",
    "InputKind",
    "MixedTable",
    "MixedTableFields",
    "NodeInput",
    "PlacedSequences",
    "RowsOrImages",
    "SequenceFields",
    "Sequences",
    "Table",
    "given_one_by_one",
    "lengths_of",
    "precision",
    "steps_like",
    "with_dtype",
]
