"""The Fisher matrix of Normal distributions of any dimension, against derivations, quadrature and samples."""

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from refusals import INF, NAN, Example, refusal_tests, says
from scipy import stats

import ngbook
from ngbook import families
from ngbook.families import Family, multivariate_normal_fisher
from ngbook.fisher import fisher_from_kl
from ngbook.symbolic import MomentRule, change_of_chart


def positive_definite(size, rng):
    root = rng.normal(size=(size, size))
    return root @ root.T + 0.5 * np.eye(size)


def entries(size):
    """Derivatives of mean and covariance in all their entries: the covariance's are those of its triangle."""
    places = [(a, b) for a in range(size) for b in range(a + 1)]
    count = size + len(places)
    means, covariances = np.zeros((count, size)), np.zeros((count, size, size))
    means[:size] = np.eye(size)
    for k, (a, b) in enumerate(places):
        covariances[size + k, a, b] = covariances[size + k, b, a] = 1
    return places, means, covariances


def normal_kl(old, new):
    """Of means and covariances, by determinant and trace."""
    (m0, s0), (m, s) = old, new
    inverse, gap = np.linalg.inv(s), m - m0
    logs = np.linalg.slogdet(s)[1] - np.linalg.slogdet(s0)[1]
    return (np.trace(inverse @ s0) + gap @ inverse @ gap - len(m) + logs) / 2


# --- what is refused

works = Example(
    multivariate_normal_fisher,
    covariance=np.array([[2.0, 1.0], [1.0, 2.0]]),
    mean_derivatives=np.eye(2),
    covariance_derivatives=np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]),
)
REFUSED = [
    *works.refuses("covariance", 2.0, [1.0, 2.0], np.ones((2, 3)), "identity", None, [], 1j),
    *works.refuses("covariance", [[1.0, NAN], [NAN, 1.0]], np.ones((1, 2, 2)), says("to fit", np.eye(3))),
    *works.refuses("covariance", says("asymmetry is 0.3", [[1.0, 0.5], [0.2, 1.0]])),
    *works.refuses("covariance", says("eigenvalue is -1", [[1.0, 2.0], [2.0, 1.0]], ngbook.OutsideDomain)),
    *works.refuses("covariance", says("covariance", np.zeros((2, 2)), ngbook.OutsideDomain)),
    *works.refuses("mean_derivatives", 1.0, [1.0, 0.0], np.eye(3), np.ones((2, 1)), [[INF, 0.0]] * 2, None),
    *works.refuses("covariance_derivatives", np.eye(2), np.zeros((3, 2, 2)), np.zeros((2, 3, 3)), [], "none"),
    *works.refuses("covariance_derivatives", says("symmetric", [[[0.0, 1.0], [0.0, 0.0]]] * 2), [[[NAN]]]),
]
test_works, test_refused = refusal_tests(REFUSED)


# --- oracles


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_it_is_the_hessian_of_the_divergence(size):
    rng = np.random.default_rng(size)
    covariance = positive_definite(size, rng)
    places, means, covariances = entries(size)

    def model(theta):
        matrix = np.zeros((size, size))
        for value, (a, b) in zip(theta[size:], places, strict=True):
            matrix[a, b] = matrix[b, a] = value
        return theta[:size], matrix

    theta = np.r_[rng.normal(size=size), [covariance[place] for place in places]]
    by_kl = fisher_from_kl(lambda old, new: normal_kl(model(old), model(new)), theta)
    expected = multivariate_normal_fisher(covariance, means, covariances)
    assert_allclose(by_kl, expected, rtol=1e-6, atol=1e-6 * expected.max())


def test_it_has_two_blocks_and_the_first_is_the_inverse_covariance():
    rng = np.random.default_rng(3)
    covariance = positive_definite(4, rng)
    _, means, covariances = entries(4)
    matrix = multivariate_normal_fisher(covariance, means, covariances)
    inverse = np.linalg.inv(covariance)
    assert_allclose(matrix[:4, :4], inverse, rtol=1e-10)
    assert not matrix[:4, 4:].any()
    by_trace = [
        [np.trace(inverse @ first @ inverse @ second) / 2 for second in covariances[4:]]
        for first in covariances[4:]
    ]
    assert_allclose(matrix[4:, 4:], by_trace, rtol=1e-9, atol=1e-12)
    assert np.array_equal(matrix, matrix.T)


