"""Convolutional networks for series and for tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skneural.layers import (
    Activation,
    BatchNormalization,
    Branches,
    Chain,
    Convolution,
    Dense,
    GlobalPooling,
    Layer,
    Mask,
    MeanEmbedding,
    Pooling,
    Residual,
)
from skneural.networks.ensemble import ensemble_of
from skneural.networks.sequence import BATCH_LAST, Encoder, dropped, sequence_network

RELU = Activation("relu")


@dataclass(frozen=True)
class Published:
    """Widths and kernel sizes of a paper: the defaults of `channels` and `kernel_size`."""

    channels: tuple[int, ...]
    kernel_size: tuple[int, ...]


PUBLISHED = {
    "fcn": Published((128, 256, 128), (8, 5, 3)),
    "resnet": Published((64, 128, 128), (8, 5, 3)),
    "inception": Published((32,) * 6, (40, 20, 10)),
    "textcnn": Published((100,), (3, 4, 5)),
}


def convolutional_series_network(
    n_features: int,
    n_out: int,
    architecture: str,
    channels: Sequence[int] | None,
    kernel_size: Sequence[int] | None,
    batch_norm: bool,
    dropout: float,
    vocabulary_size: int | None,
    embedding_size: int,
    standardize: bool,
    reversible_normalization: bool = False,
    n_networks: int = 1,
    link: str = "identity",
    word_dropout: float = 0.0,
) -> Chain:
    """Build a network from series (batch, steps, features) or tokens (batch, steps) to raw scores.

    Every convolution keeps the number of steps, and masks the padding.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    architecture : {"fcn", "resnet", "inception", "textcnn", "fasttext"}
    channels : sequence of int or None
        Width of each convolution (fcn), residual block (resnet), module (inception), kernel size (textcnn) or dense
        hidden layer (fasttext). None: those of the paper.
    kernel_size : sequence of int or None
        Kernel size of each convolution (fcn), of the convolutions in each block (resnet), or of the parallel ones
        (inception, textcnn). None: those of the paper.
    batch_norm : bool
        Add batch normalization after each convolution.
    dropout : float
        Rate before the output layer.
    vocabulary_size : int or None
        Number of tokens; None for series.
    embedding_size : int
        Size of the token embeddings.
    standardize : bool
        Centre and scale each feature in the first layer; not used for tokens.
    reversible_normalization : bool, default=False
        Centre and scale each series by its own steps instead; not used for tokens.
    n_networks : int, default=1
        Separate networks whose predictions are averaged.
    link : str, default="identity"
        Function from raw scores to what is averaged.
    word_dropout : float, default=0.0
        Fraction of the tokens that fasttext leaves out of the mean in training.
    """
    if architecture == "fasttext":
        text_network = _fasttext(n_out, channels or (), dropout, vocabulary_size, embedding_size, word_dropout)
        return ensemble_of(text_network, n_networks, link)

    def encoder(n_in: int) -> Encoder:
        return convolutional_encoder(n_in, architecture, channels, kernel_size, batch_norm)

    network = sequence_network(
        encoder,
        n_features,
        n_out,
        pooling=None,  # the encoder pools
        dropout=dropout,
        vocabulary_size=vocabulary_size,
        embedding_size=embedding_size,
        standardize=standardize,
        reversible_normalization=reversible_normalization,
    )
    return ensemble_of(network, n_networks, link)


def _fasttext(
    n_out: int, widths: Sequence[int], dropout: float, vocabulary_size: int | None, size: int, word_dropout: float
) -> Chain:
    """Joulin et al. 2017: a linear layer after the mean of embeddings; with hidden layers, Iyyer et al. 2015."""
    if vocabulary_size is None:
        raise ValueError(
            'architecture="fasttext" is for tokens: set vocabulary_size. For series, choose one of '
            f"{', '.join(SERIES_ARCHITECTURES)}."
        )
    hidden: dict[str, Layer] = {}
    n_in = size
    for i, width in enumerate(widths, 1):
        hidden[f"hidden_{i}"] = Chain(dense=Dense(n_in, width, initializer="he_uniform"), activation=RELU)
        n_in = width
    embedding = MeanEmbedding(vocabulary_size, size, word_dropout)
    return Chain(embedding=embedding, **hidden, **dropped(dropout, 0), output=Dense(n_in, n_out))


def convolutional_encoder(
    n_in: int,
    architecture: str,
    channels: Sequence[int] | None,
    kernel_size: Sequence[int] | None,
    batch_norm: bool,
) -> Encoder:
    """Convolutions over the steps, and their mean or maximum over time."""
    published = PUBLISHED[architecture]
    widths = published.channels if channels is None else tuple(channels)
    kernels = published.kernel_size if kernel_size is None else tuple(kernel_size)
    if kernel_size is None and architecture == "fcn" and len(widths) > 1:
        kernels = tuple(kernels[min(i, 2)] for i in range(len(widths)))  # deeper networks repeat the shortest
    body, n_pooled = SERIES_ARCHITECTURES[architecture](_Convolutions(batch_norm), n_in, widths, kernels)
    return Encoder(body, n_pooled, BATCH_LAST, pooled=True)


@dataclass(frozen=True)
class _Convolutions:
    """Factory of convolutions over the steps."""

    batch_norm: bool

    def __call__(self, n_in: int, n_out: int, kernel_size: int, *, normal: bool = True) -> Chain:
        """A masked convolution, with batch normalization if `normal`."""
        # No bias even where a single normalization follows several branches.
        layer = Convolution(n_in, n_out, (1, kernel_size), bias=not self.batch_norm)
        normalization = {"normalization": BatchNormalization(n_out, axis=1)} if normal and self.batch_norm else {}
        return Chain(mask=Mask(), convolution=layer, **normalization)


Body = tuple[Chain, int]  # layers from series (batch last) to rows, and the width of these rows


def _fcn(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Wang, Yan and Oates 2017: convolutions, then the mean over time."""
    parts: dict[str, Layer] = {}
    for i, (n, kernel) in enumerate(_pairs(widths, kernels), 1):
        parts[f"block_{i}"] = Chain(**convolution(n_in, n, kernel).children(), activation=RELU)
        n_in = n
    return Chain(**parts, pooling=GlobalPooling("average")), n_in


