"""Every layer, for the tests that hold for all of them."""

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from skneural import layers
from skneural.layers import (
    GRU,
    LSTM,
    Activation,
    AdditiveAttention,
    AttentionPooling,
    BatchLast,
    BatchNormalization,
    Bias,
    BiasAndSpread,
    Branches,
    CategoryEmbedding,
    Chain,
    ChosenSteps,
    Columns,
    Context,
    Convolution,
    CrossAttention,
    Dense,
    DepthwiseConvolution,
    DotAttention,
    Dropout,
    Elman,
    Embedding,
    EncoderDecoder,
    Ensemble,
    FillMissing,
    FilterBank,
    Flatten,
    Frozen,
    GATConvolution,
    Gate,
    GaussianLatent,
    GCNConvolution,
    GINConvolution,
    GlobalPooling,
    GraphPooling,
    GridPositions,
    ImageColumns,
    ImagePositions,
    IndRNN,
    JoinSteps,
    Jordan,
    Layer,
    LayerNormalization,
    LearnedPositions,
    LightConvolutions,
    Limit,
    LocalResponseNormalization,
    Mask,
    MeanEmbedding,
    MemberFactors,
    MemberMean,
    MemberOutputs,
    MissingIndicator,
    MultiheadScan,
    OneHot,
    OneStep,
    PairScores,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    PixelScores,
    Pooling,
    RandomBrightness,
    RandomFlip,
    RandomRotation,
    RandomShift,
    RealSteps,
    Residual,
    Reversed,
    RMSNormalization,
    RowsFirst,
    SAGEConvolution,
    Scale,
    SelectiveScan,
    SelectNodes,
    SelfAttention,
    SeriesNormalization,
    SinusoidalPositions,
    SmoothClip,
    SplineEdges,
    Standardization,
    StartedByMemory,
    StepPooling,
    StepsFirst,
    TextEmbedding,
    TiedEmbedding,
    TimeEmbedding,
    TransposedConvolution,
    Unflatten,
    WithClassToken,
    WithMemory,
)
from skneural.parameters import Layout, Weights
from skneural.testing.batch_contract import BATCH_FIRST, ELEMENTS, IMAGE_AXES, ROWS, TIME_FIRST, SampleAxes

# Two of them lead to one output, two come from one input.
NAMED = ((0, 1, "sin"), (2, 1, "x^2"), (2, 0, "tanh"))


def numbers(*shape, seed=0):
    """Normal numbers, none of them near the kinks at zero."""
    x = np.random.default_rng(seed).standard_normal(shape)
    return x + 0.01 * np.sign(x)


def started(layer, moved=0.1):
    """The weights of a layer, moved at random so that none is zero or one."""
    layout = Layout(layer.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    weights.vector += moved * np.random.default_rng(1).standard_normal(layout.size)
    return weights


def training(seed=0):
    return Context(np.random.default_rng(seed))


@dataclass(frozen=True)
class LayerCase:
    """A layer, and x for it.

    Parameters
    ----------
    layer : Layer
    x : array, or a pair of arrays
    batch_axis : int or None, default=0
        The axis that counts the rows of the batch; None where x and y count them along different axes.
    """

    layer: Layer
    x: Any
    batch_axis: int | None = 0

    @property
    def takes_pair(self) -> bool:
        """True if the second half of x is the memory of an encoder; such layers have their own tests of lengths."""
        return isinstance(self.x, tuple)


@dataclass(frozen=True)
class BatchCase:
    """A layer, and a batch of four samples, which may differ in their numbers of steps or of other elements.

    Parameters
    ----------
    layer : Layer
    x : array
    x_axes, y_axes : SampleAxes
        Which axes of x and y count samples, steps and elements.
    """

    layer: Layer
    x: Any
    x_axes: SampleAxes
    y_axes: SampleAxes


HIDDEN = Chain(Dense(4, 6), BatchNormalization(6), Activation("tanh"), Dropout(0.3), Dense(6, 4))

IMAGES = numbers(5, 3, 6, 4)  # height, channels, width, batch
SERIES = numbers(1, 3, 7, 4)
LENGTHS = np.array([7, 3, 1, 5])  # of four series of at most seven steps
WEIGHTS = np.array([1.0, 3.0, 0.5, 2.0])  # of four samples
STEPS = numbers(7, 3, 4)  # steps, features, batch
WORDS = np.array([[0.0, 3.0, 3.0], [4.0, -1.0, -1.0], [-1.0, -1.0, -1.0], [1.0, -1.0, 2.0]])  # -1 is none
CODES = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, -1.0], [-1.0, 0.0]])  # of categories; -1 is not known
CELLS = {"elman": Elman, "lstm": LSTM, "gru": GRU, "indrnn": IndRNN, "jordan": Jordan}
POOLINGS = {name: StepPooling(name) for name in ("first", "last", "mean", "max")} | {
    "attention": AttentionPooling(3, 5)
}

OF_THE_LAST = Chain(StepPooling("last"), Dense(2, 4), Activation("tanh"))

GRAPH_CONVOLUTIONS = {
    "gcn": GCNConvolution(4, 3),
    "widening gcn": GCNConvolution(4, 6),
    "gcn in first place": GCNConvolution(4, 3, input_gradient=False),
    "gcn without bias": GCNConvolution(4, 3, bias=False),
    "sage": SAGEConvolution(4, 3),
    "gin": GINConvolution(4, 3),
    "gin with features of edges": GINConvolution(4, 3, n_edge_features=2),
    "gat": GATConvolution(4, 3, 2),
    "gat with features of edges": GATConvolution(4, 3, 2, n_edge_features=2),
    "gat without bias": GATConvolution(4, 3, dropout=0.3, bias=False, input_gradient=False),
}

