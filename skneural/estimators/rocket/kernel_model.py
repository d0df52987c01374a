"""The base class of models of series by fixed random kernels."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from skneural.data import Container, Samples, Series
from skneural.data.statistics import channel_moments
from skneural.data.stored import StoredRows
from skneural.estimators.rocket.distinct import Distinct, distinct_series
from skneural.estimators.rocket.evidence import Evidence, FeatureRows
from skneural.estimators.rocket.top import ChosenPenalty
from skneural.hyperparameters import (
    MINUS_ONE,
    NONE,
    RANDOM_STATE,
    Choice,
    Integer,
    Number,
    check_hyperparameters,
    declare,
    hyperparameter,
    python_value,
)
from skneural.installation import DOC_LINK_MODULE, DOC_LINK_PARAMETERS, DOC_LINK_TEMPLATE
from skneural.ops.blocks import slices
from skneural.ops.fixed_kernels import N_KERNELS, NUMBERS_IN_CACHE, PLACES, FixedKernels, shares_above
from skneural.ops.moments import RunningMoments
from skneural.ops.ridge import RidgePath
from skneural.ops.types import Array
from skneural.readers import (
    SEQUENCE_ATTRIBUTES,
    SEQUENCE_DOC,
    InputSpec,
    Reader,
    SequenceOptions,
    Sequences,
    standardize_hyperparameter,
)
from skneural.tasks import FitArguments, Task
from skneural.template.onnx_hooks import onnx_converter, onnx_parser, onnx_shape_calculator
from skneural.template.problem import DataSpecification, encoded_samples, further_samples
from skneural.template.saved_state import converted, with_version
from skneural.template.state import all_or_nothing, plain_state, value_of
from skneural.template.training import thread_count
from skneural.training.predict import in_blocks
from skneural.training.seeds import drawn_seed
from skneural.training.threads import limited_blas
from skneural.user_warnings import warn_user

# Series of which all features are kept. Of more, sums of products of fewer features. In one thread, rows of digits as
# series took 10 s for 3000 with all features, and for 5000 and 15 000 by sums of 3780 features 18 and 27 s (accuracy
# .915, .931, .941), and of 2520 features 8 and 13 s (.927, .935).
MANY = 4000
FEATURES_OF_MANY = 45 * N_KERNELS
FEATURES_OF_CHUNKS = 30 * N_KERNELS

# Of these, series whose features are kept to choose the penalty by, and series whose features are computed at once.
KEPT = 2000
SERIES_PER_SUM = 2048

# Share of the series that are not longer than the kernels of the largest dilations.
USUAL_LENGTH = 0.9

# Features of so many series are multiplied by coefficients at once; 10 000 features of them take 20 MB.
SERIES_PER_PRODUCT = 512

# Fewer numbers are not divided among threads: functions of Python take most of the time.
LEAST_NUMBERS_OF_A_THREAD = 8192

# Greatest value in units of the training series: sums of nine must be finite in single precision.
GREATEST = 1e30


@declare
class RocketEstimator(TransformerMixin, BaseEstimator):
    """Fixed random kernels, and a linear model of their features in closed form."""

    _task_class: ClassVar[type[Task]]

    if TYPE_CHECKING:
        _reader: Reader = dataclasses.field(init=False)
        _task: Task = dataclasses.field(init=False)
        _kernels: FixedKernels = dataclasses.field(init=False)
        _moments: RunningMoments = dataclasses.field(init=False)
        _evidence: Evidence | None = dataclasses.field(init=False)
        coef_: Array = dataclasses.field(init=False)
        intercept_: Array = dataclasses.field(init=False)

    n_kernels: int = hyperparameter(
        default=10_000,
        constraint=Integer(N_KERNELS),
        doc=f"""Number of features: pairs of a kernel with a dilation and a bias, rounded down to a multiple of
        {N_KERNELS}. At most {FEATURES_OF_MANY} with more than {MANY} series, and {FEATURES_OF_CHUNKS} in
        `partial_fit`.""",
    )
    alpha: float | str = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Number(0, above=True),
        doc="""Strength of the L2 penalty on the coefficients of standardized features. "auto": the one with the best
        predictions of each training series by a model of the others, which a closed formula gives; one for all classes,
        and one for each label or number to predict.""",
    )
    standardize: bool = standardize_hyperparameter()
    random_state: int | np.random.RandomState | None = hyperparameter(
        default=None,
        constraint=RANDOM_STATE,
        doc="Seed of the series by which biases are chosen, and of the features of a step that each kernel sums.",
    )
    n_jobs: int | None = hyperparameter(
        default=None,
        constraint=NONE | Integer(1) | MINUS_ONE,
        doc="""Number of threads. None: as many as BLAS may use, which joblib, threadpoolctl and OPENBLAS_NUM_THREADS
        control, but no more than processors; -1: all processors.""",
    )

    attributes_doc = {
        **SEQUENCE_ATTRIBUTES,
        "feature_names_in_": (
            "ndarray of shape (n_features_in_,)",
            "Names of the columns, if X is a table with names that are all strings.",
        ),
        "coef_": ("ndarray of shape (n_outputs, n_features_out)", "Coefficients of the features of `transform`."),
        "intercept_": ("ndarray of shape (n_outputs,)", "Intercepts."),
        "alpha_": ("ndarray of shape (n_outputs,)", "Strength of the penalty of each output."),
        "feature_means_": ("ndarray of shape (n_features_out,)", "Mean of each feature over the training series."),
    }

    shared_doc = {
        "kernels": """
        Features are those of MiniRocket [1]_: the share of the steps at which the output of a kernel exceeds a bias.
        The 84 kernels of nine steps have weights of -1 and 2; their dilations, up to the length of the series, and
        their biases, quantiles of outputs for random training series, give thousands of features. A ridge regression
        predicts from these.

        The first choice for series: as accurate on average as convolutional networks that train for minutes, in a
        second. Networks are worth their minutes where single steps decide or where there are many thousands of series;
        compare both.
        """,
        "many": f"""
        Up to {MANY} series, time grows with their number to the power of three, and beyond, in proportion to it. Equal
        series count as one whose weight is the sum of theirs.
        """,
        "literature": """
        See Also
        --------
        skneural.inspection.step_contributions : Contribution of each step of a series to a prediction.
        CNNSequenceClassifier, CNNSequenceRegressor : Convolutional networks.

        References
        ----------
        .. [1] Dempster, Schmidt and Webb. "MiniRocket: a very fast (almost) deterministic transform for time series
           classification". KDD 2021.
        """,
        **SEQUENCE_DOC,
    }

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Choose kernels, and fit the linear model.

        Parameters
        ----------
        X : array-like of n_samples series
            In a form that the class documents.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Training targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each series, not all zero. A weight of two is equivalent to a repetition.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are invalid. The estimator is then unchanged.
        """
        return self._fit(FitArguments(X, y, sample_weight))

    @all_or_nothing
    def _fit(self, arguments: FitArguments) -> Any:
        model = self._checked()
        reader, task, samples = encoded_samples(model._specification(), arguments)
        series = model._distinct(task, samples)
        many = len(series.x) > MANY
        self._keep(reader, task, samples.x.dtype)
        self._choose_kernels(model, series, FEATURES_OF_MANY if many else model.n_kernels)
        evidence: Evidence | None = None
        for rows in slices(len(series.x), SERIES_PER_SUM if many else MANY):
            evidence = Evidence.joined(evidence, self._rows(series, rows), KEPT if many else MANY)
        assert evidence is not None
        self._solve(model, evidence, series if not many else None)
        self._evidence = evidence if many else None
        return self

    def _partial_fit(self, arguments: FitArguments) -> None:
        model = self._checked()
        if self.__sklearn_is_fitted__() and self._evidence is None:
            warn_user(
                f"fit keeps nothing of up to {MANY} series that further ones could join, so partial_fit begins anew. "
                "Begin with partial_fit, or fit all series at once."
            )
        if self.__sklearn_is_fitted__() and self._evidence is not None:
            samples = further_samples(model._specification(), arguments, self._reader, self._task, self.coef_.dtype)
            series = model._distinct(self._task, samples)
        else:
            reader, task, samples = encoded_samples(model._specification(), arguments, one_pass=True)
            series = model._distinct(task, samples)
            self._keep(reader, task, samples.x.dtype)
            self._choose_kernels(model, series, FEATURES_OF_CHUNKS)
            self._evidence = None
        for rows in slices(len(series.x), SERIES_PER_SUM):
            self._evidence = Evidence.joined(self._evidence, self._rows(series, rows), KEPT)
        assert self._evidence is not None
        self._solve(model, self._evidence, None)

    def transform(self, X: npt.ArrayLike) -> Array:
        """Features of series: shares of steps at which the output of a kernel exceeds a bias.

        Parameters
        ----------
        X : array-like of n_samples series

        Returns
        -------
        shares : ndarray of shape (n_samples, n_features_out)
            In float32.
        """
        check_is_fitted(self)
        return self._features(self._read(X))

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> Array:
        """Names of the features of `transform`.

        Parameters
        ----------
        input_features : None
            Not used.

        Returns
        -------
        names : ndarray of str
            Such as "kernel_036_dilation_4_bias_0" for a kernel whose weights are 2 at the places 0, 3 and 6.
        """
        check_is_fitted(self)
        names = [
            f"kernel_{i}{j}{k}_dilation_{dilation}_bias_{number}"
            for dilation, n in zip(self._kernels.dilations, self._kernels.n_biases, strict=True)
            for i, j, k in PLACES
            for number in range(n)
        ]
        return np.array(names, dtype=object)

    # by which notebooks link an estimator to its page
    _doc_link_module, _doc_link_template = DOC_LINK_MODULE, DOC_LINK_TEMPLATE
    _doc_link_url_param_generator = DOC_LINK_PARAMETERS

    # by which skl2onnx finds the graph of an estimator in a pipeline
    onnx_parser, onnx_shape_calculator, onnx_converter = onnx_parser, onnx_shape_calculator, onnx_converter

    # --- parts of fit ---------------------------------------------------------------------------------

    def _task_options(self) -> Any:
        """Options of the task."""
        raise NotImplementedError(f"{type(self).__name__} must define _task_options")

    def _targets(self, task: Task, values: Array) -> Array:
        """Encoded targets as numbers, of shape (samples, outputs)."""
        raise NotImplementedError(f"{type(self).__name__} must define _targets")

    def _choice(self, path: RidgePath, task: Task) -> ChosenPenalty:
        """Penalty and factor of each output."""
        raise NotImplementedError(f"{type(self).__name__} must define _choice")

    def _checked(self) -> Self:
        """The estimator with checked hyper-parameters, as Python's values."""
        check_hyperparameters(self)
        model = object.__new__(type(self))
        model.__dict__.update(
            {field.name: python_value(getattr(self, field.name)) for field in dataclasses.fields(self)}
        )
        return model

    def _specification(self) -> DataSpecification:
        return DataSpecification(
            type(self).__name__, Sequences, SequenceOptions(), self._task_class, self._task_options()
        )

    def _distinct(self, task: Task, samples: Samples) -> Distinct:
        weight = samples.target_weight
        weight = np.ones(len(samples)) if weight is None else weight.astype(np.float64)
        return distinct_series(samples.x, self._targets(task, samples.y.values), weight)

    def _keep(self, reader: Reader, task: Task, dtype: np.dtype[Any]) -> None:
        """Set what X is read and y is decoded by, and remove attributes of an earlier fit."""
        if self.__sklearn_is_fitted__():
            for name in self._reader.attributes() | self._task.attributes():
                delattr(self, name)
        self._reader, self._task, self._dtype = reader, task, dtype.name
        for name, value in (reader.attributes() | task.attributes()).items():
            setattr(self, name, value)

    def _choose_kernels(self, model: Self, series: Distinct, most_features: int) -> None:
        x, n_channels = series.x, series.x.shape[2]
        assert isinstance(x, Series | StoredRows)
        none = RunningMoments.none(n_channels)
        self._moments = channel_moments(x, series.weight) if model.standardize else none
        self._single = bool(model.standardize)

        def draw(rows: Array) -> tuple[Array, Array]:
            drawn, lengths = self._channels(x[rows])
            n_steps = drawn.shape[1]
            return drawn.transpose(2, 1, 0), np.full(len(rows), n_steps) if lengths is None else lengths

        rng = np.random.default_rng(drawn_seed(model.random_state))
        n_features = min(model.n_kernels, most_features)
        # Not the longest: if it is much longer, most dilations were too large for all others.
        n_steps = int(np.quantile(x.n_steps, USUAL_LENGTH))
        self._kernels = FixedKernels.fit(draw, len(x), n_channels, n_steps, n_features, rng)

    def _solve(self, model: Self, evidence: Evidence, series: Distinct | None) -> None:
        """Set the linear model."""
        with limited_blas(thread_count(model.n_jobs)):
            path, scaling = evidence.path()
            choice = model._choice(path, self._task)
            coefficients, intercept = path.coefficients(choice.alphas, evidence.rows.features, scaling)
        self.coef_ = np.ascontiguousarray((coefficients * choice.factors).T.astype(self._dtype))
        self.intercept_ = (intercept * choice.factors).astype(self._dtype)
        self.alpha_ = choice.alphas
        self.feature_means_ = scaling.mean
        self._set_choice(choice)

    def _set_choice(self, choice: ChosenPenalty) -> None:
        """Set further attributes."""

    # --- features and prediction ----------------------------------------------------------------------

    def _channels(self, x: Container) -> tuple[Array, Array | None]:
        """Standardized series of shape (channels, steps, series), zero after the end, and their lengths if unequal."""
        values, batch_info = x.as_batch()
        largest, dtype = self._range_of_channels()
        with np.errstate(over="ignore"):
            values = (values - self._moments.mean) / self._moments.scale
        values = np.clip(values, -largest, largest).astype(dtype)
        lengths = batch_info.lengths
        if lengths is not None:
            values[np.arange(values.shape[1]) >= lengths[:, np.newaxis]] = 0.0
        return np.ascontiguousarray(values.transpose(2, 1, 0)), lengths

    def _range_of_channels(self) -> tuple[float, np.dtype[Any]]:
        """Limit and precision of standardized values."""
        if self._single:
            return GREATEST, np.dtype(np.float32)
        dtype = np.dtype(self._dtype)
        return float(np.finfo(dtype).max) / 64, dtype

    def _rows(self, series: Distinct, rows: slice) -> FeatureRows:
        """Features, targets, weights and keys of some series."""
        return FeatureRows(self._features(series.x[rows]), series.y[rows], series.weight[rows], series.keys[rows])

    def _features(self, x: Container) -> Array:
        """Features of series, the same to the bit for any number of threads."""
        n_threads = thread_count(python_value(self.n_jobs))
        per_series = x.typical_length * x.shape[2]
        n_rows = min(
            max(-(-len(x) // n_threads), LEAST_NUMBERS_OF_A_THREAD // per_series), NUMBERS_IN_CACHE // per_series
        )
        return in_blocks(
            lambda block: shares_above(*self._channels(block), self._kernels), x, max(n_rows, 1), n_threads
        )

    def _raw(self, x: Container) -> Array:
        """Raw scores; how many series are multiplied at once does not depend on the number of threads."""
        with limited_blas(1):
            scores = [self._features(x[rows]) @ self.coef_.T for rows in slices(len(x), SERIES_PER_PRODUCT)]
        return np.concatenate(scores) + self.intercept_

    def _read(self, X: object) -> Series | StoredRows:
        x = self._reader.read(X, InputSpec(np.dtype(self._dtype), type(self).__name__))
        assert isinstance(x, Series | StoredRows)
        return x

    def _predicted(self, X: object, method: str = "decode") -> Any:
        check_is_fitted(self)
        x = self._read(X)
        return self._task.like_input(getattr(self._task, method)(self._raw(x)), x, X)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        Sequences.set_tags(tags)
        self._task_class.set_tags(tags)
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        state = {name: plain_state(value) if name in self._values() else value for name, value in state.items()}
        return with_version(state)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(converted(type(self).__name__, state).state)
        for name, kind in self._values().items():
            value = getattr(self, name, None)
            if value is not None:
                setattr(self, name, value_of(kind, value))

    def _values(self) -> dict[str, type]:
        """Fitted values that are kept in files as plain state, and their classes."""
        return {
            "_reader": Sequences,
            "_task": self._task_class,
            "_kernels": FixedKernels,
            "_moments": RunningMoments,
            "_evidence": Evidence,
        }
