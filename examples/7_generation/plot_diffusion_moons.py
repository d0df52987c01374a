"""Steps of a diffusion model from noise to two moons
==================================================

Fits a diffusion model on two moons, and draws its samples after some of the steps from noise to data.

Run it::

    pip install "skneural[plot]"
    python examples/7_generation/plot_diffusion_moons.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from skneural import DiffusionModel
from skneural.drawing import STYLE


def main():
    plt.style.use(STYLE)
    X, y = make_moons(1000, noise=0.07, random_state=0)
    model = DiffusionModel((128, 128, 128), random_state=0).fit(X.astype("float32"), y)

    labels = np.tile([0, 1], 500)
    steps = model.sample_steps(1000, y=labels, random_state=0)
    shown = [0, 14, 23, 28, 39, len(steps) - 1]
    figure, axes = plt.subplots(2, 3, figsize=(7, 5), sharex=True, sharey=True)
    for ax, number in zip(axes.flat, shown, strict=True):
        for moon in range(2):
            ax.scatter(*steps[number][labels == moon].T, s=2, label=f"moon {moon}")
        ax.set(title=f"step {number}", xlabel="first feature", ylabel="second feature")
        ax.label_outer()
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, markerscale=4)
    figure.suptitle("Samples during the steps from noise to two moons")
    plt.show()


if __name__ == "__main__":
    main()
