"""Segmentation and denoising of digits with U-Nets
================================================

Noise is added to scikit-learn's digits. One network predicts which pixels are ink, another one the pixels without the
noise; both in a few seconds.

Run it::

    pip install "skneural[plot]"
    python examples/2_images/plot_denoised_digits.py
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skneural import ImageRegressor, ImageSegmenter
from skneural.drawing import STYLE
from skneural.inspection import SegmentationDisplay

OPTIONS = {"channels": (16, 32), "learning_rate_init": 0.005, "learning_rate": "one_cycle", "max_iter": 8}


def main():
    plt.style.use(STYLE)
    rng = np.random.default_rng(0)
    clean, clean_test = train_test_split(load_digits().images.astype(np.float32), random_state=0)
    noisy, noisy_test = (
        images + 4 * rng.standard_normal(images.shape).astype(np.float32) for images in (clean, clean_test)
    )
    ink, ink_test = clean > 7, clean_test > 7

    segmenter = ImageSegmenter(**OPTIONS, random_state=0).fit(noisy, ink)
    threshold = np.mean((noisy_test > 7) == ink_test)
    print(f"pixels that a threshold of 7 finds:   {threshold:.3f}")
    print(f"pixels that the U-Net finds:          {segmenter.pixel_accuracy(noisy_test, ink_test):.3f}")
    print(f"its mean intersection over union:     {segmenter.score(noisy_test, ink_test):.3f}")

    denoiser = ImageRegressor(**OPTIONS, random_state=0).fit(noisy, clean)
    for name, images in (("noisy", noisy_test), ("denoised", denoiser.predict(noisy_test))):
        print(f"root mean squared error, {name + ':':<13} {np.sqrt(np.mean((images - clean_test) ** 2)):.2f}")

    ink_display = SegmentationDisplay.from_estimator(segmenter, noisy_test, ink_test)
    ink_display.figure_.suptitle("Ink in noisy digits")
    clean_display = SegmentationDisplay.from_estimator(denoiser, noisy_test, clean_test)
    clean_display.figure_.suptitle("Digits without noise")
    plt.show()


if __name__ == "__main__":
    main()
