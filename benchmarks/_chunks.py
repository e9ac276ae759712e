"""One measurement of ``scale.py`` in a fresh process: ``python _chunks.py SIDE TASK SIZE CHUNK``.

What is printed last, as JSON, has the seconds on the clock, those of the processor in all processes together
and in the busiest, the peak memory of all processes in MiB, the part of it that was there before the task
began, and a number by which the sides are compared.
"""

import functools
import json
import os
import resource
import sys
import time

import numpy as np

from ngbook import distributed, networks, solve

PARAMETERS, DAMPING = 50, 1e-3
NETWORK, LIKELIHOOD = networks.Network(2, 3, (16, 16)), networks.Categorical()


def scores(rows, number):
    """One chunk of scores, always the same for its number."""
    return np.random.default_rng([rows, number]).normal(size=(rows, PARAMETERS))


def inputs(rows, number):
    """One chunk of inputs of the network."""
    return np.random.default_rng([rows, number]).uniform(-1, 1, size=(rows, 2))


class Drawn:
    """Chunks that are drawn when they are asked for, at each passage anew."""

    def __init__(self, draw, rows, count):
        self.draw, self.rows, self.count = draw, rows, count

    def __iter__(self):
        return (self.draw(self.rows, number) for number in range(self.count))


def together(chunks):
    """All chunks in one array, filled one after another."""
    whole = np.empty((chunks.count, chunks.rows, PARAMETERS))
    for place, chunk in zip(whole, chunks, strict=True):
        place[:] = chunk
    return whole.reshape(-1, PARAMETERS)


def outer(chunk):
    return chunk.T @ chunk / len(chunk)


# --- tasks: each returns a function of no arguments that is timed ------------------------------------------


def direction(side, rows, count, client):
    """The natural gradient from so many scores."""
    gradient = np.ones(PARAMETERS)
    if side == "array":
        return lambda: solve.natural_direction(together(Drawn(scores, rows, count)), gradient, DAMPING)
    if side == "chunks":
        mean = functools.partial(distributed.chunked_mean, outer, Drawn(scores, rows, count))
        return lambda: solve.dense_solve(mean(), gradient, DAMPING)
    import dask.array

    def draw(block_info):
        return scores(rows, block_info[None]["chunk-location"][0])

    sizes = ((rows,) * count, (PARAMETERS,))
    lazy = dask.array.map_blocks(draw, chunks=sizes, dtype=float, meta=np.empty((0, 0)))
    return lambda: solve.natural_direction(lazy, gradient, DAMPING)


def product(side, rows, count, client):
    """A product with the Gauss-Newton matrix of a network, which is evaluated before where it is kept."""
    theta, v = NETWORK.initial(np.random.default_rng(1)), np.ones(NETWORK.size)
    chunks = [*Drawn(inputs, rows, count)]
    if side == "array":
        operator = networks.gauss_newton(NETWORK.at(theta, np.vstack(chunks)), LIKELIHOOD)
    else:
        spread = distributed.map_on(client) if client else map
        chunks = client.scatter(chunks) if client else chunks
        operator = distributed.chunked_gauss_newton(NETWORK, theta, chunks, LIKELIHOOD, spread)
    return lambda: operator @ v


def train(steps, rng):
    """A run of so many natural-gradient steps; the loss at its end."""
    points, labels = rng.normal(size=(300, 2)), rng.integers(3, size=300)
    theta = NETWORK.initial(rng)
    for _ in range(steps):
        evaluated = NETWORK.at(theta, points)
        metric = networks.gauss_newton(evaluated, LIKELIHOOD)
        gradient = networks.loss_gradient(evaluated, LIKELIHOOD, labels)
        theta = theta - 0.3 * solve.conjugate_gradient(metric, gradient, 0.1, iterations=10).solution
    return LIKELIHOOD.loss(NETWORK.at(theta, points).outputs, labels)


def runs(side, steps, count, client):
    """A sweep of so many runs with so many steps each."""
    return lambda: distributed.sweep(functools.partial(train, steps), range(count), client)


TASKS = {"direction": direction, "product": product, "sweep": runs}


# --- measuring ---------------------------------------------------------------------------------------------


def costs():
    """Processor seconds and peak MiB of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(side, task, size, chunk, client=None):
    def all_costs():
        return np.array([costs(), *(client.run(costs).values() if client else [])])

    call = TASKS[task](side, chunk, size // chunk if task != "sweep" else size, client)
    TASKS[task](side, 250 if task != "sweep" else 1, 4, client)()  # what is imported on first use is there
    before, start = all_costs(), time.perf_counter()
    result = call()
    wall, after = time.perf_counter() - start, all_costs()
    spent = after[:, 0] - before[:, 0]
    return {
        "wall": wall,
        "processor": spent.sum(),
        "busiest": spent.max(),
        "peak": after[:, 1].sum(),
        "before": before[:, 1].sum(),
        "result": float(np.linalg.norm(result)),
    }


def main(side, task, size, chunk):
    size, chunk = int(size), int(chunk)
    if side == "processes":
        from distributed import Client, LocalCluster

        start = time.perf_counter()
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            client.run(os.getpid)
            ready = time.perf_counter() - start
            print(json.dumps(measure(side, task, size, chunk, client) | {"ready": ready}), flush=True)
    elif side == "threads":
        import dask

        with dask.config.set(scheduler="threads", num_workers=2):
            print(json.dumps(measure(side, task, size, chunk)), flush=True)
    else:
        print(json.dumps(measure(side, task, size, chunk)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
