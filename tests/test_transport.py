"""Transport: closed forms, independent optimal transport, exact expansions, and what is infinite."""

import numpy as np
import pytest
import sympy as sp
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_COUNTS,
    NOT_FRACTIONS,
    NOT_FUNCTIONS,
    NOT_POSITIVE,
    NOT_VECTORS,
    Example,
    constant,
    refusal_tests,
    says,
)
from scipy import stats
from scipy.linalg import expm, solve_sylvester, sqrtm
from scipy.optimize import linear_sum_assignment, linprog, minimize

from ngbook import OutsideDomain, descent, families
from ngbook.symbolic import BetaRule, L, MomentRule, NoClosedForm, T, U, V, s
from ngbook.transport import (
    bures_direction,
    bures_metric,
    bures_step,
    exact,
    exact_wasserstein_metric,
    gaussian_distance,
    graph_laplacian,
    graph_metric,
    jko_step,
    levels,
    line,
    pull_back,
    quantile_distance,
    sample_distance,
    wasserstein_metric,
)
from ngbook.transport.jko import _Objective
from ngbook.transport.levels import from_both_ends


def normal_quantile(levels, theta):
    return stats.norm.ppf(levels, *theta)


def quantiles_of(distribution):
    """Quantiles from both ends of a SciPy distribution that a function of theta makes."""
    return lambda u, theta: distribution(theta).ppf(u), lambda u, theta: distribution(theta).isf(u)


GAMMA = np.euler_gamma
CLOSED_FORMS = {
    "normal": (lambda t: stats.norm(*t), (0.3, 1.3), np.eye(2)),
    "logistic": (lambda t: stats.logistic(*t), (0.3, 1.3), np.diag([1, np.pi**2 / 3])),
    "laplace": (lambda t: stats.laplace(*t), (0.3, 1.3), np.diag([1, 2])),
    "gumbel": (
        lambda t: stats.gumbel_r(*t),
        (0.3, 1.3),
        np.array([[1, GAMMA], [GAMMA, GAMMA**2 + np.pi**2 / 6]]),
    ),
    "student_t": (lambda t: stats.t(3.5, *t), (0.3, 1.3), np.diag([1, 3.5 / 1.5])),
    "log_normal": (
        lambda t: stats.lognorm(t[1], scale=np.exp(t[0])),
        (0.3, 0.5),
        np.exp(1.1) * np.array([[1, 1], [1, 2]]),
    ),
    "exponential": (lambda t: stats.expon(scale=1 / t[0]), (7 / 3,), np.array([[2 * (3 / 7) ** 4]])),
    "rayleigh": (lambda t: stats.rayleigh(scale=t[0]), (1.3,), np.array([[2.0]])),
    "uniform": (lambda t: stats.uniform(0, t[0]), (2.0,), np.array([[1 / 3]])),
    "pareto": (lambda t: stats.pareto(t[0], scale=2), (2.5,), np.array([[8 / (2.5 * 0.5**3)]])),
    "weibull": (lambda t: stats.weibull_min(t[0], scale=t[1]), (2.5, 1.3), None),
}


def family_of(name):
    family = getattr(families, name, None) or families.catalogue()[name]
    return {"student_t": lambda f: f.at(nu=3.5), "pareto": lambda f: f.at(x_m=2)}.get(name, lambda f: f)(
        family
    )


# --- the metric on the line --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_the_metric_in_numbers_is_the_closed_form_and_the_exact_one(name):
    distribution, theta, wanted = CLOSED_FORMS[name]
    lower, upper = quantiles_of(distribution)
    found = wasserstein_metric(lower, theta, upper)
    family = family_of(name)
    point = dict(zip(family.parameters, theta, strict=True))
    exact = np.array(exact_wasserstein_metric(family).subs(point).evalf().tolist(), float)
    scale = np.sqrt(np.outer(np.diag(exact), np.diag(exact)))
    assert np.abs((found - exact) / scale).max() < 1e-9
    if wanted is not None:
        np.testing.assert_allclose(exact, wanted, rtol=1e-14)
    assert np.array_equal(found, found.T)


@pytest.mark.parametrize("name", ["gamma", "beta"])
def test_the_metric_is_the_integral_of_the_changes_of_the_distribution_function(name):
    """∫ ∂_iP ∂_jP / p dx, the same by another route, where the law has no fixed statistic."""
    make = {"gamma": lambda t: stats.gamma(t[0], scale=1 / t[1]), "beta": lambda t: stats.beta(*t)}[name]
    theta, end, h = np.array([2.5, 1.3]), {"gamma": 40, "beta": 1}[name], 1e-4
    nodes, weights = np.polynomial.legendre.leggauss(400)
    x = end * ((1 + nodes) / 2) ** 2 if name == "gamma" else (1 + np.sin(np.pi * nodes / 2)) / 2
    slope = end * (1 + nodes) / 2 if name == "gamma" else np.pi / 4 * np.cos(np.pi * nodes / 2)
    rows = []
    for unit in h * np.eye(2):
        P = [make(theta + k * unit).cdf(x) for k in (-2, -1, 1, 2)]
        rows.append((P[0] - 8 * P[1] + 8 * P[2] - P[3]) / (12 * h))
    weights = weights * slope / make(theta).pdf(x)
    found = wasserstein_metric(quantiles_of(make)[0], theta)
    np.testing.assert_allclose(found, (np.array(rows) * weights) @ np.transpose(rows), rtol=1e-5)


def test_exact_metrics_of_every_chart_of_the_normal_are_pulled_back_from_the_identity():
    for name in ("normal", "normal_log_sigma", "normal_variance", "normal_natural", "normal_mean"):
        family = getattr(families, name)
        point = family.example
        if name == "normal":
            assert exact_wasserstein_metric(family) == sp.eye(2)
        mean = family.expectation(family.variable)
        variance = family.expectation((family.variable - mean) ** 2)
        chart = sp.Matrix([mean, sp.sqrt(variance)]).jacobian(family.parameters)
        wanted = np.array((chart.T * chart).subs(point).evalf().tolist(), float)
        found = np.array(exact_wasserstein_metric(family).subs(point).evalf().tolist(), float)
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        jacobian = np.array(chart.subs(point).evalf().tolist(), float)
        np.testing.assert_allclose(pull_back(np.eye(2), jacobian), found, rtol=1e-12)


def test_the_formulas_of_the_book():
    found = {
        name: exact_wasserstein_metric(families.catalogue()[name])
        for name in ("laplace", "logistic", "gumbel")
    }
    assert found["laplace"] == sp.diag(1, 2)
    assert found["logistic"] == sp.diag(1, sp.pi**2 / 3)
    assert sp.simplify(found["gumbel"][1, 1] - sp.EulerGamma**2 - sp.pi**2 / 6) == 0
    assert exact_wasserstein_metric(families.uniform) == sp.Matrix([[sp.Rational(1, 3)]])
    nu = families.student_t.constants[0]
    assert exact_wasserstein_metric(families.student_t) == sp.diag(1, nu / (nu - 2))
    assert isinstance(found["laplace"], sp.ImmutableMatrix)


