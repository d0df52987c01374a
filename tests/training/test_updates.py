import pickle

import numpy as np
import pytest

from skneural import CNNSequenceClassifier, SequenceToSequence
from skneural.data import Samples, Series, Targets
from skneural.layers import Chain, Dense, Embedding, Layer, StepPooling
from skneural.layers.traversal import rows_read
from skneural.losses import SquaredLoss
from skneural.optimizers import SGD, Adam, Averaging, Schedule
from skneural.parameters import Layout, Weights
from skneural.training.early_stopping import EarlyStopping
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.threads import Shards
from skneural.training.train import Descent, TrainingMonitor, train
from skneural.training.updates import RowUpdates, Updates, updates_of

N_TOKENS, SIZE = 50, 4
NETWORK = Chain(embedding=Embedding(N_TOKENS, SIZE), pooling=StepPooling("mean"), output=Dense(SIZE, 1))
BY_ROWS, WHOLE = 1, 1 << 40  # elements from which tables are updated by rows
EXACT = 1e-300  # an epsilon that has no effect
OPTIMIZERS = {
    "sgd": SGD(0.0, False),
    "momentum": SGD(0.9, False),
    "nesterov": SGD(0.9, True),
    "undamped": SGD(1.0, True),
    "adam": Adam(epsilon=EXACT),
    "adamw": Adam(epsilon=EXACT, decay=0.5, n_decayed=N_TOKENS * SIZE + SIZE),
    "rmsprop": Adam(0.0, 0.99, EXACT),
}


def samples_of(n=60, all_lengths=range(1, 6)):
    rng = np.random.default_rng(0)
    lengths = rng.choice(all_lengths, n)
    tokens = rng.integers(0, N_TOKENS - 1, lengths.sum())  # the last token never occurs
    samples = Samples(Series.of(tokens, lengths), Targets(rng.standard_normal((n, 1))))
    samples.weigh()
    return samples


def trained(monkeypatch, least, optimizer, network=NETWORK, samples=None, n_shards=1, penalty=0.0, **options):
    """Weights and state of the optimizer after three epochs, with tables of at least so many elements by rows."""
    monkeypatch.setattr("skneural.parameters.LEAST_TABLE", least)
    samples = samples or samples_of()
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    state = optimizer.start(weights.vector)
    with Shards(n_shards) as shards:
        objective = Objective(network, SquaredLoss(), weights, penalty, shards)
        options = {"seeds": Seeds(0), "batch_size": 4, "max_epochs": 3} | options
        method = Descent(objective, optimizer, state, Schedule("cosine", 0.05), **options)
        train(method, samples, TrainingMonitor(weights, EarlyStopping(0.0, np.inf)))
    return weights.vector, state


def assert_same(by_rows, whole, rtol=1e-9):
    np.testing.assert_allclose(by_rows[0], whole[0], rtol=rtol, atol=rtol)
    for name, value in whole[1].items():
        np.testing.assert_allclose(by_rows[1][name], value, rtol=rtol, atol=1e-300)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=list(OPTIMIZERS))
@pytest.mark.parametrize("most_steps", [1024, 3])
def test_rows_of_batches_give_the_weights_and_moments_of_all_rows(optimizer, most_steps, monkeypatch):
    monkeypatch.setattr("skneural.training.updates.MOST_STEPS", most_steps)
    monkeypatch.setattr("skneural.training.updates.TABLE_ROWS_AT_ONCE", 7)
    assert_same(*(trained(monkeypatch, least, optimizer) for least in (BY_ROWS, WHOLE)))


def test_epsilon_changes_little(monkeypatch):
    assert_same(*(trained(monkeypatch, least, Adam()) for least in (BY_ROWS, WHOLE)), rtol=1e-5)


@pytest.mark.parametrize("options", [{"max_grad_norm": 0.1}, {"n_shards": 2}], ids=lambda options: next(iter(options)))
def test_clipping_and_shards(options, monkeypatch):
    adam = OPTIMIZERS["adam"]
    assert_same(*(trained(monkeypatch, least, adam, **options) for least in (BY_ROWS, WHOLE)))


