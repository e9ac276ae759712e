"""Episodes that seven methods need on the linear-quadratic task, and five on a motor primitive."""

from types import SimpleNamespace

import numpy as np

from ngbook import environments

SETTINGS = {
    "seeds": 20,
    "in a row": 3,
    "have to arrive": 18,
    "sizes per decade": 5,
    "linear-quadratic": {
        "start": [-0.05, -0.6931471805599453],
        "horizon": 10,
        "noise": 0.1,
        "share": 0.05,
        "limit": 2500,
        "best": -1.7608713967,  # the return of the best policy, which has the gain −0.61547
    },
    "motor primitive": {"start": -0.6931471805599453, "share": 0.03, "limit": 1500},
    "rescaled": [1, 3, 10, 100],
    "decades": {  # of the grid of sizes, by the kind of direction and of step
        "plain": {"fixed": [-4, 0], "length": [-1.5, 1]},
        "natural": {"fixed": [-2, 1], "length": [-0.5, 1.5]},
    },
    "batches": {
        "linear-quadratic": [2, 3, 4, 6, 8, 12, 16],
        "motor primitive": [2, 4, 8, 12, 14, 16, 24, 32, 48, 64],
    },
}
KINDS = {
    "finite differences": "plain",
    "REINFORCE": "plain",
    "GPOMDP": "plain",
    "plain, by regression": "plain",
    "natural, exact matrix": "natural",
    "natural, exact matrix, GPOMDP": "natural",
    "eNAC": "natural",
}


# --- the two tasks, for many runs side by side: parameters have the shape (runs, p) ---------------


def linear_quadratic():
    """s' = s + a + 0.1 ξ with the reward −(s² + a²), from 1; a ~ N(k s, σ²), θ = (k, log σ)."""
    held = SETTINGS["linear-quadratic"]
    horizon, noise = held["horizon"], held["noise"]

    def square_sum(theta):
        gain, variance = theta[:, 0], np.exp(2 * theta[:, 1])
        square = total = np.ones(len(theta))
        for _ in range(horizon - 1):
            square = (1 + gain) ** 2 * square + variance + noise**2
            total = total + square
        return total

    def objective(theta):
        variance = np.exp(2 * theta[:, 1])
        return -((1 + theta[:, 0] ** 2) * square_sum(theta) + horizon * variance)

    def fisher(theta):
        F = np.zeros((len(theta), 2, 2))
        F[:, 0, 0], F[:, 1, 1] = square_sum(theta) / np.exp(2 * theta[:, 1]), 2 * horizon
        return F

    def episodes(theta, count, rng):
        gain, deviation = theta[:, :1], np.exp(theta[:, 1:])
        s = np.ones((len(theta), count))
        scores, rewards = np.empty((2, horizon, *s.shape)), np.empty((horizon, *s.shape))
        for t in range(horizon):
            normal = rng.normal(size=s.shape)
            a = gain * s + deviation * normal
            scores[:, t], rewards[t] = (normal * s / deviation, normal**2 - 1), -(s**2 + a**2)
            s = s + a + noise * rng.normal(size=s.shape)
        return np.moveaxis(scores, 0, -1), rewards  # (horizon, runs, count, p), (horizon, runs, count)

    def perturbed(theta, count, rng):
        moves = rng.choice([-1, 1], size=(len(theta), count, 2)) * [0.05, 0.2]
        many = (theta[:, None] + moves).reshape(-1, 2)
        return moves, episodes(many, 1, rng)[1].sum(axis=0).reshape(len(theta), count)

    return SimpleNamespace(
        start=np.array(held["start"]),
        objective=objective,
        fisher=fisher,
        episodes=episodes,
        perturbed=perturbed,
        best=held["best"],
        ceiling=3.0,
        **{name: held[name] for name in ("share", "limit")},
    )


