"""Prediction for dask collections."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.distributed.partitions import dask_module, is_list_of_parts
from skneural.sklearn_compat import num_samples


def predict(model: Any, X: Any, *, method: str = "predict") -> Any:
    """Predict for the partitions of a dask collection, when they are computed.

    Parameters
    ----------
    model : fitted estimator
        Of skneural, or a pipeline with one.
    X : dask array, dataframe or bag, or list of delayed objects or futures
    method : str, default="predict"
        Method of the model, such as "predict_proba" or "transform".

    Returns
    -------
    predictions : collection of the same kind as X
        Lazy, with the partitions of X. A dask series or dataframe, with the index of X, for a dataframe, of which the
        first row is predicted at once, because dask must know the columns.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If X is not divided into partitions.

    Examples
    --------
    >>> import dask.array as da
    >>> from skneural import MLPClassifier, distributed
    >>> X = da.random.default_rng(0).standard_normal((300, 4), chunks=(100, -1))
    >>> model = MLPClassifier(8, random_state=0, solver="lbfgs").fit(X.compute(), (X[:, 0] > 0).compute())
    >>> distributed.predict(model, X, method="predict_proba")
    dask.array<_predicted, shape=(300, 2), dtype=float64, chunksize=(100, 2), chunktype=numpy.ndarray>
    """
    check_is_fitted(model)
    dask = dask_module()
    whole = dask.delayed(model)
    if dask.is_dask_collection(X) and hasattr(X, "chunks"):
        return _of_array(model, whole, X, method)
    if dask.is_dask_collection(X) and hasattr(X, "dtypes"):
        like = _framed(X.head(1, npartitions=-1), model, method).iloc[:0]
        return X.map_partitions(_framed, whole, method, like, meta=like)
    if dask.is_dask_collection(X) and hasattr(X, "map_partitions"):
        return X.map_partitions(_listed, whole, method)
    if is_list_of_parts(X):
        return [dask.delayed(_predicted)(part, whole, method) for part in X]
    raise TypeError(
        f"X is a {type(X).__name__}; it must be a dask array, dataframe or bag, or a list of delayed objects or "
        f"futures. For data in memory, call {method} of the model."
    )


def _of_array(model: Any, whole: Any, X: Any, method: str) -> Any:
    """Predictions for an array, whose form is that of the prediction for a row of zeros."""
    like = np.asarray(getattr(model, method)(np.zeros((1, *X.shape[1:]), X.dtype)))
    X = X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
    return X.map_blocks(
        _predicted,
        whole,
        method,
        like=like[:0],
        chunks=(X.chunks[0], *((size,) for size in like.shape[1:])),
        drop_axis=list(range(1, X.ndim)),
        new_axis=list(range(1, like.ndim)),
        dtype=like.dtype,
        meta=like[:0],
        name=f"_predicted-{dask_module('dask.base').tokenize(X, model, method)}",
    )


def _predicted(X: Any, model: Any, method: str, like: Any = None) -> Any:
    """Predictions for one partition; an empty one has no prediction, in the form of `like`."""
    return like if like is not None and not num_samples(X) else getattr(model, method)(X)


def _framed(X: Any, model: Any, method: str, like: Any = None) -> Any:
    """Predictions for one partition of a dataframe, with its index."""
    pd = import_module("pandas")
    if like is not None and not len(X):
        return like
    values = getattr(model, method)(X)
    if getattr(values, "ndim", 1) == 1:
        return pd.Series(values, index=X.index, name=method)
    columns = getattr(model, "classes_", range(values.shape[1])) if "proba" in method else range(values.shape[1])
    return pd.DataFrame(values, index=X.index, columns=list(columns))


def _listed(X: Any, model: Any, method: str) -> list[Any]:
    """Predictions for one partition of a bag."""
    samples = list(X)
    return list(getattr(model, method)(samples)) if samples else []
