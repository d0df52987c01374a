"""Nodes of graphs, and graphs, as samples of the estimators and of scikit-learn's tools."""

import pickle

import joblib
import numpy as np
import pytest
import skops.io
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from skneural import (
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNNodeClassifier,
    GNNNodeRegressor,
    Graph,
    GraphNodes,
    MLPClassifier,
)
from skneural.estimators.graph.neighbors import nearest_rows
from skneural.testing import check_estimator_contract
from tests.estimators.cases import patients

CONVOLUTIONS = ["gcn", "sage", "gat", "gin"]
every_convolution = pytest.mark.parametrize("convolution", CONVOLUTIONS)
RNG = np.random.default_rng(0)
N = 60
GROUP = np.arange(N) % 2
NAMES = np.array(["left", "right"])[GROUP]


def edges_within_groups(n=N, seed=0):
    """Rarely between the two groups."""
    pairs = np.random.default_rng(seed).integers(0, n, (8 * n, 2))
    return pairs[(pairs.sum(axis=1) % 2 == 0) | (np.arange(len(pairs)) % 12 == 0)]


def some_nodes(dtype=np.float64, edge_features=False):
    """Nodes whose features say little of their group."""
    features = (0.5 * np.eye(2)[GROUP] + RNG.standard_normal((N, 2))).astype(dtype)
    pairs = np.unique(np.sort(edges_within_groups(), axis=1), axis=0)
    between = np.ones((len(pairs), 2)) if edge_features else None
    return GraphNodes.from_edges(pairs, features, edge_features=between)


def rings_and_stars(dtype=np.float64, edge_features=False):
    rng = np.random.default_rng(0)
    graphs = []
    for i in range(40):
        n = int(rng.integers(4, 9))
        pairs = [(j, (j + 1) % n) for j in range(n)] if i % 2 else [(0, j) for j in range(1, n)]
        features = (1 + 0.1 * rng.standard_normal((n, 2))).astype(dtype)
        graphs.append(
            Graph.from_edges(pairs, features, edge_features=np.ones((len(pairs), 1)) if edge_features else None)
        )
    return graphs, np.array(["star", "ring"])[np.arange(40) % 2]


NODES = some_nodes()
GRAPHS, SHAPES = rings_and_stars()


@every_convolution
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_estimators_of_nodes_keep_the_contract(convolution, dtype):
    options = {"convolution": convolution, "hidden_layer_sizes": 4, "n_heads": 2, "max_iter": 3}
    X = some_nodes(dtype, edge_features=convolution in ("gat", "gin"))
    check_estimator_contract(GNNNodeClassifier(**options), X, NAMES)
    check_estimator_contract(GNNNodeRegressor(**options, batch_size=16), X, RNG.standard_normal((N, 2)))


@every_convolution
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_estimators_of_graphs_keep_the_contract(convolution, dtype):
    options = {"convolution": convolution, "hidden_layer_sizes": (4, 4), "n_heads": 2, "max_iter": 3}
    X, y = rings_and_stars(dtype, edge_features=convolution in ("gat", "gin"))
    check_estimator_contract(GNNGraphClassifier(**options), X, y)
    check_estimator_contract(GNNGraphRegressor(**options, pooling="max"), X, np.arange(40.0))


@every_convolution
def test_nodes_learn_from_their_neighbours(convolution):
    """Better than what the features say alone."""
    train, test = train_test_split(np.arange(N), random_state=0, test_size=0.5)
    model = GNNNodeClassifier(convolution=convolution, dropout=0, random_state=0).fit(NODES[train], NAMES[train])
    alone = MLPClassifier(16, learning_rate_init=0.01, random_state=0).fit(NODES.features[train], NAMES[train])
    assert model.score(NODES[test], NAMES[test]) > alone.score(NODES.features[test], NAMES[test]) + 0.05


@pytest.mark.parametrize("convolution", ["gcn", "gin"])  # means of equal neighbours tell nothing
def test_graphs_are_told_by_their_edges(convolution):
    model = GNNGraphClassifier(
        convolution=convolution, hidden_layer_sizes=(16, 16), learning_rate_init=0.01, max_iter=60
    )
    model.set_params(random_state=0).fit(GRAPHS[:30], SHAPES[:30])
    assert model.score(GRAPHS, SHAPES) >= 0.8


