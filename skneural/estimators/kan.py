"""Kolmogorov-Arnold networks."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from skneural.estimators.classification import NeuralClassifier
from skneural.estimators.estimator import Data, Network, with_dtype
from skneural.estimators.kan_reading import KANReading
from skneural.estimators.regression import NeuralRegressor
from skneural.hyperparameters import Choice, Constraint, Integer, Number, Sizes, declare, hyperparameter
from skneural.layers import Layer
from skneural.losses import Loss
from skneural.networks.kan import adapt_grids, edges_of, inputs_of_layers, kan_network, refined
from skneural.ops.pointwise import ACTIVATIONS
from skneural.parameters import Weights
from skneural.training.batches import Samples
from skneural.training.history import History
from skneural.training.lbfgs import LBFGS
from skneural.training.objective import Objective
from skneural.training.stages import Stages
from skneural.training.train import Method, Watch

# Epochs, or iterations of lbfgs, after which grids follow what hidden layers are given, which changes most at first.
ADAPT_AFTER = (5, 10, 20, 35, 50)

# Past steps from which lbfgs guesses the curvature. On exp(sin(pi x) + y^2), the median of six seeds came below an
# error of 3.7e-3 after 132 iterations so, after 149 with 30, and after 197 with SciPy's 10; 120 cost too much.
N_CORRECTIONS = 60

# Rows of the training data from which grids and importances are taken: evenly spread over all.
ROWS_FOR_STATISTICS = 1000


# Quantiles of what each edge is given that are kept, to draw its curve and to find its formula.
POINTS_OF_A_CURVE = 201


# Training samples that are kept, to fit the constants of a formula together.
SAMPLES_OF_A_FORMULA = 500


def _is_range(value: Any) -> bool:
    if not (isinstance(value, list | tuple | np.ndarray) and len(value) == 2):
        return False
    return all(isinstance(end, int | float | np.number) and np.isfinite(end) for end in value) and value[0] < value[1]


@declare
class KAN(KANReading):
    """The network of `KANClassifier` and `KANRegressor`."""

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (5,), Sizes(1), "Units of each hidden layer; () for a sum of one function of each feature."
    )
    grid_size: int = hyperparameter(5, Integer(1), "Pieces of each spline, where training begins.")
    spline_order: int = hyperparameter(3, Integer(1), "Degree of the pieces.")
    base_activation: str = hyperparameter(
        "silu", Choice(*ACTIVATIONS), "What each edge adds to its spline, with a weight that is learned."
    )
    grid_range: Any = hyperparameter(
        "auto",
        Choice("auto") | Constraint("pair of ascending floats", _is_range),
        """Where the splines of the features have their pieces; beyond, they go on straight. "auto": where the training
        data are, and more densely where there are many.""",
    )
    grid_refinement: Sequence[int] = hyperparameter(
        (),
        Constraint(
            "sequence of int >= 1",
            lambda value: isinstance(value, list | tuple) and all(Integer(1).allows(size) for size in value),
        ),
        """Finer grids, such as (10, 20): after training with `grid_size`, training goes on with each of them for up to
        `max_iter` epochs, from the same function.""",
    )
    sparsity: float = hyperparameter(
        0.0,
        Number(0),
        "Strength of a penalty on the spread of each edge, which leaves few of them; to be followed by `prune`.",
    )
    entropy: float = hyperparameter(2.0, Number(0), "Weight of the entropy of the edges in that penalty.")

    # --- what users do with a fitted network ------------------------------------------------------------

    def refine(self, grid_size):
        """The same model on finer grids, for training that goes on with ``warm_start=True``.

        Parameters
        ----------
        grid_size : int
            Pieces of each spline, more than now.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model, whose `grid_size` is this; it predicts what this one does.

        Raises
        ------
        ValueError
            If grids would become coarser.
        """
        check_is_fitted(self)
        model = copy.deepcopy(self)
        model._refine(grid_size)
        return model.set_params(grid_size=grid_size, grid_refinement=())

    def prune(self, threshold=0.03):
        """The model without the edges and hidden units that hardly matter.

        Parameters
        ----------
        threshold : float, default=0.03
            Edges whose `edge_importances_` are less are removed, and hidden units that no edge enters or leaves then.
            The most important path to each output stays, whatever the threshold. What an edge adds in the middle of
            the data stays too, in the strongest edge of its unit: only its variation is lost.

        Returns
        -------
        model : KANClassifier or KANRegressor
            A new model, whose `hidden_layer_sizes` are what is left, and for which training goes on with
            ``warm_start=True``.
        """
        check_is_fitted(self)
        if not threshold >= 0:
            raise ValueError(f"threshold must be >= 0; got {threshold!r}.")
        model = copy.deepcopy(self)
        model._prune(float(threshold))
        return model

    # --- growing and shrinking --------------------------------------------------------------------------

    def _refine(self, grid_size: int) -> None:
        arguments = self.network_arguments_
        if not Integer(1).allows(grid_size) or grid_size < arguments["grid_size"]:
            raise ValueError(
                f"Grids of {arguments['grid_size']} pieces cannot become grids of {grid_size!r}: give an int that is "
                "not below."
            )
        _, tree = refined(self._network.layer, self._parameters(), int(grid_size))
        self._exchange(arguments | {"grid_size": int(grid_size)}, tree)

    def _prune(self, threshold: float) -> None:
        network, tree = self._network.layer, self._parameters()
        for (layer, p), points in zip(edges_of(network, tree), self._quantiles, strict=True):
            layer.centre(p, points)
        kept = _kept_edges(self.edge_importances_, threshold)
        units = _kept_units(kept)
        pruned = []
        for (layer, p), own, rows, columns in zip(edges_of(network, tree), kept, units[:-1], units[1:], strict=True):
            coefficients = p["coefficients"].reshape(layer.n_in, layer.n_basis, layer.n_out)[rows][:, :, columns]
            pruned.append({
                "base": p["base"][np.ix_(rows, columns)],
                "coefficients": coefficients.reshape(-1, len(columns)),
                "grid": p["grid"][rows],
                "present": (p["present"] * own)[np.ix_(rows, columns)],
            })  # fmt: skip
        sizes = [len(rows) for rows in units[1:-1]]
        self._spreads = [
            (spread * own)[np.ix_(rows, columns)]
            for spread, own, rows, columns in zip(self._spreads, kept, units[:-1], units[1:], strict=True)
        ]
        self._quantiles = [own[:, rows] for own, rows in zip(self._quantiles, units[:-1], strict=True)]
        self._deviations = [own[columns] for own, columns in zip(self._deviations, units[1:], strict=True)]
        self._exchange(self.network_arguments_ | {"hidden_layer_sizes": sizes}, (tree[0], *pruned, tree[-1]))
        self.set_params(hidden_layer_sizes=tuple(sizes))

    def _exchange(self, arguments: dict[str, Any], tree: Any) -> None:
        """Take another network with the given parameters."""
        self.network_arguments_ = arguments
        self._network = Network.of(self._build_network(**arguments))
        dtype = self.weights_.dtype
        vector = np.empty(self._network.layout.size, dtype)
        buffers = np.empty(self._network.layout.buffer_size, dtype)
        views = self._network.layout.views(vector, buffers)
        for own, given in zip(views, tree, strict=True):
            for name, array in own.items():
                array[...] = given[name]
        self.weights_, self.buffers_ = vector, buffers
        self._views = (vector, buffers, views)
        self._optimizer_state = {}

    # --- what the template asks for -------------------------------------------------------------------

    def _check_X(self, X: Any, *, dtype: Any, reset: bool) -> Any:
        return validate_data(self, with_dtype(X), dtype=dtype, reset=reset)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    def _network_arguments(self, x: Any, n_outputs: int) -> dict[str, Any]:
        return {
            "n_in": x.shape[1],
            "n_out": n_outputs,
            "hidden_layer_sizes": [int(size) for size in np.atleast_1d(self.hidden_layer_sizes)],
            "grid_size": self._present_grid_size,
            "spline_order": int(self.spline_order),
            "base_activation": self.base_activation,
            "sparsity": float(self.sparsity),
            "entropy": float(self.entropy),
        }

    def _build_network(self, **arguments: Any) -> Layer:
        return kan_network(**arguments)

    def _build(self, samples: Samples, continuing: bool) -> tuple[Loss, Weights]:
        if continuing:  # with another penalty, perhaps: it is no part of what was fitted
            penalty = {"sparsity": float(self.sparsity), "entropy": float(self.entropy)}
            self.network_arguments_ = self.network_arguments_ | penalty
            self._network = Network.of(self._build_network(**self.network_arguments_))
        return super()._build(samples, continuing)

    def _prepare(self, weights: Weights, samples: Samples) -> None:
        x, p = samples.x, weights.tree[0]
        low, high = (x.min(axis=0), x.max(axis=0)) if self.grid_range == "auto" else self.grid_range
        p["mean"][...] = np.add(low, high, dtype=np.float64) / 2
        half = np.subtract(high, low, dtype=np.float64) / 2
        p["scale"][...] = np.where(half > 1e-12 * np.abs(p["mean"]), half, 1.0)
        self._adapt(weights, samples, first=self.grid_range == "auto")

    def _fit(self, *arguments: Any, continuing: bool, one_pass: bool = False, **options: Any) -> History:
        if not continuing:
            self._present_grid_size = int(self.grid_size)
        else:
            self._present_grid_size = self.network_arguments_["grid_size"]
        history = super()._fit(*arguments, continuing=continuing, one_pass=one_pass, **options)
        n_epochs, callbacks = history.n_epochs, arguments[-1]
        for grid_size in () if one_pass or continuing else self.grid_refinement:
            if callbacks.told_to_stop:
                break
            self._refine(grid_size)
            self._present_grid_size = int(grid_size)
            history = super()._fit(*arguments, continuing=True, **options)
            n_epochs += history.n_epochs
        self.n_iter_ = n_epochs
        return history

    def _most_epochs(self) -> int:
        return self.max_iter * (1 + len(self.grid_refinement))

    def _train(self, data: Data, loss: Loss, weights: Weights, *others: Any) -> History:
        history = super()._train(data, loss, weights, *others)
        self._learn_importances(weights, data.samples)
        self._sample = self._keep_samples(weights, data.samples)
        return history

    def _method(self, objective: Objective, state: dict, batch_size: int, continuing: bool, one_pass: bool) -> Method:
        method = super()._method(objective, state, batch_size, continuing, one_pass)
        if not isinstance(method, LBFGS):
            return method
        method = replace(method, n_corrections=N_CORRECTIONS, relative_tol=0.0)
        if continuing:
            return method
        ends = [epoch for epoch in ADAPT_AFTER if epoch < self.max_iter] + [self.max_iter]
        methods = [replace(method, max_epochs=end - start) for start, end in itertools.pairwise([0, *ends])]
        return Stages(methods, lambda samples: self._adapt(objective.weights, samples, first=False))

    def _watch(self, data: Data, loss: Loss, weights: Weights, *others: Any) -> Watch:
        watch = super()._watch(data, loss, weights, *others)
        if self._solver(others[-1]) != "lbfgs" and not others[-1]:
            starts = watch.epoch_starts

            def epoch_starts() -> None:
                starts()
                if watch.history.n_epochs in ADAPT_AFTER and not self.__sklearn_is_fitted__():
                    self._adapt(weights, data.samples, first=False)

            watch.epoch_starts = epoch_starts
        return watch

    def _learn_importances(self, weights: Weights, samples: Samples) -> None:
        """Keep the spread of each edge and each unit over the training data."""
        samples = _some(samples)
        sample_weight = samples.sample_weight
        network, tree = self._network.layer, weights.tree
        found = inputs_of_layers(network, tree, samples.x)
        layers = zip(edges_of(network, tree), found[:-1], strict=True)
        self._spreads = [layer.spreads(p, h, sample_weight).astype(np.float64) for (layer, p), h in layers]
        # Sorting takes a tenth of the time of np.quantile, which was a third of a short training.
        chosen = np.linspace(0, len(samples) - 1, POINTS_OF_A_CURVE).round().astype(int)
        self._quantiles = [np.sort(h, axis=0)[chosen] for h in found[:-1]]
        self._deviations = [_deviation(h.astype(np.float64), sample_weight) for h in found[1:]]

    def _keep_samples(self, weights: Weights, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Some of X, and what a formula should give for them: raw scores."""
        samples = _some(samples, SAMPLES_OF_A_FORMULA)
        return samples.x.astype(np.float64), self._raw(weights.tree, samples.x).astype(np.float64)

    def _adapt(self, weights: Weights, samples: Samples, *, first: bool) -> None:
        samples = _some(samples)
        adapt_grids(self._network.layer, weights.tree, samples.x, samples.sample_weight, first=first)


