"""Base class of estimators that learn targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skneural.hyperparameters import declare
from skneural.template import hidden_features
from skneural.template.estimator import NeuralEstimator
from skneural.template.frozen_layers import freeze_hyperparameter
from skneural.template.pretrained import body_learning_rate_hyperparameter, pretrained_hyperparameter


@declare
class SupervisedEstimator(NeuralEstimator):
    """Estimator whose network may start from a fitted one, and whose hidden features are the output of `transform`."""

    pretrained: Any = pretrained_hyperparameter()
    freeze: int | Sequence[str] = freeze_hyperparameter()
    body_learning_rate: float | None = body_learning_rate_hyperparameter()

    transform, fit_transform = hidden_features.transform, hidden_features.fit_transform
    get_feature_names_out, set_output = hidden_features.get_feature_names_out, hidden_features.set_output
    _n_features_out = property(hidden_features.n_features_out)
    _sklearn_auto_wrap_output_keys = hidden_features.WRAPPED

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags = hidden_features.tags_of_transformers()
        return tags
