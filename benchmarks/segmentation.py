"""Segmentation of images by U-Nets.

    python benchmarks/segmentation.py --data FOLDER             membrane and digits
    python benchmarks/segmentation.py --data FOLDER digits
    python benchmarks/segmentation.py --race                    training time compared with PyTorch

"membrane": cells in 15 slices of neural tissue of 256 x 256 pixels, five others for testing. "digits": which of ten
digits each pixel of a 32 x 32 image belongs to, or to a background of noise. Prints mean intersection over union, the
share of pixels that are predicted wrong, and seconds of the fit, beside a threshold and a random forest on the pixels
around each. `--race` trains the same network in skneural and in PyTorch, in its default layout and with channels last.
benchmarks/README.md lists the sources of the files.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import jaccard_score
from timing import seconds_in_turns, timed, timed_fit

from skneural import ImageSegmenter

MODELS = {
    # Membranes, a fifth of the pixels, weigh more than the inside of cells, as they do in the mean over classes.
    "membrane": ImageSegmenter(
        channels=(16, 32, 64, 128),
        augmentation=("flip", "rotate"),
        class_weight={0: 2.0, 1: 1.0},
        batch_size=2,
        learning_rate="one_cycle",
        learning_rate_init=0.01,
        max_iter=110,
        n_iter_no_change=np.inf,
    ),
    "digits": ImageSegmenter(
        batch_size=16, learning_rate="one_cycle", learning_rate_init=0.01, max_iter=10, early_stopping=False
    ),
}
REACH = 4  # of the pixels around each that a forest sees
PIXELS_OF_FOREST = 60_000
IMAGES_AT_RACE, SIDE_AT_RACE, BATCH_AT_RACE, EPOCHS_AT_RACE, CHANNELS = 16, 128, 8, 5, (16, 32, 64)


def load(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images and labels of pixels, for training and for testing."""
    with np.load(folder / f"img_{'membrane' if name == 'membrane' else 'mnist'}.npz") as file:
        X, y, X_test, y_test = (file[f"{part}_{split}"] for split in ("train", "test") for part in ("X", "y"))
    if name == "membrane":
        return X, y, X_test, y_test
    return (*on_noise(X[:6000], y[:6000], 0), *on_noise(X_test[:1000], y_test[:1000], 1))


