"""The Hopfield network: a memory that is asked with a part or a distortion of what it holds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skneural.hyperparameters import (
    RANDOM_STATE,
    Choice,
    Integer,
    Number,
    check_hyperparameters,
    declare,
    hyperparameter,
)
from skneural.inputs.two_states import two_level_threshold, two_levels
from skneural.ops import hopfield as recall
from skneural.template.all_or_nothing import all_or_nothing

FACTORS = {"hebbian": recall.hebbian_factors, "projection": recall.projection_factors}


@declare
class HopfieldNetwork(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Hopfield network: an associative memory.

    `fit` stores the rows of X, the patterns, in one pass; `predict`, also called `transform`, recalls those that new
    rows are distortions of, by lowering an energy until nothing changes. The Hebbian rule [1]_ holds up to 0.138
    ``n_features`` patterns if they are not correlated. The projection rule [2]_ [3]_ makes fixed points of all that
    are linearly independent, and is good for ``n_features / 2``. Both know two states. The modern rule [4]_ is one
    attention step, repeated: it recalls real values and holds exponentially many patterns, which it keeps one by one.

    Two-state rules take patterns of any two values, such as 0 and 1, -1 and 1, False and True, and recall the same
    two. Real values are first divided in two (see `threshold`), and recalled as the mean of the stored values on
    either side. A feature that never changes is the same state in all patterns. Weights are never multiplied out:
    recall takes time and memory proportional to ``n_patterns * n_features``, in float64; what is recalled has the
    dtype of the patterns, where that can hold it. The modern rule compares by distance, which is the same as [4]_
    if all patterns have the same norm, and keeps longer ones from winning always if not.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Hopfield. "Neural networks and physical systems with emergent collective computational abilities".
       PNAS 79, 1982.
    .. [2] Personnaz, Guyon and Dreyfus. "Collective computational properties of neural networks: new learning
       mechanisms". Physical Review A 34, 1986.
    .. [3] Kanter and Sompolinsky. "Associative recall of memory without errors". Physical Review A 35, 1987.
    .. [4] Ramsauer et al. "Hopfield networks is all you need". ICLR 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skneural import HopfieldNetwork
    >>> patterns = np.array([[1, 1, 1, 1, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0, 1, 0]])
    >>> memory = HopfieldNetwork(random_state=0).fit(patterns)
    >>> memory.predict([[1, 1, 1, 0, 0, 0, 0, 0]])
    array([[1, 1, 1, 1, 0, 0, 0, 0]])
    """

    rule: str = hyperparameter(
        "hebbian",
        Choice("hebbian", "projection", "modern"),
        """How patterns are stored: "hebbian" (sum of products), "projection" (onto the space that the patterns span,
        by the pseudo-inverse) or "modern" (attention over the patterns).""",
        positional=True,
    )
    update: str = hyperparameter(
        "asynchronous",
        Choice("asynchronous", "synchronous"),
        """Whether units change one after another, in an order drawn for each sweep, or all at once. One after another
        always settles; all at once can end in two states that take turns. The modern rule knows only all at once.""",
    )
    max_iter: int = hyperparameter(100, Integer(1), "Most sweeps over all units in one recall.")
    beta: float | str = hyperparameter(
        "auto",
        Choice("auto") | Number(0, above=True),
        """Inverse temperature of the modern rule: a small one recalls means of similar patterns. "auto" is the least
        that is sure to hold apart the two most similar patterns, so that all are fixed points.""",
    )
    threshold: float | str = hyperparameter(
        "auto",
        Choice("auto") | Number(),
        """Above it is the upper state. "auto" is the middle of the two values in the patterns, or the mean of each
        feature if there are more than two.""",
    )
    random_state: int | np.random.RandomState | None = hyperparameter(
        None, RANDOM_STATE, "Seed of the order of asynchronous updates; drawn in `fit`, so that every recall agrees."
    )

    attributes_doc = {
        "patterns_": ("ndarray of shape (n_patterns, n_features_in_)", "What is stored, as it was given."),
        "threshold_": ("ndarray of shape (n_features_in_,)", "Above it is the upper state."),
        "levels_": ("ndarray of shape (2, n_features_in_) or None", "The two states as recalled; None if modern."),
        "factors_": (
            "ndarray of shape (n_features_in_, rank) or None",
            "The weights are ``factors_ @ factors_.T`` without its diagonal; None if modern.",
        ),
        "beta_": ("float or None", "Inverse temperature of the modern rule; None in other rules."),
        "n_features_in_": ("int", "Number of features seen in `fit`."),
        "feature_names_in_": ("ndarray of shape (n_features_in_,)", "Names of the features, if X had names."),
        "n_iter_": ("int", "Passes over the patterns to store them: always 1."),
    }

    @all_or_nothing
    def fit(self, X, y=None):
        """Store patterns, and forget those stored before.

        Parameters
        ----------
        X : array-like of shape (n_patterns, n_features)
            Patterns.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are not valid, or a two-state rule cannot divide the values in two: there is
            only one, or a single pattern of several. The estimator is then as it was before.
        """
        check_hyperparameters(self)
        patterns = self._check(X, reset=True)
        self._seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        return self._store(patterns)

    @all_or_nothing
    def partial_fit(self, X, y=None):
        """Store more patterns: the same as one `fit` of all of them.

        Parameters
        ----------
        X : array-like of shape (n_patterns, n_features)
            Patterns.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        if not hasattr(self, "patterns_"):
            return self.fit(X)
        check_hyperparameters(self)
        return self._store(np.concatenate([self.patterns_, self._check(X)]))

    def predict(self, X):
        """Recall the patterns that rows of X are distortions of.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            States to start from. What is recalled for a row does not depend on other rows.

        Returns
        -------
        recalled : ndarray of shape (n_samples, n_features)
            Where the network settles, in the values of the patterns.
        """
        return self._decode(self._recall(self._encode(self._check(X))))

    transform = predict  # for pipelines that clean their data

    def energy(self, X):
        """Energy of each row; recall never raises it, unless a two-state rule updates all units at once.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            States.

        Returns
        -------
        energy : ndarray of shape (n_samples,)
            ``-s @ W @ s / 2`` in states of -1 and 1, with the weights W. Of the modern rule, the log-sum-exp energy:
            at least zero, and zero at a pattern if there is no other.
        """
        x = self._encode(self._check(X))
        if self.factors_ is None:
            assert self.beta_ is not None
            return recall.attention_energy(x, self._encode(self.patterns_), self.beta_)
        return recall.two_state_energy(x, self.factors_)

    def score(self, X, y=None):
        """Mean overlap of what is recalled for X with y: 1 if all is right, about 0 by chance.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            States to start from.
        y : array-like of shape (n_samples, n_features), default=None
            Patterns that should be recalled; without y, or with labels of shape (n_samples,), X itself: how much of
            X is left as it is.

        Returns
        -------
        score : float
            Mean product of both states, -1 or 1; of the modern rule, mean cosine of deviations from `threshold_`.
        """
        start = self._encode(self._check(X))
        wanted = start if y is None or np.ndim(y) == 1 else self._encode(self._check(y))
        check_consistent_length(start, wanted)
        return float(recall.overlaps(self._recall(start), wanted).mean())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # --- values and states -----------------------------------------------------------------------------

    def _check(self, X: Any, *, reset: bool = False) -> np.ndarray:
        if not reset:
            check_is_fitted(self)
        return validate_data(self, X, dtype="numeric", reset=reset)

    def _encode(self, x: np.ndarray) -> np.ndarray:
        """States -1 and 1, or deviations from the threshold if modern: exact also where all values are large."""
        if self.factors_ is None:
            return x - self.threshold_
        return np.where(x > self.threshold_, 1.0, -1.0)

    def _decode(self, states: np.ndarray) -> np.ndarray:
        if self.levels_ is not None:
            return np.where(states > 0, self.levels_[1], self.levels_[0])
        recalled, dtype = states + self.threshold_, self.patterns_.dtype
        return recalled.astype(dtype, copy=False) if dtype.kind == "f" else recalled

    def _store(self, patterns: np.ndarray) -> HopfieldNetwork:
        self.patterns_ = np.array(patterns, order="C")
        self.threshold_ = two_level_threshold(patterns, self.threshold)
        self.levels_: np.ndarray | None = None
        self.factors_: np.ndarray | None = None
        self.beta_: float | None = None
        self.n_iter_ = 1
        if self.rule == "modern":
            deviations = self._encode(self.patterns_)
            self.beta_ = float(recall.separating_beta(deviations) if self.beta == "auto" else self.beta)
            return self
        self.levels_ = two_levels(patterns, self.threshold_, self.threshold)
        states = np.where(patterns > self.threshold_, 1.0, -1.0)
        self.factors_ = FACTORS[self.rule](states)
        return self

    def _recall(self, x: np.ndarray) -> np.ndarray:
        """The states where the network settles; warns of those where it does not."""
        tolerance = 0.0
        if self.factors_ is None:
            patterns = self._encode(self.patterns_)
            assert self.beta_ is not None
            step, tolerance = recall.attention_step(patterns, self.beta_), recall.SETTLED * np.abs(patterns).max()
        elif self.update == "synchronous":
            step = recall.synchronous_step(self.factors_)
        else:
            step = recall.asynchronous_step(self.factors_, np.random.RandomState(self._seed))
        x, n_alternating, n_moving = recall.settle(x, step, self.max_iter, tolerance)
        if n_alternating:
            message = f"{n_alternating} of {len(x)} rows alternate between two states; asynchronous updates settle."
            warnings.warn(message, ConvergenceWarning, stacklevel=3)
        if n_moving:
            message = f"{n_moving} of {len(x)} rows still changed in the last of max_iter={self.max_iter} sweeps."
            warnings.warn(message, ConvergenceWarning, stacklevel=3)
        return x
