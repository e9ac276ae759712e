"""Functions in which log-densities and scores lose no digits at the edge of double precision.

Each is a SymPy function, in which the stable form of a family is written, and a NumPy function of the same
name that ``compile_entries`` puts in its place.
"""

from functools import reduce

import numpy as np
import sympy as sp
from scipy import special

LOG_POISSON = sp.Function("log_poisson", real=True)
LOG_BINOMIAL = sp.Function("log_binomial", real=True)
LOG_HYPOT = sp.Function("log_hypot", real=True)
SHARE = sp.Function("share", real=True)
SCALED_BESSEL = sp.Function("scaled_bessel", positive=True)
LOGISTIC = sp.Function("expit", positive=True)

ORDINARY = 128  # up to this count, log-gammas cancel less than three of sixteen digits


class LOG_SUM_EXP(sp.Function):
    """Logarithm of a sum of exponentials."""

    def _eval_is_real(self):
        return True

    def fdiff(self, argindex=1):
        return sp.exp(self.args[argindex - 1] - self)


def log_poisson(shift, count, mean, log_mean):
    """``(count - shift) * log(mean) - mean - log Gamma(count + 1)``.

    Large counts take the form of C. Loader (*Fast and accurate computation of binomial probabilities*, 2000),
    in which nothing cancels.
    """
    if np.max(count, initial=0) <= ORDINARY:
        return (count - shift) * log_mean - mean - special.gammaln(count + 1)
    return -_gamma_rest(count) - _deviance(count, mean, log_mean, mean - count) - shift * log_mean


def log_binomial(shift, total, count, rest, chance):
    """Log-probability of ``count`` of ``total = count + rest``, less ``shift`` times that of two more.

    That is ``shift * log(chance * (1 - chance))``.
    """
    # With a shift, the chance is an outcome: rounding 1 - chance is small beside that of log(chance).
    log_chance, log_other = np.log(chance), np.log(1 - chance) if shift else np.log1p(-chance)
    if np.max(total, initial=0) <= ORDINARY:
        choices = special.gammaln(total + 1) - special.gammaln(count + 1) - special.gammaln(rest + 1)
        return choices + (count - shift) * log_chance + (rest - shift) * log_other
    means, gap, log_total = (total * chance, total * (1 - chance)), total * chance - count, np.log(total)
    return (
        _gamma_rest(total)
        - _gamma_rest(count)
        - _gamma_rest(rest)
        - _deviance(count, means[0], log_total + log_chance, gap)
        - _deviance(rest, means[1], log_total + log_other, -gap)
        - shift * (log_chance + log_other)
    )


def _gamma_rest(x):
    """``log Gamma(x + 1) - x * log(x) + x``: what Stirling's formula leaves, about ``log(2 pi x) / 2``."""
    x = np.asarray(x, dtype=float)
    square = 1 / np.maximum(x, 15) ** 2
    series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188))))
    by_series = np.log(2 * np.pi * np.maximum(x, 15)) / 2 + series * np.sqrt(square)
    small = np.minimum(x, 15)
    return np.where(x >= 15, by_series, special.gammaln(small + 1) - special.xlogy(small, small) + small)


def _deviance(x, mean, log_mean, gap):
    """``x * log(x / mean) + gap`` with ``gap = mean - x``: not negative, and zero where they coincide."""
    excess = gap / np.where(x == 0, 1.0, x)
    far = excess < -0.5
    ratio = np.where(far, log_mean - np.log(np.where(x == 0, 1.0, x)), np.log1p(np.where(far, 0.0, excess)))
    return gap - x * ratio


def log_hypot(gap, width):
    """``log(1 + (gap / width)**2) / 2``, where the square or the ratio may overflow."""
    size = np.abs(gap / width)
    near, far = np.log1p(size * size) / 2, size > 1e8
    return np.where(far, np.log(np.abs(gap)) - np.log(width), near)


def share(part, other):
    """``part / sqrt(part**2 + other**2)``, where the squares may overflow."""
    return part / np.hypot(part, other)


NUMERICS = {function.__name__: function for function in (log_poisson, log_binomial, log_hypot, share)}
NUMERICS |= {"LOG_SUM_EXP": lambda *terms: reduce(np.logaddexp, terms)}
NUMERICS |= {"scaled_bessel": special.ive, "expit": special.expit}
NUMERICS |= {"indicator": lambda i, j: np.equal(i, j).astype(float)}
MODULES = [NUMERICS, "scipy", "numpy"]
"""For ``sympy.lambdify``: from the names of the SymPy functions to NumPy functions."""
