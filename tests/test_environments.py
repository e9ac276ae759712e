"""Environments: Gymnasium's own checks, Gymnasium's own pendulum, moments by SymPy, and linear algebra."""

import itertools

import gymnasium
import numpy as np
import pytest
import sympy as sp
from gymnasium.utils import env_checker
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers.vector import DictInfoToList, RecordEpisodeStatistics
from refusals import (
    INF,
    NAN,
    NEGATIVE,
    NOT_COUNTS,
    NOT_GENERATORS,
    NOT_NUMBERS,
    Example,
    refusal_tests,
    says,
)

from ngbook import checks
from ngbook.environments import (
    LinearQuadratic,
    LineWalk,
    MarkovDecisionProcess,
    MotorPrimitive,
    Pendulum,
    line_walk_coefficients,
    line_walk_gradient,
    line_walk_objective,
    line_walk_return_variance,
    linear_quadratic_fisher,
    linear_quadratic_gradient,
    linear_quadratic_objective,
    make,
    motor_primitive_costs,
    motor_primitive_features,
    motor_primitive_objective,
    motor_primitive_path,
)

every_task = pytest.mark.parametrize("task", [LineWalk, LinearQuadratic, MotorPrimitive, Pendulum])
REWARD_AT = ("before", "after")


def episode(environment, actions, seed=0):
    """All that the actions of shape (steps, num_envs, 1) lead to: a list of what ``step`` returned."""
    environment.reset(seed=seed)
    return [environment.step(action) for action in actions]


# --- Gymnasium's own checks --------------------------------------------------------------------------------


@every_task
@pytest.mark.parametrize("copies", [1, 5])
def test_many_copies_pass_what_the_checker_has_for_them(task, copies):
    environment = task(copies)
    env_checker.check_observation_space(environment.observation_space)
    env_checker.check_action_space(environment.action_space)
    env_checker.check_reset_return_type(environment)
    env_checker.check_reset_seed_determinism(environment)
    env_checker.check_reset_options(environment)
    env_checker.env_reset_passive_checker(environment)


def arrays(result):
    """All arrays of numbers in what a step returned."""
    if isinstance(result, np.ndarray) and result.dtype != object:
        return [result]
    parts = result.values() if isinstance(result, dict) else result
    return [array for part in parts if not np.isscalar(part) for array in arrays(part)]


@pytest.mark.parametrize(
    "environment",
    [
        LineWalk(3, horizon=4),
        LinearQuadratic(3, horizon=4),
        MotorPrimitive(3),
        Pendulum(3, max_episode_steps=4),
    ],
    ids=lambda environment: type(environment).__name__,
)
def test_what_a_step_returns(environment):
    environment.action_space.seed(0)
    first, info = environment.reset(seed=0)
    assert first in environment.observation_space and info == {}
    results = [(first, info)]
    length = environment.length
    for t in range(1, 3 * length + 1):
        observations, rewards, terminated, truncated, info = environment.step(
            environment.action_space.sample()
        )
        results.append((observations, info))
        assert observations in environment.observation_space
        assert rewards.shape == terminated.shape == truncated.shape == (3,)
        assert (rewards.dtype, terminated.dtype, truncated.dtype) == (float, bool, bool)
        assert (terminated | truncated).all() == (terminated | truncated).any() == (t % length == 0)
        assert terminated.all() == (t % length == 0 and not isinstance(environment, Pendulum))
        assert bool(info) == (t % length == 0)
    for earlier, later in itertools.pairwise(results):
        pairs = list(itertools.product(arrays(earlier), arrays(later)))
        assert pairs and not any(np.shares_memory(*pair) for pair in pairs)
        assert earlier[1] is not later[1]
    assert not any(np.shares_memory(last, results[4][0]) for last in results[length][1]["final_obs"])


def gymnasiums_pendulum(num_envs, max_episode_steps):
    """Gymnasium's own environment, which begins a new episode in the step that ends one, as ours do."""
    return gymnasium.make_vec(
        "Pendulum-v1",
        num_envs,
        vectorization_mode="sync",
        vector_kwargs={"autoreset_mode": AutoresetMode.SAME_STEP},
        max_episode_steps=max_episode_steps,
    )


def test_the_end_of_an_episode_is_reported_as_gymnasium_does_it():
    ours = make("Pendulum-v1", 3, max_episode_steps=4)
    theirs = gymnasiums_pendulum(3, max_episode_steps=4)
    assert ours.metadata["autoreset_mode"] is theirs.metadata["autoreset_mode"]
    assert ours.single_observation_space == theirs.single_observation_space
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    zeros = np.zeros((4, 3, 1), dtype=np.float32)
    our_info, their_info = episode(ours, zeros)[-1][-1], episode(theirs, zeros)[-1][-1]
    assert our_info.keys() == their_info.keys()
    for key in our_info:
        assert type(our_info[key]) is type(their_info[key])
    assert our_info["final_info"] == their_info["final_info"] == {}
    np.testing.assert_array_equal(our_info["_final_obs"], their_info["_final_obs"])
    np.testing.assert_array_equal(our_info["_final_info"], their_info["_final_info"])
    assert our_info["final_obs"].shape == their_info["final_obs"].shape == (3,)
    assert our_info["final_obs"][0].dtype == their_info["final_obs"][0].dtype
    assert DictInfoToList(ours).unwrapped is ours


