"""The task of the paper's Figure 4: stay near the origin of a line, without moving much.

From s = 0 an agent takes n actions; each is added to its position, ``s + a``, and costs a² and the square of
the position. With independent actions from N(μ, σ²) the return is a quadratic form of n Gaussians, so that
its mean, its variance and the gradient are polynomials in μ, σ and n.
"""

import numpy as np
from gymnasium.spaces import Box

from ngbook import _check as check
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
        n, the number of actions in an episode; the paper's T + 1.
    reward_at : str
        ``"before"`` or ``"after"``: the position that the reward −s² − a² refers to, before or after
        the move. The paper does not say which.

    Raises
    ------
    ValueError
        If a number is not whole and above 0, or ``reward_at`` is another word.
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


def line_walk_objective(theta, horizon, reward_at="before"):
    """The expected return of the line walk, −(Aμ² + Bσ²) (eq-policy-gradients-line-walk).

    Parameters
    ----------
    theta : ndarray of shape (2,)
        μ and σ, mean and standard deviation of every action; σ above 0.
    horizon : int
        n, the number of actions.
    reward_at : str
        ``"before"`` or ``"after"`` the move.

    Returns
    -------
    float
        J, a sum over the n rewards.

    Raises
    ------
    ValueError
        If an argument does not fit, or σ is not above 0.
    """
    mean, deviation = _mean_and_deviation(theta)
    mean_weight, variance_weight = line_walk_coefficients(horizon, reward_at)
    return -(mean_weight * mean**2 + variance_weight * deviation**2)


def line_walk_gradient(theta, horizon, reward_at="before"):
    """The gradient of the expected return, (−2Aμ, −2Bσ) (eq-policy-gradients-line-walk-gradient).

    Parameters
    ----------
    theta : ndarray of shape (2,)
        μ and σ, mean and standard deviation of every action; σ above 0.
    horizon : int
        n, the number of actions.
    reward_at : str
        ``"before"`` or ``"after"`` the move.

    Returns
    -------
    ndarray of shape (2,)
        The partial derivatives of J by μ and by σ, in this chart: by log σ the second one is σ times it.

    Raises
    ------
    ValueError
        If an argument does not fit, or σ is not above 0.
    """
    mean, deviation = _mean_and_deviation(theta)
    mean_weight, variance_weight = line_walk_coefficients(horizon, reward_at)
    return np.array([-2 * mean_weight * mean, -2 * variance_weight * deviation])


def line_walk_return_variance(theta, horizon, reward_at="before"):
    """The variance of the return of one episode (eq-policy-gradients-line-walk-variance).

    The return is −aᵀWa for the vector a of the n actions, with the matrix W = I + LᵀL, where L adds up the
    actions before (or up to) each reward. For independent Gaussian actions its variance
    is 2σ⁴ tr(W²) + 4μ²σ² ‖W1‖², and both sums are polynomials in n.

    Parameters
    ----------
    theta : ndarray of shape (2,)
        μ and σ, mean and standard deviation of every action; σ above 0.
    horizon : int
        n, the number of actions.
    reward_at : str
        ``"before"`` or ``"after"`` the move.

    Returns
    -------
    float
        The variance, above 0.

    Raises
    ------
    ValueError
        If an argument does not fit, or σ is not above 0.
    """
    mean, deviation = _mean_and_deviation(theta)
    n, sign = check.count(horizon, "horizon"), _sign(reward_at)
    trace = n * (n**3 + 2 * sign * n**2 + 8 * n + 6 + 7 * sign) // 6  # tr(W²)
    row_sums = n * (4 * n**4 + 10 * sign * n**3 + 30 * n**2 + 35 * sign * n + 41) // 30  # ‖W1‖²
    return 2 * trace * deviation**4 + 4 * row_sums * mean**2 * deviation**2


def line_walk_coefficients(horizon, reward_at="before"):
    """A and B in the expected return −(Aμ² + Bσ²) (eq-policy-gradients-line-walk).

    Parameters
    ----------
    horizon : int
        n, the number of actions.
    reward_at : str
        ``"before"`` the move: A = n(2n² − 3n + 7)/6 and B = n(n + 1)/2; or ``"after"`` it:
        A = n(2n² + 3n + 7)/6 and B = n(n + 3)/2.

    Returns
    -------
    tuple of int
        A and B, exactly.

    Raises
    ------
    ValueError
        If the horizon is not a whole number above 0, or ``reward_at`` is another word.
    """
    n, sign = check.count(horizon, "horizon"), _sign(reward_at)
    return n * (2 * n**2 + 3 * sign * n + 7) // 6, n * (n + 2 + sign) // 2


def _sign(reward_at):
    if not isinstance(reward_at, str) or reward_at not in SIGN:
        raise ValueError(f"reward_at must be 'before' or 'after' (the move), but is {reward_at!r}")
    return SIGN[reward_at]


def _mean_and_deviation(theta):
    mean, deviation = check.vector(theta, "theta = (mu, sigma)", 2).tolist()
    if not deviation > 0:
        raise ValueError(
            f"sigma must be greater than 0, but theta = (mu, sigma) is ({mean:g}, {deviation:g}): a step has "
            "left the parameter space; shorten it, or use the chart (mu, log sigma)"
        )
    return mean, deviation
