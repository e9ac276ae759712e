"""Discrete outcomes: Bernoulli, Binomial, Geometric, Negative binomial, Poisson, Categorical."""

import numpy as np
import sympy as sp

from ngbook.families.family import Family
from ngbook.families.spaces import greater, positive, probability
from ngbook.symbolic import FiniteSum, L, MomentRule, s

k = sp.Symbol("k", integer=True, nonnegative=True)
p = sp.Symbol("p", positive=True)
eta = sp.Symbol("eta", real=True)
lam = sp.Symbol("lambda", positive=True)
n = sp.Symbol("n", integer=True, positive=True)
r = sp.Symbol("r", positive=True)


def _bernoulli():
    log_density = k * sp.log(p) + (1 - k) * sp.log(1 - p)
    return Family(
        "Bernoulli",
        k,
        [p],
        log_density,
        FiniteSum(k, log_density, (0, 1)),
        support=sp.Range(0, 2),
        parameter_space=probability(p),
        sampler=lambda rng, n, p: rng.binomial(1, p, n),
        example={p: sp.Rational(3, 10)},
        slug="bernoulli",
        chart="p",
    )


def _bernoulli_logit():
    log_density = k * eta - sp.log(1 + sp.exp(eta))
    return Family(
        "Bernoulli",
        k,
        [eta],
        log_density,
        FiniteSum(k, log_density, (0, 1)),
        support=sp.Range(0, 2),
        sampler=lambda rng, n, eta: rng.binomial(1, 1 / (1 + np.exp(-eta)), n),
        example={eta: sp.Rational(-3, 7)},
        slug="bernoulli_logit",
        chart="η = log p/(1-p)",
    )


bernoulli = _bernoulli()
bernoulli_logit = _bernoulli_logit()

poisson = Family(
    "Poisson",
    k,
    [lam],
    k * sp.log(lam) - lam - sp.loggamma(k + 1),
    MomentRule({k: L}, sp.exp(lam * (sp.exp(s) - 1))),
    support=sp.S.Naturals0,
    sampler=lambda rng, n, rate: rng.poisson(rate, n),
    example={lam: sp.Rational(7, 3)},
    slug="poisson",
    chart="λ",
)
