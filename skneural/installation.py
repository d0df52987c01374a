"""Description of the installation: versions, for reports of errors, and the address of the documentation."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, metadata, version
from typing import Any

from joblib import cpu_count
from threadpoolctl import threadpool_info

from skneural.version import __version__

# Packages that skneural needs, and those of its extras.
NEEDED = ("numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl")
OF_EXTRAS = (
    "pandas",
    "polars",
    "pyarrow",
    "matplotlib",
    "sympy",
    "rich",
    "onnx",
    "skops",
    "dask",
    "distributed",
    "mpi4py",
)


def show_versions() -> None:
    """Print the versions of skneural, Python and other packages, and the libraries for matrix products.

    Please add what it prints to reports of errors.

    Examples
    --------
    >>> import skneural
    >>> skneural.show_versions()  # doctest: +ELLIPSIS
    skneural       ...
    Python         ...
    """
    rows = [
        ("skneural", __version__),
        ("Python", sys.version.split()[0]),
        ("system", f"{platform.platform()}, {cpu_count()} processors"),
        *((name, _version_of(name)) for name in NEEDED + OF_EXTRAS),
    ]
    for name, value in rows:
        print(f"{name:<15}{value}")
    for library in threadpool_info():
        architecture = library.get("architecture")
        kernels = f", kernels for {architecture}" if architecture else ""
        name, threads = library["internal_api"], library["num_threads"]
        print(f"{library['user_api']:<15}{name} {library['version']}, {threads} threads{kernels}")


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def documentation_url() -> str:
    """Address of the documentation, from the metadata of the installed package; empty if these have none."""
    try:
        urls = metadata("skneural").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses = dict(url.split(", ", 1) for url in urls)
    return addresses.get("Documentation", "").rstrip("/")


def _page_of(estimator: Any) -> dict[str, str]:
    """Name of the page of an estimator: below its subpackage, unless the package itself exports it."""
    _, subpackage, *_ = type(estimator).__module__.split(".")
    prefix = "" if subpackage == "estimators" else f"{subpackage}."
    return {"page": f"skneural.{prefix}{type(estimator).__name__}"}


# The three attributes by which scikit-learn links an estimator in a notebook to its page. Without an address, no
# estimator is in the module that they name, so that there is no link.
DOC_LINK_MODULE = property(lambda self: "skneural" if documentation_url() else "")
DOC_LINK_TEMPLATE = property(lambda self: f"{documentation_url()}/reference/generated/{{page}}.html")
DOC_LINK_PARAMETERS = _page_of
