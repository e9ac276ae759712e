"""The source of a code cell as it runs outside the book.

Statements are found by their place in the syntax tree and cut out of the text, so that what is left is what
the author wrote, comments and line breaks included:

1. numbers are not handed to the prose: ``glue`` and its import go, with a block that did nothing else;
2. a committed result is read from a string in the notebook, so that the notebook needs no other file;
3. figures are kept as PNG beside SVG, on a white ground.
"""

import ast
from dataclasses import dataclass, field
from pathlib import PurePosixPath

STYLE = "plots.use_style"
CHANGED = ("glue", "myst_nb", STYLE, "../results/")  # what is changed has one of these in it
STYLED = 'plots.use_style(formats=("svg", "png"), background="white")'


@dataclass
class Cell:
    """A cleaned cell: its text, and the results that it reads, ``{name of the string: file}``."""

    source: str
    results: dict = field(default_factory=dict)


def clean(source):
    """The source of a cell for a notebook that runs by itself.

    Raises
    ------
    ValueError
        If ``glue`` is used other than in a statement of its own, in a line of its own.
    """
    if not any(word in source for word in CHANGED):
        return Cell(source)
    tree, edits, results = ast.parse(source), [], {}
    _cut(tree, source, edits)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node) == f"{STYLE}()":
            edits.append((*_span(node, source), STYLED))
        elif file := _result(node):
            name = PurePosixPath(file).name.replace("-", "_").replace(".", "_")
            results[name] = file
            edits.append((*_span(node, source), name))
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    for node in ast.walk(ast.parse(source)):
        if "glue" in (getattr(node, "id", None), getattr(node, "attr", None)) or _is_import(node):
            raise ValueError(
                f"glue must be called in a statement of its own, and not so: {ast.unparse(node)}"
            )
    return Cell(source.strip("\n"), results)


def _cut(block, source, edits):
    """Cut the statements about glue out of every body of a block; True if the block did nothing else."""
    branches = [body for name in ("body", "orelse", "finalbody") if (body := _statements(block, name))]
    going = [
        [each for each in body if _is_about_glue(each) or _cut(each, source, edits)] for body in branches
    ]
    if branches and going == branches and isinstance(block, ast.For | ast.If | ast.With):
        return True
    if not isinstance(block, ast.Module) and any(map(list.__eq__, going, branches)):
        raise ValueError(f"a branch does nothing but glue: {ast.unparse(block)}")
    edits += [(*_lines(each, source), "") for some in going for each in some]
    return False


def _statements(block, name):
    found = getattr(block, name, None)
    return found if isinstance(found, list) else []


def _is_about_glue(node):
    calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return _is_import(node) or (calls and getattr(node.value.func, "id", None) == "glue")


def _is_import(node):
    if isinstance(node, ast.Import):
        return any(alias.name.split(".")[0] == "myst_nb" for alias in node.names)
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "myst_nb"


def _result(node):
    """The file of ``Path("../results/NAME").read_text(...)``, or None for any other expression."""
    match node:
        case ast.Call(
            func=ast.Attribute(
                value=ast.Call(func=ast.Name(id="Path"), args=[ast.Constant(value=str(file))]),
                attr="read_text",
            )
        ) if file.startswith("../results/"):
            return file
    return None


def _offset(line, column, source):
    """The place in the text of a line (from 1) and a column, which the parser counts in bytes."""
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1].encode()[:column].decode())


def _span(node, source):
    return (
        _offset(node.lineno, node.col_offset, source),
        _offset(node.end_lineno, node.end_col_offset, source),
    )


def _lines(node, source):
    """The place of a statement with its lines, and with one of two blank lines that would meet."""
    start, (_, end) = _offset(node.lineno, 0, source), _span(node, source)
    rest = source.find("\n", end)
    stop = len(source) if rest < 0 else rest + 1
    if source[start:end].lstrip() != ast.get_source_segment(source, node) or source[end:stop].strip()[
        :1
    ] not in ("", "#"):
        raise ValueError(f"there is more than this in its line: {ast.unparse(node)}")
    if source[:start].endswith("\n\n") and source[stop:].startswith("\n"):
        stop += 1
    return start, stop
