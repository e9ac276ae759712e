"""Rules: expectations without integration."""

from functools import cache

import sympy as sp

from ngbook._check import expressions as check
from ngbook.symbolic.equality import Undecided, bring_together, equal

# The symbols in which rules are written.
L = sp.Symbol("L", real=True)  # the statistic of a MomentRule
s = sp.Symbol("s")  # the argument of its moment generating function
U = sp.Symbol("U", positive=True)  # U ~ Beta(A, B)
V = sp.Symbol("V", positive=True)  # V = 1 - U
T = sp.Symbol("T", real=True)  # a root of a function of U and V, with either sign equally likely
ANGLE = sp.Symbol("phi", real=True)  # an angle, whose cosine and sine are the statistics
COSINE, SINE = sp.symbols("cos_phi sin_phi", real=True)
_SECOND_ORDER = sp.Symbol("t")  # beside s, where a BetaRule differentiates
_LOG_U, _LOG_V = sp.symbols("log_U log_V", real=True)


class NoClosedForm(ValueError):
    """A rule met an expression whose expectation it does not know."""


class Rule:
    """An expectation that needs no integral.

    Attributes
    ----------
    outcomes : set of sympy.Symbol
        What the expectation is taken over.
    bound_symbols : set of sympy.Symbol
        What the rule is written in, which no result contains.
    free_symbols : set of sympy.Symbol
        Outcomes, parameters and constants that occur in the rule.
    """

    def subs(self, values):
        """Replace parameters.

        Parameters
        ----------
        values : dict
            From symbols to their replacements.

        Returns
        -------
        Rule
            Of the same kind, with the replacements made.
        """
        return self._at(check.values(values, "values"))

    def expectation(self, expression):
        """Take the expectation of an expression in the outcome.

        Parameters
        ----------
        expression : sympy.Expr
            After the substitution, for a ``MomentRule`` a sum of powers of the statistics times exponentials
            of them; for a ``BetaRule`` rational in ``U`` and ``V`` and polynomial in their logarithms; for a
            ``FiniteSum`` anything.

        Returns
        -------
        sympy.Expr
            A function of the parameters.

        Raises
        ------
        NoClosedForm
            If it does not become of that form.
        """
        expression = check.exact(expression, "expression")
        check.refuse_namesakes(self.outcomes, expression.free_symbols, "expression")
        return self._expectation(expression)


