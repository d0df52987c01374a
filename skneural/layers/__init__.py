"""Floor 3: frozen dataclasses that name their parameters and call ops; `layer` states the protocol."""

from skneural.layers.activation import Activation
from skneural.layers.augmentation import RandomFlip, RandomShift
from skneural.layers.combinators import Branches, Chain, Gate, Residual
from skneural.layers.convolution import Convolution, DepthwiseConvolution
from skneural.layers.dense import Bias, Dense
from skneural.layers.dropout import Dropout
from skneural.layers.embedding import Embedding
from skneural.layers.filter_bank import FilterBank
from skneural.layers.layer import PREDICTING, Context, Layer
from skneural.layers.layout import BatchLast, Flatten, Mask
from skneural.layers.normalization import BatchNormalization, LocalResponseNormalization, Standardization
from skneural.layers.pooling import GlobalPooling, Pooling

__all__ = [
    "PREDICTING",
    "Activation",
    "BatchLast",
    "BatchNormalization",
    "Bias",
    "Branches",
    "Chain",
    "Context",
    "Convolution",
    "Dense",
    "DepthwiseConvolution",
    "Dropout",
    "Embedding",
    "FilterBank",
    "Flatten",
    "Gate",
    "GlobalPooling",
    "Layer",
    "LocalResponseNormalization",
    "Mask",
    "Pooling",
    "RandomFlip",
    "RandomShift",
    "Residual",
    "Standardization",
]
