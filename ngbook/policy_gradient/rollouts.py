"""Acting, and writing down what happened: batches of experience from any Gymnasium vector environment.

What a batch must get right, because every estimate rests on it:

1. An episode ends in one of two ways. It is *terminated* when the task is over, and then nothing comes
   after it; it is *truncated* when somebody stopped looking, and then the future has a value that the
   batch does not hold and a value function has to supply.
2. That value is the value of the observation in which the episode really ended. A vector environment
   shows the first observation of the *next* episode instead, or one step later, depending on its
   autoreset mode.
3. In the mode ``NEXT_STEP``, Gymnasium's default, one call of ``step`` after each episode resets and
   ignores the action. Nothing was decided there, and the step must not be learnt from.
"""

import numpy as np

from ngbook import _check as check
from ngbook.policies import GaussianPolicy, SoftmaxPolicy
from ngbook.policies.spaces import kind_for
from ngbook.policy_gradient.batch import Batch

__all__ = ["Rollouts", "evaluate"]

EVALUATION_STEPS = 50
"""How many steps are played between two looks at whether an evaluation has its episodes."""

LONGEST_EPISODE = 200_000
"""How many steps of one episode an evaluation waits for its end."""


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

    Raises
    ------
    ValueError
        If the environment is not a vector environment, or its spaces are not those of the policy.
    """

    def __init__(self, environment, policy, rng):
        self._mode = _autoreset_mode(environment)
        _check_spaces(environment, check.policy(policy))
        check.generator(rng)
        self._bounds = _bounds(environment)
        self.environment = environment
        self.policy = policy
        self.rng = rng
        count = environment.num_envs
        self._observation, _ = environment.reset(seed=int(rng.integers(2**31)))
        self._ages = np.zeros(count, dtype=int)
        self._returns = np.zeros(count)
        self._resetting = np.zeros(count, dtype=bool)

    def collect(self, theta, steps):
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
            What happened. The next batch goes on from there, in the middle of the episodes.

        Raises
        ------
        ValueError
            If T is not at least 1, theta does not fit the policy, or the environment hands out a
            reward or an observation that is not finite (the message names the environment and the step).
        """
        steps = check.count(steps, "steps", least=1)
        theta = check.vector(theta, "theta", self.policy.size)
        count, shape = self.environment.num_envs, self.environment.single_observation_space.shape
        seen = np.empty((steps + 1, count, *shape), dtype=self._observation.dtype)
        rewards = np.empty((steps, count))
        terminated, truncated = np.empty((2, steps, count), dtype=bool)
        actions, finals = [], {}
        seen[0] = self._observation
        for t in range(steps):
            try:
                action = self.policy.at(theta, seen[t]).sample(self.rng)
            except ValueError:
                _check_finite(seen[: t + 1], "observation", offset=-1)
                raise
            observation, rewards[t], terminated[t], truncated[t], info = self.environment.step(
                self._executed(action)
            )
            if self._mode != "NEXT_STEP":
                ended = terminated[t] | truncated[t]
                if ended.any():
                    finals[t], observation = self._restart(ended, observation, info)
            seen[t + 1] = observation
            actions.append(action)
        return self._batch(seen, np.array(actions), rewards, terminated, truncated, finals)

    def _executed(self, action):
        """The action in the bounds and the dtype of the action space; the batch keeps what was drawn."""
        if self._bounds is not None:
            action = np.minimum(np.maximum(action, self._bounds[0]), self._bounds[1])
        return action.astype(self.environment.single_action_space.dtype, copy=False)

    def _restart(self, ended, observation, info):
        """The last observations of the episodes that ended, and the observations to go on from."""
        if self._mode == "DISABLED":
            restarted, _ = self.environment.reset(options={"reset_mask": ended})
            return (ended, np.array(observation)[ended]), restarted
        if "final_obs" not in info:
            raise ValueError(
                "the environment's autoreset mode is SAME_STEP, but after an episode its info has no "
                f"'final_obs': it has {sorted(info)}; without the true last observation the end of an "
                "episode cannot be given a value"
            )
        return (ended, np.stack(list(info["final_obs"][ended]))), observation

    def _batch(self, seen, actions, rewards, terminated, truncated, finals):
        _check_finite(rewards, "reward")
        next_observations = seen[1:]
        if finals:
            next_observations = next_observations.copy()
            for t, (ended, last) in finals.items():
                next_observations[t, ended] = last
        _check_finite(next_observations, "observation")
        truncated &= ~terminated
        ended = terminated | truncated
        valid = np.ones_like(ended)
        if self._mode == "NEXT_STEP":
            valid[0] = ~self._resetting
            valid[1:] = ~ended[:-1]
            self._resetting = ended[-1]
        ages, self._ages = _count_up(self._ages, valid, ended)
        returns, self._returns = _episode_returns(self._returns, rewards, ended)
        self._observation = seen[-1].copy()
        return Batch(
            observations=seen[:-1],
            actions=actions,
            rewards=rewards,
            terminated=terminated,
            truncated=truncated,
            valid=valid,
            ages=ages,
            next_observations=next_observations,
            episode_returns=returns,
        )