def test_gymnasiums_wrappers_understand_the_end_of_an_episode():
    rng = np.random.default_rng(0)
    actions = rng.normal(size=(9, 2, 1))
    recorded = RecordEpisodeStatistics(LineWalk(2, horizon=3))
    results = episode(recorded, actions)
    rewards = np.array([result[1] for result in results]).reshape(3, 3, 2)
    # Before 1.4 this wrapper misses the first step of all episodes but the first, Gymnasium's own included.
    theirs = RecordEpisodeStatistics(gymnasiums_pendulum(2, max_episode_steps=3))
    episode(theirs, actions.astype(np.float32))
    assert list(recorded.length_queue) == list(theirs.length_queue)
    returns = [rewards[k // 2, -length:, k % 2].sum() for k, length in enumerate(recorded.length_queue)]
    np.testing.assert_allclose(list(recorded.return_queue), returns)
    last = DictInfoToList(LineWalk(2, horizon=3))
    info = episode(last, actions)[-1][-1]
    np.testing.assert_allclose([copy["final_obs"] for copy in info], actions[6:].sum(axis=0))


@every_task
def test_a_seed_fixes_everything_and_no_seed_goes_on(task):
    first, again = task(4), task(4)
    np.testing.assert_array_equal(first.reset(seed=7)[0], again.reset(seed=7)[0])
    np.testing.assert_array_equal(first.reset()[0], again.reset()[0])
    if task is Pendulum:
        assert np.ptp(first.reset(seed=7)[0], axis=0).all(), "the copies differ"
        assert (first.reset(seed=7)[0] != first.reset(seed=8)[0]).any()


@pytest.mark.parametrize(
    "environment", [LineWalk(), LinearQuadratic(), MotorPrimitive(), Pendulum()], ids=repr
)
def test_a_step_needs_a_reset(environment):
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"reset\(\) before step"):
        environment.step(np.zeros((1, 1)))


@pytest.mark.parametrize(
    "environment", [LineWalk(2), LinearQuadratic(2, noise=0.0), MotorPrimitive(2), Pendulum(2)], ids=repr
)
def test_an_observation_belongs_to_the_caller(environment):
    actions = np.ones((2, 2, 1))
    untouched = episode(environment, actions)[-1][0]
    environment.reset(seed=0)[0][:] = 7
    environment.step(actions[0])[0][:] = 7
    np.testing.assert_array_equal(environment.step(actions[1])[0], untouched)


# --- make --------------------------------------------------------------------------------------------------


def test_make_takes_the_fastest_form():
    assert isinstance(make("Pendulum-v1", 2), Pendulum)
    assert type(make("CartPole-v1", 2)).__name__ == "CartPoleVectorEnv"
    assert isinstance(make("MountainCar-v0", 2), SyncVectorEnv)
    assert make("CartPole-v1", 2, sutton_barto_reward=True)._sutton_barto_reward
    assert make("Pendulum-v1", 2, max_episode_steps=7).max_episode_steps == 7
    for name in ("Pendulum-v1", "CartPole-v1", "MountainCar-v0"):
        assert make(name, 2).num_envs == 2
        assert isinstance(make(name, 2).metadata["autoreset_mode"], AutoresetMode)


# --- the pendulum, against Gymnasium's ---------------------------------------------------------------------


def test_gymnasiums_own_pendulum_is_one_option_away_and_the_message_says_so():
    for options in ({"render_mode": "rgb_array"}, {"g": 9.8}):
        with pytest.raises(ValueError, match=r'unexpected keyword.*; .*add vectorization_mode="sync"'):
            make("Pendulum-v1", 2, **options)
        for mode in ("sync", gymnasium.VectorizeMode.SYNC):
            environment = make("Pendulum-v1", 2, vectorization_mode=mode, **options)
            assert environment.num_envs == 2
            assert environment.spec.id == "Pendulum-v1"
            environment.close()
    for mode in ("vector_entry_point", None):
        assert isinstance(make("Pendulum-v1", 2, vectorization_mode=mode), Pendulum)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_many_pendulums_are_gymnasiums_step_by_step(precision):
    """Same start, same actions, some of them too large: the same observations to the last bit.

    Rewards differ by the rounding of torque²: NumPy squares one number with ``pow``, and many by a product.
    """
    rng = np.random.default_rng(0)
    rounding = 0.001 * np.spacing(precision(4))
    ours, theirs = Pendulum(8), [gymnasium.make("Pendulum-v1") for _ in range(8)]
    observations = ours.reset(seed=0)[0]
    for start in range(2):
        for i, pendulum in enumerate(theirs):
            pendulum.reset(seed=i)
            pendulum.unwrapped.state = np.array([ours._angle[i], ours._speed[i]])
            np.testing.assert_array_equal(pendulum.unwrapped._get_obs(), observations[i])
        for t in range(1, 201):
            actions = rng.normal(scale=2, size=(8, 1)).astype(precision)
            observations, rewards, terminated, truncated, info = ours.step(actions)
            expected = [pendulum.step(action) for pendulum, action in zip(theirs, actions, strict=True)]
            last = np.stack(info["final_obs"]) if info else observations
            assert last.dtype == np.float32
            np.testing.assert_array_equal(last, [result[0] for result in expected])
            np.testing.assert_allclose(rewards, [result[1] for result in expected], rtol=1e-15, atol=rounding)
            np.testing.assert_array_equal(terminated, [result[2] for result in expected])
            np.testing.assert_array_equal(truncated, [result[3] for result in expected])
            assert truncated.all() == (t == 200), start


@pytest.mark.parametrize("options", [None, {}, {"x_init": 0.5}, {"x_init": 0.1, "y_init": 3.0}, {"gym": 1}])
def test_pendulums_begin_where_gymnasiums_do(options):
    """One copy draws the very numbers that Gymnasium draws; many draw the next ones."""
    theirs = gymnasium.make("Pendulum-v1")
    rng = np.random.default_rng(5)
    expected = theirs.reset(seed=5, options=options)[0]
    np.testing.assert_array_equal(Pendulum(1).reset(seed=5, options=options)[0][0], expected)
    many = Pendulum(3)
    many.reset(seed=5, options=options)
    options = options or {}
    high = np.array([options.get("x_init", np.pi), options.get("y_init", 1.0)])
    expected = rng.uniform(-high, high, size=(3, 2))
    np.testing.assert_array_equal(np.stack([many._angle, many._speed], axis=1), expected)


def test_one_copy_is_made_unless_more_are_asked_for():
    assert Pendulum().num_envs == LineWalk().num_envs == 1
    assert LinearQuadratic().num_envs == MotorPrimitive().num_envs == 1
    assert make("Pendulum-v1").num_envs == make("CartPole-v1").num_envs == 1


def test_an_episode_that_begins_by_itself_has_the_usual_bounds():
    pendulum = Pendulum(50, max_episode_steps=1)
    first = pendulum.reset(seed=0, options={"x_init": 0.01, "y_init": 0.0})[0]
    second = pendulum.step(np.zeros((50, 1)))[0]
    assert (first[:, 0] > 0.99).all() and (first[:, 2] == 0).all()
    assert second[:, 0].min() < -0.9 and np.ptp(second[:, 2]) > 1


# --- the line walk -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reward_at", REWARD_AT)
def test_the_line_walk_by_hand(reward_at):
    """Actions 2, −3, 1 visit 0, 2, −1, 0."""
    actions = np.array([2.0, -3.0, 1.0]).reshape(3, 1, 1)
    results = episode(LineWalk(1, horizon=3, reward_at=reward_at), actions)
    squares = {"before": [0, 4, 1], "after": [4, 1, 0]}[reward_at]
    assert [result[1].item() for result in results] == [-4 - squares[0], -9 - squares[1], -1 - squares[2]]
    assert [result[0].item() for result in results] == [2, -1, 0]
    assert results[-1][-1]["final_obs"][0].tolist() == [0]


def exact_moments(n, reward_at):
    """Mean and variance of the return by its definition: a polynomial in Gaussians, term by term."""
    mean, deviation = sp.symbols("mu sigma", positive=True)
    noise = sp.symbols(f"z:{n}")
    position, total = 0, 0
    for z in noise:
        action = mean + deviation * z
        before, position = position, position + action
        total -= action**2 + (before if reward_at == "before" else position) ** 2

    def expectation(expression):
        terms = sp.Poly(expression, *noise).terms()
        return sum(
            coefficient * sp.prod(0 if power % 2 else sp.factorial2(power - 1) for power in powers)
            for powers, coefficient in terms
        )

    average = expectation(total)
    return (mean, deviation), sp.expand(average), sp.expand(expectation((total - average) ** 2))


@pytest.mark.parametrize("reward_at", REWARD_AT)
@pytest.mark.parametrize("n", range(1, 7))
def test_moments_are_exact_up_to_six_actions(n, reward_at):
    """They are polynomials in n of degree 5 at most, 0 at n = 0: six more values fix them for all n."""
    symbols, average, variance = exact_moments(n, reward_at)
    mean_weight, variance_weight = line_walk_coefficients(n, reward_at)
    assert average == -(mean_weight * symbols[0] ** 2 + variance_weight * symbols[1] ** 2)
    for theta in ([1.0, 1.0], [-3.0, 2.0], [0.0, 5.0]):  # whole numbers: floats are exact
        at = dict(zip(symbols, map(sp.Integer, theta), strict=True))
        assert line_walk_objective(theta, n, reward_at) == float(average.subs(at))
        assert line_walk_return_variance(theta, n, reward_at) == float(variance.subs(at))
        slopes = [float(average.diff(symbol).subs(at)) for symbol in symbols]
        assert line_walk_gradient(theta, n, reward_at).tolist() == slopes


@pytest.mark.parametrize("reward_at", REWARD_AT)
@pytest.mark.parametrize("n", [1, 2, 10, 333])
def test_moments_are_sums_over_the_matrix_of_the_quadratic_form(n, reward_at):
    """The return is minus the sum of squares of all actions and of their partial sums."""
    sums = np.tril(np.ones((n, n)), -1 if reward_at == "before" else 0)
    matrix = np.eye(n) + sums.T @ sums
    mean, deviation = theta = np.array([-0.7, 1.3])
    assert line_walk_coefficients(n, reward_at) == (matrix.sum(), matrix.trace())
    expected = 2 * deviation**4 * (matrix**2).sum() + 4 * (mean * deviation) ** 2 * (matrix.sum(1) ** 2).sum()
    assert line_walk_return_variance(theta, n, reward_at) == pytest.approx(expected, rel=1e-12)


def test_the_papers_figure():
    theta = [10, 14]
    assert line_walk_coefficients(10) == (295, 55)
    assert line_walk_objective(theta, 10) == -40280
    assert line_walk_gradient(theta, 10).tolist() == [-5900, -1540]
    assert np.sqrt(line_walk_return_variance(theta, 10)) == pytest.approx(31094.8, abs=0.05)


@pytest.mark.parametrize("reward_at", REWARD_AT)
def test_sampled_episodes_have_these_moments(reward_at):
    """Also the gradient, as the mean of return times score: within four standard errors."""
    copies, horizon, (mean, deviation) = 100_000, 5, (0.8, 1.5)
    rng = np.random.default_rng(1)
    actions = rng.normal(mean, deviation, size=(horizon, copies, 1))
    results = episode(LineWalk(copies, horizon, reward_at), actions)
    returns = sum(result[1] for result in results)
    theta = [mean, deviation]
    error = returns.std() / np.sqrt(copies)
    checks.close(returns.mean(), line_walk_objective(theta, horizon, reward_at), standard_error=error)
    squares = (returns - line_walk_objective(theta, horizon, reward_at)) ** 2
    variance = line_walk_return_variance(theta, horizon, reward_at)
    checks.close(squares.mean(), variance, standard_error=squares.std() / np.sqrt(copies))
    z = (actions[:, :, 0] - mean) / deviation
    scores = np.stack([z.sum(0), (z**2 - 1).sum(0)], axis=1) / deviation
    products = (returns - returns.mean())[:, None] * scores
    gradient = line_walk_gradient(theta, horizon, reward_at)
    checks.close(products.mean(0), gradient, standard_error=products.std(0) / np.sqrt(copies))


def test_the_reward_before_the_move_is_that_after_it_one_action_later():
    """With the position before the move, n + 1 actions cost what n cost after it, and one more a²."""
    for n in range(1, 20):
        after, before = line_walk_coefficients(n, "after"), line_walk_coefficients(n + 1, "before")
        assert (after[0] + 1, after[1] + 1) == before


# --- finitely many states and actions ----------------------------------------------------------------------


def random_problem(seed, states=3, actions=2):
    rng = np.random.default_rng(seed)
    process = MarkovDecisionProcess.random(states, actions, rng)
    tables = rng.dirichlet(np.ones(actions), size=(2, states))
    return process, *tables


def test_a_process_by_hand():
    """Two states; action 1 changes the state, action 0 does not; only staying in state 1 is rewarded."""
    transitions = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [1.0, 0.0]]])
    process = MarkovDecisionProcess(transitions, [[0, 0], [1, 0]], [1, 0])
    best = [[0, 1], [1, 0]]
    np.testing.assert_allclose(process.values(best, 0.5), [1, 2])
    np.testing.assert_allclose(process.action_values(best, 0.5), [[0.5, 1], [2, 0.5]])
    np.testing.assert_allclose(process.advantages(best, 0.5), [[-0.5, 0], [0, -1.5]])
    np.testing.assert_allclose(process.visitation(best, 0.5), [0.5, 0.5])
    assert process.objective(best, 0.5) == pytest.approx(1)
    walks = process.trajectories(best, 2)
    likely = walks.probabilities > 0
    assert walks.states[likely].tolist() == [[0, 1, 1]]
    assert walks.actions[likely].tolist() == [[1, 0]]
    assert walks.returns[likely].tolist() == [1]


