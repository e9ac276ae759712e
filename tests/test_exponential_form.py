"""The exponential view of families: by separation and by rank, in two coordinates, there and back."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from refusals import INF, NAN, NOT_GENERATORS, NOT_VECTORS, Example, refusal_tests, says
from scipy import special, stats
from test_families import FAMILIES, derivative, example, quadrature

import ngbook
from ngbook import families, symbolic
from ngbook.families import Family, OrderTest, exponential_order
from ngbook.families.inversion import first_length, search
from ngbook.families.separation import near
from ngbook.families.spaces import probability
from ngbook.symbolic import FiniteSum, L, MomentRule, s

NOT_EXPONENTIAL = {"weibull", "gumbel", "logistic", "laplace", "cauchy", "student_t"}
FORMS = {slug: family.exponential_form() for slug, family in FAMILIES.items() if slug not in NOT_EXPONENTIAL}
INVERTIBLE = {slug: form for slug, form in FORMS.items() if slug != "categorical_softmax"}
every_form = pytest.mark.parametrize("slug", FORMS)
every_invertible_form = pytest.mark.parametrize("slug", INVERTIBLE)
ORDERS = {
    **dict.fromkeys(FORMS, 1),
    **{slug: 2 for slug in FORMS if slug.startswith(("normal", "categorical"))},
    **dict.fromkeys(("log_normal", "gamma", "inverse_gamma", "beta", "inverse_gaussian", "von_mises"), 2),
    "dirichlet": 3,
    "bivariate_normal": 5,
    "bivariate_normal_cholesky": 5,
}

x, mu = sp.symbols("x mu", real=True)
y, sigma = sp.symbols("y sigma", positive=True)
p, q = sp.symbols("p q", positive=True)
k = sp.Symbol("k", integer=True, nonnegative=True)


def normal_rule(mean, variance):
    return MomentRule({x: L}, sp.exp(mean * s + variance * s**2 / 2))


def normal_log_density(mean, variance):
    return -sp.log(2 * sp.pi * variance) / 2 - (x - mean) ** 2 / (2 * variance)


HALF_NORMAL = Family(
    "Half-normal", y, [sigma], sp.log(2 / sp.pi) / 2 - sp.log(sigma) - y**2 / (2 * sigma**2),
    MomentRule({y: sp.sqrt(2) * sigma * sp.exp(L / 2)}, sp.gamma(s + sp.S.Half) / sp.gamma(sp.S.Half)),
    sampler=lambda rng, n, sigma: np.abs(rng.normal(0, sigma, n)),
)  # fmt: skip
CURVED = Family(
    "Proportional", x, [sigma], normal_log_density(sigma, sigma**2), normal_rule(sigma, sigma**2),
    sampler=lambda rng, n, sigma: rng.normal(sigma, sigma, n),
)  # fmt: skip
LOGARITHMIC = Family(
    "Logarithmic", k, [p], k * sp.log(p) - sp.log(k) - sp.log(-sp.log(1 - p)),
    MomentRule({k: L}, sp.log(1 - p * sp.exp(s)) / sp.log(1 - p)),
    support=sp.S.Naturals, parameter_space=probability(p), example={p: sp.Rational(2, 5)},
    sampler=lambda rng, n, p: rng.logseries(p, n),
)  # fmt: skip


RNG = np.random.default_rng(0)


# --- separation, and the rank as its referee


@pytest.mark.parametrize("slug", FAMILIES)
def test_separation_and_rank_agree_on_every_family(slug):
    family = FAMILIES[slug]
    test = exponential_order(family, np.random.default_rng(0), points=16)
    assert test.sizes == (8, 16)
    if slug in NOT_EXPONENTIAL:
        with pytest.raises(
            ValueError, match=r"no exponential form: in the term .* mixes outcome and parameters"
        ):
            family.exponential_form()
        assert test.order is None and len(family.parameters) < test.ranks[0] < test.ranks[1]
        if slug != "laplace":  # whose rank is the number of intervals between kinks in which outcomes fell
            assert test.ranks == (7, 15)
    else:
        assert test.order == FORMS[slug].order == ORDERS[slug]
        assert test.ranks == (ORDERS[slug],) * 2


@every_form
def test_the_parts_add_up_to_the_log_density(slug):
    form, family = FORMS[slug], FAMILIES[slug]
    theta = example(family)
    x = family.sample(theta, 20, np.random.default_rng(1))
    base = np.array(
        [sp.N(form.log_base.subs(dict(zip(family.variables, row, strict=True)))) for row in rows(x)]
    )
    parts = base.astype(float) + form.sufficient_statistics(x) @ form.natural(theta) - form.potential(theta)
    assert_allclose(parts, family.log_prob(theta, x), rtol=1e-11, atol=1e-11)


def rows(x):
    return x.reshape(len(x), -1).tolist()


@every_form
def test_each_part_depends_on_what_it_should(slug):
    form, family = FORMS[slug], FAMILIES[slug]
    outcome, parameters = set(family.variables), set(family.parameters)
    for part in (form.log_base, *form.statistics):
        assert part.free_symbols <= outcome
    for part in (form.log_partition, *form.natural_parameters):
        assert part.free_symbols <= parameters
    assert all(statistic.free_symbols for statistic in form.statistics)
    assert form.family is family and len(form.natural_parameters) == form.order
    assert family.exponential_form() is form


@every_form
def test_the_form_is_minimal(slug):
    """Neither statistics nor natural parameters, with the constant 1, depend linearly on each other."""
    form, family = FORMS[slug], FAMILIES[slug]
    thetas = near(family, np.random.default_rng(2).normal(size=(200, len(family.parameters))))
    thetas = thetas[:40, : len(family.parameters)]
    x = np.concatenate([family.sample(theta, 2, np.random.default_rng(3)) for theta in thetas])
    for values in (form.sufficient_statistics(x), np.array([form.natural(theta) for theta in thetas])):
        scaled = np.column_stack([np.ones(len(values)), values / np.abs(values).max(axis=0)])
        assert np.linalg.matrix_rank(scaled, tol=1e-6) == form.order + 1


def test_the_forms_that_a_table_shows():
    form = families.gamma.exponential_form()
    x, (a, b) = families.gamma.variable, families.gamma.parameters
    assert form.statistics == (x, sp.log(x)) and form.natural_parameters == (-b, a)
    assert form.log_partition == sp.loggamma(a) - a * sp.log(b) and form.log_base == -sp.log(x)
    form = families.normal.exponential_form()
    x, (mu, sigma) = families.normal.variable, families.normal.parameters
    assert form.statistics == (x, x**2)
    assert form.natural_parameters == (mu / sigma**2, -1 / (2 * sigma**2))
    assert form.log_partition == mu**2 / (2 * sigma**2) + sp.log(sigma)
    assert form.log_base == -sp.log(2 * sp.pi) / 2
    assert form.mean_parameters == (mu, mu**2 + sigma**2)
    assert families.normal_variance.exponential_form().log_base == -sp.log(2 * sp.pi) / 2
    logits = families.categorical_softmax.parameters
    natural = families.categorical_softmax.exponential_form().natural_parameters
    assert natural == (logits[0] - logits[2], logits[1] - logits[2])


def test_a_family_with_constants_has_a_form_in_them_and_one_with_their_values():
    general, fixed = families.binomial.exponential_form(), families.binomial.at(n=4).exponential_form()
    (n,) = families.binomial.constants
    (p,) = families.binomial.parameters
    assert general.log_partition == -n * sp.log(1 - p) and fixed.log_partition == -4 * sp.log(1 - p)
    assert general.mean_parameters == (n * p,)
    assert_allclose(fixed.mean([0.3]), [1.2])
    calls = (
        general.mean,
        general.natural,
        general.from_mean,
        general.from_natural,
        general.sufficient_statistics,
    )
    for call in calls:
        with pytest.raises(ValueError, match=r"fix it first with \.at\(n=\.\.\.\)"):
            call([0.3])
    with pytest.raises(ValueError, match=r"fix it first with \.at\(n=\.\.\.\)"):
        exponential_order(families.binomial, np.random.default_rng(0))


def test_a_moving_support_is_refused_before_anything_else():
    for call in (families.uniform.exponential_form, lambda: exponential_order(families.uniform, RNG)):
        with pytest.raises(ValueError, match=r"not an exponential family: its support .* moves"):
            call()


def test_the_constants_decide_what_is_exponential():
    """Weibull outcomes are exponential in the scale once the shape is known."""
    shape, scale = sp.symbols("c lambda", positive=True)
    log_density = sp.log(shape) + (shape - 1) * sp.log(y) - shape * sp.log(scale) - (y / scale) ** shape
    rule = MomentRule({y: scale * sp.exp(L / shape)}, sp.gamma(1 + s))
    known = Family(
        "Known shape", y, [scale], log_density, rule, constants=[shape],
        sampler=lambda rng, n, scale, c: scale * rng.weibull(c, n),
    )  # fmt: skip
    assert known.exponential_form().statistics == (y**shape,)
    form = known.at(c=3).exponential_form()
    assert form.statistics == (y**3,) and form.natural_parameters == (-1 / scale**3,)
    assert form.mean_parameters == (scale**3,)
    assert exponential_order(known.at(c=3), RNG).ranks == (1, 1)
    assert_allclose(form.from_mean([8.0]), [2.0])


@pytest.mark.parametrize(
    ("family", "statistics", "order"),
    [(HALF_NORMAL, (y**2,), 1), (CURVED, (x, x**2), 2), (LOGARITHMIC, (k,), 1)],
)
def test_families_of_ones_own(family, statistics, order):
    form = family.exponential_form()
    assert form.statistics == statistics and form.order == order
    test = exponential_order(family, np.random.default_rng(1))
    assert test == OrderTest((12, 24), (order, order)) and test.order == order


def test_a_curved_family_has_means_but_no_way_back():
    form = CURVED.exponential_form()
    assert_allclose(form.mean([1.5]), [1.5, 4.5])
    assert_allclose(form.natural([0.5]), [2.0, -2.0])
    for call in (form.from_mean, form.from_natural):
        with pytest.raises(
            ValueError, match="has 2 for 1: it is curved, a surface of dimension 1 among the 2"
        ):
            call([1.5, 4.5])
    with pytest.raises(ValueError, match="from_mean needs as many"):
        form.from_mean([1.5, 4.5])
    with pytest.raises(ValueError, match="from_natural needs as many"):
        form.from_natural([1.5, 4.5])
    with pytest.raises(ValueError, match="covariance needs as many"):
        form.covariance([1.5])


def test_a_redundant_chart_is_told_from_a_curved_family():
    form = FORMS["categorical_softmax"]
    with pytest.raises(ValueError, match="has 2 for 3: many parameters are one distribution"):
        form.from_mean([0.2, 0.3])
    assert_allclose(form.mean([0.1, 0.2, 0.3]), special.softmax([0.1, 0.2, 0.3])[:2])
    assert_allclose(form.natural([0.1, 0.2, 0.3]), [-0.2, -0.1])


def test_dependent_statistics_are_taken_out_exactly():
    """Of the indicators of 0 and 1, which add up to 1, the last is gone."""
    pairs = sp.KroneckerDelta(k, 0) * sp.log(p) + sp.KroneckerDelta(k, 1) * sp.log(1 - p)
    coin = Family(
        "Coin", k, [p], pairs, FiniteSum(k, pairs, range(2)), support=sp.Range(2),
        parameter_space=probability(p), sampler=lambda rng, n, p: rng.binomial(1, 1 - p, n),
    )  # fmt: skip
    form = coin.exponential_form()
    assert form.order == 1 and form.statistics == (sp.KroneckerDelta(k, 0),)
    assert form.natural_parameters == (sp.log(p) - sp.log(1 - p),)
    assert form.log_partition == -sp.log(1 - p)
    assert_allclose(form.from_mean([0.25]), [0.25])


def test_a_sum_of_outcomes_that_is_fixed_takes_out_a_statistic():
    """Of two outcomes z + w = 1 one is enough; what the other adds is free of the outcome."""
    z, w = sp.symbols("z w", positive=True)
    tilted = Family(
        "Tilted", (z, w), [p, q],
        sp.log(p + q) - sp.log(1 - sp.exp(-p - q)) - p * z + q * w - q, None,
        support=sp.ConditionSet((z, w), sp.Eq(z + w, 1), sp.ProductSet(*[sp.Interval.open(0, 1)] * 2)),
    )  # fmt: skip
    form = tilted.exponential_form()
    assert form.order == 1 and form.statistics == (w,)  # the first by its name
    assert form.natural_parameters == (p + q,)
    assert symbolic.equal(form.log_partition, p + q + sp.log(1 - sp.exp(-p - q)) - sp.log(p + q))
    assert exponential_order(with_sampler(tilted), RNG).ranks == (1, 1)
    with pytest.raises(symbolic.NoClosedForm, match="without a rule"):
        form.mean([1.0, 1.0])


def with_sampler(tilted):
    def draw(rng, n, p, q):
        z = -np.log1p(rng.random(n) * np.expm1(-p - q)) / (p + q)
        return np.column_stack([z, 1 - z])

    return Family(
        tilted.name, tilted.variable, tilted.parameters, tilted.log_density, None, support=tilted.support,
        sampler=draw,
    )  # fmt: skip


def test_dependent_coefficients_join_their_statistics():
    """θk + θk² + 3 written out has one statistic, and what has a constant coefficient is in the base."""
    tilt = mu * k + (mu + 1) * k**2
    log_density = tilt - sp.log(1 + sp.exp(2 * mu + 1) + sp.exp(6 * mu + 4))
    tilted = Family("Tilted", k, [mu], log_density, FiniteSum(k, log_density, range(3)), support=sp.Range(3))
    form = tilted.exponential_form()
    assert form.statistics == (k**2 + k,) and form.natural_parameters == (mu,)
    assert form.log_base == k**2
    weights = np.exp([0, 1, 4])
    assert_allclose(form.mean([0.0]), [np.array([0, 2, 6]) @ weights / weights.sum()])


def test_a_dependence_is_seen_wherever_the_outcomes_lie():
    """On [2, 3], sin² and cos² add up to 1, so that of p sin²x + p cos²x - p nothing is left."""
    waves = p * sp.sin(y) ** 2 + p * sp.cos(y) ** 2 - p
    log_density = sp.log(q) - q * (y - 2) - sp.log(1 - sp.exp(-q)) + waves
    form = Family("Waves", y, [p, q], log_density, None, support=sp.Interval(2, 3)).exponential_form()
    assert form.statistics == (y,) and form.natural_parameters == (-q,)
    assert not form.log_partition.has(p) and form.log_base == 0


def test_three_outcomes_with_a_fixed_sum_need_two_statistics():
    """The Dirichlet law's own shapes are tilted: of x_1 + x_2 + x_3 = 1 each sum is known."""
    xs = families.dirichlet.variable
    sums = p * sum(xs) - p
    log_density = families.dirichlet.log_density + sums
    tilted = Family("Tilted", xs, [*families.dirichlet.parameters, p], log_density, None,
                    support=families.dirichlet.support)  # fmt: skip
    form = tilted.exponential_form()
    assert form.statistics == FORMS["dirichlet"].statistics
    assert form.natural_parameters == FORMS["dirichlet"].natural_parameters


