"""Transformers for series and text: classifier, regressor and tagger."""

from skneural.estimators.transformer.estimator import (
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
    TransformerSequenceTagger,
)

__all__ = ["TransformerSequenceClassifier", "TransformerSequenceRegressor", "TransformerSequenceTagger"]
