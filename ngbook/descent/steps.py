"""One step of given length, and the length of a step."""

import numpy as np

from ngbook._check import arrays as check
from ngbook.solve import dense_solve, quadratic_form


@check.arguments(gradient=check.vector, radius=check.positive)
def trust_region_step(gradient, metric, radius):
    """Steepest-descent step of length √(2ε) in the norm of the metric.

    Minimises ``gradient @ d`` subject to ``d @ metric @ d / 2 == radius``, for which the Lagrange
    multiplier has to be the negative of its two roots (eq-lagrangian-step; Hoagland, "The natural
    gradient on metric spaces", where the printed sign gives the ascent direction). The minimum is
    ``-sqrt(2 * radius * gradient @ solve(metric, gradient))``.

    Parameters
    ----------
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, not zero.
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive definite, in the same chart.
    radius : float
        ε, above 0.

    Returns
    -------
    ndarray of shape (p,)
        The step d, to be *added* to the parameters: its negative sign is included.
    """
    if not gradient.any():
        raise ValueError(
            "gradient is zero, so the direction of steepest descent is undefined: the point is "
            "stationary; stop here instead of stepping"
        )
    n = dense_solve(metric, gradient)  # eq-lagrangian-solve
    return -np.sqrt(2 * radius / (gradient @ n)) * n  # eq-lagrangian-step


def metric_length(delta, metric):
    """The length √(δᵀGδ) of a change of parameters, or of each row of many (eq-distance-quadratic).

    The blog post's double loop, with ``delta[i] * delta[j] * metric[i][j]`` where it has
    ``delta[i]`` twice, and with the square root: what the loop adds up is the *square* of the
    length. The identity gives the Euclidean length back.

    Parameters
    ----------
    delta : ndarray of shape (p,) or (n, p)
        One change, or one per row, in the chart that the metric is written in.
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive semidefinite; along a null direction the length is exactly 0.

    Returns
    -------
    float or ndarray of shape (n,)
        The length of each change, at least 0.
    """
    if not (isinstance(delta, np.ndarray) and delta.ndim == 2):
        return float(np.sqrt(quadratic_form(metric, check.vector(delta, "delta"))))
    if not len(delta):
        raise ValueError("delta has no rows, so there is nothing to measure: pass shape (p,) or (n, p)")
    rows = [check.vector(row, f"row {i} of delta") for i, row in enumerate(delta)]
    return np.sqrt([quadratic_form(metric, row) for row in rows])
