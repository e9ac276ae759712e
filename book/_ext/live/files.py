"""What a live page fetches when its button is pressed, written into ``_static/live``.

A page that was opened as a file may run a script that lies beside it, and may read nothing else. So
everything is a script: the wheels as text, the Python that runs the cells and the results that they read as
text, and the worker as text within the script that starts it. The wheel of ngbook is there as a file as well,
for ``pip install``.
"""

import base64
import json
from importlib.util import find_spec
from pathlib import Path

from sphinx.util.fileutil import copy_asset_file

from explorables import bundle
from live import needs, packing

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "book" / "assets" / "live"
PYTHON = Path(__file__).parent
RESULTS = ROOT / "book" / "results"
KATEX = Path(find_spec("sphinxcontrib.katex").origin).with_name("katex.min.js")
PINNED = Path(__file__).with_name("runtime.json")
PACKED = (*needs.ALWAYS[1:], *needs.WITH_GYMNASIUM)


def runtime():
    """The pinned version of Pyodide and its packages, where they are, and the digests of the core."""
    return json.loads(PINNED.read_text(encoding="utf-8"))


def results():
    """``{file name: text}`` of the results of long computations: small, so that every page has them all."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(RESULTS.glob("*.json"))}


def script():
    """All that runs on the page once the button is pressed."""
    python = {
        path.relative_to(PYTHON).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PYTHON.glob("live_page/*.py"))
    }
    given = {
        "WORKER": (SOURCES / "worker.js").read_text(encoding="utf-8"),
        "PYTHON": python,
        "RESULTS": results(),
        "RUNTIME": runtime(),
    }
    constants = "\n".join(f"const {name} = {json.dumps(value)};" for name, value in given.items())
    return f"(() => {{\n{constants}\n{bundle('page.js', SOURCES)}\n}})();\n"


def wheel_script(name, content):
    """A script that leaves a wheel, as text, where the page looks for it."""
    text = base64.b64encode(content).decode()
    return f'(window.liveWheels ??= {{}})["{name}"] = "{text}";\n'


def _write(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _pack(name, folder):
    """The script of an installed package, packed only if what is there is of something else."""
    mark = f"// {name} {packing.fingerprint(name)}\n"
    path = folder / f"{name}.js"
    if path.exists():
        with path.open(encoding="utf-8") as file:
            if file.readline() == mark:
                return
    path.write_text(mark + wheel_script(*packing.installed(name)), encoding="utf-8")


def write(folder):
    """Write all of it."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "run.js", script())
    wheel = packing.own(ROOT, folder)
    _write(folder / "ngbook.js", wheel_script(wheel.name, wheel.read_bytes()))
    for name in PACKED:
        _pack(name, folder)
    copy_asset_file(str(KATEX), str(folder))


def _write_files(app, error):
    if error is None and app.builder.format == "html":
        write(Path(app.outdir, "_static", "live"))


def setup(app):
    """Write the files when the pages are there."""
    app.connect("build-finished", _write_files)
