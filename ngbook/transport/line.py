"""The Wasserstein metric on the line, where quantile functions make it flat."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import transport as rules
from ngbook._domain import OutsideDomain
from ngbook.transport.levels import from_both_ends, integral_over_levels

MOVE = 1e-3  # of the spread, by which a difference quotient moves the quantiles
ROUNDING = np.finfo(float).eps
TRIED = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
FOURTH = np.array([0.0, 1.0, -8.0, 0.0, 8.0, -1.0, 0.0]) / 12  # difference quotients of steps -3 ... 3
SIXTH = np.array([-1.0, 9.0, -45.0, 0.0, 45.0, -9.0, 1.0]) / 60

_quantile = check.called("levels, theta")
_of_levels = check.called("levels")


@check.arguments(
    quantile=_quantile,
    theta=check.vector,
    upper_quantile=check.optional(_quantile),
    tolerance=check.fraction,
)
def wasserstein_metric(quantile, theta, upper_quantile=None, tolerance=1e-6) -> np.ndarray:
    """Integrate G_ij = ∫₀¹ ∂_i q ∂_j q du over the levels u (eq-wasserstein-line-metric).

    On the line W² = ∫ (q₁ - q₂)² du, so dᵀGd is W² between theta and theta + d, to leading order. The
    derivatives are difference quotients of sixth order, with steps that move the quantiles by a thousandth of
    their spread; the integral is taken from both ends in the logarithm of the level, and panels are halved
    until nothing changes.

    Parameters
    ----------
    quantile : callable
        ``quantile(levels, theta)``, the outcome below which there is the mass ``levels``: both of shape (n,),
        with levels between 0 and 1. SciPy's ``ppf``.
    theta : ndarray of shape (p,)
        The parameters.
    upper_quantile : callable, optional
        ``upper_quantile(levels, theta)``, the quantile at 1 - levels, SciPy's ``isf``. Without it nothing is
        seen beyond the level 1 - 1e-16, which is too little for a heavy upper tail.
    tolerance : float
        The largest error of an entry, relative to √(G_ii G_jj), as it is estimated.

    Returns
    -------
    ndarray of shape (p, p)

    Raises
    ------
    ValueError
        Also if the metric is infinite, as of the Cauchy distribution, or not decided to the tolerance.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import stats
    >>> from ngbook import transport
    >>> quantile = lambda levels, theta: stats.norm.ppf(levels, *theta)
    >>> G = transport.wasserstein_metric(quantile, [0.3, 1.3])
    >>> bool(np.abs(G - np.eye(2)).max() < 1e-9)
    True

    It is a metric for ``descent``, with the loss ½W² to N(2, 1/2), in one step:

    >>> from ngbook import descent
    >>> goal = np.array([2.0, 0.5])
    >>> path = descent.natural_gradient_descent(
    ...     lambda theta: (theta - goal) @ (theta - goal) / 2,
    ...     lambda theta: theta - goal,
    ...     lambda theta: transport.wasserstein_metric(quantile, theta),
    ...     [0.0, 1.0], step_size=1.0, tolerance=1e-6,
    ... )
    >>> len(path)
    1
    """
    ends = from_both_ends(quantile, upper_quantile, "quantile")
    steps = _steps(ends[0][0], theta)
    derivatives = [(_derivatives(end, theta, steps), farthest) for end, farthest in ends]
    integral = integral_over_levels(derivatives, tolerance, "the metric")  # eq-wasserstein-line-metric
    return integral / np.outer(steps, steps)


def _derivatives(quantile, theta, steps):
    """``steps * ∂q`` at levels, of shape (p, n), and a bound on the rounding of their products."""

    def at(levels):
        found, error = [], np.zeros(len(levels))
        for i, step in enumerate(steps):
            shifts = step * np.arange(-3, 4)[:, None] * (np.arange(len(theta)) == i)
            q = np.array([quantile(levels, theta + shift) for shift in shifts])
            found.append(SIXTH @ q)
            lost = np.abs(found[-1] - FOURTH @ q) + ROUNDING * np.abs(q).max(axis=0)
            error += np.abs(found[-1]) * (lost + ROUNDING * np.abs(found[-1] * theta[i] / step))
        return np.array(found), error

    return at


def _steps(quantile, theta):
    """A step of each parameter that moves the quantiles by about ``MOVE`` of their spread, if that fits."""
    q = quantile(TRIED, theta)
    rules.rising(q, "quantile")
    spread, steps = np.ptp(q), MOVE * np.maximum(np.abs(theta), 1)
    for i, unit in enumerate(np.eye(len(theta))):
        too_long = np.inf  # has left the space
        for _ in range(60):
            moved = _move(quantile, theta, steps[i] * unit) / spread
            if MOVE / 3 <= moved <= 3 * MOVE:
                break
            rules.moved(moved, steps[i], i)
            wanted = steps[i] * (np.clip(MOVE / moved, 1e-3, 10) if moved > 0 else 10.0)
            if np.isinf(moved):
                too_long = steps[i]
            elif wanted >= too_long:
                if steps[i] > too_long / 4:
                    break
                wanted = too_long / 2
            steps[i] = wanted
    return steps


def _move(quantile, theta, change):
    """How far the quantiles go when theta changes both ways; infinite where that leaves the space."""
    try:
        with np.errstate(all="ignore"):
            q = [quantile(TRIED, theta + sign * change) for sign in (-3, -1, 1, 3)]
    except OutsideDomain:
        return np.inf
    return np.abs(q[2] - q[1]).max() / 2 if np.isfinite(q).all() else np.inf


@check.arguments(
    first=_of_levels,
    second=_of_levels,
    first_upper=check.optional(_of_levels),
    second_upper=check.optional(_of_levels),
    tolerance=check.fraction,
)
def quantile_distance(first, second, first_upper=None, second_upper=None, tolerance=1e-8) -> float:
    """Measure W of two distributions on the line by their quantiles, the root of ∫₀¹ (q₁ - q₂)² du.

    The coupling that pairs equal levels is the best (eq-wasserstein-monotone).

    Parameters
    ----------
    first, second : callable
        ``first(levels)``, the quantiles at levels between 0 and 1: both of shape (n,).
    first_upper, second_upper : callable, optional
        The quantiles at 1 - levels, for upper tails that are heavy.
    tolerance : float
        The largest error of W², relative to W², as it is estimated.

    Returns
    -------
    float
        W, in the unit of the outcomes: not its square.
    """
    pairs = zip(
        from_both_ends(first, first_upper, "first"),
        from_both_ends(second, second_upper, "second"),
        strict=True,
    )
    gaps = [(_gaps(q, r), min(ends)) for (q, *end), (r, *other) in pairs for ends in [end + other]]
    return float(np.sqrt(integral_over_levels(gaps, tolerance, "the distance")[0, 0]))


def _gaps(first, second):
    """The difference at levels, of shape (1, n), and a bound on the rounding of its square."""

    def at(levels):
        q, r = first(levels), second(levels)
        return (q - r)[None], np.abs(q - r) * ROUNDING * (np.abs(q) + np.abs(r))

    return at


@check.arguments(first=check.vector, second=check.vector)
def sample_distance(first, second) -> float:
    """Measure W of two samples on the line, sorted: exact, and of any sizes (eq-wasserstein-monotone).

    Parameters
    ----------
    first, second : ndarray of shape (n,) and (m,)
        Outcomes in any order, each with the mass 1/n or 1/m.

    Returns
    -------
    float
        W, in the unit of the outcomes: not its square.
    """
    n, m = len(first), len(second)
    level = np.union1d(m * np.arange(n + 1), n * np.arange(m + 1))  # where a quantile jumps, times n m
    gaps = np.sort(first)[level[:-1] // m] - np.sort(second)[level[:-1] // n]
    return float(np.sqrt(np.diff(level) @ gaps**2 / (n * m)))


@check.arguments(metric=rules.symmetric, jacobian=rules.table)
def pull_back(metric, jacobian) -> np.ndarray:
    """Write a metric in another chart, JᵀGJ (eq-wasserstein-pull-back).

    Parameters
    ----------
    metric : ndarray of shape (p, p)
        In the chart θ.
    jacobian : ndarray of shape (p, q)
        J, the derivatives of θ by the coordinates of the new chart, at the point.

    Returns
    -------
    ndarray of shape (q, q)
        Exactly symmetric.

    Examples
    --------
    The Wasserstein metric of the Normal distribution, the identity in (μ, σ), in (μ, log σ) at σ = 2:

    >>> import numpy as np
    >>> from ngbook import transport
    >>> transport.pull_back(np.eye(2), np.diag([1.0, 2.0])).tolist()
    [[1.0, 0.0], [0.0, 4.0]]
    """
    if len(jacobian) != len(metric):
        raise ValueError(f"jacobian must have {len(metric)} rows to fit metric, but has {len(jacobian)}")
    product = jacobian.T @ metric @ jacobian  # eq-wasserstein-pull-back
    return (product + product.T) / 2