def motor_primitive(rescaled=1):
    """A motion to 1 that has to pass −0.4 on its way; a_t ~ N(w·φ_t, σ²), θ = (w, log σ)."""
    held = SETTINGS["motor primitive"]
    A, c = environments.motor_primitive_costs()
    phi = environments.motor_primitive_features()
    horizon, size = phi.shape
    phi = phi * np.geomspace(1, rescaled, size)

    def cost(actions):
        return np.sum((actions @ A.T + c) ** 2, axis=-1)

    def objective(theta):
        return -cost(theta[..., :size] @ phi.T) - np.sum(A**2) * np.exp(2 * theta[..., size])

    def fisher(theta):
        F = np.zeros((len(theta), size + 1, size + 1))
        F[:, :size, :size] = phi.T @ phi / np.exp(2 * theta[:, size])[:, None, None]
        F[:, size, size] = 2 * horizon
        return F

    def episodes(theta, count, rng):
        deviation, normal = np.exp(theta[:, size]), rng.normal(size=(len(theta), count, horizon))
        deviation = deviation[:, None, None]
        returns = -cost((theta[:, None, :size] @ phi.T) + deviation * normal)
        of_deviation = np.sum(normal**2 - 1, axis=-1, keepdims=True)
        return np.concatenate([normal @ phi / deviation, of_deviation], axis=-1)[None], returns[None]

    def perturbed(theta, count, rng):
        """Without noise of the actions, so that only the weights move."""
        moves = np.zeros((len(theta), count, size + 1))
        moves[..., :size] = 0.1 * rng.normal(size=(len(theta), count, size))
        return moves[..., :size], objective(theta[:, None] + moves) + 0 * moves[..., 0]

    weights = np.linalg.lstsq(A @ phi, -c)[0]
    return SimpleNamespace(
        start=np.r_[np.zeros(size), held["start"]],
        objective=objective,
        fisher=fisher,
        episodes=episodes,
        perturbed=perturbed,
        best=-cost(phi @ weights),
        ceiling=3.0,
        **{name: held[name] for name in ("share", "limit")},
    )


# --- directions, for many runs side by side -------------------------------------------------------


def fitted(design, returns):
    """Weights of a regression on these columns and a constant, and the matrix of the centred columns."""
    centred = design - design.mean(axis=1, keepdims=True)
    matrix = np.einsum("ami,amj->aij", centred, centred) / design.shape[1]
    slope = np.einsum("ami,am->ai", centred, returns) / design.shape[1]
    ridge = 1e-10 * np.trace(matrix, axis1=1, axis2=2) + 1e-12  # where all moves are the same
    ridge = ridge[:, None, None] * np.eye(design.shape[2])
    return np.linalg.solve(matrix + ridge, slope[..., None])[..., 0], matrix


def weighted(scores, credit):
    """The policy gradient, with the baseline that makes each component least noisy."""
    square = scores**2
    base = np.einsum("...ami,...am->...ai", square, credit)
    base = base / np.maximum(square.sum(axis=-2), 1e-12)
    gradient = np.einsum("...ami,...am->...ai", scores, credit) - scores.sum(axis=-2) * base
    return (gradient / credit.shape[-1]).reshape(-1, *gradient.shape[-2:]).sum(axis=0)


def direction(task, method, theta, count, rng):
    """A direction for each run, and its length: in the Fisher metric for the natural ones."""
    if method == "finite differences":
        moves, returns = task.perturbed(theta, count, rng)
        slope = np.zeros_like(theta)
        slope[:, : moves.shape[2]] = fitted(moves, returns)[0]
        return slope, np.linalg.norm(slope, axis=1)
    scores, rewards = task.episodes(theta, count, rng)
    summed, returns = scores.sum(axis=0), rewards.sum(axis=0)
    F = task.fisher(theta)
    if method in ("eNAC", "plain, by regression"):
        step, sampled = fitted(summed, returns)
    elif "GPOMDP" in method:
        step = weighted(np.cumsum(scores, axis=0), rewards)
    else:
        step = weighted(summed, returns)
    if method == "plain, by regression":
        step = np.einsum("aij,aj->ai", F, step)
    if KINDS[method] == "plain":
        return step, np.linalg.norm(step, axis=1)
    if method != "eNAC":
        step, sampled = np.linalg.solve(F, step[..., None])[..., 0], F
    return step, np.sqrt(np.maximum(np.einsum("ai,aij,aj->a", step, sampled, step), 1e-300))


