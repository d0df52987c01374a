"""Training of one model by the processes of an MPI program, each of which computes a part of every batch."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from skneural.hyperparameters import Number, check_arguments
from skneural.ops.types import Array
from skneural.training.communicator import Communicator, communicating

if TYPE_CHECKING:
    from mpi4py import MPI

_T = TypeVar("_T")

# Seconds between two looks at whether the other processes have come.
PAUSE = 0.001


@contextmanager
def data_parallel(comm: MPI.Comm | None = None, *, timeout: float = 30.0) -> Iterator[Communicator]:
    """Let the processes of an MPI program train each model together.

    All processes call the same `fit` or `partial_fit` with the same hyper-parameters, X and y. Each computes its part
    of every batch, and divides it over its threads (`n_jobs`). Gradients and batch statistics are summed over all
    processes, which then take the same step: the result is that of one process up to rounding, with the same random
    numbers, such as dropout masks. At the end, all processes hold the same model.

    X may be in the memory of each process, or a memory-mapped file of which each process reads its rows of each batch,
    besides a first pass in which X is checked. Held-out samples are divided, too, if their score is the loss. Batches
    are not divided, so that nothing becomes faster, if they have fewer samples than there are processes, or are nodes
    of a graph. Networks of an ensemble, such as those of `n_cv`, are trained one after another.

    The first process draws the seed for ``random_state=None``, computes other scores of held-out samples, and has the
    clock of `max_time`; callbacks, such as `skneural.callbacks.Checkpoint`, and `verbose` are its own. An interrupt
    (Ctrl-C) of one process ends the training of all. If X, y or hyper-parameters differ between processes, as far as
    a few samples show it, all raise a ValueError.

    An error that all processes raise, such as that of an invalid hyper-parameter, can be caught as usual, and so can
    an error before or between the steps of training, which all others then raise, too. A process that fails alone in
    other places waits `timeout` seconds for the others, prints its error, and ends all processes by ``MPI_Abort``.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, default=None
        The processes; None for ``MPI.COMM_WORLD``.
    timeout : float, default=30.0
        Seconds that a process in which training failed waits for the others.

    Yields
    ------
    communicator : Communicator
        Its `rank` is the number of this process, and its `size` is the number of processes.

    Raises
    ------
    ImportError
        If mpi4py is not installed: ``pip install "skneural[mpi]"``.

    Notes
    -----
    Steps that take one process less than some ten milliseconds are not faster: larger batches make them longer, and
    `benchmarks/README.md` has a table.

    With ``shuffle="blocks"`` each process reads all blocks, in long runs, and computes its part of their batches.

    All processes of a machine together should have no more threads than it has processors: set `n_jobs`, or
    OPENBLAS_NUM_THREADS, or let ``mpiexec`` bind processes to processors. Searches run in each process as usual, and
    must not start processes of their own: leave their `n_jobs` at None.

    Examples
    --------
    A file ``train.py``, started by ``mpiexec -n 4 python train.py``, or by ``srun python train.py``. In a single
    process it trains alone:

    >>> from sklearn.datasets import load_digits
    >>> from skneural import MLPClassifier
    >>> from skneural.distributed import data_parallel
    >>> X, y = load_digits(return_X_y=True)
    >>> with data_parallel() as processes:  # doctest: +SKIP
    ...     model = MLPClassifier(batch_norm=True, max_iter=20, random_state=0).fit(X, y)
    ...     if processes.rank == 0:
    ...         print(f"{processes.size} processes, accuracy {model.score(X, y):.2f}")
    """
    check_arguments(timeout=(timeout, Number(0)))
    processes = MPIProcesses(_world() if comm is None else comm, timeout)
    try:
        with communicating(processes):
            yield processes
    except BaseException as error:
        processes.leave(error)
        raise
    else:
        processes.leave()
    finally:
        processes.free()


class MPIProcesses:
    """The processes of an MPI communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm
        It is duplicated, so that messages of the user's program are not mixed with those of training.
    timeout : float
        Seconds that `leave` waits after an error.

    Attributes
    ----------
    size : int
        Number of processes.
    rank : int
        Number of this process, from zero.
    """

    def __init__(self, comm: MPI.Comm, timeout: float) -> None:
        self.size: int = comm.size
        self.rank: int = comm.rank
        self._comm: Any = comm.Dup()
        self._ends: Any = comm.Dup()
        self._timeout = timeout

    def sum(self, array: Array, out: Array | None = None) -> Array:
        """Sum of the arrays of all processes, written into `out`, which may be `array`."""
        from mpi4py import MPI

        if out is not None and out.flags.c_contiguous:
            if out is not array:
                out[...] = array
            self._comm.Allreduce(MPI.IN_PLACE, out)
            return out
        total = np.array(array, order="C")
        self._comm.Allreduce(MPI.IN_PLACE, total)
        if out is None:
            return total
        out[...] = total
        return out

    def broadcast(self, value: _T, rank: int = 0) -> _T:
        """The value of one process."""
        received: _T = self._comm.bcast(value, root=rank)
        return received

    def leave(self, error: BaseException | None = None) -> None:
        """Wait for the end of training in all processes; end all of them if it failed in this one alone.

        Raises
        ------
        RuntimeError
            If training failed in another process.
        """
        if self.size == 1:
            return
        failed = np.zeros(self.size, np.intc)
        failed[self.rank] = error is not None
        from mpi4py import MPI

        request, deadline = self._ends.Iallreduce(MPI.IN_PLACE, failed), time.monotonic() + self._timeout
        while not request.Test():
            if error is not None and time.monotonic() > deadline:
                traceback.print_exception(error)
                print(f"Process {self.rank} of {self.size} failed alone; all are ended.", file=sys.stderr, flush=True)
                self._comm.Abort(1)
            time.sleep(PAUSE)
        if error is None and failed.any():
            raise RuntimeError(f"Training failed in process {int(failed.argmax())} of {self.size}; see its error.")

    def free(self) -> None:
        """Release the duplicated communicators."""
        self._comm.Free()
        self._ends.Free()


def _world() -> MPI.Comm:
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise ImportError("skneural.distributed.data_parallel needs MPI: pip install 'skneural[mpi]'.") from error
    return MPI.COMM_WORLD
