"""Steps and paths: rates of convergence, brute force, invariances and the cases where they fail."""

from functools import partial

import numpy as np
import pytest
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_FRACTIONS,
    NOT_FUNCTIONS,
    NOT_METRICS,
    NOT_POSITIVE,
    NOT_VECTORS,
    Example,
    constant,
    refusal_tests,
    says,
)
from scipy.sparse.linalg import aslinearoperator

from ngbook import OutsideDomain
from ngbook.descent import (
    adaptive_trust_region,
    backtracking_line_search,
    exact_line_search,
    gradient_descent,
    metric_length,
    mirror_descent,
    natural_gradient_descent,
    trust_region_descent,
    trust_region_step,
)
from ngbook.families import beta, gamma, normal


def quadratic(hessian):
    hessian = np.asarray(hessian, dtype=float)
    return (lambda x: x @ hessian @ x / 2), (lambda x: hessian @ x)


def random_metric(rng, size):
    root = rng.normal(size=(size, size))
    return root @ root.T + np.eye(size)


# The mean negative log-likelihood of data with mean 12 and variance 16 under the Normal in (mu, sigma).


def normal_loss(theta):
    mu, sigma = theta
    return np.log(sigma) + ((mu - 12) ** 2 + 16) / (2 * sigma**2)


def normal_gradient(theta):
    mu, sigma = theta
    return np.array([(mu - 12) / sigma**2, 1 / sigma - ((mu - 12) ** 2 + 16) / sigma**3])


def normal_fisher(theta):
    return np.diag([1.0, 2.0]) / theta[1] ** 2


# --- gradient descent and its step sizes -------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [1.5, 10.0, 1000.0])
def test_exact_search_and_the_best_fixed_step_tie_from_the_worst_start(kappa):
    """From (kappa, 1) both multiply the value by ((kappa - 1) / (kappa + 1))² in every step."""
    value, gradient = quadratic(np.diag([1.0, kappa]))
    contraction = ((kappa - 1) / (kappa + 1)) ** 2
    for step_size in (exact_line_search, 2 / (1 + kappa)):
        path = gradient_descent(value, gradient, [kappa, 1.0], step_size, iterations=10)
        np.testing.assert_allclose(path.values[1:] / path.values[:-1], contraction, rtol=1e-12)
        np.testing.assert_allclose(path.step_sizes, 2 / (1 + kappa), rtol=1e-12)


