"""Every layer, for the tests that hold for all of them."""

import inspect

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
    IndRNN,
    Jordan,
    Layer,
    LayerNormalization,
    LearnedPositions,
    Limit,
    LocalResponseNormalization,
    Mask,
    MemberFactors,
    MemberOutputs,
    MissingIndicator,
    MultiheadScan,
    OneHot,
    OneStep,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
    Pooling,
    RandomFlip,
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
    SinusoidalPositions,
    SmoothClip,
    SplineEdges,
    Standardization,
    StartedByMemory,
    StepPooling,
    StepsFirst,
    TiedEmbedding,
    TimeEmbedding,
    TransposedConvolution,
    Unflatten,
    WithClassToken,
    WithMemory,
)
from skneural.parameters import Layout, Weights
from skneural.testing.batch_contract import BATCH_LAST, ELEMENTS, ROWS, ROWS_FIRST, STEPS_FIRST

# Two of them lead to one output, two come from one input.
NAMED = ((0, 1, "sin"), (2, 1, "x^2"), (2, 0, "tanh"))


def numbers(*shape, seed=0):
    """Normal numbers, none of them near the kinks at zero."""
    x = np.random.default_rng(seed).standard_normal(shape)
    return x + 0.01 * np.sign(x)


def started(layer):
    """The weights of a layer, moved at random so that none is zero or one."""
    layout = Layout(layer.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    weights.vector += 0.1 * np.random.default_rng(1).standard_normal(layout.size)
    return weights


def training(seed=0):
    return Context(np.random.default_rng(seed))


HIDDEN = Chain((Dense(4, 6), BatchNormalization(6), Activation("tanh"), Dropout(0.3), Dense(6, 4)))

IMAGES = numbers(5, 3, 6, 4)  # height, channels, width, batch
SERIES = numbers(1, 3, 7, 4)
LENGTHS = np.array([7, 3, 1, 5])  # of four series of at most seven steps
WEIGHTS = np.array([1.0, 3.0, 0.5, 2.0])  # of four samples
STEPS = numbers(7, 3, 4)  # steps, features, batch
CODES = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, -1.0], [-1.0, 0.0]])  # of categories; -1 is not known
CELLS = {"elman": Elman, "lstm": LSTM, "gru": GRU, "indrnn": IndRNN, "jordan": Jordan}
POOLINGS = {name: StepPooling(name) for name in ("first", "last", "mean", "max")} | {
    "attention": AttentionPooling(3, 5)
}

OF_THE_LAST = Chain((StepPooling("last"), Dense(2, 4), Activation("tanh")))

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

