"""Time to set up, build and test the book, each beside a peer or a budget, in one run.

``make book``, ``make test``   in a fresh clone of the last commit, with whatever pip has in its cache
``make book`` again            with nothing changed, beside the first
one build                      beside a stock Jupyter Book configuration, which executes in the build
each notebook                  beside its budget of 15 seconds
``import ngbook``              beside ``import scipy.stats`` and ``import sympy``

Usage: python benchmarks/building.py [--quick]     (--quick leaves out the fresh clone)
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}
STOCK = """title: Natural Gradients
only_build_toc_files: true
execute: {execute_notebooks: force}
bibtex_bibfiles: [references.bib]
sphinx: {extra_extensions: [sphinx.ext.autodoc, sphinx.ext.napoleon, sphinx_proof]}
"""


def seconds(command, folder=ROOT):
    """Wall-clock seconds of a command that has to succeed."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return time.perf_counter() - start


def report(what, ours, peer, theirs):
    """One line: our time, the peer's or the budget, and the ratio of the two."""
    print(f"{what:<38} {ours:8.2f} s   {peer:<34} {theirs:8.2f} s   ratio {theirs / ours:6.1f}", flush=True)


def fresh_clone():
    """The README's two commands on a stranger's machine."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        seconds(["git", "clone", "--quiet", str(ROOT), str(clone)], folder)
        first = seconds(["make", "book"], clone)
        report("make book, empty checkout", first, "budget", 90)
        report(
            "make book, nothing changed", seconds(["make", "book"], clone), "make book, empty checkout", first
        )
        report("make test, set up already", seconds(["make", "test"], clone), "budget", 240)


def one_build():
    """The book's configuration, which shows stored outputs, beside one that executes in the build."""
    with tempfile.TemporaryDirectory() as folder:
        stock = Path(folder, "_config.yml")
        stock.write_text(STOCK)
        build = [f"{sys.prefix}/bin/jupyter-book", "build", "book", "--all", "--path-output"]
        ours = seconds([*build, f"{folder}/ours", "--config", "_config.yml"])
        theirs = seconds([*build, f"{folder}/stock", "--config", str(stock)])
    report("one build, outputs stored and tested", ours, "stock, executing in the build", theirs)


def notebooks():
    """Execution of each chapter, kernel start included."""
    for path in sorted(ROOT.glob("book/*/*.ipynb")):
        report(path.stem, seconds([sys.executable, "book/execute.py", str(path)]), "budget", 15)


def imports(repetitions=7):
    """Import times in fresh processes, as medians."""

    def median(module):
        code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
        runs = [
            subprocess.check_output([sys.executable, "-c", code], env=ONE_THREAD) for _ in range(repetitions)
        ]
        return statistics.median(float(run) for run in runs)

    ours = median("ngbook")
    report("import ngbook", ours, "budget", 0.3)
    for peer in ("scipy.stats", "sympy"):
        report("import ngbook", ours, f"import {peer}", median(peer))


def main():
    """Print the versions, then one line a measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="leave out the fresh clone")
    options = parser.parse_args()
    names = ("jupyter-book", "sphinx", "myst-nb", "nbval", "numpy", "scipy", "sympy")
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, "
        + ", ".join(f"{n} {version(n)}" for n in names)
    )
    imports()
    notebooks()
    one_build()
    if not options.quick:
        fresh_clone()


if __name__ == "__main__":
    main()