def by_a_chart(symbols, mean, root, values):
    """Closed form with derivatives by SymPy, in a chart of mean and covariance factor."""
    covariance = root * root.T

    def numbers(expressions):
        return np.array(expressions.subs(values), dtype=float)

    return multivariate_normal_fisher(
        numbers(covariance),
        [numbers(mean.diff(symbol)).ravel() for symbol in symbols],
        [numbers(covariance.diff(symbol)) for symbol in symbols],
    )


def test_it_agrees_with_both_symbolic_families_of_two_outcomes():
    m1, m2, s1, s2, rho = families.bivariate_normal.parameters
    root = sp.Matrix([[s1, 0], [rho * s2, s2 * sp.sqrt(1 - rho**2)]])
    assert_by_family(families.bivariate_normal, sp.Matrix([m1, m2]), root)
    m1, m2, c11, c21, c22 = families.bivariate_normal_cholesky.parameters
    assert_by_family(
        families.bivariate_normal_cholesky, sp.Matrix([m1, m2]), sp.Matrix([[c11, 0], [c21, c22]])
    )


def assert_by_family(family, mean, root):
    at = [float(family.example[parameter]) for parameter in family.parameters]
    closed = by_a_chart(family.parameters, mean, root, family.example)
    assert_allclose(closed, family.fisher(at), rtol=1e-12, atol=1e-13)


def test_it_agrees_with_a_derivation_for_three_outcomes():
    """A factor with three parameters, two of them shared by mean and covariance."""
    x, z, t = sp.symbols("x_1:4", real=True), sp.symbols("z_1:4", real=True), sp.symbols("t_1:4")
    a, b, c = sp.symbols("a b c", positive=True)
    mean, root = sp.Matrix([a, b, a * c]), sp.Matrix([[a, 0, 0], [b, 1, 0], [0, c, 2]])
    solved = root.inv() * (sp.Matrix(x) - mean)
    log_density = -sp.log(root.det()) - 3 * sp.log(2 * sp.pi) / 2 - solved.dot(solved) / 2
    outcome = mean + root * sp.Matrix(z)
    rule = MomentRule(
        dict(zip(x, outcome, strict=True)), sp.exp(sum(s**2 for s in t) / 2), statistics=z, orders=t
    )
    family = Family("Three", x, [a, b, c], log_density, rule, example={a: 1, b: sp.S.Half, c: 2})
    closed = by_a_chart(family.parameters, mean, root, family.example)
    assert_allclose(closed, family.fisher([1.0, 0.5, 2.0]), rtol=1e-12)


def test_it_is_the_covariance_of_scores_of_samples():
    rng = np.random.default_rng(3)
    covariance, n = positive_definite(3, rng), 40_000
    _, means, covariances = entries(3)
    drawn = rng.multivariate_normal(np.zeros(3), covariance, n)
    changes = list(zip(means, covariances, strict=True))

    def log_prob(sign):
        step = 1e-5 * sign
        moved = [stats.multivariate_normal(step * m, covariance + step * s) for m, s in changes]
        return np.stack([each.logpdf(drawn) for each in moved], axis=1)

    scores = (log_prob(1) - log_prob(-1)) / 2e-5
    products = scores[:, :, None] * scores[:, None, :]
    error = products.std(axis=0) / np.sqrt(n)
    expected = multivariate_normal_fisher(covariance, means, covariances)
    assert np.all(np.abs(products.mean(axis=0) - expected) < 5 * error + 1e-6)


def test_the_two_charts_of_the_bivariate_normal_are_one_metric():
    old, new = families.bivariate_normal, families.bivariate_normal_cholesky
    m1, m2, c11, c21, c22 = new.parameters
    deviation = sp.sqrt(c21**2 + c22**2)
    carried = change_of_chart(
        old.derivation().matrix, old.parameters, [m1, m2, c11, deviation, c21 / deviation], new.parameters
    )
    assert sp.simplify(carried - new.derivation().matrix) == sp.zeros(5)


def test_the_natural_gradient_of_a_covariance_needs_no_solve():
    """``2 Σ g Σ`` for the symmetric matrix g of derivatives (eq-catalogue-mvn-natural)."""
    rng = np.random.default_rng(4)
    covariance = positive_definite(3, rng)
    places, means, covariances = entries(3)
    slopes = rng.normal(size=(3, 3))
    slopes = slopes + slopes.T
    gradient = np.einsum("ab,iab->i", slopes, covariances)[3:]
    metric = multivariate_normal_fisher(covariance, means, covariances)[3:, 3:]
    change = 2 * covariance @ slopes @ covariance
    assert_allclose(np.linalg.solve(metric, gradient), [change[place] for place in places], rtol=1e-10)
