"""Graph convolutions, which aggregate messages from neighbours, and pooling of the nodes of a graph.

    x          features of the source nodes, (sources, n_in), dense or CSR
    y          features of the target nodes, (targets, n_out); the targets are the first of the sources
    hop        index of the layer's message block: whole graphs have the same edges in all layers, sampled subgraphs
               have those whose targets are the sources of the next layer

If the context has no structure, nodes have no edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneural.data.message_blocks import MessageBlock
from skneural.data.nodes import Subgraph
from skneural.initializers import glorot_uniform
from skneural.layers.layer import AnyShape, Backward, Context, Layer, rescale_linear
from skneural.ops.dropout import dropout_factor
from skneural.ops.graph import aggregate_linear, edge_softmax, pair_products, pool_segments, weighted_aggregate
from skneural.ops.graph_convolution import (
    aggregate_affine,
    attention_scores,
    edge_feature_scores,
    mean_over_hops,
    select_rows,
    sum_messages,
)
from skneural.ops.linear import linear
from skneural.ops.types import Array, Matrix
from skneural.parameters import Parameter, Tree


def message_block(context: Context, number: int, x: Matrix) -> MessageBlock:
    """The edges over which one convolution aggregates."""
    structure = context.batch.structure
    if isinstance(structure, Subgraph):
        return structure.blocks[number]
    return structure if isinstance(structure, MessageBlock) else MessageBlock.without_edges(x.shape[0], x.dtype)


@dataclass(frozen=True)
class _Convolution(Layer):
    """Base class of convolutions with one weight.

    Parameters
    ----------
    n_in, n_out : int
    hop : int, default=0
        Index of the convolution in its network.
    bias : bool, default=True
        Whether a bias is added to each feature of y.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    n_in: int
    n_out: int
    hop: int = 0
    bias: bool = True
    input_gradient: bool = True

    def parameters(self) -> Tree:
        weight = Parameter((self.n_in, self.n_out), glorot_uniform)
        return {"weight": weight} | ({"bias": Parameter((self.n_out,), penalized=False)} if self.bias else {})

    def output_bias(self, p: Tree) -> Array | None:
        return p.get("bias")

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return rescale_linear(p, factor, shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_out)


