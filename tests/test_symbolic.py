"""The symbolic engine: rules against plain integration, proofs that must fail, changes of chart."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from refusals import NAN, Example, refusal_tests, says
from scipy import integrate

from ngbook import families, symbolic
from ngbook.symbolic import BetaRule, FiniteSum, L, MomentRule, T, U, V, s
from ngbook.symbolic.equality import prove_equal, tidy
from ngbook.symbolic.forms import kl_divergence, old
from ngbook.symbolic.rules import ANGLE, COSINE, SINE

x, mu = sp.symbols("x mu", real=True)
y, a, b, sigma, nu = sp.symbols("y a b sigma nu", positive=True)

NORMAL = -sp.log(2 * sp.pi) / 2 - sp.log(sigma) - (x - mu) ** 2 / (2 * sigma**2)
NORMAL_RULE = MomentRule({x: L}, sp.exp(mu * s + sigma**2 * s**2 / 2))


# --- rules


def test_moment_rule_agrees_with_plain_integration():
    density = sp.exp(-y / b) / b
    rule = MomentRule({y: b * sp.exp(L)}, sp.gamma(1 + s))
    for expression in (y, y**3, sp.log(y), y * sp.log(y), sp.log(y) ** 2):
        assert symbolic.equal(rule.expectation(expression), sp.integrate(expression * density, (y, 0, sp.oo)))


def test_moment_rule_with_exponentials_of_the_outcome():
    c = sp.Rational(1, 3)
    expected = sp.exp(c * mu + c**2 * sigma**2 / 2) * (mu + c * sigma**2)
    assert symbolic.equal(NORMAL_RULE.expectation(x * sp.exp(c * x)), expected)


def test_a_generating_function_may_be_1_at_0_by_an_identity():
    one = sp.sin(b) ** 2 + sp.cos(b) ** 2
    rule = MomentRule({x: L}, one * sp.exp(mu * s + sigma**2 * s**2 / 2))
    assert symbolic.equal(rule.expectation(x), mu)


def test_branches_are_averaged():
    rule = MomentRule([{x: mu + b * sp.exp(L)}, {x: mu - b * sp.exp(L)}], sp.gamma(1 + s))
    assert symbolic.equal(rule.expectation(x), mu)
    assert symbolic.equal(rule.expectation(sp.Abs(x - mu)), b)
    assert symbolic.equal(rule.expectation((x - mu) ** 2), 2 * b**2)


@pytest.mark.parametrize(
    ("expression", "i", "j", "k", "m"),
    [
        (U**2 / V, 2, -1, 0, 0),
        (1 / (U * V), -1, -1, 0, 0),
        (sp.log(U), 0, 0, 1, 0),
        (U * sp.log(U) * sp.log(V), 1, 0, 1, 1),
        (V**2 * sp.log(V) ** 2, 0, 2, 0, 2),
        (U * sp.log(U) / V, 1, -1, 1, 0),
        (sp.log(V) / (U * V), -1, -1, 0, 1),
    ],
)
def test_beta_rule_agrees_with_quadrature(expression, i, j, k, m):
    rule = BetaRule({}, sp.Rational(5, 2), sp.Rational(7, 3))
    exact = float(rule.expectation(expression))

    def integrand(u):
        return u ** (1.5 + i) * (1 - u) ** (4 / 3 + j) * np.log(u) ** k * np.log1p(-u) ** m

    norm = sp.beta(sp.Rational(5, 2), sp.Rational(7, 3)).evalf()
    assert_allclose(exact, integrate.quad(integrand, 0, 1, epsabs=1e-13)[0] / float(norm), rtol=1e-9)


def test_beta_rule_with_a_signed_root_gives_the_moments_of_student_t():
    rule = BetaRule({x: mu + sigma * T}, nu / 2, sp.S.Half, square=nu * V / U)
    assert symbolic.equal(rule.expectation(x), mu)
    assert symbolic.equal(rule.expectation((x - mu) ** 2), nu * sigma**2 / (nu - 2))
    cauchy = BetaRule({x: mu + sigma * T}, sp.S.Half, sp.S.Half)
    assert cauchy.expectation(1 / (1 + ((x - mu) / sigma) ** 2)) == sp.S.Half


def test_angle_rule_gives_the_moments_of_the_circle():
    t, kappa = sp.Symbol("t"), sp.Symbol("kappa", positive=True)
    generating = sp.besseli(0, sp.sqrt((kappa + s) ** 2 + t**2)) / sp.besseli(0, kappa)
    rule = MomentRule({x: mu + ANGLE}, generating, statistics=(COSINE, SINE), orders=(s, t))
    ratio = sp.besseli(1, kappa) / sp.besseli(0, kappa)
    assert symbolic.equal(rule.expectation(sp.cos(x - mu)), ratio)
    assert symbolic.equal(rule.expectation(sp.sin(x)), ratio * sp.sin(mu))
    assert symbolic.equal(rule.expectation(sp.sin(x - mu) ** 2), ratio / kappa)


def test_finite_sum_normalises_and_averages():
    k, p = sp.Symbol("k", integer=True, nonnegative=True), sp.Symbol("p", positive=True)
    rule = FiniteSum(k, k * sp.log(p) + (1 - k) * sp.log(1 - p), (0, 1))
    assert symbolic.equal(rule.expectation(1), 1)
    assert symbolic.equal(rule.expectation(k**3), p)


@pytest.mark.parametrize(
    ("argument", "log_u", "log_v", "constant"),
    [
        (3 * y**2 / (1 - y), 2, -1, sp.log(3)),
        (1 + y / (1 - y), 0, -1, 0),
        (-2 * sigma * (y - 1), 0, 1, sp.log(2) + sp.log(sigma)),
        ((y - 1) ** 2 / y, -1, 2, 0),
        (2 + 2 * y / (1 - y), 0, -1, sp.log(2)),
        (y**2 + y**3 / (1 - y), 2, -1, 0),
        (y * (1 - y) + (1 - y) ** 2, 0, 1, 0),
    ],
)
def test_beta_rule_takes_a_logarithm_of_powers_apart(argument, log_u, log_v, constant):
    mean_log_u = sp.digamma(a) - sp.digamma(a + b)
    mean_log_v = sp.digamma(b) - sp.digamma(a + b)
    expected = log_u * mean_log_u + log_v * mean_log_v + constant
    assert symbolic.equal(BetaRule({y: U}, a, b).expectation(sp.log(argument)), expected)
    odds = BetaRule({y: U / V}, a, b).expectation(sp.log(argument.subs(y, y / (1 + y))))
    assert symbolic.equal(odds, expected), "of the odds, the same number"


@pytest.mark.parametrize("expression", [sp.sqrt(x), sp.exp(x**2), sp.atan(x), 1 / x])
def test_a_rule_refuses_what_it_does_not_know(expression):
    with pytest.raises(symbolic.NoClosedForm):
        NORMAL_RULE.expectation(expression)


def test_beta_rule_refuses_what_it_does_not_know():
    rule = BetaRule({x: sp.log(U) - sp.log(V)}, a, b)
    for expression in (sp.atan(x), sp.exp(x / 2) / (2 + x), 1 / (2 + sp.exp(x)), sp.log(1 + sp.exp(2 * x))):
        with pytest.raises(symbolic.NoClosedForm):
            rule.expectation(expression)


# --- equality


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        (sp.sympify(2), sp.sympify(2), "identical"),
        ((a + b) ** 2, a**2 + 2 * a * b + b**2, "expansion"),
        (1 / a - 1 / (a + b), b / (a * (a + b)), "cancellation"),
        (sp.polygamma(0, a + 2), sp.polygamma(0, a) + 1 / a + 1 / (a + 1), "cancellation"),
        (sp.besseli(3, a), sp.besseli(1, a) - 4 * sp.besseli(2, a) / a, "cancellation"),
        (sp.gamma(a) * sp.gamma(1 - a), sp.pi / sp.sin(sp.pi * a), "Gamma function identities"),
        (sp.sin(a) ** 2 + sp.cos(a) ** 2, sp.Integer(1), "trigonometric identities"),
        (sp.sqrt(5 + 2 * sp.sqrt(6)), sp.sqrt(2) + sp.sqrt(3), "constants"),
    ],
)
def test_equality_is_proved_by_the_lightest_step_that_does(left, right, how):
    assert prove_equal(left, right) == how
    assert not symbolic.equal(left, right + sp.Rational(1, 10**20))
    assert not symbolic.equal(left, 2 * right)


def test_equality_of_matrices_needs_every_entry_and_the_shape():
    left = sp.Matrix([[a, 0], [0, 1 / (1 / b)]])
    assert symbolic.equal(left, sp.diag(a, b))
    assert not symbolic.equal(left, sp.diag(a, -b))
    assert not symbolic.equal(left, sp.Matrix([a, b]))


def test_what_cannot_be_decided_is_neither_true_nor_false():
    """Euler's reflection formula of the dilogarithm, which SymPy does not know."""
    x = sp.Symbol("x", positive=True)
    left = sp.polylog(2, x) + sp.polylog(2, 1 - x)
    right = sp.pi**2 / 6 - sp.log(x) * sp.log(1 - x)
    for claim in ((left, right), (sp.Matrix([left, x]), sp.Matrix([right, x]))):
        with pytest.raises(symbolic.Undecided, match="neither proved nor refuted"):
            symbolic.equal(*claim, {x: sp.Rational(1, 3)})
    assert not symbolic.equal(left, right + x, {x: sp.Rational(1, 3)})
    assert not symbolic.equal(sp.Matrix([left, x]), sp.Matrix([right, 2 * x]), {x: sp.Rational(1, 3)})


