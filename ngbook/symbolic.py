"""Expectation, exactly: score, Hessian, KL and the Fisher matrix in SymPy.

Plain symbolic integration gives up on a third of the textbook distributions. Nothing here integrates. Each
distribution comes with a *rule* that knows its expectations:

1. ``MomentRule``: write the outcome through a statistic ``L`` whose moment generating function ``M`` is known, as
   ``x = exp(L) / b`` for the Gamma distribution. Every score and Hessian then is a sum of terms
   ``L**j * exp(c * L)``, and ``E[L**j * exp(c * L)]`` is the j-th derivative of ``M`` at ``c``.
2. ``BetaRule``: the same with two indices, for outcomes written through ``U ~ Beta(A, B)`` and ``V = 1 - U``.
3. ``FiniteSum``: a sum over finitely many outcomes.

With a rule at hand, ``fisher_three_ways`` derives the Fisher matrix as the mean outer product of the score, as
minus the mean Hessian and as the Hessian of ``KL(old || new)``, and proves the three equal.
"""

from dataclasses import dataclass, field
from types import MappingProxyType

import sympy as sp

__all__ = [
    "BetaRule",
    "FiniteSum",
    "FisherDerivation",
    "L",
    "MomentRule",
    "NoClosedForm",
    "T",
    "U",
    "Undecided",
    "V",
    "change_of_chart",
    "equal",
    "fisher_three_ways",
    "hessian",
    "kl_divergence",
    "old",
    "prove_equal",
    "s",
    "score",
    "tidy",
]

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


class Undecided(ArithmeticError):
    """Two expressions agree at every point tried, but no proof of their equality was found."""


# --- derivatives ----------------------------------------------------------------------------------------------


def score(log_density, parameters):
    """Score: the gradient of the log-density in the parameters.

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The p parameters.

    Returns
    -------
    sympy.Matrix
        Column of shape (p, 1), a function of the parameters and of the outcome.
    """
    return sp.ImmutableMatrix([sp.diff(log_density, parameter) for parameter in parameters])


def hessian(log_density, parameters):
    """Hessian of the log-density in the parameters.

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The p parameters.

    Returns
    -------
    sympy.Matrix
        Symmetric, of shape (p, p).
    """
    first = score(log_density, parameters)
    return _symmetric(len(first), lambda i, j: sp.diff(first[i], parameters[j]))


def old(parameter):
    """Symbol for the old value of a parameter, with the same assumptions.

    Parameters
    ----------
    parameter : sympy.Symbol
        For example ``sigma``.

    Returns
    -------
    sympy.Symbol
        ``sigma_old``.
    """
    return sp.Symbol(f"{parameter.name}_old", **parameter._assumptions_orig)


def _symmetric(size, entry):
    entries = {(i, j): entry(i, j) for i in range(size) for j in range(i, size)}
    return sp.ImmutableMatrix(size, size, lambda i, j: entries[min(i, j), max(i, j)])


# --- rules ----------------------------------------------------------------------------------------------------


