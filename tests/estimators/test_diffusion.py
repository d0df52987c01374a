"""Diffusion models, beyond the common contract."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
import skops.io
from scipy.spatial.distance import cdist
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from skneural import DiffusionModel

pandas = pytest.importorskip("pandas")
RNG = np.random.default_rng(0)
X, Y = load_iris(return_X_y=True)
X = X.astype(np.float32)


def brief(**others):
    return DiffusionModel(**{"hidden_layer_sizes": 16, "max_iter": 5, "random_state": 0} | others)


UNCONDITIONAL, CONDITIONAL = brief().fit(X), brief().fit(X, Y)


def energy_distance(a, b):
    return 2 * cdist(a, b).mean() - cdist(a, a).mean() - cdist(b, b).mean()


class TestSamples:
    @pytest.mark.slow
    def test_come_nearer_to_the_data_the_longer_it_is_trained(self):
        moons = make_moons(500, noise=0.05, random_state=0)[0]
        settings = {"hidden_layer_sizes": (64, 64), "learning_rate_init": 0.003, "random_state": 0}
        distances = [
            energy_distance(DiffusionModel(max_iter=n, **settings).fit(moons).sample(500, random_state=0), moons)
            for n in (2, 300)
        ]
        # 500 fresh points are .0033 away from these on average.
        assert distances[1] < min(0.004, 0.2 * distances[0])

    def test_follow_their_class(self):
        model = DiffusionModel((64, 64), max_iter=150, learning_rate_init=0.003, random_state=0).fit(X, Y)
        for k in range(3):
            made = model.sample(100, y=k, random_state=0)
            nearest = np.argmin([np.linalg.norm(made.mean(0) - X[j == Y].mean(0)) for j in range(3)])
            assert nearest == k
        assert model.score(X, Y) > model.score(X, (Y + 1) % 3)

    @pytest.mark.slow
    def test_follow_numbers(self):
        angle = RNG.uniform(0, 3, 500)
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        model = DiffusionModel((64, 64), max_iter=200, learning_rate_init=0.003, random_state=0).fit(circle, angle)
        made = model.sample(200, y=np.linspace(0.2, 2.8, 200), random_state=0)
        assert np.abs(np.arctan2(made[:, 1], made[:, 0]) - np.linspace(0.2, 2.8, 200)).mean() < 0.2
        assert model.set_params(eta=0.0).sample(5, y=1.5).shape == (5, 2)

    def test_numbers_that_are_equal_up_to_rounding_have_no_scale(self):
        model = brief().fit(X[:3], np.full(3, 0.1))  # whose mean is 0.10000000000000002
        assert model._task.condition.scale == 1.0
        unlike = model.sample(20, y=0.2, random_state=0) - model.sample(20, y=0.1, random_state=0)
        assert np.abs(unlike).max() < np.ptp(X)

    def test_steps_and_prediction_are_those_of_training(self):
        model = brief(n_steps=20, n_sampling_steps=None).fit(X)
        expected, score = model.sample(5, random_state=0), model.score(X)
        model.set_params(n_steps=1000, prediction="noise")
        assert np.array_equal(model.sample(5, random_state=0), expected)
        assert model.score(X) == score

    @pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
    @pytest.mark.parametrize("n_sampling_steps", [1, 7, None])
    def test_same_seed_same_samples(self, eta, n_sampling_steps):
        model = brief(eta=eta, n_steps=20, n_sampling_steps=n_sampling_steps).fit(X)
        found = model.sample(5, random_state=0)
        assert np.array_equal(found, model.sample(5, random_state=0))
        assert np.array_equal(found, pickle.loads(pickle.dumps(model)).sample(5, random_state=0))
        assert not np.array_equal(found, model.sample(5, random_state=1))
        assert len(model.sample_steps(5)) == 1 + (n_sampling_steps or 20)

    def test_steps_end_with_the_sample(self):
        steps = CONDITIONAL.sample_steps(4, y=1, random_state=0)
        assert np.array_equal(steps[-1], CONDITIONAL.sample(4, y=1, random_state=0))
        assert {step.shape for step in steps} == {(4, 4)}
        assert brief().fit(X.astype(np.uint8)).sample_steps(50)[0].dtype == np.uint8

    def test_none_leaves_the_range_of_the_data(self):
        made = brief(max_iter=1).fit(X).sample(200, random_state=0)
        assert (made >= X.min(axis=0) - 1e-5).all()
        assert (made <= X.max(axis=0) + 1e-5).all()

    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint8, bool])
    def test_have_the_dtype_of_the_data(self, dtype):
        made = brief().fit(X.astype(dtype)).sample(20, random_state=0)
        assert made.dtype == dtype
        assert made.shape == (20, 4)

    def test_a_constant_condition_is_not_scaled_by_its_rounding_error(self):
        y = np.full(len(X), 0.1)
        assert 0 < y.std() < 1e-15
        model = brief().fit(X, y)
        near, far = model.sample(20, y=0.1, random_state=0), model.sample(20, y=0.1 + 1e-6, random_state=0)
        np.testing.assert_allclose(near, far, rtol=1e-3)

    def test_guidance_goes_further(self):
        model = DiffusionModel((64, 64), max_iter=100, eta=0.0, learning_rate_init=0.003, random_state=0).fit(X, Y)
        plain = model.sample(100, y=0, random_state=0)
        guided = model.set_params(guidance=2.0).sample(100, y=0, random_state=0)
        assert guided.std(axis=0).mean() < plain.std(axis=0).mean()
        unguided = model.sample(5, random_state=0)
        assert np.array_equal(unguided, model.set_params(guidance=0.0).sample(5, random_state=0))

    def test_progress_is_said_if_asked(self, capsys):
        brief(n_sampling_steps=20).fit(X).sample(2)
        assert not capsys.readouterr().out
        CONDITIONAL.set_params(verbose=True).sample(2)
        CONDITIONAL.set_params(verbose=False)
        assert capsys.readouterr().out.splitlines()[-1] == "Sampling step 50 of 50"


def mixed_table(n=300):
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(
        {
            "number": rng.normal(size=n),
            "count": rng.integers(0, 50, n),
            "single": rng.normal(size=n).astype(np.float32),
            "nullable": pandas.array(rng.integers(0, 5, n), dtype="Int64"),
            "level": pandas.Categorical(rng.choice(["lo", "hi"], n), categories=["lo", "mid", "hi"], ordered=True),
            "word": rng.choice(["u", "v", "w"], n, p=[0.8, 0.15, 0.05]),
            "truth": rng.random(n) < 0.3,
            "constant": 7.5,
            "large": 1.6e9 + rng.integers(0, 1000, n),
        }
    )
    table.loc[:90, "number"] = np.nan
    table.loc[40:70, "nullable"] = pandas.NA
    table.loc[:60, "level"] = np.nan
    table.loc[100:150, "word"] = None
    return table


class TestTables:
    @pytest.mark.parametrize("scaling", ["standard", "quantile"])
    def test_come_back_as_what_they_were(self, scaling):
        table = mixed_table()
        model = DiffusionModel((32,), max_iter=60, learning_rate_init=0.003, scaling=scaling, random_state=0).fit(table)
        made = model.sample(500, random_state=0)
        assert made.dtypes.equals(table.dtypes)
        assert list(made.columns) == list(table.columns)
        assert made.index.equals(pandas.RangeIndex(500))
        for name in ("level", "word", "truth"):
            assert set(made[name].dropna()) <= set(table[name].dropna())
            found, expected = (one[name].value_counts(normalize=True, dropna=False) for one in (made, table))
            assert abs(found - expected).max() < 0.15
        missing = made.isna().mean()
        assert (abs(missing - table.isna().mean()) < 0.1).all()
        assert (missing[["count", "truth", "constant", "large"]] == 0).all()
        assert (made["constant"] == 7.5).all()
        numbers = made.select_dtypes("number")
        assert (numbers.min() >= table[numbers.columns].min() - 1e-6).all()
        assert (numbers.max() <= table[numbers.columns].max() + 1e-6).all()

    def test_ranks_count_by_default_where_there_are_categories(self):
        table = mixed_table()
        ranked, default, standard = (
            brief(**one).fit(table) for one in ({"scaling": "quantile"}, {}, {"scaling": "standard"})
        )
        made = [model.sample(9, random_state=0) for model in (ranked, default, standard)]
        assert made[0].equals(made[1])
        assert not made[2].equals(made[1])
        assert np.array_equal(*(brief(**one).fit(X).weights_ for one in ({}, {"scaling": "standard"})))

    def test_a_common_number_is_made_as_often_and_not_blurred(self):
        rng = np.random.default_rng(0)
        gain = np.where(rng.random(400) < 0.8, 0, rng.integers(100, 10000, 400)).astype(float)
        model = DiffusionModel((32,), scaling="quantile", max_iter=100, random_state=0).fit(
            np.stack([gain, X[0, 0] + gain], 1)
        )
        made = model.sample(500, random_state=0)[:, 0]
        assert abs((made == 0).mean() - 0.8) < 0.1
        assert made[made != 0].min() > 50

    def test_columns_of_categories_may_be_named_or_numbered(self):
        table = pandas.DataFrame({"a": RNG.integers(0, 3, 60), "b": RNG.normal(size=60), "c": RNG.integers(5, 7, 60)})
        array = table.to_numpy()
        by_name = brief(categorical_features=["a", "c"]).fit(table)
        assert by_name.categories_ == [[0, 1, 2], [5, 6]]
        assert by_name.is_categorical_.tolist() == [True, False, True]
        assert by_name.sample(9, random_state=0).dtypes.equals(table.dtypes)
        by_number, by_mask = (brief(categorical_features=which).fit(array) for which in ([0, 2], [True, False, True]))
        expected = by_number.sample(9, random_state=0)
        assert np.array_equal(by_mask.sample(9, random_state=0), expected)
        assert set(expected[:, 2]) <= {5, 6}
        assert not brief(categorical_features=None).fit(array).is_categorical_.any()

    def test_a_new_category_is_told(self):
        table = mixed_table()
        model = brief().fit(table)
        with pytest.raises(ValueError, match="Column 'word' of X has the category 'new'"):
            model.score(table.assign(word="new"))
        with pytest.raises(ValueError, match="no such column"):
            brief(categorical_features=["no such column", "word"]).fit(table.drop(columns="word"))

    def test_numbers_among_objects_come_back_as_numbers(self):
        table = pandas.DataFrame({"count": [1, 2, 3] * 20, "size": [1, 2.5, None] * 20}, dtype=object)
        made = brief().fit(table).sample(30, random_state=0)
        assert made["count"].dtype == np.int64
        assert made["size"].dropna().between(1, 2.5).all()

    def test_text_in_arrays_is_no_number_unless_it_is_said_to_be_categories(self):
        array = np.array([["a", 1.5], ["b", 2.5]] * 20, object)
        with pytest.raises(ValueError, match=r"Column 0 of X holds text.*list them in categorical_features"):
            brief().fit(array)
        assert set(brief(categorical_features=[0]).fit(array.tolist()).sample(9)[:, 0]) <= {"a", "b"}

    def test_survive_skops(self):
        model = brief().fit(mixed_table())
        back = skops.io.loads(skops.io.dumps(model), trusted=["skneural.estimators.diffusion.estimator.DiffusionModel"])
        pandas.testing.assert_frame_equal(back.sample(5, random_state=0), model.sample(5, random_state=0))


class TestScores:
    def test_outliers_score_lower(self):
        model = DiffusionModel((64, 64), max_iter=150, learning_rate_init=0.003, random_state=0).fit(X)
        outliers = RNG.uniform(X.min(axis=0), X.max(axis=0), X.shape)
        assert np.median(model.score_samples(outliers)) < np.percentile(model.score_samples(X), 20)

    def test_models_can_be_searched(self):
        search = GridSearchCV(brief(max_iter=30), {"learning_rate_init": [1e-6, 0.01]}, cv=2).fit(X)
        assert search.best_params_ == {"learning_rate_init": 0.01}

    def test_held_out_data_decides_if_it_is_given(self):
        model = brief(max_iter=20).fit(X[::2], Y[::2], X_val=X[1::2], y_val=Y[1::2])
        assert len(model.validation_scores_) == model.n_iter_
        scored = brief(early_stopping=True, scoring=lambda model, X, y: model.score(X, y)).fit(X, Y)
        table = mixed_table()
        of_frames = brief(early_stopping=True, scoring=lambda model, X, y: model.score(X.astype(table.dtypes)))
        assert all(-10 < score < 0 for score in of_frames.fit(table).validation_scores_)
        assert all(-10 < score < 0 for score in scored.validation_scores_)
        with pytest.raises(ValueError, match="X_val and y_val must be given together"):
            brief().fit(X, Y, X_val=X)

    def test_first_passes_know_classes_that_come_later(self):
        first = Y < 2
        model = brief().partial_fit(X[first], Y[first], classes=[0, 1, 2]).partial_fit(X[~first], Y[~first])
        assert model.sample(3, y=2).shape == (3, 4)
        with pytest.raises(ValueError, match="not the same as in the first call"):
            model.partial_fit(X, Y, classes=[0, 1])


class TestPasses:
    @pytest.mark.parametrize("learning_rate", ["cosine", "one_cycle", "constant"])
    def test_the_first_is_a_fit_of_one_epoch(self, learning_rate):
        passed = brief(learning_rate=learning_rate).partial_fit(X, Y)
        fitted = brief(learning_rate=learning_rate, max_iter=1).fit(X, Y)
        np.testing.assert_array_equal(passed.weights_, fitted.weights_)

    def test_at_a_constant_rate_they_go_on_like_epochs(self):
        passed, fitted = (brief(learning_rate="constant", averaging=0, max_iter=3) for _ in range(2))
        for _ in range(3):
            passed.partial_fit(X)
        np.testing.assert_allclose(passed.loss_curve_, fitted.fit(X).loss_curve_, rtol=1e-6)

    def test_those_of_a_schedule_that_ends_start_over(self):
        model, weights = brief(averaging=0, max_iter=1, batch_size=10), []
        for _ in range(3):
            weights.append(model.partial_fit(X).weights_.copy())
        first, second = (np.linalg.norm(after - before) for before, after in pairwise(weights))
        assert second > 0.3 * first


class TestBadInput:
    @pytest.mark.parametrize("n_samples", [0, -3, 2.5, True, "2", None])
    def test_counts_are_positive_integers(self, n_samples):
        with pytest.raises(ValueError, match=r"n_samples must be int >= 1; got"):
            UNCONDITIONAL.sample(n_samples)

    @pytest.mark.parametrize("method", ["sample", "sample_steps"])
    def test_sampling_needs_a_fit(self, method):
        with pytest.raises(NotFittedError):
            getattr(DiffusionModel(), method)(3)

    def test_a_class_never_seen(self):
        with pytest.raises(ValueError, match=r"not among the classes \[0, 1, 2\]: \[7\]"):
            CONDITIONAL.sample(2, y=[0, 7])

    def test_y_without_a_condition(self):
        for asked in (lambda: UNCONDITIONAL.sample(2, y=0), lambda: UNCONDITIONAL.score(X, Y)):
            with pytest.raises(ValueError, match="fitted without y"):
                asked()

    def test_a_condition_without_y_samples_all_classes(self):
        assert CONDITIONAL.sample(7).shape == (7, 4)
        with pytest.raises(ValueError, match="y is None, but this model was fitted with y"):
            brief().partial_fit(X, Y).partial_fit(X)

    @pytest.mark.parametrize(("name", "value"), [("eta", 5), ("guidance", -1.0), ("n_sampling_steps", 0)])
    def test_hyperparameters_set_after_fit_are_checked(self, name, value):
        model = brief().fit(X).set_params(**{name: value})
        for method in (model.sample, model.sample_steps):
            with pytest.raises(ValueError, match=f"{name} must be"):
                method(2)

    def test_validation_targets_without_x(self):
        with pytest.raises(ValueError, match=r"^y_val can only be given together with X_val"):
            brief().fit(X, Y, y_val=Y)
        with pytest.raises(ValueError, match=r"^y_val and sample_weight_val can only"):
            brief().fit(X, Y, y_val=Y, sample_weight_val=np.ones(len(Y)))
        with pytest.raises(ValueError, match=r"^sample_weight_val can only"):
            brief().fit(X, sample_weight_val=np.ones(len(Y)))

    def test_classes_of_later_passes(self):
        numbers, without = brief().partial_fit(X, X[:, 0]), brief().partial_fit(X)
        with pytest.raises(ValueError, match="classes are given, but the model was fitted on numbers"):
            numbers.partial_fit(X, X[:, 0], classes=[0, 1])
        with pytest.raises(ValueError, match="classes are given, but y is None"):
            without.partial_fit(X, classes=[0, 1])

    def test_y_of_another_length(self):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            CONDITIONAL.score(X, Y[:3])
        with pytest.raises(ValueError, match="3 entries, but n_samples=2"):
            CONDITIONAL.sample(2, y=[0, 1, 2])

    def test_numbers_of_another_count(self):
        model = brief().fit(X, X[:, :2])
        with pytest.raises(ValueError, match="1 columns, but the model was fitted on 2"):
            model.sample(2, y=[0.5, 1.0])
        assert model.sample(2, y=X[:2, :2]).shape == (2, 4)

    def test_infinite_numbers(self):
        with pytest.raises(ValueError, match="infinity"):
            brief().fit(np.where(X.max() == X, np.inf, X))

    def test_sparse_x(self):
        from scipy import sparse

        with pytest.raises(TypeError, match="toarray"):
            brief().fit(sparse.csr_array(X))

    def test_classes_without_y(self):
        with pytest.raises(ValueError, match="classes are given, but y is None"):
            brief().partial_fit(X, classes=[0, 1])
