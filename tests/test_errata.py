"""One test for each row of the errata page: the printed version beside the correct one."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from scipy.sparse.linalg import LinearOperator

from ngbook import descent, environments, families, fisher, policy_gradient, solve
from ngbook.policies import GaussianPolicy
from ngbook.symbolic import change_of_chart

BOOK = Path(__file__).parents[1] / "book"
PAGE = (BOOK / "reference" / "errata.md").read_text(encoding="utf-8")

SKEWED = np.array([[1.0, -2.0], [-2.0, 5.0]])
mu, w_1, w_2 = sp.symbols("mu w_1 w_2", real=True)
sigma, theta_, d_, lam = sp.symbols("sigma theta d lambda", positive=True)


def test_every_row_of_the_page_has_a_test_and_every_test_a_row():
    rows = re.findall(r"^\(erratum-([bp]\d+[a-d]?)\)=\n### ([BP]\d+[a-d]?): ", PAGE, flags=re.M)
    matches = [re.match(r"test_([bp]\d+[a-d]?)_", name) for name in globals()]
    assert {label for label, _ in rows} == {match[1] for match in matches if match}
    assert len(rows) == PAGE.count("\n### ") and all(label == title.lower() for label, title in rows)


def test_every_row_says_where_the_printed_words_stand_and_of_what_kind_the_mistake_is():
    kinds = re.findall(r"^- \*(\w+)\*: ", PAGE, flags=re.M)
    rows = re.findall(r"^### .+\n\n\*Where:\* .+ \*Kind:\* (\w+)\.$", PAGE, flags=re.M)
    assert len(rows) == PAGE.count("\n### ") and set(rows) == set(kinds)


# --- the blog post --------------------------------------------------------------------------------


def printed_loop(delta, metric):
    return sum(delta[i] * delta[i] * metric[i][j] for i in range(len(delta)) for j in range(len(delta)))


def test_b1_one_index_instead_of_two():
    step = np.array([1.0, 0.0])
    assert np.linalg.eigvalsh(SKEWED).min() > 0
    assert printed_loop(step, SKEWED) == -1
    assert solve.quadratic_form(SKEWED, step) == 1
    # For every diagonal metric the two agree, so the identity cannot tell them apart.
    rng = np.random.default_rng(0)
    for _ in range(20):
        diagonal, step = np.diag(rng.uniform(0.1, 3, 5)), rng.normal(size=5)
        np.testing.assert_allclose(
            printed_loop(step, diagonal), solve.quadratic_form(diagonal, step), rtol=1e-12
        )


def test_b2_a_square_called_a_distance():
    assert printed_loop([3.0, 4.0], np.eye(2)) == 25
    assert descent.metric_length(np.array([3.0, 4.0]), np.eye(2)) == 5


def test_b3_derivatives_summed_before_the_second_differentiation():
    # The chart (mu, log sigma) reached through tied weights: mu = 2 w_1 + w_2, log sigma = w_1.
    family = families.normal_log_sigma
    tied = change_of_chart(
        family.derivation().matrix, family.parameters, (2 * w_1 + w_2, w_1), (w_1, w_2)
    ).applyfunc(sp.simplify)
    old = sp.symbols("w_1_old w_2_old", real=True)
    kl = family.kl_expression().subs(
        dict(
            zip(
                family.old_parameters + family.parameters,
                (2 * old[0] + old[1], old[0], 2 * w_1 + w_2, w_1),
                strict=True,
            )
        ),
        simultaneous=True,
    )
    first = [sp.diff(kl, w) for w in (w_1, w_2)]
    printed = [sp.diff(sum(first), w).subs(dict(zip(old, (w_1, w_2), strict=True))) for w in (w_1, w_2)]
    expected = [2 + 6 * sp.exp(-2 * w_1), 3 * sp.exp(-2 * w_1)]
    assert [sp.simplify(a - b) for a, b in zip(printed, expected, strict=True)] == [0, 0]
    assert [sp.simplify(sum(tied.row(i)) - expected[i]) for i in (0, 1)] == [0, 0]
    assert tied[0, 1] != 0 and tied.shape == (2, 2)
    # With untied weights the matrix is diagonal, and the row sums are its diagonal: the mistake hides.
    untied = family.derivation().matrix
    assert untied.is_diagonal()
    assert [sum(untied.row(i)) for i in (0, 1)] == [untied[0, 0], untied[1, 1]]


def test_b4_a_fisher_matrix_that_grows_with_the_batch():
    theta = np.array([0.3, 1.4])
    exact = families.normal.fisher(theta)
    for batch in (1, 7, 32):
        summed = fisher.fisher_from_kl(
            lambda old, new, batch=batch: sum(families.normal.kl(old, new) for _ in range(batch)), theta
        )
        np.testing.assert_allclose(summed, batch * exact, rtol=1e-5)


def test_b5_the_divergence_of_a_network_with_itself():
    family = families.normal
    kl, new, old = family.kl_expression(), family.parameters, family.old_parameters
    both = kl.subs(dict(zip(old, new, strict=True)))
    assert sp.simplify(both) == 0 and sp.hessian(sp.simplify(both), new) == sp.zeros(2, 2)
    meet = dict(zip(old, new, strict=True))
    in_second = sp.hessian(kl, new).subs(meet)
    in_first = sp.hessian(kl, old).subs(meet)
    assert sp.simplify(in_second - in_first) == sp.zeros(2, 2)
    assert sp.simplify(in_second - family.derivation().matrix) == sp.zeros(2, 2)


def test_b6_the_half_and_the_word_locally():
    theta, direction = np.array([0.3, 1.4]), np.array([0.6, -0.8])
    metric = families.normal.fisher(theta)
    for size, tolerance in ((1e-3, 2e-3), (1e-2, 2e-2)):
        ratio = families.normal.kl(theta, theta + size * direction) / solve.quadratic_form(
            metric, size * direction
        )
        assert abs(ratio - 0.5) < tolerance  # a half, not one
    far = families.normal.kl(theta, theta + direction) / solve.quadratic_form(metric, direction)
    assert abs(far - 0.5) > 0.1  # and only locally


def test_b7_a_product_entry_by_entry():
    gradient = np.array([1.0, 2.0])
    natural = solve.dense_solve(SKEWED, gradient)
    np.testing.assert_allclose(SKEWED @ natural, gradient, rtol=1e-12)
    np.testing.assert_allclose(natural @ SKEWED, gradient, rtol=1e-12)  # the order does not matter
    assert (natural * SKEWED).shape == (2, 2)  # elementwise: not even a vector
    assert not np.allclose(gradient / np.diag(SKEWED), natural)


def test_b8a_derivatives_the_wrong_way_round():
    theta = sp.Matrix(sp.symbols("a b"))
    loss = sp.Function("loss")(*theta)
    assert all(sp.diff(loss, each) != 0 for each in theta)
    assert all(sp.diff(each, sp.Symbol("loss")) == 0 for each in theta)  # as printed


def test_b8b_uphill():
    def loss(theta):
        return theta @ theta / 2

    start = np.array([3.0, 4.0])
    assert loss(start + 0.1 * start) > loss(start) > loss(start - 0.1 * start)


def test_b8c_not_a_power():
    assert 3 ^ 2 + 4 ^ 2 == 7 and 3**2 + 4**2 == 25


def test_b8d_a_function_that_python_no_longer_has():
    with pytest.raises(NameError):
        eval("xrange(5)")
    assert list(range(5)) == [0, 1, 2, 3, 4]


def test_b9_scaling_each_parameter():
    natural = solve.dense_solve(SKEWED, np.array([1.0, 0.0]))
    np.testing.assert_allclose(natural, [5, 2], rtol=1e-12)  # the second moves, though its derivative is zero


def normal_gradient(theta, count, mean=12.0, deviation=4.0):
    """Gradient of the summed negative log-likelihood for data with exactly this mean and deviation."""
    m, s = theta
    return count * np.array([(m - mean) / s**2, 1 / s - (deviation**2 + (m - mean) ** 2) / s**3])


def test_b10_no_step_size():
    theta = np.array([0.0, 1.0])
    gradient = normal_gradient(theta, 1)
    full = theta - solve.dense_solve(families.normal.fisher(theta), gradient)
    np.testing.assert_allclose(full, [12.0, 80.5], rtol=1e-12)
    step = descent.trust_region_step(gradient, families.normal.fisher(theta), radius=0.1)
    np.testing.assert_allclose(solve.quadratic_form(families.normal.fisher(theta), step) / 2, 0.1, rtol=1e-12)


# --- the paper ------------------------------------------------------------------------------------


def test_p1_the_sign_in_the_line_search():
    def value(theta):
        return theta @ theta / 2

    point, gradient = np.array([3.0, 4.0]), np.array([3.0, 4.0])
    assert all(value(point + a * gradient) > value(point) for a in 0.5 ** np.arange(30))
    with pytest.raises(ValueError, match="descent"):
        descent.backtracking_line_search(value, lambda t: t, point, gradient)


def test_p2_strictly_worse():
    kappa = sp.Symbol("kappa", positive=True)
    start, curvature = sp.Matrix([kappa, 1]), sp.diag(1, kappa)
    gradient = curvature * start

    def value(theta):
        return (theta.T * curvature * theta)[0] / 2

    exact_size = (gradient.T * gradient)[0] / (gradient.T * curvature * gradient)[0]
    assert sp.simplify(exact_size - 2 / (1 + kappa)) == 0
    after = start - exact_size * gradient
    assert sp.simplify(value(after) / value(start) - ((kappa - 1) / (kappa + 1)) ** 2) == 0
    # The next step starts from the same picture, mirrored and shrunk, so the tie lasts.
    assert sp.simplify(after - (kappa - 1) / (kappa + 1) * sp.Matrix([kappa, -1])) == sp.zeros(2, 1)

    def half_square(theta):
        return float(theta @ theta) / 2

    one = np.array([1.0])
    size = descent.backtracking_line_search(half_square, lambda t: t, one, -one, initial_step=1.9)
    assert size == 1.9
    np.testing.assert_allclose(half_square(one - size * one) / half_square(one), 0.81, rtol=1e-12)
    assert half_square(one - 1.0 * one) == 0


def test_p3_a_constant_radius_from_a_constant_step_size():
    path = descent.gradient_descent(
        lambda t: float(t @ t) / 2, lambda t: t, np.array([1.0]), 0.1, iterations=3
    )
    np.testing.assert_allclose(path.lengths, [0.1, 0.09, 0.081], rtol=1e-12)


def test_p4a_a_metric_that_acts_on_a_point():
    # The length of a step is the same in every chart, if the metric is taken at the point and applied to the
    # step; "x^T G x", the metric applied to the point itself, depends on the chart.
    theta = np.array([0.7, 1.3])
    in_log = np.array([theta[0], np.log(theta[1])])
    step = np.array([0.2, -0.1])
    step_in_log = np.array([step[0], step[1] / theta[1]])
    metric, metric_in_log = families.normal.fisher(theta), families.normal_log_sigma.fisher(in_log)
    np.testing.assert_allclose(
        solve.quadratic_form(metric, step), solve.quadratic_form(metric_in_log, step_in_log), rtol=1e-12
    )
    assert not np.isclose(
        solve.quadratic_form(metric, theta), solve.quadratic_form(metric_in_log, in_log), rtol=0.1
    )


def test_p4b_transforming_with_the_metric():
    # What G does to a step d changes with the chart as a covector does, by the transposed Jacobian, and
    # not as a step does; so G d is no point and no step.
    theta, jacobian = np.array([0.7, 1.3]), np.diag([1.0, 1.3])  # of (mu, sigma) in (mu, log sigma)
    in_log, step_in_log = np.array([0.7, np.log(1.3)]), np.array([0.2, -0.1])
    step = jacobian @ step_in_log
    covector = families.normal.fisher(theta) @ step
    covector_in_log = families.normal_log_sigma.fisher(in_log) @ step_in_log
    np.testing.assert_allclose(covector_in_log, jacobian.T @ covector, rtol=1e-12)
    assert not np.allclose(jacobian @ covector_in_log, covector, rtol=0.1)


def test_p4c_the_gradient_that_is_not_steepest():
    # The steepest ascent per unit of length is G^-1 g; the column of partial derivatives gains less.
    gradient = np.array([1.0, 2.0])
    along = [
        v @ gradient / descent.metric_length(v, SKEWED)
        for v in (gradient, solve.dense_solve(SKEWED, gradient))
    ]
    assert along[1] > 1.5 * along[0]


def test_p4d_spaces_without_a_matrix():
    # The metric of the largest coordinate is a metric, and no matrix gives its lengths: the squared length
    # of a matrix obeys the law of the parallelogram.
    def length(d):
        return np.abs(d).max()

    rng = np.random.default_rng(4)
    points = rng.normal(size=(200, 3, 2))
    for a, b, c in points:
        assert length(a - c) <= length(a - b) + length(b - c) + 1e-15
    a, b = np.eye(2)
    assert length(a + b) ** 2 + length(a - b) ** 2 != 2 * length(a) ** 2 + 2 * length(b) ** 2
    np.testing.assert_allclose(
        solve.quadratic_form(SKEWED, a + b) + solve.quadratic_form(SKEWED, a - b),
        2 * solve.quadratic_form(SKEWED, a) + 2 * solve.quadratic_form(SKEWED, b),
    )


def test_p5b_a_descent_direction_that_ascends():
    gradient = np.array([1.0, 2.0])
    natural = solve.dense_solve(SKEWED, gradient)
    assert gradient @ natural > 0 > gradient @ -natural
    np.testing.assert_allclose(solve.quadratic_form(SKEWED, natural), gradient @ natural, rtol=1e-12)


def test_p5a_the_sign_of_the_multiplier():
    gradient, radius = np.array([1.0, 2.0]), 0.3
    natural = solve.dense_solve(SKEWED, gradient)
    multiplier = -np.sqrt(gradient @ natural / (2 * radius))
    minimiser = natural / multiplier
    angle = np.linspace(0, 2 * np.pi, 100_001)
    circle = np.sqrt(2 * radius) * np.stack([np.cos(angle), np.sin(angle)])
    ellipse = np.linalg.solve(np.linalg.cholesky(SKEWED).T, circle)
    brute_force = ellipse[:, np.argmin(gradient @ ellipse)]
    np.testing.assert_allclose(minimiser, brute_force, atol=1e-4)
    np.testing.assert_allclose(-minimiser, ellipse[:, np.argmax(gradient @ ellipse)], atol=1e-4)
    np.testing.assert_allclose(descent.trust_region_step(gradient, SKEWED, radius), minimiser, rtol=1e-12)


def test_p6a_a_loop_that_does_not_end():
    data_mean, data_deviation, radius = 12.0, 4.0, 0.01

    def value(theta):
        return np.log(theta[1]) + (data_deviation**2 + (theta[0] - data_mean) ** 2) / (2 * theta[1] ** 2)

    def gradient(theta):
        return normal_gradient(theta, 1, data_mean, data_deviation)

    path = descent.trust_region_descent(
        value, gradient, families.normal.fisher, np.array([0.0, 1.0]), radius, iterations=400
    )
    np.testing.assert_allclose(path.lengths, np.sqrt(2 * radius), rtol=1e-9)
    distance = np.linalg.norm(path.points[-100:] - [data_mean, data_deviation], axis=1)
    # It hovers: a step may pass close to the optimum, but then the next one leaves it again.
    assert np.maximum(distance[1:], distance[:-1]).min() > 0.1
    shrinking = descent.trust_region_descent(
        value,
        gradient,
        families.normal.fisher,
        np.array([0.0, 1.0]),
        lambda t: radius if t < 60 else radius * 0.8 ** (t - 60),
        iterations=150,
    )
    assert np.linalg.norm(shrinking.points[-1] - [data_mean, data_deviation]) < 0.01


def test_p6b_too_few_samples_for_the_matrix():
    rng, theta = np.random.default_rng(0), np.array([0.0, 1.0])
    gradient = normal_gradient(theta, 1)
    too_few = fisher.sampled_fisher(families.normal.score(theta, families.normal.sample(theta, 1, rng)))
    assert np.linalg.matrix_rank(too_few @ np.eye(2)) == 1
    with pytest.raises(ValueError, match="damping"):
        solve.dense_solve(too_few, gradient)
    # As many samples as parameters are not sufficient: with two equal outcomes the rank is one again.
    twice = fisher.sampled_fisher(families.normal.score(theta, np.array([0.7, 0.7])))
    assert np.linalg.matrix_rank(twice @ np.eye(2)) == 1
    damped = solve.dense_solve(too_few, gradient, damping=0.1)
    np.testing.assert_allclose(too_few @ damped + 0.1 * damped, gradient, rtol=1e-12)


def test_p6c_an_index_that_does_not_advance():
    gradient = lambda theta: normal_gradient(theta, 1)  # noqa: E731
    points, t = [np.array([0.0, 1.0])], 0
    for _ in range(3):  # as printed: t stays 0
        metric = families.normal.fisher(points[t])
        step = descent.trust_region_step(gradient(points[t]), metric, 0.01)
        points[t + 1 :] = [points[t] + step]
    assert len(points) == 2
    right = descent.trust_region_descent(
        lambda theta: 0.0, gradient, families.normal.fisher, points[0], 0.01, iterations=3
    )
    np.testing.assert_allclose(points[1], right.points[1], rtol=1e-12)
    assert len(right.points) == 4


def test_p6d_two_algorithms_that_are_referred_to():
    # Algorithm 3: new episodes for every update, scores summed over time, their products with the returns
    # averaged over episodes, a plus sign. ngbook averages over the steps instead, which is 1/n of it.
    start, horizon, episodes = np.array([10.0, 14.0]), 10, 500
    policy = GaussianPolicy(0, 1, chart="std")
    walk = environments.LineWalk(episodes, horizon)
    batch = policy_gradient.Rollouts(walk, policy, np.random.default_rng(6)).collect(start, horizon)
    actions = batch.actions[:, :, 0]
    summed = np.stack([actions - 10, ((actions - 10) ** 2 / 14 - 14)]).sum(axis=1) / 14**2
    products = summed * batch.rewards.sum(axis=0)
    step = policy_gradient.policy_gradient(
        policy, start, batch, policy_gradient.total_return(batch), step_size=1e-5
    )
    np.testing.assert_allclose(step.theta - start, 1e-5 * products.mean(axis=1) / horizon, rtol=1e-9)
    error = products.std(axis=1) / np.sqrt(episodes)
    exact = environments.line_walk_gradient(start, horizon)
    assert np.all(np.abs(products.mean(axis=1) - exact) < 4 * error)


def test_p7_cannot_calculate_the_expectation_exactly():
    deviation = families.normal.parameters[1]
    exact = sp.diag(1, 2) / deviation**2
    assert sp.simplify(families.normal.derivation().outer - exact) == sp.zeros(2, 2)
    assert len(families.catalogue()) >= 31


def test_p8a_a_norm_without_its_index():
    theta, step = np.array([0.0, 2.0]), np.array([1.0, 0.0])
    np.testing.assert_allclose(families.normal.kl(theta, theta + step), 1 / 8, rtol=1e-12)
    np.testing.assert_allclose(
        solve.quadratic_form(families.normal.fisher(theta), step) / 2, 1 / 8, rtol=1e-12
    )
    assert step @ step / 2 == 0.5


def test_p8b_damaged_text():
    # The update as printed, a norm times G, is a matrix; with the index it is a vector of length delta.
    gradient, delta = np.array([1.0, 2.0]), 0.3
    natural = solve.dense_solve(SKEWED, gradient)
    assert (np.linalg.norm(natural) * SKEWED).shape == (2, 2)
    right = delta * natural / descent.metric_length(natural, SKEWED)
    np.testing.assert_allclose(descent.metric_length(right, SKEWED), delta, rtol=1e-12)


def test_p9_conditions_that_are_used_and_not_stated():
    x = sp.Symbol("x", positive=True)
    density = 1 / theta_
    score = sp.diff(sp.log(density), theta_)
    squared = sp.integrate(density * score**2, (x, 0, theta_))
    minus_hessian = sp.integrate(-density * sp.diff(score, theta_), (x, 0, theta_))
    assert sp.simplify(squared - 1 / theta_**2) == 0
    assert sp.simplify(minus_hessian + 1 / theta_**2) == 0
    kl = sp.integrate(density * (sp.log(density) - sp.log(1 / (theta_ + d_))), (x, 0, theta_))
    assert sp.simplify(kl - sp.log(1 + d_ / theta_)) == 0
    assert sp.limit(kl / d_, d_, 0) == 1 / theta_  # linear, not quadratic
    derivation = families.uniform.derivation()
    assert derivation.regular is False and derivation.matrix is None


def test_p10a_symmetric_in_the_limit():
    old, new = families.poisson.old_parameters[0], families.poisson.parameters[0]
    kl = families.poisson.kl_expression()
    forward = kl.subs({old: lam, new: lam + d_}, simultaneous=True)
    backward = kl.subs({old: lam + d_, new: lam}, simultaneous=True)
    difference = sp.series(backward - forward, d_, 0, 4).removeO()
    assert sp.simplify(difference - d_**3 / (6 * lam**2)) == 0
    score = families.poisson.score_vector()[0]
    third_moment = sp.simplify(families.poisson.expectation(score**3).subs(new, lam))
    assert sp.simplify(third_moment * d_**3 / 6 - difference) == 0


def test_p10b_a_metric_in_the_limit():
    # sqrt(2 KL) adds up along a path; KL of n equal pieces falls like 1/n.
    points = np.linspace(2.0, 3.0, 1001)
    pieces = np.array([families.poisson.kl([a], [b]) for a, b in pairwise(points)])
    length = 2 * (np.sqrt(3.0) - np.sqrt(2.0))
    np.testing.assert_allclose(np.sqrt(2 * pieces).sum(), length, rtol=1e-4)  # falls like 1/n
    assert pieces.sum() < 1.1e-3 * families.poisson.kl([2.0], [3.0])


def test_p11_an_experiment_that_is_not_specified():
    start, step_size, count = np.array([0.0, 1.0]), 1e-4, 1000
    gradient = normal_gradient(start, count)
    plain = start - step_size * gradient
    natural = start - step_size * solve.dense_solve(families.normal.fisher(start), gradient)
    np.testing.assert_allclose(plain, [1.2, 16.9], rtol=1e-12)
    np.testing.assert_allclose(natural, [1.2, 8.95], rtol=1e-12)
    away = [np.linalg.norm(point - [12, 4]) for point in (start, plain, natural)]
    assert away[1] > away[0] > away[2]  # gradient descent is driven away, the natural gradient is not
    # The mean instead of the sum: no jump at all.
    assert np.linalg.norm(step_size * gradient / count) < 0.02
    # Only the product of step size and count matters.
    np.testing.assert_allclose(plain, start - 2e-4 * normal_gradient(start, 500), rtol=1e-12)
    # The range of that product in which the first steps go where the text says, and the numbers of data.
    natural_slope = solve.dense_solve(families.normal.fisher(start), normal_gradient(start, 1))
    edges = {138 / 2825: normal_gradient(start, 1), 340 / 2873: natural_slope}
    for edge, slope in edges.items():
        nearer, same, farther = (np.linalg.norm(start - r * edge * slope - [12, 4]) for r in (0.99, 1, 1.01))
        assert nearer < farther
        np.testing.assert_allclose(same, away[0], rtol=1e-12)
    assert [int(np.ceil(1e4 * min(edges))), int(1e4 * max(edges))] == [489, 1183]
    # Other readings: sigma does not jump, or, with the scores of data, moves down.
    for small in (step_size * natural_slope, descent.trust_region_step(natural_slope, np.eye(2), step_size)):
        assert abs(small[1]) < 0.02
    data = np.random.default_rng(2).normal(12, 4, count)
    scores = families.normal.score(start, data)
    assert solve.dense_solve(fisher.empirical_fisher(scores), scores.mean(axis=0))[1] < 0


def natural_field(theta):
    return solve.dense_solve(families.normal.fisher(theta), normal_gradient(theta, 1))


def test_p12_the_mean_where_the_standard_deviation_is_meant():
    at = np.array([0.0, 1.0])
    np.testing.assert_allclose(normal_gradient(at, 1), [-12, -159], rtol=1e-12)
    np.testing.assert_allclose(natural_field(at), [-12, -79.5], rtol=1e-12)
    # As the mean goes to 0 at fixed deviation, nothing blows up; as the deviation goes to 0, everything does.
    to_zero_mean = [np.linalg.norm(normal_gradient(np.array([m, 4.0]), 1)) for m in (1.0, 0.1, 0.01)]
    to_zero_deviation = [np.linalg.norm(normal_gradient(np.array([0.0, s]), 1)) for s in (1.0, 0.1, 0.01)]
    assert max(to_zero_mean) / min(to_zero_mean) < 1.3
    assert to_zero_deviation[-1] / to_zero_deviation[0] > 1e5


def test_p13a_does_not_exhibit_this_behavior():
    deviations = np.geomspace(1e-4, 1e-2, 9)
    plain = [np.linalg.norm(normal_gradient(np.array([0.0, s]), 1)) for s in deviations]
    natural = [np.linalg.norm(natural_field(np.array([0.0, s]))) for s in deviations]
    slopes = [np.polyfit(np.log(deviations), np.log(lengths), 1)[0] for lengths in (plain, natural)]
    np.testing.assert_allclose(slopes, [-3, -1], atol=0.01)


def test_p13b_which_method_becomes_unstable():
    # Near the optimum a step multiplies the error by the eigenvalues of 1 - rate * curvature; it grows beyond
    # rate 2 for the natural gradient and beyond rate 16 for gradient descent.
    optimum, width = np.array([12.0, 4.0]), 1e-5
    for field, limit in ((natural_field, 2.0), (lambda at: normal_gradient(at, 1), 16.0)):
        curvature = np.stack(
            [(field(optimum + e) - field(optimum - e)) / (2 * width) for e in width * np.eye(2)], axis=1
        )
        factors = np.abs(np.linalg.eigvals(np.eye(2) - limit * curvature))
        np.testing.assert_allclose(factors.max(), 1, rtol=1e-6)


def small_process():
    """Two states, two actions and a policy, all probabilities different."""
    rng = np.random.default_rng(14)
    process = environments.MarkovDecisionProcess.random(2, 2, rng)
    return process, rng.dirichlet(np.ones(2), size=2)


def test_p14a_an_action_and_a_state_too_few():
    process, policy = small_process()
    last = 2  # T: the actions are a_0 ... a_T
    whole = process.trajectories(policy, last + 1)
    np.testing.assert_allclose(whole.probabilities.sum(), 1, rtol=1e-12)
    # The printed trajectory ends at s_T: a_T and s_{T+1} are free in the printed product. Whatever values
    # these two are given, the product does not add up to one over the variables that are printed.
    for action in range(2):
        for state in range(2):
            fixed = (whole.actions[:, last] == action) & (whole.states[:, last + 1] == state)
            assert whole.probabilities[fixed].sum() < 0.9


def test_p14b_an_endless_task():
    # A reward of 1 forever: no limit without a discount. With an end after each step it needs none.
    process, policy = small_process()
    paid = process.__class__(process.transitions, np.ones((2, 2)), process.start)
    assert [paid.trajectories(policy, n).returns[0] for n in (1, 2, 4)] == [1, 2, 4]
    np.testing.assert_allclose(paid.objective(policy, 0.9), 10, rtol=1e-12)
    k = sp.Symbol("k", integer=True, positive=True)
    assert sp.summation(k * sp.Rational(1, 2) ** k, (k, 1, sp.oo)) == 2


def test_p14c_a_logarithm_outside_the_sum():
    process, policy = small_process()
    last = 2
    whole = process.trajectories(policy, last + 1)
    # Both logarithms stand under the sum: with the second outside, its index is free, and no choice is right.
    now, chosen, following = whole.states[:, :-1], whole.actions, whole.states[:, 1:]
    acting, moving = np.log(policy[now, chosen]), np.log(process.transitions[now, chosen, following])
    start = np.log(process.start[whole.states[:, 0]])
    right = start + (acting + moving).sum(axis=1)
    np.testing.assert_allclose(right, np.log(whole.probabilities), rtol=1e-12)
    for t in range(last + 1):
        assert np.abs(start + acting.sum(axis=1) + moving[:, t] - right).max() > 0.1


def softmax_scores(policy, whole):
    """Of each action of each trajectory, in the four logits of a table: shape (K, n, 4)."""
    scores = np.zeros((*whole.actions.shape, 2, 2))
    for state in range(2):
        for action in range(2):
            here = whole.states[:, :-1] == state
            scores[..., state, action] = here * ((whole.actions == action) - policy[state, action])
    return scores.reshape(*whole.actions.shape, 4)


def test_p15_every_reward_with_every_score():
    process, policy = small_process()
    whole = process.trajectories(policy, 4)
    scores = softmax_scores(policy, whole)
    products = np.einsum("k,kti,kr->tri", whole.probabilities, scores, whole.rewards)
    for t in range(4):
        for earlier in range(t):
            np.testing.assert_allclose(products[t, earlier], 0, atol=1e-15)
    assert np.abs(products[0, 1]).max() > 1e-3  # a later reward does depend on an earlier action
    to_go = whole.rewards[:, ::-1].cumsum(axis=1)[:, ::-1]
    estimates = {
        "printed": np.einsum("kti,k->ki", scores, whole.returns),
        "causal": np.einsum("kti,kt->ki", scores, to_go),
    }
    mean = {name: whole.probabilities @ values for name, values in estimates.items()}
    np.testing.assert_allclose(mean["causal"], mean["printed"], rtol=1e-12)
    # The variance falls where rewards are of one sign: on the line walk, to about three quarters.
    rng, theta = np.random.default_rng(15), np.array([10.0, 14.0])
    actions = theta[0] + theta[1] * rng.standard_normal((40_000, 10))
    before = np.cumsum(actions, axis=1) - actions
    rewards = -(before**2) - actions**2
    scores = (actions - theta[0]) / theta[1] ** 2
    printed = scores.sum(axis=1) * rewards.sum(axis=1)
    causal = (scores * rewards[:, ::-1].cumsum(axis=1)[:, ::-1]).sum(axis=1)
    gradient = environments.line_walk_gradient(theta, 10)[0]
    for estimate in (printed, causal):
        assert abs(estimate.mean() - gradient) < 4 * estimate.std() / 200
    assert causal.var() < 0.85 * printed.var()


def test_p16_the_fisher_matrix_of_a_policy():
    process, policy = small_process()
    whole = process.trajectories(policy, 4)
    scores = softmax_scores(policy, whole)
    of_trajectory = scores.sum(axis=1)
    trajectory = np.einsum("k,ki,kj->ij", whole.probabilities, of_trajectory, of_trajectory)
    steps = np.einsum("k,kti,ktj->tij", whole.probabilities, scores, scores)
    np.testing.assert_allclose(trajectory, 4 * steps.mean(axis=0), atol=1e-14)
    assert np.abs(trajectory).max() > 0.1


def test_p17a_an_experiment_that_is_not_specified():
    start = np.array([10.0, 14.0])
    for horizon in range(1, 60):
        for reward_at in ("before", "after"):
            gradient = environments.line_walk_gradient(start, horizon, reward_at)
            natural = solve.dense_solve(families.normal.fisher(start), gradient)
            assert (start + 0.075 * natural)[1] < 0  # the first raw step leaves the space
    # Divided by the standard deviation of the return, the same step goes as described.
    deviation = np.sqrt(environments.line_walk_return_variance(start, 10))
    standardised = environments.line_walk_gradient(start, 10) / deviation
    natural = solve.dense_solve(families.normal.fisher(start), standardised)
    np.testing.assert_allclose(start + 0.075 * natural, [7.211, 13.636], atol=5e-4)
    np.testing.assert_allclose(start + 0.075 * standardised, [9.986, 13.996], atol=5e-4)


def test_p17b_an_additional_constant():
    for theta in ([10.0, 14.0], [-3.0, 0.2]):
        gradient = environments.line_walk_gradient(np.array(theta), 10)
        natural = solve.dense_solve(families.normal.fisher(theta), gradient)
        factors = natural / gradient / theta[1] ** 2
        np.testing.assert_allclose(factors, [1, 0.5], rtol=1e-12)


def test_p17c_the_reason_for_the_slow_learning():
    start = np.array([10.0, 14.0])
    ratios = []
    for horizon in range(1, 60):
        gradient = environments.line_walk_gradient(start, horizon)
        natural = solve.dense_solve(families.normal.fisher(start), gradient)
        ratios.append(gradient[1] / gradient[0])
        np.testing.assert_allclose(natural[1] / natural[0], ratios[-1] / 2, rtol=1e-12)  # halved, not mended
    assert all(ratio > 1 for ratio in ratios[:3])  # T = 0, 1, 2
    assert all(ratio < 1 for ratio in ratios[3:])
    # The picture is the same with one action, where the σ component is the larger one.
    updates = {}
    for horizon in (1, 10):
        for rule in ("plain", "natural"):
            theta, count = start, 0
            first = environments.line_walk_objective(start, horizon)
            while environments.line_walk_objective(theta, horizon) < first / 100:
                step = environments.line_walk_gradient(theta, horizon)
                step = step / np.sqrt(environments.line_walk_return_variance(theta, horizon))
                if rule == "natural":
                    step = solve.dense_solve(families.normal.fisher(theta), step)
                theta, count = theta + 0.075 * step, count + 1
            updates[horizon, rule] = count
    assert updates == {(1, "plain"): 1302, (1, "natural"): 43, (10, "plain"): 911, (10, "natural"): 23}
    # And the plain gradient is not slow with a step size of its own.
    theta, first = start, environments.line_walk_objective(start, 10)
    for _ in range(7):
        theta = theta + environments.line_walk_gradient(theta, 10) / 350
        assert theta[1] > 0
    assert environments.line_walk_objective(theta, 10) > first / 100


def test_p18a_data_inefficiency():
    # A natural gradient is a linear function of the gradient: the same samples, the same relative noise,
    # whichever positive definite matrix it is measured with.
    rng, metric = np.random.default_rng(18), families.normal.fisher([10.0, 14.0])
    mean, noise = rng.normal(size=2), rng.normal(size=(50, 2))
    naturals = np.stack([solve.dense_solve(metric, mean + one) for one in noise])
    natural_mean = solve.dense_solve(metric, mean)
    spread = np.mean([solve.quadratic_form(metric, one - natural_mean) for one in naturals])
    plain_spread = np.mean([one @ np.linalg.solve(metric, one) for one in noise])
    signal, plain_signal = solve.quadratic_form(metric, natural_mean), mean @ np.linalg.solve(metric, mean)
    np.testing.assert_allclose(spread / signal, plain_spread / plain_signal, rtol=1e-10)


def test_p18b_calculating_the_matrix():
    rng = np.random.default_rng(18)
    # Conjugate gradients see products with the matrix, never an entry: two distinct eigenvalues, two
    # products, for a thousand parameters.
    direction, products = rng.normal(size=1000), []

    def product(vector):
        assert vector.shape == (1000,)
        products.append(vector)
        return vector + (direction @ vector) * direction

    operator, gradient = LinearOperator((1000, 1000), matvec=product, dtype=float), rng.normal(size=1000)
    found = solve.conjugate_gradient(operator, gradient)
    assert len(products) == found.iterations == 2
    dense = solve.dense_solve(np.eye(1000) + np.outer(direction, direction), gradient)
    np.testing.assert_allclose(found.solution, dense, rtol=1e-9, atol=1e-12)


def test_p18c_guarantees():
    rng = np.random.default_rng(18)
    # The guarantee: J rises by at least the surrogate's gain minus C times the largest divergence. For a
    # step that improves the policy it promises a loss: whoever waits for the guarantee does not take it.
    process, discount = environments.MarkovDecisionProcess.random(4, 3, rng), 0.99
    old = np.full((4, 3), 1 / 3)
    advantages, visits = process.advantages(old, discount), process.visitation(old, discount)
    new = old * np.exp(0.1 * advantages / np.abs(advantages).max())
    new /= new.sum(axis=1, keepdims=True)
    gain = visits @ (new * advantages).sum(axis=1) / (1 - discount)
    weight = 4 * np.abs(advantages).max() * discount / (1 - discount) ** 2
    promised = gain - weight * (old * np.log(old / new)).sum(axis=1).max()
    delivered = process.objective(new, discount) - process.objective(old, discount)
    assert promised < 0 < gain / 2 < delivered


def test_p18d_what_proximal_policy_optimisation_uses():
    # The clipped objective has no divergence in it: with an action that the batch does not contain, the
    # policy may do what it likes, at any divergence, and every ratio stays inside the clip.
    before, after = np.array([0.45, 0.45, 0.1]), np.array([0.5, 0.5 - 1e-12, 1e-12])
    ratio = (after / before)[[0, 1, 0, 1]]
    weights = np.array([1.0, -1.0, 2.0, 0.5])
    np.testing.assert_allclose(
        policy_gradient.clipped_surrogate(ratio, weights, clip=0.2), ratio * weights, rtol=1e-12
    )
    assert before @ np.log(before / after) > 2
    # What the clip watches is a total variation: the mean of |ratio - 1| under the old policy is twice it.
    np.testing.assert_allclose(before @ np.abs(after / before - 1), np.abs(before - after).sum(), rtol=1e-12)


def test_p19_the_references():
    entries = dict(
        re.findall(
            r"@\w+\{([\w]+),(.*?)\n\}", (BOOK / "references.bib").read_text(encoding="utf-8"), flags=re.S
        )
    )
    listed = re.findall(
        r"^\| \[(\d+)\] \| \{cite\}`(\w+)` \|",
        (BOOK / "reference" / "bibliography.md").read_text(),
        flags=re.M,
    )
    assert [int(number) for number, _ in listed] == list(range(1, 14))
    keys = {int(number): key for number, key in listed}
    assert set(keys.values()) <= set(entries)
    corrected = {
        5: ["Information Geometry", "181--214", "2018"],
        9: ["International Conference on Machine Learning", "2015"],
        12: ["Industrial and Applied Mathematics"],
        13: ["Proceedings of Machine Learning Research", "80", "5737--5746", "2018"],
    }
    for number, facts in corrected.items():
        for fact in facts:
            assert fact in entries[keys[number]], f"[{number}] lacks {fact}"
