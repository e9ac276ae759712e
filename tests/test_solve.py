"""The solvers agree with SciPy and each other where a metric is one, and explain themselves elsewhere."""

import re
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_METRICS,
    NOT_POSITIVE,
    NOT_SCORES,
    NOT_VECTORS,
    Example,
    refusal_tests,
    says,
)
from scipy.sparse.linalg import LinearOperator, aslinearoperator, cg

from ngbook import families
from ngbook._check import arrays as check
from ngbook.solve import (
    _blocks,
    conjugate_gradient,
    dense_solve,
    dual_solve,
    mean_outer_product,
    natural_direction,
    quadratic_form,
)


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


@pytest.mark.parametrize("size", [2, 50])
def test_the_documented_threshold_is_where_refusal_starts(size):
    """With a unit diagonal and one pair of off-diagonal entries c the smallest eigenvalue is 1 - c."""
    threshold = 1000 * size * np.finfo(float).eps
    gradient = np.eye(size)[0] - np.eye(size)[1]

    def metric(gap):
        matrix = np.eye(size)
        matrix[0, 1] = matrix[1, 0] = 1 - gap
        return matrix

    gap = 4 * threshold
    np.testing.assert_allclose(dense_solve(metric(gap), gradient), gradient / gap, rtol=1e-3)
    with pytest.raises(ValueError, match="singular"):
        dense_solve(metric(threshold / 4), gradient)


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


def test_a_single_null_direction_is_not_counted():
    with pytest.raises(ValueError, match="singular") as refusal:
        dense_solve(np.ones((2, 2)), np.ones(2))
    assert "such directions" not in str(refusal.value)


def test_the_largest_gradient_of_all_is_solved():
    largest = np.finfo(float).max
    found = conjugate_gradient(2 * np.eye(2), [largest, 0.0])
    assert found.converged and np.array_equal(found.solution, [largest / 2, 0.0])


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


