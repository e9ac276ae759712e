"""Run every benchmark: ``python -m benchmarks`` (or ``make bench``)."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main():
    """Run each script of this folder in its own process, one after the other."""
    scripts = sorted(path for path in HERE.glob("*.py") if not path.name.startswith("_"))
    status = 0
    for script in scripts:
        print(f"\n=== {script.stem} " + "=" * (70 - len(script.stem)), flush=True)
        status |= subprocess.run([sys.executable, str(script)]).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
