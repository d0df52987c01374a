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
BLOCKS = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Packages whose clusters take seconds to start: blocks that import them run with -m slow, where they are installed.
CLUSTERS = ("dask", "ray")


def blocks(page):
    """The code of each block, behind as many empty lines as precede it, so that errors name the line of the page."""
    return ["\n" * page[: match.start(1)].count("\n") + match[1] for match in BLOCKS.finditer(page)]


def clusters_of(code):
    return {name for name in CLUSTERS if re.search(rf"^import {name}$", code, re.MULTILINE)}


def run(path, is_chosen):
    main = types.ModuleType("__main__")  # of which worker processes get functions by their code
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", main)
        warnings.simplefilter("ignore")  # those of short trainings, and of other packages about their next versions
        for code in filter(is_chosen, blocks(path.read_text(encoding="utf-8"))):
            exec(compile(code, path, "exec"), vars(main))


every_page = pytest.mark.parametrize(
    "path", PAGES, ids=lambda path: path.relative_to(DOCS.parent).with_suffix("").as_posix()
)


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


def test_blocks_keep_the_numbers_of_their_lines():
    page = "text\n```python\na = 1\n```\n```sh\nls\n```\n```python\nb = 2\nc = 3\n```\n"
    assert blocks(page) == ["\n\na = 1\n", "\n" * 8 + "b = 2\nc = 3\n"]
