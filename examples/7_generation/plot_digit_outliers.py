"""Outlier detection by the reconstruction error of an autoencoder, compared with an isolation forest
==================================================================================================

An autoencoder with eight latent variables is trained on scikit-learn's digits without the sevens. It reconstructs other
new digits well, but not the sevens, so that `score_samples` detects them as outliers. An isolation forest is trained on
the same data. The figure shows digits above their reconstructions.

Run it::

    pip install "skneural[plot]"
    python examples/7_generation/plot_digit_outliers.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import IsolationForest
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import train_test_split

from skneural import Autoencoder
from skneural.drawing import STYLE
from skneural.inspection import SamplesDisplay

UNSEEN = 7


def main():
    plt.style.use(STYLE)
    images, digits = load_digits().images, load_digits().target
    train, test = train_test_split(np.arange(len(digits)), random_state=0, stratify=digits)
    normal = train[digits[train] != UNSEEN]

    # with image_shape=(8, 8), the autoencoder would accept rows of 64 pixels, too
    schedule = {"learning_rate_init": 0.005, "learning_rate": "one_cycle", "max_iter": 30, "batch_size": 32}
    autoencoder = Autoencoder(8, image_shape="auto", **schedule, random_state=0).fit(images[normal])
    forest = IsolationForest(n_estimators=300, random_state=0).fit(images[normal].reshape(-1, 64))
    scores = {
        "autoencoder": autoencoder.score_samples(images[test]),
        "isolation forest": forest.score_samples(images[test].reshape(-1, 64)),
    }

    _, axes = plt.subplot_mosaic("a\nc\nb", figsize=(7, 6.5), height_ratios=(1, 1, 2.2))
    for name, score in scores.items():
        RocCurveDisplay.from_predictions(digits[test] == UNSEEN, -score, name=name, ax=axes["b"])
    axes["b"].set_title(f"{UNSEEN}s among other digits")

    order = test[np.argsort(scores["autoencoder"])]
    for letter, rows, title in (("a", order[:15], "worst reconstructed"), ("c", order[-15:], "best reconstructed")):
        reconstructed = autoencoder.inverse_transform(autoencoder.transform(images[rows]))
        pairs = np.concatenate([images[rows], reconstructed.clip(0, 16)])
        SamplesDisplay(samples=pairs, n_columns=15).plot(axes[letter])
        axes[letter].set_title(f"{title}: digits {' '.join(map(str, digits[rows]))}")
    plt.show()


if __name__ == "__main__":
    main()
