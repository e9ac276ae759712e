"""Acting, and recording it: batches of transitions from any Gymnasium vector environment.

What a batch must get right, because every estimate rests on it:

1. An episode ends in one of two ways. It is *terminated* when the task is over, and then nothing comes
   after it; it is *truncated* when somebody stopped looking, and then the future has a value that the
   batch does not hold and a value function has to supply.
2. That value is the value of the observation in which the episode really ended. A vector environment
   shows the first observation of the *next* episode instead, or one step later, depending on its
   autoreset mode.
3. In the mode ``NEXT_STEP``, Gymnasium's default, one call of ``step`` after each episode resets and
   ignores the action. Nothing was decided there, and the step must not be learnt from.

Bad input raises ``ValueError``.
"""

import numpy as np

from ngbook._check import arrays as check
from ngbook.policies import for_environment
from ngbook.policy_gradient.batch import Batch

EVALUATION_STEPS = 50
"""Number of steps that an evaluation plays at a time."""

LONGEST_EPISODE = 200_000
"""Number of steps after which an evaluation gives up waiting for the end of an episode."""


class Rollouts:
    """An environment that goes on where the last batch ended.

    Parameters
    ----------
    environment : gymnasium.vector.VectorEnv
        In any of the three autoreset modes. Observations are vectors (a one-dimensional ``Box``).
    policy : SoftmaxPolicy or GaussianPolicy
        Whose spaces fit: ``policies.for_environment`` makes one.
    rng : numpy.random.Generator
        Seeds the environment once, and draws every action.
    """

    @check.arguments(policy=check.policy, rng=check.generator)
    def __init__(self, environment, policy, rng: np.random.Generator):
        self._mode = _autoreset_mode(environment)
        _check_spaces(environment, policy)
        self._bounds = _bounds(environment.single_action_space)
        self.environment, self.policy, self.rng = environment, policy, rng
        count = environment.num_envs
        observation, _ = environment.reset(seed=int(rng.integers(2**31)))
        self._observation = np.array(observation)
        self._ages, self._returns = np.zeros(count, dtype=int), np.zeros(count)
        self._resetting = np.zeros(count, dtype=bool)

    def collect(self, theta, steps) -> Batch:
        """Act for a number of steps in every environment.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            The policy's parameters.
        steps : int
            T, calls of ``step``: the batch holds T times ``num_envs`` steps, less the resets of the mode
            ``NEXT_STEP``.

        Returns
        -------
        Batch
            The transitions. The next batch goes on from there, in the middle of the episodes. A reward or
            an observation that is not finite is refused by the number of its environment and step.
        """
        theta = check.vector(theta, "theta", self.policy.size)
        returns = []
        rows = [self._step(theta, t, returns) for t in range(check.count(steps, "steps"))]
        columns = (np.array(column) for column in zip(*rows, strict=True))
        batch = Batch(*columns, np.concatenate(returns) if returns else np.empty(0))
        _check_finite(batch.rewards, "reward")
        _check_finite(batch.next_observations, "observation")
        return batch

    def _step(self, theta, t, returns):
        """Act once in every environment: the transitions, in the order of the fields of ``Batch``."""
        observation, ages, valid = self._observation, self._ages, ~self._resetting
        try:
            action = self.policy.at(theta, observation).sample(self.rng)
        except ValueError:
            _check_finite(observation[None], "observation", t - 1)
            raise
        following, rewards, terminated, truncated, info = self.environment.step(self._executed(action))
        last = self._observation = np.array(following)
        rewards, ended = np.array(rewards, dtype=float), terminated | truncated
        self._returns = self._returns + rewards
        self._ages = (ages + valid) * ~ended
        if ended.any():
            returns.append(self._returns[ended])
            self._returns[ended] = 0.0
            if self._mode != "NEXT_STEP":
                last, self._observation = self._restart(ended, last, info)
        if self._mode == "NEXT_STEP":
            self._resetting = ended
        return observation, action, rewards, terminated, truncated & ~terminated, valid, ages, last

    def _executed(self, action):
        """Bring an action into the bounds and dtype of its space; the batch keeps what was drawn."""
        if self._bounds is not None:
            action = np.minimum(np.maximum(action, self._bounds[0]), self._bounds[1])
        return action.astype(self.environment.single_action_space.dtype, copy=False)

    def _restart(self, ended, following, info):
        """Find the last observations of the episodes that ended, and the first ones of the next."""
        if self._mode == "DISABLED":
            return following, np.array(self.environment.reset(options={"reset_mask": ended})[0])
        if "final_obs" not in info:
            raise ValueError(
                "environment has the autoreset mode SAME_STEP, but its info has no 'final_obs': it has "
                f"{sorted(info)}; without the true last observation a truncated episode has no value"
            )
        last = following.copy()
        last[ended] = np.stack(list(info["final_obs"][ended]))
        return last, following


