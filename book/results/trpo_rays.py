"""First trials of TRPO's line search in ten runs on CartPole, and the same steps with another length."""

import numpy as np

from book.results import _cartpole as cartpole
from ngbook.policy_gradient import trpo
from ngbook.solve import conjugate_gradient

SETTINGS = {**cartpole.SETTINGS, "seeds": 10, "radius": 0.03, "damping": 0.1, "kept": [0, 6, 20]}


def recording(trials):
    """TRPO's rule, which notes what the first trial is, and would be."""
    radius, damping = SETTINGS["radius"], SETTINGS["damping"]

    def update(policy, theta, batch, advantages):
        states, actions = batch.flat(batch.observations), batch.flat(batch.actions)
        old = policy.at(theta, states)
        gradient, fisher = old.gradient(actions, batch.flat(advantages)), old.fisher()
        natural = conjugate_gradient(fisher, gradient, damping, 10).solution
        squares = gradient @ natural, natural @ (fisher @ natural)  # with the damping, and without
        ends = [policy.at(theta + np.sqrt(2 * radius / square) * natural, states) for square in squares]
        trials.append([squares[1] / squares[0], *(old.kl(end).mean() / radius for end in ends)])
        return trpo(policy, theta, batch, advantages, radius=radius, damping=damping)

    return update


def run(seed, iterations=SETTINGS["iterations"]):
    """One run, and its trials: the share of the undamped model, and both divergences, over the radius."""
    trials = []
    return cartpole.balance(recording(trials), seed, iterations), np.array(trials)


def compute():
    """The trials of all runs, and some policies of the first one, to four decimals."""
    runs = [run(seed) for seed in range(SETTINGS["seeds"])]
    names = "model", "with the damping", "without"
    numbers = {name: [trials[:, i].round(3).tolist() for _, trials in runs] for i, name in enumerate(names)}
    numbers["shortened"] = [int((each.history.backtracks > 0).sum()) for each, _ in runs]
    theta = runs[0][0].history.theta
    return numbers | {"policies": {str(kept): theta[kept].round(4).tolist() for kept in SETTINGS["kept"]}}


def beginning():
    """The trials of the first three updates with seed 0."""
    return {"TRPO": run(0, iterations=3)[1].ravel().tolist()}
