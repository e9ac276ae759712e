"""Steps and processor time of five methods on two small networks, and steps of fixed damping."""

import time

import numpy as np

from ngbook import data, descent, networks, solve

SETTINGS = {
    "seeds": [1, 2, 3, 4, 5, 6, 7],
    "tuning seeds": [101, 102, 103],
    "momentum": 0.9,
    "Adam": [0.9, 0.999, 1e-8],
    "tasks": {
        "spirals": {"target": 0.01, "limit": 3000, "trials": 120},
        "regression": {"noise": 0.05, "target": 0.002, "limit": 3000, "trials": 120},
        "smooth": {"noise": 0.0, "target": 1e-5, "limit": 8000, "trials": 120},
    },
    "hidden": [16, 16],
    "decades": {"momentum": [-2.25, 0.5], "Adam": [-3.0, -0.25], "natural": [-2.5, 0.25]},
    "per decade": 4,
    "conjugate gradients": {"iterations": 60, "tolerance": 0.01},
    "fixed": {
        "hidden": [6],
        "each": 40,
        "steps": 40,
        "ceiling": 1e4,
        "rules": [[1.0, 0.001], [1.0, 0.1], [0.1, 0.001]],
    },
}
FIRST_ORDER = "momentum", "Adam", "Adam, decaying"
NATURAL = "natural, dense", "natural, products", "empirical"


class ArrivedError(Exception):
    """The loss has reached its target."""


def problem(task, seed):
    """A network, a likelihood, inputs, targets, and a start; the constant of the Gaussian is left out."""
    rng = np.random.default_rng(seed)
    held, hidden = SETTINGS["tasks"][task], tuple(SETTINGS["hidden"])
    if task == "spirals":
        inputs, targets = data.spirals(100, 3, rng)
        network, likelihood, constant = networks.Network(2, 3, hidden), networks.Categorical(), 0.0
    else:
        inputs = rng.uniform(-1, 1, size=(200, 2))
        smooth = np.sin(3 * inputs[:, :1]) * np.cos(4 * inputs[:, 1:])
        targets = smooth + held["noise"] * rng.normal(size=(200, 1))
        network, likelihood = networks.Network(2, 1, hidden), networks.Gaussian()
        constant = np.log(2 * np.pi) / 2
    return network, likelihood, inputs, targets, constant, network.initial(rng)


def first_order(method, size, problem, limit, target):
    """Losses after each step, until the target is reached."""
    network, likelihood, inputs, targets, constant, theta = problem
    first, second, small = SETTINGS["Adam"]
    mean, square, losses = np.zeros_like(theta), np.zeros_like(theta), []
    for step in range(limit + 1):
        evaluated = network.at(theta, inputs)
        losses.append(likelihood.loss(evaluated.outputs, targets) - constant)
        if losses[-1] <= target or not losses[-1] < 1e6:
            break
        g = networks.loss_gradient(evaluated, likelihood, targets)
        if method == "momentum":
            mean = SETTINGS["momentum"] * mean + g
            theta = theta - size * mean
        else:
            mean, square = first * mean + (1 - first) * g, second * square + (1 - second) * g**2
            unbiased = mean / (1 - first ** (step + 1))
            root = np.sqrt(square / (1 - second ** (step + 1)))
            decay = (1 + np.cos(np.pi * step / limit)) / 2 if method == "Adam, decaying" else 1.0
            theta = theta - size * decay * unbiased / (root + small)
    return losses


def natural(method, damping, problem, limit, target):
    """Losses before each trial of the adaptive damping and after the last, until the target is reached."""
    network, likelihood, inputs, targets, constant, start = problem
    losses, lowest = [], [np.inf]

    def value(theta):
        loss = likelihood.loss(network.at(theta, inputs).outputs, targets) - constant
        lowest.append(min(loss, lowest[-1]))
        if loss <= target:
            raise ArrivedError
        return loss

    def gradient(theta):
        return networks.loss_gradient(network.at(theta, inputs), likelihood, targets)

    def metric(theta):
        losses.append(lowest[-1])  # once for each trial
        evaluated = network.at(theta, inputs)
        if method == "empirical":
            return solve.mean_outer_product(networks.data_scores(evaluated, likelihood, targets))
        F = networks.gauss_newton(evaluated, likelihood)
        return F if method == "natural, products" else F @ np.eye(network.size)

    def by_products(F, g, damping):
        return solve.conjugate_gradient(F, g, damping, **SETTINGS["conjugate gradients"]).solution

    solver = by_products if method == "natural, products" else solve.dense_solve
    try:
        descent.adaptive_damping_descent(
            value, gradient, metric, start, damping=damping, iterations=limit, solve=solver
        )
    except ArrivedError:
        pass
    return [*losses, lowest[-1]]


