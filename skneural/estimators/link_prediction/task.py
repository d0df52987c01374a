"""Classification of pairs of nodes into those that are linked and those that are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from skneural.readers import Reader
from skneural.tasks import Classes, ClassOptions, FitArguments


@dataclass(frozen=True)
class Links(Classes):
    """Two classes of pairs of nodes: without a link, and with one.

    Attributes
    ----------
    options : ClassOptions
    classes : array of shape (2,)
    multilabel : bool
        Always False.
    """

    @classmethod
    def learn(cls, arguments: FitArguments, options: ClassOptions, reader: Reader) -> Self:
        learned = super().learn(arguments, options, reader)
        if learned.multilabel or len(learned.classes) != 2:
            kind = "multilabel" if learned.multilabel else f"{len(learned.classes)} classes: {learned.classes.tolist()}"
            raise ValueError(
                f"y has {kind}. Pairs of nodes are of two classes: 0 without a link, and 1 with one. Without y, all "
                "pairs count as links."
            )
        return learned
