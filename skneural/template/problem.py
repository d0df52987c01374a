"""The training problem: everything that `fit` prepares from data and hyper-parameters before training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from skneural.data import Samples, SampleSource
from skneural.data.stored import StoredArray, StoredRows, is_array_object, is_stored
from skneural.layers import Layer
from skneural.layers.traversal import named, without_input_gradient
from skneural.losses import Loss
from skneural.ops.types import Array
from skneural.parameters import Layout, Snapshot, Tree
from skneural.readers import FLOATS, InputSpec, Reader, precision, with_rows
from skneural.sklearn_compat import check_sample_weight, num_samples, safe_indexing
from skneural.tasks import FitArguments, Task, text_as_str
from skneural.template.frozen_layers import with_layers_frozen
from skneural.template.settings import TrainingSettings
from skneural.template.validation import about_validation, holds_out, split_rows
from skneural.training.seeds import Seeds, drawn_seed
from skneural.training.train import RemoteSamples
from skneural.training.training_state import TrainingState
from skneural.user_warnings import warn_user

# A first call of `partial_fit` with fewer samples warns of what later calls do not change.
FEWEST_FIRST = 10


class Data(NamedTuple):
    """Encoded samples, and the data in the form that scorers are given.

    Attributes
    ----------
    samples : Samples
        Their weights are sample weights alone, by which scores weigh. Class weights shape the training loss only.
    whole_X, whole_y : objects
        As passed by the user. None if the rows of X are not the samples, but divided into them, such as texts.
    targets : array or None
        Checked y; None if there is none.
    rows : array or None
        Of these samples in `whole_X` and `whole_y`; None for all.
    groups : array of int or None
        Number of the group of each sample, if there are any: samples of a group are held out together.
    """

    samples: Samples
    whole_X: Any
    whole_y: Any
    targets: Array | None
    rows: Array | None = None
    groups: Array | None = None

    @property
    def X(self) -> Any:
        """X of these samples, as passed by the user, or None; rows of a stored array as one that is not read yet."""
        if isinstance(self.samples.x, StoredRows):
            return _selected(self.whole_X, self.rows)
        return _rows_of(self.whole_X, self.rows)

    @property
    def y(self) -> Any:
        """Y of these samples, as passed by the user, or None."""
        return _rows_of(self.whole_y, self.rows)

    def take(self, rows: Array) -> Data:
        """The given rows; the data of the user are not copied before they are needed."""
        n = len(self.samples) if self.rows is None else None
        X, y = (_if_of_samples(part, n) for part in (self.whole_X, self.whole_y))
        targets = None if self.targets is None else self.targets[rows]
        groups = None if self.groups is None else self.groups[rows]
        return Data(self.samples.subset(rows), X, y, targets, rows if self.rows is None else self.rows[rows], groups)


class Network(NamedTuple):
    """A network and the layout of its parameters; both follow from the arguments of its builder."""

    layer: Layer
    layout: Layout
    arguments: dict[str, Any]

    @classmethod
    def build(cls, builder: Callable[..., Layer], arguments: dict[str, Any]) -> Network:
        layer = without_input_gradient(built(builder, arguments))
        return cls(layer, Layout(layer.parameters()), arguments)


def built(builder: Callable[..., Layer], arguments: Mapping[str, Any]) -> Layer:
    """The network of these arguments, among which "frozen" may name layers that are not trained."""
    others = {name: value for name, value in arguments.items() if name != "frozen"}
    return with_layers_frozen(builder(**others), arguments.get("frozen", ()))


@dataclass(frozen=True)
class DataSpecification:
    """The parts of an estimator that read X and y, as values.

    Attributes
    ----------
    estimator_name : str
    reader, task : classes
    reader_options, task_options : object
    """

    estimator_name: str
    reader: type[Reader]
    reader_options: Any
    task: type[Task]
    task_options: Any


@dataclass(frozen=True)
class Specification(DataSpecification):
    """The parts of a problem that an estimator determines, as values.

    Attributes
    ----------
    network_builder : function
    network_arguments : function
        From shapes by name, which follow from the data, to all arguments of the network builder.
    initialize : function
        Called with the network, its tree of parameters, the samples, the task and the reader before the first training.
    update : function
        Called with the same but the reader, and with the current parameters, before training continues.
    """

    network_builder: Callable[..., Layer]
    network_arguments: Callable[[dict[str, Any]], dict[str, Any]]
    initialize: Callable[[Network, Tree, Samples, Task, Reader], None]
    update: Callable[[Network, Tree, Samples, Task], None]


@dataclass(frozen=True)
class Fitted:
    """A fitted model, from which training continues.

    Attributes
    ----------
    reader : Reader
    task : Task
    network : Network
    weights : Snapshot
    link : str
        Name of the link of its loss.
    seed : int
    optimizer_state : dict
    n_epochs, n_samples_seen : int
        Length of `loss_curve_`, and `t_`.
    kept_arguments : tuple of str
        Arguments of the network that stay as fitted, whatever the hyper-parameters are.
    """

    reader: Reader
    task: Task
    network: Network
    weights: Snapshot
    link: str
    seed: int
    optimizer_state: dict[str, Any] = field(default_factory=dict)
    n_epochs: int = 0
    n_samples_seen: int = 0
    kept_arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Everything that training needs except its settings.

    Attributes
    ----------
    reader : Reader
    task : Task
    samples : Samples
        For training.
    held_out : Data or None
        For early stopping.
    network : Network
    loss : Loss
    n_outputs : int
        Number of raw scores.
    start : Snapshot
        Initial parameters, which training copies.
    seed : int
        Seed of everything random in training.
    optimizer_state : dict
        State of the optimizer after the training that this one continues.
    continues : bool
        Whether training continues from a fitted model.
    n_epochs_before, n_samples_before : int
        Epochs of the training that this one continues, and the samples in all of them.
    data : Data or None
        The samples for training in the form from which some can be held out.
    network_number : int or None
        Number of this network among several that are trained for one `fit`.
    progress : TrainingState or None
        State of a training that was broken off, and is resumed.
    stream : SampleSource, RemoteSamples or None
        Training samples in chunks, or in other processes; `samples` are then a part of them.
    """

    reader: Reader
    task: Task
    samples: Samples
    held_out: Data | None
    network: Network
    loss: Loss
    n_outputs: int
    start: Snapshot
    seed: int
    optimizer_state: dict[str, Any] = field(default_factory=dict)
    continues: bool = False
    n_epochs_before: int = 0
    n_samples_before: int = 0
    data: Data | None = None
    network_number: int | None = None
    progress: TrainingState | None = None
    stream: SampleSource | RemoteSamples | None = None

    @property
    def source(self) -> SampleSource | RemoteSamples:
        """The samples for training, or their stream."""
        return self.samples if self.stream is None else self.stream

    def with_samples(
        self,
        rows: Array,
        held_out: Array,
        seed: int,
        initialize: Callable[[Network, Tree, Samples, Task, Reader], None],
    ) -> Problem:
        """The problem of a new network for some of the samples, with others that are held out.

        Parameters
        ----------
        rows, held_out : arrays of int
            Numbers of samples in `data`.
        seed : int
        initialize : function
            As in `Specification`.
        """
        assert self.data is not None
        data = self.data.take(rows)
        samples = _training_samples(self.task, data)
        start = first_weights(self.network, samples, self.task, self.reader, seed, initialize)
        return replace(
            self,
            samples=samples,
            held_out=self.data.take(held_out),
            start=start,
            seed=seed,
            optimizer_state={},
            data=data,
            progress=None,
        )

    def resumed(self, progress: TrainingState) -> Problem:
        """The same problem, whose training continues after the last epoch of a training that was broken off."""
        state = copy.deepcopy(progress.optimizer_state)
        return replace(self, start=progress.snapshot, optimizer_state=state, progress=progress)


