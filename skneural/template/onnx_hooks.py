"""Methods by which skl2onnx finds the converter of an estimator inside of a pipeline.

The functions come from an extension, `skneural.export.pipeline`, which imports onnx. It is named here and not imported,
so that the template does not depend on it, and loaded when skl2onnx asks.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

EXTENSION = "skneural.export.pipeline"


def onnx_parser(self: Any) -> Callable[..., Any]:
    """Return the function by which skl2onnx declares the outputs of the graph.

    Returns
    -------
    parser : function
    """
    function: Callable[..., Any] = import_module(EXTENSION).parser(self)
    return function


def onnx_shape_calculator(self: Any) -> Callable[[Any], None]:
    """Return the function by which skl2onnx sets the types of the outputs.

    Returns
    -------
    shape_calculator : function
    """
    function: Callable[..., Any] = import_module(EXTENSION).shape_calculator(self)
    return function


def onnx_converter(self: Any) -> Callable[[Any, Any, Any], None]:
    """Return the function by which skl2onnx adds the nodes of the graph.

    Returns
    -------
    converter : function
    """
    function: Callable[..., Any] = import_module(EXTENSION).converter(self)
    return function
