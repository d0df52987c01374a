"""Accuracy with few labels, from scratch and from a network that was trained on other classes.

    python -m benchmarks.pretrained

Networks learn the digits 5 to 9 of scikit-learn's digits (8 x 8 pixels) from 10, 20 or 50 images of each: from scratch,
from a network that was trained on all images of 0 to 4, and from the same with all layers but the last hidden one
frozen. The test images are the rest.
"""

import time
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skneural import CNNClassifier, MLPClassifier

SEEDS = range(5)
LABELS = (10, 20, 50)
MODELS = {
    "MLPClassifier": lambda seed: MLPClassifier((64, 64), random_state=seed),
    "CNNClassifier": lambda seed: CNNClassifier(random_state=seed),
}
FROZEN = {"CNNClassifier": 2, "MLPClassifier": 1}


def chosen(y, n, seed):
    """Mask of n random samples of each class."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(y), bool)
    for label in np.unique(y):
        mask[rng.choice(np.flatnonzero(y == label), n, replace=False)] = True
    return mask


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    X, y = load_digits(return_X_y=True)
    X = X.astype(np.float32) / 16
    low = y < 5
    start = time.process_time()
    for name, new in MODELS.items():
        scores = {}
        for seed in SEEDS:
            model = new(seed).fit(X[low], y[low])
            ways = {
                "from scratch": {},
                "pretrained": {"pretrained": model},
                f"pretrained, freeze={FROZEN[name]}": {"pretrained": model, "freeze": FROZEN[name]},
            }
            for n in LABELS:
                train = chosen(y[~low], n, seed)
                for way, options in ways.items():
                    fitted = new(seed).set_params(**options).fit(X[~low][train], y[~low][train])
                    score = fitted.score(X[~low][~train], y[~low][~train])
                    scores.setdefault(way, {}).setdefault(n, []).append(score)
        for way, by_number in scores.items():
            cells = " | ".join(f"{np.mean(by_number[n]):.3f} ± {np.std(by_number[n]):.3f}" for n in LABELS)
            print(f"| {name} | {way} | {cells} |", flush=True)
    print(f"{time.process_time() - start:.0f} CPU seconds")


if __name__ == "__main__":
    main()
