"""The families against independent oracles: scipy.stats, quadrature, finite differences, sampling.

Nothing here uses the symbolic engine to check itself. Log-densities come from ``scipy.stats``, scores from
finite differences of those, expectations from quadrature over ``scipy.stats`` densities.
"""

from itertools import pairwise

import mpmath
import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from scipy import integrate, special, stats

from ngbook import families, symbolic
from ngbook.families import Family

CATALOGUE = families.catalogue()


def fixed(family):
    """The family with its constants at the values of its example."""
    return family.at(**{c.name: family.example[c] for c in family.constants}) if family.constants else family


def example(family):
    return np.array([float(family.example[parameter]) for parameter in family.parameters])


FAMILIES = {slug: fixed(family) for slug, family in CATALOGUE.items()}
every_family = pytest.mark.parametrize("slug", FAMILIES)


# --- oracles


def softmax(logits):
    return np.exp(logits - special.logsumexp(logits))


def categorical(probabilities):
    return stats.rv_discrete(values=(np.arange(3), probabilities))


def gauss(mean, variance):
    return stats.norm(mean, np.sqrt(variance))


SCIPY = {
    "bernoulli": lambda p: stats.bernoulli(p),
    "bernoulli_logit": lambda eta: stats.bernoulli(special.expit(eta)),
    "categorical": lambda p1, p2: categorical([p1, p2, 1 - p1 - p2]),
    "categorical_softmax": lambda *logits: categorical(softmax(np.array(logits))),
    "binomial": lambda p: stats.binom(7, p),
    "poisson": lambda rate: stats.poisson(rate),
    "geometric": lambda p: stats.geom(p),
    "negative_binomial": lambda p: stats.nbinom(2.5, p),
    "normal": lambda mu, sigma: stats.norm(mu, sigma),
    "normal_log_sigma": lambda mu, ell: stats.norm(mu, np.exp(ell)),
    "normal_variance": gauss,
    "normal_natural": lambda e1, e2: gauss(-e1 / (2 * e2), -1 / (2 * e2)),
    "normal_mean": lambda m1, m2: gauss(m1, m2 - m1**2),
    "log_normal": lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu)),
    "exponential": lambda rate: stats.expon(scale=1 / rate),
    "gamma": lambda a, b: stats.gamma(a, scale=1 / b),
    "inverse_gamma": lambda a, b: stats.invgamma(a, scale=b),
    "beta": lambda a, b: stats.beta(a, b),
    "dirichlet": lambda *a: stats.dirichlet(a),
    "weibull": lambda k, scale: stats.weibull_min(k, scale=scale),
    "gumbel": lambda mu, b: stats.gumbel_r(mu, b),
    "pareto": lambda alpha: stats.pareto(alpha, scale=4 / 3),
    "rayleigh": lambda sigma: stats.rayleigh(scale=sigma),
    "inverse_gaussian": lambda mu, shape: stats.invgauss(mu / shape, scale=shape),
    "von_mises": lambda mu, kappa: stats.vonmises(kappa, mu),
    "logistic": lambda mu, s: stats.logistic(mu, s),
    "laplace": lambda mu, b: stats.laplace(mu, b),
    "cauchy": lambda mu, g: stats.cauchy(mu, g),
    "student_t": lambda mu, sigma: stats.t(3.5, mu, sigma),
    "bivariate_normal": lambda m1, m2, s1, s2, r: stats.multivariate_normal(
        [m1, m2], [[s1**2, r * s1 * s2], [r * s1 * s2, s2**2]]
    ),
    "bivariate_normal_cholesky": lambda m1, m2, a, b, c: stats.multivariate_normal(
        [m1, m2], [[a**2, a * b], [a * b, b**2 + c**2]]
    ),
}


def log_prob(slug, theta, x):
    distribution = SCIPY[slug](*theta)
    if slug == "dirichlet":
        return np.log(distribution.pdf(x.T))
    return distribution.logpmf(x) if hasattr(distribution, "pmf") else distribution.logpdf(x)


