"""The protocol of readers: fitted values that turn X into a container."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from numbers import Real
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn.utils import Tags, assert_all_finite
from sklearn.utils.validation import check_array, validate_data

from skneural.data import Container
from skneural.data.stored import is_array_object
from skneural.ops.blocks import slices
from skneural.ops.types import Array
from skneural.readers.frames import columns_named, dtypes_of, is_frame, labels_of
from skneural.sklearn_compat import column_owner, is_missing_value

# Training is in the first precision that holds the floats of X; in the first for anything else.
FLOATS = (np.float32, np.float64)

# Rows of a table in a block of predictions: enough for full speed, few enough that memory does not grow with X.
ROWS_PER_BLOCK = 2048

# Arrow's names of floating dtypes, and NumPy's.
ARROW_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}

CHANNELS_LAST = "Channels come last: give skneural.preprocessing.channels_first_to_last(X)."


class InputSpec(NamedTuple):
    """Requirements on X that do not depend on the reader.

    Attributes
    ----------
    dtype : dtype, or tuple of dtypes
        Precision of the container. Of several, in ascending order, the first that holds the floats of X.
    estimator_name : str
        Name of the class in error messages.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weights of the samples, for frequencies and quantiles that a reader learns; None if all are one.
    rows : integer array of shape (n_samples,) or None, default=None
        Rows of X that are the samples, for readers that select rows; None for all.
    """

    dtype: DTypeLike | tuple[type, ...]
    estimator_name: str
    sample_weight: Array | None = None
    rows: Array | None = None

    @property
    def dtypes(self) -> tuple[np.dtype[Any], ...]:
        dtypes = self.dtype if isinstance(self.dtype, tuple) else (self.dtype,)
        return tuple(np.dtype(dtype) for dtype in dtypes)

    def resolve(self, dtype: DTypeLike) -> np.dtype[Any]:
        """The precision in which X of the given dtype is read."""
        given = np.dtype(dtype)
        if given.kind != "f":
            return self.dtypes[0]
        return next((allowed for allowed in self.dtypes if np.can_cast(given, allowed)), self.dtypes[-1])

    def precision_of(self, X: object) -> np.dtype[Any]:
        """The precision in which X is read, whatever library it comes from."""
        return self.resolve(dtype_of(X)) if len(self.dtypes) > 1 else self.dtypes[0]

    def stored_dtype(self, X: object) -> np.dtype[Any]:
        """The dtype in which a container holds X: that of an array that is converted without loss of range.

        Converted at once, images of one byte a pixel would take four times their memory.
        """
        precision = self.precision_of(X)
        if isinstance(X, np.ndarray) and (X.dtype.kind in "iub" or np.can_cast(X.dtype, precision)):
            return X.dtype
        return precision

    def select(self, x: Container) -> Container:
        """The samples of a container of all rows of X."""
        return x if self.rows is None else x.subset(self.rows)

    def blocks_of_samples(self, values: Array) -> Iterator[Array]:
        """The samples in an array of all rows of X, in blocks."""
        n = len(values) if self.rows is None else len(self.rows)
        for rows in slices(n, ROWS_PER_BLOCK):
            yield values[rows] if self.rows is None else values[self.rows[rows]]

    @property
    def ensure_all_finite(self) -> str | bool:
        """The argument of scikit-learn's checks, which look for infinity in all rows, or nowhere."""
        return "allow-nan" if self.rows is None else False

    def ensure_finite_samples(self, values: Any, X: object = None) -> None:
        """Raise if values of samples are missing or infinite, after the check by scikit-learn.

        Parameters
        ----------
        values : array of shape (rows, ...), or sparse matrix
            Checked X.
        X : object, default=None
            As passed by the user, if its columns may have labels.
        """
        if self.rows is not None:
            for block in self.blocks_of_samples(values):
                assert_all_finite(block, allow_nan=True, estimator_name=self.estimator_name, input_name="X")
        ensure_none_is_nan(values, self.estimator_name, X, self.rows)


