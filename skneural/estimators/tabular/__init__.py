"""TabularMLP: multilayer perceptrons for tables of numbers and categories."""

from skneural.estimators.tabular.estimator import TabularMLPClassifier, TabularMLPRegressor

__all__ = ["TabularMLPClassifier", "TabularMLPRegressor"]
