"""Description of the installation, and links to the documentation."""

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

import skneural
from skneural import installation
from skneural.preprocessing import TokenEncoder


def shown(capsys):
    skneural.show_versions()
    return dict(re.split(r"\s{1,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_versions_are_those_that_are_used(capsys):
    rows = shown(capsys)
    assert rows["skneural"] == skneural.__version__
    assert rows["numpy"] == np.__version__
    assert set(installation.NEEDED + installation.OF_EXTRAS) <= set(rows)


def test_packages_that_are_missing_are_named(capsys, monkeypatch):
    monkeypatch.setattr(installation, "version", missing)
    assert shown(capsys)["onnx"] == "not installed"


@pytest.fixture
def published(monkeypatch):
    metadata = Message()
    metadata["Project-URL"] = "Source, https://code.example"
    metadata["Project-URL"] = "Documentation, https://docs.example/"
    monkeypatch.setattr(installation, "metadata", lambda package: metadata)


PAGES = {
    "skneural.MLPClassifier": skneural.MLPClassifier(),
    "skneural.HopfieldNetwork": skneural.HopfieldNetwork(),
    "skneural.RocketSequenceRegressor": skneural.RocketSequenceRegressor(),
    "skneural.preprocessing.TokenEncoder": TokenEncoder(),
}


@pytest.mark.parametrize("page", PAGES)
def test_notebooks_link_estimators_to_their_pages(page, published):
    assert f"https://docs.example/reference/generated/{page}.html" in PAGES[page]._repr_html_()


class OfUser(skneural.MLPClassifier):
    """An estimator that has no page."""


def test_estimators_of_users_have_no_link(published):
    assert "docs.example" not in OfUser()._repr_html_()


def missing(package):
    raise PackageNotFoundError(package)


@pytest.mark.parametrize("metadata", [missing, lambda package: Message()], ids=["not installed", "no address"])
def test_without_an_address_there_is_no_link(metadata, monkeypatch):
    monkeypatch.setattr(installation, "metadata", metadata)
    assert skneural.MLPClassifier()._get_doc_link() == ""
