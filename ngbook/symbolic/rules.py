"""Rules: expectations without integration."""

import sympy as sp

from ngbook.symbolic.equality import bring_together

# The symbols in which rules are written.
L = sp.Symbol("L", real=True)  # the statistic of a MomentRule
s = sp.Symbol("s")  # the argument of its moment generating function
U = sp.Symbol("U", positive=True)  # U ~ Beta(A, B)
V = sp.Symbol("V", positive=True)  # V = 1 - U
T = sp.Symbol("T", real=True)  # a root of a function of U and V, with either sign equally likely
ANGLE = sp.Symbol("phi", real=True)  # an angle, whose cosine and sine are the statistics
COSINE, SINE = sp.symbols("cos_phi sin_phi", real=True)


class NoClosedForm(ValueError):
    """A rule met an expression whose expectation it does not know."""


class MomentRule:
    """Expectations from a moment generating function (eq-catalogue-moment-rule).

    Parameters
    ----------
    substitution : dict or sequence of dict
        The outcome in terms of the statistics, ``{x: exp(L) / b}``. A sequence lists branches of equal
        probability, ``[{x: mu + b * exp(L)}, {x: mu - b * exp(L)}]``.
    generating : sympy.Expr
        ``M(s) = E[exp(s * L)]``, a function of ``s`` and the parameters.
    statistics, orders : sequence of sympy.Symbol
        The statistics and the arguments of ``M`` that go with them; one each, ``L`` and ``s``, unless said
        otherwise.

    Notes
    -----
    Differentiating ``M(s) = E[exp(s * L)]`` j times under the expectation and setting ``s = c`` gives
    ``E[L**j * exp(c * L)]``.
    """

    def __init__(self, substitution, generating, statistics=(L,), orders=(s,)):
        self.branches = (dict(substitution),) if isinstance(substitution, dict) else tuple(substitution)
        self.generating = sp.sympify(generating)
        self.statistics, self.orders = tuple(statistics), tuple(orders)
        self._moments = {}

    def __repr__(self):
        outcome = " or ".join(f"{x} = {e}" for branch in self.branches for x, e in branch.items())
        return f"MomentRule({outcome}; M = {self.generating})"

    def subs(self, values):
        """Same rule at other parameters.

        Parameters
        ----------
        values : dict
            From symbols to their replacements.

        Returns
        -------
        MomentRule
            The rule with the replacements made.
        """
        branches = [
            {x: sp.sympify(e).xreplace(values) for x, e in branch.items()} for branch in self.branches
        ]
        return MomentRule(branches, self.generating.xreplace(values), self.statistics, self.orders)

    def expectation(self, expression):
        """Expectation of an expression in the outcome.

        Parameters
        ----------
        expression : sympy.Expr
            Becomes, after the substitution, a sum of powers of the statistics times exponentials of them.

        Returns
        -------
        sympy.Expr
            A function of the parameters.

        Raises
        ------
        NoClosedForm
            If it does not become such a sum.
        """
        total = sum(self._branch_expectation(expression, branch) for branch in self.branches)
        return total / len(self.branches)

    def _branch_expectation(self, expression, branch):
        expression = _substitute(expression, branch)
        terms = {}
        for term in sp.Add.make_args(sp.expand(sp.expand_log(expression))):
            coefficient, powers, rates = self._read(term)
            terms[powers, rates] = terms.get((powers, rates), 0) + coefficient
        return sp.Add(*(coefficient * self._moment(*key) for key, coefficient in terms.items()))

    def _read(self, term):
        """Split one term into coefficient, powers of the statistics and their rates in exponentials."""
        coefficient, dependent = term.as_independent(*self.statistics, as_Add=False)
        powers, rates = dict.fromkeys(self.statistics, 0), dict.fromkeys(self.statistics, sp.S.Zero)
        for factor in sp.Mul.make_args(dependent):
            if factor in powers:
                powers[factor] += 1
            elif isinstance(factor, sp.exp):
                exponent = sp.expand(factor.args[0])
                constant = exponent.xreplace(dict.fromkeys(self.statistics, sp.S.Zero))
                slopes = [sp.diff(exponent, statistic) for statistic in self.statistics]
                if any(slope.has(*self.statistics) for slope in slopes):
                    raise NoClosedForm(
                        f"E[{factor}] needs more than the moment generating function of this rule"
                    )
                coefficient *= sp.exp(constant)
                for statistic, slope in zip(self.statistics, slopes, strict=True):
                    rates[statistic] += slope
            elif factor.is_Pow and factor.base in powers and factor.exp.is_Integer and factor.exp > 0:
                powers[factor.base] += int(factor.exp)
            elif factor != 1:
                raise NoClosedForm(
                    f"no rule for the expectation of {term}: {factor} is neither a power nor an exponential"
                )
        return coefficient, tuple(powers.values()), tuple(sp.expand(rate) for rate in rates.values())

    def _moment(self, powers, rates):
        if not any(powers) and not any(rates):
            return sp.S.One
        if (powers, rates) not in self._moments:
            derivative = self.generating
            for order, power in zip(self.orders, powers, strict=True):
                derivative = sp.diff(derivative, order, power)
            at = dict(zip(self.orders, rates, strict=True))
            self._moments[powers, rates] = bring_together(derivative.subs(at))
        return self._moments[powers, rates]


