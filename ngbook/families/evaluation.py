"""The numbers of a family: compiled functions, and what stands in where they leave double precision."""

from functools import cached_property

import numpy as np
import sympy as sp

from ngbook import symbolic
from ngbook.families.compiled import compile_entries
from ngbook.families.quadrature import Numerical
from ngbook.families.spaces import Space, Support
from ngbook.families.trusted import UNIT, Trusted
from ngbook.symbolic.forms import outer_product

_SPECIAL = (sp.loggamma, sp.gamma, sp.factorial, sp.binomial, sp.beta, sp.polygamma)


class Evaluation:
    """Functions of numbers: the parameters, then the constants.

    Parameters
    ----------
    family : Family
        The family before ``at``; everything is compiled once for it.
    """

    def __init__(self, family):
        self.family = family
        self.symbols = family.parameters + family.constants
        self.space = Space(family.parameter_space, self.symbols)
        self.support = Support(family.support, family.variables, self.symbols)

    # --- log-density and score

    @cached_property
    def _log_prob(self):
        declared = self.family.stable_log_density
        declared = self.family.log_density if declared is None else declared
        return compile_entries([declared], self.symbols + self.family.variables)

    @cached_property
    def _score(self):
        declared = self.family.stable_score
        entries = list(self.family.score_vector()) if declared is None else declared
        return compile_entries(entries, self.symbols + self.family.variables)

    @cached_property
    def _log_prob_in_digits(self):
        return Trusted([self.family.log_density], self.symbols + self.family.variables)

    @cached_property
    def _score_in_digits(self):
        return Trusted(list(self.family.score_vector()), self.symbols + self.family.variables)

    def log_prob(self, numbers, columns):
        """Log-density, minus infinity outside the support."""
        mask = self.support.contains(columns, numbers)
        inside = bool(mask.all())
        with np.errstate(all="ignore"):
            (values,) = self._log_prob(*numbers, *(columns if inside else [c[mask] for c in columns]))
        result = np.full(mask.shape, -np.inf)
        result[... if inside else mask] = values
        if not np.isfinite(result if inside else result[mask]).all():
            for row in np.flatnonzero(mask & ~np.isfinite(result)):
                result[row] = self._log_prob_in_digits.rounded([*numbers, *(c[row] for c in columns)])
        if not inside:
            for row, limit in self._limits(self._log_prob_in_digits, numbers, columns, ~mask):
                result[row] = limit[0] if np.isfinite(limit[0]) else -np.inf
        return result

    def score(self, numbers, columns):
        """Score, of shape (n, p), and the first row at which there is none, or None."""
        mask = self.support.contains(columns, numbers)
        limits = dict(self._limits(self._score_in_digits, numbers, columns, ~mask)) if not mask.all() else {}
        missing = [row for row in np.flatnonzero(~mask) if not np.isfinite(limits.get(row, np.nan)).all()]
        if missing:
            return None, int(missing[0])
        with np.errstate(all="ignore"):
            entries = self._score(*numbers, *columns)
        result = np.stack([np.broadcast_to(entry, mask.shape) for entry in entries], axis=-1)
        finite = np.isfinite(result)
        for row in () if finite.all() else np.flatnonzero(~finite.all(axis=1)):
            if row not in limits:
                result[row] = self._score_in_digits.with_digits([*numbers, *(c[row] for c in columns)])
        for row, limit in limits.items():
            result[row] = limit
        return result, None

    def _limits(self, function, numbers, columns, rows):
        """Pairs of a row on the edge of the support and the limits of the function there, NaN for none."""
        sides = self.support.on_edge(columns, numbers)
        on_edge = rows & (sum(map(np.abs, sides)) > 0)
        nudged = [column + side * np.finfo(float).tiny for column, side in zip(columns, sides, strict=True)]
        nudged = [
            np.where(side < 0, np.nextafter(c, -np.inf), n)
            for c, n, side in zip(columns, nudged, sides, strict=True)
        ]
        on_edge &= self.support.contains(nudged, numbers)
        for row in np.flatnonzero(on_edge):
            outcome = [float(column[row]) for column in columns]
            yield row, function.limit(numbers, outcome, [int(side[row]) for side in sides])

    def plain_log_prob(self, numbers, *columns):
        """Log-density at outcomes of any size, as quadrature takes them: no number means no density."""
        mask = self.support.contains(columns, numbers)
        with np.errstate(all="ignore"):
            (values,) = self._log_prob(*numbers, *columns)
        return np.where(mask & ~np.isnan(values), values, -np.inf)

    def plain_score(self, numbers, x):
        """Score of shape (p, m), zero outside the support."""
        mask = self.support.contains([x], numbers)
        with np.errstate(all="ignore"):
            entries = self._score(*numbers, x)
        return np.where(mask, np.array([np.broadcast_to(entry, x.shape) for entry in entries]), 0.0)

    # --- Fisher matrix and KL

    @cached_property
    def numerical(self):
        """Quadrature or sums, for what has no closed form."""
        return Numerical(self.family, self.plain_log_prob, self.plain_score)

    @cached_property
    def _fisher(self):
        """The mean outer product of the score, where the rule knows it: one expectation, and no proof."""
        family, score = self.family, self.family.score_vector()
        if self._only_sums:
            return None
        try:
            means = score.applyfunc(family.rule.expectation)
            outer = outer_product(score, family.rule)
        except symbolic.NoClosedForm:
            return None
        self._refuse_wrong_rule(means)
        return Trusted(list(symbolic.tidy(outer, family.example)), self.symbols)

    def _refuse_wrong_rule(self, means):
        point = self.family.sample_point
        if point is None:
            return
        values = [abs(float(sp.N(mean.subs(point), 30))) for mean in means]
        if max(values) > 1e-12:
            raise ValueError(
                f"{self.family!r} has no Fisher matrix: the mean score is {list(means)}, not zero"
            )

    @property
    def _only_sums(self):
        """Whether numbers are plain sums: there is no rule, or one whose symbolic sums would be endless."""
        rule = self.family.rule
        return rule is None or (
            isinstance(rule, symbolic.FiniteSum) and self.family.log_density.has(*_SPECIAL)
        )

    def fisher(self, numbers):
        """Fisher matrix and bounds on the errors of its entries."""
        size = len(self.family.parameters)
        if self._fisher is None:
            return self.numerical.fisher(numbers, size)
        values, errors = self._fisher(numbers)
        return np.array(values).reshape(size, size), np.array(errors).reshape(size, size) * UNIT

    @cached_property
    def _kl(self):
        family = self.family
        kl = None if self._only_sums and family.closed_form_kl is None else family.kl_expression()
        if kl is None:
            return None
        return Trusted([kl], family.old_parameters + self.symbols, sensitive_to=family.parameters)

    def kl(self, old, new, constants):
        """``KL(old || new)`` and a bound on its error."""
        if old == new:
            return 0.0, 0.0
        if self.family.moving and not self.support.keeps([*old, *constants], [*new, *constants]):
            return np.inf, 0.0
        if self._kl is None:
            old, new = self._standardised(old, new)
            return self.numerical.kl([*old, *constants], [*new, *constants])
        (value,), (error,) = self._kl([*old, *new, *constants])
        return value, error * UNIT

    @cached_property
    def _location_and_scale(self):
        """Indices of parameters m and c with x = m + c times something without them, or None."""
        rule, parameters = self.family.rule, self.family.parameters
        if (
            not isinstance(rule, symbolic.BetaRule)
            or len(parameters) != 2
            or not isinstance(self.family.variable, sp.Symbol)
        ):
            return None
        outcome = rule.substitution.get(self.family.variable, sp.S.Zero)
        for place, scale in ((0, 1), (1, 0)):
            rest = sp.expand((outcome - parameters[place]) / parameters[scale])
            inner = (
                rest.free_symbols
                | rule.first.free_symbols
                | rule.second.free_symbols
                | rule.square.free_symbols
            )
            if not inner & set(parameters):
                return place, scale
        return None

    def _standardised(self, old, new):
        """The same divergence from location 0 and scale 1, where only differences and ratios are left."""
        if self._location_and_scale is None:
            return old, new
        place, scale = self._location_and_scale
        old_again, new_again = [0.0, 0.0], [0.0, 0.0]
        old_again[scale] = 1.0
        new_again[place] = (new[place] - old[place]) / old[scale]
        new_again[scale] = new[scale] / old[scale]
        return old_again, new_again