def derivative(function, theta, step=0.005):
    """Central differences of order eight, one column for each parameter."""
    columns = []
    for direction in np.eye(len(theta)) * step:
        odd = [function(theta + j * direction) - function(theta - j * direction) for j in (1, 2, 3, 4)]
        columns.append((4 / 5 * odd[0] - 1 / 5 * odd[1] + 4 / 105 * odd[2] - 1 / 280 * odd[3]) / step)
    return np.stack(columns, axis=-1)


def score(slug, theta, x):
    if slug == "laplace":  # differences do not see a kink
        z = (x - theta[0]) / theta[1]
        return np.stack([np.sign(z) / theta[1], (np.abs(z) - 1) / theta[1]], axis=-1)
    return derivative(lambda at: log_prob(slug, at, x), theta)


def quadrature(slug, theta):
    """Nodes x and weights that integrate against the density at theta: the weights contain it."""
    t = np.arange(-45, 45, 0.02)
    grow, weight = np.exp(t), 0.02 * np.exp(t)
    if FAMILIES[slug].log_density.free_symbols & {sp.Symbol("k", integer=True, nonnegative=True)}:
        support = FAMILIES[slug].support
        x = np.arange(int(support.inf), int(min(support.sup, 400)) + 1)
        weight = np.ones(len(x))
    elif slug in ("bivariate_normal", "bivariate_normal_cholesky"):
        nodes, weights = np.polynomial.hermite_e.hermegauss(12)
        factor = np.linalg.cholesky(SCIPY[slug](*theta).cov_object.covariance)
        x = theta[:2] + np.stack(np.meshgrid(nodes, nodes), -1).reshape(-1, 2) @ factor.T
        return x, np.outer(weights, weights).ravel() / (2 * np.pi)
    elif slug == "dirichlet":
        u, v = (grid.ravel() for grid in np.meshgrid(np.arange(-30, 30, 0.2), np.arange(-30, 30, 0.2)))
        first, share, rest = special.expit(u), special.expit(v), special.expit(-u)
        x = np.stack([first, rest * share, rest * special.expit(-v)], axis=-1)
        weight = 0.04 * first * rest**2 * share * special.expit(-v)
    elif slug == "beta":
        x, weight = special.expit(t), 0.02 * special.expit(t) * special.expit(-t)
    elif slug == "von_mises":
        x = np.arange(-np.pi, np.pi, np.pi / 100)
        weight = np.full(len(x), np.pi / 100)
    elif FAMILIES[slug].support == sp.S.Reals:
        x, weight = theta[0] + np.concatenate([grow, -grow]), np.concatenate([weight, weight])
    else:
        x = float(FAMILIES[slug].support.start) + grow
    with np.errstate(all="ignore"):
        weight = weight * np.exp(log_prob(slug, theta, x))
    kept = weight > 1e-40
    return x[kept], weight[kept]


def kl_between_kinks(slug, old, new):
    """KL of a density with a kink at its first parameter, integrated piece by piece."""

    def integrand(x):
        here = log_prob(slug, old, x)
        return np.exp(here) * (here - log_prob(slug, new, x))

    ends = [-80, *sorted([old[0], new[0]]), 80]
    pieces = pairwise(ends)
    return sum(integrate.quad(integrand, *piece, epsabs=1e-13, limit=200)[0] for piece in pieces)


# --- the numbers


@every_family
def test_fisher_matrix_is_the_mean_outer_product_of_the_score_by_quadrature(slug):
    theta = example(FAMILIES[slug])
    x, weight = quadrature(slug, theta)
    scores = score(slug, theta, x)
    assert_allclose(weight.sum(), 1, rtol=1e-9)
    assert_allclose(weight @ scores, 0, atol=1e-8)
    assert_allclose(FAMILIES[slug].fisher(theta), (scores.T * weight) @ scores, rtol=1e-8, atol=1e-8)


@every_family
def test_log_prob_is_that_of_scipy(slug):
    theta = example(FAMILIES[slug])
    x = FAMILIES[slug].sample(theta, 200, np.random.default_rng(1))
    assert_allclose(FAMILIES[slug].log_prob(theta, x), log_prob(slug, theta, x), rtol=1e-11, atol=1e-11)


