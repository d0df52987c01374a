"""Images as X, and what the estimators of images promise beyond the contract."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skneural import CNNClassifier, CNNRegressor
from skneural.data import Rows
from skneural.data.statistics import channel_moments
from skneural.readers import images as image_input

# Training starts at the best constant: few steps must be large to leave it.
SMALL = {"channels": (4, 6), "hidden_layer_sizes": 8, "max_iter": 4, "learning_rate_init": 0.005, "random_state": 0}
ARCHITECTURES = ["lenet", "alexnet", "vgg", "inception", "resnet"]


def digits(n=120):
    """Grey images of 8 x 8 pixels from 0 to 16."""
    return load_digits().images[:n], load_digits().target[:n]


def colours(n=40, shape=(6, 7, 3), dtype=np.float32):
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (n, *shape)).astype(dtype), rng.integers(0, 3, n)


# Forms of X


@pytest.mark.parametrize(
    ("layout", "image_shape"),
    [
        (lambda X: X, "auto"),
        (lambda X: X[..., np.newaxis], "auto"),
        (lambda X: X.reshape(len(X), -1), "auto"),
        (lambda X: X.reshape(len(X), -1), (8, 8)),
        (lambda X: X.reshape(len(X), -1).tolist(), [8, 8, 1]),
        (lambda X: X.tolist(), "auto"),
    ],
    ids=["grey", "one channel", "rows", "rows and shape", "lists", "nested lists"],
)
def test_layouts_of_the_same_images_give_the_same_model(layout, image_shape):
    X, y = digits()
    expected = CNNClassifier(**SMALL).fit(X, y).predict_proba(X)
    model = CNNClassifier(image_shape=image_shape, **SMALL).fit(layout(X), y)
    assert (model.image_shape_, model.n_features_in_) == ((8, 8, 1), 64)
    np.testing.assert_array_equal(model.predict_proba(layout(X)), expected)
    np.testing.assert_array_equal(model.predict_proba(X), expected)  # whatever it was fitted on


def test_rows_of_coloured_images():
    X, y = colours()
    model = CNNClassifier(image_shape=(6, 7, 3), **SMALL).fit(X.reshape(40, -1), y)
    np.testing.assert_array_equal(model.predict_proba(X), CNNClassifier(**SMALL).fit(X, y).predict_proba(X))


@pytest.mark.parametrize(("n_features", "shape"), [(1, (1, 1, 1)), (4, (2, 2, 1)), (7, (1, 7, 1)), (49, (7, 7, 1))])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_any_number_of_features_makes_an_image(n_features, shape, architecture):
    X, y = np.random.default_rng(0).standard_normal((30, n_features)), np.arange(30) % 2
    model = CNNClassifier(architecture=architecture, batch_norm=True, **SMALL).fit(X, y)
    assert model.image_shape_ == shape
    assert model.predict(X).shape == (30,)


def test_pixels_of_any_range_and_type_give_the_same_model():
    X, y = digits()
    expected = CNNClassifier(**SMALL).fit(X, y).predict_proba(X)
    for other in ((X * 15).astype(np.uint8), X / 16, 255 - 15 * X[:, ::1]):
        if other.dtype == np.uint8 or other.max() <= 1:
            np.testing.assert_allclose(CNNClassifier(**SMALL).fit(other, y).predict_proba(other), expected, atol=1e-3)
    raw = CNNClassifier(standardize=False, **SMALL)
    assert not np.allclose(raw.fit(X / 16, y).predict_proba(X / 16), expected, atol=1e-2)


def test_moments_of_channels():
    X, _ = colours()
    weight = np.random.default_rng(1).integers(0, 4, len(X)).astype(float)
    moments = channel_moments(Rows(X), None)
    mean, scale = moments.mean, moments.scale
    np.testing.assert_allclose(mean, X.mean(axis=(0, 1, 2), dtype=float), rtol=1e-6)
    np.testing.assert_allclose(scale, X.std(axis=(0, 1, 2), dtype=float), rtol=1e-6)
    repeated = np.repeat(X, weight.astype(int), axis=0)
    weighted, plain = channel_moments(Rows(X), weight), channel_moments(Rows(repeated), None)
    np.testing.assert_allclose([weighted.mean, weighted.scale], [plain.mean, plain.scale], rtol=1e-10)
    X[..., 1] = 0.1  # a constant has no deviation but rounding
    np.testing.assert_array_equal(channel_moments(Rows(X), None).scale[1], 1.0)


# In scikit-learn's company


def test_pipelines_and_searches_take_images():
    X, y = colours(30)
    pipeline = make_pipeline(FunctionTransformer(lambda X: X[:, ::2, ::2]), CNNClassifier(**SMALL))
    search = GridSearchCV(CNNClassifier(**SMALL), {"architecture": ["vgg", "resnet"]}, cv=2, n_jobs=2).fit(X, y)
    assert search.best_estimator_.predict(X).shape == (30,)
    assert pipeline.fit(X, y).predict(X).shape == (30,)


@pytest.mark.parametrize(
    "options",
    [{}, {"batch_norm": True}, {"dropout": 0.3, "augmentation": ("flip", "rotate", "shift", "brightness")}],
    ids=str,
)
def test_threads_change_nothing_but_rounding(options, small_shards):
    X, y = colours(64, dtype=np.float64)
    scores = [CNNRegressor(n_jobs=n, **SMALL, **options).fit(X, y).predict(X) for n in (1, 2, 3)]
    assert set(small_shards) == {2, 3}
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-8)
    np.testing.assert_allclose(scores[2], scores[0], rtol=1e-8)


def test_predictions_do_not_depend_on_blocks(monkeypatch):
    X, y = digits()
    model = CNNClassifier(batch_norm=True, **SMALL).fit(X, y)
    expected = model.decision_function(X)
    for size in (64, 500):
        monkeypatch.setattr(image_input, "IMAGE_VALUES_PER_BLOCK", size)
        for n_jobs in (1, 2):
            np.testing.assert_allclose(model.set_params(n_jobs=n_jobs).decision_function(X), expected, rtol=1e-9)


def test_augmentation_is_for_training_only():
    X, y = digits()
    model = CNNClassifier(augmentation=["flip", "shift"], **SMALL).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    plain = CNNClassifier(**SMALL).fit(X, y)
    assert plain.loss_curve_ != model.loss_curve_
    plain.weights_, plain.buffers_ = model.weights_, model.buffers_
    np.testing.assert_array_equal(plain.predict_proba(X), model.predict_proba(X))


def test_weights_are_repetitions_under_batch_normalization_too():
    X, y = digits(30)
    weight = np.random.default_rng(0).integers(0, 4, 30)
    rows = np.repeat(np.arange(30), weight)
    n_images = np.count_nonzero(weight), len(rows)  # those of one batch, in which repeated images are together
    new = [CNNClassifier(batch_norm=True, batch_size=n, **SMALL) for n in n_images]
    weighted = new[0].fit(X, y, sample_weight=weight)
    repeated = new[1].fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6)


@pytest.mark.parametrize("kind", [CNNClassifier, CNNRegressor])
def test_chunks_are_learned_at_a_constant_rate(kind):
    X, y = digits()
    classes = {} if kind is CNNRegressor else {"classes": range(10)}
    default, constant = kind(**SMALL), kind(learning_rate="constant", **SMALL)
    for model in (default, constant):
        for chunk in (slice(0, 16), slice(16, 32)):  # of one batch, which would be the end of a cycle: a rate of zero
            model.partial_fit(X[chunk], y[chunk], **classes)
    np.testing.assert_array_equal(default.weights_, constant.weights_)


# Looking inside


def test_feature_maps_lead_to_the_prediction():
    X, y = colours()
    model = CNNClassifier(architecture="resnet", **SMALL).fit(X, y)
    maps = model.feature_maps(X)
    assert maps["convolution_1"].shape == (40, 6, 7, 4)
    last = list(maps.values())[-1].mean(axis=(1, 2))
    p = model._parameters()["output"]
    np.testing.assert_allclose(last @ p["weight"] + p["bias"], model.decision_function(X), rtol=1e-4, atol=1e-5)
    assert set(maps) == set(model.receptive_field())


def test_receptive_fields_grow():
    X, y = digits(40)
    fields = CNNClassifier(**SMALL).fit(X, y).receptive_field()
    assert fields["convolution_1"] == ((3, 3), (1, 1))
    assert fields["pooling_1"] == ((4, 4), (2, 2))
    assert fields["convolution_2"] == ((8, 8), (2, 2))
    assert fields["pooling_2"] == ((10, 10), (4, 4))


# Mistakes


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.zeros((4, 64)), {"image_shape": (8, 9)}, r"image_shape=\(8, 9\) has 72 numbers per image, but X has 64"),
        (
            np.zeros((4, 8, 8)),
            {"image_shape": (8, 9)},
            r"X has images of shape \(8, 8, 1\), but image_shape=\(8, 9\)\.$",
        ),
        (np.zeros((4, 3, 9, 9)), {}, r"3 pixels high, with 9 channels\. .* skneural.*channels_first_to_last\(X\)"),
        (np.zeros((4, 3, 9, 8)), {"image_shape": (9, 8, 3)}, r"Channels come last.*channels_first_to_last\(X\)"),
        (np.zeros((4, 2, 2, 2, 2)), {}, r"images are \(n, height, width, channels\)"),
        (np.full((4, 8, 8), np.nan), {}, "NaN"),
        ([np.zeros((8, 8))] * 3 + [np.zeros((9, 9))], {}, r"different shapes, such as \(8, 8\) and \(9, 9\); resize"),
        (np.zeros((4, 8, 8)), {"channels": ()}, "channels must be int or non-empty sequence of int >= 1"),
        (sparse.csr_array(np.eye(4)), {}, "[Ss]parse"),
        (
            np.zeros((4, 8, 8)),
            {"image_shape": (8, 8), "kernel_size": 9},
            "a kernel of 9 x 9 does not fit into the 8 x 8",
        ),
        (
            np.zeros((4, 64)),
            {"image_shape": (8, 8), "channels": (2,) * 4},
            "a kernel of 3 x 3 does not fit into the 2 x 2",
        ),
        (np.zeros((4, 8, 8)), {"augmentation": ("turn",)}, "augmentation must be sequence of 'flip'"),
        (np.zeros((4, 8, 8)), {"augmentation": "flip"}, "augmentation must be sequence"),
        (np.zeros((4, 8, 8)), {"architecture": "vgg16"}, r"did you mean 'vgg'\?"),
        (np.zeros((4, 8, 8)), {"image_shape": (8,)}, "image_shape must be"),
        (np.zeros((4, 8, 8)), {"channels": 0, "kernel_size": 2.5}, "2 invalid hyper-parameters"),
    ],
)
def test_mistakes_in_fit_are_named(X, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        CNNClassifier(**SMALL | options).fit(X, [0, 1, 0, 1])


def test_an_unlikely_layout_can_be_meant():
    X = np.random.default_rng(0).standard_normal((10, 3, 8, 8))
    model = CNNClassifier(image_shape=(3, 8, 8), **SMALL | {"kernel_size": 1, "channels": 4})
    assert model.fit(X, np.arange(10) % 2).image_shape_ == (3, 8, 8)


@pytest.mark.parametrize("shape", [(8, 7), (9, 9, 1), (8, 8, 3)])
def test_images_of_another_size_are_refused(shape):
    X, y = digits(40)
    model = CNNClassifier(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match=r"but CNNClassifier was fitted on \(8, 8, 1\)"):
        model.predict(np.zeros((2, *shape)))
    with pytest.raises(ValueError, match="X has 63 features, but CNNClassifier is expecting 64 features"):
        model.predict(np.zeros((2, 63)))


def test_near_misses_in_predict_are_recognized():
    X, y = colours(20)
    model = CNNClassifier(**SMALL).fit(X, y)
    with pytest.raises(ValueError, match=r"Channels come last.*channels_first_to_last\(X\)"):
        model.predict(np.moveaxis(X, -1, 1))
    with pytest.raises(ValueError, match=r"A single image is given as X\[np\.newaxis\]"):
        model.predict(X[0])


def test_a_failed_refit_keeps_the_model():
    X, y = digits(40)
    model = CNNClassifier(**SMALL).fit(X, y)
    expected = model.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(np.full((40, 9, 9, 3), np.nan), y)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    assert model.image_shape_ == (8, 8, 1)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_callbacks_are_told_of_the_epochs_that_few_images_take():
    """The default of max_iter stands for more epochs than its number, and callbacks need the most there may be."""
    from sklearn.callback import ScoringMonitor

    X, y = np.random.default_rng(0).standard_normal((40, 8, 8)), np.arange(40) % 2
    model = CNNClassifier(channels=(4,), hidden_layer_sizes=(8,), n_iter_no_change=np.inf, random_state=0)
    model.set_callbacks(ScoringMonitor(scoring="accuracy")).fit(X, y)
    assert 16 < model.n_iter_ <= model._most_epochs()
    assert CNNClassifier(max_iter=20)._most_epochs() == 20