class ColumnEntries(NamedTuple):
    """Entries of the columns of a table in an array of a network.

    Attributes
    ----------
    axis : int
        Of the array.
    keys : list of tuples
        Along this axis: the column of each entry, and what it is of this column.
    starts_at_zero : bool
        Whether entries of a column that a model does not know start at zero.
    """

    axis: int
    keys: list[tuple[Any, ...]]
    starts_at_zero: bool = True


@dataclass(frozen=True)
class Reader:
    """Fitted value that turns X into a container.

    Members are frozen dataclasses whose fields are plain values (numbers, strings, arrays, and lists and dictionaries
    of these), so that saved models depend on no class of skneural except the estimator. They define `learn`, `read`,
    `shapes` and `attributes`, and override other methods as needed.
    """

    @classmethod
    def learn(cls, X: object, options: Any, spec: InputSpec) -> tuple[Self, Container]:
        """Learn from the training data, and read it.

        Parameters
        ----------
        X : object
            As passed by the user.
        options : object
            Hyper-parameters that this reader needs.
        spec : InputSpec

        Returns
        -------
        reader : Reader
        x : Container
            The samples of X.

        Raises
        ------
        ValueError
            If X is of another kind.
        """
        raise NotImplementedError(f"{cls.__name__} must define learn")

    def read(self, X: object, spec: InputSpec) -> Container:
        """The samples of X.

        Raises
        ------
        ValueError
            If X does not have the form of the training data.
        """
        raise NotImplementedError(f"{type(self).__name__} must define read")

    @classmethod
    def selects_rows(cls, options: Any) -> bool:
        """Return True if, with these options, members select ``spec.rows`` of an array by themselves."""
        return False

    @property
    def learned_once(self) -> str:
        """Words for what stays as learned from the first data, when training continues; empty if nothing does."""
        return ""

    @property
    def scaling_advice(self) -> str:
        """The scaling of X that helps to train, as a noun for messages; empty if X needs none."""
        return "scaled features (sklearn.preprocessing.StandardScaler)"

    def shapes(self) -> dict[str, Any]:
        """Arguments of the network builder that follow from X: plain values."""
        raise NotImplementedError(f"{type(self).__name__} must define shapes")

    def attributes(self) -> dict[str, Any]:
        """Public fitted attributes of the estimator, by name."""
        raise NotImplementedError(f"{type(self).__name__} must define attributes")

    def column_entries(self, arguments: Mapping[str, Any]) -> dict[str, ColumnEntries]:
        """Entries of columns in the arrays of the network with these arguments, by their paths; none by default.

        Not needed where "n_in" is an argument, the number of columns.
        """
        return {}

    def rows_per_block(self, x: Container) -> int:
        """Number of samples in a block of predictions, whose activations must fit into memory."""
        return ROWS_PER_BLOCK

    def restore(self, x: Container) -> Any:
        """Samples in the form of X, the inverse of `read`; for readers whose samples are not the rows of X."""
        raise NotImplementedError(f"{type(self).__name__} must define restore")

    @classmethod
    def set_tags(cls, tags: Tags) -> None:
        """Set ``tags.input_tags`` of scikit-learn's estimator tags."""


@dataclass(frozen=True)
class TableColumns:
    """Number and names of the columns of a table.

    Attributes
    ----------
    n_features : int
    names : array of str, or None
        None if the columns have no names, or names that are not all strings.
    """

    n_features: int
    names: Array | None = None

    @classmethod
    def learn(cls, X: object, spec: InputSpec, **check_params: Any) -> tuple[Self, Any]:
        """Learn the columns of X; also returns X, checked by `sklearn.utils.validation.validate_data`."""
        owner = column_owner(spec.estimator_name)
        checked = _validated(partial(validate_data, owner, reset=True), X, spec, **check_params)
        return cls(owner.n_features_in_, getattr(owner, "feature_names_in_", None)), checked

    def check(self, X: object, spec: InputSpec, **check_params: Any) -> Any:
        """X checked by `sklearn.utils.validation.validate_data`; its columns must be those that were learned."""
        owner = column_owner(spec.estimator_name)
        # scikit-learn takes an eighth of the time of the prediction of one row to see that columns are the same.
        if self._are_of(X):
            if "skip_check_array" in check_params:
                return X
            return _validated(partial(check_array, input_name="X", estimator=owner), X, spec, **check_params)
        owner.n_features_in_ = self.n_features
        if self.names is not None:
            owner.feature_names_in_ = self.names
        return _validated(partial(validate_data, owner, reset=False), X, spec, **check_params)

    def _are_of(self, X: object) -> bool:
        if self.names is None:
            return isinstance(X, np.ndarray) and X.shape[1:] == (self.n_features,)
        return is_frame(X) and labels_of(X) == self.names.tolist()

    def attributes(self) -> dict[str, Any]:
        named = {} if self.names is None else {"feature_names_in_": self.names}
        return {"n_features_in_": self.n_features, **named}


