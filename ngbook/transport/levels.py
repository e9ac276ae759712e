"""Integrals over the levels of quantile functions, from 0 to 1, or why there is none."""

import numpy as np

from ngbook._check.transport import per_level
from ngbook.families.quadrature import integrate

FARTHEST = 230.0  # s of the farthest level e^-s / 2, about 1e-100: SciPy's t.ppf(1e-150, 2.1) is wrong by 3
ROUNDING = np.finfo(float).eps
ROUNDED = 35.0  # where levels come from 1, their spacing is 1e-16: s of the last level that is told apart
HINT = "where the upper tail is heavy, give its quantile function from the upper end, as SciPy's isf"
EDGES = np.append(0.0, 2.0 ** np.arange(-1, 8))


def from_both_ends(quantile, upper_quantile, name):
    """Two functions of small levels: the quantile there, and that as far from 1; and how far each goes."""

    def lower(levels, *theta):
        return per_level(quantile(levels, *theta), levels, name)

    def upper(levels, *theta):
        if upper_quantile is None:
            return per_level(quantile(1 - levels, *theta), levels, name)
        return per_level(upper_quantile(levels, *theta), levels, f"the upper end of {name}")

    return (lower, FARTHEST), (upper, ROUNDED if upper_quantile is None else FARTHEST)


def integral_over_levels(tails, tolerance, name):
    """Integrate products of functions over all levels: ∫₀¹ d_i d_j du.

    Parameters
    ----------
    tails : sequence
        Pairs (functions, farthest) for the lower and the upper half; ``functions(levels)`` returns d, of
        shape (k, n), and a bound on the rounding of the products, of shape (n,).
    tolerance : float
        The largest error of an entry, relative to √(G_ii G_jj).

    Returns
    -------
    ndarray of shape (k, k)

    Raises
    ------
    ValueError
        If a tail keeps adding to the integral: it is infinite, or not to be told from one that is.
    """
    found = [_half(*tail, name) for tail in tails]
    total, beyond = (sum(parts) for parts in list(zip(*found, strict=True))[:2])
    error = sum(part[2] for part in found)
    sizes = np.diag(total)
    if np.any(beyond > tolerance * sizes):
        raise ValueError(
            f"{name} is infinite, or not decided to the tolerance {tolerance:g}: what a tail still adds "
            f"beyond the last level that was looked at is {_worst(beyond, sizes):.2g} of the whole; {HINT}"
        )
    sizes = np.sqrt(np.outer(sizes, sizes))
    if np.any(error > tolerance * sizes):
        raise ValueError(
            f"{name} has a relative error of up to {_worst(error, sizes):.2g}, more than the tolerance "
            f"{tolerance:g} allows: are the quantile functions smooth, and exact to rounding?"
        )
    return total


def _worst(parts, sizes):
    """The largest share of a part in a size."""
    return np.divide(parts, sizes, out=np.full(parts.shape, np.inf), where=sizes > 0).max()


def _half(functions, farthest, name):
    """Products over the half of the levels at one end; what is beyond the last; the error.

    With u = e^-s / 2 the integrand is u d dᵀ, which a power tail makes e^(-rate s).
    """

    def density(s):
        levels = np.exp(-s) / 2
        with np.errstate(all="ignore"):
            d, rounding = functions(levels)
            if farthest == ROUNDED:  # a power of the level, which is rounded itself
                rounding = rounding + ROUNDING * (d**2).sum(axis=0) / levels
            return np.vstack([levels * (d[:, None] * d[None]).reshape(-1, len(s)), levels * rounding])

    end = _last_finite(density, farthest, name)
    size = len(functions(np.array([0.5]))[0])
    before, last = (density(np.array([s]))[:-1].reshape(size, size).diagonal() for s in (end / 2, end))
    with np.errstate(all="ignore"):
        rate = np.log(before / last) / (end / 2)
    if np.any((last > 0) & (rate <= 0)):
        raise ValueError(
            f"{name} is infinite, as far as is seen: towards the last levels of a tail the integrand does "
            f"not fall any more; {HINT}"
        )
    beyond = np.divide(last, rate, out=np.zeros(size), where=last > 0)
    edges = np.append(EDGES[end > EDGES], end)
    values, errors = integrate(density, edges, noise=True)
    error = (errors[:-1] + values[-1]).reshape(size, size)
    return values[:-1].reshape(size, size), beyond, error


def _last_finite(density, farthest, name):
    """How far out the integrand is finite, up to the farthest."""
    for s in farthest * 0.9 ** np.arange(40):
        if np.isfinite(density(np.array([s, s / 2]))).all():
            return s
    raise ValueError(f"{name} is not finite at any level of a tail: is theta inside its space?")
