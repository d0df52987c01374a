"""Networks of convolutions over graphs: for nodes, and for whole graphs."""

from __future__ import annotations

from collections.abc import Sequence

from skneural.layers import (
    Activation,
    BatchNormalization,
    Bias,
    Branches,
    Chain,
    Dense,
    Dropout,
    GATConvolution,
    GCNConvolution,
    GINConvolution,
    GraphPooling,
    Layer,
    SAGEConvolution,
    SelectNodes,
)

CONVOLUTIONS = ("gcn", "sage", "gat", "gin")
POOLINGS = ("sum", "mean", "max")


def graph_node_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int] = (16,),
    convolution: str = "gcn",
    n_heads: int = 8,
    dropout: float = 0.0,
    n_edge_features: int = 0,
) -> Chain:
    """Convolutions, the last of which gives the raw scores of nodes.

    Two parts: what makes embeddings of nodes, and the last convolution.

    Parameters
    ----------
    n_in, n_out : int
        Features of each node, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each hidden convolution; with "gat", of each of its heads.
    convolution : {"gcn", "sage", "gat", "gin"}
    n_heads : int
        Heads of the hidden convolutions with "gat"; the last one has a single head.
    dropout : float
        Rate before each convolution and, with "gat", of the edges of each head.
    n_edge_features : int
        Features of each edge, for "gat" and "gin".
    """
    body: list[Layer] = []
    width = n_in
    for hop, size in enumerate(hidden_layer_sizes):
        body += _dropout(dropout)
        body.append(_convolution(convolution, width, size, hop, n_heads, dropout, n_edge_features))
        body.append(Activation("elu" if convolution == "gat" else "relu"))
        if convolution == "gin":
            body += [Dense(size, size, "he_uniform"), Activation("relu")]
        width = size * n_heads if convolution == "gat" else size
    last = _convolution(convolution, width, n_out, len(hidden_layer_sizes), 1, dropout, n_edge_features, bias=False)
    return Chain((Chain(tuple(body)), Chain((*_dropout(dropout), last, SelectNodes(), Bias(n_out)))))


def whole_graph_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int] = (64, 64, 64),
    convolution: str = "gin",
    n_heads: int = 8,
    pooling: str = "sum",
    dropout: float = 0.0,
    n_edge_features: int = 0,
) -> Chain:
    """Convolutions; the pooled nodes before the first and behind each of them, side by side, go into a dense layer.

    Two parts: what makes an embedding of each graph, and the dense layer.

    Parameters
    ----------
    n_in, n_out : int
        Features of each node, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each convolution, over all heads with "gat": they divide them.
    convolution : {"gcn", "sage", "gat", "gin"}
    n_heads : int
        Heads with "gat".
    pooling : {"sum", "mean", "max"}
    dropout : float
        Rate before the dense layer.
    n_edge_features : int
        Features of each edge, for "gat" and "gin".
    """
    widths = [n_in, *hidden_layer_sizes]
    pool = GraphPooling(pooling)
    body: Layer = pool
    for hop in reversed(range(len(hidden_layer_sizes))):
        block = _block(convolution, widths[hop], widths[hop + 1], n_heads, n_edge_features)
        body = Branches((pool, Chain((*block, body))))
    head = (*_dropout(dropout, "samples"), Dense(sum(widths), n_out))
    return Chain((Chain((body,)), Chain(head)))


def _dropout(rate: float, rows: str = "elements") -> list[Layer]:
    return [Dropout(rate, rows=rows)] if rate > 0 else []


def _block(convolution: str, width: int, size: int, n_heads: int, n_edge_features: int) -> list[Layer]:
    """A convolution of whole graphs, normalized over the nodes of a batch."""
    if convolution == "gat":
        layer = _convolution("gat", width, size // n_heads, 0, n_heads, 0.0, n_edge_features)
    else:
        layer = _convolution(convolution, width, size, 0, 1, 0.0, n_edge_features)
    block = [layer, BatchNormalization(size, rows="elements"), Activation("relu")]
    if convolution == "gin":
        block += [Dense(size, size, "he_uniform"), BatchNormalization(size, rows="elements"), Activation("relu")]
    return block


def _convolution(
    name: str, n_in: int, size: int, hop: int, n_heads: int, dropout: float, n_edge_features: int, bias: bool = True
) -> Layer:
    if name == "gat":
        return GATConvolution(n_in, size, n_heads, hop, dropout, n_edge_features, bias)
    if name == "gin":
        return GINConvolution(n_in, size, hop, bias, n_edge_features=n_edge_features)
    return {"gcn": GCNConvolution, "sage": SAGEConvolution}[name](n_in, size, hop, bias)
