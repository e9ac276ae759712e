"""Natural gradients of a network: products with its Fisher matrix, and conjugate gradients.

A softmax policy with 4 inputs, two layers of 64 tanh units and 2 actions (4,610 parameters), at 2,048
observations: the same weights for all sides, and the exact Fisher matrix of the policy's own actions.
*Product* is F v; what a library can keep at this point of the parameter space has been kept: ngbook, JAX
and `torch.func` keep the evaluated network. *CG* is ten iterations of conjugate gradients for (F + 0.1 I)⁻¹
g from scratch, the evaluation included.

All sides have to agree before anything is printed. Times are processor time, the median of many calls after
a warm-up, in fresh processes for each of five rounds; shown are the median and the spread of the rounds.

Usage: python benchmarks/fisher_products.py [--rounds 5] [--sides jax ...]
"""

import argparse

from _race import OURS, Measured, child, line

SIDES = {
    OURS: OURS,
    "jax": "JAX (jit)",
    "torch_double_backward": "torch (double backward)",
    "torch_func": "torch.func",
    "curvlinops": "curvlinops",
    "nngeometry": "nngeometry",
}
COLUMNS = {"product": "product", "conjugate gradients": "CG"}
AGREEMENT = {"float32": (1e-5, 1e-3), "float64": (1e-12, 1e-9)}  # relative, of product and solution


def check(side, results, expected):
    """Refuse to time results that are not the same, in norm, or not of the precision asked for."""
    for dtype, tolerances in AGREEMENT.items():
        if results[dtype]["types"] != [dtype, dtype]:
            raise SystemExit(f"{side} works in {results[dtype]['types']}, not in {dtype}")
        for mine, theirs, tolerance in zip(
            expected[dtype]["results"], results[dtype]["results"], tolerances, strict=True
        ):
            distance = sum((a - b) ** 2 for a, b in zip(mine, theirs, strict=True)) ** 0.5
            if not distance <= tolerance * sum(a**2 for a in mine) ** 0.5:
                raise SystemExit(f"{side} differs by {distance:.1e} in {dtype}")


def main():
    """Run the sides in turn, round by round, so that a change of the machine's pace meets all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sides", nargs="*", choices=list(SIDES))
    options = parser.parse_args()
    sides = [side for side in SIDES if side == OURS or not options.sides or side in options.sides]
    rounds = []
    for _ in range(options.rounds):
        rounds.append({side: child(side, "_products.py") for side in sides})
        for side in sides[1:]:
            check(side, rounds[-1][side], rounds[-1][OURS])
    print(f"  all {len(sides)} sides agree in {options.rounds} rounds", flush=True)
    for dtype in AGREEMENT:
        for key, column in COLUMNS.items():
            measured = {side: Measured([one[side][dtype][key] for one in rounds]) for side in sides}
            for side in sides[1:]:
                line(
                    f"Fisher matrix of a network; {column} {dtype}",
                    measured[OURS],
                    SIDES[side],
                    measured[side],
                )


if __name__ == "__main__":
    main()
