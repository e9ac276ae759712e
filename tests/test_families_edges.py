"""Families at the edge: extreme numbers, samples, wrong declarations, and families without closed forms.

The expected numbers come from SciPy, from mpmath with many digits, or from a formula written here by hand.
"""

import time
import warnings

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from scipy import stats

from ngbook import families, fisher
from ngbook.families import Family, special
from ngbook.families.mass import refuse_wrong_mass
from ngbook.symbolic import BetaRule, FiniteSum, L, MomentRule, U, V, s

x, y = sp.symbols("x y", positive=True)
z, mu = sp.symbols("z mu", real=True)
k = sp.Symbol("k", integer=True, nonnegative=True)
a, b, theta = sp.symbols("a b theta", positive=True)


@pytest.fixture(autouse=True)
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def refuses(message):
    return pytest.raises(ValueError, match=message)


# --- numbers where double precision ends


@pytest.mark.parametrize(
    ("slug", "old", "new", "expected"),
    [
        ("logistic", [0, 1], [0, 1 / 30], 36.215031522435992),
        ("logistic", [0, 1], [0, 1 / 100], 132.03249012),
        ("logistic", [0, 1], [0, 1 / 300], 408.18726740),
        ("logistic", [0, 1], [0, 1 / 1000], 1377.38742831),
        ("logistic", [0, 1], [0, 1e-4], 13851.73335),
        ("weibull", [50, 4e8], [48, 4.1e8], 0.503680493023246),
        ("weibull", [50, 400], [48, 410], 0.503680493023246),
        ("weibull", [130, 400], [128, 410], 2.20940469140712),
        ("gumbel", [100, 20], [0, 0.1], 1108.567599948857),
        ("geometric", [1e-5], [1.00001e-5], 5.0000166672691e-11),
        ("geometric", [1.8502745236918e-10], [1.8502923883557228e-10], 4.66e-11),
    ],
)
def test_kl_keeps_its_digits_where_the_closed_form_cancels_or_overflows(slug, old, new, expected):
    digits = len(str(expected).split("e")[0].replace(".", "").lstrip("0"))
    assert_allclose(getattr(families, slug).kl(old, new), expected, rtol=10.0 ** (1 - digits))


def test_kl_of_a_narrow_logistic_tends_to_its_expansion():
    r = 1e6
    expected = 2 * np.log(2) * r - np.log(r) - 2 + np.pi**2 / (12 * r)
    assert_allclose(families.logistic.kl([0, 1], [0, 1 / r]), expected, rtol=1e-12)


def test_kl_of_a_negative_binomial_at_a_small_chance():
    family = families.negative_binomial.at(r=3)
    old, new = mpmath.mpf(3.2991525892381674e-05), mpmath.mpf(3.2991482101911604e-05)
    with mpmath.workdps(60):
        failures = (1 - old) / old
        expected = 3 * (mpmath.log(old / new) + failures * mpmath.log((1 - old) / (1 - new)))
    assert_allclose(family.kl([float(old)], [float(new)]), float(expected), rtol=1e-12)
    assert_allclose(float(expected), 2.64e-12, rtol=1e-2)


@pytest.mark.parametrize(("slug", "near"), [("normal", [1, 2]), ("beta", [2, 3]), ("student_t", [1, 2])])
@pytest.mark.parametrize("size", [1e-3, 1e-6, 1e-9])
def test_kl_near_coincidence_is_half_the_squared_length(slug, near, size):
    family = families.student_t.at(nu=5) if slug == "student_t" else getattr(families, slug)
    step = size * np.array([1.0, -0.5])
    new = np.array(near) + step
    step = new - np.array(near)
    assert_allclose(family.kl(near, new), step @ family.fisher(near) @ step / 2, rtol=10 * size + 1e-6)


def test_log_densities_at_small_chances_keep_their_digits():
    assert_allclose(families.bernoulli.log_prob([1e-12], [0]), stats.bernoulli(1e-12).logpmf(0), rtol=1e-14)
    counts = [1249447744231]
    assert_allclose(
        families.geometric.log_prob([1.65e-12], counts), stats.geom(1.65e-12).logpmf(counts), rtol=1e-14
    )
    with mpmath.workdps(50):
        p, n = mpmath.mpf(2.4e-12), mpmath.mpf(10) ** 12
        expected = mpmath.log((n + 2) * (n + 1) / 2) + 3 * mpmath.log(p) + n * mpmath.log(1 - p)
    assert_allclose(
        families.negative_binomial.at(r=3).log_prob([2.4e-12], [1e12]), float(expected), rtol=1e-13
    )


