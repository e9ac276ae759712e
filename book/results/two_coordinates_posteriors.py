"""Steps that four rules need to fit a Gaussian to posteriors of one parameter, with sizes tuned alike."""

import numpy as np
from scipy.optimize import minimize

SETTINGS = {
    "tuned on": [1, 2, 3, 4, 5],
    "shown": [11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    "starts": [[0, 1], [2, 1], [-2, 1], [0, 0.2], [0, 3], [3, 0.5]],  # means and standard deviations
    "near starts": [[0, 1], [2, 0.5], [-2, 0.5], [0, 0.2], [1, 0.5]],
    "exponents": [-20, 4],  # of the step sizes, powers of the root of 2
    "limit": 300,
    "within": 1e-3,  # nats of the least divergence
    "nodes": 40,
    "problems": {
        "logistic": {"data": 20, "unit": 1},
        "Poisson": {"data": 10, "unit": 1},
        "Student": {"data": 20, "unit": 1},
        "two groups": {"data": 12, "unit": 1},
        "logistic, other unit": {"data": 20, "unit": 10},
    },
}
RULES = ("natural parameters", "second order", "natural, (μ, log s)", "plain, (μ, log s)")
WITH_NEW = {"second order, new": RULES[1], "natural, new": RULES[2]}  # the mean divides by the new precision
_nodes, _weights = np.polynomial.hermite_e.hermegauss(SETTINGS["nodes"])
_weights = _weights / _weights.sum()


# --- log-posteriors, each with its first two derivatives at the points z --------------------------


def posterior(name, seed):
    """The function h(z) with its slope and curvature, for data drawn with this seed."""
    unit, count = (SETTINGS["problems"][name][key] for key in ("unit", "data"))
    draw = {"logistic": _logistic, "Poisson": _poisson, "Student": _student, "two groups": _two_groups}
    inner = draw[name.partition(",")[0]](np.random.default_rng(seed), count)

    def scaled(z):
        value, slope, curvature = inner(z / unit)
        return value, slope / unit, curvature / unit**2

    return scaled


def _logistic(rng, count):
    x = rng.normal(size=count)
    y = rng.random(count) < 1 / (1 + np.exp(-2 * x))

    def log_posterior(z):
        u = z[..., None] * x
        odds = 1 / (1 + np.exp(-np.clip(u, -700, 700)))
        value = np.sum(y * u - np.logaddexp(0, u), axis=-1) - z**2 / 20
        return value, (y - odds) @ x - z / 10, -(odds * (1 - odds)) @ x**2 - 1 / 10

    return log_posterior


def _poisson(rng, count):
    x = rng.normal(size=count) / 2
    y = rng.poisson(np.exp(1.5 * x))

    def log_posterior(z):
        u = z[..., None] * x
        rate = np.exp(np.minimum(u, 300))
        return np.sum(y * u - rate, axis=-1) - z**2 / 20, (y - rate) @ x - z / 10, -rate @ x**2 - 1 / 10

    return log_posterior


def _student(rng, count, gap=0.0):
    nu, scale = 2, 0.7
    data = scale * rng.standard_t(3, size=count) + gap * np.where(np.arange(count) % 3, 1, -1)

    def log_posterior(z):
        square = (data - z[..., None]) ** 2
        below = nu * scale**2 + square
        value = -(nu + 1) / 2 * np.log(below).sum(axis=-1) - z**2 / 200
        slope = np.sum((nu + 1) * (data - z[..., None]) / below, axis=-1) - z / 100
        curvature = -np.sum((nu + 1) * (nu * scale**2 - square) / below**2, axis=-1) - 1 / 100
        return value, slope, curvature

    return log_posterior


def _two_groups(rng, count):
    return _student(rng, count, gap=1.5)


# --- the objective and the rules ------------------------------------------------------------------


def means(h, mu, s):
    """The objective, without its constant, and the means of the slope and of the curvature."""
    value, slope, curvature = h(mu[..., None] + s[..., None] * _nodes)
    return -value @ _weights - np.log(s), slope @ _weights, curvature @ _weights


def step(rule, mu, s, slope, curvature, alpha):
    """One step; where it leaves the space, the new standard deviation is not a number."""
    if rule in WITH_NEW:
        _, new = step(WITH_NEW[rule], mu, s, slope, curvature, alpha)
        return mu + alpha * slope * new**2, new
    precision = 1 / s**2
    change = -curvature - precision  # the mean of -h'', less the precision
    if rule == "natural parameters":
        new = precision + alpha * change
        return mu + alpha * slope / new, np.sqrt(1 / new)
    if rule == "second order":
        new = precision + alpha * change + alpha**2 * change**2 / (2 * precision)
        return mu + alpha * slope / precision, np.sqrt(1 / new)
    if rule == "natural, (μ, log s)":
        return mu + alpha * slope / precision, s * np.exp(-alpha * change / precision / 2)
    return mu + alpha * slope, s * np.exp(-alpha * change / precision)


def least(h, unit):
    """The least value of the objective that is found from five starts."""

    def value(theta):
        return float(means(h, np.array(unit * theta[0]), np.array(unit * np.exp(theta[1])))[0])

    held = {"xatol": 1e-7, "fatol": 1e-11, "maxiter": 2000}
    starts = [(m, -1.0) for m in (-4, -2, 0, 2, 4)]
    return min(minimize(value, m, method="Nelder-Mead", options=held).fun for m in starts)


@np.errstate(all="ignore")
def steps(name, rule, seed, alphas, places="starts"):
    """Steps until the divergence is near its least, by start and size; -1 left the space, -2 is late."""
    h, unit = posterior(name, seed), SETTINGS["problems"][name]["unit"]
    goal = least(h, unit) + SETTINGS["within"]
    mu, s = np.repeat(unit * np.array(SETTINGS[places], float), len(alphas), axis=0).T
    alpha = np.tile(alphas, len(SETTINGS[places]))
    found, alive = np.full(len(mu), -2), np.arange(len(mu))
    for taken in range(SETTINGS["limit"] + 1):
        value, slope, curvature = means(h, mu[alive], s[alive])
        arrived = value <= goal
        found[alive[arrived]] = taken
        alive, slope, curvature = alive[~arrived], slope[~arrived], curvature[~arrived]
        mu[alive], s[alive] = step(rule, mu[alive], s[alive], slope, curvature, alpha[alive])
        sound = np.isfinite(mu) & np.isfinite(s) & (abs(mu) < 1e4 * unit) & (s > 1e-6) & (s < 1e4 * unit)
        found[alive[~sound[alive]]] = -1
        alive = alive[sound[alive]]
        if not len(alive):
            break
    return found.reshape(len(SETTINGS[places]), len(alphas))


def counted(found):
    """A run that does not arrive counts as one that arrives at the limit."""
    return np.where(found < 0, SETTINGS["limit"], found)


def sizes():
    """The grid."""
    low, high = SETTINGS["exponents"]
    return 2.0 ** (np.arange(low, high + 1) / 2)


def of_all(name, rule, alphas, seeds, places="starts"):
    """The steps for all these data: data, starts and sizes."""
    return np.array([steps(name, rule, seed, alphas, places) for seed in SETTINGS[seeds]])


def race(name, rule, tuned, places="starts"):
    """The best size on some data, and the steps with it on others."""
    alphas, best = sizes(), int(np.argmin(counted(tuned).mean(axis=(0, 1))))
    fresh = of_all(name, rule, alphas[[best]], "shown", places).ravel()
    return {
        "size": float(f"{alphas[best]:.3g}"),
        "place": [best, len(alphas)],
        "steps": sorted(int(each) for each in counted(fresh)),
        "left": int(np.sum(fresh == -1)),
        "late": int(np.sum(fresh == -2)),
    }


def compute():
    """The races; those with one size for all problems; and two that vary a supposed cause alone."""
    tuned = {
        (name, rule): of_all(name, rule, sizes(), "tuned on")
        for name in SETTINGS["problems"]
        for rule in RULES
    }
    numbers = {
        "problems": {
            name: {rule: race(name, rule, tuned[name, rule]) for rule in RULES}
            for name in SETTINGS["problems"]
        },
        "one size": {},
    }
    for rule in RULES:
        costs = [counted(tuned[name, rule]).mean(axis=(0, 1)) for name in SETTINGS["problems"]]
        best = sizes()[[int(np.argmin(np.mean(costs, axis=0)))]]
        medians = {
            name: float(np.median(counted(of_all(name, rule, best, "shown"))))
            for name in SETTINGS["problems"]
        }
        numbers["one size"][rule] = {"size": float(f"{best[0]:.3g}"), "medians": medians}
    numbers["near starts"] = {
        rule: race(
            "Poisson", rule, of_all("Poisson", rule, sizes(), "tuned on", "near starts"), "near starts"
        )
        for rule in RULES
    }
    numbers["new precision"] = {
        rule: race("Poisson", rule, of_all("Poisson", rule, sizes(), "tuned on")) for rule in WITH_NEW
    }
    return numbers


def beginning():
    """Two steps of each rule on each problem."""
    found = {}
    for name, held in SETTINGS["problems"].items():
        for rule in RULES:
            h, mu, s = posterior(name, 1), np.array(2.0 * held["unit"]), np.array(1.0 * held["unit"])
            for _ in range(2):
                mu, s = step(rule, mu, s, *means(h, mu, s)[1:], 0.1)
            found[f"{name}: {rule}"] = [float(mu), float(s)]
    return found
