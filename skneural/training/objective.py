"""Training objective: the mean loss of a batch plus the L2 penalty."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from skneural.data import Samples
from skneural.layers.layer import SMALL_BATCH, WHOLE_BATCH, Context, Layer, Shard
from skneural.layers.traversal import rows_read
from skneural.losses.loss import Loss, Value
from skneural.ops.memory import empty_like
from skneural.ops.types import Array
from skneural.parameters import Piece, Weights
from skneural.training.communicator import ALONE, Communicator
from skneural.training.division import rows_of_process, shard_of
from skneural.training.interrupts import agree_on_interrupt, interrupt_noted
from skneural.training.threads import Shards


class Objective:
    """Mean loss of a batch plus ``penalty / 2`` times the sum of squares of the penalized weights.

    Parameters
    ----------
    network : Layer
    loss : Loss
    weights : Weights
        Weights, whose gradient is computed by each call.
    penalty : float, default=0.0
        Strength of the L2 penalty.
    shards : Shards, default=one shard
        Shards of a batch, which are computed in parallel; the gradient vectors of all shards are added.
    communicator : Communicator, default=ALONE
        Processes, each of which computes the shards of its part of a batch; the gradients of all are added.

    Attributes
    ----------
    gradient : array
        Gradient by the last call, of all weights, or of those that its batch uses.
    """

    def __init__(
        self,
        network: Layer,
        loss: Loss,
        weights: Weights,
        penalty: float = 0.0,
        shards: Shards | None = None,
        communicator: Communicator = ALONE,
    ) -> None:
        self.network = network
        self.loss = loss
        self.weights = weights
        self.penalty = penalty
        self.shards = shards or Shards(1)
        self.communicator = communicator
        others = [np.zeros_like(weights.gradient) for _ in range(self.shards.n_shards - 1)]
        self._whole_gradients = [weights.gradient, *others]
        self._whole_trees = [weights.gradient_tree, *(weights.layout.views(gradient) for gradient in others)]
        tables = weights.layout.tables
        self._is_read = {name: np.zeros(n, bool) for name, n in tables.items()}
        self._places = {name: np.zeros(n, np.intp) for name, n in tables.items()}
        self._choose(None)
        self._rngs: list[np.random.Generator] = []

    def start_epoch(self, rngs: list[np.random.Generator]) -> None:
        """Set the random generators of an epoch: one per shard, all in the same state."""
        self._rngs = rngs

    @property
    def gradient(self) -> Array:
        return self._gradients[0]

    def rows_of(self, batch: Samples) -> dict[str, Array]:
        """Numbers of the rows that a batch reads, for each table; all rows of tables that are no first layer."""
        rows = {}
        read = [rows_read(self.network, part.x.as_batch()[0]) for part in batch.parts()]
        for name, is_read in self._is_read.items():
            is_read[:] = name not in read[0]
            for tokens in (of_part[name] for of_part in read if name in of_part):
                is_read[tokens] = True
            rows[name] = np.flatnonzero(is_read)
        return rows

    def __call__(self, batch: Samples, rows: Mapping[str, Array] | None = None) -> Value:
        """Compute the objective of a batch, one value per output if the loss separates them, and the gradient.

        With the `rows` of tables that the batch reads, the gradient is that of the weights that it uses, in the order
        of `Layout.pieces`, and the penalty is that of these weights.
        """
        self._choose(rows)
        first, *others = batch.parts()
        value = self._one_part(first, batch.total)
        if others:
            gradient = self.gradient.copy()
            for part in others:
                self._align_generators()
                value = value + self._one_part(part, batch.total)
                gradient += self.gradient
            self.gradient[...] = gradient
        if self.communicator.size > 1:
            value = self._of_all_processes(value)
        return self._penalized(value)

    def _of_all_processes(self, value: Value) -> Value:
        """Add the values and gradients of all processes; they also agree on an interrupt that one of them has noted."""
        self.communicator.sum(self.gradient, out=self.gradient)
        summed = self.communicator.sum(np.append(np.asarray(value, np.float64), interrupt_noted()))
        if summed[-1]:
            agree_on_interrupt()
        return summed[:-1] if isinstance(value, np.ndarray) else float(summed[0])

    def _one_part(self, part: Samples, total: float) -> Value:
        """Loss and gradient of samples that are padded to the same length: of the part of this process, if it has one.

        Of several processes, all compute a part that cannot be divided, and the results of the first one count.
        """
        if self.communicator.size == 1:
            if self.shards.n_shards == 1:
                return self._one_shard(part, 0, WHOLE_BATCH, total)
            return self._in_shards(part, slice(0, len(part)), ALONE, total)
        rows = rows_of_process(part.x, self.communicator)
        if rows is not None:
            return self._in_shards(part, rows, self.communicator, total)
        value = self._in_shards(part, slice(0, len(part)), ALONE, total)
        if self.communicator.rank > 0:
            self.gradient.fill(0.0)
            value = 0.0 * value
        return value

    def _in_shards(self, part: Samples, rows: slice, across: Communicator, total: float) -> Value:
        """Loss and gradient of some rows of a part, in one shard or several."""
        n = rows.stop - rows.start
        shards = self.shards.rows(n) if self.shards.n_shards > 1 else [slice(0, n)]
        if len(shards) == 1 and n == len(part):
            return self._one_shard(part, 0, WHOLE_BATCH, total)
        shards = [slice(rows.start + shard.start, rows.start + shard.stop) for shard in shards]
        return self._all_shards(part.with_common_width(), shards, across, total)

    def _align_generators(self) -> None:
        """Set all generators to the state of the first, because a part of few samples may not have used the others."""
        for rng in self._rngs[1:]:
            rng.bit_generator.state = self._rngs[0].bit_generator.state

    def _one_shard(self, part: Samples, number: int, shard: Shard, total: float) -> Value:
        x, batch_info = part.x.as_batch()
        batch = batch_info._replace(sample_weight=part.sample_weight, total=total)
        small = (len(part) if shard.samples is None else shard.samples.of) < SMALL_BATCH
        context = Context(self._rngs[number], batch, shard, shared_draws=small, penalties=[])
        raw, backward = self.network.forward(self.weights.tree, x, context)
        value, d_raw = self.loss.value_and_gradient(part.y.values, raw, part.target_weight, total)
        backward(d_raw, self._trees[number])
        return value + sum(context.penalties or ())

    def _all_shards(self, part: Samples, shards: list[slice], across: Communicator, total: float) -> Value:
        def run(number: int) -> Value:
            rows = shards[number]
            shard = shard_of(part.x, rows, self.shards.member(number, across))
            return self._one_shard(part.part(rows), number, shard, total)

        values = self.shards.run(run, len(shards))
        for gradient in self._gradients[1 : len(shards)]:
            self.gradient[...] += gradient
        return sum(values[1:], values[0])

    def _penalized(self, value: Value) -> Value:
        if not self.penalty:
            return value
        for piece in self._pieces:
            penalized = piece.of(self.weights.vector).reshape(-1)
            self.gradient[piece.part] += np.multiply(penalized, self.penalty, out=empty_like(penalized))
            value = value + 0.5 * self.penalty * float(penalized @ penalized)
        return value

    def _choose(self, rows: Mapping[str, Array] | None) -> None:
        """Make the gradient that of the weights that a batch uses, which reads these rows; None: of all weights."""
        layout = self.weights.layout
        if rows is None:
            penalized = slice(0, layout.n_penalized)
            self._gradients, self._trees = self._whole_gradients, self._whole_trees
            self._pieces = [Piece("", penalized, penalized, None)]
            return
        pieces = layout.pieces(rows)
        self._pieces = [piece for piece in pieces if piece.whole.stop <= layout.n_penalized]
        for name, numbers in rows.items():
            self._places[name][numbers] = np.arange(len(numbers))
        self._gradients = [gradient[: pieces[-1].part.stop] for gradient in self._whole_gradients]
        self._trees = [layout.gradient_views(gradient, rows, self._places) for gradient in self._gradients]
