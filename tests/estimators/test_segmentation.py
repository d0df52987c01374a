"""Labels and numbers of pixels: forms of X and y, pixels without targets, scores, augmentation, large images."""

import dataclasses

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, jaccard_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict

from skneural import CNNClassifier, ImageRegressor, ImageSegmenter
from skneural.data import PixelImages
from skneural.estimators.segmentation import reader as module
from skneural.layers import Chain, Context
from skneural.testing.estimator_contract import check_estimator_contract

SMALL = {"channels": (2, 4), "max_iter": 3, "learning_rate_init": 0.01, "random_state": 0}


def squares(n=16, size=8, dtype=np.float64):
    """Noisy images of a square at a random place, with the labels of its pixels."""
    rng = np.random.default_rng(0)
    y = np.zeros((n, size, size), int)
    for labels, (top, left) in zip(y, rng.integers(0, size - 3, (n, 2)), strict=True):
        labels[top : top + 4, left : left + 4] = 1
    return (y + 0.3 * rng.standard_normal(y.shape)).astype(dtype), y


X, Y = squares()


def of_sizes(X, y):
    """The images, cut to several sizes."""
    sizes = np.random.default_rng(1).integers(5, 9, (len(X), 2))
    return tuple(
        [image[:height, :width] for image, (height, width) in zip(part, sizes, strict=True)] for part in (X, y)
    )


@pytest.fixture(scope="module")
def trained():
    return ImageSegmenter(channels=(4, 8), max_iter=30, learning_rate_init=0.02, random_state=0).fit(X, Y)


# Forms of X and y


FORMS = {
    "grey": lambda X: X,
    "one channel": lambda X: X[..., np.newaxis],
    "rows": lambda X: X.reshape(len(X), -1),
    "list": list,
    "nested lists": lambda X: X.tolist(),
    "tuple": lambda X: tuple(image[..., np.newaxis] for image in X),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("estimator", [ImageSegmenter, ImageRegressor])
def test_layouts_of_the_same_images_give_the_same_model(estimator, form):
    brief = SMALL | {"max_iter": 1}
    expected = estimator(**brief).fit(X, Y).predict(X)
    for targets in (list(Y), Y.reshape(len(Y), -1)):
        predicted = estimator(**brief).fit(form(X), targets).predict(form(X))
        np.testing.assert_array_equal(np.reshape(predicted, Y.shape), expected)
    assert isinstance(predicted, list) == (form in (FORMS["list"], FORMS["tuple"]))
    assert np.shape(predicted) == ((len(X), 64) if form is FORMS["rows"] else X.shape)


def test_each_image_is_predicted_as_if_it_were_alone():
    images, labels = of_sizes(X, Y)
    model = ImageSegmenter(**SMALL).fit(images, labels)
    together = model.predict_proba(images)
    for image, probabilities in zip(images, together, strict=True):
        assert probabilities.shape == (*image.shape, 2)
        np.testing.assert_allclose(model.predict_proba(image[np.newaxis])[0], probabilities, rtol=1e-9)
    np.testing.assert_allclose(np.concatenate([each.reshape(-1, 2).sum(axis=1) for each in together]), 1)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [(ImageSegmenter(**SMALL), X, Y), (ImageRegressor(**SMALL), list(X), list(1.0 * Y))],
    ids=["labels, array", "numbers, list"],
)
def test_contract(model, X, y):
    check_estimator_contract(model, X, y)


