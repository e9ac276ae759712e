"""Natural gradients from explicit scores: three ways to solve, and how good a choice the shape alone makes.

Shapes are (samples × parameters), of two kinds of scores; one thread, float64, damping 1e-3, conjugate
gradients to a residual of 1e-8. ngbook is `natural_direction`, its rivals are the two direct methods, of
which it takes one, and conjugate gradients, which it leaves to the reader. *Decaying* scores have standard
deviation j^(-1/2) for parameter j, and the gradient is an average of the scores. *Independent* ones have
equal standard deviations, and the gradient is independent of them.

And before that one product with the Fisher matrix, as the solvers do it, against one reading of the scores
from memory: by `scores @ vector` (half of the product, at the speed of BLAS), by `scores.sum()`, and by the
inner product of the scores with themselves (nothing reads faster). Copies of the scores, together three
times as large as the last-level cache, take turns, so that nobody finds anything in the cache.

All sides of a race take turns, in an order that changes; a quick one is called once untimed, then often
enough for 10 ms, and averaged. Times are on the clock.

Usage: python benchmarks/solve.py [--rounds N] [--quick]
"""

import argparse
import os
import platform
import sys
import time

import numpy as np
import scipy
from _race import ONE_THREAD, Measured, line, number

from ngbook._check.arrays import MOST_BYTES
from ngbook.solve import conjugate_gradient, dense_solve, dual_solve, mean_outer_product, natural_direction

SHAPES = ((2000, 50), (2000, 500), (1000, 5000), (500, 50000))
DAMPING = 1e-3
TOLERANCE = 1e-8
COLD = 96e6  # bytes that push everything else out of the cache
LEAST_SECONDS = 0.01


def problem(kind, samples, parameters):
    """Scores and a gradient."""
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(samples, parameters))
    if kind == "independent":
        return scores, rng.normal(size=parameters)
    scores /= np.sqrt(np.arange(1, parameters + 1))
    return scores, scores.T @ rng.normal(size=samples) / samples


def seconds(function):
    """Time on the clock for one call; the mean over several, after one that is not timed, for quick ones."""
    start = time.perf_counter()
    function()
    once = time.perf_counter() - start
    if once > LEAST_SECONDS:
        return once
    repeats = int(LEAST_SECONDS / once) + 1
    start = time.perf_counter()
    for _ in range(repeats):
        function()
    return (time.perf_counter() - start) / repeats


def in_turns(sides, rounds):
    """``Measured`` for each function of a dictionary."""
    runs, rng = {name: [] for name in sides}, np.random.default_rng(0)
    for _ in range(rounds):
        for name in rng.permutation(list(sides)):  # what ran before decides what is in the cache
            runs[name].append(seconds(sides[name]))
    return {name: Measured(values) for name, values in runs.items()}


def by_matrix(scores, gradient):
    return dense_solve(scores.T @ scores / len(scores), gradient, DAMPING)


def by_iteration(scores, gradient):
    return conjugate_gradient(mean_outer_product(scores), gradient, DAMPING, tolerance=TOLERANCE).solution


def race_methods(kind, samples, parameters, rounds):
    """All methods; returns the ratio of the natural direction to the best direct method."""
    scores, gradient = problem(kind, samples, parameters)
    methods = {
        "natural direction": lambda: natural_direction(scores, gradient, DAMPING),
        "dense": lambda: by_matrix(scores, gradient),
        "dual": lambda: dual_solve(scores, gradient, DAMPING),
        "conjugate gradients": lambda: by_iteration(scores, gradient),
    }
    if 8 * parameters**2 > MOST_BYTES:
        print(f"  dense is left out: its matrix would take {8e-9 * parameters**2:.0f} GB")
        del methods["dense"]
    solutions = {name: method() for name, method in methods.items()}  # and warm up
    rounds *= 5 if samples * parameters < 1e6 else 1  # a fraction of a millisecond is easily disturbed
    measured = in_turns(methods, rounds)
    ours = measured["natural direction"]
    for name in list(methods)[1:]:
        line(f"Natural direction, {kind} scores; {samples} × {parameters}", ours, name, measured[name])
    best = min({"dense", "dual"} & set(methods), key=lambda name: measured[name].median)
    ratio = ours.median / measured[best].median
    difference = max(np.linalg.norm(x - solutions["dual"]) for x in solutions.values())
    print(
        f"  natural direction / best direct method = {ratio:.2f} "
        f"(fastest runs {min(ours.values) / min(measured[best].values):.2f}), best: {best}; "
        f"solutions agree to {difference / np.linalg.norm(solutions['dual']):.0e}",
        flush=True,
    )
    return ratio


def race_product(samples, parameters, rounds):
    """One product with the Fisher matrix; returns its ratio to one reading by ``scores @ vector``."""
    rng = np.random.default_rng(0)
    copies = range(int(np.ceil(COLD / (8 * samples * parameters))))
    scores, vector = [rng.normal(size=(samples, parameters)) for _ in copies], rng.normal(size=parameters)
    fishers = [mean_outer_product(s) for s in scores]
    flat = [s.ravel() for s in scores]
    sides = {
        "product": lambda: [f @ vector for f in fishers],
        "one reading by scores @ vector": lambda: [s @ vector for s in scores],
        "one reading by scores.sum()": lambda: [s.sum() for s in scores],
        "one reading by an inner product": lambda: [np.dot(x, x) for x in flat],
        "both products in NumPy": lambda: [s.T @ (s @ vector) for s in scores],
    }
    together = in_turns(sides, rounds)
    cold = {name: Measured([t / len(copies) for t in m.values]) for name, m in together.items()}
    for name in list(sides)[1:]:
        line(f"Fisher product of scores; {samples} × {parameters}", cold["product"], name, cold[name])
    warm = in_turns({"product": lambda: fishers[0] @ vector, "reading": lambda: scores[0] @ vector}, rounds)
    ratio = cold["product"].median / cold["one reading by scores @ vector"].median
    print(
        f"  product / reading = {ratio:.2f}; with the same {8e-6 * samples * parameters:.3g} MB again and "
        f"again {number(warm['product'].median)} s and {number(warm['reading'].median)} s, "
        f"{warm['product'].median / warm['reading'].median:.2f}",
        flush=True,
    )
    return ratio


def main():
    """Run the races."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11, help="how often everything is timed")
    parser.add_argument("--quick", action="store_true", help="the two smaller shapes only")
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # read once, when NumPy is imported
        os.execve(sys.executable, [sys.executable, *sys.argv], ONE_THREAD)
    shapes = SHAPES[:2] if options.quick else SHAPES
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}; "
        f"{os.cpu_count()} cores, one thread"
    )
    ratios = [race_product(*shape, options.rounds) for shape in shapes]
    print(f"largest product / reading: {max(ratios):.2f} (wanted: at most 1.5)\n")
    kinds = ("decaying", "independent")
    ratios = [race_methods(kind, *shape, options.rounds) for kind in kinds for shape in shapes]
    print(f"largest natural direction / best direct method: {max(ratios):.2f} (wanted: at most 1.3)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
