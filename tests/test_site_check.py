"""The check of the built site names what is wrong with a page."""

import shutil

import pytest

from docs import check_site

PAGES = {
    "sound": (
        '<h1 id="top">A</h1><a href="#top">up</a> <a href="folder/">in</a> <a href="folder/index.html#b">b</a>'
        '<a href="https://example.org/missing">out</a> <img src="folder/a.png" alt="">',
        [],
    ),
    "no file": ('<a href="missing.html">a</a>', ["page.html: missing.html leads to no file"]),
    "no anchor": ('<a href="folder/index.html#c">a</a>', ["page.html: folder/index.html#c leads to no anchor"]),
    "no anchor here": ('<a href="#c">a</a>', ["page.html: #c leads to no anchor"]),
    "no image": ('<img src="b.png" alt="A drawing">', ["page.html: b.png leads to no file"]),
    "no text": ('<img src="folder/a.png">', ["page.html: the image folder/a.png has no alternative text"]),
}


@pytest.mark.parametrize(("page", "problems"), PAGES.values(), ids=PAGES)
def test_links_and_images(page, problems, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "index.html").write_text('<p id="b">b</p>')
    (tmp_path / "folder" / "a.png").write_bytes(b"")
    (tmp_path / "page.html").write_text(page)
    assert check_site.problems_of_links(tmp_path) == problems


BROWSER = next(filter(None, map(shutil.which, check_site.BROWSERS)), None)
STYLE = """<style>
html { background: white; color: #222; } html[data-theme="dark"] { background: black; color: #ddd; color-scheme: dark; }
</style>"""
LAYOUTS = {
    "sound.html": ('<p>text <a href="#">link</a> <button aria-label="menu"></button></p>', []),
    "pale.html": ('<p style="color: #999">text</p>', ["light: text of contrast 2.85"]),
    "pale_when_dark.html": ('<p style="color: rgb(0 0 0 / 70%)">text</p>', ["dark: text of contrast 1.00"]),
    "faint.html": (
        '<div style="opacity: 0.5"><p>text</p></div>',
        ["light: text of contrast 3.17", "dark: text of contrast 4.15"],
    ),
    "large.html": ('<p style="color: #888; font-size: 24px">text</p>', []),
    "behind.html": (
        '<div style="background: #333"><p style="color: #555">text</p></div>',
        ["text of contrast 1.69"] * 2,
    ),
    "wide.html": ('<main><p style="width: 800px">text</p></main>', ["808 pixels wide in 400"]),
    "wide_inside.html": (
        '<main><div style="overflow: auto"><article style="width: 800px">text</article></div></main>',
        ["800 pixels wide in 400"],
    ),
    "no_skipping.html": ('<a href="#">menu</a><main id="text">text</main>', ["no link to the text first"] * 2),
    "no_tab.html": ('<a href="#" tabindex="-1">link</a>', ["not reached by Tab"] * 2),
    "no_name.html": ("<button></button>", ["no name"] * 2),
    "pale_focus.html": (
        '<a href="#" style="outline: 2px solid #ccc; color: #777">link</a>',
        ["text of contrast 4.48", *["outline of the focus of contrast 1.61"] * 2],
    ),
    "no_focus.html": ('<a href="#" style="outline: none">link</a>', ["the focus is not visible"] * 4),
}


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_layout_contrast_and_keyboard(tmp_path):
    for name, (body, _) in LAYOUTS.items():
        (tmp_path / name).write_text(f"<!doctype html><html>{STYLE}<body>{body}</body></html>")
    problems = check_site.problems_of_layout(tmp_path, BROWSER)
    for name, (_, expected) in LAYOUTS.items():
        of_page = [problem for problem in problems if problem.startswith(f"{name}: ")]
        assert len(of_page) == len(expected), of_page
        assert all(words in problem for words, problem in zip(expected, of_page, strict=True)), of_page