@every_family
def test_score_is_the_derivative_of_scipys_log_density(slug):
    theta = example(FAMILIES[slug])
    x = FAMILIES[slug].sample(theta, 200, np.random.default_rng(2))
    expected = score(slug, theta, x)
    assert expected.shape == (200, len(theta))
    assert_allclose(FAMILIES[slug].score(theta, x), expected, rtol=1e-8, atol=1e-8)


@every_family
def test_kl_is_that_of_quadrature_and_zero_at_coincidence(slug):
    old = example(FAMILIES[slug])
    new = old + 0.05 * (-1.0) ** np.arange(len(old))
    if slug == "laplace":
        expected = kl_between_kinks(slug, old, new)
    else:
        x, weight = quadrature(slug, old)
        expected = weight @ (log_prob(slug, old, x) - log_prob(slug, new, x))
    assert_allclose(FAMILIES[slug].kl(old, new), expected, rtol=1e-9)
    assert_allclose(FAMILIES[slug].kl(old, old), 0, atol=1e-14)


@every_family
def test_fisher_matrix_is_the_hessian_of_the_compiled_kl(slug):
    theta, h = example(FAMILIES[slug]), 1e-3
    size = len(theta)
    kl = np.array(
        [
            [
                FAMILIES[slug].kl(theta, theta + h * (a + b)) - FAMILIES[slug].kl(theta, theta + h * (a - b))
                for a in e
            ]
            for e in [np.eye(size)]
            for b in e
        ]
    )
    backward = np.array(
        [
            [
                FAMILIES[slug].kl(theta, theta - h * (a + b)) - FAMILIES[slug].kl(theta, theta - h * (a - b))
                for a in e
            ]
            for e in [np.eye(size)]
            for b in e
        ]
    )
    assert_allclose((kl + backward) / (4 * h**2), FAMILIES[slug].fisher(theta), rtol=1e-3, atol=1e-4)


@every_family
def test_samples_have_mean_score_zero_and_score_covariance_fisher(slug):
    family, n = FAMILIES[slug], 20_000
    theta = example(family)
    scores = family.score(theta, family.sample(theta, n, np.random.default_rng(3)))
    products = scores[:, :, None] * scores[:, None, :]
    for drawn, expected in ((scores, np.zeros(len(theta))), (products, family.fisher(theta))):
        assert np.all(np.abs(drawn.mean(0) - expected) <= 5 * drawn.std(0) / np.sqrt(n) + 1e-12)


def independent_uniforms(slug, theta, drawn):
    """Uniform numbers, one column for each coordinate: the distribution functions at outcomes.

    Of a vector outcome, the second column is the conditional distribution of the second coordinate given the
    first, and for the Dirichlet law the share of the second in what the first leaves.
    """
    if slug == "bivariate_normal":
        m1, m2, s1, s2, rho = theta
        z1, z2 = (drawn[:, 0] - m1) / s1, (drawn[:, 1] - m2) / s2
        return [special.ndtr(z1), special.ndtr((z2 - rho * z1) / np.sqrt(1 - rho**2))]
    if slug == "bivariate_normal_cholesky":
        m1, m2, a, b, c = theta
        z = (drawn[:, 0] - m1) / a
        return [special.ndtr(z), special.ndtr((drawn[:, 1] - m2 - b * z) / c)]
    if slug == "dirichlet":
        a, b, c = theta
        share = drawn[:, 1] / (drawn[:, 1] + drawn[:, 2])
        return [stats.beta(a, b + c).cdf(drawn[:, 0]), stats.beta(b, c).cdf(share)]
    turns = SCIPY[slug](*theta).cdf(drawn)  # on the circle it counts from the opposite of the mean
    return [turns % 1 if slug == "von_mises" else turns]


