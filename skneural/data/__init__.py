"""Floor 1: containers. What samples are, whatever X and y were given as.

Training and prediction ask a `Container` for its length, for some of its samples, for blocks of them, and for what
enters the network; they do not look inside.
"""

from skneural.data.container import BatchInfo, Container, MixedRows, NoisyRows, Rows
from skneural.data.diffused import DiffusedRows, TableRows
from skneural.data.graph import Graph, GraphNodes
from skneural.data.graphs import Graphs
from skneural.data.hidden_tokens import HiddenTokens, MaskedWindows
from skneural.data.nodes import Nodes
from skneural.data.pairs import Pairs
from skneural.data.samples import Samples
from skneural.data.series import Series
from skneural.data.targets import Targets
from skneural.data.token_windows import TokenWindows

__all__ = [
    "BatchInfo",
    "Container",
    "DiffusedRows",
    "Graph",
    "GraphNodes",
    "Graphs",
    "HiddenTokens",
    "MaskedWindows",
    "MixedRows",
    "Nodes",
    "NoisyRows",
    "Pairs",
    "Rows",
    "Samples",
    "Series",
    "TableRows",
    "Targets",
    "TokenWindows",
]
