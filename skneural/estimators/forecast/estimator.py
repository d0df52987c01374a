"""Forecasting of many series by windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.estimators.forecast.backtest import backtest
from skneural.estimators.forecast.container import ForecastWindows, ManySeries, SeriesArrays
from skneural.estimators.forecast.errors import naive_forecasts, scaled_error, seasonal_errors
from skneural.estimators.forecast.forms import GivenSeries, known_pieces
from skneural.estimators.forecast.reader import LongSeries, SeriesOptions
from skneural.estimators.forecast.task import LOSSES_OF_FORECASTS, Forecasting, ForecastOptions
from skneural.hyperparameters import (
    BOOLEAN,
    INFINITY,
    NONE,
    QUANTILES,
    Choice,
    Constraint,
    Integer,
    Number,
    Sizes,
    check_arguments,
    declare,
    hyperparameter,
)
from skneural.layers import Layer
from skneural.losses import ElementwiseLoss
from skneural.networks.forecast import forecast_network
from skneural.ops.pointwise import AnyActivation
from skneural.ops.types import Array
from skneural.ops.window_units import NORMALIZATIONS
from skneural.optimizers import ScheduleFunction
from skneural.readers import Reader
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import batch_size_hyperparameter, early_stopping_hyperparameter
from skneural.template.estimator import NeuralEstimator, has_partial_fit
from skneural.template.problem import Problem
from skneural.template.settings import TrainingSettings
from skneural.template.state import all_or_nothing, plain_state, value_of
from skneural.template.training import Hooks, Trained, raw_scores, train_problem
from skneural.template.validation import is_splitter
from skneural.template.values import (
    ELEMENTWISE_LOSS,
    activation_hyperparameter,
    ensure_identity_link,
    learning_rate_hyperparameter,
)
from skneural.training.interrupts import Interrupts
from skneural.user_warnings import warn_user

# The brief training before the proper one takes this share of its epochs.
BRIEF = 0.25

# Share of a typical series that the brief training does not see, but at least one horizon.
HELD_OUT_SHARE = 0.1

# The error of a naive forecast is at least so many times that of the network, or a warning says that it is not.
LEAST_ADVANTAGE = 1.02


@dataclass(frozen=True)
class TrainedForecaster(Trained):
    """A trained network, with the errors of a brief training on the past, by method; empty if there was none."""

    held_out_errors: dict[str, float] = field(default_factory=dict)


@declare
class SeriesForecaster(NeuralEstimator):
    """Forecaster of the next steps of one or many series.

    A network reads the last steps of a series, its window, and forecasts all steps of the horizon at once. One network
    learns from the windows of all series, and forecasts each of them, and further ones without being fitted again.
    Each window is centred and scaled by its own values, so that levels and units of the series do not matter. The
    network is a linear map plus a multilayer perceptron for windows of several lengths, whose forecasts are averaged
    (`n_members`). By default it minimizes the absolute error, for which a season should be given if there is one.

    Series are an array of shape (n_series, steps), or (n_series, steps, channels) for several channels, whose forecasts
    may depend on each other; a list of arrays of shape (steps,) or (steps, channels), whose lengths may differ; or an
    array of shape (steps,) for a single series. A DataFrame of pandas, polars or Arrow is *wide*, with a column for
    each series and a row for each step, or *long*, with a column named id, and further columns for one or several
    channels. A column of times, or the index of pandas, may be there in both forms: times are a number of equal steps,
    business days or months apart. Missing values (NaN), and steps without a row, are gaps: they are filled with the
    value one season before, or the last one, the network is told where they are, and they are no targets. So are the
    steps before the start of a series that is shorter than a window.

    {parameters}

    {attributes}

    See Also
    --------
    skneural.preprocessing.SlidingWindows : Windows and targets for any regressor.
    skneural.preprocessing.calendar_features : Known values of times.

    Notes
    -----
    Networks do not forecast everything better than simpler methods: not prices and rates, whose last value is the best
    forecast, and hardly single series of less than a few hundred steps. `fit` holds out the last steps once, in a brief
    training before the proper one, and warns if the last value or the last season is about as good. `backtest` compares
    more thoroughly.

    References
    ----------
    .. [1] Makridakis, Spiliotis and Assimakopoulos. "The M4 competition: 100,000 time series and 61 forecasting
       methods". International Journal of Forecasting 36, 2020.
    .. [2] Zeng, Chen, Zhang and Xu. "Are Transformers effective for time series forecasting?". AAAI 2023.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import SeriesForecaster
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=(3, 100))
    >>> wave = 2 + np.sin(np.arange(103) * 2 * np.pi / 12)
    >>> series = np.array([[1.0], [20.0], [300.0]]) * (wave[:100] + noise)
    >>> model = SeriesForecaster(horizon=3, season=12, hidden_layer_sizes=32, random_state=0).fit(series)
    >>> model.predict().shape
    (3, 3)
    >>> bool(np.abs(model.predict()[1] / 20 - wave[100:]).max() < 0.2)
    True
    """

    _reader_class: ClassVar[type[Reader]] = LongSeries
    _task_class: ClassVar[type[Task]] = Forecasting
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(forecast_network)

    if TYPE_CHECKING:
        _reader: LongSeries = field(init=False)
        _task: Forecasting = field(init=False)
        _history: dict[str, Any] = field(init=False)

    horizon: int = hyperparameter(default=1, constraint=Integer(1), doc="Number of steps to forecast.", kw_only=False)
    season: int | None = hyperparameter(
        default=None,
        constraint=Integer(2) | NONE,
        doc="Steps of a season, such as 12 for months, 7 for days or 24 for hours; None if there is none.",
    )
    window_size: int | Sequence[int] | str = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Sizes(1, empty=False),
        doc="""Steps of the window: an integer, around which the windows of the members are, from two thirds to one and
        a half times as long; or the steps of each member, whose number is not `n_members` then. "auto": the longer of
        twice the horizon and seven seasons, but no more than a quarter of a typical series, or half of it for the
        horizon.""",
    )
    normalize: str | None = hyperparameter(
        default="last",
        constraint=Choice(*NORMALIZATIONS) | NONE,
        doc="""Units of each window and its targets: "last" subtracts the last value, "mean" the mean of the window, and
        both divide by its standard deviation. "season" is "last" for the window, and subtracts from each target the
        value one season before. None: the same units for all windows.""",
    )
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(256, 256),
        constraint=Sizes(1),
        doc="Units of each hidden layer of each member; () for the linear map alone.",
    )
    activation: AnyActivation = activation_hyperparameter("relu", "Activation function of the hidden layers.")
    dropout: float = hyperparameter(
        default=0.1,
        constraint=Number(0, 1, below=True),
        doc="Fraction of hidden activations dropped at each training step.",
    )
    loss: str | ElementwiseLoss = hyperparameter(
        default="absolute_error",
        constraint=Choice(*LOSSES_OF_FORECASTS) | ELEMENTWISE_LOSS,
        doc="""Loss to minimize, in the units of windows: "absolute_error" estimates the median, "squared_error" the
        mean, "huber" a robust mean. Another one is an object of a class derived from `skneural.losses.ElementwiseLoss`
        whose link is the identity; `skneural.testing.check_loss` checks it. Not used with `quantile`.""",
    )
    quantile: float | Sequence[float] | None = hyperparameter(
        default=None,
        constraint=QUANTILES | NONE,
        doc="""Quantile to forecast instead of the median, or several, such as (0.1, 0.5, 0.9), which are then the last
        axis of forecasts and never cross.""",
    )
    log: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="Whether to forecast logarithms, for positive series whose changes are in proportion to their level.",
    )
    calendar: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="""Whether the network is given features of the times of data frames, those of the horizon included: the
        hour, the day of the week and the time of the year, as far as steps differ in them; see
        `skneural.preprocessing.calendar_features`.""",
    )
    compare: bool = hyperparameter(
        default=True,
        constraint=BOOLEAN,
        doc="""Whether `fit` first trains briefly without the last steps, and warns if the last value or the last season
        forecasts these about as well, or better. It takes a quarter of the time of the proper training. Not done for
        quantiles without the median, which are no forecasts to compare with these.""",
    )
    n_members: int = hyperparameter(
        default=3,
        constraint=Integer(1),
        doc="Number of perceptrons whose forecasts are averaged, each with a window of another length.",
    )
    max_windows: int = hyperparameter(
        default=25_000,
        constraint=Integer(1),
        doc="""Maximum number of windows of an epoch. If there are more, each epoch takes other ones: a random one of
        every few successive windows of a series.""",
    )
    learning_rate: str | ScheduleFunction = learning_rate_hyperparameter(
        "one_cycle",
        """Schedule of the step size: "one_cycle" increases and then decreases it until `max_iter`; "constant";
        "invscaling" decreases it with the samples seen; "adaptive" divides it by five whenever the score stops
        improving; "cosine" decreases it to zero at `max_iter`. In `partial_fit`, "constant" is better.""",
    )
    batch_size: int | str = batch_size_hyperparameter(256, unit="Windows", least=16, batches_per_epoch=100)
    max_iter: int = hyperparameter(
        default=10,
        constraint=Integer(1),
        doc="Maximum number of epochs (passes over the windows), or of iterations of lbfgs.",
    )
    n_iter_no_change: float = hyperparameter(
        default=math.inf,
        constraint=Integer(1) | INFINITY,
        doc="""Training stops after more than this number of consecutive epochs without improvement; inf: never, so that
        schedules are completed.""",
    )
    # One cycle over all windows was better than a choice of the epoch by the last windows, which are missing in
    # training then: MASE .90 and 1.06 on hourly series of the M4 competition, .798 and .812 on electricity (ETTh1).
    early_stopping: bool | str = early_stopping_hyperparameter(
        math.inf,
        """Hold out the last windows of all series, keep the weights of the epoch with the best score of these, and stop
        early if `n_iter_no_change` is finite.""",
    )
    validation_split: Any = hyperparameter(
        default="last",
        constraint=Choice("last", "random") | Constraint("splitter with a method split", is_splitter),
        doc="""Choice of the windows that `early_stopping` holds out: the "last" ones of all series in time; "random"
        ones, which overlap those of training; or a splitter of `sklearn.model_selection`, whose last split is used.""",
    )

    attributes_doc = {
        "n_features_in_": ("int", "Number of channels."),
        "window_sizes_": ("list of int", "Steps of the window of each member."),
        "held_out_errors_": (
            "dict from str to float",
            """MASE of the last steps of the training series, held out in a brief training: of the "model", the "last
            value" and, with a season, the "last season". Empty without `compare`, or if series are too short.""",
        ),
    }

    def fit(  # type: ignore[override]  # there is no y
        self,
        series,
        known=None,
        sample_weight=None,
        *,
        X_val=None,
        known_val=None,
        sample_weight_val=None,
        resume_from=None,
    ):
        """Fit the network on all windows of all series.

        Parameters
        ----------
        series : array-like, list of arrays, or DataFrame
            One or several series, in a form that the class documents.
        known : array-like, list of arrays, or DataFrame, default=None
            Values that are known in advance, such as prices, holidays, or `calendar_features` of the times: for each
            step of the series, and possibly of steps that follow them. An array of shape (steps, n_known) for all
            series alike, or a list of arrays, one for each series. A DataFrame has a row for each time, and is matched
            by the columns of times and of series.
        sample_weight : array-like of shape (n_series,), default=None
            Non-negative weight of each series, not all zero. A weight of two is equivalent to a repetition.
        X_val : array-like, list of arrays, or DataFrame, default=None
            Series for early stopping, instead of the last windows.
        known_val : array-like, list of arrays, or DataFrame, default=None
            Values known in advance for the series of `X_val`.
        sample_weight_val : array-like of shape (n_series_val,), default=None
            Weights of the series of `X_val`.
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
            If hyper-parameters or series are invalid, or training diverges. The estimator is then unchanged.
        """
        validation = None if X_val is None else GivenSeries.of(X_val, known_val)
        arguments = FitArguments(GivenSeries.of(series, known), None, sample_weight)
        return self._fit(arguments, FitArguments(validation, None, sample_weight_val), resume_from)

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, series, known=None, sample_weight=None):
        """Train for exactly one pass over the windows of the given series, continuing from the last call or `fit`.

        Units that windows share, window sizes and the form of the series stay as in the first call. `predict` without
        arguments forecasts the series of the last one.

        Parameters
        ----------
        series : array-like, list of arrays, or DataFrame
        known : array-like, list of arrays, or DataFrame, default=None
        sample_weight : array-like of shape (n_series,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(FitArguments(GivenSeries.of(series, known), None, sample_weight))
        return self

    def predict(self, series=None, known=None):
        """Forecast the steps of the horizon that follow each series.

        Parameters
        ----------
        series : array-like, list of arrays, or DataFrame, default=None
            Series in a form that the class documents, of any lengths; None for those of `fit`.
        known : array-like, list of arrays, or DataFrame, default=None
            Values that are known in advance, if the model was fitted with such: of all steps of the series and of the
            horizon. Without `series`, of the steps of the horizon alone; they may be left out if `fit` was given them.

        Returns
        -------
        forecasts : ndarray of shape (n_series, horizon), or DataFrame
            With several channels (n_series, horizon, channels), and with several quantiles a further axis of these. A
            DataFrame, with the times that follow, if the series were given in one; quantiles are then appended to the
            names of the columns.
        """
        check_is_fitted(self)
        if series is None:
            form, arrays = self._reader.form, self._history_with(known)
        else:
            given = GivenSeries.of(series, known)
            form, arrays = given.form, cast(ManySeries, self._read(given)).arrays
        forecasts = self._forecasts(arrays)
        quantiles = self._task.options.quantiles
        forecasts = forecasts[..., 0] if quantiles is not None and len(quantiles) == 1 else forecasts
        if form is not None:
            return form.restore(forecasts, quantiles if quantiles is not None and len(quantiles) > 1 else None)
        return forecasts[:, :, 0] if forecasts.shape[2] == 1 else forecasts

    def backtest(self, series, n_origins=3, known=None):
        """Forecast the past of series, beside their last value, last season and a ridge regression on these windows.

        An unfitted copy of this estimator is fitted on the steps before the first origin, and forecasts from each
        origin, given the steps before it. Series that are too short for this are left out. Of quantiles, the
        closest to the median is compared.

        Parameters
        ----------
        series : array-like, list of arrays, or DataFrame
        n_origins : int, default=3
            Number of origins, which are horizons apart; the steps of the last forecast are the end of each series.
        known : array-like, list of arrays, or DataFrame, default=None
            As in `fit`.

        Returns
        -------
        result : Backtest
            Printed as a table of the mean absolute scaled error (MASE), the symmetric mean absolute percentage error
            (sMAPE) and the weighted absolute percentage error (WAPE). ``result.errors`` holds these numbers, and
            `skneural.inspection.BacktestDisplay` draws the forecasts.

        Raises
        ------
        ValueError
            If no series is long enough.
        """
        check_arguments(n_origins=(n_origins, Integer(1)))
        given, held_out = GivenSeries.of(series, known), int(n_origins * self.horizon)
        long_enough = np.flatnonzero([len(piece) > held_out + self.horizon for piece in given.pieces])
        if not len(long_enough):
            raise ValueError(
                f"No series has more than {held_out + self.horizon} steps, which n_origins={n_origins} horizons of "
                f"{self.horizon} steps and one more for training need. Give fewer origins."
            )
        given = given[long_enough]
        model = clone(self).fit(given.without_last(held_out))
        arrays = cast(ManySeries, model._read(given)).arrays
        to_units = np.exp if model.log else np.asarray
        return backtest(model._central_forecasts, model._task, arrays, n_origins, given.names(), to_units)

    def score(self, series, known=None):
        """Negative MASE of the last steps of each series, forecast from the steps before.

        Parameters
        ----------
        series : array-like, list of arrays, or DataFrame
            Series that were not seen in training, or of which the last steps were not.
        known : array-like, list of arrays, or DataFrame, default=None

        Returns
        -------
        score : float
            At most 0; greater is better.
        """
        check_is_fitted(self)
        arrays = cast(ManySeries, self._read(GivenSeries.of(series, known))).arrays
        ends = arrays.lengths - self._task.form.horizon
        if (ends < 1).any():
            raise ValueError(f"Series need more steps than the horizon of {self._task.form.horizon} to be scored.")
        past = arrays.without_last(self._task.form.horizon)
        to_units = np.exp if self._reader.options.log else np.asarray
        windows = self._task.last_windows(arrays, self.weights_.dtype).at(np.arange(len(ends)), ends)
        scale = seasonal_errors(replace(past, values=to_units(past.values)), self._task.form.season)
        return -scaled_error(to_units(windows.future()), to_units(self._central_forecasts(past)), scale)

    # --- hooks ----------------------------------------------------------------------------------------

    def _reader_options(self) -> SeriesOptions:
        return SeriesOptions(self.horizon, self.season, self.log, self.calendar)

    def _task_options(self) -> ForecastOptions:
        sizes = self.window_size
        return ForecastOptions(
            self.horizon,
            self.season,
            None if isinstance(sizes, str) else sizes if isinstance(sizes, int) else list(sizes),
            self.normalize,
            self.loss,
            None if self.quantile is None else np.atleast_1d(np.asarray(self.quantile, np.float64)).tolist(),
            self.n_members,
            self.max_windows,
        )

    def _check_together(self) -> None:
        if self.normalize == "season" and self.season is None:
            raise ValueError('normalize="season" needs the steps of a season: set season.')
        if isinstance(self.loss, ElementwiseLoss):
            ensure_identity_link(self.loss, "forecasts are compared in the units of windows")

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        interrupts = Interrupts()
        errors: dict[str, float] = {}
        quantiles = cast(Forecasting, problem.task).options.quantiles
        forecasts_median = quantiles is None or 0.5 in quantiles
        if self.compare and forecasts_median and not (settings.one_pass or problem.continues):
            deadline = hooks(problem).deadline.of_next(round(1 / BRIEF) + 1)
            brief_hooks = Hooks(interrupts=interrupts, deadline=deadline)
            errors, trained = self._errors_of_brief_training(problem, settings, brief_hooks)
            if trained is not None and interrupts.ended_training:
                return problem, trained
        trained = train_problem(problem, settings, replace(hooks(problem), interrupts=interrupts))
        _warn_of_better(errors, self.horizon)
        return problem, TrainedForecaster(**vars(trained), held_out_errors=errors)

    def _statistics(self, problem: Problem, trained: Trained) -> dict[str, Any]:
        windows = cast(ForecastWindows, problem.samples.x)
        history = plain_state(windows.arrays.last(windows.form.longest))
        errors = trained.held_out_errors if isinstance(trained, TrainedForecaster) else {}
        return {"_history": history, "held_out_errors_": errors}

    # --- forecasts ------------------------------------------------------------------------------------

    def _errors_of_brief_training(
        self, problem: Problem, settings: TrainingSettings, hooks: Hooks
    ) -> tuple[dict[str, float], Trained | None]:
        """Errors on the last steps of a network that was briefly trained without them, and of naive forecasts."""
        windows, task = cast(ForecastWindows, problem.samples.x), cast(Forecasting, problem.task)
        arrays, horizon, season = windows.arrays, task.form.horizon, task.form.season
        n_held_out = max(1, int(HELD_OUT_SHARE * np.median(arrays.lengths) / horizon)) * horizon
        is_past, is_last = windows.from_end >= n_held_out, windows.from_end <= n_held_out - horizon
        if not is_past.any() or not is_last.any():
            return {}, None
        brief = replace(problem, samples=problem.samples.subset(np.flatnonzero(is_past)), held_out=None)
        brief = replace(brief, optimizer_state={}, progress=None)
        brief.samples.weigh()
        epochs = max(1, round(BRIEF * settings.max_iter))
        settings = replace(settings, max_iter=epochs, early_stopping=False, training_scores=False)
        trained = train_problem(brief, settings, hooks)
        last = windows[np.flatnonzero(is_last)]
        tree = problem.network.layout.views(*trained.weights)
        raw = raw_scores(replace(problem, samples=replace(problem.samples, x=last)), tree, last, settings.n_jobs)
        scale = seasonal_errors(arrays.without_last(n_held_out), season)[last.series]
        forecasts = {"model": last.restore(_central(task.decode(raw), task.options.quantiles))}
        forecasts |= naive_forecasts(arrays, last.series, last.origins, horizon, season)
        actual = last.future()
        return {name: scaled_error(actual, forecast, scale) for name, forecast in forecasts.items()}, trained

    def _forecasts(self, arrays: SeriesArrays) -> Array:
        """Forecasts in the units of the series, of shape (n_series, horizon, channels), or also with quantiles."""
        self._ensure_known(arrays)
        windows = self._task.last_windows(arrays, self.weights_.dtype)
        forecasts = windows.restore(self._task.decode(self._raw(windows)).astype(np.float64))
        return np.exp(forecasts) if self._reader.options.log else forecasts

    def _central_forecasts(self, arrays: SeriesArrays) -> Array:
        """Forecasts of one number for each step, as values of the arrays, which may be logarithms."""
        self._ensure_known(arrays)
        windows = self._task.last_windows(arrays, self.weights_.dtype)
        decoded = self._task.decode(self._raw(windows)).astype(np.float64)
        return windows.restore(_central(decoded, self._task.options.quantiles))

    def _history_with(self, known: object) -> SeriesArrays:
        """The ends of the training series, with the known values of the horizon."""
        history, form = value_of(SeriesArrays, self._history), self._reader.form
        if known is None:
            return history
        if not self._reader.n_known:
            raise ValueError("known is given, but this model was fitted without values known in advance.")
        starts = None
        if form is not None and form.grid is not None and form.last is not None:
            starts = [form.grid.at(last, 1) for last in form.last]
        pieces = known_pieces(known, len(history.lengths), form, starts)
        return history.with_future(self._reader.with_calendar(pieces, starts, form))

    def _ensure_known(self, arrays: SeriesArrays) -> None:
        """Raise if the values known in advance do not cover the horizon."""
        if not arrays.known.shape[1]:
            return
        missing = np.flatnonzero(arrays.known_lengths < arrays.lengths + self._task.form.horizon)
        if len(missing):
            i, horizon = missing[0], self._task.form.horizon
            raise ValueError(
                f"Series {i} has {arrays.known_lengths[i] - arrays.lengths[i]} steps of values known in advance after "
                f"its end, but forecasts need them for the {horizon} steps of the horizon: give known for these."
            )


def _central(forecasts: Array, quantiles: list[float] | None) -> Array:
    """The forecasts themselves, or of several quantiles the one that is closest to the median."""
    return forecasts if quantiles is None else forecasts[..., int(np.argmin(np.abs(np.array(quantiles) - 0.5)))]


def _warn_of_better(errors: dict[str, float], horizon: int) -> None:
    """Warn if a network is hardly better, after a brief training, than the last value or the last season."""
    if not errors:
        return
    best = min((name for name in errors if name != "model"), key=errors.__getitem__)
    if errors[best] < LEAST_ADVANTAGE * errors["model"]:
        warn_user(
            f"The {best} forecasts the last steps of these series better than the network, or nearly as well: the MASE "
            f"is {errors[best]:.3g}, and {errors['model']:.3g} for the network after a brief training without these "
            f"steps. Compare both by backtest before you use forecasts of {horizon} steps."
        )
