import math
import pickle

import pytest

from skneural.training import deadline as module
from skneural.training.deadline import NO_DEADLINE, Deadline


@pytest.fixture
def clock(monkeypatch):
    """The present time, which tests set."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_deadline_is_reached_at_its_moment(clock):
    deadline = Deadline.after(5.0)
    clock[0] = 104.9
    assert not deadline.reached
    clock[0] = 105.0
    assert deadline.reached


def test_no_limit_is_never_reached(clock):
    clock[0] = 1e300
    assert Deadline.after(None) == NO_DEADLINE
    assert not NO_DEADLINE.reached
    assert math.isinf(NO_DEADLINE.of_next(3).at)


def test_trainings_share_the_time_and_inherit_what_others_leave(clock):
    deadline = Deadline.after(9.0)
    assert deadline.of_next(3).at == 103.0
    clock[0] = 101.0  # the first took one second instead of three
    assert deadline.of_next(2).at == 105.0
    clock[0] = 120.0  # too late: the last has no time
    assert deadline.of_next(1).at == 120.0


def test_the_last_training_has_the_deadline_itself(clock):
    assert Deadline.after(9.0).of_next(1) == Deadline(109.0)


def test_processes_share_it():
    deadline = Deadline.after(9.0)
    assert pickle.loads(pickle.dumps(deadline)) == deadline
