"""Run the benchmarks: ``python -m benchmarks [name ...]``, or ``make bench``, which installs the peers first.

Without names, everything is run. What the races against peers, the solvers' race and that of geodesics print
goes into benchmarks/results.txt, networks.txt, solvers.txt and geodesics.txt, and from there onto the book's
page (``_page.py``), which ``page`` writes anew without a race. The race of a built page against a stock one
is in benchmarks/pages.txt, and what data in chunks cost, of which the chapter on scale speaks, in scale.txt.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import _page
from _race import HERE, ONE_THREAD, OURS, interpreter, versions

from ngbook import __version__ as VERSION

RACES = ("learning", "fisher_products")
OWN_FILES = {
    "networks": "networks.txt",
    "solve": "solvers.txt",
    "geodesics": "geodesics.txt",
    "pages": "pages.txt",
    "scale": "scale.txt",
}
OWN = ("ngbook", "gymnasium", "numpy", "scipy")
BOTH = ("geomstats", "numpy", "scipy", "sympy", "mpmath")
PEERS = (
    *("torch", "jax", "jaxlib", "stable-baselines3", "sb3-contrib", "tianshou"),
    *("curvlinops-for-pytorch", "nngeometry", "gymnasium", "numpy"),
)


def run(script):
    """Run a script in its own process; its exit status and the lines that it printed, shown as well."""
    print(f"\n=== {script.stem} " + "=" * (70 - len(script.stem)), flush=True)
    lines = []
    side = "geomstats" if script.stem == "geodesics" else OURS  # there both sides run in its environment
    command = [interpreter(side), str(script)]
    surroundings = ONE_THREAD | {"PYTHONPATH": str(HERE.parent), "GEOMSTATS_BACKEND": "numpy"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=surroundings) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line.rstrip())
    return process.returncode, lines


def about(name):
    """The machine and the versions, for the file of a race."""
    sides = {
        "solve": [("Versions", OURS, OWN)],
        "geodesics": [("Both sides, of which ngbook " + VERSION, "geomstats", BOTH)],
        "scale": [("Versions", OURS, (*OWN, "dask", "distributed"))],
        "pages": [("Versions", OURS, ("jupyter-book", "sphinx"))],
    }
    both = [("ngbook's side", OURS, OWN), ("The peers' side", "peers", PEERS)]
    yield f"about Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}; one thread each"
    for title, side, packages in sides.get(name, both):
        yield f"about {title}: {versions(side, *packages)}"


def write(path, name, lines):
    path.write_text("\n".join([*about(name), *filter(None, lines)]) + "\n", encoding="utf-8")


def main(names):
    """Races first, and their results written as soon as they are all there; then the rest."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if not path.name.startswith("_")}
    unknown = [name for name in names if name not in (*scripts, "page")]
    if unknown:
        raise SystemExit(f"no benchmark {', '.join(unknown)}; there are {', '.join(scripts)}, page")
    wanted = [name for name in dict.fromkeys((*RACES, *scripts)) if not names or name in names]
    outputs, status = {}, 0
    for name in wanted:
        failed, lines = run(scripts[name])
        status |= failed
        if failed:
            continue
        outputs[name] = lines
        if name in OWN_FILES:
            write(HERE / OWN_FILES[name], name, lines)
        if name == RACES[-1] and set(RACES) <= set(outputs):
            write(HERE / "results.txt", name, [line for race in RACES for line in outputs[race]])
    _page.write()
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
