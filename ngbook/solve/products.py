"""Scores, and the product with their mean outer product, which is all that a solver needs of it."""

import numpy as np

from ngbook import _check as check

__all__ = ["mean_outer_product"]

BLOCK_BYTES = 500_000
"""Scores that are worked on at a time: they stay in a core's cache between their two products."""


def mean_outer_product(scores):
    """The mean outer product of the scores, ``J.T @ J / n``, as an operator that is never formed.

    A product with a vector is ``J.T @ (J @ v) / n`` (eq-conjugate-gradient-fisher-product). Both
    factors need all of J, and J is large: read from memory twice, it would take twice as long.

    How it differs from the plain line:

    1. It works on a few rows at a time, all columns of them. They are multiplied with v, and again with
       the result while they are still in the processor's cache, so J is read from memory once.
    2. Each block adds to the sum in place (BLAS, ``y + A x``), without a temporary vector.

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row. Of an operator the products with itself and with its transpose are used.
        An array that is not in C order (rows contiguous) is copied once.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite, in the precision of the scores.

    Raises
    ------
    ValueError
        If the scores are not two-dimensional, or not finite.
    """
    from scipy.sparse.linalg import LinearOperator  # .2 s, so only when an operator is made

    scores = check.scores(scores)
    size = scores.shape[1]
    product = product_with(scores)
    return LinearOperator((size, size), matvec=product, matmat=product, rmatvec=product, dtype=scores.dtype)


def product_with(scores):
    """The function ``v -> J.T @ (J @ v) / n`` for checked scores."""
    count, size = scores.shape

    def plain(vectors):
        return scores.T @ (scores @ vectors) / count

    if check.is_operator(scores):
        return plain
    from scipy.linalg.blas import get_blas_funcs

    scores = np.ascontiguousarray(scores)
    gemv = get_blas_funcs("gemv", (scores,))
    rows = rows_at_a_time(size, scores.itemsize)
    blocks = [(some, some.T) for some in (scores[i : i + rows] for i in range(0, count, rows))]

    def blocked(vector):
        if vector.ndim == 2 and vector.shape[1] != 1:
            return plain(vector)
        vector = vector.astype(scores.dtype, copy=False).ravel()
        total = np.zeros(size, scores.dtype)
        for some, transposed in blocks:
            # total += transposed @ (some @ vector) in place, which is what beta = 1 and the last 1,
            # overwrite_y, ask for. By keywords, the call would take a microsecond longer.
            total = gemv(1.0, transposed, some.dot(vector), 1.0, total, 0, 1, 0, 1, 0, 1)
        total /= count
        return total

    return blocked


def rows_at_a_time(size, itemsize):
    """As many rows as fit into ``BLOCK_BYTES``, a multiple of 4 because BLAS works on four at once."""
    return max(4, BLOCK_BYTES // (size * itemsize) // 4 * 4)


def as_array(scores):
    """Checked scores as an array: an operator is multiplied with the smaller of the two identities."""
    if not check.is_operator(scores):
        return scores
    count, size = scores.shape
    array = scores @ np.eye(size) if size <= count else (scores.T @ np.eye(count)).T
    return check.scores(array)
