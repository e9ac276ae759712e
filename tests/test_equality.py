"""The one engine that decides equality, against numbers.

``checks.same`` and ``symbolic.equal`` both stand on it, so one cannot be the other's oracle. The oracle here
is arithmetic: each side at random points of its domain, compiled to mpmath at 30 digits, which shares neither
the points nor the rules with the engine.
"""

import random

import mpmath
import pytest
import sympy as sp

from ngbook import checks, symbolic
from ngbook._equality import decide

a, b, c = sp.symbols("a b c", positive=True)
x, y = sp.symbols("x y", real=True)
n = sp.Symbol("n", integer=True, positive=True)
even = sp.Symbol("m", even=True, positive=True)
half = sp.Rational(1, 2)

IDENTITIES = {
    "a square": ((a + x) ** 2, a**2 + 2 * a * x + x**2),
    "partial fractions": (1 / a - 1 / (a + b), b / (a * (a + b))),
    "a difference of cubes": ((a**3 - b**3) / (a - b), a**2 + a * b + b**2),
    "nested roots": (sp.sqrt(5 + 2 * sp.sqrt(6)), sp.sqrt(2) + sp.sqrt(3)),
    "a denominator made rational": (1 / (sp.sqrt(a + 1) + sp.sqrt(a)), sp.sqrt(a + 1) - sp.sqrt(a)),
    "a logarithm of a product": (sp.log(a**2 * b / c), 2 * sp.log(a) + sp.log(b) - sp.log(c)),
    "a power of powers": ((a**x) ** y * a, a ** (x * y + 1)),
    "Pythagoras": (sp.sin(x) ** 2 + sp.cos(x) ** 2, sp.Integer(1)),
    "a double angle": (sp.sin(2 * x), 2 * sp.sin(x) * sp.cos(x)),
    "a sum of angles": (sp.cos(x + y), sp.cos(x) * sp.cos(y) - sp.sin(x) * sp.sin(y)),
    "tanh in exponentials": (sp.tanh(x), (sp.exp(2 * x) - 1) / (sp.exp(2 * x) + 1)),
    "tanh as a logistic": (sp.tanh(x / 2), 2 / (1 + sp.exp(-x)) - 1),
    "cosh and sinh": (sp.cosh(x) ** 2 - sp.sinh(x) ** 2, sp.Integer(1)),
    "a logistic": (1 / (1 + sp.exp(-x)), sp.exp(x) / (1 + sp.exp(x))),
    "a softplus": (sp.log(sp.exp(x) / (1 + sp.exp(x))), -sp.log(1 + sp.exp(-x))),
    "a Gamma function": (sp.gamma(a + 2), a * (a + 1) * sp.gamma(a)),
    "Gamma reflected": (sp.gamma(a) * sp.gamma(1 - a), sp.pi / sp.sin(sp.pi * a)),
    "a factorial": (sp.factorial(n + 1) / sp.factorial(n), n + 1),
    "Pascal": (sp.binomial(n, 2) + sp.binomial(n, 1), sp.binomial(n + 1, 2)),
    "a log-Gamma function": (sp.loggamma(a + 1), sp.log(a) + sp.loggamma(a)),
    "two steps of log-Gamma": (sp.loggamma(a + 2) - sp.loggamma(a), sp.log(a) + sp.log(a + 1)),
    "a digamma function": (sp.digamma(a + 2), sp.digamma(a) + 1 / a + 1 / (a + 1)),
    "a trigamma function": (sp.polygamma(1, a + 1), sp.polygamma(1, a) - 1 / a**2),
    "a derivative of log-Gamma": (sp.diff(sp.loggamma(a + b), a), sp.digamma(a + b)),
    "a Bessel recurrence": (sp.besseli(2, a), sp.besseli(0, a) - 2 * sp.besseli(1, a) / a),
    "a Bessel recurrence in orders 1 to 3": (
        sp.besseli(3, a),
        sp.besseli(1, a) - 4 * sp.besseli(2, a) / a,
    ),
    "a Bessel derivative": (sp.diff(sp.besseli(1, a), a), sp.besseli(0, a) - sp.besseli(1, a) / a),
    "a Normal exponent": (
        -((x - y) ** 2) / (2 * a**2),
        -(x**2) / (2 * a**2) + x * y / a**2 - y**2 / (2 * a**2),
    ),
    "a normal divergence": (
        sp.log(b / a) + (a**2 + (x - y) ** 2) / (2 * b**2) - half,
        sp.log(b) - sp.log(a) + ((x - y) ** 2 + (a - b) * (a + b)) / (2 * b**2),
    ),
}


