"""Gymnasium's ``Pendulum-v1``, for many copies at a time."""

import numpy as np
from gymnasium.spaces import Box

from ngbook._check import arrays as check
from ngbook.environments.fixed_length import FixedLengthEnvironment

GRAVITY, TIME_STEP = 10.0, 0.05  # the rod has the length and the mass 1
MAX_SPEED, MAX_TORQUE = 8.0, 2.0


class Pendulum(FixedLengthEnvironment):
    """Swing a pendulum up and hold it there: Gymnasium's ``Pendulum-v1``, in many copies.

    The same physics, operation by operation and in the same precision, so that every copy agrees with
    Gymnasium's to the last bit of every observation. There are two differences. The next episode begins
    otherwise: all copies draw from one generator, and ``metadata["autoreset_mode"]`` is SAME_STEP. And
    gravity is 10: Gymnasium's option ``g`` is not supported.

    Observations are cosine and sine of the angle (0 is upright) and the angular velocity, float32 of shape
    (num_envs, 3). Actions are torques of shape (num_envs, 1); beyond ±2 they are clipped, *after* the policy
    has drawn them. The reward is −(angle² + velocity²/10 + torque²/1000), with the angle in [−π, π) and the
    state before the move. An episode never terminates; it is truncated after ``max_episode_steps``.
    It begins at an angle uniform in [−π, π) and a velocity uniform in [−1, 1), or within the bounds that
    ``reset(options={"x_init": angle, "y_init": velocity})`` gives, as in Gymnasium.

    Parameters
    ----------
    num_envs : int
        How many copies, at least 1.
    max_episode_steps : int
        The number of steps after which an episode is cut off, at least 1.
    """

    def __init__(self, num_envs=1, max_episode_steps=200):
        self.max_episode_steps = check.count(max_episode_steps, "max_episode_steps")
        high = np.array([1, 1, MAX_SPEED], dtype=np.float32)
        torques = Box(-MAX_TORQUE, MAX_TORQUE, (1,), np.float32)
        super().__init__(num_envs, self.max_episode_steps, Box(-high, high, dtype=np.float32), torques)

    def _begin(self, options):
        high = np.array([_bound(options, "x_init", np.pi), _bound(options, "y_init", 1.0)])
        self._angle, self._speed = self.np_random.uniform(-high, high, size=(self.num_envs, 2)).T

    def _observe(self):
        observations = np.empty((self.num_envs, 3), dtype=np.float32)
        observations[:, 0] = np.cos(self._angle)
        observations[:, 1] = np.sin(self._angle)
        observations[:, 2] = self._speed
        return observations

    def _move(self, actions):
        angle, speed = self._angle, self._speed
        torque = _clipped(actions[:, 0], MAX_TORQUE)
        from_upright = (angle + np.pi) % (2 * np.pi) - np.pi
        costs = from_upright**2 + 0.1 * speed**2 + 0.001 * torque**2
        acceleration = 3 * GRAVITY / 2 * np.sin(angle) + 3 * torque
        self._speed = _clipped(speed + acceleration * TIME_STEP, MAX_SPEED)
        self._angle = angle + self._speed * TIME_STEP
        return -costs


def _bound(options, name, default):
    return check.number(options.get(name, default), name, least=0, because=": it bounds both signs")


def _clipped(values, bound):
    return np.minimum(np.maximum(values, -bound), bound)  # a tenth of the time of np.clip
