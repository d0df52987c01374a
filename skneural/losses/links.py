"""Links: from the raw scores of a network to predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from skneural.ops.pointwise import sigmoid
from skneural.ops.softmax import softmax
from skneural.ops.types import Array

Link = Callable[[Array], Array]


def identity(raw: Array) -> Array:
    return raw


LINKS: dict[str, Link] = {"identity": identity, "exp": np.exp, "logistic": sigmoid, "softmax": softmax}
