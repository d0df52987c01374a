"""Reader of tables, images, series or tokens, as a hyper-parameter says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from skneural.data import Container
from skneural.readers import ImageOptions, Images, InputSpec, Reader, SequenceOptions, Sequences, Table

READER_OF_KIND: dict[str, type[Reader]] = {"table": Table, "images": Images, "series": Sequences, "tokens": Sequences}


@dataclass(frozen=True)
class KindOptions:
    """Hyper-parameters of the reader.

    Attributes
    ----------
    kind : {"table", "images", "series", "tokens"}
    image_shape : str or sequence of int
        See `ImageOptions`.
    vocabulary_size : int, "auto" or None
        See `SequenceOptions`.
    """

    kind: str
    image_shape: str | Sequence[int]
    vocabulary_size: int | str | None

    @property
    def of_kind(self) -> ImageOptions | SequenceOptions | None:
        """Options of the reader of this kind."""
        if self.kind == "images":
            return ImageOptions(self.image_shape)
        return SequenceOptions(self.vocabulary_size) if READER_OF_KIND[self.kind] is Sequences else None


@dataclass(frozen=True)
class ReaderOfKind(Reader):
    """Reader of X of one of several kinds.

    Attributes
    ----------
    table : Table or None
    images : Images or None
    sequences : Sequences or None
        Of series, or of tokens. Two of the three are None.
    """

    table: Table | None = None
    images: Images | None = None
    sequences: Sequences | None = None

    @classmethod
    def learn(cls, X: object, options: KindOptions, spec: InputSpec) -> tuple[Self, Container]:
        field = {"table": "table", "images": "images"}.get(options.kind, "sequences")
        reader, x = READER_OF_KIND[options.kind].learn(X, options.of_kind, spec)
        return cls(**{field: reader}), x  # type: ignore[arg-type]

    @property
    def of_kind(self) -> Reader:
        """The reader of the kind of X."""
        reader = self.table or self.images or self.sequences
        assert reader is not None
        return reader

    def read(self, X: object, spec: InputSpec) -> Container:
        return self.of_kind.read(X, spec)

    @classmethod
    def selects_rows(cls, options: KindOptions) -> bool:
        return READER_OF_KIND[options.kind].selects_rows(options.of_kind)

    @property
    def learned_once(self) -> str:
        return self.of_kind.learned_once

    @property
    def scaling_advice(self) -> str:
        if self.table is None:
            return "skneural.layers.Standardization as a first layer"
        return self.table.scaling_advice

    def shapes(self) -> dict[str, Any]:
        """Shapes by the names that functions of users have for them, and the shape of the input of the network."""
        n_features_in = self.attributes()["n_features_in_"]
        sizes, names = self._sizes()
        return {"n_features_in": n_features_in, **sizes, "x_shape": ["n", *names]}

    def _sizes(self) -> tuple[dict[str, int], list[int | str]]:
        """Sizes by name, and the shape of a sample."""
        if self.images is not None:
            height, width, channels = self.images.image_shape
            return {"height": height, "width": width, "channels": channels}, [height, width, channels]
        if self.sequences is None:
            return {}, [self.attributes()["n_features_in_"]]
        if self.sequences.vocabulary_size is not None:
            return {"vocabulary_size": self.sequences.vocabulary_size}, ["steps"]
        return {"n_features": self.sequences.n_features}, ["steps", self.sequences.n_features]

    def attributes(self) -> dict[str, Any]:
        return self.of_kind.attributes()

    def rows_per_block(self, x: Container) -> int:
        return self.of_kind.rows_per_block(x)
