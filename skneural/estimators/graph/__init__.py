"""Graph neural networks for nodes and for whole graphs."""

from skneural.estimators.graph.estimator import (
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNNodeClassifier,
    GNNNodeRegressor,
)

__all__ = ["GNNGraphClassifier", "GNNGraphRegressor", "GNNNodeClassifier", "GNNNodeRegressor"]
