"""Diffusion models: samples like those of the training data."""

from skneural.estimators.diffusion.estimator import DiffusionModel

__all__ = ["DiffusionModel"]
