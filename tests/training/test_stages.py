from types import SimpleNamespace

import pytest

from skneural.training.stages import Stages


@pytest.mark.parametrize(
    ("told_to_stop", "satisfied", "expected"),
    [(False, False, ["first", "between", "second"]), (True, False, ["first"]), (False, True, ["first"])],
)
def test_methods_run_in_order_until_training_should_stop(told_to_stop, satisfied, expected):
    done = []
    watch = SimpleNamespace(told_to_stop=told_to_stop, stopping=SimpleNamespace(satisfied=satisfied))

    def method(name):
        return SimpleNamespace(run=lambda samples, watch: done.append(name))

    Stages([method("first"), method("second")], lambda samples: done.append("between")).run("samples", watch)
    assert done == expected
