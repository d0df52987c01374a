"""Samples of diffusion models compared with Gaussian mixtures, and training time compared with PyTorch.

    python benchmarks/diffusion.py --data FOLDER                all tasks
    python benchmarks/diffusion.py moons gaussians digits race  tasks that need no files
    python benchmarks/diffusion.py digits --set eta=0 n_sampling_steps=20 --pictures FOLDER

Points: energy distance between 2000 samples and 2000 new points, compared with a GaussianMixture whose number of
components is selected by BIC. Both are fitted to ten sets of training data, and sixty sets of samples of each fit are
compared with the same sixty sets of new data. The mean distance of the diffusion model must not exceed that of the
mixture; the standard error of their difference tells which differences are significant. Distances are not corrected for
the finite number of points, which alone makes them positive. The last row is the distance between two sets of new data:
for Gaussians that of a perfect model, for moons less, as these are distributed more evenly than a random sample.

Digits: accuracy on real digits of a default SVC trained on 1500 generated ones, and the share of generated digits that
are nearer to a training digit than to any test digit; half of all digits are for training, so that a share of a half is
expected by chance. Table: accuracy on real test rows of gradient boosting, trained on 5000 generated rows.

All settings are defaults, except for the size of the network and the epochs on points. Learning rate, epochs, encoding
and the spacing of the steps were selected on other data: points of seeds from 100000 on, which are not used here;
halves of digits by seeds 100000 and 100001; 5000 other training rows of the census, validated on the 22561 remaining
training rows and never on test rows. Credit-g, sick and car confirmed that the selection is not specific to the census.
"""

from __future__ import annotations

import argparse
import ast
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits, make_moons
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC
from timing import fastest, timed

from skneural import DiffusionModel
from skneural.training.threads import blas_threads

N_MADE = 2000
N_FITS = 10
N_DRAWS = 60
# The default network is larger, for more than two columns.
FOR_POINTS = {"hidden_layer_sizes": (128, 128, 128), "max_iter": 200}
CLASSES = np.arange(1500) % 10


def moons(seed):
    return make_moons(N_MADE, noise=0.1, random_state=seed)[0].astype(np.float32)


def gaussians(seed):
    """Sample from eight Gaussians on a circle."""
    rng = np.random.default_rng(seed)
    angle = rng.integers(0, 8, N_MADE) * (np.pi / 4)
    centers = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (centers + rng.normal(0, 0.1, (N_MADE, 2))).astype(np.float32)


