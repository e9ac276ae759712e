"""A check must be able to fail: claims of the book, right and doctored."""

import numpy as np
import pytest
import sympy as sp

from ngbook import checks

x, mu, mu0 = sp.symbols("x mu mu_0", real=True)
sigma, sigma0 = sp.symbols("sigma sigma_0", positive=True)
epsilon, g1, g2 = sp.symbols("epsilon g_1 g_2", positive=True)
HALF = sp.Rational(1, 2)


def log_normal(mean, deviation):
    return -((x - mean) ** 2) / (2 * deviation**2) - sp.log(deviation) - sp.log(2 * sp.pi) / 2


def mean_under_normal(value, mean, deviation):
    return sp.Integral(sp.exp(log_normal(mean, deviation)) * sp.expand(value), (x, -sp.oo, sp.oo))


# Of Normal(mu, sigma) from Normal(mu0, sigma0), the old one.
KL = sp.log(sigma / sigma0) + (sigma0**2 + (mu0 - mu) ** 2) / (2 * sigma**2) - HALF
SCORE = sp.Matrix([log_normal(mu, sigma)]).jacobian([mu, sigma]).T
METRIC, GRADIENT = sp.Matrix([[2, 1], [1, 3]]), sp.Matrix([g1, g2])


def step(half=HALF, sign=-1, metric=METRIC):
    """Minimiser of ``gradient @ d`` on ``half * d @ metric @ d == epsilon``."""
    direction = metric.inv() * GRADIENT
    return sign * direction * sp.sqrt(epsilon / half) / sp.sqrt((GRADIENT.T * direction)[0])


CLAIMS = {
    "entropy": (
        mean_under_normal(-log_normal(mu, sigma), mu, sigma),
        HALF * sp.log(2 * sp.pi * sp.E * sigma**2),
        {
            "sign": -HALF * sp.log(2 * sp.pi * sp.E * sigma**2),
            "no half": sp.log(2 * sp.pi * sp.E * sigma**2),
            "sigma": HALF * sp.log(2 * sp.pi * sp.E * sigma),
        },
    ),
    "relative entropy": (
        mean_under_normal(log_normal(mu0, sigma0) - log_normal(mu, sigma), mu0, sigma0),
        KL,
        {
            "sign": -KL,
            "no half": KL + HALF,
            "swapped": KL.subs({mu: mu0, mu0: mu, sigma: sigma0, sigma0: sigma}, simultaneous=True),
            "sigma": sp.log(sigma / sigma0) + (sigma0 + (mu0 - mu) ** 2) / (2 * sigma) - HALF,
        },
    ),
    "Fisher matrix": (
        (SCORE * SCORE.T).applyfunc(lambda entry: mean_under_normal(entry, mu, sigma)),
        sp.diag(1 / sigma**2, 2 / sigma**2),
        {
            "sign": sp.diag(1 / sigma**2, -2 / sigma**2),
            "half": sp.diag(1 / sigma**2, 1 / sigma**2),
            "sigma": sp.diag(1 / sigma, 2 / sigma),
        },
    ),
    "trust-region step has length sqrt(2 epsilon)": (
        HALF * step().T * METRIC * step(),
        sp.Matrix([epsilon]),
        {"sign": sp.Matrix([-epsilon]), "no half": sp.Matrix([2 * epsilon])},
    ),
    "trust-region step satisfies the multiplier equation": (
        METRIC * step() * sp.sqrt((GRADIENT.T * METRIC.inv() * GRADIENT)[0] / (2 * epsilon)),
        -GRADIENT,
        {"sign": GRADIENT, "no half": -GRADIENT * sp.sqrt(2), "metric": -METRIC * GRADIENT},
    ),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_claim_passes(claim):
    left, right, _ = CLAIMS[claim]
    checks.same(left, right, claim)


@pytest.mark.parametrize(("claim", "mutation"), [(c, m) for c in CLAIMS for m in CLAIMS[c][2]])
def test_the_doctored_claim_fails(claim, mutation):
    left, _, wrong = CLAIMS[claim]
    with pytest.raises(checks.CheckFailed, match="not the same"):
        checks.same(left, wrong[mutation])


def kl_normal(old, new):
    (m, s), (n, t) = old, new
    return np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5


def test_dropping_the_half_changes_the_order_of_the_remainder():
    h = np.geomspace(1e-3, 1e-1, 9)
    divergence = kl_normal((0, 1), (h, 1 + h))
    squared_length = h**2 + 2 * h**2
    checks.slope(h, np.abs(divergence - squared_length / 2), 3, tolerance=0.1)
    with pytest.raises(checks.CheckFailed):
        checks.slope(h, np.abs(divergence - squared_length), 3, tolerance=0.1)


def test_numeric_and_monte_carlo_checks_notice_swapped_arguments_and_sigma():
    old, new = (0.3, 0.7), (-0.2, 1.1)
    sample = np.random.default_rng(1).normal(*old, size=20_000)
    z_old, z_new = (sample - old[0]) / old[1], (sample - new[0]) / new[1]
    ratio = np.log(new[1] / old[1]) + (z_new**2 - z_old**2) / 2
    error = ratio.std(ddof=1) / np.sqrt(ratio.size)
    checks.close(ratio.mean(), kl_normal(old, new), standard_error=error, about="KL(old, new)")
    square_root = (old[0], np.sqrt(old[1])), (new[0], np.sqrt(new[1]))
    right = kl_normal(old, new)
    for wrong in (kl_normal(new, old), -right, 2 * right, kl_normal(*square_root)):
        with pytest.raises(checks.CheckFailed):
            checks.close(ratio.mean(), wrong, standard_error=error)
        with pytest.raises(checks.CheckFailed):
            checks.close(kl_normal(old, new), wrong, rtol=1e-9)
