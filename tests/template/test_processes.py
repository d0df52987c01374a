"""Processes that train one model together, for which threads stand here; tests/distributed has real ones."""

from collections import defaultdict
from threading import get_ident

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skneural import KANClassifier, LanguageModel, MLPClassifier, MLPRegressor, TabularMLPRegressor
from skneural.data.container import Rows
from skneural.training.communicator import communicating
from skneural.training.deadline import Deadline
from skneural.training.objective import Objective
from skneural.training.threads import Shards
from skneural.training.train import Observer
from tests.estimators.cases import (
    ESTIMATORS,
    OF_LONG_SERIES,
    OF_PAIRS,
    OF_TEXTS,
    EstimatorCase,
    every,
    flowers,
    of_each_class,
    patients,
    two_flowers,
)


def in_processes(function, n=2):
    """Results of a function of the rank in threads, each of which stands for a process."""
    with Shards(n) as shards:

        def run(rank):
            with communicating(shards.member(rank)):
                return function(rank)

        return shards.run(run, n)


def state(model):
    return np.concatenate([model.weights_, model.buffers_[np.isfinite(model.buffers_)]])


def assert_trained_as_one(case, n=2, **parameters):
    X, y = case.data()
    alone = case.new(n_jobs=1, **parameters).fit(X, y)
    first, *others = in_processes(lambda rank: case.new(n_jobs=1, **parameters).fit(X, y), n)
    for other in others:
        np.testing.assert_array_equal(state(first), state(other))
    np.testing.assert_allclose(state(first), state(alone), rtol=0, atol=1e-7 * np.abs(state(alone)).max())
    np.testing.assert_allclose(first.loss_curve_, alone.loss_curve_, rtol=1e-6)
    if alone.validation_scores_ is not None:
        np.testing.assert_allclose(first.validation_scores_, alone.validation_scores_, rtol=1e-6)


# Besides the first case of each class: batch statistics, penalties of a batch, draws, members
FURTHER = (
    "classifier batch norm",
    "classifier dropout",
    "classifier lbfgs",
    "image classifier resnet",
    "recurrent classifier with attention",
    "spline regressor",
    "autoencoder variational",
    "tabular classifier of two with members",
)


@pytest.mark.filterwarnings("ignore:Batches of nodes")
@every(of_each_class(ESTIMATORS | OF_TEXTS | OF_PAIRS | OF_LONG_SERIES) | {name: ESTIMATORS[name] for name in FURTHER})
def test_several_processes_train_the_same_model_as_one(case):
    assert_trained_as_one(case)


CASES = {
    "several networks": EstimatorCase(
        TabularMLPRegressor(hidden_layer_sizes=4, n_cv=2, max_iter=2, batch_size=16, random_state=0), patients
    ),
    "several starts": EstimatorCase(
        KANClassifier(hidden_layer_sizes=2, n_init=2, solver="lbfgs", max_iter=3, random_state=0), flowers
    ),
    "scorer": EstimatorCase(
        MLPClassifier(4, early_stopping=True, scoring="roc_auc", max_iter=4, batch_size=16, random_state=0), two_flowers
    ),
    "tables by rows": EstimatorCase(
        LanguageModel(architecture="gru", level="word", d_model=4, max_iter=2, batch_size=8, random_state=0),
        lambda: ([f"{i} is {2 * i}, {3 * i} and {4 * i}" for i in range(30)], None),
    ),
    "several outputs": EstimatorCase(
        MLPRegressor(4, loss="absolute_error", max_iter=2, batch_size=16, early_stopping=True, random_state=0),
        lambda: (patients()[0], patients()[0][:, :2]),
    ),
}


@every(CASES)
@pytest.mark.parametrize("n", [2, 3])
def test_two_or_three_processes_train_the_same_model_as_one(case, n):
    assert_trained_as_one(case, n)


def test_processes_divide_their_parts_over_threads(monkeypatch):
    monkeypatch.setattr("skneural.networks.shards.LEAST_WORK", 1)
    X, y = flowers()
    alone = ESTIMATORS["classifier batch norm"].new(n_jobs=1).fit(X, y)
    first, second = in_processes(lambda rank: ESTIMATORS["classifier batch norm"].new(n_jobs=2).fit(X, y))
    np.testing.assert_array_equal(state(first), state(second))
    np.testing.assert_allclose(state(first), state(alone), atol=1e-9)


