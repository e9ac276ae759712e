"""The gallery of bugs: every entry runs, and every exercise that hides a bug has an entry."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from tests.test_notation import CHAPTERS

BOOK = Path(__file__).resolve().parents[1] / "book"
GALLERY = "together/bugs"
ENTRY = re.compile(r"^\(bugs-([\w-]+)\)=\n\*\*[^“]")
LABELLED = re.compile(r"^\((exercise-[\w-]+)\)=\n### Exercise \d+: (.+)$", re.MULTILINE)


def cells(chapter):
    return nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells


def calls(source):
    """The first arguments of the calls of ``row``."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [node.args[0].value for node in found if isinstance(node.func, ast.Name) and node.func.id == "row"]


def entries(listed):
    """``{name: (text, code)}``: what stands in the gallery, with the cell below it."""
    found = {}
    for cell, below in pairwise(listed):
        match = ENTRY.match(cell.source) if cell.cell_type == "markdown" else None
        if match:
            found[match[1]] = cell.source, below.source if below.cell_type == "code" else ""
    return found


def problems(listed, bugs):
    """Entries that do not run or say too little, and exercises that hide a bug and are in no entry."""
    there, found, linked = entries(listed), [], set()
    for name, (text, code) in there.items():
        if calls(code) != [name]:
            found.append(f"{name} has no run: a cell with row({name!r}, …) is expected below it")
        if not {"wrong", "right"} <= {node.name for node in ast.parse(code).body if hasattr(node, "name")}:
            found.append(f"{name} does not show a wrong and a right program")
        for part in ("*Check:* ", "*See* "):
            if f"- {part}" not in text:
                found.append(f"{name} has no {part.strip()}")
        if calls(code) == [name]:
            linked |= set(re.findall(r"\{ref\}`(exercise-[\w-]+)`", text))
    return found + [f"{label} is in no entry of the gallery" for label in sorted(bugs - linked)]


def bugs():
    """The exercises of the other chapters that hide a bug."""
    found = set()
    for _, chapter in CHAPTERS:
        if chapter != GALLERY:
            for cell in cells(chapter):
                found |= {label for label, title in LABELLED.findall(cell.source) if "find the bug" in title}
    return found


def test_every_hidden_bug_is_in_the_gallery_and_runs():
    assert len(bugs()) > 80
    assert problems(cells(GALLERY), bugs()) == []


def test_an_exercise_without_an_entry_and_an_entry_without_a_run_are_found():
    listed = cells(GALLERY)
    assert problems(listed, {"exercise-new-1"}) == ["exercise-new-1 is in no entry of the gallery"]
    place = next(k for k, cell in enumerate(listed) if ENTRY.match(cell.source))
    assert any("has no run" in each for each in problems(listed[: place + 1] + listed[place + 2 :], set()))


def the_row():
    """The function ``row`` of the page, and what it noted."""
    noted, scope = {}, {}
    (source,) = [cell.source for cell in cells(GALLERY) if "\ndef row(" in cell.source]
    exec(f"import numpy as np\n{source}", scope)
    scope["glue"] = lambda key, value, display: noted.update({key: value})
    return scope["row"], scope["close"], noted


def test_a_row_notes_both_results():
    row, close, noted = the_row()
    row("half", lambda x: x, lambda x: x / 2, lambda program: close(program(4), 2), ask=(3,))
    assert noted == {"bugs-half-wrong": "3", "bugs-half-right": "1.5"}


def test_a_row_refuses_a_check_that_sees_nothing():
    row, close, _ = the_row()
    with pytest.raises(ValueError, match="does not notice"):
        row("half", lambda x: x, lambda x: x / 2, lambda program: close(program(0), 0), ask=(3,))
    with pytest.raises(AssertionError):
        row("half", lambda x: x, lambda x: x / 2, lambda program: close(program(4), 3), ask=(3,))
