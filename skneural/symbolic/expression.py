"""Formulas as text, and as expressions of SymPy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from skneural.symbolic.fit import Fit
from skneural.symbolic.functions import Domain
from skneural.symbolic.network import Edge, EdgeNetwork

if TYPE_CHECKING:
    import sympy

Node = tuple[list[tuple[float, str]], float]  # a sum: factors and their terms, and a constant
LARGEST_DENOMINATOR = 12
EXACT = 1e-14  # relative distance within which a number counts as a fraction, or as a multiple of pi
ROUNDING = 1e-12  # smaller constants are omitted from sums with other terms
ATOM = re.compile(r"[\w.]+|[\w.]*\([^()]*\)")


def fraction_of(number: float, unit: float = 1.0) -> Fraction | None:
    """Return `number / unit` as a fraction with a small denominator, or None if it is not such a fraction."""
    if abs(number) > 1e6:
        return None
    fraction = Fraction(number / unit).limit_denominator(LARGEST_DENOMINATOR)
    return fraction if abs(number - float(fraction) * unit) <= EXACT * abs(number) else None


def names_of(formula: EdgeNetwork, feature_names: Sequence[str] | None) -> list[str]:
    """Names of the features, by default x0, x1 and so on."""
    names = [f"x{i}" for i in range(formula.n_features)] if feature_names is None else list(feature_names)
    if len(names) != formula.n_features:
        raise ValueError(
            f"feature_names has {len(names)} names, but the formula has {formula.n_features} features. Pass a name for "
            "each feature."
        )
    return names


def to_sympy(formula: EdgeNetwork, feature_names: Sequence[str] | None = None) -> Any:
    """See `Formula.to_sympy`."""
    try:
        import sympy
    except ImportError as error:
        raise ImportError('Expressions need SymPy: pip install "skneural[symbolic]".') from error
    nodes = [sympy.Symbol(name, real=True) for name in names_of(formula, feature_names)]
    for number, layer in enumerate(formula.layers):
        after = []
        for j in range(len(layer[0])):
            terms = [
                _term(sympy, row[j], z, (number, i, j)) for i, (row, z) in enumerate(zip(layer, nodes, strict=True))
            ]
            after.append(sympy.Add(*terms))
        nodes = after
    outputs = []
    for z, bias, scale, mean in zip(nodes, formula.bias, formula.y_scale, formula.y_mean, strict=True):
        outputs.append(_line(sympy, scale, z + _number(sympy, bias), mean))
    return outputs[0] if len(outputs) == 1 else outputs


def _term(sympy: ModuleType, edge: Edge, z: sympy.Expr, place: tuple[int, int, int]) -> sympy.Expr:
    if edge is None:
        return sympy.Integer(0)
    if not isinstance(edge, Fit):
        return sympy.Function("spline_{}_{}_{}".format(*place))(z)
    if edge.function.domain is Domain.CONSTANT or edge.c == 0:
        return _number(sympy, edge.d)
    argument = _line(sympy, edge.a, z, edge.b)
    return _line(sympy, edge.c, edge.function.build(sympy, argument), edge.d)


def _line(sympy: ModuleType, slope: float, z: sympy.Expr, shift: float) -> sympy.Expr:
    """Expression ``slope * z + shift``, expanded if z is a sum."""
    slope = _number(sympy, slope)
    return sympy.Add(*(slope * term for term in sympy.Add.make_args(z)), _number(sympy, shift))


def _number(sympy: ModuleType, number: float) -> sympy.Expr:
    for unit, symbol in ((1.0, 1), (np.pi, sympy.pi)):
        fraction = fraction_of(number, unit)
        if fraction is not None:
            return sympy.Rational(fraction.numerator, fraction.denominator) * symbol
    return sympy.Float(number, 17)


def to_text(formula: EdgeNetwork, feature_names: Sequence[str] | None = None, digits: int = 5) -> str:
    """See `Formula.to_text`."""
    nodes: list[Node]
    nodes = [([(1.0, name)], 0.0) for name in names_of(formula, feature_names)]
    for number, layer in enumerate(formula.layers):
        after = []
        for j in range(len(layer[0])):
            terms: list[tuple[float, str]] = []
            constant = 0.0
            for i, row in enumerate(layer):
                edge_terms, shift = _text_term(row[j], nodes[i], (number, i, j), digits)
                terms += edge_terms
                constant += shift
            after.append((terms, constant))
        nodes = after
    lines = []
    for k, (terms, constant) in enumerate(nodes):
        scale = formula.y_scale[k]
        constant = (constant + formula.bias[k]) * scale + formula.y_mean[k]
        text = _sum([(factor * scale, name) for factor, name in terms], constant, digits)
        lines.append(text if formula.n_outputs == 1 else f"y{k} = {text}")
    return "\n".join(lines)


def _text_term(
    edge: Edge, node: Node, place: tuple[int, int, int], digits: int
) -> tuple[list[tuple[float, str]], float]:
    terms, constant = node
    if edge is None:
        return [], 0.0
    if not isinstance(edge, Fit):
        return [(1.0, "spline_{}_{}_{}({})".format(*place, _sum(terms, constant, digits)))], 0.0
    if edge.function.domain is Domain.CONSTANT:
        return [], edge.d
    terms, constant = [(edge.a * factor, name) for factor, name in terms], edge.a * constant + edge.b
    if edge.function.domain is Domain.LINEAR:
        return [(edge.c * factor, name) for factor, name in terms], edge.c * constant + edge.d
    inner = _sum(terms, constant, digits)
    if "({})" not in edge.function.text and not ATOM.fullmatch(inner):
        inner = f"({inner})"
    return [(edge.c, edge.function.text.format(inner))], edge.d


def _sum(terms: list[tuple[float, str]], constant: float, digits: int) -> str:
    parts: list[str] = []
    for factor, name in [*terms, (constant, "")]:
        size = _text(abs(factor), digits)
        if size == "0" or (not name and parts and abs(factor) < ROUNDING):
            continue
        product = f"{size}*{name}" if name and size != "1" else name or size
        parts.append(("- " if factor < 0 else "+ ") + product)
    text = " ".join(parts) or "+ 0"
    return text[2:] if text[0] == "+" else "-" + text[2:]


def _text(number: float, digits: int) -> str:
    fraction = fraction_of(number, np.pi) if number else None
    if fraction is None:
        return f"{number:.{digits}g}"
    factor = "" if fraction.numerator == 1 else f"{fraction.numerator}*"
    return f"{factor}pi" + (f"/{fraction.denominator}" if fraction.denominator > 1 else "")
