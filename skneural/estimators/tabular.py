"""Networks for tables of numbers and categories, strong by default.

What stands here is what two papers found and `benchmarks/tabular.py` confirms: RealMLP (Holzmueller et al. 2024) and
TabM (Gorishniy et al. 2025).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from skneural.hyperparameters import BOOLEAN, INFINITY, NONE, Choice, Integer, Number, Sizes, declare, hyperparameter
from skneural.inputs import CategoricalFields, InputKind, MixedTable
from skneural.layers import Chain
from skneural.losses import BinaryLogLoss, Loss, MemberLoss, SoftmaxLogLoss
from skneural.networks.tabular import EMBEDDINGS, MEMBERS_PER_ROW, tabular_network
from skneural.ops.pointwise import ACTIVATIONS
from skneural.optimizers import SCHEDULES, SOLVERS
from skneural.template.classifier import NeuralClassifier
from skneural.template.estimator import Mixin
from skneural.template.regressor import NeuralRegressor


@declare
class TabularFields(CategoricalFields, Mixin):
    """What `TabularMLPClassifier` and `TabularMLPRegressor` share."""

    _input_kind: ClassVar[InputKind] = MixedTable()
    _network_builder: ClassVar[Callable[..., Chain]] = staticmethod(tabular_network)

    hidden_layer_sizes: int | Sequence[int] = hyperparameter(
        (256, 256, 256), Sizes(1), "Units of each hidden layer; () for a linear model of the embedded features."
    )
    activation: str = hyperparameter("mish", Choice(*ACTIVATIONS), "Function after each hidden layer.")
    dropout: float = hyperparameter(
        0.15,
        Number(0, 1, below=True),
        """Share of hidden activations dropped at each training step: of each row others, but of batches of fewer than
        64 rows the same of all, so that weights of samples count as repetitions do.""",
    )
    embedding: str | None = hyperparameter(
        "periodic",
        Choice(*EMBEDDINGS) | NONE,
        """What becomes of each number before the first hidden layer: "periodic" for sums of learned waves,
        "piecewise_linear" for learned curves that bend at quantiles, each beside the number itself; None for the number
        alone.""",
    )
    embedding_size: int = hyperparameter(4, Integer(2), "Features that each number becomes, itself being one of them.")
    n_members: int = hyperparameter(
        4,
        Integer(1),
        """Members of an ensemble that is one network: they share its hidden layers, differ in learned factors of their
        features and in their output layers, and predict their mean. Where there are more than four, each row of a batch
        trains four of them, which are others for the next row: an epoch then costs what one of four members does, and
        weights of samples are repetitions on average only.""",
    )
    solver: str = hyperparameter(
        "adamw",
        Choice(*SOLVERS, "lbfgs"),
        """Optimizer. "adamw" takes `alpha` as decoupled weight decay; the others as an L2 penalty, for which the
        default is strong.""",
    )
    learning_rate_init: float = hyperparameter(
        0.005, Number(0, above=True), "Step size, at the start of a schedule; lbfgs finds its own."
    )
    learning_rate: str = hyperparameter(
        "cosine",
        replace(Choice(*SCHEDULES), number_is="learning_rate_init"),
        """How the step size changes: "cosine" down to zero at `max_iter`, "one_cycle" up and down again by `max_iter`,
        "constant", "invscaling" with the samples seen, "adaptive" to a fifth whenever the score stops improving. Passes
        by `partial_fit` go down to zero each with "cosine": there, "constant" is better.""",
    )
    batch_size: int | str = hyperparameter(
        "auto",
        Choice("auto") | Integer(1),
        'Samples per step; "auto" is n_samples / 24, but 32 at least and 256 at most. lbfgs takes all.',
    )
    max_iter: int = hyperparameter(50, Integer(1), "Most epochs (passes over the data), or iterations of lbfgs.")
    n_iter_no_change: float = hyperparameter(
        math.inf,
        Integer(1) | INFINITY,
        """Training stops after more epochs in a row than this without improvement; inf: never for that reason, which
        leaves schedules their end.""",
    )
    early_stopping: bool | str = hyperparameter(
        "auto",
        Choice("auto") | BOOLEAN,
        """Whether held-out data chooses the epoch whose weights are kept, and stops training if `n_iter_no_change` is
        finite. "auto": if `X_val` is given, or from 5000 samples on unless the solver is lbfgs.""",
    )
    alpha: float = hyperparameter(
        0.3, Number(0), "Weight decay with adamw: what each step takes off the weights, as a share of the step size."
    )

    # Numbers that are predicted ask for finer steps than classes do. On splits that are not reported, 1.0 instead of
    # 0.5 took California housing from 48 000 to 46 100 dollars and R^2 on three small tables from .741 to .762, but
    # accuracy on three others from .844 to .840.
    frequency_deviation: ClassVar[float] = 1.0

    # Small tables learn more from a tenth of their rows than from the choice of an epoch: without it, accuracy on four
    # tables was .862 against .849, and R^2 on four others .819 against .814.
    _early_stopping_from: ClassVar[float] = 5000

    shared_doc = {
        "how": """
        *Numbers* are centred at the median, divided by the interquartile range, and clipped smoothly: their scale does
        not matter, and outliers do no harm. Then each becomes several features (`embedding`). A missing number stands
        at the median; where some were missing in training, there is an indicator, too. A column that is constant or
        all missing in training counts for nothing. *Categories* of up to nine values are one-hot, others have learned
        vectors; a missing category is a value of its own, and one that was not seen in training has zeros.
        Categories may be strings, booleans or integers, also as floats: 1.0 is 1; up to 32 768 in a column.

        float64 X trains in float64, everything else in float32: so do DataFrames with categories, whose numbers are
        centred before they are rounded.
        """,
        "literature": """
        References
        ----------
        .. [1] Holzmueller, Grinsztajn and Steinwart. "Better by default: strong pre-tuned MLPs and boosted trees on
           tabular data". NeurIPS 2024.
        .. [2] Gorishniy, Kotelnikov and Babenko. "TabM: advancing tabular deep learning with parameter-efficient
           ensembling". ICLR 2025.
        """,
    }

    @property
    def members_per_row(self) -> int:
        """Members that see each row of a batch in training. Batches of lbfgs are all alike: there, all members do."""
        return self.n_members if self.solver == "lbfgs" else min(self.n_members, MEMBERS_PER_ROW)

    @property
    def link(self) -> str:
        """Name of what turns raw scores into predictions."""
        return self._loss()[0].link_name

    def _loss(self) -> tuple[Loss, int]:
        loss, n_outputs = super()._loss()
        return MemberLoss(loss), n_outputs


@declare
class TabularMLPClassifier(TabularFields, NeuralClassifier):
    """Classifier for tables of numbers and categories.

    A multilayer perceptron that takes tables as they come, with defaults that are strong on them [1]_, [2]_. X is
    (n_samples, n_features): a DataFrame or an array, not sparse.

    {how}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    >>> import pandas as pd
    >>> from skneural import TabularMLPClassifier
    >>> X = pd.DataFrame({"age": [34, None, 51, 19] * 20, "colour": pd.Categorical(["red", "blue", None, "red"] * 20)})
    >>> y = ["no", "yes", "yes", "no"] * 20
    >>> model = TabularMLPClassifier(hidden_layer_sizes=(32,), max_iter=20, random_state=0).fit(X, y)
    >>> model.categories_
    [['blue', 'red', None]]
    >>> model.predict(pd.DataFrame({"age": [None, 20], "colour": pd.Categorical(["green", "red"])}))
    array(['yes', 'no'], dtype='<U3')
    """

    frequency_deviation: ClassVar[float] = 0.5

    label_smoothing: float = hyperparameter(
        0.05,
        Number(0, 1, below=True),
        """Share of each sample that training gives to all classes alike. Held-out data is then compared with
        smoothed targets, too, unless `scoring` says otherwise.""",
    )

    def _loss(self) -> tuple[Loss, int]:
        loss, n_outputs = NeuralClassifier._loss(self)
        assert isinstance(loss, BinaryLogLoss | SoftmaxLogLoss)
        return MemberLoss(replace(loss, smoothing=self.label_smoothing)), n_outputs


@declare
class TabularMLPRegressor(TabularFields, NeuralRegressor):
    """Regressor for tables of numbers and categories.

    A multilayer perceptron that takes tables as they come, with defaults that are strong on them [1]_, [2]_. X is
    (n_samples, n_features): a DataFrame or an array, not sparse.

    {how}

    {parameters}

    {attributes}

    {literature}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skneural import TabularMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> X = X.astype({"sex": "category"})
    >>> model = TabularMLPRegressor(hidden_layer_sizes=(64, 64), max_iter=20, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.5
    True
    """
