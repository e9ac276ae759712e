"""The dense solve: form the matrix, factor it, and say what is wrong when it is not a metric."""

import numpy as np

from ngbook._check import arrays as check
from ngbook.solve.factorisation import cholesky


@check.arguments(direction=check.vector)
def quadratic_form(metric, direction) -> float:
    """Square the length of a direction: ``direction @ metric @ direction`` (eq-distance-quadratic).

    For a Fisher matrix it is the variance of the score along the direction, and twice the leading term of the
    KL divergence. Along a direction in which the distribution does not change it is zero; a value that is
    within rounding of zero is returned as exactly zero, and a negative one is refused. The blog post's loop
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
        At least 0.
    """
    metric = check.metric(metric, direction.size)
    product = check.vector(metric @ direction, "metric @ direction", direction.size)
    square = float(direction @ product)
    if -square > 10 * direction.size * np.finfo(float).eps * _size_of_terms(metric, direction):
        raise ValueError(
            f"metric has negative curvature, so it measures no length: along p = "
            f"{check.show(direction)}, pᵀFp = {square:.3g}. Check the signs of the metric"
        )
    return max(square, 0.0)


def _size_of_terms(metric, direction):
    """The size of what is added up in a quadratic form, of which rounding is a share."""
    size = np.abs(direction)
    if isinstance(metric, np.ndarray):
        return size @ np.abs(metric) @ size
    largest = np.where(np.arange(size.size) == np.argmax(size), size, 0.0)  # of an operator: one column
    return size @ np.abs(metric @ largest)


@check.arguments(gradient=check.vector, damping=check.damping)
def dense_solve(metric, gradient, damping=0.0):
    """Solve ``(metric + damping * I) @ x = gradient`` by a Cholesky factorisation (eq-lagrangian-solve).

    With the Fisher matrix as the metric, ``x`` is the natural gradient (Hoagland, "The natural gradient on
    metric spaces"). How it differs from ``numpy.linalg.solve``:

    1. It insists on a positive definite metric. A general solver returns something for an
       indefinite matrix, and the step then climbs along the directions of negative curvature.
    2. It judges singularity in the metric's own units: scaled to a unit diagonal,
       ``H_ij = G_ij / sqrt(G_ii * G_jj)``, a metric counts as singular when the smallest eigenvalue of H is
       at most ``1000 * p * eps``, with ``eps`` = 2.2e-16. That eigenvalue, and not the condition number of G,
       decides how accurate Cholesky's solution is (Demmel, 1989; Higham, *Accuracy and stability of
       numerical algorithms*, theorem 10.7); what is refused has fewer than three certain digits. A matrix
       whose entries carry larger errors, as those of finite differences, can be singular unrecognised.
    3. It names the direction at fault.

    Parameters
    ----------
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive definite; a LinearOperator is formed densely first.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; at least 0. The damped natural gradient depends on the chart.

    Returns
    -------
    ndarray of shape (p,)
        The solution.
    """
    metric = check.matrix(metric, gradient.size)
    metric[np.diag_indices(gradient.size)] += damping
    return cholesky(metric, damping)(gradient)
