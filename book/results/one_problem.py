"""How far nineteen steps on the beetles are apart, two by two, and how many steps eight methods need."""

from functools import partial

import numpy as np
from scipy.optimize import minimize, root
from scipy.special import expit
from scipy.stats import norm

from ngbook import descent, fisher, networks, policy_gradient, solve, tables, transport
from ngbook.policies import SoftmaxPolicy
from ngbook.policy_gradient import Batch

SETTINGS = {
    "point": [0.5, 0.2],  # slope and constant, of the dose less its mean in units of 0.05
    "unit": 0.05,
    "sizes": [0.02, 0.01],
    "excess": 1e-8,  # of the summed loss
    "limit": 400_000,
    "factors": [0.25, 0.35, 0.5, 0.7, 1.0, 1.2, 1.4, 1.6, 1.8, 1.9, 1.95, 1.99, 2.1],
}
LINKS = ("logit", "probit", "cloglog")


# --- the table, one beetle a row --------------------------------------------------------------------------

DOSE, TREATED, KILLED = tables.beetles()
COUNT, SHARE = TREATED.sum(), KILLED / TREATED
CENTRE = TREATED @ DOSE / COUNT
X = np.column_stack([(DOSE - CENTRE) / SETTINGS["unit"], np.ones(8)])
RAW = np.column_stack([DOSE, np.ones(8)])
LABELS = np.concatenate([[1.0] * k + [0.0] * (m - k) for m, k in zip(TREATED, KILLED, strict=True)])
INPUTS = np.repeat(X[:, :1], TREATED, axis=0)
NETWORK, COIN = networks.Network(1, 1), networks.Bernoulli()
POLICY = SoftmaxPolicy(1, 2)


def value(theta):
    return COIN.loss(NETWORK.at(theta, INPUTS).outputs, LABELS[:, None])


def gradient(theta):
    return networks.loss_gradient(NETWORK.at(theta, INPUTS), COIN, LABELS[:, None])


def metric(theta):
    return networks.gauss_newton(NETWORK.at(theta, INPUTS), COIN) @ np.eye(2)


def mean(theta):
    return X.T @ (TREATED * expit(X @ theta)) / COUNT


def from_mean(m):
    start = np.array(SETTINGS["point"])
    found = root(lambda theta: mean(theta) - m, start, jac=metric, tol=1e-14)
    return found.x


def batch():
    """The table as transitions: who dies has taken action 0."""
    shape = (1, COUNT)
    return Batch(
        observations=INPUTS[None],
        actions=(1 - LABELS).astype(int)[None],
        rewards=np.ones(shape),
        terminated=np.ones(shape, bool),
        truncated=np.zeros(shape, bool),
        valid=np.ones(shape, bool),
        ages=np.zeros(shape, int),
        next_observations=INPUTS[None],
        episode_returns=np.ones(COUNT),
    )


# --- nineteen steps of one size ---------------------------------------------------------------------------


def by_policy(rule, theta, **options):
    """The step of a rule, in the two parameters: the logits are half the output and minus half of it."""
    four = np.array([theta[0], -theta[0], theta[1], -theta[1]]) / 2
    step = rule(POLICY, four, batch(), np.ones((1, COUNT)), **options)
    assert step.accepted and not step.backtracks
    return step.theta[[0, 2]] - step.theta[[1, 3]] - theta


