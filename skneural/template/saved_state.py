"""State of estimators in files: the version that wrote it, the names of its parameters, and conversion of older states.

A file holds the attributes of an estimator and what `with_version` adds. If a new version needs other attributes, it
increases `FORMAT` by one and gains a function in `CONVERSIONS` that makes a state of the last format one of the new.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from skneural.exceptions import InconsistentVersionWarning
from skneural.ops.types import Array
from skneural.parameters import Layout
from skneural.user_warnings import issue_warning
from skneural.version import __version__

EstimatorState = dict[str, Any]
Shapes = dict[str, tuple[int, ...]]
FORMAT = 1


class SavedState(NamedTuple):
    """State from a file, and the version of skneural that wrote it, or None if the file does not tell."""

    state: EstimatorState
    version: str | None


def with_version(state: EstimatorState) -> EstimatorState:
    """State for a file, with the version of skneural and the format."""
    return state | {"_skneural_version": __version__, "_state_format": FORMAT}


def converted(estimator_name: str, state: EstimatorState) -> SavedState:
    """The state of a file in the present format.

    Raises
    ------
    ValueError
        If a later version of skneural wrote the file in a format that this one does not know.

    Warns
    -----
    InconsistentVersionWarning
        If the state had to be converted.
    """
    state = {name: in_native_byte_order(value) for name, value in state.items()}
    version, format_of_file = state.pop("_skneural_version", None), state.pop("_state_format", 0)
    if format_of_file > FORMAT:
        raise ValueError(
            f"This {estimator_name} was saved by skneural {version}, in format {format_of_file} of its files, and "
            f"skneural {__version__} reads formats up to {FORMAT}. Install skneural {version} or later."
        )
    for number in range(format_of_file, FORMAT):
        state = CONVERSIONS[number](estimator_name, state)
    if format_of_file < FORMAT:
        warning = InconsistentVersionWarning(
            estimator_name=estimator_name, current_version=__version__, original_version=version
        )
        issue_warning(warning)
    return SavedState(state, version)


def _without_names(estimator_name: str, state: EstimatorState) -> EstimatorState:
    """Convert from format 0, of files before the first release, which have neither a version nor names of parameters.

    Whether their vector of weights still has the order of the network, they cannot tell.
    """
    return state


CONVERSIONS: dict[int, Callable[[str, EstimatorState], EstimatorState]] = {0: _without_names}


def names_and_shapes(layout: Layout) -> EstimatorState:
    """Names and shapes of all parameters and buffers, in the order of the vectors, as entries of a state.

    Each is one string with a line for each array, because skops writes some hundred bytes for each element of a list.
    """
    return {"_parameters": _listed(layout.shapes), "_buffers": _listed(layout.buffer_shapes)}


def arranged(estimator_name: str, saved: SavedState, layout: Layout) -> EstimatorState:
    """Weights, buffers and optimizer state in the order of the layout of the present network.

    Parameters
    ----------
    estimator_name : str
    saved : SavedState
        With the entries of `names_and_shapes` for the network that was saved; without them, its order is taken to be
        the present one.
    layout : Layout
        Of the network as this version builds it.

    Returns
    -------
    state : dict
        Without the entries of `names_and_shapes`.

    Raises
    ------
    ValueError
        If names or shapes are not those of the present network, or arrays have another size than these say.
    """
    state = dict(saved.state)
    listed, listed_buffers = (state.pop(name, None) for name in ("_parameters", "_buffers"))
    shapes = layout.shapes if listed is None else _read(listed)
    buffer_shapes = layout.buffer_shapes if listed_buffers is None else _read(listed_buffers)
    differences = _differences(shapes | buffer_shapes, layout.shapes | layout.buffer_shapes)
    if differences:
        raise ValueError(
            f"This {estimator_name} was saved by skneural {saved.version or '(version unknown)'}, and its network is "
            f"not the one that skneural {__version__} builds: {differences}. Load it with the version that saved it, "
            "or fit the model again."
        )
    _check_size(estimator_name, "weights_", state, shapes)
    _check_size(estimator_name, "buffers_", state, buffer_shapes)
    if (order := _order(shapes, layout.shapes)) is not None:
        state["weights_"] = state["weights_"][order]
        state["_optimizer_state"] = _each_vector(state["_optimizer_state"], order)
    if (order := _order(buffer_shapes, layout.buffer_shapes)) is not None:
        state["buffers_"] = state["buffers_"][order]
    return state


def _check_size(estimator_name: str, name: str, state: EstimatorState, shapes: Shapes) -> None:
    size = sum(map(math.prod, shapes.values()))
    if state[name].shape != (size,):
        raise ValueError(
            f"The file of this {estimator_name} is damaged: {name} has shape {state[name].shape}, but the network has "
            f"{size} numbers."
        )


def in_native_byte_order(value: Any) -> Any:
    """Arrays, also in dictionaries and lists, in the byte order of this machine, which is the only one for BLAS."""
    if isinstance(value, np.ndarray) and not value.dtype.isnative:
        return value.astype(value.dtype.newbyteorder("="))
    if isinstance(value, dict):
        return {key: in_native_byte_order(each) for key, each in value.items()}
    if type(value) is list and any(isinstance(each, np.ndarray | dict) for each in value):
        return list(map(in_native_byte_order, value))
    return value


def _listed(shapes: Shapes) -> str:
    return "\n".join(" ".join([name, *map(str, shape)]) for name, shape in shapes.items())


def _read(listed: str) -> Shapes:
    rows = [line.split() for line in listed.splitlines()]
    return {name: tuple(map(int, shape)) for name, *shape in rows}


def _differences(saved: Shapes, present: Shapes) -> str:
    """Parameters that are missing, added or of another shape, in words."""
    changed = [name for name in saved.keys() & present.keys() if saved[name] != present[name]]
    kinds = {
        "it no longer has": [name for name in saved if name not in present],
        "it now has": [name for name in present if name not in saved],
        "other shapes have": [f"{name} ({saved[name]}, now {present[name]})" for name in sorted(changed)],
    }
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names)


def _order(saved: Shapes, present: Shapes) -> Array | None:
    """Index of each element of the present vector in the saved one; None if the order is the same."""
    if list(saved) == list(present):
        return None
    starts = dict(zip(saved, np.cumsum([0, *map(math.prod, saved.values())])[:-1], strict=True))
    return np.concatenate([starts[name] + np.arange(math.prod(shape)) for name, shape in present.items()])


def _each_vector(state: Any, order: Array) -> Any:
    """The state of an optimizer, whose vectors have an element for each parameter, in another order."""
    if isinstance(state, dict):
        return {name: _each_vector(value, order) for name, value in state.items()}
    return state[order] if isinstance(state, np.ndarray) and state.shape == order.shape else state
