"""The public names of the package, in the order of the reference."""

from importlib import import_module
from typing import NamedTuple

import skneural


class Section(NamedTuple):
    """A table of the reference.

    Attributes
    ----------
    title : str
    text : str
        Sentences before the table.
    names : tuple of str
        Full names.
    """

    title: str
    text: str
    names: tuple[str, ...]


# Title, text and names at the top of the package.
ESTIMATORS = (
    ("Tables", "", "PerceptronClassifier MLPClassifier MLPRegressor TabularMLPClassifier TabularMLPRegressor"),
    ("Formulas", "", "KANClassifier KANRegressor"),
    ("Images", "", "CNNClassifier CNNRegressor ImageSegmenter ImageRegressor"),
    (
        "Series and texts: a label or number for each",
        "",
        "RocketSequenceClassifier RocketSequenceRegressor CNNSequenceClassifier CNNSequenceRegressor "
        "RNNSequenceClassifier RNNSequenceRegressor TransformerSequenceClassifier TransformerSequenceRegressor "
        "MambaSequenceClassifier MambaSequenceRegressor",
    ),
    (
        "Series and texts: a label for each step",
        "",
        "RNNSequenceTagger TransformerSequenceTagger MambaSequenceTagger",
    ),
    ("Forecasts", "", "SeriesForecaster"),
    ("Texts, music and sequences that are written", "", "LanguageModel SequenceToSequence"),
    (
        "Graphs",
        "",
        "GNNNodeClassifier GNNNodeRegressor GNNGraphClassifier GNNGraphRegressor GNNLinkPredictor Graph GraphNodes "
        "NodePairs",
    ),
    ("Without targets: reduction, outliers, generation", "", "Autoencoder DiffusionModel"),
    ("Associative memory", "", "HopfieldNetwork"),
    ("Networks of your own", "", "NetworkClassifier NetworkRegressor"),
    ("Functions of the package", "", "average search_space show_versions step_scorer"),
)

# Title, text and module, all of whose public names are meant.
MODULES = (
    ("Preprocessing", "Transformers and splitters, in `skneural.preprocessing`.", "preprocessing"),
    ("Inspection", "Pictures of fitted models, in `skneural.inspection`.", "inspection"),
    ("Metrics", "Scores of recommendations, in `skneural.metrics`.", "metrics"),
    ("Callbacks", "For `set_callbacks`, in `skneural.callbacks`.", "callbacks"),
    ("Chunks of data", "Training on data larger than memory, in `skneural.streaming`.", "streaming"),
    ("Clusters", "Training on several machines, in `skneural.distributed`.", "distributed"),
    ("Export", "ONNX, and types that files ask to trust, in `skneural.export`.", "export"),
    ("Formulas of curves", "In `skneural.symbolic`.", "symbolic"),
    ("Checks", "For your own layers, losses and estimators, in `skneural.testing`.", "testing"),
    (
        "Layers",
        "For networks of your own, in `skneural.layers`; :doc:`/reference/protocols` has their rules.",
        "layers",
    ),
    (
        "Losses",
        "For the parameter `loss` of regressors, in `skneural.losses`; :doc:`/reference/protocols` has their rules.",
        "losses",
    ),
    ("Optimizers and schedules", "For `solver` and `learning_rate`, in `skneural.optimizers`.", "optimizers"),
    ("Containers", "Samples in the form in which batches are cut from them, in `skneural.data`.", "data"),
    ("Warnings and errors", "In `skneural.exceptions`.", "exceptions"),
)


def names_of(module: str) -> tuple[str, ...]:
    """Full names of what a module exports: its `__all__`, or the public classes and functions that it defines."""
    room = import_module(f"skneural.{module}")
    names = getattr(room, "__all__", None)
    if names is None:
        members = ((name, value) for name, value in vars(room).items() if not name.startswith("_"))
        names = [name for name, value in members if getattr(value, "__module__", "") == room.__name__]
    top = set(skneural.__all__)  # the page of a name that the package itself exports is there
    return tuple(f"skneural.{name}" if name in top else f"skneural.{module}.{name}" for name in names)


def sections() -> list[Section]:
    """All tables of the reference."""
    estimators = [
        Section(title, text, tuple(f"skneural.{name}" for name in names.split())) for title, text, names in ESTIMATORS
    ]
    top = {name for section in estimators for name in section.names}
    modules = [
        Section(title, text, tuple(name for name in names_of(module) if name not in top))
        for title, text, module in MODULES
    ]
    return estimators + modules


def page_names() -> list[str]:
    """Full names of everything that has a page in the reference."""
    return [name for section in sections() for name in section.names]
