"""Taking a step, and following it.

Four ways to descend, which differ in what decides the length of a step:

==============================  ==================  =============================================
function                        direction           length
==============================  ==================  =============================================
``gradient_descent``            ``-g``              a step size, or a line search
``natural_gradient_descent``    ``-solve(G, g)``    a step size, or a line search
``trust_region_descent``        ``-solve(G, g)``    exactly √(2ε) in the metric (Algorithm 1)
``adaptive_trust_region``       ``-g``              what the last steps delivered of their promise
==============================  ==================  =============================================

Each minimises, and each returns the whole ``Path``.
"""

from dataclasses import dataclass

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain
from ngbook.solve import curvature, dense_solve

__all__ = [
    "Path",
    "adaptive_trust_region",
    "backtracking_line_search",
    "exact_line_search",
    "gradient_descent",
    "metric_length",
    "natural_gradient_descent",
    "trust_region_descent",
    "trust_region_step",
]


@dataclass(frozen=True)
class Path:
    """Where a descent went, and why it ended: T steps through T + 1 points.

    Step t is ``points[t + 1] - points[t] = step_sizes[t] * directions[t]``.

    Attributes
    ----------
    points : ndarray of shape (T + 1, p)
        The parameters, from the start to the last point inside the domain.
    values : ndarray of shape (T + 1,)
        The objective there.
    gradients : ndarray of shape (T + 1, p)
        The vector of partial derivatives there.
    gradient_norms : ndarray of shape (T + 1,)
        Its norm: Euclidean for ``gradient_descent``; √(gᵀG⁻¹g) with a metric, which is the length in
        the metric of the natural gradient, and does not depend on the chart.
    directions : ndarray of shape (T, p)
        Minus the gradient, or minus the natural gradient.
    step_sizes : ndarray of shape (T,)
        What the direction was multiplied with: α, or β in Algorithm 1.
    lengths : ndarray of shape (T,)
        The length of each step, in the metric at the point where it begins (Euclidean for
        ``gradient_descent``).
    reason : str
        ``"tolerance"``, ``"iterations"`` or ``"domain"``: the gradient norm reached the tolerance;
        the iterations were used up; or the next step would have left the domain.
    message : str
        The reason in a sentence, with the step that was not taken.
    """

    points: np.ndarray
    values: np.ndarray
    gradients: np.ndarray
    gradient_norms: np.ndarray
    directions: np.ndarray
    step_sizes: np.ndarray
    lengths: np.ndarray
    reason: str
    message: str

    @property
    def converged(self):
        """Whether the gradient norm reached the tolerance."""
        return self.reason == "tolerance"

    def __len__(self):
        """The number of steps taken."""
        return len(self.step_sizes)


def gradient_descent(value, gradient, start, step_size, iterations=100, tolerance=1e-8):
    """Follow minus the gradient: ``theta - step_size * g`` (eq-trust-regions-update).

    With a fixed step size the *length* of a step, α‖g‖, shrinks along with the gradient; a fixed
    length is a different algorithm, ``trust_region_descent`` with the identity as the metric.

    A step whose value or gradient is not finite, or raises ``OutsideDomain`` as a family does outside its
    parameter space, is not taken: the path ends before it, with the reason ``"domain"``. A failed run is a
    finding to look at, so it is returned and not raised. At ``start`` itself nothing is forgiven, and
    any other error of ``value`` or ``gradient`` is raised wherever it happens.

    Parameters
    ----------
    value : callable
        ``value(theta)``, the objective to minimise, a number. A sum over N data makes the
        gradient, and the steps, N times as large as a mean.
    gradient : callable
        ``gradient(theta)``, its partial derivatives, of shape (p,).
    start : ndarray of shape (p,)
        Where to begin.
    step_size : float or callable
        A number above 0, or a line search, ``step_size(value, gradient, point, direction)``, such as
        ``exact_line_search`` or ``backtracking_line_search``.
    iterations : int
        The largest number of steps.
    tolerance : float
        Stop when the Euclidean norm of the gradient is at most this; 0 asks for every step.

    Returns
    -------
    Path
        Every point, value, gradient and step.

    Raises
    ------
    ValueError
        If an argument does not fit (shape, sign, not finite), or a line search finds no step.
    """

    walk, size_at = _Walk(value, gradient, start, iterations, tolerance), _step_sizes(step_size)
    while walk.inside:
        g = walk.gradient
        if walk.is_over(np.linalg.norm(g)):
            break
        alpha = size_at(value, gradient, walk.theta, -g)
        walk.step(alpha, -g)  # eq-trust-regions-update
    return walk.path()


