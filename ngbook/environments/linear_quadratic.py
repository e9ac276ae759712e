"""A linear-quadratic task: hold a point at the origin of a line, against noise, by small moves.

The state moves as s' = s + a + qξ with a standard normal ξ, and a step costs s² + ca². A policy that draws
a from N(ks, σ²) keeps the state's second moment in closed form: m' = (1 + k)²m + σ² + q², from m = s₀². The
objective, its gradient and the Fisher matrix of trajectories are sums of these moments.

The functions take ``theta``, k and log σ: the parameters of ``GaussianPolicy(1, 1, bias=False)``;
``horizon``, the number H of actions; and the task's constants, as ``LinearQuadratic`` does. A gain k that
makes the state explode has the objective −∞ at last. Bad input raises ``ValueError``.
"""

import numpy as np
from gymnasium.spaces import Box

from ngbook._check import arrays as check
from ngbook.environments.fixed_length import FixedLengthEnvironment


class LinearQuadratic(FixedLengthEnvironment):
    """The linear-quadratic task, in many copies.

    Observations are positions and actions are displacements, both float64 of shape (num_envs, 1), and both
    unbounded. The reward −(s² + ca²) has the position before the move. Every episode begins at ``start`` and
    has ``horizon`` actions; the last one *terminates* it, because the horizon is part of the task.

    Parameters
    ----------
    num_envs : int
        How many copies, at least 1.
    horizon : int
        H, the number of actions in an episode.
    noise : float
        q, the standard deviation of what disturbs each move; at least 0.
    action_cost : float
        c, at least 0.
    start : float
        s₀, where every episode begins.
    """

    ends_by_termination = True

    @check.arguments(noise=check.not_negative, action_cost=check.not_negative, start=check.number)
    def __init__(self, num_envs=1, horizon=10, noise=0.1, action_cost=1.0, start=1.0):
        self.horizon = check.count(horizon, "horizon")
        self.noise, self.action_cost, self.start = noise, action_cost, start
        line = Box(-np.inf, np.inf, (1,), np.float64)
        super().__init__(num_envs, self.horizon, line, Box(-np.inf, np.inf, (1,), np.float64))

    def _begin(self, options):
        self._position = np.full((self.num_envs, 1), self.start)

    def _observe(self):
        return self._position.copy()

    def _move(self, actions):
        before = self._position
        disturbance = self.noise * self.np_random.standard_normal(before.shape)
        self._position = before + actions + disturbance
        return -(before**2 + self.action_cost * actions**2)[:, 0]


@np.errstate(all="ignore")
def linear_quadratic_objective(theta, horizon=10, noise=0.1, action_cost=1.0, start=1.0) -> float:
    """Compute J = −((1 + ck²)M + Hcσ²), the mean of the sum of H rewards, where M is the sum of H moments."""
    gain, variance = _gain_and_variance(theta)
    n, cost = check.count(horizon, "horizon"), check.not_negative(action_cost, "action_cost")
    total, _ = _moments(gain, variance, n, noise, start)
    return float(-((1 + cost * gain**2) * total + n * cost * variance))


@np.errstate(all="ignore")
def linear_quadratic_gradient(theta, horizon=10, noise=0.1, action_cost=1.0, start=1.0):
    """Differentiate the objective in k and log σ, exactly: ndarray of shape (2,).

    In the chart (k, σ) the second derivative is that in log σ, divided by σ.
    """
    gain, variance = _gain_and_variance(theta)
    n, cost = check.count(horizon, "horizon"), check.not_negative(action_cost, "action_cost")
    total, slopes = _moments(gain, variance, n, noise, start)
    explicit = np.array([2 * cost * gain * total, 2 * n * cost * variance])
    return -(explicit + (1 + cost * gain**2) * slopes)


def linear_quadratic_fisher(theta, horizon=10, noise=0.1, start=1.0):
    """Compute the Fisher matrix of trajectories in k and log σ: diag(M/σ², 2H), of shape (2, 2).

    M is the sum of the H moments E s_t². The mean over steps is 1/H of it; in the chart (k, σ) it is
    diag(M, 2H)/σ².
    """
    gain, variance = _gain_and_variance(theta)
    n = check.count(horizon, "horizon")
    total, _ = _moments(gain, variance, n, noise, start)
    return np.diag([total / variance, 2.0 * n])


def _gain_and_variance(theta):
    gain, log_std = check.vector(theta, "theta = (k, log sigma)", 2)
    check.number(log_std, "theta's log sigma", least=-300, most=300)
    return gain, np.exp(2 * log_std)


@np.errstate(all="ignore")  # infinite is what they are then
def _moments(gain, variance, horizon, noise, start):
    """The sum M of E s_t² over H steps, and its derivatives in k and log σ."""
    noise, start = check.not_negative(noise, "noise"), check.number(start, "start")
    rate = (1 + gain) ** 2
    moment, slope = start**2, np.zeros(2)
    total, slopes = 0.0, np.zeros(2)
    for _ in range(horizon):
        total, slopes = total + moment, slopes + slope
        slope = rate * slope + [2 * (1 + gain) * moment, 2 * variance]
        moment = rate * moment + variance + noise**2
    return total, slopes
