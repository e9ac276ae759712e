"""Forty runs on CartPole that TRPO has brought near the top: what the updates do that come then."""

import numpy as np

from book.results import _cartpole as cartpole
from ngbook.policy_gradient import Step, ppo, trpo

SETTINGS = {
    **cartpole.SETTINGS,
    "seeds": 40,
    "iterations": 26,
    "usual": 13,
    "radius": 0.03,
    "damping": 0.1,
    "PPO": {"clip": 0.2, "step_size": 3e-3},
    "continuations": ["TRPO", "none", "quarter", "failures", "noise", "PPO"],
}


def continued(name):
    """TRPO's rule, and after the usual updates another: TRPO again, none, steps a quarter as long, only
    after a batch in which a pole fell, with noise for advantages, or PPO.
    """
    options, count = {"radius": SETTINGS["radius"], "damping": SETTINGS["damping"]}, [0]

    def update(policy, theta, batch, advantages, rng):
        late, count[0] = count[0] >= SETTINGS["usual"], count[0] + 1
        if late and (name == "none" or (name == "failures" and not batch.terminated.any())):
            return Step(theta=theta, entropy=0.0, reason="no update")
        if late and name == "PPO":
            return ppo(policy, theta, batch, advantages, rng, **SETTINGS["PPO"])
        if late and name == "noise":
            advantages = rng.normal(size=advantages.shape) * batch.valid
        length = 1 / 4 if late and name == "quarter" else 1
        return trpo(policy, theta, batch, advantages, **options | {"radius": length**2 * options["radius"]})

    return update


def balance(name, seed, iterations=SETTINGS["iterations"]):
    """One run."""
    return cartpole.balance(continued(name), seed, iterations)


def lowest(run):
    """The lowest mean return of a batch that was played after the usual updates and one more."""
    return int(np.nanmin(run.history.mean_return[SETTINGS["usual"] + 1 :]).round())


def compute():
    """The lowest returns of all runs."""
    seeds = range(SETTINGS["seeds"])
    return {name: [lowest(balance(name, seed)) for seed in seeds] for name in SETTINGS["continuations"]}


def beginning():
    """The divergences of the first three updates with seed 0."""
    return {"TRPO": balance("TRPO", seed=0, iterations=3).history.kl.tolist()}
