"""What happened, as arrays: time first, then environment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["Batch"]


@dataclass(frozen=True, eq=False)
class Batch:
    """T calls of ``step`` on n environments: time first, then environment.

    Attributes
    ----------
    observations : ndarray of shape (T, n, k)
        What the policy saw.
    actions : ndarray of shape (T, n) or (T, n, m)
        What it chose: whole numbers, or vectors of m real numbers.
    rewards : ndarray of shape (T, n)
        What followed.
    terminated : ndarray of shape (T, n)
        Whether the task was over after this step: nothing comes after it.
    truncated : ndarray of shape (T, n)
        Whether the episode was cut off after this step although the task went on. Never true together
        with ``terminated``.
    valid : ndarray of shape (T, n)
        False for a step that only reset an environment (autoreset mode ``NEXT_STEP``): nothing was
        decided there, and every estimate leaves it out.
    ages : ndarray of shape (T, n)
        How many actions the episode had seen before: the time index t of s_t and a_t.
    next_observations : ndarray of shape (T, n, k)
        What the step led to; where an episode ended, its true last observation.
    episode_returns : ndarray of shape (m,)
        The undiscounted total reward of each episode that ended in this batch, from its beginning, in
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
    def ended(self):
        """Where an episode ended, one way or the other, ndarray of shape (T, n)."""
        return self.terminated | self.truncated

    def __len__(self):
        """The number of valid steps, N."""
        return int(np.count_nonzero(self.valid))

    def flat(self, values):
        """The valid steps of an array with one entry a step, in one row of N.

        Parameters
        ----------
        values : ndarray of shape (T, n, ...)
            Such as ``observations``, ``actions``, or advantages.

        Returns
        -------
        ndarray of shape (N, ...)
            In the order of time.

        Raises
        ------
        ValueError
            If there is not one entry a step.
        """
        values = np.asarray(values)
        if values.shape[:2] != self.valid.shape:
            raise ValueError(
                f"values must have one entry a step, shape {self.valid.shape}, but have shape {values.shape}"
            )
        if self.valid.all():
            return values.reshape(-1, *values.shape[2:])
        return values[self.valid]
