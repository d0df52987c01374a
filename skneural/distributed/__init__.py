"""Training on several machines, and prediction.

`fit` and `predict` need dask (extra "distributed"), and `data_parallel` needs MPI (extra "mpi").
"""

from skneural.distributed.fitting import fit
from skneural.distributed.mpi import data_parallel
from skneural.distributed.prediction import predict

__all__ = ["data_parallel", "fit", "predict"]
