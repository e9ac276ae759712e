"""The natural gradient from scores, by whichever of three methods is cheapest."""

import numpy as np

from ngbook import _check as check
from ngbook.solve.conjugate import conjugate_gradient
from ngbook.solve.dense import solve_dense
from ngbook.solve.dual import dual_solve
from ngbook.solve.products import as_array, mean_outer_product

__all__ = ["cheapest_method", "natural_direction"]

METHODS = ("auto", "dense", "conjugate_gradient", "dual")

# The cost model: measured on one core of 2025, which multiplies matrices at 50 GFlop/s in float64 and
# reads memory at 35 GB/s. Only the ratios decide: a wrong constant moves the crossovers a little.
SECONDS_PER_FLOP = 1 / 46e9  # syrk and potrf
SECONDS_PER_BYTE = 1 / 26e9  # a product that reads the scores once and uses them twice
SECONDS_PER_ITERATION = 20e-6  # the calls, however small the arrays are
USUAL_ITERATIONS = 100
"""Of conjugate gradients at a damping of 1e-3, when nothing is known of the eigenvalues."""


def natural_direction(scores, gradient, damping, method="auto", tolerance=1e-8):
    """The natural gradient ``(J.T @ J / n + damping * I)⁻¹ @ gradient`` from the scores J of n samples.

    Three methods for one system (eq-conjugate-gradient-system):

    ======================  =========================================  ===============================
    method                  what it does                               cheapest with
    ======================  =========================================  ===============================
    ``dense``               forms and factors the p × p Fisher matrix  few parameters
    ``dual``                forms and factors the n × n Gram matrix    few samples
    ``conjugate_gradient``  products with the Fisher matrix            many of both, or similar eigenvalues
    ======================  =========================================  ===============================

    How ``auto`` chooses:

    1. By ``cheapest_method``. The cost of the first two depends on n and p only, that of conjugate
       gradients on the eigenvalues.
    2. Their relative spread s is estimated from the Gram matrix of 32 of the samples. If it is below one, the
       residual is expected to fall by s an iteration, as it does for scores with independent entries;
       otherwise 100 iterations are expected.
    3. If conjugate gradients have not converged when they have cost as much as the better of the other two
       would have, that one is done after all.
    4. Without damping it is ``dense``, because no other method notices a singular matrix in every case.

    Nothing is timed, so the choice is the same in every run.

    Parameters
    ----------
    scores : ndarray of shape (n, p) or LinearOperator
        One score per row, of samples from the model. For a LinearOperator ``auto`` is
        ``conjugate_gradient``, and the other two form the scores densely.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart.
    damping : float
        Added to the diagonal; at least 0, and above 0 for ``dual`` and wherever there are
        fewer samples than parameters.
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
        singular, the matrix that the method forms would be larger than 8 GB, or conjugate gradients
        do not reach the tolerance.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, but is {method!r}")
    scores, damping, tolerance = (
        check.scores(scores),
        check.damping(damping, "damping"),
        check.tolerance(tolerance, "tolerance"),
    )
    count, size = scores.shape
    vector = check.vector(gradient, "gradient", size)
    if scores.dtype == np.float32 == getattr(gradient, "dtype", None):
        vector = vector.astype(np.float32)
    if damping == 0 and count < size:
        raise ValueError(
            f"the Fisher matrix from {count} scores of {size} parameters is singular, its rank being at most "
            f"{count}: add damping, 1e-3 say, or draw at least as many samples as there are parameters"
        )
    if method == "auto" and not check.is_operator(scores):
        return _by_cost(scores, vector, damping, tolerance)
    if method in ("dense", "dual"):
        return _directly(scores, vector, damping, method)
    found = conjugate_gradient(
        mean_outer_product(scores), vector, damping, 10 * min(count, size) + 10, tolerance
    )
    if found.converged:
        return found.solution
    raise ValueError(
        f"conjugate gradients found no natural gradient ({found.reason}): {found.message}. The methods "
        "dense and dual need no iteration"
    )


def cheapest_method(samples, parameters, iterations=USUAL_ITERATIONS):
    """The method that finds a natural gradient soonest, by a count of operations and bytes.

    With n samples and p parameters: dense takes np² + p³/3 operations, dual (eq-conjugate-gradient-dual)
    n²p + n³/3, and each iteration of conjugate gradients reads the np scores once
    (eq-conjugate-gradient-fisher-product). An operation is counted as 1/46 ns, a byte as 1/26 ns.

    Parameters
    ----------
    samples : int
        The number n of scores.
    parameters : int
        The number p of parameters.
    iterations : int
        The iterations of conjugate gradients to expect (eq-conjugate-gradient-bound).

    Returns
    -------
    str
        ``"dense"``, ``"dual"`` or ``"conjugate_gradient"``.

    Raises
    ------
    ValueError
        If an argument is not a whole number, or there are no samples or no parameters.
    """
    n, p = check.count(samples, "samples", least=1), check.count(parameters, "parameters", least=1)
    iterations = check.count(iterations, "iterations", least=0)
    costs = _direct_costs(n, p) | {"conjugate_gradient": iterations * _iteration_cost(8 * n * p)}
    return min(costs, key=costs.get)


def _direct_costs(n, p):
    """Seconds by the two methods that form a matrix."""
    return {
        "dense": (n * p**2 + p**3 / 3) * SECONDS_PER_FLOP,
        "dual": (n**2 * p + n**3 / 3) * SECONDS_PER_FLOP + 3 * 8 * n * p * SECONDS_PER_BYTE,
    }


def _iteration_cost(size):
    """Seconds for an iteration of conjugate gradients with scores of so many bytes."""
    return size * SECONDS_PER_BYTE + SECONDS_PER_ITERATION


def _by_cost(scores, gradient, damping, tolerance):
    """The method "auto"."""
    if damping == 0:
        return _directly(scores, gradient, damping, "dense")
    costs = _direct_costs(*scores.shape)
    direct = min(costs, key=costs.get)
    affordable = int(costs[direct] / _iteration_cost(scores.nbytes))
    if affordable < 10 or affordable < _expected_iterations(scores, damping, tolerance):
        return _directly(scores, gradient, damping, direct)
    found = conjugate_gradient(mean_outer_product(scores), gradient, damping, affordable, tolerance)
    return found.solution if found.converged else _directly(scores, gradient, damping, direct)


def _directly(scores, gradient, damping, method):
    """The method "dense" or "dual"."""
    if method == "dual":
        return dual_solve(scores, gradient, damping)
    scores = as_array(scores).astype(float, copy=False)
    return solve_dense(scores, gradient.astype(float), damping).astype(gradient.dtype)


def _expected_iterations(scores, damping, tolerance):
    """The iterations that conjugate gradients are likely to take, from the spread of the eigenvalues.

    Let the min(n, p) eigenvalues that need not vanish have mean m and standard deviation s m. For scores
    with independent entries they fill the interval m (1 ± s)² (Marchenko and Pastur, 1967), where by
    the Chebyshev bound (eq-conjugate-gradient-bound) an iteration multiplies the error by s. If n < p there
    is also the eigenvalue ``damping``, and an error there may have grown to m / damping by then.
    """
    count, size = scores.shape
    few, many = sorted(scores.shape)
    some = scores[:: -(-count // 32)].astype(float, copy=False)  # 32 at most, evenly spread
    with np.errstate(all="ignore"):  # what is not finite below predicts nothing
        gram = some @ some.T
        squares = gram**2
        own, others = np.diag(squares).mean(), squares[~np.eye(len(some), dtype=bool)]
        trace = np.diag(gram).mean()
        trace_of_square = (own + (count - 1) * (others.mean() if others.size else own)) / count
        variance = max(few * trace_of_square / trace**2 - 1, few / many)  # NaN stays
    if not variance < 0.8:
        return USUAL_ITERATIONS
    to_gain = 2 / max(tolerance, 1e-16)
    if count < size:
        to_gain *= max(1.0, trace / few / damping)
    return np.log(to_gain) / -np.log(np.sqrt(variance))
