import math
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from skneural.data import Rows, Samples, Targets
from skneural.layers import Chain, Dense
from skneural.losses import BinaryLogLoss, SoftmaxLogLoss, SquaredLoss
from skneural.networks.perceptron import perceptron_network
from skneural.parameters import Layout, Parameter, Weights
from skneural.training.early_stopping import EarlyStopping
from skneural.training.lbfgs import LBFGS
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.train import DivergenceError, TrainingMonitor, train
from tests.networks.defaults import mlp_network
from tests.training.observing import Calls

N, ALPHA = 60, 0.05
X = np.random.default_rng(0).standard_normal((N, 4)) * [1, 5, 0.2, 1]
SCORES = X @ np.random.default_rng(1).standard_normal((4, 3)) + np.random.default_rng(2).standard_normal((N, 3))


def minimized(network, loss, y, dtype=np.float64, x=X, max_epochs=200, tol=1e-9, **options):
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(3), dtype))
    objective = Objective(network, loss, weights, ALPHA)
    monitor = TrainingMonitor(weights, EarlyStopping(0.0, math.inf), **options)
    samples = Samples(Rows(x.astype(dtype)), Targets(y))
    history = train(LBFGS(objective, Seeds(0), max_epochs, 10 * max_epochs, tol), samples, monitor)
    objective.start_epoch([np.random.default_rng(0)])
    return weights, history, objective, samples


def test_least_squares_equals_the_closed_form():
    weights, history, *_ = minimized(perceptron_network(4, 3), SquaredLoss(), SCORES)
    centred, targets = X - X.mean(axis=0), SCORES - SCORES.mean(axis=0)
    # The value is a mean over the three outputs, so the penalty of each weighs three times.
    weight = np.linalg.solve(centred.T @ centred / N + 3 * ALPHA * np.eye(4), centred.T @ targets / N)
    np.testing.assert_allclose(weights.tree["output"]["weight"], weight, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights.tree["output"]["bias"], SCORES.mean(axis=0) - X.mean(axis=0) @ weight, rtol=1e-4)
    assert history.converged


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-4), (np.float32, 5e-3)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_loss_equals_logistic_regression(n_classes, dtype, tolerance):
    y = SCORES[:, :n_classes].argmax(axis=1)
    reference = LogisticRegression(C=1 / (ALPHA * N), tol=1e-10, max_iter=1000).fit(X, y)
    if n_classes == 2:
        weights, *_ = minimized(perceptron_network(4, 1), BinaryLogLoss(), y[:, None].astype(dtype), dtype)
    else:
        weights, *_ = minimized(perceptron_network(4, 3), SoftmaxLogLoss(3), y, dtype)
    assert weights.vector.dtype == dtype
    np.testing.assert_allclose(weights.tree["output"]["weight"].T, reference.coef_, atol=tolerance)
    bias = weights.tree["output"]["bias"] - weights.tree["output"]["bias"].mean() * (n_classes > 2)
    np.testing.assert_allclose(
        bias, reference.intercept_ - reference.intercept_.mean() * (n_classes > 2), atol=tolerance
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_fall_and_the_last_is_that_of_the_weights(dtype):
    network = mlp_network(4, 3, (6,), "tanh")
    _, history, objective, samples = minimized(network, SquaredLoss(), SCORES.astype(dtype), dtype, max_epochs=30)
    assert np.all(np.diff(history.losses) <= 0)
    assert history.losses[-1] == pytest.approx(np.mean(objective(samples)), rel=1e-6)
    assert len(history.losses) == history.n_epochs


def test_each_loss_is_that_of_the_weights_its_epoch_ends_with():
    seen = []
    network = mlp_network(4, 3, (6,), "tanh")
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(3), np.float64))
    objective = Objective(network, SquaredLoss(), weights, ALPHA)
    monitor = TrainingMonitor(
        weights, EarlyStopping(0.0, math.inf), observers=[Calls(lambda history: seen.append(weights.vector.copy()))]
    )
    samples = Samples(Rows(X), Targets(SCORES))
    history = train(LBFGS(objective, Seeds(0), 25, 500, 1e-9), samples, monitor)
    assert history.n_epochs == 25
    for vector, loss in zip(seen, history.losses, strict=True):
        weights.vector[...] = vector
        objective.start_epoch([np.random.default_rng(0)])
        assert np.mean(objective(samples)) == pytest.approx(loss, rel=1e-12)


def test_iterations_are_epochs_and_run_out():
    _, history, *_ = minimized(mlp_network(4, 3, (6,)), SquaredLoss(), SCORES, max_epochs=5)
    assert (history.n_epochs, history.converged) == (5, False)


def test_a_monitor_can_end_it():
    options = {"observers": [Calls(lambda history: history.n_epochs == 3)]}
    _, history, *_ = minimized(mlp_network(4, 3, (6,)), SquaredLoss(), SCORES, **options)
    assert (history.n_epochs, history.converged) == (3, True)


def test_epochs_start_and_end_in_pairs():
    calls = []
    options = {"observers": [Calls(lambda history: calls.append("end"), lambda history: calls.append("start"))]}
    minimized(mlp_network(4, 3, (6,)), SquaredLoss(), SCORES, max_epochs=5, **options)
    assert calls == ["start", "end"] * 5


def test_a_start_at_the_minimum_is_one_epoch():
    _, history, *_ = minimized(perceptron_network(4, 3), SquaredLoss(), np.zeros((N, 3)))
    assert (history.n_epochs, history.losses, history.converged) == (1, [0.0], True)


def test_dropout_masks_stay_the_same_throughout():
    network = mlp_network(4, 3, (8,), dropout=0.5)
    _, history, objective, samples = minimized(network, SquaredLoss(), SCORES, max_epochs=40)
    assert history.n_epochs == 40  # the line search would soon fail on new masks each time
    objective.start_epoch([Seeds(0).generator("dropout")])
    assert history.losses[-1] == pytest.approx(np.mean(objective(samples)), rel=1e-12)


def test_a_start_that_is_not_finite_is_a_divergence():
    x = X.copy()
    x[0, 0] = np.nan
    with pytest.raises(DivergenceError, match="in epoch 1"):
        minimized(perceptron_network(4, 3), SquaredLoss(), SCORES, x=x)


def test_limits_are_bounds():
    """Least squares within a box: at the bound, or with a gradient of zero."""

    @dataclass(frozen=True)
    class Limited(Dense):
        def parameters(self):
            return {"weight": Parameter((4, 3), limit=0.3), "bias": Parameter((3,), penalized=False)}

    weights, history, objective, samples = minimized(Chain(Limited(4, 3)), SquaredLoss(), SCORES)
    weight, gradient = weights.tree["limited_1"]["weight"], weights.gradient_tree["limited_1"]["weight"]
    objective(samples)
    at_bound = np.abs(weight) == 0.3
    assert at_bound.any()
    assert not at_bound.all()
    assert np.abs(weight).max() == 0.3
    np.testing.assert_allclose(gradient[~at_bound], 0, atol=1e-4)
    assert (gradient[at_bound] * weight[at_bound] < 0).all()  # beyond the bound would be better
    assert history.converged
