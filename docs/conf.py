"""Configuration of the site, which ``python -m docs`` builds.

Two environment variables change it: ``SKNEURAL_GALLERY=0`` shows the examples without running them, and
``SKNEURAL_DOCS_URL`` is the address at which the site will be published, which the map of the site, the previews of
links, the list of versions and notebooks in the browser need.
"""

import json
import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "extensions"), str(DOCS.parent)]

from browser import INSTALLATION, write_browser_files  # noqa: E402
from import_drawing import draw_imports  # noqa: E402
from reference_pages import documented_methods, keys_of, used_in_examples, write_reference_pages  # noqa: E402
from sklearn.experimental import enable_halving_search_cv  # noqa: E402, F401 - the gallery looks up names of examples
from thumbnails import draw_default_thumbnail  # noqa: E402

import skneural  # noqa: E402

project = "skneural"
author = "The skneural developers"
copyright = author
version = release = skneural.__version__
address = os.environ.get("SKNEURAL_DOCS_URL", "").rstrip("/")

GENERATED = DOCS / "_generated"
write_reference_pages(DOCS / "reference")
draw_imports(DOCS.parent / "skneural", GENERATED)
draw_default_thumbnail(GENERATED / "thumbnail.png")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
    "name_links",
    "thumbnails",
    "llms_text",
]
if address:
    extensions += ["sphinxext.opengraph", "sphinx_sitemap", "jupyterlite_sphinx"]

exclude_patterns = ["_build", "_contents", "_generated", "_templates", "extensions", "auto_examples/**/*.ipynb"]
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]  # functions in the settings of the gallery

# --- Python objects -----------------------------------------------------------------------------------

autosummary_generate = True
autosummary_imported_members = True
autosummary_context = {
    "documented_methods": documented_methods,
    "keys_of": keys_of,
    "used_in_examples": used_in_examples,
}
autodoc_typehints = "none"  # numpydoc names the types in words
autodoc_preserve_defaults = True
toc_object_entries_show_parents = "hide"  # "On this page" is too narrow for the name of the class before each method
numpydoc_show_class_members = False
viewcode_follow_imported_members = True
default_role = "name"
# Types in signatures and base classes of other packages: their sites are not asked, so that a build needs no network.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|scipy|sklearn|joblib|matplotlib|pandas|polars|dask|distributed|typing|collections)\b.*")
]

# --- Markdown -----------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
smartquotes = False  # strings of Python are quoted in running text
myst_heading_anchors = 3

# --- gallery ------------------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": str(DOCS.parent / "examples"),
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "plot_gallery": os.environ.get("SKNEURAL_GALLERY", "1") != "0",
    "doc_module": ("skneural",),
    "reference_url": {"skneural": None},
    "backreferences_dir": "reference/backreferences",
    "thumbnail_size": (640, 448),  # shown in the user guide, too
    "default_thumb_file": str(GENERATED / "thumbnail.png"),
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "within_subsection_order": "ExampleTitleSortKey",
    "only_warn_on_example_error": False,
}

# --- notebooks in the browser -------------------------------------------------------------------------

if address:
    BROWSER = GENERATED / "browser"
    write_browser_files(BROWSER, DOCS.parent)
    jupyterlite_dir = str(BROWSER)
    jupyterlite_config = str(BROWSER / "jupyter_lite_config.json")
    sphinx_gallery_conf["jupyterlite"] = {
        "jupyterlite_contents": str(BROWSER / "notebooks"),
        "notebook_modification_function": "browser.add_installation",
    }
    global_enable_try_examples = True  # a button above the examples of docstrings
    try_examples_global_button_text = "Run in the browser"
    try_examples_preamble = INSTALLATION

# --- appearance ---------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_js_files = [("names_of_controls.js", {"defer": "defer"})]
html_title = f"skneural {version}"
html_copy_source = False
html_show_sourcelink = False
html_baseurl = f"{address}/" if address else ""
html_theme_options = {
    "show_prev_next": False,
    "header_links_before_dropdown": 5,
    "navigation_with_keys": False,
    "primary_sidebar_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if address:
    versions = GENERATED / "site" / "versions.json"
    versions.parent.mkdir(parents=True, exist_ok=True)
    versions.write_text(json.dumps([{"name": version, "version": version, "url": f"{address}/"}]), encoding="utf-8")
    html_extra_path = [str(versions.parent)]
    html_theme_options["check_switcher"] = False  # the list is published with this site
    html_theme_options["switcher"] = {"json_url": f"{address}/versions.json", "version_match": version}
    html_theme_options["navbar_end"] = ["version-switcher", "theme-switcher", "navbar-icon-links"]
html_sidebars = {page: [] for page in ("index", "getting_started", "numbers", "search", "genindex")}
ogp_site_url = address
ogp_site_name = "skneural"
sitemap_url_scheme = "{link}"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