def pose(
    specification: Specification,
    settings: TrainingSettings,
    arguments: FitArguments,
    validation: FitArguments | None = None,
    fitted: Fitted | None = None,
    seed: int | None = None,
) -> Problem:
    """Read and encode the data, hold some of it out, and build the network.

    Parameters
    ----------
    specification : Specification
    settings : TrainingSettings
    arguments : FitArguments
        As passed by the user.
    validation : FitArguments or None
        Validation data as passed by the user; None if nothing is held out, as in single passes.
    fitted : Fitted or None
        The model from which training continues.
    seed : int or None
        Seed of everything random; None if it is drawn.

    Raises
    ------
    ValueError
        If the data are invalid, or training cannot continue with the current hyper-parameters.
    """
    selects = specification.reader.selects_rows(specification.reader_options)
    arguments = _without_weightless(arguments, selects)
    validation = None if validation is None else _without_weightless(validation, selects)
    if fitted is None:
        return _new_problem(specification, settings, arguments, validation, seed)
    return _continued_problem(specification, settings, arguments, validation, fitted)


def encoded_samples(
    specification: DataSpecification, arguments: FitArguments, *, one_pass: bool = False
) -> tuple[Reader, Task, Samples]:
    """Learn how data are read, and read and encode them, for models that are not networks.

    Parameters
    ----------
    specification : DataSpecification
    arguments : FitArguments
        As passed by the user.
    one_pass : bool, default=False
        Whether further data will follow.
    """
    arguments = _without_weightless(arguments, specification.reader.selects_rows(specification.reader_options))
    reader, task, checked = _learn(specification, arguments, one_pass)
    return reader, task, _training_samples(task, _encoded(task, checked, arguments))


