"""A layer without mistakes, and layers with mistakes that several checks find."""

from dataclasses import dataclass

import numpy as np

from skneural.layers import Layer
from skneural.parameters import Buffer, Parameter

X = np.random.default_rng(0).standard_normal((6, 4))


@dataclass(frozen=True)
class Scale(Layer):
    """y = scale * x + shift, with room for a bug."""

    def parameters(self):
        return {"scale": Parameter((4,)), "shift": Parameter((4,)), "count": Buffer(())}

    def forward(self, p, x, context):
        def backward(dy, g):
            np.sum(dy * x, axis=0, out=g["scale"])
            np.sum(dy, axis=0, out=g["shift"])
            return dy * p["scale"]

        return x * p["scale"] + p["shift"], backward


@dataclass(frozen=True)
class Wrapped(Scale):
    """A `Scale` whose passes go through `bug` hooks."""

    def before(self, p, x, context):
        return x

    def after(self, y):
        return y

    def going_back(self, dy, g, backward):
        return backward(dy, g)

    def forward(self, p, x, context):
        y, backward = super().forward(p, self.before(p, x, context), context)
        return self.after(y), lambda dy, g: self.going_back(dy, g, backward)


class Unwritten(Wrapped):
    def going_back(self, dy, g, backward):
        dx = backward(dy, g)
        g["scale"][0] = np.nan
        return dx


class WritesIntoX(Wrapped):
    def before(self, p, x, context):
        x *= 1.5
        return x
