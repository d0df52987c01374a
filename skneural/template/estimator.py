"""The template of every estimator: check, encode, build, train, keep.

A family names three things: the kind of X (`skneural.inputs`), the kind of y (`skneural.targets`) and the function that
builds its network. The template asks these; the few methods that a family may define beyond are listed in one
section below. A fitted estimator keeps plain values only: numbers, strings, arrays, and lists and dictionaries of
these.
"""

from __future__ import annotations

import copy
import functools
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skneural.data import Container, Samples
from skneural.hyperparameters import check_hyperparameters, declare
from skneural.inputs import Expected, InputKind, Table, precision
from skneural.layers import Chain, Layer
from skneural.layers.traversal import without_input_gradient
from skneural.losses import Loss
from skneural.networks.arguments import arguments_of
from skneural.ops.types import Array
from skneural.optimizers import Optimizer
from skneural.parameters import Snapshot, Tree, Weights
from skneural.targets import Given, TargetKind
from skneural.template import outcome, solving
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.epoch_callbacks import EpochCallbacks
from skneural.template.run import Data, Mode, Network, Run
from skneural.template.summary import NamedShape
from skneural.template.summary import summary as summary_of_network
from skneural.template.training_fields import TrainingFields
from skneural.template.validation import naming_validation_data, split, warn_of_idle_scoring
from skneural.training.objective import Objective
from skneural.training.predict import predict_raw
from skneural.training.seeds import Seeds
from skneural.training.train import Method, Observer


def takes_single_passes(estimator: NeuralEstimator) -> bool:
    """For `available_if`: whether there is a `partial_fit`."""
    if estimator._solver(one_pass=True) == "lbfgs":
        raise AttributeError("partial_fit takes single passes, which solver='lbfgs' cannot; set solver='adam'.")
    return True


