import itertools
import math
import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest

from skneural.data import Rows, Samples, Targets
from skneural.layers.layer import Layer
from skneural.losses import SquaredLoss
from skneural.ops.linear import linear
from skneural.optimizers import SGD, Adam, Averaging, Optimizer, Schedule
from skneural.parameters import Layout, Parameter, Snapshot, Weights
from skneural.training import deadline as module
from skneural.training.deadline import Deadline
from skneural.training.early_stopping import EarlyStopping
from skneural.training.history import HeldOutScores, History
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.train import Descent, DivergenceError, PartOfEpoch, RemoteSamples, TrainingMonitor, train
from skneural.training.updates import updates_of
from tests.networks.defaults import mlp_network
from tests.training.observing import Calls

N, RATE = 30, 0.01
AFTER_THREE = Calls(lambda history: history.n_epochs == 3)


def samples(seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, 4))
    return Samples(Rows(x), Targets(x @ rng.standard_normal((4, 2)) + 0.1 * rng.standard_normal((N, 2))))


@dataclass(frozen=True)
class Recording(SGD):
    """Remembers the rate and the gradient of each step."""

    rates: list = field(default_factory=list)
    gradients: list = field(default_factory=list)

    def update(self, weights, gradient, state, rate):
        self.rates.append(rate)
        self.gradients.append(gradient.copy())
        super().update(weights, gradient, state, rate)


def descent(optimizer: Optimizer | None = None, schedule=None, max_epochs=6, hidden=(5,), start=None, **options):
    """A descent of a small network with dropout from a fixed start."""
    network = mlp_network(4, 2, hidden, dropout=0.2 if hidden else 0.0)
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(1), np.float64) if start is None else start)
    optimizer = optimizer or Adam()
    return Descent(
        **{
            "objective": Objective(network, SquaredLoss(), weights),
            "optimizer": optimizer,
            "state": optimizer.start(weights.vector),
            "schedule": schedule or Schedule("constant", RATE),
            "seeds": Seeds(0),
            "batch_size": 8,
            "max_epochs": max_epochs,
        }
        | options
    )


def monitor(method, patience=math.inf, **options):
    return TrainingMonitor(method.objective.weights, EarlyStopping(0.0, patience), **options)


def scripted(scores):
    """Validation that returns these scores, one per epoch."""
    scores = iter(scores)
    return lambda: HeldOutScores(score := next(scores), score, {"validation_score": score})


# Results


def test_the_best_epoch_is_restored():
    method, after_epochs = descent(), []
    recording = Calls(lambda history: after_epochs.append(method.objective.weights.vector.copy()))
    observed = monitor(method, validate=scripted([1, 5, 3, 4, 5, 2]), observers=[recording])
    history = train(method, samples(), observed)
    assert history.scores == [1, 5, 3, 4, 5, 2]
    np.testing.assert_array_equal(method.objective.weights.vector, after_epochs[4])  # of equal scores the latest
    assert not np.array_equal(after_epochs[4], after_epochs[5])


def test_the_training_loss_decides_where_validation_does_not():
    method, after_epochs = descent(), []
    recording = Calls(lambda history: after_epochs.append(method.objective.weights.vector.copy()))
    observed = monitor(method, validate=scripted([9, 1, 1, 1, 1, 1]), validation_decides=False, observers=[recording])
    history = train(method, samples(), observed)
    best = int(np.argmin(history.losses))
    assert best > 0
    np.testing.assert_array_equal(method.objective.weights.vector, after_epochs[best])


def test_patience_ends_training():
    method = descent(max_epochs=20)
    history = train(method, samples(), monitor(method, patience=2, validate=scripted([1, 2, 1, 1, 1, 1, 1])))
    assert (history.n_epochs, history.converged) == (5, True)


def clock_of_steps(monkeypatch):
    """Time that passes by one second with each update of the weights, and the update that counts."""
    seconds = [0.0]
    monkeypatch.setattr("skneural.training.deadline.time.monotonic", lambda: seconds[0])

    @dataclass(frozen=True)
    class Ticking(SGD):
        def update(self, *arguments):
            seconds[0] += 1
            super().update(*arguments)

    return Ticking()


N_STEPS = math.ceil(N / 8)


