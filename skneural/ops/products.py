"""Matrix products in pieces that are small enough for BLAS to compute without copying its operands first.

BLAS copies ("packs") the operands of a product into a different order before it multiplies. OpenBLAS has additional
kernels for AVX-512 that leave this out for small products, and products of the size of ours, with 16 to 200 rows and
terms, are faster in such pieces: (64, 96) @ (96, 896) at 127 instead of 110 GFLOP/s, (64, 192) @ (192, 128) at 157
instead of 86, and products with a transposed factor twice as fast. The pieces are views.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from skneural.ops.blocks import slices
from skneural.ops.memory import ALIGNMENT
from skneural.ops.types import Array

# Kernels of OpenBLAS that do not pack small products. Those for processors without AVX-512 (Haswell, Zen) have no such
# limit, and whole products are as fast with them.
UNPACKED_KERNELS = ("SkylakeX", "Cooperlake", "SapphireRapids")

# Multiply-adds up to which a product is not packed, in OpenBLAS's source: (64, 96) @ (96, N) ran at 110 GFLOP/s with
# N = 162 and at 91 with N = 163.
LARGEST_UNPACKED = 1_000_000

# Numbers in the result up to which a product is not packed if both operands are contiguous along the sum: 40 x 30 ran
# at 106 GFLOP/s, 40 x 31 at 49.
LARGEST_UNPACKED_RESULT = 1200

# Shapes of pieces of results of that size; the first whose rows divide those of the result is used. Larger results and
# longer sums are computed whole, because their pieces read the operands too often from beyond the first cache: 64 x 96
# numbers of 896 terms each ran at 85 GFLOP/s in pieces and at 63 as a whole, but 64 x 192 at 67 and 74, and 64 x 64 of
# 2048 terms at 41 and 59.
PIECES_OF_RESULT = ((48, 24), (32, 32), (24, 48), (16, 72))
LARGEST_IN_PIECES = 8192
LONGEST_SUM = 1024

# Pieces have a multiple of this number of columns, two vectors of AVX-512.
COLUMNS = 32

# Least rows in a block of rows.
LEAST_ROWS = 8

# Operands that are contiguous along the sum are packed if their rows are a multiple of this number of bytes apart:
# their elements of a column fall into so few sets of the first cache that they are evicted before they are used again.
ALIASED = 1024


def product(a: Array, b: Array, out: Array) -> Array:
    """Compute ``a @ b``.

    Parameters
    ----------
    a : array of shape (rows, terms)
    b : array of shape (n, terms, columns)
        The columns of a row must be contiguous.
    out : array of shape (n, rows, columns)
        As contiguous as b.
    """
    if packs_small_products():
        return np.matmul(a, b, out=out)
    n_columns = b.shape[2]
    size = _columns_of_piece(len(a), n_columns, b.shape[1])
    if size == n_columns or not is_unpacked(b):
        return np.matmul(a, b, out=out)
    whole = n_columns - n_columns % size
    np.matmul(a, _pieces(b[:, :, :whole], size), out=_pieces(out[:, :, :whole], size))
    if whole < n_columns:
        np.matmul(a, b[:, :, whole:], out=out[:, :, whole:])
    return out


def sum_of_products(a: Array, b: Array) -> Array:
    """Compute the sum over i of ``a[i] @ b[i].T``, of shape (rows of a, rows of b).

    Parameters
    ----------
    a : array of shape (n, rows of a, terms)
    b : array of shape (n, rows of b, terms)
    """
    if packs_small_products():
        return np.add.reduce(np.matmul(a, b.transpose(0, 2, 1)), axis=0)
    height, width = a.shape[1], b.shape[1]
    n_rows, n_columns = _piece_of_result(height, width, a.shape[2])
    if (n_rows, n_columns) == (height, width) or is_aliased(b.strides[1]) or not is_unpacked(b):
        return np.add.reduce(np.matmul(a, b.transpose(0, 2, 1)), axis=0)
    total = np.empty((height, width), a.dtype)
    for rows in slices(height, n_rows):
        for columns in slices(width, n_columns):
            parts = np.matmul(a[:, rows], b[:, columns].transpose(0, 2, 1))
            np.add.reduce(parts, axis=0, out=total[rows, columns])
    return total


def in_rows(a: Array, n_columns: int) -> Array:
    """The factor a of a product, as blocks of rows if BLAS does not pack them.

    For factors that are used many times, such as the weights of all steps of a recurrence. With 96 units and 128
    columns, products of an LSTM ran at 163 GFLOP/s in 6 blocks and at 112 as a whole.

    Parameters
    ----------
    a : array of shape (rows, terms)
        Contiguous.
    n_columns : int
        Columns of the other factor.

    Returns
    -------
    array of shape (blocks, rows / blocks, terms), or a itself
        ``np.matmul`` of it has the shape (blocks, rows / blocks, n_columns).
    """
    n_rows, n_terms = a.shape
    multiply_adds = n_rows * n_terms * n_columns
    if multiply_adds <= LARGEST_UNPACKED or n_columns * a.itemsize % ALIGNMENT or packs_small_products():
        return a
    fewest = -(-multiply_adds // LARGEST_UNPACKED)
    n_blocks = next((n for n in range(fewest, n_rows // LEAST_ROWS + 1) if n_rows % n == 0), 1)
    return a if n_blocks == 1 else a.reshape(n_blocks, -1, n_terms)


def is_unpacked(b: Array) -> bool:
    """Return True if BLAS is faster with pieces of this factor of a product: if it does not pack them.

    Without packing, vectors are read from where they are, which takes twice as long if they cross cache lines.
    """
    if packs_small_products() or b.__array_interface__["data"][0] % ALIGNMENT:
        return False
    return all(stride % ALIGNMENT == 0 for stride in b.strides[:-1])


def is_aliased(row_bytes: int) -> bool:
    """Return True if the elements of a column of a matrix are in each other's way in the first cache."""
    return row_bytes % ALIASED == 0


@cache
def packs_small_products() -> bool:
    """Return True if the kernels of BLAS copy operands of any size."""
    libraries = ThreadpoolController().lib_controllers
    kernels = [getattr(library, "architecture", "") for library in libraries if library.user_api == "blas"]
    return not kernels or any(kernel not in UNPACKED_KERNELS for kernel in kernels)


def _columns_of_piece(n_rows: int, n_columns: int, n_terms: int) -> int:
    """Number of columns of each piece of a product, equal ones if possible."""
    per_column = n_rows * n_terms
    if n_columns * per_column <= LARGEST_UNPACKED:
        return n_columns
    most = LARGEST_UNPACKED // per_column // COLUMNS * COLUMNS
    if most == 0:
        return n_columns
    equal = (size for size in range(most, most // 2, -COLUMNS) if n_columns % size == 0)
    return next(equal, most)


def _piece_of_result(height: int, width: int, n_terms: int) -> tuple[int, int]:
    """Rows and columns of each piece of a product whose operands are contiguous along the sum."""
    if not LARGEST_UNPACKED_RESULT < height * width <= LARGEST_IN_PIECES or n_terms > LONGEST_SUM:
        return height, width
    return next((piece for piece in PIECES_OF_RESULT if height % piece[0] == 0), PIECES_OF_RESULT[1])


def _pieces(array: Array, size: int) -> Array:
    """View of shape (n, pieces, rows, size) of an array of shape (n, rows, columns)."""
    return array.reshape(*array.shape[:2], -1, size).swapaxes(1, 2)