@dataclass(frozen=True)
class GCNConvolution(_Convolution):
    """Graph convolution, with messages normalized by the degrees of both nodes (Kipf and Welling 2017).

    ``y = A x weight + bias``, where A is the adjacency matrix with self-loops, divided by the square roots of the
    degrees of both nodes.

    Parameters
    ----------
    n_in, n_out : int
    hop : int, default=0
        Index of the convolution in its network.
    bias : bool, default=True
        Whether a bias is added to each feature of y.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        matrix = message_block(context, self.hop, x).normalized
        return _aggregated(matrix, p, x, self.input_gradient)


@dataclass(frozen=True)
class GINConvolution(_Convolution):
    """Sum of the neighbours and the node itself, followed by the first layer of an MLP (Xu et al. 2019).

    ``y = (x + sum of x over neighbours) weight + bias``. With edge features, the message over an edge is
    ``relu(x + edge_weight @ features + edge_bias)`` (Hu et al. 2020).

    Parameters
    ----------
    n_in, n_out, hop, bias, input_gradient
        As in `GCNConvolution`.
    n_edge_features : int, default=0
    """

    n_edge_features: int = 0

    def parameters(self) -> Tree:
        if not self.n_edge_features:
            return super().parameters()
        return super().parameters() | {
            "edge_weight": Parameter((self.n_edge_features, self.n_in), glorot_uniform),
            "edge_bias": Parameter((self.n_in,), penalized=False),
        }

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        block = message_block(context, self.hop, x)
        if not self.n_edge_features:
            return _aggregated(block.plus_identity, p, x, self.input_gradient)
        return self._over_edges(p, x.toarray() if isinstance(x, sparse.csr_array) else x, block)

    def _over_edges(self, p: Tree, x: Array, block: MessageBlock) -> tuple[Any, Backward]:
        features = block.edge_features
        features = np.zeros((0, self.n_edge_features), x.dtype) if features is None else features
        total, messages_vjp = sum_messages(
            x,
            features,
            p["edge_weight"],
            p["edge_bias"],
            sources=block.edges.indices,
            by_target=block.target_incidence,
            by_source=lambda: block.source_incidence,
            input_gradient=self.input_gradient,
        )
        y, vjp = linear(total, p["weight"], p.get("bias"))

        def backward(dy: Array, g: Tree) -> Any:
            return messages_vjp(vjp(dy, g["weight"], g.get("bias")), g["edge_weight"], g["edge_bias"])

        return y, backward


@dataclass(frozen=True)
class SAGEConvolution(_Convolution):
    """The node itself and the mean of its neighbours, with separate weights (Hamilton et al. 2017).

    ``y = x self_weight + (mean of x over neighbours) weight + bias``; the mean of no neighbours is zero.

    Parameters
    ----------
    n_in, n_out, hop, bias, input_gradient
        As in `GCNConvolution`.
    """

    def parameters(self) -> Tree:
        return super().parameters() | {"self_weight": Parameter((self.n_in, self.n_out), glorot_uniform)}

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return rescale_linear(p, factor, shift, ("weight", "self_weight"))

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        block, skip = message_block(context, self.hop, x), self.input_gradient
        n = block.n_targets
        message, message_vjp = aggregate_linear(block.mean, x, p["weight"], input_gradient=skip)
        targets = x if n == x.shape[0] else x[:n]
        y, self_vjp = linear(targets, p["self_weight"], p.get("bias"), input_gradient=skip)
        y += message

        def backward(dy: Array, g: Tree) -> Any:
            dx = message_vjp(dy, g["weight"])
            d_targets = self_vjp(dy, g["self_weight"], g.get("bias"))
            if dx is not None:
                dx[:n] += d_targets
            return dx

        return y, backward


@dataclass(frozen=True)
class GATConvolution(Layer):
    """Graph attention over the neighbours and the node itself (Veličković et al. 2018).

    The attention of each head is the softmax, over the incoming edges of a node, of ``leaky_relu(x_source weight source
    + x_target weight target)``. Edge features add a term to the score, and edge weights add their logarithm, so that an
    edge of weight two counts like two edges. The outputs of the heads are concatenated.

    Parameters
    ----------
    n_in : int
    size : int
        Features of each head.
    n_heads : int, default=1
    hop : int, default=0
        Index of the convolution in its network.
    dropout : float, default=0.0
        Rate at which messages are dropped in training.
    n_edge_features : int, default=0
    bias : bool, default=True
        Whether a bias is added to each feature of y.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    n_in: int
    size: int
    n_heads: int = 1
    hop: int = 0
    dropout: float = 0.0
    n_edge_features: int = 0
    bias: bool = True
    input_gradient: bool = True

    def parameters(self) -> Tree:
        width = self.n_heads * self.size
        tree = {
            "weight": Parameter((self.n_in, width), glorot_uniform),
            "source": Parameter((self.n_heads, self.size), glorot_uniform),
            "target": Parameter((self.n_heads, self.size), glorot_uniform),
        }
        if self.bias:
            tree["bias"] = Parameter((width,), penalized=False)
        if self.n_edge_features:
            tree["edge"] = Parameter((self.n_edge_features, self.n_heads), glorot_uniform)
        return tree

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        block = message_block(context, self.hop, x)
        edges = block.heads(self.n_heads)
        features, product_vjp = linear(x, p["weight"], input_gradient=self.input_gradient)
        of_heads = features.reshape(-1, self.n_heads, self.size)
        scores, scores_vjp = self._scores(p, of_heads, block)
        shares, softmax_vjp = edge_softmax(scores, edges.ends)
        kept = self._dropout_factor(shares, context)
        y, attend_vjp = weighted_aggregate(shares * kept, features.reshape(-1, self.size), edges.sources, edges.ends)
        y = y.reshape(block.n_targets, -1)
        if self.bias:
            y += p["bias"]

        def backward(dy: Array, g: Tree) -> Any:
            dy = np.ascontiguousarray(dy)
            if self.bias:
                np.add.reduce(dy, axis=0, out=g["bias"])
            d_shares, d_features = attend_vjp(dy.reshape(-1, self.size))
            d_features = d_features.reshape(of_heads.shape)
            d_features += scores_vjp(softmax_vjp(d_shares * kept), g)
            return product_vjp(d_features.reshape(features.shape), g["weight"])

        return y, backward

    def _scores(self, p: Tree, features: Array, block: MessageBlock) -> tuple[Array, Backward]:
        """Scores of edges and heads, from features of shape (sources, heads, size)."""
        edges, extra = block.heads(self.n_heads), None
        if self.n_edge_features and block.edge_features is not None:
            extra, extra_vjp = edge_feature_scores(block.edge_features, p["edge"], edges.edge, edges.head)
        scores, scores_vjp = attention_scores(
            features,
            p["source"],
            p["target"],
            extra,
            sources=edges.sources,
            ends=edges.ends,
            log_weight=edges.log_weight,
        )

        def backward(d_scores: Array, g: Tree) -> Array:
            d_features, d_extra = scores_vjp(d_scores, g["source"], g["target"])
            if extra is not None:
                extra_vjp(d_extra, g["edge"])
            elif self.n_edge_features:
                g["edge"][...] = 0
            return d_features

        return scores, backward

    def _dropout_factor(self, shares: Array, context: Context) -> Any:
        """Dropout factors of the attention weights, drawn separately for each edge and head."""
        if not context.training or not self.dropout:
            return 1.0
        return dropout_factor(context.random_bits(shares.shape, rows="elements"), self.dropout, shares.dtype)

    def output_bias(self, p: Tree) -> Array | None:
        return p.get("bias")

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        for name in ("source", "target"):  # the attention scores of the features remain the same
            p[name] /= factor.reshape(p[name].shape)
        return rescale_linear(p, factor, shift)

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_heads * self.size)


