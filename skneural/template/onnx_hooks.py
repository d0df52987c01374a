"""Methods by which skl2onnx finds the converter of an estimator inside of a pipeline.

The functions come from `skneural.export`, which imports onnx; they are imported when they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def onnx_parser(self: Any) -> Callable[..., Any]:
    """Return the function by which skl2onnx declares the outputs of the graph.

    Returns
    -------
    parser : function
    """
    from skneural.export import pipeline

    return pipeline.parser(self)


def onnx_shape_calculator(self: Any) -> Callable[[Any], None]:
    """Return the function by which skl2onnx sets the types of the outputs.

    Returns
    -------
    shape_calculator : function
    """
    from skneural.export import pipeline

    return pipeline.shape_calculator(self)


def onnx_converter(self: Any) -> Callable[[Any, Any, Any], None]:
    """Return the function by which skl2onnx adds the nodes of the graph.

    Returns
    -------
    converter : function
    """
    from skneural.export import pipeline

    return pipeline.converter(self)
