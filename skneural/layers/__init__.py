"""Floor 3: frozen dataclasses that name their parameters and call ops; `layer` states the protocol."""

from skneural.layers.activation import Activation
from skneural.layers.augmentation import RandomFlip, RandomShift
from skneural.layers.axes import BatchLast, Flatten, Mask, RealSteps, RowsFirst, StepsFirst
from skneural.layers.combinators import Branches, Chain, Gate, Residual
from skneural.layers.convolution import Convolution, DepthwiseConvolution
from skneural.layers.dense import Bias, Dense
from skneural.layers.dropout import Dropout
from skneural.layers.embedding import Embedding
from skneural.layers.filter_bank import FilterBank
from skneural.layers.graph import (
    GATConvolution,
    GCNConvolution,
    GINConvolution,
    GraphPooling,
    SAGEConvolution,
    SelectNodes,
)
from skneural.layers.layer import PREDICTING, Context, Layer, Share
from skneural.layers.normalization import BatchNormalization, LocalResponseNormalization, Standardization
from skneural.layers.pooling import GlobalPooling, Pooling
from skneural.layers.recurrent import GRU, LSTM, Elman, IndRNN, Jordan
from skneural.layers.spline import SplineEdges
from skneural.layers.step_pooling import AttentionPooling, StepPooling

__all__ = [
    "GRU",
    "LSTM",
    "PREDICTING",
    "Activation",
    "AttentionPooling",
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
    "Elman",
    "Embedding",
    "FilterBank",
    "Flatten",
    "GATConvolution",
    "GCNConvolution",
    "GINConvolution",
    "Gate",
    "GlobalPooling",
    "GraphPooling",
    "IndRNN",
    "Jordan",
    "Layer",
    "LocalResponseNormalization",
    "Mask",
    "Pooling",
    "RandomFlip",
    "RandomShift",
    "RealSteps",
    "Residual",
    "RowsFirst",
    "SAGEConvolution",
    "SelectNodes",
    "Share",
    "SplineEdges",
    "Standardization",
    "StepPooling",
    "StepsFirst",
]
