"""The table from classes of layers to the functions that add their nodes."""

from __future__ import annotations

from skneural.export.combinators import COMBINATORS
from skneural.export.graph import Converter
from skneural.export.rows import OF_ROWS
from skneural.export.splines import OF_SPLINES
from skneural.layers import Layer

CONVERTERS: dict[type[Layer], Converter] = {**COMBINATORS, **OF_ROWS, **OF_SPLINES}
