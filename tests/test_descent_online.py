"""One pass over a stream: the Kalman filter, least squares, closed forms of the variance, and refusals."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from refusals import (
    NEGATIVE,
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
from scipy.special import expit

from ngbook import OutsideDomain, families
from ngbook.descent import online_natural_gradient, recursive_natural_gradient


def in_family(family):
    """The score of one outcome, and the Fisher matrix."""
    return {"score": lambda theta, x: family.score(theta, x[None])[0], "fisher": family.fisher}


def logistic_score(theta, observation):
    x, y = observation
    return (y - expit(x @ theta)) * x


def logistic_fisher(theta, observation):
    p = expit(observation[0] @ theta)
    return p * (1 - p) * np.outer(observation[0], observation[0])


def linear_score(theta, observation, variance=0.5):
    x, y = observation
    return (y - x @ theta) * x / variance


def linear_fisher(theta, observation, variance=0.5):
    return np.outer(observation[0], observation[0]) / variance


def extended_kalman_filter(mean_and_variance, observations, state, covariance):
    """Kalman's own form, with a gain and a covariance, of a state that does not move.

    The observation has a mean h(x @ theta), of which the slope and the variance are given beside it.
    """
    states = [np.array(state)]
    for x, y in observations:
        predicted, slope, noise = mean_and_variance(x @ states[-1])
        H = slope * x
        gain = covariance @ H / (H @ covariance @ H + noise)
        states.append(states[-1] + gain * (y - predicted))
        covariance = covariance - np.outer(gain, H @ covariance)
    return np.array(states), covariance


def logistic_moments(u):
    p = expit(u)
    return p, p * (1 - p), p * (1 - p)


def linear_moments(u, variance=0.5):
    return u, 1.0, variance


def inputs(n, rng):
    return np.column_stack([np.ones(n), rng.normal(size=(n, 3)) * [1, 3, 0.3]])


def logistic_stream(n=5000, seed=0):
    rng = np.random.default_rng(seed)
    X = inputs(n, rng)
    y = (rng.random(n) < expit(X @ [0.5, -1.0, 1.5, 0.3])).astype(float)
    return list(zip(X, y, strict=True))


def linear_stream(n=5000, seed=1):
    rng = np.random.default_rng(seed)
    X = inputs(n, rng)
    y = X @ [0.5, -1.0, 1.5, 0.3] + np.sqrt(0.5) * rng.normal(size=n)
    return list(zip(X, y, strict=True))


REGRESSIONS = [
    pytest.param(logistic_score, logistic_fisher, logistic_moments, logistic_stream, id="logistic"),
    pytest.param(linear_score, linear_fisher, linear_moments, linear_stream, id="linear"),
]


# --- the running mean of the Fisher matrices ---------------------------------------------------------------


@pytest.mark.parametrize(("score", "fisher", "moments", "stream"), REGRESSIONS)
def test_it_is_the_extended_kalman_filter(score, fisher, moments, stream):
    """Every point of 5000, and the covariance at the end (Ollivier, 2018, theorem 2)."""
    covariance = np.diag([1.0, 4.0, 0.25, 2.0]) + 0.1
    observations, start = stream(), np.array([0.2, 0.0, -0.1, 0.4])
    path = recursive_natural_gradient(score, fisher, observations, start, np.linalg.inv(covariance))
    states, covariance = extended_kalman_filter(moments, observations, start, covariance)
    np.testing.assert_allclose(path.points, states, rtol=0, atol=1e-12)
    precision = (len(path) + 1) * path.fisher
    np.testing.assert_allclose(np.linalg.inv(precision), covariance, rtol=0, atol=1e-12)
    assert (len(path), path.reason) == (5000, "observations")
    assert path.message == "after all 5000 observations"


def test_of_a_linear_regression_it_ends_at_the_ridge_regression_of_all_data():
    """After every observation, at the batch answer to those seen; exact, as nothing was linearised."""
    observations, prior, start = linear_stream(300), np.diag([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2, 3, 4])
    path = recursive_natural_gradient(linear_score, linear_fisher, observations, start, prior)
    X, y = (np.array(part) for part in zip(*observations, strict=True))
    for n in (1, 2, 10, 300):
        precision = prior + X[:n].T @ X[:n] / 0.5
        batch = np.linalg.solve(precision, prior @ start + X[:n].T @ y[:n] / 0.5)
        np.testing.assert_allclose(path.points[n], batch, rtol=0, atol=1e-12)
    np.testing.assert_allclose(301 * path.fisher, precision, rtol=1e-12)


def test_of_a_logistic_regression_it_is_not_the_batch_answer():
    """Each observation was linearised where the filter stood: .9 standard errors from the batch's maximum."""
    observations = logistic_stream()
    path = recursive_natural_gradient(logistic_score, logistic_fisher, observations, np.zeros(4), np.eye(4))
    X, y = (np.array(part) for part in zip(*observations, strict=True))
    batch = np.zeros(4)
    for _ in range(20):
        p = expit(X @ batch)
        precision = np.eye(4) + X.T @ (X * (p * (1 - p))[:, None])
        batch = batch + np.linalg.solve(precision, X.T @ (y - p) - batch)
    difference = path.points[-1] - batch
    assert 0.5 < np.sqrt(difference @ precision @ difference) < 1.5


