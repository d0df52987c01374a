"""Names that scikit-learn does not export, or not in all supported releases.

Each has a public name here, so that a change in scikit-learn needs a change in one place only.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._set_output import _SetOutputMixin as SetOutputMixin
from sklearn.utils._set_output import _wrap_data_with_container as wrap_data_with_container
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _check_y as check_y
from sklearn.utils.validation import _num_samples as num_samples

if TYPE_CHECKING:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
else:
    try:
        from sklearn.callback import CallbackSupportMixin, with_callbacks
    except ImportError:  # before scikit-learn 1.9, whose estimators have no `set_callbacks`

        class CallbackSupportMixin:
            """No support of callbacks."""

        def with_callbacks(fit_method: Callable[..., Any]) -> Callable[..., Any]:
            """The method itself."""
            return fit_method


__all__ = [
    "CallbackSupportMixin",
    "SetOutputMixin",
    "callback_context",
    "check_sample_weight",
    "check_y",
    "column_owner",
    "compares_predictions",
    "has_callbacks",
    "in_output_container",
    "is_missing_value",
    "is_pandas_na",
    "metric_of",
    "metric_parameters",
    "num_samples",
    "response_methods",
    "safe_indexing",
    "scorer_with",
    "with_callbacks",
    "without_callbacks",
]


def is_missing_value(value: object) -> bool:
    """Return True for None, NaN, and missing values of pandas."""
    return value is None or is_pandas_na(value) or (isinstance(value, float) and value != value)


def in_output_container(estimator: BaseEstimator, rows: Any, X: Any, names: Sequence[str]) -> Any:
    """Output of `transform` as `set_output` asks for it, with the given names of columns."""
    owner = SimpleNamespace(
        get_feature_names_out=lambda: np.asarray(names, dtype=object),
        _sklearn_auto_wrap_output_keys={"transform"},
        _sklearn_output_config=getattr(estimator, "_sklearn_output_config", {}),
    )
    return wrap_data_with_container("transform", rows, X, owner)


def has_callbacks(estimator: CallbackSupportMixin) -> bool:
    """Return True if callbacks were registered with `set_callbacks`."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def without_callbacks(estimator: BaseEstimator) -> BaseEstimator:
    """A copy without callbacks, and without what they need during a fit, for files."""
    copied = copy.copy(estimator)
    for name in ("_skl_callbacks", "_skl_callbacks_to_teardown", "_callback_fit_ctx", "_parent_callback_ctx"):
        copied.__dict__.pop(name, None)
    return copied


def callback_context(estimator: CallbackSupportMixin, max_subtasks: int) -> Any:
    """The context that reports the tasks of one `fit` to the registered callbacks, if scikit-learn has any."""
    new = getattr(estimator, "_init_callback_context", None)
    return _NoCallbacks() if new is None else new(max_subtasks=max_subtasks)


class _NoCallbacks:
    """A context that reports to nobody."""

    def call_on_fit_task_begin(self, **arguments: Any) -> None:
        """Do nothing."""

    def call_on_fit_task_end(self, **arguments: Any) -> bool:
        """Do not ask for the end of training."""
        return False


def column_owner(estimator_name: str) -> BaseEstimator:
    """An empty estimator with the given class name.

    `sklearn.utils.validation.validate_data` stores the number and the names of columns as attributes of an estimator,
    and names its class in errors. Readers have no estimator, and pass this one.
    """
    return _named_class(estimator_name)()


@cache
def _named_class(name: str) -> type[BaseEstimator]:
    return type(name, (BaseEstimator,), {})


def metric_of(scorer: Callable[..., float]) -> Callable[..., float] | None:
    """The metric of a scorer that `sklearn.metrics.make_scorer` has made; None for other callables."""
    metric: Callable[..., float] | None = getattr(scorer, "_score_func", None)
    return metric


def metric_parameters(scorer: Any) -> dict[str, Any]:
    """The parameters that a scorer of scikit-learn passes to its metric."""
    return dict(scorer._kwargs)


def compares_predictions(scorer: Any) -> bool:
    """Return True if a scorer of scikit-learn compares predictions, and not probabilities or raw scores."""
    return bool(scorer._response_method == "predict")


def response_methods(scorer: Any) -> tuple[str, ...]:
    """Methods of a model, one of which a scorer of scikit-learn calls; none for other callables."""
    methods = getattr(scorer, "_response_method", ())
    if methods == "default":
        return ("predict",)
    return (methods,) if isinstance(methods, str) else tuple(methods)


def scorer_with(scorer: Any, metric: Callable[..., float], parameters: Mapping[str, Any]) -> Callable[..., float]:
    """A copy of a scorer of scikit-learn with another metric, or other parameters of it."""
    changed = copy.copy(scorer)
    changed._score_func, changed._kwargs = metric, dict(parameters)
    result: Callable[..., float] = changed
    return result
