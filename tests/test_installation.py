"""Description of the installation."""

import re
from importlib.metadata import PackageNotFoundError

import numpy as np

import skneural
from skneural import installation


def shown(capsys):
    skneural.show_versions()
    return dict(re.split(r"\s{1,}", line, maxsplit=1) for line in capsys.readouterr().out.splitlines())


def test_versions_are_those_that_are_used(capsys):
    rows = shown(capsys)
    assert rows["skneural"] == skneural.__version__
    assert rows["numpy"] == np.__version__
    assert set(installation.NEEDED + installation.OF_EXTRAS) <= set(rows)


def test_packages_that_are_missing_are_named(capsys, monkeypatch):
    def missing(package):
        raise PackageNotFoundError(package)

    monkeypatch.setattr(installation, "version", missing)
    assert shown(capsys)["onnx"] == "not installed"
