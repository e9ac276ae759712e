"""Parameters from coordinates: Newton's method that goes along straight lines of the coordinates."""

import numpy as np

STEPS = 100  # of one search: each may double a shape, or halve a chance
CLOSE = 1e-6  # length, in the Fisher metric, of a step that may end a search
SMALLEST = {False: 1e-15, True: 1e-3}  # share of a step, not close and close, at which the search ends
NOTICED = 1e-10  # error of the result that is allowed, in the Fisher metric or relative to each parameter
LOST = 1e-4  # the same, where no more digits of the target say where it belongs


def search(theta, target, coordinates, dual, inside):
    """Parameters at which the coordinates are the target, or None.

    Newton's method on coordinates(θ) = target. A step d has the length √(dᵀFd), F = JᵀK with the Jacobian
    matrices J and K of the coordinates and of their dual. A share of it is taken after which the coordinates
    are, by the same J, beside the straight line to the target by at most half of what they have moved (after
    P. Deuflhard, *Newton Methods for Nonlinear Problems*, 2004, chapter 3): that line does not leave a convex
    space, whatever the chart.
    """
    taken = 1.0
    try:
        numbers = inside(theta)
        gap = target - coordinates(numbers)
        for _ in range(STEPS):
            j, k = coordinates.slope(numbers), dual.slope(numbers)
            step, share, landed, at_edge = np.linalg.solve(j, gap), min(8 * taken, 1.0), False, False
            length = _length(step, j, k)
            smallest = SMALLEST[length < CLOSE]
            while not landed and share > smallest and np.any(theta + share * step != theta):
                try:
                    numbers = inside(theta + share * step)
                    gap = target - coordinates(numbers)
                    beside = np.linalg.solve(j, gap) - (1 - share) * step
                    landed = _length(beside, j, k) <= share * length / 2
                except ValueError:  # outside, or beyond double precision
                    at_edge = at_edge or share == 1
                taken, share = share, share / 2
            if not landed:
                found = length < CLOSE and not at_edge and _is_meant(step, theta, target, j, k)
                return theta if found else None
            theta = theta + taken * step
    except (ValueError, np.linalg.LinAlgError):
        pass
    return None


def first_length(numbers, target, coordinates, dual):
    """The length of the first step of a search from here; infinite where there is none."""
    try:
        j, k = coordinates.slope(numbers), dual.slope(numbers)
        return np.nan_to_num(_length(np.linalg.solve(j, target - coordinates(numbers)), j, k), nan=np.inf)
    except (ValueError, np.linalg.LinAlgError):
        return np.inf


def _length(step, j, k):
    with np.errstate(all="ignore"):  # what is not a number is not shorter than anything
        return np.sqrt((j @ step) @ (k @ step))


def _is_meant(step, theta, target, j, k):
    """Whether the step that is left is rounding, and rounding the target moves the parameters little."""
    moved = np.abs(np.linalg.inv(j)) @ np.spacing(np.abs(target))  # by one unit in the last place
    reached = _length(step, j, k) < NOTICED or np.all(np.abs(step) <= 100 * moved + NOTICED * np.abs(theta))
    return reached and (_length(moved, j, k) < NOTICED or np.all(moved < LOST * np.abs(theta)))
