"""The versions with which the stored outputs were written, and those that a live page runs.

The outputs belong to the locked versions. A page runs Pyodide's, which ``runtime.json`` names, and for pure
packages those that come with the book. What is there when Python has started is compared by ``versions.js``
in book/assets/live.
"""

import re
from importlib.metadata import version
from pathlib import Path

LOCKED = Path(__file__).parents[3] / "requirements.txt"
TITLES = {
    "numpy": "NumPy",
    "scipy": "SciPy",
    "matplotlib": "Matplotlib",
    "sympy": "SymPy",
    "gymnasium": "Gymnasium",
}


def rows(packages, runtime):
    """``(name, title, wrote, runs)`` of those of a page's packages on which its outputs depend."""
    locked = dict(re.findall(r"^([\w-]+)==([\w.]+)", LOCKED.read_text(encoding="utf-8"), re.MULTILINE))
    compiled = runtime["packages"]
    return [
        (name, title, locked[name], compiled.get(name) or version(name))
        for name, title in TITLES.items()
        if name in packages
    ]
