"""Is what was declared a family? Found out once, in numbers, before anything is made of it."""

import numpy as np
import sympy as sp

POINTS = ("3/4", "7/5", "1/3", "1/5", "12/5", "1/7")
FOUND = 1e-3  # a smaller mass was missed by the quadrature and says nothing about the declaration


def sample_point(family):
    """Exact values of all parameters and constants inside their space, or None if none is found."""
    symbols = family.parameters + family.constants
    missing = [symbol for symbol in symbols if symbol not in family.example]
    for shift in range(len(POINTS)):
        point = dict(family.example)
        for k, symbol in enumerate(missing):
            value = sp.Rational(POINTS[(k + shift) % len(POINTS)])
            value = sp.Integer(k + 2) if symbol.is_integer else value
            point[symbol] = -value if symbol.is_negative else value
        if all(relation.subs(point) == sp.true for relation in family.parameter_space):
            return point
    return None


def refuse_wrong_mass(family):
    """ValueError unless the density integrates to one at a point of the parameter space.

    To a millionth for one outcome, to two hundredths for two or three; more are not tried.
    """
    point = family.sample_point
    if point is None or len(family.variables) > 3:
        return
    numbers = [float(point[symbol]) for symbol in family.parameters + family.constants]
    mass, allowed = (_of_one if len(family.variables) == 1 else _of_several)(family, numbers)
    if mass > FOUND and not abs(mass - 1) <= allowed:
        at = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
        raise ValueError(
            f"the density of {family!r} has the mass {mass:.4g} and not 1 (at {at}); correct the "
            "log-density, its normalising constant or the support"
        )


def _of_one(family, numbers):
    try:
        found, error = family.evaluation.numerical.masses(numbers, lambda x: np.empty((0, len(x))))
    except ValueError:  # the sum came to no end
        return 0.0, 0.0
    return found[0], 1e-6 + 10 * error[0]


def _of_several(family, numbers):
    """Mass by a product rule, if more nodes do not change it; an equation gives the last outcome."""
    lows, highs = family.evaluation.support.bounds(numbers)
    free = len(lows) - isinstance(family.support, sp.ConditionSet)
    centre, scale = np.zeros(free), np.ones(free)
    if family.sampler is not None:
        constants = dict(
            zip((c.name for c in family.constants), numbers[len(family.parameters) :], strict=True)
        )
        theta = numbers[: len(family.parameters)]
        drawn = family.sampler(np.random.default_rng(0), 200, *theta, **constants)[:, :free]
        centre, scale = np.median(drawn, axis=0), np.std(drawn, axis=0)
    masses = []
    for count in (6, 8) if free < 3 else (3, 4):
        axes = [
            _axis(*at, count, 8 if free < 3 else 4) for at in zip(lows, highs, centre, scale, strict=False)
        ]
        columns = [c.ravel() for c in np.meshgrid(*(x for x, _ in axes), indexing="ij")]
        weights = np.ones(1)
        for _, weight in axes:
            weights = np.multiply.outer(weights, weight).ravel()
        if free < len(lows):
            columns.append(family.evaluation.support.solved(columns))
        masses.append(float(weights @ np.exp(family.evaluation.plain_log_prob(numbers, *columns))))
    return masses[-1] if abs(masses[1] - masses[0]) < 0.005 * abs(masses[1]) else 0.0, 0.02


def _axis(low, high, centre, scale, count, panels):
    """Nodes and weights of one outcome, in panels that double away from the centre or from finite ends."""
    steps = scale * np.concatenate([[0], 0.5 * 2.0 ** np.arange(panels)])
    if np.isfinite(low) and np.isfinite(high):
        steps = (high - low) / 2 ** np.arange(1, panels + 1)
        edges = np.concatenate([[low], low + steps[::-1], high - steps[1:], [high]])
    elif np.isfinite(low) or np.isfinite(high):
        steps = np.concatenate([[0], scale * 2.0 ** np.arange(-panels, panels)])
        edges = low + steps if np.isfinite(low) else high - steps[::-1]
    else:
        edges = np.unique(np.concatenate([centre - steps, centre + steps]))
    nodes, weights = np.polynomial.legendre.leggauss(count)
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()
