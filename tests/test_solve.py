"""The dense solve agrees with SciPy where a metric is a metric, and explains itself where it is not."""

import re
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
from scipy.sparse.linalg import aslinearoperator

from ngbook import families
from ngbook.solve import as_matrix, as_number, as_vector, curvature, dense_solve


def random_metric(rng, size, condition=100.0):
    rotation, _ = np.linalg.qr(rng.normal(size=(size, size)))
    return rotation * np.geomspace(1, condition, size) @ rotation.T


def softmax_fisher(logits):
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    return np.diag(probabilities) - np.outer(probabilities, probabilities)


def vector_in(message):
    """The direction that a message prints after ``p =``."""
    return np.array([float(entry) for entry in re.search(r"p = \[([^\]]*)\]", message).group(1).split()])


# --- where the metric is positive definite -----------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 40])
@pytest.mark.parametrize("condition", [1.0, 1e3, 1e6])
def test_agrees_with_numpy_and_scipy(size, condition):
    rng = np.random.default_rng(size)
    metric, gradient = random_metric(rng, size, condition), rng.normal(size=size)
    solution = dense_solve(metric, gradient)
    for oracle in (np.linalg.solve(metric, gradient), scipy.linalg.solve(metric, gradient, assume_a="pos")):
        np.testing.assert_allclose(solution, oracle, rtol=1e-14 * size * condition)


def test_the_identity_gives_the_gradient_back_exactly():
    gradient = np.array([3.0, -4.0, 1e-300])
    assert np.array_equal(dense_solve(np.eye(3), gradient), gradient)


def test_normal_distribution_in_closed_form():
    sigma, gradient = 0.3, np.array([2.0, -5.0])
    solution = dense_solve(np.diag([1 / sigma**2, 2 / sigma**2]), gradient)
    np.testing.assert_allclose(solution, [sigma**2 * 2, sigma**2 / 2 * -5], rtol=1e-15)


def test_a_linear_operator_is_solved_like_its_matrix():
    rng = np.random.default_rng(0)
    metric, gradient = random_metric(rng, 6), rng.normal(size=6)
    np.testing.assert_allclose(
        dense_solve(aslinearoperator(metric), gradient), dense_solve(metric, gradient), rtol=1e-12
    )


def test_arguments_are_left_alone():
    metric, gradient = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
    kept = metric.copy(), gradient.copy()
    dense_solve(metric, gradient, damping=0.5)
    assert np.array_equal(metric, kept[0]) and np.array_equal(gradient, kept[1])


# --- units -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [[1e-12, 1.0, 1e9], [1e-150, 1e-3, 1e140]])
def test_the_units_of_the_parameters_do_not_matter(units):
    """theta = D phi turns G into D G D and g into D g, and the step transforms as a vector."""
    rng = np.random.default_rng(1)
    units, metric, gradient = np.array(units), random_metric(rng, 3), rng.normal(size=3)
    rescaled = dense_solve(units[:, None] * metric * units, units * gradient)
    np.testing.assert_allclose(units * rescaled, dense_solve(metric, gradient), rtol=1e-12)


def test_a_large_condition_number_alone_is_no_reason_to_refuse():
    np.testing.assert_allclose(dense_solve(np.diag([1e-20, 1.0]), [1.0, 1.0]), [1e20, 1.0], rtol=1e-15)


def test_the_documented_threshold_is_where_refusal_starts():
    """The unit-diagonal matrix with off-diagonal entry c has smallest eigenvalue 1 - c."""
    threshold = 1000 * 2 * np.finfo(float).eps

    def metric(gap):
        return np.array([[1.0, 1.0 - gap], [1.0 - gap, 1.0]])

    gap = 4 * threshold
    np.testing.assert_allclose(dense_solve(metric(gap), [1.0, -1.0]), np.array([1, -1]) / gap, rtol=1e-3)
    with pytest.raises(ValueError, match="singular"):
        dense_solve(metric(threshold / 4), [1.0, -1.0])


# --- a singular metric -------------------------------------------------------------------------------------


@pytest.mark.parametrize("logits", [[0, 0, 0], [1, 2, 3], [-5, 0, 5], [0.3, -40, 0]])
@pytest.mark.parametrize("damping", [0.0, 1e-40])
def test_softmax_is_refused_with_its_null_direction_and_both_remedies(logits, damping):
    metric = softmax_fisher(np.array(logits, dtype=float))
    with pytest.raises(ValueError, match="singular") as refusal:
        dense_solve(metric, [1.0, 0.0, -1.0], damping=damping)
    message = str(refusal.value)
    np.testing.assert_allclose(vector_in(message), np.ones(3) / np.sqrt(3), atol=5e-5)
    assert "damping" in message and "minimal chart" in message


