"""Notebooks that run in the browser: JupyterLite, with the wheel of this package among its files.

Python in the browser is Pyodide, whose versions of NumPy, SciPy and scikit-learn follow from the version of the kernel
that the extra ``docs`` pins. There is one thread, and no callbacks, which that scikit-learn does not have.
"""

import json
import subprocess
import sys
from pathlib import Path

PYODIDE = "https://cdn.jsdelivr.net/pyodide/v0.29.3/full/pyodide.js"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
INSTALLATION = "%pip install -q skneural matplotlib pandas sympy"  # what examples import, as far as Pyodide has it
NOTE = (
    "This notebook runs in the browser, on one thread, so that training takes several times as long. "
    "Callbacks, and exports to ONNX, need an installation."
)


def write_browser_files(folder: Path, package: Path) -> None:
    """Write the wheel of the package and the settings of JupyterLite that offer it to notebooks."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(package)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("*.whl")
    settings = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {"litePluginSettings": {KERNEL: {"pyodideUrl": PYODIDE}}},
    }
    (folder / "jupyter-lite.json").write_text(json.dumps(settings), encoding="utf-8")
    build_settings = {"PipliteAddon": {"piplite_urls": [wheel.name]}}
    (folder / "jupyter_lite_config.json").write_text(json.dumps(build_settings), encoding="utf-8")


def add_installation(notebook: dict, filename: str) -> None:
    """Put cells before the first of a notebook that say where it runs and install the package there."""
    note = {"cell_type": "markdown", "metadata": {}, "source": [NOTE]}
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": [INSTALLATION]}
    notebook["cells"][:0] = [note, code]
