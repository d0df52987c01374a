"""Prediction of links between the nodes of a graph."""

from skneural.estimators.link_prediction.estimator import GNNLinkPredictor

__all__ = ["GNNLinkPredictor"]
