"""Check the built site: ``python -m docs.check_site``.

Every link inside the site leads to a file, and to an anchor that is there; every image exists and has a text for those
who do not see it, which may be empty. If Chromium is installed, each page is also laid out 1400 and 400 pixels wide,
and none may be wider than that. Text has the contrast that WCAG 2.1 asks for at level AA, in the light and in the dark
theme, and each control has a name, is reached by Tab, and shows that it has the focus.
"""

from __future__ import annotations

import html.parser
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).parent / "_build" / "html"
WIDTHS = (1400, 400)
THEMES = ("light", "dark")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

OF_OTHERS = ("_static", "lite")  # files of the theme and of JupyterLite, some of which are templates

# Script of a page that loads all others into a frame, one by one, and measures them.
SCRIPT = Path(__file__).parent / "measuring.js"


@dataclass
class Page(html.parser.HTMLParser):
    """What a page refers to, and the anchors to which others may."""

    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    images: list[dict[str, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect anchors, links and images."""
        values = dict(attrs)
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))
        if tag == "img":
            self.images.append(values)
        link = values.get("href") if tag in ("a", "link") else values.get("src")
        if link:
            self.links.append(link)

    @classmethod
    def read(cls, path: Path) -> Page:
        page = cls()
        page.feed(path.read_text(encoding="utf-8"))
        return page


def pages_of(site: Path) -> list[Path]:
    """All pages, without files of the theme and of JupyterLite."""
    return sorted(path for path in site.rglob("*.html") if path.relative_to(site).parts[0] not in OF_OTHERS)


def problems_of_links(site: Path) -> list[str]:
    """Links without a target, and images without a text, of all pages."""
    pages = {path: Page.read(path) for path in pages_of(site)}
    problems = []
    for path, page in pages.items():
        name = path.relative_to(site)
        for link in dict.fromkeys(page.links):
            target, fragment = _target(path, link)
            if target is None:
                continue
            if not target.exists():
                problems.append(f"{name}: {link} leads to no file")
            elif fragment and target in pages and fragment not in pages[target].anchors:
                problems.append(f"{name}: {link} leads to no anchor")
        without_text = [image.get("src") for image in page.images if "alt" not in image]
        problems += [f"{name}: the image {src} has no alternative text" for src in without_text]
    return problems


def _target(page: Path, link: str) -> tuple[Path | None, str]:
    """The file and the anchor to which a link leads; None for links to other sites."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None, ""
    path = page if not parts.path else page.parent / unquote(parts.path)
    target = path.resolve()
    return target / "index.html" if target.is_dir() else target, unquote(parts.fragment)


def problems_of_layout(site: Path, browser: str) -> list[str]:
    """Pages that are wider than the window, images without a picture, pale text and controls without a focus."""
    given = {"pages": [str(path.relative_to(site)) for path in pages_of(site)], "themes": THEMES, "widths": WIDTHS}
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
    script = constants + SCRIPT.read_text(encoding="utf-8")
    source = f"<!doctype html><title>measures</title><body><script>{script}</script></body>"
    with tempfile.NamedTemporaryFile("w", suffix=".html", dir=site, encoding="utf-8") as file:
        file.write(source)
        file.flush()
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom"]
        options += ["--virtual-time-budget=600000", "--window-size=1500,1000"]
        shown = subprocess.run([browser, *options, f"file://{file.name}"], capture_output=True, text=True, check=True)
    measured = re.search(r'<pre id="measured">(.*?)</pre>', shown.stdout, re.DOTALL)
    if measured is None:
        raise RuntimeError("The browser did not measure the pages.")
    return [f"{page}: {problem}" for page, problem in json.loads(html.unescape(measured[1]))]


def main() -> int:
    """Print all problems; 1 if there are any."""
    problems = problems_of_links(SITE)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("No Chromium is installed: the layout of the pages is not checked.")
    else:
        problems += problems_of_layout(SITE, browser)
    print("\n".join(problems) or f"{len(pages_of(SITE))} pages without a problem.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
