"""scikit-learn's own checks: every estimator, with default parameters, no expected failures."""

import pytest
from estimator_cases import ESTIMATORS
from sklearn.utils.estimator_checks import parametrize_with_checks

import skneural
from skneural import MLPClassifier, MLPRegressor, PerceptronClassifier

DEFAULTS = [getattr(skneural, name)() for name in skneural.__all__]
VARIANTS = [
    MLPClassifier(20, dropout=0, batch_norm=False, solver="lbfgs", alpha=0.01),
    MLPClassifier(20, dropout=0, batch_norm=False, solver="sgd", learning_rate_init=0.1),
    MLPClassifier(20, dropout=0, batch_norm=False, solver="adamw", learning_rate_init=0.01),
    MLPClassifier((20, 20), dropout=0, batch_norm=False, residual=True, learning_rate_init=0.01),
    MLPRegressor(20, solver="lbfgs", max_iter=30),
    PerceptronClassifier(solver="adam", learning_rate_init=0.1),
]


def test_the_table_of_cases_has_every_estimator():
    tabled = {type(case.estimator).__name__ for case in ESTIMATORS.values()}
    missing = set(skneural.__all__) - tabled
    assert not missing, f"add a row to ESTIMATORS in tests/estimators/estimator_cases.py for {sorted(missing)}"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(DEFAULTS + VARIANTS)
def test_check_estimator(estimator, check):
    check(estimator)
