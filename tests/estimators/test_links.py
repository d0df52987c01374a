"""Prediction of links between nodes."""

import pickle
import re

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split

from skneural import GNNLinkPredictor, GraphNodes, NodePairs
from skneural.data import TrainingPairs
from skneural.estimators.link_prediction.reader import PairReader
from skneural.networks.graph import LINK_CONVOLUTIONS
from skneural.testing import check_estimator_contract

every_convolution = pytest.mark.parametrize("convolution", LINK_CONVOLUTIONS)
BRIEF = {"hidden_layer_sizes": (6, 4), "n_heads": 2, "max_iter": 3, "random_state": 0}
RNG = np.random.default_rng(0)
N = 60
GROUP = np.arange(N) // 20


def groups(dtype=np.float64, edge_features=False):
    """Links within three groups, of which the features say little."""
    pairs = np.argwhere(np.triu((GROUP[:, np.newaxis] == GROUP) & (np.random.default_rng(0).random((N, N)) < 0.3), 1))
    features = (np.eye(3)[GROUP] + np.random.default_rng(1).standard_normal((N, 3))).astype(dtype)
    return GraphNodes.from_edges(pairs, features, edge_features=np.ones((len(pairs), 2)) if edge_features else None)


def tastes(n_rows=40, n_columns=30):
    """Links between rows and columns of the same taste."""
    likes = np.arange(n_rows)[:, np.newaxis] % 3 == np.arange(n_columns) % 3
    return likes & (np.random.default_rng(0).random(likes.shape) < 0.6)


GRAPH = groups()
LIKES = tastes()


@pytest.mark.parametrize(
    ("convolution", "dtype"),
    [("gcn", np.float32), ("sage", np.float64), ("gat", np.float32), ("lightgcn", np.float64)],
)
def test_the_contract_is_kept(convolution, dtype):
    X, y = NodePairs.sample(groups(dtype, convolution == "gat"), random_state=0)
    model = GNNLinkPredictor(convolution=convolution, batch_size=100, **BRIEF)
    check_estimator_contract(model, X, np.array(["apart", "linked"])[y])


def test_the_contract_is_kept_with_embeddings_of_two_kinds():
    X, y = NodePairs.sample(GraphNodes.bipartite(LIKES), random_state=0)
    check_estimator_contract(GNNLinkPredictor(embedding_size=3, **BRIEF), X, y)


@every_convolution
def test_links_within_groups_are_told_from_others(convolution):
    X, y = NodePairs.sample(GRAPH, random_state=0)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = GNNLinkPredictor(convolution=convolution, n_heads=2, random_state=0).fit(X_train[y_train == 1])
    assert model.score(X_test, y_test) > 0.75
    assert model.classes_.tolist() == [0, 1]


def test_likes_are_recommended():
    train = LIKES & (np.random.default_rng(1).random(LIKES.shape) < 0.7)
    model = GNNLinkPredictor(convolution="lightgcn", random_state=0).fit(GraphNodes.bipartite(train))
    recommended = model.recommend(n=3)
    assert recommended.shape == (40, 3)
    assert not train[np.arange(40)[:, np.newaxis], recommended].any()
    assert (recommended % 3 == np.arange(40)[:, np.newaxis] % 3).mean() > 0.8
    np.testing.assert_array_equal(model.recommend([7, 3], n=2), recommended[[7, 3], :2])


def test_recommendations_are_the_pairs_of_greatest_scores():
    model = GNNLinkPredictor(**BRIEF).fit(GRAPH)
    pairs = np.argwhere(~np.eye(N, dtype=bool))
    scores = np.full((N, N), -np.inf)
    scores[tuple(pairs.T)] = model.decision_function(pairs)
    scores[GRAPH.adjacency.nonzero()] = -np.inf
    np.testing.assert_array_equal(model.recommend(n=5), np.argsort(-scores, axis=1)[:, :5])


def test_where_no_candidate_is_left_there_is_none(monkeypatch):
    monkeypatch.setattr("skneural.estimators.link_prediction.recommendation.SCORES_AT_ONCE", 8)
    graph = GraphNodes.from_edges([(0, 1), (0, 2), (0, 3), (1, 2)])
    recommended = GNNLinkPredictor(**BRIEF).fit(graph).recommend(n=5)
    assert recommended[0].tolist() == [-1] * 5
    assert recommended[1].tolist() == [3, -1, -1, -1, -1]
    assert sorted(recommended[3]) == [-1, -1, -1, 1, 2]


