"""tasks.py: what a killed process leaves is repaired by running it again."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

import tasks
from tests import identical

ROOT = Path(__file__).parents[1]

# --- environments -------------------------------------------------------------------------------------------

# What pip does while it is interrupted: a module is there by half.
INTERRUPTED = """
import sys, time
from pathlib import Path
import tasks
from tests import identical

def install(python):
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (site / "example.py").write_text("part =")
    time.sleep(60)

tasks.environment(Path(sys.argv[1]), "packages", install)
"""


def kill(folder, pattern):
    """Begin an environment in a process that is killed as soon as a file is in it."""
    command = [sys.executable, "-c", INTERRUPTED, folder]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        while not any(folder.glob(pattern)):
            assert process.poll() is None, "it came to its end"
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)


class Installation:
    """A package of one module, and how often it was installed."""

    def __init__(self):
        self.count = 0

    def __call__(self, python):
        self.count += 1
        (site,) = python.parents[1].glob("lib/python*/site-packages")
        assert not (site / "example.py").exists() or self.count > 1
        (site / "example.py").write_text("part = 'whole'")


def imported(python):
    code = "import example, pip; print(example.part)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True).stdout.strip()


def test_an_interrupted_environment_is_made_anew(tmp_path):
    folder, install = tmp_path / "environment", Installation()
    kill(folder, "pyvenv.cfg")
    kill(folder, "lib/python*/site-packages/example.py")
    assert not (folder / ".ready").exists()
    python = tasks.environment(folder, "packages", install)
    assert imported(python) == "whole"

    # It is whole: nothing is done again until what it is made of changes.
    marker = folder / "marker"
    marker.touch()
    assert tasks.environment(folder, "packages", install) == python
    assert install.count == 1
    tasks.environment(folder, "other packages", install)
    assert install.count == 2 and marker.exists()


@pytest.mark.parametrize("made_for", ["here", "elsewhere"])
def test_an_environment_that_was_moved_or_whose_python_is_gone_is_made_anew(tmp_path, monkeypatch, made_for):
    (tmp_path / ".ready").write_text(f"{tmp_path if made_for == 'here' else made_for}\n", encoding="utf-8")
    (tmp_path / "marker").touch()
    monkeypatch.setattr(tasks, "_works", lambda python: made_for == "elsewhere" and tmp_path.exists())
    commands = []
    monkeypatch.setattr(tasks, "run", lambda *command: commands.append(command[1:]))
    tasks.environment(tmp_path, "packages", lambda python: None)
    assert not (tmp_path / "marker").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(SystemExit, match="please remove it"):
        tasks.environment(tmp_path, "packages", Installation())
    assert (tmp_path / "notes.txt").exists()


def test_a_file_is_never_there_by_half(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("before")
    monkeypatch.setattr(
        Path, "write_text", lambda path, text, **_: path.write_bytes(text[:2].encode()) and 1 / 0
    )
    with pytest.raises(ZeroDivisionError):
        tasks._write(tmp_path / "file", "after")
    assert (tmp_path / "file").read_bytes() == b"before"


def test_it_says_so_when_an_environment_has_another_python(tmp_path, capsys):
    here = tasks._version(sys.version_info[:2])
    for name, version, said in (("same", here, ""), ("other", "3.1", f"other has Python 3.1; for {here}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}.4\n")
        tasks._compare_versions(tmp_path / name)
        told = capsys.readouterr().err
        assert told.startswith(said) and bool(told) == bool(said)


# --- the build ----------------------------------------------------------------------------------------------

SMALL = {
    "requirements.txt": "",
    "pyproject.toml": "",
    "_config.yml": "title: Small\nsphinx: {local_extensions: {interrupted: book/_ext}}\n",
    "book/_toc.yml": "format: jb-book\nroot: index\nchapters: [{file: second}, {file: third}]\n",
    "book/index.md": "# First\n\nThe text of the first page.\n",
    "book/second.md": "# Second\n\nThe text of the second page.\n",
    "book/third.md": "# Third\n\nThe text of the third page.\n",
    # The process ends as if the power had gone while it wrote a page and its own notes.
    "book/_ext/interrupted.py": """
import os, signal
from pathlib import Path

