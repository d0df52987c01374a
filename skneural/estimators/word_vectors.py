"""Tokens as X: the size of their vocabulary, and vectors from which their embedding starts."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from skneural.data import Samples
from skneural.estimators.series_or_texts import KnownTokens, SeriesOrTextOptions
from skneural.hyperparameters import NONE, Constraint, declare, hyperparameter
from skneural.layers import Embedding, Layer, MeanEmbedding
from skneural.layers.traversal import find
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.readers import Reader, vocabulary_size_hyperparameter
from skneural.tasks import Task
from skneural.template.estimator import Mixin
from skneural.template.problem import Network


def _is_table(value: object) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.dtype.kind in "fiu" and value.size > 0


TABLE = Constraint("array of numbers of shape (vocabulary_size, embedding_size)", _is_table)


@declare
class TokenFields(Mixin):
    """Hyper-parameters of families whose X is series or tokens; `_size_name` is that of the size of embeddings."""

    _size_name: ClassVar[str] = "embedding_size"

    vocabulary_size: int | str | None = vocabulary_size_hyperparameter()
    embedding_weights: Array | None = hyperparameter(
        default=None,
        constraint=NONE | TABLE,
        doc="""Initial vector of each token, such as those of word2vec or GloVe, which
        `skneural.preprocessing.TokenEncoder.embedding_weights` arranges. Rows of NaN, for tokens without a vector,
        start at random, as all do with None. With `vocabulary_size` "auto", that is the number of rows.""",
    )

    def _check_together(self) -> None:
        super()._check_together()
        known = KnownTokens.of(self.pretrained)
        if self.embedding_weights is not None:
            sizes = self.vocabulary_size, self._size_name, getattr(self, self._size_name)
            ensure_table_fits(self.embedding_weights, *sizes)
            if known.size is not None:
                raise ValueError(
                    "pretrained has embeddings of its tokens: leave either embedding_weights or pretrained out."
                )
        if known.size is not None and self.vocabulary_size not in (None, "auto", known.size):
            raise ValueError(
                f"vocabulary_size={self.vocabulary_size}, but pretrained has {known.size} tokens; leave "
                f"vocabulary_size out, and fit {type(self).__name__} on the kind of input that the model takes."
            )

    def _reader_options(self) -> SeriesOrTextOptions:
        known = KnownTokens.of(self.pretrained)
        size = known.size if self.vocabulary_size is None else self.vocabulary_size
        return SeriesOrTextOptions(size, known.size or rows_of(self.embedding_weights), known.texts)

    def _initialize(self, network: Network, tree: Tree, samples: Samples, task: Task, reader: Reader) -> None:
        super()._initialize(network, tree, samples, task, reader)
        if self.embedding_weights is not None:
            set_embedding(network.layer, tree, self.embedding_weights)


def rows_of(table: Array | None) -> int | None:
    """Number of tokens that have a row."""
    return None if table is None else len(table)


def ensure_table_fits(table: Array, vocabulary_size: int | str | None, size_name: str, size: int) -> None:
    """Raise if a table of vectors is not one of `vocabulary_size` rows of `size` numbers, finite or all NaN."""
    if vocabulary_size is None:
        raise ValueError(
            f'embedding_weights is for tokens: set vocabulary_size="auto", or to the number of its rows, {len(table)}.'
        )
    n_rows = len(table) if vocabulary_size == "auto" else vocabulary_size
    if table.shape != (n_rows, size):
        mends = [] if table.shape[1] == size else [f"set {size_name}={table.shape[1]}"]
        mends += [] if len(table) == n_rows else ['set vocabulary_size="auto", or give a row for each token']
        raise ValueError(
            f"embedding_weights has the shape {table.shape}; with vocabulary_size={vocabulary_size!r} and "
            f"{size_name}={size}, it must be {(n_rows, size)}: {', and '.join(mends)}."
        )
    is_missing = np.isnan(table)
    partly = np.flatnonzero(is_missing.any(axis=1) & ~is_missing.all(axis=1))
    if len(partly) or np.isinf(table).any():
        raise ValueError(
            "embedding_weights must be finite, except for whole rows of NaN, of tokens without a vector; row "
            f"{partly[0] if len(partly) else np.flatnonzero(np.isinf(table).any(axis=1))[0]} is not."
        )


def set_embedding(network: Layer, tree: Tree, table: Array) -> None:
    """Copy the vectors of tokens into all embeddings of a network, except for rows of NaN."""
    has_vector = ~np.isnan(table[:, 0])
    for kind in (Embedding, MeanEmbedding):
        for _, p in find(network, tree, kind):
            p["table"][has_vector] = table[has_vector]