def test_the_natural_chart_is_stable_far_from_the_origin():
    mean, deviation = 1.7e9, 1.0
    natural = [mean / deviation**2, -1 / (2 * deviation**2)]
    there = families.normal_natural.log_prob(natural, [mean + deviation])
    assert_allclose(there, stats.norm(mean, deviation).logpdf(mean + deviation), rtol=1e-14)
    shifted = [natural[0] * (1 + 1e-9), natural[1]]
    assert_allclose(
        families.normal_natural.kl(natural, shifted), (shifted[0] - natural[0]) ** 2 / 2, rtol=1e-12
    )


def test_a_constant_of_a_billion_is_put_in_at_once():
    start = time.process_time()
    binomial, waiting = families.binomial.at(n=10**9), families.negative_binomial.at(r=10**9)
    assert time.process_time() - start < 0.5
    assert_allclose(binomial.log_prob([1e-12], [0]), stats.binom(10**9, 1e-12).logpmf(0), rtol=1e-14)
    assert_allclose(binomial.fisher([0.5]), [[4e9]], rtol=1e-14)
    assert_allclose(waiting.fisher([0.5]), [[1e9 / 0.125]], rtol=1e-14)
    assert binomial.log_density.has(sp.loggamma)


@pytest.mark.parametrize(
    ("slug", "theta", "edge", "scipy"),
    [
        ("exponential", [2.0], 0.0, stats.expon(scale=0.5)),
        ("gamma", [1.0, 2.0], 0.0, stats.gamma(1, scale=0.5)),
        ("weibull", [1.0, 3.0], 0.0, stats.weibull_min(1, scale=3)),
        ("beta", [1.0, 8.0], 0.0, stats.beta(1, 8)),
        ("beta", [8.0, 1.0], 1.0, stats.beta(8, 1)),
        ("gamma", [2.0, 2.0], 0.0, stats.gamma(2, scale=0.5)),
        ("beta", [2.0, 8.0], 0.0, stats.beta(2, 8)),
    ],
)
def test_outcomes_on_the_edge_count_where_the_density_is_finite(slug, theta, edge, scipy):
    found = getattr(families, slug).log_prob(theta, [edge, 0.5])
    with np.errstate(divide="ignore"):
        assert_allclose(found, scipy.logpdf([edge, 0.5]), rtol=1e-13)


def test_the_score_on_the_edge_is_its_limit_or_refused():
    assert_allclose(families.exponential.score([2.0], [0.0, 1.0]), [[0.5], [-0.5]])
    assert_allclose(families.dirichlet.log_prob([1.0, 1.0, 1.0], [[0.0, 1.0, 0.0]]), [np.log(2)])
    with refuses("outside the support"):
        families.gamma.score([1.0, 2.0], [0.0])  # its logarithm is in the score of the shape


def test_what_leaves_the_range_of_doubles_is_refused_or_minus_infinity():
    assert families.gumbel.log_prob([0.0, 1.0], [-1000.0]) == [-np.inf]
    with refuses("range of double precision"):
        families.gumbel.score([0.0, 1.0], [-1000.0])
    with refuses("range of double precision"):
        families.gumbel.kl([0.0, 1.0], [1000.0, 1.0])
    with refuses("range of double precision"):
        families.normal.fisher([0.0, 1e-200])


