"""One page: its variables, and its cells, one after the other.

Everything that a cell produces is emitted in order, as a dictionary with a ``kind``:

=========  ========================================================
``text``   printed ``text``; ``name`` is stdout or stderr
``value``  ``data``: {media type: text}, the same value in several forms
``glue``   ``name`` and ``text`` of a number in the prose
``error``  ``name``, ``message`` and the whole ``trace``
=========  ========================================================
"""

import ast
import contextlib
import io
import linecache
import os
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from live_page import standins, values

MOST_TEXT = 100_000  # characters that one cell may print; a page with more of them would stand still
HERE = str(Path(__file__).parent)


class Printed(io.TextIOBase):
    """A stream whose lines are emitted as soon as they are whole."""

    def __init__(self, name, emit):
        self.name, self.emit, self.line, self.left = name, emit, "", MOST_TEXT

    def writable(self):
        return True

    def write(self, text):
        self.line += text
        if "\n" in self.line:
            whole, _, self.line = self.line.rpartition("\n")
            self._send(whole + "\n")
        return len(text)

    def flush(self):
        self._send(self.line)
        self.line = ""

    def _send(self, text):
        if not text or self.left < 0:
            return
        self.left -= len(text)
        if self.left < 0:
            text = text[: self.left] + f"\n... the rest of more than {MOST_TEXT} characters is not shown\n"
        self.emit({"kind": "text", "name": self.name, "text": text})


class Session:
    """The variables of one page.

    Parameters
    ----------
    emit : callable
        Called with a dictionary for everything that a cell produces.
    """

    def __init__(self, emit):
        self.emit = emit
        # A module of its own: classes that are made in a cell say that they live in `__main__`.
        self.module = sys.modules["__main__"] = ModuleType("__main__")
        os.environ["MPLBACKEND"] = "module://live_page.figures"
        standins.install(self)

    def run(self, number, code):
        """Run one cell; True unless it raised something."""
        out, err = (
            Printed("stdout", self._in_order),
            Printed("stderr", self._in_order),
        )
        self.streams = (out, err)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                self._execute(f"<cell {number}>", code)
                self.show_figures()
            except BaseException as error:  # a cell's own SystemExit is a result, too
                self._flush()
                self.emit(_described(error))
                return False
        self._flush()
        return True

    def unknown_modules(self, code):
        """The top-level modules that a cell imports and that cannot be found; a page may load them."""
        try:
            nodes = list(ast.walk(ast.parse(code)))
        except SyntaxError:
            return []  # the run will say so
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
        roots = sorted({name.split(".")[0] for name in names})
        return [name for name in roots if name not in sys.modules and find_spec(name) is None]

    def show(self, value):
        """Emit a value, behind everything that was printed before it."""
        self._flush()
        self.emit({"kind": "value", "data": values.forms(value)})

    def glue(self, name, text):
        self._flush()
        self.emit({"kind": "glue", "name": name, "text": text})

    def show_figures(self):
        """Emit the figures that are open, and close them."""
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            for number in pyplot.get_fignums():
                self.show(pyplot.figure(number))
            pyplot.close("all")

    def _execute(self, file, code):
        """Run the statements; a last expression is shown, unless a semicolon ends it."""
        linecache.cache[file] = (
            len(code),
            None,
            code.splitlines(keepends=True),
            file,
        )  # for tracebacks
        tree = ast.parse(code, file)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
            last = ast.Expression(tree.body.pop().value)
        names = self.module.__dict__
        exec(compile(tree, file, "exec"), names)
        if last is not None:
            value = eval(compile(last, file, "eval"), names)
            if value is not None:
                names["_"] = value
                self.show(value)

    def _in_order(self, item):
        """What the two streams say, in the order in which they said it."""
        other = self.streams[item["name"] == "stdout"]
        if other.line:
            other.flush()
        self.emit(item)

    def _flush(self):
        for stream in self.streams:
            stream.flush()


def _described(error):
    """An error as its reader would see it in a terminal, from the cell's first line on."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(HERE):
        frames = frames.tb_next
    if isinstance(error, SyntaxError):
        frames = None  # where it is, the message says
    trace = "".join(traceback.format_exception(type(error), error, frames))
    return {
        "kind": "error",
        "name": type(error).__name__,
        "message": str(error),
        "trace": trace,
    }
