"""Shares, and arrays with one number a step: what the files of this package check first."""

import numpy as np

from ngbook._arrays import as_floats
from ngbook.policy_gradient.batch import Batch
from ngbook.solve import as_number


def as_share(value, name):
    """A number from 0 to 1, both allowed."""
    number = as_number(value, name)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must be between 0 and 1, but is {number:g}")
    return number


def as_batch(batch):
    """A batch, with at least one step in it that was decided."""
    if not isinstance(batch, Batch):
        raise ValueError(
            f"batch must be a Batch, but is a {type(batch).__name__}: Rollouts(...).collect(...)"
        )
    if not batch.valid.any():
        raise ValueError(f"batch has no valid step among its {batch.valid.size}: collect more steps")
    return batch


def as_policy(policy):
    """What has a distribution of actions at parameters and observations."""
    if not (hasattr(policy, "at") and hasattr(policy, "size") and hasattr(policy, "inputs")):
        raise ValueError(
            f"policy must be a SoftmaxPolicy or a GaussianPolicy, but is {policy!r}: "
            "policies.for_environment makes one"
        )
    return policy


def as_step_values(values, batch, name):
    """One finite number for every step of a batch, ndarray of shape (T, n); 0 where it is not valid."""
    as_batch(batch)
    values = as_floats(values, name)
    if values.shape != batch.valid.shape:
        raise ValueError(
            f"{name} must hold one number a step, shape {batch.valid.shape}, but have shape {values.shape}"
        )
    finite = np.isfinite(values) | ~batch.valid
    if not finite.all():
        step, environment = np.argwhere(~finite)[0]
        raise ValueError(
            f"{name} must be finite, but at step {step} of environment {environment} the entry is "
            f"{values[step, environment]}: check the rewards and the baseline"
        )
    return values if batch.valid.all() else np.where(batch.valid, values, 0.0)
