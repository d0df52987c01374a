"""Drawings of samples."""

import numpy as np
import pytest

from skneural import DiffusionModel
from skneural.inspection import SamplesDisplay

pyplot = pytest.importorskip("matplotlib.pyplot")
IMAGES = np.arange(5 * 3 * 4.0).reshape(5, 3, 4)


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


def sheet(ax):
    """The drawn grid of images, and its finite values in order."""
    drawn = np.ma.filled(ax.images[0].get_array(), np.nan)
    return drawn, drawn[np.isfinite(drawn)]


@pytest.mark.parametrize(
    "samples", [IMAGES, IMAGES[..., np.newaxis], IMAGES.reshape(5, 12)], ids=["3-D", "4-D", "rows"]
)
def test_images_stand_in_rows(samples):
    ax = SamplesDisplay(samples=samples, image_shape=(3, 4), n_columns=2).plot().ax_
    drawn, numbers = sheet(ax)
    assert drawn.shape == (3 * (3 + 1), 2 * 4 + 1)
    np.testing.assert_array_equal(np.sort(numbers), IMAGES.ravel())
    np.testing.assert_array_equal(drawn[1:4, 5:9], IMAGES[1])


def test_colours_may_be_integers_or_shares():
    integers = np.random.default_rng(0).integers(0, 256, (4, 3, 3, 3))
    from_integers, from_floats = (
        sheet(SamplesDisplay(samples=images).plot().ax_)[0] for images in (integers, integers / 255)
    )
    np.testing.assert_allclose(from_integers, from_floats)


def test_points_have_the_colours_of_their_classes():
    points = np.random.default_rng(0).normal(size=(6, 2))
    _, axes = pyplot.subplots()
    ax = SamplesDisplay(samples=points, labels=["a", "b", "b", "a", "a", "a"]).plot(axes).ax_
    assert ax is axes
    assert [len(part.get_offsets()) for part in ax.collections] == [4, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert len(SamplesDisplay(samples=points).plot().ax_.collections[0].get_offsets()) == 6


def test_labels_stand_over_images():
    assert [text.get_text() for text in SamplesDisplay(samples=IMAGES, labels=range(5)).plot().ax_.texts] == list(
        "01234"
    )


def test_generated_samples_have_their_conditions_as_labels():
    points = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    model = DiffusionModel(4, n_steps=3, max_iter=1, random_state=0).fit(points, np.arange(20) % 2)
    display = SamplesDisplay.from_estimator(model, 6, y=[0, 1, 1, 1, 0, 1], random_state=0)
    np.testing.assert_array_equal(display.samples, model.sample(6, y=[0, 1, 1, 1, 0, 1], random_state=0))
    assert [len(part.get_offsets()) for part in display.ax_.collections] == [2, 4]


@pytest.mark.parametrize(
    ("samples", "arguments", "message"),
    [
        (np.ones((3, 5)), {}, "pass image_shape"),
        (np.ones((0, 2)), {}, "cannot be drawn"),
        (np.ones((2, 3, 3, 2)), {}, "one or three channels"),
        (np.ones((3, 5)), {"image_shape": (2, 2)}, "needs 4 values"),
        (IMAGES, {"labels": [1, 2]}, "Each of the 5 samples needs a label"),
    ],
)
def test_what_cannot_be_drawn(samples, arguments, message):
    with pytest.raises(ValueError, match=message):
        SamplesDisplay(samples=samples, **arguments).plot()