def with_the_old_matrix(score, fisher, observations, theta, J):
    for t, x in enumerate(observations, 1):
        eta = 1 / (t + 1)
        step = eta * np.linalg.solve(J, score(theta, x))
        J = (1 - eta) * J + eta * fisher(theta, x)
        theta = theta + step
    return theta


def test_the_old_matrix_and_the_matrix_of_the_labels_end_elsewhere():
    """Planted faults: a lag of one observation, and the empirical Fisher matrix in the place of the exact."""
    observations, start = logistic_stream(), np.zeros(4)
    path = recursive_natural_gradient(logistic_score, logistic_fisher, observations, start, np.eye(4))
    old = with_the_old_matrix(logistic_score, logistic_fisher, observations, start, np.eye(4))
    empirical = recursive_natural_gradient(
        logistic_score,
        lambda theta, x: np.outer(logistic_score(theta, x), logistic_score(theta, x)),
        observations,
        start,
        np.eye(4),
    )
    precision = 5001 * path.fisher
    for wrong in (old, empirical.points[-1]):
        difference = wrong - path.points[-1]
        assert np.sqrt(difference @ precision @ difference) > 0.2  # standard errors


def test_a_fisher_matrix_may_be_known_by_its_products():
    arguments = dict(observations=logistic_stream(50), start=np.zeros(4), precision=np.eye(4))
    dense = recursive_natural_gradient(logistic_score, logistic_fisher, **arguments)
    products = recursive_natural_gradient(
        logistic_score, lambda theta, x: aslinearoperator(logistic_fisher(theta, x)), **arguments
    )
    assert np.array_equal(products.points, dense.points)


# --- the exact Fisher matrix -------------------------------------------------------------------------------


MEAN_CHARTS = [  # the family in a chart of mean parameters, its statistics, and where it is drawn and begun
    pytest.param(families.poisson, lambda x: x[:, None], [3.0], [40.0], id="poisson"),
    pytest.param(families.bernoulli, lambda x: x[:, None], [0.4], [0.9], id="bernoulli"),
    pytest.param(
        families.normal_mean, lambda x: np.stack([x, x**2], axis=1), [1.0, 3.0], [0.0, 1.0], id="normal"
    ),
]


@pytest.mark.parametrize(("family", "statistics", "truth", "start"), MEAN_CHARTS)
def test_in_a_mean_chart_the_points_are_weighted_means_and_with_c_1_running_ones(
    family, statistics, truth, start
):
    """F⁻¹ψ = T(x) − m there: with c = 1 and no delay the start is gone, and the mean is the MLE."""
    x = family.sample(truth, 200, np.random.default_rng(5))
    prior = np.array(start)
    means = np.cumsum(statistics(x), axis=0)
    n = np.arange(1, 201)[:, None]
    path = online_natural_gradient(**in_family(family), observations=x, start=start, delay=7)
    np.testing.assert_allclose(path.points[1:], (7 * prior + means) / (7 + n), rtol=1e-12)
    # The first mean alone of a Bernoulli or a Normal is on the edge of its space, where F is infinite.
    if family is families.poisson:
        path = online_natural_gradient(**in_family(family), observations=x, start=start)
        np.testing.assert_allclose(path.points[1:], means / n, rtol=1e-12)