def test_what_dependent_coefficients_leave_over_is_in_the_base():
    """sin²θ k + cos²θ k² = k² + sin²θ (k - k²)."""
    tilt = sp.sin(mu) ** 2 * k + sp.cos(mu) ** 2 * k**2
    log_density = tilt - sp.log(sum(sp.exp(tilt.subs(k, i)) for i in range(3)))
    tilted = Family("Turned", k, [mu], log_density, FiniteSum(k, log_density, range(3)), support=sp.Range(3))
    form = tilted.exponential_form()
    assert form.order == 1
    whole = form.log_base + form.statistics[0] * form.natural_parameters[0] - form.log_partition
    assert symbolic.equal(form.log_base, k**2) and symbolic.equal(whole, log_density)


def test_more_points_are_needed_than_twice_the_order():
    test = exponential_order(families.bivariate_normal, np.random.default_rng(0), points=12)
    assert test.ranks == (5, 5) and test.order is None, "a rank of 5 is all that 6 points can have"
    assert OrderTest((8, 16), (3, 3)).order == 3 and OrderTest((8, 16), (3, 4)).order is None
    assert exponential_order(families.normal, np.random.default_rng(0), points=4).sizes == (2, 4)


# --- means, covariances and potentials


@every_form
def test_means_are_those_of_quadrature(slug):
    theta = example(FAMILIES[slug])
    x, weight = quadrature(slug, theta)
    statistics = FORMS[slug].sufficient_statistics(x)
    assert_allclose(FORMS[slug].mean(theta), weight @ statistics, rtol=1e-8, atol=1e-9)