class MomentRule:
    """Expectations from a moment generating function.

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
        branches = [{x: sp.sympify(e).xreplace(values) for x, e in branch.items()} for branch in self.branches]
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
        """Split one term into its coefficient, the powers of the statistics and their rates in exponentials."""
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
                    raise NoClosedForm(f"E[{factor}] needs more than the moment generating function of this rule")
                coefficient *= sp.exp(constant)
                for statistic, slope in zip(self.statistics, slopes, strict=True):
                    rates[statistic] += slope
            elif factor.is_Pow and factor.base in powers and factor.exp.is_Integer and factor.exp > 0:
                powers[factor.base] += int(factor.exp)
            elif factor != 1:
                raise NoClosedForm(f"no rule for the expectation of {term}: the factor {factor} is neither a power nor an exponential")
        return coefficient, tuple(powers.values()), tuple(sp.expand(rate) for rate in rates.values())

    def _moment(self, powers, rates):
        if not any(powers) and not any(rates):
            return sp.S.One
        if (powers, rates) not in self._moments:
            derivative = self.generating
            for order, power in zip(self.orders, powers, strict=True):
                derivative = sp.diff(derivative, order, power)
            at = dict(zip(self.orders, rates, strict=True))
            self._moments[powers, rates] = _shift(derivative.subs(at))
        return self._moments[powers, rates]


class BetaRule:
    """Expectations for an outcome written through ``U ~ Beta(A, B)`` and ``V = 1 - U``.

    Parameters
    ----------
    substitution : dict
        The outcome in terms of ``U`` and ``V``, ``{x: mu + scale * log(U / V)}``, or of the signed root ``T``.
    first, second : sympy.Expr
        ``A`` and ``B``.
    square : sympy.Expr
        ``T**2`` as a function of ``U`` and ``V``, if the substitution uses ``T``.

    Notes
    -----
    ``E[U**i * V**j] = B(A + i, B + j) / B(A, B)``, and each logarithm of ``U`` or ``V`` is one more derivative
    in ``i`` or ``j``: a moment generating function of ``(log U, log V)``. Rising factorials keep the quotients
    of Gamma functions rational.
    """

    def __init__(self, substitution, first, second, square=V / U):
        self.substitution = dict(substitution)
        self.first, self.second, self.square = sp.sympify(first), sp.sympify(second), sp.sympify(square)

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
        zeros, ones, rest = _roots_at_zero_and_one(denominator)
        try:
            polynomial = sp.Poly(numerator, U, log_u, log_v)
        except sp.PolynomialError as error:
            raise NoClosedForm(f"no rule for the expectation of {numerator}: not a polynomial in U") from error
        if polynomial.has(U, V, log_u, log_v) and any(c.has(U, V, T) for c in polynomial.coeffs()):
            raise NoClosedForm(f"no rule for the expectation of {numerator}: not a polynomial in U")
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
        return rational * _shift(derivative.subs({s: 0, t: 0}))


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
        return sp.Add(*(p * sp.sympify(expression).subs(value) for p, value in zip(probabilities, at, strict=True)))


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
    if polynomial.degree() > 0:
        raise NoClosedForm(f"no rule for an expectation with the denominator {denominator}")
    return *multiplicities, polynomial.as_expr()


def _rising(start, steps):
    """Rising factorial; for a negative number of steps its reciprocal counterpart."""
    if steps >= 0:
        return sp.Mul(*(start + step for step in range(steps)))
    return 1 / sp.Mul(*(start - step for step in range(1, 1 - steps)))


def _shift(expression):
    """Bring Gamma and Bessel functions whose arguments or orders differ by integers to common ones."""
    expression = sp.expand_func(expression)
    if expression.has(sp.besseli):
        expression = expression.replace(
            lambda e: isinstance(e, sp.besseli) and e.args[0].is_Integer and e.args[0] >= 2,
            lambda e: sp.besseli(e.args[0] - 2, e.args[1])
            - 2 * (e.args[0] - 1) / e.args[1] * sp.besseli(e.args[0] - 1, e.args[1]),
        )
    return expression


# --- equality and tidiness ------------------------------------------------------------------------------------


def equal(left, right, point=None):
    """Whether two expressions or matrices are equal: proved, or refuted at a point.

    Parameters
    ----------
    left, right : sympy.Expr or sympy.Matrix
        Of one shape.
    point : dict, optional
        From symbols to exact numbers, at which a refutation is tried first. Rational numbers between 0 and 1 of
        the signs that the symbols allow, unless given.

    Returns
    -------
    bool
        True if equality was proved, False if it was refuted.

    Raises
    ------
    Undecided
        If neither succeeded.
    """
    return prove_equal(left, right, point) is not None


def prove_equal(left, right, point=None):
    """Proof of equality: which step settled it.

    Parameters
    ----------
    left, right, point
        As for ``equal``.

    Returns
    -------
    str or None
        ``"identical"``, ``"expansion"``, ``"cancellation"``, ``"Gamma function identities"`` or
        ``"simplification"``: the heaviest step that any entry needed; None if equality was refuted.

    Raises
    ------
    Undecided
        If neither succeeded.
    """
    left, right = sp.sympify(left), sp.sympify(right)
    if getattr(left, "shape", None) != getattr(right, "shape", None):
        return None
    entries = zip(left, right, strict=True) if hasattr(left, "shape") else [(left, right)]
    heaviest = 0
    for left_entry, right_entry in entries:
        step = _prove_zero(left_entry, right_entry, point)
        if step is None:
            return None
        heaviest = max(heaviest, step)
    return _STEPS[heaviest][0]


_STEPS = (
    ("identical", lambda e: e),
    ("expansion", sp.expand),
    ("cancellation", lambda e: sp.cancel(sp.together(sp.expand(_shift(e), power_base=False)))),
    ("Gamma function identities", lambda e: sp.cancel(sp.together(sp.gammasimp(_shift(e))))),
    ("simplification", sp.simplify),
)


def _prove_zero(left, right, point):
    """Index of the first step that turns the difference into zero; None if a point refutes it."""
    difference = left - right
    for step, (_, transform) in enumerate(_STEPS):
        if step == 1 and _refuted(left, right, point):
            return None
        if transform(difference) == 0:
            return step
    raise Undecided(f"neither proved nor refuted: {left} = {right}; give a point at which they differ, or rewrite one")


def _refuted(left, right, point):
    symbols = sorted((left - right).free_symbols, key=str)
    values = {x: sp.Rational(-2 if x.is_negative else 2, sp.prime(k + 4)) for k, x in enumerate(symbols)}
    values.update(point or {})
    here = [sp.N(side.subs(values), 40) for side in (left, right)]
    if not all(side.is_number and side.is_finite for side in here):
        return False
    return bool(abs(here[0] - here[1]) > sp.Float("1e-25", 40) * (1 + abs(here[0]) + abs(here[1])))


def tidy(expression, point=None):
    """Shortest of a few cheap equivalent forms of an expression, or of each entry of a matrix.

    Parameters
    ----------
    expression : sympy.Expr or sympy.Matrix
        What to shorten.
    point : dict, optional
        From symbols to numbers: each factor is then written so that it is positive there, ``p * (1 - p)``.

    Returns
    -------
    sympy.Expr or sympy.Matrix
        Equal to it.
    """
    if hasattr(expression, "applyfunc"):
        return expression.applyfunc(lambda entry: tidy(entry, point))
    shifted = _shift(sp.sympify(expression))
    cancelled = sp.cancel(sp.together(sp.expand(shifted, power_base=False)))
    numerator, denominator = (sp.factor_terms(part) for part in sp.fraction(cancelled))
    factored = sp.factor(cancelled)
    candidates = [numerator / denominator, factored, expression, shifted, cancelled, sp.expand(cancelled)]
    if point:
        candidates = [_flip_negative_factors(candidate, point) for candidate in candidates]
    lengths = [sp.count_ops(candidate) - (place < 2) for place, candidate in enumerate(candidates)]
    return candidates[lengths.index(min(lengths))]  # products are worth one operation more


def _flip_negative_factors(expression, point):
    """Write ``-1 / (p * (p - 1))`` as ``1 / (p * (1 - p))``, given a p between 0 and 1."""
    sign, factors = 1, []
    for factor in sp.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if base.is_Add and exponent.is_Integer and base.subs(point).is_negative:
            sign, factor = sign * (-1) ** exponent, (-base) ** exponent
        factors.append(factor)
    return sign * sp.Mul(*factors) if len(factors) > 1 else expression


# --- KL and the three forms -----------------------------------------------------------------------------------


def kl_divergence(log_density, parameters, rule, point=None):
    """Divergence ``KL(old || new)``; the old parameters carry the expectation.

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The new parameters; ``old`` of each is the old one.
    rule : MomentRule, BetaRule or FiniteSum
        The expectation at the new parameters.
    point : dict, optional
        From symbols to numbers: the signs of factors are chosen so that they are positive there, if given.

    Returns
    -------
    sympy.Expr
        A function of the old and the new parameters.

    Raises
    ------
    NoClosedForm
        If the rule cannot take the expectation.
    """
    to_old = {parameter: old(parameter) for parameter in parameters}
    ratio = sp.expand_log(log_density.xreplace(to_old)) - sp.expand_log(log_density)
    return _tidy_kl(rule.subs(to_old).expectation(ratio), parameters, point or {})


def _tidy_kl(kl, parameters, point):
    """KL as differences of locations and logarithms of ratios: shorter, and more exact near coincidence."""
    point = point | {old(parameter): value for parameter, value in point.items()}
    gaps, kl = {}, sp.expand_log(kl)
    for parameter in parameters:
        gap = sp.Dummy("gap", real=True)
        shifted = sp.powsimp(sp.expand(kl.subs(parameter, old(parameter) + gap)), combine="exp")
        if not shifted.has(old(parameter)):
            kl, gaps[gap] = shifted, parameter - old(parameter)
            point[gap] = sp.Rational(1, 17)
    kl = sp.expand(kl)
    atoms = sorted(kl.atoms(sp.log, sp.loggamma, sp.polygamma), key=str)
    parts = sp.collect(kl, atoms, lambda coefficient: tidy(coefficient, point), evaluate=False)
    rest = sp.powsimp(tidy(parts.pop(sp.S.One, sp.S.Zero), point), combine="exp")
    return (_join_logarithms(parts, point) + rest).subs(gaps)


def _join_logarithms(parts, point):
    """Sum of coefficients times atoms, with logarithms of opposite coefficients joined into one of a ratio."""
    total, ratios = sp.S.Zero, {}
    for atom, coefficient in parts.items():
        if not isinstance(atom, sp.log):
            total += coefficient * atom
            continue
        sign = -1 if coefficient.subs(point).is_negative else 1
        key = sp.expand(sign * coefficient)
        ratios[key] = ratios.get(key, 1) * atom.args[0] ** sign
    return total + sum(tidy(coefficient, point) * sp.log(ratio) for coefficient, ratio in ratios.items())


@dataclass(frozen=True)
class FisherDerivation:
    """Fisher matrix, derived in three ways.

    Attributes
    ----------
    parameters : tuple of sympy.Symbol
        The chart.
    mean_score : sympy.Matrix
        Expectation of the score; zero for a regular family.
    outer : sympy.Matrix or None
        Mean outer product of the score.
    curvature : sympy.Matrix or None
        Minus the mean Hessian of the log-density.
    kl_hessian : sympy.Matrix or None
        Hessian of ``KL(old || new)`` in the new parameters at coincidence.
    matrix : sympy.Matrix or None
        The Fisher matrix, tidied: what the forms that exist agree on. None if they do not agree.
    missing : dict
        From the name of a form that is None to one sentence that says why.
    proved : tuple
        Pairs of names and how they were proved equal, ``(("outer", "curvature"), "cancellation")``.
    regular : bool
        Whether the mean score is zero and the forms that exist agree.
    reason : str
        Why it is not regular; empty otherwise.
    """

    parameters: tuple
    mean_score: sp.ImmutableMatrix
    outer: sp.ImmutableMatrix | None
    curvature: sp.ImmutableMatrix | None
    kl_hessian: sp.ImmutableMatrix | None
    matrix: sp.ImmutableMatrix | None
    missing: dict = field(default_factory=dict)
    proved: tuple = ()
    regular: bool = True
    reason: str = ""

    def subs(self, values):
        """Same derivation with symbols replaced.

        Parameters
        ----------
        values : dict
            From symbols to their replacements.

        Returns
        -------
        FisherDerivation
            With the replacements made in every matrix.
        """
        names = ("mean_score", "outer", "curvature", "kl_hessian", "matrix")
        replaced = {n: None if getattr(self, n) is None else getattr(self, n).subs(values) for n in names}
        rest = {n: getattr(self, n) for n in ("parameters", "missing", "proved", "regular", "reason")}
        return FisherDerivation(**replaced, **rest)


def fisher_three_ways(log_density, parameters, rule, kl=None, no_kl=None, point=None):
    """Fisher matrix from the score, from the Hessian and from KL, with proofs that they agree.

    Parameters
    ----------
    log_density : sympy.Expr
        ``log p_theta(x)``.
    parameters : sequence of sympy.Symbol
        The p parameters.
    rule : MomentRule, BetaRule or FiniteSum
        The expectation.
    kl : sympy.Expr, optional
        ``KL(old || new)`` in the parameters and ``old`` of them, if the rule cannot derive it.
    no_kl : str, optional
        One sentence: why there is no closed form of it.
    point : dict, optional
        From symbols to exact numbers: where ``equal`` tries to refute.

    Returns
    -------
    FisherDerivation
        Forms that do not exist, or are not known in closed form, are None and explained in ``missing``.
    """
    parameters, missing = tuple(parameters), {}
    gradient, second = score(log_density, parameters), hessian(log_density, parameters)
    size = len(parameters)
    mean_score = tidy(gradient.applyfunc(rule.expectation))
    outer = _symmetric(size, lambda i, j: rule.expectation(gradient[i] * gradient[j]))
    curvature = None
    if second.has(sp.DiracDelta):
        missing["curvature"] = (
            "The log-density has a kink: its second derivative is zero on either side and does not exist at the "
            "kink itself, so its mean misses the information that sits there."
        )
    else:
        curvature = _symmetric(size, lambda i, j: rule.expectation(-second[i, j]))
    kl_hessian = None
    try:
        if no_kl is not None:
            raise NoClosedForm(no_kl)
        kl = kl_divergence(log_density, parameters, rule, point) if kl is None else kl
        kl_hessian = _hessian_at_coincidence(kl, parameters)
    except NoClosedForm as error:
        missing["kl_hessian"] = str(error)
    forms = {"outer": outer, "curvature": curvature, "kl_hessian": kl_hessian}
    return _compare(parameters, mean_score, forms, missing, point)


def _hessian_at_coincidence(kl, parameters):
    """Hessian in the new parameters at old = new; from both sides where KL contains an absolute value."""
    if kl.has(sp.Piecewise) and kl.has(sp.oo):
        raise NoClosedForm(
            "KL(old || new) is infinite on one side of coincidence, however close: it has no derivatives there."
        )
    sides = [kl]
    if kl.has(sp.Abs):
        sides = [kl.replace(sp.Abs, lambda argument, sign=sign: sign * argument) for sign in (1, -1)]
    to_new = {old(parameter): parameter for parameter in parameters}
    values = [hessian(side, parameters).subs(to_new).doit() for side in sides]
    if len(values) == 2 and not equal(*values):
        raise NoClosedForm("KL(old || new) has different second derivatives on the two sides of coincidence.")
    return values[0]


def _compare(parameters, mean_score, forms, missing, point):
    """Prove the forms equal, or say that they are not."""
    names = [name for name, matrix in forms.items() if matrix is not None]
    proved, reasons = [], []
    if not mean_score.is_zero_matrix:
        reasons.append(f"the mean score is {list(mean_score)}, not zero")
    for name in names[1:]:
        how = prove_equal(forms[names[0]], forms[name], point)
        if how is None:
            left, right = (tidy(forms[n]).tolist() for n in (names[0], name))
            reasons.append(f"{names[0]} is {left} but {name} is {right}")
        else:
            proved.append(((names[0], name), how))
    regular = not reasons
    shortest = [tidy(forms[name], point) for name in names] if regular else []
    return FisherDerivation(
        parameters=parameters,
        mean_score=mean_score,
        **forms,
        matrix=min(shortest, key=sp.count_ops) if regular else None,
        missing=MappingProxyType(missing),
        proved=tuple(proved),
        regular=regular,
        reason="; ".join(reasons),
    )


def change_of_chart(fisher, old_parameters, expressions, new_parameters):
    """Fisher matrix in another chart, ``J.T @ F @ J`` with the Jacobian of the old parameters in the new ones.

    Parameters
    ----------
    fisher : sympy.Matrix
        Fisher matrix in the old chart, (p, p).
    old_parameters : sequence of sympy.Symbol
        The p old parameters.
    expressions : sequence of sympy.Expr
        The old parameters as functions of the new ones.
    new_parameters : sequence of sympy.Symbol
        The q new parameters; q may differ from p (softmax has one parameter too many).

    Returns
    -------
    sympy.Matrix
        Fisher matrix in the new chart, (q, q), tidied.

    Raises
    ------
    ValueError
        If the numbers of parameters, expressions and rows do not fit.
    """
    fisher = sp.ImmutableMatrix(fisher)
    if not len(old_parameters) == len(expressions) == fisher.rows == fisher.cols:
        raise ValueError(
            f"a {fisher.rows} by {fisher.cols} matrix, {len(old_parameters)} old parameters and "
            f"{len(expressions)} expressions do not fit: give one expression for each old parameter"
        )
    jacobian = sp.Matrix(list(expressions)).jacobian(list(new_parameters))
    values = dict(zip(old_parameters, (sp.sympify(e) for e in expressions), strict=True))
    return tidy((jacobian.T * fisher.xreplace(values) * jacobian).as_immutable())