@pytest.mark.parametrize(("seconds", "n_epochs"), [(1, 1), (N_STEPS, 1), (2 * N_STEPS, 2), (2 * N_STEPS + 1, 2)])
def test_the_deadline_ends_training_after_the_step_that_reaches_it(seconds, n_epochs, monkeypatch):
    """An epoch that it breaks off counts only if it is the first."""
    method = descent(clock_of_steps(monkeypatch))
    observed = monitor(method, deadline=Deadline(seconds))
    history = train(method, samples(), observed)
    assert module.time.monotonic() == seconds
    assert (history.n_epochs, history.out_of_time, observed.stop_requested) == (n_epochs, True, True)


def test_the_loss_of_a_broken_first_epoch_is_a_mean_over_the_samples_seen(monkeypatch):
    whole = train(method := descent(batch_size=N, shuffle=False), samples(), monitor(method, deadline=Deadline(-1.0)))
    method = descent(clock_of_steps(monkeypatch), batch_size=8, shuffle=False)
    part = train(method, samples(), monitor(method, deadline=Deadline(1)))
    assert 0.2 < part.losses[0] / whole.losses[0] < 5


def test_the_best_epoch_before_the_deadline_is_kept(monkeypatch):
    method, after_epochs = descent(clock_of_steps(monkeypatch)), []
    recording = Calls(lambda history: after_epochs.append(method.objective.weights.vector.copy()))
    observed = monitor(method, validate=scripted([5, 3]), observers=[recording], deadline=Deadline(2 * N_STEPS + 1))
    train(method, samples(), observed)
    np.testing.assert_array_equal(method.objective.weights.vector, after_epochs[0])


def test_a_training_that_ends_by_itself_is_not_out_of_time(monkeypatch):
    method = descent(clock_of_steps(monkeypatch), max_epochs=2)
    assert not train(method, samples(), monitor(method, deadline=Deadline(2 * N_STEPS))).out_of_time


def test_running_out_of_epochs_is_not_convergence():
    method = descent(max_epochs=4)
    history = train(method, samples(), monitor(method))
    assert (history.n_epochs, len(history.losses), history.converged) == (4, 4, False)


def test_a_callback_can_end_training():
    method = descent()
    history = train(method, samples(), monitor(method, observers=[AFTER_THREE]))
    assert (history.n_epochs, history.converged) == (3, True)


def test_a_callback_can_end_training_on_a_plateau_of_the_adaptive_schedule():
    method = descent(schedule=Schedule("adaptive", RATE), max_epochs=8)
    history = train(
        method, samples(), monitor(method, patience=1, validate=scripted([1.0] + [0.0] * 7), observers=[AFTER_THREE])
    )
    assert history.n_epochs == 3


def test_losses_are_recorded_per_row_in_the_unit_of_y():
    data, unit = samples(), np.array([2.0, 10.0])
    plain = descent(Recording(), Schedule("constant", 0.0), 1, hidden=(), shuffle=False)
    history = train(plain, data, monitor(plain, loss_scale=unit))
    raw = plain.objective.network.predict(plain.objective.weights.tree, data.x.values)
    assert history.losses == pytest.approx([np.mean(0.5 * (raw - data.y.values) ** 2 * unit)])


# Steps


def test_the_learning_rate_falls_on_each_plateau_until_it_is_tiny():
    optimizer = Recording()
    method = descent(optimizer, Schedule("adaptive", RATE), max_epochs=100, batch_size=N)
    history = train(method, samples(), monitor(method, patience=1, validate=scripted(itertools.repeat(0.0))))
    # First two epochs of patience and the one that sets the score, then two per rate.
    expected = [RATE] * 3 + [RATE * 0.2**k for k in range(1, 7) for _ in range(2)]
    np.testing.assert_allclose(optimizer.rates, expected)
    assert optimizer.rates[-1] <= 1e-6
    assert history.converged


def test_schedules_pass_through_all_steps_of_training():
    optimizer, schedule = Recording(), Schedule("cosine", RATE, warmup=0.25)
    train(method := descent(optimizer, schedule, max_epochs=3), samples(), monitor(method))
    assert len(optimizer.rates) == 12  # three epochs of four batches
    np.testing.assert_allclose(optimizer.rates, [schedule.rate(i / 12, 0, 0) for i in range(1, 13)])


def test_invscaling_counts_all_rows_ever_seen():
    optimizer = Recording()
    method = descent(optimizer, Schedule("invscaling", 1e-3), max_epochs=3, batch_size=N, rows_before=70)
    train(method, samples(), monitor(method))
    np.testing.assert_allclose(optimizer.rates, 1e-3 / np.sqrt([71, 101, 131]))


