"""One copy of an environment of this package, for whatever wants a ``gymnasium.Env``."""

import gymnasium
import numpy as np

from ngbook.environments.line_walk import LineWalk
from ngbook.environments.pendulum import Pendulum


class SingleEnvironment(gymnasium.Env):
    """One copy of a vector environment, without its leading axis and without its automatic reset.

    It is what ``gymnasium.make("ngbook/LineWalk-v0")`` gives, and what Gymnasium's ``check_env`` checks.

    Parameters
    ----------
    environment : gymnasium.vector.VectorEnv
        An environment of one copy, with autoreset mode SAME_STEP.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(self, environment):
        self.environment = environment
        self.observation_space = environment.single_observation_space
        self.action_space = environment.single_action_space

    def reset(self, *, seed=None, options=None):
        """Begin an episode: the observation and an empty dictionary."""
        super().reset(seed=seed)
        self.environment.np_random = self.np_random
        observations, info = self.environment.reset(options=options)
        return observations[0], info

    def step(self, action):
        """Take one action: observation, reward, terminated, truncated and an empty dictionary."""
        observations, rewards, terminated, truncated, info = self.environment.step([action])
        last = info["final_obs"][0] if "final_obs" in info else observations[0]
        return last, rewards[0], bool(terminated[0]), bool(truncated[0]), {}


def line_walk(**options):
    """The entry point of ``ngbook/LineWalk-v0``."""
    return SingleEnvironment(LineWalk(1, **options))


def pendulum(**options):
    """The entry point of ``ngbook/Pendulum-v1``: without a limit, because ``gymnasium.make`` adds its own."""
    environment = Pendulum(1, **options)
    environment.length = np.inf
    return SingleEnvironment(environment)
