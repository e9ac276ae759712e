"""Errors planted in the package, one at a time: do the tests of the module notice?

``python -m tests.mutants --seed 1 --count 100`` chooses 100 of all that can be planted, runs for each the
tests of its module in a copy of this repository, and prints what they did not notice. An error is another
operator, comparison or small number, a sign or a ``not`` left out, or ``and`` for ``or``; never in a text, a
type hint or the making of an exception. Tests that do not end count as having noticed.

What changes nothing stands in ``equivalent_mutants.txt``, in the form in which it is printed here, with the
reason in the last line; it is found by the text of its line, so that edits elsewhere leave it valid. The
status is 0 if at least 95 in 100 of the others are noticed.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tests.planting import Planter

ROOT = Path(__file__).resolve().parents[1]
EQUIVALENT = ROOT / "tests" / "equivalent_mutants.txt"
NOTICED, EQUIVALENTS = 0.95, 0.1  # the least share noticed; the largest share of what changes nothing
MOST_MEMORY = 8_000_000  # in kB: an error may ask for any number of them
TESTS = {  # of a module, or of all in a package, tests/test_NAME.py: the quick ones first
    "__init__": ["package"],
    "_check": [
        "solve",
        "descent",
        "plots",
        "checks",
        "fisher",
        "environments",
        "policies",
        "policy_gradient",
    ],
    "_check/expressions": ["symbolic", "checks", "bad_input"],
    "_check/families": ["families_refusals", "bad_input", "families_edges", "families"],
    "_domain": ["descent", "families"],
    "_equality": ["checks", "symbolic", "equality"],
    "_check/networks": ["networks"],
    "_check/transport": ["transport"],
    "answers": ["answers"],
    "checks": ["checks"],
    "data": ["data"],
    "tables": ["tables"],
    "symbolic": ["symbolic", "families"],
    "families": [
        "errata",
        "families_refusals",
        "families_edges",
        "families_numerics",
        "bad_input",
        "families",
        "families_fuzz",
    ],
    **{
        f"families/{name}": ["exponential_form"]
        for name in ("exponential_form", "inversion", "rank", "separation")
    },
    "solve": ["solve"],
    "fisher": ["fisher"],
    "descent": ["descent", "adaptive_damping"],
    "geodesics": ["geodesics"],
    "networks": ["networks"],
    "transport": ["transport"],
    "_check/chunks": ["distributed"],
    "distributed": ["distributed"],
    "descent/online": ["descent_online"],
    "plots": ["plots"],
    "environments": ["environments", "bad_input"],
    "policies": ["policies", "bad_input"],
    "policy_gradient": ["policy_gradient", "bad_input"],
}


def all_mutants(root, modules=()):
    """Of the modules named, ``"solve"`` or ``"_check"``, or of the whole package."""
    files = {path: path.relative_to(root / "ngbook").parts[0] for path in root.glob("ngbook/**/*.py")}
    chosen = [
        path for path, name in sorted(files.items()) if not modules or name.removesuffix(".py") in modules
    ]
    return [
        mutant
        for path in chosen
        for mutant in Planter(path.read_text(encoding="utf-8"), path.relative_to(root).as_posix()).found
    ]


def tests_of(file):
    """The test files that are asked about an error in a file."""
    module = file.removeprefix("ngbook/").removesuffix(".py")
    return [f"tests/test_{name}.py" for name in TESTS.get(module) or TESTS[module.split("/")[0]]]


def pass_in(folder, tests, seconds=None):
    """Whether these tests pass in a copy of the repository, within some seconds."""
    limited = ["sh", "-c", f'ulimit -v {MOST_MEMORY}; exec "$@"', "sh"]
    process = subprocess.Popen(
        [*limited, sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes that the tests began
            process.wait()


def is_noticed(mutant, folder, tests, seconds):
    """Whether tests fail in a copy of the repository in which the error is planted."""
    path = folder / mutant.file
    source = path.read_text(encoding="utf-8")
    path.write_text(mutant.planted(source), encoding="utf-8")
    try:
        return not pass_in(folder, tests, seconds)
    finally:
        path.write_text(source, encoding="utf-8")


def plant(planted, processes=1, root=ROOT, tests_of=tests_of):
    """Those of the errors that are noticed."""
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(processes) as pool:
        copies = Queue()
        for number in range(processes):
            copy = Path(temporary, str(number))
            shutil.copytree(
                root, copy, symlinks=True, ignore=shutil.ignore_patterns(".*", "_build", "__pycache__")
            )
            copies.put(copy)

        def with_a_copy(function, *arguments):
            copy = copies.get()
            try:
                return function(copy, *arguments)
            finally:
                copies.put(copy)

        def seconds_of(copy, tests):
            start = time.monotonic()
            if not pass_in(copy, tests):
                sys.exit(f"{', '.join(tests)} fail before anything is planted")
            return 3 * (time.monotonic() - start) + 30

        def try_one(copy, mutant):
            tests = tests_of(mutant.file)
            noticed = is_noticed(mutant, copy, tests, seconds[tuple(tests)])
            print("." if noticed else "!", end="", flush=True)
            return noticed

        suites = list(dict.fromkeys(tuple(tests_of(mutant.file)) for mutant in planted))
        timed = pool.map(lambda tests: with_a_copy(seconds_of, tests), suites)
        seconds = dict(zip(suites, timed, strict=True))
        noticed = list(pool.map(lambda mutant: with_a_copy(try_one, mutant), planted))
        return {mutant for mutant, was in zip(planted, noticed, strict=True) if was}


def equivalents():
    """What is listed: from the key of an error to the reason why nobody can notice it."""
    _, *paragraphs = EQUIVALENT.read_text(encoding="utf-8").strip().split("\n\n")
    listed = {}
    for paragraph in paragraphs:
        file, before, after, reason = paragraph.split("\n")
        listed[file, before.removeprefix("- "), after.removeprefix("+ ")] = reason
    return listed


def report(planted, noticed, possible, listed):
    """What to print, and whether it is as it should be."""
    stale = set(listed) - {mutant.key for mutant in possible}
    wrong = [mutant for mutant in noticed if mutant.key in listed]
    same = [mutant for mutant in planted if mutant.key in listed and mutant not in noticed]
    survived = [mutant for mutant in planted if mutant not in noticed and mutant.key not in listed]
    counted = len(planted) - len(same)
    lines = [f"Not noticed:\n{mutant}" for mutant in survived]
    lines += [f"Listed as an equivalent, but noticed:\n{mutant}" for mutant in wrong]
    lines += [f"Listed, but there is no such line: {', '.join(key)}" for key in sorted(stale)]
    lines += [f"{counted - len(survived)} of {counted} noticed; {len(same)} more change nothing"]
    share = len(survived) <= (1 - NOTICED) * counted and len(same) <= EQUIVALENTS * len(planted)
    return lines, share and not stale and not wrong


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--modules", nargs="*", default=[])
    options = parser.parse_args(arguments)
    possible, listed = all_mutants(ROOT), equivalents()
    candidates = all_mutants(ROOT, options.modules)
    chosen = random.Random(options.seed).sample(candidates, min(options.count, len(candidates)))
    print(f"{len(chosen)} of {len(candidates)} errors, seed {options.seed}", flush=True)
    noticed = plant(chosen, options.processes)
    lines, as_it_should_be = report(chosen, noticed, possible, listed)
    print("", *lines, sep="\n")
    return not as_it_should_be


if __name__ == "__main__":
    raise SystemExit(main())
