"""The Normal distribution in five charts, that of two outcomes in two, and the LogNormal."""

import numpy as np
import sympy as sp
from sympy import Rational as Q

from ngbook import symbolic
from ngbook.families.family import Family
from ngbook.families.spaces import greater, positive
from ngbook.symbolic import L, MomentRule, s

x, mu = sp.symbols("x mu", real=True)
sigma, v = sp.symbols("sigma v", positive=True)
ell = sp.Symbol("ell", real=True)
eta1, m1 = sp.symbols("eta_1 m_1", real=True)
eta2 = sp.Symbol("eta_2", negative=True)
m2 = sp.Symbol("m_2", positive=True)
y = sp.Symbol("x", positive=True)
_constant = -sp.log(2 * sp.pi) / 2
x1, x2, mu1, mu2, rho = sp.symbols("x_1 x_2 mu_1 mu_2 rho", real=True)
sigma1, sigma2 = sp.symbols("sigma_1 sigma_2", positive=True)
_chart = (mu1, mu2, sigma1, sigma2, rho)
_standard, _orders = sp.symbols("z_1 z_2", real=True), sp.symbols("s_1:3")
_z1, _z2 = (x1 - mu1) / sigma1, (x2 - mu2) / sigma2
_square = (_z1**2 - 2 * rho * _z1 * _z2 + _z2**2) / (1 - rho**2)
c11, c22 = sp.symbols("c_11 c_22", positive=True)
c21 = sp.Symbol("c_21", real=True)
_w1 = (x1 - mu1) / c11
_w2 = (x2 - mu2 - c21 * _w1) / c22
_logs = 2 * _constant - sp.log(sigma1) - sp.log(sigma2)
# The second outcome, and the first one given the second: no squares cancel as rho comes to 1.
_given_second = (_z1 - rho * _z2) ** 2 / ((1 - rho) * (1 + rho))
_stable = _logs - sp.log(1 - rho) / 2 - sp.log(1 + rho) / 2 - (_given_second + _z2**2) / 2


def _log_density(mean, variance):
    return -sp.log(2 * sp.pi * variance) / 2 - (x - mean) ** 2 / (2 * variance)


def _rule(mean, variance):
    """The outcome is its own statistic: M(s) = exp(mean s + variance s² / 2)."""
    return MomentRule({x: L}, sp.exp(mean * s + variance * s**2 / 2))


def _sample_cholesky(rng, n, mu1, mu2, c11, c21, c22):
    return [mu1, mu2] + rng.standard_normal((n, 2)) @ np.array([[c11, c21], [0.0, c22]])


def _sample_bivariate(rng, n, mu1, mu2, sigma1, sigma2, rho):
    z = rng.standard_normal((n, 2))
    correlated = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    return np.column_stack([mu1 + sigma1 * z[:, 0], mu2 + sigma2 * correlated])


# fmt: off
normal = Family(
    "Normal", x, [mu, sigma], _constant - sp.log(sigma) - (x - mu) ** 2 / (2 * sigma**2), _rule(mu, sigma**2),
    sampler=lambda rng, n, mu, sigma: rng.normal(mu, sigma, n),
    example={mu: Q("1/3"), sigma: Q("4/3")}, chart="(μ, σ)",
)
normal_log_sigma = Family(
    "Normal", x, [mu, ell], _constant - ell - (x - mu) ** 2 * sp.exp(-2 * ell) / 2,
    _rule(mu, sp.exp(2 * ell)),
    sampler=lambda rng, n, mu, ell: rng.normal(mu, np.exp(ell), n),
    example={mu: Q("1/3"), ell: Q("2/7")}, slug="normal_log_sigma", chart="(μ, ℓ = log σ)",
)
normal_variance = Family(
    "Normal", x, [mu, v], _log_density(mu, v), _rule(mu, v),
    sampler=lambda rng, n, mu, v: rng.normal(mu, v**0.5, n),
    example={mu: Q("1/3"), v: Q("16/9")}, slug="normal_variance", chart="(μ, v = σ²)",
)
normal_natural = Family(
    "Normal", x, [eta1, eta2],
    eta1 * x + eta2 * x**2 + eta1**2 / (4 * eta2) + sp.log(-eta2 / sp.pi) / 2,
    _rule(-eta1 / (2 * eta2), -1 / (2 * eta2)),
    stable_log_density=sp.log(-eta2 / sp.pi) / 2 + eta2 * (x + eta1 / (2 * eta2)) ** 2,
    sampler=lambda rng, n, eta1, eta2: rng.normal(-eta1 / (2 * eta2), (-0.5 / eta2) ** 0.5, n),
    example={eta1: Q("1/3"), eta2: Q("-2/5")},
    slug="normal_natural", chart="natural: (η₁ = μ/σ², η₂ = -1/2σ²)",
)
normal_mean = Family(
    "Normal", x, [m1, m2], _log_density(m1, m2 - m1**2), _rule(m1, m2 - m1**2),
    parameter_space=[greater(m2, m1**2)],
    sampler=lambda rng, n, m1, m2: rng.normal(m1, (m2 - m1**2) ** 0.5, n),
    example={m1: Q("1/3"), m2: Q("8/7")}, slug="normal_mean", chart="mean: (m₁ = E[x], m₂ = E[x²])",
)
bivariate_normal = Family(
    "Bivariate Normal", (x1, x2), _chart, _logs - sp.log(1 - rho**2) / 2 - _square / 2,
    MomentRule(
        {x1: mu1 + sigma1 * _standard[0], x2: mu2 + sigma2 * _standard[1]},
        sp.exp((_orders[0] ** 2 + 2 * rho * _orders[0] * _orders[1] + _orders[1] ** 2) / 2),
        statistics=_standard, orders=_orders,
    ),
    parameter_space=[*positive(sigma1, sigma2), greater(rho, -1), greater(1, rho)],
    stable_log_density=_stable, stable_score=symbolic.score(_stable, _chart),
    sampler=_sample_bivariate,
    example=dict(zip(_chart, (Q("1/3"), Q("-1/2"), Q("4/3"), Q("3/4"), Q("2/5")), strict=True)),
    chart="(μ₁, μ₂, σ₁, σ₂, ρ)",
)
bivariate_normal_cholesky = Family(
    "Bivariate Normal", (x1, x2), (mu1, mu2, c11, c21, c22),
    2 * _constant - sp.log(c11) - sp.log(c22) - (_w1**2 + _w2**2) / 2,
    MomentRule(
        {x1: mu1 + c11 * _standard[0], x2: mu2 + c21 * _standard[0] + c22 * _standard[1]},
        sp.exp((_orders[0] ** 2 + _orders[1] ** 2) / 2), statistics=_standard, orders=_orders,
    ),
    sampler=_sample_cholesky,
    example={mu1: Q("1/3"), mu2: Q("-1/2"), c11: Q("4/3"), c21: Q("-2/5"), c22: Q("3/4")},
    slug="bivariate_normal_cholesky", chart="(μ₁, μ₂, c₁₁, c₂₁, c₂₂), Σ = C Cᵀ",
)
log_normal = Family(
    "LogNormal", y, [mu, sigma],
    _constant - sp.log(sigma) - sp.log(y) - (sp.log(y) - mu) ** 2 / (2 * sigma**2),
    MomentRule({y: sp.exp(L)}, sp.exp(mu * s + sigma**2 * s**2 / 2)),
    sampler=lambda rng, n, mu, sigma: rng.lognormal(mu, sigma, n),
    example={mu: Q("1/3"), sigma: Q("4/3")}, slug="log_normal", chart="(μ, σ)",
)