# Every layer class leads at least one row.
LAYER_CASES = {
    "dense": LayerCase(Dense(4, 3), numbers(6, 4)),
    "dense of one feature": LayerCase(Dense(1, 1), numbers(2, 1)),
    "dense on 3-D x": LayerCase(Dense(4, 3), numbers(6, 5, 4)),
    "dense without bias": LayerCase(Dense(4, 3, bias=None), numbers(6, 4)),
    "dense with a uniform bias": LayerCase(Dense(4, 3, "he_normal", "uniform"), numbers(6, 4)),
    "dense in first place": LayerCase(Dense(4, 3, input_gradient=False), numbers(6, 4)),
    "dense on sparse x": LayerCase(
        Dense(4, 3, input_gradient=False), sparse.csr_matrix(numbers(6, 4) > 0, dtype=np.float64)
    ),
    "activation": LayerCase(Activation("gelu"), numbers(6, 4)),
    "activation with a kink": LayerCase(Activation("leaky_relu"), numbers(6, 5, 4)),
    "limit": LayerCase(Limit(0.7), numbers(6, 4)),
    "activation that does nothing": LayerCase(Activation("identity"), numbers(6, 4)),
    "dropout": LayerCase(Dropout(0.4), numbers(6, 4)),
    "dropout of nothing": LayerCase(Dropout(0.0), numbers(6, 4)),
    "dropout on 3-D x": LayerCase(Dropout(0.4, batch_axis=1), numbers(5, 6, 4), batch_axis=1),
    "dropout on images": LayerCase(Dropout(0.4, batch_axis=3), IMAGES, batch_axis=3),
    "batch normalization": LayerCase(BatchNormalization(4), numbers(6, 4)),
    "batch normalization of images": LayerCase(BatchNormalization(3, axis=1), IMAGES, batch_axis=3),
    "bias": LayerCase(Bias(4), numbers(6, 4)),
    "bias of images": LayerCase(Bias(3, axis=1), IMAGES, batch_axis=3),
    "bias and spread": LayerCase(BiasAndSpread(4), numbers(6, 4)),
    "standardization": LayerCase(Standardization(4), numbers(6, 4)),
    "standardization of images": LayerCase(Standardization(3, axis=1), IMAGES, batch_axis=3),
    "local response normalization": LayerCase(LocalResponseNormalization(3, 1.0, 0.5, 0.75), IMAGES, batch_axis=3),
    "local response normalization over more channels than there are": LayerCase(
        LocalResponseNormalization(9), IMAGES, batch_axis=3
    ),
    "convolution": LayerCase(Convolution(3, 2), IMAGES, batch_axis=3),
    "convolution with many channels": LayerCase(Convolution(6, 2), numbers(4, 6, 5, 3), batch_axis=3),
    "convolution with an even kernel": LayerCase(Convolution(3, 2, (2, 4)), IMAGES, batch_axis=3),
    "convolution of pixels": LayerCase(Convolution(3, 2, (1, 1)), IMAGES, batch_axis=3),
    "convolution with strides": LayerCase(Convolution(3, 2, stride=(2, 3)), IMAGES, batch_axis=3),
    "convolution with strides down": LayerCase(Convolution(3, 2, stride=(2, 1)), IMAGES, batch_axis=3),
    "convolution with dilation": LayerCase(Convolution(3, 2, dilation=(2, 2), padding="valid"), IMAGES, batch_axis=3),
    "convolution without bias": LayerCase(Convolution(3, 2, bias=False), IMAGES, batch_axis=3),
    "convolution in first place": LayerCase(Convolution(3, 2, input_gradient=False), IMAGES, batch_axis=3),
    "convolution of series": LayerCase(Convolution(3, 2, (1, 4)), SERIES, batch_axis=3),
    "convolution of series with a kernel longer than they are": LayerCase(
        Convolution(3, 2, (1, 20)), SERIES, batch_axis=3
    ),
    "transposed convolution": LayerCase(TransposedConvolution(3, 2, (10, 12)), IMAGES, batch_axis=3),
    "transposed convolution to all that kernels cover": LayerCase(
        TransposedConvolution(3, 2, kernel_size=(2, 2)), IMAGES, batch_axis=3
    ),
    "transposed convolution to odd images": LayerCase(TransposedConvolution(3, 2, (11, 13)), IMAGES, batch_axis=3),
    "transposed convolution to one channel": LayerCase(
        TransposedConvolution(3, 1, (5, 12), (1, 4), (1, 2), bias=False), IMAGES, batch_axis=3
    ),
    "transposed convolution of pixels": LayerCase(
        TransposedConvolution(3, 2, (5, 6), (1, 1), (1, 1)), IMAGES, batch_axis=3
    ),
    "transposed convolution of one pixel": LayerCase(
        TransposedConvolution(3, 2, (2, 3)), numbers(1, 3, 1, 4), batch_axis=3
    ),
    "depthwise convolution": LayerCase(DepthwiseConvolution(3), IMAGES, batch_axis=3),
    "depthwise convolution with strides and dilation": LayerCase(
        DepthwiseConvolution(3, (2, 3), (1, 2), (2, 1), "valid", bias=False), IMAGES, batch_axis=3
    ),
    "max pooling": LayerCase(Pooling("max"), IMAGES, batch_axis=3),
    "max pooling with overlap": LayerCase(Pooling("max", (3, 3), (2, 2)), IMAGES, batch_axis=3),
    "max pooling with padding": LayerCase(Pooling("max", (3, 3), (1, 1), "same"), IMAGES, batch_axis=3),
    "average pooling": LayerCase(Pooling("average", (2, 3), (2, 2)), IMAGES, batch_axis=3),
    "average pooling with padding": LayerCase(Pooling("average", (3, 3), (1, 1), "same"), IMAGES, batch_axis=3),
    "global average pooling": LayerCase(GlobalPooling("average"), IMAGES, batch_axis=None),
    "global max pooling": LayerCase(GlobalPooling("max"), IMAGES, batch_axis=None),
    "images to batch last": LayerCase(BatchLast(), numbers(4, 5, 6, 3), batch_axis=None),
    "series to batch last": LayerCase(BatchLast(), numbers(4, 5, 3), batch_axis=None),
    "flatten": LayerCase(Flatten(), IMAGES, batch_axis=None),
    "to images": LayerCase(Unflatten(2, 3, 4), numbers(5, 24), batch_axis=None),
    "mask where all lengths are equal": LayerCase(Mask(), SERIES, batch_axis=3),
    "filter bank of gabor": LayerCase(FilterBank("gabor", 3, (3, 5)), IMAGES, batch_axis=3),
    "filter bank of wavelets": LayerCase(FilterBank("wavelet", 3, (5, 5)), IMAGES, batch_axis=3),
    "selective scan": LayerCase(SelectiveScan(4, 3, 4, 2), numbers(3, 9, 8)),
    "selective scan of one channel over one step": LayerCase(SelectiveScan(1, 1, 4, 1), numbers(2, 1, 2)),
    "multihead scan": LayerCase(MultiheadScan(6, 2, 3), numbers(3, 9, 20)),
    "multihead scan over more than one chunk": LayerCase(MultiheadScan(4, 4, 2, 2), numbers(2, 70, 16)),
    "multihead scan of one channel over one step": LayerCase(MultiheadScan(1, 1, 1), numbers(2, 1, 5)),
    "embedding": LayerCase(Embedding(5, 3), np.random.default_rng(0).integers(0, 5, (6, 4))),
    "frozen": LayerCase(Frozen(HIDDEN), numbers(6, 4)),
    "frozen in first place": LayerCase(Frozen(Dense(4, 3), input_gradient=False), numbers(6, 4)),
    "frozen in part": LayerCase(Chain(Dense(4, 4), Frozen(Chain(HIDDEN, Dense(4, 2))), Dense(2, 3)), numbers(6, 4)),
    "tied embedding": LayerCase(
        TiedEmbedding(5, 3, Dense(3, 3), n_special=1), np.random.default_rng(0).integers(0, 6, (6, 4)), batch_axis=None
    ),
    "tied embedding around attention": LayerCase(
        TiedEmbedding(5, 4, SelfAttention(4, 2, causal=True), ChosenSteps()),
        np.random.default_rng(0).integers(0, 5, (6, 4)),
        batch_axis=None,
    ),
    "columns": LayerCase(Columns((2, 0)), numbers(6, 4)),
    "indicator of what is missing": LayerCase(MissingIndicator(), numbers(6, 4)),
    "missing numbers filled": LayerCase(FillMissing(), numbers(6, 4)),
    "smooth clip": LayerCase(SmoothClip(), numbers(6, 4)),
    "one hot": LayerCase(OneHot((3, 1)), CODES),
    "mean embedding": LayerCase(MeanEmbedding(5, 3), np.random.default_rng(0).integers(0, 5, (6, 4))),
    "mean embedding with dropout": LayerCase(MeanEmbedding(5, 3, 0.5), np.random.default_rng(0).integers(0, 5, (6, 4))),
    "embedding of words": LayerCase(TextEmbedding(5, 3), WORDS),
    "embedding of words with dropout": LayerCase(TextEmbedding(5, 3, 0.5), WORDS),
    "embedding of words in first place": LayerCase(TextEmbedding(5, 3, input_gradient=False), WORDS),
    "embedding of categories": LayerCase(CategoryEmbedding((3, 1), 4), CODES),
    "periodic embedding": LayerCase(PeriodicEmbedding(4), numbers(6, 4)),
    "wide periodic embedding": LayerCase(PeriodicEmbedding(4, 7, 3, 0.5), numbers(6, 4)),
    "piecewise linear embedding": LayerCase(PiecewiseLinearEmbedding(4, 3, 5), numbers(6, 4)),
    "embedding of categories in first place": LayerCase(CategoryEmbedding((3, 1), 4, False), CODES),
    "periodic embedding in first place": LayerCase(PeriodicEmbedding(4, input_gradient=False), numbers(6, 4)),
    "piecewise linear embedding in first place": LayerCase(PiecewiseLinearEmbedding(4, 3, 5, False), numbers(6, 4)),
    "factors in first place": LayerCase(MemberFactors(3, 4, input_gradient=False), numbers(6, 4)),
    "factors where members part": LayerCase(MemberFactors(3, 4), numbers(6, 4)),
    "mean of members": LayerCase(MemberMean(3, 2), numbers(6, 6)),
    "factors of members": LayerCase(MemberFactors(3, 4, "ones"), numbers(6, 3, 4)),
    **{
        f"outputs of members, {link}": LayerCase(MemberOutputs(3, 4, 2, link), numbers(6, 3, 4))
        for link in ("identity", "exp", "logistic", "softmax")
    },
    **{f"recurrence of {name}": LayerCase(cell(3, 5), STEPS, batch_axis=2) for name, cell in CELLS.items()},
    **{
        f"recurrence of {name} backwards": LayerCase(cell(3, 5, reverse=True), STEPS, batch_axis=2)
        for name, cell in CELLS.items()
    },
    **{
        f"recurrence of {name} in first place": LayerCase(cell(3, 5, input_gradient=False), STEPS, batch_axis=2)
        for name, cell in CELLS.items()
    },
    **{
        f"recurrence of one {name} over one step": LayerCase(cell(1, 1), numbers(1, 1, 2), batch_axis=2)
        for name, cell in CELLS.items()
    },
    "recurrence in both directions": LayerCase(
        Branches(LSTM(3, 2), LSTM(3, 2, reverse=True), axis=1), STEPS, batch_axis=2
    ),
    **{f"{name} over steps": LayerCase(layer, numbers(6, 5, 3)) for name, layer in POOLINGS.items()},
    **{f"splines of order {order}": LayerCase(SplineEdges(3, 2, 5, order), numbers(6, 3)) for order in (1, 2, 3, 4)},
    "splines on one piece": LayerCase(SplineEdges(3, 2, 1), numbers(6, 3)),
    "splines on a fine grid": LayerCase(SplineEdges(3, 2, 40), numbers(6, 3)),
    "splines with another base": LayerCase(SplineEdges(3, 2, 5, base="identity"), numbers(6, 3)),
    "splines in first place": LayerCase(SplineEdges(3, 2, 5, input_gradient=False), numbers(6, 3)),
    "splines and named functions": LayerCase(SplineEdges(3, 2, 5, named=NAMED), numbers(6, 3)),
    "named functions in first place": LayerCase(SplineEdges(3, 2, 5, named=NAMED, input_gradient=False), numbers(6, 3)),
    "named functions on a fine grid": LayerCase(SplineEdges(3, 2, 40, named=NAMED), numbers(6, 3)),
    "one spline": LayerCase(SplineEdges(1, 1, 2), numbers(2, 1)),
    "to steps first": LayerCase(StepsFirst(), numbers(4, 5, 3), batch_axis=None),
    "to rows first": LayerCase(RowsFirst(), STEPS, batch_axis=None),
    "to rows first from the batch last": LayerCase(RowsFirst(), SERIES, batch_axis=None),
    "images to columns": LayerCase(ImageColumns(), IMAGES, batch_axis=None),
    "images to positions": LayerCase(ImagePositions(), IMAGES, batch_axis=None),
    "steps joined": LayerCase(JoinSteps(3), numbers(4, 5, 3)),
    "steps joined evenly": LayerCase(JoinSteps(2), numbers(4, 6, 3)),
    "steps joined with the batch last": LayerCase(JoinSteps(2, steps_axis=0), STEPS, batch_axis=2),
    "to one step": LayerCase(OneStep(), numbers(4, 3), batch_axis=None),
    "to rows of steps": LayerCase(RealSteps(), numbers(4, 5, 3), batch_axis=None),
    "to rows of chosen steps, where none are chosen": LayerCase(ChosenSteps(), numbers(4, 5, 3), batch_axis=None),
    "gaussian latent": LayerCase(GaussianLatent(3, 0.7), numbers(6, 6)),
    "one gaussian latent": LayerCase(GaussianLatent(1), numbers(2, 2)),
    "random flip": LayerCase(RandomFlip(), numbers(6, 4, 5, 2)),
    "random shift": LayerCase(RandomShift(2), numbers(6, 4, 5, 2)),
    "random rotation": LayerCase(RandomRotation(), numbers(6, 4, 4, 2)),
    "random half turns": LayerCase(RandomRotation(), numbers(6, 4, 5, 2)),
    "random brightness": LayerCase(RandomBrightness(), IMAGES, batch_axis=3),
    "scores of pixels": LayerCase(PixelScores(Convolution(3, 2), 1), IMAGES, batch_axis=None),
    "scores of pixels in parts": LayerCase(PixelScores(Convolution(3, 2), 1, tile=2), IMAGES, batch_axis=None),
    "scores of pixels in parts of even size": LayerCase(
        PixelScores(Convolution(3, 2), 1, multiple=2, tile=3), IMAGES, batch_axis=None
    ),
    # without a structure, nodes have no edges; tests/layers/test_graph.py has edges
    **{f"{name} over nodes": LayerCase(layer, numbers(6, 4)) for name, layer in GRAPH_CONVOLUTIONS.items()},
    "selection of nodes": LayerCase(SelectNodes(), numbers(6, 4)),
    "light convolutions over nodes": LayerCase(LightConvolutions(2), numbers(6, 4)),
    "scores of pairs": LayerCase(PairScores(), numbers(6, 4)),
    "sums of graphs of one node": LayerCase(GraphPooling("sum"), numbers(6, 4)),
    "batch normalization of two rows": LayerCase(BatchNormalization(4, epsilon=0.1), numbers(2, 4)),
    "series normalization": LayerCase(SeriesNormalization(), numbers(6, 5, 3)),
    "layer normalization": LayerCase(LayerNormalization(4), numbers(6, 4)),
    "layer normalization of steps": LayerCase(LayerNormalization(3), numbers(6, 5, 3)),
    "layer normalization with the batch last": LayerCase(LayerNormalization(3, axis=1), STEPS, batch_axis=2),
    "normalization by the root mean square": LayerCase(RMSNormalization(4), numbers(6, 4)),
    "normalization of steps by the root mean square": LayerCase(RMSNormalization(3), numbers(6, 5, 3)),
    "normalization by the root mean square with the batch last": LayerCase(
        RMSNormalization(3, axis=1), STEPS, batch_axis=2
    ),
    "attention": LayerCase(SelfAttention(6, 2), numbers(4, 5, 6)),
    "attention of one head": LayerCase(SelfAttention(3, 1), numbers(4, 5, 3)),
    "attention over one step": LayerCase(SelfAttention(4, 2), numbers(3, 1, 4)),
    "attention to the past": LayerCase(SelfAttention(6, 2, causal=True), numbers(4, 5, 6)),
    "attention with rotary positions": LayerCase(SelfAttention(8, 2, rotary=True), numbers(4, 5, 8)),
    "attention with dropout": LayerCase(SelfAttention(6, 2, dropout=0.3), numbers(4, 5, 6)),
    "attention in blocks": LayerCase(SelfAttention(6, 2, block_size=2), numbers(4, 5, 6)),
    "attention with everything": LayerCase(SelfAttention(8, 2, True, True, 0.3, 2), numbers(4, 5, 8)),
    "cross attention": LayerCase(CrossAttention(6, 2), (numbers(4, 5, 6), numbers(4, 3, 6, seed=1))),
    "cross attention to a narrow memory": LayerCase(
        CrossAttention(6, 3, 2), (numbers(4, 2, 6), numbers(4, 7, 2, seed=1))
    ),
    "cross attention with everything": LayerCase(
        CrossAttention(4, 2, 3, 0.3, 2), (numbers(4, 5, 4), numbers(4, 3, 3, seed=1))
    ),
    "additive attention": LayerCase(AdditiveAttention(4, 3, 5), (numbers(3, 5, 4), numbers(3, 6, 3, seed=1))),
    "additive attention to one step": LayerCase(
        AdditiveAttention(4, 3, 2), (numbers(3, 2, 4), numbers(3, 1, 3, seed=1))
    ),
    "attention by products": LayerCase(DotAttention(4, 3), (numbers(3, 5, 4), numbers(3, 6, 3, seed=1))),
    "gru started by a memory": LayerCase(
        StartedByMemory(GRU(3, 4), OF_THE_LAST), (numbers(5, 3, 4), numbers(4, 6, 2, seed=1)), batch_axis=None
    ),
    "lstm started by a memory": LayerCase(
        StartedByMemory(LSTM(3, 2), OF_THE_LAST), (numbers(5, 3, 4), numbers(4, 6, 2, seed=1)), batch_axis=None
    ),
    "layers of a decoder": LayerCase(
        WithMemory(Dense(4, 3), AdditiveAttention(3, 2, 4), Dense(5, 4), CrossAttention(4, 2, 2), Activation("tanh")),
        (numbers(3, 5, 4), numbers(3, 6, 2, seed=1)),
    ),
    "layers of a decoder, added": LayerCase(
        WithMemory(Dense(4, 4), CrossAttention(4, 2, 2), Dropout(0.3), residual=True),
        (numbers(3, 5, 4), numbers(3, 6, 2, seed=1)),
    ),
    "layers of a decoder that do not look": LayerCase(
        WithMemory(Dense(4, 3)), (numbers(3, 5, 4), numbers(3, 6, 2, seed=1))
    ),
    "encoder and decoder": LayerCase(
        EncoderDecoder(Chain(Dense(2, 3), Dropout(0.2)), WithMemory(SelfAttention(4, 2, True), DotAttention(4, 3))),
        (numbers(3, 6, 2, seed=1), numbers(3, 5, 4)),
    ),
    "scale": LayerCase(Scale(3.0), numbers(4, 5, 3)),
    "sinusoidal positions": LayerCase(SinusoidalPositions(), numbers(4, 5, 3)),
    "time": LayerCase(TimeEmbedding(6, 20.0), numbers(6, 4)),
    "first features": LayerCase(Columns(range(2)), numbers(6, 4)),
    "last features": LayerCase(Columns(range(1, 4)), numbers(6, 4)),
    "time alone": LayerCase(TimeEmbedding(2), numbers(6, 1)),
    "positions in a grid": LayerCase(GridPositions(2, 3), numbers(4, 6, 5)),
    "learned positions": LayerCase(LearnedPositions(7, 3), numbers(4, 5, 3)),
    "class token": LayerCase(WithClassToken(SelfAttention(4, 2), 4), numbers(3, 5, 4)),
    "class token on a chain": LayerCase(WithClassToken(Chain(Dense(4, 3), SinusoidalPositions()), 4), numbers(3, 5, 4)),
    "chain": LayerCase(Chain(Dense(4, 5), Activation("relu"), Dense(5, 2)), numbers(6, 4)),
    "chain of nothing": LayerCase(Chain(), numbers(6, 4)),
    "chain of chains": LayerCase(Chain(HIDDEN, Chain(HIDDEN, Activation("silu"))), numbers(6, 4)),
    "residual": LayerCase(Residual(HIDDEN), numbers(6, 4)),
    "residual with shortcut": LayerCase(
        Residual(Chain(Dense(4, 7), Activation("elu")), Dense(4, 7, bias=None)), numbers(6, 4)
    ),
    "residual in first place": LayerCase(
        Residual(Dense(4, 3, input_gradient=False), Dense(4, 3, input_gradient=False)), numbers(6, 4)
    ),
    "residual around dropout": LayerCase(Residual(Dropout(0.5)), numbers(6, 4)),
    "branches": LayerCase(Branches(Dense(4, 2), HIDDEN, Activation("mish")), numbers(6, 4)),
    "branches along another axis": LayerCase(Branches(Dense(4, 3), Dense(4, 3), axis=1), numbers(6, 5, 4)),
    **{
        f"ensemble of networks, {link}": LayerCase(
            Ensemble(Dense(4, 2), Chain(HIDDEN, Dense(4, 2)), link=link), numbers(6, 4)
        )
        for link in ("identity", "exp", "logistic", "softmax")
    },
    "ensemble of ensembles": LayerCase(
        Ensemble(
            Chain(MemberFactors(3, 4), MemberOutputs(3, 4, 2)), Chain(MemberFactors(3, 4), MemberOutputs(3, 4, 2))
        ),
        numbers(6, 4),
    ),
    "backwards": LayerCase(Reversed(MultiheadScan(6, 2, 3)), numbers(3, 9, 20)),
    "backwards in first place": LayerCase(Reversed(Dense(4, 3, input_gradient=False)), numbers(6, 5, 4)),
    "backwards over one step": LayerCase(Reversed(Chain(Dense(4, 3), Dropout(0.3))), numbers(6, 1, 4)),
    "gate": LayerCase(Gate(Dense(4, 3), Chain(Dense(4, 3), Activation("logistic"))), numbers(6, 4)),
    "gate with itself": LayerCase(Gate(Activation("identity"), Activation("softplus")), numbers(6, 4)),
    "all nested": LayerCase(
        Residual(
            Branches(Gate(HIDDEN, Residual(Dense(4, 4))), Chain(Dropout(0.2), Dense(4, 2))),
            Chain(BatchNormalization(4), Dense(4, 6)),
        ),
        numbers(7, 4),
    ),
}

