"""Every number of every family against formulas written by hand in mpmath, over many orders of magnitude.

``python -m tests.fuzz_families --minutes 10`` runs until the time is over and prints what it found;
``tests/test_families_fuzz.py`` runs half a minute of it. Scales and locations lie between 1e-12 and 1e12,
shapes between .01 and 1e3, probabilities come to within 1e-12 of both ends, counts go to 1e9. Outcomes are
drawn from the family, and half of them moved by up to three orders of magnitude. New parameters of KL are
drawn anew, or differ from the old ones by a relative change of 1e-12 to 1.

The condition number of a number f of real arguments y is ``1 + sum(abs(y_j * df/dy_j)) / abs(f)``, computed
with hundreds of digits by differences. The arguments are the parameters, the constants that may be real and
the outcome if it is real: whole numbers are exact. Where KL is itself a quadrature in mpmath, the condition
number is ``1 + 1 / d`` with the largest relative change d of a parameter. A relative error above 1e-12 times
the condition number is a failure, and so is a refusal or an infinity where the exact number is a double.
Numbers below 1e-290 need to be small only.
"""

import argparse
import itertools
import math
import time
from collections import Counter

import mpmath
import numpy as np
from mpmath import mp, mpf

from ngbook import families

TOLERANCE = 1e-12
SMALL = 1e-290
LARGE = 1.79e308
H = mpf(10) ** -40  # relative step of the differences; their relative error is about its square

log, exp, pi, gamma, psi = mp.log, mp.exp, lambda: mp.pi, mp.gamma, mp.digamma
lgamma = mp.loggamma


def normal(x, mean, variance):
    return -log(2 * mp.pi * variance) / 2 - (x - mean) ** 2 / (2 * variance)


def normal_kl(o, n):
    return (log(n[1] / o[1]) + (o[1] + (o[0] - n[0]) ** 2) / n[1] - 1) / 2


def bivariate(x, m1, m2, s1, s2, r):
    z1, z2 = (x[0] - m1) / s1, (x[1] - m2) / s2
    square = (z1**2 - 2 * r * z1 * z2 + z2**2) / (1 - r**2)
    return -log(2 * mp.pi * s1 * s2) - log(1 - r**2) / 2 - square / 2


def bivariate_kl(o, n):
    covariance = [
        mp.matrix([[t[2] ** 2, t[4] * t[2] * t[3]], [t[4] * t[2] * t[3], t[3] ** 2]]) for t in (o, n)
    ]
    inverse, d = covariance[1] ** -1, mp.matrix([o[0] - n[0], o[1] - n[1]])
    product = inverse * covariance[0]
    logs = log(mp.det(covariance[1]) / mp.det(covariance[0]))
    return (product[0, 0] + product[1, 1] + (d.T * inverse * d)[0] - 2 + logs) / 2


def in_deviations(m1, m2, a, b, c):
    """A chart by a Cholesky factor, in means, deviations and correlation."""
    second = mp.sqrt(b**2 + c**2)
    return [m1, m2, a, second, b / second]


def categorical_kl(p, q):
    return sum(a * log(a / b) for a, b in zip(p, q, strict=True))


def softmax(t):
    total = sum(map(exp, t))
    return [exp(each) / total for each in t]


def logistic_chance(eta):
    return [1 / (1 + exp(eta)), 1 / (1 + exp(-eta))]


def gamma_kl(o, n):
    logs = lgamma(n[0]) - lgamma(o[0]) + n[0] * log(o[1] / n[1])
    return (o[0] - n[0]) * psi(o[0]) + logs + o[0] * (n[1] - o[1]) / o[1]


def dirichlet_kl(o, n):
    logs = lgamma(sum(o)) - lgamma(sum(n)) + sum(lgamma(b) - lgamma(a) for a, b in zip(o, n, strict=True))
    return logs + sum((a - b) * (psi(a) - psi(sum(o))) for a, b in zip(o, n, strict=True))


def weibull_kl(o, n):
    powers = log(o[0]) - o[0] * log(o[1]) - log(n[0]) + n[0] * log(n[1])
    mean = (o[0] - n[0]) * (log(o[1]) - mp.euler / o[0])
    return powers + mean + exp(n[0] * log(o[1] / n[1])) * gamma(n[0] / o[0] + 1) - 1