def test_labels_of_nodes_outside_x_change_nothing():
    known = np.arange(0, N, 5)
    y = np.full(N, -1)
    y[known] = GROUP[known]
    y[0], y[5] = 0, 1
    some = GNNNodeClassifier(random_state=0, max_iter=20).fit(NODES[known], y[known])
    marked = GNNNodeClassifier(random_state=0, max_iter=20).fit(NODES, y)
    np.testing.assert_allclose(marked.weights_, some.weights_, atol=1e-9)
    assert marked.classes_.tolist() == [0, 1]
    assert marked.score(NODES, y) == some.score(NODES[known], y[known])


def test_minus_one_is_a_class_where_there_is_a_single_other():
    model = GNNNodeClassifier(random_state=0, max_iter=5).fit(NODES, 2 * GROUP - 1)
    assert model.classes_.tolist() == [-1, 1]
    named = GNNNodeClassifier(random_state=0).partial_fit(NODES, np.where(GROUP, 1, -1), classes=[-1, 0, 1])
    assert named.classes_.tolist() == [-1, 0, 1]


def test_renumbered_nodes_are_predicted_alike():
    order = np.random.default_rng(1).permutation(N)
    renumbered = GraphNodes(NODES.features[order], NODES.adjacency[order][:, order])
    model = GNNNodeClassifier(random_state=0, max_iter=5).fit(NODES, NAMES)
    np.testing.assert_allclose(model.predict_proba(renumbered), model.predict_proba(NODES)[order])


def test_gcn_over_the_identity_is_a_perceptron():
    X = GraphNodes(NODES.features, np.eye(N))
    model = GNNNodeClassifier(hidden_layer_sizes=(5,), random_state=0, max_iter=5).fit(X, NAMES)
    hidden, output = model._parameters()["encoder"]["block_1"]["convolution"], model._parameters()["output"]
    perceptron = MLPClassifier((5,), random_state=0, max_iter=1, batch_size=10).fit(NODES.features, NAMES)
    for place, values in zip(perceptron.coefs_, (hidden["weight"], output["convolution"]["weight"]), strict=True):
        place[...] = values
    for place, values in zip(perceptron.intercepts_, (hidden["bias"], output["bias"]["bias"]), strict=True):
        place[...] = values
    np.testing.assert_allclose(model.predict_proba(X), perceptron.predict_proba(NODES.features))


def test_nodes_of_another_graph_are_predicted():
    model = GNNNodeClassifier(convolution="sage", random_state=0, max_iter=5).fit(NODES, NAMES)
    other = GraphNodes(NODES.features[:7], np.ones((7, 7)))
    assert model.predict(other).shape == (7,)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_searches(n_jobs):
    nodes = GridSearchCV(GNNNodeClassifier(random_state=0), {"convolution": ["gcn", "sage"]}, cv=3, n_jobs=n_jobs)
    assert nodes.fit(NODES, NAMES).best_score_ > 0.6
    model = GNNGraphClassifier(hidden_layer_sizes=8, learning_rate_init=0.01, max_iter=40, random_state=0)
    graphs = GridSearchCV(model, {"pooling": ["sum", "max"]}, cv=2, n_jobs=n_jobs).fit(GRAPHS, SHAPES)
    assert graphs.best_score_ > 0.6


def test_splitting_keeps_the_graph():
    train, test, y_train, y_test = train_test_split(NODES, NAMES, random_state=0, stratify=NAMES)
    assert len(train) + len(test) == N == train.n_nodes
    assert np.intersect1d(train.nodes, test.nodes).size == 0
    assert train.adjacency is NODES.adjacency
    np.testing.assert_array_equal(NAMES[train.nodes], y_train)
    assert cross_val_score(GNNNodeClassifier(max_iter=5, random_state=0), NODES, NAMES, cv=3).shape == (3,)
    np.testing.assert_array_equal(NODES[NAMES == "left"][1:4].nodes, [2, 4, 6])
    assert joblib.hash(NODES[:3]) != joblib.hash(NODES[:4])
    assert len(pickle.loads(pickle.dumps(test))) == len(test) == len(y_test)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [(GNNNodeClassifier(), NODES, NAMES), (GNNGraphClassifier(), GRAPHS, SHAPES)],
    ids=["nodes", "graphs"],
)
def test_models_travel(model, X, y):
    model = clone(model).set_params(max_iter=3, random_state=0).fit(X, y)
    path = f"{type(model).__module__}.{type(model).__qualname__}"
    file = skops.io.dumps(model)
    assert skops.io.get_untrusted_types(data=file) == [path]
    for back in (pickle.loads(pickle.dumps(model)), skops.io.loads(file, trusted=[path])):
        np.testing.assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    assert model.transform(X).shape[0] == len(y)


