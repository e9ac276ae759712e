"""The size of the package in lines of code: without docstrings, comments and blank lines.

Usage: python -m tests.size
"""

import ast
import io
import tokenize
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "ngbook"
# 4200; answers 150, the episodic actor-critic 240, networks 500, streams 100, exponential form 360,
# transport 500, geodesics 390, beetles 10, distributed 180
WANTED = 6630
WANTED_OF_A_MODULE = 300
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def lines_of_code(text):
    """How many lines hold code."""
    with_docstring = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = [n for n in ast.walk(ast.parse(text)) if isinstance(n, with_docstring)]
    docstrings = [n.body[0] for n in documented if n.body and ast.get_docstring(n, clean=False) is not None]
    excluded = {line for d in docstrings for line in range(d.lineno, d.end_lineno + 1)}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return len(
        {n for t in tokens if t.type not in NO_CODE for n in range(t.start[0], t.end[0] + 1)} - excluded
    )


def sizes():
    """The lines of code of every module, by its path below the package."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {
        path.relative_to(PACKAGE).as_posix(): lines_of_code(path.read_text(encoding="utf-8"))
        for path in paths
    }


def report():
    """The sizes of the modules and their sum, one a line."""
    table = sizes()
    lines = [f"{size:6,} {name}" for name, size in table.items()]
    return "\n".join([*lines, f"{sum(table.values()):6,} in all; wanted: {WANTED:,}"])


if __name__ == "__main__":
    print(report())