def further_samples(
    specification: DataSpecification, arguments: FitArguments, reader: Reader, task: Task, dtype: np.dtype[Any]
) -> Samples:
    """Read and encode further data as before, in the given precision."""
    arguments = _without_weightless(arguments, specification.reader.selects_rows(specification.reader_options))
    checked = _checked(specification, reader, arguments, dtype)
    task.compare(checked)
    return _training_samples(task, _encoded(task, checked, arguments))


def _new_problem(
    specification: Specification,
    settings: TrainingSettings,
    arguments: FitArguments,
    validation: FitArguments | None,
    seed: int | None,
) -> Problem:
    """The problem of a training that starts from random weights."""
    reader, task, checked = _learn(specification, arguments, settings.one_pass)
    if seed is None:
        seed = drawn_seed(settings.random_state)
    data, held_out = _held_out(
        specification, settings, reader, task, _encoded(task, checked, arguments), validation, seed
    )
    samples = _training_samples(task, data)
    loss, n_outputs = task.loss()
    network = Network.build(
        specification.network_builder, _network_arguments(specification, reader, task, n_outputs, {})
    )
    if settings.one_pass:
        _warn_of_few_samples(len(samples), reader, task, network)
    start = first_weights(network, samples, task, reader, seed, specification.initialize)
    return Problem(reader, task, samples, held_out, network, loss, n_outputs, start, seed, data=data)


def _warn_of_few_samples(n_samples: int, reader: Reader, task: Task, network: Network) -> None:
    """Warn if the first call of `partial_fit` has few samples for what later calls do not change."""
    layers = (layer for _, layer, _ in named(network.layer, network.layout.declared))
    learned = dict.fromkeys([reader.learned_once, task.learned_once, *(layer.learned_once for layer in layers)])
    words = " and ".join(each for each in learned if each)
    if words and n_samples < FEWEST_FIRST:
        warn_user(
            f"The first call of partial_fit has {n_samples} samples, from which {words} are learned; later calls do "
            f"not change them. Begin with fit, or with a call of partial_fit, on at least {FEWEST_FIRST} samples."
        )


