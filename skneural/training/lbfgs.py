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
from skneural.training.interrupts import deliver_interrupt
from skneural.training.objective import Objective
from skneural.training.seeds import Seeds
from skneural.training.threads import single_threaded_scipy
from skneural.training.train import TrainingMonitor, ensure_finite


@dataclass
class LBFGS:
    """Full-batch training with SciPy's L-BFGS-B (Byrd et al. 1995); an epoch is one iteration.

    Parameters
    ----------
    objective : Objective
    seeds : Seeds
        Seeds of dropout masks and other random numbers. These are the same in each evaluation, because the line search
        needs a deterministic objective.
    max_epochs : int
        Maximum number of iterations.
    max_fun : int
        Maximum number of evaluations of the objective.
    tol : float
        Stop when no element of the gradient exceeds this in absolute value.
    n_corrections : int, default=10
        Number of past steps that approximate the curvature.
    relative_tol : float, default=1.4e-14
        Stop when an iteration lowers the objective by less than this fraction of its value or of one, whichever is
        greater.
    """

    objective: Objective
    seeds: Seeds
    max_epochs: int
    max_fun: int
    tol: float
    n_corrections: int = 10
    relative_tol: float = 64 * float(np.finfo(np.float64).eps)

    def run(self, samples: Samples, monitor: TrainingMonitor) -> None:
        """Minimize until convergence, a request of `monitor` to stop, or the maximum number of iterations."""
        objective, weights = self.objective, self.objective.weights
        value: Value = 0.0
        samples = samples.resample(self.seeds.generator("draws"))

        def value_and_gradient(vector: Array) -> tuple[float, Array]:
            nonlocal value
            weights.vector[...] = vector
            objective.start_epoch([self.seeds.generator("dropout") for _ in range(objective.shards.n_shards)])
            value = objective(samples)
            deliver_interrupt()
            return float(np.mean(value)), weights.gradient.astype(np.float64)

        def end_of_iteration(intermediate_result: Any) -> None:
            # The line search accepts the point that it evaluated last, so `value` and the weights are those of this
            # iterate.
            ensure_finite(intermediate_result.fun, monitor.history.n_epochs + 1)
            if monitor.epoch_ends(value):
                raise StopIteration
            if monitor.history.n_epochs < self.max_epochs:
                if monitor.is_out_of_time:
                    monitor.run_out_of_time()
                    raise StopIteration
                monitor.epoch_starts()

        start = weights.vector.astype(np.float64)
        for part in value_and_gradient(start):
            ensure_finite(part, 1)
        options = {
            "maxiter": self.max_epochs,
            "maxfun": self.max_fun,
            "maxcor": self.n_corrections,
            "maxls": 50,
            "gtol": self.tol,
            "ftol": self.relative_tol,
        }
        monitor.epoch_starts()
        with single_threaded_scipy():
            result = minimize(
                value_and_gradient,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=_bounds(weights),
                callback=end_of_iteration,
                options=options,
            )
        if not monitor.history.n_epochs:  # the initial weights are a minimum, or no step along the gradient lowers it
            value_and_gradient(start)
            monitor.epoch_ends(value)
        monitor.history.converged |= result.success
        monitor.history.n_evaluations += result.nfev


def _bounds(weights: Weights) -> Bounds | None:
    """Bounds of parameters with a limit of their absolute value; None if there are none."""
    if not weights.layout.limits:
        return None
    upper = np.full(weights.layout.size, np.inf)
    for part, limit in weights.layout.limits:
        upper[part] = limit
    return Bounds(-upper, upper)
