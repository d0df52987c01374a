"""Neural networks as scikit-learn estimators, computed with NumPy and SciPy alone."""

from skneural.data import Graph as Graph
from skneural.data import GraphNodes as GraphNodes
from skneural.estimators import (
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNNodeClassifier,
    GNNNodeRegressor,
    HopfieldNetwork,
    KANClassifier,
    KANRegressor,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
)

__version__ = "0.1.0"

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