def gumbel_kl(o, n):
    power = exp((n[0] - o[0]) / n[1]) * gamma(o[1] / n[1] + 1)
    return log(n[1] / o[1]) + mp.euler * (o[1] / n[1] - 1) + power - 1 + (o[0] - n[0]) / n[1]


def inverse_gaussian_kl(o, n):
    mean = o[0] - 2 * n[0] + n[0] ** 2 * (1 / o[0] + 1 / o[1])
    return log(o[1] / n[1]) / 2 - mpf(1) / 2 + n[1] / (2 * n[0] ** 2) * mean


def von_mises_kl(o, n):
    zero = mp.besseli(0, o[1])
    logs = log(mp.besseli(0, n[1]) / zero)
    return logs + mp.besseli(1, o[1]) / zero * (o[1] - n[1] * mp.cos(o[0] - n[0]))


def laplace_kl(o, n):
    d = abs(o[0] - n[0])
    return log(n[1] / o[1]) + (d + o[1] * exp(-d / o[1])) / n[1] - 1


def cauchy_kl(o, n):
    return log(((o[1] + n[1]) ** 2 + (o[0] - n[0]) ** 2) / (4 * o[1] * n[1]))


def geometric_kl(o, n):
    return log(o[0] / n[0]) + (1 - o[0]) / o[0] * log((1 - o[0]) / (1 - n[0]))


def logistic(x, m, s):
    z = (x - m) / s
    return -z - log(s) - 2 * log(1 + exp(-z))


def student(x, m, s, nu):
    z = (x - m) / s
    logs = lgamma((nu + 1) / 2) - lgamma(nu / 2) - log(mp.pi * nu) / 2 - log(s)
    return logs - (nu + 1) / 2 * log(1 + z**2 / nu)


def logistic_fisher(m, s):
    return [[1 / (3 * s**2), mpf(0)], [mpf(0), (3 + mp.pi**2) / (9 * s**2)]]


def student_fisher(m, s, nu):
    return [[(nu + 1) / (nu + 3) / s**2, mpf(0)], [mpf(0), 2 * nu / (nu + 3) / s**2]]


def laplace_fisher(m, b):
    return [[1 / b**2, mpf(0)], [mpf(0), 1 / b**2]]


def by_quadrature(log_prob):
    """KL of two densities of a location and scale, with break points where either bends."""

    def kl(o, n, *constants):
        (d, r) = (n[0] - o[0]) / o[1], n[1] / o[1]
        zero, one = mpf(0), mpf(1)
        powers = [mpf(2) ** k for k in range(-3, 9)] + [mpf(10) ** k for k in range(3, 60, 4)]
        if log_prob is logistic:
            powers = [each for each in powers if each < 400]
        near = [d + sign * r * each for sign in (-1, 1) for each in powers]
        edges = sorted({zero, d, *powers, *(-each for each in powers), *near})
        edges = [each for each in edges if abs(each) <= powers[-1]]

        def integrand(z):
            here = log_prob(z, zero, one, *constants)
            return exp(here) * (here - log_prob(z, d, r, *constants))

        with mp.workdps(40):
            total = mp.quad(integrand, edges)
            for nu in constants:  # beyond the last edge the ratio of two Student-t densities is constant
                beyond = mp.betainc(nu / 2, one / 2, 0, nu / (nu + powers[-1] ** 2), regularized=True)
                total -= beyond * nu * log(r)
            return total

    return kl


class Oracle:
    """How a family is drawn at random, and what its numbers are."""

    def __init__(self, draw, log_prob, kl, counts=False, fisher=None, constants=None):
        self.draw, self.log_prob, self.kl, self.counts = draw, log_prob, kl, counts
        self.fisher_by_hand, self.constants = fisher, constants


def scale(rng):
    return 10 ** rng.uniform(-12, 12)


def shape(rng):
    return 10 ** rng.uniform(-2, 3)


def place(rng):
    return rng.choice([-1, 1]) * 10 ** rng.uniform(-12, 12)


def chance(rng):
    p = 10 ** rng.uniform(-12, np.log10(0.5))
    return p if rng.random() < 0.5 else 1 - p


def near(rng, other):
    """A number about another one: a location some widths off."""
    return other * rng.choice([-1, 1]) * 10 ** rng.uniform(-3, 3)


def located(rng):
    s = scale(rng)
    return [near(rng, s) if rng.random() < 0.7 else place(rng), s]


def naturals(rng):
    s = scale(rng)
    m = near(rng, s) if rng.random() < 0.7 else s * 10 ** rng.uniform(3, 9)
    return [m / s**2, -1 / (2 * s**2)]