@pytest.mark.parametrize("largest", [0, np.inf], ids=["Loader's form", "the plain form"])
def test_counts_of_ordinary_size_have_the_same_log_density_in_both_forms(monkeypatch, largest):
    counts, at = np.arange(101), np.linspace(0.01, 0.99, 99)
    expected = {
        "binomial": stats.binom(100, 0.3).logpmf(counts),
        "negative_binomial": stats.nbinom(2.5, 0.3).logpmf(counts),
        "poisson": stats.poisson(40).logpmf(counts),
        "beta": stats.beta(3.5, 90).logpdf(at),
        "gamma": stats.gamma(30, scale=1 / 40).logpdf(at),
    }
    monkeypatch.setattr(special, "ORDINARY", largest)
    found = {
        "binomial": families.binomial.at(n=100).log_prob([0.3], counts),
        "negative_binomial": families.negative_binomial.at(r=2.5).log_prob([0.3], counts),
        "poisson": families.poisson.log_prob([40.0], counts),
        "beta": families.beta.log_prob([3.5, 90.0], at),
        "gamma": families.gamma.log_prob([30.0, 40.0], at),
    }
    for slug, values in expected.items():
        assert_allclose(found[slug], values, rtol=2e-12, err_msg=slug)


# --- samples

EXTREMES = {
    "gamma": ([0.01, 1.0], stats.gamma(0.01)),
    "inverse_gamma": ([0.01, 1.0], stats.invgamma(0.01)),
    "beta": ([2.0, 0.2], stats.beta(2, 0.2)),
    "weibull": ([0.01, 1.0], stats.weibull_min(0.01)),
    "log_normal": ([0.0, 300.0], stats.lognorm(300)),
    "normal": ([1e12, 1e-3], None),
    "von_mises": ([3.0, 1e-9], stats.uniform(-np.pi, 2 * np.pi)),
    "cauchy": ([0.0, 1e-12], stats.cauchy(0, 1e-12)),
    "laplace": ([0.0, 1e12], stats.laplace(0, 1e12)),
    "gumbel": ([1e6, 1.0], stats.gumbel_r(1e6, 1)),
    "logistic": ([0.0, 1e-12], stats.logistic(0, 1e-12)),
    "rayleigh": ([1e12], stats.rayleigh(scale=1e12)),
    "inverse_gaussian": ([1.0, 1e-3], stats.invgauss(1e3, scale=1e-3)),
    "exponential": ([1e-12], stats.expon(scale=1e12)),
}
COUNTS = {
    "bernoulli": ([0.01], stats.bernoulli(0.01)),
    "poisson": ([1e-2], stats.poisson(1e-2)),
    "geometric": ([0.9], stats.geom(0.9)),
}


@pytest.mark.parametrize("slug", EXTREMES)
def test_samples_lie_inside_the_support_and_follow_the_law(slug):
    theta, law = EXTREMES[slug]
    family = getattr(families, slug)
    drawn = family.sample(theta, 20_000, np.random.default_rng(0))
    assert np.isfinite(family.log_prob(theta, drawn)).all()
    assert np.isfinite(family.score(theta, drawn)).all()
    if law is not None:
        inner = drawn[(drawn > np.finfo(float).tiny) & (drawn < np.finfo(float).max)]
        kept = law.cdf(inner.max()), law.cdf(inner.min())
        grid = np.quantile(inner, np.linspace(0.05, 0.95, 19))
        expected = (law.cdf(grid) - kept[1]) / (kept[0] - kept[1])
        found = np.searchsorted(np.sort(inner), grid, side="right") / len(inner)
        assert np.abs(found - expected).max() <= 1.95 / np.sqrt(len(inner))  # Kolmogorov, one in a thousand


@pytest.mark.parametrize("slug", COUNTS)
def test_counts_follow_the_law(slug):
    theta, law = COUNTS[slug]
    drawn = getattr(families, slug).sample(theta, 20_000, np.random.default_rng(1))
    values = np.arange(drawn.max() + 1)
    expected = 20_000 * law.pmf(values)
    common = expected >= 5
    found = np.array([np.sum(drawn == value) for value in values])
    statistic = np.sum((found[common] - expected[common]) ** 2 / expected[common])
    assert statistic <= stats.chi2(max(common.sum() - 1, 1)).ppf(0.999)


def test_a_sparse_dirichlet_can_be_scored():
    theta = [0.1, 0.1, 0.1]
    drawn = families.dirichlet.sample(theta, 20_000, np.random.default_rng(0))
    assert np.isfinite(fisher.sampled_fisher(families.dirichlet.score(theta, drawn)) @ np.ones(3)).all()
    first = drawn[(drawn[:, 0] > 1e-300) & (drawn[:, 0] < 1), 0]
    assert stats.kstest(first, stats.beta(0.1, 0.2).cdf).pvalue > 1e-3


