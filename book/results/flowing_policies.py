"""Particles that follow flows of policies, Stein's method by dimension, and a race of two metrics."""

import numpy as np

SETTINGS = {
    "particles": {
        "seeds": 20,
        "count": 200,
        "time": 20,
        "step": 0.02,
        "temperature": 0.2,
        "births every": 10,
        "width": 0.25,  # of the kernel that estimates the density
        "starts": {"narrow": [-2, 0.3], "wide": [0, 1.5], "at the right": [2.5, 0.3]},
        "stein": {"steps": 3000, "size": 0.02},
    },
    "stein": {
        "seeds": 5,
        "steps": 2000,
        "size": 0.3,
        "dimensions": [1, 2, 5, 10, 20, 50],
        "counts": [20, 100],
    },
    "race": {
        "gain": -0.05,
        "deviations": [0.5, 0.15, 0.05],
        "horizon": 10,
        "noise": 0.1,
        "share": 0.005,
        "best": -1.7608713967,  # the return of the best policy, which has the gain −0.61547
        "episodes": 4,  # of an update
        "limit": 500,
        "seeds": 20,
        "tuned on": 10,
        "sizes per decade": 4,
        "cap": 0.5,  # of a change of the log deviation, except in the rules with "no cap"
        "decades": {  # of the grids of sizes, and of lengths; "exchanged" has the other metric's factor of σ
            "Fisher": {"fixed": [-2, 3], "length": [-3, 2], "exchanged": [-4, 1]},
            "Wasserstein": {"fixed": [-5, 0], "length": [-4, 1], "exchanged": [-3, 2]},
        },
        "rules": ["fixed", "length", "fixed, no cap", "length, no cap", "exchanged"],
    },
}


# --- particles on a line: positions have the shape (seeds, count) ----------------------------------


def reward(a):
    """Two bumps of different height on a shallow bowl."""
    return np.exp(-((a + 2) ** 2) / 0.72) + 1.5 * np.exp(-((a - 2.5) ** 2) / 0.72) - 0.02 * a**2


def slope(a):
    left, right = np.exp(-((a + 2) ** 2) / 0.72), 1.5 * np.exp(-((a - 2.5) ** 2) / 0.72)
    return -(a + 2) / 0.36 * left - (a - 2.5) / 0.36 * right - 0.04 * a


def goal_quantiles(levels):
    """The quantiles of the Gibbs policy, on a grid."""
    grid = np.linspace(-8, 8, 16001)
    density = np.exp(reward(grid) / SETTINGS["particles"]["temperature"])
    distribution = np.cumsum(density) / np.sum(density)
    return np.interp(levels, distribution, grid)


def langevin(a, steps, births, rng):
    """Follow the slope with noise; now and then, particles are born and die."""
    held = SETTINGS["particles"]
    h, tau = held["step"], held["temperature"]
    for k in range(steps):
        a = a + h * slope(a) + np.sqrt(2 * tau * h) * rng.normal(size=a.shape)
        if births and (k + 1) % held["births every"] == 0:
            a = born_and_died(a, h * held["births every"], rng)
    return a


def born_and_died(a, time, rng):
    """A particle that is better than the mean may replace another one, and a worse one may be replaced."""
    held = SETTINGS["particles"]
    apart = (a[:, :, None] - a[:, None, :]) / held["width"]
    density = np.mean(np.exp(-(apart**2) / 2), axis=2)
    rate = reward(a) - held["temperature"] * np.log(density)
    rate = rate - rate.mean(axis=1, keepdims=True)
    happens = rng.random(a.shape) < 1 - np.exp(-np.abs(rate) * time)
    other = rng.integers(a.shape[1], size=a.shape)
    after = a.copy()
    for seed, i in zip(*np.nonzero(happens), strict=True):
        j = other[seed, i]
        if rate[seed, i] > 0:
            after[seed, j] = after[seed, i]
        else:
            after[seed, i] = after[seed, j]
    return after


