"""Series and tokens as X, and what the estimators of sequences promise beyond the contract."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score

from skneural import (
    CNNSequenceClassifier,
    CNNSequenceRegressor,
    MambaSequenceClassifier,
    MambaSequenceRegressor,
    RNNSequenceClassifier,
    RNNSequenceRegressor,
    RNNSequenceTagger,
    TransformerSequenceClassifier,
    TransformerSequenceRegressor,
)
from skneural.data import Series
from skneural.data.statistics import channel_moments
from skneural.preprocessing import SlidingWindows
from skneural.readers import sequences as sequence_input

SMALL = {"channels": 4, "max_iter": 4, "random_state": 0}
RECURRENT = {"hidden_size": 4, "max_iter": 4, "random_state": 0}
# Dropout draws for padding, too: with more of it, masks are others.
ATTENTION = {"d_model": 4, "n_heads": 2, "feedforward_size": 5, "dropout": 0, "max_iter": 4, "random_state": 0}
STATES = {"d_model": 4, "state_size": 3, "max_iter": 4, "random_state": 0}
# name -> what it is a network of, its size, and what makes it itself
NETWORKS = {
    **{name: ("CNN", SMALL | {"architecture": name}) for name in ("fcn", "resnet", "inception", "textcnn")},
    **{name: ("RNN", RECURRENT | {"cell": name}) for name in ("rnn", "lstm", "gru", "indrnn", "jordan")},
    **{f"gru {name}": ("RNN", RECURRENT | {"pooling": name}) for name in ("mean", "max", "attention")},
    "two layers in both directions": ("RNN", RECURRENT | {"n_layers": 2, "bidirectional": True, "cell": "lstm"}),
    "transformer": ("Transformer", ATTENTION),
    "transformer with a class token": ("Transformer", ATTENTION | {"pooling": "cls", "positional": "rotary"}),
    **{name: ("Mamba", STATES | {"variant": name}) for name in ("mamba", "mamba2")},
    "mamba in both directions": ("Mamba", STATES | {"bidirectional": True, "pooling": "last"}),
}
CLASSES = {
    "CNN": (CNNSequenceClassifier, CNNSequenceRegressor),
    "RNN": (RNNSequenceClassifier, RNNSequenceRegressor),
    "Transformer": (TransformerSequenceClassifier, TransformerSequenceRegressor),
    "Mamba": (MambaSequenceClassifier, MambaSequenceRegressor),
}
every_network = pytest.mark.parametrize("network", NETWORKS)


def classifier(network, **options):
    kind, parameters = NETWORKS[network]
    return CLASSES[kind][0](**parameters | options)


def regressor(network, **options):
    kind, parameters = NETWORKS[network]
    return CLASSES[kind][1](**parameters | options)


def ragged(n=40, n_features=2, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((steps, n_features)).astype(dtype) for steps in rng.integers(1, 15, n)]


def tokens(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 9, steps).tolist() for steps in rng.integers(1, 15, n)]


def classes(n=40):
    return np.random.default_rng(1).integers(0, 3, n)


KINDS = {"series": (ragged(), {}), "tokens": (tokens(), {"vocabulary_size": 9})}
every_kind = pytest.mark.parametrize(("X", "options"), KINDS.values(), ids=KINDS)


# Unequal lengths


@every_network
@every_kind
def test_a_series_is_predicted_alone_as_among_longer_ones(network, X, options):
    model = classifier(network, **options).fit(X, classes())
    together = model.decision_function(X)
    alone = np.concatenate([model.decision_function([series]) for series in X])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


@every_network
@every_kind
def test_padding_in_training_changes_nothing(network, X, options):
    """A series of weight zero makes all others padded, and must have no other effect."""
    model = regressor(network, **options)
    y = np.random.default_rng(2).standard_normal(40)
    expected = model.fit(X, y).predict(X)
    longer = [*X, np.concatenate([X[0]] * 30)]
    found = model.fit(longer, np.append(y, 0), sample_weight=np.append(np.ones(40), 0)).predict(X)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "container", [list, tuple, lambda X: np.array(X, dtype=object)], ids=["list", "tuple", "object"]
)
def test_containers(container):
    X = ragged()
    expected = CNNSequenceClassifier(**SMALL).fit(X, classes()).predict_proba(X)
    found = CNNSequenceClassifier(**SMALL).fit(container(X), classes()).predict_proba(container(X))
    np.testing.assert_array_equal(found, expected)


def test_series_of_one_feature_may_be_flat():
    X = ragged(n_features=1)
    expected = CNNSequenceClassifier(**SMALL).fit(X, classes()).predict_proba(X)
    flat = [series[:, 0] for series in X]
    np.testing.assert_array_equal(CNNSequenceClassifier(**SMALL).fit(flat, classes()).predict_proba(flat), expected)


def test_rows_are_series_of_one_feature():
    X = np.random.default_rng(0).standard_normal((40, 7))
    by_rows, by_steps = CNNSequenceClassifier(**SMALL).fit(X, classes()), CNNSequenceClassifier(**SMALL)
    by_steps.fit(X[:, :, np.newaxis], classes())
    assert (by_rows.n_features_in_, by_steps.n_features_in_) == (7, 1)
    np.testing.assert_array_equal(by_rows.predict_proba(X), by_steps.predict_proba(X))
    np.testing.assert_array_equal(by_rows.predict_proba(X[:, :, np.newaxis]), by_steps.predict_proba(X))
    assert by_steps.predict(X[:, :4]).shape == (40,)  # series of other lengths
    with pytest.raises(ValueError, match="X has 4 features, but CNNSequenceClassifier is expecting 7"):
        by_rows.predict(X[:, :4])


def test_a_list_of_equal_lengths_is_an_array():
    X = np.random.default_rng(0).standard_normal((40, 7, 2))
    expected = CNNSequenceClassifier(**SMALL).fit(X, classes()).predict_proba(X)
    np.testing.assert_array_equal(
        CNNSequenceClassifier(**SMALL).fit(list(X), classes()).predict_proba(list(X)), expected
    )


@every_network
def test_series_of_a_single_step(network):
    X = np.random.default_rng(0).standard_normal((20, 1, 3))
    assert regressor(network).fit(X, X[:, 0, 0]).predict(X).shape == (20,)


def test_moments_leave_padding_out():
    X, weight = ragged(), np.random.default_rng(1).integers(0, 3, 40).astype(float)
    lengths = np.array([len(series) for series in X])
    padded = np.full((40, 20, 2), 1e6, np.float32)
    for row, series in zip(padded, X, strict=True):
        row[: len(series)] = series
    everything = np.concatenate([series for series, n in zip(X, weight, strict=True) for _ in range(int(n))])
    moments = channel_moments(Series(padded, lengths), weight)
    mean, scale = moments.mean, moments.scale
    np.testing.assert_allclose(mean, everything.mean(axis=0, dtype=float), rtol=1e-6)
    np.testing.assert_allclose(scale, everything.std(axis=0, dtype=float), rtol=1e-6)


@every_kind
def test_weights_are_repetitions_under_batch_normalization_too(X, options):
    weight = np.random.default_rng(0).integers(0, 4, 40)
    rows = np.repeat(np.arange(40), weight)
    model = CNNSequenceClassifier(**SMALL, **options)
    weighted = model.fit(X, classes(), sample_weight=weight).predict_proba(X)
    repeated = model.fit([X[i] for i in rows], classes()[rows]).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-3, atol=1e-4)


@every_network
def test_predictions_do_not_depend_on_blocks(network, monkeypatch):
    X = ragged(dtype=np.float64)
    model = classifier(network).fit(X, classes())
    expected = model.decision_function(X)
    monkeypatch.setattr(sequence_input, "STEPS_PER_BLOCK", 40)
    monkeypatch.setattr(type(model._reader), "least_rows_per_block", 1)
    for n_jobs in (1, 2):
        np.testing.assert_allclose(model.set_params(n_jobs=n_jobs).decision_function(X), expected, rtol=1e-9)


def test_threads_change_nothing_but_rounding(small_shards):
    X = ragged(dtype=np.float64)
    for options in ({}, {"dropout": 0.3, "batch_norm": False}):
        one, two = (CNNSequenceClassifier(n_jobs=n, **SMALL, **options).fit(X, classes()) for n in (1, 2))
        assert set(small_shards) == {2}
        np.testing.assert_allclose(two.decision_function(X), one.decision_function(X), rtol=1e-7, atol=1e-10)


# In scikit-learn's company


@every_kind
def test_searches_take_lists_of_unequal_series(X, options):
    model = CNNSequenceClassifier(**SMALL, **options)
    search = GridSearchCV(model, {"architecture": ["fcn", "textcnn"]}, cv=2, n_jobs=2).fit(X, classes())
    assert search.best_estimator_.predict(X).shape == (40,)
    assert np.isfinite(cross_val_score(model, X, classes(), cv=2)).all()


def test_scorers_and_validation_data_take_lists():
    X, y = ragged(60), classes(60)
    model = CNNSequenceClassifier(scoring="accuracy", **SMALL)
    model.fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == pytest.approx(model.score(X[40:], y[40:]))


@every_kind
def test_searches_over_cells_take_lists_of_unequal_series(X, options):
    search = GridSearchCV(RNNSequenceClassifier(**RECURRENT, **options), {"cell": ["rnn", "gru"]}, cv=2, n_jobs=2)
    assert search.fit(X, classes()).best_estimator_.predict(X).shape == (40,)


# A target for each step


def labels_like(X, names="abc"):
    rng = np.random.default_rng(3)
    return [rng.choice(list(names), len(series)) for series in X]


def tagger(**options):
    return RNNSequenceTagger(**RECURRENT | options)


@every_kind
def test_tags_have_the_form_of_the_series(X, options):
    y = labels_like(X)
    model = tagger(**options).fit(X, y)
    predicted, probabilities = model.predict(X), model.predict_proba(X)
    assert isinstance(predicted, list)
    for series, tags, shares in zip(X, predicted, probabilities, strict=True):
        assert tags.shape == (len(series),)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], tags)
    rate = np.mean(np.concatenate(predicted) == np.concatenate(y))
    assert model.score(X, y) == pytest.approx(rate)


@every_kind
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "indrnn", "jordan"])
def test_each_step_is_tagged_alone_as_among_longer_series(X, options, cell):
    model = tagger(cell=cell, bidirectional=True, n_layers=2, **options).fit(X, labels_like(X))
    for together, series in zip(model.predict_proba(X), X, strict=True):
        np.testing.assert_allclose(together, model.predict_proba([series])[0], rtol=1e-4, atol=1e-5)


def test_arrays_are_tagged_as_arrays():
    X = np.random.default_rng(0).standard_normal((30, 6, 2))
    y = np.where(X[..., 0] > 0, "up", "down")
    model = tagger().fit(X, y)
    assert model.predict(X).shape == (30, 6)
    assert model.predict_proba(X).shape == (30, 6, 2)
    as_list = tagger().fit(list(X), list(y))
    np.testing.assert_array_equal(as_list.predict_proba(list(X)), model.predict_proba(X))
    assert isinstance(as_list.predict(list(X)), list)


def test_several_labels_at_each_step():
    X = ragged()
    y = [(series[:, [0, 1, 0]] > [0, 0, 1]).astype(int) for series in X]
    model = tagger(max_iter=150, learning_rate_init=0.03).fit(X, y)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])
    assert all(tags.shape == labels.shape for tags, labels in zip(model.predict(X), y, strict=True))
    assert model.score(X, y) > 0.9
    right = np.mean((np.concatenate(model.predict(X)) == np.concatenate(y)).all(axis=1))
    assert model.score(X, y) == pytest.approx(right)


def test_the_order_of_series_in_blocks_does_not_show(monkeypatch):
    X, y = ragged(dtype=np.float64), labels_like(ragged())
    model = tagger().fit(X, y)
    expected = np.concatenate(model.predict_proba(X))
    monkeypatch.setattr(sequence_input, "STEPS_PER_BLOCK", 40)
    monkeypatch.setattr(type(model._reader), "least_rows_per_block", 1)
    np.testing.assert_allclose(np.concatenate(model.predict_proba(X)), expected, rtol=1e-9)


def test_weights_of_series_are_repetitions():
    X, y = ragged(), labels_like(ragged())
    weight = np.random.default_rng(0).integers(0, 4, 40)
    rows = np.repeat(np.arange(40), weight)
    options = {"shuffle": False, "alpha": 0.1}
    weighted = tagger(**options).fit(X, y, sample_weight=weight)
    repeated = tagger(**options).fit([X[i] for i in rows], [y[i] for i in rows])
    np.testing.assert_allclose(weighted.weights_, repeated.weights_, rtol=1e-3, atol=1e-5)
    assert weighted.score(X, y, weight) == pytest.approx(repeated.score([X[i] for i in rows], [y[i] for i in rows]))


def test_every_step_weighs_alike():
    """The loss is the mean over steps, in whatever batches: one long series counts for more than one short one."""
    X, y = ragged(), labels_like(ragged())
    model = tagger(max_iter=1, learning_rate_init=1e-12, batch_size=7, alpha=0).fit(X, y)
    shares = np.concatenate(model.predict_proba(X))
    chosen = shares[np.arange(len(shares)), np.searchsorted(model.classes_, np.concatenate(y))]
    assert model.loss_ == pytest.approx(-np.log(chosen).mean(), rel=1e-5)


def test_early_stopping_of_taggers():
    X, y = ragged(), labels_like(ragged())
    model = tagger(early_stopping=True).fit(X, y)
    assert len(model.validation_scores_) == model.n_iter_
    own = tagger().fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    chosen = [
        p[np.arange(len(p)), np.searchsorted(own.classes_, tags)]
        for p, tags in zip(own.predict_proba(X[30:]), y[30:], strict=True)
    ]
    assert own.best_validation_score_ == pytest.approx(np.log(np.concatenate(chosen)).mean(), rel=1e-4)


def test_taggers_stop_by_a_scorer_of_their_own():
    X, y = ragged(), labels_like(ragged())
    model = tagger(scoring=lambda model, X, y: model.score(X, y)).fit(X[:30], y[:30], X_val=X[30:], y_val=y[30:])
    assert model.best_validation_score_ == pytest.approx(model.score(X[30:], y[30:]))


def test_taggers_learn_pass_by_pass():
    X, y = ragged(), labels_like(ragged())
    model = tagger(early_stopping=False)
    model.partial_fit(X[:5], labels_like(X[:5], "ab"), classes=["a", "b", "c"])
    model.partial_fit(X, y)
    assert model.predict_proba(X)[0].shape[1] == 3


def test_searches_over_taggers():
    X, y = ragged(), labels_like(ragged())
    search = GridSearchCV(tagger(), {"cell": ["rnn", "lstm"]}, cv=2, n_jobs=2).fit(X, y)
    assert 0 <= search.best_score_ <= 1


@pytest.mark.parametrize("as_array", [True, False])
def test_numbers_of_each_step(as_array):
    X = np.random.default_rng(0).standard_normal((60, 8, 2)) if as_array else ragged(60, dtype=np.float64)
    y = [np.cumsum(series, axis=0) * [1, 10] + [0, 100] for series in X]
    y = np.array(y) if as_array else y
    model = RNNSequenceRegressor(hidden_size=16, max_iter=300, learning_rate_init=0.02, random_state=0).fit(X, y)
    predicted = model.predict(X)
    assert isinstance(predicted, np.ndarray) == as_array
    assert all(found.shape == series.shape for found, series in zip(predicted, X, strict=True))
    assert model.score(X, y) > 0.9
    with pytest.raises(ValueError, match="fitted on targets for each step"):
        model.partial_fit(X, np.zeros(60))


def test_the_next_steps_of_a_wave():
    wave = np.sin(0.3 * np.arange(400)).astype(np.float32)
    X, y = SlidingWindows(20, horizon=5, stepwise=True).windows_and_targets(wave)
    model = RNNSequenceRegressor(hidden_size=16, max_iter=60, learning_rate_init=0.02, random_state=0).fit(X, y)
    last = model.predict(wave[np.newaxis, -20:])[:, -1]
    assert last.shape == (1, 5)
    np.testing.assert_allclose(last[0], np.sin(0.3 * np.arange(400, 405)), atol=0.1)


# Attention


@every_kind
def test_attention_has_a_weight_for_each_step(X, options):
    model = classifier("gru attention", bidirectional=True, **options).fit(X, classes())
    weights = model.attention_weights(X)
    assert [len(own) for own in weights] == [len(series) for series in X]
    np.testing.assert_allclose([own.sum() for own in weights], 1, rtol=1e-5)
    alone = np.concatenate([model.attention_weights([series])[0] for series in X])
    np.testing.assert_allclose(np.concatenate(weights), alone, rtol=1e-4, atol=1e-6)


def test_attention_finds_the_step_that_decides():
    rng = np.random.default_rng(0)
    X, places, y = rng.standard_normal((300, 12, 1)) * 0.1, rng.integers(0, 12, 300), rng.integers(0, 2, 300)
    X[np.arange(300), places, 0] = np.where(y, 3, -3)
    model = RNNSequenceClassifier(
        hidden_size=8, pooling="attention", max_iter=60, learning_rate_init=0.02, random_state=0
    ).fit(X, y)
    weights = model.attention_weights(X)
    assert weights.shape == (300, 12)
    before = np.arange(12) < places[:, np.newaxis]  # behind it, the state remembers
    assert weights[~before].mean() > 2 * weights[before].mean()


def test_there_is_no_attention_without_its_pooling():
    for model in (classifier("gru"), regressor("gru attention").fit(ROWS, ROWS)):
        with pytest.raises(AttributeError, match="attention_weights"):
            model.attention_weights  # noqa: B018


# Mistakes

ROWS = np.zeros((4, 5, 2))
LISTS = [np.zeros((3, 2)), np.zeros((4, 2)), np.zeros((5, 2)), np.zeros((6, 2))]


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        ([*LISTS[:3], np.zeros((0, 2))], {}, "Series 3 has no steps"),
        ([*LISTS[:3], np.zeros((4, 3))], {}, "Series 3 has 3 features at each step, and series 0 has 2"),
        (np.full((4, 5, 2), np.nan), {}, "give a list of arrays"),
        ([*LISTS[:3], np.full((4, 2), np.inf)], {}, "contains NaN or infinity"),
        (np.zeros((4, 0, 2)), {}, r"X has shape \(4, 0, 2\)\. Series are"),
        (np.zeros((4, 2, 2, 2)), {}, r"X has shape \(4, 2, 2, 2\)\. Series are"),
        (
            [[1, 2], [3], [4, 5, 9], [0]],
            {"vocabulary_size": 9},
            r"X\[2\]\[2\] is token 9, outside .* 0 to 8\. Increase vocabulary_size",
        ),
        ([[1, 2], [-1], [4], [0]], {"vocabulary_size": 9}, r"X\[1\]\[0\] is token -1"),
        (np.full((4, 5), 9), {"vocabulary_size": 9}, r"X\[0\]\[0\] is token 9"),
        ([[1, 2], [], [4], [0]], {"vocabulary_size": 9}, "Sequence 1 has no tokens"),
        (np.zeros((4, 5)), {"vocabulary_size": 9}, "integer sequences.* float64"),
        (["a b", "c", "d", "e"], {"vocabulary_size": 9}, "TokenEncoder converts"),
        (["a b", "c", "d", "e"], {}, "TokenEncoder converts"),
        (np.zeros((4, 5, 2), int), {"vocabulary_size": 9}, r"integer sequences.*shape \(4, 5, 2\)"),
        (ROWS, {"channels": (2, 3), "kernel_size": (1, 2, 3)}, "channels has 2 sizes"),
        (ROWS, {"architecture": "fnc"}, r"did you mean 'fcn'\?"),
    ],
)
def test_mistakes_in_fit_are_named(X, options, message):
    with pytest.raises(ValueError, match=message):
        CNNSequenceClassifier(**SMALL | options).fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([["a"] * 3, ["b"] * 4, ["a"] * 4, ["b"] * 6], r"Series 2 has 5 steps, but y\[2\] has 4"),
        (["a", "b", "a", "b"], r"Series 0 has 3 steps, but y\[0\] has an array of shape \(\)"),
        ([["a"] * 3, ["b"] * 4], "inconsistent numbers of samples"),
        ([*(np.eye(3, dtype=int)[[0] * n] for n in (3, 4, 5)), ["b"] * 6], "The targets of series 3 have shape"),
        (None, "requires y"),
    ],
)
def test_mistakes_in_labels_are_named(y, message):
    with pytest.raises(ValueError, match=message):
        tagger().fit(LISTS, y)


def test_mistakes_in_numbers_of_steps_are_named():
    y = [np.zeros((n, 1)) for n in (3, 4, 5, 7)]
    with pytest.raises(ValueError, match=r"Series 3 has 6 steps, but y\[3\] has 7"):
        regressor("gru").fit(LISTS, y)
    y = [np.full((n, 1), np.nan) for n in (3, 4, 5, 6)]
    with pytest.raises(ValueError, match=r"y\[0\] contains NaN"):
        regressor("gru").fit(LISTS, y)


def test_another_number_of_features_is_refused():
    model = CNNSequenceClassifier(**SMALL).fit(ragged(), classes())
    for X in (np.zeros((2, 5, 3)), [np.zeros((3, 3)), np.zeros((4, 3))], np.zeros((2, 5))):
        with pytest.raises(
            ValueError, match=r"X has [13] features at each step, but CNNSequenceClassifier was fitted on 2"
        ):
            model.predict(X)


class TestFastText:
    """The mean of embeddings, whose defaults of training differ from those of the other architectures."""

    X = [np.array(tokens) for tokens in ([1, 2, 3], [1, 4], [5, 2, 6, 7], [5, 4, 6])] * 30
    y = np.array([0, 0, 1, 1] * 30)

    def model(self, **options):
        return CNNSequenceClassifier(architecture="fasttext", vocabulary_size=9, random_state=0, **options)

    def test_order_does_not_matter(self):
        model = self.model(max_iter=2).fit(self.X, self.y)
        reversed_order = model.predict_proba([tokens[::-1] for tokens in self.X])
        np.testing.assert_allclose(model.predict_proba(self.X), reversed_order, rtol=1e-5)

    @pytest.mark.parametrize(("n", "n_epochs"), [(120, 150), (64, 300), (50, 300)])
    def test_small_sets_get_three_hundred_steps(self, n, n_epochs):
        model = self.model(n_iter_no_change=np.inf).fit(self.X[:n], self.y[:n])
        assert model.n_iter_ == n_epochs
        assert model.score(self.X, self.y) == 1

    def test_large_sets_get_ten_epochs_without_held_out_texts(self):
        model = self.model().fit(self.X * 20, np.tile(self.y, 20))
        assert model.n_iter_ == 10
        assert model.validation_scores_ is None
        assert model.t_ == 10 * 2400

    def test_explicit_settings_replace_those_of_the_architecture(self):
        automatic = {"embedding_size": 64, "learning_rate_init": 0.005, "learning_rate": "linear", "batch_size": 64}
        explicit = self.model(max_iter=150, **automatic).fit(self.X, self.y)
        np.testing.assert_array_equal(explicit.weights_, self.model().fit(self.X, self.y).weights_)
        for name, value in {"embedding_size": 8, "learning_rate_init": 0.1, "learning_rate": "cosine"}.items():
            other = self.model(max_iter=150, **automatic | {name: value}).fit(self.X, self.y)
            assert not np.array_equal(other.weights_, explicit.weights_)
        assert self.model(max_iter=3).fit(self.X, self.y).n_iter_ == 3

    def test_each_partial_fit_has_the_same_step_size(self):
        model = self.model(word_dropout=0.0, shuffle=False, solver="sgd", momentum=0.0, nesterovs_momentum=False)
        twice = self.model(word_dropout=0.0, shuffle=False, solver="sgd", momentum=0.0, nesterovs_momentum=False)
        model.set_params(learning_rate="constant")
        for _ in range(2):
            model.partial_fit(self.X, self.y)
            twice.partial_fit(self.X, self.y)
        np.testing.assert_array_equal(model.weights_, twice.weights_)

    def test_hidden_layers_have_the_widths_of_channels(self):
        model = self.model(channels=(4, 3), max_iter=1).fit(self.X, self.y)
        assert list(model.network_.children()) == ["embedding", "hidden_1", "hidden_2", "output"]

    def test_series_are_refused(self):
        with pytest.raises(ValueError, match="for tokens: set vocabulary_size"):
            CNNSequenceClassifier(architecture="fasttext").fit(np.zeros((4, 5)), [0, 1, 0, 1])

    def test_numbers(self):
        model = CNNSequenceRegressor(architecture="fasttext", vocabulary_size=9, random_state=0)
        assert model.fit(self.X, self.y.astype(float)).score(self.X, self.y) > 0.9


def test_other_architectures_have_the_settings_of_all_estimators():
    X, y = np.random.default_rng(0).standard_normal((20, 5)), np.arange(20) % 2
    automatic = CNNSequenceClassifier(channels=2, random_state=0)
    explicit = CNNSequenceClassifier(
        channels=2, random_state=0, learning_rate_init=0.001, learning_rate="constant", max_iter=200, embedding_size=64
    )
    np.testing.assert_array_equal(automatic.fit(X, y).weights_, explicit.fit(X, y).weights_)
