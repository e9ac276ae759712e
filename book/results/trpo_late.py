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
    "continuations": [
        "TRPO",
        "none",
        "quarter",
        "failures",
        "as many as failures",
        "successes",
        "as many as successes",
        "noise",
        "PPO",
    ],
}


def continued(name, left_out=()):
    """TRPO's rule, and after the usual updates another: TRPO again, none, steps a quarter as long, only
    after a batch in which a pole fell or in which none fell, without the updates left out, with noise for
    advantages, or PPO.
    """
    options, count = {"radius": SETTINGS["radius"], "damping": SETTINGS["damping"]}, [0]

    def update(policy, theta, batch, advantages, rng):
        number, fallen = count[0], batch.terminated.any()
        late, count[0] = number >= SETTINGS["usual"], number + 1
        idle = name == "none" or number in left_out
        if late and (idle or (name == "failures" and not fallen) or (name == "successes" and fallen)):
            return Step(theta=theta, entropy=0.0, reason="no update")
        if late and name == "PPO":
            return ppo(policy, theta, batch, advantages, rng, **SETTINGS["PPO"])
        if late and name == "noise":
            advantages = rng.normal(size=advantages.shape) * batch.valid
        length = 1 / 4 if late and name == "quarter" else 1
        return trpo(policy, theta, batch, advantages, **options | {"radius": length**2 * options["radius"]})

    return update


def balance(name, seed, iterations=SETTINGS["iterations"], left_out=()):
    """One run."""
    return cartpole.balance(continued(name, left_out), seed, iterations)


def drawn(run, seed):
    """As many late updates, drawn at random, as a run has left out."""
    late = SETTINGS["iterations"] - SETTINGS["usual"]
    order = SETTINGS["usual"] + np.random.default_rng(seed).permutation(late)
    return order[updates(run) :].tolist()


def lowest(run):
    """The lowest mean return of a batch that was played after the usual updates and one more."""
    return int(np.nanmin(run.history.mean_return[SETTINGS["usual"] + 1 :]).round())


def updates(run):
    """The number of updates that it made after the usual ones."""
    return int(run.history.accepted[SETTINGS["usual"] :].sum())


def continuations(seed):
    """The runs of one seed by their names."""
    runs = {}
    for name in SETTINGS["continuations"]:
        like = runs.get(name.removeprefix("as many as "))
        runs[name] = balance(name, seed, left_out=drawn(like, seed) if like else ())
    return runs


def compute():
    """The lowest returns of all runs, and how many late updates they made."""
    runs = [continuations(seed) for seed in range(SETTINGS["seeds"])]
    return {
        name: {"lowest": [lowest(r[name]) for r in runs], "updates": [updates(r[name]) for r in runs]}
        for name in SETTINGS["continuations"]
    }


def beginning():
    """The divergences of the first three updates with seed 0."""
    return {"TRPO": balance("TRPO", seed=0, iterations=3).history.kl.tolist()}
