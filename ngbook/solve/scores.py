"""The mean outer product of scores, which is all that a solver needs of them."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import chunks as rules
from ngbook.solve._blocks import product_by_blocks


@check.arguments(scores=rules.scores)
def mean_outer_product(scores):
    """Return the mean outer product of the scores, ``S.T @ S / N``, as an operator that is never formed.

    A product with a vector is ``S.T @ (S @ v) / N`` (eq-conjugate-gradient-fisher-product). For an array it
    is computed a few rows at a time, which reads S from memory once instead of twice.

    Parameters
    ----------
    scores : ndarray of shape (N, p), LinearOperator, or what else has a shape, ``@`` and ``.T``
        One score per row. An array that is not in C order (rows contiguous) is copied once. Of anything else
        only products are computed: those of a Dask array chunk by chunk, so that all of it is never in
        memory. Whether its entries are finite is then not looked at before a product is.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite, in the precision of the scores.
    """
    from scipy.sparse.linalg import LinearOperator  # .2 s, so only when an operator is made

    n, p = scores.shape

    def product(v):
        return np.asarray(scores.T @ (scores @ v)) / n  # of an array that is lazy, here it is computed

    of_one = product_by_blocks(scores) if isinstance(scores, np.ndarray) else product
    precision = getattr(scores, "dtype", None)
    return LinearOperator((p, p), matvec=of_one, rmatvec=of_one, matmat=product, dtype=precision)
