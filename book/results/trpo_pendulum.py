"""Ten runs on Pendulum with TRPO and with PPO: returns, and what the last policies earn."""

from functools import partial

import numpy as np

from ngbook.environments import make
from ngbook.policies import GaussianPolicy
from ngbook.policy_gradient import FourierBaseline, evaluate, ppo, train, trpo

SETTINGS = {
    "task": "Pendulum-v1",
    "seeds": 10,
    "copies": 32,
    "steps": 200,
    "iterations": 30,
    "discount": 0.97,
    "trace": 0.95,
    "hidden": [16],
    "observation scale": [1, 1, 0.25],
    "features": 40,
    "fresh episodes": 100,
    "rules": {"TRPO": {"radius": 0.05}, "PPO": {"step_size": 1e-2}},
}
RULES = {"TRPO": trpo, "PPO": ppo}
SCALE = np.array(SETTINGS["observation scale"])
POLICY = GaussianPolicy(3, 1, hidden=SETTINGS["hidden"], observation_scale=SCALE)


def swing_up(name, seed, iterations=SETTINGS["iterations"]):
    """One run."""
    rng = np.random.default_rng(seed)
    return train(
        make(SETTINGS["task"], SETTINGS["copies"]),
        POLICY,
        partial(RULES[name], **SETTINGS["rules"][name]),
        iterations=iterations,
        steps=SETTINGS["steps"],
        rng=rng,
        discount=SETTINGS["discount"],
        trace=SETTINGS["trace"],
        baseline=FourierBaseline(3, rng, features=SETTINGS["features"], observation_scale=SCALE, dtype=float),
    )


def fresh_mean(run):
    """What the last policy of a run earns in fresh episodes."""
    episodes, rng = SETTINGS["fresh episodes"], np.random.default_rng(99)
    return evaluate(make(SETTINGS["task"], episodes), POLICY, run.theta, episodes, rng).mean()


def described(runs):
    """What a figure shows of the runs of one rule."""
    return {
        "mean returns": [run.history.mean_return.round().astype(int).tolist() for run in runs],
        "fresh means": [round(fresh_mean(run)) for run in runs],
    }


def compute():
    """All runs."""
    seeds = range(SETTINGS["seeds"])
    return {name: described([swing_up(name, seed) for seed in seeds]) for name in RULES}


def beginning():
    """The entropies of the first three policies with seed 0, after no, one and two updates.

    The pendulum amplifies what its torques differ by, and the divergence of a second update shows that most.
    """
    return {name: swing_up(name, seed=0, iterations=3).history.entropy.tolist() for name in RULES}