def moments(rng):
    s = 10 ** rng.uniform(-6, 6)
    m = s * rng.choice([-1, 1]) * 10 ** rng.uniform(-3, 3)
    return [m, m * m + s * s]


def simplex(rng):
    p = rng.dirichlet([0.3, 0.3, 0.3])
    p = np.maximum(p, 10 ** rng.uniform(-12, -1))
    return list((p / p.sum())[:2])


def bivariates(rng):
    (m1, s1), (m2, s2) = located(rng), located(rng)
    return [m1, m2, s1, s2, rng.choice([-1, 1]) * (1 - 10 ** rng.uniform(-9, 0))]


def factors(rng):
    (m1, a), (m2, c) = located(rng), located(rng)
    return [m1, m2, a, rng.choice([-1, 1]) * c * 10 ** rng.uniform(-6, 4), c]


def bernoulli_log(k, p):
    return log(p) if k else log(1 - p)


def binomial_log(k, p, n):
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log(1 - p)


def negative_binomial_log(k, p, r):
    return lgamma(k + r) - lgamma(k + 1) - lgamma(r) + r * log(p) + k * log(1 - p)


def dirichlet_log(x, *a):
    return (
        sum((b - 1) * log(each) for b, each in zip(a, x, strict=True)) + lgamma(sum(a)) - sum(map(lgamma, a))
    )


def of_normal(mean_and_variance):
    """Log-density and KL in a chart."""
    return (
        lambda x, *t: normal(x, *mean_and_variance(*t)),
        lambda o, n: normal_kl(mean_and_variance(*o), mean_and_variance(*n)),
    )


def natural_moments(a, b):
    return -a / (2 * b), -1 / (2 * b)


