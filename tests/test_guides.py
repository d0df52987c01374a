"""The code blocks of the README and of the pages in docs/ run as they are, from the first to the last."""

import importlib.util
import re
import sys
import types
import warnings
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
README = DOCS.parent / "README.md"
PAGES = [path for path in [README, *sorted(DOCS.rglob("*.md"))] if "```python" in path.read_text(encoding="utf-8")]
# Pages with code of another library in blocks of "py"; they run with -m slow, where that library is installed.
PAGES_OF_PEERS = [
    path for path in PAGES if path.parent.name == "coming_from" and path.stem not in ("index", "scikit_learn")
]
BLOCKS = re.compile(r"^```(python|py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Packages whose clusters take seconds to start: blocks that import them run with -m slow, where they are installed.
CLUSTERS = ("dask", "ray")


def blocks(page, languages=("python",)):
    """The code of each block, behind as many empty lines as precede it, so that errors name the line of the page."""
    chosen = [match for match in BLOCKS.finditer(page) if match[1] in languages]
    return ["\n" * page[: match.start(2)].count("\n") + match[2] for match in chosen]


def clusters_of(code):
    return {name for name in CLUSTERS if re.search(rf"^import {name}$", code, re.MULTILINE)}


def missing_packages(code):
    """Packages that lines of code import and that are not installed."""
    imported = set(re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE))
    return {name for name in imported if importlib.util.find_spec(name) is None}


def run(path, is_chosen, languages=("python",)):
    main = types.ModuleType("__main__")  # of which worker processes get functions by their code
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", main)
        warnings.simplefilter("ignore")  # those of short trainings, and of other packages about their next versions
        for code in filter(is_chosen, blocks(path.read_text(encoding="utf-8"), languages)):
            exec(compile(code, path, "exec"), vars(main))


def name_of(path):
    return path.relative_to(DOCS.parent).with_suffix("").as_posix()


every_page = pytest.mark.parametrize("path", PAGES, ids=name_of)


@every_page
def test_code_blocks_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(path, lambda code: not clusters_of(code))
    assert not list(tmp_path.iterdir()), "code of a guide leaves files behind."


@pytest.mark.slow
@every_page
def test_code_blocks_run_on_clusters(path, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")  # which would leave a token in the home folder
    run(path, lambda code: all(importlib.util.find_spec(name) for name in clusters_of(code)))


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES_OF_PEERS, ids=name_of)
def test_code_of_other_libraries_runs(path, tmp_path, monkeypatch):
    missing = missing_packages("".join(blocks(path.read_text(encoding="utf-8"), ("py",))))
    if missing:
        pytest.skip(f"needs {', '.join(sorted(missing))}")
    monkeypatch.chdir(tmp_path)  # where pykan writes a folder
    run(path, lambda code: True, ("python", "py"))


def test_blocks_keep_the_numbers_of_their_lines():
    page = "text\n```python\na = 1\n```\n```sh\nls\n```\n```python\nb = 2\nc = 3\n```\n"
    assert blocks(page) == ["\n\na = 1\n", "\n" * 8 + "b = 2\nc = 3\n"]


def test_blocks_of_two_languages_keep_the_order_of_the_page():
    page = "```py\na = 1\n```\n```python\nb = 2\n```\n```pycon\n>>> 1\n```\n"
    assert [code.strip() for code in blocks(page, ("python", "py"))] == ["a = 1", "b = 2"]
    assert [code.strip() for code in blocks(page)] == ["b = 2"]


def test_missing_packages():
    assert missing_packages("import json\nfrom no_such.place import a\nimport neither\n") == {"no_such", "neither"}
