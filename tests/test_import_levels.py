"""A room imports from lower floors or from itself only."""

import ast
from pathlib import Path

import pytest

import skneural

PACKAGE = Path(skneural.__file__).parent
FLOORS = {
    "ops": 0,
    "parameters": 1,
    "initializers": 1,
    "optimizers": 1,
    "symbolic": 1,
    "drawing": 1,
    "hyperparameters": 1,
    "data": 1,
    "losses": 2,
    "layers": 3,
    "training": 4,
    "decoding": 4,
    "networks": 5,
    "inputs": 6,
    "targets": 7,
    "preprocessing": 7,
    "template": 8,
    "estimators": 9,
    "inspection": 10,
    "export": 10,
}
FREE = {"testing", "__init__"}  # may import from any floor; no room may import from them
NEIGHBOURS = {("parameters", "initializers")}  # allowed on one floor
NARROW = {("training", "layers"): "skneural.layers.layer"}  # the only module of that room
FORBIDDEN_NAMES = {"utils", "base", "common", "helpers"}
MODULES = sorted(PACKAGE.rglob("*.py"))


def room_of(module):
    """The room of a dotted name such as ``skneural.layers.dense``."""
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
            # "from skneural import layers" names its rooms after the import
            names = [f"{module}.{alias.name}" for alias in node.names] if module == "skneural" else [module]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "skneural")


def offences(module, source):
    """One sentence for each import that a module must not have."""
    room, package = room_of(module), module.rsplit(".", 1)[0]
    for name in imported(ast.parse(source), package):
        other = room_of(name)
        if room in FREE or other == room or (room, other) in NEIGHBOURS:
            continue
        if other not in FLOORS or FLOORS[other] >= FLOORS[room]:
            lower = ", ".join(sorted(key for key, floor in FLOORS.items() if floor < FLOORS[room])) or "no other room"
            yield f"{module} imports {name}: {room} stands on floor {FLOORS[room]} and may import from {lower}."
        elif name != NARROW.get((room, other), name):
            yield f"{module} imports {name}: {room} may import only {NARROW[room, other]} from {other}."


def dotted(path):
    return ".".join(("skneural", *path.relative_to(PACKAGE).with_suffix("").parts))


def test_every_room_has_a_floor():
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in MODULES}
    assert rooms - set(FLOORS) - FREE == set()
    assert {"ops", "layers", "training", "estimators", "preprocessing"} <= rooms


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_go_down(path):
    found = list(offences(dotted(path), path.read_text(encoding="utf-8")))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_names_say_something(path):
    parts = set(dotted(path).split("."))
    assert not parts & FORBIDDEN_NAMES, f"{dotted(path)}: name it after what it holds."


PLANTED = {
    "up": ("skneural.ops.linear", "from skneural.layers import Dense", "ops stands on floor 0"),
    "up, inside a function": ("skneural.layers.dense", "def f():\n    import skneural.training.train", "floor 3"),
    "sideways": ("skneural.initializers", "from skneural.parameters import Layout", "floor 1"),
    "from the package": ("skneural.training.train", "from skneural import estimators", "floor 4"),
    "the package itself": ("skneural.losses.loss", "import skneural", "floor 2"),
    "relative": ("skneural.losses.loss", "from ..networks.mlp import mlp_network", "floor 2"),
    "concrete layers": (
        "skneural.training.train",
        "from skneural.layers.dense import Dense",
        "only skneural.layers.layer",
    ),
    "all layers": ("skneural.training.train", "from skneural.layers import Layer", "only skneural.layers.layer"),
    "beside": ("skneural.preprocessing.text", "from skneural.estimators.mlp import MLPClassifier", "floor 7"),
    "checks": ("skneural.estimators.mlp", "from skneural.testing import check_layer", "floor 9"),
}


@pytest.mark.parametrize(("module", "source", "reason"), PLANTED.values(), ids=list(PLANTED))
def test_a_planted_import_is_found(module, source, reason):
    (sentence,) = offences(module, source)
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
def test_a_lower_floor_may_be_imported(module, source):
    assert not list(offences(module, source))


@pytest.mark.parametrize("room", [room for room in FLOORS if (PACKAGE / room / "__init__.py").exists()])
def test_each_room_says_on_which_floor_it_is(room):
    first = (PACKAGE / room / "__init__.py").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f'"""Floor {FLOORS[room]}: ')
