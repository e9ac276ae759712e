"""Vector outcomes: Dirichlet on the simplex and the Normal distribution of two outcomes."""

import numpy as np
import sympy as sp

from ngbook import symbolic
from ngbook.families.family import Family
from ngbook.families.spaces import greater, positive
from ngbook.families.special import DEVIANCE, DIGAMMA_GAP, GAMMA_REST
from ngbook.symbolic import MomentRule

_orders = sp.symbols("s_1:4")


def _dirichlet(size):
    x, a = sp.symbols(f"x_1:{size + 1}", positive=True), sp.symbols(f"a_1:{size + 1}", positive=True)
    logs, orders = sp.symbols(f"L_1:{size + 1}", real=True), _orders[:size]
    log_norm = sum(map(sp.loggamma, a)) - sp.loggamma(sum(a))
    log_norm_at = log_norm.subs(
        {a_i: a_i + s_i for a_i, s_i in zip(a, orders, strict=True)}, simultaneous=True
    )
    total = sum(a)
    stable = GAMMA_REST(total) - sp.log(total) + total * (sum(x) - 1)
    stable += sum(
        sp.log(a_i) - sp.log(x_i) - GAMMA_REST(a_i) - DEVIANCE(a_i, total * x_i, total * x_i - a_i)
        for a_i, x_i in zip(a, x, strict=True)
    )
    others = [sum(a[:i] + a[i + 1 :]) for i in range(size)]
    return Family(
        "Dirichlet",
        x,
        a,
        sum((a_i - 1) * sp.log(x_i) for a_i, x_i in zip(a, x, strict=True)) - log_norm,
        MomentRule(
            {x_i: sp.exp(log_i) for x_i, log_i in zip(x, logs, strict=True)},
            sp.exp(log_norm_at - log_norm),
            statistics=logs,
            orders=orders,
        ),
        support=sp.ConditionSet(x, sp.Eq(sum(x), 1), sp.ProductSet(*[sp.Interval.open(0, 1)] * size)),
        stable_log_density=stable,
        stable_score=[
            sp.log(x_i) + DIGAMMA_GAP(a_i, rest) for x_i, a_i, rest in zip(x, a, others, strict=True)
        ],
        sampler=lambda rng, n, *a: rng.dirichlet(a, n),
        example=dict(zip(a, map(sp.Rational, ("5/2", "4/3", "7/4")), strict=False)),
        slug="dirichlet",
        chart="(a₁, a₂, a₃)",
    )


dirichlet = _dirichlet(3)

x1, x2, mu1, mu2, rho = sp.symbols("x_1 x_2 mu_1 mu_2 rho", real=True)
sigma1, sigma2 = sp.symbols("sigma_1 sigma_2", positive=True)
_z1, _z2 = sp.symbols("z_1 z_2", real=True)  # standardised outcomes, with correlation rho


def _bivariate_log_density():
    z1, z2 = (x1 - mu1) / sigma1, (x2 - mu2) / sigma2
    square = (z1**2 - 2 * rho * z1 * z2 + z2**2) / (1 - rho**2)
    return -sp.log(2 * sp.pi) - sp.log(sigma1) - sp.log(sigma2) - sp.log(1 - rho**2) / 2 - square / 2


def _stable_bivariate():
    """The second outcome, and the first one given the second: no squares cancel as rho comes to 1."""
    z1, z2 = (x1 - mu1) / sigma1, (x2 - mu2) / sigma2
    logs = sp.log(2 * sp.pi) + sp.log(sigma1) + sp.log(sigma2) + sp.log(1 - rho) / 2 + sp.log(1 + rho) / 2
    return -logs - ((z1 - rho * z2) ** 2 / ((1 - rho) * (1 + rho)) + z2**2) / 2


def _sample_bivariate(rng, n, mu1, mu2, sigma1, sigma2, rho):
    z = rng.standard_normal((n, 2))
    correlated = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    return np.column_stack([mu1 + sigma1 * z[:, 0], mu2 + sigma2 * correlated])


bivariate_normal = Family(
    "Bivariate Normal",
    (x1, x2),
    [mu1, mu2, sigma1, sigma2, rho],
    _bivariate_log_density(),
    MomentRule(
        {x1: mu1 + sigma1 * _z1, x2: mu2 + sigma2 * _z2},
        sp.exp((_orders[0] ** 2 + 2 * rho * _orders[0] * _orders[1] + _orders[1] ** 2) / 2),
        statistics=(_z1, _z2),
        orders=_orders[:2],
    ),
    parameter_space=[*positive(sigma1, sigma2), greater(rho, -1), greater(1, rho)],
    stable_log_density=_stable_bivariate(),
    stable_score=list(symbolic.score(_stable_bivariate(), [mu1, mu2, sigma1, sigma2, rho])),
    sampler=_sample_bivariate,
    example=dict(
        zip(
            (mu1, mu2, sigma1, sigma2, rho),
            map(sp.Rational, ("1/3", "-1/2", "4/3", "3/4", "2/5")),
            strict=True,
        )
    ),
    slug="bivariate_normal",
    chart="(μ₁, μ₂, σ₁, σ₂, ρ)",
)
