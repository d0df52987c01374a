"""An observer made of functions."""

from skneural.training.train import Observer


class Calls(Observer):
    """Observer that calls `starts` and `ends` with the history; training stops if `ends` returns True."""

    def __init__(self, ends=None, starts=None):
        self.starts, self.ends = starts, ends

    def epoch_starts(self, monitor):
        if self.starts is not None:
            self.starts(monitor.history)

    def epoch_ends(self, monitor):
        return self.ends is not None and bool(self.ends(monitor.history))