class MomentRule(Rule):
    """Expectations from a moment generating function (eq-catalogue-moment-rule).

    Parameters
    ----------
    substitution : dict or sequence of dict
        The outcome in terms of the statistics, ``{x: exp(L) / b}``. A sequence lists branches of equal
        probability, ``[{x: mu + b * exp(L)}, {x: mu - b * exp(L)}]``.
    generating : sympy.Expr
        ``M(s) = E[exp(s * L)]``, a function of ``s`` (the argument t of the book) and the parameters.
    statistics, orders : sequence of sympy.Symbol
        The statistics and the arguments of ``M`` that go with them; one each, ``L`` and ``s``, unless said
        otherwise.

    Notes
    -----
    Differentiating ``M(s) = E[exp(s * L)]`` j times under the expectation and setting ``s = c`` gives
    ``E[L**j * exp(c * L)]``.
    """

    def __init__(self, substitution, generating, statistics=(L,), orders=(s,)):
        self.generating = check.exact(generating, "generating")
        self.statistics, self.orders = (
            check.symbols(statistics, "statistics"),
            check.symbols(orders, "orders"),
        )
        if isinstance(substitution, dict):
            substitution = (substitution,)
        if not isinstance(substitution, list | tuple) or not substitution:
            raise ValueError(f"substitution is {substitution!r}; give a dictionary, as {{x: mu + L}}")
        self.branches = tuple(_outcomes(branch, (*self.statistics, ANGLE)) for branch in substitution)
        self._check_generating()
        self.outcomes = _symbols_of(*self.branches)
        self.bound_symbols = {*self.statistics, *self.orders, ANGLE}
        written = [e for branch in self.branches for e in branch.values()]
        self.free_symbols = self.outcomes | _symbols_of(written, [self.generating]) - self.bound_symbols

    def _check_generating(self):
        """Refuse what generates no moments of the statistics."""
        if len(self.statistics) != len(self.orders):
            raise ValueError(f"{self.statistics} and {self.orders} do not fit: give one order per statistic")
        for order in self.orders:
            if order not in self.generating.free_symbols:
                raise ValueError(
                    f"generating is {self.generating}, which does not depend on {order}; write it in this"
                )
        total = self.generating.subs(dict.fromkeys(self.orders, 0))
        try:
            wrong = total.has(sp.nan, sp.zoo) or not equal(total, 1)
        except Undecided:
            wrong = False
        if wrong:
            raise ValueError(f"generating is {self.generating}, which is {total} at 0, and not E[exp(0)] = 1")

    def __repr__(self):
        outcome = " or ".join(f"{x} = {e}" for branch in self.branches for x, e in branch.items())
        return f"MomentRule({outcome}; M = {self.generating})"

    def _at(self, values):
        branches = [{x: e.xreplace(values) for x, e in branch.items()} for branch in self.branches]
        return MomentRule(branches, self.generating.xreplace(values), self.statistics, self.orders)

    def _expectation(self, expression):
        return sum(self._mean(expression, branch) for branch in self.branches) / len(self.branches)

    def _mean(self, expression, branch):
        terms = {}
        for term in sp.Add.make_args(sp.expand(sp.expand_log(_substitute(expression, branch)))):
            coefficient, powers, rates = self._read(term)
            terms[powers, rates] = terms.get((powers, rates), 0) + coefficient
        return sp.Add(
            *(coefficient * _moment(self.generating, self.orders, *key) for key, coefficient in terms.items())
        )

    def _read(self, term):
        """Split one term into coefficient, powers of the statistics and their rates in exponentials."""
        coefficient, dependent = term.as_independent(*self.statistics, as_Add=False)
        powers, rates = dict.fromkeys(self.statistics, 0), dict.fromkeys(self.statistics, sp.S.Zero)
        for factor in sp.Mul.make_args(dependent):
            base, exponent = factor.as_base_exp()
            exponent = sp.expand(exponent)
            slopes = [exponent.diff(statistic) for statistic in self.statistics]
            if base in powers and exponent.is_Integer and exponent > 0:
                powers[base] += int(exponent)
            elif base == sp.E and not any(slope.has(*self.statistics) for slope in slopes):
                coefficient *= sp.exp(exponent.xreplace(dict.fromkeys(self.statistics, sp.S.Zero)))
                for statistic, slope in zip(self.statistics, slopes, strict=True):
                    rates[statistic] += slope
            elif not factor.is_number:
                raise NoClosedForm(
                    f"no rule for the expectation of {term}: {factor} is neither a power nor an exponential"
                )
        return coefficient, tuple(powers.values()), tuple(sp.expand(rate) for rate in rates.values())


@cache
def _moment(generating, orders, powers, rates):
    """``E[L**j * exp(c * L)]``: the derivative of order j of the generating function, at c."""
    if not any(powers) and not any(rates):
        return sp.S.One
    derivative = sp.diff(generating, *zip(orders, powers, strict=True))
    return bring_together(derivative.subs(dict(zip(orders, rates, strict=True))))


