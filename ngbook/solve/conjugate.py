"""The method of conjugate gradients: a solution from products with the metric alone."""

from dataclasses import dataclass

import numpy as np

from ngbook import _check as check
from ngbook.solve.dense import damped

__all__ = ["ConjugateGradient", "conjugate_gradient"]


@dataclass(frozen=True, eq=False)
class ConjugateGradient:
    """A solution by conjugate gradients after k iterations, and how it came about.

    Attributes
    ----------
    solution : ndarray of shape (p,)
        The last iterate. Every iterate but the first, which is zero, is an ascent direction.
    residuals : ndarray of shape (k + 1,)
        Norms of the residual ``gradient - (metric + damping * I) @ x``, from that of the gradient on.
        It is updated, not computed anew, and goes on falling when rounding has stopped the true one.
    curvatures : ndarray of shape (k,)
        ``p @ (metric + damping * I) @ p / (p @ p)`` for the direction p of each iteration.
    iterates : ndarray of shape (k + 1, p) or None
        All iterates, if they were asked for. Their differences are multiples of the directions.
    reason : str
        ``"tolerance"``, ``"iterations"``, ``"negative curvature"`` or ``"singular"``: the residual
        reached the tolerance; the iterations were used up; along the next direction the metric
        has negative curvature; or it has none beyond rounding.
    message : str
        The reason in a sentence, with the direction p and pᵀFp if that is what stopped it.
    """

    solution: np.ndarray
    residuals: np.ndarray
    curvatures: np.ndarray
    iterates: np.ndarray | None
    reason: str
    message: str

    @property
    def iterations(self):
        """The number k of iterations done."""
        return len(self.residuals) - 1

    @property
    def converged(self):
        """Whether the residual reached the tolerance."""
        return self.reason == "tolerance"


def conjugate_gradient(metric, gradient, damping=0.0, iterations=None, tolerance=1e-10, keep_iterates=False):
    """Solve ``(metric + damping * I) @ x = gradient`` from products with the metric.

    The system (eq-conjugate-gradient-system) is where a quadratic is stationary
    (eq-conjugate-gradient-quadratic). Each iteration goes to the exact minimiser
    (eq-conjugate-gradient-step) along a direction that is conjugate to all earlier ones
    (eq-conjugate-gradient-conjugate, eq-conjugate-gradient-recurrence) and so spoils nothing they gained. In
    exact arithmetic it ends after as many iterations as the metric has distinct eigenvalues
    (eq-conjugate-gradient-polynomial), and stopped early it is within a known bound
    (eq-conjugate-gradient-bound) and an ascent direction (eq-conjugate-gradient-descent).
    Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.

    How it differs from ``scipy.sparse.linalg.cg``:

    1. It looks at the curvature pᵀFp of each direction, which is computed anyway, and stops if it is
       not positive (eq-conjugate-gradient-negative). A Fisher matrix has no negative curvature, but
       a Hessian does, and so does a Fisher product with a wrong sign. SciPy goes on.
    2. It starts from zero, so that the first step is along the gradient and every iterate ascends.
    3. It returns the history of the residual, and why it ended.
    4. The gradient is divided by a power of two first, so that its square neither overflows nor
       vanishes. That changes no digit.

    Parameters
    ----------
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive semidefinite. Of a LinearOperator or a SciPy sparse matrix only products are used.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart. If it and the metric are float32, all
        is done in float32, otherwise in float64.
    damping : float
        Added to the diagonal; at least 0. It makes the iteration shorter, and the solution another
        (eq-conjugate-gradient-damping).
    iterations : int or None
        The most iterations to do; ``10 * p`` if it is None.
    tolerance : float
        It ends when the norm of the residual is at most ``tolerance`` times that of the gradient; a
        tolerance below the precision's rounding error, 2.2e-16 or 1.2e-7, is raised to it.
    keep_iterates : bool
        Whether to return all iterates.

    Returns
    -------
    ConjugateGradient
        The solution and its history. An iteration that was cut short, or stopped by the
        curvature, is returned as well: look at ``converged``.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, or the metric is not symmetric (dense metrics only).
    """
    gradient, metric = _in_one_precision(gradient, metric)
    damping = check.damping(damping, "damping")
    tolerance = max(check.tolerance(tolerance, "tolerance"), float(np.finfo(gradient.dtype).eps))
    limit = 10 * gradient.size if iterations is None else check.count(iterations, "iterations", least=0)
    diagonal = 0.0 if check.is_operator(metric) else float(np.abs(np.diag(metric)).max())

    def product(vector):
        return np.asarray(metric @ vector, gradient.dtype)

    exponent = np.frexp(np.abs(gradient).max())[1]
    residuals, curvatures, iterates, obstacle = [], [], [], None
    for state in steps(product, np.ldexp(gradient, -exponent), damping, diagonal):
        obstacle = state.obstacle
        if obstacle:
            break
        residuals.append(state.residual)
        curvatures.append(state.curvature)
        if keep_iterates:
            iterates.append(np.ldexp(state.solution, exponent))
        if state.residual <= tolerance * residuals[0] or len(residuals) > limit:
            break
    reason, message = obstacle or _ending(residuals, tolerance)
    return ConjugateGradient(
        np.ldexp(state.solution, exponent),
        np.ldexp(residuals, exponent),
        np.array(curvatures[1:]),
        np.array(iterates) if keep_iterates else None,
        reason,
        message,
    )


