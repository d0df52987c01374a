"""llms.txt: the pages of the site as text, with a sentence for each, for language models that answer about it."""

from pathlib import Path

from docutils import nodes

FIRST = ("index", "getting_started")


def first_sentence(document) -> str:
    """The first sentence of the first paragraph of a page."""
    for paragraph in document.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if text and not text.startswith("Go to the end"):  # which the gallery writes above its scripts
            return text.split(". ")[0].rstrip(".:") + "."
    return ""


def write_llms_text(app, exception) -> None:
    """Write llms.txt beside the pages."""
    if exception is not None or app.builder.name != "html":
        return
    url = app.config.html_baseurl
    env = app.env
    names = [name for name in env.all_docs if not name.endswith("sg_execution_times")]
    names.sort(key=lambda name: (name not in FIRST, "/" in name, name))
    lines = ["# skneural", "", "> Neural networks as scikit-learn estimators, computed with NumPy and SciPy only", ""]
    for name in names:
        title = env.titles[name].astext()
        lines.append(f"- [{title}]({url}{name}.html): {first_sentence(env.get_doctree(name))}")
    Path(app.outdir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_llms_text)
    return {"parallel_read_safe": True}
