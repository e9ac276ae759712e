"""All chapters as other machines would run them: ``python -m tests.portable [KIND ...]``.

=============  ====================================================================================
kind           the notebooks are executed and compared strictly
=============  ====================================================================================
`disturbed`    with the last bits of sums, products and functions disturbed (`tests.disturbance`)
`processors`   with the linear algebra and the elementary functions of older processors
`pythons`      on each other Python that is installed, in an environment of its own
`edition`      in the notebook edition, in an environment that has the package alone
=============  ====================================================================================

Without a kind all of them run. At the end every cell that differed is named, with the run in which it did.
``disturbed=7`` is one seed; without a number there are two; ``--seeds`` draws two that nobody has seen.
"""

import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tasks
from tests import disturbance

ROOT = Path(__file__).parents[1]
SEEDS = (1, 2)
OLDER_PROCESSORS = {  # names that OpenBLAS and NumPy understand
    "x86": {
        "Nehalem": {
            "OPENBLAS_CORETYPE": "Nehalem",
            "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL X86_V3",
        },
        "Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    },
    "arm": {
        "ARMv8": {"OPENBLAS_CORETYPE": "ARMV8"},
        "Cortex-A57": {"OPENBLAS_CORETYPE": "CORTEXA57"},
    },
}
OTHER_PYTHONS = ("3.12", "3.13")
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::Cell \d+)", re.MULTILINE)


def compare(name, environment, python=sys.executable):
    """Execute and compare all notebooks; the cells that differ, or one line if the run itself failed."""
    print(f"\n=== {name} ===", flush=True)
    command = [
        *(python, "-m", "pytest", "book", "-q", "--color=no", "-p", "no:cacheprovider"),
        *("--nbval", "--nbval-current-env", "--nbval-cell-timeout=600"),
        *("-n", tasks.WORKERS),
    ]
    environment = {**os.environ, **tasks.SETTINGS, **environment}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    print(done.stdout[-20_000:], done.stderr[-2000:], flush=True)
    cells = FAILED.findall(done.stdout)
    if done.returncode and not cells:
        cells = ["the run ended with an error before any cell was compared"]
    return [f"{cell} ({name})" for cell in cells]


def disturbed(*seeds):
    differing = []
    for seed in map(int, seeds or SEEDS):
        with tempfile.TemporaryDirectory() as folder:
            differing += compare(f"disturbed, seed {seed}", disturbance.kernels(seed, folder))
    return differing


def processors():
    family = "arm" if platform.machine().lower() in ("arm64", "aarch64") else "x86"
    kinds = OLDER_PROCESSORS[family]
    return [cell for name, settings in kinds.items() for cell in compare(name, settings)]


def pythons():
    differing = []
    for version in OTHER_PYTHONS:
        interpreter = _interpreter(version)
        if interpreter is None:
            print(f"\n=== Python {version} is not installed: left out ===", flush=True)
            continue
        folder = tasks.ENVIRONMENTS / f"python{version}"
        code = f"import tasks; from pathlib import Path; tasks.own_environment(Path({str(folder)!r}))"
        subprocess.run([interpreter, "-c", code], cwd=ROOT, check=True)
        differing += compare(f"Python {version}", {}, tasks.python_in(folder))
    return differing


def _interpreter(version):
    """The path of a Python that is installed, or None; pyenv shows its own only to who names the version."""
    name = shutil.which(f"python{version}")
    for settings in ({}, {"PYENV_VERSION": version}):
        if name is not None:
            command = [name, "-c", "import sys; print(sys.executable)"]
            done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True)
            if done.returncode == 0:
                return done.stdout.strip()
    return None


def edition():
    print("\n=== the notebook edition ===", flush=True)
    done = subprocess.run([sys.executable, "-m", "tests.edition_runs", "--all"], cwd=ROOT)
    return ["the notebook edition: see above"] if done.returncode else []


KINDS = {kind.__name__: kind for kind in (disturbed, processors, pythons, edition)}


def main(arguments):
    """Run the kinds named, or all; status 1 if any cell differed."""
    if "--seeds" in arguments:
        arguments = [argument for argument in arguments if argument != "--seeds"]
        seeds = [str(random.randrange(3, 10**6)) for _ in SEEDS]
        arguments = [f"disturbed={','.join(seeds)}", *(arguments or [k for k in KINDS if k != "disturbed"])]
    differing = []
    for argument in arguments or KINDS:
        kind, _, seeds = argument.partition("=")
        if kind not in KINDS:
            print(__doc__)
            return 2
        differing += KINDS[kind](*filter(None, seeds.split(",")))
    print("\nDiffering cells:", *(differing or ["none"]), sep="\n  ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