@pytest.mark.parametrize(
    "expression", [1 / a - 1 / (a + b), sp.gamma(a + 2) / sp.gamma(a), (a**2 - b**2) / (a - b), a * b + a]
)
def test_tidying_changes_the_form_only(expression):
    assert symbolic.equal(tidy(expression), expression)
    assert sp.count_ops(tidy(expression)) <= sp.count_ops(expression)


def test_a_product_is_worth_one_operation_more():
    assert tidy(a - a**2).is_Mul
    assert tidy(a - a**2 + b).is_Add


def test_tidying_at_a_point_writes_positive_factors():
    tidied = tidy(-1 / (a**2 - a), {a: sp.Rational(1, 3)})
    assert tidied == 1 / (a * (1 - a))
    assert sp.denom(tidied) == a * (1 - a)
    for positive in (a * (1 - a), x * (1 - a)):
        assert tidy(positive, {a: sp.Rational(1, 3), x: -2}) == positive
    for alone in (1 / (a - 1), (a - 1) ** 2):
        assert tidy(alone, {a: sp.Rational(1, 3)}) == alone


# --- the three forms


def test_three_ways_of_the_normal():
    derivation = symbolic.fisher_three_ways(NORMAL, [mu, sigma], NORMAL_RULE)
    assert derivation.matrix == sp.diag(1 / sigma**2, 2 / sigma**2)
    assert [pair for pair, _ in derivation.proved] == [("outer", "curvature"), ("outer", "kl_hessian")]
    assert derivation.regular and not derivation.missing


