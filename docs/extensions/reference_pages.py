"""Pages of the reference that are generated from the classes: names, all estimators, shared hyper-parameters."""

import dataclasses
import inspect
import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from public_names import Section, sections

import skneural
from skneural.hyperparameters import REQUIRED, attributes_of, hyperparameters
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor

EXAMPLES = Path(skneural.__file__).parents[1] / "examples"

# What the class that reads X takes, in words.
X_OF = {
    "Table": "rows: array, sparse matrix, DataFrame",
    "DenseTable": "rows: array, DataFrame",
    "MixedTable": "DataFrame with categories, times, missing values; rows",
    "RestorableTable": "DataFrame with categories, times, missing values; rows",
    "Images": "images, or rows of pixels",
    "ImagesOfAnySize": "images, also a list of several sizes",
    "RowsOrImages": "rows, or images",
    "Sequences": "series, or sequences of tokens",
    "RecurrentSequences": "series, or sequences of tokens",
    "TransformerSequences": "series, or sequences of tokens",
    "SeriesOrTexts": "series, sequences of tokens, or texts",
    "LongSeries": "one or many series, DataFrame with times",
    "Texts": "texts, sequences of tokens, series of sets",
    "Sources": "texts, sequences of tokens, series, images, rows",
    "NodeReader": "GraphNodes, or rows with a graph of their neighbours",
    "GraphReader": "list of Graph",
    "PairReader": "GraphNodes, NodePairs",
    "ReaderOfKind": "rows, images, series or tokens, by `kind`",
}
# What the class that learns y takes, in words.
Y_OF = {
    "Classes": "a class, or several labels, for each sample",
    "TabularClasses": "a class, or several labels, for each sample",
    "PerceptronClasses": "a class, or several labels, for each sample",
    "Numbers": "a number, or several, for each sample",
    "TabularNumbers": "a number, or several, for each sample",
    "SequenceNumbers": "numbers for each series, or for each step",
    "SeriesNumbers": "numbers for each series",
    "StepClasses": "a label for each step",
    "PixelClasses": "a class for each pixel",
    "PixelNumbers": "numbers for each pixel",
    "NodeClasses": "a class for each node, -1 where unknown",
    "Links": "none: the links of the graph",
    "Denoising": "none, or conditions",
    "Reconstruction": "none",
    "TokenPrediction": "none: the next, or masked, tokens",
    "TargetSequences": "a sequence for each sample",
    "Forecasting": "none: the next steps; values known in advance",
}
METHODS = (
    "predict",
    "predict_proba",
    "transform",
    "inverse_transform",
    "score_samples",
    "sample",
    "generate",
    "recommend",
    "backtest",
    "partial_fit",
)


@cache
def resolved(name: str) -> Any:
    """The object with a full name."""
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def documented_methods(name: str) -> list[str]:
    """Methods of a class on its page: of skneural, with a docstring; of layers and losses those that they define."""
    cls = resolved(name)
    if not inspect.isclass(cls):
        return []
    parents = [parent for parent in cls.__mro__ if parent.__module__.startswith("skneural.")]
    if not hasattr(cls, "fit"):
        parents = parents[:1]
    names = {method for parent in parents for method, value in vars(parent).items() if _is_method(method, value)}
    return sorted(names, key=lambda method: (method != "fit", method))


def _is_method(name: str, value: object) -> bool:
    if name.startswith(("_", "onnx_")):  # skl2onnx calls those of the last kind
        return False
    function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    if getattr(getattr(function, "fn", function), "__module__", "").startswith("sklearn."):
        return False
    callable_ = inspect.isfunction(function) or hasattr(function, "check")  # conditional ones, of available_if
    return callable_ and bool(inspect.getdoc(function))


def keys_of(name: str) -> list[str]:
    """Keys of a public dictionary, and nothing for other objects."""
    value = resolved(name)
    return [str(key) for key in value] if isinstance(value, dict) else []


def used_in_examples(name: str) -> bool:
    """Return True if a script of the gallery has the name."""
    return re.search(rf"\b{name.rpartition('.')[2]}\b", _examples()) is not None


@cache
def _examples() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.rglob("*.py")))


