"""Numbers in pictures, read digit by digit, and where the network looks for each of them
======================================================================================

Each picture shows a number of one to four handwritten digits at random places. A convolutional encoder keeps the
positions of its feature maps, and a decoder with attention predicts one digit after another. Nothing in the training
data tells where the digits are. The same network without a decoder learns alignments of columns and digits instead
(loss="ctc").

Run it::

    pip install "skneural[plot]"
    python examples/2_images/plot_numbers_in_pictures.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skneural import SequenceToSequence
from skneural.drawing import STYLE
from skneural.inspection import AlignmentDisplay

HEIGHT, WIDTH = 12, 48


def pictures(images, labels, n, rng):
    X, y = np.zeros((n, HEIGHT, WIDTH, 1), np.uint8), []
    for picture in X:
        rows = rng.integers(0, len(images), rng.integers(1, 5))
        gaps = np.diff(np.sort(rng.integers(0, WIDTH - 8 * len(rows) + 1, len(rows))), prepend=0)
        for i, (row, start) in enumerate(zip(rows, np.cumsum(gaps), strict=True)):
            top, left = rng.integers(0, HEIGHT - 7), start + 8 * i
            picture[top : top + 8, left : left + 8, 0] = images[row]
        y.append("".join(str(label) for label in labels[rows]))
    return X, y


def main():
    plt.style.use(STYLE)
    rng = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8)
    X_train, y_train = pictures(images[:1400], labels[:1400], 3000, rng)
    X_test, y_test = pictures(images[1400:], labels[1400:], 500, rng)

    options = {"hidden_size": 64, "embedding_size": 16, "learning_rate": "one_cycle", "early_stopping": False}
    for loss, max_iter in (("ctc", 6), ("log_loss", 9)):
        model = SequenceToSequence(loss=loss, learning_rate_init=5e-3, max_iter=max_iter, random_state=0, **options)
        model.fit(X_train, y_train)
        print(f"whole numbers right among the test pictures with loss={loss!r}: {model.score(X_test, y_test):.3f}")

    figure, axes = plt.subplots(3, 2, figsize=(7, 4.5))
    for ax, picture in zip(axes.flat, X_test, strict=False):
        AlignmentDisplay.from_estimator(model, picture, ax=ax)
    figure.suptitle("Attention to the picture for each predicted digit")
    plt.show()


if __name__ == "__main__":
    main()
