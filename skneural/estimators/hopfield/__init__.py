"""Hopfield networks: the estimator, and the conversion of values to two states."""

from skneural.estimators.hopfield.estimator import HopfieldNetwork

__all__ = ["HopfieldNetwork"]
