"""The check of the built site names what is wrong with a page."""

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
