"""Updates of the weights after each batch: of all of them, or of the rows of tables that the batch reads."""

from __future__ import annotations

import numpy as np

from skneural.data import Samples
from skneural.losses.loss import Value
from skneural.ops.blocks import slices
from skneural.ops.types import Array
from skneural.optimizers import Optimizer
from skneural.optimizers.optimizer import Drift, ElementwiseOptimizer, State, blocks
from skneural.parameters import Piece
from skneural.training.objective import Objective

# Steps after which all rows make up for the steps without a gradient, which bounds the record of these steps.
MOST_STEPS = 1024

# Rows of a table that make up for steps at once.
TABLE_ROWS_AT_ONCE = 1024


class Updates:
    """Updates of all weights.

    Parameters
    ----------
    objective : Objective
    optimizer : Optimizer
    state : dict
        State of the optimizer, updated in place.
    """

    def __init__(self, objective: Objective, optimizer: Optimizer, state: State) -> None:
        self.objective, self.optimizer, self.state = objective, optimizer, state

    def value(self, batch: Samples) -> Value:
        """Compute the objective of a batch, and its gradient."""
        return self.objective(batch)

    def update(self, rate: float) -> None:
        """Take a step along the gradient with this learning rate."""
        weights = self.objective.weights
        self.optimizer.update(weights.vector, self.objective.gradient, self.state, rate)

    def finish(self) -> None:
        """Complete the weights, at the end of an epoch."""


class RowUpdates(Updates):
    """Updates of the rows of tables that a batch reads, and of all weights that are not in tables.

    The gradient of all other rows is zero, but momentum would move them, and moments decay. Rows make up for that
    before the next batch that reads them, and all of them at the end of an epoch, so that the result is the same. Rows
    that no batch has read have moments of zero, and stay where they are unless the weights decay.

    Parameters
    ----------
    objective : Objective
    optimizer : ElementwiseOptimizer
    state : dict
        State of the optimizer, updated in place.
    drift : Drift
        Record of at most `MOST_STEPS` steps.
    """

    def __init__(self, objective: Objective, optimizer: ElementwiseOptimizer, state: State, drift: Drift) -> None:
        super().__init__(objective, optimizer, state)
        self._elementwise, self._drift = optimizer, drift
        self._n_steps = 0
        tables = objective.weights.layout.tables
        self._complete_since = {name: np.zeros(n, np.intp) for name, n in tables.items()}
        # Texts have few of the tokens of a large vocabulary: with 689 of 200 000, a fit takes 1.5 s instead of 9.
        self._moving = {name: self._have_moments(name, n) for name, n in tables.items()}
        self._used: list[tuple[Piece, list[Array]]] = []  # weights and moments that the batch uses

    def value(self, batch: Samples) -> Value:
        rows = self.objective.rows_of(batch)
        self._used = [(piece, self._complete(piece)) for piece in self.objective.weights.layout.pieces(rows)]
        return self.objective(batch, rows)

    def update(self, rate: float) -> None:
        optimizer, gradient = self._elementwise, self.objective.gradient
        step = optimizer.step(self.state, rate, gradient.dtype)
        for piece, (weights, *moments) in self._used:
            if optimizer.decays(piece.whole.stop):
                step.decay(weights)
            flat = (array.reshape(-1) for array in (weights, *moments))
            for w, *m, g in blocks(*flat, gradient[piece.part]):
                step.apply(w, g, *m)
        self._drift.advance(step)
        self._n_steps += 1
        self._put_back()
        if self._n_steps == MOST_STEPS:
            self.finish()

    def finish(self) -> None:
        self._put_back()  # after an interrupt
        layout = self.objective.weights.layout
        for name, since in self._complete_since.items():
            decay = self._elementwise.decays(layout.rows_of_table(name, np.empty(0, np.intp)).whole.stop)
            behind = np.flatnonzero((since < self._n_steps) & (decay | self._moving[name]))
            for part in slices(len(behind), TABLE_ROWS_AT_ONCE):
                piece = layout.rows_of_table(name, behind[part])
                self._used = [(piece, self._complete(piece))]
                self._put_back()
            since[:] = 0
        self._n_steps = 0
        self._drift.start()

    def _complete(self, piece: Piece) -> list[Array]:
        """Weights and moments of a piece after all steps; only the weights of rows are written back."""
        vectors = self._vectors()
        values = [piece.of(vector) for vector in vectors]
        if piece.rows is not None and self._n_steps:
            since = self._complete_since[piece.name][piece.rows]
            self._drift.apply(since, self._elementwise.decays(piece.whole.stop), *values)
            piece.put(vectors[0], values[0])
        return values

    def _put_back(self) -> None:
        """Write the rows that the batch uses, and their moments, which are now complete."""
        for piece, values in self._used:
            if piece.rows is not None:
                for vector, changed in zip(self._vectors(), values, strict=True):
                    piece.put(vector, changed)
                self._complete_since[piece.name][piece.rows] = self._n_steps
                self._moving[piece.name][piece.rows] = True
        self._used = []

    def _have_moments(self, name: str, n_rows: int) -> Array:
        """True for the rows of a table with a moment that is not zero, of shape (n_rows,)."""
        moving = np.zeros(n_rows, bool)
        for part in slices(n_rows, TABLE_ROWS_AT_ONCE):
            piece = self.objective.weights.layout.rows_of_table(name, np.arange(part.start, part.stop))
            for moment in self._vectors()[1:]:
                moving[part] |= piece.of(moment).any(axis=1)
        return moving

    def _vectors(self) -> list[Array]:
        return [self.objective.weights.vector, *(self.state[name] for name in self._elementwise.moments)]


def updates_of(objective: Objective, optimizer: Optimizer, state: State) -> Updates:
    """Updates by rows if the network has large tables, and the optimizer can leave out the rows of other batches."""
    if objective.weights.layout.tables and isinstance(optimizer, ElementwiseOptimizer):
        drift = optimizer.drift(MOST_STEPS)
        if drift is not None:
            return RowUpdates(objective, optimizer, state, drift)
    return Updates(objective, optimizer, state)
