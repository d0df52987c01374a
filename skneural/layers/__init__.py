"""Layers: frozen dataclasses that declare parameters and call ops; the module `layer` specifies the protocol.

`docs/how_to/own_network.md` builds networks and a layer of these.
"""

from skneural.layers.activation import Activation, Limit
from skneural.layers.attention import CrossAttention, SelfAttention
from skneural.layers.augmentation import RandomBrightness, RandomFlip, RandomRotation, RandomShift
from skneural.layers.axes import (
    BatchLast,
    ChosenSteps,
    Flatten,
    ImageColumns,
    ImagePositions,
    JoinSteps,
    Mask,
    OneStep,
    RealSteps,
    RowsFirst,
    StepsFirst,
    Unflatten,
)
from skneural.layers.columns import CategoryEmbedding, Columns, FillMissing, MissingIndicator, OneHot, SmoothClip
from skneural.layers.combinators import Branches, Chain, Gate, Residual, Reversed
from skneural.layers.convolution import Convolution, DepthwiseConvolution, TransposedConvolution
from skneural.layers.dense import Bias, BiasAndSpread, Dense
from skneural.layers.dropout import Dropout
from skneural.layers.embedding import Embedding, MeanEmbedding, TextEmbedding, TiedEmbedding
from skneural.layers.encoder_decoder import EncoderDecoder, StartedByMemory, WithMemory
from skneural.layers.ensemble import Ensemble
from skneural.layers.filter_bank import FilterBank
from skneural.layers.frozen import Frozen
from skneural.layers.graph import (
    GATConvolution,
    GCNConvolution,
    GINConvolution,
    GraphPooling,
    LightConvolutions,
    PairScores,
    SAGEConvolution,
    SelectNodes,
)
from skneural.layers.latent import GaussianLatent
from skneural.layers.layer import PREDICTING, Context, Layer, Shard, Share
from skneural.layers.layer_normalization import LayerNormalization, RMSNormalization
from skneural.layers.mamba import MultiheadScan, SelectiveScan
from skneural.layers.members import MemberFactors, MemberMean, MemberOutputs
from skneural.layers.memory_attention import AdditiveAttention, DotAttention
from skneural.layers.normalization import (
    BatchNormalization,
    LocalResponseNormalization,
    SeriesNormalization,
    Standardization,
)
from skneural.layers.numeric_embedding import PeriodicEmbedding, PiecewiseLinearEmbedding
from skneural.layers.pixels import PixelScores
from skneural.layers.pooling import GlobalPooling, Pooling
from skneural.layers.positions import GridPositions, LearnedPositions, Scale, SinusoidalPositions, WithClassToken
from skneural.layers.recurrent import GRU, LSTM, Elman, IndRNN, Jordan
from skneural.layers.spline import SplineEdges
from skneural.layers.step_pooling import AttentionPooling, StepPooling
from skneural.layers.time_embedding import TimeEmbedding
from skneural.ops.pointwise import ActivationFunction
from skneural.parameters import Buffer, Parameter

__all__ = [
    "GRU",
    "LSTM",
    "PREDICTING",
    "Activation",
    "ActivationFunction",
    "AdditiveAttention",
    "AttentionPooling",
    "BatchLast",
    "BatchNormalization",
    "Bias",
    "BiasAndSpread",
    "Branches",
    "Buffer",
    "CategoryEmbedding",
    "Chain",
    "ChosenSteps",
    "Columns",
    "Context",
    "Convolution",
    "CrossAttention",
    "Dense",
    "DepthwiseConvolution",
    "DotAttention",
    "Dropout",
    "Elman",
    "Embedding",
    "EncoderDecoder",
    "Ensemble",
    "FillMissing",
    "FilterBank",
    "Flatten",
    "Frozen",
    "GATConvolution",
    "GCNConvolution",
    "GINConvolution",
    "Gate",
    "GaussianLatent",
    "GlobalPooling",
    "GraphPooling",
    "GridPositions",
    "ImageColumns",
    "ImagePositions",
    "IndRNN",
    "JoinSteps",
    "Jordan",
    "Layer",
    "LayerNormalization",
    "LearnedPositions",
    "LightConvolutions",
    "Limit",
    "LocalResponseNormalization",
    "Mask",
    "MeanEmbedding",
    "MemberFactors",
    "MemberMean",
    "MemberOutputs",
    "MissingIndicator",
    "MultiheadScan",
    "OneHot",
    "OneStep",
    "PairScores",
    "Parameter",
    "PeriodicEmbedding",
    "PiecewiseLinearEmbedding",
    "PixelScores",
    "Pooling",
    "RMSNormalization",
    "RandomBrightness",
    "RandomFlip",
    "RandomRotation",
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
    "SeriesNormalization",
    "Shard",
    "Share",
    "SinusoidalPositions",
    "SmoothClip",
    "SplineEdges",
    "Standardization",
    "StartedByMemory",
    "StepPooling",
    "StepsFirst",
    "TextEmbedding",
    "TiedEmbedding",
    "TimeEmbedding",
    "TransposedConvolution",
    "Unflatten",
    "WithClassToken",
    "WithMemory",
]
