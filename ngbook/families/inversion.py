"""Parameters from coordinates: Newton's method that goes along straight lines of the coordinates."""

import numpy as np

from ngbook.families.trusted import UNIT

MOST_TIMID = 25  # steps of less than a hundredth, or four times as many others, that one search may take
CLOSE = 1e-6  # length, in the Fisher metric, of a step that may end a search
SMALLEST = {False: 1e-15, True: 1e-3}  # share of a step, not close and close, at which the search ends
NOTICED, LOST = 1e-10, 1e-4  # what rounding the target may do: in the Fisher metric, or to a parameter


def search(theta, target, coordinates, dual, inside):
    """Parameters at which the coordinates are the target, or None.

    Newton's method on coordinates(θ) = target. A step d has the length √(dᵀFd), F = JᵀK with the Jacobian
    matrices J and K of the coordinates and of their dual. A share of it is taken such that the step that is
    left, by the same J, gets shorter by half that share (P. Deuflhard, *Newton Methods for Nonlinear
    Problems*, 2004, section 3.3): no chart matters then but the coordinates themselves.
    """
    taken, timid = 1.0, 0
    try:
        numbers = inside(theta)
        gap = target - coordinates(numbers)
        while timid < MOST_TIMID:
            j, k = coordinates.slope(numbers), dual.slope(numbers)
            step, share, landed, at_edge = np.linalg.solve(j, gap), min(8 * taken, 1.0), False, False
            length = _length(step, j, k)
            smallest = SMALLEST[length < CLOSE]
            while not landed and share > smallest and np.any(theta + share * step != theta):
                try:
                    numbers = inside(theta + share * step)
                    gap = target - coordinates(numbers)
                    landed = _length(np.linalg.solve(j, gap), j, k) <= (1 - share / 2) * length
                except ValueError:  # outside, or beyond double precision
                    at_edge = at_edge or share == 1
                taken, share = share, share / 2
            if not landed:
                found = length < CLOSE and not at_edge and _is_meant(step, theta, target, j, k)
                return theta if found else None
            theta, timid = theta + taken * step, timid + (1 if taken < 1 / 100 else 1 / 4)
    except (ValueError, np.linalg.LinAlgError):
        pass
    return None


def first_length(numbers, target, coordinates, dual):
    """The length of the first step of a search from here."""
    j, k = coordinates.slope(numbers), dual.slope(numbers)
    return _length(np.linalg.solve(j, target - coordinates(numbers)), j, k)


def _length(step, j, k):
    with np.errstate(all="ignore"):  # what is not a number is not shorter than anything
        return np.sqrt((j @ step) @ (k @ step))


def _is_meant(step, theta, target, j, k):
    """Whether the step that is left is rounding, and rounding moves the parameters little.

    In the Fisher metric, or each relative to itself.
    """
    moved = np.abs(np.linalg.inv(j)) @ (2 * UNIT * np.abs(target))
    only_rounding = np.all(np.abs(step) <= 20 * moved + 1e-11 * np.abs(theta))
    return only_rounding and (_length(moved, j, k) < NOTICED or np.all(moved < LOST * np.abs(theta)))
