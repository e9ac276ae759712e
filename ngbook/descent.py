"""Taking a step, and following it.

Three ways to descend, told apart by what decides the length of a step:

==============================  ==================  =============================================
function                        direction           length
==============================  ==================  =============================================
``gradient_descent``            ``-g``              a step size, or a line search
``natural_gradient_descent``    ``-solve(G, g)``    a step size, or a line search
``trust_region_descent``        ``-solve(G, g)``    exactly √(2ε) in the metric (Algorithm 1)
==============================  ==================  =============================================

Each minimises, and each returns the whole ``Path``.
"""

from dataclasses import dataclass

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain
from ngbook.solve import dense_solve, quadratic_form

__all__ = [
    "Path",
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

    def direction_at(theta, g):
        return -g, float(np.linalg.norm(g))

    size_at = _step_sizes(value, gradient, step_size)
    return _follow(value, gradient, start, direction_at, size_at, iterations, tolerance)


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
    size_at = _step_sizes(value, gradient, step_size)
    return _follow(value, gradient, start, _natural_direction(metric), size_at, iterations, tolerance)


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
    schedule = radius if callable(radius) else lambda t: radius

    def size_at(t, theta, direction, norm):
        return np.sqrt(2 * check.number(schedule(t), "radius", above=0)) / norm

    check.number(schedule(0), "radius", above=0)
    return _follow(value, gradient, start, _natural_direction(metric), size_at, iterations, tolerance)


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
    gradient = check.vector(gradient, "gradient")
    radius = check.number(radius, "radius", above=0)
    if not gradient.any():
        raise ValueError(
            "gradient is zero, so the direction of steepest descent is undefined: the point is "
            "stationary; stop here instead of stepping"
        )
    natural_gradient = dense_solve(metric, gradient)
    return -np.sqrt(2 * radius / (gradient @ natural_gradient)) * natural_gradient


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
    point = check.vector(point, "point")
    direction = check.vector(direction, "direction", point.size)
    check.number(check.function(value, "value")(point), "value(point)")
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
    point = check.vector(point, "point")
    direction = check.vector(direction, "direction", point.size)
    size = check.number(initial_step, "initial_step", above=0)
    contraction_factor = check.fraction(contraction_factor, "contraction_factor")
    sufficient_decrease = check.fraction(sufficient_decrease, "sufficient_decrease")
    slope = _descent_rate(gradient, point, direction)
    here = check.number(check.function(value, "value")(point), "value(point)")

    while not np.array_equal(point + size * direction, point):
        if _value_or_nan(value, point + size * direction) <= here + sufficient_decrease * size * slope:
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
        return float(np.sqrt(quadratic_form(metric, check.vector(delta, "delta"))))
    if not len(delta):
        raise ValueError("delta has no rows, so there is nothing to measure: pass shape (p,) or (n, p)")
    rows = [check.vector(row, f"row {i} of delta") for i, row in enumerate(delta)]
    return np.sqrt([quadratic_form(metric, row) for row in rows])


def _follow(value, gradient, start, direction_at, size_at, iterations, tolerance):
    """The loop that all three share; what differs is ``direction_at`` and ``size_at``."""
    iterations = check.count(iterations, "iterations", least=0)
    tolerance = check.not_negative(tolerance, "tolerance")
    value, gradient = check.function(value, "value"), check.function(gradient, "gradient")
    theta = check.vector(start, "start")
    points = [theta]
    values, gradients = [check.number(value(theta), "value(start)")], [_gradient_at(gradient, theta)]
    norms, directions, sizes = [], [], []
    while True:
        t = len(sizes)
        try:
            direction, norm = direction_at(theta, gradients[-1])
        except ValueError as error:
            raise ValueError(f"at step {t}, theta = {_show(theta)}: {error}") from error
        norms.append(norm)
        if norm <= tolerance:
            reason, message = "tolerance", f"after {t} steps the gradient norm is within {tolerance:g}"
            break
        if t == iterations:
            reason, message = "iterations", f"after all {t} steps the gradient norm is {norm:.3g}"
            break
        size = size_at(t, theta, direction, norm)
        trial = theta + size * direction
        landed, complaint = _evaluate(value, gradient, trial)
        if complaint:
            reason = "domain"
            message = f"step {t}, from {_show(theta)} to {_show(trial)}, would leave the domain: {complaint}"
            break
        theta = trial
        points.append(theta)
        values.append(landed[0])
        gradients.append(landed[1])
        directions.append(direction)
        sizes.append(size)
    return Path(
        points=np.array(points),
        values=np.array(values),
        gradients=np.array(gradients),
        gradient_norms=np.array(norms),
        directions=np.array(directions).reshape(-1, theta.size),
        step_sizes=np.array(sizes),
        lengths=np.array(sizes) * np.array(norms[: len(sizes)]),  # ‖G⁻¹g‖_G = √(gᵀG⁻¹g)
        reason=reason,
        message=message,
    )


def _natural_direction(metric):
    check.function(metric, "metric")

    def direction_at(theta, g):
        natural_gradient = dense_solve(metric(theta), g)
        return -natural_gradient, float(np.sqrt(g @ natural_gradient))

    return direction_at


def _step_sizes(value, gradient, step_size):
    if callable(step_size):

        def searched(t, theta, direction, norm):
            size = step_size(value, gradient, theta, direction)
            return check.number(size, "the line search's step size", above=0)

        return searched
    fixed = check.number(step_size, "step_size", above=0)
    return lambda t, theta, direction, norm: fixed


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
