"""Advice that fits the estimator: scaling where it has an effect, and parameters that the solver uses."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skneural import (
    Autoencoder,
    CNNSequenceRegressor,
    DiffusionModel,
    GNNNodeRegressor,
    GraphNodes,
    KANRegressor,
    LanguageModel,
    MLPRegressor,
    TabularMLPRegressor,
)
from skneural.template.remedies import alternatives
from skneural.training.train import DivergenceError

RNG = np.random.default_rng(0)
ROWS, SERIES, TOKENS = RNG.normal(size=(12, 4)), RNG.normal(size=(12, 9, 2)), [[1, 2, 3], [2, 1]] * 6
NODES = GraphNodes.from_edges([(i, (i + 1) % 12) for i in range(12)], ROWS)
SCALER, OWN = "sklearn.preprocessing.StandardScaler", "standardize=True"
CASES = {
    "table": (MLPRegressor(4), ROWS, SCALER),
    "nodes": (GNNNodeRegressor(), NODES, "scaled features of nodes"),
    "rows as nodes": (GNNNodeRegressor(), ROWS, SCALER),
    "series": (CNNSequenceRegressor(architecture="fcn", channels=(2,)), SERIES, ""),
    "unscaled series": (CNNSequenceRegressor(architecture="fcn", channels=(2,), standardize=False), SERIES, OWN),
    "tokens": (CNNSequenceRegressor(architecture="textcnn", channels=(2,), vocabulary_size=4), TOKENS, ""),
    "texts": (LanguageModel(architecture="gru", d_model=4, n_layers=1), TOKENS, ""),
    "mixed table": (TabularMLPRegressor(hidden_layer_sizes=4), ROWS, ""),
    "generated table": (DiffusionModel(hidden_layer_sizes=4), ROWS, ""),
    "autoencoder": (Autoencoder(latent_size=1, hidden_layer_sizes=4), ROWS, ""),
    "splines": (KANRegressor(hidden_layer_sizes=2), ROWS, ""),
}
every_kind = pytest.mark.parametrize(("model", "X", "scaling"), CASES.values(), ids=CASES.keys())


def assert_advises(message, scaling):
    assert [words for words in (SCALER, OWN, "features of nodes") if words in message] == (
        [scaling.removeprefix("scaled ")] if scaling else []
    )


@every_kind
def test_training_that_has_not_converged(model, X, scaling):
    with pytest.warns(ConvergenceWarning, match=r"reached max_iter=1.*a larger learning_rate_init may") as caught:
        model.set_params(max_iter=1, learning_rate="constant", random_state=0).fit(X, ROWS[:, 0])
    assert_advises(str(caught[0].message), scaling)


@pytest.mark.parametrize("limit", [None, 1e300])
@pytest.mark.parametrize("kind", ["table", "series", "unscaled series", "nodes"])
def test_divergence(kind, limit):
    model, X, scaling = CASES[kind]
    model.set_params(max_iter=50, solver="sgd", learning_rate_init=1e25, max_grad_norm=limit)
    with pytest.raises(DivergenceError, match="Try a smaller learning_rate_init") as caught:
        model.fit(X, ROWS[:, 0])
    assert_advises(str(caught.value), scaling)
    assert ("a smaller max_grad_norm" in str(caught.value)) == (limit is not None)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lbfgs_has_no_learning_rate(dtype):
    y = ROWS[:, 0] * np.finfo(dtype).max ** 0.6  # its squares overflow
    model = MLPRegressor(4, solver="lbfgs", max_iter=3, normalize_y=False)
    with pytest.raises(DivergenceError, match=f"{SCALER}.*or another solver") as caught:
        model.fit(ROWS.astype(dtype), y)
    assert "learning_rate" not in str(caught.value)
    assert "max_grad_norm" not in str(caught.value)
    assert ("float64" in str(caught.value)) == (dtype == np.float32)


def test_alternatives():
    assert alternatives("a", "", "b", "c") == "a, b or c"
    assert alternatives("", "a") == "a"
