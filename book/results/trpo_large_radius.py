"""Ten runs on CartPole at a radius of two nats, with the natural policy gradient and with TRPO."""

from book.results import _cartpole as cartpole

SETTINGS = {
    **cartpole.SETTINGS,
    "seeds": 10,
    "rules": {
        "natural policy gradient": {"radius": 2.0, "damping": 0.1},
        "TRPO": {"radius": 2.0, "damping": 0.1},
    },
}


def balance(name, seed, iterations=SETTINGS["iterations"]):
    """One run."""
    return cartpole.balance(name, seed, iterations, **SETTINGS["rules"][name])


def described(runs):
    """What a figure shows of the runs of one rule, and the text says."""
    return {
        "divergences": [run.history.kl.round(4).tolist() for run in runs],
        "shortened": [int((run.history.backtracks > 0).sum()) for run in runs],
        "fresh means": [round(cartpole.fresh_mean(run)) for run in runs],
    }


def compute():
    """All runs."""
    seeds = range(SETTINGS["seeds"])
    return {name: described([balance(name, seed) for seed in seeds]) for name in SETTINGS["rules"]}


def beginning():
    """The divergences of the first three updates with seed 0."""
    return {name: balance(name, seed=0, iterations=3).history.kl.tolist() for name in SETTINGS["rules"]}
