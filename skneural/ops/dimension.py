"""Numbers of a shape that are not known, but have a name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """A number of a shape that has a name, such as "steps". Arithmetic keeps the name: "steps + 1".

    Parameters
    ----------
    name : str
    offset : int, default=0
        What is added to it.
    """

    name: str
    offset: int = 0

    def __add__(self, other: int | Dimension) -> Dimension:
        if isinstance(other, int):
            return Dimension(self.name, self.offset + other)
        return Dimension(f"{self} + {other.name}", other.offset)

    __radd__ = __add__

    def __sub__(self, other: int) -> Dimension:
        return self + -other

    def __mul__(self, other: int | Dimension) -> Dimension:
        if other == 1:
            return self
        return Dimension(f"{self._factor} * {other._factor if isinstance(other, Dimension) else other}")

    __rmul__ = __mul__

    def __floordiv__(self, other: int) -> Dimension:
        return self if other == 1 else Dimension(f"{self._factor} // {other}")

    @property
    def _factor(self) -> str:
        return f"({self})" if self.offset or "//" in self.name else self.name

    def __str__(self) -> str:
        if not self.offset:
            return self.name
        return f"{self.name} {'+' if self.offset > 0 else '-'} {abs(self.offset)}"


Size = int | Dimension
