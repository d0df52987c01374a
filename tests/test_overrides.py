"""Classes of tests override only what their bases still define: else a test may compare a class with itself."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

from skneural import MLPClassifier
from skneural.layers import Layer

TESTS = Path(__file__).parent
HAS_A_CLASS = re.compile(r"^ *class \w", re.MULTILINE)
WITH_CLASSES = sorted(path for path in TESTS.rglob("*.py") if HAS_A_CLASS.search(path.read_text("utf-8")))
# Methods that are meant to be new, and what calls them.
NEW_METHODS = {
    "NoiseFinder.predict": "the estimator is unsupervised, and its tests predict with it",
    "Wrapped.before": "Wrapped.forward; subclasses plant their mistakes here",
    "Wrapped.after": "Wrapped.forward; subclasses plant their mistakes here",
    "Wrapped.going_back": "Wrapped.forward; subclasses plant their mistakes here",
}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def module_name(path):
    return ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)


def defined_names(definition):
    """Methods of a class, and attributes with a leading underscore: those without one may be fields of its own."""
    for statement in definition.body:
        if isinstance(statement, FUNCTIONS):
            yield statement.name
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        yield from (name.id for name in targets if isinstance(name, ast.Name) and name.id.startswith("_"))


def resolved(base, namespace):
    """The class that an expression names; None where it is defined in a function, or is none of Python's classes."""
    try:
        found = eval(ast.unparse(base), namespace)
    except NameError:
        return None
    return found if inspect.isclass(found) else None


def unknown_overrides(source, namespace):
    """Names of methods that a class with a base from skneural defines and no base class of it has."""
    definitions = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}
    known: dict[str, tuple[set, bool]] = {}

    def names_and_origin(name):
        """All names of the bases of a class of this source, and whether one of these is from skneural."""
        if name not in known:
            names, from_package = set(), False
            for base in definitions[name].bases:
                if isinstance(base, ast.Name) and base.id in definitions:
                    inherited, origin = names_and_origin(base.id)
                    names |= inherited | set(defined_names(definitions[base.id]))
                    from_package |= origin
                elif (found := resolved(base, namespace)) is not None:
                    names |= {*dir(found), *(name for each in found.__mro__ for name in inspect.get_annotations(each))}
                    from_package |= any(each.__module__.startswith("skneural") for each in found.__mro__)
            known[name] = names, from_package
        return known[name]

    for name, definition in definitions.items():
        names, from_package = names_and_origin(name)
        if from_package:
            for method in defined_names(definition):
                if method not in names and not method.startswith("__"):
                    yield f"{name}.{method}"


@pytest.mark.parametrize("path", WITH_CLASSES, ids=module_name)
def test_what_is_overridden_exists(path):
    namespace = vars(importlib.import_module(module_name(path)))
    unknown = set(unknown_overrides(path.read_text("utf-8"), namespace)) - set(NEW_METHODS)
    assert not unknown, (
        f"No base class has {', '.join(sorted(unknown))}: nothing calls it, unless NEW_METHODS says what."
    )


PLANTED = """
class OtherShards(MLPClassifier):
    _input = None
    __hash__ = None
    alpha = 0.1

    def _rows_per_shard(self, tree, x):
        return 8

    def predict(self, X):
        return X

class Inherits(OtherShards):
    def _rows_per_shard(self, tree, x):
        return 8

    def _shards(self):
        return 2

class OfNobody:
    def anything(self):
        return None

def test():
    class Local(OfNobody, Layer):
        def forwards(self, p, x, context):
            return x

        def anything(self):
            return None
"""


def test_a_planted_override_of_nothing_is_reported():
    found = list(unknown_overrides(PLANTED, {"MLPClassifier": MLPClassifier, "Layer": Layer}))
    assert found == [
        "OtherShards._input",
        "OtherShards._rows_per_shard",
        "Inherits._shards",
        "Local.forwards",
    ]
