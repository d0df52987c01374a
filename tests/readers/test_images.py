"""Images in lists, rows and series: what they are read as, and what is not an image."""

import pathlib
import warnings

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from skneural.readers import ImageOptions, Images, InputSpec, array_of_images

SPEC = InputSpec((np.float32, np.float64), "Model")
PIXELS = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3)).astype(np.uint8)
PICTURES = [PIL.Image.fromarray(pixels) for pixels in PIXELS]


def learned(X, image_shape="auto"):
    reader, _ = Images.learn(X, ImageOptions(image_shape), SPEC)
    return reader


@pytest.mark.parametrize(
    "X",
    [PICTURES, list(PIXELS), pd.Series(PICTURES), pd.Series(list(PIXELS)), PIXELS.tolist()],
    ids=["PIL", "arrays", "series of PIL", "series of arrays", "lists"],
)
def test_lists_and_series_of_images_are_read(X):
    np.testing.assert_array_equal(array_of_images(X), PIXELS)
    assert learned(X).image_shape == [4, 5, 3]


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize("other", [PICTURES[0].resize((7, 4)), PICTURES[0].convert("L")], ids=["size", "grey"])
def test_images_of_different_shapes_are_refused_with_the_way_out(other, as_array):
    X = [*PICTURES, other]
    with pytest.raises(ValueError, match=r"different shapes, such as \(4.*resize them.*image\.convert"):
        array_of_images(list(map(np.asarray, X)) if as_array else X)


NAMES = ["a.png", "b.png"]
LISTS_OF_NAMES = {
    "list": NAMES,
    "paths": [pathlib.Path(name) for name in NAMES],
    "array": np.array(NAMES),
    "StringDType": np.array(NAMES, np.dtypes.StringDType()),
    "series": pd.Series(NAMES),
    "objects": np.array(NAMES, object),
}


@pytest.mark.parametrize("X", LISTS_OF_NAMES.values(), ids=LISTS_OF_NAMES)
def test_names_of_files_are_not_images(X):
    with pytest.raises(ValueError, match=r"X is names, such as 'a\.png', not images.*PIL\.Image\.open"):
        array_of_images(X)


@pytest.mark.parametrize("side", [8, 24, 32])
def test_rows_that_may_be_coloured_images_are_warned_of(side):
    n = 3 * side**2
    with pytest.warns(UserWarning, match=rf"{n} = {side} x {side} x 3: .*set image_shape=\({side}, {side}, 3\)"):
        assert learned(np.zeros((2, n))).image_shape == [1, n, 1]
    assert learned(np.zeros((2, n)), (side, side, 3)).image_shape == [side, side, 3]


@pytest.mark.parametrize("n", [3, 12, 48, 64, 100, 1729, 2304])
def test_other_rows_are_not_warned_of(n):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learned(np.zeros((2, n)))


SCALES = {"bytes": PIXELS, "fractions": PIXELS / 255.0, "standardized": (PIXELS - 128.0) / 64}


@pytest.mark.parametrize("as_rows", [False, True])
@pytest.mark.parametrize("fitted", SCALES)
@pytest.mark.parametrize("given", SCALES)
def test_another_scale_than_in_training_is_warned_of(fitted, given, as_rows):
    fitted_X, X = (SCALES[name].reshape(6, -1) if as_rows else SCALES[name] for name in (fitted, given))
    reader = learned(fitted_X, (4, 5, 3))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reader.read(X, SPEC)
        reader.read(X[:1], SPEC)
        reader.read(np.zeros_like(fitted_X), SPEC)  # black images have any scale
    differ = {fitted, given} == {"bytes", "fractions"}
    assert len(caught) == 2 * differ
    if differ:
        assert ("X * 255" if given == "fractions" else "X / 255") in str(caught[0].message)
