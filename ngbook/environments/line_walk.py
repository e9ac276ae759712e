"""The task of the paper's Figure 4: stay near the origin of a line, without moving much.

From s = 0 an agent takes H actions; each is added to its position, ``s + a``, and costs a² and the square of
the position. With independent actions from N(μ, σ²) the return is a quadratic form of H Gaussians, so that
its mean, its variance and the gradient are polynomials in μ, σ and H.

The functions take ``theta``, μ and σ with σ above 0; ``horizon``, the number H of actions; and ``reward_at``,
``"before"`` or ``"after"`` the move. Other values raise ``ValueError``.
"""

import numpy as np
from gymnasium.spaces import Box

from ngbook._check import arrays as check
from ngbook.environments.fixed_length import FixedLengthEnvironment

SIGN = {"before": -1, "after": +1}


class LineWalk(FixedLengthEnvironment):
    """The line walk of the paper's Figure 4, in many copies.

    Observations are positions and actions are displacements, both float64 of shape (num_envs, 1), and both
    unbounded. Every episode begins at 0 and has ``horizon`` actions; the last one *terminates* it,
    because the horizon is part of the task and there is no future to be estimated.

    Parameters
    ----------
    num_envs : int
        How many copies, at least 1.
    horizon : int
        H, the number of actions in an episode; the paper's T + 1.
    reward_at : str
        ``"before"`` or ``"after"``: the position that the reward −s² − a² refers to, before or after
        the move. The paper does not say which.
    """

    ends_by_termination = True

    def __init__(self, num_envs=1, horizon=10, reward_at="before"):
        self.horizon = check.count(horizon, "horizon")
        self.reward_at = reward_at
        _sign(reward_at)
        line = Box(-np.inf, np.inf, (1,), np.float64)
        super().__init__(num_envs, self.horizon, line, Box(-np.inf, np.inf, (1,), np.float64))

    def _begin(self, options):
        self._position = np.zeros((self.num_envs, 1))

    def _observe(self):
        return self._position.copy()

    def _move(self, actions):
        before = self._position
        self._position = before + actions
        position = before if self.reward_at == "before" else self._position
        return -(position**2 + actions**2)[:, 0]


def line_walk_coefficients(horizon, reward_at="before") -> tuple[int, int]:
    """Compute K_μ and K_σ of the expected return −(K_μμ² + K_σσ²), exactly (eq-policy-gradients-line-walk).

    Before the move, K_μ = H(2H² − 3H + 7)/6 and K_σ = H(H + 1)/2; after it, K_μ = H(2H² + 3H + 7)/6 and
    K_σ = H(H + 3)/2.
    """
    n, sign = check.count(horizon, "horizon"), _sign(reward_at)
    return n * (2 * n**2 + 3 * sign * n + 7) // 6, n * (n + 2 + sign) // 2


def line_walk_objective(theta, horizon, reward_at="before") -> float:
    """Compute J = −(K_μμ² + K_σσ²), the mean of the sum of H rewards (eq-policy-gradients-line-walk)."""
    mean, deviation = _mean_and_deviation(theta)
    A, B = line_walk_coefficients(horizon, reward_at)
    return -(A * mean**2 + B * deviation**2)


def line_walk_gradient(theta, horizon, reward_at="before"):
    """Differentiate the expected return: (−2K_μμ, −2K_σσ) (eq-policy-gradients-line-walk-gradient).

    In the chart (μ, log σ) the second derivative would be σ times this one.
    """
    mean, deviation = _mean_and_deviation(theta)
    A, B = line_walk_coefficients(horizon, reward_at)
    return np.array([-2 * A * mean, -2 * B * deviation])


def line_walk_return_variance(theta, horizon, reward_at="before") -> float:
    """Compute the variance of the return of one episode (eq-policy-gradients-line-walk-variance).

    The return is −aᵀWa for the vector a of the H actions, with the matrix W = I + LᵀL, where L adds up the
    actions before (or up to) each reward. For independent Gaussian actions its variance
    is 2σ⁴ tr(W²) + 4μ²σ² ‖W1‖², and both sums are polynomials in H.
    """
    mean, deviation = _mean_and_deviation(theta)
    n, sign = check.count(horizon, "horizon"), _sign(reward_at)
    trace = n * (n**3 + 2 * sign * n**2 + 8 * n + 6 + 7 * sign) // 6  # tr(W²)
    row_sums = n * (4 * n**4 + 10 * sign * n**3 + 30 * n**2 + 35 * sign * n + 41) // 30  # ‖W1‖²
    return 2 * trace * deviation**4 + 4 * row_sums * mean**2 * deviation**2


def _sign(reward_at):
    return SIGN[check.one_of(*SIGN)(reward_at, "reward_at")]


def _mean_and_deviation(theta):
    mean, deviation = check.vector(theta, "theta = (mu, sigma)", 2).tolist()
    if not deviation > 0:
        raise ValueError(f"theta has sigma = {deviation:g}, not above 0: shorten the step, or use log sigma")
    return mean, deviation
