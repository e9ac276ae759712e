"""Time to derive and verify the Fisher matrix of every family, beside plain SymPy.

``ngbook``            all forms that exist (score, Hessian, KL), with KL in closed form and proofs of
                      equality; the whole catalogue in one fresh process, nothing cached between runs
``integrate``         one form only, the mean outer product of the score, by ``integrate`` or ``summation``
``sympy.stats``       the same by ``sympy.stats.E``

Each peer runs in a process of its own with a cap on its time. Its answer is evaluated at a generic point and
compared with ours: "agrees", "differs", or "open" when an unevaluated integral, infinity or NaN is left.
Seconds are processor time, so that a busy machine does not count; the cap is on the clock. Start-up and
imports are not counted on any side.

Usage: python benchmarks/catalogue.py [--quick] [--cap SECONDS] [family ...]
"""

import argparse
import json
import platform
import subprocess
import sys
import time

import sympy as sp


def derive_all(slugs):
    """Seconds for each family, in this process."""
    from ngbook import families

    seconds = {}
    for slug in slugs:
        start = time.process_time()
        derivation = families.catalogue()[slug].derivation()
        seconds[slug] = time.process_time() - start
        forms = 3 - len(derivation.missing)
        if not derivation.regular or len(derivation.proved) != forms - 1:
            raise SystemExit(f"{slug}: the forms were not proved equal")
    return seconds


def by_integrate(family):
    """Expectation by plain integration or summation of the density."""
    density = sp.exp(family.log_density)
    if family.slug == "dirichlet":
        x1, x2, x3 = family.variable
        inside = (x2, 0, 1 - x1), (x1, 0, 1)
        return lambda e: sp.integrate((e * density).subs(x3, 1 - x1 - x2), *inside)
    if family.slug.startswith("bivariate_normal"):
        return lambda e: sp.integrate(e * density, *((x, -sp.oo, sp.oo) for x in family.variable))
    x, support = family.variable, family.support
    if isinstance(support, sp.Interval) or support is sp.S.Reals:
        return lambda e: sp.integrate(e * density, (x, support.inf, support.sup))
    last = support.stop - 1 if isinstance(support, sp.Range) else sp.oo
    return lambda e: sp.summation(e * density, (x, support.inf, last))


def by_sympy_stats(family):
    """Expectation by sympy.stats."""
    from sympy import stats

    p, c = family.parameters, family.constants
    make = {
        "bernoulli": lambda: stats.Bernoulli("X", p[0]),
        "bernoulli_logit": lambda: stats.Bernoulli("X", 1 / (1 + sp.exp(-p[0]))),
        "binomial": lambda: stats.Binomial("X", c[0], p[0]),
        "poisson": lambda: stats.Poisson("X", p[0]),
        "geometric": lambda: stats.Geometric("X", p[0]),
        "negative_binomial": lambda: stats.NegativeBinomial("X", c[0], p[0]),
        "normal": lambda: stats.Normal("X", p[0], p[1]),
        "normal_log_sigma": lambda: stats.Normal("X", p[0], sp.exp(p[1])),
        "normal_variance": lambda: stats.Normal("X", p[0], sp.sqrt(p[1])),
        "normal_natural": lambda: stats.Normal("X", -p[0] / (2 * p[1]), sp.sqrt(-1 / (2 * p[1]))),
        "normal_mean": lambda: stats.Normal("X", p[0], sp.sqrt(p[1] - p[0] ** 2)),
        "log_normal": lambda: stats.LogNormal("X", p[0], p[1]),
        "exponential": lambda: stats.Exponential("X", p[0]),
        "gamma": lambda: stats.Gamma("X", p[0], 1 / p[1]),
        "inverse_gamma": lambda: stats.GammaInverse("X", p[0], p[1]),
        "beta": lambda: stats.Beta("X", p[0], p[1]),
        "weibull": lambda: stats.Weibull("X", p[1], p[0]),
        "gumbel": lambda: stats.Gumbel("X", p[1], p[0]),
        "pareto": lambda: stats.Pareto("X", c[0], p[0]),
        "rayleigh": lambda: stats.Rayleigh("X", p[0]),
        "inverse_gaussian": lambda: stats.GaussianInverse("X", p[0], p[1]),
        "von_mises": lambda: stats.VonMises("X", p[0], p[1]),
        "logistic": lambda: stats.Logistic("X", p[0], p[1]),
        "laplace": lambda: stats.Laplace("X", p[0], p[1]),
        "cauchy": lambda: stats.Cauchy("X", p[0], p[1]),
        "student_t": lambda: p[0] + p[1] * stats.StudentT("X", c[0]),
    }
    if family.slug not in make:
        return None
    outcome = make[family.slug]()
    return lambda e: stats.E(e.subs(family.variable, outcome))


