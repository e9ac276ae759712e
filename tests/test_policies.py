"""Policies against a slow network differentiated by complex steps, against families, and against theorems."""

import itertools
import subprocess
import sys

import gymnasium
import mpmath
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_COUNTS,
    NOT_GENERATORS,
    NOT_NUMBERS,
    Example,
    refusal_tests,
    says,
)
from scipy.sparse.linalg import aslinearoperator

from ngbook import OutsideDomain, families
from ngbook._check import arrays as check
from ngbook.fisher import fisher_from_kl
from ngbook.policies import GaussianPolicy, SoftmaxPolicy, for_environment

SOFTMAX = {
    "linear": SoftmaxPolicy(4, 2),
    "one layer": SoftmaxPolicy(3, 3, (5,), observation_scale=(2.0, 0.5, 1.0)),
    "two layers": SoftmaxPolicy(2, 4, (5, 3)),
    "blind": SoftmaxPolicy(0, 3),
    "without bias": SoftmaxPolicy(3, 3, bias=False),
    "one layer without bias": SoftmaxPolicy(3, 2, (4,), bias=False),
}
GAUSSIAN = {
    f"{shape}, {chart}": GaussianPolicy(*arguments, chart=chart)
    for chart in ("std", "log_std")
    for shape, arguments in {
        "linear": (3, 1),
        "one layer": (2, 2, (4,)),
        "two layers": (3, 1, (4, 3), (0.5, 1.0, 3.0)),
        "blind": (0, 1),
    }.items()
}
GAUSSIAN |= {
    f"{shape} without bias, {chart}": GaussianPolicy(3, 2, hidden, chart=chart, bias=False)
    for chart in ("std", "log_std")
    for shape, hidden in {"linear": (), "two layers": (4, 3)}.items()
}
POLICIES = SOFTMAX | GAUSSIAN
every_policy = pytest.mark.parametrize("name", POLICIES)
every_softmax = pytest.mark.parametrize("name", SOFTMAX)
every_gaussian = pytest.mark.parametrize("name", GAUSSIAN)


def situation(name, count=6):
    """A policy, parameters that are neither small nor symmetric, observations, and actions drawn there."""
    policy, rng = POLICIES[name], np.random.default_rng(11)
    theta = policy.initial(rng, last_layer=1.0) + 0.3 * rng.normal(size=policy.size)
    if name.endswith(", std"):
        theta[-policy.actions :] = rng.uniform(0.4, 1.5, size=policy.actions)
    observations = rng.normal(size=(count, policy.inputs or 1))
    return policy, theta, observations, policy.at(theta, observations).sample(rng)


# --- the oracle: one observation at a time, straight from the definition, for complex parameters -----------


def slow_outputs(policy, theta, observation):
    scale = policy._scale if policy._scale is not None else np.ones(policy.inputs)
    values, start = list(observation[: policy.inputs] * scale), 0
    widths = [policy.inputs, *policy.hidden, policy.actions]
    for layer, (read, width) in enumerate(itertools.pairwise(widths)):
        weights = theta[start : start + read * width].reshape(read, width)
        biases = theta[start + read * width :][:width] if policy.bias else np.zeros(width)
        values = [sum(values[i] * weights[i, j] for i in range(read)) + biases[j] for j in range(width)]
        if layer < len(policy.hidden):
            values = [np.tanh(value) for value in values]
        start += (read + policy.bias) * width
    return np.array(values), theta[start:]


def slow_log_prob(policy, theta, observation, action):
    outputs, spread = slow_outputs(policy, theta, observation)
    if isinstance(policy, SoftmaxPolicy):
        return outputs[action] - np.log(np.exp(outputs).sum())
    std = spread if policy.chart == "std" else np.exp(spread)
    return np.sum(-(((action - outputs) / std) ** 2) / 2 - np.log(std) - np.log(2 * np.pi) / 2)


def slow_score(policy, theta, observation, action):
    """The derivative by complex steps, which are exact to rounding: nothing is subtracted."""
    steps = 1e-30j * np.eye(policy.size)
    return np.array([slow_log_prob(policy, theta + h, observation, action).imag / 1e-30 for h in steps])


def slow_scores(policy, theta, observations, actions):
    return np.array([slow_score(policy, theta, o, a) for o, a in zip(observations, actions, strict=True)])


def slow_expected_outer_product(policy, theta, observation):
    """E[score scoreᵀ] and E[score] over all actions, or over Gauss-Hermite nodes that are exact here."""
    outputs, spread = slow_outputs(policy, theta, observation)
    if isinstance(policy, SoftmaxPolicy):
        weighted = [(np.exp(z) / np.exp(outputs).sum(), action) for action, z in enumerate(outputs)]
    else:
        std = spread if policy.chart == "std" else np.exp(spread)
        nodes, weights = np.polynomial.hermite_e.hermegauss(5)
        weighted = [
            (np.prod(weights[list(i)]) / np.sqrt(2 * np.pi) ** len(std), outputs + std * nodes[list(i)])
            for i in itertools.product(range(5), repeat=len(std))
        ]
    scores = [(weight, slow_score(policy, theta, observation, action)) for weight, action in weighted]
    return sum(w * np.outer(s, s) for w, s in scores), sum(w * s for w, s in scores)


# --- scores -----------------------------------------------------------------------------------------------