TOKENS = np.random.default_rng(0).integers(0, 5, (4, 7))
BATCHES = {
    ROWS: numbers(4, 3),
    ELEMENTS: numbers(16, 3),
    BATCH_FIRST: numbers(4, 7, 3),
    TIME_FIRST: numbers(7, 3, 4),
    IMAGE_AXES: numbers(1, 3, 7, 4),
}
FIRST = {ROWS: -1, ELEMENTS: -1, BATCH_FIRST: -1, TIME_FIRST: 1, IMAGE_AXES: 1}  # the axis of the features
NAMES = {ROWS: "rows", ELEMENTS: "elements", BATCH_FIRST: "rows first", TIME_FIRST: "steps first", IMAGE_AXES: "images"}


def everywhere(name, make):
    """Rows of the table for a layer that accepts every layout, made from the axis of the batch, features, and rows."""
    return {
        f"{name} of {NAMES[axes]}": BatchCase(
            make(axes.batch, FIRST[axes], "elements" if axes is ELEMENTS else "samples"), x, axes, axes
        )
        for axes, x in BATCHES.items()
    }


WITH_DENSE = {
    "dense": Dense(3, 2),
    "residual": Residual(Chain(Dense(3, 3), Activation("tanh"))),
    "gate": Gate(Dense(3, 2), Chain(Dense(3, 2), Activation("logistic"))),
    "branches": Branches(Dense(3, 2), Activation("relu")),
}
SLIDING = {
    "convolution": Convolution(3, 2, (1, 4)),
    "depthwise convolution": DepthwiseConvolution(3, (1, 3)),
    "causal convolution": Convolution(3, 2, (1, 4), padding="causal"),
    "causal convolution with dilation": Convolution(3, 2, (1, 3), dilation=(1, 2), padding="causal"),
    "causal depthwise convolution": DepthwiseConvolution(3, (1, 3), padding="causal"),
    "convolution of one column": Convolution(3, 2, (1, 1)),
    "filter bank": FilterBank("gabor", 3, (1, 5)),
}
WIDE = numbers(4, 7, 8)
ATTENTION = {
    "to all steps": SelfAttention(8, 2),
    "to all steps with dropout": SelfAttention(8, 2, dropout=0.3),
    "to all steps in blocks": SelfAttention(8, 2, rotary=True, dropout=0.3, block_size=3),
    "to the past": SelfAttention(8, 2, causal=True),
    "to the past in blocks": SelfAttention(8, 2, causal=True, rotary=True, block_size=3),
}
# Every layer but those of pairs, in every layout that it accepts; series have at most seven steps.
BATCH_CASES = {
    **everywhere("activation", lambda batch, axis, rows: Activation("tanh")),
    **everywhere("limit", lambda batch, axis, rows: Limit(0.7)),
    **everywhere("dropout", lambda batch, axis, rows: Dropout(0.4, batch, rows)),
    **everywhere("batch normalization", lambda batch, axis, rows: BatchNormalization(3, axis=axis, rows=rows)),
    **everywhere("standardization", lambda batch, axis, rows: Standardization(3, axis)),
    **everywhere("layer normalization", lambda batch, axis, rows: LayerNormalization(3, axis=axis)),
    **everywhere("root mean square", lambda batch, axis, rows: RMSNormalization(3, axis=axis)),
    **everywhere("bias", lambda batch, axis, rows: Bias(3, axis)),
    **everywhere("chain", lambda batch, axis, rows: Chain(BatchNormalization(3, axis=axis, rows=rows), Bias(3, axis))),
    **{
        f"{name} of {NAMES[axes]}": BatchCase(layer, BATCHES[axes], axes, axes)
        for axes in (ROWS, ELEMENTS, BATCH_FIRST)
        for name, layer in WITH_DENSE.items()
    },
    "series normalization": BatchCase(SeriesNormalization(), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "mean of members": BatchCase(MemberMean(1, 3), BATCHES[ROWS], ROWS, ROWS),
    "light convolutions over nodes": BatchCase(LightConvolutions(2), BATCHES[ROWS], ROWS, ROWS),
    "scores of pairs": BatchCase(PairScores(), BATCHES[ROWS], ROWS, ROWS),
    "embedding": BatchCase(Embedding(5, 3), TOKENS, BATCH_FIRST, BATCH_FIRST),
    "mean embedding": BatchCase(MeanEmbedding(5, 3), TOKENS, BATCH_FIRST, ROWS),
    **{
        f"{name} cell": BatchCase(cell(3, 2), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST)
        for name, cell in CELLS.items()
    },
    **{
        f"{name} cell backwards": BatchCase(cell(3, 2, True), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST)
        for name, cell in CELLS.items()
    },
    **{
        f"masked {name}": BatchCase(Chain(Mask(), layer), BATCHES[IMAGE_AXES], IMAGE_AXES, IMAGE_AXES)
        for name, layer in SLIDING.items()
    },
    "mask": BatchCase(Mask(), BATCHES[IMAGE_AXES], IMAGE_AXES, IMAGE_AXES),
    "local response normalization": BatchCase(
        LocalResponseNormalization(3), BATCHES[IMAGE_AXES], IMAGE_AXES, IMAGE_AXES
    ),
    "max pooling": BatchCase(Pooling("max", (1, 3), (1, 1), "same"), BATCHES[IMAGE_AXES], IMAGE_AXES, IMAGE_AXES),
    "global average pooling": BatchCase(GlobalPooling("average"), BATCHES[IMAGE_AXES], IMAGE_AXES, ROWS),
    "global max pooling": BatchCase(GlobalPooling("max"), BATCHES[IMAGE_AXES], IMAGE_AXES, ROWS),
    **{
        f"{name} of steps": BatchCase(StepPooling(name), BATCHES[BATCH_FIRST], BATCH_FIRST, ROWS)
        for name in ("first", "last", "mean", "max")
    },
    "attention pooling": BatchCase(AttentionPooling(3, 5), BATCHES[BATCH_FIRST], BATCH_FIRST, ROWS),
    **{f"attention {name}": BatchCase(layer, WIDE, BATCH_FIRST, BATCH_FIRST) for name, layer in ATTENTION.items()},
    "selective scan": BatchCase(SelectiveScan(4, 3, 4, 2), WIDE, BATCH_FIRST, BATCH_FIRST),
    "multihead scan": BatchCase(MultiheadScan(6, 2, 3), numbers(4, 7, 20), BATCH_FIRST, BATCH_FIRST),
    "selective scan backwards": BatchCase(Reversed(SelectiveScan(4, 3, 4, 2)), WIDE, BATCH_FIRST, BATCH_FIRST),
    "branches in both directions": BatchCase(
        Branches(MultiheadScan(2, 1, 1), Reversed(Chain(Dropout(0.3), MultiheadScan(2, 1, 1)))),
        numbers(4, 7, 7),
        BATCH_FIRST,
        BATCH_FIRST,
    ),
    "steps joined": BatchCase(JoinSteps(2), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "steps joined with the batch last": BatchCase(JoinSteps(3, 0), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST),
    "steps joined between layers": BatchCase(
        Chain(GRU(3, 2), JoinSteps(2, 0), GRU(4, 2, True), JoinSteps(2, 0), LSTM(4, 3)),
        BATCHES[TIME_FIRST],
        TIME_FIRST,
        TIME_FIRST,
    ),
    "scale": BatchCase(Scale(3.0), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "sinusoidal positions": BatchCase(SinusoidalPositions(), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "time": BatchCase(TimeEmbedding(4, 20.0), BATCHES[ROWS], ROWS, ROWS),
    "time of steps": BatchCase(TimeEmbedding(4, 20.0), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "features of rows": BatchCase(Columns(range(1, 3)), BATCHES[ROWS], ROWS, ROWS),
    "features of steps": BatchCase(Columns(range(1, 3)), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "features of elements": BatchCase(Columns(range(1, 3)), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS),
    "time of elements": BatchCase(TimeEmbedding(4, 20.0), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS),
    "learned positions": BatchCase(LearnedPositions(9, 3), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    "class token": BatchCase(WithClassToken(SelfAttention(8, 2), 8), WIDE, BATCH_FIRST, ROWS),
    "class token with dropout of steps": BatchCase(
        WithClassToken(Chain(Dropout(0.4), SelfAttention(8, 2, dropout=0.3), SinusoidalPositions()), 8),
        WIDE,
        BATCH_FIRST,
        ROWS,
    ),
    "to batch last": BatchCase(BatchLast(), BATCHES[BATCH_FIRST], BATCH_FIRST, IMAGE_AXES),
    "to steps first": BatchCase(StepsFirst(), BATCHES[BATCH_FIRST], BATCH_FIRST, TIME_FIRST),
    "to rows first": BatchCase(RowsFirst(), BATCHES[TIME_FIRST], TIME_FIRST, BATCH_FIRST),
    "to one step": BatchCase(OneStep(), BATCHES[ROWS], ROWS, BATCH_FIRST),
    "to elements": BatchCase(RealSteps(), BATCHES[BATCH_FIRST], BATCH_FIRST, ELEMENTS),
    "to chosen elements": BatchCase(ChosenSteps(), BATCHES[BATCH_FIRST], BATCH_FIRST, ELEMENTS),
    "frozen cell": BatchCase(Frozen(LSTM(3, 2)), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST),
    "tied embedding": BatchCase(TiedEmbedding(5, 4, SelfAttention(4, 2, causal=True)), TOKENS, BATCH_FIRST, ELEMENTS),
    "tied embedding around cells": BatchCase(
        TiedEmbedding(4, 3, Chain(StepsFirst(), LSTM(3, 3), RowsFirst()), n_special=1), TOKENS, BATCH_FIRST, ELEMENTS
    ),
    "residual around a cell": BatchCase(Residual(GRU(3, 3)), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST),
    "branches of cells": BatchCase(
        Branches(LSTM(3, 2), Chain(GRU(3, 2), Elman(2, 4)), axis=1), BATCHES[TIME_FIRST], TIME_FIRST, TIME_FIRST
    ),
    "gate with a causal convolution": BatchCase(
        Gate(
            Chain(Mask(), DepthwiseConvolution(3, (1, 3), padding="causal"), BatchNormalization(3, axis=1)),
            Residual(Activation("logistic"), Chain(Mask(), Convolution(3, 3, (1, 2), padding="causal"))),
        ),
        BATCHES[IMAGE_AXES],
        IMAGE_AXES,
        IMAGE_AXES,
    ),
    "network of tokens": BatchCase(
        Chain(Embedding(5, 3), StepsFirst(), LSTM(3, 4), RowsFirst(), Dense(4, 3), StepPooling("max"), Dense(3, 2)),
        TOKENS,
        BATCH_FIRST,
        ROWS,
    ),
    "network of steps": BatchCase(
        Chain(StepsFirst(), BatchNormalization(3, axis=1), GRU(3, 2), RowsFirst(), RealSteps(), SplineEdges(2, 2, 4)),
        BATCHES[BATCH_FIRST],
        BATCH_FIRST,
        ELEMENTS,
    ),
    **{
        f"{type(layer).__name__} of elements": BatchCase(layer, BATCHES[ELEMENTS], ELEMENTS, ELEMENTS)
        for layer in (
            GCNConvolution(3, 2),
            SAGEConvolution(3, 2),
            GINConvolution(3, 2),
            GATConvolution(3, 2, 2),
            SelectNodes(),
        )
    },
    "columns of rows": BatchCase(Columns((2, 0)), BATCHES[ROWS], ROWS, ROWS),
    "columns of steps": BatchCase(Columns((2, 0)), BATCHES[BATCH_FIRST], BATCH_FIRST, BATCH_FIRST),
    **{
        f"{type(layer).__name__} of rows": BatchCase(layer, BATCHES[ROWS], ROWS, ROWS)
        for layer in (
            MissingIndicator(),
            FillMissing(),
            SmoothClip(),
            OneHot((2, 2, 2)),
            CategoryEmbedding((2, 2, 2), 3),
            TextEmbedding(9, 3),
            PeriodicEmbedding(3),
            PiecewiseLinearEmbedding(3),
        )
    },
    "members": BatchCase(
        Chain(MemberFactors(5, 3), Dense(3, 4), Dropout(0.3), MemberFactors(5, 4, "ones"), MemberOutputs(5, 4, 2)),
        BATCHES[ROWS],
        ROWS,
        ROWS,
    ),
    **{
        f"members of which {members_per_row} see a row": BatchCase(
            Chain(
                MemberFactors(4, 3, members_per_row=members_per_row),
                Dense(3, 4),
                Dropout(0.3),
                MemberFactors(4, 4, "ones", members_per_row),
                MemberOutputs(4, 4, 2, "identity", "glorot_normal", members_per_row),
            ),
            BATCHES[ROWS],
            ROWS,
            ROWS,
        )
        for members_per_row in (1, 2, 3)
    },
    "ensemble of networks": BatchCase(
        Ensemble(Dense(3, 2), Chain(Dense(3, 4), Dropout(0.3), Dense(4, 2)), link="softmax"), BATCHES[ROWS], ROWS, ROWS
    ),
    "bias and spread": BatchCase(BiasAndSpread(3), BATCHES[ROWS], ROWS, ROWS),
    "gaussian latent": BatchCase(GaussianLatent(2, 0.7), numbers(4, 4), ROWS, ROWS),
    "splines": BatchCase(SplineEdges(3, 2, 4, sparsity=0.1), BATCHES[ROWS], ROWS, ROWS),
    "splines and named functions": BatchCase(
        SplineEdges(3, 2, 4, sparsity=0.1, named=NAMED), BATCHES[ROWS], ROWS, ROWS
    ),
    "splines of elements": BatchCase(
        SplineEdges(3, 2, 4, sparsity=0.1, rows="elements"), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS
    ),
}


# Images, which have no lengths
IMAGE_BATCH_CASES = {
    "flatten": BatchCase(Flatten(), numbers(2, 3, 5, 4), IMAGE_AXES, ROWS),
    "unflatten": BatchCase(Unflatten(2, 3, 4), numbers(4, 24), ROWS, IMAGE_AXES),
    "transposed convolution": BatchCase(
        TransposedConvolution(3, 2, (4, 10)), numbers(2, 3, 5, 4), IMAGE_AXES, IMAGE_AXES
    ),
    "average pooling": BatchCase(Pooling("average"), numbers(4, 3, 6, 4), IMAGE_AXES, IMAGE_AXES),
    "images to columns": BatchCase(ImageColumns(), numbers(2, 3, 5, 4), IMAGE_AXES, TIME_FIRST),
    "images to positions": BatchCase(ImagePositions(), numbers(2, 3, 5, 4), IMAGE_AXES, BATCH_FIRST),
    "positions in a grid": BatchCase(GridPositions(2, 3), numbers(4, 6, 5), BATCH_FIRST, BATCH_FIRST),
    "random flip": BatchCase(RandomFlip(), numbers(4, 5, 6, 3), ROWS, ROWS),
    "random shift": BatchCase(RandomShift(2), numbers(4, 5, 6, 3), ROWS, ROWS),
    "random rotation": BatchCase(RandomRotation(), numbers(4, 5, 5, 3), ROWS, ROWS),
    "random brightness": BatchCase(RandomBrightness(), numbers(2, 3, 5, 4), IMAGE_AXES, IMAGE_AXES),
    "scores of pixels": BatchCase(PixelScores(Convolution(3, 2), 1), numbers(2, 3, 5, 4), IMAGE_AXES, ELEMENTS),
    "batch normalization of the pixels of single images": BatchCase(
        BatchNormalization(3, axis=1, rows="elements"), numbers(2, 3, 5, 4), IMAGE_AXES, IMAGE_AXES
    ),
    "batch normalization of images": BatchCase(
        BatchNormalization(3, axis=1), numbers(2, 3, 5, 4), IMAGE_AXES, IMAGE_AXES
    ),
    "batch normalization of pixels": BatchCase(BatchNormalization(3), numbers(4, 5, 6, 3), ROWS, ROWS),
}
# Nodes of graphs: one graph behind the other, with different numbers of nodes
GRAPH_BATCH_CASES = {
    f"{pooling} of graphs": BatchCase(GraphPooling(pooling), numbers(16, 3), ELEMENTS, ROWS)
    for pooling in ("sum", "mean", "max")
}


def classes_of_pairs():
    """Names of the layers that take pairs."""
    return {type(case.layer).__name__ for case in LAYER_CASES.values() if case.takes_pair}


def layers_within(layer):
    """A layer, and all layers in it."""
    yield layer
    for child in layer.children().values():
        yield from layers_within(child)


def every_layer_class():
    """Those that `skneural.layers` exports."""
    exported = [getattr(layers, name) for name in layers.__all__]
    return {layer for layer in exported if inspect.isclass(layer) and issubclass(layer, Layer)} - {Layer}