def run(task, method, size, seed):
    """Losses, whether the target was reached, and the seconds of processor time of one run."""
    held = SETTINGS["tasks"][task]
    rule, limit = (first_order, "limit") if method in FIRST_ORDER else (natural, "trials")
    made, begun = problem(task, seed), time.process_time()
    with np.errstate(all="ignore"):
        losses = rule(method, size, made, held[limit], held["target"])
    return losses, losses[-1] <= held["target"], time.process_time() - begun


def grid(method):
    """The sizes that are tried: steps, or the first damping."""
    kind = method.partition(",")[0] if method in FIRST_ORDER else "natural"
    low, high = SETTINGS["decades"][kind]
    return 10 ** np.linspace(low, high, round((high - low) * SETTINGS["per decade"]) + 1)


def steps(losses, arrived):
    """How many were made, or infinitely many."""
    return len(losses) - 1 if arrived else np.inf


def tuned(task, method):
    """The place in the grid with the smallest mean logarithm of the steps; a run that fails counts double."""
    held = SETTINGS["tasks"][task]
    limit = held["limit" if method in FIRST_ORDER else "trials"]
    costs = []
    for size in grid(method):
        counts = [steps(*run(task, method, size, seed)[:2]) for seed in SETTINGS["tuning seeds"]]
        costs.append(float(np.mean(np.log(np.minimum(counts, 2 * limit)))))
    return int(np.argmin(costs)), [round(cost, 3) for cost in costs]


def race(task, method):
    """A tuned method from every start that is shown."""
    place, costs = tuned(task, method)
    found = {"place": [place, len(costs)], "size": float(f"{grid(method)[place]:.4g}"), "tuning": costs}
    found |= {"steps": [], "seconds": [], "at": [], "curves": []}
    for seed in SETTINGS["seeds"]:
        losses, arrived, seconds = run(task, method, grid(method)[place], seed)
        best = np.minimum.accumulate(np.nan_to_num(losses, nan=np.inf))
        at = np.unique(np.geomspace(1, len(best), 20).round().astype(int)) - 1
        found["steps"].append(len(losses) - 1 if arrived else None)
        found["seconds"].append(float(f"{seconds:.3g}"))
        found["at"].append(at.tolist())
        found["curves"].append([float(f"{loss:.3g}") for loss in best[at]])
        found.setdefault("made", []).append(len(losses) - 1)
    return found


def fixed(size, damping, seed, count=SETTINGS["fixed"]["steps"]):
    """Losses with a step size and a damping that stay, on small spirals; from the ceiling on they stop."""
    held, rng = SETTINGS["fixed"], np.random.default_rng(seed)
    points, labels = data.spirals(held["each"], 3, rng)
    network, likelihood = networks.Network(2, 3, tuple(held["hidden"])), networks.Categorical()
    theta, losses = network.initial(rng), []
    for _ in range(count + 1):
        evaluated = network.at(theta, points)
        losses.append(likelihood.loss(evaluated.outputs, labels))
        if not losses[-1] < held["ceiling"]:
            break
        F = networks.gauss_newton(evaluated, likelihood) @ np.eye(network.size)
        g = networks.loss_gradient(evaluated, likelihood, labels)
        theta = theta - size * solve.dense_solve(F, g, damping)
    return [float(f"{loss:.4g}") for loss in losses]


def adaptive(seed):
    """The same network with adaptive damping, from 1 on."""
    held, rng = SETTINGS["fixed"], np.random.default_rng(seed)
    points, labels = data.spirals(held["each"], 3, rng)
    network, likelihood = networks.Network(2, 3, tuple(held["hidden"])), networks.Categorical()
    path = descent.adaptive_damping_descent(
        lambda theta: likelihood.loss(network.at(theta, points).outputs, labels),
        lambda theta: networks.loss_gradient(network.at(theta, points), likelihood, labels),
        lambda theta: networks.gauss_newton(network.at(theta, points), likelihood) @ np.eye(network.size),
        network.initial(rng),
        iterations=held["steps"],
    )
    return [float(f"{loss:.4g}") for loss in path.values]


def compute():
    """All races, and the runs with a fixed damping."""
    races = {
        task: {
            method: race(task, method)
            for method in FIRST_ORDER + NATURAL
            if task == "smooth" or method != "Adam, decaying"
        }
        for task in SETTINGS["tasks"]
    }
    seeds = SETTINGS["seeds"]
    runs = {
        f"{size:g}, {damping:g}": [fixed(size, damping, seed) for seed in seeds]
        for size, damping in SETTINGS["fixed"]["rules"]
    }
    return {"races": races, "fixed": runs | {"adaptive": [adaptive(seed) for seed in seeds]}}


def beginning():
    """The first losses of one run each."""
    made = problem("spirals", 1)
    return {
        "Adam": first_order("Adam", 0.1, made, 4, 0.0),
        "natural": natural("natural, dense", 1.0, made, 4, 0.0),
        "fixed": fixed(0.1, 0.1, 1, count=3),
    }
