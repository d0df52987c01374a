"""Steps of a diffusion model from noise to two moons
==================================================

Fits a diffusion model on two moons, and draws its samples after some of the steps from noise to data.

Run it::

    pip install "skneural[plot]"
    python examples/7_generation/plot_diffusion_moons.py
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_moons

from skneural import DiffusionModel


def main():
    X, y = make_moons(1000, noise=0.07, random_state=0)
    model = DiffusionModel((128, 128, 128), random_state=0).fit(X.astype("float32"), y)

    labels = [0, 1] * 500
    steps = model.sample_steps(1000, y=labels, random_state=0)
    shown = [0, 14, 23, 28, 33, 39, len(steps) - 1]
    figure, axes = plt.subplots(1, len(shown), figsize=(15, 2.6), sharex=True, sharey=True, layout="constrained")
    for ax, number in zip(axes, shown, strict=True):
        ax.scatter(*steps[number].T, c=labels, s=2, cmap="coolwarm")
        ax.set(title=f"step {number}", xticks=[], yticks=[])
    figure.suptitle("Samples during the steps from noise to two moons")
    plt.show()


if __name__ == "__main__":
    main()