def interrupt(app, pagename, *_):
    if pagename == "third" and Path(app.confdir, "interrupt").exists():
        for path in (Path(app.outdir, "second.html"), Path(app.doctreedir, "environment.pickle")):
            os.truncate(path, path.stat().st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

def setup(app):
    app.connect("html-page-context", interrupt)
""",
}


@pytest.fixture
def small_book(tmp_path, monkeypatch):
    """The folder of a book of three pages, of which the tasks believe that it is this repository."""
    for name, text in SMALL.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    monkeypatch.setattr(tasks, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(tasks, "own_environment", lambda: Path(sys.executable))
    return tmp_path


def test_an_interrupted_build_is_repaired(small_book):
    pages, interrupt = small_book / "_build" / "html", small_book / "book" / "interrupt"

    def whole(name):
        text = (pages / f"{name}.html").read_text(encoding="utf-8")
        return f"The text of the {name} page." in text and text.rstrip().endswith("</html>")

    interrupt.touch()
    with pytest.raises(SystemExit) as end:
        tasks.book()
    assert end.value.code == 128 + signal.SIGKILL
    assert (pages / "second.html").exists() and not whole("second")
    interrupt.unlink()
    tasks.book()
    assert whole("second") and whole("third") and not any(small_book.rglob("*.new"))

    # Sphinx alone takes a page for done that is newer than its source.
    os.truncate(pages / "third.html", 100)
    tasks.book()
    assert whole("third")
    assert (small_book / "_build" / ".book").exists()


@pytest.fixture
def built_book(small_book, monkeypatch):
    """The same, built; and the commands that are run from now on."""
    tasks.book()
    commands, run = [], tasks.run
    monkeypatch.setattr(tasks, "run", lambda *command: commands.append(command) or run(*command))
    return small_book, commands


def test_nothing_is_done_when_nothing_has_changed(built_book, capsys):
    folder, commands = built_book
    pages = {path: path.stat().st_mtime_ns for path in (folder / "_build").rglob("*")}
    os.utime(folder / "book" / "second.md")  # a time is no change
    tasks.book()
    assert commands == [] and capsys.readouterr().out.endswith("book: nothing has changed\n")
    assert pages == {path: path.stat().st_mtime_ns for path in (folder / "_build").rglob("*")}


def test_what_has_changed_is_built_and_no_more(built_book):
    folder, commands = built_book
    third = folder / "_build" / "html" / "third.html"
    before = third.stat().st_mtime_ns
    (folder / "book" / "second.md").write_text("# Second\n\nOther words.\n", encoding="utf-8")
    tasks.book()
    assert "Other words." in (folder / "_build" / "html" / "second.html").read_text(encoding="utf-8")
    assert len(commands) == 1 and third.stat().st_mtime_ns == before
    tasks.book()
    assert len(commands) == 1


def test_pages_lead_to_their_neighbours_when_one_has_come_between(built_book):
    folder, _ = built_book
    (folder / "book" / "between.md").write_text("# Between\n\nA page.\n", encoding="utf-8")
    order = SMALL["book/_toc.yml"].replace("{file: third}", "{file: between}, {file: third}")
    (folder / "book" / "_toc.yml").write_text(order, encoding="utf-8")
    tasks.book()
    for name, following in (("second", "between"), ("between", "third")):
        text = (folder / "_build" / "html" / f"{name}.html").read_text(encoding="utf-8")
        assert re.search(rf'class="right-next"\s+href="{following}.html"', text), name


@pytest.mark.parametrize(
    "name",
    ["_build/html/third.html", "_build/.doctrees/third.doctree", "_build/html/_static/basic.css"],
)
def test_what_was_damaged_is_built_anew(built_book, name):
    folder, commands = built_book
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:100])
    tasks.book()
    assert len(commands) == 1 and len((folder / name).read_bytes()) == len(whole)


@pytest.mark.parametrize(
    "name",
    [
        "_config.yml",
        "book/_ext/interrupted.py",
        "book/assets/book.css",
        "book/index.md",
        "ngbook/solve/dual.py",
        "README.md",
        "LICENSE",
        "benchmarks/RESULTS.md",
        "requirements.txt",
        "requirements-lab.txt",
        "pyproject.toml",
        "tasks.py",
    ],
)
def test_a_change_of_anything_that_a_build_reads_is_noticed(small_book, name):
    made = []
    (small_book / "_build").mkdir()
    _whole = partial(tasks._whole, "book", lambda: made.append(name), "html")
    _whole()
    _whole()
    assert len(made) == 1
    path = small_book / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("other", encoding="utf-8")
    (small_book / "book" / "__pycache__").mkdir()
    (small_book / "book" / "__pycache__" / "cover.cpython-311.pyc").touch()
    _whole()
    _whole()
    assert len(made) == 2


def test_a_build_that_fails_is_not_taken_for_whole(small_book):
    (small_book / "_build").mkdir()
    with pytest.raises(ZeroDivisionError):
        tasks._whole("book", lambda: 1 / 0, "html")
    made = []
    tasks._whole("book", lambda: made.append(1), "html")
    assert made


# --- the command line ---------------------------------------------------------------------------------------


def test_the_makefile_has_the_same_tasks():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.search(r"^TASKS := ((?:.*\\\n)*.*)", makefile, flags=re.M)[1].replace("\\\n", "").split()
    assert sorted(named) == sorted([*tasks.TASKS, "help"])
    assert re.findall(r"^\t(.*)", makefile, flags=re.M) == ["$(PYTHON) tasks.py $@ $(ARGS)"]


def test_without_a_task_it_says_what_there_is(capsys):
    assert tasks.main([]) == 0
    assert all(f"  {name} " in capsys.readouterr().out for name in ["book"])
    assert tasks.main(["bok"]) == 2


def test_the_status_of_a_command_that_failed_is_that_of_the_task():
    with pytest.raises(SystemExit) as end:
        tasks.run(sys.executable, "-c", "raise SystemExit(3)")
    assert end.value.code == 3


def test_two_builds_are_compared_file_by_file(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name / "html").mkdir(parents=True)
        (tmp_path / name / "html" / "same.html").write_text("same")
        (tmp_path / name / "html" / "page.html").write_text(name)
        (tmp_path / name / ".doctrees").mkdir()
        (tmp_path / name / ".doctrees" / "page").write_text(name)
    (tmp_path / "one" / "a.zip").touch()
    assert identical.differences(tmp_path / "one", tmp_path / "other") == ["a.zip", "html/page.html"]