@check.arguments(episodes=check.count)
def evaluate(environment, policy, theta, episodes, rng: np.random.Generator):
    """Play fresh episodes, with actions drawn from the policy, and return their total rewards.

    Each of the n environments plays its share of the episodes, ``episodes // n`` or one more. Taking
    whichever episodes end first would be biased towards the short ones.

    Parameters
    ----------
    environment : gymnasium.vector.VectorEnv
        Not the one that a run is being trained on: it is reset here.
    policy : SoftmaxPolicy or GaussianPolicy
        Whose spaces fit.
    theta : ndarray of shape (p,)
        Its parameters.
    episodes : int
        At least 1.
    rng : numpy.random.Generator
        Seeds the environment and draws the actions.

    Returns
    -------
    ndarray of shape (episodes,)
        The undiscounted return of each. An episode that does not end within 200,000 steps is refused.
    """
    rollouts = Rollouts(environment, policy, rng)
    count = environment.num_envs
    shares = episodes // count + (np.arange(count) < episodes % count)
    returns, missing = [[] for _ in range(count)], shares > 0
    while missing.any():
        batch = rollouts.collect(theta, EVALUATION_STEPS)
        for i, total in zip(np.nonzero(batch.ended)[1], batch.episode_returns, strict=True):
            returns[i].append(total)
        missing = np.array([len(own) for own in returns]) < shares
        ages = rollouts._ages * missing
        if ages.max() >= LONGEST_EPISODE:
            raise ValueError(
                f"the episode of environment {ages.argmax()} has not ended after {ages.max()} steps: limit "
                "it with gymnasium.wrappers.TimeLimit or environments.make(..., max_episode_steps=...)"
            )
    return np.concatenate([own[:share] for own, share in zip(returns, shares, strict=True)])


def _check_finite(values, name, first=0):
    """Refuse values of shape (T, n, ...) that are not finite; the first row is of the given step."""
    finite = np.isfinite(values)
    if not finite.all():
        row, environment = np.argwhere(~finite)[0][:2]
        when = f"at step {first + row} of the batch" if first + row >= 0 else "after its reset"
        raise ValueError(
            f"{name} of environment {environment} {when} is {values[row, environment]}, and must be finite: "
            "check the environment"
        )


def _autoreset_mode(environment):
    if not (hasattr(environment, "num_envs") and hasattr(environment, "single_action_space")):
        raise ValueError(f"environment must be a VectorEnv, but is {environment!r}: use environments.make")
    mode = environment.metadata.get("autoreset_mode", "NEXT_STEP")
    return getattr(mode, "name", mode)


def _check_spaces(environment, policy):
    """Refuse an environment whose spaces are not those of the policy."""
    fitting = for_environment(environment)
    kind, inputs, actions = type(fitting), fitting.inputs, fitting.actions
    if not isinstance(policy, kind) or policy.inputs not in (0, inputs) or policy.actions != actions:
        raise ValueError(
            f"policy must be {kind.__name__}({inputs}, {actions}) for these observations and actions, but is "
            f"{type(policy).__name__}({policy.inputs}, {policy.actions}): policies.for_environment makes one"
        )


def _bounds(space):
    """Find the edges of an action space of real numbers (its dtype has some), or None."""
    if type(space).__name__ != "Box":
        return None
    largest = np.finfo(space.dtype).max
    return np.maximum(space.low, -largest), np.minimum(space.high, largest)