def _some(samples: Samples, n: int = ROWS_FOR_STATISTICS) -> Samples:
    """At most n of the samples, evenly spread over all."""
    return samples.part(slice(None, None, math.ceil(len(samples) / n)))


def _deviation(h: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    mean = np.average(h, axis=0, weights=sample_weight)
    return np.sqrt(np.average((h - mean) ** 2, axis=0, weights=sample_weight))


def _kept_edges(edges: list[np.ndarray], threshold: float) -> list[np.ndarray]:
    """Which edges stay: those at or above the threshold, and the best path to each output."""
    kept = [own >= threshold for own in edges]
    for output in range(edges[-1].shape[1]):
        unit = output
        for own, importance in zip(kept[::-1], edges[::-1], strict=True):
            source = int(importance[:, unit].argmax())
            own[source, unit] = True
            unit = source
    return kept


def _kept_units(kept: list[np.ndarray]) -> list[np.ndarray]:
    """Inputs, hidden units and outputs that stay; clears the edges of hidden units without a way in or out."""
    changed = True
    while changed:
        changed = False
        for before, after in itertools.pairwise(kept):
            alive = before.any(axis=0) & after.any(axis=1)
            stray = before[:, ~alive].any() or after[~alive].any()
            before[:, ~alive], after[~alive] = False, False
            changed |= bool(stray)
    inner = [np.flatnonzero(own.any(axis=0)) for own in kept[:-1]]
    return [np.arange(len(kept[0])), *inner, np.arange(kept[-1].shape[1])]


@declare
class KANClassifier(KAN, NeuralClassifier):
    """Kolmogorov-Arnold network for classes.

    Between its layers, a network of this kind [1]_ has a function of its own on every edge, a B-spline, and units that
    add up. Small ones can be pruned, drawn and read as formulas. Functions of few features with a formula behind them
    they learn to many digits. An `MLPClassifier` of as many units trains five to seven times as fast.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Liu et al. "KAN: Kolmogorov-Arnold networks". ICLR 2025.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from skneural import KANClassifier
    >>> X, y = make_moons(400, noise=0.1, random_state=0)
    >>> model = KANClassifier(hidden_layer_sizes=(2,), solver="lbfgs", max_iter=100, random_state=0)
    >>> model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.95
    True
    """


@declare
class KANRegressor(KAN, NeuralRegressor):
    """Kolmogorov-Arnold network for numbers.

    Between its layers, a network of this kind [1]_ has a function of its own on every edge, a B-spline, and units that
    add up. Small ones can be pruned, drawn and read as formulas. Functions of few features with a formula behind them
    they learn to many digits. An `MLPRegressor` of as many units trains five to seven times as fast.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Liu et al. "KAN: Kolmogorov-Arnold networks". ICLR 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import KANRegressor
    >>> X = np.random.default_rng(0).uniform(-1, 1, size=(500, 2))
    >>> y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)
    >>> model = KANRegressor(hidden_layer_sizes=(1,), solver="lbfgs", random_state=0)
    >>> model.fit(X[:400], y[:400]).score(X[400:], y[400:]) > 0.999
    True
    """

    def _keep_samples(self, weights: Weights, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
        if self.out_activation_ != "identity":  # a formula gives raw scores, and these are not in the units of y
            return super()._keep_samples(weights, samples)
        samples = _some(samples, SAMPLES_OF_A_FORMULA)
        return samples.x.astype(np.float64), samples.y.astype(np.float64) * self.y_scale_ + self.y_mean_