@every_family
def test_samples_follow_the_law_of_scipy(slug):
    family, theta, n = FAMILIES[slug], example(FAMILIES[slug]), 5000
    drawn = family.sample(theta, n, np.random.default_rng(4))
    assert np.isfinite(family.log_prob(theta, drawn)).all(), "every sample lies inside the support"
    if np.issubdtype(drawn.dtype, np.integer):
        values, counts = np.unique(drawn, return_counts=True)
        expected = n * SCIPY[slug](*theta).pmf(values)
        common = expected >= 5
        rest = n - expected[common].sum(), n - counts[common].sum()
        statistic = np.sum((counts[common] - expected[common]) ** 2 / expected[common])
        statistic += (rest[1] - rest[0]) ** 2 / max(rest[0], 1)
        assert statistic <= stats.chi2(max(common.sum(), 1)).ppf(0.999)
    else:
        for uniform in independent_uniforms(slug, theta, drawn):
            assert stats.kstest(uniform, "uniform").pvalue > 1e-3


# --- the derivations

NO_CLOSED_KL = {"student_t", "logistic"}


@every_family
def test_every_form_that_exists_is_proved_equal_to_the_first(slug):
    derivation = CATALOGUE[slug].derivation()
    expected_missing = (
        {"curvature"} if slug == "laplace" else {"kl_hessian"} if slug in NO_CLOSED_KL else set()
    )
    assert set(derivation.missing) == expected_missing
    assert derivation.regular and derivation.reason == ""
    assert derivation.mean_score == sp.zeros(len(CATALOGUE[slug].parameters), 1)
    pairs = {pair for pair, _ in derivation.proved}
    assert pairs == {("outer", form) for form in {"curvature", "kl_hessian"} - expected_missing}


@every_family
def test_the_errors_of_closed_forms_are_within_their_bounds(slug):
    family, old = FAMILIES[slug], example(FAMILIES[slug])
    new = 1.01 * old

    @mpmath.workdps(40)
    def deviation(value, expression):
        exactly = sp.lambdify(family.old_parameters + family.parameters, expression, "mpmath")
        return abs(value - exactly(*map(mpmath.mpf, [*old, *new])))

    values, errors = family.fisher_with_error(new)
    matrix = family.derivation().matrix
    for i, j in np.ndindex(values.shape):
        assert deviation(values[i, j], matrix[i, j]) <= errors[i, j] <= 1e-12 * abs(values[i, j])
    if slug not in NO_CLOSED_KL:
        value, error = family.kl_with_error(old, new)
        assert deviation(value, family.kl_expression()) <= error < 1e-12


def test_laplace_says_that_its_curvature_is_missing():
    derivation = families.laplace.derivation()
    assert derivation.curvature is None
    assert "kink" in derivation.missing["curvature"]


def test_student_t_at_one_degree_of_freedom_is_cauchy():
    student = families.student_t.at(nu=1)
    width = families.cauchy.parameters[1]
    assert (
        student.derivation().matrix.subs(student.parameters[1], width) == families.cauchy.derivation().matrix
    )
    closed = families.cauchy.kl([0.3, 1.2], [-0.7, 0.4])
    assert_allclose(student.kl([0.3, 1.2], [-0.7, 0.4]), closed, rtol=1e-11)


def test_student_t_tends_to_the_normal():
    (nu,) = families.student_t.constants
    matrix = families.student_t.derivation().matrix.applyfunc(lambda entry: sp.limit(entry, nu, sp.oo))
    assert matrix == families.normal.derivation().matrix


def test_declared_kl_names_its_source():
    for family in CATALOGUE.values():
        assert (family.closed_form_kl is None) == (family.kl_source == "")


def test_uniform_is_not_regular_and_says_why():
    derivation = families.uniform.derivation()
    (theta,) = families.uniform.parameters
    assert (derivation.outer[0], derivation.curvature[0]) == (theta**-2, -(theta**-2))
    assert derivation.mean_score[0] == -1 / theta
    assert not derivation.regular and derivation.matrix is None and derivation.kl_hessian is None
    assert "infinite" in derivation.missing["kl_hessian"]
    assert "mean score" in derivation.reason and "curvature" in derivation.reason
    with pytest.raises(ValueError, match="no Fisher matrix"):
        families.uniform.fisher([2.0])
    assert "uniform" not in CATALOGUE


def test_kl_of_the_uniform_is_linear_one_way_and_infinite_the_other():
    assert_allclose(families.uniform.kl([2.0], [3.0]), np.log(1.5), rtol=1e-15)
    assert families.uniform.kl([3.0], [2.0]) == np.inf


