"""An autoencoder of small pictures: momentum, Adam, Kronecker factors and exact natural gradients."""

import time

import numpy as np

from ngbook import data, networks
from ngbook.solve import conjugate_gradient

SETTINGS = {
    "images": 300,
    "side": 8,
    "hidden": [20, 6, 20],
    "seeds": {"images": 0, "test images": 1, "tuning": [11, 12], "shown": [1, 2, 3, 4, 5]},
    "sizes per decade": 4,  # of the grid from 0.001 to 1
    "iterations": {
        "momentum": 3000,
        "Adam": 3000,
        "Adam, decaying": 3000,
        "K-FAC, fixed": 300,
        "K-FAC": 300,
        "K-FAC, momentum": 300,
        "exact, by CG": 50,
    },
    "tuning iterations": {"momentum": 600, "Adam": 600, "Adam, decaying": 600, "K-FAC, fixed": 80},
    "fixed damping": 0.001,
    "memory": 0.95,  # of the running mean of the factors
    "products": 50,  # at most, of one natural gradient by conjugate gradients
    "shown": 40,  # points of a curve
    "goals": [3.0, 2.0, 1.0],
    "many": {"images": 3000, "iterations": 100},
}
SIZES = np.logspace(-3, 0, 3 * SETTINGS["sizes per decade"] + 1)
NETWORK = networks.Network(SETTINGS["side"] ** 2, SETTINGS["side"] ** 2, tuple(SETTINGS["hidden"]))
PIXELS = networks.Bernoulli()


def pictures(seed, count=SETTINGS["images"]):
    """Pictures, and the mean entropy of their pixels, below which no loss can fall."""
    images = data.curves(count, SETTINGS["side"], np.random.default_rng(seed))
    grey = np.clip(images, 1e-300, 1 - 1e-16)
    return images, -np.mean(np.sum(images * np.log(grey) + (1 - images) * np.log1p(-grey), axis=1))


def excess(theta, images, floor):
    """The mean loss less the entropy: the divergence of the picture from its image, in nats."""
    with np.errstate(all="ignore"):
        return PIXELS.loss(NETWORK.at(theta, images).outputs, images) - floor


# --- directions: each rule is called with what it has kept, and returns a step -----------------------


def momentum(kept, evaluated, gradient, size):
    """Sum of the gradients, each of them worth nine tenths of the next."""
    kept["sum"] = 0.9 * kept.get("sum", 0.0) + gradient
    return -size * kept["sum"]


def adam(kept, evaluated, gradient, size):
    """Running mean of the gradients over the root of that of their squares, both without their bias."""
    kept["t"] = kept.get("t", 0) + 1
    kept["mean"] = 0.9 * kept.get("mean", 0.0) + 0.1 * gradient
    kept["square"] = 0.999 * kept.get("square", 0.0) + 0.001 * gradient**2
    mean, square = kept["mean"] / (1 - 0.9 ** kept["t"]), kept["square"] / (1 - 0.999 ** kept["t"])
    return -size * mean / (np.sqrt(square) + 1e-8)


def averaged_factors(kept, evaluated):
    """Running means of R and B, from one drawn target for each datum."""
    fresh = networks.kronecker_factors(evaluated, PIXELS, kept["rng"])
    kept["k"] = kept.get("k", 0) + 1
    share = min(1 - 1 / kept["k"], SETTINGS["memory"])
    old = kept.get("factors", fresh)
    pairs = zip(old, fresh, strict=True)
    kept["factors"] = [
        tuple(share * x + (1 - share) * y for x, y in zip(*pair, strict=True)) for pair in pairs
    ]
    return kept["factors"]


def fixed_kronecker(kept, evaluated, gradient, size):
    """Kronecker factors, with a damping and a size of the step that stay."""
    metric = networks.KroneckerMetric(averaged_factors(kept, evaluated), SETTINGS["fixed damping"])
    return -size * metric.solve(gradient)


def best_combination(evaluated, gradient, damping, directions):
    """The combination that is lowest in the quadratic model with the exact matrix, and its change there."""
    F = networks.gauss_newton(evaluated, PIXELS)
    D = np.stack(directions, axis=1)
    FD = np.stack([F @ d for d in directions], axis=1)
    model = D.T @ FD + damping * D.T @ D
    model += 1e-14 * np.trace(model) * np.eye(len(model))
    weights = -np.linalg.solve(model, D.T @ gradient)
    step = D @ weights
    return step, -(gradient @ step + step @ FD @ weights / 2)


def kronecker_trial(kept, evaluated, gradient, with_momentum, balance):
    """A step along the direction of Kronecker factors, as long as the exact model says; and its promise."""
    factors = averaged_factors(kept, evaluated)
    direction = networks.KroneckerMetric(factors, kept["damping"], balance).solve(gradient)
    previous = kept.get("previous")
    directions = [direction] if previous is None or not with_momentum else [direction, previous]
    return best_combination(evaluated, gradient, kept["damping"], directions)


def exact_trial(kept, evaluated, gradient):
    """A natural gradient with the exact matrix, by conjugate gradients; and its promise."""
    F = networks.gauss_newton(evaluated, PIXELS)
    found = conjugate_gradient(F, gradient, kept["damping"], iterations=SETTINGS["products"], tolerance=1e-2)
    step = -found.solution
    return step, -(gradient @ step + step @ (F @ step) / 2)


