"""Fixed random kernels with a linear model: the estimators, and the parts of their closed fit."""

from skneural.estimators.rocket.estimator import RocketSequenceClassifier, RocketSequenceRegressor

__all__ = ["RocketSequenceClassifier", "RocketSequenceRegressor"]