def test_rows_have_the_same_neighbours_whatever_stands_beside_them():
    X = RNG.integers(0, 3, (80, 20)).astype(float)  # many are equally near
    training, rows = np.unique(X[:50], axis=0), X[50:]
    together = nearest_rows(training, rows, 5)
    np.testing.assert_array_equal(
        np.concatenate([nearest_rows(training, row[np.newaxis], 5) for row in rows]), together
    )
    distances = ((training - training[:, np.newaxis]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    found = np.take_along_axis(distances, nearest_rows(training, None, 5), axis=1)
    np.testing.assert_array_equal(np.sort(found), np.sort(distances)[:, :5])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 3])
def test_the_first_of_equally_near_rows_are_the_neighbours(n, dtype):
    training = np.stack(np.meshgrid(*[[0, 1]] * 7), axis=-1).reshape(-1, 7).astype(dtype)  # the corners of a cube
    rows = np.concatenate([np.full((2, 7), 0.5), 0.5 * np.eye(7)[:3]]).astype(dtype)
    for queries, itself in ((rows, np.empty(0, int)), (None, np.arange(128))):
        points = training if queries is None else queries
        distances = ((points[:, np.newaxis] - training) ** 2).sum(axis=2).round(3)
        distances[itself, itself] = np.inf
        expected = np.sort(np.argsort(distances, axis=1, kind="stable")[:, :n], axis=1)
        np.testing.assert_array_equal(nearest_rows(training, queries, n), expected)


def test_a_row_is_predicted_alike_in_training_and_later():
    X, y = NODES.features, NAMES
    model = GNNNodeClassifier(random_state=0, max_iter=10).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X[3:4]), model.predict_proba(X)[3:4])
    new = X[:5] + 0.01
    expected = model.predict_proba(new)
    np.testing.assert_allclose(model.predict_proba(np.concatenate([10 + X, new]))[-5:], expected)
    assert make_pipeline(StandardScaler(), model).fit(X, y).predict(new).shape == (5,)


def test_unlabelled_rows_are_neighbours_and_rows_without_weight_are_not():
    X, y = NODES.features, GROUP.copy()
    y[10:] = -1
    fitted = {"max_iter": 10, "random_state": 0}
    heard = GNNNodeClassifier(**fitted).fit(X, y).predict_proba(X)
    unheard = GNNNodeClassifier(**fitted).fit(X[:10], y[:10]).predict_proba(X)
    weightless = GNNNodeClassifier(**fitted).fit(X, y, np.where(y < 0, 0.0, 1.0)).predict_proba(X)
    np.testing.assert_allclose(weightless, unheard)
    assert not np.allclose(heard, unheard)


@every_convolution
@pytest.mark.slow
def test_batches_that_hear_some_neighbours_learn_too(convolution):
    options = {"batch_size": 20, "neighbor_samples": (4, 4), "dropout": 0, "learning_rate_init": 0.01}
    model = GNNNodeClassifier(convolution=convolution, random_state=0, max_iter=50, **options)
    assert model.fit(NODES, NAMES).score(NODES, NAMES) > 0.75
    np.testing.assert_array_equal(clone(model).fit(NODES, NAMES).weights_, model.weights_)


@pytest.mark.parametrize("options", [{}, {"batch_size": 20, "shuffle": False}, {"batch_size": 20}], ids=str)
def test_each_epoch_draws_other_neighbours(options):
    """The weights hardly change here, so that the loss changes with the neighbours only."""
    model = GNNNodeClassifier(dropout=0, learning_rate_init=1e-9, max_iter=4, random_state=0, **options)
    assert np.ptp(model.fit(NODES, NAMES).loss_curve_) < 1e-6
    losses = model.set_params(neighbor_samples=(2, 2)).fit(NODES, NAMES).loss_curve_
    assert np.min(np.abs(np.diff(losses))) > 1e-5


