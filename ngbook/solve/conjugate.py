"""The method of conjugate gradients: a solution from products with the metric alone."""

from dataclasses import dataclass

import numpy as np

from ngbook._check import arrays as check
from ngbook.solve.factorisation import damped


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
    def iterations(self) -> int:
        """The number k of iterations done."""
        return len(self.residuals) - 1

    @property
    def converged(self) -> bool:
        """Whether the residual reached the tolerance."""
        return self.reason == "tolerance"


@check.arguments(damping=check.damping, tolerance=check.tolerance, iterations=check.iterations)
def conjugate_gradient(
    metric, gradient, damping=0.0, iterations=None, tolerance=1e-10, keep_iterates=False
) -> ConjugateGradient:
    """Solve ``(metric + damping * I) @ x = gradient`` from products with the metric.

    The system (eq-conjugate-gradient-system) is where a quadratic is stationary
    (eq-conjugate-gradient-quadratic). Each iteration goes to the exact minimiser along a direction that is
    conjugate to all earlier ones (eq-conjugate-gradient-conjugate) and so spoils nothing they gained; the
    residuals are orthogonal (eq-conjugate-gradient-orthogonal). In exact arithmetic it ends after at most as
    many iterations as the metric has distinct eigenvalues (eq-conjugate-gradient-polynomial), and stopped
    early it is within a known bound (eq-conjugate-gradient-bound) and an ascent direction
    (eq-conjugate-gradient-descent).
    Hestenes and Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.

    How it differs from ``scipy.sparse.linalg.cg``: it stops at a direction whose curvature is not positive,
    which a Hessian may have, and a Fisher product with a wrong sign; it starts from zero, so that every
    iterate ascends; and it returns the history of the residual, and why it ended.

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
        The solution and its history, also where the iteration was cut short, or stopped by the
        curvature: look at ``converged``.
    """
    metric, g, scale = _prepared(metric, gradient)
    x, residual, direction = np.zeros_like(g), g, g
    history = _History(metric, scale, x, residual, tolerance, keep_iterates)
    for _ in range(10 * g.size if iterations is None else iterations):
        if history.converged():
            break
        image = metric @ direction + damping * direction
        curvature = direction @ image
        if not history.positive(curvature, direction):  # eq-conjugate-gradient-negative
            return history.stopped(x, curvature, direction, damping)
        step = residual @ residual / curvature  # eq-conjugate-gradient-step
        x = x + step * direction
        previous, residual = residual, residual - step * image
        share = (residual @ residual) / (previous @ previous)
        direction = residual + share * direction  # eq-conjugate-gradient-recurrence
        history.append(x, residual)
    return history.ended(x)


def _prepared(metric, gradient):
    """Metric and gradient in one precision, the gradient divided by a power of two, and that power.

    The gradient's entries are then of order one, so that no square overflows or vanishes; no digit changes.
    """
    single = all(getattr(thing, "dtype", None) == np.float32 for thing in (gradient, metric))
    precision = np.float32 if single else np.float64
    gradient = check.vector(gradient, "gradient")
    metric = check.metric(metric, gradient.size)
    scale = np.ldexp(1.0, int(np.frexp(np.abs(gradient).max())[1]) - 1)
    if isinstance(metric, np.ndarray):
        metric = metric.astype(precision, copy=False)
    return metric, (gradient / scale).astype(precision), scale


class _History:
    """What ``conjugate_gradient`` keeps of its iterations, and by what it ends."""

    def __init__(self, metric, scale, x, residual, tolerance, keep_iterates):
        self.eps, self.scale = float(np.finfo(residual.dtype).eps), scale
        self.tolerance = max(tolerance, self.eps)
        self.largest = np.abs(np.diag(metric)).max() if isinstance(metric, np.ndarray) else 0.0
        self.residuals, self.curvatures = [np.linalg.norm(residual)], []
        self.iterates = [x] if keep_iterates else None

    def append(self, x, residual):
        self.residuals.append(np.linalg.norm(residual))
        if self.iterates is not None:
            self.iterates.append(x)

    def converged(self):
        return self.residuals[-1] <= self.tolerance * self.residuals[0]

    def positive(self, curvature, direction):
        """Whether a direction's curvature is above rounding; it is kept, divided by the square length."""
        curvature = float(curvature / (direction @ direction))
        self.largest = max(self.largest, abs(curvature))
        if curvature > 10 * self.eps * self.largest:
            self.curvatures.append(curvature)
            return True
        return False

    def result(self, x, reason, message):
        iterates = None if self.iterates is None else np.array(self.iterates) * self.scale
        residuals, curvatures = np.array(self.residuals) * self.scale, np.array(self.curvatures)
        solution = x * x.dtype.type(self.scale)
        return ConjugateGradient(solution, residuals, curvatures, iterates, reason, message)

    def ended(self, x):
        iterations, ratio = len(self.residuals) - 1, self.residuals[-1] / (self.residuals[0] or 1.0)
        if self.converged():
            message = f"the residual fell to {ratio:.2g} of the gradient, not above {self.tolerance:g}"
            return self.result(x, "tolerance", message)
        message = (
            f"{iterations} iterations were used up with the residual at {ratio:.2g} of the gradient, "
            f"above {self.tolerance:g}: allow more, or add damping"
        )
        return self.result(x, "iterations", message)

    def stopped(self, x, curvature, direction, damping):
        """The result before a direction without positive curvature."""
        length = np.linalg.norm(direction)
        direction, curvature = check.show(direction / length), float(curvature / length**2)
        if not np.isfinite(curvature):
            raise ValueError(
                f"metric @ p must be finite, but pᵀFp is {curvature} for p = {direction}: "
                "check that the point it was computed at is inside the parameter space"
            )
        if curvature < -10 * self.eps * self.largest:
            reason = what = "negative curvature"
            remedy = "A Fisher matrix cannot have this: check its signs, or use it, not a Hessian"
        else:
            reason, what = "singular", "no curvature beyond rounding"
            remedy = (
                "Either add damping, or use a minimal chart, with one parameter fewer for each null direction"
            )
        message = (
            f"metric{damped(damping)} has {what}: along p = {direction}, pᵀFp = {curvature:.3g}. "
            f"The solution is the iterate before that direction. {remedy}"
        )
        return self.result(x, reason, message)
