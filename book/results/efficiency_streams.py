"""Mean squared errors of online estimates, by the number of observations, with tuned constants."""

from types import SimpleNamespace

import numpy as np

SETTINGS = {
    "delay": 10,
    "delays": [10, 50],  # of which the tuning takes the better one
    "decades": [-1, 2],
    "constants per decade": 5,
    "exponent": 0.6,  # of the steps of an averaged gradient descent
    "box": 25.0,  # half width, around the truth, of the set that all estimates are kept in
    "families": {
        "Gaussian": {"truth": [1.0, 0.6931471805599453], "near": [0.0, 0.0], "far": [21.0, -0.5]},
        "Student t": {"truth": [0.0], "near": [1.0], "far": [20.0]},
        "coin": {"truth": [2.2], "near": [1.0], "far": [-3.0]},
    },
    "observations": 10_000,
    "streams": {"tuning": 400, "shown": 2000},
    "untuned": [0.25, 0.5, 1.0, 2.0],
    "regression": {
        "truth": [0.5, -1.0, 1.5, 0.3],
        "deviations": [1.0, 3.0, 0.3],
        "variance": 4.0,  # of each parameter, before the first observation
        "observations": 5000,
        "streams": {"tuning": 200, "shown": 600},
    },
}
NU = 3.0


def marks(last):
    """The numbers of observations at which errors are noted."""
    spaced = np.geomspace(10, last, int(np.log10(last / 10) * 8) + 1)
    return sorted({round(t) for t in spaced} | {100, 1000, last})


def constants():
    """The grid of constants, the same for all methods."""
    low, high = SETTINGS["decades"]
    return np.logspace(low, high, (high - low) * SETTINGS["constants per decade"] + 1)


# --- three families: scores, and the diagonals of their Fisher matrices ---------------------------


def gaussian():
    """Mean and log σ."""

    def draw(truth, shape, rng):
        return truth[0] + np.exp(truth[1]) * rng.normal(size=shape)

    def score(theta, x):
        z = (x - theta[..., 0]) * np.exp(-theta[..., 1])
        return np.stack([z * np.exp(-theta[..., 1]), z**2 - 1], axis=-1)

    def information(theta):
        return np.stack([np.exp(-2 * theta[..., 1]), np.full(theta.shape[:-1], 2.0)], axis=-1)

    return SimpleNamespace(draw=draw, score=score, information=information)


def student():
    """Location of Student's t with three degrees of freedom."""

    def draw(truth, shape, rng):
        return truth[0] + rng.standard_t(NU, size=shape)

    def score(theta, x):
        gap = x - theta[..., 0]
        return ((NU + 1) * gap / (NU + gap**2))[..., None]

    def information(theta):
        return np.full(theta.shape, (NU + 1) / (NU + 3))

    return SimpleNamespace(draw=draw, score=score, information=information)


def coin():
    """The logit of a coin."""

    def chance(theta):
        return 1 / (1 + np.exp(-theta))

    def draw(truth, shape, rng):
        return (rng.random(shape) < chance(truth[0])) * 1.0

    def score(theta, x):
        return x[..., None] - chance(theta)

    def information(theta):
        return chance(theta) * (1 - chance(theta))

    return SimpleNamespace(draw=draw, score=score, information=information)


FAMILIES = {"Gaussian": gaussian, "Student t": student, "coin": coin}


# --- updates, for many constants and streams side by side: θ has the shape (constants, streams, p) -


def natural(family, theta, x, t, c, delay):
    """The online natural gradient with steps c / (t + delay)."""
    return c / (t + delay) * family.score(theta, x) / family.information(theta)


def capped(family, theta, x, t, c, delay):
    """The same without a delay; no step is longer than one in the Fisher metric."""
    information = family.information(theta)
    step = c / t * family.score(theta, x) / information
    length = np.sqrt(np.sum(information * step**2, axis=-1, keepdims=True))
    return step / np.maximum(1, length)


def plain(family, theta, x, t, c, delay):
    """Stochastic gradient descent with steps c / (t + delay)."""
    return c / (t + delay) * family.score(theta, x)


def slower(family, theta, x, t, c, delay):
    """Stochastic gradient descent with steps that shrink more slowly, to be averaged."""
    return c * (t + delay) ** -SETTINGS["exponent"] * family.score(theta, x)