# case -> layer, x; every layer class leads at least one row
LAYER_CASES = {
    "dense": (Dense(4, 3), numbers(6, 4)),
    "dense of one feature": (Dense(1, 1), numbers(2, 1)),
    "dense on 3-D x": (Dense(4, 3), numbers(6, 5, 4)),
    "dense without bias": (Dense(4, 3, bias=None), numbers(6, 4)),
    "dense with a uniform bias": (Dense(4, 3, "he_normal", "uniform"), numbers(6, 4)),
    "dense in first place": (Dense(4, 3, input_gradient=False), numbers(6, 4)),
    "dense on sparse x": (Dense(4, 3, input_gradient=False), sparse.csr_matrix(numbers(6, 4) > 0, dtype=np.float64)),
    "activation": (Activation("gelu"), numbers(6, 4)),
    "activation with a kink": (Activation("leaky_relu"), numbers(6, 5, 4)),
    "limit": (Limit(0.7), numbers(6, 4)),
    "activation that does nothing": (Activation("identity"), numbers(6, 4)),
    "dropout": (Dropout(0.4), numbers(6, 4)),
    "dropout of a batch": (Dropout(0.4, shared_below=9), numbers(6, 4)),
    "dropout of nothing": (Dropout(0.0), numbers(6, 4)),
    "dropout on 3-D x": (Dropout(0.4, batch_axis=1), numbers(5, 6, 4)),
    "dropout on images": (Dropout(0.4, batch_axis=3), IMAGES),
    "batch normalization": (BatchNormalization(4), numbers(6, 4)),
    "batch normalization of images": (BatchNormalization(3, axis=1), IMAGES),
    "bias": (Bias(4), numbers(6, 4)),
    "bias of images": (Bias(3, axis=1), IMAGES),
    "bias and spread": (BiasAndSpread(4), numbers(6, 4)),
    "standardization": (Standardization(4), numbers(6, 4)),
    "standardization of images": (Standardization(3, axis=1), IMAGES),
    "local response normalization": (LocalResponseNormalization(3, 1.0, 0.5, 0.75), IMAGES),
    "local response normalization over more channels than there are": (LocalResponseNormalization(9), IMAGES),
    "convolution": (Convolution(3, 2), IMAGES),
    "convolution with many channels": (Convolution(6, 2), numbers(4, 6, 5, 3)),
    "convolution with an even kernel": (Convolution(3, 2, (2, 4)), IMAGES),
    "convolution of pixels": (Convolution(3, 2, (1, 1)), IMAGES),
    "convolution with strides": (Convolution(3, 2, stride=(2, 3)), IMAGES),
    "convolution with strides down": (Convolution(3, 2, stride=(2, 1)), IMAGES),
    "convolution with dilation": (Convolution(3, 2, dilation=(2, 2), padding="valid"), IMAGES),
    "convolution without bias": (Convolution(3, 2, bias=False), IMAGES),
    "convolution in first place": (Convolution(3, 2, input_gradient=False), IMAGES),
    "convolution of series": (Convolution(3, 2, (1, 4)), SERIES),
    "convolution of series with a kernel longer than they are": (Convolution(3, 2, (1, 20)), SERIES),
    "transposed convolution": (TransposedConvolution(3, 2, (10, 12)), IMAGES),
    "transposed convolution to odd images": (TransposedConvolution(3, 2, (11, 13)), IMAGES),
    "transposed convolution to one channel": (TransposedConvolution(3, 1, (5, 12), (1, 4), (1, 2), bias=False), IMAGES),
    "transposed convolution of pixels": (TransposedConvolution(3, 2, (5, 6), (1, 1), (1, 1)), IMAGES),
    "transposed convolution of one pixel": (TransposedConvolution(3, 2, (2, 3)), numbers(1, 3, 1, 4)),
    "depthwise convolution": (DepthwiseConvolution(3), IMAGES),
    "depthwise convolution with strides and dilation": (
        DepthwiseConvolution(3, (2, 3), (1, 2), (2, 1), "valid", bias=False),
        IMAGES,
    ),
    "max pooling": (Pooling("max"), IMAGES),
    "max pooling with overlap": (Pooling("max", (3, 3), (2, 2)), IMAGES),
    "max pooling with padding": (Pooling("max", (3, 3), (1, 1), "same"), IMAGES),
    "average pooling": (Pooling("average", (2, 3), (2, 2)), IMAGES),
    "average pooling with padding": (Pooling("average", (3, 3), (1, 1), "same"), IMAGES),
    "global average pooling": (GlobalPooling("average"), IMAGES),
    "global max pooling": (GlobalPooling("max"), IMAGES),
    "images to batch last": (BatchLast(), numbers(4, 5, 6, 3)),
    "series to batch last": (BatchLast(), numbers(4, 5, 3)),
    "flatten": (Flatten(), IMAGES),
    "to images": (Unflatten(2, 3, 4), numbers(5, 24)),
    "mask where all lengths are equal": (Mask(), SERIES),
    "filter bank of gabor": (FilterBank("gabor", 3, (3, 5)), IMAGES),
    "filter bank of wavelets": (FilterBank("wavelet", 3, (5, 5)), IMAGES),
    "selective scan": (SelectiveScan(4, 3, 4, 2), numbers(3, 9, 8)),
    "selective scan of one channel over one step": (SelectiveScan(1, 1, 4, 1), numbers(2, 1, 2)),
    "multihead scan": (MultiheadScan(6, 2, 3), numbers(3, 9, 20)),
    "multihead scan over more than one chunk": (MultiheadScan(4, 4, 2, 2), numbers(2, 70, 16)),
    "multihead scan of one channel over one step": (MultiheadScan(1, 1, 1), numbers(2, 1, 5)),
    "embedding": (Embedding(5, 3), np.random.default_rng(0).integers(0, 5, (6, 4))),
    "frozen": (Frozen(HIDDEN), numbers(6, 4)),
    "frozen in first place": (Frozen(Dense(4, 3), input_gradient=False), numbers(6, 4)),
    "frozen in part": (Chain((Dense(4, 4), Frozen(Chain((HIDDEN, Dense(4, 2)))), Dense(2, 3))), numbers(6, 4)),
    "tied embedding": (TiedEmbedding(5, 3, Dense(3, 3), n_special=1), np.random.default_rng(0).integers(0, 6, (6, 4))),
    "tied embedding around attention": (
        TiedEmbedding(5, 4, SelfAttention(4, 2, causal=True), ChosenSteps()),
        np.random.default_rng(0).integers(0, 5, (6, 4)),
    ),
    "columns": (Columns((2, 0)), numbers(6, 4)),
    "indicator of what is missing": (MissingIndicator(), numbers(6, 4)),
    "missing numbers filled": (FillMissing(), numbers(6, 4)),
    "smooth clip": (SmoothClip(), numbers(6, 4)),
    "one hot": (OneHot((3, 1)), CODES),
    "embedding of categories": (CategoryEmbedding((3, 1), 4), CODES),
    "periodic embedding": (PeriodicEmbedding(4), numbers(6, 4)),
    "wide periodic embedding": (PeriodicEmbedding(4, 7, 3, 0.5), numbers(6, 4)),
    "piecewise linear embedding": (PiecewiseLinearEmbedding(4, 3, 5), numbers(6, 4)),
    "embedding of categories in first place": (CategoryEmbedding((3, 1), 4, False), CODES),
    "periodic embedding in first place": (PeriodicEmbedding(4, input_gradient=False), numbers(6, 4)),
    "piecewise linear embedding in first place": (PiecewiseLinearEmbedding(4, 3, 5, False), numbers(6, 4)),
    "factors in first place": (MemberFactors(3, 4, input_gradient=False), numbers(6, 4)),
    "factors where members part": (MemberFactors(3, 4), numbers(6, 4)),
    "factors of members": (MemberFactors(3, 4, "ones"), numbers(6, 3, 4)),
    **{
        f"outputs of members, {link}": (MemberOutputs(3, 4, 2, link), numbers(6, 3, 4))
        for link in ("identity", "exp", "logistic", "softmax")
    },
    **{f"recurrence of {name}": (cell(3, 5), STEPS) for name, cell in CELLS.items()},
    **{f"recurrence of {name} backwards": (cell(3, 5, reverse=True), STEPS) for name, cell in CELLS.items()},
    **{
        f"recurrence of {name} in first place": (cell(3, 5, input_gradient=False), STEPS)
        for name, cell in CELLS.items()
    },
    **{f"recurrence of one {name} over one step": (cell(1, 1), numbers(1, 1, 2)) for name, cell in CELLS.items()},
    "recurrence in both directions": (Branches((LSTM(3, 2), LSTM(3, 2, reverse=True)), axis=1), STEPS),
    **{f"{name} over steps": (layer, numbers(6, 5, 3)) for name, layer in POOLINGS.items()},
    **{f"splines of order {order}": (SplineEdges(3, 2, 5, order), numbers(6, 3)) for order in (1, 2, 3, 4)},
    "splines on one piece": (SplineEdges(3, 2, 1), numbers(6, 3)),
    "splines on a fine grid": (SplineEdges(3, 2, 40), numbers(6, 3)),
    "splines with another base": (SplineEdges(3, 2, 5, base="identity"), numbers(6, 3)),
    "splines in first place": (SplineEdges(3, 2, 5, input_gradient=False), numbers(6, 3)),
    "splines and named functions": (SplineEdges(3, 2, 5, named=NAMED), numbers(6, 3)),
    "named functions in first place": (SplineEdges(3, 2, 5, named=NAMED, input_gradient=False), numbers(6, 3)),
    "named functions on a fine grid": (SplineEdges(3, 2, 40, named=NAMED), numbers(6, 3)),
    "one spline": (SplineEdges(1, 1, 2), numbers(2, 1)),
    "to steps first": (StepsFirst(), numbers(4, 5, 3)),
    "to rows first": (RowsFirst(), STEPS),
    "to rows first from the batch last": (RowsFirst(), SERIES),
    "to one step": (OneStep(), numbers(4, 3)),
    "to rows of steps": (RealSteps(), numbers(4, 5, 3)),
    "to rows of chosen steps, where none are chosen": (ChosenSteps(), numbers(4, 5, 3)),
    "gaussian latent": (GaussianLatent(3, 0.7), numbers(6, 6)),
    "one gaussian latent": (GaussianLatent(1), numbers(2, 2)),
    "random flip": (RandomFlip(), numbers(6, 4, 5, 2)),
    "random shift": (RandomShift(2), numbers(6, 4, 5, 2)),
    # without a structure, nodes have no edges; tests/layers/test_graph_layers.py has edges
    **{f"{name} over nodes": (layer, numbers(6, 4)) for name, layer in GRAPH_CONVOLUTIONS.items()},
    "selection of nodes": (SelectNodes(), numbers(6, 4)),
    "sums of graphs of one node": (GraphPooling("sum"), numbers(6, 4)),
    "batch normalization of two rows": (BatchNormalization(4, epsilon=0.1), numbers(2, 4)),
    "layer normalization": (LayerNormalization(4), numbers(6, 4)),
    "layer normalization of steps": (LayerNormalization(3), numbers(6, 5, 3)),
    "layer normalization with the batch last": (LayerNormalization(3, axis=1), STEPS),
    "normalization by the root mean square": (RMSNormalization(4), numbers(6, 4)),
    "normalization of steps by the root mean square": (RMSNormalization(3), numbers(6, 5, 3)),
    "normalization by the root mean square with the batch last": (RMSNormalization(3, axis=1), STEPS),
    "attention": (SelfAttention(6, 2), numbers(4, 5, 6)),
    "attention of one head": (SelfAttention(3, 1), numbers(4, 5, 3)),
    "attention over one step": (SelfAttention(4, 2), numbers(3, 1, 4)),
    "attention to the past": (SelfAttention(6, 2, causal=True), numbers(4, 5, 6)),
    "attention with rotary positions": (SelfAttention(8, 2, rotary=True), numbers(4, 5, 8)),
    "attention with dropout": (SelfAttention(6, 2, dropout=0.3), numbers(4, 5, 6)),
    "attention in blocks": (SelfAttention(6, 2, block_size=2), numbers(4, 5, 6)),
    "attention with everything": (SelfAttention(8, 2, True, True, 0.3, 2), numbers(4, 5, 8)),
    "cross attention": (CrossAttention(6, 2), (numbers(4, 5, 6), numbers(4, 3, 6, seed=1))),
    "cross attention to a narrow memory": (CrossAttention(6, 3, 2), (numbers(4, 2, 6), numbers(4, 7, 2, seed=1))),
    "cross attention with everything": (CrossAttention(4, 2, 3, 0.3, 2), (numbers(4, 5, 4), numbers(4, 3, 3, seed=1))),
    "additive attention": (AdditiveAttention(4, 3, 5), (numbers(3, 5, 4), numbers(3, 6, 3, seed=1))),
    "additive attention to one step": (AdditiveAttention(4, 3, 2), (numbers(3, 2, 4), numbers(3, 1, 3, seed=1))),
    "attention by products": (DotAttention(4, 3), (numbers(3, 5, 4), numbers(3, 6, 3, seed=1))),
    "gru started by a memory": (StartedByMemory(GRU(3, 4), OF_THE_LAST), (numbers(5, 3, 4), numbers(4, 6, 2, seed=1))),
    "lstm started by a memory": (
        StartedByMemory(LSTM(3, 2), OF_THE_LAST),
        (numbers(5, 3, 4), numbers(4, 6, 2, seed=1)),
    ),
    "layers of a decoder": (
        WithMemory((Dense(4, 3), AdditiveAttention(3, 2, 4), Dense(5, 4), CrossAttention(4, 2, 2), Activation("tanh"))),
        (numbers(3, 5, 4), numbers(3, 6, 2, seed=1)),
    ),
    "layers of a decoder, added": (
        WithMemory((Dense(4, 4), CrossAttention(4, 2, 2), Dropout(0.3)), residual=True),
        (numbers(3, 5, 4), numbers(3, 6, 2, seed=1)),
    ),
    "layers of a decoder that do not look": (
        WithMemory((Dense(4, 3),)),
        (numbers(3, 5, 4), numbers(3, 6, 2, seed=1)),
    ),
    "encoder and decoder": (
        EncoderDecoder(Chain((Dense(2, 3), Dropout(0.2))), WithMemory((SelfAttention(4, 2, True), DotAttention(4, 3)))),
        (numbers(3, 6, 2, seed=1), numbers(3, 5, 4)),
    ),
    "scale": (Scale(3.0), numbers(4, 5, 3)),
    "sinusoidal positions": (SinusoidalPositions(), numbers(4, 5, 3)),
    "time": (TimeEmbedding(6, 20.0), numbers(6, 4)),
    "first features": (Columns(range(2)), numbers(6, 4)),
    "last features": (Columns(range(1, 4)), numbers(6, 4)),
    "time alone": (TimeEmbedding(2), numbers(6, 1)),
    "learned positions": (LearnedPositions(7, 3), numbers(4, 5, 3)),
    "class token": (WithClassToken(SelfAttention(4, 2), 4), numbers(3, 5, 4)),
    "class token on a chain": (WithClassToken(Chain((Dense(4, 3), SinusoidalPositions())), 4), numbers(3, 5, 4)),
    "chain": (Chain((Dense(4, 5), Activation("relu"), Dense(5, 2))), numbers(6, 4)),
    "chain of nothing": (Chain(()), numbers(6, 4)),
    "chain of chains": (Chain((HIDDEN, Chain((HIDDEN, Activation("silu"))))), numbers(6, 4)),
    "residual": (Residual(HIDDEN), numbers(6, 4)),
    "residual with shortcut": (
        Residual(Chain((Dense(4, 7), Activation("elu"))), Dense(4, 7, bias=None)),
        numbers(6, 4),
    ),
    "residual in first place": (
        Residual(Dense(4, 3, input_gradient=False), Dense(4, 3, input_gradient=False)),
        numbers(6, 4),
    ),
    "residual around dropout": (Residual(Dropout(0.5)), numbers(6, 4)),
    "branches": (Branches((Dense(4, 2), HIDDEN, Activation("mish"))), numbers(6, 4)),
    "branches along another axis": (Branches((Dense(4, 3), Dense(4, 3)), axis=1), numbers(6, 5, 4)),
    "backwards": (Reversed(MultiheadScan(6, 2, 3)), numbers(3, 9, 20)),
    "backwards in first place": (Reversed(Dense(4, 3, input_gradient=False)), numbers(6, 5, 4)),
    "backwards over one step": (Reversed(Chain((Dense(4, 3), Dropout(0.3)))), numbers(6, 1, 4)),
    "gate": (Gate(Dense(4, 3), Chain((Dense(4, 3), Activation("logistic")))), numbers(6, 4)),
    "gate with itself": (Gate(Activation("identity"), Activation("softplus")), numbers(6, 4)),
    "all nested": (
        Residual(
            Branches((Gate(HIDDEN, Residual(Dense(4, 4))), Chain((Dropout(0.2), Dense(4, 2))))),
            Chain((BatchNormalization(4), Dense(4, 6))),
        ),
        numbers(7, 4),
    ),
}
# where it is not the first axis of x and y; None where x and y count the batch along different ones
LAST = ("images", "convolution", "pooling", "local", "mask", "filter")
CHANGING = ("global", "images to", "series to", "flatten", "to ", "tied")
BATCH_AXIS = {
    **{name: 2 for name in LAYER_CASES if name.startswith("recurrence")},
    "dropout on 3-D x": 1,
    **{name: 2 for name in LAYER_CASES if name.endswith("with the batch last")},
    **{name: 3 for name in LAYER_CASES if any(word in name for word in LAST)},
    **{name: None for name in LAYER_CASES if name.startswith(CHANGING)},
    "gru started by a memory": None,
    "lstm started by a memory": None,
}


