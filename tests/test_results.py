"""The committed results of long computations: current, sound, and as they would come out again.

A whole run is never repeated to its last digit, since runs are chaotic: the first updates of one are, to 1e-6,
and of the rest the ordering that a page speaks of is checked.
"""

import copy
import json

import numpy as np
import pytest

from book.results import __main__, _files, _sources

LARGEST = 50_000  # bytes of a file: it travels with the pages and the notebooks
HELD = {"about", "machine", "settings", "beginning", "numbers", "hash"}


@pytest.fixture(scope="module", params=_files.NAMES)
def result(request):
    """(name, what the file holds), of every result."""
    return request.param, _files.read(request.param)


# --- the four questions --------------------------------------------------------------------------


def stale(name, held):
    """What is not as the functions, the settings and the numbers of now would have it."""
    if not _files.is_current(name, held):
        return [
            f"book/results/{name}.json is not what its functions and settings compute: run `make results`"
        ]
    return []


def malformed(name, held):
    """What is not as every file is."""
    problems = [] if set(held) == HELD else [f"{name} holds {sorted(held)}, not {sorted(HELD)}"]
    if set(held["machine"]) != {"processor", "python", "numpy", "gymnasium"}:
        problems.append(f"{name} says of the machine {sorted(held['machine'])}")
    if not all(isinstance(value, str) and value for value in (*held["machine"].values(), held["about"])):
        problems.append(f"{name} has an empty description")
    if not all(np.isfinite(numbers).all() for numbers in held["beginning"].values()):
        problems.append(f"{name} begins with what is not a number")
    return problems


def begins_otherwise(name, held):
    """Which of the first updates are not computed again, to 1e-6."""
    again = _files.script(name).beginning()
    if set(again) != set(held["beginning"]):
        return [f"{name} begins with {sorted(held['beginning'])}, not with {sorted(again)}"]
    return [
        f"{name} begins with {held['beginning'][part]} for {part}, and came out as {numbers}"
        for part, numbers in again.items()
        if not np.allclose(numbers, held["beginning"][part], rtol=1e-6, atol=0)
    ]


def cartpole_ordering(numbers):
    """What the chapter says of the runs on CartPole."""
    medians = {name: np.median(rule["learning curves"], axis=0) for name, rule in numbers.items()}
    slow = medians.pop("policy gradient")
    yield "all begin low", all(median[0] < 30 for median in (slow, *medians.values()))
    for name, median in medians.items():
        yield f"{name} passes 475", median.max() >= 475


ORDERINGS = {"trpo_cartpole": cartpole_ordering}


def disordered(name, held):
    """Which sentences about the numbers are not true."""
    return [f"{name}: not true: {claim}" for claim, true in ORDERINGS[name](held["numbers"]) if not true]


@pytest.mark.parametrize("question", [stale, malformed, begins_otherwise, disordered])
def test_a_committed_result(result, question):
    problems = question(*result)
    assert not problems, "\n".join(problems)


def test_a_result_is_small(result):
    name, _ = result
    assert (_files.FOLDER / f"{name}.json").stat().st_size < LARGEST


def test_every_file_has_its_script():
    assert sorted(path.stem for path in _files.FOLDER.glob("*.json")) == _files.NAMES == sorted(ORDERINGS)
