"""Symbolic regression of curves, and of networks of curves.

SymPy is imported only when an expression is created.
"""

from skneural.symbolic.fit import Fit, fit_function, suggest
from skneural.symbolic.formula import Formula
from skneural.symbolic.functions import FUNCTIONS, Function
from skneural.symbolic.network import Curve

__all__ = ["FUNCTIONS", "Curve", "Fit", "Formula", "Function", "fit_function", "suggest"]
