"""Prediction of links between the nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skneural.data import GraphNodes, NodePairs, Nodes, ScoredPairs, TrainingPairs
from skneural.data.links import Kinds, NonLinks, links_of
from skneural.data.node_pairs import checked_nodes
from skneural.data.nodes import WholeGraph
from skneural.estimators.graph.estimator import n_heads_hyperparameter
from skneural.estimators.link_prediction.reader import PairOptions, PairReader
from skneural.estimators.link_prediction.recommendation import best_candidates
from skneural.estimators.link_prediction.task import Links
from skneural.hyperparameters import (
    NONE,
    Choice,
    Integer,
    Number,
    Sizes,
    check_arguments,
    check_hyperparameters,
    declare,
    hyperparameter,
)
from skneural.layers import Context, Layer
from skneural.networks.graph import LINK_CONVOLUTIONS, link_network
from skneural.ops.types import Array
from skneural.readers import InputSpec, Reader
from skneural.sklearn_compat import SetOutputMixin
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.class_weight import ensure_weights_for_passes
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import has_partial_fit
from skneural.template.problem import Problem
from skneural.template.settings import TrainingSettings
from skneural.template.state import all_or_nothing
from skneural.template.training import Hooks, Trained, thread_count
from skneural.training.seeds import Seeds, drawn_seed
from skneural.training.threads import limited_blas

# Most pairs of a training step: the gradients of their nodes are summed over a matrix with an entry for each.
PAIRS_PER_BATCH = 100_000


@declare
class GNNLinkPredictor(SetOutputMixin, NeuralClassifier):
    """Graph neural network that predicts which nodes of a graph are linked: friends, citations, users and items.

    Graph convolutions embed the nodes, and the score of a pair of nodes is the inner product of both embeddings plus a
    bias, as in graph autoencoders [1]_ and LightGCN [2]_. It is the same in both directions: in a directed graph, where
    messages follow the direction of the edges, nodes count as linked if there is an edge in either direction.

    ``fit(graph)`` takes the edges of `GraphNodes` as links, and draws as many pairs without a link, or `n_negatives`
    times as many, again at each training step. ``fit(NodePairs(graph, pairs))`` does so for the given links, and
    ``fit(NodePairs(graph, pairs), y)`` is told by y which pairs are linked. In all cases, nodes receive messages over
    the edges of the graph.

    A network that sees an edge learns to find it instead of to predict it. So training steps, of half of the links by
    default, do without the edges between the pairs that they score, unless these are all pairs, as in [1]_. Nor are
    edges between held-out pairs used before training ends. Predictions use all edges of `fit`, so known links have
    great scores. To test a model, hold out links: see the second example.

    Predictions are for `NodePairs`, which may be of another graph with the same features, or for an array of pairs of
    node numbers of the graph of `fit`, which the estimator keeps. Of a graph with two kinds of nodes, such as users and
    items (`GraphNodes.bipartite`), pairs are numbers of a row and a column, and drawn pairs have the row of a link.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Kipf and Welling. "Variational graph auto-encoders". NeurIPS workshop on Bayesian deep learning 2016.
    .. [2] He et al. "LightGCN: Simplifying and powering graph convolution network for recommendation". SIGIR 2020.

    Examples
    --------
    Two groups of friends:

    >>> from skneural import GNNLinkPredictor, GraphNodes
    >>> groups = [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    >>> friends = [(i, j) for group in groups for i in group for j in group if i < j and (i + j) % 4]
    >>> model = GNNLinkPredictor(random_state=0).fit(GraphNodes.from_edges([*friends, (4, 5)]))
    >>> model.recommend([0, 9], n=1)
    array([[4],
           [7]])

    Test links are not used in training, although `X` contains the whole graph:

    >>> import numpy as np
    >>> from sklearn.model_selection import train_test_split
    >>> from skneural import NodePairs
    >>> group = np.arange(90) // 30
    >>> within = (group[:, None] == group) & (np.random.default_rng(0).random((90, 90)) < 0.2)
    >>> X, y = NodePairs.sample(GraphNodes(np.eye(90), np.triu(within, 1) + np.triu(within, 1).T), random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> GNNLinkPredictor(random_state=0).fit(X_train, y_train).score(X_test, y_test) > 0.7
    True
    """

    _reader_class: ClassVar[type[Reader]] = PairReader
    _task_class: ClassVar[type[Task]] = Links
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(link_network)

    if TYPE_CHECKING:
        _reader: PairReader = field(init=False)

    convolution: str = hyperparameter(
        default="gcn",
        constraint=Choice(*LINK_CONVOLUTIONS),
        doc="""Aggregation of messages from neighbours. "gcn": mean over the node and its neighbours, normalized by the
        degrees of both ends. "sage": mean of the neighbours, with separate weights for the node itself. "gat": mean
        weighted by attention. "lightgcn": mean of learned embeddings over the node and its neighbourhoods, without
        further weights [2]_.""",
    )
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(32, 16),
        constraint=Sizes(1, empty=False),
        doc="""Units of each convolution; with "gat", of each of its heads. The last one computes the embeddings. Nodes
        receive information over as many edges as there are convolutions, with "lightgcn", too, which uses only the
        number of sizes, and the first of them for its embeddings unless `embedding_size` is given.""",
    )
    embedding_size: int | None = hyperparameter(
        default=None,
        constraint=Integer(1) | NONE,
        doc="""Size of a learned embedding of each node, to which its features are added by a linear map. Such a model
        predicts nodes of the training graph only. None: nodes are known by their features.""",
    )
    n_negatives: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="Pairs without a link that are drawn for each link, again at each training step. Not used with y.",
    )
    dropout: float = hyperparameter(
        default=0.2,
        constraint=Number(0, 1, below=True),
        doc="""Fraction of the features dropped before each convolution at each training step; with "gat" also of the
        attention weights.""",
    )
    learning_rate_init: float = hyperparameter(
        default=0.01,
        constraint=Number(0, above=True),
        doc="Initial step size. Not used by lbfgs. Larger than in other estimators, because an epoch has few steps.",
    )
    alpha: float = hyperparameter(
        default=0.1,
        constraint=Number(0),
        doc="""Strength of the L2 penalty on the weights (not the biases), divided by the number of pairs in a batch.
        Larger than in other estimators, because a batch has thousands of pairs.""",
    )
    batch_size: int | str = batch_size_hyperparameter(PAIRS_PER_BATCH, unit="Pairs", batches_per_epoch=2)
    n_heads: int = n_heads_hyperparameter()

    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None, resume_from=None):
        """Fit the network.

        Parameters
        ----------
        X : GraphNodes or NodePairs
            A graph, whose edges are the links, or pairs of its nodes.
        y : array-like of shape (n_pairs,), default=None
            1 for pairs that are linked and 0 for the others, or two other classes, the second of which are links.
            None: all pairs of X are links, and other pairs are drawn.
        sample_weight : array-like of shape (n_pairs,), default=None
            Non-negative weight of each pair, not all zero. Pairs that are drawn have the weight of a link.
            ``NodePairs.links(graph)`` are the links of a graph in their order.
        X_val, y_val : GraphNodes or NodePairs, and array-like, default=None
            Validation data for early stopping, instead of a part of X; y_val must be given if y is.
        sample_weight_val : array-like, default=None
            Weights of the validation pairs.
        resume_from : str or path-like, default=None
            File of `skneural.callbacks.Checkpoint`, of a training with the same data and hyper-parameters that was
            broken off. It continues after its last epoch, and ends with the same weights as if it had not been.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are invalid, or training diverges. The estimator is then unchanged.
        """
        check_hyperparameters(self)
        if resume_from is not None and y is None and not isinstance(self.random_state, Integral):
            raise ValueError(
                "resume_from needs the pairs without a link of the training that was broken off, which random_state="
                f"{self.random_state!r} does not draw again: set random_state to an integer in both, or pass y."
            )
        given = self._with_non_links(FitArguments(X, y, sample_weight), "non-links")
        validation = FitArguments(X_val, y_val, sample_weight_val)
        if y is None:
            validation = self._with_non_links(validation, "held-out non-links")
        return self._fit(given, validation, resume_from)

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y=None, classes=None, sample_weight=None):
        """Train for exactly one pass over the given pairs, continuing from the last call or `fit`.

        Predictions then use the graph of X.

        Parameters
        ----------
        X : GraphNodes or NodePairs
        y : array-like of shape (n_pairs,), default=None
        classes : array-like of shape (2,), default=None
            The two classes. Required in the first call unless y contains both, or is None.
        sample_weight : array-like of shape (n_pairs,), default=None

        Returns
        -------
        self : object
        """
        check_hyperparameters(self)
        ensure_weights_for_passes(self.class_weight)
        self._partial_fit(self._with_non_links(FitArguments(X, y, sample_weight, classes), "non-links"))
        return self

    def score(self, X, y=None, sample_weight=None):
        """Area under the ROC curve: probability that a pair that is linked has a greater score than another one.

        Parameters
        ----------
        X : NodePairs, GraphNodes, or array-like of shape (n_pairs, 2)
        y : array-like of shape (n_pairs,), default=None
            None: all pairs of NodePairs, or the links of GraphNodes, are links, and other pairs are drawn.
        sample_weight : array-like of shape (n_pairs,), default=None

        Returns
        -------
        auc : float
        """
        check_is_fitted(self)
        X = NodePairs.links(X) if isinstance(X, GraphNodes) else X
        if y is None:
            if not isinstance(X, NodePairs):
                raise ValueError("score needs y for pairs in an array. Without y, all pairs of NodePairs are links.")
            X, y, sample_weight = self._with_drawn(X, sample_weight, links_of(X.graph.adjacency), "score")
        linked = np.asarray(y) == self.classes_[1]
        return float(roc_auc_score(linked, self.decision_function(X), sample_weight=sample_weight))

    # --- embeddings and recommendations -----------------------------------------------------------------

    def transform(self, X):  # type: ignore[override]
        """Embed nodes or pairs of them.

        Parameters
        ----------
        X : GraphNodes, NodePairs, or array-like of shape (n_samples,) or (n_samples, 2)
            Nodes of a graph or pairs of them, or numbers of nodes of the graph of `fit`. Where there are two kinds of
            nodes, those of rows come first.

        Returns
        -------
        embeddings : ndarray of shape (n_samples, n_units)
            Embeddings of nodes; for pairs, products of those of both nodes, whose sums and the bias are the scores.
        """
        check_is_fitted(self)
        if isinstance(X, GraphNodes):
            spec = InputSpec(self.weights_.dtype, type(self).__name__)
            return self._embedding(self._reader.embedded_graph(X, spec))[X.nodes]
        if isinstance(X, NodePairs) or np.ndim(X) > 1:
            pairs = cast(ScoredPairs, self._read(X))
            embedding = self._embedding(pairs.graph)
            return embedding[pairs.nodes[:, 0]] * embedding[pairs.nodes[:, 1]]
        embedding = self._embedding(self._reader.known.graph)
        return embedding[checked_nodes(X, len(embedding), "X")]

    def fit_transform(self, X, y=None, **fit_params):
        """Fit the network, and embed the nodes or pairs of X.

        Parameters
        ----------
        X : GraphNodes or NodePairs
        y : array-like of shape (n_pairs,), default=None
        **fit_params
            Further arguments of `fit`.

        Returns
        -------
        embeddings : ndarray of shape (n_samples, n_units)
        """
        return self.fit(X, y, **fit_params).transform(X)

    def recommend(self, nodes: npt.ArrayLike | None = None, n: int = 10) -> Array:
        """The nodes to which each of the given nodes is most likely linked, without those that it is known to be.

        Parameters
        ----------
        nodes : array-like of shape (n_samples,), default=None
            Numbers of nodes of the graph of `fit`; None: all. Where there are two kinds of nodes: of rows.
        n : int, default=10

        Returns
        -------
        recommended : integer ndarray of shape (n_samples, n)
            Numbers of nodes, or of columns where there are two kinds of nodes, from the most likely one. -1 where there
            are no further nodes without a link.
        """
        check_is_fitted(self)
        check_arguments(n=(n, Integer(1)))
        graph = self._reader.known.graph
        kinds = Kinds(graph.adjacency.shape[0], self._reader.n_first)
        numbers = np.arange(kinds.shape[0]) if nodes is None else checked_nodes(nodes, kinds.shape[0], "nodes")
        return best_candidates(self._embedding(graph), graph.adjacency, kinds, numbers, int(n))

    @property
    def _n_features_out(self) -> int:
        n = self._network.layer["encoder"].shape(self._input_shape)[-1]
        assert isinstance(n, int)
        return n

    def _embedding(self, graph: WholeGraph) -> Array:
        """Embeddings of all nodes of a graph."""
        x, known = Nodes(graph, np.arange(graph.adjacency.shape[0]), self._reader.n_hops).as_batch()
        encoder, tree = self._network.layer["encoder"], self._parameters()["encoder"]
        with limited_blas(thread_count(self.n_jobs)):
            embedding: Array = encoder.predict(tree, x, Context(batch=known))
        return embedding

    # --- hooks ----------------------------------------------------------------------------------------

    def _reader_options(self) -> PairOptions:
        return PairOptions(self.convolution, int(np.size(self.hidden_layer_sizes)), self.embedding_size is not None)

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        """Train without the edges between held-out pairs, which predictions use later."""
        x = problem.samples.x
        assert isinstance(x, ScoredPairs)
        assert isinstance(problem.reader, PairReader)
        reader = problem.reader.knowing(x.graph)
        problem = replace(problem, reader=reader)
        posed = _without_held_out_links(problem, x, reader)
        samples = replace(posed.samples, x=_in_training(posed.samples.x, x.graph, reader.n_first))
        _, trained = super()._train(replace(posed, samples=samples), settings, hooks)
        return problem, trained

    # --- pairs without a link ---------------------------------------------------------------------------

    def _with_non_links(self, arguments: FitArguments, purpose: str) -> FitArguments:
        """Training data: the links of X and, without y, pairs that are drawn from those without a link."""
        X, y, weight = arguments.X, arguments.y, arguments.sample_weight
        X = NodePairs.links(X) if isinstance(X, GraphNodes) else X
        if not isinstance(X, NodePairs):
            return arguments
        if y is None and len(X):
            X, y, weight = self._with_drawn(X, weight, X.for_training().known_links, purpose)
        return arguments._replace(X=X.for_training(), y=y, sample_weight=weight)

    def _with_drawn(self, X: NodePairs, weight: Any, links: Array, purpose: str) -> tuple[NodePairs, Array, Any]:
        """The pairs of X and pairs that are neither among them nor linked; their classes and weights."""
        if weight is not None:
            check_consistent_length(X, weight)
            weight = np.tile(np.asarray(weight), 1 + self.n_negatives)
        seed = drawn_seed(self.random_state)
        return *X.with_negatives(links, self.n_negatives, Seeds(seed).generator(purpose)), weight


def _without_held_out_links(problem: Problem, x: ScoredPairs, reader: PairReader) -> Problem:
    """The problem in a graph without the edges between held-out pairs."""
    held_out = problem.held_out
    if held_out is None:
        return problem
    X: NodePairs = held_out.whole_X
    same_nodes = X.kinds.n_nodes == x.graph.adjacency.shape[0]
    graph = x.graph.without_links(held_out.X.nodes) if same_nodes else x.graph
    reader, held_out = reader.knowing(graph), held_out._replace(whole_X=X.hiding(held_out.X.pairs))
    read = reader.read(held_out.X, InputSpec(x.dtype, GNNLinkPredictor.__name__))
    return replace(
        problem,
        reader=reader,
        samples=replace(problem.samples, x=x.over(graph)),
        held_out=held_out._replace(samples=replace(held_out.samples, x=read)),
    )


def _in_training(x: Any, graph: WholeGraph, n_first: int | None) -> TrainingPairs:
    """Pairs in training, and those that are drawn: neither linked in the graph of `fit` nor in these pairs."""
    links = np.concatenate([links_of(graph.adjacency), x.nodes[~x.drawn]])
    return TrainingPairs(x, NonLinks(links, Kinds(graph.adjacency.shape[0], n_first)), len(x))
