"""Learning: CartPole-v1 and Pendulum-v1 until they are solved three times in a row.

Every side trains with its own trust-region policy optimisation, in a fresh process for each of five seeds.
After the first update at or past every 2,048 environment steps (4,096 on Pendulum-v1) the clock stops, and
the same evaluator plays 100 fresh episodes with the stochastic policy, in Gymnasium's own environments. The
race is over when three evaluations in a row average at least 475 (−200 on Pendulum-v1), or at a cap on the
steps.

*Training* is processor time from the first environment step to the finish, evaluations left out, with
everything built and imported beforehand. *Process* is the processor time of the whole process, start-up and
imports included, less the evaluations. *Memory* is the largest resident size of the process. A run that
reaches the cap counts as longer than all others, and `>` marks a median that is only a lower bound.

Usage: python benchmarks/learning.py [--seeds 5] [--tasks CartPole-v1 ...] [--sides ngbook ...]
"""

import argparse
import json

from _race import OURS, Measured, child, line

SIDES = {
    "CartPole-v1": {
        OURS: OURS,
        "sb3-defaults": "sb3-contrib (defaults)",
        "sb3-eight": "sb3-contrib (8 × 128)",
        "tianshou": "tianshou (8 environments)",
    },
    "Pendulum-v1": {
        OURS: OURS,
        "sb3-defaults": "sb3-contrib (defaults)",
        "sb3-zoo": "sb3-contrib (Zoo)",
    },
}
CLOCKS = "processor", "wall"
QUANTITIES = {
    "training": ("s", lambda run: run["training_processor"]),
    "process": ("s", lambda run: run["process_processor"] - run["evaluation_processor"]),
    "memory": ("MiB", lambda run: run["memory"]),
    "environment steps": ("steps", lambda run: run["steps"]),
}


def run(side, task, seed):
    """One run, reported in a line of its own."""
    result = child(side, "_learners.py", task, seed)
    processor, wall = (result[f"process_{clock}"] - result[f"evaluation_{clock}"] for clock in CLOCKS)
    print(
        f"  {task} {side} seed {seed}: {'' if result['solved'] else 'not '}solved, {result['steps']} steps, "
        f"training {result['training_processor']:.2f} s ({result['training_wall']:.2f} s on the clock), "
        f"process {processor:.2f} s ({wall:.2f} s), {result['memory']:.0f} MiB; "
        f"last means {', '.join(f'{mean:.0f}' for _, mean in result['evaluations'][-4:])}",
        flush=True,
    )
    return result


def main():
    """Run the sides in turn, seed by seed, so that a change of the machine's pace meets all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tasks", nargs="*", default=list(SIDES), choices=list(SIDES))
    parser.add_argument("--sides", nargs="*")
    options = parser.parse_args()
    for task in options.tasks:
        sides = [side for side in SIDES[task] if not options.sides or side in options.sides]
        runs = {side: [] for side in sides}
        for seed in range(1, options.seeds + 1):
            for side in sides:
                runs[side].append(run(side, task, seed))
        for side, results in runs.items():
            print(f"settings {task}; {SIDES[task][side]}: {json.dumps(results[0]['settings'])}", flush=True)
        if OURS not in runs:
            continue
        for quantity, (unit, value) in QUANTITIES.items():
            measured = {
                side: Measured([value(one) for one in results], [one["solved"] for one in results])
                for side, results in runs.items()
            }
            for side in sides[1:]:
                line(f"{task}; {quantity}", measured[OURS], SIDES[task][side], measured[side], unit)


if __name__ == "__main__":
    main()