def test_student_t_and_pareto_at_small_shapes():
    student, pareto = families.student_t.at(nu=0.01), families.pareto.at(x_m=2)
    for family, theta in ((student, [0.0, 1.0]), (pareto, [0.01])):
        drawn = family.sample(theta, 5000, np.random.default_rng(2))
        assert np.isfinite(family.log_prob(theta, drawn)).all()
        assert np.isfinite(family.score(theta, drawn)).all()


# --- what rules can do


def test_the_expectation_of_zero_is_zero():
    for family in (
        families.normal,
        families.bivariate_normal,
        families.dirichlet,
        families.beta,
        families.bernoulli,
    ):
        assert family.expectation(sp.Integer(0)) == 0


def test_two_independent_normals_have_the_identity():
    m, n, second = *sp.symbols("m n", real=True), sp.Symbol("w", real=True)
    L1, L2, s1, s2 = sp.symbols("L1 L2 s1 s2", real=True)
    rule = MomentRule(
        {z: m + L1, second: n + L2}, sp.exp((s1**2 + s2**2) / 2), statistics=(L1, L2), orders=(s1, s2)
    )
    log_density = -sp.log(2 * sp.pi) - (z - m) ** 2 / 2 - (second - n) ** 2 / 2
    two = Family("Two", (z, second), [m, n], log_density, rule)
    assert_allclose(two.fisher([0.0, 1.0]), np.eye(2), atol=0)
    assert two.derivation().matrix == sp.eye(2)
    assert_allclose(two.kl([0.0, 1.0], [1.0, 1.0]), 0.5)


def test_beta_prime_has_the_fisher_matrix_of_beta():
    rule = BetaRule({x: U / V}, a, b)
    assert sp.simplify(rule.expectation(sp.log(1 + x)) - (sp.digamma(a + b) - sp.digamma(b))) == 0
    log_density = (
        (a - 1) * sp.log(x) - (a + b) * sp.log(1 + x) - sp.loggamma(a) - sp.loggamma(b) + sp.loggamma(a + b)
    )
    prime = Family("Beta prime", x, [a, b], log_density, rule)
    assert_allclose(prime.fisher([2.5, 1.5]), families.beta.fisher([2.5, 1.5]), rtol=1e-13)
    assert_allclose(prime.kl([2.5, 1.5], [1.0, 3.0]), families.beta.kl([2.5, 1.5], [1.0, 3.0]), rtol=1e-12)


def beta_binomial(size):
    gammas = sp.loggamma(k + a) + sp.loggamma(size - k + b) - sp.loggamma(size + a + b)
    log_density = sp.log(sp.binomial(size, k)) + gammas + sp.loggamma(a + b) - sp.loggamma(a) - sp.loggamma(b)
    rule = FiniteSum(k, log_density, range(size + 1))
    return Family("Beta-binomial", k, [a, b], log_density, rule, support=sp.Range(0, size + 1))


def scipy_score(log_prob, at):
    """Central differences of order eight."""
    columns = []
    for direction in np.eye(len(at)) * 0.005:
        odd = [log_prob(at + j * direction) - log_prob(at - j * direction) for j in (1, 2, 3, 4)]
        columns.append((4 / 5 * odd[0] - 1 / 5 * odd[1] + 4 / 105 * odd[2] - 1 / 280 * odd[3]) / 0.005)
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("size", [2, 30])
def test_the_fisher_matrix_of_a_beta_binomial_is_a_sum_of_numbers(size):
    at, values = np.array([2.0, 3.0]), np.arange(size + 1)
    scores = scipy_score(lambda t: stats.betabinom(size, *t).logpmf(values), at)
    expected = (scores.T * stats.betabinom(size, *at).pmf(values)) @ scores
    start = time.process_time()
    matrix = beta_binomial(size).fisher(at)
    assert time.process_time() - start < 2
    assert_allclose(matrix, expected, rtol=1e-9)
    ratio = stats.betabinom(size, 2, 3).logpmf(values) - stats.betabinom(size, 1, 2).logpmf(values)
    assert_allclose(
        beta_binomial(size).kl(at, [1, 2]), stats.betabinom(size, 2, 3).pmf(values) @ ratio, rtol=1e-11
    )


# --- wrong declarations


