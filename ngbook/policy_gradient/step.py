"""What every rule begins with, the old policy on its batch, and what it returns, a step."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ngbook import _check as check
from ngbook._domain import OutsideDomain
from ngbook.solve import conjugate_gradient, dense_solve

__all__ = ["Step"]

DENSE_UP_TO = 64
"""The number of parameters up to which ``natural_policy_gradient`` forms its Fisher matrix."""


@dataclass(frozen=True, eq=False)
class Step:
    """What a rule did with one batch.

    Attributes
    ----------
    theta : ndarray of shape (p,)
        The new parameters, or the old ones if the step was rejected.
    accepted : bool
        Whether the parameters were changed.
    reason : str
        Empty, or why the step was rejected.
    kl : float
        KL(old || new), exact for each observation and averaged over the batch; 0 if rejected.
    improvement : float
        The gain of the surrogate, the mean of (ratio − 1) times advantage; 0 if rejected.
    size : float
        What the rule multiplied its direction with; 0 if rejected.
    halvings : int
        How often the line search shortened the step, by halves unless it was told otherwise.
    entropy : float
        The mean entropy of the old policy, in nats.
    gradient : ndarray of shape (p,)
        The estimated gradient of the mean return at the old parameters.
    """

    theta: np.ndarray
    accepted: bool
    reason: str
    kl: float
    improvement: float
    size: float
    halvings: int
    entropy: float
    gradient: np.ndarray


class Point:
    """The old policy on its batch: what every rule begins with."""

    def __init__(self, policy, theta, batch, advantages):
        self.policy = check.policy(policy)
        self.theta = check.vector(theta, "theta", policy.size)
        advantages = check.step_values(advantages, batch, "advantages")
        self.weights = batch.flat(advantages)
        self.states = batch.flat(batch.observations)
        self.actions = batch.flat(batch.actions)
        self.old = policy.at(self.theta, self.states)
        self.gradient = self.old.gradient(self.actions, self.weights)

    @cached_property
    def log_prob(self):
        """Of the actions, under the old policy."""
        return self.old.log_prob(self.actions)

    def fisher(self):
        return _Fisher(self.policy, self.old)

    def natural_gradient(self, damping):
        if self.theta.size <= DENSE_UP_TO:
            return dense_solve(self.old.fisher(), self.gradient, damping)
        found = conjugate_gradient(self.fisher(), self.gradient, damping)
        if not found.converged:
            raise ValueError(f"conjugate gradients have not found the natural gradient: {found.message}")
        return found.solution

    def try_step(self, direction, size, halvings=0):
        if not np.isfinite(size):
            return self.rejected("the gradient is too small: what it would be multiplied with is infinite")
        return self.try_point(self.theta + size * direction, size, halvings)

    def try_point(self, candidate, size, halvings=0):
        """The step to a candidate, with its exact KL, or the rejection that it is outside the space."""
        try:
            new = self.policy.at(candidate, self.states)
        except OutsideDomain as error:
            return self.rejected(str(error))
        with np.errstate(all="ignore"):  # a step that is much too long is reported, and not warned of
            ratio = np.exp(new.log_prob(self.actions) - self.log_prob)
            kl, improvement = float(self.old.kl(new).mean()), float(np.mean((ratio - 1) * self.weights))
        if not np.isfinite(kl + improvement):
            return self.rejected(
                f"the step is much too long: its KL divergence would be {kl:g} and its improvement "
                f"{improvement:g}"
            )
        return self._step(candidate, True, "", kl, improvement, size, halvings)

    def rejected(self, reason):
        return self._step(self.theta, False, reason, 0.0, 0.0, 0.0, 0)

    def _step(self, theta, accepted, reason, kl, improvement, size, halvings):
        entropy = float(self.old.entropy().mean())
        return Step(theta, accepted, reason, kl, improvement, float(size), halvings, entropy, self.gradient)


class _Fisher:
    """The Fisher matrix as its products: what a LinearOperator is, without the .2 s of importing SciPy's."""

    def __init__(self, policy, actions):
        self.matvec = actions.fisher_product
        self.dtype, self.shape = policy.dtype, (policy.size, policy.size)

    def __matmul__(self, vector):
        return self.matvec(vector)
