"""Vector outcomes: Dirichlet on the simplex and the Normal distribution of two outcomes."""

import numpy as np
import sympy as sp
from sympy import Rational as Q

from ngbook import symbolic
from ngbook.families.family import Family
from ngbook.families.spaces import greater, positive
from ngbook.symbolic import MomentRule

x = sp.symbols("x_1:4", positive=True)
a = sp.symbols("a_1:4", positive=True)
orders = sp.symbols("s_1:4")
_logs = sp.symbols("L_1:4", real=True)


def _log_norm(a):
    return sum(map(sp.loggamma, a)) - sp.loggamma(sum(a))


# fmt: off
dirichlet = Family(
    "Dirichlet", x, a, sum((a_i - 1) * sp.log(x_i) for a_i, x_i in zip(a, x, strict=True)) - _log_norm(a),
    MomentRule(
        {x_i: sp.exp(log_i) for x_i, log_i in zip(x, _logs, strict=True)},
        sp.exp(_log_norm([a_i + s_i for a_i, s_i in zip(a, orders, strict=True)]) - _log_norm(a)),
        statistics=_logs, orders=orders,
    ),
    support=sp.ConditionSet(x, sp.Eq(sum(x), 1), sp.ProductSet(*[sp.Interval.open(0, 1)] * 3)),
    sampler=lambda rng, n, *a: rng.dirichlet(a, n),
    example=dict(zip(a, (Q(5, 2), Q(4, 3), Q(7, 4)), strict=True)), chart="(a₁, a₂, a₃)",
)

x1, x2, mu1, mu2, rho = sp.symbols("x_1 x_2 mu_1 mu_2 rho", real=True)
sigma1, sigma2 = sp.symbols("sigma_1 sigma_2", positive=True)
_standard = sp.symbols("z_1 z_2", real=True)  # standardised outcomes, with correlation rho
_z1, _z2 = (x1 - mu1) / sigma1, (x2 - mu2) / sigma2
_square = (_z1**2 - 2 * rho * _z1 * _z2 + _z2**2) / (1 - rho**2)
_logs_of_scales = sp.log(2 * sp.pi) + sp.log(sigma1) + sp.log(sigma2)
# The second outcome, and the first one given the second: no squares cancel as rho comes to 1.
_stable = (
    -_logs_of_scales - sp.log(1 - rho) / 2 - sp.log(1 + rho) / 2
    - ((_z1 - rho * _z2) ** 2 / ((1 - rho) * (1 + rho)) + _z2**2) / 2
)


def _sample_bivariate(rng, n, mu1, mu2, sigma1, sigma2, rho):
    z = rng.standard_normal((n, 2))
    correlated = rho * z[:, 0] + np.sqrt(1 - rho**2) * z[:, 1]
    return np.column_stack([mu1 + sigma1 * z[:, 0], mu2 + sigma2 * correlated])


_chart = (mu1, mu2, sigma1, sigma2, rho)
bivariate_normal = Family(
    "Bivariate Normal", (x1, x2), _chart, -_logs_of_scales - sp.log(1 - rho**2) / 2 - _square / 2,
    MomentRule(
        {x1: mu1 + sigma1 * _standard[0], x2: mu2 + sigma2 * _standard[1]},
        sp.exp((orders[0] ** 2 + 2 * rho * orders[0] * orders[1] + orders[1] ** 2) / 2),
        statistics=_standard, orders=orders[:2],
    ),
    parameter_space=[*positive(sigma1, sigma2), greater(rho, -1), greater(1, rho)],
    stable_log_density=_stable, stable_score=list(symbolic.score(_stable, _chart)),
    sampler=_sample_bivariate,
    example=dict(zip(_chart, (Q(1, 3), Q(-1, 2), Q(4, 3), Q(3, 4), Q(2, 5)), strict=True)),
    chart="(μ₁, μ₂, σ₁, σ₂, ρ)",
)
