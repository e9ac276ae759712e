"""What the numbers of families rest on: quadrature, sums over counts, the mass, stable functions, edges."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from scipy import stats

import ngbook
from ngbook import families
from ngbook.families import Family, special
from ngbook.families.quadrature import graded, integrate, sum_over_counts
from ngbook.families.trusted import Trusted
from ngbook.symbolic import BetaRule, U, V

x, y = sp.symbols("x y", positive=True)
z, w = sp.symbols("z w", real=True)
k = sp.Symbol("k", integer=True, nonnegative=True)
a, b, theta = sp.symbols("a b theta", positive=True)


# --- quadrature and sums


@pytest.mark.parametrize("edges", [[0.0, 2.0], [0.0, 0.3, 2.0]])
@pytest.mark.parametrize("noise", [False, True])
def test_panels_are_halved_until_the_integrals_are_right(edges, noise):
    def waves(t):
        return np.stack([t**3 + 1, np.cos(1000 * t), np.full(t.shape, 1e-15)])

    values, errors = integrate(waves, edges, noise)
    expected = [6, np.sin(2000) / 1000, 2e-15]
    assert_allclose(values, expected, rtol=1e-12, atol=1e-15)
    assert (np.abs(values - expected) <= errors)[:2].all() and (errors < 1e-13).all()


@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_the_precision_of_an_integral_is_relative(size):
    calls = []

    def root(t):
        calls.append(len(t))
        return size * np.sqrt(t)[None]

    values, errors = integrate(root, [0.0, 1.0])
    assert_allclose(values, [2 * size / 3], rtol=1e-14)
    assert errors[0] < 1e-13 * size and sum(calls) < 4000


def test_what_too_many_panels_cannot_settle_is_taken_with_the_error_that_it_has():
    values, errors = integrate(lambda t: np.cos(1e8 * t)[None], [0.0, 1.0])
    assert abs(values[0] - np.sin(1e8) / 1e8) <= errors[0] < 2


def test_noise_ends_the_halving_at_its_own_size():
    calls = []

    def rough(t):
        calls.append(len(t))
        return np.stack([1 + 1e-9 * np.cos(1e9 * t), np.full(t.shape, 1e-8)])

    values, _ = integrate(rough, [0.0, 1.0], noise=True)
    assert_allclose(values, [1, 1e-8], rtol=1e-8)
    assert sum(calls) <= 3 * 16


@pytest.mark.parametrize("mean", [3.0, 1e4, 3e5])
@pytest.mark.parametrize("last", [np.inf, 10**7])
def test_counts_are_added_up_until_nothing_is_left(mean, last):
    def terms(n):
        density = stats.poisson(mean).pmf(n)
        return np.stack([density, n * density])

    values, errors = sum_over_counts(terms, 0, last)
    assert_allclose(values, [1, mean], rtol=1e-9)
    assert (errors >= 0).all() and (errors < 1e-9 * mean).all()


def test_a_sum_over_counts_ends_with_the_last_of_them():
    values, _ = sum_over_counts(lambda n: np.stack([np.full(n.shape, 0.1), n]), 3, 12)
    assert_allclose(values, [1, sum(range(3, 13))])


def test_a_sum_that_comes_to_no_end_is_refused(monkeypatch):
    monkeypatch.setattr("ngbook.families.quadrature.TERMS", 10_000)
    with pytest.raises(ValueError, match="does not reach all of the mass"):
        sum_over_counts(lambda n: 1 / (n * (n + 1))[None], 1, np.inf)
    values, _ = sum_over_counts(lambda n: 1 / (n * (n + 1))[None], 1, 5_000)
    assert_allclose(values, 5_000 / 5_001)


def test_a_geometric_tail_is_added_up_to_its_last_digit():
    chance = 1e-3
    values, errors = sum_over_counts(lambda n: chance * (1 - chance) ** (n - 1)[None], 1, np.inf)
    assert abs(values[0] - 1) <= errors[0] + 1e-13 and errors[0] < 1e-12


def test_edges_are_close_at_the_centres_and_at_finite_ends():
    edges = graded([5.0], 2.0, np.inf)
    assert edges[0] == 2 and edges[-1] == 1e300 and (np.diff(edges) > 0).all()
    for centre in (2.0, 5.0):
        assert np.abs(edges - centre)[edges != centre].min() < 1e-12
        assert centre in edges
    low, high = graded([0.0], -np.inf, np.inf)[[0, -1]]
    assert (low, high) == (-1e300, 1e300)
    assert (np.diff(np.log(edges[edges > 10])) < 12).all()


def test_many_blocks_of_counts_give_the_fisher_matrix_of_waiting_times():
    p = sp.Symbol("p", positive=True)
    log_density = sp.log(p) + k * sp.log(1 - p)
    waiting = Family(
        "Waiting", k, [p], log_density, None, support=sp.S.Naturals0,
        parameter_space=families.discrete.probability(p),
    )  # fmt: skip
    for chance in (0.3, 1e-4):
        matrix, error = waiting.fisher_with_error([chance])
        expected = 1 / (chance**2 * (1 - chance))
        assert_allclose(matrix, [[expected]], rtol=1e-9)
        assert 0 <= error[0, 0] < 1e-6 * expected
        assert_allclose(
            waiting.kl([chance], [2 * chance]), families.geometric.kl([chance], [2 * chance]), rtol=1e-9
        )


def logit_beta():
    """log(U / V): of the Beta distribution in another outcome, and so of the same divergence."""
    log_density = (
        a * z - (a + b) * sp.log(1 + sp.exp(z)) + sp.loggamma(a + b) - sp.loggamma(a) - sp.loggamma(b)
    )
    return Family(
        "Logit", z, [a, b], log_density, BetaRule({z: sp.log(U) - sp.log(V)}, a, b), no_kl="Not here."
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([2.0, 3.0], [2.5, 1.5]),
        ([2.0, 3.0], [2.02, 2.99]),
        ([2.0, 3.0], [2.0000002, 3.0000001]),
        ([0.02, 0.05], [0.03, 0.04]),
        ([0.05, 0.02], [0.04, 0.03]),
        ([0.02, 3.0], [0.03, 3.0]),
        ([0.02, 3.0], [0.0201, 3.0]),
        ([0.02, 3.0], [0.020001, 3.0]),
        ([0.01, 0.01], [0.0102, 0.0099]),
        ([500.0, 0.3], [400.0, 0.4]),
        ([1e4, 1e4], [1.001e4, 1e4]),
    ],
)
def test_kl_over_the_logit_is_that_of_the_beta_distribution(old, new):
    value, error = logit_beta().kl_with_error(old, new)
    expected, bound = families.beta.kl_with_error(old, new)
    assert_allclose(value, expected, rtol=1e-9)
    assert abs(value - expected) <= error + bound + 1e-12 * expected


def test_an_exponential_that_overflows_beside_a_number_is_left_to_its_logarithm():
    assert_allclose(logit_beta().log_prob([2.0, 3.0], [900.0, -900.0]), np.log(12) - [2700, 1800], rtol=1e-14)


@pytest.mark.parametrize("family", [families.logistic, families.student_t.at(nu=3)], ids=["logistic", "t"])
def test_kl_of_a_location_and_a_scale_knows_only_their_difference_and_ratio(family):
    expected = family.kl([0.0, 1.0], [0.5, 1.5])
    assert_allclose(family.kl([2.0**30, 4.0], [2.0**30 + 2, 6.0]), expected, rtol=1e-14)


@pytest.mark.parametrize("gap", [0.001, 0.02, 0.1, 0.4])
def test_kl_of_student_t_nearby_keeps_its_digits(gap):
    """Where the log-density ratio is small, its mean is that of the ratio's square, cube, and so on."""
    with mpmath.workdps(40):
        scale = 1 + mpmath.mpf(gap) / 2

        def log_density(t, loc, scale):
            return -3 * mpmath.log(1 + ((t - loc) / scale) ** 2 / 5) - mpmath.log(scale)

        norm = mpmath.gamma(3) / (mpmath.gamma(2.5) * mpmath.sqrt(5 * mpmath.pi))
        expected = mpmath.quad(
            lambda t: (
                norm
                * mpmath.exp(log_density(t, 0, 1))
                * (log_density(t, 0, 1) - log_density(t, mpmath.mpf(gap), scale))
            ),
            [-mpmath.inf, -10, -1, 0, 1, 10, mpmath.inf],
        )
    value, error = families.student_t.at(nu=5).kl_with_error([0.0, 1.0], [gap, 1 + gap / 2])
    assert_allclose(value, float(expected), rtol=1e-12)
    assert abs(value - float(expected)) <= error


