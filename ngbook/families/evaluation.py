"""The numbers of a family: compiled functions, and what stands in where they leave double precision.

``numbers`` are floats: the parameters, then the constants. ``columns`` are arrays of shape (n,), one for each
coordinate of the outcome.
"""

import math
from functools import cached_property

import numpy as np
import sympy as sp

from ngbook import symbolic
from ngbook.families import derivation
from ngbook.families.compiled import compile_entries
from ngbook.families.mass import sample_point
from ngbook.families.quadrature import Numerical
from ngbook.families.spaces import Space, Support
from ngbook.families.trusted import Trusted
from ngbook.symbolic.equality import tidy
from ngbook.symbolic.forms import outer_product

_SPECIAL = (sp.loggamma, sp.gamma, sp.factorial, sp.binomial, sp.beta, sp.polygamma, sp.besseli)


class Evaluation:
    """Functions of numbers, compiled once for a family before ``at``."""

    def __init__(self, family):
        self.family = family
        self.symbols = family.parameters + family.constants
        self.space = Space(family.parameter_space, self.symbols)
        self.support = Support(family.support, family.variables, self.symbols)

    # --- log-density and score

    @cached_property
    def _log_prob(self):
        stable = self.family.stable_log_density
        return self._compiled([self.family.log_density if stable is None else stable])

    @cached_property
    def _score(self):
        stable = self.family.stable_score
        return self._compiled(derivation.score_vector(self.family) if stable is None else stable)

    def _compiled(self, expressions):
        """Function of numbers and columns.

        Sums of special functions of the numbers alone may cancel: ``Trusted`` computes them, once for all
        outcomes.
        """
        constants, own = {}, set(self.symbols)

        def alone(e):
            return sp.Add(*(term for term in e.args if term.free_symbols <= own)) if e.is_Add else sp.S.Zero

        def cut(e):
            return constants.setdefault(alone(e), sp.Dummy("constant", real=True)) + (e - alone(e))

        def cancels(e):
            return alone(e).is_Add and alone(e).has(*_SPECIAL)

        rest = [sp.sympify(e).replace(cancels, cut) for e in expressions]
        function = compile_entries(rest, (*self.symbols, *constants.values(), *self.family.variables))
        trusted = Trusted(list(constants), self.symbols)

        def evaluate(numbers, columns):
            known = trusted(numbers)[0] if constants else ()
            with np.errstate(all="ignore"):
                return function(*numbers, *known, *columns)

        return evaluate

    @cached_property
    def _log_prob_in_digits(self):
        return Trusted([self.family.log_density], self.symbols + self.family.variables)

    @cached_property
    def _score_in_digits(self):
        return Trusted(derivation.score_vector(self.family), self.symbols + self.family.variables)

    def log_prob(self, numbers, columns):
        """Log-density, shape (n,); minus infinity outside the support."""
        mask = self.support.contains(columns, numbers)
        inside = bool(mask.all())
        result = np.full(mask.shape, -np.inf)
        (values,) = self._log_prob(numbers, columns if inside else [column[mask] for column in columns])
        result[... if inside else mask] = values
        if not np.isfinite(result if inside else result[mask]).all():
            for row in np.flatnonzero(mask & ~np.isfinite(result)):
                result[row] = self._log_prob_in_digits.rounded([*numbers, *(c[row] for c in columns)])
        if not inside:
            for row, limit in self._limits(self._log_prob_in_digits, numbers, columns, ~mask):
                result[row] = limit[0] if np.isfinite(limit[0]) else -np.inf
        return result

    def score(self, numbers, columns):
        """Score, shape (n, p); refused where it does not exist, outside the support."""
        mask = self.support.contains(columns, numbers)
        limits = {} if mask.all() else dict(self._limits(self._score_in_digits, numbers, columns, ~mask))
        for row in np.flatnonzero(~mask):
            if not np.isfinite(limits.get(row, np.nan)).all():
                value = [float(column[row]) for column in columns]
                raise ValueError(
                    f"x[{row}] = {value[0] if len(value) == 1 else value} is outside the support "
                    f"{self.family.support} of {self.family!r}, where the score does not exist"
                )
        entries = self._score(numbers, columns)
        result = np.stack([np.broadcast_to(entry, mask.shape) for entry in entries], axis=-1)
        finite = np.isfinite(result)
        for row in () if finite.all() else np.flatnonzero(~finite.all(axis=1)):
            if row not in limits:
                result[row] = self._score_in_digits.with_digits([*numbers, *(c[row] for c in columns)])
        for row, limit in limits.items():
            result[row] = limit
        return result

    def _limits(self, function, numbers, columns, rows):
        """Pairs of a row on the edge of the support and the limits of the function there, NaN for none."""
        sides = self.support.on_edge(columns, numbers)
        moved = [
            np.where(side < 0, np.nextafter(column, -np.inf), column + side * np.finfo(float).tiny)
            for column, side in zip(columns, sides, strict=True)
        ]
        on_edge = rows & np.any(sides, axis=0) & self.support.contains(moved, numbers)
        for row in np.flatnonzero(on_edge):
            outcome = [float(column[row]) for column in columns]
            yield row, function.limit(numbers, outcome, [int(side[row]) for side in sides])

    def plain_log_prob(self, numbers, *columns):
        """Log-density at outcomes of any size, as quadrature takes them: no number means no density."""
        mask = self.support.contains(columns, numbers)
        (values,) = self._log_prob(numbers, columns)
        return np.where(mask & ~np.isnan(values), values, -np.inf)

    def plain_score(self, numbers, x):
        """Score of shape (p, m), zero outside the support."""
        mask = self.support.contains([x], numbers)
        entries = [np.broadcast_to(entry, x.shape) for entry in self._score(numbers, [x])]
        return np.where(mask, np.array(entries), 0.0)

    # --- Fisher matrix and KL

    @cached_property
    def numerical(self):
        """Quadrature or sums, for what has no closed form."""
        return Numerical(self.family, self.plain_log_prob, self.plain_score)

    @cached_property
    def fisher_matrix(self):
        """The Fisher matrix E[s sᵀ] (eq-fisher-matrix) as an expression, or None where the rule has none.

        One expectation of the score s, which must have the mean 0; nothing is proved.
        """
        family, rule, score = self.family, self._rule, derivation.score_vector(self.family)
        if rule is None:
            return None
        try:
            means, outer = score.applyfunc(rule.expectation), outer_product(score, rule)  # E[s], E[s sᵀ]
        except symbolic.NoClosedForm:
            return None
        point = sample_point(family)
        if point is not None and max(abs(float(sp.N(mean.subs(point), 30))) for mean in means) > 1e-12:
            raise ValueError(f"{family!r} has no Fisher matrix: the mean score is {list(means)}, not zero")
        return tidy(outer, family.example)

    @cached_property
    def _fisher(self):
        return Trusted(self.fisher_matrix, self.symbols)

    def fisher(self, numbers):
        """Fisher matrix and bounds on the errors of its entries."""
        size = len(self.family.parameters)
        if self.family.moving:
            raise ValueError(
                f"{self.family!r} has no Fisher matrix: its support {self.family.support} moves with the "
                "parameters"
            )
        if self.fisher_matrix is None:
            return self.numerical.fisher(numbers, size)
        values, errors = self._fisher(numbers)
        return np.array(values).reshape(size, size), np.array(errors).reshape(size, size)

    @property
    def _rule(self):
        """The rule, or None where numbers are plain sums: symbolic sums of special functions are endless."""
        rule = self.family.rule
        endless = isinstance(rule, symbolic.FiniteSum) and self.family.log_density.has(*_SPECIAL)
        return None if endless else rule

    @cached_property
    def _kl(self):
        family = self.family
        if self._rule is None and family.closed_form_kl is None:
            return None
        if (kl := derivation.kl_expression(family)) is None:
            return None
        return Trusted([kl], family.old_parameters + self.symbols, sensitive_to=family.parameters)

    def kl(self, old, new):
        """``KL(old || new)`` of two lists of numbers, and a bound on its error."""
        size = len(self.family.parameters)
        if old == new:
            return 0.0, 0.0
        if self.family.moving and not self.support.keeps(old, new):
            return math.inf, 0.0
        if self._kl is None:
            return self.numerical.kl(old, new)
        (value,), (error,) = self._kl([*old[:size], *new])
        return value, error