def of_location(rule_outcomes, generating, mixture_density):
    x, mu = sp.symbols("x mu", real=True)
    return families.Family(
        "Own", x, [mu], mixture_density(x, mu), MomentRule(rule_outcomes(x, mu), generating)
    )


def test_branches_that_overlap_are_refused_because_the_outcome_does_not_tell_its_branch():
    """½N(μ, 1) + ½N(-μ, 1): E[(∂g)²] would be 1, and the metric is smaller."""
    normal = lambda z: sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)  # noqa: E731
    family = of_location(
        lambda x, mu: [{x: mu + L}, {x: -mu + L}],
        sp.exp(s**2 / 2),
        lambda x, mu: sp.log(normal(x - mu) / 2 + normal(x + mu) / 2),
    )
    with pytest.raises(NoClosedForm, match="branches overlap"):
        exact_wasserstein_metric(family)


@pytest.mark.parametrize("entry", [0, -1, sp.oo, sp.nan, sp.I])
def test_a_matrix_that_is_no_metric_is_refused(entry):
    assert exact._finite(families.normal, sp.diag(1, 2)) == sp.diag(1, 2)
    with pytest.raises(NoClosedForm, match="it would be"):
        exact._finite(families.normal, sp.diag(1, entry))


def test_an_outcome_that_turns_is_refused():
    """x = σ L² with L normal."""
    x, sigma = sp.symbols("x sigma", positive=True)
    density = -x / (2 * sigma) - sp.log(2 * sp.pi * sigma * x) / 2
    rule = MomentRule({x: sigma * L**2}, sp.exp(s**2 / 2))
    family = families.Family("Square", x, [sigma], density, rule, example={sigma: sp.Rational(1, 1000)})
    with pytest.raises(NoClosedForm, match="turns"):
        exact_wasserstein_metric(family)


def test_an_outcome_may_stand_still_but_not_turn():
    """The slope of L³ is 0 at 0, and that of log U - 20 log V, in U, is positive for both terms."""
    (_, sigma), log = families.normal.parameters, sp.log
    for outcome in (sigma * L**3, -sigma * L**3, log(U) - 20 * log(V)):
        exact._refuse_not_monotone(families.normal, [outcome])
    for outcome in (sigma * (L**3 - L / 9), log(U) + 20 * log(V)):
        with pytest.raises(NoClosedForm, match="turns"):
            exact._refuse_not_monotone(families.normal, [outcome])


def test_an_outcome_of_t_and_more_is_refused_and_one_of_t_alone_is_not():
    x, b = sp.symbols("x b", positive=True)
    density = sp.log(2 / (sp.pi * b)) - sp.log(1 + (x / b) ** 2)  # a positive half of Cauchy's
    rule = BetaRule({x: b * T * U}, sp.S(1) / 2, sp.S(1) / 2)
    with pytest.raises(NoClosedForm, match="and not on T alone"):
        exact_wasserstein_metric(families.Family("Own", x, [b], density, rule))


def test_an_outcome_that_falls_with_its_statistic_is_a_quantile_function_backwards():
    x, b = sp.symbols("x b", positive=True)
    rule = BetaRule({x: b * (sp.log(1) - sp.log(V))}, 1, 1)
    family = families.Family("Falling", x, [b], -sp.log(b) - x / b, rule)
    assert exact_wasserstein_metric(family) == sp.Matrix([[2]])
    rule = BetaRule({x: -b * sp.log(U)}, 1, 1)
    assert exact_wasserstein_metric(
        families.Family("Falling", x, [b], -sp.log(b) - x / b, rule)
    ) == sp.Matrix([[2]])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gamma", "law of the statistic"),
        ("inverse_gamma", "law of the statistic"),
        ("beta", "law of the statistic"),
        ("inverse_gaussian", "law of the statistic"),
        ("von_mises", "law of the statistic"),
        ("cauchy", "second moment"),
        ("poisson", "outcomes are separate; see graph_metric"),
        ("bernoulli", "outcomes are separate"),
        ("dirichlet", "several outcomes"),
        ("bivariate_normal", "several outcomes"),
    ],
)
def test_what_has_no_exact_metric_says_why_and_what_to_use(name, words):
    with pytest.raises(NoClosedForm, match=words) as refusal:
        exact_wasserstein_metric(families.catalogue()[name])
    assert "wasserstein_metric" in str(refusal.value)


@pytest.mark.parametrize("nu", [1, 1.5, 2])
def test_student_without_a_variance_has_no_metric_either_way(nu):
    with pytest.raises(NoClosedForm, match="second moment"):
        exact_wasserstein_metric(families.student_t.at(nu=nu))
    lower, upper = quantiles_of(lambda t: stats.t(nu, *t))
    with pytest.raises(ValueError, match="is infinite"):
        wasserstein_metric(lower, [0.3, 1.3], upper)


@pytest.mark.parametrize("alpha", [0.9, 1.5, 2.0, 2.01])
def test_pareto_has_no_metric_up_to_two_and_close_above_it_is_not_decided(alpha):
    lower, upper = quantiles_of(lambda t: stats.pareto(t[0]))
    with pytest.raises(ValueError, match="is infinite"):
        wasserstein_metric(lower, [alpha], upper)


def test_a_heavy_upper_tail_needs_its_quantiles_from_the_upper_end():
    lower, upper = quantiles_of(lambda t: stats.pareto(t[0]))
    with pytest.raises(ValueError, match="isf"):
        wasserstein_metric(lower, [2.5], None)
    assert wasserstein_metric(lower, [2.5], upper)[0, 0] == pytest.approx(2 / (2.5 * 0.125), rel=1e-8)
    close = 2 / (2.2 * 0.2**3)
    assert wasserstein_metric(lower, [2.2], upper)[0, 0] == pytest.approx(close, rel=1e-6)


def test_cauchy_has_no_metric_with_either_end_given():
    lower, upper = quantiles_of(lambda t: stats.cauchy(*t))
    for given in (None, upper):
        with pytest.raises(ValueError, match="is infinite"):
            wasserstein_metric(lower, [0.3, 1.3], given)


@pytest.mark.parametrize("theta", [[0.0, 1e-9], [0.0, 1e9], [-5.0, 0.01], [100.0, 3.0], [-1000.0, 2.0]])
def test_the_step_of_the_differences_follows_the_spread(theta):
    assert np.abs(wasserstein_metric(normal_quantile, theta) - np.eye(2)).max() < 1e-8


