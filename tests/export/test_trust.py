"""Types that files of skops ask to trust."""

import numpy as np
import pytest
import skops.io
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import KANClassifier, MLPClassifier, PerceptronClassifier
from skneural.export import trusted_types
from tests.estimators.cases import ESTIMATORS, OF_LONG_SERIES, OF_PAIRS, OF_TEXTS, UNTRAINED, of_each_class
from tests.export.cases import SMALL, table

ALL = of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED)


@pytest.mark.parametrize("case", ALL.values(), ids=ALL)
def test_one_type_for_each_model(case):
    X, y = case.data(np.float32)
    model = clone(case.estimator).fit(X, y)
    types = trusted_types(model)
    functions = [f"{model.network.__module__}.{model.network.__qualname__}"] if hasattr(model, "network") else []
    assert types == [f"{type(model).__module__}.{type(model).__qualname__}", *functions]
    assert skops.io.get_untrusted_types(data=skops.io.dumps(model)) == types


MODELS = {
    "pipeline": make_pipeline(StandardScaler(), MLPClassifier(4, **SMALL)),
    "search": GridSearchCV(make_pipeline(MLPClassifier(4, **SMALL)), {"mlpclassifier__alpha": [0.1]}, cv=2),
    "votes": VotingClassifier([("a", PerceptronClassifier()), ("b", KANClassifier(hidden_layer_sizes=2, **SMALL))]),
    "none of skneural": StandardScaler(),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_models_inside_of_others(model):
    X, y = table()()
    assert trusted_types(model) == sorted(skops.io.get_untrusted_types(data=skops.io.dumps(model)))
    fitted = clone(model).fit(X, y)
    asked = skops.io.get_untrusted_types(data=skops.io.dumps(fitted))
    assert set(trusted_types(fitted)) == {name for name in asked if name.startswith("skneural")}
