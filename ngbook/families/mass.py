"""Is what was declared a family? Found out once, in numbers, before anything is made of it."""

from functools import cache

import numpy as np
import sympy as sp

from ngbook._check.families import listing

POINTS = tuple(map(sp.Rational, ("3/4", "7/5", "1/3", "1/5", "12/5", "1/7")))
SEEN = 1e-3  # a smaller mass was missed by the quadrature and says nothing about the declaration


def sample_point(family):
    """Exact values of all parameters and constants inside their space, or None if none of a few is."""
    missing = [symbol for symbol in family.parameters + family.constants if symbol not in family.example]
    for shift in range(len(POINTS)):
        point = dict(family.example)
        for k, symbol in enumerate(missing):
            value = sp.Integer(k + 2) if symbol.is_integer else POINTS[(k + shift) % len(POINTS)]
            point[symbol] = -value if symbol.is_negative else value
        if all(relation.subs(point) == sp.true for relation in family.parameter_space):
            return point
    return None


@cache
def refuse_wrong_mass(family):
    """ValueError unless the density integrates to one at a point of the parameter space.

    To a millionth for one outcome, to two hundredths for two or three; more are not tried. Once for a family.
    """
    point, dimension = sample_point(family), len(family.variables)
    if point is None or dimension > 3:
        return
    numbers = [float(point[symbol]) for symbol in family.parameters + family.constants]
    if dimension == 1:
        mass, allowed = family.evaluation.numerical.mass(numbers)
    else:
        mass, allowed = _mass_of_several(family.evaluation, numbers), 0.02
    if mass > SEEN and not abs(mass - 1) <= allowed:
        raise ValueError(
            f"the density of {family!r} has the mass {mass:.4g} and not 1 (at {listing(point)}); correct the "
            "log-density, its normalising constant or the support"
        )


def _mass_of_several(evaluation, numbers):
    """Mass by the trapezoidal rule if twice the step does not change it, else 0.

    An equation of the support gives the last outcome.
    """
    lows, highs = evaluation.support.bounds(numbers)
    free = len(lows) - evaluation.support.has_equation
    axes = [axis(*ends, 65 if free < 3 else 49) for ends in zip(lows[:free], highs[:free], strict=True)]
    columns = [column.ravel() for column in np.meshgrid(*(x for x, _ in axes), indexing="ij")]
    if free < len(lows):
        columns.append(evaluation.support.last(*columns))
    density = np.exp(evaluation.plain_log_prob(numbers, np.array(columns))).reshape([len(x) for x, _ in axes])
    fine, coarse = density, density[(slice(None, None, 2),) * free]
    for _, weights in axes:
        fine, coarse = np.tensordot(weights, fine, 1), np.tensordot(2 * weights[::2], coarse, 1)
    return float(fine) if abs(coarse - fine) < 0.005 * abs(fine) else 0.0


def axis(low, high, count):
    """Outcomes and weights: equal steps of a variable in which a density falls off quickly at both ends."""
    t, width = np.linspace(-1, 1, count), high - low
    if np.isfinite(width):
        x, slope = low + width / (1 + np.exp(-16 * t)), 16 * width / (2 + 2 * np.cosh(16 * t))
    elif np.isfinite(low):
        x, slope = low + np.exp(12 * t), 12 * np.exp(12 * t)
    elif np.isfinite(high):
        x, slope = high - np.exp(12 * t), 12 * np.exp(12 * t)
    else:
        x, slope = np.sinh(5 * t), 5 * np.cosh(5 * t)
    return x, slope * (t[1] - t[0])
