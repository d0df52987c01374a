"""Table of the layers of a fitted network: names, classes, output shapes, numbers of parameters."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from skneural.layers import Layer
from skneural.layers.layer import AnyShape
from skneural.layers.traversal import joined, named, output_shapes
from skneural.ops.dimension import Dimension
from skneural.parameters import Layout

NamedShape = tuple[int | str, ...]


class LayerSummary(NamedTuple):
    """One layer of a network.

    Attributes
    ----------
    name : str
        Path of the layer, such as ``"encoder.block_1.attention"``; the names of its parameters begin with it.
    kind : str
        Name of its class.
    shape : tuple of int and str
        Output shape, with names for dimensions that depend on the data.
    n_parameters : int
        Number of trainable parameters, without those of inner layers. Frozen layers have none.
    """

    name: str
    kind: str
    shape: NamedShape
    n_parameters: int


@dataclass(frozen=True, repr=False)
class Summary:
    """The layers of a network in the order of computation, printed as a table, and shown as one in notebooks.

    Attributes
    ----------
    layers : tuple of LayerSummary
    n_parameters : int
        Trainable parameters of all layers.
    """

    layers: tuple[LayerSummary, ...]

    @property
    def n_parameters(self) -> int:
        return sum(layer.n_parameters for layer in self.layers)

    def _rows(self) -> list[tuple[str, str, str, str]]:
        """The cells of the table, with its head and its total."""
        rows = [(layer.name, layer.kind, _written(layer.shape), f"{layer.n_parameters:,}") for layer in self.layers]
        return [("layer", "class", "output", "parameters"), *rows, ("total", "", "", f"{self.n_parameters:,}")]

    def _repr_html_(self) -> str:
        """Return the table for notebooks, with the numbers on the right."""
        lines = ["<table>"]
        for number, row in enumerate(self._rows()):
            tag = "td" if number else "th"
            cells = [f'<{tag} style="text-align: left">{escape(cell)}</{tag}>' for cell in row[:-1]]
            cells.append(f'<{tag} style="text-align: right">{row[-1]}</{tag}>')
            lines.append(f"<tr>{''.join(cells)}</tr>")
        return "\n".join([*lines, "</table>"])

    def __repr__(self) -> str:
        rows = self._rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        *left, right = widths
        return "\n".join(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, left, strict=False)), row[-1].rjust(right)])
            for row in rows
        )


def summarize(network: Layer, x_shape: NamedShape) -> Summary:
    """Summarize a network whose input has the given shape."""
    layers = {name: (layer, declared) for name, layer, declared in named(network, network.parameters())}
    sizes = {name: Layout(declared).size for name, (_, declared) in layers.items()}

    def row(name: str, shape: NamedShape) -> LayerSummary:
        layer = layers[name][0]
        inside = sum(sizes[joined(name, child)] for child in layer.children())
        return LayerSummary(name, type(layer).__name__, shape, sizes[name] - inside)

    return Summary(tuple(row(name, shape) for name, shape in named_shapes(network, x_shape).items()))


def named_shapes(network: Layer, x_shape: NamedShape) -> dict[str, NamedShape]:
    """Output shape of every layer except chains, for an input with symbolic dimensions.

    A dimension that depends on symbolic ones has their names, joined: ``"n * steps"`` for one row per step of each
    series.
    """
    shapes = output_shapes(network, _with_dimensions(x_shape))
    return {name: _with_names(shape) for name, shape in shapes.items()}


def output_shape(network: Layer, x_shape: NamedShape) -> NamedShape:
    """Output shape of a network for an input with symbolic dimensions."""
    return _with_names(network.shape(_with_dimensions(x_shape)))


def _with_names(shape: AnyShape) -> NamedShape:
    return tuple(n if isinstance(n, int) else str(n) for n in shape)


def _with_dimensions(x_shape: Any) -> Any:
    """The shape of x, or the shapes of a pair, with a `Dimension` in place of each name."""
    if isinstance(x_shape, tuple):
        return tuple(map(_with_dimensions, x_shape))
    return Dimension(x_shape) if isinstance(x_shape, str) else x_shape


def _written(shape: NamedShape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