@dataclass(frozen=True)
class State:
    """Where the iteration stands. The next step overwrites ``solution``."""

    solution: np.ndarray
    residual: float
    curvature: float = np.nan
    obstacle: tuple | None = None


def steps(product, gradient, damping, largest=0.0):
    """The iteration itself: yields the ``State`` at zero and after every step, for ever.

    Only a direction without positive curvature ends it, by a last ``State`` with the iterate before and the
    obstacle; ``largest`` is what is known of the metric's largest eigenvalue, to tell rounding by.
    """
    solution, residual, direction = np.zeros_like(gradient), gradient.copy(), gradient.copy()
    square = residual @ residual
    eps = np.finfo(gradient.dtype).eps
    yield State(solution, float(np.sqrt(square)))
    while True:
        image = product(direction)
        if damping:
            image = image + damping * direction
        length = direction @ direction
        curvature = float(direction @ image / length) if length else np.nan
        largest = max(largest, abs(curvature))
        if not curvature > 10 * eps * largest:
            obstacle = _obstacle(direction / np.sqrt(length), curvature, 10 * eps * largest, damping)
            yield State(solution, np.nan, curvature, obstacle)
            return
        step = square / (curvature * length)
        solution += step * direction
        residual -= step * image
        square, before = residual @ residual, square
        direction *= square / before
        direction += residual
        yield State(solution, float(np.sqrt(square)), curvature)


def _in_one_precision(gradient, metric):
    """Gradient and metric, checked, both in float32 if both came so and in float64 otherwise."""
    single = all(getattr(thing, "dtype", None) == np.float32 for thing in (gradient, metric))
    precision = np.float32 if single else np.float64
    gradient = check.vector(gradient, "gradient")
    metric = check.metric(metric, gradient.size)
    return gradient.astype(precision), metric if check.is_operator(metric) else metric.astype(precision)


def _obstacle(direction, curvature, rounding, damping):
    """Reason and message for a unit direction without positive curvature."""
    if not np.isfinite(curvature):
        raise ValueError(
            f"metric @ p must be finite, but pᵀFp is {curvature} for p = {check.show(direction)}: "
            "check that the point it was computed at is inside the parameter space"
        )
    where = f"along p = {check.show(direction)}, pᵀFp = {curvature:.3g}"
    if curvature < -rounding:
        return "negative curvature", (
            f"metric{damped(damping)} has negative curvature: {where}. The solution is the iterate before "
            "that direction. A Fisher matrix cannot have this: check its signs, or use it, not a Hessian"
        )
    return "singular", (
        f"metric{damped(damping)} has no curvature beyond rounding: {where}. The solution is the iterate "
        "before that direction. Either add damping, or use a minimal chart, with one parameter fewer for "
        "each null direction"
    )


def _ending(residuals, tolerance):
    reached = residuals[-1] / residuals[0] if residuals[0] else 0.0
    if reached <= tolerance:
        return "tolerance", f"the residual fell to {reached:.2g} of the gradient, not above {tolerance:g}"
    return "iterations", (
        f"{len(residuals) - 1} iterations were used up with the residual at {reached:.2g} of the gradient, "
        f"above {tolerance:g}: allow more, or add damping"
    )