def test_parts_of_a_batch(monkeypatch):
    monkeypatch.setattr("skneural.data.like_lengths.LEAST_DIVIDED", 1)
    samples = samples_of(all_lengths=[2, 60])
    assert len(samples.part(slice(8)).parts()) > 1
    adam = OPTIMIZERS["adam"]
    both = [trained(monkeypatch, least, adam, samples=samples, batch_size=8) for least in (BY_ROWS, WHOLE)]
    assert_same(*both)


class Late(Layer):
    """Another layer in front of an embedding, so that its tokens are not known from x alone."""

    def forward(self, p, x, context):
        return x[:, ::-1], lambda dy, g: None


def test_tables_that_are_no_first_layer(monkeypatch):
    network = Chain(late=Late(), **dict(NETWORK.parts))
    samples = Samples(Series(np.random.default_rng(0).integers(0, 50, (60, 3))), samples_of().y)
    adam = OPTIMIZERS["adam"]
    both = [trained(monkeypatch, least, adam, network, samples) for least in (BY_ROWS, WHOLE)]
    assert_same(*both)


def test_the_penalty_is_that_of_the_rows_that_a_batch_reads(monkeypatch):
    start, _ = trained(monkeypatch, BY_ROWS, SGD(0.0, False), max_epochs=0)
    plain, _ = trained(monkeypatch, BY_ROWS, SGD(0.0, False), penalty=0.0)
    penalized, _ = trained(monkeypatch, BY_ROWS, SGD(0.0, False), penalty=0.5)
    tables = [vector[: N_TOKENS * SIZE].reshape(N_TOKENS, SIZE) for vector in (start, plain, penalized)]
    assert (np.abs(tables[2][:-1]).sum(axis=1) < np.abs(tables[1][:-1]).sum(axis=1)).mean() > 0.8
    for table in tables[1:]:
        np.testing.assert_array_equal(table[-1], tables[0][-1])


