"""Connection to a dask cluster."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from skneural.distributed.partitions import dask_module
from skneural.training.interrupts import deliver_interrupt

# Seconds between two looks at the workers, while the client waits.
SECONDS_BETWEEN_LOOKS = 0.5

# Seconds without any worker after which training ends: a nanny starts a lost worker again within 3.
SECONDS_WITHOUT_WORKERS = 30.0


class LostClusterError(RuntimeError):
    """Error of a training whose cluster has no workers any more."""


@dataclass
class Cluster:
    """Client of a cluster, which waits for results as long as there are workers.

    Parameters
    ----------
    client : dask.distributed.Client
    """

    client: Any

    def workers(self) -> list[str]:
        """Addresses of the workers, in a fixed order."""
        return sorted(self.client.scheduler_info(n_workers=-1)["workers"])

    def submit(self, function: Any, *arguments: Any, worker: str | None = None) -> Any:
        """A future for the result of a function, computed by this worker unless it is lost."""
        place = {} if worker is None else {"workers": [worker], "allow_other_workers": True}
        return self.client.submit(function, *arguments, pure=False, **place)

    def compute(self, delayed: Any, worker: str) -> Any:
        """A future for a delayed object, computed by this worker unless it is lost."""
        return self.client.compute(delayed, workers=[worker], allow_other_workers=True)

    def value(self, value: Any) -> Any:
        """A future for a value.

        It is a task, which dask can send again if its worker is lost, as it cannot with scattered data.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph")  # of the weights of a large network
            return self.submit(_itself, value)

    def results(self, futures: Sequence[Any]) -> list[Any]:
        """Results of futures; raises the first error.

        Raises
        ------
        LostClusterError
            If all workers are gone.
        """
        # Not Client.gather, which waits for ever where a worker is lost before it has sent its result.
        gathering = self.client.gather(list(futures), asynchronous=True)
        gathered = asyncio.run_coroutine_threadsafe(gathering, self.client.loop.asyncio_loop)
        try:
            return list(self._attempted(gathered.result))
        finally:
            gathered.cancel()

    def wait(self, futures: Sequence[Any]) -> None:
        """Wait for futures, whether or not they fail."""
        self._attempted(partial(dask_module("distributed").wait, futures))

    def _attempted(self, attempt: Callable[..., Any]) -> Any:
        """Result of a function with a timeout, which is called again as long as there are workers."""
        looks = 0  # without a worker; not seconds, which also pass while the machine is suspended
        while True:
            try:
                return attempt(timeout=SECONDS_BETWEEN_LOOKS)
            except TimeoutError:
                deliver_interrupt()
                looks = 0 if self._has_workers() else looks + 1
                if looks * SECONDS_BETWEEN_LOOKS > SECONDS_WITHOUT_WORKERS:
                    raise LostClusterError(
                        f"The cluster has had no workers for {SECONDS_WITHOUT_WORKERS:.0f} seconds. Start workers and "
                        "fit again, with resume_from if a skneural.callbacks.Checkpoint was set: its file holds the "
                        "state after the last whole epoch."
                    ) from None

    def _has_workers(self) -> bool:
        return self.client.status == "running" and bool(self.workers())


def _itself(value: Any) -> Any:
    return value