def test_a_metric_that_rounding_spoils_is_refused_and_a_tolerance_lets_it_through():
    with pytest.raises(ValueError, match="relative error of up to 1"):
        wasserstein_metric(normal_quantile, [1e6, 1.0])
    found = wasserstein_metric(normal_quantile, [1e6, 1.0], tolerance=1e-4)
    assert 1e-12 < np.abs(found - np.eye(2)).max() < 1e-4


def test_parameters_of_very_different_units_do_not_spoil_each_other():
    """(μ, σ) in units of 1e-6 and 1e4: G is diag(1e-12, 1e8)."""
    found = wasserstein_metric(lambda u, t: normal_quantile(u, t * [1e-6, 1e4]), [3e5, 1e-4])
    np.testing.assert_allclose(np.diag(found), [1e-12, 1e8], rtol=1e-10)
    assert abs(found[0, 1]) < 1e-12


@pytest.mark.parametrize("theta", [1e-6, 1e-3, 0.3, 0.99, 0.996, 0.998, 0.9995, 1 - 1e-4, 1 - 1e-6])
def test_near_an_end_of_the_space_the_steps_are_as_long_as_fit(theta):
    def quantile(u, scale):
        if not 0.0 < scale[0] < 1.0:
            raise OutsideDomain("between 0 and 1")
        return scale[0] * u

    assert wasserstein_metric(quantile, [theta])[0, 0] == pytest.approx(1 / 3, rel=1e-6)


def test_a_step_out_of_the_space_is_shortened():
    calls = []

    def quantile(u, theta):
        calls.append(theta[0])
        if not 1.0 < theta[0] < 1.0001:
            raise OutsideDomain("between 1 and 1.0001")
        return theta[0] * u

    assert wasserstein_metric(quantile, [1.00005])[0, 0] == pytest.approx(1 / 3, rel=1e-6)
    assert min(calls) < 1.0 or max(calls) > 1.0001

    def nan_outside(u, theta):
        return theta[0] * u if 1.0 < theta[0] < 1.0001 else np.full_like(u, NAN)

    assert wasserstein_metric(nan_outside, [1.00005])[0, 0] == pytest.approx(1 / 3, rel=1e-6)


def test_a_parameter_that_moves_nothing_is_refused_by_its_number():
    with pytest.raises(ValueError, match=r"theta\[1\] moves no quantile, even in a step of"):
        wasserstein_metric(lambda u, t: stats.norm.ppf(u, t[0]), [0.3, 1.0])
    small = wasserstein_metric(lambda u, t: stats.norm.ppf(u, 1e-5 * t[0]), [0.3])  # but little is something
    assert small[0, 0] == pytest.approx(1e-10, rel=1e-8)


def test_a_kink_in_the_middle_of_a_panel_is_found_by_halving():
    """Two uniforms with a join at the level 0.3, whose slope θ changes."""
    found = wasserstein_metric(lambda u, t: np.where(u < 0.3, u, 0.3 + t[0] * (u - 0.3)), [2.0])
    assert found[0, 0] == pytest.approx(0.7**3 / 3, rel=1e-7)


def test_it_is_w_squared_to_leading_order():
    """(W² - dᵀGd) / |d|² goes to 0 as |d|: the pairwise orders are 1."""
    lower, _ = quantiles_of(lambda t: stats.gamma(t[0], scale=1 / t[1]))
    theta, d = np.array([2.5, 1.3]), np.array([0.3, -0.2])
    G, misses = wasserstein_metric(lower, theta), []
    for size in (0.04, 0.02, 0.01):
        new = theta + size * d
        w = quantile_distance(lambda u: lower(u, theta), lambda u, new=new: lower(u, new))
        misses.append(abs(w**2 / (size**2 * d @ G @ d) - 1))
    assert np.log2(np.divide(misses[:-1], misses[1:])) == pytest.approx(1, abs=0.05)


def test_it_is_a_metric_for_a_descent_and_in_mu_and_sigma_plain_descent_is_it():
    goal = np.array([12.0, 4.0])
    value, gradient = lambda t: (t - goal) @ (t - goal) / 2, lambda t: t - goal
    natural = descent.natural_gradient_descent(
        value, gradient, lambda t: wasserstein_metric(normal_quantile, t), [0.0, 1.0], 0.5, iterations=6
    )
    plain = descent.gradient_descent(value, gradient, [0.0, 1.0], 0.5, iterations=6)
    np.testing.assert_allclose(natural.points, plain.points, rtol=1e-8)


def test_a_trust_region_in_w_ends_where_sigma_would_come_to_zero():
    """A ball of constant radius does not know that σ > 0."""

    def value(theta):
        families.normal.fisher(theta)  # raises OutsideDomain at σ ≤ 0
        return ((theta[0] - 10) ** 2 + theta[1] ** 2) / 2

    path = descent.trust_region_descent(
        value, lambda t: t - [10.0, 0.0], constant(np.eye(2)), [10.0, 0.25], 0.01, iterations=100
    )
    assert path.reason == "domain" and "sigma > 0" in path.message
    assert path.lengths == pytest.approx(np.sqrt(0.02)) and path.points[-1][1] > 0


# --- the bounds on errors, and what lies beyond -------------------------------------------------------------


def test_a_power_tail_has_its_integral_its_rest_and_its_rounding():
    """d = u^-0.3, over u from e^-end / 2 to 1/2; where levels come from 1, d is rounded by eps / u."""
    for end, rounded in ((levels.FARTHEST, 0.0), (levels.ROUNDED, 1.0)):
        total, beyond, error = levels._half(lambda u: (u[None] ** -0.3, 3e-12 + 0 * u), end, "it")
        rest = (np.exp(-end) / 2) ** 0.4 / 0.4
        assert total[0, 0] == pytest.approx(0.5**0.4 / 0.4 - rest, rel=1e-12)
        assert beyond[0] == pytest.approx(rest, rel=1e-12)
        wanted = 1.5e-12 + rounded * np.finfo(float).eps * 2**0.6 * (np.exp(0.6 * end) - 1) / 0.6
        assert error[0, 0] == pytest.approx(wanted, rel=0.01, abs=1e-14)


def test_the_rounding_of_a_gap_is_that_of_its_ends():
    gap, rounding = line._gaps(lambda u: 100 + u, lambda u: 98 - u)(np.array([0.0, 0.5]))
    np.testing.assert_allclose(gap, [[2, 3]])
    np.testing.assert_allclose(rounding, np.finfo(float).eps * np.array([2 * 198, 3 * 198]))


