"""The numbers of a family: compiled functions, and what stands in where they leave double precision.

``numbers`` are floats: the parameters, then the constants. ``columns`` are outcomes of shape (d, n),
coordinates first.
"""

from functools import cached_property

import numpy as np
import sympy as sp

from ngbook import symbolic
from ngbook._domain import OutsideDomain
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
        self.symbols, self.size = family.parameters + family.constants, len(family.parameters)
        self.space = Space(family.parameter_space, self.symbols)
        self.support = Support(family.support, family.variables, self.symbols)

    # --- log-density and score

    @cached_property
    def _log_prob(self):
        stable = self.family.stable_log_density
        return self._compiled([self.family.log_density], stable and [stable])

    @cached_property
    def _score(self):
        return self._compiled(self.family.score_vector(), self.family.stable_score)

    def _compiled(self, expressions, stable):
        """Function of numbers and columns, from the stable form if there is one, and ``Trusted`` for a row.

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

        rest = [sp.sympify(e).replace(cancels, cut) for e in stable or expressions]
        function = compile_entries(rest, (*self.symbols, *constants.values(), *self.family.variables))
        trusted = Trusted(list(constants), self.symbols)

        def evaluate(numbers, columns):
            known = trusted(numbers)[0] if constants else ()
            with np.errstate(all="ignore"):
                return function(*numbers, *known, *columns)

        return evaluate, Trusted(expressions, self.symbols + self.family.variables)

    def log_prob(self, numbers, columns):
        """Log-density, shape (n,); minus infinity outside the support and below the range of doubles."""
        (values,), _ = self._at_outcomes(self._log_prob, numbers, columns)
        return np.where(np.isnan(values), -np.inf, values)

    def score(self, numbers, columns):
        """Score, shape (n, p); refused where it does not exist, outside the support."""
        values, outside = self._at_outcomes(self._score, numbers, columns)
        if not np.isfinite(values).all():
            row = np.flatnonzero(~np.isfinite(values).all(0))[0]
            if outside[row]:
                raise ValueError(
                    f"x[{row}] = {columns[:, row].tolist()} is outside the support {self.family.support} of "
                    f"{self.family!r}, where the score does not exist"
                )
            raise OutsideDomain(f"the score at x[{row}] is outside the range of double precision")
        return values.T

    def _at_outcomes(self, compiled, numbers, columns):
        """Values of shape (k, n), and which outcomes lie outside the support.

        With many digits where doubles do not do; outside, NaN, but the limit on an edge of the support.
        """
        function, in_digits = compiled
        mask, nearest = self.support.contains(columns, numbers), self.support.clip(columns, numbers)
        values = np.full((len(in_digits.expressions), len(mask)), np.nan)
        for row, entry in enumerate(function(numbers, columns[:, mask])):
            values[row, mask] = entry
        for row in np.flatnonzero(mask & ~np.isfinite(values).all(0)):
            values[:, row] = in_digits.with_digits([*numbers, *columns[:, row]])
        on_edge = np.isfinite(columns) & (np.nextafter(columns, nearest) == nearest)
        for row in np.flatnonzero(~mask & on_edge.all(0) & self.support.contains(nearest, numbers)):
            inwards = np.sign(nearest - columns)[:, row]
            values[:, row] = in_digits.limit(numbers, columns[:, row], inwards)
        return values, ~mask

    def plain_log_prob(self, numbers, columns):
        """Log-density at outcomes of any size, as quadrature takes them: no number means no density."""
        (values,) = self._log_prob[0](numbers, columns)
        return np.where(self.support.contains(columns, numbers) & ~np.isnan(values), values, -np.inf)

    def plain_score(self, numbers, x):
        """Score of one outcome, shape (p, m), zero outside the support."""
        mask = self.support.contains(x[None], numbers)
        return np.stack([np.where(mask, entry, 0.0) for entry in self._score[0](numbers, x[None])])

    # --- Fisher matrix and KL

    @cached_property
    def numerical(self):
        """Quadrature or sums, for what has no closed form."""
        return Numerical(self)

    @cached_property
    def fisher_matrix(self):
        """The Fisher matrix E[s sᵀ] (eq-fisher-matrix) as an expression, or None where the rule has none.

        One expectation of the score s, which must have the mean 0; nothing is proved.
        """
        family, rule, score = self.family, self._rule, self.family.score_vector()
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
        if self.family.moving:
            moves = f"its support {self.family.support} moves with the parameters"
            raise ValueError(f"{self.family!r} has no Fisher matrix: {moves}")
        if self.fisher_matrix is None:
            return self.numerical.fisher(numbers)
        return tuple(np.reshape(part, (self.size, self.size)) for part in self._fisher(numbers))

    @property
    def _rule(self):
        """The rule, or None where numbers are plain sums: symbolic sums of special functions are endless."""
        rule = self.family.rule
        endless = isinstance(rule, symbolic.FiniteSum) and self.family.log_density.has(*_SPECIAL)
        return None if endless else rule

    @cached_property
    def _kl(self):
        family = self.family
        endless = self._rule is None and family.closed_form_kl is None
        kl = None if endless else derivation.kl_expression(family)
        if kl is None:
            return None
        return Trusted([kl], family.old_parameters + self.symbols, sensitive_to=family.parameters)

    def kl(self, old, new):
        """``KL(old || new)`` of two lists of numbers, and a bound on its error."""
        if old == new:
            return 0.0, 0.0
        (low, high), (new_low, new_high) = self.support.bounds(old), self.support.bounds(new)
        if np.any((low < new_low) | (high > new_high)):
            return np.inf, 0.0
        if self._kl is None:
            return self.numerical.kl(old, new)
        (value,), (error,) = self._kl([*old[: self.size], *new])
        return value, error
