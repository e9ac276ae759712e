"""The dual solve: with fewer samples than parameters, the small system is the one between samples."""

import numpy as np

from ngbook.solve.inputs import as_damping, as_vector
from ngbook.solve.products import as_array, as_scores, product_with

__all__ = ["dual_solve"]

RESIDUAL = 1e-10
"""The residual, relative to the gradient, that is not worth another refinement."""


def dual_solve(scores, gradient, damping):
    """Solve ``(J.T @ J / n + damping * I) @ x = gradient`` through an n × n system.

    By Woodbury's identity (eq-conjugate-gradient-dual)::

        x = (gradient - J.T @ solve(J @ J.T / n + damping * I, J @ gradient) / n) / damping

    The matrix ``J @ J.T`` of inner products between samples (Gram matrix) has n² entries, however many parameters
    there are. Forming it is nearly all of the cost, n²p multiplications and additions, and half of that by symmetry.

    How it differs from the plain line:

    1. Only the lower half of the Gram matrix is computed (BLAS ``syrk``), and it is overwritten by its
       Cholesky factor. Both are handed over in the memory order of BLAS, so that nothing is copied.
    2. The subtraction cancels when the gradient is a combination of scores, as a policy gradient is, and the
       Fisher matrix is much larger than the damping. The residual is therefore computed, and the
       solution refined with the same factor until the residual is below 1e-10 of the gradient.
    3. Scores of float32 are added up in float64: the Gram matrix squares the range of the scores.

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of samples from the model. A LinearOperator is formed densely first.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; above 0, because with fewer samples than parameters the Fisher matrix alone is
        singular.

    Returns
    -------
    ndarray of shape (p,)
        The solution, in float32 if scores and gradient are.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, the damping is not above 0, or it is lost in rounding
        beside the largest eigenvalue of the Fisher matrix.
    """
    scores = as_array(as_scores(scores))
    damping = as_damping(damping)
    if damping == 0:
        raise ValueError(
            "damping must be greater than 0 for the dual solve, but is 0: it divides by it, and with fewer samples "
            "than parameters the Fisher matrix alone is singular"
        )
    vector = as_vector(gradient, "gradient", scores.shape[1])
    single = scores.dtype == np.float32 == getattr(gradient, "dtype", None)
    solution = dual(scores.astype(float, copy=False), vector, damping)
    return solution.astype(np.float32) if single else solution


def dual(scores, gradient, damping):
    """``dual_solve`` for checked arguments in float64."""
    from scipy.linalg import blas, lapack

    count = len(scores)
    matrix, transposed = _in_blas_order(scores)
    gram = blas.dsyrk(1 / count, matrix, trans=transposed, lower=1)
    gram[np.diag_indices(count)] += damping
    factor, not_definite = lapack.dpotrf(gram, lower=1, overwrite_a=1, clean=0)
    if not_definite:
        _refuse(damping)

    def solve(right):
        inner, _ = lapack.dpotrs(factor, scores @ right / count, lower=1)
        return (right - scores.T @ inner) / damping

    product = product_with(scores)
    solution, size = solve(gradient), np.linalg.norm(gradient)
    residual = gradient - product(solution) - damping * solution
    for _ in range(3):
        if np.linalg.norm(residual) <= RESIDUAL * size:
            return solution
        solution = solution + solve(residual)
        residual = gradient - product(solution) - damping * solution
    if not np.linalg.norm(residual) <= RESIDUAL * size:
        _refuse(damping)
    return solution


def _in_blas_order(scores):
    """``(a, trans)`` with which syrk computes scores @ scores.T without a copy."""
    return (scores, 0) if scores.flags.f_contiguous else (scores.T, 1)


def _refuse(damping):
    raise ValueError(
        f"the metric + {damping:g} I is singular to working precision: the damping is lost in rounding beside the "
        "largest eigenvalue; use more damping, or with more samples than parameters the method 'dense'"
    )