def _continued_problem(
    specification: Specification,
    settings: TrainingSettings,
    arguments: FitArguments,
    validation: FitArguments | None,
    fitted: Fitted,
) -> Problem:
    """The problem of a training that continues from a fitted model."""
    reader, before = fitted.reader, replace(fitted.task, options=specification.task_options)
    checked = _checked(specification, reader, arguments, fitted.weights.vector.dtype)
    before.compare(checked)
    task = before.updated(checked)
    data, held_out = _held_out(
        specification, settings, reader, task, _encoded(task, checked, arguments), validation, fitted.seed
    )
    samples = _training_samples(task, data)
    loss, n_outputs = task.loss()
    kept = {name: fitted.network.arguments[name] for name in fitted.kept_arguments}
    _ensure_same_network(fitted, _network_arguments(specification, reader, task, n_outputs, kept), loss)
    return Problem(
        reader,
        task,
        samples,
        held_out,
        fitted.network,
        loss,
        n_outputs,
        _updated_weights(specification, fitted, samples, before, task),
        fitted.seed,
        optimizer_state=copy.deepcopy(fitted.optimizer_state),
        continues=True,
        n_epochs_before=fitted.n_epochs,
        n_samples_before=fitted.n_samples_seen,
        data=data,
    )


def _updated_weights(
    specification: Specification, fitted: Fitted, samples: Samples, before: Task, task: Task
) -> Snapshot:
    """The fitted weights, as a copy, when the units of X and y follow further samples: predictions remain the same."""
    network, weights = fitted.network, Snapshot(fitted.weights.vector.copy(), fitted.weights.buffers.copy())
    tree = network.layout.views(*weights)
    units = task.units_since(before)
    if units is not None:
        network.layer.rescale_output(tree, *units)
    specification.update(network, tree, samples, task)
    return weights


def _held_out(
    specification: Specification,
    settings: TrainingSettings,
    reader: Reader,
    task: Task,
    data: Data,
    validation: FitArguments | None,
    seed: int,
) -> tuple[Data, Data | None]:
    """Data for training, and those that are held out for early stopping, passed by the user or split off."""
    if validation is None:
        return data, None
    if any(part is not None for part in validation):
        return data, _validation_data(specification, reader, task, validation, data)
    return _split(data, settings, task, seed) if holds_out(settings, len(data.samples)) else (data, None)


def _training_samples(task: Task, data: Data) -> Samples:
    """The samples with class weights in their targets."""
    samples = replace(data.samples, x=data.samples.x.for_training())
    by_class = task.class_weights(FitArguments(samples.x, data.targets, samples.sample_weight))
    if by_class is not None:
        samples = replace(samples, y=samples.y.weighed(by_class.astype(precision(samples.x.dtype))))
    samples.weigh()
    return samples


def _network_arguments(
    specification: Specification, reader: Reader, task: Task, n_outputs: int, kept: Mapping[str, Any]
) -> dict[str, Any]:
    """Arguments of the network builder; those in `kept` replace what follows from the data."""
    shapes = {**reader.shapes(), **task.shapes(), "n_out": n_outputs, **kept}
    return specification.network_arguments(shapes)


def first_weights(
    network: Network,
    samples: Samples,
    task: Task,
    reader: Reader,
    seed: int,
    initialize: Callable[[Network, Tree, Samples, Task, Reader], None],
) -> Snapshot:
    """Initial parameters: random weights, output biases at the best constant prediction, buffers from the data."""
    start = network.layout.initial(Seeds(seed).generator("weights"), precision(samples.x.dtype))
    tree = network.layout.views(*start)
    bias = network.layer.output_bias(tree)
    if bias is not None:
        bias[...] = _constant_scores(task, samples, bias.shape[-1])
    initialize(network, tree, samples, task, reader)
    return start


def _constant_scores(task: Task, samples: Samples, n_scores: int) -> Array:
    """The best constant raw scores, if the loss gives one for each output of the network."""
    constant, loss = task.best_constant(samples), task.loss()[0]
    if np.shape(constant) != (n_scores,):
        raise ValueError(
            f"The loss {getattr(loss, 'loss', loss)!r} does not fit these targets: best_constant returned an array of "
            f"shape {np.shape(constant)}, and the network has {n_scores} raw scores."
        )
    return constant


