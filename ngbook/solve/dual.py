"""The dual solve: with fewer samples than parameters, the small system is the one between samples."""

import numpy as np

from ngbook import _check as check
from ngbook.solve.dense import mean_gram
from ngbook.solve.products import as_array, product_with

__all__ = ["dual_solve"]

EPS = np.finfo(float).eps


def dual_solve(scores, gradient, damping):
    """Solve ``(J.T @ J / n + damping * I) @ x = gradient`` through an n × n system.

    By Woodbury's identity (eq-conjugate-gradient-dual)::

        x = (gradient - J.T @ solve(J @ J.T / n + damping * I, J @ gradient) / n) / damping

    The matrix ``J @ J.T`` of the samples' inner products, their Gram matrix, has n² entries however many
    parameters there are. Forming it takes n²p multiplications, half of them by symmetry, and
    is nearly all of the cost.

    How it differs from the plain line:

    1. Only the lower half of the Gram matrix is computed (BLAS ``syrk``), and its Cholesky factor
       overwrites it. Both are handed over in the memory order of BLAS, so that nothing is copied.
    2. The subtraction cancels when the gradient is a combination of scores, as a policy gradient is,
       and the Fisher matrix is much larger than the damping. So the residual is computed, and the
       solution refined with the same factor while there is more to the residual than rounding.
    3. Scores of float32 are added up in float64.

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of samples from the model. A LinearOperator is formed densely first.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; above 0.

    Returns
    -------
    ndarray of shape (p,)
        The solution, in float32 if scores and gradient are.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, the Gram matrix does not fit into memory, the
        damping is not above 0, or it is below 2e-13 times the norm of the Fisher matrix, which leaves less
        than three certain digits.
    """
    scores = as_array(check.scores(scores))
    vector = check.vector(gradient, "gradient", scores.shape[1])
    damping = check.damping(damping, "damping")
    if damping == 0:
        raise ValueError(
            "damping must be greater than 0 for the dual solve, but is 0: it divides by the damping, and "
            "with fewer samples than parameters the Fisher matrix alone is singular"
        )
    single = scores.dtype == np.float32 == getattr(gradient, "dtype", None)
    solution = solve_dual(scores.astype(float, copy=False), vector, damping)
    return solution.astype(np.float32) if single else solution


def solve_dual(scores, gradient, damping):
    """``dual_solve`` for checked arguments in float64."""
    from scipy.linalg import lapack

    count = len(scores)
    gram = mean_gram(scores.T, count)
    largest = np.linalg.norm(gram)  # at least 0.7 times the largest eigenvalue of the Fisher matrix
    gram[np.diag_indices(count)] += damping
    factor, not_definite = lapack.dpotrf(gram, lower=1, overwrite_a=1, clean=0)
    if not_definite or damping < 1000 * EPS * largest:
        raise ValueError(
            f"metric + {damping:g} I is singular to working precision: the damping is lost in rounding "
            f"beside eigenvalues of about {largest:.2g}. Use more of it or, with more samples than "
            'parameters, the method "dense"'
        )

    def solve(right):
        inner, _ = lapack.dpotrs(factor, scores @ right / count, lower=1)
        return (right - scores.T @ inner) / damping

    product, solution = product_with(scores), solve(gradient)
    for _ in range(3):
        residual = gradient - product(solution) - damping * solution
        rounding = 4 * EPS * (largest * np.linalg.norm(solution) + np.linalg.norm(gradient))
        if np.linalg.norm(residual) <= rounding:
            break
        solution += solve(residual)
    return solution
