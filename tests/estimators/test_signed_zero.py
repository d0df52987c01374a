"""Minus zero is zero: what compares or hashes rows must not tell them apart."""

import numpy as np

from tests.estimators.cases import every_numeric_estimator, most_precise_output


@every_numeric_estimator
def test_minus_zero_is_zero(case):
    X, y = case.data()
    X, y = np.round(X[:24]), y[:24]
    X, y = np.concatenate([X, X]), np.concatenate([y, y])
    negative = X.copy()
    negative[24:][X[24:] == 0] = -0.0
    assert np.signbit(negative[24:][X[24:] == 0]).any()
    model = case.new(max_iter=1).fit(negative, y)
    for one, another in zip(most_precise_output(model, negative), most_precise_output(model, X), strict=True):
        np.testing.assert_array_equal(one, another)