def test_catalogue_has_every_family_under_its_slug():
    assert all(getattr(families, slug) is family for slug, family in CATALOGUE.items())
    assert set(SCIPY) == set(CATALOGUE)


# --- charts


def normal_in(slug):
    """Mean and standard deviation as functions of the parameters of a chart of the Normal."""
    first, second = CATALOGUE[slug].parameters
    return {
        "normal": (first, second),
        "normal_log_sigma": (first, sp.exp(second)),
        "normal_variance": (first, sp.sqrt(second)),
        "normal_natural": (-first / (2 * second), sp.sqrt(-1 / (2 * second))),
        "normal_mean": (first, sp.sqrt(second - first**2)),
    }[slug]


def in_normal(slug):
    """Parameters of a chart of the Normal as functions of mean and standard deviation."""
    mu, sigma = families.normal.parameters
    return {
        "normal": (mu, sigma),
        "normal_log_sigma": (mu, sp.log(sigma)),
        "normal_variance": (mu, sigma**2),
        "normal_natural": (mu / sigma**2, -1 / (2 * sigma**2)),
        "normal_mean": (mu, mu**2 + sigma**2),
    }[slug]


NORMALS = [slug for slug in CATALOGUE if slug.startswith("normal")]


@pytest.mark.parametrize("start", NORMALS)
@pytest.mark.parametrize("end", NORMALS)
def test_fisher_matrix_transforms_between_all_charts_of_the_normal(start, end):
    old, new = CATALOGUE[start], CATALOGUE[end]
    mean_and_deviation = dict(zip(families.normal.parameters, normal_in(end), strict=True))
    expressions = [sp.sympify(e).subs(mean_and_deviation, simultaneous=True) for e in in_normal(start)]
    carried = symbolic.change_of_chart(old.derivation().matrix, old.parameters, expressions, new.parameters)
    assert symbolic.equal(carried, new.derivation().matrix, new.example)


def test_fisher_matrix_transforms_between_the_charts_of_the_bernoulli():
    (eta,) = families.bernoulli_logit.parameters
    (p,) = families.bernoulli.parameters
    to_logit = symbolic.change_of_chart(
        families.bernoulli.derivation().matrix, [p], [1 / (1 + sp.exp(-eta))], [eta]
    )
    assert symbolic.equal(to_logit, families.bernoulli_logit.derivation().matrix)


def test_fisher_matrix_transforms_between_the_charts_of_the_categorical():
    logits = families.categorical_softmax.parameters
    total = sum(map(sp.exp, logits))
    carried = symbolic.change_of_chart(
        families.categorical.derivation().matrix,
        families.categorical.parameters,
        [sp.exp(logit) / total for logit in logits[:2]],
        logits,
    )
    assert symbolic.equal(carried, families.categorical_softmax.derivation().matrix)


def test_softmax_is_singular_along_the_vector_of_ones():
    matrix = families.categorical_softmax.derivation().matrix
    assert symbolic.equal(matrix * sp.ones(3, 1), sp.zeros(3, 1))
    assert symbolic.equality.tidy(matrix[:2, :2].det()) != 0


@pytest.mark.parametrize("slug", NORMALS)
def test_kl_does_not_depend_on_the_chart(slug):
    numbers = sp.lambdify(families.normal.parameters, in_normal(slug))
    old, new = np.array(numbers(0.3, 1.2), float), np.array(numbers(-0.4, 0.7), float)
    assert_allclose(CATALOGUE[slug].kl(old, new), families.normal.kl([0.3, 1.2], [-0.4, 0.7]), rtol=1e-13)


# --- a family of one's own