def test_no_start_contracts_more_slowly_with_exact_search():
    """Kantorovich's inequality, over random quadratics and starts."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        hessian = random_metric(rng, 3)
        eigenvalues = np.linalg.eigvalsh(hessian)
        kappa = eigenvalues[-1] / eigenvalues[0]
        value, gradient = quadratic(hessian)
        path = gradient_descent(value, gradient, rng.normal(size=3), exact_line_search, iterations=1)
        assert path.values[1] <= ((kappa - 1) / (kappa + 1)) ** 2 * path.values[0] * (1 + 1e-12)


def test_a_fixed_step_is_not_worse_than_backtracking_on_every_function():
    """On x²/2 the step size 1 ends in one step; Armijo accepts 1.9 and keeps .81 of the value."""
    value, gradient = quadratic([[1.0]])
    assert np.array_equal(gradient_descent(value, gradient, [1.0], 1.0).points, [[1.0], [0.0]])
    searched = gradient_descent(
        value, gradient, [1.0], partial(backtracking_line_search, initial_step=1.9), iterations=5
    )
    np.testing.assert_allclose(searched.values[1:] / searched.values[:-1], 0.81, rtol=1e-14)


def test_with_a_fixed_step_size_the_length_of_a_step_shrinks_with_the_gradient():
    value, gradient = quadratic([[1.0]])
    path = gradient_descent(value, gradient, [1.0], 0.1, iterations=3)
    np.testing.assert_allclose(path.lengths, [0.1, 0.09, 0.081], rtol=1e-14)


@pytest.mark.parametrize("kappa", [2.0, 50.0])
def test_the_step_size_2_over_the_largest_curvature_is_where_stability_ends(kappa):
    value, gradient = quadratic(np.diag([1.0, kappa]))
    for factor, grows in ((0.999, False), (1.001, True)):
        path = gradient_descent(value, gradient, [0.0, 1.0], factor * 2 / kappa, iterations=50)
        assert (path.values[-1] > path.values[0]) == grows


# --- line searches -----------------------------------------------------------------------------------------


def test_exact_search_finds_minima_known_in_closed_form():
    rng = np.random.default_rng(1)
    for _ in range(20):
        hessian = random_metric(rng, 4)
        value, gradient = quadratic(hessian)
        point, direction = rng.normal(size=(2, 4))
        direction = -direction * np.sign(gradient(point) @ direction)
        expected = -(gradient(point) @ direction) / (direction @ hessian @ direction)
        assert exact_line_search(value, gradient, point, direction) == pytest.approx(expected, rel=1e-13)

    def barrier(x):
        return x[0] - np.log(x[0])

    def barrier_gradient(x):
        return 1 - 1 / x

    # The minimum is at 1; from 3 downwards the doubling leaves the domain first, and from .1 it jumps over.
    for start, direction in ((3.0, -1.0), (3.0, -100.0), (0.1, 1e-3), (0.1, 1e3)):
        size = exact_line_search(barrier, barrier_gradient, [start], [direction])
        assert start + size * direction == pytest.approx(1, rel=1e-14)


def test_exact_search_doubles_and_steps_over_no_minimum_between_two_doublings():
    """The derivative along the line is (3/2 - a) (a - 5/2): a minimum at 3/2, and no way up behind 5/2."""

    def value(x):
        return -(x[0] ** 3) / 3 + 2 * x[0] ** 2 - 3.75 * x[0]

    def gradient(x):
        return -(x - 1.5) * (x - 2.5)

    assert exact_line_search(value, gradient, [0.0], [1.0]) == pytest.approx(1.5, rel=1e-12)


def test_after_an_exact_search_the_next_gradient_is_orthogonal_to_the_direction():
    def value(x):
        return np.sum(x**4) + x[0] * x[1] + np.exp(x[0])

    def gradient(x):
        return 4 * x**3 + np.array([x[1] + np.exp(x[0]), x[0]])

    path = gradient_descent(value, gradient, [1.0, -2.0], exact_line_search, iterations=8)
    assert np.all(np.diff(path.values) < 0)
    cosines = np.sum(path.gradients[1:] * path.directions, axis=1)
    np.testing.assert_allclose(cosines, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("value", "gradient", "direction", "where"),
    [
        (lambda x: -x[0], lambda x: -np.ones(1), 1.0, "step sizes of 1e60"),
        (lambda x: 2 * np.sqrt(x[0]), lambda x: 1 / np.sqrt(x), -1.0, "edge of its domain"),
    ],
)
def test_exact_search_says_when_there_is_no_minimum(value, gradient, direction, where):
    with pytest.raises(ValueError, match=where):
        exact_line_search(value, gradient, [1.0], [direction])


def test_backtracking_takes_the_first_step_that_satisfies_armijo():
    rng = np.random.default_rng(2)
    contracted = 0
    for _ in range(50):
        hessian = 10 ** rng.uniform(-1, 3) * random_metric(rng, 3)
        value, gradient = quadratic(hessian)
        point = rng.normal(size=3)
        direction, c = -gradient(point), 0.3
        slope = gradient(point) @ direction

        def satisfied(size, value=value, point=point, direction=direction, slope=slope):
            return value(point + size * direction) <= value(point) + 0.3 * size * slope

        size = backtracking_line_search(value, gradient, point, direction, sufficient_decrease=c)
        assert satisfied(size) and np.log2(size) == round(np.log2(size))
        if size < 1:
            contracted += 1
            assert not satisfied(2 * size)
    assert contracted > 10


def test_backtracking_along_plus_the_gradient_is_refused_where_the_printed_search_never_ends():
    value, gradient = quadratic(np.diag([1.0, 3.0]))
    point = np.array([1.0, 1.0])
    with pytest.raises(ValueError, match=r"slope gradient @ direction is 10 .* MINUS the gradient"):
        backtracking_line_search(value, gradient, point, gradient(point))
    for size in 0.5 ** np.arange(45):  # as printed: no step up the gradient lowers the value
        assert value(point + size * gradient(point)) > value(point)


def test_backtracking_ends_when_value_and_gradient_contradict_each_other():
    value, gradient = quadratic(np.eye(2))
    with pytest.raises(ValueError, match="check that gradient is the derivative"):
        backtracking_line_search(value, lambda x: -gradient(x), [1.0, 1.0], [1.0, 1.0])


def test_backtracking_steps_back_into_the_domain():
    size = backtracking_line_search(lambda x: x[0] - np.log(x[0]), lambda x: 1 - 1 / x, [3.0], [-8.0])
    assert size == 0.25  # 3 - 8 and 3 - 4 are outside, 3 - 2 is the minimum


# --- the step of a trust region ----------------------------------------------------------------------------


def test_the_step_is_the_lowest_point_of_the_ellipse_by_brute_force():
    rng = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, 100_001)
    circle = np.stack([np.cos(angles), np.sin(angles)])
    for radius in (1e-6, 0.01, 3.0):
        metric, gradient = random_metric(rng, 2), rng.normal(size=2)
        ellipse = np.sqrt(2 * radius) * np.linalg.solve(np.linalg.cholesky(metric).T, circle).T
        model = ellipse @ gradient
        step = trust_region_step(gradient, metric, radius)
        assert gradient @ step <= model.min() + 1e-12 * abs(model.min())
        np.testing.assert_allclose(step, ellipse[np.argmin(model)], atol=1e-4 * np.sqrt(radius))


@pytest.mark.parametrize("size", [1, 3, 20])
def test_the_step_satisfies_the_constraint_and_the_multiplier_has_the_negative_sign(size):
    rng = np.random.default_rng(size)
    metric, gradient, radius = random_metric(rng, size), rng.normal(size=size), 0.07
    step = trust_region_step(gradient, metric, radius)
    assert step @ metric @ step / 2 == pytest.approx(radius, rel=1e-12)
    multiplier = -np.sqrt(gradient @ np.linalg.solve(metric, gradient) / (2 * radius))
    np.testing.assert_allclose(gradient, multiplier * metric @ step, rtol=1e-9, atol=1e-12)
    others = rng.normal(size=(1000, size))
    others *= np.sqrt(2 * radius) / metric_length(others, metric)[:, None]
    assert np.all(others @ gradient >= gradient @ step - 1e-12)


def test_the_identity_gives_normalised_gradient_descent():
    gradient = np.array([3.0, -4.0])
    np.testing.assert_allclose(trust_region_step(gradient, np.eye(2), 0.5), [-0.6, 0.8], rtol=1e-15)
    value, slope = quadratic(np.diag([1.0, 5.0]))
    path = trust_region_descent(value, slope, lambda x: np.eye(2), [4.0, 3.0], radius=0.005, iterations=20)
    normalised = path.gradients[:-1] / np.linalg.norm(path.gradients[:-1], axis=1, keepdims=True)
    np.testing.assert_allclose(np.diff(path.points, axis=0), -0.1 * normalised, rtol=1e-12)


def test_the_scale_of_the_objective_does_not_matter_to_the_step():
    rng = np.random.default_rng(4)
    metric, gradient = random_metric(rng, 3), rng.normal(size=3)
    np.testing.assert_allclose(
        trust_region_step(1e6 * gradient, metric, 0.1), trust_region_step(gradient, metric, 0.1), rtol=1e-13
    )


def test_a_step_in_kl_costs_its_radius_to_leading_order():
    def normal_kl(old, new):
        return np.log(new[1] / old[1]) + (old[1] ** 2 + (old[0] - new[0]) ** 2) / (2 * new[1] ** 2) - 0.5

    theta, radii = np.array([0.0, 1.0]), np.array([1e-2, 1e-4, 1e-6])
    errors = []
    for radius in radii:
        step = trust_region_step(normal_gradient(theta), normal_fisher(theta), radius)
        errors.append(abs(normal_kl(theta, theta + step) / radius - 1))
    assert np.polyfit(np.log(radii), np.log(errors), 1)[0] == pytest.approx(0.5, abs=0.03)


# --- the natural gradient and its charts -------------------------------------------------------------------


def test_with_the_hessian_as_the_metric_one_step_minimises_a_quadratic():
    rng = np.random.default_rng(5)
    hessian = random_metric(rng, 4)
    value, gradient = quadratic(hessian)
    path = natural_gradient_descent(value, gradient, lambda x: hessian, rng.normal(size=4), 1.0)
    assert len(path) == 1 and path.converged
    np.testing.assert_allclose(path.points[-1], 0, atol=1e-13)


def test_in_the_mean_chart_one_step_of_size_one_is_the_maximum_likelihood_estimate():
    """Bernoulli: p is the mean coordinate, and the data have mean .8."""

    def value(p):
        return -(0.8 * np.log(p[0]) + 0.2 * np.log(1 - p[0]))

    def gradient(p):
        return -(0.8 / p - 0.2 / (1 - p))

    path = natural_gradient_descent(value, gradient, lambda p: np.diag(1 / (p * (1 - p))), [0.05], 1.0)
    assert len(path) == 1 and path.points[-1, 0] == pytest.approx(0.8, rel=1e-14)


def test_whole_paths_do_not_change_under_a_linear_change_of_chart():
    """theta = A phi: the gradient becomes Aᵀg and the metric AᵀGA, and every point agrees."""
    change = np.array([[2.0, 0.5], [-1.0, 3.0]])

    def in_chart(f):
        return lambda phi: f(change @ phi)

    value = in_chart(normal_loss)
    gradient = in_chart(lambda theta: change.T @ normal_gradient(theta))
    metric = in_chart(lambda theta: change.T @ normal_fisher(theta) @ change)
    start = np.array([10.0, 5.0])
    phi = np.linalg.solve(change, start)

    plain = natural_gradient_descent(normal_loss, normal_gradient, normal_fisher, start, 0.3, iterations=20)
    other = natural_gradient_descent(value, gradient, metric, phi, 0.3, iterations=20)
    np.testing.assert_allclose(other.points @ change.T, plain.points, rtol=1e-12)
    np.testing.assert_allclose(other.gradient_norms, plain.gradient_norms, rtol=1e-9, atol=1e-12)
    plain = trust_region_descent(normal_loss, normal_gradient, normal_fisher, start, 0.01, iterations=20)
    other = trust_region_descent(value, gradient, metric, phi, 0.01, iterations=20)
    np.testing.assert_allclose(other.points @ change.T, plain.points, rtol=1e-9)
    # Gradient descent is not invariant: with these gradients the first steps already differ.
    moved = change @ gradient_descent(value, gradient, phi, 0.3, iterations=1).points[1]
    fixed = gradient_descent(normal_loss, normal_gradient, start, 0.3, iterations=1).points[1]
    assert np.linalg.norm(moved - fixed) > 0.1


def test_a_nonlinear_change_of_chart_is_felt_at_second_order_and_by_the_gradient_at_first():
    """One step in (mu, sigma) against one in (mu, log sigma), compared in (mu, sigma)."""

    def to_sigma(phi):
        return np.array([phi[0], np.exp(phi[1])])

    def jacobian(phi):
        return np.diag([1.0, np.exp(phi[1])])

    def loss(phi):
        return normal_loss(to_sigma(phi))

    def gradient(phi):
        return jacobian(phi).T @ normal_gradient(to_sigma(phi))

    def fisher(phi):
        return jacobian(phi).T @ normal_fisher(to_sigma(phi)) @ jacobian(phi)

    theta = np.array([10.0, 3.0])
    phi = np.array([10.0, np.log(3.0)])
    sizes = np.geomspace(1e-3, 1e-1, 7)

    def slope(step, step_in_chart):
        gaps = [np.linalg.norm(to_sigma(step_in_chart(a).points[1]) - step(a).points[1]) for a in sizes]
        return np.polyfit(np.log(sizes), np.log(gaps), 1)[0]

    once = {"iterations": 1}
    natural = slope(
        lambda a: natural_gradient_descent(normal_loss, normal_gradient, normal_fisher, theta, a, **once),
        lambda a: natural_gradient_descent(loss, gradient, fisher, phi, a, **once),
    )
    trust_region = slope(
        lambda a: trust_region_descent(normal_loss, normal_gradient, normal_fisher, theta, a**2, **once),
        lambda a: trust_region_descent(loss, gradient, fisher, phi, a**2, **once),
    )
    plain = slope(
        lambda a: gradient_descent(normal_loss, normal_gradient, theta, a, **once),
        lambda a: gradient_descent(loss, gradient, phi, a, **once),
    )
    assert natural == pytest.approx(2, abs=0.02)
    assert trust_region == pytest.approx(2, abs=0.05)
    assert plain == pytest.approx(1, abs=0.02)


def test_the_papers_first_steps_for_maximum_likelihood():
    """The sum over 1000 data, the metric per sample, step size 1e-4, from (0, 1)."""

    def value(theta):
        return 1000 * normal_loss(theta)

    def gradient(theta):
        return 1000 * normal_gradient(theta)

    plain = gradient_descent(value, gradient, [0.0, 1.0], 1e-4, iterations=1)
    natural = natural_gradient_descent(value, gradient, normal_fisher, [0.0, 1.0], 1e-4, iterations=1)
    np.testing.assert_allclose(plain.points[1], [1.2, 16.9], rtol=1e-13)
    np.testing.assert_allclose(natural.points[1], [1.2, 8.95], rtol=1e-13)


def test_a_metric_may_be_an_operator():
    dense = natural_gradient_descent(normal_loss, normal_gradient, normal_fisher, [10.0, 5.0], 0.3)
    operator = natural_gradient_descent(
        normal_loss, normal_gradient, lambda theta: aslinearoperator(normal_fisher(theta)), [10.0, 5.0], 0.3
    )
    assert np.array_equal(dense.points, operator.points) and dense.converged


# --- paths -------------------------------------------------------------------------------------------------

RUNS = {
    "gradient": lambda: gradient_descent(normal_loss, normal_gradient, [10.0, 5.0], 0.5),
    "searched": lambda: gradient_descent(normal_loss, normal_gradient, [10.0, 5.0], exact_line_search),
    "natural": lambda: natural_gradient_descent(
        normal_loss, normal_gradient, normal_fisher, [10.0, 5.0], 0.5
    ),
    "natural, searched": lambda: natural_gradient_descent(
        normal_loss, normal_gradient, normal_fisher, [10.0, 5.0], backtracking_line_search
    ),
    "region": lambda: trust_region_descent(normal_loss, normal_gradient, normal_fisher, [10.0, 5.0], 0.02),
}


@pytest.mark.parametrize("run", RUNS)
def test_a_path_holds_what_it_says(run):
    path = RUNS[run]()
    steps = len(path)
    assert path.points.shape == (steps + 1, 2) and path.directions.shape == (steps, 2)
    assert np.array_equal(path.points[0], [10.0, 5.0])
    assert np.array_equal(path.points[1:], path.points[:-1] + path.step_sizes[:, None] * path.directions)
    assert np.array_equal(path.values, [normal_loss(theta) for theta in path.points])
    assert np.array_equal(path.gradients, [normal_gradient(theta) for theta in path.points])
    euclidean = run in ("gradient", "searched")
    metrics = [np.eye(2) if euclidean else normal_fisher(theta) for theta in path.points]
    changes = path.step_sizes[:, None] * path.directions
    step_lengths = [metric_length(d, G) for d, G in zip(changes, metrics[:-1], strict=True)]
    np.testing.assert_allclose(path.lengths, step_lengths, rtol=1e-12)
    norms = [np.sqrt(g @ np.linalg.solve(G, g)) for g, G in zip(path.gradients, metrics, strict=True)]
    np.testing.assert_allclose(path.gradient_norms, norms, rtol=1e-12)
    with pytest.raises(AttributeError):
        path.points = None


def test_every_step_of_a_trust_region_has_the_same_length_in_the_metric():
    path = RUNS["region"]()
    assert len(path) == 100
    np.testing.assert_allclose(path.lengths, np.sqrt(2 * 0.02), rtol=1e-13)


def test_a_constant_radius_never_converges_but_hovers():
    """In the metric of a quadratic the path is a ray, and ends up stepping over the minimum for ever."""
    hessian = np.diag([1.0, 9.0])
    value, gradient = quadratic(hessian)
    path = trust_region_descent(value, gradient, lambda x: hessian, [3.3, 0.0], 0.5, iterations=500)
    assert path.reason == "iterations" and not path.converged
    distances = metric_length(path.points[4:], hessian)
    np.testing.assert_allclose(np.sort(distances)[[0, -1]], [0.3, 0.7], rtol=1e-9)
    np.testing.assert_allclose(distances[1:] + distances[:-1], 1.0, rtol=1e-9)  # the length of a step


def test_a_schedule_is_asked_for_the_steps_that_are_taken_and_for_the_first():
    value, gradient = quadratic(np.eye(2))

    def run(schedule, iterations):
        return trust_region_descent(value, gradient, lambda x: np.eye(2), [1.0, 2.0], schedule, iterations)

    assert len(run(lambda t: [0.1, -1.0][t], iterations=1).step_sizes) == 1
    with pytest.raises(ValueError, match="radius"):
        run(lambda t: [-1.0, 0.1][t], iterations=0)


def test_a_falling_radius_converges():
    path = trust_region_descent(
        normal_loss, normal_gradient, normal_fisher, [0.0, 1.0], lambda t: 0.5 / (t + 1) ** 2, 20_000, 1e-3
    )
    assert path.converged and "tolerance" not in path.message
    np.testing.assert_allclose(path.points[-1], [12.0, 4.0], rtol=1e-3)
    np.testing.assert_allclose(path.lengths, 1 / (1 + np.arange(len(path))), rtol=1e-12)


def test_the_three_reasons_to_end():
    value, gradient = quadratic(np.eye(2))
    assert gradient_descent(value, gradient, [1.0, 1.0], 0.5).reason == "tolerance"
    assert gradient_descent(value, gradient, [1.0, 1.0], 0.5, iterations=3).reason == "iterations"
    stationary = gradient_descent(value, gradient, [0.0, 0.0], 0.5, tolerance=0.0)
    assert stationary.converged and len(stationary) == 0 and stationary.directions.shape == (0, 2)
    assert len(gradient_descent(value, gradient, [1.0, 1.0], 0.5, iterations=0)) == 0


# --- a radius that adapts ----------------------------------------------------------------------------------


def test_a_radius_adapts_to_what_the_steps_deliver():
    """On x²/2 from 1: 0.3 delivers 85 % of its promise and is doubled, 0.6 has 57 %, the next goes up."""
    value, gradient = quadratic([[1.0]])
    path = adaptive_trust_region(value, gradient, [1.0], length=0.3, iterations=4, tolerance=0)
    np.testing.assert_allclose(path.points[:, 0], [1, 0.7, 0.1, 0.1, 0.1], rtol=1e-14)
    np.testing.assert_allclose(path.lengths, [0.3, 0.6, 0, 0], rtol=1e-14)
    assert path.reason == "iterations" and len(path) == 4


@pytest.mark.parametrize("kappa", [1.0, 30.0])
def test_an_adaptive_radius_converges_and_never_goes_up(kappa):
    value, gradient = quadratic(np.diag([1.0, kappa]))
    for length in (1e-3, 1.0, 1e3):
        path = adaptive_trust_region(value, gradient, [3.0, 2.0], length, iterations=2000, tolerance=1e-6)
        assert path.converged and np.all(np.diff(path.values) <= 0)
        assert np.all(np.diff(path.values)[path.step_sizes > 0] < 0)


def test_a_step_that_is_taken_has_the_length_that_was_tried():
    """Each length is the one before, halved, kept or doubled; and a refused trial halves it."""
    value, gradient = quadratic(np.diag([1.0, 7.0]))
    path = adaptive_trust_region(value, gradient, [3.0, 2.0], length=2.0, iterations=60)
    tried = 2.0
    for k, length in enumerate(path.lengths):
        assert length in (0.0, pytest.approx(tried, rel=1e-12))
        step = -tried * path.gradients[k] / np.linalg.norm(path.gradients[k])
        rho = (path.values[k] - value(path.points[k] + step)) / (-path.gradients[k] @ step)
        assert (length > 0) == (rho > 0.1)
        tried *= 0.5 if rho < 0.25 else 2.0 if rho > 0.75 else 1.0


def test_an_adaptive_radius_steps_back_into_the_domain():
    path = adaptive_trust_region(
        refusing_loss, normal_gradient, [0.0, 1.0], length=1e3, iterations=500, tolerance=1e-3
    )
    assert path.converged and path.step_sizes[0] == 0
    np.testing.assert_allclose(path.points[-1], [12.0, 4.0], rtol=0.01)


def length_of(x):
    return np.sqrt(x @ x)


# --- mirror descent ----------------------------------------------------------------------------------------


def numerical_gradient(function, point, step=1e-3):
    """Central differences of order six."""
    columns = []
    for d in np.eye(len(point)) * step * np.maximum(np.abs(point), 0.1):
        odd = [function(point + j * d) - function(point - j * d) for j in (1, 2, 3)]
        columns.append((3 / 4 * odd[0] - 3 / 20 * odd[1] + 1 / 60 * odd[2]) / d.sum())
    return np.array(columns)


def two_coordinates(family, objective):
    """Maps between both coordinates, the objective and its gradient in each; nothing of the metric."""
    form = family.exponential_form()

    def of_natural(eta):
        return objective(form.from_natural(eta))

    def of_mean(m):
        return objective(form.from_mean(m))

    return {
        "to_mean": lambda eta: form.mean(form.from_natural(eta)),
        "to_natural": lambda m: form.natural(form.from_mean(m)),
        "of_natural": of_natural,
        "of_mean": of_mean,
        "slope_in_natural": lambda eta: numerical_gradient(of_natural, eta),
        "slope_in_mean": lambda m: numerical_gradient(of_mean, m),
    }


CASES = {
    "normal": (normal, [0.3, 1.3], lambda t: (t[0] - 2) ** 2 * np.exp(-0.3 * t[1]) + t[0] * t[1] / 5),
    "gamma": (gamma, [2.5, 1.3], lambda t: (t[0] / t[1] - 3) ** 2 + np.log(t[0]) ** 2),
    "beta": (beta, [2.5, 1.3], lambda t: np.log(t[0]) ** 2 + t[1] / (t[0] + t[1])),
}


@pytest.mark.parametrize("case", CASES)
def test_mirror_descent_in_one_chart_is_the_natural_gradient_in_the_other(case):
    """Three steps, not small; the Fisher matrix of the other chart is a family's, and no map of the form."""
    family, theta, objective = CASES[case]
    form, maps = family.exponential_form(), two_coordinates(family, objective)
    run = {"step_size": 0.05, "iterations": 3, "tolerance": 0}

    def fisher_of_mean(m):
        return np.linalg.inv(form.covariance(form.from_mean(m)))

    def fisher_of_natural(eta):
        return form.covariance(form.from_natural(eta))

    mirrored = mirror_descent(
        maps["of_natural"], maps["slope_in_natural"], maps["to_mean"], maps["to_natural"],
        form.natural(theta), **run,
    )  # fmt: skip
    natural = natural_gradient_descent(
        maps["of_mean"], maps["slope_in_mean"], fisher_of_mean, form.mean(theta), **run
    )
    reached = np.array([form.mean(form.from_natural(eta)) for eta in mirrored.points])
    np.testing.assert_allclose(reached, natural.points, rtol=1e-9)
    assert len(mirrored) == 3 and np.abs(natural.points[-1] - natural.points[0]).max() > 0.05
    mirrored = mirror_descent(
        maps["of_mean"], maps["slope_in_mean"], maps["to_natural"], maps["to_mean"], form.mean(theta), **run
    )
    natural = natural_gradient_descent(
        maps["of_natural"], maps["slope_in_natural"], fisher_of_natural, form.natural(theta), **run
    )
    reached = np.array([form.natural(form.from_mean(m)) for m in mirrored.points])
    np.testing.assert_allclose(reached, natural.points, rtol=1e-9)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_mirror_step_minimises_the_linear_model_plus_the_divergence_over_the_step_size(swapped):
    """KL(old || new) in natural coordinates, KL(new || old) in mean ones, by brute force."""
    family, theta, objective = CASES["normal"]
    form, maps, size = family.exponential_form(), two_coordinates(family, objective), 0.05
    here, there, of, slope, back, start = (
        ("to_natural", "to_mean", "of_mean", "slope_in_mean", form.from_mean, form.mean(theta))
        if swapped
        else (
            "to_mean",
            "to_natural",
            "of_natural",
            "slope_in_natural",
            form.from_natural,
            form.natural(theta),
        )
    )
    path = mirror_descent(maps[of], maps[slope], maps[here], maps[there], start, size, 1, 0)
    best, g = path.points[1], path.gradients[0]

    def model(u):
        pair = (back(u), theta) if swapped else (theta, back(u))
        return g @ (u - start) + normal.kl(*pair) / size

    around = [best + 1e-3 * np.array([np.cos(a), np.sin(a)]) for a in np.linspace(0, 2 * np.pi, 25)]
    assert model(best) < min(map(model, around)) and model(best) < model(start)
    np.testing.assert_allclose(numerical_gradient(model, best), 0, atol=1e-8)


