"""Descents: what decides the direction and the length of the next step."""

import numpy as np

from ngbook._check import arrays as check
from ngbook.descent.path import Path, Walk, value_or_nan


def gradient_descent(value, gradient, start, step_size, iterations=100, tolerance=1e-8) -> Path:
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
    """
    walk, size_at = Walk(value, gradient, start, iterations, tolerance), _step_sizes(step_size)
    while walk.inside:
        g = walk.gradient
        if walk.is_over(np.linalg.norm(g)):
            break
        alpha = size_at(value, gradient, walk.theta, -g)
        walk.step(alpha, -g)  # eq-trust-regions-update
    return walk.path()


@check.arguments(metric=check.function)
def natural_gradient_descent(
    value, gradient, metric, start, step_size, iterations=100, tolerance=1e-8
) -> Path:
    """Follow minus the natural gradient: ``theta - step_size * solve(G, g)`` (eq-lagrangian-solve).

    The plain step. Its direction does not depend on the chart, and the point it reaches depends on it
    to second order in the step size only. For a step of given length see ``trust_region_descent``.
    Steps that leave the domain end the path, as in ``gradient_descent``.

    Parameters
    ----------
    value, gradient, start, step_size, iterations
        As for ``gradient_descent``.
    metric : callable
        ``metric(theta)``, a positive definite ndarray of shape (p, p) or a LinearOperator, in the
        chart of theta: a family's Fisher matrix, or an estimate of it. When the objective is a sum
        over N data and the metric is per sample, the step size carries a factor N.
    tolerance : float
        Stop when √(gᵀG⁻¹g) is at most this; 0 asks for every step.

    Returns
    -------
    Path
        Every point, value, gradient and step.
    """
    walk, size_at = Walk(value, gradient, start, iterations, tolerance), _step_sizes(step_size)
    while walk.inside:
        g = walk.gradient
        n = walk.solve(metric(walk.theta), g)  # eq-lagrangian-solve
        if walk.is_over(np.sqrt(g @ n)):
            break
        alpha = size_at(value, gradient, walk.theta, -n)
        walk.step(alpha, -n)  # theta - alpha * n
    return walk.path()


@check.arguments(mirror=check.function, inverse_mirror=check.function, step_size=check.positive)
def mirror_descent(
    value, gradient, mirror, inverse_mirror, start, step_size, iterations=100, tolerance=1e-8
) -> Path:
    """Go against the gradient in other coordinates: ``mirror(new) = mirror(u) - step_size * g(u)``.

    The step (eq-two-coordinates-mirror) minimises ``g @ (new - u)`` plus 1/α times the Bregman divergence of
    ψ, of which ``mirror`` is the gradient (Beck and Teboulle 2003, "Mirror descent and nonlinear projected
    subgradient methods for convex optimization"). In an exponential family with log-partition function A
    there are two:

    - u = η, with the gradient of A, the mean, as its mirror: the divergence is KL(old || new), and the step
      is the natural gradient's in the mean chart;
    - u = m, with the gradient of A*, the natural parameters, as its mirror: KL(new || old), and the natural
      gradient's step in the natural chart,

    both exactly, however long the step is (Raskutti and Mukherjee 2015, "The information geometry of mirror
    descent"). The mirror coordinates are added up from the start on, and mapped back once a step. Where
    that fails, and where the new point is outside the domain, the path ends as in ``gradient_descent``.

    Parameters
    ----------
    value : callable
        ``value(u)``, the objective to minimise, a number.
    gradient : callable
        ``gradient(u)``, its partial derivatives *in the chart of u*, of shape (p,).
    mirror : callable
        ``mirror(u)``, of shape (p,): the gradient of a strictly convex function ψ.
    inverse_mirror : callable
        The inverse of ``mirror``; it raises ``OutsideDomain`` for coordinates that no point has.
    start : ndarray of shape (p,)
        Where to begin, in the chart of u.
    step_size : float
        α, above 0.
    iterations : int
        The largest number of steps.
    tolerance : float
        Stop when the Euclidean norm of the gradient is at most this; 0 asks for every step.

    Returns
    -------
    Path
        In the chart of u. The length of a step is α‖g‖, the Euclidean one in the mirror coordinates; its
        direction is the change of u over α.
    """
    walk = Walk(value, gradient, start, iterations, tolerance)
    v = check.vector(mirror(walk.theta), "mirror", walk.theta.size)
    while walk.inside:
        g = walk.gradient
        if walk.is_over(np.linalg.norm(g)):
            break
        v = v - step_size * g  # eq-two-coordinates-mirror
        walk.step_to(inverse_mirror, v, step_size)
    return walk.path()


@check.arguments(metric=check.function)
def trust_region_descent(value, gradient, metric, start, radius, iterations=100, tolerance=1e-8) -> Path:
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
    value, start, iterations
        As for ``gradient_descent``.
    gradient : callable
        ``gradient(theta)``, its partial derivatives, of shape (p,). Only its direction matters:
        a sum and a mean over the data take the same steps.
    metric, tolerance
        As for ``natural_gradient_descent``.
    radius : float or callable
        ε, half the squared length of a step: above 0, or ``radius(t)`` for step t = 0, 1, ...
        With the Fisher matrix it is the KL divergence of one step, to leading order.

    Returns
    -------
    Path
        Every point, value, gradient and step.
    """
    walk, radius_at = Walk(value, gradient, start, iterations, tolerance), _radii(radius)
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
def adaptive_trust_region(value, gradient, start, length, iterations=100, tolerance=1e-8) -> Path:
    """Go downhill by steps whose length follows the evidence.

    Each trial is the step of steepest descent of a given Euclidean length. The ratio ρ of the decrease that
    it delivers to the one that the gradient promises (eq-trust-regions-ratio) says what comes next: below
    1/4 the length is halved, above 3/4 doubled; and the trial is taken if ρ is above 1/10. A trial that is
    refused, also because it is outside the domain, is a step of size 0 of the path. Powell (1970), "A new
    algorithm for unconstrained optimization"; Nocedal and Wright (2006), algorithm 4.1.

    Parameters
    ----------
    value, gradient, start, tolerance
        As for ``gradient_descent``.
    length : float
        δ, the length of the first trial, above 0.
    iterations : int
        The largest number of trials.

    Returns
    -------
    Path
        One step for each trial.
    """
    walk, delta = Walk(value, gradient, start, iterations, tolerance), length
    while walk.inside:
        theta, g = walk.theta, walk.gradient
        norm = np.linalg.norm(g)
        if walk.is_over(norm):
            break
        alpha = delta / norm  # eq-trust-regions-step
        delivered = walk.values[-1] - value_or_nan(value, theta - alpha * g)
        rho = delivered / (alpha * g @ g)  # eq-trust-regions-ratio
        if not rho >= 1 / 4:  # also where the value is not a number
            delta = delta / 2
        elif rho > 3 / 4:
            delta = 2 * delta
        walk.step(alpha if rho > 1 / 10 else 0.0, -g)
    return walk.path()


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
