"""Autoencoders compared with PCA, isolation forests and PyTorch, and two kinds of image decoders.

    python benchmarks/autoencoder.py digits
    python benchmarks/autoencoder.py outliers
    python benchmarks/autoencoder.py decoders --data FOLDER
    python benchmarks/autoencoder.py race --data FOLDER

`digits`: squared reconstruction error with eight latent variables on scikit-learn's digits, five folds, divided by that
of PCA with eight components, for raw and for standardized pixels; then accuracy of logistic regression on the latent
variables. `outliers`: area under the ROC curve for the detection of a digit that was not in the training data.
`decoders`: error and seconds on MNIST with transposed convolutions, and with repeated pixels and convolutions. `race`:
seconds of an epoch compared with a PyTorch loop of the same network, the minimum over several rounds.
"""

from __future__ import annotations

import argparse
import inspect
import math
import os
import time
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import fastest

from skneural import Autoencoder
from skneural.layers import Convolution, Layer
from skneural.layers.traversal import mapped
from skneural.networks import autoencoder as networks

WIDE = {"hidden_layer_sizes": (256, 128), "learning_rate_init": 3e-3}
IMAGES = {"image_shape": (8, 8), "learning_rate_init": 3e-3}
SETTINGS = {
    "rows, defaults": {},
    "rows, wide": WIDE,
    "images, defaults": {"image_shape": (8, 8)},
    "images": IMAGES,
    "images, variational": {**IMAGES, "variational": True},
}


def mean_square(model, X, scaler=None):
    """Mean squared reconstruction error of a fitted model."""
    restored = model.inverse_transform(model.transform(X))
    errors = restored - X if scaler is None else scaler.transform(restored) - scaler.transform(X)
    return float(np.mean(np.square(errors)))


def digits(arguments):
    """Print errors relative to those of PCA, and accuracies of classifiers on the latent variables."""
    X, y = load_digits(return_X_y=True)
    folds = list(KFold(5, shuffle=True, random_state=0).split(X))
    for name, settings in SETTINGS.items():
        rows = []
        for train, test in folds:
            scaler = StandardScaler().fit(X[train])
            plain, scaled = PCA(8).fit(X[train]), make_pipeline(scaler, PCA(8)).fit(X[train])
            start = time.perf_counter()
            model = Autoencoder(8, random_state=0, **settings).fit(X[train])
            seconds = time.perf_counter() - start
            raw = mean_square(model, X[test]) / mean_square(plain, X[test])
            in_deviations = mean_square(model, X[test], scaler) / mean_square(scaled, X[test], scaler)
            accuracies = [
                make_pipeline(transformer, StandardScaler(), LogisticRegression(max_iter=1000))
                .fit(X[train], y[train])
                .score(X[test], y[test])
                for transformer in (model, plain, scaled)
            ]
            rows.append([raw, in_deviations, *accuracies, seconds])
        raw, in_deviations, accuracy, by_plain, by_scaled, seconds = np.mean(rows, axis=0)
        print(
            f"{name:<20} error/PCA {raw:.3f}, in deviations {in_deviations:.3f}; accuracy {accuracy:.3f}, "
            f"PCA {by_plain:.3f}, scaled PCA {by_scaled:.3f}; {seconds:.1f} s",
            flush=True,
        )


def outliers(arguments):
    """Print how well digits that are not in the training data are detected."""
    X, y = load_digits(return_X_y=True)
    quick = {"image_shape": (8, 8), "learning_rate": "one_cycle", "learning_rate_init": 5e-3, "max_iter": 30}
    is_train = np.random.default_rng(0).random(len(X)) < 0.5
    models = {
        "autoencoder": partial(Autoencoder, 8, **quick, random_state=0),
        "variational": partial(Autoencoder, 8, **quick, variational=True, random_state=0),
        "PCA": partial(PCA, 8, random_state=0),
        "isolation forest": partial(IsolationForest, n_estimators=300, random_state=0),
    }
    for name, new in models.items():
        areas = []
        for digit in range(10):
            model = new().fit(X[is_train & (y != digit)])
            rest = ~is_train | (y == digit)
            areas.append(roc_auc_score(y[rest] != digit, model.score_samples(X[rest])))
        print(f"{name:<18} {np.mean(areas):.3f}   " + " ".join(f"{area:.2f}" for area in areas), flush=True)


