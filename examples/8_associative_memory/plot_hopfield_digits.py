"""Recall of noisy digits by Hopfield networks
===========================================

Stores one binary image of each of scikit-learn's digits, flips a tenth of the pixels, and draws the pattern that each
rule recalls. Digits are correlated: with the Hebbian rule, the recall converges to mixtures of them; with the
projection rule and the modern one it does not.

Run it::

    pip install "skneural[plot]"
    python examples/8_associative_memory/plot_hopfield_digits.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skneural import HopfieldNetwork
from skneural.drawing import STYLE


def main():
    plt.style.use(STYLE)
    digits = load_digits()
    first_of_each = [np.flatnonzero(digits.target == digit)[0] for digit in range(10)]
    patterns = digits.data[first_of_each] > 7
    noisy = patterns ^ (np.random.default_rng(0).random(patterns.shape) < 0.1)

    rows = {"stored": patterns, "noisy": noisy}
    for rule in ("hebbian", "projection", "modern"):
        memory = HopfieldNetwork(rule, random_state=0).fit(patterns)
        rows[rule] = memory.predict(noisy)
        print(f"{rule:<11} overlap of recalled and stored digits: {memory.score(noisy, patterns):.3f}")

    figure, axes = plt.subplots(len(rows), len(patterns), figsize=(7, 4))
    for line, (title, images) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(title, rotation=0, ha="right", va="center")
        for ax, image, pattern in zip(line, images, patterns, strict=True):
            wrong = (image > 0.5) != pattern
            # correct pixels in grey, wrong ones in red: dark if black, light if white
            colours = np.where(image[:, None] > 0.5, [0.15, 0.15, 0.15], [0.95, 0.95, 0.95])
            colours[wrong] = np.where(image[wrong, None] > 0.5, [0.75, 0.1, 0.1], [1.0, 0.7, 0.65])
            ax.imshow(colours.reshape(8, 8, 3))
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
    figure.suptitle("Ten digits recalled from noise; wrong pixels in red")
    plt.show()


if __name__ == "__main__":
    main()