def test_a_family_of_ones_own_in_six_lines():
    x, a = sp.symbols("x a", positive=True)
    log_density = sp.log(2 / sp.pi) / 2 + 2 * sp.log(x) - 3 * sp.log(a) - x**2 / (2 * a**2)
    moments = sp.gamma(symbolic.s + sp.Rational(3, 2)) / sp.gamma(sp.Rational(3, 2))
    rule = symbolic.MomentRule({x: sp.sqrt(2) * a * sp.exp(symbolic.L / 2)}, moments)
    maxwell = Family("Maxwell", x, [a], log_density, rule)
    assert maxwell.derivation().matrix == sp.Matrix([6 / a**2])
    assert maxwell.expectation(x) == 2 * sp.sqrt(2) * a / sp.sqrt(sp.pi)
    assert_allclose(
        maxwell.log_prob([1.3], [0.4, 2.0]), stats.maxwell(scale=1.3).logpdf([0.4, 2.0]), rtol=1e-13
    )
    assert len(maxwell.derivation().proved) == 2
    with pytest.raises(ValueError, match="without a sampler"):
        maxwell.sample([1.0], 3, np.random.default_rng(0))
    with pytest.raises(ValueError, match="a > 0"):
        maxwell.fisher([-1.0])


def test_kl_by_quadrature_over_the_support_for_a_family_without_closed_form():
    exponential = families.exponential
    blind = Family(
        "Exponential",
        exponential.variable,
        exponential.parameters,
        exponential.log_density,
        exponential.rule,
        no_kl="withheld for this test",
    )
    assert_allclose(blind.kl([0.7], [1.9]), exponential.kl([0.7], [1.9]), rtol=1e-10)


@pytest.mark.parametrize(
    ("slug", "outcome", "expected"),
    [
        ("gamma", lambda x: x**2, lambda a, b: a * (a + 1) / b**2),
        ("poisson", lambda k: k**2, lambda rate: rate + rate**2),
        ("weibull", lambda x: sp.log(x), lambda k, scale: sp.log(scale) - sp.EulerGamma / k),
        ("beta", lambda x: x * (1 - x), lambda a, b: a * b / ((a + b) * (a + b + 1))),
        ("logistic", lambda x: x, lambda mu, s: mu),
        ("inverse_gaussian", lambda x: 1 / x, lambda mu, shape: 1 / mu + 1 / shape),
    ],
)
def test_expectations_known_from_textbooks(slug, outcome, expected):
    family = CATALOGUE[slug]
    assert symbolic.equal(family.expectation(outcome(family.variable)), expected(*family.parameters))


def test_expectation_outside_the_rule_is_refused():
    with pytest.raises(symbolic.NoClosedForm, match="no rule"):
        families.gamma.expectation(sp.atan(families.gamma.variable))


# --- extremes


def test_extreme_logits_do_not_overflow():
    assert_allclose(families.bernoulli_logit.fisher([800.0]), [[0.0]])
    assert_allclose(families.bernoulli_logit.score([-800.0], [0, 1]), [[0.0], [1.0]])
    assert_allclose(families.bernoulli_logit.kl([-800.0], [800.0]), 800.0)
    logits = np.array([1000.0, 0.0, -1000.0])
    assert_allclose(families.categorical_softmax.log_prob(logits, [0, 1, 2]), [0.0, -1000.0, -2000.0])
    assert_allclose(families.categorical_softmax.fisher(logits), np.zeros((3, 3)))


def test_logistic_and_von_mises_far_out():
    assert_allclose(families.logistic.log_prob([0.0, 1.0], [-1e4, 1e4]), [-1e4, -1e4])
    assert_allclose(families.logistic.score([0.0, 1.0], [-1e4, 1e4]), [[-1, 9999], [1, 9999]])
    assert_allclose(families.von_mises.fisher([0.0, 1e4])[0, 0], 1e4 - 0.5, rtol=1e-6)


def test_large_counts_do_not_overflow():
    counts = np.array([0, 180, 1000])
    assert_allclose(families.poisson.log_prob([300.0], counts), stats.poisson(300).logpmf(counts), rtol=1e-12)
    binomial = families.binomial.at(n=1000)
    assert_allclose(binomial.log_prob([0.3], counts), stats.binom(1000, 0.3).logpmf(counts), rtol=1e-11)


def test_kl_by_quadrature_far_from_the_origin():
    near = families.logistic.kl([0.0, 1.0], [0.5, 2.0])
    assert_allclose(families.logistic.kl([1e6, 1e-3], [1e6 + 5e-4, 2e-3]), near, rtol=1e-6)


