"""Expectations by quadrature and by sums, each with a bound on its error."""

from functools import cached_property

import numpy as np
import sympy as sp
from scipy.special import betaln, expit, log_expit

from ngbook import symbolic
from ngbook._check.families import bounds
from ngbook._domain import OutsideDomain
from ngbook.families.compiled import compile_entries

NODES = 16  # of the Gauss-Legendre rule of a panel
PANELS = 20_000  # in one round of halving: more are taken as they are
PRECISION = 1e-15  # of a panel, relative to the whole
LAGUERRE = [np.polynomial.laguerre.laggauss(count) for count in (24, 12)]  # nodes and weights
LARGEST = 500.0  # of |log(U / V)|: beyond it, squares of outcomes overflow
LIGHT = -80.0  # a log-density so low that no outcome there counts
TERMS = 20_000_000  # of a sum over counts


def integrate(function, edges, noise=False):
    """Integral of a function of many values, by panels that are halved until halving changes nothing.

    The function takes outcomes of shape (m,) and returns values of shape (k, m); the panels begin between
    the ascending edges. With ``noise``, the last value bounds the rounding errors of the others, and halving
    stops at their size. Returns the integrals, shape (k,), and bounds on their errors: what the last halving
    of each panel changed, and the rounding of the sum.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)

    def sums(low, high):
        half, middle = (high - low) / 2, (high + low) / 2
        x = middle[:, None] + half[:, None] * nodes
        values = function(x.ravel())
        return (values.reshape(len(values), *x.shape) @ weights) * half

    low, high = np.asarray(edges[:-1], float), np.asarray(edges[1:], float)
    coarse = sums(low, high)
    done = error = size = np.zeros(len(coarse))
    while True:
        middle = (low + high) / 2
        left, right = sums(low, middle), sums(middle, high)
        change = np.abs(left + right - coarse)
        whole = np.maximum(size + np.abs(coarse).sum(1), 1e-300)
        allowed = PRECISION * whole[:, None] + (np.abs(coarse[-1]) if noise else 0.0)
        enough = (change <= allowed)[: -1 if noise else None].all(0)
        settled = enough | (middle <= low) | (middle >= high)
        settled |= 2 * np.sum(~settled) > PANELS
        error = error + change[:, settled].sum(1)
        done = done + (left + right)[:, settled].sum(1)
        size = size + (np.abs(left) + np.abs(right))[:, settled].sum(1)
        if settled.all():
            return done, error + 1e-15 * size
        low, middle, high = low[~settled], middle[~settled], high[~settled]
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
        coarse = np.concatenate([left[:, ~settled], right[:, ~settled]], axis=1)


def sum_over_counts(function, first, last):
    """Sum of values of shape (k, m) over whole numbers, of which the first row is a density.

    A block is the last one when the density has fallen to nothing in it and what is left of a geometric tail
    changes no digit.
    """
    total = error = 0.0
    start, size = first, 2048
    while True:
        stop = min(start + size, last + 1)
        terms = function(np.arange(start, stop, dtype=float))
        total = total + terms.sum(1)
        error = error + 1e-16 * np.abs(terms).sum(1)
        if stop > last:
            return total, error
        end, before = np.abs(terms[:, -1]), np.abs(terms[:, -2])
        falling = np.all(end <= before) and total[0] > 0.5
        tail = np.where(end > 0, end * end / np.maximum(before - end, 1e-300), 0.0)
        if falling and np.all(tail <= 1e-17 * np.maximum(np.abs(total), 1e-300)):
            return total, error + tail
        if stop - first > TERMS:
            raise ValueError(f"a sum over {TERMS} counts, from {first} on, does not reach all of the mass")
        start, size = stop, 2 * size


def graded(centres, low, high):
    """Edges that lie close together at the centres and at finite bounds, and far apart between."""
    steps, far = np.geomspace(1e-13, 1e13, 80), np.geomspace(1e14, 1e300, 60)
    centres = {*centres, *(end for end in (low, high) if np.isfinite(end)), 0.0}
    edges = [np.concatenate([c - steps, [c], c + steps]) for c in centres]
    return np.unique(np.clip(np.concatenate([*edges, far, -far]), max(low, -1e300), min(high, 1e300)))


class Numerical:
    """Mass, Fisher matrix and KL of a family of one outcome, from its compiled log-density and score.

    It is made from the ``Evaluation`` of the family.
    """

    def __init__(self, evaluation):
        self.evaluation, self.family = evaluation, evaluation.family
        self.count = len(self.family.variables) == 1 and bounds(self.family.support)[-1]

    def _log_prob(self, numbers, x):
        return self.evaluation.plain_log_prob(numbers, x[None])

    def _integrals(self, numbers, function, noise=False):
        """Mass, and integrals of the density times values of shape (k, m); and bounds on their errors."""

        def weighted(x):
            with np.errstate(all="ignore"):
                density, values = np.exp(self._log_prob(numbers, x)), function(x)
                values = np.where((density > 0) & np.isfinite(values), density * values, 0.0)
            return np.vstack([density, values])

        ((low,), (high,)) = self.evaluation.support.bounds(numbers)
        if self.count:
            return sum_over_counts(weighted, int(low), int(min(high, 4 * TERMS)))
        return integrate(weighted, graded(map(float, numbers), low, high), noise)

    def mass(self, numbers):
        """Mass of the density, and how far from 1 it may be; 0 if the sum comes to no end."""
        try:
            (mass,), (error,) = self._integrals(numbers, lambda x: np.empty((0, len(x))))
        except ValueError:
            return 0.0, 0.0
        return mass, 1e-6 + 10 * error

    def _mean(self, numbers, function, noise=False):
        (mass, *values), (missing, *errors) = self._integrals(numbers, function, noise)
        missing = max(missing, abs(mass - 1))
        if not missing < 1e-6:
            raise ValueError(f"quadrature finds a mass of {mass:.6g}, not 1, at {numbers}: it is of no use")
        return np.array(values), np.array(errors) + missing * np.abs(values)

    def fisher(self, numbers):
        """Mean outer product of the score, and bounds on the errors of its entries."""

        def products(x):
            score = self.evaluation.plain_score(numbers, x)
            return (score[:, None] * score[None]).reshape(-1, len(x))

        size = self.evaluation.size
        return tuple(part.reshape(size, size) for part in self._mean(numbers, products))

    @np.errstate(all="ignore")
    def kl(self, old, new):
        """Mean of the log-density ratio r; where that is small, of ``exp(-r) - 1 + r``, never negative.

        The mean of ``exp(-r)`` is 1. The rounding of the values is integrated beside them.
        """
        by_rule = isinstance(self.family.rule, symbolic.BetaRule) and not self.count
        expectation = self._over_logit if by_rule else self._over_outcomes
        if by_rule and self._location_and_scale:  # only a difference and a ratio are left
            old, new = [0.0, 1.0, *old[2:]], [(new[0] - old[0]) / old[1], new[1] / old[1], *new[2:]]

        def ratio(x):
            log_old, log_new = self._log_prob(old, x), self._log_prob(new, x)
            if np.any((log_new == -np.inf) & (log_old > LIGHT)):
                raise OutsideDomain(
                    f"where {old} has mass, the density at {new} is below the range of doubles"
                )
            values, rounding = log_old - log_new, 1e-15 * (1 + np.abs(log_old) + np.abs(log_new))
            return np.where(np.isfinite(values), np.stack([values, rounding]), 0.0)

        def excess(r, rounding):
            series = r * r * (0.5 - r * (1 / 6 - r * (1 / 24 - r * (1 / 120 - r / 720))))
            values = np.where(np.abs(r) < 1e-2, series, np.expm1(-r) + r)
            return np.stack([values, np.abs(np.expm1(-r)) * rounding])

        (value, rounding), (error, _) = expectation(old, ratio, lambda *found: np.stack(found))
        if value < 0.05:
            (value, rounding), (error, _) = expectation(old, ratio, excess)
        return value, error + rounding

    def _over_outcomes(self, old, ratio, of_ratio):
        return self._mean(old, lambda x: of_ratio(*ratio(x)), noise=True)

    # --- over t = log(U / V), where the rule says how the outcome is made of U and V

    @cached_property
    def _location_and_scale(self):
        """Whether the outcome is the first parameter plus the second times something without them."""
        rule, parameters = self.family.rule, self.family.parameters
        if len(parameters) != 2:
            return False
        outcome = rule.substitution[self.family.variable]
        standard = sp.expand((outcome - parameters[0]) / parameters[1])
        law = (standard, rule.first, rule.second, rule.square)
        return not set().union(*(e.free_symbols for e in law)) & set(parameters)

    @cached_property
    def _compiled_rule(self):
        rule = self.family.rule
        law = rule.first, rule.second, rule.square, rule.substitution[self.family.variable]
        return compile_entries(law, (*self.evaluation.symbols, symbolic.U, symbolic.V, symbolic.T))

    def _over_logit(self, old, ratio, of_ratio):
        law = self._compiled_rule
        a, b = map(float, law(*old, 0.5, 0.5, 1.0)[:2])
        norm, two_signs = betaln(a, b), self.family.rule.substitution[self.family.variable].has(symbolic.T)
        signs = (1, -1) if two_signs else (1,)

        def ratios(t, sign):
            u, v = expit(t), expit(-t)
            root = np.sqrt(law(*old, u, v, 1.0)[2])
            return ratio(law(*old, u, v, sign * root)[3])

        def values(t):
            return sum(of_ratio(*ratios(t, sign)) for sign in signs) / len(signs)

        def weight(t):
            return np.exp(a * log_expit(t) + b * log_expit(-t) - norm)

        centre, width = np.log(a / b), np.sqrt(1 / a + 1 / b + 1 / (a * b))
        low, high = max(-LARGEST, centre - 60 * width - 60 / a), min(LARGEST, centre + 60 * width + 60 / b)
        steps = np.concatenate([[0], 0.25 * 1.5 ** np.arange(40)]) * min(width, 4.0)
        edges = np.unique(np.clip(np.concatenate([centre - steps, centre + steps, [low, high]]), low, high))
        total, error = integrate(lambda t: weight(t) * values(t), edges, noise=True)
        # Beyond the ends the ratio is linear and the weight exponential: the rules of Laguerre. A rise below
        # the rounding of the ratio is none.
        for end, power, outward in ((low, a, -1), (high, b, 1)):
            beyond = weight(end) / power / len(signs)
            for sign in signs if beyond > 0 else ():
                (last, before), (rounding, _) = ratios(np.array([end, end - outward]), sign)
                rise = last - before if abs(last - before) > 2 * rounding else 0.0
                finer, coarser = (
                    of_ratio(last + rise / power * nodes, np.full(len(nodes), rounding)) @ weights
                    for nodes, weights in LAGUERRE
                )
                total, error = total + beyond * finer, error + beyond * np.abs(finer - coarser)
        return total, error
