"""Floor 3: frozen dataclasses that name their parameters and call ops; `layer` states the protocol."""

from skneural.layers.activation import Activation, Limit
from skneural.layers.attention import CrossAttention, SelfAttention
from skneural.layers.augmentation import RandomFlip, RandomShift
from skneural.layers.axes import BatchLast, Flatten, Mask, RealSteps, RowsFirst, StepsFirst, Unflatten
from skneural.layers.columns import CategoryEmbedding, Columns, FillMissing, MissingIndicator, OneHot, SmoothClip
from skneural.layers.combinators import Branches, Chain, Gate, Residual, Reversed
from skneural.layers.convolution import Convolution, DepthwiseConvolution, TransposedConvolution
from skneural.layers.dense import Bias, BiasAndSpread, Dense
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
from skneural.layers.latent import GaussianLatent
from skneural.layers.layer import PREDICTING, Context, Layer, Share
from skneural.layers.layer_normalization import LayerNormalization, RMSNormalization
from skneural.layers.mamba import MultiheadScan, SelectiveScan
from skneural.layers.members import MemberFactors, MemberOutputs
from skneural.layers.normalization import BatchNormalization, LocalResponseNormalization, Standardization
from skneural.layers.numeric_embedding import PeriodicEmbedding, PiecewiseLinearEmbedding
from skneural.layers.pooling import GlobalPooling, Pooling
from skneural.layers.positions import LearnedPositions, Scale, SinusoidalPositions, WithClassToken
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
    "BiasAndSpread",
    "Branches",
    "CategoryEmbedding",
    "Chain",
    "Columns",
    "Context",
    "Convolution",
    "CrossAttention",
    "Dense",
    "DepthwiseConvolution",
    "Dropout",
    "Elman",
    "Embedding",
    "FillMissing",
    "FilterBank",
    "Flatten",
    "GATConvolution",
    "GCNConvolution",
    "GINConvolution",
    "Gate",
    "GaussianLatent",
    "GlobalPooling",
    "GraphPooling",
    "IndRNN",
    "Jordan",
    "Layer",
    "LayerNormalization",
    "LearnedPositions",
    "Limit",
    "LocalResponseNormalization",
    "Mask",
    "MemberFactors",
    "MemberOutputs",
    "MissingIndicator",
    "MultiheadScan",
    "OneHot",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "Pooling",
    "RMSNormalization",
    "RandomFlip",
    "RandomShift",
    "RealSteps",
    "Residual",
    "Reversed",
    "RowsFirst",
    "SAGEConvolution",
    "Scale",
    "SelectNodes",
    "SelectiveScan",
    "SelfAttention",
    "Share",
    "SinusoidalPositions",
    "SmoothClip",
    "SplineEdges",
    "Standardization",
    "StepPooling",
    "StepsFirst",
    "TransposedConvolution",
    "Unflatten",
    "WithClassToken",
]