# --- races ----------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def arrivals(task, method, count, sizes, unit, seed):
    """Episodes until each run is near the best and stays there; the limit, if it does not arrive."""
    rng, stay = np.random.default_rng(seed), SETTINGS["in a row"]
    theta = np.tile(task.start, (len(sizes), 1))
    if method == "finite differences" and len(task.start) > 2:
        theta[:, -1] = -40.0
    worst = task.objective(task.start[None])[0]
    target = task.best - task.share * (task.best - worst)
    arrived, hits, alive = np.full(len(sizes), task.limit), np.zeros(len(sizes), int), np.arange(len(sizes))
    for used in range(count, task.limit + 1, count):
        step, length = direction(task, method, theta, count, rng)
        factor = sizes[alive] / length if unit else sizes[alive]
        theta = theta + factor[:, None] * step
        value = task.objective(theta)
        sound = np.isfinite(value) & (value > 50 * worst) & (theta[:, -1] < task.ceiling)
        hits = np.where(sound & (value >= target), hits + 1, 0)
        done = hits == stay
        arrived[alive[done]] = used - (stay - 1) * count
        keep = sound & ~done & np.isfinite(theta).all(axis=1)
        theta, hits, alive = theta[keep], hits[keep], alive[keep]
        if not len(alive):
            break
    return arrived


def median(task, runs):
    """The median of the runs of each size; the limit where too few arrive."""
    enough = np.sum(runs < task.limit, axis=1) >= SETTINGS["have to arrive"]
    return np.where(enough, np.median(runs, axis=1), task.limit)


def race(task, method, batches, rule, lower=0.0):
    """Tune the batch and the size of the steps on some seeds, then run the best one with other seeds."""
    low, high = SETTINGS["decades"][KINDS[method]][rule]
    number = round((high - low + lower) * SETTINGS["sizes per decade"]) + 1
    sizes, seeds = np.logspace(low - lower, high, number), SETTINGS["seeds"]
    tuned = {}
    for count in batches:
        runs = arrivals(task, method, count, np.repeat(sizes, seeds), rule == "length", 1)
        tuned[count] = median(task, runs.reshape(len(sizes), seeds))
    count = min(tuned, key=lambda each: tuned[each].min())
    best = int(np.argmin(tuned[count]))
    fresh = arrivals(task, method, count, np.full(seeds, sizes[best]), rule == "length", 2)
    return {
        "batch": count,
        "size": float(f"{sizes[best]:.3g}"),
        "place": [best, len(sizes)],
        "tuned": {str(each): int(found.min()) for each, found in tuned.items()},
        "episodes": [int(each) for each in np.sort(fresh)],
    }


def allowed(method, batches, parameters):
    """A regression needs two episodes more than there are parameters."""
    least = {"eNAC": parameters + 2, "plain, by regression": parameters + 2}
    least["finite differences"] = parameters + 2 if parameters == 2 else parameters + 1
    return [each for each in batches if each >= least.get(method, 0)]


def races(task, name, methods, lower=0.0):
    """All methods with both rules for the step."""
    batches = SETTINGS["batches"][name]
    return {
        method: {
            rule: race(task, method, allowed(method, batches, len(task.start)), rule, lower)
            for rule in ("fixed", "length")
        }
        for method in methods
    }


def compute():
    """Three tables."""
    short = ["finite differences", "REINFORCE", "plain, by regression", "natural, exact matrix", "eNAC"]
    numbers = {
        "linear-quadratic": races(linear_quadratic(), "linear-quadratic", KINDS),
        "motor primitive": races(motor_primitive(), "motor primitive", short),
        "rescaled": {},
    }
    for most in SETTINGS["rescaled"]:
        task, lower = motor_primitive(most), 2 * np.log10(most)
        numbers["rescaled"][str(most)] = {
            "REINFORCE": {rule: race(task, "REINFORCE", [8], rule, lower) for rule in ("fixed", "length")},
            "eNAC": {"length": race(task, "eNAC", [24], "length")},
        }
    return numbers


def beginning():
    """The parameters after two updates of one run of each method on the linear-quadratic task."""
    task, found = linear_quadratic(), {}
    for method, kind in KINDS.items():
        theta, rng = task.start[None], np.random.default_rng(0)
        for _ in range(2):
            step, length = direction(task, method, theta, 8, rng)
            theta = theta + (0.3 if kind == "plain" else 2.0) * step / length[:, None]
        found[method] = theta[0].tolist()
    return found
