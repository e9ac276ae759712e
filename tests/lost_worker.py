"""A sweep over seeds on two processes, of which one is killed in the middle: ``python -m tests.lost_worker``.

Its runs are given to the other one, and to the process that takes its place, and all results are those of one
process, bit for bit. A run that kills every worker it comes to fails in the end, and is named by its seed. A
run that waited on the same workers each time may be named beside it, and ends when it is repeated; the others
end at once. It needs Dask, and takes half a minute.
"""

import os
import signal
import sys
import threading
import time

import numpy as np

from ngbook.distributed import RunsFailed, sweep

SEEDS = range(40)
DEADLY = 13


def a_run(rng):
    """A quarter of a second of work, and its result."""
    time.sleep(0.25)
    return float(rng.normal(size=1000) @ rng.normal(size=1000))


def deadly(rng):
    """The same, but for one seed, which ends the process without a word as a full memory does."""
    time.sleep(0.05)
    first = rng.normal()
    if first == np.random.default_rng(DEADLY).normal():
        os.kill(os.getpid(), signal.SIGKILL)
    return first


def kill_one(client, after):
    """End one of the workers' processes in so many seconds."""

    def kill():
        pids = client.run(os.getpid)
        os.kill(pids[min(pids)], signal.SIGKILL)

    timer = threading.Timer(after, kill)
    timer.start()
    return timer


def lost_worker(client):
    """Whether a sweep has the numbers of one process although a worker is lost."""
    before = set(client.run(os.getpid).values())
    timer = kill_one(client, after=2.0)
    found = sweep(a_run, SEEDS, client, retries=0)
    timer.join()
    client.wait_for_workers(2, timeout=30)
    lost = before - set(client.run(os.getpid).values())
    return len(lost) == 1 and found == sweep(a_run, SEEDS, retries=0)


def deadly_run(client):
    """Whether a run that no worker survives is named, with few beside it, and the others end."""
    try:
        sweep(deadly, SEEDS, client)
    except RunsFailed as failed:
        beside = [seed for seed in failed.failures if seed != DEADLY]
        again = dict(zip(beside, sweep(deadly, beside, client) if beside else [], strict=True))
        expected = {seed: np.random.default_rng(seed).normal() for seed in SEEDS if seed != DEADLY}
        return DEADLY in failed.failures and len(beside) <= 3 and failed.results | again == expected
    return False


def main():
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise SystemExit("Dask is not installed: pip install 'ngbook[distributed]'") from None
    worked = []
    for test in (lost_worker, deadly_run):
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
            ) as cluster,
            Client(cluster) as client,
        ):
            started = time.perf_counter()
            worked.append(test(client))
            took = time.perf_counter() - started
            print(
                f"{test.__name__}: {'as it should be' if worked[-1] else 'FAILED'}, {took:.0f} s", flush=True
            )
    return 0 if all(worked) else 1


if __name__ == "__main__":
    sys.exit(main())
