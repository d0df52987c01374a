"""Hopfield network estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skneural.estimators.hopfield.two_states import two_level_threshold, two_levels
from skneural.hyperparameters import (
    RANDOM_STATE,
    Choice,
    Integer,
    Number,
    check_hyperparameters,
    declare,
    hyperparameter,
)
from skneural.installation import DOC_LINK_MODULE, DOC_LINK_PARAMETERS, DOC_LINK_TEMPLATE
from skneural.ops import hopfield as recall
from skneural.readers import FLOATS, InputSpec, columns_named, dtype_of, ensure_none_is_nan, with_dtype
from skneural.template.onnx_hooks import onnx_converter, onnx_parser, onnx_shape_calculator
from skneural.template.saved_state import converted, with_version
from skneural.template.state import all_or_nothing
from skneural.training.seeds import drawn_seed
from skneural.user_warnings import warn_user

FACTORS = {"hebbian": recall.hebbian_factors, "projection": recall.projection_factors}


@declare
class HopfieldNetwork(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Hopfield network: an associative memory that recalls stored patterns from distorted or partial versions.

    `fit` stores the rows of X, of shape (n_patterns, n_features), in one pass; y is ignored. `predict`, also called
    `transform`, starts from new rows, and updates their states until they no longer change, at a minimum of an energy.
    The Hebbian rule [1]_ stores up to ``0.138 * n_features`` uncorrelated patterns. The projection rule [2]_ [3]_ makes
    all linearly independent patterns fixed points, and recalls up to about ``n_features / 2`` of them. Both have binary
    states. The modern rule [4]_ repeats an attention step over all patterns, which it keeps. It recalls real values,
    and its capacity is exponential in ``n_features``.

    For the binary rules, patterns may have any two values, such as 0 and 1, -1 and 1, or False and True, which are also
    the recalled values. Real values are binarized (see `threshold`), and recalled as the mean of the stored values on
    the same side of the threshold. A constant feature has the same state in all patterns. The weight matrix is never
    formed: recall takes time and memory proportional to ``n_patterns * n_features``, in float64. Recalled values have
    the dtype of the patterns, if it can represent them. The modern rule compares by distance instead of the inner
    product of [4]_: the same if all patterns have equal norms, while otherwise long patterns would always win.

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
        default="hebbian",
        constraint=Choice("hebbian", "projection", "modern"),
        doc="""Storage rule: "hebbian" (sum of outer products), "projection" (onto the span of the patterns, by the
        pseudo-inverse) or "modern" (attention over the patterns).""",
        kw_only=False,
    )
    update: str = hyperparameter(
        default="asynchronous",
        constraint=Choice("asynchronous", "synchronous"),
        doc="""Update of the units: one after another in a random order for each sweep ("asynchronous"), which always
        converges, or all at once ("synchronous"), which can end in two alternating states. The modern rule is always
        synchronous.""",
        after_fit=True,
    )
    max_iter: int = hyperparameter(
        default=100,
        constraint=Integer(1),
        doc="Maximum number of sweeps over all units in a recall.",
        after_fit=True,
    )
    beta: float | str = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Number(0, above=True),
        doc="""Inverse temperature of the modern rule; small values recall means of similar patterns. "auto": the
        smallest value that is guaranteed to separate the two most similar patterns, so that all patterns are fixed
        points.""",
    )
    threshold: float | str = hyperparameter(
        default="auto",
        constraint=Choice("auto") | Number(),
        doc="""Values above the threshold are the upper state. "auto": the middle between the two values in the
        patterns, or the mean of each feature if there are more than two values.""",
    )
    random_state: int | np.random.RandomState | None = hyperparameter(
        default=None,
        constraint=RANDOM_STATE,
        doc="Seed of the order of asynchronous updates; drawn in `fit`, so that recalls are reproducible.",
    )

    attributes_doc = {
        "patterns_": ("ndarray of shape (n_patterns, n_features_in_)", "Stored patterns, as passed to `fit`."),
        "threshold_": ("ndarray of shape (n_features_in_,)", "Threshold of each feature."),
        "levels_": (
            "ndarray of shape (2, n_features_in_) or None",
            "Recalled values of the two states; None if modern.",
        ),
        "factors_": (
            "ndarray of shape (n_features_in_, rank) or None",
            "Factors of the weight matrix, ``factors_ @ factors_.T`` with a zero diagonal; None if modern.",
        ),
        "beta_": ("float or None", "Inverse temperature of the modern rule; None for the other rules."),
        "n_features_in_": ("int", "Number of features seen in `fit`."),
        "feature_names_in_": (
            "ndarray of shape (n_features_in_,)",
            "Feature names of X, if it has string column names.",
        ),
        "n_iter_": ("int", "Number of passes over the patterns, always 1."),
    }

    @all_or_nothing
    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Store patterns, and discard those stored before.

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
            If hyper-parameters or data are invalid, or values cannot be binarized: all are equal, or a single pattern
            has more than two values. The estimator then remains unchanged.
        """
        check_hyperparameters(self)
        patterns = self._check(X, reset=True)
        self._seed = drawn_seed(self.random_state)
        return self._store(patterns)

    @all_or_nothing
    def partial_fit(self, X: npt.ArrayLike, y: object = None) -> Self:
        """Store additional patterns; equivalent to `fit` on all patterns.

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

    def predict(self, X: npt.ArrayLike) -> np.ndarray:
        """Recall patterns, starting from the rows of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Initial states. Rows are recalled independently of each other.

        Returns
        -------
        recalled : ndarray of shape (n_samples, n_features)
            Final states, in the values of the patterns.
        """
        return self._decode(self._recall(self._encode(self._check(X))))

    transform = predict  # for use as a denoising step of a pipeline

    def energy(self, X: npt.ArrayLike) -> np.ndarray:
        """Energy of each row, which recall never increases, except by synchronous updates of the binary rules.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            States.

        Returns
        -------
        energy : ndarray of shape (n_samples,)
            ``-s @ W @ s / 2`` for states s of -1 and 1 and the weight matrix W. For the modern rule, the log-sum-exp
            energy, which is not negative, and zero at a single stored pattern.
        """
        x = self._encode(self._check(X))
        if self.factors_ is None:
            assert self.beta_ is not None
            return recall.attention_energy(x, self._encode(self.patterns_), self.beta_)
        return recall.two_state_energy(x, self.factors_)

    def score(self, X: npt.ArrayLike, y: npt.ArrayLike | None = None) -> float:
        """Mean overlap of the states recalled from X with those of y: 1 if all are equal, about 0 by chance.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Initial states.
        y : array-like of shape (n_samples, n_features), default=None
            Patterns to be recalled. If None, or labels of shape (n_samples,), X itself: the score measures how much of
            X remains unchanged.

        Returns
        -------
        score : float
            Mean product of the states, -1 or 1; for the modern rule, mean cosine of the deviations from `threshold_`.
        """
        start = self._encode(self._check(X))
        targets = start if y is None or np.ndim(y) == 1 else self._encode(self._check(y))
        check_consistent_length(start, targets)
        return float(recall.overlaps(self._recall(start), targets).mean())

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # by which notebooks link an estimator to its page
    _doc_link_module, _doc_link_template = DOC_LINK_MODULE, DOC_LINK_TEMPLATE
    _doc_link_url_param_generator = DOC_LINK_PARAMETERS

    # by which skl2onnx finds the graph in a pipeline
    onnx_parser, onnx_shape_calculator, onnx_converter = onnx_parser, onnx_shape_calculator, onnx_converter

    # --- values and states -----------------------------------------------------------------------------

    def _check(self, X: npt.ArrayLike, *, reset: bool = False) -> np.ndarray:
        if not reset:
            check_is_fitted(self)
        X = with_dtype(X)
        with columns_named(X, type(self).__name__):
            dtype = dtype_of(X)
            as_float = InputSpec(FLOATS, type(self).__name__).resolve(dtype)
            as_numbers = as_float if dtype.kind == "f" else "numeric"
            options = {"dtype": as_numbers, "order": "C", "ensure_all_finite": "allow-nan"}
            checked: np.ndarray = validate_data(self, X, reset=reset, **options)
        checked = checked.astype(np.float64) if checked.dtype == object else checked
        ensure_none_is_nan(checked, type(self).__name__, X)
        return checked

    def _encode(self, x: np.ndarray) -> np.ndarray:
        """States -1 and 1, or, if modern, deviations from the threshold, which avoid cancellation of large values."""
        if self.factors_ is None:
            return _with_finite_squares(x - self.threshold_)
        return np.where(x > self.threshold_, 1.0, -1.0)

    def _decode(self, states: np.ndarray) -> np.ndarray:
        if self.levels_ is not None:
            return np.where(states > 0, self.levels_[1], self.levels_[0])
        recalled, dtype = states + self.threshold_, self.patterns_.dtype
        return recalled.astype(dtype, copy=False) if dtype.kind == "f" else recalled

    def _store(self, patterns: np.ndarray) -> Self:
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
        """Update states until they no longer change; warn of those that do not converge."""
        check_hyperparameters(self, after_fit=True)
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
            message = f"{n_alternating} of {len(x)} rows alternate between two states; asynchronous updates converge."
            warn_user(message, ConvergenceWarning)
        if n_moving:
            message = f"{n_moving} of {len(x)} rows still changed in the last of max_iter={self.max_iter} sweeps."
            warn_user(message, ConvergenceWarning)
        return x

    def __getstate__(self) -> dict[str, Any]:
        return with_version(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(converted(type(self).__name__, state).state)


def _with_finite_squares(deviations: np.ndarray) -> np.ndarray:
    """The deviations of X from the threshold; raises if their squares, which the modern rule compares, overflow."""
    largest, n_features = float(np.abs(deviations).max()), deviations.shape[1]
    if largest > np.sqrt(np.finfo(deviations.dtype).max / n_features) / 2:
        raise ValueError(
            f"Values of X are up to {largest:.3g} away from the threshold, and their squares overflow in "
            f"{deviations.dtype}. Scale X."
        )
    return deviations
