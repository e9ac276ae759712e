"""KL by quadrature, where it has no closed form."""

import numpy as np
import sympy as sp

from ngbook import symbolic
from ngbook.families.compiled import compile_entries

LARGEST = 600.0  # of |log(U / V)|: beyond it, squares of outcomes overflow
STEP = 0.02


def kl_by_quadrature(family, old, new):
    """Divergence ``KL(old || new)`` of a family of scalar outcomes.

    With a ``BetaRule`` the integral is taken over ``t = log(U / V)``, in which the integrand is smooth and
    decays exponentially, so that the trapezoidal rule converges exponentially. Other rules do not say where
    the mass is, so adaptive quadrature runs over the support.
    """
    if isinstance(family.rule, symbolic.BetaRule):
        return _over_logit(family, old, new)
    return _over_support(family, old, new)


def _over_logit(family, old, new):
    from scipy.special import betaln, expit, log_expit

    rule, T, U, V = family.rule, symbolic.T, symbolic.U, symbolic.V
    outcome, square = rule.substitution[family.variable], rule.square
    first, second, outcome_at, square_at = (
        compile_entries([entry], (*family.parameters, U, V, T))
        for entry in (rule.first, rule.second, outcome, square)
    )
    a, b = float(first(*old, 1, 1, 1)[0]), float(second(*old, 1, 1, 1)[0])
    t = np.arange(-min(LARGEST, 50 / min(a, 1)), min(LARGEST, 50 / min(b, 1)), STEP)
    u, v = expit(t), expit(-t)
    weights = STEP * np.exp(a * log_expit(t) + b * log_expit(-t) - betaln(a, b))
    root = np.sqrt(square_at(*old, u, v, 1)[0]) if outcome.has(T) else np.zeros_like(t)
    ratios = []
    for sign in (1, -1):
        x = outcome_at(*old, u, v, sign * root)[0]
        ratios.append(family.log_prob(old, x) - family.log_prob(new, x))
    return float(weights @ (ratios[0] + ratios[1]) / 2)


def _over_support(family, old, new):
    from scipy.integrate import quad

    if not isinstance(family.support, sp.Interval) and family.support is not sp.S.Reals:
        raise ValueError(
            f"KL of {family!r} has no closed form; its quadrature covers scalar, continuous outcomes only"
        )
    values = dict(zip(family.parameters, old, strict=True))
    lower, upper = (float(end.subs(values)) for end in (family.support.inf, family.support.sup))

    def integrand(x):
        here = family.log_prob(old, [x])[0]
        return np.exp(here) * (here - family.log_prob(new, [x])[0]) if np.isfinite(here) else 0.0

    return quad(integrand, lower, upper, epsabs=1e-12, epsrel=1e-10, limit=500)[0]
