"""Training and prediction on the machines of a cluster.

`fit` and `predict` need dask (extra "distributed").
"""

from skneural.distributed.fitting import fit
from skneural.distributed.prediction import predict

__all__ = ["fit", "predict"]
