"""Data and seeds that outgrow one process: means over chunks, and sweeps of runs.

==========================  ===============================================================================
``chunked_mean``            the mean over all rows of data that come in chunks, one at a time
``chunked_gauss_newton``    the Gauss–Newton matrix of a network over such data, by products
``sweep``                   one run for each seed, with retries, here or on the workers of a Dask cluster
``map_on``                  what the first two take for ``map`` to work on such a cluster
==========================  ===============================================================================

None of it needs Dask, which the extra ``ngbook[distributed]`` installs: without a client all is done here,
by the same lines, with the same numbers. With one, as from ``distributed.Client(n_workers=2,
threads_per_worker=1)``, the chunks or runs are shared out, and what comes back is added in the order of the
chunks, so that the numbers do not depend on which worker was faster.

Scores in chunks need nothing from here: ``fisher.sampled_fisher`` and ``solve.natural_direction`` take a Dask
array as they take another, since they ask for no more than its shape, ``@`` and ``.T``. On threads of one
process they have the same bits each time; on a cluster they agree to rounding, because NumPy multiplies
``A.T @ A`` by another routine where the two factors are not one piece of memory.

Bad input raises ``ValueError``; runs that failed raise ``RunsFailed``.
"""

import sys
from functools import partial

import numpy as np

from ngbook._check import arrays as check
from ngbook._check import chunks as rules
from ngbook._check import networks as of_networks
from ngbook.networks import gauss_newton

__all__ = ["RunsFailed", "chunked_gauss_newton", "chunked_mean", "map_on", "sweep"]

mapping = check.called("function, chunks")
network = of_networks.attributes("a Network", "at", "size")


@check.arguments(function=check.called("chunk"), chunks=rules.once, map=mapping)
def chunked_mean(function, chunks, map=map):
    """Average over the rows of all chunks what ``function(chunk)`` averages over those of one.

    Each chunk counts by its rows (eq-scale-mean); the mean of the means is another number where chunks
    differ in size. The sum is taken in the order of the chunks, so it has the same bits wherever they were
    computed on machines of one kind, with the same libraries and numbers of threads; another division into
    chunks differs by rounding. Only one chunk is looked at at a time.

    Parameters
    ----------
    function : callable
        ``function(chunk)`` is a number or an array, a *mean* over the chunk's rows; of the same shape for
        all chunks.
    chunks : iterable
        Arrays with a row for each datum, or tuples of arrays with equally many, as ``(inputs, targets)``.
    map : callable
        What calls the function for each chunk and returns the results in order: Python's ``map``, or
        ``map_on(client)``.

    Returns
    -------
    float or ndarray
        The mean over all rows, of the shape that the function returns.
    """
    total, count = None, 0
    for number, (rows, value) in enumerate(map(partial(_with_rows, function), chunks)):
        value = rules.same_shape(value, total, number)
        total = rows * value if total is None else total + rows * value  # eq-scale-mean
        count += rows
    if total is None:
        raise ValueError("chunks is empty: a mean needs at least one")
    return total / count


@check.arguments(network=network, chunks=rules.again, likelihood=of_networks.likelihood, map=mapping)
def chunked_gauss_newton(network, theta, chunks, likelihood, map=map):
    """Return the Gauss–Newton matrix over data in chunks, as an operator (eq-scale-gauss-newton).

    A product goes once through all chunks, evaluates the network at each and forgets it again. So the memory
    is that of one chunk, and a product costs one pass forward more than one of ``networks.gauss_newton``,
    which keeps the evaluated network.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (p,)
        Its parameters.
    chunks : sequence of ndarray of shape (n_c, inputs)
        The inputs, gone through for every product: no generator. For a cluster what ``client.scatter``
        returns for them, so that they stay on the workers.
    likelihood : Gaussian, Bernoulli or Categorical
        What the outputs mean.
    map : callable
        As for ``chunked_mean``.

    Returns
    -------
    LinearOperator
        Of shape (p, p), symmetric and positive semidefinite: the mean over all data, as for
        ``networks.gauss_newton``.
    """
    from scipy.sparse.linalg import LinearOperator  # .2 s, so only when an operator is made

    theta = check.vector(theta, "theta", network.size)

    def product(v):  # eq-scale-gauss-newton
        return chunked_mean(partial(_product, network, theta, likelihood, v), chunks, map)

    shape = network.size, network.size
    return LinearOperator(shape, matvec=product, rmatvec=product, matmat=product, dtype=float)


