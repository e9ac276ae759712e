"""The Normal distribution in five charts, and the LogNormal."""

import numpy as np
import sympy as sp
from sympy import Rational as Q

from ngbook.families.family import Family
from ngbook.families.spaces import greater
from ngbook.symbolic import L, MomentRule, s

x, mu = sp.symbols("x mu", real=True)
sigma, v = sp.symbols("sigma v", positive=True)
ell = sp.Symbol("ell", real=True)
eta1, m1 = sp.symbols("eta_1 m_1", real=True)
eta2 = sp.Symbol("eta_2", negative=True)
m2 = sp.Symbol("m_2", positive=True)
y = sp.Symbol("x", positive=True)
_constant = -sp.log(2 * sp.pi) / 2


def _log_density(mean, variance):
    return -sp.log(2 * sp.pi * variance) / 2 - (x - mean) ** 2 / (2 * variance)


def _rule(mean, variance):
    """The outcome is its own statistic: M(s) = exp(mean s + variance s² / 2)."""
    return MomentRule({x: L}, sp.exp(mean * s + variance * s**2 / 2))


# fmt: off
normal = Family(
    "Normal", x, [mu, sigma], _constant - sp.log(sigma) - (x - mu) ** 2 / (2 * sigma**2), _rule(mu, sigma**2),
    sampler=lambda rng, n, mu, sigma: rng.normal(mu, sigma, n),
    example={mu: Q(1, 3), sigma: Q(4, 3)}, chart="(μ, σ)",
)
normal_log_sigma = Family(
    "Normal", x, [mu, ell], _constant - ell - (x - mu) ** 2 * sp.exp(-2 * ell) / 2,
    _rule(mu, sp.exp(2 * ell)),
    sampler=lambda rng, n, mu, ell: rng.normal(mu, np.exp(ell), n),
    example={mu: Q(1, 3), ell: Q(2, 7)}, slug="normal_log_sigma", chart="(μ, ℓ = log σ)",
)
normal_variance = Family(
    "Normal", x, [mu, v], _log_density(mu, v), _rule(mu, v),
    sampler=lambda rng, n, mu, v: rng.normal(mu, v**0.5, n),
    example={mu: Q(1, 3), v: Q(16, 9)}, slug="normal_variance", chart="(μ, v = σ²)",
)
normal_natural = Family(
    "Normal", x, [eta1, eta2],
    eta1 * x + eta2 * x**2 + eta1**2 / (4 * eta2) + sp.log(-eta2 / sp.pi) / 2,
    _rule(-eta1 / (2 * eta2), -1 / (2 * eta2)),
    stable_log_density=sp.log(-eta2 / sp.pi) / 2 + eta2 * (x + eta1 / (2 * eta2)) ** 2,
    sampler=lambda rng, n, eta1, eta2: rng.normal(-eta1 / (2 * eta2), (-0.5 / eta2) ** 0.5, n),
    example={eta1: Q(1, 3), eta2: Q(-2, 5)},
    slug="normal_natural", chart="natural: (η₁ = μ/σ², η₂ = -1/2σ²)",
)
normal_mean = Family(
    "Normal", x, [m1, m2], _log_density(m1, m2 - m1**2), _rule(m1, m2 - m1**2),
    parameter_space=[greater(m2, m1**2)],
    sampler=lambda rng, n, m1, m2: rng.normal(m1, (m2 - m1**2) ** 0.5, n),
    example={m1: Q(1, 3), m2: Q(8, 7)}, slug="normal_mean", chart="mean: (m₁ = E[x], m₂ = E[x²])",
)
log_normal = Family(
    "LogNormal", y, [mu, sigma],
    _constant - sp.log(sigma) - sp.log(y) - (sp.log(y) - mu) ** 2 / (2 * sigma**2),
    MomentRule({y: sp.exp(L)}, sp.exp(mu * s + sigma**2 * s**2 / 2)),
    sampler=lambda rng, n, mu, sigma: rng.lognormal(mu, sigma, n),
    example={mu: Q(1, 3), sigma: Q(4, 3)}, slug="log_normal", chart="(μ, σ)",
)
