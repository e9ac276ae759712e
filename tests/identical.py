"""Two builds of one commit are the same, byte for byte: ``python -m tests.identical``.

Two clones of the last commit are built by this environment, in folders of different names and with other time
zones, languages, orders of sets and permissions. All that was built is compared, the wheel among it.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTES = {".doctrees", "jupyter_execute", ".book", ".pictures"}  # in _build: what only the next build reads
BUILD = "import pathlib, sys, tasks; tasks.build(pathlib.Path(sys.executable))"
SURROUNDINGS = {
    "one": ({"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}, 0o022),
    "another folder": ({"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8"}, 0o077),
}


def digests(folder):
    """``{path within the folder: digest}`` of all files but the notes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(path.read_bytes()).digest()
        for name, path in named.items()
        if name.partition("/")[0] not in NOTES
    }


def differences(one, other):
    """The files that only one of two folders has, or that differ."""
    left, right = digests(one), digests(other)
    return sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))


def build(folder, settings, umask):
    """Clone the last commit into a folder and build it; where the build is."""
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True, umask=umask)
    # This environment's package is the one of the repository; the clone's comes first.
    surroundings = os.environ | settings | {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-c", BUILD], cwd=folder, env=surroundings, umask=umask, check=True)
    return folder / "_build"


def main():
    """Print the differences; status 1 if there are any."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = (build(Path(folder, name), *where) for name, where in SURROUNDINGS.items())
        found, count = differences(one, other), len(digests(one))
    print("\n".join([f"{count} files, {len(found)} of them not the same in both builds", *found]))
    return 1 if found or not count else 0


if __name__ == "__main__":
    sys.exit(main())
