"""Estimators of a class or of numbers for each pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skneural.estimators.augmentation import augmentation_hyperparameter
from skneural.estimators.segmentation.reader import ImagesOfAnySize, PixelOptions
from skneural.estimators.segmentation.task import PixelClasses, PixelNumbers, is_labelled
from skneural.hyperparameters import BOOLEAN, Number, Sizes, declare, hyperparameter
from skneural.layers import Layer
from skneural.networks.unet import unet_network
from skneural.ops.types import Array
from skneural.readers import IMAGE_SHAPE, Reader
from skneural.sklearn_compat import check_sample_weight
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor, metric_of_numbers
from skneural.template.tagger import NeuralTagger


@declare
class PixelFields(Mixin):
    """Hyper-parameters of `ImageSegmenter` and `ImageRegressor`."""

    _reader_class: ClassVar[type[Reader]] = ImagesOfAnySize
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(unet_network)

    channels: int | Sequence[int] = hyperparameter(
        default=(16, 32, 64),
        constraint=Sizes(1, empty=False),
        doc="""Number of feature maps at each level of the network. Height and width are halved from one level to the
        next.""",
    )
    batch_norm: bool = hyperparameter(
        default=True, constraint=BOOLEAN, doc="Whether to add batch normalization after each convolution."
    )
    dropout: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1, below=True),
        doc="Fraction of the feature maps of the last level that is dropped at each training step.",
    )
    augmentation: Sequence[str] = augmentation_hyperparameter("The targets of the pixels move with them.")
    batch_size: int | str = batch_size_hyperparameter(32, unit="Images", least=2, batches_per_epoch=8)
    image_shape: str | Sequence[int] = hyperparameter(
        default="auto",
        constraint=IMAGE_SHAPE,
        doc="""Shape of an image, (height, width) or (height, width, channels), if X is rows of pixels. "auto": rows
        with a square number of features are square grey images, other rows are images of height one.""",
    )
    standardize: bool = hyperparameter(
        default=True,
        constraint=BOOLEAN,
        doc="""Whether to centre and scale each channel by its mean and standard deviation over the training images (in
        `partial_fit`, those of all calls so far), so that pixels may have any range.""",
    )

    attributes_doc = {
        "n_features_in_": ("int", "Number of channels of the images; of columns, if X was rows of pixels."),
        "image_shape_": ("tuple of int", "Height, width and channels of an image, if X was rows of pixels."),
    }

    shared_doc = {
        "unet": """
        A U-Net [1]_: pairs of convolutions and poolings to ever smaller feature maps, and back to the size of the
        image, with those of the same size joined on the way. Convolutions are padded, so that every pixel has a
        prediction.

        X has shape (n_samples, height, width, channels) or (n_samples, height, width), or is a list of arrays (height,
        width, channels) or (height, width) whose sizes may differ, or rows of pixels of shape (n_samples, n_features),
        which `image_shape` turns into images. Images of any size are predicted, with the channels of those in `fit`.
        Smaller images of a batch are padded and masked, so that predictions do not depend on it. Images with a side of
        more than 1024 pixels are predicted in parts, which overlap by so much that the result is that of the whole.
        """,
        "literature": """
        See Also
        --------
        skneural.inspection.SegmentationDisplay : Draw images, predictions and errors.

        References
        ----------
        .. [1] Ronneberger, Fischer and Brox. "U-Net: convolutional networks for biomedical image segmentation".
           MICCAI 2015.
        """,
    }

    def _reader_options(self) -> PixelOptions:
        return PixelOptions(self.image_shape, len(np.atleast_1d(self.channels)), self.augmentation)

    def _pixels(self, X: object, y: object, sample_weight: object) -> tuple[Array, Array, Array]:
        """Targets of all pixels, their predictions, and the weight of each."""
        check_is_fitted(self)
        x, raw = self._scored(X)
        true = self._task.check(FitArguments(x, y), self._task.options, type(self).__name__)
        weight = np.repeat(check_sample_weight(sample_weight, x, dtype=np.float64), [len(each) for each in true])
        return np.concatenate(true), self._task.decode(raw), weight


@declare
class ImageSegmenter(PixelFields, NeuralTagger):
    """U-Net that predicts a class for each pixel of an image.

    {unet}

    y has the form of X without channels: (n_samples, height, width), a list of arrays (height, width), or
    (n_samples, height * width) for rows of pixels. Pixels labelled -1 have no label: the loss and the scores ignore
    them.

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Which pixels belong to a disc, and not to the noise around it?

    >>> import numpy as np
    >>> from skneural import ImageSegmenter
    >>> rng = np.random.default_rng(0)
    >>> rows, columns = np.mgrid[:16, :16]
    >>> centres = rng.uniform(4, 12, (2, 60, 1, 1))
    >>> y = ((rows - centres[0]) ** 2 + (columns - centres[1]) ** 2 < 16).astype(int)
    >>> X = y + rng.normal(size=y.shape)
    >>> model = ImageSegmenter(channels=(8, 16), learning_rate_init=0.01, max_iter=20, random_state=0)
    >>> model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.8
    True
    """

    _task_class: ClassVar[type[Task]] = PixelClasses

    def predict(self, X):
        """Predict the class of each pixel.

        Parameters
        ----------
        X : array-like or list of n_samples images

        Returns
        -------
        y : ndarray of shape (n_samples, height, width) or (n_samples, height * width), or list of ndarrays
            A list of arrays (height, width) if X is a list; rows if X is rows of pixels.
        """
        return self._predicted(X)

    def predict_proba(self, X):
        """Probability of each class at each pixel.

        Parameters
        ----------
        X : array-like or list of n_samples images

        Returns
        -------
        probabilities : ndarray of shape (n_samples, height, width, n_classes), or list of ndarrays
            Classes in the order of `classes_`. The first axes are those of `predict`.
        """
        return self._predicted(X, "probabilities")

    def score(self, X, y, sample_weight=None):
        """Mean intersection over union: of the pixels that are of a class or predicted so, the share that are both.

        Parameters
        ----------
        X : array-like or list of n_samples images
        y : array-like or list
            Labels in the form of those in `fit`. Pixels labelled -1 do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each image, which counts for each of its pixels.

        Returns
        -------
        score : float
            Mean over the classes that occur in y or in the predictions, each computed from the pixels of all images.
        """
        counts = self._confusion(X, y, sample_weight)
        both = np.diag(counts)
        either = counts.sum(axis=0) + counts.sum(axis=1) - both
        return float(np.mean(both[either > 0] / either[either > 0]))

    def pixel_accuracy(self, X, y, sample_weight=None):
        """Share of the pixels whose class is predicted right.

        In `fit`, ``scoring="accuracy"`` is the same.

        Parameters
        ----------
        X : array-like or list of n_samples images
        y : array-like or list
            Labels in the form of those in `fit`. Pixels labelled -1 do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each image, which counts for each of its pixels.

        Returns
        -------
        accuracy : float
        """
        counts = self._confusion(X, y, sample_weight)
        return float(np.trace(counts) / counts.sum())

    def _confusion(self, X: object, y: object, sample_weight: object) -> Array:
        """Weight of the pixels of each class (rows) that are predicted as each class (columns)."""
        true, predicted, weight = self._pixels(X, y, sample_weight)
        labelled = is_labelled(true)
        if not weight[labelled].any():
            raise ValueError("No pixel of y has a label and a weight: all labels are -1, or all weights are zero.")
        classes, numbers = np.unique(np.concatenate([true[labelled], predicted[labelled]]), return_inverse=True)
        rows, columns = np.split(numbers, 2)
        cells = np.bincount(rows * len(classes) + columns, weight[labelled], len(classes) ** 2)
        return cells.reshape(len(classes), len(classes))


@declare
class ImageRegressor(PixelFields, NeuralRegressor):
    """U-Net that predicts one or several numbers for each pixel of an image, such as its value without noise.

    {unet}

    y has the form of X, with one or several numbers instead of the channels: (n_samples, height, width) or
    (n_samples, height, width, n_outputs), a list of arrays (height, width) or (height, width, n_outputs), or
    (n_samples, height * width) for rows of pixels. Pixels whose numbers are missing (NaN) are ignored by the loss and
    the score.

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    Digits without the noise that was added to them:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from skneural import ImageRegressor
    >>> y = load_digits().images[:400]
    >>> X = y + 4 * np.random.default_rng(0).normal(size=y.shape)
    >>> model = ImageRegressor(channels=(8, 16), learning_rate_init=0.01, max_iter=5, random_state=0)
    >>> model.fit(X[:300], y[:300]).score(X[300:], y[300:]) > 0.8
    True
    """

    _task_class: ClassVar[type[Task]] = PixelNumbers

    def predict(self, X, return_std=False):
        """Predict the numbers of each pixel.

        Parameters
        ----------
        X : array-like or list of n_samples images
        return_std : bool, default=False
            Return standard deviations, too, which ``loss="gaussian"`` learns.

        Returns
        -------
        y : ndarray of shape (n_samples, height, width) or (n_samples, height, width, n_outputs), or list of ndarrays
            A list of arrays if X is a list; (n_samples, height * width) or (n_samples, height * width, n_outputs) if X
            is rows of pixels. Several quantiles are on a further axis.
        y_std : like y
            Standard deviation of each number given X, only if `return_std`.
        """
        return super().predict(X, return_std)

    def score(self, X, y, sample_weight=None):
        """Coefficient of determination R^2 over all pixels; of several quantiles the mean D^2 pinball score.

        Parameters
        ----------
        X : array-like or list of n_samples images
        y : array-like or list
            Numbers in the form of those in `fit`. Pixels with missing numbers do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each image, which counts for each of its pixels.

        Returns
        -------
        score : float
        """
        true, predicted, weight = self._pixels(X, y, sample_weight)
        true = true.reshape(len(true), -1)
        known = ~np.isnan(true).any(axis=1)
        metric = metric_of_numbers(self._task)
        return float(metric(true[known], predicted[known], sample_weight=weight[known]))
