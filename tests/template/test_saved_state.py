"""A model comes back from a file as it was, or a sentence says why it cannot."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator

import skneural
from skneural import HopfieldNetwork, MLPClassifier, RNNSequenceClassifier
from skneural.exceptions import InconsistentVersionWarning
from skneural.layers import Activation, Chain, Dense
from skneural.template import saved_state
from tests.estimators.cases import every_numeric_or_text_estimator, flowers

X, y = flowers(np.float32)


@pytest.fixture
def model():
    return MLPClassifier((8, 8), max_iter=3, batch_size=16, warm_start=True, random_state=0).fit(X, y)


def state_of(model, **changed):
    return model.__getstate__() | changed


def loaded(state, kind=MLPClassifier):
    model = object.__new__(kind)
    model.__setstate__(state)
    return model


def layers_of(names):
    """A builder of a network of layers of equal sizes, which computes in the order of the given names."""

    def build(n_in: int, n_out: int):
        names_and_layers = {name: Dense(8, 8) for name in names}
        return Chain(start=Dense(n_in, 8), **names_and_layers, activation=Activation("relu"), output=Dense(8, n_out))

    return build


class TestVersion:
    def test_files_tell_their_version_and_models_do_not_keep_it(self, model):
        assert state_of(model)["_skneural_version"] == skneural.__version__
        assert "_skneural_version" not in vars(copy.deepcopy(model))

    @pytest.mark.parametrize("unfitted", [MLPClassifier(), HopfieldNetwork()], ids=lambda model: type(model).__name__)
    def test_files_of_unfitted_models_tell_it_too(self, unfitted):
        assert unfitted.__getstate__()["_skneural_version"] == skneural.__version__
        assert vars(pickle.loads(pickle.dumps(unfitted))) == vars(unfitted)

    def test_loading_the_present_format_does_not_warn(self, model):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pickle.loads(pickle.dumps(model))
            loaded(state_of(model, _skneural_version="9.9"))

    def test_older_formats_warn_once_and_predict_the_same(self, model, monkeypatch):
        state = state_of(model, _skneural_version="0.0.1")
        monkeypatch.setattr(saved_state, "FORMAT", 2)
        monkeypatch.setitem(saved_state.CONVERSIONS, 1, lambda name, state: state)
        with pytest.warns(InconsistentVersionWarning, match=r"saved by skneural 0\.0\.1") as record:
            old = loaded(state)
        assert [each.message.original_version for each in record] == ["0.0.1"]
        np.testing.assert_array_equal(old.predict_proba(X), model.predict_proba(X))

    def test_files_without_a_version_are_converted(self, model):
        state = state_of(model)
        for name in ("_skneural_version", "_state_format", "_parameters", "_buffers"):
            del state[name]
        with pytest.warns(InconsistentVersionWarning, match="an older version"):
            old = loaded(state)
        np.testing.assert_array_equal(old.predict_proba(X), model.predict_proba(X))

    def test_every_format_has_a_conversion(self):
        assert list(saved_state.CONVERSIONS) == list(range(saved_state.FORMAT))

    def test_later_formats_are_refused(self, model):
        state = state_of(model, _skneural_version="7.0", _state_format=saved_state.FORMAT + 1)
        with pytest.raises(ValueError, match=r"Install skneural 7\.0 or later"):
            loaded(state)

    @pytest.mark.parametrize("name", skneural.__all__)
    def test_every_estimator_writes_its_version(self, name):
        kind = getattr(skneural, name)
        if issubclass(kind, BaseEstimator):
            assert saved_state.with_version({}).items() <= object.__new__(kind).__getstate__().items()


class TestParameters:
    def test_equal_layers_in_another_order_keep_their_weights(self, monkeypatch):
        monkeypatch.setattr(MLPClassifier, "_network_builder", layers_of(["first", "second"]))
        model = MLPClassifier(max_iter=2, warm_start=True, random_state=0).fit(X, y)
        before, state = model.weights_by_name(), state_of(model)
        moments = dict(zip(state["_optimizer_state"], state["_optimizer_state"].values(), strict=True))
        monkeypatch.setattr(MLPClassifier, "_network_builder", layers_of(["second", "first"]))
        back = loaded(state)
        assert list(back.weights_by_name()) != list(before)
        for name, array in back.weights_by_name().items():
            np.testing.assert_array_equal(array, before[name])
        vectors = [name for name, value in moments.items() if isinstance(value, np.ndarray)]
        assert vectors
        for name in vectors:
            assert not np.array_equal(back._optimizer_state[name], moments[name])
            np.testing.assert_array_equal(np.sort(back._optimizer_state[name]), np.sort(moments[name]))

    def test_a_renamed_layer_is_named(self, monkeypatch):
        monkeypatch.setattr(MLPClassifier, "_network_builder", layers_of(["first"]))
        state = state_of(MLPClassifier(max_iter=2, random_state=0).fit(X, y))
        monkeypatch.setattr(MLPClassifier, "_network_builder", layers_of(["hidden"]))
        message = r"no longer has first\.weight, first\.bias; it now has hidden\.weight, hidden\.bias"
        with pytest.raises(ValueError, match=message):
            loaded(state)

    def test_another_shape_is_named(self, model):
        state = state_of(model)
        state["_parameters"] = state["_parameters"].replace("hidden_2.dense.bias 8", "hidden_2.dense.bias 4 2")
        with pytest.raises(ValueError, match=r"other shapes have hidden_2\.dense\.bias \(\(4, 2\), now \(8,\)\)"):
            loaded(state)

    def test_incomplete_weights_are_noticed(self, model):
        with pytest.raises(ValueError, match=r"damaged: weights_ has shape \(10,\)"):
            loaded(state_of(model, weights_=model.weights_[:10]))

    def test_another_byte_order_predicts_the_same(self, model):
        swapped = model.weights_.astype(model.weights_.dtype.newbyteorder())
        back = loaded(state_of(model, weights_=swapped))
        assert back.weights_.dtype.isnative
        np.testing.assert_array_equal(back.predict_proba(X), model.predict_proba(X))
        nested = saved_state.in_native_byte_order({"a": [np.ones(2, ">f4"), {"b": np.ones(2, "<f8")}], "c": [1, "d"]})
        assert all(array.dtype.isnative for array in (nested["a"][0], nested["a"][1]["b"]))

    def test_a_truncated_file_does_not_load(self, model):
        data = pickle.dumps(model)
        for length in (len(data) // 2, len(data) - 1):
            with pytest.raises((EOFError, pickle.UnpicklingError)):
                pickle.loads(data[:length])


class TestWeightsByName:
    @every_numeric_or_text_estimator
    def test_those_of_a_model_change_nothing(self, case):
        model = case.new().fit(*case.data())
        before, buffers = model.weights_.copy(), model.buffers_.copy()
        model.set_weights_by_name(model.weights_by_name())
        np.testing.assert_array_equal(model.weights_, before)
        np.testing.assert_array_equal(model.buffers_, buffers)

    def test_they_go_to_another_model_and_back(self, model):
        other = MLPClassifier((8, 8), max_iter=1, batch_norm=False, random_state=1).fit(X, y)
        assert other.set_weights_by_name(model.weights_by_name()) is other
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))

    def test_they_are_copies(self, model):
        before = model.predict_proba(X)
        model.weights_by_name()["output.weight"][...] = 0
        np.testing.assert_array_equal(model.predict_proba(X), before)

    def test_some_of_them_leave_the_others(self, model):
        before = model.weights_by_name()
        model.set_weights_by_name({"output.bias": [1, 2, 3]})
        np.testing.assert_array_equal(model.intercepts_[-1], [1, 2, 3])
        np.testing.assert_array_equal(model.coefs_[0], before["hidden_1.dense.weight"])

    def test_buffers_are_among_them(self):
        model = MLPClassifier(8, max_iter=2, batch_norm=True, random_state=0).fit(X, y)
        moments = {name: array for name, array in model.weights_by_name().items() if "mean" in name}
        assert moments
        model.set_weights_by_name({name: 0 * array for name, array in moments.items()})
        assert not any(model.weights_by_name()[name].any() for name in moments)

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            ({"output.weights": np.zeros((8, 3))}, r"no array 'output\.weights'; it has output\.weight"),
            ({"output.bias": np.zeros(4)}, r"has shape \(3,\); got an array of shape \(4,\)"),
            ({"output.bias": [1, np.nan, 2]}, "NaN or infinity"),
        ],
    )
    def test_wrong_ones_are_refused_and_change_nothing(self, model, weights, message):
        before = model.weights_.copy()
        with pytest.raises(ValueError, match=message):
            model.set_weights_by_name({"hidden_1.dense.bias": np.ones(8)} | weights)
        np.testing.assert_array_equal(model.weights_, before)

    def test_training_goes_on_from_them(self, model):
        model.set_weights_by_name({"output.bias": [1, 2, 3]})
        assert model.partial_fit(X, y).t_ == 4 * len(X)


def test_fields_of_readers_that_older_versions_did_not_have_take_their_defaults():
    model = RNNSequenceClassifier(vocabulary_size=3, max_iter=2, random_state=0).fit([[0, 1], [2, 1]] * 4, [0, 1] * 4)
    state = copy.deepcopy(model.__getstate__())
    del state["_reader"]["replaces_unknown"]
    assert not loaded(state, RNNSequenceClassifier)._reader.replaces_unknown