def _learn(
    specification: DataSpecification, arguments: FitArguments, one_pass: bool
) -> tuple[Reader, Task, FitArguments]:
    """Learn the reader and the task; also returns the checked training data."""
    weight = arguments.sample_weight
    if weight is not None:
        weight = check_sample_weight(weight, arguments.X, dtype=np.float64, ensure_non_negative=True)
    spec = InputSpec(FLOATS, specification.estimator_name, _rows_of(weight, arguments.rows), arguments.rows)
    reader, x = specification.reader.learn(arguments.X, specification.reader_options, spec)
    arguments = _with_checked_targets(specification, arguments._replace(X=x))
    task = specification.task.learn(arguments, specification.task_options, reader)
    if one_pass:
        task.ensure_complete(arguments)
    return reader, task, arguments


def _checked(
    specification: DataSpecification, reader: Reader, arguments: FitArguments, dtype: np.dtype[Any]
) -> FitArguments:
    """Checked data as a container and arrays; it must have the form of the training data."""
    x = reader.read(arguments.X, InputSpec(dtype, specification.estimator_name, rows=arguments.rows))
    return _with_checked_targets(specification, arguments._replace(X=x))


def _with_checked_targets(specification: DataSpecification, arguments: FitArguments) -> FitArguments:
    y, weight = (_rows_of(part, arguments.rows) for part in (arguments.y, arguments.sample_weight))
    arguments = arguments._replace(y=text_as_str(y), rows=None)
    y = specification.task.check(arguments, specification.task_options, specification.estimator_name)
    if weight is not None:
        weight = check_sample_weight(weight, arguments.X, dtype=np.float64, ensure_non_negative=True)
        weight = _in_range(weight).astype(arguments.dtype)
    return arguments._replace(y=y, sample_weight=weight)


def _in_range(weight: Array) -> Array:
    """Weights in the same proportions, the greatest of which is between ``2**-64`` and ``2**64``, so that sums are."""
    exponent = int(np.frexp(weight.max(initial=0.0))[1])
    return np.ldexp(weight, int(np.clip(exponent, -64, 64)) - exponent)


def _without_weightless(arguments: FitArguments, selects_rows: bool) -> FitArguments:
    """Leave out samples of weight zero before anything is learned, so that weights are equivalent to repetitions.

    If the reader selects rows, an array is left as it is, so that it need not be copied.
    """
    X, *others = map(with_rows, arguments)
    arguments = FitArguments(X, *map(_in_memory, others))
    X, y, weight = arguments.X, arguments.y, arguments.sample_weight
    if weight is None:
        return arguments
    weight = np.asarray(weight)
    if weight.dtype.kind in "US" or (weight.dtype == object and not weight.ndim):
        raise TypeError(
            f"sample_weight is {arguments.sample_weight!r:.60}; it must be a number for each sample. Weights of "
            "classes are given as class_weight."
        )
    lengths = {num_samples(part) for part in (X, y, arguments.groups) if part is not None}
    kept = np.flatnonzero(weight)
    if weight.ndim != 1 or lengths != {len(weight)} or len(kept) in (0, len(weight)):
        return arguments
    if selects_rows and (is_stored(X) or (isinstance(X, np.ndarray) and X.ndim > 1 and X.dtype.kind in "biuf")):
        return arguments._replace(rows=kept)
    y, groups = (_rows_of(part, kept) for part in (y, arguments.groups))
    X = _selected(X, kept) if is_array_object(X) else _rows_of(X, kept)
    return arguments._replace(X=X, y=y, sample_weight=weight[kept], groups=groups)


def _encoded(task: Task, checked: FitArguments, given: FitArguments) -> Data:
    """Encoded samples, without nodes that have no label."""
    weight = task.sample_weight(checked)
    if weight is not None:
        weight = None if (weight == 1).all() else weight.astype(checked.dtype)
    if weight is not None and not weight.any():
        raise ValueError(f"No sample has a weight: in {checked.dtype}, those of all samples with a label are zero.")
    samples = Samples(task.network_input(checked), task.encode(checked), weight)
    data = Data(samples, given.X, given.y, checked.y, given.rows, _group_numbers(given, len(samples)))
    return data if weight is None or weight.all() else data.take(np.flatnonzero(weight))


