"""Floor 3: frozen dataclasses that name their parameters and call ops; `layer` states the protocol."""

from skneural.layers.activation import Activation
from skneural.layers.combinators import Branches, Chain, Gate, Residual
from skneural.layers.dense import Dense
from skneural.layers.dropout import Dropout
from skneural.layers.layer import PREDICTING, Context, Layer
from skneural.layers.normalization import BatchNormalization

__all__ = [
    "PREDICTING",
    "Activation",
    "BatchNormalization",
    "Branches",
    "Chain",
    "Context",
    "Dense",
    "Dropout",
    "Gate",
    "Layer",
    "Residual",
]
