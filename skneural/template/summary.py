"""The layers of a fitted network as a table: names, classes, shapes, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skneural.layers import Layer
from skneural.layers.traversal import children, named, output_shapes
from skneural.parameters import Layout

NamedShape = tuple[int | str, ...]

# Stands for a number of x that has a name while another one is asked for; windows of any width fit into it.
MANY = 1_000_000

# Numbers that differ by less are told as a sum: a class token makes "steps + 1" of the steps.
FEW = 100


class LayerSummary(NamedTuple):
    """One layer.

    Attributes
    ----------
    name : str
        Where it stands in the network, as in ``"residual_1.inner.dense_1"``.
    kind : str
        Its class.
    shape : tuple of int and str
        Of what it puts out; numbers that are not fixed have names.
    n_parameters : int
        Its own, without those of layers inside of it. Where layers are frozen, they have none to learn.
    """

    name: str
    kind: str
    shape: NamedShape
    n_parameters: int


@dataclass(frozen=True, repr=False)
class Summary:
    """The layers of a network in the order of computing; printed, a table.

    Attributes
    ----------
    layers : tuple of LayerSummary
    n_parameters : int
        Of all layers.
    """

    layers: tuple[LayerSummary, ...]

    @property
    def n_parameters(self) -> int:
        return sum(layer.n_parameters for layer in self.layers)

    def __repr__(self) -> str:
        rows = [(one.name, one.kind, _written(one.shape), f"{one.n_parameters:,}") for one in self.layers]
        rows = [("layer", "class", "output", "parameters"), *rows, ("total", "", "", f"{self.n_parameters:,}")]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        *left, right = widths
        return "\n".join(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, left, strict=False)), row[-1].rjust(right)])
            for row in rows
        )


def summary(self: BaseEstimator) -> Summary:
    """The layers of the fitted network: names, classes, shapes of what they put out, and numbers of parameters.

    Returns
    -------
    summary : Summary
        Prints as a table. ``summary.layers`` are its rows, and ``summary.n_parameters`` is its total. Of shapes, "n"
        is the number of samples and "steps" that of the steps of a series. Images lie as (height, channels, width, n)
        between the two ends of a stack of convolutions, series as images of height one, and in recurrences as (steps,
        features, n).

    Raises
    ------
    NotFittedError
        Before `fit`, which sets the shape of x.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneural import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> MLPClassifier(16, solver="lbfgs", random_state=0).fit(X, y).summary()
    layer                 class       output   parameters
    chain_1.dense_1       Dense       (n, 16)          80
    chain_1.activation_1  Activation  (n, 16)           0
    dense_1               Dense       (n, 3)           51
    total                                             131
    """
    check_is_fitted(self)
    network = self.network_
    found = {name: (layer, declared) for name, layer, declared in named(network, network.parameters())}
    sizes = {name: Layout(declared).size for name, (_, declared) in found.items()}

    def row(name: str, shape: NamedShape) -> LayerSummary:
        layer = found[name][0]
        inside = sum(sizes[child.name] for child in children(layer, name))
        return LayerSummary(name, type(layer).__name__, shape, sizes[name] - inside)

    return Summary(tuple(row(name, shape) for name, shape in named_shapes(network, self._x_shape).items()))


def named_shapes(network: Layer, x_shape: NamedShape) -> dict[str, NamedShape]:
    """The shape of what every layer but chains puts out, where some numbers of x have names instead.

    A number that follows from one with a name takes its name, and the names of all from which it follows: rows for
    each step of each series are ``"n * steps"`` many. Layers are taken to leave such numbers as they are otherwise, or
    to add a few.
    """
    names = list(dict.fromkeys(_names(x_shape)))
    with_unknown = {name: output_shapes(network, _numbers(x_shape, unknown=name)) for name in names}
    plain = output_shapes(network, _numbers(x_shape, unknown=None))

    def number(layer: str, axis: int) -> int | str:
        sources = [name for name in names if with_unknown[name][layer][axis] is None]
        known = plain[layer][axis]
        assert known is not None, f"{layer} tells no number for axis {axis}, although all numbers of x are known."
        if len(sources) == 1 and 0 < abs(known - MANY) < FEW:
            return f"{sources[0]} {'+' if known > MANY else '-'} {abs(known - MANY)}"
        return " * ".join(sources) or known

    return {layer: tuple(number(layer, axis) for axis in range(len(shape))) for layer, shape in plain.items()}


def _names(x_shape: Any) -> Iterator[str]:
    for one in x_shape:
        if isinstance(one, tuple):
            yield from _names(one)
        elif isinstance(one, str):
            yield one


def _numbers(x_shape: Any, unknown: str | None) -> Any:
    """The shape of x with one of the numbers that have names unknown, and the others some number."""
    if isinstance(x_shape, tuple):
        return tuple(_numbers(one, unknown) for one in x_shape)
    return (None if x_shape == unknown else MANY) if isinstance(x_shape, str) else x_shape


def _written(shape: NamedShape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