UPDATES = {"natural": natural, "capped": capped, "plain": plain, "averaged": slower, "late average": slower}


@np.errstate(all="ignore")
def follow(step, truth, metric, observations, last, averaging, theta):
    """t times the squared error per parameter at each mark, for all streams."""
    kept = marks(last)
    total, half, found = np.zeros_like(theta), {}, []
    for t in range(1, last + 1):
        new = theta + step(theta, observations(t), t)
        new = np.clip(new, truth - SETTINGS["box"], truth + SETTINGS["box"])
        theta = np.where(np.isfinite(new), new, theta)
        if averaging:
            total = total + theta
            if 2 * t in kept or 2 * t + 1 in kept:
                half[t] = total
        if t in kept:
            estimate = theta
            if averaging == "averaged":
                estimate = total / t
            if averaging == "late average":
                estimate = (total - half[t // 2]) / (t - t // 2)
            gap = estimate - truth
            found.append(t * np.einsum("...i,ij,...j->...", gap, metric, gap) / len(truth))
    return np.array(found)


def errors(name, method, c, start, streams, seed, last=None, delay=SETTINGS["delay"]):
    """Errors of one method in one family: (marks, constants, streams)."""
    family, held = FAMILIES[name](), SETTINGS["families"][name]
    truth, last = np.array(held["truth"]), last or SETTINGS["observations"]
    rng, block = np.random.default_rng(seed), {}

    def observations(t):
        if (t - 1) % 500 == 0:
            block["x"] = family.draw(truth, (500, streams), rng)
        return block["x"][(t - 1) % 500]

    c = np.asarray(c, float)[:, None, None]
    theta = np.broadcast_to(np.array(held[start]), (len(c), streams, len(truth)))
    metric = np.diag(family.information(truth))

    def step(theta, x, t):
        return UPDATES[method](family, theta, x, t, c, delay)

    return follow(step, truth, metric, observations, last, method if "average" in method else "", theta)


# --- a logistic regression, whose Fisher matrix has to be learned ---------------------------------


def logistic(z):
    return 1 / (1 + np.exp(-z))


def regression_metric(nodes=200):
    """The Fisher matrix at the truth: given the logit z the inputs are Gaussian, so z alone is integrated."""
    held = SETTINGS["regression"]
    (shift, *slope), D = held["truth"], np.diag(np.square(held["deviations"]))
    slope = np.array(slope)
    variance = slope @ D @ slope
    at, weight = np.polynomial.hermite_e.hermegauss(nodes)
    z = shift + np.sqrt(variance) * at
    weight = weight / weight.sum() * logistic(z) * logistic(-z)
    means = np.c_[np.ones(nodes), np.outer((z - shift) / variance, D @ slope)]
    rest = np.zeros((4, 4))
    rest[1:, 1:] = D - np.outer(D @ slope, D @ slope) / variance
    return (means * weight[:, None]).T @ means + weight.sum() * rest


def regression_errors(method, c, streams, seed, last=None, delay=SETTINGS["delay"]):
    """Errors of one method on the regression: (marks, constants, streams)."""
    held = SETTINGS["regression"]
    truth, last = np.array(held["truth"]), last or held["observations"]
    rng, block, c = np.random.default_rng(seed), {}, np.asarray(c, float)
    metric = regression_metric()
    exact = np.linalg.inv(metric)
    G = np.broadcast_to(held["variance"] * np.eye(4), (len(c), streams, 4, 4)).copy()

    def observations(t):
        if (t - 1) % 100 == 0:
            inputs = rng.normal(size=(100, streams, 3)) * held["deviations"]
            inputs = np.concatenate([np.ones((100, streams, 1)), inputs], axis=-1)
            labels = (rng.random((100, streams)) < logistic(inputs @ truth)) * 1.0
            block["all"] = inputs, labels
        return tuple(each[(t - 1) % 100] for each in block["all"])

    def step(theta, observed, t):
        nonlocal G
        x, y = observed
        p = logistic(np.einsum("ri,ari->ar", x, theta))
        score = (y - p)[..., None] * x
        size = c[:, None, None]
        if method == "plain":
            return size / (t + delay) * score
        if "average" in method:
            return size * (t + delay) ** -SETTINGS["exponent"] * score
        if method == "exact matrix":
            return size / (t + delay) * score @ exact
        v = score if method == "scores of the data" else np.sqrt(p * (1 - p))[..., None] * x
        Gv = np.einsum("arij,arj->ari", G, v)
        outer = Gv[..., :, None] * Gv[..., None, :]
        vGv = np.sum(v * Gv, axis=-1)[..., None, None]
        if method in ("first order", "Sherman-Morrison"):
            eps = 1e-3 * c[:, None, None, None]
            if method == "first order":
                G = (1 + eps) * G - eps * outer
            else:
                G = (G - eps * outer / (1 - eps + eps * vGv)) / (1 - eps)
            return np.einsum("arij,arj->ari", G, score) / (t + delay)
        old = G
        G = G - outer / (1 + vGv)  # here G is the inverse of the sum, and not of the mean
        used = old if method == "matrix before" else G
        return np.einsum("arij,arj->ari", used, score)

    theta = np.zeros((len(c), streams, 4))
    return follow(step, truth, metric, observations, last, method if "average" in method else "", theta)


# --- what is kept -----------------------------------------------------------------------------------


def kept(found):
    """Means over streams at each mark, the standard error of the last, and the middle half of the last."""
    last = found[-1]
    low, middle, high = np.quantile(last, (0.25, 0.5, 0.75))
    return {
        "means": [float(f"{value:.3g}") for value in found.mean(axis=-1)],
        "standard error": float(f"{last.std() / np.sqrt(len(last)):.2g}"),
        "quartiles": [float(f"{value:.3g}") for value in (low, middle, high)],
    }


def tuned(run, streams, delays=SETTINGS["delays"]):
    """The constant and the delay that are best on some streams, and what they do on others."""
    grid, tried = constants(), {}
    for delay in delays:
        tried[delay] = run(grid, streams["tuning"], 1, delay=delay)[-1].mean(axis=-1)
    delay = min(tried, key=lambda each: tried[each].min())
    best = int(np.argmin(tried[delay]))
    shown = kept(run(grid[best : best + 1], streams["shown"], 2, delay=delay)[:, 0])
    return shown | {"constant": float(f"{grid[best]:.3g}"), "delay": delay, "place": [best, len(grid)]}


def of_family(name, start):
    """All methods in one family, from one start."""
    streams, untuned = SETTINGS["streams"], SETTINGS["untuned"]
    found = errors(name, "natural", untuned, start, streams["shown"], 2)
    rows = {f"natural, c = {c:g}": kept(found[:, k]) for k, c in enumerate(untuned)}
    rows["capped"] = kept(errors(name, "capped", [1.0], start, streams["shown"], 2)[:, 0])
    for method in ("natural", "plain", "averaged", "late average"):
        rows[f"{method}, tuned"] = tuned(
            lambda c, count, seed, delay, method=method: errors(
                name, method, c, start, count, seed, delay=delay
            ),
            streams,
        )
    return rows


def of_regression():
    """All methods on the logistic regression."""
    streams, rows = SETTINGS["regression"]["streams"], {}
    for method in ("Kalman", "matrix before", "scores of the data", "exact matrix"):
        rows[method] = kept(regression_errors(method, [1.0], streams["shown"], 2)[:, 0])
    for method in ("plain", "averaged", "late average", "first order", "Sherman-Morrison"):
        delays = SETTINGS["delays"] if method in UPDATES else [SETTINGS["delay"]]
        rows[f"{method}, tuned"] = tuned(
            lambda c, count, seed, delay, method=method: regression_errors(
                method, c, count, seed, delay=delay
            ),
            streams,
            delays,
        )
    return rows


def compute():
    """Three families from two starts, and a regression."""
    numbers = {
        name: {start: of_family(name, start) for start in ("near", "far")} for name in SETTINGS["families"]
    }
    numbers["regression"] = of_regression()
    numbers["marks"] = {
        "families": marks(SETTINGS["observations"]),
        "regression": marks(SETTINGS["regression"]["observations"]),
    }
    return numbers


def beginning():
    """Errors of three streams after twenty observations, by each method."""
    found = {
        f"{name}, {method}": errors(name, method, [1.0], "near", 3, 0, last=20)[-1].ravel().tolist()
        for name in FAMILIES
        for method in UPDATES
    }
    for method in ("Kalman", "scores of the data", "plain", "first order", "Sherman-Morrison"):
        found[f"regression, {method}"] = regression_errors(method, [0.5], 3, 0, last=20)[-1].ravel().tolist()
    return found
