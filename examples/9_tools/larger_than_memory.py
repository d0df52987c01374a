"""Training on files that are read chunk by chunk, and on arrays on the disk
=========================================================================

A table is written to twenty CSV files, of which no more than one is in memory at a time. `streaming.fit` reads them
once to learn units and categories, and once for each epoch; every tenth file is held out and decides which epoch is
kept. The second model is fitted to an array on the disk as it is: `fit` reads the rows of each batch. In blocks, it
reads a megabyte at once, which matters where the file is larger than memory. So does `predict`.

Run it::

    python examples/9_tools/larger_than_memory.py
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from skneural import MLPClassifier, TabularMLPRegressor, streaming

N_FILES, ROWS = 20, 5000


def rides(seed):
    """Generate rides of taxis: hour, distance, district and the minutes that they take."""
    rng = np.random.default_rng(seed)
    hour, kilometres = rng.integers(0, 24, ROWS), rng.gamma(2.0, 3.0, ROWS)
    district = rng.choice(["centre", "harbour", "hills"], ROWS, p=[0.6, 0.3, 0.1])
    speed = 25 + 15 * (district != "centre") - 10 * ((hour > 6) & (hour < 10))
    minutes = 3 + 60 * kilometres / speed + rng.standard_normal(ROWS)
    return pd.DataFrame({"hour": hour, "kilometres": kilometres, "district": district, "minutes": minutes})


def main():
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"rides_{number}.csv" for number in range(N_FILES)]
        for number, path in enumerate(paths):
            rides(number).to_csv(path, index=False)

        def chunks():
            for path in paths:
                table = pd.read_csv(path)
                yield table.drop(columns="minutes"), table["minutes"]

        model = TabularMLPRegressor(hidden_layer_sizes=(64, 64), n_members=1, batch_size=256, random_state=0, verbose=1)
        streaming.fit(model, chunks, n_passes=3)
        fresh = rides(N_FILES)
        r2 = model.score(fresh.drop(columns="minutes"), fresh["minutes"])
        print(f"R^2 on fresh rides: {r2:.3f}; categories: {list(model.categories_[0])}\n")

        # An array on the disk: a memory map here, and datasets of h5py and arrays of zarr alike.
        X = np.lib.format.open_memmap(Path(folder) / "X.npy", "w+", np.float32, (200_000, 20))
        X[:] = np.random.default_rng(0).standard_normal(X.shape, dtype=np.float32)
        y = np.asarray(X[:, 0] * X[:, 1] > 0)
        model = MLPClassifier(
            (64,), batch_size=256, max_iter=3, learning_rate="one_cycle", shuffle="blocks", random_state=0, verbose=1
        )
        model.fit(X, y)
        print(f"accuracy on all rows of the disk: {model.score(X, y):.3f}")
        del X  # closes the file, which Windows could not remove otherwise


if __name__ == "__main__":
    main()
