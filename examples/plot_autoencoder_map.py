"""A map of digits: two numbers for each image, and the images that pairs of numbers stand for.

    pip install "skneural[plot]"
    python plot_autoencoder_map.py

A variational autoencoder squeezes scikit-learn's digits into two numbers that are distributed like standard normal
ones, without having seen what digits they are. The left picture shows where images come to lie, the middle one what the
decoder makes of a grid over that plane, the right one images that it draws at random.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm
from sklearn.datasets import load_digits

from skneural import Autoencoder
from skneural.inspection import plot_samples


def main():
    images, digits = load_digits().images, load_digits().target
    model = Autoencoder(
        2,
        (128,),
        image_shape="auto",
        variational=True,
        learning_rate_init=0.005,
        learning_rate="one_cycle",
        batch_size=64,
        max_iter=60,
        early_stopping=False,
        random_state=0,
    ).fit(images)
    print(f"log-density of an image, at least: {model.score(images):.1f}")

    _, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained")
    plot_samples(model.transform(images), labels=digits, ax=left)
    left.set(title="Two numbers for each image", aspect="equal")
    quantiles = norm.ppf(np.linspace(0.03, 0.97, 14))
    grid = np.stack(np.meshgrid(quantiles, quantiles[::-1]), axis=-1).reshape(-1, 2)
    plot_samples(model.inverse_transform(grid).clip(0), ax=middle)
    middle.set_title("What pairs of numbers stand for")
    plot_samples(model.sample(196, random_state=0).clip(0), ax=right)
    right.set_title("Drawn at random")
    plt.show()


if __name__ == "__main__":
    main()