def graphs_of_steps(monkeypatch):
    """A list to which training adds the edges and the pairs of each step."""
    steps, resample = [], TrainingPairs.resample

    def recorded(self, rng, targets):
        x, targets = resample(self, rng, targets)
        if len(self) < self.n_pairs:  # as all steps, but not the final look at predictions
            steps.append((x.graph.adjacency.toarray(), x.nodes))
        return x, targets

    monkeypatch.setattr(TrainingPairs, "resample", recorded)
    return steps


@pytest.mark.parametrize("validation", ["split off", "given"])
def test_edges_that_are_scored_or_held_out_are_not_used(monkeypatch, validation):
    links, steps = NodePairs.links(GRAPH), graphs_of_steps(monkeypatch)
    model = GNNLinkPredictor(batch_size=50, early_stopping=True, validation_fraction=0.3, **BRIEF)
    given = {"X_val": links[::3]} if validation == "given" else {}
    model.fit(links, **given)
    assert not any(edges[tuple(nodes.T)].any() for edges, nodes in steps)
    used = np.logical_or.reduce([edges != 0 for edges, _ in steps])
    hidden = (GRAPH.adjacency.toarray() != 0) & ~used
    if validation == "given":
        assert not used[tuple(links[::3].nodes.T)].any()
    assert 0.2 < hidden.sum() / GRAPH.adjacency.nnz < 0.4
    # but for predictions
    np.testing.assert_array_equal(model._reader.known.graph.adjacency.toarray(), GRAPH.adjacency.toarray())


def test_test_links_are_not_used():
    """What the graph of X says of them changes neither the model nor its predictions."""
    X, y = NodePairs.sample(GRAPH, random_state=0)
    train, test = train_test_split(np.arange(len(X)), random_state=0)
    seen = np.zeros((N, N))
    links = X.nodes[train][y[train] == 1]
    seen[tuple(links.T)] = seen[tuple(links.T[::-1])] = 1
    without = NodePairs(GraphNodes(GRAPH.features, seen), X.pairs)
    models = [GNNLinkPredictor(**BRIEF).fit(data[train], y[train]) for data in (X, without)]
    expected = models[1].decision_function(without[test])
    np.testing.assert_allclose(models[0].decision_function(X[test]), expected, rtol=1e-12)
    np.testing.assert_allclose(models[0].decision_function(X.pairs[test]), expected, rtol=1e-12)


def test_scores_of_links_do_not_use_their_edges():
    """Whether the graph of X contains them or not."""
    links = NodePairs.links(GRAPH)
    train, test = train_test_split(np.arange(len(links)), random_state=0)
    less = np.zeros((N, N))
    less[tuple(links.nodes[train].T)] = less[tuple(links.nodes[train].T[::-1])] = 1
    without = GraphNodes(GRAPH.features, less)
    model = GNNLinkPredictor(**BRIEF).fit(without)
    assert model.score(NodePairs(GRAPH, links.pairs[test])) == model.score(NodePairs(without, links.pairs[test]))


def test_held_out_scores_are_those_without_held_out_edges(monkeypatch):
    model = GNNLinkPredictor(scoring="roc_auc", early_stopping=True, **BRIEF | {"max_iter": 1})
    scored, read = [], PairReader.read

    def recorded(self, X, spec):
        x = read(self, X, spec)
        scored.append((X, x.graph.adjacency.toarray()))
        return x

    monkeypatch.setattr(PairReader, "read", recorded)
    model.fit(GRAPH)
    assert len(scored) > 1
    for X, edges in scored:
        assert not edges[tuple(X.nodes.T)].any()
        assert edges.any()


@every_convolution
def test_nodes_are_embedded(convolution):
    model = GNNLinkPredictor(convolution=convolution, **BRIEF).fit(GRAPH)
    embedding = model.transform(GRAPH)
    scores = (embedding @ embedding.T)[[3, 7], [5, 1]] + model._parameters()["output"]["bias"]
    np.testing.assert_allclose(model.decision_function([(3, 5), (7, 1)]), scores)
    np.testing.assert_allclose(model.transform(GRAPH[[4, 2]]), embedding[[4, 2]])
    np.testing.assert_allclose(model.transform([4, 2]), embedding[[4, 2]])
    np.testing.assert_allclose(model.transform([(3, 5), (7, 1)]), embedding[[3, 7]] * embedding[[5, 1]])
    np.testing.assert_allclose(clone(model).fit_transform(GRAPH), embedding)
    assert len(model.get_feature_names_out()) == embedding.shape[1]


