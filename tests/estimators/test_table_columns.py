"""Columns of data frames: every estimator of tables reads each kind of column, or names the one that it cannot read."""

import decimal

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from sklearn.utils import get_tags

from skneural import Autoencoder, DiffusionModel, TabularMLPClassifier
from tests.estimators.cases import ESTIMATORS, OF_ELEMENTS, UNTRAINED

CLASSES = {type(case.estimator).__name__: case for case in {**ESTIMATORS, **UNTRAINED}.values()}


def brief(name):
    return {"max_iter": 1} if hasattr(CLASSES[name].estimator, "learning_rate") else {}


MIXED = {name: case for name, case in CLASSES.items() if get_tags(case.estimator).input_tags.categorical}
OF_NUMBERS = {name: case for name, case in CLASSES.items() if name not in MIXED}
N = 30
NUMBERS = {"first": np.linspace(-1, 1, N), "second": np.arange(N) % 3 + 0.5}
X = pd.DataFrame(NUMBERS)
Y = np.arange(N) % 2
DAYS = pd.date_range("2024-02-01", periods=N, freq="31h")
WORDS = ["Ann", "Bob", "Ann"] * (N // 3)


def fit(case, X, **parameters):
    """Fit briefly, with targets that every estimator takes."""
    y = np.column_stack([Y] * 2) if isinstance(case.estimator, OF_ELEMENTS) else Y
    model = case.new(**parameters)
    return model.fit(X) if isinstance(model, Autoencoder | DiffusionModel) else model.fit(X, y)


NOT_NUMBERS = {
    "text": X.assign(odd=WORDS),
    "categories": X.assign(odd=pd.Categorical(WORDS)),
    "times": X.assign(odd=DAYS),
    "local times": X.assign(odd=DAYS.tz_localize("Europe/Rome")),
    "durations": X.assign(odd=DAYS - DAYS[0]),
    "dates as objects": X.assign(odd=[day.date() for day in DAYS]),
    "dates of polars": polars.DataFrame({**NUMBERS, "odd": [day.date() for day in DAYS]}),
    "text of Arrow": pyarrow.table({**NUMBERS, "odd": WORDS}),
    "dictionary of Arrow": pyarrow.table({**NUMBERS, "odd": pyarrow.array(WORDS).dictionary_encode()}),
    "dates of Arrow beside text": pyarrow.table({**NUMBERS, "odd": [day.date() for day in DAYS], "text": WORDS}),
}


@pytest.mark.parametrize("name", OF_NUMBERS)
@pytest.mark.parametrize("kind", NOT_NUMBERS)
def test_estimators_of_numbers_name_the_column(name, kind):
    if name == "SequenceToSequence":
        return  # frames that are not floating are sequences for it
    expected = rf"Column 'odd' of X holds .*, but {name} takes numbers only.* TabularMLPClassifier"
    with pytest.raises(ValueError, match=expected):
        fit(CLASSES[name], NOT_NUMBERS[kind])


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("kind", NOT_NUMBERS)
def test_estimators_of_mixed_tables_read_every_kind(name, kind):
    table = NOT_NUMBERS[kind]
    model = fit(CLASSES[name], table, max_iter=1, batch_size=N)
    output = model.score_samples(table) if isinstance(model, DiffusionModel) else model.predict(table)
    assert len(output) == N
    assert model.n_features_in_ == table.shape[1]


@pytest.mark.parametrize("name", CLASSES)
def test_complex_lazy_and_missing_columns_are_refused_by_name(name):
    for table, message in (
        (X.assign(odd=1 + X["first"] * 1j, word=pd.Categorical(WORDS)), "Column '(odd|word)' of X holds"),
        (polars.DataFrame(NUMBERS).lazy(), r"LazyFrame.* Pass X\.collect\(\)"),
        (pd.DataFrame(index=range(N)), "minimum of 1|has no columns|shape"),
    ):
        if name == "SequenceToSequence" and table is not None and hasattr(table, "iloc"):
            continue
        with pytest.raises((TypeError, ValueError), match=message):
            fit(CLASSES[name], table)


@pytest.mark.parametrize("name", CLASSES)
def test_frames_of_every_library_are_read_alike(name):
    """Also decimals, and values that may be missing but are not."""
    if name == "SequenceToSequence":
        return
    expected, frames = (
        None,
        [
            X,
            polars.DataFrame(NUMBERS),
            pyarrow.table(NUMBERS),
            polars.DataFrame({**NUMBERS, "second": [decimal.Decimal(int(2 * x)) / 2 for x in NUMBERS["second"]]}),
            X.astype({"second": pd.ArrowDtype(pyarrow.decimal128(4, 1))}),
            X.astype({"second": "Float64"}),
        ],
    )
    for frame in frames:
        model = fit(CLASSES[name], frame, **brief(name))
        assert model.n_features_in_ == 2
        method = next(m for m in ("predict", "transform", "score_samples") if hasattr(model, m))
        output = getattr(model, method)(frame)
        if frame is X:
            first, expected = model, output
        elif getattr(model, "weights_", output).dtype == getattr(first, "weights_", expected).dtype:
            np.testing.assert_allclose(output, expected, rtol=1e-12)


def test_warnings_reach_the_user_of_every_estimator_of_mixed_tables():
    for case in MIXED.values():
        with pytest.warns(
            UserWarning, match=r"Column 'when' of X is text.*X\['when'\] = pd\.to_datetime\(X\['when'\]\)"
        ):
            fit(case, X.assign(when=DAYS.astype(str)), max_iter=1)


def test_times_are_learned_from():
    """A label that depends on the day of the week, of dates as `pd.to_datetime` returns them."""
    days = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=400)})
    weekend = days["day"].dt.day_of_week >= 5
    model = TabularMLPClassifier(hidden_layer_sizes=(32,), max_iter=30, batch_size=32, random_state=0)
    assert model.fit(days[:300], weekend[:300]).score(days[300:], weekend[300:]) > 0.98


@pytest.mark.parametrize("later", [5.0, "text"], ids=["number", "category"])
def test_a_column_that_was_missing_in_training_has_no_effect(later):
    missing = X.assign(odd=np.nan if later == 5.0 else pd.Categorical([None] * N))
    model = TabularMLPClassifier(hidden_layer_sizes=(8,), max_iter=2, random_state=0).fit(missing, Y)
    expected = model.predict_proba(missing)
    np.testing.assert_array_equal(model.predict_proba(missing.assign(odd=later)), expected)
    if later == 5.0:
        generator = DiffusionModel(8, max_iter=2, random_state=0).fit(missing)
        np.testing.assert_array_equal(
            generator.score_samples(missing.assign(odd=later)), generator.score_samples(missing)
        )


@pytest.mark.parametrize("name", [name for name, case in CLASSES.items() if hasattr(case.estimator, "predict_proba")])
def test_labels_may_be_strings_of_numpy(name):
    labels = np.array(["no", "yes"])[Y]
    y = np.column_stack([labels] * 2) if isinstance(CLASSES[name].estimator, OF_ELEMENTS) else labels
    models = [CLASSES[name].new(**brief(name)).fit(X, given) for given in (y, y.astype(np.dtypes.StringDType()))]
    np.testing.assert_array_equal(*(model.predict(X) for model in models))
