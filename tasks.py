"""Everything that is done with this repository, on every system: ``python tasks.py NAME``.

The Makefile calls the same. A task sets up the environment that it needs. What was interrupted is repaired by
running it again: a stamp, written last, says that an environment or a build is whole and what it was made
from, and what lacks its stamp is made anew.
"""

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from functools import cache, partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "_build"
ENVIRONMENTS = ROOT / ".environments"
PEERS = {name: ROOT / "benchmarks" / f".{name}" for name in ("peers", "geomstats")}
OLDEST_PYTHON = (3, 11)
NOTEBOOKS = ("notebooks", "*-notebooks.zip")  # in _build
SOURCES = {".py", ".js", ".json", ".html"}  # what the extensions are made of
# What a build reads: the text, the package, and what the notebooks for people are packed with.
READ = ("book", "ngbook", "benchmarks/*.md", "*.md", "*.yml", "*.toml", "*.txt", "LICENSE", "tasks.py")
WORKERS = os.environ.get("WORKERS") or "2"  # make hands on an empty one
SETTINGS = {
    # Two threads of linear algebra on a shared machine can be many times slower than one.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # Frozen modules make the debugger of every kernel print a warning.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
    # Files are in UTF-8 on Windows, too.
    "PYTHONUTF8": "1",
}
TASKS = {}


def task(function):
    """Make a function known by its name, with hyphens, on the command line."""
    TASKS[function.__name__.replace("_", "-")] = function
    return function


def run(*command, **options):
    """Show a command and run it here; the first that fails ends the task with its status."""
    command = [str(part) for part in command]
    print("+", shlex.join(command), flush=True)
    options = {"cwd": ROOT, "env": os.environ | SETTINGS} | options
    status = subprocess.run(command, **options).returncode
    if status:
        sys.exit(status if status > 0 else 128 - status)


# --- environments -------------------------------------------------------------------------------------------


def environment(folder, made_of, install):
    """The Python of a virtual environment in which ``install(python)`` came to its end.

    Parameters
    ----------
    folder : Path
    made_of : str
        What the installed packages depend on: when it changes, `install` runs again.
    install : callable
        Takes the path of the environment's Python.

    Notes
    -----
    pip takes a package for installed whose files it has only half unpacked. So an environment in which
    anything was begun and not ended is removed and made anew, as is one that was moved or whose Python is
    gone. An environment that was made by other hands is filled if it can be, and otherwise left to its owner.
    """
    python = python_in(folder)
    whole, begun = folder / ".ready", folder / ".begun"
    stamp = f"{folder}\n{hashlib.sha256(made_of.encode()).hexdigest()}\n"
    found, works = whole.read_text(encoding="utf-8") if whole.exists() else None, _works(python)
    if works and found == stamp:
        _compare_versions(folder)
        return python
    moved = found and found.splitlines()[0] != str(folder)
    if begun.exists() or moved or (found is not None and not works):
        _remove(folder)
    elif folder.exists() and not works:
        sys.exit(f"{folder} has no Python {_version(OLDEST_PYTHON)} with pip: please remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    begun.touch()
    whole.unlink(missing_ok=True)
    if not _works(python):
        run(sys.executable, "-m", "venv", folder)
    install(python)
    _write(whole, stamp)
    begun.unlink()
    return python


def python_in(folder):
    """The path of the Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _works(python):
    """Whether a Python starts, is new enough, and has pip."""
    code = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    return python.exists() and subprocess.run([python, "-c", code], capture_output=True).returncode == 0


@cache
def _compare_versions(folder):
    """Say that an environment was made from another Python than the one that was asked for."""
    settings = (folder / "pyvenv.cfg").read_text(encoding="utf-8")
    made_from, asked_for = re.search(r"version.*= *(\d+\.\d+)", settings)[1], _version(sys.version_info[:2])
    if made_from != asked_for:
        print(f"{folder.name} has Python {made_from}; for {asked_for}, remove it first.", file=sys.stderr)


def _remove(folder):
    if Path(sys.prefix) == folder:
        sys.exit(f"{folder} was left unfinished and is the Python that runs this: call another one.")
    shutil.rmtree(folder, ignore_errors=True)  # may be there by halves
    if folder.exists():
        sys.exit(f"{folder} was left unfinished and cannot be removed: please do.")


def _write(path, text):
    """Write a file in one step: it is never there by halves."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _version(numbers):
    return ".".join(map(str, numbers))


def _pip(python, *arguments):
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def _pip_from(requirements, python):
    _pip(python, "--requirement", requirements)


def _text(*paths):
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def _install_package(python):
    """This repository's package, as it is: a change of the sources needs no other installation."""
    _pip(python, "--no-deps", "--no-build-isolation", "--editable", ROOT)


def own_environment(folder=ROOT / ".venv"):
    """The Python of .venv, or of another folder, with the locked versions of what makes the book."""
    requirements = ROOT / "requirements.txt"

    def install(python):
        _pip(python, "--requirement", requirements)
        _install_package(python)

    return environment(folder, _text(requirements, ROOT / "pyproject.toml"), install)


def _peers():
    for name, folder in PEERS.items():
        requirements = ROOT / "benchmarks" / f"requirements-{name}.txt"
        install = partial(_pip_from, requirements)
        environment(folder, _text(requirements), install)


def _compile(target, *options, kept=""):
    """Write to a file the versions that uv finds for pyproject.toml, those in ``kept`` where they will do."""
    uv = environment(ENVIRONMENTS / "uv", "uv", lambda python: _pip(python, "uv"))
    short = ("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet")
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder, "requirements.txt")
        found.write_text(kept, encoding="utf-8")
        run(uv, "-m", "uv", "pip", "compile", "pyproject.toml", *short, *options, "--output-file", found)
        _write(target, _text(found))


