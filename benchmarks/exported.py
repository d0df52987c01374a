"""Time of predictions of exported models in onnxruntime, beside `predict` here, and size of their files.

    pip install ".[onnx]" onnxruntime
    OPENBLAS_NUM_THREADS=1 python benchmarks/exported.py

Networks have their default sizes, and are fitted for one epoch, on which the time does not depend. Both sides compute
in one thread. Times are the least of several calls.
"""

import time
import warnings

import numpy as np
import onnxruntime
from sklearn.exceptions import ConvergenceWarning

from skneural import (
    CNNClassifier,
    CNNSequenceClassifier,
    KANClassifier,
    MambaSequenceClassifier,
    MLPClassifier,
    RNNSequenceClassifier,
    RocketSequenceClassifier,
    TabularMLPClassifier,
    TransformerSequenceClassifier,
)
from skneural.export import to_onnx

BRIEF = {"max_iter": 1, "random_state": 0}
TABLE, IMAGES, SERIES = (20,), (28, 28, 1), (100, 3)
MODELS = {
    "MLP": (MLPClassifier(**BRIEF), TABLE),
    "TabularMLP": (TabularMLPClassifier(**BRIEF), TABLE),
    "KAN": (KANClassifier(**BRIEF), TABLE),
    "CNN, 28 x 28 pixels": (CNNClassifier(batch_norm=False, **BRIEF), IMAGES),
    "CNN, 100 steps": (CNNSequenceClassifier(**BRIEF), SERIES),
    "LSTM, 100 steps": (RNNSequenceClassifier(cell="lstm", **BRIEF), SERIES),
    "GRU, 100 steps": (RNNSequenceClassifier(**BRIEF), SERIES),
    "Transformer, 100 steps": (TransformerSequenceClassifier(**BRIEF), SERIES),
    "Mamba, 100 steps": (MambaSequenceClassifier(**BRIEF), SERIES),
    "fixed kernels, 100 steps": (RocketSequenceClassifier(random_state=0), SERIES),
}
SEVERAL = 500


def least_time(call, n):
    """Milliseconds of the fastest of n calls."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def measured(model, shape):
    """Kilobytes, and times of one and of several rows, here and in onnxruntime."""
    rng = np.random.default_rng(0)
    X, y = rng.random((60, *shape), dtype=np.float32), np.arange(60) % 3
    proto = to_onnx(model.fit(X, y), lengths=False).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(proto, options, providers=["CPUExecutionProvider"])
    times = []
    for n, repeats in ((1, 30), (SEVERAL, 4)):
        rows = rng.random((n, *shape), dtype=np.float32)
        np.testing.assert_allclose(session.run(None, {"X": rows})[1], model.predict_proba(rows), atol=1e-5)
        times.append(least_time(lambda rows=rows: model.predict_proba(rows), repeats))
        times.append(least_time(lambda rows=rows: session.run(None, {"X": rows}), repeats))
    return [len(proto) / 1024, *times]


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(f"| | kB | one row, ms | onnxruntime | {SEVERAL} rows, ms | onnxruntime |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, (model, shape) in MODELS.items():
        size, *times = measured(model, shape)
        print(f"| {name} | {size:.0f} | " + " | ".join(f"{value:.3g}" for value in times) + " |", flush=True)


if __name__ == "__main__":
    main()
