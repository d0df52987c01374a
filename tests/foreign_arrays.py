"""Arrays and tables of other libraries, or objects that offer their numbers in the same way."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa


class Foreign:
    """Array of another library: its dtype is not NumPy's."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    dtype = re.compile("float64")  # any object that NumPy does not take for a dtype
    shape = property(lambda self: self.values.shape)
    ndim = property(lambda self: self.values.ndim)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> "Foreign":
        return type(self)(self.values[rows])


class Tensor(Foreign):
    """Array that converts itself to one of NumPy, as those of PyTorch and JAX do."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.values, dtype=dtype)


class DLPackTensor(Foreign):
    """Array that offers its memory by the DLPack protocol only."""

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.values.__dlpack_device__()


class Memory:
    """Object that describes the memory of an array, and has nothing else."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.__array_interface__ = values.__array_interface__


def frame(X: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])


def columns(X: np.ndarray) -> dict[str, np.ndarray]:
    return {f"x{i}": column for i, column in enumerate(X.T)}


# Functions from a two-dimensional array of float64 to another container of the same numbers.
CONTAINERS: dict[str, Callable[[np.ndarray], Any]] = {
    "list": np.ndarray.tolist,
    "pandas": frame,
    "pandas nullable": lambda X: frame(X).astype("Float64"),
    "pandas with Arrow": lambda X: frame(X).astype("double[pyarrow]"),
    "polars": lambda X: pl.DataFrame(columns(X)),
    "arrow": lambda X: pa.table(columns(X)),
    "big-endian": lambda X: X.astype(">f8"),
    "array interface": Memory,
    "tensor": Tensor,
    "dlpack": DLPackTensor,
    "long double": lambda X: X.astype(np.longdouble),
    "columns first": np.asfortranarray,
}