def test_three_ways_notices_a_rule_for_another_distribution():
    wrong = MomentRule({x: L}, sp.exp(mu * s + sigma**2 * s**2))  # twice the variance
    derivation = symbolic.fisher_three_ways(NORMAL, [mu, sigma], wrong)
    assert not derivation.regular and derivation.matrix is None
    assert "mean score" in derivation.reason and "curvature" in derivation.reason


@pytest.mark.parametrize("factor", [2, -1])
def test_three_ways_notices_a_wrong_kl(factor):
    kl = kl_divergence(NORMAL, [mu, sigma], NORMAL_RULE)
    derivation = symbolic.fisher_three_ways(NORMAL, [mu, sigma], NORMAL_RULE, kl=factor * kl)
    assert not derivation.regular
    assert "kl_hessian" in derivation.reason


def test_kl_is_old_then_new():
    kl = kl_divergence(NORMAL, [mu, sigma], NORMAL_RULE)
    expected = (
        sp.log(sigma / old(sigma)) + (old(sigma) ** 2 + (mu - old(mu)) ** 2) / (2 * sigma**2) - sp.S.Half
    )
    assert symbolic.equal(sp.expand_log(kl), sp.expand_log(expected))
    swapped = expected.subs({sigma: old(sigma), old(sigma): sigma}, simultaneous=True)
    assert not symbolic.equal(kl, swapped)


def test_kl_is_written_in_differences_of_locations_and_ratios_of_scales():
    kl = kl_divergence(NORMAL, [mu, sigma], NORMAL_RULE)
    assert kl.has(mu - old(mu)) and kl.has(sp.log(sigma / old(sigma)))
    assert kl == sp.log(sigma / old(sigma)) + ((mu - old(mu)) ** 2 + old(sigma) ** 2 - sigma**2) / (
        2 * sigma**2
    )


