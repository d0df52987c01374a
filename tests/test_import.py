"""Importing skneural is light."""

import subprocess
import sys

import pytest

OPTIONAL = ("matplotlib", "rich", "pandas", "sympy", "onnx", "torch", "tensorflow", "skops", "pytest")
# One process imports them one after another, because each new one takes seconds to import scikit-learn again. What
# scikit-learn imports by itself where it is installed comes first, and does not count.
IMPORTS = (
    "sklearn.callback, sklearn.neural_network",
    "skneural",
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


@pytest.mark.parametrize("name", ["skneural", "skneural.preprocessing"])
def test_nothing_optional_is_imported(name, optional_with):
    assert not optional_with[name]


def test_what_is_imported_is_seen(optional_with):
    assert optional_with["skops"] == {"skops"}


def test_the_public_checks_need_no_test_framework(optional_with):
    assert not optional_with["skneural.testing.estimator_contract"]


def test_every_public_name_exists():
    import skneural

    assert sorted(skneural.__all__) == list(skneural.__all__)
    assert not [name for name in skneural.__all__ if not hasattr(skneural, name)]