# --- the mass of what was declared

NORMAL = -(z**2) / 2 - sp.log(2 * sp.pi) / 2
SIDES = {  # of an outcome: a log-density of mass 1, and its support
    "between two ends": (x, sp.log(6 * x * (1 - x)), sp.Interval.open(0, 1)),
    "above an end": (x, 2 * sp.log(x) - x - sp.log(2), sp.Interval.open(0, sp.oo)),
    "below an end": (z, -2 * sp.log(1 - z), sp.Interval.open(-sp.oo, 0)),
    "on a line": (z, NORMAL, sp.S.Reals),
}


def of_outcomes(sides, factor):
    """Independent outcomes, with so many times the mass 1."""
    outcomes, terms, supports = [], [], []
    for i, (outcome, log_density, support) in enumerate(sides):
        own = sp.Symbol(f"x{i}", **outcome.assumptions0)
        outcomes.append(own)
        terms.append(log_density.subs(outcome, own))
        supports.append(support)
    log_density = sum(terms) - (w - theta) ** 2 / 2 - sp.log(2 * sp.pi) / 2 + sp.log(factor)
    support = sp.ProductSet(sp.S.Reals, *supports)
    return Family("Own", (w, *outcomes), [theta], log_density, None, support=support)


@pytest.mark.parametrize("excess", [2e-6, -2e-6, 5e-7, -5e-7])
def test_the_mass_of_one_outcome_is_seen_to_a_millionth(excess):
    log_density = NORMAL.subs(z, z - theta) + sp.log(1 + sp.Rational(str(excess)))
    family = Family("Own", z, [theta], log_density, None)
    if abs(excess) > 1e-6:
        with pytest.raises(ValueError, match="has the mass"):
            family.log_prob([1.0], [0.0])
    else:
        assert np.isfinite(family.log_prob([1.0], [0.0]))


