"""Deciding whether two exact expressions are equal: under `ngbook.checks.same` and `ngbook.symbolic.equal`.

This differs from ``sympy.simplify(left - right) == 0`` in three ways:

1. a wrong claim is refuted first, at rational points, which takes milliseconds and yields a counterexample,
   where ``simplify`` takes seconds and yields a residue;
2. the zero is proved with the cheap rules before the expensive one, and the verdict names the rule;
3. "could not be decided" is an answer of its own, never taken for a yes or a no.
"""

from dataclasses import dataclass, field
from itertools import islice

import sympy as sp
from sympy.core.function import AppliedUndef

DIGITS = 40  # of the numerical evaluation at a rational point
AGREES = sp.Float(10) ** -25  # relative size below which a difference counts as zero there
UNEVALUATED = (sp.Integral, sp.Sum, sp.Product, sp.Limit)
WITHOUT_A_VALUE = (AppliedUndef, sp.Derivative, sp.Subs, sp.MatrixSymbol, sp.Indexed)
GAMMAS = (sp.gamma, sp.loggamma, sp.polygamma, sp.factorial, sp.binomial, sp.beta, sp.rf, sp.ff)

# Numerators and denominators without a pattern, so that no accidental cancellation makes a wrong claim
# look right; the first ones lie in (0, 1), where probabilities are at home.
POSITIVE = [sp.Rational(q) for q in ("1/3", "2/7", "5/11", "3/13", "7/5", "13/6", "19/7", "17/23")]
COUNTS = [sp.Integer(n) for n in (2, 5, 3, 7, 4, 11, 6, 13)]
POINTS = 5


@dataclass(frozen=True)
class Verdict:
    """What came out for ``left == right``: proved, refuted, or neither.

    Attributes
    ----------
    step : int or None
        The rule that proved it, a place in ``STEPS``; None if it is not proved.
    values : tuple of Float or None
        Left and right where they differ; None if it is not refuted.
    point : dict
        Where they differ: examples for arbitrary functions, rational numbers for symbols.
    agreed : int
        At how many points the two agree, if it is undecided.
    rest : Expr or None
        What the last rule left of the difference, if it is undecided.
    """

    step: int | None = None
    values: tuple | None = None
    point: dict = field(default_factory=dict)
    agreed: int = 0
    rest: sp.Expr | None = None

    @property
    def proved(self):
        """Whether equality was proved."""
        return self.step is not None

    @property
    def refuted(self):
        """Whether the two were found to differ."""
        return self.values is not None


def decide(left, right, point=None):
    """Prove ``left == right``, or refute it at a point.

    ``point`` maps symbols to numbers and says where the claim is made, when the assumptions on the symbols do
    not say it (probabilities that add up to less than one). It is then tried there and close to it only.
    """
    difference = left - right
    for step in (0, 1):
        if _applied(STEPS[step][1], difference) == 0:
            return Verdict(step)
    functions = _example_functions(sp.Tuple(left, right))
    concrete = sp.Tuple(left, right).subs(functions)
    if functions or concrete.has(sp.Derivative, sp.Subs):
        concrete = concrete.doit()
    agreed, rest = 0, difference
    points = iter(_points(concrete, point))
    # One point refutes nearly every wrong claim, and cancelling is arithmetic; the other points guard the
    # rules about functions, which are heavy.
    for tried, steps in ((1, (2,)), (None, range(3, len(STEPS)))):
        for here in islice(points, tried):
            values = tuple(_number(side, here) for side in concrete)
            if None in values:
                continue
            if abs(values[0] - values[1]) > AGREES * (1 + abs(values[0])):
                return Verdict(values=values, point=functions | here)
            agreed += 1
        for step in steps:
            rest = _applied(STEPS[step][1], difference)
            if rest == 0:
                return Verdict(step)
    return Verdict(agreed=agreed, rest=rest)


# --- refuting ------------------------------------------------------------------------------------


def _number(side, point):
    """The value of a side at a point, or None where it has none that can be trusted."""
    value = side.subs(point, simultaneous=True)
    if value.has(sp.nan, sp.zoo, sp.oo, -sp.oo) and not value.has(*UNEVALUATED):
        return None
    try:
        number = value.n(DIGITS)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return None
    if not (number.is_number and number.is_finite) or number.free_symbols or number.has(*UNEVALUATED):
        return None
    rounded = value.has(*UNEVALUATED) and any(part._prec < 3 * DIGITS for part in number.atoms(sp.Float))
    return None if rounded else number


