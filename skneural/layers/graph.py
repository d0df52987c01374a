"""Convolutions of graphs: what nodes hear over edges, and pooling of all nodes of a graph.

    x          features of the sources, (sources, n_in), dense or CSR
    y          features of the targets, (targets, n_out): the targets are the first of the sources
    hop        which edges of the structure a layer goes over: a whole graph has the same for all layers, the field of
               some nodes those that lead to what the next layer hears

Where the context has no structure, nodes have no edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneural.data.hops import Hop
from skneural.data.nodes import Field
from skneural.initializers import glorot_uniform
from skneural.layers.layer import AnyShape, Backward, Context, Layer
from skneural.ops.graph import aggregate_linear, attend, edge_softmax, pool_segments, sum_by_source
from skneural.ops.linear import linear
from skneural.ops.types import Array, Matrix
from skneural.parameters import Parameter, Tree

NEGATIVE_SLOPE = 0.2  # of the scores of attention


def hop_of(context: Context, number: int, x: Matrix) -> Hop:
    """The edges of one convolution."""
    structure = context.structure
    if isinstance(structure, Field):
        return structure.hops[number]
    return structure if isinstance(structure, Hop) else Hop.alone(x.shape[0], x.dtype)


@dataclass(frozen=True)
class _Convolution(Layer):
    """What convolutions of graphs share.

    Parameters
    ----------
    n_in, n_out : int
    hop : int, default=0
        Number of the convolution in its network.
    bias : bool, default=True
        Whether a learned number is added to each feature of y.
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

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_out)


@dataclass(frozen=True)
class GCNConvolution(_Convolution):
    """Mean over neighbours and the node itself, normalized by the degrees of both (Kipf and Welling 2017).

    ``y = A x weight + bias``, where A has one edge from each node to itself and is divided by the square roots of the
    degrees of both ends.

    Parameters
    ----------
    n_in, n_out : int
    hop : int, default=0
        Number of the convolution in its network.
    bias : bool, default=True
        Whether a learned number is added to each feature of y.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    """

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        matrix = hop_of(context, self.hop, x).normalized
        return _biased_product(matrix, p, x, self.input_gradient)