def objective_by_rows(monkeypatch):
    monkeypatch.setattr("skneural.parameters.LEAST_TABLE", BY_ROWS)
    layout = Layout(NETWORK.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    objective = Objective(NETWORK, SquaredLoss(), weights)
    objective.start_epoch([np.random.default_rng(0)])
    return objective


def test_other_rows_are_left_alone_until_the_end_of_the_epoch(monkeypatch):
    objective, samples = objective_by_rows(monkeypatch), samples_of()
    vector, adam = objective.weights.vector, Adam()
    state = adam.start(vector)
    updates = updates_of(objective, adam, state)
    first, second = samples.part(slice(4)), samples.part(slice(4, 8))
    rows = [set(objective.rows_of(batch)["embedding.table"]) for batch in (first, second)]
    of_first_only = list(rows[0] - rows[1])
    updates.value(first)
    updates.update(0.1)
    before = vector.copy()
    updates.value(second)
    updates.update(0.1)
    moved = (vector != before)[: N_TOKENS * SIZE].reshape(N_TOKENS, SIZE).any(axis=1)
    assert set(np.flatnonzero(moved)) == rows[1] - {0}  # padding
    updates.finish()
    moved = (vector != before)[: N_TOKENS * SIZE].reshape(N_TOKENS, SIZE).any(axis=1)
    assert moved[of_first_only].all()


class Recorded:
    """Drift that records the number of rows that it changes."""

    def __init__(self, drift):
        self.drift, self.n_rows = drift, 0

    def __getattr__(self, name):
        return getattr(self.drift, name)

    def apply(self, since, *arrays):
        self.n_rows += len(since)
        self.drift.apply(since, *arrays)


@pytest.mark.parametrize(
    ("optimizer", "trained_before", "expected"),
    [(Adam(), False, "read"), (Adam(), True, "all"), (SGD(), True, "all"), (OPTIMIZERS["adamw"], False, "all")],
    ids=["adam", "adam goes on", "momentum goes on", "decay"],
)
def test_rows_that_have_never_been_read_are_completed_only_if_they_move(
    optimizer, trained_before, expected, monkeypatch
):
    objective, batch = objective_by_rows(monkeypatch), samples_of().part(slice(4))
    state = optimizer.start(objective.weights.vector)
    if trained_before:
        for name in optimizer.moments:
            state[name][:] = 0.1
    drift = Recorded(optimizer.drift(8))
    updates = RowUpdates(objective, optimizer, state, drift)
    for _ in range(2):
        updates.value(batch)
        updates.update(0.1)
    n_read = len(objective.rows_of(batch)["embedding.table"])
    drift.n_rows = 0
    updates.value(samples_of().part(slice(1)))
    updates.finish()
    assert n_read < N_TOKENS
    assert drift.n_rows <= n_read if expected == "read" else drift.n_rows >= N_TOKENS - n_read


def test_interrupted_epochs_are_completed(monkeypatch):
    class Stopped(Exception):
        pass

    def results(least):
        """Weights and moments of an epoch that stops at its ninth batch."""
        call, batches = Objective.__call__, iter(range(8))
        seen = {}

        def counted(objective, batch, rows=None):
            seen["weights"] = objective.weights.vector
            if next(batches, None) is None:
                raise Stopped
            return call(objective, batch, rows)

        def started(optimizer, weights):
            seen["state"] = {"first": np.zeros_like(weights), "second": np.zeros_like(weights), "n_steps": 0}
            return seen["state"]

        with monkeypatch.context() as patch:
            patch.setattr(Objective, "__call__", counted)
            patch.setattr(Adam, "start", started)
            with pytest.raises(Stopped):
                trained(patch, least, OPTIMIZERS["adamw"])
        return seen["weights"], seen["state"]

    assert_same(results(BY_ROWS), results(WHOLE))


@pytest.mark.parametrize("optimizer", [Averaging(Adam(), 0.9), Adam(0.9, 0.5)], ids=["averaging", "fast second moment"])
def test_optimizers_that_cannot_leave_rows_out_update_all(optimizer, monkeypatch):
    objective = objective_by_rows(monkeypatch)
    assert type(updates_of(objective, optimizer, {})) is Updates
    assert type(updates_of(objective, Adam(), Adam().start(objective.weights.vector))) is RowUpdates


def test_sources_and_targets_have_tables_of_their_own(monkeypatch):
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 40, rng.integers(1, 5)) for _ in range(60)]
    fitted = []
    for least in (BY_ROWS, WHOLE):
        monkeypatch.setattr("skneural.parameters.LEAST_TABLE", least)
        model = SequenceToSequence(hidden_size=8, embedding_size=4, batch_size=4, max_iter=2, alpha=0.0, random_state=0)
        fitted.append(model.set_params(early_stopping=False).fit(X, [x[::-1] for x in X]))
    monkeypatch.setattr("skneural.parameters.LEAST_TABLE", BY_ROWS)
    tables = Layout(fitted[0].network_.parameters()).tables
    x = np.array([[1, 2]]), np.array([[3]])
    assert (
        tables.keys()
        == rows_read(fitted[0].network_, x).keys()
        == {"encoder.embedding.table", "decoder.embedding.table"}
    )
    np.testing.assert_allclose(fitted[0].weights_, fitted[1].weights_, rtol=1e-3, atol=1e-5)


def test_fit_goes_on_after_partial_fit_and_pickle(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = [rng.integers(0, 40, rng.integers(2, 5)) for _ in range(60)], np.arange(60) % 2
    weights = []
    for least in (BY_ROWS, WHOLE):
        monkeypatch.setattr("skneural.parameters.LEAST_TABLE", least)
        model = CNNSequenceClassifier(architecture="textcnn", channels=2, vocabulary_size=40, batch_size=4, alpha=0.0)
        model.set_params(random_state=0, batch_norm=False).partial_fit(X, y)
        weights.append(pickle.loads(pickle.dumps(model)).partial_fit(X, y).weights_)
    np.testing.assert_allclose(*weights, rtol=1e-3, atol=1e-5)
