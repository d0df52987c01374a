"""Autoencoders."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skneural.data import Container, Rows
from skneural.hyperparameters import BOOLEAN, NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.inputs import IMAGE_SHAPE, InputKind, RowsOrImages
from skneural.layers import Chain, Standardization
from skneural.layers.traversal import find
from skneural.networks.autoencoder import DECODER, ENCODER, autoencoder_network, encoder_or_decoder
from skneural.ops.gaussian import gaussian_divergence
from skneural.ops.pointwise import ACTIVATIONS
from skneural.ops.types import Array
from skneural.parameters import Tree
from skneural.targets import Given, Itself
from skneural.template.run import Run
from skneural.template.unsupervised import UnsupervisedEstimator
from skneural.training.predict import predict_raw

DRAWS = 8  # pairs, for the bound of the likelihood
NUMBERS_DECODED_AT_ONCE = 100_000


def has_sampling(estimator: Autoencoder) -> bool:
    """For `available_if`: whether there is a `sample`."""
    if not estimator.variational:
        raise AttributeError(
            "A plain autoencoder does not know how its latent numbers are distributed, so it has no sample; set "
            "variational=True."
        )
    return True


@declare
class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, UnsupervisedEstimator):
    """Autoencoder: a network that squeezes each sample into few numbers, and makes the sample of them again.

    The encoder is a multilayer perceptron to `latent_size` numbers, the decoder its mirror image [1]_. `transform`
    is the encoder, `inverse_transform` the decoder, in the manner of `PCA`, to which linear ones
    (``hidden_layer_sizes=()``) come down. `score_samples` tells how well a sample is reconstructed: outliers are not.

    X is (n_samples, n_features), scaled by itself: errors count in standard deviations of each feature, so that none
    dominates; what is further from the mean than five of them enters as five. A constant feature has the scale one: it
    is reconstructed as it is, and another value in new data is an error in units of X. With ``image_shape``, X is
    images, encoded by convolutions and poolings and decoded by transposed convolutions, between which images grow;
    their scale is that of each channel.

    With ``variational=True`` the encoder tells a normal distribution for each sample [2]_, from which the decoder is
    given a draw while it trains; that distribution is kept near the standard normal one, from which `sample` draws.
    `transform` gives its mean. How far X is from what is decoded, one variance for all features, is learned [4]_. With
    `noise`, the network finds clean samples under noise (denoising [3]_). Held-out data decides when to stop by how
    well means are decoded, whatever their divergence.

    {parameters}

    {attributes}

    See Also
    --------
    skneural.inspection.plot_samples : Draw samples, images or points.

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

    _input_kind: ClassVar[InputKind] = RowsOrImages()
    _target_kind: ClassVar[Itself] = Itself()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(autoencoder_network)

    latent_size: int = hyperparameter(2, Integer(1), "Numbers that a sample is squeezed into.", positional=True)
    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (100,),
        Sizes(1),
        "Units of each hidden layer of the encoder; the decoder has them in reverse. () for a linear model.",
        positional=True,
    )
    # Error of eight numbers on digits, as a share of PCA's: .72 with silu, .74 with elu, more with relu, which cannot
    # say how far below zero it is. In batches of 200 it is .1 more.
    activation: str = hyperparameter("silu", Choice(*ACTIVATIONS), "Function after each hidden layer.")
    batch_size: int | str = hyperparameter(
        "auto", Choice("auto") | Integer(1), 'Samples per step; "auto" is min(64, n_samples). lbfgs takes all.'
    )
    variational: bool = hyperparameter(
        False,
        BOOLEAN,
        """Whether samples become distributions that are kept near the standard normal one. Errors may stay for many
        epochs before they fall, above all with several hidden layers: give a larger `n_iter_no_change` then.""",
    )
    beta: float = hyperparameter(
        1.0,
        Number(0),
        """How much their divergence from it counts, if variational: 1 maximizes a lower bound of the likelihood; less
        reconstructs better, more makes samples better.""",
    )
    noise: float = hyperparameter(
        0.0,
        Number(0),
        """Standard deviation of normal noise that is added to X while training, in units of `scale_`: what is to be
        reconstructed is X without it.""",
    )
    loss: str = hyperparameter(
        "auto",
        Choice("auto", "squared_error", "log_loss"),
        """What is minimized: "squared_error" in units of `scale_`, or "log_loss" for numbers between 0 and 1, which are
        not scaled. "auto": log_loss if X has no other numbers than 0 and 1.""",
    )
    image_shape: str | Sequence[int] | None = hyperparameter(
        None,
        NONE | IMAGE_SHAPE,
        """Shape of each image; None: X is rows of features. "auto": that of X if X has three or four axes; rows of a
        square number of features are square grey images, other rows are images one pixel high.""",
    )
    channels: int | Sequence[int] = hyperparameter(
        (16, 32),
        Sizes(1, empty=False),
        "Feature maps of each block of convolutions, for images; each halves the image, and in the decoder doubles it.",
    )
    kernel_size: int = hyperparameter(3, Integer(1), "Height and width of the kernels, for images.")

    attributes_doc = {
        "mean_": ("ndarray of shape (n_features_in_,) or (n_channels,)", "Mean of each feature or channel."),
        "scale_": (
            "ndarray of shape (n_features_in_,) or (n_channels,)",
            "Unit of errors: the standard deviation, and 1 for constants; with log_loss, mean 0 and scale 1.",
        ),
        "loss_function_": ("str", "What was minimized, squared_error or log_loss."),
        "image_shape_": ("tuple of int or None", "Height, width and channels of the images."),
        "sample_shape_": ("tuple of int", "Shape of a sample as it was given, and as it is returned."),
        "n_features_in_": ("int", "Numbers in a sample."),
        "loss_curve_": (
            "list of float",
            """Mean training loss of every epoch, over features: half the squared error in units of `scale_`, or log
            loss. If variational, minus the bound of the log-density without its constants, with `beta`.""",
        ),
    }

    # --- encoding and decoding ------------------------------------------------------------------------

    def transform(self, X):
        """Encode samples; if variational, as the means of their distributions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_size)
        """
        return self._encoded_means(self._checked_X(X))

    def inverse_transform(self, Z):
        """Decode latent numbers.

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
        return self._target_kind.decode(self, self._decoded(Z))

    def score_samples(self, X):
        """How well each sample is reconstructed; the less, the more it is an outlier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            Minus the mean error over features: squared, in units of `scale_`, or log loss. If variational, a lower
            bound of the logarithm of the density of X, in which features are normal around what is decoded, or zeros
            and ones: a mean over the same 16 draws for all samples.
        """
        x = self._checked_X(X)
        targets = self._target_kind.encode(self, Given(x, None)).values
        if not self.variational:
            raw = self._decoded(self._encoded_means(x))
            return -self._target_kind.errors(self, targets, raw).mean(axis=1)
        size = self._n_features_out
        told = self._through(ENCODER, x, slice(-1))  # without the last layer, which would draw
        mean, log_variance = told[:, :size], told[:, size:]
        total = np.zeros(len(x), targets.dtype)
        for noise in self._fixed_draws(size):
            raw = self._decoded(mean + np.exp(0.5 * log_variance) * noise.astype(mean.dtype))
            total += self._target_kind.log_likelihood(self, targets, raw)
        return total / (2 * DRAWS) - gaussian_divergence(mean, log_variance)[0]

    def score(self, X, y=None, sample_weight=None):
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
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, scores)
        return float(np.average(scores, weights=weight))

    @available_if(has_sampling)
    def sample(self, n_samples=1, random_state=None):
        """Draw samples: what is decoded for draws from the standard normal distribution. Only if variational.

        Parameters
        ----------
        n_samples : int, default=1
        random_state : int, RandomState instance or None, default=None
            Same seed, same samples.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features), or images if `fit` was given images
            Expected values, without the noise around them: shares, with log_loss.
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

    # --- inside ---------------------------------------------------------------------------------------

    @property
    def _n_features_out(self) -> int:
        size: int = self.network_arguments_["latent_size"]
        return size

    def _prepare(self, run: Run) -> None:
        """Tell the network the units of X; say what is odd."""
        for _, p in find(self._network.layer, run.weights.tree, Standardization):
            p["mean"][...], p["scale"][...] = self.mean_, self.scale_
        if self.latent_size > self.n_features_in_ and not (self.variational or self.noise > 0):
            warnings.warn(
                f"latent_size={self.latent_size} is more than the {self.n_features_in_} features of X: nothing has to "
                "be squeezed, and the network may learn to copy.",
                stacklevel=2,
            )

    def _checked_X(self, X: Any) -> Container:
        check_is_fitted(self)
        return self._check_X(X)

    def _encoded_means(self, x: Container) -> Array:
        return self._through(ENCODER, x)

    def _decoded(self, Z: Array) -> Array:
        """Raw scores of latent numbers."""
        return self._through(DECODER, Rows(Z))

    def _through(self, part: int, x: Container, layers: slice = slice(None)) -> Array:
        """What the encoder, the decoder or some layers of them make of x."""
        network = encoder_or_decoder(self._network.layer, part)
        tree: Tree = self._parameters()[part]
        rows = max(1, NUMBERS_DECODED_AT_ONCE // self.n_features_in_)
        n_threads = self._n_threads() if len(x) > rows else None
        return predict_raw(Chain(network.layers[layers]), tree[layers], x, rows, n_threads)

    def _fixed_draws(self, size: int) -> Iterator[Array]:
        """Pairs of opposite draws of variance one, the same at each call and for each sample."""
        draws = np.random.default_rng(self._seed).standard_normal((DRAWS, size))
        # As chance has it, their variance would be off by half, and the bound of all samples with it.
        for noise in draws / np.sqrt(np.mean(np.square(draws), axis=0)):
            yield noise
            yield -noise
