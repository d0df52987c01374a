"""Generation of digits by class with a diffusion model
====================================================

Fits a diffusion model on scikit-learn's digits, conditioned on their labels, and draws ten generated digits of each
class. A classifier that is trained on generated digits only is tested on the real ones.

Run it::

    pip install "skneural[plot]"
    python examples/7_generation/plot_diffusion_digits.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

from skneural import DiffusionModel
from skneural.drawing import STYLE
from skneural.inspection import SamplesDisplay


def main():
    plt.style.use(STYLE)
    X, y = load_digits(return_X_y=True)
    model = DiffusionModel((128, 128, 128), max_iter=150, learning_rate_init=0.002, random_state=0)
    model.fit(X.astype("float32"), y)

    labels = np.repeat(np.arange(10), 100)
    generated = model.sample(len(labels), y=labels, random_state=0)
    accuracy = SVC().fit(generated, labels).score(X, y)
    print(f"accuracy on real digits of an SVC trained on 1000 generated ones: {accuracy:.1%}")

    display = SamplesDisplay(samples=generated[::10], image_shape=(8, 8), n_columns=10).plot()
    display.ax_.set_title("Ten generated digits of each class")
    plt.show()


if __name__ == "__main__":
    main()
