"""scikit-learn's own checks: every estimator, with default parameters, no expected failures.

Networks for tables, images, series and whole graphs and those of splines are smaller here, and train briefly;
``pytest -m slow`` takes their defaults, and other solvers, cells and settings of each family. What has targets of steps
or pixels, what takes texts or pairs of nodes, what writes sequences and what forecasts are left to `skneural.testing`,
but for the checks that fit nothing: scikit-learn's have no texts, no graphs, and one label or number for each sample.
"""

import functools

import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import parametrize_with_checks

import skneural
from skneural import (
    Autoencoder,
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    DiffusionModel,
    GNNGraphClassifier,
    GNNGraphRegressor,
    GNNLinkPredictor,
    GNNNodeClassifier,
    GNNNodeRegressor,
    HopfieldNetwork,
    KANClassifier,
    KANRegressor,
    LanguageModel,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
    PerceptronClassifier,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RocketSequenceClassifier,
    RocketSequenceRegressor,
    SequenceToSequence,
    SeriesForecaster,
    TabularMLPClassifier,
    TabularMLPRegressor,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
)
from skneural.preprocessing import TokenEncoder
from tests.estimators.cases import (
    ESTIMATORS,
    OF_ELEMENTS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
)
from tests.estimators.networks import of_images, of_series, two_layers, wide_and_deep

# Checks that ask for a score. For all others, two epochs are enough.
CHECKS_OF_SCORES = {"check_classifiers_train", "check_regressors_train", "check_classifiers_classes"}
# As few epochs as reach the scores that some checks ask for, with a margin.
CLASSIFIER = {"max_iter": 10, "learning_rate_init": 0.03}
REGRESSOR = {"max_iter": 20, "learning_rate_init": 0.03}
SMALL_IMAGES = {"channels": (8, 16), "hidden_layer_sizes": 32}
SMALL_SERIES = {"channels": (16, 16)}
SMALL_GRAPHS = {"hidden_layer_sizes": (16,)}
SMALL_RECURRENT = {"hidden_size": 16}
SMALL_TRANSFORMER = {"d_model": 16, "feedforward_size": 16, "n_layers": 1}
SMALL_ROCKET = {"n_kernels": 500}
SMALL_MAMBA = {"d_model": 8, "state_size": 4, "n_layers": 1}
SMALL_DIFFUSION = {"hidden_layer_sizes": (16,), "max_iter": 20}
SMALL_TABULAR = {"hidden_layer_sizes": (32,), "n_members": 2, "max_iter": 15}
SMALL_MLP = {"hidden_layer_sizes": 20, "dropout": 0, "batch_norm": False, "max_iter": 20}
SMALL = [
    DiffusionModel(**SMALL_DIFFUSION),
    TabularMLPClassifier(**SMALL_TABULAR),
    TabularMLPRegressor(**SMALL_TABULAR),
    GNNGraphClassifier(**CLASSIFIER, **SMALL_GRAPHS),
    GNNGraphRegressor(**REGRESSOR, **SMALL_GRAPHS, pooling="mean"),
    KANClassifier(**CLASSIFIER),
    KANRegressor(**REGRESSOR | {"max_iter": 30}),
    CNNClassifier(**REGRESSOR | {"learning_rate_init": 0.01}, **SMALL_IMAGES),
    CNNRegressor(**REGRESSOR, **SMALL_IMAGES),
    CNNSequenceClassifier(**CLASSIFIER, **SMALL_SERIES),
    CNNSequenceRegressor(**REGRESSOR, **SMALL_SERIES),
    RNNSequenceClassifier(**CLASSIFIER, **SMALL_RECURRENT),
    RNNSequenceRegressor(**REGRESSOR | {"max_iter": 40}, **SMALL_RECURRENT),
    RocketSequenceClassifier(**SMALL_ROCKET),
    RocketSequenceRegressor(**SMALL_ROCKET),
    TransformerSequenceClassifier(**CLASSIFIER, **SMALL_TRANSFORMER),
    TransformerSequenceRegressor(**REGRESSOR, **SMALL_TRANSFORMER),
    MambaSequenceClassifier(**CLASSIFIER, **SMALL_MAMBA),
    MambaSequenceRegressor(pooling="last", **REGRESSOR | {"max_iter": 40}, **SMALL_MAMBA | {"n_layers": 2}),
]
WITH_ELEMENTS = {kind.__name__ for kind in OF_ELEMENTS}
WITH_TEXTS = {type(case.estimator).__name__ for case in (OF_TEXTS | OF_PAIRS | OF_LONG_SERIES).values()} | {
    "SequenceToSequence"
}
OF_USERS = [NetworkClassifier(two_layers), NetworkRegressor(two_layers)]
SLOW = [getattr(skneural, type(model).__name__)() for model in SMALL] + OF_USERS
QUICK = sorted(
    set(skneural.estimators.__all__) - WITH_ELEMENTS - WITH_TEXTS - {type(model).__name__ for model in SMALL + OF_USERS}
)
DEFAULTS = [getattr(skneural, name)() for name in QUICK]
VARIANTS = [
    Autoencoder(1, image_shape="auto", channels=4, max_iter=30),
    Autoencoder(1, variational=True, max_iter=30),
    GNNNodeClassifier(convolution="gat", hidden_layer_sizes=(4,), **REGRESSOR),
    GNNNodeRegressor(convolution="sage", dropout=0, **REGRESSOR),
    DiffusionModel(scaling="quantile", prediction="noise", solver="lbfgs", **SMALL_DIFFUSION),
    HopfieldNetwork("projection", update="synchronous"),
    HopfieldNetwork("modern"),
    KANClassifier(solver="lbfgs", spline_order=1, alpha=0.1, max_iter=20),
    KANRegressor(solver="lbfgs", grid_refinement=(8,), alpha=0.1, max_iter=10),
    MLPClassifier(solver="lbfgs", alpha=0.01, **SMALL_MLP),
    MLPClassifier(solver="sgd", learning_rate_init=0.1, **SMALL_MLP),
    MLPClassifier(solver="adamw", learning_rate_init=0.03, **SMALL_MLP),
    MLPClassifier(residual=True, learning_rate_init=0.03, **SMALL_MLP | {"hidden_layer_sizes": (20, 20)}),
    MLPRegressor(20, solver="lbfgs", max_iter=20),
    PerceptronClassifier(solver="adam", learning_rate_init=0.1, max_iter=50),
    *(
        RNNSequenceClassifier(cell=cell, **CLASSIFIER, **SMALL_RECURRENT)
        for cell in ("lstm", "rnn", "indrnn", "jordan")
    ),
    TransformerSequenceClassifier(positional="learned", pooling="cls", **CLASSIFIER, **SMALL_TRANSFORMER),
    MambaSequenceClassifier(variant="mamba", pooling="attention", **CLASSIFIER, **SMALL_MAMBA),
    TabularMLPClassifier(embedding="piecewise_linear", label_smoothing=0.1, **SMALL_TABULAR | {"n_members": 1}),
    TabularMLPRegressor(embedding=None, **SMALL_TABULAR | {"n_members": 4}),
    RNNSequenceClassifier(bidirectional=True, n_layers=2, pooling="attention", **CLASSIFIER, **SMALL_RECURRENT),
]


