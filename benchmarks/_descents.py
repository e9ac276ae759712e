"""One run, or the tuning, of one side of the learning races of networks.py, printed as JSON.

``python _descents.py <side> <problem> <method> <seed> [rate batch]``, or with ``tune`` for the seed. A run is
over when the mean loss of all data, less what no network can remove, is at most the last goal. The clock is
the processor's. It runs from the start, with everything built and compiled, and where Adam's loss is looked
at, after each pass through the data, it stands.
"""

import itertools
import json
import math
import sys
import time
import warnings

import numpy as np
from _networks import Jax, Torch, problem

GOALS = {"spirals": (0.01, 0.0001), "curves": (2.0, 1.0)}  # nats
CAP = 10.0  # seconds
RATES = [10 ** (k / 4) for k in (-6, -5, -7, -4, -3, -8, -2)]  # 0.01 to 0.3, likely ones first
BATCHES = (300, 100)
TUNING = (101, 102)
PRODUCTS = 50  # of a natural gradient by conjugate gradients, at most
MEMORY = 0.95  # of the running means of Kronecker factors


class Arrived(Exception):
    """The goal, from within a descent."""


class Clock:
    """Processor time and iterations until each goal."""

    def __init__(self, task, cap=CAP):
        self.goals, self.cap, self.spent, self.iterations = GOALS[task.name], cap, 0.0, 0
        self.reached = []  # (seconds, iterations) of each goal
        self.floor = 0.0
        if task.name == "curves":  # the entropy of the grey values
            y = np.clip(task.targets, 1e-300, 1 - 1e-16)
            self.floor = -np.mean(np.sum(y * np.log(y) + (1 - y) * np.log1p(-y), axis=1))

    def start(self):
        self.mark = time.process_time()

    def stop(self):
        self.spent += time.process_time() - self.mark

    def over(self, value):
        """Note the goals that a loss reaches; whether it was the last one, or the time is up."""
        self.stop()
        while len(self.reached) < len(self.goals) and value - self.floor <= self.goals[len(self.reached)]:
            self.reached.append((self.spent, self.iterations))
        self.start()
        return len(self.reached) == len(self.goals) or self.spent > self.cap or not math.isfinite(value)

    def report(self):
        """For each goal seconds, iterations, and whether it was reached."""
        missing = [(max(self.spent, self.cap), self.iterations, False)] * len(self.goals)
        return ([(*known, True) for known in self.reached] + missing)[: len(self.goals)]


# --- Adam: each side makes a step and a loss --------------------------------------------------------------


def adam(make, task, seed, rate, batch, cap=CAP):
    """Passes through the data in random order."""
    step, loss = make(task, rate)
    clock, rng, count = Clock(task, cap), np.random.default_rng(seed), len(task.inputs)
    clock.start()
    while True:
        order = rng.permutation(count) if batch < count else None
        for first in range(0, count, batch):
            step(None if order is None else order[first : first + batch])
            clock.iterations += 1
        clock.stop()
        value = loss()
        clock.start()
        if clock.over(value):
            return clock


def torch(task, rate):
    """torch.optim.Adam, fused, which is the fastest of its forms here; single precision."""
    side = Torch(task, "float32")
    torch = side.torch
    inputs, model = side.inputs, side.model
    if task.name == "spirals":
        targets, function = torch.tensor(task.targets), torch.nn.functional.cross_entropy
    else:
        targets = inputs

        def function(z, y):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum")
            return loss / len(z)

    optimiser = torch.optim.Adam(side.parameters, lr=rate, fused=True)

    def step(chosen):
        if chosen is None:
            x, y = inputs, targets
        else:
            chosen = torch.from_numpy(chosen)
            x, y = inputs[chosen], targets[chosen]
        optimiser.zero_grad()
        function(model(x), y).backward()
        optimiser.step()

    def loss():
        with torch.no_grad():
            return function(model(inputs), targets).item()

    return step, loss


def jax(task, rate):
    """Compiled, in single precision."""
    side = Jax(task, double=False)
    jax, jnp = side.jax, side.jnp

    @jax.jit
    def compiled(state, chosen):
        matrices, means, squares, t = state
        x, y = (side.inputs, side.targets) if chosen is None else (side.inputs[chosen], side.targets[chosen])
        gradient = jax.grad(side.loss)(matrices, x, y)
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradient)
        squares = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g**2, squares, gradient)
        size = rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        matrices = jax.tree.map(lambda w, m, s: w - size * m / (jnp.sqrt(s) + 1e-8), matrices, means, squares)
        return matrices, means, squares, t + 1

    start = side.enter(task.theta)
    zeros = [jnp.zeros_like(matrix) for matrix in start]
    kept = [(start, zeros, zeros, jnp.asarray(1.0))]
    for size in BATCHES:  # compile for all sizes of a batch
        for rest in {size, len(task.inputs) % size} - {0}:
            compiled(kept[0], None if size == len(task.inputs) else np.arange(rest))
    value = jax.jit(side.loss)
    value(start, side.inputs, side.targets)

    def step(chosen):
        kept[0] = compiled(kept[0], chosen)
        jax.block_until_ready(kept[0])

    return step, lambda: float(value(kept[0][0], side.inputs, side.targets))


