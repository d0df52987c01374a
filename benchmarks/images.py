"""Accuracy, log loss and seconds of the defaults on images by their number, beside a support vector machine.

    python benchmarks/images.py --data FOLDER                          all sets and numbers
    python benchmarks/images.py --data FOLDER mnist letters --numbers 300 1000 --seeds 3
    python benchmarks/images.py --data FOLDER --before                 also the former defaults

`CNNClassifier` has its defaults, as has the SVC, whose pixels are scaled to a largest value of one. Seconds are of the
processor, to fit; with OPENBLAS_NUM_THREADS=1 in one thread. Needs `img_mnist.npz` of benchmarks/README.md; letters
are drawn with the fonts of matplotlib.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from convolutional import load
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss
from sklearn.svm import SVC

from skneural import CNNClassifier

BEFORE = {"batch_norm": False, "learning_rate": "constant", "batch_size": 200, "max_iter": 200}
SETS = ("digits", "mnist", "noisy mnist", "letters", "noisy letters")
MOST_TEST_IMAGES = 2000


def fonts() -> list[str]:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [str(path) for kind in ("DejaVu", "STIXGeneral", "cmr", "cmss", "cmtt") for path in folder.glob(f"{kind}*")]


def letters(n: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Letters in several fonts, sizes and shapes, and the numbers of their 26 classes."""
    rng = np.random.default_rng(0)
    X, y, files = np.empty((n, 24, 24), np.uint8), rng.integers(0, 26, n), sorted(fonts())
    centre = np.array([19.5, 19.5])
    for i in range(n):
        sheet = Image.new("L", (40, 40), 0)
        font = ImageFont.truetype(files[rng.integers(len(files))], int(rng.integers(14, 21)))
        ImageDraw.Draw(sheet).text((20, 20), chr(rng.choice([65, 97]) + y[i]), font=font, fill=255, anchor="mm")
        angle, shear = np.deg2rad(rng.uniform(-15, 15)), rng.uniform(-0.25, 0.25)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ [[1, shear], [0, 1]]
        pixels = np.asarray(sheet, float)
        drawn = ndimage.affine_transform(pixels, turn, centre - turn @ (centre + rng.uniform(-2, 2, 2)), order=1)
        drawn = ndimage.gaussian_filter(drawn[8:32, 8:32], rng.uniform(0, 1)) * rng.uniform(0.4, 1)
        X[i] = np.clip(drawn + rng.normal(20, noise, drawn.shape), 0, 255)
    return X, y


def images(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X and y for training, X and y for testing."""
    rng = np.random.default_rng(0)
    if name.endswith("mnist"):
        X, y, X_test, y_test, _ = load(folder, "mnist")
        parts = X[:20_000], X_test[:MOST_TEST_IMAGES]
        if name.startswith("noisy"):
            parts = tuple(np.clip(0.5 * part + rng.normal(60, 70, part.shape), 0, 255) for part in parts)
        return parts[0], y[:20_000], parts[1], y_test[:MOST_TEST_IMAGES]
    if name == "digits":
        X, y = load_digits().images, load_digits().target
        rows = rng.permutation(len(X))
        X, y, n_test = X[rows], y[rows], 600
    else:
        (X, y), n_test = letters(9000, 30 if name.startswith("noisy") else 3), MOST_TEST_IMAGES
    return X[n_test:], y[n_test:], X[:n_test], y[:n_test]


def measured(model: Any, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray) -> list[float]:
    """Accuracy, log loss of the images of known classes and seconds; no log loss of models without probabilities."""
    start = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - start
    loss = np.nan
    if hasattr(model, "predict_proba"):
        known = np.isin(y_test, model.classes_)  # few images may lack a letter
        loss = log_loss(y_test[known], model.predict_proba(X_test[known]), labels=model.classes_)
    return [accuracy_score(y_test, model.predict(X_test)), loss, seconds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *SETS], default=[])
    parser.add_argument("--data", type=Path, required=True, help="folder with img_mnist.npz")
    parser.add_argument("--numbers", type=int, nargs="*", default=[50, 300, 1000, 5000])
    parser.add_argument("--seeds", type=int, default=1, help="number of samples of training images")
    parser.add_argument("--before", action="store_true", help="also with the former defaults")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    print(f"{'images':<22}{'model':<8}{'accuracy':>10}{'log loss':>10}{'s':>8}")
    for name in arguments.names or SETS:
        X, y, X_test, y_test = images(arguments.data, name)
        for n in (number for number in arguments.numbers if number <= len(X)):
            results: dict[str, list[list[float]]] = {}
            for seed in range(arguments.seeds):
                rows = np.random.default_rng(seed).permutation(len(X))[:n]
                part, scale = (X[rows], y[rows], X_test, y_test), X[rows].max()
                flat = [x.reshape(len(x), -1) / scale for x in (part[0], X_test)]
                results.setdefault("CNN", []).append(measured(CNNClassifier(random_state=seed), *part))
                if arguments.before:
                    model = CNNClassifier(**BEFORE, random_state=seed).set_params(batch_size=min(200, n))
                    results.setdefault("before", []).append(measured(model, *part))
                results.setdefault("SVC", []).append(measured(SVC(), flat[0], y[rows], flat[1], y_test))
            for model_name, rounds in results.items():
                mean = np.mean(rounds, axis=0)
                print("{:<22}{:<8}{:>10.4f}{:>10.3f}{:>8.1f}".format(f"{name} {n}", model_name, *mean), flush=True)


if __name__ == "__main__":
    main()
