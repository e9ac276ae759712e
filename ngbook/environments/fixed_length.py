"""The base of the book's own tasks: all copies begin and end their episodes together."""

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ngbook._check import arrays as check


class FixedLengthEnvironment(VectorEnv):
    """Copies of a task whose every episode has the same number of steps.

    All copies therefore end at the same step, and one counter serves them all. At that step, and not at
    the one after it, they begin anew (Gymnasium's ``AutoresetMode.SAME_STEP``): ``step`` returns the first
    observations of the next episode, and ``info["final_obs"]`` has the last ones of the episode that ended.
    So each step is a decision, and k times the length of an episode is k whole episodes of every copy.

    A task says how it begins (``_begin``), what is seen of it (``_observe``) and how it moves (``_move``).
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012
    ends_by_termination = False

    def __init__(self, num_envs, length, observation_space, action_space):
        self.num_envs = check.count(num_envs, "num_envs")
        self.length = length
        self.single_observation_space, self.single_action_space = observation_space, action_space
        self.observation_space = batch_space(observation_space, self.num_envs)
        self.action_space = batch_space(action_space, self.num_envs)
        self._age = None  # steps taken in this episode; None before the first

    def reset(self, *, seed=None, options=None):
        """Begin an episode in every copy.

        Parameters
        ----------
        seed : int or None
            Seeds the generator, ``np_random``, which all copies draw from; None goes on with it.
        options : dict or None
            Options of the task; what it does not know is ignored, as Gymnasium's own environments do.

        Returns
        -------
        tuple
            The observations, of shape (num_envs, ...), and an empty dictionary.
        """
        if options is not None and not isinstance(options, dict):
            raise ValueError(f"options must be a dictionary or None, but is {options!r}")
        try:
            super().reset(seed=seed)
        except gymnasium.error.Error as error:
            raise ValueError(f"seed must be a whole number, at least 0, or None: {error}") from error
        self._begin(options or {})
        self._age = 0
        return self._observe(), {}

    def step(self, actions):
        """Move every copy by one action.

        Parameters
        ----------
        actions : ndarray of shape (num_envs, 1)
            One action per copy.

        Returns
        -------
        tuple
            Observations, rewards (float64), terminated, truncated, all with num_envs rows, and the
            dictionary ``info``: empty, but for the last observations where an episode has ended.
        """
        if self._age is None:
            raise gymnasium.error.ResetNeeded("call reset() before step(): no episode has begun")
        real = check.in_precision(actions, "actions", float)
        actions = np.asarray(actions)  # in the precision that they have
        if actions.dtype.kind == "b" or real.shape != self.action_space.shape or not np.isfinite(real).all():
            raise ValueError(
                f"actions must be finite real numbers of shape {self.action_space.shape}, one row per copy, "
                f"but are {actions!r}: check the policy's parameters"
            )
        rewards, info = self._move(actions), {}
        observations = self._observe()
        self._age += 1
        ended = np.full(self.num_envs, self._age == self.length)
        if self._age == self.length:
            last = np.fromiter(observations, object)  # one array per copy: the form that Gymnasium documents
            info = {"final_obs": last, "_final_obs": ended, "final_info": {}, "_final_info": ended.copy()}
            self._age = 0
            self._begin({})
            observations = self._observe()
        terminated = ended & self.ends_by_termination
        return observations, rewards, terminated, ended & ~terminated, info
