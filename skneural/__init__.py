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
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MambaSequenceTagger,
    MLPClassifier,
    MLPRegressor,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    SequenceToSequence,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
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
    "MambaSequenceClassifier",
    "MambaSequenceRegressor",
    "MambaSequenceTagger",
    "PerceptronClassifier",
    "RNNSequenceClassifier",
    "RNNSequenceRegressor",
    "RNNSequenceTagger",
    "SequenceToSequence",
    "TransformerSequenceClassifier",
    "TransformerSequenceRegressor",
    "TransformerSequenceTagger",
]