@dataclass(frozen=True)
class GINConvolution(_Convolution):
    """Sum over neighbours and the node itself, and the first layer of a perceptron (Xu et al. 2019).

    ``y = (x + sum of x over neighbours) weight + bias``. With features of edges, what is heard over an edge is
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
        hop = hop_of(context, self.hop, x)
        if not self.n_edge_features:
            return _biased_product(hop.summed, p, x, self.input_gradient)
        return self._over_edges(p, x.toarray() if isinstance(x, sparse.csr_array) else x, hop)

    def _over_edges(self, p: Tree, x: Array, hop: Hop) -> tuple[Any, Backward]:
        features = hop.edge_features
        features = np.zeros((0, self.n_edge_features), x.dtype) if features is None else features
        moved, edge_vjp = linear(features, p["edge_weight"], p["edge_bias"], input_gradient=False)
        moved += x.take(hop.edges.indices, axis=0)
        message = np.maximum(moved, 0.0)
        total = hop.of_edges @ message
        total += x[: hop.n_targets]
        y, vjp = linear(total, p["weight"], p.get("bias"))

        def backward(dy: Array, g: Tree) -> Any:
            d_total = vjp(dy, g["weight"], g.get("bias"))
            d_moved = hop.of_edges.T @ d_total
            d_moved *= moved > 0
            edge_vjp(d_moved, g["edge_weight"], g["edge_bias"])
            if not self.input_gradient:
                return None
            dx = hop.of_sources @ d_moved
            dx[: hop.n_targets] += d_total
            return dx

        return y, backward


@dataclass(frozen=True)
class SAGEConvolution(_Convolution):
    """The node itself and the mean of its neighbours, each with weights of its own (Hamilton et al. 2017).

    ``y = x self_weight + (mean of x over neighbours) weight + bias``; the mean over none is zero.

    Parameters
    ----------
    n_in, n_out, hop, bias, input_gradient
        As in `GCNConvolution`.
    """

    def parameters(self) -> Tree:
        return super().parameters() | {"self_weight": Parameter((self.n_in, self.n_out), glorot_uniform)}

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        hop, skip = hop_of(context, self.hop, x), self.input_gradient
        n = hop.n_targets
        heard, heard_vjp = aggregate_linear(hop.mean, x, p["weight"], input_gradient=skip)
        own, own_vjp = linear(x if n == x.shape[0] else x[:n], p["self_weight"], p.get("bias"), input_gradient=skip)
        own += heard

        def backward(dy: Array, g: Tree) -> Any:
            dx = heard_vjp(dy, g["weight"])
            d_own = own_vjp(dy, g["self_weight"], g.get("bias"))
            if dx is not None:
                dx[:n] += d_own
            return dx

        return own, backward


@dataclass(frozen=True)
class GATConvolution(Layer):
    """Attention over neighbours and the node itself (Veličković et al. 2018).

    Each head weighs what it hears by the softmax, over the edges that lead to a node, of ``leaky_relu(x_source weight
    source + x_target weight target)``. A feature of the edge adds to that, and so does the logarithm of its weight: an
    edge of weight two is heard like two edges. Heads stand one behind the other in y.

    Parameters
    ----------
    n_in : int
    size : int
        Features of each head.
    n_heads : int, default=1
    hop : int, default=0
        Number of the convolution in its network.
    dropout : float, default=0.0
        Share of the edges that are not heard at each training step.
    n_edge_features : int, default=0
    bias : bool, default=True
        Whether a learned number is added to each feature of y.
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
        hop = hop_of(context, self.hop, x)
        edges = hop.heads(self.n_heads)
        features, product_vjp = linear(x, p["weight"], input_gradient=self.input_gradient)
        of_heads = features.reshape(-1, self.n_heads, self.size)
        scores, scores_vjp = self._scores(p, of_heads, hop)
        shares, softmax_vjp = edge_softmax(scores, edges.ends)
        kept = self._kept(shares, context)
        y, attend_vjp = attend(shares * kept, features.reshape(-1, self.size), edges.sources, edges.ends)
        y = y.reshape(hop.n_targets, -1)
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

    def _scores(self, p: Tree, features: Array, hop: Hop) -> tuple[Array, Backward]:
        """The score of each edge and head, from features of shape (sources, heads, size)."""
        edges, n = hop.heads(self.n_heads), hop.n_targets
        by_source = np.einsum("nhf,hf->nh", features, p["source"])
        by_target = np.einsum("nhf,hf->nh", features[:n], p["target"])
        scores = by_source.ravel().take(edges.sources)
        scores += np.repeat(by_target.ravel(), np.diff(edges.ends))
        between = self._edge_scores(p, hop)
        if between is not None:
            scores += between
        slope = np.where(scores > 0, 1.0, NEGATIVE_SLOPE).astype(scores.dtype)
        scores *= slope
        if edges.log_weight is not None:
            scores += edges.log_weight.astype(scores.dtype)

        def vjp(d_scores: Array, g: Tree) -> Array:
            d_scores = d_scores * slope
            self._edge_gradient(d_scores, hop, g)
            d_target = np.add.reduceat(d_scores, edges.ends[:-1]).reshape(by_target.shape)
            d_source = sum_by_source(d_scores, edges.sources, by_source.size).reshape(by_source.shape)
            np.einsum("nh,nhf->hf", d_source, features, out=g["source"])
            np.einsum("nh,nhf->hf", d_target, features[:n], out=g["target"])
            d_features = d_source[:, :, np.newaxis] * p["source"]
            d_features[:n] += d_target[:, :, np.newaxis] * p["target"]
            return d_features

        return scores, vjp

    def _edge_scores(self, p: Tree, hop: Hop) -> Array | None:
        """What features of edges add to the scores; nothing for those from nodes to themselves that were added."""
        if not self.n_edge_features or hop.edge_features is None:
            return None
        edges = hop.heads(self.n_heads)
        by_edge = np.concatenate([hop.edge_features @ p["edge"], np.zeros((1, self.n_heads), p["edge"].dtype)])
        scores: Array = by_edge[edges.edge, edges.head]
        return scores

    def _edge_gradient(self, d_scores: Array, hop: Hop, g: Tree) -> None:
        if not self.n_edge_features:
            return
        g["edge"][...] = 0
        if hop.edge_features is not None:
            edges, n = hop.heads(self.n_heads), len(hop.edge_features)
            flat = (edges.edge % (n + 1)) * self.n_heads + edges.head  # -1 becomes the last row
            by_edge = sum_by_source(d_scores, flat, (n + 1) * self.n_heads).reshape(-1, self.n_heads)
            np.matmul(hop.edge_features.T, by_edge[:n], out=g["edge"])

    def _kept(self, shares: Array, context: Context) -> Any:
        """What dropout leaves of the shares: edges of all heads are drawn one by one."""
        if not context.training or not self.dropout:
            return 1.0
        threshold = min(round(self.dropout * 65536), 65535)
        kept = context.random_bits(shares.shape, rows="elements") >= threshold
        return np.multiply(kept, 65536 / (65536 - threshold), dtype=shares.dtype)

    def output_bias(self, p: Tree) -> Array | None:
        return p.get("bias")

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_heads * self.size)


@dataclass(frozen=True)
class SelectNodes(Layer):
    """The rows of the nodes that are samples, in their order, of those that the last convolution has for targets."""

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        structure = context.structure
        if not isinstance(structure, Field):
            return x, lambda dy, g: dy
        selected = structure.selected
        if len(selected) == len(x) and np.array_equal(selected, np.arange(len(x))):
            return x, lambda dy, g: dy

        def backward(dy: Array, g: Tree) -> Any:
            n = len(selected)
            ones = np.ones(n, dy.dtype)
            return sparse.csr_array((ones, (selected, np.arange(n))), shape=(len(x), n)) @ dy

        return x.take(selected, axis=0), backward


@dataclass(frozen=True)
class GraphPooling(Layer):
    """One row for each graph, of rows for the nodes of all graphs. Without lengths, each node is a graph.

    Parameters
    ----------
    pooling : {"sum", "mean", "max"}
    """

    pooling: str

    def forward(self, p: Tree, x: Matrix, context: Context) -> tuple[Any, Backward]:
        if context.lengths is None:
            return x, lambda dy, g: dy
        y, vjp = pool_segments(x, context.lengths, self.pooling)
        return y, lambda dy, g: vjp(dy)


def _biased_product(matrix: sparse.csr_array, p: Tree, x: Matrix, input_gradient: bool) -> tuple[Any, Backward]:
    y, vjp = aggregate_linear(matrix, x, p["weight"], input_gradient=input_gradient)
    if "bias" in p:
        y += p["bias"]

    def backward(dy: Array, g: Tree) -> Any:
        if "bias" in g:
            np.add.reduce(dy, axis=0, out=g["bias"])
        return vjp(dy, g["weight"])

    return y, backward
