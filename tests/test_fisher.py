"""Estimates of the Fisher matrix, against closed forms."""

import numpy as np
import pytest
from refusals import (
    INF,
    NAN,
    NOT_FUNCTIONS,
    NOT_POSITIVE,
    NOT_SCORES,
    NOT_VECTORS,
    Example,
    constant,
    refusal_tests,
    says,
)
from scipy.sparse.linalg import LinearOperator, aslinearoperator

from ngbook import OutsideDomain, families
from ngbook._check import arrays as check
from ngbook.fisher import empirical_fisher, fisher_from_kl, sampled_fisher
from ngbook.solve import dense_solve

# Six equally likely outcomes with the moments of a standard normal up to the fifth (the three-point
# Gauss-Hermite rule): averages of polynomials of degree at most five are exact, without sampling noise.
SIX_POINTS = np.array([np.sqrt(3), -np.sqrt(3), 0, 0, 0, 0])


def normal_scores(theta, x):
    """Of the Normal distribution in (mu, sigma)."""
    mu, sigma = theta
    return np.stack([(x - mu) / sigma**2, (x - mu) ** 2 / sigma**3 - 1 / sigma], axis=1)


def normal_kl(old, new):
    (mu, sigma), (m, s) = old, new
    return np.log(s / sigma) + (sigma**2 + (mu - m) ** 2) / (2 * s**2) - 0.5


