"""A task: states, actions, rewards.

From the smallest to the real ones:

=========================  =========================================================================
``MarkovDecisionProcess``  finitely many states and actions: everything by enumeration or linear algebra
``LineWalk``               the task of the paper's Figure 4, with its objective in closed form
``LinearQuadratic``        a linear system with squared costs: objective and Fisher matrix in closed form
``MotorPrimitive``         a spring that is forced through a via-point, with its objective in closed form
``make``                   Gymnasium's tasks, many copies at a time; ``Pendulum`` is the book's own
=========================  =========================================================================

Bad input raises ``ValueError``.
"""

import gymnasium

from ngbook._check import arrays as check
from ngbook.environments.finite import MarkovDecisionProcess, Trajectories
from ngbook.environments.line_walk import (
    LineWalk,
    line_walk_coefficients,
    line_walk_gradient,
    line_walk_objective,
    line_walk_return_variance,
)
from ngbook.environments.linear_quadratic import (
    LinearQuadratic,
    linear_quadratic_fisher,
    linear_quadratic_gradient,
    linear_quadratic_objective,
)
from ngbook.environments.motor_primitive import (
    MotorPrimitive,
    motor_primitive_costs,
    motor_primitive_features,
    motor_primitive_objective,
    motor_primitive_path,
)
from ngbook.environments.pendulum import Pendulum

__all__ = [
    "LineWalk", "LinearQuadratic", "MarkovDecisionProcess", "MotorPrimitive", "Pendulum", "Trajectories",
    "line_walk_coefficients", "line_walk_gradient", "line_walk_objective", "line_walk_return_variance",
    "linear_quadratic_fisher", "linear_quadratic_gradient", "linear_quadratic_objective", "make",
    "motor_primitive_costs", "motor_primitive_features", "motor_primitive_objective", "motor_primitive_path",
]  # fmt: skip

VECTOR = (None, gymnasium.VectorizeMode.VECTOR_ENTRY_POINT, gymnasium.VectorizeMode.VECTOR_ENTRY_POINT.value)


@check.arguments(num_envs=check.count)
def make(name, num_envs=1, **options) -> gymnasium.vector.VectorEnv:
    """Make many copies of a Gymnasium task, by its id, in the fastest form there is.

    That is, in this order: ``Pendulum`` for ``"Pendulum-v1"``, which Gymnasium itself only steps one copy
    after another; Gymnasium's own vector environment where it has one (``"CartPole-v1"``);
    ``gymnasium.vector.SyncVectorEnv`` for everything else. With ``vectorization_mode="sync"`` it is the last
    in any case, with every option that Gymnasium's task has.

    Parameters
    ----------
    name : str
        The id of a registered environment.
    num_envs : int
        Number of copies, at least 1.
    **options
        Passed on to ``gymnasium.make_vec``.

    Returns
    -------
    gymnasium.vector.VectorEnv
        The copies. ``metadata["autoreset_mode"]`` says how a copy begins its next episode.
    """
    if not isinstance(name, str):
        raise ValueError(f"name must be the id of a Gymnasium environment, as 'CartPole-v1', but is {name!r}")
    ours = name == "Pendulum-v1" and options.get("vectorization_mode") in VECTOR
    try:
        if not ours:
            return gymnasium.make_vec(name, num_envs, **options)
        options.pop("vectorization_mode", None)
        return Pendulum(num_envs, **options)
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        remedy = '; for Gymnasium\'s own, with all options, add vectorization_mode="sync"' if ours else ""
        raise ValueError(f"Gymnasium cannot make {num_envs} of {name!r}: {error}{remedy}") from error
