"""mypy and pyright accept every valid constructor, and report wrong ones."""

import dataclasses
import importlib.resources
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skneural
import skneural.preprocessing

ROOT = Path(__file__).parents[1]


def is_declared(cls):
    return dataclasses.is_dataclass(cls) and all("constraint" in field.metadata for field in dataclasses.fields(cls))


DECLARED = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (skneural, skneural.preprocessing)
    for name in module.__all__
    if is_declared(getattr(module, name))
}
# Values of every type that hyper-parameters have, as they are written; each is passed wherever it is allowed.
VALUES = ("None", "True", "1", "-1", "0.5", "inf", "(8,)", "[8]", "(0, 1)", "[0, 1]", '"auto"', '{"a": 1}', "function")
HEADER = """
from math import inf
from typing import Any
import skneural
import skneural.preprocessing
def function(*arguments: Any) -> Any: ...
"""


def allowed_values(field):
    """Expressions of values that the constraint of a hyper-parameter allows: its options, and some of `VALUES`."""
    constraint, names = field.metadata["constraint"], {"inf": math.inf, "function": print}
    options = [repr(option) for option in constraint.options[:2]]
    return options + [value for value in VALUES if constraint.allows(eval(value, names))]


def call(name, *arguments, **named):
    return f"{name}({', '.join([*arguments, *(f'{key}={value}' for key, value in named.items())])})"


def valid_calls():
    """Constructor calls: all defaults by name, the positional ones by position, and each allowed type of value once."""
    calls, seen = [], set()
    for name, cls in DECLARED.items():
        fields = dataclasses.fields(cls)
        required = {field.name: allowed_values(field)[0] for field in fields if field.default is dataclasses.MISSING}
        defaults = {field.name: repr(field.default) for field in fields} | required
        calls.append(call(name, **defaults))
        calls.append(call(name, *(defaults[field.name] for field in fields if not field.kw_only)))
        for field in fields:
            if (field.name, field.type) not in seen:
                calls += [call(name, **required | {field.name: value}) for value in allowed_values(field)]
            seen.add((field.name, field.type))
    return calls


# mypy accepts any argument of a class with a base class without types, as scikit-learn's; it checks those it knows.
WRONG = {
    "mypy": ["{}(random_state=object())"],
    "pyright": ["{}(random_state=object())", "{}(unknown=1)", "{}(1, 2, 3, 4, 5, 6)"],
}


def mypy_errors(path):
    """Numbers of the lines that mypy reports, and its output."""
    command = [sys.executable, "-m", "mypy", str(path)]
    output = subprocess.run(command, cwd=ROOT, env=os.environ | {"MYPYPATH": str(ROOT)}, capture_output=True, text=True)
    assert output.returncode < 2, output.stdout + output.stderr
    return {int(number) for number in re.findall(rf"{path.name}:(\d+): error", output.stdout)}, output.stdout


def pyright_errors(path):
    """Numbers of the lines that pyright reports, and its output; skips where pyright cannot run, such as offline."""
    pytest.importorskip("pyright")
    (path.parent / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)]}))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(path.parent), "--outputjson"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=120)
        diagnostics = json.loads(output.stdout)["generalDiagnostics"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        pytest.skip("pyright cannot run: it downloads its program at the first call.")
    return {one["range"]["start"]["line"] + 1 for one in diagnostics}, output.stdout


@pytest.mark.parametrize(("checker", "errors"), [("mypy", mypy_errors), ("pyright", pyright_errors)])
def test_type_checkers_report_wrong_constructors_only(checker, errors, tmp_path):
    pytest.importorskip(checker)
    valid = valid_calls()
    estimators = [name for name, cls in DECLARED.items() if hasattr(cls, "random_state")]
    wrong = [mistake.format(name) for name in estimators for mistake in WRONG[checker]]
    path = tmp_path / "calls.py"
    lines = [*HEADER.splitlines(), *valid, *wrong]
    path.write_text("\n".join(lines))
    reported, output = errors(path)
    assert [lines[number - 1] for number in sorted(reported)] == wrong, output


def test_the_package_declares_that_it_is_typed():
    assert importlib.resources.files("skneural").joinpath("py.typed").is_file()
