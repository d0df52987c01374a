"""The documentation agrees with the code."""

import dataclasses
import inspect

import numpy as np
import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate
from sklearn.datasets import load_iris

import skneural
from skneural import export, inspection, preprocessing, symbolic
from skneural.testing import estimator_contract
from tests.estimators.cases import OF_ELEMENTS, relatives, with_defaults

# Faults that mislead a reader: no docstring or one in disorder (GL), no summary or a broken one (SS), parameters that
# are missing, unknown, without type or badly formed (PR), nothing about what is returned (RT, YD), loose ends (SA).
# Not the order of parameters (PR03): all but the first are keywords, and a class describes its own first.
CODES = {
    "GL05",
    "GL06",
    "GL07",
    "GL08",
    "GL10",
    "SS01",
    "SS02",
    "SS03",
    "SS04",
    "PR01",
    "PR02",
    "PR04",
    "PR05",
    "PR06",
    "PR10",
    "RT01",
    "YD01",
    "SA02",
    "SA04",
}
CLASSES = {name: getattr(skneural, name) for name in skneural.__all__}
every_class = pytest.mark.parametrize("name", CLASSES)
every_estimator = pytest.mark.parametrize("name", skneural.estimators.__all__)
# Attributes that only some fits leave behind.
CONDITIONAL = {"feature_names_in_", "image_shape_"}


def public_methods(cls: type) -> list[str]:
    """Those that skneural defines: scikit-learn documents its own."""
    methods = inspect.getmembers(cls, inspect.isfunction)
    return [name for name, method in methods if not name.startswith("_") and method.__module__.startswith("skneural")]


def faults(path: str) -> list[tuple[str, str]]:
    return [error for error in validate(path)["errors"] if error[0] in CODES]


@every_class
def test_class_docstring(name):
    assert not faults(f"skneural.{name}")


@pytest.mark.parametrize(
    ("name", "method"), [(name, method) for name, cls in CLASSES.items() for method in public_methods(cls)]
)
def test_method_docstring(name, method):
    assert not faults(f"skneural.{name}.{method}")


@pytest.mark.parametrize("name", [name for name in vars(estimator_contract) if name.startswith("check_")])
def test_public_checks_are_documented(name):
    assert inspect.getdoc(getattr(estimator_contract, name))
    if name == "check_estimator_contract":
        assert not faults(f"skneural.testing.estimator_contract.{name}")


def documented_names(room) -> list[str]:
    """Functions, classes and their methods that a room exports, without the package's name."""
    members = {f"{room.__name__}.{name}": getattr(room, name) for name in room.__all__}
    methods = [
        f"{path}.{method}" for path, cls in members.items() if isinstance(cls, type) for method in public_methods(cls)
    ]
    return [path.removeprefix("skneural.") for path in [*members, *methods]]


# The others are dataclasses of a few fields, which their summaries name.
FORMULAS = [path for path in documented_names(symbolic) if path.split(".")[1] in ("Formula", "fit_function", "suggest")]


ROOMS = (export, inspection, preprocessing)


@pytest.mark.parametrize("path", [path for room in ROOMS for path in documented_names(room)] + FORMULAS)
def test_other_rooms_are_documented(path):
    assert not faults(f"skneural.{path}")


@pytest.mark.parametrize("cls", [preprocessing.TokenEncoder, preprocessing.SlidingWindows])
def test_preprocessing_documents_its_parameters_and_defaults(cls):
    documented = {entry.name: entry.type for entry in NumpyDocString(inspect.getdoc(cls))["Parameters"]}
    parameters = inspect.signature(cls).parameters
    assert list(documented) == list(parameters)
    for name, parameter in parameters.items():
        if parameter.default is not parameter.empty:
            assert f"default={parameter.default!r}" in documented[name]


@every_estimator
def test_every_hyperparameter_is_documented_with_its_default(name):
    cls = CLASSES[name]
    documented = {entry.name: entry for entry in NumpyDocString(inspect.getdoc(cls))["Parameters"]}
    signature = inspect.signature(cls)
    assert set(documented) == set(signature.parameters) == {field.name for field in dataclasses.fields(cls)}
    for parameter in signature.parameters.values():
        entry = documented[parameter.name]
        default = "" if parameter.default is parameter.empty else f"default={parameter.default!r}"
        assert default in entry.type, f"{parameter.name} : {entry.type}"
        assert entry.desc, f"{parameter.name} has no description"


def flowers_for(name):
    """A flower of each row, or of each of its steps or pixels; for writers of sequences its name; or sentences."""
    if name == "GNNLinkPredictor":
        return relatives()
    if name == "LanguageModel":
        return ["setosa has short petals", "virginica has long ones"], None
    X, y = load_iris(return_X_y=True)
    if name == "SequenceToSequence":
        return X[::5], load_iris().target_names[y[::5]]
    return X[::5], np.repeat(y[::5, np.newaxis], 4, axis=1) if issubclass(CLASSES[name], OF_ELEMENTS) else y[::5]


def brief(name):
    return {"max_iter": 2} if hasattr(CLASSES[name], "max_iter") else {}


@every_estimator
def test_attributes_are_those_of_a_fitted_estimator(name):
    model = with_defaults(CLASSES[name]).set_params(**brief(name)).fit(*flowers_for(name))
    fitted = {attribute for attribute in dir(model) if attribute.endswith("_") and not attribute.startswith("_")}
    documented = {entry.name for entry in NumpyDocString(inspect.getdoc(CLASSES[name]))["Attributes"]}
    assert fitted - documented == set(), "fitted, but not documented"
    assert documented - fitted - CONDITIONAL == set(), "documented, but not there after fit"


@every_estimator
def test_attributes_have_the_documented_types(name):
    solver = {"solver": "adam"} if hasattr(CLASSES[name], "solver") else {}
    model = with_defaults(CLASSES[name]).set_params(**brief(name), **solver).fit(*flowers_for(name))
    kinds = {"int": int, "float": float, "ndarray": np.ndarray, "list": list, "str": str, "dict": dict}
    for entry in NumpyDocString(inspect.getdoc(CLASSES[name]))["Attributes"]:
        kind = kinds.get(entry.type.split()[0])
        if kind is None or entry.name in CONDITIONAL:
            continue
        value = getattr(model, entry.name)
        allowed = value is None and "None" in entry.type
        assert allowed or isinstance(value, kind), f"{entry.name} : {entry.type} is {type(value).__name__}"


@every_estimator
def test_first_parameters_are_positional_as_in_scikit_learn(name):
    kinds = [parameter.kind for parameter in inspect.signature(CLASSES[name]).parameters.values()]
    n_positional = kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)
    assert n_positional <= 2
    assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds[n_positional:])
