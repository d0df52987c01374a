"""Recommendation: films for viewers, from what they have watched
==============================================================

Viewers and films are the two kinds of nodes of a graph, and a viewer is linked to each film that he or she has watched.
A graph neural network predicts further links. Some of the watched films are held out, and it is counted how many of
them are among the recommendations, and among the most popular films that a viewer has not watched. The data are drawn:
each viewer likes one or two of five genres, and now and then watches something else.

Run it::

    python examples/5_graphs/recommended_films.py
"""

import numpy as np

from skneural import GNNLinkPredictor, GraphNodes
from skneural.metrics import ndcg_at_k, recall_at_k

GENRES = ["western", "comedy", "space opera", "musical", "crime"]
FILMS = [f"{genre} {number}" for genre in GENRES for number in range(1, 31)]


def watched_films(n_viewers=400, seed=0):
    """A matrix of viewers and films: True if the viewer has watched the film."""
    rng = np.random.default_rng(seed)
    taste = rng.dirichlet(np.full(len(GENRES), 0.2), n_viewers)
    popularity = rng.lognormal(0, 0.5, len(FILMS))
    share = np.repeat(taste, 30, axis=1) * popularity + 0.05
    return rng.random(share.shape) < np.minimum(15 * share / share.sum(axis=1, keepdims=True), 0.9)


def main():
    links = watched_films()
    held_out = links & (np.random.default_rng(1).random(links.shape) < 0.2)
    watched = links & ~held_out

    model = GNNLinkPredictor(convolution="lightgcn", random_state=0).fit(GraphNodes.bipartite(watched))
    times_watched = np.where(watched, -1, watched.sum(axis=0))
    recommendations = {
        "LightGCN": model.recommend(n=10),
        "most popular films": np.argsort(-times_watched, axis=1)[:, :10],
    }
    print(f"{'of held-out films':22} recall@10  NDCG@10")
    for name, recommended in recommendations.items():
        print(f"{name:22} {recall_at_k(held_out, recommended):9.3f} {ndcg_at_k(held_out, recommended):8.3f}")

    for viewer in range(3):
        print(f"\nViewer {viewer} has watched", ", ".join(FILMS[i] for i in np.flatnonzero(watched[viewer])))
        chosen = model.recommend([viewer], n=5)[0]
        probability = model.predict_proba([(viewer, film) for film in chosen])[:, 1]
        films = [f"{FILMS[i]} ({p:.2f})" for i, p in zip(chosen, probability, strict=True)]
        print("Recommended:", ", ".join(films))


if __name__ == "__main__":
    main()
