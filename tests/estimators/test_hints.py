"""Hints in messages at what was probably meant: texts, channels first, names of other libraries."""

import sys

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from skneural import (
    DiffusionModel,
    GNNGraphClassifier,
    GNNNodeClassifier,
    Graph,
    GraphNodes,
    HopfieldNetwork,
    KANRegressor,
    LanguageModel,
    SequenceToSequence,
)
from skneural.inspection import (
    FeatureMapsDisplay,
    GraphDisplay,
    KANEdgeDisplay,
    KernelsDisplay,
    LearningCurveDisplay,
    SamplesDisplay,
)
from tests.estimators.mistakes import (
    IMAGES,
    LABELS,
    SERIES,
    XC,
    XR,
    YC,
    YR,
    Mistake,
    changed,
    classifier,
    each,
    images,
    invalid,
    regressor,
    series,
)

OBJECTS = np.empty(8, dtype=object)
OBJECTS[:] = [image[: 6 - i % 2] for i, image in enumerate(IMAGES)]
WORDS = [["a", "b"], ["b"], ["a"], ["c"]] * 2
CHANNELS_FIRST = r"skneural.preprocessing.channels_first_to_last\(X\)"
HINTS = [
    invalid(classifier, r"\(did you mean 'relu'\?\)", activation="Relu"),
    invalid(classifier, r"\(did you mean 'logistic'\?\)", activation="sigmoid"),
    invalid(classifier, r"\(did you mean 'silu'\?\)", activation="Swish"),
    invalid(regressor, r"\(did you mean 'squared_error'\?\)", loss="mse"),
    invalid(series, r"\(did you mean 'lstm'\?\)", cell="LSTM"),
    invalid(series, r"\(did you mean 'mean'\?\)", pooling="average"),
    invalid(images, r"\(did you mean 'vgg'\?\)", architecture="VGG"),
    invalid(images, r"\(did you mean 'average'\?\)", pooling="mean"),
    invalid(images, r"\(did you mean \('shift',\)\?\)", augmentation="shift"),
    invalid(images, r"\(did you mean \('flip', 'shift'\)\?\)", augmentation=("flip", "Shift")),
    invalid(classifier, r"\(did you mean learning_rate_init=0.01\?\)", learning_rate=0.01),
    invalid(classifier, r"got 'nonsense'$", activation="nonsense"),
    # No suggestion is the value itself, or a sequence of it.
    invalid(classifier, r"got \(10, -1\)$", hidden_layer_sizes=(10, -1)),
    invalid(classifier, r"got \[10, -1\]$", hidden_layer_sizes=[10, -1]),
    invalid(classifier, r"got None$", alpha=None),
    invalid(classifier, r"got None$", activation=None),
    # Arrays of one and no dimension, which are neither true nor iterable.
    invalid(classifier, r"alpha must be .* got array\(\[1, 2\]\)$", alpha=np.array([1, 2])),
    invalid(classifier, r"solver must be .* got array", solver=np.array(["adam", "sgd"])),
    invalid(classifier, r"early_stopping must be .* got array", early_stopping=np.array([True, False])),
    invalid(classifier, r"hidden_layer_sizes must be .* got array\(8\)$", hidden_layer_sizes=np.array(8)),
]
POINTERS = [
    Mistake("texts", series(), lambda m: m.fit(["a", "b"] * 4, LABELS), "TokenEncoder"),
    Mistake("texts in an array", series(), lambda m: m.fit(np.array(["a", "b"] * 4), LABELS), "TokenEncoder"),
    Mistake("texts in pandas", series(), lambda m: m.fit(pd.Series(["a", "b"] * 4), LABELS), "TokenEncoder"),
    Mistake("texts in a table", series(), lambda m: m.fit(pd.DataFrame({"x": ["a", "b"] * 4}), LABELS), "TokenEncoder"),
    Mistake("words", series(vocabulary_size=5), lambda m: m.fit(WORDS, LABELS), "TokenEncoder"),
    Mistake("predicted texts", series(), lambda m: m.fit(SERIES, LABELS).predict(("a", "b")), "TokenEncoder"),
    Mistake("ragged rows", classifier(), lambda m: m.fit([[1, 2], [3]], [0, 1]), "different lengths, such as 1 and 2"),
    Mistake("ragged labels", series(), lambda m: m.fit(SERIES, WORDS), "different lengths.*for taggers"),
    Mistake("ragged numbers", regressor(), lambda m: m.fit(XR[:3], [[1.0], [1.0, 2.0], [3.0]]), "equally many for all"),
    Mistake("object array of images", images(), lambda m: m.fit(OBJECTS, LABELS), "different shapes.*resize them"),
    Mistake(
        "images with channels first",
        images(),
        lambda m: m.fit(np.ones((8, 3, 24, 32)), LABELS),
        rf"\(3, 24, 32\).*{CHANNELS_FIRST}.*image_shape=\(3, 24, 32\)",
    ),
    Mistake(
        "images with channels first and image_shape",
        images(image_shape=(24, 32, 3)),
        lambda m: m.fit(np.ones((8, 3, 24, 32)), LABELS),
        CHANNELS_FIRST,
    ),
    Mistake(
        "predicted images with channels first",
        images(),
        lambda m: m.fit(np.ones((8, 5, 6, 3)), LABELS).predict(np.ones((8, 3, 5, 6))),
        CHANNELS_FIRST,
    ),
    Mistake(
        "predicted series with channels first",
        series(),
        lambda m: m.fit(np.ones((8, 20, 3)), LABELS).predict(np.ones((8, 3, 20))),
        CHANNELS_FIRST,
    ),
    Mistake(
        "series of unequal lengths with channels first",
        series(),
        lambda m: m.fit([one.T for one in SERIES], LABELS),
        CHANNELS_FIRST,
    ),
    Mistake(
        "complex X_val", classifier(), lambda m: m.fit(XC, YC, X_val=XC * 1j, y_val=YC), "Complex data not supported"
    ),
    Mistake(
        "labels that are called X",
        classifier(),
        lambda m: m.fit(XC, YC, X_val=XC, y_val=["X", "y", "z"] * 25),
        r"y_val.*y has labels.*\['X', 'y', 'z'\]",
    ),
]