def reweighted(a, start, time):
    """The weights that the Fisher–Rao flow gives to particles that stay where they are."""
    tau, (mean, deviation) = SETTINGS["particles"]["temperature"], start
    logs = (1 - np.exp(-tau * time)) * (reward(a) / tau + (a - mean) ** 2 / (2 * deviation**2))
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def stein(a, score, steps, size):
    """Stein variational gradient descent with the median's bandwidth; a has the shape (count, d)."""
    count = len(a)
    pairs = np.triu_indices(count, 1)
    for _ in range(steps):
        squares = np.sum(a**2, axis=1)
        squares = np.maximum(squares[:, None] + squares - 2 * a @ a.T, 0)
        bandwidth = np.median(squares[pairs]) / np.log(count + 1)
        kernel = np.exp(-squares / bandwidth)
        pushed = a * kernel.sum(axis=1, keepdims=True) - kernel @ a
        a = a + size * (kernel @ score(a) + 2 / bandwidth * pushed) / count
    return a


def particles():
    """The share on the right, and the distance to the goal, of each method from each start."""
    held, found = SETTINGS["particles"], {}
    shape = held["seeds"], held["count"]
    steps = round(held["time"] / held["step"])
    levels = (np.arange(held["count"]) + 0.5) / held["count"]
    goal = goal_quantiles(levels)

    def described(a):
        apart = np.sqrt(np.mean((np.sort(a, axis=1) - goal) ** 2, axis=1))
        return {"right": rounded(np.mean(a > 0.3, axis=1)), "distance": rounded(apart)}

    def pull(a):
        return slope(a) / held["temperature"]

    for name, start in held["starts"].items():
        first = start[0] + start[1] * np.random.default_rng(0).normal(size=shape)
        weights = reweighted(first, start, held["time"])
        stepped = [stein(row[:, None], pull, **held["stein"])[:, 0] for row in first]
        found[name] = {
            "reweighting": {"right": rounded(np.sum(weights * (first > 0.3), axis=1))},
            "Langevin": described(langevin(first, steps, False, np.random.default_rng(1))),
            "Langevin, births": described(langevin(first, steps, True, np.random.default_rng(1))),
            "Stein": described(np.array(stepped)),
        }
    return found


def variances():
    """The mean marginal variance that Stein's method leaves of the standard normal distribution."""
    held, found = SETTINGS["stein"], {}
    for count in held["counts"]:
        found[str(count)] = {}
        for d in held["dimensions"]:
            left = [
                stein(
                    np.random.default_rng(seed).normal(size=(count, d)),
                    lambda x: -x,
                    held["steps"],
                    held["size"],
                )
                .var(axis=0)
                .mean()
                for seed in range(held["seeds"])
            ]
            found[str(count)][str(d)] = rounded(left)
    return found


def rounded(numbers):
    return [float(f"{each:.4g}") for each in np.sort(numbers)]


# --- the linear-quadratic task: parameters (gain, log deviation) of many runs, shape (runs, 2) ------


def moments(theta):
    held = SETTINGS["race"]
    square = total = np.ones(len(theta))
    for _ in range(held["horizon"] - 1):
        square = (1 + theta[:, 0]) ** 2 * square + np.exp(2 * theta[:, 1]) + held["noise"] ** 2
        total = total + square
    return total


def objective(theta):
    return -((1 + theta[:, 0] ** 2) * moments(theta) + SETTINGS["race"]["horizon"] * np.exp(2 * theta[:, 1]))


def estimates(theta, count, rng):
    """Two estimates of the gradient from the same episodes: by scores, and along the paths."""
    held = SETTINGS["race"]
    gain, deviation = theta[:, :1], np.exp(theta[:, 1:])
    s, along = np.ones((len(theta), count)), np.zeros((2, len(theta), count))
    scores, rewards, slopes = [], [], 0
    for _ in range(held["horizon"]):
        y = rng.normal(size=s.shape)
        a, moved = gain * s + deviation * y, gain * along + np.stack([s, deviation * y])
        scores.append(np.stack([y * s / deviation, y**2 - 1]))
        rewards.append(-(s**2 + a**2))
        slopes = slopes - 2 * (s * along + a * moved)
        s, along = s + a + held["noise"] * rng.normal(size=s.shape), along + moved
    to_go = np.cumsum(np.array(rewards)[::-1], axis=0)[::-1]
    baseline = to_go.mean(axis=2, keepdims=True)
    by_scores = np.sum(np.array(scores) * (to_go - baseline)[:, None], axis=0).mean(axis=2)
    return {"scores": by_scores.T, "paths": slopes.mean(axis=2).T}


