"""Policy gradients: batches from scripted environments, estimators against double loops and closed forms,
rules against dense algebra and finite differences, and the loop that joins them."""

import dataclasses
import functools
import inspect
import itertools
import sys
from collections import namedtuple

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_COUNTS,
    NOT_FRACTIONS,
    NOT_GENERATORS,
    NOT_POSITIVE,
    NOT_SCORES,
    NOT_SHARES,
    NOT_VECTORS,
    Example,
    constant,
    refusal_tests,
    says,
)
from scipy.sparse.linalg import aslinearoperator

from ngbook import checks, environments
from ngbook._check import arrays as check
from ngbook.policies import GaussianPolicy, SoftmaxPolicy, for_environment
from ngbook.policy_gradient import (
    AdaptivePenalty,
    Batch,
    FourierBaseline,
    Rollouts,
    TimeBaseline,
    clipped_surrogate,
    episode_sums,
    episodic_natural_actor_critic,
    episodic_natural_gradient,
    evaluate,
    generalised_advantage,
    natural_policy_gradient,
    policy_gradient,
    ppo,
    reward_to_go,
    standardised,
    total_return,
    train,
    trpo,
)
from ngbook.policy_gradient.proximal import OPTIMISERS
from ngbook.solve import conjugate_gradient

MODES = list(AutoresetMode)
SCALE = (1 / 2.4, 0.5, 1 / 0.21, 0.5)
RULES = {
    "policy_gradient": functools.partial(policy_gradient, step_size=10.0),
    "natural_policy_gradient": functools.partial(natural_policy_gradient, radius=0.03, damping=0.1),
    "trpo": functools.partial(trpo, radius=0.03),
    "ppo": functools.partial(ppo, step_size=0.01),
}
in_every_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
with_every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def step_of(rule, *arguments):
    """One step, with a fresh generator for the rule that draws."""
    return rule(*arguments, **({"rng": np.random.default_rng(0)} if rule.func is ppo else {}))


SCRIPT = (((2, "terminated"), (3, "truncated")), ((4, "truncated"), (1, "terminated"), (1, "truncated")))


def scripted_end(number, episode, time=None, script=SCRIPT):
    """How long an episode of an environment is and how it ends; or its end at a time, if it is over then."""
    length, kind = script[int(number)][int(episode) % len(script[int(number)])]
    return (length, kind) if time is None else kind if time == length else None


class Scripted(gymnasium.Env):
    """An environment whose episodes have given lengths and endings, whatever is done in them.

    An observation says where it comes from: the number of the environment, the episode and the time in it.
    """

    observation_space, action_space = Box(-np.inf, np.inf, (3,), np.float64), Discrete(2)

    def __init__(self, number, rewards, script):
        self.where, self.rewards, self.script = np.array([number, 0.0, 0.0]), rewards, script

    def reset(self, *, seed=None, options=None):
        self.where[1:] = 0 if seed is not None else self.where[1] + 1, 0
        return self.where.copy(), {}

    def step(self, action):
        reward = self.rewards(self.where)
        self.where[2] += 1
        end = scripted_end(*self.where, self.script)
        return self.where.copy(), reward, end == "terminated", end == "truncated", {}


def scripted(mode, rewards=lambda where: 1.0 + where @ [100.0, 10.0, 1.0], script=SCRIPT):
    """Two such environments, made into one by Gymnasium."""
    copies = [lambda number=number: Scripted(number, rewards, script) for number in range(2)]
    return gymnasium.vector.SyncVectorEnv(copies, autoreset_mode=mode)


Transition = namedtuple("Transition", "observation next_observation reward terminated truncated age")


COIN = SoftmaxPolicy(3, 2)


def rollouts(mode, seed=0, **options):
    return Rollouts(scripted(mode, **options), COIN, np.random.default_rng(seed))


def scripted_batch(mode, steps=17, **options):
    return rollouts(mode, **options).collect(np.zeros(COIN.size), steps)


def transitions(batches):
    """The valid steps of each environment, in order: what happened, without how it was stored."""
    found = [[], []]
    for batch in batches:
        for t, i in itertools.product(range(len(batch.valid)), range(2)):
            if batch.valid[t, i]:
                names = "observations next_observations rewards terminated truncated ages".split()
                found[i].append(Transition(*(getattr(batch, name)[t, i].tolist() for name in names)))
    return found


def random_batch(seed=0, steps=30, count=4, policy=None, theta=None):
    """A batch of noise, with episodes that end in both ways and some steps that are not valid."""
    rng = np.random.default_rng(seed)
    policy = policy or SoftmaxPolicy(2, 3)
    theta = rng.normal(size=policy.size) / 3 if theta is None else theta
    valid = rng.random((steps, count)) > 0.1
    terminated = valid & (rng.random((steps, count)) < 0.1)
    truncated = valid & ~terminated & (rng.random((steps, count)) < 0.1)
    seen, elsewhere = rng.normal(size=(steps + 1, count, 2)), rng.normal(size=(steps, count, 2))
    actions = policy.at(theta, seen[:-1].reshape(-1, 2)).sample(rng)
    batch = Batch(
        observations=seen[:-1],
        actions=actions.reshape(steps, count, *actions.shape[1:]),
        rewards=rng.normal(size=(steps, count)),
        terminated=terminated,
        truncated=truncated,
        valid=valid,
        ages=np.zeros((steps, count), dtype=int),
        next_observations=np.where((terminated | truncated)[:, :, None], elsewhere, seen[1:]),
        episode_returns=np.empty(0),
    )
    return policy, theta, batch, rng.normal(size=(steps, count))


# --- rollouts -----------------------------------------------------------------------------------------------


@in_every_mode
def test_a_batch_holds_what_the_script_says(mode):
    found = transitions([scripted_batch(mode)])
    for i in range(2):
        where = np.array([i, 0.0, 0.0])
        for step in found[i]:
            assert step.observation == where.tolist()
            assert step.reward == 1 + where @ [100, 10, 1]
            assert step.age == where[2]
            where[2] += 1
            assert step.next_observation == where.tolist(), "the true last one, not that of the next episode"
            end = scripted_end(*where)
            assert (step.terminated, step.truncated) == (end == "terminated", end == "truncated")
            if end:
                where[1:] = where[1] + 1, 0


@in_every_mode
def test_resets_are_the_only_steps_that_are_not_valid(mode):
    batch = scripted_batch(mode)
    resets = np.zeros_like(batch.valid)
    resets[1:] = batch.ended[:-1]
    assert (batch.valid == (~resets if mode is AutoresetMode.NEXT_STEP else True)).all()
    assert len(batch) == batch.valid.sum() == len(batch.flat(batch.rewards))


@in_every_mode
@pytest.mark.parametrize("parts", [(1,) * 17, (5, 1, 11), (2, 15)], ids=str)
def test_batches_continue_one_another(mode, parts):
    whole, source = scripted_batch(mode), rollouts(mode)
    batches = [source.collect(np.zeros(COIN.size), steps) for steps in parts]
    assert transitions(batches) == transitions([whole])
    assert np.array_equal(np.concatenate([batch.actions for batch in batches]), whole.actions)
    returns = np.concatenate([batch.episode_returns for batch in batches])
    assert np.array_equal(returns, whole.episode_returns)


@in_every_mode
def test_episode_returns_are_sums_of_rewards(mode):
    batch = scripted_batch(mode)
    expected = []
    for t, i in itertools.product(range(17), range(2)):
        if batch.ended[t, i]:
            own = batch.observations[:, i, 1] == batch.observations[t, i, 1]
            expected.append(batch.rewards[own & batch.valid[:, i], i].sum())
    assert batch.episode_returns.tolist() == expected


@in_every_mode
def test_terminated_goes_before_truncated(mode):
    """An environment may report both for one step; the task is over, so nothing comes after it."""
    environment = scripted(mode)
    honest = environment.step

    def step(actions):
        observation, rewards, terminated, truncated, info = honest(actions)
        return observation, rewards, terminated, truncated | terminated, info

    environment.step = step
    batch = Rollouts(environment, COIN, np.random.default_rng(0)).collect(np.zeros(COIN.size), 17)
    assert transitions([batch]) == transitions([scripted_batch(mode)])


def test_all_modes_see_the_same_episodes_of_a_real_environment():
    """Gymnasium's own vector environment, seeded alike, under a policy that leaves nothing to chance."""
    theta = np.zeros((5, 2))
    theta[2, 1], theta[3, 1] = 1e9, 1e9  # push to where the pole falls
    seen = []
    for mode in MODES:
        environment = gymnasium.make_vec(
            "CartPole-v1",
            num_envs=2,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": mode},
            max_episode_steps=60,
        )
        source = Rollouts(environment, SoftmaxPolicy(4, 2), np.random.default_rng(3))
        seen.append(transitions([source.collect(theta.ravel(), 150), source.collect(theta.ravel(), 150)]))
    for i in range(2):
        shortest = min(len(found[i]) for found in seen)
        assert shortest > 290
        assert seen[0][i][:shortest] == seen[1][i][:shortest] == seen[2][i][:shortest]
        assert {(step.terminated, step.truncated) for step in seen[0][i]} >= {(False, False), (False, True)}


def test_bounded_actions_are_clipped_for_the_environment_and_kept_for_the_batch():
    executed = []

    environment = scripted(AutoresetMode.SAME_STEP)
    honest = environment.step

    def step(actions):
        executed.append(actions)
        return honest(np.zeros(2, dtype=int))

    environment.step = step
    environment.single_action_space = Box(-0.5, 0.25, (1,), np.float64)
    batch = Rollouts(environment, GaussianPolicy(0, 1), np.random.default_rng(0)).collect([0.0, 0.0], 9)
    assert np.array_equal(np.array(executed), np.clip(batch.actions, -0.5, 0.25))
    assert np.abs(batch.actions).max() > 0.5