TEXTS = ["hello you", "world"] * 4
WITHOUT_FIRST = [None, *SERIES[1:]]
MISSING = "TabularMLPClassifier, TabularMLPRegressor and DiffusionModel take tables with missing values"
LANGUAGE = LanguageModel(d_model=4, n_heads=2, feedforward_size=4, max_iter=1)
POINTERS += [
    Mistake(
        "unknown class in y_val",
        classifier(),
        lambda m: m.fit(XC, YC, X_val=XC, y_val=["rose"] * 75),
        "In the validation data.*Begin with samples of all classes",
    ),
    Mistake(
        "other classes under warm_start",
        classifier(warm_start=True),
        lambda m: m.fit(XC, YC).fit(XC, ["rose"] * 75),
        r"\['rose'\].*fit a clone or set warm_start=False",
    ),
    Mistake("several prompts", LANGUAGE, lambda m: m.fit(TEXTS).generate(["hello", "you"]), "list of 2 elements.*each"),
    Mistake("a number as prompt", LANGUAGE, lambda m: m.fit(TEXTS).generate(5), r"generate\(n_tokens=5\)", TypeError),
    Mistake(
        "texts for a dense encoder",
        SequenceToSequence(encoder="dense", max_iter=1),
        lambda m: m.fit(TEXTS, TEXTS),
        'X is texts, such as .hello you.*Set encoder="rnn"',
    ),
]


