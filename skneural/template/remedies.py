"""Advice in messages about a training that diverged or has not converged."""

from __future__ import annotations

import numpy as np

from skneural.layers import Standardization
from skneural.layers.traversal import named
from skneural.template.problem import Problem
from skneural.template.settings import TrainingSettings


def scaling_advice(problem: Problem) -> str:
    """The scaling of X that would help, as a noun; empty if the network scales it already, or X is not numbers."""
    network = problem.network
    layers = (layer for _, layer, _ in named(network.layer, network.layout.declared))
    return "" if any(isinstance(layer, Standardization) for layer in layers) else problem.reader.scaling_advice


def precision_advice(problem: Problem) -> str:
    """A noun for more precision; empty if training is in double precision already."""
    return "X in float64" if problem.start.vector.dtype == np.float32 else ""


def divergence_advice(problem: Problem, settings: TrainingSettings) -> str:
    """A sentence about what to try when training diverges with these settings."""
    scaling = scaling_advice(problem)
    if settings.solver == "lbfgs":
        return f"Try {alternatives(scaling, precision_advice(problem), 'another solver')}."
    limit = "max_grad_norm=1.0" if settings.max_grad_norm is None else "a smaller max_grad_norm"
    return f"Try {alternatives('a smaller learning_rate_init', scaling, limit)}."


def alternatives(*words: str) -> str:
    """The words that are not empty, joined by commas and "or"."""
    *first, last = [word for word in words if word]
    return f"{', '.join(first)} or {last}" if first else last
