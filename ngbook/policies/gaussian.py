"""A Gaussian policy: real numbers around a mean from a network, with a spread that is learned beside it."""

import math

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain
from ngbook.policies.actions import NEAR, Actions, exp_remainder
from ngbook.policies.policy import Policy

SMALLEST = {np.dtype(dtype): 2 / float(np.finfo(dtype).max) ** 0.5 for dtype in (np.float32, np.float64)}
"""The spread below which the Fisher matrix, up to 2/σ², is not finite."""


class GaussianPolicy(Policy):
    """Draw k real numbers, independent and normal, around the network's outputs.

    The k standard deviations do not depend on the observation. They are the last k entries of theta in
    the chart ``"std"``; in the chart ``"log_std"`` their logarithms are, and then every theta is allowed for
    which neither σ² nor 1/σ² overflows.
    With ``inputs=0`` theta is (μ, σ) or (μ, log σ). Actions are not clipped, because bounds are the
    environment's: ``Rollouts`` clips what it passes on to a bounded one, and its batch keeps what was drawn.

    Parameters
    ----------
    inputs : int
        Length of an observation; 0 for a policy that ignores it.
    actions : int
        Length k of an action.
    hidden : tuple of int
        Widths of the tanh layers: ``()`` for a linear policy, ``(32,)``, ``(64, 64)``.
    observation_scale : ndarray of shape (inputs,) or None
        Factor of each entry of an observation, so that it is of order one.
    chart : str
        ``"log_std"`` or ``"std"``: what the last k parameters are.
    dtype : type
        ``float``, or ``np.float32``, which is twice as fast.
    bias : bool
        Whether the layers have biases. Without them a linear policy is linear in what it observes, and no
        more: for features that add up to 1, a bias would be redundant, and the Fisher matrix singular.

    Attributes
    ----------
    size : int
        The number of parameters p.
    """

    def __init__(
        self, inputs, actions, hidden=(), observation_scale=None, chart="log_std", dtype=float, bias=True
    ):
        self.actions = k = check.count(actions, "actions")
        self.chart = check.one_of("log_std", "std")(chart, "chart")
        shape = {"combinations": np.eye(k), "constants": k, "bias": bias}
        super().__init__(inputs, hidden, observation_scale, dtype, **shape)

    def initial(self, rng: np.random.Generator, log_std=0.0, last_layer=0.01):
        """Draw parameters to start from, with means near zero.

        As for a softmax policy; and ``log_std``, between ±80, is the logarithm of every standard deviation,
        in either chart.
        """
        theta = super().initial(rng, last_layer)
        log_std = check.number(log_std, "log_std", least=-80, most=80)
        theta[-self.actions :] = log_std if self.chart == "log_std" else math.exp(log_std)
        return theta

    def _actions(self, theta, observations):
        return GaussianActions(self._network, theta, observations, self.chart)


class GaussianActions(Actions):
    """The distributions of a Gaussian policy's actions at n observations. Made by ``GaussianPolicy.at``.

    Attributes
    ----------
    mean : ndarray of shape (n, k)
        The network's outputs.
    std, log_std : ndarray of shape (k,)
        The standard deviations, the same at every observation, and their logarithms.
    chart : str
        Which of the two the last parameters are.
    """

    def __init__(self, network, theta, observations, chart):
        super().__init__(network, theta, observations)
        self.chart = chart
        self.mean = self._evaluated.outputs
        spread = self._evaluated.constants
        with np.errstate(over="ignore"):  # a spread that overflows is refused in the next line
            self.std = spread if chart == "std" else np.exp(spread)
        if not SMALLEST[spread.dtype] < self.std.min() <= self.std.max() < 1 / SMALLEST[spread.dtype]:
            raise OutsideDomain(
                "theta is outside the parameter space: the standard deviations must be above 0, with finite "
                f"squares and inverse squares in {spread.dtype}, but are {self.std}: shorten the step"
            )
        self.log_std = np.log(spread) if chart == "std" else spread

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """Draw one action for each observation, of shape (n, k) and without bounds, with k normal numbers."""
        noise = check.generator(rng).standard_normal(self.mean.shape, dtype=self._network.dtype)
        return self.mean + self.std * noise

    def log_prob(self, actions) -> np.ndarray:
        """Evaluate the log-density of one action for each observation, summed over its k numbers: (n,)."""
        standard = (self._as_actions(actions) - self.mean) / self.std
        normalisation = self.log_std.sum() + len(self.std) * math.log(2 * math.pi) / 2
        return -np.sum(standard**2, axis=1) / 2 - self._network.dtype.type(normalisation)

    def entropy(self) -> np.ndarray:
        """Evaluate the differential entropy in nats, of shape (n,): alike at all observations."""
        entropy = self.log_std.sum() + len(self.std) * (1 + math.log(2 * math.pi)) / 2
        return np.full(len(self), entropy, self._network.dtype)

    def kl(self, new) -> np.ndarray:
        """Evaluate KL(self ‖ new) at each observation, in nats: the old one's actions are averaged over.

        For each number of an action, (eᵗ − 1 − t)/2 with t = 2 log(σ_old/σ_new), plus half the square of the
        change of the mean in units of σ_new. No term is negative, and a short step keeps its digits.

        Parameters
        ----------
        new : GaussianActions
            The distribution at other parameters, in either chart. Other observations (as the network reads
            them) are refused.

        Returns
        -------
        ndarray of shape (n,)
            At least 0, summed over the k numbers of an action.
        """
        self._check_same_kind(new, "new")
        if self.chart == new.chart == "std":
            t = 2 * np.log1p((self.std - new.std) / new.std)
        else:
            t = 2 * (self.log_std - new.log_std)
        spread = np.where(np.abs(t) < NEAR, exp_remainder(np.clip(t, -NEAR, NEAR)), np.expm1(t) - t)
        return np.sum(((self.mean - new.mean) / new.std) ** 2 + spread, axis=1) / 2

    def _output_scores(self, actions):
        """The gradient of log p(a) in the mean, and beside it in the spread."""
        standard = (actions - self.mean) / self.std
        return np.hstack([standard / self.std, (standard**2 - 1) * self._spread_rate()])

    def _output_fisher_product(self, tangent):
        """Diagonal: 1/σ² for the mean; 2 for log σ, and 2/σ² for σ."""
        return tangent * np.concatenate([self.std**-2, 2 * self._spread_rate() ** 2])

    def _output_kl_gradient(self, old):
        difference = (self.mean - old.mean) / self.std
        squares = (old.std / self.std) ** 2 + difference**2
        return np.hstack([difference / self.std, (1 - squares) * self._spread_rate()])

    def _spread_rate(self):
        """d log σ / d spread: 1 in the chart log σ, and 1/σ in the chart σ."""
        return np.ones_like(self.std) if self.chart == "log_std" else 1 / self.std

    def _as_actions(self, actions):
        return self._as_finite(actions, "actions", self.mean.shape)
