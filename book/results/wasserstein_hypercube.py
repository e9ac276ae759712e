"""Steps until a log-linear model of bits fits a target: plain, Fisher and Wasserstein, tuned alike."""

from itertools import combinations, product
from types import SimpleNamespace

import numpy as np

SETTINGS = {
    "tasks": {
        "3 bits, spread": {"bits": 3, "concentration": 1.0, "start": "uniform"},
        "4 bits, spread": {"bits": 4, "concentration": 1.0, "start": "uniform"},
        "4 bits, other starts": {"bits": 4, "concentration": 1.0, "start": "random"},
        "4 bits, concentrated": {"bits": 4, "concentration": 0.1, "start": "uniform"},
    },
    "floor": 0.001,  # the share of the uniform distribution in each target
    "bases": ["0 and 1", "−1 and 1"],
    "powers of two": [-9, 5],  # the step sizes
    "dampings": [0.0, 1e-06, 1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0],
    "goal": 0.001,  # nats above the least divergence
    "limit": 1000,
    "targets": {"tuning": 20, "shown": 40},
    "arrive": 0.9,  # the share of the tuning runs that have to, of a setting that counts
}
METHODS = {
    "plain": ("plain", [0.0]),
    "Fisher": ("Fisher", [0.0]),
    "Wasserstein": ("Wasserstein", [0.0]),
    "Fisher, damped": ("Fisher", SETTINGS["dampings"]),
    "Wasserstein, damped": ("Wasserstein", SETTINGS["dampings"]),
}
LEAST = 1e-14  # of a probability; a run that goes below has left


def model(bits, basis):
    """Features of all outcomes, one row each, and the edges of the hypercube."""
    outcomes = np.array(list(product([0, 1], repeat=bits)))
    entries = outcomes if basis == "0 and 1" else 2 * outcomes - 1
    groups = [group for size in (1, 2) for group in combinations(range(bits), size)]
    features = np.array([[np.prod(row[list(group)]) for group in groups] for row in entries], float)
    apart = np.abs(outcomes[:, None] - outcomes).sum(axis=-1)
    edges = np.argwhere(np.triu(apart == 1))
    return SimpleNamespace(features=features, edges=edges)


def probabilities(theta, features):
    logits = theta @ features.T
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def metrics(kind, p, the_model):
    """Fisher or Wasserstein matrices of many distributions, (runs, k, k)."""
    features = the_model.features
    jacobian = p[..., None] * (features - (p @ features)[..., None, :])
    if kind == "Fisher":
        return np.swapaxes(jacobian, -1, -2) @ (jacobian / p[..., None])
    first, second = the_model.edges.T
    means = (p[:, first] + p[:, second]) / 2
    laplacian = np.full(
        (len(p), p.shape[1], p.shape[1]), 1 / p.shape[1]
    )  # 1 1ᵀ/n: J has columns that sum to 0
    for k, (i, j) in enumerate(the_model.edges):
        laplacian[:, [i, j], [i, j]] += means[:, k, None]
        laplacian[:, [i, j], [j, i]] -= means[:, k, None]
    return np.swapaxes(jacobian, -1, -2) @ solved(laplacian, jacobian)


def step(kind, damping, theta, target, the_model):
    """The direction of a step, before its size."""
    p = probabilities(theta, the_model.features)
    gradient = (p - target) @ the_model.features
    if kind == "plain":
        return gradient
    matrices = metrics(kind, p, the_model) + damping * np.eye(theta.shape[1])
    return solved(matrices, gradient[..., None])[..., 0]


def solved(matrices, right):
    """Each system by itself where one of them is singular; that one has no solution, and its run ends."""
    try:
        return np.linalg.solve(matrices, right)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full(right.shape, np.nan)
        return np.concatenate(
            [solved(matrix[None], side[None]) for matrix, side in zip(matrices, right, strict=True)]
        )


def divergences(theta, target, features):
    with np.errstate(all="ignore"):
        return np.sum(target * np.log(target / probabilities(theta, features)), axis=-1)


def best_fits(targets, the_model):
    """The least divergences, by Newton's method with step sizes that are halved."""
    theta = np.zeros((len(targets), the_model.features.shape[1]))
    for _ in range(200):
        direction = step("Fisher", 1e-10, theta, targets, the_model)
        before, size = divergences(theta, targets, the_model.features), np.ones(len(targets))
        for _ in range(30):
            after = divergences(theta - size[:, None] * direction, targets, the_model.features)
            size = np.where(after <= before, size, size / 2)
        theta = theta - size[:, None] * direction
    return divergences(theta, targets, the_model.features)


