"""Hints in messages at what was probably meant: texts, channels first, names of other libraries."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skneural import LanguageModel, SequenceToSequence
from tests.estimators.mistakes import (
    IMAGES,
    LABELS,
    SERIES,
    XC,
    XR,
    YC,
    Mistake,
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


@each(HINTS + POINTERS)
def test_the_message_points_at_what_was_meant(mistake):
    with pytest.raises(mistake.error, match=mistake.message):
        mistake.call(clone(mistake.estimator))


def test_images_in_an_object_array_are_images():
    objects = np.empty(8, dtype=object)
    objects[:] = list(IMAGES)
    assert images().fit(objects, LABELS).image_shape_ == (6, 5, 1)
