"""Deep linear networks: steps that three rules need, starts that fail, and noisy batches."""

import numpy as np

SETTINGS = {
    "width": 6,
    "tuned on": 5,
    "shown": 10,
    "sizes per decade": 10,
    "decades": [-3, 1],
    "limit": 60000,
    "share": 1e-6,
    "momentum": 0.9,
    "depths": [1, 2, 4, 8],
    "conditions": [1, 100, 10000],
    "starts": {
        "width": 3,
        "count": 200,
        "depths": [2, 3, 4, 5],
        "small": 0.05,
        "share": 1e-8,
        "limit": 20000,
    },
    "online": {
        "depth": 4,
        "batch": 32,
        "noise": 0.1,
        "average": 0.99,
        "damping": 0.01,  # of each factor
        "budgets": [250, 1500],
        "conditions": [100, 10000],
        "decades": [-5, 1],
        "sizes per decade": 4,
    },
}
RULES = ("gradient", "momentum", "natural")
ONLINE = ("gradient", "natural", "natural, data errors")


# --- many networks side by side: weights have the shape (L, runs, width, width), counted from the input ----


def problems(depth, condition, seeds):
    """Weights near the identity, the inputs' second moments, and targets, one problem a seed."""
    n, weights, moments, targets = SETTINGS["width"], [], [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
        moments.append(turn @ np.diag(np.geomspace(1, 1 / condition, n)) @ turn.T)
        targets.append(np.eye(n) + 0.4 * rng.normal(size=(n, n)) / np.sqrt(n))
        weights.append(np.eye(n) + 0.2 * rng.normal(size=(depth, n, n)) / np.sqrt(n))
    return np.stack(weights, axis=1), np.array(moments), np.array(targets)


def transposed(matrices):
    return np.swapaxes(matrices, -1, -2)


def products(weights):
    """Products of the layers below and above each layer, and of all."""
    below, above = [np.broadcast_to(np.eye(weights.shape[-1]), weights.shape[1:])], []
    for each in weights:
        below.append(each @ below[-1])
    above = [below[0]]
    for each in weights[:0:-1]:
        above.append(above[-1] @ each)
    return np.array(below[:-1]), np.array(above[::-1]), below[-1]


def loss(error, moments):
    """Half the trace of D S Dᵀ."""
    return 0.5 * np.einsum("...ij,...jk,...ik->...", error, moments, error)


def gradient(weights, moments, targets):
    """Gradients of all layers, and the loss."""
    below, above, whole = products(weights)
    error = whole - targets
    return transposed(above) @ (error @ moments) @ transposed(below), loss(error, moments)


def solved(matrices, right):
    """A solution for each matrix; not a number where one is singular."""
    singular = np.linalg.det(matrices) == 0
    return np.linalg.solve(np.where(singular[..., None, None], np.nan, matrices), right)


def layerwise(weights, moments, targets):
    """The natural gradient whose every layer does the same share, and the loss."""
    below, above, whole = products(weights)
    error = whole - targets
    half = solved(above, np.broadcast_to(error, above.shape))
    right = transposed(solved(transposed(below), transposed(half)))
    return right / len(weights), loss(error, moments)


def shortest(weights, moments, targets):
    """The shortest natural gradient, and the loss."""
    below, above, whole = products(weights)
    error, n = whole - targets, weights.shape[-1]
    rows = np.einsum("lrij,lrkj->lrik", above, above)
    columns = np.einsum("lrji,lrjk->lrik", below, below)
    system = np.einsum("lrik,lrjm->rijkm", rows, columns).reshape(-1, n * n, n * n)
    found = solved(system, error.reshape(-1, n * n, 1)).reshape(error.shape)
    return transposed(above) @ found @ transposed(below), loss(error, moments)


# --- races ----------------------------------------------------------------------------------------


@np.errstate(all="ignore")
def steps_needed(rule, weights, moments, targets, sizes, enough=None):
    """Steps until each run has the share of its first loss; stops when one size has ``enough`` arrivals."""
    limit, runs = SETTINGS["limit"], len(sizes)
    needed, alive, velocity = np.full(runs, limit), np.arange(runs), np.zeros_like(weights)
    function = layerwise if rule == "natural" else gradient
    first = function(weights, moments, targets)[1]
    for k in range(limit):
        direction, value = function(weights, moments, targets)
        arrived = value <= SETTINGS["share"] * first
        needed[alive[arrived]] = k
        keep = ~arrived & np.isfinite(value) & (value < 1e6 * first)
        if enough and np.any(np.sum(needed.reshape(*enough[:2]) < limit, axis=1) >= enough[2]):
            break
        if not keep.any():
            break
        velocity = (SETTINGS["momentum"] if rule == "momentum" else 0) * velocity + direction
        weights = weights - sizes[:, None, None] * velocity
        if not keep.all():
            weights, velocity = weights[:, keep], velocity[:, keep]
            moments, targets, first = moments[keep], targets[keep], first[keep]
            sizes, alive = sizes[keep], alive[keep]
    return needed


def race(rule, depth, condition):
    """The size with the least median on some starts, and what it needs from others."""
    low, high = SETTINGS["decades"]
    grid = np.logspace(low, high, (high - low) * SETTINGS["sizes per decade"] + 1)
    count, shown = SETTINGS["tuned on"], SETTINGS["shown"]
    held = problems(depth, condition, range(100, 100 + count))
    many = [np.concatenate([each] * len(grid), axis=-3) for each in held]
    tuned = steps_needed(rule, *many, np.repeat(grid, count), (len(grid), count, count // 2 + 1))
    medians = np.median(tuned.reshape(len(grid), count), axis=1)
    best = int(np.argmin(medians))
    fresh = steps_needed(rule, *problems(depth, condition, range(shown)), np.full(shown, grid[best]))
    return {
        "size": float(f"{grid[best]:.3g}"),
        "place": [best, len(grid)],
        "steps": [int(each) for each in np.sort(fresh)],
    }


# --- starts that fail -----------------------------------------------------------------------------


def gaussian_starts(depth):
    """Layers and targets with independent standard normal entries over the root of the width."""
    held = SETTINGS["starts"]
    n, count = held["width"], held["count"]
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(depth, count, n, n)) / np.sqrt(n)
    return weights, np.broadcast_to(np.eye(n), (count, n, n)), rng.normal(size=(count, n, n)) / np.sqrt(n)


def without_negative(weights, targets):
    """Whether the relative map of each start has no negative real eigenvalue."""
    relative = np.linalg.eigvals(np.linalg.solve(products(weights)[2], targets))
    real = np.abs(relative.imag) < 1e-12 * np.abs(relative)
    return ~np.any(real & (relative.real < 0), axis=1)


@np.errstate(all="ignore")
def arrive(function, size, depth, limit):
    """Which starts get to the share of their first loss, and the largest loss of each over its first."""
    held = SETTINGS["starts"]
    weights, moments, targets = gaussian_starts(depth)
    runs = weights.shape[1]
    arrived, alive, largest = np.zeros(runs, bool), np.arange(runs), np.zeros(runs)
    first = function(weights, moments, targets)[1]
    for _ in range(limit):
        direction, value = function(weights, moments, targets)
        largest[alive] = np.fmax(largest[alive], value / first)
        done = value <= held["share"] * first
        arrived[alive[done]] = True
        weights = weights - size * direction
        keep = ~done & np.isfinite(weights).all(axis=(0, 2, 3)) & (np.abs(weights).max(axis=(0, 2, 3)) < 1e4)
        if not keep.any():
            break
        weights, moments, targets = weights[:, keep], moments[keep], targets[keep]
        alive, first = alive[keep], first[keep]
    return arrived, largest


def starts(depth):
    """How many starts arrive, by the rule, and how many of them were predicted."""
    held = SETTINGS["starts"]
    weights, _, targets = gaussian_starts(depth)
    predicted, short = without_negative(weights, targets), round(40 / held["small"])
    found = {
        "layers": arrive(layerwise, held["small"], depth, short),
        "layers, step 1": arrive(layerwise, 1.0, depth, 200),
        "shortest": arrive(shortest, held["small"], depth, short),
        "gradient": arrive(gradient, held["small"], depth, held["limit"]),
    }
    return {
        "predicted": int(predicted.sum()),
        "arrived": {name: int(each.sum()) for name, (each, _) in found.items()},
        "as predicted": {name: int(np.sum(each == predicted)) for name, (each, _) in found.items()},
        "rose tenfold": {name: int(np.sum(most > 10)) for name, (_, most) in found.items()},
    }


# --- noisy batches --------------------------------------------------------------------------------


@np.errstate(all="ignore")
def online(rule, condition, seeds, sizes, decrease, steps):
    """Excess losses at the budgets, (budgets, runs); the runs of one seed see the same batches."""
    held = SETTINGS["online"]
    depth, batch = held["depth"], held["batch"]
    weights, moments, targets = problems(depth, condition, seeds)
    roots = np.linalg.cholesky(moments)
    times = len(sizes) // len(seeds)
    weights, moments, targets, roots = (
        np.concatenate([each] * times, axis=-3) for each in (weights, moments, targets, roots)
    )
    rngs, eye = [np.random.default_rng([seed, 1]) for seed in seeds], np.eye(SETTINGS["width"])
    reads = answers = 0.0
    found = []
    for k in range(1, steps + 1):
        drawn = np.array([rng.normal(size=(3, batch, SETTINGS["width"])) for rng in rngs])
        drawn = np.moveaxis(np.concatenate([drawn] * times), 1, 0)
        inputs = drawn[0] @ transposed(roots)
        below, above, whole = products(weights)
        errors = inputs @ transposed(whole - targets) - held["noise"] * drawn[1]
        read = inputs @ transposed(below)
        answer = errors @ above
        slope = transposed(answer) @ read / batch
        if rule != "gradient":
            model = drawn[2] @ above if rule == "natural" else answer
            share = min(1 - 1 / k, held["average"])
            reads = share * reads + (1 - share) * transposed(read) @ read / batch
            answers = share * answers + (1 - share) * transposed(model) @ model / batch
            half = solved(answers + held["damping"] * eye, slope)
            slope = transposed(solved(reads + held["damping"] * eye, transposed(half))) / depth
        size = sizes / (1 + k / 200) if decrease else sizes
        weights = weights - size[:, None, None] * slope
        lost = ~np.isfinite(weights).all(axis=(0, 2, 3)) | (np.abs(weights).max(axis=(0, 2, 3)) > 1e3)
        weights[:, lost] = np.nan
        reads, answers = np.nan_to_num(reads), np.nan_to_num(answers)
        if k in held["budgets"]:
            found.append(np.nan_to_num(loss(products(weights)[2] - targets, moments), nan=np.inf))
    return np.array(found)


def online_race(rule, condition, decrease):
    """For each budget the best size on some seeds, and the excess loss that it leaves on others."""
    held, result = SETTINGS["online"], {}
    low, high = held["decades"]
    grid = np.logspace(low, high, round((high - low) * held["sizes per decade"]) + 1)
    count, shown = SETTINGS["tuned on"], SETTINGS["shown"]
    steps = held["budgets"][-1]
    tuned = online(rule, condition, range(100, 100 + count), np.repeat(grid, count), decrease, steps)
    for row, budget in enumerate(held["budgets"]):
        medians = np.median(tuned[row].reshape(len(grid), count), axis=1)
        best = int(np.argmin(medians))
        fresh = online(rule, condition, range(shown), np.full(shown, grid[best]), decrease, budget)[-1]
        result[str(budget)] = {
            "size": float(f"{grid[best]:.3g}"),
            "place": [best, len(grid)],
            "excess": [float(f"{each:.3g}") for each in np.sort(fresh)],
        }
    return result


def at_sizes_of(tuned, rule, condition):
    """The excess losses of a rule with the fixed sizes that are best for another rule."""
    shown, result = SETTINGS["shown"], {}
    for budget, row in tuned.items():
        sizes = np.full(shown, row["size"])
        found = online(rule, condition, range(shown), sizes, False, int(budget))[-1]
        result[budget] = [None if each > 1e3 else float(f"{each:.3g}") for each in np.sort(found)]
    return result


def noisy(condition):
    """All rules with tuned sizes, and data errors with the sizes of model samples."""
    found = {
        rule: {
            "fixed": online_race(rule, condition, False),
            "decreasing": online_race(rule, condition, True),
        }
        for rule in ONLINE
    }
    found["borrowed"] = at_sizes_of(found["natural"]["fixed"], "natural, data errors", condition)
    return found


def compute():
    """Three tables."""
    return {
        "races": {
            rule: {
                str(depth): {str(kappa): race(rule, depth, kappa) for kappa in SETTINGS["conditions"]}
                for depth in SETTINGS["depths"]
            }
            for rule in RULES
        },
        "starts": {str(depth): starts(depth) for depth in SETTINGS["starts"]["depths"]},
        "online": {str(kappa): noisy(kappa) for kappa in SETTINGS["online"]["conditions"]},
    }


def beginning():
    """The loss after a few steps of each rule."""
    found = {}
    held = problems(4, 100, range(3))
    for rule, size in (("gradient", 0.1), ("natural", 0.5)):
        weights, moments, targets = held
        function = layerwise if rule == "natural" else gradient
        for _ in range(5):
            weights = weights - size * function(weights, moments, targets)[0]
        found[rule] = loss(products(weights)[2] - targets, moments).tolist()
    steps = SETTINGS["online"]["budgets"]
    for rule in ONLINE:
        found[f"online, {rule}"] = online(rule, 100, range(2), np.full(2, 0.05), False, steps[0])[0].tolist()
    return found
