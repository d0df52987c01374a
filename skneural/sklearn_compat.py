"""Names that scikit-learn does not export, or not in all supported releases.

Each has a public name here, so that a change in scikit-learn needs a change in one place only.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._set_output import _SetOutputMixin as SetOutputMixin
from sklearn.utils.validation import _check_categorical_features as check_categorical_features
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _check_y as check_y
from sklearn.utils.validation import _num_samples as num_samples

if TYPE_CHECKING:
    from sklearn.callback import CallbackSupportMixin

__all__ = [
    "SetOutputMixin",
    "callback_context",
    "check_categorical_features",
    "check_sample_weight",
    "check_y",
    "column_owner",
    "has_callbacks",
    "is_pandas_na",
    "num_samples",
    "safe_indexing",
]


def has_callbacks(estimator: CallbackSupportMixin) -> bool:
    """Return True if callbacks were registered with `set_callbacks`."""
    return bool(getattr(estimator, "_skl_callbacks", None))


def callback_context(estimator: CallbackSupportMixin, max_subtasks: int) -> Any:
    """The context that reports the tasks of one `fit` to the registered callbacks."""
    return estimator._init_callback_context(max_subtasks=max_subtasks)


def column_owner(estimator_name: str) -> BaseEstimator:
    """An empty estimator with the given class name.

    `sklearn.utils.validation.validate_data` stores the number and the names of columns as attributes of an estimator,
    and names its class in errors. Readers have no estimator, and pass this one.
    """
    return _named_class(estimator_name)()


@cache
def _named_class(name: str) -> type[BaseEstimator]:
    return type(name, (BaseEstimator,), {})
