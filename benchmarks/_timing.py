"""How long a call takes: what every side of a race of single calls measures with."""

import statistics
import time


def measure(function, seconds):
    """Median processor seconds of a call, after a warm-up, over calls for so many seconds, at least five."""
    for _ in range(3):
        function()
    times, until = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < until:
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return statistics.median(times)
