"""Floor 6: what users import. The only rooms that know scikit-learn's base classes."""

from skneural.estimators.mlp import MLPClassifier, MLPRegressor
from skneural.estimators.perceptron import PerceptronClassifier

__all__ = ["MLPClassifier", "MLPRegressor", "PerceptronClassifier"]