class Strict(gymnasium.Env):
    """Begins ``step`` as many environments do: with an assertion about the action."""

    observation_space = Box(-1, 1, (2,))

    def __init__(self, action_space):
        self.action_space = action_space
        self.seen = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.seen.append(action)
        return np.zeros(2, np.float32), 0.0, False, False, {}


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize(
    "space",
    [
        Box(-1, 1, (1,), np.float32),
        Box(
            np.float32(-0.1), np.float32(0.1), (2,), np.float32
        ),  # bounds that double precision does not have
        Box(0, np.inf, (1,), np.float32),
        Box(-np.inf, np.inf, (1,), np.float32),
        Box(-np.inf, np.inf, (1,), np.float64),
        Box(-1, 1, (1,), np.float16),
        Discrete(3),
        # From Gymnasium 1.4 on there are other integers than those of int64.
        *([Discrete(3, dtype=np.int32)] if "dtype" in inspect.signature(Discrete).parameters else []),
    ],
    ids=str,
)
def test_an_action_is_in_the_action_space_by_its_numbers_and_by_its_dtype(space, precision):
    copies = [Strict(space), Strict(space)]
    environment = gymnasium.vector.SyncVectorEnv([lambda copy=copy: copy for copy in copies])
    policy = for_environment(environment, dtype=precision)
    theta = policy.initial(np.random.default_rng(0)).astype(float)
    rule = functools.partial(trpo, radius=1e-6)
    training = train(
        environment, policy, rule, theta=theta, iterations=2, steps=7, rng=np.random.default_rng(0)
    )
    assert np.isfinite(training.theta).all()
    assert all(np.asarray(action).dtype == space.dtype for copy in copies for action in copy.seen)
    assert all(len(copy.seen) == 14 for copy in copies)


def test_an_action_beyond_single_precision_is_brought_into_it():
    copy = Strict(Box(-np.inf, np.inf, (1,), np.float32))
    environment = gymnasium.vector.SyncVectorEnv([lambda: copy])
    policy = GaussianPolicy(0, 1)
    Rollouts(environment, policy, np.random.default_rng(0)).collect([1e60, 0.0], 2)
    assert copy.seen[0] == np.finfo(np.float32).max


@pytest.mark.parametrize("bad", [0, 2])
def test_a_bad_number_is_named_with_its_environment_and_step(bad):
    source = rollouts(
        AutoresetMode.SAME_STEP, rewards=lambda where: np.nan if where.tolist() == [1, 0, bad] else 0.0
    )
    with pytest.raises(ValueError, match=f"reward of environment 1 at step {bad} of the batch is nan"):
        source.collect(np.zeros(COIN.size), 5)


@pytest.mark.parametrize("policy", [COIN, SoftmaxPolicy(0, 2)], ids=["reads it", "does not"])
@pytest.mark.parametrize("steps", [3, 4, 9])
@in_every_mode
def test_a_bad_observation_is_named_with_its_environment_and_step(mode, steps, policy):
    environment = scripted(mode)
    honest = environment.step

    def step(actions):
        observation, *rest = honest(actions)
        return np.where((observation == [1, 0, 3]).all(axis=1)[:, None], [1, NAN, 3], observation), *rest

    environment.step = step
    source = Rollouts(environment, policy, np.random.default_rng(0))
    with pytest.raises(
        ValueError, match=r"observation of environment 1 at step 2 of the batch is \[ ?1\. nan +3\.\]"
    ):
        source.collect(np.zeros(policy.size), steps)


def test_a_bad_first_observation_is_named_and_bad_parameters_are_not_its_fault():
    environment = scripted(AutoresetMode.SAME_STEP)
    environment.reset = lambda **options: (np.array([[0, 0, 0], [1, NAN, 0]]), {})
    with pytest.raises(ValueError, match="observation of environment 1 after its reset is"):
        Rollouts(environment, COIN, np.random.default_rng(0)).collect(np.zeros(COIN.size), 5)
    policy = GaussianPolicy(0, 1, chart="std")
    source = Rollouts(environments.LineWalk(2, 3), policy, np.random.default_rng(0))
    with pytest.raises(ValueError, match="outside the parameter space"):
        source.collect([0.0, -1.0], 5)


def test_a_same_step_environment_has_to_show_the_last_observation():
    environment = scripted(AutoresetMode.SAME_STEP)
    honest = environment.step
    environment.step = lambda actions: (*honest(actions)[:4], {"lives": 3})
    with pytest.raises(ValueError, match=r"no 'final_obs': it has \['lives'\]"):
        Rollouts(environment, COIN, np.random.default_rng(0)).collect(np.zeros(COIN.size), 2)


def test_a_policy_of_the_right_sizes_and_the_wrong_kind_is_refused():
    environment = environments.make("CartPole-v1", 2)
    with pytest.raises(ValueError, match=r"policy must be SoftmaxPolicy\(4, 2\)"):
        Rollouts(environment, GaussianPolicy(4, 2), np.random.default_rng(0))


@in_every_mode
def test_evaluation_shares_the_episodes_out(mode):
    """Whichever episodes end first would be too many of the short ones."""
    returns = evaluate(
        scripted(mode, rewards=lambda where: 1.0), COIN, np.zeros(COIN.size), 7, np.random.default_rng(0)
    )
    assert returns.tolist() == [2, 3, 2, 3, 4, 1, 1]


def test_an_episode_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr("ngbook.policy_gradient.rollouts.LONGEST_EPISODE", 100)
    endless = (((2, "terminated"),), ((np.inf, "terminated"),))
    environment = scripted(AutoresetMode.SAME_STEP, rewards=lambda where: 1.0, script=endless)
    play = functools.partial(evaluate, environment, COIN, np.zeros(COIN.size), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"environment 1 has not ended after 100 steps.*TimeLimit"):
        play(episodes=2)
    assert play(episodes=1).tolist() == [2.0]


# --- advantages ---------------------------------------------------------------------------------------------


def by_double_loop(batch, terms, factor):
    """The sums over l of factor**l times the term l decisions later, one at a time."""
    sums = np.zeros(batch.valid.shape)
    for t, i in itertools.product(*map(range, batch.valid.shape)):
        weight = 1.0
        for later in range(t, len(batch.valid)) if batch.valid[t, i] else ():
            if batch.valid[later, i]:
                sums[t, i] += weight * terms[later, i]
                weight *= factor
            if batch.ended[later, i]:
                break
    return sums


@in_every_mode
@pytest.mark.parametrize("discount", [1.0, 0.9, 0.0])
def test_reward_to_go_is_the_double_sum(mode, discount):
    batch = scripted_batch(mode)
    rng = np.random.default_rng(1)
    following = rng.normal(size=batch.valid.shape)
    left = batch.truncated.copy()
    left[-1] |= ~batch.terminated[-1]
    expected = by_double_loop(batch, batch.rewards + left * discount * following, discount)
    assert np.allclose(reward_to_go(batch, discount, following), expected, rtol=1e-13)
    assert not reward_to_go(batch, discount, following)[~batch.valid].any()


@pytest.mark.parametrize("trace", [1.0, 0.97, 0.5, 0.0])
@in_every_mode
def test_generalised_advantage_is_the_sum_of_errors(mode, trace):
    batch = scripted_batch(mode)
    rng = np.random.default_rng(2)
    values, following = rng.normal(size=(2, *batch.valid.shape))
    errors = batch.rewards + 0.9 * np.where(batch.terminated, 0, following) - values
    values[~batch.valid] = np.nan  # what is not valid is not looked at
    advantages = generalised_advantage(batch, values, following, 0.9, trace)
    assert np.allclose(advantages, by_double_loop(batch, errors, 0.9 * trace), rtol=1e-13)
    assert not advantages[~batch.valid].any()


@in_every_mode
def test_the_ends_of_the_trace(mode):
    """Trace 0 is the temporal-difference error, trace 1 the discounted return minus the value."""
    batch = scripted_batch(mode)
    value = np.random.default_rng(3).normal(size=(2, 20, 6))

    def at(where):
        return value[tuple(where.astype(int).transpose(2, 0, 1))]

    values, following = at(batch.observations), at(batch.next_observations)
    errors = batch.rewards + 0.9 * np.where(batch.terminated, 0, following) - values
    at_zero = generalised_advantage(batch, values, following, 0.9, 0.0)
    assert np.allclose(at_zero[batch.valid], errors[batch.valid], rtol=1e-13)
    at_one = generalised_advantage(batch, values, following, 0.9, 1.0)
    expected = reward_to_go(batch, 0.9, following) - values
    assert np.allclose(at_one[batch.valid], expected[batch.valid], rtol=1e-12)


@in_every_mode
@pytest.mark.parametrize("trace", [1.0, 0.6, 0.0])
def test_with_exact_values_nothing_is_better_than_expected(mode, trace):
    """One reward a step. A terminated episode is worth what is left of it, a truncated one goes on."""
    batch = scripted_batch(mode, rewards=lambda where: 1.0)

    def value(where):
        length, kind = scripted_end(*where[:2])
        return (1 - 0.9 ** (length - where[2]) * (kind == "terminated")) / (1 - 0.9)

    values, following = (
        np.apply_along_axis(value, 2, seen) for seen in (batch.observations, batch.next_observations)
    )
    assert np.abs(generalised_advantage(batch, values, following, 0.9, trace)).max() < 1e-12
    worst = np.abs(reward_to_go(batch, 0.9, following) - values)[batch.valid].max()
    assert worst < 1e-12
    if mode is AutoresetMode.SAME_STEP:  # what the environment shows after a truncation is the wrong state
        shown = np.concatenate([values[1:], values[-1:]])
        assert np.abs(generalised_advantage(batch, values, shown, 0.9, trace)).max() > 0.5


def line_walk_batch(theta, horizon=4, episodes=4000, seed=0, reward_at="before"):
    policy = GaussianPolicy(0, 1, chart="std")
    environment = environments.LineWalk(num_envs=episodes, horizon=horizon, reward_at=reward_at)
    return policy, Rollouts(environment, policy, np.random.default_rng(seed)).collect(theta, horizon)


def gradients_of_episodes(policy, theta, batch, advantages):
    """One estimate of the gradient of J for each episode: the sum over its actions."""
    scores = policy.at(theta, batch.flat(batch.observations)).scores(batch.flat(batch.actions)) @ np.eye(2)
    weighted = scores * batch.flat(advantages)[:, None]
    return weighted.reshape(*batch.valid.shape, 2).sum(axis=0)


