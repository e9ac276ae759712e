"""The dense solve: form the matrix, factor it, and say what is wrong when it is no metric."""

import numpy as np

from ngbook import _check as check

__all__ = ["curvature", "dense_solve"]

MOST_BYTES = 8e9
"""The largest matrix that is formed from scores: 31,622 × 31,622."""


def curvature(metric, direction):
    """The quadratic form ``direction @ metric @ direction``, refused when it is negative.

    For a Fisher matrix it is the variance of the score along ``direction``, and twice the
    leading term of the KL divergence. It is zero along a direction in which the distribution does
    not change; rounding can then make it slightly negative, and a value that is within rounding
    of zero is returned as exactly zero. It implements eq-distance-quadratic; the blog post's loop
    for it uses one index twice.

    Parameters
    ----------
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive semidefinite. Of a LinearOperator only products are used.
    direction : ndarray of shape (p,)
        A tangent vector, in the chart that the metric is written in.

    Returns
    -------
    float
        The square of the length of ``direction``, at least 0.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, the metric is not symmetric (dense metrics
        only), or the curvature is negative (the message gives the direction and pᵀFp).
    """
    direction = check.vector(direction, "direction")
    metric = check.metric(metric, direction.size)
    product = check.vector(metric @ direction, "metric @ direction", direction.size)
    square = direction @ product
    if -square > 10 * direction.size * np.finfo(float).eps * _cancelled(metric, direction):
        raise ValueError(
            f"metric has negative curvature, so it measures no length: along p = "
            f"{check.show(direction)}, pᵀFp = {square:.3g}. Check the signs of the metric"
        )
    return max(float(square), 0.0)


def dense_solve(metric, gradient, damping=0.0):
    """Solve ``(metric + damping * I) @ x = gradient`` by a Cholesky factorisation.

    With the Fisher matrix as the metric, ``x`` is the natural gradient (eq-lagrangian-solve;
    Hoagland, "The natural gradient on metric spaces"). How it differs from a plain
    ``numpy.linalg.solve``:

    1. It *insists* on a positive definite metric. A general solver returns something for an
       indefinite matrix, and the step then climbs along the directions of negative curvature.
    2. It judges singularity in the metric's own units. The metric is first scaled to a unit
       diagonal, ``H_ij = G_ij / sqrt(G_ii * G_jj)``, which is what a change of the
       parameters' units does, and counts as singular when the smallest eigenvalue of H is at most
       ``1000 * p * eps``, with ``eps`` = 2.2e-16. That eigenvalue, and not the condition number
       of G, decides how accurate Cholesky's solution is (Demmel, 1989; Higham, *Accuracy and
       stability of numerical algorithms*, theorem 10.7): entries that are each rounded once can
       change the solution by a relative ``p * eps / eigenvalue``, so what is refused has fewer than
       three certain digits. ``diag(1e-20, 1)`` is solved, and a softmax's Fisher matrix is refused.
       A matrix whose entries carry larger errors (finite differences, or ``diag(q) - q qᵀ``
       for a probability within 1e-4 of one) can be singular in truth and not be recognised.
    3. It says which direction is at fault. The eigenvectors, which cost ten times the
       factorisation, are computed only when LAPACK's estimate of the condition asks for them.

    Parameters
    ----------
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive definite; a LinearOperator is formed densely first.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; at least 0. It depends on the chart: the damped natural
        gradient is no longer invariant.

    Returns
    -------
    ndarray of shape (p,)
        The solution.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, the metric is not symmetric (the largest
        asymmetry is given), has negative curvature (a direction p and pᵀFp are given), or is
        singular (the null direction and two remedies are given: damping, or a minimal chart).
    """
    gradient = check.vector(gradient, "gradient")
    damping = check.damping(damping, "damping")
    matrix = check.matrix(metric, gradient.size) + damping * np.eye(gradient.size)
    return _by_cholesky(matrix.copy(order="F"), gradient, lambda: _refuse_unless_definite(matrix, damping))


def solve_dense(scores, gradient, damping):
    """``dense_solve`` with the mean outer product of the scores: forms half of it, factors it in place."""
    count, size = scores.shape

    def explain():
        _refuse_unless_definite(scores.T @ scores / count + damping * np.eye(size), damping)

    matrix = mean_gram(scores, count)
    matrix[np.diag_indices(size)] += damping
    return _by_cholesky(matrix, gradient, explain)