@pytest.mark.parametrize("further", [{}, {"early_stopping": True}])
def test_each_process_reads_and_computes_its_part_of_each_batch(further, monkeypatch):
    """64 rows in batches of 16; with every tenth row held out, the last batch has 9."""
    X, y = flowers()
    read, computed = defaultdict(list), []  # rows that each thread reads; those of a shard, and what it reads for them
    get, start_epoch, one_shard = Rows.__getitem__, Objective.start_epoch, Objective._one_shard

    def reading(rows, selection):
        selected = get(rows, selection)
        read[get_ident()].append(len(selected))
        return selected

    def starting(objective, *arguments):
        read[get_ident()].clear()  # what is read before training
        return start_epoch(objective, *arguments)

    def computing(objective, part, *arguments):
        part.x.as_batch()
        computed.append((len(part), sum(read[get_ident()])))
        read[get_ident()].clear()
        return one_shard(objective, part, *arguments)

    monkeypatch.setattr(Objective, "start_epoch", starting)
    monkeypatch.setattr(Rows, "__getitem__", reading)
    monkeypatch.setattr(Objective, "_one_shard", computing)
    in_processes(
        lambda rank: MLPClassifier(4, max_iter=1, batch_size=16, random_state=0, **further).fit(X[:64], y[:64])
    )
    assert len(computed) == 8
    assert {n for n, _ in computed} <= {8, 4, 5}
    assert all(n_read == n for n, n_read in computed)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (lambda X, y: (X[:40], y[:40]), "has 40 training samples, and process 0 has 60 training samples"),
        (lambda X, y: (X[::-1], y), "has other values of X"),
        (lambda X, y: (X, y[::-1]), "has other values of y"),
    ],
)
def test_different_data_are_found_before_training(part, words):
    X, y = (array[:60] for array in patients())

    def message(rank):
        with pytest.raises(ValueError, match="must be given the same") as raised:
            MLPRegressor(4, max_iter=2, random_state=0).fit(*(part(X, y) if rank else (X, y)))
        return str(raised.value)

    first, second = in_processes(message)
    assert first == second
    assert words in first


@pytest.mark.parametrize("seeds", [(None, None), (0, 1)])
def test_the_seed_is_that_of_the_first_process(seeds):
    first, second = in_processes(lambda rank: MLPClassifier(4, max_iter=2, random_state=seeds[rank]).fit(*flowers()))
    assert first._seed == second._seed
    np.testing.assert_array_equal(state(first), state(second))


def test_models_of_different_seeds_are_not_continued_together():
    models = [MLPClassifier(4, max_iter=2, warm_start=True, random_state=rank).fit(*flowers()) for rank in range(2)]

    def failed(rank):
        with pytest.raises(ValueError, match=r"Process 1 of 2 has the seed \d+, and process 0 has the seed \d+"):
            models[rank].fit(*flowers())
        return True

    assert in_processes(failed) == [True, True]


def test_partial_fit_continues_together():
    X, y = flowers()
    alone = MLPClassifier(4, random_state=0).partial_fit(X, y).partial_fit(X, y)
    first, second = in_processes(lambda rank: MLPClassifier(4, random_state=0).partial_fit(X, y).partial_fit(X, y))
    np.testing.assert_array_equal(state(first), state(second))
    np.testing.assert_allclose(state(first), state(alone), atol=1e-9)


def test_warm_start_continues_from_the_model_that_all_hold():
    X, y = flowers()

    def continued(rank=0):
        return MLPClassifier(4, warm_start=True, max_iter=2, random_state=0).fit(X, y).fit(X, y)

    first, second = in_processes(continued)
    np.testing.assert_array_equal(state(first), state(second))
    np.testing.assert_allclose(state(first), state(continued()), atol=1e-9)


class Calls:
    """Callback that counts its calls, and requests the end after the second epoch."""

    def __init__(self):
        self.names = []

    def setup(self, estimator, context):
        self.names.append("setup")

    def teardown(self, estimator, context):
        self.names.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        self.names.append(context.task_name)
        return self.names.count("epoch") == 2


def test_callbacks_of_the_first_process_decide_and_those_of_others_are_kept(capsys):
    callbacks = [Calls(), Calls()]

    def fitted(rank):
        return MLPClassifier(4, max_iter=5, verbose=True).set_callbacks(callbacks[rank]).fit(*flowers())

    models = in_processes(fitted)
    assert callbacks[0].names == ["setup", "epoch", "epoch", "fit", "teardown"]
    assert callbacks[1].names == []
    assert [model.n_iter_ for model in models] == [2, 2]
    assert [model._skl_callbacks for model in models] == [[each] for each in callbacks]
    assert capsys.readouterr().out.count("Epoch") == 2


@pytest.mark.parametrize("rank", [0, 1])
def test_an_error_of_an_observer_is_raised_in_all(rank, monkeypatch):
    class Failing(Observer):
        def __init__(self, rank):
            self.rank = rank

        def epoch_ends(self, monitor):
            if monitor.communicator.rank == rank:
                raise ArithmeticError("planted")
            return False

    monkeypatch.setattr(MLPClassifier, "_observers", lambda model, problem: [Failing(rank)])

    def failed(rank):
        with pytest.raises(ArithmeticError, match="planted"):
            MLPClassifier(4, max_iter=2).fit(*flowers())
        return True

    assert in_processes(failed) == [True, True]


def test_the_clock_of_the_first_process_ends_training(monkeypatch):
    deadlines = {0: Deadline(-1.0), 1: Deadline(1e12)}

    def fitted(rank):
        model = MLPClassifier(4, max_iter=5, batch_size=16, max_time=1)
        hooks = model._hooks
        model._hooks = lambda problem, **others: hooks(problem, **others | {"deadline": deadlines[rank]})
        return model.fit(*flowers())

    monkeypatch.setattr(MLPClassifier, "_checked", lambda model, **_: model)
    with pytest.warns(ConvergenceWarning, match="max_time"):
        models = in_processes(fitted)
    assert [model.n_iter_ for model in models] == [1, 1]


def test_nodes_of_a_graph_are_not_divided_and_a_warning_says_so():
    X, y = flowers()
    with pytest.warns(UserWarning, match="Batches of nodes of a graph are not divided"):
        in_processes(lambda rank: ESTIMATORS["node classifier"].new().fit(X, y))
