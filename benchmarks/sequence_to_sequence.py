"""Accuracy of sequence-to-sequence models, and time compared with a PyTorch loop of the same models.

    python benchmarks/sequence_to_sequence.py --data FOLDER                   all of them: an hour on two cores
    python benchmarks/sequence_to_sequence.py dates reverse sort              no files needed
    python benchmarks/sequence_to_sequence.py speed                           PyTorch needed

Scores are exact matches of decoded test sequences; the seconds are those of training and of prediction. In `speed`,
both libraries take turns, and the minimum over several rounds is printed. benchmarks/README.md lists the sources of the
files.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import time
import warnings
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneural import SequenceToSequence

ONE_CYCLE = {"learning_rate": "one_cycle", "early_stopping": False}


# split of SCAN -> published exact matches, what is held out, a primitive that is seen by itself, and the network
SCAN_SPLITS: dict[str, tuple[str, Callable[[list[str], list[str]], bool], str | None, dict[str, Any]]] = {
    "more than 22 actions": (
        ".208",
        lambda command, actions: len(actions) > 22,
        None,
        {"architecture": "gru", "hidden_size": 50, "embedding_size": 50, "dropout": 0.5},
    ),
    "turn left": (
        ".903",
        lambda command, actions: "turn left" in " ".join(command),
        "turn left",
        {"architecture": "gru", "hidden_size": 100, "embedding_size": 100, "dropout": 0.1},
    ),
    "jump": (
        ".012",
        lambda command, actions: "jump" in command,
        "jump",
        {"architecture": "lstm", "hidden_size": 100, "embedding_size": 100, "dropout": 0.1},
    ),
}


class Result(NamedTuple):
    what: str
    asked: str
    measured: float
    training: float
    predicting: float


def run(model: SequenceToSequence, train: Any, test: Any, what: str, asked: str) -> Result:
    """Measure the exact matches of the test samples, and the seconds of training and prediction."""
    start = time.perf_counter()
    model.fit(*train)
    fitted = time.perf_counter()
    score = model.score(*test)
    return Result(what, asked, score, fitted - start, time.perf_counter() - fitted)


def written_dates(n: int, seed: int) -> tuple[list[str], list[str]]:
    """Generate dates of a century in eight formats, and in ISO 8601."""
    rng = np.random.default_rng(seed)
    formats = ("%b %d, %Y", "%B %d, %Y", "%d.%m.%Y", "%m/%d/%Y", "%A, %d %B %Y", "%d %b %y", "%d %B, %Y", "%Y %b %d")
    days = [date(1970, 1, 1) + timedelta(days=int(rng.integers(0, 36500))) for _ in range(n)]
    return [day.strftime(str(rng.choice(formats))).lower() for day in days], [day.isoformat() for day in days]


def dates(arguments: argparse.Namespace) -> Iterator[Result]:
    """Conversion of dates in several formats to one: 10 000 pairs, of which 1000 are for testing."""
    X, y = written_dates(10_000, arguments.seed)
    model = SequenceToSequence(
        hidden_size=64,
        embedding_size=32,
        learning_rate_init=5e-3,
        max_iter=15,
        random_state=arguments.seed,
        **ONE_CYCLE,
    )
    yield run(model, (X[:9000], y[:9000]), (X[9000:], y[9000:]), "dates, additive attention", ">= .995")


def random_sequences(n: int, seed: int, longest: int = 20, n_tokens: int = 10) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, n_tokens, rng.integers(1, longest + 1)) for _ in range(n)]


def reverse(arguments: argparse.Namespace) -> Iterator[Result]:
    """Reversal of sequences of up to 20 digits, and the share of attention maxima on the antidiagonal."""
    X = random_sequences(11_000, arguments.seed)
    y = [sequence[::-1] for sequence in X]
    model = SequenceToSequence(
        hidden_size=64, embedding_size=16, learning_rate_init=5e-3, max_iter=20, random_state=0, **ONE_CYCLE
    )
    yield run(model, (X[:10_000], y[:10_000]), (X[10_000:], y[10_000:]), "reverse, additive attention", ">= .99")
    right = [
        weights.argmax(axis=1) == np.arange(weights.shape[1])[::-1][: len(weights)]
        for weights in model.attention_weights(X[10_000:])
        if weights.shape[0] == weights.shape[1]
    ]
    yield Result("  attention on the antidiagonal", ">= .95", float(np.concatenate(right).mean()), 0.0, 0.0)


def sort(arguments: argparse.Namespace) -> Iterator[Result]:
    """Sorting of sequences of up to 20 digits."""
    X = random_sequences(11_000, arguments.seed)
    y = [np.sort(sequence) for sequence in X]
    for architecture in ("gru", "transformer"):
        options = {"n_layers": 2, "max_iter": 12, "learning_rate_init": 3e-3} if architecture == "transformer" else {}
        settings = {"hidden_size": 64, "embedding_size": 16, "max_iter": 20, "learning_rate_init": 5e-3} | options
        model = SequenceToSequence(architecture=architecture, random_state=0, **settings, **ONE_CYCLE)
        yield run(model, (X[:10_000], y[:10_000]), (X[10_000:], y[10_000:]), f"sort, {architecture}", ">= .99")


def table_of(path: Path) -> dict[str, tuple[list[list[str]], list[list[str]]]]:
    """Load sources and targets of each part, as lists of tokens."""
    parts: dict[str, tuple[list[list[str]], list[list[str]]]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            X, y = parts.setdefault(row["split"], ([], []))
            X.append(row["source"].split())
            y.append(row["target"].split())
    return parts


def scan(arguments: argparse.Namespace) -> Iterator[Result]:
    """Translation of commands to actions, the simple split (Lake and Baroni 2018)."""
    parts = table_of(arguments.data / "seq2seq_scan_simple.tsv.gz")
    model = SequenceToSequence(
        architecture="lstm",
        hidden_size=100,
        embedding_size=32,
        dropout=0.1,
        learning_rate_init=5e-3,
        max_iter=10,
        random_state=arguments.seed,
        **ONE_CYCLE,
    )
    yield run(model, parts["train"], parts["test"], "SCAN, simple split", ">= .99")


def scan_splits(arguments: argparse.Namespace) -> Iterator[Result]:
    """Splits of SCAN that need generalization, by the best network for each (Lake and Baroni 2018).

    100 000 steps of one command each, as published, by networks with attention. Published are .208 of the commands with
    more than 22 actions, and .903 and .012 of those with a primitive that was seen by itself only, "turn left" and
    "jump".
    """
    parts = table_of(arguments.data / "seq2seq_scan_simple.tsv.gz")
    commands = [pair for part in parts.values() for pair in zip(*part, strict=True)]
    for name, (published, held_out, primitive, settings) in SCAN_SPLITS.items():
        train = [pair for pair in commands if not held_out(*pair)]
        test = [pair for pair in commands if held_out(*pair) and " ".join(pair[0]) != primitive]
        alone = [pair for pair in commands if " ".join(pair[0]) == primitive]
        train += alone * (len(train) // 9)  # a tenth of all, as published
        model = SequenceToSequence(
            batch_size=1,
            max_grad_norm=5.0,
            max_length=max(len(actions) for _, actions in commands),  # more than those of training
            max_iter=max(1, arguments.steps // len(train)),
            tol=0.0,
            early_stopping=False,
            random_state=arguments.seed,
            **settings,
        )
        yield run(model, list(zip(*train, strict=True)), list(zip(*test, strict=True)), f"SCAN, {name}", published)


def cmudict(arguments: argparse.Namespace) -> Iterator[Result]:
    """Conversion of letters to phonemes with stress: share of wrong words."""
    parts = table_of(arguments.data / "seq2seq_cmudict_g2p.tsv.gz")
    model = SequenceToSequence(
        hidden_size=128,
        embedding_size=64,
        dropout=0.2,
        learning_rate_init=4e-3,
        max_iter=8,
        batch_size=128,
        random_state=arguments.seed,
        **ONE_CYCLE,
    )
    result = run(model, parts["train"], parts["test"], "CMUdict, word error", "<= .40")
    yield result._replace(measured=1 - result.measured)
    start = time.perf_counter()
    with_beam = model.set_params(beam_width=4).score(*parts["test"])
    yield Result("  with a beam of 4", "", 1 - with_beam, 0.0, time.perf_counter() - start)


TASKS: dict[str, Callable[[argparse.Namespace], Iterator[Result]]] = {
    function.__name__: function for function in (dates, reverse, sort, scan, scan_splits, cmudict)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *TASKS, "speed"], default=[])
    parser.add_argument("--data", type=Path, help="folder with the files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=100_000, help="of the training of scan_splits")
    parser.add_argument("--rounds", type=int, default=5, help="of the comparison with PyTorch")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    for name in arguments.names or [*TASKS, "speed"]:
        if name == "speed":
            from sequence_to_sequence_speed import race

            race(arguments.rounds)
            continue
        for result in TASKS[name](arguments):
            seconds = f"{result.training:>9.1f} s{result.predicting:>8.1f} s"
            row = f"{result.what:<36}{result.asked:>10}{result.measured:>10.4f}{seconds}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
