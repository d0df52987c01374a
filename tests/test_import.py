"""Importing skneural is light."""

import importlib.util
import subprocess
import sys

import pytest

import skneural
import skneural.estimators

OPTIONAL = ("matplotlib", "mpi4py", "rich", "pandas", "sympy", "onnx", "torch", "tensorflow", "skops", "pytest")
# One process imports them one after another, because each new one takes seconds to import scikit-learn again. What
# scikit-learn imports by itself where it is installed comes first, and does not count.
IMPORTS = (
    "sklearn.neural_network" + (", sklearn.callback" if importlib.util.find_spec("sklearn.callback") else ""),
    "skneural",
    "skneural.estimators.mlp",
    "skneural.preprocessing",
    "skneural.testing.estimator_contract",
    "skops",
)


@pytest.fixture(scope="module")
def optional_with():
    """For each of `IMPORTS`, the optional packages that it is the first to import."""
    statements = [f"import {names}; print(*sys.modules, sep=',')" for names in IMPORTS]
    code = "\n".join(["import sys", *statements])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [set(line.split(",")) & set(OPTIONAL) for line in done.stdout.split()]
    before = [set(OPTIONAL), *loaded]
    return dict(zip(IMPORTS, (after - known for after, known in zip(loaded, before, strict=False)), strict=True))


@pytest.mark.parametrize("name", ["skneural", "skneural.estimators.mlp", "skneural.preprocessing"])
def test_nothing_optional_is_imported(name, optional_with):
    assert not optional_with[name]


def test_what_is_imported_is_seen(optional_with):
    assert optional_with["skops"] == {"skops"}


def test_the_public_checks_need_no_test_framework(optional_with):
    assert not optional_with["skneural.testing.estimator_contract"]


@pytest.mark.parametrize("package", [skneural, skneural.estimators])
def test_every_public_name_exists(package):
    assert sorted(package.__all__) == list(package.__all__)
    assert not [name for name in package.__all__ if not hasattr(package, name)]
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="no attribute 'PerceptronRegressor'"):
        _ = package.PerceptronRegressor


def test_every_estimator_is_found_in_its_module():
    assert sorted(skneural.estimators.MODULE_OF) == skneural.estimators.__all__
    functions = {"average", "search_space", "show_versions", "step_scorer"}
    assert set(skneural.estimators.__all__) | set(skneural.MODULES) - functions == set(skneural.__all__)


def imported_by(statement):
    """Modules of families that a statement imports in a new process."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    families = {f"skneural.estimators.{module}" for module in skneural.estimators.MODULE_OF.values()}
    return {name for name in done.stdout.split() if name in families}


def test_families_are_imported_when_they_are_used():
    assert imported_by("import skneural; skneural.callbacks.Checkpoint") == set()
    assert imported_by("from skneural import MLPClassifier") == {"skneural.estimators.mlp"}