@check.arguments(metric=check.function)
def natural_gradient_descent(value, gradient, metric, start, step_size, iterations=100, tolerance=1e-8):
    """Follow minus the natural gradient: ``theta - step_size * solve(G, g)`` (eq-lagrangian-solve).

    The plain step. Its direction does not depend on the chart, and the point it reaches depends on it
    to second order in the step size only. For a step of given length see ``trust_region_descent``.
    Steps that leave the domain end the path, as in ``gradient_descent``.

    Parameters
    ----------
    value : callable
        ``value(theta)``, the objective to minimise, a number.
    gradient : callable
        ``gradient(theta)``, its partial derivatives, of shape (p,).
    metric : callable
        ``metric(theta)``, a positive definite ndarray of shape (p, p) or a LinearOperator, in the
        chart of theta: a family's Fisher matrix, or an estimate of it. When the objective is a sum
        over N data and the metric is per sample, the step size carries a factor N.
    start : ndarray of shape (p,)
        Where to begin.
    step_size : float or callable
        A number above 0, or a line search, ``step_size(value, gradient, point, direction)``.
    iterations : int
        The largest number of steps.
    tolerance : float
        Stop when √(gᵀG⁻¹g) is at most this; 0 asks for every step.

    Returns
    -------
    Path
        Every point, value, gradient and step.

    Raises
    ------
    ValueError
        If an argument does not fit, a line search finds no step, or the metric is not symmetric
        positive definite at a point of the path (the message names the point, and what
        ``solve.dense_solve`` found).
    """
    walk, size_at = _Walk(value, gradient, start, iterations, tolerance), _step_sizes(step_size)
    while walk.inside:
        g = walk.gradient
        n = walk.solve(metric(walk.theta), g)  # eq-lagrangian-solve
        if walk.is_over(np.sqrt(g @ n)):
            break
        alpha = size_at(value, gradient, walk.theta, -n)
        walk.step(alpha, -n)  # theta - alpha * n
    return walk.path()


@check.arguments(metric=check.function)
def trust_region_descent(value, gradient, metric, start, radius, iterations=100, tolerance=1e-8):
    """Take the best step of a given length in the metric, again and again (Algorithm 1).

    Each step is ``trust_region_step(g, G, radius)``, which is minus the natural gradient times
    β = √(2ε / gᵀG⁻¹g) (eq-lagrangian-step). Every step therefore has length √(2ε) in the metric
    at its start, *however close the minimum is*: with a constant radius the path ends up
    hovering around it, and "while not converged" would never end. So there is always a limit on the
    iterations; to converge, let the radius fall. A radius proportional to ``1 / (t + 1)**2`` makes
    lengths that shrink to zero and still add up to infinity.

    Steps that leave the domain end the path, as in ``gradient_descent``.

    Parameters
    ----------
    value : callable
        ``value(theta)``, the objective to minimise, a number.
    gradient : callable
        ``gradient(theta)``, its partial derivatives, of shape (p,). Only its direction matters:
        a sum and a mean over the data take the same steps.
    metric : callable
        ``metric(theta)``, a positive definite ndarray of shape (p, p) or a LinearOperator.
    start : ndarray of shape (p,)
        Where to begin.
    radius : float or callable
        ε, half the squared length of a step: above 0, or ``radius(t)`` for step t = 0, 1, ...
        With the Fisher matrix it is the KL divergence of one step, to leading order.
    iterations : int
        The largest number of steps.
    tolerance : float
        Stop when √(gᵀG⁻¹g) is at most this; 0 asks for every step.

    Returns
    -------
    Path
        Every point, value, gradient and step.

    Raises
    ------
    ValueError
        If an argument does not fit, or the metric is not symmetric positive definite at a
        point of the path.
    """
    walk, radius_at = _Walk(value, gradient, start, iterations, tolerance), _radii(radius)
    while walk.inside:
        g = walk.gradient
        n = walk.solve(metric(walk.theta), g)  # eq-lagrangian-solve
        norm = np.sqrt(g @ n)
        if walk.is_over(norm):
            break
        beta = np.sqrt(2 * radius_at(len(walk))) / norm
        walk.step(beta, -n)  # eq-lagrangian-step
    return walk.path()