# --- as an operator ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimate", [sampled_fisher, empirical_fisher])
@pytest.mark.parametrize("shape", [(200, 4), (3, 7), (1, 1)])
def test_the_operator_is_the_mean_outer_product(estimate, shape):
    rng = np.random.default_rng(0)
    scores = rng.normal(size=shape)
    dense = np.mean([np.outer(row, row) for row in scores], axis=0)
    vector, block = rng.normal(size=shape[1]), rng.normal(size=(shape[1], 3))
    for form in (scores, aslinearoperator(scores)):
        operator = estimate(form)
        assert isinstance(operator, LinearOperator) and operator.shape == dense.shape
        np.testing.assert_allclose(check.matrix(operator), dense, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(operator @ vector, dense @ vector, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(operator.T @ vector, dense @ vector, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(operator @ block, dense @ block, rtol=1e-12, atol=1e-14)


def test_it_is_positive_semidefinite_and_its_rank_is_at_most_the_number_of_samples():
    scores = np.random.default_rng(1).normal(size=(4, 9))
    matrix = check.matrix(sampled_fisher(scores))
    eigenvalues = np.linalg.eigvalsh(matrix)
    assert eigenvalues.min() > -1e-14 and np.sum(eigenvalues > 1e-12) == 4
    with pytest.raises(ValueError, match="one of 5 such directions"):
        dense_solve(matrix, np.ones(9))


def test_the_matrix_is_never_formed():
    """With 300,000 parameters it would take 720 GB."""
    scores = np.random.default_rng(2).normal(size=(5, 300_000))
    vector = np.ones(300_000)
    operator = sampled_fisher(scores)
    assert vector @ (operator @ vector) == pytest.approx(np.mean((scores @ vector) ** 2), rel=1e-12)


def test_scores_of_float32_are_multiplied_in_float32():
    scores = np.random.default_rng(5).normal(size=(300, 40)).astype(np.float32)
    operator = sampled_fisher(scores)
    product = operator @ np.ones(40, np.float32)
    assert operator.dtype == product.dtype == np.float32
    np.testing.assert_allclose(
        product, sampled_fisher(scores.astype(float)) @ np.ones(40), rtol=1e-4, atol=1e-5
    )


# --- of the model, or of the data --------------------------------------------------------------------------


@pytest.mark.parametrize("theta", [(0.0, 1.0), (12.0, 4.0), (-3.0, 0.01)])
def test_scores_of_the_model_give_the_fisher_matrix(theta):
    mu, sigma = theta
    estimate = check.matrix(sampled_fisher(normal_scores(theta, mu + sigma * SIX_POINTS)))
    np.testing.assert_allclose(estimate * sigma**2, np.diag([1.0, 2.0]), rtol=1e-10, atol=1e-10)


def test_sampling_error_is_what_the_fourth_moments_say():
    """E[z²] has variance 2/n, E[(z² - 1)²] = 2 has variance 56/n: four standard errors, at any n."""
    theta = np.array([1.0, 2.0])
    for n in (100, 10_000):
        samples = np.random.default_rng(3).normal(*theta, size=n)
        relative = check.matrix(sampled_fisher(normal_scores(theta, samples))) * theta[1] ** 2
        assert abs(relative[0, 0] - 1) < 4 * np.sqrt(2 / n)
        assert abs(relative[1, 1] - 2) < 4 * np.sqrt(56 / n)


def test_scores_of_the_data_give_something_else_away_from_the_optimum():
    """Data from N(12, 4²), seen from (0, 1): the second moments of x and of x² - 1, in closed form."""
    data = 12 + 4 * SIX_POINTS
    away = check.matrix(empirical_fisher(normal_scores((0.0, 1.0), data)))
    np.testing.assert_allclose(np.diag(away), [12**2 + 4**2, 35328 - 2 * 160 + 1], rtol=1e-13)
    at_the_optimum = check.matrix(empirical_fisher(normal_scores((12.0, 4.0), data)))
    np.testing.assert_allclose(at_the_optimum, np.diag([1 / 16, 2 / 16]), atol=1e-15)


def test_a_step_with_the_empirical_fisher_is_short_where_the_gradient_is_large():
    """E = C + g gᵀ with a covariance C, so that gᵀE⁻¹g = s / (1 + s) < 1 however large g is."""
    rng = np.random.default_rng(4)
    for distance in (0.1, 1.0, 10.0, 1000.0):
        scores = rng.normal(size=(50, 3)) + distance
        g = scores.mean(axis=0)
        squared = g @ dense_solve(empirical_fisher(scores), g)
        s = g @ np.linalg.solve(np.cov(scores.T, bias=True), g)
        assert squared < 1
        assert squared == pytest.approx(s / (1 + s), rel=1e-6)


# --- from a KL divergence ----------------------------------------------------------------------------------


def categorical_kl(old, new):
    def log_softmax(logits):
        return logits - np.log(np.exp(logits).sum())

    return np.sum(np.exp(log_softmax(old)) * (log_softmax(old) - log_softmax(new)))


def bernoulli_kl(old, new):
    p, q = old[0], new[0]
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


CLOSED_FORMS = {
    "Normal": (normal_kl, [1.0, 2.0], np.diag([1 / 4, 2 / 4])),
    "Normal, wide": (normal_kl, [1e6, 1e3], np.diag([1e-6, 2e-6])),
    "Normal, narrow": (normal_kl, [0.0, 1e-3], np.diag([1e6, 2e6])),
    "Normal, log scale": (
        lambda a, b: normal_kl((a[0], np.exp(a[1])), (b[0], np.exp(b[1]))),
        [0.5, -0.7],
        np.diag([np.exp(1.4), 2.0]),
    ),
    "Normal, tied weights": (  # mu = 2u + v and log sigma = u: not diagonal
        lambda a, b: normal_kl((2 * a[0] + a[1], np.exp(a[0])), (2 * b[0] + b[1], np.exp(b[0]))),
        [0.4, 3.0],
        np.array([[2 + 4 * np.exp(-0.8), 2 * np.exp(-0.8)], [2 * np.exp(-0.8), np.exp(-0.8)]]),
    ),
    "Poisson": (lambda a, b: (a * np.log(a / b) - a + b)[0], [0.01], np.array([[100.0]])),
    "Bernoulli": (bernoulli_kl, [0.3], np.array([[1 / 0.21]])),
    "Bernoulli, at the edge": (bernoulli_kl, [1e-5], np.array([[1 / (1e-5 * (1 - 1e-5))]])),
    "softmax": (categorical_kl, np.log([0.2, 0.3, 0.5]), None),
    "no effect": (lambda a, b: (a[0] - b[0]) ** 2, [1.0, 2.0], np.diag([2.0, 0.0])),
}


@pytest.mark.parametrize("name", CLOSED_FORMS)
def test_hessian_of_kl_in_its_second_argument(name):
    kl, theta, expected = CLOSED_FORMS[name]
    if expected is None:
        expected = np.diag([0.2, 0.3, 0.5]) - np.outer([0.2, 0.3, 0.5], [0.2, 0.3, 0.5])
    estimate = fisher_from_kl(kl, theta)
    np.testing.assert_allclose(estimate, expected, rtol=3e-7, atol=1e-9 * np.abs(expected).max())
    assert np.array_equal(estimate, estimate.T)


@pytest.mark.parametrize("slug", ["bernoulli_logit", "dirichlet", "gamma", "laplace", "weibull"])
def test_differences_agree_with_what_sympy_derived(slug):
    """Scaled to the matrix's own diagonal; Laplace's third derivative jumps."""
    family = families.catalogue()[slug]
    theta = np.array([float(family.example[parameter]) for parameter in family.parameters])
    family = family.at(**{constant.name: 3 for constant in family.constants})
    expected = family.fisher(theta)
    units = np.sqrt(np.diag(expected))
    scaled = (fisher_from_kl(family.kl, theta) - expected) / np.outer(units, units)
    assert np.abs(scaled).max() < (3e-4 if slug == "laplace" else 2e-7)


def test_either_argument_may_be_held_fixed():
    reverse = fisher_from_kl(lambda old, new: normal_kl(new, old), [1.0, 2.0])
    np.testing.assert_allclose(reverse, np.diag([0.25, 0.5]), rtol=1e-8, atol=1e-9)


def test_a_sum_over_a_batch_scales_the_matrix():
    batch = fisher_from_kl(lambda old, new: 32 * normal_kl(old, new), [1.0, 2.0])
    np.testing.assert_allclose(batch, np.diag([8.0, 16.0]), rtol=1e-8, atol=1e-8)


def test_the_error_is_of_fourth_order_in_the_step():
    def error(step):
        return abs(fisher_from_kl(lambda a, b: (a * np.log(a / b) - a + b)[0], [1.0], step)[0, 0] - 1)

    assert error(0.02) / error(0.01) == pytest.approx(16, rel=0.05)


def test_a_support_that_moves_has_no_fisher_matrix():
    def uniform_kl(old, new):
        return np.log(new[0] / old[0]) if new[0] >= old[0] else np.inf

    with pytest.raises(ValueError, match="support moves with the parameter"):
        fisher_from_kl(uniform_kl, [2.0])


def test_differences_step_back_from_the_edge_of_the_space():
    """A Poisson mean of 1e-5 is less than a step of Fisher length .01 away from 0."""

    def kl(old, new):
        if new[0] <= 0:
            raise OutsideDomain("the mean must be positive")
        return old[0] * np.log(old[0] / new[0]) - old[0] + new[0]

    assert fisher_from_kl(kl, [1e-5])[0, 0] == pytest.approx(1e5, rel=1e-6)
    assert fisher_from_kl(families.poisson.kl, [1e-5])[0, 0] == pytest.approx(1e5, rel=1e-6)


@pytest.mark.parametrize("mistake", [ValueError, ZeroDivisionError, OverflowError, TypeError])
def test_a_mistake_in_a_callers_divergence_is_raised_as_it_is(mistake):
    def kl(old, new):
        if not np.array_equal(old, new):
            raise mistake("a mistake of its own")
        return 0.0

    with pytest.raises(mistake, match=r"^a mistake of its own$"):
        fisher_from_kl(kl, [1.0])


def test_a_divergence_of_the_wrong_shape_is_no_point_outside():
    with pytest.raises(ValueError, match=r"one number, but returned shape \(1,\)"):
        fisher_from_kl(lambda old, new: (new - old) ** 2 if np.any(new != old) else 0.0, [1.0])


def test_a_divergence_with_a_kink_is_refused():
    with pytest.raises(ValueError, match="not twice differentiable"):
        fisher_from_kl(lambda old, new: np.abs(new - old).sum(), [2.0])


def test_a_jump_in_the_third_derivative_costs_accuracy_but_not_the_answer():
    """KL between Laplace distributions of unit scale, d apart, is exp(-|d|) + |d| - 1."""

    def laplace_kl(old, new):
        return np.exp(-abs(new[0] - old[0])) + abs(new[0] - old[0]) - 1

    assert fisher_from_kl(laplace_kl, [0.0])[0, 0] == pytest.approx(1, rel=1e-3)


def test_a_divergence_that_levels_off_is_differentiated_where_it_is_still_quadratic():
    """Behind a saturating unit the divergence never gets as large as the usual step makes it."""

    def kl(old, new):
        gain = np.tanh(new[0]) - np.tanh(old[0])
        return 1e-5 * gain**2 + (new[1] - old[1]) ** 2 / 2

    theta = np.array([0.3, -1.0])
    expected = np.diag([2e-5 * (1 - np.tanh(0.3) ** 2) ** 2, 1.0])
    np.testing.assert_allclose(fisher_from_kl(kl, theta), expected, rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("share", [0.4, 0.51, 0.6, 1.0, 1.9, 2.5])
def test_differences_are_taken_where_the_divergence_is_half_to_twice_what_is_asked_for(share):
    """The first change tried is 1e-4, where this divergence is so large a share of step² / 2."""
    step, seen = 0.01, []

    def kl(old, new):
        seen.append(share * step**2 / 2 * ((new[0] - old[0]) / 1e-4) ** 2)
        return seen[-1]

    fisher_from_kl(kl, [0.0], step)
    coarse, fine = seen[-4:-2], seen[-2:]
    assert all(step**2 / 4 <= divergence <= step**2 for divergence in coarse)
    if 0.5 < share < 2:
        np.testing.assert_allclose(coarse, share * step**2 / 2, err_msg="the first change was right")
    np.testing.assert_allclose(np.array(coarse) / fine, 4)


# --- bad input ---------------------------------------------------------------------------------------------

FROM_KL = Example(fisher_from_kl, kl=normal_kl, theta=[0.0, 1.0], step=0.01)


def both_move_and_round(old, new):
    return np.exp(new[1]) / np.exp(new[1] - 1) / np.e - 1 if new[1] > 0 else NAN


REFUSED = [
    *Example(sampled_fisher, scores=np.ones((3, 2))).refuses("scores", *NOT_SCORES),
    *Example(empirical_fisher, scores=np.ones((3, 2))).refuses("scores", *NOT_SCORES),
    *FROM_KL.refuses("kl", *NOT_FUNCTIONS),
    *FROM_KL.refuses("kl", says("not a loss", lambda old, new: 1 + normal_kl(old, new))),
    *FROM_KL.refuses("kl", says("must be 0, but is nan", constant(NAN))),
    *FROM_KL.refuses("kl", says("never negative", lambda old, new: -normal_kl(old, new))),
    *FROM_KL.refuses("kl", says("change = [-", lambda old, new: (new[0] - old[0]) ** 3)),
    *FROM_KL.refuses("kl", says("is one argument held fixed", lambda old, new: normal_kl(new, new))),
    *FROM_KL.refuses("kl", says("is one argument held fixed", both_move_and_round)),
    *FROM_KL.refuses("kl", says("zero everywhere tried", constant(0.0))),
    *FROM_KL.refuses("kl", says("zero everywhere", lambda old, new: families.uniform.kl([new[1]], [new[1]]))),
    *FROM_KL.refuses("kl", says("support moves", lambda old, new: families.uniform.kl([old[1]], [new[1]]))),
    *FROM_KL.refuses("kl", says("support moves", lambda a, b: 0.0 if np.array_equal(a, b) else INF)),
    *FROM_KL.refuses("kl", says("average", lambda old, new: (new - old) ** 2)),
    *FROM_KL.refuses("kl", says("twice differentiable", lambda old, new: np.sum(np.abs(new - old)))),
    *FROM_KL.refuses("theta", *NOT_VECTORS, says("inside its space", [0.0, 0.0])),
    *FROM_KL.refuses("step", *NOT_POSITIVE, 2.0),
]
test_works, test_refused = refusal_tests(REFUSED)
