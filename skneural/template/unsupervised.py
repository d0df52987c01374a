"""What users ask an estimator that makes its targets of X."""

from __future__ import annotations

from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.targets import Given
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.estimator import NeuralEstimator, takes_single_passes


@declare
class UnsupervisedEstimator(NeuralEstimator):
    """Trained on X alone; its kind of y says what of X the network is to find."""

    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        X : array-like of n_samples rows
            Training input; the class says which shapes it takes.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample: none negative, not all zero. A weight of two equals a repetition.
        X_val : array-like, default=None
            Data that decides when to stop, instead of a part held out of X. Behind transformers, use
            ``Pipeline(..., transform_input=["X_val"])``.
        y_val : None
            Ignored.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are not valid, or training diverges; the estimator is then as it was before.
        """
        return self._fit(Given(X, None, sample_weight), Given(X_val, None, sample_weight_val))

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y=None, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        Parameters
        ----------
        X : array-like of n_samples rows
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(Given(X, None, sample_weight))
        return self