ESTIMATORS = {
    "total return": lambda batch, baseline: total_return(batch),
    "total return, mean": lambda batch, baseline: total_return(batch) + 7.0,
    "reward-to-go": lambda batch, baseline: reward_to_go(batch),
    "reward-to-go, time": lambda batch, baseline: reward_to_go(batch) - baseline.values(batch),
    "generalised": lambda batch, baseline: generalised_advantage(
        batch, baseline.values(batch), baseline.next_values(batch), 1.0, 1.0
    ),
    "any values": lambda batch, baseline: generalised_advantage(
        batch, np.cos(batch.observations[..., 0]), np.cos(batch.next_observations[..., 0]), 1.0, 1.0
    ),
}


@pytest.mark.parametrize("reward_at", ["before", "after"])
@pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)
def test_estimators_are_unbiased_on_the_line_walk(estimator, reward_at):
    theta = np.array([0.5, 1.2])
    _, earlier = line_walk_batch(theta, seed=1, reward_at=reward_at)
    baseline = TimeBaseline().fit(earlier, reward_to_go(earlier))
    policy, batch = line_walk_batch(theta, seed=2, reward_at=reward_at)
    estimates = gradients_of_episodes(policy, theta, batch, estimator(batch, baseline))
    error = estimates.std(axis=0) / np.sqrt(len(estimates))
    exact = environments.line_walk_gradient(theta, 4, reward_at)
    checks.close(estimates.mean(axis=0), exact, standard_error=error)


def test_causality_and_baselines_take_noise_away():
    theta = np.array([0.5, 1.2])
    _, earlier = line_walk_batch(theta, seed=1)
    baseline = TimeBaseline().fit(earlier, reward_to_go(earlier))
    policy, batch = line_walk_batch(theta, seed=2)
    spread = {
        name: gradients_of_episodes(policy, theta, batch, estimator(batch, baseline)).var(axis=0)
        for name, estimator in ESTIMATORS.items()
    }
    assert (spread["reward-to-go"] < 0.9 * spread["total return"]).all()
    assert (spread["reward-to-go, time"] < 0.7 * spread["reward-to-go"]).all()


def test_estimates_that_need_whole_episodes_say_so():
    _, batch = line_walk_batch([0.0, 1.0], episodes=3)
    assert np.allclose(total_return(batch), batch.rewards.sum(axis=0) * np.ones((4, 1)))
    assert np.allclose(batch.episode_returns, batch.rewards.sum(axis=0))
    source = rollouts(AutoresetMode.SAME_STEP)
    first, second = (source.collect(np.zeros(COIN.size), steps) for steps in (3, 6))
    with pytest.raises(ValueError, match="environment 0 goes on after the batch: collect as many"):
        total_return(first)
    with pytest.raises(ValueError, match="environment 0 began before the batch"):
        total_return(second)
    with pytest.raises(ValueError, match=r"environment 0 does not terminate at step 2.*pass next_values"):
        reward_to_go(first)


@in_every_mode
def test_standardised_advantages_forget_shift_and_units(mode):
    batch = scripted_batch(mode)
    advantages = np.random.default_rng(0).normal(3, 5, size=batch.valid.shape)
    once = standardised(batch, advantages)
    assert abs(batch.flat(once).mean()) < 1e-14
    assert abs(batch.flat(once).std() - 1) < 1e-14
    assert np.allclose(standardised(batch, 100 * advantages - 7), once, atol=1e-12)
    assert not standardised(batch, np.full(batch.valid.shape, 0.1)).any(), "equal advantages say nothing"


@pytest.mark.parametrize("episodes", [2, 4, 10])
def test_the_mean_of_the_batch_is_not_quite_a_constant_baseline(episodes):
    """It shortens the expected gradient by 1 - 1/N, here of episodes with one step."""
    theta, repeats = np.array([1.5, 1.2]), 20_000
    policy, batch = line_walk_batch(theta, horizon=1, episodes=episodes * repeats, reward_at="after")
    returns = total_return(batch).reshape(repeats, episodes)
    centred = (returns - returns.mean(axis=1, keepdims=True)).reshape(1, -1)
    estimates = gradients_of_episodes(policy, theta, batch, centred)
    estimates = estimates.reshape(repeats, episodes, 2).mean(axis=1)
    exact = environments.line_walk_gradient(theta, 1, "after")
    error = estimates.std(axis=0) / np.sqrt(repeats)
    checks.close(estimates.mean(axis=0), (1 - 1 / episodes) * exact, standard_error=error)


# --- baselines ----------------------------------------------------------------------------------------------


@in_every_mode
def test_a_time_baseline_is_the_mean_at_each_age(mode):
    batch = scripted_batch(mode)
    targets = np.random.default_rng(4).normal(size=batch.valid.shape)
    time = TimeBaseline().fit(batch, targets)
    ages = batch.ages[batch.valid]
    for age in range(4):
        expected = targets[batch.valid][ages == age].mean()
        assert np.allclose(time.values(batch)[batch.valid & (batch.ages == age)], expected)
        assert np.allclose(time.next_values(batch)[batch.valid & (batch.ages == age - 1)], expected)
    oldest = targets[batch.valid][ages == 3].mean()
    assert np.allclose(time.next_values(batch)[batch.valid & (batch.ages == 3)], oldest)


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_a_fourier_baseline_learns_a_curve_and_knows_it_elsewhere(dtype):
    _, _, batch, _ = random_batch(steps=400)

    def curve(seen):
        return 50 + np.sin(seen[..., 0]) * np.cos(seen[..., 1])

    baseline = FourierBaseline(2, np.random.default_rng(5), regularisation=1e-6, dtype=dtype)
    assert not baseline.values(batch).any()
    baseline.fit(batch, curve(batch.observations))
    for values, seen in (
        (baseline.values(batch), batch.observations),
        (baseline.next_values(batch), batch.next_observations),
    ):
        unexplained = np.mean((values - curve(seen)) ** 2) / curve(seen).var()
        assert unexplained < 0.01
    assert np.mean(baseline.values(batch)) == pytest.approx(np.mean(curve(batch.observations)), rel=1e-3)


def test_a_fourier_baseline_is_a_ridge_regression():
    """Against the normal equations of its features, stacked with the square root of the penalty."""
    _, _, batch, targets = random_batch(steps=50)
    options = {"features": 5, "observation_scale": (2.0, 0.3), "bandwidth": 0.7, "regularisation": 0.1}
    baseline = FourierBaseline(2, np.random.default_rng(6), dtype=float, **options)
    rng, scaled = np.random.default_rng(6), batch.flat(batch.observations) * (2.0, 0.3)
    frequencies, phases = 0.7 * rng.normal(size=(2, 5)), rng.uniform(0, 2 * np.pi, 5)
    features = np.hstack([scaled, np.cos(scaled @ frequencies + phases)])
    baseline.fit(batch, targets)
    flat = batch.flat(targets)
    rows = np.vstack([features - features.mean(axis=0), np.sqrt(0.1 * len(flat)) * np.eye(7)])
    weights = np.linalg.lstsq(rows, np.concatenate([flat - flat.mean(), np.zeros(7)]))[0]
    expected = (features - features.mean(axis=0)) @ weights + flat.mean()
    assert np.allclose(batch.flat(baseline.values(batch)), expected, rtol=1e-9)


# --- rules --------------------------------------------------------------------------------------------------

WIDE = SoftmaxPolicy(2, 3, (20,))  # more parameters than are solved densely
POLICIES = {
    "softmax": SoftmaxPolicy(2, 3),
    "wide softmax": WIDE,
    "gaussian": GaussianPolicy(2, 2, (3,)),
    "gaussian, std": GaussianPolicy(2, 1, chart="std"),
}
for_every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


def case(policy, seed=0):
    rng = np.random.default_rng(seed)
    theta = policy.initial(rng, last_layer=1.0)
    return random_batch(seed, policy=policy, theta=theta)


def objective(policy, theta, batch, advantages, of_ratio=lambda ratio, advantages: ratio * advantages):
    """A surrogate as a function of the new parameters, from log-probabilities alone."""
    states, actions, weights = map(batch.flat, (batch.observations, batch.actions, advantages))
    old = policy.at(theta, states).log_prob(actions)
    return lambda new: of_ratio(np.exp(policy.at(new, states).log_prob(actions) - old), weights).mean()


def gradient_of(policy, theta, batch, advantages):
    states, actions, weights = map(batch.flat, (batch.observations, batch.actions, advantages))
    return policy.at(theta, states).gradient(actions, weights)


def differences(function, theta, step=1e-5):
    return np.array(
        [(function(theta + e) - function(theta - e)) / (2 * step) for e in step * np.eye(len(theta))]
    )


@for_every_policy
def test_the_gradient_is_that_of_the_surrogate_and_a_mean_over_valid_steps(policy):
    policy, theta, batch, advantages = case(policy)
    step = policy_gradient(policy, theta, batch, advantages, step_size=0.1)
    gradient = gradient_of(policy, theta, batch, advantages)
    assert np.allclose(gradient, differences(objective(policy, theta, batch, advantages), theta), atol=1e-8)
    assert np.allclose(step.theta, theta + 0.1 * gradient, rtol=1e-14)
    advantages = np.where(batch.valid, advantages, 1e9)
    again = policy_gradient(policy, theta, batch, advantages, step_size=0.1)
    assert np.array_equal(again.theta, step.theta), "steps that are not valid count for nothing"


@with_every_rule
@for_every_policy
def test_a_step_says_what_it_did(rule, policy):
    policy, theta, batch, advantages = case(policy)
    step = step_of(rule, policy, theta, batch, advantages / 100)
    if not step.accepted:
        assert "above 0" in step.reason
        assert np.array_equal(step.theta, theta)
        return
    states = batch.flat(batch.observations)
    old, new = policy.at(theta, states), policy.at(step.theta, states)
    surrogate = objective(policy, theta, batch, advantages / 100)
    assert step.kl == pytest.approx(old.kl(new).mean(), rel=1e-9)
    assert step.improvement == pytest.approx(surrogate(step.theta) - surrogate(theta), rel=1e-6, abs=1e-12)
    assert step.entropy == pytest.approx(old.entropy().mean())
    assert step.reason == ""


