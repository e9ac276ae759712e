"""The Cholesky factorisation, with words for a matrix that has none."""

import numpy as np

from ngbook._check import arrays as check


def cholesky(matrix, damping=0.0):
    """Factor a symmetric positive definite matrix; return the function ``right -> matrix⁻¹ @ right``.

    The matrix is scaled to a unit diagonal first. A ``ValueError`` names a direction of negative curvature,
    or a null direction and the remedies; ``damping`` is what the message says was added to the diagonal.
    """
    from scipy.linalg import lapack  # .25 s, so only when something is solved

    scale = _diagonal_scale(matrix)
    scaled = matrix / scale
    scaled /= scale[:, None]
    factor, not_definite = lapack.dpotrf(scaled.T, lower=1, overwrite_a=1)
    smallest, _ = lapack.dpocon(factor, 1.0, uplo="L")  # of the eigenvalues, within a factor of √p or so
    if not_definite or smallest < 100 * _singular_below(len(matrix)):
        _refuse_unless_definite(matrix, damping)
    return lambda right: lapack.dpotrs(factor, right / scale, lower=1)[0] / scale


def damped(damping):
    """What a message writes behind the word metric."""
    return f" + {damping:g} I" if damping else ""


def _refuse_unless_definite(matrix, damping):
    """Find the direction of least scaled curvature, at ten times the cost; refuse a negative or null one."""
    scale = _diagonal_scale(matrix)
    eigenvalues, eigenvectors = np.linalg.eigh(matrix / scale / scale[:, None])
    direction = _pointing_forward(eigenvectors[:, 0] / scale)
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


def _singular_below(size):
    """The smallest eigenvalue of a matrix with unit diagonal that rounding leaves distinct from zero."""
    return 1000 * size * np.finfo(float).eps


def _diagonal_scale(matrix):
    """Units for the parameters: the square roots of the diagonal, 1 where it is zero."""
    diagonal = np.abs(np.diag(matrix))  # a negative entry is reported as such later, never used
    return np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _pointing_forward(vector):
    """The unit vector along ``vector`` whose first entry that is not negligible is positive."""
    unit = vector / np.linalg.norm(vector)
    return unit * np.sign(unit[np.argmax(np.abs(unit) > 1e-6)])
