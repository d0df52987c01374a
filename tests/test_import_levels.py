"""A subpackage imports only from itself and from subpackages of lower levels."""

import ast
import re
from pathlib import Path

import pytest

import skneural

PACKAGE = Path(skneural.__file__).parent
LEVELS = {
    "ops": 0,
    "user_warnings": 0,
    "version": 0,
    "parameters": 1,
    "initializers": 1,
    "optimizers": 1,
    "symbolic": 1,
    "drawing": 1,
    "deprecation": 1,
    "hyperparameters": 2,
    "data": 1,
    "sklearn_compat": 1,
    "exceptions": 1,
    "installation": 2,
    "metrics": 1,
    "losses": 2,
    "layers": 3,
    "training": 4,
    "decoding": 4,
    "networks": 5,
    "readers": 6,
    "tasks": 7,
    "preprocessing": 7,
    "template": 8,
    "estimators": 9,
    "inspection": 10,
    "export": 10,
    "callbacks": 10,
    "model_average": 10,
    "search_spaces": 10,
    "streaming": 10,
    "distributed": 11,
}
UNRESTRICTED = {"testing", "__init__"}  # may import from any level; nothing else may import from them
SAME_LEVEL = {("parameters", "initializers")}  # imports that are allowed although both have one level
SOME_MODULES = {  # the only modules that may be imported from there
    ("training", "layers"): ("skneural.layers.layer", "skneural.layers.normalization", "skneural.layers.traversal")
}
FORBIDDEN_NAMES = {"utils", "base", "common", "helpers"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def subpackage_of(module):
    """The subpackage, or module at the top of the package, of a dotted name such as ``skneural.layers.dense``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(tree, package):
    """Every skneural module that is imported, wherever in the file; `package` is where relative imports start."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            # "from skneural import layers" names its subpackages after the import
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "skneural" else [module]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "skneural")


def forbidden_imports(module, source):
    """One sentence for each import that a module must not have."""
    subpackage, package = subpackage_of(module), module.rsplit(".", 1)[0]
    for name in imported(ast.parse(source), package):
        other = subpackage_of(name)
        if subpackage in UNRESTRICTED or other == subpackage or (subpackage, other) in SAME_LEVEL:
            continue
        if other not in LEVELS or LEVELS[other] >= LEVELS[subpackage]:
            level = LEVELS[subpackage]
            lower = ", ".join(sorted(key for key in LEVELS if LEVELS[key] < level)) or "no other subpackage"
            yield f"{module} imports {name}: {subpackage} has level {level} and may import from {lower}."
        elif name not in (allowed := SOME_MODULES.get((subpackage, other), (name,))):
            yield f"{module} imports {name}: {subpackage} may import only {', '.join(allowed)} from {other}."


def dotted(path):
    return ".".join(("skneural", *path.relative_to(PACKAGE).with_suffix("").parts))


def test_every_subpackage_has_a_level():
    subpackages = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert subpackages - set(LEVELS) - UNRESTRICTED == set()
    assert {"ops", "layers", "training", "estimators", "preprocessing"} <= subpackages


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_go_down(path):
    found = list(forbidden_imports(dotted(path), path.read_text(encoding="utf-8")))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_modules_are_named_after_their_contents(path):
    parts = set(dotted(path).split("."))
    assert not parts & FORBIDDEN_NAMES, f"{dotted(path)}: name it after its contents."


PLANTED = {
    "up": ("skneural.ops.linear", "from skneural.layers import Dense", "ops has level 0"),
    "up, inside a function": ("skneural.layers.dense", "def f():\n    import skneural.training.train", "level 3"),
    "same level": ("skneural.initializers", "from skneural.parameters import Layout", "level 1"),
    "from the package": ("skneural.training.train", "from skneural import estimators", "level 4"),
    "the package itself": ("skneural.losses.loss", "import skneural", "level 2"),
    "relative": ("skneural.losses.loss", "from ..networks.mlp import mlp_network", "level 2"),
    "concrete layers": (
        "skneural.training.train",
        "from skneural.layers.dense import Dense",
        "only skneural.layers.layer",
    ),
    "all layers": ("skneural.training.train", "from skneural.layers import Layer", "only skneural.layers.layer"),
    "two levels higher": (
        "skneural.preprocessing.text",
        "from skneural.estimators.mlp import MLPClassifier",
        "level 7",
    ),
    "checks": ("skneural.estimators.mlp", "from skneural.testing import check_layer", "level 9"),
}


@pytest.mark.parametrize(("module", "source", "reason"), PLANTED.values(), ids=list(PLANTED))
def test_a_planted_import_is_found(module, source, reason):
    (sentence,) = forbidden_imports(module, source)
    assert module in sentence
    assert reason in sentence


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("skneural.parameters", "from skneural.initializers import zeros"),
        ("skneural.optimizers.adam", "from skneural.ops.types import Array"),
        ("skneural.training.train", "from skneural.layers.layer import Layer"),
        ("skneural.layers.dense", "from .layer import Layer"),
        ("skneural.testing.layer_contract", "from skneural.estimators import MLPClassifier"),
    ],
)
def test_a_lower_level_may_be_imported(module, source):
    assert not list(forbidden_imports(module, source))


def test_the_guide_for_contributors_lists_every_level():
    guide = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", guide, re.MULTILINE)
    listed = {name: int(level) for level, names in rows for name in re.findall(r"`(\w+)(?:/|\.py)`", names)}
    existing = {subpackage_of(dotted(path)) for path in MODULES} - UNRESTRICTED
    assert listed == {name: level for name, level in LEVELS.items() if name in existing}