@pytest.mark.parametrize("damping", [0.1, 1e-3])
@for_every_policy
def test_the_natural_step_is_a_dense_solve(policy, damping):
    policy, theta, batch, advantages = case(policy)
    states = batch.flat(batch.observations)
    fisher = check.matrix(policy.at(theta, states).fisher()) + damping * np.eye(policy.size)
    step = natural_policy_gradient(policy, theta, batch, advantages, step_size=1e-3, damping=damping)
    direction = np.linalg.solve(fisher, gradient_of(policy, theta, batch, advantages))
    assert np.allclose(step.theta - theta, 1e-3 * direction, rtol=1e-6, atol=1e-9)
    step = natural_policy_gradient(policy, theta, batch, advantages, radius=1e-4, damping=damping)
    moved = step.theta - theta
    assert moved @ fisher @ moved / 2 == pytest.approx(1e-4, rel=1e-6)
    assert step.kl <= 1.1e-4


def test_radius_is_kl_to_leading_order():
    policy, theta, batch, advantages = case(GaussianPolicy(2, 1))
    radii = np.array([1e-4, 1e-5, 1e-6, 1e-7])
    divergences = [
        natural_policy_gradient(policy, theta, batch, advantages, radius=radius).kl for radius in radii
    ]
    checks.slope(radii, np.abs(divergences - radii), 1.5)


@pytest.mark.parametrize("radius", [1e-3, 0.03, 1.0, 30.0])
@for_every_policy
def test_trpo_keeps_its_radius_exactly_and_gains(policy, radius):
    for seed in range(8):
        step = trpo(*case(policy, seed), radius=radius, damping=1e-3)
        assert step.accepted, step.reason
        assert 0 < step.kl <= radius
        assert step.improvement > 0


def test_trpo_with_enough_iterations_goes_the_natural_way():
    policy, theta, batch, advantages = case(SoftmaxPolicy(2, 3))
    natural = natural_policy_gradient(policy, theta, batch, advantages, radius=1e-3, damping=0.01)
    run = functools.partial(trpo, policy, theta, batch, advantages, radius=1e-3, damping=0.01)
    step = run(iterations=50)
    shortening = 0.5**step.backtracks
    assert np.allclose(step.theta - theta, shortening * (natural.theta - theta), rtol=1e-6, atol=1e-10)
    # However early they stop, x'(F + damping I)x = x'g: so the step begins with the length asked for.
    for iterations in (1, 2, 3):
        short = run(iterations=iterations)
        fisher = check.matrix(policy.at(theta, batch.flat(batch.observations)).fisher())
        moved = (short.theta - theta) / 0.5**short.backtracks
        assert moved @ fisher @ moved + 0.01 * moved @ moved == pytest.approx(2e-3, rel=1e-9)


def test_trpo_rejects_when_no_step_gains():
    policy, theta, batch, advantages = case(SoftmaxPolicy(2, 3))
    step = trpo(policy, theta, batch, np.zeros_like(advantages))
    assert not step.accepted
    assert "but is 0" in step.reason
    policy, theta, batch, advantages = case(GaussianPolicy(2, 1))
    step = trpo(policy, theta, batch, advantages, radius=10.0, damping=1e-3, max_backtracks=0)
    assert not step.accepted
    assert "after 0 backtracks: the last has KL divergence" in step.reason
    assert np.array_equal(step.theta, theta)


def test_a_step_out_of_the_space_is_rejected_and_says_why():
    theta = np.array([0.0, 1.0])
    policy, batch = line_walk_batch(theta)
    advantages = standardised(batch, total_return(batch))
    for rule in (policy_gradient, natural_policy_gradient):
        step = rule(policy, theta, batch, advantages, step_size=50.0)
        assert not step.accepted
        assert "above 0" in step.reason
        assert np.array_equal(step.theta, theta)
    step = ppo(policy, theta, batch, advantages, step_size=50.0, minibatches=1)
    assert not step.accepted
    assert "small step goes too far" in step.reason
    step = trpo(policy, theta, batch, advantages, radius=100.0, damping=0.0, max_backtracks=0)
    assert not step.accepted
    assert "above 0" in step.reason
    step = trpo(policy, theta, batch, advantages, radius=100.0, damping=0.0)
    assert step.accepted, "the line search comes back into the space"
    assert step.backtracks > 0


@for_every_policy
@pytest.mark.parametrize("length", [1e3, 1e8, 1e150])
def test_a_step_much_too_long_is_no_warning_and_no_nan(policy, length):
    arguments = case(policy)
    for step in (
        policy_gradient(*arguments, step_size=length),
        natural_policy_gradient(*arguments, radius=length, damping=1e-3),
        trpo(*arguments, radius=length, damping=1e-3),
        ppo(*arguments, step_size=length, minibatches=1),
        ppo(*arguments, step_size=length, minibatches=1, optimiser="gradient", penalty=1.0),
    ):
        assert np.isfinite([step.kl, step.improvement]).all()
        assert np.isfinite(step.theta).all()
        assert step.accepted or step.reason


@for_every_policy
@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-140, 1e140, 1e200, 1e300])
def test_advantages_in_any_units_are_no_warning(policy, scale):
    """A step of a given length does not depend on their units, unless the length leaves double precision."""
    policy, theta, batch, advantages = case(policy)
    arguments = policy, theta, batch, scale * advantages
    for rule in (
        functools.partial(trpo, radius=0.01),
        functools.partial(natural_policy_gradient, radius=0.01, damping=0.1),
    ):
        step, usual = rule(*arguments), rule(policy, theta, batch, advantages)
        if not 1e-150 < scale < 1e150:
            assert "must be above 0 and finite" in step.reason
        else:
            assert np.allclose(step.theta, usual.theta, rtol=1e-12)
            assert step.kl == pytest.approx(usual.kl, rel=1e-9)
    for step in (
        policy_gradient(*arguments, step_size=1e-3),
        natural_policy_gradient(*arguments, step_size=1e-3, damping=0.1),
        ppo(*arguments, minibatches=1, step_size=1e-3),
        ppo(*arguments, minibatches=1, step_size=1e-3, optimiser="gradient", penalty=1.0),
    ):
        assert np.isfinite([step.kl, step.improvement, *step.theta]).all()
        assert step.accepted or step.reason


@with_every_rule
@pytest.mark.parametrize("scale", [1e-160, 1e30, 1e200])
def test_advantages_that_float32_cannot_hold_are_refused(rule, scale):
    policy, theta, batch, advantages = case(SoftmaxPolicy(2, 3, (4,), dtype=np.float32))
    arguments = policy, theta, batch, scale * advantages
    if scale == 1e200:
        with pytest.raises(ValueError, match="advantages must be finite in float32"):
            step_of(rule, *arguments)
    else:
        step = step_of(rule, *arguments)
        assert np.isfinite([step.kl, step.improvement, *step.theta]).all()


def noise_on_cart_pole(hidden, dtype):
    policy = SoftmaxPolicy(4, 2, hidden, dtype=dtype)
    rng = np.random.default_rng(0)
    theta = policy.initial(rng)
    batch = Rollouts(environments.make("CartPole-v1", num_envs=4), policy, rng).collect(theta, 40)
    return policy, theta, batch, rng.normal(size=batch.valid.shape)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hidden", [(), (32,)], ids=str)
def test_a_softmax_without_damping_is_singular(hidden, dtype):
    """Conjugate gradients need not notice: they have used all their iterations and gone far away."""
    arguments = noise_on_cart_pole(hidden, dtype)
    for options in ({"step_size": 0.1}, {"radius": 0.01}):
        with pytest.raises(ValueError, match="damping must be greater than 0 for a SoftmaxPolicy"):
            natural_policy_gradient(*arguments, **options)
        step = natural_policy_gradient(*arguments, damping=0.1, **options)
        assert step.accepted
        assert step.kl < 0.02


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_conjugate_gradients_that_have_not_converged_are_no_natural_gradient(dtype):
    with pytest.raises(ValueError, match=r"(?s)conjugate gradients have not found .*add damping"):
        natural_policy_gradient(*noise_on_cart_pole((32,), dtype), radius=0.01, damping=1e-30)


def test_the_natural_gradient_is_multiplied_or_scaled():
    policy, theta, batch, advantages = case(GaussianPolicy(2, 1))
    with pytest.raises(ValueError, match="either step_size or radius"):
        natural_policy_gradient(policy, theta, batch, advantages)


@for_every_policy
def test_ppo_begins_as_the_policy_gradient(policy):
    policy, theta, batch, advantages = case(policy)
    plain = policy_gradient(policy, theta, batch, advantages, step_size=0.1)
    for options in ({}, {"clip": 0.01}, {"penalty": 5.0}):
        first = ppo(
            policy,
            theta,
            batch,
            advantages,
            epochs=1,
            minibatches=1,
            step_size=0.1,
            optimiser="gradient",
            **options,
        )
        assert np.allclose(first.theta, plain.theta, rtol=1e-12, atol=1e-14)


@for_every_policy
def test_ppo_follows_the_gradient_of_what_it_says(policy):
    """The second small step, away from the old parameters, against differences of the surrogate."""
    policy, theta, batch, advantages = case(policy)
    states = batch.flat(batch.observations)
    run = functools.partial(
        ppo, policy, theta, batch, advantages, minibatches=1, step_size=0.9, optimiser="gradient"
    )
    clipped = objective(
        policy, theta, batch, advantages, lambda ratio, weights: clipped_surrogate(ratio, weights, 0.05)
    )
    surrogate = objective(policy, theta, batch, advantages)

    def penalised(new):
        return surrogate(new) - 2.0 * policy.at(theta, states).kl(policy.at(new, states)).mean()

    for options, target in (({"clip": 0.05}, clipped), ({"penalty": 2.0}, penalised)):
        first, second = (run(epochs=epochs, **options).theta for epochs in (1, 2))
        assert np.allclose(second - first, 0.9 * differences(target, first), atol=1e-6)
    ratio = np.exp(
        policy.at(first, states).log_prob(batch.flat(batch.actions))
        - policy.at(theta, states).log_prob(batch.flat(batch.actions))
    )
    assert np.mean(np.abs(ratio - 1) > 0.05) > 0.1, "some samples were clipped"


