"""The reference of the site has every public name, and the docstrings of estimators begin with what is their own."""

import ast
import importlib
import inspect
import sys
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString

import skneural
from skneural.hyperparameters import hyperparameters, is_shared
from skneural.template.estimator import NeuralEstimator

EXTENSIONS = Path(__file__).parents[1] / "docs" / "extensions"
LONGEST_HELP = 250  # lines of the docstring, with which help begins
every_estimator = pytest.mark.parametrize("name", skneural.estimators.__all__)


@pytest.fixture
def pages(monkeypatch):
    """The module that writes the generated pages."""
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    yield importlib.import_module("reference_pages")
    for name in ("reference_pages", "public_names"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("module", ["", *skneural.SUBPACKAGES, "optimizers"])
def test_every_public_name_has_a_page(module, pages):
    room = importlib.import_module(f"skneural.{module}".rstrip("."))
    names = [*room.__all__, *(skneural.MODULES if room is skneural else ())] if hasattr(room, "__all__") else []
    listed = [name for section in pages.sections() for name in section.names]
    assert len(set(listed)) == len(listed)
    assert {id(getattr(room, name)) for name in names} <= {id(pages.resolved(name)) for name in listed}


def test_every_name_of_the_reference_exists(pages):
    for section in pages.sections():
        assert section.names, f"{section.title} has no names."
        assert all(pages.resolved(name) is not None for name in section.names)


def test_each_name_stands_in_one_section_of_the_menu(pages):
    menus = {pages.name_of_page(section): pages.names_page(section) for section in pages.sections()}
    assert len(menus) == len(pages.sections())
    entries = [line for page in menus.values() for line in page.splitlines() if line.startswith("   ~")]
    assert sorted(entries) == sorted(f"   ~{name}" for section in pages.sections() for name in section.names)
    assert [name for name in menus if f"   names/{name}\n" not in pages.public_names_page()] == []


def test_thumbnails_have_printed_lines_without_wide_gaps(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    thumbnails = importlib.import_module("thumbnails")
    printed = "    name          score\n\n    MLP           0.9\n    KAN (pruned)  0.95\n"
    assert thumbnails.lines_of(printed) == ["name          score", "MLP           0.9", "KAN (pruned)  0.95"]
    assert thumbnails.lines_of(printed.replace(" (pruned)", "         ")) == ["name  score", "MLP   0.9", "KAN   0.95"]
    assert thumbnails.lines_of("    " + "x" * 99) == ["x" * (thumbnails.MOST_CHARACTERS - 1) + "…"]


def test_the_table_of_estimators_has_all(pages):
    page = pages.estimators_page()
    assert [name for name in skneural.estimators.__all__ if f"~skneural.{name}`" not in page] == []


def test_shared_hyperparameters_are_described_in_full_on_their_page(pages):
    page = pages.shared_hyperparameters_page()
    fields = hyperparameters(NeuralEstimator)
    assert [field.name for field in fields if field.metadata["doc"] not in page] == []


@every_estimator
def test_help_begins_with_at_most_250_lines(name):
    """Behind the signature, which Python 3.13 writes with a line for each parameter."""
    assert inspect.getdoc(getattr(skneural, name)).count("\n") < LONGEST_HELP


@every_estimator
def test_hyperparameters_of_the_family_come_first(name):
    cls = getattr(skneural, name)
    is_shared_by_name = {field.name: is_shared(cls, field) for field in hyperparameters(cls)}
    order = [is_shared_by_name[entry.name] for entry in NumpyDocString(inspect.getdoc(cls))["Parameters"]]
    assert order == sorted(order)
    assert not order[0]


SCRIPTS = sorted((EXTENSIONS.parents[1] / "examples").rglob("*.py"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_examples_have_a_title_and_stand_with_their_kind_of_data(path):
    title, line, *_ = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))).splitlines()
    assert line == "=" * len(title), "the gallery needs a line of = below the first line."
    assert path.stem == "quickstart" or path.parent.name != "examples", "move it into a folder of examples/."
