"""Hyper-parameters that are changed after `fit`."""

import copy
import dataclasses
import re

import numpy as np
import pytest

from skneural import DiffusionModel, HopfieldNetwork, SequenceToSequence
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
    every,
    flowers,
    other_values,
)
from tests.estimators.uses import used

CASES = ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED


def changeable(estimator):
    return [field.name for field in dataclasses.fields(estimator) if field.metadata["after_fit"]]


@every(CASES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_hyper_parameters_have_no_effect_on_a_fitted_model(case):
    """Except those that are declared to be read after `fit`."""
    X, _ = case.data()
    model = case.fitted()
    X = X[:6]
    before = used(model, X)
    assert before
    names = [field.name for field in dataclasses.fields(model) if field.name not in changeable(model)]
    others = {name: other_values(model, name) for name in names if name != "pretrained"}
    for which in (0, -1):
        model.set_params(**{name: values[which] for name, values in others.items()})
        after = used(model, X)
        assert [name for name in before | after if before.get(name) != after.get(name)] == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("eta", 0.5), ("guidance", 2.0), ("n_sampling_steps", 3)],
)
def test_sampling_follows_the_present_values(name, value):
    X, y = flowers()
    model = DiffusionModel(8, max_iter=2, random_state=0).fit(X, y)
    before = model.sample(3, y="setosa", random_state=0)
    assert name in changeable(model)
    model.set_params(**{name: value})
    assert not np.array_equal(model.sample(3, y="setosa", random_state=0), before)


@every({name: case for name, case in CASES.items() if changeable(case.estimator)})
@pytest.mark.parametrize("value", [5, np.nan, -1, True, "much"])
def test_present_values_are_checked_at_use(case, value):
    X, _ = case.data()
    model = case.fitted()
    for name in changeable(model):
        if not model.__dataclass_fields__[name].metadata["constraint"].allows(value):
            changed = copy.copy(model).set_params(**{name: value})
            with pytest.raises(ValueError, match=rf"{name} must be .*got {re.escape(repr(value))}"):
                changed.sample() if hasattr(changed, "sample") else changed.predict(X[:2])


def test_the_hyper_parameters_that_may_be_changed_after_fit_are_documented_as_such():
    found = {model: changeable(model()) for model in (DiffusionModel, SequenceToSequence, HopfieldNetwork)}
    assert found == {
        DiffusionModel: ["n_sampling_steps", "eta", "guidance"],
        SequenceToSequence: ["beam_width"],
        HopfieldNetwork: ["update", "max_iter"],
    }
    for model, names in found.items():
        assert re.sub(r"\s+", " ", model.__doc__).count("May be changed after `fit`.") == len(names)