def test_the_clip_ends_the_pull():
    """One action that is always good: its ratio stops just outside the interval."""
    policy = SoftmaxPolicy(0, 2)
    _, _, batch, _ = random_batch()
    batch = Batch(**(vars(batch) | {"actions": np.ones_like(batch.ages)}))
    run = functools.partial(
        ppo, policy, np.zeros(2), batch, np.ones(batch.valid.shape), minibatches=1, optimiser="gradient"
    )
    short, long = (run(epochs=epochs, step_size=0.05) for epochs in (50, 500))
    assert np.array_equal(short.theta, long.theta)
    ratio = policy.at(long.theta, np.empty((1, 0))).probabilities[0, 1] / 0.5
    assert 1.2 < ratio < 1.22
    pushed = clipped_surrogate([0.5, 0.5, 1.0, 1.5, 1.5], [1.0, -1.0, 3.0, 1.0, -1.0])
    assert pushed.tolist() == [0.5, -0.8, 3.0, 1.2, -1.5]


def test_the_penalty_follows_its_target():
    penalty = AdaptivePenalty(target=0.01, value=4.0)
    assert [penalty.adapt(kl) for kl in (0.02, 0.01, 0.001, 0.0151, 0.0066)] == [8, 8, 4, 8, 4]
    assert [AdaptivePenalty(3.0, 1.0).adapt(kl) for kl in (4.5, 2.0)] == [1, 1], "both ends belong to it"
    policy, theta, batch, advantages = case(SoftmaxPolicy(2, 3))
    step = ppo(policy, theta, batch, advantages, penalty=penalty, minibatches=1, step_size=0.5)
    assert step.kl > 0.015
    assert penalty.value == 8.0


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("epochs", [1, 5], ids=["the last step", "a step on the way"])
def test_a_step_that_went_too_far_raises_the_penalty(seed, epochs):
    """A rejected step has divergence 0, which is no reason to go farther the next time."""
    policy, batch = line_walk_batch([10.0, 14.0], horizon=5, episodes=4, seed=seed)
    penalty = AdaptivePenalty(2.0, 1.0)
    options = {"minibatches": 1, "epochs": epochs, "step_size": 30.0, "penalty": penalty}
    advantages = standardised(batch, total_return(batch))
    run = functools.partial(ppo, policy, [10.0, 14.0], batch, advantages)
    assert not run(**options).accepted
    assert penalty.value == 2.0
    assert run(**options | {"step_size": 1e-3}).accepted
    assert penalty.value == 1.0


def test_a_penalty_is_adapted_through_steps_of_the_size_of_rounding():
    """In float32: the divergences of these steps are below what one rounding of a probability is worth."""
    divergences = {}
    for precision in (np.float32, np.float64):
        environment = environments.make("CartPole-v1", num_envs=4)
        policy = for_environment(environment, hidden=(8,), dtype=precision)
        options = {"penalty": AdaptivePenalty(), "step_size": 1e-5, "epochs": 1, "minibatches": 1}
        training = train(
            environment,
            policy,
            functools.partial(ppo, **options),
            theta=policy.initial(np.random.default_rng(1)).astype(np.float32).astype(float),
            iterations=4,
            steps=16,
            rng=np.random.default_rng(0),
        )
        divergences[precision] = training.history.kl
        assert training.history.accepted.all() and len(training.history) == 4
    assert np.all(divergences[np.float32] >= 0)
    np.testing.assert_allclose(divergences[np.float32][0], divergences[np.float64][0], rtol=0.02)


def test_a_mistake_in_a_policy_is_not_taken_for_a_step_too_long():
    """Only a point outside the parameter space rejects a step."""

    class Broken(GaussianPolicy):
        def at(self, theta, observations):
            if not np.array_equal(theta, start):
                raise ValueError("a mistake of its own")
            return super().at(theta, observations)

    start = np.array([0.0, 1.0])
    _, batch = line_walk_batch(start)
    broken = Broken(0, 1, chart="std")
    advantages = standardised(batch, total_return(batch))
    for rule in (*RULES.values(), functools.partial(RULES["ppo"], penalty=1.0)):
        with pytest.raises(ValueError, match=r"^a mistake of its own$"):
            step_of(rule, broken, start, batch, advantages)


# --- the loop -----------------------------------------------------------------------------------------------


def cart_pole(seed=0, update=RULES["trpo"], iterations=4, policy=None, **options):
    rng = np.random.default_rng(seed)
    environment = environments.make("CartPole-v1", num_envs=32)
    settings = {"baseline": FourierBaseline(4, rng, observation_scale=SCALE), "steps": 64}
    policy = policy or SoftmaxPolicy(4, 2, (32,), SCALE)
    return train(environment, policy, update, iterations=iterations, rng=rng, **(settings | options))


def test_trpo_solves_cart_pole():
    """Three evaluations in a row of 475 or more, as in the benchmark; it takes about 10 iterations."""
    policy, passed = SoftmaxPolicy(4, 2, (32,), SCALE), []

    def solved(record):
        environment = environments.make("CartPole-v1", num_envs=50)
        returns = evaluate(environment, policy, record.theta, 50, np.random.default_rng(record.steps))
        passed.append(returns.mean() >= 475)
        return passed[-3:] == [True] * 3

    run = cart_pole(iterations=100, policy=policy, until=solved)
    assert run.reason == "until"
    assert run.history.accepted.all()
    assert (run.history.kl <= 0.03).all()
    assert (run.history.improvement > 0).all()


@with_every_rule
def test_every_rule_improves_cart_pole(rule):
    history = cart_pole(update=rule, iterations=8).history
    assert history.mean_return[0] < 30
    assert np.nanmax(history.mean_return) > 60
    assert np.isfinite(history.theta).all()


def test_the_paper_s_figure_4_sampled():
    """Ten episodes of ten actions a batch, total return standardised, exact Fisher matrix per step."""
    policy = GaussianPolicy(0, 1, chart="std")
    for seed in range(3):
        thetas = {}
        for rule in (policy_gradient, natural_policy_gradient):
            run = train(
                environments.LineWalk(num_envs=10, horizon=10),
                policy,
                functools.partial(rule, step_size=10 * 0.075),
                iterations=100,
                steps=10,
                rng=np.random.default_rng(seed),
                theta=[10.0, 14.0],
                advantage="total_return",
            )
            thetas[rule] = run.history.theta
            assert run.history.accepted.all()
            assert (run.history.episodes == 10).all()
        plain, natural = thetas[policy_gradient][-1], thetas[natural_policy_gradient][-1]
        assert plain[0] > 7.5
        assert 13 < plain[1] < 14
        assert abs(natural[0]) < 0.5
        assert natural[1] < 0.1


def test_rejections_are_recorded_and_the_run_goes_on():
    run = train(
        environments.LineWalk(num_envs=10, horizon=10),
        GaussianPolicy(0, 1, chart="std"),
        functools.partial(natural_policy_gradient, step_size=30.0),
        iterations=20,
        steps=10,
        rng=np.random.default_rng(0),
        theta=[10.0, 14.0],
        advantage="total_return",
    )
    history = run.history
    assert 0 < history.accepted.sum() < 20
    for t in range(20):
        assert (history.theta[t + 1] != history.theta[t]).any() == history.accepted[t]
        assert ("above 0" in history.reason[t]) == (not history.accepted[t])
    assert (history.theta[:, 1] > 0).all()


def test_the_same_seed_is_the_same_run():
    first, second, other = cart_pole(), cart_pole(), cart_pole(seed=1)
    for name in vars(first.history):
        assert np.array_equal(getattr(first.history, name), getattr(second.history, name)), name
    assert not np.array_equal(first.theta, other.theta)
    assert np.array_equal(first.theta, first.history.theta[-1])


def test_a_run_leaves_what_it_was_given_alone():
    baseline = FourierBaseline(4, np.random.default_rng(0))
    update = functools.partial(ppo, penalty=AdaptivePenalty(target=1e-6))
    run = cart_pole(baseline=baseline, update=update)
    batch = Rollouts(
        environments.make("CartPole-v1", 2), SoftmaxPolicy(4, 2), np.random.default_rng(0)
    ).collect(np.zeros(10), 3)
    assert not baseline.values(batch).any()
    assert run.baseline.values(batch).all()
    assert update.keywords["penalty"].value == 1.0


@pytest.mark.parametrize("advantage", ["generalised", "reward_to_go"])
def test_what_was_not_decided_is_credited_with_nothing(advantage):
    """CartPole resets in steps of their own, of which the baseline knows a value."""
    seen = []

    def update(policy, theta, batch, advantages):
        seen.append((batch.valid, advantages))
        return policy_gradient(policy, theta, batch, advantages, step_size=1e-3)

    cart_pole(update=update, iterations=2, advantage=advantage, standardise=False)
    for valid, advantages in seen:
        assert not valid.all() and advantages[valid].all() and not advantages[~valid].any()


def test_history_counts():
    seen = []
    run = cart_pole(progress=lambda *arguments: seen.append(arguments), iterations=3)
    history = run.history
    assert len(history) == 3
    assert history.steps.tolist() == [2048, 4096, 6144]
    assert history.theta.shape == (4, run.theta.size)
    assert history.reason == ("", "", "")
    assert [arguments[:2] for arguments in seen] == [(1, 3), (2, 3), (3, 3)]
    assert [record.mean_return for *_, record in seen] == history.mean_return.tolist()
    assert np.array_equal(history.theta[1:], [record.theta for *_, record in seen])
    assert (run.reason, run.interrupted) == ("iterations", False)
    none_ended = cart_pole(iterations=1, steps=2).history
    assert none_ended.episodes[0] == 0
    assert np.isnan(none_ended.mean_return[0])


@pytest.mark.parametrize("advantage", ["generalised", "reward_to_go", "total_return"])
@pytest.mark.parametrize("baseline", [None, TimeBaseline()], ids=type)
def test_every_estimate_works_with_every_baseline(advantage, baseline):
    run = train(
        environments.LineWalk(num_envs=20, horizon=5),
        GaussianPolicy(0, 1),
        functools.partial(trpo, radius=0.05, damping=1e-3),
        iterations=60,
        steps=5,
        rng=np.random.default_rng(0),
        theta=[2.0, 1.0],
        discount=1.0,
        baseline=baseline,
        advantage=advantage,
    )
    assert environments.line_walk_objective([run.theta[0], np.exp(run.theta[1])], 5) > -5
    assert run.history.mean_return[0] < -100


class Sevens:
    """A baseline that expects 7 of every state, whatever it is fitted to."""

    def fit(self, batch, targets):
        pass

    def values(self, batch):
        return np.full(batch.valid.shape, 7.0)

    next_values = values


