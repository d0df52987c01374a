"""Network builders with the defaults of their estimators, for tests that give some of the arguments only."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any

from skneural import estimators
from skneural.estimators.diffusion.network import diffusion_network
from skneural.estimators.tabular.network import tabular_network
from skneural.networks import (
    autoencoder,
    convolutional_image,
    convolutional_series,
    forecast,
    graph,
    kan,
    language,
    mamba,
    mlp,
    recurrent,
    sequence,
    sequence_to_sequence,
    transformer,
    unet,
)
from skneural.networks.arguments import plain
from skneural.networks.perceptron import perceptron_network

ESTIMATORS: dict[Callable[..., Any], type] = {
    autoencoder.autoencoder_network: estimators.Autoencoder,
    convolutional_image.convolutional_image_network: estimators.CNNClassifier,
    convolutional_series.convolutional_series_network: estimators.CNNSequenceClassifier,
    forecast.forecast_network: estimators.SeriesForecaster,
    diffusion_network: estimators.DiffusionModel,
    graph.graph_node_network: estimators.GNNNodeClassifier,
    graph.link_network: estimators.GNNLinkPredictor,
    graph.whole_graph_network: estimators.GNNGraphClassifier,
    kan.kan_network: estimators.KANClassifier,
    language.language_network: estimators.LanguageModel,
    mamba.mamba_block: estimators.MambaSequenceClassifier,
    mamba.mamba_encoder: estimators.MambaSequenceClassifier,
    mamba.mamba_network: estimators.MambaSequenceClassifier,
    mlp.mlp_network: estimators.MLPClassifier,
    perceptron_network: estimators.PerceptronClassifier,
    recurrent.recurrent_network: estimators.RNNSequenceClassifier,
    sequence.sequence_network: estimators.RNNSequenceClassifier,
    sequence_to_sequence.sequence_to_sequence_network: estimators.SequenceToSequence,
    tabular_network: estimators.TabularMLPClassifier,
    transformer.transformer_encoder: estimators.TransformerSequenceClassifier,
    transformer.transformer_network: estimators.TransformerSequenceClassifier,
    unet.unet_network: estimators.ImageSegmenter,
}
# Arguments that follow from the data, with values for tests to which they do not matter.
SHAPES = {"causal": False, "image_shape": None, "n_edge_features": 0, "n_special": 0, "sets": False, "strict": False}


def completed(builder: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a builder, with those that it requires and that are not given from its estimator."""
    defaults = {field.name: field.default for field in dataclasses.fields(ESTIMATORS[builder])} | SHAPES
    parameters = inspect.signature(builder, eval_str=True).parameters
    missing = [name for name, p in parameters.items() if p.default is p.empty and name not in arguments]
    return {name: plain(defaults[name], parameters[name].annotation) for name in missing} | arguments


def with_defaults(builder: Callable[..., Any]) -> Callable[..., Any]:
    """The builder with the defaults of its estimator for all arguments but the shapes."""

    @functools.wraps(builder)
    def build(*args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(builder).bind_partial(*args, **kwargs).arguments
        return builder(**completed(builder, dict(given)))

    return build


autoencoder_network = with_defaults(autoencoder.autoencoder_network)
convolutional_image_network = with_defaults(convolutional_image.convolutional_image_network)
convolutional_series_network = with_defaults(convolutional_series.convolutional_series_network)
graph_node_network = with_defaults(graph.graph_node_network)
whole_graph_network = with_defaults(graph.whole_graph_network)
kan_network = with_defaults(kan.kan_network)
language_network = with_defaults(language.language_network)
mamba_block = with_defaults(mamba.mamba_block)
mamba_encoder = with_defaults(mamba.mamba_encoder)
mamba_network = with_defaults(mamba.mamba_network)
mlp_network = with_defaults(mlp.mlp_network)
recurrent_network = with_defaults(recurrent.recurrent_network)
sequence_network = with_defaults(sequence.sequence_network)
sequence_to_sequence_network = with_defaults(sequence_to_sequence.sequence_to_sequence_network)
transformer_encoder = with_defaults(transformer.transformer_encoder)
transformer_network = with_defaults(transformer.transformer_network)
unet_network = with_defaults(unet.unet_network)
