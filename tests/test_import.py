"""Importing skneural is light."""

import subprocess
import sys

OPTIONAL = ("matplotlib", "rich", "pandas", "sympy", "onnx", "torch", "tensorflow", "skops", "pytest")


def imported_with(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def optional_with(statement: str) -> set[str]:
    """Optional packages beyond those that scikit-learn imports by itself where they are installed."""
    return (imported_with(statement) - imported_with("import sklearn.callback, sklearn.neural_network")) & set(OPTIONAL)


def test_nothing_optional_is_imported():
    assert not optional_with("import skneural")
    assert not optional_with("import skneural.preprocessing")
    assert optional_with("import skneural, skops") == {"skops"}


def test_the_public_checks_need_no_test_framework():
    assert not optional_with("import skneural.testing.estimator_contract")


def test_every_public_name_exists():
    import skneural

    assert sorted(skneural.__all__) == list(skneural.__all__)
    assert not [name for name in skneural.__all__ if not hasattr(skneural, name)]