def touching(theta, g, radius, alpha):
    """The exact maximum of the surrogate at KL(old || new) = radius, in units of alpha."""
    z, p = X @ theta, expit(X @ theta)

    def nats(u):
        change = X @ u * alpha
        terms = np.logaddexp(0, z + change) - np.logaddexp(0, z) - p * change
        return TREATED @ terms / COUNT / radius - 1

    def lost(u):
        new = X @ (theta + alpha * u)
        dies, lives = expit(new) / p - 1, expit(-new) / (1 - p) - 1
        return -(KILLED @ dies + (TREATED - KILLED) @ lives) / COUNT / alpha

    # Differences of a divergence that is so small would be mostly rounding.
    def slope_of_nats(u):
        return X.T @ (TREATED * (expit(z + X @ u * alpha) - p)) * alpha / COUNT / radius

    def slope_of_lost(u):
        new = expit(z + X @ u * alpha)
        return -X.T @ ((KILLED / p - (TREATED - KILLED) / (1 - p)) * new * (1 - new)) / COUNT

    found = minimize(
        lost,
        -np.linalg.solve(metric(theta), g),
        jac=slope_of_lost,
        constraints=[{"type": "eq", "fun": nats, "jac": slope_of_nats}],
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 300},
    )
    assert abs(nats(found.x)) < 1e-8
    return alpha * found.x


def steps(alpha):
    """The step of each method at the point."""
    theta = np.array(SETTINGS["point"])
    z, p = X @ theta, expit(X @ theta)
    at, g, F = NETWORK.at(theta, INPUTS), gradient(theta), metric(theta)
    n = solve.dense_solve(F, g)
    radius, root_w = alpha**2 * (g @ n) / 2, np.sqrt(TREATED * p * (1 - p))
    working = z + alpha * (SHARE - p) / (p * (1 - p))
    pearson = np.sqrt(TREATED / (p * (1 - p))) * (SHARE - p)
    means = partial(descent.mirror_descent, iterations=1, step_size=alpha)
    in_mean = means(
        lambda m: value(from_mean(m)),
        lambda m: solve.dense_solve(metric(from_mean(m)), gradient(from_mean(m))),
        *(from_mean, mean, mean(theta)),
    )
    kalman = descent.recursive_natural_gradient(
        lambda t, _: -COUNT * gradient(t),
        lambda t, _: COUNT * metric(t),
        ["all"],
        theta,
        COUNT * (1 / alpha - 1) * F,
    )
    omega = np.tanh(z / 2) / (2 * z)
    drawn = networks.sampled_scores(at, COIN, np.random.default_rng(0))
    of_data = networks.data_scores(at, COIN, LABELS[:, None])
    natural = descent.natural_gradient_descent(value, gradient, metric, theta, alpha, iterations=1)
    curvature = matrices("logit", X, theta)[1]["Newton"] / COUNT

    def weighted(each):
        return (X.T * (TREATED * each)) @ X / COUNT

    moved = -np.linalg.solve(transport_metric("logit", X, theta) / COUNT, g)
    return {
        "natural step": natural.points[1] - theta,
        "scoring (IRLS)": np.linalg.lstsq(root_w[:, None] * X, root_w * working, rcond=None)[0] - theta,
        "Newton": -alpha * np.linalg.solve(curvature, g),
        "Gauss–Newton, Pearson": alpha * np.linalg.lstsq(root_w[:, None] * X, pearson, rcond=None)[0],
        "mirror descent in m": from_mean(in_mean.points[1]) - theta,
        "Kalman filter": kalman.points[1] - theta,
        "CG, two products": -alpha * solve.conjugate_gradient(F, g, iterations=2).solution,
        "policy, natural": by_policy(
            policy_gradient.natural_policy_gradient, theta, step_size=alpha, damping=1e-12
        ),
        "TRPO": by_policy(policy_gradient.trpo, theta, radius=radius, damping=1e-12),
        "mirror descent in θ": means(value, gradient, mean, from_mean, theta).points[1] - theta,
        "exact KL ball": touching(theta, g, radius, alpha),
        "PPO, penalty": by_policy(
            policy_gradient.ppo,
            theta,
            penalty=1 / alpha,
            optimiser="gradient",
            step_size=2 * alpha,
            epochs=300,
            minibatches=1,
        ),
        "Gauss–Newton, plain": alpha
        * np.linalg.solve(weighted((p * (1 - p)) ** 2), X.T @ (TREATED * (SHARE - p) * p * (1 - p)) / COUNT),
        "EM, Pólya–Gamma": -alpha * np.linalg.solve(weighted(omega), g),
        "K-FAC": -alpha * networks.KroneckerMetric(networks.kronecker_factors(at, COIN)).solve(g),
        "sampled Fisher": -alpha * solve.dense_solve(fisher.sampled_fisher(drawn) @ np.eye(2), g),
        "empirical Fisher": -alpha * solve.dense_solve(fisher.empirical_fisher(of_data) @ np.eye(2), g),
        "Wasserstein": alpha * moved * np.sqrt((g @ n) / (moved @ F @ moved)),
        "CG, one product": -alpha * solve.conjugate_gradient(F, g, iterations=1).solution,
    }