def test_the_two_mirror_steps_differ_at_second_order():
    family, theta, objective = CASES["normal"]
    form, maps, gaps = family.exponential_form(), two_coordinates(family, objective), []
    for size in (1e-3, 1e-2):
        one = mirror_descent(
            maps["of_natural"], maps["slope_in_natural"], maps["to_mean"], maps["to_natural"],
            form.natural(theta), size, 1, 0,
        )  # fmt: skip
        other = mirror_descent(
            maps["of_mean"], maps["slope_in_mean"], maps["to_natural"], maps["to_mean"],
            form.mean(theta), size, 1, 0,
        )  # fmt: skip
        gaps.append(np.abs(form.from_natural(one.points[1]) - form.from_mean(other.points[1])).max())
    assert np.log10(gaps[1] / gaps[0]) == pytest.approx(2, abs=0.05)


def test_exponentiated_gradient_is_mirror_descent_with_the_logarithm():
    costs, start = np.array([1.0, 0.2, 0.5]), np.array([0.5, 0.3, 0.2])
    path = mirror_descent(lambda p: costs @ p, lambda p: costs, np.log, np.exp, start, 0.7, 4, 0)
    np.testing.assert_allclose(path.points[-1], start * np.exp(-4 * 0.7 * costs), rtol=1e-14)
    assert path.reason == "iterations" and np.array_equal(path.step_sizes, [0.7] * 4)
    np.testing.assert_allclose(path.lengths, 0.7 * np.linalg.norm(costs), rtol=1e-15)
    np.testing.assert_allclose(path.lengths, np.linalg.norm(np.diff(np.log(path.points), axis=0), axis=1))
    np.testing.assert_allclose(path.gradient_norms, np.linalg.norm(costs), rtol=1e-15)
    np.testing.assert_allclose(np.diff(path.points, axis=0), 0.7 * path.directions, rtol=1e-12)