def every_check(estimators):
    """All checks of all estimators, as by `parametrize_with_checks`, which makes each name 55 times, in 1 ms each."""
    mark = parametrize_with_checks(estimators).mark
    names, cases = mark.args
    cases = [pytest.param(*case, marks=pytest.mark.slow) if is_contained(case[1]) else case for case in cases]
    return pytest.mark.parametrize(names, cases, ids=functools.cache(mark.kwargs["ids"]))


def is_contained(check):
    """Return True if two others see what this check sees: training on float64, and on arrays that are read-only."""
    return check.func.__name__ in CHECKS_OF_SCORES and check.keywords == {"readonly_memmap": True}


def test_the_table_of_cases_has_every_estimator():
    tabled = {
        type(case.estimator).__name__
        for case in (ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED).values()
    }
    missing = set(skneural.estimators.__all__) - tabled
    assert not missing, f"add a row to ESTIMATORS in tests/estimators/cases.py for {sorted(missing)}"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X is integers and is read as series")  # some checks give integers
@every_check(DEFAULTS)
def test_check_estimator(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X is integers and is read as series")  # some checks give integers
@every_check(SMALL)
def test_check_small_estimator(estimator, check):
    check_small(estimator, check)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X is integers and is read as series")  # some checks give integers
@every_check(VARIANTS)
def test_check_variant(estimator, check):
    check_small(estimator, check)


def every_check_of(models):
    """Parametrize a test by all checks of the models, without the addresses of functions in the names of the cases."""
    pairs = [pair for model in models for pair in estimator_checks.estimator_checks_generator(model)]
    names = [f"{type(model).__name__}-{check.func.__name__}" for model, check in pairs]
    return pytest.mark.parametrize(("estimator", "check"), pairs, ids=names)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@every_check_of(OF_USERS)
def test_check_networks_of_users(estimator, check):
    check_small(estimator, check)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X is integers and is read as series")  # some checks give integers
@every_check_of(
    [
        NetworkClassifier(of_images, kind="images", network__maps=8, **CLASSIFIER),
        NetworkRegressor(of_series, kind="series", network__size=16, **REGRESSOR | {"max_iter": 40}),
        NetworkRegressor(wide_and_deep, solver="lbfgs", max_iter=20),
    ]
)
def test_check_variant_of_networks(estimator, check):
    check_small(estimator, check)


def check_small(estimator, check):
    """Check with few epochs, unless it asks for a score."""
    if check.func.__name__ not in CHECKS_OF_SCORES and "max_iter" in estimator.get_params():
        estimator = clone(estimator).set_params(max_iter=2)
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:X is integers and is read as series")  # some checks give integers
@every_check(SLOW)
def test_check_estimator_with_defaults(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_mixin_order,
        estimator_checks.check_transformer_get_feature_names_out,
    ],
    ids=lambda check: check.__name__,
)
@pytest.mark.parametrize(
    "model",
    [LanguageModel(), SequenceToSequence(), GNNLinkPredictor(), SeriesForecaster(), TokenEncoder()],
    ids=lambda model: type(model).__name__,
)
def test_checks_that_need_no_numbers(model, check):
    check(type(model).__name__, clone(model))