@pytest.mark.parametrize("X_val", [None, NODES[::3]], ids=["random split", "X_val"])
def test_held_out_nodes_are_scored_on_all_neighbours(X_val):
    """The loss that training records equals the one of predictions, which use all neighbours."""
    options = {"batch_size": 20, "neighbor_samples": (1, 1), "early_stopping": True, "max_iter": 3, "random_state": 0}
    validation = {} if X_val is None else {"X_val": X_val, "y_val": NAMES[::3]}
    by_loss = GNNNodeClassifier(**options).fit(NODES, NAMES, **validation)
    by_predictions = GNNNodeClassifier(scoring="neg_log_loss", **options).fit(NODES, NAMES, **validation)
    np.testing.assert_allclose(by_loss.validation_scores_, by_predictions.validation_scores_)
    if X_val is not None:
        best = -log_loss(NAMES[::3], by_loss.predict_proba(X_val))
        np.testing.assert_allclose(by_loss.best_validation_score_, best)


@every_convolution
@pytest.mark.parametrize(
    ("model", "X", "y", "n_features"),
    [
        (GNNNodeClassifier(hidden_layer_sizes=(3, 4), n_heads=2), NODES, NAMES, 4),
        (GNNNodeRegressor(hidden_layer_sizes=()), NODES, GROUP, 2),
        (GNNGraphClassifier(hidden_layer_sizes=(4, 6), n_heads=2), GRAPHS, SHAPES, 2 + 4 + 6),
        (GNNGraphRegressor(hidden_layer_sizes=4, n_heads=2), GRAPHS, np.arange(40.0), 2 + 4),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_embeddings_have_names(model, X, y, n_features, convolution):
    model = clone(model).set_params(convolution=convolution, max_iter=1, random_state=0)
    if isinstance(model, GNNNodeClassifier) and convolution == "gat":
        n_features *= model.n_heads
    embeddings = model.fit_transform(X, y)
    assert embeddings.shape == (len(y), n_features)
    names = model.get_feature_names_out()
    assert names.tolist() == [f"{type(model).__name__.lower()}{i}" for i in range(n_features)]
    pandas = pytest.importorskip("pandas")
    frame = model.set_output(transform="pandas").transform(X)
    assert isinstance(frame, pandas.DataFrame)
    assert frame.columns.tolist() == names.tolist()
    np.testing.assert_array_equal(frame.to_numpy(), embeddings)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embeddings_keep_the_precision_of_x(dtype):
    for model, X, y in (
        (GNNNodeClassifier(), some_nodes(dtype), NAMES),
        (GNNGraphClassifier(), *rings_and_stars(dtype)),
    ):
        assert get_tags(model).transformer_tags.preserves_dtype == ["float64", "float32"]
        assert model.set_params(max_iter=1).fit_transform(X, y).dtype == dtype


def test_graphs_of_edges_and_of_networkx():
    made = Graph.from_edges([(0, 1), (1, 2)], np.ones((3, 1)), weights=[2.0, 3.0], edge_features=[[1.0], [2.0]])
    np.testing.assert_array_equal(made.adjacency.toarray(), [[0, 2, 0], [2, 0, 3], [0, 3, 0]])
    np.testing.assert_array_equal(made.edge_features[:, 0], [1, 1, 2, 2])
    directed = GraphNodes.from_edges([(0, 1)], n_nodes=3, directed=True)
    np.testing.assert_array_equal(directed.adjacency.toarray(), [[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    networkx = pytest.importorskip("networkx")
    graph = networkx.karate_club_graph()
    club = GraphNodes.from_networkx(graph)
    np.testing.assert_array_equal(club.adjacency.toarray(), networkx.to_numpy_array(graph))
    degrees = GraphNodes.from_networkx(graph, lambda node, data: graph.degree(node), weight=None)
    np.testing.assert_array_equal(degrees.features[:, 0], degrees.adjacency.sum(axis=1))


BAD_GRAPHS = {
    "not square": (lambda: Graph(np.ones((3, 1)), np.ones((3, 2))), "must be square"),
    "of another size": (lambda: Graph(np.ones((3, 1)), np.ones((4, 4))), "4 nodes, but features has 3 rows"),
    "weights that are not finite": (lambda: Graph(np.ones((2, 1)), [[0, np.nan], [1, 0]]), "weights.*NaN"),
    "negative weights": (lambda: Graph(np.ones((2, 1)), [[0, -1], [1, 0]]), "negative"),
    "features that are not finite": (lambda: Graph([[np.inf]], [[0]]), "features contains NaN or inf"),
    "node out of range": (lambda: Graph.from_edges([(0, 3)], np.ones((3, 1))), "Node 3.*3 nodes"),
    "negative node": (lambda: Graph.from_edges([(0, -1)]), "Node -1"),
    "no nodes": (lambda: Graph(np.ones((0, 1)), np.ones((0, 0))), "no nodes"),
    "too few features of edges": (
        lambda: Graph(np.ones((2, 1)), np.ones((2, 2)), np.ones((3, 1))),
        "4 edges that adjacency stores",
    ),
    "features of another width": (
        lambda: GNNNodeClassifier(max_iter=1).fit(NODES, NAMES).predict(GraphNodes(np.ones((3, 5)), np.eye(3))),
        "5 features of nodes.*was fitted on 2",
    ),
    "rows for a model of a graph": (
        lambda: GNNNodeClassifier(max_iter=1).fit(NODES, NAMES).predict(np.ones((3, 2))),
        "was fitted on graphs",
    ),
    "graph for a model of rows": (
        lambda: GNNNodeClassifier(max_iter=1).fit(NODES.features, NAMES).predict(NODES),
        "was fitted on rows",
    ),
    "a graph for its nodes": (lambda: GNNNodeClassifier().fit(GRAPHS[0], [0, 1]), "GraphNodes"),
    "one graph for many": (lambda: GNNGraphClassifier().fit(GRAPHS[0], [0]), "list of them"),
    "nodes for graphs": (lambda: GNNGraphClassifier().fit([NODES, NODES], [0, 1]), "single graph|GraphNodes"),
    "graphs of unequal widths": (
        lambda: GNNGraphClassifier().fit([*GRAPHS[:2], Graph(np.ones((2, 3)), np.eye(2))], [0, 1, 0]),
        r"X\[2\] has 3 features",
    ),
    "features of edges for gcn": (lambda: GNNNodeClassifier().fit(some_nodes(edge_features=True), NAMES), "not use"),
    "all unlabelled": (lambda: GNNNodeClassifier().fit(NODES, np.full(N, -1)), "1 class|unlabelled"),
    "sampling for one convolution": (
        lambda: GNNNodeClassifier(neighbor_samples=3, batch_size=9).fit(NODES, NAMES),
        "2 convolutions",
    ),
    "heads that do not divide": (
        lambda: GNNGraphClassifier(convolution="gat", hidden_layer_sizes=6, n_heads=4).fit(GRAPHS, SHAPES),
        "must divide",
    ),
}


@pytest.mark.parametrize(("make", "message"), BAD_GRAPHS.values(), ids=BAD_GRAPHS)
def test_mistakes(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_sparse_features_are_the_same_as_dense_ones():
    few = np.where(NODES.features > 0.5, NODES.features, 0)
    dense, thin = (GraphNodes(features, NODES.adjacency) for features in (few, sparse.csr_array(few)))
    for convolution in CONVOLUTIONS:
        model = GNNNodeClassifier(convolution=convolution, dropout=0, max_iter=5, random_state=0)
        expected = clone(model).fit(dense, NAMES).predict_proba(dense)
        np.testing.assert_allclose(model.fit(thin, NAMES).predict_proba(thin), expected)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, np.float64])
def test_minus_one_marks_unlabelled_nodes_whatever_the_dtype(dtype):
    X, labels = patients()[0], np.array([0, 1, -1, 1] * 20)
    options = {"max_iter": 2, "random_state": 0}
    expected = GNNNodeClassifier(**options).fit(X, labels)
    model = GNNNodeClassifier(**options).fit(X, labels.astype(dtype))
    np.testing.assert_array_equal(model.classes_, [0, 1])
    np.testing.assert_array_equal(model.weights_, expected.weights_)
    assert model.score(X, labels.astype(dtype)) == expected.score(X, labels)


def test_a_list_of_matrices_is_no_list_of_graphs():
    with pytest.raises(ValueError, match=r"X must be a list of Graph\(features, adjacency\)"):
        GNNGraphClassifier().fit([sparse.csr_array(np.eye(3))] * 4, [0, 1, 0, 1])