@every_policy
def test_log_prob_is_the_slow_one(name):
    policy, theta, observations, actions = situation(name)
    expected = [slow_log_prob(policy, theta, o, a) for o, a in zip(observations, actions, strict=True)]
    np.testing.assert_allclose(policy.at(theta, observations).log_prob(actions), expected, rtol=1e-12)


@every_policy
def test_products_with_scores_are_those_with_the_dense_matrix(name):
    policy, theta, observations, actions = situation(name)
    dense = slow_scores(policy, theta, observations, actions)
    scores = policy.at(theta, observations).scores(actions)
    assert scores.shape == dense.shape == (6, policy.size)
    np.testing.assert_allclose(scores @ np.eye(policy.size), dense, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose((scores.T @ np.eye(6)).T, dense, rtol=1e-11, atol=1e-13)


@every_policy
def test_scores_and_their_transpose_are_adjoint(name):
    """uᵀ (J v) = (Jᵀ u)ᵀ v, with more observations than a situation of the oracle has."""
    policy, theta, observations, actions = situation(name, count=500)
    scores, rng = policy.at(theta, observations).scores(actions), np.random.default_rng(1)
    for _ in range(3):
        u, v = rng.normal(size=500), rng.normal(size=policy.size)
        left, right = u @ (scores @ v), (scores.T @ u) @ v
        assert abs(left - right) < 1e-13 * np.linalg.norm(u) * np.linalg.norm(scores @ v)


@every_policy
def test_scores_are_central_differences_of_log_prob(name):
    policy, theta, observations, actions = situation(name)
    v = np.random.default_rng(2).normal(size=policy.size)
    ahead, behind = (policy.at(theta + h * v, observations).log_prob(actions) for h in (1e-5, -1e-5))
    rates = policy.at(theta, observations).scores(actions) @ v
    np.testing.assert_allclose(rates, (ahead - behind) / 2e-5, rtol=1e-7, atol=1e-8)


@every_policy
def test_gradient_is_the_mean_of_weighted_scores(name):
    policy, theta, observations, actions = situation(name)
    weights = np.array([1.0, -2.0, 0.5, 0.0, 3.0, -1.0])
    expected = weights @ slow_scores(policy, theta, observations, actions) / 6
    gradient = policy.at(theta, observations).gradient(actions, weights)
    np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-13)


@every_policy
def test_scores_have_mean_zero_under_the_policy(name):
    policy, theta, observations, _ = situation(name)
    for observation in observations[:3]:
        outer_product, mean = slow_expected_outer_product(policy, theta, observation)
        assert np.abs(mean).max() < 1e-12 * np.sqrt(np.trace(outer_product))


@every_softmax
def test_scores_of_all_actions_weighted_with_probabilities_cancel(name):
    """The same theorem for the package's own scores."""
    policy, theta, observations, _ = situation(name)
    here = policy.at(theta, observations)
    total = sum(
        here.gradient(np.full(6, action), here.probabilities[:, action]) for action in range(policy.actions)
    )
    assert np.abs(total).max() < 1e-15


# --- the Fisher matrix ------------------------------------------------------------------------------------


