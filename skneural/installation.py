"""Description of the installation, for reports of errors."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

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