def needed(kind, damping, sizes, theta, targets, least, the_model):
    """Steps of each run until its divergence is near the least; the limit plus one for those that are not."""
    limit = SETTINGS["limit"]
    counts, running = np.full(len(theta), limit + 1), np.arange(len(theta))
    for count in range(limit + 1):
        p = probabilities(theta[running], the_model.features)
        excess = divergences(theta[running], targets[running], the_model.features) - least[running]
        counts[running[excess < SETTINGS["goal"]]] = count
        sound = (excess >= SETTINGS["goal"]) & (p.min(axis=-1) > LEAST) & np.isfinite(excess)
        running = running[sound]
        if len(running) == 0:
            break
        direction = step(kind, damping, theta[running], targets[running], the_model)
        theta[running] -= sizes[running, None] * direction
    return counts


def drawn(task, purpose):
    """Targets and starts; the starts are in the basis of −1 and 1."""
    settings = SETTINGS["tasks"][task]
    seed = [list(SETTINGS["tasks"]).index(task), list(SETTINGS["targets"]).index(purpose)]
    rng, states = np.random.default_rng(seed), 2 ** settings["bits"]
    count, floor = SETTINGS["targets"][purpose], SETTINGS["floor"]
    targets = rng.dirichlet(np.full(states, settings["concentration"]), size=count)
    features = model(settings["bits"], "−1 and 1").features
    spread = 0.5 if settings["start"] == "random" else 0.0
    return (1 - floor) * targets + floor / states, spread * rng.normal(size=(count, features.shape[1]))


def in_basis(theta, bits, basis):
    """The parameters of the same distributions in another basis."""
    own, other = (model(bits, name).features for name in ("−1 and 1", basis))
    with_constant = np.c_[other, np.ones(len(other))]
    return np.linalg.lstsq(with_constant, own @ theta.T, rcond=None)[0][:-1].T


def race(task, basis, method):
    """The best setting on the tuning targets, and its steps on the others."""
    bits, (kind, dampings) = SETTINGS["tasks"][task]["bits"], METHODS[method]
    the_model, (low, high) = model(bits, basis), SETTINGS["powers of two"]
    grid = 2.0 ** np.arange(low, high + 1)
    found = {}
    for purpose in ("tuning", "shown"):
        targets, starts = drawn(task, purpose)
        starts, least = in_basis(starts, bits, basis), best_fits(targets, the_model)
        if purpose == "tuning":
            for damping in dampings:
                every = [np.tile(each, (len(grid), 1)) for each in (starts, targets)]
                sizes, floors = np.repeat(grid, len(targets)), np.tile(least, len(grid))
                counts = needed(kind, damping, sizes, *every, floors, the_model).reshape(len(grid), -1)
                for place, runs in enumerate(counts):
                    if np.mean(runs <= SETTINGS["limit"]) >= SETTINGS["arrive"]:
                        found[float(np.median(runs)), float(np.mean(runs)), damping, place] = None
            if not found:
                return {"steps": None}
            _, _, damping, place = min(found)
        sizes = np.full(len(targets), grid[place])
        runs = needed(kind, damping, sizes, starts.copy(), targets, least, the_model)
    return {
        "steps": sorted(int(count) for count in runs),
        "size": float(grid[place]),
        "place": [place, len(grid)],
        "damping": damping,
    }


def compute():
    """``{task: {basis: {method: race}}}``."""
    return {
        task: {
            basis: {method: race(task, basis, method) for method in METHODS} for basis in SETTINGS["bases"]
        }
        for task in SETTINGS["tasks"]
    }


def beginning():
    """The parameters after five steps of size one tenth, of one run for each kind."""
    found = {}
    for kind in ("plain", "Fisher", "Wasserstein"):
        the_model, (targets, theta) = model(3, "0 and 1"), drawn("3 bits, spread", "shown")
        theta, targets = theta[:1], targets[:1]
        for _ in range(5):
            theta = theta - 0.1 * step(kind, 0.0, theta, targets, the_model)
        found[kind] = theta[0].tolist()
    return found
