"""Save a small model of every estimator class, for the tests of all later versions.

    python -m tests.saved_models.add_release

Run before each release, and after a new estimator: writes what the folder of the present version lacks. Files that are
there stay as they are.
"""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.exceptions import ConvergenceWarning

from skneural import __version__
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    UNTRAINED,
    EstimatorCase,
    most_precise_method,
    of_each_class,
)

FOLDER = Path(__file__).parent
CASES = of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES | UNTRAINED)
N_ROWS = 10  # of those data whose rows are independent


def some_rows(X: Any) -> Any:
    """The first rows of X; all of those data whose rows depend on each other, such as nodes."""
    return X[:N_ROWS] if type(X).__name__ in ("ndarray", "list") else X


def save(case: EstimatorCase, name: str, folder: Path) -> None:
    """Write the fitted model as a pickle and for skops, and its input and output."""
    X, y = case.data()
    model = case.new().fit(X, y)
    X = some_rows(X)
    (folder / f"{name}.pickle").write_bytes(pickle.dumps(model, protocol=5))
    skops.io.dump(model, folder / f"{name}.skops", compression=8)  # 8: deflated
    method = most_precise_method(model)
    output = getattr(model, method)(X)
    if isinstance(output, np.ndarray):  # NumPy before 2.4 does not read pickles of other orders of axes
        output = np.ascontiguousarray(output)
    example = {"X": X, "method": method, "output": output}
    (folder / f"{name}.example").write_bytes(pickle.dumps(example, protocol=5))


def main() -> None:
    folder = FOLDER / __version__
    folder.mkdir(exist_ok=True)
    warnings.simplefilter("ignore", ConvergenceWarning)
    for name, case in CASES.items():
        kind = type(case.estimator).__name__
        if not (folder / f"{kind}.example").exists():
            save(case, kind, folder)
            print(f"{kind:<32} ({name})")


if __name__ == "__main__":
    main()
