"""The dual solve: with fewer samples than parameters, the small system is the one between samples."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import chunks as rules
from ngbook.solve.factorisation import cholesky


@check.arguments(scores=rules.scores, gradient=check.vector, damping=check.damping)
def dual_solve(scores, gradient, damping):
    """Solve ``(S.T @ S / N + damping * I) @ x = gradient`` for N scores S through an N × N system.

    Woodbury's identity (eq-conjugate-gradient-dual) needs only the matrix ``S @ S.T`` of the samples' inner
    products, their Gram matrix, which has N² entries however many parameters there are. Its difference
    cancels when the Fisher matrix is much larger than the damping: seven of sixteen digits are left at a
    ratio of 1e9, and one step of refinement, with the same factor, brings the others back.

    Parameters
    ----------
    scores : ndarray of shape (N, p), LinearOperator, or what else has a shape, ``@`` and ``.T``
        One score per row, of samples from the model.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; above 0, and more than 2e-13 times the norm of the Fisher matrix, which leaves
        three certain digits.

    Returns
    -------
    ndarray of shape (p,)
        The solution.
    """
    n, p = scores.shape
    check.fits(gradient, p, "gradient")
    check.formable(n)
    gram = check.gram(scores @ scores.T, n) / n
    _refuse_lost(damping, gram, scores.shape)
    gram[np.diag_indices(n)] += damping
    solve = cholesky(gram, damping)

    def woodbury(right):  # eq-conjugate-gradient-dual
        between = solve(np.asarray(scores @ right))
        return (right - np.asarray(scores.T @ between) / n) / damping

    x = woodbury(gradient)
    residual = gradient - np.asarray(scores.T @ (scores @ x)) / n - damping * x
    return x + woodbury(residual)


def _refuse_lost(damping, gram, shape):
    """Refuse a damping that is zero, or lost in rounding beside the Fisher matrix's eigenvalues."""
    if damping == 0:
        raise ValueError(
            f"damping must be greater than 0 for the dual solve, but is 0: the Fisher matrix from {shape[0]} "
            f"scores of {shape[1]} parameters may be singular, its rank being at most {min(shape)}: add "
            "damping, 1e-3 say, or draw at least as many samples as there are parameters"
        )
    largest = np.linalg.norm(gram)  # at least 0.7 times the largest eigenvalue of the Fisher matrix
    if damping < 1000 * np.finfo(float).eps * largest:
        raise ValueError(
            f"metric + {damping:g} I is singular to working precision: the damping is lost in rounding "
            f"beside eigenvalues of about {largest:.2g}. Use more damping or, with more samples than "
            "parameters, dense_solve"
        )
