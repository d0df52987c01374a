"""All estimators, one module or subpackage per family."""

# Before anything imports SciPy: in the other order, importing both takes 0.1 s longer.
import sklearn  # noqa: F401

from skneural.estimators.autoencoder import Autoencoder
from skneural.estimators.convolutional import (
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
)
from skneural.estimators.diffusion import DiffusionModel
from skneural.estimators.forecast import SeriesForecaster
from skneural.estimators.graph import GNNGraphClassifier, GNNGraphRegressor, GNNNodeClassifier, GNNNodeRegressor
from skneural.estimators.hopfield import HopfieldNetwork
from skneural.estimators.kan import KANClassifier, KANRegressor
from skneural.estimators.language_model import LanguageModel
from skneural.estimators.link_prediction import GNNLinkPredictor
from skneural.estimators.mamba import MambaSequenceClassifier, MambaSequenceRegressor, MambaSequenceTagger
from skneural.estimators.mlp import MLPClassifier, MLPRegressor
from skneural.estimators.perceptron import PerceptronClassifier
from skneural.estimators.recurrent import RNNSequenceClassifier, RNNSequenceRegressor, RNNSequenceTagger
from skneural.estimators.rocket import RocketSequenceClassifier, RocketSequenceRegressor
from skneural.estimators.segmentation import ImageRegressor, ImageSegmenter
from skneural.estimators.sequence_to_sequence import SequenceToSequence
from skneural.estimators.tabular import TabularMLPClassifier, TabularMLPRegressor
from skneural.estimators.transformer import (
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)

__all__ = [
    "Autoencoder",
    "CNNClassifier",
    "CNNRegressor",
    "CNNSequenceClassifier",
    "CNNSequenceRegressor",
    "DiffusionModel",
    "GNNGraphClassifier",
    "GNNGraphRegressor",
    "GNNLinkPredictor",
    "GNNNodeClassifier",
    "GNNNodeRegressor",
    "HopfieldNetwork",
    "ImageRegressor",
    "ImageSegmenter",
    "KANClassifier",
    "KANRegressor",
    "LanguageModel",
    "MLPClassifier",
    "MLPRegressor",
    "MambaSequenceClassifier",
    "MambaSequenceRegressor",
    "MambaSequenceTagger",
    "PerceptronClassifier",
    "RNNSequenceClassifier",
    "RNNSequenceRegressor",
    "RNNSequenceTagger",
    "RocketSequenceClassifier",
    "RocketSequenceRegressor",
    "SequenceToSequence",
    "SeriesForecaster",
    "TabularMLPClassifier",
    "TabularMLPRegressor",
    "TransformerSequenceClassifier",
    "TransformerSequenceRegressor",
    "TransformerSequenceTagger",
]
