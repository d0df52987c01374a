"""Checkpoints of processes that are killed at random moments, and on a full disk.

    python benchmarks/kills.py                    50 kills, some minutes
    python benchmarks/kills.py --full FOLDER      also a full disk: FOLDER is on a small one, such as a tmpfs of 16 MB

A process trains and writes a checkpoint after each epoch, until it is killed (SIGKILL), and the next one resumes from
the file. Prints how many files could be loaded, and whether the final weights are those of a training that was never
broken off. On a full disk, the last file must still load. The exit status counts what went wrong.
"""

from __future__ import annotations

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skneural import MLPClassifier
from skneural.callbacks import Checkpoint

N_KILLS = 50
FIRST_KILL = 1.0  # seconds after the first epoch, at most


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 50), dtype=np.float32)
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def model(n_epochs: int) -> MLPClassifier:
    return MLPClassifier(
        (256, 256), max_iter=n_epochs, early_stopping=False, n_iter_no_change=np.inf, n_jobs=1, random_state=0
    )


def train(path: Path, n_epochs: int) -> MLPClassifier:
    """Train, or resume from the file if there is one."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    resume_from = path if path.exists() else None
    return model(n_epochs).set_callbacks(Checkpoint(path)).fit(*data(), resume_from=resume_from)


def epochs_in(path: Path) -> int:
    """Number of epochs of the model in a file."""
    return len(pickle.loads(path.read_bytes()).loss_curve_)


def kill_and_resume(n_kills: int) -> int:
    """Kill a training again and again, and compare its end with that of an unbroken one; count what went wrong."""
    rng = np.random.default_rng()
    with tempfile.TemporaryDirectory() as folder:
        path, n_loaded, n_written = Path(folder) / "model.pickle", 0, 0
        for _ in range(n_kills):
            before = path.stat().st_mtime_ns if path.exists() else 0
            with subprocess.Popen([sys.executable, __file__, "--train", str(path)]) as process:
                while not path.exists() or path.stat().st_mtime_ns == before:
                    time.sleep(0.001)
                time.sleep(rng.uniform(0, FIRST_KILL))
                process.kill()
            n_written += path.stat().st_mtime_ns != before
            try:
                n_loaded += epochs_in(path) > 0
            except Exception as error:
                print(f"does not load: {error}")
        n_epochs = epochs_in(path)
        resumed = train(path, n_epochs + 3)
        whole = train(Path(folder) / "whole.pickle", n_epochs + 3)
        equal = bool(np.array_equal(resumed.weights_, whole.weights_))
        left = [file.name for file in Path(folder).iterdir() if file.suffix == ".tmp"]
    print(f"killed {n_kills} times: {n_loaded} files loaded; after {n_epochs} + 3 epochs, weights are equal: {equal}")
    print(f"temporary files of killed processes: {len(left)}")
    return n_kills - n_loaded + (not equal)


def on_full_disk(folder: Path) -> int:
    """Fill the disk during a training; the file must still load, and training must end."""
    path, filler = folder / "model.pickle", folder / "filler"
    path.unlink(missing_ok=True)
    train(path, 2)
    free = 2**30
    with filler.open("wb", buffering=0) as file:
        while free > 256:
            try:
                file.write(b"0" * free)
            except OSError:
                free //= 2
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = train(path, 5)
    messages = [str(each.message) for each in caught if "could not be written" in str(each.message)]
    n_epochs = epochs_in(path)
    filler.unlink()
    print(
        f"full disk: trained {len(fitted.loss_curve_)} epochs, file of epoch {n_epochs} loads, {len(messages)} warnings"
    )
    print(messages[0] if messages else "no warning")
    return int(n_epochs != 2) + int(not messages)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=N_KILLS)
    parser.add_argument("--full", type=Path)
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments.train, 10**9)
        return 0
    n_wrong = kill_and_resume(arguments.kills)
    return n_wrong + (on_full_disk(arguments.full) if arguments.full else 0)


if __name__ == "__main__":
    sys.exit(main())
