"""The files: what is in one, how it is written, whether it is current."""

import importlib
import json
import platform
import re
from importlib.metadata import version
from pathlib import Path

from book.results import _sources

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.name.startswith("_"))


def script(name):
    """The module that writes ``NAME.json``."""
    return importlib.import_module(f"book.results.{name}")


def read(name):
    """What the file holds, or None if there is none."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def fingerprint(name, held):
    """The hash of the functions behind a result, as they are now, of its settings and of its numbers."""
    parts = [script(name).SETTINGS, held["beginning"], held["numbers"]]
    return _sources.fingerprint(f"book.results.{name}", text(parts))


def is_current(name, held):
    """Whether what a file holds was computed by the settings and functions of now."""
    return held is not None and held["hash"] == fingerprint(name, held)


def write(name):
    """Compute a result, for as long as it takes, and write its file."""
    module = script(name)
    held = {
        "about": module.__doc__.partition("\n")[0],
        "machine": machine(),
        "settings": module.SETTINGS,
        "beginning": module.beginning(),
        "numbers": module.compute(),
    }
    held["hash"] = fingerprint(name, held)
    beside = FOLDER / f"{name}.new"  # an interruption leaves the old file or the new one
    beside.write_text(text(held) + "\n", encoding="utf-8")
    beside.replace(FOLDER / f"{name}.json")


def machine():
    """The processor, and the versions that a run depends on; nothing that tells whose machine it is."""
    return {"processor": _processor(), "python": platform.python_version()} | {
        package: version(package) for package in ("numpy", "gymnasium")
    }


def _processor():
    """Its name, if the system tells."""
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def text(value):
    """JSON with each list of numbers in one line."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: "[" + " ".join(found[0][1:-1].split()) + "]", text)