@pytest.mark.parametrize("nu", [0.5, 3, 1e4])
def test_kl_of_student_t_by_quadrature_for_light_and_heavy_tails(nu):
    student = families.student_t.at(nu=nu)
    h = 1e-3
    curvature = (student.kl([0, 1], [h, 1]) + student.kl([0, 1], [-h, 1])) / h**2
    assert_allclose(curvature, student.fisher([0, 1])[0, 0], rtol=1e-5)


# --- bad input


def refuses(message):
    return pytest.raises(ValueError, match=message)


@every_family
def test_wrong_shapes_and_nan_are_refused(slug):
    family, theta = FAMILIES[slug], example(FAMILIES[slug])
    for call in (family.fisher, lambda t: family.log_prob(t, []), lambda t: family.kl(theta, t)):
        with refuses(r"shape \(\d,\).*needs shape"):
            call(np.append(theta, 1.0))
        with refuses("must be finite"):
            call(theta * np.nan)
    with refuses("x has shape"):
        family.score(theta, np.ones((2, 2, 2)))
    x = family.sample(theta, 2, np.random.default_rng(0)).astype(float)
    with refuses("NaN"):
        family.log_prob(theta, x * np.nan)


@pytest.mark.parametrize(
    ("slug", "theta", "bound"),
    [
        ("bernoulli", [1.2], "p < 1"),
        ("bernoulli", [-0.1], "p > 0"),
        ("categorical", [0.6, 0.7], "p_1 . p_2"),
        ("normal", [0.0, -1.0], "sigma = -1.0.*sigma > 0"),
        ("normal_natural", [0.0, 0.5], "eta_2 < 0"),
        ("normal_mean", [2.0, 1.0], "m_2 > m_1"),
        ("gamma", [1.0, 0.0], "b > 0"),
        ("bivariate_normal", [0, 0, 1, 1, 1.0], "rho < 1"),
        ("uniform", [-1.0], "theta > 0"),
    ],
)
def test_parameters_outside_their_space_are_refused_by_name_and_bound(slug, theta, bound):
    for call in (lambda f: f.fisher(theta), lambda f: f.sample(theta, 3, np.random.default_rng(0))):
        with refuses(bound):
            call(getattr(families, slug))


@pytest.mark.parametrize(
    ("slug", "outside"),
    [
        ("bernoulli", [2]),
        ("binomial", [8]),
        ("poisson", [0.5]),
        ("geometric", [0]),
        ("gamma", [-1.0]),
        ("beta", [1.5]),
        ("pareto", [1.0]),
        ("von_mises", [4.0]),
        ("dirichlet", [[0.5, 0.5, 0.5]]),
    ],
)
def test_outside_the_support_the_density_is_zero_and_the_score_refused(slug, outside):
    theta = example(FAMILIES[slug])
    assert FAMILIES[slug].log_prob(theta, outside) == [-np.inf]
    with refuses("outside the support"):
        FAMILIES[slug].score(theta, outside)


def test_constants_must_be_fixed_and_lie_in_their_space():
    with refuses(r"\.at\(nu=\.\.\.\)"):
        families.student_t.fisher([0.0, 1.0])
    with refuses("declared positive"):
        families.student_t.at(nu=-1)
    with refuses("no constant 'df'"):
        families.student_t.at(df=3)
    with refuses("declared integer"):
        families.binomial.at(n=2.5)
    with refuses("real numbers"):
        families.binomial.at(n="many")


def test_sampling_needs_a_generator_and_a_count():
    with refuses("default_rng"):
        families.normal.sample([0.0, 1.0], 3, 42)
    with refuses("n must be a whole number"):
        families.normal.sample([0.0, 1.0], -1, np.random.default_rng(0))


def test_an_undeclared_symbol_is_refused():
    x, a, b = sp.symbols("x a b", positive=True)
    rule = families.exponential.rule
    with refuses("contains b"):
        Family("Broken", x, [a], -a * x / b, rule)
    with refuses("contains a"):
        Family("Broken", x, [sp.Symbol("a", real=True)], -a * x, rule)
    for parameters in (a, "a", [], [1]):
        with refuses("symbol"):
            Family("Broken", x, parameters, -a * x, rule)
    with refuses("MomentRule"):
        Family("Broken", x, [a], -a * x, "the rule")
