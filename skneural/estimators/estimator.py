"""The template of every estimator: check, hold out, build, train, keep.

Families say how X is checked and which network is built; classification.py and regression.py say how y is
encoded, which loss is minimized and what raw scores mean. A fitted estimator keeps plain values only:
numbers, strings, arrays, and lists and dictionaries of these.
"""

from __future__ import annotations

import copy
import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, is_regressor
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import (
    _check_sample_weight,
    _check_y,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from skneural.estimators.epoch_callbacks import EpochCallbacks
from skneural.estimators.held_out_score import fitted_attributes, held_out_score
from skneural.estimators.hold_out import hold_out
from skneural.estimators.training_hyperparameters import TrainingHyperparameters
from skneural.hyperparameters import check_hyperparameters, declare
from skneural.layers import Layer
from skneural.layers.traversal import without_input_gradient
from skneural.losses import Loss
from skneural.parameters import Layout, Snapshot, Tree, Weights
from skneural.training.batches import Samples
from skneural.training.early_stopping import EarlyStopping
from skneural.training.history import History
from skneural.training.lbfgs import LBFGS
from skneural.training.objective import Objective
from skneural.training.predict import ROWS_PER_BLOCK, predict_raw
from skneural.training.seeds import Seeds
from skneural.training.settle import settle_statistics
from skneural.training.threads import Shards, limited_blas
from skneural.training.train import Descent, Method, Watch, train


class Data(NamedTuple):
    """Checked and encoded samples; `y` is what was given, for scorers."""

    samples: Samples
    y: np.ndarray

    def take(self, rows: np.ndarray) -> Data:
        return Data(self.samples.take(rows), self.y[rows])


class Network(NamedTuple):
    """A network for training, and the places of its parameters; both follow from `network_arguments_`."""

    layer: Layer
    layout: Layout

    @classmethod
    def of(cls, layer: Layer) -> Network:
        return cls(without_input_gradient(layer), Layout(layer.parameters()))


def all_or_nothing(method: Callable[..., Any]) -> Callable[..., Any]:
    """If `method` fails, the estimator is as it was before: a fitted model survives a failed refit."""

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = dict(self.__dict__)
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    return guarded


def takes_single_passes(estimator: NeuralEstimator) -> bool:
    """For `available_if`: whether there is a `partial_fit`."""
    if estimator._solver(one_pass=True) == "lbfgs":
        raise AttributeError("partial_fit takes single passes, which solver='lbfgs' cannot; set solver='adam'.")
    return True


@declare
class NeuralEstimator(TrainingHyperparameters, CallbackSupportMixin, BaseEstimator):
    """Training, prediction and state of every estimator."""

    # With early_stopping="auto", a tenth of so many training samples is better spent on knowing when to stop.
    _early_stopping_from = 1000

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

    # --- what families and heads define -----------------------------------------------------------

    def _check_X_y(self, X: Any, y: Any, *, dtype: Any, reset: bool) -> tuple[Any, np.ndarray]:
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        x = self._check_X(X, dtype=dtype, reset=reset)
        y = _check_y(y, multi_output=True, y_numeric=is_regressor(self), estimator=self)
        check_consistent_length(x, y)
        return x, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _check_X(self, X: Any, *, dtype: Any, reset: bool) -> Any:
        """X as the network takes it; `reset` for what is new, otherwise it must be like what was fitted."""
        return validate_data(self, with_dtype(X), accept_sparse="csr", dtype=dtype, reset=reset)

    def _network_arguments(self, x: Any, n_outputs: int) -> dict[str, Any]:
        """Plain values from which `_build_network` makes the network for the checked X."""
        raise NotImplementedError(f"{type(self).__name__} must define _network_arguments")

    def _build_network(self, **arguments: Any) -> Layer:
        raise NotImplementedError(f"{type(self).__name__} must define _build_network")

    def _learn_targets(self, y: np.ndarray, sample_weight: np.ndarray | None, classes: Any, continuing: bool) -> None:
        """Set what `_encode` needs, the classes or the scale of y; when continuing, check that y fits it."""
        raise NotImplementedError(f"{type(self).__name__} must define _learn_targets")

    def _encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        """Targets as the loss takes them."""
        raise NotImplementedError(f"{type(self).__name__} must define _encode")

    def _make_loss(self) -> tuple[Loss, int]:
        """The loss, and how many raw scores it takes."""
        raise NotImplementedError(f"{type(self).__name__} must define _make_loss")

    def _prepare(self, weights: Weights, samples: Samples) -> None:
        """Set what layers must know of the training data before training starts."""

    def _most_epochs(self) -> int:
        """Epochs after which `fit` ends at the latest."""
        return self.max_iter

    def _loss_unit(self, loss: Loss) -> Any:
        """What a loss of encoded targets is multiplied by to be in the units of y."""
        return 1.0

    def _weigh_classes(self, y: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray | None:
        """Sample weights with class weights in them."""
        return sample_weight

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """Classes whose shares a random split keeps."""
        return None

    # --- fit and partial_fit ------------------------------------------------------------------------

    @all_or_nothing
    @with_callbacks
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of n_samples rows
            Training input; the class says which shapes it takes. float64 trains in float64, everything else in float32.
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
        check_hyperparameters(self)
        callbacks = EpochCallbacks(self, X, y, sample_weight)
        continuing = bool(self.warm_start) and self.__sklearn_is_fitted__()
        history = self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), callbacks, continuing=continuing)
        callbacks.end()
        if not history.converged:
            warnings.warn(
                f"Training reached max_iter={self.max_iter} before it converged. A larger max_iter may give a "
                "better model; scaled features and a larger learning_rate_init converge sooner.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, classes: Any = None) -> None:
        """Take exactly one pass over the data, from where the last one ended."""
        check_hyperparameters(self)
        if self.early_stopping is True:
            raise ValueError("partial_fit does not support early_stopping=True; set it to False or 'auto'.")
        continuing = self.__sklearn_is_fitted__()
        self._fit(X, y, sample_weight, None, None, continuing=continuing, one_pass=True, classes=classes)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any, Any] | None,
        callbacks: EpochCallbacks | None,
        *,
        continuing: bool,
        one_pass: bool = False,
        classes: Any = None,
    ) -> History:
        data = self._check(X, y, sample_weight, continuing, classes)
        if not continuing:
            self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        data, held_out = (data, None) if validation is None else self._hold_out(data, *validation)
        loss, weights = self._build(data.samples, continuing)
        state = copy.deepcopy(self._optimizer_state) if continuing else {}
        watch = self._watch(data, loss, weights, held_out, callbacks, one_pass)
        history = self._train(data, loss, weights, state, watch, continuing, one_pass)
        self._keep(weights, history, continuing, decided_by_loss=not watch.validation_decides)
        self.t_ = (self.t_ if continuing else 0) + history.n_epochs * len(data.samples)
        self._optimizer_state = state if one_pass or self.warm_start else {}
        return history

    # --- the steps of fit ---------------------------------------------------------------------------

    def _check(self, X: Any, y: Any, sample_weight: Any, continuing: bool, classes: Any) -> Data:
        """Check and encode training data; leave out samples without weight."""
        # float32 comes first: what is neither float32 nor float64 becomes that.
        dtype = self.weights_.dtype if continuing else (np.float32, np.float64)
        X, y = self._check_X_y(X, y, dtype=dtype, reset=not continuing)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=_precision(X), ensure_non_negative=True)
        self._learn_targets(y, sample_weight, classes, continuing)
        data = self._encoded(X, y, sample_weight)
        weight = data.samples.sample_weight
        if weight is not None and not weight.all():
            data = data.take(np.flatnonzero(weight))
        data.samples.weigh()
        return data

    def _encoded(self, X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Data:
        weight, dtype = self._weigh_classes(y, sample_weight), _precision(X)
        if weight is not None:
            weight = None if (weight == 1).all() else weight.astype(dtype)
        return Data(Samples(X, self._encode(y, dtype), weight), y)

    def _hold_out(self, data: Data, X_val: Any, y_val: Any, sample_weight_val: Any) -> tuple[Data, Data | None]:
        """Training data and validation data: what was given, or a part of the training data, or none."""
        if X_val is not None and y_val is not None:
            dtype = _precision(data.samples.x)
            X_val, y_val = self._check_X_y(X_val, y_val, dtype=dtype, reset=False)
            if sample_weight_val is not None:
                sample_weight_val = _check_sample_weight(
                    sample_weight_val, X_val, dtype=dtype, ensure_non_negative=True
                )
            self._learn_targets(y_val, sample_weight_val, None, continuing=True)
            return data, self._encoded(X_val, y_val, sample_weight_val)
        if not (X_val is None and y_val is None and sample_weight_val is None):
            raise ValueError("X_val and y_val must be given together, and sample_weight_val only with them.")
        n_samples = len(data.samples)
        large = n_samples >= self._early_stopping_from and self._solver(one_pass=False) != "lbfgs"
        if not (large if self.early_stopping == "auto" else self.early_stopping):
            return data, None
        seed = int(Seeds(self._seed).generator("hold out").integers(2**31))
        train_rows, held_out_rows = hold_out(n_samples, self.validation_fraction, self._strata(data.y), seed)
        return data.take(train_rows), data.take(held_out_rows)

    def _build(self, samples: Samples, continuing: bool) -> tuple[Loss, Weights]:
        """Make the network and its first weights; keep what predicting needs."""
        loss, n_outputs = self._make_loss()
        arguments = self._network_arguments(samples.x, n_outputs)
        if continuing:
            fitted, wanted = (self.network_arguments_, self.out_activation_), (arguments, loss.link_name)
            if fitted != wanted:
                raise ValueError(
                    f"Training cannot go on: the fitted network is {fitted}, and the hyper-parameters now ask for "
                    f"{wanted}. Set them back, or fit a clone."
                )
            start = Snapshot(self.weights_.copy(), self.buffers_.copy())
            return loss, Weights(self._network.layout, start)
        for name in ("weights_", "buffers_"):  # those of an earlier fit do not belong to the new network
            self.__dict__.pop(name, None)
        self._network = Network.of(self._build_network(**arguments))
        self.network_arguments_ = arguments
        self.n_outputs_ = n_outputs
        self.out_activation_ = loss.link_name
        start = self._network.layout.initial(Seeds(self._seed).generator("weights"), _precision(samples.x))
        weights = Weights(self._network.layout, start)
        output_bias = self._network.layer.output_bias(weights.tree)
        if output_bias is not None:
            output_bias[...] = loss.best_constant(*samples.targets())
        self._prepare(weights, samples)
        return loss, weights

    def _watch(
        self,
        data: Data,
        loss: Loss,
        weights: Weights,
        held_out: Data | None,
        callbacks: EpochCallbacks | None,
        one_pass: bool,
    ) -> Watch:
        """What happens between epochs."""
        decides = held_out is not None and self.early_stopping is not False
        endless = one_pass or (self._solver(one_pass) == "lbfgs" and not decides)
        watch = Watch(
            weights,
            EarlyStopping(self.tol, np.inf if endless else self.n_iter_no_change),
            unit=self._loss_unit(loss),
            validate=None if held_out is None else held_out_score(self, loss, weights, held_out.samples, held_out.y),
            validation_decides=decides,
        )
        if callbacks is not None:
            watch.epoch_starts = callbacks.epoch_starts
            watch.on_epoch = lambda history: callbacks.epoch_ends(
                history, lambda: fitted_attributes(weights.snapshot())
            )
        return watch

    def _train(
        self, data: Data, loss: Loss, weights: Weights, state: dict, watch: Watch, continuing: bool, one_pass: bool
    ) -> History:
        """Run the solver; fills `state`, the optimizer's."""
        batch_size = self._batch_size(len(data.samples), one_pass)
        n_threads = self._n_threads()
        n_shards = max(1, min(n_threads, int(batch_size // self._rows_per_shard(weights.tree, data.samples.x))))
        blas_limit = 1 if n_shards > 1 else (None if self.n_jobs is None else n_threads)
        with limited_blas(blas_limit), Shards(n_shards) as shards:
            penalty = self._penalty(batch_size * data.samples.mean_weight)
            objective = Objective(self._network.layer, loss, weights, penalty, shards)
            method = self._method(objective, state, batch_size, continuing, one_pass)
            history = train(method, data.samples, watch)
            if not (one_pass or watch.validation_decides):  # held-out data has chosen the statistics, too
                rng = Seeds(self._seed).generator("settle")
                settle_statistics(self._network.layer, weights, data.samples, batch_size, rng)
            return history

    def _method(self, objective: Objective, state: dict, batch_size: int, continuing: bool, one_pass: bool) -> Method:
        solver, seeds = self._solver(one_pass), Seeds(self._seed)
        if solver == "lbfgs":
            return LBFGS(objective, seeds, self.max_iter, self.max_fun, self.tol)
        optimizer = self._optimizer(solver, objective.weights.layout.n_penalized)
        if state.get("solver") != solver:
            state.clear()
            state.update(optimizer.start(objective.weights.vector), solver=solver)
        return Descent(
            objective,
            optimizer,
            state,
            self._schedule(),
            seeds,
            batch_size,
            max_epochs=1 if one_pass else self.max_iter,
            shuffle=self.shuffle,
            max_grad_norm=self.max_grad_norm,
            epochs_before=len(self.loss_curve_) if continuing else 0,
            rows_before=self.t_ if continuing else 0,
        )

    def _keep(self, weights: Weights, history: History, continuing: bool, decided_by_loss: bool) -> None:
        """Make the trained weights and the curves attributes."""
        before = self.loss_curve_ if continuing else []
        scores_before = (self.validation_scores_ or []) if continuing else []
        self.weights_, self.buffers_ = weights.vector, weights.buffers
        self._views = (self.weights_, self.buffers_, weights.tree)
        self.n_iter_ = history.n_epochs
        self.loss_curve_ = before + history.losses
        self.loss_ = self.loss_curve_[-1]
        self.best_loss_ = min(self.loss_curve_) if decided_by_loss else None
        self.validation_scores_ = (scores_before + history.scores) or None
        self.best_validation_score_ = max(self.validation_scores_) if self.validation_scores_ else None

    # --- prediction and state -----------------------------------------------------------------------

    def _predict_raw(self, X: Any) -> np.ndarray:
        """Raw scores of shape (n_samples, n_outputs_)."""
        return self._scored(X)[1]

    def _scored(self, X: Any) -> tuple[Any, np.ndarray]:
        """The checked X, and its raw scores."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)  # raises; asked only here because it takes 1.4 us
        x = self._check_X(X, dtype=self.weights_.dtype, reset=False)
        return x, self._raw(self._parameters(), x)

    def _raw(self, tree: Tree, x: Any, n_threads: int | None = None) -> np.ndarray:
        """Raw scores of a checked X with the given parameters."""
        rows = self._rows_per_block(x)
        if x.shape[0] <= rows:
            return predict_raw(self._network.layer, tree, x, rows)
        return predict_raw(self._network.layer, tree, x, rows, n_threads or self._n_threads())

    def _rows_per_shard(self, tree: Tree, x: Any) -> float:
        """The fewest rows of a batch that pay for a thread; infinity leaves threads to BLAS."""
        return math.inf

    def _rows_per_block(self, x: Any) -> int:
        """Rows of x that are predicted at once: they and what the network makes of them must fit into memory."""
        return ROWS_PER_BLOCK

    def _parameters(self) -> Tree:
        """Views into `weights_` and `buffers_`, made anew only if these have been exchanged: that takes 5 us."""
        weights, buffers, tree = self._views
        if weights is self.weights_ and buffers is self.buffers_:
            return tree
        return self._network.layout.views(self.weights_, self.buffers_)

    @property
    def network_(self) -> Layer:
        return self._network.layer

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        # The network follows from network_arguments_, and would tie files to our classes; views would be copies.
        return {key: value for key, value in super().__getstate__().items() if key not in ("_network", "_views")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "network_arguments_"):
            self._network = Network.of(self._build_network(**self.network_arguments_))
            self._views = (None, None, None)
            if self.__sklearn_is_fitted__():
                self._views = (self.weights_, self.buffers_, self._parameters())


def _precision(x: Any) -> np.dtype:
    """Precision in which a checked X is trained: its own, and float32 for what is not floating, such as tokens."""
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)


def with_dtype(X: Any) -> Any:
    """Lists of floats as float64, which is what they are; arrays, sparse matrices and data frames as they stand."""
    return X if hasattr(X, "dtype") or hasattr(X, "columns") else np.asarray(X)
