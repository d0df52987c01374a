"""Our mirror of scikit-learn's checks: that it holds for our estimators, and that it sees what is broken."""

import itertools

import numpy as np
import pytest
from scipy import sparse

from skneural import (
    CNNClassifier,
    CNNRegressor,
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    MambaSequenceTagger,
    MLPClassifier,
    MLPRegressor,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)
from skneural.testing import estimator_contract
from skneural.testing.estimator_contract import CHECKS, check_estimator_contract
from tests.estimators.cases import (
    every_numeric_class,
    every_numeric_estimator,
    every_sparse_estimator,
    flowers,
    patients,
)


@every_numeric_estimator
def test_dense(case):
    check_estimator_contract(case.estimator, *case.data(np.float64))


@every_numeric_class
def test_single_precision(case):
    check_estimator_contract(case.estimator, *case.data(np.float32))


@every_sparse_estimator
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse(case, dtype):
    X, y = case.data(dtype)
    check_estimator_contract(case.estimator, sparse.csr_array(X), y)


@pytest.mark.parametrize("as_container", [list, lambda X: [list(map(float, row)) for row in X]])
def test_lists(as_container):
    X, y = flowers(np.float32)
    check_estimator_contract(MLPClassifier(4, max_iter=2), as_container(X), list(y))


def test_every_check_is_in_the_list():
    defined = {name for name in vars(estimator_contract) if name.startswith("check_")}
    assert defined - {check.__name__ for check in CHECKS} == {"check_estimator_contract"}


class ForgetsSelf(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)


