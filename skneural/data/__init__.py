"""Containers of samples, with one protocol for all formats of X and y.

Training and prediction use the length of a `Container`, selections of its samples, blocks of them, and the network
input; they depend on nothing else.
"""

from skneural.data.block_order import ShuffledBlocks
from skneural.data.container import BatchInfo, Container, Rows
from skneural.data.graph import Graph, GraphNodes
from skneural.data.graphs import Graphs
from skneural.data.images import ImageSizes, PixelImages
from skneural.data.masked_tokens import MaskedTokens, MaskedWindows
from skneural.data.node_pairs import NodePairs
from skneural.data.nodes import Nodes
from skneural.data.pairs import Pairs
from skneural.data.samples import Samples, SampleSource
from skneural.data.scored_pairs import ScoredPairs, TrainingPairs
from skneural.data.series import FlatSeries, Series
from skneural.data.stored import StoredArray, StoredRows, is_array_object, is_stored
from skneural.data.targets import Targets
from skneural.data.token_windows import TokenWindows

__all__ = [
    "BatchInfo",
    "Container",
    "FlatSeries",
    "Graph",
    "GraphNodes",
    "Graphs",
    "ImageSizes",
    "MaskedTokens",
    "MaskedWindows",
    "NodePairs",
    "Nodes",
    "Pairs",
    "PixelImages",
    "Rows",
    "SampleSource",
    "Samples",
    "ScoredPairs",
    "Series",
    "ShuffledBlocks",
    "StoredArray",
    "StoredRows",
    "Targets",
    "TokenWindows",
    "TrainingPairs",
    "is_array_object",
    "is_stored",
]
