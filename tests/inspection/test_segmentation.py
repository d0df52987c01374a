"""Drawings of predictions for each pixel."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skneural import ImageRegressor, ImageSegmenter
from skneural.inspection import SegmentationDisplay

pyplot = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(0)
Y = RNG.choice(["cell", "wall"], (6, 8, 8))
X = (Y == "wall") + 0.1 * RNG.standard_normal(Y.shape)
SMALL = {"channels": (2, 4), "max_iter": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def panels(display):
    """The drawn arrays, by row, with NaN where nothing is drawn."""
    return [[np.ma.filled(ax.images[0].get_array().astype(float), np.nan) for ax in row] for row in display.axes_]


@pytest.fixture(scope="module")
def segmenter():
    return ImageSegmenter(**SMALL).fit(X, Y)


@pytest.mark.parametrize("form", [np.asarray, list], ids=["array", "list"])
def test_each_row_has_an_image_its_prediction_its_labels_and_their_difference(segmenter, form):
    rows = panels(SegmentationDisplay.from_estimator(segmenter, form(X), form(Y), max_images=3))
    assert len(rows) == 3
    for row, predicted, true in zip(rows, segmenter.predict(X), Y, strict=False):
        np.testing.assert_array_equal(row[1], predicted == "wall")
        np.testing.assert_array_equal(row[2], true == "wall")
        np.testing.assert_array_equal(row[3], predicted != true)


def test_without_labels_there_are_two_columns(segmenter):
    figure, ax = pyplot.subplots()
    display = SegmentationDisplay.from_estimator(segmenter, X[:2], ax=ax)
    assert display.figure_ is figure
    assert [len(row) for row in panels(display)] == [2, 2]
    names = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert names == ["cell", "wall"]


def test_pixels_without_a_label_are_left_out():
    y = (Y == "wall") * 1
    y[0, :3] = -1
    model = ImageSegmenter(**SMALL).fit(X, y)
    (row, *_) = panels(SegmentationDisplay.from_estimator(model, X, y))
    assert np.isnan(row[2][:3]).all()
    assert not row[3][:3].any()


def test_rows_of_pixels_are_drawn_as_images():
    model = ImageSegmenter(**SMALL).fit(X.reshape(6, -1), Y.reshape(6, -1))
    (row, *_) = panels(SegmentationDisplay.from_estimator(model, X.reshape(6, -1), Y.reshape(6, -1)))
    assert [part.shape for part in row] == [(8, 8)] * 4


def test_numbers_are_drawn_with_signed_differences():
    images = np.stack([X, -X, X], axis=-1)
    targets = np.stack([X, -X], axis=-1)
    model = ImageRegressor(**SMALL).fit(images, targets)
    (row, *_) = panels(SegmentationDisplay.from_estimator(model, images, targets))
    expected = model.predict(images)[0]
    np.testing.assert_allclose(row[1], expected[..., 0])
    np.testing.assert_allclose(row[3], expected[..., 0] - X[0], atol=1e-12)


def test_it_must_be_fitted():
    with pytest.raises(NotFittedError):
        SegmentationDisplay.from_estimator(ImageSegmenter(), X)
