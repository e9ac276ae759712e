"""Fisher–Rao distances and exponential maps beside geomstats, in an environment that has both.

geomstats 2.8.0 needs NumPy < 2.4, so both sides run in benchmarks/.geomstats (requirements-geomstats.txt), in
one process, with geomstats' NumPy backend. First the values of all sides, against ``_exact.py``; then times
of the sides whose relative error is at most 1e-5: a wrong number is in no race, however fast. Where there is
no formula, geomstats runs twice, as it comes, and with a finer mesh and smaller tolerances, which are
arguments of its own solvers. Last, what the two sides say where there is no answer, or another one.

All sides of a race take turns, in an order that changes; a quick one is called often enough for 10 ms, and
averaged. Times are processor time, after one call that is not timed; what that one takes is printed.

Usage: python -m benchmarks geodesics, or, with the package on PYTHONPATH,
benchmarks/.geomstats/bin/python benchmarks/geodesics.py [--rounds N] [--quick]
"""

import argparse
import json
import sys
import time
import warnings

import _exact as exact
import numpy as np
from _race import Measured, line, number
from geomstats.information_geometry.beta import BetaDistributions
from geomstats.information_geometry.binomial import BinomialDistributions
from geomstats.information_geometry.categorical import CategoricalDistributions
from geomstats.information_geometry.exponential import ExponentialDistributions
from geomstats.information_geometry.gamma import GammaDistributions
from geomstats.information_geometry.normal import NormalDistributions, UnivariateNormalDistributions
from geomstats.information_geometry.poisson import PoissonDistributions
from geomstats.numerics.bvp import ScipySolveBVP
from geomstats.numerics.geodesic import ExpODESolver, LogODESolver
from geomstats.numerics.ivp import ScipySolveIVP

from ngbook import OutsideDomain, families, geodesics

AGREE = 1e-5  # relative error of a value that may race
LEAST_SECONDS = 0.01
FORMULA, SHOOTING = "Distances with a formula", "Distances without a formula"
FINER = "geomstats (finer mesh)"


def finer(space):
    """The same space, with room for more nodes in boundary value problems, and smaller tolerances."""
    boundary = ScipySolveBVP(tol=1e-6, max_nodes=100_000)
    start = ScipySolveIVP(method="LSODA", rtol=1e-10, atol=1e-12)
    space.metric.log_solver = LogODESolver(space, n_nodes=1000, integrator=boundary)
    space.metric.exp_solver = ExpODESolver(space, integrator=start)
    return space


def shape_and_mean(theta):
    """What geomstats calls a Gamma distribution, of (shape, rate)."""
    return [theta[0], theta[0] / theta[1]]


def all_of_them(theta):
    """All probabilities."""
    return [*theta, 1 - sum(theta)]


def deviations_and_correlation(covariance):
    """What ngbook calls a centred bivariate normal distribution."""
    deviations = np.sqrt(np.diag(covariance))
    return [0.0, 0.0, *deviations, covariance[0][1] / deviations.prod()]


def sides():
    """For each family: ngbook's, its chart, geomstats' spaces by side, their chart, the exact distance."""

    def same(theta):
        return theta

    def mesh(make):
        return {"geomstats": make(), FINER: finer(make())}

    def one(space):
        return {"geomstats": space}

    formula = {
        "normal": (families.normal, same, one(UnivariateNormalDistributions()), same, exact.normal),
        "categorical": (
            families.categorical,
            same,
            one(CategoricalDistributions(2)),
            all_of_them,
            exact.categorical,
        ),
        "Poisson": (families.poisson, same, one(PoissonDistributions()), same, exact.poisson),
        "exponential": (families.exponential, same, one(ExponentialDistributions()), same, exact.exponential),
    }
    centred = NormalDistributions(2, distribution_type="centered")
    shooting = {
        "centred normal": (
            families.bivariate_normal,
            deviations_and_correlation,
            {"geomstats (a formula)": centred},
            same,
            exact.centred_normal,
        ),
        "Gamma": (families.gamma, same, mesh(GammaDistributions), shape_and_mean, exact.gamma),
        "Beta": (families.beta, same, mesh(BetaDistributions), same, exact.beta),
    }
    return {FORMULA: formula, SHOOTING: shooting}


