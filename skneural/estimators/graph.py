"""Graph neural networks, for nodes and for whole graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_consistent_length, check_is_fitted

from skneural.data import GraphNodes
from skneural.data.nodes import Field, Sampling
from skneural.hyperparameters import NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.inputs import Expected, GraphInput, InputKind, NodeInput
from skneural.layers import Chain, Context
from skneural.networks.graph import CONVOLUTIONS, POOLINGS, graph_node_network, whole_graph_network
from skneural.ops.types import Array
from skneural.targets import Given, NodeClasses, TargetKind
from skneural.targets.node_classes import UNLABELLED
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor
from skneural.template.run import Data


@declare
class GraphFields(TransformerMixin, Mixin):
    """What all graph neural networks share."""

    convolution: str = hyperparameter(
        "gcn",
        Choice(*CONVOLUTIONS),
        """What nodes make of what they hear. "gcn": a mean normalized by the degrees of both ends [1]_. "sage": the
        mean of the neighbours, apart from the node itself [2]_. "gat": a mean with learned weights, attention [3]_.
        "gin": the sum, and a perceptron [4]_.""",
    )
    n_heads: int = hyperparameter(8, Integer(1), 'Heads of attention with convolution="gat".')
    dropout: float = hyperparameter(0.5, Number(0, 1, below=True), "Share that is dropped at each training step.")

    shared_doc = {
        "literature": """
        References
        ----------
        .. [1] Kipf and Welling. "Semi-supervised classification with graph convolutional networks". ICLR 2017.
        .. [2] Hamilton, Ying and Leskovec. "Inductive representation learning on large graphs". NeurIPS 2017.
        .. [3] Veličković et al. "Graph attention networks". ICLR 2018.
        .. [4] Xu, Hu, Leskovec and Jegelka. "How powerful are graph neural networks?". ICLR 2019.
        """,
        "nodes": """
        X is `GraphNodes`, all or some nodes of a graph: features and edges of all nodes are used, and targets of those
        in X only. Nodes of another graph can be predicted, too: all that is learned is weights of features. Nothing of
        the training graph is kept.

        X may be rows of features, (n_samples, n_features), too. Each of them then hears the `n_neighbors` training rows
        nearest to it; a new row hears training rows only, so that its prediction does not depend on what is predicted
        beside it. The training rows are kept for that, but those of weight zero. Scale the columns, because distances
        decide.

        Training takes all nodes at each step. For graphs that do not fit into memory, set `batch_size` and
        `neighbor_samples`.
        """,
        "graphs": """
        X is a list of `Graph`. Rows of features, (n_samples, n_features), are taken for graphs of one node each. Nodes
        are pooled before the first convolution and behind each of them, and all that goes into a linear layer.
        Convolutions are normalized over the nodes of a batch.
        """,
    }

    def _embedded(self, X: Any) -> tuple[Array, Any]:
        """What goes into the last part of the network for X, and the structure that it was made over."""
        check_is_fitted(self)
        x, known = self._check_X(X).as_batch()
        body, tree = self._network.layer.layers[0], self._parameters()[0]
        embedding: Array = body.predict(tree, x, Context(lengths=known.lengths, structure=known.structure))
        return embedding, known.structure


@declare
class NodeFields(GraphFields):
    """What estimators of nodes share."""

    _input_kind: ClassVar[InputKind] = NodeInput()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(graph_node_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (16,),
        Sizes(1),
        """Units of each hidden convolution; with "gat", of each of its heads. One more convolution gives the scores: a
        node hears others over as many edges as there are convolutions.""",
    )
    dropout: float = hyperparameter(
        0.5,
        Number(0, 1, below=True),
        """Share of the features dropped before each convolution at each training step; with "gat" of the attention,
        too.""",
    )
    learning_rate_init: float = hyperparameter(
        0.01,
        Number(0, above=True),
        "Step size; lbfgs finds its own. Greater than elsewhere, because an epoch is a single step.",
    )
    n_neighbors: int = hyperparameter(10, Integer(1), "Training rows that each row hears, if X is rows and no graph.")
    neighbor_samples: int | Sequence[int] | None = hyperparameter(
        None,
        Sizes(1, empty=False) | NONE,
        """Neighbours that a node hears at each training step, drawn at random: for each convolution, the last of them
        first. Needs `batch_size`. None: all of them. Prediction takes all.""",
    )
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Samples per step; "auto" takes all, and so does lbfgs.'
    )

    def _checked(self, given: Given, expected: Expected) -> Given:
        """What weighs nothing is left out before a graph is made of rows: it must be nobody's neighbour."""
        weight = given.sample_weight
        if weight is not None and expected.reset and not isinstance(given.X, GraphNodes):
            weight = np.asarray(weight)
            kept = np.flatnonzero(weight)
            alike = given.y is not None and weight.shape == (_num_samples(given.X),) == (_num_samples(given.y),)
            if alike and 0 < len(kept) < len(weight):
                X, y = (_safe_indexing(part, kept) for part in given[:2])
                given = given._replace(X=X, y=y, sample_weight=weight[kept])
        return super()._checked(given, expected)

    def _encoded(self, given: Given) -> Data:
        if self.neighbor_samples is not None:
            given.X.sampling = self._sampling()
        return super()._encoded(given)

    def _sampling(self) -> Sampling:
        sizes = np.ravel(np.asarray(self.neighbor_samples)).tolist()
        if len(sizes) != self._n_hops:
            raise ValueError(
                f"neighbor_samples={self.neighbor_samples!r} has {len(sizes)} numbers, and there are {self._n_hops} "
                "convolutions: those of hidden_layer_sizes and the last one."
            )
        if self.batch_size == "auto":
            raise ValueError(
                "neighbor_samples needs batch_size: with all nodes at once, what is drawn would never change."
            )
        return Sampling(sizes, self._seed)

    def transform(self, X):
        """Embed nodes: what the last convolution sees of each.

        Parameters
        ----------
        X : GraphNodes, or array-like of shape (n_samples, n_features)

        Returns
        -------
        embeddings : ndarray of shape (n_samples, n_units)
        """
        embedding, field = self._embedded(X)
        assert isinstance(field, Field)
        return embedding[field.selected]


