"""Autoencoders: the estimator, its reader and its task."""

from skneural.estimators.autoencoder.estimator import Autoencoder

__all__ = ["Autoencoder"]
