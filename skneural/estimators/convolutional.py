"""Convolutional networks for images, series and text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy.typing as npt
from sklearn.utils.validation import check_is_fitted

from skneural.estimators.augmentation import augmentation_hyperparameter
from skneural.estimators.series_or_texts import SeriesOrTexts
from skneural.estimators.word_vectors import TokenFields
from skneural.hyperparameters import (
    BOOLEAN,
    Choice,
    Integer,
    Number,
    Sizes,
    declare,
    hyperparameter,
)
from skneural.layers import Layer
from skneural.layers.traversal import layer_outputs
from skneural.networks.convolutional_image import IMAGE_ARCHITECTURES, convolutional_image_network
from skneural.networks.convolutional_series import SERIES_ARCHITECTURES, convolutional_series_network
from skneural.networks.receptive_fields import ReceptiveField, receptive_fields
from skneural.ops.pointwise import AnyActivation
from skneural.ops.types import Array
from skneural.optimizers import ScheduleFunction
from skneural.readers import (
    IMAGE_SHAPE,
    SEQUENCE_ATTRIBUTES,
    SEQUENCE_DOC,
    ImageOptions,
    Images,
    Reader,
    reversible_normalization_hyperparameter,
    standardize_hyperparameter,
)
from skneural.tasks import NumberOptions, SeriesNumbers, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.problem import Fitted, Network, Problem
from skneural.template.regressor import NeuralRegressor
from skneural.template.settings import AutomaticBatchSize, TrainingSettings
from skneural.template.side_by_side import train_members
from skneural.template.training import Hooks, Trained, batch_size
from skneural.template.values import activation_hyperparameter, learning_rate_hyperparameter

# What the default of `max_iter` stands for with few images: 16 epochs of 50 images are 32 steps, with 40 of which the
# accuracy on handwritten digits was .45 to .61, with 80 steps .81 to .83.
IMAGE_EPOCHS, IMAGE_STEPS = 16, 300


def image_normalization_hyperparameter(*, default: bool) -> Any:
    """The hyper-parameter `batch_norm`."""
    return hyperparameter(
        default=default,
        constraint=BOOLEAN,
        doc="""Whether to add batch normalization after each convolution, or after the maxima of its outputs: of a
        quarter of the numbers, in less time. Set it to False for few images with noisy pixels.""",
    )


@declare
class ConvolutionalImageFields(Mixin):
    """Hyper-parameters and methods of `CNNClassifier` and `CNNRegressor`."""

    _reader_class: ClassVar[type[Reader]] = Images
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(convolutional_image_network)

    architecture: str = hyperparameter(
        default="vgg",
        constraint=Choice(*IMAGE_ARCHITECTURES),
        doc=""""lenet" [1]_: each convolution followed by pooling, all but the first without padding. "alexnet" [2]_: a
        larger kernel first, local response normalization, overlapping pooling. "vgg" [3]_: stacks of convolutions.
        "inception" [4]_: parallel kernels of several sizes. "resnet" [5]_: residual pairs of convolutions.""",
    )
    channels: int | Sequence[int] = hyperparameter(
        default=(32, 64),
        constraint=Sizes(1, empty=False),
        doc="Number of feature maps of each block. Height and width are halved between blocks, down to one pixel.",
    )
    convolutions_per_block: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="Convolutions (vgg), modules (inception) or pairs of convolutions (resnet) in each block.",
    )
    kernel_size: int = hyperparameter(
        default=3,
        constraint=Integer(1),
        doc="""Height and width of the kernels. The first kernel of alexnet is larger by two; inception has kernels of
        size 1, `kernel_size` and ``kernel_size + 2``.""",
    )
    pooling: str = hyperparameter(
        default="max", constraint=Choice("max", "average"), doc="Pooling to halve height and width between blocks."
    )
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(128,),
        constraint=Sizes(1),
        doc="""Number of units of each dense hidden layer after the convolutions, in lenet, alexnet and vgg; inception
        and resnet average each feature map instead.""",
    )
    activation: AnyActivation = activation_hyperparameter("relu", "Activation function of the hidden layers.")
    batch_norm: bool = image_normalization_hyperparameter(default=True)
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="""Fraction dropped at each training step, of the activations of dense layers or of the averaged feature
        maps.""",
    )
    stem: str = hyperparameter(
        default="learned",
        constraint=Choice("learned", "gabor", "wavelet"),
        doc="""First layer. "gabor", "wavelet": the modulus of fixed, oriented filters (24 and 25 feature maps), which
        need no training, for small training sets of textures. "learned": none of these.""",
    )
    augmentation: Sequence[str] = augmentation_hyperparameter()
    image_shape: str | Sequence[int] = hyperparameter(
        default="auto",
        constraint=IMAGE_SHAPE,
        doc="""Shape of an image, (height, width) or (height, width, channels). "auto": from X if it has three or four
        axes; rows with a square number of features are square grey images, other rows are images of height one. With an
        explicit shape, kernels and pooling windows larger than the feature maps are an error; with "auto" they are made
        smaller or left out.""",
    )
    standardize: bool = hyperparameter(
        default=True,
        constraint=BOOLEAN,
        doc="""Whether to centre and scale each channel by its mean and standard deviation over the training images (in
        `partial_fit`, those of all calls so far), so that pixels may have any range.""",
    )
    learning_rate: str | ScheduleFunction = learning_rate_hyperparameter(
        "one_cycle",
        """Schedule of the step size: "one_cycle" increases and then decreases it until `max_iter`; "linear" and
        "cosine" decrease it to zero at `max_iter`; "constant"; "invscaling" decreases it with the samples seen;
        "adaptive" divides it by five whenever the score stops improving. In `partial_fit`, which does not know how many
        steps follow, "one_cycle" stands for "constant".""",
    )
    # With few epochs, small batches have the steps that training takes. Tiny sets are one batch, in which weights of
    # samples are repetitions.
    batch_size: int | str = batch_size_hyperparameter(64, unit="Images", least=32, batches_per_epoch=30)
    max_iter: int = hyperparameter(
        default=IMAGE_EPOCHS,
        constraint=Integer(1),
        doc=f"""Maximum number of epochs (passes over the data), or of iterations of lbfgs. In `fit`, the default stands
        for {IMAGE_EPOCHS}, or for as many as {IMAGE_STEPS} steps take.""",
    )

    attributes_doc = {
        "image_shape_": ("tuple of int", "Height, width and channels of the images."),
        "n_features_in_": ("int", "Number of values in an image: height times width times channels."),
    }

    shared_doc = {
        "architectures": """
        Convolutions and poolings in the style of LeNet-5 [1]_, AlexNet [2]_, VGG [3]_, GoogLeNet [4]_ or ResNet [5]_;
        `channels` sets depth and width.

        X has shape (n_samples, height, width, channels) or (n_samples, height, width), or is rows of pixels of shape
        (n_samples, n_features), which `image_shape` turns into images. Pixels may have any range and numeric type,
        because each channel is standardized.
        """,
        "literature": """
        See Also
        --------
        skneural.inspection.KernelsDisplay : Draw the kernels of a layer.
        skneural.inspection.FeatureMapsDisplay : Draw the output of each layer for an image.
        skneural.inspection.occlusion_map : Change of a prediction when parts of the image are hidden.
        skneural.inspection.saliency_map : Gradient of a prediction with respect to the pixels.

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

    def _reader_options(self) -> ImageOptions:
        return ImageOptions(self.image_shape)

    def _settings(self, one_pass: bool) -> TrainingSettings:
        settings = super()._settings(one_pass)
        cycle = one_pass and settings.learning_rate == "one_cycle"  # a call of one batch would be its end, near zero
        return replace(settings, learning_rate="constant") if cycle else settings

    def _most_epochs(self) -> int:
        return IMAGE_STEPS if self.max_iter == IMAGE_EPOCHS else int(self.max_iter)

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        if self.max_iter == IMAGE_EPOCHS and not settings.one_pass and problem.stream is None:
            n_images = len(problem.samples)
            n_steps = math.ceil(n_images / batch_size(settings, n_images))
            settings = replace(settings, max_iter=max(IMAGE_EPOCHS, math.ceil(IMAGE_STEPS / n_steps)))
        return super()._train(problem, settings, hooks)

    def feature_maps(self, X: npt.ArrayLike) -> dict[str, Array]:
        """Feature maps of each layer for some images.

        Parameters
        ----------
        X : array-like of n_samples images
            Pass few images: the result contains all feature maps of all layers.

        Returns
        -------
        maps : dict from str to ndarray of shape (n_samples, height, width, channels)
            Outputs by name of the layer, in the order of the network, without the layers after the last feature map.

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
        images, _ = self._read(X).as_batch()
        outputs = layer_outputs(self._network.layer, self._parameters(), images)
        spatial = receptive_fields(self._network.layer)
        return {name: outputs[name].transpose(3, 0, 2, 1) for name in spatial if name in outputs}

    def receptive_field(self) -> dict[str, ReceptiveField]:
        """Receptive field of each layer.

        Returns
        -------
        fields : dict from str to ReceptiveField
            By name of the layer: `size`, the (height, width) of the part of the image that an element of a feature map
            depends on, and `stride`, the distance between these parts for neighbouring elements, in pixels.

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
    """Convolutional network classifier for images.

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
    """Convolutional network regressor for images.

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

    # With 300 and 1000 noisy digits, R^2 of their angles is .783 and .816, with normalization .694 and .770.
    batch_norm: bool = image_normalization_hyperparameter(default=False)


