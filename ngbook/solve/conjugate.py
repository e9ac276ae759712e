"""The method of conjugate gradients: a solution from products with the metric alone."""

from dataclasses import dataclass

import numpy as np

from ngbook.solve.dense import fitting_metric
from ngbook.solve.inputs import as_count, as_damping, as_tolerance, as_vector, is_operator, show

__all__ = ["ConjugateGradient", "conjugate_gradient"]


@dataclass(frozen=True)
class ConjugateGradient:
    """A solution by conjugate gradients after k iterations, and how it came about.

    Attributes
    ----------
    solution : ndarray of shape (p,)
        The last iterate. Every iterate but the first, which is zero, is an ascent direction.
    residuals : ndarray of shape (k + 1,)
        Norms of the residual ``gradient - (metric + damping I) @ x``, from that of the gradient on. It is updated
        and not computed anew, and goes on falling when rounding keeps the true one from doing so.
    curvatures : ndarray of shape (k,)
        ``p @ (metric + damping I) @ p / (p @ p)`` for the direction p of each iteration.
    iterates : ndarray of shape (k + 1, p) or None
        All iterates, if they were asked for.
    reason : str
        ``"tolerance"``, ``"iterations"``, ``"negative curvature"`` or ``"singular"``: the residual reached the
        tolerance; the iterations were used up; along the next direction the metric has negative curvature, or
        none.
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
    """Solve ``(metric + damping * I) @ x = gradient`` from products with the metric (eq-conjugate-gradient-system).

    Each iteration takes the exact minimiser of the quadratic (eq-conjugate-gradient-quadratic) along
    a new direction (eq-conjugate-gradient-step) that is conjugate to all earlier ones
    (eq-conjugate-gradient-conjugate), and therefore never spoils what they gained. The metric
    is needed only as a function ``v -> metric @ v``. In exact arithmetic it ends after as many
    iterations as the metric has distinct eigenvalues, at most p (eq-conjugate-gradient-polynomial);
    stopped early, x still is an ascent direction (eq-conjugate-gradient-descent). Hestenes and
    Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.

    How it differs from ``scipy.sparse.linalg.cg``:

    1. It looks at the curvature pᵀFp of each direction, which costs nothing, and stops if it is not
       positive (eq-conjugate-gradient-negative). A Fisher matrix has no negative curvature, but a Hessian does,
       and so has a Fisher product with a sign wrong. SciPy goes on.
    2. It starts from zero, so that the first step is along the gradient and every iterate ascends.
    3. It returns the history of the residual, and why it ended.
    4. The gradient is first divided by a power of two, so that its squares neither overflow nor vanish.

    Parameters
    ----------
    metric : ndarray of shape (p, p) or LinearOperator
        Symmetric positive semidefinite. Of a LinearOperator only products are used.
    gradient : ndarray of shape (p,)
        The vector of partial derivatives, in the same chart. If it and the metric are float32, all
        is done in float32, otherwise in float64.
    damping : float
        Added to the diagonal; at least 0. It shortens the iteration (eq-conjugate-gradient-damping).
    iterations : int or None
        The most iterations to do; ``10 * p`` if it is None.
    tolerance : float
        It ends when the norm of the residual is at most ``tolerance`` times that of the gradient. Below the
        rounding error of the precision used, 2.2e-16 or 1.2e-7, it means that.
    keep_iterates : bool
        Whether to return all iterates.

    Returns
    -------
    ConjugateGradient
        The solution and its history. Look at ``converged``: an iteration that was cut short, or stopped
        by the curvature, is returned as well.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, or the metric is not symmetric (dense metrics only).
    """
    gradient, metric = _in_one_precision(gradient, metric)
    damping = as_damping(damping)
    tolerance = max(as_tolerance(tolerance), np.finfo(gradient.dtype).eps)
    limit = 10 * gradient.size if iterations is None else as_count(iterations, "iterations")

    def product(vector):
        return np.asarray(metric @ vector, gradient.dtype)

    residuals, curvatures, iterates = [], [], []
    for state in iterate(product, gradient, damping):
        if state.obstacle:
            break
        residuals.append(state.residual)
        curvatures.append(state.curvature)
        if keep_iterates:
            iterates.append(state.solution.copy())
        if state.residual <= tolerance * residuals[0] or len(residuals) > limit:
            break
    reason, message = state.obstacle or _ending(residuals, tolerance)
    return ConjugateGradient(
        state.solution,
        np.array(residuals),
        np.array(curvatures[1:]),
        np.array(iterates) if keep_iterates else None,
        reason,
        message,
    )


@dataclass(frozen=True)
class State:
    """Where the iteration stands: ``solution`` is overwritten by the next step."""

    solution: np.ndarray
    residual: float
    curvature: float
    obstacle: tuple | None = None


def iterate(product, gradient, damping):
    """The iteration itself, for ever: yields the ``State`` at zero and after each step.

    An obstacle, that is a direction without positive curvature, ends it; the solution
    yielded with it is that of the step before.
    """
    exponent = np.frexp(np.abs(gradient).max())[1]
    residual = np.ldexp(gradient, -exponent)
    solution, direction = np.zeros_like(residual), residual.copy()
    square = residual @ residual
    largest, rounding = 0.0, np.sqrt(gradient.size) * np.finfo(gradient.dtype).eps
    yield State(solution, _unscaled(np.sqrt(square), exponent), np.nan)
    while square > 0:
        image = product(direction)
        image = image + damping * direction
        length = direction @ direction
        curvature = float(direction @ image / length)
        if not np.isfinite(curvature):
            raise ValueError(
                f"metric @ direction must be finite, but its product with {show(direction)} gives {curvature}: "
                "check that the point it was computed at is inside the parameter space"
            )
        largest = max(largest, float(np.sqrt(image @ image / length)))
        if curvature <= rounding * largest:
            obstacle = _obstacle(direction / np.sqrt(length), curvature, rounding * largest, damping)
            yield State(np.ldexp(solution, exponent), np.nan, curvature, obstacle)
            return
        step = square / (curvature * length)
        solution += step * direction
        residual -= step * image
        square, before = residual @ residual, square
        direction *= square / before
        direction += residual
        yield State(np.ldexp(solution, exponent), _unscaled(np.sqrt(square), exponent), curvature)


def _unscaled(number, exponent):
    return float(np.ldexp(float(number), exponent))


def _in_one_precision(gradient, metric):
    """Gradient and metric, checked, both in float32 if both came so and in float64 otherwise."""
    single = all(getattr(thing, "dtype", None) == np.float32 for thing in (gradient, metric))
    precision = np.float32 if single else np.float64
    gradient = as_vector(gradient, "gradient")
    metric = fitting_metric(metric, gradient.size)
    return gradient.astype(precision), metric if is_operator(metric) else metric.astype(precision)


def _obstacle(direction, curvature, rounding, damping):
    """Reason and message for a unit direction without positive curvature."""
    added = f" + {damping:g} I" if damping else ""
    where = f"along p = {show(direction)}, pᵀFp = {curvature:.3g}"
    if curvature < -rounding:
        return "negative curvature", (
            f"metric{added} has negative curvature: {where}. The solution is the iterate before this direction. "
            "A Fisher matrix cannot have this: check its signs, or add damping above the most negative eigenvalue"
        )
    return "singular", (
        f"metric{added} has no curvature beyond rounding: {where}. The solution is the iterate before this "
        "direction, a change of the parameters that leaves the distribution as it is: add damping, or use a "
        "minimal chart"
    )


def _ending(residuals, tolerance):
    reached = residuals[-1] / residuals[0] if residuals[0] else 0.0
    if reached <= tolerance:
        return "tolerance", f"the residual fell to {reached:.2g} of the gradient, below {tolerance:g}"
    return "iterations", (
        f"{len(residuals) - 1} iterations were used up with the residual at {reached:.2g} of the gradient, "
        f"above {tolerance:g}: allow more, or add damping"
    )