POINTERS += [
    Mistake(
        "NaN", classifier(), lambda m: m.fit(changed(XC, np.nan), YC), f"column 1 of row 3, and 1 in all.*{MISSING}"
    ),
    Mistake(
        "NaN in a frame",
        regressor(),
        lambda m: m.fit(pd.DataFrame(changed(XR, np.nan), columns=list("abcdefghij")), YR),
        f"column 'b' of row 3.*{MISSING}",
    ),
    Mistake(
        "NaN in a sparse matrix",
        classifier(),
        lambda m: m.fit(sparse.csr_array(changed(XC, np.nan)), YC),
        f"column 1 of row 3.*{MISSING}",
    ),
    Mistake(
        "None among numbers", classifier(), lambda m: m.fit(changed(XC.astype(object), None), YC), "column 1 of row 3"
    ),
    Mistake("NaN in an image", images(), lambda m: m.fit(changed(IMAGES, np.nan), LABELS), "NaN: in sample 3"),
    Mistake(
        "predicted NaN", classifier(), lambda m: m.fit(XC, YC).predict(changed(XC, np.nan)), "takes no missing values"
    ),
    Mistake(
        "NaN in patterns",
        HopfieldNetwork(),
        lambda m: m.fit([[1.0, 0], [0, np.nan]]),
        f"column 1 of row 1.*HopfieldNetwork takes no.*{MISSING}",
    ),
    Mistake("None for a series", series(), lambda m: m.fit(WITHOUT_FIRST, LABELS), r"X\[0\] is None.*leave it out"),
    Mistake(
        "None for a series in pandas",
        series(),
        lambda m: m.fit(pd.Series([SERIES[0], None] * 4), LABELS),
        r"X\[1\] is None.*leave it out",
    ),
    Mistake(
        "None for an image", images(), lambda m: m.fit([IMAGES[0], None] * 4, LABELS), r"X\[1\] is None.*leave it out"
    ),
    Mistake(
        "None for a text", LANGUAGE, lambda m: m.fit(["hello", None]), r"X\[1\] is None.*If it is missing, leave it out"
    ),
    Mistake("empty text", LANGUAGE, lambda m: m.fit(["hello", ""]), r"X\[1\] has no tokens; leave it out"),
    Mistake(
        "None for a token",
        series(vocabulary_size=4),
        lambda m: m.fit([[1, None], [2, 3]] * 4, LABELS),
        r"X\[0\]\[1\] is None, of type NoneType",
    ),
    Mistake(
        "y_val without y",
        DiffusionModel(),
        lambda m: m.fit(XC, X_val=XC, y_val=LABELS),
        "^y_val is given, but y is not",
    ),
    Mistake(
        "X_val alone", DiffusionModel(), lambda m: m.fit(XR, YR, X_val=XR), "^X_val and y_val must be given together"
    ),
]

GRAPH = Graph.from_edges([(0, 1), (1, 2)])
NODES = GraphNodes.from_edges([(0, 1), (1, 2)])
GREY = np.ones((8, 6, 5))
NO_COLLECTION = "it must be an array, a data frame or a list"
POINTERS += [
    *(
        Mistake(f"X is {X!r:.12}", classifier(), lambda m, X=X: m.fit(X, YC), f"^X is .*{NO_COLLECTION}", TypeError)
        for X in (None, "data.csv", {"a": [1.0]}, 5, iter([1.0]), GRAPH)
    ),
    *(
        Mistake(f"y is {y!r:.12}", classifier(), lambda m, y=y: m.fit(XC, y), f"^y is .*{NO_COLLECTION}", TypeError)
        for y in ("species", {"a": [1.0]}, 5, iter([1.0]))
    ),
    *(
        Mistake(f"empty X {model!r:.12}", model, lambda m: m.fit([], []), r"^X is empty: it has 0 sample\(s\)")
        for model in (classifier(), images(), series(), GNNGraphClassifier(), GNNNodeClassifier(), DiffusionModel())
    ),
    Mistake(
        "rows as dictionaries",
        classifier(),
        lambda m: m.fit([{"a": 1}] * 8, LABELS),
        "type dict.*rows of numbers",
        TypeError,
    ),
    Mistake(
        "rows as texts", classifier(), lambda m: m.fit(["a", "b"] * 4, LABELS), "type str, such as 'a'.*rows of numbers"
    ),
    Mistake(
        "texts for a regressor",
        regressor(),
        lambda m: m.fit(XR[:8], ["a", "b"] * 4),
        "'a'.*predicts numbers.*classifier",
    ),
    Mistake(
        "times for a regressor",
        regressor(),
        lambda m: m.fit(XR[:8], np.arange(8).astype("M8[D]")),
        "datetime64.*Convert y",
    ),
    Mistake(
        "labels of two types",
        classifier(),
        lambda m: m.fit(XC[:8], np.array(["a", 1] * 4, dtype=object)),
        "'a' of type str and 1 of type int",
    ),
    Mistake(
        "integers as objects",
        classifier(),
        lambda m: m.fit(XC[:8], LABELS.astype(object)),
        r"numbers in an array of dtype object.*y.astype\(int\)",
    ),
    Mistake(
        "sample_weight as class_weight",
        classifier(),
        lambda m: m.fit(XC, YC, "balanced"),
        "^sample_weight is 'balanced'.*class_weight",
        TypeError,
    ),
    Mistake(
        "weights by class",
        series(),
        lambda m: m.fit(SERIES, LABELS, {0: 1.0, 1: 2.0}),
        "^sample_weight is {0: 1.0.*class_weight",
        TypeError,
    ),
    Mistake(
        "class_weight as a list",
        classifier(class_weight=[1, 2, 3]),
        lambda m: m.fit(XC, YC),
        "is a list.*Give a dictionary.*setosa",
    ),
    Mistake("one grey image", images(), lambda m: m.fit(GREY, LABELS).predict(GREY[0]), r"\(6, 5\).*X\[np.newaxis\]"),
    Mistake(
        "one series",
        series(),
        lambda m: m.fit(np.ones((8, 9, 3)), LABELS).predict(np.ones((9, 3))),
        r"a single one is \[X\]\.$",
    ),
    Mistake(
        "graphs for an estimator of nodes",
        GNNNodeClassifier(),
        lambda m: m.fit([GRAPH] * 8, LABELS),
        "pass GraphNodes.*use GNNGraphClassifier",
        TypeError,
    ),
    Mistake(
        "nodes for an estimator of graphs",
        GNNGraphClassifier(),
        lambda m: m.fit(NODES, [0, 1, 0]),
        "use GNNNodeClassifier or GNNNodeRegressor",
    ),
    Mistake(
        "adjacency as X",
        GNNNodeClassifier(),
        lambda m: m.fit(NODES.adjacency, [0, 1, 0]),
        r"GraphNodes\(features, adjacency\)",
        TypeError,
    ),
    Mistake(
        "labels for a model of sequences",
        SequenceToSequence(),
        lambda m: m.fit(TEXTS, LABELS),
        r"y\[0\] is 0, of type int; texts are all str, or all lists of str.$",
    ),
]


