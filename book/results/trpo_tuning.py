"""Four rules on CartPole, each with seven sizes of a step, on seeds that no other result uses."""

from book.results import _cartpole as cartpole

SETTINGS = {
    **cartpole.SETTINGS,
    "seeds": list(range(100, 110)),
    "factors": [0.125, 0.25, 0.5, 1, 2, 4, 8],
    "middle": {
        "policy gradient": {"step_size": 4.0},
        "natural policy gradient": {"radius": 0.03},
        "TRPO": {"radius": 0.03},
        "PPO": {"step_size": 3e-3},
    },
    "fixed": {
        "policy gradient": {},
        "natural policy gradient": {"damping": 0.1},
        "TRPO": {"damping": 0.1},
        "PPO": {"clip": 0.2},
    },
}


def balance(name, seed, factor, iterations=SETTINGS["iterations"]):
    """One run, with a step so many times as large as the one in the middle of the grid."""
    size = {key: factor * value for key, value in SETTINGS["middle"][name].items()}
    return cartpole.balance(name, seed, iterations, **size, **SETTINGS["fixed"][name])


def height(run):
    """The mean of its learning curve."""
    return round(cartpole.learning_curve(run.history).mean())


def compute():
    """The heights of the runs: a row for each size, a column for each seed."""
    return {
        name: [[height(balance(name, seed, f)) for seed in SETTINGS["seeds"]] for f in SETTINGS["factors"]]
        for name in SETTINGS["middle"]
    }


def beginning():
    """The divergences of the first three updates with the first seed and the step in the middle."""
    seed = SETTINGS["seeds"][0]
    return {name: balance(name, seed, 1, iterations=3).history.kl.tolist() for name in SETTINGS["middle"]}