def test_asymmetry_of_rounding_is_taken_beside_a_parameter_without_effect():
    metric = np.array([[1.0, 0.5, 0.0], [0.5 + 1e-16, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert metric[1, 0] != metric[0, 1]
    assert quadratic_form(metric, [1.0, 1.0, 1.0]) == pytest.approx(3)


def test_asymmetry_is_judged_in_the_metrics_own_units():
    tiny = np.array([[1e-30, 3e-31], [4e-31, 1e-30]])
    with pytest.raises(ValueError, match="symmetric"):
        check.matrix(tiny)
    rounding = np.array([[1e30, 3e29], [3e29 * (1 + 1e-13), 1e30]])
    assert np.array_equal(check.matrix(rounding), check.matrix(rounding).T)
    single = np.array([[1.0, 0.3], [0.3 * (1 + 1e-6), 1.0]])
    assert np.array_equal(check.matrix(single.astype(np.float32)), check.matrix(single.astype(np.float32)).T)
    with pytest.raises(ValueError, match="symmetric"):
        check.matrix(single)


# --- the checked readers -----------------------------------------------------------------------------------


def test_curvature_is_the_quadratic_form_and_exactly_zero_along_a_null_direction():
    rng = np.random.default_rng(4)
    metric, direction = random_metric(rng, 5), rng.normal(size=5)
    expected = sum(direction[i] * direction[j] * metric[i, j] for i in range(5) for j in range(5))
    for form in (metric, aslinearoperator(metric)):
        assert quadratic_form(form, direction) == pytest.approx(expected, rel=1e-13)
    for seed in range(50):
        singular = softmax_fisher(np.random.default_rng(seed).normal(size=3))
        assert 0 <= quadratic_form(singular, np.ones(3)) < 1e-15
        assert 0 <= quadratic_form(aslinearoperator(singular), np.ones(3)) < 1e-15


def test_curvature_within_rounding_is_zero_and_below_it_refused():
    """Rounding is 10 p eps of what is added up: here p = 100 terms of size 1, half of them negative."""
    for curvature, refused in ((4e-16, False), (4e-12, True)):
        metric = np.diag(np.repeat([1.0, -1 - curvature], 50))
        if refused:
            with pytest.raises(ValueError, match="negative curvature"):
                quadratic_form(metric, np.ones(100))
        else:
            assert quadratic_form(metric, np.ones(100)) == 0


def test_the_quadratic_form_of_nothing_is_zero():
    assert quadratic_form(np.eye(2), [0.0, 0.0]) == 0
    assert quadratic_form(np.zeros((2, 2)), [1.0, 2.0]) == 0


def test_vectors_are_copied_and_keep_their_order():
    source = np.array([1.0, 2.0])
    vector = check.vector(source)
    source[0] = 9.0
    assert np.array_equal(vector, [1.0, 2.0]) and vector.dtype == float
    assert check.number(np.array(3)) == 3.0 and isinstance(check.number(np.float64(3)), float)


def test_what_is_rounding_is_shown_as_zero():
    assert check.show(np.array([-1e-9, 1.0])) == "[0. 1.]"


def test_scipy_is_imported_only_when_something_is_solved():
    code = "import sys, ngbook.descent, ngbook.fisher; print(any(m.startswith('scipy') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


# --- conjugate gradients: the theorems ---------------------------------------------------------------------


def spectrum(rng, eigenvalues):
    """A symmetric matrix with these eigenvalues and random eigenvectors."""
    rotation, _ = np.linalg.qr(rng.normal(size=(len(eigenvalues), len(eigenvalues))))
    return rotation * np.asarray(eigenvalues) @ rotation.T


def energy_norm(metric, vectors):
    return np.sqrt(np.einsum("...i,ij,...j->...", vectors, metric, vectors))


@pytest.mark.parametrize("distinct", [1, 2, 3, 5])
@pytest.mark.parametrize(("condition", "more"), [(1.5, 0), (30.0, 0), (1e4, 2), (1e6, 3)])
def test_there_are_no_more_iterations_than_distinct_eigenvalues(distinct, condition, more):
    """Up to rounding, which takes some more for the last digits where the condition is large."""
    rng = np.random.default_rng(distinct)
    metric = spectrum(rng, np.resize(np.geomspace(1, condition, distinct), 60))
    found = conjugate_gradient(metric, rng.normal(size=60), tolerance=1e-9)
    assert found.converged and found.iterations <= distinct + more


def test_the_directions_are_conjugate_and_the_residuals_orthogonal():
    rng = np.random.default_rng(0)
    metric, gradient = random_metric(rng, 40), rng.normal(size=40)
    found = conjugate_gradient(metric, gradient, iterations=15, keep_iterates=True)
    directions = np.diff(found.iterates, axis=0)
    directions /= energy_norm(metric, directions)[:, None]
    np.testing.assert_allclose(directions @ metric @ directions.T, np.eye(15), atol=1e-7)
    residuals = gradient - found.iterates @ metric
    np.testing.assert_allclose(np.linalg.norm(residuals, axis=1), found.residuals, rtol=1e-9)
    residuals /= found.residuals[:, None]
    np.testing.assert_allclose(residuals @ residuals.T, np.eye(16), atol=1e-7)


def test_each_iterate_is_the_best_of_its_krylov_space():
    """Oracle: minimise the quadratic over span(g, Fg, ...), with an orthonormal basis from QR."""
    rng = np.random.default_rng(1)
    metric, gradient = random_metric(rng, 12, 10.0), rng.normal(size=12)
    found = conjugate_gradient(metric, gradient, iterations=6, keep_iterates=True)
    for k in range(1, 7):
        basis, _ = np.linalg.qr(
            np.stack([np.linalg.matrix_power(metric, i) @ gradient for i in range(k)], axis=1)
        )
        best = basis @ np.linalg.solve(basis.T @ metric @ basis, basis.T @ gradient)
        np.testing.assert_allclose(found.iterates[k], best, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("condition", [2.0, 50.0, 1e4])
def test_the_error_falls_in_both_norms_and_obeys_the_chebyshev_bound(condition):
    """In the metric's norm, and in the Euclidean one because the iterates lengthen towards the solution."""
    rng = np.random.default_rng(2)
    metric, gradient = random_metric(rng, 80, condition), rng.normal(size=80)
    found = conjugate_gradient(metric, gradient, keep_iterates=True)
    errors = found.iterates - np.linalg.solve(metric, gradient)
    error = energy_norm(metric, errors)
    certain = error > 1e-4 * error[0]
    assert certain.sum() > 5
    assert np.all(np.diff(error[certain]) < 0)
    assert np.all(np.diff(np.linalg.norm(errors, axis=1)[certain]) < 0)
    assert np.all(np.diff(np.linalg.norm(found.iterates, axis=1)[certain]) > 0)
    factor = (np.sqrt(condition) - 1) / (np.sqrt(condition) + 1)
    bound = 2 * factor ** np.arange(len(error)) * error[0]
    assert np.all(error[certain] <= bound[certain])


@pytest.mark.parametrize("seed", range(5))
def test_every_truncated_solution_ascends_ever_more_steeply(seed):
    rng = np.random.default_rng(seed)
    scores, gradient = rng.normal(size=(30, 50)) * np.geomspace(1, 1e-3, 50), rng.normal(size=50)
    for iterations in range(1, 12):
        assert (
            gradient @ conjugate_gradient(mean_outer_product(scores), gradient, 1e-3, iterations).solution > 0
        )
    slopes = conjugate_gradient(mean_outer_product(scores), gradient, 1e-3, 12, keep_iterates=True).iterates
    assert np.all(np.diff(slopes @ gradient) > 0)


def test_the_curvatures_are_those_of_the_directions_and_between_the_eigenvalues():
    rng = np.random.default_rng(3)
    metric, gradient = random_metric(rng, 20), rng.normal(size=20)
    found = conjugate_gradient(metric, gradient, 0.5, iterations=8, keep_iterates=True)
    steps = np.diff(found.iterates, axis=0)
    squares = energy_norm(metric + 0.5 * np.eye(20), steps) ** 2
    np.testing.assert_allclose(found.curvatures, squares / np.sum(steps**2, axis=1), rtol=1e-10)
    assert 1.5 < found.curvatures.min() and found.curvatures.max() < 100.5


# --- conjugate gradients: peers and limits -----------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 7, 60])
def test_its_iterates_are_those_of_scipy_and_their_limit_that_of_numpy(size):
    rng = np.random.default_rng(size)
    metric, gradient = random_metric(rng, size, 20.0), rng.normal(size=size)
    theirs = []
    cg(metric, gradient, rtol=1e-12, callback=lambda x: theirs.append(x.copy()))
    found = conjugate_gradient(metric, gradient, tolerance=1e-12, keep_iterates=True)
    np.testing.assert_allclose(found.iterates[1 : len(theirs) + 1], theirs, rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found.solution, np.linalg.solve(metric, gradient), rtol=1e-10)
    assert np.array_equal(found.solution, found.iterates[-1])
    assert found.iterations == len(found.curvatures) == len(found.iterates) - 1


@pytest.mark.parametrize("kind", ["csr_array", "csc_array", "coo_array", "csr_matrix", "dia_array"])
def test_a_sparse_matrix_is_taken_as_what_it_is(kind):
    """The Laplacian of a path, and sparse scores."""
    sparse = getattr(scipy.sparse, kind)
    dense = 2 * np.eye(6) - np.eye(6, k=1) - np.eye(6, k=-1)
    metric, gradient = sparse(dense), np.arange(6.0)
    solution = np.linalg.solve(dense, gradient)
    np.testing.assert_allclose(dense_solve(metric, gradient), solution, rtol=1e-12)
    np.testing.assert_allclose(conjugate_gradient(metric, gradient).solution, solution, rtol=1e-12)
    assert quadratic_form(metric, gradient) == pytest.approx(gradient @ dense @ gradient)
    np.testing.assert_array_equal(check.matrix(metric), dense)
    scores = np.random.default_rng(0).normal(size=(40, 6)) * (np.arange(6) % 2 + np.arange(40)[:, None] % 3)
    fisher, expected = mean_outer_product(sparse(scores)), scores.T @ scores / 40
    np.testing.assert_allclose(check.matrix(fisher), expected, rtol=1e-12)
    direction = natural_direction(sparse(scores), gradient, damping=0.1)
    np.testing.assert_allclose(direction, np.linalg.solve(expected + 0.1 * np.eye(6), gradient), rtol=1e-8)
    for solve in (dense_solve, conjugate_gradient):
        with pytest.raises(ValueError, match="shape"):
            solve(sparse(dense[:, :4]), gradient)
    with pytest.raises(ValueError, match="symmetric"):
        dense_solve(sparse(np.triu(dense)), gradient)


def test_an_operator_is_solved_like_its_array():
    rng = np.random.default_rng(4)
    metric, gradient = random_metric(rng, 30), rng.normal(size=30)
    array, operator = (conjugate_gradient(m, gradient, 0.1) for m in (metric, aslinearoperator(metric)))
    np.testing.assert_allclose(operator.solution, array.solution, rtol=1e-7)
    assert abs(array.iterations - operator.iterations) <= 1


def test_damping_is_a_metric_with_a_longer_diagonal_and_fewer_iterations():
    rng = np.random.default_rng(5)
    metric, gradient = random_metric(rng, 50, 1e6), rng.normal(size=50)
    np.testing.assert_allclose(
        conjugate_gradient(metric, gradient, 0.3).solution,
        conjugate_gradient(metric + 0.3 * np.eye(50), gradient).solution,
        rtol=1e-9,
    )
    counts = [conjugate_gradient(metric, gradient, damping).iterations for damping in (0, 10, 1e3, 1e5, 1e9)]
    assert counts == sorted(counts, reverse=True) and counts[-1] <= 3


@pytest.mark.parametrize("power", [-1000, -700, 700, 1000])
def test_the_scale_of_the_gradient_changes_no_digit(power):
    rng = np.random.default_rng(6)
    metric, gradient = random_metric(rng, 10), rng.normal(size=10)
    plain, scaled = (conjugate_gradient(metric, np.ldexp(gradient, k), iterations=6) for k in (0, power))
    assert np.array_equal(np.ldexp(plain.solution, power), scaled.solution)
    assert np.array_equal(np.ldexp(plain.residuals, power), scaled.residuals)


def test_float32_stays_float32():
    rng = np.random.default_rng(7)
    metric, gradient = random_metric(rng, 30, 10.0), rng.normal(size=30)
    single, exact = metric.astype(np.float32), np.linalg.solve(metric, gradient)
    seen = []

    def product(vector):
        seen.append(vector.dtype)
        return single @ vector

    operator = LinearOperator((30, 30), matvec=product, dtype=np.float32)
    for form in (single, operator):
        found = conjugate_gradient(form, gradient.astype(np.float32), 0.0)
        assert found.solution.dtype == np.float32 and found.converged
        np.testing.assert_allclose(found.solution, exact, rtol=1e-4, atol=1e-5)
    assert set(seen) == {np.dtype(np.float32)}
    assert conjugate_gradient(single, gradient).solution.dtype == float
    assert conjugate_gradient(metric, gradient.astype(np.float32)).solution.dtype == float


def test_where_there_is_nothing_to_do_nothing_is_done():
    for found in (
        conjugate_gradient(np.eye(3), np.zeros(3)),
        conjugate_gradient(np.eye(3), np.ones(3), tolerance=1.0),
        conjugate_gradient(np.eye(3), np.ones(3), iterations=0),
    ):
        assert found.iterations == 0 and np.array_equal(found.solution, np.zeros(3))
    assert not found.converged and found.reason == "iterations"
    once = conjugate_gradient(np.eye(3), [3.0, -4.0, 1e-3])
    assert once.iterations == 1 and np.array_equal(once.solution, [3.0, -4.0, 1e-3])


def test_the_iterations_can_be_used_up_and_the_message_says_where_the_residual_is():
    rng = np.random.default_rng(8)
    found = conjugate_gradient(random_metric(rng, 50, 1e6), rng.normal(size=50), iterations=7)
    assert found.iterations == 7 and found.reason == "iterations" and not found.converged
    assert (
        "7 iterations" in found.message and f"{found.residuals[-1] / found.residuals[0]:.2g}" in found.message
    )


def test_without_a_limit_there_are_ten_iterations_for_each_parameter():
    """In exact arithmetic ten would do; at a condition number of 1e14 rounding leaves a hundred short."""
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(10, 10)))
    metric = rotation @ np.diag(np.geomspace(1, 1e14, 10)) @ rotation.T
    solved = conjugate_gradient((metric + metric.T) / 2, np.ones(10))
    assert solved.reason == "iterations" and solved.iterations == 100


def test_arguments_survive_an_iteration():
    rng = np.random.default_rng(9)
    metric, gradient = random_metric(rng, 5), rng.normal(size=5)
    kept = metric.copy(), gradient.copy()
    conjugate_gradient(metric, gradient, 0.1)
    assert np.array_equal(metric, kept[0]) and np.array_equal(gradient, kept[1])


# --- conjugate gradients: where a metric is none -----------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("operator", [False, True])
def test_negative_curvature_ends_it_with_the_last_good_iterate(seed, operator):
    rng = np.random.default_rng(seed)
    metric = spectrum(rng, np.append(np.linspace(1, 3, 9), -0.5))
    gradient = rng.normal(size=10)
    found = conjugate_gradient(aslinearoperator(metric) if operator else metric, gradient, keep_iterates=True)
    assert found.reason == "negative curvature" and not found.converged
    direction, printed = vector_in(found.message), float(re.search(r"pᵀFp = (\S+)\.", found.message).group(1))
    assert printed < 0
    np.testing.assert_allclose(direction @ metric @ direction, printed, rtol=0.02, atol=2e-3)
    assert np.array_equal(found.solution, found.iterates[-1])
    assert np.all(np.diff(found.iterates @ gradient) > 0) and np.all(found.curvatures > 0)


def test_enough_damping_removes_the_negative_curvature_and_too_little_does_not():
    metric, gradient = np.diag([1.0, 2.0, -0.5]), np.ones(3)
    assert conjugate_gradient(metric, gradient, 0.4).reason == "negative curvature"
    np.testing.assert_allclose(conjugate_gradient(metric, gradient, 0.6).solution, [1 / 1.6, 1 / 2.6, 10])


@pytest.mark.parametrize("size", [3, 20, 200])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_a_singular_metric_is_recognised_when_the_gradient_asks_for_its_null_space(size, precision):
    rng = np.random.default_rng(size)
    scores = rng.normal(size=(2 * size, size))
    null = rng.normal(size=size) / np.sqrt(size)
    scores -= np.outer(scores @ null, null) / (null @ null)
    operator = mean_outer_product(scores.astype(precision))
    found = conjugate_gradient(operator, (scores[0] + null).astype(precision), tolerance=1e-6)
    assert found.reason == "singular" and not found.converged
    direction = vector_in(found.message) if size < 13 else None
    if direction is not None:
        np.testing.assert_allclose(np.abs(direction), np.abs(null) / np.linalg.norm(null), atol=2e-3)
    assert "damping" in found.message and "minimal chart" in found.message


def test_the_rounding_of_no_curvature_is_not_called_negative():
    curvatures = []
    for seed in range(30):
        metric = softmax_fisher(np.random.default_rng(seed).normal(size=4))
        found = conjugate_gradient(metric, [1.0, 2.0, 3.0, 4.0])
        assert found.reason == "singular"
        curvatures.append(float(re.search(r"pᵀFp = (\S+)\.", found.message).group(1)))
    assert min(curvatures) < 0


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_negative_curvature_and_none_are_distinguished_in_any_units(scale):
    indefinite, singular = scale * np.diag([1.0, -1.0]), scale * np.array([[1.0, 1.0], [1.0, 1 - 1e-15]])
    assert conjugate_gradient(indefinite, [1.0, 2.0]).reason == "negative curvature"
    assert conjugate_gradient(singular, [1.0, -1.0]).reason == "singular"


def test_a_singular_metric_with_a_gradient_that_does_not_see_it_gives_the_shortest_solution():
    metric = softmax_fisher(np.log([0.1, 0.2, 0.3, 0.4]))
    gradient = np.array([1.0, -3.0, 2.5, -0.5])
    found = conjugate_gradient(metric, gradient)
    assert found.converged
    np.testing.assert_allclose(found.solution, np.linalg.lstsq(metric, gradient, rcond=1e-12)[0], rtol=1e-10)


def test_a_product_that_is_not_finite_is_refused():
    broken = LinearOperator((2, 2), matvec=lambda v: v * [1.0, np.nan], dtype=float)
    with pytest.raises(ValueError, match=r"finite.*parameter space"):
        conjugate_gradient(broken, [1.0, 1.0])


# --- products with scores ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (50, 4), (65, 33)])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [4, 8, 16, 400])
def test_the_blocks_add_up_to_the_plain_product(shape, precision, rows, monkeypatch):
    monkeypatch.setattr(_blocks, "rows_at_a_time", lambda size, itemsize: rows)
    rng = np.random.default_rng(0)
    scores, vector = rng.normal(size=shape).astype(precision), rng.normal(size=shape[1]).astype(precision)
    kept = scores.copy(), vector.copy()
    expected = scores.T.astype(float) @ (scores.astype(float) @ vector) / shape[0]
    for form in (scores, np.asfortranarray(scores), np.repeat(scores, 2, axis=1)[:, ::2]):
        operator = mean_outer_product(form)
        for product in (operator @ vector, (operator @ vector[:, None])[:, 0], operator.T @ vector):
            assert product.dtype == precision and product.shape == vector.shape
            np.testing.assert_allclose(
                product, expected, rtol=0, atol=20 * np.finfo(precision).eps * shape[1]
            )
    assert np.array_equal(scores, kept[0]) and np.array_equal(vector, kept[1])


def test_blocks_are_small_whole_multiples_of_four():
    for size in (1, 50, 5000, 50_000, 10**6):
        rows = _blocks.rows_at_a_time(size, 8)
        assert rows % 4 == 0 and (rows == 4 or rows * size * 8 <= _blocks.BLOCK_BYTES)
        assert (rows + 4) * size * 8 > _blocks.BLOCK_BYTES, "four more would fit"


def test_scores_keep_their_precision_and_are_not_copied():
    for precision in (np.float32, np.float64):
        scores = np.ones((3, 2), precision)
        assert check.scores(scores) is scores
    assert check.scores([[1, 2]]).dtype == check.scores(np.ones((1, 2), np.float16)).dtype == float
    huge = np.full((2, 2), 1.7e308)
    assert check.scores(huge) is huge  # their sum overflows, they do not


# --- three methods, one direction --------------------------------------------------------------------------

SHAPES = [(1, 1), (1, 6), (6, 1), (5, 40), (40, 5), (30, 30), (100, 130)]


def problem(shape, seed=0, inside=True):
    """Scores of parameters on different scales; a gradient that is a combination of them, or not."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=shape) / np.sqrt(1 + np.arange(shape[1]))
    gradient = scores.T @ rng.normal(size=shape[0]) / shape[0] if inside else rng.normal(size=shape[1])
    return scores, gradient


def damped_fisher(scores, damping):
    return scores.T @ scores / len(scores) + damping * np.eye(scores.shape[1])


def by_iteration(scores, gradient, damping):
    found = conjugate_gradient(mean_outer_product(scores), gradient, damping, 10_000, tolerance=1e-13)
    assert found.converged
    return found.solution


def by_matrix(scores, gradient, damping):
    return dense_solve(mean_outer_product(scores), gradient, damping)


METHODS = [natural_direction, dual_solve, by_matrix, by_iteration]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("damping", [1e-6, 1e-3, 10.0])
def test_all_methods_agree_with_numpy_and_with_each_other(shape, inside, damping):
    scores, gradient = problem(shape, inside=inside)
    expected = np.linalg.solve(damped_fisher(scores, damping), gradient)
    for method in METHODS:
        direction = method(scores, gradient, damping)
        np.testing.assert_allclose(
            direction, expected, rtol=0, atol=1e-8 * np.abs(expected).max(), err_msg=str(method)
        )


@pytest.mark.parametrize("seed", range(10))
def test_woodbury_at_random_shapes(seed):
    rng = np.random.default_rng(seed)
    shape, damping = tuple(rng.integers(1, 60, size=2)), 10 ** rng.uniform(-4, 1)
    scores, gradient = rng.normal(size=shape), rng.normal(size=shape[1])
    dense = dense_solve(mean_outer_product(scores), gradient, damping)
    np.testing.assert_allclose(
        dual_solve(scores, gradient, damping), dense, rtol=0, atol=1e-9 * np.abs(dense).max()
    )


@pytest.mark.parametrize("shape", [(20, 50), (50, 20)])
@pytest.mark.parametrize("method", METHODS)
def test_any_form_of_the_same_scores_gives_the_same_direction(method, shape):
    scores, gradient = problem(shape)
    expected = np.linalg.solve(damped_fisher(scores, 1e-2), gradient)
    for form in (
        np.asfortranarray(scores),
        np.repeat(scores, 2, axis=0)[::2],
        aslinearoperator(scores),
        aslinearoperator(np.asfortranarray(scores)),
        scipy.sparse.csr_array(scores),
        Foreign(scores),
        scores.tolist(),
    ):
        direction = method(form, gradient, 1e-2)
        np.testing.assert_allclose(direction, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


class Foreign:
    """An array of another library: a shape, ``@`` and ``.T``, and nothing else until NumPy asks for it."""

    def __init__(self, array):
        self.array = np.asarray(array)
        self.shape = self.array.shape

    @property
    def T(self):
        return Foreign(self.array.T)

    def __matmul__(self, other):
        return Foreign(self.array @ (other.array if isinstance(other, Foreign) else other))

    def __truediv__(self, number):
        return Foreign(self.array / number)

    def __array__(self, dtype=None, copy=None):
        FOREIGN_READ.append(self.shape)
        return self.array.astype(dtype or float)


FOREIGN_READ = []


def test_scores_of_another_library_are_neither_converted_nor_read():
    """What NumPy sees of them is the products: the small matrix, and vectors."""
    scores, gradient = problem((20, 50))
    FOREIGN_READ.clear()
    for method in METHODS:
        method(Foreign(scores), gradient, 0.1)
    assert FOREIGN_READ and (20, 50) not in FOREIGN_READ and (50, 20) not in FOREIGN_READ


def test_the_smaller_of_the_two_matrices_is_formed():
    gradient = np.ones(40)
    for shape, size in (((3, 40), 3), ((60, 40), 40)):
        FOREIGN_READ.clear()
        natural_direction(Foreign(problem(shape)[0]), gradient, 0.1)
        assert max(s for s in FOREIGN_READ if len(s) == 2) == (size, size)


@pytest.mark.parametrize(("shape", "inside"), [((30, 10), True), ((30, 10), False), ((10, 30), False)])
def test_the_dual_solution_keeps_its_digits_beside_a_fisher_matrix_1e9_times_the_damping(shape, inside):
    """Woodbury's difference alone keeps 7 of them when there are more samples than parameters."""
    rng = np.random.default_rng(1)
    scores, damping = 1e3 * rng.normal(size=shape), 1e-3
    gradient = scores.T @ rng.normal(size=shape[0]) if inside else rng.normal(size=shape[1])
    _, values, right = np.linalg.svd(scores, full_matrices=False)
    seen = right @ gradient
    expected = right.T @ (seen / (values**2 / shape[0] + damping))
    if shape[0] < shape[1]:
        expected += (gradient - right.T @ seen) / damping
    error = np.linalg.norm(dual_solve(scores, gradient, damping) - expected) / np.linalg.norm(expected)
    assert error < 1e-13


def test_no_method_changes_its_arguments():
    for method in METHODS:
        scores, gradient = problem((30, 20))
        kept = scores.copy(), gradient.copy()
        method(scores, gradient, 0.1)
        assert np.array_equal(scores, kept[0]) and np.array_equal(gradient, kept[1])


def test_a_singular_fisher_matrix_is_refused_without_damping():
    scores, gradient = problem((5, 9))
    with pytest.raises(ValueError, match=r"5 scores of 9 parameters may be singular.*rank.*damping"):
        natural_direction(scores, gradient, 0.0)
    scores = np.random.default_rng(0).normal(size=(20, 3)) @ np.ones((3, 3))  # rank one, more samples than 3
    with pytest.raises(ValueError, match=r"singular.*one of 2 such directions.*damping"):
        natural_direction(scores, np.array([1.0, 0.0, 0.0]), 0.0)
    np.testing.assert_allclose(
        natural_direction(np.diag([1.0, 2.0]), [1.0, 1.0], 0.0), [2.0, 0.5], rtol=1e-14
    )


def test_a_singular_matrix_is_noticed_where_the_gradient_does_not_see_it():
    """Conjugate gradients converge to one of many solutions, and say nothing."""
    scores = np.random.default_rng(6).normal(size=(400, 60))
    scores[:, 0] = scores[:, 1]
    gradient = scores.T @ np.ones(400)
    assert conjugate_gradient(mean_outer_product(scores), gradient).converged
    with pytest.raises(ValueError, match="singular"):
        natural_direction(scores, gradient, 0.0)


def test_damping_that_is_lost_in_rounding_is_refused():
    scores = np.random.default_rng(2).normal(size=(4, 9))
    for damping in (1e-17, 1e-300):
        for method in (dual_solve, natural_direction, by_matrix):
            with pytest.raises(ValueError, match="singular"):
                method(scores, np.ones(9), damping)


@pytest.mark.parametrize("shape", [(3, 9), (9, 3), (500, 70)])
@pytest.mark.parametrize("method", METHODS)
def test_scores_whose_squares_overflow_are_refused(shape, method):
    scores = 1e200 * np.random.default_rng(0).normal(size=shape)
    refused = pytest.raises(ValueError, match=r"too large|must be finite")
    with refused, np.errstate(over="ignore", invalid="ignore"):  # of which NumPy warns depends on its version
        method(scores, np.ones(shape[1]), 1.0)


def test_a_matrix_that_memory_does_not_hold_is_refused_before_it_is_formed():
    for shape in ((40_000, 10**6), (10**6, 40_000)):
        scores = LinearOperator(shape, matvec=np.zeros, rmatvec=np.zeros, dtype=float)
        with pytest.raises(ValueError, match=r"40000 × 40000 would need 12\.8 GB.*conjugate_gradient"):
            natural_direction(scores, np.zeros(shape[1]), 1.0)


class Unformed(Foreign):
    """Scores that nobody may multiply with each other."""

    def __matmul__(self, other):
        raise AssertionError("the matrix was formed before its size was refused")


FORMING = [(natural_direction, (9, 4)), (natural_direction, (4, 9)), (dual_solve, (4, 9))]


@pytest.mark.parametrize(("solve", "shape"), FORMING)
def test_a_matrix_of_an_array_is_refused_before_it_is_formed(solve, shape, monkeypatch):
    monkeypatch.setattr(check, "MOST_BYTES", 8 * 3**2)
    with pytest.raises(ValueError, match="4 × 4 would need"):
        solve(Unformed(np.ones(shape)), np.ones(shape[1]), 1.0)


def test_many_parameters_never_cost_a_square_of_memory():
    """The Fisher matrix of 50,000 parameters would take 20 GB."""
    scores, gradient = problem((10, 50_000))
    natural_direction(scores[:, :100], gradient[:100], 1e-3)  # SciPy's import is not counted
    for method in (natural_direction, dual_solve, by_iteration):
        tracemalloc.start()
        method(scores, gradient, 1e-3)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 5 * scores.nbytes


# --- bad input ---------------------------------------------------------------------------------------------

METRIC = np.array([[2.0, 0.5], [0.5, 1.0]])
NAN_OPERATOR = aslinearoperator(np.full((2, 2), NAN))
FORM = Example(quadratic_form, metric=METRIC, direction=[1.0, 2.0])
DENSE = Example(dense_solve, metric=METRIC, gradient=[1.0, 2.0], damping=0.1)
ITERATION = Example(conjugate_gradient, metric=METRIC, gradient=[1.0, 2.0], damping=0.1)
DUAL = Example(dual_solve, scores=[[1.0, 2.0], [0.0, 1.0]], gradient=[1.0, 2.0], damping=0.1)
NATURAL = Example(natural_direction, **DUAL.arguments)
OUTER = Example(mean_outer_product, scores=np.ones((3, 2)))

REFUSED = [
    *FORM.refuses("metric", *NOT_METRICS, NAN_OPERATOR, says("negative curvature", -np.eye(2))),
    *FORM.refuses("direction", *NOT_VECTORS, says("(3, 3) to fit", [1.0, 2.0, 3.0])),
    *DENSE.refuses("metric", *NOT_METRICS, NAN_OPERATOR, says("negative curvature", [[1, 4], [4, 1]])),
    *DENSE.refuses("gradient", *NOT_VECTORS, says("(3, 3) to fit", [1.0, 2.0, 3.0])),
    *DENSE.refuses("damping", *NEGATIVE),
    # Negative curvature is reported in the result, with the iterate before it.
    *ITERATION.refuses("metric", *NOT_METRICS, NAN_OPERATOR),
    *ITERATION.refuses("gradient", *NOT_VECTORS, says("(3, 3) to fit", [1.0, 2.0, 3.0])),
    *ITERATION.refuses("damping", *NEGATIVE),
    *ITERATION.refuses("iterations", -1, 2.5, NAN, INF, "many", [1, 2]),
    *ITERATION.refuses("tolerance", *NEGATIVE),
    *ITERATION.takes_anything("keep_iterates"),
    *DUAL.refuses("scores", *NOT_SCORES, NAN_OPERATOR),
    *DUAL.refuses("gradient", *NOT_VECTORS, says("2 entries", [1.0, 2.0, 3.0])),
    *DUAL.refuses("damping", *NOT_POSITIVE, says("singular to working precision", 1e-14)),
    *NATURAL.refuses("scores", *NOT_SCORES, NAN_OPERATOR),
    *NATURAL.refuses("gradient", *NOT_VECTORS, says("2 entries", [1.0, 2.0, 3.0])),
    *NATURAL.refuses("damping", *NEGATIVE),
    *OUTER.refuses("scores", *NOT_SCORES),
]
test_works, test_refused = refusal_tests(REFUSED)