@dataclass(frozen=True)
class RepeatPixels(Layer):
    """Nearest-neighbour upsampling of images; x and y: (height, channels, width, batch)."""

    image_size: tuple[int, int]

    def forward(self, p, x, context):
        places = [np.arange(n) * x.shape[axis] // n for n, axis in zip(self.image_size, (0, 2), strict=True)]
        starts = [np.flatnonzero(np.diff(along_axis, prepend=-1)) for along_axis in places]
        y = x.take(places[0], axis=0).take(places[1], axis=2)
        return y, lambda dy, g: np.add.reduceat(np.add.reduceat(dy, starts[0], axis=0), starts[1], axis=2)

    def shape(self, x_shape):
        return self.image_size[0], x_shape[1], self.image_size[1], x_shape[3]


def with_repeated_pixels(**arguments):
    """Network of an image autoencoder with upsampling and convolutions instead of transposed convolutions."""

    def replaced(name, layer):
        if not isinstance(layer, networks.TransposedConvolution):
            return layer
        convolution = Convolution(
            layer.channels_in, layer.channels_out, (3, 3), initializer=layer.initializer, bias=layer.bias
        )
        return networks.Chain(RepeatPixels(layer.image_size), convolution)

    return mapped(networks.autoencoder_network(**arguments), replaced)


def plain_arguments(builder):
    """Give a builder the signature of `autoencoder_network`."""
    builder.__signature__ = inspect.signature(networks.autoencoder_network, eval_str=True)
    return builder


class RepeatingAutoencoder(Autoencoder):
    _network_builder = staticmethod(plain_arguments(with_repeated_pixels))


def mnist(arguments, n):
    with np.load(arguments.data / "img_mnist.npz") as file:
        return file["X_train"][:n].reshape(n, 28, 28).astype(np.float32) / 255, file["X_test"][:2000] / np.float32(255)


def decoders(arguments):
    """Print errors and seconds after the same number of epochs."""
    X, X_test = mnist(arguments, arguments.n)
    X_test = X_test.reshape(-1, 28, 28)
    for size in (8, 32):
        for kind in (Autoencoder, RepeatingAutoencoder):
            model = kind(
                size, image_shape="auto", max_iter=arguments.epochs, early_stopping=False, random_state=0, tol=0
            )
            start = time.perf_counter()
            model.fit(X)
            seconds = time.perf_counter() - start
            error = np.mean(np.square(model.inverse_transform(model.transform(X_test)) - X_test))
            print(f"{size:>3} latent  {kind.__name__:<22} error {error:.5f}  {seconds:.0f} s", flush=True)


def torch_network(torch, kind, n_features, latent_size):
    """Encoder and decoder of the same network in PyTorch; images are (batch, 1, 28, 28)."""
    nn = torch.nn
    doubled = 2 * latent_size if kind == "variational" else latent_size
    if kind != "images":
        encoder = nn.Sequential(nn.Linear(n_features, 100), nn.ReLU(), nn.Linear(100, doubled))
        return encoder, nn.Sequential(nn.Linear(latent_size, 100), nn.ReLU(), nn.Linear(100, n_features))

    class PixelBias(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(n_features))

        def forward(self, x):
            return x.flatten(1) + self.bias

    blocks = [nn.Conv2d(1, 16, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1)]
    top = [nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 100), nn.ReLU(), nn.Linear(100, latent_size)]
    doubling = {"stride": 2, "padding": 1, "output_padding": 1}
    up = [nn.Linear(latent_size, 100), nn.ReLU(), nn.Linear(100, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7))]
    images = [
        nn.ConvTranspose2d(32, 16, 3, **doubling),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 3, bias=False, **doubling),
    ]
    return nn.Sequential(*blocks, *top), nn.Sequential(*up, *images, PixelBias())


def torch_fit(torch, kind, X, epochs, batch_size=200, latent_size=8):
    """Train in PyTorch, and return the mean loss of the last epoch and the number of parameters."""
    encoder, decoder = torch_network(torch, kind, math.prod(X.shape[1:]), latent_size)
    spread = torch.zeros((), requires_grad=True)
    parameters = [*encoder.parameters(), *decoder.parameters(), *([spread] if kind == "variational" else [])]
    optimizer = torch.optim.Adam(parameters, 1e-3)
    scaled = torch.from_numpy(
        (X - X.mean(axis=None if X.ndim > 2 else 0)) / (X.std(axis=None if X.ndim > 2 else 0) + 1e-9)
    )
    x = scaled[:, None] if X.ndim > 2 else scaled
    for _ in range(epochs):
        total, order = 0.0, torch.randperm(len(x))
        for start in range(0, len(x), batch_size):
            batch = x[order[start : start + batch_size]]
            z, divergence = encoder(batch), 0.0
            if kind == "variational":
                mean, log_variance = z.chunk(2, dim=1)
                z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
                divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum(1).mean() / batch[0].numel()
            squares = (decoder(z) - batch.flatten(1)).square().mean()
            if kind == "variational":
                loss = 0.5 * (squares / (spread.exp() + 1e-4) + torch.log(spread.exp() + 1e-4)) + divergence
            else:
                loss = 0.5 * squares
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
    return total / len(x), sum(part.numel() for part in parameters)


def race(arguments):
    """Print the seconds of an epoch."""
    import torch

    torch.set_num_threads(int(os.environ.get("OPENBLAS_NUM_THREADS", torch.get_num_threads())))
    rows = load_digits().data.astype(np.float32)
    images, _ = mnist(arguments, 2000)
    for kind, X, epochs, options in (
        ("plain", rows, 20, {}),
        ("variational", rows, 20, {"variational": True}),
        ("images", images, 2, {"image_shape": "auto"}),
    ):
        common = {"activation": "relu", "batch_size": 200, "tol": 0, "early_stopping": False, "alpha": 0}
        model = Autoencoder(8, max_iter=epochs, random_state=0, **common, **options)
        results = []
        peer = partial(torch_fit, torch, kind, X, epochs)
        runs = partial(model.fit, X), lambda peer=peer, results=results: results.append(peer())
        ours, theirs = (seconds / epochs for seconds in fastest(runs, arguments.rounds))
        loss, n_parameters = results[-1]
        assert n_parameters == model.weights_.size
        print(
            f"{kind:<12} {1e3 * ours:7.1f} ms an epoch   PyTorch {1e3 * theirs:7.1f} ms   ({ours / theirs:.2f})   "
            f"loss {model.loss_:.3f}, PyTorch {loss:.3f}",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=["digits", "outliers", "decoders", "race"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--n", type=int, default=10_000, help="number of images for the decoders")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.task in ("decoders", "race") and arguments.data is None:
        parser.error(f"{arguments.task} takes --data FOLDER, with img_mnist.npz")
    warnings.simplefilter("ignore", ConvergenceWarning)
    {"digits": digits, "outliers": outliers, "decoders": decoders, "race": race}[arguments.task](arguments)


if __name__ == "__main__":
    main()
