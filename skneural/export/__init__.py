"""Export of fitted estimators: ONNX models, and the types that skops has to trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["to_onnx"]


def to_onnx(model: Any, *, opset: int = 18) -> ModelProto:
    from skneural.export.model import onnx_model

    return onnx_model(model, opset)
