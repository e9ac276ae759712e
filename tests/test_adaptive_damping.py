"""Levenberg–Marquardt: known ends, the damping by the evidence, and trials that are refused."""

import numpy as np
import pytest
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_FUNCTIONS,
    NOT_POSITIVE,
    NOT_VECTORS,
    Example,
    constant,
    refusal_tests,
    says,
)
from scipy.optimize import least_squares
from scipy.sparse.linalg import aslinearoperator

from ngbook.descent import Path, adaptive_damping_descent
from ngbook.families import normal
from ngbook.networks import Gaussian, Network, gauss_newton, loss_gradient
from ngbook.solve import conjugate_gradient, dense_solve


def regression(seed=0, count=40):
    """A curve with noise, for a network 1-3-1: value, gradient, metric and a start."""
    rng = np.random.default_rng(seed)
    network, likelihood, x = Network(1, 1, (3,)), Gaussian(), np.linspace(-1, 1, count)[:, None]
    y = np.sin(3 * x) + 0.05 * rng.normal(size=x.shape)
    return (
        lambda theta: likelihood.loss(network.at(theta, x).outputs, y) - np.log(2 * np.pi) / 2,
        lambda theta: loss_gradient(network.at(theta, x), likelihood, y),
        lambda theta: gauss_newton(network.at(theta, x), likelihood),
        network.initial(rng),
    )


def test_a_small_regression_converges_and_says_why():
    path = adaptive_damping_descent(*regression(), iterations=300, tolerance=1e-6)
    assert isinstance(path, Path) and path.converged and path.reason == "tolerance"
    assert "within 1e-06" in path.message
    assert np.linalg.norm(path.gradients[-1]) <= 1e-6 < np.linalg.norm(path.gradients[-2])
    assert path.values[-1] < 0.0005 < path.values[0] / 100
    assert np.all(np.diff(path.values) <= 0)
    np.testing.assert_allclose(path.gradient_norms, np.linalg.norm(path.gradients, axis=1), rtol=1e-14)


def test_it_ends_where_scipys_least_squares_does():
    """Rosenbrock's valley, as residuals (1 - x, 10 (y - x²))."""
    residual = lambda t: np.array([1 - t[0], 10 * (t[1] - t[0] ** 2)])  # noqa: E731
    jacobian = lambda t: np.array([[-1, 0], [-20 * t[0], 10]])  # noqa: E731
    path = adaptive_damping_descent(
        lambda t: residual(t) @ residual(t) / 2,
        lambda t: jacobian(t).T @ residual(t),
        lambda t: jacobian(t).T @ jacobian(t),
        [-1.2, 1.0],
        smallest_damping=1e-12,
    )
    assert path.converged and len(path) < 60
    np.testing.assert_allclose(path.points[-1], least_squares(residual, [-1.2, 1.0]).x, rtol=1e-6)
    assert 0 in path.step_sizes  # some trial was refused


def test_on_a_quadratic_the_promise_is_kept_and_the_damping_is_halved_every_time():
    hessian, start = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([1.0, -2.0])
    path = adaptive_damping_descent(
        lambda x: x @ hessian @ x / 2, lambda x: hessian @ x, constant(hessian), start, 8.0, iterations=6,
        smallest_damping=1.5,
    )  # fmt: skip
    assert path.dampings.tolist() == [8, 4, 2, 1.5, 1.5, 1.5]
    assert path.reason == "iterations" and len(path) == 6
    assert np.array_equal(path.step_sizes, np.ones(6))
    for x, new, damping, length in zip(
        path.points[:-1], path.points[1:], path.dampings, path.lengths, strict=True
    ):
        step = -np.linalg.solve(hessian + damping * np.eye(2), hessian @ x)
        np.testing.assert_allclose(new - x, step, rtol=1e-12)
        assert length == pytest.approx(np.sqrt(step @ hessian @ step))


