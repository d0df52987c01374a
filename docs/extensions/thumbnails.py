"""Pictures of examples that draw none: the first lines that they print, or a small network where they were not run."""

import re
from itertools import pairwise, zip_longest
from pathlib import Path

import matplotlib

from skneural.drawing import COLOURS, GUIDE_GREY

LAYERS = (3, 5, 5, 2)
SIZE = (4, 2.8)  # inches, of 160 pixels
MOST_LINES, MOST_CHARACTERS = 11, 50  # beyond which letters are too small to read
PRINTED = re.compile(r"\.\. rst-class:: sphx-glr-script-out\n\n \.\. code-block:: none\n\n((?: {4}.*\n|\n)+)")
NUMBER = re.compile(r"(?<![\w.])-?\d[\d.,]*%?(?!\w)")


def draw_default_thumbnail(path: Path) -> None:
    """Write the picture of a network, unless it is there."""
    if path.exists():
        return
    figure, ax = _empty_figure()
    places = [[(x, y - (n - 1) / 2) for y in range(n)] for x, n in enumerate(LAYERS)]
    for left, right in pairwise(places):
        for start in left:
            for end in right:
                ax.plot(*zip(start, end, strict=True), color=GUIDE_GREY, linewidth=0.9, zorder=1)
    for layer in places:
        ax.scatter(*zip(*layer, strict=True), s=140, color=COLOURS[0], zorder=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(figure, path)


def draw_printed_lines(app) -> None:
    """Handler of the event before pages are read: draw what examples without a figure have printed."""
    for page in (Path(app.srcdir) / "auto_examples").glob("[0-9]*/*.rst"):
        text = page.read_text(encoding="utf-8")
        printed = PRINTED.search(text)
        if printed and ".. image-sg::" not in text:
            draw_lines(lines_of(printed[1]), page.parent / "images" / "thumb" / f"sphx_glr_{page.stem}_thumb.png")


def lines_of(printed: str) -> list[str]:
    """The first lines of an output, without empty ones and wide gaps, cut where they are too long."""
    lines = [line[4:].rstrip() for line in printed.splitlines() if line.strip()][:MOST_LINES]
    columns = list(zip_longest(*lines, fillvalue=" "))
    is_gap = [not "".join(column).strip() for column in columns]
    kept = [number for number in range(len(columns)) if not all(is_gap[max(number - 2, 0) : number + 1])]
    lines = ["".join(line[number] for number in kept if number < len(line)) for line in lines]
    return [line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 1]}…" for line in lines]


def draw_lines(lines: list[str], path: Path) -> None:
    """Write the picture of lines, with their numbers in blue."""
    figure, ax = _empty_figure()
    # A letter of this font is 0.602 times as wide as it is high; a point is 1/72 inch.
    size = min(0.94 * SIZE[0] * 72 / 0.602 / max(map(len, lines)), 0.92 * SIZE[1] * 72 / 1.45 / len(lines), 13)
    text = "\n".join(lines)
    words, numbers = NUMBER.sub(_blank, text), re.sub(r"[^\n]", " ", text)
    for match in NUMBER.finditer(text):
        numbers = numbers[: match.start()] + match[0] + numbers[match.end() :]
    for part, colour, weight in ((words, "0.2", "normal"), (numbers, COLOURS[0], "bold")):
        options = {"family": "DejaVu Sans Mono", "fontsize": size, "linespacing": 1.45, "parse_math": False}
        ax.text(0.03, 0.5, part, color=colour, weight=weight, va="center", transform=ax.transAxes, **options)
    _save(figure, path)


def _blank(match: re.Match) -> str:
    return " " * len(match[0])


def _empty_figure():
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=SIZE, layout="none")  # whatever style an example has set
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set_axis_off()
    return figure, ax


def _save(figure, path: Path) -> None:
    from matplotlib import pyplot as plt

    figure.savefig(path, dpi=160, facecolor="white")
    plt.close(figure)


def setup(app):
    app.connect("builder-inited", draw_printed_lines, priority=900)  # after the gallery has run the examples
    return {"parallel_read_safe": True}
