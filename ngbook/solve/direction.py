"""The natural gradient from scores, by whichever of three methods is cheapest."""

import numpy as np

from ngbook.solve.conjugate import conjugate_gradient
from ngbook.solve.dense import dense_solve
from ngbook.solve.dual import dual_solve
from ngbook.solve.inputs import as_count, as_damping, as_tolerance, as_vector, is_operator
from ngbook.solve.products import as_array, as_scores, mean_outer_product

__all__ = ["cheapest_method", "natural_direction"]

METHODS = ("auto", "dense", "conjugate_gradient", "dual")


def natural_direction(scores, gradient, damping, method="auto", tolerance=1e-8):
    """The natural gradient ``(J.T @ J / n + damping * I)⁻¹ @ gradient`` from the scores J of n samples.

    Three methods that agree (eq-conjugate-gradient-system), and a fourth that picks one:

    ======================  =============================================  ==================================
    method                  what it does                                   cheapest with
    ======================  =============================================  ==================================
    ``dense``               forms and factors the p × p Fisher matrix      few parameters
    ``dual``                forms and factors the n × n Gram matrix        few samples
    ``conjugate_gradient``  products with J alone                          many of both, or a few eigenvalues
    ``auto``                the cheapest                                   by ``cheapest_method``
    ======================  =============================================  ==================================

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of samples from the model. For a LinearOperator ``auto`` is
        ``conjugate_gradient``; the other two form it densely.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; at least 0, and above 0 if there are fewer samples than parameters.
    method : str
        ``"auto"``, ``"dense"``, ``"conjugate_gradient"`` or ``"dual"``.
    tolerance : float
        For conjugate gradients: the residual to reach, relative to the gradient.

    Returns
    -------
    ndarray of shape (p,)
        The natural gradient, in float32 if scores and gradient are.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, the method is unknown, the damped Fisher matrix is
        singular, the dense method is asked for a matrix that does not fit into memory, or conjugate gradients
        do not reach the tolerance.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, but is {method!r}")
    scores, damping, tolerance = as_scores(scores), as_damping(damping), as_tolerance(tolerance)
    count, size = scores.shape
    vector = as_vector(gradient, "gradient", size)
    single = scores.dtype == np.float32 == getattr(gradient, "dtype", None)
    vector = vector.astype(np.float32) if single else vector
    if damping == 0 and count < size:
        raise ValueError(
            f"the Fisher matrix from {count} scores of {size} parameters is singular, having rank {count} at most: "
            "add damping, 1e-3 say, or draw at least as many samples as there are parameters"
        )
    if method == "auto":
        method = "conjugate_gradient" if is_operator(scores) else cheapest_method(count, size)
    if method == "dual":
        return dual_solve(scores, vector, damping)
    if method == "conjugate_gradient":
        found = conjugate_gradient(
            mean_outer_product(scores), vector, damping, 10 * min(count, size) + 10, tolerance
        )
        if not found.converged:
            raise ValueError(f"conjugate gradients stopped: {found.message}")
        return found.solution
    array = as_array(scores).astype(float, copy=False)
    return dense_solve(array.T @ array / count, vector, damping).astype(vector.dtype)


def cheapest_method(samples, parameters, iterations=100):
    """The method that solves for the natural gradient with the fewest operations.

    Parameters
    ----------
    samples : int
        The number n of scores.
    parameters : int
        The number p of parameters.
    iterations : int
        Iterations of conjugate gradients to expect (eq-conjugate-gradient-bound).

    Returns
    -------
    str
        ``"dense"``, ``"dual"`` or ``"conjugate_gradient"``.

    Raises
    ------
    ValueError
        If an argument is not a whole number, or there are no samples or no parameters.
    """
    n, p, k = (
        as_count(samples, "samples"),
        as_count(parameters, "parameters"),
        as_count(iterations, "iterations"),
    )
    if n == 0 or p == 0:
        raise ValueError(f"samples and parameters must be at least 1, but are {n} and {p}")
    seconds = {
        "dense": (n * p**2 + p**3 / 3) / 45e9,
        "dual": (p * n**2 + n**3 / 3) / 45e9,
        "conjugate_gradient": k * (12 * n * p / 30e9 + 10e-6),
    }
    return min(seconds, key=seconds.get)
