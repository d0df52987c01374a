"""Kolmogorov-Arnold networks: estimators, training in stages, and edits of fitted networks, such as pruning."""

from skneural.estimators.kan.estimator import KANClassifier, KANRegressor

__all__ = ["KANClassifier", "KANRegressor"]
