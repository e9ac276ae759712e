"""A motor primitive: a point that a spring pulls to its goal, forced on its way through a via-point.

A spring and a damper lead the point from y = 0 to the goal 1 in 25 steps of 1/25; an action a adds 100a to
its acceleration. The policy sees the time as 10 features of a phase, and chooses the forces. Half-way the
point should be at the via-point, and the accelerations should be small: both costs are squares. Since the
path is linear in the actions, the return is a negative square of an affine function of them, and the
objective of a Gaussian policy is exact.

``theta`` has 11 entries, the weights of the features and log σ: the parameters of
``GaussianPolicy(10, 1, bias=False)``. Bad input raises ``ValueError``.
"""

import numpy as np
from gymnasium.spaces import Box

from ngbook._check import arrays as check
from ngbook.environments.fixed_length import FixedLengthEnvironment

STEPS, FEATURES = 25, 10
TIME_STEP, GOAL = 1 / STEPS, 1.0
DAMPER, SPRING, FORCE = 25.0, 25 / 4, 100.0
VIA_STEP, VIA_COST, EFFORT_COST = 12, 20.0, 0.2


class MotorPrimitive(FixedLengthEnvironment):
    """The motor primitive with a via-point, in many copies.

    Observations are the features of the phase, float64 of shape (num_envs, 10), positive with sum 1, the
    same in all copies; actions are forces of shape (num_envs, 1), unbounded. The reward is −0.2 (ÿ/100)² with
    the acceleration ÿ, and after 12 actions also −20 (y − via)². Every episode has 25 actions; the last one
    *terminates* it.

    Parameters
    ----------
    num_envs : int
        How many copies, at least 1.
    via : float
        The via-point.
    """

    ends_by_termination = True

    def __init__(self, num_envs=1, via=-0.4):
        self.via = check.number(via, "via")
        self._features = _features(STEPS + 1)
        shown = Box(0.0, 1.0, (FEATURES,), np.float64)
        super().__init__(num_envs, STEPS, shown, Box(-np.inf, np.inf, (1,), np.float64))

    def _begin(self, options):
        self._time, self._position, self._speed = 0, np.zeros(self.num_envs), np.zeros(self.num_envs)

    def _observe(self):
        return np.tile(self._features[self._time], (self.num_envs, 1))

    def _move(self, actions):
        self._position, self._speed, acceleration = _moved(self._position, self._speed, actions[:, 0])
        self._time += 1
        rewards = -EFFORT_COST * (acceleration / FORCE) ** 2
        if self._time == VIA_STEP:
            rewards -= VIA_COST * (self._position - self.via) ** 2
        return rewards


def motor_primitive_features():
    """Evaluate the features Φ at the 25 steps: ndarray of shape (25, 10), each row with sum 1."""
    return _features(STEPS + 1)[:STEPS]


def motor_primitive_path(actions):
    """Find the positions y_0 ... y_25 to which 25 actions lead.

    Parameters
    ----------
    actions : ndarray of shape (25,) or (25, M)
        The actions, or those of M episodes.

    Returns
    -------
    ndarray of shape (26,) or (26, M)
        The positions.
    """
    return _path(actions)[0]


def motor_primitive_costs(via=-0.4):
    """Write the return as −‖Aa + c‖² for the vector a of the 25 actions, whatever they are.

    The square of row t, of the first 25, is the cost of the acceleration in step t, and that of the last row
    is the via-point's, which is part of the reward of step 11 (the first step being step 0).

    Parameters
    ----------
    via : float
        The via-point.

    Returns
    -------
    tuple
        A, of shape (26, 25), and c, of shape (26,).
    """
    via = check.number(via, "via")
    positions, accelerations = _path(np.column_stack([np.zeros(STEPS), np.eye(STEPS)]))
    efforts = np.sqrt(EFFORT_COST) / FORCE * accelerations
    misses = np.sqrt(VIA_COST) * (positions[VIA_STEP] - via)
    residuals = np.vstack([efforts, misses])  # of no action, and of each action alone
    return residuals[:, 1:] - residuals[:, :1], residuals[:, 0]


def motor_primitive_objective(theta, via=-0.4) -> float:
    """Compute J = −(‖AΦw + c‖² + σ²‖A‖²), the mean return of actions from N(Φw, σ²).

    A and c are those of ``motor_primitive_costs``, Φ is ``motor_primitive_features``, and ‖A‖² is the sum of
    squares of all entries.
    """
    theta = check.vector(theta, "theta = (w, log sigma)", FEATURES + 1)
    check.number(theta[-1], "theta's log sigma", least=-300, most=300)
    A, c = motor_primitive_costs(via)
    residuals = A @ (motor_primitive_features() @ theta[:-1]) + c
    return float(-(residuals @ residuals + np.exp(2 * theta[-1]) * np.sum(A**2)))


def _moved(position, speed, action):
    """One step of the semi-implicit Euler method: the new position and speed, and the acceleration."""
    acceleration = DAMPER * (SPRING * (GOAL - position) - speed) + FORCE * action
    speed = speed + TIME_STEP * acceleration
    return position + TIME_STEP * speed, speed, acceleration


def _path(actions):
    """Positions and accelerations for actions that are given in advance, time first."""
    actions = check.finite(actions, "actions")
    if actions.ndim not in (1, 2) or len(actions) != STEPS:
        raise ValueError(f"actions must have shape ({STEPS},) or ({STEPS}, M), but have {actions.shape}")
    position = speed = np.zeros(actions.shape[1:])
    positions, accelerations = [position], []
    for action in actions:
        position, speed, acceleration = _moved(position, speed, action)
        positions.append(position)
        accelerations.append(acceleration)
    return np.array(positions), np.array(accelerations)


def _features(count):
    """Normalised radial features of the phase e^(−2t/25), with centres evenly spaced in time."""
    phases = np.exp(-2 * np.arange(count) / STEPS)[:, None]
    centres = np.exp(-2 * np.linspace(0, 1, FEATURES))
    widths = 0.6 * np.diff(centres, append=0.85 * centres[-1])
    bumps = np.exp(-(((phases - centres) / widths) ** 2) / 2)
    return bumps / bumps.sum(axis=1, keepdims=True)