def _validated(validate: Callable[..., Any], X: object, spec: InputSpec, **params: Any) -> Any:
    """X checked by scikit-learn; errors name the column that does not hold numbers."""
    if "skip_check_array" in params:
        return validate(X, **params)
    options = {"dtype": spec.precision_of(X), "order": "C", "ensure_all_finite": spec.ensure_all_finite} | params
    with columns_named(X, spec.estimator_name):
        checked = validate(X, **options)
    if sparse.issparse(checked):  # sums note in it that it is sorted: in an object of our own with the same arrays
        checked = type(checked)(checked)
    spec.ensure_finite_samples(checked, X)
    return checked


def ensure_none_is_nan(x: Any, estimator_name: str, X: object = None, rows: Array | None = None) -> None:
    """Raise if values are missing.

    Parameters
    ----------
    x : array of shape (n_samples, ...), or sparse matrix
        Checked X, without infinite values.
    estimator_name : str
    X : object, default=None
        As passed by the user, if its columns may have labels.
    rows : integer array or None, default=None
        Rows of x that are looked at; None for all.
    """
    blocks = [x] if rows is None else (x[rows[part]] for part in slices(len(rows), ROWS_PER_BLOCK))
    with np.errstate(over="ignore", invalid="ignore"):
        # A fraction of the time of comparing all values. The data of sparse blocks: sums would merge duplicates in X.
        if not any(np.isnan((block.data if sparse.issparse(block) else block).sum()) for block in blocks):
            return
    where = sparse.coo_array(x) if sparse.issparse(x) else x
    places = np.argwhere(np.isnan(x)) if where is x else np.stack(where.coords, axis=1)[np.isnan(where.data)]
    places = places if rows is None else places[np.isin(places[:, 0], rows)]
    if not len(places):  # sums of large numbers of both signs are NaN, too
        return
    place = f"sample {places[0][0]}"
    if x.ndim == 2:
        column = labels_of(X)[places[0][1]] if is_frame(X) else int(places[0][1])
        place = f"column {column!r} of row {places[0][0]}"
    raise ValueError(
        f"Input X contains NaN: in {place}, and {len(places)} in all. {estimator_name} takes no missing values: fill "
        "them in, such as by sklearn.impute.SimpleImputer, or leave these samples out. TabularMLPClassifier, "
        "TabularMLPRegressor and DiffusionModel take tables with missing values as they are."
    )


def without_names(value: Any) -> Any:
    """A reader, or a value in one, that does not compare the names of columns."""
    if isinstance(value, TableColumns):
        return replace(value, names=None)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    return replace(value, **{field.name: without_names(getattr(value, field.name)) for field in fields(value)})