def evaluate(environment, policy, theta, episodes, rng):
    """The total rewards of fresh episodes, with actions drawn from the policy.

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
        The undiscounted return of each.

    Raises
    ------
    ValueError
        As ``Rollouts``, or if there are no episodes to play, or one does not end within 200,000 steps.
    """
    episodes = check.count(episodes, "episodes", least=1)
    rollouts = Rollouts(environment, policy, rng)
    count = environment.num_envs
    shares = np.full(count, episodes // count) + (np.arange(count) < episodes % count)
    returns = [[] for _ in range(count)]
    running = np.zeros(count)
    while any(len(done) < share for done, share in zip(returns, shares, strict=True)):
        batch = rollouts.collect(theta, EVALUATION_STEPS)
        for rewards, ended in zip(batch.rewards, batch.ended, strict=True):
            running += rewards
            for i in np.flatnonzero(ended):
                returns[i].append(running[i])
                running[i] = 0.0
        _check_ages(batch.ages[-1], [len(done) < share for done, share in zip(returns, shares, strict=True)])
    return np.concatenate([done[:share] for done, share in zip(returns, shares, strict=True)])


def _check_ages(ages, wanted):
    """Refuse to wait for ever for the end of an episode."""
    endless = np.flatnonzero((ages >= LONGEST_EPISODE) & wanted)
    if len(endless):
        raise ValueError(
            f"the episode of environment {endless[0]} has not ended after {ages[endless[0]]} steps, so it "
            "has no total reward: give the environment a limit, with gymnasium.wrappers.TimeLimit or "
            "environments.make(name, num_envs, max_episode_steps=...)"
        )


def _count_up(ages, valid, ended):
    """How many actions each episode had seen before each step, and at the end of the batch."""
    counted = np.empty(valid.shape, dtype=int)
    for t in range(len(valid)):
        counted[t] = ages
        ages = (ages + valid[t]) * ~ended[t]
    return counted, ages


def _episode_returns(running, rewards, ended):
    """The returns of the episodes that ended, in time order, and what the unfinished ones have so far."""
    returns = []
    for t in range(len(rewards)):
        running = running + rewards[t]
        if ended[t].any():
            returns.append(running[ended[t]])
            running = np.where(ended[t], 0.0, running)
    return np.concatenate(returns) if returns else np.empty(0), running


def _check_finite(values, name, offset=0):
    """Refuse what is not finite. With offset -1 the first row is from before the batch's first step."""
    finite = np.isfinite(values)
    if not finite.all():
        step, environment = np.argwhere(~finite)[0][:2]
        value = values[step, environment]
        when = f"at step {step + offset} of the batch" if step + offset >= 0 else "after its reset"
        raise ValueError(
            f"{name} of environment {environment} {when} is {value}, and must be "
            "finite: the environment has left its own state space, or computes its rewards wrongly"
        )


def _autoreset_mode(environment):
    if not (hasattr(environment, "num_envs") and hasattr(environment, "single_action_space")):
        raise ValueError(
            f"environment must be a gymnasium.vector.VectorEnv, but is {environment!r}: make one with "
            "environments.make(name, num_envs)"
        )
    mode = environment.metadata.get("autoreset_mode", "NEXT_STEP")
    return getattr(mode, "name", mode)


def _check_spaces(environment, policy):
    """Refuse an environment whose spaces are not those of the policy."""
    observations, actions = environment.single_observation_space, environment.single_action_space
    if len(observations.shape or ()) != 1 or type(observations).__name__ != "Box":
        raise ValueError(
            f"the policy reads vectors, but the environment's observations are {observations}: wrap it "
            "with gymnasium.wrappers.vector.FlattenObservation"
        )
    if policy.inputs not in (0, observations.shape[0]):
        raise ValueError(
            f"the policy has {policy.inputs} inputs, but the environment's observations have "
            f"{observations.shape[0]} entries: make the policy with policies.for_environment"
        )
    discrete = isinstance(policy, SoftmaxPolicy)
    if kind_for(actions) is not (SoftmaxPolicy if discrete else GaussianPolicy):
        raise ValueError(
            f"a {type(policy).__name__} cannot act in {actions}: it needs "
            f"{'Discrete(k), from 0' if discrete else 'a Box(..., (k,)) of real numbers'}; "
            "policies.for_environment chooses the policy that fits"
        )
    needed = int(actions.n) if discrete else actions.shape
    has = policy.actions if discrete else (policy.actions,)
    if needed != has:
        raise ValueError(
            f"the policy has {policy.actions} actions, but the environment's action space is {actions}: "
            "make the policy with policies.for_environment"
        )


def _bounds(environment):
    """The edges of an action space that has some (those of float32 are some), or None."""
    space = environment.single_action_space
    if type(space).__name__ != "Box":
        return None
    largest = np.finfo(space.dtype).max
    low, high = np.maximum(space.low, -largest), np.minimum(space.high, largest)
    bounded = space.dtype != np.float64 or np.isfinite(space.low).any() or np.isfinite(space.high).any()
    return (low, high) if bounded else None
