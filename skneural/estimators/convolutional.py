"""Convolutional networks for images and for series."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from skneural.hyperparameters import (
    BOOLEAN,
    Choice,
    Constraint,
    Integer,
    Number,
    Sizes,
    declare,
    hyperparameter,
)
from skneural.inputs import EmbeddedSequenceFields, ImageFields, Images, InputKind, Sequences
from skneural.layers import Chain
from skneural.layers.traversal import layer_outputs
from skneural.networks.convolutional_image import IMAGE_ARCHITECTURES, convolutional_image_network
from skneural.networks.convolutional_series import SERIES_ARCHITECTURES, convolutional_series_network
from skneural.networks.receptive_fields import ReceptiveField, receptive_fields
from skneural.ops.pointwise import ACTIVATIONS
from skneural.ops.types import Array
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor

AUGMENTATIONS = ("flip", "shift")


def _are_augmentations(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(name in AUGMENTATIONS for name in value)


@declare
class ConvolutionalImageFields(ImageFields, Mixin):
    """What `CNNClassifier` and `CNNRegressor` share."""

    _input_kind: ClassVar[InputKind] = Images()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(convolutional_image_network)

    architecture: str = hyperparameter(
        "vgg",
        Choice(*IMAGE_ARCHITECTURES),
        """"lenet": each convolution followed by pooling, the later ones without padding. "alexnet": a larger kernel
        first, local response normalization, overlapping pooling. "vgg": stacks of convolutions. "inception": kernels
        of several sizes side by side. "resnet": pairs of convolutions that are added to what they were given.""",
    )
    channels: int | Sequence[int] = hyperparameter(
        (32, 64),
        Sizes(1, empty=False),
        "Feature maps of each block; the image is halved from block to block while it can be.",
    )
    convolutions_per_block: int = hyperparameter(
        1, Integer(1), "Convolutions (vgg), modules (inception) or pairs of convolutions (resnet) in each block."
    )
    kernel_size: int = hyperparameter(
        3,
        Integer(1),
        """Height and width of the kernels. The first of alexnet is larger by two; inception has kernels of 1, this
        and this plus two.""",
    )
    pooling: str = hyperparameter("max", Choice("max", "average"), "What halves the image between blocks.")
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (128,),
        Sizes(1),
        """Units of the dense layers behind the convolutions of lenet, alexnet and vgg. The others average each feature
        map instead and have none.""",
    )
    activation: str = hyperparameter("relu", Choice(*ACTIVATIONS), "Function after each hidden layer.")
    batch_norm: bool = hyperparameter(False, BOOLEAN, "Whether to normalize each feature map over the batch.")
    dropout: float = hyperparameter(
        0.0,
        Number(0, 1, below=True),
        "Share of the activations of dense layers, or of the averaged feature maps, dropped at each training step.",
    )
    stem: str = hyperparameter(
        "learned",
        Choice("learned", "gabor", "wavelet"),
        """What comes first. "gabor", "wavelet": the modulus of fixed, oriented filters (24 and 25 feature maps), which
        need no training; for small training sets of textures.""",
    )
    augmentation: Sequence[str] = hyperparameter(
        (),
        Constraint('sequence of "flip" and "shift"', _are_augmentations, AUGMENTATIONS),
        """Random changes of the training images, anew in each epoch: "flip" exchanges left and right, "shift" moves
        by up to an eighth of the image.""",
    )

    shared_doc = {
        "architectures": """
        Kernels that are learned slide over the images, with poolings between them, in the manner of LeNet-5
        [1]_, AlexNet [2]_, VGG [3]_, GoogLeNet [4]_ or ResNet [5]_, of the width that `channels` says. X is
        (n_samples, height, width, channels), (n_samples, height, width), or rows of pixels, which
        `image_shape` makes images of. Pixels may be of any range and type, because each channel is
        standardized.
        """,
        "literature": """
        See Also
        --------
        skneural.inspection.plot_kernels : Draw the kernels of a layer.
        skneural.inspection.plot_feature_maps : Draw what each layer makes of an image.
        skneural.inspection.occlusion_map : Which parts of an image a prediction needs.
        skneural.inspection.saliency_map : Which pixels of an image a prediction would change with.

        References
        ----------
        .. [1] LeCun, Bottou, Bengio and Haffner. "Gradient-based learning applied to document recognition".
           Proceedings of the IEEE 86, 1998.
        .. [2] Krizhevsky, Sutskever and Hinton. "ImageNet classification with deep convolutional neural networks".
           NeurIPS 2012.
        .. [3] Simonyan and Zisserman. "Very deep convolutional networks for large-scale image recognition". ICLR 2015.
        .. [4] Szegedy et al. "Going deeper with convolutions". CVPR 2015.
        .. [5] He, Zhang, Ren and Sun. "Deep residual learning for image recognition". CVPR 2016.
        """,
    }

    def feature_maps(self, X: Any) -> dict[str, Array]:
        """What each layer makes of the images.

        Parameters
        ----------
        X : array-like of n_samples images
            Few of them: all feature maps of all layers are returned.

        Returns
        -------
        maps : dict from str to ndarray of shape (n_samples, height, width, channels)
            By name of the layer, in the order of the network. Layers without height and width are left out.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skneural import CNNClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> model = CNNClassifier(channels=(4, 8), max_iter=2, early_stopping=False).fit(X[:200], y[:200])
        >>> maps = model.feature_maps(X[:5])
        >>> maps["pooling_1"].shape
        (5, 4, 4, 4)
        """
        check_is_fitted(self)
        images, _ = self._check_X(X).as_batch()
        outputs = layer_outputs(self._network.layer, self._parameters(), images)
        spatial = receptive_fields(self._network.layer)
        return {name: outputs[name].transpose(3, 0, 2, 1) for name in spatial if name in outputs}

    def receptive_field(self) -> dict[str, ReceptiveField]:
        """How much of the image each layer sees.

        Returns
        -------
        fields : dict from str to ReceptiveField
            By name of the layer: `size`, (height, width) of the part of the image that one place of a feature map
            depends on, and `stride`, how far apart the parts of neighbouring places are, in pixels.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from skneural import CNNClassifier
        >>> X, y = load_digits(return_X_y=True)
        >>> model = CNNClassifier(channels=(4, 8), max_iter=2, early_stopping=False).fit(X[:200], y[:200])
        >>> model.receptive_field()["convolution_2"]
        ReceptiveField(size=(8, 8), stride=(2, 2))
        """
        check_is_fitted(self)
        return receptive_fields(self._network.layer)


@declare
class CNNClassifier(ConvolutionalImageFields, NeuralClassifier):
    """Convolutional network for classes of images.

    {architectures}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from skneural import CNNClassifier
    >>> images, y = load_digits().images, load_digits().target
    >>> X_train, X_test, y_train, y_test = train_test_split(images, y, random_state=0)
    >>> model = CNNClassifier(channels=(16, 32), batch_size=32, max_iter=20, random_state=0)
    >>> model.fit(X_train, y_train).score(X_test, y_test) > 0.97
    True
    """


@declare
class CNNRegressor(ConvolutionalImageFields, NeuralRegressor):
    """Convolutional network for numbers that images stand for.

    {architectures}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import CNNRegressor
    >>> images = load_digits().images
    >>> ink = images.sum(axis=(1, 2))
    >>> model = CNNRegressor(channels=8, pooling="average", learning_rate_init=0.01, max_iter=50, random_state=0)
    >>> model.fit(images[:500], ink[:500]).score(images[500:], ink[500:]) > 0.9
    True
    """


@declare
class ConvolutionalSequenceFields(EmbeddedSequenceFields):
    """What `CNNSequenceClassifier` and `CNNSequenceRegressor` share."""

    _input_kind: ClassVar[InputKind] = Sequences()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(convolutional_series_network)

    architecture: str = hyperparameter(
        "fcn",
        Choice(*SERIES_ARCHITECTURES),
        """"fcn": convolutions and the mean over time. "resnet": blocks of convolutions that are added to what they
        were given. "inception": kernels of several lengths side by side. "textcnn": one layer of kernels of several
        lengths and the maximum over time, for text.""",
    )
    channels: str | int | Sequence[int] = hyperparameter(
        "auto",
        Choice("auto") | Sizes(1, empty=False),
        """Width of each convolution (fcn), block (resnet), module (inception) or kernel size (textcnn). "auto": those
        of the papers, (128, 256, 128), (64, 128, 128), 6 times 32, and 100.""",
    )
    kernel_size: str | int | Sequence[int] = hyperparameter(
        "auto",
        Choice("auto") | Sizes(1, empty=False),
        """Steps that each convolution sees (fcn), those of each block (resnet), or those side by side (inception,
        textcnn). "auto": those of the papers, (8, 5, 3), (8, 5, 3), (40, 20, 10), and (3, 4, 5).""",
    )
    batch_norm: bool = hyperparameter(True, BOOLEAN, "Whether to normalize each feature over batch and time.")
    dropout: float = hyperparameter(
        0.0, Number(0, 1, below=True), "Share of the pooled features dropped at each training step."
    )

    shared_doc = {
        "architectures": """
        Kernels that are learned slide along the steps, in the manner of the fully convolutional network or the
        residual network of Wang et al. [1]_, of InceptionTime [2]_, or of TextCNN [3]_. X is (n_samples,
        steps, features), a list of arrays (steps, features) of unequal lengths, or (n_samples, steps) for a
        single feature; with `vocabulary_size`, sequences of integers. Unequal lengths are exact: nothing
        behind the end of a series is seen.
        """,
        "literature": """
        References
        ----------
        .. [1] Wang, Yan and Oates. "Time series classification from scratch with deep neural networks: a strong
           baseline". IJCNN 2017.
        .. [2] Ismail Fawaz et al. "InceptionTime: finding AlexNet for time series classification". Data Mining and
           Knowledge Discovery 34, 2020.
        .. [3] Kim. "Convolutional neural networks for sentence classification". EMNLP 2014.
        """,
    }


@declare
class CNNSequenceClassifier(ConvolutionalSequenceFields, NeuralClassifier):
    """Convolutional network for classes of series or texts.

    {architectures}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Which of two waves, in series of unequal lengths:

    >>> import numpy as np
    >>> from skneural import CNNSequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 60)
    >>> steps = rng.integers(20, 40, 60)
    >>> X = [np.sin((1 + kind) * np.arange(n) + rng.uniform(0, 6))[:, np.newaxis] for kind, n in zip(y, steps)]
    >>> model = CNNSequenceClassifier(channels=8, max_iter=50, random_state=0)
    >>> model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.9
    True
    """


@declare
class CNNSequenceRegressor(ConvolutionalSequenceFields, NeuralRegressor):
    """Convolutional network for numbers that series or texts stand for.

    {architectures}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    The frequency of a noisy wave:

    >>> import numpy as np
    >>> from skneural import CNNSequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> frequency = rng.uniform(0.5, 2, 200)
    >>> X = np.sin(frequency[:, np.newaxis] * np.arange(50)) + 0.1 * rng.normal(size=(200, 50))
    >>> model = CNNSequenceRegressor(channels=8, learning_rate_init=0.01, max_iter=60, random_state=0)
    >>> model.fit(X[:150], frequency[:150]).score(X[150:], frequency[150:]) > 0.9
    True
    """
