"""Normalization by the root mean square."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skneural.initializers import ones
from skneural.layers.layer import Backward, Context, Layer
from skneural.ops.rms_normalize import rms_normalize
from skneural.parameters import Parameter, Tree


@dataclass(frozen=True)
class RMSNormalization(Layer):
    """Divide each row by its root mean square, and scale each feature (Zhang and Sennrich 2019). x, y: (..., features).

    Parameters
    ----------
    n_features : int
    epsilon : float, default=1e-5
        Added to the mean square.
    """

    n_features: int
    epsilon: float = 1e-5

    def parameters(self) -> Tree:
        return {"scale": Parameter((self.n_features,), ones, penalized=False)}

    def forward(self, p: Tree, x: Any, context: Context) -> tuple[Any, Backward]:
        y, vjp = rms_normalize(x, p["scale"], self.epsilon)
        return y, lambda dy, g: vjp(dy, g["scale"])