def at_random_points(left, right, tries=12):
    """Whether both sides agree at random points, to 18 of 30 digits; None where they have no value."""
    symbols = sorted(left.free_symbols | right.free_symbols, key=str)
    sides = [sp.lambdify(symbols, side, "mpmath") for side in (left, right)]
    dice, seen = random.Random(str((left, right))), 0
    with mpmath.workdps(30):
        for _ in range(tries):
            point = [random_value(symbol, dice) for symbol in symbols]
            try:
                ours, theirs = (mpmath.mpmathify(side(*point)) for side in sides)
            except (ValueError, ZeroDivisionError, TypeError, OverflowError):
                continue
            if not (mpmath.isfinite(ours) and mpmath.isfinite(theirs)):
                continue
            seen += 1
            if abs(ours - theirs) > mpmath.mpf(10) ** -18 * (1 + abs(ours) + abs(theirs)):
                return False
    return True if seen > 2 else None


def random_value(symbol, dice):
    if symbol.is_integer:
        return mpmath.mpf(2 * dice.randint(1, 6) if symbol.is_even else dice.randint(1, 9))
    value = mpmath.mpf(dice.uniform(0.1, 2.5))
    return value if symbol.is_positive else value * dice.choice([1, -1])


def mutated(expression, dice):
    """The expression with one slip: a sign, a factor, a constant, a symbol, a term or an argument."""
    nodes = [
        node for node in sp.preorder_traversal(expression) if node.args or node.is_number or node.is_Symbol
    ]
    node = dice.choice(nodes)
    others = [s for s in (a, b, x) if s != node]
    slips = [lambda e: -e, lambda e: e + 1, lambda e: 2 * e, lambda e: e / 2, lambda e: e**2]
    if node.is_Symbol:
        slips.append(lambda e: dice.choice(others))
    if len(node.args) > 1 and (node.is_Add or node.is_Mul):
        slips.append(lambda e: e.func(*e.args[1:]))
        slips.append(lambda e: e.func(*e.args[:-1], -e.args[-1]))
    if node.func in (sp.sin, sp.cosh):
        slips.append(lambda e: (sp.cos if node.func == sp.sin else sp.sinh)(*e.args))
    places = [path for path in paths(expression) if at(expression, path) == node]
    return replaced(expression, dice.choice(places), dice.choice(slips)(node))


def paths(expression, here=()):
    yield here
    for i, argument in enumerate(expression.args):
        yield from paths(argument, (*here, i))


def at(expression, path):
    for i in path:
        expression = expression.args[i]
    return expression


def replaced(expression, path, by):
    if not path:
        return by
    arguments = list(expression.args)
    arguments[path[0]] = replaced(arguments[path[0]], path[1:], by)
    return expression.func(*arguments)


# --- what is true is proved, what is false is refuted ------------------------------------------------------


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_is_proved(name):
    left, right = IDENTITIES[name]
    assert at_random_points(left, right), "the oracle: this is an identity"
    assert decide(left, right).proved
    assert symbolic.equal(left, right) and symbolic.equal(sp.Matrix([left, a]), sp.Matrix([right, a]))
    if left != right:
        checks.same(left, right)


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_slip_in_an_identity_is_refuted(name):
    """A dozen slips of each; one that changes nothing, by the oracle, must not be refuted."""
    left, right = IDENTITIES[name]
    dice, wrong = random.Random(name), 0
    for _ in range(12):
        slip = mutated(right, dice)
        if slip.has(sp.nan, sp.zoo, sp.oo):
            continue
        agree = at_random_points(left, slip)
        if agree is None:
            continue
        verdict = decide(left, slip)
        assert verdict.refuted != agree, f"{left} = {slip}: numbers say {agree}"
        wrong += not agree
    assert wrong >= 5


@pytest.mark.parametrize("seed", range(15))
def test_random_combinations_of_identities(seed):
    """Sums, products and quotients of two identities; with a slip in one, they are refuted."""
    dice = random.Random(seed)
    (l1, r1), (l2, r2) = (IDENTITIES[name] for name in dice.sample(sorted(IDENTITIES), 2))
    combine = dice.choice(
        [
            lambda p, q: p + 3 * q,
            lambda p, q: p * q,
            lambda p, q: (p + 2) / (1 + q**2),
            lambda p, q: p * x - q,
        ]
    )
    assert not decide(combine(l1, l2), combine(r1, r2)).refuted
    for _ in range(4):
        right = combine(r1, mutated(r2, dice))
        agree = at_random_points(combine(l1, l2), right)
        if agree is False:
            assert decide(combine(l1, l2), right).refuted
        elif agree:
            assert not decide(combine(l1, l2), right).refuted


