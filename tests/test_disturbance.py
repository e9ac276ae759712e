"""The disturbance reaches what processors round differently, and nothing else."""

import json
import os
import subprocess
import sys

import disturbance
import numpy as np
import pytest
from test_notebooks import ROOT, outcomes, tiny_notebook

FACTS = """
import json, sys
import numpy as np
import scipy.linalg, scipy.special
sys.path.insert(0, "tests")
import disturbance

rng = np.random.default_rng(0)
A, x, positive = rng.normal(size=(30, 30)), rng.normal(size=30), rng.uniform(0.1, 9, 500)
spd, out = A @ A.T + np.eye(30), np.empty((30, 30))
whole = np.arange(900.0).reshape(30, 30)


def results():
    from ngbook import solve
    from ngbook.families import normal

    return {
        "np.exp": np.exp(positive), "np.log1p": np.log1p(positive), "np.dot": np.dot(A, x),
        "np.einsum": np.einsum("ij,j->i", A, x), "np.sum": np.sum(A, axis=0), "array.sum": A.sum(axis=0),
        "array.mean": A.mean(axis=0), "np.mean": np.mean(A, axis=0), "np.cumsum": np.cumsum(positive),
        "np.linalg.solve": np.linalg.solve(A, x), "np.linalg.norm": np.linalg.norm(A, axis=0),
        "np.linalg.eigh": np.linalg.eigh(spd).eigenvalues, "out": np.matmul(A, A, out=out),
        "scipy.linalg.solve": scipy.linalg.solve(A, x),
        "scipy.linalg.cho_factor": scipy.linalg.cho_factor(spd)[0],
        "scipy.special.gammaln": scipy.special.gammaln(positive),
        "ngbook": solve.conjugate_gradient(spd, x, damping=0.1, iterations=5).solution,
        "ngbook.families": [normal.kl([0.1, 2.0], [0.3, sigma]) for sigma in positive],
        "exact: np.sum": np.sum(whole), "exact: array.sum": whole.sum(),
        "exact: np.dot": np.dot(whole, whole), "exact: np.exp": np.exp(np.zeros(3)),
        "exact: np.log10": np.log10([1.0, 100.0]),
        "exact: random": np.random.default_rng(1).normal(size=9), "exact: sorted": np.sort(positive),
        "exact: array * array": positive * positive, "exact: np.sqrt": np.sqrt(positive),
    }


seed = int(sys.argv[1])
disturbance.install(seed)
print(json.dumps({name: np.asarray(value).tolist() for name, value in results().items()}))
"""


def facts(seed):
    command = [sys.executable, "-c", FACTS, str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return {name: np.array(value) for name, value in json.loads(done.stdout).items()}


@pytest.fixture(scope="module")
def computed():
    """Results without a disturbance, with one twice, and with another one."""
    return [facts(seed) for seed in (0, 5, 5, 6)]


def test_what_processors_round_differently_is_disturbed_by_little(computed):
    plain, one, _, other = computed
    for name in plain:
        if not name.startswith("exact"):
            assert not np.array_equal(plain[name], one[name]), name
            assert not np.array_equal(one[name], other[name]), name
            np.testing.assert_allclose(one[name], plain[name], rtol=1e-11, atol=1e-12, err_msg=name)


def test_what_every_processor_computes_alike_is_left_alone(computed):
    plain, one, _, other = computed
    names = [name for name in plain if name.startswith("exact")]
    assert len(names) == 9
    for name in names:
        assert np.array_equal(plain[name], one[name]) and np.array_equal(plain[name], other[name]), name


def test_a_seed_is_one_disturbance(computed):
    _, one, again, _ = computed
    assert all(np.array_equal(one[name], again[name]) for name in one)


def test_elementary_functions_are_disturbed_in_their_last_place_only(computed):
    plain, one, _, _ = computed
    for name in ("np.exp", "np.log1p", "scipy.special.gammaln"):
        units = np.abs(one[name] - plain[name]) / np.spacing(np.abs(plain[name]))
        assert units.max() <= 2 and np.unique(np.sign(one[name] - plain[name])).size == 3, name


def test_cancelling_sums_are_disturbed_as_another_order_of_summation_would():
    disturb = disturbance.Disturbance(3)
    terms = np.array([1e8 / 3, 1.0, -1e8 / 3])
    errors = [abs(np.add.reduce(disturb(terms)) - 1) for _ in range(20)]
    assert 1e-9 < max(errors) < 1e-7


def test_it_refuses_to_come_too_late():
    script = (
        "import sys; sys.path.insert(0, 'tests'); import ngbook.solve, disturbance; disturbance.install(1)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert "before ngbook is imported" in done.stderr


# --- in kernels, under the strict comparison -----------------------------------------------------

START = """import numpy as np
from ngbook import solve
rng = np.random.default_rng(0)
A = rng.normal(size=(60, 60))
metric = A @ A.T + 1e-3 * np.eye(60)
side = rng.normal(size=60)
done = solve.conjugate_gradient(metric, side, iterations=400, tolerance=1e-6)
"""
NOTEBOOKS = {  # what is printed last, and whether it stands the disturbance
    "count_on_a_threshold": ("print(done.iterations)", False),
    "last_digits": ("print(side @ A @ side)", False),
    "rounded": ("print(f'{side @ A @ side:.3f}')", True),
    "integers": ("print(np.arange(9.0) @ np.arange(9.0), np.arange(9.0).sum())", True),
}


def executed(source):
    """What a cell prints without a disturbance."""
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("disturbed")
    for name, (last, _) in NOTEBOOKS.items():
        source = START + last
        (folder / f"{name}.ipynb").write_text(json.dumps(tiny_notebook([(source, 1, executed(source))])))
    command = [
        *(sys.executable, "-m", "pytest", str(folder), "-p", "conftest", "-rA", "--color=no"),
        *("--nbval", "--nbval-current-env", "-p", "no:cacheprovider", "-p", "no:xdist"),
        *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)),
    ]
    profile = disturbance.kernels(4, folder / "profile")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **profile}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_under_the_disturbance(run, name):
    outcome = "PASSED" if NOTEBOOKS[name][1] else "FAILED"
    assert outcomes(run, name) == [(outcome, "0")], run
