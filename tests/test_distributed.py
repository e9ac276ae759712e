"""Means over chunks and sweeps over seeds: the numbers of one process, wherever they are computed.

What needs a cluster starts one with two processes on this machine, and is left out, saying so, without Dask.
"""

import functools
import tracemalloc

import numpy as np
import pytest
from refusals import NOT_FUNCTIONS, NOT_VECTORS, Example, refusal_tests, says

from ngbook import networks
from ngbook.distributed import RunsFailed, chunked_gauss_newton, chunked_mean, map_on, sweep
from ngbook.fisher import empirical_fisher, sampled_fisher
from ngbook.solve import conjugate_gradient, dual_solve, mean_outer_product, natural_direction

DATA = np.random.default_rng(0).normal(size=(23, 3))
CHUNKS = [DATA[:10], DATA[10:12], DATA[12:]]
NETWORK = networks.Network(3, 2, (4,))
THETA = NETWORK.initial(np.random.default_rng(1))
LIKELIHOODS = [networks.Gaussian(), networks.Bernoulli(), networks.Categorical()]


@pytest.fixture(scope="module")
def client():
    """Two processes, one thread each."""
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: ngbook[distributed]")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture(scope="module")
def dask_array():
    return pytest.importorskip("dask.array", reason="Dask is not installed: ngbook[distributed]")


def column_means(chunk):
    return chunk.mean(axis=0)


# --- means -------------------------------------------------------------------------------------------------


def test_chunks_of_any_sizes_have_the_mean_of_all_rows():
    for ends in ([], [1], [10, 12], [5, 6, 7, 22]):
        chunks = np.split(DATA, ends)
        np.testing.assert_allclose(chunked_mean(column_means, chunks), DATA.mean(axis=0), rtol=1e-14)
    means = np.mean([column_means(chunk) for chunk in CHUNKS], axis=0)
    assert np.abs(means - DATA.mean(axis=0)).max() > 0.01


def test_a_number_a_matrix_and_chunks_of_several_arrays():
    pairs = [(chunk, chunk[:, 0] ** 2) for chunk in CHUNKS]
    assert chunked_mean(lambda pair: np.mean(pair[1]), pairs) == pytest.approx(np.mean(DATA[:, 0] ** 2))
    square = chunked_mean(lambda pair: pair[0].T @ pair[0] / len(pair[0]), pairs)
    np.testing.assert_allclose(square, DATA.T @ DATA / 23, rtol=1e-13)


def test_the_sum_is_taken_in_the_order_of_the_chunks():
    """Of 1e16, 1 and -1e16 that is 0 from the left, and 1 in another order; one row each."""
    chunks = [np.array([x]) for x in (1e16, 1.0, -1e16)]
    assert chunked_mean(np.mean, chunks) == 0.0
    assert chunked_mean(np.mean, [chunks[0], chunks[2], chunks[1]]) == 1 / 3


