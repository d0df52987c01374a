"""Memory that a worker keeps between steps."""

import sys

import numpy as np
import pytest

from skneural.distributed import heap

resource = pytest.importorskip("resource")


def page_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(50):
        np.empty(1 << 18).fill(1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of the C library of Linux")
def test_freed_memory_is_kept_where_the_environment_forbids_it(monkeypatch):
    monkeypatch.setenv(heap.ENVIRONMENT, "65536")
    heap._set({heap.M_TRIM_THRESHOLD: 65536, heap.M_MMAP_THRESHOLD: heap.DEFAULT})
    returned = page_faults()
    with heap.freed_memory_kept():
        np.empty(1 << 18).fill(1.0)
        kept = page_faults()
    assert kept < returned / 10
    assert page_faults() > returned / 2


@pytest.mark.parametrize("value", ["", "many"])
def test_the_default_is_left_alone(value, monkeypatch):
    monkeypatch.setenv(heap.ENVIRONMENT, value)
    monkeypatch.setattr(heap, "_set", None)
    with heap.freed_memory_kept():
        pass
