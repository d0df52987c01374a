"""Graph convolutional networks, for nodes and for whole graphs."""

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
    LightConvolutions,
    PairScores,
    SAGEConvolution,
    SelectNodes,
)

CONVOLUTIONS = ("gcn", "sage", "gat", "gin")
LINK_CONVOLUTIONS = ("gcn", "sage", "gat", "lightgcn")

# Standard deviation of initial embeddings of nodes, as in LightGCN.
DEVIATION_OF_NODES = 0.1

GRAPH_POOLINGS = ("sum", "mean", "max")


def graph_node_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int],
    convolution: str,
    n_heads: int,
    dropout: float,
    n_edge_features: int,
) -> Chain:
    """Build graph convolutions, the last of which returns the raw scores of the nodes.

    The network has two parts: the hidden layers, which compute node embeddings, and the last convolution.

    Parameters
    ----------
    n_in, n_out : int
        Features of each node, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each hidden convolution; with "gat", of each head.
    convolution : {"gcn", "sage", "gat", "gin"}
    n_heads : int
        Heads of the hidden convolutions with "gat"; the last one has a single head.
    dropout : float
        Rate before each convolution and, with "gat", on the attention weights of each head.
    n_edge_features : int
        Features of each edge, for "gat" and "gin".
    """
    blocks: dict[str, Layer] = {}
    width = n_in
    for hop, size in enumerate(hidden_layer_sizes):
        layer = _convolution(convolution, width, size, hop, n_heads, dropout, n_edge_features)
        block = {**_dropout(dropout), "convolution": layer}
        block["activation"] = _activation(convolution)
        if convolution == "gin":
            block |= {"dense": Dense(size, size, "he_uniform"), "output_activation": Activation("relu")}
        blocks[f"block_{hop + 1}"] = Chain(**block)
        width = size * n_heads if convolution == "gat" else size
    last = _convolution(convolution, width, n_out, len(hidden_layer_sizes), 1, dropout, n_edge_features, bias=False)
    output = Chain(**_dropout(dropout), convolution=last, selection=SelectNodes(), bias=Bias(n_out))
    return Chain(encoder=Chain(**blocks), output=output)


def whole_graph_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int],
    convolution: str,
    n_heads: int,
    pooling: str,
    dropout: float,
    n_edge_features: int,
) -> Chain:
    """Build graph convolutions and a dense layer on the pooled nodes before the first and after each convolution.

    The network has two parts: the first computes an embedding of each graph, the concatenated pooled nodes; the second
    is the dense layer.

    Parameters
    ----------
    n_in, n_out : int
        Features of each node, raw scores out.
    hidden_layer_sizes : sequence of int
        Units of each convolution; with "gat", divided evenly among its heads.
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
    encoder: Layer = pool
    for hop in reversed(range(len(hidden_layer_sizes))):
        block = _block(convolution, widths[hop], widths[hop + 1], n_heads, n_edge_features)
        encoder = Branches({"pooling": pool, f"block_{hop + 1}": Chain(block, behind=encoder)})
    return Chain(encoder=encoder, **_dropout(dropout, "samples"), output=Dense(sum(widths), n_out))


def link_network(
    n_in: int,
    n_out: int,
    hidden_layer_sizes: Sequence[int],
    convolution: str,
    n_heads: int,
    dropout: float,
    n_edge_features: int,
    embedding_size: int | None,
) -> Chain:
    """Build graph convolutions that embed nodes, and the score of pairs of nodes.

    Parameters
    ----------
    n_in : int
        Features of each node.
    n_out : int
        1: a pair has one raw score.
    hidden_layer_sizes : sequence of int
        Units of each convolution, the last of which computes the embeddings.
    convolution : {"gcn", "sage", "gat", "lightgcn"}
        "lightgcn" has one weight, from the features to embeddings, and as many hops as `hidden_layer_sizes` has
        elements.
    n_heads : int
        Heads of the convolutions with "gat", but for the last one, which has a single head.
    dropout : float
        Rate before each convolution and, with "gat", on the attention weights.
    n_edge_features : int
        Features of each edge, for "gat".
    embedding_size : int or None
        Units of a linear layer before the convolutions; None for no such layer, or with "lightgcn" for the first of
        `hidden_layer_sizes`.
    """
    light = convolution == "lightgcn"
    size = hidden_layer_sizes[0] if embedding_size is None and light else embedding_size
    layers: dict[str, Layer] = {} if size is None else {"embedding": Dense(n_in, size, DEVIATION_OF_NODES, None)}
    if light:
        encoder = Chain(**layers, **_dropout(dropout), propagation=LightConvolutions(len(hidden_layer_sizes)))
        return Chain(encoder=encoder, output=PairScores())
    width, last = n_in if size is None else size, len(hidden_layer_sizes) - 1
    for hop, units in enumerate(hidden_layer_sizes):
        heads = n_heads if hop < last else 1
        layer = _convolution(convolution, width, units, hop, heads, dropout, n_edge_features)
        activation = {"activation": _activation(convolution)} if hop < last else {}
        layers[f"block_{hop + 1}"] = Chain(**_dropout(dropout), convolution=layer, **activation)
        width = units * heads if convolution == "gat" else units
    return Chain(encoder=Chain(**layers), output=PairScores())


def _activation(convolution: str) -> Activation:
    return Activation("elu" if convolution == "gat" else "relu")


def _dropout(rate: float, rows: str = "elements") -> dict[str, Layer]:
    return {"dropout": Dropout(rate, rows=rows)} if rate > 0 else {}


def _block(convolution: str, width: int, size: int, n_heads: int, n_edge_features: int) -> dict[str, Layer]:
    """A convolution with its activation, normalized over the nodes of a batch."""
    if convolution == "gat":
        layer = _convolution("gat", width, size // n_heads, 0, n_heads, 0.0, n_edge_features)
    else:
        layer = _convolution(convolution, width, size, 0, 1, 0.0, n_edge_features)
    normalization, activation = BatchNormalization(size, rows="elements"), Activation("relu")
    block: dict[str, Layer] = {"convolution": layer, "normalization": normalization, "activation": activation}
    if convolution == "gin":
        block |= {"dense": Dense(size, size, "he_uniform"), "output_normalization": normalization}
        block["output_activation"] = activation
    return block


def _convolution(
    name: str, n_in: int, size: int, hop: int, n_heads: int, dropout: float, n_edge_features: int, bias: bool = True
) -> Layer:
    if name == "gat":
        return GATConvolution(n_in, size, n_heads, hop, dropout, n_edge_features, bias)
    if name == "gin":
        return GINConvolution(n_in, size, hop, bias, n_edge_features=n_edge_features)
    return {"gcn": GCNConvolution, "sage": SAGEConvolution}[name](n_in, size, hop, bias)
