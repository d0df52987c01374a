"""Docstrings as reStructuredText: text between single backticks, and names that end in an underscore.

Text between single backticks is a link if it is a public name of skneural, and code otherwise: docstrings name
parameters, methods and options so, most of which have no page, so that with the role `py:obj` each would be a broken
link. Outside of code, ``n_features_in_`` would be a link, too, and ``|a - b|`` a substitution.
"""

import re

from docutils import nodes
from docutils.utils import unescape
from public_names import page_names
from sphinx.addnodes import pending_xref

# Names as they are written in docstrings -> full name
WRITTEN = {
    written: full
    for full in page_names()
    for written in (full, full.removeprefix("skneural."), full.rpartition(".")[2])
    if not written.islower() or "." in written
}


CODE = re.compile(r"(``.*?``|`[^`]*`_?)")
TRAILING_UNDERSCORE = re.compile(r"(?<![\w\\])([A-Za-z]\w*?)(_+)(?=[^\w`]|$)")
SUBSTITUTION = re.compile(r"(?<!^)\|(\w[^|]*)\|")
SHARED = '"Shared hyper-parameters"'
LINK_TO_SHARED = ":doc:`/reference/shared_hyperparameters`"


def name_role(role, rawtext, text, line, inliner, options=None, content=None):
    """Return the text as code."""
    text = unescape(text)
    return [nodes.literal(rawtext, text, classes=["code"])], []


def link_names(app, doctree):
    """Handler of the event of pages that were read: link the code that is a public name, if it is no link yet."""
    for literal in list(doctree.findall(nodes.literal)):
        full = WRITTEN.get(literal.astext())
        if full and not isinstance(literal.parent, nodes.reference | nodes.title | pending_xref):
            link = pending_xref("", refdomain="py", reftype="obj", reftarget=full, refexplicit=True, refwarn=True)
            literal.replace_self(link)
            link += literal


def escaped_lines(lines):
    """The lines of a docstring with escapes, except in code."""
    inside = False
    for line in lines:
        inside = line.lstrip().startswith(">>>") or (inside and bool(line.strip()))
        yield line if inside else _escaped(line)


def _escaped(line):
    parts = CODE.split(line)
    for number in range(0, len(parts), 2):  # between code
        parts[number] = SUBSTITUTION.sub(r"\\|\1\\|", TRAILING_UNDERSCORE.sub(_escaped_name, parts[number]))
    return "".join(parts).replace(SHARED, LINK_TO_SHARED)


def _escaped_name(match):
    return match[1] + match[2].replace("_", r"\_")


def escape_docstring(app, what, name, obj, options, lines):
    """Handler of the event of docstrings, after numpydoc."""
    lines[:] = list(escaped_lines(lines))


def setup(app):
    app.add_role("name", name_role)
    app.connect("doctree-read", link_names)
    app.connect("autodoc-process-docstring", escape_docstring, priority=900)
    return {"parallel_read_safe": True}
