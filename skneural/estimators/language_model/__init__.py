"""Language models."""

from skneural.estimators.language_model.estimator import LanguageModel

__all__ = ["LanguageModel"]