def test_several_numbers_for_each_pixel():
    y = np.stack([Y, -2.0 * Y + 7, X], axis=-1)
    images, targets = of_sizes(X, y)
    model = ImageRegressor(**SMALL).fit(images, targets)
    assert [part.shape for part in model.predict(images)] == [part.shape for part in targets]
    flat = [np.concatenate([part.reshape(-1, 3) for part in each]) for each in (targets, model.predict(images))]
    assert model.score(images, targets) == pytest.approx(r2_score(*flat))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (X, Y[:, :7], r"Image 0 has 8 x 8 pixels, but y\[0\] has shape \(7, 8\)"),
        (list(X), [*Y[:-1], Y[-1][:5]], r"Image 15 has 8 x 8 pixels, but y\[15\] has shape \(5, 8\)"),
        (X, Y[:, 0, 0], r"y\[0\] has shape \(\); y must have a target for each pixel"),
        (X, np.eye(2)[Y], r"y has 2 labels for each pixel.*argmax"),
        (X, np.full_like(Y, -1), "All pixels are unlabelled"),
        (X, Y[:-1], "inconsistent numbers of samples"),
        ([X[0], np.stack([X[1]] * 3, axis=-1)], Y[:2], r"X\[1\] has 3 channels, and X\[0\] has 1"),
        ([X[0], np.full((8, 8), np.nan)], Y[:2], r"X\[1\], of shape \(8, 8\), contains NaN"),
        ([X[0], X[1][:0]], Y[:2], r"X\[1\], of shape \(0, 8\), is empty"),
        (["a.png", "b.png"], Y[:2], "names"),
        (np.zeros((4, 3, 8, 8)), np.zeros((4, 3, 8)), "Channels come last"),
    ],
)
def test_mistakes_are_told(X, y, message):
    with pytest.raises(ValueError, match=message):
        ImageSegmenter(**SMALL).fit(X, y)


def test_other_images_than_in_fit_are_told(trained):
    with pytest.raises(ValueError, match="was fitted on images"):
        trained.predict(X[0])
    with pytest.raises(ValueError, match=r"with 3 channels, but ImageSegmenter was fitted on images with 1"):
        trained.predict(np.zeros((2, 8, 8, 3)))


# Pixels without a target


@pytest.mark.parametrize("options", [{}, {"class_weight": "balanced"}, {"class_weight": {0: 1.0, 1: 3.0}}], ids=str)
def test_images_without_labels_might_as_well_be_absent(options):
    """Apart from statistics over all images, and of pixels that are seen in other images."""
    model = ImageSegmenter(**SMALL, **options, batch_norm=False, standardize=False)
    y = Y.copy()
    y[[0, 5]] = -1
    expected = clone(model).set_params(batch_size=len(X) - 2).fit(np.delete(X, [0, 5], 0), np.delete(Y, [0, 5], 0))
    partly = clone(model).set_params(batch_size=len(X)).fit(X, y)
    np.testing.assert_allclose(partly.weights_, expected.weights_, rtol=1e-6, atol=1e-9)
    assert partly.loss_ == pytest.approx(expected.loss_)


def test_labels_of_some_pixels_change_nothing_but_the_loss():
    y = Y.copy()
    y[:, :3] = -1
    partly, whole = (ImageSegmenter(**SMALL).fit(X, labels) for labels in (y, Y))
    assert list(partly.classes_) == [0, 1]
    assert not np.array_equal(partly.weights_, whole.weights_)


def test_pixels_without_a_number_do_not_train():
    y = X.copy()
    y[:, 2:4] = np.nan
    model = ImageRegressor(**SMALL).fit(X, y)
    assert model.y_mean_[0] == pytest.approx(np.nanmean(y))
    predicted, known = model.predict(X), ~np.isnan(y)
    assert model.score(X, y) == pytest.approx(r2_score(y[known], predicted[known]))
    with pytest.raises(ValueError, match="All numbers of y are missing"):
        ImageRegressor(**SMALL).fit(X, np.full_like(y, np.nan))


# Scores


def test_scores_are_those_of_scikit_learn_over_all_labelled_pixels(trained):
    images, labels = of_sizes(X, np.where(np.random.default_rng(2).random(Y.shape) < 0.2, -1, Y))
    weight = np.random.default_rng(3).uniform(0, 2, len(images))
    flat = [np.concatenate([np.ravel(part) for part in each]) for each in (labels, trained.predict(images))]
    of_pixels = np.repeat(weight, [part.size for part in labels])
    labelled = flat[0] >= 0
    true, predicted, of_pixels = flat[0][labelled], flat[1][labelled], of_pixels[labelled]
    expected = jaccard_score(true, predicted, average="macro", sample_weight=of_pixels)
    assert trained.score(images, labels, weight) == pytest.approx(expected)
    expected = accuracy_score(true, predicted, sample_weight=of_pixels)
    assert trained.pixel_accuracy(images, labels, weight) == pytest.approx(expected)
    with pytest.raises(ValueError, match="No pixel of y has a label"):
        trained.score(X, np.full_like(Y, -1))