def seven_times():
    return Family(
        "Seven",
        x,
        [theta],
        sp.log(7) + sp.log(theta) - theta * x,
        MomentRule({x: sp.exp(L) / theta}, sp.gamma(1 + s)),
    )


def wrong_pair():
    log_density = -sp.log(3 * sp.pi) - z**2 / 2 - (x - mu) ** 2 / 2
    L1, L2, s1, s2 = sp.symbols("L1 L2 s1 s2", real=True)
    w = sp.Symbol("w", real=True)
    rule = MomentRule({z: L1, w: mu + L2}, sp.exp((s1**2 + s2**2) / 2), statistics=(L1, L2), orders=(s1, s2))
    return Family("Pair", (z, w), [mu], log_density.subs(x, w), rule)


@pytest.mark.parametrize("make", [seven_times, wrong_pair])
def test_a_density_whose_mass_is_not_one_is_refused_at_the_first_use_of_any_kind(make):
    at = [1.0]
    size = len(make().variables)
    outcome = [1.0] if size == 1 else [[1.0, 1.0]]
    uses = (
        lambda f: f.fisher(at),
        lambda f: f.kl(at, [2.0]),
        lambda f: f.log_prob(at, outcome),
        lambda f: f.score(at, outcome),
        lambda f: f.sample(at, 1, np.random.default_rng(0)),
        lambda f: f.derivation(),
        lambda f: f.kl_expression(),
        lambda f: f.expectation(sp.S.One),
    )
    family = make()
    for use in uses:
        with refuses("mass"):
            use(family)
        with refuses("mass"):
            use(make())


def test_at_checks_nothing():
    scale = sp.Symbol("c", positive=True)
    log_density = sp.log(7) + sp.log(scale) - scale * x - theta
    rule = MomentRule({x: theta * sp.exp(L) / scale}, sp.gamma(1 + s))
    family = Family("Seven", x, [theta], log_density, rule, constants=[scale]).at(c=2)
    with refuses("mass"):
        family.log_prob([1.0], [1.0])


def test_the_declaration_is_tried_once_and_quickly():
    refuse_wrong_mass.cache_clear()
    for family in families.catalogue().values():
        for seconds in (0.5, 0.01):
            start = time.process_time()
            refuse_wrong_mass(family)
            assert time.process_time() - start < seconds


def shifted_gamma():
    """Gamma(4) that begins at theta: its mean score is zero, and KL is infinite however small the step."""
    log_density = 3 * sp.log(x - theta) - (x - theta) - sp.log(6)
    rule = MomentRule({x: theta + sp.exp(L)}, sp.gamma(4 + s) / sp.gamma(4))
    return Family("Shifted", x, [theta], log_density, rule, support=sp.Interval.open(theta, sp.oo))


def test_a_support_that_moves_is_seen_from_the_support():
    family = shifted_gamma()
    derivation = family.derivation()
    assert derivation.mean_score == sp.zeros(1, 1)
    assert not derivation.regular and derivation.matrix is None and derivation.kl_hessian is None
    assert "moves" in derivation.reason and "infinite" in derivation.missing["kl_hessian"]
    with refuses("moves"):
        family.fisher([1.0])
    assert family.kl([1.0], [1.0 + 1e-9]) == np.inf


def test_a_rule_for_another_scale_is_refused_with_a_number_too():
    log_density = sp.log(2 / sp.pi) / 2 - sp.log(a) - x**2 / (2 * a**2)
    moments = sp.gamma(s + sp.S.Half) / sp.gamma(sp.S.Half)
    wrong = Family("Half-normal", x, [a], log_density, MomentRule({x: a * sp.exp(L / 2)}, moments))
    with refuses("mean score"):
        wrong.fisher([1.0])


# --- families without closed forms


def by_mpmath(density, at, support, size):
    """Fisher matrix by quadrature or sums, with derivatives by differences, in many digits."""
    h = mpmath.mpf(10) ** -9

    def logs(point, value):
        return mpmath.log(density(value, *point))

    def score(value, i):
        up, down = list(at), list(at)
        up[i], down[i] = up[i] + h, down[i] - h
        return (logs(up, value) - logs(down, value)) / (2 * h)

    def entry(i, j):
        def weighted(value):
            return density(value, *at) * score(value, i) * score(value, j)

        return support(weighted)

    return np.array([[float(entry(i, j)) for j in range(size)] for i in range(size)])