def _points(expression, given):
    """Rational values for whatever the expression depends on, within its assumptions."""
    names = sorted(expression.free_symbols, key=str)
    if expression.has(*WITHOUT_A_VALUE):
        return []  # these have no value at a point; the rules still apply
    if given:
        return _points_around(given, names)
    count = POINTS if names else 1
    points = [{x: _value(x, k + 3 * i, k) for i, x in enumerate(names)} for k in range(count)]
    return [point for point in points if None not in point.values()]


def _points_around(given, names):
    """The given point and one close by, where what holds at this very point by accident does not."""
    centre = {x: given.get(x, _value(x, 3 * i, 0)) for i, x in enumerate(names)}
    if None in centre.values():
        return []
    moved = {
        x: value if x.is_integer else value + abs(value or 1) * POSITIVE[i % 8] / 200
        for i, (x, value) in enumerate(centre.items())
    }
    return [centre, {x: value if _allowed(x, value) else centre[x] for x, value in moved.items()}]


def _value(symbol, position, k):
    """A number that the assumptions on the symbol allow, or None."""
    pool = COUNTS if symbol.is_integer else POSITIVE
    value = pool[position % len(pool)]
    if not symbol.is_nonnegative and (symbol.is_nonpositive or (k % 2 and symbol.is_negative is not False)):
        value = -value
    candidates = [value, *pool, *(-other for other in pool), sp.Integer(0)]
    return next((candidate for candidate in candidates if _allowed(symbol, candidate)), None)


def _allowed(symbol, value):
    facts = symbol.assumptions0.items()
    return all(getattr(value, f"is_{fact}", None) in (truth, None) for fact, truth in facts)


def _example_functions(expression):
    """A concrete positive polynomial for each arbitrary function: what holds for all holds for it."""
    examples = {}
    calls = sorted(expression.atoms(AppliedUndef), key=str)
    names = sorted({call.func for call in calls}, key=str)
    for call in calls:
        i = names.index(call.func)
        t = sum((POSITIVE[(i + j) % 8] * arg for j, arg in enumerate(call.args)), sp.Integer(0))
        examples[call] = 1 + t + t**4
    return examples


# --- proving -------------------------------------------------------------------------------------


def _applied(rule, difference):
    """The difference after a rule, or as it was if the rule cannot take it."""
    try:
        return rule(difference)
    except (NotImplementedError, sp.PolynomialError, TypeError, ValueError, AttributeError):
        return difference


def bring_together(expression):
    """Bring Gamma and Bessel functions whose arguments or orders differ by integers to common ones."""
    return sp.expand_func(expression)


def _combined(e):
    return sp.cancel(sp.together(e))


def _cancelled(e):
    return _combined(sp.expand(bring_together(e), power_base=False))


def _gammas(e):
    e = bring_together(e)
    return _combined(sp.gammasimp(e)) if e.has(*GAMMAS) else e


def _functions_expanded(e):
    return _combined(sp.expand_func(sp.expand_log(sp.powsimp(sp.expand(e)))))


def _log_gammas(e):
    if not e.has(sp.loggamma):
        return e
    return _functions_expanded(sp.expand_func(e.replace(sp.loggamma, lambda a: sp.log(sp.gamma(a)))))


def _exponentials(e):
    return _combined(sp.powsimp(sp.expand(_combined(e.rewrite(sp.exp))), deep=True))


def _numerically_zero(e):
    """SymPy's own proof for a constant (by its minimal polynomial); nothing for an expression."""
    return 0 if e.is_number and e.equals(0) else 1


# From light to heavy; a point is tried after the second, the others after the third. Two lines may be one
# step to a reader.
STEPS = (
    ("identical", lambda e: e),
    ("expansion", sp.expand),
    ("cancellation", _combined),
    ("cancellation", _cancelled),
    ("Gamma function identities", _gammas),
    ("logarithms and powers", _functions_expanded),
    ("Gamma function identities", _log_gammas),
    ("trigonometric identities", sp.trigsimp),
    ("exponentials", _exponentials),
    ("constants", _numerically_zero),
    ("simplification", sp.simplify),
)
