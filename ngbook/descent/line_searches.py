"""How far to go along a direction."""

import numpy as np

from ngbook._check import arrays as check
from ngbook.descent.path import evaluate, gradient_at, value_or_nan


@check.arguments(value=check.function, point=check.vector, direction=check.vector)
def exact_line_search(value, gradient, point, direction) -> float:
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
    """
    check.number(value(point), "value(point)")
    _descent_rate(gradient, point, direction)

    def rate(size):
        inside, _ = evaluate(value, gradient, point + size * direction)
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
            f"the value has no minimum along the direction {check.show(direction)} from {check.show(point)}: "
            f"it falls all the way to {edge}; use a fixed step size or backtracking_line_search"
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
) -> float:
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
    """
    slope = _descent_rate(gradient, point, direction)
    old, size = check.number(value(point), "value(point)"), initial_step
    while not np.array_equal(point + size * direction, point):
        limit = old + sufficient_decrease * size * slope
        if value_or_nan(value, point + size * direction) <= limit:  # eq-trust-regions-armijo
            return size
        size *= contraction_factor
    raise ValueError(
        f"no step along {check.show(direction)} from {check.show(point)} lowers the value, although the "
        f"gradient promises a slope of {slope:.3g}: check that gradient is the derivative of value"
    )


def _descent_rate(gradient, point, direction):
    direction = check.vector(direction, "direction", point.size)
    slope = float(gradient_at(check.function(gradient, "gradient"), point) @ direction)
    if not slope < 0:
        raise ValueError(
            f"direction {check.show(direction)} does not descend from {check.show(point)}: the slope "
            f"gradient @ direction is {slope:.3g} and must be negative; the direction of steepest "
            "descent is MINUS the gradient"
        )
    return slope
