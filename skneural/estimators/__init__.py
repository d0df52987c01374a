"""Floor 6: what users import. The only rooms that know scikit-learn's base classes."""

# Before anything imports SciPy: in the other order, importing both takes 0.1 s longer.
import sklearn  # noqa: F401

from skneural.estimators.convolutional import (
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
)
from skneural.estimators.graph import GNNGraphClassifier, GNNGraphRegressor, GNNNodeClassifier, GNNNodeRegressor
from skneural.estimators.hopfield import HopfieldNetwork
from skneural.estimators.kan import KANClassifier, KANRegressor
from skneural.estimators.mlp import MLPClassifier, MLPRegressor
from skneural.estimators.perceptron import PerceptronClassifier
from skneural.estimators.recurrent import RNNSequenceClassifier, RNNSequenceRegressor, RNNSequenceTagger

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "CNNSequenceClassifier",
    "CNNSequenceRegressor",
    "GNNGraphClassifier",
    "GNNGraphRegressor",
    "GNNNodeClassifier",
    "GNNNodeRegressor",
    "HopfieldNetwork",
    "KANClassifier",
    "KANRegressor",
    "MLPClassifier",
    "MLPRegressor",
    "PerceptronClassifier",
    "RNNSequenceClassifier",
    "RNNSequenceRegressor",
    "RNNSequenceTagger",
]
