"""Readers: how X is checked, and turned into a container."""

from skneural.readers.frames import Column, columns_named, columns_of, is_frame
from skneural.readers.images import IMAGE_SHAPE, ImageOptions, Images, array_of_images
from skneural.readers.mixed_columns import Cells, MixedColumns
from skneural.readers.reader import (
    CHANNELS_LAST,
    FLOATS,
    InputSpec,
    Reader,
    TableColumns,
    dtype_of,
    ensure_none_is_nan,
    lengths_of,
    precision,
    with_dtype,
    with_rows,
    without_names,
)
from skneural.readers.sequences import (
    SEQUENCE_ATTRIBUTES,
    SEQUENCE_DOC,
    Pieces,
    SequenceOptions,
    Sequences,
    embedding_size_hyperparameter,
    given_one_by_one,
    n_features_of_a_step,
    standardize_hyperparameter,
    steps_like,
    vocabulary_size_hyperparameter,
)
from skneural.readers.table import DenseTable, Table
from skneural.readers.texts import level_hyperparameter, text_vocabulary_size_hyperparameter

__all__ = [
    "CHANNELS_LAST",
    "FLOATS",
    "IMAGE_SHAPE",
    "SEQUENCE_ATTRIBUTES",
    "SEQUENCE_DOC",
    "Cells",
    "Column",
    "DenseTable",
    "ImageOptions",
    "Images",
    "InputSpec",
    "MixedColumns",
    "Pieces",
    "Reader",
    "SequenceOptions",
    "Sequences",
    "Table",
    "TableColumns",
    "array_of_images",
    "columns_named",
    "columns_of",
    "dtype_of",
    "embedding_size_hyperparameter",
    "ensure_none_is_nan",
    "given_one_by_one",
    "is_frame",
    "lengths_of",
    "level_hyperparameter",
    "n_features_of_a_step",
    "precision",
    "standardize_hyperparameter",
    "steps_like",
    "text_vocabulary_size_hyperparameter",
    "vocabulary_size_hyperparameter",
    "with_dtype",
    "with_rows",
    "without_names",
]
