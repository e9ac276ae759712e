"""The notebook edition alone, without the pages: ``python -m book.notebooks``.

The pages and the edition are made from the same sources. Each build has a memory of
its own of what it has read, because it takes from it what has to be written anew.
"""

import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "_build"


def main():
    """Build it, as strictly as the pages; the exit status."""
    result = build_sphinx(
        str(ROOT / "book"),
        str(BUILD / "alone"),  # where extensions leave what no notebook needs
        noconfig=True,
        path_config=str(ROOT / "_config.yml"),
        doctreedir=str(BUILD / ".doctrees-alone"),
        builder="notebooks",
        confoverrides={"nitpicky": True, "latex_individualpages": False},
        warningiserror=True,
        keep_going=True,
        quiet=True,
    )
    if result == 0:
        print(f"the notebooks are in {BUILD / 'notebooks'}")
    return result if isinstance(result, int) else 1


if __name__ == "__main__":
    sys.exit(main())
