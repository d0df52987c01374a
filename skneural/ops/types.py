"""Names for the types that ops share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Vjp = Callable[..., Any]  # (dy, *parameter gradients to fill) -> dx
Pointwise = Callable[[np.ndarray], tuple[Array, Vjp]]