def rounded(number):
    """Three digits; what is equal but for rounding is zero."""
    return float(f"{number:.3g}") if number > 1e-8 else 0.0


def apart(alpha):
    """Of each pair, the length of the difference over that of the longer step, in the metric."""
    F, all_steps = metric(np.array(SETTINGS["point"])), list(steps(alpha).values())
    length = [np.sqrt(d @ F @ d) for d in all_steps]
    return [
        [rounded(np.sqrt((a - b) @ F @ (a - b)) / max(length[i], length[j])) for j, b in enumerate(all_steps)]
        for i, a in enumerate(all_steps)
    ]


# --- how many steps ---------------------------------------------------------------------------------------


def response(link, z):
    """Probability h(z) of death, that of survival, h', h''."""
    if link == "logit":
        p, q = expit(z), expit(-z)
        return p, q, p * q, p * q * (q - p)
    if link == "probit":
        return norm.cdf(z), norm.cdf(-z), norm.pdf(z), -z * norm.pdf(z)
    q = np.exp(-np.exp(z))
    return -np.expm1(-np.exp(z)), q, np.exp(z) * q, np.exp(z) * (1 - np.exp(z)) * q


def summed_loss(link, Z, theta):
    z = theta @ Z.T
    if link == "logit":
        return np.logaddexp(0, z) @ TREATED - z @ KILLED
    p, q, _, _ = response(link, z)
    with np.errstate(all="ignore"):
        alive = np.log(q) if link == "probit" else -np.exp(z)
        return -(np.log(p) @ KILLED + alive @ (TREATED - KILLED))


def transport_metric(link, Z, theta):
    """The Wasserstein metric, summed: in each group two outcomes at the ends of one edge."""
    p, q, first, _ = response(link, Z @ theta)
    of_groups = [
        transport.graph_metric(np.array(masses), np.outer([s, -s], row), [(0, 1)], mean="logarithmic")
        for *masses, s, row in zip(p, q, first, Z, strict=True)
    ]
    return np.tensordot(TREATED, of_groups, 1)


def matrices(link, Z, theta):
    """Gradient, and the matrices of the methods with full steps, of the summed loss."""
    z = Z @ theta
    p, q, first, second = response(link, z)
    residual, slope = SHARE - p, first / (p * q)
    slope_change = second / (p * q) - first**2 * (q - p) / (p * q) ** 2
    of = {
        "natural": first * slope,
        "Newton": first * slope - residual * slope_change,
        "empirical": slope**2 * (p * q + residual * (q - p)),
        "bound": np.full(8, 0.25),
        "EM": np.ones(8) if link == "probit" else np.tanh(z / 2) / (2 * np.where(z == 0, 1, z)),
        "K-FAC": np.full(8, TREATED @ (first * slope) / COUNT),
    }
    if link != "probit":
        of["EM"] = np.where(z == 0, 0.25, of["EM"])
    g = -Z.T @ (TREATED * slope * residual)
    return g, {name: (Z.T * (TREATED * each)) @ Z for name, each in of.items()}


def start_of(link):
    """Every beetle dies with probability one half."""
    return np.array([0.0, np.log(np.log(2)) if link == "cloglog" else 0.0])


