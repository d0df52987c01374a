import gc
import threading
import types
import weakref

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from skneural.ops import memory

SHAPE = (4, 8, 16, 64)  # 131 kB in float32


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_that_is_free_is_used_again():
    with memory.recycling():
        first = memory.empty(SHAPE, np.float32)
        place = address(first)
        del first
        assert address(memory.empty((64, 16, 32), np.float32)) == place  # as many bytes, whatever the shape


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x[1:, ::2],
        lambda x: x.reshape(-1, 64),
        lambda x: x.transpose(3, 0, 2, 1),
        lambda x: x.reshape(-1, 64).T[3:],
        lambda x: x[..., np.newaxis],
        lambda x: np.broadcast_to(x, (2, *SHAPE)),
        lambda x: as_strided(x, (2, 2), (4, 4)),
        lambda x: sliding_window_view(x, 3, axis=2),
        lambda x: x.view(np.int32),
        lambda x: np.asarray(memoryview(x)),
        lambda x: np.split(x, 2)[1],
        lambda x: lambda: x,
    ],
)
def test_memory_is_not_used_again_while_anything_refers_to_it(view):
    with memory.recycling():
        array = memory.empty(SHAPE, np.float32)
        place, kept = address(array), view(array)
        del array
        gc.collect()
        others = [memory.empty(SHAPE, np.float32) for _ in range(3)]
        assert place not in [address(array) for array in others]
        del kept
        assert address(memory.empty(SHAPE, np.float32)) == place


def test_a_smaller_array_may_have_the_memory_and_a_much_smaller_one_may_not():
    with memory.recycling():
        array = memory.empty(SHAPE, np.float32)
        place = address(array)
        del array
        assert address(memory.empty((4, 8, 16, 40), np.float32)) == place
        assert address(memory.empty((4, 8, 16, 31), np.float32)) != place


def test_no_more_memory_waits_than_was_in_use_at_once():
    with memory.recycling():
        for steps in range(100, 2000, 7):  # increasing sizes
            memory.empty((steps, 1000), np.float32)
        pool = memory._thread.pool
        pool.reclaim()
        assert pool.lent == 0
        assert not pool.loans
        assert pool.waiting == sum(len(block) for blocks in pool.blocks.values() for block in blocks)
        assert pool.waiting <= pool.most_lent <= 2000 * 1000 * 4


def test_arrays_that_live_at_the_same_time_do_not_overlap():
    with memory.recycling():
        arrays = [memory.empty(SHAPE, np.float32) for _ in range(5)]
        for i, array in enumerate(arrays):
            array.fill(i)
        assert [array.mean() for array in arrays] == [0, 1, 2, 3, 4]


def test_each_thread_has_a_separate_pool():
    with memory.recycling():
        array = memory.empty(SHAPE, np.float32)
        place = address(array)
        del array
        places = []

        def allocate():
            memory.start_recycling()
            places.append(address(memory.empty(SHAPE, np.float32)))

        thread = threading.Thread(target=allocate)
        thread.start()
        thread.join()
        assert places != [place]


def test_small_arrays_and_threads_that_do_not_recycle_get_ordinary_ones():
    assert memory.empty(SHAPE, np.float32).flags.owndata
    with memory.recycling():
        assert memory.empty((10,), np.float32).flags.owndata
        assert not memory.empty(SHAPE, np.float32).flags.owndata
    assert memory.empty(SHAPE, np.float32).flags.owndata


def test_an_inner_block_leaves_the_memory_of_the_outer_one():
    with memory.recycling():
        array = memory.empty(SHAPE, np.float32)
        place = address(array)
        with memory.recycling():
            pass
        del array
        assert address(memory.empty(SHAPE, np.float32)) == place


def test_no_python_code_runs_when_an_array_goes():
    """There, an interrupt would be printed and lost."""
    with memory.recycling():
        array = memory.empty(SHAPE, np.float32)
        (loan,) = memory._thread.pool.loans.values()
        assert isinstance(loan.__callback__, types.BuiltinMethodType)
        del array
        assert list(memory._thread.pool.ended) == [loan]


def test_memory_is_given_back_to_the_system_at_the_end_of_the_block():
    gc.disable()
    try:
        with memory.recycling():
            kept, gone = (memory.empty(SHAPE, np.float32) for _ in range(2))
            pool = weakref.ref(memory._thread.pool)
            del gone
        assert pool() is None
        assert kept.shape == SHAPE
    finally:
        gc.enable()


def test_an_array_may_outlive_the_block():
    with memory.recycling():
        array = memory.empty(SHAPE, np.float32)
        array.fill(3)
    del_me = [np.full(SHAPE, 5, np.float32) for _ in range(10)]
    assert (array == 3).all()
    assert len(del_me) == 10


@pytest.mark.parametrize("dtype", [np.float32, np.float64, bool])
def test_shape_dtype_and_order(dtype):
    with memory.recycling():
        array = memory.empty(SHAPE, dtype)
        assert (array.shape, array.dtype) == (SHAPE, np.dtype(dtype))
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.flags.aligned
        like = memory.empty_like(array.transpose(3, 2, 1, 0))
        assert like.shape == SHAPE[::-1]
        assert like.flags.c_contiguous
        assert not memory.zeros(SHAPE, dtype).any()
