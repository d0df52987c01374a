"""Diffusion models: more samples like those that were seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skneural.data import Container, DiffusedRows, Rows, TableRows
from skneural.data.diffused import joined
from skneural.hyperparameters import BOOLEAN, INFINITY, NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.inputs import CategoricalFields, Expected, RestorableTable
from skneural.inputs.column_encoding import ColumnEncoding
from skneural.layers import Chain
from skneural.networks.diffusion import diffusion_network
from skneural.ops.diffusion import add_noise, back_to_data, levels, linear_estimate, prediction_target, times_back
from skneural.ops.pointwise import ACTIVATIONS
from skneural.ops.types import Array
from skneural.optimizers import SCHEDULES, Averaging, Optimizer
from skneural.targets import Denoising, Given
from skneural.template.all_or_nothing import all_or_nothing
from skneural.template.estimator import NeuralEstimator, takes_single_passes
from skneural.template.run import Run
from skneural.training.seeds import Seeds

# Noises of different strength over each row, by which rows are scored: the same for all rows, so that the score of one
# does not depend on the others.
N_SCORED = 32


@declare
class DiffusionModel(CategoricalFields, DensityMixin, NeuralEstimator):
    """Diffusion model: makes more samples like those that it was fitted on.

    Noise comes over the training data in small steps, along the cosine schedule [2]_, until nothing else is left. A
    residual perceptron learns to tell noise from data at each step [1]_, [6]_, and `sample` goes back from noise to
    data in fewer and longer steps [3]_. With y, it learns what the data of each class is like, or for each value of
    numbers; `guidance` goes further that way [4]_. What samples are made with is a running mean of the weights.

    X is an array or a DataFrame, and `sample` returns what X was: of pandas columns with their names, dtypes and
    categories, of other libraries' DataFrames an array. Numbers are scaled, categories are told by the largest of as
    many numbers, and what mean and variance of each tell of it need not be learned [7]_. Integers are rounded, and no
    number leaves the range of the training data; a constant column stays constant. Missing values are made, too: in
    each column as often as they come with the values of the others.

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
    >>> model = DiffusionModel(max_iter=100, random_state=0).fit(X, y)
    >>> flowers = model.sample(3, y=[0, 1, 2], random_state=0)
    >>> flowers.shape, list(flowers.columns) == list(X.columns)
    ((3, 4), True)
    """

    _input_kind: ClassVar[RestorableTable] = RestorableTable()
    _target_kind: ClassVar[Denoising] = Denoising()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(diffusion_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (256, 256, 256),
        Sizes(1),
        "Units of each residual block, which has two dense layers; () for a linear model.",
        positional=True,
    )
    learning_rate_init: float = hyperparameter(
        0.004,
        Number(0, above=True),
        """Step size; lbfgs finds its own. Greater than elsewhere: with a quarter of it, and as many epochs, three times
        as many samples of eight Gaussians lay between them.""",
    )
    early_stopping: bool | str = hyperparameter(
        "auto",
        Choice("auto") | BOOLEAN,
        """Whether training stops when held-out data is denoised no better, instead of the training data. "auto": if
        `X_val` is given.""",
    )
    max_iter: int = hyperparameter(250, Integer(1), "Epochs (passes over the data), or most iterations of lbfgs.")
    learning_rate: str = hyperparameter(
        "cosine",
        replace(Choice(*SCHEDULES), number_is="learning_rate_init"),
        """How the step size changes: "cosine" down to zero at `max_iter`, "one_cycle" up and down again by `max_iter`,
        "invscaling" with the samples seen, "adaptive" to a fifth whenever the score stops improving, or "constant".""",
    )
    n_iter_no_change: float = hyperparameter(
        math.inf,
        Integer(1) | INFINITY,
        "Training stops after more epochs in a row than this without improvement; inf: never for that reason.",
    )
    n_steps: int = hyperparameter(1000, Integer(1), "Steps in which noise comes over the training data.")
    n_sampling_steps: int | None = hyperparameter(
        50,
        Integer(1) | NONE,
        """Steps in which `sample` goes back, each over several of the others; None for all `n_steps`. It may be set
        after `fit`, like `eta` and `guidance`.""",
    )
    eta: float = hyperparameter(
        0.0,
        Number(0, 1),
        """Share of the noise that `sample` draws anew at each step: none with 0, so that the noise at the start
        decides; all with 1 [1]_, which makes up for errors on the way, but takes more steps.""",
    )
    activation: str = hyperparameter("silu", Choice(*ACTIVATIONS), "Function before each dense layer of the blocks.")
    prediction: str = hyperparameter(
        "velocity",
        Choice("velocity", "noise"),
        """What the network finds: "noise" [1]_, or the "velocity" at which data becomes noise [5]_, which is as hard to
        find late as early.""",
    )
    guidance: float = hyperparameter(
        0.0,
        Number(0),
        """How far `sample` goes beyond what y asks for, away from what is made without y [4]_: samples are then more
        typical, and differ less. 0 samples as in the training data.""",
    )
    condition_dropout: float = hyperparameter(
        0.1,
        Number(0, 1),
        """Share of the training samples whose y is not told, by which the network learns what is common to all: needed
        for `guidance`, and to sample or score without y.""",
    )
    scaling: str = hyperparameter(
        "auto",
        Choice("auto", "standard", "quantile"),
        """How numbers are scaled: "standard" to mean 0 and variance 1, or by "quantile" to a normal distribution, which
        suits tables with long tails; the most common number of a column then stands apart if a tenth of the rows have
        it [8]_. "auto": by "quantile" if some columns are categories.""",
    )
    averaging: float = hyperparameter(
        0.999,
        Number(0, 1, below=True),
        """What the running mean of the weights keeps of itself at each step; 0 takes the weights themselves, as lbfgs
        does.""",
    )

    # The loss of held-out data rises long before samples are as good as they become: stopped by it after 134 epochs on
    # half of digits, classifiers trained on samples reach .88 on real digits; after 400 epochs .96 (both at a rate of
    # .001).
    _early_stopping_from: ClassVar[float] = math.inf

    attributes_doc = {
        "classes_": ("ndarray of shape (n_classes,) or None", "The classes of y; None without y, or if y are numbers."),
    }

    def fit(self, X, y=None, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples. float64 trains in float64, everything else in float32.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Condition under which samples are made: classes if it holds integers, strings or truth values; numbers if it
            holds floats, or has several columns.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample: none negative, not all zero.
        X_val, y_val : array-likes, default=None
            Data that decides when to stop, instead of a part held out of X; y_val only with y. Behind transformers, use
            ``Pipeline(..., transform_input=["X_val"])``.
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
        return self._fit(Given(X, y, sample_weight), Given(X_val, y_val, sample_weight_val))

    @available_if(takes_single_passes)
    @all_or_nothing
    def partial_fit(self, X, y=None, classes=None, sample_weight=None):
        """Take exactly one pass over the given samples, going on from where the last call or `fit` ended.

        The first call learns how to scale X, and which categories there are. Where `learning_rate` ends at `max_iter`,
        each pass is all of it: the step size ends at zero each time, and starts over with the next. "constant" goes on
        from pass to pass as `fit` does from epoch to epoch, and suits many passes: after a hundred on eight Gaussians
        2 % of the samples lay between them, with "cosine" 5 %, after a `fit` of as many epochs 1 %.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            In all calls or in none.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur, in the first call; those in its y by default.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self : object
        """
        self._partial_fit(Given(X, y, sample_weight, classes))
        return self

    def sample(self, n_samples=1, y=None, random_state=None):
        """Make samples.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        y : scalar or array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            What they should be samples of: one class or number for all, or one for each. Only if the model was fitted
            with y; without it, samples are as mixed as the training data.
        random_state : int, RandomState instance or None, default=None
            Seed of all noise; None for other samples each time.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            What X was in `fit`.

        Raises
        ------
        ValueError
            If `n_samples` is not a positive integer, or y is not like the y of `fit`.
        """
        *_, encoded = self._denoised(n_samples, y, random_state)
        return self._restored(encoded)

    def sample_steps(self, n_samples=1, y=None, random_state=None):
        """Make samples, and see how they come out of noise.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        y : scalar or array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `sample`.
        random_state : int, RandomState instance or None, default=None
            As in `sample`.

        Returns
        -------
        steps : list of ndarrays or DataFrames of shape (n_samples, n_features)
            What X was in `fit`: the noise first, then after each step, and what `sample` returns last.
        """
        *noisy, last = self._denoised(n_samples, y, random_state)
        # Noise may lie beyond the data, but integers and the columns of DataFrames may not be able to hold it.
        bounded = self._form["labels"] is not None or np.dtype(self._form["dtypes"][0]).kind != "f"
        return [*(self._restored(encoded, bounded) for encoded in noisy), self._restored(last)]

    def score_samples(self, X, y=None):
        """How well noise over each row is told from it: the higher, the more it is like the training data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            As in `sample`.

        Returns
        -------
        score : ndarray of shape (n_samples,)
            Minus the mean squared error in finding 32 noises of growing strength, the same for all rows.
        """
        check_is_fitted(self)
        values, condition = self._values_and_condition(X, y)
        rng, error = Seeds(self._seed).generator("scores"), np.zeros(len(values))
        for time in ((np.arange(N_SCORED) + 0.5) / N_SCORED).astype(values.dtype):
            noise = rng.standard_normal(values.shape[1:], dtype=values.dtype.type)
            at = levels(time)
            noisy = add_noise(values, noise, *at)
            found = self._raw(self._parameters(), Rows(joined(noisy, condition, time))) + self._by_line(noisy, time)
            error += np.square(found - prediction_target(self.prediction, values, noise, *at)).mean(axis=1)
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

    # --- what is said otherwise to the template ---------------------------------------------------------

    def _training_score(self, run: Run) -> Callable[[float], float]:
        """Of a running mean of the loss: noise that happens to be easy to find does not make an epoch the best."""
        mean = None

        def score(loss: float) -> float:
            nonlocal mean
            mean = loss if mean is None else 0.9 * mean + 0.1 * loss
            return -mean

        return score

    def _check_X(self, X: Any, expected: Expected | None = None) -> Container:
        """Outside of training: encoded, as it enters the network."""
        x = super()._check_X(X, expected)
        if expected is None and isinstance(x, TableRows):
            return self._target_kind.entering(self, Given(x, None))
        return x

    def _optimizer(self, solver: str, n_penalized: int) -> Optimizer:
        optimizer = super()._optimizer(solver, n_penalized)
        return Averaging(optimizer, self.averaging) if self.averaging else optimizer

    # --- from noise to data -----------------------------------------------------------------------------

    def _denoised(self, n_samples: Any, y: Any, random_state: Any) -> Iterator[Array]:
        """Encoded noise, and what becomes of it at each step."""
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or isinstance(n_samples, bool) or n_samples < 1:
            raise ValueError(f"n_samples must be an integer of at least 1; got {n_samples!r}.")
        rng, dtype = check_random_state(random_state), self.weights_.dtype
        condition = self._target_kind.condition(self, y, dtype, int(n_samples))
        if len(condition) != n_samples:
            raise ValueError(f"y has {len(condition)} entries, but n_samples={n_samples}: give one for each, or one.")
        lower, upper = (self._encoding[name].astype(dtype) for name in ("lower", "upper"))
        n_steps = min(self.n_sampling_steps or self.n_steps, self.n_steps)
        noisy = rng.standard_normal((n_samples, len(lower))).astype(dtype)
        yield noisy
        predict = self._predictor(condition, guided=y is not None)
        walk = back_to_data(noisy, predict, times_back(n_steps), self.prediction, (lower, upper), self.eta, rng)
        for step, noisy in enumerate(walk, start=1):
            if self.verbose and step * 10 // n_steps > (step - 1) * 10 // n_steps:
                print(f"Sampling step {step} of {n_steps}")
            yield noisy

    def _predictor(self, condition: Array, guided: bool) -> Callable[[Array, float], Array]:
        """What the network finds in noisy values at a time, further away from what it finds without the condition."""
        tree, beyond = self._parameters(), self.guidance if guided else 0.0

        def predict(noisy: Array, time: float) -> Array:
            found = self._raw(tree, Rows(joined(noisy, condition, time)))
            if beyond:
                without = self._raw(tree, Rows(joined(noisy, np.zeros_like(condition), time)))
                found += beyond * (found - without)
            found += self._by_line(noisy, time)
            return found

        return predict

    def _by_line(self, noisy: Array, time: Any) -> Array:
        """What the network need not find, because mean and variance of each column tell it."""
        signal, level = (float(one) for one in levels(time))  # which leave single precision as it is
        moments = self._encoding["mean"].astype(noisy.dtype), self._encoding["variance"].astype(noisy.dtype)
        clean = linear_estimate(noisy, moments, signal, level)
        return prediction_target(self.prediction, clean, (noisy - signal * clean) / level, signal, level)

    def _values_and_condition(self, X: Any, y: Any) -> tuple[Array, Array]:
        """Encoded rows, and what tells the network of y."""
        x = self._check_X(X)
        assert isinstance(x, DiffusedRows)
        if x is X:  # what training holds, when a scorer asks
            return x.values, x.condition
        return x.values, self._target_kind.condition(self, y, x.dtype, len(x))

    def _restored(self, encoded: Array, bounded: bool = True) -> Any:
        return self._input_kind.restore(self, ColumnEncoding(**self._encoding).decode(encoded, bounded))
