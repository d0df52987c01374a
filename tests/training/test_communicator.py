"""Members that communicate, each in a thread."""

import threading

import numpy as np
import pytest

from skneural.training.communicator import (
    ALONE,
    any_member,
    communicating,
    failing_together,
    from_first,
    present_communicator,
)
from skneural.training.threads import Shards


def of_members(function, n=3):
    """Results of a function of a communicator, for all members."""
    with Shards(n) as shards:
        return shards.run(lambda rank: function(shards.member(rank)), n)


def outcome(function):
    try:
        return function()
    except Exception as error:
        return error


@pytest.mark.parametrize("n", [1, 2, 3])
def test_members_know_their_number(n):
    assert of_members(lambda member: (member.rank, member.size), n) == [(rank, n) for rank in range(n)]


@pytest.mark.parametrize("in_place", [False, True])
def test_all_members_receive_the_same_bits(in_place):
    def summed(member):
        array = 0.1 * np.random.default_rng(member.rank).normal(size=50)
        return member.sum(array, out=array) if in_place else member.sum(array)

    first, *others = of_members(summed)
    expected = sum(0.1 * np.random.default_rng(rank).normal(size=50) for rank in range(3))
    np.testing.assert_allclose(first, expected, rtol=1e-12)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_shards_of_several_members_are_summed_together():
    """Two members with two threads each."""

    def summed(member):
        with Shards(2) as inner:
            return inner.run(
                lambda k: [inner.member(k, member).sum(np.array([10.0 * member.rank + k])) for _ in "ab"], 2
            )

    assert of_members(summed, 2) == [[[22.0, 22.0], [22.0, 22.0]]] * 2


@pytest.mark.parametrize("rank", [0, 2])
def test_the_value_of_one_member_is_received_by_all(rank):
    assert of_members(lambda member: member.broadcast(str(member.rank), rank)) == [str(rank)] * 3


@pytest.mark.parametrize("raised", [(), (1,), (0, 2)])
def test_a_flag_of_any_member_counts(raised):
    assert of_members(lambda member: any_member(member, member.rank in raised)) == [bool(raised)] * 3


class WithoutPickleError(Exception):
    def __init__(self, message):
        super().__init__(message)
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("error", "received"), [(KeyError("planted"), KeyError), (WithoutPickleError("planted"), RuntimeError)]
)
def test_an_error_of_one_member_is_raised_in_all(error, received):
    def failing(member):
        with failing_together(member):
            if member.rank == 1:
                raise error
        return "no error"

    first, second, third = of_members(lambda member: outcome(lambda: failing(member)))
    assert second is error
    assert type(first) is type(third) is received
    assert "planted" in str(first)
    assert "process 1 of 3" in first.__notes__[0]


def test_only_the_first_member_computes_what_is_asked_of_it_and_alone():
    calls = []

    def asked(member):
        with communicating(member):
            return from_first(member, lambda: calls.append((member.rank, present_communicator())) or "result")

    assert of_members(asked) == ["result"] * 3
    assert calls == [(0, ALONE)]


def test_the_present_communicator_is_that_of_the_block():
    assert present_communicator() is ALONE
    with Shards(1) as shards, communicating(shards.member(0)) as _:
        assert present_communicator() is not ALONE
    assert present_communicator() is ALONE


def test_a_single_member_communicates_with_nobody():
    array, out = np.ones(3), np.zeros(3)
    assert ALONE.sum(array) is array
    assert ALONE.sum(array, out=out) is out
    np.testing.assert_array_equal(out, array)
    assert ALONE.broadcast("value") == "value"
    assert any_member(ALONE, True)
    assert from_first(ALONE, lambda: 3) == 3
    ALONE.leave()
