"""One run of `fit` or `partial_fit`, as a value that its steps hand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from skneural.data import Samples
from skneural.layers import Chain
from skneural.losses import Loss
from skneural.parameters import Layout, Weights
from skneural.training.interrupts import Interrupts
from skneural.training.train import Observer, Watch


class Data(NamedTuple):
    """Checked and encoded samples; `y` is what was given, for scorers: None where there are no targets."""

    samples: Samples
    y: np.ndarray | None

    def take(self, rows: np.ndarray) -> Data:
        return Data(self.samples.take(rows), None if self.y is None else self.y[rows])


class Network(NamedTuple):
    """A network and the places of its parameters; both follow from `network_arguments_`."""

    layer: Chain
    layout: Layout

    @classmethod
    def of(cls, layer: Chain) -> Network:
        return cls(layer, Layout(layer.parameters()))


class Mode(NamedTuple):
    """How a run trains.

    Attributes
    ----------
    continuing : bool
        Whether it goes on from a fitted model.
    one_pass : bool
        Whether it passes over the data exactly once, as `partial_fit` does.
    """

    continuing: bool
    one_pass: bool = False


@dataclass
class Run:
    """One run: each step of the template reads what the steps before it have set.

    Attributes
    ----------
    mode : Mode
    data : Data
        For training.
    loss : Loss
    weights : Weights
        In training.
    optimizer_state : dict
        Changed in place.
    held_out : Data or None
        For deciding when to stop.
    observers : sequence of Observer
        Told of every epoch.
    epochs_before : int
        Epochs of the stages before this one.
    interrupts : Interrupts
        Of all stages.
    batch_size : int
        Samples of a step.
    watch : Watch
        What happened in this stage.
    """

    mode: Mode
    data: Data
    loss: Loss
    weights: Weights
    optimizer_state: dict[str, Any] = field(default_factory=dict)
    held_out: Data | None = None
    observers: Sequence[Observer] = ()
    epochs_before: int = 0
    interrupts: Interrupts = field(default_factory=Interrupts)
    batch_size: int = field(init=False)
    watch: Watch = field(init=False)

    @property
    def samples(self) -> Samples:
        return self.data.samples
