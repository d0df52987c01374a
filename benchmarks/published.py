"""Functions that load files of several benchmarks; benchmarks/README.md lists their sources."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np


def unequal_series(path: Path, part: str) -> list[np.ndarray]:
    """Load the series of one part, which are concatenated in the file."""
    with np.load(path) as file:
        return np.split(file[f"X_{part}_values"], np.cumsum(file[f"X_{part}_lengths"])[:-1])


def table(path: Path) -> list[dict[str, str]]:
    """Load the rows of a tab-separated table without quoting."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def tagged_sentences(path: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Load words and tags of sentences: one word per line, an empty line after each sentence."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        sentences = [block.splitlines() for block in file.read().strip().split("\n\n")]
    columns = [[line.split("\t") for line in sentence] for sentence in sentences]
    return [[row[0] for row in rows] for rows in columns], [[row[1] for row in rows] for rows in columns]