def precision(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Precision of training: that of X, or float32 if X is not floating, such as tokens."""
    return dtype if dtype.kind == "f" else np.dtype(np.float32)


def with_dtype(X: object) -> Any:
    """Lists and arrays of other libraries as NumPy arrays; arrays, sparse matrices and data frames unchanged."""
    if isinstance(X, np.ndarray) or sparse.issparse(X) or is_frame(X) or hasattr(X, "iloc"):
        ensure_no_sample_is_missing(X)
        return X
    _ensure_in_memory(X)
    ensure_is_collection(X)
    X = with_rows(X)
    ensure_no_sample_is_missing(X)
    lengths = lengths_of(X)
    if len(lengths) > 1:
        raise ValueError(f"The samples of X have different lengths, such as {lengths[0]} and {lengths[-1]}.")
    return np.asarray(X)


def _ensure_in_memory(X: Any) -> None:
    """Raise if X is stored elsewhere, and was not read block by block before: this reader needs it in one piece."""
    if is_array_object(X) and X.ndim:
        raise TypeError(
            f"X is a {type(X).__name__}, whose rows are read when they are needed, which is possible for numbers in "
            "one array: tables, images, and series of equal length, of estimators that train on batches of these. "
            "Read it, as X[:], or give chunks of rows to skneural.streaming.fit, such as skneural.streaming.RowBlocks."
        )


def ensure_is_collection(data: Any, name: str = "X") -> None:
    """Raise if data is not an array or another collection with an element for each sample."""
    if isinstance(data, list | tuple) and not data:
        raise ValueError(f"{name} is empty: it has 0 sample(s).")
    if data is None or isinstance(data, str | bytes | Mapping | Set):
        known = False
    else:
        known = any(hasattr(data, name) for name in ("__len__", "__array__", "__array_interface__", "__dlpack__"))
    if not known:
        what = "None" if data is None else f"of type {type(data).__name__}"
        raise TypeError(
            f"{name} is {what}; it must be an array, a data frame or a list, with an element for each sample."
        )


def ensure_no_sample_is_missing(X: Any) -> None:
    """Raise if a sample in a list, or in an object array, is None or NaN while others are not."""
    if not (isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1)):
        return
    missing = [i for i, sample in enumerate(X) if is_missing_value(sample)]
    if missing and any(hasattr(sample, "__len__") for sample in X):
        raise ValueError(f"X[{missing[0]}] is {X[missing[0]]}, not a sample: leave it out, with its y.")


def with_rows(X: object) -> Any:
    """X, from which rows can be selected: an array in place of an object that only describes the memory of one."""
    if hasattr(X, "__dlpack__") and not hasattr(X, "__array__"):
        return np.from_dlpack(X)
    return np.asarray(X) if hasattr(X, "__array_interface__") and not hasattr(X, "__len__") else X


def dtype_of(X: Any) -> np.dtype[Any]:
    """The common dtype of all numbers of X: an array, a sparse matrix, a list, or a frame of any library."""
    if is_frame(X):
        numbers = [dtype for dtype in map(_numpy_dtype, dtypes_of(X)) if dtype.kind in "fiub"]
        return np.result_type(*numbers) if numbers else _dtype_of_objects(np.asarray(X))
    X = with_dtype(X)
    return _dtype_of_objects(X) if isinstance(X, np.ndarray) else _numpy_dtype(X.dtype)


def _numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """The NumPy dtype of numbers or booleans in pandas, Polars or Arrow; object for everything else."""
    dtype = getattr(dtype, "subtype", getattr(dtype, "numpy_dtype", dtype))  # sparse and nullable dtypes of pandas
    if isinstance(dtype, np.dtype):
        return dtype
    name = ARROW_FLOATS.get(str(dtype).lower(), str(dtype).lower())
    if name.startswith("bool"):
        return np.dtype(bool)
    return np.dtype(name if re.fullmatch(r"(float|u?int)\d+", name) else object)


def _dtype_of_objects(x: np.ndarray) -> np.dtype[Any]:
    """The dtype of an array; float64 if it holds Python's floats as objects, among other numbers and None only."""
    if x.dtype != object:
        return x.dtype
    classes = set(map(type, x.flat)) - {type(None)}
    are_floats = all(issubclass(kind, Real) for kind in classes) and any(issubclass(kind, float) for kind in classes)
    return np.dtype(np.float64) if are_floats else x.dtype


def lengths_of(samples: object) -> list[int]:
    """The distinct lengths of the sequences in a list, in ascending order."""
    if not isinstance(samples, list | tuple):
        return []
    sequences = (sample for sample in samples if hasattr(sample, "__len__") and not isinstance(sample, str | bytes))
    return sorted({_length(sequence) for sequence in sequences if getattr(sequence, "ndim", 1)})


def _length(sequence: Any) -> int:
    """Number of elements, or of rows of an array, which sparse ones do not tell by ``len``."""
    return sequence.shape[0] if hasattr(sequence, "shape") else len(sequence)
