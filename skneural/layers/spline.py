"""Layer of Kolmogorov-Arnold networks, with a separate learned function on every edge (Liu et al. 2024)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from skneural.initializers import normal, uniform
from skneural.layers.layer import PREDICTING, AnyShape, Backward, Context, Layer, LayerInput, rescale_linear
from skneural.ops.curve import curve
from skneural.ops.edge_penalty import edge_spread, sparsity_penalty
from skneural.ops.moments import weighted_deviation, weighted_mean
from skneural.ops.pointwise import AnyActivation, activation_function
from skneural.ops.spline import DENSE, along_slopes, interpolating_coefficients, spline_basis, spline_matrix
from skneural.ops.spline_grid import grid_over, halved
from skneural.ops.types import Array, Vjp
from skneural.parameters import Buffer, Parameter, Tree
from skneural.symbolic import FUNCTIONS

# Number of samples, evenly spaced in the training data, for adapting grids and for the importances of edges.
ROWS_FOR_GRIDS = 1000


@dataclass(frozen=True)
class SplineEdges(Layer):
    """Sum, over inputs, of a base function and a B-spline for each output. x: (rows, n_in); y: (rows, n_out).

    Parameters
    ----------
    n_in, n_out : int
    grid_size : int
        Number of pieces of each spline.
    order : int, default=3
        Degree of the splines.
    base : str or ActivationFunction, default="silu"
        The base function: a name in `skneural.ops.pointwise.ACTIVATIONS`, or a function with its derivative.
    sparsity, entropy : float
        In training, adds ``sparsity * (sum of the spreads of all edges + entropy * their entropy)`` to the loss;
        spreads are weighted standard deviations over the whole batch.
    input_gradient : bool, default=True
        False in the first layer of a network, to skip dx.
    rows : {"samples", "elements"}, default="samples"
        Whether a row of x is a sample, or an element such as a step or a node, concatenated over all samples.
    named : tuple of (int, int, str), default=()
        Edges with a symbolic function instead of a spline: input, output, and the name of a function f in
        `skneural.symbolic.FUNCTIONS`. They compute ``c * f(a * x + b) + d`` with learned constants, and are excluded
        from the penalty.
    adaptive : bool, default=True
        Whether grids are adapted to at most `ROWS_FOR_GRIDS` samples of the training data before training starts.
        Otherwise they remain between -1 and 1.
    """

    n_in: int
    n_out: int
    grid_size: int
    order: int = 3
    base: AnyActivation = "silu"
    sparsity: float = 0.0
    entropy: float = 2.0
    input_gradient: bool = True
    rows: str = "samples"
    named: tuple[tuple[int, int, str], ...] = ()
    adaptive: bool = True

    stepwise: ClassVar[bool] = True

    @property
    def learned_once(self) -> str:
        return "the grids of splines" if self.adaptive else ""

    @property
    def n_basis(self) -> int:
        return self.grid_size + self.order

    def parameters(self) -> Tree:
        def grids() -> Array:
            return np.broadcast_to(np.linspace(-1, 1, self.grid_size + 1), (self.n_in, self.grid_size + 1))

        declared: Tree = {
            "base": Parameter((self.n_in, self.n_out), uniform(1 / math.sqrt(self.n_in))),
            # Of 8 seeds on exp(sin(pi x) + y^2), 8 reached it with this deviation, 5 with 0.1, and 7 with 1.
            "coefficients": Parameter((self.n_in * self.n_basis, self.n_out), normal(0.3 / math.sqrt(self.n_in))),
            "grid": Buffer((self.n_in, self.grid_size + 1), grids),
            "present": Buffer((self.n_in, self.n_out), 1.0),
        }
        if self.named:
            declared["constants"] = Parameter((len(self.named), 4), normal(1.0), penalized=False)
        return declared

    def forward(self, p: Tree, x: Array, context: Context) -> tuple[Any, Backward]:
        based, base_vjp = activation_function(self.base)(x)
        basis = spline_basis(x, p["grid"], self.order)
        penalized = self.sparsity > 0 and context.penalties is not None
        matrix = spline_matrix(basis, self.n_basis, dense=penalized or self.n_basis <= DENSE)
        base_weight, coefficients = self.kept(p)
        y = matrix @ coefficients
        y += based @ base_weight
        curves = self._named_curves(p, x)
        for _, j, values, _ in curves:
            y[:, j] += values
        penalty_vjp = self._penalize(p, based, matrix, context) if penalized else None

        def backward(dy: Array, g: Tree) -> Any:
            d_matrix = dy @ coefficients.T if self.input_gradient else None
            d_based = dy @ base_weight.T
            g["coefficients"][...] = matrix.T @ dy
            np.matmul(based.T, dy, out=g["base"])
            if penalty_vjp is not None:
                d_features, d_weights = penalty_vjp()
                if context.shard.is_first:  # the penalty is that of the whole batch, and gradients of shards are summed
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
            for i, d_input in named:
                dx[:, i] += d_input
            return dx

        return y, backward

    def predict(self, p: Tree, x: Array, context: Context = PREDICTING) -> Any:
        based, _ = activation_function(self.base)(x)
        matrix = spline_matrix(spline_basis(x, p["grid"], self.order), self.n_basis, dense=self.n_basis <= DENSE)
        base_weight, coefficients = self.kept(p)
        y = matrix @ coefficients + based @ base_weight
        for _, j, values, _ in self._named_curves(p, x):
            y[:, j] += values
        return y

    def edges(self, p: Tree, x: Array) -> Array:
        """Outputs of all edges, of shape (points, n_in, n_out), for inputs of shape (points, n_in)."""
        based, _ = activation_function(self.base)(x)
        matrix = spline_matrix(spline_basis(x, p["grid"], self.order), self.n_basis, dense=True)
        base_weight, coefficients = self.kept(p)
        by_input = coefficients.reshape(self.n_in, self.n_basis, self.n_out)
        splines = np.matmul(matrix.reshape(len(x), self.n_in, -1).transpose(1, 0, 2), by_input)
        edges = splines.transpose(1, 0, 2) + based[:, :, np.newaxis] * base_weight
        for i, j, values, _ in self._named_curves(p, x):
            edges[:, i, j] = values
        return edges

    def spreads(self, p: Tree, x: Array, sample_weight: Array | None = None) -> Array:
        """Standard deviations of the outputs of all edges, of shape (n_in, n_out)."""
        based, _ = activation_function(self.base)(x)
        matrix = spline_matrix(spline_basis(x, p["grid"], self.order), self.n_basis, dense=True)
        spread = edge_spread(self._features(based, matrix), self._weights(p), sample_weight)[0] * p["present"]
        for i, j, values, _ in self._named_curves(p, x):
            spread[i, j] = weighted_deviation(values, sample_weight)[1]
        return spread

    def rescale_output(self, p: Tree, factor: Array, shift: Array) -> Array | None:
        for k, (_, j, _) in enumerate(self.named):
            p["constants"][k, 2:] *= factor[j]
        return rescale_linear(p, factor, shift, ("base", "coefficients"))

    def adapt(self, p: Tree, inputs: LayerInput) -> None:
        if self.adaptive and not inputs.further:
            self.adapt_grids(p, *inputs.thinned(ROWS_FOR_GRIDS).whole())

    def adapt_grids(self, p: Tree, x: Array, sample_weight: Array | None = None) -> None:
        """Adapt the grids to the inputs x; the functions remain the same up to interpolation on the new grids.

        Breakpoints are a mixture of evenly spaced points and quantiles of x, and extend slightly beyond its range.
        """
        before = {name: array.copy() for name, array in p.items()}
        p["grid"][...] = grid_over(x, self.grid_size, sample_weight)
        if not np.array_equal(p["grid"], before["grid"]):
            self._interpolate(p, self, before)

    def centre(self, p: Tree, x: Array, sample_weight: Array | None = None) -> None:
        """Shift each edge to mean zero over x, except for the strongest edge of each unit, which gets the sum of means.

        The outputs of the units remain the same: basis functions sum to one, so that equal coefficients are a constant.
        """
        edges = self.edges(p, x)
        means = weighted_mean(edges, sample_weight).astype(p["base"].dtype)
        strongest = np.std(edges, axis=0).argmax(axis=0), np.arange(self.n_out)
        shift = -means
        shift[strongest] += means.sum(axis=0)
        p["coefficients"] += np.repeat(shift * self._splines(p), self.n_basis, axis=0)
        for k, (i, j, _) in enumerate(self.named):
            p["constants"][k, 3] += shift[i, j]

    def refined(self, p: Tree, grid_size: int) -> tuple[SplineEdges, Tree]:
        """Layer and parameters of the same functions on finer grids.

        The widest pieces are halved until there are `grid_size` of them. All breakpoints are kept, so that the
        functions remain the same.
        """
        finer = replace(self, grid_size=grid_size)
        arrays = {name: array.copy() for name, array in p.items()} | {"grid": halved(p["grid"], grid_size)}
        arrays["coefficients"] = np.empty((self.n_in * finer.n_basis, self.n_out), p["coefficients"].dtype)
        finer._interpolate(arrays, self, p)
        return finer, {name: arrays[name] for name in self.parameters()}

    def _interpolate(self, p: Tree, other: SplineEdges, p_other: Tree) -> None:
        """Set coefficients so that the splines interpolate those of another layer; in double precision."""
        exact = {name: np.asarray(array, np.float64) for name, array in p_other.items()}
        splines = exact | {"base": np.zeros_like(exact["base"]), "present": np.ones_like(exact["present"])}
        unnamed = replace(other, named=())
        interpolated = interpolating_coefficients(
            lambda points: unnamed.edges(splines, points), np.asarray(p["grid"], np.float64), self.order
        )
        p["coefficients"][...] = interpolated.reshape(-1, self.n_out)

    def kept(self, p: Tree) -> tuple[Array, Array]:
        """Base weights and spline coefficients, zero for edges that are removed or named."""
        present = self._splines(p)
        if present.all():
            return p["base"], p["coefficients"]
        return p["base"] * present, p["coefficients"] * np.repeat(present, self.n_basis, axis=0)

    def _splines(self, p: Tree) -> Array:
        """One for edges that are splines, zero for edges that are removed or named functions."""
        if not self.named:
            return p["present"]
        splines = p["present"].copy()
        for i, j, _ in self.named:
            splines[i, j] = 0
        return splines

    def _named_curves(self, p: Tree, x: Array) -> list[tuple[int, int, Array, Vjp]]:
        """Input, output, values and VJP of each edge that is a named function."""
        functions = [FUNCTIONS[name] for _, _, name in self.named]
        return [
            (i, j, *curve(x[:, i], p["constants"][k], function.value, function.slope))
            for k, ((i, j, _), function) in enumerate(zip(self.named, functions, strict=True))
        ]

    def _weights(self, p: Tree) -> Array:
        base_weight, coefficients = self.kept(p)
        by_input = coefficients.reshape(self.n_in, self.n_basis, self.n_out)
        return np.concatenate([base_weight[:, np.newaxis], by_input], axis=1)

    def _features(self, based: Array, matrix: Array) -> Array:
        return np.concatenate([based[:, :, np.newaxis], matrix.reshape(*based.shape, -1)], axis=2)

    def _penalize(self, p: Tree, based: Array, matrix: Array, context: Context) -> Any:
        """Append the penalty to those of the context; returns the function for its gradients."""
        weight = context.batch.row_weight(len(based), self.rows)
        spread, vjp = edge_spread(self._features(based, matrix), self._weights(p), weight, context.shard.reduce)
        value, d_spread = sparsity_penalty(spread, self._splines(p), self.entropy)
        assert context.penalties is not None
        if context.shard.is_first:
            context.penalties.append(self.sparsity * value)
        return lambda: vjp((self.sparsity * d_spread).astype(spread.dtype))

    def shape(self, x_shape: AnyShape) -> AnyShape:
        return (*x_shape[:-1], self.n_out)