ORACLES = {
    "bernoulli": Oracle(
        lambda rng: [chance(rng)],
        bernoulli_log,
        lambda o, n: categorical_kl([o[0], 1 - o[0]], [n[0], 1 - n[0]]),
        counts=True,
    ),
    "bernoulli_logit": Oracle(
        lambda rng: [rng.choice([-1, 1]) * 10 ** rng.uniform(-6, 2.5)],
        lambda k, eta: log(logistic_chance(eta)[int(k)]),
        lambda o, n: categorical_kl(logistic_chance(o[0]), logistic_chance(n[0])),
        counts=True,
    ),
    "categorical": Oracle(
        simplex,
        lambda k, p, q: log([p, q, 1 - p - q][int(k)]),
        lambda o, n: categorical_kl([*o, 1 - sum(o)], [*n, 1 - sum(n)]),
        counts=True,
    ),
    "categorical_softmax": Oracle(
        lambda rng: list(rng.normal(size=3) * 10 ** rng.uniform(-3, 2)),
        lambda k, *t: log(softmax(t)[int(k)]),
        lambda o, n: categorical_kl(softmax(o), softmax(n)),
        counts=True,
    ),
    "binomial": Oracle(
        lambda rng: [chance(rng)],
        binomial_log,
        lambda o, n, size: size * categorical_kl([o[0], 1 - o[0]], [n[0], 1 - n[0]]),
        counts=True,
        constants=lambda rng: {"n": int(10 ** rng.uniform(0, 9))},
    ),
    "poisson": Oracle(
        lambda rng: [10 ** rng.uniform(-12, 9)],
        lambda k, rate: k * log(rate) - rate - lgamma(k + 1),
        lambda o, n: o[0] * log(o[0] / n[0]) + n[0] - o[0],
        counts=True,
    ),
    "geometric": Oracle(
        lambda rng: [chance(rng)], lambda k, p: log(p) + (k - 1) * log(1 - p), geometric_kl, counts=True
    ),
    "negative_binomial": Oracle(
        lambda rng: [chance(rng)],
        negative_binomial_log,
        lambda o, n, r: r * geometric_kl(o, n),
        counts=True,
        constants=lambda rng: {"r": shape(rng)},
    ),
    "normal": Oracle(located, *of_normal(lambda m, s: (m, s**2))),
    "normal_log_sigma": Oracle(
        lambda rng: [(t := located(rng))[0], np.log(t[1])], *of_normal(lambda m, s: (m, exp(2 * s)))
    ),
    "normal_variance": Oracle(
        lambda rng: [(t := located(rng))[0], t[1] ** 2], *of_normal(lambda m, v: (m, v))
    ),
    "normal_natural": Oracle(naturals, *of_normal(natural_moments)),
    "normal_mean": Oracle(moments, *of_normal(lambda m, v: (m, v - m**2))),
    "bivariate_normal": Oracle(bivariates, bivariate, bivariate_kl),
    "bivariate_normal_cholesky": Oracle(
        factors,
        lambda x, *t: bivariate(x, *in_deviations(*t)),
        lambda o, n: bivariate_kl(in_deviations(*o), in_deviations(*n)),
    ),
    "log_normal": Oracle(
        lambda rng: [rng.normal() * 10 ** rng.uniform(-6, 1.3), 10 ** rng.uniform(-6, 1)],
        lambda x, m, s: normal(log(x), m, s**2) - log(x),
        of_normal(lambda m, s: (m, s**2))[1],
    ),
    "exponential": Oracle(
        lambda rng: [scale(rng)],
        lambda x, rate: log(rate) - rate * x,
        lambda o, n: log(o[0] / n[0]) + n[0] / o[0] - 1,
    ),
    "gamma": Oracle(
        lambda rng: [shape(rng), scale(rng)],
        lambda x, a, b: a * log(b) - lgamma(a) + (a - 1) * log(x) - b * x,
        gamma_kl,
    ),
    "inverse_gamma": Oracle(
        lambda rng: [shape(rng), scale(rng)],
        lambda x, a, b: a * log(b) - lgamma(a) - (a + 1) * log(x) - b / x,
        gamma_kl,
    ),
    "beta": Oracle(
        lambda rng: [shape(rng), shape(rng)],
        lambda x, a, b: dirichlet_log([x, 1 - x], a, b),
        dirichlet_kl,
    ),
    "dirichlet": Oracle(lambda rng: [shape(rng) for _ in range(3)], dirichlet_log, dirichlet_kl),
    "weibull": Oracle(
        lambda rng: [shape(rng), scale(rng)],
        lambda x, k, s: log(k / s) + (k - 1) * log(x / s) - exp(k * log(x / s)),
        weibull_kl,
    ),
    "gumbel": Oracle(located, lambda x, m, b: -log(b) - (x - m) / b - exp(-(x - m) / b), gumbel_kl),
    "pareto": Oracle(
        lambda rng: [shape(rng)],
        lambda x, a, low: log(a) + a * log(low) - (a + 1) * log(x),
        lambda o, n, low: log(o[0] / n[0]) + n[0] / o[0] - 1,
        constants=lambda rng: {"x_m": scale(rng)},
    ),
    "rayleigh": Oracle(
        lambda rng: [scale(rng)],
        lambda x, s: log(x) - 2 * log(s) - x**2 / (2 * s**2),
        lambda o, n: 2 * log(n[0] / o[0]) + (o[0] / n[0]) ** 2 - 1,
    ),
    "inverse_gaussian": Oracle(
        lambda rng: [m := scale(rng), m * 10 ** rng.uniform(-4, 6)],
        lambda x, m, s: log(s / (2 * mp.pi * x**3)) / 2 - s * (x - m) ** 2 / (2 * m**2 * x),
        inverse_gaussian_kl,
    ),
    "von_mises": Oracle(
        lambda rng: [rng.uniform(-3, 3), 10 ** rng.uniform(-6, 9)],
        lambda x, m, k: k * mp.cos(x - m) - log(2 * mp.pi * mp.besseli(0, k)),
        von_mises_kl,
    ),
    "logistic": Oracle(located, logistic, by_quadrature(logistic), fisher=logistic_fisher),
    "laplace": Oracle(
        located, lambda x, m, b: -log(2 * b) - abs(x - m) / b, laplace_kl, fisher=laplace_fisher
    ),
    "cauchy": Oracle(located, lambda x, m, g: log(g / mp.pi) - log(g**2 + (x - m) ** 2), cauchy_kl),
    "student_t": Oracle(
        located,
        student,
        by_quadrature(student),
        fisher=student_fisher,
        constants=lambda rng: {"nu": shape(rng)},
    ),
}
SLOW = ("logistic", "student_t")  # their KL is a quadrature in mpmath


def shifted(arguments, place, step):
    moved = list(arguments)
    moved[place] *= 1 + step
    return moved


def slope(function, arguments, place):
    """The argument times the derivative in it."""
    up, down = (function(*shifted(arguments, place, step)) for step in (H, -H))
    return (up - down) / (2 * H)