@check.arguments(length=check.positive)
def adaptive_trust_region(value, gradient, start, length, iterations=100, tolerance=1e-8):
    """Go downhill by steps whose length follows the evidence.

    Each trial is the step of steepest descent of a given Euclidean length. The ratio ρ of the decrease that
    it delivers to the one that the gradient promises (eq-trust-regions-ratio) says what comes next: below
    1/4 the length is halved, above 3/4 doubled; and the trial is taken if ρ is above 1/10. A trial that is
    refused, also because it is outside the domain, is a step of size 0 of the path. Powell (1970), "A new
    algorithm for unconstrained optimization"; Nocedal and Wright (2006), algorithm 4.1.

    Parameters
    ----------
    value : callable
        ``value(theta)``, the objective to minimise, a number.
    gradient : callable
        ``gradient(theta)``, its partial derivatives, of shape (p,).
    start : ndarray of shape (p,)
        Where to begin.
    length : float
        δ, the length of the first trial, above 0.
    iterations : int
        The largest number of trials.
    tolerance : float
        Stop when the Euclidean norm of the gradient is at most this; 0 asks for every trial.

    Returns
    -------
    Path
        One step for each trial.
    """
    walk, delta = _Walk(value, gradient, start, iterations, tolerance), length
    while walk.inside:
        theta, g = walk.theta, walk.gradient
        norm = np.linalg.norm(g)
        if walk.is_over(norm):
            break
        alpha = delta / norm  # eq-trust-regions-step
        delivered = walk.values[-1] - _value_or_nan(value, theta - alpha * g)
        rho = delivered / (alpha * g @ g)  # eq-trust-regions-ratio
        if not rho >= 1 / 4:  # also where the value is not a number
            delta = delta / 2
        elif rho > 3 / 4:
            delta = 2 * delta
        walk.step(alpha if rho > 1 / 10 else 0.0, -g)
    return walk.path()


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

    Raises
    ------
    ValueError
        If the gradient is zero (every direction is then as good as any other), the radius is
        not above 0, or ``solve.dense_solve`` refuses the metric.
    """
    if not gradient.any():
        raise ValueError(
            "gradient is zero, so the direction of steepest descent is undefined: the point is "
            "stationary; stop here instead of stepping"
        )
    n = dense_solve(metric, gradient)  # eq-lagrangian-solve
    return -np.sqrt(2 * radius / (gradient @ n)) * n  # eq-lagrangian-step


@check.arguments(value=check.function, point=check.vector, direction=check.vector)
def exact_line_search(value, gradient, point, direction):
    """The step size that minimises the value along a direction (eq-trust-regions-exact).

    It is the first zero, along the direction, of the derivative ``gradient(point + a * direction) @
    direction``: bracketed by doubling from 1, then found to twelve digits by SciPy's Brent solver. On
    a quadratic the derivative is a straight line and one secant finds it. The derivative is used
    and not the value, because the value is flat at its minimum: it locates the step size to eight
    digits only. What the value is good for is the domain: where it is not finite, or raises
    ``OutsideDomain``, the line has ended.

    Parameters
    ----------
    value : callable
        ``value(theta)``, the objective, a number.
    gradient : callable
        ``gradient(theta)``, the partial derivatives of the value, of shape (p,).
    point : ndarray of shape (p,)
        Where the line begins.
    direction : ndarray of shape (p,)
        A descent direction: ``gradient(point) @ direction`` is negative.

    Returns
    -------
    float
        The step size, above 0. Not the global minimum along the line, if there are several.

    Raises
    ------
    ValueError
        If the direction does not descend, or the value falls all along it, without a minimum or
        up to the edge of its domain.
    """
    check.number(value(point), "value(point)")
    _descent_rate(gradient, point, direction)

    def rate(size):
        inside, _ = _evaluate(value, gradient, point + size * direction)
        return inside[1] @ direction if inside else np.nan

    low, high, outside = 0.0, 1.0, np.inf  # the rate is negative at low; the domain ends before outside
    for _ in range(200):
        rate_high = rate(high)
        if rate_high >= 0:
            break
        if np.isnan(rate_high):
            outside = high
        else:
            low = high
        high = min(2 * high, (low + outside) / 2)
    else:
        edge = "the edge of its domain" if np.isfinite(outside) else "step sizes of 1e60"
        raise ValueError(
            f"the value has no minimum along the direction {_show(direction)} from {_show(point)}: it "
            f"falls all the way to {edge}; use a fixed step size or backtracking_line_search"
        )
    if rate_high == 0:
        return high

    from scipy.optimize import brentq  # .3 s, so only when a line is searched

    # Twelve digits: beyond them the number of evaluations depends on rounding, and so on the processor.
    return float(brentq(rate, low, high, xtol=np.finfo(float).tiny, rtol=1e-12))


@check.arguments(
    value=check.function,
    point=check.vector,
    direction=check.vector,
    initial_step=check.positive,
    contraction_factor=check.fraction,
    sufficient_decrease=check.fraction,
)
def backtracking_line_search(
    value, gradient, point, direction, initial_step=1.0, contraction_factor=0.5, sufficient_decrease=1e-4
):
    """Shorten an optimistic step until the value has decreased enough.

    The first of ``initial_step * contraction_factor**k``, k = 0, 1, ..., that satisfies
    Armijo's condition (eq-trust-regions-armijo)

        ``value(point + a * direction) <= value(point) + sufficient_decrease * a * slope``

    with ``slope = gradient(point) @ direction``, which must be negative. Along *plus* the gradient,
    as the paper's text prints it, the right side rises, no shorter step helps, and the
    search would never end; here that is a ``ValueError`` before the first trial.
    A trial outside the domain (not finite, or ``OutsideDomain``) counts as not low enough.

    Parameters
    ----------
    value : callable
        ``value(theta)``, the objective, a number.
    gradient : callable
        ``gradient(theta)``, its partial derivatives, of shape (p,); called once, at the point.
    point : ndarray of shape (p,)
        Where the line begins.
    direction : ndarray of shape (p,)
        A descent direction.
    initial_step : float
        The first step size tried, above 0.
    contraction_factor : float
        Between 0 and 1.
    sufficient_decrease : float
        The share of the linear model's decrease that is demanded, between 0 and 1.

    Returns
    -------
    float
        The step size, above 0.

    Raises
    ------
    ValueError
        If the direction does not descend, a factor is out of its range, or the step has become
        too short to move the point (value and gradient contradict each other).
    """
    slope = _descent_rate(gradient, point, direction)
    old, size = check.number(value(point), "value(point)"), initial_step
    while not np.array_equal(point + size * direction, point):
        limit = old + sufficient_decrease * size * slope
        if _value_or_nan(value, point + size * direction) <= limit:  # eq-trust-regions-armijo
            return size
        size *= contraction_factor
    raise ValueError(
        f"no step along {_show(direction)} from {_show(point)} lowers the value, although the gradient "
        f"promises a slope of {slope:.3g}: check that gradient is the derivative of value"
    )


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

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is not finite, the metric is not symmetric, or a change has a
        negative square (the message gives pᵀFp).
    """
    if not (isinstance(delta, np.ndarray) and delta.ndim == 2):
        return float(np.sqrt(curvature(metric, check.vector(delta, "delta"))))
    if not len(delta):
        raise ValueError("delta has no rows, so there is nothing to measure: pass shape (p,) or (n, p)")
    rows = [check.vector(row, f"row {i} of delta") for i, row in enumerate(delta)]
    return np.sqrt([curvature(metric, row) for row in rows])