PAIRS = {
    "normal": {"near": ([0.0, 1.0], [1.5, 2.0]), "far": ([0.0, 1.0], [100.0, 1.0]),
               "very far": ([0.0, 1.0], [1e6, 1.0]), "narrow": ([0.0, 1.0], [0.0, 1e-8]),
               "very near": ([0.0, 1.0], [1e-9, 1.0])},
    "categorical": {"near": ([0.2, 0.5], [0.6, 0.1]), "very near": ([0.25, 0.5], [0.25 + 2.0**-30, 0.5]),
                    "far": ([1e-12, 0.5], [0.5, 1e-12])},
    "Poisson": {"near": ([2.0], [5.0]), "far": ([1e-6], [1e6])},
    "exponential": {"near": ([2.0], [5.0]), "far": ([1e-6], [1e6])},
    "centred normal": {"near": ([[1.0, 0.3], [0.3, 2.0]], [[2.0, -0.5], [-0.5, 1.0]]),
                       "far": ([[1.0, 0.3], [0.3, 2.0]], [[100.0, 30.0], [30.0, 10.0]])},
    "Gamma": {"near": ([2.5, 1.3], [6.0, 1.0]), "far": ([0.5, 1.0], [20.0, 0.1]),
              "far, back": ([20.0, 0.1], [0.5, 1.0])},
    "Beta": {"near": ([2.5, 1.3], [6.0, 3.0]), "far": ([0.5, 0.5], [50.0, 2.0]),
             "far, back": ([50.0, 2.0], [0.5, 0.5])},
}  # fmt: skip


def calls(family, chart, spaces, other_chart, start, end):
    """A function for each side, which measures the distance."""
    ours = chart(start), chart(end)
    theirs = [np.array(other_chart(point), dtype=float) for point in (start, end)]
    found = {"ngbook": lambda: geodesics.distance(family, *ours)}
    for name, space in spaces.items():
        found[name] = lambda space=space: float(np.squeeze(space.metric.dist(*theirs)))
    return found


