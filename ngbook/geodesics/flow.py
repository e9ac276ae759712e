"""Geodesics from a start and a velocity, followed as long as they stay inside the parameter space."""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg.lapack import dposv

from ngbook._check import arrays as check
from ngbook._check import families as declared
from ngbook._domain import OutsideDomain
from ngbook.geodesics.boundary import Boundary, gaps
from ngbook.geodesics.connection import christoffel_symbols, compiled, metric_at

RELATIVE = 1e-12  # error of a step
FLOOR = 1e-9  # size, in units of the metric at the start, below which a coordinate's error is not relative
MOST = 30_000  # evaluations of the acceleration: a hundred or so are one unit of length
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

    It solves d²θ_k/dt² = −Σ_ij Γ^k_ij (dθ_i/dt)(dθ_j/dt) (eq-geodesics-equation) by the method of Dormand and
    Prince of order 8, with relative errors of 1e-12 a step (Hairer, Nørsett and Wanner, *Solving Ordinary
    Differential Equations I*, 1993, section II.10); in arc length, so that a fast geodesic is as accurate
    as a slow one.

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
    motion = Motion(family, theta)
    speed = motion.speed(np.concatenate([motion.theta, velocity]))
    try:
        states = motion.follow(velocity / (speed or 1.0), speed * times)  # eq-geodesics-equation
    except Ended as end:
        raise OutsideDomain(
            f"the geodesic of {family!r} from theta = {check.show(motion.theta)} leaves the parameter space "
            f"at time {end.arc / speed:.6g}, before {times[-1]:g}: there is no point beyond; go less far"
        ) from end
    points, directions = np.split(np.broadcast_to(states, (times.size, 2 * motion.size)), 2, axis=1)
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
        numbers = family._numbers(theta)
        self.theta, self.constants = np.array(numbers[: self.size]), numbers[self.size :]
        self.metric, (self.gaps, *_) = compiled(family._general), gaps(family._general)
        self.units, self.evaluations = 1 / np.sqrt(np.diag(F)), 0

    def numbers(self, state):
        """Parameters and constants, as compiled functions take them."""
        return [*state[: self.size], *self.constants]

    def speed(self, state):
        """√(vᵀFv)."""
        v = state[self.size :]
        return np.sqrt(v @ self.metric(self.numbers(state))[0] @ v)

    def __call__(self, _, state):
        """Velocity and acceleration −Γ(v, v) (eq-geodesics-equation), or NaN outside the parameter space."""
        self.evaluations += 1
        if self.evaluations > MOST:
            self._refuse(f"takes more than {MOST} evaluations of its acceleration")
        numbers, v = self.numbers(state), state[self.size :]
        if not all(gap > 0 for gap in self.gaps(*numbers)):
            return np.full_like(state, np.nan)
        metric = self.metric(numbers)
        changes = metric[1:] @ v  # in row l, (∂_l F)v
        _, bend, failed = dposv(metric[0], v @ changes - changes @ v / 2)  # F⁻¹ of the lowered FΓ(v, v)
        return np.full_like(state, np.nan) if failed else np.concatenate([v, -bend])

    def follow(self, direction, arcs, tolerance=RELATIVE):
        """States at these arc lengths, shape (T, 2p), from a direction of speed 1."""
        start, self.evaluations = np.concatenate([self.theta, direction]), 0
        if arcs[-1] == 0:
            return start[None]
        with np.errstate(all="ignore"):  # what is not finite makes the step shorter
            boundary = Boundary(self, start, arcs[-1])
            solution = solve_ivp(
                self, (0, arcs[-1]), start, "DOP853", dense_output=True, events=boundary.events(),
                rtol=tolerance, atol=tolerance * FLOOR * np.tile(self.units, 2),
            )  # fmt: skip
            if (reached := boundary.reached(solution)) is not None:
                raise Ended(reached)
            states = solution.sol(arcs).T
            drift = max(abs(self.speed(state) - 1) for state in states)
        if not drift <= DRIFT * max(1.0, tolerance / RELATIVE):
            self._refuse(f"changes its speed, which is constant, by the share {drift:.2g}")
        return states

    def _refuse(self, found):
        raise OutsideDomain(
            f"the geodesic from theta = {check.show(self.theta)} {found}: double precision does not follow "
            f"it in this chart of {self.family!r}; go less far, or use another chart"
        )


class Ended(OutsideDomain):
    """A geodesic ends at this arc length, ``arc``."""

    def __init__(self, arc):
        super().__init__(f"the geodesic ends after the arc length {arc}")
        self.arc = arc