def test_the_rounding_of_a_derivative_is_that_of_quantiles_and_parameters():
    """q = θ₀² + 8θ₁u at (0, 2), steps 1 and 1/4: the differences are exact, and only rounding is bound."""
    found, error = line._derivatives(
        lambda u, t: t[0] + 8 * t[1] * u, np.array([0.0, 2.0]), np.array([1.0, 0.25])
    )(np.array([0.25, 0.5]))
    np.testing.assert_allclose(found, [[1, 1], [0.5, 1]], rtol=1e-14)
    largest = np.array([[7.0, 11.0], [5.5, 11.0]])  # of the quantiles at the seven points
    wanted = largest[0] + found[1] * (largest[1] + found[1] * 8)
    np.testing.assert_allclose(error, np.finfo(float).eps * wanted, rtol=0.3)
    found, error = line._derivatives(  # and where a parameter is large, most is its own
        lambda u, t: t[0] + 8 * (t[1] - 2048) * u, np.array([0.0, 2048.0]), np.array([1.0, 0.25])
    )(np.array([0.25, 0.5]))
    np.testing.assert_allclose(error, np.finfo(float).eps * found[1] ** 2 * 8192, rtol=0.02)


def test_steps_move_quantiles_by_a_thousandth_of_their_spread():
    end = from_both_ends(normal_quantile, None, "q")[0][0]
    for theta in ([0.0, 1e-6], [50.0, 1.0], [0.0, 1e7]):
        mean, scale = line._steps(end, np.array(theta)) / theta[1]
        assert 1e-3 / 3 < mean / (2 * stats.norm.ppf(0.9)) < 3e-3
        assert 1e-3 / 3 < scale / 2 < 3e-3


def test_how_far_quantiles_move_is_told_for_one_step():
    moved = line._move(lambda u, t: t[0] * u, np.array([1.0]), np.array([0.01]))
    assert moved == pytest.approx(0.009, rel=1e-12)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_step_is_too_long_where_three_of_it_leave_the_space_on_one_side(side):
    def quantile(u, theta):
        if side * theta[0] > 1:
            raise OutsideDomain("theta ends at 1 or -1")
        return theta[0] * u + 1

    start = np.array([0.98 * side])
    assert line._move(quantile, start, np.array([0.01])) == np.inf
    assert line._move(quantile, start, np.array([0.006])) == pytest.approx(0.0054, rel=1e-12)


def test_levels_at_which_there_is_no_number_are_left_out():
    """Below 1e-43, where s is 98.3: of 230 · 0.9ᵏ the first below that is for k = 9."""
    quantile = lambda u: np.where(u < 1e-43, np.nan, stats.norm.ppf(u))  # noqa: E731
    assert quantile_distance(quantile, stats.norm(1).ppf) == pytest.approx(1, rel=1e-8)
    asked = []

    def density(s):
        asked.append(s[0])
        return np.where(s < 98.3, 1.0, np.inf)[None]

    assert levels._last_finite(density, 230.0, "it") == asked[-1]
    assert asked == pytest.approx([230 * 0.9**k for k in range(10)], rel=1e-15)
    holed = lambda s: np.where(abs(s - 115) < 1, np.nan, 1.0)[None]  # noqa: E731
    assert levels._last_finite(holed, 230.0, "it") == pytest.approx(207)  # half way to 230 there is a hole


def test_a_parameter_counts_as_one_that_moves_nothing_after_a_long_step():
    line.rules.moved(0.0, 1e6, 0), line.rules.moved(1e-9, 1e7, 0)
    with pytest.raises(ValueError, match=r"theta\[1\] moves no quantile, even in a step of 1.1e\+06"):
        line.rules.moved(0.0, 1.1e6, 1)


def test_quantiles_may_stand_still_above_a_level():
    """An atom, of the mass 0.8."""
    found = wasserstein_metric(lambda u, t: t[0] * np.minimum(u, 0.2), [2.0])
    assert found[0, 0] == pytest.approx(0.2**3 / 3 + 0.8 * 0.2**2, rel=1e-7)


def test_rounding_alone_is_no_integral():
    tail = lambda u: (np.zeros((1, len(u))), 1e-9 + 0 * u), levels.FARTHEST
    with pytest.raises(ValueError, match="relative error of up to inf"):
        levels.integral_over_levels([tail, tail], 1e-6, "it")


# --- the distance on the line ------------------------------------------------------------------------------


def test_the_distance_of_normals_by_quantiles_is_the_closed_form():
    w = quantile_distance(stats.norm(0, 1).ppf, stats.norm(3, 2).ppf)
    assert w == pytest.approx(np.sqrt(10), rel=1e-10)
    assert isinstance(w, float)
    assert quantile_distance(stats.norm.ppf, stats.norm.ppf) == 0
    assert gaussian_distance([0], [[1]], [3], [[4]]) == pytest.approx(np.sqrt(10), rel=1e-14)


def test_heavy_tails_count_from_both_ends():
    p, q = stats.pareto(3), stats.pareto(4)  # E[(v^-1/3 - v^-1/4)²]
    wanted = np.sqrt(3 + 2 - 2 / (1 - 1 / 3 - 1 / 4))
    assert quantile_distance(p.ppf, q.ppf, p.isf, q.isf) == pytest.approx(wanted, rel=1e-8)
    for missing in ({"first_upper": p.isf}, {"second_upper": q.isf}, {}):
        with pytest.raises(ValueError, match="the distance is infinite, or not decided"):
            quantile_distance(p.ppf, q.ppf, **missing)
    mirrored = [lambda u, d=d: -d.isf(u) for d in (p, q)]
    upper = [lambda u, d=d: -d.ppf(u) for d in (p, q)]
    assert quantile_distance(*mirrored, *upper) == pytest.approx(wanted, rel=1e-8)


def test_two_cauchy_distributions_are_infinitely_far_apart_unless_they_differ_in_location_only():
    c = stats.cauchy()
    with pytest.raises(ValueError, match="the distance is infinite"):
        quantile_distance(c.ppf, stats.cauchy(0, 2).ppf, c.isf, stats.cauchy(0, 2).isf)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (6, 6), (4, 6), (7, 3), (1, 5)])
def test_the_distance_of_samples_is_that_of_a_linear_programme(n, m):
    rng = np.random.default_rng(10 * n + m)
    x, y = rng.normal(size=n), 1 + 2 * rng.normal(size=m)
    cost = (x[:, None] - y) ** 2
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    best = linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.r_[np.full(n, 1 / n), np.full(m, 1 / m)]
    ).fun
    assert sample_distance(x, y) == pytest.approx(np.sqrt(best), rel=1e-9)
    if n == m:
        assert sample_distance(x, y) == pytest.approx(np.sqrt(cost[linear_sum_assignment(cost)].mean()))


def test_the_distance_of_samples_is_a_distance():
    x, y = np.array([0.0, 1.0, 4.0]), np.array([2.0, 3.0])
    assert sample_distance(x, x[[2, 0, 1]]) == 0
    assert sample_distance(x, y) == sample_distance(y, x)
    assert sample_distance(x, np.repeat(x, 3) + 5) == pytest.approx(5)
    assert sample_distance([0.0], [3.0]) == 3