def write_reference_pages(folder: Path) -> None:
    """Write the pages whose text has changed."""
    pages = {
        "public_names.rst": public_names_page(),
        **{f"names/{name_of_page(section)}.rst": names_page(section) for section in sections()},
        "estimators.rst": estimators_page(),
        "shared_hyperparameters.rst": shared_hyperparameters_page(),
    }
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _heading(text: str, line: str) -> list[str]:
    return [text, line * len(text), ""]


def public_names_page() -> str:
    """All public names, in tables with a link to the page of each."""
    lines = _heading("All names", "=")
    for section in sections():
        lines += _heading(section.title, "-") + _table_of_names(section)
    lines += [".. toctree::", "   :hidden:", ""]
    lines += [f"   names/{name_of_page(section)}" for section in sections()]
    return "\n".join([*lines, ""])


def name_of_page(section: Section) -> str:
    """Name of the file of a section."""
    return re.sub("[^a-z]+", "_", section.title.lower())


def names_page(section: Section) -> str:
    """The names of a section, whose pages stand below it in the menu."""
    lines = _heading(section.title, "=") + _table_of_names(section, "   :toctree: ../generated")
    return "\n".join(lines)


def _table_of_names(section: Section, *options: str) -> list[str]:
    text = [section.text, ""] if section.text else []
    table = [".. autosummary::", *options, "   :nosignatures:", "", *(f"   ~{name}" for name in section.names), ""]
    return text + table


def estimators() -> list[type]:
    """All estimators, in the order of the reference."""
    every = set(skneural.estimators.__all__)
    names = [name.rpartition(".")[2] for section in sections() for name in section.names]
    return [getattr(skneural, name) for name in dict.fromkeys(names) if name in every]


def _reads(cls: Any) -> tuple[str, str]:
    """X and y of an estimator, in words."""
    if cls.__name__ == "HopfieldNetwork":
        return "rows of two values", "none: the patterns themselves"
    reader = getattr(cls, "_reader_class", None)
    name = "Sequences" if reader is None else reader.__name__  # fixed kernels read series, and have no network
    return X_OF[name], Y_OF[cls._task_class.__name__]


def _n_features(cls: type) -> str:
    documented = (vars(parent).get("attributes_doc", {}).get("n_features_in_") for parent in cls.__mro__)
    return next((text[1] for text in documented if text), "Number of features seen in `fit`.")


def estimators_page() -> str:
    """The table of all estimators."""
    lines = _heading("All estimators", "=")
    lines += ["The methods are those beside ``fit``; some of them depend on hyper-parameters.", ""]
    lines += [".. list-table::", "   :header-rows: 1", "   :widths: 22 22 22 22 22", "   :class: estimators", ""]
    lines += _row("estimator", "X", "y", "methods", "``n_features_in_``")
    for cls in estimators():
        methods = ", ".join(f"``{name}``" for name in METHODS if callable(getattr(cls, name, None)) or name in dir(cls))
        x, y = _reads(cls)
        lines += _row(f":class:`~skneural.{cls.__name__}`", x, y, methods, _n_features(cls))
    return "\n".join([*lines, ""])


def _row(*cells: str) -> list[str]:
    return [f"   {'* -' if not column else '  -'} {cell}" for column, cell in enumerate(cells)]


def shared_hyperparameters_page() -> str:
    """The hyper-parameters of all families, in full."""
    lines = _heading("Shared hyper-parameters", "=")
    lines += [
        "The networks of all families are trained by the same loop, which these hyper-parameters set. Families that",
        "have another default, or another meaning of one of them, document it on their page.",
        "",
    ]
    fields = {field.name: field for field in hyperparameters(NeuralRegressor) + hyperparameters(NeuralClassifier)}
    for field in sorted(fields.values(), key=lambda field: field.name):
        lines += [f".. _shared-{field.name}:", "", *_heading(field.name, "-"), *_description(field)]
    lines += [".. _shared-attributes:", "", *_heading("Attributes of fitted models", "-")]
    for name, (_, kind, doc) in attributes_of(NeuralClassifier).items():
        words = kind.replace("_,", r"\_,")  # which would be a link
        lines += [f"``{name}`` : {words}", f"    {doc}", ""]
    return "\n".join(lines)


def _description(field: dataclasses.Field) -> list[str]:
    default = "" if field.default is REQUIRED else f", default ``{field.default!r}``"
    words = field.metadata["constraint"].words
    return [f"*{words}*{default}", "", field.metadata["doc"], ""]