def _group_numbers(given: FitArguments, n_samples: int) -> Array | None:
    """Numbers of the groups of the samples, in the order of their names."""
    if given.groups is None:
        return None
    groups = np.asarray(_rows_of(given.groups, given.rows))
    if groups.shape != (n_samples,):
        raise ValueError(
            f"groups has the shape {groups.shape}; it must have one value for each of {n_samples} samples."
        )
    numbers: Array = np.unique(groups, return_inverse=True)[1]
    if not numbers.any():
        raise ValueError(f"All samples are of the group {groups[0]}: of several groups, some can be held out.")
    return numbers


def _rows_of(part: Any, rows: Array | None) -> Any:
    return part if part is None or rows is None else safe_indexing(part, rows)


def _selected(X: Any, rows: Array | None) -> Any:
    """Rows of a stored array, without reading them."""
    return X if rows is None else StoredArray(X).select(rows)


def _in_memory(part: Any) -> Any:
    """Y, weights or groups as an array, if they are stored."""
    return np.asarray(part[:]) if is_array_object(part) and len(part.shape) else part


def _if_of_samples(part: Any, n_samples: int | None) -> Any:
    """X or y if its rows are the samples; None if they are divided into samples."""
    return None if part is None or (n_samples is not None and num_samples(part) != n_samples) else part


def _validation_data(
    specification: Specification, reader: Reader, task: Task, validation: FitArguments, data: Data
) -> Data:
    """The encoded validation data that the user passed."""
    _ensure_validation_is_complete(task, validation, data.whole_y is not None)
    with about_validation():
        checked = _checked(specification, reader, validation, precision(data.samples.x.dtype))
        task.compare(checked)
        return _encoded(task, checked, validation)


def _ensure_validation_is_complete(task: Task, validation: FitArguments, has_y: bool) -> None:
    """Raise if X_val or y_val is missing; `has_y` is whether there is a y of training."""
    if validation.X is None and not task.required:
        given = [name for name in ("y", "sample_weight") if getattr(validation, name) is not None]
        raise ValueError(f"{' and '.join(f'{name}_val' for name in given)} can only be given together with X_val.")
    if validation.X is None or (validation.y is None and has_y):
        raise ValueError("X_val and y_val must be given together, and sample_weight_val only with them.")
    if validation.y is not None and not has_y:
        raise ValueError("y_val is given, but y is not: give both or neither.")


def _split(data: Data, settings: TrainingSettings, task: Task, seed: int) -> tuple[Data, Data]:
    """Training data and held-out data."""
    split_seed = int(Seeds(seed).generator("hold out").integers(2**31))
    strata = None if data.targets is None else task.strata(data.targets)
    rows, held_out_rows = split_rows(len(data.samples), settings, strata, split_seed, data.groups)
    return data.take(rows), data.take(held_out_rows)


def _ensure_same_network(fitted: Fitted, arguments: dict[str, Any], loss: Loss) -> None:
    trained, wanted = (fitted.network.arguments, fitted.link), (arguments, loss.link_name)
    if trained != wanted:
        raise ValueError(
            f"Training cannot continue: the fitted network is {trained}, but the current hyper-parameters define "
            f"{wanted}. Set them back, or fit a clone."
        )


def fitted_attributes(problem: Problem, weights: Snapshot) -> dict[str, Any]:
    """Attributes with which an estimator predicts."""
    return {
        "_reader": problem.reader,
        "_task": problem.task,
        "_network": problem.network,
        "_seed": problem.seed,
        "_input_shape": problem.samples.x.symbolic_shape,
        **problem.reader.attributes(),
        **problem.task.attributes(),
        "network_arguments_": problem.network.arguments,
        "n_outputs_": problem.n_outputs,
        "out_activation_": problem.loss.link_name,
        "weights_": weights.vector,
        "buffers_": weights.buffers,
    }