def test_kl_may_be_written_case_by_case_as_long_as_it_is_finite():
    gap = mu - old(mu)
    known_sigma = NORMAL.subs(sigma, 1), [mu], NORMAL_RULE.subs({sigma: 1})
    for other, missing in ((sp.expand(gap**2 / 2), False), (sp.oo, True)):
        derived = symbolic.fisher_three_ways(
            *known_sigma, kl=sp.Piecewise((gap**2 / 2, gap > 0), (other, True))
        )
        assert derived.regular and ("kl_hessian" in derived.missing) == missing
        assert derived.kl_hessian == (None if missing else sp.Matrix([[1]]))


def test_kl_with_a_kink_has_no_hessian():
    derivation = symbolic.fisher_three_ways(NORMAL, [mu, sigma], NORMAL_RULE, kl=sp.Abs(mu - old(mu)) ** 3)
    assert derivation.kl_hessian is not None  # twice differentiable, but zero: not the Fisher matrix
    assert not derivation.regular
    lopsided = (mu - old(mu)) * sp.Abs(mu - old(mu))
    derivation = symbolic.fisher_three_ways(NORMAL, [mu, sigma], NORMAL_RULE, kl=lopsided)
    assert "two sides" in derivation.missing["kl_hessian"]


def test_score_and_hessian_are_derivatives():
    assert symbolic.score(a * y, [a, b]) == sp.Matrix([y, 0])
    assert symbolic.hessian(a**2 * b, [a, b]) == sp.Matrix([[2 * b, 2 * a], [2 * a, 0]])


def test_old_keeps_the_assumptions():
    assert old(sigma).name == "sigma_old" and old(sigma).is_positive
    assert old(mu).is_real and old(mu).is_positive is None


# --- charts


def test_change_of_chart_and_back_is_the_identity():
    ell = sp.Symbol("ell", real=True)
    fisher = sp.diag(1 / sigma**2, 2 / sigma**2)
    there = symbolic.change_of_chart(fisher, [mu, sigma], [mu, sp.exp(ell)], [mu, ell])
    assert there == sp.diag(sp.exp(-2 * ell), 2)
    assert symbolic.change_of_chart(there, [mu, ell], [mu, sp.log(sigma)], [mu, sigma]) == fisher


def test_change_of_chart_is_not_a_substitution():
    ell = sp.Symbol("ell", real=True)
    fisher = sp.diag(1 / sigma**2, 2 / sigma**2)
    there = symbolic.change_of_chart(fisher, [mu, sigma], [mu, sp.exp(ell)], [mu, ell])
    assert not symbolic.equal(there, fisher.subs(sigma, sp.exp(ell)))


# --- print


@pytest.mark.parametrize(
    ("expression", "printed"),
    [
        (x - mu, r"x - \mu"),
        (1 - a - b, "1 - a - b"),
        (-a - b, "- a - b"),
        (sp.loggamma(a), r"\log\Gamma\left(a\right)"),
        (sp.polygamma(0, a) + sp.polygamma(1, a), r"\psi\left(a\right) + \psi'\left(a\right)"),
        (sp.polygamma(3, a), r"\psi'''\left(a\right)"),
        (sp.polygamma(4, a), r"\psi^{(4)}\left(a\right)"),
        (sp.polygamma(1, a) ** 2, r"{\psi'\left(a\right)}^{2}"),
    ],
)
def test_formulas_are_printed_as_in_a_textbook(expression, printed):
    assert symbolic.latex(expression) == printed


# --- bad input ---------------------------------------------------------------------------------------------

PLAIN_X, PLAIN_MU = sp.symbols("x mu")  # other symbols than x and mu, because of their assumptions
k, p = sp.Symbol("k", integer=True), sp.Symbol("p", positive=True)
GENERATING = sp.exp(mu * s + sigma**2 * s**2 / 2)
COIN = k * sp.log(p) + (1 - k) * sp.log(1 - p)
COIN_RULE = FiniteSum(k, COIN, [0, 1])
STUDENT_RULE = BetaRule({y: mu + T}, sigma, 2, V / U)
CHART = [mu, sigma]

