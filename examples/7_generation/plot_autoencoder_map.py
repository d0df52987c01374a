"""The two-dimensional latent space of a variational autoencoder of digits
=======================================================================

A variational autoencoder encodes scikit-learn's digits as two latent variables with a standard normal distribution,
without any labels. The upper plot shows the latent variables of the images, the left one below decoded images of a
grid of latent variables, and the right one images that the model generates at random.

Run it::

    pip install "skneural[plot]"
    python examples/7_generation/plot_autoencoder_map.py
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm
from sklearn.datasets import load_digits

from skneural import Autoencoder
from skneural.drawing import STYLE
from skneural.inspection import SamplesDisplay


def main():
    plt.style.use(STYLE)
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
    print(f"lower bound of the mean log-density of an image: {model.score(images):.1f}")

    _, axes = plt.subplot_mosaic("aa\nbc", figsize=(7, 8), height_ratios=(1.3, 1))
    SamplesDisplay(samples=model.transform(images), labels=digits).plot(axes["a"])
    axes["a"].set(title="Latent variables of each image", aspect="equal")
    axes["a"].set(xlabel="first latent variable", ylabel="second latent variable")
    quantiles = norm.ppf(np.linspace(0.03, 0.97, 14))
    grid = np.stack(np.meshgrid(quantiles, quantiles[::-1]), axis=-1).reshape(-1, 2)
    SamplesDisplay(samples=model.inverse_transform(grid).clip(0)).plot(axes["b"])
    axes["b"].set_title("Decoded grid of latent variables")
    SamplesDisplay(samples=model.sample(196, random_state=0).clip(0)).plot(axes["c"])
    axes["c"].set_title("Randomly generated images")
    plt.show()


if __name__ == "__main__":
    main()
