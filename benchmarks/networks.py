"""Curvature of two small networks, and learning with it.

*Spirals* is a network 2-16-16-3 (371 parameters, softmax), at 300 points of three spirals; *curves* is an
autoencoder 64-20-6-20-64 (2,910 parameters, logits of pixels), at 300 pictures.

First the curvature, in double precision, at the same parameters for all sides. *Kronecker factors* are exact,
over all targets of the model, with the evaluation of the network; *damped solve* starts from factors that are
there, with damping 0.01 divided by their traces; *Gauss–Newton product* is F v, where what a library can keep
has been kept. All sides have to agree before anything is printed.

Then learning, from the same starts to the same loss: the package's adaptive damping, along K-FAC's direction
and by conjugate gradients, beside Adam in torch, in JAX, and with the package's own gradients. For each goal
Adam's rate and batch are those of a grid that take the least time over two other starts, in JAX, which runs
the grid fastest. Evaluations of Adam's loss are not counted.

Times are processor time in fresh processes, side by side in each round, or start.

Usage: python benchmarks/networks.py [--rounds 3] [--starts 5] [--problems spirals ...]
"""

import argparse
import json

from _descents import GOALS, MEMORY, PRODUCTS
from _networks import QUANTITIES
from _race import OURS, Measured, child, line

TITLES = {"spirals": "Spirals, 2-16-16-3", "curves": "Curves, 64-20-6-20-64"}
CURVATURE = {OURS: OURS, "jax": "JAX (jit)", "curvlinops": "curvlinops", "nngeometry": "nngeometry"}
STARTS = {"spirals": 5, "curves": 3}
AGREEMENT = 1e-10  # relative, in norm
NATURAL = {OURS: "K-FAC", f"{OURS} (CG)": "conjugate gradients"}
ADAM = {"torch (Adam)": "torch", "JAX (Adam)": "jax", f"{OURS} (Adam)": OURS}
RULE = "adaptive damping from 1, ×½ or ×2"
SETTINGS = {
    OURS: f"{RULE}; factors of sampled targets, memory {MEMORY}; size and momentum by the quadratic model",
    f"{OURS} (CG)": f"{RULE}; at most {PRODUCTS} products, to a residual of 0.01",
}


def check(side, found, expected):
    """Refuse to time results that are not the same, or not in double precision."""
    for name in QUANTITIES:
        mine, theirs = expected[name]["result"], found[name]["result"]
        if found[name]["type"] != "float64":
            raise SystemExit(f"{side} works in {found[name]['type']}")
        distance = sum((a - b) ** 2 for a, b in zip(mine, theirs, strict=True)) ** 0.5
        if not distance <= AGREEMENT * sum(a**2 for a in mine) ** 0.5:
            raise SystemExit(f"{side} differs by {distance:.1e} in {name}")


def curvature(problem, rounds):
    """Factors, solves and products."""
    found = []
    for _ in range(rounds):
        found.append({side: child(side, "_networks.py", problem) for side in CURVATURE})
        for side in CURVATURE:
            check(side, found[-1][side], found[-1][OURS])
    print(f"  {problem}: all {len(CURVATURE)} sides agree to {AGREEMENT} in {rounds} rounds", flush=True)
    for name in QUANTITIES:
        measured = {side: Measured([one[side][name]["seconds"] for one in found]) for side in CURVATURE}
        for side, title in CURVATURE.items():
            if side != OURS:
                line(f"{TITLES[problem]}; {name}", measured[OURS], title, measured[side])


def learning(problem, starts):
    """Tune Adam, and run all sides from each start; each goal has a race."""
    tuned = child("jax", "_descents.py", problem, "Adam", "tune")["settings"]
    print(f"  {problem} Adam: rate and batch {tuned}", flush=True)
    runs = {title: [] for title in (*NATURAL, *ADAM)}
    for seed in range(1, starts + 1):
        for title in runs:
            if title in NATURAL:
                goals = child(OURS, "_descents.py", problem, NATURAL[title], seed)["goals"]
            else:
                each = {
                    setting: child(ADAM[title], "_descents.py", problem, "Adam", seed, *setting)["goals"]
                    for setting in map(tuple, tuned)
                }
                goals = [each[tuple(setting)][i] for i, setting in enumerate(tuned)]
            runs[title].append(goals)
            told = ", ".join(f"{s:.3f} s, {k} steps{'' if ok else ' (cap)'}" for s, k, ok in goals)
            print(f"  {problem} {title} start {seed}: {told}", flush=True)
    for title in runs:
        kind = NATURAL.get(title, "Adam").replace("conjugate gradients", "natural gradient by CG")
        row = {"method": kind, "settings": SETTINGS.get(title)}
        if title in ADAM:
            pairs = zip(GOALS[problem], tuned, strict=True)
            texts = [f"rate {rate:.2g}, batch {batch} (to {goal:g})" for goal, (rate, batch) in pairs]
            row["settings"] = "; ".join(texts)
        print(f"settings {TITLES[problem]}; {title}: {json.dumps(row, ensure_ascii=False)}", flush=True)
    for i, goal in enumerate(GOALS[problem]):
        measured = {
            title: Measured([goals[i][0] for goals in each], [goals[i][2] for goals in each])
            for title, each in runs.items()
        }
        for title in runs:
            if title != OURS:
                name = f"{TITLES[problem]}; learning to {goal:g} nat{'' if goal == 1 else 's'}"
                line(name, measured[OURS], title, measured[title])


def main():
    """One problem after another."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--starts", type=int, help="5 for spirals, 3 for curves")
    parser.add_argument("--problems", nargs="*", choices=list(TITLES), default=list(TITLES))
    options = parser.parse_args()
    for problem in options.problems:
        curvature(problem, options.rounds)
        learning(problem, options.starts or STARTS[problem])


if __name__ == "__main__":
    main()