def test_with_the_identity_as_the_mirror_it_is_gradient_descent():
    value, gradient = quadratic([[2.0, 0.5], [0.5, 1.0]])
    plain = gradient_descent(value, gradient, [1.0, 2.0], 0.3, tolerance=1e-6)
    path = mirror_descent(value, gradient, lambda u: u, lambda v: v, [1.0, 2.0], 0.3, tolerance=1e-6)
    np.testing.assert_allclose(path.points, plain.points, atol=1e-14)
    np.testing.assert_allclose(path.directions, plain.directions, atol=1e-13)
    assert path.converged and len(path) == len(plain) > 3


def test_a_mirror_step_of_size_one_is_the_maximum_likelihood_estimate():
    """The mean negative log-likelihood in natural parameters is A(η) - η·m̂, with gradient m - m̂."""
    form = gamma.exponential_form()
    average = form.sufficient_statistics(gamma.sample([2.5, 1.3], 50, np.random.default_rng(0))).mean(axis=0)
    maps = two_coordinates(gamma, lambda theta: 0)
    path = mirror_descent(
        lambda eta: form.potential(form.from_natural(eta)) - eta @ average,
        lambda eta: maps["to_mean"](eta) - average,
        maps["to_mean"], maps["to_natural"], form.natural([1.0, 1.0]), 1.0, tolerance=1e-9,
    )  # fmt: skip
    assert len(path) == 1 and path.converged
    np.testing.assert_allclose(form.mean(form.from_natural(path.points[-1])), average, rtol=1e-12)