class BetaRule(Rule):
    """Expectations for an outcome written through ``U ~ Beta(A, B)`` and ``V = 1 - U``.

    See eq-catalogue-beta-rule.

    Parameters
    ----------
    substitution : dict
        The outcome in terms of ``U`` and ``V``, ``{x: mu + scale * (log(U) - log(V))}``, or of the signed
        root ``T``.
    first, second : sympy.Expr
        ``A`` and ``B``.
    square : sympy.Expr
        ``T**2`` as a function of ``U`` and ``V``, if the substitution uses ``T``.

    Notes
    -----
    ``E[U**i * V**j] = B(A + i, B + j) / B(A, B)``, and each logarithm of ``U`` or ``V`` is one more
    derivative in ``i`` or ``j``: a moment generating function of ``(log U, log V)``. Rising factorials keep
    the quotients of Gamma functions rational.
    """

    def __init__(self, substitution, first, second, square=V / U):
        self.substitution = _outcomes(substitution, (U, V, T))
        self.first, self.second = check.exact(first, "first"), check.exact(second, "second")
        self.square = check.exact(square, "square")
        for name, value in (("first", self.first), ("second", self.second)):
            if value.is_positive is False:
                raise ValueError(f"{name} is {value}; give a positive one, because U ~ Beta(first, second)")
        if not self.square.free_symbols & {U, V}:
            raise ValueError(f"square is {self.square}; give T**2 as a function of U and V, as V / U")
        self.outcomes = _symbols_of(self.substitution)
        self.bound_symbols = {U, V, T, s, _SECOND_ORDER}
        written = _symbols_of(self.substitution.values(), (self.first, self.second, self.square))
        self.free_symbols = self.outcomes | written - self.bound_symbols

    def __repr__(self):
        outcome = ", ".join(f"{x} = {e}" for x, e in self.substitution.items())
        return f"BetaRule({outcome}; U ~ Beta({self.first}, {self.second}))"

    def _at(self, values):
        substitution = {x: e.xreplace(values) for x, e in self.substitution.items()}
        return BetaRule(substitution, *(e.xreplace(values) for e in (self.first, self.second, self.square)))

    def _expectation(self, expression):
        expression = sp.expand_log(_substitute(expression, self.substitution))
        if expression.has(T):
            even = sp.cancel(sp.together((expression + expression.subs(T, -T)) / 2))
            expression = even.subs(T, sp.sqrt(T)).subs(T, self.square)
        expression = expression.replace(sp.log, _log_of_powers).subs(V, 1 - U)
        numerator, denominator = sp.fraction(sp.cancel(sp.together(expression)))
        try:
            zeros, ones, rest = _roots_at_zero_and_one(denominator)
            polynomial = sp.Poly(numerator, U, _LOG_U, _LOG_V)
        except sp.PolynomialError as error:
            raise NoClosedForm(f"no rule for the expectation of {expression}: {error}") from error
        if any(entry.has(U, T, _LOG_U, _LOG_V) for entry in [rest, *polynomial.coeffs()]):
            raise NoClosedForm(f"no rule for the expectation of {expression}: not rational in U")
        terms = (c * self._moment(i - zeros, -ones, k, m) for (i, k, m), c in polynomial.terms())
        return sp.Add(*terms) / rest

    def _moment(self, i, j, k, m):
        """``E[U**i * V**j * log(U)**k * log(V)**m]``."""
        a, b, t = self.first, self.second, _SECOND_ORDER
        rational = sp.rf(a, i) * sp.rf(b, j) / sp.rf(a + b, i + j)
        if not k and not m:
            return rational
        growth = sp.loggamma(a + i + s) + sp.loggamma(b + j + t) - sp.loggamma(a + b + i + j + s + t)
        derivative = sp.diff(sp.exp(growth - growth.subs({s: 0, t: 0})), s, k, t, m)
        return rational * bring_together(derivative.subs({s: 0, t: 0}))


class FiniteSum(Rule):
    """Expectations as sums over finitely many outcomes.

    Parameters
    ----------
    variable : sympy.Symbol
        The outcome.
    log_density : sympy.Expr
        Its log-probability.
    values : sequence
        The outcomes.
    """

    def __init__(self, variable, log_density, values):
        self.variable = check.symbol(variable, "variable")
        self.log_density = check.exact(log_density, "log_density")
        self.values = check.sequence(values, "values", check.exact, "outcomes, as [0, 1]")
        if not self.values or len(set(self.values)) < len(self.values):
            raise ValueError(f"values are {list(self.values)}; give at least one outcome, and each once")
        check.refuse_namesakes([variable], self.log_density.free_symbols, "log_density")
        self.outcomes, self.bound_symbols = {variable}, set()
        self.free_symbols = self.outcomes | self.log_density.free_symbols

    def __repr__(self):
        return f"FiniteSum({self.variable} in {', '.join(map(str, self.values))})"

    def _at(self, values):
        return FiniteSum(self.variable, self.log_density.xreplace(values), self.values)

    def _expectation(self, expression):
        at = [{self.variable: value} for value in self.values]
        probabilities = [sp.exp(self.log_density.subs(value)) for value in at]
        return sp.Add(*(p * expression.subs(value) for p, value in zip(probabilities, at, strict=True)))