class _Walk:
    """A path while it is being followed: where it is, what it has passed, and whether it has ended."""

    def __init__(self, value, gradient, start, iterations, tolerance):
        self.iterations = check.count(iterations, "iterations", least=0)
        self.tolerance = check.not_negative(tolerance, "tolerance")
        self.functions = check.function(value, "value"), check.function(gradient, "gradient")
        self.points = [check.vector(start, "start")]
        self.values = [check.number(value(self.theta), "value(start)")]
        self.gradients = [_gradient_at(gradient, self.theta)]
        self.norms, self.directions, self.sizes = [], [], []
        self.inside, self.reason, self.message = True, "", ""

    def __len__(self):
        """The number of steps taken."""
        return len(self.sizes)

    @property
    def theta(self):
        """The last point."""
        return self.points[-1]

    @property
    def gradient(self):
        """The gradient there."""
        return self.gradients[-1]

    def solve(self, metric, gradient):
        """The natural gradient; what the solver refuses is told with the place."""
        try:
            return dense_solve(metric, gradient)
        except ValueError as error:
            raise ValueError(f"at step {len(self)}, theta = {_show(self.theta)}: {error}") from error

    def is_over(self, norm):
        """Note the norm of the gradient at the last point; whether it is small, or the steps are used up."""
        self.norms.append(float(norm))
        if norm <= self.tolerance:
            self.reason = "tolerance"
            self.message = f"after {len(self)} steps the gradient norm is within {self.tolerance:g}"
        elif len(self) == self.iterations:
            self.reason = "iterations"
            self.message = f"after all {len(self)} steps the gradient norm is {norm:.3g}"
        return bool(self.reason)

    def step(self, size, direction):
        """Go to ``theta + size * direction``, or end here if that is outside the domain."""
        trial = self.theta + size * direction
        landed, complaint = _evaluate(*self.functions, trial)
        if complaint:
            self.inside, self.reason = False, "domain"
            step = f"step {len(self)}, from {_show(self.theta)} to {_show(trial)}"
            self.message = f"{step}, would leave the domain: {complaint}"
        else:
            self.points.append(trial)
            self.values.append(landed[0])
            self.gradients.append(landed[1])
            self.sizes.append(size)
            self.directions.append(direction)

    def path(self):
        """What it has become."""
        sizes, norms = np.array(self.sizes), np.array(self.norms)
        return Path(
            points=np.array(self.points),
            values=np.array(self.values),
            gradients=np.array(self.gradients),
            gradient_norms=norms,
            directions=np.array(self.directions).reshape(-1, self.theta.size),
            step_sizes=sizes,
            lengths=sizes * norms[: len(sizes)],  # ‖G⁻¹g‖_G = √(gᵀG⁻¹g)
            reason=self.reason,
            message=self.message,
        )


