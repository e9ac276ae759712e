"""Outcomes on the line and on the circle."""

import sympy as sp
from sympy import Rational as Q
from sympy.codegen.cfunctions import expm1, log1p

from ngbook.families.family import Family
from ngbook.families.special import LOG_HYPOT, SCALED_BESSEL, SHARE
from ngbook.symbolic import BetaRule, L, MomentRule, T, U, V, s
from ngbook.symbolic.forms import old
from ngbook.symbolic.rules import ANGLE, COSINE, SINE

x, mu = sp.symbols("x mu", real=True)
b, nu, sigma, scale, kappa, width = sp.symbols("b nu sigma s kappa gamma", positive=True)
_t = sp.Symbol("t")
_z = (x - mu) / scale
_width = sigma * sp.sqrt(nu)
_parts = SHARE(x - mu, _width), SHARE(_width, x - mu)
_distance = sp.Abs(mu - old(mu))
_gumbel_z = (x - mu) / b

# fmt: off
laplace = Family(
    "Laplace", x, [mu, b], -sp.log(2 * b) - sp.Abs(x - mu) / b,
    MomentRule([{x: mu + b * sp.exp(L)}, {x: mu - b * sp.exp(L)}], sp.gamma(1 + s)),
    sampler=lambda rng, n, mu, b: rng.laplace(mu, b, n),
    closed_form_kl=sp.log(b / old(b)) + (_distance + old(b) * sp.exp(-_distance / old(b))) / b - 1,
    kl_source="M. Gil, F. Alajaji and T. Linder, Information Sciences 249 (2013) 124-131",
    example={mu: Q("1/3"), b: Q("4/3")}, chart="(μ, b)",
)
student_t = Family(
    "Student-t", x, [mu, sigma],
    sp.loggamma((nu + 1) / 2) - sp.loggamma(nu / 2) - sp.log(sp.pi * nu) / 2 - sp.log(sigma)
    - (nu + 1) / 2 * sp.log(1 + (x - mu) ** 2 / (nu * sigma**2)),
    BetaRule({x: mu + sigma * T}, nu / 2, sp.S.Half, square=nu * V / U), constants=[nu],
    stable_log_density=sp.loggamma((nu + 1) / 2) - sp.loggamma(nu / 2) - sp.log(sp.pi * nu) / 2
    - sp.log(sigma) - (nu + 1) * LOG_HYPOT(x - mu, _width),
    stable_score=[
        (nu + 1) * _parts[0] * _parts[1] / _width, (nu * _parts[0] ** 2 - _parts[1] ** 2) / sigma
    ],
    sampler=lambda rng, n, mu, sigma, nu: mu + sigma * rng.standard_t(nu, n),
    no_kl="The mean of log(1 + (x - μ)²/νσ²) under other parameters has no closed form for general ν.",
    example={mu: Q("1/3"), sigma: Q("4/3"), nu: Q("7/2")}, chart="(μ, σ), ν fixed",
)
cauchy = Family(
    "Cauchy", x, [mu, width], sp.log(width / sp.pi) - sp.log(width**2 + (x - mu) ** 2),
    BetaRule({x: mu + width * T}, sp.S.Half, sp.S.Half),
    stable_log_density=-sp.log(sp.pi) - sp.log(width) - 2 * LOG_HYPOT(x - mu, width),
    sampler=lambda rng, n, mu, width: mu + width * rng.standard_cauchy(n),
    closed_form_kl=sp.log(((width + old(width)) ** 2 + (mu - old(mu)) ** 2) / (4 * width * old(width))),
    kl_source="F. Chyzak and F. Nielsen, arXiv:1905.10965 (2019)",
    example={mu: Q("1/3"), width: Q("4/3")}, chart="(μ, γ)",
)
logistic = Family(
    "Logistic", x, [mu, scale], -_z - sp.log(scale) - 2 * sp.log(1 + sp.exp(-_z)),
    BetaRule({x: mu + scale * (sp.log(U) - sp.log(V))}, 1, 1),
    stable_log_density=-sp.Abs(_z) - sp.log(scale) - 2 * log1p(sp.exp(-sp.Abs(_z))),
    stable_score=[sp.tanh(_z / 2) / scale, (_z * sp.tanh(_z / 2) - 1) / scale],
    sampler=lambda rng, n, mu, scale: rng.logistic(mu, scale, n),
    no_kl="The mean of log(1 + exp(-(x - μ)/s)) under another location and scale has no closed form.",
    example={mu: Q("1/3"), scale: Q("4/3")}, chart="(μ, s)",
)
gumbel = Family(
    "Gumbel", x, [mu, b], -sp.log(b) - _gumbel_z - sp.exp(-_gumbel_z),
    MomentRule({x: mu - b * L}, sp.gamma(1 + s)),
    stable_score=[-expm1(-_gumbel_z) / b, (-1 - _gumbel_z * expm1(-_gumbel_z)) / b],
    sampler=lambda rng, n, mu, b: rng.gumbel(mu, b, n),
    example={mu: Q("1/3"), b: Q("4/3")}, chart="(μ, b)",
)
von_mises = Family(
    "von Mises", x, [mu, kappa], kappa * sp.cos(x - mu) - sp.log(2 * sp.pi * sp.besseli(0, kappa)),
    MomentRule(
        {x: mu + ANGLE}, sp.besseli(0, sp.sqrt((kappa + s) ** 2 + _t**2)) / sp.besseli(0, kappa),
        statistics=(COSINE, SINE), orders=(s, _t),
    ),
    support=sp.Interval(-sp.pi, sp.pi),
    stable_log_density=-2 * kappa * sp.sin((x - mu) / 2) ** 2 - sp.log(2 * sp.pi)
    - sp.log(SCALED_BESSEL(0, kappa)),
    stable_score=[
        kappa * sp.sin(x - mu),
        1 - sp.besseli(1, kappa) / sp.besseli(0, kappa) - 2 * sp.sin((x - mu) / 2) ** 2,
    ],
    sampler=lambda rng, n, mu, kappa: rng.vonmises(mu, kappa, n),
    example={mu: Q("1/3"), kappa: Q("4/3")}, chart="(μ, κ)",
)