def _series_resnet(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Wang, Yan and Oates 2017: residual blocks of convolutions, then the mean over time."""
    parts: dict[str, Layer] = {}
    for i, n in enumerate(widths, 1):
        inner: dict[str, Layer] = {}
        for j, kernel in enumerate(kernels, 1):
            inner |= {f"convolution_{j}": convolution(n if inner else n_in, n, kernel), f"activation_{j}": RELU}
        del inner[f"activation_{len(kernels)}"]  # the last activation comes after the sum
        parts |= {f"block_{i}": Residual(Chain(**inner), _shortcut(convolution, n_in, n)), f"activation_{i}": RELU}
        n_in = n
    return Chain(**parts, pooling=GlobalPooling("average")), n_in


def _series_inception(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Ismail Fawaz et al. 2020: parallel kernels of several lengths, and a shortcut around every three modules."""
    parts: dict[str, Layer] = {}
    for start in range(0, len(widths), 3):
        inner: dict[str, Layer] = {}
        n_before = n_in
        for i, n in enumerate(widths[start : start + 3], start + 1):
            inner[f"module_{i}"] = _series_inception_module(convolution, n_in, n, kernels)
            n_in = n * (len(kernels) + 1)
        if len(inner) == 3:
            block = Residual(Chain(**inner), _shortcut(convolution, n_before, n_in))
            parts |= {f"block_{start // 3 + 1}": block, f"activation_{start // 3 + 1}": RELU}
        else:
            parts |= inner
    return Chain(**parts, pooling=GlobalPooling("average")), n_in


def _series_inception_module(convolution: _Convolutions, n_in: int, n: int, kernels: tuple[int, ...]) -> Chain:
    """A bottleneck, parallel kernels of several lengths and a max pooling, and their joint normalization."""
    bottleneck = convolution(n_in, n, 1, normal=False) if n_in > 1 else None
    sizes = [convolution(n if bottleneck else n_in, n, kernel, normal=False) for kernel in kernels]
    wide: Layer = Branches({f"convolution_{i}": layer for i, layer in enumerate(sizes, 1)}, axis=1)
    if bottleneck:
        wide = Chain(bottleneck=bottleneck, convolutions=wide)
    pooled = Chain(pooling=Pooling("max", (1, 3), (1, 1), "same"), convolution=convolution(n_in, n, 1, normal=False))
    n_out = n * (len(kernels) + 1)
    normalization = {"normalization": BatchNormalization(n_out, axis=1)} if convolution.batch_norm else {}
    return Chain(branches=Branches(wide=wide, pooled=pooled, axis=1), **normalization, activation=RELU)


def _textcnn(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Kim 2014: parallel kernels of several lengths, and the maximum of each feature over time."""
    pairs = _pairs(widths, kernels)
    branches = {
        f"kernel_{i}": Chain(**convolution(n_in, n, kernel).children(), activation=RELU, pooling=GlobalPooling("max"))
        for i, (n, kernel) in enumerate(pairs, 1)
    }
    return Chain(kernels=Branches(branches)), sum(n for n, _ in pairs)


def _shortcut(convolution: _Convolutions, n_in: int, n_out: int) -> Layer | None:
    if n_in != n_out:
        return convolution(n_in, n_out, 1)
    return BatchNormalization(n_out, axis=1) if convolution.batch_norm else None


def _pairs(widths: tuple[int, ...], kernels: tuple[int, ...]) -> list[tuple[int, int]]:
    """Width and kernel size of each convolution; a single width or kernel size is used for all."""
    widths = widths * len(kernels) if len(widths) == 1 else widths
    kernels = kernels * len(widths) if len(kernels) == 1 else kernels
    if len(widths) != len(kernels):
        raise ValueError(
            f"channels has {len(widths)} sizes, {widths}, and kernel_size {len(kernels)}, {kernels}. Give as many "
            "of either, or a single one for all."
        )
    return list(zip(widths, kernels, strict=True))


SERIES_ARCHITECTURES: dict[str, Callable[[_Convolutions, int, tuple[int, ...], tuple[int, ...]], Body]] = {
    "fcn": _fcn,
    "resnet": _series_resnet,
    "inception": _series_inception,
    "textcnn": _textcnn,
}