@pytest.mark.parametrize("reason", ["no point has such coordinates", ""])
def test_a_mirror_step_that_leaves_the_space_ends_the_path_before_it(reason):
    def back(v):
        if v[0] <= 0:
            raise OutsideDomain(reason)
        return v

    path = mirror_descent(lambda u: u[0], lambda u: np.ones(1), lambda u: u, back, [1.0], 0.3, tolerance=0)
    np.testing.assert_allclose(path.points[:, 0], [1.0, 0.7, 0.4, 0.1])
    assert path.reason == "domain" and len(path.gradient_norms) == 4
    assert path.message == (
        "step 3, from [0.1] to the coordinates [-0.2], would leave the domain: "
        + (reason or "the function says no more")
    )


def test_a_mirror_step_to_what_is_not_finite_or_where_the_value_ends_is_not_taken():
    line = {"gradient": lambda u: np.ones(1), "start": [1.0], "step_size": 0.3, "tolerance": 0}
    path = mirror_descent(lambda u: u[0], mirror=lambda u: u, inverse_mirror=lambda v: v / (v > 0), **line)
    assert len(path) == 3 and "inverse_mirror must be finite, but is [-inf]" in path.message
    path = mirror_descent(lambda u: np.sqrt(u[0]), mirror=lambda u: u, inverse_mirror=lambda v: v, **line)
    assert len(path) == 3 and "from [0.1] to [-0.2], would leave the domain: value must be" in path.message


