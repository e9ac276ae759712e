"""A faster ``scores.T @ (scores @ v) / n``: a few rows at a time, while they are in a core's cache.

J is large, and both factors need all of it. Each block of rows is multiplied with v, and again with the
result while it is still in the cache, and adds to the sum in place (BLAS, ``y + A x``).
"""

import numpy as np

BLOCK_BYTES = 500_000
"""Scores that are worked on at a time."""


def product_by_blocks(scores):
    """The function ``v -> J.T @ (J @ v) / n`` for an array of float32 or float64."""
    from scipy.linalg.blas import get_blas_funcs

    scores = np.ascontiguousarray(scores)
    count, size = scores.shape
    gemv = get_blas_funcs("gemv", (scores,))
    rows = rows_at_a_time(size, scores.itemsize)
    blocks = [scores[i : i + rows] for i in range(0, count, rows)]

    def product(vector):
        vector = vector.astype(scores.dtype, copy=False).ravel()
        total = np.zeros(size, scores.dtype)
        for block in blocks:
            total = gemv(1.0, block.T, block @ vector, beta=1.0, y=total, overwrite_y=1)
        return total / count

    return product


def rows_at_a_time(size, itemsize):
    """As many rows as fit into ``BLOCK_BYTES``, a multiple of 4 because BLAS works on four at once."""
    return max(4, BLOCK_BYTES // (size * itemsize) // 4 * 4)