@pytest.mark.parametrize("max_norm", [1e-3, 1.0])
def test_long_gradients_are_cut_to_length_and_short_ones_left(max_norm):
    free, limited = Recording(), Recording()
    for optimizer, limit in ((free, None), (limited, max_norm)):
        method = descent(optimizer, Schedule("constant", 0.0), max_epochs=2, max_grad_norm=limit)
        train(method, samples(), monitor(method))
    norms = [np.linalg.norm(gradient) for gradient in free.gradients]
    assert min(norms) > 0.01
    assert max(norms) > 1.0
    for gradient, norm, cut in zip(free.gradients, norms, limited.gradients, strict=True):
        np.testing.assert_allclose(cut, gradient * min(1, max_norm / norm), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-10, 1.0, 1e20, 1e30])
def test_gradients_of_any_size_are_cut_to_length(size, dtype):
    """Squares of large ones overflow in single precision."""
    optimizer = Recording()
    start = Snapshot(np.zeros(10, dtype), np.zeros(0, dtype))
    method = descent(optimizer, Schedule("constant", 0.0), 1, hidden=(), start=start, max_grad_norm=size)
    batch = samples()
    x, y = (1e3 * size * batch.x.values).astype(dtype), batch.y.values.astype(dtype)
    train(method, Samples(Rows(x), Targets(y)), monitor(method))
    assert np.linalg.norm(optimizer.gradients[0].astype(np.float64)) == pytest.approx(size, rel=1e-5)


@dataclass(frozen=True)
class Limited(Layer):
    """A linear map whose weights, but not its bias, have a limit."""

    limit: float

    def parameters(self):
        return {"weight": Parameter((4, 2), limit=self.limit), "bias": Parameter((2,), penalized=False)}

    def forward(self, p, x, context):
        y, vjp = linear(x, p["weight"], p["bias"])
        return y, lambda dy, g: vjp(dy, g["weight"], g["bias"])


def test_no_step_ends_beyond_a_limit():
    network = Limited(0.05)
    layout = Layout(network.parameters())
    weights = Weights(layout, layout.initial(np.random.default_rng(0), np.float64))
    seen = []

    class Watching(Recording):
        def update(self, vector, gradient, state, rate):
            seen.append(np.abs(vector).copy())
            super().update(vector, gradient, state, rate)

    method = descent(Watching(), objective=Objective(network, SquaredLoss(), weights))
    method.state = method.optimizer.start(weights.vector)
    train(method, samples(), monitor(method))
    limited = np.array([*seen, np.abs(weights.vector)])[:, :8]
    assert limited.max() == 0.05  # reached, and never left
    assert np.abs(weights.tree["bias"]).max() > 0.05


def trained(max_epochs, start=None, state=None, **options):
    method = descent(max_epochs=max_epochs, start=start, **options)
    method.state = state or method.state
    method.run(samples(), monitor(method))
    return method


@pytest.mark.parametrize("schedule", ["constant", "invscaling"])
def test_interrupted_training_goes_on_as_if_it_had_not_been(schedule):
    options = {"schedule": Schedule(schedule, RATE)}
    whole = trained(5, **options)
    first = trained(2, **options)
    rest = trained(3, first.objective.weights.snapshot(), first.state, epochs_before=2, rows_before=2 * N, **options)
    np.testing.assert_array_equal(rest.objective.weights.vector, whole.objective.weights.vector)


def test_the_seed_decides():
    vectors = [trained(2, seeds=Seeds(seed)).objective.weights.vector for seed in (0, 0, 1)]
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])


@pytest.mark.parametrize("shuffle", [False, True])
def test_rows_are_shuffled_anew_each_epoch_or_never(shuffle):
    optimizer = Recording()
    method = descent(optimizer, Schedule("constant", 0.0), 2, hidden=(), shuffle=shuffle)
    train(method, samples(), monitor(method))
    first, second = np.split(np.array(optimizer.gradients), 2)
    assert np.array_equal(first, second) == (not shuffle)


