"""Training on data that do not fit into memory, chunk by chunk."""

from skneural.streaming.blocks import RowBlocks
from skneural.streaming.fitting import fit

__all__ = ["RowBlocks", "fit"]