class BetaRule:
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
        self.substitution = dict(substitution)
        self.first, self.second, self.square = sp.sympify(first), sp.sympify(second), sp.sympify(square)

    def __repr__(self):
        outcome = ", ".join(f"{x} = {e}" for x, e in self.substitution.items())
        return f"BetaRule({outcome}; U ~ Beta({self.first}, {self.second}))"

    def subs(self, values):
        """Same rule at other parameters.

        Parameters
        ----------
        values : dict
            From symbols to their replacements.

        Returns
        -------
        BetaRule
            The rule with the replacements made.
        """
        substitution = {x: sp.sympify(e).xreplace(values) for x, e in self.substitution.items()}
        return BetaRule(substitution, *(e.xreplace(values) for e in (self.first, self.second, self.square)))

    def expectation(self, expression):
        """Expectation of an expression in the outcome.

        Parameters
        ----------
        expression : sympy.Expr
            Becomes, after the substitution, rational in ``U`` and ``V`` and polynomial in their logarithms.

        Returns
        -------
        sympy.Expr
            A function of the parameters.

        Raises
        ------
        NoClosedForm
            If it does not.
        """
        log_u, log_v = sp.symbols("log_U log_V", real=True)
        expression = sp.expand_log(_substitute(expression, self.substitution))
        if expression.has(T):
            even = sp.cancel(sp.together((expression + expression.subs(T, -T)) / 2))
            expression = even.subs(T, sp.sqrt(T)).subs(T, self.square)
        logs = {sp.log(U): log_u, sp.log(V): log_v, sp.log(1 - U): log_v}
        expression = expression.subs(logs).subs(V, 1 - U)
        numerator, denominator = sp.fraction(sp.cancel(sp.together(expression)))
        try:
            zeros, ones, rest = _roots_at_zero_and_one(denominator)
            polynomial = sp.Poly(numerator, U, log_u, log_v)
        except sp.PolynomialError as error:
            raise NoClosedForm(f"no rule for the expectation of {expression}: {error}") from error
        if any(entry.has(U, T, log_u, log_v) for entry in [rest, *polynomial.coeffs()]):
            raise NoClosedForm(f"no rule for the expectation of {expression}: not rational in U")
        terms = (c * self._moment(i - zeros, -ones, k, m) for (i, k, m), c in polynomial.terms())
        return sp.Add(*terms) / rest

    def _moment(self, i, j, k, m):
        """``E[U**i * V**j * log(U)**k * log(V)**m]``."""
        a, b, t = self.first, self.second, sp.Symbol("t")
        rational = _rising(a, i) * _rising(b, j) / _rising(a + b, i + j)
        if not k and not m:
            return rational
        growth = sp.loggamma(a + i + s) + sp.loggamma(b + j + t) - sp.loggamma(a + b + i + j + s + t)
        derivative = sp.diff(sp.exp(growth - growth.subs({s: 0, t: 0})), s, k, t, m)
        return rational * bring_together(derivative.subs({s: 0, t: 0}))


class FiniteSum:
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
        self.variable, self.log_density, self.values = variable, log_density, tuple(values)

    def __repr__(self):
        return f"FiniteSum({self.variable} in {', '.join(map(str, self.values))})"

    def subs(self, values):
        """Same rule at other parameters.

        Parameters
        ----------
        values : dict
            From symbols to their replacements.

        Returns
        -------
        FiniteSum
            The rule with the replacements made.
        """
        return FiniteSum(self.variable, self.log_density.xreplace(values), self.values)

    def expectation(self, expression):
        """Expectation of an expression in the outcome.

        Parameters
        ----------
        expression : sympy.Expr
            Any expression.

        Returns
        -------
        sympy.Expr
            A function of the parameters.
        """
        at = [{self.variable: sp.sympify(value)} for value in self.values]
        probabilities = [sp.exp(self.log_density.subs(value)) for value in at]
        return sp.Add(
            *(p * sp.sympify(expression).subs(value) for p, value in zip(probabilities, at, strict=True))
        )


def _substitute(expression, substitution):
    """Put the outcome in terms of the statistics of a rule."""
    expression = sp.sympify(expression)
    replaced = expression.xreplace(substitution)
    if replaced.has(ANGLE):
        replaced = replaced.replace(
            lambda e: isinstance(e, (sp.cos, sp.sin)) and e.has(ANGLE), lambda e: _split_angle(e)
        )
    left_over = replaced.free_symbols & set().union(*(key.free_symbols for key in substitution))
    if left_over:
        raise NoClosedForm(f"the rule does not say what {left_over.pop()} in {expression} becomes")
    return replaced


def _split_angle(wave):
    """Addition theorem: cos(phi + rest) and sin(phi + rest) in the cosine and sine of phi."""
    rest = wave.args[0] - ANGLE
    if isinstance(wave, sp.cos):
        return COSINE * sp.cos(rest) - SINE * sp.sin(rest)
    return SINE * sp.cos(rest) + COSINE * sp.sin(rest)


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


def _rising(start, steps):
    """Rising factorial; for a negative number of steps its reciprocal counterpart."""
    if steps >= 0:
        return sp.Mul(*(start + step for step in range(steps)))
    return 1 / sp.Mul(*(start - step for step in range(1, 1 - steps)))
