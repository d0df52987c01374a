"""Formulas, and data for them."""

import numpy as np

from skneural.symbolic import Curve, Fit, Formula

rng = np.random.default_rng(0)

X = rng.uniform(-1, 1, (400, 2))

Y = np.exp(np.sin(np.pi * X[:, 0]) + X[:, 1] ** 2)

WAVE = Curve(np.linspace(-1, 1, 30), np.sin(np.linspace(-3, 3, 30)))


def moved(value, by=1e-3, seed=0):
    return value * (1 + by * np.random.default_rng(seed).choice([-1, 1]))


def exp_formula(by=1e-3, seed=0):
    def changed(value, number):
        return moved(value, by, 10 * seed + number)

    first = [[Fit("sin", changed(np.pi, 0), by, changed(1, 1), by)], [Fit("x^2", 1.0, -by, changed(1, 2), by)]]
    return Formula([first, [[Fit("exp", changed(1, 3), 0.0, changed(1, 4), by)]]])


def mixed_formula():
    first = [
        [Fit("tanh", 2.0, 0.1, 1.5, 0.2), None, WAVE],
        [Fit("sqrt", -1.0, 1.5), Fit("0", d=0.5), Fit("log", b=2.0)],
    ]
    last = [[Fit("x", c=2.0), Fit("exp", -0.5)], [Fit("cos", 1.0, 0.3), None], [Fit("1/x", 1.0, 9.0), WAVE]]
    return Formula([first, last], bias=[0.5, -1.0], y_scale=[2.0, 3.0], y_mean=[10.0, 0.0])


def rmse(formula, y=Y):
    return np.sqrt(np.square(formula.predict(X) - y).mean())