def optimum(link, Z):
    theta = start_of(link)
    for _ in range(100):
        g, of = matrices(link, Z, theta)
        theta = theta - np.linalg.solve(of["natural"], g)
    return theta


def count(link, Z, name):
    """Full steps until the summed loss has come as near as the setting; 0 if it does not."""
    theta, least = start_of(link), summed_loss(link, Z, optimum(link, Z))
    for k in range(1, 1001):
        g, of = matrices(link, Z, theta)
        theta = theta - np.linalg.solve(of[name], g)
        if summed_loss(link, Z, theta) - least < SETTINGS["excess"]:
            return k
    return 0


def tuned(link, Z, name):
    """The same for steps of all sizes of the grid, in units of the inverse curvature: counts."""
    theta, best = start_of(link), optimum(link, Z)
    least = summed_loss(link, Z, best)
    _, of = matrices(link, Z, best)
    G = transport_metric(link, Z, best) if name == "Wasserstein" else np.eye(2)
    L = np.linalg.cholesky(G)
    curvature = np.linalg.eigvalsh(np.linalg.solve(L, np.linalg.solve(L, of["Newton"]).T)).max()
    sizes = np.array(SETTINGS["factors"]) / curvature
    counts, points = np.zeros(len(sizes), int), np.tile(theta, (len(sizes), 1))
    going, last = np.arange(len(sizes)), SETTINGS["limit"] if name == "gradient" else 2000
    for k in range(1, last + 1):
        if name == "gradient":
            z = points @ Z.T
            p, q, first, _ = response(link, z)
            with np.errstate(all="ignore"):
                move = (TREATED * (SHARE - p) * first / (p * q)) @ Z
        else:
            move = np.array(
                [
                    -np.linalg.solve(transport_metric(link, Z, each), matrices(link, Z, each)[0])
                    for each in points
                ]
            )
        points = points + sizes[going, None] * move
        excess = summed_loss(link, Z, points) - least
        counts[going[excess < SETTINGS["excess"]]] = k
        on = (excess >= SETTINGS["excess"]) & (excess < 1e6)
        if not on.all():
            points, going = points[on], going[on]
        if not len(going) or (counts.any() and k > 3 * counts[counts > 0].min()):
            break
    return counts.tolist()


def safe(link, Z):
    """Gradient steps of one over the bound on the curvature at every point; of the logit only."""
    theta, least = start_of(link), summed_loss(link, Z, optimum(link, Z))
    size = 4 / np.linalg.eigvalsh((Z.T * TREATED) @ Z).max()
    for k in range(1, SETTINGS["limit"] + 1):
        theta = theta + size * (Z.T @ (KILLED - TREATED * expit(Z @ theta)))
        if summed_loss(link, Z, theta) - least < SETTINGS["excess"]:
            return k
    return 0


def compute():
    """The pairs at both sizes, and the counts."""
    full = {
        "natural": LINKS,
        "Newton": LINKS,
        "empirical": LINKS,
        "K-FAC": LINKS,
        "EM": ("logit", "probit"),
        "bound": ("logit",),
    }
    charts = {"centred": X, "raw": RAW}
    counts = {
        name: {link: {chart: count(link, Z, name) for chart, Z in charts.items()} for link in links}
        for name, links in full.items()
    }
    grids = {
        name: {link: {chart: tuned(link, Z, name) for chart, Z in charts.items()} for link in LINKS}
        for name in ("Wasserstein", "gradient")
    }
    return {
        "methods": list(steps(SETTINGS["sizes"][1])),
        "apart": {str(alpha): apart(alpha) for alpha in SETTINGS["sizes"]},
        "counts": counts,
        "safe": {chart: safe("logit", Z) for chart, Z in charts.items()},
        "grids": grids,
    }


def beginning():
    """The first line of the table of pairs, where it is not zero."""
    line = apart(SETTINGS["sizes"][1])[0]
    return {"natural step": [each for each in line if each]}