@dataclass(frozen=True)
class SelectNodes(Layer):
    """Select, from the targets of the last convolution, the nodes that are samples, in the order of the samples."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        structure = context.batch.structure
        if not isinstance(structure, Subgraph):
            return x, lambda dy, g: dy
        selected = structure.selected
        if len(selected) == len(x) and np.array_equal(selected, np.arange(len(x))):
            return x, lambda dy, g: dy

        y, vjp = select_rows(x, selected)
        return y, lambda dy, g: vjp(dy)

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        return shift


@dataclass(frozen=True)
class LightConvolutions(Layer):
    """Mean of the node itself and its neighbourhoods over one hop, two hops and so on (He et al. 2020, LightGCN).

    Each hop multiplies by the adjacency matrix, divided by the square roots of the degrees of both nodes. There are no
    weights and no self-loops.

    Parameters
    ----------
    n_hops : int
    """

    n_hops: int

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        blocks = (message_block(context, hop, x) for hop in range(self.n_hops))
        y, vjp = mean_over_hops(x, [block.normalized_without_loops for block in blocks])
        return y, lambda dy, g: vjp(dy)


@dataclass(frozen=True)
class PairScores(Layer):
    """Score of each pair of nodes: the inner product of both, plus a bias (Kipf and Welling 2016).

    x: (targets of the last convolution, features); y: (pairs, 1). If the context has no pairs, they are the rows of x,
    each with itself.
    """

    def parameters(self) -> Tree:
        return {"bias": Parameter((1,), penalized=False)}

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        structure = context.batch.structure
        pairs = structure.selected if isinstance(structure, Subgraph) else np.arange(len(x))
        y, vjp = pair_products(x, pairs if pairs.ndim == 2 else np.stack([pairs, pairs], axis=1))
        y += p["bias"]

        def backward(dy: Array, g: Tree) -> Any:
            g["bias"][...] = np.add.reduce(dy, axis=0)
            return vjp(dy[:, 0])

        return y[:, np.newaxis], backward

    def output_bias(self, p: Tree) -> Array | None:
        bias: Array = p["bias"]
        return bias

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], 1)


@dataclass(frozen=True)
class GraphPooling(Layer):
    """Pool the nodes of each graph to one row. Without lengths, each node is a graph.

    Parameters
    ----------
    pooling : {"sum", "mean", "max"}
    """

    pooling: str

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        if context.batch.lengths is None:
            return x, lambda dy, g: dy
        y, vjp = pool_segments(x, context.batch.lengths, self.pooling)
        return y, lambda dy, g: vjp(dy)


def _aggregated(matrix: sparse.csr_array, p: Tree, x: Matrix, input_gradient: bool) -> tuple[Any, Backward]:
    y, vjp = aggregate_affine(matrix, x, p["weight"], p.get("bias"), input_gradient=input_gradient)
    return y, lambda dy, g: vjp(dy, g["weight"], g.get("bias"))