RULES = {"momentum": momentum, "Adam": adam, "Adam, decaying": adam, "K-FAC, fixed": fixed_kronecker}
TRIALS = {
    "K-FAC": lambda *known: kronecker_trial(*known, with_momentum=False, balance="exact"),
    "K-FAC, momentum": lambda *known: kronecker_trial(*known, with_momentum=True, balance="exact"),
    "K-FAC, momentum, trace": lambda *known: kronecker_trial(*known, with_momentum=True, balance="trace"),
    "K-FAC, momentum, equal": lambda *known: kronecker_trial(*known, with_momentum=True, balance="equal"),
    "exact, by CG": exact_trial,
}


# --- runs -------------------------------------------------------------------------------------------


def iterate(method, images, floor, seed, iterations, size=None):
    """Yield theta, the excess loss and the processor's seconds, at the start and after each iteration."""
    theta = NETWORK.initial(np.random.default_rng(seed))
    kept = {"rng": np.random.default_rng(1000 + seed), "damping": 1.0}
    value, used = excess(theta, images, floor), 0.0
    yield theta, value, used
    for t in range(iterations):
        begun = time.process_time()
        evaluated = NETWORK.at(theta, images)
        gradient = networks.loss_gradient(evaluated, PIXELS, images)
        if method in RULES:
            share = 1 - t / iterations if "decaying" in method else 1.0
            theta = theta + RULES[method](kept, evaluated, gradient, share * size)
            value = excess(theta, images, floor)
        else:
            step, promised = TRIALS[method](kept, evaluated, gradient)
            tried = excess(theta + step, images, floor)
            ratio = (value - tried) / promised
            better = tried < value
            theta, value = (theta + step, tried) if better else (theta, value)
            kept["previous"] = step if better else None
            factor = 0.7 if ratio > 0.75 else 1.0 if ratio >= 0.25 else 1.5
            kept["damping"] = max(factor * kept["damping"], 1e-7)
        used += time.process_time() - begun
        yield theta, value, used
        if not value < 1e4:
            return


def run(method, seed, size=None, images=None, iterations=None):
    """A curve of one run, and the iterations and seconds until each goal; None if it does not arrive."""
    train = pictures(SETTINGS["seeds"]["images"], images or SETTINGS["images"])
    test = pictures(SETTINGS["seeds"]["test images"])
    iterations = iterations or SETTINGS["iterations"][method.removesuffix(", trace").removesuffix(", equal")]
    marks = sorted(
        {0, *np.unique(np.geomspace(1, iterations, SETTINGS["shown"]).round().astype(int)).tolist()}
    )
    found = {"iteration": [], "excess": [], "test": [], "seconds": []}
    goals = {str(goal): None for goal in SETTINGS["goals"]}
    for k, (theta, value, used) in enumerate(iterate(method, *train, seed, iterations, size)):
        for goal in SETTINGS["goals"]:
            if value < goal and goals[str(goal)] is None:
                goals[str(goal)] = [k, round(used, 2)]
        if k in marks:
            found["iteration"].append(k)
            found["excess"].append(float(f"{value:.4g}"))
            found["test"].append(float(f"{excess(theta, *test):.4g}"))
            found["seconds"].append(float(f"{used:.3g}"))
    return found | {"goals": goals}


def last(method, seed, size):
    """The excess loss at the end of a short run; a large number if it diverged."""
    train = pictures(SETTINGS["seeds"]["images"])
    values = [v for _, v, _ in iterate(method, *train, seed, SETTINGS["tuning iterations"][method], size)]
    return float(f"{values[-1] if values[-1] < 1e4 else 1e4:.4g}")


def tune(method):
    """The size with the lowest geometric mean over two starts; the grid is the same for each method."""
    ends = [[last(method, seed, size) for seed in SETTINGS["seeds"]["tuning"]] for size in SIZES]
    best = int(np.argmin(np.mean(np.log(ends), axis=1)))
    return {"ends": ends, "place": best, "size": float(f"{SIZES[best]:.3g}")}


def compute():
    """Tuned sizes, the runs of each method from three starts, and one method with more pictures."""
    tuned = {method: tune(method) for method in RULES}
    numbers = {"tuned": tuned, "runs": {}, "p": NETWORK.size}
    numbers["floor"] = round(pictures(SETTINGS["seeds"]["images"])[1], 3)
    for method in SETTINGS["iterations"]:
        size = tuned[method]["size"] if method in tuned else None
        numbers["runs"][method] = [run(method, seed, size) for seed in SETTINGS["seeds"]["shown"]]
    numbers["balances"] = {
        name: [run(f"K-FAC, momentum, {name}", seed)["goals"] for seed in SETTINGS["seeds"]["shown"]]
        for name in ("trace", "equal")
    }
    many = SETTINGS["many"]
    numbers["many"] = run(
        "K-FAC, momentum", SETTINGS["seeds"]["shown"][0], None, many["images"], many["iterations"]
    )
    return numbers


def beginning():
    """The excess loss after two iterations of each method."""
    images, floor = pictures(SETTINGS["seeds"]["images"])
    found = {}
    for method in [*RULES, *TRIALS]:
        *_, (_, value, _) = iterate(method, images, floor, 1, 2, 0.01)
        found[method] = [float(value)]
    return found
