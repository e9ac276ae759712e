"""From one member of a family to another: the initial velocity, found by shooting."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root

from ngbook._check import arrays as check
from ngbook._check import families as declared
from ngbook._domain import OutsideDomain
from ngbook.geodesics.connection import metric_at
from ngbook.geodesics.flow import RELATIVE, Motion

MOST_STAGES = 100
MISS = 1e-9  # Fisher length of the largest miss that is a hit, or its share of the length of the geodesic
NEAR = 1e-3  # the same for a target on the way


@dataclass(frozen=True)
class Logarithm:
    """The velocity that leads from one member of a family to another in one unit of time.

    Attributes
    ----------
    velocity : ndarray of shape (p,)
        At the start, in the chart of the family.
    length : float
        √(vᵀFv): the length of the geodesic.
    residual : float
        By how much its end misses the target: √(rᵀFr) for the difference r, with F at the target.
    stages : int
        In how many stages it was found.
    """

    velocity: np.ndarray
    length: float
    residual: float
    stages: int


@check.arguments(family=declared.family, stages=check.optional(check.count))
def logarithm(family, start, end, stages=None) -> Logarithm:
    """Find the velocity v with Exp(v) = end, by shooting (eq-geodesics-logarithm).

    A root of the miss, found by Powell's hybrid method, for targets on the chord of the chart, each farther
    than the one before, from whose velocity it begins (Allgower and Georg, *Introduction to Numerical
    Continuation Methods*, 1990, chapter 2). It is a geodesic, and the shortest one where the curvature is
    nowhere positive and the parameter space has no hole.

    Parameters
    ----------
    family : Family
        As for ``geodesic``.
    start, end : ndarray of shape (p,)
        Parameters.
    stages : int, optional
        The number of targets, evenly spaced; 1 is the end alone. If not given, they are chosen on the way:
        the first at a distance of about 1, then each step twice the last, or a quarter where none was found.

    Returns
    -------
    Logarithm
        With a residual below 1e-9, or 1e-9 of the length.

    Raises
    ------
    ValueError
        If no root was found, with the residual.
    """
    shot = _Shot(family, start, end)
    u, share, change = 0 * shot.chord, 0.0, shot.chord  # velocity to a share of the chord, and its slope
    step = 1 / stages if stages else 1 / max(1.0, np.linalg.norm(shot.chord))
    for count in range(1, (stages or MOST_STAGES) + 1):
        target = 1.0 if count == stages else min(share + step, 1.0)
        found, miss = shot.at(target, u + (target - share) * change)  # eq-geodesics-logarithm
        hit = miss <= (MISS * max(1.0, np.linalg.norm(found)) if target == 1 else NEAR)
        if hit and target == 1:
            return Logarithm(shot.frame @ found, float(np.linalg.norm(found)), miss, count)
        if stages and not hit:
            break
        if hit:
            u, share, change = found, target, (found - u) / (target - share)
        step *= 1 if stages else 2 if hit else 1 / 4
    raise ValueError(
        f"no geodesic of {family!r} was found from {check.show(shot.start)} to {check.show(shot.end)}: after "
        f"{count} stages and {share:.3g} of the chord, the best misses its target by {miss:.3g}; give more "
        "stages, go by way of a point in between, or use another chart"
    )


class _Shot:
    """Shooting from the start: velocities u are in a frame that is orthonormal there."""

    def __init__(self, family, start, end):
        family._numbers(start, "start"), family._numbers(end, "end")
        self.family, self.motion = family, Motion(family, start)
        self.start, self.end = np.array(start, dtype=float), np.array(end, dtype=float)
        F, _ = metric_at(family, start)
        self.frame = np.linalg.inv(np.linalg.cholesky(F)).T
        self.chord = np.linalg.solve(self.frame, self.end - self.start)

    def at(self, share, guess):
        """Velocity to the point at a share of the chord, and the Fisher length by which it misses it.

        Infinite if the search left the parameter space.
        """
        target = self.start + share * (self.end - self.start) if share < 1 else self.end
        tolerance, precision = (1e-13, RELATIVE) if share == 1 else (NEAR / 10, 1e-8)
        try:
            ruler = np.linalg.cholesky(metric_at(self.family, target)[0]).T

            def miss(u):
                length = np.linalg.norm(u)
                if length == 0:
                    return ruler @ (self.start - target)
                state = self.motion.follow(self.frame @ u / length, np.array([length]), precision)
                return ruler @ (state[0, : len(u)] - target)

            found = root(miss, guess, tol=tolerance, options={"eps": 1e-12 if share == 1 else 1e-8})
        except OutsideDomain:
            return guess, np.inf
        return found.x, float(np.linalg.norm(found.fun))