def energy_distance(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


def report(task, what, value, reference="", seconds=float("nan"), more=""):
    print(f"{task:<10} {what:<46}{value:>9.5f}{reference:>12}{seconds:>8.1f}  {more}", flush=True)


def points(task, draw, settings, pictures):
    """Compare both models on several sets of training data, each with sixty sets of new data."""
    names = ("mixture selected by BIC", "  diffusion model", "  training data", "  new data")
    distances, seconds, settings = {name: [] for name in names}, [], FOR_POINTS | settings
    for first in range(0, 1000 * N_FITS, 1000):
        X, fresh = draw(first), [draw(first + k) for k in range(1, N_DRAWS + 1)]
        mixture = min(
            (GaussianMixture(k, random_state=0).fit(X) for k in range(1, 25)), key=lambda fitted: fitted.bic(X)
        )
        model, fitting = timed(lambda X=X, first=first: DiffusionModel(random_state=first, **settings).fit(X))
        mixture.random_state = np.random.RandomState(first)
        sources = (
            [mixture.sample(N_MADE)[0] for _ in fresh],
            [model.sample(N_MADE, random_state=first + k) for k in range(N_DRAWS)],
            [X] * N_DRAWS,
            [draw(first + 500 + k) for k in range(N_DRAWS)],
        )
        for name, made in zip(names, sources, strict=True):
            distances[name].append(np.mean([energy_distance(*pair) for pair in zip(made, fresh, strict=True)]))
        seconds.append(fitting)
        shown = X, sources[1][0]
    of_mixtures, of_ours = (np.array(distances[name]) for name in names[:2])
    for name in names:
        ours = name == names[1]
        limit, time_taken = (f"<= {of_mixtures.mean():.5f}", np.mean(seconds)) if ours else ("", float("nan"))
        report(task, name, np.mean(distances[name]), limit, time_taken, f"+- {standard_error(distances[name]):.5f}")
    difference = of_ours - of_mixtures
    report(task, "  diffusion model minus mixture", difference.mean(), "", more=f"+- {standard_error(difference):.5f}")
    draw_points(pictures, task, *shown)


def standard_error(values):
    return np.std(values, ddof=1) / np.sqrt(len(values))


def digits(settings, pictures):
    X, y = load_digits(return_X_y=True)
    train, test, y_train, y_test = train_test_split(X.astype(np.float32), y, test_size=0.5, stratify=y, random_state=0)

    def evaluate(what, made, reference="", seconds=float("nan"), more=""):
        report("digits", what, SVC().fit(made, CLASSES).score(test, y_test), reference, seconds, more)
        copies = (cdist(made, train).min(axis=1) < cdist(made, test).min(axis=1)).mean()
        report("digits", "  nearer to a training digit than to a test digit", copies, ".5")

    model, seconds = timed(lambda: DiffusionModel(random_state=0, **settings).fit(train, y_train))
    made, sampling = timed(lambda: model.sample(len(CLASSES), y=CLASSES, random_state=0))
    evaluate("accuracy of SVC trained on samples", made, ">= .93", seconds, f"1500 samples in {sampling:.1f} s")
    by_class = [GaussianMixture(reg_covar=1e-2, random_state=0).fit(train[y_train == k]) for k in range(10)]
    drawn = np.stack([mixture.sample(len(CLASSES) // 10)[0] for mixture in by_class], axis=1)
    evaluate("  on samples of a Gaussian for each class", drawn.reshape(-1, 64))
    report("digits", "  on the real training digits", SVC().fit(train, y_train).score(test, y_test), "")
    draw_digits(pictures, made[:100])


def census(folder):
    """Load real rows for training and testing, with integers and named categories, some missing."""
    with np.load(folder / "tab_adult.npz") as file:
        rows = np.random.default_rng(0).permutation(len(file["X_train"]))[:5000]
        parts = (file["X_train"][rows], file["y_train"][rows]), (file["X_test"], file["y_test"])
        names, masked, levels = file["feature_names"], file["cat_mask"], file["categories"]
        classes = file["classes"]
    for X, y in parts:
        columns = {}
        for name, is_category, column_levels, column in zip(names, masked, levels, X.T, strict=True):
            codes = np.where(np.isnan(column), -1, column).astype(int)
            columns[str(name)] = pd.Categorical.from_codes(codes, column_levels.split("|")) if is_category else codes
        yield pd.DataFrame(columns).assign(income=pd.Categorical.from_codes(y.astype(int), classes))


def table(folder, settings):
    real, test = census(folder)

    def accuracy(rows):
        model = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
        model.fit(rows.drop(columns="income"), rows["income"])
        return model.score(test.drop(columns="income"), test["income"])

    X, y = real.drop(columns="income"), real["income"].astype(str)
    model, seconds = timed(lambda: DiffusionModel(random_state=0, **settings).fit(X, y))
    made, sampling = timed(lambda: model.sample(len(X), y=y, random_state=0))
    expected = accuracy(real)
    limit = f">= {expected - 0.03:.4f}"
    made_accuracy = accuracy(made.assign(income=real["income"]))
    report("table", "accuracy of boosting on samples", made_accuracy, limit, seconds, f"samples in {sampling:.1f} s")
    report("table", "  on the real rows", expected, "")


def race(settings):
    """Compare with a PyTorch loop of the same network, batches and steps."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(blas_threads())
    for n_features, n_epochs in ((2, 20), (64, 20), (120, 20)):
        X = np.random.default_rng(0).standard_normal((2000, n_features)).astype(np.float32)
        model = DiffusionModel(random_state=0, **settings | {"max_iter": n_epochs})
        runs = partial(model.fit, X), partial(torch_loop, torch, X, n_epochs)
        ours, theirs = fastest(runs, rounds=4, warm_up=False)
        what = f"{n_features} features, our seconds / PyTorch's"
        report("race", what, ours / theirs, "<= 1.0", ours, f"PyTorch {theirs:.1f} s")


def torch_loop(torch, X, n_epochs, size=256, n_blocks=3):
    class Block(torch.nn.Module):
        def __init__(self):
            super().__init__()
            silu, linear = torch.nn.SiLU, torch.nn.Linear
            self.inner = torch.nn.Sequential(silu(), linear(size, size), silu(), linear(size, size))

        def forward(self, x):
            return x + self.inner(x)

    n_features = X.shape[1]
    values, moment = torch.nn.Linear(n_features, size), torch.nn.Linear(64, size, bias=False)
    top = torch.nn.Sequential(*(Block() for _ in range(n_blocks)), torch.nn.SiLU(), torch.nn.Linear(size, n_features))
    parameters = [*values.parameters(), *moment.parameters(), *top.parameters()]
    averages = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.Adam(parameters, lr=4e-3)
    rows, frequencies = torch.from_numpy(X), torch.logspace(0, np.log10(30), 32)
    for _ in range(n_epochs):
        for batch in torch.randperm(len(rows)).split(200):
            clean, noise = rows[batch], torch.randn(len(batch), n_features)
            times = torch.rand(len(batch), 1)
            signal = torch.cos(times * (np.pi / 2))
            level = torch.sin(times * (np.pi / 2))
            angles = times * frequencies
            hidden = values(signal * clean + level * noise)
            hidden = hidden + moment(torch.cat([angles.sin(), angles.cos()], dim=1))
            loss = 0.5 * torch.nn.functional.mse_loss(top(hidden), signal * noise - level * clean)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, parameters, 0.001)


def draw_points(folder, task, X, made):
    if folder is None:
        return
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 5), sharex=True, sharey=True)
    for ax, shown, title in zip(axes, (X, made), ("training data", "samples"), strict=True):
        ax.scatter(*shown.T, s=3)
        ax.set_title(title)
    figure.savefig(folder / f"{task}.png")


def draw_digits(folder, made):
    if folder is None:
        return
    import matplotlib.pyplot as plt

    grid = made.reshape(10, 10, 8, 8).transpose(0, 2, 1, 3).reshape(80, 80)
    plt.imsave(folder / "digits.png", grid.repeat(8, axis=0).repeat(8, axis=1), cmap="gray_r")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = ("moons", "gaussians", "digits", "table", "race")
    parser.add_argument("tasks", nargs="*", choices=[[], *tasks], default=[])
    parser.add_argument("--data", type=Path, help="folder with tab_adult.npz, for the table")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of samples")
    parser.add_argument("--set", nargs="*", default=[], help="hyper-parameters, as in eta=0")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    settings = {name: ast.literal_eval(value) for name, value in (pair.split("=", 1) for pair in arguments.set)}
    chosen = arguments.tasks or tasks

    print(f"{'task':<10} {'quantity':<46}{'measured':>9}{'required':>12}{'fit, s':>8}")
    if "moons" in chosen:
        points("moons", moons, settings, arguments.pictures)
    if "gaussians" in chosen:
        points("gaussians", gaussians, settings, arguments.pictures)
    if "digits" in chosen:
        digits(settings, arguments.pictures)
    if "table" in chosen:
        if arguments.data is None:
            parser.error("the table needs --data FOLDER")
        table(arguments.data, settings)
    if "race" in chosen:
        race(settings)


if __name__ == "__main__":
    main()
