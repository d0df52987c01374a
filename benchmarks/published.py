"""Readers of the files that several benchmarks share; benchmarks/README.md says where these come from."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np


def unequal_series(path: Path, part: str) -> list[np.ndarray]:
    """Series of one part, given behind one another."""
    with np.load(path) as file:
        return np.split(file[f"X_{part}_values"], np.cumsum(file[f"X_{part}_lengths"])[:-1])


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a table separated by tabs; quotation marks are characters like others."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def tagged_sentences(path: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Words and tags of each sentence: one word to a line, an empty line behind each sentence."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        sentences = [block.splitlines() for block in file.read().strip().split("\n\n")]
    columns = [[line.split("\t") for line in sentence] for sentence in sentences]
    return [[row[0] for row in one] for one in columns], [[row[1] for row in one] for one in columns]
