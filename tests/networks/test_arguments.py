import json
from collections.abc import Sequence

import numpy as np
import pytest

from skneural.networks.arguments import arguments_of, plain
from skneural.ops.pointwise import ActivationFunction, AnyActivation
from tests.networks.cases import NETWORKS


def some_network(n_in: int, sizes: Sequence[int] = (), rate: float = 0.0, kernel: Sequence[int] | None = None):
    """A builder of nothing."""


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (np.int64(3), int, 3),
        (True, int, 1),
        (0, float, 0.0),
        (np.float32(0.5), float, 0.5),
        (np.bool_(True), bool, True),
        (np.str_("max"), str, "max"),
        (None, int | None, None),
        (np.int32(7), int | None, 7),
        ("auto", str | None, "auto"),
        ("auto", Sequence[int] | None, None),
        (5, Sequence[int], [5]),
        (np.int64(5), Sequence[int] | None, [5]),
        ((5, np.int64(6)), Sequence[int], [5, 6]),
        (np.array([5, 6]), Sequence[int], [5, 6]),
        ((), Sequence[int], []),
        (("flip", "shift"), Sequence[str], ["flip", "shift"]),
        ([], Sequence[str], []),
    ],
)
def test_values_become_pythons_own(value, annotation, expected):
    found = plain(value, annotation)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found)) == expected
    assert repr(found) == repr(expected)


@pytest.mark.parametrize(("value", "annotation"), [(None, str), (None, Sequence[int]), (1, dict)])
def test_what_a_builder_cannot_take_is_an_error(value, annotation):
    with pytest.raises(TypeError, match="cannot become"):
        plain(value, annotation)


def test_values_in_place_of_names_stay_as_they_are():
    sine = ActivationFunction(np.sin, np.cos)
    assert plain(sine, AnyActivation) is sine
    assert plain(np.str_("relu"), AnyActivation) == "relu"


def test_shapes_come_before_hyperparameters():
    hyperparameters = {"n_in": 1, "sizes": 4, "rate": 0, "kernel": "auto"}
    assert arguments_of(some_network, hyperparameters, n_in=2) == {"n_in": 2, "sizes": [4], "rate": 0.0, "kernel": None}


def test_what_is_missing_or_unknown_is_named():
    with pytest.raises(TypeError, match="some_network takes n_in, which the estimator does not have"):
        arguments_of(some_network, {"sizes": 4, "rate": 0})
    with pytest.raises(TypeError, match="some_network does not take n_features; it takes n_in, sizes, rate, kernel"):
        arguments_of(some_network, {"sizes": 4, "rate": 0}, n_features=2)


def test_every_builder_can_be_asked_and_builds_the_same_from_plain_values():
    for name, case in NETWORKS.items():
        if "encoder" not in case.arguments:
            given = arguments_of(case.builder, {}, **case.arguments)
            assert json.loads(json.dumps(given)) == given, name
            assert case.builder(**given) == case.build(), name
