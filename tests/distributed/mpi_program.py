"""Program for several MPI processes: trains models together, and prints the results of all processes as JSON.

mpiexec -n 2 python -m tests.distributed.mpi_program FOLDER
"""

import contextlib
import doctest
import inspect
import io
import json
import os
import signal
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
from mpi4py import MPI

from skneural import CNNClassifier, MLPClassifier, MLPRegressor, RNNSequenceClassifier
from skneural.callbacks import Checkpoint
from skneural.distributed import data_parallel
from skneural.training.communicator import ALONE, communicating
from skneural.training.objective import Objective

RANK = MPI.COMM_WORLD.rank
BRIEF = {"max_iter": 3, "batch_size": 16, "n_jobs": 1, "random_state": 0}


def table(n=81, n_features=6):
    """Rows whose last batch of 16 is a single one."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, n_features))
    return X, (X[:, 0] > X[:, 1]).astype(int)


def images():
    X, y = table(n_features=64)
    return X.reshape(-1, 8, 8, 1), y


def long_and_short_series():
    """Series of which a long one is computed apart from the others of its batch."""
    rng = np.random.default_rng(0)
    lengths = np.where(np.arange(50) % 16 == 3, 300, rng.integers(1, 9, 50))
    return [rng.normal(size=(n, 2)) for n in lengths], rng.integers(0, 2, 50)


MODELS = {
    "batch norm and dropout": (MLPClassifier(8, batch_norm=True, dropout=0.3, early_stopping=True, **BRIEF), table),
    "several metrics": (
        MLPClassifier(8, early_stopping=True, scoring=["accuracy", "loss"], training_scores=True, **BRIEF),
        table,
    ),
    "lbfgs": (MLPRegressor(8, solver="lbfgs", max_iter=10, random_state=0), table),
    "images": (CNNClassifier(channels=(4, 4), batch_norm=True, hidden_layer_sizes=8, **BRIEF), images),
    "series of unequal lengths": (RNNSequenceClassifier(hidden_size=4, **BRIEF), long_and_short_series),
}


def checksum(model):
    return zlib.crc32(model.weights_.tobytes() + model.buffers_.tobytes() + repr(model.history_).encode())


def equality(model, data):
    X, y = data()
    with communicating(ALONE):
        alone = [*model.fit(X, y).weights_, *model.buffers_]
    model.fit(X, y)
    distance = np.abs(np.array([*model.weights_, *model.buffers_]) - alone).max()
    return {"distance": float(distance), "checksum": checksum(model)}


def memory_map(folder):
    X, y = table(400)
    path = folder / f"{RANK}.npy"
    np.save(path, X)
    return equality(MLPClassifier(8, early_stopping=True, **BRIEF), lambda: (np.load(path, mmap_mode="r"), y))


def drawn_seed(folder):
    return checksum(MLPClassifier(4, **BRIEF | {"random_state": None}).fit(*table()))


def part_of_data(folder):
    X, y = table()
    with contextlib.suppress(ValueError):
        MLPClassifier(4, **BRIEF).fit(X[RANK::2][:40], y[RANK::2][:40])
        return "no error"
    return checksum(MLPClassifier(4, **BRIEF).fit(X, y))  # they can go on


def fewer_rows(folder):
    return message(lambda: MLPClassifier(4, **BRIEF).fit(*(part[: 80 - 8 * RANK] for part in table())))


def invalid_in_one(folder):
    X, y = table()
    X[0, 0] = np.nan if RANK == 1 else 0.0
    return message(lambda: MLPClassifier(4, **BRIEF).fit(X, y))


def message(function):
    try:
        function()
    except ValueError as error:
        return str(error)
    return "no error"


def reports(folder):
    path, printed = folder / "model.pickle", io.StringIO()
    with contextlib.redirect_stdout(printed):
        model = MLPClassifier(4, verbose=True, **BRIEF).set_callbacks(Checkpoint(path)).fit(*table())
    return {
        "lines": printed.getvalue().count("Epoch"),
        "written": path.exists(),
        "callbacks": hasattr(model, "_skl_callbacks"),
    }


def interrupt(folder):
    """Of the last process, in the third of nine steps."""
    calls, one_part = [], Objective._one_part

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 15 and MPI.COMM_WORLD.size - 1 == RANK:
            os.kill(os.getpid(), signal.SIGINT)
        return one_part(*arguments)

    Objective._one_part = interrupted
    try:
        model = MLPClassifier(4, **BRIEF | {"max_iter": 1000, "n_iter_no_change": np.inf}).fit(*table())
    finally:
        Objective._one_part = one_part
    return {"epochs": model.n_iter_, "checksum": checksum(model)}


def deadline(folder):
    slow = MLPClassifier(
        4, max_time=0.05 if RANK == 0 else 0.2, **BRIEF | {"max_iter": 10**6, "n_iter_no_change": np.inf}
    )
    model = slow.fit(*table())
    return {"steps": model.n_iter_, "checksum": checksum(model)}


def example(folder):
    """The example of the docstring, which each process runs."""
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(data_parallel))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec("".join(each.source for each in examples), {})
    return printed.getvalue()


SCENES = (example, memory_map, drawn_seed, part_of_data, fewer_rows, invalid_in_one, reports, interrupt, deadline)


def fail_alone():
    """The last process fails in its third step."""
    calls, one_part = [], Objective._one_part

    def failing(*arguments):
        calls.append(1)
        if len(calls) == 3 and MPI.COMM_WORLD.size - 1 == RANK:
            raise MemoryError("planted")
        return one_part(*arguments)

    Objective._one_part = failing
    with data_parallel(timeout=0.2):
        MLPClassifier(4, **BRIEF).fit(*table())


def main(folder):
    warnings.simplefilter("ignore")
    with data_parallel(timeout=20.0):
        results = {name: equality(*case) for name, case in MODELS.items()}
        results |= {scene.__name__: scene(folder) for scene in SCENES}
    gathered = MPI.COMM_WORLD.gather(results)
    if RANK == 0:
        print(json.dumps(gathered))


if __name__ == "__main__":
    fail_alone() if sys.argv[1] == "fail" else main(Path(sys.argv[1]))
