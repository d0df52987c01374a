"""Links: from the raw scores of a network to predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from skneural.ops.softmax import softmax
from skneural.ops.types import Array

Link = Callable[[Array], Array]


def identity(raw: Array) -> Array:
    return raw


# expit, and not the faster sigmoid that training uses: small probabilities keep all their digits.
LINKS: dict[str, Link] = {"identity": identity, "exp": np.exp, "logistic": expit, "softmax": softmax}
