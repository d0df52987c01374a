"""Each module of the package is tested by the file of its name: skneural/ops/lstm.py by tests/ops/test_lstm.py."""

from pathlib import Path

import pytest

import skneural

PACKAGE, TESTS = Path(skneural.__file__).parent, Path(__file__).parent
MIRRORED = (
    "data",
    "decoding",
    "inspection",
    "layers",
    "losses",
    "networks",
    "ops",
    "optimizers",
    "preprocessing",
    "streaming",
    "distributed",
    "symbolic",
    "testing",
    "training",
)
WITHOUT_TESTS = {
    "ops/types.py": "names of types only",
    "testing/estimator_contract.py": "tests/estimators/test_estimator_contract.py shares the cases of estimators",
}
OF_SEVERAL_MODULES = {
    "layers/test_adaptation.py": "all layers that adapt to the training data, alone and in networks",
    "layers/test_every_layer.py": "gradients and the contract of every layer",
    "layers/test_padding_and_shards.py": "padding and shards of every layer, in every layout",
    "layers/test_steps.py": "the steps of every layer, one at a time",
    "networks/test_every_network.py": "gradients and the contract of every network",
    "ops/test_scans.py": "properties of selective_scan and multihead_scan alike",
    "ops/test_softmaxes.py": "the softmax of every op that has one",
    "ops/test_ties.py": "every op that pools by the maximum",
}


def missing_and_unexpected(modules, test_files):
    """Names of test files that modules lack, and of test files that no module has; both by their paths."""
    expected = {
        str(Path(module).with_name(f"test_{Path(module).name}")) for module in set(modules) - set(WITHOUT_TESTS)
    }
    return expected - set(test_files), set(test_files) - expected - set(OF_SEVERAL_MODULES)


def paths(root, subpackage, pattern):
    files = [path for path in (root / subpackage).rglob(pattern) if path.name != "__init__.py"]
    return [path.relative_to(root).as_posix() for path in files]


@pytest.mark.parametrize("subpackage", MIRRORED)
def test_tests_mirror_the_package(subpackage):
    missing, unexpected = missing_and_unexpected(
        paths(PACKAGE, subpackage, "*.py"), paths(TESTS, subpackage, "test_*.py")
    )
    assert not missing, f"add {', '.join(sorted(missing))} to tests/, or say in WITHOUT_TESTS why there is none."
    assert not unexpected, (
        f"name {', '.join(sorted(unexpected))} after the module that is tested, or say in OF_SEVERAL_MODULES of which."
    )


def test_exceptions_are_those_that_are_needed():
    for module in WITHOUT_TESTS:
        assert (PACKAGE / module).exists(), f"remove {module} from WITHOUT_TESTS."
        test_file = Path(module).with_name(f"test_{Path(module).name}")
        assert not (TESTS / test_file).exists(), f"remove {module} from WITHOUT_TESTS: it has tests."
    for test_file in OF_SEVERAL_MODULES:
        assert (TESTS / test_file).exists(), f"remove {test_file} from OF_SEVERAL_MODULES."


def test_what_is_missing_or_unexpected_is_found():
    modules = ["ops/lstm.py", "ops/types.py", "ops/gru.py"]
    test_files = ["ops/test_lstm.py", "ops/test_cells.py", "ops/test_scans.py"]
    assert missing_and_unexpected(modules, test_files) == ({"ops/test_gru.py"}, {"ops/test_cells.py"})