def test_scores_are_equal_in_both_directions():
    model = GNNLinkPredictor(**BRIEF).fit(GraphNodes(GRAPH.features, np.triu(GRAPH.adjacency.toarray())))
    pairs = RNG.integers(0, N, (20, 2))
    np.testing.assert_allclose(model.predict_proba(pairs), model.predict_proba(pairs[:, ::-1]))


def test_renumbered_nodes_are_predicted_alike():
    model, order = GNNLinkPredictor(**BRIEF).fit(GRAPH), np.random.default_rng(1).permutation(N)
    renumbered = GraphNodes(GRAPH.features[order], GRAPH.adjacency[order][:, order])
    pairs, place = RNG.integers(0, N, (20, 2)), np.argsort(order)
    # no pair of X is hidden: they are known by the numbers of their nodes
    X, again = NodePairs(GRAPH, pairs).for_training(), NodePairs(renumbered, place[pairs]).for_training()
    np.testing.assert_allclose(model.decision_function(again), model.decision_function(X))


def test_sparse_features_give_what_dense_ones_give():
    some_sparse = GraphNodes(sparse.csr_array(GRAPH.features), GRAPH.adjacency)
    pairs = [(0, 1), (5, 50)]
    dense, of_sparse = (GNNLinkPredictor(**BRIEF, dropout=0).fit(graph) for graph in (GRAPH, some_sparse))
    np.testing.assert_allclose(of_sparse.decision_function(pairs), dense.decision_function(pairs))


def test_weights_of_links_are_repetitions():
    links = NodePairs.links(GRAPH)
    y = np.arange(len(links)) % 2
    often = np.arange(len(links)) < 40
    options = BRIEF | {"dropout": 0, "solver": "lbfgs"}
    weighted = GNNLinkPredictor(**options).fit(links, y, sample_weight=1 + often)
    rows = np.concatenate([np.arange(len(links)), np.flatnonzero(often)])
    repeated = GNNLinkPredictor(**options).fit(links[rows], y[rows])
    np.testing.assert_allclose(weighted.decision_function(links), repeated.decision_function(links), rtol=1e-5)


def test_weights_of_links_are_those_of_the_pairs_drawn_for_them():
    links = NodePairs.links(GRAPH)
    light = GNNLinkPredictor(**BRIEF).fit(links, sample_weight=np.full(len(links), 3.0))
    same = GNNLinkPredictor(**BRIEF).fit(links)
    np.testing.assert_allclose(light.transform(GRAPH), same.transform(GRAPH), rtol=0.2, atol=0.1)


def test_a_graph_is_its_links():
    of_graph, of_links = (GNNLinkPredictor(**BRIEF).fit(X) for X in (GRAPH, NodePairs.links(GRAPH)))
    np.testing.assert_array_equal(of_graph.weights_, of_links.weights_)


def test_it_works_in_searches():
    X, y = NodePairs.sample(GRAPH, random_state=0)
    model = GNNLinkPredictor(**BRIEF)
    search = GridSearchCV(model, {"convolution": ["gcn", "lightgcn"]}, cv=2, scoring="average_precision").fit(X, y)
    assert search.best_score_ > 0.5
    scores = cross_val_score(GNNLinkPredictor(random_state=0, max_iter=60), X, y, cv=2)
    assert scores.mean() > 0.75


def test_links_that_cannot_be_known_are_not_known_in_cross_validation():
    """Links by chance: edges of the test fold, which X contains, would make their pairs known."""
    edges = np.triu(np.random.default_rng(0).random((80, 80)) < 0.05, 1)
    X, y = NodePairs.sample(GraphNodes(np.random.default_rng(1).standard_normal((80, 4)), edges + edges.T), 1, 0)
    scores = cross_val_score(GNNLinkPredictor(random_state=0, max_iter=30), X, y, cv=2)
    assert abs(scores.mean() - 0.5) < 0.1
    assert GNNLinkPredictor(random_state=0, max_iter=30).fit(X, y).score(X, y) > 0.6


@pytest.mark.parametrize("warm", [False, True], ids=["partial_fit", "warm_start"])
def test_training_continues_with_further_links(warm):
    links = NodePairs.links(GRAPH)
    less = np.triu(GRAPH.adjacency.toarray())
    less[:10] = 0
    first = GraphNodes(GRAPH.features, less + less.T)
    model = GNNLinkPredictor(**BRIEF, warm_start=warm)
    (model.fit if warm else model.partial_fit)(first)
    before = model.weights_.copy()
    (model.fit if warm else model.partial_fit)(links)
    assert not np.array_equal(model.weights_, before)
    np.testing.assert_array_equal(model._reader.known.graph.adjacency.toarray(), GRAPH.adjacency.toarray())


