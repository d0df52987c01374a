"""Time of each operation of a convolutional network's training step, compared with PyTorch.

    python benchmarks/convolution_operations.py                        all processors
    OPENBLAS_NUM_THREADS=1 python benchmarks/convolution_operations.py     one thread

Two blocks of a 3 x 3 convolution, a maximum of 2 x 2 pixels, and ReLU, on a batch of 64 grey images of 28 x 28 and of
8 x 8 pixels. Milliseconds, the least of many rounds in which all operations take turns. With several threads, each has
its part of the batch where `fit` divides batches: those of 28 x 28 pixels. In PyTorch, which computes in channels-last,
its faster format, the gradient of a kernel includes that of the bias. The first line names the kernels
of BLAS; OPENBLAS_CORETYPE chooses others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from skneural.layers import Convolution
from skneural.networks.shards import LEAST_SHARD
from skneural.ops.convolution import convolution
from skneural.ops.memory import start_recycling
from skneural.ops.pointwise import relu
from skneural.ops.pooling import max_pooling
from skneural.ops.window import Window
from skneural.template.training import thread_count

SHAPES = ((28, (32, 64)), (8, (16, 32)))
BATCH = 64
SQUARES = Window((2, 2), (2, 2))
SECONDS = 4.0
OPERATIONS = (
    "convolution",
    "gradient of the kernel",
    "gradient of the images",
    "pooling",
    "gradient of pooling",
    "ReLU",
    "gradient of ReLU",
)

Timed = dict[str, Callable[[], object]]


def ours(side: int, channels: tuple[int, ...], batch: int) -> Timed:
    """Operations of one thread, by block and name."""
    rng = np.random.default_rng(0)
    x, timed = rng.standard_normal((side, 1, side, batch), dtype=np.float32), {}
    for number, n in enumerate(channels, 1):
        kernel = rng.standard_normal((3, 3, x.shape[1], n), dtype=np.float32)
        window = Window.over(x.shape, (3, 3), (1, 1), (1, 1), "same")
        y, back = convolution(x, kernel, window)
        pooled, pool_back = max_pooling(y, SQUARES)
        active, relu_back = relu(pooled)
        dy, d_pooled = (rng.standard_normal(array.shape, dtype=np.float32) for array in (y, pooled))
        _, without_images = convolution(x, kernel, window, input_gradient=False)
        calls = (
            partial(convolution, x, kernel, window),
            partial(without_images, dy, np.empty_like(kernel)),
            partial(back, dy),
            partial(max_pooling, y, SQUARES),
            partial(pool_back, d_pooled),
            partial(relu, pooled),
            partial(relu_back, d_pooled),
        )
        timed |= named(number, calls)
        x = active
    return timed


def of_pytorch(side: int, channels: tuple[int, ...], n_threads: int) -> Timed:
    """The same operations of PyTorch."""
    import torch

    torch.set_num_threads(n_threads)
    # Strides of channels-last also where one channel leaves them ambiguous; PyTorch looks at them.
    x, timed = torch.randn(BATCH, side, side, 1).permute(0, 3, 1, 2), {}
    backward, pool = torch.ops.aten.convolution_backward, torch.nn.functional.max_pool2d
    for number, n in enumerate(channels, 1):
        weight = torch.randn(n, x.shape[1], 3, 3).contiguous(memory_format=torch.channels_last)
        bias = torch.zeros(n)
        y = torch.nn.functional.conv2d(x, weight, bias, padding=1)
        pooled, places = pool(y, 2, return_indices=True)
        active, dy, d_pooled = torch.relu(pooled), torch.randn_like(y), torch.randn_like(pooled)
        pool_back = torch.ops.aten.max_pool2d_with_indices_backward
        settings = ([n], [1, 1], [1, 1], [1, 1], False, [0, 0], 1)
        calls = (
            partial(torch.nn.functional.conv2d, x, weight, bias, padding=1),
            partial(backward, dy, x, weight, *settings, [False, True, True]),
            partial(backward, dy, x, weight, *settings, [True, False, False]),
            partial(pool, y, 2, return_indices=True),
            partial(pool_back, d_pooled, y, [2, 2], [2, 2], [0, 0], [1, 1], False, places),
            partial(torch.relu, pooled),
            partial(torch.ops.aten.threshold_backward, d_pooled, active, 0),
        )
        timed |= named(number, calls)
        x = active
    return timed


def shards(side: int, channels: tuple[int, ...], n_threads: int) -> int:
    """Number of parts into which `fit` divides a batch."""
    return max(1, min(n_threads, BATCH * side * side * channels[0] // LEAST_SHARD[Convolution]))


def named(number: int, calls: tuple[Callable[[], object], ...]) -> Timed:
    """Calls by the number of their block and the name of their operation."""
    return {f"{number} {name}": call for name, call in zip(OPERATIONS, calls, strict=True)}


def in_threads(parts: list[Timed], pool: ThreadPoolExecutor) -> Timed:
    """Operations that all threads compute at once, each for its part of the batch."""
    if len(parts) == 1:
        return parts[0]

    def together(name: str) -> None:
        for outcome in [pool.submit(part[name]) for part in parts]:
            outcome.result()

    return {name: partial(together, name) for name in parts[0]}


def least(contestants: dict[str, Timed]) -> dict[str, dict[str, float]]:
    """Least milliseconds of each operation, taking turns."""
    best = {who: dict.fromkeys(timed, np.inf) for who, timed in contestants.items()}
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for who, timed in contestants.items():
            for name, call in timed.items():
                start = time.perf_counter()
                call()
                best[who][name] = min(best[who][name], 1e3 * (time.perf_counter() - start))
    return best


def main() -> None:
    n_threads = thread_count(None)
    kernels = {info["architecture"] for info in threadpool_info() if info["user_api"] == "blas"}
    print(f"kernels {', '.join(sorted(kernels))}; {n_threads} threads; milliseconds")
    start_recycling()
    for side, channels in SHAPES:
        with ThreadPoolExecutor(n_threads, initializer=start_recycling) as pool:
            n_shards = shards(side, channels, n_threads)
            parts = [ours(side, channels, BATCH // n_shards) for _ in range(n_shards)]
            contestants = {"skneural": in_threads(parts, pool), "PyTorch": of_pytorch(side, channels, n_threads)}
            with threadpool_limits(1, user_api="blas"):
                best = least(contestants)
        print(f"\n{f'{side} x {side}, channels {channels}':<34}{'skneural':>10}{'PyTorch':>10}")
        for name in best["skneural"]:
            if name != "1 gradient of the images":  # not computed in training
                print(f"{name:<34}{best['skneural'][name]:>10.3f}{best['PyTorch'][name]:>10.3f}")
        totals = [
            sum(value for name, value in row.items() if name != "1 gradient of the images") for row in best.values()
        ]
        print(f"{'all':<34}{totals[0]:>10.3f}{totals[1]:>10.3f}   ratio {totals[0] / totals[1]:.2f}", flush=True)


if __name__ == "__main__":
    main()