@pytest.mark.parametrize("advantage", ["generalised", "reward_to_go", "total_return"])
def test_the_advantage_is_what_exceeds_the_baseline(advantage):
    seen = []

    def look(policy, theta, batch, advantages):
        seen.append((batch, advantages))
        return policy_gradient(policy, theta, batch, advantages, step_size=1e-3)

    environment, rng = environments.LineWalk(num_envs=3, horizon=5), np.random.default_rng(0)
    options = {"iterations": 1, "steps": 5, "theta": [2.0, 1.0], "discount": 0.9, "trace": 1.0}
    options |= {"baseline": Sevens(), "advantage": advantage, "standardise": False}
    train(environment, GaussianPolicy(0, 1), look, rng=rng, **options)
    ((batch, advantages),) = seen
    earned = total_return(batch) if advantage == "total_return" else reward_to_go(batch, 0.9)
    np.testing.assert_allclose(advantages, earned - 7, rtol=1e-12)


@pytest.mark.parametrize("steps", [5, 9], ids=["truncated", "unfinished"])
def test_reward_to_go_in_a_run_needs_a_baseline_for_what_a_batch_does_not_hold(steps):
    run = functools.partial(
        train,
        environments.Pendulum(2, max_episode_steps=5 if steps == 5 else 20),
        GaussianPolicy(3, 1),
        RULES["trpo"],
        iterations=2,
        steps=steps,
        rng=np.random.default_rng(0),
        advantage="reward_to_go",
    )
    with pytest.raises(ValueError, match=r"does not terminate at step \d of the batch.*a baseline to train"):
        run()
    assert len(run(baseline=TimeBaseline()).history) == 2


def test_results_can_be_compared_without_comparing_arrays():
    records = []
    run = cart_pole(iterations=1, progress=lambda *arguments: records.append(arguments[2]))
    policy, theta, batch, advantages = random_batch()
    step = policy_gradient(policy, theta, batch, advantages, step_size=0.1)
    solved = conjugate_gradient(np.eye(2), np.ones(2))
    for result in (run, run.history, records[0], batch, step, solved):
        assert result == result
        assert result != dataclasses.replace(result)
        assert len({result, result}) == 1


def test_an_interrupted_run_returns_what_there_is():
    def interrupt(iteration, iterations, record):
        if iteration == 2:
            raise KeyboardInterrupt

    whole, run = cart_pole(), cart_pole(progress=interrupt)
    assert run.interrupted
    assert len(run.history) == 2
    assert np.array_equal(run.history.theta, whole.history.theta[:3])

    environment, calls = scripted(AutoresetMode.SAME_STEP), itertools.count()
    honest = environment.step

    def step(actions):
        if next(calls) == 7:
            raise KeyboardInterrupt
        return honest(actions)

    environment.step = step
    for kept, policy in ((1, COIN), (0, COIN)):
        calls = itertools.count(7 * (1 - kept))
        run = train(environment, policy, RULES["trpo"], iterations=9, steps=5, rng=np.random.default_rng(0))
        assert run.interrupted
        assert len(run.history) == kept
        assert run.history.theta.shape == (kept + 1, policy.size)
        assert np.array_equal(run.theta, run.history.theta[-1])


def test_a_rule_takes_a_generator_only_if_it_draws():
    draws = [name for name, rule in RULES.items() if "rng" in inspect.signature(rule).parameters]
    assert draws == ["ppo"]


def test_a_rule_has_to_return_a_step():
    with pytest.raises(ValueError, match=r"update must return a Step.*functools\.partial"):
        cart_pole(update=lambda policy, theta, batch, advantages, rng: theta)


