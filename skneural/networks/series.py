"""Convolutional networks for series and for tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skneural.layers import (
    Activation,
    BatchLast,
    BatchNormalization,
    Branches,
    Chain,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    GlobalPooling,
    Layer,
    Mask,
    Pooling,
    Residual,
    Standardization,
)

RELU = Activation("relu")


@dataclass(frozen=True)
class Published:
    """Widths and kernels of a paper; `channels` and `kernel_size` take their place where they are given."""

    channels: tuple[int, ...]
    kernel_size: tuple[int, ...]


PUBLISHED = {
    "fcn": Published((128, 256, 128), (8, 5, 3)),
    "resnet": Published((64, 128, 128), (8, 5, 3)),
    "inception": Published((32,) * 6, (40, 20, 10)),
    "textcnn": Published((100,), (3, 4, 5)),
}


def series_network(
    n_features: int,
    n_out: int,
    architecture: str = "fcn",
    channels: Sequence[int] | None = None,
    kernel_size: Sequence[int] | None = None,
    batch_norm: bool = True,
    dropout: float = 0.0,
    vocabulary_size: int | None = None,
    embedding_size: int = 64,
    standardize: bool = True,
    input_gradient: bool = False,
) -> Chain:
    """Series (batch, steps, features) or tokens (batch, steps) in, raw scores out.

    Every layer keeps the number of steps, and forgets what stands beyond the end of a series.

    Parameters
    ----------
    n_features : int
        Features of each step; not used for tokens.
    n_out : int
        Raw scores.
    architecture : {"fcn", "resnet", "inception", "textcnn"}
    channels : sequence of int, optional
        Width of each convolution (fcn), residual block (resnet), module (inception) or kernel size (textcnn). By
        default those of the paper.
    kernel_size : sequence of int, optional
        Kernel of each convolution (fcn), of those in each block (resnet), or of those side by side (inception,
        textcnn). By default those of the paper.
    batch_norm : bool
        Normalize after each convolution.
    dropout : float
        Rate before the output layer.
    vocabulary_size : int, optional
        Number of tokens; None for series.
    embedding_size : int
        Numbers that stand for each token.
    standardize : bool
        Whether the first layer centres and scales each feature; not used for tokens.
    input_gradient : bool
        Whether `backward` returns the gradient of the series.
    """
    published = PUBLISHED[architecture]
    widths = published.channels if channels is None else tuple(channels)
    kernels = published.kernel_size if kernel_size is None else tuple(kernel_size)
    if kernel_size is None and architecture == "fcn" and len(widths) > 1:
        kernels = tuple(kernels[min(i, 2)] for i in range(len(widths)))  # for deeper ones, more of the shortest
    if vocabulary_size is None:
        start: list[Layer] = [BatchLast()]
        start += [Standardization(n_features, axis=1)] if standardize else []
        n_in = n_features
    else:
        start = [Embedding(vocabulary_size, embedding_size), BatchLast()]
        n_in = embedding_size
    maker = _Convolutions(batch_norm, first_gradient=input_gradient or vocabulary_size is not None)
    body, n_pooled = ARCHITECTURES[architecture](maker, n_in, widths, kernels)
    head: list[Layer] = [Dropout(dropout)] if dropout > 0 else []
    return Chain((*start, *body, *head, Dense(n_pooled, n_out)))


@dataclass
class _Convolutions:
    """Makes convolutions along the steps; knows which of them sees the input."""

    batch_norm: bool
    first_gradient: bool

    def __call__(self, n_in: int, n_out: int, kernel_size: int, *, first: bool = False, normal: bool = True) -> Chain:
        """A convolution, masked before and, if `normal`, normalized after."""
        gradient = self.first_gradient or not first
        # Without a bias even where the normalization only follows for several branches together.
        layer = Convolution(n_in, n_out, (1, kernel_size), bias=not self.batch_norm, input_gradient=gradient)
        return Chain((Mask(), layer, *([BatchNormalization(n_out, axis=1)] if normal and self.batch_norm else [])))


Body = tuple[list[Layer], int]  # layers from batch-last series to rows, and the length of these rows


def _fcn(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Wang, Yan and Oates 2017: convolutions, then the mean over time."""
    layers: list[Layer] = []
    for i, (n, kernel) in enumerate(_pairs(widths, kernels)):
        layers += [convolution(n_in, n, kernel, first=i == 0), RELU]
        n_in = n
    return [*layers, GlobalPooling("average")], n_in


