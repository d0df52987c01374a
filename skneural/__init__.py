"""Neural networks as scikit-learn estimators, computed with NumPy and SciPy only.

Names and subpackages are imported when they are used: importing all families takes as long as scikit-learn does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from skneural.version import __version__ as __version__

if TYPE_CHECKING:
    from skneural.data import Graph, GraphNodes, NodePairs
    from skneural.estimators import (
        Autoencoder,
        CNNClassifier,
        CNNRegressor,
        CNNSequenceClassifier,
        CNNSequenceRegressor,
        DiffusionModel,
        GNNGraphClassifier,
        GNNGraphRegressor,
        GNNLinkPredictor,
        GNNNodeClassifier,
        GNNNodeRegressor,
        HopfieldNetwork,
        ImageRegressor,
        ImageSegmenter,
        KANClassifier,
        KANRegressor,
        LanguageModel,
        MambaSequenceClassifier,
        MambaSequenceRegressor,
        MambaSequenceTagger,
        MLPClassifier,
        MLPRegressor,
        NetworkClassifier,
        NetworkRegressor,
        PerceptronClassifier,
        RNNSequenceClassifier,
        RNNSequenceRegressor,
        RNNSequenceTagger,
        RocketSequenceClassifier,
        RocketSequenceRegressor,
        SequenceToSequence,
        SeriesForecaster,
        TabularMLPClassifier,
        TabularMLPRegressor,
        TransformerSequenceClassifier,
        TransformerSequenceRegressor,
        TransformerSequenceTagger,
    )
    from skneural.installation import show_versions as show_versions
    from skneural.model_average import average as average
    from skneural.search_spaces import search_space as search_space
    from skneural.template.scorers import step_scorer as step_scorer

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
    "Graph",
    "GraphNodes",
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
    "NodePairs",
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

# Public names that are not estimators -> module
MODULES = {
    "Graph": "data",
    "GraphNodes": "data",
    "NodePairs": "data",
    "average": "model_average",
    "search_space": "search_spaces",
    "show_versions": "installation",
    "step_scorer": "template.scorers",
}

SUBPACKAGES = (
    "callbacks",
    "data",
    "distributed",
    "estimators",
    "exceptions",
    "export",
    "inspection",
    "layers",
    "losses",
    "metrics",
    "preprocessing",
    "streaming",
    "symbolic",
    "testing",
)


def __getattr__(name: str) -> Any:
    if name in SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    if name not in MODULES and name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{MODULES.get(name, 'estimators')}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *SUBPACKAGES})
