"""Names that have changed and keep working for two releases, with a warning that names the new one.

@declare
class Model(BaseEstimator):
    size: int = hyperparameter(
        default=5, constraint=Integer(1), doc="Number of units.", old_name=OldName("n_units", since="0.2")
    )

old_function = renamed_function(new_function, OldName("old_function", since="0.2"))
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

from skneural.user_warnings import warn_user
from skneural.version import __version__

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Minor releases in which an old name still works, the first of which is the one that renames.
RELEASES = 2


class OldName(NamedTuple):
    """Former name of a hyper-parameter or of a function.

    Attributes
    ----------
    name : str
    since : str
        Release that has the new name, as "0.2".
    """

    name: str
    since: str

    @property
    def until(self) -> str:
        """The release that no longer has the old name."""
        major, minor = self.since.split(".")
        return f"{major}.{int(minor) + RELEASES}"

    def check(self) -> OldName:
        """Return the name, unless this version should no longer have it.

        Raises
        ------
        RuntimeError
            If it is time to remove the old name.
        """
        if _numbers(__version__) >= _numbers(self.until):
            raise RuntimeError(
                f"skneural {__version__} no longer has {self.name!r}, renamed in {self.since}: remove it."
            )
        return self

    def warn(self, owner: str, new_name: str) -> None:
        """Warn at the line of the user that the old name was used.

        Parameters
        ----------
        owner : str
            Class or module that has the name.
        new_name : str
        """
        warn_user(
            f"{self.name!r} of {owner} is called {new_name!r} since skneural {self.since}. The old name works until "
            f"{self.until}, which removes it.",
            FutureWarning,
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))  # also of "1.0rc1"


def renamed_function(function: Callable[_P, _R], old: OldName) -> Callable[_P, _R]:
    """Make a function that does the same under its old name, with a warning.

    Parameters
    ----------
    function : callable
        The function with its new name.
    old : OldName

    Returns
    -------
    old_function : callable
    """
    old.check()

    @functools.wraps(function)
    def with_warning(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        old.warn(function.__module__, function.__name__)
        return function(*args, **kwargs)

    with_warning.__name__ = with_warning.__qualname__ = old.name
    with_warning.__doc__ = f"Old name of `{function.__name__}`, until {old.until}."
    return with_warning


def keep_old_names(cls: Any, old_names: Mapping[str, OldName]) -> None:
    """Let the constructor, `set_params` and the attributes of a class take old names of its hyper-parameters.

    A model stores, documents and returns new names only: `get_params` and `clone` know no old ones.

    Parameters
    ----------
    cls : type
    old_names : mapping of str to OldName
        Old names by the new ones.
    """
    init = cls.__init__

    @functools.wraps(init)  # scikit-learn reads the signature of the wrapped one
    def with_old_names(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **with_new_names(cls.__name__, old_names, kwargs))

    def set_params(self: Any, **params: Any) -> Any:
        return super(cls, self).set_params(**with_new_names(cls.__name__, old_names, params))

    cls.__init__ = with_old_names
    if hasattr(cls, "set_params"):
        cls.set_params = functools.wraps(cls.set_params)(set_params)
    for new_name, old in old_names.items():
        setattr(cls, old.check().name, _old_attribute(new_name, old))


def with_new_names(
    owner: str, old_names: Mapping[str, OldName], values: Mapping[str, Any], *, silently: bool = False
) -> dict[str, Any]:
    """Put new names in place of old ones.

    Parameters
    ----------
    owner : str
        Class that has the names.
    old_names : mapping of str to OldName
        Old names by the new ones.
    values : mapping of str to object
        Arguments or attributes by name.
    silently : bool, default=False
        True: without warnings, for models from files.

    Returns
    -------
    values : dict of str to object

    Raises
    ------
    TypeError
        If both names have a value.
    """
    renamed = dict(values)
    for new_name, old in old_names.items():
        if old.name not in renamed:
            continue
        if new_name in renamed:
            raise TypeError(f"{owner} got {new_name!r} twice: also by its old name {old.name!r}.")
        renamed[new_name] = renamed.pop(old.name)
        if not silently:
            old.warn(owner, new_name)
    return renamed


def _old_attribute(new_name: str, old: OldName) -> property:
    def read(self: Any) -> Any:
        old.warn(type(self).__name__, new_name)
        return getattr(self, new_name)

    def write(self: Any, value: Any) -> None:
        old.warn(type(self).__name__, new_name)
        setattr(self, new_name, value)

    return property(read, write, doc=f"Old name of `{new_name}`, until {old.until}.")
