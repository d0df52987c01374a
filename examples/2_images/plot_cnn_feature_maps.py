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
from skneural.inspection import occlusion_map, plot_feature_maps, plot_kernels, saliency_map


def main():
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

    plot_kernels(model)
    plot_feature_maps(model, test_images[0])

    figure, axes = plt.subplots(3, 5, figsize=(7, 4.6), layout="constrained")
    for image, column in zip(test_images, axes.T, strict=False):
        maps = (image, occlusion_map(model, image, size=3), saliency_map(model, image))
        for ax, values, cmap in zip(column, maps, ("gray_r", "magma", "magma"), strict=True):
            ax.imshow(values, cmap=cmap)
            ax.set(xticks=[], yticks=[])
    for ax, title in zip(axes[:, 0], ("digit", "occlusion", "saliency"), strict=True):
        ax.set_ylabel(title)
    figure.suptitle("Dependence of the predictions on pixels")
    plt.show()


if __name__ == "__main__":
    main()
