"""The result of an update rule, and the comparison of two policies that every rule ends with."""

from dataclasses import dataclass

import numpy as np

from ngbook._check import arrays as check
from ngbook._domain import OutsideDomain


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """Parameters that an update rule arrived at, and how far they are from those it began with.

    Attributes
    ----------
    theta : ndarray of shape (p,)
        The new parameters, or the old ones if the step was rejected.
    kl : float
        KL(old || new), exact at each observation and averaged over the batch; 0 if rejected.
    improvement : float
        Gain of the surrogate, the mean of (ratio − 1) times advantage; 0 if rejected.
    entropy : float
        Mean entropy of the old policy, in nats.
    backtracks : int
        Number of times that the line search shortened the step.
    reason : str
        Why the step was rejected; empty if it was accepted.
    dropped : int
        Number of episodes that the batch holds only in part, and that a rule for whole ones left out.
    """

    theta: np.ndarray
    kl: float = 0.0
    improvement: float = 0.0
    entropy: float
    backtracks: int = 0
    reason: str = ""
    dropped: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the parameters were changed."""
        return not self.reason


def samples_of(policy, batch, advantages) -> tuple:
    """Select the states, actions and advantages of a batch's valid steps, one in each row."""
    advantages = check.step_values(advantages, batch, "advantages")
    if np.abs(advantages).max() > np.finfo(policy.dtype).max:
        raise ValueError(f"advantages must be finite in {policy.dtype}, but are not: standardise them")
    return batch.flat(batch.observations), batch.flat(batch.actions), batch.flat(advantages)


def rejected(theta, old, reason) -> Step:
    """Stay at the old parameters."""
    return Step(theta=theta, entropy=float(old.entropy().mean()), reason=reason)


def assess(policy, old, theta, candidate, samples, backtracks=0) -> Step:
    """Compare the policy at a candidate with the old one: the step there, or its rejection.

    It is rejected outside the parameter space, and where a ratio or the divergence overflows.
    """
    states, actions, advantages = samples
    try:
        new = policy.at(candidate, states)
    except OutsideDomain as error:
        return rejected(theta, old, str(error))
    ratio = np.exp(new.log_prob(actions) - old.log_prob(actions))  # eq-trpo-ratio
    kl, improvement = float(old.kl(new).mean()), float(np.mean((ratio - 1) * advantages))
    if not np.isfinite(kl + improvement):
        return rejected(theta, old, f"the step is much too long: KL divergence {kl:g}, gain {improvement:g}")
    entropy = float(old.entropy().mean())
    return Step(theta=candidate, kl=kl, improvement=improvement, entropy=entropy, backtracks=backtracks)