TOKENS = np.random.default_rng(0).integers(0, 5, (4, 7))
BATCHES = {
    ROWS: numbers(4, 3),
    ELEMENTS: numbers(16, 3),
    ROWS_FIRST: numbers(4, 7, 3),
    STEPS_FIRST: numbers(7, 3, 4),
    BATCH_LAST: numbers(1, 3, 7, 4),
}
FIRST = {ROWS: -1, ELEMENTS: -1, ROWS_FIRST: -1, STEPS_FIRST: 1, BATCH_LAST: 1}  # the axis of the features
NAMES = {ROWS: "rows", ELEMENTS: "elements", ROWS_FIRST: "rows first", STEPS_FIRST: "steps first", BATCH_LAST: "images"}


def everywhere(name, make):
    """Rows of the table for a layer that accepts every layout, made from the axis of the batch, features, and rows."""
    return {
        f"{name} of {NAMES[axes]}": (
            make(axes.batch, FIRST[axes], "elements" if axes is ELEMENTS else "samples"),
            x,
            axes,
            axes,
        )
        for axes, x in BATCHES.items()
    }


WITH_DENSE = {
    "dense": Dense(3, 2),
    "residual": Residual(Chain((Dense(3, 3), Activation("tanh")))),
    "gate": Gate(Dense(3, 2), Chain((Dense(3, 2), Activation("logistic")))),
    "branches": Branches((Dense(3, 2), Activation("relu"))),
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
# They take pairs, whose steps and lengths have tests of their own: tests/layers/test_attention_layers.py and
# tests/layers/test_encoder_decoder.py
OF_PAIRS = {"AdditiveAttention", "CrossAttention", "DotAttention", "EncoderDecoder", "StartedByMemory", "WithMemory"}
# name -> layer, x, how x lies, how y lies; every layer in every layout that it accepts
BATCH_CASES = {
    **everywhere("activation", lambda batch, axis, rows: Activation("tanh")),
    **everywhere("limit", lambda batch, axis, rows: Limit(0.7)),
    **everywhere("dropout", lambda batch, axis, rows: Dropout(0.4, batch, rows)),
    **everywhere("dropout of a batch", lambda batch, axis, rows: Dropout(0.4, batch, rows, shared_below=99)),
    **everywhere("batch normalization", lambda batch, axis, rows: BatchNormalization(3, axis=axis, rows=rows)),
    **everywhere("standardization", lambda batch, axis, rows: Standardization(3, axis)),
    **everywhere("layer normalization", lambda batch, axis, rows: LayerNormalization(3, axis=axis)),
    **everywhere("root mean square", lambda batch, axis, rows: RMSNormalization(3, axis=axis)),
    **everywhere("bias", lambda batch, axis, rows: Bias(3, axis)),
    **everywhere(
        "chain", lambda batch, axis, rows: Chain((BatchNormalization(3, axis=axis, rows=rows), Bias(3, axis)))
    ),
    **{
        f"{name} of {NAMES[axes]}": (layer, BATCHES[axes], axes, axes)
        for axes in (ROWS, ELEMENTS, ROWS_FIRST)
        for name, layer in WITH_DENSE.items()
    },
    "embedding": (Embedding(5, 3), TOKENS, ROWS_FIRST, ROWS_FIRST),
    **{f"{name} cell": (cell(3, 2), BATCHES[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST) for name, cell in CELLS.items()},
    **{
        f"{name} cell backwards": (cell(3, 2, True), BATCHES[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST)
        for name, cell in CELLS.items()
    },
    **{
        f"masked {name}": (Chain((Mask(), layer)), BATCHES[BATCH_LAST], BATCH_LAST, BATCH_LAST)
        for name, layer in SLIDING.items()
    },
    "mask": (Mask(), BATCHES[BATCH_LAST], BATCH_LAST, BATCH_LAST),
    "local response normalization": (LocalResponseNormalization(3), BATCHES[BATCH_LAST], BATCH_LAST, BATCH_LAST),
    "max pooling": (Pooling("max", (1, 3), (1, 1), "same"), BATCHES[BATCH_LAST], BATCH_LAST, BATCH_LAST),
    "global average pooling": (GlobalPooling("average"), BATCHES[BATCH_LAST], BATCH_LAST, ROWS),
    "global max pooling": (GlobalPooling("max"), BATCHES[BATCH_LAST], BATCH_LAST, ROWS),
    **{
        f"{name} of steps": (StepPooling(name), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS)
        for name in ("first", "last", "mean", "max")
    },
    "attention pooling": (AttentionPooling(3, 5), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS),
    **{f"attention {name}": (layer, WIDE, ROWS_FIRST, ROWS_FIRST) for name, layer in ATTENTION.items()},
    "selective scan": (SelectiveScan(4, 3, 4, 2), WIDE, ROWS_FIRST, ROWS_FIRST),
    "multihead scan": (MultiheadScan(6, 2, 3), numbers(4, 7, 20), ROWS_FIRST, ROWS_FIRST),
    "selective scan backwards": (Reversed(SelectiveScan(4, 3, 4, 2)), WIDE, ROWS_FIRST, ROWS_FIRST),
    "branches in both directions": (
        Branches((MultiheadScan(2, 1, 1), Reversed(Chain((Dropout(0.3), MultiheadScan(2, 1, 1)))))),
        numbers(4, 7, 7),
        ROWS_FIRST,
        ROWS_FIRST,
    ),
    "scale": (Scale(3.0), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST),
    "sinusoidal positions": (SinusoidalPositions(), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST),
    "time": (TimeEmbedding(4, 20.0), BATCHES[ROWS], ROWS, ROWS),
    "time of steps": (TimeEmbedding(4, 20.0), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST),
    "features of rows": (Columns(range(1, 3)), BATCHES[ROWS], ROWS, ROWS),
    "features of steps": (Columns(range(1, 3)), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST),
    "features of elements": (Columns(range(1, 3)), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS),
    "time of elements": (TimeEmbedding(4, 20.0), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS),
    "learned positions": (LearnedPositions(9, 3), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST),
    "class token": (WithClassToken(SelfAttention(8, 2), 8), WIDE, ROWS_FIRST, ROWS),
    "class token with dropout of steps": (
        WithClassToken(Chain((Dropout(0.4), SelfAttention(8, 2, dropout=0.3), SinusoidalPositions())), 8),
        WIDE,
        ROWS_FIRST,
        ROWS,
    ),
    "to batch last": (BatchLast(), BATCHES[ROWS_FIRST], ROWS_FIRST, BATCH_LAST),
    "to steps first": (StepsFirst(), BATCHES[ROWS_FIRST], ROWS_FIRST, STEPS_FIRST),
    "to rows first": (RowsFirst(), BATCHES[STEPS_FIRST], STEPS_FIRST, ROWS_FIRST),
    "to one step": (OneStep(), BATCHES[ROWS], ROWS, ROWS_FIRST),
    "to elements": (RealSteps(), BATCHES[ROWS_FIRST], ROWS_FIRST, ELEMENTS),
    "to chosen elements": (ChosenSteps(), BATCHES[ROWS_FIRST], ROWS_FIRST, ELEMENTS),
    "frozen cell": (Frozen(LSTM(3, 2)), BATCHES[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST),
    "tied embedding": (TiedEmbedding(5, 4, SelfAttention(4, 2, causal=True)), TOKENS, ROWS_FIRST, ELEMENTS),
    "tied embedding around cells": (
        TiedEmbedding(4, 3, Chain((StepsFirst(), LSTM(3, 3), RowsFirst())), n_special=1),
        TOKENS,
        ROWS_FIRST,
        ELEMENTS,
    ),
    "residual around a cell": (Residual(GRU(3, 3)), BATCHES[STEPS_FIRST], STEPS_FIRST, STEPS_FIRST),
    "branches of cells": (
        Branches((LSTM(3, 2), Chain((GRU(3, 2), Elman(2, 4)))), axis=1),
        BATCHES[STEPS_FIRST],
        STEPS_FIRST,
        STEPS_FIRST,
    ),
    "gate with a causal convolution": (
        Gate(
            Chain((Mask(), DepthwiseConvolution(3, (1, 3), padding="causal"), BatchNormalization(3, axis=1))),
            Residual(Activation("logistic"), Chain((Mask(), Convolution(3, 3, (1, 2), padding="causal")))),
        ),
        BATCHES[BATCH_LAST],
        BATCH_LAST,
        BATCH_LAST,
    ),
    "network of tokens": (
        Chain((Embedding(5, 3), StepsFirst(), LSTM(3, 4), RowsFirst(), Dense(4, 3), StepPooling("max"), Dense(3, 2))),
        TOKENS,
        ROWS_FIRST,
        ROWS,
    ),
    "network of steps": (
        Chain((StepsFirst(), BatchNormalization(3, axis=1), GRU(3, 2), RowsFirst(), RealSteps(), SplineEdges(2, 2, 4))),
        BATCHES[ROWS_FIRST],
        ROWS_FIRST,
        ELEMENTS,
    ),
    **{
        f"{type(layer).__name__} of elements": (layer, BATCHES[ELEMENTS], ELEMENTS, ELEMENTS)
        for layer in (
            GCNConvolution(3, 2),
            SAGEConvolution(3, 2),
            GINConvolution(3, 2),
            GATConvolution(3, 2, 2),
            SelectNodes(),
        )
    },
    "columns of rows": (Columns((2, 0)), BATCHES[ROWS], ROWS, ROWS),
    "columns of steps": (Columns((2, 0)), BATCHES[ROWS_FIRST], ROWS_FIRST, ROWS_FIRST),
    **{
        f"{type(layer).__name__} of rows": (layer, BATCHES[ROWS], ROWS, ROWS)
        for layer in (
            MissingIndicator(),
            FillMissing(),
            SmoothClip(),
            OneHot((2, 2, 2)),
            CategoryEmbedding((2, 2, 2), 3),
            PeriodicEmbedding(3),
            PiecewiseLinearEmbedding(3),
        )
    },
    "members": (
        Chain((MemberFactors(5, 3), Dense(3, 4), Dropout(0.3), MemberFactors(5, 4, "ones"), MemberOutputs(5, 4, 2))),
        BATCHES[ROWS],
        ROWS,
        ROWS,
    ),
    **{
        f"members of which {members_per_row} see a row": (
            Chain(
                (
                    MemberFactors(4, 3, members_per_row=members_per_row),
                    Dense(3, 4),
                    Dropout(0.3),
                    MemberFactors(4, 4, "ones", members_per_row),
                    MemberOutputs(4, 4, 2, "identity", "glorot_normal", members_per_row),
                )
            ),
            BATCHES[ROWS],
            ROWS,
            ROWS,
        )
        for members_per_row in (1, 2, 3)
    },
    "bias and spread": (BiasAndSpread(3), BATCHES[ROWS], ROWS, ROWS),
    "gaussian latent": (GaussianLatent(2, 0.7), numbers(4, 4), ROWS, ROWS),
    "splines": (SplineEdges(3, 2, 4, sparsity=0.1), BATCHES[ROWS], ROWS, ROWS),
    "splines and named functions": (SplineEdges(3, 2, 4, sparsity=0.1, named=NAMED), BATCHES[ROWS], ROWS, ROWS),
    "splines of elements": (SplineEdges(3, 2, 4, sparsity=0.1, rows="elements"), BATCHES[ELEMENTS], ELEMENTS, ELEMENTS),
}


def every_layer_class():
    """Those that `skneural.layers` exports."""
    exported = [getattr(layers, name) for name in layers.__all__]
    return {layer for layer in exported if inspect.isclass(layer) and issubclass(layer, Layer)} - {Layer}
