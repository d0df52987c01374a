"""Targets that are made of X, and drawn anew at each step of training: here rows with noise that is to be found."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from skneural.data import Rows, Targets
from skneural.hyperparameters import declare
from skneural.layers import Chain, Dense
from skneural.losses.regression import SquaredLoss
from skneural.tasks import Task
from skneural.template.unsupervised import UnsupervisedEstimator

DRAWS = []


class NoisyRows(Rows):
    def __getitem__(self, rows):
        return NoisyRows(self.values[rows])

    def resample(self, rng, targets):
        noise = rng.standard_normal(self.values.shape).astype(self.dtype)
        DRAWS.append(noise)
        return Rows(self.values + noise), Targets(noise)


@dataclass(frozen=True)
class Noise(Task):
    n_features: int

    required: ClassVar = False

    @classmethod
    def check(cls, arguments, options, estimator_name):
        return None

    @classmethod
    def learn(cls, arguments, options, reader):
        return cls(options, arguments.X.shape[1])

    def compare(self, arguments):
        pass

    def encode(self, arguments):
        return Targets(arguments.X.values)

    def network_input(self, arguments):
        return NoisyRows(arguments.X.values)

    def loss(self):
        return SquaredLoss(), self.n_features

    def decode(self, raw):
        return raw


def linear_network(n_in: int, n_out: int) -> Chain:
    return Chain(Dense(n_in, n_out))


@declare
class NoiseFinder(UnsupervisedEstimator):
    """Finds noise."""

    _task_class: ClassVar = Noise
    _network_builder: ClassVar = staticmethod(linear_network)

    def predict(self, X):
        return self._predicted(X)


X = np.random.default_rng(0).normal(0, 0.1, (200, 3))


@pytest.fixture(autouse=True)
def no_draws():
    DRAWS.clear()


def settings(**others):
    return {"max_iter": 3, "batch_size": 50, "random_state": 0, "tol": 0, "early_stopping": False} | others


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
class TestDrawnTargets:
    def test_each_batch_is_drawn_anew_and_held_out_data_once(self):
        NoiseFinder(**settings()).fit(X)
        assert len(DRAWS) == 3 * 4 + 1  # the last one for predictions, which must be finite
        assert len({draw.tobytes() for draw in DRAWS}) == len(DRAWS)
        DRAWS.clear()
        NoiseFinder(**settings(early_stopping=True)).fit(X, X_val=X[:10])
        assert sum(len(draw) == 10 for draw in DRAWS) == 1

    def test_a_line_search_sees_one_draw(self):
        NoiseFinder(**settings(solver="lbfgs")).fit(X)
        assert len(DRAWS) == 2  # the last one for predictions, which must be finite

    def test_the_noise_is_found(self):
        model = NoiseFinder(**settings(max_iter=100, learning_rate_init=0.02)).fit(X)
        noise = np.random.default_rng(1).standard_normal(X.shape)
        assert np.corrcoef(model.predict(X + noise).ravel(), noise.ravel())[0, 1] > 0.98

    def test_passes_and_threads(self):
        one = NoiseFinder(**settings(n_jobs=1)).fit(X)
        assert np.array_equal(one.weights_, NoiseFinder(**settings(n_jobs=1)).fit(X, "ignored").weights_)
        assert NoiseFinder(**settings()).partial_fit(X).partial_fit(X).t_ == 2 * len(X)


def test_validation_data_alone_is_enough():
    with pytest.raises(ValueError, match=r"^sample_weight_val can only be given together with X_val"):
        NoiseFinder().fit(X, sample_weight_val=np.ones(3))