# --- tasks --------------------------------------------------------------------------------------------------


def _whole(name, make, *parts):
    """Let ``make()`` write these parts of _build, unless they are there and nothing has changed.

    A stamp has a digest of what was built, of the extensions and of the order of the pages, and one of
    everything that a build reads. What was left by halves is removed before, and so is what other extensions
    built, or in another order: Sphinx builds anew what comes from a source that has changed, and looks at
    none of these.
    """
    stamp = BUILD / f".{name}"
    found = stamp.read_text(encoding="utf-8").split() if stamp.exists() else [None, None]
    state, read = _state(parts), _digest(_files(*READ))
    if found == [state, read]:
        print(f"{name}: nothing has changed", flush=True)
        return
    if found[0] != state:
        for path in [path for part in parts for path in BUILD.glob(part)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    stamp.unlink(missing_ok=True)
    make()
    _write(stamp, f"{_state(parts)}\n{read}\n")


def _state(parts):
    """A digest of some parts of _build, and of what pages are made with."""
    machinery = [path for path in _files("book/_ext", "book/_templates") if path.suffix in SOURCES]
    built = [path for part in parts for top in BUILD.glob(part) for path in (top, *top.rglob("*"))]
    order = ROOT / "book" / "_toc.yml"  # pages lead to their neighbours
    return _digest([*machinery, order, ROOT / "requirements.txt", *filter(Path.is_file, built)])


def _files(*names):
    """The files of this repository with these names and in the folders of these names, but no hidden ones."""
    for path in (path for name in names for top in ROOT.glob(name) for path in (top, *top.rglob("*"))):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in parts):
            yield path


