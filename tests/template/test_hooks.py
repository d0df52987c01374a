"""Families define the hooks of the template, and override nothing else of it."""

import ast
import dataclasses
import inspect
import sys
import textwrap

import numpy as np
import pytest

from skneural import MLPClassifier
from skneural.readers import Reader
from skneural.tasks import Task
from skneural.template.estimator import HOOKS, PARTS, NeuralEstimator

FITTED = MLPClassifier(2, solver="lbfgs", max_iter=1).fit(np.eye(4), [0, 1, 0, 1])
# Names of the template and of scikit-learn's base classes, and those of attributes that `fit` sets.
PRIVATE = {name for name in (*dir(NeuralEstimator), *vars(FITTED)) if name[0] == "_" and name[:2] != "__"}


def subclasses(cls):
    """All subclasses in skneural; other tests define some, too."""
    for subclass in cls.__subclasses__():
        if subclass.__module__.startswith("skneural."):
            yield subclass
        yield from subclasses(subclass)


def by_name(classes):
    return {f"{cls.__module__}.{cls.__qualname__}": cls for cls in classes}


ESTIMATORS = by_name(subclasses(NeuralEstimator))
READERS_AND_TASKS = by_name([*subclasses(Reader), *subclasses(Task)])
# Functions of these modules serve readers and tasks. All are in use, so skneural has imported them.
MODULES = sorted(
    name
    for name in sys.modules
    if name.startswith(("skneural.readers.", "skneural.tasks."))
    or (name.startswith("skneural.estimators.") and name.endswith((".reader", ".task")))
)


def overridden(estimator_class):
    """Private names of the template that a family overrides, hooks apart."""
    for cls in estimator_class.__mro__[: estimator_class.__mro__.index(NeuralEstimator)]:
        if not cls.__module__.startswith("sklearn."):
            yield from (f"{cls.__name__}.{name}" for name in vars(cls) if name in PRIVATE - {*HOOKS, *PARTS})


def accesses_to_estimators(source):
    """Parameters named "estimator", and uses of the attributes of an object as a dictionary."""
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.arg) and node.arg == "estimator":
            yield f"line {node.lineno}: parameter estimator"
        if isinstance(node, ast.Attribute) and node.attr == "__dict__":
            yield f"line {node.lineno}: __dict__"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "vars":
            yield f"line {node.lineno}: vars"


def test_hooks_are_the_methods_of_their_section():
    source = textwrap.dedent(inspect.getsource(NeuralEstimator))
    section = source.split("# --- hooks: ")[1].split("# --- ")[0]
    methods = [line.split("def ")[1].split("(")[0] for line in section.splitlines() if line.startswith("    def ")]
    assert tuple(methods) == HOOKS


@pytest.mark.parametrize("estimator_class", ESTIMATORS.values(), ids=ESTIMATORS.keys())
def test_families_override_hooks_only(estimator_class):
    assert not list(overridden(estimator_class))


def test_planted_overrides_are_found():
    def method(self):
        pass

    mixin = type("Mixin", (), {"_keep": method})
    others = {"_get_param_names": method, "_task": None}  # of scikit-learn, and an attribute of the fitted estimator
    allowed = {"_observers": method, "_reader_class": None, "_new": method, "__sklearn_tags__": method}
    planted = type("Planted", (mixin, MLPClassifier), others | allowed)
    assert list(overridden(planted)) == ["Planted._get_param_names", "Planted._task", "Mixin._keep"]


@pytest.mark.parametrize("cls", READERS_AND_TASKS.values(), ids=READERS_AND_TASKS.keys())
def test_readers_and_tasks_are_values_without_an_estimator(cls):
    assert dataclasses.is_dataclass(cls)
    assert cls.__dataclass_params__.frozen
    assert not list(accesses_to_estimators(inspect.getsource(cls)))


@pytest.mark.parametrize("module", MODULES)
def test_modules_of_readers_and_tasks_take_no_estimator(module):
    assert not list(accesses_to_estimators(inspect.getsource(sys.modules[module])))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("    def learn(self, *, estimator):\n        pass", "line 1: parameter estimator"),
        ("def f(x):\n    x.__dict__.update(a=1)", "line 2: __dict__"),
        ("def f(x):\n    return vars(x)", "line 2: vars"),
    ],
)
def test_planted_accesses_are_found(source, message):
    assert list(accesses_to_estimators(source)) == [message]
