"""The exponential view of a family: statistics, natural and mean coordinates, and the maps between them."""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import sympy as sp
from scipy.special import ndtri

from ngbook._check import arrays
from ngbook._check import families as check
from ngbook._domain import OutsideDomain
from ngbook.families.compiled import compile_entries
from ngbook.families.inversion import first_length, search
from ngbook.families.mass import refuse_wrong_mass
from ngbook.families.separation import near, separate, spread_evenly
from ngbook.families.trusted import Trusted

STARTS, TRIED = 6, 2  # where a search may begin, and how often: where the first step is shortest


@cache
def derived_form(family):
    """The form of a family, derived from its declaration once; ValueError if it has none."""
    refuse_wrong_mass(family._general)
    statistics, natural, log_partition, log_base = separate(family)
    return ExponentialForm(family, tuple(statistics), tuple(natural), log_partition, log_base)


@dataclass(frozen=True, eq=False)
class ExponentialForm:
    """A family as log p(x) = log h(x) + η(θ)·T(x) − A(θ) (eq-two-coordinates-form).

    Made by ``Family.exponential_form``. T and η are determined up to an affine map only, and k is the least
    possible number of them. Numbers are asked for with ``theta``, the parameters of the family in its own
    chart; with the constants of the family fixed by ``at``.

    Attributes
    ----------
    family : Family
        The family, in its chart θ.
    statistics : tuple of sympy.Expr
        The k sufficient statistics T(x), in the outcome.
    natural_parameters : tuple of sympy.Expr
        The k natural parameters η(θ).
    log_partition : sympy.Expr
        A(θ).
    log_base : sympy.Expr
        log h(x), in the outcome.
    """

    family: object
    statistics: tuple
    natural_parameters: tuple
    log_partition: sp.Expr
    log_base: sp.Expr

    @property
    def order(self):
        """The number k of statistics."""
        return len(self.statistics)

    @cached_property
    def mean_parameters(self):
        """The k means m(θ) = E T, exactly, by the rule of the family (eq-two-coordinates-mean)."""
        return tuple(self.family.expectation(statistic) for statistic in self.statistics)

    # --- numbers

    def natural(self, theta) -> np.ndarray:
        """Evaluate the natural parameters η, shape (k,).

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Parameters, in the order of ``family.parameters``.

        Returns
        -------
        ndarray of shape (k,)
        """
        return self._natural(self._numbers(theta))

    def mean(self, theta) -> np.ndarray:
        """Evaluate the mean parameters m = E T (eq-two-coordinates-mean).

        Parameters
        ----------
        theta : ndarray of shape (p,)
            As for ``natural``.

        Returns
        -------
        ndarray of shape (k,)
        """
        return self._mean(self._numbers(theta))

    def covariance(self, theta) -> np.ndarray:
        """Evaluate cov T: the Fisher matrix in the natural chart, whose inverse is that in the mean chart.

        It is ∂m/∂η, the Hessian of A (eq-two-coordinates-fisher), and needs as many natural parameters as
        parameters.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            As for ``natural``.

        Returns
        -------
        ndarray of shape (k, k)
        """
        self._refuse_redundant("covariance")
        numbers = self._numbers(theta)
        matrix = np.linalg.solve(self._natural.slope(numbers).T, self._mean.slope(numbers).T)
        return (matrix + matrix.T) / 2

    def potential(self, theta) -> float:
        """Evaluate the log-partition function A.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            As for ``natural``.

        Returns
        -------
        float
        """
        return float(self._potential(self._numbers(theta))[0])

    def dual_potential(self, theta) -> float:
        """Evaluate the convex conjugate A* = η·m − A, at the mean of these parameters.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            As for ``natural``.

        Returns
        -------
        float
        """
        return float(self._dual_potential(self._numbers(theta))[0])

    def sufficient_statistics(self, x) -> np.ndarray:
        """Evaluate T at outcomes; the average of its rows is the mean parameter of the best fit.

        Parameters
        ----------
        x : ndarray of shape (n,) or (n, d)
            Outcomes in the support, sample axis first.

        Returns
        -------
        ndarray of shape (n, k)
        """
        columns, family = check.outcomes(self.family, x), self.family
        numbers = family._numbers(self._starts[0])  # any others would do: the support does not move
        outside = ~family.evaluation.support.contains(columns, numbers)
        if outside.any():
            row = int(np.argmax(outside))
            raise ValueError(
                f"x[{row}] = {columns[:, row].tolist()} is outside the support {family.support} of {family!r}"
            )
        values = self._statistics(*columns)
        return np.stack(np.broadcast_arrays(*values, columns[0])[:-1], axis=1)

    # --- back to the chart of the family

    def from_natural(self, eta) -> np.ndarray:
        """Find the parameters whose natural parameters are these.

        By Newton's method, damped so that it follows a straight line in η: that line is inside the space of
        natural parameters, which is convex, and ends at ``eta`` if that is. An angle comes out in one of its
        turns.

        Parameters
        ----------
        eta : ndarray of shape (k,)
            Natural parameters.

        Returns
        -------
        ndarray of shape (p,)
            To ten digits, or as many as rounding ``eta`` leaves.

        Raises
        ------
        ngbook.OutsideDomain
            If no parameters have them, or if they are too close to the edge for double precision.
        ValueError
            If k is not p, as for a curved family.
        """
        return self._inverse(eta, "eta", self._natural, self._mean)

    def from_mean(self, m) -> np.ndarray:
        """Find the parameters whose mean is this: of an average of T, the maximum-likelihood estimate.

        As ``from_natural``, along a straight line in m.

        Parameters
        ----------
        m : ndarray of shape (k,)
            Mean parameters.

        Returns
        -------
        ndarray of shape (p,)
            To ten digits, or as many as rounding ``m`` leaves.

        Raises
        ------
        ngbook.OutsideDomain
            If no parameters have this mean, or if it is too close to the edge for double precision.
        ValueError
            If k is not p, as for a curved family.
        """
        return self._inverse(m, "m", self._mean, self._natural)

    def _inverse(self, target, name, coordinates, dual):
        self._refuse_redundant(f"from_{coordinates.name}")
        target = arrays.vector(target, name, self.order)
        maps = target, coordinates, dual
        nearest = sorted(self._starts, key=lambda start: first_length(start.tolist(), *maps))
        for start in nearest[:TRIED]:
            theta = search(start, *maps, self._numbers)
            if theta is not None:
                return theta
        raise OutsideDomain(
            f"{name} is {arrays.show(target)}, and {self.family!r} has no parameters with these "
            f"{coordinates.name} parameters, or none that double precision tells from the edge; is it inside?"
        )

    def _refuse_redundant(self, name):
        k, p = self.order, len(self.family.parameters)
        if k == p:
            return
        curved = f"it is curved, a surface of dimension {p} among the {k} natural parameters"
        redundant = "many parameters are one distribution; take a chart without redundancy"
        raise ValueError(
            f"{name} needs as many natural parameters as parameters, but {self.family!r} has {k} for {p}: "
            f"{curved if k > p else redundant}"
        )

    # --- compiled

    @cached_property
    def _starts(self):
        size = len(self.family.parameters)
        shifts = np.concatenate([np.zeros((1, size)), ndtri(spread_evenly(size)).T[: 10 * STARTS]])
        return [np.array(self._numbers(row)) for row in near(self.family, shifts)[:STARTS, :size]]

    def _numbers(self, theta):
        return self.family._numbers(theta)[: len(self.family.parameters)]

    @cached_property
    def _statistics(self):
        return compile_entries(self.statistics, self.family.variables)

    @cached_property
    def _natural(self):
        return Coordinates("natural", self.natural_parameters, self.family.parameters)

    @cached_property
    def _mean(self):
        return Coordinates("mean", self.mean_parameters, self.family.parameters)

    @cached_property
    def _potential(self):
        return Coordinates("potential", [self.log_partition], self.family.parameters)

    @cached_property
    def _dual_potential(self):
        pairs = zip(self.natural_parameters, self.mean_parameters, strict=True)
        dual = sum(eta * m for eta, m in pairs) - self.log_partition
        return Coordinates("dual potential", [dual], self.family.parameters)


class Coordinates:
    """Functions of the parameters, and their Jacobian matrix, compiled: they take a list of floats."""

    def __init__(self, name, expressions, parameters):
        self.name, self.expressions, self.parameters = name, expressions, parameters
        self._values = Trusted(expressions, parameters)

    @cached_property
    def _slopes(self):
        return Trusted(sp.Matrix(self.expressions).jacobian(self.parameters), self.parameters)

    def __call__(self, numbers):
        """Values, shape (k,)."""
        return self._values(numbers)[0]

    def slope(self, numbers):
        """Derivatives, shape (k, p)."""
        return self._slopes(numbers)[0].reshape(-1, len(self.parameters))