def _digest(files):
    """One digest of the names and bytes of files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(ROOT).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@task
def book():
    """the HTML, in _build/html/index.html, and the notebooks for people, in _build/notebooks"""
    python = own_environment()
    _whole("book", lambda: build(python), "html", ".doctrees", "jupyter_execute", *NOTEBOOKS)
    return python


def build(python):
    """All that `book` makes, from whatever is there already."""
    # What Sphinx notes of its settings has to do with this machine: it is kept with its other notes.
    among_pages, kept = BUILD / "html" / ".buildinfo", BUILD / ".doctrees" / "buildinfo"
    if kept.exists() and among_pages.parent.exists():
        kept.replace(among_pages)
    builder = python.with_name("jupyter-book" + python.suffix)
    strict = ("-W", "-n", "--keep-going")
    run(builder, "build", "book", "--config", "_config.yml", "--path-output", ".", *strict)
    among_pages.replace(kept)


@task
def notebooks_edition():
    """those notebooks alone, without the pages"""
    python = own_environment()
    make = partial(run, python, "-m", "book.notebooks")
    _whole("notebooks-edition", make, "alone", ".doctrees-alone", *NOTEBOOKS)
    return python


@task
def lab(*options):
    """the notebooks for people, opened in JupyterLab, in an environment of its own"""
    run(notebooks_edition(), "-m", "book.lab", *options)


@task
def pdf():
    """the whole book in one file, _build/natural-gradients.pdf; needs Chromium"""
    run(book(), "-m", "book.pdf")


@task
def test():
    """everything that can fail: package, book and built pages, every notebook cell"""
    python = book()
    run(python, "-m", "book.lab", "--prepare")  # before tests that run side by side want it
    run(python, "-m", "ruff", "check", "--quiet")
    run(python, "-m", "ruff", "format", "--check", "--quiet")
    _cells(python, "--nbval", "tests", "book")


@task
def nbval(*chapters):
    """every cell of the chapters named, or of all, run and compared with its stored output"""
    _cells(own_environment(), "--nbval", *chapters)


def _cells(python, how, *chapters):
    options = (how, "--nbval-current-env", "--nbval-cell-timeout=120")
    run(python, "-m", "pytest", *(chapters or ["book"]), *options, "-n", WORKERS, "-q")


@task
def notebooks(*chapters):
    """execute the chapters named, or all, in place (no byte changes when nothing has changed)"""
    run(own_environment(), "book/execute.py", *chapters)


@task
def results(*names):
    """compute the files of book/results named, or those that are not current (learning curves; minutes)"""
    run(own_environment(), "-m", "book.results", *names)


@task
def oldest():
    """package tests and chapters on the oldest versions that pyproject.toml allows"""
    _on("oldest", "lowest-direct")


@task
def newest():
    """package tests and chapters on the newest versions that pyproject.toml allows"""
    _on("newest", "highest")


def _on(name, resolution):
    """Run what other versions can break. Stored outputs belong to the locked ones and are not compared."""
    versions = ENVIRONMENTS / f"{name}.txt"
    _compile(versions, "--extra", "chapters", "--python", sys.executable, "--resolution", resolution)

    def install(python):
        _pip(python, "--requirement", versions)
        _install_package(python)

    python = environment(ENVIRONMENTS / name, _text(versions, ROOT / "pyproject.toml"), install)
    modules = [path.stem for path in sorted(ROOT.glob("ngbook/[a-z]*"))]
    tests = [f"tests/test_{module}.py" for module in [*modules, "bad_input", "errata", "package"]]
    # What other packages are going to change is no error today, nor are faults when they are taken down.
    others = ("DeprecationWarning", "PendingDeprecationWarning", "pytest.PytestUnraisableExceptionWarning")
    lenient = [f"-Wdefault::{warning}" for warning in others]
    run(python, "-m", "pytest", *tests, *lenient, "-n", WORKERS, "-q")
    _cells(python, "--nbval-lax")


@task
def portable(*kinds):
    """all chapters as other machines would round: disturbed sums, old linear algebra, other Pythons"""
    run(book(), "-m", "tests.portable", *kinds)


@task
def identical():
    """build two clones of the last commit in different surroundings and compare them, byte for byte"""
    run(own_environment(), "-m", "tests.identical")


@task
def fuzz(*options):
    """numbers of all families, at the edges of double precision, against mpmath"""
    run(own_environment(), "-m", "tests.fuzz_families", *options)


@task
def lost_worker():
    """a sweep over seeds on two processes, of which one is killed in the middle"""
    run(own_environment(), "-m", "tests.lost_worker")


@task
def mutants(*options):
    """errors planted in the package, one at a time: do its tests notice?"""
    run(own_environment(), "-m", "tests.mutants", *options)


@task
def check_mutants(*options):
    """errors planted in the check cells, one at a time: do they raise? (cells that have changed; minutes)"""
    run(own_environment(), "-m", "tests.check_mutants", *options)


@task
def bench(*names):
    """side-by-side measurements; the peers go into benchmarks/.peers and benchmarks/.geomstats"""
    _peers()
    run(own_environment(), "-m", "benchmarks", *names)


@task
def lock():
    """requirements.txt and requirements-lab.txt, compiled from pyproject.toml"""
    book, lab = ROOT / "requirements.txt", ROOT / "requirements-lab.txt"
    everywhere = ("--universal", "--python-version", _version(OLDEST_PYTHON))
    _compile(book, "--extra", "book", *everywhere, kept=_text(book))
    _compile(lab, "--extra", "lab", "--constraint", book, *everywhere, kept=_text(lab))


@task
def clean():
    """remove what was built; environments stay"""
    for name in ("_build", ".pytest_cache", ".ruff_cache"):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder, inside, _ in os.walk(ROOT):
        if "__pycache__" in inside:
            shutil.rmtree(Path(folder, "__pycache__"))
        inside[:] = [each for each in inside if not each.startswith(".") and each != "__pycache__"]


@task
def setup():
    """set up .venv, as every other task does by itself"""
    own_environment()


def main(arguments):
    """Run the task named first, with the other arguments."""
    name, *rest = arguments or ["help"]
    if name not in TASKS:
        usage = [f"  {name:<18}{task.__doc__}" for name, task in TASKS.items()]
        print("Usage: python tasks.py TASK", *usage, sep="\n")
        return 0 if name in ("help", "-h", "--help") else 2
    try:
        TASKS[name](*rest)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(f"Python {_version(OLDEST_PYTHON)} or newer is needed: for example, make PYTHON=python3.12")
    sys.exit(main(sys.argv[1:]))