@every_policy
def test_fisher_is_the_expectation_over_actions(name):
    policy, theta, observations, _ = situation(name)
    expected = np.mean([slow_expected_outer_product(policy, theta, o)[0] for o in observations], axis=0)
    here = policy.at(theta, observations)
    np.testing.assert_allclose(check.matrix(here.fisher()), expected, rtol=1e-10, atol=1e-13)
    v = np.random.default_rng(3).normal(size=policy.size)
    np.testing.assert_allclose(here.fisher_product(v), expected @ v, rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(here.fisher() @ v, here.fisher_product(v))
    np.testing.assert_array_equal(here.fisher().T @ v, here.fisher_product(v))


@every_policy
def test_operators_are_what_scipy_takes_for_one(name):
    policy, theta, observations, actions = situation(name)
    here, v = policy.at(theta, observations), np.random.default_rng(4).normal(size=policy.size)
    for operator in (here.fisher(), here.scores(actions)):
        dense = operator @ np.eye(policy.size)
        np.testing.assert_array_equal(aslinearoperator(operator) @ v, operator @ v)
        np.testing.assert_allclose(operator @ v, dense @ v, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(operator.T @ dense, dense.T @ dense, rtol=1e-10, atol=1e-12)


@every_policy
def test_fisher_is_the_hessian_of_the_divergence(name):
    policy, theta, observations, _ = situation(name, count=3)

    def divergence(old, new):
        return policy.at(old, observations).kl(policy.at(new, observations)).mean()

    # A short step: a tanh soon saturates, and then the divergence grows no more.
    hessian = fisher_from_kl(divergence, theta, step=1e-3)
    fisher = check.matrix(policy.at(theta, observations).fisher())
    np.testing.assert_allclose(hessian, fisher, rtol=0, atol=1e-7 * np.abs(fisher).max())


@every_policy
def test_fisher_is_symmetric_and_not_negative(name):
    policy, theta, observations, _ = situation(name, count=500)
    here, rng = policy.at(theta, observations), np.random.default_rng(4)
    for _ in range(3):
        u, v = rng.normal(size=(2, policy.size))
        left, right = u @ here.fisher_product(v), v @ here.fisher_product(u)
        scale = np.sqrt((u @ here.fisher_product(u)) * (v @ here.fisher_product(v)))
        assert abs(left - right) < 1e-14 * scale * policy.size
        assert v @ here.fisher_product(v) > 0


@every_policy
def test_fisher_is_approached_by_the_outer_products_of_sampled_scores(name):
    policy, theta, observations, _ = situation(name)
    rng, v = np.random.default_rng(5), np.random.default_rng(6).normal(size=policy.size)
    many = np.repeat(observations, 4000, axis=0)
    here = policy.at(theta, many)
    squares = (here.scores(here.sample(rng)) @ v) ** 2
    expected = v @ policy.at(theta, observations).fisher_product(v)
    # Drawn at fixed observations: only the variance within each of them counts.
    error = np.sqrt(squares.reshape(6, 4000).var(axis=1, ddof=1).sum() / 4000) / 6
    assert abs(squares.mean() - expected) < 4 * error


@every_softmax
def test_a_softmax_does_not_see_equal_shifts_of_its_outputs(name):
    """Whatever shifts all outputs equally, at some observations or all, is a null direction."""
    policy, theta, observations, actions = situation(name)
    here, shift = policy.at(theta, observations), np.zeros(policy.size)
    read = [policy.inputs, *policy.hidden][-1] + policy.bias
    last = shift[-read * policy.actions :].reshape(read, policy.actions)
    last += np.random.default_rng(8).normal(size=(read, 1))
    assert np.abs(here.fisher_product(shift)).max() < 1e-15
    assert np.abs(here.scores(actions) @ shift).max() < 1e-14
    assert here.kl(policy.at(theta + shift, observations)).max() < 1e-14


@pytest.mark.parametrize("shape", ["linear", "one layer", "two layers", "blind", "linear without bias"])
def test_both_charts_of_a_gaussian_are_one_geometry(shape):
    """Scores become Jᵀ scores and the Fisher matrix JᵀFJ, with J = d(log σ)/dσ = 1/σ on the last entries."""
    in_std, theta, observations, actions = situation(f"{shape}, std")
    in_log, k = GAUSSIAN[f"{shape}, log_std"], in_std.actions
    std = theta[-k:]
    log_theta = np.concatenate([theta[:-k], np.log(std)])
    jacobian = np.concatenate([np.ones(theta.size - k), 1 / std])
    here, there = in_std.at(theta, observations), in_log.at(log_theta, observations)
    v = np.random.default_rng(9).normal(size=theta.size)
    np.testing.assert_allclose(
        here.fisher_product(v), jacobian * there.fisher_product(jacobian * v), rtol=1e-12, atol=1e-14
    )
    np.testing.assert_allclose(
        here.scores(actions) @ v, there.scores(actions) @ (jacobian * v), rtol=1e-12, atol=1e-13
    )
    np.testing.assert_allclose(here.log_prob(actions), there.log_prob(actions), rtol=1e-13)
    np.testing.assert_allclose(here.kl(there), 0, atol=1e-15)


# --- divergence and entropy -------------------------------------------------------------------------------


@every_policy
def test_kl_gradient_is_the_derivative_of_the_divergence_in_the_new_parameters(name):
    policy, theta, observations, _ = situation(name)
    rng = np.random.default_rng(10)
    old = policy.at(theta, observations)
    moved, v = theta + 0.1 * rng.normal(size=theta.size), rng.normal(size=theta.size)
    ahead, behind = (old.kl(policy.at(moved + h * v, observations)).mean() for h in (1e-5, -1e-5))
    gradient = policy.at(moved, observations).kl_gradient(old)
    assert gradient @ v == pytest.approx((ahead - behind) / 2e-5, rel=1e-7, abs=1e-9)
    assert not old.kl_gradient(old).any()


@every_policy
def test_kl_is_the_expectation_of_the_log_ratio_and_not_symmetric(name):
    policy, theta, observations, _ = situation(name, count=2)
    rng = np.random.default_rng(11)
    many = np.repeat(observations, 20000, axis=0)
    moved = theta + 0.2 * rng.normal(size=theta.size)
    old, new = policy.at(theta, many), policy.at(moved, many)
    actions = old.sample(rng)
    ratios = (old.log_prob(actions) - new.log_prob(actions)).reshape(2, 20000)
    kl = policy.at(theta, observations).kl(policy.at(moved, observations))
    assert np.all(np.abs(ratios.mean(axis=1) - kl) < 4 * ratios.std(axis=1, ddof=1) / np.sqrt(20000))
    assert np.all(kl > 0)
    assert not np.allclose(kl, policy.at(moved, observations).kl(policy.at(theta, observations)), rtol=1e-3)


# A divergence is at least 0 and keeps its digits, for the outputs that the network returned in its precision.

PRECISIONS = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def exact_softmax_kl(old, new):
    """From two rows of outputs, in 60 digits."""
    with mpmath.workdps(60):
        rows = [[mpmath.mpf(float(z)) for z in row] for row in (old, new)]
        sums = [mpmath.log(mpmath.fsum(map(mpmath.exp, row))) for row in rows]
        return mpmath.fsum(
            mpmath.exp(z - sums[0]) * ((z - sums[0]) - (moved - sums[1]))
            for z, moved in zip(*rows, strict=True)
        )


@PRECISIONS
@pytest.mark.parametrize("actions", [2, 3, 18])
@pytest.mark.parametrize("spread", [0.01, 1.0, 30.0])
def test_kl_of_softmax_policies_is_never_negative_and_right_to_the_last_digits(dtype, actions, spread):
    """Any logits, and steps from the last digit to farther than the softmax is wide."""
    policy, rng = SoftmaxPolicy(0, actions, dtype=dtype), np.random.default_rng(actions)
    precision = np.finfo(dtype).eps
    for size in 10.0 ** np.arange(-9, 4):
        old = spread * rng.normal(size=actions)
        theta = [row.astype(dtype) for row in (old, old + size * rng.normal(size=actions))]
        here, there = (policy.at(row, np.zeros((1, 1))) for row in theta)
        (kl,), exact = here.kl(there), exact_softmax_kl(*theta)
        assert kl >= 0
        lost = precision * (10 + 2 * np.ptp(theta))  # a probability eᶻ is as many roundings off as z is long
        assert abs(kl - exact) <= lost * exact


def exact_gaussian_kl(old, new, deviations):
    with mpmath.workdps(60):
        (mean, sigma), (moved, wider) = [
            (row[0], row[1] if deviations else mpmath.exp(row[1]))
            for row in ([mpmath.mpf(float(t)) for t in theta] for theta in (old, new))
        ]
        return (
            mpmath.log(wider / sigma) + (sigma**2 + (mean - moved) ** 2) / (2 * wider**2) - mpmath.mpf(1) / 2
        )


@PRECISIONS
@pytest.mark.parametrize("chart", ["std", "log_std"])
def test_kl_of_gaussian_policies_is_never_negative_and_right_to_the_last_digits(chart, dtype):
    policy, rng = GaussianPolicy(0, 1, chart=chart, dtype=dtype), np.random.default_rng(5)
    for size in np.repeat(10.0 ** np.arange(-9, 1), 20):
        old = np.array([rng.normal(), rng.uniform(0.3, 3)])
        theta = [row.astype(dtype) for row in (old, old + size * rng.uniform(-0.25, 1, size=2))]
        here, there = (policy.at(row, np.zeros((1, 1))) for row in theta)
        (kl,), exact = here.kl(there), exact_gaussian_kl(*theta, chart == "std")
        assert kl >= 0
        assert kl == pytest.approx(float(exact), rel=20 * float(np.finfo(dtype).eps), abs=0)


def test_kl_between_charts_of_a_gaussian_policy():
    old, new = np.array([0.3, 0.8]), np.array([-0.2, 1.1])
    for first, second in itertools.product(["std", "log_std"], repeat=2):
        here, there = (
            GaussianPolicy(0, 1, chart=chart).at(
                [theta[0], theta[1] if chart == "std" else np.log(theta[1])], np.zeros((1, 1))
            )
            for chart, theta in ((first, old), (second, new))
        )
        assert here.kl(there) == pytest.approx(float(exact_gaussian_kl(old, new, True)), rel=1e-14)


@every_policy
@PRECISIONS
def test_small_steps_of_a_network_have_no_negative_divergence(name, dtype):
    """300 steps of 1e-8 to 1e-2, and the double precision's divergence of the same parameters beside it."""
    policy = POLICIES[name]
    options = {"hidden": policy.hidden, "observation_scale": policy._scale, "bias": policy.bias}
    if isinstance(policy, GaussianPolicy):
        options["chart"] = policy.chart
    here, there = (
        type(policy)(policy.inputs, policy.actions, dtype=precision, **options)
        for precision in (dtype, float)
    )
    _, theta, observations, _ = situation(name)
    rng = np.random.default_rng(2)
    for size in 10.0 ** rng.uniform(-8, -2, size=300):
        moved = (theta + size * rng.normal(size=theta.size)).astype(dtype)
        kl = here.at(theta, observations).kl(here.at(moved, observations))
        assert kl.min() >= 0
        if dtype == np.float32 and size > 1e-3:
            rounded = theta.astype(dtype).astype(float)
            exact = there.at(rounded, observations.astype(dtype)).kl(
                there.at(moved.astype(float), observations.astype(dtype))
            )
            assert kl.mean() == pytest.approx(exact.mean(), rel=0.02)


@every_policy
def test_a_divergence_at_other_observations_is_refused(name):
    policy, theta, observations, _ = situation(name)
    others = observations.copy()
    others[2, 0] += 1e-9
    here, there = policy.at(theta, observations), policy.at(theta, others)
    assert not here.kl(policy.at(theta, observations.copy())).any()
    if policy.inputs:
        for compare in (here.kl, here.kl_gradient):
            with pytest.raises(ValueError, match="at the same 6 observations"):
                compare(there)
    else:
        assert not here.kl(there).any(), "a policy that reads nothing is the same everywhere"


def test_parameters_outside_their_space_are_told_from_a_wrong_call():
    observations = np.zeros((2, 1))
    for policy in (GaussianPolicy(1, 1), SoftmaxPolicy(1, 2), GaussianPolicy(1, 1, dtype=np.float32)):
        for bad in (np.inf, np.nan, *([1e39] if policy.dtype == np.float32 else [])):
            theta = np.zeros(policy.size)
            theta[1] = bad
            with pytest.raises(OutsideDomain, match=r"theta\[1\] is"):
                policy.at(theta, observations)
        for theta in (np.zeros(policy.size + 1), np.zeros((policy.size, 1)), "theta"):
            with pytest.raises(ValueError) as refusal:
                policy.at(theta, observations)
            assert refusal.type is ValueError
    with pytest.raises(OutsideDomain, match="above 0"):
        GaussianPolicy(1, 1, chart="std").at([0.0, 0.0, -1.0], observations)


def test_a_blind_softmax_is_the_categorical_family():
    family, policy = families.categorical_softmax, SOFTMAX["blind"]
    old, new = np.array([0.3, -1.0, 0.8]), np.array([0.1, 0.4, -0.2])
    here, there = policy.at(old, np.zeros((3, 1))), policy.at(new, np.zeros((3, 1)))
    outcomes = np.arange(3)
    for outcome, log_prob in zip(outcomes, here.log_prob(outcomes), strict=True):
        assert log_prob == pytest.approx(np.log(here.probabilities[0, outcome]), rel=1e-13)
    np.testing.assert_allclose(check.matrix(here.fisher()), family.fisher(old), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(here.kl(there), family.kl(old, new), rtol=1e-12)


@pytest.mark.parametrize("chart", ["std", "log_std"])
def test_a_blind_gaussian_is_the_normal_family(chart):
    family = {"std": families.normal, "log_std": families.normal_log_sigma}[chart]
    policy = GaussianPolicy(0, 1, chart=chart)
    old, new, x = np.array([0.3, 0.8]), np.array([-0.2, 1.1]), np.array([-1.0, 0.2, 2.0])
    here, there = policy.at(old, np.zeros((3, 1))), policy.at(new, np.zeros((3, 1)))
    np.testing.assert_allclose(here.log_prob(x[:, None]), family.log_prob(old, x), rtol=1e-13)
    np.testing.assert_allclose(here.scores(x[:, None]) @ np.eye(2), family.score(old, x), rtol=1e-12)
    np.testing.assert_allclose(check.matrix(here.fisher()), family.fisher(old), rtol=1e-13, atol=1e-16)
    np.testing.assert_allclose(here.kl(there), family.kl(old, new), rtol=1e-12)


@every_policy
def test_entropy_is_scipys(name):
    from scipy import stats

    policy, theta, observations, _ = situation(name)
    here = policy.at(theta, observations)
    if isinstance(policy, SoftmaxPolicy):
        expected = stats.entropy(here.probabilities, axis=1)
    else:
        expected = np.full(6, stats.multivariate_normal(cov=np.diag(here.std**2)).entropy())
    np.testing.assert_allclose(here.entropy(), expected, rtol=1e-13)


# --- actions ----------------------------------------------------------------------------------------------


@every_softmax
def test_softmax_draws_actions_as_often_as_it_says(name):
    policy, theta, observations, _ = situation(name, count=3)
    draws = 40000
    actions = policy.at(theta, np.repeat(observations, draws, axis=0)).sample(np.random.default_rng(12))
    counts = np.array([np.bincount(part, minlength=policy.actions) for part in actions.reshape(3, draws)])
    p = policy.at(theta, observations).probabilities
    assert np.all(np.abs(counts / draws - p) < 4 * np.sqrt(p * (1 - p) / draws))


@every_gaussian
def test_gaussian_draws_have_the_mean_and_the_spread(name):
    policy, theta, observations, _ = situation(name, count=3)
    draws = 40000
    actions = policy.at(theta, np.repeat(observations, draws, axis=0)).sample(np.random.default_rng(13))
    here = policy.at(theta, observations)
    standard = (actions.reshape(3, draws, -1) - here.mean[:, None]) / here.std
    assert np.all(np.abs(standard.mean(axis=1)) < 4 / np.sqrt(draws))
    assert np.all(np.abs((standard**2).mean(axis=1) - 1) < 4 * np.sqrt(2 / draws))
    if policy.actions > 1:
        assert abs((standard[..., 0] * standard[..., 1]).mean()) < 4 / np.sqrt(3 * draws)


@every_policy
def test_the_same_seed_draws_the_same_actions(name):
    policy, theta, observations, _ = situation(name)
    here = policy.at(theta, observations)
    first, second = (here.sample(np.random.default_rng(15)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("t", [-0.2499, -0.01, 1e-7, 0.1, 0.2499, 0.26, 3.0])
def test_kl_of_two_spreads_is_accurate_to_the_last_digits(t):
    policy = GaussianPolicy(0, 1)
    old, new = (policy.at([0.0, log_std], np.zeros((1, 0))) for log_std in (0.0, -t / 2))
    with mpmath.workdps(40):
        expected = (mpmath.expm1(t) - mpmath.mpf(t)) / 2
    np.testing.assert_allclose(old.kl(new), [float(expected)], rtol=1e-15)


class Lowest(np.random.Generator):
    """Draws the smallest number that a generator can."""

    def random(self, size):
        return np.zeros(size)


def test_an_action_of_probability_zero_is_never_drawn():
    here = SoftmaxPolicy(0, 3).at([-1000.0, 0.0, 0.0], np.zeros((2, 1)))
    assert not here.probabilities[:, 0].any()
    assert here.sample(Lowest(np.random.PCG64(0))).tolist() == [1, 1]


def test_huge_outputs_neither_overflow_nor_lose_the_impossible_action():
    policy = SoftmaxPolicy(0, 3)
    here = policy.at([1000.0, -1000.0, 999.0], np.zeros((2, 1)))
    assert here.log_prob(np.array([1, 1])) == pytest.approx(-2000 - np.log1p(np.exp(-1)), rel=1e-14)
    assert set(here.sample(np.random.default_rng(0))) <= {0, 2}
    assert np.all(np.isfinite(here.entropy()))
    assert np.all(np.isfinite(here.kl(policy.at([-1000.0, 1000.0, 0.0], np.zeros((2, 1))))))


# --- the parameters ---------------------------------------------------------------------------------------


def test_theta_is_the_layers_in_order_and_then_the_spread():
    policy = GaussianPolicy(2, 1, (3,), chart="std")
    assert policy.size == (2 + 1) * 3 + (3 + 1) * 1 + 1
    weights, biases = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([0.1, 0.2, 0.3])
    last, offset, std = np.array([1.0, -1.0, 2.0]), 0.5, 0.7
    theta = np.concatenate([weights.ravel(), biases, last, [offset, std]])
    observation = np.array([0.2, -0.1])
    here = policy.at(theta, observation[None])
    mean = np.tanh(observation @ weights + biases) @ last + offset
    assert here.mean[0, 0] == pytest.approx(mean, rel=1e-14)
    assert here.std[0] == std


def test_without_biases_theta_is_the_weights_and_then_the_spread():
    policy = GaussianPolicy(3, 1, bias=False)
    features = np.random.default_rng(0).normal(size=(5, 3))
    here = policy.at([1.0, -2.0, 0.5, 0.1], features)
    np.testing.assert_allclose(here.mean[:, 0], features @ [1.0, -2.0, 0.5], rtol=1e-14)
    assert policy.size == 4 and here.log_std == 0.1
    logits = np.random.default_rng(1).normal(size=(4, 3))
    table = SoftmaxPolicy(4, 3, bias=False)
    found = table.at(logits.ravel(), np.eye(4)).probabilities
    assert table.size == 12
    np.testing.assert_allclose(found, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), rtol=1e-13)


@pytest.mark.parametrize("chart", ["log_std", "std"])
@pytest.mark.parametrize(("dtype", "edge"), [(np.float32, 43.66), (np.float64, 354.1)])
def test_a_spread_whose_square_or_its_inverse_overflows_is_refused(dtype, edge, chart):
    policy, place = GaussianPolicy(0, 1, chart=chart, dtype=dtype), np.zeros((1, 1))

    def at(log_std):
        return policy.at([0.0, log_std if chart == "log_std" else np.exp(log_std)], place)

    for log_std in (-edge, edge):
        here = at(log_std * 0.999)
        assert np.isfinite(here.fisher_product(np.ones(2))).all()
        assert here.kl(here).tolist() == [0.0]
        with pytest.raises(ValueError, match=r"outside the parameter space.*above 0, .*finite squares"):
            at(log_std * 1.001)
    for log_std in (-1000.0, 1000.0):
        with pytest.raises(ValueError, match="outside the parameter space"):
            GaussianPolicy(0, 1).at([0.0, log_std], place)


def test_the_two_sizes_that_the_book_measures():
    assert SoftmaxPolicy(4, 2, (64, 64)).size == 4610
    assert GaussianPolicy(0, 1).size == 2


@every_policy
def test_initial_parameters_barely_decide(name):
    policy = POLICIES[name]
    theta = policy.initial(np.random.default_rng(16))
    here = policy.at(theta, np.random.default_rng(17).normal(size=(50, policy.inputs or 1)))
    assert theta.shape == (policy.size,)
    if isinstance(policy, SoftmaxPolicy):
        assert np.abs(here.probabilities - 1 / policy.actions).max() < 0.05
    else:
        assert np.abs(here.mean).max() < 0.2
        np.testing.assert_allclose(here.std, 1.0)
        wider = policy.initial(np.random.default_rng(16), log_std=0.5)
        np.testing.assert_allclose(policy.at(wider, np.ones((1, policy.inputs or 1))).std, np.exp(0.5))


def test_initial_hidden_layers_keep_the_size_of_what_they_read():
    policy = GaussianPolicy(400, 1, (400,))
    theta = policy.initial(np.random.default_rng(18), last_layer=1.0)
    weights = theta[: 400 * 400]
    assert weights.std() == pytest.approx(1 / 20, rel=0.01)
    here = policy.at(theta, np.random.default_rng(19).normal(size=(1000, 400)))
    assert 0.5 < here.mean.std() < 0.8  # the spread of tanh of a standard normal number is .63


@every_policy
def test_parameters_that_are_changed_in_place_do_not_reach_back(name):
    policy, theta, observations, _ = situation(name)
    v = np.random.default_rng(20).normal(size=policy.size)
    expected = policy.at(theta, observations).fisher_product(v)
    here = policy.at(theta, observations)
    theta *= 2
    observations += 1
    np.testing.assert_array_equal(here.fisher_product(v), expected)


@pytest.mark.parametrize("kind", [SoftmaxPolicy, GaussianPolicy])
@pytest.mark.parametrize("hidden", [(), (16,), (64, 64)])
def test_float32_is_kept_and_agrees_with_float64(kind, hidden):
    double, single = (kind(4, 2, hidden, (0.5, 1, 1, 2), dtype=dtype) for dtype in (float, np.float32))
    rng = np.random.default_rng(21)
    theta, v = double.initial(rng, last_layer=1.0), rng.normal(size=double.size)
    observations, weights = rng.normal(size=(300, 4)), rng.normal(size=300)
    here, there = double.at(theta, observations), single.at(theta, observations)
    moved = double.at(1.1 * theta, observations), single.at(1.1 * theta, observations)
    actions = here.sample(rng)
    if kind is GaussianPolicy:
        assert there.sample(rng).dtype == np.float32
    assert single.initial(rng).dtype == np.float32
    for found, expected in (
        (there.fisher_product(v), here.fisher_product(v)),
        (there.fisher() @ v.astype(np.float32), here.fisher() @ v),
        (there.gradient(actions, weights), here.gradient(actions, weights)),
        (there.scores(actions) @ v, here.scores(actions) @ v),
        (there.log_prob(actions), here.log_prob(actions)),
        (there.entropy(), here.entropy()),
        (moved[1].kl_gradient(there), moved[0].kl_gradient(here)),
    ):
        assert found.dtype == np.float32
        assert np.abs(found - expected).max() < 2e-5 * np.abs(expected).max()
    assert there.kl(moved[1]).dtype == np.float32
    divergence = here.kl(moved[0])  # its root is what the rounding of the outputs is added to
    assert np.all(np.abs(there.kl(moved[1]) - divergence) < 2e-6 * (np.sqrt(divergence) + divergence))


# --- environments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
def test_for_environment_chooses_by_the_space_of_actions(make):
    choices, vectors = make("CartPole-v1"), make("Pendulum-v1")
    softmax = for_environment(choices, hidden=(8,), observation_scale=(1 / 2.4, 1 / 2, 1 / 0.21, 1 / 2))
    assert (type(softmax), softmax.inputs, softmax.actions, softmax.hidden) == (SoftmaxPolicy, 4, 2, (8,))
    gaussian = for_environment(vectors, chart="std", dtype=np.float32)
    assert (type(gaussian), gaussian.inputs, gaussian.actions) == (GaussianPolicy, 3, 1)
    assert (gaussian.chart, gaussian.dtype) == ("std", np.float32)
    assert softmax.bias and gaussian.bias
    sizes = [for_environment(environment, bias=False).size for environment in (choices, vectors)]
    assert sizes == [4 * 2, 3 + 1]
    for environment, policy in ((choices, softmax), (vectors, gaussian)):
        observation, _ = environment.reset(seed=0)
        here = policy.at(policy.initial(np.random.default_rng(0)), np.atleast_2d(observation))
        assert environment.action_space.contains(
            here.sample(np.random.default_rng(0)).reshape(environment.action_space.shape)
            if policy is gaussian
            else np.int64(here.sample(np.random.default_rng(0))[0])
            if make is gymnasium.make
            else here.sample(np.random.default_rng(0))
        )
        environment.close()


def test_training_needs_neither_scipy_nor_gymnasium():
    code = (
        "import sys, numpy as np; from ngbook.policies import SoftmaxPolicy as P; p = P(4, 2, (8,));"
        "rng = np.random.default_rng(0); d = p.at(p.initial(rng), np.ones((3, 4))); a = d.sample(rng);"
        "d.fisher_product(d.gradient(a, np.ones(3))); d.kl(d); d.entropy();"
        "print(sorted({'scipy', 'gymnasium', 'sympy', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- what is refused ---------------------------------------------------------------------------------------

SPOT = np.array([[0.5, -1.0], [0.0, 1.0], [2.0, 0.0]])
NOT_SHAPES = {
    "inputs": [-1, 2.5, NAN, INF, "many", None, [1, 2]],
    "hidden": [(2.5,), (0,), "wide", 64, None],
    "observation_scale": [[1.0], 1.0, [NAN, 1.0], ["a", "b"]],
    "dtype": [int, np.float16, "double", None],
}
NOT_OBSERVATIONS = [
    *(says("observation[None]", SPOT[0]), np.ones((0, 2)), np.ones((3, 4)), np.ones((3, 2, 2))),
    *(says("1 of 2 rows", [[0.0, 1.0], [NAN, 0.0]]), says("1 of 2 rows", [[0.0, -INF], [1.0, 0.0]])),
    *([["a", "b"]], 1j * SPOT, None),
]
NOT_CHOICES = [
    *([0.0, 1.0, 0.0], [0, 1], [[0], [1], [0]], ["left", "right", "left"], None),
    *([0, 1, 2], [0, 1, -1], says("inhomogeneous shape", [[0], [0, 1], [1]])),
]
NOT_PLACES = [
    *([0.0, 1.0, 2.0], [[0.0], [1.0]], [["a"], ["b"], ["c"]], None),
    *(says("1 entries that are not finite", [[0.0], [bad], [1.0]]) for bad in (NAN, INF)),
]
NOT_WEIGHTS = [[1.0, 2.0], 1.0, [1.0, NAN, 0.0], [1.0, INF, 0.0], ["a", "b", "c"], None]
NOT_LAST_LAYERS = [*NEGATIVE, None]


class Spaces:
    """An environment as far as a policy looks at it."""

    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions


PLANE, COIN = Box(-1, 1, (2,)), Discrete(2)
NOT_ENVIRONMENTS = [
    *("CartPole-v1", None),
    *(
        says("vectors", Spaces(Discrete(16), COIN)),
        says("FlattenObservation", Spaces(Box(0, 1, (8, 8)), COIN)),
    ),
    *(
        says("Discrete(k), k at least 2 and from 0", Spaces(PLANE, actions))
        for actions in (MultiDiscrete([2, 2]), Discrete(2, start=1), Discrete(1))
    ),
    *(
        says("of real numbers", Spaces(PLANE, actions))
        for actions in (Box(0, 1, (2, 2)), Box(0, 9, (2,), dtype=int))
    ),
]


def not_parameters(size):
    ones = [1.0] * (size - 1)
    return [
        *([[1.0, 2.0]], 1.0, ["a", "b"], [1j, 1.0], [[1.0], [1.0, 2.0]], None),
        *(says("must be finite", [bad, *ones]) for bad in (NAN, INF)),
        says(f"must have {size} entries", ones),
    ]


def of_a_policy(policy, size, wrong_theta):
    start = Example(policy.initial, rng=np.random.default_rng(0), last_layer=0.0)
    at = Example(policy.at, theta=np.ones(size), observations=SPOT)
    return [
        *start.refuses("rng", *NOT_GENERATORS),
        *start.refuses("last_layer", *NOT_LAST_LAYERS),
        *at.refuses("theta", *not_parameters(size), *wrong_theta),
        *at.refuses("observations", *NOT_OBSERVATIONS),
    ]


def of_its_actions(here, actions, not_actions, elsewhere):
    kind, size = type(here).__name__, here.fisher().shape[0]
    others = [says(f"must be {kind} at the same 3", bad) for bad in (*elsewhere, np.ones(17), None)]
    return [
        *Example(here.sample, rng=np.random.default_rng(0)).refuses("rng", *NOT_GENERATORS),
        *Example(here.log_prob, actions=actions).refuses("actions", *not_actions),
        *Example(here.scores, actions=actions).refuses("actions", *not_actions),
        *Example(here.gradient, actions=actions, weights=[1, 2, 3]).refuses("actions", *not_actions),
        *Example(here.gradient, actions=actions, weights=[1, 2, 3]).refuses("weights", *NOT_WEIGHTS),
        *Example(here.kl, new=here).refuses("new", *others),
        *Example(here.kl_gradient, old=here).refuses("old", *others),
        *Example(here.fisher_product, v=np.ones(size)).refuses("v", *not_parameters(size)),
    ]


SHAPE = {"inputs": 2, "hidden": (3,), "observation_scale": [1.0, 2.0]}
NEW_SOFTMAX = Example(SoftmaxPolicy, actions=2, dtype=np.float32, **SHAPE)
NEW_GAUSSIAN = Example(GaussianPolicy, actions=1, chart="std", dtype=np.float32, **SHAPE)
FITTING = Example(for_environment, environment=Spaces(PLANE, Box(-1, 1, (1,))), chart="std")
CHOICES, PLACES = SoftmaxPolicy(2, 2, (3,)), GaussianPolicy(2, 1, chart="std")
CHOSEN, PLACED = CHOICES.at(np.ones(17), SPOT), PLACES.at(np.ones(4), SPOT)

REFUSED = [
    *(fact for name, bad in NOT_SHAPES.items() for fact in NEW_SOFTMAX.refuses(name, *bad)),
    *(fact for name, bad in NOT_SHAPES.items() for fact in NEW_GAUSSIAN.refuses(name, *bad)),
    *(fact for name, bad in NOT_SHAPES.items() if name != "inputs" for fact in FITTING.refuses(name, *bad)),
    *NEW_SOFTMAX.refuses("actions", *NOT_COUNTS, 1),
    *NEW_GAUSSIAN.refuses("actions", *NOT_COUNTS),
    *NEW_GAUSSIAN.refuses("chart", "variance", None),
    *FITTING.refuses("chart", "variance", None),
    *Example(SoftmaxPolicy, inputs=0, actions=2, bias=True).refuses("bias", False),
    *Example(GaussianPolicy, inputs=0, actions=1, bias=True).refuses("bias", False),
    *FITTING.takes_anything("bias"),
    *FITTING.refuses("environment", *NOT_ENVIRONMENTS),
    *of_a_policy(CHOICES, 17, []),
    *of_a_policy(PLACES, 4, [says("parameter space", [1.0, 1.0, 1.0, bad]) for bad in (0.0, -0.1)]),
    *Example(PLACES.initial, rng=np.random.default_rng(0), log_std=-1.0).refuses(
        "log_std", *NOT_NUMBERS, 1000.0, -1000.0
    ),
    *of_its_actions(CHOSEN, [0, 1, 1], NOT_CHOICES, [CHOICES.at(np.ones(17), SPOT[:2]), PLACED]),
    *of_its_actions(PLACED, [[0.0], [1.0], [2.0]], NOT_PLACES, [PLACES.at(np.ones(4), SPOT[:2]), CHOSEN]),
]
test_works, test_refused = refusal_tests(REFUSED)
