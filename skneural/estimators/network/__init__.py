"""Estimators of networks that users bring."""

from skneural.estimators.network.estimator import NetworkClassifier, NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
