import matplotlib as mpl
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from skneural import CNNClassifier, CNNRegressor
from skneural.inspection import FeatureMapsDisplay, KernelsDisplay, occlusion_map, saliency_map

mpl.use("Agg")
import matplotlib.pyplot as plt

SMALL = {"channels": (4, 6), "hidden_layer_sizes": (8,), "max_iter": 30, "learning_rate_init": 0.01, "random_state": 0}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def spots(n=120, channels=1, dtype=np.float64):
    """Noise with a bright square in the upper left (class "left") or the lower right corner (class "right")."""
    rng = np.random.default_rng(0)
    X, y = rng.uniform(0, 1, (n, 10, 10, channels)).astype(dtype), rng.integers(0, 2, n)
    X[y == 0, 1:4, 1:4] += 3
    X[y == 1, 6:9, 6:9] += 3
    return X, np.array(["left", "right"])[y]


@pytest.fixture(scope="module")
def model():
    return CNNClassifier(**SMALL).fit(*spots())


def test_occlusion_points_at_what_separates_the_classes(model):
    X, y = spots()
    computed = np.abs(np.mean([occlusion_map(model, image) for image in X[y == "left"][:10]], axis=0))
    assert computed.shape == (10, 10)
    # The absence of the other spot counts too, the noise everywhere else does not.
    corners = computed[:5, :5].sum() + computed[5:, 5:].sum()
    assert corners > 2 * (computed[:5, 5:].sum() + computed[5:, :5].sum())


@pytest.mark.parametrize("standardize", [True, False])
def test_squares_have_the_mean_of_the_training_images_or_of_this_one(standardize):
    X, y = spots(40, channels=2)
    X[..., 1] += 5
    image, size, stride = X[3], 4, 3
    model = CNNClassifier(**SMALL | {"max_iter": 2}, standardize=standardize).fit(X, y)
    fill = X.mean(axis=(0, 1, 2)) if standardize else image.mean(axis=(0, 1))
    total, count = np.zeros((10, 10)), np.zeros((10, 10))
    for i in range(0, 10 - size + 1, stride):
        for j in range(0, 10 - size + 1, stride):
            covered = image.copy()
            covered[i : i + size, j : j + size] = fill
            fall = model.decision_function(image[np.newaxis]) - model.decision_function(covered[np.newaxis])
            total[i : i + size, j : j + size] += fall
            count[i : i + size, j : j + size] += 1
    expected = total[count > 0] / count[count > 0]
    np.testing.assert_allclose(occlusion_map(model, image, size=size, stride=stride)[count > 0], expected, rtol=1e-6)


def test_saliency_is_the_gradient_of_the_score(model):
    X, _ = spots()
    image, step = X[:1], 1e-5
    computed = saliency_map(model, image[0])
    for i, j in ((2, 2), (7, 7), (0, 9)):
        moved = np.zeros_like(image)
        moved[0, i, j, 0] = step
        slope = (model.decision_function(image + moved) - model.decision_function(image - moved)) / (2 * step)
        assert computed[i, j] == pytest.approx(abs(slope[0]), rel=1e-4, abs=1e-8)


def test_pixels_that_no_square_covers_are_nan(model):
    X, _ = spots()
    falls = occlusion_map(model, X[0], size=5, stride=4)
    assert np.isnan(falls[9]).all()
    assert np.isnan(falls[:, 9]).all()
    assert np.isfinite(falls[:9, :9]).all()


def test_a_square_of_the_whole_image_gives_one_number(model):
    X, _ = spots()
    falls = occlusion_map(model, X[0], size=10)
    np.testing.assert_allclose(falls, falls[0, 0])


@pytest.mark.parametrize(
    ("architecture", "stem"),
    [
        ("lenet", "learned"),
        ("alexnet", "learned"),
        ("vgg", "gabor"),
        ("inception", "learned"),
        ("resnet", "wavelet"),
    ],
)
def test_every_architecture_can_be_inspected(architecture, stem):
    X, y = spots(30, channels=3, dtype=np.float32)
    model = CNNClassifier(
        architecture=architecture, stem=stem, batch_norm=True, augmentation=("flip", "shift"), **SMALL
    )
    model.set_params(max_iter=1).fit(X, y)
    assert saliency_map(model, X[0]).shape == (10, 10)
    assert occlusion_map(model, X[0], stride=3).shape == (10, 10)
    assert KernelsDisplay.from_estimator(model).axes_.size
    assert FeatureMapsDisplay.from_estimator(model, X[0], max_maps=3).axes_.shape[1] == 4


def test_several_classes_and_a_target():
    X, _ = spots(60)
    y = np.repeat(["a", "b", "c"], 20)
    model = CNNClassifier(**SMALL).set_params(max_iter=2).fit(X, y)
    maps = {target: saliency_map(model, X[0], target=target) for target in "abc"}
    assert not np.allclose(maps["a"], maps["b"])
    np.testing.assert_array_equal(saliency_map(model, X[0]), maps[model.predict(X[:1])[0]])
    with pytest.raises(ValueError, match=r"target='d' is not among the classes \['a', 'b', 'c'\]"):
        saliency_map(model, X[0], target="d")


def test_a_regressor_has_maps_of_each_output():
    X, _ = spots(40)
    y = np.stack([X[:, :5].mean(axis=(1, 2, 3)), X[:, 5:].mean(axis=(1, 2, 3))], axis=1)
    model = CNNRegressor(**SMALL).set_params(max_iter=2).fit(X, y)
    assert not np.allclose(occlusion_map(model, X[0], target=0), occlusion_map(model, X[0], target=1))


def test_flat_and_grey_images_are_taken_as_in_predict(model):
    X, _ = spots()
    expected = saliency_map(model, X[0])
    np.testing.assert_array_equal(saliency_map(model, X[0, :, :, 0]), expected)
    np.testing.assert_array_equal(saliency_map(model, X[0].ravel()), expected)


def test_mistakes_are_named(model):
    X, _ = spots()
    with pytest.raises(NotFittedError):
        saliency_map(CNNClassifier(), X[0])
    with pytest.raises(ValueError, match=r"images of shape \(5, 5, 1\), but CNNClassifier was fitted on \(10, 10, 1\)"):
        occlusion_map(model, X[0, :5, :5])
    with pytest.raises(ValueError, match="size=11 is not between 1 and the smaller side of the image, 10"):
        occlusion_map(model, X[0], size=11)
