"""Picture of examples that draw none: a small network of circles."""

from itertools import pairwise
from pathlib import Path

import matplotlib

LAYERS = (3, 5, 5, 2)


def draw_default_thumbnail(path: Path) -> None:
    """Write the picture, unless it is there."""
    if path.exists():
        return
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    figure, ax = plt.subplots(figsize=(4, 2.8))
    places = [[(x, y - (n - 1) / 2) for y in range(n)] for x, n in enumerate(LAYERS)]
    for left, right in pairwise(places):
        for start in left:
            for end in right:
                ax.plot(*zip(start, end, strict=True), color="0.75", linewidth=0.7, zorder=1)
    for layer in places:
        ax.scatter(*zip(*layer, strict=True), s=140, color="#0072b2", zorder=2)
    ax.set_axis_off()
    figure.savefig(path, dpi=100, facecolor="white")
    plt.close(figure)