EQUAL = Example(symbolic.equal, left=mu * (mu + 1), right=mu**2 + mu)
PRINTED = Example(symbolic.latex, expression=x / 2.5)
SCORE = Example(symbolic.score, log_density=NORMAL, parameters=CHART)
HESSIAN = Example(symbolic.hessian, **SCORE.arguments)
THREE_WAYS = Example(symbolic.fisher_three_ways, **SCORE.arguments, rule=NORMAL_RULE)
DERIVED = Example(symbolic.fisher_three_ways(**THREE_WAYS.arguments).subs, values={sigma: 2})
CHANGE = Example(
    symbolic.change_of_chart,
    fisher=sp.diag(1 / sigma**2, 2 / sigma**2),
    old_parameters=CHART,
    expressions=[mu, sigma**2],
    new_parameters=CHART,
)
MOMENTS = Example(MomentRule, substitution={x: L}, generating=GENERATING, statistics=(L,), orders=(s,))
BETA = Example(BetaRule, substitution={x: mu + T}, first=sigma, second=2, square=V / U)
SUM = Example(FiniteSum, variable=k, log_density=COIN, values=[0, 1])

NOT_PRINTABLE = ["x**2", None, np.log, [x, x], says("undefined", NAN), says("undefined", sp.nan + x)]
NOT_SIDES = [
    *NOT_PRINTABLE,
    sp.Eq(x, 1),
    says("sp.Rational(1, 2)", x / 2.0),
    says("infinite", sp.oo),
    says("infinite", -sp.oo),
    says("undefined", x + sp.zoo),
]
NOT_ENTRIES = [side for side in NOT_SIDES if not isinstance(side, list)]  # a list is a column
NOT_ENTRIES += [[], "xx", says("sp.Rational", sp.Matrix([0.5]))]
NOT_EXPRESSIONS = [*NOT_SIDES, sp.eye(2), np.eye(2)]
NOT_LOG_DENSITIES = [*NOT_EXPRESSIONS, says("another symbol named mu", NORMAL + PLAIN_MU)]
NOT_LOG_DENSITIES_OF_THE_RULE = [*NOT_LOG_DENSITIES, says("contains c", NORMAL + sp.Symbol("c"))]
NOT_SYMBOLS = [
    says("as [mu, sigma]", mu),
    "mu",
    None,
    2,
    {mu, sigma},  # it has no order
    [mu, 2],
    [mu, sigma**2],
    says("at least one", []),
    says("occurs twice", [mu, mu]),
    says("occurs twice", [mu, PLAIN_MU]),
]
NOT_PARAMETERS = [*NOT_SYMBOLS, says("another symbol named mu", [PLAIN_MU, sigma])]
NOT_A_SYMBOL = ["mu", None, mu**2, [mu]]
NOT_VALUES = [
    [1, 2],
    0,
    {"sigma": 1},
    says("sp.Rational(1, 2)", {sigma: 0.5}),
    says("undefined", {sigma: NAN}),
    {sigma: "one"},
]
NOT_POINTS = [*NOT_VALUES, {sigma: mu}, {mu: sp.I}, says("declared positive", {sigma: -1})]
NOT_RULES = [
    None,
    says("give a MomentRule", MomentRule),
    says("give a MomentRule", families.normal),
    says("contains x", MomentRule({y: L}, GENERATING)),
    says("contains x", MomentRule({k: L}, GENERATING)),
    says("another symbol named x", MomentRule({PLAIN_X: L}, GENERATING)),
    says("another symbol named mu", MomentRule({x: PLAIN_MU + L}, sp.exp(sigma**2 * s**2 / 2))),
]
NOT_SUBSTITUTIONS = [
    None,
    mu + L,
    {"x": L},
    {1: L},
    {x: "L"},
    says("rounded number", {x: 0.5 * L + 0.5 * U}),
    says("none of the statistics", {x: mu}),
    says("none of the statistics", {x: sp.Symbol("L") + sp.Symbol("U")}),
]