def _step_sizes(step_size):
    """A line search whose results are checked; for a number the one that always returns it."""
    if not callable(step_size):
        fixed = check.number(step_size, "step_size", above=0)
        return lambda value, gradient, theta, direction: fixed

    def searched(*line):
        return check.number(step_size(*line), "the line search's step size", above=0)

    return searched


def _radii(radius):
    """The radius of each step, checked, and that of the first one at once."""
    schedule = radius if callable(radius) else lambda t: radius
    check.number(schedule(0), "radius", above=0)
    return lambda t: check.number(schedule(t), "radius", above=0)


def _evaluate(value, gradient, theta):
    """Value and gradient at a trial point, or the complaint that it is outside the domain."""
    with np.errstate(all="ignore"):  # what is not finite is reported by the caller
        try:
            return (_inside(value, theta, "value", ()), _inside(gradient, theta, "gradient", theta.shape)), ""
        except OutsideDomain as error:
            return None, str(error) or "the function says no more"


def _inside(function, theta, name, shape):
    """What a caller's function returns at a trial point, or ``OutsideDomain`` if that is not finite."""
    result = check.floats(function(theta), name)
    if result.shape == shape and not np.isfinite(result).all():
        raise OutsideDomain(f"{name} must be finite, but is {result}")
    return check.vector(result, name, theta.size) if shape else check.number(result, name)


def _gradient_at(gradient, theta):
    return check.vector(gradient(theta), "gradient", theta.size)


def _value_or_nan(value, theta):
    with np.errstate(all="ignore"):
        try:
            return _inside(value, theta, "value", ())
        except OutsideDomain:
            return np.nan


def _descent_rate(gradient, point, direction):
    direction = check.vector(direction, "direction", point.size)
    slope = float(_gradient_at(check.function(gradient, "gradient"), point) @ direction)
    if not slope < 0:
        raise ValueError(
            f"direction {_show(direction)} does not descend from {_show(point)}: the slope gradient @ "
            f"direction is {slope:.3g} and must be negative; the direction of steepest descent is MINUS "
            "the gradient"
        )
    return slope


def _show(point):
    return np.array2string(point, precision=4, threshold=12)