# What the defaults stand for in fasttext: a step size, and a number of epochs with at least so many steps, because 20
# steps of 100 texts learn nothing. With embeddings of 64 numbers, a step size of .01 had an accuracy of .866 on
# questions (TREC), .005 of .888.
TEXT_RATE, TEXT_EPOCHS, TEXT_STEPS = 0.005, 10, 300


@declare
class ConvolutionalSequenceFields(TokenFields):
    """Hyper-parameters of `CNNSequenceClassifier` and `CNNSequenceRegressor`."""

    _reader_class: ClassVar[type[Reader]] = SeriesOrTexts
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(convolutional_series_network)

    architecture: str = hyperparameter(
        default="fcn",
        constraint=Choice(*SERIES_ARCHITECTURES, "fasttext"),
        doc=""""fcn" [1]_: convolutions and the mean over time. "resnet" [1]_: residual blocks of convolutions.
        "inception" [2]_: parallel kernels of several lengths. "textcnn" [3]_: one layer of parallel kernels of several
        lengths, and the maximum over time, for text. With the other defaults it is less accurate than TF-IDF with
        logistic regression, and with ``dropout=0.5``, ``batch_size=50``, ``batch_norm=False`` and six epochs no more
        accurate, in 6 to 20 times the seconds. "fasttext" [4]_: a linear layer after the mean of embeddings of words
        and pairs of words, for text, which `TokenEncoder(ngram_range=(1, 2))` gives.""",
    )
    channels: str | int | Sequence[int] = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Sizes(1, empty=False),
        doc="""Number of channels of each convolution (fcn), block (resnet), module (inception) or kernel size
        (textcnn), or of units of each dense hidden layer after the mean (fasttext) [5]_. "auto": as published, (128,
        256, 128), (64, 128, 128), 6 times 32, 100, and no hidden layer.""",
    )
    kernel_size: str | int | Sequence[int] = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Sizes(1, empty=False),
        doc="""Kernel size, in steps, of each convolution (fcn), of the convolutions in each block (resnet), or of the
        parallel ones (inception, textcnn). "auto": as published, (8, 5, 3), (8, 5, 3), (40, 20, 10), and (3, 4, 5).""",
    )
    n_members: int = hyperparameter(
        default=1,
        constraint=Integer(1),
        doc="""Number of networks that are trained from different random numbers, side by side in threads, and whose
        predictions are averaged: five in InceptionTime. Training continues, by `partial_fit` or `warm_start`, of a
        single one only.""",
    )
    batch_norm: bool = hyperparameter(
        default=True, constraint=BOOLEAN, doc="Whether to add batch normalization to each convolution."
    )
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="Fraction of the pooled features dropped at each training step.",
    )
    word_dropout: float = hyperparameter(
        default=0.5,
        constraint=Number(0, 1, below=True),
        doc="Fraction of the tokens that the mean leaves out at each training step, in fasttext only.",
    )
    standardize: bool = standardize_hyperparameter()
    embedding_size: int = hyperparameter(
        default=64,
        constraint=Integer(1),
        doc="""Size of the embedding of each token; in fasttext, 16 with a step size of 0.01 are as accurate in half the
        time. Where all embeddings together are 262 144 numbers or more, a step
        computes only those of the tokens in its batch; `alpha` is then a penalty on these, except with adamw.""",
    )
    learning_rate_init: float = hyperparameter(
        default=0.001,
        constraint=Number(0, above=True),
        doc=f"Initial step size. In fasttext, the default stands for {TEXT_RATE}. Not used by lbfgs.",
    )
    learning_rate: str | ScheduleFunction = learning_rate_hyperparameter(
        "constant",
        """Schedule of the step size: "constant"; "invscaling" decreases it with the samples seen; "adaptive"
        divides it by five whenever the score stops improving; "linear" and "cosine" decrease it to zero at `max_iter`;
        "one_cycle" increases and then decreases it until `max_iter`. In `fit` of fasttext, the default stands for
        "linear".""",
    )
    batch_size: int | str = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Integer(1),
        doc="""Samples per training step; "auto" is min(64, n_samples) in fasttext, and min(200, n_samples) otherwise.
        lbfgs uses all of them.""",
        automatic=AutomaticBatchSize(),
    )
    max_iter: int = hyperparameter(
        default=200,
        constraint=Integer(1),
        doc=f"""Maximum number of epochs (passes over the data), or of iterations of lbfgs. In fasttext, the default
        stands for {TEXT_EPOCHS}, or for as many as {TEXT_STEPS} steps take.""",
    )
    early_stopping: bool | str = hyperparameter(
        default="auto",
        constraint=Choice("auto") | BOOLEAN,
        doc="""Stop training when the score of held-out data stops improving, instead of the training loss. "auto": if
        `X_val` is given, or from 1000 samples on unless the architecture is fasttext or the solver is lbfgs.""",
        automatic=1000,
    )

    attributes_doc = SEQUENCE_ATTRIBUTES

    def _settings(self, one_pass: bool) -> TrainingSettings:
        settings = super()._settings(one_pass)
        if self.architecture == "fasttext":
            settings = replace(settings, automatic_batch_size=AutomaticBatchSize(64), early_stopping_from=math.inf)
            recipe: dict[str, Any] = {"learning_rate_init": TEXT_RATE, "max_iter": self._most_epochs()}
            recipe |= {} if one_pass else {"learning_rate": "linear"}
            settings = replace(settings, **{name: value for name, value in recipe.items() if self._is_default(name)})
        return settings

    def _is_default(self, name: str) -> bool:
        return bool(getattr(self, name) == type(self).__dataclass_fields__[name].default)

    def _most_epochs(self) -> int:
        return TEXT_STEPS if self.architecture == "fasttext" and self._is_default("max_iter") else int(self.max_iter)

    def _train(
        self, problem: Problem, settings: TrainingSettings, hooks: Callable[[Problem], Hooks]
    ) -> tuple[Problem, Trained]:
        if (
            self.architecture == "fasttext"
            and self._is_default("max_iter")
            and not settings.one_pass
            and problem.stream is None
        ):
            n_steps = math.ceil(len(problem.samples) / batch_size(settings, len(problem.samples)))
            settings = replace(settings, max_iter=max(TEXT_EPOCHS, math.ceil(TEXT_STEPS / n_steps)))
        n_fitted = problem.network.arguments["n_networks"]
        if self.n_members == n_fitted == 1:
            return super()._train(problem, settings, hooks)
        if settings.one_pass or problem.continues:
            raise ValueError(
                "Training continues, by partial_fit or warm_start, of a single network, and "
                f"n_members={max(n_fitted, self.n_members)}: set n_members=1, and fit anew."
            )

        def ensemble(n_networks: int) -> Network:
            several = {"n_networks": n_networks, "link": problem.loss.link_name}
            arguments = problem.network.arguments
            return (
                Network.build(convolutional_series_network, arguments | several) if n_networks > 1 else problem.network
            )

        return train_members(problem, settings, hooks, self.n_members, self._initialize, ensemble)

    def _continue(self, fitted: Fitted) -> Fitted:
        """The fitted model; of several networks, those that were trained, so that `_train` can refuse to go on."""
        return replace(fitted, kept_arguments=("n_networks", "link"))

    shared_doc = {
        "architectures": """
        Convolutions over the steps, in the style of the fully convolutional network or the residual network of Wang et
        al. [1]_, of InceptionTime [2]_, or of TextCNN [3]_; or the mean of embeddings, as in fastText [4]_. For labels
        or numbers of series, begin with `RocketSequenceClassifier` and `RocketSequenceRegressor`, which are as accurate
        on average, in a second. A network is worth its minutes with many thousands of series, with few series of
        several channels and many classes, or where it has shown on your data that it is better.

        {sequence_X}
        """,
        "literature": """
        References
        ----------
        .. [1] Wang, Yan and Oates. "Time series classification from scratch with deep neural networks: a strong
           baseline". IJCNN 2017.
        .. [2] Ismail Fawaz et al. "InceptionTime: finding AlexNet for time series classification". Data Mining and
           Knowledge Discovery 34, 2020.
        .. [3] Kim. "Convolutional neural networks for sentence classification". EMNLP 2014.
        .. [4] Joulin, Grave, Bojanowski and Mikolov. "Bag of tricks for efficient text classification". EACL 2017.
        .. [5] Iyyer, Manjunatha, Boyd-Graber and Daumé. "Deep unordered composition rivals syntactic methods for text
           classification". ACL 2015.
        """,
        **SEQUENCE_DOC,
    }


@declare
class CNNSequenceClassifier(ConvolutionalSequenceFields, NeuralClassifier):
    """Convolutional network classifier for series and texts.

    {architectures}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Waves of two frequencies, in series of unequal lengths:

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
    """Convolutional network regressor for series and texts.

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

    _task_class: ClassVar[type[Task]] = SeriesNumbers

    reversible_normalization: bool = reversible_normalization_hyperparameter()

    def _task_options(self) -> NumberOptions:
        return replace(super()._task_options(), reversible_normalization=self.reversible_normalization)
