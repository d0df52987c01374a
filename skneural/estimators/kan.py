"""Kolmogorov-Arnold networks."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from skneural.data import Samples
from skneural.estimators.kan_editing import KANEditing
from skneural.estimators.kan_starts import train_from_starts
from skneural.hyperparameters import Choice, Constraint, Integer, Number, Sizes, declare, hyperparameter
from skneural.inputs import InputKind, Table
from skneural.layers import Chain
from skneural.networks.kan import adapt_grids, edges_of, inputs_of_layers, kan_network
from skneural.ops.pointwise import ACTIVATIONS
from skneural.ops.types import Array
from skneural.parameters import Snapshot, Weights
from skneural.template import solving
from skneural.template.classifier import NeuralClassifier
from skneural.template.regressor import NeuralRegressor
from skneural.template.run import Mode, Run
from skneural.training.lbfgs import LBFGS
from skneural.training.objective import Objective
from skneural.training.stages import Stages
from skneural.training.train import Method, Observer, Watch

# Epochs, or iterations of lbfgs, after which grids follow what hidden layers are given, which changes most at first.
ADAPT_AFTER = (5, 10, 20, 35, 50)

# Past steps from which lbfgs guesses the curvature. On exp(sin(pi x) + y^2), the median of six seeds came below an
# error of 3.7e-3 after 132 iterations, after 149 with 30, and after 197 with SciPy's 10; 120 cost too much.
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
class KANFields(KANEditing):
    """What `KANClassifier` and `KANRegressor` share."""

    # An argument of the builder that is no hyper-parameter: `fix_symbolic` gives it to fitted networks.
    symbolic_edges: ClassVar[Sequence[str]] = ()

    _input_kind: ClassVar[InputKind] = Table(sparse=False)
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(kan_network)

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
    n_init: int = hyperparameter(
        1,
        Integer(1),
        """Starts: `fit` trains from so many, of which the first is that of ``n_init=1``, and keeps the best by the
        score of held-out data, or by the training loss where that decides. `n_jobs` of them train at the same time, in
        processes, or as `joblib.parallel_config` says. Small networks often stay in a poor minimum.""",
    )

    # --- what is otherwise than in other families -------------------------------------------------------

    def _prepare(self, run: Run) -> None:
        """Bring the features to [-1, 1] and let the grids follow the data."""
        x, p = run.samples.x.original, run.weights.tree[0]
        low, high = (x.min(axis=0), x.max(axis=0)) if self.grid_range == "auto" else self.grid_range
        p["mean"][...] = np.add(low, high, dtype=np.float64) / 2
        if self.grid_range != "auto":
            _warn_of_outsiders(x, low, high)
        half = np.subtract(high, low, dtype=np.float64) / 2
        p["scale"][...] = np.where(half > 1e-12 * np.abs(p["mean"]), half, 1.0)
        self._adapt(run, first=self.grid_range == "auto")
        self._asked_grid_size = self.grid_size

    def _continue(self, arguments: dict[str, Any]) -> None:
        """Another penalty is no part of what was fitted; grids may be refined, now or before, and edges have names."""
        penalty = {"sparsity": float(self.sparsity), "entropy": float(self.entropy)}
        self._build_network(self.network_arguments_ | penalty)
        if self.grid_size != self._asked_grid_size:
            self._refine(self.grid_size)
        for name in ("grid_size", "symbolic_edges"):
            arguments[name] = self.network_arguments_[name]

    def _train(self, run: Run) -> Run:
        if self.n_init == 1 or run.mode.continuing or run.mode.one_pass:
            return super()._train(run)
        return train_from_starts(self, run)

    def _stages(self, run: Run) -> Iterator[Run]:
        """Training, then training on from the same function on each finer grid."""
        yield run
        n_epochs = run.watch.history.n_epochs
        for grid_size in () if run.mode.one_pass or run.mode.continuing else self.grid_refinement:
            if run.watch.told_to_stop:
                return
            self._refine(grid_size)
            self._asked_grid_size = self.grid_size
            weights = Weights(self._network.layout, Snapshot(self.weights_, self.buffers_))
            run = replace(
                run,
                mode=Mode(continuing=True),
                weights=weights,
                optimizer_state={},
                observers=[observer for observer in run.observers if not isinstance(observer, AdaptGrids)],
                epochs_before=n_epochs,
            )
            yield run
            n_epochs += run.watch.history.n_epochs

    def _most_epochs(self) -> int:
        return self.n_init * self.max_iter * (1 + len(self.grid_refinement))

    def _method(self, run: Run, objective: Objective) -> Method:
        method = solving.method(self, run, objective)
        if not isinstance(method, LBFGS):
            return method
        method = replace(method, n_corrections=N_CORRECTIONS, relative_tol=0.0)
        if run.mode.continuing:
            return method
        ends = [epoch for epoch in ADAPT_AFTER if epoch < self.max_iter] + [self.max_iter]
        methods = [replace(method, max_epochs=end - start) for start, end in itertools.pairwise([0, *ends])]
        return Stages(methods, lambda samples: self._adapt(run, first=False))

    def _observers(self, run: Run) -> Sequence[Observer]:
        by_epochs = self._solver(run.mode.one_pass) != "lbfgs" and not run.mode.continuing
        return [AdaptGrids(self, run)] if by_epochs else []

    def _adapt(self, run: Run, *, first: bool) -> None:
        """Let the grids follow what they are given; `first` says whether also those of the features."""
        samples = _some(run.samples)
        adapt_grids(self._network.layer, run.weights.tree, samples.x.original, samples.sample_weight, first=first)

    def _summarize(self, run: Run) -> None:
        self._learn_importances(run)
        self._sample = self._keep_samples(run)

    def _learn_importances(self, run: Run) -> None:
        """Keep the spread of each edge and each unit over the training data."""
        samples = _some(run.samples)
        sample_weight = samples.sample_weight
        network, tree = self._network.layer, run.weights.tree
        found = inputs_of_layers(network, tree, samples.x.original)
        layers = zip(edges_of(network, tree), found[:-1], strict=True)
        self._spreads = [layer.spreads(p, h, sample_weight).astype(np.float64) for (layer, p), h in layers]
        # Sorting takes a tenth of the time of np.quantile, which was a third of a short training.
        chosen = np.linspace(0, len(samples) - 1, POINTS_OF_A_CURVE).round().astype(int)
        self._quantiles = [np.sort(h, axis=0)[chosen] for h in found[:-1]]
        self._deviations = [_deviation(h.astype(np.float64), sample_weight) for h in found[1:]]

    def _keep_samples(self, run: Run) -> tuple[Array, Array]:
        """Some of X, and what a formula should give for them: y, or raw scores where these are not in its units."""
        samples = _some(run.samples, SAMPLES_OF_A_FORMULA)
        x = samples.x.original.astype(np.float64)
        if self.out_activation_ != "identity":
            return x, self._raw(run.weights.tree, samples.x).astype(np.float64)
        return x, samples.y.values.astype(np.float64) * self.y_scale_ + self.y_mean_


class AdaptGrids(Observer):
    """Lets the grids of hidden layers follow what they are given, after some of the epochs."""

    def __init__(self, estimator: KANFields, run: Run) -> None:
        self._estimator, self._run = estimator, run

    def epoch_starts(self, watch: Watch) -> None:
        if watch.history.n_epochs in ADAPT_AFTER:
            self._estimator._adapt(self._run, first=False)


def _warn_of_outsiders(x: Array, low: float, high: float) -> None:
    """Warn of features where the given range holds no pieces of splines."""
    outside = ((x < low) | (x > high)).mean(axis=0)
    if outside.any():
        features = np.flatnonzero(outside)
        named = ", ".join(str(i) for i in features[:5]) + (", ..." if len(features) > 5 else "")
        warnings.warn(
            f"{outside.mean():.2g} of the values of X lie outside grid_range={(low, high)} (features {named}), where "
            'splines go on straight. grid_range="auto" covers the training data; or scale X into the range.',
            stacklevel=2,
        )


def _some(samples: Samples, n: int = ROWS_FOR_STATISTICS) -> Samples:
    """At most n of the samples, evenly spread over all."""
    return samples.part(slice(None, None, math.ceil(len(samples) / n)))


def _deviation(h: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    mean = np.average(h, axis=0, weights=sample_weight)
    return np.sqrt(np.average((h - mean) ** 2, axis=0, weights=sample_weight))


@declare
class KANClassifier(KANFields, NeuralClassifier):
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
class KANRegressor(KANFields, NeuralRegressor):
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