@pytest.mark.parametrize("side", SIDES)
def test_the_mass_of_two_outcomes_is_seen_to_a_few_hundredths(side):
    of_outcomes([SIDES[side]], 1).log_prob([1.0], [[0.0, 0.5]])
    for factor, mass in ((sp.Rational("21/20"), r"1\.0[45]"), (sp.Rational("9/10"), r"0\.(9|89)")):
        with pytest.raises(ValueError, match=f"has the mass {mass}"):
            of_outcomes([SIDES[side]], factor).log_prob([1.0], [[0.0, 0.5]])


def test_the_mass_of_three_outcomes_is_seen_and_that_of_four_is_not_tried():
    three, four = [SIDES["on a line"]] * 2, [SIDES["on a line"]] * 3
    of_outcomes(three, 1).log_prob([1.0], [[0.0, 0.5, 0.5]])
    with pytest.raises(ValueError, match=r"has the mass 1\.(09|1)"):
        of_outcomes(three, sp.Rational("11/10")).log_prob([1.0], [[0.0, 0.5, 0.5]])
    assert np.isfinite(of_outcomes(four, 2).log_prob([1.0], [[0.0, 0.5, 0.5, 0.5]]))


def test_the_mass_of_shares_that_add_up_to_one_is_seen():
    family = families.dirichlet
    wrong = Family(
        "Shares", family.variable, family.parameters, family.log_density + sp.log(2) / 4, None,
        support=family.support, example=dict(zip(family.parameters, (3, 2, 4), strict=True)),
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"has the mass 1\.1[89]"):
        wrong.log_prob([1.0, 2.0, 3.0], [[0.2, 0.3, 0.5]])