def impulses(n, c, **options):
    """The weights of the n observations in the last point, for the means of n Normals of variance 1.

    The t-th observation is the t-th unit vector, so the t-th mean has learned from it alone.
    """
    run = online_natural_gradient(
        lambda theta, x: x - theta, lambda theta: np.eye(n), np.eye(n), np.zeros(n), constant=c, **options
    )
    return run.points[-1]


@pytest.mark.parametrize("c", [0.25, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_the_weights_of_the_observations_are_those_of_the_recursion(c):
    """w_t = c/t Π (1 − c/s) over the s after t."""
    steps = c / np.arange(1, 41)
    expected = [w * np.prod(1 - steps[t + 1 :]) for t, w in enumerate(steps)]
    np.testing.assert_allclose(impulses(40, c), expected, rtol=1e-12, atol=1e-15)


def test_the_price_of_a_wrong_constant():
    """n Σ w²: 1 for c = 1, 2(2n − 1)/(3(n − 1)) → 4/3 for c = 2, and c²/(2c − 1) in the limit."""
    n = 100
    assert n * np.sum(impulses(n, 1.0) ** 2) == pytest.approx(1, rel=1e-12)
    assert n * np.sum(impulses(n, 2.0) ** 2) == pytest.approx(2 * (2 * n - 1) / (3 * (n - 1)), rel=1e-12)
    for c in (0.8, 1.5, 3.0):
        assert n * np.sum(impulses(n, c) ** 2) == pytest.approx(c**2 / (2 * c - 1), rel=0.03)
    at_half = [n * np.sum(impulses(n, 0.5) ** 2) for n in (25, 50, 100)]
    np.testing.assert_allclose(np.diff(at_half), np.log(2) / 4, rtol=0.05)  # ¼ log n
    below = [n * np.sum(impulses(n, 0.25) ** 2) for n in (25, 50, 100)]
    assert all(1.3 < larger / smaller < 1.5 for smaller, larger in pairwise(below))  # √n


@pytest.mark.parametrize(("c", "factor"), [(1.0, 1.0), (2.0, 4 / 3)])
def test_a_nonlinear_model_pays_the_same(c, factor):
    """200 independent Bernoulli logits of p = .7, begun at p = .5: the mean squared error times nF."""
    truth, n, rng = np.log(0.7 / 0.3), 600, np.random.default_rng(8)

    def fisher(theta):
        return np.diag(expit(theta) * expit(-theta))

    x = (rng.random((n, 200)) < 0.7).astype(float)
    path = online_natural_gradient(
        lambda theta, x: x - expit(theta), fisher, x, np.zeros(200), constant=c, delay=10
    )
    error = n * 0.21 * np.mean((path.points[-1] - truth) ** 2)
    assert error == pytest.approx(factor, rel=0.25)


def test_it_does_not_depend_on_a_linear_change_of_chart():
    """And the lengths in no chart at all: a Normal in units that are a thousand times smaller."""
    x = families.normal_log_sigma.sample([1.0, 0.5], 100, np.random.default_rng(3))
    options = {"delay": 5, "constant": 1.3, "longest": 0.3}
    run = partial(online_natural_gradient, **in_family(families.normal_log_sigma), **options)
    one = run(observations=x, start=[0.0, 0.0])
    small = run(observations=1000 * x, start=[0.0, np.log(1000)])
    np.testing.assert_allclose(small.points, one.points * [1000, 1] + [0, np.log(1000)], rtol=1e-10)
    np.testing.assert_allclose(small.lengths, one.lengths, rtol=1e-10)


def test_a_longest_step_is_one_in_the_fisher_matrix():
    """Those that are longer keep their direction, the others everything; the lengths are the steps'."""
    family, start = families.normal_log_sigma, np.array([0.0, 0.0])
    x = family.sample([1.0, 0.5], 50, np.random.default_rng(4))
    free = online_natural_gradient(**in_family(family), observations=x, start=start)
    capped = online_natural_gradient(**in_family(family), observations=x, start=start, longest=0.2)
    assert free.lengths[0] > 0.2
    assert capped.lengths.max() == pytest.approx(0.2, rel=1e-14)
    assert np.sum(capped.lengths < 0.19) > 20
    first = free.points[1] - start
    np.testing.assert_allclose(capped.points[1], 0.2 / free.lengths[0] * first, rtol=1e-14)
    for path in (free, capped):
        steps = np.diff(path.points, axis=0)
        squares = [s @ family.fisher(p) @ s for s, p in zip(steps, path.points, strict=False)]
        np.testing.assert_allclose(path.lengths, np.sqrt(squares), rtol=1e-9)
        np.testing.assert_array_equal(path.fisher, family.fisher(path.points[-2]))
    never = online_natural_gradient(**in_family(family), observations=x, start=start, longest=1e3)
    assert np.array_equal(never.points, free.points)


def test_a_longest_step_cures_a_far_start():
    """A σ that is 15 times too small: log σ leaps by hundreds, from where (z² − 1)/2 never comes back."""
    family, truth = families.normal_log_sigma, np.array([1.0, np.log(2)])
    x = family.sample(truth, 1000, np.random.default_rng(6))
    run = partial(online_natural_gradient, **in_family(family), observations=x, start=[0.0, -2.0])
    far, late, capped = run(), run(delay=20), run(longest=1.0)
    assert far.points[-1][1] > 20 and late.points[-1][1] > 3
    np.testing.assert_allclose(capped.points[-1], truth, rtol=0, atol=0.15)


# --- where it ends -----------------------------------------------------------------------------------------


def test_a_step_that_leaves_the_domain_ends_the_path_before_it():
    """A family says so by itself, and a score by what is not finite; points and lengths stay in step."""
    outcomes = np.array([1.0, 5.0, 0.0])
    path = online_natural_gradient(
        **in_family(families.normal), observations=outcomes, start=[0.0, 1.0], constant=5.0
    )
    assert (path.reason, len(path), path.points.shape) == ("domain", 1, (2, 2))
    assert path.message.startswith("observation 2, from [5. 1.] to [ 5.   -0.25]")
    assert "would leave the domain: " in path.message and "sigma > 0" in path.message
    np.testing.assert_array_equal(path.fisher, families.normal.fisher(path.points[-1]))

    def score(theta, x):
        return np.log(theta) + x

    path = online_natural_gradient(score, lambda theta: np.eye(1), [0.5, -5.0, 1.0], [1.0])
    np.testing.assert_array_equal(path.points, [[1.0], [1.5]])
    assert "observation 2, from [1.5] to [-0.79" in path.message and "must be finite" in path.message


def test_the_running_mean_ends_there_too_and_nothing_is_read_after_it():
    read = iter([1.0, 2.0, 3.0])

    def score(theta, x):
        if theta[0] > 2:
            raise OutsideDomain("theta is above 2")
        return np.array([4.0])

    path = recursive_natural_gradient(score, lambda theta, x: np.ones((1, 1)), read, [0.0], np.ones((1, 1)))
    assert (path.reason, next(read)) == ("domain", 3.0)
    np.testing.assert_array_equal(path.points, [[0.0], [2.0]])
    assert path.message == "observation 2, from [2.] to [3.3333], would leave the domain: theta is above 2"
    np.testing.assert_allclose(path.fisher, [[1.0]], rtol=1e-15)


def test_a_first_step_that_leaves_gives_a_path_of_one_point():
    path = online_natural_gradient(
        **in_family(families.normal), observations=np.array([0.0]), start=[0.0, 1.0], constant=3.0
    )
    assert (len(path), path.points.tolist(), path.lengths.shape) == (0, [[0.0, 1.0]], (0,))


def test_an_infinite_step_leaves_every_domain():
    with pytest.warns(RuntimeWarning, match="overflow"):
        path = online_natural_gradient(
            lambda theta, x: np.ones(1), lambda theta: np.array([[1e-310]]), [1.0], [0.0]
        )
    assert path.reason == "domain" and "theta must be finite" in path.message


def test_a_stream_may_be_anything_that_can_be_read_once():
    x = np.random.default_rng(2).normal(size=20)
    run = partial(online_natural_gradient, lambda theta, x: x - theta, lambda theta: np.eye(1), start=[3.0])
    array = run(observations=x)
    assert np.array_equal(run(observations=list(x)).points, array.points)
    assert np.array_equal(run(observations=(value for value in x)).points, array.points)
    assert array.points[-1] == pytest.approx(np.mean(x), rel=1e-13)


@pytest.mark.parametrize(
    "run", [online_natural_gradient, partial(recursive_natural_gradient, precision=[[2.0]])]
)
def test_what_goes_wrong_on_the_way_is_told_with_its_place(run):
    def fisher(theta, x=None):
        return [[1.0]]

    def bad_observation(theta, x):
        return np.array([x])

    with pytest.raises(
        ValueError, match=r"at observation 2, theta = \[.*\]: score must be finite, but is nan"
    ):
        run(bad_observation, fisher, [1.0, np.nan], [0.0])
    with pytest.raises(ValueError, match=r"at observation 1, theta = \[0.\]: score must have 1 entries"):
        run(lambda theta, x: np.ones(2), fisher, [1.0], [0.0])
    with pytest.raises(ZeroDivisionError):
        run(lambda theta, x: np.array([1 / x]), fisher, [1, 0], [0.0])


def test_a_matrix_that_becomes_singular_names_the_observation():
    def fisher(theta):
        return np.diag([1.0, float(theta[0] < 1)])

    with pytest.raises(ValueError, match=r"at observation 2, theta = \[1. 0.\]: metric is singular"):
        online_natural_gradient(lambda theta, x: np.array([x, 0.0]), fisher, [1.0, 1.0], [0.0, 0.0])

    with pytest.raises(ValueError, match=r"at observation 2, theta = .*: metric has negative curvature"):
        recursive_natural_gradient(
            lambda theta, x: np.ones(2), lambda theta, x: -0.7 * np.eye(2), [1.0, 1.0], [0.0, 0.0], np.eye(2)
        )


# --- what is refused ---------------------------------------------------------------------------------------


def both(theta, x):
    return np.array([x, -x]) - theta


EXACT = Example(
    online_natural_gradient,
    score=both,
    fisher=lambda theta: np.eye(2),
    observations=[1.0, 2.0],
    start=[1.0, 2.0],
    constant=1.0,
    delay=1.0,
    longest=1.0,
)
RECURSIVE = Example(
    recursive_natural_gradient,
    score=both,
    fisher=lambda theta, x: np.diag([1.0, 0.0]),
    observations=[1.0, 2.0],
    start=[1.0, 2.0],
    precision=np.eye(2),
)
NOT_STREAMS = [3.0, None, np.array(1.0), [], np.ones((0, 2)), iter(())]
NOT_SCORES = [*NOT_FUNCTIONS, *map(constant, NOT_VECTORS), constant(np.ones(3))]


def metrics(*values):
    """What a function of Fisher matrices must not return."""
    return [
        says(bad.words, constant(bad.value)) if isinstance(bad, says) else says("metric", constant(bad))
        for bad in values
    ]


NEGATIVE_CURVATURE, SINGULAR = says("negative curvature", -np.eye(2)), says("singular", np.ones((2, 2)))
REFUSED = [
    *(
        fact
        for run in (EXACT, RECURSIVE)
        for fact in [
            *run.refuses("score", *NOT_SCORES),
            *run.refuses("fisher", *NOT_FUNCTIONS, *metrics(*NOT_METRICS)),
            *run.refuses("observations", *NOT_STREAMS),
            *run.refuses("start", *NOT_VECTORS),
        ]
    ),
    *EXACT.refuses("fisher", *metrics(NEGATIVE_CURVATURE, SINGULAR)),
    *EXACT.refuses("constant", *NOT_POSITIVE),
    *EXACT.refuses("delay", *NEGATIVE),
    *EXACT.refuses("longest", *(value for value in NOT_POSITIVE if value is not None)),
    *RECURSIVE.refuses("precision", *NOT_METRICS, NEGATIVE_CURVATURE, SINGULAR, -np.eye(2)),
]
test_works, test_refused = refusal_tests(REFUSED)
