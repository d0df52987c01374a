"""How long things are, how much is not typed, and what importing costs: python .ci/gauges.py [--strict].

With --strict, the exit code says whether the limits are kept: nine functions of ten within a screen, and no long file.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "skneural"
LONGEST_FUNCTION = 35  # lines without docstring: a screen
LONGEST_FILE = 400
ROW = "{:16}{:>6}{:>8}{:>11}{:>8}{:>6}{:>9}{:>12}{:>6}  {}"


class Function(NamedTuple):
    name: str
    lines: int
    arguments: int  # those with an annotation
    untyped: int  # of which the annotation is Any


class Module(NamedTuple):
    path: Path
    lines: int
    functions: list[Function]

    @property
    def room(self) -> str:
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def functions(tree: ast.AST, prefix: str) -> Iterator[Function]:
    """All functions, also those inside of others, by their path."""
    for node in ast.iter_child_nodes(tree):
        name = f"{prefix}.{node.name}" if isinstance(node, ast.FunctionDef | ast.ClassDef) else prefix
        if isinstance(node, ast.FunctionDef):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            written = [ast.unparse(one.annotation) for one in every if one and one.annotation]
            yield Function(name, length(node), len(written), written.count("Any"))
        yield from functions(node, name)


def length(function: ast.FunctionDef) -> int:
    first, lines = function.body[0], function.end_lineno - function.lineno + 1
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return lines - (first.end_lineno - first.lineno + 1 if documented else 0)


def read(path: Path) -> Module:
    source = path.read_text(encoding="utf-8")
    prefix = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return Module(path, source.count("\n"), list(functions(ast.parse(source), prefix)))


def percentile_90(numbers: Iterable[int]) -> int:
    ordered = sorted(numbers)
    return ordered[9 * (len(ordered) - 1) // 10]


def row(name: str, modules: list[Module]) -> str:
    found = [function for module in modules for function in module.functions]
    arguments, untyped = sum(one.arguments for one in found), sum(one.untyped for one in found)
    share = f"{untyped / arguments:.1%}" if arguments else ""
    longest = max(found, key=lambda one: one.lines, default=Function("", 0, 0, 0))
    lengths = [one.lines for one in found] or [0]
    sizes = len(modules), sum(module.lines for module in modules), len(found)
    middle, high = statistics.median_low(lengths), percentile_90(lengths)
    return ROW.format(name, *sizes, middle, high, longest.lines, f"{untyped}/{arguments}", share, longest.name)


def import_times(package: str, n: int) -> tuple[float, list[tuple[float, str]]]:
    """Milliseconds to import a package, the best of three, and the modules that took longest by themselves."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {package}"]
    runs = []
    for _ in range(3):
        report = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent).stderr
        lines = [line.removeprefix("import time:").split("|") for line in report.splitlines()[1:]]
        own = sorted(((int(own) / 1000, name.strip()) for own, _, name in lines), reverse=True)
        runs.append((int(lines[-1][1]) / 1000, own[:n]))
    return min(runs)


def deepest_class() -> tuple[int, str]:
    sys.path.insert(0, str(PACKAGE.parent))
    import skneural

    return max((len(one.__mro__), name) for name, one in vars(skneural).items() if isinstance(one, type))


def main() -> int:
    modules = [read(path) for path in sorted(PACKAGE.rglob("*.py"))]
    print(ROW.format("room", "files", "lines", "functions", "median", "p90", "longest", "Any", "", "the longest"))
    for room in sorted({module.room for module in modules}):
        print(row(room, [module for module in modules if module.room == room]))
    print(row("all", modules))
    found = [function for module in modules for function in module.functions]
    long_files = [f"{one.path.relative_to(PACKAGE)} {one.lines}" for one in modules if one.lines > LONGEST_FILE]
    print(f"\nfiles over {LONGEST_FILE} lines: {', '.join(long_files) or 'none'}")
    long_functions = [f"{one.name} {one.lines}" for one in found if one.lines > LONGEST_FUNCTION]
    print(f"functions over {LONGEST_FUNCTION} lines: {', '.join(long_functions) or 'none'}")
    print("most classes in a method resolution order: {}, of {}".format(*deepest_class()))
    ours, hot = import_times("skneural", 10)
    theirs, _ = import_times("sklearn.neural_network", 0)
    print(f"\nimport skneural: {ours:.0f} ms; import sklearn.neural_network: {theirs:.0f} ms; most time by themselves:")
    print(*(f"  {milliseconds:6.1f} ms  {name}" for milliseconds, name in hot), sep="\n")
    kept = not long_files and percentile_90(one.lines for one in found) <= LONGEST_FUNCTION
    return int("--strict" in sys.argv[1:] and not kept)


if __name__ == "__main__":
    sys.exit(main())
