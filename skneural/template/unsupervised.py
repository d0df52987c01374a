"""Base class of estimators whose targets follow from X."""

from __future__ import annotations

from sklearn.utils.metaestimators import available_if

from skneural.hyperparameters import declare
from skneural.tasks import FitArguments
from skneural.template.estimator import NeuralEstimator, has_partial_fit
from skneural.template.state import all_or_nothing


@declare
class UnsupervisedEstimator(NeuralEstimator):
    """Estimator that is trained on X alone; its task derives the targets from X."""

    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None, resume_from=None):
        """Fit the network.

        Parameters
        ----------
        X : array-like of n_samples rows
            Training data, in a form that the class documents.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each sample, not all zero. A weight of two is equivalent to a repetition.
        X_val : array-like, default=None
            Validation data for early stopping, instead of a part of X. In a pipeline with transformers, use
            ``Pipeline(..., transform_input=["X_val"])``.
        y_val : None
            Ignored.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.
        resume_from : str or path-like, default=None
            File of `skneural.callbacks.Checkpoint`, of a training with the same data and hyper-parameters that was
            broken off. It continues after its last epoch, and ends with the same weights as if it had not been.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If hyper-parameters or data are invalid, or training diverges. The estimator is then unchanged.
        """
        return self._fit(
            FitArguments(X, None, sample_weight), FitArguments(X_val, None, sample_weight_val), resume_from
        )

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y=None, sample_weight=None):
        """Train for exactly one pass over the given samples, continuing from the last call or `fit`.

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
        self._partial_fit(FitArguments(X, None, sample_weight))
        return self