def first(function):
    """What a function returns when it is called first, its processor time, and the warnings that it gave."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        start = time.process_time()
        value = function()
        return value, time.process_time() - start, sorted({w.category.__name__ for w in given})


def repeats(function):
    """How often it is called for one timing."""
    start = time.process_time()
    function()
    return int(LEAST_SECONDS / max(time.process_time() - start, 1e-7)) + 1


def in_turns(functions, rounds):
    """``Measured`` for each function of a dictionary, in processor seconds a call."""
    often, rng = {name: repeats(function) for name, function in functions.items()}, np.random.default_rng(0)
    runs = {name: [] for name in functions}
    for _ in range(rounds):
        for name in rng.permutation(list(functions)):
            start = time.process_time()
            for _ in range(often[name]):
                functions[name]()
            runs[name].append((time.process_time() - start) / often[name])
    return {name: Measured(values) for name, values in runs.items()}


def race(name, functions, rounds):
    """Times, the ratio of the fastest runs, and how the ratio varies over the rounds."""
    measured = in_turns(functions, rounds)
    ours = measured.pop("ngbook")
    for peer, theirs in measured.items():
        line(name, ours, peer, theirs)
        ratios = [b / a for a, b in zip(ours.values, theirs.values, strict=True)]
        fastest = min(theirs.values) / min(ours.values)
        print(
            f"  {peer} / ngbook: fastest runs {number(fastest)}, rounds {number(min(ratios))} to "
            f"{number(max(ratios))}, middle {number(float(np.median(ratios)))}",
            flush=True,
        )


def values(name, functions, wanted):
    """Print what every side finds; those that may race."""
    racing, row = {}, {}
    for side, function in functions.items():
        value, seconds, warned = first(function)
        error = abs(value / wanted - 1)
        row[side] = {
            "value": f"{value:.12g}",
            "error": f"{error:.1e}",
            "first": number(seconds),
            "warned": warned,
        }
        if error <= AGREE:
            racing[side] = function
    print("value", json.dumps({"pair": name, "exact": f"{wanted:.12g}", "sides": row}), flush=True)
    return racing


def many(rounds, count=100):
    """Distances of many pairs of normal distributions: geomstats takes them at once."""
    rng = np.random.default_rng(0)
    start, end = (np.column_stack([rng.normal(size=count), rng.uniform(0.5, 2, count)]) for _ in range(2))
    space = UnivariateNormalDistributions()
    functions = {
        "ngbook": lambda: [
            geodesics.distance(families.normal, a, b) for a, b in zip(start, end, strict=True)
        ],
        "geomstats": lambda: space.metric.dist(start, end),
    }
    difference = np.max(np.abs(functions["geomstats"]() / functions["ngbook"]() - 1))
    print(f"  {count} pairs of normal distributions agree to {difference:.0e}")
    race(f"{FORMULA}; {count} pairs of normal", functions, rounds)


# --- where there is no answer, or another one ----------------------------------------------------------


def attempt(function):
    """What a function returns, rounded, or the refusal in words."""
    try:
        return " ".join(f"{x:.4g}" for x in np.ravel(np.array(function(), dtype=float)))
    except OutsideDomain as refusal:
        return f"leaves at time {float(str(refusal).split('at time ')[1].split(',')[0]):.5g}"


def cases():
    """Questions with an answer that one can check by hand, and what either side says."""
    probabilities, far = [0.2, 0.5], [-0.9, 0.5]
    binomial = families.binomial.at(n=10)
    general = NormalDistributions(2, distribution_type="general").metric
    covariance = np.diag([4.0, 9.0])
    point, velocity = np.concatenate([[0.0, 0.0], covariance.ravel()]), np.array([1.0, 1.0, 0, 0, 0, 0])
    fisher, direction = families.bivariate_normal.fisher([0, 0, 2, 3, 0]), np.array([1.0, 1.0, 0, 0, 0])
    simplex = CategoricalDistributions(2).metric
    gamma = {"geomstats": GammaDistributions().metric, FINER: finer(GammaDistributions()).metric}
    start, end = ([0.5, 1.0], [20.0, 0.1])
    theirs = [np.array(shape_and_mean(theta)) for theta in (start, end)]
    found = geodesics.logarithm(families.gamma, start, end).velocity
    arrived = np.array(geodesics.exponential_map(families.gamma, start, found))
    yield (
        "Poisson λ = 2, velocity −10: where at time 1?",
        "leaves at time 0.4",
        {
            "ngbook": attempt(lambda: geodesics.exponential_map(families.poisson, [2], [-10])),
            "geomstats": attempt(
                lambda: PoissonDistributions().metric.exp(np.array([-10.0]), np.array([2.0]))
            ),
        },
    )
    yield (
        "binomial n = 10, p = 0.7, velocity 2: where at time 1?",
        (f"leaves at time {np.arcsin(np.sqrt(0.3)) * np.sqrt(0.7 * 0.3):.5g}"),
        {
            "ngbook": attempt(lambda: geodesics.exponential_map(binomial, [0.7], [2])),
            "geomstats": attempt(
                lambda: BinomialDistributions(10).metric.exp(np.array([2.0]), np.array([0.7]))
            ),
        },
    )
    yield (
        "categorical (0.2, 0.5, 0.3), velocity (−0.9, 0.5, 0.4): where at time 1?",
        (f"leaves at time {leaves_the_simplex(all_of_them(probabilities), [*far, -sum(far)]):.5g}"),
        {
            "ngbook": attempt(lambda: geodesics.exponential_map(families.categorical, probabilities, far)),
            "geomstats": attempt(
                lambda: simplex.exp(np.array([*far, -sum(far)]), np.array(all_of_them(probabilities)))
            ),
        },
    )
    yield (
        "categorical: curvature?",
        "0.25",
        {
            "ngbook": attempt(lambda: float(geodesics.gauss_curvature(families.categorical))),
            "geomstats": attempt(
                lambda: simplex.sectional_curvature(
                    np.array([0.1, -0.1, 0]), np.array([0, 0.1, -0.1]), np.array([0.2, 0.5, 0.3])
                )
            ),
        },
    )
    yield (
        "normal with mean and Σ = diag(4, 9): square of the length of a change (1, 1) of the mean?",
        (f"{1 / 4 + 1 / 9:.4g}"),
        {
            "ngbook": attempt(lambda: direction @ fisher @ direction),
            "geomstats": attempt(lambda: general.squared_norm(velocity, point)),
        },
    )
    yield (
        "Gamma, far: where does the geodesic to (20, 200), shape and mean, arrive?",
        "20 200",
        {
            "ngbook": attempt(lambda: shape_and_mean(arrived)),
            **{
                name: attempt(lambda m=m: m.exp(m.log(theirs[1], theirs[0]), theirs[0]))
                for name, m in gamma.items()
            },
        },
    )


def leaves_the_simplex(p, velocity):
    """Time at which √p_i, which goes round a circle in a plane of the sphere, is first 0.

    On the sphere of radius 1 it is cos(ωt) √p + sin(ωt) w/ω, with w = velocity/(2√p) and ω = |w|.
    """
    roots = np.sqrt(p)
    w = np.array(velocity) / (2 * roots)
    turn = np.linalg.norm(w)
    return min(np.arctan2(root * turn, -slope) / turn for root, slope in zip(roots, w, strict=True))


def main():
    """Run the races."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11, help="how often everything is timed")
    parser.add_argument("--quick", action="store_true", help="values only, and no times")
    options = parser.parse_args()
    for table, members in sides().items():
        for family, (ours, chart, spaces, other, distance) in members.items():
            for pair, (start, end) in PAIRS[family].items():
                functions = calls(ours, chart, spaces, other, start, end)
                racing = values(f"{family}, {pair}", functions, distance(start, end))
                if len(racing) > 1 and not options.quick and not pair.endswith("back"):
                    race(f"{table}; {family}, {pair}", racing, options.rounds)
    if not options.quick:
        many(options.rounds)
    for question, right, answers in cases():
        print(
            "case", json.dumps({"question": question, "right": right, "sides": answers}, ensure_ascii=False)
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
