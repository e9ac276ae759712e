"""What the races share: fresh processes of one thread each, and the line that a race prints.

Imports the standard library only, because the peers' processes import it too and their memory is measured.
"""

import json
import math
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers" / "bin" / "python"
GEOMSTATS = HERE / ".geomstats" / "bin" / "python"  # with ngbook's own requirements: both sides run there
ONE_THREAD = {
    **os.environ,
    **dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC"), "1"
    ),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTHONWARNINGS": "ignore",
}
OURS = "ngbook"
PATTERN = re.compile(
    r"race (?P<name>.+?): ngbook (?P<ours>(?:> )?[\d.]+) (?P<unit>s|MiB|MB|steps|requests), "
    r"(?P<peer>.+?) (?P<theirs>(?:> )?[\d.]+) (?P=unit), "
    r"ratio (?P<ratio>(?:[<>] )?[\d.]+) \((?P<spread>.*)\)"
)


def interpreter(side):
    """The book's Python for ngbook, that of the environment with both for geomstats, else the peers'."""
    if side == OURS:
        return sys.executable
    python = GEOMSTATS if side == "geomstats" else PEERS
    if not python.exists():
        raise SystemExit("The peers are not installed: run `make bench`.")
    return str(python)


def child(side, script, *arguments):
    """Run a script in a fresh process; what it printed last as JSON, with the whole process's cost.

    Adds ``process_processor``, ``process_wall`` (seconds) and ``memory`` (peak resident MiB).
    """
    command = [interpreter(side), str(HERE / script), side, *map(str, arguments)]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=ONE_THREAD, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[1:])} failed with status {process.returncode}")
    kibibytes = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return json.loads(output.strip().splitlines()[-1]) | {
        "process_processor": usage.ru_utime + usage.ru_stime,
        "process_wall": wall,
        "memory": kibibytes / 1024,
    }


@dataclass(frozen=True)
class Measured:
    """Values of one quantity over several runs; an unfinished run's value is a lower bound."""

    values: list
    finished: list | None = None

    @property
    def bounded(self):
        """Whether the median is a value and not a lower bound."""
        return self.finished is None or 2 * sum(self.finished) > len(self.values)

    @property
    def median(self):
        """Middle value, unfinished runs above all others; a lower bound if most did not finish."""
        if self.finished is None or not self.bounded:
            return statistics.median(self.values)
        runs = zip(self.values, self.finished, strict=True)
        return statistics.median(value if finished else math.inf for value, finished in runs)

    def text(self):
        """The median, with ``>`` before a lower bound."""
        return ("" if self.bounded else "> ") + number(self.median)

    def spread(self, unit):
        """Smallest and largest value, and how many runs finished where some did not."""
        text = f"{number(min(self.values))}..{number(max(self.values))} {unit}"
        if self.finished is None or all(self.finished):
            return text
        return f"{text}, {sum(self.finished)} of {len(self.finished)} finished"


def number(value):
    """Three significant digits, never in powers of ten."""
    return f"{value:.0f}" if value >= 1000 else f"{Decimal(f'{value:.3g}'):f}"


def line(name, ours, peer, theirs, unit="s"):
    """Print ``race <name>: ngbook <median> s, <peer> <median> s, ratio <peer/ngbook>`` and both spreads.

    A name may be "<table>; <column>": where the median goes in RESULTS.md, in the row of the peer.
    """
    bound = "" if ours.bounded and theirs.bounded else "> " if ours.bounded else "< "
    ratio = bound + number(theirs.median / ours.median)
    print(
        f"race {name}: ngbook {ours.text()} {unit}, {peer} {theirs.text()} {unit}, ratio {ratio} "
        f"({ours.spread(unit)} against {theirs.spread(unit)})",
        flush=True,
    )


def versions(side, *packages):
    """``name version`` of each package as the side's interpreter sees it, and Python's own."""
    code = (
        "import platform, sys; from importlib.metadata import version; packages = sys.argv[1:]; "
        "print(', '.join(['Python ' + platform.python_version(), *(f'{p} {version(p)}' for p in packages)]))"
    )
    return subprocess.check_output([interpreter(side), "-c", code, *packages], text=True).strip()
