"""Damping that follows the evidence."""

from dataclasses import dataclass, fields

import numpy as np

from ngbook._check import arrays as check
from ngbook.descent.path import Path, Walk, value_or_nan
from ngbook.solve import dense_solve, quadratic_form


@dataclass(frozen=True)
class DampedPath(Path):
    """A path, with the damping of each trial.

    Attributes
    ----------
    dampings : ndarray of shape (T,)
        λ.
    """

    dampings: np.ndarray


@check.arguments(
    metric=check.function,
    damping=check.positive,
    smallest_damping=check.not_negative,
    solve=check.called("metric, gradient, damping"),
)
def adaptive_damping_descent(
    value,
    gradient,
    metric,
    start,
    damping=1.0,
    iterations=100,
    tolerance=1e-8,
    smallest_damping=1e-7,
    solve=dense_solve,
) -> DampedPath:
    """Follow minus the damped natural gradient, with damping by the evidence: Levenberg–Marquardt.

    Each trial is minus n, with (G + λI) n = g: the minimum of the quadratic model with the metric as its
    curvature, and λ to keep it short. The ratio ρ of the decrease that it delivers to the one that the
    undamped model promises, gᵀn − ½ nᵀGn (eq-trust-regions-ratio), says what comes next: below 1/4 the
    damping is doubled, above 3/4 halved; and the trial is taken if the value falls. One that is refused, also
    because it is outside the domain, is a step of size 0 of the path. Marquardt (1963), "An algorithm for
    least-squares estimation of nonlinear parameters"; Martens (2010), "Deep learning via Hessian-free
    optimization".

    Parameters
    ----------
    value, gradient, start
        As for ``gradient_descent``; value and metric both as means over the data, or both as sums.
    metric : callable
        ``metric(theta)``, positive semidefinite, an ndarray of shape (p, p) or a LinearOperator.
    damping : float
        λ of the first trial, above 0.
    iterations : int
        The largest number of trials.
    tolerance : float
        Stop when the Euclidean norm of the gradient is at most this.
    smallest_damping : float
        Below it λ does not fall: what a solve of a singular metric still needs.
    solve : callable
        ``solve(metric, gradient, damping)``, which returns n: ``dense_solve``, or a function of
        ``conjugate_gradient``.

    Returns
    -------
    DampedPath
        One step for each trial; norms are Euclidean, and lengths are in the undamped metric.
    """
    walk, lengths, dampings = Walk(value, gradient, start, iterations, tolerance), [], []
    while walk.inside and not walk.is_over(np.linalg.norm(walk.gradient)):
        theta, g, G = walk.theta, walk.gradient, metric(walk.theta)
        n = _solution(solve, G, g, damping, walk)
        square = quadratic_form(G, n)
        delivered = walk.values[-1] - value_or_nan(value, theta - n)
        rho = delivered / (g @ n - square / 2)  # eq-trust-regions-ratio
        walk.step(1.0 if delivered > 0 else 0.0, -n)
        if walk.inside:
            lengths.append(np.sqrt(square) * walk.sizes[-1])
            dampings.append(damping)
        if not rho >= 1 / 4:  # also where the value is not a number
            damping = 2 * damping
        elif rho > 3 / 4:
            damping = max(damping / 2, smallest_damping)
    path = walk.path()
    known = {field.name: getattr(path, field.name) for field in fields(path)}
    return DampedPath(**known | {"lengths": np.array(lengths)}, dampings=np.array(dampings))


def _solution(solve, metric, gradient, damping, walk):
    """The damped natural gradient; what the solver refuses is told with the place."""
    try:
        return check.vector(
            solve(metric, gradient, damping), "solve(metric, gradient, damping)", gradient.size
        )
    except ValueError as error:
        place = f"at step {len(walk)}, theta = {check.show(walk.theta)}, damping {damping:g}"
        raise ValueError(f"{place}: {error}") from error