@pytest.mark.parametrize("logits", [[0, 0, 0], [1, 2, 3], [-12, 0, 12], [0.3, -40, 0]])
def test_the_catalogues_softmax_is_refused_and_its_minimal_chart_is_not(logits):
    with pytest.raises(ValueError, match="singular") as refusal:
        dense_solve(families.categorical_softmax.fisher(logits), [1.0, 0.0, -1.0])
    np.testing.assert_allclose(vector_in(str(refusal.value)), np.ones(3) / np.sqrt(3), atol=5e-5)
    probabilities = np.array([0.2, 0.3])
    natural = dense_solve(families.categorical.fisher(probabilities), [1.0, 0.0])
    np.testing.assert_allclose(natural, [0.2 * 0.8, -0.2 * 0.3], rtol=1e-13)  # the inverse: diag(p) - p pᵀ


def test_each_remedy_works_and_they_agree_in_the_limit():
    """With a gradient that the null direction does not see, damping -> 0 gives the minimal chart's answer."""
    metric = softmax_fisher(np.log([0.2, 0.3, 0.5]))
    gradient = np.array([1.0, -3.0, 2.0])  # sums to zero: the loss depends on the probabilities only
    minimal = np.append(dense_solve(metric[:2, :2], gradient[:2]), 0.0)  # the third logit held at zero
    damped = dense_solve(metric, gradient, damping=1e-8)
    np.testing.assert_allclose(damped - damped.mean(), minimal - minimal.mean(), rtol=1e-6)
    assert abs(damped.sum()) < 1e-6


def test_null_directions_are_found_in_any_units_and_counted():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(3, 5))
    with pytest.raises(ValueError, match="one of 2 such directions") as refusal:
        dense_solve(scores.T @ scores / 3, np.ones(5))
    np.testing.assert_allclose(scores @ vector_in(str(refusal.value)), 0, atol=1e-3)
    with pytest.raises(ValueError, match=r"p = \[1\. 0\.\]"):
        dense_solve([[0.0, 0.0], [0.0, 1e-9]], [1.0, 1.0])


def test_damping_is_added_to_the_diagonal():
    rng = np.random.default_rng(3)
    metric, gradient = random_metric(rng, 4), rng.normal(size=4)
    np.testing.assert_allclose(
        dense_solve(metric, gradient, damping=0.7),
        np.linalg.solve(metric + 0.7 * np.eye(4), gradient),
        rtol=1e-13,
    )
    np.testing.assert_allclose(1e9 * dense_solve(metric, gradient, damping=1e9), gradient, rtol=1e-6)


# --- a matrix that is no metric ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "metric",
    [
        [[1.0, 2.0], [2.0, 1.0]],
        [[1.0, 0.0], [0.0, -3.0]],
        [[0.0, 1.0], [1.0, 5.0]],
        [[1e-8, 2e-8], [2e-8, 1e-8]],
    ],
)
def test_negative_curvature_is_shown_by_a_direction_that_has_it(metric):
    with pytest.raises(ValueError, match="negative curvature") as refusal:
        dense_solve(metric, [1.0, 1.0])
    message = str(refusal.value)
    direction, printed = vector_in(message), float(re.search(r"pᵀFp = (\S+)\.", message).group(1))
    assert printed < 0
    np.testing.assert_allclose(direction @ np.array(metric) @ direction, printed, rtol=1e-2)


def test_the_largest_asymmetry_is_named():
    metric = np.eye(3)
    metric[0, 1], metric[2, 0] = 0.1, -0.4
    named = "asymmetry is 0.4: entry (0, 2) is 0 and entry (2, 0) is -0.4"
    with pytest.raises(ValueError, match=re.escape(named)):
        dense_solve(metric, np.ones(3))


def test_asymmetry_is_judged_in_the_metrics_own_units():
    tiny = np.array([[1e-30, 3e-31], [4e-31, 1e-30]])
    with pytest.raises(ValueError, match="symmetric"):
        as_matrix(tiny)
    rounding = np.array([[1e30, 3e29], [3e29 * (1 + 1e-13), 1e30]])
    assert np.array_equal(as_matrix(rounding), as_matrix(rounding).T)


# --- the checked readers -----------------------------------------------------------------------------------


def test_curvature_is_the_quadratic_form_and_exactly_zero_along_a_null_direction():
    rng = np.random.default_rng(4)
    metric, direction = random_metric(rng, 5), rng.normal(size=5)
    expected = sum(direction[i] * direction[j] * metric[i, j] for i in range(5) for j in range(5))
    for form in (metric, aslinearoperator(metric)):
        assert curvature(form, direction) == pytest.approx(expected, rel=1e-13)
    for seed in range(50):
        singular = softmax_fisher(np.random.default_rng(seed).normal(size=3))
        assert 0 <= curvature(singular, np.ones(3)) < 1e-15
        assert 0 <= curvature(aslinearoperator(singular), np.ones(3)) < 1e-15


def test_vectors_are_copied_and_keep_their_order():
    source = np.array([1.0, 2.0])
    vector = as_vector(source)
    source[0] = 9.0
    assert np.array_equal(vector, [1.0, 2.0]) and vector.dtype == float
    assert as_number(np.array(3)) == 3.0 and isinstance(as_number(np.float64(3)), float)


def test_scipy_is_imported_only_when_something_is_solved():
    code = "import sys, ngbook.descent, ngbook.fisher; print(any(m.startswith('scipy') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