# --- graphs ------------------------------------------------------------------------------------------------

ROW = [(0, 1), (1, 2)]
CYCLE = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 2)]


def test_three_states_in_a_row():
    p, directions = np.ones(3) / 3, np.array([[-1, -1, 0], [1, 0, -1], [0, 1, 1.0]])
    assert np.diag(graph_metric(p, directions, ROW)) == pytest.approx([3, 6, 3], rel=1e-14)
    np.testing.assert_allclose(graph_laplacian(p, ROW), np.array([[1, -1, 0], [-1, 2, -1], [0, -1, 1]]) / 3)


def test_a_parameter_that_moves_no_mass_has_no_length():
    assert graph_metric([0.2, 0.3, 0.5], np.zeros((3, 1)), ROW) == 0


@pytest.mark.parametrize("mean", ["arithmetic", "logarithmic"])
@pytest.mark.parametrize("reference", [None, [0.1, 0.2, 0.3, 0.4]])
def test_the_metric_of_a_graph_is_the_pseudo_inverse_of_its_laplacian(mean, reference):
    rng = np.random.default_rng(4)
    p, J, w = rng.dirichlet(np.ones(4)), rng.normal(size=(4, 3)), rng.uniform(1, 3, 5)
    J -= J.mean(axis=0)
    laplacian = graph_laplacian(p, CYCLE, w, mean, reference)
    assert np.array_equal(laplacian, laplacian.T)
    assert laplacian.sum(axis=1) == pytest.approx(0, abs=1e-14)
    density = p if reference is None else p / reference
    slow = np.zeros((4, 4))
    for (i, j), weight in zip(CYCLE, w, strict=True):
        a, b = density[i], density[j]
        m = (a + b) / 2 if mean == "arithmetic" else (a - b) / np.log(a / b)
        slow += weight * m * np.outer(np.eye(4)[i] - np.eye(4)[j], np.eye(4)[i] - np.eye(4)[j])
    np.testing.assert_allclose(laplacian, slow, rtol=1e-12, atol=1e-16)
    G = graph_metric(p, J, CYCLE, w, mean, reference)
    np.testing.assert_allclose(G, J.T @ np.linalg.pinv(slow) @ J, rtol=1e-11)
    assert np.array_equal(G, G.T)


def test_the_metric_of_a_path_is_cumulative_sums_each_tail_from_its_own_end():
    """A Gaussian on 161 states, whose tails are 1e-87: a sum from one side leaves 1e-17 there."""
    x = np.arange(161.0) / 4 - 20
    p = np.exp(-(x**2) / 2)
    p /= p.sum()
    J = p[:, None] * np.column_stack([x, x**2 - p @ x**2])
    middle = 80
    flux = np.vstack([np.cumsum(J, 0)[:middle], -np.cumsum(J[::-1], 0)[::-1][middle + 1 :]])
    wanted = flux.T @ (flux / ((p[1:] + p[:-1]) / 2)[:, None]) / 16
    found = graph_metric(p, J, [(i, i + 1) for i in range(160)], np.full(160, 16.0))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    assert found[0, 0] == pytest.approx(1, rel=0.02)  # ∂μ of N(0, 1)


def test_a_valley_of_nearly_empty_states_keeps_its_digits():
    """Subtracting would leave 0 where the flow is 1e-30: mass crosses the edge of weight about 1e-30."""
    p = np.array([0.5, 1e-30, 1e-30, 0.5])
    found = graph_metric(p, np.array([[-1.0], [0], [0], [1]]), [(0, 1), (1, 2), (2, 3)])
    assert found[0, 0] == pytest.approx(1e30 + 8, rel=1e-14)


def test_the_flow_of_the_divergence_is_the_markov_chain_for_the_logarithmic_mean_alone():
    pi, p = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.3, 0.1])
    Q = np.array([[-0.25, 0.25, 0], [0.1, -0.25, 0.15], [0, 0.25, -0.25]])
    weights = [pi[0] * Q[0, 1], pi[1] * Q[1, 2]]

    def flow(p, mean):
        return -graph_laplacian(p, ROW, weights, mean, pi) @ (np.log(p / pi) + 1)

    np.testing.assert_allclose(flow(p, "logarithmic"), p @ Q, rtol=1e-13)
    np.testing.assert_allclose(flow(p, "logarithmic"), [-0.12, 0.10, 0.02], atol=1e-14)
    np.testing.assert_allclose(flow(p, "arithmetic"), [-0.145, 0.124, 0.021], atol=5e-4)
    later = p  # and as a whole: the midpoint rule against the exponential
    for _ in range(400):
        later = later + 0.01 * flow(later + 0.005 * flow(later, "logarithmic"), "logarithmic")
    np.testing.assert_allclose(later, p @ expm(4 * Q), atol=1e-6)


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-9, 1e-5, 1.9e-4, 2.1e-4, 1e-3, 0.1])
def test_the_logarithmic_mean_keeps_its_digits_where_both_come_together(gap):
    p = np.array([0.5 - gap, 0.5 + gap])
    wanted = (
        0.5
        if gap < 1e-8
        else float(2 * sp.Float(gap, 50) / sp.log((1 + 2 * sp.Float(gap, 50)) / (1 - 2 * sp.Float(gap, 50))))
    )
    assert -graph_laplacian(p, [(0, 1)], mean="logarithmic")[0, 1] == pytest.approx(wanted, rel=1e-14)


def test_the_logarithmic_mean_of_a_nearly_empty_state():
    p = np.array([1e-200, 1.0])
    assert -graph_laplacian(p, [(0, 1)], mean="logarithmic")[0, 1] == pytest.approx(1 / (200 * np.log(10)))


# --- Gaussians ---------------------------------------------------------------------------------------------

SIGMA = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 0.5]])
CHANGE = np.array([[0.4, -0.5, 0.0], [-0.5, 0.2, 0.3], [0.0, 0.3, -0.1]])


def bures(first, second):
    """The closed form as it is written, without regard to digits."""
    root = sqrtm(first)
    return np.sqrt(np.trace(first + second - 2 * sqrtm(root @ second @ root)).real)


def test_the_direction_solves_its_equation():
    K = bures_direction(SIGMA, CHANGE)
    np.testing.assert_allclose(K, solve_sylvester(SIGMA, SIGMA, CHANGE), rtol=1e-12, atol=1e-15)
    assert np.array_equal(K, K.T)
    assert bures_metric(SIGMA, CHANGE) == pytest.approx(np.trace(K @ SIGMA @ K), rel=1e-13)


