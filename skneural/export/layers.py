"""The table from classes of layers to the functions that add their nodes."""

from __future__ import annotations

from skneural.export.attention import OF_ATTENTION
from skneural.export.combinators import COMBINATORS
from skneural.export.graph import Converter
from skneural.export.images import OF_IMAGES
from skneural.export.recurrences import OF_RECURRENCES
from skneural.export.rows import OF_ROWS
from skneural.export.scans import OF_SCANS
from skneural.export.series import OF_SERIES
from skneural.export.splines import OF_SPLINES
from skneural.layers import Layer

CONVERTERS: dict[type[Layer], Converter] = {
    **COMBINATORS,
    **OF_ATTENTION,
    **OF_IMAGES,
    **OF_RECURRENCES,
    **OF_ROWS,
    **OF_SCANS,
    **OF_SERIES,
    **OF_SPLINES,
}
