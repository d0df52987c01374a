"""Links, which turn the raw scores of a network into predictions.

They are called inverse link functions in generalized linear models.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from skneural.ops.softmax import softmax
from skneural.ops.types import Array

Link = Callable[[Array], Array]


def _identity(raw: Array) -> Array:
    return raw


# expit instead of the faster sigmoid of the training code, because it computes small probabilities with full precision.
LINKS: dict[str, Link] = {"identity": _identity, "exp": np.exp, "logistic": expit, "softmax": softmax}