@pytest.mark.parametrize("size", [0.01, 0.1, 0.5])
def test_the_length_of_the_exponential_step_is_exact_and_that_of_the_plain_step_is_not(size):
    length = np.sqrt(bures_metric(SIGMA, size * CHANGE))
    there = bures_step(SIGMA, size * CHANGE)
    assert gaussian_distance(np.zeros(3), SIGMA, np.zeros(3), there) == pytest.approx(length, rel=1e-12)
    assert there == pytest.approx(SIGMA + size * CHANGE, abs=0.5 * size**2)
    assert np.array_equal(there, there.T)


def test_the_plain_step_misses_the_squared_length_at_order_three():
    sizes, misses = np.array([0.04, 0.02, 0.01]), []
    for size in sizes:
        w = gaussian_distance(np.zeros(3), SIGMA, np.zeros(3), SIGMA + size * CHANGE)
        misses.append(abs(w**2 - bures_metric(SIGMA, size * CHANGE)))
    assert np.log2(np.divide(misses[:-1], misses[1:])) == pytest.approx(3, abs=0.05)


def test_the_step_ends_where_the_geodesic_does():
    """On the line K = V / 2σ²: at V = -2σ² the deviation comes to 0."""
    assert bures_step([[4.0]], [[-8.0]]) == pytest.approx(0)
    assert bures_step([[4.0]], [[-4.0]]) == pytest.approx(1)
    with pytest.raises(OutsideDomain, match=r"after 0\.8 of it"):
        bures_step([[4.0]], [[-10.0]])


def test_the_distance_of_gaussians_is_the_closed_form():
    other = bures_step(SIGMA, 0.5 * CHANGE) + np.diag([0.1, 0.2, 0.3])
    assert gaussian_distance(np.zeros(3), SIGMA, np.zeros(3), other) == pytest.approx(bures(SIGMA, other))
    w = gaussian_distance([1.0, 2.0, 3.0], SIGMA, [0.0, 0.0, 1.0], other)
    assert w**2 == pytest.approx(9 + bures(SIGMA, other) ** 2)


def test_covariances_may_be_singular_and_close():
    """Two needles at a right angle, and one that is turned by 1e-6: W = √2 sin, and the rest cancels."""
    x, y = np.diag([1.0, 0.0]), np.diag([0.0, 4.0])
    assert gaussian_distance([0, 0], x, [0, 0], y) == pytest.approx(np.sqrt(5))
    assert gaussian_distance([0, 0], x, [0, 0], np.zeros((2, 2))) == pytest.approx(1)
    near = SIGMA + 1e-9 * CHANGE
    length = np.sqrt(bures_metric(SIGMA, 1e-9 * CHANGE))
    assert gaussian_distance(np.zeros(3), SIGMA, np.zeros(3), near) == pytest.approx(length, rel=1e-5)


def test_the_metric_on_the_line_is_one_quarter_over_the_variance():
    """dσ² = dv² / 4v, the pull-back of the identity."""
    assert bures_metric([[4.0]], [[0.3]]) == pytest.approx(0.09 / 16)
    found = pull_back([[1.0]], [[1 / (2 * 2.0)]])
    assert found[0, 0] == pytest.approx(1 / 16)


def test_pull_back_of_a_rectangular_jacobian_is_symmetric():
    rng = np.random.default_rng(2)
    J = rng.normal(size=(3, 2))
    found = pull_back(SIGMA, J)
    np.testing.assert_allclose(found, J.T @ SIGMA @ J, rtol=1e-13)
    assert np.array_equal(found, found.T)


# --- one implicit step -------------------------------------------------------------------------------------


def quantile_particles(count, mean=0.0, deviation=1.0):
    return mean + deviation * stats.norm.ppf((np.arange(count) + 0.5) / count)


def half_square(x):
    return x**2 / 2


def itself(x):
    return x


TEMPERED = {"value": half_square, "gradient": itself, "curvature": np.ones_like, "temperature": 0.7}


def two_wells(x):
    return x**4 / 4 - x**2 / 2 + 0.1 * x


def two_wells_slope(x):
    return x**3 - x + 0.1


def two_wells_curvature(x):
    return 3 * x**2 - 1


def objective(y, x, step_size, value, temperature):
    entropy = np.log(np.diff(y)).sum() / len(x)
    return np.mean((y - x) ** 2) / (2 * step_size) + value(y).mean() - temperature * entropy


@pytest.mark.parametrize("temperature", [0.0, 0.3])
@pytest.mark.parametrize("step_size", [0.1, 1.0])
def test_the_step_minimises_its_objective(temperature, step_size):
    x = np.sort(np.random.default_rng(3).normal(size=8))
    y = jko_step(x, step_size, two_wells, two_wells_slope, two_wells_curvature, temperature)
    assert np.all(np.diff(y) > 0)
    found = objective(y, x, step_size, two_wells, temperature)

    def of_gaps(gaps):
        y = gaps[0] + np.append(0, np.cumsum(np.exp(gaps[1:])))
        return objective(y, x, step_size, two_wells, temperature)

    slow = minimize(of_gaps, np.append(x[0], np.log(np.diff(x))), method="BFGS", options={"gtol": 1e-9})
    assert found == pytest.approx(slow.fun, abs=1e-9)
    assert found < objective(x, x, step_size, two_wells, temperature)


def test_without_temperature_each_particle_takes_its_own_implicit_step():
    x = np.linspace(-2, 2, 9)
    y = jko_step(x, 0.2, two_wells, two_wells_slope, two_wells_curvature)
    np.testing.assert_allclose((x - y) / 0.2, two_wells_slope(y), atol=1e-8)


def test_the_mean_of_an_ornstein_uhlenbeck_step_is_exact_and_its_deviation_converges():
    """σ' = (σ + √(σ² + 4α(1 + α)τ)) / 2(1 + α), of the step of a Gaussian."""
    alpha, tau, errors = 0.25, 0.7, []
    wanted = (0.5 + np.sqrt(0.25 + 4 * alpha * (1 + alpha) * tau)) / (2 * (1 + alpha))
    for count in (100, 400, 1600):
        x = quantile_particles(count, 3.0, 0.5)
        y = jko_step(x, alpha, **TEMPERED)
        assert y.mean() == pytest.approx(3 / (1 + alpha), rel=1e-10)
        errors.append(abs(y.std() / wanted - 1))
    assert errors[0] < 0.02 and errors[2] < errors[1] / 2 < errors[0] / 4


def test_the_flow_is_followed_at_order_one():
    """The mean of the flow at time 1 is e^-1; that of n steps of size 1/n is (1 + 1/n)^-n."""
    errors = []
    for steps in (8, 16, 32):
        x = quantile_particles(20, 3.0, 0.5)
        for _ in range(steps):
            x = jko_step(x, 1 / steps, **TEMPERED)
        errors.append(abs(x.mean() - 3 * np.exp(-1)))
    assert np.log2(np.divide(errors[:-1], errors[1:])) == pytest.approx(1, abs=0.1)


