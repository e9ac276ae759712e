"""Runs notebooks of the edition as a reader does who has only them: each alone in an empty folder.

    python -m tests.edition_runs          one chapter of each part
    python -m tests.edition_runs --all    every chapter, with and without its solutions

The environment is that of ``make lab``: ngbook's wheel and the locked versions, nothing that builds the book.
Every cell is executed and compared with what is stored, by nbval and the plugin beside the notebooks.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import tasks
from book import lab

ROOT = Path(__file__).parents[1]
HOME = ROOT / "_build" / "notebooks"
WORKERS = 2
OPTIONS = [
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout=120",
    "-p",
    "no:cacheprovider",
    "-q",
    "-rf",
]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def one_of_each_part():
    """The first notebook of each part, as in "foundations/distance"."""
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    parts = [[chapter["file"] for chapter in part["chapters"]] for part in contents["parts"]]
    return [part[0] for part in parts if (HOME / f"{part[0]}.ipynb").exists()]


def every_one():
    """All of them."""
    return sorted(path.relative_to(HOME).with_suffix("").as_posix() for path in HOME.rglob("*.ipynb"))


def alone(notebooks, folder):
    """Put notebooks, ``{name: path}``, into empty folders below one that has the strict comparison."""
    shutil.copy(HOME / "conftest.py", folder)
    for name, path in notebooks.items():
        (folder / name).mkdir(parents=True)
        shutil.copy(path, folder / name)


def compare(folder):
    """Execute and compare every notebook below a folder; the finished process, with what pytest said."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST"))
    }
    return subprocess.run(
        [tasks.python_in(lab.HOME), "-m", "pytest", *OPTIONS, folder],
        cwd=folder, env=environment | ONE_THREAD | {"PYTHONNOUSERSITE": "1"}, capture_output=True, text=True,
    )  # fmt: skip


def run(names):
    """Run notebooks by their names; what pytest said about those that differ, empty if none does."""
    with tempfile.TemporaryDirectory() as folder:
        alone({name: HOME / f"{name}.ipynb" for name in names}, Path(folder))
        done = compare(Path(folder))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main(arguments):
    """Prepare the environment and run; status 1 if anything differs."""
    lab.prepare()
    names = every_one() if "--all" in arguments else one_of_each_part()
    with ThreadPoolExecutor(WORKERS) as pool:
        said = list(pool.map(run, [names[k::WORKERS] for k in range(WORKERS)]))
    print("\n".join(filter(None, said)) or f"{len(names)} notebooks ran, and showed what is stored")
    return 1 if any(said) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