class WritesX(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        X[0] = 0
        return self


class WritesParameter(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.max_iter = 3
        return self


class PredictsRanks(MLPRegressor):
    def predict(self, X):
        return super().predict(X).argsort().argsort().astype(X.dtype)


class CentresPredictions(MLPRegressor):
    def predict(self, X):
        y = super().predict(X)
        return y - y.mean()


class PredictsDoubles(MLPRegressor):
    def predict(self, X):
        return super().predict(X).astype(np.float64)


class PredictsUnfitted(MLPRegressor):
    def predict(self, X):
        return super().predict(X) if hasattr(self, "weights_") else np.zeros(len(X))


class IgnoresSeed(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.weights_ += np.random.default_rng().normal(size=self.weights_.shape).astype(X.dtype)
        return self


class ForgetsWhenCopied(MLPRegressor):
    def __getstate__(self):
        state = super().__getstate__()
        if "weights_" in state:
            state["weights_"] = state["weights_"] * 0
        return state


class LosesModel(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        vars(self).pop("weights_", None)
        super().fit(X, y, sample_weight)
        return self


class TakesShortY(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X[: len(y)], y, sample_weight)


class IgnoresWeights(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        return super().fit(X, y)


class NoCountOfIterations(MLPRegressor):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.n_iter_ = 0
        return self


class UnnormalizedProbabilities(MLPClassifier):
    def predict_proba(self, X):
        return 2 * super().predict_proba(X)


class UnsortedClasses(MLPClassifier):
    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.classes_ = self.classes_[::-1]
        return self


class ScoresNothing(MLPRegressor):
    def score(self, X, y, sample_weight=None):
        return np.nan


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ForgetsSelf, "returned NoneType"),
        (WritesX, "changed X"),
        (WritesParameter, r"changed hyper-parameters .*max_iter"),
        (PredictsRanks, "differ from those in the whole batch"),
        (CentresPredictions, "differ from those in the whole batch"),
        (PredictsDoubles, "returned float64 for float32 X"),
        (PredictsUnfitted, "did not raise NotFittedError"),
        (IgnoresSeed, "differ"),
        (ForgetsWhenCopied, "after pickle"),
        (LosesModel, "after a failed refit|is not fitted yet"),
        (TakesShortY, "took 80 samples with 79 targets"),
        (IgnoresWeights, "samples of weight zero change"),
        (NoCountOfIterations, "n_iter_ is 0"),
        (UnnormalizedProbabilities, "not to one"),
        (UnsortedClasses, "classes_ is"),
        (ScoresNothing, "in cross-validation"),
    ],
)
def test_a_broken_estimator_is_seen(broken, message):
    X, y = flowers(np.float32) if issubclass(broken, MLPClassifier) else patients(np.float32)
    with pytest.raises((AssertionError, ValueError), match=message):
        check_estimator_contract(broken(4, max_iter=2), X, y)


# Data that scikit-learn's checks do not cover: images, series, tokens

KINDS = np.array(["a", "b", "c"])


def random(seed=0):
    return np.random.default_rng(seed)


def classes(n=40):
    return KINDS[random(1).integers(0, 3, n)]


IMAGES = random().standard_normal((40, 6, 6, 2))
PIXELS = random().integers(0, 256, (40, 8, 8)).astype(np.uint8)
SERIES = random().standard_normal((40, 9, 2))
LENGTHS = random().integers(1, 12, 40)
RAGGED = [random(i).standard_normal((n, 2)).astype(np.float32) for i, n in enumerate(LENGTHS)]
TOKENS = [random(i).integers(0, 7, n) for i, n in enumerate(LENGTHS)]
ROWS_OF_TOKENS = random().integers(0, 7, (40, 5))
TWO_NUMBERS = random(2).standard_normal((40, 2))
LABELS = random(3).integers(0, 2, (40, 3))
SMALL_IMAGES = {"channels": (4, 8), "hidden_layer_sizes": 8, "max_iter": 2}
SMALL_SERIES = {"channels": 4, "max_iter": 2}
SMALL_TRANSFORMER = {"d_model": 4, "n_heads": 2, "n_layers": 1, "feedforward_size": 5, "max_iter": 2}
SMALL_MAMBA = {"d_model": 4, "state_size": 3, "n_layers": 1, "max_iter": 2}


def crossed(arguments, values, kinds):
    """All values of a parameter with all kinds of data.

    Fast tests have each kind with one of the values, and unequal lengths, which every layer sees, with all of them.
    """
    cases = []
    for (i, value), (j, (kind, data)) in itertools.product(enumerate(values), enumerate(kinds.items())):
        is_fast = i % len(kinds) == j % len(values) or kind == "unequal lengths"
        several = value if isinstance(value, tuple) else (value,)
        name = getattr(several[0], "__name__", several[0])
        cases.append(pytest.param(*several, *data, marks=[] if is_fast else [pytest.mark.slow], id=f"{name}-{kind}"))
    return pytest.mark.parametrize(arguments, cases)


@crossed(
    ("architecture", "X", "y", "options"),
    ["lenet", "alexnet", "vgg", "inception", "resnet"],
    {
        "float64": (IMAGES, classes(), {}),
        "several labels": (IMAGES.astype(np.float32), LABELS, {"batch_norm": True, "batch_size": 16}),
        "uint8": (PIXELS, classes(), {"dropout": 0.2, "stem": "gabor", "augmentation": ("flip", "shift")}),
    },
)
def test_classes_of_images(architecture, X, y, options):
    check_estimator_contract(CNNClassifier(architecture=architecture, **SMALL_IMAGES, **options), X, y)


@pytest.mark.parametrize("stem", ["learned", "gabor", "wavelet"])
def test_numbers_of_images(stem):
    check_estimator_contract(CNNRegressor(stem=stem, batch_size=16, **SMALL_IMAGES), IMAGES, TWO_NUMBERS)


KINDS_OF_SERIES = {
    "series": (SERIES, {}),
    "float32": (SERIES.astype(np.float32), {"dropout": 0.2}),
    "unequal lengths": (RAGGED, {"batch_size": 16}),
    "tokens": (TOKENS, {"vocabulary_size": 7}),
    "rows of tokens": (ROWS_OF_TOKENS, {"vocabulary_size": 7}),
}


@crossed(("architecture", "X", "options"), ["fcn", "resnet", "inception", "textcnn"], KINDS_OF_SERIES)
def test_series_and_tokens(architecture, X, options):
    check_estimator_contract(CNNSequenceClassifier(architecture=architecture, **SMALL_SERIES, **options), X, classes())
    check_estimator_contract(
        CNNSequenceRegressor(architecture=architecture, **SMALL_SERIES, **options), X, TWO_NUMBERS[:, 0]
    )


@crossed(("cell", "X", "options"), ["rnn", "lstm", "gru", "indrnn", "jordan"], KINDS_OF_SERIES)
def test_series_and_tokens_step_by_step(cell, X, options):
    options = {"cell": cell, "hidden_size": 4, "n_layers": 2, "max_iter": 2} | options
    check_estimator_contract(RNNSequenceClassifier(bidirectional=True, **options), X, classes())
    check_estimator_contract(RNNSequenceRegressor(pooling="max", **options), X, TWO_NUMBERS[:, 0])


@crossed(("positional", "X", "options"), ["sinusoidal", "learned", "rotary", "none"], KINDS_OF_SERIES)
def test_series_and_tokens_in_attention(positional, X, options):
    options = {**SMALL_TRANSFORMER, "positional": positional} | options
    check_estimator_contract(TransformerSequenceClassifier(pooling="cls", **options), X, classes())
    check_estimator_contract(TransformerSequenceRegressor(**options), X, TWO_NUMBERS[:, 0])


@crossed(("variant", "X", "options"), ["mamba2", "mamba"], KINDS_OF_SERIES)
def test_series_and_tokens_through_selective_states(variant, X, options):
    options = {**SMALL_MAMBA, "variant": variant} | options
    check_estimator_contract(MambaSequenceClassifier(bidirectional=True, pooling="attention", **options), X, classes())
    check_estimator_contract(MambaSequenceRegressor(pooling="last", **options), X, TWO_NUMBERS[:, 0])


@crossed(
    ("tagger", "regressor", "sizes", "X", "options"),
    [
        (RNNSequenceTagger, RNNSequenceRegressor, {"hidden_size": 4, "max_iter": 2}),
        (TransformerSequenceTagger, TransformerSequenceRegressor, SMALL_TRANSFORMER),
        (MambaSequenceTagger, MambaSequenceRegressor, SMALL_MAMBA),
    ],
    KINDS_OF_SERIES,
)
def test_targets_of_steps(tagger, regressor, sizes, X, options):
    options = sizes | options
    labels = [KINDS[random(i).integers(0, 3, len(series))] for i, series in enumerate(X)]
    check_estimator_contract(tagger(**options), X, labels)
    several = [random(i).integers(0, 2, (len(series), 4)) for i, series in enumerate(X)]
    check_estimator_contract(tagger(**options), X, several)
    numbers = [random(i).standard_normal((len(series), 2)) for i, series in enumerate(X)]
    check_estimator_contract(regressor(**options), X, numbers)
