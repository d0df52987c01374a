"""Drawing of the package: subpackages by level, and an arrow for each import between them."""

import ast
from collections import defaultdict
from pathlib import Path

import matplotlib

from skneural.drawing import COLOURS

ROW, LEFT = 0.9, 2.0

# Paper and ink of the drawing, by the theme of the site: its backgrounds, and lines that stand out from them.
THEMES = {"light": ("#ffffff", "#222832", COLOURS[0]), "dark": ("#14181e", "#ced6dd", COLOURS[5])}


def imports(package: Path) -> dict[str, set[str]]:
    """Subpackages and modules that each subpackage or module at the top imports from."""
    found_by: dict[str, set[str]] = defaultdict(set)
    for path in package.rglob("*.py"):
        part = path.relative_to(package).parts[0].removesuffix(".py")
        found_by[part]  # also those that import nothing
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            targets = {name.split(".")[1] for name in names if name.startswith("skneural.")}
            found_by[part] |= targets - {part}
    return {part: targets & set(found_by) for part, targets in found_by.items() if part not in ("__init__", "testing")}


def levels(graph: dict[str, set[str]]) -> dict[str, int]:
    """Level of each part: one more than the highest of those that it imports from."""
    level: dict[str, int] = {}

    def of(part: str, above: tuple[str, ...] = ()) -> int:
        if part not in level:
            below = [target for target in graph[part] if target in graph and target not in above]
            level[part] = 1 + max((of(target, (*above, part)) for target in below), default=-1)
        return level[part]

    for part in sorted(graph):
        of(part)
    return level


def draw_imports(package: Path, folder: Path) -> None:
    """Write the drawing as SVG, in a file for each theme of the site."""
    matplotlib.use("agg")
    graph = imports(package)
    rows: dict[int, list[str]] = defaultdict(list)
    for part, level in sorted(levels(graph).items()):
        rows[level].append(part)
    place = {
        part: (LEFT * (column - (len(parts) - 1) / 2), ROW * level)
        for level, parts in rows.items()
        for column, part in enumerate(parts)
    }
    size = (LEFT * max(map(len, rows.values())), ROW * len(rows))
    folder.mkdir(parents=True, exist_ok=True)
    for theme, colours in THEMES.items():
        _draw(graph, place, size, colours, folder / f"imports_{theme}.svg")


def _draw(graph, place, size, colours, path) -> None:
    from matplotlib import pyplot as plt

    paper, ink, line = colours
    width, height = size
    figure, ax = plt.subplots(figsize=size)
    for part, targets in graph.items():
        for target in targets & set(place):
            (x, y), (to_x, to_y) = place[part], place[target]
            ax.plot([x, to_x], [y - 0.16, to_y + 0.16], color=line, alpha=0.3, linewidth=0.9, zorder=1)
    box = {"boxstyle": "round,pad=0.3", "facecolor": paper, "edgecolor": line}
    for part, (x, y) in place.items():
        ax.text(x, y, part, color=ink, ha="center", va="center", fontsize=11, bbox=box, zorder=2)
    ax.set(xlim=(-width / 2, width / 2), ylim=(-0.5, height - 0.4))
    ax.set_axis_off()
    figure.savefig(path, bbox_inches="tight", facecolor=paper, metadata={"Date": None})
    plt.close(figure)
