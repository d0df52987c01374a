"""Formats in which models of all estimators are saved and loaded, with the sizes of their files.

    pip install -e ".[test]"                     also mlflow, for its column
    PYTHONPATH=. python benchmarks/formats.py

Prints for each estimator, small and trained briefly, whether the loaded model predicts the same to the bit: from a
pickle, from joblib with arrays that stay on the disk (`mmap_mode="r"`), from skops with the types of
`skneural.export.trusted_types`, and from MLflow with these; and the kilobytes of the first and the third.
"""

from __future__ import annotations

import logging
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skops.io

from skneural.export import trusted_types
from tests.estimators.cases import EstimatorCase, most_precise_output
from tests.saved_models.add_release import CASES, some_rows

try:
    import mlflow.sklearn
except ImportError:
    mlflow = None


def through_joblib(model: Any, folder: Path) -> Any:
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib", mmap_mode="r")


def through_skops(model: Any, folder: Path) -> Any:
    return skops.io.loads(skops.io.dumps(model), trusted=trusted_types(model))


def through_mlflow(model: Any, folder: Path) -> Any:
    mlflow.sklearn.save_model(
        model, folder / "mlflow", serialization_format="skops", skops_trusted_types=trusted_types(model)
    )
    return mlflow.sklearn.load_model(str(folder / "mlflow"))


TRIPS: dict[str, Callable[[Any, Path], Any]] = {
    "pickle": lambda model, folder: pickle.loads(pickle.dumps(model)),
    "joblib": through_joblib,
    "skops": through_skops,
}
if mlflow is not None:
    TRIPS["MLflow"] = through_mlflow


def row(case: EstimatorCase) -> list[str]:
    """Results of all trips, and sizes."""
    X, y = case.data()
    model = case.new().fit(X, y)
    X = some_rows(X)
    expected = most_precise_output(model, X)
    results = []
    for trip in TRIPS.values():
        with tempfile.TemporaryDirectory() as folder:
            try:
                equal = np.array_equal(most_precise_output(trip(model, Path(folder)), X), expected)
                results.append("equal" if equal else "**differs**")
            except Exception as error:
                results.append(f"**{type(error).__name__}**")
    sizes = [len(pickle.dumps(model)), len(skops.io.dumps(model, compression=8))]
    return results + [f"{size / 1024:.0f}" for size in sizes]


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    header = ["estimator", *TRIPS, "kB, pickle", "kB, skops"]
    print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for case in CASES.values():
        print(f"| {type(case.estimator).__name__} | {' | '.join(row(case))} |", flush=True)


if __name__ == "__main__":
    main()
