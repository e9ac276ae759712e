"""The base of both kinds of policy: a network, and the validation of its parameters and observations."""

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain
from ngbook.policies.network import Network


class Policy:
    """A distribution over actions for each observation, by a network with parameters theta."""

    @check.arguments(inputs=check.count_or_zero, dtype=check.precision)
    def __init__(self, inputs, hidden, observation_scale, dtype, *, combinations, constants, bias):
        self.inputs, self._scale = inputs, None
        if not isinstance(hidden, (tuple, list)):
            raise ValueError(f"hidden must be a tuple of widths such as (64, 64), but is {hidden!r}")
        self.hidden = tuple(check.count(width, "each width in hidden") for width in hidden)
        if self.hidden and not self.inputs:
            raise ValueError(f"hidden must be () in a policy without inputs, but is {hidden!r}")
        self.bias = bool(bias)
        if not (self.bias or self.inputs):
            raise ValueError(
                f"bias must be True in a policy without inputs, but is {bias!r}: nothing is left"
            )
        if observation_scale is not None:
            self._scale = check.vector(observation_scale, "observation_scale", self.inputs).astype(dtype)
        self._network = Network(self.inputs, self.hidden, combinations, constants, dtype, self.bias)
        self.size, self.dtype = self._network.size, self._network.dtype

    def initial(self, rng: np.random.Generator, last_layer=0.01):
        """Draw parameters to start from, with which all actions are nearly alike.

        Biases are zero; weights are normal, with a variance of one over the number of values that a unit
        reads. Those of the last layer are multiplied with ``last_layer``, at least 0.
        """
        return self._network.initial(check.generator(rng), check.not_negative(last_layer, "last_layer"))

    def at(self, theta, observations):
        """Find the distributions of actions at some observations.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            The parameters.
        observations : ndarray of shape (n, inputs)
            One observation per row, in the environment's units.

        Returns
        -------
        SoftmaxActions or GaussianActions
            One distribution per observation.

        Raises
        ------
        ngbook.OutsideDomain
            If a parameter is not finite, or a standard deviation is not above 0, or so small or large that
            1/σ² or σ² overflows (a logarithm beyond ±354, or ±43 in float32).
        """
        return self._actions(self._as_theta(theta), self._as_observations(observations))

    def _as_theta(self, theta):
        """Copy theta, so that a change in place does not reach what was computed from it."""
        theta = check.in_precision(theta, "theta", self.dtype)
        if theta.shape != (self.size,):
            check.vector(theta, "theta", self.size)  # which says what is wrong
        if not np.isfinite(theta).all():
            first = int(np.argmin(np.isfinite(theta)))
            raise OutsideDomain(f"theta must be finite in {self.dtype}, but theta[{first}] is {theta[first]}")
        return theta.copy()

    def _as_observations(self, observations):
        """Scale observations of shape (n, inputs)."""
        observations = check.in_precision(observations, "observations", self.dtype)
        if observations.ndim != 2 or not len(observations) or self.inputs not in (0, observations.shape[1]):
            raise ValueError(
                f"observations must have shape (n, {self.inputs}), n at least 1, but have shape "
                f"{observations.shape}: a single one is written observation[None]"
            )
        if not self.inputs:
            return observations[:, :0]
        check.finite_rows(observations, "observations", "check the environment")
        return observations if self._scale is None else observations * self._scale
