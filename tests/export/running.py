"""ONNX models in onnxruntime and in the reference evaluator of onnx."""

import numpy as np
import onnxruntime
from onnx.reference import ReferenceEvaluator

QUIET = onnxruntime.SessionOptions()
QUIET.log_severity_level = 3
QUIET.intra_op_num_threads = 1


def session_of(proto):
    return onnxruntime.InferenceSession(proto.SerializeToString(), QUIET, providers=["CPUExecutionProvider"])


def outputs_of(proto, feed):
    """Outputs of onnxruntime by name."""
    return named_outputs(proto, session_of(proto).run(None, feed))


def reference_outputs(proto, feed):
    """Outputs of the reference evaluator by name."""
    with np.errstate(over="ignore"):  # in its logistic function
        return named_outputs(proto, ReferenceEvaluator(proto).run(None, feed))


def named_outputs(proto, values):
    return {output.name: np.asarray(value) for output, value in zip(proto.graph.output, values, strict=True)}
