"""Estimators of Kolmogorov-Arnold networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from skneural.data import Container, Samples
from skneural.data.statistics import blocks_of_rows
from skneural.estimators.kan.editing import KANModel
from skneural.estimators.kan.methods import KANMethods
from skneural.estimators.kan.stages import Plan, adapt_last, train_from_starts, train_stages
from skneural.estimators.kan.statistics import EdgeStatistics
from skneural.hyperparameters import Choice, Constraint, Integer, Number, Sizes, declare, hyperparameter
from skneural.layers import Layer
from skneural.networks.kan import kan_network
from skneural.ops.pointwise import AnyActivation
from skneural.parameters import Tree
from skneural.readers import DenseTable, Reader
from skneural.tasks import Task
from skneural.template.classifier import NeuralClassifier
from skneural.template.pretrained import has_same_task
from skneural.template.problem import Fitted, Network, Problem
from skneural.template.regressor import NeuralRegressor
from skneural.template.settings import TrainingSettings
from skneural.template.training import Hooks, Trained
from skneural.template.values import activation_hyperparameter
from skneural.user_warnings import warn_user


def _is_range(value: object) -> bool:
    if not (isinstance(value, list | tuple | np.ndarray) and len(value) == 2):
        return False
    return all(isinstance(end, int | float | np.number) and np.isfinite(end) for end in value) and value[0] < value[1]


@declare
class KANFields(KANMethods):
    """Hyper-parameters of `KANClassifier` and `KANRegressor`."""

    _reader_class: ClassVar[type[Reader]] = DenseTable
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(kan_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(5,),
        constraint=Sizes(1),
        doc="Number of units of each hidden layer; () for a sum of functions of single features.",
    )
    grid_size: int = hyperparameter(
        default=5, constraint=Integer(1), doc="Number of grid intervals of each spline at the start of training."
    )
    spline_order: int = hyperparameter(default=3, constraint=Integer(1), doc="Degree of the splines.")
    base_activation: AnyActivation = activation_hyperparameter(
        "silu", "Function that each edge adds to its spline, with a learned weight."
    )
    grid_range: Any = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Constraint("pair of ascending floats", _is_range),
        doc="""Range of the grids of the features, the same for all; outside, splines are extrapolated linearly. "auto":
        the range of the training data, with finer intervals where there are more data.""",
    )
    grid_refinement: Sequence[int] = hyperparameter(
        default=(),
        constraint=Constraint(
            "sequence of int >= 1",
            lambda value: isinstance(value, list | tuple) and all(Integer(1).allows(size) for size in value),
        ),
        doc="""Sizes of finer grids, such as (10, 20): after training with `grid_size`, training continues on each of
        them for up to `max_iter` epochs, starting from the same function.""",
    )
    sparsity: float = hyperparameter(
        default=0.0,
        constraint=Number(0),
        doc="Strength of a penalty on the spread of the edges, which makes most of them negligible; then use `prune`.",
    )
    entropy: float = hyperparameter(
        default=2.0, constraint=Number(0), doc="Weight of the entropy over edges in the penalty of `sparsity`."
    )
    n_init: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Number of random initializations: `fit` trains from each, the first being that of ``n_init=1``, and keeps
        the network with the best held-out score or, without held-out data, the least training loss. `n_jobs` of them
        are trained in parallel, in processes or as set by `joblib.parallel_config`. Small networks often converge to a
        poor minimum.""",
    )

    # --- hooks ------------------------------------------------------------------------------------------

    def _initialize(self, network: Network, tree: Tree, samples: Samples, task: Task, reader: Reader) -> None:
        """Scale the features to [-1, 1], and adapt the grids to the data, those of `pretrained` apart."""
        super()._initialize(network, tree, samples, task, reader)
        if self.pretrained is not None and not has_same_task(self.pretrained, task):
            adapt_last(network.layer, tree, samples)
        if self.grid_range != "auto":
            _warn_of_outsiders(samples.x, *self.grid_range)

    def _continue(self, fitted: Fitted) -> Fitted:
        """Apply the current penalty and a changed `grid_size`; keep symbolic edges and refined grids."""
        model = KANModel(fitted.network, fitted.weights)
        model = model.with_arguments(sparsity=float(self.sparsity), entropy=float(self.entropy))
        refines = self.grid_size != self._grid_size
        if refines:
            model = model.refined(self.grid_size)
        return replace(
            fitted,
            network=model.network,
            weights=model.weights,
            optimizer_state={} if refines else fitted.optimizer_state,
            kept_arguments=("grid_size", "grid_range", "symbolic_edges"),
        )

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        if problem.progress is not None and (self.n_init > 1 or self.grid_refinement):
            raise ValueError("resume_from continues a training of one stage: set n_init=1 and grid_refinement=().")
        plan = Plan(settings, hooks, self.grid_refinement, self._initialize)
        if self.n_init == 1 or problem.continues or settings.one_pass:
            return train_stages(problem, plan)
        return train_from_starts(problem, plan, self.n_init)

    def _most_epochs(self) -> int:
        return self.n_init * self.max_iter * (1 + len(self.grid_refinement))

    def _statistics(self, problem: Problem, trained: Trained) -> dict[str, Any]:
        tree = problem.network.layout.views(*trained.weights)
        # The `grid_size` at the start of training; the grids are finer if they were refined.
        return {"_edge_statistics": vars(EdgeStatistics.of(problem, tree)), "_grid_size": self.grid_size}


def _warn_of_outsiders(x: Container, low: float, high: float) -> None:
    """Warn of features with values outside of `grid_range`."""
    blocks = (x[rows].as_batch()[0] for rows in blocks_of_rows(x))
    outside = sum(((block < low) | (block > high)).sum(axis=0) for block in blocks) / len(x)
    if outside.any():
        features = np.flatnonzero(outside)
        named = ", ".join(str(i) for i in features[:5]) + (", ..." if len(features) > 5 else "")
        warn_user(
            f"{outside.mean():.2g} of the values of X lie outside grid_range={(low, high)} (features {named}), where "
            'splines are extrapolated linearly. Set grid_range="auto", which covers the training data, or scale X.'
        )


@declare
class KANClassifier(KANFields, NeuralClassifier):
    """Kolmogorov-Arnold network classifier.

    Each edge of the network has a learned function, a B-spline; the units add the outputs of their edges [1]_. Small
    networks can be pruned (`prune`), drawn (`plot`) and turned into formulas (`to_formula`). They learn functions of
    few features that have a formula to many digits. An `MLPClassifier` with as many units trains five to seven times as
    fast.

    X has shape (n_samples, n_features). y is class labels, or a multilabel matrix of zeros and ones. The
    features need no scaling, because grids adapt to their range.

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
    """Kolmogorov-Arnold network regressor.

    Each edge of the network has a learned function, a B-spline; the units add the outputs of their edges [1]_. Small
    networks can be pruned (`prune`), drawn (`plot`) and turned into formulas (`to_formula`). They learn functions of
    few features that have a formula to many digits. An `MLPRegressor` with as many units trains five to seven times as
    fast.

    X has shape (n_samples, n_features). y has shape (n_samples,) or (n_samples, n_outputs). The features need no
    scaling, because grids adapt to their range.

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
