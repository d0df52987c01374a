"""Prediction of links by graph neural networks, compared with published results and with matrix factorization.

    python benchmarks/links.py --data FOLDER         all, two minutes
    python benchmarks/links.py --data FOLDER cora
    python benchmarks/links.py tastes                needs no files

Prints the required and the measured results on links that were held out, and the seconds of each fit.
benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from timing import timed, timed_fit

from skneural import GNNLinkPredictor, GraphNodes, NodePairs
from skneural.metrics import ndcg_at_k, recall_at_k

N_DRAWS = 5
VALIDATION = 0.05 / 0.9  # share of the links that are not for tests
ALL = 2**31  # pairs in a batch
CITATIONS: dict[str, dict[str, Any]] = {
    "gcn": {},
    "gcn, edges that are scored are used": {"batch_size": None},
    "gcn, embeddings of 32 numbers": {"embedding_size": 32},
    "sage": {"convolution": "sage"},
    "gat": {"convolution": "gat"},
    "lightgcn": {"convolution": "lightgcn"},
}
RECOMMENDERS: dict[str, dict[str, Any]] = {
    "lightgcn": {},
    "lightgcn, 64 numbers, 3 hops": {"hidden_layer_sizes": (64, 64, 64)},
    "gcn, embeddings of 32 numbers": {"convolution": "gcn", "embedding_size": 32},
}


def cora(folder: Path) -> Iterator[tuple[str, ...]]:
    """Citations between papers: 10 % of the links are for tests and 5 % for early stopping."""
    file = np.load(folder / "graph_node_cora.npz")
    features = sparse.csr_array((file["x_data"], file["x_indices"], file["x_indptr"]), shape=tuple(file["x_shape"]))
    ones = np.ones(len(file["adj_indices"]), np.float32)
    adjacency = sparse.csr_array((ones, file["adj_indices"], file["adj_indptr"]))
    graph = GraphNodes(features.astype(np.float32), adjacency)
    for name, options in CITATIONS.items():
        asked = ">= .91, .92 (VGAE .914, .926)" if name == "gcn" else ""
        yield ("Cora, AUC and average precision", name, asked, *_citations(graph, options))


def _citations(graph: GraphNodes, options: dict[str, Any]) -> tuple[str, str]:
    scores, seconds = [], []
    for seed in range(N_DRAWS):
        X, y = NodePairs.sample(graph, random_state=seed)
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.1, stratify=y, random_state=seed)
        links = X_train[y_train == 1]
        if "batch_size" in options:  # all pairs at once
            options = {"batch_size": 2 * len(links) - math.ceil(2 * len(links) * VALIDATION)}
        model = GNNLinkPredictor(validation_fraction=VALIDATION, random_state=seed, **options)
        model, of_fit = timed_fit(model, links)
        raw = model.decision_function(X_test)
        scores.append((roc_auc_score(y_test, raw), average_precision_score(y_test, raw)))
        seconds.append(of_fit)
    (auc, precision), (auc_spread, precision_spread) = np.mean(scores, axis=0), np.std(scores, axis=0)
    return f"{auc:.3f} +- {auc_spread:.3f}, {precision:.3f} +- {precision_spread:.3f}", f"{np.mean(seconds):.1f}"


def drawn_from_factors(seed: int, n_rows: int = 1000, n_columns: int = 600, n_factors: int = 8) -> tuple[Any, ...]:
    """Probability of each link, and the links that are drawn from them: four fifths for training, the rest for tests.

    A row is expected to have 30 links. Their probabilities are proportional to the exponential of an inner product of
    normal factors plus the popularity of the column.
    """
    rng = np.random.default_rng(seed)
    rows, columns = rng.standard_normal((n_rows, n_factors)), rng.standard_normal((n_columns, n_factors))
    share = np.exp(1.5 * rows @ columns.T / np.sqrt(n_factors) + 0.5 * rng.standard_normal(n_columns))
    return _drawn(share, rng)


def drawn_from_groups(seed: int, n_rows: int = 1000, n_columns: int = 600, n_groups: int = 8) -> tuple[Any, ...]:
    """The same for columns in separate groups, each of which has its own share of the links of a row."""
    rng = np.random.default_rng(seed)
    shares = np.repeat(rng.dirichlet(np.full(n_groups, 0.3), n_rows), n_columns // n_groups, axis=1)
    return _drawn(shares * rng.lognormal(0, 0.5, n_columns), rng)


def _drawn(share: np.ndarray, rng: np.random.Generator) -> tuple[Any, ...]:
    probability = np.minimum(30 * share / share.sum(axis=1, keepdims=True), 0.95)
    links = rng.random(probability.shape) < probability
    test = links & (rng.random(links.shape) < 0.2)
    return probability, links & ~test, test


def tastes(folder: Path | None) -> Iterator[tuple[str, ...]]:
    """Recommendations of 20 columns for each row of links that are drawn from factors, or from groups."""
    yield from _recommendations("factors", drawn_from_factors)
    yield from _recommendations("groups", drawn_from_groups)


def _recommendations(name_of_data: str, draw: Callable[[int], tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    results: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(N_DRAWS):
        probability, train, test = draw(seed)
        popular = np.tile(train.sum(axis=0), (len(train), 1))
        models: dict[str, Any] = {
            "true probabilities": lambda values=probability: values,
            "most popular columns": lambda values=popular: values,
        }
        for n_components in (8, 16, 32):
            models[f"NMF, {n_components} components"] = lambda n=n_components, links=train: _factorized(n, links)
        for name, model in models.items():
            scores, seconds = timed(model)
            best = np.argsort(np.where(train, -np.inf, scores), axis=1)[:, ::-1][:, :20]
            results.setdefault(name, []).append((recall_at_k(test, best), ndcg_at_k(test, best), seconds))
        for name, options in RECOMMENDERS.items():
            model = GNNLinkPredictor(random_state=seed, **{"convolution": "lightgcn"} | options)
            model, seconds = timed_fit(model, GraphNodes.bipartite(train))
            best = model.recommend(n=20)
            results.setdefault(name, []).append((recall_at_k(test, best), ndcg_at_k(test, best), seconds))
    for name, runs in results.items():
        recall, ndcg, seconds = np.mean(runs, axis=0)
        yield f"{name_of_data}, recall@20 and NDCG@20", name, "", f"{recall:.3f}, {ndcg:.3f}", f"{seconds:.1f}"


def _factorized(n_components: int, links: np.ndarray) -> np.ndarray:
    model = NMF(n_components, init="nndsvda", max_iter=1000, random_state=0)
    rows: np.ndarray = model.fit_transform(links.astype(float))
    return rows @ model.components_


TABLES = {"cora": cora, "tastes": tastes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[[], *TABLES])
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    row = "{:35} {:36} {:30} {:32} {:>7}"
    print(row.format("data and scores", "model", "required", "measured", "seconds"))
    for name in arguments.tables or TABLES:
        if name == "cora" and arguments.data is None:
            parser.error("cora needs --data FOLDER.")
        for line in TABLES[name](arguments.data):
            print(row.format(*line), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    main()
