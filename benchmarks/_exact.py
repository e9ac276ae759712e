"""Fisher–Rao distances for the race of geodesics, none of them by what either side does.

Closed forms with 50 digits (mpmath). For Gamma the conserved quantity of a chart in which one coordinate does
not occur in the metric, which leaves two integrals (Clairaut). For Beta, and for Gamma once more, the least
energy among the curves whose coordinates are exponentials of polynomials (Ritz): no differential equation.
"""

from functools import cache

import mpmath as mp
import numpy as np
from numpy.polynomial import legendre
from scipy.optimize import minimize
from scipy.special import polygamma

DIGITS = 50


def exact(function):
    """Compute with 50 digits; numbers in, each the double that it is, a float out."""

    def computed(*numbers):
        with mp.workdps(DIGITS):
            return float(function(*(mp.matrix(np.array(x).tolist()) for x in numbers)))

    return computed


@exact
def normal(start, end):
    """In (μ, σ)."""
    square = (start[0] - end[0]) ** 2 / 2 + (start[1] - end[1]) ** 2
    return mp.sqrt(2) * mp.acosh(1 + square / (2 * start[1] * end[1]))


@exact
def categorical(start, end):
    """All probabilities but the last, which is 1 minus their sum."""
    p, q = ([*x, 1 - mp.fsum(x)] for x in (start, end))
    return 2 * mp.acos(mp.fsum(mp.sqrt(a * b) for a, b in zip(p, q, strict=True)))


@exact
def poisson(start, end):
    return 2 * abs(mp.sqrt(start[0]) - mp.sqrt(end[0]))


@exact
def exponential(start, end):
    return abs(mp.log(start[0] / end[0]))


@exact
def centred_normal(start, end):
    """Covariance matrices."""
    root = mp.inverse(mp.cholesky(start))
    return mp.sqrt(mp.fsum(mp.log(x) ** 2 for x in mp.eigsy(root * end * root.T, eigvals_only=True)) / 2)


# --- Gamma, by a conserved quantity --------------------------------------------------------------------


@cache
def clairaut(start, end):
    """Of Gamma distributions in (shape, rate).

    With L = log(shape/rate) it is ds² = A(a) da² + a dL², A(a) = ψ₁(a) − 1/a, and L does not occur: along a
    geodesic of unit speed a dL/ds = c, so ds/da = √(A/(1 − c²/a)), and a turns round where it is c². The
    constant is what makes the change of L the wanted one; a = b + t², b the least shape on the way, since
    the integrands have a root there.
    """
    with mp.workdps(20):
        (low, high) = sorted([mp.mpf(start[0]), mp.mpf(end[0])])
        change = abs(mp.log(mp.mpf(start[0]) / start[1]) - mp.log(mp.mpf(end[0]) / end[1]))

        def integral(square, bottom, top, power):
            """Of √A/√(1 − c²/a), times (c/a) to a power, over a."""

            def integrand(t):
                a = bottom + t**2
                slope = 2 * mp.sqrt(a) if bottom == square else 2 * t * mp.sqrt(a / (a - square))
                return mp.sqrt(mp.psi(1, a) - 1 / a) * slope * (mp.sqrt(square) / a) ** power

            return mp.quad(integrand, mp.linspace(mp.sqrt(0), mp.sqrt(top - bottom), 9))

        def total(square, power, turns):
            if turns:
                return sum(integral(square, square, top, power) for top in (low, high))
            return integral(square, low, high, power)

        turns = total(low, 1, True) < change
        ends = (low * mp.mpf("1e-6"), low) if turns else (mp.mpf(0), low)
        square = mp.findroot(lambda x: total(x, 1, turns) - change, ends, solver="anderson", tol=1e-30)
        return float(total(square, 0, turns))


def gamma(start, end):
    """In (shape, rate); two methods, which have to agree."""
    value = clairaut(*sorted([tuple(start), tuple(end)]))
    other = least_energy(gamma_metric, start, end, 30)
    if not abs(value / other - 1) < 1e-12:
        raise ArithmeticError(f"{value} by a conserved quantity, {other} by the least energy")
    return value


def beta(start, end):
    """In (a, b); two degrees, and both directions, which have to agree."""
    value, other = least_energy(beta_metric, start, end, 30), least_energy(beta_metric, end, start, 24)
    if not abs(value / other - 1) < 1e-11:
        raise ArithmeticError(f"{value} with degree 30, {other} with degree 24")
    return value


# --- any two parameters, by the least energy -----------------------------------------------------------


def gamma_metric(a, b):
    """F at many points (shape, rate), and its derivatives: shapes (2, 2, n) and (2, 2, 2, n)."""
    F = np.array([[polygamma(1, a), -1 / b], [-1 / b, a / b**2]])
    zero = 0 * a
    by_shape = [[polygamma(2, a), zero], [zero, 1 / b**2]]
    return F, np.array([by_shape, [[zero, 1 / b**2], [1 / b**2, -2 * a / b**3]]])


def beta_metric(a, b):
    """F at many points (a, b), and its derivatives."""
    first, second = polygamma(1, a + b), polygamma(2, a + b)
    zero = 0 * a
    F = np.array([[polygamma(1, a), zero], [zero, polygamma(1, b)]]) - first
    by_a = np.array([[polygamma(2, a), zero], [zero, zero]]) - second
    return F, np.array([by_a, np.array([[zero, zero], [zero, polygamma(2, b)]]) - second])


def least_energy(metric, start, end, degree, points=200):
    """√ of the least ∫ vᵀFv dt from one point to the other, among polynomials in the logarithms.

    An upper bound, but for rounding and the rule of the integral; it falls to the distance.
    """
    nodes, weights = legendre.leggauss(points)
    t, weights = (nodes + 1) / 2, weights / 2
    bumps = [legendre.Legendre.basis(k) - legendre.Legendre.basis(k % 2) for k in range(2, degree + 1)]
    basis = np.array([bump(nodes) for bump in bumps])  # 0 at both ends
    slopes = np.array([2 * bump.deriv()(nodes) for bump in bumps])
    scale = np.abs(slopes).max(axis=1, keepdims=True)
    basis, slopes = basis / scale, slopes / scale
    first, last = np.log(start), np.log(end)
    chord, rise = first[:, None] + np.outer(last - first, t), (last - first)[:, None]

    def energy(coefficients):
        c = coefficients.reshape(2, -1)
        x = np.exp(chord + c @ basis)
        u = rise + c @ slopes  # velocity of the logarithms
        F, changes = metric(*x)
        v = x * u
        lowered = np.einsum("ijn,jn->in", F, v)
        by_x = np.einsum("kijn,in,jn->kn", changes, v, v) + 2 * lowered * u
        value = weights @ np.einsum("in,in->n", v, lowered)
        gradient = (by_x * x * weights) @ basis.T + (2 * lowered * x * weights) @ slopes.T
        return value, gradient.ravel()

    found = minimize(
        energy, np.zeros(2 * len(basis)), jac=True, method="BFGS", options={"gtol": 1e-11, "maxiter": 20000}
    )
    return float(np.sqrt(found.fun))
