"""The notebooks of the edition run where there is nothing but the package; a doctored one is found out."""

import json
import re
import subprocess

import edition_runs
import hygiene
import pytest

from book import lab


@pytest.fixture(scope="module")
def environment():
    """What a reader installs; made at the first time, which needs the network."""
    return lab.prepare()


def test_nothing_that_builds_the_book_is_there(environment):
    code = (
        "import sys; from importlib.util import find_spec; print([n for n in sys.argv[1:] if find_spec(n)])"
    )
    book = ["myst_nb", "jupyter_book", "sphinx", "resvg_py", "book", "edition"]
    command = [environment, "-I", "-c", code, "ngbook", "numpy", *book]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "['ngbook', 'numpy']"


@pytest.mark.parametrize("name", edition_runs.one_of_each_part())
def test_a_chapter_of_each_part_runs_alone_and_shows_what_is_stored(environment, name):
    assert edition_runs.run([name]) == ""


# --- doctored copies ---------------------------------------------------------------------------------


def beginning():
    """The first chapter up to its first printed number, with the opening figure."""
    notebook = hygiene.load(edition_runs.HOME / f"{edition_runs.one_of_each_part()[0]}.ipynb")
    cells = notebook["cells"]
    end = next(k for k, cell in enumerate(cells) if number_in(cell))
    return notebook | {"cells": cells[: end + 1]}


def number_in(cell):
    """The output of a cell that has a decimal number in its printed text, or None."""
    printed = (o for o in cell.get("outputs", []) if o["output_type"] == "stream")
    return next((o for o in printed if re.search(r"\d\.\d", hygiene.joined(o["text"]))), None)


def with_another_number(notebook):
    output = number_in(notebook["cells"][-1])
    text = hygiene.joined(output["text"])
    output["text"] = re.sub(r"(\d\.)(\d)", lambda m: f"{m[1]}{(int(m[2]) + 1) % 10}", text, count=1)


def with_a_curve_moved(notebook):
    figures = (o for cell in notebook["cells"] for o in cell.get("outputs", []) if "data" in o)
    data = next(output["data"] for output in figures if "image/svg+xml" in output["data"])
    svg = hygiene.joined(data["image/svg+xml"])
    curve = re.search(r'<path d="([^"]*)" clip-path="[^"]*" style="fill: none; stroke: #', svg)
    moved = re.sub(r"([ML] [\d.-]+ )([\d.-]+)", lambda m: f"{m[1]}{float(m[2]) + 0.5:.2f}", curve[1])
    data["image/svg+xml"] = svg.replace(curve[1], moved)


def test_a_changed_number_and_a_moved_curve_are_found_and_nothing_else(environment, tmp_path):
    changes = {"untouched": lambda notebook: None, "number": with_another_number, "curve": with_a_curve_moved}
    paths = {}
    for name, change in changes.items():
        notebook = beginning()
        change(notebook)
        paths[name] = tmp_path / f"{name}.ipynb"
        paths[name].write_text(json.dumps(notebook), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    edition_runs.alone(paths, tmp_path / "empty")
    done = edition_runs.compare(tmp_path / "empty")
    assert done.returncode == 1, done.stderr
    failed = re.findall(r"^FAILED (\w+)/", done.stdout, re.MULTILINE)
    assert sorted(failed) == ["curve", "number"], done.stdout
    assert "a curve has moved by 0.5" in done.stdout