class InTwoParts(RemoteSamples):
    """Samples that another descent trains on, in two parts of each epoch."""

    def __init__(self, samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def n_steps(self, batch_size):
        return math.ceil(len(self) / batch_size)

    def train_epoch(self, descent, epoch, monitor):
        updates = updates_of(descent.objective, descent.optimizer, descent.state)
        batches = list(self.samples.batches(descent.batch_size, descent.seeds.generator("batches", epoch)))
        total = 0.0
        for first in (0, 1):
            part = PartOfEpoch(epoch, len(batches), epoch * len(self), first_step=first)
            steps = list(descent.steps(batches[first : first + 1] if first == 0 else batches[1:], updates, part))
            total += sum(step.loss * step.n_samples for step in steps)
            monitor.learning_rate = steps[-1].learning_rate
        return total / len(self), True


def test_an_epoch_may_be_trained_in_parts_elsewhere():
    """With the learning rates of the whole epoch, which change within it."""
    options = {"schedule": Schedule("cosine", RATE), "hidden": (), "max_epochs": 3}
    one, two = descent(**options), descent(**options)
    history, other = train(one, samples(), monitor(one)), train(two, InTwoParts(samples()), monitor(two))
    np.testing.assert_array_equal(one.objective.weights.vector, two.objective.weights.vector)
    assert history.losses == other.losses


def test_training_reaches_least_squares():
    data = samples()
    schedule = Schedule("cosine", 0.05)
    train(method := descent(SGD(), schedule, max_epochs=200, hidden=()), data, monitor(method))
    design = np.column_stack([data.x.values, np.ones(N)])
    solution = np.linalg.lstsq(design, data.y.values, rcond=None)[0]
    tree = method.objective.weights.tree
    np.testing.assert_allclose(np.vstack([tree["output"]["weight"], tree["output"]["bias"]]), solution, atol=2e-3)


# Errors


def test_averaged_weights_are_scored_and_kept_and_training_goes_on_with_its_own():
    plain, method = descent(max_epochs=4), descent(Averaging(Adam(), 0.9), max_epochs=4)
    vector, seen = method.objective.weights.vector, []
    observed = monitor(method, validate=lambda: (seen.append(vector.copy()), HeldOutScores(len(seen), len(seen)))[1])
    plain_history, history = train(plain, samples(), monitor(plain)), train(method, samples(), observed)
    assert history.losses == plain_history.losses
    np.testing.assert_array_equal(vector, seen[-1])
    assert not np.array_equal(vector, method.state["other_weights"])
    # two epochs and two more are four
    start, state = Snapshot(descent().objective.weights.vector.copy(), np.zeros(0)), {}
    for epochs_before in (0, 2):
        part = descent(Averaging(Adam(), 0.9), max_epochs=2, start=start, epochs_before=epochs_before)
        part.state = state = state or part.state
        train(part, samples(), monitor(part, validate=scripted([0.0, 1.0])))
        start = part.objective.weights.snapshot()
    np.testing.assert_array_equal(start.vector, vector)


def test_divergence_names_the_epoch_and_the_rate():
    # One batch an epoch: the first loss is still finite, the weights then grow without end.
    method = descent(SGD(0.0), Schedule("constant", 1e200), max_epochs=10, hidden=(), batch_size=N)
    with pytest.raises(DivergenceError, match=r"in epoch 2, at a learning rate of 1e\+200"):
        train(method, samples(), monitor(method))


def test_weights_that_overflow_in_the_last_step_diverge():
    """No loss is computed from them, and rows of an embedding that no further sample uses would stay infinite."""
    data = samples()
    data.x.values[...] *= 1e3
    method = descent(SGD(0.0), Schedule("constant", 1e308), max_epochs=1, hidden=(), batch_size=N)
    with pytest.raises(DivergenceError, match="weights were no longer finite in epoch 1"):
        train(method, data, monitor(method))


def test_divergence_is_a_value_error_and_comes_at_once():
    data = samples()
    data.x.values[3, 0] = np.nan
    method = descent()
    with pytest.raises(ValueError, match=r"in epoch 1, at a learning rate of 0\.01"):
        train(method, data, monitor(method))


def interrupting(epoch):
    def on_epoch(history: History) -> bool:
        if history.n_epochs == epoch:
            raise KeyboardInterrupt
        return False

    return on_epoch


def test_an_interruption_keeps_the_best_so_far():
    method, after_epochs = descent(), []
    scores = scripted([1, 7, 3, 9])

    def validate():
        after_epochs.append(method.objective.weights.vector.copy())
        return scores()

    with pytest.warns(UserWarning, match="interrupted after 3 epochs; the best weights so far are kept"):
        history = train(method, samples(), monitor(method, validate=validate, observers=[Calls(interrupting(3))]))
    assert history.n_epochs == 3
    np.testing.assert_array_equal(method.objective.weights.vector, after_epochs[1])


def test_an_interruption_before_anything_is_kept_is_passed_on():
    def interrupted(history):
        raise KeyboardInterrupt

    method = descent()
    with pytest.raises(KeyboardInterrupt):
        train(method, samples(), monitor(method, observers=[Calls(starts=interrupted)]))


def test_a_good_training_warns_of_nothing():
    method = descent()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(method, samples(), monitor(method))
