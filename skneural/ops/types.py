"""Type aliases shared by all ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

Array = npt.NDArray[Any]
Matrix: TypeAlias = Array | sparse.csr_array  # a table, dense or sparse
Arrays: TypeAlias = Matrix | tuple[Any, ...]  # values passed between layers: one array, or several
Vjp = Callable[..., Any]  # (dy, *parameter gradients to fill) -> dx
Pointwise = Callable[[np.ndarray], tuple[Array, Vjp]]
