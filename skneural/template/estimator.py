"""The base class of all estimators: `fit` poses a problem, trains, and keeps the result.

A family names three things: the reader that turns X into a container (`skneural.readers`), the task that defines what
is learned (`skneural.tasks`), and the function that builds its network. The hooks that it may also define are the
methods of one section below. A fitted estimator keeps plain values only: numbers, strings, arrays, and lists and
dictionaries of these.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer_names
from sklearn.utils.validation import check_is_fitted

from skneural.data import Container, Samples
from skneural.deprecation import with_new_names
from skneural.hyperparameters import (
    BOOLEAN,
    INFINITY,
    MINUS_ONE,
    NONE,
    RANDOM_STATE,
    Choice,
    Constraint,
    Integer,
    Number,
    check_hyperparameters,
    declare,
    hyperparameter,
    old_names,
    python_value,
)
from skneural.installation import DOC_LINK_MODULE, DOC_LINK_PARAMETERS, DOC_LINK_TEMPLATE
from skneural.layers import Layer
from skneural.layers.traversal import adapt_network
from skneural.networks.arguments import arguments_of
from skneural.ops.types import Array
from skneural.optimizers import Optimizer, ScheduleFunction
from skneural.parameters import Snapshot, Tree, Weights, leaves, set_named_arrays
from skneural.readers import InputSpec, Reader, Table, without_names
from skneural.sklearn_compat import CallbackSupportMixin, with_callbacks
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import automatic, batch_size_hyperparameter, early_stopping_hyperparameter
from skneural.template.checkpoints import ensure_same_data, read_checkpoint, resumed_problem
from skneural.template.convergence import convergence_messages
from skneural.template.epoch_callbacks import EpochCallbacks, PrintedEpochs
from skneural.template.frozen_layers import with_frozen_names
from skneural.template.onnx_hooks import onnx_converter, onnx_parser, onnx_shape_calculator
from skneural.template.pretrained import copy_layers, ensure_possible_start, following_arguments
from skneural.template.problem import Data, Fitted, Network, Problem, Specification, fitted_attributes, pose
from skneural.template.processes import ensure_same_problem, fitted_jointly
from skneural.template.references import named_or_refused, with_functions
from skneural.template.saved_state import arranged, converted, names_and_shapes, with_version
from skneural.template.scorers import scores_by
from skneural.template.settings import TrainingSettings
from skneural.template.state import all_or_nothing, plain_state, value_of
from skneural.template.stream import StreamedFit
from skneural.template.summary import Summary, summarize
from skneural.template.training import Hooks, Trained, network_output, train_problem
from skneural.template.validation import is_splitter, named_metrics, scores_by_loss
from skneural.template.values import ensure_usable, learning_rate_hyperparameter, solver_hyperparameter
from skneural.training.communicator import failing_together, present_communicator
from skneural.training.deadline import NO_DEADLINE, Deadline
from skneural.training.history import Curves, continued_curves
from skneural.training.seeds import drawn_seed
from skneural.training.train import Observer
from skneural.user_warnings import warn_user

# Class attributes that each family sets.
PARTS = ("_reader_class", "_task_class", "_network_builder")

# Methods that a family may define: those of the section "hooks" of `NeuralEstimator`.
HOOKS = (
    "_check_together",
    "_reader_options",
    "_task_options",
    "_settings",
    "_network_arguments",
    "_initialize",
    "_update",
    "_continue",
    "_observers",
    "_training_score",
    "_train",
    "_most_epochs",
    "_most_networks",
    "_statistics",
    "_gives_probabilities",
)


def has_partial_fit(estimator: NeuralEstimator) -> bool:
    """Condition for `partial_fit`, for `available_if`."""
    if estimator._settings(one_pass=True).solver == "lbfgs":
        raise AttributeError("partial_fit trains for single passes, which solver='lbfgs' cannot; set solver='adam'.")
    return True


def _is_metric(value: object) -> bool:
    return callable(value) or (isinstance(value, str) and value in ("loss", *get_scorer_names()))


def _is_scoring(value: object) -> bool:
    """Return True for a metric, several names of metrics, or a dictionary of names and metrics."""
    if isinstance(value, dict):
        return bool(value) and all(isinstance(name, str) and _is_metric(metric) for name, metric in value.items())
    if isinstance(value, list | tuple):
        names = all(isinstance(name, str) and _is_metric(name) for name in value)
        return names and 0 < len(set(value)) == len(value)
    return _is_metric(value)


@declare
class NeuralEstimator(CallbackSupportMixin, BaseEstimator):
    """Training, prediction and state of every estimator."""

    _reader_class: ClassVar[type[Reader]] = Table
    _task_class: ClassVar[type[Task]]
    _network_builder: ClassVar[Callable[..., Layer]]

    if TYPE_CHECKING:
        _reader: Reader = dataclasses.field(init=False)
        _task: Task = dataclasses.field(init=False)
        _network: Network = dataclasses.field(init=False)
        weights_: Array = dataclasses.field(init=False)
        buffers_: Array = dataclasses.field(init=False)
        _optimizer_state: dict[str, Any] = dataclasses.field(init=False)
        _progress: dict[str, Any] = dataclasses.field(init=False)
        loss_curve_: list[float] = dataclasses.field(init=False)
        validation_scores_: list[float] | None = dataclasses.field(init=False)
        history_: Curves = dataclasses.field(init=False)
        t_: int = dataclasses.field(init=False)

    solver: str | Optimizer = solver_hyperparameter(
        "adam",
        """Optimizer. "lbfgs" uses all samples at each step and suits small data; "adamw" uses `alpha` as decoupled
        weight decay.""",
    )
    learning_rate_init: float = hyperparameter(
        default=1e-3, constraint=Number(0, above=True), doc="Initial step size. Not used by lbfgs."
    )
    learning_rate: str | ScheduleFunction = learning_rate_hyperparameter(
        "constant",
        """Schedule of the step size: "constant"; "invscaling" decreases it with the samples seen; "adaptive"
        divides it by five whenever the score stops improving; "linear" and "cosine" decrease it to zero at `max_iter`;
        "one_cycle" increases and then decreases it until `max_iter`.""",
    )
    warmup: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="Fraction of `max_iter` during which the step size rises from zero.",
    )
    batch_size: int | str = batch_size_hyperparameter()
    max_iter: int = hyperparameter(
        default=200,
        constraint=Integer(1),
        doc="Maximum number of epochs (passes over the data), or of iterations of lbfgs.",
    )
    max_fun: int = hyperparameter(
        default=15000, constraint=Integer(1), doc="Maximum number of evaluations of the loss by lbfgs."
    )
    max_time: float | None = hyperparameter(
        default=None,
        constraint=Number(0, above=True) | NONE,
        doc="""Maximum number of seconds of `fit`: training ends with a warning after the step that reaches it, and the
        best epoch so far is kept. None: no limit. Not used by `partial_fit`.""",
    )
    tol: float = hyperparameter(
        default=1e-4,
        constraint=Number(0),
        doc="""An epoch counts as an improvement if its score exceeds the best one by more than this. lbfgs stops when
        no element of the gradient exceeds it.""",
    )
    n_iter_no_change: float = hyperparameter(
        default=10,
        constraint=Integer(1) | INFINITY,
        doc="Training stops after more than this number of consecutive epochs without improvement; inf: never.",
    )
    early_stopping: bool | str = early_stopping_hyperparameter(1000)
    validation_fraction: float = hyperparameter(
        default=0.1,
        constraint=Number(0, 1, above=True, below=True),
        doc="""Fraction of the training data held out for early stopping, stratified by class if it is drawn at random.
        Not used with `X_val`.""",
    )
    validation_split: Any = hyperparameter(
        default="random",
        constraint=Choice("random", "last") | Constraint("splitter with a method split", is_splitter),
        doc="""Choice of the held-out samples: "random"; "last" for the last ones of X; or a splitter of
        `sklearn.model_selection`, whose last split is used. Where samples follow each other in time or overlap, such as
        windows of a series, those drawn at random are almost copies of training samples, and training stops too late:
        set "last", or ``TimeSeriesSplit(gap=...)`` with the steps of a window as the gap.""",
    )
    scoring: str | Callable[..., float] | Sequence[str] | dict[str, str | Callable[..., float]] = hyperparameter(
        default="loss",
        constraint=Constraint(
            '"loss", name of a scorer, callable, list of different names, or dict of name to any of these',
            _is_scoring,
            ("loss", *get_scorer_names()),
        ),
        doc="""Score of held-out data: "loss" for the negative loss, a name of `sklearn.metrics.get_scorer_names`, or a
        callable ``(estimator, X, y) -> float``, which is given X and y in the form of those in `fit`. Sample weights
        are used if the scorer takes `sample_weight`; class weights are not. Of several, given as a list of names or
        as a dictionary, the first one decides when training stops, and `history_` has the curves of all.""",
    )
    training_scores: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="""Record the metrics of `scoring` for the training data, too, with the weights after each epoch and without
        dropout. That takes two predictions of all training data after each epoch, about two thirds of the time of the
        epoch itself. They decide nothing. Not for data in chunks or on a cluster.""",
    )
    alpha: float = hyperparameter(
        default=1e-4,
        constraint=Number(0),
        doc="Strength of the L2 penalty on the weights (not the biases), divided by the number of samples in a batch.",
    )
    momentum: float = hyperparameter(
        default=0.9,
        constraint=Number(0, 1),
        doc="Momentum of sgd: share of the last update that it adds to the next one.",
    )
    nesterovs_momentum: bool = hyperparameter(default=True, constraint=BOOLEAN, doc="Use Nesterov's momentum in sgd.")
    beta_1: float = hyperparameter(
        default=0.9,
        constraint=Number(0, 1, below=True),
        doc="Decay of the running mean of gradients in adam and adamw.",
    )
    beta_2: float = hyperparameter(
        default=0.999,
        constraint=Number(0, 1, below=True),
        doc="Decay of the running mean of squared gradients in adam, adamw and rmsprop.",
    )
    epsilon: float = hyperparameter(
        default=1e-8,
        constraint=Number(0, above=True),
        doc="Small number that keeps adam, adamw and rmsprop from dividing by zero.",
    )
    power_t: float = hyperparameter(default=0.5, constraint=Number(0), doc='Exponent of the "invscaling" schedule.')
    max_grad_norm: float | None = hyperparameter(
        default=None,
        constraint=Number(0, above=True) | NONE,
        doc="Gradients with a greater Euclidean norm are scaled down to it. Not used by lbfgs.",
    )
    shuffle: bool | str = hyperparameter(
        default=True,
        constraint=BOOLEAN | Choice("blocks"),
        doc="""Shuffle the samples before each epoch. If False, batches keep the order of X, and its last samples are
        held out for early stopping. "blocks" is for X in a file: blocks of consecutive samples, of a megabyte each, are
        read in random order, and batches are drawn from 64 of them at a time. In a file that is sorted, such as by
        class, a batch then has the samples of 64 places instead of as many as there are samples. X of less than 64 MB
        is shuffled as a whole.""",
    )
    warm_start: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="Continue from the current weights and optimizer state in `fit`, instead of new ones.",
    )
    random_state: int | np.random.RandomState | None = hyperparameter(
        default=None,
        constraint=RANDOM_STATE,
        doc="Seed of everything random: initial weights, held-out samples, order of samples, dropout.",
    )
    verbose: bool | int = hyperparameter(
        default=False,
        constraint=BOOLEAN | Integer(0),
        doc="Print a line after every epoch, or after every `verbose` epochs if it is a number above 1.",
    )
    n_jobs: int | None = hyperparameter(
        default=None,
        constraint=NONE | Integer(1) | MINUS_ONE,
        doc="""Number of threads. None: as many as BLAS may use, which joblib, threadpoolctl and OPENBLAS_NUM_THREADS
        control, but no more than processors; -1: all processors. Small products are computed in one thread. Results
        agree up to rounding for any number.""",
    )

    attributes_doc = {
        "n_features_in_": ("int", "Number of features seen in `fit`."),
        "feature_names_in_": (
            "ndarray of shape (n_features_in_,)",
            "Names of the features, if X has names that are all strings.",
        ),
        "n_outputs_": ("int", "Number of raw scores of the network."),
        "out_activation_": ("str", "Name of the function from raw scores to predictions."),
        "weights_": ("ndarray of shape (n_weights,)", "All parameters of the network in one vector."),
        "buffers_": ("ndarray of shape (n_buffers,)", "Arrays of the network without a gradient, in one vector."),
        "network_arguments_": ("dict", "Arguments from which the network is built."),
        "network_": ("Layer", "The network: a frozen tree of layers without arrays."),
        "n_iter_": ("int", "Epochs of the last `fit` or `partial_fit`."),
        "t_": ("int", "Number of training samples seen in all epochs together."),
        "loss_curve_": ("list of float", "Mean training loss of each epoch, in the units of y."),
        "loss_": ("float", "Last entry of `loss_curve_`."),
        "best_loss_": (
            "float or None",
            "Smallest entry of `loss_curve_`; None if the weights were chosen by held-out data.",
        ),
        "validation_scores_": (
            "list of float or None",
            "Score of the held-out data after each epoch, by the first metric; None without held-out data.",
        ),
        "best_validation_score_": ("float or None", "Largest entry of `validation_scores_`, or score of the start."),
        "history_": (
            "dict of str to list of float",
            """Curves with an entry for each epoch, also of the training that `warm_start` or `partial_fit` continued:
            "loss" (`loss_curve_`), "seconds" since the start of training, "learning_rate" of the last step,
            "validation_<metric>" for each metric of `scoring`, and "training_<metric>" if `training_scores`. The metric
            is named as in `scoring`, "score" for a single callable, and curves of "loss" are losses, of which less is
            better. NaN where an epoch has no such value, such as the learning rate of lbfgs.""",
        ),
    }

    # --- hooks: families may define these methods (`HOOKS`), and no others of this class -----------------

    def _check_together(self) -> None:
        """Raise if hyper-parameters are incompatible; each by itself has been checked."""

    def _reader_options(self) -> Any:
        """Options of the reader."""
        return None

    def _task_options(self) -> Any:
        """Options of the task."""
        return None

    def _settings(self, one_pass: bool) -> TrainingSettings:
        """Settings of `fit`, or of a single pass by `partial_fit`."""
        return TrainingSettings.of(
            self._hyperparameters(),
            automatic_batch_size=automatic(type(self), "batch_size"),
            early_stopping_from=automatic(type(self), "early_stopping"),
            one_pass=one_pass,
        )

    def _network_arguments(self, shapes: dict[str, Any]) -> dict[str, Any]:
        """All arguments of the network builder, from the shapes that the reader and the task give."""
        builder, hyperparameters = type(self)._network_builder, self._hyperparameters()
        arguments = arguments_of(builder, hyperparameters, **shapes | following_arguments(self))
        return with_frozen_names(builder, arguments, hyperparameters)

    def _initialize(self, network: Network, tree: Tree, samples: Samples, task: Task, reader: Reader) -> None:
        """Set initial parameters and buffers that follow from the training data or from another model."""
        adapt_network(network.layer, tree, samples)
        copy_layers(self, network, tree, reader, task)

    def _update(self, network: Network, tree: Tree, samples: Samples, task: Task) -> None:
        """Set buffers that follow from all data so far, when training continues with further samples."""
        if getattr(self, "pretrained", None) is None:  # whose statistics belong to its layers
            adapt_network(network.layer, tree, samples, further=True)

    def _continue(self, fitted: Fitted) -> Fitted:
        """The fitted model, changed where training can continue with other hyper-parameters."""
        return fitted

    def _observers(self, problem: Problem) -> Sequence[Observer]:
        """Observers of training, besides callbacks."""
        return ()

    def _training_score(self, problem: Problem) -> Callable[[float, Tree], float]:
        """A function from the training loss and the parameters to the score that is used without held-out data."""
        return lambda loss, tree: -loss

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        """Train in one or several stages; returns the problem of the last one and the results of all of them."""
        return problem, train_problem(problem, settings, hooks(problem))

    def _most_epochs(self) -> int:
        """Maximum number of epochs in `fit`."""
        return self.max_iter

    def _most_networks(self) -> int:
        """Maximum number of networks that `fit` trains."""
        return 1

    def _statistics(self, problem: Problem, trained: Trained) -> dict[str, Any]:
        """Further attributes of the fitted model that follow from the training data."""
        return {}

    def _gives_probabilities(self) -> bool:
        """Return True if raw scores have a link to probabilities; raise an AttributeError with the reason if not."""
        return True

    # --- fit and partial_fit --------------------------------------------------------------------------

    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None, resume_from=None):
        """Fit the network.

        Parameters
        ----------
        X : array-like of n_samples rows
            Training data, in a form that the class documents. Training is in float64 for float64 X, and in float32
            otherwise. Numbers in a `numpy.memmap`, a dataset of h5py, an array of zarr, or another array with slices of
            rows, stay there: tables, images, and series of equal lengths, are read batch by batch, and need not fit
            into memory. lbfgs needs all rows at once.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Training targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each sample, not all zero. A weight of two is equivalent to a repetition.
        X_val, y_val : array-likes, default=None
            Validation data for early stopping, instead of a part of X. In a pipeline with transformers, use
            ``Pipeline(..., transform_input=["X_val"])``.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.
        resume_from : str or path-like, default=None
            File of `skneural.callbacks.Checkpoint`, of a training with the same data and hyper-parameters that was
            broken off. It continues after its last epoch, and ends with the same weights as if it had not been.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are invalid, or training diverges. The estimator is then unchanged.
        """
        return self._fit(FitArguments(X, y, sample_weight), FitArguments(X_val, y_val, sample_weight_val), resume_from)

    @all_or_nothing
    @fitted_jointly
    @with_callbacks
    def _fit(
        self,
        arguments: FitArguments,
        validation: FitArguments,
        resume_from: str | os.PathLike[str] | None = None,
        stream: StreamedFit | None = None,
    ) -> Any:
        communicator = present_communicator()
        with failing_together(communicator):
            model = self._checked()
            if stream is not None:
                model.__dict__.update(stream.hyperparameters)
            n_epochs = model._most_epochs() * model._most_networks()
            deadline, started_at = Deadline.after(model.max_time), time.monotonic()
            callbacks = EpochCallbacks(self, arguments, n_epochs, model._attributes)
            settings = model._settings(one_pass=False)
            model._warn_of_unused(settings)
            saved, seed = (None, None) if stream is None else (stream.saved, stream.seed)
            if resume_from is not None:
                saved = read_checkpoint(resume_from, type(self), model._hyperparameters())
        if saved is not None:
            with failing_together(communicator):
                problem = resumed_problem(model._specification(), settings, arguments, validation, saved)
            ensure_same_problem(problem, communicator)
        else:
            fitted = model._fitted() if model.warm_start and self.__sklearn_is_fitted__() else None
            problem = model._posed(settings, arguments, validation, fitted, seed)
        if stream is not None:
            opened = stream.open(model._specification(), problem, settings)
            problem = dataclasses.replace(problem, stream=opened, data=None)
        if saved is not None:
            ensure_same_data(problem, saved)
        hooks = partial(model._hooks, callbacks=callbacks, deadline=deadline, started_at=started_at)
        problem, trained = model._train(problem, settings, hooks)
        self._keep(problem, trained, model._statistics(problem, trained), keep_optimizer_state=model.warm_start)
        callbacks.end()
        for message in convergence_messages(problem, settings, trained):
            warn_user(message, ConvergenceWarning)
        return self

    @fitted_jointly
    def _partial_fit(self, arguments: FitArguments) -> None:
        """Train for exactly one pass over the data, continuing from the last one."""
        with failing_together(present_communicator()):
            model = self._checked()
            if model.early_stopping is True:
                raise ValueError("partial_fit does not support early_stopping=True; set it to False or 'auto'.")
            settings = model._settings(one_pass=True)
            model._warn_of_unused(settings)
        fitted = model._fitted() if self.__sklearn_is_fitted__() else None
        problem = model._posed(settings, arguments, None, fitted)
        problem, trained = model._train(problem, settings, model._hooks)
        self._keep(problem, trained, model._statistics(problem, trained), keep_optimizer_state=True)

    def _posed(
        self,
        settings: TrainingSettings,
        arguments: FitArguments,
        validation: FitArguments | None,
        fitted: Fitted | None,
        seed: int | None = None,
    ) -> Problem:
        """The problem of a training, which is the same in all processes that train together."""
        communicator = present_communicator()
        if communicator.size > 1 and fitted is None and seed is None:
            seed = drawn_seed(settings.random_state)
        with failing_together(communicator):
            problem = pose(self._specification(), settings, arguments, validation, fitted, seed)
        ensure_same_problem(problem, communicator)
        return problem

    def _checked(self, *, after_fit: bool = False) -> Self:
        """The estimator with checked hyper-parameters, as Python's values; it shares all fitted attributes.

        All hooks run on it, so that families need not know of NumPy's scalars, while `get_params` returns those that
        the user gave. With `after_fit`, only those are checked that may be changed after `fit`.
        """
        check_hyperparameters(self, after_fit=after_fit)
        model = object.__new__(type(self))
        hyperparameters = self._hyperparameters()
        model.__dict__.update(self.__dict__ | hyperparameters)
        if not after_fit:
            ensure_usable(hyperparameters)
            ensure_possible_start(model)
            model._check_together()
        return model

    def _warn_of_unused(self, settings: TrainingSettings) -> None:
        """Warn of hyper-parameters that the user has set, but training does not use."""
        values, defaults = self._hyperparameters(), {field.name: field.default for field in dataclasses.fields(self)}
        unused = [name for name in settings.unused(values) if values[name] != defaults[name]]
        if unused:
            listed = ", ".join(f"{name}={values[name]!r}" for name in unused)
            warn_user(f"{type(self).__name__} trains with solver={settings.solver!r} here, and does not use {listed}.")

    def _specification(self) -> Specification:
        return Specification(
            type(self).__name__,
            self._reader_class,
            self._reader_options(),
            self._task_class,
            self._task_options(),
            type(self)._network_builder,
            self._network_arguments,
            self._initialize,
            self._update,
        )

    def _hyperparameters(self) -> dict[str, Any]:
        return {field.name: python_value(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def _as_fitted(self, name: str) -> Any:
        """A hyper-parameter on which the network depends: as it was in `fit`, or its present value before `fit`."""
        return self.network_arguments_[name] if self.__sklearn_is_fitted__() else getattr(self, name)

    def _fitted(self) -> Fitted:
        """The fitted model from which training continues."""
        return self._continue(
            Fitted(
                self._reader,
                self._task,
                self._network,
                Snapshot(self.weights_, self.buffers_),
                self.out_activation_,
                self._seed,
                self._optimizer_state,
                len(self.loss_curve_),
                self.t_,
            )
        )

    def _hooks(
        self,
        problem: Problem,
        callbacks: EpochCallbacks | None = None,
        deadline: Deadline = NO_DEADLINE,
        started_at: float | None = None,
    ) -> Hooks:
        observers: list[Observer] = [] if callbacks is None else [callbacks.observer(problem)]
        if self.verbose and not present_communicator().rank:
            n_epochs = 1 if callbacks is None else self._most_epochs()
            n_before = problem.n_epochs_before if callbacks is None else 0
            observers.append(PrintedEpochs(int(self.verbose), n_epochs, n_before, problem.network_number))
        return Hooks(
            [*observers, *self._observers(problem)],
            partial(self._scores, problem),
            self._training_score(problem),
            scores_start=getattr(self, "pretrained", None) is not None and not problem.continues,
            deadline=deadline,
            started_at=time.monotonic() if started_at is None else started_at,
        )

    def _scores(self, problem: Problem, weights: Weights, data: Data) -> Callable[[], dict[str, float]]:
        """A function that scores data by the metrics of `scoring`, without the loss, with the weights in training."""
        words = "held-out" if data is problem.held_out else "training"
        # If X_val has no names, but X has, a warning says so once, when it is read, and not again in each epoch.
        named = data.X is None or hasattr(data.X, "columns")
        problem = problem if named else dataclasses.replace(problem, reader=without_names(problem.reader))
        model = copy.copy(self)
        # Not copies of the vectors, so that the model always has the current weights.
        model._set_fitted(problem, Snapshot(weights.vector, weights.buffers))
        metrics = {name: each for name, each in named_metrics(self.scoring).items() if not scores_by_loss(each)}
        return scores_by(model, metrics, data, problem.reader, problem.task.per_step, words)

    def _keep(self, problem: Problem, trained: Trained, statistics: dict[str, Any], keep_optimizer_state: bool) -> None:
        """Set the fitted attributes."""
        self.__dict__.pop("_progress", None)  # of a model that was read from a checkpoint
        course = self._course(problem, trained)
        self._set_fitted(problem, trained.weights)
        if not keep_optimizer_state:
            course["_optimizer_state"] = {}
        for name, value in (course | statistics).items():
            setattr(self, name, value)

    def _course(self, problem: Problem, trained: Trained) -> dict[str, Any]:
        """Attributes about the course of training, which includes that of the training that it continued."""
        history = trained.history
        curves = history.all_curves()
        losses = (self.loss_curve_ if problem.continues else []) + history.losses
        scores = ((self.validation_scores_ or []) if problem.continues else []) + history.scores
        return {
            "n_iter_": history.n_epochs,
            "loss_curve_": losses,
            "loss_": losses[-1],
            "best_loss_": None if trained.validation_decided else min(losses),
            "validation_scores_": scores or None,
            "best_validation_score_": max(scores + history.start_scores, default=None),
            "history_": continued_curves(self.history_, curves) if problem.continues else curves,
            "t_": (self.t_ if problem.continues else 0) + history.n_epochs * len(problem.source),
            "_optimizer_state": trained.optimizer_state,
        }

    def _attributes(self, problem: Problem, trained: Trained) -> dict[str, Any]:
        """All attributes of a model whose training stops here, for callbacks."""
        course = self._course(problem, trained)
        return fitted_attributes(problem, trained.weights) | course | self._statistics(problem, trained)

    def _set_fitted(self, problem: Problem, weights: Snapshot) -> None:
        """Set all attributes that prediction needs, and remove those of an earlier fit."""
        if self.__sklearn_is_fitted__():
            for name in self._reader.attributes() | self._task.attributes():
                delattr(self, name)
        for name, value in fitted_attributes(problem, weights).items():
            setattr(self, name, value)

    # by which notebooks link an estimator to its page
    _doc_link_module, _doc_link_template = DOC_LINK_MODULE, DOC_LINK_TEMPLATE
    _doc_link_url_param_generator = DOC_LINK_PARAMETERS

    # by which skl2onnx finds the graph of an estimator in a pipeline
    onnx_parser, onnx_shape_calculator, onnx_converter = onnx_parser, onnx_shape_calculator, onnx_converter

    # --- prediction and state -------------------------------------------------------------------------

    def _predicted(self, X: object, method: str = "decode") -> Any:
        """Predictions for X, arranged like X, by the given method of the task."""
        x, raw = self._scored(X)
        return self._task.like_input(getattr(self._task, method)(raw), x, X)

    def _scored(self, X: object) -> tuple[Container, Array]:
        """The container of X, and its raw scores."""
        check_is_fitted(self)
        x = self._read(X)
        return x, self._raw(x)

    def _read(self, X: object) -> Container:
        """The samples of X, in the form of the training data."""
        return self._reader.read(X, InputSpec(self.weights_.dtype, type(self).__name__))

    def _raw(self, x: Container) -> Array:
        """Raw scores of samples."""
        rows = self._reader.rows_per_block(x)
        return network_output(self._network.layer, self._parameters(), x, rows, self.n_jobs)

    def _parameters(self) -> Tree:
        """Views into `weights_` and `buffers_`."""
        return self._network.layout.views(self.weights_, self.buffers_)

    @property
    def network_(self) -> Layer:
        check_is_fitted(self)
        return self._network.layer

    def summary(self) -> Summary:
        """Table of the layers of the fitted network: names, classes, output shapes, and numbers of parameters.

        Returns
        -------
        summary : Summary
            Printed as a table. ``summary.layers`` are its rows, and ``summary.n_parameters`` is its total. In shapes,
            "n" is the number of samples and "steps" the number of steps of a series. Inside a stack of convolutions,
            images are (height, channels, width, n), and series are images of height one. Recurrent layers compute on
            (steps, features, n).

        Raises
        ------
        NotFittedError
            Before `fit`, which determines the shapes.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skneural import MLPClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> MLPClassifier(16, solver="lbfgs", random_state=0).fit(X, y).summary()
        layer                class       output   parameters
        hidden_1.dense       Dense       (n, 16)          80
        hidden_1.activation  Activation  (n, 16)           0
        output               Dense       (n, 3)           51
        total                                            131
        """
        check_is_fitted(self)
        return summarize(self._network.layer, self._input_shape)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        self._reader_class.set_tags(tags)
        self._task_class.set_tags(tags)
        return tags

    def weights_by_name(self) -> dict[str, Array]:
        """Copies of all parameters and buffers by name, such as "hidden_1.dense.weight", for other frameworks.

        Returns
        -------
        weights : dict of str to ndarray
            In the order of the layers of `summary`, whose names they begin with. `set_weights_by_name` is the inverse.

        Raises
        ------
        NotFittedError
            Before `fit`.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from skneural import MLPClassifier
        >>> model = MLPClassifier(16, solver="lbfgs", random_state=0).fit(*load_iris(return_X_y=True))
        >>> {name: array.shape for name, array in model.weights_by_name().items()}
        {'hidden_1.dense.weight': (4, 16), 'hidden_1.dense.bias': (16,), 'output.weight': (16, 3), 'output.bias': (3,)}
        """
        check_is_fitted(self)
        return {name: array.copy() for name, array in leaves(self._parameters())}

    def set_weights_by_name(self, weights: Mapping[str, npt.ArrayLike]) -> Self:
        """Set parameters and buffers by name, such as those that another framework has trained.

        Parameters
        ----------
        weights : mapping of str to array-like
            Names and shapes as in `weights_by_name`. Arrays that are left out stay as they are.

        Returns
        -------
        self : object
            The estimator, whose optimizer will start anew.

        Raises
        ------
        NotFittedError
            Before `fit`, which determines the shapes.
        ValueError
            If a name is unknown, or an array has another shape. The estimator is then unchanged.
        """
        check_is_fitted(self)
        snapshot = Snapshot(self.weights_.copy(), self.buffers_.copy())
        set_named_arrays(self._network.layout.views(*snapshot), weights)
        self.weights_, self.buffers_ = snapshot.vector, snapshot.buffers
        self._optimizer_state = {}
        return self

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "_network" in state:  # follows from network_arguments_; files would depend on classes of layers
            state = {name: value for name, value in state.items() if name != "_network"}
            state |= {"_reader": plain_state(self._reader), "_task": plain_state(self._task)}
            state |= names_and_shapes(self._network.layout)
        return with_version(named_or_refused(state))

    def __setstate__(self, state: dict[str, Any]) -> None:
        name = type(self).__name__
        saved = converted(name, with_functions(state))
        state = with_new_names(name, old_names(type(self)), saved.state, silently=True)
        if "network_arguments_" in state:
            network = Network.build(type(self)._network_builder, state["network_arguments_"])
            state = arranged(name, saved._replace(state=state), network.layout) | {"_network": network}
            for part, kind in (("_reader", self._reader_class), ("_task", self._task_class)):
                state[part] = value_of(kind, state[part])
        super().__setstate__(state)


# The base class of mixins for type checkers; each estimator has them before `NeuralEstimator` among its bases.
if TYPE_CHECKING:
    Mixin = NeuralEstimator
else:
    Mixin = object
