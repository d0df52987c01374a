"""Formats in which models of all estimators are saved and loaded, with the sizes of their files.

    pip install -e ".[test]"                     also mlflow, for its column
    PYTHONPATH=. python benchmarks/formats.py

First table: for each estimator, small and trained briefly, whether the loaded model predicts the same to the bit: from
a pickle, from joblib with arrays that stay on the disk (`mmap_mode="r"`), from skops with the types of
`skneural.export.trusted_types`, and from MLflow with these; and the kilobytes of the first and the third.

Second table: the largest difference of the outputs of ONNX graphs in onnxruntime from those of the estimator, relative
to the largest output, over all cases of the tests; the number of labels that differ; the size of the first graph; the
microseconds of one row here and in onnxruntime; and whether skl2onnx converts a pipeline of StandardScaler and the
estimator, whose predictions are then compared, too.
"""

from __future__ import annotations

import logging
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import skl2onnx
import skops.io
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import fastest

from skneural.export import to_onnx, trusted_types
from tests.estimators.cases import EstimatorCase, most_precise_output
from tests.export.cases import CASES as EXPORTED
from tests.export.cases import ExportCase
from tests.export.running import outputs_of, session_of
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


def graph_row(cases: list[ExportCase]) -> list[str]:
    """Differences over all cases of a class, and size and times of the first."""
    differences, n_labels, first = [], 0, None
    for case in cases:
        X, y = case.train()
        model = clone(case.estimator)
        model = model.fit(X) if y is None else model.fit(X, y)
        proto = to_onnx(model)
        new = case.new(7)
        found = outputs_of(proto, case.feed(model, new))
        for name, expected in case.predicted(model, new).items():
            known = ~np.ma.getmaskarray(expected)
            here, there = np.ma.getdata(expected)[known], found[name][known]
            if here.dtype.kind == "f":
                differences.append(np.abs(here - there).max() / np.abs(here).max())
            else:
                n_labels += int((here != there).sum())
        if first is None:
            row = case.new(1)
            session, feed = session_of(proto), case.feed(model, row)
            here, there = fastest([partial(case.predicted, model, row), partial(session.run, None, feed)], 20)
            first = len(proto.SerializeToString()), here, there
    size, here, there = first
    times = [f"{1e6 * seconds:.0f}" for seconds in (here, there)]
    return [str(len(cases)), f"{max(differences, default=0.0):.1e}", str(n_labels), f"{size / 1024:.0f}", *times]


def in_pipeline(case: EstimatorCase) -> str:
    """Result of skl2onnx for a pipeline, if the estimator takes an array of rows."""
    X, y = case.data()
    if not (isinstance(X, np.ndarray) and X.ndim == 2) or y is None:
        return "no rows of numbers"
    X = X.astype(np.float32)
    pipeline = make_pipeline(StandardScaler(), case.new()).fit(X, y)
    try:
        proto = skl2onnx.to_onnx(pipeline, X[:1], target_opset=18)
    except (NotImplementedError, TypeError) as error:
        return f"refused: {error}"[:100]
    X = some_rows(X)
    found = outputs_of(proto, {"X": X})
    expected = pipeline.predict(X) if hasattr(pipeline, "predict") else pipeline.transform(X)
    output = next(found[name] for name in ("label", "variable") if name in found)
    expected = np.asarray(expected)
    if expected.dtype.kind == "f":
        return f"{np.abs(output.reshape(expected.shape) - expected).max() / np.abs(expected).max():.1e}"
    return "equal" if np.array_equal(output.reshape(expected.shape), expected) else "**differs**"


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    header = ["estimator", *TRIPS, "kB, pickle", "kB, skops"]
    print(f"| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for case in CASES.values():
        print(f"| {type(case.estimator).__name__} | {' | '.join(row(case))} |", flush=True)
    header = ["estimator", "cases", "difference", "labels", "kB", "here, us", "onnxruntime", "in a pipeline"]
    print(f"\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for case in CASES.values():
        kind = type(case.estimator)
        cases = [each for each in EXPORTED.values() if type(each.estimator) is kind]
        print(f"| {kind.__name__} | {' | '.join([*graph_row(cases), in_pipeline(case)])} |", flush=True)


if __name__ == "__main__":
    main()
