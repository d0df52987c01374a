"""Several convolutional networks of one fit: their predictions are averaged."""

import pickle

import numpy as np
import pytest

from skneural import CNNSequenceClassifier, CNNSequenceRegressor
from skneural.layers.layer import Context
from skneural.ops.softmax import softmax

RNG = np.random.default_rng(0)
LENGTHS = RNG.integers(10, 20, 40)
SERIES = [RNG.normal(size=(n, 2)).astype(np.float32) for n in LENGTHS]
CLASSES = np.array(["a", "b", "c"])[np.arange(40) % 3]
NUMBERS = np.array([series.mean() for series in SERIES])
SMALL = {"channels": (4, 4), "max_iter": 4, "batch_size": 8, "random_state": 0}


def outputs_of_networks(model):
    """Raw scores of each network of a fitted ensemble, one after the other."""
    values, batch_info = model._read(SERIES).as_batch()
    networks = model.network_.children()["networks"].children()
    trees = model._parameters()["networks"]
    return [network.predict(trees[name], values, Context(batch=batch_info)) for name, network in networks.items()]


def test_probabilities_are_the_mean_of_those_of_the_networks():
    model = CNNSequenceClassifier(n_members=3, **SMALL).fit(SERIES, CLASSES)
    one = CNNSequenceClassifier(**SMALL).fit(SERIES, CLASSES)
    assert len(model.weights_) == 3 * len(one.weights_)
    each = [softmax(raw) for raw in outputs_of_networks(model)]
    np.testing.assert_allclose(model.predict_proba(SERIES), np.mean(each, axis=0), rtol=1e-4)
    assert np.abs(each[0] - each[1]).max() > 1e-3


def test_numbers_are_the_mean_of_those_of_the_networks():
    model = CNNSequenceRegressor(n_members=3, **SMALL).fit(SERIES, NUMBERS)
    mean = np.mean(outputs_of_networks(model), axis=0)[:, 0]
    np.testing.assert_allclose(model.predict(SERIES), mean * model.y_scale_ + model.y_mean_, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("architecture", ["fcn", "resnet", "inception", "textcnn"])
@pytest.mark.parametrize("kind", [CNNSequenceClassifier, CNNSequenceRegressor])
def test_members_of_every_architecture_do_not_depend_on_threads(architecture, kind):
    y = CLASSES if kind is CNNSequenceClassifier else NUMBERS
    options = SMALL | {"channels": 4, "architecture": architecture, "n_members": 2}
    models = [kind(n_jobs=n_jobs, **options).fit(SERIES, y) for n_jobs in (1, 2)]
    np.testing.assert_array_equal(models[0].weights_, models[1].weights_)
    predicted = models[0].predict(SERIES)
    assert len(predicted) == 40
    saved = pickle.loads(pickle.dumps(models[0]))
    np.testing.assert_array_equal(saved.predict(SERIES), predicted)
    trees = models[0].network_.children()["networks"].children()
    assert list(trees) == ["network_1", "network_2"]
    assert "network_2" in str(models[0].summary())


@pytest.mark.parametrize("kind", [CNNSequenceClassifier, CNNSequenceRegressor])
def test_training_continues_of_single_networks_only(kind):
    y = CLASSES if kind is CNNSequenceClassifier else NUMBERS
    model = kind(n_members=2, **SMALL)
    for begin in (
        lambda: model.partial_fit(SERIES, y),
        lambda: model.set_params(warm_start=True).fit(SERIES, y).fit(SERIES, y),
    ):
        with pytest.raises(ValueError, match="of a single network, and n_members=2"):
            begin()
    fitted = model.set_params(warm_start=False).fit(SERIES, y)
    with pytest.raises(ValueError, match="single network"):
        fitted.set_params(n_members=1).partial_fit(SERIES, y)
