"""Measure the size, the typing, the names and the import time of the package: python .ci/gauges.py [--strict].

The limits are in `LIMITS`. With --strict, the exit code is 1 if a limit that is marked as enforced is exceeded.
"""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).resolve().parent.parent / "skneural"


class Limit(NamedTuple):
    """The largest allowed value of a gauge; --strict fails only for limits that are enforced."""

    value: float
    enforced: bool


LONGEST_FUNCTION = 35  # lines without docstring: a screen
LONGEST_FILE = 400  # lines; a longer file is no mistake if it contains a single idea
SHORTEST_MODULE = 40  # lines up to which a module may be worth merging into its only user

# To tighten a limit, lower its value or enforce it.
LIMITS = {
    "files that are too long": Limit(0, enforced=False),
    "90th percentile of the lines of functions": Limit(15, enforced=True),
    "functions longer than a screen": Limit(11, enforced=False),
    "modules that are very short": Limit(17, enforced=False),
    "docstrings that begin with a clause": Limit(0, enforced=True),
    "bindings with vague names": Limit(0, enforced=True),
    "public names with several definitions": Limit(2, enforced=True),  # zeros, and fit of streaming and of distributed
    "classes in the longest method resolution order": Limit(13, enforced=True),
    "classes of skneural in a method resolution order": Limit(6, enforced=True),
    "percent of unchecked arguments": Limit(8, enforced=True),
    "computing calls of NumPy in layers": Limit(45, enforced=False),
}

CLAUSES = {"What", "Which", "Whether", "How", "Where"}  # summaries begin with a noun or a verb
VAGUE = {"own", "found", "one"}  # allowed only within a line
UNCHECKED = {"Any", "BaseEstimator"}  # annotations that mypy accepts for everything

# Functions of NumPy that create or describe arrays: layers may call them, and leave computing to ops.
CREATION = {
    "arange",
    "array",
    "asarray",
    "ascontiguousarray",
    "empty",
    "empty_like",
    "full",
    "ones",
    "ones_like",
    "zeros",
}
NOT_COMPUTING = CREATION | {"array_equal", "broadcast_to", "dtype", "finfo", "ndim", "random.default_rng", "zeros_like"}
ROW = "{:16}{:>6}{:>8}{:>11}{:>8}{:>6}{:>9}{:>12}{:>6}  {}"
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Function(NamedTuple):
    """A function or a method."""

    name: str
    lines: int
    arguments: int  # arguments with an annotation
    unchecked: int  # arguments whose annotation is one of UNCHECKED


class Module(NamedTuple):
    """Measurements of a file."""

    path: Path
    lines: int
    functions: list[Function]
    definitions: list[str]  # public names that are defined at the top level
    clauses: list[str]  # names of classes, functions and modules whose docstring begins with one of CLAUSES
    vague: list[str]  # bindings with one of the names of VAGUE that span several lines

    @property
    def subpackage(self) -> str:
        """Name of the subpackage, or of the module at the top level."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")


class Gauge(NamedTuple):
    """A measured value, and the places that contribute to it."""

    name: str
    value: float
    details: list[str]

    @property
    def exceeded(self) -> bool:
        """True if the value is above its limit."""
        return self.value > LIMITS[self.name].value

    def __str__(self) -> str:
        """The gauge in a line, and its details in another."""
        limit = LIMITS[self.name]
        comparison = f"limit {limit.value:g}{'' if limit.enforced else ', not enforced'}"
        summary = f"{'!' if self.exceeded else ' '} {self.name}: {self.value:.4g} ({comparison})"
        return summary + (f"\n      {', '.join(self.details)}" if self.details else "")


def functions(tree: ast.AST, prefix: str) -> Iterator[Function]:
    """All functions of a module, including nested ones, named by their path."""
    for node in ast.iter_child_nodes(tree):
        name = f"{prefix}.{node.name}" if isinstance(node, ast.FunctionDef | ast.ClassDef) else prefix
        if isinstance(node, ast.FunctionDef):
            annotations = [ast.unparse(argument.annotation) for argument in arguments_of(node) if argument.annotation]
            yield Function(name, length(node), len(annotations), sum(text in UNCHECKED for text in annotations))
        yield from functions(node, name)


def arguments_of(function: ast.FunctionDef | ast.Lambda) -> list[ast.arg]:
    """All arguments of a function."""
    arguments = function.args
    variadic = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *variadic]


def length(function: ast.FunctionDef) -> int:
    """Number of lines without the docstring."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return span(function) - (span(first) if documented else 0)