# --- leaving the domain ------------------------------------------------------------------------------------


def refusing_loss(theta):
    if theta[1] <= 0:
        raise OutsideDomain(f"sigma must be positive, but is {theta[1]:.3g}")
    return normal_loss(theta)


@pytest.mark.parametrize("loss", [normal_loss, refusing_loss], ids=["nan", "OutsideDomain"])
def test_a_step_out_of_the_domain_ends_the_path_before_it(loss):
    """Near the optimum the natural gradient turns unstable in sigma at step size 2, and then leaves it."""
    path = natural_gradient_descent(loss, normal_gradient, normal_fisher, [12.0, 4.5], 2.5, iterations=1000)
    assert path.reason == "domain" and not path.converged
    assert np.all(path.points[:, 1] > 0) and np.all(np.isfinite(path.values))
    assert f"step {len(path)}" in path.message and "leave the domain" in path.message
    if loss is refusing_loss:
        assert "sigma must be positive" in path.message


def test_a_start_outside_the_domain_is_an_error():
    with pytest.raises(ValueError, match="sigma must be positive"):
        gradient_descent(refusing_loss, normal_gradient, [0.0, -1.0], 0.1)


BUGS = {
    "shapes that do not fit": (lambda theta: np.ones(2) + np.ones(3), ValueError, "could not be broadcast"),
    "a division by zero": (lambda theta: 1 / 0.0, ZeroDivisionError, "division by zero"),
    "a power too large": (lambda theta: 2.0**5000, OverflowError, "out of range"),
    "a wrong name": (lambda theta: theta.no_such_method(), AttributeError, "no_such_method"),
    "a vector too long": (lambda theta: np.full(3, np.nan), ValueError, "3"),
    "no number": (lambda theta: "many", ValueError, "real numbers"),
}


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("where", ["value", "gradient"])
def test_a_mistake_in_a_callers_function_is_raised_as_it_is(bug, where):
    """Only away from the start, so that nothing but a trial point meets it."""
    broken, kind, message = BUGS[bug]
    functions = {"value": normal_loss, "gradient": normal_gradient}
    sound = functions[where]
    functions[where] = lambda theta: sound(theta) if np.array_equal(theta, start) else broken(theta)
    start = np.array([10.0, 4.0])
    runs = [
        partial(gradient_descent, **functions, start=start, step_size=0.1),
        partial(natural_gradient_descent, **functions, metric=normal_fisher, start=start, step_size=0.1),
        partial(trust_region_descent, **functions, metric=normal_fisher, start=start, radius=0.01),
        partial(gradient_descent, **functions, start=start, step_size=exact_line_search),
        partial(gradient_descent, **functions, start=start, step_size=backtracking_line_search),
    ]
    for run in runs:
        with pytest.raises(kind, match=message) as error:
            run()
        assert error.type is kind and "domain" not in str(error.value)