def test_heat_spreads_particles_that_no_potential_holds():
    flat = {"value": np.zeros_like, "gradient": np.zeros_like, "curvature": np.zeros_like}
    x = quantile_particles(400)
    y = jko_step(x, 0.1, **flat, temperature=1.0)
    assert y.std() == pytest.approx((1 + np.sqrt(1.4)) / 2, rel=0.01)
    assert y == pytest.approx(-y[::-1], abs=1e-9)
    np.testing.assert_array_equal(jko_step(x, 0.1, **flat), x)


def test_particles_that_start_close_are_driven_apart_in_order_and_closer_ones_refused():
    y = jko_step(1e-5 * np.arange(30), 0.5, **TEMPERED)
    assert np.all(np.diff(y) > 1e-3)
    with pytest.raises(ValueError, match="particles are too close: a spacing of 1e-10"):
        jko_step(1e-10 * np.arange(30), 0.5, **TEMPERED)


def test_the_units_of_particles_do_not_matter():
    x = quantile_particles(30, 2.0)
    y = jko_step(x, 0.3, two_wells, two_wells_slope, two_wells_curvature, 0.2)
    k = 1e6  # x in millionths: the potential and the temperature are those of x, and α grows by k²
    scaled = jko_step(
        k * x, k**2 * 0.3, lambda z: two_wells(z / k), lambda z: two_wells_slope(z / k) / k,
        lambda z: two_wells_curvature(z / k) / k**2, 0.2,
    )  # fmt: skip
    np.testing.assert_allclose(scaled / k, y, rtol=1e-8)


def test_a_few_steps_of_newtons_are_enough_and_too_few_are_refused():
    x = quantile_particles(200, -2.0, 0.3)
    jko_step(x, 0.1, two_wells, two_wells_slope, two_wells_curvature, 0.2, iterations=12)
    with pytest.raises(ValueError, match="no convergence within iterations = 2"):
        jko_step(x, 0.1, two_wells, two_wells_slope, two_wells_curvature, 0.2, iterations=2)


def test_a_gradient_that_is_not_that_of_the_value_does_not_converge():
    x = quantile_particles(20)
    with pytest.raises(ValueError, match="are gradient and curvature the derivatives of value"):
        jko_step(x, 0.5, half_square, lambda x: -3 * x, np.ones_like, 0.1)


def test_a_step_is_taken_if_a_share_of_what_it_promises_is_delivered():
    x = np.array([0.0, 1.0, 3.0])
    problem = _Objective(x, 0.5, (half_square, itself, np.ones_like), 0.3)
    slope, step = problem.newton(x)
    assert problem.armijo(x, step, slope @ step) == 1
    assert problem.armijo(x, -step, slope @ step) == 0
    for direction in (step, -step):  # the promise of a million times as much is kept by none
        assert problem.armijo(x, direction, 1e6 * slope @ step) == 0
    far = 3 * step  # too far: halved
    assert problem.armijo(x, far, slope @ far) == 0.5
    delivered = problem.value(x)[0] - problem.value(x - far / 2)[0]  # and asked is 1e-4, of a half
    assert problem.armijo(x, far, 0.99 * delivered / 0.5e-4) == 0.5
    assert problem.armijo(x, far, 1.01 * delivered / 0.5e-4) < 0.5
    h = 1e-6 * np.eye(3)
    quotient = [(problem.value(x + e)[0] - problem.value(x - e)[0]) / 2e-6 for e in h]
    np.testing.assert_allclose(slope, quotient, rtol=1e-7)
    bent = np.array([(problem.newton(x + e)[0] - problem.newton(x - e)[0]) / 2e-6 for e in h])
    np.testing.assert_allclose(bent @ step, slope, rtol=1e-6)


# --- what is refused ---------------------------------------------------------------------------------------