def span(node: ast.AST) -> int:
    """Number of lines."""
    return node.end_lineno - node.lineno + 1


def definitions(tree: ast.Module) -> Iterator[str]:
    """Public names that are defined at the top level of a module."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


def clauses(tree: ast.Module, prefix: str) -> Iterator[str]:
    """Modules, classes and functions whose docstring begins with one of CLAUSES."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            words = (ast.get_docstring(node) or "").split(maxsplit=1)
            if words and words[0] in CLAUSES:
                yield prefix if isinstance(node, ast.Module) else f"{prefix}:{node.lineno}"


def vague(tree: ast.Module, prefix: str) -> Iterator[str]:
    """Bindings with one of the names of VAGUE, except in comprehensions and lambdas of a single line."""
    short = {
        id(target)
        for node in ast.walk(tree)
        if isinstance(node, COMPREHENSIONS) and span(node) == 1
        for generator in node.generators
        for target in ast.walk(generator.target)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in short:
            bound = [(node.id, node.lineno)]
        elif isinstance(node, ast.FunctionDef) or (isinstance(node, ast.Lambda) and span(node) > 1):
            bound = [(argument.arg, argument.lineno) for argument in arguments_of(node)]
        else:
            continue
        yield from (f"{prefix}:{line} {name}" for name, line in bound if name in VAGUE)


def read(path: Path) -> Module:
    """Measure a file."""
    source = path.read_text(encoding="utf-8")
    tree, name = ast.parse(source), ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    n_lines = source.count("\n")
    return Module(
        path,
        n_lines,
        list(functions(tree, name)),
        list(definitions(tree)),
        [*clauses(tree, name)],
        [*vague(tree, name)],
    )


def percentile_90(numbers: Iterable[int]) -> int:
    """The 90th percentile."""
    ordered = sorted(numbers)
    return ordered[9 * (len(ordered) - 1) // 10]


def row(name: str, modules: list[Module]) -> str:
    """Row of the table for some modules."""
    members = [function for module in modules for function in module.functions]
    arguments, unchecked = sum(member.arguments for member in members), sum(member.unchecked for member in members)
    share = f"{unchecked / arguments:.1%}" if arguments else ""
    longest = max(members, key=lambda member: member.lines, default=Function("", 0, 0, 0))
    lengths = [member.lines for member in members] or [0]
    sizes = len(modules), sum(module.lines for module in modules), len(members)
    middle, high = statistics.median_low(lengths), percentile_90(lengths)
    return ROW.format(name, *sizes, middle, high, longest.lines, f"{unchecked}/{arguments}", share, longest.name)


def size_gauges(modules: list[Module]) -> Iterator[Gauge]:
    """Lengths of files and functions, and typing of arguments."""
    members = [function for module in modules for function in module.functions]
    long_files = [f"{name_of(module)} {module.lines}" for module in modules if module.lines > LONGEST_FILE]
    yield Gauge("files that are too long", len(long_files), long_files)
    yield Gauge("90th percentile of the lines of functions", percentile_90(member.lines for member in members), [])
    long_functions = [f"{member.name} {member.lines}" for member in members if member.lines > LONGEST_FUNCTION]
    yield Gauge("functions longer than a screen", len(long_functions), long_functions)
    short = [module for module in modules if module.lines <= SHORTEST_MODULE and module.path.name != "__init__.py"]
    yield Gauge("modules that are very short", len(short), [f"{name_of(module)} {module.lines}" for module in short])
    unchecked, arguments = sum(member.unchecked for member in members), sum(member.arguments for member in members)
    yield Gauge("percent of unchecked arguments", 100 * unchecked / arguments, [])


def name_gauges(modules: list[Module]) -> Iterator[Gauge]:
    """Names and docstrings."""
    docstrings = [place for module in modules for place in module.clauses]
    yield Gauge("docstrings that begin with a clause", len(docstrings), docstrings)
    bindings = [binding for module in modules for binding in module.vague]
    yield Gauge("bindings with vague names", len(bindings), bindings)
    modules_of = defaultdict(list)
    for module in modules:
        for name in set(module.definitions):
            modules_of[name].append(name_of(module).removesuffix(".py"))
    several = [f"{name} ({' '.join(names)})" for name, names in sorted(modules_of.items()) if len(names) > 1]
    yield Gauge("public names with several definitions", len(several), several)


def name_of(module: Module) -> str:
    """Path of a module in the package."""
    return str(module.path.relative_to(PACKAGE))


def class_gauges() -> Iterator[Gauge]:
    """Lengths of the method resolution orders of the estimators."""
    sys.path.insert(0, str(PACKAGE.parent))
    import skneural

    every, ours = {}, {}
    for name, member in ((name, getattr(skneural, name)) for name in skneural.__all__):
        if isinstance(member, type):
            every[name] = len(member.__mro__)
            ours[name] = sum(parent.__module__.startswith("skneural") for parent in member.__mro__)
    for gauge, lengths in (
        ("classes in the longest method resolution order", every),
        ("classes of skneural in a method resolution order", ours),
    ):
        too_long = [f"{name} {n}" for name, n in lengths.items() if n > LIMITS[gauge].value]
        yield Gauge(gauge, max(lengths.values()), too_long)


def layer_gauge(modules: list[Module]) -> Gauge:
    """Arithmetic in layers."""
    calls = {name_of(module): computing_calls(module) for module in modules if module.subpackage == "layers"}
    counts = [f"{name} {len(names)}" for name, names in calls.items() if names]
    return Gauge("computing calls of NumPy in layers", sum(map(len, calls.values())), counts)


def computing_calls(module: Module) -> list[str]:
    """Names of the functions of NumPy that a module calls to compute, not to create or describe an array."""
    names = [
        ast.unparse(node.func).removeprefix("np.")
        for node in ast.walk(ast.parse(module.path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("np.")
    ]
    return [name for name in names if name not in NOT_COMPUTING]


def import_times(package: str, n: int) -> tuple[float, list[tuple[float, str]]]:
    """Milliseconds for importing a package, the best of three, and the modules that took longest by themselves."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {package}"]
    runs = []
    for _ in range(3):
        report = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent).stderr
        lines = [line.removeprefix("import time:").split("|") for line in report.splitlines()[1:]]
        slowest = sorted(((int(time) / 1000, name.strip()) for time, _, name in lines), reverse=True)
        runs.append((int(lines[-1][1]) / 1000, slowest[:n]))
    return min(runs)


def main() -> int:
    """Print all gauges, and return the exit code."""
    modules = [read(path) for path in sorted(PACKAGE.rglob("*.py"))]
    print(ROW.format("", "files", "lines", "functions", "median", "p90", "longest", "unchecked", "", "the longest"))
    for subpackage in sorted({module.subpackage for module in modules}):
        print(row(subpackage, [module for module in modules if module.subpackage == subpackage]))
    print(row("all", modules) + "\n")
    gauges = [*size_gauges(modules), *name_gauges(modules), *class_gauges(), layer_gauge(modules)]
    print(*gauges, sep="\n")
    ours, slowest = import_times("skneural.estimators.mlp", 10)
    theirs, _ = import_times("sklearn.neural_network", 0)
    print(f"\nimport of our MLP: {ours:.0f} ms, of sklearn.neural_network: {theirs:.0f} ms; most time by themselves:")
    print(*(f"  {milliseconds:6.1f} ms  {name}" for milliseconds, name in slowest), sep="\n")
    failed = any(gauge.exceeded and LIMITS[gauge.name].enforced for gauge in gauges)
    return int("--strict" in sys.argv[1:] and failed)


if __name__ == "__main__":
    sys.exit(main())
