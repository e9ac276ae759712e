"""Ten runs on CartPole with each of four rules: returns, longest steps, and what the last policies earn."""

import numpy as np

from book.results import _cartpole as cartpole

SETTINGS = {
    **cartpole.SETTINGS,
    "seeds": 10,
    "rules": {  # the best sizes of the steps in trpo_tuning
        "policy gradient": {"step_size": 4.0},
        "natural policy gradient": {"radius": 0.12, "damping": 0.1},
        "TRPO": {"radius": 0.12, "damping": 0.1},
        "PPO": {"clip": 0.2, "step_size": 3e-3},
    },
}


def balance(name, seed, iterations=SETTINGS["iterations"]):
    """One run."""
    return cartpole.balance(name, seed, iterations, **SETTINGS["rules"][name])


def described(runs):
    """What a figure and a table show of the runs of one rule."""
    curves = [cartpole.learning_curve(run.history) for run in runs]
    return {
        "learning curves": [curve.round().astype(int).tolist() for curve in curves],
        "longest steps": [round(run.history.kl.max(), 3) for run in runs],
        "median steps": [round(np.median(run.history.kl), 4) for run in runs],
        "shortened": [int((run.history.backtracks > 0).sum()) for run in runs],
        "fresh means": [round(cartpole.fresh_mean(run)) for run in runs],
    }


def compute():
    """All runs."""
    seeds = range(SETTINGS["seeds"])
    return {"rules": {name: described([balance(name, s) for s in seeds]) for name in SETTINGS["rules"]}}


def beginning():
    """The divergences of the first three updates with seed 0."""
    return {name: balance(name, seed=0, iterations=3).history.kl.tolist() for name in SETTINGS["rules"]}