def on_noise(images: np.ndarray, digits: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Digits at random places of a background of noise, and the digit of each pixel, or 10 for the background."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 0.5, (len(images), 32, 32)).astype(np.float32)
    y = np.full(X.shape, 10)
    for image, digit, x, labels in zip(images / 255, digits, X, y, strict=True):
        top, left = rng.integers(0, 5, 2)
        place = np.s_[top : top + 28, left : left + 28]
        x[place] = np.maximum(x[place], image)
        labels[place][image > 0.5] = digit
    return X, y


def neighbourhoods(X: np.ndarray) -> np.ndarray:
    """The pixels around each pixel, in a row for each of them."""
    padded = np.pad(X, ((0, 0), (REACH, REACH), (REACH, REACH)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * REACH + 1, 2 * REACH + 1), axis=(1, 2))
    return windows.reshape(X.size, -1)


def by_forest(X: np.ndarray, y: np.ndarray, X_test: np.ndarray) -> np.ndarray:
    rows = np.random.default_rng(0).choice(X.size, PIXELS_OF_FOREST, replace=False)
    forest = RandomForestClassifier(50, min_samples_leaf=5, random_state=0).fit(
        neighbourhoods(X)[rows], y.ravel()[rows]
    )
    return forest.predict(neighbourhoods(X_test)).reshape(X_test.shape)


def by_threshold(X: np.ndarray, y: np.ndarray, X_test: np.ndarray) -> np.ndarray:
    """The two most frequent classes, by the threshold with the best mean intersection over union in training."""
    frequent = np.argsort(np.bincount(y.ravel()))[-2:]
    dark, bright = sorted(frequent, key=lambda kind: X[y == kind].mean())
    levels = np.quantile(X, np.linspace(0.02, 0.98, 49))
    best = max(
        levels,
        key=lambda level: jaccard_score(y.ravel(), np.where(level < X, bright, dark).ravel(), average="macro"),
    )
    return np.where(X_test > best, bright, dark)


def compare(folder: Path, name: str, seed: int) -> None:
    X, y, X_test, y_test = load(folder, name)
    model, seconds = timed_fit(MODELS[name].set_params(random_state=seed), X, y)
    rows = {
        "threshold": timed(lambda: by_threshold(X, y, X_test)),
        "random forest": timed(lambda: by_forest(X, y, X_test)),
    }
    for kind, (predicted, taken) in {**rows, "ImageSegmenter": (model.predict(X_test), seconds)}.items():
        score = jaccard_score(y_test.ravel(), predicted.ravel(), average="macro")
        print(f"{name:<10} {kind:<15} {score:>8.3f} {np.mean(predicted != y_test):>12.4f} {taken:>9.0f}", flush=True)


def race(rounds: int) -> None:
    """Time of some epochs, with two threads, in turns."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, (IMAGES_AT_RACE, SIDE_AT_RACE, SIDE_AT_RACE))
    X = (y + rng.standard_normal(y.shape)).astype(np.float32)
    options = {"batch_size": BATCH_AT_RACE, "max_iter": EPOCHS_AT_RACE, "n_jobs": 2, "random_state": 0}
    model = ImageSegmenter(channels=CHANNELS, **options)
    functions: dict[str, Callable[[], Any]] = {
        "skneural": lambda: model.fit(X, y),
        "PyTorch": by_torch(X, y, False),
        "PyTorch, channels last": by_torch(X, y, True),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        seconds = [min(each) for each in seconds_in_turns(functions.values(), rounds)]
    print(f"{EPOCHS_AT_RACE} epochs of {IMAGES_AT_RACE} images     seconds  ratio")
    for name, taken in zip(functions, seconds, strict=True):
        print(f"{name:<24} {taken:>8.3f} {seconds[0] / taken:>6.2f}")


def by_torch(X: np.ndarray, y: np.ndarray, channels_last: bool) -> Callable[[], None]:
    """A function that trains PyTorch's network."""
    import torch
    from torch import nn

    torch.set_num_threads(2)

    def block(n_in: int, n_out: int) -> nn.Module:
        convolution = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        return nn.Sequential(convolution, nn.BatchNorm2d(n_out), nn.ReLU(inplace=True))

    class Level(nn.Module):
        def __init__(self, n_in: int, channels: tuple[int, ...]) -> None:
            super().__init__()
            n, *below = channels
            self.before, self.below = nn.Sequential(block(n_in, n), block(n, n)), None
            if below:
                up = nn.ConvTranspose2d(below[0], n, 2, 2)
                self.below = nn.Sequential(nn.MaxPool2d(2), Level(n, tuple(below)), up)
                self.after = nn.Sequential(block(2 * n, n), block(n, n))

        def forward(self, x: Any) -> Any:
            x = self.before(x)
            return x if self.below is None else self.after(torch.cat([x, self.below(x)], 1))

    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = nn.Sequential(Level(1, CHANNELS), nn.Conv2d(CHANNELS[0], 1, 1)).to(memory_format=layout)
    images = torch.tensor(X)[:, None].contiguous(memory_format=layout)
    targets = torch.tensor(y, dtype=torch.float32)[:, None]
    optimizer, loss = torch.optim.Adam(network.parameters()), nn.BCEWithLogitsLoss()

    def run() -> None:
        network.train()
        for _ in range(EPOCHS_AT_RACE):
            for rows in torch.randperm(len(images)).split(BATCH_AT_RACE):
                optimizer.zero_grad()
                loss(network(images[rows]), targets[rows]).backward()
                optimizer.step()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*MODELS, []], help="all if none is given")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--race", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.race:
        race(arguments.rounds)
        return
    print(f"{'data':<10} {'model':<15} {'mean IoU':>8} {'pixel error':>12} {'seconds':>9}")
    for name in arguments.names or MODELS:
        compare(arguments.data, name, arguments.seed)


if __name__ == "__main__":
    main()
