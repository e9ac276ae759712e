"""A hash of the code behind a result: of the modules that it is made of, without what changes nothing.

Only modules of the book and of ngbook count, and of these only those that are really used: a name that a
package's ``__init__`` passes on leads to the module where it is defined.
"""

import ast
import hashlib
import io
import tokenize
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = "ngbook", "book.results"


def fingerprint(module, text):
    """The hash of a module, by its name, with all that it uses, and of a text."""
    digest = hashlib.sha256(text.encode())
    for name, source in sorted(used(module).items()):
        digest.update(f"\n# {name}\n{essence(source)}".encode())
    return digest.hexdigest()


def used(module):
    """``{name: source}`` of a module and of those of ours that it imports, directly or not."""
    found, waiting = {}, [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _file(name).read_text(encoding="utf-8")
            waiting += _imported(found[name])
    return found


@cache
def essence(source):
    """The source without comments, docstrings and blank lines, the same on every version of Python."""
    lines = [list(line) for line in source.splitlines()]
    begins_statement = True
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        lone = token.type == tokenize.STRING and begins_statement and following.type == tokenize.NEWLINE
        if lone or token.type == tokenize.COMMENT:
            _blank(lines, token.start, token.end)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            begins_statement = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    kept = ("".join(line).rstrip() for line in lines)
    return "\n".join(line for line in kept if line)


def _blank(lines, start, end):
    """Put spaces where a token stood."""
    for row in range(start[0], end[0] + 1):
        line = lines[row - 1]
        first = start[1] if row == start[0] else 0
        last = end[1] if row == end[0] else len(line)
        line[first:last] = " " * (last - first)


def _imported(source):
    """The modules of ours that a source imports, anywhere in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(OURS))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
            yield from (_origin(node.module, alias.name) for alias in node.names)


@cache
def _origin(module, name):
    """Where a name that is imported from a module comes from."""
    if _file(f"{module}.{name}") is not None:
        return f"{module}.{name}"
    if _file(module).name == "__init__.py":
        for node in ast.parse(_file(module).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and name in [
                alias.asname or alias.name for alias in node.names
            ]:
                return _origin(node.module, name)
    return module


def _file(module):
    """The file of a module of ours, or None."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)