def fitting_rule(rule, log_density, parameters):
    """Rule that knows every symbol of the log-density; anything else is refused."""
    if not isinstance(rule, Rule):
        raise ValueError(f"rule is {rule!r}; give a MomentRule, a BetaRule or a FiniteSum")
    declared = {*parameters, *log_density.free_symbols}
    if declared & rule.bound_symbols:
        names = declared & rule.bound_symbols
        raise ValueError(f"the log_density contains {names}, in which rules are written; take other symbols")
    check.refuse_namesakes(declared, rule.free_symbols, "rule")
    strangers = log_density.free_symbols - set(parameters) - rule.free_symbols
    if strangers:
        raise ValueError(
            f"log_density contains {', '.join(sorted(map(str, strangers)))}, neither a parameter nor in the "
            f"rule, {rule!r}; give the rule of this distribution, in the same symbols"
        )
    return rule


def _outcomes(substitution, statistics):
    """Outcomes in terms of statistics, each an exact expression that contains one of them."""
    if not isinstance(substitution, dict):
        raise ValueError(f"substitution is {substitution!r}; give a dictionary, as {{x: {statistics[0]}}}")
    checked = {}
    for outcome, value in substitution.items():
        if not isinstance(outcome, sp.Expr) or not outcome.free_symbols:
            raise ValueError(f"substitution maps {outcome!r}; give the outcome as a SymPy symbol")
        checked[outcome] = value = check.exact(value, f"{outcome} in the substitution")
        if not value.free_symbols & set(statistics):
            raise ValueError(
                f"substitution says {outcome} = {value}, with none of the statistics {statistics}; "
                "import them from ngbook.symbolic"
            )
    return checked


def _symbols_of(*groups):
    """All symbols in groups of expressions."""
    return set().union(*(expression.free_symbols for group in groups for expression in group))


def _substitute(expression, substitution):
    """Put the outcome in terms of the statistics of a rule."""
    replaced = expression.xreplace(substitution).replace(_turns, _split_angle)
    left_over = replaced.free_symbols & set().union(*(key.free_symbols for key in substitution))
    if left_over:
        raise NoClosedForm(f"the rule does not say what {left_over.pop()} in {expression} becomes")
    return replaced


def _turns(expression):
    return isinstance(expression, sp.cos | sp.sin) and expression.has(ANGLE)


def _split_angle(wave):
    """Addition theorem: cos(phi + rest) and sin(phi + rest) in the cosine and sine of phi."""
    rest = wave.args[0] - ANGLE
    return COSINE * wave.func(rest) + SINE * wave.func(rest + sp.pi / 2)


def _log_of_powers(argument):
    """Logarithm of a constant times powers of U and V, as ``1 + U / V`` is one; of anything else as it is."""
    result, rest = 0, sp.S.One
    for factor in sp.Mul.make_args(sp.factor(sp.together(argument.subs(V, 1 - U)))):
        base, power = factor.as_base_exp()
        if base == U:
            result += power * _LOG_U
        elif base in (1 - U, U - 1):
            result, rest = result + power * _LOG_V, rest * base.subs(U, 0) ** power
        else:
            rest *= factor
    return result + sp.expand_log(sp.log(rest))


def _roots_at_zero_and_one(denominator):
    """Powers of U and of 1 - U in a denominator, and the factor that is left."""
    multiplicities = []
    polynomial = sp.Poly(denominator, U)
    for root in (sp.Poly(U, U), sp.Poly(1 - U, U)):
        multiplicity = 0
        while polynomial.degree() > 0 and polynomial.rem(root).is_zero:
            polynomial, multiplicity = polynomial.quo(root), multiplicity + 1
        multiplicities.append(multiplicity)
    return *multiplicities, polynomial.as_expr()