@each(HINTS + POINTERS)
def test_the_message_points_at_what_was_meant(mistake):
    with pytest.raises(mistake.error, match=mistake.message):
        mistake.call(clone(mistake.estimator))


def test_images_in_an_object_array_are_images():
    objects = np.empty(8, dtype=object)
    objects[:] = list(IMAGES)
    assert images().fit(objects, LABELS).image_shape_ == (6, 5, 1)


def test_warnings_about_validation_data_name_it():
    model = SequenceToSequence(max_iter=1, vocabulary_size=None, random_state=0)
    with pytest.warns(UserWarning, match=r"^In the validation data.*y has 1 tokens that were not"):
        model.fit(TEXTS, TEXTS, X_val=TEXTS[:1], y_val=["z"])


SPLINES = KANRegressor(max_iter=1, hidden_layer_sizes=1)
PLOTS = {
    "GraphDisplay": lambda: GraphDisplay(graph=Graph.from_edges([(0, 1)])).plot(),
    "SamplesDisplay": lambda: SamplesDisplay(samples=IMAGES).plot(),
    "KANEdgeDisplay": lambda: KANEdgeDisplay.from_estimator(clone(SPLINES).fit(XR, YR), 0, 0, 0),
    "LearningCurveDisplay": lambda: LearningCurveDisplay.from_estimator(clone(SPLINES).fit(XR, YR)),
    "KANRegressor.plot": lambda: clone(SPLINES).fit(XR, YR).plot(),
    "KernelsDisplay": lambda: KernelsDisplay.from_estimator(images().fit(IMAGES, LABELS)),
    "FeatureMapsDisplay": lambda: FeatureMapsDisplay.from_estimator(images().fit(IMAGES, LABELS), IMAGES[0]),
}


@pytest.mark.parametrize("plot", PLOTS.values(), ids=PLOTS.keys())
def test_plots_without_matplotlib_say_what_to_install(plot, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skneural\[plot\]'"):
        plot()


def test_formulas_without_sympy_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    model = clone(SPLINES).fit(XR, YR)
    with pytest.raises(ImportError, match=r'pip install "skneural\[symbolic\]"'):
        model.symbolic_formula()
