"""How many statistics would a family need? A rank, found without any algebra."""

from dataclasses import dataclass

import mpmath
import numpy as np

from ngbook._check import arrays
from ngbook._check import families as check
from ngbook.families.separation import near, refuse_moving
from ngbook.families.trusted import Trusted

DIGITS = 8  # for each point: the pivots of families that are not exponential fall by two digits a point


@dataclass(frozen=True)
class OrderTest:
    """Ranks of the double differences of a log-density.

    Attributes
    ----------
    sizes : tuple of int
        How many parameters, and at most how many outcomes, they were taken from: half and all.
    ranks : tuple of int
        The rank at each size.
    """

    sizes: tuple
    ranks: tuple

    @property
    def order(self):
        """The number k of statistics of an exponential family; None if the rank grows with the size."""
        half, full = self.ranks
        return None if half < full or half >= self.sizes[0] - 1 else full


def exponential_order(family, rng: np.random.Generator, points=24) -> OrderTest:
    """Test by numbers whether a family is exponential, and find its order (eq-two-coordinates-rank).

    In the double differences ℓ(x, θ) − ℓ(x₀, θ) − ℓ(x, θ₀) + ℓ(x₀, θ₀) of log p, all but the statistics
    cancels: they are (T(x) − T(x₀))·(η(θ) − η(θ₀)), a matrix of rank k however many points there are. Of any
    other family the rank grows with the points. Random parameters around the example of the family, and
    outcomes drawn under them; hundreds of digits, so that what is zero is seen to be zero.

    N outcomes have at most the rank N − 1: every family on a finite set is exponential, with so many
    statistics or fewer.

    Parameters
    ----------
    family : Family
        With a sampler, and constants fixed.
    rng : numpy.random.Generator
        Where the points come from.
    points : int
        How many parameters, at least 4; above twice the order that is looked for.

    Returns
    -------
    OrderTest
        The ranks at half of the points and at all.
    """
    family, rng = check.family(family), arrays.generator(rng)
    points = arrays.count(points, "points", least=4)
    refuse_moving(family)
    shifts = rng.normal(size=(20 * points, len(family.parameters)))
    thetas = near(family, shifts)[:points, : len(family.parameters)]
    drawn = np.concatenate([family.sample(theta, 4, rng) for theta in thetas])
    outcomes = rng.permutation(np.unique(drawn.reshape(len(drawn), -1), axis=0))[:points]
    sizes = points // 2, points
    with mpmath.workdps(DIGITS * points):
        table = _log_densities(family, outcomes, thetas)
        return OrderTest(sizes, tuple(_rank(_double_differences(table[:n, :n])) for n in sizes))


def _log_densities(family, outcomes, thetas):
    """Log-density at each outcome (rows) under each theta (columns), in the digits of the context."""
    log_prob = Trusted([family.log_density], family.variables + family.parameters)
    rows = [[mpmath.mpf(x) for x in outcome] for outcome in outcomes.tolist()]
    support = family.evaluation.support
    if support.has_equation:  # to all digits, not only to those of a double
        rows = [[*row[:-1], support.last(*row[:-1])] for row in rows]
    return np.array([[log_prob.at([*row, *theta])[0] for theta in thetas.tolist()] for row in rows])


def _double_differences(table):
    return table - table[:1] - table[:, :1] + table[0, 0]


def _rank(matrix):
    """Rank by elimination with the largest pivot; zero is what is below half of the digits."""
    rank, largest = 0, abs(matrix).max(initial=0)
    smallest = largest * mpmath.mpf(10) ** (-mpmath.mp.dps // 2)
    while abs(matrix).max(initial=0) > smallest:
        i, j = np.unravel_index(np.argmax(abs(matrix)), matrix.shape)
        matrix = matrix - np.outer(matrix[:, j], matrix[i] / matrix[i, j])
        matrix = np.delete(np.delete(matrix, i, axis=0), j, axis=1)
        rank += 1
    return rank
