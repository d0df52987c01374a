import numpy as np
import pytest
from estimator_cases import ESTIMATORS, EstimatorCase, flowers

from skneural import CNNClassifier, CNNSequenceClassifier, MLPClassifier, RNNSequenceClassifier
from skneural.networks.arguments import arguments_of
from skneural.networks.convolutional_image import convolutional_image_network
from skneural.networks.convolutional_series import convolutional_series_network
from skneural.networks.kan import kan_network
from skneural.networks.mlp import mlp_network
from skneural.networks.perceptron import perceptron_network
from skneural.networks.recurrent import recurrent_network

# first words of the name of an estimator -> its builder
BUILDERS = {
    "Perceptron": perceptron_network,
    "MLP": mlp_network,
    "KAN": kan_network,
    "CNNSequence": convolutional_series_network,
    "CNN": convolutional_image_network,
    "RNNSequence": recurrent_network,
}
# what is no hyper-parameter, or differs from it: grids grow, and targets of steps are not pooled
GIVEN = {"n_in", "n_out", "n_features", "image_shape", "strict", "grid_size", "pooling"}
OF_NUMPY = {
    "mlp": MLPClassifier(np.int64(4), dropout=0, batch_norm=np.True_),
    "images": CNNClassifier(channels=np.array([2, 3]), hidden_layer_sizes=[np.int32(4)], augmentation=["flip"]),
    "series": CNNSequenceClassifier(channels=2, kernel_size="auto", embedding_size=np.int64(3)),
    "recurrent": RNNSequenceClassifier(hidden_size=np.int64(3), n_layers=np.int8(1), standardize=np.False_),
}
CASES = ESTIMATORS | {name: EstimatorCase(model.set_params(max_iter=1), flowers) for name, model in OF_NUMPY.items()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_arguments_follow_from_the_signature_of_the_builder(case):
    model = case.new(max_iter=1).fit(*case.data())
    builder = next(builder for name, builder in BUILDERS.items() if type(model).__name__.startswith(name))
    fitted = model.network_arguments_
    given = {name: value for name, value in fitted.items() if name in GIVEN and (name != "pooling" or value is None)}
    if builder is convolutional_image_network:
        given |= {"pooling": model.pooling, "image_shape": model.image_shape_}
    assert repr(arguments_of(builder, model, **given)) == repr(fitted)
