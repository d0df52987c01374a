"""Digits that nobody wrote, drawn by class.

    pip install "skneural[plot]"
    python plot_diffusion_digits.py

Fits a diffusion model on scikit-learn's digits, with their labels as the condition, and draws ten new ones of each
class; a classifier that has seen nothing but new digits is tried on those that people wrote.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skneural import DiffusionModel
from skneural.inspection import plot_samples


def main():
    X, y = load_digits(return_X_y=True)
    model = DiffusionModel((128, 128, 128), max_iter=150, learning_rate_init=0.002, random_state=0)
    model.fit(X.astype("float32"), y)

    labels = np.repeat(np.arange(10), 100)
    made = model.sample(len(labels), y=labels, random_state=0)
    print(f"An SVC trained on 1000 digits that were made knows {SVC().fit(made, labels).score(X, y):.1%} of real ones.")

    ax = plot_samples(made[::10], image_shape=(8, 8), n_columns=10)
    ax.set_title("Ten digits of each class that were made")
    plt.show()


if __name__ == "__main__":
    main()
