"""Autoencoder estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import Container, Rows, Samples
from skneural.estimators.autoencoder.reader import NUMBERS_PER_BLOCK, RowsOrImages, RowsOrImagesOptions
from skneural.estimators.autoencoder.task import Reconstruction, ReconstructionOptions
from skneural.hyperparameters import BOOLEAN, NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.layers import Chain, Layer
from skneural.losses import ElementwiseLoss
from skneural.networks.autoencoder import LATENT, autoencoder_network
from skneural.ops.gaussian import gaussian_divergence
from skneural.ops.pointwise import AnyActivation
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.readers import IMAGE_SHAPE, Reader
from skneural.sklearn_compat import check_sample_weight
from skneural.tasks import Task
from skneural.template.automatic import batch_size_hyperparameter
from skneural.template.problem import Network
from skneural.template.training import network_output
from skneural.template.unsupervised import UnsupervisedEstimator
from skneural.template.values import ELEMENTWISE_LOSS, activation_hyperparameter
from skneural.user_warnings import warn_user

# Pairs of draws in the estimate of the lower bound of the likelihood.
DRAWS = 8


def has_sampling(estimator: Autoencoder) -> bool:
    """Check, for `available_if`, that the estimator has `sample`."""
    if not estimator._as_fitted("variational"):
        raise AttributeError(
            "A plain autoencoder does not learn a distribution of its latent features, so it has no sample; set "
            "variational=True."
        )
    return True


@declare
class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, UnsupervisedEstimator):
    """Autoencoder: compresses samples to a few latent features and reconstructs them.

    The encoder is a multilayer perceptron with `latent_size` outputs, and the decoder is its mirror image [1]_.
    `transform` applies the encoder and `inverse_transform` the decoder, as in `PCA`, to which linear autoencoders
    (``hidden_layer_sizes=()``) are equivalent. `score_samples` returns the negative reconstruction error, by which
    outliers can be detected.

    X has shape (n_samples, n_features), and is standardized: errors are in standard deviations of each feature. A
    constant feature has scale 1, so that its errors are in units of X. The encoder clips values at five standard
    deviations from the mean. With `image_shape`, X is images, encoded by convolutions and poolings and decoded by
    transposed convolutions; each channel has one scale. y is ignored.

    With ``variational=True``, the encoder returns a normal distribution for each sample [2]_, from which the decoder
    receives a draw in training. The distributions are kept close to the standard normal distribution, from which
    `sample` draws; `transform` returns their means. The variance of X around its reconstruction, one number for all
    features, is learned [4]_. Early stopping uses the error of reconstructions from the means, without the divergence.
    With `noise`, the network learns to reconstruct samples from noisy versions of them (denoising [3]_).

    {parameters}

    {attributes}

    See Also
    --------
    skneural.inspection.SamplesDisplay : Draw samples, images or points.

    References
    ----------
    .. [1] Hinton and Salakhutdinov. "Reducing the dimensionality of data with neural networks". Science 313, 2006.
    .. [2] Kingma and Welling. "Auto-encoding variational Bayes". ICLR 2014.
    .. [3] Vincent, Larochelle, Bengio and Manzagol. "Extracting and composing robust features with denoising
       autoencoders". ICML 2008.
    .. [4] Rybkin, Daniilidis and Levine. "Simple and effective VAE training with calibrated decoders". ICML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skneural import Autoencoder
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = Autoencoder(8, max_iter=20, random_state=0).fit(X)
    >>> model.transform(X).shape
    (1797, 8)
    >>> model.inverse_transform(model.transform(X)).shape
    (1797, 64)
    """

    _reader_class: ClassVar[type[Reader]] = RowsOrImages
    _task_class: ClassVar[type[Task]] = Reconstruction
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(autoencoder_network)

    if TYPE_CHECKING:
        _task: Reconstruction = field(init=False)

    latent_size: int = hyperparameter(default=2, constraint=Integer(1), doc="Number of latent features.", kw_only=False)
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(100,),
        constraint=Sizes(1),
        doc="""Number of units of each hidden layer of the encoder, in reverse order for the decoder; () for a linear
        model.""",
        kw_only=False,
    )
    # Reconstruction error of eight latent features on digits, relative to PCA: .72 with silu, .74 with elu, more with
    # relu, which loses negative values. With batches of 200 it is .1 more.
    activation: AnyActivation = activation_hyperparameter("silu", "Activation function of the hidden layers.")
    batch_size: int | str = batch_size_hyperparameter(64)
    variational: bool = hyperparameter(
        default=False,
        constraint=BOOLEAN,
        doc="""Whether to train a variational autoencoder, which encodes samples as normal distributions. Its loss may
        stay constant for many epochs before it falls, above all with several hidden layers; then increase
        `n_iter_no_change`.""",
    )
    beta: float = hyperparameter(
        default=1.0,
        constraint=Number(0),
        doc="""Weight of the Kullback-Leibler divergence of the encoded distributions from the standard normal
        distribution, if variational: 1 maximizes a lower bound of the likelihood; smaller values improve
        reconstructions, larger values improve samples.""",
    )
    noise: float = hyperparameter(
        default=0.0,
        constraint=Number(0),
        doc="""Standard deviation of the normal noise added to X in training, in units of `scale_`; the targets are
        without noise.""",
    )
    loss: str | ElementwiseLoss = hyperparameter(
        default="auto",
        constraint=Choice("auto", "squared_error", "log_loss") | ELEMENTWISE_LOSS,
        doc="""Loss function: "squared_error" in units of `scale_`, or "log_loss" for values between 0 and 1, which are
        not scaled. "auto": log_loss if all values of X are 0 or 1. Another one is an object of a class derived from
        `skneural.losses.ElementwiseLoss`, in units of `scale_` if its link is the identity, and else without scaling;
        `skneural.testing.check_loss` checks it. Not if variational, which needs a density of X.""",
    )
    image_shape: str | Sequence[int] | None = hyperparameter(
        default=None,
        constraint=NONE | IMAGE_SHAPE,
        doc="""Shape of an image, (height, width) or (height, width, channels); None if X is no images. "auto": from X
        if it has three or four axes; rows with a square number of features are square grey images, other rows are
        images of height one.""",
    )
    channels: int | Sequence[int] = hyperparameter(
        default=(16, 32),
        constraint=Sizes(1, empty=False),
        doc="Feature maps of each block, for images; blocks halve height and width, or double them in the decoder.",
    )
    kernel_size: int = hyperparameter(
        default=3, constraint=Integer(1), doc="Height and width of the kernels, for images."
    )

    attributes_doc = {
        "mean_": ("ndarray of shape (n_features_in_,) or (n_channels,)", "Mean of each feature or channel."),
        "scale_": (
            "ndarray of shape (n_features_in_,) or (n_channels,)",
            """Standard deviation of each feature or channel, 1 if constant; of losses with a link, `mean_` is 0 and
            `scale_` 1.""",
        ),
        "loss_function_": ("str or ElementwiseLoss", "Loss function: squared_error, log_loss, or the one given."),
        "image_shape_": ("tuple of int or None", "Height, width and channels of the images."),
        "sample_shape_": ("tuple of int", "Shape of a sample of X, and of its reconstruction."),
        "n_features_in_": ("int", "Number of values in a sample."),
        "loss_curve_": (
            "list of float",
            """Training loss of each epoch, averaged over features: half the squared error in units of `scale_`, or the
            log loss. If variational, the negative lower bound of the log-density, weighted by `beta`, without
            constants.""",
        ),
    }

    # --- encoding and decoding ------------------------------------------------------------------------

    def transform(self, X: npt.ArrayLike) -> Array:
        """Encode samples; if variational, as the means of their distributions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_size)
        """
        check_is_fitted(self)
        return self._encode(self._read(X))

    def inverse_transform(self, Z: Any) -> Array:
        """Decode latent features.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_size)

        Returns
        -------
        X : ndarray of shape (n_samples, n_features), or images if `fit` was given images
            In the units of X.
        """
        check_is_fitted(self)
        Z = check_array(Z, dtype=self.weights_.dtype, estimator=self, input_name="Z")
        size = self._n_features_out
        if Z.shape[1] != size:
            raise ValueError(f"Z has {Z.shape[1]} columns, but {type(self).__name__} has latent_size={size}.")
        return self._task.decode(self._decode(Z))

    def score_samples(self, X: npt.ArrayLike) -> Array:
        """Negative reconstruction error of each sample; low scores indicate outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Negative squared error in units of `scale_`, or other loss, averaged over features. If variational,
            an estimate of a lower bound of the log-density of X, in which features are normally distributed around the
            reconstruction, or binary: the mean over 16 draws, the same for all samples, which may exceed the bound. In
            float64, so that far outliers have finite scores.
        """
        check_is_fitted(self)
        x = self._read(X)
        targets = self._task.standardized(x)  # the squares of outliers may be too large for single precision
        if not self._task.options.variational:
            return -self._task.errors(targets, self._decode(self._encode(x))).mean(axis=1)
        size = self._n_features_out
        # without the last layer, which draws samples
        distributions = self._apply("encoder", x, without=LATENT)
        mean, log_variance = distributions[:, :size], distributions[:, size:]
        total = np.zeros(len(x), targets.dtype)
        for noise in self._fixed_draws(size):
            raw = self._decode(mean + np.exp(0.5 * log_variance) * noise.astype(mean.dtype))
            total += self._task.log_likelihood(targets, raw)
        return total / (2 * DRAWS) - gaussian_divergence(mean, log_variance)[0]

    def score(self, X: npt.ArrayLike, y: object = None, sample_weight: npt.ArrayLike | None = None) -> float:
        """Mean of `score_samples`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        score : float
        """
        scores = self.score_samples(X)
        weight = None if sample_weight is None else check_sample_weight(sample_weight, scores)
        return float(np.average(scores, weights=weight))

    @available_if(has_sampling)
    def sample(self, n_samples: int = 1, random_state: int | np.random.RandomState | None = None) -> Array:
        """Generate samples by decoding draws from the standard normal distribution. Only if variational.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState instance or None, default=None
            Seed of the draws.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features), or images if `fit` was given images
            Expected values, without the learned variance around them; with log_loss, probabilities.
        """
        check_is_fitted(self)
        if not Integer(1).allows(n_samples):
            raise ValueError(f"n_samples must be a positive integer; got {n_samples!r}.")
        Z = check_random_state(random_state).standard_normal((n_samples, self._n_features_out))
        return self.inverse_transform(Z)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # --- hooks ----------------------------------------------------------------------------------------

    def _reader_options(self) -> RowsOrImagesOptions:
        return RowsOrImagesOptions(self.image_shape)

    def _check_together(self) -> None:
        if self.variational and isinstance(self.loss, ElementwiseLoss):
            raise ValueError(
                f"variational=True needs the density of X around a reconstruction, which loss={self.loss!r} does not "
                'tell: set loss to "squared_error" or "log_loss".'
            )

    def _task_options(self) -> ReconstructionOptions:
        return ReconstructionOptions(self.loss, float(self.noise), bool(self.variational))

    def _initialize(self, network: Network, tree: Tree, samples: Samples, task: Task, reader: Reader) -> None:
        self._update(network, tree, samples, task)
        n_features = network.arguments["n_in"]
        if self.latent_size > n_features and not (self.variational or self.noise > 0):
            warn_user(
                f"latent_size={self.latent_size} is more than the {n_features} features of X: nothing is compressed, "
                "and the network may learn to copy."
            )

    def _update(self, network: Network, tree: Tree, samples: Samples, task: Task) -> None:
        """Standardize X by the units of the targets, which include held-out samples."""
        assert isinstance(task, Reconstruction)
        p = tree["encoder"]["standardization"]
        p["mean"][...], p["scale"][...] = task.mean, task.scale

    # --- parts of the network -------------------------------------------------------------------------

    @property
    def _n_features_out(self) -> int:
        size: int = self.network_arguments_["latent_size"]
        return size

    def _encode(self, x: Container) -> Array:
        """Encode samples; if variational, as the means of their distributions."""
        return self._apply("encoder", x)

    def _decode(self, Z: Array) -> Array:
        """Decode latent features to raw scores."""
        return self._apply("decoder", Rows(Z))

    def _apply(self, part: str, x: Container, without: str = "") -> Array:
        """Output of the encoder or decoder, or of all its layers but one."""
        network = cast(Chain, self._network.layer[part]).without(without)
        tree: Tree = self._parameters()[part]
        rows = max(1, NUMBERS_PER_BLOCK // self.n_features_in_)
        return network_output(network, tree, x, rows, self.n_jobs)

    def _fixed_draws(self, size: int) -> Iterator[Array]:
        """Pairs of opposite draws with variance one, the same in each call."""
        draws = np.random.default_rng(self._seed).standard_normal((DRAWS, size))
        # Unscaled, the variance of so few draws would differ from one by half, and shift the bound of all samples.
        for noise in draws / np.sqrt(np.mean(np.square(draws), axis=0)):
            yield noise
            yield -noise