@declare
class WholeGraphFields(GraphFields):
    """What estimators of whole graphs share."""

    _input_kind: ClassVar[InputKind] = GraphInput()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(whole_graph_network)

    convolution: str = hyperparameter(
        "gin",
        Choice(*CONVOLUTIONS),
        """What nodes make of what they hear. "gin": the sum, and a perceptron [4]_. "gcn": a mean normalized by the
        degrees of both ends [1]_. "sage": the mean of the neighbours, apart from the node itself [2]_. "gat": a mean
        with learned weights, attention [3]_.""",
    )
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (64, 64, 64), Sizes(1), 'Units of each convolution; with "gat", of all its heads, which divide them.'
    )
    pooling: str = hyperparameter(
        "sum", Choice(*POOLINGS), "What is made of all nodes of a graph: their sum, mean or maximum."
    )
    dropout: float = hyperparameter(
        0.5, Number(0, 1, below=True), "Share of the pooled features dropped at each training step."
    )
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Graphs per step; "auto" is min(32, n_samples). lbfgs takes all.'
    )

    def _build(self, data, mode):
        if self.convolution == "gat" and any(size % self.n_heads for size in np.atleast_1d(self.hidden_layer_sizes)):
            raise ValueError(
                f"n_heads={self.n_heads} must divide all of hidden_layer_sizes={self.hidden_layer_sizes!r}: each head "
                "has as many units."
            )
        return super()._build(data, mode)

    def transform(self, X):
        """Embed graphs: the pooled nodes of all layers, which the last layer sees.

        Parameters
        ----------
        X : list of n_samples Graph, or array-like of shape (n_samples, n_features)

        Returns
        -------
        embeddings : ndarray of shape (n_samples, n_units)
        """
        return self._embedded(X)[0]


