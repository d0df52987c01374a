"""A new kind of data costs a container, a reader and a family, and no edit elsewhere: here bags of rows."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skneural.data import Container
from skneural.data.container import BatchInfo
from skneural.hyperparameters import Integer, declare, hyperparameter
from skneural.layers import Activation, Chain, Dense, Dropout, Layer
from skneural.readers import Reader
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.testing.estimator_contract import check_estimator_contract


class Bags(Container):
    """Rows of all bags, one bag after the other."""

    def __init__(self, rows, lengths):
        self.rows, self.lengths = rows, lengths
        self.dtype = rows.dtype

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, bags):
        ends = np.cumsum(self.lengths)
        numbers = [np.arange(end - n, end) for n, end in zip(self.lengths[bags], ends[bags], strict=True)]
        return Bags(self.rows[np.concatenate([np.arange(0), *numbers])], self.lengths[bags])

    def as_batch(self):
        return self.rows, BatchInfo(self.lengths)


@dataclass(frozen=True)
class BagReader(Reader):
    n_features: int

    @classmethod
    def learn(cls, X, options, spec):
        bags = _read(X, spec)
        return cls(bags.rows.shape[1]), bags

    def read(self, X, spec):
        return _read(X, spec)

    def shapes(self):
        return {"n_in": self.n_features}

    def attributes(self):
        return {"n_features_in_": self.n_features}


def _read(X, spec):
    if not isinstance(X, list | tuple) or not all(np.ndim(bag) == 2 and len(bag) for bag in X):
        raise ValueError("X is a list of bags: arrays (rows, features) of one row or more.")
    rows = np.concatenate(X)
    return Bags(rows.astype(spec.resolve(rows.dtype)), np.array([len(bag) for bag in X]))


@dataclass(frozen=True)
class MeanOfBag(Layer):
    """(rows of all bags, features) to (bags, features)."""

    def forward(self, p, x, context):
        starts = np.cumsum(context.batch.lengths) - context.batch.lengths
        share = (1 / context.batch.lengths).astype(x.dtype)[:, np.newaxis]
        y = np.add.reduceat(x, starts, axis=0) * share
        return y, lambda dy, g: np.repeat(dy * share, context.batch.lengths, axis=0)


def bag_network(n_in: int, n_out: int, hidden_size: int) -> Chain:
    dropout = Dropout(0.1, rows="elements")
    return Chain(Dense(n_in, hidden_size), Activation("tanh"), dropout, MeanOfBag(), Dense(hidden_size, n_out))


@declare
class BagFields:
    _reader_class: ClassVar = BagReader
    _network_builder: ClassVar = staticmethod(bag_network)
    hidden_size: int = hyperparameter(default=8, constraint=Integer(1), doc="Units.")


@declare
class BagClassifier(BagFields, NeuralClassifier):
    """Classes of bags."""


@declare
class BagRegressor(BagFields, NeuralRegressor):
    """Numbers of bags."""


RNG = np.random.default_rng(0)
X = [RNG.standard_normal((n, 3)) + label for n, label in zip(RNG.integers(1, 6, 60), np.arange(60) % 2, strict=True)]
Y = np.array(["left", "right"])[np.arange(60) % 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_estimator_over_it_keeps_the_contract(dtype):
    bags = [bag.astype(dtype) for bag in X]
    check_estimator_contract(BagClassifier(max_iter=3, batch_size=16), bags, Y)
    check_estimator_contract(BagRegressor(max_iter=3, batch_size=16, early_stopping=True), bags, RNG.normal(size=60))


def test_it_learns_and_can_be_searched():
    search = GridSearchCV(BagClassifier(random_state=0, learning_rate_init=0.02), {"hidden_size": [4, 16]}, cv=3)
    assert search.fit(X, Y).score(X, Y) > 0.9
    assert BagClassifier(n_jobs=2, random_state=0, max_iter=30).fit(X, Y).predict(X).shape == (60,)
    with pytest.raises(ValueError, match="list of bags"):
        search.best_estimator_.predict(np.zeros((3, 3)))