@pytest.mark.parametrize("search", [exact_line_search, backtracking_line_search])
def test_line_searches_step_back_from_where_a_function_says_it_is_outside(search):
    """The minimum of x - log x is at 1; the first trial, at -1, is outside."""

    def value(theta):
        if theta[0] <= 0:
            raise OutsideDomain
        return theta[0] - np.log(theta[0])

    size = search(value, lambda theta: 1 - 1 / theta, np.array([2.0]), np.array([-3.0]))
    assert 0 < 2 - 3 * size < 2
    if search is exact_line_search:
        assert 2 - 3 * size == pytest.approx(1)


def test_a_family_says_by_itself_that_a_step_leaves_its_space():
    """The same path as with a loss that is NaN there."""
    data = np.random.default_rng(0).normal(12, 4, 50)

    def loss(theta):
        return -normal.log_prob(theta, data).mean()

    def gradient(theta):
        return -normal.score(theta, data).mean(axis=0)

    path = natural_gradient_descent(loss, gradient, normal.fisher, [12.0, 4.5], 2.5, iterations=1000)
    assert path.reason == "domain" and len(path) > 1
    assert "outside the parameter space" in path.message


def test_a_metric_that_fails_on_the_way_names_the_point():
    def metric(theta):
        return np.diag([1.0, theta[1] - 4.99])

    with pytest.raises(ValueError, match=r"at step 1, theta = \[.*negative curvature"):
        natural_gradient_descent(normal_loss, normal_gradient, metric, [12.0, 5.0], 0.01)


# --- lengths -----------------------------------------------------------------------------------------------


def test_the_corrected_double_loop():
    metric = np.array([[1.0, -2.0], [-2.0, 5.0]])
    delta = np.array([1.0, 0.0])
    printed = sum(delta[i] * delta[i] * metric[i][j] for i in range(2) for j in range(2))
    assert printed == -1  # no square of a length
    assert metric_length(delta, metric) == 1
    assert metric_length([3.0, 4.0], np.eye(2)) == 5


def test_it_is_a_norm_that_does_not_depend_on_the_chart():
    rng = np.random.default_rng(6)
    metric, change = random_metric(rng, 4), rng.normal(size=(4, 4))
    deltas, others = rng.normal(size=(2, 100, 4))
    lengths = metric_length(deltas, metric)
    assert lengths.shape == (100,) and np.all(lengths > 0)
    assert lengths[0] == metric_length(deltas[0], metric)
    assert np.all(metric_length(deltas + others, metric) <= lengths + metric_length(others, metric))
    np.testing.assert_allclose(metric_length(-3 * deltas, metric), 3 * lengths, rtol=1e-14)
    moved = np.linalg.solve(change, deltas.T).T
    np.testing.assert_allclose(metric_length(moved, change.T @ metric @ change), lengths, rtol=1e-9)
    np.testing.assert_allclose(metric_length(deltas, aslinearoperator(metric)), lengths, rtol=1e-13)


