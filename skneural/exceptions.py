"""Warnings that a program can tell apart."""

from __future__ import annotations


class InconsistentVersionWarning(UserWarning):
    """Warning of a model that was saved by a version of skneural with another format of files.

    Parameters
    ----------
    estimator_name : str
        Class of the model.
    current_version : str
        Version of skneural that loads the model.
    original_version : str or None
        Version of skneural that saved it; None if the file does not tell.

    Examples
    --------
    To load only models whose format is the present one:

    >>> import warnings
    >>> from skneural.exceptions import InconsistentVersionWarning
    >>> warnings.simplefilter("error", InconsistentVersionWarning)
    """

    def __init__(self, *, estimator_name: str, current_version: str, original_version: str | None) -> None:
        super().__init__(estimator_name, current_version, original_version)
        self.estimator_name = estimator_name
        self.current_version = current_version
        self.original_version = original_version

    def __str__(self) -> str:
        by = "an older version of skneural" if self.original_version is None else f"skneural {self.original_version}"
        return (
            f"This {self.estimator_name} was saved by {by}, and skneural {self.current_version} has converted it. Save "
            "it again to avoid the conversion. Compare its predictions with earlier ones if they matter."
        )
