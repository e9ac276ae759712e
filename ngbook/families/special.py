"""Functions in which log-densities and scores lose no digits at the edge of double precision.

Each is a SymPy function, in which the stable form of a family is written, and a NumPy function of the same
name that ``compile_entries`` puts in its place.
"""

from functools import cache

import numpy as np
import sympy as sp

GAMMA_REST = sp.Function("gamma_rest", real=True)
BINOMIAL_REST = sp.Function("binomial_rest", real=True)
LOG_HYPOT = sp.Function("log_hypot", real=True)
SHARE = sp.Function("share", real=True)
DEVIANCE = sp.Function("deviance", real=True)
DIGAMMA_GAP = sp.Function("digamma_gap", positive=True)
BESSEL_GAP = sp.Function("bessel_gap", positive=True)
SCALED_BESSEL = sp.Function("scaled_bessel", positive=True)
LOG_SUM_EXP = sp.Function("log_sum_exp", real=True)
LOGISTIC = sp.Function("expit", positive=True)

TABULATED = 1024  # counts


def log_poisson(count, mean):
    """``count * log(mean) - mean - log Gamma(count + 1)``, without cancellation (C. Loader, 2000)."""
    return -GAMMA_REST(count) - DEVIANCE(count, mean, mean - count)


def log_binomial(count, total, chance):
    """``log(binomial(total, count) * chance**count * (1 - chance)**(total - count))``, likewise."""
    rest, gap = total - count, total * chance - count
    return (
        BINOMIAL_REST(total, count)
        - DEVIANCE(count, total * chance, gap)
        - DEVIANCE(rest, total * (1 - chance), -gap)
    )


def gamma_rest(x):
    """``log Gamma(x + 1) - x * log(x) + x``: what Stirling's formula leaves, about ``log(2 pi x) / 2``."""
    from scipy.special import gammaln, xlogy

    x = np.asarray(x, dtype=float)
    if x.ndim and x.size and x.max() < TABULATED:
        counts = x.astype(np.intp)
        if np.array_equal(counts, x):
            return _table()[counts]
    large = x >= 15
    if not large.any():
        return gammaln(x + 1) - xlogy(x, x) + x
    at = np.where(large, x, 15.0)
    square = 1 / at**2
    series = 1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188))))
    by_series = np.log(2 * np.pi * at) / 2 + series / at
    if large.all():
        return by_series
    small = np.where(large, 1.0, x)
    return np.where(large, by_series, gammaln(small + 1) - xlogy(small, small) + small)


def binomial_rest(total, count):
    """``gamma_rest`` of the total less those of the count and of the rest: exactly 0 where one of them is."""
    total, count = np.broadcast_arrays(np.asarray(total, dtype=float), count)
    return gamma_rest(total) - gamma_rest(count) - gamma_rest(total - count)


@cache
def _table():
    """``gamma_rest`` of small counts."""
    return np.array([float(gamma_rest(count)) for count in range(TABULATED)])


def deviance(x, mean, gap):
    """``x * log(x / mean) + gap`` with ``gap = mean - x``: not negative, and zero where they coincide."""
    x, mean, gap = (np.asarray(each, dtype=float) for each in (x, mean, gap))
    zero = x == 0
    if zero.any():
        return np.where(zero, gap, deviance(np.where(zero, 1.0, x), mean, np.where(zero, mean - 1, gap)))
    excess = gap / x
    far = excess < -0.5
    if not far.any():
        return gap - x * np.log1p(excess)
    return gap - x * np.where(far, np.log(mean / x), np.log1p(np.where(far, 0.0, excess)))


def digamma_gap(start, step):
    """``psi(start + step) - psi(start)`` of two positive numbers."""
    from scipy.special import psi

    end = start + step
    plain = psi(end) - psi(start)
    if plain > 1e-2 * (abs(psi(end)) + abs(psi(start))):
        return plain
    total = 0.0
    while start < 15:
        total += step / (start * end)
        start, end = start + 1, end + 1
    # Differences of the terms of the asymptotic series, B_2k / (2k x**2k), each with the factor `step`.
    total += np.log1p(step / start) + step / (2 * start * end)
    low, high = 1 / end**2, 1 / start**2
    change = (high - low) if step > start else step * (start + end) * low * high
    powers = high + low, high**2 + high * low + low**2, (high + low) * (high**2 + low**2)
    rest = 1 / 12 - powers[0] / 120 + powers[1] / 252 - powers[2] / 240
    return total + change * rest


def bessel_gap(kappa):
    """``1 - I_1(kappa) / I_0(kappa)``, about ``1 / (2 * kappa)`` for a large one."""
    from scipy.special import i0e, i1e

    if kappa < 30:
        return 1 - i1e(kappa) / i0e(kappa)
    first, second, below, above = 1.0, 1.0, 1.0, 0.0
    for k in range(1, 25):  # the asymptotic series of both, and of their difference
        odd = (2 * k - 1) ** 2
        first, second = first * odd / (8 * k * kappa), second * (odd - 4) / (8 * k * kappa)
        below, above = below + first, above + first - second
        if first < 1e-17 * below:
            break
    return above / below


def log_hypot(gap, width):
    """``log(1 + (gap / width)**2) / 2``, where the square or the ratio may overflow."""
    size = np.abs(gap / width)
    with np.errstate(divide="ignore"):
        far = np.log(np.abs(gap)) - np.log(width)
    return np.where(size < 1e8, np.log1p(size * size) / 2, far)


def share(part, other):
    """``part / sqrt(part**2 + other**2)``, where the squares may overflow."""
    return part / np.hypot(part, other)


def log_sum_exp(*terms):
    """Logarithm of a sum of exponentials."""
    total = terms[0]
    for term in terms[1:]:
        total = np.logaddexp(total, term)
    return total


def numerics():
    """From the names of the SymPy functions to NumPy functions."""
    from scipy import special

    return {
        "gamma_rest": gamma_rest,
        "binomial_rest": binomial_rest,
        "deviance": deviance,
        "digamma_gap": digamma_gap,
        "bessel_gap": bessel_gap,
        "scaled_bessel": special.ive,
        "log_sum_exp": log_sum_exp,
        "log_hypot": log_hypot,
        "share": share,
        "expit": special.expit,
        "log_gamma": special.gammaln,
        "indicator": lambda i, j: np.equal(i, j).astype(float),
    }
