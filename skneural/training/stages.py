"""Training in stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skneural.data import Samples
from skneural.training.train import Method, Watch


@dataclass
class Stages:
    """One way to train after another, with something done in between.

    Parameters
    ----------
    methods : sequence of Method
    between : callable
        Called with the samples before all methods but the first.
    """

    methods: Sequence[Method]
    between: Callable[[Samples], None]

    def run(self, samples: Samples, watch: Watch) -> None:
        """Run all methods, unless `watch` is satisfied before."""
        for i, method in enumerate(self.methods):
            if i:
                self.between(samples)
            method.run(samples, watch)
            if watch.told_to_stop or watch.stopping.satisfied:
                return