def mean_gram(matrix, count):
    """The lower half of ``matrix.T @ matrix / count``, zero above, in the memory order of LAPACK."""
    size = matrix.shape[1]
    if 8 * size**2 > MOST_BYTES:
        raise ValueError(
            f"a matrix of {size} × {size} would need {8e-9 * size**2:.1f} GB, and is not formed above "
            f"{MOST_BYTES / 1e9:g} GB: with fewer samples use the method dual, or else conjugate_gradient"
        )
    from scipy.linalg.blas import dsyrk

    if matrix.flags.c_contiguous:  # BLAS sees it transposed
        gram = dsyrk(1 / count, matrix.T, trans=0, lower=1)
    else:
        gram = dsyrk(1 / count, matrix, trans=1, lower=1)
    if not np.isfinite(np.diag(gram)).all():
        raise ValueError("scores are too large to be multiplied with each other: rescale the parameters")
    return gram


def _by_cholesky(matrix, gradient, explain):
    """Solve, overwriting the lower half of the matrix; ``explain`` raises if the matrix is at fault."""
    from scipy.linalg import lapack  # .25 s, so only when something is solved

    scale = _diagonal_scale(matrix)
    matrix /= scale[:, None]
    matrix /= scale
    factor, not_definite = lapack.dpotrf(matrix, lower=1, overwrite_a=1, clean=0)
    if not_definite:
        explain()
    smallest, _ = lapack.dpocon(factor, 1.0, uplo="L")  # of the eigenvalues, within a factor of √p or so
    if not_definite or smallest < 100 * _singular_below(gradient.size):
        explain()
    solution, _ = lapack.dpotrs(factor, gradient / scale, lower=1)
    return solution / scale


def _refuse_unless_definite(matrix, damping):
    """Find the direction of least scaled curvature; raise if it is negative or null."""
    scale = _diagonal_scale(matrix)
    eigenvalues, eigenvectors = np.linalg.eigh(matrix / scale[:, None] / scale[None, :])
    direction = _point_forward(eigenvectors[:, 0] / scale)
    threshold = _singular_below(len(matrix))
    if eigenvalues[0] < -threshold:
        raise ValueError(
            f"metric{damped(damping)} has negative curvature, so it measures no length: along p = "
            f"{check.show(direction)}, pᵀFp = {direction @ matrix @ direction:.3g}. A Fisher matrix "
            "cannot have this: check its signs, or use the Fisher matrix instead of a Hessian"
        )
    if eigenvalues[0] <= threshold:
        count = int(np.sum(eigenvalues <= threshold))
        more = f" (one of {count} such directions)" if count > 1 else ""
        raise ValueError(
            f"metric{damped(damping)} is singular: it has no curvature along p = "
            f"{check.show(direction)}{more}, a change of the parameters that leaves the distribution "
            "as it is. Either add damping, dense_solve(metric, gradient, damping=1e-3), or use a "
            "minimal chart, with one parameter fewer for each null direction; if the metric was estimated, "
            "draw at least as many samples as there are parameters"
        )


def damped(damping):
    """What to write behind the metric in a message."""
    return f" + {damping:g} I" if damping else ""


def _singular_below(size):
    """The smallest eigenvalue of a unit-diagonal matrix that is told apart from zero."""
    return 1000 * size * np.finfo(float).eps


def _diagonal_scale(matrix):
    """Units for the parameters: the square roots of the diagonal, 1 where it is zero."""
    diagonal = np.abs(np.diag(matrix))  # a negative entry is reported as such later, never used
    return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _cancelled(metric, direction):
    """The size of the terms in a quadratic form: all of them, or for an operator its largest column."""
    size = np.abs(direction)
    if not check.is_operator(metric):
        return size @ np.abs(metric) @ size
    largest = np.zeros_like(direction)
    largest[np.argmax(size)] = size.max()
    return size @ np.abs(metric @ largest)


def _point_forward(vector):
    """The unit vector along ``vector`` whose first entry that is not negligible is positive."""
    unit = vector / np.linalg.norm(vector)
    first = unit[np.argmax(np.abs(unit) > 1e-6)]
    return unit * np.sign(first)