@check.arguments(client=rules.client)
def map_on(client):
    """Return a function like Python's ``map`` that makes its calls on the workers of a Dask client.

    Results come back in the order of the arguments, and an exception is raised as it would be here. What the
    function or its arguments hold is sent along: data that are used more than once are sent once by
    ``client.scatter``.

    Parameters
    ----------
    client : distributed.Client

    Returns
    -------
    callable
        ``function, chunks -> list``.
    """
    return lambda function, chunks: client.gather(client.map(function, chunks, pure=False))


@check.arguments(
    run=check.called("rng"),
    seeds=rules.seeds,
    client=check.optional(rules.client),
    retries=check.count_or_zero,
)
def sweep(run, seeds, client=None, retries=2, progress=False):
    """Call ``run(rng)`` once for each seed, and again where it failed; return the results in their order.

    Every run has a generator of its own, ``np.random.default_rng(seed)``, which is made where the run
    begins. So a run has the same numbers in this process, on a worker, and at its second attempt: a retry
    with another seed would leave out the runs that fail, which are not like the others (eq-scale-retries).
    What retries cure comes from outside, as a full memory; a failure of the run itself comes again each time.
    The runs of a worker that is lost are given to another one, and fail when they have lost four.

    Parameters
    ----------
    run : callable
        ``run(rng)``, with a ``numpy.random.Generator``; for a client it and its result can be pickled.
    seeds : iterable of int
        Different whole numbers, at least 0.
    client : distributed.Client or None
        Where the runs are made; in this process, one after another, if it is None.
    retries : int
        How many more times a run that raises is tried.
    progress : bool
        Whether a bar on the standard error shows how many have ended.

    Returns
    -------
    list
        One result for each seed.

    Raises
    ------
    RunsFailed
        After all runs have ended, if some failed; it names the seeds, and has the results of the others.
    """
    made = _made_here if client is None else partial(_made_on, client)
    results, failures = {}, {}
    for done, (seed, result, failure) in enumerate(made(run, seeds, retries), start=1):
        if failure is None:  # at its last attempt: eq-scale-retries
            results[seed] = result
        else:
            failures[seed] = failure
        if progress:
            _show(done, len(seeds), len(failures))
    if failures:
        raise RunsFailed(failures, results, retries)
    return [results[seed] for seed in seeds]


class RunsFailed(RuntimeError):
    """Runs of a sweep that failed at their last attempt.

    Attributes
    ----------
    failures : dict
        The exception of each seed.
    results : dict
        What the other runs returned, by their seeds.
    """

    def __init__(self, failures, results, retries):
        self.failures, self.results = failures, results
        seed, failure = min(failures.items())
        super().__init__(
            f"{len(failures)} of {len(failures) + len(results)} runs failed {retries + 1} times, with seeds "
            f"{sorted(failures)}; seed {seed}: {type(failure).__name__}: {failure}. The other results are in "
            "the attribute results; sweep(run, failures) repeats these"
        )


def _with_rows(function, chunk):
    """How many rows a chunk has, and what the function says of it."""
    return rules.rows(chunk), function(chunk)


def _product(network, theta, likelihood, v, inputs):
    """The product with the Gauss–Newton matrix over one chunk."""
    return gauss_newton(network.at(theta, inputs), likelihood) @ v


def _seeded(run, seed):
    return run(np.random.default_rng(seed))


def _made_here(run, seeds, retries):
    """Seed, result and None, or seed, None and the exception, of one run after another."""
    for seed in seeds:
        for attempt in range(retries + 1):
            try:
                yield seed, _seeded(run, seed), None
                break
            except Exception as failure:  # any: what a run raises is not known here
                if attempt == retries:
                    yield seed, None, failure


def _made_on(client, run, seeds, retries):
    """The same from the workers of a cluster, in the order in which the runs end."""
    from distributed import as_completed

    futures = client.map(partial(_seeded, run), seeds, retries=retries, pure=False)
    seed_of = dict(zip(futures, seeds, strict=True))
    try:
        for future in as_completed(futures):
            failure = future.exception()
            yield seed_of[future], future.result() if failure is None else None, failure
    finally:
        client.cancel(futures)  # of an interrupted sweep


def _show(done, total, failed):
    """The bar; a new line after the last run."""
    full = 30 * done // total
    end = "\n" if done == total else ""
    note = f", {failed} failed" if failed else ""
    print(f"\r[{'#' * full:<30}] {done} of {total}{note}", end=end, file=sys.stderr, flush=True)