PEERS = {"integrate": by_integrate, "sympy.stats": by_sympy_stats}


def peer(name, slug):
    """Outer product form by a peer; prints its seconds and a verdict as JSON."""
    from ngbook import families

    family = families.catalogue()[slug]
    expectation = PEERS[name](family)
    if expectation is None:
        print(json.dumps([None, "no such family"]))
        return
    score, size = family.score_vector(), len(family.parameters)
    start = time.process_time()
    entries = [expectation(score[i] * score[j]) for i in range(size) for j in range(i, size)]
    seconds = time.process_time() - start
    matrix = family.derivation().matrix
    ours = [matrix[i, j] for i in range(size) for j in range(i, size)]
    print(json.dumps([seconds, verdict(entries, ours, family.example)]))


def verdict(entries, ours, point):
    """Compare a peer's answer with ours at a point."""
    try:
        values = [complex(sp.N(entry.subs(point))) for entry in entries]
    except (TypeError, ValueError):
        return "open"
    if any(value != value or abs(value) == float("inf") for value in values):
        return "open"
    expected = [complex(sp.N(entry.subs(point))) for entry in ours]
    close = all(abs(v - e) <= 1e-8 * (1 + abs(e)) for v, e in zip(values, expected, strict=True))
    return "agrees" if close else "differs"


def run(arguments, cap):
    """JSON printed by this script with the arguments, in a fresh process; None when the cap is reached."""
    command = [sys.executable, __file__, *arguments]
    try:
        finished = subprocess.run(command, capture_output=True, text=True, timeout=cap, check=False)
    except subprocess.TimeoutExpired:
        return None
    if finished.returncode:
        lines = finished.stderr.strip().splitlines() or ["no message"]
        return [None, f"fails: {lines[-1][:48]}"]
    return json.loads(finished.stdout.strip().splitlines()[-1])


def describe(outcome, seconds, cap):
    """A cell of the table: the peer's time, its ratio to ours and the verdict."""
    if outcome is None:
        return f"> {cap:g} s (x{cap / seconds:.0f} or more)"
    if outcome[0] is None:
        return outcome[1]
    return f"{outcome[0]:.2f} s (x{outcome[0] / seconds:.0f}), {outcome[1]}"


def main():
    from ngbook import families

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("slugs", nargs="*", metavar="family", help="slugs; the whole catalogue if none")
    parser.add_argument("--cap", type=float, default=20.0, help="seconds allowed to each peer on each family")
    parser.add_argument("--quick", action="store_true", help="ngbook only")
    parser.add_argument("--derive", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    slugs = options.slugs or list(families.catalogue())
    if options.derive:
        print(json.dumps(derive_all(slugs)))
        return
    if options.peer:
        peer(options.peer, slugs[0])
        return
    print(f"Python {platform.python_version()}, SymPy {sp.__version__}; one process at a time")
    seconds = run(["--derive", *slugs], None)
    if isinstance(seconds, list):
        raise SystemExit(seconds[1])
    names = [] if options.quick else list(PEERS)
    print("".join(title.ljust(34) for title in ("family", *names)))
    for slug in slugs:
        cells = [f"{slug:22s}{seconds[slug]:7.2f} s"]
        cells += [
            describe(run(["--peer", name, slug], options.cap), seconds[slug], options.cap) for name in names
        ]
        print("".join(cell.ljust(34) for cell in cells).rstrip(), flush=True)
    print(f"{'ngbook, in all':22s}{sum(seconds.values()):7.2f} s")


if __name__ == "__main__":
    main()