def negative_binomial_in_both():
    r, p = sp.symbols("r p", positive=True)
    log_density = sp.loggamma(k + r) - sp.loggamma(r) - sp.loggamma(k + 1) + r * sp.log(p) + k * sp.log(1 - p)
    space = [*families.discrete.positive(r), *families.discrete.probability(p)]
    return Family("NB", k, [r, p], log_density, None, support=sp.S.Naturals0, parameter_space=space)


def mixture():
    m = sp.Symbol("m", real=True)
    w = sp.Symbol("w", positive=True)
    one, two = sp.exp(-(z**2) / 2), sp.exp(-((z - m) ** 2) / 2)
    log_density = sp.log((1 - w) * one + w * two) - sp.log(2 * sp.pi) / 2
    return Family("Mixture", z, [w, m], log_density, None, parameter_space=families.discrete.probability(w))


def skew_normal():
    alpha = sp.Symbol("alpha", real=True)
    log_density = sp.log(2) - sp.log(2 * sp.pi) / 2 - z**2 / 2 + sp.log(sp.erfc(alpha * z / sp.sqrt(2)) / 2)
    return Family("Skew normal", z, [alpha], log_density, None)


def zero_inflated_poisson():
    w, rate = sp.symbols("w lambda", positive=True)
    zero = sp.KroneckerDelta(k, 0)
    poisson = k * sp.log(rate) - rate - sp.loggamma(k + 1)
    log_density = zero * sp.log(w + (1 - w) * sp.exp(-rate)) + (1 - zero) * (sp.log(1 - w) + poisson)
    space = [*families.discrete.probability(w), *families.discrete.positive(rate)]
    return Family("ZIP", k, [w, rate], log_density, None, support=sp.S.Naturals0, parameter_space=space)


def whole_line(f):
    return mpmath.quad(f, [-14, -6, -3, 0, 3, 6, 14])


def counts(f):
    return mpmath.fsum(f(mpmath.mpf(n)) for n in range(250))


def phi(value):
    return mpmath.npdf(value)


WITHOUT = {
    "negative binomial": (
        negative_binomial_in_both,
        lambda n, r, p: mpmath.gamma(n + r) / mpmath.gamma(r) / mpmath.factorial(n) * p**r * (1 - p) ** n,
        [2.5, 0.4],
        [1.5, 0.3],
        counts,
    ),
    "mixture": (
        mixture,
        lambda t, w, m: (1 - w) * phi(t) + w * phi(t - m),
        [0.3, 1.5],
        [0.2, 2.0],
        whole_line,
    ),
    "skew normal": (skew_normal, lambda t, c: 2 * phi(t) * mpmath.ncdf(-c * t), [0.75], [1.25], whole_line),
    "zero-inflated": (
        zero_inflated_poisson,
        lambda n, w, rate: (w if n == 0 else 0) + (1 - w) * mpmath.exp(-rate) * rate**n / mpmath.factorial(n),
        [0.3, 2.5],
        [0.4, 2.0],
        counts,
    ),
}


@pytest.mark.parametrize("name", WITHOUT)
def test_without_closed_forms_the_numbers_come_with_a_bound_that_holds(name):
    make, density, at, new, support = WITHOUT[name]
    family = make()
    with mpmath.workdps(30):
        expected = by_mpmath(density, [mpmath.mpf(each) for each in at], support, len(at))
        kl = support(lambda t: density(t, *at) * mpmath.log(density(t, *at) / density(t, *new)))
    matrix, error = family.fisher_with_error(at)
    assert_allclose(matrix, expected, rtol=1e-11)
    assert (np.abs(matrix - expected) <= error + 1e-15 * np.abs(expected)).all() and (error < 1e-10).all()
    value, error = family.kl_with_error(at, new)
    assert abs(value - float(kl)) <= error < 1e-12
    assert_allclose(family.fisher(at), matrix, rtol=0)
    assert family.kl(at, new) == value


def test_without_a_rule_nothing_is_derived():
    with refuses("without a rule"):
        skew_normal().derivation()
    with refuses("without a rule"):
        skew_normal().expectation(z)
    assert skew_normal().kl_expression() is None
