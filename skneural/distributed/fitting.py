"""`fit` on the workers of a cluster."""

from __future__ import annotations

import os
from functools import partial
from typing import Any, TypeVar

from skneural.distributed.cluster import Cluster
from skneural.distributed.cluster_data import ClusterData
from skneural.distributed.partitions import delayed_chunks
from skneural.hyperparameters import Choice, Integer, check_arguments
from skneural.streaming.first_pass import SAMPLE_SIZE, HeldOutChunks, ensure_streams, has_classes, seed_and_checkpoint
from skneural.tasks import FitArguments
from skneural.template.estimator import NeuralEstimator
from skneural.template.stream import StreamedFit

_Estimator = TypeVar("_Estimator", bound=NeuralEstimator)

# Steps between two means of the weights by default.
AUTOMATIC_SYNC = 100


def fit(
    estimator: _Estimator,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    client: Any,
    sync_every: int | str = "auto",
    X_val: Any = None,
    y_val: Any = None,
    sample_weight_val: Any = None,
    sample_size: int = SAMPLE_SIZE,
    resume_from: str | os.PathLike[str] | None = None,
) -> _Estimator:
    """Fit an estimator to data that the workers of a dask cluster hold.

    Units, classes, categories and initial weights follow from a sample of the rows, once for all workers. Then each
    worker trains a copy of the network on its partitions for `sync_every` steps, and the mean of all copies, weighed by
    the samples that they have seen, is the start of the next round [1]_. Means are taken on the workers. Between
    epochs, this process scores held-out data; early stopping, callbacks, `max_time` and `verbose` work as in `fit`.

    Parameters
    ----------
    estimator : estimator of skneural
        One that has `partial_fit`. `n_jobs` is the number of threads in each worker, and `batch_size` that of each
        worker's batches.
    X : dask array, dataframe or bag, or list of delayed objects or futures
        In partitions, of which each worker should have at least one, of about equal size. They must fit into the
        memory of all workers together. With bags and lists, a partition is what `fit` takes for X; or, without y, a
        tuple (X, y) or (X, y, sample_weight).
    y, sample_weight : optional
        With the same partitions, or an array in memory.
    client : dask.distributed.Client
    sync_every : int, default="auto"
        Steps of each worker between two means of the weights; "auto" is 100. With 1 and ``solver="sgd"``, the batches
        of all workers are as one batch, as in `fit` with a larger `batch_size`.
    X_val, y_val, sample_weight_val : optional
        Validation data for early stopping, in memory. Without them, every k-th partition is held out, where 1/k is
        `validation_fraction`, unless ``early_stopping=False`` or there are fewer than k; a sample of at most 50 000 of
        their rows is kept.
    sample_size : int, default=50_000
        Rows of the sample from which units are learned.
    resume_from : str or path-like, optional
        File of `skneural.callbacks.Checkpoint`, as in `fit`, of a training on as many workers.

    Returns
    -------
    estimator : object
        The fitted estimator, as if it had been trained here.

    Raises
    ------
    TypeError
        If the estimator cannot be trained on partitions, or X is not divided into them.
    ValueError
        If partitions are invalid, with the number of the partition; or training diverges.
    LostClusterError
        If all workers are gone.

    References
    ----------
    .. [1] McMahan et al. (2017). Communication-efficient learning of deep networks from decentralized data. AISTATS.

    Examples
    --------
    >>> import dask.array as da
    >>> from dask.distributed import Client
    >>> from skneural import MLPClassifier, distributed
    >>> client = Client(processes=False, n_workers=2, dashboard_address=":0")  # or the address of a scheduler
    >>> X = da.random.default_rng(0).standard_normal((2000, 4), chunks=(200, -1))
    >>> y = X[:, 0] > 0
    >>> model = MLPClassifier(8, batch_size=20, learning_rate_init=0.01, max_iter=5, random_state=0)
    >>> model = distributed.fit(model, X, y, client=client)
    >>> model.score(X.compute(), y.compute()) > 0.9
    True
    >>> client.close()
    """
    check_arguments(sample_size=(sample_size, Integer(1)), sync_every=(sync_every, Integer(1) | Choice("auto")))
    ensure_streams(estimator)
    seed, saved = seed_and_checkpoint(estimator, resume_from)
    held_out = HeldOutChunks.of(estimator, validation_is_given=X_val is not None)
    data = ClusterData.placed(Cluster(client), delayed_chunks(X, y, sample_weight), held_out)
    first = data.first_pass(sample_size, seed, classes=has_classes(estimator))
    sample, validation, hyperparameters = first.arguments(estimator, FitArguments(X_val, y_val, sample_weight_val))
    steps = AUTOMATIC_SYNC if sync_every == "auto" else int(sync_every)
    stream = StreamedFit(hyperparameters, partial(data.open, sync_every=steps), seed, saved)
    estimator._fit(sample, validation, stream=stream)
    return estimator