@declare
class NeuralEstimator(TrainingFields, CallbackSupportMixin, BaseEstimator):
    """Training, prediction and state of every estimator."""

    _input_kind: ClassVar[InputKind] = Table()
    _target_kind: ClassVar[TargetKind]
    _network_builder: ClassVar[Callable[..., Chain]]

    # With early_stopping="auto", a tenth of so many training samples is better spent on knowing when to stop.
    _early_stopping_from: ClassVar[float] = 1000

    attributes_doc = {
        "n_features_in_": ("int", "Number of features seen in `fit`."),
        "feature_names_in_": ("ndarray of shape (n_features_in_,)", "Names of the features, if X had names."),
        "n_outputs_": ("int", "Number of raw scores that the network emits."),
        "out_activation_": ("str", "What turns raw scores into predictions."),
        "weights_": ("ndarray of shape (n_weights,)", "All parameters of the network in one vector."),
        "buffers_": ("ndarray of shape (n_buffers,)", "What the network keeps beside its parameters."),
        "network_arguments_": ("dict", "What the network is built from."),
        "network_": ("Layer", "The network: a frozen tree of layers without arrays."),
        "n_iter_": ("int", "Epochs of the last `fit` or `partial_fit`."),
        "t_": ("int", "Training samples seen, each as often as it was seen."),
        "loss_curve_": ("list of float", "Mean training loss of every epoch, in the units of y."),
        "loss_": ("float", "Last entry of `loss_curve_`."),
        "best_loss_": ("float or None", "Least entry of `loss_curve_`; None if held-out data decided."),
        "validation_scores_": ("list of float or None", "Score of the held-out data after every epoch, if any."),
        "best_validation_score_": ("float or None", "Greatest of `validation_scores_`."),
    }

    # --- what a family may say otherwise --------------------------------------------------------------

    def _solver(self, one_pass: bool) -> str:
        """The solver of `fit`, or of a single pass by `partial_fit`."""
        return self.solver

    def _optimizer(self, solver: str, n_penalized: int) -> Optimizer:
        return solving.optimizer(self, solver, n_penalized)

    def _penalty(self, weight_of_batch: float) -> float:
        """Strength of the L2 penalty beside the mean loss; `weight_of_batch` is the sum of its sample weights."""
        return 0.0 if self.solver == "adamw" else self.alpha / weight_of_batch

    def _loss(self) -> tuple[Loss, int]:
        """The loss, and how many raw scores it takes."""
        return self._targets.loss(self)

    def _method(self, run: Run, objective: Objective) -> Method:
        """The way to train."""
        return solving.method(self, run, objective)

    def _training_score(self, run: Run) -> Callable[[float], float]:
        """What makes of the training loss the score that decides where no held-out data does."""
        return operator.neg

    def _observers(self, run: Run) -> Sequence[Observer]:
        """What else is told of every epoch, beside callbacks."""
        return ()

    def _prepare(self, run: Run) -> None:
        """Set what layers must know of the training data before training starts."""
        self._input_kind.prepare(self._network.layer, run.weights.tree, run.samples)

    def _continue(self, arguments: dict[str, Any]) -> None:
        """Change the fitted network where training can go on with what is asked for now."""

    def _stages(self, run: Run) -> Iterator[Run]:
        """The run, and runs that go on from where the one before ended; each is over when the next is asked for."""
        yield run

    def _most_epochs(self) -> int:
        """Epochs after which `fit` ends at the latest."""
        return self.max_iter

    def _summarize(self, run: Run) -> None:
        """Keep what is told of the model later and follows from the training data."""

    # --- fit and partial_fit --------------------------------------------------------------------------

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        X : array-like of n_samples rows
            Training input; the class says which shapes it takes, and whether it may be sparse. float64 trains in
            float64, everything else in float32.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Training targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample: none negative, not all zero. A weight of two equals a repetition.
        X_val, y_val : array-likes, default=None
            Data that decides when to stop, instead of a part held out of X. Behind transformers, use
            ``Pipeline(..., transform_input=["X_val"])``.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are not valid, or training diverges; the estimator is then as it was before.
        """
        return self._fit(Given(X, y, sample_weight), Given(X_val, y_val, sample_weight_val))

    @all_or_nothing
    @with_callbacks
    def _fit(self, given: Given, validation: Given) -> Any:
        """What every `fit` calls, and nothing between: warnings name the line that called `fit`."""
        check_hyperparameters(self)
        callbacks = EpochCallbacks(self, given)
        mode = Mode(continuing=bool(self.warm_start) and self.__sklearn_is_fitted__())
        data, held_out = self._hold_out(self._check(given, mode), validation)
        run = self._build(data, mode)
        run.held_out, run.observers = held_out, (callbacks, *self._observers(run))
        run = self._train(run)
        callbacks.end()
        for message in outcome.remarks(self, run):
            warnings.warn(message, ConvergenceWarning, stacklevel=5)
        return self

    def _partial_fit(self, given: Given) -> None:
        """Take exactly one pass over the data, from where the last one ended."""
        check_hyperparameters(self)
        if self.early_stopping is True:
            raise ValueError("partial_fit does not support early_stopping=True; set it to False or 'auto'.")
        mode = Mode(continuing=self.__sklearn_is_fitted__(), one_pass=True)
        self._train(self._build(self._check(given, mode), mode))

    # --- the steps of fit -----------------------------------------------------------------------------

    def _check(self, given: Given, mode: Mode) -> Data:
        """Check and encode training data; leave out samples without weight."""
        # float32 comes first: what is neither float32 nor float64 becomes that.
        dtype = self.weights_.dtype if mode.continuing else (np.float32, np.float64)
        given = self._checked(given, Expected(dtype, reset=not mode.continuing))
        if mode.continuing:
            self._targets.compare(self, given)
        else:
            self._target_kind.learn(self, given)
            if mode.one_pass:
                self._target_kind.ensure_complete(self, given)
            self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        data = self._encoded(given)
        weight = data.samples.sample_weight
        if weight is not None and not weight.all():
            data = data.take(np.flatnonzero(weight))
        data.samples.weigh()
        return data

    def _checked(self, given: Given, expected: Expected) -> Given:
        """What was given, as a container and arrays."""
        given = given._replace(X=self._check_X(given.X, expected))
        given = given._replace(y=self._target_kind.check(self, given, expected.reset))
        if given.sample_weight is None:
            return given
        weight = _check_sample_weight(given.sample_weight, given.X, dtype=given.dtype, ensure_non_negative=True)
        return given._replace(sample_weight=weight)

    def _check_X(self, X: Any, expected: Expected | None = None) -> Container:
        """X as a container: like what was fitted, unless something else is expected."""
        if isinstance(X, Container):  # what training holds, when a scorer predicts
            return X
        return self._input_kind.check(self, X, expected or Expected(self.weights_.dtype, reset=False))

    def _encoded(self, given: Given) -> Data:
        weight = self._targets.weigh(self, given)
        if weight is not None:
            weight = None if (weight == 1).all() else weight.astype(given.dtype)
        x, y = self._targets.entering(self, given), self._targets.encode(self, given)
        return Data(Samples(x, y, weight), given.y)

    def _hold_out(self, data: Data, validation: Given) -> tuple[Data, Data | None]:
        """Training data and validation data: what was given, or a part of the training data, or none."""
        if validation.X is not None and (validation.y is not None or not self._target_kind.required):
            expected = Expected(precision(data.samples.x.dtype), reset=False)
            with naming_validation_data():
                validation = self._checked(validation, expected)
                self._targets.compare(self, validation)
                return data, self._encoded(validation)
        if any(part is not None for part in validation):
            if not self._target_kind.required:
                raise ValueError("sample_weight_val must be given with X_val.")
            raise ValueError("X_val and y_val must be given together, and sample_weight_val only with them.")
        n_samples = len(data.samples)
        large = n_samples >= self._early_stopping_from and self._solver(one_pass=False) != "lbfgs"
        if not (large if self.early_stopping == "auto" else self.early_stopping):
            warn_of_idle_scoring(self, n_samples)
            return data, None
        seed = int(Seeds(self._seed).generator("hold out").integers(2**31))
        strata = None if data.y is None else self._targets.strata(self, data.y)
        train_rows, held_out_rows = split(n_samples, self.validation_fraction, strata, seed)
        return data.take(train_rows), data.take(held_out_rows)

    def _build(self, data: Data, mode: Mode) -> Run:
        """Make the network and its first weights; keep what predicting needs."""
        loss, n_outputs = self._loss()
        x = data.samples.x
        shapes = {**self._input_kind.shapes(self, x), **self._targets.shapes(), "n_out": n_outputs}
        arguments = arguments_of(self._network_builder, self, **shapes)
        if mode.continuing:
            self._continue(arguments)
            self._ensure_same_network(arguments, loss)
            start = Snapshot(self.weights_.copy(), self.buffers_.copy())
            return Run(mode, data, loss, Weights(self._network.layout, start), copy.deepcopy(self._optimizer_state))
        for name in ("weights_", "buffers_"):  # those of an earlier fit do not belong to the new network
            self.__dict__.pop(name, None)
        self._build_network(arguments)
        self._x_shape: NamedShape = x.symbolic_shape
        self.n_outputs_ = n_outputs
        self.out_activation_ = loss.link_name
        start = self._network.layout.initial(Seeds(self._seed).generator("weights"), precision(x.dtype))
        run = Run(mode, data, loss, Weights(self._network.layout, start))
        bias = self._network.layer.output_bias(run.weights.tree)
        if bias is not None:
            bias[...] = loss.best_constant(data.samples.y.values, data.samples.target_weight)
        self._prepare(run)
        return run

    def _build_network(self, arguments: dict[str, Any]) -> None:
        """Take the network that is built from the given arguments."""
        self.network_arguments_ = arguments
        self._network = Network.of(without_input_gradient(type(self)._network_builder(**arguments)))

    def _ensure_same_network(self, arguments: dict[str, Any], loss: Loss) -> None:
        fitted, wanted = (self.network_arguments_, self.out_activation_), (arguments, loss.link_name)
        if fitted != wanted:
            raise ValueError(
                f"Training cannot go on: the fitted network is {fitted}, and the hyper-parameters now ask for "
                f"{wanted}. Set them back, or fit a clone."
            )

    def _train(self, run: Run) -> Run:
        """Run all stages and keep what they learned; returns the last of them."""
        with run.interrupts as interrupts:
            for stage in self._stages(run):
                solving.train_stage(self, stage)
                self._keep(stage)
                run = stage
            self._summarize(run)
        if interrupts.waiting:
            warnings.warn("The interrupt came when training was over; the model is complete.", stacklevel=6)
        return run

    def _keep(self, run: Run) -> None:
        """Make the trained weights and the curves attributes."""
        history, continuing, weights = run.watch.history, run.mode.continuing, run.weights
        before = self.loss_curve_ if continuing else []
        scores_before = (self.validation_scores_ or []) if continuing else []
        self.weights_: Array = weights.vector
        self.buffers_: Array = weights.buffers
        self._views: tuple[Array | None, Array | None, Tree] = (self.weights_, self.buffers_, weights.tree)
        self.n_iter_ = run.epochs_before + history.n_epochs
        self.loss_curve_: list[float] = before + history.losses
        self.loss_ = self.loss_curve_[-1]
        self.best_loss_ = None if run.watch.validation_decides else min(self.loss_curve_)
        self.validation_scores_: list[float] | None = (scores_before + history.scores) or None
        self.best_validation_score_ = max(self.validation_scores_) if self.validation_scores_ else None
        self.t_: int = (self.t_ if continuing else 0) + history.n_epochs * len(run.samples)
        self._optimizer_state: dict[str, Any] = run.optimizer_state if run.mode.one_pass or self.warm_start else {}

    # --- prediction and state -------------------------------------------------------------------------

    @property
    def _targets(self) -> TargetKind:
        """The kind of y that was learned."""
        return self._target_kind.of(self)

    def _predicted(self, X: Any, decode: Callable[[Any, Array], Array]) -> Any:
        """What `decode` makes of the raw scores of X, arranged as X was given."""
        x, raw = self._scored(X)
        return self._targets.arrange(decode(self, raw), x, X)

    def _scored(self, X: Any) -> tuple[Container, Array]:
        """The checked X, and its raw scores."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)  # raises; asked only here because it takes 1.4 us
        x = self._check_X(X)
        return x, self._raw(self._parameters(), x)

    def _raw(self, tree: Tree, x: Container, n_threads: int | None = None) -> Array:
        """Raw scores of a checked X with the given parameters."""
        rows = self._input_kind.rows_per_block(x)
        if len(x) <= rows:
            return predict_raw(self._network.layer, tree, x, rows)
        return predict_raw(self._network.layer, tree, x, rows, n_threads or self._n_threads())

    def _n_threads(self) -> int:
        return solving.n_threads(self.n_jobs)

    def _parameters(self) -> Tree:
        """Views into `weights_` and `buffers_`, made anew only if these have been exchanged: that takes 5 us."""
        weights, buffers, tree = self._views
        if weights is self.weights_ and buffers is self.buffers_:
            return tree
        return self._network.layout.views(self.weights_, self.buffers_)

    @property
    def network_(self) -> Layer:
        check_is_fitted(self)
        return self._network.layer

    summary = summary_of_network

    @classmethod
    @functools.cache
    def _get_param_names(cls) -> list[str]:
        """scikit-learn reads the signature each time anew: that took 3 % of many small fits, which clone much."""
        return super()._get_param_names()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        self._input_kind.tag(tags)
        return tags

    def __getstate__(self) -> dict[str, Any]:
        # The network follows from network_arguments_, and would tie files to our classes; views would be copies.
        return {key: value for key, value in super().__getstate__().items() if key not in ("_network", "_views")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "network_arguments_"):
            self._build_network(self.network_arguments_)
            self._views = (None, None, None)
            if self.__sklearn_is_fitted__():
                self._views = (self.weights_, self.buffers_, self._parameters())


# What the mixins of families may count on: they stand before `NeuralEstimator` in each class that they help to make.
if TYPE_CHECKING:
    Mixin = NeuralEstimator
else:
    Mixin = object