@pytest.mark.parametrize(
    ("curvature", "next_damping", "size"),
    [(1.0, 0.5, 1), (1.7, 0.5, 1), (1.8, 1.0, 1), (3.1, 1.0, 1), (3.3, 2.0, 1), (3.9, 2.0, 1), (4.1, 2.0, 0)],
)
def test_what_was_delivered_of_the_promise_decides(curvature, next_damping, size):
    """From x = 1 on c x²/2, with the metric 1 and the damping 1: n = c/2, and ρ = (2c - c²/2)/(3c/2)."""
    path = adaptive_damping_descent(
        lambda x: curvature * x @ x / 2, lambda x: curvature * x, constant([[1.0]]), [1.0], iterations=2
    )
    assert path.dampings.tolist() == [1.0, next_damping]
    assert path.step_sizes[0] == size


def test_a_trial_outside_the_domain_is_refused_and_damped():
    """The Normal's σ stays above 0, though the undamped step from a wide start goes below it."""
    data = np.array([1.0, 2.0, 4.0])
    value = lambda t: -normal.log_prob(t, data).mean()  # noqa: E731
    gradient = lambda t: -normal.score(t, data).mean(axis=0)  # noqa: E731
    path = adaptive_damping_descent(value, gradient, normal.fisher, [0.0, 0.2], 1e-6, tolerance=1e-6)
    assert path.converged
    np.testing.assert_allclose(path.points[-1], [data.mean(), data.std()], rtol=1e-5)
    edge = adaptive_damping_descent(
        lambda x: x[0] if x[0] > 0 else NAN, constant([1.0]), constant([[0.0]]), [1.0], 0.3, iterations=3
    )
    assert edge.dampings.tolist() == [0.3, 0.6, 1.2] and edge.step_sizes.tolist() == [0, 0, 1]


def test_the_solve_may_be_by_conjugate_gradients_and_the_metric_an_operator():
    value, gradient, metric, start = regression()
    dense = adaptive_damping_descent(value, gradient, metric, start, iterations=8)

    def solve(metric, gradient, damping):
        return conjugate_gradient(metric, gradient, damping, tolerance=1e-12).solution

    np.testing.assert_allclose(
        adaptive_damping_descent(value, gradient, metric, start, iterations=8, solve=solve).points,
        dense.points,
        rtol=1e-6,
    )


def test_nothing_is_done_at_the_end_or_without_trials():
    path = adaptive_damping_descent(lambda x: x @ x, lambda x: 2 * x, constant([[2.0]]), [0.0])
    assert path.converged and len(path) == 0 and path.dampings.shape == path.lengths.shape == (0,)
    value, gradient, metric, start = regression()
    assert adaptive_damping_descent(value, gradient, metric, start, iterations=0).reason == "iterations"


def test_what_the_solver_refuses_is_told_with_the_place():
    with pytest.raises(ValueError, match=r"at step 0, theta = \[1\. 1\.\], damping 1e-20: .*singular"):
        adaptive_damping_descent(
            lambda x: x.sum() ** 2,
            lambda x: np.full(2, 2 * x.sum()),
            constant(np.ones((2, 2))),
            [1.0, 1.0],
            1e-20,
        )


RUN = Example(
    adaptive_damping_descent,
    value=lambda x: x @ x / 2,
    gradient=lambda x: x,
    metric=constant(np.eye(2)),
    start=[1.0, 2.0],
    damping=1.0,
    iterations=3,
    tolerance=1e-8,
    smallest_damping=1e-7,
    solve=dense_solve,
)
REFUSED = [
    *RUN.refuses("value", *NOT_FUNCTIONS, constant(NAN), constant([1.0, 2.0])),
    *RUN.refuses("gradient", *NOT_FUNCTIONS, constant([1.0]), constant([NAN, 1.0])),
    *RUN.refuses(
        "metric",
        *NOT_FUNCTIONS,
        constant(np.eye(3)),
        says("negative curvature", constant(-2 * np.eye(2))),
        constant(aslinearoperator(np.eye(3))),
    ),
    *RUN.refuses("start", *NOT_VECTORS),
    *RUN.refuses("damping", *NOT_POSITIVE),
    *RUN.refuses("iterations", -1, 2.5, NAN, INF, "many"),
    *RUN.refuses("tolerance", *NEGATIVE),
    *RUN.refuses("smallest_damping", *NEGATIVE),
    *RUN.refuses("solve", *NOT_FUNCTIONS, says("2 entries", lambda metric, gradient, damping: np.ones(3))),
]
test_works, test_refused = refusal_tests(REFUSED)
