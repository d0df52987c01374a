"""Kernels, feature maps and saliency of a convolutional network
=============================================================

Trains a small network on scikit-learn's digits and draws the kernels of its first layer, the feature maps of a digit,
and which pixels of some digits its predictions depend on.

Run it::

    pip install "skneural[plot]"
    python examples/2_images/plot_cnn_feature_maps.py
"""

# sphinx_gallery_thumbnail_number = 3

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skneural import CNNClassifier
from skneural.drawing import STYLE
from skneural.inspection import FeatureMapsDisplay, KernelsDisplay, SaliencyDisplay


def main():
    plt.style.use(STYLE)
    digits = load_digits()
    images, test_images, y, y_test = train_test_split(digits.images, digits.target, random_state=0)

    model = CNNClassifier(
        channels=(16, 32), batch_norm=True, batch_size=64, learning_rate="one_cycle", max_iter=15, random_state=0
    )
    model.fit(images, y)
    print(f"accuracy on the test digits after {model.n_iter_} epochs: {model.score(test_images, y_test):.3f}")
    for name, field in model.receptive_field().items():
        if name.startswith(("convolution", "pooling")):
            print(
                f"{name:<14} receptive field {field.size[0]:>2} x {field.size[1]:>2} pixels, stride {field.stride[0]}"
            )

    KernelsDisplay.from_estimator(model)
    FeatureMapsDisplay.from_estimator(model, test_images[0])

    figure, axes = plt.subplots(2, 1, figsize=(6, 6))
    for image, ax in zip(test_images, axes, strict=False):
        SaliencyDisplay.from_estimator(model, image, size=3, ax=ax)
    figure.suptitle("Dependence of the predictions on pixels")
    plt.show()


if __name__ == "__main__":
    main()
