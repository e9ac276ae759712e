"""Ten runs on CartPole with each of four rules: returns, longest steps, and what the last policies earn."""

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
    "seeds": 10,
    "copies": 32,
    "steps": 128,
    "iterations": 20,
    "hidden": [32],
    "observation scale": [1 / 2.4, 0.5, 1 / 0.21, 0.5],
    "features": 60,
    "fresh episodes": 100,
    "kept": [0, 6, 20],
    "rules": {
        "policy gradient": {"step_size": 2.0},
        "natural policy gradient": {"radius": 0.03, "damping": 0.1},
        "TRPO": {"radius": 0.03, "damping": 0.1},
        "PPO": {"clip": 0.2, "step_size": 3e-3},
    },
}
RULES = {
    "policy gradient": policy_gradient,
    "natural policy gradient": natural_policy_gradient,
    "TRPO": trpo,
    "PPO": ppo,
}
SCALE = np.array(SETTINGS["observation scale"])
POLICY = SoftmaxPolicy(4, 2, hidden=SETTINGS["hidden"], observation_scale=SCALE)


def balance(name, seed, iterations=SETTINGS["iterations"], **options):
    """One run, with the rule's usual options or with others."""
    rng = np.random.default_rng(seed)
    return train(
        make(SETTINGS["task"], SETTINGS["copies"]),
        POLICY,
        partial(RULES[name], **(options or SETTINGS["rules"][name])),
        iterations=iterations,
        steps=SETTINGS["steps"],
        rng=rng,
        baseline=FourierBaseline(4, rng, features=SETTINGS["features"], observation_scale=SCALE, dtype=float),
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


def described(runs):
    """What a figure shows of the runs of one rule."""
    return {
        "learning curves": [learning_curve(run.history).round().astype(int).tolist() for run in runs],
        "longest steps": [round(run.history.kl.max(), 3) for run in runs],
        "shortened": [int((run.history.backtracks > 0).sum()) for run in runs],
        "fresh means": [round(fresh_mean(run)) for run in runs],
    }


def policies(run):
    """What a run acted with at some of its updates: to four decimals, which makes it a policy of its own."""
    return {str(updates): run.history.theta[updates].round(4).tolist() for updates in SETTINGS["kept"]}


def compute():
    """All runs, and some policies of the first one with TRPO."""
    runs = {name: [balance(name, seed) for seed in range(SETTINGS["seeds"])] for name in RULES}
    rules = {name: described(of_rule) for name, of_rule in runs.items()}
    return {"rules": rules, "policies": policies(runs["TRPO"][0])}


def beginning():
    """The divergences of the first three updates with seed 0."""
    return {name: balance(name, seed=0, iterations=3).history.kl.tolist() for name in RULES}
