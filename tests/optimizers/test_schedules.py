import math

import pytest

from skneural.optimizers import SCHEDULES, Schedule
from skneural.testing import check_schedule

# schedule -> (fraction of training, rows seen, plateaus) -> factor
SCHEDULE_CASES = {
    "constant": {(0.0, 0, 0): 1.0, (0.5, 1000, 2): 1.0, (1.0, 9999, 5): 1.0},
    "invscaling": {(0.0, 0, 0): 1.0, (0.5, 99, 0): 0.1, (1.0, 9999, 3): 0.01},
    "adaptive": {(0.0, 0, 0): 1.0, (0.5, 100, 1): 0.2, (1.0, 100, 3): 0.008},
    "linear": {(0.0, 0, 0): 1.0, (0.25, 9, 1): 0.75, (1.0, 100, 0): 0.0},
    "cosine": {(0.0, 0, 0): 1.0, (0.25, 1, 1): 0.5 + math.sqrt(0.125), (0.5, 100, 0): 0.5, (1.0, 100, 0): 0.0},
    "one_cycle": {(0.0, 0, 0): 0.04, (0.15, 9, 1): 0.52, (0.3, 9, 0): 1.0, (0.65, 9, 0): 0.500005, (1.0, 9, 0): 1e-5},
}


def test_every_schedule_has_a_row():
    assert set(SCHEDULE_CASES) == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULE_CASES)
def test_schedule_values(name):
    for moment, factor in SCHEDULE_CASES[name].items():
        assert Schedule(name, 0.3).rate(*moment) == pytest.approx(0.3 * factor, abs=1e-12)


@pytest.mark.parametrize("function", SCHEDULES.values(), ids=SCHEDULES)
def test_follows_the_contract_of_schedules(function):
    check_schedule(function)


def test_functions_have_the_place_of_names():
    for name, function in SCHEDULES.items():
        for moment in SCHEDULE_CASES[name]:
            assert Schedule(function, 0.3, warmup=0.2).rate(*moment) == Schedule(name, 0.3, warmup=0.2).rate(*moment)
        assert Schedule(function, 0.3).ends_with_training == Schedule(name, 0.3).ends_with_training
        assert Schedule(function, 0.3).changes_within_epoch


@pytest.mark.parametrize("name", SCHEDULE_CASES)
def test_warmup_rises_along_a_straight_line_to_the_schedule(name):
    schedule, plain = Schedule(name, 0.3, warmup=0.2), Schedule(name, 0.3)
    for fraction, share in [(0.0, 0.0), (0.05, 0.25), (0.1, 0.5), (0.2, 1.0), (0.7, 1.0), (1.0, 1.0)]:
        assert schedule.rate(fraction, 50, 1) == pytest.approx(share * plain.rate(fraction, 50, 1), abs=1e-12)


@pytest.mark.parametrize("warmup", [0.0, 0.2])
@pytest.mark.parametrize("name", SCHEDULE_CASES)
def test_a_schedule_says_whether_it_changes_within_an_epoch(name, warmup):
    schedule = Schedule(name, 1.0, warmup=warmup)
    changes = len({schedule.rate(fraction, 10, 1) for fraction in (0.1, 0.4, 0.6)}) > 1
    assert schedule.changes_within_epoch == changes


def test_power_t_is_the_exponent_of_invscaling():
    assert Schedule("invscaling", 2.0, power_t=0.25).rate(0.0, 15, 0) == pytest.approx(1.0)


@pytest.mark.parametrize("warmup", [0.0, 0.2])
def test_only_adaptive_outlives_plateaus_until_its_rate_is_tiny(warmup):
    adaptive = Schedule("adaptive", 1e-3, warmup=warmup)
    assert [adaptive.outlives_plateau(n) for n in range(7)] == [True] * 5 + [False] * 2
    for name in set(SCHEDULE_CASES) - {"adaptive"}:
        assert not Schedule(name, 1e-3, warmup=warmup).outlives_plateau(0)