def ngbook(task, rate):
    """Adam with the package's gradients: what of a lead is the code's, and what the method's."""
    from ngbook import networks

    network, likelihood = task.network, task.likelihood
    theta, mean, square, t = task.theta.copy(), np.zeros(network.size), np.zeros(network.size), 0

    def step(chosen):
        nonlocal theta, mean, square, t
        chosen = slice(None) if chosen is None else chosen
        here = network.at(theta, task.inputs[chosen])
        g = networks.loss_gradient(here, likelihood, task.targets[chosen])
        mean, square, t = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2, t + 1
        size = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        theta = theta - size * mean / (np.sqrt(square) + 1e-8)

    return step, lambda: likelihood.loss(network.at(theta, task.inputs).outputs, task.targets)


def tune(make, name):
    """For each goal the rate and the batch that need the least time over two starts, which are not raced."""
    best = [(math.inf, None)] * len(GOALS[name])
    tasks = [problem(name, seed) for seed in TUNING]
    for batch, rate in itertools.product(BATCHES, RATES):
        totals, cap = [0.0] * len(best), min(CAP, best[-1][0])  # a longer run can be no better
        for task, seed in zip(tasks, TUNING, strict=True):
            found = adam(make, task, seed, rate, batch, cap).report()
            totals = [
                t + (s if reached else math.inf) for t, (s, _, reached) in zip(totals, found, strict=True)
            ]
            cap = min(CAP, best[-1][0] - totals[-1])
            if cap < 0:
                break
        else:
            found = [(t, (rate, batch)) for t in totals]
            best = [min(pair, key=lambda each: each[0]) for pair in zip(best, found, strict=True)]
    return [setting for _, setting in best]


# --- natural gradients ------------------------------------------------------------------------------------


def natural(task, seed, method):
    """Adaptive damping with the exact Fisher matrix, or along the direction of Kronecker factors."""
    from ngbook import descent, networks
    from ngbook.solve import conjugate_gradient, dense_solve

    network, likelihood, clock = task.network, task.likelihood, Clock(task)
    kept = {"theta": None, "rng": np.random.default_rng(seed)}

    def at(theta):
        if kept["theta"] is not theta and not np.array_equal(kept["theta"], theta):
            kept["theta"], kept["here"] = theta, network.at(theta, task.inputs)
        return kept["here"]

    def value(theta):
        loss = likelihood.loss(at(theta).outputs, task.targets)
        clock.iterations += 1
        if clock.over(loss):
            raise Arrived
        return loss

    def gradient(theta):
        return networks.loss_gradient(at(theta), likelihood, task.targets)

    def metric(theta):
        before, kept["place"] = kept.get("place", theta), theta
        kept["step"] = theta - before
        F = networks.gauss_newton(at(theta), likelihood)
        return F @ np.eye(network.size) if method == "dense" else F

    def iterative(F, g, damping):
        return conjugate_gradient(F, g, damping, iterations=PRODUCTS, tolerance=1e-2).solution

    def kronecker(F, g, damping):
        """The best combination, in the quadratic model, of K-FAC's direction and the last step."""
        fresh = networks.kronecker_factors(at(kept["place"]), likelihood, kept["rng"])
        kept["k"] = kept.get("k", 0) + 1
        share = min(1 - 1 / kept["k"], MEMORY)
        kept["factors"] = [
            tuple(share * x + (1 - share) * y for x, y in zip(*pair, strict=True))
            for pair in zip(kept.get("factors", fresh), fresh, strict=True)
        ]
        directions = [networks.KroneckerMetric(kept["factors"], damping).solve(g)]
        directions += [kept["step"]] if kept["step"].any() else []
        D = np.stack(directions, axis=1)
        model = D.T @ np.stack([F @ d for d in directions], axis=1) + damping * D.T @ D
        return D @ dense_solve((model + model.T) / 2, D.T @ g)

    solve = {"dense": dense_solve, "conjugate gradients": iterative, "K-FAC": kronecker}[method]
    networks.gauss_newton(network.at(task.theta, task.inputs), likelihood)  # imports SciPy's operators
    clock.start()
    try:
        descent.adaptive_damping_descent(value, gradient, metric, task.theta, iterations=10**6, solve=solve)
    except Arrived:
        return clock
    raise SystemExit(f"{method} stopped before the goal")


def main():
    """The run, or the tuning, that the command line names."""
    warnings.simplefilter("ignore")
    side, name, method, seed, *settings = sys.argv[1:]
    make = globals()[side]
    if seed == "tune":
        print(json.dumps({"settings": tune(make, name)}))
        return
    task, seed = problem(name, int(seed)), int(seed)
    if method == "Adam":
        clock = adam(make, task, seed, float(settings[0]), int(settings[1]))
    else:
        clock = natural(task, seed, method)
    print(json.dumps({"goals": clock.report()}))


if __name__ == "__main__":
    main()
