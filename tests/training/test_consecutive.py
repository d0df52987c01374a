from types import SimpleNamespace

import pytest

from skneural.training.consecutive import ConsecutiveMethods


@pytest.mark.parametrize(
    ("stop_requested", "should_stop", "expected"),
    [(False, False, ["first", "between", "second"]), (True, False, ["first"]), (False, True, ["first"])],
)
def test_methods_run_in_order_until_training_should_stop(stop_requested, should_stop, expected):
    done = []
    monitor = SimpleNamespace(stop_requested=stop_requested, stopping=SimpleNamespace(should_stop=should_stop))

    def method(name):
        return SimpleNamespace(run=lambda samples, monitor: done.append(name))

    ConsecutiveMethods([method("first"), method("second")], lambda samples: done.append("between")).run(
        "samples", monitor
    )
    assert done == expected
