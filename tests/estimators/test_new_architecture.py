"""A new architecture costs a network builder and a family, and no edit elsewhere: here temporal convolutions.

Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent networks for sequence modeling",
2018.
"""

from typing import ClassVar

import numpy as np
import pytest

from skneural.hyperparameters import Integer, declare, hyperparameter
from skneural.layers import Activation, Chain, Convolution, Layer, Residual
from skneural.networks.sequence import BATCH_LAST, Encoder, sequence_network
from skneural.readers import SequenceOptions, Sequences, standardize_hyperparameter, vocabulary_size_hyperparameter
from skneural.tasks import SequenceNumbers
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.template.tagger import NeuralTagger
from skneural.testing.estimator_contract import check_estimator_contract


def temporal_network(
    n_features: int,
    n_out: int,
    channels: int,
    n_blocks: int,
    vocabulary_size: int | None,
    standardize: bool,
    pooling: str | None = "last",
) -> Chain:
    def encoder(n_in: int) -> Encoder:
        blocks = [_block(n_in if k == 0 else channels, channels, 2**k) for k in range(n_blocks)]
        return Encoder(Chain(*blocks), channels, BATCH_LAST)

    return sequence_network(
        encoder, n_features, n_out, pooling, 0.0, vocabulary_size, embedding_size=8, standardize=standardize
    )


def _block(n_in: int, n_out: int, dilation: int) -> Layer:
    """A residual block that sees the steps before, `dilation` apart."""
    causal = Convolution(n_in, n_out, (1, 3), dilation=(1, dilation), padding="causal")
    return Residual(Chain(causal, Activation("relu")), Convolution(n_in, n_out, (1, 1)))


@declare
class TemporalFields:
    _reader_class: ClassVar = Sequences
    _network_builder: ClassVar = staticmethod(temporal_network)

    channels: int = hyperparameter(default=8, constraint=Integer(1), doc="Feature maps of each block.")
    n_blocks: int = hyperparameter(
        default=3, constraint=Integer(1), doc="Blocks; each doubles the steps between the elements of its kernel."
    )
    vocabulary_size: int | None = vocabulary_size_hyperparameter()
    standardize: bool = standardize_hyperparameter()

    def _reader_options(self):
        return SequenceOptions(self.vocabulary_size)


@declare
class TemporalClassifier(TemporalFields, NeuralClassifier):
    """Classes of series."""


@declare
class TemporalRegressor(TemporalFields, NeuralRegressor):
    """Numbers of series, or of their steps."""

    _task_class: ClassVar = SequenceNumbers


@declare
class TemporalTagger(TemporalFields, NeuralTagger):
    """Classes of steps."""


RNG = np.random.default_rng(0)
X = [RNG.standard_normal((n, 2)) for n in RNG.integers(3, 9, 40)]
TOTALS = [np.cumsum(series[:, 0]) for series in X]
SMALL = {"max_iter": 3, "batch_size": 16}


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (TemporalClassifier(**SMALL), np.array([total[-1] > 0 for total in TOTALS])),
        (TemporalRegressor(**SMALL, early_stopping=True), np.array([total[-1] for total in TOTALS])),
        (TemporalRegressor(**SMALL), [total[:, np.newaxis] for total in TOTALS]),
        (TemporalTagger(**SMALL), [total > 0 for total in TOTALS]),
    ],
    ids=["classes", "numbers", "numbers of steps", "classes of steps"],
)
def test_an_estimator_over_it_keeps_the_contract(estimator, y):
    check_estimator_contract(estimator, X, y)


def test_steps_do_not_depend_on_later_ones_and_it_learns():
    y = [total > 0 for total in TOTALS]
    model = TemporalTagger(max_iter=100, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9
    probabilities = model.predict_proba([X[0], X[0][:3]])
    np.testing.assert_allclose(probabilities[0][:3], probabilities[1], rtol=1e-5)
