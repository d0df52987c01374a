"""Constraints of hyper-parameters: the values that they allow, up to their bounds, are those that their words say."""

import dataclasses
import math
import re

import numpy as np
import pytest

import skneural
from skneural import preprocessing
from skneural.hyperparameters import (
    BOOLEAN,
    INFINITY,
    MINUS_ONE,
    NONE,
    RANDOM_STATE,
    Choice,
    Integer,
    Number,
    Sizes,
    check_hyperparameters,
)

NOT_NUMBERS = [math.nan, math.inf, -math.inf, "1", None, True, [1], 1j]
# Constraint -> allowed and refused values
CONSTRAINTS = {
    "closed": (Number(0, 1), [0, 1, 0.5, np.float32(1), np.int64(0)], [-1e-9, 1 + 1e-9, *NOT_NUMBERS]),
    "open": (Number(0, 1, above=True, below=True), [1e-9, 0.5, 1 - 1e-9], [0, 1, *NOT_NUMBERS]),
    "open above": (Number(0, 1, below=True), [0, 0.5], [1, -1, *NOT_NUMBERS]),
    "no upper bound": (Number(2), [2, 1e300], [1.999, *NOT_NUMBERS]),
    "integer": (Integer(1), [1, 7, np.int8(1), 10**30], [0, 1.0, np.float64(2), *NOT_NUMBERS]),
    "sizes": (Sizes(1), [3, (), (1, 2), [4], np.array([5, 6])], [0, (1, 0), (1.0,), "ab", None, True, (True,)]),
    "some sizes": (Sizes(2, empty=False), [2, (2, 3)], [(), 1, [2, 1]]),
    "choice": (Choice("a", "b"), ["a", "b"], ["c", "A", None, ["a"], 1, ("a", "b")]),
    "boolean": (BOOLEAN, [True, False, np.True_], [0, 1, "True", None]),
    "infinity or integer": (Integer(1) | INFINITY, [1, math.inf], [0, -math.inf, math.nan]),
    "jobs": (NONE | Integer(1) | MINUS_ONE, [None, 2, -1, np.int64(-1)], [0, -2, 1.5, True, -1.0]),
    "seed": (RANDOM_STATE, [None, 0, 2**32 - 1, np.random.RandomState(0)], [-1, 2**32, 0.5, "0", True]),
}
DECLARING = [getattr(skneural, name) for name in skneural.__all__] + [preprocessing.SlidingWindows]
FIELDS = {
    f"{cls.__name__}.{field.name}": field.metadata["constraint"]
    for cls in DECLARING
    if dataclasses.is_dataclass(cls)
    for field in dataclasses.fields(cls)
    if "constraint" in field.metadata
}
BOUND = re.compile(r"(>=|<=|>|<) (-?[\d.]+)")


@pytest.mark.parametrize(("constraint", "allowed", "refused"), CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_values_up_to_the_bounds_are_allowed_and_no_others(constraint, allowed, refused):
    for value in allowed:
        assert constraint.allows(value), value
    for value in refused:
        assert not constraint.allows(value), value


def test_every_bound_that_is_documented_is_the_one_that_is_checked():
    """Of all hyper-parameters of all classes, at the bound and beyond it."""
    n_bounds = 0
    for name, constraint in FIELDS.items():
        if "sequence" in constraint.words or "min(" in constraint.words:
            continue
        number = float if "float" in constraint.words else int
        for sign, bound in BOUND.findall(constraint.words):
            at, n_bounds = number(float(bound)), n_bounds + 1
            assert constraint.allows(at) == ("=" in sign), f"{name}: {constraint.words} at {at}"
            beyond = at - 1 if ">" in sign else at + 1
            others = constraint.allows(beyond) and "-1" in constraint.words and beyond == -1
            assert not constraint.allows(beyond) or others, f"{name}: {constraint.words} at {beyond}"
    assert n_bounds > 100


def test_all_problems_are_named_at_once():
    model = skneural.MLPClassifier(alpha=-1, dropout=1.0, momentum=1.0, validation_fraction=1.0)
    with pytest.raises(ValueError, match="3 invalid hyper-parameters") as caught:
        check_hyperparameters(model)  # a momentum of one is within its bounds
    assert [line.split()[0] for line in str(caught.value).splitlines()[1:]] == [
        "validation_fraction",
        "alpha",
        "dropout",
    ]