def _resnet(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Wang, Yan and Oates 2017: blocks of convolutions, each block added to what it was given."""
    layers: list[Layer] = []
    for i, n in enumerate(widths):
        inner: list[Layer] = []
        for j, kernel in enumerate(kernels):
            inner += [convolution(n if j else n_in, n, kernel, first=i == j == 0), RELU]
        block = Chain(tuple(inner[:-1]))  # the last activation comes after the sum
        layers += [Residual(block, _shortcut(convolution, n_in, n, first=i == 0)), RELU]
        n_in = n
    return [*layers, GlobalPooling("average")], n_in


def _inception(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Ismail Fawaz et al. 2020: kernels of several lengths side by side, a shortcut around every three modules."""
    layers: list[Layer] = []
    for start in range(0, len(widths), 3):
        inner: list[Layer] = []
        n_before = n_in
        for i, n in enumerate(widths[start : start + 3], start):
            inner += [*_inception_module(convolution, n_in, n, kernels, first=i == 0), RELU]
            n_in = n * (len(kernels) + 1)
        if len(widths[start : start + 3]) == 3:
            shortcut = _shortcut(convolution, n_before, n_in, first=start == 0)
            layers += [Residual(Chain(tuple(inner)), shortcut), RELU]
        else:
            layers += inner
    return [*layers, GlobalPooling("average")], n_in


def _inception_module(
    convolution: _Convolutions, n_in: int, n: int, kernels: tuple[int, ...], *, first: bool
) -> list[Layer]:
    """A bottleneck, kernels of several lengths beside a maximum, and a normalization of all of them together."""
    bottleneck = convolution(n_in, n, 1, first=first, normal=False) if n_in > 1 else None
    wide = Branches(
        tuple(
            convolution(n if bottleneck else n_in, n, kernel, first=first and not bottleneck, normal=False)
            for kernel in kernels
        ),
        axis=1,
    )
    pooled = Chain((Pooling("max", (1, 3), (1, 1), "same"), convolution(n_in, n, 1, first=first, normal=False)))
    all_branches = Branches((Chain((bottleneck, wide)) if bottleneck else wide, pooled), axis=1)
    n_out = n * (len(kernels) + 1)
    return [all_branches, *([BatchNormalization(n_out, axis=1)] if convolution.batch_norm else [])]


def _textcnn(convolution: _Convolutions, n_in: int, widths: tuple[int, ...], kernels: tuple[int, ...]) -> Body:
    """Kim 2014: kernels of several lengths, and the greatest value of each feature over time."""
    pairs = _pairs(widths, kernels)
    branches = [Chain((convolution(n_in, n, kernel, first=True), RELU, GlobalPooling("max"))) for n, kernel in pairs]
    return [Branches(tuple(branches))], sum(n for n, _ in pairs)


def _shortcut(convolution: _Convolutions, n_in: int, n_out: int, *, first: bool) -> Layer | None:
    if n_in != n_out:
        return convolution(n_in, n_out, 1, first=first)
    return BatchNormalization(n_out, axis=1) if convolution.batch_norm else None


def _pairs(widths: tuple[int, ...], kernels: tuple[int, ...]) -> list[tuple[int, int]]:
    """The width and the kernel of each convolution; a single one of either serves all."""
    widths = widths * len(kernels) if len(widths) == 1 else widths
    kernels = kernels * len(widths) if len(kernels) == 1 else kernels
    if len(widths) != len(kernels):
        raise ValueError(
            f"channels has {len(widths)} sizes, {widths}, and kernel_size {len(kernels)}, {kernels}. Give as many of "
            "either, or a single one that serves all."
        )
    return list(zip(widths, kernels, strict=True))


ARCHITECTURES: dict[str, Callable[[_Convolutions, int, tuple[int, ...], tuple[int, ...]], Body]] = {
    "fcn": _fcn,
    "resnet": _resnet,
    "inception": _inception,
    "textcnn": _textcnn,
}
