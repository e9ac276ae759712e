"""Transitions collected from n environments over T steps: time first, then environment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class Batch:
    """Transitions of n environments in T steps.

    Attributes
    ----------
    observations : ndarray of shape (T, n, k)
        Observation before each action.
    actions : ndarray of shape (T, n) or (T, n, m)
        Action drawn by the policy: a whole number, or a vector of m real numbers.
    rewards : ndarray of shape (T, n)
        Reward received after each action.
    terminated : ndarray of shape (T, n)
        Whether the task was over after this step: nothing comes after it.
    truncated : ndarray of shape (T, n)
        Whether the episode was cut off after this step although the task went on. Never true together
        with ``terminated``.
    valid : ndarray of shape (T, n)
        False for a step that only reset an environment (autoreset mode ``NEXT_STEP``): nothing was
        decided there, and every estimate leaves it out.
    ages : ndarray of shape (T, n)
        Number of actions that the episode had seen before: the time index t of s_t and a_t.
    next_observations : ndarray of shape (T, n, k)
        Observation after each action; where an episode ended, its true last one.
    episode_returns : ndarray of shape (m,)
        Undiscounted total reward of each episode that ended in this batch, from its beginning, in
        the order of their ends.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    valid: np.ndarray
    ages: np.ndarray
    next_observations: np.ndarray
    episode_returns: np.ndarray

    @cached_property
    def ended(self) -> np.ndarray:
        """Whether an episode ended, one way or the other, of shape (T, n)."""
        return self.terminated | self.truncated

    def __len__(self):
        """Return the number of valid steps, N."""
        return int(np.count_nonzero(self.valid))

    def flat(self, values) -> np.ndarray:
        """Select the N valid steps of an array of shape (T, n, ...): shape (N, ...), in the order of time."""
        values = np.asarray(values)
        if values.shape[:2] != self.valid.shape:
            raise ValueError(f"values must have shape {self.valid.shape}, as steps, but have {values.shape}")
        return values[self.valid]