def test_models_of_all_kinds_survive_pickle():
    for graph in (GRAPH, groups(edge_features=True), GraphNodes.bipartite(LIKES)):
        convolution = "gcn" if graph.edge_features is None else "gat"
        model = GNNLinkPredictor(convolution=convolution, embedding_size=2, **BRIEF).fit(graph)
        restored = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(restored.recommend(n=3), model.recommend(n=3))


def test_scores_are_those_of_scikit_learn():
    X, y = NodePairs.sample(GRAPH, random_state=1)
    model = GNNLinkPredictor(**BRIEF).fit(GRAPH)
    assert model.score(X, y) == roc_auc_score(y, model.decision_function(X))
    assert average_precision_score(y, model.predict_proba(X)[:, 1]) > 0.5
    assert model.score(GRAPH) == model.score(GRAPH)
    assert model.score(NodePairs.links(GRAPH)) == model.score(GRAPH)


MISTAKES = {
    "rows": (lambda: GNNLinkPredictor().fit(np.eye(4), [0, 1, 0, 1]), TypeError, "must be NodePairs(graph, pairs)"),
    "classes": (
        lambda: GNNLinkPredictor().fit(NodePairs.links(GRAPH), np.arange(len(NodePairs.links(GRAPH))) % 3),
        ValueError,
        "y has 3 classes: [0, 1, 2]. Pairs of nodes are of two classes",
    ),
    "no links": (lambda: GNNLinkPredictor().fit(GraphNodes.from_edges([], n_nodes=3)), ValueError, "no pairs of nodes"),
    "complete": (lambda: GNNLinkPredictor().fit(GraphNodes.from_edges([(0, 1)])), ValueError, "All pairs of nodes"),
    "weights": (
        lambda: GNNLinkPredictor().fit(GRAPH, sample_weight=[1, 2]),
        ValueError,
        "inconsistent numbers of samples",
    ),
    "edge features": (
        lambda: GNNLinkPredictor().fit(groups(edge_features=True)),
        ValueError,
        'convolution="gcn" does not use edge_features: choose "gat"',
    ),
    "negatives": (
        lambda: GNNLinkPredictor(n_negatives=0).fit(GRAPH),
        ValueError,
        "n_negatives must be int >= 1; got 0",
    ),
    "validation": (
        lambda: GNNLinkPredictor().fit(*NodePairs.sample(GRAPH), X_val=NodePairs.links(GRAPH)),
        ValueError,
        "y_val",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_answered(call, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        call()


@pytest.fixture(scope="module")
def fitted():
    return GNNLinkPredictor(embedding_size=2, **BRIEF).fit(GRAPH)


MISTAKES_AFTERWARDS = {
    "node": (lambda model: model.predict([(0, N)]), ValueError, f"X[0] has the node {N}, but there are {N} nodes"),
    "floats": (lambda model: model.predict(np.eye(2)), ValueError, "expected pairs of node numbers, (n_pairs, 2)"),
    "graph": (lambda model: model.predict(GRAPH), TypeError, "X is of type GraphNodes"),
    "features": (
        lambda model: model.predict(NodePairs(GraphNodes.from_edges([(0, 1)]), [(0, 1)])),
        ValueError,
        "X has 2 features of nodes and 0 of edges, but GNNLinkPredictor was fitted on 3 and 0",
    ),
    "other nodes": (
        lambda model: model.transform(GraphNodes(np.ones((3, 3)), np.eye(3))),
        ValueError,
        "The graph has 3 nodes, but GNNLinkPredictor has learned an embedding for each of the 60",
    ),
    "recommend": (lambda model: model.recommend([N]), ValueError, f"nodes has the node {N}"),
    "score": (lambda model: model.score([(0, 1), (2, 3)]), ValueError, "score needs y for pairs in an array"),
    "n": (lambda model: model.recommend(n=0), ValueError, "n must be int >= 1; got 0"),
    "transform": (lambda model: model.transform([0.5]), ValueError, "expected numbers of nodes, (n_samples,)"),
}


@pytest.mark.parametrize(("call", "kind", "message"), MISTAKES_AFTERWARDS.values(), ids=MISTAKES_AFTERWARDS)
def test_mistakes_with_a_fitted_model_are_answered(fitted, call, kind, message):
    with pytest.raises(kind, match=re.escape(message)):
        call(fitted)
