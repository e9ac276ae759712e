"""Discrete outcomes: Bernoulli, Categorical, Binomial, Poisson, Geometric, Negative binomial."""

import numpy as np
import sympy as sp
from sympy import Rational as Q

from ngbook.families.family import Family
from ngbook.families.spaces import greater, positive, probability
from ngbook.families.special import LOG_BINOMIAL, LOG_POISSON, LOG_SUM_EXP, LOGISTIC
from ngbook.symbolic import FiniteSum, L, MomentRule, s

k = sp.Symbol("k", integer=True, nonnegative=True)
p, p1, p2 = sp.symbols("p p_1 p_2", positive=True)
eta = sp.Symbol("eta", real=True)
logits = sp.symbols("theta_1:4", real=True)
lam, r = sp.symbols("lambda r", positive=True)
n = sp.Symbol("n", integer=True, positive=True)


def _on_finite_set(name, size, parameters, log_density, **declared):
    """Family on the outcomes 0, ..., size - 1, whose expectations are finite sums."""
    rule = FiniteSum(k, log_density, range(size))
    return Family(name, k, parameters, log_density, rule, support=sp.Range(size), **declared)


def _choose(log_probabilities):
    """Log-density of the outcome k from a list of log-probabilities."""
    return sum(sp.KroneckerDelta(k, i) * log_p for i, log_p in enumerate(log_probabilities))


def _draw(rng, size, probabilities):
    return rng.choice(len(probabilities), size, p=np.divide(probabilities, np.sum(probabilities)))


def _softmax_score(index):
    """``1 - q`` where the outcome is the index, as a sum of the other probabilities, and ``-q`` elsewhere."""
    total = LOG_SUM_EXP(*logits)
    chances = [sp.exp(logit - total) for logit in logits]
    own = sp.KroneckerDelta(k, index)
    return own * sum(chances[i] for i in range(3) if i != index) - (1 - own) * chances[index]


# fmt: off
bernoulli = _on_finite_set(
    "Bernoulli", 2, [p], k * sp.log(p) + (1 - k) * sp.log(1 - p),
    parameter_space=probability(p),
    sampler=lambda rng, size, p: rng.binomial(1, p, size),
    example={p: Q("3/10")}, chart="p",
)
bernoulli_logit = _on_finite_set(
    "Bernoulli", 2, [eta], k * eta - sp.log(1 + sp.exp(eta)),
    stable_log_density=-(1 - k) * LOG_SUM_EXP(0, eta) - k * LOG_SUM_EXP(0, -eta),
    stable_score=[k * LOGISTIC(-eta) - (1 - k) * LOGISTIC(eta)],
    sampler=lambda rng, size, eta: rng.binomial(1, np.exp(-np.logaddexp(0, -eta)), size),
    example={eta: Q("-3/7")}, slug="bernoulli_logit", chart="η = log p/(1-p)",
)
categorical = _on_finite_set(
    "Categorical", 3, [p1, p2], _choose([sp.log(p1), sp.log(p2), sp.log(1 - p1 - p2)]),
    parameter_space=[*positive(p1, p2), greater(1, p1 + p2)],
    sampler=lambda rng, size, p1, p2: _draw(rng, size, [p1, p2, 1 - p1 - p2]),
    example={p1: Q("1/5"), p2: Q("3/7")}, chart="simplex: (p₁, p₂), p₃ = 1 - p₁ - p₂",
)
categorical_softmax = _on_finite_set(
    "Categorical", 3, logits, _choose([logit - sp.log(sum(map(sp.exp, logits))) for logit in logits]),
    stable_log_density=_choose([
        -LOG_SUM_EXP(0, *(other - logit for other in logits if other != logit)) for logit in logits
    ]),
    stable_score=[_softmax_score(index) for index in range(3)],
    sampler=lambda rng, size, *logits: _draw(rng, size, np.exp(np.subtract(logits, max(logits)))),
    example=dict(zip(logits, (Q("1/5"), Q("3/10"), Q("-2/7")), strict=True)),
    slug="categorical_softmax", chart="softmax: (θ₁, θ₂, θ₃)",
)
binomial = Family(
    "Binomial", k, [p],
    sp.loggamma(n + 1) - sp.loggamma(k + 1) - sp.loggamma(n - k + 1)
    + k * sp.log(p) + (n - k) * sp.log(1 - p),
    MomentRule({k: L}, (1 - p + p * sp.exp(s)) ** n),
    support=sp.Range(n + 1), parameter_space=[*probability(p), *positive(n)], constants=[n],
    stable_log_density=LOG_BINOMIAL(0, n, k, n - k, p),
    sampler=lambda rng, size, p, n: rng.binomial(n, p, size),
    example={p: Q("3/10"), n: sp.Integer(7)}, chart="p, of n trials",
)
poisson = Family(
    "Poisson", k, [lam], k * sp.log(lam) - lam - sp.loggamma(k + 1),
    MomentRule({k: L}, sp.exp(lam * (sp.exp(s) - 1))),
    support=sp.S.Naturals0,
    stable_log_density=LOG_POISSON(0, k, lam, sp.log(lam)),
    sampler=lambda rng, size, rate: rng.poisson(rate, size),
    example={lam: Q("7/3")}, chart="λ",
)
geometric = Family(
    "Geometric", k, [p], sp.log(p) + (k - 1) * sp.log(1 - p),
    MomentRule({k: L}, p * sp.exp(s) / (1 - (1 - p) * sp.exp(s))),
    support=sp.S.Naturals, parameter_space=probability(p),
    sampler=lambda rng, size, p: rng.geometric(p, size),
    example={p: Q("3/10")}, chart="p, trials until the first success",
)
negative_binomial = Family(
    "Negative binomial", k, [p],
    sp.loggamma(k + r) - sp.loggamma(k + 1) - sp.loggamma(r) + r * sp.log(p) + k * sp.log(1 - p),
    MomentRule({k: L}, (p / (1 - (1 - p) * sp.exp(s))) ** r),
    support=sp.S.Naturals0, parameter_space=[*probability(p), *positive(r)], constants=[r],
    stable_log_density=-sp.log(1 + k / r) + LOG_BINOMIAL(0, k + r, r, k, p),
    sampler=lambda rng, size, p, r: rng.negative_binomial(r, p, size),
    example={p: Q("3/10"), r: Q("5/2")}, chart="p, failures before success r",
)
