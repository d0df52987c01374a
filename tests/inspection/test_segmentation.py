"""Drawings of predictions for each pixel."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skneural import ImageRegressor, ImageSegmenter
from skneural.inspection import plot_segmentation

pyplot = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(0)
Y = RNG.choice(["cell", "wall"], (6, 8, 8))
X = (Y == "wall") + 0.1 * RNG.standard_normal(Y.shape)
SMALL = {"channels": (2, 4), "max_iter": 3, "random_state": 0}


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def panels(figure):
    """The drawn arrays, by row, with NaN where nothing is drawn."""
    drawn = [np.ma.filled(ax.images[0].get_array().astype(float), np.nan) for ax in figure.axes]
    n_columns = figure.axes[0].get_gridspec().ncols
    return [drawn[i : i + n_columns] for i in range(0, len(drawn), n_columns)]


@pytest.fixture(scope="module")
def segmenter():
    return ImageSegmenter(**SMALL).fit(X, Y)


@pytest.mark.parametrize("form", [np.asarray, list], ids=["array", "list"])
def test_each_row_has_an_image_its_prediction_its_labels_and_their_difference(segmenter, form):
    rows = panels(plot_segmentation(segmenter, form(X), form(Y), max_images=3))
    assert len(rows) == 3
    for row, predicted, true in zip(rows, segmenter.predict(X), Y, strict=False):
        np.testing.assert_array_equal(row[1], predicted == "wall")
        np.testing.assert_array_equal(row[2], true == "wall")
        np.testing.assert_array_equal(row[3], predicted != true)


def test_without_labels_there_are_two_columns(segmenter):
    figure = pyplot.figure()
    assert plot_segmentation(segmenter, X[:2], figure=figure) is figure
    assert [len(row) for row in panels(figure)] == [2, 2]


def test_pixels_without_a_label_are_left_out():
    y = (Y == "wall") * 1
    y[0, :3] = -1
    model = ImageSegmenter(**SMALL).fit(X, y)
    (row, *_) = panels(plot_segmentation(model, X, y))
    assert np.isnan(row[2][:3]).all()
    assert not row[3][:3].any()


def test_rows_of_pixels_are_drawn_as_images():
    model = ImageSegmenter(**SMALL).fit(X.reshape(6, -1), Y.reshape(6, -1))
    (row, *_) = panels(plot_segmentation(model, X.reshape(6, -1), Y.reshape(6, -1)))
    assert [part.shape for part in row] == [(8, 8)] * 4


def test_numbers_are_drawn_with_signed_differences():
    images = np.stack([X, -X, X], axis=-1)
    targets = np.stack([X, -X], axis=-1)
    model = ImageRegressor(**SMALL).fit(images, targets)
    (row, *_) = panels(plot_segmentation(model, images, targets))
    expected = model.predict(images)[0]
    np.testing.assert_allclose(row[1], expected[..., 0])
    np.testing.assert_allclose(row[3], expected[..., 0] - X[0], atol=1e-12)


def test_it_must_be_fitted():
    with pytest.raises(NotFittedError):
        plot_segmentation(ImageSegmenter(), X)
