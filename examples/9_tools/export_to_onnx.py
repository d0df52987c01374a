"""A pipeline and a tagger as ONNX models, which predict in onnxruntime without skneural and scikit-learn
======================================================================================================

The model of digits is converted with the scaling before it, by skl2onnx. The tagger takes series of unequal lengths, so
that its graph has their lengths as a second input.

Run it::

    pip install "skneural[onnx]" onnxruntime skl2onnx
    python examples/9_tools/export_to_onnx.py
"""

import time

import numpy as np
import onnxruntime
import skl2onnx
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import MLPClassifier, RNNSequenceTagger
from skneural.export import to_onnx

SETTINGS = {"max_iter": 20, "learning_rate": "one_cycle", "learning_rate_init": 0.01, "random_state": 0}


def microseconds(call, n=200):
    """Least time of a call."""
    times = []
    for _ in range(n):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def digits():
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, _ = train_test_split(X.astype(np.float32), y, random_state=0)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(64, **SETTINGS)).fit(X_train, y_train)
    proto = skl2onnx.to_onnx(pipeline, X_train[:1], target_opset=18)
    session = onnxruntime.InferenceSession(proto.SerializeToString(), providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(None, {"X": X_test})
    print(f"digits: {len(proto.SerializeToString()):,} bytes,")
    print(f"  equal labels: {np.mean(labels == pipeline.predict(X_test)):.1%}")
    print(f"  greatest difference of probabilities: {np.abs(probabilities - pipeline.predict_proba(X_test)).max():.1e}")
    one = X_test[:1]
    print(f"  one row: {microseconds(lambda: pipeline.predict_proba(one)):.0f} us in scikit-learn and skneural,")
    print(f"    {microseconds(lambda: session.run(None, {'X': one})):.0f} us in onnxruntime")


def falling_steps():
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(n, 1)).cumsum(axis=0).astype(np.float32) for n in rng.integers(5, 30, 200)]
    labels = [np.where(np.diff(piece[:, 0], prepend=0) < 0, "falls", "rises") for piece in series]
    tagger = RNNSequenceTagger(hidden_size=16, **SETTINGS).fit(series[:150], labels[:150])
    session = onnxruntime.InferenceSession(to_onnx(tagger).SerializeToString(), providers=["CPUExecutionProvider"])
    new = series[150:]
    lengths = np.array([len(piece) for piece in new], np.int32)
    padded = np.zeros((len(new), lengths.max(), 1), np.float32)
    for row, piece in zip(padded, new, strict=True):
        row[: len(piece)] = piece
    tags, _ = session.run(None, {"X": padded, "lengths": lengths})
    equal = [np.array_equal(row[: len(piece)], piece) for row, piece in zip(tags, tagger.predict(new), strict=True)]
    print(f"tags of steps: {np.mean(equal):.0%} of the series have equal tags in onnxruntime")


if __name__ == "__main__":
    digits()
    falling_steps()