# --- stable functions


@pytest.mark.parametrize("shift", [0, 1, -1])
@pytest.mark.parametrize("count", [0.0, 3.0, 14.0, 16.0, 128.0, 129.0, 1e4])
@pytest.mark.parametrize("ratio", [0.1, 0.6, 1.0, 1.001, 3.0])
def test_log_poisson_is_what_it_says(shift, count, ratio):
    mean = ratio * max(count, 1.0)
    with mpmath.workdps(30):
        expected = (count - shift) * mpmath.log(mean) - mean - mpmath.loggamma(count + 1)
    for largest in (np.array([count]), np.array([count, 1e6])):  # with a large count beside it
        means = np.full(largest.shape, mean)
        found = special.log_poisson(shift, largest, means, np.log(means))
        assert_allclose(found[0], float(expected), rtol=1e-13, atol=1e-13 * max(1, mean))


@pytest.mark.parametrize("count", [1.0, 14.5, 15.0, 16.0, 20.0, 50.0, 1e3, 1e9])
def test_at_a_mean_that_is_the_count_nothing_is_left_but_stirlings_remainder(count):
    with mpmath.workdps(40):
        remainder = mpmath.loggamma(count + 1) - count * mpmath.log(count) + count
    counts = np.array([count, 1e6])
    assert_allclose(-special.log_poisson(0, counts, counts, np.log(counts))[0], float(remainder), rtol=4e-15)


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("count", [0.0, 3.0, 14.0, 16.0, 100.0, 300.0])
@pytest.mark.parametrize("rest", [0.0, 2.0, 40.0, 1e4])
@pytest.mark.parametrize("chance", [0.01, 0.5, 0.9])
def test_log_binomial_is_what_it_says(shift, count, rest, chance):
    with mpmath.workdps(30):
        p = mpmath.mpf(chance)
        choices = mpmath.loggamma(count + rest + 1) - mpmath.loggamma(count + 1) - mpmath.loggamma(rest + 1)
        expected = choices + (count - shift) * mpmath.log(p) + (rest - shift) * mpmath.log(1 - p)
    for count_beside in (0.0, 1e6):
        counts = np.array([count, count_beside])
        with np.errstate(all="ignore"):  # as in a compiled density
            found = special.log_binomial(shift, counts + rest, counts, rest, chance)
        assert_allclose(found[0], float(expected), rtol=1e-12, atol=1e-12 * (count + rest + 1))


def test_log_hypot_and_share_neither_overflow_nor_lose_small_ratios():
    assert_allclose(special.log_hypot(np.array([3.0, -3.0]), 4.0), np.log(5 / 4), rtol=1e-15)
    assert_allclose(special.log_hypot(np.array([1e-9]), 1.0), 5e-19, rtol=1e-15)
    with np.errstate(over="ignore"):
        assert_allclose(special.log_hypot(np.array([1e300]), 1e-300), 600 * np.log(10), rtol=1e-15)
    assert_allclose(special.log_hypot(np.array([2e8, 5e7]), 1.0), np.log([2e8, 5e7]), rtol=1e-15)
    assert_allclose(special.share(np.array([3.0, -3e300]), 4.0), [0.6, -1])
    total = special.LOG_SUM_EXP(x, y)
    assert total.diff(x) == sp.exp(x - total)
    assert total.diff(y) == sp.exp(y - total)


# --- numbers with a bound on their error

t, u, v = sp.symbols("t u v", positive=True)
third = sp.Rational("1/3")