REFUSED = [
    *EQUAL.refuses("left", *NOT_ENTRIES),
    *EQUAL.refuses("right", *NOT_ENTRIES),
    *EQUAL.refuses("point", *NOT_POINTS),
    *PRINTED.refuses("expression", *NOT_PRINTABLE),
    *SCORE.refuses("log_density", *NOT_LOG_DENSITIES),
    *SCORE.refuses("parameters", *NOT_PARAMETERS),
    *HESSIAN.refuses("log_density", *NOT_LOG_DENSITIES),
    *HESSIAN.refuses("parameters", *NOT_PARAMETERS),
    *THREE_WAYS.refuses("log_density", says("in which rules are written", NORMAL + L)),
    *THREE_WAYS.refuses("log_density", says("mu_old", NORMAL + old(mu))),
    *THREE_WAYS.refuses("log_density", *NOT_LOG_DENSITIES_OF_THE_RULE),
    *THREE_WAYS.refuses("parameters", *NOT_PARAMETERS),
    *THREE_WAYS.refuses("rule", *NOT_RULES),
    *THREE_WAYS.refuses("kl", *(bad for bad in NOT_LOG_DENSITIES if bad is not None)),
    *THREE_WAYS.refuses("no_kl", says("one sentence", sp.S.Zero), says("one sentence", True)),
    *THREE_WAYS.refuses("point", *NOT_POINTS),
    *DERIVED.refuses("values", *NOT_VALUES),
    *CHANGE.refuses("fisher", None, "F", sigma, np.eye, says("square", sp.ones(2, 3)), sp.zeros(0, 0)),
    *CHANGE.refuses("fisher", says("3 by 3", sp.eye(3)), says("rounded number", np.eye(2))),
    *CHANGE.refuses("fisher", says("is mu and entry", sp.Matrix([[1, mu], [sigma, 1]]))),
    *CHANGE.refuses("fisher", says("undefined", sp.diag(sp.nan, 1))),
    *CHANGE.refuses("fisher", says("another symbol named mu", sp.diag(1, PLAIN_MU**2 + 1))),
    *CHANGE.refuses("old_parameters", *NOT_SYMBOLS, says("1 old parameters", [mu])),
    *CHANGE.refuses("old_parameters", says("another symbol named sigma", [mu, sp.Symbol("sigma")])),
    *CHANGE.refuses("expressions", None, mu, "mu", [mu, "sigma"], says("sp.Rational", [mu, 0.5 * sigma])),
    *CHANGE.refuses("expressions", says("1 expressions", [mu]), says("3 expressions", [mu, sigma, sigma])),
    *CHANGE.refuses("expressions", says("another symbol named mu", [PLAIN_MU, sigma])),
    *CHANGE.refuses("new_parameters", *NOT_PARAMETERS),
    *MOMENTS.refuses("substitution", *NOT_SUBSTITUTIONS, []),
    *MOMENTS.refuses("generating", *NOT_EXPRESSIONS, says("does not depend on s", sp.exp(mu))),
    *MOMENTS.refuses("generating", says("does not depend on s", sp.exp(sp.Symbol("s", real=True)))),
    *MOMENTS.refuses("generating", says("2 at 0", 2 * GENERATING), says("nan at 0", sp.sinh(s) / s)),
    *MOMENTS.refuses("statistics", *NOT_SYMBOLS, says("one order per statistic", [L, U])),
    *MOMENTS.refuses("orders", *NOT_SYMBOLS),
    *BETA.refuses("substitution", *NOT_SUBSTITUTIONS),
    *BETA.refuses("first", *NOT_EXPRESSIONS, says("positive", -1), says("positive", 0)),
    *BETA.refuses("second", *NOT_EXPRESSIONS, says("positive", -sigma)),
    *BETA.refuses("square", *NOT_EXPRESSIONS, says("function of U and V", mu**2)),
    *SUM.refuses("variable", *NOT_A_SYMBOL, says("another symbol named k", sp.Symbol("k"))),
    *SUM.refuses("log_density", *NOT_EXPRESSIONS),
    *SUM.refuses("values", None, 2, "01", says("at least one", []), says("each once", [0, 1, 1])),
    *SUM.refuses("values", says("rounded number", [0.0, 0.5]), says("undefined", [0, NAN])),
    *(
        fact
        for rule, namesake in (
            (NORMAL_RULE, PLAIN_X**2),
            (STUDENT_RULE, sp.Symbol("y")),
            (COIN_RULE, sp.Symbol("k")),
        )
        for fact in [
            *Example(rule.expectation, expression=1).refuses(
                "expression", *NOT_EXPRESSIONS, says("another symbol named", namesake)
            ),
            *Example(rule.subs, values={sigma: 2}).refuses("values", *NOT_VALUES),
        ]
    ),
    *Example(NORMAL_RULE.expectation, expression=x**2).refuses("expression", says("no rule", sp.atan(x))),
    *Example(STUDENT_RULE.expectation, expression=1 / (1 + (y - mu) ** 2)).refuses(
        "expression", says("no rule", sp.atan(y))
    ),
]
test_works, test_refused = refusal_tests(REFUSED)
