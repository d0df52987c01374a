"""Graphs of estimators inside of pipelines that skl2onnx converts.

skl2onnx asks an object that it does not know for its converter, so that nothing needs to be registered: for the outputs
(parser), their types (shape calculator), and the nodes (converter).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper

from skneural.export.graph import NotExportedError
from skneural.export.inputs import Form
from skneural.export.model import LEAST_OPSET, onnx_model

NEWEST_OPSET = 21  # of which skl2onnx knows; graphs are equal in all from `LEAST_OPSET` on


def parser(model: Any) -> Callable[..., Any]:
    """The function that declares the outputs."""

    def parse(scope: Any = None, inputs: Any = None) -> Any:
        proto = _proto(model, inputs, LEAST_OPSET)
        return [scope.declare_local_variable(each.name, _type_of(each)) for each in proto.graph.output]

    return parse


def shape_calculator(model: Any) -> Callable[[Any], None]:
    """The function that sets the types of the outputs."""

    def calculate(operator: Any) -> None:
        proto = _proto(model, operator.inputs, LEAST_OPSET)
        for variable, each in zip(operator.outputs, proto.graph.output, strict=True):
            variable.type = _type_of(each)

    return calculate


def converter(model: Any) -> Callable[[Any, Any, Any], None]:
    """The function that adds the nodes."""

    def convert(scope: Any, operator: Any, container: Any) -> None:
        opset = container.target_opset
        if opset < LEAST_OPSET:
            raise NotExportedError(
                f"{type(model).__name__} needs operators of opset {LEAST_OPSET}; set target_opset of skl2onnx.to_onnx "
                f"to it or a later one, instead of {opset}."
            )
        proto = _proto(model, operator.inputs, min(opset, NEWEST_OPSET))
        _paste(proto, scope, operator, container)

    return convert


def _proto(model: Any, inputs: Any, opset: int) -> ModelProto:
    """The model by itself, for inputs of skl2onnx: one with all features, or one for each column."""
    shape = inputs[0].type.shape
    rows = len(shape) == 2 if shape else True
    proto = onnx_model(model, opset, Form(columns=len(inputs) > 1, rows=rows, lengths=False, further=False))
    if len(proto.graph.input) != len(inputs):
        raise NotExportedError(
            f"{type(model).__name__} takes {len(proto.graph.input)} inputs, but the steps before give {len(inputs)}."
        )
    return proto


def _type_of(output: Any) -> Any:
    """The type of skl2onnx for an output; sizes with a name become None."""
    from skl2onnx.common import data_types

    kinds = {
        TensorProto.FLOAT: data_types.FloatTensorType,
        TensorProto.DOUBLE: data_types.DoubleTensorType,
        TensorProto.INT64: data_types.Int64TensorType,
        TensorProto.STRING: data_types.StringTensorType,
        TensorProto.BOOL: data_types.BooleanTensorType,
    }
    kind = output.type.tensor_type
    return kinds[kind.elem_type]([size.dim_value or None for size in kind.shape.dim])


def _paste(proto: ModelProto, scope: Any, operator: Any, container: Any) -> None:
    """Add all nodes and constants under new names.

    `skl2onnx.helpers.add_onnx_graph` does not rename what the bodies of loops use, and gives names to inputs of
    operators that are left out.
    """
    graph = proto.graph
    names = {"": ""} | {name: scope.get_unique_variable_name(name) for name in _names(graph)}
    for given, taken in zip(operator.inputs, graph.input, strict=True):
        kind = taken.type.tensor_type.elem_type
        container.nodes.append(_node(scope, "Cast", given.onnx_name, names[taken.name], to=kind))
    for node in graph.node:
        copy = _renamed(node, names)
        copy.name = scope.get_unique_operator_name(node.name)
        container.nodes.append(copy)
    for constant in graph.initializer:
        tensor = TensorProto()
        tensor.CopyFrom(constant)
        tensor.name = names[constant.name]
        container.initializers.append(tensor)
    for given, wanted in zip(graph.output, operator.outputs, strict=True):
        container.nodes.append(_node(scope, "Identity", names[given.name], wanted.onnx_name))
    for each in proto.opset_import:
        container.node_domain_version_pair_sets.add((each.domain, each.version))


def _node(scope: Any, kind: str, x: str, y: str, **attributes: Any) -> NodeProto:
    return helper.make_node(kind, [x], [y], name=scope.get_unique_operator_name(kind), **attributes)


def _names(graph: Any) -> dict[str, None]:
    """Names of all values, also in the bodies of loops, in their order."""
    values = [*graph.input, *graph.initializer]
    names = dict.fromkeys(value.name for value in values)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                names |= _names(attribute.g)
        names |= dict.fromkeys(node.output)
    return names


def _renamed(node: NodeProto, names: dict[str, str]) -> NodeProto:
    """A copy of a node under other names, with those in its body."""
    copy = NodeProto()
    copy.CopyFrom(node)
    for values in (copy.input, copy.output):
        values[:] = [names[name] for name in values]
    for attribute in copy.attribute:
        if attribute.type == AttributeProto.GRAPH:
            for value in (*attribute.g.input, *attribute.g.output):
                value.name = names[value.name]
            inner = [_renamed(each, names) for each in attribute.g.node]
            del attribute.g.node[:]
            attribute.g.node.extend(inner)
    return copy