@pytest.mark.parametrize(
    ("expression", "value", "roundings"),
    [
        (t + u, 5, 5),
        (t + u + v, 9, 5 + 9),
        (t * u, 6, 6),
        (t * u * v, 24, 2 * 24),
        (-t, -2, 0),
        (-t * u, -6, 6),
        (t + sp.S.Half, 2.5, 2.5),
        (t + third, 7 / 3, 1 / 3 + 7 / 3),
        (t * third, 2 / 3, 2 / 3 + 2 / 3),
        ((t + u) ** 2, 25, 2 * 25 + 10 * 5),
        (sp.exp(t + u), np.exp(5), (2 + 5) * np.exp(5)),
        (sp.log(t + u), np.log(5), 2 * np.log(5) + 5 / 5),
        (sp.Abs(t - u), 1, 1),
        (sp.cos(t), np.cos(2), 2 * abs(np.cos(2))),
        (sp.loggamma(u), np.log(2), 8 * np.log(2) + 2),
        (sp.gamma(v), 6, 8 * 6),
        (sp.polygamma(1, u), np.pi**2 / 6 - 5 / 4, 8 * (np.pi**2 / 6 - 5 / 4)),
        (sp.digamma(u), 1.5 - np.euler_gamma, 8 * (1.5 - np.euler_gamma) + 2),
        (special.LOG_SUM_EXP(t, u), np.logaddexp(2, 3), 4 * 5 + 4),
        (special.LOG_SUM_EXP(t + v, u), np.logaddexp(6, 3), 4 * 9 + 4 + 6 / (1 + np.exp(-3))),
    ],
)
def test_rounding_errors_are_followed_step_by_step(expression, value, roundings):
    """A step's own rounding, and its arguments' times its derivatives, in units of half an epsilon."""
    values, errors = Trusted([expression], [t, u, v])([2.0, 3.0, 4.0])
    assert_allclose(values, [value], rtol=1e-15)
    assert_allclose(errors, [2.0**-53 * roundings], rtol=1e-9, atol=1e-310)


@pytest.mark.parametrize(
    ("expression", "number", "expected"),
    [
        (sp.log(1 + t), 1e-100, 1e-100),
        (sp.log(1 + 1 / t), 1e200, 1e-200),
        (sp.log(1 + sp.exp(-t)), 300.0, np.exp(-300.0)),
        (sp.log(1 + sp.exp(-t)), 1e4, 0.0),
        ((1 - sp.cos(t)) / t**2, 1e-20, 0.5),
        (sp.log(1 + u ** (-t)), 300.0, 3.0**-300),
        (sp.exp(t) - sp.exp(t - 1), 800.0, np.inf),
    ],
)
def test_many_digits_are_as_many_as_it_takes(expression, number, expected):
    assert_allclose(Trusted([expression], [t, u]).with_digits([number, 3.0]), [expected], rtol=1e-13)


def test_a_cancellation_is_computed_again_and_what_is_undefined_refused():
    values, errors = Trusted([sp.exp(t) - 1 - t - t**2 / 2, t], [t])([1e-5])
    assert_allclose(values, [1e-15 / 6 * (1 + 1e-5 / 4), 1e-5], rtol=1e-10)
    assert_allclose(errors, 2.0**-53 * values)
    with pytest.raises(ngbook.OutsideDomain, match="range of double precision"):
        Trusted([sp.exp(t)], [t])([1e3])
    with pytest.raises(ValueError, match="not defined"):
        Trusted([1 / (t - u)], [t, u])([1.0, 1.0])


def test_ordinary_numbers_need_no_more_digits(monkeypatch):
    monkeypatch.setattr(Trusted, "with_digits", lambda self, numbers: pytest.fail(str(self.expressions)))
    for slug, at, new in (
        ("normal", [1.0, 2.0], [0.0, 1.0]),
        ("gamma", [2.5, 1.5], [3.5, 1.0]),
        ("beta", [2.5, 1.5], [3.5, 1.0]),
        ("poisson", [2.5], [3.5]),
    ):
        family = getattr(families, slug)
        assert np.isfinite(family.fisher(at)).all() and np.isfinite(family.kl(at, new))


# --- what a declaration says twice

