"""Build the site: ``python -m docs``, or ``python -m docs --fast`` without running the examples of the gallery."""

import os
import sys
from pathlib import Path

from sphinx.cmd.build import main

DOCS = Path(__file__).parent
BUILT = DOCS / "_build"

if __name__ == "__main__":
    if "--fast" in sys.argv:
        os.environ["SKNEURAL_GALLERY"] = "0"
    options = ["-b", "html", "--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    status = main([*options, "-d", str(BUILT / "doctrees"), str(DOCS), str(BUILT / "html")])
    print(f"{BUILT / 'html' / 'index.html'}" if status == 0 else "The site has warnings.")
    sys.exit(status)
