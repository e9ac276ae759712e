"""What the two kinds of policy share: a network, and the check of what it is given."""

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain
from ngbook.policies.network import Network


class Policy:
    """A distribution over actions for each observation, by a network with parameters theta."""

    def __init__(self, inputs, outputs, hidden, observation_scale, dtype, *, combinations, constants):
        self.inputs = check.count(inputs, "inputs", 0)
        if not isinstance(hidden, (tuple, list)):
            raise ValueError(f"hidden must be a tuple of widths such as (64, 64), but is {hidden!r}")
        self.hidden = tuple(check.count(width, "each width in hidden", 1) for width in hidden)
        if self.hidden and not self.inputs:
            raise ValueError(
                f"a policy without inputs has nothing to transform: use hidden=(), not {hidden!r}"
            )
        if dtype not in (float, np.float32, np.float64, "float32", "float64"):
            raise ValueError(f"dtype must be float (which is float64) or float32, but is {dtype!r}")
        self._scale = None
        if observation_scale is not None:
            self._scale = check.vector(observation_scale, "observation_scale", self.inputs).astype(dtype)
        self._network = Network(self.inputs, outputs, self.hidden, combinations, constants, dtype)

    @property
    def size(self):
        """The number of parameters p."""
        return self._network.size

    @property
    def dtype(self):
        """The dtype of theta and of everything computed from it."""
        return self._network.dtype

    def _as_theta(self, theta):
        """A copy, so that a theta that is changed in place does not reach what was computed from it."""
        theta = check.in_precision(theta, "theta", self.dtype)
        if theta.shape != (self.size,):
            check.vector(theta, "theta", self.size)  # which says what is wrong
        if not np.isfinite(theta).all():
            first = int(np.argmin(np.isfinite(theta)))
            raise OutsideDomain(f"theta must be finite in {self.dtype}, but theta[{first}] is {theta[first]}")
        return theta.copy()

    def _as_observations(self, observations):
        """Observations of shape (n, inputs), scaled."""
        observations = check.in_precision(observations, "observations", self.dtype)
        if observations.ndim != 2 or not len(observations):
            raise ValueError(
                f"observations must have shape (n, {self.inputs}), n at least 1, but have shape "
                f"{observations.shape}: a single one is written observation[None]"
            )
        if not self.inputs:
            return observations[:, :0]
        if observations.shape[1] != self.inputs:
            raise ValueError(
                f"observations must have shape (n, {self.inputs}), but have {observations.shape}: make the "
                "policy with for_environment"
            )
        finite = np.isfinite(observations)
        if not finite.all():
            bad = ~finite.all(axis=1)
            raise ValueError(
                f"observations must be finite, but {bad.sum()} of {len(bad)} rows are not, the first being "
                f"row {np.argmax(bad)}: {observations[np.argmax(bad)]}; check the environment"
            )
        return observations if self._scale is None else observations * self._scale

    def _initial(self, rng, last_layer):
        last_layer = check.not_negative(last_layer, "last_layer")
        return self._network.initial(check.generator(rng), last_layer)
