"""Runs on CartPole: the task, the policy and the rules that several results share."""

from functools import partial

import numpy as np

from ngbook.environments import make
from ngbook.policies import SoftmaxPolicy
from ngbook.policy_gradient import (
    FourierBaseline,
    evaluate,
    natural_policy_gradient,
    policy_gradient,
    ppo,
    train,
    trpo,
)

SETTINGS = {
    "task": "CartPole-v1",
    "copies": 32,
    "steps": 128,
    "iterations": 20,
    "hidden": [32],
    "observation scale": [1 / 2.4, 0.5, 1 / 0.21, 0.5],
    "features": 60,
    "fresh episodes": 100,
}
RULES = {
    "policy gradient": policy_gradient,
    "natural policy gradient": natural_policy_gradient,
    "TRPO": trpo,
    "PPO": ppo,
}
SCALE = np.array(SETTINGS["observation scale"])
POLICY = SoftmaxPolicy(4, 2, hidden=SETTINGS["hidden"], observation_scale=SCALE)


def environment():
    """The copies of the task that act side by side."""
    return make(SETTINGS["task"], SETTINGS["copies"])


def baseline(rng):
    """A regression on random features of the observation."""
    return FourierBaseline(4, rng, features=SETTINGS["features"], observation_scale=SCALE, dtype=float)


def balance(rule, seed, iterations=SETTINGS["iterations"], **options):
    """One run, with a rule by its name, or with a function, and its options."""
    rng = np.random.default_rng(seed)
    return train(
        environment(),
        POLICY,
        partial(RULES.get(rule, rule), **options),
        iterations=iterations,
        steps=SETTINGS["steps"],
        rng=rng,
        baseline=baseline(rng),
    )


def learning_curve(history, last=4):
    """The mean return of the episodes that ended in the last four iterations."""
    counts, window = history.episodes, np.ones(last)
    totals, length = np.nan_to_num(history.mean_return) * counts, len(counts)
    return np.convolve(totals, window)[:length] / np.convolve(counts, window)[:length]


def fresh_mean(run):
    """What the last policy of a run earns in fresh episodes."""
    episodes, rng = SETTINGS["fresh episodes"], np.random.default_rng(99)
    return evaluate(make(SETTINGS["task"], episodes), POLICY, run.theta, episodes, rng).mean()