# --- one convention ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (x, x + 1),  # the symbol cancels in the difference, and stays in the sides
        (a, a + sp.Rational(1, 10**20)),
        (a, sp.Rational(1, 3)),  # which is the first value that is tried for it
        (a, sp.Rational(2, 7)),
        (sp.log(x**2), 2 * sp.log(x)),
        (sp.Function("f")(a), sp.Function("f")(b)),
        (sp.Integral(sp.exp(-(x**4)), (x, 0, 1)), 1),
    ],
)
def test_what_differs_is_refuted_by_both(left, right):
    assert symbolic.equal(left, right) is False
    assert symbolic.equality.prove_equal(sp.Matrix([[left, 1]]), sp.Matrix([[right, 1]])) is None
    with pytest.raises(checks.CheckFailed):
        checks.same(left, right)


def test_an_asymmetric_matrix_is_refused_in_every_chart():
    with pytest.raises(ValueError, match="not symmetric"):
        symbolic.change_of_chart(sp.Matrix([[a, b], [b + 1, c]]), [x, y], [x, y], [x, y])


def test_a_point_is_where_a_claim_is_made_and_agreement_there_alone_is_not_enough():
    one_third = {a: sp.Rational(1, 3)}
    assert symbolic.equal(a, sp.Rational(1, 3), one_third) is False
    assert symbolic.equal(sp.log(a / (1 - a)), sp.log(a) - sp.log(1 - a)) is False, "both wander for a > 1"
    with pytest.raises(symbolic.Undecided):
        symbolic.equal(sp.log(a / (1 - a)), sp.log(a) - sp.log(1 - a), one_third)
    assert symbolic.equal(x, 2 * x, {x: 0}) is False, "a point close by is tried at zero, too"
    with pytest.raises(symbolic.Undecided):  # the second point is close by: at x = 4 they differ
        symbolic.equal(sp.sqrt((3 - x) ** 2), 3 - x, {x: 2})


def test_only_numbers_that_the_assumptions_allow_are_tried():
    assert decide(sp.sin(sp.pi * even / 2), sp.Integer(0)).values is None
    assert decide(sp.cos(sp.pi * n) ** 2, sp.Integer(1)).proved
    odd = sp.Symbol("k", odd=True)
    assert decide(sp.sin(sp.pi * odd / 2) ** 2, sp.Integer(1)).values is None
    squared = sp.Symbol("K", negative=True, odd=True) ** 2
    assert symbolic.equal(squared, 1) is False
    assert symbolic.equal(a * squared, a, {a: half}) is False, "K is not -2 there"
    negative = sp.Symbol("k", negative=True)
    assert decide(sp.sqrt(negative**2), -negative).proved
    assert decide(sp.Abs(sp.log(1 - negative)), sp.log(1 - negative)).values is None
    zero = sp.Symbol("k", nonnegative=True, nonpositive=True)
    assert symbolic.equal(zero, zero + 1) is False, "it is 0"
    imaginary = sp.Symbol("k", imaginary=True)
    assert decide(imaginary, 2 * imaginary).values is None, "no real number is imaginary"


@pytest.mark.parametrize("size", [sp.Integer(10) ** 30, -(sp.Integer(10) ** 30)])
def test_agreement_is_relative_to_the_size_of_the_numbers(size):
    assert decide(size * (sp.sin(x) ** 2 + sp.cos(x) ** 2), size).proved
    assert decide(size * a, size * a + sp.sqrt(size**2) / 10**20).refuted


def test_a_verdict_says_one_thing():
    proved, refuted = decide(a + a, 2 * a), decide(a, b)
    assert proved.proved and not proved.refuted and proved.values is None
    assert refuted.refuted and not refuted.proved
    assert refuted.values == tuple(side.subs(refuted.point).n(40) for side in (a, b))
    open_question = decide(
        sp.polylog(2, a) + sp.polylog(2, 1 - a), sp.pi**2 / 6 - sp.log(a) * sp.log(1 - a), {a: half}
    )
    assert not (open_question.proved or open_question.refuted)
    assert open_question.agreed == 2 and open_question.rest != 0