def condition(function, arguments, places):
    """The exact value and the condition number."""
    value = function(*arguments)
    effect = sum(abs(slope(function, arguments, place)) for place in places)
    return value, (1 + effect / abs(value) if value else mpf(1))


def hessian(kl, theta, constants, i, j):
    """Second derivative of KL in the new parameters at coincidence, by differences."""

    def at(*steps):
        new = list(theta)
        for place, step in zip((i, j), steps, strict=True):
            new[place] += step * H * (abs(theta[place]) or 1)
        return kl(theta, new, *constants)

    units = H**2 * (abs(theta[i]) or 1) * (abs(theta[j]) or 1)
    return (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * units)


class Fuzz:
    """Draws cases, compares, and counts what was compared, refused and wrong."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.compared, self.refused, self.failures = Counter(), Counter(), []
        self.worst = {}

    def compare(self, slug, kind, got, exact_and_condition, case):
        """Note a number; `got` may be the exception that stood in its place."""
        self.compared[slug, kind] += 1
        value, number = exact_and_condition
        if isinstance(got, Exception):
            self.refused[slug, kind] += 1
            if abs(value) < LARGE:
                self.failures.append((slug, kind, repr(got)[:200], mp.nstr(value, 17), case))
            return
        got = float(got)
        if abs(value) >= LARGE and got == mp.sign(value) * mpf("inf"):
            return
        if abs(value) < SMALL and abs(got) <= 2 * SMALL:
            return
        error = abs(mpf(got) - value) / abs(value) / number if np.isfinite(got) else mpf("inf")
        self.worst[slug, kind] = max(self.worst.get((slug, kind), mpf(0)), error)
        if not error <= TOLERANCE:
            self.failures.append(
                (
                    slug,
                    kind,
                    got,
                    mp.nstr(value, 17),
                    f"{mp.nstr(error, 3)} x condition {mp.nstr(number, 3)}",
                    case,
                )
            )

    def run(self, slug, outcomes=2):
        """One random parameter of one family."""
        oracle, rng = ORACLES[slug], self.rng
        fixed = oracle.constants(rng) if oracle.constants else {}
        family = families.catalogue()[slug]
        family = family.at(**fixed) if fixed else family
        theta = [float(each) for each in oracle.draw(rng)]
        constants = [mpf(value) for value in fixed.values()]
        real = [not isinstance(value, int) for value in fixed.values()]
        exact = [mpf(each) for each in theta]
        sizes = [abs(mp.log10(abs(each))) for each in [*exact, *constants] if each]
        with mp.workdps(220 + 6 * int(max(sizes, default=0))):
            self._outcomes(slug, oracle, family, theta, exact, constants, real, outcomes)
            self._fisher(slug, oracle, family, theta, exact, constants, real)
            if slug not in SLOW or rng.random() < 0.1:
                self._kl(slug, oracle, family, theta, exact, constants, real)

    def _outcomes(self, slug, oracle, family, theta, exact, constants, real, outcomes):
        drawn = family.sample(theta, outcomes, self.rng).astype(float)
        vector = drawn.ndim == 2
        for x in drawn:
            if not oracle.counts and not vector and slug not in ("von_mises",) and self.rng.random() < 0.5:
                moved = x * 10 ** self.rng.uniform(-3, 3)
                x = moved if np.isfinite(family.log_prob(theta, [moved])[0]) else x
            p, case = len(theta), (theta, [float(c) for c in constants], np.array(x).tolist())
            inputs = [*exact, *constants, *(map(mpf, x) if vector else [mpf(float(x))])]
            width = len(x) if vector else 1

            def log_prob(*inputs, p=p, width=width):
                outcome = list(inputs[-width:])
                return oracle.log_prob(outcome if vector else outcome[0], *inputs[:-width])

            places = [k for k in range(p) if inputs[k]]
            places += [p + k for k, smooth in enumerate(real) if smooth]
            places += (
                []
                if oracle.counts
                else [p + len(real) + k for k in range(width) if inputs[p + len(real) + k]]
            )
            got = attempt(lambda x=x: family.log_prob(theta, np.array([x])))
            self.compare(slug, "log_prob", first(got), condition(log_prob, inputs, places), case)
            score = attempt(lambda x=x: family.score(theta, np.array([x]))[0])
            for k in range(p):
                if not inputs[k]:
                    continue

                def entry(*inputs, k=k, log_prob=log_prob):
                    return slope(log_prob, inputs, k) / inputs[k]

                self.compare(slug, "score", pick(score, k), condition(entry, inputs, places), (*case, k))

    def _fisher(self, slug, oracle, family, theta, exact, constants, real):
        got, p = attempt(lambda: family.fisher(theta)), len(theta)
        inputs = [*exact, *constants]
        places = [k for k in range(p) if inputs[k]] + [p + k for k, smooth in enumerate(real) if smooth]
        for i in range(p):
            for j in range(i, p):
                if oracle.fisher_by_hand:

                    def entry(*inputs, i=i, j=j):
                        return oracle.fisher_by_hand(*inputs)[i][j]

                else:

                    def entry(*inputs, i=i, j=j):
                        return hessian(oracle.kl, list(inputs[:p]), inputs[p:], i, j)

                value = entry(*inputs)
                bound = (
                    mp.sqrt(abs(entry(*inputs, i=i, j=i) * entry(*inputs, i=j, j=j))) if i != j else mpf(1)
                )
                if (
                    i != j and abs(value) <= mpf(10) ** -70 * bound
                ):  # a structural zero, left over by differences
                    if got_value(got, i, j) != 0:
                        self.failures.append((slug, "fisher", got_value(got, i, j), "0", theta))
                    continue
                self.compare(
                    slug, "fisher", pick(got, (i, j)), condition(entry, inputs, places), (theta, i, j)
                )

    def _kl(self, slug, oracle, family, theta, exact, constants, real):
        new, p = self._new(oracle, family, theta), len(theta)
        if new is None:
            return
        inputs = [*exact, *map(mpf, new), *constants]

        def kl(*inputs):
            return oracle.kl(list(inputs[:p]), list(inputs[p : 2 * p]), *inputs[2 * p :])

        places = [k for k in range(2 * p) if inputs[k]]
        places += [2 * p + k for k, smooth in enumerate(real) if smooth]
        got = attempt(lambda: family.kl(theta, new))
        if slug in SLOW:
            value = kl(*inputs)
            distance = max(abs(a - b) / abs(b) for a, b in zip(exact, inputs[p : 2 * p], strict=True))
            exact_and_condition = value, 1 + 1 / min(distance, mpf(1))
        else:
            exact_and_condition = condition(kl, inputs, places)
        self.compare(slug, "kl", got, exact_and_condition, (theta, new, [float(c) for c in constants]))

    def _new(self, oracle, family, theta):
        for _ in range(20):
            if self.rng.random() < 0.4:
                new = [float(each) for each in oracle.draw(self.rng)]
            else:
                size = 10 ** self.rng.uniform(-12, 0)
                new = [each * (1 + size * self.rng.uniform(-1, 1)) for each in theta]
            try:
                family.kl(new, new)
            except ValueError:
                continue
            if new != theta:
                return new
        return None


def attempt(call):
    try:
        return call()
    except ValueError as error:
        return error


def first(got):
    return got if isinstance(got, Exception) else got[0]


def pick(got, place):
    return got if isinstance(got, Exception) else got[place]


def got_value(got, i, j):
    return 0 if isinstance(got, Exception) else got[i, j]


def fuzz(seed, rounds=None, seconds=math.inf, slugs=None):
    """Try all families in turn, for a number of rounds or for some seconds.

    A number of rounds tries the same numbers on every machine.
    """
    found, end = Fuzz(seed), time.monotonic() + seconds
    for _ in itertools.count() if rounds is None else range(rounds):
        for slug in slugs or ORACLES:
            found.run(slug)
            if time.monotonic() >= end:
                return found
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("slugs", nargs="*")
    options = parser.parse_args()
    seed = np.random.SeedSequence(options.seed).entropy
    found = fuzz(seed, seconds=60 * options.minutes, slugs=options.slugs)
    for failure in found.failures:
        print("wrong:", *failure)
    total, refused = sum(found.compared.values()), sum(found.refused.values())
    for key, worst in sorted(found.worst.items()):
        print(f"{key[0]:20s} {key[1]:9s} {found.compared[key]:6d} compared, worst {mpmath.nstr(worst, 3)}")
    print(f"seed {seed}: {total} numbers, {refused / total:.3%} refused, {len(found.failures)} wrong")
    return bool(found.failures)


if __name__ == "__main__":
    raise SystemExit(main())
