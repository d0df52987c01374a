"""Prediction for dask collections."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skneural import MLPClassifier, MLPRegressor, RNNSequenceClassifier, distributed
from tests.streaming.test_fitting import labelled

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

X, Y = labelled(100)
CLASSIFIER = MLPClassifier(4, max_iter=3, random_state=0).fit(X, Y)
OF_TWO = MLPRegressor(4, max_iter=3, random_state=0).fit(X, X[:, :2])


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (CLASSIFIER, "predict"),
        (CLASSIFIER, "predict_proba"),
        (OF_TWO, "predict"),
        (make_pipeline(StandardScaler(), MLPClassifier(4, max_iter=3, random_state=0)).fit(X, Y), "predict"),
    ],
    ids=["classes", "probabilities", "two outputs", "pipeline"],
)
def test_predictions_of_partitions_are_those_of_all_rows(model, method):
    lazy = distributed.predict(model, da.from_array(X, chunks=(30, 2)), method=method)
    expected = getattr(model, method)(X)
    assert lazy.shape == expected.shape
    assert lazy.dtype == expected.dtype
    np.testing.assert_array_equal(lazy.compute(scheduler="synchronous"), expected)


def test_series_are_predicted():
    series = X.reshape(50, 4, 2)
    model = RNNSequenceClassifier(hidden_size=3, max_iter=2, random_state=0).fit(series, Y[:50])
    lazy = distributed.predict(model, da.from_array(series, chunks=(20, -1, -1)))
    np.testing.assert_array_equal(lazy.compute(scheduler="synchronous"), model.predict(series))


def test_empty_partitions_have_no_predictions():
    lazy = da.from_array(X, chunks=(50, -1))
    some = lazy[da.from_array(np.arange(100) < 20, chunks=50)]
    assert distributed.predict(CLASSIFIER, some).compute(scheduler="synchronous").shape == (20,)


def test_a_dataframe_keeps_its_index():
    pandas, frames = pytest.importorskip("pandas"), pytest.importorskip("dask.dataframe")
    frame = pandas.DataFrame(X, columns=list("abcd"), index=np.arange(100) + 7)
    model = MLPClassifier(4, max_iter=3, random_state=0).fit(frame, Y)
    lazy = frames.from_pandas(frame, npartitions=3)
    labels = distributed.predict(model, lazy).compute(scheduler="synchronous")
    assert labels.index.tolist() == frame.index.tolist()
    assert labels.tolist() == model.predict(frame).tolist()
    probabilities = distributed.predict(model, lazy, method="predict_proba").compute(scheduler="synchronous")
    assert list(probabilities.columns) == ["no", "yes"]
    np.testing.assert_array_equal(probabilities, model.predict_proba(frame))


def test_bags_and_lists_are_predicted_in_their_form():
    bags = pytest.importorskip("dask.bag")
    bag = bags.from_sequence(list(X), npartitions=4)
    assert distributed.predict(CLASSIFIER, bag).compute(scheduler="synchronous") == CLASSIFIER.predict(X).tolist()
    parts = distributed.predict(CLASSIFIER, [dask.delayed(X[:50]), dask.delayed(X[50:])])
    np.testing.assert_array_equal(np.concatenate(dask.compute(*parts, scheduler="synchronous")), CLASSIFIER.predict(X))


def test_what_is_not_divided_is_refused():
    with pytest.raises(TypeError, match="call predict of the model"):
        distributed.predict(CLASSIFIER, X)
    with pytest.raises(NotFittedError):
        distributed.predict(MLPClassifier(), da.from_array(X, chunks=(50, -1)))