def test_a_square_is_found(trained):
    assert trained.score(X, Y) > 0.9
    assert trained.score(X, 1 - Y) < 0.1


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "neg_log_loss", "roc_auc"])
def test_scorers_see_labelled_pixels_only(scoring):
    images, labels = of_sizes(X, np.where(np.random.default_rng(2).random(Y.shape) < 0.2, -1, Y))
    model = ImageSegmenter(**SMALL | {"max_iter": 1}, scoring=scoring)
    model.fit(images, labels, X_val=images[:9], y_val=labels[:9])
    if scoring == "accuracy":
        assert model.validation_scores_[0] == pytest.approx(model.pixel_accuracy(images[:9], labels[:9]))
    assert np.isfinite(model.validation_scores_).all()


def test_searches_and_cross_validation():
    search = GridSearchCV(ImageSegmenter(**SMALL), {"batch_norm": [True, False]}, cv=2).fit(X, Y)
    assert 0 <= search.best_score_ <= 1
    assert cross_val_predict(ImageSegmenter(**SMALL), X, Y, cv=2).shape == Y.shape


# Augmentation


def test_moved_images_train_with_moved_labels():
    """Only the left half of each image is dark, and labelled: with moves of labels it is learned in any direction."""
    rng = np.random.default_rng(0)
    y = np.repeat((np.arange(8) < 4)[np.newaxis, np.newaxis], 8, axis=1).repeat(24, axis=0).astype(int)
    images = y + 0.1 * rng.standard_normal(y.shape)
    options = {"channels": (4,), "max_iter": 20, "learning_rate_init": 0.05, "random_state": 0}
    model = ImageSegmenter(augmentation=("flip", "rotate", "shift", "brightness"), **options).fit(images, y)
    turned = np.rot90(images, axes=(1, 2))
    assert model.score(turned, np.rot90(y, axes=(1, 2))) > 0.9


def test_held_out_images_are_not_changed():
    drawn = ImageSegmenter(**SMALL, augmentation=("flip", "rotate", "shift")).fit(X, Y, X_val=X, y_val=Y)
    x = PixelImages(X[..., np.newaxis], 2)
    raw = drawn._raw(x)
    loss = drawn._task.loss()[0].value(Y.reshape(-1, 1).astype(float), raw)
    assert -drawn.validation_scores_[-1] == pytest.approx(loss)


def test_classifiers_take_every_augmentation():
    options = {"channels": 2, "hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0}
    plain = CNNClassifier(**options).fit(X, Y[:, 4, 4])
    for name in ("flip", "rotate", "shift", "brightness"):
        changed = CNNClassifier(**options, augmentation=(name,)).fit(X, Y[:, 4, 4])
        assert not np.array_equal(changed.weights_, plain.weights_)


# Large images


def test_blocks_and_parts_change_nothing(trained, monkeypatch):
    """Neither the images that are predicted at once, nor the parts into which a large one is divided."""
    large = np.random.default_rng(0).standard_normal((2, 70, 90))
    expected = trained.decision_function(large)
    monkeypatch.setattr(module, "PIXELS_PER_BLOCK", 1)
    np.testing.assert_allclose(trained.decision_function(large), expected, rtol=1e-9, atol=1e-9)
    network = trained.network_
    parts = dataclasses.replace(network["pixels"], tile=16)
    divided = Chain(**dict(network.parts) | {"pixels": parts})
    x = trained._read(large).as_batch()
    raw = divided.predict(trained._parameters(), x[0], Context(batch=x[1]))
    np.testing.assert_allclose(raw[:, 0], expected.ravel(), rtol=1e-9, atol=1e-9)


def test_bytes_are_trained_on_as_they_are():
    pixels = np.round(255 * (X - X.min()) / np.ptp(X)).astype(np.uint8)
    model = ImageSegmenter(**SMALL).fit(pixels, Y)
    as_floats = ImageSegmenter(**SMALL).fit(pixels.astype(np.float32), Y)
    np.testing.assert_array_equal(model.weights_, as_floats.weights_)
    assert model.weights_.dtype == np.float32
