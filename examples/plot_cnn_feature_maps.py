"""Digits on their way through a convolutional network.

    pip install "skneural[plot]"
    python plot_cnn_feature_maps.py

Trains a small network on scikit-learn's digits and draws its first kernels, what each layer makes of one digit, and
which parts of the digits its predictions rest on.
"""

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
    print(f"{model.score(test_images, y_test):.3f} of the test digits are right after {model.n_iter_} epochs")
    for name, field in model.receptive_field().items():
        if name.startswith(("convolution", "pooling")):
            print(f"{name:<14} sees {field.size[0]:>2} x {field.size[1]:>2} pixels, every {field.stride[0]}")

    plot_kernels(model)
    plot_feature_maps(model, test_images[0])

    figure, axes = plt.subplots(3, 5, figsize=(7, 4.6), layout="constrained")
    for image, column in zip(test_images, axes.T, strict=False):
        pictures = (image, occlusion_map(model, image, size=3), saliency_map(model, image))
        for ax, picture, cmap in zip(column, pictures, ("gray_r", "magma", "magma"), strict=True):
            ax.imshow(picture, cmap=cmap)
            ax.set(xticks=[], yticks=[])
    for ax, title in zip(axes[:, 0], ("digit", "occlusion", "saliency"), strict=True):
        ax.set_ylabel(title)
    figure.suptitle("What the predictions rest on")
    plt.show()


if __name__ == "__main__":
    main()
