"""Rules about the source of the package that no other test would notice."""

import ast
from pathlib import Path

import pytest

import skneural

PACKAGE = Path(skneural.__file__).parent
# Formulas have layers, and series have parts, which are no networks.
ELSEWHERE = ("layers", "preprocessing", "symbolic")
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name not in ELSEWHERE)

# Names of variables that hold layers, or the parameters of a network.
NETWORKS = ("layers", "branches", "parts", "children", "network", "network_")
TREES = ("tree", "gradient_tree", "_parameters", "parameters_of", "views")


def positional_access(source: str) -> list[str]:
    """The expressions that take a layer of a network, or the parameters of one, by its position."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Subscript) and _last_name(node.value) in (*NETWORKS, *TREES) and _is_place(node.slice)
    ]


def _last_name(node: ast.expr) -> str:
    """That of a variable, an attribute or a function that is called."""
    if isinstance(node, ast.Call):
        called = _last_name(node.func)
        if called in ("list", "tuple") and node.args:
            return _last_name(node.args[0])
        return _last_name(node.func.value) if called in ("values", "items", "keys") else called
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_place(node: ast.expr) -> bool:
    """Return True if a subscript is a slice or is computed from numbers alone."""
    if isinstance(node, ast.Slice):
        return True
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Constant)]
    return bool(parts) and all(isinstance(part.value, int) for part in parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_networks_are_addressed_by_name(path):
    assert positional_access(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("network.layers[0]", ["network.layers[0]"]),
        ("self._network.layer.layers[-1]", ["self._network.layer.layers[-1]"]),
        ("self._parameters()[1 + number]", ["self._parameters()[1 + number]"]),
        ("weights.tree[0]['scale']", ["weights.tree[0]"]),
        ("tree[: 2 * n]", ["tree[:2 * n]"]),
        ("list(network.children().values())[-1]", ["list(network.children().values())[-1]"]),
        ("network['encoder'], tree['encoder']['dense_1'], tree[name], sizes[0]", []),
    ],
)
def test_what_counts_as_a_position(source, found):
    assert positional_access(source) == found