@pytest.mark.parametrize("horizon", [1, 2, 4])
def test_trajectories_are_all_there_are(horizon):
    process, table, other = random_problem(0)
    walks = process.trajectories(table, horizon)
    count = 3 * 6**horizon
    assert walks.states.shape == (count, horizon + 1)
    assert walks.actions.shape == walks.rewards.shape == (count, horizon)
    assert len(np.unique(np.hstack([walks.states, walks.actions]), axis=0)) == count
    assert walks.states.min() == walks.actions.min() == 0
    assert (walks.states.max(), walks.actions.max()) == (2, 1)
    assert walks.probabilities.sum() == pytest.approx(1, rel=1e-13)
    np.testing.assert_array_equal(walks.states, process.trajectories(other, horizon).states)
    np.testing.assert_array_equal(walks.actions, process.trajectories(other, horizon).actions)


def test_the_probability_of_a_trajectory_is_the_product_of_its_factors():
    process, table, _ = random_problem(1)
    walks = process.trajectories(table, 3)
    for k in (0, 17, 200, len(walks.probabilities) - 1):
        s, a = walks.states[k], walks.actions[k]
        expected = process.start[s[0]]
        for t in range(3):
            expected *= table[s[t], a[t]] * process.transitions[s[t], a[t], s[t + 1]]
            assert walks.rewards[k, t] == process.rewards[s[t], a[t]]
        assert walks.probabilities[k] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_enumeration_agrees_with_linear_algebra(seed):
    """After n steps, what is still to come is γⁿ times the value of the last state."""
    process, table, _ = random_problem(seed)
    discount, horizon = 0.8, 4
    walks = process.trajectories(table, horizon)
    to_come = discount**horizon * process.values(table, discount)[walks.states[:, -1]]
    returns = walks.rewards @ discount ** np.arange(horizon) + to_come
    assert walks.probabilities @ returns == pytest.approx(process.objective(table, discount), rel=1e-12)
    chain = np.einsum("sa,sat->st", table, process.transitions)
    for t in range(horizon + 1):
        marginal = np.bincount(walks.states[:, t], walks.probabilities)
        np.testing.assert_allclose(marginal, process.start @ np.linalg.matrix_power(chain, t), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("discount", [0.0, 0.5, 0.99])
def test_bellman_equations(seed, discount):
    process, table, _ = random_problem(seed, states=6, actions=3)
    values, action_values = process.values(table, discount), process.action_values(table, discount)
    np.testing.assert_allclose((table * action_values).sum(axis=1), values, rtol=1e-9, atol=1e-12)
    following = np.einsum("sat,t->sa", process.transitions, values)
    np.testing.assert_allclose(action_values, process.rewards + discount * following, rtol=1e-12)
    average = (table * process.advantages(table, discount)).sum(axis=1)
    np.testing.assert_allclose(average, 0, atol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_visitation_is_the_discounted_sum_over_time(seed):
    process, table, _ = random_problem(seed, states=5)
    discount = 0.9
    chain = np.einsum("sa,sat->st", table, process.transitions)
    marginal, total = process.start, np.zeros(5)
    for t in range(400):  # 0.9^400 is below 1e-18
        total += (1 - discount) * discount**t * marginal
        marginal = marginal @ chain
    visitation = process.visitation(table, discount)
    np.testing.assert_allclose(visitation, total, rtol=1e-12)
    assert visitation.sum() == pytest.approx(1, rel=1e-13)
    mean_reward = visitation @ (table * process.rewards).sum(axis=1)
    assert mean_reward / (1 - discount) == pytest.approx(process.objective(table, discount), rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_performance_difference_lemma(seed):
    """The new policy's visits, the old policy's advantages (Kakade and Langford, 2002)."""
    process, old, new = random_problem(seed, states=4, actions=3)
    discount = 0.9
    gain = (new * process.advantages(old, discount)).sum(axis=1)
    difference = process.objective(new, discount) - process.objective(old, discount)
    expected = process.visitation(new, discount) @ gain / (1 - discount)
    assert difference == pytest.approx(expected, rel=1e-9)
    assert difference != pytest.approx(process.visitation(old, discount) @ gain / (1 - discount), rel=1e-3)


def test_a_process_cannot_be_changed_from_outside():
    transitions, rewards, start = np.ones((1, 1, 1)), np.zeros((1, 1)), np.ones(1)
    process = MarkovDecisionProcess(transitions, rewards, start)
    rewards[0, 0] = 7
    assert process.rewards[0, 0] == 0 and rewards.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        process.rewards[0, 0] = 7
    with pytest.raises(AttributeError):
        process.rewards = rewards


def test_random_processes_come_from_their_generator():
    first, again = (MarkovDecisionProcess.random(3, 2, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first.transitions, again.transitions)
    assert (
        first.transitions.shape == (3, 2, 3) and first.rewards.shape == (3, 2) and first.start.shape == (3,)
    )


# --- the linear-quadratic task, against SymPy and samples ---------------------------------------------------


def linear_quadratic_by_sympy(horizon):
    """J and the Fisher matrix in k and log σ, from the recursion of the second moment, as functions."""
    k, log_std, q, c, start = symbols = sp.symbols("k ell q c s", real=True)
    variance, moment, objective, total = sp.exp(2 * log_std), start**2, 0, 0
    for _ in range(horizon):
        objective -= moment + c * (k**2 * moment + variance)
        total += moment
        moment = (1 + k) ** 2 * moment + variance + q**2
    gradient = [sp.diff(objective, x) for x in (k, log_std)]
    return sp.lambdify(symbols, [objective, gradient, [total / variance, 2 * horizon]])


@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_the_linear_quadratic_task_is_sympys(horizon):
    exact, rng = linear_quadratic_by_sympy(horizon), np.random.default_rng(0)
    for k, log_std, q, c, start in rng.uniform([-1.5, -1, 0, 0, -2], [0.5, 1, 1, 2, 2], (10, 5)):
        task = {"horizon": horizon, "noise": q, "start": start}
        objective, gradient, fisher = exact(k, log_std, q, c, start)
        theta = [k, log_std]
        assert linear_quadratic_objective(theta, action_cost=c, **task) == pytest.approx(objective, rel=1e-12)
        np.testing.assert_allclose(
            linear_quadratic_gradient(theta, action_cost=c, **task), gradient, rtol=1e-11, atol=1e-12
        )
        np.testing.assert_allclose(linear_quadratic_fisher(theta, **task), np.diag(fisher), rtol=1e-12)


@pytest.mark.parametrize("start", [1.0, -0.5])
def test_the_linear_quadratic_task_by_samples(start):
    """The mean return and the mean outer product of summed scores."""
    copies, theta = 40_000, np.array([-0.4, np.log(0.6)])
    task = {"horizon": 5, "noise": 0.3, "action_cost": 0.7, "start": start}
    environment, rng = LinearQuadratic(copies, **task), np.random.default_rng(1)
    position, _ = environment.reset(seed=2)
    returns, scores = np.zeros(copies), np.zeros((copies, 2))
    for _ in range(5):
        noise = rng.normal(size=(copies, 1))
        scores += np.hstack([noise * position / 0.6, noise**2 - 1])
        position, rewards, *_ = environment.step(theta[0] * position + 0.6 * noise)
        returns += rewards
    products = scores[:, :, None] * scores[:, None]
    checks.close(
        returns.mean(),
        linear_quadratic_objective(theta, **task),
        standard_error=returns.std() / np.sqrt(copies),
    )
    del task["action_cost"]
    checks.close(
        products.mean(axis=0),
        linear_quadratic_fisher(theta, **task),
        standard_error=products.std(axis=0) / np.sqrt(copies),
    )


def test_the_best_gain_of_a_long_linear_quadratic_task_is_the_golden_one():
    """P² = P + 1 has the root (1 + √5)/2, and the gain is −P/(1 + P); far from the end it is the best."""
    golden = (1 - np.sqrt(5)) / 2
    gradient = linear_quadratic_gradient([golden, -30.0], horizon=1000, noise=0.0)
    assert abs(gradient[0]) < 1e-12
    assert linear_quadratic_objective([golden, -30.0], 1000, 0.0) == pytest.approx(-(1 + np.sqrt(5)) / 2)


def test_a_gain_that_explodes_has_no_objective_and_no_warning():
    assert linear_quadratic_objective([1e200, 0.0]) == -INF
    assert linear_quadratic_objective([10.0, 0.0], horizon=10_000) == -INF


def test_a_linear_quadratic_episode_by_hand():
    environment = LinearQuadratic(2, horizon=2, noise=0.0, action_cost=3.0, start=2.0)
    first, second = episode(environment, np.array([[[-1.0], [1.0]], [[0.5], [-4.0]]]))
    np.testing.assert_array_equal(first[0], [[1.0], [3.0]])
    np.testing.assert_array_equal(first[1], [-(4 + 3), -(4 + 3)])
    np.testing.assert_array_equal(second[1], [-(1 + 0.75), -(9 + 48)])
    np.testing.assert_array_equal(second[-1]["final_obs"].tolist(), [[1.5], [-1.0]])
    np.testing.assert_array_equal(second[0], [[2.0], [2.0]])
    assert second[2].all() and not first[2].any() and not second[3].any()


# --- the motor primitive -----------------------------------------------------------------------------------


@pytest.mark.parametrize("via", [-0.4, 0.7])
def test_the_return_of_a_motor_primitive_is_a_square_of_its_actions(via):
    environment, rng = MotorPrimitive(6, via), np.random.default_rng(0)
    actions = rng.normal(size=(25, 6, 1))
    rewards = np.array([result[1] for result in episode(environment, actions)])
    A, c = motor_primitive_costs(via)
    assert A.shape == (26, 25) and c.shape == (26,)
    squares = (A @ actions[:, :, 0] + c[:, None]) ** 2
    squares[11] += squares[25]
    np.testing.assert_allclose(rewards, -squares[:25], rtol=1e-9, atol=1e-12)
    positions = motor_primitive_path(actions[:, :, 0])
    assert positions.shape == (26, 6)
    np.testing.assert_allclose(
        squares[11] - (A[11] @ actions[:, :, 0] + c[11]) ** 2, 20 * (positions[12] - via) ** 2
    )
    np.testing.assert_allclose(motor_primitive_path(actions[:, 0, 0]), positions[:, 0], rtol=1e-14)


def test_a_motor_primitive_obeys_its_equation_of_motion():
    """ÿ = 25(6.25(1 − y) − ẏ) + 100a, by differences of the path alone; without force it ends at the goal."""
    actions = np.random.default_rng(0).normal(size=25)
    y = motor_primitive_path(actions)
    speed = np.append(0.0, np.diff(y) * 25)
    acceleration = np.diff(speed) * 25
    np.testing.assert_allclose(acceleration, 25 * (6.25 * (1 - y[:-1]) - speed[:-1]) + 100 * actions)
    still = motor_primitive_path(np.zeros(25))
    assert still[0] == 0 and 0.99 < still[-1] < 1 and (np.diff(still) > 0).all()


def test_the_observations_of_a_motor_primitive_are_its_features():
    environment = MotorPrimitive(3)
    first, _ = environment.reset(seed=0)
    features = motor_primitive_features()
    shown = [first] + [environment.step(np.zeros((3, 1))) for _ in range(25)]
    seen = np.array([first, *(result[0] for result in shown[1:25])])
    np.testing.assert_array_equal(seen, np.tile(features[:, None], (1, 3, 1)))
    np.testing.assert_array_equal(shown[25][0], first)
    last = np.stack(shown[25][-1]["final_obs"])
    assert features.shape == (25, 10) and not (last == features[-1]).all()
    np.testing.assert_allclose([*features.sum(axis=1), *last.sum(axis=1)], 1, rtol=1e-14)
    assert (features.argmax(axis=1)[[0, 24]] == [0, 9]).all() and (
        np.diff(features.argmax(axis=1)) >= 0
    ).all()
    assert np.linalg.cond(features.T @ features) == pytest.approx(14, rel=0.01)


@pytest.mark.parametrize("via", [-0.4, 0.7])
def test_the_objective_of_a_motor_primitive_is_its_mean_return(via):
    rng, copies = np.random.default_rng(3), 20_000
    theta = np.append(rng.normal(size=10) / 2, -1.0)
    means = motor_primitive_features() @ theta[:-1]
    actions = means[:, None, None] + np.exp(-1.0) * rng.normal(size=(25, copies, 1))
    returns = sum(result[1] for result in episode(MotorPrimitive(copies, via), actions))
    checks.close(
        returns.mean(),
        motor_primitive_objective(theta, via),
        standard_error=returns.std() / np.sqrt(copies),
    )


def test_the_best_motor_primitive_passes_the_via_point():
    A, c = motor_primitive_costs()
    features = motor_primitive_features()
    best = np.linalg.lstsq(A @ features, -c)[0]
    assert motor_primitive_objective(np.append(best, -40.0)) == pytest.approx(-0.00221, abs=1e-5)
    assert motor_primitive_objective(np.append(np.zeros(10), np.log(0.5))) == pytest.approx(-41.431, abs=1e-3)
    for nudge in 0.01 * np.eye(10):
        assert motor_primitive_objective(np.append(best + nudge, -40.0)) < -0.00221
    path = motor_primitive_path(features @ best)
    assert path[12] == pytest.approx(-0.4, abs=0.01)


# --- what is refused ---------------------------------------------------------------------------------------

NOT_PLACES = ["during", None, ["before"]]  # neither before nor after the move
NOT_GAUSSIANS = [
    *([NAN, 1.0], [[1.0, 2.0]], 1.0, ["a", "b"], None, [1.0, 2.0, 3.0]),
    *(says("log sigma", [1.0, 0.0]), says("log sigma", [1.0, -2.0])),
]
NOT_GAINS = [
    *([NAN, 1.0], [[1.0, 2.0]], 1.0, ["a", "b"], None, [1.0, 2.0, 3.0]),
    *(says("log sigma", [1.0, 301.0]), says("log sigma", [1.0, -301.0])),
]
NOT_WEIGHTS = [np.zeros(10), np.full(11, NAN), np.zeros((11, 1)), None, says("log sigma", np.full(11, 301.0))]
NOT_FORCES = [np.zeros(24), np.zeros((26, 2)), np.zeros((25, 1, 1)), np.full(25, NAN), 0.0, None, ["a"] * 25]
NOT_ACTIONS = [
    *([[NAN], [0.0]], [[INF], [0.0]], [0.0, 0.0], np.zeros((3, 1)), [["a"], ["b"]], None),
    *(np.ones((2, 1)) * 1j, np.ones((2, 1), dtype=bool), [[0.0], [0.0, 1.0]]),
]
NOT_SEEDS = [-1, 0.5, "0", np.random.default_rng(0)]
NOT_OPTIONS = [[1], "x_init"]
NOT_BOUNDS = [
    says("_init must be", options)
    for options in ({"x_init": -1.0}, {"y_init": NAN}, {"y_init": None}, {"x_init": "pi"})
]
NOT_TABLES = [
    *([0.5, 0.5], np.full((2, 3), 1 / 3), [[NAN, 0.5], [0.5, 0.5]], [["a", "b"], ["c", "d"]], None),
    *(says("at least 0", [[1.5, -0.5], [0.5, 0.5]]), says("normalise", [[0.5, 0.6], [0.5, 0.5]])),
    says("add up to 1", [[0.0, 0.0], [0.0, 0.0]]),
]
NOT_DISCOUNTS = [*NEGATIVE, says("no end", 1.0)]
NOT_ENVIRONMENTS = [
    *(says(f"cannot make 2 of '{name}'", name) for name in ("CartPool-v1", "CartPole-v99", "Nothing", "a b")),
    says("no_such_module", "no_such_module:Walk-v0"),
    *(says("id of a Gymnasium environment", name) for name in (1, None)),
]

COEFFICIENTS = Example(line_walk_coefficients, horizon=10, reward_at="after")
OF_GAUSSIANS = [
    Example(function, theta=[10.0, 14.0], horizon=10, reward_at="before")
    for function in (line_walk_objective, line_walk_gradient, line_walk_return_variance)
]
MAKE = Example(make, name="CartPole-v1", num_envs=2)
WALK, SWING = LineWalk(2), Pendulum(2)
WALK.reset(seed=0)
SWING.reset(seed=0)
HALF = np.full((2, 2), 0.5)
PROCESS = MarkovDecisionProcess(np.full((2, 2, 2), 0.5), HALF, [0.5, 0.5])
NEW_WALK = Example(LineWalk, num_envs=2, horizon=3, reward_at="after")
NEW_LQ = Example(LinearQuadratic, num_envs=2, horizon=3, noise=0.0, action_cost=0.0, start=0.0)
NEW_PRIMITIVE = Example(MotorPrimitive, num_envs=2, via=0.1)
LQ, PRIMITIVE = LinearQuadratic(2), MotorPrimitive(2)
LQ.reset(seed=0)
PRIMITIVE.reset(seed=0)
OF_GAINS = [
    Example(function, theta=[-0.5, 0.0], horizon=3, noise=0.0, start=0.0, **cost)
    for function, cost in (
        (linear_quadratic_objective, {"action_cost": 0.0}),
        (linear_quadratic_gradient, {"action_cost": 0.0}),
        (linear_quadratic_fisher, {}),
    )
]
OF_WEIGHTS = Example(motor_primitive_objective, theta=np.zeros(11), via=0.1)
NEW_SWING = Example(Pendulum, num_envs=2, max_episode_steps=3)
NEW_PROCESS = Example(
    MarkovDecisionProcess, transitions=PROCESS.transitions, rewards=PROCESS.rewards, start=PROCESS.start
)
RANDOM = Example(MarkovDecisionProcess.random, states=2, actions=2, rng=np.random.default_rng(0))
ALL_TRAJECTORIES = Example(PROCESS.trajectories, policy_table=HALF, horizon=2)
DISCOUNTED = [
    Example(function, policy_table=HALF, discount=0.9)
    for function in (
        PROCESS.values,
        PROCESS.action_values,
        PROCESS.advantages,
        PROCESS.visitation,
        PROCESS.objective,
    )
]

REFUSED = [
    *COEFFICIENTS.refuses("horizon", *NOT_COUNTS),
    *COEFFICIENTS.refuses("reward_at", *NOT_PLACES),
    *(fact for each in OF_GAUSSIANS for fact in each.refuses("theta", *NOT_GAUSSIANS)),
    *(fact for each in OF_GAUSSIANS for fact in each.refuses("horizon", *NOT_COUNTS)),
    *(fact for each in OF_GAUSSIANS for fact in each.refuses("reward_at", *NOT_PLACES)),
    *MAKE.refuses("name", *NOT_ENVIRONMENTS),
    *MAKE.refuses("num_envs", *NOT_COUNTS),
    *MAKE.refuses("colour", says("cannot make", "red")),
    *NEW_WALK.refuses("num_envs", *NOT_COUNTS),
    *NEW_WALK.refuses("horizon", *NOT_COUNTS),
    *NEW_WALK.refuses("reward_at", *NOT_PLACES),
    *NEW_LQ.refuses("num_envs", *NOT_COUNTS),
    *NEW_LQ.refuses("horizon", *NOT_COUNTS),
    *NEW_LQ.refuses("noise", *NEGATIVE),
    *NEW_LQ.refuses("action_cost", *NEGATIVE),
    *NEW_LQ.refuses("start", *NOT_NUMBERS),
    *NEW_PRIMITIVE.refuses("num_envs", *NOT_COUNTS),
    *NEW_PRIMITIVE.refuses("via", *NOT_NUMBERS),
    *(fact for each in OF_GAINS for fact in each.refuses("theta", *NOT_GAINS)),
    *(fact for each in OF_GAINS for fact in each.refuses("horizon", *NOT_COUNTS)),
    *(fact for each in OF_GAINS for fact in each.refuses("noise", *NEGATIVE)),
    *(fact for each in OF_GAINS for fact in each.refuses("start", *NOT_NUMBERS)),
    *(fact for each in OF_GAINS[:2] for fact in each.refuses("action_cost", *NEGATIVE)),
    *OF_WEIGHTS.refuses("theta", *NOT_WEIGHTS),
    *OF_WEIGHTS.refuses("via", *NOT_NUMBERS),
    *Example(motor_primitive_costs, via=0.1).refuses("via", *NOT_NUMBERS),
    *Example(motor_primitive_path, actions=np.zeros(25)).refuses("actions", *NOT_FORCES),
    *NEW_SWING.refuses("num_envs", *NOT_COUNTS),
    *NEW_SWING.refuses("max_episode_steps", *NOT_COUNTS),
    *(
        fact
        for environment in (WALK, LQ, PRIMITIVE, SWING)
        for fact in [
            *Example(environment.reset, seed=0).refuses("seed", *NOT_SEEDS),
            *Example(environment.reset, seed=0).refuses("options", *NOT_OPTIONS),
            *Example(environment.step, actions=np.zeros((2, 1))).refuses("actions", *NOT_ACTIONS),
        ]
    ),
    *Example(SWING.reset, options={"x_init": 0.1}).refuses("options", *NOT_BOUNDS),
    *NEW_PROCESS.refuses(
        "transitions",
        *(np.full((2, 2), 0.5), np.full((2, 3, 2), 0.5), np.full((2, 2, 2), NAN), "matrix"),
        *(says("add up to 1", np.ones((2, 2, 2))), says("at least 0", np.full((2, 2, 2), [-1.0, 2.0]))),
        says("add up to 1", np.eye(2)[None] * np.ones((2, 1, 1)) * [2, 0]),  # over the first axis
    ),
    *NEW_PROCESS.refuses(
        "rewards",
        *([1.0, 2.0], np.ones((2, 2, 2)), np.ones((0, 2)), [["a", "b"], ["c", "d"]]),
        *([[NAN, 0.0], [0.0, 0.0]], [[INF, 0.0], [0.0, 0.0]]),
        says("transitions must have shape (3, 2, 3)", np.ones((3, 2))),
    ),
    *NEW_PROCESS.refuses("start", [1.0], 0, [1.0, 1.0], [2.0, -1.0], [NAN, 1.0], ["a", "b"]),
    *RANDOM.refuses("states", *NOT_COUNTS),
    *RANDOM.refuses("actions", *NOT_COUNTS),
    *RANDOM.refuses("rng", *NOT_GENERATORS),
    *ALL_TRAJECTORIES.refuses("policy_table", *NOT_TABLES),
    *ALL_TRAJECTORIES.refuses("horizon", *NOT_COUNTS, says("2.31e+18 trajectories", 30)),
    *(fact for each in DISCOUNTED for fact in each.refuses("policy_table", *NOT_TABLES)),
    *(fact for each in DISCOUNTED for fact in each.refuses("discount", *NOT_DISCOUNTS)),
]
test_works, test_refused = refusal_tests(REFUSED)