def test_one_chunk_is_in_memory_at_a_time():
    def drawn():
        for seed in range(20):
            yield np.random.default_rng(seed).normal(size=(50_000, 2))

    tracemalloc.start()
    chunked_mean(column_means, drawn())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 8 * 50_000 * 2  # of twenty


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=lambda each: type(each).__name__)
def test_the_gauss_newton_matrix_over_chunks_is_that_of_all_data(likelihood):
    whole = networks.gauss_newton(NETWORK.at(THETA, DATA), likelihood)
    chunked = chunked_gauss_newton(NETWORK, THETA, CHUNKS, likelihood)
    matrix = whole @ np.eye(NETWORK.size)
    assert chunked.shape == matrix.shape and chunked.dtype == float
    for times in (lambda F: F @ np.eye(NETWORK.size), lambda F: F @ np.ones(NETWORK.size)):
        np.testing.assert_allclose(times(chunked), times(whole), rtol=1e-12, atol=1e-15)
    column = np.ones((NETWORK.size, 1))
    np.testing.assert_allclose(chunked @ column, matrix @ column, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(chunked.T @ column[:, 0], matrix @ column[:, 0], rtol=1e-12, atol=1e-15)
    gradient = np.ones(NETWORK.size)
    solutions = [conjugate_gradient(F, gradient, 0.1).solution for F in (whole, chunked)]
    np.testing.assert_allclose(*solutions, rtol=1e-8)


def test_gradients_over_chunks():
    targets = np.arange(23) % 2
    pairs = [(DATA[:10], targets[:10]), (DATA[10:], targets[10:])]
    likelihood = networks.Categorical()

    def gradient(pair):
        return networks.loss_gradient(NETWORK.at(THETA, pair[0]), likelihood, pair[1])

    np.testing.assert_allclose(chunked_mean(gradient, pairs), gradient((DATA, targets)), rtol=1e-12)


def test_theta_is_copied():
    theta = THETA.copy()
    operator = chunked_gauss_newton(NETWORK, theta, CHUNKS, networks.Categorical())
    before = operator @ np.ones(NETWORK.size)
    theta[:] = 0
    assert np.array_equal(operator @ np.ones(NETWORK.size), before)


def test_a_cluster_has_the_same_bits(client):
    mean = chunked_mean(column_means, CHUNKS)
    assert np.array_equal(chunked_mean(column_means, CHUNKS, map_on(client)), mean)
    assert np.array_equal(chunked_mean(column_means, client.scatter(CHUNKS), map=map_on(client)), mean)
    here = chunked_gauss_newton(NETWORK, THETA, CHUNKS, networks.Categorical())
    there = chunked_gauss_newton(
        NETWORK, THETA, client.scatter(CHUNKS), networks.Categorical(), map_on(client)
    )
    vectors = np.random.default_rng(2).normal(size=(NETWORK.size, 2))
    assert np.array_equal(there @ vectors, here @ vectors)


def test_a_cluster_raises_what_the_function_raises(client):
    with pytest.raises(ValueError, match="inputs must have shape"):
        chunked_mean(functools.partial(NETWORK.at, THETA), [np.ones((2, 5))], map_on(client))


# --- scores in chunks --------------------------------------------------------------------------------------


class Rows:
    """Scores that are there a chunk at a time: no more than a solver asks for."""

    def __init__(self, parts, shape, turned=False):
        self.parts, self.rows, self.turned = parts, shape, turned
        self.shape, self.dtype = (shape[::-1] if turned else shape), np.dtype(float)

    @property
    def T(self):
        return Rows(self.parts, self.rows, not self.turned)

    def __matmul__(self, other):
        if isinstance(other, Rows):
            return sum(part.T @ part for part in self.parts())
        if not self.turned:
            return np.concatenate([part @ other for part in self.parts()])
        parts = list(self.parts())
        ends = np.cumsum([len(part) for part in parts])[:-1]
        return sum(part.T @ of for part, of in zip(parts, np.split(other, ends), strict=True))


def in_rows(scores):
    return Rows(lambda: np.array_split(scores, 3), scores.shape)


def test_what_multiplies_is_scores():
    scores, gradient = DATA.copy(), np.ones(3)
    form = in_rows(scores)
    expected = natural_direction(scores, gradient, 0.1)
    np.testing.assert_allclose(natural_direction(form, gradient, 0.1), expected, rtol=1e-12)
    np.testing.assert_allclose(sampled_fisher(form) @ gradient, scores.T @ (scores @ gradient) / 23)
    del form.dtype  # where it is not known, real numbers are expected
    np.testing.assert_allclose(natural_direction(form, gradient, 0.1), expected, rtol=1e-12)
    form.dtype = np.dtype(complex)
    with pytest.raises(ValueError, match="scores must be made of real numbers, but are complex128"):
        natural_direction(form, gradient, 0.1)
    form.dtype, form.shape = np.dtype(int), (np.int64(23), 3)
    np.testing.assert_allclose(natural_direction(form, gradient, 0.1), expected, rtol=1e-12)
    form.shape = (np.nan, 3)
    with pytest.raises(ValueError, match="scores must have a known number of rows"):
        natural_direction(form, gradient, 0.1)


def chunked_forms(scores, dask_array):
    yield in_rows(scores)
    yield dask_array.from_array(scores, chunks=(7, 2))
    yield dask_array.from_array(scores, chunks=(7, -1))


@pytest.mark.parametrize("shape", [(40, 5), (40, 1)])
def test_scores_in_chunks_have_the_solutions_of_an_array(shape, dask_array):
    rng = np.random.default_rng(3)
    scores, gradient, block = rng.normal(size=shape), rng.normal(size=shape[1]), np.ones((shape[1], 3))
    for form in chunked_forms(scores, dask_array):
        for estimate in (sampled_fisher, empirical_fisher, mean_outer_product):
            one, many = estimate(form) @ gradient, estimate(form) @ block
            assert type(one) is type(many) is np.ndarray
            np.testing.assert_allclose(one, estimate(scores) @ gradient, rtol=1e-12)
            np.testing.assert_allclose(many, estimate(scores) @ block, rtol=1e-12, atol=1e-15)
        solution = natural_direction(form, gradient, 0.1)
        assert type(solution) is np.ndarray
        np.testing.assert_allclose(solution, natural_direction(scores, gradient, 0.1), rtol=1e-12)
        iterated = conjugate_gradient(sampled_fisher(form), gradient, 0.1)
        assert type(iterated.solution) is np.ndarray and iterated.reason == "tolerance"
        np.testing.assert_allclose(iterated.solution, solution, rtol=1e-9)


def test_few_samples_in_chunks(dask_array):
    rng = np.random.default_rng(4)
    scores, gradient = rng.normal(size=(6, 40)), rng.normal(size=40)
    form = dask_array.from_array(scores, chunks=(4, 15))
    for solve in (natural_direction, dual_solve):
        assert type(solve(form, gradient, 1e-3)) is np.ndarray
        np.testing.assert_allclose(solve(form, gradient, 1e-3), solve(scores, gradient, 1e-3), rtol=1e-9)


def test_single_precision_is_kept(dask_array):
    form = dask_array.ones((9, 2), chunks=4, dtype=np.float32)
    assert sampled_fisher(form).dtype == np.float32
    assert (sampled_fisher(form) @ np.ones(2, np.float32)).dtype == np.float32


def drawn(count, rows, dask_array):
    """Chunks of scores, each drawn when it is computed; how many have been."""
    made = []

    def chunk(block_info):
        made.append(block_info[None]["chunk-location"])
        return np.random.default_rng(made[-1]).normal(size=(rows, 20))

    sizes = ((rows,) * count, (20,))
    return dask_array.map_blocks(chunk, chunks=sizes, dtype=float, meta=np.empty((0, 0))), made


def test_no_more_than_some_chunks_are_in_memory(dask_array):
    """Of forty chunks at most ten; a solver that formed the array would hold all."""
    import dask

    scores, made = drawn(40, 10_000, dask_array)
    with dask.config.set(scheduler="synchronous"):
        for compute in (
            lambda: natural_direction(scores, np.ones(20), 0.1),
            lambda: sampled_fisher(scores) @ np.ones(20),
        ):
            made.clear()
            tracemalloc.start()
            compute()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert 40 <= len(made) <= 80 and peak < 10 * 8 * 10_000 * 20


def test_engines_agree(dask_array, client):
    """The order of the sums is that of the chunks, and not that in which they are ready.

    With threads the bits are the same. Not on a cluster: NumPy's ``A.T @ A`` is another routine where both
    factors are one piece of memory, and the turned chunk may have come from another worker.
    """
    import dask

    scores = dask_array.from_array(np.random.default_rng(5).normal(size=(5000, 20)), chunks=(300, 20))
    found = []
    for scheduler in ("synchronous", "threads", client):
        with dask.config.set(scheduler=scheduler):
            direction = natural_direction(scores, np.ones(20), 0.1)
            found.append(np.concatenate([direction, sampled_fisher(scores) @ np.ones(20)]))
    assert np.array_equal(found[0], found[1])
    np.testing.assert_allclose(found[2], found[0], rtol=1e-12)


def test_rows_that_nobody_counted_are_refused(dask_array):
    scores = dask_array.from_array(DATA, chunks=(7, 3))
    some = scores[scores[:, 0] > 0]
    for solve in (natural_direction, dual_solve):
        with pytest.raises(ValueError, match="scores must have a known number of rows"):
            solve(some, np.ones(3), 0.1)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        sampled_fisher(some)
    some.compute_chunk_sizes()
    np.testing.assert_allclose(
        natural_direction(some, np.ones(3), 0.1),
        natural_direction(DATA[DATA[:, 0] > 0], np.ones(3), 0.1),
        rtol=1e-12,
    )


def test_scores_in_chunks_that_are_not_real_or_not_finite_are_refused(dask_array):
    scores = DATA.copy()
    scores[20, 1] = np.nan
    form = dask_array.from_array(scores, chunks=(7, 3))
    with pytest.raises(ValueError, match="scores must be finite"):
        natural_direction(form, np.ones(3), 0.1)
    with pytest.raises(ValueError, match="must be finite"):
        conjugate_gradient(sampled_fisher(form), np.ones(3), 0.1)
    with pytest.raises(ValueError, match="scores must be made of real numbers"):
        sampled_fisher(form.astype(complex))


# --- sweeps ------------------------------------------------------------------------------------------------


def a_draw(rng):
    return float(rng.normal())


def unlucky(rng):
    """A run that fails with three of the seeds 0 to 9."""
    value = rng.normal()
    if value > 0.4:
        raise OverflowError(f"the value {value:.3f} is too large")
    return value


FIRST = [np.random.default_rng(seed).normal() for seed in range(10)]
UNLUCKY = [seed for seed, value in enumerate(FIRST) if value > 0.4]


def test_each_run_has_the_generator_of_its_seed_and_its_place_in_the_list():
    seeds = [3, 1, 2, 10**12]
    assert sweep(a_draw, seeds) == [np.random.default_rng(seed).normal() for seed in seeds]
    assert sweep(a_draw, range(10)) == FIRST
    assert sweep(a_draw, (seed for seed in (4, 5))) == FIRST[4:6]


def test_a_run_that_fails_is_tried_again_with_the_same_numbers():
    calls = []

    def fails_twice(rng):
        calls.append(rng.normal())
        if len(calls) < 3:
            raise MemoryError("for a moment")
        return calls[-1]

    assert sweep(fails_twice, [7]) == [np.random.default_rng(7).normal()]
    assert len(calls) == 3 and len(set(calls)) == 1
    calls.clear()
    with pytest.raises(
        RunsFailed, match=r"1 of 1 runs failed 2 times, with seeds \[7\]; seed 7: MemoryError"
    ):
        sweep(fails_twice, [7], retries=1)
    assert len(calls) == 2
    calls.clear()

    def fails(rng):
        calls.append(rng)
        raise MemoryError("always")

    with pytest.raises(RunsFailed, match="runs failed 3 times"):
        sweep(fails, [7])
    assert len(calls) == 3


def test_the_other_runs_end_and_are_kept():
    assert 0 < len(UNLUCKY) < 6
    with pytest.raises(RunsFailed) as failed:
        sweep(unlucky, range(10), retries=0)
    expect_unlucky(failed.value)


def expect_unlucky(failure):
    assert sorted(failure.failures) == UNLUCKY
    assert all(isinstance(each, OverflowError) for each in failure.failures.values())
    assert failure.results == {seed: value for seed, value in enumerate(FIRST) if seed not in UNLUCKY}
    assert f"{len(UNLUCKY)} of 10 runs failed 1 times, with seeds {UNLUCKY}" in str(failure)
    assert f"seed {UNLUCKY[0]}: OverflowError: the value" in str(failure)


def test_an_interruption_is_no_failure():
    def interrupted(rng):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(interrupted, [1])


def test_a_bar_shows_how_many_have_ended(capsys):
    sweep(a_draw, range(4), progress=True)
    out, err = capsys.readouterr()
    assert out == "" and err.endswith(f"\r[{'#' * 30}] 4 of 4\n") and err.count("\r") == 4
    assert err.startswith(f"\r[{'#' * 7}{' ' * 23}] 1 of 4\r")
    with pytest.raises(RunsFailed):
        sweep(unlucky, range(10), retries=0, progress=True)
    assert f"10 of 10, {len(UNLUCKY)} failed\n" in capsys.readouterr().err
    sweep(a_draw, range(4))
    assert capsys.readouterr().err == ""


def test_a_cluster_makes_the_same_runs(client, capsys):
    assert sweep(a_draw, range(9, -1, -1), client, progress=True) == FIRST[::-1]
    assert capsys.readouterr().err.endswith("10 of 10\n")
    with pytest.raises(RunsFailed) as failed:
        sweep(unlucky, range(10), client, retries=0)
    expect_unlucky(failed.value)


def test_a_cluster_tries_again(client, tmp_path):
    def fails_once(rng):
        if not (tmp_path / "tried").exists():
            (tmp_path / "tried").touch()
            raise MemoryError("for a moment")
        return rng.normal()

    assert sweep(fails_once, [7], client, retries=1) == [FIRST[7]]
    (tmp_path / "tried").unlink()
    with pytest.raises(RunsFailed, match=r"with seeds \[7\]"):
        sweep(fails_once, [7], client, retries=0)


# --- refusals ----------------------------------------------------------------------------------------------

NOT_CHUNKS = ["data", 3.0, None]
_mean = Example(chunked_mean, function=column_means, chunks=CHUNKS, map=map)
_product = Example(
    chunked_gauss_newton,
    network=NETWORK,
    theta=THETA,
    chunks=CHUNKS,
    likelihood=networks.Categorical(),
    map=map,
)
_sweep = Example(sweep, run=a_draw, seeds=[1, 2], client=None, retries=1, progress=False)


class _Client:
    """What runs functions here as if there were workers."""

    def map(self, function, values, pure):
        return list(map(function, values))

    def gather(self, futures):
        return futures

    def cancel(self, futures):
        """Nothing is left to cancel."""


REFUSED = [
    *_mean.refuses("function", *NOT_FUNCTIONS),
    *_mean.refuses("function", lambda chunk: chunk, lambda chunk: np.nan),
    *_mean.refuses(
        "function", says("one shape for all chunks, but returned (2, 3) for chunk 1", lambda c: c)
    ),
    *_mean.refuses("function", says("for chunk 2", lambda c: np.inf if len(c) == 11 else 0.0)),
    *_mean.refuses("chunks", *NOT_CHUNKS, says("needs at least one", []), [np.ones((0, 3))]),
    *_mean.refuses("chunks", says("one has [2, 3]", [(np.ones(2), np.ones(3))])),
    *_mean.refuses("map", *NOT_FUNCTIONS),
    *_product.refuses("network", "network", None, networks.Network),
    *_product.refuses("theta", *NOT_VECTORS, THETA[1:]),
    *_product.refuses("chunks", *NOT_CHUNKS, says("is empty after the first", iter(CHUNKS))),
    *_product.refuses("likelihood", "normal", None, networks.Gaussian),
    *_product.refuses("map", *NOT_FUNCTIONS),
    *Example(map_on, client=_Client()).refuses("client", "tcp://localhost", None, _Client),
    *_sweep.refuses("run", *NOT_FUNCTIONS),
    *_sweep.refuses("seeds", 20, "20", None, [1.5], [-1], [None]),
    *_sweep.refuses("seeds", says("at least one seed", []), says("but 3 is there twice", [1, 3, 2, 3])),
    *_sweep.refuses("client", "tcp://localhost", 2, _Client),
    *_sweep.refuses("retries", -1, 0.5, None, "many"),
    *_sweep.takes_anything("progress"),
]
test_works, test_refused = refusal_tests(REFUSED)
