"""Outcomes on the line and on the circle."""

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from ngbook.families.family import Family
from ngbook.families.special import BESSEL_GAP, GAMMA_REST, LOG_HYPOT, SCALED_BESSEL, SHARE
from ngbook.symbolic import ANGLE, COSINE, SINE, BetaRule, L, MomentRule, T, U, V, old, s

x, mu = sp.symbols("x mu", real=True)
b, nu, sigma, scale, kappa, width = sp.symbols("b nu sigma s kappa gamma", positive=True)
_t = sp.Symbol("t")
_z = (x - mu) / scale
_width = sigma * sp.sqrt(nu)


def _laplace_kl():
    distance = sp.Abs(mu - old(mu))
    return sp.log(b / old(b)) + (distance + old(b) * sp.exp(-distance / old(b))) / b - 1


laplace = Family(
    "Laplace",
    x,
    [mu, b],
    -sp.log(2 * b) - sp.Abs(x - mu) / b,
    MomentRule([{x: mu + b * sp.exp(L)}, {x: mu - b * sp.exp(L)}], sp.gamma(1 + s)),
    sampler=lambda rng, n, mu, b: rng.laplace(mu, b, n),
    closed_form_kl=_laplace_kl(),
    kl_source="M. Gil, F. Alajaji and T. Linder, Information Sciences 249 (2013) 124-131",
    example={mu: sp.Rational(1, 3), b: sp.Rational(4, 3)},
    slug="laplace",
    chart="(μ, b)",
)


def _student_constant(half):
    """``log Gamma(half + 1/2) - log Gamma(half) - log(half) / 2``, without the large terms of each."""
    more = half + sp.S.Half
    rest = GAMMA_REST(more) - sp.log(more) / 2 - GAMMA_REST(half) + sp.log(half) / 2
    return rest + half * sp.log(1 + 1 / (2 * half)) - sp.S.Half


student_t = Family(
    "Student-t",
    x,
    [mu, sigma],
    sp.loggamma((nu + 1) / 2)
    - sp.loggamma(nu / 2)
    - sp.log(sp.pi * nu) / 2
    - sp.log(sigma)
    - (nu + 1) / 2 * sp.log(1 + (x - mu) ** 2 / (nu * sigma**2)),
    BetaRule({x: mu + sigma * T}, nu / 2, sp.S.Half, square=nu * V / U),
    stable_log_density=_student_constant(nu / 2)
    - sp.log(2 * sp.pi) / 2
    - sp.log(sigma)
    - (nu + 1) * LOG_HYPOT(x - mu, _width),
    stable_score=[
        (nu + 1) * SHARE(x - mu, _width) * SHARE(_width, x - mu) / _width,
        (nu * SHARE(x - mu, _width) ** 2 - SHARE(_width, x - mu) ** 2) / sigma,
    ],
    sampler=lambda rng, n, mu, sigma, nu: mu + sigma * rng.standard_t(nu, n),
    constants=[nu],
    no_kl="The mean of log(1 + (x - μ)²/νσ²) under other parameters has no closed form for general ν.",
    example={mu: sp.Rational(1, 3), sigma: sp.Rational(4, 3), nu: sp.Rational(7, 2)},
    slug="student_t",
    chart="(μ, σ), ν fixed",
)

cauchy = Family(
    "Cauchy",
    x,
    [mu, width],
    sp.log(width / sp.pi) - sp.log(width**2 + (x - mu) ** 2),
    BetaRule({x: mu + width * T}, sp.S.Half, sp.S.Half),
    stable_log_density=-sp.log(sp.pi) - sp.log(width) - 2 * LOG_HYPOT(x - mu, width),
    sampler=lambda rng, n, mu, width: mu + width * rng.standard_cauchy(n),
    closed_form_kl=sp.log(((width + old(width)) ** 2 + (mu - old(mu)) ** 2) / (4 * width * old(width))),
    kl_source="F. Chyzak and F. Nielsen, arXiv:1905.10965 (2019)",
    example={mu: sp.Rational(1, 3), width: sp.Rational(4, 3)},
    slug="cauchy",
    chart="(μ, γ)",
)

logistic = Family(
    "Logistic",
    x,
    [mu, scale],
    -(x - mu) / scale - sp.log(scale) - 2 * sp.log(1 + sp.exp(-(x - mu) / scale)),
    BetaRule({x: mu + scale * (sp.log(U) - sp.log(V))}, 1, 1),
    stable_log_density=-sp.Abs(_z) - sp.log(scale) - 2 * log1p(sp.exp(-sp.Abs(_z))),
    stable_score=[sp.tanh(_z / 2) / scale, (_z * sp.tanh(_z / 2) - 1) / scale],
    sampler=lambda rng, n, mu, scale: rng.logistic(mu, scale, n),
    no_kl="The mean of log(1 + exp(-(x - μ)/s)) under another location and scale has no closed form.",
    example={mu: sp.Rational(1, 3), scale: sp.Rational(4, 3)},
    slug="logistic",
    chart="(μ, s)",
)

gumbel = Family(
    "Gumbel",
    x,
    [mu, b],
    -sp.log(b) - (x - mu) / b - sp.exp(-(x - mu) / b),
    MomentRule({x: mu - b * L}, sp.gamma(1 + s)),
    stable_score=[-expm1(-(x - mu) / b) / b, (-1 - (x - mu) / b * expm1(-(x - mu) / b)) / b],
    sampler=lambda rng, n, mu, b: rng.gumbel(mu, b, n),
    example={mu: sp.Rational(1, 3), b: sp.Rational(4, 3)},
    slug="gumbel",
    chart="(μ, b)",
)

von_mises = Family(
    "von Mises",
    x,
    [mu, kappa],
    kappa * sp.cos(x - mu) - sp.log(2 * sp.pi * sp.besseli(0, kappa)),
    MomentRule(
        {x: mu + ANGLE},
        sp.besseli(0, sp.sqrt((kappa + s) ** 2 + _t**2)) / sp.besseli(0, kappa),
        statistics=(COSINE, SINE),
        orders=(s, _t),
    ),
    support=sp.Interval(-sp.pi, sp.pi),
    stable_log_density=-2 * kappa * sp.sin((x - mu) / 2) ** 2
    - sp.log(2 * sp.pi)
    - sp.log(SCALED_BESSEL(0, kappa)),
    stable_score=[kappa * sp.sin(x - mu), BESSEL_GAP(kappa) - 2 * sp.sin((x - mu) / 2) ** 2],
    sampler=lambda rng, n, mu, kappa: rng.vonmises(mu, kappa, n),
    example={mu: sp.Rational(1, 3), kappa: sp.Rational(4, 3)},
    slug="von_mises",
    chart="(μ, κ)",
)
