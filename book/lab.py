"""Opens the notebook edition in JupyterLab: ``python -m book.lab``.

The environment, in ``.lab``, is that of a reader of the notebooks: ngbook's wheel,
what it needs at the locked versions, JupyterLab, and nbval; nothing that builds the
book. With ``--prepare`` it is only made.

What is opened is a copy, in ``notebooks``, in which a reader may write: a notebook
that was changed there is kept as it is, and another follows the book.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import tasks

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "_build" / "notebooks"
LIST = ROOT / "requirements-lab.txt"
HOME = ROOT / ".lab"
DESK = ROOT / "notebooks"
MEMORY = ".copied.json"  # what each file was when it was put there


def prepare():
    """Make the environment, or bring it up to date; the path of its Python."""
    (wheel,) = BUILT.glob("ngbook-*.whl")

    def install(python):
        quietly = ["--quiet", "--disable-pip-version-check"]
        pip = [python, "-m", "pip", "install", *quietly]
        tasks.run(*pip, "--requirement", LIST)
        tasks.run(*pip, "--no-deps", "--force-reinstall", wheel)

    made_of = LIST.read_text(encoding="utf-8") + _digest(wheel)
    return tasks.environment(HOME, made_of, install)


def lay_out(built=BUILT, desk=DESK):
    """Copy the edition to where a reader may write; the files that are kept."""
    memory, kept = desk / MEMORY, []
    before = (
        json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {}
    )
    copied = {}
    for path in sorted(path for path in built.rglob("*") if path.is_file()):
        name = path.relative_to(built).as_posix()
        if path.name.startswith(".") or ".ipynb_checkpoints" in path.parts:
            continue
        target, copied[name] = desk / name, _digest(path)
        if target.exists() and _digest(target) not in (
            before.get(name),
            copied[name],
        ):
            kept.append(name)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    memory.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    return kept


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(arguments):
    """Make the environment and open the notebooks in it."""
    python = prepare()
    if "--prepare" in arguments:
        return
    for name in lay_out():
        print(f"{DESK.name}/{name} is kept as you changed it")
    try:
        subprocess.run([python, "-m", "jupyterlab", DESK], check=True)
    except KeyboardInterrupt:  # how one ends it
        pass


if __name__ == "__main__":
    main(sys.argv[1:])
