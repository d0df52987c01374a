"""Accuracy of training on blocks in random order, compared with a shuffle of all rows and with chunks.

    python benchmarks/block_order.py --data FOLDER            three seeds: six minutes of processor time

A file of a gigabyte is a thousand blocks of a megabyte, of which `shuffle="blocks"` mixes 64 at a time. Here a block is
a thousandth of the rows of adult or MNIST, so that they are what a gigabyte would be; 16 and 256 blocks at a time are
for comparison, and chunks of `streaming.fit`, in random order, are as large as 64 blocks. Rows are in the order of the
files, or sorted by class, which is the worst one: a chunk then has one class or two. Mean test accuracy after ten
epochs of an MLP with 100 units, in batches of 200, and the lowest of the seeds. benchmarks/README.md lists the sources.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skneural import MLPClassifier, streaming
from skneural.data import block_order

N_BLOCKS, N_EPOCHS = 1000, 10
AT_ONCE = (16, 64, 256)


def adult(folder: Path) -> tuple[np.ndarray, ...]:
    """Load numbers of standard scale and categories as columns of zeros and ones."""
    with np.load(folder / "tab_adult.npz") as file:
        parts = [np.nan_to_num(file[f"X_{part}"]) for part in ("train", "test")]
        y, y_test, is_category = file["y_train"], file["y_test"], file["cat_mask"]
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(parts[0][:, is_category])
    scaler = StandardScaler().fit(parts[0][:, ~is_category])
    X, X_test = (
        np.hstack([scaler.transform(part[:, ~is_category]), encoder.transform(part[:, is_category])]).astype(np.float32)
        for part in parts
    )
    return X, y, X_test, y_test


def mnist(folder: Path) -> tuple[np.ndarray, ...]:
    """Load digits as rows of fractions."""
    with np.load(folder / "img_mnist.npz") as file:
        X, X_test = (file[f"X_{part}"].reshape(-1, 784).astype(np.float32) / 255 for part in ("train", "test"))
        return X, file["y_train"], X_test, file["y_test"]


def fitted(order: object, X: np.ndarray, y: np.ndarray, seed: int) -> MLPClassifier:
    """A model whose batches come in an order: a value of `shuffle`, a number of blocks at once, or "chunks"."""
    options = {"early_stopping": False, "n_iter_no_change": np.inf, "batch_size": 200, "random_state": seed}
    model = MLPClassifier(max_iter=N_EPOCHS, **options)
    if order == "chunks":
        return streaming.fit(model, streaming.RowBlocks(X, y, rows=64 * len(X) // N_BLOCKS), n_passes=N_EPOCHS)
    if isinstance(order, bool):
        return model.set_params(shuffle=order).fit(X, y)
    block = X.nbytes // N_BLOCKS
    sizes = {"BYTES_OF_A_BLOCK": block, "BYTES_OF_A_CHUNK": order * block}
    with patch.multiple(block_order, **sizes):
        return model.set_params(shuffle="blocks").fit(X, y)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    orders = {"shuffle=True": True, **{f"{n} blocks": n for n in AT_ONCE}, "chunks": "chunks", "shuffle=False": False}
    print(f"{'':<24}" + "".join(f"{name:>18}" for name in orders))
    for load in (adult, mnist):
        X, y, X_test, y_test = load(arguments.data)
        for name, rows in (("as published", np.arange(len(X))), ("sorted", np.argsort(y, kind="stable"))):
            print(f"{load.__name__ + ', ' + name:<24}", end="", flush=True)
            start = time.process_time()
            for order in orders.values():
                scores = [
                    fitted(order, X[rows], y[rows], seed).score(X_test, y_test) for seed in range(arguments.seeds)
                ]
                print(f"{f'{np.mean(scores):.4f} ({min(scores):.4f})':>18}", end="", flush=True)
            print(f"  {time.process_time() - start:.0f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