FAMILIES = {
    slug: family.at(**{c.name: family.example[c] for c in family.constants}) if family.constants else family
    for slug, family in families.catalogue().items()
}


@pytest.mark.parametrize("slug", FAMILIES)
def test_numbers_come_from_the_density_and_the_score_that_are_derived_from(slug):
    """The stable form is compiled, and the other one is printed and derived from: they are one function."""
    family = FAMILIES[slug]
    at = [float(family.example[parameter]) for parameter in family.parameters]
    outcomes = family.sample(at, 5, np.random.default_rng(0))
    for outcome, value, row in zip(
        outcomes, family.log_prob(at, outcomes), family.score(at, outcomes), strict=True
    ):
        numbers = map(sp.Rational, np.atleast_1d(outcome).tolist())
        put_in = dict(zip(family.variables, numbers, strict=True)) | family.example
        declared = [family.log_density, *family.score_vector()]
        expected = [float(sp.N(each.subs(put_in).doit(), 30)) for each in declared]
        assert_allclose([value, *row], expected, rtol=1e-12, atol=1e-13)


def test_an_end_belongs_to_a_space_whose_relation_says_so():
    log_density = sp.log(theta) - theta * x
    space = [sp.GreaterThan(theta, 1, evaluate=False)]
    family = Family("Quick", x, [theta], log_density, None, parameter_space=space, example={theta: 2})
    assert family.log_prob([1.0], [0.5]) == -0.5
    with pytest.raises(ngbook.OutsideDomain, match="theta >= 1"):
        family.log_prob([0.999], [0.5])


def test_samples_of_the_uniform_follow_its_law():
    drawn = families.uniform.sample([3.0], 5000, np.random.default_rng(0))
    assert 0 < drawn.min() and drawn.max() <= 3
    assert stats.kstest(drawn, stats.uniform(0, 3).cdf).pvalue > 1e-3


def test_a_declared_divergence_is_the_one_that_is_given():
    for family in (families.laplace, families.cauchy, families.uniform):
        assert family.kl_expression() == family.closed_form_kl
    assert families.logistic.kl_expression() is None


ENDS = {  # of a parameter's space, beside what it has to be: the last place inside, and the end
    "bernoulli": [([1e-12], [0.0]), ([1 - 1e-12], [1.0])],
    "geometric": [([1e-12], [0.0]), ([1 - 1e-12], [1.0])],
    "categorical": [([1e-12, 0.5], [0.0, 0.5]), ([0.5, 0.499999], [0.5, 0.5])],
    "normal": [([0.0, 1e-9], [0.0, 0.0])],
    "normal_mean": [([2.0, 4.000001], [2.0, 4.0])],
    "normal_natural": [([1.0, -1e-9], [1.0, 0.0])],
    "bivariate_normal": [
        ([0, 0, 1, 1, 0.999999], [0, 0, 1, 1, 1.0]),
        ([0, 0, 1, 1, -0.999999], [0, 0, 1, 1, -1.0]),
        ([0, 0, 1e-9, 1, 0], [0, 0, 0.0, 1, 0]),
        ([0, 0, 1, 1e-9, 0], [0, 0, 1, 0.0, 0]),
    ],
    "bivariate_normal_cholesky": [
        ([0, 0, 1e-9, 1, 1], [0, 0, 0.0, 1, 1]),
        ([0, 0, 1, 1, 1e-9], [0, 0, 1, 1, 0.0]),
    ],
    "uniform": [([1e-9], [0.0])],
}


@pytest.mark.parametrize("slug", ENDS)
def test_a_parameter_may_be_close_to_the_end_of_its_space_and_not_on_it(slug):
    family = getattr(families, slug)
    for inside, end in ENDS[slug]:
        assert np.isfinite(family.fisher(inside)).all() if slug != "uniform" else True
        for outside in (end, np.array(end) + (np.array(end) - inside)):
            with pytest.raises(ngbook.OutsideDomain, match="outside the parameter space"):
                family.kl(outside, inside)
