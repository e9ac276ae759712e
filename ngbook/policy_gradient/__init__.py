"""Learning from returns: one loop, five update rules.

==============  ===========================================================================
``rollouts``    acting in any Gymnasium vector environment: a ``Batch`` of transitions
``advantages``  how good an action was: total return, reward-to-go, generalised advantage
``baselines``   what to expect from a state
``rules``       the next parameters: ``policy_gradient``, ``natural_policy_gradient``, ``trpo``
``proximal``    the fourth rule, ``ppo``, of many small steps
``episodic``    the fifth, ``episodic_natural_actor_critic``, a regression on whole episodes
``training``    the loop that joins them; ``history``, what it returns
==============  ===========================================================================

A run is one call::

    environment = environments.make("CartPole-v1", num_envs=32)
    policy = policies.for_environment(environment, hidden=(32,))
    update = functools.partial(policy_gradient.trpo, radius=0.03)
    run = policy_gradient.train(environment, policy, update, iterations=20, steps=128, rng=rng)
"""

from ngbook.policy_gradient.advantages import generalised_advantage, reward_to_go, standardised, total_return
from ngbook.policy_gradient.baselines import FourierBaseline, TimeBaseline
from ngbook.policy_gradient.batch import Batch
from ngbook.policy_gradient.episodic import (
    episode_sums,
    episodic_natural_actor_critic,
    episodic_natural_gradient,
)
from ngbook.policy_gradient.history import History, Record, Training
from ngbook.policy_gradient.proximal import AdaptivePenalty, clipped_surrogate, ppo
from ngbook.policy_gradient.rollouts import Rollouts, evaluate
from ngbook.policy_gradient.rules import natural_policy_gradient, policy_gradient, trpo
from ngbook.policy_gradient.step import Step
from ngbook.policy_gradient.training import train

__all__ = [
    "AdaptivePenalty", "Batch", "FourierBaseline", "History", "Record", "Rollouts", "Step", "TimeBaseline",
    "Training", "clipped_surrogate", "episode_sums", "episodic_natural_actor_critic",
    "episodic_natural_gradient", "evaluate", "generalised_advantage", "natural_policy_gradient",
    "policy_gradient", "ppo", "reward_to_go", "standardised", "total_return", "train", "trpo",
]  # fmt: skip