def test_the_blog_posts_two_pairs_of_gaussians():
    """Means -1 and 1: Fisher length 2 / sigma, with the distance of the parameters 2 in both."""
    for sigma, expected in ((0.5, 4.0), (3.0, 2 / 3)):
        assert metric_length([2.0, 0.0], normal_fisher([-1.0, sigma])) == pytest.approx(expected, rel=1e-15)


# --- bad input ---------------------------------------------------------------------------------------------

METRIC = np.array([[2.0, 0.5], [0.5, 1.0]])
VALUE, GRADIENT = quadratic(METRIC)
PLAIN = Example(gradient_descent, value=VALUE, gradient=GRADIENT, start=[1.0, 2.0], step_size=0.1)
NATURAL = Example(natural_gradient_descent, **PLAIN.arguments, metric=constant(METRIC))
REGION = Example(
    trust_region_descent,
    value=VALUE,
    gradient=GRADIENT,
    metric=constant(METRIC),
    start=[1.0, 2.0],
    radius=0.1,
)
ADAPTIVE = Example(adaptive_trust_region, value=VALUE, gradient=GRADIENT, start=[1.0, 2.0], length=0.1)
MIRROR = Example(mirror_descent, **PLAIN.arguments, mirror=lambda u: u, inverse_mirror=lambda v: v)
STEP = Example(trust_region_step, gradient=[1.0, 2.0], metric=METRIC, radius=0.1)
LINE = {"value": VALUE, "gradient": GRADIENT, "point": [1.0, 2.0], "direction": [-1.0, -1.0]}
EXACT, BACKTRACKING = Example(exact_line_search, **LINE), Example(backtracking_line_search, **LINE)
LENGTH = Example(metric_length, delta=[1.0, 2.0], metric=METRIC)

NOT_VALUES = [*NOT_FUNCTIONS, constant(NAN), constant("low"), says("average", constant(np.ones(3)))]
NOT_GRADIENTS = [*NOT_FUNCTIONS, *map(constant, NOT_VECTORS), constant(np.ones(3)), constant(np.ones((5, 2)))]
NOT_DEFINITE = [*NOT_METRICS, says("negative curvature", -np.eye(2))]
SINGULAR = says("minimal chart", np.ones((2, 2)))
NOT_METRIC_FUNCTIONS = [
    *NOT_FUNCTIONS,
    *(
        says(bad.words, constant(bad.value)) if isinstance(bad, says) else constant(bad)
        for bad in [*NOT_DEFINITE, SINGULAR]
    ),
    says("at step 0, theta = [1. 2.]", constant(np.ones((2, 2)))),
]
NOT_STEP_SIZES = [*NOT_POSITIVE, says("line search", constant(-0.1)), says("line search", constant(NAN))]
NOT_DIRECTIONS = [
    *NOT_VECTORS,
    says("2 entries", [1.0, 2.0, 3.0]),
    says("MINUS the gradient", [1.0, 1.0]),
    says("does not descend", [2.5, -3.0]),  # along the contour
    says("does not descend", [0.0, 0.0]),
]
NOT_ITERATIONS = [-1, 2.5, NAN, INF, "many", None, [1, 2]]

REFUSED = [
    *(
        fact
        for run in (PLAIN, NATURAL, REGION, ADAPTIVE, MIRROR)
        for fact in [
            *run.refuses("value", *NOT_VALUES),
            *run.refuses("gradient", *NOT_GRADIENTS),
            *run.refuses("start", *NOT_VECTORS),
            *run.refuses("iterations", *NOT_ITERATIONS),
            *run.refuses("tolerance", *NEGATIVE),
        ]
    ),
    *PLAIN.refuses("step_size", *NOT_STEP_SIZES),
    *NATURAL.refuses("step_size", *NOT_STEP_SIZES),
    *NATURAL.refuses("metric", *NOT_METRIC_FUNCTIONS),
    *REGION.refuses("metric", *NOT_METRIC_FUNCTIONS),
    *REGION.refuses("radius", *NOT_POSITIVE, lambda t: 0.1 - 0.05 * t, constant([0.1, 0.2])),
    *ADAPTIVE.refuses("length", *NOT_POSITIVE),
    *MIRROR.refuses("step_size", *NOT_POSITIVE, constant(0.1)),
    *MIRROR.refuses("mirror", *NOT_FUNCTIONS, *map(constant, NOT_VECTORS), constant(np.ones(3))),
    *MIRROR.refuses("inverse_mirror", *NOT_FUNCTIONS, constant("low"), constant(np.ones(3)), constant(1.0)),
    *STEP.refuses("gradient", *NOT_VECTORS, says("stationary", [0.0, 0.0])),
    *STEP.refuses("metric", *NOT_DEFINITE, SINGULAR, says("negative curvature", [[1.0, 4.0], [4.0, 1.0]])),
    *STEP.refuses("radius", *NOT_POSITIVE),
    *(
        fact
        for search in (EXACT, BACKTRACKING)
        for fact in [
            *search.refuses("value", *NOT_VALUES),
            *search.refuses("gradient", *NOT_GRADIENTS),
            *search.refuses("point", *NOT_VECTORS),
            *search.refuses("direction", *NOT_DIRECTIONS),
        ]
    ),
    *BACKTRACKING.refuses("initial_step", *NOT_POSITIVE),
    *BACKTRACKING.refuses("contraction_factor", *NOT_FRACTIONS),
    *BACKTRACKING.refuses("sufficient_decrease", *NOT_FRACTIONS),
    *LENGTH.refuses("delta", *NOT_VECTORS, says("(3, 3) to fit", [1.0, 2.0, 3.0])),
    *LENGTH.refuses("delta", says("row 1 of delta", np.array([[1.0, 2.0], [NAN, 0.0]])), np.ones((0, 2))),
    *LENGTH.refuses("metric", *NOT_DEFINITE),
]
test_works, test_refused = refusal_tests(REFUSED)
