"""Data in chunks: time and memory against the number of data, and what the engine costs where data are few.

*direction* is the natural gradient from n scores of 50 parameters, float64, with the damping 1e-3. The scores
are drawn in chunks of at most 100,000 rows, and the drawing is part of the time, for all sides alike: `array`
puts the chunks together and calls `natural_direction`; `chunks` adds up their outer products by
`chunked_mean`, one after another; `threads` and `processes` give a Dask array to `natural_direction`, on two
threads and on a cluster of two processes. *product* is one product with the Gauss-Newton matrix of a network
with 371 parameters at n inputs: `array` keeps the evaluated network, the others evaluate chunk by chunk.
*sweep* is a number of training runs, of 1 and of 100 steps, here and on two processes.

A small task of the same kind comes first, so that no import is counted. All sides have to agree before
anything is printed. Each round measures in fresh processes, all sides in turn; a line gives the median and
the range of the seconds on the clock, the median of the processor's in all processes and in the busiest
one, and the peak memory of all processes with the part that was there before. On a machine that does other
work the clock says little, and the busiest process is what a free one would have to wait for at least. The
start of the cluster, which is not in these times, is given at the end. Without Dask its sides are left out.

Usage: python benchmarks/scale.py [--rounds 3] [--quick]
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
from pathlib import Path

from _race import ONE_THREAD, Measured, number

DASK = importlib.util.find_spec("distributed") is not None
CHUNK = 100_000
DATA = (1000, 10_000, 100_000, 1_000_000, 10_000_000)
INPUTS = (1000, 10_000, 100_000, 1_000_000)
SIDES = {
    "direction": ("array", "chunks", "threads", "processes"),
    "product": ("array", "chunks", "processes"),
    "sweep": ("here", "processes"),
}
SWEEPS = ((100, 1), (20, 100))  # runs, steps of each


def cases(quick):
    """Task, size, and rows of a chunk, or steps of a run."""
    for n in DATA[: 3 if quick else None]:
        yield "direction", n, min(CHUNK, n // 4)
    for n in INPUTS[: 2 if quick else None]:
        yield "product", n, min(CHUNK // 10, n // 4)
    for count, steps in SWEEPS:
        yield "sweep", count, steps


def fresh(side, *arguments):
    """One measurement in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("_chunks.py")), side, *map(str, arguments)]
    done = subprocess.run(command, env=ONE_THREAD, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def show(task, size, chunk, side, found):
    wall = Measured([each["wall"] for each in found])
    middle = {key: statistics.median(each[key] for each in found) for key in found[0]}
    print(
        f"scale {task} {size} by {chunk}, {side}: {number(wall.median)} s ({wall.spread('s')}), "
        f"processor {number(middle['processor'])} s, busiest {number(middle['busiest'])} s, "
        f"peak {middle['peak']:.0f} MiB, before {middle['before']:.0f} MiB",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    starts = []
    if not DASK:
        print("Dask is not installed, and its sides are left out: pip install 'ngbook[distributed]'")
    for task, size, chunk in cases(options.quick):
        sides = [side for side in SIDES[task] if DASK or side in ("array", "chunks", "here")]
        found = {side: [] for side in sides}
        for _ in range(options.rounds):
            for side in sides:
                found[side].append(fresh(side, task, size, chunk))
        results = [each["result"] for runs in found.values() for each in runs]
        if not max(results) <= min(results) * (1 + 1e-10):
            raise SystemExit(f"{task}: the sides do not agree: {results}")
        for side, runs in found.items():
            show(task, size, chunk, side, runs)
            starts += [each["ready"] for each in runs if "ready" in each]
    if starts:
        ready = Measured(starts)
        print(f"start of two processes: {number(ready.median)} s ({ready.spread('s')})")


if __name__ == "__main__":
    main()