def test_training_does_not_import_scipy():
    """It would add .2 s and 25 MiB to a run that takes less."""
    import subprocess

    code = (
        "import functools, sys, numpy as np; "
        "from ngbook import environments, policies, policy_gradient as p; "
        "e = environments.make('CartPole-v1', 4); q = policies.for_environment(e, (8,)); "
        "r = np.random.default_rng(0); u = functools.partial(p.trpo, radius=.01); "
        "p.train(e, q, u, iterations=2, steps=20, rng=r, baseline=p.FourierBaseline(4, r)); "
        "print(sorted({'scipy', 'sympy', 'matplotlib'} & set(sys.modules)))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "[]"


# --- the regression of returns on summed scores -------------------------------------------------------------


def episodes_of_noise(count=30, size=3, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(count, size)) @ rng.normal(size=(size, size)) + 0.3 * rng.normal(size=size)
    return scores, scores @ rng.normal(size=size) - 20 + rng.normal(size=count)


@pytest.mark.parametrize("count", [5, 6, 30])
def test_the_regression_is_the_natural_gradient_of_two_matrices_and_two_baselines(count):
    scores, returns = episodes_of_noise(count)
    w, b = episodic_natural_gradient(scores, returns)
    fitted = np.linalg.lstsq(np.column_stack([scores, np.ones(count)]), returns)[0]
    np.testing.assert_allclose([*w, b], fitted, rtol=1e-9)
    deviations = scores - scores.mean(axis=0)
    centred = np.linalg.solve(
        deviations.T @ deviations / count, scores.T @ (returns - returns.mean()) / count
    )
    uncentred = np.linalg.solve(scores.T @ scores / count, scores.T @ (returns - b) / count)
    np.testing.assert_allclose(w, centred, rtol=1e-9)
    np.testing.assert_allclose(w, uncentred, rtol=1e-9)
    fisher, mean = scores.T @ scores / count, scores.mean(axis=0)
    solved, gradient = np.linalg.solve(fisher, mean), scores.T @ returns / count
    assert b == pytest.approx((returns.mean() - solved @ gradient) / (1 - solved @ mean), rel=1e-9)


def test_the_regression_does_not_see_the_units_of_a_parameter():
    scores, returns = episodes_of_noise()
    units = np.array([1e-9, 1.0, 1e9])
    w, b = episodic_natural_gradient(scores, returns)
    scaled, same = episodic_natural_gradient(scores * units, returns)
    np.testing.assert_allclose(scaled * units, w, rtol=1e-12)
    assert same == pytest.approx(b, rel=1e-12)


@pytest.mark.parametrize("dtype", [float, np.float32])
def test_returns_that_are_linear_in_the_scores_leave_no_noise(dtype):
    scores, _ = episodes_of_noise()
    scores = scores.astype(dtype)
    w, b = episodic_natural_gradient(scores, scores @ np.array([1.0, -2.0, 0.5]) - 7)
    np.testing.assert_allclose([*w, b], [1.0, -2.0, 0.5, -7.0], rtol=1e-12)


@pytest.mark.parametrize("dtype", [float, np.float32])
@pytest.mark.parametrize(
    "column", [lambda s: s[:, 0] - 3 * s[:, 1], lambda s: 0 * s[:, 0], lambda s: 0 * s[:, 0] + 5]
)
def test_summed_scores_that_depend_on_each_other_are_refused(column, dtype):
    scores, returns = episodes_of_noise()
    scores[:, 2] = column(scores)
    with pytest.raises(ValueError, match=r"of these 4 columns only 3 are: .*bias=False"):
        episodic_natural_gradient(scores.astype(dtype), returns)


def test_a_redundant_bias_is_found_on_the_motor_primitive():
    environment, rng = environments.MotorPrimitive(20), np.random.default_rng(0)
    for bias in (True, False):
        policy = for_environment(environment, bias=bias)
        theta = policy.initial(rng)
        batch = Rollouts(environment, policy, rng).collect(theta, 25)
        if bias:
            with pytest.raises(ValueError, match="13 columns only 12 are"):
                episodic_natural_actor_critic(policy, theta, batch, total_return(batch), radius=0.1)
        else:
            assert episodic_natural_actor_critic(
                policy, theta, batch, total_return(batch), radius=0.1
            ).accepted


@in_every_mode
@pytest.mark.parametrize("steps", [6, 9, 17])
def test_episode_sums_are_those_of_a_loop_over_whole_episodes(mode, steps):
    """Batches that begin and end anywhere; the rewards tell the episodes apart."""
    source, theta = rollouts(mode), np.random.default_rng(5).normal(size=COIN.size)
    for batch in (source.collect(theta, steps) for _ in range(3)):
        found = []  # environment, whether it begins and ends here, scores, return
        for i in range(2):
            for t in range(steps):
                if not batch.valid[t, i]:
                    continue
                if batch.ages[t, i] == 0 or t == 0 or not found or found[-1][0] != i:
                    found.append([i, batch.ages[t, i] == 0, False, np.zeros(COIN.size), 0.0])
                here = COIN.at(theta, batch.observations[t, i][None])
                found[-1][3] = found[-1][3] + here.scores(batch.actions[t, i][None]).T @ np.ones(1)
                found[-1][4] += 0.9 ** batch.ages[t, i] * batch.rewards[t, i]
                found[-1][2] = batch.terminated[t, i] or batch.truncated[t, i]
        whole = [episode for episode in found if episode[1] and episode[2]]
        returns = reward_to_go(batch, 0.9, np.zeros(batch.valid.shape))
        scores, earned, dropped = episode_sums(COIN, theta, batch, returns)
        np.testing.assert_allclose(scores, [episode[3] for episode in whole], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(earned, [episode[4] for episode in whole], rtol=1e-12)
        assert dropped == len(found) - len(whole)


def linear_quadratic_batch(episodes, theta=(-0.2, -0.7), seed=0, **options):
    environment, rng = environments.LinearQuadratic(episodes), np.random.default_rng(seed)
    policy = GaussianPolicy(1, 1, bias=False, **options)
    return policy, np.array(theta), Rollouts(environment, policy, rng).collect(theta, 10)


def test_the_regression_finds_the_natural_gradient_and_its_noise_is_that_of_the_residuals():
    policy, theta, batch = linear_quadratic_batch(20_000)
    scores, returns, dropped = episode_sums(policy, theta, batch, total_return(batch))
    fisher = environments.linear_quadratic_fisher(theta)
    exact = np.linalg.solve(fisher, environments.linear_quadratic_gradient(theta))
    w, b = episodic_natural_gradient(scores, returns)
    residuals = (returns - b - scores @ w)[:, None]
    spread = np.linalg.solve(fisher, (scores * residuals).T).std(axis=1) / np.sqrt(len(returns))
    checks.close(w, exact, standard_error=spread)
    assert dropped == 0 and (spread < 0.01 * np.abs(exact)).all()
    small = np.array([episodic_natural_gradient(*part)[0] for part in zip(
        scores.reshape(-1, 100, 2), returns.reshape(-1, 100), strict=True)])  # fmt: skip
    np.testing.assert_allclose(small.std(axis=0), spread * np.sqrt(200), rtol=0.25)
    checks.close(
        np.mean(scores[:, :, None] * scores[:, None], axis=0),
        fisher,
        standard_error=(scores[:, :, None] * scores[:, None]).std(axis=0) / np.sqrt(len(returns)),
    )


def test_the_rule_steps_along_the_regression_and_says_what_it_did():
    policy, theta, batch = linear_quadratic_batch(50)
    returns = reward_to_go(batch)
    scores, earned, _ = episode_sums(policy, theta, batch, returns)
    w, b = episodic_natural_gradient(scores, earned)
    step = episodic_natural_actor_critic(policy, theta, batch, returns, step_size=0.1)
    np.testing.assert_allclose(step.theta, theta + 0.1 * w, rtol=1e-12)
    states = batch.flat(batch.observations)
    old, new = policy.at(theta, states), policy.at(step.theta, states)
    assert step.kl == pytest.approx(old.kl(new).mean(), rel=1e-9)
    assert step.entropy == pytest.approx(old.entropy().mean())
    credit = np.tile(earned - b, 10)
    surrogate = objective(policy, theta, batch, credit.reshape(10, 50))
    assert step.improvement == pytest.approx(surrogate(step.theta) - surrogate(theta), rel=1e-6)
    assert (step.dropped, step.reason, step.backtracks) == (0, "", 0)


def test_the_radius_is_that_of_trajectories():
    policy, theta, batch = linear_quadratic_batch(20_000)
    step = episodic_natural_actor_critic(policy, theta, batch, total_return(batch), radius=0.01)
    moved = step.theta - theta
    scores, *_ = episode_sums(policy, theta, batch, total_return(batch))
    assert np.var(scores @ moved) / 2 == pytest.approx(0.01, rel=1e-9)
    assert moved @ environments.linear_quadratic_fisher(theta) @ moved / 2 == pytest.approx(0.01, rel=0.05)
    assert 10 * step.kl == pytest.approx(0.01, rel=0.2), "ten steps an episode"


def test_a_regression_without_a_direction_and_a_step_out_of_the_space_are_rejected():
    policy, theta, batch = linear_quadratic_batch(50, theta=(-0.2, 0.5), chart="std")
    step = episodic_natural_actor_critic(policy, theta, batch, np.full(batch.valid.shape, 0.1), radius=0.1)
    assert "returns must differ" in step.reason and np.array_equal(step.theta, theta)
    huge = total_return(batch) * 1e170  # the squares of which overflow
    for size in ({"radius": 0.1}, {"step_size": 1e-170}):
        step = episodic_natural_actor_critic(policy, theta, batch, huge, **size)
        assert "variance inf" in step.reason and np.array_equal(step.theta, theta)
    step = episodic_natural_actor_critic(policy, theta, batch, total_return(batch), step_size=100.0)
    assert "above 0" in step.reason and np.array_equal(step.theta, theta)


def test_the_rule_keeps_single_precision_good_enough():
    policy, theta, batch = linear_quadratic_batch(50)
    single = GaussianPolicy(1, 1, bias=False, dtype=np.float32)
    steps = [
        episodic_natural_actor_critic(each, theta, batch, total_return(batch), radius=0.1)
        for each in (policy, single)
    ]
    np.testing.assert_allclose(steps[1].theta, steps[0].theta, rtol=1e-4)


def episodic_run(environment, theta, radius=0.5, **options):
    rule = functools.partial(episodic_natural_actor_critic, radius=radius)
    settings = {"iterations": 20, "steps": environment.length, "discount": 1.0, "advantage": "returns"}
    settings |= {"standardise": False, "theta": theta, "rng": np.random.default_rng(0)}
    policy = for_environment(environment, bias=False)
    return train(environment, policy, rule, **(settings | options)).history


def test_the_rule_learns_both_tasks():
    history = episodic_run(environments.LinearQuadratic(16), [-0.05, np.log(0.5)])
    assert environments.linear_quadratic_objective(history.theta[0]) < -18
    assert environments.linear_quadratic_objective(history.theta[-1]) > -2
    assert history.dropped.tolist() == [0] * 20 and history.accepted.all()
    start = np.append(np.zeros(10), np.log(0.5))
    history = episodic_run(environments.MotorPrimitive(24), start, iterations=40)
    assert environments.motor_primitive_objective(start) < -41
    assert environments.motor_primitive_objective(history.theta[-1]) > -1


def test_rescaled_features_change_nothing_but_the_weights():
    start = np.append(np.zeros(10), np.log(0.5))
    environment, scale, thetas = environments.MotorPrimitive(24), np.geomspace(1, 100, 10), []
    for factors in (np.ones(10), scale):
        policy = GaussianPolicy(10, 1, observation_scale=factors, bias=False)
        rule = functools.partial(episodic_natural_actor_critic, radius=0.5)
        run = train(
            environment, policy, rule, iterations=10, steps=25, rng=np.random.default_rng(0), theta=start,
            discount=1.0, advantage="returns", standardise=False,
        )  # fmt: skip
        thetas.append(run.theta * np.append(factors, 1.0))
    np.testing.assert_allclose(thetas[1], thetas[0], rtol=1e-8)


def test_a_run_counts_the_episodes_that_it_dropped():
    history = episodic_run(environments.LinearQuadratic(16), [-0.05, np.log(0.5)], steps=15, iterations=4)
    assert history.dropped.tolist() == [16, 16, 16, 16], "halves at the end, then at the beginning"
    with pytest.raises(ValueError, match="none of its episodes both begins and ends in its 7 steps: collect"):
        episodic_run(environments.LinearQuadratic(16), [-0.05, np.log(0.5)], steps=7)


def test_a_rule_that_takes_returns_is_given_them_discounted_from_the_beginning():
    seen = []

    def look(policy, theta, batch, returns):
        seen.append((batch, returns))
        return episodic_natural_actor_critic(policy, theta, batch, returns, step_size=1e-3)

    environment = environments.Pendulum(12, max_episode_steps=5)  # every episode is truncated
    train(
        environment, GaussianPolicy(3, 1), look, iterations=1, steps=10, rng=np.random.default_rng(0),
        discount=0.9, advantage="returns", standardise=False,
    )  # fmt: skip
    ((batch, returns),) = seen
    for first in (0, 5):
        expected = 0.9 ** np.arange(5) @ batch.rewards[first : first + 5]
        np.testing.assert_allclose(returns[first], expected, rtol=1e-12)


@pytest.mark.parametrize(
    "options", [{"advantage": "reward_to_go"}, {"standardise": True}, {"baseline": TimeBaseline()}], ids=min
)
def test_what_a_rule_takes_is_what_it_is_given(options):
    """Returns for one whose argument has this name, advantages for all others."""
    task, start = environments.LinearQuadratic(16), [-0.05, np.log(0.5)]
    with pytest.raises(ValueError, match=r'pass advantage="returns", baseline=None and standardise=False'):
        episodic_run(task, start, **options)
    settings = {"iterations": 1, "steps": 10, "rng": np.random.default_rng(0), "advantage": "returns"}
    with pytest.raises(ValueError, match=r"advantage is 'returns'.*update is functools.partial"):
        train(task, GaussianPolicy(1, 1), RULES["trpo"], **settings)


# --- what is refused ---------------------------------------------------------------------------------------

WALK, WALKER, START = environments.LineWalk(2, horizon=3), GaussianPolicy(0, 1, chart="std"), [0.0, 1.0]
WALKED, HALF_WALKED = (
    Rollouts(WALK, WALKER, np.random.default_rng(0)).collect(START, steps) for steps in (3, 2)
)
ONES = np.ones((3, 2))


class Acting(environments.LineWalk):
    """A line walk that says that it has other actions."""

    def __init__(self, actions):
        super().__init__(2)
        self.single_action_space = actions


NOT_ENVIRONMENTS = [
    *(says("VectorEnv", bad) for bad in ("CartPole-v1", gymnasium.make("CartPole-v1"), None)),
    *(
        says("action", bad)
        for bad in (
            environments.make("CartPole-v1", 2),
            Acting(Box(0, 9, (1,), dtype=int)),
            Acting(Box(0, 1, (1, 1))),
        )
    ),
]
NOT_POLICIES = [None, SoftmaxPolicy(2, 2), GaussianPolicy(1, 2), SoftmaxPolicy(1, 2)]
NOT_BATCHES = [None, ONES, says("no valid step", dataclasses.replace(WALKED, valid=ONES < 0))]
NOT_PER_STEP = [np.ones(6), 1.0, ONES * [1.0, NAN], ONES * [INF, 1.0], [["a", "b"]] * 3]
NOT_ADVANTAGES = [*NOT_PER_STEP, None]
NOT_THETAS = [*(bad for bad in NOT_VECTORS if bad is not None), [0.0, 1.0, 2.0]]
NOT_DTYPES = [int, np.float16, "double", None]
OUTSIDE = says("above 0", [0.0, -1.0])


PAIRED, PAIR_START = GaussianPolicy(1, 1, bias=False), [0.0, 0.0]
PAIRS, HALF_PAIRS = (
    Rollouts(environments.LinearQuadratic(5, horizon=3), PAIRED, np.random.default_rng(0)).collect(
        PAIR_START, steps
    )
    for steps in (3, 2)
)
FEWER = Rollouts(environments.LinearQuadratic(3, horizon=3), PAIRED, np.random.default_rng(0)).collect(
    PAIR_START, 3
)


def of_rule(rule, **options):
    """What every rule refuses of the four arguments that they share."""
    works = Example(
        rule, policy=WALKER, theta=START, batch=WALKED, advantages=ONES - np.eye(3)[:, :2], **options
    )
    return works, [
        *works.refuses("policy", None),
        *works.refuses("theta", *NOT_THETAS, None, OUTSIDE),
        *works.refuses("batch", *NOT_BATCHES),
        *works.refuses("advantages", *NOT_ADVANTAGES),
    ]


def of_baseline(baseline):
    fit = Example(baseline.fit, batch=WALKED, targets=ONES)
    return [
        *fit.refuses("batch", *NOT_BATCHES),
        *fit.refuses("targets", *NOT_ADVANTAGES),
        *Example(baseline.values, batch=WALKED).refuses("batch", *NOT_BATCHES),
        *Example(baseline.next_values, batch=WALKED).refuses("batch", *NOT_BATCHES),
    ]


def of_playing(works):
    return [
        *works.refuses("environment", *NOT_ENVIRONMENTS),
        *works.refuses("policy", *(says("polic", bad) for bad in NOT_POLICIES)),
        *works.refuses("rng", *NOT_GENERATORS),
    ]


PLAIN, OF_PLAIN = of_rule(policy_gradient, step_size=0.1)
NATURAL, OF_NATURAL = of_rule(natural_policy_gradient, step_size=0.1)
TRUST, OF_TRUST = of_rule(trpo)
PROXIMAL, OF_PROXIMAL = of_rule(ppo, rng=np.random.default_rng(0))
SUMS = Example(episode_sums, policy=PAIRED, theta=PAIR_START, batch=PAIRS, returns=total_return(PAIRS))
REGRESSED = Example(episodic_natural_gradient, summed_scores=np.eye(4)[:, :2], returns=[1.0, 2.0, 3.0, 4.0])
EPISODIC = Example(episodic_natural_actor_critic, **SUMS.arguments, step_size=0.1)
PLAYING = {"environment": WALK, "policy": WALKER, "rng": np.random.default_rng(0)}
NEW_ROLLOUTS, EVALUATE = Example(Rollouts, **PLAYING), Example(evaluate, theta=START, episodes=3, **PLAYING)
COLLECT = Example(Rollouts(WALK, WALKER, np.random.default_rng(0)).collect, theta=START, steps=1)
TRAIN = Example(
    train, update=functools.partial(trpo, radius=0.1), iterations=1, steps=3, theta=START, **PLAYING
)
TO_GO = Example(reward_to_go, batch=WALKED, discount=0.9, next_values=ONES)
ESTIMATE = Example(
    generalised_advantage, batch=WALKED, values=ONES, next_values=ONES, discount=0.9, trace=0.5
)
STANDARDISED = Example(standardised, batch=WALKED, advantages=ONES)
CLIPPED = Example(clipped_surrogate, ratio=[0.5, 2.0], advantages=[1.0, -1.0], clip=0.1)
PENALTY = Example(AdaptivePenalty, target=0.1, value=1.0)
NEW_BASELINE = Example(FourierBaseline, inputs=2, rng=np.random.default_rng(0), features=3)

REFUSED = [
    *Example(WALKED.flat, values=ONES).refuses("values", np.ones(6)),
    *of_playing(NEW_ROLLOUTS),
    *COLLECT.refuses("theta", *NOT_THETAS, None, OUTSIDE),
    *COLLECT.refuses("steps", *NOT_COUNTS),
    *of_playing(EVALUATE),
    *EVALUATE.refuses("theta", *NOT_THETAS, None, OUTSIDE),
    *EVALUATE.refuses("episodes", *NOT_COUNTS),
    *Example(total_return, batch=WALKED).refuses(
        "batch", *NOT_BATCHES, says("goes on after the batch", HALF_WALKED)
    ),
    *TO_GO.refuses("batch", *NOT_BATCHES, says("shape (2, 2)", HALF_WALKED)),
    *TO_GO.refuses("discount", *NOT_SHARES),
    *TO_GO.refuses("next_values", *NOT_PER_STEP),
    *ESTIMATE.refuses("batch", *NOT_BATCHES),
    *ESTIMATE.refuses("values", *NOT_ADVANTAGES),
    *ESTIMATE.refuses("next_values", *NOT_ADVANTAGES),
    *ESTIMATE.refuses("discount", *NOT_SHARES),
    *ESTIMATE.refuses("trace", *NOT_SHARES),
    *STANDARDISED.refuses("batch", *NOT_BATCHES),
    *STANDARDISED.refuses("advantages", *NOT_ADVANTAGES),
    *of_baseline(TimeBaseline()),
    *of_baseline(FourierBaseline(1, np.random.default_rng(0))),
    *NEW_BASELINE.refuses("inputs", *NOT_COUNTS),
    *NEW_BASELINE.refuses("rng", *NOT_GENERATORS),
    *NEW_BASELINE.refuses("features", *NOT_COUNTS),
    *NEW_BASELINE.refuses("observation_scale", [1.0], 1.0, [NAN, 1.0], ["a", "b"]),
    *NEW_BASELINE.refuses("bandwidth", *NOT_POSITIVE),
    *NEW_BASELINE.refuses("regularisation", *NOT_POSITIVE),
    *NEW_BASELINE.refuses("dtype", *NOT_DTYPES),
    *OF_PLAIN,
    *PLAIN.refuses("step_size", *NOT_POSITIVE),
    *OF_NATURAL,
    *NATURAL.refuses("step_size", *(bad for bad in NOT_POSITIVE if bad is not None)),
    *NATURAL.refuses("step_size", says("either step_size or radius", None)),
    *NATURAL.refuses("radius", says("either step_size or radius", 0.1)),
    *NATURAL.refuses("damping", *NEGATIVE),
    *OF_TRUST,
    *TRUST.refuses("radius", *NOT_POSITIVE),
    *TRUST.refuses("damping", *NEGATIVE),
    *TRUST.refuses("iterations", *NOT_COUNTS),
    *TRUST.refuses("shrink", *NOT_FRACTIONS),
    *TRUST.refuses("max_backtracks", -1, 2.5, NAN, INF, "many", None, [1, 2]),
    *OF_PROXIMAL,
    *PROXIMAL.refuses("rng", *NOT_GENERATORS),
    *PROXIMAL.refuses("clip", *NOT_FRACTIONS),
    *PROXIMAL.refuses("epochs", *NOT_COUNTS),
    *PROXIMAL.refuses("minibatches", *NOT_COUNTS, says("only 6 steps", 7)),
    *PROXIMAL.refuses("step_size", *NOT_POSITIVE),
    *PROXIMAL.refuses("penalty", *(bad for bad in NOT_POSITIVE if bad is not None)),
    *PROXIMAL.refuses("optimiser", "newton", None),
    *REGRESSED.refuses("summed_scores", *NOT_SCORES, aslinearoperator(np.eye(4)), None),
    *REGRESSED.refuses("summed_scores", says("p + 2 = 5 rows or more, but have 4", np.eye(4)[:, :3])),
    *REGRESSED.refuses("returns", *NOT_VECTORS, [1.0, 2.0, 3.0]),
    *(
        fact
        for each in (SUMS, EPISODIC)
        for fact in [
            *each.refuses("policy", None),
            *each.refuses("theta", *NOT_THETAS, None),
            *each.refuses("batch", None, ONES, says("returns must have shape (2, 5)", HALF_PAIRS)),
            *each.refuses("returns", *(bad for bad in NOT_ADVANTAGES if bad is not ONES)),
        ]
    ),
    *EPISODIC.refuses("batch", says("returns", FEWER)),
    *EPISODIC.refuses("step_size", *(bad for bad in NOT_POSITIVE if bad is not None)),
    *EPISODIC.refuses("step_size", says("either step_size or radius", None)),
    *EPISODIC.refuses("radius", says("either step_size or radius", 0.1), 0.0, -1.0, NAN),
    *CLIPPED.refuses("ratio", *NOT_VECTORS, says("two probabilities", [-1.0, 1.0])),
    *CLIPPED.refuses("advantages", *NOT_VECTORS, [1.0, 2.0, 3.0]),
    *CLIPPED.refuses("clip", *NOT_FRACTIONS),
    *PENALTY.refuses("target", *NOT_POSITIVE),
    *PENALTY.refuses("value", *NOT_POSITIVE),
    *Example(AdaptivePenalty().adapt, kl=0.0).refuses("kl", *NEGATIVE),
    *of_playing(TRAIN),
    *TRAIN.refuses("update", "trpo", says("must return a Step", constant(ONES))),
    *TRAIN.refuses("update", says("radius must be", functools.partial(trpo, radius=0.0))),
    *TRAIN.refuses("iterations", *NOT_COUNTS),
    *TRAIN.refuses("steps", *NOT_COUNTS),
    *TRAIN.refuses("theta", *NOT_THETAS, OUTSIDE),
    *TRAIN.refuses("discount", *NOT_SHARES),
    *TRAIN.refuses("trace", *NOT_SHARES),
    *TRAIN.refuses("baseline", 0.0, says("next_values", TimeBaseline)),
    *TRAIN.refuses("baseline", says("made for 2", FourierBaseline(2, np.random.default_rng(0)))),
    *TRAIN.refuses("advantage", "gae", None, "returns"),
    *TRAIN.takes_anything("standardise"),
    *TRAIN.refuses("until", 475),
    *TRAIN.refuses("progress", "bar", 1),
]
test_works, test_refused = refusal_tests(REFUSED)


def test_a_ratio_of_zero_has_a_surrogate():
    np.testing.assert_array_equal(clipped_surrogate(np.zeros(2), np.array([1.0, -1.0])), [0.0, -0.8])


def test_adam_divides_weighted_means():
    """Of the gradient and its square, with weights .9 and .999 to the power of how long ago it was."""
    gradients = np.random.default_rng(0).normal(size=(5, 3))
    step = OPTIMISERS["adam"](0.1)
    for n, gradient in enumerate(gradients, 1):
        ago, seen = np.arange(n)[::-1], gradients[:n]
        mean = np.average(seen, axis=0, weights=0.9**ago)
        square = np.average(seen**2, axis=0, weights=0.999**ago)
        np.testing.assert_allclose(step(gradient), 0.1 * mean / np.sqrt(square), rtol=1e-6)


def test_a_minibatch_may_be_a_single_step():
    policy, theta, batch, advantages = random_batch()
    step = ppo(policy, theta, batch, advantages, np.random.default_rng(0), minibatches=int(batch.valid.sum()))
    assert step.accepted


def test_two_minibatches_need_a_generator_and_one_needs_none():
    given = random_batch()
    with pytest.raises(ValueError, match=r"rng must be a numpy\.random\.Generator"):
        ppo(*given, None, minibatches=2)
    assert ppo(*given, None, minibatches=1).accepted