@every_invertible_form
def test_the_covariance_of_the_statistics_is_the_fisher_matrix_in_the_natural_chart(slug):
    """By quadrature, and from the catalogue's F with the differences of η: F = Jᵀ cov(T) J."""
    form, theta = FORMS[slug], example(FAMILIES[slug])
    x, weight = quadrature(slug, theta)
    centred = form.sufficient_statistics(x) - form.mean(theta)
    covariance = form.covariance(theta)
    assert_allclose(covariance, (centred.T * weight) @ centred, rtol=1e-7, atol=1e-8)
    j = derivative(form.natural, theta)
    assert_allclose(j.T @ covariance @ j, FAMILIES[slug].fisher(theta), rtol=1e-8, atol=1e-9)
    assert np.array_equal(covariance, covariance.T)
    assert_allclose(np.linalg.inv(covariance) @ derivative(form.mean, theta), j, rtol=1e-7, atol=1e-8)


@every_form
def test_the_mean_is_the_gradient_of_the_log_partition_function_in_the_natural_chart(slug):
    form, theta = FORMS[slug], example(FAMILIES[slug])
    slope = derivative(lambda at: np.array([form.potential(at)]), theta)[0]
    assert_allclose(slope, derivative(form.natural, theta).T @ form.mean(theta), rtol=1e-9, atol=1e-9)
    dual = derivative(lambda at: np.array([form.dual_potential(at)]), theta)[0]
    assert_allclose(dual, derivative(form.mean, theta).T @ form.natural(theta), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("slug", ["bernoulli", "poisson", "normal", "gamma", "beta", "von_mises", "pareto"])
def test_both_are_proved(slug):
    """∇A = Jᵀm and Jᵀ ∂m/∂θ = F, without any inversion."""
    form, family = FORMS[slug], FAMILIES[slug]
    j = sp.Matrix(form.natural_parameters).jacobian(family.parameters)
    m = sp.Matrix(form.mean_parameters)
    slope = sp.Matrix([sp.diff(form.log_partition, parameter) for parameter in family.parameters])
    assert symbolic.equal(slope, j.T * m, family.example)
    fisher = family.derivation().matrix
    assert symbolic.equal(j.T * m.jacobian(family.parameters), fisher, family.example)


@every_form
def test_kl_is_the_bregman_divergence_of_each_potential_with_the_arguments_swapped(slug):
    form, family = FORMS[slug], FAMILIES[slug]
    old, new = example(family), example(family) * 1.1
    kl = family.kl(old, new)
    eta_step, m_step = form.natural(new) - form.natural(old), form.mean(old) - form.mean(new)
    natural = form.potential(new) - form.potential(old) - form.mean(old) @ eta_step
    mean = form.dual_potential(old) - form.dual_potential(new) - form.natural(new) @ m_step
    mixed = form.potential(new) + form.dual_potential(old) - form.mean(old) @ form.natural(new)
    assert_allclose([natural, mean, mixed], kl, rtol=1e-10, atol=1e-14)
    swapped = form.potential(old) - form.potential(new) + form.mean(new) @ eta_step
    assert abs(swapped - kl) > 1e-4 * kl


def test_potentials_do_not_lose_digits():
    """η·m and A are of size 1e5 for a shape of 1e4, and their difference is of size 1."""
    shape, rate = 1e4, 2.0
    entropy = stats.gamma(shape, scale=1 / rate).entropy()
    by_hand = -entropy + FORMS["gamma"].mean([shape, rate])[1]  # A* = -entropy - E log h, log h = -log x
    assert_allclose(FORMS["gamma"].dual_potential([shape, rate]), by_hand, rtol=1e-12)
    assert_allclose(FORMS["bernoulli_logit"].potential([1000.0]), 1000.0, rtol=1e-15)
    assert_allclose(FORMS["bernoulli_logit"].mean([-700.0]), np.exp(-700.0), rtol=1e-13)


# --- there and back

EXTREMES = {
    "bernoulli_logit": [[-30.0], [25.0]],
    "poisson": [[1e-9], [1e9]],
    "geometric": [[1e-6], [0.999999]],
    "gamma": [[0.05, 3.0], [1e4, 0.1], [1e4, 1e4], [50.0, 0.1], [0.01, 1e-3]],
    "inverse_gamma": [[0.05, 3.0], [1e3, 0.1]],
    "beta": [[0.01, 0.02], [1e3, 2e3], [300.0, 0.1], [0.05, 40.0]],
    "dirichlet": [[0.01, 0.02, 0.5], [100.0, 200.0, 50.0], [0.1, 30.0, 2.0]],
    "von_mises": [[0.3, 1e-3], [-3.0, 1e-6], [3.1, 200.0], [-2.0, 1e3], [1 / 3 + np.pi - 1e-6, 0.5]],
    "inverse_gaussian": [[0.02, 5.0], [30.0, 0.1]],
    "normal": [[-40.0, 0.1], [1e3, 10.0], [0.0, 1e-6]],
    "normal_log_sigma": [[5.0, -3.0], [0.1, 12.0]],
    "normal_mean": [[3.0, 9.001], [0.0, 1e6]],
    "bivariate_normal": [[1.0, -5.0, 0.1, 3.0, 0.99], [0.0, 0.2, 50.0, 0.5, -0.999]],
    "bivariate_normal_cholesky": [[1.0, -5.0, 0.1, 3.0, 0.5], [0.0, 0.2, 50.0, 0.5, 0.1]],
}


def thetas_of(slug, count, width):
    family = FAMILIES[slug]
    size = len(family.parameters)
    around = near(family, width * np.random.default_rng(4).normal(size=(50, size)))[:count, :size]
    return [*around, *map(np.array, EXTREMES.get(slug, []))]


def lost_digits(expressions, family, theta):
    """How far each parameter moves if the coordinates are rounded, from their derivatives in 60 digits."""
    point = {symbol: sp.Float(number, 60) for symbol, number in zip(family.parameters, theta, strict=True)}
    j = sp.Matrix(expressions).jacobian(family.parameters).evalf(60, subs=point)
    rounding = sp.Matrix(expressions).evalf(60, subs=point).applyfunc(lambda value: abs(value) * 1e-16)
    return np.array(j.inv().applyfunc(abs) * rounding, dtype=float)[:, 0]


@every_invertible_form
def test_there_and_back(slug):
    """To ten digits, or some times what rounding the coordinates takes away."""
    form, family = INVERTIBLE[slug], FAMILIES[slug]
    natural = form.natural, form.from_natural, form.natural_parameters
    mean = form.mean, form.from_mean, form.mean_parameters
    for theta in thetas_of(slug, 6, 1.0):
        for there, back, expressions in (natural, mean):
            found = back(there(theta))
            assert found.shape == theta.shape
            if slug == "von_mises":
                found[0] = theta[0] + np.angle(np.exp(1j * (found[0] - theta[0])))
            allowed = 1e-10 * np.abs(theta) + 20 * lost_digits(expressions, family, theta)
            assert np.all(np.abs(found - theta) <= allowed), (theta, found)


def test_of_the_turns_of_an_angle_a_near_one_is_found():
    form = FORMS["von_mises"]
    for turn in np.linspace(-3, 3, 13):
        found = form.from_natural(form.natural([turn, 1.5]))
        assert abs(found[0] - turn) < 7 and abs(np.remainder(found[0] - turn + 1, 2 * np.pi) - 1) < 1e-12


def test_the_average_of_the_statistics_gives_the_best_fit():
    """Against SciPy's maximum-likelihood fit, and with a score that adds up to zero."""
    x = families.gamma.sample([2.5, 1.3], 400, np.random.default_rng(5))
    form = FORMS["gamma"]
    fitted = form.from_mean(form.sufficient_statistics(x).mean(axis=0))
    shape, _, scale = stats.gamma.fit(x, floc=0)
    assert_allclose(fitted, [shape, 1 / scale], rtol=1e-6)
    assert_allclose(families.gamma.score(fitted, x).mean(axis=0), 0, atol=1e-11)
    pairs = families.bivariate_normal.sample([1, 2, 0.5, 3, 0.8], 50, np.random.default_rng(6))
    form = FORMS["bivariate_normal"]
    fitted = form.from_mean(form.sufficient_statistics(pairs).mean(axis=0))
    expected = [*pairs.mean(axis=0), *pairs.std(axis=0), np.corrcoef(pairs.T)[0, 1]]
    assert_allclose(fitted, expected, rtol=1e-10)


OUTSIDE = [
    ("from_mean", "bernoulli", [1.2]),
    ("from_mean", "bernoulli", [1.0]),
    ("from_mean", "bernoulli", [-0.1]),
    ("from_mean", "bernoulli_logit", [1.2]),
    ("from_mean", "bernoulli_logit", [1.0]),
    ("from_mean", "bernoulli_logit", [1 - 1e-16]),
    ("from_mean", "bernoulli_logit", [0.0]),
    ("from_mean", "categorical", [0.5, 0.5]),
    ("from_mean", "categorical", [0.7, 0.5]),
    ("from_mean", "poisson", [0.0]),
    ("from_mean", "geometric", [0.5]),
    ("from_mean", "gamma", [2.5, np.log(2.5)]),
    ("from_mean", "gamma", [2.5, np.log(2.5) + 1e-3]),
    ("from_mean", "gamma", [-2.5, 0.0]),
    ("from_mean", "beta", [-0.1, -0.1]),
    ("from_mean", "dirichlet", [-0.1, -0.1, -0.1]),
    ("from_mean", "inverse_gaussian", [2.0, 0.5]),
    ("from_mean", "normal", [1.3, 1.3**2]),
    ("from_mean", "normal", [1.3, 1.6]),
    ("from_mean", "normal", [0.0, 0.0]),
    ("from_mean", "normal_log_sigma", [1.3, 1.3**2 + 1e-15]),
    ("from_mean", "normal_natural", [1.3, 1.3**2]),
    ("from_mean", "bivariate_normal", [0.0, 0.0, 1.0, 1.0, -1.2]),
    ("from_mean", "von_mises", [0.9, 0.6]),
    ("from_mean", "von_mises", [0.0, 0.0]),
    ("from_natural", "bernoulli", [800.0]),
    ("from_natural", "normal", [1.0, 0.0]),
    ("from_natural", "normal", [1.0, 0.1]),
    ("from_natural", "gamma", [0.0, 1.0]),
    ("from_natural", "gamma", [-1.0, -0.5]),
    ("from_natural", "exponential", [1.0]),
    ("from_natural", "bivariate_normal", [0.0, 0.0, -1.0, -1.0, 2.0]),
]


@pytest.mark.parametrize(("method", "slug", "coordinates"), OUTSIDE)
def test_coordinates_outside_their_space_and_on_its_edge_are_refused(method, slug, coordinates):
    with pytest.raises(ngbook.OutsideDomain, match=f"no parameters with these {method[5:]} parameters"):
        getattr(FORMS[slug], method)(coordinates)


@pytest.mark.parametrize(
    ("slug", "mean", "expected"),
    [
        ("bernoulli", [1 - 1e-12], [1 - 1e-12]),
        ("bernoulli_logit", [1e-12], [np.log(1e-12) - np.log1p(-1e-12)]),
        ("normal", [1.3, 1.3**2 + 1e-6], [1.3, 1e-3]),
        ("poisson", [1e-12], [1e-12]),
        ("normal", [0.0, 1.0], [0.0, 1.0]),
    ],
)
def test_near_the_edge_there_is_still_an_answer(slug, mean, expected):
    assert_allclose(FORMS[slug].from_mean(mean), expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(
    ("slug", "theta"), [("gamma", [1e7, 2.0]), ("von_mises", [0.5, 1e7]), ("bernoulli_logit", [25.0])]
)
def test_where_few_digits_are_left_these_are_found(slug, theta):
    """Of a shape or a concentration of 1e7 rounding the mean leaves seven digits."""
    form = FORMS[slug]
    assert_allclose(form.from_mean(form.mean(theta)), theta, rtol=1e-6)


def test_a_search_ends_where_the_coordinates_have_no_slope():
    class Flat:
        def __call__(self, numbers):
            return np.zeros(1)

        def slope(self, numbers):
            return np.zeros((1, 1))

    assert search(np.array([1.0]), np.array([2.0]), Flat(), Flat(), np.ndarray.tolist) is None
    assert first_length([1.0], np.array([2.0]), Flat(), Flat()) == np.inf


# --- what is refused

form = FORMS["normal"]
NOT_THETA = [
    ["a", "b"],
    None,
    says("finite", [NAN, 1.0], ngbook.OutsideDomain),
    says("mu, sigma", [0.0, 1.0, 2.0]),
    says("sigma > 0", [0.0, 0.0], ngbook.OutsideDomain),
]
NOT_COORDINATES = [*NOT_VECTORS, says("must have 2 entries", [1.0, 2.0, 3.0]), [INF, 1.0]]
of_theta = [
    Example(method, theta=[0.0, 1.0])
    for method in (form.natural, form.mean, form.covariance, form.potential, form.dual_potential)
]
statistics = Example(FORMS["gamma"].sufficient_statistics, x=[1.0, 2.0])
order = Example(exponential_order, family=families.normal, rng=np.random.default_rng(0), points=4)
REFUSED = [
    *(fact for example in of_theta for fact in example.refuses("theta", *NOT_THETA)),
    *statistics.refuses("x", [[1.0, 2.0]], says("NaN", [NAN]), "a"),
    *statistics.refuses("x", says("x[1] = [-2.0] is outside the support", [1.0, -2.0])),
    *Example(form.from_mean, m=[0.0, 1.0]).refuses("m", *NOT_COORDINATES),
    *Example(form.from_natural, eta=[0.0, -1.0]).refuses("eta", *NOT_COORDINATES),
    *order.refuses("family", "normal", None, np.random.default_rng(0), families),
    *order.refuses(
        "family", says("without a sampler", Family("Plain", x, [mu], normal_log_density(mu, 1), None))
    ),
    *order.refuses("rng", *NOT_GENERATORS),
    *order.refuses("points", 3, 2.5, NAN, "many", None),
]
test_works, test_refused = refusal_tests(REFUSED)


def test_a_family_whose_mass_is_wrong_has_no_form():
    wrong = Family("Wrong", x, [mu], normal_log_density(mu, 1) + sp.log(2), normal_rule(mu, 1))
    with pytest.raises(ValueError, match="mass 2 and not 1"):
        wrong.exponential_form()


def test_a_family_without_an_example_that_fits_is_told_to_declare_one():
    far = Family(
        "Far", x, [mu], normal_log_density(mu, 1), normal_rule(mu, 1),
        parameter_space=[sp.StrictGreaterThan(mu, 1000, evaluate=False)],
    )  # fmt: skip
    with pytest.raises(ValueError, match="has no example, and none of a few points fits its space"):
        far.exponential_form()
