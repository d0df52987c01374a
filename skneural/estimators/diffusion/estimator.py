"""Diffusion models: generation of samples with the distribution of the training data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt
from sklearn.base import DensityMixin
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import Rows
from skneural.estimators.diffusion.container import denoiser_input
from skneural.estimators.diffusion.network import diffusion_network
from skneural.estimators.diffusion.reader import RestorableTable
from skneural.estimators.diffusion.task import Denoising, DenoisingOptions
from skneural.hyperparameters import (
    INFINITY,
    NONE,
    Choice,
    Integer,
    Number,
    Sizes,
    check_arguments,
    declare,
    hyperparameter,
)
from skneural.layers import Layer
from skneural.ops.diffusion import add_noise, back_to_data, levels, prediction_target, times_back
from skneural.ops.pointwise import AnyActivation
from skneural.ops.types import Array
from skneural.optimizers import ScheduleFunction
from skneural.parameters import Tree
from skneural.readers import Reader
from skneural.readers.categories import CATEGORY_ATTRIBUTES, CategoryOptions, categorical_features_hyperparameter
from skneural.tasks import FitArguments, Task
from skneural.template.automatic import early_stopping_hyperparameter
from skneural.template.estimator import NeuralEstimator, has_partial_fit
from skneural.template.problem import Problem
from skneural.template.state import all_or_nothing
from skneural.template.values import activation_hyperparameter, learning_rate_hyperparameter
from skneural.training.seeds import Seeds

# Noise levels at which rows are scored. The noise is the same for all rows, so that the score of a row does not depend
# on the others.
N_SCORED = 32


@declare
class DiffusionModel(DensityMixin, NeuralEstimator):
    """Denoising diffusion model that generates samples like those of the training data.

    In training, noise is added to the data in small steps, along the cosine schedule [2]_, until only noise is left. A
    residual perceptron learns to predict the noise at each step [1]_, [6]_, and `sample` generates data from noise in
    fewer, longer steps [3]_. If y is given, samples are generated conditionally on it: classes or numbers; `guidance`
    strengthens its effect [4]_. Samples are generated with a running mean of the weights.

    X is an array or DataFrame of shape (n_samples, n_features). `sample` returns an array, or for a DataFrame of
    pandas, polars or Arrow one with the same column names, dtypes and categories. Numbers are scaled, categories are
    one-hot encoded, and times are represented by the time in years and the positions in the year, the week and the day.
    The part of the prediction that follows from mean and variance of each column is computed exactly [7]_. Generated
    numbers and times stay within the range of the training data; integers are rounded, and constant columns stay
    constant. Missing values are generated, too, and depend on the other columns.

    {parameters}

    {attributes}

    References
    ----------
    .. [1] Ho, Jain and Abbeel. "Denoising diffusion probabilistic models". NeurIPS 2020.
    .. [2] Nichol and Dhariwal. "Improved denoising diffusion probabilistic models". ICML 2021.
    .. [3] Lu, Zhou, Bao, Chen, Li and Zhu. "DPM-Solver++: fast solver for guided sampling of diffusion probabilistic
       models". Machine Intelligence Research 22, 2025.
    .. [4] Ho and Salimans. "Classifier-free diffusion guidance". NeurIPS workshop on deep generative models, 2021.
    .. [5] Salimans and Ho. "Progressive distillation for fast sampling of diffusion models". ICLR 2022.
    .. [6] Xu, Tong and Jaakkola. "Stable target field for reduced variance score estimation in diffusion models". ICLR
       2023.
    .. [7] Karras, Aittala, Aila and Laine. "Elucidating the design space of diffusion-based generative models". NeurIPS
       2022.
    .. [8] Zhao, Kunar, Birke and Chen. "CTAB-GAN: effective table data synthesizing". ACML 2021.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skneural import DiffusionModel
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = DiffusionModel(max_iter=20, random_state=0).fit(X, y)
    >>> flowers = model.sample(3, y=[0, 1, 2], random_state=0)
    >>> flowers.shape, list(flowers.columns) == list(X.columns)
    ((3, 4), True)
    """

    _reader_class: ClassVar[type[Reader]] = RestorableTable
    _task_class: ClassVar[type[Task]] = Denoising
    _network_builder: ClassVar[Callable[..., Layer]] = staticmethod(diffusion_network)

    if TYPE_CHECKING:
        _reader: RestorableTable = field(init=False)
        _task: Denoising = field(init=False)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        default=(256, 256, 256),
        constraint=Sizes(1),
        doc="Units of each residual block of two dense layers; () for a linear model.",
        kw_only=False,
    )
    learning_rate_init: float = hyperparameter(
        default=0.004,
        constraint=Number(0, above=True),
        doc="""Initial step size. Not used by lbfgs. Larger than in other estimators: with a quarter of it and as many
        epochs, three times as many samples of eight Gaussians were outliers between them.""",
    )
    # The loss of held-out data rises long before samples are best: with early stopping, after 134 epochs on half of
    # digits, classifiers trained on samples reach .88 on real digits; after 400 epochs .96 (both at a step size of
    # .001).
    early_stopping: bool | str = early_stopping_hyperparameter(
        math.inf, "Stop training when the loss of held-out data stops improving, instead of the training loss."
    )
    max_iter: int = hyperparameter(
        default=250,
        constraint=Integer(1),
        doc="Number of epochs (passes over the data), or maximum number of iterations of lbfgs.",
    )
    learning_rate: str | ScheduleFunction = learning_rate_hyperparameter(
        "cosine",
        """Schedule of the step size: "cosine" decreases it to zero at `max_iter`; "one_cycle" increases and then
        decreases it until `max_iter`; "invscaling" decreases it with the samples seen; "adaptive" divides it by five
        whenever the score stops improving; "constant".""",
    )
    n_iter_no_change: float = hyperparameter(
        default=math.inf,
        constraint=Integer(1) | INFINITY,
        doc="Training stops after more than this number of consecutive epochs without improvement; inf: never.",
    )
    n_steps: int = hyperparameter(
        default=1000, constraint=Integer(1), doc="Number of steps in which noise is added to the training data."
    )
    n_sampling_steps: int | None = hyperparameter(
        default=50,
        constraint=Integer(1) | NONE,
        doc="""Number of steps in which `sample` removes noise, each over several of the `n_steps`; None for all of
        them.""",
        after_fit=True,
    )
    eta: float = hyperparameter(
        default=0.0,
        constraint=Number(0, 1),
        doc="""Fraction of fresh noise in each step of `sample`: with 0, the initial noise determines the sample; 1 is
        ancestral sampling [1]_, which corrects errors of earlier steps, but needs more steps.""",
        after_fit=True,
    )
    activation: AnyActivation = activation_hyperparameter(
        "silu", "Activation function before each dense layer of the blocks."
    )
    prediction: str = hyperparameter(
        default="velocity",
        constraint=Choice("velocity", "noise"),
        doc="""Target of the network: the "noise" [1]_, or the "velocity" at which data becomes noise [5]_, which is
        equally hard to predict at all steps.""",
    )
    guidance: float = hyperparameter(
        default=0.0,
        constraint=Number(0),
        doc="""Strength of classifier-free guidance [4]_ in `sample`: larger values give samples that are more typical
        of y and less diverse. 0 for the conditional distribution of the training data.""",
        after_fit=True,
    )
    condition_dropout: float = hyperparameter(
        default=0.1,
        constraint=Number(0, 1),
        doc="""Fraction of the training samples whose y is dropped, by which the network learns the unconditional
        distribution. Needed for `guidance`, and to sample or score without y.""",
    )
    scaling: str = hyperparameter(
        default="auto",
        constraint=Choice("auto", "standard", "quantile"),
        doc="""Scaling of numbers: "standard" to mean 0 and variance 1; "quantile" to a normal distribution, which suits
        tables with long tails, and represents the most common number of a column by a flag if at least a tenth of the
        rows have it [8]_; "auto" for "quantile" if there are categorical columns, and "standard" otherwise.""",
    )
    averaging: float = hyperparameter(
        default=0.999,
        constraint=Number(0, 1, below=True),
        doc="""Decay of the running mean of the weights at each training step; 0 for the weights themselves, which lbfgs
        always uses.""",
    )

    categorical_features: str | Sequence[Any] | None = categorical_features_hyperparameter()

    attributes_doc = {
        **CATEGORY_ATTRIBUTES,
        "classes_": ("ndarray of shape (n_classes,) or None", "The classes of y; None without y, or if y is numbers."),
    }

    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None, resume_from=None):
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data. Training is in float64 for float64 X, and in float32 otherwise.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Condition on which samples depend: classes if y contains integers, strings or booleans; numbers if it
            contains floats or has several columns.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weight of each sample, not all zero.
        X_val, y_val : array-likes, default=None
            Validation data for early stopping, instead of a part of X; y_val only with y. In a pipeline with
            transformers, use ``Pipeline(..., transform_input=["X_val"])``.
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
        return self._fit(FitArguments(X, y, sample_weight), FitArguments(X_val, y_val, sample_weight_val), resume_from)

    @available_if(has_partial_fit)
    @all_or_nothing
    def partial_fit(self, X, y=None, classes=None, sample_weight=None):
        """Train for exactly one pass over the given samples, continuing from the last call or `fit`.

        X is scaled by its mean and deviation in all calls so far; the first call determines the categories, and the
        ranks with ``scaling="quantile"``. With `learning_rate` "cosine" or "one_cycle", each call runs through the
        whole schedule. "constant" suits many passes: after a hundred on eight Gaussians, 2 % of the samples were
        between them, with "cosine" 5 %, and 1 % after a `fit` of as many epochs.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            In all calls or in none.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur. Required in the first call unless its y contains all of them.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(FitArguments(X, y, sample_weight, classes))
        return self

    def sample(self, n_samples=1, y=None, random_state=None):
        """Generate samples.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        y : scalar or array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Condition of the samples: one class or number for all, or one for each. Only if the model was fitted with y.
            None: samples are distributed as in the training data.
        random_state : int, RandomState instance or None, default=None
            Seed of the noise; None for different samples in each call.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In the form of the X of `fit`.

        Raises
        ------
        ValueError
            If `n_samples` is not a positive integer, y does not match the y of `fit`, or a hyper-parameter that was
            changed after `fit` is invalid.
        """
        *_, encoded = self._denoised(n_samples, y, random_state)
        return self._restored(encoded)

    def sample_steps(self, n_samples=1, y=None, random_state=None):
        """Generate samples, and return all steps from noise to data.

        Parameters
        ----------
        n_samples : int, default=1
            Number of samples.
        y : scalar or array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `sample`.
        random_state : int, RandomState instance or None, default=None
            As in `sample`.

        Returns
        -------
        steps : list of ndarrays or DataFrames of shape (n_samples, n_features)
            The initial noise, followed by the result of each step, in the form of the X of `fit`. The last one is what
            `sample` returns.
        """
        *noisy, last = self._denoised(n_samples, y, random_state)
        # Noise may exceed the range of the data, which integers and columns of DataFrames may not be able to represent.
        bounded = not self._reader.form.unbounded
        return [*(self._restored(encoded, bounded) for encoded in noisy), self._restored(last)]

    def score_samples(self, X, y=None):
        """Score of each row: the higher, the more it resembles the training data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `sample`.

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Negative mean squared error of the predictions at 32 noise levels, with the same noise for all rows.
        """
        check_is_fitted(self)
        x, task = self._read(X), self._task
        assert isinstance(x, Rows)
        values = task.encoding.encode(x.values, x.dtype)
        condition = task.encode_condition(y, len(x), x.dtype)
        check_consistent_length(values, condition)
        rng, error = Seeds(self._seed).generator("scores"), np.zeros(len(values))
        for time in ((np.arange(N_SCORED) + 0.5) / N_SCORED).astype(values.dtype):
            noise = rng.standard_normal(values.shape[1:], dtype=values.dtype.type)
            at = levels(time)
            noisy = add_noise(values, noise, *at)
            predicted = self._raw(Rows(denoiser_input(noisy, condition, time))) + task.linear_prediction(noisy, time)
            target = prediction_target(task.options.prediction, values, noise, *at)
            error += np.square(predicted - target).mean(axis=1)
        return -error / N_SCORED

    def score(self, X, y=None):
        """Mean of `score_samples`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `sample`.

        Returns
        -------
        score : float
        """
        return float(self.score_samples(X, y).mean())

    # --- hooks ------------------------------------------------------------------------------------------

    def _reader_options(self) -> CategoryOptions:
        return CategoryOptions(self.categorical_features)

    def _task_options(self) -> DenoisingOptions:
        return DenoisingOptions(self.scaling, int(self.n_steps), self.prediction, float(self.condition_dropout))

    def _training_score(self, problem: Problem) -> Callable[[float, Tree], float]:
        """Score by a running mean of the loss, which depends less on the noise that was drawn in an epoch."""
        mean = None

        def score(loss: float, tree: Tree) -> float:
            nonlocal mean
            mean = loss if mean is None else 0.9 * mean + 0.1 * loss
            return -mean

        return score

    # --- from noise to data -----------------------------------------------------------------------------

    def _denoised(
        self, n_samples: int, y: npt.ArrayLike | None, random_state: int | np.random.RandomState | None
    ) -> Iterator[Array]:
        """Encoded rows: the initial noise, and the result of each step."""
        check_is_fitted(self)
        model = self._checked(after_fit=True)
        check_arguments(n_samples=(n_samples, Integer(1)))
        rng, dtype, options = check_random_state(random_state), self.weights_.dtype, self._task.options
        condition = self._task.encode_condition(y, int(n_samples), dtype)
        if len(condition) != n_samples:
            raise ValueError(f"y has {len(condition)} entries, but n_samples={n_samples}: give one for each, or one.")
        encoding = self._task.encoding
        bounds = encoding.lower.astype(dtype), encoding.upper.astype(dtype)
        n_steps = min(model.n_sampling_steps or options.n_steps, options.n_steps)
        noisy = rng.standard_normal((n_samples, encoding.size)).astype(dtype)
        yield noisy
        predict = model._predictor(condition, guided=y is not None)
        walk = back_to_data(noisy, predict, times_back(n_steps), options.prediction, bounds, model.eta, rng)
        for step, noisy in enumerate(walk, start=1):
            if model.verbose and step * 10 // n_steps > (step - 1) * 10 // n_steps:
                print(f"Sampling step {step} of {n_steps}")
            yield noisy

    def _predictor(self, condition: Array, guided: bool) -> Callable[[Array, float], Array]:
        """The function from noisy values and their time to predictions, with guidance if there is a condition."""
        guidance = self.guidance if guided else 0.0

        def predict(noisy: Array, time: float) -> Array:
            predicted = self._raw(Rows(denoiser_input(noisy, condition, time)))
            if guidance:
                unconditional = self._raw(Rows(denoiser_input(noisy, np.zeros_like(condition), time)))
                predicted += guidance * (predicted - unconditional)
            predicted += self._task.linear_prediction(noisy, time)
            return predicted

        return predict

    def _restored(self, encoded: Array, bounded: bool = True) -> Any:
        """Encoded rows in the form of X."""
        return self._reader.restore(Rows(self._task.encoding.decode(encoded, bounded), encoded.dtype))
