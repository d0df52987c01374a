"""Old names work as the new ones do, with a warning, until their release comes."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import MLPRegressor, deprecation
from skneural.deprecation import OldName, keep_old_names, renamed_function
from skneural.hyperparameters import Integer, check_hyperparameters, declare, declare_value, hyperparameter

OLD = OldName("n_repeats", since="0.1")
X, Y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20.0)
warned = pytest.warns(
    FutureWarning, match="'n_repeats' of .* is called 'repetitions' since skneural 0.1. The old name works until 0.3"
)


@declare
class Repeater(BaseEstimator):
    """Estimator with a renamed hyper-parameter.

    {parameters}
    """

    repetitions: int = hyperparameter(default=2, constraint=Integer(1), doc="Number of times.", old_name=OLD)
    size: int = hyperparameter(default=5, constraint=Integer(1), doc="Number of units.")

    def fit(self, X, y=None):
        check_hyperparameters(self)
        self.total_ = self.repetitions * self.size
        return self

    def score(self, X, y=None):
        return -abs(self.repetitions - 3)


@declare
class Inheritor(Repeater):
    """Estimator that inherits it."""

    more: int = hyperparameter(default=1, constraint=Integer(1), doc="Number of others.")


@declare
class Network(MLPRegressor):
    """Network with a renamed hyper-parameter."""

    repetitions: int = hyperparameter(default=2, constraint=Integer(1), doc="Number of times.", old_name=OLD)


every_class = pytest.mark.parametrize("cls", [Repeater, Inheritor, Network])


@every_class
def test_the_constructor_takes_the_old_name_and_stores_the_new(cls):
    with warned as record:
        model = cls(n_repeats=7)
    assert [warning.filename for warning in record] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.get_params()["repetitions"] == model.repetitions == 7
        assert "n_repeats" not in model.get_params()
        assert clone(model).repetitions == 7
        assert pickle.loads(pickle.dumps(model)).repetitions == 7
        assert "n_repeats" not in repr(model)


@every_class
def test_set_params_takes_the_old_name(cls):
    model = cls()
    with warned:
        assert model.set_params(n_repeats=4) is model
    assert model.repetitions == 4
    with pytest.raises(ValueError, match="Invalid parameter 'n_repeat'"):
        model.set_params(n_repeat=4)


def test_the_attribute_is_read_and_written_by_its_old_name():
    model = Repeater(repetitions=3)
    with warned:
        assert model.n_repeats == 3
    with warned:
        model.n_repeats = 5
    assert model.repetitions == 5


def test_searches_and_pipelines_take_the_old_name():
    model = make_pipeline(StandardScaler(), Repeater())
    with warned:
        model.set_params(repeater__n_repeats=6)
    assert model[-1].repetitions == 6
    with warned:
        search = GridSearchCV(Repeater(), {"n_repeats": [1, 3]}, cv=2).fit(X)
    assert search.best_estimator_.repetitions == 3


@pytest.mark.parametrize("give", [lambda both: Repeater(**both), lambda both: Repeater().set_params(**both)])
def test_both_names_are_refused(give):
    with pytest.raises(TypeError, match="Repeater got 'repetitions' twice: also by its old name 'n_repeats'"):
        give({"repetitions": 1, "n_repeats": 2})


def test_constraints_hold_for_values_by_the_old_name():
    with warned:
        model = Repeater(n_repeats=0)
    with pytest.raises(ValueError, match="repetitions must be"):
        model.fit(X)


def test_the_documentation_has_the_new_name_first():
    assert "repetitions : " in Repeater.__doc__
    assert "Number of times. Called `n_repeats` before version 0.1." in Repeater.__doc__


def test_immutable_values_take_the_old_name():
    @declare_value
    class Options:
        """Options."""

        repetitions: int = hyperparameter(default=2, constraint=Integer(1), doc="Number of times.", old_name=OLD)

    with warned:
        assert Options(n_repeats=3) == Options(repetitions=3)


def test_models_from_files_have_the_new_name():
    model = Network(hidden_layer_sizes=2, max_iter=1, repetitions=9, random_state=0).fit(X, Y)
    state = model.__getstate__()
    state["n_repeats"] = state.pop("repetitions")
    loaded = Network.__new__(Network)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded.__setstate__(state)
        assert loaded.repetitions == 9
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_a_function_keeps_its_old_name():
    def total(numbers, start=0):
        """Sum."""
        return sum(numbers, start)

    summed = renamed_function(total, OldName("summed", since="0.1"))
    with pytest.warns(FutureWarning, match="'summed' of .* is called 'total' since skneural 0.1") as record:
        assert summed([1, 2], start=3) == 6
    assert record[0].filename == __file__
    assert summed.__name__ == "summed"
    assert "`total`" in summed.__doc__


@pytest.mark.parametrize(
    ("version", "since", "works"),
    [
        ("0.1.0", "0.1", True),
        ("0.2.5", "0.1", True),
        ("0.3.0", "0.1", False),
        ("1.1.0", "1.0", True),
        ("1.0", "0.9", False),
        ("1.0rc1", "0.9", False),
    ],
)
def test_old_names_last_two_releases(monkeypatch, version, since, works):
    monkeypatch.setattr(deprecation, "__version__", version)
    old = OldName("n_repeats", since=since)
    for declare_old in (
        lambda: keep_old_names(type("Model", (), {}), {"new": old}),
        lambda: renamed_function(len, old),
    ):
        if works:
            declare_old()
        else:
            with pytest.raises(RuntimeError, match=f"skneural {version} no longer has 'n_repeats'"):
                declare_old()
