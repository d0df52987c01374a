"""All estimators, one module or subpackage per family, which is imported when one of its names is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Before anything imports SciPy: in the other order, importing both takes 0.1 s longer.
import sklearn  # noqa: F401

if TYPE_CHECKING:
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
    from skneural.estimators.network import NetworkClassifier, NetworkRegressor
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

# name -> module
MODULE_OF = {
    "Autoencoder": "autoencoder",
    "CNNClassifier": "convolutional",
    "CNNRegressor": "convolutional",
    "CNNSequenceClassifier": "convolutional",
    "CNNSequenceRegressor": "convolutional",
    "DiffusionModel": "diffusion",
    "GNNGraphClassifier": "graph",
    "GNNGraphRegressor": "graph",
    "GNNLinkPredictor": "link_prediction",
    "GNNNodeClassifier": "graph",
    "GNNNodeRegressor": "graph",
    "HopfieldNetwork": "hopfield",
    "ImageRegressor": "segmentation",
    "ImageSegmenter": "segmentation",
    "KANClassifier": "kan",
    "KANRegressor": "kan",
    "LanguageModel": "language_model",
    "MLPClassifier": "mlp",
    "MLPRegressor": "mlp",
    "MambaSequenceClassifier": "mamba",
    "MambaSequenceRegressor": "mamba",
    "MambaSequenceTagger": "mamba",
    "NetworkClassifier": "network",
    "NetworkRegressor": "network",
    "PerceptronClassifier": "perceptron",
    "RNNSequenceClassifier": "recurrent",
    "RNNSequenceRegressor": "recurrent",
    "RNNSequenceTagger": "recurrent",
    "RocketSequenceClassifier": "rocket",
    "RocketSequenceRegressor": "rocket",
    "SequenceToSequence": "sequence_to_sequence",
    "SeriesForecaster": "forecast",
    "TabularMLPClassifier": "tabular",
    "TabularMLPRegressor": "tabular",
    "TransformerSequenceClassifier": "transformer",
    "TransformerSequenceRegressor": "transformer",
    "TransformerSequenceTagger": "transformer",
}

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
    "NetworkClassifier",
    "NetworkRegressor",
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


def __getattr__(name: str) -> Any:
    if name not in MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{MODULE_OF[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
