"""The layer of Kolmogorov-Arnold networks: a function of its own on every edge (Liu et al. 2024)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import normal, uniform
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer
from skneural.ops.curve import curve
from skneural.ops.edge_penalty import edge_spread, sparsity_penalty
from skneural.ops.pointwise import ACTIVATIONS
from skneural.ops.spline import DENSE, along_slopes, interpolating_coefficients, spline_basis, spline_matrix
from skneural.ops.types import Array, Vjp
from skneural.parameters import Buffer, Parameter, Tree
from skneural.symbolic import FUNCTIONS

# How far a grid reaches beyond the data, as a share of their range. Learning exp(sin(pi x) + y^2) from evenly spread
# points, on grids of 50 pieces, the worst of 4 seeds was wrong by 9e-7 with this reach, by 3e-6 with four times it.
MARGIN = 0.005

# Share of equal distances in the breakpoints of a grid, the rest goes by quantiles: no piece, where many equal values
# are, is narrower than nine tenths of what it would be with equal distances. Half of either made that error 7e-6.
UNIFORM = 0.9


@dataclass(frozen=True)
class SplineEdges(Layer):
    """Each output is the sum, over inputs, of a base function and a B-spline. x: (rows, n_in); y: (rows, n_out).

    Parameters
    ----------
    n_in, n_out : int
    grid_size : int
        Pieces of each spline.
    order : int, default=3
        Degree of the pieces.
    base : str, default="silu"
        Name of the base function in `skneural.ops.pointwise.ACTIVATIONS`.
    sparsity, entropy : float
        While training, adds ``sparsity * (sum of the spreads of all edges + entropy * their entropy)`` to the loss;
        spreads are those over the whole batch, in which each row counts for what it weighs.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    rows : {"samples", "elements"}, default="samples"
        What the rows of x are: samples, or steps or nodes of all samples, one behind the other.
    named : tuple of (int, int, str), default=()
        Edges that are no splines: input, output, and the name of a function f of `skneural.symbolic.FUNCTIONS`. They
        are ``c * f(a * x + b) + d``, with constants that are learned; the penalty leaves them out.
    """

    n_in: int
    n_out: int
    grid_size: int
    order: int = 3
    base: str = "silu"
    sparsity: float = 0.0
    entropy: float = 2.0
    input_gradient: bool = True
    rows: str = "samples"
    named: tuple[tuple[int, int, str], ...] = ()

    stepwise: ClassVar[bool] = True

    @property
    def n_basis(self) -> int:
        return self.grid_size + self.order

    def parameters(self) -> Tree:
        def grids() -> Array:
            return np.broadcast_to(np.linspace(-1, 1, self.grid_size + 1), (self.n_in, self.grid_size + 1))

        declared: Tree = {
            "base": Parameter((self.n_in, self.n_out), uniform(1 / math.sqrt(self.n_in))),
            # Of 8 seeds on exp(sin(pi x) + y^2), 8 found it with this deviation, 5 with 0.1, and 7 with 1.
            "coefficients": Parameter((self.n_in * self.n_basis, self.n_out), normal(0.3 / math.sqrt(self.n_in))),
            "grid": Buffer((self.n_in, self.grid_size + 1), grids),
            "present": Buffer((self.n_in, self.n_out), 1.0),
        }
        if self.named:
            declared["constants"] = Parameter((len(self.named), 4), normal(1.0), penalized=False)
        return declared

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        based, base_vjp = ACTIVATIONS[self.base](x)
        basis = spline_basis(x, p["grid"], self.order)
        penalized = self.sparsity > 0 and context.penalties is not None
        matrix = spline_matrix(basis, self.n_basis, dense=penalized or self.n_basis <= DENSE)
        base_weight, coefficients = self._kept(p)
        y = matrix @ coefficients
        y += based @ base_weight
        curves = self._named_curves(p, x)
        for _, j, own, _ in curves:
            y[:, j] += own
        penalty_vjp = self._penalize(p, based, matrix, context) if penalized else None

        def backward(dy: Any, g: Tree) -> Any:
            d_matrix = dy @ coefficients.T if self.input_gradient else None
            d_based = dy @ base_weight.T
            g["coefficients"][...] = matrix.T @ dy
            np.matmul(based.T, dy, out=g["base"])
            if penalty_vjp is not None:
                d_features, d_weights = penalty_vjp()
                if context.first_shard:  # it is that of the whole batch, and gradients of shards are added up
                    g["base"] += d_weights[:, 0]
                    g["coefficients"] += d_weights[:, 1:].reshape(-1, self.n_out)
                if d_matrix is not None:
                    d_based += d_features[:, :, 0]
                    d_matrix += d_features[:, :, 1:].reshape(d_matrix.shape)
            splines = self._splines(p)
            g["base"] *= splines
            g["coefficients"] *= np.repeat(splines, self.n_basis, axis=0)
            named = [(i, vjp(dy[:, j], g["constants"][k])) for k, (i, j, _, vjp) in enumerate(curves)]
            if d_matrix is None:
                return None
            dx = along_slopes(d_matrix, basis, self.n_basis) + base_vjp(d_based)
            for i, own in named:
                dx[:, i] += own
            return dx

        return y, backward

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        based, _ = ACTIVATIONS[self.base](x)
        matrix = spline_matrix(spline_basis(x, p["grid"], self.order), self.n_basis, dense=self.n_basis <= DENSE)
        base_weight, coefficients = self._kept(p)
        y = matrix @ coefficients + based @ base_weight
        for _, j, own, _ in self._named_curves(p, x):
            y[:, j] += own
        return y

    def edges(self, p: Tree, x: Array) -> Array:
        """What each edge puts out for its input: points of shape (points, n_in) to (points, n_in, n_out)."""
        based, _ = ACTIVATIONS[self.base](x)
        matrix = spline_matrix(spline_basis(x, p["grid"], self.order), self.n_basis, dense=True)
        base_weight, coefficients = self._kept(p)
        own = coefficients.reshape(self.n_in, self.n_basis, self.n_out)
        splines = np.matmul(matrix.reshape(len(x), self.n_in, -1).transpose(1, 0, 2), own)
        edges = splines.transpose(1, 0, 2) + based[:, :, np.newaxis] * base_weight
        for i, j, own, _ in self._named_curves(p, x):
            edges[:, i, j] = own
        return edges

    def spreads(self, p: Tree, x: Array, sample_weight: Array | None = None) -> Array:
        """Standard deviation of what each edge puts out, of shape (n_in, n_out)."""
        based, _ = ACTIVATIONS[self.base](x)
        matrix = spline_matrix(spline_basis(x, p["grid"], self.order), self.n_basis, dense=True)
        spread = edge_spread(self._features(based, matrix), self._weights(p), sample_weight)[0] * p["present"]
        for i, j, own, _ in self._named_curves(p, x):
            mean = np.average(own, weights=sample_weight)
            spread[i, j] = np.sqrt(np.average(np.square(own - mean), weights=sample_weight))
        return spread

    def adapt(self, p: Tree, x: Array, sample_weight: Array | None = None) -> None:
        """Let the grids follow the inputs x; functions stay what they are, as far as the new grids can tell.

        Breakpoints stand between equal distances and quantiles of x, and reach a little beyond its range.
        """
        before = {name: array.copy() for name, array in p.items()}
        p["grid"][...] = grid_over(x, self.grid_size, sample_weight)
        if not np.array_equal(p["grid"], before["grid"]):
            self._interpolate(p, self, before)

    def centre(self, p: Tree, x: Array, sample_weight: Array | None = None) -> None:
        """Let each edge have a mean of zero over x, except for one of each unit, which takes all means over.

        The units stay what they are: basis functions sum to one, so a constant is one in all coefficients.
        """
        edges = self.edges(p, x)
        means = np.average(edges, axis=0, weights=sample_weight).astype(p["base"].dtype)
        strongest = np.std(edges, axis=0).argmax(axis=0), np.arange(self.n_out)
        shift = -means
        shift[strongest] += means.sum(axis=0)
        p["coefficients"] += np.repeat(shift * self._splines(p), self.n_basis, axis=0)
        for k, (i, j, _) in enumerate(self.named):
            p["constants"][k, 3] += shift[i, j]

    def refined(self, p: Tree, grid_size: int) -> tuple[SplineEdges, Tree]:
        """The same functions on finer grids: a layer, and its parameters.

        The widest pieces are halved until there are enough of them. All breakpoints stay, so that nothing changes.
        """
        finer = replace(self, grid_size=grid_size)
        arrays = {name: array.copy() for name, array in p.items()} | {"grid": halved(p["grid"], grid_size)}
        arrays["coefficients"] = np.empty((self.n_in * finer.n_basis, self.n_out), p["coefficients"].dtype)
        finer._interpolate(arrays, self, p)
        return finer, {name: arrays[name] for name in self.parameters()}

    def _interpolate(self, p: Tree, other: SplineEdges, p_other: Tree) -> None:
        """Take coefficients whose splines go through those of another layer; in double precision."""
        exact = {name: np.asarray(array, np.float64) for name, array in p_other.items()}
        splines = exact | {"base": np.zeros_like(exact["base"]), "present": np.ones_like(exact["present"])}
        unnamed = replace(other, named=())
        found = interpolating_coefficients(
            lambda points: unnamed.edges(splines, points), np.asarray(p["grid"], np.float64), self.order
        )
        p["coefficients"][...] = found.reshape(-1, self.n_out)

    def _kept(self, p: Tree) -> tuple[Array, Array]:
        """Weights of the base functions and coefficients of the splines, zero where there are none."""
        present = self._splines(p)
        if present.all():
            return p["base"], p["coefficients"]
        return p["base"] * present, p["coefficients"] * np.repeat(present, self.n_basis, axis=0)

    def _splines(self, p: Tree) -> Array:
        """One where an edge is a spline, zero where it was removed or is a named function."""
        if not self.named:
            return p["present"]
        splines = p["present"].copy()
        for i, j, _ in self.named:
            splines[i, j] = 0
        return splines

    def _named_curves(self, p: Tree, x: Array) -> list[tuple[int, int, Array, Vjp]]:
        """Input, output, values and vjp of each edge that is a named function."""
        functions = [FUNCTIONS[name] for _, _, name in self.named]
        return [
            (i, j, *curve(x[:, i], p["constants"][k], function.value, function.slope))
            for k, ((i, j, _), function) in enumerate(zip(self.named, functions, strict=True))
        ]

    def _weights(self, p: Tree) -> Array:
        base_weight, coefficients = self._kept(p)
        own = coefficients.reshape(self.n_in, self.n_basis, self.n_out)
        return np.concatenate([base_weight[:, np.newaxis], own], axis=1)

    def _features(self, based: Array, matrix: Array) -> Array:
        return np.concatenate([based[:, :, np.newaxis], matrix.reshape(*based.shape, -1)], axis=2)

    def _penalize(self, p: Tree, based: Array, matrix: Array, context: Context) -> Any:
        """Add the penalty to those of the context; what gives its gradients."""
        weight = context.row_weight(len(based), self.rows)
        spread, vjp = edge_spread(self._features(based, matrix), self._weights(p), weight, context.reduce)
        value, d_spread = sparsity_penalty(spread, self._splines(p), self.entropy)
        assert context.penalties is not None
        if context.first_shard:
            context.penalties.append(self.sparsity * value)
        return lambda: vjp((self.sparsity * d_spread).astype(spread.dtype))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_out)


def grid_over(x: Array, grid_size: int, sample_weight: Array | None = None) -> Array:
    """Breakpoints for inputs of shape (rows, n_in), of shape (n_in, grid_size + 1)."""
    low, high = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    # Where all values are equal, as after pruning, or the precision of x does not resolve the pieces, the grid is a
    # wide one around them.
    largest = np.maximum(np.abs(low), np.abs(high))
    constant = high - low <= 100 * grid_size * np.finfo(x.dtype).eps * largest + 1e-20
    half = np.maximum(1, 1e-2 * grid_size * largest)
    low, high = np.where(constant, low - half, low), np.where(constant, high + half, high)
    margin = MARGIN * (high - low)
    low, high = low - margin, high + margin
    steps = np.linspace(0, 1, grid_size + 1)
    even = low + steps[:, np.newaxis] * (high - low)
    weights = np.ones(len(x)) if sample_weight is None else sample_weight.astype(np.float64)
    quantiles = np.quantile(x.astype(np.float64), steps, axis=0, weights=weights, method="inverted_cdf")
    quantiles[0], quantiles[-1] = low, high
    quantiles = np.where(constant, even, quantiles)
    return (UNIFORM * even + (1 - UNIFORM) * quantiles).T


def halved(grid: Array, grid_size: int) -> Array:
    """Grids with so many pieces, made by halving the widest; all breakpoints stay."""
    finer = []
    for own in np.asarray(grid, np.float64):
        points = list(own)
        while len(points) < grid_size + 1:
            widths = np.diff(points)
            # The first of the widest, if rounding is all that tells them apart: halves of equal pieces come in order.
            i = int(np.argmax(widths > widths.max() * (1 - 1e-9)))
            points.insert(i + 1, (points[i] + points[i + 1]) / 2)
        finer.append(points)
    return np.array(finer).astype(grid.dtype)
