"""Training in consecutive stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skneural.data import Samples
from skneural.training.train import Method, TrainingMonitor


@dataclass
class ConsecutiveMethods:
    """Training by several methods, one after another.

    Parameters
    ----------
    methods : sequence of Method
    between : callable
        Function that is called with the samples before each method except the first.
    """

    methods: Sequence[Method]
    between: Callable[[Samples], None]

    def run(self, samples: Samples, monitor: TrainingMonitor) -> None:
        """Run all methods, or those up to a request of `monitor` to stop."""
        for i, method in enumerate(self.methods):
            if i:
                self.between(samples)
            method.run(samples, monitor)
            if monitor.stop_requested or monitor.stopping.should_stop:
                return