ON_THE_LINE = Example(
    wasserstein_metric,
    quantile=normal_quantile,
    theta=[0.3, 1.3],
    upper_quantile=lambda u, t: stats.norm.isf(u, *t),
    tolerance=1e-6,
)
DERIVED = Example(exact_wasserstein_metric, family=families.normal)
FAR = Example(
    quantile_distance,
    first=stats.norm.ppf,
    second=stats.norm(1).ppf,
    first_upper=stats.norm.isf,
    second_upper=stats.norm(1).isf,
    tolerance=1e-8,
)
SAMPLES = Example(sample_distance, first=[1.0, 2.0], second=[3.0])
PULLED = Example(pull_back, metric=np.eye(2), jacobian=np.ones((2, 1)))
LAPLACIAN = Example(
    graph_laplacian,
    probabilities=[0.2, 0.3, 0.5],
    edges=ROW,
    weights=[1.0, 2.0],
    mean="arithmetic",
    reference=[0.2, 0.5, 0.3],
)
ON_A_GRAPH = Example(graph_metric, jacobian=[[1.0], [0.0], [-1.0]], **LAPLACIAN.arguments)
DIRECTION = Example(bures_direction, covariance=np.eye(2), change=np.eye(2))
LENGTH = Example(bures_metric, covariance=np.eye(2), change=np.eye(2))
STEP = Example(bures_step, covariance=np.eye(2), change=np.eye(2))
GAUSSIANS = Example(
    gaussian_distance,
    first_mean=[0.0, 0.0],
    first_covariance=np.eye(2),
    second_mean=[1.0, 0.0],
    second_covariance=np.diag([1.0, 0.0]),
)
JKO = Example(jko_step, particles=[0.0, 1.0, 3.0], step_size=0.1, tolerance=1e-10, iterations=50, **TEMPERED)
NOT_SYMMETRIC = [
    says("asymmetry", [[1.0, 0.5], [0.0, 1.0]]),
    [[NAN, 0.0], [0.0, 1.0]],
    np.ones((2, 3)),
    [1.0, 2.0],
    1.0,
    "identity",
    None,
]
NOT_COVARIANCES = [*NOT_SYMMETRIC, says("negative eigenvalue", np.diag([1.0, -0.1]))]
NOT_DEFINITE = [
    *NOT_COVARIANCES,
    says("must be positive definite", np.diag([1.0, 0.0])),
    says("must be positive definite", np.diag([1.0, 2e-16])),
    says("must be positive definite", np.diag([1e6, 2e-10])),
    says("must be positive definite", np.zeros((2, 2))),
]
NOT_PROBABILITIES = [
    *NOT_VECTORS,
    says("at least two states", [1.0]),
    says("state 1 has 0", [0.5, 0.0, 0.5]),
    says("state 1 has -0.1", [0.6, -0.1, 0.5]),
    says("add up to 1", [0.2, 0.3, 0.4]),
]
NOT_CONNECTED = [
    says("none leads from state 0 to [2]", [(0, 1)]),
    says("none leads from state 0 to [1]", [(0, 2)]),
    says("(0, 1) is there 2 times", [(0, 1), (1, 0), (1, 2)]),
    says("(1, 1) is one", [(0, 1), (1, 1), (1, 2)]),
    says("from 0 to 2", [(0, 1), (1, 3)]),
    says("from 0 to 2", [(0, 1), (-1, 2)]),
    says("from 0 to 2", [(0, 1), (1.5, 2)]),
    [0, 1],
    [(0, 1, 2)],
    [],
    None,
    "row",
]
NOT_WEIGHTS = [[1.0, 0.0], [1.0, -1.0], [1.0], [1.0, 1.0, 1.0], [NAN, 1.0], 1.0]
NOT_REFERENCES = [[0.5, 0.5], [0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [NAN, 0.5, 0.5], 1.0]
NOT_POTENTIALS = [
    *NOT_FUNCTIONS,
    constant(1.0),
    constant([1.0, 2.0]),
    constant([NAN, 0.0, 0.0]),
    constant("x"),
]
REFUSED = [
    *ON_THE_LINE.refuses(
        "quantile",
        *NOT_FUNCTIONS,
        constant(1.0),
        constant("x"),
        says("must be finite and rise", lambda u, t: -u),
        says("must be finite and rise", lambda u, t: 0 * u),
        says("must be finite and rise", lambda u, t: NAN * u),
    ),
    *ON_THE_LINE.refuses("theta", *NOT_VECTORS, says("quantile must be finite and rise", [0.0, -1.0])),
    *ON_THE_LINE.refuses(
        "upper_quantile",
        3.0,
        [1.0],
        says("the upper end of quantile", constant(1.0)),
        says("not finite at any level", lambda u, t: NAN * u),
    ),
    *ON_THE_LINE.refuses("tolerance", *NOT_FRACTIONS, says("relative error", 1e-14)),
    *DERIVED.refuses("family", None, "normal", says("outcomes are separate", families.poisson)),
    *(
        fact
        for name in ("first", "second")
        for fact in [
            *FAR.refuses(name, *NOT_FUNCTIONS, constant(1.0)),
            *FAR.refuses(f"{name}_upper", 3.0, [1.0], says(f"the upper end of {name}", constant(1.0))),
        ]
    ),
    *FAR.refuses("tolerance", *NOT_FRACTIONS),
    *SAMPLES.refuses("first", *NOT_VECTORS),
    *SAMPLES.refuses("second", *NOT_VECTORS),
    *PULLED.refuses("metric", *NOT_SYMMETRIC, says("3 rows", np.eye(3))),
    *PULLED.refuses("jacobian", np.ones((3, 2)), [1.0, 2.0], [[NAN], [1.0]], None),
    *(
        fact
        for works in (LAPLACIAN, ON_A_GRAPH)
        for fact in [
            *works.refuses("probabilities", *NOT_PROBABILITIES),
            *works.refuses("edges", *NOT_CONNECTED),
            *works.refuses("weights", *NOT_WEIGHTS),
            *works.refuses("mean", "geometric", None, 1.0),
            *works.refuses("reference", *NOT_REFERENCES),
        ]
    ),
    *ON_A_GRAPH.refuses(
        "jacobian",
        says("column 1 adds up to 0.1", [[1.0, 1.0], [0.0, 0.1], [-1.0, -1.0]]),
        says("column 0 adds up to -1e-07", [[1e-6], [0.0], [-1.1e-6]]),
        [[1.0], [-1.0]],
        [1.0, 0.0, -1.0],
        [[NAN], [0.0], [0.0]],
        None,
    ),
    *(
        fact
        for works in (DIRECTION, LENGTH, STEP)
        for fact in [
            *works.refuses("covariance", *NOT_DEFINITE),
            *works.refuses("change", *NOT_SYMMETRIC, np.eye(3)),
        ]
    ),
    *STEP.refuses("change", says("ends after 0.5", -4 * np.eye(2), OutsideDomain)),
    *GAUSSIANS.refuses("first_mean", *NOT_VECTORS, says("second_mean must have 3", [0.0, 0.0, 0.0])),
    *GAUSSIANS.refuses("second_mean", *NOT_VECTORS, [0.0]),
    *GAUSSIANS.refuses("first_covariance", *NOT_COVARIANCES, np.eye(3)),
    *GAUSSIANS.refuses("second_covariance", *NOT_COVARIANCES, np.eye(3)),
    *JKO.refuses(
        "particles",
        *NOT_VECTORS,
        [0.0],
        says("sort them", [1.0, 0.0, 3.0]),
        says("move those apart", [0.0, 0.0, 3.0]),
    ),
    *JKO.refuses("step_size", *NOT_POSITIVE),
    *(fact for name in ("value", "gradient", "curvature") for fact in JKO.refuses(name, *NOT_POTENTIALS)),
    *JKO.refuses("temperature", *NEGATIVE),
    *JKO.refuses("tolerance", *NOT_FRACTIONS, says("no convergence", 1e-30)),
    *JKO.refuses("iterations", *NOT_COUNTS, says("no convergence", 1)),
]
test_works, test_refused = refusal_tests(REFUSED)


def test_particles_that_coincide_are_out_of_order():
    problem = _Objective(np.array([0.0, 1.0, 3.0]), 0.5, (half_square, itself, np.ones_like), 0.0)
    assert problem.value(np.array([0.0, 1.0, 1.0]))[0] == np.inf
    assert problem.value(np.array([0.0, 1.0, 2.0]))[0] == pytest.approx((1 + 0.5 + 2.0) / 3, rel=1e-14)
    problem.temperature = 0.3  # and what is rounded in it are the terms without their signs
    value, size = problem.value(np.array([0.0, 1.0, 3.0]))
    assert value == pytest.approx((5 - 0.3 * np.log(2)) / 3, rel=1e-14)
    assert size == pytest.approx((5 + 0.3 * np.log(2)) / 3, rel=1e-14)


def test_a_step_that_did_not_converge_is_told_in_units_of_the_range():
    """Newton's step for x²/2 is x/2 at first, with the root mean square √(2.5/3), of 3."""
    square = {"value": lambda x: x**2 / 2, "gradient": lambda x: x, "curvature": np.ones_like}
    with pytest.raises(ValueError, match=r"moved the particles by 0\.3 of their range"):
        jko_step([0.0, 1.0, 3.0], 1.0, **square, iterations=1)
    np.testing.assert_allclose(jko_step([1.0, 3.0], 1.0, **square), [0.5, 1.5], rtol=1e-12)  # two will do


def test_infinite_values_of_a_potential_are_refused_by_name():
    with pytest.raises(ValueError, match="value must be finite, but is inf"):
        JKO.call(value=constant([INF, 0.0, 0.0]))
