"""Floor 6: kinds of X. What is accepted, which container it becomes, and what the network must know of it."""

from skneural.inputs.categories import CategoricalFields
from skneural.inputs.graphs import GraphInput, NodeInput
from skneural.inputs.images import IMAGE_SHAPE, ImageFields, Images
from skneural.inputs.input_kind import Expected, InputKind, lengths_of, precision, with_dtype
from skneural.inputs.mixed_table import MixedTable
from skneural.inputs.restorable_table import RestorableTable
from skneural.inputs.rows_or_images import RowsOrImages
from skneural.inputs.sequences import (
    EmbeddedSequenceFields,
    Pieces,
    PlacedSequences,
    SequenceFields,
    Sequences,
    given_one_by_one,
    object_array,
    steps_like,
)
from skneural.inputs.sources import SourceFields, Sources, series_of
from skneural.inputs.table import Table
from skneural.inputs.texts import TextFields, Texts, vocabulary_of

__all__ = [
    "IMAGE_SHAPE",
    "CategoricalFields",
    "EmbeddedSequenceFields",
    "Expected",
    "GraphInput",
    "ImageFields",
    "Images",
    "InputKind",
    "MixedTable",
    "NodeInput",
    "Pieces",
    "PlacedSequences",
    "RestorableTable",
    "RowsOrImages",
    "SequenceFields",
    "Sequences",
    "SourceFields",
    "Sources",
    "Table",
    "TextFields",
    "Texts",
    "given_one_by_one",
    "lengths_of",
    "object_array",
    "precision",
    "series_of",
    "steps_like",
    "vocabulary_of",
    "with_dtype",
]