def metric(name, theta):
    """The two entries of the diagonal, per trajectory, in the chart (gain, log deviation)."""
    total, variance, horizon = moments(theta), np.exp(2 * theta[:, 1]), SETTINGS["race"]["horizon"]
    if name == "Fisher":
        return np.stack([total / variance, np.full(len(theta), 2.0 * horizon)], axis=1)
    return np.stack([total, horizon * variance], axis=1)


@np.errstate(all="ignore")
def step_along(name, rule, gradient, theta, sizes):
    """A step of fixed size, or of given length in the metric, with a cap on the change of the logarithm.

    The rule "exchanged" multiplies the length by σ in the Wasserstein metric, and by 1/σ in Fisher's.
    """
    natural = gradient / metric(name, theta)
    if not rule.startswith("fixed"):
        sizes = sizes / np.sqrt(np.sum(natural * gradient, axis=1))
    if rule == "exchanged":
        sizes = sizes * np.exp({"Fisher": -1, "Wasserstein": 1}[name] * theta[:, 1])
    cap = np.inf if rule.endswith("no cap") else SETTINGS["race"]["cap"]
    step = np.clip(sizes[:, None] * natural, [-np.inf, -cap], [np.inf, cap])
    return np.where(np.isfinite(step), step, 0.0)


def updates_needed(name, estimate, rule, deviation, sizes, seed):
    """For each size, updates until a share of the loss is left, of runs side by side."""
    held = SETTINGS["race"]
    theta = np.tile([held["gain"], np.log(deviation)], (len(sizes), 1))
    target = held["best"] - held["share"] * (held["best"] - objective(theta)[0])
    needed, rng = np.full(len(sizes), held["limit"]), np.random.default_rng(seed)
    for k in range(held["limit"]):
        needed[(objective(theta) >= target) & (needed == held["limit"])] = k
        if np.all(needed < held["limit"]):
            break
        gradient = estimates(theta, held["episodes"], rng)[estimate]
        theta = theta + step_along(name, rule, gradient, theta, sizes)
        theta = np.clip(theta, [-3, -12], [1, 3])
    return needed


def race(name, estimate, rule):
    """Tune one size for all starts on some seeds, and show others."""
    held = SETTINGS["race"]
    low, high = held["decades"][name][rule.removesuffix(", no cap")]
    grid = np.logspace(low, high, (high - low) * held["sizes per decade"] + 1)
    tuned = [
        updates_needed(name, estimate, rule, deviation, grid, 1000 + seed)
        for deviation in held["deviations"]
        for seed in range(held["tuned on"])
    ]
    best = int(np.argmin(np.mean(tuned, axis=0)))
    shown = {
        str(deviation): sorted(
            int(updates_needed(name, estimate, rule, deviation, grid[best : best + 1], seed)[0])
            for seed in range(held["seeds"])
        )
        for deviation in held["deviations"]
    }
    return {"size": float(f"{grid[best]:.3g}"), "place": [best, len(grid)], "updates": shown}


def compute():
    """Three tables."""
    return {
        "particles": particles(),
        "stein": variances(),
        "race": {
            rule: {
                f"{name}, {estimate}": race(name, estimate, rule)
                for name in SETTINGS["race"]["decades"]
                for estimate in ("scores", "paths")
            }
            for rule in SETTINGS["race"]["rules"]
        },
    }


def beginning():
    """The first steps of each kind."""
    first = np.random.default_rng(0).normal(size=(2, 50))
    rng = np.random.default_rng(1)
    theta = np.array([[-0.05, -0.7], [-0.5, -2]])
    found = {
        "Langevin": langevin(first, 10, True, rng).mean(axis=1).tolist(),
        "Stein": stein(first, lambda x: -x, 5, 0.1).var(axis=1).tolist(),
        "reweighting": reweighted(first, [0, 1], 1.0)[:, 0].tolist(),
    }
    by = estimates(theta, 5, rng)
    for name in SETTINGS["race"]["decades"]:
        for estimate, gradient in by.items():
            found[f"{name}, {estimate}"] = (gradient / metric(name, theta)).ravel().tolist()
    return found
