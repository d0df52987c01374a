"""Graph neural networks for nodes and for whole graphs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_consistent_length

from skneural.data import Nodes
from skneural.data.nodes import NeighborSampling
from skneural.estimators.graph.reader import GraphOptions, GraphReader, NodeOptions, NodeReader
from skneural.estimators.graph.task import NodeClasses
from skneural.hyperparameters import NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.layers import Layer
from skneural.networks.graph import CONVOLUTIONS, GRAPH_POOLINGS, graph_node_network, whole_graph_network
from skneural.readers import Reader
from skneural.tasks import Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.problem import Problem
from skneural.template.regressor import NeuralRegressor
from skneural.template.settings import TrainingSettings
from skneural.template.training import Hooks, Trained

LITERATURE = """
References
----------
.. [1] Kipf and Welling. "Semi-supervised classification with graph convolutional networks". ICLR 2017.
.. [2] Hamilton, Ying and Leskovec. "Inductive representation learning on large graphs". NeurIPS 2017.
.. [3] Veličković et al. "Graph attention networks". ICLR 2018.
.. [4] Xu, Hu, Leskovec and Jegelka. "How powerful are graph neural networks?". ICLR 2019.
"""


def convolution_hyperparameter(default: str) -> Any:
    """The hyper-parameter `convolution` of graph neural networks."""
    return hyperparameter(
        default=default,
        constraint=Choice(*CONVOLUTIONS),
        doc="""Aggregation of messages from neighbours. "gcn": mean over the node and its neighbours, normalized by the
        degrees of both ends [1]_. "sage": mean of the neighbours, with separate weights for the node itself [2]_.
        "gat": mean weighted by attention [3]_. "gin": sum, followed by a perceptron [4]_.""",
    )


def n_heads_hyperparameter() -> Any:
    """The hyper-parameter `n_heads` of graph neural networks."""
    return hyperparameter(default=8, constraint=Integer(1), doc='Attention heads with convolution="gat".')


@declare
class NodeFields(Mixin):
    """Hyper-parameters and methods of `GNNNodeClassifier` and `GNNNodeRegressor`."""

    _reader_class: ClassVar[type[Reader]] = NodeReader
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(graph_node_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(16,),
        constraint=Sizes(1),
        doc="""Units of each hidden convolution; with "gat", of each of its heads. One more convolution computes the
        scores. Nodes receive information over as many edges as there are convolutions.""",
    )
    dropout: float = hyperparameter(
        default=0.5,
        constraint=Number(0, 1, below=True),
        doc="""Fraction of the features dropped before each convolution at each training step; with "gat" also of the
        attention weights.""",
    )
    learning_rate_init: float = hyperparameter(
        default=0.01,
        constraint=Number(0, above=True),
        doc="Initial step size. Not used by lbfgs. Larger than in other estimators, because an epoch is a single step.",
    )
    n_neighbors: int = hyperparameter(
        default=10,
        constraint=Integer(1),
        doc="Nearest training rows that become neighbours of each row, if X is rows instead of a graph.",
    )
    neighbor_samples: int | Sequence[int] | None = hyperparameter(
        default=None,
        constraint=Sizes(1, empty=False) | NONE,
        doc="""Number of neighbours of each node that are drawn at random at each training step, for each convolution,
        the last one first. Requires `batch_size`. None: all neighbours. Predictions and scores of held-out data use all
        neighbours.""",
    )
    batch_size: int | str = batch_size_hyperparameter(math.inf)
    convolution: str = convolution_hyperparameter("gcn")
    n_heads: int = n_heads_hyperparameter()

    shared_doc = {
        "literature": LITERATURE,
        "nodes": """
        X is `GraphNodes`, all or some nodes of a graph: training uses the features and edges of all nodes of the graph,
        and the targets of the nodes in X only. Nodes of other graphs can be predicted, too, because the network learns
        weights of features and does not keep the training graph.

        X may also be rows of features, (n_samples, n_features). Each row then receives messages from the `n_neighbors`
        training rows nearest to it by Euclidean distance, so the columns should be scaled. New rows receive messages
        from training rows only, so that predictions do not depend on the other new rows. Therefore the estimator keeps
        the training rows, except those of weight zero.

        The penalty `alpha` is divided by the number of labelled nodes in a batch, as in all estimators. Papers add
        theirs to the mean loss: a weight decay of 5e-4, as for GCN and GAT, is ``alpha=5e-4 * n_labelled``, 0.07 for
        the 140 labelled nodes of Cora.

        Each training step uses all nodes. For graphs that do not fit into memory, set `batch_size` and
        `neighbor_samples`. `transform` returns embeddings of nodes.
        """,
    }

    # --- hooks ----------------------------------------------------------------------------------------

    def _check_together(self) -> None:
        if self.neighbor_samples is None:
            return
        n_sizes, n_hops = np.size(self.neighbor_samples), self._n_hops
        if n_sizes != n_hops:
            raise ValueError(
                f"neighbor_samples={self.neighbor_samples!r} has {n_sizes} numbers, and there are {n_hops} "
                "convolutions: those of hidden_layer_sizes and the last one."
            )

    def _reader_options(self) -> NodeOptions:
        return NodeOptions(self.convolution, self._n_hops, int(self.n_neighbors))

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        """Train on sampled neighbours; held-out samples keep all neighbours."""
        if self.neighbor_samples is None:
            return super()._train(problem, settings, hooks)
        x = problem.samples.x
        assert isinstance(x, Nodes)
        sizes = np.ravel(np.asarray(self.neighbor_samples)).tolist()
        sampled = replace(problem.samples, x=Nodes(x.graph, x.nodes, x.n_hops, NeighborSampling(sizes)))
        _, trained = super()._train(replace(problem, samples=sampled), settings, hooks)
        return problem, trained

    @property
    def _n_hops(self) -> int:
        return int(np.size(self.hidden_layer_sizes)) + 1


@declare
class WholeGraphFields(Mixin):
    """Hyper-parameters and methods of `GNNGraphClassifier` and `GNNGraphRegressor`."""

    _reader_class: ClassVar[type[Reader]] = GraphReader
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(whole_graph_network)

    convolution: str = convolution_hyperparameter("gin")
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(64, 64, 64),
        constraint=Sizes(1),
        doc='Units of each convolution; with "gat", of all its heads, which divide them.',
    )
    pooling: str = hyperparameter(
        default="sum",
        constraint=Choice(*GRAPH_POOLINGS),
        doc="Pooling over all nodes of a graph: sum, mean or maximum.",
    )
    dropout: float = hyperparameter(
        default=0.5,
        constraint=Number(0, 1, below=True),
        doc="Fraction of the pooled features dropped at each training step.",
    )
    batch_size: int | str = batch_size_hyperparameter(32, unit="Graphs")
    n_heads: int = n_heads_hyperparameter()

    shared_doc = {
        "literature": LITERATURE,
        "graphs": """
        X is a list of `Graph`. Rows of features, (n_samples, n_features), are read as graphs of one node each. Nodes
        are pooled before the first convolution and after each convolution, and a linear layer computes the scores from
        all pooled features. Convolutions are followed by batch normalization over nodes. `transform` returns embeddings
        of graphs.
        """,
    }

    # --- hooks ----------------------------------------------------------------------------------------

    def _check_together(self) -> None:
        if self.convolution == "gat" and any(size % self.n_heads for size in np.atleast_1d(self.hidden_layer_sizes)):
            raise ValueError(
                f"n_heads={self.n_heads} must divide all of hidden_layer_sizes={self.hidden_layer_sizes!r}, because "
                "all heads have the same number of units."
            )

    def _reader_options(self) -> GraphOptions:
        return GraphOptions(self.convolution)


@declare
class GNNNodeClassifier(NodeFields, NeuralClassifier):
    """Graph neural network classifier of the nodes of a graph.

    Nodes of unknown class are marked by -1 in y (as an integer, or -1.0 among integral floats): other nodes receive
    messages from them, but the loss ignores them. If there is only one other value, -1 is an ordinary class.

    {nodes}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Two groups of nodes, with one labelled node in each:

    >>> import numpy as np
    >>> from skneural import GNNNodeClassifier, GraphNodes
    >>> edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3)]
    >>> X, y = GraphNodes.from_edges(edges), np.array([0, -1, -1, -1, -1, 1])
    >>> model = GNNNodeClassifier(random_state=0)
    >>> model.fit(X, y).predict(X)
    array([0, 0, 0, 1, 1, 1])
    """

    _task_class: ClassVar[type[Task]] = NodeClasses

    if TYPE_CHECKING:
        _task: NodeClasses = field(init=False)

    def score(self, X, y, sample_weight=None):
        """Accuracy on the nodes that have a label.

        Parameters
        ----------
        X : GraphNodes, or array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        accuracy : float
        """
        predicted, y = self.predict(X), y if sparse.issparse(y) else np.asarray(y)
        check_consistent_length(predicted, y)
        labelled = self._task.is_labelled(y)
        if not labelled.all():
            predicted, y = predicted[labelled], y[labelled]
            sample_weight = None if sample_weight is None else np.asarray(sample_weight)[labelled]
        return accuracy_score(y, predicted, sample_weight=sample_weight)


@declare
class GNNNodeRegressor(NodeFields, NeuralRegressor):
    """Graph neural network regressor of the nodes of a graph.

    Nodes without a target are left out of X: ``fit(X[known], y[known])``. Other nodes still receive messages from them.

    {nodes}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The sum over the neighbours of each node on a ring with chords:

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
    """Graph neural network classifier of graphs, such as molecules.

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
    """Graph neural network regressor of graphs, such as of properties of molecules.

    {graphs}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The number of triangles that are added to a ring:

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
