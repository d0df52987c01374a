"""The choice of held-out samples."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, train_test_split

from skneural.template.settings import TrainingSettings
from skneural.user_warnings import warn_user, warnings_prefixed

# Folds where their number is chosen for the user.
FOLDS = 5

# Samples up to which a random split is stratified. Of more, shares of classes differ by less than a thousandth, and
# scikit-learn needs 110 bytes for each: 5.5 GB for 50 million rows of a file.
MOST_STRATIFIED = 5_000_000

IN_VALIDATION = "In the validation data (X_val, y_val, sample_weight_val): "


def holds_out(settings: TrainingSettings, n_samples: int) -> bool:
    """Return True if training samples are held out; warn if not, and `scoring` has no effect therefore."""
    if folds_of(settings, n_samples) > 1:
        return False
    by_lbfgs = settings.solver == "lbfgs"
    if settings.early_stopping != "auto":
        return bool(settings.early_stopping)
    if n_samples >= settings.early_stopping_from and not by_lbfgs:
        return True
    if not (scores_by_loss(settings.scoring) or settings.training_scores):
        least = settings.early_stopping_from
        since = f" for {n_samples} samples (it is on from {least} on)" if math.isfinite(least) else ""
        warn_user(
            f"scoring={settings.scoring!r} has no effect: it scores held-out data, and early_stopping='auto' is "
            f"off{' with lbfgs' if by_lbfgs else since}. Set early_stopping=True, or give X_val and y_val."
        )
    return False


def folds_of(settings: TrainingSettings, n_samples: int) -> int:
    """Number of folds, without each of which one network is trained; 1 for one network of all samples."""
    if settings.n_cv != "auto":
        return 1 if settings.one_pass else int(settings.n_cv)
    by_itself = settings.early_stopping == "auto" and isinstance(settings.validation_split, str)
    whole = settings.one_pass or settings.warm_start or settings.solver == "lbfgs" or not settings.shuffle
    usual = by_itself and settings.validation_split == "random"
    return FOLDS if usual and not whole and n_samples < settings.folds_below else 1


def scores_by_loss(scoring: str | Callable[..., Any] | None) -> bool:
    """Return True if held-out data is scored by its loss."""
    return isinstance(scoring, str) and scoring == "loss"


def named_metrics(scoring: Any) -> dict[str, Any]:
    """The values of `scoring` by the names under which they are recorded; the first one decides."""
    if isinstance(scoring, dict):
        return dict(scoring)
    if isinstance(scoring, list | tuple):
        return {name: name for name in scoring}
    return {"score" if callable(scoring) else scoring: scoring}


def is_splitter(value: object) -> bool:
    """Return True if a value splits samples as the splitters of `sklearn.model_selection` do."""
    return callable(getattr(value, "split", None)) and not isinstance(value, str | type)


def split_rows(
    n_samples: int,
    settings: TrainingSettings,
    classes: np.ndarray | None,
    seed: int,
    groups: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Split sample numbers into those for training and those for validation, both in ascending order.

    Parameters
    ----------
    n_samples : int
    settings : TrainingSettings
    classes : array of shape (n_samples,) or None
        Classes whose proportions a random split keeps; splitters are given them as y.
    seed : int
    groups : array of int or None
        Samples of the same group are not separated by a random split; splitters are given them.

    Raises
    ------
    ValueError
        If either part would be empty.
    """
    if is_splitter(settings.validation_split):
        return _split_by(settings.validation_split, n_samples, classes, groups)
    if settings.validation_split == "last" or not settings.shuffle:
        n_train = n_samples - _n_held_out(n_samples, settings.validation_fraction)
        return np.arange(n_train), np.arange(n_train, n_samples)
    if groups is not None:
        n_folds = max(2, round(1 / settings.validation_fraction))
        held_out, *_ = group_folds(groups, classes, n_folds, seed)
        return np.setdiff1d(np.arange(n_samples), held_out), held_out
    return random_split(n_samples, settings.validation_fraction, classes, seed)


def group_folds(groups: np.ndarray, classes: np.ndarray | None, n_folds: int, seed: int) -> list[np.ndarray]:
    """Divide sample numbers into at most `n_folds` folds, of about equal size and like proportions of the classes.

    Samples of the same group are in the same fold.
    """
    n_folds = min(n_folds, len(np.unique(groups)))
    splitter = GroupKFold(n_folds, shuffle=True, random_state=seed)
    if classes is not None and np.unique(classes, return_counts=True)[1].max() >= n_folds:
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of classes with fewer members than folds
        folds = [held_out for _, held_out in splitter.split(np.zeros((len(groups), 1)), classes, groups)]
    return [fold for fold in folds if len(fold)]


def _split_by(
    splitter: Any, n_samples: int, classes: np.ndarray | None, groups: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """The last split, which is the one with the most training samples in a `TimeSeriesSplit`."""
    *_, split = splitter.split(np.zeros((n_samples, 1)), classes, groups)
    train, held_out = (np.sort(np.asarray(rows, dtype=np.intp)) for rows in split)
    if not len(train) or not len(held_out):
        raise ValueError(
            f"validation_split={splitter!r} splits {n_samples} samples into {len(train)} for training and "
            f"{len(held_out)} for validation; neither may be empty."
        )
    return train, held_out


def _n_held_out(n_samples: int, fraction: float) -> int:
    n_held_out = math.ceil(fraction * n_samples)
    if not 0 < n_held_out < n_samples:
        raise ValueError(
            f"validation_fraction={fraction} of {n_samples} samples leaves {n_samples - n_held_out} for training. "
            "Give more samples, change validation_fraction, or set early_stopping=False."
        )
    return n_held_out


def random_split(
    n_samples: int, fraction: float, classes: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Split sample numbers at random into those for training and those for validation, both in ascending order.

    Parameters
    ----------
    n_samples : int
    fraction : float
        Share of validation samples.
    classes : array of shape (n_samples,) or None
        Classes whose proportions the split keeps. A class of one sample stays in training; with more classes than
        validation samples, or more than five million samples, the split is not stratified.
    seed : int

    Raises
    ------
    ValueError
        If either part would be empty.
    """
    n_held_out = _n_held_out(n_samples, fraction)
    rows = np.arange(n_samples)
    single = np.empty(0, dtype=rows.dtype)
    if classes is not None:
        _, number, counts = np.unique(classes, return_inverse=True, return_counts=True)
        is_single = counts[number] == 1
        n_classes = int(np.sum(counts > 1))
        if n_classes <= min(n_held_out, n_samples - is_single.sum() - n_held_out):
            rows, single, classes = rows[~is_single], rows[is_single], number[~is_single]
        else:
            classes = None
    if len(rows) > MOST_STRATIFIED:
        classes = None
    train, held_out = train_test_split(rows, test_size=n_held_out, stratify=classes, random_state=seed)
    return np.sort(np.concatenate([single, train])), np.sort(held_out)


def about_validation() -> AbstractContextManager[None]:
    """Prefix messages of errors and warnings, which otherwise seem to be about the training data."""
    return messages_prefixed(IN_VALIDATION)


@contextmanager
def messages_prefixed(words: str) -> Iterator[None]:
    """Begin all messages of errors and warnings with the given words, which say what data they are about."""
    with warnings_prefixed(words):
        try:
            yield
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{words}{error}") from error
