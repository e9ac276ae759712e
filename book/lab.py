"""Opens the notebook edition in JupyterLab: ``python -m book.lab``.

The environment, in ``.lab``, is that of a reader of the notebooks: ngbook's wheel,
what it needs at the locked versions, JupyterLab, and nbval; nothing that builds the
book. It is made when it is missing, and mended when its list or the wheel changes.
With ``--prepare`` nothing is opened.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTEBOOKS = ROOT / "_build" / "notebooks"
LIST = ROOT / "requirements-lab.txt"
HOME = ROOT / ".lab"
PYTHON = HOME / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare():
    """Make the environment, or bring it up to date; the path of its Python."""
    (wheel,) = NOTEBOOKS.glob("ngbook-*.whl")
    wanted = hashlib.sha256(LIST.read_bytes() + sys.version.encode()).hexdigest()
    if _note("packages") != wanted:
        venv.create(HOME, clear=True, with_pip=True)
        _pip("--requirement", LIST)
        (HOME / "packages").write_text(wanted, encoding="utf-8")
    wanted = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if _note("wheel") != wanted:
        _pip("--no-deps", "--force-reinstall", wheel)
        (HOME / "wheel").write_text(wanted, encoding="utf-8")
    return PYTHON


def _note(name):
    """What was written when a part of the environment was complete."""
    path = HOME / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def _pip(*arguments):
    quietly = ["--quiet", "--disable-pip-version-check"]
    command = [PYTHON, "-m", "pip", "install", *quietly, *arguments]
    subprocess.run(command, check=True)


def main(arguments):
    """Make the environment and open the notebooks in it."""
    python = prepare()
    if "--prepare" not in arguments:
        try:
            subprocess.run([python, "-m", "jupyterlab", NOTEBOOKS], check=True)
        except KeyboardInterrupt:  # how one ends it
            pass


if __name__ == "__main__":
    main(sys.argv[1:])
