import json

import numpy as np
import pytest

from skneural import (
    CNNClassifier,
    CNNSequenceClassifier,
    MambaSequenceClassifier,
    MLPClassifier,
    RNNSequenceClassifier,
    TransformerSequenceClassifier,
)
from skneural.layers.traversal import without_input_gradient
from tests.estimators.cases import ESTIMATORS, EstimatorCase, flowers

OF_NUMPY = {
    "mlp": MLPClassifier(np.int64(4), dropout=0, batch_norm=np.True_),
    "images": CNNClassifier(channels=np.array([2, 3]), hidden_layer_sizes=[np.int32(4)], augmentation=["flip"]),
    "series": CNNSequenceClassifier(channels=2, kernel_size="auto", embedding_size=np.int64(3)),
    "recurrent": RNNSequenceClassifier(hidden_size=np.int64(3), n_layers=np.int8(1), standardize=np.False_),
    "transformer": TransformerSequenceClassifier(d_model=np.int64(4), positional="learned", max_length=np.int64(9)),
    "mamba": MambaSequenceClassifier(d_model=np.int64(4), state_size=np.int16(2)),
}
CASES = ESTIMATORS | {name: EstimatorCase(model.set_params(max_iter=1), flowers) for name, model in OF_NUMPY.items()}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_network_is_built_from_plain_values(case):
    """Saved models then hold nothing of NumPy's but arrays, and load without trust in its types.

    The function of a user is saved by its name.
    """
    model = case.new(max_iter=1).fit(*case.data())
    arguments = model.network_arguments_
    plain = {name: value for name, value in arguments.items() if name != "network"}
    assert json.loads(json.dumps(plain)) == plain
    assert without_input_gradient(type(model)._network_builder(**arguments)) == model.network_
