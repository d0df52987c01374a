"""Full-batch training by L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, minimize

from skneural.data import Samples
from skneural.losses.loss import Value
from skneural.ops.types import Array
from skneural.parameters import Weights
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.threads import quiet_scipy
from skneural.training.train import Watch, ensure_finite


@dataclass
class LBFGS:
    """Training on all samples at once with SciPy's L-BFGS-B (Byrd et al. 1995); an epoch is one iteration.

    Parameters
    ----------
    objective : Objective
    seeds : Seeds
        Dropout masks and what else is drawn stay the same throughout, because a line search needs one function.
    max_epochs : int
    max_fun : int
        Most evaluations of the objective.
    tol : float
        Stop when no element of the gradient exceeds this.
    n_corrections : int, default=10
        Past steps from which the curvature is guessed.
    relative_tol : float, default=1.4e-14
        Stop when an iteration lowers the value by less than this share of it, or of one if that is more.
    """

    objective: Objective
    seeds: Seeds
    max_epochs: int
    max_fun: int
    tol: float
    n_corrections: int = 10
    relative_tol: float = 64 * float(np.finfo(np.float64).eps)

    def run(self, samples: Samples, watch: Watch) -> None:
        """Minimize until converged, or until `watch` says stop or the iterations are used up."""
        objective, weights = self.objective, self.objective.weights
        value: Value = 0.0
        samples = samples.resample(self.seeds.generator("draws"))

        def value_and_gradient(vector: Array) -> tuple[float, Array]:
            nonlocal value
            weights.vector[...] = vector
            objective.start_epoch([self.seeds.generator("dropout") for _ in range(objective.shards.n_shards)])
            value = objective(samples)
            watch.interrupts.check()
            return float(np.mean(value)), weights.gradient.astype(np.float64)

        def end_of_iteration(intermediate_result: Any) -> None:
            # The line search accepts the point that it evaluated last: `value` and the weights are of this iterate.
            ensure_finite(intermediate_result.fun, watch.history.n_epochs + 1)
            if watch.epoch_ends(value):
                raise StopIteration
            if watch.history.n_epochs < self.max_epochs:
                watch.epoch_starts()

        start = weights.vector.astype(np.float64)
        ensure_finite(value_and_gradient(start)[0], 1)
        options = {
            "maxiter": self.max_epochs,
            "maxfun": self.max_fun,
            "maxcor": self.n_corrections,
            "maxls": 50,
            "gtol": self.tol,
            "ftol": self.relative_tol,
        }
        watch.epoch_starts()
        with quiet_scipy():
            result = minimize(
                value_and_gradient,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=_bounds(weights),
                callback=end_of_iteration,
                options=options,
            )
        if not watch.history.n_epochs:  # the start was the minimum already
            watch.epoch_ends(value)
        watch.history.converged |= result.success
        watch.history.n_evaluations += result.nfev


def _bounds(weights: Weights) -> Bounds | None:
    """Limits of the parameters that have some."""
    if not weights.layout.limits:
        return None
    most = np.full(weights.layout.size, np.inf)
    for part, limit in weights.layout.limits:
        most[part] = limit
    return Bounds(-most, most)
