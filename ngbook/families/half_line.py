"""Positive outcomes, written as x = exp(L) times a scale; Beta and Dirichlet."""

import sympy as sp
from sympy import Rational as Q

from ngbook.families.family import Family
from ngbook.families.spaces import positive
from ngbook.families.special import LOG_BINOMIAL, LOG_POISSON
from ngbook.symbolic import BetaRule, L, MomentRule, U, s
from ngbook.symbolic.forms import old

x = sp.Symbol("x", positive=True)
lam, a, b, k, sigma = sp.symbols("lambda a b k sigma", positive=True)
alpha, mu, x_m, theta = sp.symbols("alpha mu x_m theta", positive=True)
xs, shapes = sp.symbols("x_1:4", positive=True), sp.symbols("a_1:4", positive=True)
_orders, _logarithms = sp.symbols("s_1:4"), sp.symbols("L_1:4", real=True)


def _log_norm(a):
    return sum(map(sp.loggamma, a)) - sp.loggamma(sum(a))


# fmt: off
exponential = Family(
    "Exponential", x, [lam], sp.log(lam) - lam * x,
    MomentRule({x: sp.exp(L) / lam}, sp.gamma(1 + s)),
    sampler=lambda rng, n, rate: rng.exponential(1 / rate, n),
    example={lam: Q("7/3")}, chart="rate λ",
)
gamma = Family(
    "Gamma", x, [a, b], a * sp.log(b) - sp.loggamma(a) + (a - 1) * sp.log(x) - b * x,
    MomentRule({x: sp.exp(L) / b}, sp.gamma(a + s) / sp.gamma(a)),
    stable_log_density=sp.log(a) + sp.log(b) + LOG_POISSON(1, a, b * x, sp.log(b) + sp.log(x)),
    sampler=lambda rng, n, a, b: rng.gamma(a, 1 / b, n),
    example={a: Q("5/2"), b: Q("4/3")}, chart="(shape a, rate b)",
)
inverse_gamma = Family(
    "Inverse gamma", x, [a, b], a * sp.log(b) - sp.loggamma(a) - (a + 1) * sp.log(x) - b / x,
    MomentRule({x: b * sp.exp(-L)}, sp.gamma(a + s) / sp.gamma(a)),
    stable_log_density=sp.log(a) - sp.log(b) + LOG_POISSON(-1, a, b / x, sp.log(b) - sp.log(x)),
    sampler=lambda rng, n, a, b: b / rng.gamma(a, 1, n),
    example={a: Q("5/2"), b: Q("4/3")}, chart="(shape a, scale b)",
)
beta = Family(
    "Beta", x, [a, b],
    sp.loggamma(a + b) - sp.loggamma(a) - sp.loggamma(b) + (a - 1) * sp.log(x) + (b - 1) * sp.log(1 - x),
    BetaRule({x: U}, a, b),
    support=sp.Interval.open(0, 1),
    stable_log_density=sp.log(a) - sp.log(1 + a / b) + LOG_BINOMIAL(1, a + b, a, b, x),
    sampler=lambda rng, n, a, b: rng.beta(a, b, n),
    example={a: Q("5/2"), b: Q("4/3")},
)
dirichlet = Family(
    "Dirichlet", xs, shapes,
    sum((a_i - 1) * sp.log(x_i) for a_i, x_i in zip(shapes, xs, strict=True)) - _log_norm(shapes),
    MomentRule(
        {x_i: sp.exp(log_i) for x_i, log_i in zip(xs, _logarithms, strict=True)},
        sp.exp(_log_norm([a_i + s_i for a_i, s_i in zip(shapes, _orders, strict=True)]) - _log_norm(shapes)),
        statistics=_logarithms, orders=_orders,
    ),
    support=sp.ConditionSet(xs, sp.Eq(sum(xs), 1), sp.ProductSet(*[sp.Interval.open(0, 1)] * 3)),
    sampler=lambda rng, n, *a: rng.dirichlet(a, n),
    example=dict(zip(shapes, (Q("5/2"), Q("4/3"), Q("7/4")), strict=True)), chart="(a₁, a₂, a₃)",
)
weibull = Family(
    "Weibull", x, [k, lam], sp.log(k) - sp.log(lam) + (k - 1) * sp.log(x / lam) - (x / lam) ** k,
    MomentRule({x: lam * sp.exp(L / k)}, sp.gamma(1 + s)),
    sampler=lambda rng, n, k, scale: scale * rng.weibull(k, n),
    example={k: Q("5/2"), lam: Q("4/3")}, chart="(shape k, scale λ)",
)
pareto = Family(
    "Pareto", x, [alpha], sp.log(alpha) + alpha * sp.log(x_m) - (alpha + 1) * sp.log(x),
    MomentRule({x: x_m * sp.exp(L)}, alpha / (alpha - s)),
    support=sp.Interval(x_m, sp.oo), constants=[x_m],
    sampler=lambda rng, n, alpha, x_m: x_m * (1 + rng.pareto(alpha, n)),
    example={alpha: Q("5/2"), x_m: Q("4/3")}, chart="shape α, from x_m on",
)
rayleigh = Family(
    "Rayleigh", x, [sigma], sp.log(x) - 2 * sp.log(sigma) - x**2 / (2 * sigma**2),
    MomentRule({x: sp.sqrt(2) * sigma * sp.exp(L / 2)}, sp.gamma(1 + s)),
    sampler=lambda rng, n, sigma: rng.rayleigh(sigma, n),
    example={sigma: Q("4/3")}, chart="σ",
)

# The joint moment generating function of x and 1/x is elementary.
_X, _R = sp.symbols("X R", positive=True)
_t = sp.Symbol("t")
_logs = sp.log(lam) / 2 - sp.log(2 * sp.pi) / 2 - 3 * sp.log(x) / 2
inverse_gaussian = Family(
    "Inverse Gaussian", x, [mu, lam], _logs - lam * x / (2 * mu**2) + lam / mu - lam / (2 * x),
    MomentRule(
        {x: _X, 1 / x: _R},
        sp.sqrt(lam / (lam - 2 * _t)) * sp.exp(lam / mu - sp.sqrt((lam - 2 * _t) * (lam / mu**2 - 2 * s))),
        statistics=(_X, _R), orders=(s, _t),
    ),
    stable_log_density=_logs - lam * (x - mu) ** 2 / (2 * mu**2 * x),
    stable_score=[lam * (x - mu) / mu**3, 1 / (2 * lam) - (x - mu) ** 2 / (2 * mu**2 * x)],
    sampler=lambda rng, n, mu, shape: rng.wald(mu, shape, n),
    example={mu: Q("3/2"), lam: Q("4/3")}, chart="(mean μ, shape λ)",
)
uniform = Family(
    "Uniform", x, [theta], -sp.log(theta), MomentRule({x: theta * sp.exp(-L)}, 1 / (1 - s)),
    support=sp.Interval.Lopen(0, theta), parameter_space=positive(theta),
    sampler=lambda rng, n, theta: theta * (1 - rng.random(n)),
    closed_form_kl=sp.Piecewise((sp.log(theta / old(theta)), theta >= old(theta)), (sp.oo, True)),
    kl_source="the log-density ratio is constant on the support of the old density",
    example={theta: Q("4/3")}, chart="(0, θ]",
)