@declare
class GNNNodeClassifier(NodeFields, NeuralClassifier):
    """Graph neural network for classes of the nodes of a graph.

    Nodes whose class nobody knows have -1 in y: they are heard by others, but nothing is learned from them. With a
    single other class, -1 is a class like that one.

    {nodes}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Two groups of nodes, of each of which one is known:

    >>> import numpy as np
    >>> from skneural import GNNNodeClassifier, GraphNodes
    >>> edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]
    >>> X, y = GraphNodes.from_edges(edges), np.array([0, -1, -1, -1, -1, 1])
    >>> model = GNNNodeClassifier(random_state=0)
    >>> model.fit(X, y).predict(X)
    array([0, 0, 0, 1, 1, 1])
    """

    _target_kind: ClassVar[TargetKind] = NodeClasses()

    def score(self, X, y, sample_weight=None):
        """Share of the nodes whose class is right; those without a label do not count.

        Parameters
        ----------
        X : GraphNodes, or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        accuracy : float
        """
        predicted, y = self.predict(X), np.asarray(y)
        check_consistent_length(predicted, y)
        if y.dtype.kind == "i" and y.ndim == 1 and self._unlabelled_allowed:
            sample_weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
            known = y != UNLABELLED
            predicted, y, sample_weight = predicted[known], y[known], sample_weight[known]
        return accuracy_score(y, predicted, sample_weight=sample_weight)


@declare
class GNNNodeRegressor(NodeFields, NeuralRegressor):
    """Graph neural network for numbers that belong to the nodes of a graph.

    Nodes whose number nobody knows are left out of X: ``fit(X[known], y[known])``. They are heard by others all the
    same.

    {nodes}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The sum of what its neighbours have, of each node on a ring with chords:

    >>> import numpy as np
    >>> from skneural import GNNNodeRegressor, GraphNodes
    >>> rng = np.random.default_rng(0)
    >>> edges = [(i, (i + 1) % 60) for i in range(60)] + [(i, (7 * i + 3) % 60) for i in range(0, 60, 2)]
    >>> X = GraphNodes.from_edges(edges, features=rng.normal(size=(60, 1)))
    >>> y = X.adjacency @ X.features[:, 0]
    >>> model = GNNNodeRegressor(convolution="sage", dropout=0, max_iter=1000, random_state=0)
    >>> model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.8
    True
    """


@declare
class GNNGraphClassifier(WholeGraphFields, NeuralClassifier):
    """Graph neural network for classes of graphs, such as molecules.

    {graphs}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Rings and stars:

    >>> import numpy as np
    >>> from skneural import GNNGraphClassifier, Graph
    >>> def ring(n):
    ...     return Graph.from_edges([(i, (i + 1) % n) for i in range(n)], np.ones((n, 1)))
    >>> def star(n):
    ...     return Graph.from_edges([(0, i) for i in range(1, n)], np.ones((n, 1)))
    >>> X = [shape(n) for n in range(4, 24) for shape in (ring, star)]
    >>> y = ["ring", "star"] * 20
    >>> model = GNNGraphClassifier(hidden_layer_sizes=(16, 16), learning_rate_init=0.01, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    """


@declare
class GNNGraphRegressor(WholeGraphFields, NeuralRegressor):
    """Graph neural network for numbers that belong to graphs, such as properties of molecules.

    {graphs}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    How many triangles a graph has beside a ring:

    >>> import numpy as np
    >>> from skneural import GNNGraphRegressor, Graph
    >>> ring = [(i, (i + 1) % 12) for i in range(12)]
    >>> def ring_with_triangles(n):
    ...     return Graph.from_edges(ring + [(i, i + 2) for i in range(n)], np.ones((12, 1)))
    >>> y = np.arange(60) % 10
    >>> X = [ring_with_triangles(n) for n in y]
    >>> model = GNNGraphRegressor(hidden_layer_sizes=(16, 16), dropout=0, learning_rate_init=0.01, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    """
