"""Geodesics from a start and a velocity, followed as long as they stay inside the parameter space."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import sympy as sp

from ngbook._check import arrays as check
from ngbook._check import families as declared
from ngbook._domain import OutsideDomain
from ngbook.geodesics.connection import christoffel_symbols, compiled, metric_at

RELATIVE = 1e-12  # error of a step
FLOOR = 1e-3  # size, in units of the metric at the start, below which a coordinate's error is not relative
TOUCHES = 1e-8  # share of the gap to a boundary, at the start, that counts as none
DRIFT = 1e-8  # largest relative change of the speed, which is constant


@dataclass(frozen=True)
class Geodesic:
    """A geodesic at some times.

    Attributes
    ----------
    times : ndarray of shape (T,)
        The times asked for.
    points : ndarray of shape (T, p)
        Where it is.
    velocities : ndarray of shape (T, p)
        Its velocity there, whose length √(vᵀFv) is the same at all times.
    """

    times: np.ndarray
    points: np.ndarray
    velocities: np.ndarray


@check.arguments(family=declared.family, velocity=check.vector, times=check.increasing)
def geodesic(family, theta, velocity, times) -> Geodesic:
    """Follow the geodesic of the Fisher metric that begins at a point with a velocity.

    It solves d²θᵏ/dt² = −Σᵢⱼ Γᵏᵢⱼ (dθⁱ/dt)(dθʲ/dt) (eq-geodesics-equation) by the method of Dormand and Prince of
    order 8, with relative errors of 1e-12 a step (Hairer, Nørsett and Wanner, *Solving Ordinary Differential
    Equations I*, 1993, section II.10); in arc length, so that a fast geodesic is as accurate as a slow one.

    Parameters
    ----------
    family : Family
        Its Fisher matrix must be known in closed form, and its constants fixed.
    theta : ndarray of shape (p,)
        The start, at time 0.
    velocity : ndarray of shape (p,)
        The velocity there, in the chart of ``theta``.
    times : ndarray of shape (T,)
        Increasing, at least 0.

    Returns
    -------
    Geodesic
        Points and velocities at these times.

    Raises
    ------
    OutsideDomain
        If it leaves the parameter space before the last time, or what double precision can follow: with the
        time at which it does.
    """
    check.not_negative(times[0], "times[0]")
    check.fits(velocity, len(family.parameters), "velocity")
    motion, theta = Motion(family, theta), np.array(theta, dtype=float)
    speed = motion.speed(theta, velocity)
    if speed == 0:
        return Geodesic(times, np.tile(theta, (times.size, 1)), np.zeros((times.size, theta.size)))
    states = motion.follow(theta, velocity / speed, times, speed)
    points, directions = np.split(states, 2, axis=1)
    return Geodesic(times, points, speed * directions)


@check.arguments(family=declared.family)
def exponential_map(family, theta, velocity) -> np.ndarray:
    """Go along the geodesic with this velocity for one unit of time (eq-geodesics-exponential).

    The same point of the family in every chart, if the velocity is the same vector; θ + v is not.

    Parameters
    ----------
    family, theta, velocity
        As for ``geodesic``. A step α is ``exponential_map(family, theta, alpha * velocity)``.

    Returns
    -------
    ndarray of shape (p,)

    Raises
    ------
    OutsideDomain
        As ``geodesic`` does.
    """
    return geodesic(family, theta, velocity, [1.0]).points[0]


@check.arguments(family=declared.family, velocity=check.vector)
def second_order_retraction(family, theta, velocity) -> np.ndarray:
    """Take the step θ + v − ½Γ(v, v), the exponential map without its third order.

    The Taylor polynomial of order 2 of the geodesic (eq-geodesics-retraction; Absil, Mahony and Sepulchre,
    *Optimization Algorithms on Matrix Manifolds*, 2008, section 5.5): for αv the error is of order α³.

    Parameters
    ----------
    family, theta, velocity
        As for ``geodesic``.

    Returns
    -------
    ndarray of shape (p,)

    Raises
    ------
    OutsideDomain
        If the new point is outside the parameter space.
    """
    check.fits(velocity, len(family.parameters), "velocity")
    symbols = christoffel_symbols(family, theta)
    new = np.array(theta) + velocity - np.einsum("kij,i,j", symbols, velocity, velocity) / 2
    family._numbers(new, "the new theta")
    return new


class Motion:
    """The differential equation of a family's geodesics, for states (θ, v) of shape (2p,), in arc length."""

    def __init__(self, family, theta):
        F, _ = metric_at(family, theta)
        self.family, self.size = family, len(F)
        self.constants = family._numbers(theta)[self.size :]
        self.metric = compiled(family._general)
        self.gaps, self.rates = boundaries(family._general)
        self.units = 1 / np.sqrt(np.diag(F))

    def numbers(self, state):
        """Parameters and constants, as the compiled functions take them."""
        return [*state[: self.size], *self.constants]

    def speed(self, theta, velocity):
        """√(vᵀFv)."""
        return np.sqrt(velocity @ self.metric(self.numbers(theta))[0] @ velocity)

    def __call__(self, _, state):
        """Velocity and acceleration −Γ(v, v) (eq-geodesics-equation), or NaN outside the parameter space."""
        numbers, v = self.numbers(state), state[self.size :]
        if not np.all(self.gaps(*numbers) > 0):
            return np.full_like(state, np.nan)
        F, slopes = np.split(self.metric(numbers), [1])
        changes = slopes @ v  # of F along v, in its rows
        try:
            return np.concatenate([v, -np.linalg.solve(F[0], v @ changes - changes @ v / 2)])
        except np.linalg.LinAlgError:
            return np.full_like(state, np.nan)

    def follow(self, theta, direction, times, speed, tolerance=RELATIVE):
        """States at the times, shape (T, 2p)."""
        from scipy.integrate import solve_ivp  # .2 s, so only when something is followed

        arcs, start = speed * times, np.concatenate([theta, direction])
        if arcs[-1] == 0:
            return start[None]
        with np.errstate(all="ignore"):  # what is not finite makes the step shorter
            solution = solve_ivp(
                self, (0, arcs[-1]), start, "DOP853", dense_output=True, events=self._approaches(start),
                rtol=tolerance, atol=tolerance * FLOOR * np.tile(self.units, 2),
            )  # fmt: skip
            self._refuse_ended(solution, start, times[-1], speed)
            states = solution.sol(arcs).T
            drift = max(abs(self.speed(*np.split(state, 2)) - 1) for state in states)
        if not drift <= DRIFT * max(1.0, tolerance / RELATIVE):
            raise OutsideDomain(
                f"the speed of the geodesic from theta = {check.show(theta)} is constant, but changes by the "
                f"share {drift:.2g}: double precision does not follow it in this chart of {self.family!r}; "
                "go less far, or use another chart"
            )
        return states

    def _approaches(self, start):
        """For each boundary a function that crosses zero upwards where the gap to it is smallest."""

        def approach(row):
            def rate(_, state):
                return self.rates(*self.numbers(state))[row] @ state[self.size :]

            rate.direction = 1
            return rate

        return [approach(row) for row in range(len(self.gaps(*self.numbers(start))))]

    def _refuse_ended(self, solution, start, end, speed):
        """OutsideDomain if a gap closed on the way, where solutions bounce, or if no step led on."""
        arcs = [] if solution.success else [solution.sol.t_max]
        smallest = TOUCHES * self.gaps(*self.numbers(start))
        for row, (met, states) in enumerate(zip(solution.t_events, solution.y_events, strict=True)):
            arcs += [s for s, state in zip(met, states, strict=True) if self.gaps(*self.numbers(state))[row] <= smallest[row]]
        if arcs:
            raise OutsideDomain(
                f"the geodesic of {self.family!r} from theta = {check.show(start[: self.size])} leaves the "
                f"parameter space at time {min(arcs) / speed:.6g}, before {end:g}: it ends there; go less far"
            )


@cache
def boundaries(family):
    """Functions of the numbers: the gaps to the boundaries, shape (r,), and their slopes, shape (r, p)."""
    theta = family.parameters
    gaps = [r.gts - r.lts for r in family.parameter_space if r.free_symbols & set(theta)]
    symbols, slopes = family.evaluation.symbols, [[gap.diff(x) for x in theta] for gap in gaps]
    gap_numbers, slope_numbers = (sp.lambdify(symbols, part, "numpy") for part in (gaps, slopes))
    return (lambda *n: np.array(gap_numbers(*n), float)), (lambda *n: np.array(slope_numbers(*n), float))
